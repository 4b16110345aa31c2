/* Tables and settings: what is read, and that everything odd is refused with its file and line. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <sys/stat.h>
#include <unistd.h>
#include "../../formats/conf.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static char dir[64];
static char path[128];

static void
write_file(const char *text, size_t len)
{
	FILE *fp = fopen(path, "wb");

	assert_non_null(fp);
	assert_int_equal(fwrite(text, 1, len, fp), len);
	assert_int_equal(fclose(fp), 0);
}

static int
setup(void **state)
{
	(void)state;
	(void)snprintf(dir, sizeof(dir), "/tmp/conf_test.XXXXXX");
	if (mkdtemp(dir) == NULL)
		return -1;
	(void)snprintf(path, sizeof(path), "%s/file", dir);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	(void)unlink(path);
	return rmdir(dir);
}

static void
tables_are_read(void **state)
{
	static const char text[] = "\xef\xbb\xbf# a comment\r\n"
				   "code\tname\tnote\r\n"
				   "\r\n"
				   "330225\t象山县\t\r\n"
				   "# 12\t13\n"
				   "x\t石浦\twith \"quotes\" # and no comment";
	struct fault f = {0};
	struct tsv *t;

	(void)state;
	write_file(text, sizeof(text) - 1);
	t = tsv_load(path, &f);
	assert_non_null(t);
	assert_int_equal(tsv_rows(t), 2);
	assert_string_equal(tsv_get(t, 0, "code"), "330225");
	assert_string_equal(tsv_get(t, 0, "name"), "象山县");
	assert_string_equal(tsv_get(t, 0, "note"), "");
	assert_string_equal(tsv_get(t, 1, "note"), "with \"quotes\" # and no comment");
	assert_string_equal(tsv_get(t, 1, "nowhere"), "");
	assert_int_equal(tsv_line(t, 0), 4);
	assert_int_equal(tsv_line(t, 1), 6);
	assert_true(tsv_has(t, "note"));
	assert_false(tsv_has(t, "not"));
	tsv_free(t);
	tsv_free(NULL);
}

static void
odd_tables_are_refused(void **state)
{
	static const struct {
		const char *text;
		size_t len; /* 0: strlen */
		size_t line;
		const char *says;
	} cases[] = {
	    {"a\tb\n1\n", 0, 2, "cells"},
	    {"a\tb\n1\t2\n1\t2\t3\n", 0, 3, "cells"},
	    {"a\tb\n\n1\t2\t\n", 0, 3, "cells"},
	    {"", 0, 0, "heading"},
	    {"# only\n\n", 0, 0, "heading"},
	    {"a\t\n", 0, 1, "heading"},
	    {"a\ta\n", 0, 1, "twice"},
	    {"a\tb\n1\t\xff\n", 0, 2, "UTF-8"},
	    {"a\tb\n1\t\xe2\x80\xae\n", 0, 2, "control"}, /* bidi override */
	    {"a\tb\n1\t\x1b[2J\n", 0, 2, "control"},
	    {"a\tb\n1\t2\r3\n", 0, 2, "control"},
	    {"a\tb\n1\t2\0x\n", 10, 2, "control"},
	    {"a\x01\tb\n", 0, 1, "control"},
	};
	struct fault f;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		memset(&f, 0, sizeof(f));
		write_file(cases[i].text, cases[i].len > 0 ? cases[i].len : strlen(cases[i].text));
		assert_null(tsv_load(path, &f));
		assert_int_equal(f.code, EX_CONFIG);
		assert_int_equal(f.line, cases[i].line);
		assert_string_equal(f.file, path);
		assert_non_null(strstr(f.text, cases[i].says));
	}
}

static void
missing_files_are_named(void **state)
{
	struct fault f = {0};
	char no[160];

	(void)state;
	(void)snprintf(no, sizeof(no), "%s/none", dir);
	assert_null(tsv_load(no, &f));
	assert_int_equal(f.code, EX_NOINPUT);
	assert_string_equal(f.file, no);
	memset(&f, 0, sizeof(f));
	assert_null(tsv_load(dir, &f)); /* a folder is no table */
	assert_int_equal(f.code, EX_NOINPUT);
	assert_null(tsv_load(no, NULL));
}

static const char *const allowed[] = {"station", "port", "name", "empty", NULL};

/* A table and the local one beside it: which must be there, and how each is named. */
static void
pairs_are_opened(void **state)
{
	char name[256], local[256], got[256];
	struct fault f = {0};
	struct tsv *t = NULL;

	(void)state;
	(void)snprintf(name, sizeof(name), "%s/t.tsv", dir);
	(void)snprintf(local, sizeof(local), "%s/t.local.tsv", dir);
	assert_int_equal(tsv_open(dir, "t", true, true, got, sizeof(got), &t, &f), 0);
	assert_null(t);
	assert_string_equal(got, local);
	assert_int_equal(tsv_open(dir, "t", false, false, got, sizeof(got), &t, &f), 0);
	assert_null(t);
	assert_int_equal(tsv_open(dir, "t", false, true, got, sizeof(got), &t, &f), -1);
	assert_null(t);
	assert_string_equal(f.file, name);
	assert_int_equal(tsv_open(dir, "t", false, true, got, strlen(name), &t, &f), -1); /* no room for the NUL */
	write_file("a\tb\n1\t2\n", 8);
	assert_int_equal(rename(path, local), 0);
	assert_int_equal(tsv_open(dir, "t", true, false, got, sizeof(got), &t, &f), 0);
	assert_non_null(t);
	assert_string_equal(tsv_get(t, 0, "b"), "2");
	tsv_free(t);
	write_file("a\n1\t2\n", 6);
	assert_int_equal(rename(path, local), 0);
	assert_int_equal(tsv_open(dir, "t", true, false, got, sizeof(got), &t, &f), -1);
	assert_null(t);
	assert_string_equal(f.file, local);
	assert_int_equal(unlink(local), 0);
}

static void
settings_are_read(void **state)
{
	static const char text[] = "# who\nstation = 330225102\n\n  port=4711  \nname =  西周镇 = 镇 # 1 \nempty =\n";
	struct fault f = {0};
	struct settings *s;
	long n = 0;

	(void)state;
	write_file(text, sizeof(text) - 1);
	s = settings_load(path, allowed, &f);
	assert_non_null(s);
	assert_string_equal(settings_get(s, "station", "x"), "330225102");
	assert_string_equal(settings_get(s, "name", "x"), "西周镇 = 镇 # 1");
	assert_string_equal(settings_get(s, "empty", "x"), "");
	assert_string_equal(settings_get(s, "absent", "x"), "x");
	assert_null(settings_get(s, "absent", NULL));
	assert_int_equal(settings_num(s, "port", 1, 1, 65535, &n, &f), 0);
	assert_int_equal(n, 4711);
	assert_int_equal(settings_num(s, "absent", 7, 1, 5, &n, &f), 0);
	assert_int_equal(n, 7);
	assert_int_equal(settings_num(s, "port", 1, 1, 4710, &n, &f), -1);
	assert_int_equal(f.line, 4);
	assert_string_equal(f.field, "port");
	assert_int_equal(settings_num(s, "empty", 1, 1, 9, &n, &f), -1);
	assert_int_equal(n, 7);
	settings_free(s);
	settings_free(NULL);
}

static void
odd_numbers_are_refused(void **state)
{
	static const char *const bad[] = {"12x", "+3", "0x10", "1 2", "99999999999999999999999", "-", "--1", "１２"};
	char text[64];
	struct fault f;
	struct settings *s;
	long n;

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		int len = snprintf(text, sizeof(text), "port = %s\n", bad[i]);

		write_file(text, (size_t)len);
		s = settings_load(path, allowed, &f);
		assert_non_null(s);
		n = 5;
		assert_int_equal(settings_num(s, "port", 1, -1000000, 1000000, &n, &f), -1);
		assert_int_equal(n, 5);
		settings_free(s);
	}
	write_file("port = -12\n", 11);
	s = settings_load(path, allowed, &f);
	assert_int_equal(settings_num(s, "port", 1, -100, 100, &n, &f), 0);
	assert_int_equal(n, -12);
	settings_free(s);
}

static void
odd_settings_are_refused(void **state)
{
	static const struct {
		const char *text;
		size_t line;
		const char *field, *says;
	} cases[] = {
	    {"station = 1\nstation = 2\n", 2, "station", "twice"},
	    {"statoin = 1\n", 1, "statoin", "unknown"},
	    {"station\n", 1, "", "key = value"},
	    {"= 1\n", 1, "", "key"},
	    {"Port = 1\n", 1, "Port", "key"},
	    {"\nname = a\x1b]0;x\n", 2, "name", "control"},
	    {"name = \xc0\x80\n", 1, "", "UTF-8"},
	};
	struct fault f;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		memset(&f, 0, sizeof(f));
		write_file(cases[i].text, strlen(cases[i].text));
		assert_null(settings_load(path, allowed, &f));
		assert_int_equal(f.code, EX_CONFIG);
		assert_int_equal(f.line, cases[i].line);
		assert_string_equal(f.field, cases[i].field);
		assert_non_null(strstr(f.text, cases[i].says));
	}
	write_file("name = a\0b\n", 11);
	assert_null(settings_load(path, allowed, &f));
	assert_non_null(strstr(f.text, "control"));
}

static void
the_folder_is_found(void **state)
{
	char buf[4096], keep[4096] = "", tables[128], small[4];
	const char *env = getenv("DUTYDESK_CONF");
	struct fault f = {0};

	(void)state;
	(void)snprintf(keep, sizeof(keep), "%s", env == NULL ? "" : env);
	(void)unsetenv("DUTYDESK_CONF");
	/* this test lies in build/tests */
	assert_non_null(conf_dir(buf, sizeof(buf), &f));
	(void)snprintf(buf + strlen(buf), sizeof(buf) - strlen(buf), "/codebooks/grades.tsv");
	assert_int_equal(access(buf, R_OK), 0);
	assert_null(conf_dir(small, sizeof(small), &f));
	assert_int_equal(f.code, EX_CONFIG);

	(void)setenv("DUTYDESK_CONF", dir, 1);
	assert_null(conf_dir(buf, sizeof(buf), &f)); /* named and wrong: nothing else is taken instead */
	assert_string_equal(f.field, "DUTYDESK_CONF");
	(void)snprintf(tables, sizeof(tables), "%s/codebooks", dir);
	assert_int_equal(mkdir(tables, 0700), 0);
	(void)snprintf(tables, sizeof(tables), "%s/codebooks/events.tsv", dir);
	assert_int_equal(fclose(fopen(tables, "w")), 0);
	assert_non_null(conf_dir(buf, sizeof(buf), &f));
	assert_string_equal(buf, dir);
	(void)unlink(tables);
	(void)snprintf(tables, sizeof(tables), "%s/codebooks", dir);
	(void)rmdir(tables);
	if (env == NULL)
		(void)unsetenv("DUTYDESK_CONF");
	else
		(void)setenv("DUTYDESK_CONF", keep, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(tables_are_read),
	    cmocka_unit_test(odd_tables_are_refused),
	    cmocka_unit_test(missing_files_are_named),
	    cmocka_unit_test(pairs_are_opened),
	    cmocka_unit_test(settings_are_read),
	    cmocka_unit_test(odd_numbers_are_refused),
	    cmocka_unit_test(odd_settings_are_refused),
	    cmocka_unit_test(the_folder_is_found),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
