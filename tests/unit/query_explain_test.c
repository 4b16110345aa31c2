/* Which rule set which clock: op explain and op rules over a county's journal, by the sample county's profile. */
#include "query_help.h"

static int
by_profile(void **state)
{
	char dir[512];

	if (group_setup(state) != 0)
		return -1;
	rules_free(rules);
	if (conf_dir(dir, sizeof dir, &fault) == NULL || (rules = rules_load_profiles(dir, "xs-sample", &fault)) == NULL)
		fail_msg("%s %s:%zu", fault.text, fault.file, fault.line);
	return 0;
}

/* The clock of that name, by its scope; NULL: there is none. */
static const json_t *
clock_of(const json_t *o, const char *what, const char *scope)
{
	const json_t *c;
	size_t i;

	json_array_foreach(json_object_get(o, "clocks"), i, c)
		if (strcmp(str(c, "what"), what) == 0 && strcmp(str(c, "scope"), scope) == 0)
			return c;
	return NULL;
}

static bool
says(const json_t *clock, const char *text)
{
	const json_t *l;
	size_t i;

	json_array_foreach(json_object_get(clock, "lines"), i, l)
		if (strstr(json_string_value(l), text) != NULL)
			return true;
	return false;
}

static void
graded(int grade, uint64_t serial)
{
	struct body *b = make(KIND_GRADE, CITY);

	body_set_num(b, F_GRADE, grade);
	body_set_text(b, F_PERSON, "赵");
	body_set_text(b, F_REASON, "x");
	store(b, COUNTY, serial, TOWN, 1);
}

static void
test_bad(void **state)
{
	static const struct {
		const char *op, *request, *field;
		int code;
	} t[] = {
		{ "explain", "{}", "ref", EX_DATAERR },
		{ "explain", "{\"id\":\"x\",\"ref\":\"y\"}", "ref", EX_DATAERR },
		{ "explain", "{\"id\":\"nonsense\"}", "id", EX_DATAERR },
		{ "explain", "{\"ref\":7}", "ref", EX_DATAERR },
		{ "explain", "{\"ref\":\"9999-001\"}", "incident", EX_NOINPUT },
		{ "explain", "{\"id\":\"330225.7.99\"}", "incident", EX_NOINPUT },
		{ "rules", "{\"what\":\"nothing\"}", "what", EX_DATAERR },
		{ "rules", "{\"place\":7}", "place", EX_DATAERR },
	};

	(void)state;
	for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
		assert_null(ask(t[i].op, json_loads(t[i].request, 0, NULL)));
		if (fault.code != t[i].code || strcmp(fault.field, t[i].field) != 0)
			fail_msg("%zu: %d %s %s", i, fault.code, fault.field, fault.text);
	}
}

/* The town's fire: nobody has stated a grade, a death toll is unknown. */
static void
test_undetermined(void **state)
{
	const json_t *c, *e;
	json_t *o;

	(void)state;
	fire();
	o = want("explain", json_pack("{s:s}", "ref", "西周1122-001"));
	assert_string_equal(str(o, "profiles"), "xs-sample");
	assert_string_equal(str(o, "title"), "西周镇宏达仓库火灾");
	assert_non_null(c = clock_of(o, "phone", "hop"));
	assert_int_equal(num(c, "minutes"), 30);
	assert_int_equal(num(c, "due") - num(c, "origin"), 30 * MIN);
	assert_string_equal(str(c, "towards"), CITY);
	assert_string_equal(str(c, "from"), "learned");
	assert_string_equal(str(c, "profile"), "xs-sample");
	assert_string_equal(str(c, "file"), "rules/profiles/xs-sample/deadlines.tsv");
	assert_true(num(c, "line") > 1);
	assert_true(json_is_null(json_object_get(c, "met")));
	assert_int_equal(num(c, "late"), 0);
	/* whom it rings, and when: the chain's times stand in order */
	assert_true(count(c, "chase") >= 3);
	for (size_t i = 1; i < count(c, "chase"); i++)
		assert_true(num(at(c, "chase", i - 1), "at") <= num(at(c, "chase", i), "at"));
	assert_true(says(c, "催办"));
	assert_non_null(c = clock_of(o, "written", "hop"));
	assert_int_equal(num(c, "minutes"), 60);
	assert_non_null(strstr(str(c, "clause"), "K2"));
	/* Order 493 matched as well, and is laxer */
	assert_int_equal(count(c, "others"), 2);
	e = at(c, "others", 0);
	assert_string_equal(str(e, "rule"), "493-11-county");
	assert_string_equal(str(e, "why"), "有更严的一条");
	assert_int_equal(num(e, "minutes"), 120);
	assert_string_equal(str(at(c, "others", 1), "why"), "有规定更具体的一条");
	assert_true(says(c, "493"));
	assert_null(clock_of(o, "written", "chain"));
	json_decref(o);
	/* late by */
	clock_now = T0 + 90 * MIN;
	o = want("explain", json_pack("{s:s}", "ref", "西周1122-001"));
	assert_non_null(c = clock_of(o, "phone", "hop"));
	assert_true(num(c, "late") > 59 * MIN && num(c, "late") <= 60 * MIN);
	assert_true(says(c, "未办,已超"));
	json_decref(o);
}

static void
test_stated(void **state)
{
	const json_t *c;
	json_t *o;

	(void)state;
	fire();
	graded(GRADE_II, 2);
	o = want("explain", json_pack("{s:s}", "ref", "西周1122-001"));
	assert_string_equal(str(o, "stated"), "II");
	assert_non_null(c = clock_of(o, "written", "chain"));
	assert_string_equal(str(c, "endpoint"), "ext:guojia");
	assert_string_equal(str(c, "towards_name"), "国务院总值班室");
	assert_string_equal(str(c, "grade"), "II");
	assert_string_equal(str(c, "why"), "已定级");
	assert_non_null(strstr(str(c, "clause"), "国务院应急办2015"));
	assert_string_equal(str(c, "since"), "2015");
	assert_true(says(c, "全链共用一钟"));
	assert_true(says(c, "发生时刻不明"));
	json_decref(o);
}

/* A wrong digit, mended by the leader: what it had begun is over, and says by whose word. */
static void
test_lowered(void **state)
{
	const json_t *c;
	struct body *b;
	json_t *o;

	(void)state;
	fire();
	graded(GRADE_II, 2);
	clock_now = T0 + 40 * MIN;
	b = make(KIND_GRADE, CITY);
	body_set_num(b, F_GRADE, GRADE_IV);
	body_set_text(b, F_SIGNER, "赵副县长");
	body_set_text(b, F_REASON, "误按");
	store(b, COUNTY, 3, TOWN, 1);
	clock_now = T0 + 300 * MIN;
	o = want("explain", json_pack("{s:s}", "ref", "西周1122-001"));
	assert_non_null(c = clock_of(o, "phone", "chain"));
	assert_true(json_is_null(json_object_get(c, "met")));
	assert_int_equal(num(c, "ended"), T0 + 40 * MIN + 1000);
	assert_string_equal(str(c, "ended_by"), idtext(COUNTY, 3));
	assert_true(num(c, "late") > 9 * MIN && num(c, "late") < 11 * MIN);
	assert_int_equal(count(c, "chase"), 0);
	assert_true(says(c, "已降为一般(IV级)(赵副县长") || says(c, "已降为IV"));
	assert_true(says(c, "当时已超"));
	json_decref(o);
	o = want("owed", json_object());
	for (size_t i = 0; i < count(o, "items"); i++)
		if (json_object_get(at(o, "items", i), "scope") != NULL)
			assert_string_not_equal(str(at(o, "items", i), "scope"), "chain");
	json_decref(o);
}

/* Told in time by what was typed, and typed afterwards: that is said. */
static void
test_entered(void **state)
{
	struct body *b;
	const json_t *c;
	json_t *o;

	(void)state;
	fire();
	clock_now = T0 + 50 * MIN;
	b = make(KIND_OUTSIDE, CITY);
	body_set_num(b, F_CHANNEL, CHANNEL_PHONE);
	body_set_time(b, F_DONE_AT, T0 + 10 * MIN);
	store(b, COUNTY, 2, TOWN, 1);
	o = want("explain", json_pack("{s:s}", "ref", "西周1122-001"));
	assert_non_null(c = clock_of(o, "phone", "hop"));
	assert_int_equal(num(c, "met"), T0 + 10 * MIN);
	assert_true(says(c, "补记"));
	json_decref(o);
}

/* Reported: in time or late, and how. */
static void
test_met(void **state)
{
	struct body *b;
	const json_t *c;
	json_t *o;

	(void)state;
	fire();
	clock_now = T0 + 45 * MIN;
	b = make(KIND_REPORT, CITY);
	body_set_text(b, F_TITLE, "火灾");
	body_set_num(b, F_VERSION, 1);
	store(b, COUNTY, 2, TOWN, 1);
	o = want("explain", json_pack("{s:s}", "ref", "西周1122-001"));
	assert_non_null(c = clock_of(o, "written", "hop"));
	assert_true(num(c, "met") > T0);
	assert_string_equal(str(c, "met_by"), idtext(COUNTY, 2));
	assert_string_equal(str(c, "how"), "report");
	assert_int_equal(num(c, "late"), 0);
	assert_int_equal(count(c, "chase"), 0);
	assert_true(says(c, "已办(报告),按时"));
	assert_non_null(c = clock_of(o, "phone", "hop"));
	assert_true(num(c, "late") >= 14 * MIN);
	assert_true(says(c, "迟1"));
	/* what we wait for of the level above */
	assert_non_null(clock_of(o, "await-sign", "hop"));
	json_decref(o);
	/* of one message: what it started */
	o = want("explain", json_pack("{s:s}", "id", idtext(COUNTY, 2)));
	for (size_t i = 0; i < count(o, "clocks"); i++)
		assert_string_equal(str(at(o, "clocks", i), "about"), idtext(COUNTY, 2));
	assert_non_null(clock_of(o, "await-sign", "hop"));
	json_decref(o);
}

static bool
noted(const json_t *o, const char *text)
{
	const json_t *n;
	size_t i;

	json_array_foreach(json_object_get(o, "notes"), i, n)
		if (strstr(json_string_value(n), text) != NULL)
			return true;
	return false;
}

static void
died(uint64_t serial, int64_t at, int64_t dead)
{
	struct body *b = make(KIND_FEEDBACK, COUNTY);
	struct figure f = { .q = FIG_EXACT, .n = dead };

	clock_now = at;
	body_set_text(b, F_TEXT, "伤员死亡");
	body_add_figure(b, F_DEAD, &f);
	store(b, TOWN, serial, TOWN, 1);
}

static void
keep_remark(void *ctx, const char *text)
{
	(void)snprintf(ctx, 400, "%s", text);
}

/* What the answer to whoever has entered message serial of the town points out. */
static const char *
remarked(uint64_t serial, char text[400])
{
	struct msgid id = mkid(TOWN, serial), incident = mkid(TOWN, 1);
	struct journal_msg m;
	struct body *b;

	text[0] = '\0';
	memset(&m, 0, sizeof m);
	assert_int_equal(j->ops->get_message(j, &id, &m), 0);
	b = wire_decode(m.body.p, m.body.n, &fault);
	query_supplement_remark(&env, &id, b, &incident, clock_now, keep_remark, text);
	body_free(b);
	buf_free(&m.body);
	return text;
}

/* S3-10: casualties change after the final report.  Within the window people are told to reopen and report it; after it, that it is over, and why. */
static void
test_supplement(void **state)
{
	const int64_t day = INT64_C(24) * 60 * MIN;
	char text[400];
	const json_t *e, *last;
	struct body *b;
	json_t *o;

	(void)state;
	fire();
	b = make(KIND_REPORT, CITY);
	body_set_text(b, F_TYPE, "12G00");
	body_set_num(b, F_STAGE, STAGE_FINAL);
	store(b, COUNTY, 2, TOWN, 1);
	o = want("propose", json_pack("{s:s}", "ref", "西周1122-001"));
	assert_false(noted(o, "补报"));
	assert_null(json_object_get(o, "supplement"));
	json_decref(o);
	died(30, T0 + 2 * day, 7);
	o = want("propose", json_pack("{s:s}", "ref", "西周1122-001"));
	assert_true(noted(o, "重开、补报"));
	assert_true(noted(o, "第十三条"));
	assert_false(noted(o, "已过"));
	assert_false(flag(json_object_get(o, "supplement"), "over"));
	json_decref(o);
	o = want("show", json_pack("{s:s}", "ref", "西周1122-001"));
	last = at(o, "lines", count(o, "lines") - 1);
	assert_non_null(strstr(str(last, "text"), "[重开? 补报]"));
	assert_string_equal(str(json_object_get(json_object_get(o, "incident"), "supplement"), "about"), idtext(TOWN, 30));
	json_decref(o);
	o = want("explain", json_pack("{s:s}", "ref", "西周1122-001"));
	assert_true(noted(o, "重开、补报"));
	assert_non_null(clock_of(o, "supplement", "hop"));
	json_decref(o);
	assert_non_null(strstr(remarked(30, text), "重开、补报"));
	o = want("owed", json_object());
	e = NULL;
	for (size_t i = 0; i < count(o, "items"); i++)
		if (strcmp(str(at(o, "items", i), "what"), "supplement") == 0)
			e = at(o, "items", i);
	assert_true(e != NULL && strstr(str(e, "note"), "补报") != NULL);
	json_decref(o);
	/* Reported: nothing more is said of it. */
	b = make(KIND_REPORT, CITY);
	body_add_figure(b, F_DEAD, &(struct figure) { .q = FIG_EXACT, .n = 7 });
	body_set_num(b, F_STAGE, STAGE_FOLLOWUP);
	store(b, COUNTY, 3, TOWN, 1);
	o = want("propose", json_pack("{s:s}", "ref", "西周1122-001"));
	assert_false(noted(o, "补报"));
	json_decref(o);
	assert_string_equal(remarked(30, text), "");
	/* After the seven days of a fire: entered, nothing is owed, and it is said. */
	died(31, T0 + 8 * day, 8);
	o = want("propose", json_pack("{s:s}", "ref", "西周1122-001"));
	assert_true(noted(o, "已过7日(国务院令第493号第十三条)"));
	assert_true(flag(json_object_get(o, "supplement"), "over"));
	json_decref(o);
	o = want("explain", json_pack("{s:s}", "ref", "西周1122-001"));
	assert_true(noted(o, "已过7日"));
	json_decref(o);
	o = want("show", json_pack("{s:s}", "ref", "西周1122-001"));
	assert_non_null(strstr(str(at(o, "lines", count(o, "lines") - 1), "text"), "[已过补报期]"));
	json_decref(o);
	assert_non_null(strstr(remarked(31, text), "已过7日"));
	o = want("owed", json_object());
	for (size_t i = 0; i < count(o, "items"); i++)
		assert_string_not_equal(str(at(o, "items", i), "what"), "supplement");
	json_decref(o);
}

/* A directive of no incident: its own time, and limits by its precedence. */
static void
test_message(void **state)
{
	struct body *b;
	const json_t *c;
	json_t *o;

	(void)state;
	b = make(KIND_DIRECTIVE, COUNTY);
	body_set_text(b, F_TEXT, "清点人数");
	body_set_time(b, F_DUE, T0 + 30 * MIN);
	store(b, CITY, 9, NULL, 0);
	o = want("explain", json_pack("{s:s}", "id", idtext(CITY, 9)));
	assert_string_equal(str(o, "number"), "");
	assert_non_null(c = clock_of(o, "sign", "hop"));
	assert_int_equal(num(c, "minutes"), 20);
	assert_string_equal(str(c, "from_name"), "送达");
	assert_non_null(strstr(str(c, "clause"), "样例"));
	assert_non_null(c = clock_of(o, "feedback", "hop"));
	assert_int_equal(num(c, "due"), T0 + 30 * MIN);
	assert_true(json_is_null(json_object_get(c, "minutes")));
	assert_string_equal(str(c, "rule"), "");
	assert_true(says(c, "按来文时限"));
	json_decref(o);
	/* sent by us: what the addressee owes */
	b = make(KIND_DIRECTIVE, TOWN);
	body_set_text(b, F_TEXT, "撤人");
	body_set_num(b, F_PRECEDENCE, PREC_FLASH);
	store(b, COUNTY, 3, NULL, 0);
	o = want("explain", json_pack("{s:s}", "id", idtext(COUNTY, 3)));
	assert_non_null(c = clock_of(o, "await-sign", "hop"));
	assert_int_equal(num(c, "minutes"), 3);
	assert_string_equal(str(c, "rule"), "K6-await-sign");
	assert_string_equal(str(c, "chain"), "K6");
	assert_string_equal(str(c, "towards"), TOWN);
	/* the shipped row of the same key stood aside */
	assert_non_null(strstr(str(at(c, "others", 0), "why"), "代替"));
	json_decref(o);
	env.zh = false;
	o = want("explain", json_pack("{s:s}", "id", idtext(COUNTY, 3)));
	assert_true(says(clock_of(o, "await-sign", "hop"), "min left"));
	json_decref(o);
}

static void
test_rules(void **state)
{
	json_t *o;
	const json_t *e;
	size_t all;

	(void)state;
	o = want("rules", json_object());
	all = count(o, "rows");
	assert_true(all > 60);
	assert_int_equal(count(o, "remarks"), 0);
	assert_int_equal(count(o, "zero"), 3);
	assert_int_equal(strlen(str(o, "digest")), 64);
	assert_string_equal(str(o, "profiles"), "xs-sample");
	json_decref(o);
	o = want("rules", json_pack("{s:s, s:s}", "what", "read", "place", TOWN));
	assert_int_equal(count(o, "rows"), 5);
	e = at(o, "rows", 4);
	assert_string_equal(str(e, "id"), "K6-read");
	assert_string_equal(str(e, "what_name"), "已阅");
	assert_string_equal(str(e, "prec"), "flash");
	assert_string_equal(str(e, "grade"), "*");
	assert_string_equal(str(e, "file"), "rules/profiles/xs-sample/deadlines.tsv");
	json_decref(o);
}

/* Rules read again: what is owed is made anew, though the new ones may stand where the old ones stood. */
static void
test_read_again(void **state)
{
	char dir[512];
	struct rules *again;
	json_t *o;

	(void)state;
	fire();
	o = want("owed", json_object());
	assert_non_null(strstr(str(at(o, "items", 0), "clause"), "K2"));
	json_decref(o);
	assert_non_null(conf_dir(dir, sizeof dir, &fault));
	assert_non_null(again = rules_load_profiles(dir, "", &fault));
	station_rules(s, clock_now, again);
	o = want("owed", json_object());
	for (size_t i = 0; i < count(o, "items"); i++)
		assert_null(strstr(str(at(o, "items", i), "clause"), "K2"));
	json_decref(o);
	station_rules(s, clock_now, rules);
	o = want("owed", json_object());
	assert_non_null(strstr(str(at(o, "items", 0), "clause"), "K2"));
	json_decref(o);
	rules_free(again);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_bad, setup, teardown),
		cmocka_unit_test_setup_teardown(test_undetermined, setup, teardown),
		cmocka_unit_test_setup_teardown(test_stated, setup, teardown),
		cmocka_unit_test_setup_teardown(test_supplement, setup, teardown),
		cmocka_unit_test_setup_teardown(test_lowered, setup, teardown),
		cmocka_unit_test_setup_teardown(test_entered, setup, teardown),
		cmocka_unit_test_setup_teardown(test_met, setup, teardown),
		cmocka_unit_test_setup_teardown(test_message, setup, teardown),
		cmocka_unit_test_setup_teardown(test_rules, setup, teardown),
		cmocka_unit_test_setup_teardown(test_read_again, setup, teardown),
	};

	return cmocka_run_group_tests(tests, by_profile, group_teardown);
}
