/*
 * `dutyctl roster`: planned shifts, swaps, who cannot come, who stays, who has come.
 *
 * A plan is entered shift by shift, from a file, or from a pattern that repeats; the same plan entered again makes nothing twice.  A swap is asked for,
 * consented to by both and approved by a leader, each by himself.
 */
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include "../formats/buf.h"
#include "../formats/i18n.h"
#include "../formats/value.h"
#include "ctl_staff.h"

#define DAY_MS INT64_C(86400000)
#define CN_OFFSET INT64_C(28800000)
#define PLAN_DAYS 400		/* days one call plans at most */
#define PATTERN_ROWS 200

static const struct ctl_option options[] = {STAFF_OPTIONS, {"from", true, false}, {"until", true, false}, {"days", true, false},
    {"pattern", true, false}, {"leader", true, true}, {"senior", true, false}, {"officer", true, true}, {"out", true, false}, {"in", true, false},
    {"return", true, false}, {NULL, false, false}};

/* ---- shifts ---- */

static int
send_step(struct ctl *ctl, const struct ctl_args *a, struct body *b, int step)
{
	body_set_num(b, F_KIND, KIND_ROSTER);
	body_set_num(b, F_DUTY_STEP, step);
	return submit_send(ctl, a, b, NULL, REALM_LIVE);
}

/* Options with other names than their fields. */
static int
words(const struct ctl_args *a, struct body *b, struct fault *f)
{
	static const struct {
		const char *name;
		uint32_t key;
	} named[] = {{"from", F_PERIOD_FROM}, {"until", F_PERIOD_TO}, {"leader", F_DUTY_LEADER}, {"senior", F_DUTY_SENIOR}, {"officer", F_DUTY_OFFICER},
	    {"out", F_OUTGOING}, {"in", F_INCOMING}};

	for (size_t i = 0; i < a->ngiven; i++)
		for (size_t k = 0; k < sizeof named / sizeof named[0]; k++)
			if (a->given[i].field == NULL && strcmp(a->given[i].name, named[k].name) == 0 &&
			    staff_field(b, named[k].key, a->given[i].value, f) != 0)
				return -1;
	return 0;
}

/* ---- files and patterns ---- */

static int
people(struct body *b, const struct csv_row *r, size_t first, struct fault *f)
{
	static const uint32_t keys[] = {F_DUTY_LEADER, F_DUTY_SENIOR, F_DUTY_OFFICER};
	char cell[512], *rest, *name;

	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
		(void)snprintf(cell, sizeof cell, "%s", csv_get(r, first + i));
		rest = cell;
		while ((name = csv_name(&rest)) != NULL)
			if (staff_field(b, keys[i], name, f) != 0)
				return -1;
	}
	return 0;
}

static struct body *
shift_new(const struct staff_file *file)
{
	struct body *b = body_new();
	struct fault ignored = {0};

	body_set_num(b, F_KIND, KIND_ROSTER);
	body_set_num(b, F_DUTY_STEP, DUTY_SHIFT);
	if (ctl_arg(file->a, "by") != NULL)
		(void)staff_field(b, F_AUTHOR, ctl_arg(file->a, "by"), &ignored);
	return b;
}

/* shift,from,until,leader,senior,officers */
static void
import_row(struct staff_file *file, struct csv_row *r, void *ctx)
{
	struct body *b = shift_new(file);

	(void)ctx;
	if (*csv_get(r, 1) == '\0' || *csv_get(r, 2) == '\0')
		(void)fault_set(&file->f, EX_DATAERR, *csv_get(r, 1) == '\0' ? "period_from" : "period_to", _("is missing"));
	if (file->f.code == 0 && staff_field(b, F_SHIFT, csv_get(r, 0), &file->f) == 0 &&
	    staff_field(b, F_PERIOD_FROM, csv_get(r, 1), &file->f) == 0 && staff_field(b, F_PERIOD_TO, csv_get(r, 2), &file->f) == 0 &&
	    people(b, r, 3, &file->f) == 0)
		staff_file_put(file, b);
	else
		body_free(b);
}

struct plan {
	int64_t first;		/* ms UTC of the first day's midnight here */
	long days, cycle;
};

/* "08:00" or "24:00" as minutes of the day; -1: it is none. */
static int
clock_of(const char *s)
{
	int h = 0, m = 0;
	const char *p = s;

	for (; *p >= '0' && *p <= '9' && p - s < 2; p++)
		h = h * 10 + (*p - '0');
	if (p == s || *p++ != ':')
		return -1;
	if (p[0] < '0' || p[0] > '5' || p[1] < '0' || p[1] > '9' || p[2] != '\0')
		return -1;
	m = (p[0] - '0') * 10 + (p[1] - '0');
	return h < 24 || (h == 24 && m == 0) ? h * 60 + m : -1;
}

static long
day_of(const char *s)
{
	char *end;
	long n = strtol(s, &end, 10);

	return end != s && *end == '\0' && n >= 1 && n <= PLAN_DAYS ? n : -1;
}

/* day,shift,from,until,leader,senior,officers: the shifts this row makes in all the days. */
static void
plan_row(struct staff_file *file, struct csv_row *r, void *ctx)
{
	const struct plan *p = ctx;
	long day = day_of(csv_get(r, 0));
	int from = clock_of(csv_get(r, 2)), to = clock_of(csv_get(r, 3));

	if (day == -1)
		(void)fault_set(&file->f, EX_DATAERR, "day", _("the first cell is the day of the pattern, from 1"));
	else if (from == -1 || to == -1)
		(void)fault_set(&file->f, EX_DATAERR, from == -1 ? "period_from" : "period_to", _("must be a time of day like 08:00"));
	for (long i = day - 1; file->f.code == 0 && i < p->days; i += p->cycle) {
		struct body *b = shift_new(file);

		body_set_time(b, F_PERIOD_FROM, p->first + i * DAY_MS + from * INT64_C(60000));
		/* up to the same hour or an earlier one: of the next day */
		body_set_time(b, F_PERIOD_TO, p->first + (i + (to <= from)) * DAY_MS + to * INT64_C(60000));
		if (staff_field(b, F_SHIFT, csv_get(r, 1), &file->f) == 0 && people(b, r, 4, &file->f) == 0)
			staff_file_put(file, b);
		else
			body_free(b);
	}
}

/* How many days the pattern has: the highest it names. */
static int
cycle_of(const char *path, long *cycle, struct fault *f)
{
	struct ctl_lines l;
	struct csv_row r;
	struct fault ignored = {0};
	int rc;

	if (ctl_lines_open(&l, path, 8192, f) != 0)
		return -1;
	*cycle = 0;
	while ((rc = ctl_lines_next(&l, f)) == 1)
		if (!l.too_long && csv_split(l.p, l.n, &r, &ignored) == 0 && day_of(csv_get(&r, 0)) > *cycle)
			*cycle = day_of(csv_get(&r, 0));
	ctl_lines_close(&l);
	if (rc == 0 && *cycle == 0)
		return fault_set(f, EX_DATAERR, "pattern", _("the pattern names no day: its lines are day,shift,from,until,leader,senior,officers"));
	return rc;
}

static int
plan(struct ctl *ctl, const struct ctl_args *a)
{
	const char *from = ctl_arg(a, "from"), *pattern = ctl_arg(a, "pattern");
	struct plan p = {.days = 0};
	struct fault f = {0};
	struct when w;
	char text[48];

	if (from == NULL || pattern == NULL || strcmp(pattern, "-") == 0)
		return ctl_usage("roster", from == NULL ? "from" : "pattern", _("is missing"));
	if (ctl_arg_num(a, "days", 1, PLAN_DAYS, &p.days, &f) != 0)
		return ctl_fail(&f);
	if (p.days == 0)
		return ctl_usage("roster", "days", _("is missing"));
	(void)snprintf(text, sizeof text, "%.10sT00:00:00+08:00", from);
	if (strlen(from) != 10 || !time_parse_rfc3339(text, &w))
		return ctl_usage("roster", "from", _("must be a day like 2026-10-03"));
	p.first = w.ms;
	if (cycle_of(pattern, &p.cycle, &f) != 0)
		return ctl_fail(&f);
	return staff_file_run(ctl, a, pattern, "day", "日", plan_row, &p);
}

/* ---- steps ---- */

static int
refer(const char *word, struct body *b, struct fault *f)
{
	struct msgid id;

	if (!msgid_parse(word, &id))
		return fault_set(f, EX_DATAERR, "refs", _("'%s' is no message id"), word);
	body_add_id(b, F_REFS, &id);
	return 0;
}

static int
step(struct ctl *ctl, const struct ctl_args *a, struct body *b)
{
	/* key: whose name --by is; refers: the word is an id, else a person */
	static const struct {
		const char *word;
		int step;
		uint32_t by;
		bool refers, needed;
	} steps[] = {
	    {"add", DUTY_SHIFT, F_AUTHOR, false, false},
	    {"replace", DUTY_SHIFT, F_AUTHOR, true, false},
	    {"cancel", DUTY_SHIFT_CANCELLED, F_AUTHOR, true, false},
	    {"swap", DUTY_SWAP, F_AUTHOR, true, true},
	    {"consent", DUTY_SWAP_CONSENT, F_PERSON, true, true},
	    {"approve", DUTY_SWAP_APPROVED, F_PERSON, true, true},
	    {"decline", DUTY_SWAP_DECLINED, F_PERSON, true, true},
	    {"unable", DUTY_UNABLE, F_AUTHOR, false, false},
	    {"stay", DUTY_STAY, F_SIGNER, false, true},
	    {"on", DUTY_SIGN_ON, F_AUTHOR, false, false},
	};
	struct fault f = {0};
	size_t i = 0, n = sizeof steps / sizeof steps[0];
	int rc;

	while (i < n && strcmp(a->word[0], steps[i].word) != 0)
		i++;
	if (i == n)
		return ctl_usage("roster", a->word[0],
		    _("no such word: list, add, replace, cancel, swap, consent, approve, decline, unable, stay, on, plan, import"));
	if ((i == 0) != (a->nword == 1) && !(steps[i].step == DUTY_UNABLE && a->nword == 3))
		return ctl_usage("roster", a->nword > 1 ? a->word[1] : "", a->nword > 1 ? _("one word too many") : _("a word is missing: what is it about?"));
	if ((rc = staff_by(a, "roster", b, steps[i].by, steps[i].needed)) != 0)
		return rc;
	if (words(a, b, &f) != 0 || (a->nword > 1 && (steps[i].refers ? refer(a->word[1], b, &f) : staff_field(b, F_PERSON, a->word[1], &f)) != 0) ||
	    (a->nword == 3 && refer(a->word[2], b, &f) != 0) || (ctl_arg(a, "return") != NULL && refer(ctl_arg(a, "return"), b, &f) != 0))
		return ctl_fail(&f);
	return send_step(ctl, a, b, steps[i].step);
}

/* ---- listing ---- */

static const struct ctl_column columns[] = {{N_("from"), "from", 0, false}, {N_("until"), "to", 0, false}, {N_("shift"), "name", 16, false},
    {N_("leader"), "leader", 24, false}, {N_("officers"), "officers", 40, false}, {N_("remark"), "remark", 40, false}, {N_("id"), "id", 0, false}};

static const char *
joined(const json_t *o, const char *key, char *out, size_t size)
{
	const json_t *e;
	size_t i, n = 0;

	out[0] = '\0';
	json_array_foreach(json_object_get(o, key), i, e)
		if (json_is_string(e) && n < size)
			n += (size_t)snprintf(out + n, size - n, "%s%s", n > 0 ? " " : "", json_string_value(e));
	return out;
}

static void
shift_row(struct ctl_table *t, const json_t *s)
{
	char text[512], other[512], remark[1200];

	ctl_table_set(t, 0, ctl_time(s, "from", text, sizeof text));
	ctl_table_set(t, 1, ctl_time(s, "to", text, sizeof text));
	ctl_table_set(t, 2, ctl_text(s, "name", text, sizeof text));
	ctl_table_set(t, 3, joined(s, "leader", text, sizeof text));
	ctl_table_set(t, 4, joined(s, "officers", text, sizeof text));
	(void)joined(s, "unable", text, sizeof text);
	(void)joined(s, "strangers", other, sizeof other);
	(void)snprintf(remark, sizeof remark, "%s%s%s%s%s%s", json_is_true(json_object_get(s, "now")) ? _("now ") : "",
	    *text != '\0' ? _("cannot come: ") : "", text, *text != '\0' ? " " : "", *other != '\0' ? _("not on the register: ") : "", other);
	ctl_table_set(t, 5, remark);
	ctl_table_set(t, 6, ctl_text(s, "id", text, sizeof text));
	ctl_table_row(t);
}

static void
swap_line(const json_t *w)
{
	static const struct {
		const char *state, *say;
	} says[] = {{"consent", N_("both must consent")}, {"approval", N_("a leader must approve")}, {"in-force", N_("in force")},
	    {"declined", N_("declined")}};
	const char *state = json_string_value(json_object_get(w, "state")), *say = "";
	char id[MSGID_TEXT_MAX], at[48], from[128], to[128];

	for (size_t i = 0; state != NULL && i < sizeof says / sizeof says[0]; i++)
		if (strcmp(says[i].state, state) == 0)
			say = _(says[i].say);
	(void)printf(_("swap %s: %s of the shift from %s by %s: %s\n"), ctl_text(w, "id", id, sizeof id), ctl_text(w, "from", from, sizeof from),
	    ctl_time(w, "shift_from", at, sizeof at), ctl_text(w, "to", to, sizeof to), say);
}

static int
list(struct ctl *ctl, const struct ctl_args *a)
{
	json_t *request = json_pack("{s:s}", "op", "roster"), *answer;
	const json_t *e, *gap;
	struct ctl_table *t;
	struct fault f = {0};
	char text[1024], begin[48], end[48];
	long days = 0;
	size_t i;

	if (ctl_arg_num(a, "days", 1, PLAN_DAYS, &days, &f) != 0) {
		json_decref(request);
		return ctl_fail(&f);
	}
	if (days > 0)
		(void)json_object_set_new(request, "until", json_integer(ctl_now() + days * DAY_MS));
	if ((answer = ctl_ask(ctl, request, 0, &f)) == NULL)
		return ctl_fail(&f);
	if (ctl->json) {
		ctl_json_answer(stdout, answer);
		json_decref(answer);
		return EX_OK;
	}
	t = ctl_table_new(columns, sizeof columns / sizeof columns[0]);
	json_array_foreach(json_object_get(answer, "shifts"), i, e)
		shift_row(t, e);
	ctl_table_print(t, stdout);
	json_array_foreach(json_object_get(answer, "swaps"), i, e)
		swap_line(e);
	gap = json_object_get(answer, "gap");
	if (json_is_object(gap))
		(void)printf(_("nobody planned: %s to %s\n"), ctl_time(gap, "begin", begin, sizeof begin), ctl_time(gap, "end", end, sizeof end));
	e = json_object_get(answer, "on_duty");
	(void)printf(_("on duty: %s\n"), json_is_object(e) ? joined(e, "persons", text, sizeof text) : _("nobody has signed on"));
	json_array_foreach(json_object_get(answer, "remarks"), i, e)
	{
		(void)snprintf(text, sizeof text, _("remark: %s"), json_string_value(e) != NULL ? json_string_value(e) : "-");
		ctl_note(text);
	}
	json_decref(answer);
	return EX_OK;
}

int
ctl_roster(struct ctl *ctl, int argc, char **argv)
{
	struct ctl_args a;
	struct body *b;
	int rc = submit_begin(ctl, "roster", options, 0, 3, argc, argv, &a, &b);

	if (rc != 0)
		return submit_end(&a, b, rc);
	if (a.nword == 0 || strcmp(a.word[0], "list") == 0)
		rc = list(ctl, &a);
	else if (strcmp(a.word[0], "plan") == 0)
		rc = plan(ctl, &a);
	else if (strcmp(a.word[0], "import") == 0)
		rc = a.nword == 2 ? staff_file_run(ctl, &a, a.word[1], "shift", "班次", import_row, NULL) :
				    ctl_usage("roster", "", _("a word is missing: what is it about?"));
	else
		rc = step(ctl, &a, b);
	return submit_end(&a, b, rc);
}
