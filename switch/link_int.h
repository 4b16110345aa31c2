#ifndef SWITCH_LINK_INT_H
#define SWITCH_LINK_INT_H
/*
 * Inside of a link (private to switch/link*.c): link.c is time, tries and the interface, link_session.c sessions,
 * link_send.c packs and paces what goes out, link_recv.c knows what came in, link_queue.c what is owed,
 * link_frame.c the bytes.
 *
 * Time: `mono` is the sum of the forward steps of `now`; a step back or one of more than ten minutes (a clock was
 * set, the machine slept) counts as none, so every interval is kept in mono and survives it.
 */
#include "link.h"
#include "link_frame.h"
#include "link_queue.h"
#include "link_recv.h"

#define LINK_REOFFER_AFTER 30000	/* ms a refused parcel stands aside */
#define LINK_ACK_WAIT 200	/* ms an answer may wait for company, slow lines */
#define LINK_QUICK_TRIES 5
#define LINK_RESET_EVERY 1000	/* ms, those for unknown sessions */
#define LINK_NOTES 32		/* waiting at most */
#define LINK_PENDINGS 4		/* HELLOs answered and not confirmed: stale ones must not push out the real one */

struct link_flight {
	uint64_t number;	/* frame */
	size_t bytes;
	int64_t left;		/* mono when by the line's rate its last byte had gone out */
	bool reserved;		/* sent beyond the window */
};

struct link_session {
	uint64_t mine, peer;	/* nonces */
	uint64_t conn;
	int64_t began;		/* mono */
	uint64_t tx_frame, rx_frame;
	int64_t rx_at;		/* mono when rx_frame came */
	unsigned version;	/* spoken: the highest both know */
	struct buf notes[LINK_NOTES];	/* ring: to be sent */
	size_t note_first, note_n, note_sent;	/* sent: bytes of the first */
	struct buf note_in;	/* of the peer's, so far */
	uint64_t tx_whole, rx_whole;	/* parcels wholly sent, wholly come */
	struct link_flight *flight;	/* ring; number ascending */
	size_t flight_first, flight_n, flight_cap;	/* cap: power of two */
	size_t in_flight;	/* bytes */
	bool reserved_out;
	unsigned acks_owed;	/* frames with parcels not yet answered */
	int64_t ack_at;		/* mono by which the answer must go */
	int64_t wait_since;	/* mono since when an answer is overdue to begin; -1: we wait for none */
	int64_t heard;		/* mono */
	bool probe_due, probe_out, low_due, reply_due;
	int64_t probe_at, probe_left;	/* mono */
	uint64_t probe_time;	/* ms UTC, as sent */
	uint64_t reply_time;	/* the peer's, to be echoed */
	int64_t line_free;	/* mono when by the line's rate all we sent has gone out */
	int64_t rtt, rtt_min[2], rtt_turn;	/* ms, -1 unknown; lowest of this five minutes and of those before */
};

struct link_pending {
	uint64_t mine, conn;
	uint64_t order;		/* 0: free */
	struct frame_hello hello;
};

struct link {
	struct link_conf conf;
	const struct link_ops *ops;
	void *ctx;
	bool started, slow, timed;
	enum link_state state;
	int64_t now;		/* ms UTC, last told */
	int64_t mono;		/* ms */
	uint64_t random;
	struct link_queue q;
	struct link_recv rx;
	struct link_session s;	/* meaningful while LINK_UP */
	uint64_t sending_conn;

	/* initiator */
	uint64_t conn, hello_nonce;	/* nonce 0: transport not connected yet */
	int64_t give_up_at, retry_at, last_try;	/* mono */
	unsigned quick_tries;	/* after a break or a start: tries at the pace of "owed" */
	bool misfit;		/* the peer is not whom we look for: only slow tries */
	uint64_t dead_conn;	/* connection of the try or session before */

	/* responder */
	struct link_pending *pending;	/* LINK_PENDINGS or NULL */
	uint64_t pending_order;

	int64_t reset_at;	/* mono of the last RESET for an unknown session */
	struct buf out;		/* frame being built */
	struct buf payload[LINK_PRECEDENCES + 1];
	const struct parcel *payload_of[LINK_PRECEDENCES + 1];

	int64_t since, last_heard, clock_diff;
	uint64_t sessions;
	char why[128];
};

/* link.c */
void link_time(struct link *, int64_t now);
uint64_t link_nonce(struct link *);
void link_enter(struct link *, enum link_state, const char *why);	/* the only way to change the state */
void link_plan_try(struct link *, bool at_once);
void link_drop_transport(struct link *);			/* a try or a session of the initiator is over */
void link_try_failed(struct link *, const char *why);
void link_emit(struct link *, uint64_t conn, const struct buf *);
/* link_session.c */
void link_hello_send(struct link *, uint64_t conn, uint64_t to, uint64_t mine, uint64_t peer_epoch, uint64_t peer_low);
void link_session_end(struct link *, const char *why, bool tell);
void link_offers_drop(struct link *, uint64_t order);	/* those up to this one; later ones may come true */
/* link_send.c */
size_t link_send_fragment(const struct link *);			/* bytes of a DATA frame at most */
size_t link_send_window(const struct link *);
void link_send_begin(struct link *);				/* l->s is zeroed but for its identity */
void link_send_end(struct link *);				/* frees what belongs to a session */
bool link_send_acked(struct link *, uint64_t number, uint64_t delay);	/* false: it was never sent */
void link_send_probed(struct link *, uint64_t echo, uint64_t peer_time);
void link_send_forget(struct link *, const struct parcel *);	/* its bytes are not wanted any more */
bool link_send_note(struct link *, const void *, size_t);	/* false: there is no room, or the peer does not know notes */
bool link_send_frame(struct link *);				/* false: nothing is due */

#endif
