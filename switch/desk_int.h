#ifndef SWITCH_DESK_INT_H
#define SWITCH_DESK_INT_H
/*
 * Inside of the desk service: desk.c (socket, tickets, pushes, alarms), desk_conn.c (bytes of one connection) and desk_op.c
 * (requests).  Nobody else includes it.
 */
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <jansson.h>
#include <sys/types.h>
#include "../formats/buf.h"
#include "desk.h"
#include "deskproto.h"

#define DESK_CONNS_MAX 256		/* connections at a time, and of one account */
#define DESK_CONNS_ACCOUNT 64
#define DESK_SUBMITS_MAX 1024		/* unanswered requests a connection before we stop reading from it */
#define DESK_OUTPUT_MAX (8u << 20)	/* unsent bytes a connection before we stop reading from it */
#define DESK_INPUT_MAX (256u << 20)	/* bytes announced in large frames, all connections */
#define DESK_LARGE (256u << 10)		/* from here a frame counts as large */
#define DESK_STALL 60000		/* ms a full output or half a frame is tolerated */
#define DESK_ALARMS 50
#define DESK_TICKETS 1024		/* hash buckets */

struct desk_conn {
	struct desk_conn *next;
	struct desk *desk;
	struct bufferevent *bev;
	struct buf out;		/* frames not yet handed to the kernel or the bufferevent: those of a turn go out in one write */
	uid_t uid;
	char seat[96];
	char terminal[32];	/* the peer's controlling terminal, "pts/3"; "" when it has none */
	bool zh;		/* language of its answers */
	bool watch;		/* wants pushes */
	bool seat_open;		/* a dutydesk: somebody may sit before it */
	bool seat_dead;		/* its terminal answers no more */
	bool push_out;		/* a push is among the unsent bytes */
	bool push_again;	/* another is due when those are gone */
	bool paused;		/* over a limit: not read from */
	bool starved;		/* no complete frame in the input */
	bool eof;		/* nothing more will come */
	bool closing;		/* nothing more is taken; closed when the output is out */
	bool dead;		/* to be freed */
	json_t *request;	/* a read that waits for the commit; owned */
	struct buf blob;	/* 'B' frame for the next request */
	bool has_blob;
	size_t unanswered;	/* tickets */
	size_t large;		/* bytes of the large frame being received or kept */
	int64_t partial_since;	/* ms, 0: not inside a frame */
	size_t out_last;	/* unsent bytes when last looked */
	int64_t out_since;	/* ms of the last progress */
};

struct desk_ticket {
	struct desk_ticket *next;
	uint64_t id;
	struct desk_conn *conn;	/* NULL: gone */
	json_int_t n;
	char *draft;		/* request id of the draft that is moved, owned; NULL: another request */
};

struct desk {
	struct event_base *base;
	const struct stationdir *dir;
	struct station *station;
	const struct desk_ops *ops;
	void *ctx;
	struct evconnlistener *listener;
	struct event *sweep, *reap, *flush;
	bool bound;		/* the socket's file is ours to remove */
	struct desk_conn *conns;
	size_t nconns, large;
	struct desk_ticket *tickets[DESK_TICKETS];
	uint64_t last_ticket;
	uint64_t *acks;		/* tickets answered plainly after the commit */
	size_t nacks, capacks;
	json_t *alarms;
	unsigned seats;		/* as the station was told */
	struct outlet *outlet;	/* NULL: none; the loop's */
};

/* desk.c */
int64_t desk_now(struct desk *);
uint64_t desk_ticket_new(struct desk *, struct desk_conn *, json_int_t n);
/* The same for a step in a draft's life: the answer says where the draft stands when it was not sent. */
uint64_t desk_ticket_draft(struct desk *, struct desk_conn *, json_int_t n, const char *rid);
void desk_ack_later(struct desk *, uint64_t ticket);
void desk_forget(struct desk *, struct desk_conn *);	/* its tickets answer nobody */

/* desk_conn.c */
struct desk_conn *desk_conn_new(struct desk *, evutil_socket_t, uid_t, const char *seat, const char *terminal);
void desk_conn_free(struct desk_conn *);
void desk_conn_kill(struct desk_conn *, const char *why);	/* logged; freed from the loop */
void desk_conn_answer(struct desk_conn *, json_int_t n, json_t *answer);	/* reference taken over; "re" and "ok" are added */
/* The same of an object written as text and not ended yet: "re", "ok" and the end are added to the buffer. */
void desk_conn_text(struct desk_conn *, json_int_t n, struct buf *);
void desk_conn_refuse(struct desk_conn *, json_int_t n, const struct fault *);
void desk_conn_bytes(struct desk_conn *, const void *, size_t);	/* 'B' frame before the answer it belongs to */
void desk_conn_push(struct desk_conn *);
void desk_conn_resume(struct desk_conn *);		/* after an answer or the commit: go on where it may */
void desk_conn_sweep(struct desk_conn *, int64_t now);
void desk_conn_flush(struct desk_conn *);		/* out goes to the kernel, what that does not take to the bufferevent */

/* desk_outlet.c */
json_t *desk_op_outlet_test(struct desk_conn *, json_int_t n, const json_t *request, struct fault *);

/* desk_backup.c */
json_t *desk_op_backup(struct desk_conn *, json_int_t n, const json_t *request, struct fault *);

/* desk_attend.c */
json_t *op_attend(struct desk_conn *, json_int_t n, const json_t *request, struct fault *);
void desk_attended_by(struct desk_conn *, const char *op);	/* a person's act says that somebody is there */
void desk_seat_opens(struct desk_conn *, const json_t *hello);	/* which program it is */
void desk_seats_left(struct desk *);	/* connections have gone: from the loop, outside of a turn */

/* desk_op.c */
void desk_op(struct desk_conn *, json_t *request);	/* an object; reference taken over */
void desk_op_read(struct desk_conn *, json_t *request);	/* a read, at a moment when nothing is uncommitted */

#endif
