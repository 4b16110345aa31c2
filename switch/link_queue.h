#ifndef SWITCH_LINK_QUEUE_H
#define SWITCH_LINK_QUEUE_H
/*
 * What one link owes its peer (private to switch/link*.c): parcels by precedence, first come first served within, and
 * their serials once they have been begun.  Holds no bytes of parcels.
 *
 * A parcel gets its serial when its first byte is sent, so serials run in sending order and what the peer holds
 * stays nearly continuous.  Each precedence has a cursor: before it everything was wholly sent in this session and
 * waits for custody, from it on it is still to be sent.  Refused parcels stand aside, without a serial, until
 * their time. Every operation is O(1) amortised, but for link_queue_rewind() (a new session), which is linear in
 * what was begun, and link_queue_reoffer(), which may walk over what is unsent once for all that are due.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LINK_PRECEDENCES 4	/* 1 highest */

struct parcel {
	uint64_t token;
	uint64_t serial;	/* 0 = not begun */
	uint64_t order;		/* of enqueueing */
	size_t bytes;		/* as told at enqueue, then as fetched */
	size_t sent;		/* bytes sent in this session, those the peer kept from the one before included */
	int64_t due;		/* while refused: when it is offered again */
	uint8_t precedence;
	bool refused;
	int64_t at;		/* ms UTC, when it was given to us */
	struct parcel *prev, *next;	/* in its precedence, or in the refused list */
	struct parcel *older, *younger;	/* of its precedence, refused or not, by order */
	struct parcel *same_hash;
};

struct parcel_list {
	struct parcel *first, *last;
	struct parcel *cursor;	/* first not wholly sent; NULL: all sent */
};

struct link_queue {
	struct parcel_list by[LINK_PRECEDENCES + 1];	/* [0]: refused, by due time */
	struct parcel *oldest[LINK_PRECEDENCES + 1], *youngest[LINK_PRECEDENCES + 1];
	size_t count[LINK_PRECEDENCES + 1];		/* [0]: all; refused ones count in their precedence */
	struct parcel **begun;		/* ring: begun[serial & (cap - 1)] for low <= serial < next; NULL: done with */
	size_t begun_cap;
	uint64_t low, next;
	uint64_t order;
	struct parcel **hash;
	size_t hash_cap;
};

void link_queue_init(struct link_queue *);
void link_queue_free(struct link_queue *);
/* The token must not be queued yet. */
struct parcel *link_queue_add(struct link_queue *, uint64_t token, int precedence, size_t bytes);
struct parcel *link_queue_by_token(const struct link_queue *, uint64_t token);	/* NULL: not queued */
/* The parcel to send from now: highest precedence first; NULL: everything is sent. */
struct parcel *link_queue_first(const struct link_queue *);
void link_queue_begin(struct link_queue *, struct parcel *);	/* gives it the next serial */
void link_queue_sent(struct link_queue *, struct parcel *);	/* wholly sent: the cursor goes on */
struct parcel *link_queue_by_serial(const struct link_queue *, uint64_t serial);	/* NULL: done with, not begun */
void link_queue_done(struct link_queue *, struct parcel *);	/* takes it out and frees it */
void link_queue_refuse(struct link_queue *, struct parcel *, int64_t due);	/* due never decreases */
void link_queue_reoffer(struct link_queue *, int64_t now);	/* those due take their place among what is unsent */
int64_t link_queue_reoffer_at(const struct link_queue *);	/* INT64_MAX: none */
void link_queue_rewind(struct link_queue *);			/* nothing counts as sent any more */

#endif
