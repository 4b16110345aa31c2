/*
 * The journal on SQLite: statements by name with typed binding and reading, the transaction, verification, and the table of
 * functions.  The rest stands beside it: journal_sqlite_open.c the file, _schema.c its tables, _sql.c every statement, _names.c
 * numbers for what repeats, _pack.c bytes at rest, _messages.c, _parcels.c, _tables.c, _lines.c, _retire.c the rows, _scan.c what
 * verification reads, _search.c, _backup.c.
 * Nothing else calls SQLite or holds SQL.
 *
 * What it promises.  One connection, WAL, synchronous=FULL, locking_mode=EXCLUSIVE: nobody else opens the file, and
 * there is no shared memory.  Writing begins a transaction at the first write; only commit() makes it durable, and
 * closing without it forgets.  A COMMIT that fails is unknown (DESIGN 4.3): nothing is rolled back, `failed` is set,
 * the next open finds out.
 *
 * The chain's position is the key of a message, of its payload and of a quarantined input, so each joins by integer.
 * Payloads stand in a table of their own: one can be destroyed (zeros of the same length, or NULL, and a CHAIN_DESTROYED
 * entry) while message and chain stay as they were; so can an original.  secure_delete is on, and the log is emptied after
 * such a commit.
 *
 * Callbacks may read and write the journal, because none is called while a statement is open: messages, which never
 * change, are fetched a page at a time; of everything else the keys are collected first, and each row is read when its
 * turn comes (one that is gone by then is skipped).
 *
 * It leaves to the caller: the lock on the directory, what is written when, and what a failure means.
 */
#include <assert.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sqlite3.h>

#include "journal_guard.h"
#include "journal_sqlite_int.h"
#include "log.h"
#include "../formats/i18n.h"

#if __has_include("journal_sqlite_search.h")
#include "journal_sqlite_search.h"
#define SEARCHES 1
#endif

/*
 * Where rows change their length, SQLite moves their neighbours between pages, and a page laid out anew may keep, between its
 * rows, bytes of one that is gone; secure_delete does not reach those.  Messages and originals are never moved: they are only
 * appended, and destroyed by zeros of the same length; but where retention has taken some out (SQ_META_MOVED), the whole file is
 * laid out anew after a destruction.  Tables that are rewritten all the time are emptied (which zeroes every page of them) and
 * filled again in the order of their keys.
 */
#define REFILL(table) "CREATE TEMP TABLE scrub AS SELECT * FROM main." table "; DELETE FROM main." table ";" \
	"INSERT INTO main." table " SELECT * FROM temp.scrub ORDER BY n; DROP TABLE temp.scrub;"

#define LOG_SOME 64		/* pages of the write-ahead log; at rest, that many go home once in LOG_EVERY */
#define LOG_EVERY 60000		/* ms */
#define LOG_MANY 1000		/* at the next rest */
#define LOG_MOST 2048		/* at once: a log that is written over is synced sooner than one that grows */

static const char *const query_names[Q_COUNT] = {
#define Q(name) [Q_##name] = #name,
	JOURNAL_QUERIES(Q)
#undef Q
};

/* ---- statements ---- */

/* Nobody asks SQLite how much memory it has: it need not lock to count.  Refused, and left as it is, once SQLite is in use. */
void
sq_configure(void)
{
	static bool done;

	if (!done)
		(void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	done = true;
}

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

static void
q_of(struct q *q, const struct msgid *id, bool make)
{
	int64_t n;

	if (sq_source(q->j, id, make, &n) != 0)
		q->bad = true;
	q_int(q, n);
	q_u64(q, id->serial);
}

void
q_id(struct q *q, const struct msgid *id)
{
	q_of(q, id, false);
}

void
q_id_put(struct q *q, const struct msgid *id)
{
	q_of(q, id, true);
}

static void
q_named(struct q *q, const char *s, bool make)
{
	int64_t n;

	if (sq_name(q->j, s, make, &n) != 0)
		q->bad = true;
	q_int(q, n);
}

void
q_name(struct q *q, const char *s)
{
	q_named(q, s, false);
}

void
q_name_put(struct q *q, const char *s)
{
	q_named(q, s, true);
}

void
q_null(struct q *q)
{
	q_bound(q, sqlite3_bind_null(q->s, ++q->at));
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
	sqlite3_reset(q->s);	/* what was bound is never looked at again: each use binds all */
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
	int64_t n = q_get_int(q);

	memset(id, 0, sizeof(*id));
	id->serial = q_get_u64(q);
	if (sq_source_at(q->j, n, id) != 0)
		q->bad = true;
}

void
q_get_name(struct q *q, char *dst, size_t size)
{
	if (sq_name_at(q->j, q_get_int(q), dst, size) != 0)
		q->bad = true;
}

void
q_skip(struct q *q)
{
	q->at++;
}

bool
q_is_text(struct q *q)
{
	return sqlite3_column_type(q->s, q->at) == SQLITE_TEXT;
}

bool
q_is_blob(struct q *q)
{
	return sqlite3_column_type(q->s, q->at) == SQLITE_BLOB;
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
int
sq_empty_log(sqlite3 *db)
{
	int left = 0, rc;

	rc = sqlite3_wal_checkpoint_v2(db, "main", SQLITE_CHECKPOINT_TRUNCATE, &left, NULL);
	return rc == SQLITE_OK && left <= 0 ? 0 : -1;
}

/*
 * The log is brought home outside of any COMMIT, when nothing else waits (idle()); only one that grows without a pause is brought home
 * behind a COMMIT.  Pages written again and again go home once, so that waiting is cheap too.  The file stays as long as it has become,
 * and is written over: to sync it then changes nothing but its bytes.
 */
static void
bring_home(struct sq *j)
{
	int pages = 0, done = 0;

	if (sqlite3_wal_checkpoint_v2(j->db, "main", SQLITE_CHECKPOINT_PASSIVE, &pages, &done) != SQLITE_OK)
		log_event(LOG_LV_WARN, "journal_checkpoint", "error=%s", log_quote(sqlite3_errmsg(j->db)));
	/* What did not go home is tried again when as much has come to it. */
	j->log_home = pages > 0 && done == pages ? 0 : j->log_pages;
	if (j->log_home == 0)
		j->log_pages = 0;
}

int
sq_log_grew(void *ctx, sqlite3 *db, const char *name, int pages)
{
	struct sq *j = ctx;

	(void)db;
	(void)name;
	j->log_pages = pages > 0 ? (uint64_t)pages : 0;
	if (j->log_home > j->log_pages)
		j->log_home = 0;	/* begun anew */
	return SQLITE_OK;
}

static void
sq_idle(struct journal *base, int64_t now)
{
	struct sq *j = (struct sq *)base;
	uint64_t pages = j->log_pages - j->log_home;

	if (base->failed || j->writing)
		return;
	if (j->log_at == 0 || j->log_at > now)
		j->log_at = now;
	if (pages < LOG_SOME || (pages < LOG_MANY && now - j->log_at < LOG_EVERY))
		return;
	bring_home(j);
	j->log_at = now;
}

static int
put_head(struct sq *j, bool clean)
{
	struct q q;

	if (q_begin(&q, &j->base, Q_HEAD_SET) != 0)
		return -1;
	q_u64(&q, j->last.seq);
	q_blob(&q, j->last.hash, DIGEST_LEN);
	q_u64(&q, j->outbox);
	q_u64(&q, j->messages);
	q_u64(&q, j->quarantined);
	q_int(&q, clean);
	return q_run(&q);
}

/* Pages that rows were moved out of may keep pieces of them: the file is written anew.  Noted until it is done. */
int
sq_lay_out(struct sq *j)
{
	if (sq_vacuum(j) != 0)
		return -1;
	return sqlite3_exec(j->db, "DELETE FROM meta WHERE key IN('" SQ_META_MOVED "','" SQ_META_LAYOUT "')", NULL, NULL, NULL) ==
	    SQLITE_OK ? 0 : -1;
}

int
sq_read_head(struct sq *j)
{
	struct q q;
	int rc;

	memset(&j->last, 0, sizeof(j->last));
	if (q_begin(&q, &j->base, Q_HEAD_GET) != 0)
		return -1;
	if ((rc = q_step(&q)) == 0) {
		j->last.seq = q_get_u64(&q);
		q_get_digest(&q, j->last.hash);
		j->outbox = q_get_u64(&q);
		j->messages = q_get_u64(&q);
		j->quarantined = q_get_u64(&q);
		j->clean = q_get_bool(&q);
	}
	return q_end(&q, rc) == 0 ? 0 : -1;
}

/* Nothing is written any more: says so, for the next open to look at less. */
static void
mark_clean(struct sq *j)
{
	if (j->clean || sqlite3_exec(j->db, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK)
		return;
	if (put_head(j, true) != 0 || sqlite3_exec(j->db, "COMMIT", NULL, NULL, NULL) != SQLITE_OK)
		log_event(LOG_LV_WARN, "journal_close", "error=%s", log_quote(sqlite3_errmsg(j->db)));
}

/* The chain's end once more, beside the file: where the log is lost, the next open sees that something is. */
static void
put_anchor(struct sq *j)
{
	struct journal_anchor a = { .seq = j->last.seq };

	if (j->dir == NULL || j->anchor == -1)
		return;
	if (j->anchor == 0)
		j->anchor = (j->anchor = journal_anchor_open(j->dir)) == -1 ? -1 : j->anchor + 1;
	memcpy(a.hash, j->last.hash, sizeof(a.hash));
	if (j->anchor > 0)
		journal_anchor_set(j->anchor - 1, &a);
}

static int
sq_commit(struct journal *base)
{
	struct sq *j = (struct sq *)base;
	bool layout = false;
	char val[8];
	int rc;

	if (base->failed)
		return -1;
	if (!j->writing)
		return 0;
	if ((j->scrub_all || j->scrub_drafts) && scrub(j) != 0)
		return -1;
	if (j->scrub_all && ((rc = sq_meta_get(base, SQ_META_MOVED, val, sizeof(val))) < 0 ||
	    ((layout = rc == 0) && sq_meta_set(base, SQ_META_LAYOUT, "due") != 0)))
		return -1;
	if ((j->head_moved || j->clean) && put_head(j, false) != 0)
		return -1;
	rc = sqlite3_step(j->s[Q_COMMIT]);
	if (rc != SQLITE_DONE) {
		(void)fail(j, query_names[Q_COMMIT]);
		sqlite3_reset(j->s[Q_COMMIT]);
		return -1;	/* unknown: the frames may be in the log or not */
	}
	sqlite3_reset(j->s[Q_COMMIT]);
	j->writing = false;
	j->head_moved = false;
	j->clean = false;
	put_anchor(j);
	if (j->log_pages - j->log_home >= LOG_MOST)
		bring_home(j);
	if (j->scrub_all || j->scrub_drafts) {
		j->scrub_all = j->scrub_drafts = false;
		if (layout && sq_lay_out(j) != 0)
			return fail(j, "VACUUM");	/* so with this */
		if (sq_empty_log(j->db) != 0)
			return fail(j, "CHECKPOINT");	/* the next open tries again */
	}
	return 0;
}

void
sq_free(struct sq *j)
{
	int i;

	for (i = 0; i < Q_COUNT; i++)
		sqlite3_finalize(j->s[i]);
	journal_forget(&j->base);
	sq_fresh_free(j);
	sq_packer_free(j->packer);
	buf_free(&j->packed);
	buf_free(&j->stored);
	if (j->anchor > 0)
		(void)close(j->anchor - 1);
	free(j->dir);
	free(j);
}

void
sq_close(struct journal *base)
{
	struct sq *j = (struct sq *)base;
	sqlite3 *db;

	if (j == NULL)
		return;
	db = j->db;
	if (!base->failed) {
		if (j->writing)
			sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
		if (!j->writing || sq_read_head(j) == 0)
			mark_clean(j);
	}
	/* After a failure the file is evidence: recovery at the next open decides what stands, not a checkpoint now. */
	if (base->failed)
		sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, (int *)NULL);
	sq_free(j);
	if (sqlite3_close(db) != SQLITE_OK)
		log_event(LOG_LV_ERROR, "journal_close", "error=%s", log_quote(sqlite3_errmsg(db)));
}

/* ---- verification ---- */

const struct journal_scan journal_sqlite_scan = { sq_scan_chain, sq_scan_messages, sq_scan_blobs, sq_scan_message_at,
	sq_scan_quarantine_at, sq_scan_has_ref, sq_scan_counts };

/* SQLite's own check: 0 sound, 1 not (why is filled in), -1 could not be run. */
int
sq_check_storage(struct journal *base, enum query n, char *why, size_t size)
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
check_ids(struct journal *base, struct journal_verify *v)
{
	const char *table, *key;
	struct q q;
	int rc;

	if (q_begin(&q, base, Q_CHECK_IDS) != 0)
		return -1;
	if ((rc = q_step(&q)) == 0) {
		table = (const char *)sqlite3_column_text(q.s, 0);
		key = (const char *)sqlite3_column_text(q.s, 3);
		(void)journal_bad(v, _("%s %s: its %s is missing"), table, key != NULL ? key : "",
		    sqlite3_column_int64(q.s, 1) == 0 ? "line" : "message");
	}
	return q_end(&q, rc < 0 ? -1 : 0);
}

/* The figures `head` keeps instead of counting. */
static int
check_counts(struct sq *j, struct journal_verify *v)
{
	uint64_t n;

	if (q_count(&j->base, Q_MSG_COUNT, &n) != 0)
		return -1;
	if (n != j->messages)
		return journal_bad(v, _("head: says %llu messages, there are %llu"), (unsigned long long)j->messages,
		    (unsigned long long)n);
	if (q_count(&j->base, Q_QUAR_COUNT, &n) != 0)
		return -1;
	if (n != j->quarantined)
		return journal_bad(v, _("head: says %llu quarantined, there are %llu"), (unsigned long long)j->quarantined,
		    (unsigned long long)n);
	return 0;
}

static int
sq_verify(struct journal *base, const char *station, struct journal_verify *v)
{
	struct sq *j = (struct sq *)base;
	char why[256];
	int rc;

	memset(v, 0, sizeof(*v));
	if ((rc = sq_check_storage(base, Q_CHECK_FULL, why, sizeof(why))) < 0)
		goto failed;
	if (rc > 0) {
		(void)journal_bad(v, _("database: %s"), why);
		return 0;
	}
	if (journal_verify_rows(base, &journal_sqlite_scan, station, v) != 0)
		goto failed;
	if (v->bad[0] == '\0' && v->chain != j->last.seq)
		(void)journal_bad(v, _("chain %llu: missing at the end"), (unsigned long long)v->chain + 1);
	if (v->bad[0] == '\0' && (check_keys(base, v) != 0 || check_ids(base, v) != 0 || check_counts(j, v) < 0))
		goto failed;
	return 0;
failed:
	(void)journal_bad(v, _("database: %s"), sqlite3_errcode(j->db) == SQLITE_OK ? _("a row holds a value of the wrong kind") :
	    sqlite3_errmsg(j->db));
	return -1;
}

const struct journal_ops journal_sqlite_ops = {
	.name = "sqlite",
	.close = sq_close,
	.commit = sq_commit,
	.idle = sq_idle,
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
	.outbox_take = sq_outbox_take,
	.outbox_each = sq_outbox_each,
	.outbox_get = sq_outbox_get,
	.outbox_move = sq_outbox_move,
	.outbox_has = sq_outbox_has,
	.line_get = sq_line_get,
	.line_put = sq_line_put,
	.line_each = sq_line_each,
	.passage_put = sq_passage_put,
	.passage_get = sq_passage_get,
	.passage_each = sq_passage_each,
	.passage_of = sq_passage_of,
	.passage_trim = sq_passage_trim,
	.hold_put = sq_hold_put,
	.hold_del = sq_hold_del,
	.hold_each = sq_hold_each,
	.settle = sq_settle,
	.retire = sq_retire,
#ifdef SEARCHES
	.search_more = sq_search_more,
	.search = sq_search,
#endif
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
