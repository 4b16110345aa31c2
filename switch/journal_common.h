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
struct body;
size_t journal_refs_of(const struct body *, struct msgid **ids, bool *quiet);	/* the same of one decoded; NULL: cannot be */

bool journal_body_quiet(const struct body *);

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

/* Text from outside as the chain may hold it: no control characters, whole characters, cut to what fits. */
void journal_clean(char *dst, size_t size, const char *src);

/* Drops what readers keep of messages; they make it again. */
void journal_drop_memo(struct journal *);

/* What verification needs of a backend.  Functions return 0 done, 1 not found, -1 failed; callbacks stop with non-zero.
 * A row that cannot be read as what it should be is reported with journal_bad(). */
enum payload_state { PAYLOAD_HERE, PAYLOAD_DESTROYED, PAYLOAD_MISSING, PAYLOAD_DAMAGED };
typedef int (*journal_chain_fn)(void *ctx, const struct journal_chain *);
typedef int (*journal_payload_fn)(void *ctx, const struct journal_msg *, enum payload_state);
typedef int (*journal_blob_fn)(void *ctx, const uint8_t digest[DIGEST_LEN], const void *, size_t);

struct journal_scan {
	int (*each_chain)(struct journal *, struct journal_verify *, journal_chain_fn, void *);	/* by seq */
	/* By id, with the bytes as they really are; a callback neither reads nor writes the journal. */
	int (*each_message)(struct journal *, struct journal_verify *, journal_payload_fn, void *);
	int (*each_blob)(struct journal *, struct journal_verify *, journal_blob_fn, void *);	/* the same */
	int (*message_at)(struct journal *, uint64_t seq, struct msgid *, uint8_t digest[DIGEST_LEN]);
	int (*quarantine_at)(struct journal *, uint64_t seq, struct buf *);
	int (*has_ref)(struct journal *, const struct msgid *ref, uint64_t seq);
	int (*counts)(struct journal *, uint64_t *deliveries, uint64_t *outbox);
};
/* Of bytes that are there: HERE when they have the digest, DESTROYED when they are all zero and have not, else DAMAGED. */
enum payload_state journal_payload(const void *p, size_t n, const uint8_t digest[DIGEST_LEN]);
/* Makes of a row as it is kept one that may be shown: flags set, and no bytes that are not the message's.  Logs damage, once an
 * id. */
void journal_show(struct journal *, struct journal_msg *, enum payload_state);

/* What destroy() needs of a backend beside its other functions.  wipe_message: `m` with its bytes as they really are. */
struct journal_eraser {
	const struct journal_scan *scan;
	int (*wipe_message)(struct journal *, const struct journal_msg *m);
	int (*wipe_blob)(struct journal *, const uint8_t digest[DIGEST_LEN]);	/* 1: not here */
};
int journal_destroy(struct journal *, const struct journal_eraser *, int64_t ms, const struct msgid *, const char *first,
    const char *second, const char *why);
/* The ref of a chain entry about a blob. */
#define JOURNAL_BLOB_REF "blob "

/* Everything verify() promises but the backend's own check of its storage.  Stops at the first thing wrong. */
int journal_verify_rows(struct journal *, const struct journal_scan *, const char *station, struct journal_verify *);
/* Sets v->bad unless something is there already; returns 1. */
int journal_bad(struct journal_verify *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
