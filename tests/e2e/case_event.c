/*
 * The life of an event through the command line: its steps, merging and splitting, what went another way, what must not be here,
 * and its grade.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "say.h"

static void
step(const struct station_proc *s, const char *incident, const char *word)
{
	json_decref(say(s, "step", incident, word, "--by", "王建国", NULL));
}

static void
state_is(const struct station_proc *s, const char *incident, const char *state)
{
	json_t *show = say(s, "show", incident, NULL), *row;

	row = row_of(json_object_get(json_object_get(show, "incident"), "states"), "station", s->code);
	ST_CHECK(row != NULL, "%s has no view of %s", s->name, incident);
	expect(s, row, "state", state);
	json_decref(show);
}

void
case_event_steps(struct e2e *e)
{
	struct station_proc *town = &e->st.s[TOWN], *county = &e->st.s[COUNTY];
	char incident[80], report[80], final[80], late[80], bare[80];
	json_t *show;

	stations_start(&e->st);
	open_fire(e, "事件环节", incident);
	first_report(e, incident, report);
	say_refused(town, 65, "open are", "step", incident, "archive", "--by", "周强", NULL);
	say_refused(town, 64, "by", "step", incident, "verify", NULL);
	step(town, incident, "verify");
	state_is(town, incident, "verified");
	step(town, incident, "handle");
	step(town, incident, "resolve");
	say_refused(town, 65, "final report", "step", incident, "archive", "--by", "周强", NULL);
	say_id(town, final, "submit", "--stage", "final", "--incident", incident, "--brief", "明火扑灭,无新增伤亡",
	    "--signer", "吴镇长", NULL);
	await_message(e, county, final, "id", final);
	state_is(town, incident, "final");
	step(town, incident, "archive");
	state_is(town, incident, "archived");
	await_incident(e, county, incident, "incident.final", "true");
	say_refused(town, 65, "reason", "step", incident, "reopen", "--by", "周强", NULL);
	json_decref(say(town, "step", incident, "reopen", "--by", "周强", "--reason", "复燃", NULL));
	show = say(town, "show", incident, NULL);
	ST_CHECK(strcmp(member(show, "incident.state"), "archived") != 0, "reopened, and still archived");
	json_decref(show);

	/* A late follow-up to what was archived is taken, and opens it again. */
	json_decref(say(town, "submit", "--stage", "final", "--incident", incident, "--brief", "再次扑灭", "--signer",
	    "吴镇长", NULL));
	show = say(town, "show", incident, NULL);
	if (strcmp(member(show, "incident.state"), "final") != 0 && strcmp(member(show, "incident.state"), "archived") != 0)
		state_is(town, incident, "final");
	json_decref(show);
	step(town, incident, "archive");
	say_id(town, late, "followup", incident, "--brief", "清点发现一人死亡", "--dead", "2@119", "--signer", "吴镇长", NULL);
	await_message(e, county, late, "id", late);
	show = say(town, "show", incident, NULL);
	ST_CHECK(strcmp(member(show, "incident.state"), "archived") != 0, "a follow-up left the incident archived");
	json_decref(show);

	/* 办结 is a report's; what was never reported on is archived after it was resolved. */
	json_decref(say(town, "step", late, "close", "--by", "周强", NULL));
	await_line(e, county, incident, late, "state", "closed");
	open_fire(e, "误报", bare);
	step(town, bare, "verify");
	step(town, bare, "resolve");
	step(town, bare, "archive");
	state_is(town, bare, "archived");
	verify_all(e);
}

void
case_merge_split(struct e2e *e)
{
	struct station_proc *town = &e->st.s[TOWN], *county = &e->st.s[COUNTY];
	char one[80], two[80], r1[80], r2[80], late[80], out[80], moved[80], fresh[80] = "";
	json_t *show, *list, *row;

	stations_start(&e->st);
	open_fire(e, "宏达仓库火灾", one);
	first_report(e, one, r1);
	open_fire(e, "振兴路火灾", two);
	first_report(e, two, r2);
	say_refused(town, 65, "reason", "merge", two, one, "--by", "周强", NULL);
	say_refused(town, 65, "this very incident", "merge", two, two, "--by", "周强", "--reason", "同一起", NULL);
	json_decref(say(town, "merge", two, one, "--by", "周强", "--reason", "同一起火灾", NULL));
	say_refused(town, 65, "itself merged", "merge", one, two, "--by", "周强", "--reason", "同一起火灾", NULL);
	await_incident(e, county, two, "incident.merged_into", one);
	for (int i = TOWN; i <= COUNTY; i++) {
		struct station_proc *s = &e->st.s[i];

		await_incident(e, s, two, "incident.state", "merged");
		show = say(s, "show", one, NULL);
		row = json_object_get(json_object_get(show, "incident"), "absorbed");
		ST_CHECK(json_array_size(row) == 1 && strcmp(json_string_value(json_array_get(row, 0)), two) == 0,
		    "%s: %s absorbed nothing",
		    s->name, one);
		json_decref(show);
		list = say_list(s, "list", NULL);
		ST_CHECK(row_of(list, "id", one) != NULL && row_of(list, "id", two) != NULL, "%s: a number has gone", s->name);
		expect(s, row_of(list, "id", two), "merged_into", one);
		show = say(s, "show", two, NULL);
		expect(s, show, "incident.closed", "true");
		json_decref(show);
		json_decref(list);
	}
	say_id(town, late, "followup", two, "--brief", "又有人报同一处", "--signer", "吴镇长", NULL);
	await_message(e, county, late, "id", late);
	show = say(county, "show", two, NULL);
	expect(county, show, "incident.merged_into", one);
	expect(county, show, "incident.closed", "false");	/* news: it is looked after again */
	json_decref(show);

	/* Split: a message that belongs to another event. */
	say_id(town, out, "followup", one, "--brief", "下山村另有一处起火", "--signer", "吴镇长", NULL);
	await_message(e, county, out, "id", out);
	say_refused(town, 65, "reason", "split", one, out, "--by", "周强", NULL);
	say_refused(town, 65, "no message of this incident", "split", one, r2, "--by", "周强", "--reason", "另一起", NULL);
	say_id(town, moved, "split", one, out, "--by", "周强", "--reason", "两处火点无关", "--title", "下山村火灾",
	    "--place", "下山村", NULL);
	show = say(town, "show", one, NULL);
	row = json_object_get(json_object_get(show, "incident"), "split_to");
	ST_CHECK(json_array_size(row) == 1, "no incident was split off");
	(void)snprintf(fresh, sizeof fresh, "%s", json_string_value(json_array_get(row, 0)));
	json_decref(show);
	show = say(town, "show", fresh, NULL);
	expect(town, show, "incident.split_from", one);
	expect(town, show, "incident.title", "下山村火灾");
	ST_CHECK(strcmp(member(show, "incident.number"), "") != 0, "what was split off has no number");
	json_decref(show);
	stations_settle(&e->st, SAY_WAIT * e->slow);
	verify_all(e);
}

/* ---- outside channels, and what must not be here ---- */

void
case_outside_entry(struct e2e *e)
{
	struct station_proc *town = &e->st.s[TOWN];
	char incident[80], other[80], done[40];
	struct output o;
	json_t *list, *show;
	size_t had, has;

	stations_start(&e->st);
	(void)when_text(-30000, done);
	open_fire(e, "外部系统已报", incident);
	ST_CHECK(owes(town, "phone", incident) && owes(town, "written", incident), "nothing is owed at first");
	say_refused(town, 65, "receipt_no", "outside", incident, "--channel", "system", "--system", "全国值班系统",
	    "--done-at", done, "--by",
	    "周强", NULL);
	ST_CHECK(owes(town, "written", incident), "what was refused stopped the clock");
	/* Whom it was told to is not guessed: the clock runs on, and that is said. */
	st_ctl(town, NULL, 0, &o, "outside", incident, "--channel", "phone", "--answered-by", "119", "--done-at", done,
	    "--by", "周强", NULL);
	ST_CHECK(o.status == 0 && holds(&o.err, "without --to"), "%s", output_text(&o));
	output_free(&o);
	ST_CHECK(owes(town, "phone", incident), "a call to nobody named stopped the clock");
	json_decref(say(town, "outside", incident, "--channel", "phone", "--answered-by", "王建国", "--done-at", done,
	    "--by", "周强", "--to",
	    "330225", NULL));
	ST_CHECK(!owes(town, "phone", incident) && owes(town, "written", incident), "a call stops the telephone's clock alone");
	json_decref(say(town, "outside", incident, "--channel", "system", "--system", "全国值班系统", "--receipt-no",
	    "GZ-2026-77", "--done-at",
	    done, "--by", "周强", "--to", "330225", NULL));
	ST_CHECK(!owes(town, "written", incident), "the receipt of the other system does not stop the clock");
	show = say(town, "show", incident, NULL);
	ST_CHECK(row_of(json_object_get(show, "lines"), "kind", "outside") != NULL, "it is not in the timeline");
	json_decref(show);

	/* Classified: refused, nothing of it kept, and the stub takes its place. */
	open_fire(e, "另一起", other);
	list = say_list(town, "list", "--messages", "--all", "--limit", "1000", NULL);
	had = json_array_size(list);
	json_decref(list);
	say_refused(town, 65, "mark of secrecy", "report", other, "--brief", "机密★一年 暗号凤凰", NULL);
	say_refused(town, 65, "mark of secrecy", "draft", "new", "--rid", "secret", "--title", "绝密 ★ 暗号凤凰", "--place",
	    "p", NULL);
	say_refused(town, 65, "mark of secrecy", "intake", "--place", "秘密★ 暗号凤凰", NULL);
	list = say_list(town, "list", "--messages", "--all", "--limit", "1000", NULL);
	has = json_array_size(list);
	json_decref(list);
	ST_CHECK(has == had, "%zu messages, then %zu", had, has);
	list = say_list(town, "draft", "list", NULL);
	ST_CHECK(json_array_size(list) == 0, "a draft of it was kept");
	json_decref(list);
	ST_CHECK(!folder_holds(town->dir, "凤凰"), "its words stand in the station's files");
	ST_CHECK(owes(town, "written", other), "the written report is not owed before the stub");
	say_refused(town, 64, "channel", "stub", other, "--route", "机要通道", "--receipt-no", "M-1", "--done-at", done,
	    "--by", "周强", "--brief", "x",
	    "--channel", "fax", NULL);
	say_refused(town, 65, "stub", "stub", other, "--route", "机要通道", "--receipt-no", "M-1", "--done-at", done,
	    "--by", "周强", "--brief", "x", NULL);
	json_decref(say(town, "stub", other, "--route", "机要通道", "--receipt-no", "M-1", "--done-at", done, "--by",
	    "周强", "--to", "330225", NULL));
	ST_CHECK(!owes(town, "written", other) && !owes(town, "phone", other), "the stub does not stop the clock");
	verify_all(e);
}

void
case_destroy(struct e2e *e)
{
	static const char marker[] = "误入标记MARKER7731";
	struct station_proc *town = &e->st.s[TOWN], *county = &e->st.s[COUNTY];
	char incident[80], id[80], path[300];
	json_t *m, *show, *v;

	stations_start(&e->st);
	open_fire(e, "误入清除", incident);
	/* by way of a draft: autosave has stored the words already */
	json_decref(say(town, "draft", "new", "--rid", "spill", "--incident", incident, "--brief", marker, NULL));
	json_decref(say(town, "draft", "submit", "spill", NULL));
	json_decref(say(town, "draft", "pass", "spill", "--by", "核稿员", NULL));
	say_id(town, id, "draft", "sign", "spill", "--by", "吴镇长", NULL);
	await_message(e, county, id, "id", id);
	json_decref(say(county, "ack", id, "--as", "signed", "--person", "王建国", NULL));
	stations_settle(&e->st, SAY_WAIT * e->slow);
	say_refused(town, 64, "second", "destroy", id, "--first", "甲某", "--reason", "误入", NULL);
	say_refused(town, 65, "two different persons", "destroy", id, "--first", "甲某", "--second", "甲 某", "--reason",
	    "误入", NULL);
	say_refused(town, 65, "reason", "destroy", id, "--first", "甲某", "--second", "乙某", NULL);
	m = say(town, "message", id, NULL);
	expect(town, m, "body.brief", marker);
	json_decref(m);
	for (int i = TOWN; i <= COUNTY; i++) {
		(void)snprintf(path, sizeof path, "%.250s/journal", e->st.s[i].dir);
		ST_CHECK(journal_holds(&e->st.s[i], marker), "%s: the words are not found where they stand: the test sees nothing",
		    e->st.s[i].name);
		json_decref(say(&e->st.s[i], "destroy", id, "--first", "甲某", "--second", "乙某", "--reason", "误入涉密",
		    NULL));
		say_refused(&e->st.s[i], 65, "destroyed already", "destroy", id, "--first", "甲某", "--second", "乙某",
		    "--reason", "误入涉密", NULL);
	}
	stations_settle(&e->st, SAY_WAIT * e->slow);
	for (int round = 0; round < 2; round++) {
		for (int i = TOWN; i <= COUNTY; i++) {
			struct station_proc *s = &e->st.s[i];

			m = say(s, "message", id, NULL);
			expect(s, m, "destroyed", "true");
			ST_CHECK(json_object_size(json_object_get(m, "body")) == 0, "%s: the body is still there", s->name);
			ST_CHECK(member(m, "digest")[0] != '\0', "%s: the tombstone has no digest", s->name);
			json_decref(m);
			show = say(s, "show", incident, NULL);
			expect(s, line_at(s, show, id), "destroyed", "true");
			json_decref(show);
			v = st_verify(s);
			expect(s, v, "destroyed", "1");
			json_decref(v);
			(void)snprintf(path, sizeof path, "%.250s/journal", s->dir);
			ST_CHECK(!folder_holds(path, marker) && !journal_holds(s, marker), "%s: the words stand in %s", s->name, path);
		}
		ST_CHECK(!folder_holds(e->st.root, marker), "the words stand in a file below %s", e->st.root);
		for (int i = TOWN; i <= COUNTY && round == 0; i++) {
			ST_CHECK(st_stop(&e->st.s[i], 20000 * e->slow) == 0, "%s did not stop", e->st.s[i].name);
			st_start(&e->st.s[i]);
		}
	}
	verify_all(e);
}

/* ---- the grade ---- */

static void
explain(struct e2e *e, const char *grade, const char *proposal, const char *opt1, const char *val1, const char *opt2,
    const char *val2)
{
	const struct station_proc *town = &e->st.s[TOWN];
	json_t *x;

	/* all that could make it graver is known, but for what the case says */
	x = say(town, "grade", "--explain", "--type", "12G00", opt1, val1, opt2, val2, strcmp(opt1,
	    "--missing") == 0 ? "--light" : "--missing", "0",
	    "--trapped", "0", strcmp(opt1, "--serious") == 0 || strcmp(opt2, "--serious") == 0 ? "--light" : "--serious",
	    "0", NULL);
	expect(town, x, "grade", grade);
	expect(town, x, "proposal", proposal);
	expect(town, x, "table", "order493");
	json_decref(x);
}

void
case_grading(struct e2e *e)
{
	struct station_proc *town = &e->st.s[TOWN], *county = &e->st.s[COUNTY];
	char incident[80], report[80], id[80];
	json_t *x, *p, *show;

	stations_start(&e->st);
	explain(e, "III", "III", "--dead", "3", "--loss", "0");
	explain(e, "IV", "IV", "--dead", "2", "--loss", "999.9999");
	explain(e, "III", "III", "--dead", "2", "--serious", "10");
	explain(e, "II", "II", "--loss", "5000", "--dead", "0");
	explain(e, "III", "III", "--loss", "4999.9999", "--dead", "0");
	explain(e, "undetermined", "IV", "--missing", "?", "--dead", "2");
	x = say(town, "grade", "--explain", "--type", "12G00", "--dead", "2", "--serious", "10", NULL);
	p = row_of(json_object_get(x, "criteria"), "field", "serious");
	expect(town, p, "decides", "true");
	expect(town, p, "grade", "III");
	expect(town, p, "next", "II");
	expect(town, p, "more", "40");
	json_decref(x);

	/* The same of an incident, by the switch. */
	open_fire(e, "定级", incident);
	say_id(town, report, "report", incident, "--brief", "仓库起火", "--dead", "3@119", "--serious", "0", "--missing",
	    "0", "--trapped", "0",
	    "--signer", "吴镇长", NULL);
	await_message(e, county, report, "id", report);
	x = say(county, "grade", incident, "--explain", NULL);
	expect(county, x, "grade", "III");
	p = st_ask(county, json_pack("{s:s, s:s}", "op", "propose", "ref", incident));
	expect(county, p, "grade", "III");
	expect(county, p, "proposal", member(x, "proposal"));
	expect(county, p, "clause", member(x, "clause"));
	expect(county, p, "table", "order493");
	ST_CHECK(json_array_size(json_object_get(p, "points")) > 0, "propose says no figure");
	json_decref(x);
	json_decref(p);
	show = say(county, "show", incident, NULL);
	expect(county, show, "incident.grade", "");	/* a proposal states nothing */
	json_decref(show);

	/* Two stations at once, neither having seen the other's. */
	ST_CHECK(st_stop(town, 20000 * e->slow) == 0, "the township did not stop");
	json_decref(say(county, "grade", incident, "II", "--reason", "可能有多人被困", "--author", "李敏", "--to",
	    town->code, NULL));
	ST_CHECK(st_stop(county, 20000 * e->slow) == 0, "the county did not stop");
	st_start(town);
	say_id(town, id, "grade", incident, "III", "--reason", "死亡三人", "--author", "周强", NULL);
	st_start(county);
	for (int i = TOWN; i <= COUNTY; i++) {
		await_incident(e, &e->st.s[i], incident, "incident.conflict", "true");
		await_incident(e, &e->st.s[i], incident, "incident.grade", "II");
	}
	show = say(county, "show", incident, NULL);
	ST_CHECK(json_array_size(json_object_get(json_object_get(show, "incident"), "grades")) == 2, "both opinions are shown");
	json_decref(show);
	say_refused(county, 65, "signer", "grade", incident, "III", "--reason", "核实", "--author", "李敏", NULL);
	say_refused(county, 65, "reason", "grade", incident, "III", "--signer", "赵副县长", NULL);
	json_decref(say(county, "grade", incident, "III", "--reason", "核实无人被困", "--signer", "赵副县长", "--refs", id,
	    NULL));
	for (int i = TOWN; i <= COUNTY; i++) {
		await_incident(e, &e->st.s[i], incident, "incident.grade", "III");
		await_incident(e, &e->st.s[i], incident, "incident.conflict", "false");
	}
	/* The second verdict is a person's too, and both see it. */
	say_refused(county, 64, "confirm", "verdict", incident, "较大涉险", "--by", "赵副县长", NULL);
	say_id(county, id, "verdict", incident, "较大涉险", "--confirm", "--by", "赵副县长", NULL);
	await_message(e, town, id, "id", id);
	show = say(town, "show", incident, NULL);
	x = row_of(json_object_get(json_object_get(show, "incident"), "verdicts"), "name", "较大涉险");
	ST_CHECK(x != NULL, "the township sees no verdict");
	expect(town, x, "confirmed", "true");
	expect(town, x, "person", "赵副县长");
	json_decref(show);

	/* Now the township holds a graver opinion, which the superior settles. */
	say_id(town, id, "grade", incident, "I", "--reason-later", "--author", "周强", NULL);
	await_incident(e, county, incident, "incident.grade", "I");
	say_refused(town, 65, "signer", "grade", incident, "II", "--reason", "核实", "--author", "周强", NULL);
	json_decref(say(county, "grade", incident, "III", "--reason", "核实仍为三人", "--signer", "赵副县长", "--refs", id,
	    NULL));
	for (int i = TOWN; i <= COUNTY; i++) {
		await_incident(e, &e->st.s[i], incident, "incident.grade", "III");
		await_incident(e, &e->st.s[i], incident, "incident.conflict", "false");
	}
	verify_all(e);
}
