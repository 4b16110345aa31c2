/*
 * The main job through the client library: the township logs and reports, the county signs, raises and reports on, the city signs and
 * directs, the township feeds back.  In the end the three timelines must agree on the messages they share.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "e2e.h"

#define WAIT 30000

static json_t *
checked(json_t *body)
{
	ST_CHECK(body != NULL, "json_pack");
	return body;
}

static void
sign(struct station_proc *s, const char *id, const char *person)
{
	json_decref(st_submit(s, "live", checked(json_pack("{s:s, s:s, s:[s], s:s}", "kind", "receipt", "act", "signed", "refs", id,
	    "person", person))));
}

static json_t *
show(struct station_proc *s, const char *incident)
{
	json_t *answer = st_ask(s, json_pack("{s:s, s:s}", "op", "show", "ref", incident));

	ST_CHECK(json_array_size(json_object_get(answer, "lines")) > 0, "%s sees an empty timeline", s->code);
	return answer;
}

static size_t
line_of(const json_t *timeline, const char *id)
{
	const json_t *lines = json_object_get(timeline, "lines"), *l;
	size_t i;

	json_array_foreach(lines, i, l)
		if (strcmp(text_of(l, "id"), id) == 0)
			return i + 1;
	return 0;
}

/* Shared messages: the same order and content; returns how many. */
static size_t
agree(const char *who, const json_t *a, const char *whom, const json_t *b)
{
	static const char *const same[] = { "kind", "from", "text", "at", "stage" };
	const json_t *la = json_object_get(a, "lines"), *lb = json_object_get(b, "lines"), *l;
	size_t i, shared = 0, last = 0;

	json_array_foreach(la, i, l) {
		size_t at = line_of(b, text_of(l, "id"));

		if (at == 0)
			continue;
		ST_CHECK(at > last, "%s and %s order %s differently", who, whom, text_of(l, "id"));
		last = at;
		shared++;
		for (size_t k = 0; k < sizeof same / sizeof same[0]; k++)
			ST_CHECK(json_equal(json_object_get(l, same[k]), json_object_get(json_array_get(lb, at - 1), same[k])),
			    "%s and %s differ in %s of %s", who, whom, same[k], text_of(l, "id"));
	}
	ST_CHECK(json_equal(json_object_get(json_object_get(a, "incident"), "grade"),
	    json_object_get(json_object_get(b, "incident"), "grade")), "%s and %s see different grades", who, whom);
	return shared;
}

static size_t
lines(const json_t *timeline, const char *kind)
{
	const json_t *l;
	size_t i, n = 0;

	json_array_foreach(json_object_get(timeline, "lines"), i, l)
		n += strcmp(text_of(l, "kind"), kind) == 0;
	return n;
}

void
case_main_job(struct e2e *e)
{
	struct station_proc *town = &e->st.s[TOWN], *county = &e->st.s[COUNTY], *city = &e->st.s[CITY];
	char now[40], due[40], incident[80], report[80], upward[80], order[80], back[80];
	size_t n[3];
	json_t *a, *t[3];

	stations_start(&e->st);
	(void)when_text(-60000, now);
	(void)when_text(900000, due);
	a = st_submit(town, "live", checked(json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:i, s:s, s:s, s:i}", "kind", "intake",
	    "channel", "phone", "caller", "张某", "place", "西周镇振兴路12号 宏达仓库", "type", "12G00", "title", "西周镇宏达仓库火灾",
	    "brief", "仓库起火,火势向东侧民房蔓延", "learned", now, "dead", 0, "missing", "?", "trapped", "?", "evacuated", 12)));
	(void)snprintf(incident, sizeof incident, "%s", text_of(a, "incident"));
	ST_CHECK(incident[0] != '\0' && text_of(a, "number")[0] != '\0', "the intake opened no incident");
	json_decref(a);
	a = st_submit(town, "live", checked(json_pack("{s:s, s:s, s:s, s:s}", "kind", "report", "incident", incident, "measures",
	    "消防2车到场,疏散12人", "signer", "吴镇长")));
	(void)snprintf(report, sizeof report, "%s", text_of(a, "id"));
	json_decref(a);

	await_inbox(county, "report", back, WAIT);
	ST_CHECK(strcmp(back, report) == 0, "the county got %s, the township sent %s", back, report);
	sign(county, report, "李敏");
	json_decref(st_submit(county, "live", checked(json_pack("{s:s, s:s, s:s, s:s, s:s}", "kind", "grade", "incident", incident,
	    "grade", "II", "reason", "失联和被困不明", "author", "李敏"))));
	a = st_submit(county, "live", checked(json_pack("{s:s, s:s, s:[s], s:s, s:s, s:s}", "kind", "report", "incident", incident, "refs",
	    report, "title", "象山县关于西周镇宏达仓库火灾的报告", "grade", "II", "signer", "赵副县长")));
	(void)snprintf(upward, sizeof upward, "%s", text_of(a, "id"));
	json_decref(a);

	await_inbox(city, "report", back, WAIT);
	ST_CHECK(strcmp(back, upward) == 0, "the city got %s, the county sent %s", back, upward);
	sign(city, upward, "陈立");
	json_decref(st_submit(city, "live", checked(json_pack("{s:s, s:s, s:[s, s], s:s, s:s, s:s}", "kind", "directive", "incident",
	    incident, "to", town->code, county->code, "text", "立即清点人数,15分钟内反馈", "due", due, "author", "陈立"))));

	await_inbox(town, "directive", order, WAIT);
	sign(town, order, "周强");
	json_decref(st_submit(town, "live", checked(json_pack("{s:s, s:[s], s:s, s:s, s:i, s:i, s:s}", "kind", "feedback", "refs", order,
	    "text", "已逐户清点:失联0人,被困0人", "progress", "done", "missing", 0, "trapped", 0, "author", "周强"))));
	await_inbox(city, "feedback", back, WAIT);
	await_inbox(county, "feedback", back, WAIT);
	stations_settle(&e->st, WAIT);

	for (size_t i = 0; i < STATIONS; i++)
		t[i] = show(&e->st.s[i], incident);
	for (size_t i = 0; i < STATIONS; i++)
		ST_CHECK(strcmp(text_of(json_object_get(t[i], "incident"), "grade"), "II") == 0, "%s sees grade %s", e->st.s[i].code,
		    text_of(json_object_get(t[i], "incident"), "grade"));
	n[0] = agree(town->code, t[TOWN], county->code, t[COUNTY]);
	n[1] = agree(county->code, t[COUNTY], city->code, t[CITY]);
	n[2] = agree(town->code, t[TOWN], city->code, t[CITY]);
	ST_CHECK(n[0] >= 4 && n[1] >= 4 && n[2] >= 3, "too little is shared: %zu %zu %zu", n[0], n[1], n[2]);
	ST_CHECK(lines(t[TOWN], "intake") == 1 && lines(t[COUNTY], "intake") == 0, "the intake belongs to the township alone");
	/* A township's report stops at its county, whose own report cites it. */
	ST_CHECK(line_of(t[CITY], report) == 0 && line_of(t[CITY], upward) != 0, "the city sees the township's own report");
	for (size_t i = 0; i < STATIONS; i++)
		json_decref(t[i]);
	verify_all(e);
	(void)snprintf(e->note, sizeof e->note, "shared lines: %zu town-county, %zu county-city, %zu town-city", n[0], n[1], n[2]);
}
