/* The last good rules: kept whole, renewed when they change, and what is there before is never lost to a bad table. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "../../formats/buf.h"
#include "../../formats/conf.h"
#include "../../switch/rules_kept.h"

#define HEAD "id\twhat\tlevel\tgrade\tprec\torigin\tminutes\tclause\tin_force_since\n"

struct fx {
	char tmp[64], conf[96], dir[96];
};

static int
remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

static void
put(const struct fx *x, const char *name, const char *text, size_t n)
{
	char path[700];
	FILE *fp;

	(void)snprintf(path, sizeof path, "%s/rules/%s", x->conf, name);
	assert_non_null(fp = fopen(path, "wb"));
	assert_int_equal(fwrite(text, 1, n, fp), n);
	assert_int_equal(fclose(fp), 0);
}

static void
puts_to(const struct fx *x, const char *name, const char *text)
{
	put(x, name, text, strlen(text));
}

static int
setup(void **state)
{
	struct fx *x = calloc(1, sizeof *x);
	char from[1024], path[1400];
	struct fault f = {0};
	struct dirent *e;
	DIR *d;

	assert_non_null(x);
	(void)snprintf(x->tmp, sizeof x->tmp, "/tmp/rules_kept_test.XXXXXX");
	assert_non_null(mkdtemp(x->tmp));
	(void)snprintf(x->conf, sizeof x->conf, "%s/conf", x->tmp);
	(void)snprintf(x->dir, sizeof x->dir, "%s/town", x->tmp);
	assert_int_equal(mkdir(x->conf, 0700), 0);
	assert_int_equal(mkdir(x->dir, 0700), 0);
	(void)snprintf(path, sizeof path, "%s/rules", x->conf);
	assert_int_equal(mkdir(path, 0700), 0);
	(void)snprintf(path, sizeof path, "%s/rules/profiles", x->conf);
	assert_int_equal(mkdir(path, 0700), 0);
	(void)snprintf(path, sizeof path, "%s/rules/profiles/town", x->conf);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_non_null(conf_dir(from, sizeof from, &f));
	(void)snprintf(path, sizeof path, "%s/rules", from);
	assert_non_null(d = opendir(path));
	while ((e = readdir(d)) != NULL) {
		struct buf text = {0};
		char block[4096];
		size_t n;
		FILE *fp;

		if (strstr(e->d_name, ".tsv") == NULL)
			continue;
		(void)snprintf(path, sizeof path, "%s/rules/%s", from, e->d_name);
		assert_non_null(fp = fopen(path, "rb"));
		while ((n = fread(block, 1, sizeof block, fp)) > 0)
			buf_put(&text, block, n);
		(void)fclose(fp);
		put(x, e->d_name, (const char *)text.p, text.n);
		buf_free(&text);
	}
	(void)closedir(d);
	puts_to(x, "profiles/town/deadlines.tsv", HEAD "t-w\twritten\ttownship\t*\t*\tlearned\t31\t某镇规定\t\n");
	*state = x;
	return 0;
}

static int
teardown(void **state)
{
	struct fx *x = *state;

	assert_int_equal(nftw(x->tmp, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
	free(x);
	return 0;
}

static int64_t
minutes_of(const struct rules *r, const char *id)
{
	struct deadline d;

	for (size_t i = 0; rules_deadline_at(r, i, &d); i++)
		if (strcmp(d.id, id) == 0)
			return d.minutes;
	return -1;
}

/* As the start does: what the disk says, kept; what is kept, read. */
static void
keep(struct fx *x)
{
	struct fault f = {0};
	struct rules *r = rules_load_profiles(x->conf, "town", &f);

	if (r == NULL)
		fail_msg("%s", f.text);
	if (rules_kept_save(x->dir, x->conf, r, &f) != 0)
		fail_msg("%s", f.text);
	rules_free(r);
}

static bool
there(const struct fx *x, const char *name)
{
	char path[300];

	(void)snprintf(path, sizeof path, "%s/%s", x->dir, name);
	return access(path, F_OK) == 0;
}

static void
kept_and_renewed(void **state)
{
	struct fx *x = *state;
	struct fault f = {0};
	struct rules *r;
	struct stat a, b;
	char path[300];

	assert_null(rules_kept_load(x->dir, &f)); /* a fresh station has none */
	assert_int_equal(f.code, EX_NOINPUT);
	keep(x);
	(void)snprintf(path, sizeof path, "%s/%s", x->dir, RULES_KEPT);
	assert_int_equal(stat(path, &a), 0);
	assert_int_equal(a.st_mode & 07777, 0700);
	puts_to(x, "profiles/town/deadlines.tsv", HEAD "t-w\twritten\ttownship\t*\t*\tlearned\t0\t某镇规定\t\n");
	memset(&f, 0, sizeof f);
	assert_null(rules_load_profiles(x->conf, "town", &f));
	memset(&f, 0, sizeof f);
	assert_non_null(r = rules_kept_load(x->dir, &f));
	assert_int_equal(minutes_of(r, "t-w"), 31);
	assert_string_equal(rules_profiles(r), "town");
	rules_free(r);
	/* Put right, and another: the copy follows.  The same again: nothing is written. */
	puts_to(x, "profiles/town/deadlines.tsv", HEAD "t-w\twritten\ttownship\t*\t*\tlearned\t29\t某镇规定\t\n");
	keep(x);
	assert_int_equal(stat(path, &a), 0);
	keep(x);
	assert_int_equal(stat(path, &b), 0);
	assert_int_equal(a.st_ino, b.st_ino);
	assert_non_null(r = rules_kept_load(x->dir, &f));
	assert_int_equal(minutes_of(r, "t-w"), 29);
	rules_free(r);
	assert_false(there(x, "rules.new"));
	assert_false(there(x, "rules.was"));
}

/* A table saved anew between the reading and the copying: the copy would not be what is in force. */
static void
changed_meanwhile(void **state)
{
	struct fx *x = *state;
	struct fault f = {0};
	struct rules *r, *kept;

	keep(x);
	puts_to(x, "profiles/town/deadlines.tsv", HEAD "t-w\twritten\ttownship\t*\t*\tlearned\t28\t某镇规定\t\n");
	assert_non_null(r = rules_load_profiles(x->conf, "town", &f));
	puts_to(x, "profiles/town/deadlines.tsv", HEAD "t-w\twritten\ttownship\t*\t*\tlearned\t0\t某镇规定\t\n");
	assert_int_equal(rules_kept_save(x->dir, x->conf, r, &f), -1);
	assert_int_equal(f.code, EX_TEMPFAIL);
	assert_non_null(kept = rules_kept_load(x->dir, &f));
	assert_int_equal(minutes_of(kept, "t-w"), 31);
	assert_false(there(x, "rules.new"));
	rules_free(kept);
	rules_free(r);
}

/* The power goes between the two renames, or while a copy is written. */
static void
interrupted(void **state)
{
	struct fx *x = *state;
	struct fault f = {0};
	struct rules *r;
	char a[300], b[300];

	keep(x);
	(void)snprintf(a, sizeof a, "%s/%s", x->dir, RULES_KEPT);
	(void)snprintf(b, sizeof b, "%s/rules.was", x->dir);
	assert_int_equal(rename(a, b), 0);
	(void)snprintf(b, sizeof b, "%s/rules.new", x->dir);
	assert_int_equal(mkdir(b, 0700), 0);
	assert_non_null(r = rules_kept_load(x->dir, &f));
	assert_int_equal(minutes_of(r, "t-w"), 31);
	rules_free(r);
	keep(x);
	assert_true(there(x, RULES_KEPT));
	assert_false(there(x, "rules.new"));
	assert_false(there(x, "rules.was"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(kept_and_renewed, setup, teardown),
	    cmocka_unit_test_setup_teardown(changed_meanwhile, setup, teardown),
	    cmocka_unit_test_setup_teardown(interrupted, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
