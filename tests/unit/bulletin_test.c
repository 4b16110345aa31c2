/*
 * Lines by the rules of Chinese punctuation, pages, and the layout's table.
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
#include "../../formats/bulletin.h"
#include "../../formats/linebreak.h"
#include "../../formats/text.h"

static char dir[CONFDIR_MAX];

/* The text broken at `cells`, lines joined by "|". */
static void
broken(const char *text, int cells, const char *want)
{
	size_t len = strlen(text), shown, n;
	struct buf out = {0};

	for (size_t at = 0; at < len; at += n) {
		n = linebreak_line(text + at, len - at, cells, text_cells_cp, &shown);
		assert_true(n >= 1 && n <= len - at && shown <= n);
		buf_puts(&out, at > 0 ? "|" : "");
		buf_put(&out, text + at, shown);
	}
	if (strcmp(buf_cstr(&out), want) != 0)
		fail_msg("%s at %d: got %s, want %s", text, cells, buf_cstr(&out), want);
	buf_free(&out);
}

static void
test_lines(void **state)
{
	static const struct {
		const char *text;
		int cells;
		const char *want;
	} cases[] = {
	    {"一二三四五六", 6, "一二三|四五六"},
	    {"一二三四五六", 7, "一二三|四五六"},
	    {"一二三。四五", 6, "一二|三。四|五"}, /* closing punctuation does not begin a line */
	    {"一二三”。四", 6, "一二|三”。|四"},
	    {"一二（三四）", 6, "一二|（三|四）"}, /* opening punctuation does not end one */
	    {"一二《三四》五", 6, "一二|《三|四》五"},
	    {"死亡1200人", 6, "死亡|1200人"}, /* a number is not broken */
	    {"损失1,234.5万", 10, "损失|1,234.5万"},
	    {"在14:10起火", 6, "在|14:10|起火"},
	    {"(119 14:10)", 7, "(119|14:10)"},
	    {"abc defgh", 6, "abc|defgh"},
	    {"abcdefghij", 4, "abcd|efgh|ij"}, /* longer than any line */
	    {"一二\n三", 6, "一二|三"},
	    {"一二三 \n四", 6, "一二三|四"}, /* no empty line for a blank at the end */
	    {"一二三\n\n四", 6, "一二三||四"},
	    {"e\xcc\x81"
	     "e\xcc\x81"
	     "一",
		3,
		"e\xcc\x81"
		"e\xcc\x81|一"}, /* what combines stays */
	    {"。。。。", 4, "。。|。。"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		broken(cases[i].text, cases[i].cells, cases[i].want);
}

/* A run without any place to break it, of the greatest length a field has, takes no time to speak of. */
static void
test_long_run(void **state)
{
	size_t len = 65536, shown, n, lines = 0;
	char *text = xcalloc(len + 1, 1);

	(void)state;
	memset(text, 'x', len);
	for (size_t at = 0; at < len; at += n, lines++)
		n = linebreak_line(text + at, len - at, 72, text_cells_cp, &shown);
	assert_int_equal(lines, (len + 71) / 72);
	free(text);
}

static const struct bulletin_layout small = {.cells = 40, .lines = 20, .brief = "值班快报", .special = "专报"};
static const struct text_env zh = {.zh = true};

static void
test_heading_keeps(void **state)
{
	struct buf out = {0}, text = {0};

	(void)state;
	/* whatever the number of lines before it, 建议 never ends a page */
	for (int lines = 1; lines < 60; lines++) {
		struct body *b = body_new();
		const char *at;

		buf_clear(&text);
		for (int i = 0; i < lines; i++)
			buf_puts(&text, "行\n");
		body_set_text(b, F_BRIEF, buf_cstr(&text));
		body_set_text(b, F_NEXT, "一\n二");
		buf_clear(&out);
		(void)bulletin_write(b, BULLETIN_BRIEF, &small, &zh, &out);
		at = strstr(buf_cstr(&out), "建议和下步措施：\n");
		assert_non_null(at);
		if (strncmp(at, "建议和下步措施：\n    一\n", strlen("建议和下步措施：\n    一\n")) != 0)
			fail_msg("%d lines: %.100s", lines, at);
		body_free(b);
	}
	buf_free(&out);
	buf_free(&text);
}

static void
expect(const struct body *b, enum bulletin_kind kind, const struct text_env *e, const char *want, bool there)
{
	struct buf out = {0};

	(void)bulletin_write(b, kind, &small, e, &out);
	if ((strstr(buf_cstr(&out), want) != NULL) != there)
		fail_msg("%s %s:\n%s", want, there ? "is not in" : "is in", buf_cstr(&out));
	buf_free(&out);
}

static void
test_marks(void **state)
{
	struct msgid id = {.realm = REALM_EXERCISE, .origin = "330225102", .epoch = 1, .serial = 7};
	struct text_env drill = {.zh = true, .exercise = true}, self = {.zh = true, .self_name = "某镇"};
	struct body *b = body_new();

	(void)state;
	expect(b, BULLETIN_SPECIAL, &zh, "专报", true);
	expect(b, BULLETIN_BRIEF, &zh, "值班快报", true);
	expect(b, BULLETIN_BRIEF, &zh, "第    期", true);
	expect(b, BULLETIN_BRIEF, &zh, "【演练】", false);
	expect(b, BULLETIN_BRIEF, &drill, "【演练】值班快报\n", true);
	expect(b, BULLETIN_BRIEF, &self, "某镇", true);
	expect(b, BULLETIN_BRIEF, &zh, "伤亡和损失：(未报)", true);
	body_set_text(b, F_ISSUE_NO, "2026-12");
	expect(b, BULLETIN_BRIEF, &zh, "第2026-12期", true);
	body_set_num(b, F_UNSIGNED, 1);
	body_set_text(b, F_SIGNATURE_OWED, "赵六");
	expect(b, BULLETIN_BRIEF, &zh, "【先报后签 待补签: 赵六】", true);
	body_set_num(b, F_STAGE, STAGE_CORRECTION);
	expect(b, BULLETIN_BRIEF, &zh, "【更正】本件更正并替代前报", true);
	body_add_id(b, F_REFS, &id);
	expect(b, BULLETIN_BRIEF, &zh, "替代", true);
	expect(b, BULLETIN_BRIEF, &zh, "X.330225102.1.7", true);
	body_set_num(b, F_STAGE, STAGE_WITHDRAWAL);
	expect(b, BULLETIN_BRIEF, &zh, "【撤回】本件撤回", true);
	/* an exercise by its id, on every page */
	body_set_id(b, F_ID, &id);
	body_set_text(b, F_BRIEF, "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n13\n14\n15\n16\n17\n18");
	expect(b, BULLETIN_BRIEF, &zh, "\f【演练】值班快报 第2026-12期", true);
	body_free(b);
}

/* What no section names stands under its own name; what belongs to the machine does not; nothing acts on a printer. */
static void
test_others(void **state)
{
	struct body *b = body_new();

	(void)state;
	body_set_num(b, F_COLOUR, COLOUR_RED);
	body_set_text(b, F_ISSUER, "气象\x1b[2J台\f");
	body_set_text(b, F_CAP_TREE, "alert");
	body_set_text(b, F_BRIEF, "一\x0c二\t三\r");
	expect(b, BULLETIN_BRIEF, &zh, "预警颜色：红", true);
	expect(b, BULLETIN_BRIEF, &zh, "发布单位：气象\xef\xbf\xbd[2J台\xef\xbf\xbd", true);
	expect(b, BULLETIN_BRIEF, &zh, "一\xef\xbf\xbd二 三", true);
	expect(b, BULLETIN_BRIEF, &zh, "CAP要素", false);
	expect(b, BULLETIN_BRIEF, &zh, "\x1b", false);
	body_free(b);
}

static void
put(const char *name, const char *text)
{
	confdir_put(dir, "rules", name, text);
}

#define HEADING "item\tvalue\tbasis\n"
#define WHOLE HEADING "bulletin_cells\t72\tx\nbulletin_lines\t56\tx\nbrief\t快报\tx\nspecial\t专报\tx\n"

static void
test_layout(void **state)
{
	static const struct {
		const char *text;
		size_t line;
		const char *field;
	} cases[] = {{HEADING "bulletin_cells\t39\tx\n", 2, "value"}, {HEADING "bulletin_cells\t241\tx\n", 2, "value"},
	    {HEADING "bulletin_lines\tmany\tx\n", 2, "value"}, {HEADING "brief\t\tx\n", 2, "value"},
	    {HEADING "colour\tred\tx\n", 2, "item"}, {HEADING "brief\t快报\tx\n", 0, "item"}};
	struct bulletin_layout l;
	struct fault f = {0};

	(void)state;
	put("texts", WHOLE);
	assert_int_equal(bulletin_layout_load(dir, &l, &f), 0);
	assert_true(l.cells == 72 && l.lines == 56 && strcmp(l.brief, "快报") == 0 && strcmp(l.special, "专报") == 0);
	put("texts.local", HEADING "bulletin_cells\t80\tx\n");
	assert_int_equal(bulletin_layout_load(dir, &l, &f), 0);
	assert_true(l.cells == 80 && l.lines == 56);
	put("texts.local", NULL);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		f = (struct fault){0};
		put("texts", cases[i].text);
		assert_int_equal(bulletin_layout_load(dir, &l, &f), -1);
		if (f.code != EX_CONFIG || f.line != cases[i].line || strcmp(f.field, cases[i].field) != 0 ||
		    strstr(f.file, "texts.tsv") == NULL)
			fail_msg("case %zu: %s:%zu: %s: %s", i, f.file, f.line, f.field, f.text);
	}
	put("texts", NULL);
	assert_int_equal(bulletin_layout_load(dir, &l, &f), -1);
}

static int
set_up(void **state)
{
	(void)state;
	return confdir_make(dir, "bulletin_test", "rules") ? 0 : -1;
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
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_lines), cmocka_unit_test(test_long_run),
	    cmocka_unit_test(test_heading_keeps), cmocka_unit_test(test_marks), cmocka_unit_test(test_others),
	    cmocka_unit_test(test_layout)};

	return cmocka_run_group_tests_name("bulletin", tests, set_up, tear_down);
}
