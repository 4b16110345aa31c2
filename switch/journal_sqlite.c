/*
 * The journal on SQLite: the only file that calls SQLite and the only one that holds SQL.  It gives its siblings,
 * through journal_sqlite.h, statements by name with typed binding and reading; journal_sqlite_messages.c and
 * journal_sqlite_tables.c are the rows' functions, written on those and knowing neither.
 *
 * What it promises.  One connection, WAL, synchronous=FULL, locking_mode=EXCLUSIVE: nobody else opens the file, and
 * there is no shared memory.  Writing begins a transaction at the first write; only commit() makes it durable, and
 * closing without it forgets.  A COMMIT that fails is unknown (DESIGN 4.3): nothing is rolled back, `failed` is set,
 * the next open finds out.  A new journal is made beside and renamed, so that a file named journal.db is always whole;
 * an existing one that is damaged, foreign or newer than this program is refused and left as it is, byte for byte (no
 * checkpoint on close before it has passed).
 *
 * Message ids are kept as their four columns; the chain's position is the key of a message, of its payload and of a
 * quarantined input, so each joins by integer.  Payloads stand in a table of their own: one can be destroyed (zeros
 * of the same length, or NULL, and a CHAIN_DESTROYED entry) while message and chain stay as they were; so can an
 * original.  secure_delete is on, and the log is emptied after such a commit.  `head` repeats the chain's end at every
 * commit, so that a tail cut off is seen at the next open.
 *
 * Callbacks may read and write the journal, because none is called while a statement is open: messages, which never
 * change, are fetched a page at a time; of everything else the keys are collected first, and each row is read when its
 * turn comes (one that is gone by then is skipped).
 *
 * It leaves to the caller: the lock on the directory, what is written when, and what a failure means.
 */
#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>
#include <sqlite3.h>

#include "journal_sqlite.h"
#include "log.h"
#include "../formats/i18n.h"

#define FILE_NAME "journal.db"
#define APPLICATION_ID 0x44757479	/* "Duty" */
#define USER_VERSION 2
#define OLDEST_VERSION 1	/* that can be brought forward */
#define BUSY_MS 200
#define PATH_LEN 512

static const char schema[] =
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
    "INSERT INTO head VALUES(1,0,zeroblob(32),0);";

/*
 * From one version of the schema to the next, in one transaction.  The columns stand where `schema` has them.
 * 2: the review of a draft.
 */
static const char *const migrations[USER_VERSION] = {
	[1] = "ALTER TABLE draft ADD COLUMN state INTEGER NOT NULL DEFAULT 0;"
	    "ALTER TABLE draft ADD COLUMN begun INTEGER NOT NULL DEFAULT 0;"
	    "ALTER TABLE draft ADD COLUMN life BLOB NOT NULL DEFAULT x'';"
	    "UPDATE draft SET begun=ms;",
};

/*
 * Where rows change their length, SQLite moves their neighbours between pages, and a page laid out anew may keep, between its
 * rows, bytes of one that is gone; secure_delete does not reach those.  Messages and originals are never moved: they are only
 * appended, and destroyed by zeros of the same length.  Tables that are rewritten all the time are emptied (which zeroes
 * every page of them) and filled again in the order of their keys.
 */
#define REFILL(table) "CREATE TEMP TABLE scrub AS SELECT * FROM main." table "; DELETE FROM main." table ";" \
	"INSERT INTO main." table " SELECT * FROM temp.scrub ORDER BY n; DROP TABLE temp.scrub;"

#define ID "realm,origin,epoch,serial"
#define IS_ID "realm=? AND origin=? AND epoch=? AND serial=?"
#define MSG_FROM(how) "SELECT m.seq,m.realm,m.origin,m.epoch,m.serial,m.irealm,m.iorigin,m.iepoch,m.iserial,m.kind," \
	"m.precedence,m.stored,m.sender,m.local,m.digest,m.quiet,p.body,p.seq IS NOT NULL FROM message m" \
	how " LEFT JOIN payload p ON p.seq=m.seq "
#define MSG MSG_FROM("")
#define CHAIN "SELECT seq,ms,what,ref,who,digest,hash FROM chain "
#define DELIVERY "SELECT " ID ",station,state,since,offered,delivered,read,signed,taken,person FROM delivery "
#define OUTBOX "SELECT o.n,o.link,o.realm,o.origin,o.epoch,o.serial,o.precedence,o.envelope," \
	"(SELECT length(p.body) FROM message m JOIN payload p ON p.seq=m.seq WHERE m.realm=o.realm" \
	" AND m.origin=o.origin AND m.epoch=o.epoch AND m.serial=o.serial) FROM outbox o "
#define DRAFT "SELECT rid,seat,ms,json,state,begun,life FROM draft "
#define BYTES_OF(column) "CAST(" column " AS BLOB)"
#define ZEROS_FOR(column) "zeroblob(length(" BYTES_OF(column) "))"
#define INCIDENT "SELECT " ID ",number,changed,seq,closed,history,summary FROM incident "

/* Every statement, prepared once at open (so that a journal with another schema is refused there). */

static const char *const queries[Q_COUNT] = {
	[Q_VERSION] = "PRAGMA user_version",
	[Q_BEGIN] = "BEGIN IMMEDIATE",
	[Q_COMMIT] = "COMMIT",
	[Q_HEAD_GET] = "SELECT seq,hash,outbox FROM head WHERE one=1",
	[Q_HEAD_SET] = "UPDATE head SET seq=?,hash=?,outbox=? WHERE one=1",
	[Q_META_GET] = "SELECT val FROM meta WHERE key=?",
	[Q_META_SET] = "INSERT INTO meta VALUES(?,?) ON CONFLICT(key) DO UPDATE SET val=excluded.val",
	[Q_MSG_PUT] = "INSERT INTO message VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT(" ID ") DO NOTHING",
	[Q_PAYLOAD_PUT] = "INSERT INTO payload VALUES(?,?)",
	/* Nothing, and zeros, are told from what is destroyed by being NULL: there was nothing to see in them. */
	[Q_PAYLOAD_WIPE] = "UPDATE payload SET body=CASE WHEN " BYTES_OF("body") "=" ZEROS_FOR("body") " THEN NULL ELSE "
	    ZEROS_FOR("body") " END WHERE seq=?",
	[Q_PAYLOAD_NONE] = "INSERT INTO payload VALUES(?,NULL)",
	[Q_REF_PUT] = "INSERT OR IGNORE INTO ref VALUES(?,?,?,?,?)",
	[Q_REF_HAS] = "SELECT 1 FROM ref WHERE " IS_ID " AND seq=?",
	[Q_MSG_GET] = MSG "WHERE " IS_ID,
	[Q_MSG_HAS] = "SELECT 1 FROM message WHERE " IS_ID,
	[Q_MSG_AT] = "SELECT " ID ",digest FROM message WHERE seq=?",
	[Q_MSG_LOCAL] = "UPDATE message SET local=1 WHERE " IS_ID,
	[Q_MSG_INCIDENT] = MSG "WHERE iorigin<>'' AND irealm=? AND iorigin=? AND iepoch=? AND iserial=? AND m.seq>?"
	    " AND m.seq<=? AND m.local>=? ORDER BY m.seq LIMIT ?",
	[Q_MSG_REFERRING] = MSG "JOIN ref r ON r.seq=m.seq WHERE r.realm=? AND r.origin=? AND r.epoch=? AND r.serial=?"
	    " AND r.seq>? AND r.seq<=? AND m.local>=? ORDER BY r.seq LIMIT ?",
	[Q_MSG_AFTER] = MSG "WHERE m.seq>? AND m.seq<=? AND m.local>=? ORDER BY m.seq LIMIT ?",
	[Q_MSG_AFTER_KIND] = MSG "WHERE kind=? AND m.seq>? AND m.seq<=? AND m.local>=? ORDER BY m.seq LIMIT ?",
	[Q_MSG_BEFORE] = MSG "WHERE m.seq>? AND m.seq<=? AND m.local>=? ORDER BY m.seq DESC LIMIT ?",
	[Q_MSG_BEFORE_KIND] = MSG "WHERE kind=? AND m.seq>? AND m.seq<=? AND m.local>=? ORDER BY m.seq DESC LIMIT ?",
	[Q_MSG_LOUD] = MSG_FROM(" INDEXED BY message_loud") "WHERE m.local=1 AND m.quiet=0 AND m.seq>? AND m.seq<=?"
	    " AND m.local>=? ORDER BY m.seq LIMIT ?",
	[Q_MSG_COUNT] = "SELECT count(*) FROM message",
	[Q_MSG_ALL] = MSG "ORDER BY m.realm,m.origin,m.epoch,m.serial",
	[Q_CHAIN_PUT] = "INSERT INTO chain VALUES(?,?,?,?,?,?,?)",
	[Q_CHAIN_ALL] = CHAIN "ORDER BY seq",
	[Q_CHAIN_LAST] = "SELECT seq,hash FROM chain ORDER BY seq DESC LIMIT 1",
	[Q_DLV_PUT] = "INSERT INTO delivery(" ID ",station,state,since,offered,delivered,read,signed,taken,person)"
	    " VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT(" ID ",station) DO UPDATE SET state=excluded.state,"
	    "since=excluded.since,offered=excluded.offered,delivered=excluded.delivered,read=excluded.read,"
	    "signed=excluded.signed,taken=excluded.taken,person=excluded.person",
	[Q_DLV_GET] = DELIVERY "WHERE " IS_ID " AND station=?",
	[Q_DLV_AT] = DELIVERY "WHERE n=?",
	[Q_DLV_KEYS] = "SELECT n FROM delivery WHERE " IS_ID " ORDER BY n",
	[Q_DLV_OPEN] = "SELECT n FROM delivery WHERE state<=2 AND offered<? ORDER BY offered,n",
	[Q_DLV_COUNT] = "SELECT count(*) FROM delivery",
	[Q_OUT_PUT] = "INSERT INTO outbox VALUES(?,?,?,?,?,?,?,?)",
	[Q_OUT_DEL] = "DELETE FROM outbox WHERE n=?",
	[Q_OUT_KEYS] = "SELECT n FROM outbox ORDER BY n",
	[Q_OUT_AT] = OUTBOX "WHERE o.n=?",
	[Q_OUT_MOVE] = "UPDATE outbox SET link=? WHERE n=?",
	[Q_OUT_OF] = "SELECT envelope FROM outbox WHERE " IS_ID " ORDER BY n",
	[Q_OUT_COUNT] = "SELECT count(*) FROM outbox",
	[Q_REQ_GET] = "SELECT digest," ID ",ms FROM request WHERE rid=?",
	[Q_REQ_PUT] = "INSERT INTO request(rid,digest," ID ",ms) VALUES(?,?,?,?,?,?,?) ON CONFLICT(rid) DO NOTHING",
	[Q_DRAFT_PUT] = "INSERT INTO draft(rid,seat,ms,json,state,begun,life) VALUES(?,?,?,?,?,?,?) ON CONFLICT(rid) DO UPDATE"
	    " SET seat=excluded.seat,ms=excluded.ms,json=excluded.json,state=excluded.state,life=excluded.life",
	[Q_DRAFT_GET] = DRAFT "WHERE rid=?",
	[Q_DRAFT_AT] = DRAFT "WHERE n=?",
	[Q_DRAFT_DEL] = "DELETE FROM draft WHERE rid=? RETURNING state>1 OR length(life)>0",
	[Q_DRAFT_KEYS] = "SELECT n FROM draft ORDER BY ms DESC,rid",
	[Q_INC_PUT] = "INSERT INTO incident(" ID ",number,changed,seq,closed,history,summary)"
	    " VALUES(?,?,?,?,?,?,?,?,?,?) ON CONFLICT(" ID ") DO UPDATE SET number=excluded.number,"
	    "changed=excluded.changed,seq=excluded.seq,closed=excluded.closed,history=excluded.history,"
	    "summary=excluded.summary",
	[Q_INC_GET] = INCIDENT "WHERE " IS_ID,
	[Q_INC_AT] = INCIDENT "WHERE n=?",
	[Q_INC_KEYS] = "SELECT n FROM incident WHERE realm=? AND history<=? ORDER BY changed DESC,seq DESC,n",
	[Q_INC_NUMBER] = "SELECT n FROM incident WHERE +realm=? AND number=? ORDER BY changed DESC,seq DESC,n",
	[Q_ALIAS_GET] = "SELECT " ID " FROM alias WHERE space=? AND key=?",
	[Q_ALIAS_PUT] = "INSERT INTO alias VALUES(?,?,?,?,?,?) ON CONFLICT(space,key) DO UPDATE"
	    " SET realm=excluded.realm,origin=excluded.origin,epoch=excluded.epoch,serial=excluded.serial",
	[Q_BLOB_PUT] = "INSERT INTO original VALUES(?,?) ON CONFLICT(digest) DO NOTHING",
	[Q_BLOB_GET] = "SELECT bytes FROM original WHERE digest=?",
	[Q_BLOB_ALL] = "SELECT digest,bytes FROM original",
	[Q_BLOB_WIPE] = "UPDATE original SET bytes=" ZEROS_FOR("bytes") " WHERE digest=? AND " BYTES_OF("bytes") "<>"
	    ZEROS_FOR("bytes"),
	[Q_QUAR_PUT] = "INSERT INTO quarantine VALUES(?,?,?,?,?)",
	[Q_QUAR_AT] = "SELECT bytes FROM quarantine WHERE seq=?",
	[Q_QUAR_COUNT] = "SELECT count(*) FROM quarantine",
	[Q_COUNTS] = "SELECT (SELECT count(*) FROM outbox),"
	    "(SELECT count(*) FROM outbox INDEXED BY outbox_nowhere WHERE link=''),"
	    "(SELECT count(*) FROM delivery INDEXED BY delivery_open WHERE state<=2),"
	    "(SELECT count(*) FROM delivery d INDEXED BY delivery_returned JOIN message m ON m.realm=d.realm"
	    " AND m.origin=d.origin AND m.epoch=d.epoch AND m.serial=d.serial WHERE d.state=7 AND m.kind<>?),"
	    "(SELECT count(*) FROM draft)",
	[Q_CHECK_QUICK] = "PRAGMA quick_check(1)",
	[Q_CHECK_FULL] = "PRAGMA integrity_check(1)",
	[Q_CHECK_KEYS] = "PRAGMA foreign_key_check",
};

static const char *const query_names[Q_COUNT] = {
#define Q(name) [Q_##name] = #name,
	JOURNAL_QUERIES(Q)
#undef Q
};

static const struct journal_ops sqlite_ops;

/* ---- statements ---- */

static int
fail(struct sq *j, const char *what)
{
	if (!j->base.failed)
		log_event(LOG_LV_ERROR, "journal_failed", "op=%s code=%d error=%s", what,
		    sqlite3_extended_errcode(j->db), log_quote(sqlite3_errmsg(j->db)));
	j->base.failed = true;
	return -1;
}

int
q_begin(struct q *q, struct journal *base, enum query n)
{
	struct sq *j = (struct sq *)base;

	if (base->failed)
		return -1;
	assert(!j->busy[n]);
	j->busy[n] = true;
	*q = (struct q) { .j = j, .s = j->s[n], .n = n };
	return 0;
}

/* The same for a statement that writes: opens the transaction at the first one. */
int
q_begin_write(struct q *q, struct journal *base, enum query n)
{
	struct sq *j = (struct sq *)base;

	if (base->failed)
		return -1;
	if (!j->writing) {
		int rc = sqlite3_step(j->s[Q_BEGIN]);

		sqlite3_reset(j->s[Q_BEGIN]);
		if (rc != SQLITE_DONE)
			return fail(j, query_names[Q_BEGIN]);
		j->writing = true;
	}
	return q_begin(q, base, n);
}

static void
q_bound(struct q *q, int rc)
{
	if (rc != SQLITE_OK)
		q->bad = true;
}

void
q_int(struct q *q, int64_t v)
{
	q_bound(q, sqlite3_bind_int64(q->s, ++q->at, v));
}

/* An id from outside may hold any 64 bits: they are kept as they are, in the signed column. */
void
q_u64(struct q *q, uint64_t v)
{
	q_int(q, (int64_t)v);
}

void
q_text(struct q *q, const char *s)
{
	q_bound(q, sqlite3_bind_text(q->s, ++q->at, s, -1, SQLITE_STATIC));
}

void
q_blob(struct q *q, const void *p, size_t n)
{
	q_bound(q, sqlite3_bind_blob64(q->s, ++q->at, n > 0 ? p : "", n, SQLITE_STATIC));
}

void
q_id(struct q *q, const struct msgid *id)
{
	q_int(q, id->realm);
	q_text(q, id->origin);
	q_u64(q, id->epoch);
	q_u64(q, id->serial);
}

/* 0 a row, 1 none (left), -1 failed. */
int
q_step(struct q *q)
{
	int rc;

	if (q->bad)
		return fail(q->j, query_names[q->n]);
	rc = sqlite3_step(q->s);
	q->at = 0;
	if (rc == SQLITE_ROW)
		return 0;
	return rc == SQLITE_DONE ? 1 : fail(q->j, query_names[q->n]);
}

/* Gives the statement back.  A value that could not be read makes the journal unusable: it is not what was written. */
int
q_end(struct q *q, int rc)
{
	sqlite3_reset(q->s);
	sqlite3_clear_bindings(q->s);
	q->j->busy[q->n] = false;
	if (q->bad && !q->j->base.failed) {
		log_event(LOG_LV_ERROR, "journal_failed", "op=%s error=\"a row holds a value of the wrong kind\"",
		    query_names[q->n]);
		q->j->base.failed = true;
	}
	return q->j->base.failed ? -1 : rc;
}

/* Runs a statement that returns no rows. */
int
q_run(struct q *q)
{
	int rc = q_step(q);

	assert(rc != 0);
	return q_end(q, rc < 0 ? -1 : 0);
}

int
q_run_changed(struct q *q)
{
	int rc = q_run(q);

	return rc != 0 || sqlite3_changes(q->j->db) > 0 ? rc : 1;
}

bool
q_is_null(struct q *q)
{
	return sqlite3_column_type(q->s, q->at) == SQLITE_NULL;
}

int64_t
q_get_int(struct q *q)
{
	if (sqlite3_column_type(q->s, q->at) != SQLITE_INTEGER)
		q->bad = true;
	return sqlite3_column_int64(q->s, q->at++);
}

uint64_t
q_get_u64(struct q *q)
{
	return (uint64_t)q_get_int(q);
}

int
q_get_small(struct q *q)
{
	int64_t v = q_get_int(q);

	if (v < INT_MIN || v > INT_MAX) {
		q->bad = true;
		return 0;
	}
	return (int)v;
}

bool
q_get_bool(struct q *q)
{
	return q_get_int(q) != 0;
}

void
q_get_text(struct q *q, char *dst, size_t size)
{
	const unsigned char *s = sqlite3_column_text(q->s, q->at);
	int n = sqlite3_column_bytes(q->s, q->at);

	dst[0] = '\0';
	if (s == NULL || n < 0 || (size_t)n >= size || sqlite3_column_type(q->s, q->at) != SQLITE_TEXT ||
	    memchr(s, '\0', (size_t)n) != NULL)
		q->bad = true;
	else
		memcpy(dst, s, (size_t)n + 1);
	q->at++;
}

void
q_get_digest(struct q *q, uint8_t digest[DIGEST_LEN])
{
	const void *p = sqlite3_column_blob(q->s, q->at);

	memset(digest, 0, DIGEST_LEN);
	if (p == NULL || sqlite3_column_bytes(q->s, q->at) != DIGEST_LEN)
		q->bad = true;
	else
		memcpy(digest, p, DIGEST_LEN);
	q->at++;
}

/* Replaces what out holds; NULL gives an empty buffer. */
void
q_get_buf(struct q *q, struct buf *out)
{
	const void *p = sqlite3_column_blob(q->s, q->at);
	int n = sqlite3_column_bytes(q->s, q->at);

	buf_clear(out);
	if (p != NULL && n > 0)
		buf_put(out, p, (size_t)n);
	q->at++;
}

void
q_get_id(struct q *q, struct msgid *id)
{
	int realm = q_get_small(q);

	if (realm < 0 || realm > UINT8_MAX)
		q->bad = true;
	memset(id, 0, sizeof(*id));
	id->realm = (uint8_t)realm;
	q_get_text(q, id->origin, sizeof(id->origin));
	id->epoch = q_get_u64(q);
	id->serial = q_get_u64(q);
}

/* ---- rows visited by key ---- */

/* Takes a bound statement whose first column is a key; collects them all, then visits each. */
int
q_each_key(struct q *q, visit_fn visit, const void *arg)
{
	struct journal *j = &q->j->base;
	int64_t *keys = NULL;
	size_t n = 0, cap = 0, i;
	int rc;

	while ((rc = q_step(q)) == 0) {
		if (n == cap) {
			cap = cap > 0 ? cap * 2 : 64;
			keys = xreallocarray(keys, cap, sizeof(*keys));
		}
		keys[n++] = q_get_int(q);
	}
	rc = q_end(q, rc < 0 ? -1 : 0);
	for (i = 0; rc == 0 && i < n; i++)
		rc = visit(j, keys[i], arg);
	free(keys);
	return rc < 0 ? -1 : 0;
}

int
q_count(struct journal *base, enum query n, uint64_t *count)
{
	struct q q;
	int rc;

	*count = 0;
	if (q_begin(&q, base, n) != 0)
		return -1;
	if ((rc = q_step(&q)) == 0)
		*count = q_get_u64(&q);
	return q_end(&q, rc);
}

/* ---- transaction ---- */

/* What was to go is in no page any more.  In the transaction: a crash leaves both or neither. */
static int
scrub(struct sq *j)
{
	const char *sql = j->scrub_all ? REFILL("draft") REFILL("incident") : REFILL("draft");

	return sqlite3_exec(j->db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : fail(j, "SCRUB");
}

/* Everything into the file, and the log emptied: what it held of old pages is gone with it. */
static int
empty_log(sqlite3 *db)
{
	int left = 0, rc;

	rc = sqlite3_wal_checkpoint_v2(db, "main", SQLITE_CHECKPOINT_TRUNCATE, &left, NULL);
	return rc == SQLITE_OK && left <= 0 ? 0 : -1;
}

static int
sq_commit(struct journal *base)
{
	struct sq *j = (struct sq *)base;
	struct q q;
	int rc;

	if (base->failed)
		return -1;
	if (!j->writing)
		return 0;
	if ((j->scrub_all || j->scrub_drafts) && scrub(j) != 0)
		return -1;
	if (j->head_moved) {
		if (q_begin(&q, base, Q_HEAD_SET) != 0)
			return -1;
		q_u64(&q, j->last.seq);
		q_blob(&q, j->last.hash, DIGEST_LEN);
		q_u64(&q, j->outbox);
		if (q_run(&q) != 0)
			return -1;
	}
	rc = sqlite3_step(j->s[Q_COMMIT]);
	if (rc != SQLITE_DONE) {
		(void)fail(j, query_names[Q_COMMIT]);
		sqlite3_reset(j->s[Q_COMMIT]);
		return -1;	/* unknown: the frames may be in the log or not */
	}
	sqlite3_reset(j->s[Q_COMMIT]);
	j->writing = false;
	j->head_moved = false;
	if (j->scrub_all || j->scrub_drafts) {
		j->scrub_all = j->scrub_drafts = false;
		if (empty_log(j->db) != 0)
			return fail(j, "CHECKPOINT");	/* the next open tries again */
	}
	return 0;
}

static void
sq_close(struct journal *base)
{
	struct sq *j = (struct sq *)base;
	int i;

	if (j == NULL)
		return;
	for (i = 0; i < Q_COUNT; i++)
		sqlite3_finalize(j->s[i]);
	journal_forget(base);
	/* After a failure the file is evidence: recovery at the next open decides what stands, not a checkpoint now. */
	if (base->failed)
		sqlite3_db_config(j->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, (int *)NULL);
	else if (j->writing)
		sqlite3_exec(j->db, "ROLLBACK", NULL, NULL, NULL);
	if (sqlite3_close(j->db) != SQLITE_OK)
		log_event(LOG_LV_ERROR, "journal_close", "error=%s", log_quote(sqlite3_errmsg(j->db)));
	free(j);
}

/* ---- verification ---- */

const struct journal_scan journal_sqlite_scan = { sq_scan_chain, sq_scan_messages, sq_scan_blobs, sq_scan_message_at,
	sq_scan_quarantine_at, sq_scan_has_ref, sq_scan_counts };

/* SQLite's own check: 0 sound, 1 not (why is filled in), -1 could not be run. */
static int
check_storage(struct journal *base, enum query n, char *why, size_t size)
{
	struct q q;
	int rc;

	if (q_begin(&q, base, n) != 0)
		return -1;
	if ((rc = q_step(&q)) == 0) {
		journal_text(why, size, (const char *)sqlite3_column_text(q.s, 0));
		rc = strcmp(why, "ok") != 0;
	}
	return q_end(&q, rc);
}

/* Rows that point at rows which are not there. */
static int
check_keys(struct journal *base, struct journal_verify *v)
{
	const char *table, *parent;
	struct q q;
	int rc;

	if (q_begin(&q, base, Q_CHECK_KEYS) != 0)
		return -1;
	if ((rc = q_step(&q)) == 0) {
		table = (const char *)sqlite3_column_text(q.s, 0);
		parent = (const char *)sqlite3_column_text(q.s, 2);
		(void)journal_bad(v, _("%s %lld: its %s is missing"), table,
		    (long long)sqlite3_column_int64(q.s, 1), parent);
	}
	return q_end(&q, rc < 0 ? -1 : 0);
}

static int
sq_verify(struct journal *base, const char *station, struct journal_verify *v)
{
	struct sq *j = (struct sq *)base;
	char why[256];
	int rc;

	memset(v, 0, sizeof(*v));
	if ((rc = check_storage(base, Q_CHECK_FULL, why, sizeof(why))) < 0)
		goto failed;
	if (rc > 0) {
		(void)journal_bad(v, _("database: %s"), why);
		return 0;
	}
	if (journal_verify_rows(base, &journal_sqlite_scan, station, v) != 0)
		goto failed;
	if (v->bad[0] == '\0' && v->chain != j->last.seq)
		(void)journal_bad(v, _("chain %llu: missing at the end"), (unsigned long long)v->chain + 1);
	if (v->bad[0] == '\0' && check_keys(base, v) != 0)
		goto failed;
	return 0;
failed:
	(void)journal_bad(v, _("database: %s"), sqlite3_errmsg(j->db));
	return -1;
}

/* ---- opening ---- */

static int
file_fault(struct fault *fault, int code, const char *path, const char *why)
{
	(void)fault_set(fault, code, "", "%s", why);
	fault_at(fault, path, 0);
	return -1;
}

static int
sqlite_fault(sqlite3 *db, const char *path, struct fault *fault)
{
	int rc = db != NULL ? sqlite3_errcode(db) : SQLITE_NOMEM, code = EX_SOFTWARE;

	switch (rc & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return file_fault(fault, EX_TEMPFAIL, path, _("the journal is in use by another program"));
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
	case SQLITE_ERROR:	/* a table or column that is not there */
		code = EX_DATAERR;
		break;
	case SQLITE_PERM:
	case SQLITE_AUTH:
	case SQLITE_READONLY:
	case SQLITE_CANTOPEN:
		code = EX_NOPERM;
		break;
	case SQLITE_IOERR:
	case SQLITE_FULL:
		code = EX_IOERR;
		break;
	default:
		break;
	}
	(void)fault_set(fault, code, "", _("the journal cannot be used: %s"), db != NULL ? sqlite3_errmsg(db) : "");
	fault_at(fault, path, 0);
	return -1;
}

/* dir/name; a leading "./" keeps SQLite from reading a relative name as an option or URI. */
static int
path_in(char out[PATH_LEN], const char *dir, const char *name, struct fault *fault)
{
	int n = snprintf(out, PATH_LEN, "%s%s/%s", dir[0] == '/' ? "" : "./", dir, name);

	if (n < 0 || n >= PATH_LEN)
		return file_fault(fault, EX_USAGE, dir, _("the path is too long"));
	return 0;
}

static int
sync_dir(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc;

	if (fd == -1)
		return -1;
	rc = fsync(fd);
	(void)close(fd);
	return rc;
}

/* A file is missing, yet something beside it says that there was one: starting afresh would hide the loss. */
static int
check_leftovers(const char *dir, struct fault *fault)
{
	static const char made[] = FILE_NAME ".new";
	struct dirent *e;
	DIR *d;
	int rc = 0;

	if ((d = opendir(dir)) == NULL)
		return file_fault(fault, errno == EACCES ? EX_NOPERM : EX_NOINPUT, dir, strerror(errno));
	while (rc == 0 && (e = readdir(d)) != NULL)
		if (strncmp(e->d_name, FILE_NAME, strlen(FILE_NAME)) == 0 &&
		    strncmp(e->d_name, made, strlen(made)) != 0) {
			rc = fault_set(fault, EX_DATAERR, "",
			    _("the journal is missing, but %s shows that there was one: restore it"), e->d_name);
			fault_at(fault, dir, 0);
		}
	(void)closedir(d);
	return rc;
}

static void
remove_unfinished(const char *dir)
{
	static const char *const names[] = { FILE_NAME ".new", FILE_NAME ".new-wal", FILE_NAME ".new-shm",
		FILE_NAME ".new-journal" };
	char path[PATH_LEN];
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (path_in(path, dir, names[i], NULL) == 0)
			(void)unlink(path);
}

static int
exec(sqlite3 *db, const char *path, const char *sql, struct fault *fault)
{
	return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : sqlite_fault(db, path, fault);
}

/* Builds an empty journal beside its final name, whole and synced, then renames it. */
static int
create_file(const char *dir, const char *path, struct fault *fault)
{
	char made[PATH_LEN], sql[128];
	sqlite3 *db = NULL;
	int fd, rc = -1;

	if (path_in(made, dir, FILE_NAME ".new", fault) != 0)
		return -1;
	remove_unfinished(dir);
	if ((fd = open(made, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600)) == -1)
		return file_fault(fault, EX_CANTCREAT, made, strerror(errno));
	(void)close(fd);
	if (sqlite3_open_v2(made, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_PRIVATECACHE, NULL) != SQLITE_OK) {
		(void)sqlite_fault(db, made, fault);
		goto out;
	}
	(void)snprintf(sql, sizeof(sql), "PRAGMA application_id=%d; PRAGMA user_version=%d;", APPLICATION_ID,
	    USER_VERSION);
	if (exec(db, made, "PRAGMA locking_mode=EXCLUSIVE; PRAGMA synchronous=FULL; BEGIN IMMEDIATE;", fault) != 0 ||
	    exec(db, made, sql, fault) != 0 || exec(db, made, schema, fault) != 0 ||
	    exec(db, made, "COMMIT", fault) != 0 ||
	    exec(db, made, "PRAGMA journal_mode=WAL; PRAGMA wal_checkpoint(TRUNCATE);", fault) != 0)
		goto out;
	rc = sqlite3_close(db) == SQLITE_OK ? 0 : sqlite_fault(db, made, fault);
	db = rc == 0 ? NULL : db;
	if (rc == 0 && (rename(made, path) != 0 || sync_dir(dir) != 0))
		rc = file_fault(fault, EX_CANTCREAT, path, strerror(errno));
out:
	(void)sqlite3_close(db);
	if (rc != 0)
		remove_unfinished(dir);
	return rc;
}

static uint32_t
be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static int
version_fault(int64_t version, const char *path, struct fault *fault)
{
	if (version > USER_VERSION)
		return file_fault(fault, EX_DATAERR, path, _("the journal was written by a newer Dutydesk"));
	if (version < OLDEST_VERSION)
		return file_fault(fault, EX_DATAERR, path, _("not a journal: it has no version"));
	return 0;
}

/*
 * Is it ours?  Asked before SQLite recovers or locks anything, through its own file handle: opening the file a second
 * time and closing it would drop this process's locks on it.
 */
static int
check_header(sqlite3 *db, const char *path, struct fault *fault)
{
	sqlite3_file *f = NULL;
	uint8_t h[100];

	if (sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &f) != SQLITE_OK || f == NULL ||
	    f->pMethods == NULL)
		return sqlite_fault(db, path, fault);
	if (f->pMethods->xRead(f, h, sizeof(h), 0) != SQLITE_OK)
		return file_fault(fault, EX_DATAERR, path, _("not a journal: it is too short or cannot be read"));
	if (memcmp(h, "SQLite format 3", 16) != 0)
		return file_fault(fault, EX_DATAERR, path, _("not a journal: its first bytes are damaged or foreign"));
	if (be32(h + 68) != APPLICATION_ID || h[18] != 2 || h[19] != 2)
		return file_fault(fault, EX_DATAERR, path, _("not a journal: a database, but not one of Dutydesk's"));
	return version_fault(be32(h + 60), path, fault);
}

static int
load_head(struct sq *j, const char *path, struct fault *fault)
{
	struct journal_chain end;
	uint8_t hash[DIGEST_LEN];
	uint64_t seq = 0;
	struct q q;
	int rc;

	memset(&end, 0, sizeof(end));
	if (q_begin(&q, &j->base, Q_HEAD_GET) != 0)
		goto failed;
	if ((rc = q_step(&q)) == 0) {
		seq = q_get_u64(&q);
		q_get_digest(&q, hash);
		j->outbox = q_get_u64(&q);
	}
	if ((rc = q_end(&q, rc)) != 0)
		goto failed;
	if (q_begin(&q, &j->base, Q_CHAIN_LAST) != 0)
		goto failed;
	if ((rc = q_step(&q)) == 0) {
		end.seq = q_get_u64(&q);
		q_get_digest(&q, end.hash);
	}
	if (q_end(&q, rc) < 0)
		goto failed;
	if (end.seq != seq || memcmp(end.hash, hash, DIGEST_LEN) != 0) {
		(void)fault_set(fault, EX_DATAERR, "",
		    _("the journal is damaged: its chain ends at %llu and should end at %llu"),
		    (unsigned long long)end.seq, (unsigned long long)seq);
		fault_at(fault, path, 0);
		return -1;
	}
	j->last = end;
	return 0;
failed:
	return file_fault(fault, EX_DATAERR, path, _("the journal is damaged: the end of its chain cannot be read"));
}

static int
prepare_one(struct sq *j, enum query n, const char *path, struct fault *fault)
{
	if (j->s[n] == NULL &&
	    sqlite3_prepare_v3(j->db, queries[n], -1, SQLITE_PREPARE_PERSISTENT, &j->s[n], NULL) != SQLITE_OK)
		return sqlite_fault(j->db, path, fault);
	return 0;
}

static int
prepare(struct sq *j, const char *path, struct fault *fault)
{
	enum query n;

	for (n = 0; n < Q_COUNT; n++)
		if (prepare_one(j, n, path, fault) != 0)
			return -1;
	return 0;
}

/*
 * Brings an older schema forward, up to the COMMIT: that is for when everything else has been found sound.  The version in
 * the log counts, not the one in the file's first page, which is older after a crash.  *from is where it came from.
 */
static int
migrate(struct sq *j, const char *path, int64_t *from, struct fault *fault)
{
	char sql[64];
	struct q q;
	int64_t v;
	int rc;

	if (prepare_one(j, Q_VERSION, path, fault) != 0)
		return -1;
	if (q_begin(&q, &j->base, Q_VERSION) != 0)
		return sqlite_fault(j->db, path, fault);
	*from = 0;
	if ((rc = q_step(&q)) == 0)
		*from = q_get_int(&q);
	if (q_end(&q, rc) != 0)
		return sqlite_fault(j->db, path, fault);
	if (version_fault(*from, path, fault) != 0)
		return -1;
	if (*from == USER_VERSION)
		return 0;
	if (exec(j->db, path, "BEGIN IMMEDIATE", fault) != 0)
		return -1;
	for (v = *from; v < USER_VERSION; v++)
		if (exec(j->db, path, migrations[v], fault) != 0)
			return -1;
	(void)snprintf(sql, sizeof(sql), "PRAGMA user_version=%d", USER_VERSION);
	return exec(j->db, path, sql, fault);
}

/*
 * Up to version 1 secure_delete was FAST: pages that were given back kept what they held.  VACUUM leaves them out, once; it needs
 * room for a second copy, and where there is none the journal is as good as it was before.
 */
static int
finish_migration(struct sq *j, const char *path, int64_t from, struct fault *fault)
{
	if (from == USER_VERSION)
		return 0;
	if (exec(j->db, path, "COMMIT", fault) != 0)
		return -1;
	log_event(LOG_LV_INFO, "journal_migrated", "from=%lld to=%d", (long long)from, USER_VERSION);
	if (from < 2 && sqlite3_exec(j->db, "PRAGMA temp_store=FILE; VACUUM; PRAGMA temp_store=MEMORY;", NULL, NULL, NULL) !=
	    SQLITE_OK)
		log_event(LOG_LV_WARN, "journal_vacuum", "error=%s", log_quote(sqlite3_errmsg(j->db)));
	(void)sqlite3_exec(j->db, "PRAGMA temp_store=MEMORY;", NULL, NULL, NULL);
	return 0;
}

/* The last one reads, and so takes the lock. */
static const char settings[] = "PRAGMA locking_mode=EXCLUSIVE; PRAGMA synchronous=FULL; PRAGMA temp_store=MEMORY;"
    "PRAGMA cache_size=-8192; PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON; PRAGMA foreign_keys=OFF;"
    "PRAGMA secure_delete=ON; PRAGMA journal_size_limit=8388608; SELECT count(*) FROM sqlite_master;";

static int
open_file(struct sq *j, const char *path, struct fault *fault)
{
	int64_t from = 0;
	char why[256];
	int rc;

	if (sqlite3_open_v2(path, &j->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_PRIVATECACHE, NULL) != SQLITE_OK)
		return sqlite_fault(j->db, path, fault);
	sqlite3_extended_result_codes(j->db, 1);
	/* Until it has passed, closing it must not write to it. */
	sqlite3_db_config(j->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, (int *)NULL);
	sqlite3_db_config(j->db, SQLITE_DBCONFIG_DEFENSIVE, 1, (int *)NULL);
	sqlite3_busy_timeout(j->db, BUSY_MS);
	if (sqlite3_db_readonly(j->db, "main") != 0)
		return file_fault(fault, EX_NOPERM, path, _("the journal is not writable"));
	if (check_header(j->db, path, fault) != 0)
		return -1;
	if (exec(j->db, path, settings, fault) != 0 || prepare_one(j, Q_CHECK_QUICK, path, fault) != 0)
		return -1;
	if ((rc = check_storage(&j->base, Q_CHECK_QUICK, why, sizeof(why))) < 0)
		return sqlite_fault(j->db, path, fault);
	if (rc > 0) {
		(void)fault_set(fault, EX_DATAERR, "", _("the journal is damaged: %s"), why);
		fault_at(fault, path, 0);
		return -1;
	}
	if (migrate(j, path, &from, fault) != 0 || prepare(j, path, fault) != 0 || load_head(j, path, fault) != 0)
		return -1;
	if (q_count(&j->base, Q_MSG_COUNT, &j->messages) != 0 || q_count(&j->base, Q_QUAR_COUNT, &j->quarantined) != 0)
		return sqlite_fault(j->db, path, fault);
	if (finish_migration(j, path, from, fault) != 0)
		return -1;
	/* A crash may have come between a destruction's commit and the emptying of the log. */
	if (empty_log(j->db) != 0)
		log_event(LOG_LV_ERROR, "journal_checkpoint", "error=%s", log_quote(sqlite3_errmsg(j->db)));
	sqlite3_db_config(j->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, (int *)NULL);
	return 0;
}

struct journal *
journal_sqlite_open(const char *dir, bool create, struct fault *fault)
{
	char path[PATH_LEN];
	struct stat st;
	struct sq *j;

	if (path_in(path, dir, FILE_NAME, fault) != 0)
		return NULL;
	if (lstat(path, &st) != 0) {
		if (errno != ENOENT) {
			(void)file_fault(fault, EX_NOINPUT, path, strerror(errno));
			return NULL;
		}
		if (create && mkdir(dir, 0700) != 0 && errno != EEXIST) {
			(void)file_fault(fault, EX_CANTCREAT, dir, strerror(errno));
			return NULL;
		}
		if (check_leftovers(dir, fault) != 0)
			return NULL;
		if (!create) {
			(void)file_fault(fault, EX_NOINPUT, path, _("there is no journal here"));
			return NULL;
		}
		if (create_file(dir, path, fault) != 0)
			return NULL;
	} else if (!S_ISREG(st.st_mode)) {
		(void)file_fault(fault, EX_DATAERR, path, _("not a journal: not a regular file"));
		return NULL;
	}
	j = xcalloc(1, sizeof(*j));
	j->base.ops = &sqlite_ops;
	if (open_file(j, path, fault) != 0) {
		j->base.failed = true;	/* left as it is */
		sq_close(&j->base);
		return NULL;
	}
	return &j->base;
}

static const struct journal_ops sqlite_ops = {
	.name = "sqlite",
	.close = sq_close,
	.commit = sq_commit,
	.meta_get = sq_meta_get,
	.meta_set = sq_meta_set,
	.put_message = sq_put_message,
	.get_message = sq_get_message,
	.set_local = sq_set_local,
	.each_of_incident = sq_each_of_incident,
	.each_after = sq_each_after,
	.each_before = sq_each_before,
	.each_loud = sq_each_loud,
	.each_referring = sq_each_referring,
	.chain_add = sq_chain_add,
	.chain_seq = sq_chain_seq,
	.delivery_put = sq_delivery_put,
	.delivery_get = sq_delivery_get,
	.delivery_each = sq_delivery_each,
	.delivery_open = sq_delivery_open,
	.outbox_add = sq_outbox_add,
	.outbox_del = sq_outbox_del,
	.outbox_each = sq_outbox_each,
	.outbox_get = sq_outbox_get,
	.outbox_move = sq_outbox_move,
	.outbox_has = sq_outbox_has,
	.request_get = sq_request_get,
	.request_put = sq_request_put,
	.draft_put = sq_draft_put,
	.draft_get = sq_draft_get,
	.draft_del = sq_draft_del,
	.draft_each = sq_draft_each,
	.destroy = sq_destroy,
	.incident_put = sq_incident_put,
	.incident_get = sq_incident_get,
	.incident_each = sq_incident_each,
	.incident_by_number = sq_incident_by_number,
	.foreign_get = sq_foreign_get,
	.foreign_put = sq_foreign_put,
	.blob_put = sq_blob_put,
	.blob_get = sq_blob_get,
	.quarantine = sq_quarantine,
	.quarantine_count = sq_quarantine_count,
	.counts = sq_counts,
	.verify = sq_verify,
};
