#ifndef SWITCH_JOURNAL_RAM_H
#define SWITCH_JOURNAL_RAM_H
/*
 * Private to journal_ram*.c: the log of operations and the tables that follow from it (journal_ram.c), on which the
 * rows' functions stand: journal_ram_rows.c (meta, chain, messages, deliveries, outbox), journal_ram_tables.c (what
 * stands beside), journal_ram_lines.c (lines, passages, holds), journal_ram_retire.c (settling and retention),
 * journal_ram_search.c.
 */
#include "journal_common.h"

enum table { T_META, T_CHAIN, T_MESSAGE, T_DELIVERY, T_OUTBOX, T_REQUEST, T_DRAFT, T_INCIDENT, T_FOREIGN, T_BLOB,
	T_QUARANTINE, T_LINE, T_PASSAGE, T_HOLD, T_COUNT,
	/* further keys of the map: lists of row numbers */
	L_OF_INCIDENT = T_COUNT, L_REFERRING, L_DELIVERIES, L_OUTBOX, L_NUMBER,
	L_LINES /* of a peer and direction, as begun */, L_PASSAGES /* of a line */, L_PASSAGE_OF /* of a message */, L_COUNT };

struct ram_meta { char *key, *val; };
struct ram_foreign { char *space, *key; struct msgid id; };
struct ram_blob { uint8_t digest[DIGEST_LEN]; struct buf bytes; bool destroyed; };
struct ram_quarantine { uint64_t seq; struct buf bytes; };
struct ram_passage { size_t line; struct journal_passage p; };	/* line: row of T_LINE */
struct ram_hold { struct msgid id; size_t order; };

struct op {
	enum table table;
	size_t at;		/* row number */
	void *row;		/* owned; NULL: the row is gone */
	bool borrows;		/* the row's buffer belongs to an earlier operation */
};

struct numbers {		/* a growing list of row numbers */
	size_t *v, n, cap;
};

struct ram {
	struct journal base;
	struct op *log;
	size_t nlog, caplog, committed;
	struct { void **v; size_t n, cap; } tab[T_COUNT];
	struct ram_slot *map;
	size_t nmap, capmap;
	struct numbers *lists;
	size_t nlists, caplists;
	struct numbers open;	/* deliveries that were open when last looked at */
	bool *in_open;		/* by delivery row */
	size_t cap_in_open;
	size_t indexed;		/* messages search_more() has taken */
	size_t indexed_committed;
	int fail_commits;
	bool fail_applied;
};

/* A key under construction. */
struct ram_key {
	uint8_t b[640];
	size_t n;
};

struct ram *ram_of(struct journal *);
void *ram_copy(const void *, size_t);
struct buf ram_buf(const void *, size_t);

/* Keys: one map for all tables and lists, the first byte says which. */
struct ram_key ram_key_id(unsigned kind, const struct msgid *);
struct ram_key ram_key_str(unsigned kind, const char *);
struct ram_key ram_key_delivery(const struct msgid *, const char *to);
struct ram_key ram_key_foreign(const char *space, const char *name);
struct ram_key ram_key_blob(const uint8_t digest[DIGEST_LEN]);
struct ram_key ram_key_number(int realm, const char *number);
struct ram_key ram_key_line(const char *peer, bool out, uint64_t stream);
struct ram_key ram_key_lines(const char *peer, bool out);
struct ram_key ram_key_passage(size_t line, uint64_t serial);
struct ram_key ram_key_passages(size_t line);

/* A copy of a list's row numbers in the order they were added, so that callbacks may write; *v is the caller's. */
size_t ram_list(const struct ram *, const struct ram_key *, size_t **v);
/* Is the row in the list?  Only of lists of messages: those ascend. */
bool ram_list_has(const struct ram *, const struct ram_key *, size_t at);
void *ram_row_at(const struct ram *, enum table, size_t at);	/* NULL: none (any more) */
/* The row of a key; *at (may be NULL) is where it is, or where a new one goes. */
void *ram_row_of(const struct ram *, enum table, const struct ram_key *, size_t *at);
/* Appends to the log and applies.  row is given away. */
void ram_write(struct ram *, enum table, size_t at, void *row, bool borrows);

int ram_commit(struct journal *);
void ram_close(struct journal *);

/* journal_ram_rows.c */
int ram_chain_add(struct journal *, int64_t ms, int what, const char *ref, const char *who, const uint8_t *digest);
uint64_t ram_chain_seq(struct journal *);
size_t ram_first_after(const struct ram *, uint64_t seq);	/* row number of the first message with a greater seq */
/* Shows a row, as it may be shown. */
int ram_show(struct journal *, const struct journal_msg *row, journal_msg_fn, void *);

/* journal_ram_lines.c */
int ram_line_get(struct journal *, const char *peer, bool out, uint64_t stream, struct journal_line *);
int ram_line_put(struct journal *, const struct journal_line *);
int ram_line_each(struct journal *, journal_line_fn, void *);
int ram_passage_put(struct journal *, const char *peer, bool out, uint64_t stream, const struct journal_passage *);
int ram_passage_get(struct journal *, const char *peer, bool out, uint64_t stream, uint64_t serial,
    struct journal_passage *);
int ram_passage_each(struct journal *, const char *peer, bool out, uint64_t stream, uint64_t first, uint64_t last,
    journal_passage_fn, void *);
int ram_passage_of(struct journal *, const struct msgid *, journal_passage_fn, void *);
int ram_passage_trim(struct journal *, const char *peer, bool out, uint64_t stream, uint64_t upto);
int ram_hold_put(struct journal *, const struct msgid *);
int ram_hold_del(struct journal *, const struct msgid *);
int ram_hold_each(struct journal *, journal_id_fn, void *);

/* journal_ram_retire.c */
int ram_settle(struct journal *, const struct msgid *, bool settled);
int ram_retire(struct journal *, int64_t ms, int64_t before, size_t max, size_t *n);

/* journal_ram_search.c */
int ram_search_more(struct journal *, size_t max, uint64_t *left);
int ram_search(struct journal *, const char *query, uint64_t before, size_t limit, journal_msg_fn, void *);

extern const struct journal_scan journal_ram_scan;

/* journal_ram_tables.c, journal_ram_verify.c: rows of journal_ops. */
int ram_request_get(struct journal *base, const char *rid, struct journal_request *r);
int ram_request_put(struct journal *base, const struct journal_request *r);
int ram_draft_put(struct journal *base, const struct journal_draft *d);
int ram_draft_get(struct journal *base, const char *rid, struct journal_draft *d);
int ram_draft_del(struct journal *base, const char *rid);
int ram_draft_each(struct journal *base, journal_draft_fn fn, void *ctx);
int ram_incident_put(struct journal *base, const struct journal_incident *i);
int ram_incident_get(struct journal *base, const struct msgid *id, struct journal_incident *i);
int ram_incident_each(struct journal *base, int realm, bool history, journal_incident_fn fn, void *ctx);
int ram_incident_by_number(struct journal *base, int realm, const char *number, journal_incident_fn fn, void *ctx);
int ram_foreign_get(struct journal *base, const char *space, const char *key, struct msgid *id);
int ram_foreign_put(struct journal *base, const char *space, const char *key, const struct msgid *id);
int ram_blob_put(struct journal *base, const uint8_t digest[DIGEST_LEN], const void *p, size_t n);
int ram_wipe_blob(struct journal *base, const uint8_t digest[DIGEST_LEN]);
int ram_blob_get(struct journal *base, const uint8_t digest[DIGEST_LEN], struct buf *out);
int ram_quarantine(struct journal *base, int64_t ms, const char *from, const char *why, const void *p, size_t n);
uint64_t ram_quarantine_count(struct journal *base);
int ram_counts(struct journal *base, struct journal_counts *c);
int ram_verify(struct journal *base, const char *station, struct journal_verify *v);

#endif
