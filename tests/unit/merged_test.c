/*
 * 并案: what was merged into an incident is told with it, and its figures are put before people.
 */
#include "query_help.h"

static struct rules *national;

/* With the profile that has a telephone limit of its own. */
static int
sample_setup(void **state)
{
	char dir[512];

	national = rules;
	if (conf_dir(dir, sizeof dir, &fault) == NULL || (rules = rules_load_profiles(dir, "xs-sample", &fault)) == NULL)
		fail_msg("%s %s:%zu", fault.text, fault.file, fault.line);
	return setup(state);
}

static int
sample_teardown(void **state)
{
	int rc = teardown(state);

	rules_free(rules);
	rules = national;
	return rc;
}

static void
figure(struct body *b, uint32_t key, enum figure_q q, int64_t n, const char *source)
{
	struct figure f = { .q = q, .n = n, .source = source };

	body_add_figure(b, key, &f);
}

/* Another call of the same event, at the county itself: 2 is the incident. */
static void
other(void)
{
	struct body *b = make(KIND_INTAKE, NULL);

	body_set_text(b, F_TITLE, "同一场火");
	body_set_text(b, F_TYPE, "yjpt:12G00");
	body_set_text(b, F_NUMBER, "1122-007");
	body_set_num(b, F_GRADE, GRADE_III);
	figure(b, F_SERIOUS, FIG_EXACT, 1, NULL);
	store(b, COUNTY, 50, COUNTY, 50);
}

/* The town's fire goes into it, as the switch writes it: the step and its twin. */
static void
merge(void)
{
	struct msgid to = mkid(COUNTY, 50), from = mkid(TOWN, 1);
	struct body *b = make(KIND_STEP, TOWN);

	body_set_num(b, F_STEP, STEP_MERGED);
	body_set_text(b, F_PERSON, "王");
	body_set_id(b, F_OTHER, &to);
	store(b, COUNTY, 60, TOWN, 1);
	b = make(KIND_STEP, NULL);
	body_set_num(b, F_STEP, STEP_ABSORBED);
	body_set_text(b, F_PERSON, "王");
	body_set_id(b, F_OTHER, &from);
	store(b, COUNTY, 61, COUNTY, 50);
}

static void
town_fire(int grade)
{
	struct body *b = make(KIND_REPORT, COUNTY);

	body_set_text(b, F_TITLE, "西周镇宏达仓库火灾");
	body_set_text(b, F_TYPE, "yjpt:12G00");
	body_set_text(b, F_NUMBER, "1122-001");
	body_set_num(b, F_GRADE, grade);
	figure(b, F_DEAD, FIG_EXACT, 3, NULL);
	figure(b, F_EVACUATED, FIG_ABOUT, 600, NULL);
	store(b, TOWN, 1, TOWN, 1);
}

/* What the incident merged away owes upwards: "phone/hop written/chain ...". */
static const char *
merged_owes(void)
{
	static char text[256];
	json_t *o = want("owed", json_object());

	text[0] = '\0';
	for (size_t i = 0; i < count(o, "items"); i++) {
		const json_t *e = at(o, "items", i);
		size_t n = strlen(text);

		if (json_object_get(e, "merged_into") != NULL)
			(void)snprintf(text + n, sizeof text - n, "%s%s/%s", n > 0 ? " " : "", str(e, "what"), str(e, "scope"));
	}
	json_decref(o);
	return text;
}

static void
telephoned(uint64_t serial, const char *to, const char *system, int outcome)
{
	struct body *b = make(KIND_OUTSIDE, to);

	body_set_num(b, F_CHANNEL, CHANNEL_PHONE);
	body_set_num(b, F_OUTCOME, outcome);
	body_set_text(b, F_SYSTEM, system);
	body_set_time(b, F_DONE_AT, clock_now);
	body_set_text(b, F_PERSON, "李敏");
	store(b, COUNTY, serial, COUNTY, 50);
}

static void
test_told(void **state)
{
	struct body *b;

	(void)state;
	town_fire(GRADE_II);
	other();
	merge();
	assert_string_equal(merged_owes(), "phone/hop phone/chain written/hop written/chain");
	telephoned(62, CITY, NULL, OUTCOME_NO_ANSWER);
	assert_string_equal(merged_owes(), "phone/hop phone/chain written/hop written/chain");
	telephoned(63, NULL, "ext:guojia", OUTCOME_REACHED);
	assert_string_equal(merged_owes(), "phone/hop written/hop written/chain");	/* that endpoint alone */
	telephoned(64, CITY, NULL, OUTCOME_REACHED);
	assert_string_equal(merged_owes(), "written/hop written/chain");	/* a call is no paper */
	b = make(KIND_OUTSIDE, CITY);
	body_set_num(b, F_CHANNEL, CHANNEL_FAX);
	body_set_time(b, F_DONE_AT, clock_now);
	body_set_text(b, F_PERSON, "李敏");
	store(b, COUNTY, 65, COUNTY, 50);
	assert_string_equal(merged_owes(), "");
}

static const json_t *
source(const json_t *o, const char *name)
{
	for (size_t i = 0; i < count(o, "sources"); i++)
		if (strcmp(str(at(o, "sources", i), "name"), name) == 0)
			return at(o, "sources", i);
	return NULL;
}

static void
test_proposed(void **state)
{
	const json_t *e;
	json_t *o;

	(void)state;
	town_fire(GRADE_IV);
	other();
	o = want("propose", json_pack("{s:s}", "ref", idtext(COUNTY, 50)));
	assert_null(source(o, "dead"));
	assert_string_not_equal(str(o, "proposal"), "III");
	json_decref(o);
	merge();
	o = want("propose", json_pack("{s:s}", "ref", idtext(COUNTY, 50)));
	e = source(o, "dead");
	assert_non_null(e);
	assert_string_equal(str(e, "source"), TOWN);
	assert_string_equal(str(e, "text"), "3");
	assert_string_equal(str(e, "merged"), "西周1122-001");
	assert_non_null(source(o, "serious"));
	assert_string_equal(str(o, "proposal"), "III");
	json_decref(o);
	o = want("show", json_pack("{s:s}", "ref", idtext(COUNTY, 50)));
	e = at(json_object_get(o, "incident"), "merged", 0);
	assert_string_equal(str(e, "number"), "西周1122-001");
	assert_int_equal(count(e, "figures"), 2);
	assert_string_equal(str(at(e, "figures", 0), "source"), TOWN);
	json_decref(o);
	/* of the one that went away nothing is taken in */
	o = want("show", json_pack("{s:s}", "ref", idtext(TOWN, 1)));
	assert_int_equal(count(json_object_get(o, "incident"), "merged"), 0);
	json_decref(o);
}

/* Side by side, not added; who said it in the incident itself has said it. */
static void
test_side_by_side(void **state)
{
	struct msgid inc = mkid(COUNTY, 50);
	struct body *b;
	json_t *o;
	size_t n = 0;

	(void)state;
	town_fire(GRADE_IV);
	other();
	merge();
	b = make(KIND_FEEDBACK, COUNTY);
	body_set_text(b, F_TEXT, "已核");
	figure(b, F_DEAD, FIG_EXACT, 2, NULL);
	store(b, TOWN, 70, COUNTY, 50);
	b = make(KIND_INTAKE, NULL);
	body_set_text(b, F_BRIEF, "119来电");
	figure(b, F_DEAD, FIG_EXACT, 8, "119");
	store(b, COUNTY, 71, COUNTY, 50);
	o = want("propose", json_pack("{s:s}", "ref", idtext(COUNTY, 50)));
	for (size_t i = 0; i < count(o, "sources"); i++)
		if (strcmp(str(at(o, "sources", i), "name"), "dead") == 0) {
			assert_true(json_object_get(at(o, "sources", i), "merged") == NULL);
			n++;
		}
	assert_int_equal(n, 2);
	assert_string_equal(str(o, "proposal"), "III");	/* 8, not 8 + 3 */
	json_decref(o);
	assert_int_equal(station_preview(s, clock_now, REALM_LIVE, &inc, 0, &b, &fault), 0);
	n = 0;
	for (const struct value *v = body_first(b, F_EVACUATED); v != NULL; v = body_next(b, v)) {
		assert_string_equal(v->u.fig.source, TOWN);
		assert_int_equal(v->u.fig.n, 600);
		assert_true(v->u.fig.asof != 0);
		n++;
	}
	assert_int_equal(n, 1);
	assert_int_equal(body_count(b, F_DEAD), 2);
	body_free(b);
}

/* Taken up again for itself: its figures are its own. */
static void
test_reopened(void **state)
{
	struct body *b;
	json_t *o;

	(void)state;
	town_fire(GRADE_IV);
	other();
	merge();
	b = make(KIND_STEP, TOWN);
	body_set_num(b, F_STEP, STEP_REOPENED);
	body_set_text(b, F_PERSON, "王");
	body_set_text(b, F_REASON, "两回事");
	store(b, COUNTY, 80, TOWN, 1);
	o = want("propose", json_pack("{s:s}", "ref", idtext(COUNTY, 50)));
	assert_null(source(o, "dead"));
	json_decref(o);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_told, sample_setup, sample_teardown),
		cmocka_unit_test_setup_teardown(test_proposed, sample_setup, sample_teardown),
		cmocka_unit_test_setup_teardown(test_side_by_side, sample_setup, sample_teardown),
		cmocka_unit_test_setup_teardown(test_reopened, sample_setup, sample_teardown),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
