/*
 * Opening a journal too large to be read through: what the cheap check at open refuses, and that nothing is counted there.  And a
 * journal on another VFS, made in place.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>
#include <sqlite3.h>
#include "journal_cases.h"

static void
sql(const struct ctx *c, const char *text)
{
	char path[128];
	sqlite3 *db;

	snprintf(path, sizeof(path), "%s/journal.db", c->dir);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void
must_refuse(const struct ctx *c, const char *why)
{
	struct fault fault = { 0 };

	assert_null(journal_sqlite_open(c->dir, false, &fault));
	assert_int_equal(fault.code, EX_DATAERR);
	if (strstr(fault.text, why) == NULL)
		fail_msg("refused with \"%s\", expected \"%s\"", fault.text, why);
}

static void
large(void **state)
{
	static uint8_t big[3 << 20];
	struct journal_counts n;
	struct fault fault = { 0 };
	uint8_t digest[DIGEST_LEN];
	char path[128];
	struct stat st;
	struct ctx c;
	uint64_t i;

	(void)state;
	ctx_open(&c, false);
	for (i = 1; i <= 700; i++)
		(void)put_new(&c, OWN, i, KIND_REPORT, NULL, NULL);
	for (i = 0; i < 7; i++) {	/* above 16 MiB */
		memset(big, (int)i + 1, sizeof(big));
		digest_of(big, sizeof(big), digest);
		assert_int_equal(OP(&c, blob_put, digest, big, sizeof(big)), 0);
	}
	commit(&c);
	ctx_crash(&c);
	assert_clean(&c);
	assert_int_equal(OP(&c, counts, &n), 0);
	assert_int_equal(n.messages, 700);
	c.j->ops->close(c.j);
	sql(&c, "UPDATE chain SET what=5 WHERE seq=650");
	must_refuse(&c, "chain 650");
	sql(&c, "UPDATE chain SET what=2 WHERE seq=650; UPDATE message SET serial=9999 WHERE seq=690");
	must_refuse(&c, "chain 690");
	sql(&c, "UPDATE message SET serial=690 WHERE seq=690; UPDATE head SET hash=zeroblob(32)");
	must_refuse(&c, "its chain ends at");
	sql(&c, "UPDATE head SET hash=zeroblob(32)");
	snprintf(path, sizeof(path), "%s/journal.db", c.dir);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(truncate(path, st.st_size - 8192), 0);
	assert_null(journal_sqlite_open(c.dir, false, &fault));
	remove_dir(c.dir);
}

static void
other_vfs(void **state)
{
	struct fault fault = { 0 };
	struct journal *j;
	struct journal_msg m;
	struct journal_verify v;
	char dir[64], path[128];
	int round;

	(void)state;
	make_dir(dir, sizeof(dir));
	snprintf(path, sizeof(path), "%s/j", dir);
	assert_null(journal_sqlite_open_vfs("unix-none", path, false, &fault));
	assert_int_equal(fault.code, EX_NOINPUT);
	assert_null(journal_sqlite_open_vfs("no-such", path, true, &fault));
	for (round = 1; round <= 3; round++) {
		assert_non_null(j = journal_sqlite_open_vfs("unix-none", path, round == 1, &fault));
		make_msg(&m, OWN, (uint64_t)round, KIND_REPORT, NULL, NULL, 0);
		assert_int_equal(j->ops->put_message(j, &m), 0);
		assert_int_equal(j->ops->commit(j), 0);
		buf_free(&m.body);
		assert_int_equal(j->ops->verify(j, OWN, &v), 0);
		assert_string_equal(v.bad, "");
		assert_int_equal(v.messages, round);
		j->ops->close(j);
	}
	remove_dir(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(large),
		cmocka_unit_test(other_vfs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
