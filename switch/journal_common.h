#ifndef SWITCH_JOURNAL_COMMON_H
#define SWITCH_JOURNAL_COMMON_H
/*
 * What the journal's two implementations share: the rules, not the storage.  Private to journal_*.c.
 */
#include "journal.h"

/* Copies text into a fixed field, cutting at a character boundary when it is too long. */
void journal_text(char *dst, size_t size, const char *src);

/* The next chain entry after (seq, hash) `last`, hash filled in.  digest may be NULL: zero. */
void journal_chain_next(const struct journal_chain *last, int64_t ms, int what, const char *ref, const char *who,
    const uint8_t *digest, struct journal_chain *out);

/* The ids a body refers to (F_REFS): *ids is owned by the caller (free()), NULL when there are none; and whether it is
 * quiet.  Bytes that do not decode refer to nothing and are not quiet: who reads them decides. */
size_t journal_refs(const struct buf *body, struct msgid **ids, bool *quiet);

/* True when the delivery still needs 送达: open or in a neighbour's custody. */
bool journal_delivery_is_open(const struct journal_delivery *);

/* True when an encoded envelope names `to` among those it serves. */
bool journal_envelope_serves(const struct buf *envelope, const char *to);

/* set_local() has changed this message. */
void journal_localised(struct journal *, const struct msgid *);
/* Drops what readers keep, and what stands in struct journal for them. */
void journal_forget(struct journal *);

/* What the chain is told must be so for good: the digest is of these bytes, the id is set. */
void journal_digest_assert(const uint8_t digest[DIGEST_LEN], const void *, size_t);
void journal_msg_assert(const struct journal_msg *);

/* What verification needs of a backend.  Functions return 0 done, 1 not found, -1 failed; callbacks stop with non-zero.
 * A row that cannot be read as what it should be is reported with journal_bad(). */
enum payload_state { PAYLOAD_HERE, PAYLOAD_DESTROYED, PAYLOAD_MISSING };
typedef int (*journal_chain_fn)(void *ctx, const struct journal_chain *);
typedef int (*journal_payload_fn)(void *ctx, const struct journal_msg *, enum payload_state);
typedef int (*journal_blob_fn)(void *ctx, const uint8_t digest[DIGEST_LEN], const void *, size_t);

struct journal_scan {
	int (*each_chain)(struct journal *, struct journal_verify *, journal_chain_fn, void *);	/* by seq */
	int (*each_message)(struct journal *, struct journal_verify *, journal_payload_fn, void *);	/* by id */
	int (*each_blob)(struct journal *, struct journal_verify *, journal_blob_fn, void *);
	int (*message_at)(struct journal *, uint64_t seq, struct msgid *, uint8_t digest[DIGEST_LEN]);
	int (*quarantine_at)(struct journal *, uint64_t seq, struct buf *);
	int (*has_ref)(struct journal *, const struct msgid *ref, uint64_t seq);
	int (*counts)(struct journal *, uint64_t *deliveries, uint64_t *outbox);
};
/* Everything verify() promises but the backend's own check of its storage.  Stops at the first thing wrong. */
int journal_verify_rows(struct journal *, const struct journal_scan *, const char *station, struct journal_verify *);
/* Sets v->bad unless something is there already; returns 1. */
int journal_bad(struct journal_verify *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
