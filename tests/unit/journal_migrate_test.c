/*
 * A journal of an older schema is brought forward, whole or not at all; one of a newer is refused.  The old files are made
 * with SQLite itself, behind the journal's back.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>
#include <sqlite3.h>
#include "journal_cases.h"

/* The one table that was otherwise in version 1, as version 1 made it. */
#define VERSION_1 "DROP TABLE draft; CREATE TABLE draft(n INTEGER PRIMARY KEY, rid TEXT NOT NULL UNIQUE," \
	" seat TEXT NOT NULL, ms INTEGER NOT NULL, json BLOB NOT NULL); PRAGMA user_version=1;"

static const char old_drafts[] = "PRAGMA secure_delete=FAST;" VERSION_1
    "INSERT INTO draft(rid,seat,ms,json) VALUES('a','1号席',5,CAST('{\"title\":\"滑坡\"}' AS BLOB)),('b','2',-7,x'');"
    "CREATE TABLE pad(x); INSERT INTO pad VALUES(CAST(replace(hex(zeroblob(20000)),'00','SECRET') AS BLOB)); DROP TABLE pad;";

static void
sql(const struct ctx *c, const char *text)
{
	char path[128], *why = NULL;
	sqlite3 *db;

	snprintf(path, sizeof(path), "%s/journal.db", c->dir);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	if (sqlite3_exec(db, text, NULL, NULL, &why) != SQLITE_OK)
		fail_msg("%s: %s", text, why);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static struct buf
slurp(const struct ctx *c, const char *name)
{
	struct buf b = { 0 };
	uint8_t part[65536];
	char path[128];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", c->dir, name);
	assert_true((fd = open(path, O_RDONLY)) >= 0);
	while ((n = read(fd, part, sizeof(part))) > 0)
		buf_put(&b, part, (size_t)n);
	close(fd);
	return b;
}

static unsigned
version_in_file(const struct ctx *c)
{
	struct buf b = slurp(c, "journal.db");
	unsigned v;

	assert_true(b.n > 64);
	v = (unsigned)b.p[60] << 24 | (unsigned)b.p[61] << 16 | (unsigned)b.p[62] << 8 | b.p[63];
	buf_free(&b);
	return v;
}

/* A journal with a little of everything, closed, and then made what `text` says. */
static void
make_old(struct ctx *c, const char *text)
{
	struct msgid a;
	uint8_t digest[DIGEST_LEN];

	ctx_open(c, false);
	a = put_new(c, OWN, 1, KIND_REPORT, NULL, NULL);
	(void)put_new(c, OWN, 2, KIND_NOTE, &a, &a);
	put_delivery(c, &a, "330225", DLV_OPEN, 4);
	(void)put_outbox(c, &a, "330225", "330225");
	put_incident(c, 1, REALM_LIVE, "1122-001", 10, false);
	digest_of("original", 8, digest);
	assert_int_equal(OP(c, blob_put, digest, "original", 8), 0);
	assert_int_equal(OP(c, quarantine, 1, "x", "y", "z", 1), 0);
	assert_int_equal(OP(c, meta_set, "epoch", "17"), 0);
	commit(c);
	c->j->ops->close(c->j);
	c->j = NULL;
	sql(c, text);
}

static void
must_open(struct ctx *c)
{
	struct fault fault = { 0 };

	c->j = journal_sqlite_open(c->dir, false, &fault);
	if (c->j == NULL)
		fail_msg("%d %s: %s", fault.code, fault.file, fault.text);
}

static void
must_refuse(struct ctx *c, const char *why)
{
	struct buf before = slurp(c, "journal.db"), after;
	struct fault fault = { 0 };

	c->j = journal_sqlite_open(c->dir, true, &fault);
	assert_null(c->j);
	assert_int_equal(fault.code, EX_DATAERR);
	if (strstr(fault.text, why) == NULL)
		fail_msg("refused with \"%s\"; expected \"%s\"", fault.text, why);
	after = slurp(c, "journal.db");
	assert_int_equal(after.n, before.n);
	assert_memory_equal(after.p, before.p, after.n);
	buf_free(&before);
	buf_free(&after);
}

static void
assert_draft(struct ctx *c, const char *rid, int64_t ms, int64_t begun, int state, const char *json, const char *life)
{
	struct journal_draft d;

	assert_int_equal(OP(c, draft_get, rid, &d), 0);
	assert_true(d.ms == ms && d.begun == begun && d.state == state);
	assert_string_equal(buf_cstr(&d.json), json);
	assert_string_equal(buf_cstr(&d.life), life);
	buf_free(&d.json);
	buf_free(&d.life);
}

static void
forward(void **state)
{
	struct journal_verify v;
	struct journal_draft d;
	struct seen s = { 0 };
	struct msgid a;
	struct buf file;
	struct ctx c;
	char val[8];

	(void)state;
	make_old(&c, old_drafts);
	file = slurp(&c, "journal.db");
	assert_non_null(memmem(file.p, file.n, "SECRETSECRET", 12));
	buf_free(&file);
	assert_int_equal(version_in_file(&c), 1);
	must_open(&c);
	/* All of it is there. */
	assert_draft(&c, "a", 5, 5, 0, "{\"title\":\"滑坡\"}", "");
	assert_draft(&c, "b", -7, -7, 0, "", "");
	assert_int_equal(OP(&c, each_after, 0, 0, false, see_msg, &s), 0);
	assert_seen(s, "1:330225102.1 2:330225102.2 ");
	a = make_id(OWN, 1);
	assert_int_equal(OP(&c, delivery_each, &a, see_delivery, &s), 0);
	assert_seen(s, "330225=1@4 ");
	assert_int_equal(OP(&c, outbox_each, see_outbox, &s), 0);
	assert_seen(s, "1:330225:1 ");
	assert_int_equal(OP(&c, meta_get, "epoch", val, sizeof(val)), 0);
	assert_string_equal(val, "17");
	assert_int_equal(OP(&c, verify, OWN, &v), 0);
	assert_string_equal(v.bad, "");
	assert_true(v.messages == 2 && v.chain == 3 && v.blobs == 1 && v.deliveries == 1 && v.outbox == 1);
	/* And the new columns are used. */
	memset(&d, 0, sizeof(d));
	snprintf(d.rid, sizeof(d.rid), "a");
	d.ms = 9;
	d.state = 3;
	buf_puts(&d.life, "{}");
	assert_int_equal(OP(&c, draft_put, &d), 0);
	buf_free(&d.life);
	assert_draft(&c, "a", 9, 5, 3, "", "{}");
	commit(&c);
	c.j->ops->close(c.j);
	/* What version 1 had given back without emptying it is gone too. */
	file = slurp(&c, "journal.db");
	assert_null(memmem(file.p, file.n, "SECRET", 6));
	buf_free(&file);
	assert_int_equal(version_in_file(&c), 2);
	must_open(&c);
	assert_draft(&c, "a", 9, 5, 3, "", "{}");
	assert_draft(&c, "b", -7, -7, 0, "", "");
	ctx_close(&c);
}

/* The version in the log counts: the file's first page is older after a crash. */
static void
in_the_log(void **state, int version, bool opens)
{
	char text[256], path[128];
	struct ctx c;
	pid_t pid;
	int status;

	(void)state;
	make_old(&c, version == 2 ? VERSION_1 : "PRAGMA user_version=2");
	snprintf(text, sizeof(text), "BEGIN; %s PRAGMA user_version=%d; COMMIT;", version == 2 ?
	    "ALTER TABLE draft ADD COLUMN state INTEGER NOT NULL DEFAULT 0; ALTER TABLE draft ADD COLUMN begun INTEGER NOT NULL"
	    " DEFAULT 0; ALTER TABLE draft ADD COLUMN life BLOB NOT NULL DEFAULT x'';" : "", version);
	if ((pid = fork()) == 0) {
		sqlite3 *db;

		snprintf(path, sizeof(path), "%s/journal.db", c.dir);
		if (sqlite3_open(path, &db) != SQLITE_OK || sqlite3_exec(db, text, NULL, NULL, NULL) != SQLITE_OK)
			_exit(1);
		raise(SIGKILL);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(version_in_file(&c), version - 1);
	if (opens) {
		must_open(&c);
		assert_clean(&c);
		ctx_close(&c);
		return;
	}
	must_refuse(&c, "newer Dutydesk");
	assert_int_equal(version_in_file(&c), version - 1);
	remove_dir(c.dir);
}

static void
half_way(void **state)
{
	in_the_log(state, 2, true);
}

static void
newer_in_the_log(void **state)
{
	in_the_log(state, 3, false);
}

/* Refused: and left in the version it was. */
static void
refused(void **state)
{
	static const struct { const char *sql, *why; unsigned version; } rows[] = {
		{ "PRAGMA user_version=3", "newer Dutydesk", 3 },
		{ "PRAGMA user_version=0", "not a journal: it has no version", 0 },
		{ VERSION_1 "DELETE FROM chain WHERE seq=3", "its chain ends at", 1 },
		{ VERSION_1 "DROP TABLE draft", "no such table", 1 },
		{ VERSION_1 "DROP TABLE ref", "no such table", 1 },
		{ "PRAGMA user_version=1", "duplicate column", 1 },
	};
	struct ctx c;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(rows); i++) {
		make_old(&c, rows[i].sql);
		must_refuse(&c, rows[i].why);
		must_refuse(&c, rows[i].why);
		assert_int_equal(version_in_file(&c), rows[i].version);
		remove_dir(c.dir);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(forward),
		cmocka_unit_test(half_way),
		cmocka_unit_test(newer_in_the_log),
		cmocka_unit_test(refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
