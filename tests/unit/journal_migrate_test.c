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
#include "../../switch/journal_sqlite.h"
#include "journal_cases.h"

/* The one table that was otherwise in version 1, as version 1 made it. */
#define VERSION_1 "DROP TABLE draft; CREATE TABLE draft(n INTEGER PRIMARY KEY, rid TEXT NOT NULL UNIQUE," \
	" seat TEXT NOT NULL, ms INTEGER NOT NULL, json BLOB NOT NULL); PRAGMA user_version=1;"

static const char old_drafts[] = "PRAGMA secure_delete=FAST;" VERSION_1
    "INSERT INTO draft(rid,seat,ms,json) VALUES('a','1号席',5,CAST('{\"title\":\"滑坡\"}' AS BLOB)),('b','2',-7,x'');"
    "CREATE TABLE pad(x); INSERT INTO pad VALUES(CAST(replace(hex(zeroblob(20000)),'00','SECRET') AS BLOB)); DROP TABLE pad;";

/* The schema of version 2, as it was. */
static const char version_2[] =
    "CREATE TABLE meta(key TEXT PRIMARY KEY, val TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE chain(seq INTEGER PRIMARY KEY, ms INTEGER NOT NULL, what INTEGER NOT NULL, ref TEXT NOT NULL,"
    " who TEXT NOT NULL, digest BLOB NOT NULL, hash BLOB NOT NULL);"
    "CREATE TABLE head(one INTEGER PRIMARY KEY CHECK(one=1), seq INTEGER NOT NULL, hash BLOB NOT NULL,"
    " outbox INTEGER NOT NULL);"
    "CREATE TABLE message(seq INTEGER PRIMARY KEY REFERENCES chain(seq), realm INTEGER NOT NULL, origin TEXT NOT NULL,"
    " epoch INTEGER NOT NULL, serial INTEGER NOT NULL, irealm INTEGER NOT NULL, iorigin TEXT NOT NULL,"
    " iepoch INTEGER NOT NULL, iserial INTEGER NOT NULL, kind INTEGER NOT NULL, precedence INTEGER NOT NULL,"
    " stored INTEGER NOT NULL, sender TEXT NOT NULL, local INTEGER NOT NULL, digest BLOB NOT NULL,"
    " quiet INTEGER NOT NULL, UNIQUE(realm,origin,epoch,serial));"
    "CREATE INDEX message_incident ON message(iorigin,iepoch,iserial,irealm) WHERE iorigin<>'';"
    "CREATE INDEX message_kind ON message(kind);"
    "CREATE INDEX message_loud ON message(seq) WHERE local=1 AND quiet=0;"
    "CREATE TABLE payload(seq INTEGER PRIMARY KEY REFERENCES message(seq), body BLOB);"
    "CREATE TABLE ref(realm INTEGER, origin TEXT, epoch INTEGER, serial INTEGER, seq INTEGER REFERENCES message(seq),"
    " PRIMARY KEY(realm,origin,epoch,serial,seq)) WITHOUT ROWID;"
    "CREATE TABLE delivery(n INTEGER PRIMARY KEY, realm INTEGER NOT NULL, origin TEXT NOT NULL, epoch INTEGER NOT NULL,"
    " serial INTEGER NOT NULL, station TEXT NOT NULL, state INTEGER NOT NULL, since INTEGER NOT NULL,"
    " offered INTEGER NOT NULL, delivered INTEGER NOT NULL, read INTEGER NOT NULL, signed INTEGER NOT NULL,"
    " taken INTEGER NOT NULL, person TEXT NOT NULL, UNIQUE(realm,origin,epoch,serial,station),"
    " FOREIGN KEY(realm,origin,epoch,serial) REFERENCES message(realm,origin,epoch,serial));"
    "CREATE INDEX delivery_open ON delivery(offered) WHERE state<=2;"
    "CREATE INDEX delivery_returned ON delivery(n) WHERE state=7;"
    "CREATE TABLE outbox(n INTEGER PRIMARY KEY, link TEXT NOT NULL, realm INTEGER NOT NULL, origin TEXT NOT NULL,"
    " epoch INTEGER NOT NULL, serial INTEGER NOT NULL, precedence INTEGER NOT NULL, envelope BLOB NOT NULL,"
    " FOREIGN KEY(realm,origin,epoch,serial) REFERENCES message(realm,origin,epoch,serial));"
    "CREATE INDEX outbox_message ON outbox(realm,origin,epoch,serial);"
    "CREATE INDEX outbox_nowhere ON outbox(n) WHERE link='';"
    "CREATE TABLE request(rid TEXT PRIMARY KEY, digest BLOB NOT NULL, realm INTEGER NOT NULL, origin TEXT NOT NULL,"
    " epoch INTEGER NOT NULL, serial INTEGER NOT NULL, ms INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE draft(n INTEGER PRIMARY KEY, rid TEXT NOT NULL UNIQUE, seat TEXT NOT NULL, ms INTEGER NOT NULL,"
    " json BLOB NOT NULL, state INTEGER NOT NULL DEFAULT 0, begun INTEGER NOT NULL DEFAULT 0,"
    " life BLOB NOT NULL DEFAULT x'');"
    "CREATE TABLE incident(n INTEGER PRIMARY KEY, realm INTEGER NOT NULL, origin TEXT NOT NULL, epoch INTEGER NOT NULL,"
    " serial INTEGER NOT NULL, number TEXT NOT NULL, changed INTEGER NOT NULL, seq INTEGER NOT NULL,"
    " closed INTEGER NOT NULL, history INTEGER NOT NULL, summary BLOB NOT NULL, UNIQUE(realm,origin,epoch,serial));"
    "CREATE INDEX incident_changed ON incident(realm,changed,seq,history);"
    "CREATE INDEX incident_number ON incident(number);"
    "CREATE TABLE alias(space TEXT, key TEXT, realm INTEGER NOT NULL, origin TEXT NOT NULL, epoch INTEGER NOT NULL,"
    " serial INTEGER NOT NULL, PRIMARY KEY(space,key)) WITHOUT ROWID;"
    "CREATE TABLE original(digest BLOB NOT NULL UNIQUE, bytes BLOB NOT NULL);"
    "CREATE TABLE quarantine(seq INTEGER PRIMARY KEY REFERENCES chain(seq), ms INTEGER NOT NULL, sender TEXT NOT NULL,"
    " why TEXT NOT NULL, bytes BLOB NOT NULL);"
    ;

#define NEW_TABLES(X) X("meta") X("chain") X("head") X("message") X("payload") X("ref") X("names") X("delivery") X("outbox") \
	X("request") X("draft") X("incident") X("alias") X("original") X("quarantine") X("line") X("passage") X("hold") X("source") X("name")
#define RENAME(t) "ALTER TABLE " t " RENAME TO new_" t ";"
#define DROP(t) "DROP TABLE new_" t ";"
#define ID_OF(n) "(SELECT realm FROM new_source WHERE n=" n "),(SELECT origin FROM new_source WHERE n=" n "),(SELECT epoch FROM new_source WHERE n=" n ")"

/* What a journal of today holds, in tables of version 2. */
static const char to_version_2[] = "PRAGMA legacy_alter_table=ON; BEGIN; DROP INDEX message_incident; DROP INDEX message_kind;"
    "DROP INDEX message_loud; DROP INDEX delivery_open; DROP INDEX delivery_returned; DROP INDEX outbox_message;"
    "DROP INDEX outbox_nowhere; DROP INDEX incident_changed; DROP INDEX incident_number; DROP INDEX passage_message;"
    "DROP TABLE IF EXISTS find;" NEW_TABLES(RENAME);
static const char copy_version_2[] = "INSERT INTO meta SELECT * FROM new_meta;"
    "INSERT INTO message SELECT o.seq," ID_OF("o.source") ",o.serial,coalesce((SELECT realm FROM new_source WHERE n=o.isource),0),"
    "coalesce((SELECT origin FROM new_source WHERE n=o.isource),''),coalesce((SELECT epoch FROM new_source WHERE n=o.isource),0),"
    "o.iserial,o.kind,o.precedence,o.stored,(SELECT text FROM new_name WHERE n=o.sender),o.local,o.digest,o.quiet FROM new_message o;"
    "INSERT INTO chain SELECT o.seq,coalesce(o.ms,m.stored),o.what,coalesce(o.ref,m.origin||'.'||m.epoch||'.'||m.serial),"
    "coalesce((SELECT text FROM new_name WHERE n=o.who),m.sender,''),coalesce(o.digest,m.digest,zeroblob(32)),o.hash"
    " FROM new_chain o LEFT JOIN message m ON m.seq=o.seq;"
    "INSERT INTO payload SELECT seq,plain(body) FROM new_payload;"
    "INSERT INTO ref SELECT " ID_OF("o.source") ",o.serial,o.seq FROM new_ref o;"
    "INSERT INTO delivery SELECT o.n," ID_OF("o.source") ",o.serial,(SELECT text FROM new_name WHERE n=o.station),o.state,"
    "o.since+o.offered,o.offered,coalesce(o.delivered+o.offered,0),coalesce(o.read+o.offered,0),coalesce(o.signed+o.offered,0),"
    "coalesce(o.taken+o.offered,0),o.person FROM new_delivery o;"
    "INSERT INTO outbox SELECT o.n,coalesce((SELECT text FROM new_name WHERE n=o.link),'')," ID_OF("o.source") ",o.serial,"
    "o.precedence,o.envelope FROM new_outbox o;"
    "INSERT INTO request SELECT o.rid,o.digest," ID_OF("o.source") ",o.serial,o.ms FROM new_request o;"
    "INSERT INTO draft SELECT * FROM new_draft;"
    "INSERT INTO incident SELECT o.n," ID_OF("o.source") ",o.serial,o.number,o.changed,o.seq,o.closed,o.history,plain(o.summary)"
    " FROM new_incident o;"
    "INSERT INTO alias SELECT o.space,o.key," ID_OF("o.source") ",o.serial FROM new_alias o;"
    "INSERT INTO original SELECT digest,bytes FROM new_original; INSERT INTO quarantine SELECT * FROM new_quarantine;"
    "INSERT INTO head SELECT one,seq,hash,outbox FROM new_head;" NEW_TABLES(DROP) "PRAGMA user_version=2;";

static void
sql_plain(sqlite3_context *ctx, int n, sqlite3_value **v)
{
	struct sq *j = xcalloc(1, sizeof(*j));
	struct buf out = { NULL, 0, 0 };

	(void)n;
	if (sq_unpack(j, sqlite3_value_blob(v[0]), (size_t)sqlite3_value_bytes(v[0]), 1 << 20, &out) != 0)
		sqlite3_result_error(ctx, "does not unpack", -1);
	else
		sqlite3_result_blob64(ctx, out.n > 0 ? (const void *)out.p : "", out.n, SQLITE_TRANSIENT);
	buf_free(&out);
	sq_packer_free(j->packer);
	free(j);
}

static void
exec(sqlite3 *db, const char *text)
{
	char *why = NULL;

	if (sqlite3_exec(db, text, NULL, NULL, &why) != SQLITE_OK)
		fail_msg("%.200s: %s", text, why);
}

/* The whole of every hash stood there. */
static void
whole_hashes(sqlite3 *db)
{
	uint8_t last[DIGEST_LEN] = { 0 };
	sqlite3_stmt *s, *u;
	struct journal_chain c;

	assert_int_equal(sqlite3_prepare_v2(db, "SELECT seq,ms,what,ref,who,digest FROM chain ORDER BY seq", -1, &s, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, "UPDATE chain SET hash=? WHERE seq=?", -1, &u, NULL), SQLITE_OK);
	while (sqlite3_step(s) == SQLITE_ROW) {
		memset(&c, 0, sizeof(c));
		c.seq = (uint64_t)sqlite3_column_int64(s, 0);
		c.ms = sqlite3_column_int64(s, 1);
		c.what = sqlite3_column_int(s, 2);
		snprintf(c.ref, sizeof(c.ref), "%s", (const char *)sqlite3_column_text(s, 3));
		snprintf(c.who, sizeof(c.who), "%s", (const char *)sqlite3_column_text(s, 4));
		memcpy(c.digest, sqlite3_column_blob(s, 5), DIGEST_LEN);
		journal_chain_hash(last, &c);
		memcpy(last, c.hash, DIGEST_LEN);
		sqlite3_bind_blob(u, 1, last, DIGEST_LEN, SQLITE_STATIC);
		sqlite3_bind_int64(u, 2, (sqlite3_int64)c.seq);
		assert_int_equal(sqlite3_step(u), SQLITE_DONE);
		sqlite3_reset(u);
	}
	sqlite3_finalize(s);
	sqlite3_finalize(u);
}

static void
make_version_2(const struct ctx *c)
{
	char path[128];
	sqlite3 *db;

	snprintf(path, sizeof(path), "%s/journal.db", c->dir);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	sqlite3_create_function(db, "plain", 1, SQLITE_UTF8, NULL, sql_plain, NULL, NULL);
	exec(db, to_version_2);
	exec(db, version_2);
	exec(db, copy_version_2);
	whole_hashes(db);
	exec(db, "COMMIT; PRAGMA wal_checkpoint(TRUNCATE);");
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

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
	make_version_2(c);
	if (text[0] != '\0')
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
	assert_int_equal(version_in_file(&c), 3);
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
	make_old(&c, version == 2 ? VERSION_1 : "PRAGMA user_version=3");
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
	in_the_log(state, 4, false);
}

/* Refused: and left in the version it was. */
static void
refused(void **state)
{
	static const struct { const char *sql, *why; unsigned version; } rows[] = {
		{ "PRAGMA user_version=4", "newer Dutydesk", 4 },
		{ "PRAGMA user_version=0", "not a journal: it has no version", 0 },
		{ VERSION_1 "DELETE FROM chain WHERE seq=3", "its chain", 1 },
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
