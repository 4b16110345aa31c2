#ifndef SWITCH_JOURNAL_RAM_H
#define SWITCH_JOURNAL_RAM_H
/*
 * Private to journal_ram*.c: the log of operations and the tables that follow from it (journal_ram.c), on which the
 * rows' functions stand (journal_ram_rows.c).
 */
#include "journal_common.h"

enum table { T_META, T_CHAIN, T_MESSAGE, T_DELIVERY, T_OUTBOX, T_REQUEST, T_DRAFT, T_INCIDENT, T_FOREIGN, T_BLOB,
	T_QUARANTINE, T_COUNT,
	/* further keys of the map: lists of row numbers */
	L_OF_INCIDENT = T_COUNT, L_REFERRING, L_DELIVERIES, L_OUTBOX, L_NUMBER, L_COUNT };

struct ram_meta { char *key, *val; };
struct ram_foreign { char *space, *key; struct msgid id; };
struct ram_blob { uint8_t digest[DIGEST_LEN]; struct buf bytes; bool destroyed; };
struct ram_quarantine { uint64_t seq; struct buf bytes; };

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
