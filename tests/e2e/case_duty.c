/*
 * The duty clockwork through the command line: rules read again while the switch runs, a report past the level above, lateness explained and
 * accepted, an exercise injected, cut and gone on with.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "say.h"

/* ---- rules ---- */

static void
put_rules(const char *conf, const char *name, const char *text)
{
	char path[700];

	(void)snprintf(path, sizeof path, "%s/rules/%s.local.tsv", conf, name);
	file_write(path, text, strlen(text));
}

static json_int_t
written_due(struct station_proc *s, const char *incident)
{
	json_t *a = st_ask(s, json_pack("{s:s}", "op", "owed")), *item;
	json_int_t due = 0;
	size_t i;

	json_array_foreach (json_object_get(a, "items"), i, item)
		if (strcmp(text_of(item, "incident"), incident) == 0 && strcmp(text_of(item, "what"), "written") == 0)
			due = json_integer_value(json_object_get(item, "due")) - json_integer_value(json_object_get(item, "origin"));
	json_decref(a);
	return due;
}

static void
count_rules(void *ctx, const json_t *row)
{
	(void)row;
	++*(size_t *)ctx;
}

/* A folder of rules of the case's own; the stations read it, are told to read again, and go on by the new limits, or by the old where the new are bad. */
void
case_rules_change(struct e2e *e)
{
	struct station_proc *town = &e->st.s[TOWN];
	const char *had = getenv("DUTYDESK_CONF");
	char conf[400], kept[512], incident[80];
	size_t logged = 0;
	struct output o;
	char *said;
	json_t *a;

	(void)snprintf(kept, sizeof kept, "%s", had != NULL ? had : e->conf);
	(void)snprintf(conf, sizeof conf, "%.300s/conf", e->st.root);
	{
		const char *const copy[] = {"/bin/cp", "-r", kept, conf, NULL};

		run_command(copy, NULL, 0, 10000, &o);
		ST_CHECK(o.status == 0, "cannot copy the rules: %s", output_text(&o));
		output_free(&o);
	}
	(void)setenv("DUTYDESK_CONF", conf, 1);
	st_start(town);
	open_fire(e, "规则变更", incident);
	put_rules(conf, "deadlines", "id\twhat\tlevel\tgrade\tprec\torigin\tminutes\tclause\tin_force_since\n"
	    "town-w\twritten\ttownship\t*\t*\tlearned\t33\t某县规定\t\n");
	json_decref(say(town, "reload", NULL));
	ST_CHECK(written_due(town, incident) == 33 * 60000, "the new limit does not count: %lld ms", (long long)written_due(town, incident));
	a = say(town, "rules", "explain", incident, NULL);
	said = json_dumps(a, 0);
	ST_CHECK(said != NULL && strstr(said, "某县规定") != NULL, "explain does not cite the clause of the new row");
	free(said);
	json_decref(a);
	/* Without a clause: refused with its line, and the old ones stay in force. */
	put_rules(conf, "deadlines", "id\twhat\tlevel\tgrade\tprec\torigin\tminutes\tclause\tin_force_since\n"
	    "town-w\twritten\ttownship\t*\t*\tlearned\t20\t\t\n");
	say_refused(town, 78, "deadlines.local.tsv:2", "reload", NULL);
	say_refused(town, 65, "deadlines.local.tsv:2", "rules", "check", NULL);
	ST_CHECK(written_due(town, incident) == 33 * 60000, "a refused table changed the limit");
	put_rules(conf, "deadlines", "id\twhat\tlevel\tgrade\tprec\torigin\tminutes\tclause\tin_force_since\n"
	    "town-w\twritten\ttownship\t*\t*\tlearned\t0\t某县规定\t\n");
	say_refused(town, 78, "minutes", "reload", NULL);
	(void)st_each(town, "log", true, count_rules, &logged);
	ST_CHECK(logged >= 1, "the change of the rules is not in the log");
	(void)setenv("DUTYDESK_CONF", kept, 1);
	json_decref(st_verify(town));
}

/* ---- past the level above ---- */

void
case_past_the_county(struct e2e *e)
{
	struct station_proc *town = &e->st.s[TOWN], *county = &e->st.s[COUNTY], *city = &e->st.s[CITY];
	char incident[80], report[80];

	stations_start(&e->st);
	open_fire(e, "越级报告", incident);
	say_id(town, report, "submit", "--incident", incident, "--to", city->code, "--brief", "县里电话不通,直接报市", "--signer", "吴镇长", NULL);
	await_message(e, city, report, "id", report);
	say_refused(county, 65, "oneself", "direct", "-", "--to", county->code, "--text", "自己办", NULL);
	await_message(e, county, report, "id", report);	/* the county has its copy, and is not left in the dark */
	verify_all(e);
}

/* ---- lateness, explained ---- */

static json_t *
late_row(struct station_proc *s, const char *station, const char *incident, json_t **answer)
{
	json_t *row, *found = NULL;
	size_t i;

	*answer = say(s, "stats", NULL);
	json_array_foreach (json_object_get(*answer, "late"), i, row)
		if (strcmp(text_of(row, "station"), station) == 0 && strcmp(text_of(row, "incident"), incident) == 0 &&
		    strcmp(text_of(row, "what"), "written") == 0)
			found = row;
	return found;
}

struct explained {
	const char *incident, *state;
};

static bool
is_explained(struct station_proc *s, void *ctx)
{
	const struct explained *x = ctx;
	json_t *answer, *row = late_row(s, "330225102", x->incident, &answer);
	bool yes = row != NULL && strcmp(text_of(row, "explained"), x->state) == 0;

	json_decref(answer);
	return yes;
}

static json_int_t
station_count(struct station_proc *s, const char *station, const char *member)
{
	json_t *a = say(s, "stats", NULL), *row = row_of(json_object_get(a, "stations"), "station", station);
	json_int_t n;

	ST_CHECK(row != NULL, "%s has no row of %s", s->name, station);
	n = json_integer_value(json_object_get(row, member));
	json_decref(a);
	return n;
}

/* The town learned long ago and reports now: late at both; it says why, the county accepts, and it is counted as excused at both. */
void
case_stats(struct e2e *e)
{
	struct station_proc *town = &e->st.s[TOWN], *county = &e->st.s[COUNTY];
	struct explained x = {.state = "filed"};
	char incident[80], report[80], why[80], past[40];
	struct output o;
	json_t *answer, *row, *a;

	stations_start(&e->st);
	(void)when_text(-5 * 3600000, past);
	say_id(town, incident, "intake", "--channel", "phone", "--title", "迟报的火灾", "--type", "12G00", "--place", "柳河路", "--brief", "起火", "--learned", past,
	    NULL);
	say_id(town, report, "submit", "--incident", incident, "--signer", "吴镇长", NULL);
	await_message(e, county, report, "id", report);
	row = late_row(town, town->code, incident, &answer);
	ST_CHECK(row != NULL, "the town does not see that it was late");
	expect(town, row, "state", "late");
	json_decref(answer);
	ST_CHECK(station_count(town, town->code, "late") == 1, "late is not counted once");
	x.incident = incident;
	say_id(town, why, "explain", report, "--person", "周强", "--cause", "link", "--text", "光缆断,断网27分", NULL);
	st_await(county, "the explanation", 10000, is_explained, &x);
	say_refused(county, 64, "both", "explain", why, "--person", "李敏", "--accept", "--decline", NULL);
	json_decref(say(county, "explain", why, "--person", "李敏", "--accept", NULL));
	x.state = "accepted";
	st_await(town, "the county's word", 10000, is_explained, &x);
	ST_CHECK(station_count(town, town->code, "late") == 0 && station_count(town, town->code, "excused") == 1,
	    "what was accepted is still counted as late");
	ST_CHECK(station_count(county, town->code, "excused") == 1, "the county counts it otherwise than the town");
	a = say(county, "stats", NULL);
	row = row_of(json_object_get(a, "stations"), "station", town->code);
	ST_CHECK(json_is_null(json_object_get(row, "score")), "a score is shown, and nobody asked for one");
	json_decref(a);
	st_ctl(town, NULL, 0, &o, "stats", "--csv", NULL);
	ST_CHECK(o.status == 0 && strncmp(buf_cstr(&o.out), "month,station,", 14) == 0 && strstr(buf_cstr(&o.out), town->code) != NULL,
	    "no CSV: %s", output_text(&o));
	output_free(&o);
	say_refused(town, 65, "month", "stats", "--month", "2026-13", NULL);
	verify_all(e);
}

/* ---- exercises ---- */

static size_t
incidents_of(struct station_proc *s, const char *realm)
{
	json_t *a = st_ask(s, json_pack("{s:s, s:s}", "op", "incidents", "realm", realm));
	size_t n = json_array_size(json_object_get(a, "incidents"));

	json_decref(a);
	return n;
}

void
case_exercise(struct e2e *e)
{
	static const char script[] = "# 泄漏演练\n"
				     "{\"after\": \"0s\", \"body\": {\"title\": \"演练:液氨泄漏\", \"type\": \"12D00\", \"place\": \"工业区3号\", \"brief\": \"有人闻到气味\", "
				     "\"learned\": \"+0s\", \"occurred\": \"-10m\"}}\n"
				     "{\"after\": \"10m\", \"body\": {\"brief\": \"两人送医\", \"light\": 2, \"learned\": \"+10m\"}}\n";
	struct station_proc *town = &e->st.s[TOWN], *county = &e->st.s[COUNTY];
	char path[700], past[80], report[80];
	json_t *a, *inc;

	stations_start(&e->st);
	open_fire(e, "往事", past);
	(void)snprintf(path, sizeof path, "%.500s/drill.jsonl", e->st.root);
	file_write(path, script, strlen(script));
	a = say(town, "exercise", "run", "泄漏1号", "--script", path, "--at-once", NULL);
	ST_CHECK(json_integer_value(json_object_get(a, "injected")) == 2, "not all was injected");
	json_decref(a);
	json_decref(say(town, "exercise", "run", "泄漏1号", "--script", path, "--at-once", NULL));	/* again: nothing twice */
	ST_CHECK(incidents_of(town, "exercise") == 1, "injected twice: %zu incidents", incidents_of(town, "exercise"));
	ST_CHECK(incidents_of(town, "live") == 1, "the exercise stands among the live");
	a = st_ask(town, json_pack("{s:s, s:s}", "op", "incidents", "realm", "exercise"));
	inc = json_array_get(json_object_get(a, "incidents"), 0);
	ST_CHECK(text_of(inc, "number")[0] == 'X', "its number is %s", text_of(inc, "number"));
	/* What the room does about it stays in the realm, at the county too. */
	say_id(town, report, "submit", "--incident", text_of(inc, "id"), "--realm", "exercise", "--signer", "吴镇长", NULL);
	json_decref(a);
	await_message(e, county, report, "id", report);
	ST_CHECK(incidents_of(county, "live") == 0, "the exercise has crossed into the live realm");
	say_refused(town, 65, "never mix", "submit", "--incident", past, "--refs", report, "--signer", "吴镇长", NULL);
	a = say(town, "exercise", "report", "泄漏1号", NULL);
	ST_CHECK(json_integer_value(json_object_get(a, "on_time")) >= 1, "no clock was kept: %s", json_dumps(a, 0));
	json_decref(a);
	/* A past incident, its times moved to now. */
	json_decref(say(town, "exercise", "run", "往事重演", "--like", past, "--at-once", NULL));
	ST_CHECK(incidents_of(town, "exercise") == 2, "the past case was not injected");
	say_refused(town, 66, "没有这个", "exercise", "report", "没有这个", NULL);
	say_refused(town, 64, "script", "exercise", "run", "两样都没有", NULL);
	file_write(path, "{\"after\": \"soon\", \"body\": {}}\n", 29);
	say_refused(town, 65, "drill.jsonl:1", "exercise", "run", "坏脚本", "--script", path, NULL);
	verify_all(e);
}
