/*
 * dutyctl's parts: options, lines, tables, JSON for terminals, and where a line of JSON went wrong.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <sysexits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "../../formats/buf.h"
#include "../../formats/codebook.h"
#include "../../formats/i18n.h"
#include "../../switch/ctl.h"
#include "../../switch/ctl_submit.h"

/* ---- options ---- */

static const struct ctl_option known[] = { { "to", true, false }, { "limit", true, false }, { "all", false, false },
	{ "tag", true, true }, { NULL, false, false } };

static void
test_options_refused(void **state)
{
	static const struct { const char *argv[4]; const char *field;
	} cases[] = {
	    {{"--bogus", "1"}, ""},
	    {{"-x"}, ""},
	    {{"--to"}, "to"},
	    {{"--all=1"}, "all"},
	    {{"--=x"}, ""},
	    {{"--to", "a", "--to=b"}, "to"},
	    {{"--all", "--all"}, "all"},
	    {{"--place", "x", "--place=y"}, "place"},
	    {{"--seat", "x"}, "seat"},
	    {{"--id", "x"}, "id"},
	    {{"--history=yes"}, "history"},
	    {{"--json=1"}, ""},
	    {{"--aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}, ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct ctl_args a;
		struct fault f = { 0 };
		int argc = 0;

		while (argc < 4 && cases[i].argv[argc] != NULL)
			argc++;
		assert_int_equal(
		    ctl_args_parse(&a, known, true, argc, (char *const *)(uintptr_t)cases[i].argv, &f), -1);
		assert_int_equal(f.code, EX_USAGE);
		assert_string_equal(f.field, cases[i].field);
		ctl_args_free(&a);
	}
}

static void
test_options(void **state)
{
	const char *argv[] = {"REF", "--to=330225", "--dead", "-3", "--dead", "--", "-", "--tag", "a", "--tag=b",
	    "--all", "--json", "--", "--to", "-x"};
	struct ctl_args a;
	struct fault f = { 0 };
	long n = 7;
	int realm = -1;

	(void)state;
	assert_int_equal(ctl_args_parse(&a, known, true, 15, (char *const *)(uintptr_t)argv, &f), 0);
	assert_string_equal(ctl_arg(&a, "to"), "330225");
	assert_null(ctl_arg(&a, "dead"));	/* a field, not an option */
	assert_null(ctl_arg(&a, "limit"));
	assert_true(ctl_flag(&a, "all"));
	assert_false(ctl_flag(&a, "to"));
	assert_true(a.json && !a.help);
	assert_int_equal((int)a.nword, 4);
	assert_string_equal(a.word[0], "REF");
	assert_string_equal(a.word[1], "-");
	assert_string_equal(a.word[2], "--to");
	assert_string_equal(a.word[3], "-x");
	assert_int_equal(ctl_arg_num(&a, "limit", 1, 9, &n, &f), 0);
	assert_int_equal((int)n, 7);
	assert_int_equal(ctl_arg_num(&a, "to", 1, 9, &n, &f), -1);
	assert_int_equal(ctl_arg_realm(&a, &realm, &f), 0);
	assert_int_equal(realm, -1);
	ctl_args_free(&a);
}

static void
test_numbers(void **state)
{
	static const char *const bad[] = {"", "-1", "+1", " 1", "1 ", "0x1", "11", "99999999999999999999", "1e1", "a"};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		const char *argv[] = { "--limit", bad[i] };
		struct ctl_args a;
		struct fault f = { 0 };
		long n = 7;

		assert_int_equal(ctl_args_parse(&a, known, false, 2, (char *const *)(uintptr_t)argv, &f), 0);
		assert_int_equal(ctl_arg_num(&a, "limit", 0, 10, &n, &f), -1);
		assert_int_equal(f.code, EX_USAGE);
		assert_string_equal(f.field, "limit");
		assert_int_equal((int)n, 7);
		ctl_args_free(&a);
	}
}

static void
test_stations(void **state)
{
	static const struct { const char *list; int count;
	} cases[] = {
	    {"330225", 1},
	    {"330225,330200", 2},
	    {"330225-gongan,330225", 2},
	    {"", -1},
	    {"330225,", -1},
	    {",330225", -1},
	    {"330225,,330200", -1},
	    {"330225, 330200", -1},
	    {"330225,330225", -1},
	    {"33022", -1},
	    {"330225;330200", -1},
	    {"象山", -1},
	    {"330225\n", -1},
	    {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", -1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct body *b = body_new();
		struct fault f = { 0 };
		int rc = ctl_stations(b, F_TO, cases[i].list, &f);

		if (rc != (cases[i].count < 0 ? -1 : 0))
			fail_msg("'%s'", cases[i].list);
		if (rc == 0) {
			assert_int_equal((int)body_count(b, F_TO), cases[i].count);
		} else {
			assert_int_equal(f.code, EX_DATAERR);
			assert_string_equal(f.field, "to");
		}
		body_free(b);
	}
}

static void
test_submit_rid(void **state)
{
	char rid[200];

	(void)state;
	memset(rid, 'a', sizeof rid);
	rid[191] = '\0';
	assert_true(submit_rid_valid(rid));
	rid[191] = 'a';
	rid[192] = '\0';
	assert_false(submit_rid_valid(rid));
	assert_false(submit_rid_valid(""));
	assert_false(submit_rid_valid("a\nb"));
	assert_false(submit_rid_valid("a\xff"));
	assert_true(submit_rid_valid("cap:象山"));
}

/* ---- where a line went wrong ---- */

static void
test_member_at(void **state)
{
	static const struct { const char *text; size_t at; const char *member; } cases[] = {
		{ "{\"a\":1,\"brief\":\"xx", 17, "brief" },
		{ "{\"a\":1,\"brief\":\"xx", 100, "brief" },
		{ "{\"a\":1,\"bri", 100, "bri" },
		{ "{\"a\":{\"b\":1,\"c\":", 100, "a" },		/* members of the object itself only */
		{ "{\"a\":[\"x\",\"y\"],\"d\":", 100, "d" },
		{ "{\"a\":\"say \\\"b\\\":1\",\"c\":x", 100, "c" },
		{ "{\"a\":\"x\\", 100, "a" },
		{ "", 0, "" }, { "[1,2", 4, "" }, { "nonsense", 3, "" }, { "}}}}", 4, "" },
		{ "{\"\x1b[2J\":1,", 100, "\xef\xbf\xbd[2J" },	/* never raw */
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char out[64];

		jsonl_member_at(cases[i].text, strlen(cases[i].text), cases[i].at, out, sizeof out);
		if (strcmp(out, cases[i].member) != 0)
			fail_msg("'%s' at %zu: '%s', not '%s'", cases[i].text, cases[i].at, out, cases[i].member);
	}
}

/* ---- printing ---- */

static void
test_json_for_terminals(void **state)
{
	/* C1, a bidi override, the mark that turns lines round, DEL and a line separator: escaped; Chinese as it is */
	static const char text[] = "火\xc2\x9b"
				   "2J\xe2\x80\xae\xe2\x81\xa6\x7f\xe2\x80\xa8\xef\xbb\xbf\x1b\n";
	json_t *j = json_pack("{s:s}", "t", text), *back;
	char *out = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&out, &n);

	(void)state;
	assert_non_null(j);
	assert_non_null(f);
	ctl_json(f, j);
	(void)fclose(f);
	assert_non_null(strstr(out, "火"));
	assert_non_null(strstr(out, "\\u202e"));
	assert_int_equal(out[n - 1], '\n');
	for (size_t i = 0; i + 1 < n; i++) {
		assert_true((unsigned char)out[i] >= 0x20 && out[i] != 0x7f);
		assert_false((unsigned char)out[i] == 0xc2 && (unsigned char)out[i + 1] < 0xa0);
	}
	back = json_loads(out, 0, NULL);
	assert_true(json_equal(j, back));	/* nothing is lost */
	json_decref(back);
	json_decref(j);
	free(out);
}

static void
test_table(void **state)
{
	static const struct ctl_column columns[] = {
	    {"no", "no", 0, true}, {"title", "title", 6, false}, {"precedence", "p", 4, false}, {"id", "id", 0, false}};
	struct ctl_table *t = ctl_table_new(columns, 4);
	char *out = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&out, &n);

	(void)state;
	assert_non_null(f);
	ctl_table_set(t, 0, "1");
	ctl_table_set(t, 1, "仓库火灾");	/* 8 cells, cut at 6 */
	ctl_table_set(t, 2, "平急");
	ctl_table_set(t, 3, "x");
	ctl_table_row(t);
	ctl_table_set(t, 0, "234");
	ctl_table_set(t, 1, "a\x1b[2J\n");
	ctl_table_set(t, 1, "a\x1b");
	ctl_table_row(t);
	for (int i = 0; i < 100; i++)
		ctl_table_row(t);	/* grows */
	ctl_table_print(t, f);
	(void)fclose(f);
	assert_non_null(strstr(out, " no  title   precedence  id\n"));
	assert_non_null(strstr(out, "  1  仓库火  平急        x\n"));
	assert_non_null(strstr(out, "234  a\xef\xbf\xbd"));
	assert_null(strchr(out, '\x1b'));
	free(out);
	ctl_table_set(t = ctl_table_new(columns, 4), 0, "x");
	ctl_table_print(t, NULL);
}

static void
test_members(void **state)
{
	json_t *o = json_loads("{\"s\":\"a\\u001b\",\"n\":3,\"t\":true,\"z\":null,\"l\":[\"330225\",\"330200\"],\"e\":"
			       "\"\",\"g\":\"II\",\"gn\":2,"
			       "\"odd\":77,\"ms\":0}",
	    0, NULL);
	char buf[64], small[4];

	(void)state;
	assert_non_null(o);
	assert_string_equal(ctl_text(o, "s", buf, sizeof buf), "a\xef\xbf\xbd");
	assert_string_equal(ctl_text(o, "n", buf, sizeof buf), "3");
	assert_string_equal(ctl_text(o, "z", buf, sizeof buf), "-");
	assert_string_equal(ctl_text(o, "none", buf, sizeof buf), "-");
	assert_string_equal(ctl_text(o, "e", buf, sizeof buf), "-");
	assert_string_equal(ctl_text(o, "l", buf, sizeof buf), "330225,330200");
	(void)ctl_text(o, "l", small, sizeof small);
	assert_true(strlen(small) < sizeof small);
	assert_string_equal(ctl_time(o, "ms", buf, sizeof buf), "-");
	assert_string_equal(ctl_time(o, "none", buf, sizeof buf), "-");
	assert_string_equal(ctl_enum(o, "odd", "grade", buf, sizeof buf), "77");
	(void)ctl_enum(o, "g", "grade", buf, sizeof buf);
	{
		char other[64];

		assert_string_equal(ctl_enum(o, "gn", "grade", other, sizeof other), buf);
	}
	json_decref(o);
}

/* ---- files ---- */

static void
temp_file(char path[64], const void *p, size_t n)
{
	int fd;

	(void)snprintf(path, 64, "/tmp/ctltest.XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal((int)write(fd, p, n), (int)n);
	close(fd);
}

static void
test_lines(void **state)
{
	static const char text[] = "one\n\r\ntwo\r\n0123456789\n01234567890\nlast";
	static const struct {
		const char *line;
		bool too_long;
	} want[] = {
	    {"one", false}, {"", false}, {"two", false}, {"0123456789", false}, {"0123456789", true}, {"last", false}};
	struct ctl_lines l;
	struct fault f = { 0 };
	char path[64];
	size_t i = 0;
	int rc;

	(void)state;
	temp_file(path, text, sizeof text - 1);
	assert_int_equal(ctl_lines_open(&l, path, 10, &f), 0);
	while ((rc = ctl_lines_next(&l, &f)) > 0) {
		assert_true(i < 6);
		assert_int_equal((int)l.line, (int)i + 1);
		assert_int_equal(l.too_long, want[i].too_long);
		assert_int_equal((int)l.n, (int)strlen(want[i].line));
		assert_memory_equal(l.p, want[i].line, l.n);
		i++;
	}
	assert_int_equal(rc, 0);
	assert_int_equal((int)i, 6);
	assert_int_equal(ctl_lines_next(&l, &f), 0);
	ctl_lines_close(&l);
	unlink(path);
	assert_int_equal(ctl_lines_open(&l, path, 10, &f), -1);
	assert_int_equal(f.code, EX_NOINPUT);
	assert_string_equal(f.file, path);
}

static void
test_file_read(void **state)
{
	struct fault f = { 0 };
	char path[64];
	uint8_t *p = NULL;
	size_t n = 0;

	(void)state;
	temp_file(path, "12345", 5);
	assert_int_equal(ctl_file_read(path, 5, &p, &n, &f), 0);
	assert_int_equal((int)n, 5);
	free(p);
	assert_int_equal(ctl_file_read(path, 4, &p, &n, &f), -1);
	assert_int_equal(f.code, EX_DATAERR);
	/* a file of a terabyte is refused by its size */
	if (truncate(path, (off_t)1 << 40) == 0) {
		f = (struct fault){ 0 };
		assert_int_equal(ctl_file_read(path, 8u << 20, &p, &n, &f), -1);
		assert_int_equal(f.code, EX_DATAERR);
	}
	unlink(path);
	f = (struct fault){ 0 };
	assert_int_equal(ctl_file_read("/tmp", 5, &p, &n, &f), -1);
	assert_int_equal(f.code, EX_NOINPUT);
}

/* In the reader's words, never jansson's. */
static void
test_json_why(void **state)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
	    {"{\"a\":", "it ends too early"},
	    {"{\"a\":\"\\u0000\"}", "a NUL character is not allowed"},
	    {"{\"a\":1,\"a\":2}", "a member stands there twice"},
	    {"{\"a\":99999999999999999999}", "a number is too large"},
	    {"{} x", "something follows behind its end"},
	    {"{\"a\":\"\xff\"}", "it is not UTF-8"},
	    {"hello", "syntax error"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		json_error_t err;
		char why[160];

		assert_null(json_loads(cases[i].text, JSON_REJECT_DUPLICATES, &err));
		assert_string_equal(ctl_json_why(&err, why, sizeof why), cases[i].says);
	}
}

/* In a UTF-8 locale nothing is converted, bad bytes included: the value's parser names them by field. */
static void
test_edge_utf8(void **state)
{
	char *argv[] = {"dutyctl", "西周\xff", NULL}, **word, *native;
	struct fault f = { 0 };

	(void)state;
	ctl_edge_open();
	word = ctl_edge_words(2, argv, &f);
	assert_int_equal(f.code, 0);
	assert_string_equal(word[1], argv[1]);
	assert_null(word[2]);
	assert_ptr_equal(ctl_bytes(), stdout);
	native = ctl_edge_native("西周");
	assert_string_equal(native, "西周");
	free(native);
	ctl_edge_words_free(word);
	assert_int_equal(ctl_edge_close(), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_options_refused),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_stations),
		cmocka_unit_test(test_submit_rid),
		cmocka_unit_test(test_member_at),
		cmocka_unit_test(test_json_for_terminals),
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_members),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_file_read),
		cmocka_unit_test(test_json_why),
		cmocka_unit_test(test_edge_utf8),
	};

	i18n_init("en");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
