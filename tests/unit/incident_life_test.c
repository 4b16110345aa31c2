/* The life of an incident and of its reports: views, reopening, merging, signatures, returns. */
#include "incident_help.h"
#include "../../formats/life.h"

#define DEPT "330225-gongan"
#define OTHER "330226"

/* What a row of a table writes; each has seen all before it. */
enum what {
	W_END,
	W_INTAKE,
	W_FIRST,
	W_FOLLOW,
	W_FINAL,
	W_VERIFIED,
	W_CORRECT,
	W_DIRECTIVE,
	W_TAKEN,
	W_TAKEN_NOBODY,
	W_READ,
	W_FEEDBACK,
	W_STEP = 100,
	W_NOBODY = 200 /* a step without a person */
};
struct row {
	const char *who;
	int what;
};

static struct body *
write_row(const struct row *r, uint64_t serial)
{
	static const int stage[] = {[W_FIRST] = STAGE_FIRST,
	    [W_FOLLOW] = STAGE_FOLLOWUP,
	    [W_FINAL] = STAGE_FINAL,
	    [W_VERIFIED] = STAGE_VERIFIED,
	    [W_CORRECT] = STAGE_CORRECTION};
	struct body *b;

	switch (r->what) {
	case W_INTAKE:
		b = put(r->who, serial, KIND_INTAKE);
		break;
	case W_DIRECTIVE:
		b = put(r->who, serial, KIND_DIRECTIVE);
		break;
	case W_FEEDBACK:
		b = put(r->who, serial, KIND_FEEDBACK);
		break;
	case W_TAKEN:
	case W_TAKEN_NOBODY:
	case W_READ:
		receipt(r->who, serial, r->what == W_READ ? ACT_READ : ACT_TAKEN, TOWN, 1);
		b = bodies[n - 1];
		if (r->what == W_TAKEN)
			body_set_text(b, F_PERSON, "王");
		break;
	default:
		if (r->what > W_NOBODY)
			b = step(r->who, serial, r->what - W_NOBODY, NULL);
		else if (r->what > W_STEP)
			b = step(r->who, serial, r->what - W_STEP, "王");
		else
			b = report(r->who, serial, stage[r->what]);
	}
	after_all();
	return b;
}

static int
view_of(const struct incident *inc, const char *who)
{
	for (size_t i = 0; i < inc->nstates; i++)
		if (strcmp(inc->states[i].station, who) == 0)
			return inc->states[i].state;
	return 0;
}

static void
test_views(void **state)
{
	static const struct {
		const char *what;
		struct row r[9];
		int state, town, county;
		bool closed, final;
	} cases[] = {
	    {"only received", {{TOWN, W_INTAKE}, {COUNTY, W_READ}}, EVENT_REPORTED, EVENT_REPORTED, 0, false, false},
	    {"a receipt alone states nothing", {{COUNTY, W_READ}}, EVENT_REPORTED, 0, 0, false, false},
	    {"verified", {{TOWN, W_INTAKE}, {TOWN, W_STEP + STEP_VERIFIED}}, EVENT_VERIFIED, EVENT_VERIFIED, 0, false,
		false},
	    {"skipping", {{TOWN, W_INTAKE}, {TOWN, W_STEP + STEP_HANDLING}}, EVENT_HANDLING, EVENT_HANDLING, 0, false,
		false},
	    {"never backwards", {{TOWN, W_STEP + STEP_RESOLVED}, {TOWN, W_STEP + STEP_VERIFIED}}, EVENT_RESOLVED,
		EVENT_RESOLVED, 0, false, false},
	    {"nobody's step moves nothing", {{TOWN, W_INTAKE}, {TOWN, W_NOBODY + STEP_RESOLVED}}, EVENT_REPORTED,
		EVENT_REPORTED, 0, false, false},
	    {"taken on", {{TOWN, W_FIRST}, {COUNTY, W_TAKEN}}, EVENT_REPORTED, EVENT_REPORTED, EVENT_HANDLING, false,
		false},
	    {"taken on by nobody", {{TOWN, W_FIRST}, {COUNTY, W_TAKEN_NOBODY}}, EVENT_REPORTED, EVENT_REPORTED, 0,
		false, false},
	    {"a directive", {{TOWN, W_FIRST}, {COUNTY, W_DIRECTIVE}}, EVENT_REPORTED, EVENT_REPORTED, EVENT_HANDLING,
		false, false},
	    {"a feedback states nothing", {{TOWN, W_FEEDBACK}, {COUNTY, W_DIRECTIVE}}, EVENT_HANDLING, 0,
		EVENT_HANDLING, false, false},
	    {"the least counts", {{TOWN, W_FIRST}, {COUNTY, W_TAKEN}, {TOWN, W_STEP + STEP_RESOLVED}}, EVENT_HANDLING,
		EVENT_RESOLVED, EVENT_HANDLING, false, false},
	    {"final", {{TOWN, W_FIRST}, {TOWN, W_FINAL}}, EVENT_FINAL, EVENT_FINAL, 0, false, true},
	    {"verified report is final", {{TOWN, W_FIRST}, {TOWN, W_VERIFIED}}, EVENT_FINAL, EVENT_FINAL, 0, false,
		true},
	    {"news after the final report", {{TOWN, W_FINAL}, {TOWN, W_FOLLOW}}, EVENT_FINAL, EVENT_FINAL, 0, false,
		false},
	    {"archived", {{TOWN, W_FINAL}, {TOWN, W_STEP + STEP_ARCHIVED}}, EVENT_ARCHIVED, EVENT_ARCHIVED, 0, true,
		true},
	    {"archived, not for all", {{TOWN, W_FINAL}, {COUNTY, W_TAKEN}, {TOWN, W_STEP + STEP_ARCHIVED}},
		EVENT_HANDLING, EVENT_ARCHIVED, EVENT_HANDLING, false, true},
	    {"never reported on: resolved is enough",
		{{TOWN, W_INTAKE}, {TOWN, W_STEP + STEP_RESOLVED}, {TOWN, W_STEP + STEP_ARCHIVED}}, EVENT_ARCHIVED,
		EVENT_ARCHIVED, 0, true, false},
	    {"reported on: resolved is not enough",
		{{TOWN, W_FIRST}, {TOWN, W_STEP + STEP_RESOLVED}, {TOWN, W_STEP + STEP_ARCHIVED}}, EVENT_RESOLVED,
		EVENT_RESOLVED, 0, false, false},
	    {"archived from 在办", {{TOWN, W_INTAKE}, {TOWN, W_STEP + STEP_HANDLING}, {TOWN, W_STEP + STEP_ARCHIVED}},
		EVENT_HANDLING, EVENT_HANDLING, 0, false, false},
	    {"news after 归档", {{TOWN, W_FINAL}, {TOWN, W_STEP + STEP_ARCHIVED}, {TOWN, W_FOLLOW}}, EVENT_HANDLING,
		EVENT_HANDLING, 0, false, false},
	    {"a correction after 归档", {{TOWN, W_FINAL}, {TOWN, W_STEP + STEP_ARCHIVED}, {TOWN, W_CORRECT}},
		EVENT_HANDLING, EVENT_HANDLING, 0, false, true},
	    {"another's news after 归档", {{TOWN, W_FINAL}, {TOWN, W_STEP + STEP_ARCHIVED}, {COUNTY, W_FIRST}},
		EVENT_REPORTED, EVENT_ARCHIVED, EVENT_REPORTED, false, true},
	    {"a final report after 归档", {{TOWN, W_FINAL}, {TOWN, W_STEP + STEP_ARCHIVED}, {TOWN, W_FINAL}},
		EVENT_FINAL, EVENT_FINAL, 0, false, true},
	    {"another's final report after 归档", {{TOWN, W_FINAL}, {TOWN, W_STEP + STEP_ARCHIVED}, {COUNTY, W_FINAL}},
		EVENT_FINAL, EVENT_ARCHIVED, EVENT_FINAL, false, true},
	    {"reopened by another", {{TOWN, W_FINAL}, {TOWN, W_STEP + STEP_ARCHIVED}, {COUNTY, W_STEP + STEP_REOPENED}},
		EVENT_HANDLING, EVENT_HANDLING, EVENT_HANDLING, false, false},
	    {"reopened by nobody",
		{{TOWN, W_FINAL}, {TOWN, W_STEP + STEP_ARCHIVED}, {COUNTY, W_NOBODY + STEP_REOPENED}}, EVENT_ARCHIVED,
		EVENT_ARCHIVED, 0, true, true},
	    {"reopening pulls nobody forward",
		{{TOWN, W_INTAKE}, {COUNTY, W_STEP + STEP_RESOLVED}, {COUNTY, W_STEP + STEP_REOPENED}}, EVENT_REPORTED,
		EVENT_REPORTED, EVENT_HANDLING, false, false},
	    {"and on again",
		{{TOWN, W_FINAL}, {COUNTY, W_FINAL}, {TOWN, W_STEP + STEP_REOPENED}, {TOWN, W_FINAL},
		    {COUNTY, W_STEP + STEP_RESOLVED}},
		EVENT_RESOLVED, EVENT_FINAL, EVENT_RESOLVED, false, true},
	};

	(void)state;
	for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
		struct incident *inc;

		reset();
		for (uint64_t i = 0; cases[c].r[i].what != W_END; i++)
			(void)write_row(&cases[c].r[i], i + 1);
		inc = incident_fold(m, n);
		if (inc->state != cases[c].state || view_of(inc, TOWN) != cases[c].town ||
		    view_of(inc, COUNTY) != cases[c].county || inc->closed != cases[c].closed ||
		    inc->final_reported != cases[c].final || inc->not_understood)
			fail_msg("%s: state %d town %d county %d closed %d final %d", cases[c].what, inc->state,
			    view_of(inc, TOWN), view_of(inc, COUNTY), inc->closed, inc->final_reported);
		incident_free(inc);
	}
	/* Nothing at all has no state. */
	{
		struct incident *inc = incident_fold(NULL, 0);
		json_t *s = incident_summary(inc);

		assert_int_equal(inc->state, 0);
		assert_false(inc->closed);
		assert_string_equal(json_string_value(json_object_get(s, "state")), "");
		json_decref(s);
		incident_free(inc);
	}
}

/* Recalled news moved nothing; an unknown step, stage or kind moves nothing and is said. */
static void
test_not_moved(void **state)
{
	static const struct {
		const char *what;
		uint32_t key;
		int64_t value;
	} odd[] = {{"step", F_STEP, 77}, {"stage", F_STAGE, 99}, {"kind", F_KIND, 300}, {"no step", F_STEP, 0}};
	struct incident *inc;
	struct body *b;

	(void)state;
	reset();
	report(TOWN, 1, STAGE_FINAL);
	step(TOWN, 2, STEP_ARCHIVED, "王");
	after_all();
	report(TOWN, 3, STAGE_FOLLOWUP);
	after_all();
	b = report(TOWN, 4, STAGE_WITHDRAWAL);
	after_all();
	refers(b, TOWN, 3);
	inc = incident_fold(m, n);
	assert_int_equal(inc->state, EVENT_ARCHIVED);
	assert_true(inc->final_reported);
	incident_free(inc);
	/* A recalled step is none. */
	b = report(TOWN, 5, STAGE_WITHDRAWAL);
	after_all();
	refers(b, TOWN, 2);
	inc = incident_fold(m, n);
	assert_int_equal(inc->state, EVENT_FINAL);
	incident_free(inc);

	for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
		reset();
		put(TOWN, 1, KIND_INTAKE);
		b = odd[i].key == F_STAGE ? report(TOWN, 2, 1) : step(TOWN, 2, STEP_RESOLVED, "王");
		after_all();
		if (odd[i].value == 0)
			body_unset(b, odd[i].key);
		else
			body_set_num(b, odd[i].key, odd[i].value);
		inc = incident_fold(m, n);
		if (!inc->not_understood || inc->state != EVENT_REPORTED || inc->nlines != 2)
			fail_msg("%s: %d, state %d", odd[i].what, inc->not_understood, inc->state);
		incident_free(inc);
	}
}

static struct body *
merge(const char *who, uint64_t serial, int which, uint64_t other)
{
	struct body *b = step(who, serial, which, "王");
	struct msgid id = mkid(OTHER, other);

	after_all();
	if (other != 0)
		body_set_id(b, F_OTHER, &id);
	return b;
}

static void
test_merge(void **state)
{
	static const struct {
		const char *who;
		bool counts;
	} by[] = {{TOWN, true}, {COUNTY, true}, {CITY, true}, {DEPT, false}, {OTHER, false}, {"330225103", false}};
	struct incident *inc;
	struct msgid low = mkid("110000", 1), self = mkid(TOWN, 1);
	char *text;

	(void)state;
	for (size_t i = 0; i < sizeof by / sizeof by[0]; i++) {
		reset();
		put(TOWN, 1, KIND_INTAKE);
		merge(by[i].who, 50, STEP_MERGED, 9);
		inc = incident_fold(m, n);
		assert_int_equal(msgid_is_set(&inc->merged_into), by[i].counts);
		assert_int_equal(inc->state, by[i].counts ? EVENT_MERGED : EVENT_REPORTED);
		assert_int_equal(inc->closed, by[i].counts);
		assert_int_equal(view_of(inc, by[i].who), EVENT_MERGED);
		incident_free(inc);
	}
	/* A neighbour's own view of it is the only one held: nobody entitled has merged it. */
	reset();
	merge(OTHER, 50, STEP_MERGED, 9);
	inc = incident_fold(m, n);
	assert_int_equal(inc->state, EVENT_REPORTED);
	assert_false(inc->closed);
	incident_free(inc);
	/* News at the old place: it shows again, still as merged. */
	reset();
	put(TOWN, 1, KIND_INTAKE);
	merge(TOWN, 2, STEP_MERGED, 9);
	report(COUNTY, 3, STAGE_FIRST);
	after_all();
	inc = incident_fold(m, n);
	assert_int_equal(inc->state, EVENT_MERGED);
	assert_false(inc->closed);
	incident_free(inc);
	/* Taken back by reopening, merged once more elsewhere. */
	step(CITY, 4, STEP_REOPENED, "李");
	after_all();
	inc = incident_fold(m, n);
	assert_false(msgid_is_set(&inc->merged_into));
	assert_int_equal(view_of(inc, TOWN), EVENT_HANDLING);
	assert_int_equal(inc->state, EVENT_REPORTED); /* the county has only reported on it */
	incident_free(inc);
	merge(TOWN, 5, STEP_MERGED, 10);
	merge(COUNTY, 6, STEP_MERGED, 11);
	inc = incident_fold(m, n);
	assert_int_equal(inc->merged_into.serial, 11);
	assert_true(inc->closed);
	incident_free(inc);
	/* Into itself, into nothing: moves nothing. */
	reset();
	put(TOWN, 1, KIND_INTAKE);
	merge(TOWN, 2, STEP_MERGED, 0);
	body_set_id(merge(TOWN, 3, STEP_MERGED, 0), F_OTHER, &self);
	merge(TOWN, 4, STEP_ABSORBED, 0);
	inc = incident_fold(m, n);
	assert_int_equal(inc->state, EVENT_REPORTED);
	assert_int_equal(inc->nabsorbed, 0);
	incident_free(inc);

	/* Taken in, split off, sorted, each once; taken in and out again is neither. */
	reset();
	put(TOWN, 1, KIND_INTAKE);
	merge(TOWN, 2, STEP_ABSORBED, 9);
	merge(COUNTY, 3, STEP_ABSORBED, 4);
	merge(COUNTY, 4, STEP_ABSORBED, 9);
	merge(TOWN, 5, STEP_SPLIT, 30);
	merge(TOWN, 6, STEP_SPLIT, 20);
	merge(TOWN, 7, STEP_ABSORBED, 40);
	merge(TOWN, 8, STEP_SPLIT, 40);
	body_unset(merge(TOWN, 9, STEP_ABSORBED, 50), F_PERSON);
	inc = incident_fold(m, n);
	assert_int_equal(inc->nabsorbed, 2);
	assert_int_equal(inc->absorbed[0].serial, 4);
	assert_int_equal(inc->absorbed[1].serial, 9);
	assert_int_equal(inc->nsplit, 2);
	assert_int_equal(inc->split_to[0].serial, 20);
	assert_int_equal(inc->split_to[1].serial, 30);
	assert_int_equal(inc->state, EVENT_REPORTED);
	text = fingerprint(inc);
	assert_non_null(strstr(text, "\"absorbed\": [\"330226.1763787393.4\", \"330226.1763787393.9\"]"));
	free(text);
	incident_free(inc);

	/* Two rooms merged two incidents into each other: the smaller id stays, in both folds. */
	for (int round = 0; round < 2; round++) {
		struct msgid other = round == 0 ? mkid(OTHER, 9) : low;

		reset();
		put(TOWN, 1, KIND_INTAKE);
		body_set_id(merge(TOWN, 2, STEP_MERGED, 0), F_OTHER, &other);
		body_set_id(merge(OTHER, 3, STEP_ABSORBED, 0), F_OTHER, &other);
		inc = incident_fold(m, n);
		assert_int_equal(msgid_is_set(&inc->merged_into), round == 1);
		assert_int_equal(inc->closed, round == 1);
		incident_free(inc);
	}

	/* The part split off says so in its opening message. */
	reset();
	body_set_id(put(TOWN, 1, KIND_INTAKE), F_OTHER, &low);
	inc = incident_fold(m, n);
	assert_int_equal(msgid_cmp(&inc->split_from, &low), 0);
	incident_free(inc);
	/* What was put to it later out of another one does not make it a part of that. */
	reset();
	put(TOWN, 1, KIND_INTAKE);
	body_set_id(put(TOWN, 2, KIND_INTAKE), F_OTHER, &low);
	inc = incident_fold(m, n);
	assert_false(msgid_is_set(&inc->split_from));
	incident_free(inc);
}

static void
test_signatures(void **state)
{
	struct incident *inc;
	struct body *b;

	(void)state;
	reset();
	b = report(TOWN, 1, STAGE_FIRST);
	body_set_num(b, F_UNSIGNED, 1);
	body_set_text(b, F_SIGNATURE_OWED, "赵镇长");
	body_set_text(b, F_SIGNER, "钱");    /* typed, but nobody has signed */
	b = report(TOWN, 2, STAGE_FOLLOWUP); /* waits for nothing */
	after_all();
	body_set_text(b, F_SIGNER, "孙");
	inc = incident_fold(m, n);
	assert_true(inc->lines[0].signature_owed);
	assert_null(inc->lines[0].signer);
	assert_string_equal(inc->lines[0].owed_by, "赵镇长");
	assert_false(inc->lines[1].signature_owed);
	assert_string_equal(inc->lines[1].signer, "孙");
	assert_int_equal(inc->signatures_owed, 1);
	incident_free(inc);
	/* Not by nobody, not by another station, not of another report. */
	refers(step(TOWN, 3, STEP_COUNTERSIGNED, NULL), TOWN, 1);
	refers(step(TOWN, 4, STEP_COUNTERSIGNED, "  "), TOWN, 1);
	refers(step(COUNTY, 5, STEP_COUNTERSIGNED, "周"), TOWN, 1);
	refers(step(TOWN, 6, STEP_COUNTERSIGNED, "吴"), TOWN, 2);
	inc = incident_fold(m, n);
	assert_int_equal(inc->signatures_owed, 1);
	assert_string_equal(inc->all[inc->nall - 1].signer == NULL ? "孙" : "", "孙");
	incident_free(inc);
	b = step(TOWN, 7, STEP_COUNTERSIGNED, "值班员");
	after_all();
	refers(b, TOWN, 1);
	body_set_text(b, F_SIGNER, "赵镇长");
	b = step(TOWN, 8, STEP_COUNTERSIGNED, "郑"); /* the first stands */
	after_all();
	refers(b, TOWN, 1);
	inc = incident_fold(m, n);
	assert_int_equal(inc->signatures_owed, 0);
	for (size_t i = 0; i < inc->nlines; i++)
		if (inc->lines[i].id.serial == 1) {
			assert_false(inc->lines[i].signature_owed);
			assert_string_equal(inc->lines[i].signer, "赵镇长");
			assert_null(inc->lines[i].owed_by);
		}
	incident_free(inc);
	/* Recalled with its signature owed: nothing is owed for words that do not stand. */
	reset();
	body_set_num(report(TOWN, 1, STAGE_FIRST), F_UNSIGNED, 1);
	refers(report(TOWN, 2, STAGE_WITHDRAWAL), TOWN, 1);
	inc = incident_fold(m, n);
	assert_int_equal(inc->signatures_owed, 0);
	incident_free(inc);
	/* A recalled signature is none. */
	reset();
	body_set_num(report(TOWN, 1, STAGE_FIRST), F_UNSIGNED, 1);
	refers(step(TOWN, 2, STEP_COUNTERSIGNED, "赵"), TOWN, 1);
	refers(report(TOWN, 3, STAGE_WITHDRAWAL), TOWN, 2);
	inc = incident_fold(m, n);
	assert_int_equal(inc->signatures_owed, 1);
	assert_null(inc->all[0].owed_by);
	incident_free(inc);
}

/* What becomes of TOWN/1, addressed to the county, copied to the department. */
static void
test_report_states(void **state)
{
	enum {
		BACK = 1,
		BACK_NO_REASON,
		BACK_RELAY,
		BACK_STRANGER,
		BACK_CC,
		BACK_SELF,
		CORRECT,
		CORRECT_OTHER,
		WITHDRAW_CORRECTION,
		WITHDRAW,
		CLOSE_OWN,
		CLOSE_UP,
		CLOSE_SIDE,
		CLOSE_NOBODY,
		ARCHIVE
	};
	static const struct {
		const char *what;
		int does[4];
		int state;
	} cases[] = {
	    {"sent", {0}, REPORT_SENT},
	    {"returned", {BACK}, REPORT_RETURNED},
	    {"returned by a copied station", {BACK_CC}, REPORT_RETURNED},
	    {"without a reason", {BACK_NO_REASON}, REPORT_SENT},
	    {"a relay knew no way", {BACK_RELAY}, REPORT_SENT},
	    {"by a stranger", {BACK_STRANGER}, REPORT_SENT},
	    {"by its own station", {BACK_SELF}, REPORT_SENT},
	    {"corrected", {CORRECT}, REPORT_CORRECTED},
	    {"another's correction", {CORRECT_OTHER}, REPORT_SENT},
	    {"returned, corrected", {BACK, CORRECT}, REPORT_CORRECTED},
	    {"returned, corrected, the correction recalled", {BACK, CORRECT, WITHDRAW_CORRECTION}, REPORT_RETURNED},
	    {"recalled", {WITHDRAW}, REPORT_WITHDRAWN},
	    {"corrected and recalled", {CORRECT, WITHDRAW}, REPORT_WITHDRAWN},
	    {"closed by itself", {CLOSE_OWN}, REPORT_CLOSED},
	    {"closed from above", {CLOSE_UP}, REPORT_CLOSED},
	    {"closed by a neighbour", {CLOSE_SIDE}, REPORT_SENT},
	    {"closed by nobody", {CLOSE_NOBODY}, REPORT_SENT},
	    {"returned, then closed", {BACK, CLOSE_UP}, REPORT_CLOSED},
	    {"closed, then returned", {CLOSE_OWN, BACK}, REPORT_RETURNED},
	    {"archived", {ARCHIVE}, REPORT_CLOSED},
	    {"archived, then returned", {ARCHIVE, BACK}, REPORT_RETURNED},
	    {"recalled, then archived", {WITHDRAW, ARCHIVE}, REPORT_WITHDRAWN},
	};

	(void)state;
	for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
		struct incident *inc;
		uint64_t serial = 10;
		struct body *b;
		int is = -1;

		reset();
		b = report(TOWN, 1, STAGE_FIRST);
		body_add_text(b, F_TO, COUNTY, strlen(COUNTY));
		body_add_text(b, F_CC, DEPT, strlen(DEPT));
		for (size_t i = 0; i < 4 && cases[c].does[i] != 0; i++, serial++) {
			const char *who = COUNTY;

			switch (cases[c].does[i]) {
			case BACK_STRANGER:
				who = OTHER;
				break;
			case BACK_CC:
				who = DEPT;
				break;
			case BACK_SELF:
				who = TOWN;
				break;
			default:
				break;
			}
			switch (cases[c].does[i]) {
			case CORRECT:
			case CORRECT_OTHER:
				b = report(cases[c].does[i] == CORRECT ? TOWN : COUNTY, serial, STAGE_CORRECTION);
				refers(b, TOWN, 1);
				break;
			case WITHDRAW:
			case WITHDRAW_CORRECTION:
				b = report(TOWN, serial, STAGE_WITHDRAWAL);
				refers(b, TOWN, cases[c].does[i] == WITHDRAW ? 1 : serial - 1);
				break;
			case CLOSE_OWN:
			case CLOSE_UP:
			case CLOSE_SIDE:
			case CLOSE_NOBODY:
				who = cases[c].does[i] == CLOSE_UP     ? CITY
				      : cases[c].does[i] == CLOSE_SIDE ? OTHER
								       : TOWN;
				b = step(who, serial, STEP_CLOSED, cases[c].does[i] == CLOSE_NOBODY ? NULL : "王");
				refers(b, TOWN, 1);
				break;
			case ARCHIVE:
				report(TOWN, serial, STAGE_FINAL);
				after_all();
				step(TOWN, ++serial, STEP_ARCHIVED, "王");
				break;
			default:
				receipt(who, serial, ACT_RETURNED, TOWN, 1);
				b = bodies[n - 1];
				if (cases[c].does[i] != BACK_NO_REASON)
					body_set_text(b, F_REASON, "地点不清");
				if (cases[c].does[i] == BACK_RELAY)
					body_add_text(b, F_REGARDING, CITY, strlen(CITY));
			}
			after_all();
		}
		inc = incident_fold(m, n);
		for (size_t i = 0; i < inc->nlines; i++) {
			if (inc->lines[i].id.serial == 1)
				is = inc->lines[i].state;
			assert_int_equal(inc->lines[i].state != 0, inc->lines[i].kind == KIND_REPORT);
		}
		if (is != cases[c].state)
			fail_msg("%s: %d, not %d", cases[c].what, is, cases[c].state);
		incident_free(inc);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(test_views, teardown),
	    cmocka_unit_test_teardown(test_not_moved, teardown),
	    cmocka_unit_test_teardown(test_merge, teardown),
	    cmocka_unit_test_teardown(test_signatures, teardown),
	    cmocka_unit_test_teardown(test_report_states, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
