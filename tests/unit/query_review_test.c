/*
 * What is said of a report before and after it goes: review, proposal, differences, drafts, and where things stand.
 */
#include "query_help.h"
#include "../../formats/text.h"
#include "../../formats/life.h"

static struct figure
fig(int64_t n)
{
	return (struct figure) { .q = FIG_EXACT, .n = n };
}

static void
figure(struct body *b, uint32_t key, int64_t n)
{
	struct figure f = fig(n);

	body_add_figure(b, key, &f);
}

/* A report of the county's own in the town's incident. */
static struct body *
own(int stage, int version, int64_t dead, const char *brief)
{
	struct body *b = make(KIND_REPORT, CITY);

	body_set_num(b, F_STAGE, stage);
	body_set_num(b, F_VERSION, version);
	figure(b, F_DEAD, dead);
	body_set_text(b, F_BRIEF, brief);
	return b;
}

/* ---- bad requests ---- */

static void
test_bad(void **state)
{
	static const struct {
		const char *op, *request, *field;
		int code;
	} bad[] = {
		{ "review", "{}", "id", EX_DATAERR },
		{ "review", "{\"body\":[]}", "body", EX_DATAERR },
		{ "review", "{\"body\":\"x\"}", "body", EX_DATAERR },
		{ "review", "{\"body\":{\"dead\":-1}}", "dead", EX_DATAERR },
		{ "review", "{\"body\":{\"nonsense\":1}}", "nonsense", EX_DATAERR },
		{ "review", "{\"id\":7}", "id", EX_DATAERR },
		{ "review", "{\"id\":\"x\"}", "id", EX_DATAERR },
		{ "review", "{\"id\":\"330225102.7.99\"}", "id", EX_NOINPUT },
		{ "review", "{\"body\":{},\"ref\":\"9999-999\"}", "ref", EX_NOINPUT },
		{ "review", "{\"body\":{},\"ref\":5}", "ref", EX_DATAERR },
		{ "propose", "{}", "ref", EX_DATAERR },
		{ "propose", "{\"ref\":\"1122-001\",\"body\":{}}", "body", EX_DATAERR },
		{ "propose", "{\"body\":{\"dead\":\"99999999999999999999999\"}}", "dead", EX_DATAERR },
		{ "propose", "{\"body\":1}", "body", EX_DATAERR },
		{ "propose", "{\"ref\":[]}", "ref", EX_DATAERR },
		{ "diff", "{}", "ref", EX_DATAERR },
		{ "diff", "{\"ref\":true}", "ref", EX_DATAERR },
		{ "diff", "{\"ref\":\"1122-001\",\"from\":0}", "from", EX_DATAERR },
		{ "diff", "{\"ref\":\"1122-001\",\"to\":\"2\"}", "to", EX_DATAERR },
		{ "diff", "{\"ref\":\"1122-001\",\"from\":99999999999}", "from", EX_DATAERR },
		{ "diff", "{\"ref\":\"1122-001\",\"station\":\"a b\"}", "station", EX_DATAERR },
		{ "diff", "{\"ref\":\"1122-001\"}", "ref", EX_NOINPUT },	/* one version alone */
		{ "diff", "{\"ref\":\"1122-001\",\"to\":9}", "to", EX_NOINPUT },
		{ "diff", "{\"ref\":\"1122-001\",\"station\":\"330226\"}", "ref", EX_NOINPUT },
	};

	(void)state;
	fire();
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		json_t *r = json_loads(bad[i].request, 0, NULL), *o;

		assert_non_null(r);
		o = ask(bad[i].op, r);
		if (o != NULL)
			fail_msg("case %zu was answered", i);
		if (fault.code != bad[i].code || (bad[i].code == EX_DATAERR && strcmp(fault.field, bad[i].field) != 0))
			fail_msg("case %zu: %d %s: %s", i, fault.code, fault.field, fault.text);
	}
}

/* ---- review ---- */

static const json_t *
named(const json_t *o, const char *list, const char *member, const char *value)
{
	for (size_t i = 0; i < count(o, list); i++)
		if (strcmp(str(at(o, list, i), member), value) == 0)
			return at(o, list, i);
	return NULL;
}

static void
test_review(void **state)
{
	json_t *o;
	const json_t *e;

	(void)state;
	fire();
	store(own(STAGE_FIRST, 1, 3, "死亡3人"), COUNTY, 2, TOWN, 1);
	o = want("review",
	    json_pack("{s:s, s:{s:s, s:i, s:s, s:s, s:s}}", "ref", "西周1122-001", "body", "brief", "死亡5人,失联2人。", "dead", 2,
		"missing", "?", "place", "振兴路", "type", "12G00"));
	e = named(o, "elements", "id", "place");
	assert_non_null(e);
	assert_string_equal(str(e, "state"), "present");
	assert_string_equal(str(e, "state_name"), "有");
	assert_true(flag(e, "must"));
	assert_string_equal(str(named(o, "elements", "id", "trend"), "state"), "missing");
	assert_string_equal(str(named(o, "elements", "id", "missing"), "state"), "unknown");
	assert_string_equal(str(named(o, "elements", "id", "crops"), "state"), "na");
	e = named(o, "conflicts", "field", "dead");
	assert_non_null(e);
	assert_string_equal(str(e, "kind"), "differs");
	assert_string_equal(str(e, "number"), "5");
	assert_string_equal(str(named(o, "conflicts", "field", "missing"), "kind"), "unknown");
	assert_non_null(named(o, "remarks", "field", "occurred"));
	/* less than we have said before: with the two numbers */
	assert_int_equal(count(o, "falls"), 1);
	assert_string_equal(str(at(o, "falls", 0), "old"), "3");
	assert_string_equal(str(at(o, "falls", 0), "new"), "2");
	json_decref(o);
	/* a stored one: it does not fall behind itself */
	o = want("review", json_pack("{s:s}", "id", idtext(COUNTY, 2)));
	assert_int_equal(count(o, "falls"), 0);
	assert_int_equal(count(o, "conflicts"), 0);
	json_decref(o);
	/* "?" hides a number; another source is another ledger; more is no fall */
	o = want("review", json_loads("{\"ref\":\"西周1122-001\",\"body\":{\"dead\":\"?\"}}", 0, NULL));
	assert_int_equal(count(o, "falls"), 1);
	json_decref(o);
	o = want("review", json_loads("{\"ref\":\"西周1122-001\",\"body\":{\"dead\":[\"1@120\",\"4\"]}}", 0, NULL));
	assert_int_equal(count(o, "falls"), 0);
	json_decref(o);
}

static void
append(void *ctx, const char *text)
{
	(void)json_array_append_new(ctx, json_string(text));
}

static void
test_remarks(void **state)
{
	struct body *b = make(KIND_REPORT, CITY);
	json_t *list = json_array();
	bool conflict = false, silent = false;
	char *text;

	(void)state;
	body_set_text(b, F_BRIEF, "死亡3人");
	figure(b, F_DEAD, 1);
	query_remarks(rules, b, clock_now, append, list);
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *told = json_string_value(json_array_get(list, i));

		conflict |= strstr(told, "死亡3人") != NULL;
		silent |= strstr(told, "trend") != NULL || strstr(told, "发展趋势") != NULL;
	}
	text = json_dumps(list, 0);
	if (!conflict || !silent)
		fail_msg("%s", text);
	free(text);
	json_array_clear(list);
	/* a follow-up is not told what it leaves out */
	body_set_num(b, F_STAGE, STAGE_FOLLOWUP);
	query_remarks(rules, b, clock_now, append, list);
	for (size_t i = 0; i < json_array_size(list); i++)
		assert_null(strstr(json_string_value(json_array_get(list, i)), "trend"));
	json_decref(list);
	body_free(b);
}

/* ---- proposal ---- */

static void
test_propose_figures(void **state)
{
	static const struct {
		const char *body, *scope, *grade, *proposal, *clock;
		bool undetermined;
	} cases[] = {
		{ "{}", "no-type", "", "", "undetermined", false },
		{ "{\"type\":\"yjpt:12Q00\",\"dead\":3}", "excepted", "", "", "undetermined", false },
		{ "{\"type\":\"yjpt:11B00\",\"dead\":30}", "no-table", "", "", "undetermined", false },
		{ "{\"type\":\"12G00\",\"dead\":3,\"serious\":0,\"missing\":0,\"trapped\":0}", "covered", "III", "III", "III",
		    false },
		{ "{\"type\":\"12G00\",\"dead\":2,\"serious\":10,\"missing\":0,\"trapped\":0}", "covered", "III", "III", "III",
		    false },
		{ "{\"type\":\"12G00\",\"dead\":1,\"serious\":\"?\",\"missing\":0,\"trapped\":0}", "covered", "undetermined", "IV",
		    "III", true },
		{ "{\"type\":\"12G00\",\"dead\":\"?\"}", "covered", "undetermined", "", "undetermined", true },
		{ "{\"type\":\"12G00\",\"loss\":5000,\"dead\":0,\"serious\":0,\"missing\":0,\"trapped\":0}", "covered", "II", "II",
		    "II", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		json_t *o = want("propose", json_pack("{s:o}", "body", json_loads(cases[i].body, 0, NULL)));
		char *text = json_dumps(o, 0);

		if (strcmp(str(o, "scope"), cases[i].scope) != 0 || strcmp(str(o, "grade"), cases[i].grade) != 0 ||
		    strcmp(str(o, "proposal"), cases[i].proposal) != 0 ||
		    strcmp(str(o, "clock_grade"), cases[i].clock) != 0 ||
		    flag(o, "undetermined") != cases[i].undetermined)
			fail_msg("case %zu: %s", i, text);
		assert_true(json_is_null(json_object_get(o, "ask_again")));
		free(text);
		json_decref(o);
	}
}

static void
test_propose_incident(void **state)
{
	struct body *b;
	json_t *o;
	const json_t *p;

	(void)state;
	b = make(KIND_REPORT, COUNTY);
	body_set_text(b, F_TYPE, "yjpt:12G00");
	body_set_text(b, F_NUMBER, "1122-001");
	body_set_text(b, F_BRIEF, "学校起火");
	figure(b, F_DEAD, 1);
	store(b, TOWN, 2, TOWN, 1);
	o = want("propose", json_pack("{s:s}", "ref", "西周1122-001"));
	assert_string_equal(str(o, "scope"), "covered");
	assert_true(flag(o, "undetermined"));
	p = named(o, "points", "field", "dead");
	assert_true(flag(p, "decides"));
	assert_string_equal(str(p, "grade"), "IV");
	assert_string_equal(str(p, "next"), "III");
	assert_string_equal(str(p, "next_from"), "3");
	assert_string_equal(str(p, "more"), "2");
	assert_string_equal(str(p, "source_name"), "西周镇");
	assert_non_null(named(o, "open", "field", "missing"));
	assert_non_null(named(o, "marks", "mark", "school"));
	assert_string_equal(str(o, "stated"), "");
	assert_string_equal(str(o, "clock_grade"), "III");
	assert_int_equal(num(o, "ask_again"), T0 + 1000 + rules_number(rules, NUMBER_ASK_AGAIN_MINUTES) * MIN);
	assert_string_equal(str(json_object_get(o, "risk"), "name"), "较大涉险");
	json_decref(o);

	/* asked, and still not known: the question moves on; graded: it is over, and the clock runs by it */
	b = make(KIND_GRADE, TOWN);
	body_set_num(b, F_GRADE, GRADE_UNDETERMINED);
	store(b, COUNTY, 3, TOWN, 1);
	o = want("propose", json_pack("{s:s}", "ref", "西周1122-001"));
	assert_int_equal(num(o, "ask_again"), T0 + 2000 + rules_number(rules, NUMBER_ASK_AGAIN_MINUTES) * MIN);
	json_decref(o);
	b = make(KIND_GRADE, TOWN);
	body_set_num(b, F_GRADE, GRADE_II);
	store(b, COUNTY, 4, TOWN, 1);
	o = want("propose", json_pack("{s:s}", "ref", "西周1122-001"));
	assert_true(json_is_null(json_object_get(o, "ask_again")));
	assert_string_equal(str(o, "stated"), "II");
	assert_string_equal(str(o, "clock_grade"), "II");
	json_decref(o);
}

/* ---- owed: the grade again, and signatures ---- */

static const json_t *
owed(json_t **o, const char *what)
{
	*o = want("owed", json_object());
	for (size_t i = 0; i < count(*o, "items"); i++)
		if (strcmp(str(at(*o, "items", i), "what"), what) == 0)
			return at(*o, "items", i);
	return NULL;
}

static void
test_owed_grade(void **state)
{
	int64_t wait = rules_number(rules, NUMBER_ASK_AGAIN_MINUTES) * MIN;
	struct body *b;
	const json_t *e;
	json_t *o;

	(void)state;
	fire();
	assert_null(owed(&o, "grade"));
	json_decref(o);
	clock_now = T0 + 1000 + wait;
	e = owed(&o, "grade");
	assert_non_null(e);
	assert_int_equal(num(e, "due"), T0 + 1000 + wait);
	assert_int_equal(num(e, "origin"), T0 + 1000);
	assert_string_equal(str(e, "number"), "西周1122-001");
	assert_string_equal(str(e, "clause"), rules_number_clause(rules, NUMBER_ASK_AGAIN_MINUTES));
	json_decref(o);
	env.zh = false;
	assert_non_null(owed(&o, "grade"));
	json_decref(o);
	b = make(KIND_GRADE, TOWN);
	body_set_num(b, F_GRADE, GRADE_IV);
	store(b, COUNTY, 3, TOWN, 1);
	assert_null(owed(&o, "grade"));
	json_decref(o);
}

/* Merged away: owed upwards until the one it went into has been reported. */
static void
test_owed_merged(void **state)
{
	struct msgid other = mkid(TOWN, 50);
	struct body *b;
	const json_t *e;
	json_t *o;

	(void)state;
	fire();
	e = owed(&o, "written");
	assert_non_null(e);
	assert_null(json_object_get(e, "merged_into"));
	json_decref(o);
	b = make(KIND_REPORT, COUNTY);
	body_set_text(b, F_TITLE, "同一场火");
	body_set_text(b, F_NUMBER, "1122-007");
	store(b, TOWN, 50, TOWN, 50);
	b = make(KIND_STEP, TOWN);
	body_set_num(b, F_STEP, STEP_MERGED);
	body_set_text(b, F_PERSON, "王");
	body_set_id(b, F_OTHER, &other);
	store(b, COUNTY, 2, TOWN, 1);
	o = want("owed", json_object());
	e = NULL;
	for (size_t i = 0; i < count(o, "items"); i++)
		if (strcmp(str(at(o, "items", i), "what"), "written") == 0 &&
		    json_object_get(at(o, "items", i), "merged_into") != NULL)
			e = at(o, "items", i);
	assert_non_null(e);
	assert_string_equal(str(e, "merged_number"), "西周1122-007");
	assert_non_null(strstr(str(e, "title"), "并入西周1122-007"));
	json_decref(o);
	b = make(KIND_REPORT, CITY);
	body_set_text(b, F_BRIEF, "x");
	store(b, COUNTY, 3, TOWN, 50);
	assert_null(owed(&o, "written"));
	json_decref(o);
	assert_null(owed(&o, "phone"));
	json_decref(o);
}

/* Without 先报后签 the reason it is owed is another one, and is said. */
static void
test_unsigned_owed(void **state)
{
	struct body *b;
	const json_t *e;
	json_t *o;

	(void)state;
	fire();
	b = own(STAGE_FIRST, 1, 3, "起火");
	body_set_text(b, F_SIGNATURE_OWED, "王");
	store(b, COUNTY, 2, TOWN, 1);
	e = owed(&o, "signature");
	assert_non_null(e);
	assert_int_equal(strncmp(str(e, "clause"), "发出时未签发;", strlen("发出时未签发;")), 0);
	json_decref(o);
}

static void
test_signature(void **state)
{
	struct body *b;
	const json_t *e;
	json_t *o;

	(void)state;
	fire();
	b = own(STAGE_FIRST, 1, 3, "起火");
	body_set_num(b, F_UNSIGNED, 1);
	body_set_text(b, F_SIGNATURE_OWED, "赵县长");
	store(b, COUNTY, 2, TOWN, 1);
	e = owed(&o, "signature");
	assert_non_null(e);
	assert_string_equal(str(e, "person"), "赵县长");
	assert_string_equal(str(e, "towards_name"), "赵县长");
	json_decref(o);
	o = want("message", json_pack("{s:s}", "id", idtext(COUNTY, 2)));
	assert_true(flag(o, "signature_owed") && flag(o, "understood"));
	assert_string_equal(str(o, "owed_by"), "赵县长");
	assert_string_equal(str(o, "state"), "sent");
	assert_int_equal(strlen(str(o, "readback")), 4);
	json_decref(o);
	o = want("show", json_pack("{s:s}", "ref", "西周1122-001"));
	assert_true(flag(named(o, "lines", "id", idtext(COUNTY, 2)), "signature_owed"));
	assert_string_equal(str(named(o, "lines", "id", idtext(COUNTY, 2)), "state_name"), "已发");
	assert_int_equal(num(json_object_get(o, "incident"), "signatures_owed"), 1);
	json_decref(o);
	/* 补签 */
	b = refers(make(KIND_STEP, CITY), COUNTY, 2);
	body_set_num(b, F_STEP, STEP_COUNTERSIGNED);
	body_set_text(b, F_PERSON, "赵县长");
	store(b, COUNTY, 3, TOWN, 1);
	assert_null(owed(&o, "signature"));
	json_decref(o);
	o = want("message", json_pack("{s:s}", "id", idtext(COUNTY, 2)));
	assert_false(flag(o, "signature_owed"));
	assert_string_equal(str(o, "signer"), "赵县长");
	json_decref(o);
	o = want("show", json_pack("{s:s}", "ref", "西周1122-001"));
	assert_string_equal(str(named(o, "lines", "id", idtext(COUNTY, 3)), "text"), "补签 赵县长");
	json_decref(o);
}

/* Words of the incident's life stand beside its codes, in both languages. */
static void
test_life_words(void **state)
{
	struct body *b;
	json_t *o;
	const json_t *inc;
	const char *text;

	(void)state;
	fire();
	b = make(KIND_STEP, CITY);
	body_set_num(b, F_STEP, STEP_ADOPTED);
	body_set_text(b, F_PERSON, "王建国");
	figure(b, F_DEAD, 3);
	store(b, COUNTY, 2, TOWN, 1);
	b = make(KIND_STEP, CITY);
	body_set_num(b, F_STEP, STEP_VERDICT);
	body_set_text(b, F_PERSON, "王\033[2J建国");
	body_set_text(b, F_VERDICT, "较大涉险");
	body_set_num(b, F_CONFIRMED, 0);
	store(b, COUNTY, 3, TOWN, 1);
	o = want("show", json_pack("{s:s}", "ref", "西周1122-001"));
	inc = json_object_get(o, "incident");
	assert_string_equal(str(inc, "state"), "reported");
	assert_string_equal(str(inc, "state_name"), "接报");
	assert_string_equal(str(at(inc, "states", 0), "station_name"), "西周镇");
	assert_string_equal(str(at(inc, "adopted", 0), "field_name"), "死亡");
	assert_string_equal(str(at(inc, "adopted", 0), "person"), "王建国");
	assert_string_equal(str(at(inc, "verdicts", 0), "station_name"), "象山县");
	assert_non_null(strstr(str(named(o, "lines", "id", idtext(COUNTY, 2)), "text"), "采用数 死亡3"));
	text = str(named(o, "lines", "id", idtext(COUNTY, 3)), "text");
	assert_non_null(strstr(text, "较大涉险 否定"));
	assert_true(text_clean(text, strlen(text), false, NULL));
	json_decref(o);
	env.zh = false;
	o = want("propose", json_pack("{s:s}", "ref", "西周1122-001"));
	assert_int_equal(count(json_object_get(o, "risk"), "verdicts"), 1);
	json_decref(o);
}

/* What must be destroyed is told to people, and to be read. */
static void
test_destroy_told(void **state)
{
	struct body *b;
	json_t *o;

	(void)state;
	b = refers(make(KIND_STEP, COUNTY), TOWN, 2);
	body_set_num(b, F_STEP, STEP_DESTROYED);
	body_set_text(b, F_PERSON, "甲");
	body_set_text(b, F_REASON, "误入");
	store(b, TOWN, 9, NULL, 0);
	o = want("inbox", json_object());
	assert_int_equal(count(o, "messages"), 1);
	assert_string_equal(str(at(o, "messages", 0), "state"), "unread");
	json_decref(o);
	/* other steps are no mail */
	b = make(KIND_STEP, COUNTY);
	body_set_num(b, F_STEP, STEP_VERIFIED);
	body_set_text(b, F_PERSON, "甲");
	store(b, TOWN, 10, NULL, 0);
	o = want("inbox", json_object());
	assert_int_equal(count(o, "messages"), 1);
	json_decref(o);
}

/* ---- differences ---- */

static void
test_diff(void **state)
{
	struct body *b;
	json_t *o;
	const json_t *e;

	(void)state;
	fire();
	store(own(STAGE_FIRST, 1, 3, "甲"), COUNTY, 2, TOWN, 1);
	store(own(STAGE_FOLLOWUP, 2, 5, "乙"), COUNTY, 3, TOWN, 1);
	b = own(STAGE_CORRECTION, 3, 4, "乙");
	body_set_text(refers(b, COUNTY, 3), F_REASON, "误数");
	store(b, COUNTY, 4, TOWN, 1);
	o = want("diff", json_pack("{s:s}", "ref", "西周1122-001"));
	assert_string_equal(str(o, "station"), COUNTY);
	assert_int_equal(num(json_object_get(o, "a"), "version"), 2);
	assert_int_equal(num(json_object_get(o, "b"), "version"), 3);
	assert_int_equal(count(o, "versions"), 3);
	e = named(o, "rows", "field", "dead");
	assert_string_equal(str(e, "old"), "5");
	assert_string_equal(str(e, "new"), "4");
	assert_string_equal(str(e, "kind"), "changed");
	assert_true(flag(e, "falls"));
	assert_null(named(o, "rows", "field", "brief"));
	json_decref(o);
	o = want("diff", json_pack("{s:s, s:i, s:i}", "ref", "西周1122-001", "from", 1, "to", 2));
	assert_false(flag(named(o, "rows", "field", "dead"), "falls"));
	assert_string_equal(str(named(o, "rows", "field", "brief"), "old"), "甲");
	json_decref(o);
	o = want("diff", json_pack("{s:s, s:i}", "ref", "西周1122-001", "to", 2));
	assert_int_equal(num(json_object_get(o, "a"), "version"), 1);
	json_decref(o);
	/* a recalled version is passed over, but can be asked for */
	b = make(KIND_REPORT, CITY);
	body_set_num(refers(b, COUNTY, 4), F_STAGE, STAGE_WITHDRAWAL);
	body_set_num(b, F_VERSION, 4);
	store(b, COUNTY, 5, TOWN, 1);
	o = want("diff", json_pack("{s:s}", "ref", "西周1122-001"));
	assert_int_equal(num(json_object_get(o, "b"), "version"), 2);
	json_decref(o);
	o = want("diff", json_pack("{s:s, s:i}", "ref", "西周1122-001", "to", 3));
	assert_true(flag(json_object_get(o, "b"), "withdrawn"));
	json_decref(o);
	/* another's: one version alone */
	assert_null(ask("diff", json_pack("{s:s, s:s}", "ref", "西周1122-001", "station", TOWN)));
	assert_int_equal(fault.code, EX_NOINPUT);
}

/* ---- drafts ---- */

static void
draft(const char *rid, int st, const char *life)
{
	struct journal_draft d;

	memset(&d, 0, sizeof d);
	snprintf(d.rid, sizeof d.rid, "%s", rid);
	snprintf(d.seat, sizeof d.seat, "duty");
	d.ms = d.begun = T0;
	d.state = st;
	buf_puts(&d.json, "{\"title\":\"x\"}");
	buf_puts(&d.life, life);
	assert_int_equal(j->ops->draft_put(j, &d), 0);
	buf_free(&d.json);
	buf_free(&d.life);
}

static void
test_drafts(void **state)
{
	static const char *const odd[] = {
		"not json", "[]", "{\"trail\":7}", "{\"trail\":[1,null,{\"event\":3,\"at\":\"x\"}]}", "{\"trail\":[{}]}" };
	const json_t *d, *t;
	json_t *o;

	(void)state;
	draft("a", DRAFT_SIGNING,
	    "{\"trail\":[{\"event\":\"submit\",\"at\":1763787393000,\"seat\":\"duty\"},"
	    "{\"event\":\"try\",\"at\":1763787393000,\"person\":\"赵\",\"number\":\"138\",\"outcome\":\"busy\"}]}");
	o = want("drafts", json_object());
	d = at(o, "drafts", 0);
	assert_string_equal(str(d, "state"), "signing");
	assert_string_equal(str(d, "state_name"), "待签");
	assert_int_equal(num(d, "begun"), T0);
	assert_int_equal(count(d, "trail"), 2);
	t = at(d, "trail", 1);
	assert_string_equal(str(t, "event_name"), "请示");
	assert_string_equal(str(t, "outcome_name"), "占线");
	assert_string_equal(str(t, "person"), "赵");
	assert_int_equal(num(d, "unsigned_from"), T0 + rules_number(rules, NUMBER_UNSIGNED_MINUTES) * MIN);
	assert_false(flag(d, "unsigned_ok"));
	assert_string_equal(str(json_object_get(d, "json"), "title"), "x");
	json_decref(o);
	clock_now = T0 + rules_number(rules, NUMBER_UNSIGNED_MINUTES) * MIN;
	o = want("drafts", json_object());
	assert_true(flag(at(o, "drafts", 0), "unsigned_ok"));
	json_decref(o);
	/* nobody tried; and a review that cannot be read leaves the draft */
	for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
		draft("a", 0, odd[i]);
		o = want("drafts", json_object());
		d = at(o, "drafts", 0);
		assert_string_equal(str(d, "state"), "writing");
		assert_true(json_is_null(json_object_get(d, "unsigned_from")));
		json_decref(o);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_bad, setup, teardown),
		cmocka_unit_test_setup_teardown(test_review, setup, teardown),
		cmocka_unit_test_setup_teardown(test_remarks, setup, teardown),
		cmocka_unit_test_setup_teardown(test_propose_figures, setup, teardown),
		cmocka_unit_test_setup_teardown(test_propose_incident, setup, teardown),
		cmocka_unit_test_setup_teardown(test_owed_grade, setup, teardown),
		cmocka_unit_test_setup_teardown(test_owed_merged, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unsigned_owed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_signature, setup, teardown),
		cmocka_unit_test_setup_teardown(test_life_words, setup, teardown),
		cmocka_unit_test_setup_teardown(test_destroy_told, setup, teardown),
		cmocka_unit_test_setup_teardown(test_diff, setup, teardown),
		cmocka_unit_test_setup_teardown(test_drafts, setup, teardown),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
