/*
 * dutyctl status: the station, its links, the continuous numbers on them, and what is wrong.
 *
 * A link's line tells its state and since when, round trip, clock difference, what waits by precedence with the age of the
 * oldest; the second table tells of each direction what was given a number, what is missing and what both ends agreed on.
 */
#include <inttypes.h>
#include <string.h>
#include <sysexits.h>
#include "../formats/i18n.h"
#include "ctl.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static int
status_options(struct ctl *ctl, int argc, char **argv, struct ctl_args *a)
{
	static const struct ctl_option none[] = { { NULL, false, false } };
	struct fault f = { 0 };

	if (ctl_args_parse(a, none, false, argc, argv, &f) != 0)
		return ctl_usage("status", f.field, f.text);
	if (a->nword > 0)
		return ctl_usage("status", a->word[0], _("one word too many"));
	ctl->json = ctl->json || a->json;
	return EX_OK;
}

static const struct ctl_column link_columns[] = {{N_("station"), "station", 24, false}, {N_("name"), "name", 24, false},
    {N_("role"), "role", 12, false}, {N_("state"), "state", 16, false}, {N_("since"), "since", 0, false},
    {N_("last heard"), "last_heard", 0, false}, {N_("rtt ms"), "rtt", 0, true}, {N_("clock ms"), "clock_diff", 0, true},
    {N_("queued"), "queued", 0, false}, {N_("in flight"), "in_flight", 0, true}, {N_("why"), "why", 48, false}};

/* A word of the desk protocol as people say it; what is no such word stays as it is. */
static const char *
protocol_word(const json_t *o, const char *key, char *buf, size_t size)
{
	static const char *const words[] = {N_("parent"), N_("child"), N_("department"), N_("neighbour"), N_("outbox"),
	    N_("refused"), N_("quarantine"), N_("gap"), N_("line"), N_("close"), N_("returned"), N_("disk"), N_("backup"), N_("given back"),
	    N_("old peer"), N_("phone"), N_("neighbour's clock")};

	(void)ctl_text(o, key, buf, size);
	for (size_t i = 0; i < COUNT(words); i++)
		if (strcmp(buf, words[i]) == 0)
			return _(words[i]);
	return buf;
}

/* "0/2(3m)/0/5(1h)": parcels by precedence, the most urgent first, with the age of the oldest. */
static void
queue_text(const json_t *o, int64_t now, char *out, size_t size)
{
	const json_t *oldest = json_object_get(o, "oldest"), *e;
	size_t i, at = 0;

	out[0] = '\0';
	json_array_foreach(json_object_get(o, "queued"), i, e) {
		int64_t since = json_integer_value(json_array_get(oldest, i)), age = since > 0 && now > since ? (now - since) / 1000 : 0;
		char old[32] = "";
		int n;

		if (json_integer_value(e) > 0 && since > 0)
			(void)snprintf(old, sizeof old, "(%" PRId64 "%s)", age < 120 ? age : age < 7200 ? age / 60 : age / 3600,
			    age < 120 ? "s" : age < 7200 ? "m" : "h");
		n = snprintf(out + at, size - at, "%s%" JSON_INTEGER_FORMAT "%s", i == 0 ? "" : "/", json_integer_value(e), old);
		if (n < 0 || (size_t)n >= size - at)
			return;
		at += (size_t)n;
	}
}

static const struct ctl_column line_columns[] = {{N_("station"), "station", 24, false}, {N_("direction"), "", 8, false},
    {N_("numbered to"), "last", 0, true}, {N_("numbers missing"), "missing", 0, true}, {N_("since"), "missing_since", 0, false},
    {N_("lost for good"), "beyond", 0, true}, {N_("agreed to"), "closed", 0, true}, {N_("at the close of"), "closed_at", 0, false},
    {N_("ends differ"), "differs", 0, false}};

/* The continuous numbers of one direction: what is missing is noticed here. */
static void
line_row(struct ctl_table *t, const json_t *link, const char *member)
{
	const json_t *l = json_object_get(link, member);
	char buf[64];

	if (l == NULL)
		return;
	for (size_t i = 0; i < COUNT(line_columns); i++) {
		const char *key = line_columns[i].key;

		if (i == 0)
			ctl_table_set(t, i, ctl_text(link, "station", buf, sizeof buf));
		else if (i == 1)
			ctl_table_set(t, i, strcmp(member, "out") == 0 ? _("sent") : _("received"));
		else if (strcmp(key, "missing_since") == 0 || strcmp(key, "closed_at") == 0)
			ctl_table_set(t, i, json_integer_value(json_object_get(l, key)) == 0 ? "-" : ctl_time(l, key, buf, sizeof buf));
		else if (strcmp(key, "differs") == 0)
			ctl_table_set(t, i, json_is_true(json_object_get(l, key)) ? _("yes") : _("no"));
		else
			ctl_table_set(t, i, ctl_text(l, key, buf, sizeof buf));
	}
	ctl_table_row(t);
}

static void
link_row(struct ctl_table *t, const json_t *o, int64_t now)
{
	char queued[160], text[256];
	size_t i;

	for (i = 0; i < COUNT(link_columns); i++)
		if (strcmp(link_columns[i].key, "state") == 0)
			ctl_table_set(t, i, ctl_text(o, "state_name", text, sizeof text));
		else if (strcmp(link_columns[i].key, "since") == 0 || strcmp(link_columns[i].key, "last_heard") == 0)
			ctl_table_set(t, i, ctl_time(o, link_columns[i].key, text, sizeof text));
		else if (strcmp(link_columns[i].key, "role") == 0)
			ctl_table_set(t, i, protocol_word(o, "role", text, sizeof text));
		else if (strcmp(link_columns[i].key, "why") == 0)
			ctl_table_set(t, i, _(ctl_text(o, "why", text, sizeof text)));	/* a msgid of the link's */
		else
			ctl_table_set(t, i, ctl_text(o, link_columns[i].key, text, sizeof text));
	if (json_integer_value(json_object_get(o, "rtt")) < 0)
		ctl_table_set(t, 6, "-");	/* not measured yet */
	queue_text(o, now, queued, sizeof queued);
	ctl_table_set(t, 8, queued);
}

int
ctl_status(struct ctl *ctl, int argc, char **argv)
{
	static const struct { const char *key, *label; bool time;
	} head[] = {{"station", N_("station"), false}, {"name", N_("name"), false}, {"now", N_("clock"), true},
	    {"pid", N_("process"), false}, {"epoch", N_("epoch"), false}, {"messages", N_("messages"), false},
	    {"incidents", N_("incidents"), false}, {"unsigned", N_("unsigned"), false}, {"drafts", N_("drafts"), false},
	    {"outbox", N_("outbox"), false}, {"open_deliveries", N_("undelivered"), false},
	    {"returned", N_("returned"), false}, {"quarantine", N_("quarantine"), false},
	    {"room_name", N_("disk takes"), false}};
	struct ctl_args a;
	struct fault f = { 0 };
	struct ctl_table *t;
	json_t *answer, *e;
	char buf[512], when[64], line[640];
	size_t i;
	int rc = status_options(ctl, argc, argv, &a);

	ctl_args_free(&a);
	if (rc != 0)
		return rc;
	if ((answer = ctl_ask(ctl, json_pack("{s:s}", "op", "status"), 0, &f)) == NULL)
		return ctl_fail(&f);
	if (ctl->json) {
		(void)json_object_del(answer, "re");
		(void)json_object_del(answer, "ok");
		ctl_json(stdout, answer);
		json_decref(answer);
		return EX_OK;
	}
	for (i = 0; i < COUNT(head); i++)
		ctl_line(stdout, _(head[i].label), head[i].time ? ctl_time(answer, head[i].key, buf, sizeof buf) :
		    ctl_text(answer, head[i].key, buf, sizeof buf));
	t = ctl_table_new(link_columns, COUNT(link_columns));
	json_array_foreach(json_object_get(answer, "links"), i, e) {
		link_row(t, e, json_integer_value(json_object_get(answer, "now")));
		ctl_table_row(t);
	}
	(void)putchar('\n');
	ctl_table_print(t, stdout);
	t = ctl_table_new(line_columns, COUNT(line_columns));
	json_array_foreach(json_object_get(answer, "links"), i, e) {
		line_row(t, e, "out");
		line_row(t, e, "in");
	}
	(void)putchar('\n');
	ctl_table_print(t, stdout);
	json_array_foreach(json_object_get(answer, "alarms"), i, e) {
		char what[128];

		(void)snprintf(line, sizeof line, "%s %s %s", ctl_time(e, "at", when, sizeof when),
		    protocol_word(e, "what", what, sizeof what), ctl_text(e, "detail", buf, sizeof buf));
		ctl_line(stdout, _("alarm"), line);
	}
	json_array_foreach(json_object_get(answer, "duty_remarks"), i, e)
		ctl_line(stdout, _("duty"), json_string_value(e) != NULL ? json_string_value(e) : "-");
	json_decref(answer);
	return EX_OK;
}
