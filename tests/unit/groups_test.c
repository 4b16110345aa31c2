/* Address groups: the shipped samples, overlapping, circles, and names nobody knows. */
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
#include "../../formats/conf.h"
#include "../../formats/groups.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define H "group\tname\tpinyin\tmembers\tnote\n"

static struct codebook *cb;
static char conf[4096], dir[CONFDIR_MAX];

static void
put(const char *name, const char *text)
{
	confdir_put(dir, "codebooks", name, text);
}

static int
setup(void **state)
{
	struct fault f = {0};

	(void)state;
	if (conf_dir(conf, sizeof(conf), &f) == NULL || (cb = codebook_load(conf, &f)) == NULL)
		return -1;
	return confdir_make(dir, "groups_test", "codebooks") ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	put("groups", NULL);
	put("groups.local", NULL);
	codebook_free(cb);
	groups_free(NULL);
	return confdir_remove(dir, "codebooks");
}

static void
test_shipped(void **state)
{
	struct fault f = {0};
	struct groups *g = groups_load(conf, cb, &f);
	struct buf out = {0};
	const struct group *e;
	size_t n = 1;

	(void)state;
	if (g == NULL)
		fail_msg("%s:%zu: %s", f.file, f.line, f.text);
	for (size_t i = 0; (e = groups_at(g, i)) != NULL; i++) {
		assert_non_null(strstr(e->note, "样例"));
		assert_true(e->initials[0] != '\0');
		assert_ptr_equal(groups_find(g, e->id), e);
		assert_ptr_equal(groups_find(g, e->name), e);
		buf_clear(&out);
		assert_int_equal(groups_expand(g, cb, e->name, "to", &out, &f), -1); /* without @: a station code */
		buf_printf(&out, "@%s", e->name);
		assert_int_equal(groups_expand(g, cb, buf_cstr(&out), "to", &out, &f), 0);
	}
	buf_clear(&out);
	assert_int_equal(groups_expand(g, cb, "@全县乡镇", "to", &out, &f), 0);
	for (size_t i = 0; i < out.n; i++)
		n += out.p[i] == ',';
	assert_int_equal(n, 18);
	assert_null(groups_find(g, ""));
	assert_null(groups_find(g, "@"));
	assert_null(groups_find(g, "无此组"));
	buf_free(&out);
	groups_free(g);
}

static void
test_expand(void **state)
{
	static const struct {
		const char *list, *want;
		int code;
	} c[] = {
	    {"330225", "330225", 0},
	    {"330225,330225-gongan,330225", "330225,330225-gongan", 0},
	    {"@a", "330225101,330225102", 0},
	    {"@A", "330225101,330225102", 0},
	    {"@甲组,330225-gongan", "330225101,330225102,330225-gongan", 0},
	    {"330225102，@b、330225", "330225102,330225103,330225101,330225", 0},
	    {"@b,@a,@b", "330225103,330225101,330225102", 0},
	    {"@both", "330225101,330225102,330225103", 0},
	    {" @a , 330225 ", "330225101,330225102,330225", 0},
	    {"330200/children", "330225", 0},
	    {"3302*", "330225", 0},
	    {"500000/children", "500237,500152", 0}, /* past 县 and 市辖区 */
	    {"x-unheard-of,999999", "x-unheard-of,999999", 0},
	    {"999999/children", NULL, EX_NOHOST},
	    {"330225102/children", NULL, EX_NOHOST},
	    {"@nobody", NULL, EX_NOHOST},
	    {"@", NULL, EX_NOHOST},
	    {"330225,@nobody", NULL, EX_NOHOST},
	    {"", NULL, EX_DATAERR},
	    {"330225,", NULL, EX_DATAERR},
	    {",330225", NULL, EX_DATAERR},
	    {"330225,,330225102", NULL, EX_DATAERR},
	    {"33022", NULL, EX_DATAERR},
	    {"*", NULL, EX_DATAERR},
	    {"/children", NULL, EX_DATAERR},
	    {"甲组", NULL, EX_DATAERR},
	    {"330225\n", NULL, EX_DATAERR},
	};
	struct fault f = {0};
	struct groups *g;
	struct buf out = {0};

	(void)state;
	put("groups", H "a\t甲组\tjz\t330225101,330225102\t\nboth\t两组\tlz\t@甲组,@b\t\nb\t乙组\tyz\t330225103\t\n");
	put("groups.local", H "b\t乙组\tyz\t330225103,330225101\t\n");
	g = groups_load(dir, cb, &f);
	if (g == NULL)
		fail_msg("%s:%zu: %s", f.file, f.line, f.text);
	for (size_t i = 0; i < COUNT(c); i++) {
		int rc;

		buf_clear(&out);
		buf_puts(&out, "330225101:"); /* what stands there already is left alone */
		memset(&f, 0, sizeof(f));
		rc = groups_expand(g, cb, c[i].list, "to", &out, &f);
		if (rc != (c[i].want == NULL ? -1 : 0) || strcmp(buf_cstr(&out) + 10, c[i].want == NULL ? "" : c[i].want) != 0)
			fail_msg("\"%s\": %d \"%s\" %s", c[i].list, rc, buf_cstr(&out), f.text);
		assert_int_equal(f.code, c[i].code);
		if (rc == -1)
			assert_string_equal(f.field, "to");
	}
	/* the bound */
	buf_clear(&out);
	for (int i = 0; i <= GROUPS_STATIONS_MAX; i++)
		buf_printf(&out, "%sx%d", i > 0 ? "," : "", i);
	struct buf many = {0};
	assert_int_equal(groups_expand(g, cb, buf_cstr(&out), "cc", &many, &f), -1);
	assert_int_equal(f.code, EX_DATAERR);
	assert_string_equal(f.field, "cc");
	assert_int_equal(many.n, 0);
	buf_free(&many);
	buf_free(&out);
	groups_free(g);
	put("groups", NULL);
	put("groups.local", NULL);
	/* no table: no groups, and lists of stations work */
	g = groups_load(dir, cb, &f);
	assert_non_null(g);
	assert_null(groups_at(g, 0));
	assert_int_equal(groups_expand(g, cb, "330225", "to", &out, &f), 0);
	buf_free(&out);
	groups_free(g);
}

static void
test_tables(void **state)
{
	static const struct {
		const char *text, *local;
		size_t line;
		const char *says;
	} bad[] = {
	    {"group\tname\na\tb\n", NULL, 1, NULL},
	    {H "a\t甲\t\t\t\n", NULL, 2, NULL},
	    {H "A!\t甲\t\t330225\t\n", NULL, 2, NULL},
	    {H "a\t\t\t330225\t\n", NULL, 2, NULL},
	    {H "a\t甲,乙\t\t330225\t\n", NULL, 2, NULL},
	    {H "a\t甲\t\t330225,\t\n", NULL, 2, NULL},
	    {H "a\t甲\t\t330999\t\n", NULL, 2, "330999"},
	    {H "a\t甲\t\tx-gangqu\t\n", NULL, 2, "x-gangqu"},
	    {H "a\t甲\t\t330999/children\t\n", NULL, 2, "330999"},
	    {H "a\t甲\t\t330225-\t\n", NULL, 2, "330225-"},
	    {H "a\t甲\t\t@b\t\n", NULL, 2, "@b"},
	    {H "a\t甲\t\t@a\t\n", NULL, 2, "@a"},
	    {H "a\t甲\t\t@b\t\nb\t乙\t\t@丙\t\nc\t丙\t\t330225,@甲\t\n", NULL, 4, "@甲"},
	    {H "a\t甲\t\t330225\t\na\t乙\t\t330225\t\n", NULL, 3, "a"},
	    {H "a\t甲\t\t330225\t\nb\t甲\t\t330225\t\n", NULL, 3, "甲"},
	    {H "a\tb\t\t330225\t\nb\t甲\t\t330225\t\n", NULL, 3, "b"},
	    {H "a\t甲\t\t@b\t\nb\t乙\t\t330225\t\n", H "b\t乙\t\t@a\t\n", 2, "@a"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct fault f = {0};
		struct groups *g;

		put("groups", bad[i].text);
		put("groups.local", bad[i].local);
		g = groups_load(dir, cb, &f);
		if (g != NULL || f.code != EX_CONFIG || f.line != bad[i].line ||
		    (bad[i].says != NULL && strstr(f.text, bad[i].says) == NULL))
			fail_msg("case %zu: code %d line %zu: %s", i, f.code, f.line, f.text);
		assert_non_null(strstr(f.file, bad[i].local != NULL ? "groups.local.tsv" : "groups.tsv"));
	}
}

/* A chain of 300 groups, each holding all behind it: taken apart once each. */
static void
test_chain(void **state)
{
	struct buf t = {0}, out = {0};
	struct fault f = {0};
	struct groups *g;

	(void)state;
	buf_puts(&t, H);
	for (int i = 0; i < 300; i++) {
		buf_printf(&t, "g%d\t组%d\t\t330225", i, i);
		for (int k = i + 1; k < 300 && k < i + 40; k++)
			buf_printf(&t, ",@g%d", k);
		buf_puts(&t, "\t\n");
	}
	put("groups", buf_cstr(&t));
	put("groups.local", NULL);
	g = groups_load(dir, cb, &f);
	assert_non_null(g);
	assert_int_equal(groups_expand(g, cb, "@g0", "to", &out, &f), 0);
	assert_string_equal(buf_cstr(&out), "330225");
	groups_free(g);
	buf_free(&t);
	buf_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_shipped), cmocka_unit_test(test_expand),
	    cmocka_unit_test(test_tables), cmocka_unit_test(test_chain)};

	return cmocka_run_group_tests(tests, setup, teardown);
}
