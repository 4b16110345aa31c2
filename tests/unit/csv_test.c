/*
 * CSV: what a spreadsheet gets to see, cell by cell.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "../../formats/csv.h"
#include "../../formats/value.h"

static void
test_cells(void **state)
{
	static const struct {
		const char *text, *cell;
		size_t guarded, replaced;
	} cases[] = {
	    {"", "", 0, 0},
	    {"火灾", "火灾", 0, 0},
	    {"?", "?", 0, 0},
	    {"a,b", "\"a,b\"", 0, 0},
	    {"say \"x\"", "\"say \"\"x\"\"\"", 0, 0},
	    {"one\ntwo", "\"one\ntwo\"", 0, 0},
	    {" x", "\" x\"", 0, 0},
	    {"=1+1", "'=1+1", 1, 0},
	    {"=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0", 1, 0},
	    {"+8657466668888", "'+8657466668888", 1, 0},
	    {"-2", "'-2", 1, 0},
	    {"@SUM(A1)", "'@SUM(A1)", 1, 0},
	    {"＝1+1", "'＝1+1", 1, 0},
	    {"  =1", "\"'  =1\"", 1, 0},
	    {"\n=1", "\"'\n=1\"", 1, 0},
	    {"\t=1", "\"'\t=1\"", 1, 0},
	    {"'quoted", "''quoted", 1, 0},
	    {"x;=1+1", "\"x;=1+1\"", 0, 0},
	    {"a\x1b[2J", "a\xef\xbf\xbd[2J", 0, 1},
	    {"a\rb", "a\xef\xbf\xbd" "b", 0, 1},
	    {">=3", ">=3", 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct csv_notes notes = {0};
		struct buf out = {0};

		csv_cell(cases[i].text, strlen(cases[i].text), &out, &notes);
		if (strcmp(buf_cstr(&out), cases[i].cell) != 0 || notes.guarded != cases[i].guarded ||
		    notes.replaced != cases[i].replaced)
			fail_msg("case %zu: %s, %zu guarded, %zu replaced", i, buf_cstr(&out), notes.guarded,
			    notes.replaced);
		buf_free(&out);
	}
}

/* Splits a line as RFC 4180 says; returns the cells. */
static size_t
split(const char *s, char cell[][2048], size_t max)
{
	size_t n = 0, at = 0;
	bool in = false;

	for (; *s != '\0'; s++) {
		assert_true(n < max && at < sizeof(cell[0]) - 1);
		if (in && *s == '"' && s[1] == '"')
			cell[n][at++] = *s++;
		else if (*s == '"')
			in = !in;
		else if (!in && *s == ',') {
			cell[n++][at] = '\0';
			at = 0;
		} else if (!in && s[0] == '\r' && s[1] == '\n') {
			cell[n++][at] = '\0';
			assert_string_equal(s, "\r\n");
			return n;
		} else
			cell[n][at++] = *s;
	}
	fail_msg("no end of line");
	return 0;
}

static const char *
column(char head[][2048], char cell[][2048], size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(head[i], name) == 0)
			return cell[i];
	fail_msg("no column %s", name);
	return "";
}

static void
test_body(void **state)
{
	static const struct {
		const char *field, *value;
	} given[] = {{"stage", "first"}, {"type", "yjpt:12G00"}, {"title", "仓库, \"A\""}, {"brief", "第一行\n=第二行"},
	    {"dead", "0"}, {"missing", "?"}, {"trapped", "~20@119"}, {"trapped", ">=3@120"}, {"injured", "<=5"},
	    {"loss", "12.5"}, {"crops", "0.05"}, {"caller_phone", "+8613900000000"}, {"position", "-29.4,121.8"},
	    {"learned", "2026-11-22T14:10+08:00"}, {"grade", "II"}};
	static const struct {
		const char *name, *cell;
	} want[] = {{"stage", "first"}, {"type", "yjpt:12G00"}, {"title", "仓库, \"A\""}, {"brief", "第一行\n=第二行"},
	    {"dead", "0"}, {"missing", "?"}, {"trapped", "~20@119 | >=3@120"}, {"injured", "<=5"}, {"loss(万元)", "12.5"},
	    {"crops(公顷)", "0.05"}, {"caller_phone", "'+8613900000000"}, {"position", "'-29.4 121.8"},
	    {"learned", "2026-11-22T14:10:00+08:00"}, {"grade", "II"}, {"evacuated", ""}, {"version", ""},
	    {"unknown", "60000=83010203 | 60002=f5"}};
	static char head[256][2048], cell[256][2048];
	struct csv_notes notes = {0};
	struct body *b = body_new();
	struct fault f = {0};
	struct buf out = {0};
	size_t n;

	(void)state;
	for (size_t i = 0; i < sizeof(given) / sizeof(given[0]); i++)
		if (value_parse(b, field_by_name(given[i].field), given[i].value, NULL, INT64_C(1795327800000), &f) != 0)
			fail_msg("%s: %s", given[i].field, f.text);
	body_add_raw(b, 60000, (const uint8_t *)"\x83\x01\x02\x03", 4);
	body_add_raw(b, 60002, (const uint8_t *)"\xf5", 1);
	csv_heading(&out);
	n = split(buf_cstr(&out), head, 256);
	buf_clear(&out);
	csv_body(b, &out, &notes);
	assert_int_equal(split(buf_cstr(&out), cell, 256), n);
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++)
		assert_string_equal(column(head, cell, n, want[i].name), want[i].cell);
	assert_int_equal(notes.guarded, 2);
	assert_int_equal(notes.replaced, 0);
	/* every field has its column, in the table's order, and nothing else does */
	for (size_t i = 0; field_at(i) != NULL; i++)
		assert_memory_equal(head[i], field_at(i)->name, strlen(field_at(i)->name)); /* a unit may follow */
	assert_null(field_at(n - 1));
	buf_free(&out);
	body_free(b);
}

/* Times keep their own offset, and an original text that says something else. */
static void
test_times(void **state)
{
	static char head[256][2048], cell[256][2048];
	struct csv_notes notes = {0};
	struct body *b = body_new();
	struct buf out = {0};
	struct when same = {.ms = INT64_C(1689352800000), .offset = 480, .text = "2023-07-15T00:40:00+08:00"}, other = same;
	size_t n;

	(void)state;
	assert_true(time_parse_rfc3339(same.text, &other));
	same.ms = other.ms;
	body_add_when(b, F_OCCURRED, &same);
	other.text = "about midnight";
	other.offset = 540;
	body_add_when(b, F_LEARNED, &other);
	csv_heading(&out);
	n = split(buf_cstr(&out), head, 256);
	buf_clear(&out);
	csv_body(b, &out, &notes);
	assert_int_equal(split(buf_cstr(&out), cell, 256), n);
	assert_string_equal(column(head, cell, n, "occurred"), "2023-07-15T00:40:00+08:00");
	assert_string_equal(column(head, cell, n, "learned"), "2023-07-15T01:40:00+09:00 (about midnight)");
	buf_free(&out);
	body_free(b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_cells),
	    cmocka_unit_test(test_body),
	    cmocka_unit_test(test_times),
	};

	return cmocka_run_group_tests_name("csv", tests, NULL, NULL);
}
