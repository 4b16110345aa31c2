#ifndef SWITCH_LINK_FRAME_H
#define SWITCH_LINK_FRAME_H
/*
 * Bytes of the link's frames (private to switch/link*.c): encoding and decoding, no state, no decisions.
 *
 *   header   u8 version, u8 type, be64 receiver's nonce, varint frame number
 *   HELLO    number 0; be64 sender's nonce, varint version min, max, station (varint length, bytes), varint epoch,
 *            low, next, held epoch, cumulative, ranges (varint n, then n times gap to the one before, count),
 *            partials (varint n, then serial, bytes).
 *            Bytes after that belong to later versions and are skipped.
 *   DATA     number from 1; items until the end; ITEM_NOTE only in sessions of version 2
 *   RESET    be64 its sender's nonce as we know it, be64 its receiver's (0 = not known), reason text
 *   BYE      reason text
 *
 * A decoder never reads past its input and says no to whatever is not exactly this.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "../formats/buf.h"
#include "../formats/msgid.h"

#define FRAME_VERSION 1
#define FRAME_SERIAL_MAX ((UINT64_C(1) << 40) - 1)
#define FRAME_RANGES_MAX 64		/* of a HELLO, of one CUSTODY item */
#define FRAME_PARTIALS_MAX 8
#define FRAME_WHY_MAX 96		/* bytes with NUL of a reason */

enum frame_type {
	FRAME_HELLO = 1,
	FRAME_DATA = 2,
	FRAME_RESET = 3,
	FRAME_BYE = 4
};

enum frame_item_type {
	ITEM_PARCEL = 1,
	ITEM_FRAGMENT = 2,
	ITEM_CUSTODY = 3,
	ITEM_RECV = 4,
	ITEM_REFUSE = 5,
	ITEM_PROBE = 6,
	ITEM_PROBE_REPLY = 7,
	ITEM_STREAM = 8,
	ITEM_NOTE = 9
};

struct frame_head {
	uint8_t type;		/* enum frame_type */
	uint64_t to;		/* the nonce its receiver issued, 0 in an initiator's HELLO */
	uint64_t number;
};

struct serial_range {
	uint64_t first, count;	/* count >= 1; first + count - 1 <= FRAME_SERIAL_MAX */
};

struct frame_partial {
	uint64_t serial;
	uint64_t bytes;		/* contiguous from 0 */
};

struct frame_hello {
	uint64_t nonce;
	uint64_t version_min, version_max;
	char station[STATION_MAX];
	uint64_t epoch, low, next;	/* of the sender's own stream; 1 <= low <= next */
	uint64_t held_epoch, cum;	/* of the other's stream: all serials <= cum are held */
	struct serial_range ranges[FRAME_RANGES_MAX];	/* ascending, disjoint, above cum */
	size_t n_ranges;
	struct frame_partial partials[FRAME_PARTIALS_MAX];
	size_t n_partials;
};

struct frame_reset {
	uint64_t mine;		/* the nonce under which the RESET's sender was addressed */
	uint64_t yours;		/* the addressee's, 0 = not known */
	char why[FRAME_WHY_MAX];
};

struct frame_item {
	uint8_t type;		/* enum frame_item_type */
	uint8_t precedence;	/* PARCEL, FRAGMENT: 1..4 */
	uint64_t serial;	/* PARCEL, FRAGMENT, REFUSE */
	uint64_t total, offset;	/* FRAGMENT: offset + n <= total, n >= 1 */
	uint64_t left;		/* NOTE: bytes of it that follow in later items; n + left <= LINK_NOTE_MAX, n >= 1 */
	const uint8_t *p;	/* PARCEL, FRAGMENT, NOTE: a view into the frame */
	size_t n;
	uint64_t number;	/* RECV: highest continuous frame number received */
	uint64_t delay;		/* RECV: ms between that frame's arrival and this answer */
	uint64_t time, peer_time;	/* PROBE: ms UTC; PROBE_REPLY: its echo, and the answerer's ms UTC */
	uint64_t low, whole;	/* STREAM: lowest serial outstanding; parcels wholly sent in this session before it */
	char why[FRAME_WHY_MAX];	/* REFUSE: sanitised */
	struct serial_range ranges[FRAME_RANGES_MAX];	/* CUSTODY */
	size_t n_ranges;
};

void link_frame_head_put(struct buf *, const struct frame_head *);
bool link_frame_head_get(struct reader *, struct frame_head *);
void link_frame_hello_put(struct buf *, const struct frame_hello *);
bool link_frame_hello_get(struct reader *, struct frame_hello *);
void link_frame_reset_put(struct buf *, const struct frame_reset *);
bool link_frame_reset_get(struct reader *, struct frame_reset *);
/* Bytes an item will take. */
size_t link_frame_item_size(const struct frame_item *);
void link_frame_item_put(struct buf *, const struct frame_item *);
/* 1: an item; 0: the end; -1: not decodable. */
int link_frame_item_get(struct reader *, struct frame_item *);
/* True when every byte of the rest is part of a well-formed item. */
bool link_frame_items_valid(struct reader);

#endif
