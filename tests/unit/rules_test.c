/* Precedences and deadlines: the shipped tables, how rows are matched, and tables that leave a gap. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>
#include "../../formats/conf.h"
#include "../../formats/rules.h"
#include "../lib/confdir.h"
#include "../lib/rulesdir.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define PREC_HEAD "kind\tstage\tact\tgrade\tcolour\tprecedence\tclause\n"
#define NUMBER_HEAD "name\tnumber\tunit\tclause\tin_force_since\n"
#define LIMIT_HEAD "what\tlevel\tgrade\tprec\torigin\tminutes\tclause\tin_force_since\n"

static bool
deadline(const struct rules *r, enum owed what, const char *level, int grade, int prec, struct deadline *d)
{
	struct rule_ask ask = {.what = what, .station = "330225", .level = level, .grade = grade, .prec = prec, .scope = SCOPE_HOP};

	return rules_deadline(r, &ask, d);
}

static struct rules *shipped;
static char dir[CONFDIR_MAX];

static void
put(const char *name, const char *text)
{
	confdir_put(dir, "rules", name, text);
}

static void
put_base(void)
{
	rulesdir_clear(dir);
	put("precedence", PREC_HEAD "report\t*\t*\tI\t*\tflash\ts\n*\t*\t*\t*\t*\tpriority\ts\n");
	put("deadlines", LIMIT_HEAD "read\t*\t*\t*\tdelivered\t30\ts\t\n");
	assert_true(rulesdir_fill(dir));
}

static int
setup(void **state)
{
	char conf[4096];
	struct fault f = {0};

	(void)state;
	if (conf_dir(conf, sizeof(conf), &f) == NULL)
		return -1;
	shipped = rules_load(conf, &f);
	if (shipped == NULL) {
		(void)fprintf(stderr, "%s:%zu: %s: %s\n", f.file, f.line, f.field, f.text);
		return -1;
	}
	return confdir_make(dir, "rules_test", "rules") ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	rulesdir_clear(dir);
	rules_free(shipped);
	rules_free(NULL);
	return confdir_remove(dir, "rules");
}

static int
precedence(const struct rules *r, int kind, int stage, int act, int grade, int colour, int own)
{
	struct body *b = body_new();
	int p;

	if (kind > 0)
		body_set_num(b, F_KIND, kind);
	if (stage > 0)
		body_set_num(b, F_STAGE, stage);
	if (act > 0)
		body_set_num(b, F_ACT, act);
	if (grade > 0)
		body_set_num(b, F_GRADE, grade);
	if (colour > 0)
		body_set_num(b, F_COLOUR, colour);
	if (own > 0)
		body_set_num(b, F_PRECEDENCE, own);
	p = rules_precedence(r, b);
	body_free(b);
	return p;
}

static void
shipped_precedences(void **state)
{
	static const struct {
		int kind, stage, act, grade, colour, own, want;
	} cases[] = {
	    {KIND_REPORT, STAGE_FIRST, 0, GRADE_I, 0, 0, PREC_FLASH},
	    {KIND_REPORT, STAGE_FOLLOWUP, 0, GRADE_II, 0, 0, PREC_FLASH},
	    {KIND_REPORT, STAGE_FIRST, 0, GRADE_III, 0, 0, PREC_URGENT},
	    {KIND_REPORT, STAGE_FIRST, 0, GRADE_IV, 0, 0, PREC_PRIORITY},
	    {KIND_REPORT, STAGE_FIRST, 0, GRADE_UNDETERMINED, 0, 0, PREC_PRIORITY},
	    {KIND_REPORT, STAGE_FIRST, 0, 0, 0, 0, PREC_PRIORITY},
	    {KIND_REPORT, STAGE_FINAL, 0, GRADE_I, 0, 0, PREC_ROUTINE},
	    {KIND_WARNING, 0, 0, 0, COLOUR_RED, 0, PREC_FLASH},
	    {KIND_WARNING, 0, 0, 0, COLOUR_ORANGE, 0, PREC_URGENT},
	    {KIND_WARNING, 0, 0, 0, COLOUR_BLUE, 0, PREC_ROUTINE},
	    {KIND_WARNING, 0, 0, 0, 0, 0, PREC_PRIORITY},
	    {KIND_DIRECTIVE, 0, 0, 0, 0, 0, PREC_URGENT},
	    {KIND_RECEIPT, 0, ACT_SIGNED, 0, 0, 0, PREC_URGENT},
	    {KIND_RECEIPT, 0, ACT_DELIVERED, 0, 0, 0, PREC_ROUTINE},
	    {KIND_FEEDBACK, 0, 0, 0, 0, 0, PREC_PRIORITY},
	    {KIND_LOG, 0, 0, 0, 0, 0, PREC_ROUTINE},
	    {KIND_INTAKE, 0, 0, GRADE_I, 0, 0, PREC_ROUTINE},
	    {KIND_ROLLCALL, 0, 0, 0, 0, 0, PREC_PRIORITY},
	    {4711, 0, 0, 0, 0, 0, PREC_PRIORITY},
	    {0, 0, 0, 0, 0, 0, PREC_PRIORITY},
	    /* raised by a person, never lowered, nonsense not heeded */
	    {KIND_REPORT, STAGE_FIRST, 0, GRADE_IV, 0, PREC_FLASH, PREC_FLASH},
	    {KIND_REPORT, STAGE_FIRST, 0, GRADE_I, 0, PREC_ROUTINE, PREC_FLASH},
	    {KIND_LOG, 0, 0, 0, 0, 99, PREC_ROUTINE},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_int_equal(precedence(shipped, cases[i].kind, cases[i].stage, cases[i].act, cases[i].grade, cases[i].colour,
				     cases[i].own), cases[i].want);
}

static void
shipped_deadlines(void **state)
{
	static const struct {
		enum owed what;
		const char *level;
		int grade, prec;
		int64_t minutes; /* 0: none */
		enum owed_origin origin;
	} cases[] = {
	    {OWED_REPORT_PHONE, "township", GRADE_IV, PREC_PRIORITY, 20, ORIGIN_LEARNED},
	    {OWED_REPORT_WRITTEN, "township", GRADE_UNDETERMINED, PREC_PRIORITY, 40, ORIGIN_LEARNED},
	    {OWED_REPORT_WRITTEN, "township", 0, 0, 40, ORIGIN_LEARNED},
	    {OWED_REPORT_WRITTEN, "county", GRADE_IV, PREC_PRIORITY, 120, ORIGIN_LEARNED},
	    {OWED_REPORT_WRITTEN, "county", GRADE_UNDETERMINED, PREC_PRIORITY, 120, ORIGIN_LEARNED},
	    {OWED_REPORT_WRITTEN, "county", GRADE_II, PREC_FLASH, 120, ORIGIN_LEARNED}, /* its own clock; the chain's is another */
	    {OWED_REPORT_PHONE, "county", GRADE_I, PREC_FLASH, 0, ORIGIN_LEARNED},
	    {OWED_REPORT_PHONE, "county", GRADE_IV, PREC_PRIORITY, 0, ORIGIN_LEARNED},
	    {OWED_REPORT_WRITTEN, "city", GRADE_III, PREC_URGENT, 120, ORIGIN_LEARNED},
	    {OWED_REPORT_WRITTEN, "village", GRADE_I, PREC_FLASH, 0, ORIGIN_LEARNED},
	    {OWED_REPORT_WRITTEN, "", GRADE_I, PREC_FLASH, 0, ORIGIN_LEARNED},
	    {OWED_READ, "county", GRADE_IV, PREC_FLASH, 5, ORIGIN_DELIVERED},
	    {OWED_SIGN, "anything", 0, PREC_ROUTINE, 240, ORIGIN_DELIVERED},
	    {OWED_SIGN, "county", GRADE_I, 0, 0, ORIGIN_DELIVERED},
	    {OWED_FEEDBACK, "township", GRADE_II, PREC_URGENT, 60, ORIGIN_DELIVERED},
	};
	struct deadline d;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		bool any = deadline(shipped, cases[i].what, cases[i].level, cases[i].grade, cases[i].prec, &d);

		assert_int_equal(any, cases[i].minutes > 0);
		if (!any)
			continue;
		assert_int_equal(d.minutes, cases[i].minutes);
		assert_int_equal(d.origin, cases[i].origin);
		assert_true(d.clause[0] != '\0');
	}
}

/* A row gives way to one that names everything it names and more; of the rest the strictest counts. */
static void
rows_are_weighed(void **state)
{
	static const char text[] = LIMIT_HEAD "written\t*\t*\t*\tlearned\t90\tall\t\n"
					      "written\tcounty\t*\t*\tlearned\t120\tcounty\t\n"
					      "written\t*\tII\t*\tlearned\t60\tgrade\t\n"
					      "written\tcity\t*\t*\tlearned\t30\tcity\t\n"
					      "written\tcity\tII\tflash\tlearned\t300\tcity, II, flash\t\n"
					      "written\tprovince\t*\t*\tlearned\t45\tlearned\t\n"
					      "written\tprovince\t*\t*\toccurred\t45\toccurred\t\n"
					      "written\t*\tundetermined\t*\tlearned\t50\tundetermined\t\n";
	static const struct {
		const char *level;
		int grade, prec;
		const char *clause;
	} cases[] = {
	    {"township", GRADE_IV, 4, "all"},
	    {"county", GRADE_IV, 4, "county"},	     /* more specific, though laxer */
	    {"county", GRADE_II, 4, "grade"},	     /* neither names more than the other: the strictest */
	    {"city", GRADE_II, 4, "city"},
	    {"city", GRADE_II, 1, "city, II, flash"}, /* names all that the others name */
	    {"province", GRADE_I, 1, "occurred"},     /* the earlier origin is the stricter */
	    {"township", 0, 4, "undetermined"},
	    {"township", 77, 4, "undetermined"},
	};
	struct fault f = {0};
	struct rules *r;
	struct deadline d;

	(void)state;
	put_base();
	put("deadlines", text);
	r = rules_load(dir, &f);
	assert_non_null(r);
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_true(deadline(r, OWED_REPORT_WRITTEN, cases[i].level, cases[i].grade, cases[i].prec, &d));
		assert_string_equal(d.clause, cases[i].clause);
	}
	assert_false(deadline(r, OWED_READ, "county", GRADE_I, 1, &d));
	rules_free(r);
}

static void
local_rows_win(void **state)
{
	struct fault f = {0};
	struct rules *r;
	struct deadline d;

	(void)state;
	put_base();
	put("precedence.local", "kind\tprecedence\tclause\nreport\turgent\there\n"); /* columns left out are any */
	put("deadlines.local", LIMIT_HEAD "read\t*\t*\t*\tdelivered\t45\there\t\nread\tcounty\t*\t*\tdelivered\t15\there too\t2024-01-01\n");
	r = rules_load(dir, &f);
	assert_non_null(r);
	assert_int_equal(precedence(r, KIND_REPORT, 0, 0, GRADE_I, 0, 0), PREC_URGENT);
	assert_int_equal(precedence(r, KIND_LOG, 0, 0, 0, 0, 0), PREC_PRIORITY);
	assert_true(deadline(r, OWED_READ, "city", 0, 1, &d));
	assert_int_equal(d.minutes, 45);
	assert_true(deadline(r, OWED_READ, "county", 0, 1, &d));
	assert_int_equal(d.minutes, 15);
	rules_free(r);
	put_base();
}

static void
absent_is_not_any(void **state)
{
	struct fault f = {0};
	struct rules *r;

	(void)state;
	put_base();
	put("precedence", PREC_HEAD "report\t*\t*\t-\t*\turgent\ts\n*\t*\t*\t*\t*\troutine\ts\n");
	r = rules_load(dir, &f);
	assert_non_null(r);
	assert_int_equal(precedence(r, KIND_REPORT, 0, 0, 0, 0, 0), PREC_URGENT);
	assert_int_equal(precedence(r, KIND_REPORT, 0, 0, GRADE_IV, 0, 0), PREC_ROUTINE);
	rules_free(r);
	put_base();
}

static void
bad_tables_stop_the_start(void **state)
{
	static const struct {
		const char *file, *text;
		size_t line;
		const char *says;
	} cases[] = {
	    {"precedence", PREC_HEAD "report\t*\t*\t*\t*\tflash\ts\n", 0, "match everything"},
	    {"precedence", PREC_HEAD, 0, "match everything"},
	    {"precedence", PREC_HEAD "raport\t*\t*\t*\t*\tflash\ts\n", 2, "raport"},
	    {"precedence", PREC_HEAD "*\t*\t*\tVI\t*\tflash\ts\n", 2, "VI"},
	    {"precedence", PREC_HEAD "*\t*\t*\t*\t*\t*\ts\n", 2, "not known"},
	    {"precedence", PREC_HEAD "*\t*\t*\t*\t*\t\ts\n", 2, "not known"},
	    {"deadlines", LIMIT_HEAD "fax\t*\t*\t*\tlearned\t5\ts\t\n", 2, "fax"},
	    {"deadlines", LIMIT_HEAD "phone\tvillage\t*\t*\tlearned\t5\ts\t\n", 2, "village"},
	    {"deadlines", LIMIT_HEAD "phone\t*\t*\t*\tdelivered\t5\ts\t\n", 2, "origin"},
	    {"deadlines", LIMIT_HEAD "read\t*\t*\t*\tlearned\t5\ts\t\n", 2, "origin"},
	    {"deadlines", LIMIT_HEAD "read\t*\t*\t*\tdelivered\t0\ts\t\n", 2, "whole number"},
	    {"deadlines", LIMIT_HEAD "read\t*\t*\t*\tdelivered\t-5\ts\t\n", 2, "whole number"},
	    {"deadlines", LIMIT_HEAD "read\t*\t*\t*\tdelivered\t1.5\ts\t\n", 2, "whole number"},
	    {"deadlines", LIMIT_HEAD "read\t*\t*\t*\tdelivered\t9999999\ts\t\n", 2, "whole number"},
	    {"deadlines", LIMIT_HEAD "read\t*\t*\t*\tdelivered\t5\t\t\n", 2, "clause"},
	    {"deadlines", LIMIT_HEAD "read\t*\t*\t*\tdelivered\t5\ts\tlast year\n", 2, "date"},
	    {"deadlines", LIMIT_HEAD "read\t*\t*\t*\tdelivered\t5\ts\t\nread\t*\t*\t*\tdelivered\t6\ts\t\n", 3, "twice"},
	    {"numbers", NUMBER_HEAD, 0, "missing"},
	    {"numbers", NUMBER_HEAD "recall_secs\t30\ts\tx\t\n", 2, "recall_secs"},
	    {"numbers", NUMBER_HEAD "recall_seconds\t0\ts\tx\t\n", 2, "whole number"},
	    {"numbers", NUMBER_HEAD "recall_seconds\t99999999999999999999\ts\tx\t\n", 2, "whole number"},
	    {"numbers", NUMBER_HEAD "recall_seconds\t30\tmin\tx\t\n", 2, "unit"},
	    {"numbers", NUMBER_HEAD "recall_seconds\t30\ts\t\t\n", 2, "clause"},
	    {"numbers", NUMBER_HEAD "recall_seconds\t30\ts\tx\t\nrecall_seconds\t30\ts\tx\t\n", 3, "twice"},
	    {"numbers", NUMBER_HEAD "recall_seconds\t30\ts\tx\t2026-02-30\n", 2, "date"},
	    {"deadlines", LIMIT_HEAD "read\t*\t*\t*\tdelivered\t5\ts\t2025-02-29\n", 2, "date"},
	    {"classified", "mark\tbasis\n\tx\n", 2, "missing"},
	    {"deadlines", LIMIT_HEAD "written\tcounty\tIV\t*\tlearned\t360\ts\t\n", 2, "undetermined"},
	};
	char path[128];
	struct fault f;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		put_base();
		put(cases[i].file, cases[i].text);
		memset(&f, 0, sizeof(f));
		assert_null(rules_load(dir, &f));
		assert_int_equal(f.code, EX_CONFIG);
		assert_int_equal(f.line, cases[i].line);
		(void)snprintf(path, sizeof(path), "%s/rules/%s", dir, cases[i].file);
		assert_memory_equal(f.file, path, strlen(path));
		assert_non_null(strstr(f.text, cases[i].says));
		assert_null(rules_load(dir, NULL));
	}
	put_base();
	put("deadlines", NULL);
	assert_null(rules_load(dir, &f));
	assert_int_equal(f.code, EX_NOINPUT);
	put_base();
}

static void
single_numbers(void **state)
{
	struct fault f = {0};
	struct rules *r;

	(void)state;
	assert_int_equal(rules_number(shipped, NUMBER_RECALL_SECONDS), 30);
	assert_int_equal(rules_number(shipped, NUMBER_UNSIGNED_NUMBERS), 2);
	assert_int_equal(rules_number(shipped, NUMBER_UNSIGNED_MINUTES), 5);
	assert_int_equal(rules_number(shipped, NUMBER_ASK_AGAIN_MINUTES), 30);
	assert_int_equal(rules_number(shipped, NUMBER_SIGNATURE_MINUTES), 120);
	put_base();
	put("numbers.local", NUMBER_HEAD "recall_seconds\t45\ts\there\t\n");
	r = rules_load(dir, &f);
	assert_non_null(r);
	assert_int_equal(rules_number(r, NUMBER_RECALL_SECONDS), 45);
	assert_string_equal(rules_number_clause(r, NUMBER_RECALL_SECONDS), "here");
	assert_int_equal(rules_number(r, NUMBER_UNSIGNED_MINUTES), 5);
	rules_free(r);
	put_base();
}

static void
marks_of_secrecy(void **state)
{
	static const struct {
		const char *text;
		bool found;
	} cases[] = {
	    {"机密★10年", true},
	    {"关于……的报告  绝 密 ★ 长期", true},
	    {"秘\n密　★", true},
	    {"本件涉及商业秘密,不属国家秘密", false},
	    {"五★酒店机密室", false},
	    {"", false},
	};
	const char *mark = NULL;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct body *b = body_new();

		body_set_num(b, F_KIND, KIND_REPORT);
		body_set_text(b, F_TITLE, "x");
		body_set_text(b, F_BRIEF, cases[i].text);
		assert_int_equal(rules_classified(shipped, b, &mark) != NULL, cases[i].found);
		if (cases[i].found)
			assert_string_equal(rules_classified(shipped, b, NULL)->name, "brief");
		body_free(b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(shipped_precedences),
	    cmocka_unit_test(shipped_deadlines),
	    cmocka_unit_test(rows_are_weighed),
	    cmocka_unit_test(local_rows_win),
	    cmocka_unit_test(absent_is_not_any),
	    cmocka_unit_test(bad_tables_stop_the_start),
	    cmocka_unit_test(single_numbers),
	    cmocka_unit_test(marks_of_secrecy),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
