#ifndef SWITCH_STATION_INT_H
#define SWITCH_STATION_INT_H
/*
 * Inside of the station: shared by station.c (life, turn, links), station_link.c (neighbours), station_recv.c (what
 * arrives), station_submit.c, station_complete.c, station_address.c (what people enter), station_original.c
 * (imported bytes) and station_view.c (folding and
 * resolving).  Nobody else includes it.
 */
#include "station.h"
#include "../formats/wire.h"

struct slink { /* one neighbour */
	struct station *s;
	struct neighbour n; /* as configured when the link was made */
	struct link *link;
};

/* What the world may learn only after COMMIT. */
enum gate_kind { GATE_REPLY, GATE_CUSTODY, GATE_ENQUEUE };
struct gate {
	enum gate_kind kind;
	char peer[STATION_MAX]; /* CUSTODY, ENQUEUE */
	uint64_t handle;	/* CUSTODY: link's handle; ENQUEUE: outbox row; REPLY: ticket */
	int precedence;		/* ENQUEUE */
	size_t bytes;		/* ENQUEUE */
	struct msgid id;	/* REPLY; origin "" = refused or without id */
	bool duplicate;
	struct fault *fault; /* owned, REPLY */
};
struct gates {
	struct gate *g;
	size_t n, cap;
};

#define QUARANTINE_SEEN 64

struct idlist {
	struct msgid *v;
	size_t n, cap;
};

struct station {
	struct station_conf conf;
	struct journal *j;
	const struct station_ops *ops;
	void *ctx;
	uint64_t epoch;
	uint64_t serial[2]; /* last used, by realm */
	struct slink **links;
	size_t nlinks;
	uint64_t links_made;	 /* in this life */
	struct gates open;	 /* this turn's */
	struct gates committing; /* handed to the commit under way */
	struct idlist changed;	 /* incidents whose fold must be cached anew */
	struct idlist arrived;	 /* ids whose 送达 is owed to their origin */
	bool wrote;		 /* the open transaction holds something */
	bool push;		 /* a desk may see something new */
	bool started;
	int64_t next_sweep; /* ms UTC of the next look at open addressees */
	int64_t last_now;
	bool sweep_all; /* the clock may have stood ahead: look at every open addressee once */
	uint8_t bad[QUARANTINE_SEEN][DIGEST_LEN]; /* digests of what was quarantined last */
	size_t nbad;
	struct lines *lines; /* station_line.c */
	int64_t attended_at;  /* ms UTC of a person's last act at a desk, 0 never */
	int room;	      /* lowest precedence taken; PREC_ROUTINE: all */
	struct originals *originals; /* requests under way; NULL: none looked at; station_original.c */
};

/* station_link.c */
struct slink *station_link(struct station *, const char *peer);
void slink_free(struct slink *);
/* Makes the links what the topology says; unchanged ones go on undisturbed. */
void station_build_links(struct station *, int64_t now);
void station_enqueue(struct station *, int64_t now, const char *peer, uint64_t row, int precedence, size_t bytes);
/* station.c */
void station_gate(struct station *, const struct gate *);
void station_changed(struct station *, const struct msgid *incident);
void idlist_add(struct idlist *, const struct msgid *); /* keeps it unique */
/* Queues copies of a stored message towards the addressees, one parcel a next hop.  hops: where it has been, without
 * us.  Addressees without a path are returned through nopath (caller frees; may be NULL: they wait in the outbox). */
void station_forward(struct station *, const struct journal_msg *, char (*to)[STATION_MAX], size_t nto,
    const struct envelope *came, struct envelope *nopath);
void station_audit(struct station *, int64_t now, int what, const struct msgid *id, const char *detail, const char *who,
    const uint8_t *digest);

/* station_submit.c: stores a message of our own (header filled in here): id, written, encoding, deliveries, forwarding.
 * machine: 送达 and notices, which nobody receipts.  Returns 0; -1 + fault when it cannot be encoded within bounds. */
int station_issue(struct station *, int64_t now, int realm, struct body *, const char *seat, bool machine,
    struct msgid *id, struct fault *);

/* station_original.c: the bytes of imported documents, between the stations. */
bool original_speaks(const struct body *); /* one of its service messages: routine, and nobody's to enter */
void original_received(struct station *, int64_t now, const struct journal_msg *, const struct body *); /* stored, for us */
/* Destroys the parts of the message's original that came or passed through.  0, or -1: the journal has failed. */
int original_destroy(struct station *, int64_t now, const struct msgid *, const char *first, const char *second,
    const char *reason);
void originals_free(struct originals *);

/* station_line.c: continuous numbers a neighbour, and what the two ends tell each other about them. */
void line_open(struct station *, int64_t now);	/* at the start, the journal at hand */
void lines_free(struct lines *);
/* Gives a parcel its number on the line to o->link: sets o->stream and serial and those of the envelope.  Before outbox_add(). */
void line_number(struct station *, int64_t now, struct journal_outbox *o, struct envelope *);
void line_withdraw(struct station *, int64_t now, const struct journal_outbox *o);	/* goes another way: nothing stands under its number */
void line_passed(struct station *, int64_t now, const struct journal_outbox *o);	/* the neighbour has custody */
/* A parcel has come under the number in e; id: the message stored here, origin "": none is. */
void line_arrived(struct station *, int64_t now, const char *peer, const struct envelope *e, const struct msgid *id);
void line_up(struct station *, int64_t now, const char *peer);		/* a session has begun */
void line_note(struct station *, int64_t now, const char *peer, const void *, size_t);
void line_tick(struct station *, int64_t now);
int64_t line_wake(const struct station *);
/* May this parcel of our own origin be taken back?  Only after a restore, of an epoch before ours, from where it may have gone. */
bool line_restores(const struct station *, const char *peer, const struct envelope *e, const struct msgid *id);

/* station_cache.c: the folds this turn has changed, cached in its transaction. */
void station_cache(struct station *, int64_t now);

/* station_offer.c: offering again, other ways, and the conclusion that something is returned. */
void offer_tick(struct station *, int64_t now);
int64_t offer_wake(const struct station *);
void offer_link_state(struct station *, int64_t now, const char *peer, bool up);

/* station_recv.c */
void station_quarantine(struct station *, int64_t now, const char *from, const char *why, const void *, size_t);
void station_received(struct station *, int64_t now, struct slink *, uint64_t handle, const void *, size_t);
void station_passed(struct station *, int64_t now, uint64_t row); /* the neighbour has custody */
void station_deliver(struct station *, int64_t now);		  /* issues the turn's 送达 */
void station_sweep(struct station *, int64_t now);		  /* re-offers what has no 送达 */

#endif
