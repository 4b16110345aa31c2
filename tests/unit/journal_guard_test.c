/*
 * A log that is lost or damaged in its middle, and an anchor the journal has not reached: said at the open, never passed over.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>
#include "../../switch/journal.h"
#include "../../switch/journal_guard.h"
#include "../../switch/log.h"
#include "../../formats/buf.h"

static char dir[64];

static int
setup(void **state)
{
	(void)state;
	(void)snprintf(dir, sizeof dir, "/tmp/guard.XXXXXX");
	assert_non_null(mkdtemp(dir));
	return 0;
}

static int
teardown(void **state)
{
	static const char *const names[] = { "journal.db", "journal.db-wal", "anchor", "copy.db", "copy.db-wal" };
	char path[128];

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		(void)snprintf(path, sizeof path, "%s/%s", dir, names[i]);
		(void)unlink(path);
	}
	return rmdir(dir);
}

static void
copy(const char *from, const char *to)
{
	char a[128], b[128];
	uint8_t page[4096];
	ssize_t n;
	int in, out;

	(void)snprintf(a, sizeof a, "%s/%s", dir, from);
	(void)snprintf(b, sizeof b, "%s/%s", dir, to);
	in = open(a, O_RDONLY);
	out = open(b, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(in >= 0 && out >= 0);
	while ((n = read(in, page, sizeof page)) > 0)
		assert_int_equal(write(out, page, (size_t)n), n);
	close(in);
	close(out);
}

static void
note(struct journal *j, int n)
{
	char ref[32];

	(void)snprintf(ref, sizeof ref, "note %d", n);
	assert_int_equal(j->ops->chain_add(j, 1000 + n, CHAIN_ADMIN, ref, "seat", NULL), 0);
	assert_int_equal(j->ops->commit(j), 0);
}

/* Leaves what a kill -9 would: the database and a log with `commits` commits that were never brought home. */
static void
killed(int commits)
{
	struct fault f = { 0 };
	struct journal *j = journal_sqlite_open(dir, true, &f);

	assert_non_null(j);
	note(j, 0);
	j->ops->close(j);
	assert_non_null(j = journal_sqlite_open(dir, false, &f));
	for (int i = 1; i <= commits; i++)
		note(j, i);
	copy("journal.db", "copy.db");
	copy("journal.db-wal", "copy.db-wal");
	j->ops->close(j);
	copy("copy.db", "journal.db");
	copy("copy.db-wal", "journal.db-wal");
}

static void
flip(const char *name, off_t at)
{
	char path[128];
	uint8_t byte;
	int fd;

	(void)snprintf(path, sizeof path, "%s/%s", dir, name);
	fd = open(path, O_RDWR);
	assert_true(fd >= 0 && pread(fd, &byte, 1, at) == 1);
	byte ^= 0x10;
	assert_int_equal(pwrite(fd, &byte, 1, at), 1);
	close(fd);
}

static off_t
size_of(const char *name)
{
	struct stat st;
	char path[128];

	(void)snprintf(path, sizeof path, "%s/%s", dir, name);
	assert_int_equal(stat(path, &st), 0);
	return st.st_size;
}

static void
opens(uint64_t seq)
{
	struct fault f = { 0 };
	struct journal *j = journal_sqlite_open(dir, false, &f);

	if (j == NULL)
		fail_msg("refused: %s", f.text);
	assert_int_equal(j->ops->chain_seq(j), seq);
	j->ops->close(j);
}

static void
refused(const char *word)
{
	struct fault f = { 0 };
	struct journal *j = journal_sqlite_open(dir, false, &f);

	if (j != NULL)
		fail_msg("opened at %llu", (unsigned long long)j->ops->chain_seq(j));
	assert_int_equal(f.code, EX_DATAERR);
	if (strstr(f.text, word) == NULL)
		fail_msg("%s", f.text);
}

static void
whole(void **state)
{
	(void)state;
	killed(12);
	opens(13);
}

/* The log is gone: the anchor knows better. */
static void
log_lost(void **state)
{
	char path[128];

	(void)state;
	killed(12);
	(void)snprintf(path, sizeof path, "%s/journal.db-wal", dir);
	assert_int_equal(unlink(path), 0);
	refused("13");
	assert_int_equal(journal_anchor_drop(dir), 0);	/* as a restore does */
	opens(1);
}

/* A bit in a frame with commits behind it is damage, with and without the anchor; in the last commit it is a torn tail to the log, and
 * the anchor's alone to tell. */
static void
log_rotten(void **state)
{
	off_t end;

	(void)state;
	killed(12);
	end = size_of("journal.db-wal");
	flip("journal.db-wal", end / 4);
	refused("log is damaged");
	(void)journal_anchor_drop(dir);
	refused("log is damaged");
	copy("copy.db", "journal.db");
	copy("copy.db-wal", "journal.db-wal");
	flip("journal.db-wal", end - 100);
	opens(12);
}

static void
tail_cut(void **state)
{
	char path[128];

	(void)state;
	killed(12);
	(void)snprintf(path, sizeof path, "%s/journal.db-wal", dir);
	assert_int_equal(truncate(path, size_of("journal.db-wal") - 200), 0);
	refused("13");
	(void)journal_anchor_drop(dir);
	copy("copy.db", "journal.db");
	copy("copy.db-wal", "journal.db-wal");
	assert_int_equal(truncate(path, size_of("journal.db-wal") - 200), 0);
	opens(12);	/* what a power loss may leave */
}

static void
another(void **state)
{
	struct journal_anchor a = { .seq = 3, .hash = { 1, 2, 3, 4, 5, 6, 7, 8 } };
	int fd;

	(void)state;
	killed(5);
	fd = journal_anchor_open(dir);
	assert_true(fd >= 0);
	journal_anchor_set(fd, &a);
	close(fd);
	refused("another");
}

/* An anchor that cannot be read says nothing. */
static void
torn_anchor(void **state)
{
	static const char *const bad[] = { "", "x", "00000000000000000099 0102030405060708 00000000\n",
		"99999999999999999999 0102030405060708 00000000\n" };
	char path[128];
	struct journal_anchor a;

	(void)state;
	killed(3);
	assert_true(journal_anchor_get(dir, &a));
	assert_int_equal(a.seq, 4);
	(void)snprintf(path, sizeof path, "%s/anchor", dir);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

		assert_true(fd >= 0 && write(fd, bad[i], strlen(bad[i])) == (ssize_t)strlen(bad[i]));
		close(fd);
		assert_false(journal_anchor_get(dir, &a));
		opens(4);
	}
}

/* No file is a log to trip over: what is no log at all is left to SQLite. */
static void
no_log(void **state)
{
	char path[128];
	struct fault f = { 0 };
	uint8_t noise[9000];

	(void)state;
	(void)snprintf(path, sizeof path, "%s/journal.db-wal", dir);
	assert_int_equal(journal_guard_log(path, &f), 0);
	for (unsigned seed = 1; seed < 200; seed++) {
		int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
		size_t n = (seed * 977) % sizeof noise;
		uint32_t x = seed * 2654435761u;

		for (size_t i = 0; i < sizeof noise; i++)
			noise[i] = (uint8_t)((x = x * 1664525u + 1013904223u) >> 24);
		if (seed % 2 == 0)
			memcpy(noise, "\x37\x7f\x06\x82\x00\x2d\xe2\x18\x00\x00\x10\x00", 12);
		assert_int_equal(write(fd, noise, n), n);
		close(fd);
		(void)journal_guard_log(path, &f);
	}
}

int
main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = { T(whole), T(log_lost), T(log_rotten), T(tail_cut), T(another), T(torn_anchor), T(no_log) };

	log_init(LOG_LV_ERROR, 2);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
