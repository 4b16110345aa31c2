/* What the fold says: grades, figures per source, corrections, texts, receipts, gaps, final reports, the summary. */
#include "incident_help.h"

static void
test_grades(void **state)
{
	static const struct {
		const char *what;
		struct { const char *who; int grade; bool reason, signer; } g[4];
		int effective;
		bool conflict;
		int town, county;	/* standing; 0 = none */
	} cases[] = {
	    {"none", {{NULL, 0, false, false}}, 0, false, 0, 0},
	    {"one", {{TOWN, GRADE_III, false, false}}, GRADE_III, false, GRADE_III, 0},
	    {"raised by the same", {{TOWN, GRADE_IV, false, false}, {TOWN, GRADE_II, false, false}}, GRADE_II, false,
		GRADE_II, 0},
	    {"lowered without a word", {{TOWN, GRADE_II, false, false}, {TOWN, GRADE_IV, false, false}}, GRADE_II,
		false, GRADE_II, 0},
	    {"lowered, reason alone", {{TOWN, GRADE_II, false, false}, {TOWN, GRADE_IV, true, false}}, GRADE_II, false,
		GRADE_II, 0},
	    {"lowered, signer alone", {{TOWN, GRADE_II, false, false}, {TOWN, GRADE_IV, false, true}}, GRADE_II, false,
		GRADE_II, 0},
	    {"lowered properly", {{TOWN, GRADE_II, false, false}, {TOWN, GRADE_IV, true, true}}, GRADE_IV, false,
		GRADE_IV, 0},
	    {"two opinions", {{TOWN, GRADE_III, false, false}, {COUNTY, GRADE_II, false, false}}, GRADE_II, true,
		GRADE_III, GRADE_II},
	    {"another's lowering moves nothing", {{COUNTY, GRADE_II, false, false}, {TOWN, GRADE_IV, true, true}},
		GRADE_II, true, GRADE_IV, GRADE_II},
	    {"undetermined alone", {{TOWN, GRADE_UNDETERMINED, false, false}}, GRADE_UNDETERMINED, false,
		GRADE_UNDETERMINED, 0},
	    {"undetermined beside", {{TOWN, GRADE_UNDETERMINED, false, false}, {COUNTY, GRADE_IV, false, false}},
		GRADE_IV, false, GRADE_UNDETERMINED, GRADE_IV},
	    {"undetermined after", {{TOWN, GRADE_III, false, false}, {TOWN, GRADE_UNDETERMINED, false, false}},
		GRADE_III, false, GRADE_III, 0},
	    {"unknown value", {{TOWN, GRADE_III, false, false}, {TOWN, 5, true, true}}, GRADE_III, false, GRADE_III, 0},
	};

	(void)state;
	for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
		struct incident *inc;
		int town = 0, county = 0;

		reset();
		put(TOWN, 1, KIND_INTAKE);
		for (uint64_t i = 0; i < 4 && cases[c].g[i].who != NULL; i++) {
			struct body *b = i % 2 == 0 ? put(cases[c].g[i].who, i + 2, KIND_GRADE) :
						      report(cases[c].g[i].who, i + 2, STAGE_FOLLOWUP);

			for (size_t k = 0; k + 1 < n; k++)
				body_add_id(b, F_PARENTS, &m[k].id);
			grades(b, cases[c].g[i].grade, cases[c].g[i].reason ? "核实无误" : NULL,
			    cases[c].g[i].signer ? "赵" : NULL);
		}
		inc = incident_fold(m, n);
		for (size_t i = 0; i < inc->ngrades; i++)
			*(strcmp(inc->grades[i].station, TOWN) == 0 ? &town : &county) = inc->grades[i].grade;
		if (inc->grade != cases[c].effective || inc->grade_conflict != cases[c].conflict ||
		    town != cases[c].town || county != cases[c].county)
			fail_msg("%s: grade %d conflict %d town %d county %d", cases[c].what, inc->grade,
			    inc->grade_conflict, town, county);
		incident_free(inc);
	}
}

static const char *
figure_text(const struct incident *inc, const char *name, char *buf, size_t size)
{
	json_t *s = incident_summary(inc);
	const char *t = json_string_value(json_object_get(json_object_get(s, "figures"), name));

	snprintf(buf, size, "%s", t != NULL ? t : "-");
	json_decref(s);
	return buf;
}

static void
test_figures(void **state)
{
	struct incident *inc;
	struct body *b;
	char buf[256];

	(void)state;
	reset();
	b = report(TOWN, 1, STAGE_FIRST);
	says(b, F_DEAD, FIG_EXACT, 3, "119");
	says(b, F_DEAD, FIG_EXACT, 1, "120");
	says(b, F_MISSING, FIG_EXACT, 2, "119");
	says(b, F_TRAPPED, FIG_ATLEAST, 5, NULL);
	says(b, F_SERIOUS, FIG_UNKNOWN, 0, NULL);
	says(b, F_LOSS, FIG_ABOUT, 1205000, NULL);
	says(b, F_EVACUATED, FIG_EXACT, 0, NULL);
	b = report(TOWN, 2, STAGE_FOLLOWUP);
	after(b, TOWN, 1);
	says(b, F_MISSING, FIG_UNKNOWN, 0, "110");	/* unknown to another source: the known one stays */
	says(b, F_SERIOUS, FIG_ATMOST, 4, NULL);
	b = report(TOWN, 3, STAGE_FOLLOWUP);
	after(b, TOWN, 2);
	says(b, F_DEAD, FIG_EXACT, 2, "119");		/* counts may fall */
	inc = incident_fold(m, n);
	assert_string_equal(figure_text(inc, "dead", buf, sizeof buf), "2(119)/1(120)");
	assert_string_equal(figure_text(inc, "missing", buf, sizeof buf), "?(110)/2(119)");
	assert_string_equal(figure_text(inc, "trapped", buf, sizeof buf), ">=5");
	assert_string_equal(figure_text(inc, "serious", buf, sizeof buf), "<=4");
	assert_string_equal(figure_text(inc, "loss", buf, sizeof buf), "~120.5");
	assert_string_equal(figure_text(inc, "evacuated", buf, sizeof buf), "0");
	assert_string_equal(figure_text(inc, "light", buf, sizeof buf), "-");
	assert_int_equal(inc->nfigures, 8);
	incident_free(inc);

	/* Unknown does replace exact of the same source, and says so. */
	b = report(TOWN, 4, STAGE_FOLLOWUP);
	after(b, TOWN, 3);
	says(b, F_MISSING, FIG_UNKNOWN, 0, "119");
	inc = incident_fold(m, n);
	assert_string_equal(figure_text(inc, "missing", buf, sizeof buf), "?");
	incident_free(inc);
}

/* The county cites the town; a later word of the town itself is not overwritten by the citation of an older one. */
static void
test_citation(void **state)
{
	struct incident *inc;
	struct body *b;
	char buf[256];

	(void)state;
	reset();
	says(report(TOWN, 1, STAGE_FIRST), F_DEAD, FIG_EXACT, 3, NULL);
	b = report(TOWN, 2, STAGE_FOLLOWUP);
	after(b, TOWN, 1);
	says(b, F_DEAD, FIG_EXACT, 5, NULL);
	b = report(COUNTY, 9, STAGE_FIRST);
	after(b, TOWN, 1);
	after(b, TOWN, 2);
	says(b, F_DEAD, FIG_EXACT, 3, TOWN);
	inc = incident_fold(m, n);
	assert_string_equal(figure_text(inc, "dead", buf, sizeof buf), "5");
	incident_free(inc);
	/* Where only the citation is held, it stands. */
	inc = incident_fold(m + 2, 1);
	assert_string_equal(figure_text(inc, "dead", buf, sizeof buf), "3");
	assert_string_equal(inc->figures[0].source, TOWN);
	assert_string_equal(inc->figures[0].station, COUNTY);
	incident_free(inc);
}

static void
test_corrections(void **state)
{
	struct incident *inc;
	struct body *b;
	char buf[256];

	(void)state;
	reset();
	b = report(TOWN, 1, STAGE_FIRST);
	body_set_text(b, F_TITLE, "旧题");
	says(b, F_EVACUATED, FIG_EXACT, 21, NULL);
	says(b, F_DEAD, FIG_EXACT, 4, NULL);
	b = report(TOWN, 2, STAGE_FOLLOWUP);
	after(b, TOWN, 1);
	says(b, F_DEAD, FIG_EXACT, 5, NULL);
	b = report(TOWN, 3, STAGE_CORRECTION);
	after(b, TOWN, 2);
	refers(b, TOWN, 1);
	body_set_text(b, F_TITLE, "新题");
	says(b, F_EVACUATED, FIG_EXACT, 12, NULL);
	says(b, F_DEAD, FIG_EXACT, 2, NULL);
	inc = incident_fold(m, n);
	assert_string_equal(figure_text(inc, "evacuated", buf, sizeof buf), "12");
	/* The correction of the first report does not undo what the second one said. */
	assert_string_equal(figure_text(inc, "dead", buf, sizeof buf), "5");
	assert_string_equal(inc->title, "新题");
	assert_true(inc->all[0].superseded);
	assert_false(inc->all[1].superseded);
	incident_free(inc);

	/* Another station's correction supersedes nothing of ours, but its own figures stand. */
	reset();
	says(report(TOWN, 1, STAGE_FIRST), F_DEAD, FIG_EXACT, 4, NULL);
	b = report(COUNTY, 1, STAGE_CORRECTION);
	after(b, TOWN, 1);
	refers(b, TOWN, 1);
	says(b, F_DEAD, FIG_EXACT, 2, NULL);
	inc = incident_fold(m, n);
	assert_false(inc->all[0].superseded);
	assert_string_equal(figure_text(inc, "dead", buf, sizeof buf), "2(330225)/4(330225102)");
	incident_free(inc);

	/* Recalled: its figures and words are gone, its grade stands. */
	reset();
	b = report(TOWN, 1, STAGE_FIRST);
	body_set_text(b, F_TITLE, "火灾");
	says(b, F_DEAD, FIG_EXACT, 1, NULL);
	b = report(TOWN, 2, STAGE_FOLLOWUP);
	after(b, TOWN, 1);
	body_set_text(b, F_TITLE, "误发");
	says(b, F_DEAD, FIG_EXACT, 30, NULL);
	grades(b, GRADE_I, NULL, NULL);
	b = report(TOWN, 3, STAGE_WITHDRAWAL);
	after(b, TOWN, 2);
	refers(b, TOWN, 2);
	b = report(COUNTY, 3, STAGE_WITHDRAWAL);	/* not his to recall */
	refers(b, TOWN, 1);
	inc = incident_fold(m, n);
	assert_string_equal(inc->title, "火灾");
	assert_string_equal(figure_text(inc, "dead", buf, sizeof buf), "1");
	assert_int_equal(inc->grade, GRADE_I);
	assert_int_equal(inc->nlines, 4);
	incident_free(inc);
}

static void
test_texts(void **state)
{
	struct incident *inc;
	struct body *b;

	(void)state;
	reset();
	b = put(TOWN, 1, KIND_INTAKE);
	body_set_text(b, F_TITLE, "甲");
	body_set_text(b, F_PLACE, "振兴路12号");
	body_set_text(b, F_TYPE, "yjpt:12G00");
	body_set_text(b, F_NUMBER, "1122-001");
	body_set_time(b, F_LEARNED, 5000);
	b = report(COUNTY, 1, STAGE_FIRST);
	after(b, TOWN, 1);
	body_set_text(b, F_TITLE, "县报");
	body_set_text(b, F_NUMBER, "1122-077");
	body_set_text(b, F_BRIEF, "县经过");
	b = report(TOWN, 2, STAGE_FOLLOWUP);
	after(b, TOWN, 1);
	body_set_text(b, F_PLACE, "振兴路21号");
	inc = incident_fold(m, n);
	assert_string_equal(inc->title, "甲");
	assert_string_equal(inc->place, "振兴路21号");
	assert_string_equal(inc->type, "yjpt:12G00");
	assert_string_equal(inc->number, "1122-001");
	assert_string_equal(inc->opener, TOWN);
	assert_int_equal(inc->learned, 5000);
	assert_int_equal(inc->opener_kind, KIND_INTAKE);
	incident_free(inc);
	/* Only the county's report is held: its words stand in. */
	inc = incident_fold(m + 1, 1);
	assert_string_equal(inc->title, "县报");
	assert_string_equal(inc->number, "1122-077");
	assert_string_equal(inc->opener, TOWN);
	assert_int_equal(inc->nmissing, 1);
	incident_free(inc);
	/* No title anywhere: the first line of the course, cut, without controls. */
	reset();
	b = report(TOWN, 1, STAGE_FIRST);
	body_set_text(b, F_BRIEF, "仓库起火,火势较大。\n第二行");
	inc = incident_fold(m, n);
	assert_string_equal(inc->title, "仓库起火,火势较大。");
	incident_free(inc);
	/* A directive's own title renames no incident. */
	reset();
	body_set_text(put(TOWN, 1, KIND_INTAKE), F_TITLE, "火灾");
	b = put(TOWN, 2, KIND_DIRECTIVE);
	after(b, TOWN, 1);
	body_set_text(b, F_TITLE, "清点人数");
	inc = incident_fold(m, n);
	assert_string_equal(inc->title, "火灾");
	incident_free(inc);
}

static void
test_receipts(void **state)
{
	struct incident *inc;

	(void)state;
	reset();
	put(TOWN, 1, KIND_INTAKE);
	after(report(TOWN, 2, STAGE_FIRST), TOWN, 1);
	for (int act = ACT_DELIVERED; act <= ACT_RETURNED; act++) {
		receipt(COUNTY, (uint64_t)act, act, TOWN, 2);
		after(bodies[n - 1], TOWN, 2);		/* receipts have parents and cover nothing */
	}
	inc = incident_fold(m, n);
	assert_int_equal(inc->nall, 7);
	assert_int_equal(inc->nlines, 5);
	for (size_t i = 0; i < inc->nlines; i++)
		assert_true(inc->lines[i].act != ACT_DELIVERED && inc->lines[i].act != ACT_READ);
	assert_int_equal(inc->nheads, 1);
	assert_int_equal(inc->heads[0].serial, 2);
	incident_free(inc);
}

static void
test_versions(void **state)
{
	static const struct {
		uint64_t v[6];
		int version;
		const char *missing;
	} cases[] = {
	    {{1, 2, 3}, 3, ""},
	    {{3, 1}, 3, "330225102 report 3 without 2"},
	    {{7, 5, 2}, 7, "330225102 report 7 without 1, 3-4, 6"},
	    {{2, 2, 1}, 2, ""},
	    {{UINT64_C(9223372036854775807)}, INT32_MAX, "330225102 report 2147483647 without 1-9223372036854775806"},
	};
	struct incident *inc;

	(void)state;
	for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
		reset();
		put(TOWN, 1, KIND_INTAKE);
		for (uint64_t i = 0; i < 6 && cases[c].v[i] != 0; i++)
			body_set_num(report(TOWN, i + 2, STAGE_FOLLOWUP), F_VERSION, (int64_t)cases[c].v[i]);
		inc = incident_fold(m, n);
		assert_int_equal(inc->version, cases[c].version);
		assert_string_equal(inc->missing_text, cases[c].missing);
		incident_free(inc);
	}
	/* Several stations: the opener's gap first; many gaps stay within their bounds. */
	reset();
	body_set_num(report(COUNTY, 1, STAGE_FOLLOWUP), F_VERSION, 2);
	for (uint64_t i = 1; i < 200; i++)
		body_set_num(report(TOWN, i, STAGE_FOLLOWUP), F_VERSION, (int64_t)i * 2);
	inc = incident_fold(m, n);
	assert_int_equal(inc->ngaps, 2);
	assert_string_equal(inc->gaps[0].station, TOWN);
	assert_int_equal(inc->gaps[0].have, 398);
	assert_string_equal(inc->gaps[1].without, "1");
	incident_free(inc);
}

static void
test_final_and_history(void **state)
{
	static const struct {
		const char *who;
		bool final;
	} cases[] = {{TOWN, true}, {COUNTY, true}, {CITY, true}, {"330225103", false}, {"330226", false}};
	struct incident *inc;
	struct body *b;

	(void)state;
	for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
		reset();
		put(TOWN, 1, KIND_INTAKE);
		after(report(cases[c].who, 40, STAGE_FINAL), TOWN, 1);
		inc = incident_fold(m, n);
		assert_int_equal(inc->final_reported, cases[c].final);
		incident_free(inc);
	}
	reset();
	report(TOWN, 1, STAGE_FINAL);
	after(report(TOWN, 2, STAGE_FOLLOWUP), TOWN, 1);	/* reopened */
	inc = incident_fold(m, n);
	assert_false(inc->final_reported);
	assert_false(inc->history);
	incident_free(inc);

	reset();
	b = report(TOWN, 1, STAGE_FIRST);
	body_set_num(b, F_HISTORY, 1);
	receipt(COUNTY, 1, ACT_SIGNED, TOWN, 1);		/* of today: it makes the import no live matter */
	inc = incident_fold(m, n);
	assert_true(inc->history);
	incident_free(inc);
	after(report(TOWN, 2, STAGE_FOLLOWUP), TOWN, 1);
	inc = incident_fold(m, n);
	assert_false(inc->history);
	incident_free(inc);
}

static void
test_identity(void **state)
{
	struct incident *inc;

	(void)state;
	reset();
	put(TOWN, 9, KIND_DIRECTIVE);
	body_unset(bodies[0], F_INCIDENT);
	inc = incident_fold(m, n);
	assert_int_equal(msgid_cmp(&inc->id, &m[0].id), 0);	/* alone: its own incident */
	incident_free(inc);
	assert_true(incident_addressed(bodies[0], COUNTY, true) == false);
	body_add_text(bodies[0], F_CC, COUNTY, strlen(COUNTY));
	assert_true(incident_addressed(bodies[0], COUNTY, true));
	assert_false(incident_addressed(bodies[0], COUNTY, false));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_grades, teardown),
		cmocka_unit_test_teardown(test_figures, teardown),
		cmocka_unit_test_teardown(test_citation, teardown),
		cmocka_unit_test_teardown(test_corrections, teardown),
		cmocka_unit_test_teardown(test_texts, teardown),
		cmocka_unit_test_teardown(test_receipts, teardown),
		cmocka_unit_test_teardown(test_versions, teardown),
		cmocka_unit_test_teardown(test_final_and_history, teardown),
		cmocka_unit_test_teardown(test_identity, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
