#ifndef SWITCH_JOURNAL_VERIFY_H
#define SWITCH_JOURNAL_VERIFY_H
/*
 * The second half of verification: rows that may change (deliveries, parcels, numbers of lines) against what may not (the chain, the
 * messages).  Private to journal_verify*.c.  Functions return 0, 1 (something is wrong, said with journal_bad()) or -1 (the journal
 * failed).
 */
#include "journal_common.h"

struct rows {
	struct journal *j;
	const char *station;
	struct journal_verify *out;
	bool began;			/* a station has worked on this journal (CHAIN_EPOCH): its rows follow the chain */
	bool retired;			/* retention let bytes go */
	uint8_t hashkey[16];
	struct told *told;		/* what the chain says of each delivery */
	uint32_t *slot;			/* by hash: index into told + 1, 0 free */
	size_t ntold, captold, capslot;
	size_t seen;			/* of told: those that have their row */
	bool destroyed;			/* some message was */
	struct heard *heard;		/* what receipts here say of persons */
	size_t nheard, capheard;
	struct journal_delivery *have;	/* rows of the message being looked at */
	size_t nhave, caphave;
};

/* An entry of the chain, in order. */
void rows_chain(struct rows *, const struct journal_chain *);
/* A message of ours, or one that is not (then a receipt is heard).  body: NULL when its bytes are not here or cannot be read.  text: its
 * id.  *any: it has a delivery. */
int rows_message(struct rows *, const struct journal_msg *, const struct body *body, const char *text, bool *any);
/* When all messages have been seen. */
int rows_end(struct rows *, const struct journal_scan *);
/* Numbers of lines, and the outbox against them (journal_verify_lines.c). */
int rows_lines(struct rows *);
void rows_open(struct rows *, struct journal *, const char *station, struct journal_verify *out);
void rows_free(struct rows *);

#endif
