#ifndef SWITCH_LINK_RECV_H
#define SWITCH_LINK_RECV_H
/*
 * What one link holds of its peer's stream (private to switch/link*.c).
 *
 * A serial is new, in parts, pending (handed up, not yet committed) or held (committed).  Pending and held parcels
 * that come again are dropped; for held ones custody is said again.  All of it survives a session and goes with
 * the peer's epoch.  Memory is bounded: 8 parcels in parts of at most 2 * LINK_PARCEL_MAX bytes together,
 * LINK_GAPS_MAX gaps; what does not fit is refused to the peer, the least urgent first, and comes again later.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "../formats/buf.h"
#include "link_frame.h"

#define LINK_GAPS_MAX 4096
#define LINK_REFUSALS_MAX 4096	/* waiting to be told; more in one turn end the session */

/* Sorted, disjoint, not touching one another.  (station_line*.c keeps its numbers in them too: anything below 2^63.) */
struct serial_set {
	struct serial_range *v;
	size_t n, cap;
};

struct link_part {
	uint64_t serial;
	uint64_t total;
	uint8_t precedence;
	struct buf b;
};

struct link_refusal {
	uint64_t serial;
	char why[FRAME_WHY_MAX];
};

struct link_recv {
	uint64_t epoch;			/* the peer's; 0: none yet */
	uint64_t generation;		/* counts its epochs, 24 bits: tells handles of another epoch apart */
	uint64_t low;			/* the peer's lowest outstanding, as told */
	uint64_t cum;			/* low - 1 <= cum: all from low to cum are held */
	struct serial_set held;		/* above cum + 1 */
	struct serial_set pending;
	struct serial_set refused;	/* in this session: the peer voids them, what still comes of them is dropped */
	struct serial_set tell;		/* custody to be told */
	struct link_part parts[FRAME_PARTIALS_MAX];
	size_t n_parts, part_bytes;
	struct link_refusal *refusals;	/* to be told */
	size_t n_refusals, refusals_cap;
	bool overflow;			/* a refusal found no room: the session cannot go on */
};

bool serial_set_has(const struct serial_set *, uint64_t serial);
void serial_set_add(struct serial_set *, uint64_t serial);
bool serial_set_del(struct serial_set *, uint64_t serial);	/* false: was not in it */
void serial_set_drop_below(struct serial_set *, uint64_t serial);
/* first <= serial <= last; first > last: nothing happens. */
void serial_set_put(struct serial_set *, uint64_t first, uint64_t last);
void serial_set_cut(struct serial_set *, uint64_t first, uint64_t last);
uint64_t serial_set_count(const struct serial_set *);
void serial_set_free(struct serial_set *);

void link_recv_free(struct link_recv *);
/* A session begins: its peer's epoch and lowest outstanding serial. */
void link_recv_session(struct link_recv *, uint64_t epoch, uint64_t low);
void link_recv_low(struct link_recv *, uint64_t low);
/* Fills the held and partial fields of a HELLO to a peer of this epoch and low. */
void link_recv_report(const struct link_recv *, uint64_t epoch, uint64_t low, struct frame_hello *);
/* True: hand it up, it is pending now. */
bool link_recv_parcel(struct link_recv *, uint64_t serial);
/* True: the parcel is whole, hand up *whole (given to the caller), it is pending now. */
bool link_recv_fragment(struct link_recv *, const struct frame_item *, struct buf *whole);
uint64_t link_recv_handle(const struct link_recv *, uint64_t serial);
/* False: nothing of ours, or of another epoch. */
bool link_recv_commit(struct link_recv *, uint64_t handle);
bool link_recv_refuse(struct link_recv *, uint64_t handle, const char *why);
/* Takes the lowest n ranges off a set, or the oldest n refusals off their list. */
void serial_set_shift(struct serial_set *, size_t n);
void link_recv_told(struct link_recv *, size_t n);

#endif
