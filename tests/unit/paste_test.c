/*
 * Texts for forms: the order of the table, lengths with what was cut, and tables that cannot be meant.
 */
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
#include "../lib/confdir.h"
#include "../../formats/paste.h"

static char dir[CONFDIR_MAX];
static const struct text_env zh = {.zh = true};

static void
put(const char *name, const char *text)
{
	confdir_put(dir, "rules", name, text);
}

#define HEADING "profile\torder\tlabel\tfields\tmax\tbasis\n"

static void
expect(const char *table, const char *profile, const struct body *b, const char *want, const char *want_cut)
{
	struct buf out = {0}, cut = {0};
	struct fault f = {0};
	struct paste *p;

	put("paste", table);
	p = paste_load(dir, &f);
	if (p == NULL)
		fail_msg("%s:%zu: %s: %s", f.file, f.line, f.field, f.text);
	assert_int_equal(paste_write(p, profile, b, &zh, &out, &cut, &f), 0);
	assert_string_equal(buf_cstr(&out), want);
	assert_string_equal(buf_cstr(&cut), want_cut);
	buf_free(&out);
	buf_free(&cut);
	paste_free(p);
}

static void
test_lines(void **state)
{
	struct figure three = {.q = FIG_EXACT, .n = 3, .source = "119"}, unknown = {.q = FIG_UNKNOWN};
	struct body *b = body_new();

	(void)state;
	body_set_text(b, F_TITLE, "火\n灾\x1b");
	body_set_text(b, F_CALLER, "张三");
	body_set_text(b, F_CALLER_PHONE, "110");
	body_add_figure(b, F_DEAD, &three);
	body_add_figure(b, F_MISSING, &unknown);
	body_set_num(b, F_STAGE, STAGE_CORRECTION);
	body_set_num(b, F_VERSION, 3);
	/* in the order of the numbers, not of the rows; what is not there is an empty value */
	expect(HEADING
	    "a\t2\t乙\ttitle\t0\tx\na\t1\t甲\tdead\t0\tx\nb\t1\t丙\tplace\t0\tx\na\t3\t丁\tcaller+caller_phone\t0\tx\n"
	    "a\t4\t戊\tplace\t0\tx\n",
	    "a", b, "甲:至少3人(119)\n乙:火 灾\xef\xbf\xbd\n丁:张三，110\n戊:\n", "");
	expect(HEADING
	    "a\t1\t甲\tdead+missing\t0\tx\na\t2\t乙\t@mark\t0\tx\na\t3\t丙\t@stage\t0\tx\na\t4\t丁\t@figures\t0\tx\n",
	    NULL, b, "甲:死亡至少3人(119)，失联不详\n乙:【更正】\n丙:更正(第3报)\n丁:死亡至少3人(119)，失联不详\n", "");
	body_free(b);
}

/* Cut between words, marked and told; never within a number. */
static void
test_cut(void **state)
{
	struct body *b = body_new();

	(void)state;
	body_set_text(b, F_BRIEF, "转移群众12345人到学校");
	expect(HEADING "a\t1\t经过\tbrief\t11\tx\n", "a", b, "经过:转移群众[略]\n", "经过:13字只放下4字\n");
	expect(HEADING "a\t1\t经过\tbrief\t13\tx\n", "a", b, "经过:转移群众12345人到学校\n", "");
	expect(HEADING "a\t1\t经过\tbrief\t2\tx\n", "a", b, "经过:转移\n", "经过:13字只放下2字\n");
	body_free(b);
}

static void
test_local(void **state)
{
	struct fault f = {0};
	struct paste *p;

	(void)state;
	put("paste", HEADING "a\t1\t甲\ttitle\t0\tx\na\t2\t乙\tplace\t0\tx\nb\t1\t丙\ttitle\t0\tx\n");
	put("paste.local", HEADING "a\t1\t新\tbrief\t0\tx\n");
	p = paste_load(dir, &f);
	assert_non_null(p);
	{
		struct body *b = body_new();
		struct buf out = {0};

		assert_int_equal(paste_write(p, "a", b, &zh, &out, NULL, &f), 0);
		assert_string_equal(buf_cstr(&out), "新:\n");
		assert_int_equal(paste_write(p, "c", b, &zh, &out, NULL, &f), -1);
		assert_int_equal(f.code, EX_USAGE);
		buf_free(&out);
		body_free(b);
	}
	assert_string_equal(paste_profile_at(p, 0), "a");
	assert_string_equal(paste_profile_at(p, 1), "b");
	assert_null(paste_profile_at(p, 2));
	paste_free(p);
	put("paste.local", NULL);
}

static void
test_refused(void **state)
{
	static const struct {
		const char *rows;
		size_t line;
		const char *field;
	} cases[] = {{"a\t1\t甲\tnonsense\t0\tx\n", 2, "fields"}, {"a\t1\t甲\t@nonsense\t0\tx\n", 2, "fields"},
	    {"a\t1\t甲\t\t0\tx\n", 2, "fields"}, {"a\t1\t甲\ttitle+\t0\tx\n", 2, "fields"},
	    {"a\t1\t甲\tdead+dead+dead+dead+dead+dead+dead+dead+dead\t0\tx\n", 2, "fields"},
	    {"\t1\t甲\ttitle\t0\tx\n", 2, "profile"}, {"a\t1\t\ttitle\t0\tx\n", 2, "label"},
	    {"a\t-1\t甲\ttitle\t0\tx\n", 2, "order"}, {"a\t1\t甲\ttitle\t99999999999\tx\n", 2, "max"},
	    {"a\t1\t甲\ttitle\t0\t\n", 2, "basis"}, {"a\t1\t甲\ttitle\t0\tx\na\t1\t乙\tplace\t0\tx\n", 3, "order"},
	    {"", 0, "profile"}};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct fault f = {0};
		char text[600];

		(void)snprintf(text, sizeof text, HEADING "%s", cases[i].rows);
		put("paste", text);
		assert_null(paste_load(dir, &f));
		if (f.code != EX_CONFIG || f.line != cases[i].line || strcmp(f.field, cases[i].field) != 0 ||
		    strstr(f.file, "paste.tsv") == NULL)
			fail_msg("case %zu: %s:%zu: %s: %s", i, f.file, f.line, f.field, f.text);
	}
	put("paste", NULL);
	assert_null(paste_load(dir, NULL));
}

/* What is shipped can be read, and says of every row that it is a sample. */
static void
test_shipped(void **state)
{
	const char *conf = getenv("DUTYDESK_CONF");
	struct fault f = {0};
	struct paste *p = paste_load(conf != NULL ? conf : "conf", &f);

	(void)state;
	assert_non_null(p);
	assert_string_equal(paste_profile_at(p, 0), "sample");
	paste_free(p);
}

static int
set_up(void **state)
{
	(void)state;
	return confdir_make(dir, "paste_test", "rules") ? 0 : -1;
}

static int
tear_down(void **state)
{
	(void)state;
	return confdir_remove(dir, "rules");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_lines), cmocka_unit_test(test_cut),
	    cmocka_unit_test(test_local), cmocka_unit_test(test_refused), cmocka_unit_test(test_shipped)};

	return cmocka_run_group_tests_name("paste", tests, set_up, tear_down);
}
