#ifndef SWITCH_LINK_H
#define SWITCH_LINK_H
/*
 * Custody transfer over one link to one neighbour: pure.  It is told the time, what arrived and what became of its
 * effects; it calls neither clock nor network nor disk.
 *
 * Promises:
 *  - a parcel given to link_enqueue() stays ours until the peer says CUSTODY, which it says only after its COMMIT;
 *    then link_ops.custody(token) is called, once.
 *  - a parcel is handed to link_ops.received() whole; it may be handed up again after a crash or a lost ack (the station
 *    dedupes on the message id); within a session and its resumption it is not.
 *  - frames of dead sessions change nothing: every frame carries the nonce its receiver issued for this session.
 *  - between parcels order is strict by precedence (four degrees), first come first served within, pre-empting at
 *    fragment boundaries; only `window` bytes are unacknowledged at any time, one frame of the highest degree excepted.
 *  - the initiator decides about reconnecting (DESIGN 4.8): at most 2 s between tries while anything is owed, slower with
 *    jitter while nothing is.
 *
 * Session: the initiator, on a fresh connection, sends HELLO(nonce A, to 0); the responder answers HELLO(nonce B, to A) and
 * keeps its old session until a frame carrying B arrives (a stale HELLO harms nothing).  HELLO tells versions, station,
 * epoch, the lowest outstanding and next parcel serial, and what is held of the other's stream: (epoch, cumulative, ranges) and the
 * partial parcels with their contiguous bytes.  The rest is re-sent.  Parcel serials run from 1 a (link, epoch); they live in memory:
 * what outlives a restart is the outbox, renumbered under the new epoch.
 *
 * Handles: the `serial` of received(), link_custody() and link_refuse() carries in its upper 24 bits a count of the
 * peer's epochs seen by this link; one of an epoch gone by does nothing, whatever the same serial means today.
 * A refused parcel loses its serial and is offered again under a new one after 30 s: then it is handed up again.
 *
 * Frame: u8 version, u8 type, be64 receiver's nonce, varint frame number (from 1 a session and direction, continuous),
 * then items.  A gap in frame numbers, an undecodable frame, or a silence ends the session (RESET to the peer) and a new one reconciles.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "../formats/buf.h"
#include "../formats/msgid.h"

#define LINK_PROTO_MIN 1
#define LINK_PROTO_MAX 2	/* 2: notes; a session speaks the highest both know */
#define LINK_NOTE_MAX 1024	/* bytes of a note */
#define LINK_FRAME_MAX (16 * 1024)	/* MAXMSGSIZE */
#define LINK_PARCEL_MAX (512 * 1024)	/* bytes of one parcel */

enum link_state {
	LINK_IDLE,		/* initiator: waiting for the next try; responder: no session */
	LINK_CONNECTING,	/* initiator: transport asked for, HELLO not answered */
	LINK_UP			/* session established */
};

struct link_conf {
	char self[STATION_MAX], peer[STATION_MAX];
	uint64_t epoch;			/* ours, of this start */
	bool initiator;
	unsigned rate_bps;		/* line rate; 0 = fast: fragment 8 KiB, window 256 KiB */
	int64_t hello_wait;		/* ms to wait for an answer to HELLO; 0: 10 s, on a slow line 180 s */
	int64_t retry_owed;		/* ms between tries while anything is owed; 0: 1000 (jitter stays under 2000) */
	int64_t retry_idle;		/* ms, while nothing is owed; 0: 15000, with jitter +-50 % */
	int64_t probe_idle;		/* ms of silence before a probe; 0: 15000 */
	int64_t dead_after;		/* ms without an answer to a probe or an ack before the session is dead; 0: 20000, slow line 90000 */
	unsigned version_max;		/* highest version spoken; 0: LINK_PROTO_MAX */
	uint64_t seed;			/* of nonces and jitter: random from the shell, fixed in tests */
};

/* Effects, called from inside the input functions; they must not call back into the link. */
struct link_ops {
	void (*connect)(void *ctx);				/* initiator: open a fresh socket */
	void (*close)(void *ctx);				/* initiator: drop the transport */
	void (*send)(void *ctx, const void *frame, size_t);	/* on the session's connection */
	/* bytes of an enqueued parcel; none, or more than LINK_PARCEL_MAX: refused(), tried again after 30 s */
	void (*payload)(void *ctx, uint64_t token, struct buf *out);
	void (*received)(void *ctx, uint64_t serial, const void *parcel, size_t);	/* store; after COMMIT call link_custody() */
	void (*custody)(void *ctx, uint64_t token);		/* peer has committed it */
	void (*refused)(void *ctx, uint64_t token, const char *why);	/* peer refused for now: stays queued, retried later */
	/* A note of the peer's station to this one, about the line itself: as sent, once, or never (best effort in a session). */
	void (*note)(void *ctx, const void *, size_t);
	void (*state)(void *ctx, enum link_state old, enum link_state now, const char *why);
};

struct link;

struct link *link_new(const struct link_conf *, const struct link_ops *, void *ctx);
void link_free(struct link *);

void link_start(struct link *, int64_t now);
void link_stop(struct link *, int64_t now);				/* sends BYE when up */
/* Transport.  Responder: link_frame() with a HELLO is enough, conn is any id of the connection it came on; the shell
 * sends on link_conn().  Initiator: conn is whatever the shell passes to link_connected().  ops.close() is called by
 * the initiator only; after it, or after the next ops.connect(), the shell need not report the end of the connection
 * dropped (of one that was up such a report is ignored; of one that never was it would count for the new try). */
void link_connected(struct link *, int64_t now, uint64_t conn);
void link_disconnected(struct link *, int64_t now, uint64_t conn);
uint64_t link_conn(const struct link *);				/* connection of the frame being sent */
void link_frame(struct link *, int64_t now, uint64_t conn, const void *, size_t);

void link_enqueue(struct link *, int64_t now, uint64_t token, int precedence, size_t bytes);
/* The parcel is not wanted here any more (it goes another way): it is not sent, or if it was, what becomes of it is not told.  A
 * token that is not queued: nothing happens. */
void link_forget(struct link *, int64_t now, uint64_t token);
void link_custody(struct link *, int64_t now, uint64_t serial);		/* ours is committed: tell the peer */
void link_refuse(struct link *, int64_t now, uint64_t serial, const char *why);	/* retryable (disk full) */
/* Sent behind everything else that waits, within this session or never; false: not up, the peer speaks version 1, too long, or too many
 * wait already. */
bool link_note(struct link *, int64_t now, const void *, size_t);
unsigned link_version(const struct link *);		/* agreed on with the peer; 0: not up */
/* Sends what is due: call once at the end of a turn, after commits, so that acks and parcels share frames. */
void link_flush(struct link *, int64_t now);
void link_tick(struct link *, int64_t now);
/* ms UTC of the next tick wanted, INT64_MAX = none.  link_flush() must follow the tick in the same turn.  Arm a
 * relative (monotonic) timer: a step of the clock changes no interval here. */
int64_t link_wake(const struct link *);

struct link_status {
	enum link_state state;
	int64_t since;			/* ms UTC */
	int64_t last_heard;		/* ms UTC, 0 = never */
	int64_t rtt;			/* ms, -1 unknown; without the time our own bytes took on the line */
	int64_t clock_diff;		/* peer's clock minus ours, ms; INT64_MIN unknown */
	size_t queued[5];		/* parcels by precedence 1..4 ([0] unused), in flight included */
	size_t in_flight;		/* bytes not acknowledged */
	uint64_t peer_epoch;
	uint64_t tx_next, tx_low, rx_cum;	/* serials */
	uint64_t sessions;		/* begun */
	unsigned version;		/* agreed on with the peer; 0: not up */
	int64_t oldest[5];		/* ms UTC the oldest queued parcel of each precedence was given to us; 0 none */
	char why[128];			/* last reason of a state change */
};
void link_status(const struct link *, struct link_status *);

#endif
