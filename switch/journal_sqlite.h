#ifndef SWITCH_JOURNAL_SQLITE_H
#define SWITCH_JOURNAL_SQLITE_H
/*
 * Private to journal_sqlite*.c: statements by name.  The SQL behind a name stands in journal_sqlite_sql.c; whoever uses these
 * functions binds and reads values in the order the statement there has them.
 */
#include "journal_common.h"

#define JOURNAL_QUERIES(Q) \
	Q(VERSION) Q(BEGIN) Q(COMMIT) Q(HEAD_GET) Q(HEAD_SET) Q(SOURCE_AT) Q(SOURCE_OF) Q(SOURCE_PUT) Q(NAME_AT) \
	Q(NAME_OF) Q(NAME_PUT) Q(META_GET) Q(META_SET) Q(MSG_PUT) Q(PAYLOAD_PUT) Q(PAYLOAD_WIPE) Q(PAYLOAD_NONE) \
	Q(PAYLOAD_DEL) Q(REF_PUT) Q(REF_HAS) Q(NAMES_PUT) Q(NAMES_OF) Q(NAMES_DEL) Q(MSG_GET) Q(MSG_HAS) \
	Q(MSG_SEQ) Q(MSG_AT) Q(MSG_LOCAL) Q(MSG_SETTLE) Q(MSG_RETIRE) Q(MSG_OLD) Q(MSG_INCIDENT) Q(MSG_REFERRING) \
	Q(MSG_AFTER) Q(MSG_AFTER_KIND) Q(MSG_AFTER_MANY) Q(MSG_BEFORE_MANY) Q(MSG_BEFORE) Q(MSG_BEFORE_KIND) \
	Q(MSG_LOUD) Q(MSG_COUNT) Q(MSG_ALL) Q(CHAIN_PUT) Q(CHAIN_AFTER) Q(CHAIN_LAST) Q(CHAIN_HASH) Q(DLV_PUT) Q(DLV_SET) \
	Q(DLV_GET) Q(DLV_AT) Q(DLV_KEYS) Q(DLV_OPEN) Q(DLV_COUNT) Q(OUT_PUT) Q(OUT_DEL) Q(OUT_ROW) Q(OUT_KEYS) Q(OUT_AT) \
	Q(OUT_MOVE) Q(OUT_OF) Q(OUT_COUNT) Q(LINE_GET) Q(LINE_LAST) Q(LINE_AT) Q(LINE_PUT) Q(LINE_KEYS) \
	Q(PASS_PUT) Q(PASS_SET) Q(PASS_GET) Q(PASS_PAGE) Q(PASS_OF) Q(PASS_TRIM) Q(PASS_DEL) Q(HOLD_PUT) Q(HOLD_DEL) \
	Q(HOLD_KEYS) Q(HOLD_AT) Q(REQ_GET) Q(REQ_PUT) Q(DRAFT_PUT) Q(DRAFT_GET) Q(DRAFT_AT) Q(DRAFT_DEL) \
	Q(DRAFT_KEYS) Q(INC_NEW) Q(INC_PUT) Q(INC_SET) Q(INC_GET) Q(INC_AT) Q(INC_KEYS) Q(INC_NUMBER) Q(ALIAS_GET) Q(ALIAS_PUT) \
	Q(BLOB_PUT) Q(BLOB_GET) Q(BLOB_ALL) Q(BLOB_WIPE) Q(BLOB_DEL) Q(QUAR_PUT) Q(QUAR_AT) Q(QUAR_COUNT) \
	Q(COUNTS) Q(CHECK_QUICK) Q(CHECK_FULL) Q(CHECK_KEYS) Q(CHECK_IDS)

enum query {
#define Q(name) Q_##name,
	JOURNAL_QUERIES(Q)
#undef Q
	Q_COUNT
};

struct sqlite3;
struct sqlite3_stmt;

/* Of a database of this version that is only looked at (a copy): the chain's end follows from the entries before and is what the head
 * says.  last: it.  0, or -1 + fault. */
int sq_end_of(struct sqlite3 *db, const char *path, struct journal_chain *last, struct fault *fault);

extern const struct journal_scan journal_sqlite_scan;

/* A file of the journal may be known by a number: what `source` and `name` hold, found again without asking them. */
#define SQ_KNOWN 256
#define SQ_KNOWN_LINES 16

/* The last bodies put, as they were given: what is written is sent on a moment later, and need not be unpacked and proven for that. */
#define SQ_FRESH 256
#define SQ_FRESH_MOST 4096	/* bytes of one */

struct sq {
	struct journal base;		/* first: the caller's handle */
	struct sqlite3 *db;
	struct sqlite3_stmt *s[Q_COUNT];
	bool busy[Q_COUNT];
	bool writing;			/* a transaction is open */
	struct journal_chain last;	/* seq and hash of the chain's end, written or not yet committed */
	uint64_t outbox;		/* last outbox row number given out; never given out twice */
	bool head_moved;		/* since the last commit */
	bool clean;			/* the file says that it was closed in order, and nothing was written since */
	bool scrub_drafts, scrub_all;	/* bytes were to go since the last commit: see scrub() */
	uint64_t wiped;			/* messages destroyed or retired since the opening: rows fetched before may show them */
	uint64_t messages, quarantined;	/* rows there are: kept in `head` */
	struct sq_known_source { struct msgid id; int64_t n; } sources[SQ_KNOWN], sources_by[SQ_KNOWN];	/* serial 0 */
	struct sq_known_name { char text[128]; int64_t n; } names[SQ_KNOWN], names_by[SQ_KNOWN];
	struct sq_known_line { char peer[STATION_MAX]; bool out; uint64_t stream; int64_t n; } lines[SQ_KNOWN_LINES];
	struct sq_fresh { uint64_t seq; struct buf body; } *fresh;	/* SQ_FRESH of them by seq; 0: none; journal_sqlite_messages.c */
	struct msgid fresh_id;		/* put last, and no outbox row made for it since; origin "": none */
	uint64_t log_pages, log_home;	/* of the write-ahead log: at the last commit; of those, tried in vain */
	int64_t log_at;			/* ms UTC the log was last brought home, 0 never */
	char *dir;			/* the journal's directory, owned; NULL on another VFS: no anchor is kept (journal_guard.h) */
	int anchor;			/* its descriptor + 1; 0: not opened yet, -1: cannot be */
	struct sq_packer *packer;	/* journal_sqlite_pack.c */
	struct buf packed, stored;	/* the last thing packed; the last payload read, as it is kept */
};

/* A statement in use. */
struct q {
	struct sq *j;
	struct sqlite3_stmt *s;
	enum query n;
	int at;				/* parameter or column reached */
	bool bad;			/* a value is not what it should be */
};

typedef int (*visit_fn)(struct journal *, int64_t key, const void *arg);	/* 0 on, 1 stop, -1 failed */

/* Takes a statement; its query must not be in use.  -1: the journal has failed. */
int q_begin(struct q *q, struct journal *base, enum query n);
/* The same for one that writes: opens the transaction at the first. */
int q_begin_write(struct q *q, struct journal *base, enum query n);
/* Parameters from left to right; the memory must last until q_end(). */
void q_int(struct q *q, int64_t v);
void q_u64(struct q *q, uint64_t v);
void q_text(struct q *q, const char *s);
void q_blob(struct q *q, const void *p, size_t n);
/* Ids and names are integers in the tables.  The plain forms find nothing when the number is not known; _put makes it, and so
 * stand only after q_begin_write(). */
void q_id(struct q *q, const struct msgid *id);
void q_id_put(struct q *q, const struct msgid *id);
void q_name(struct q *q, const char *s);
void q_name_put(struct q *q, const char *s);
void q_null(struct q *q);
void q_after(struct q *q, int64_t v, int64_t base);	/* v as what it is after base; 0 stays 0 */
/* 0 a row, 1 none (left), -1 failed. */
int q_step(struct q *q);
/* Gives the statement back; rc, or -1 when anything went wrong. */
int q_end(struct q *q, int rc);
/* Runs one that returns no rows and gives it back. */
int q_run(struct q *q);
int q_run_changed(struct q *q);	/* 1 when it changed no row */
bool q_is_null(struct q *q);	/* the next column, not read yet */
bool q_is_text(struct q *q);
bool q_is_blob(struct q *q);
void q_skip(struct q *q);
int64_t q_get_after(struct q *q, int64_t base);
/* Columns from left to right.  A value of the wrong kind or size sets q->bad. */
int64_t q_get_int(struct q *q);
uint64_t q_get_u64(struct q *q);
int q_get_small(struct q *q);
bool q_get_bool(struct q *q);
void q_get_text(struct q *q, char *dst, size_t size);
void q_get_digest(struct q *q, uint8_t digest[DIGEST_LEN]);
/* Replaces what the buffer holds; NULL gives an empty one. */
void q_get_buf(struct q *q, struct buf *out);
void q_get_id(struct q *q, struct msgid *id);
void q_get_name(struct q *q, char *dst, size_t size);
/* Takes a bound statement whose first column is a key; collects them all, then visits each. */
int q_each_key(struct q *q, visit_fn visit, const void *arg);
int q_count(struct journal *base, enum query n, uint64_t *count);	/* the one number a statement returns */

/* journal_sqlite_names.c: numbers of ids' first three parts, and of names.  make: one not known is given a number; else *n is -1.  -1
 * when the journal failed.  "" and the id that is none have 0. */
int sq_source(struct sq *j, const struct msgid *id, bool make, int64_t *n);
int sq_source_at(struct sq *j, int64_t n, struct msgid *id);	/* serial untouched; 1: no such number */
int sq_name(struct sq *j, const char *s, bool make, int64_t *n);
int sq_name_at(struct sq *j, int64_t n, char *dst, size_t size);	/* 1: no such number, or longer than fits */
/* What a chain entry is about, small: an id in front is kept as its numbers, `who` behind it not at all. */
int sq_ref_pack(struct sq *j, const char *ref, const char *who, struct buf *out);	/* out empty: does not become smaller */
int sq_ref_unpack(struct sq *j, const void *p, size_t n, const char *who, char *dst, size_t size);	/* 1: makes no sense */

#define SQ_UNPACKED_MAX (16u * 1024 * 1024)	/* no body or summary is longer */
/* journal_sqlite_pack.c: bytes as they are kept: a version, then as they are or compressed with the dictionary of that version. */
void sq_packer_free(struct sq_packer *p);
void sq_pack(struct sq *j, const void *p, size_t n, struct buf *out);	/* replaces what out holds */
/* 0, or -1: not what sq_pack() makes, or more than max bytes; then out holds the bytes as they are kept. */
int sq_unpack(struct sq *j, const void *p, size_t n, size_t max, struct buf *out);
/* Length of what is packed, told from its first 24 bytes and its length; 0 when they make no sense. */
size_t sq_packed_len(const void *head, size_t nhead, size_t n);

/* journal_sqlite_messages.c, _parcels.c, _tables.c, _scan.c: rows of journal_ops, and the scans of journal_common.h. */
int sq_meta_get(struct journal *base, const char *key, char *val, size_t size);
int sq_meta_set(struct journal *base, const char *key, const char *val);
int sq_chain_add(struct journal *base, int64_t ms, int what, const char *ref, const char *who, const uint8_t *digest);
uint64_t sq_chain_seq(struct journal *base);
int sq_put_message(struct journal *base, struct journal_msg *m);
int sq_get_message(struct journal *base, const struct msgid *id, struct journal_msg *out);
int sq_destroy(struct journal *base, int64_t ms, const struct msgid *id, const char *first, const char *second,
    const char *why);
int sq_set_local(struct journal *base, const struct msgid *id);
int sq_each_of_incident(struct journal *base, const struct msgid *id, journal_msg_fn fn, void *ctx);
int sq_each_referring(struct journal *base, const struct msgid *id, journal_msg_fn fn, void *ctx);
int sq_each_after(struct journal *base, uint64_t after, int kind, bool local, journal_msg_fn fn, void *ctx);
int sq_each_before(struct journal *base, uint64_t before, int kind, bool local, journal_msg_fn fn, void *ctx);
int sq_each_loud(struct journal *base, uint64_t after, journal_msg_fn fn, void *ctx);
/* meta: rows that hold bytes were taken out of their pages; the file is to be laid out anew. */
#define SQ_META_MOVED "sqlite.moved"
#define SQ_META_LAYOUT "sqlite.layout"
int sq_settle(struct journal *base, const struct msgid *id, bool settled);
int sq_retire(struct journal *base, int64_t ms, int64_t before, size_t max, size_t *n);
void sq_fresh_free(struct sq *j);		/* forgets the bodies put last */
/* Rows of the chain's and the messages' queries.  sq_get_chain: 1, its message is missing; the hash is as far as it is kept.  proven:
 * the bytes on disk are looked at, whatever is remembered of them. */
int sq_get_chain(struct q *q, struct journal_chain *c);
enum payload_state sq_get_msg(struct q *q, struct journal_msg *m, bool proven);
int sq_message_at(struct journal *base, uint64_t seq, struct journal_msg *out);	/* out->body: caller frees */
int sq_wipe_message(struct journal *base, const struct journal_msg *m);
struct body;
/* Which originals a message names.  body: the bytes decoded, NULL: they cannot be. */
int sq_put_names(struct journal *base, const struct buf *bytes, const struct body *body, uint64_t seq);
int sq_index_names(struct journal *base);	/* of every message; for a migration */
/* Entries after `after` (seq and hash), with what a stored message's repeats put back. */
int sq_chain_after(struct journal *base, struct journal_verify *v, const struct journal_chain *after, journal_chain_fn fn, void *ctx);
#define SQ_WHOLE_HASH 256	/* entries between those that keep their whole hash; of others the first bytes stand */
#define SQ_SHORT_HASH 8
int sq_line_get(struct journal *base, const char *peer, bool out, uint64_t stream, struct journal_line *l);
int sq_line_put(struct journal *base, const struct journal_line *l);
int sq_line_each(struct journal *base, journal_line_fn fn, void *ctx);
int sq_passage_put(struct journal *base, const char *peer, bool out, uint64_t stream, const struct journal_passage *p);
int sq_passage_get(struct journal *base, const char *peer, bool out, uint64_t stream, uint64_t serial,
    struct journal_passage *p);
int sq_passage_each(struct journal *base, const char *peer, bool out, uint64_t stream, uint64_t first, uint64_t last,
    journal_passage_fn fn, void *ctx);
int sq_passage_of(struct journal *base, const struct msgid *id, journal_passage_fn fn, void *ctx);
int sq_passage_trim(struct journal *base, const char *peer, bool out, uint64_t stream, uint64_t upto);
int sq_hold_put(struct journal *base, const struct msgid *id);
int sq_hold_del(struct journal *base, const struct msgid *id);
int sq_hold_each(struct journal *base, journal_id_fn fn, void *ctx);
int sq_scan_chain(struct journal *base, struct journal_verify *v, journal_chain_fn fn, void *ctx);
int sq_scan_messages(struct journal *base, struct journal_verify *v, journal_payload_fn fn, void *ctx);
int sq_scan_blobs(struct journal *base, struct journal_verify *v, journal_blob_fn fn, void *ctx);
int sq_scan_message_at(struct journal *base, uint64_t seq, struct msgid *id, uint8_t digest[DIGEST_LEN]);
int sq_scan_quarantine_at(struct journal *base, uint64_t seq, struct buf *out);
int sq_scan_has_ref(struct journal *base, const struct msgid *ref, uint64_t seq);
int sq_scan_counts(struct journal *base, uint64_t *deliveries, uint64_t *outbox);
int sq_delivery_put(struct journal *base, const struct journal_delivery *d);
int sq_delivery_get(struct journal *base, const struct msgid *id, const char *to, struct journal_delivery *d);
int sq_delivery_each(struct journal *base, const struct msgid *id, journal_delivery_fn fn, void *ctx);
int sq_delivery_open(struct journal *base, int64_t before, journal_delivery_fn fn, void *ctx);
int sq_outbox_add(struct journal *base, struct journal_outbox *o);
int sq_outbox_del(struct journal *base, uint64_t row);
int sq_outbox_take(struct journal *base, uint64_t row, struct journal_outbox *o);
int sq_outbox_get(struct journal *base, uint64_t row, struct journal_outbox *o);
int sq_outbox_each(struct journal *base, journal_outbox_fn fn, void *ctx);
int sq_outbox_move(struct journal *base, uint64_t row, const char *link);
int sq_outbox_has(struct journal *base, const struct msgid *id, const char *to);
int sq_request_get(struct journal *base, const char *rid, struct journal_request *r);
int sq_request_put(struct journal *base, const struct journal_request *r);
int sq_draft_put(struct journal *base, const struct journal_draft *d);
int sq_draft_get(struct journal *base, const char *rid, struct journal_draft *d);
int sq_draft_del(struct journal *base, const char *rid);
int sq_draft_each(struct journal *base, journal_draft_fn fn, void *ctx);
int sq_incident_put(struct journal *base, const struct journal_incident *i);
int sq_incident_get(struct journal *base, const struct msgid *id, struct journal_incident *i);
int sq_incident_each(struct journal *base, int realm, bool history, journal_incident_fn fn, void *ctx);
int sq_incident_by_number(struct journal *base, int realm, const char *number, journal_incident_fn fn, void *ctx);
int sq_foreign_get(struct journal *base, const char *space, const char *key, struct msgid *id);
int sq_foreign_put(struct journal *base, const char *space, const char *key, const struct msgid *id);
int sq_blob_put(struct journal *base, const uint8_t digest[DIGEST_LEN], const void *p, size_t n);
int sq_blob_get(struct journal *base, const uint8_t digest[DIGEST_LEN], struct buf *out);
int sq_quarantine(struct journal *base, int64_t ms, const char *from, const char *why, const void *p, size_t n);
int sq_wipe_blob(struct journal *base, const uint8_t digest[DIGEST_LEN]);
uint64_t sq_quarantine_count(struct journal *base);
int sq_counts(struct journal *base, struct journal_counts *c);

#endif
