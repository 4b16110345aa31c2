/*
 * dutyctl exercise: cases injected into the exercise realm of this station by their own clock, and what the room made of them.
 *
 *     exercise run NAME --script FILE [--speed N | --at-once] [--start TIME]
 *     exercise run NAME --like REF    [--speed N | --at-once]           (a past incident, its times moved to now)
 *     exercise list
 *     exercise report NAME
 *
 * A script is JSON, one injection a line: {"after": "10m", "body": {fields}}.  `after` counts from the beginning of the exercise; a time in the body
 * that begins with + or - ("-5m") does too.  The first line opens the incident, the others belong to it.  What is injected is taken down as
 * an intake: it tells facts, and does nothing the room would have to do.  Running it again goes on where it was cut: what is there already
 * is counted by the exercise's name, and request ids follow from name and line, so nothing is injected twice.
 */
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "../formats/i18n.h"
#include "../formats/text.h"
#include "../formats/value.h"
#include "ctl_submit.h"

#define LINES_MAX 2000
#define LINE_MAX_BYTES 65536
#define SPAN_MAX INT64_C(31622400000)	/* ms: a year; longer is a slip */

struct injection {
	int64_t after;	/* ms since the beginning */
	json_t *body;
};

struct plan {
	struct injection *v;
	size_t n;
};

struct came {
	char incident[MSGID_TEXT_MAX], number[96];
	struct fault fault;
	bool done;
};

static void
plan_free(struct plan *p)
{
	for (size_t i = 0; i < p->n; i++)
		json_decref(p->v[i].body);
	free(p->v);
}

static void
plan_add(struct plan *p, int64_t after, json_t *body)
{
	p->v = xreallocarray(p->v, p->n + 1, sizeof *p->v);
	p->v[p->n++] = (struct injection){after, body};
}

/* "90", "90s", "10m", "2h": ms.  False: no span, or longer than a year. */
static bool
span_parse(const char *s, int64_t *ms)
{
	int64_t n = 0, unit = 1000;
	size_t k = strspn(s, "0123456789");

	if (k == 0 || k > 9)
		return false;
	for (size_t i = 0; i < k; i++)
		n = n * 10 + (s[i] - '0');
	if (strcmp(s + k, "m") == 0)
		unit = 60000;
	else if (strcmp(s + k, "h") == 0)
		unit = 3600000;
	else if (s[k] != '\0' && strcmp(s + k, "s") != 0)
		return false;
	*ms = n * unit;
	return *ms <= SPAN_MAX;
}

/* ---- where the case comes from ---- */

static int
script_line(struct plan *p, const char *path, struct ctl_lines *in, struct fault *f)
{
	json_error_t err;
	json_t *o = json_loadb(in->p, in->n, JSON_REJECT_DUPLICATES, &err), *body = json_object_get(o, "body");
	const json_t *after = json_object_get(o, "after");
	int64_t ms = 0;
	char why[200];

	if (o == NULL)
		(void)fault_set(f, EX_DATAERR, "", "%s", ctl_json_why(&err, why, sizeof why));
	else if (!json_is_object(body))
		(void)fault_set(f, EX_DATAERR, "body", _("must be an object of fields"));
	else if (after != NULL && (!json_is_string(after) || !span_parse(json_string_value(after), &ms)))
		(void)fault_set(f, EX_DATAERR, "after", _("must be a span like \"90s\", \"10m\" or \"2h\""));
	else if (p->n > 0 && ms < p->v[p->n - 1].after)
		(void)fault_set(f, EX_DATAERR, "after", _("is before the line above"));
	else if (p->n == LINES_MAX)
		(void)fault_set(f, EX_DATAERR, "", _("more than %d injections"), LINES_MAX);
	else {
		plan_add(p, ms, json_incref(body));
		json_decref(o);
		return 0;
	}
	json_decref(o);
	fault_at(f, path, in->line);
	return -1;
}

static int
script_read(struct plan *p, const char *path, struct fault *f)
{
	struct ctl_lines in;
	int rc;

	if (ctl_lines_open(&in, path, LINE_MAX_BYTES, f) != 0)
		return -1;
	while ((rc = ctl_lines_next(&in, f)) == 1) {
		if (in.too_long) {
			(void)fault_set(f, EX_DATAERR, "", _("the line is too long"));
			fault_at(f, path, in.line);
			rc = -1;
			break;
		}
		if (in.n == 0 || in.p[0] == '#')
			continue;
		if (script_line(p, path, &in, f) != 0) {
			rc = -1;
			break;
		}
	}
	ctl_lines_close(&in);
	if (rc == 0 && p->n == 0) {
		(void)fault_set(f, EX_DATAERR, "", _("holds no injection"));
		fault_at(f, path, 0);
		rc = -1;
	}
	return rc;
}

/* Facts, and nothing of who said them to whom: what an exercise takes over of a message. */
static json_t *
facts_of(const json_t *body)
{
	json_t *out = json_object();
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)body, key, v) {
		const struct field *fd = field_by_name(key);

		if (fd == NULL || (fd->flags & FF_HEADER) != 0 || fd->type == FT_MSGID || fd->type == FT_STATION)
			continue;
		if ((fd->flags & FF_FORM) != 0 || field_decimals(fd) >= 0 || fd->key == F_TREND || fd->key == F_SCOPE || fd->key == F_TEXT ||
		    fd->key == F_DIVISION || fd->key == F_POSITION || fd->key == F_WHERE)
			(void)json_object_set(out, key, v);
	}
	(void)json_object_del(out, "signer");
	return out;
}

/* The times of a past case, as spans from its beginning. */
static void
times_relative(json_t *body, int64_t begin)
{
	const char *key;
	json_t *v;
	void *next;

	json_object_foreach_safe(body, next, key, v) {
		const struct field *fd = field_by_name(key);
		const char *s = json_is_object(v) ? json_string_value(json_object_get(v, "t")) : json_string_value(v);
		struct when w;
		char text[32];

		if (fd == NULL || fd->type != FT_TIME)
			continue;
		if (s == NULL || !time_parse_rfc3339(s, &w) || w.ms - begin > SPAN_MAX || begin - w.ms > SPAN_MAX) {
			(void)json_object_del(body, key);
			continue;
		}
		(void)snprintf(text, sizeof text, "%c%lld", w.ms < begin ? '-' : '+', llabs((long long)(w.ms - begin) / 1000));
		(void)json_object_set_new(body, key, json_string(text));
	}
}

static int
past_read(struct ctl *ctl, struct plan *p, const char *ref, struct fault *f)
{
	json_t *shown = ctl_ask(ctl, json_pack("{s:s, s:s}", "op", "show", "ref", ref), 0, f), *message;
	const json_t *l;
	int64_t begin = 0;
	size_t i;

	if (shown == NULL)
		return -1;
	json_array_foreach(json_object_get(shown, "lines"), i, l) {
		const char *kind = json_string_value(json_object_get(l, "kind"));
		int64_t at = json_integer_value(json_object_get(l, "at"));
		json_t *facts;

		if (kind == NULL || (strcmp(kind, "intake") != 0 && strcmp(kind, "report") != 0) ||
		    json_is_true(json_object_get(l, "withdrawn")) || p->n == LINES_MAX)
			continue;
		message = ctl_ask(ctl, json_pack("{s:s, s:s}", "op", "message", "id", json_string_value(json_object_get(l, "id"))), 0, f);
		if (message == NULL) {
			json_decref(shown);
			return -1;
		}
		facts = facts_of(json_object_get(message, "body"));
		json_decref(message);
		if (begin == 0)
			begin = at;
		if (p->n > 0 && at - begin < p->v[p->n - 1].after)
			at = begin + p->v[p->n - 1].after;
		times_relative(facts, begin);
		plan_add(p, at - begin, facts);
	}
	json_decref(shown);
	if (p->n > 0)
		return 0;
	(void)fault_set(f, EX_DATAERR, "like", _("the incident holds nothing that could be injected"));
	return -1;
}

/* ---- injecting ---- */

/* Spans from the beginning become instants. */
static void
times_absolute(json_t *body, int64_t start)
{
	const char *key;
	json_t *v;
	void *next;

	json_object_foreach_safe(body, next, key, v) {
		const struct field *fd = field_by_name(key);
		const char *s = json_string_value(v);
		char text[48];
		int64_t ms;

		if (fd == NULL || fd->type != FT_TIME || s == NULL || (s[0] != '+' && s[0] != '-') || !span_parse(s + 1, &ms))
			continue;
		(void)json_object_set_new(body, key, json_string(time_format(start + (s[0] == '-' ? -ms : ms), TIME_RFC3339, text, sizeof text)));
	}
}

static void
injected(void *ctx, const struct ctl_done *d)
{
	struct came *o = ctx;
	const char *s;

	o->done = true;
	if (d->fault != NULL) {
		o->fault = *d->fault;
		return;
	}
	if ((s = json_string_value(json_object_get(d->answer, "incident"))) != NULL)
		(void)snprintf(o->incident, sizeof o->incident, "%s", s);
	if ((s = json_string_value(json_object_get(d->answer, "number"))) != NULL && *s != '\0')
		(void)snprintf(o->number, sizeof o->number, "%s", s);
}

static void
wait_until(int64_t at)
{
	for (int64_t left; (left = at - ctl_now()) > 0;)
		(void)poll(NULL, 0, (int)(left < 1000 ? left : 1000));
}

static int
inject(struct ctl_pipe *pipe, const char *name, size_t i, json_t *body, struct came *out, struct fault *f)
{
	char rid[160], clean[96];

	(void)text_sanitise(name, strlen(name), clean, sizeof clean, false);
	/* Request ids are ASCII; a name need not be. */
	(void)snprintf(rid, sizeof rid, "exercise:");
	for (size_t k = 0, n = strlen(rid); clean[k] != '\0' && n + 3 < sizeof rid - 12; k++, n += 2)
		(void)snprintf(rid + n, sizeof rid - n, "%02x", (unsigned char)clean[k]);
	{
		size_t n = strlen(rid);

		(void)snprintf(rid + n, sizeof rid - n, ":%zu", i);
	}
	if (ctl_pipe_put(pipe, "", 0, json_pack("{s:s, s:s, s:s, s:b, s:o}", "op", "submit", "rid", rid, "realm", "exercise", "confirmed", 1, "body",
		body), NULL, 0, f) != 0)
		return -1;
	return ctl_pipe_drain(pipe, f) != 0 || out->fault.code != 0 ? -1 : 0;
}

static json_t *injections(struct ctl *, const char *name, struct fault *);

/* What of it is there already: how many lines, into which incident, and when it began. */
static int
resume(struct ctl *ctl, const char *name, size_t *done, int64_t *start, struct came *out, struct fault *f)
{
	json_t *list = injections(ctl, name, f);
	const json_t *first = json_array_get(list, 0);

	if (list == NULL)
		return -1;
	*done = json_array_size(list);
	if (*done > 0) {
		(void)snprintf(out->incident, sizeof out->incident, "%s", json_string_value(json_object_get(first, "incident")));
		*start = json_integer_value(json_object_get(first, "stored"));
	}
	json_decref(list);
	return 0;
}

static int
run(struct ctl *ctl, const char *name, const struct plan *p, int64_t start, long speed, bool at_once)
{
	struct came out = {0};
	struct fault f = {0};
	struct ctl_pipe *pipe;
	size_t done = 0;
	int rc = EX_OK;

	if (resume(ctl, name, &done, &start, &out, &f) != 0)
		return ctl_fail(&f);
	pipe = ctl_pipe_new(ctl, 3600, injected, &out);	/* an exercise outlives a restart of the switch */
	for (size_t i = done; i < p->n; i++) {
		json_t *body = json_deep_copy(p->v[i].body);
		int64_t at = start + p->v[i].after / speed;
		char clock[32], title[256];

		if (!at_once)
			wait_until(at);
		times_absolute(body, start);
		(void)json_object_set_new(body, "kind", json_string("intake"));
		(void)json_object_set_new(body, "exercise", json_string(name));
		if (out.incident[0] != '\0')
			(void)json_object_set_new(body, "incident", json_string(out.incident));
		(void)snprintf(title, sizeof title, "%.200s", json_string_value(json_object_get(body, "title")) != NULL ?
		    json_string_value(json_object_get(body, "title")) : "");
		if (inject(pipe, name, i, body, &out, &f) != 0) {
			rc = ctl_fail(out.fault.code != 0 ? &out.fault : &f);
			break;
		}
		if (!ctl->json) {
			char line[400];

			(void)snprintf(line, sizeof line, _("%s injected %zu of %zu  %s  %s"), time_format(ctl_now(), TIME_CLOCK, clock, sizeof clock),
			    i + 1, p->n, out.number, title);
			ctl_note(line);
		}
	}
	ctl_pipe_free(pipe);
	if (rc == EX_OK && ctl->json) {
		json_t *o = json_pack("{s:s, s:s, s:s, s:I}", "exercise", name, "incident", out.incident, "number", out.number, "injected",
		    (json_int_t)p->n);

		ctl_json(stdout, o);
		json_decref(o);
	} else if (rc == EX_OK)
		(void)printf(_("exercise %s: %zu injected into %s; how the room did: dutyctl exercise report %s\n"), name, p->n, out.number, name);
	return rc;
}

static int
exercise_run(struct ctl *ctl, const struct ctl_args *a)
{
	const char *script = ctl_arg(a, "script"), *like = ctl_arg(a, "like"), *begin = ctl_arg(a, "start");
	struct plan p = {0};
	struct fault f = {0};
	int64_t start = ctl_now();
	long speed = 1;
	int rc;

	if (a->nword != 2)
		return ctl_usage("exercise", "NAME", _("is needed"));
	if ((script == NULL) == (like == NULL))
		return ctl_usage("exercise", "script", _("--script FILE or --like REF, one of them"));
	if (ctl_arg_num(a, "speed", 1, 3600, &speed, &f) != 0)
		return ctl_fail(&f);
	if (begin != NULL) {
		struct body *b = body_new();
		bool good = value_parse(b, field_by_key(F_DUE), begin, NULL, start, &f) == 0 && body_time(b, F_DUE, &start);

		body_free(b);
		if (!good)
			return ctl_usage("exercise", "start", _("is no time"));
	}
	if ((script != NULL ? script_read(&p, script, &f) : past_read(ctl, &p, like, &f)) != 0)
		rc = ctl_fail(&f);
	else
		rc = run(ctl, a->word[1], &p, start, speed, ctl_flag(a, "at-once"));
	plan_free(&p);
	return rc;
}

/* ---- what became of it ---- */

/* The intakes of exercises: {exercise, incident, stored}, oldest first. */
static json_t *
injections(struct ctl *ctl, const char *name, struct fault *f)
{
	json_t *out = json_array(), *answer, *message;
	json_int_t after = 0;
	const json_t *m;
	size_t i;

	for (;;) {
		answer = ctl_ask(ctl, json_pack("{s:s, s:s, s:s, s:I}", "op", "list", "kind", "intake", "realm", "exercise", "after", after), 0, f);
		if (answer == NULL) {
			json_decref(out);
			return NULL;
		}
		json_array_foreach(json_object_get(answer, "messages"), i, m) {
			const char *code;

			after = json_integer_value(json_object_get(m, "seq"));
			if ((message = ctl_ask(ctl, json_pack("{s:s, s:O}", "op", "message", "id", json_object_get(m, "id")), 0, f)) == NULL)
				continue;
			code = json_string_value(json_object_get(json_object_get(message, "body"), "exercise"));
			if (code != NULL && (name == NULL || strcmp(code, name) == 0))
				(void)json_array_append_new(out, json_pack("{s:s, s:O, s:O, s:O}", "exercise", code, "incident",
				    json_object_get(m, "incident"), "stored", json_object_get(m, "stored"), "title", json_object_get(m, "title")));
			json_decref(message);
		}
		json_decref(answer);
		if (i == 0)
			return out;
	}
}

static int
exercise_list(struct ctl *ctl)
{
	static const struct ctl_column columns[] = {{N_("exercise"), "", 30, false}, {N_("stored"), "", 0, false}, {N_("title"), "", 40, false},
	    {N_("incident"), "", 0, false}};
	struct fault f = {0};
	json_t *list = injections(ctl, NULL, &f);
	struct ctl_table *t;
	const json_t *o;
	char buf[512], at[64];
	size_t i;

	if (list == NULL)
		return ctl_fail(&f);
	t = ctl->json ? NULL : ctl_table_new(columns, 4);
	json_array_foreach(list, i, o) {
		if (t == NULL) {
			ctl_json(stdout, o);
			continue;
		}
		ctl_table_set(t, 0, ctl_text(o, "exercise", buf, sizeof buf));
		ctl_table_set(t, 1, ctl_time(o, "stored", at, sizeof at));
		ctl_table_set(t, 2, ctl_text(o, "title", buf, sizeof buf));
		ctl_table_set(t, 3, ctl_text(o, "incident", buf, sizeof buf));
		ctl_table_row(t);
	}
	if (t != NULL)
		ctl_table_print(t, stdout);
	json_decref(list);
	return EX_OK;
}

static const struct ctl_column clock_columns[] = {{N_("what"), "", 14, false}, {N_("clock from"), "", 0, false}, {N_("was due"), "", 0, false},
    {N_("done"), "", 0, false}, {N_("outcome of it"), "", 0, false}, {N_("clause"), "", 60, false}};

/* The clocks of one incident: counts into tally[on time, late, not done, still running]. */
static void
report_clocks(const json_t *clocks, size_t tally[4], bool print)
{
	struct ctl_table *t = print ? ctl_table_new(clock_columns, 6) : NULL;
	int64_t now = ctl_now();
	const json_t *c;
	char buf[512];
	size_t i;

	json_array_foreach(clocks, i, c) {
		static const char *const verdicts[] = {N_("on time"), N_("late"), N_("not done"), N_("running")};
		int64_t due = json_integer_value(json_object_get(c, "due")), met = json_integer_value(json_object_get(c, "met"));
		size_t k = met != 0 ? (met <= due ? 0 : 1) : due < now ? 2 : 3;

		tally[k]++;
		if (t == NULL)
			continue;
		ctl_table_set(t, 0, ctl_text(c, "what_name", buf, sizeof buf));
		ctl_table_set(t, 1, ctl_time(c, "origin", buf, sizeof buf));
		ctl_table_set(t, 2, ctl_time(c, "due", buf, sizeof buf));
		ctl_table_set(t, 3, met != 0 ? ctl_time(c, "met", buf, sizeof buf) : "-");
		ctl_table_set(t, 4, _(verdicts[k]));
		ctl_table_set(t, 5, ctl_text(c, "clause", buf, sizeof buf));
		ctl_table_row(t);
	}
	if (t != NULL)
		ctl_table_print(t, stdout);
}

/* What people did, in their order: what came from the exercise itself is marked. */
static void
report_deeds(const json_t *lines)
{
	const json_t *l;
	char at[64], what[96], text[512];
	size_t i;

	json_array_foreach(lines, i, l)
		(void)printf(" %s  %s %s\n", ctl_time(l, "at", at, sizeof at), ctl_text(l, "kind_name", what, sizeof what),
		    ctl_text(l, "text", text, sizeof text));
}

static int
report_incident(struct ctl *ctl, const char *incident, size_t tally[4], json_t *out, struct fault *f)
{
	json_t *clocks = ctl_ask(ctl, json_pack("{s:s, s:s, s:s}", "op", "explain", "id", incident, "realm", "exercise"), 0, f), *shown;

	if (clocks == NULL)
		return -1;
	shown = ctl_ask(ctl, json_pack("{s:s, s:s, s:s}", "op", "show", "ref", incident, "realm", "exercise"), 0, f);
	if (shown == NULL) {
		json_decref(clocks);
		return -1;
	}
	if (ctl->json) {
		report_clocks(json_object_get(clocks, "clocks"), tally, false);
		(void)json_array_append_new(out, json_pack("{s:s, s:O, s:O}", "incident", incident, "clocks", json_object_get(clocks, "clocks"),
		    "lines", json_object_get(shown, "lines")));
	} else {
		char number[96], title[512];
		const json_t *inc = json_object_get(shown, "incident");

		(void)printf("\n%s %s\n", ctl_text(inc, "number", number, sizeof number), ctl_text(inc, "title", title, sizeof title));
		report_clocks(json_object_get(clocks, "clocks"), tally, true);
		report_deeds(json_object_get(shown, "lines"));
	}
	json_decref(clocks);
	json_decref(shown);
	return 0;
}

static int
exercise_report(struct ctl *ctl, const char *name)
{
	struct fault f = {0};
	json_t *list = injections(ctl, name, &f), *seen, *out;
	const json_t *o;
	size_t i, tally[4] = {0};
	int rc = EX_OK;

	if (list == NULL)
		return ctl_fail(&f);
	if (json_array_size(list) == 0) {
		json_decref(list);
		(void)fault_set(&f, EX_NOINPUT, "NAME", _("no exercise %s here"), name);
		return ctl_fail(&f);
	}
	seen = json_object();
	out = json_array();
	if (!ctl->json)
		(void)printf(_("[EXERCISE] %s: %zu injected\n"), name, json_array_size(list));
	json_array_foreach(list, i, o) {
		const char *incident = json_string_value(json_object_get(o, "incident"));

		if (incident == NULL || json_object_get(seen, incident) != NULL)
			continue;
		(void)json_object_set_new(seen, incident, json_true());
		if (report_incident(ctl, incident, tally, out, &f) != 0) {
			rc = ctl_fail(&f);
			break;
		}
	}
	if (rc == EX_OK && ctl->json) {
		json_t *all = json_pack("{s:s, s:I, s:I, s:I, s:I, s:O}", "exercise", name, "on_time", (json_int_t)tally[0], "late",
		    (json_int_t)tally[1], "not_done", (json_int_t)tally[2], "running", (json_int_t)tally[3], "incidents", out);

		ctl_json(stdout, all);
		json_decref(all);
	} else if (rc == EX_OK)
		(void)printf(_("\non time %zu, late %zu, not done %zu, still running %zu\n"), tally[0], tally[1], tally[2], tally[3]);
	json_decref(out);
	json_decref(seen);
	json_decref(list);
	return rc;
}

int
ctl_exercise(struct ctl *ctl, int argc, char **argv)
{
	static const struct ctl_option known[] = {{"script", true, false}, {"like", true, false}, {"speed", true, false}, {"at-once", false, false},
	    {"start", true, false}, {NULL, false, false}};
	struct ctl_args a;
	struct fault f = {0};
	int rc;

	if (ctl_args_parse(&a, known, false, argc, argv, &f) != 0) {
		rc = ctl_usage("exercise", f.field, f.text);
	} else {
		ctl->json = ctl->json || a.json;
		if (a.nword >= 1 && strcmp(a.word[0], "run") == 0)
			rc = exercise_run(ctl, &a);
		else if (a.nword == 1 && strcmp(a.word[0], "list") == 0)
			rc = exercise_list(ctl);
		else if (a.nword == 2 && strcmp(a.word[0], "report") == 0)
			rc = exercise_report(ctl, a.word[1]);
		else
			rc = ctl_usage("exercise", a.nword > 0 ? a.word[0] : "", _("run, list or report"));
	}
	ctl_args_free(&a);
	return rc;
}
