/* What hangs on persons' single acts: adopted figures, verdicts, decisions about grades; and the report numbers. */
#include "incident_help.h"

#define DEPT "330225-gongan"

static void
test_adopted(void **state)
{
	struct incident *inc;
	struct body *b;
	char *text;

	(void)state;
	reset();
	b = report(TOWN, 1, STAGE_FIRST);
	says(b, F_DEAD, FIG_EXACT, 3, "119");
	says(b, F_DEAD, FIG_EXACT, 1, "120");
	says(b, F_QUANTITY, FIG_EXACT, 6, NULL); /* of whatever it was: no figure of the incident */
	b = step(COUNTY, 2, STEP_ADOPTED, "李主任");
	after_all();
	says(b, F_DEAD, FIG_EXACT, 3, "119");
	says(b, F_MISSING, FIG_UNKNOWN, 0, NULL);
	says(b, F_QUANTITY, FIG_EXACT, 700, NULL);
	body_set_time(b, F_WRITTEN, 1763787393000);
	says(step(TOWN, 3, STEP_ADOPTED, "王"), F_DEAD, FIG_ATLEAST, 2, NULL);
	after_all();
	says(step(TOWN, 4, STEP_ADOPTED, NULL), F_DEAD, FIG_EXACT, 99, NULL);
	after_all();
	b = step(COUNTY, 5, STEP_ADOPTED, "李主任");
	after_all();
	says(b, F_DEAD, FIG_EXACT, 4, "120");
	/* Other kinds' numbers are no figures of the incident either. */
	for (uint64_t i = 0; i < 8; i++) {
		static const int kinds[] = {KIND_RESOURCE, KIND_ROLLCALL, KIND_ROLLANSWER, KIND_CALLOUT, KIND_HANDOVER,
		    KIND_ZERO, KIND_HAZARD, KIND_OUTSIDE};

		b = put(CITY, 10 + i, kinds[i]);
		says(b, F_QUANTITY, FIG_EXACT, 5000, NULL);
		says(b, F_MOVED, FIG_EXACT, 12, NULL);
	}
	inc = incident_fold(m, n);
	assert_int_equal(inc->nfigures, 2);
	assert_int_equal(inc->figures[0].by.serial, 1);
	assert_int_equal(inc->nadopted, 3);
	assert_int_equal(inc->adopted[0].key, F_DEAD);
	assert_string_equal(inc->adopted[0].station, COUNTY);
	assert_int_equal(inc->adopted[0].fig.n, 4);
	assert_string_equal(inc->adopted[0].fig.source, "120");
	assert_string_equal(inc->adopted[0].person, "李主任");
	assert_int_equal(inc->adopted[0].at, 0); /* never the time of storing */
	assert_string_equal(inc->adopted[1].station, TOWN);
	assert_int_equal(inc->adopted[1].fig.n, 2);
	assert_int_equal(inc->adopted[2].key, F_MISSING);
	assert_int_equal(inc->adopted[2].at, 1763787393000);
	text = fingerprint(inc);
	assert_non_null(
	    strstr(text, "{\"at\": 1763787393000, \"name\": \"missing\", \"person\": \"李主任\", \"source\": \"\", "
			 "\"station\": \"330225\", \"text\": \"?\"}"));
	free(text);
	incident_free(inc);
	/* Recalled: the older adoption speaks again. */
	b = report(COUNTY, 30, STAGE_WITHDRAWAL);
	after_all();
	refers(b, COUNTY, 5);
	inc = incident_fold(m, n);
	assert_int_equal(inc->adopted[0].fig.n, 3);
	incident_free(inc);
}

static void
test_verdicts(void **state)
{
	struct incident *inc;
	struct body *b;

	(void)state;
	reset();
	put(TOWN, 1, KIND_INTAKE);
	for (uint64_t i = 0; i < 4; i++) {
		b = step(i == 1 ? TOWN : COUNTY, 2 + i, STEP_VERDICT, i == 3 ? NULL : "李");
		after_all();
		body_set_text(b, F_VERDICT, "较大涉险");
		body_set_num(b, F_CONFIRMED, i < 2);
	}
	step(COUNTY, 9, STEP_VERDICT, "李"); /* which is not said */
	inc = incident_fold(m, n);
	assert_int_equal(inc->nverdicts, 2);
	assert_string_equal(inc->verdicts[0].station, COUNTY);
	assert_false(inc->verdicts[0].confirmed);
	assert_int_equal(inc->verdicts[0].by.serial, 4);
	assert_true(inc->verdicts[1].confirmed);
	assert_string_equal(inc->verdicts[1].name, "较大涉险");
	incident_free(inc);
}

/* Concurrent grades, the decision, and a new raise (DOMAIN 5). */
static void
test_decisions(void **state)
{
	struct incident *inc;
	struct body *b;

	(void)state;
	reset();
	put(TOWN, 1, KIND_INTAKE);
	b = report(TOWN, 2, STAGE_FIRST);
	after(b, TOWN, 1);
	grades(b, GRADE_II, NULL, NULL);
	b = put(COUNTY, 3, KIND_GRADE);
	after(b, TOWN, 1);
	grades(b, GRADE_III, NULL, NULL);
	inc = incident_fold(m, n);
	assert_int_equal(inc->grade, GRADE_II); /* the graver stands */
	assert_true(inc->grade_conflict);
	incident_free(inc);
	/* None of these decides: no signer, no reason, not from above, no grade of its own, an undetermined one,
	 * another ref. */
	for (int i = 0; i < 6; i++) {
		size_t keep = n;

		b = put(i == 2 ? DEPT : COUNTY, 20, KIND_GRADE);
		after_all();
		refers(b, TOWN, i == 5 ? 1 : 2);
		grades(b, i == 4 ? GRADE_UNDETERMINED : GRADE_III, i == 1 ? NULL : "核实", i == 0 ? NULL : "李主任");
		if (i == 3)
			body_unset(b, F_GRADE);
		inc = incident_fold(m, n);
		if (inc->grade != GRADE_II)
			fail_msg("%d decided: %d", i, inc->grade);
		for (size_t k = 0; k < inc->ngrades; k++)
			assert_false(inc->grades[k].settled);
		incident_free(inc);
		body_free(bodies[--n]);
		assert_int_equal(n, keep);
	}
	/* The decision stands before what it names (it cannot have seen it): settles nothing. */
	b = put(COUNTY, 4, KIND_GRADE);
	refers(b, TOWN, 2);
	grades(b, GRADE_III, "核实", "李主任");
	body_set_num(b, F_ORDER, 1);
	body_set_num(bodies[0], F_ORDER, 2);
	inc = incident_fold(m, n);
	assert_int_equal(inc->grade, GRADE_II);
	incident_free(inc);
	/* Having seen it, it decides. */
	after(b, TOWN, 2);
	after(b, COUNTY, 3);
	inc = incident_fold(m, n);
	assert_int_equal(inc->grade, GRADE_III);
	assert_false(inc->grade_conflict);
	assert_int_equal(inc->ngrades, 2);
	assert_false(inc->grades[0].settled);
	assert_true(inc->grades[1].settled);
	assert_int_equal(inc->grades[1].grade, GRADE_II); /* still shown */
	incident_free(inc);
	/* A new raise of the town counts again. */
	b = put(TOWN, 5, KIND_GRADE);
	after_all();
	grades(b, GRADE_I, NULL, NULL);
	inc = incident_fold(m, n);
	assert_int_equal(inc->grade, GRADE_I);
	assert_true(inc->grade_conflict);
	assert_false(inc->grades[1].settled);
	incident_free(inc);
	/* The city settles both, and is settled by nobody. */
	b = put(CITY, 6, KIND_GRADE);
	after_all();
	refers(b, TOWN, 5);
	refers(b, COUNTY, 4);
	refers(b, CITY, 6);
	grades(b, GRADE_IV, "复核", "市领导");
	inc = incident_fold(m, n);
	assert_int_equal(inc->grade, GRADE_IV);
	assert_false(inc->grade_conflict);
	incident_free(inc);
	/* Recalled, it settles nothing, but its own opinion still is one. */
	b = report(CITY, 7, STAGE_WITHDRAWAL);
	after_all();
	refers(b, CITY, 6);
	inc = incident_fold(m, n);
	assert_int_equal(inc->grade, GRADE_I);
	incident_free(inc);
}

/* Report numbers stay used, whatever became of the report. */
static void
test_numbers(void **state)
{
	struct incident *inc;
	struct body *b;

	(void)state;
	reset();
	for (uint64_t i = 1; i <= 5; i++) {
		b = report(TOWN, i,
		    i == 1   ? STAGE_FIRST
		    : i == 3 ? STAGE_CORRECTION
		    : i == 5 ? STAGE_WITHDRAWAL
			     : STAGE_FOLLOWUP);
		after_all();
		body_set_num(b, F_VERSION, (int64_t)i);
		if (i == 2)
			body_set_num(b, F_UNSIGNED, 1);
		if (i == 3)
			refers(b, TOWN, 1);
		if (i == 5)
			refers(b, TOWN, 4);
	}
	inc = incident_fold(m, n);
	assert_int_equal(inc->version, 5);
	assert_string_equal(inc->missing_text, "");
	incident_free(inc);
	/* Without the correction, and without the unsigned one, just those are missing. */
	inc = incident_fold(m + 3, 2);
	assert_string_equal(inc->missing_text, "330225102 report 5 without 1-3");
	incident_free(inc);
	m[1] = m[4];
	inc = incident_fold(m, 4);
	assert_string_equal(inc->missing_text, "330225102 report 5 without 2");
	incident_free(inc);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(test_adopted, teardown),
	    cmocka_unit_test_teardown(test_verdicts, teardown),
	    cmocka_unit_test_teardown(test_decisions, teardown),
	    cmocka_unit_test_teardown(test_numbers, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
