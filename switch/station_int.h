#ifndef SWITCH_STATION_INT_H
#define SWITCH_STATION_INT_H
/*
 * Inside of the station: shared by station.c (life, turn, links), station_link.c (neighbours), station_recv.c (what
 * arrives), station_deliver.c (its 送达), station_submit.c, station_complete.c, station_address.c (what people enter), station_original.c
 * (imported bytes) and station_view.c (folding and
 * resolving).  Nobody else includes it.
 */
#include "station.h"
#include "../formats/wire.h"
#include "../formats/wire_token.h"

struct slink { /* one neighbour */
	struct station *s;
	struct neighbour n; /* as configured when the link was made */
	struct link *link;
	bool up;			/* as offer_link_state() was told */
	int64_t down_since;		/* ms UTC, 0: up, or not looked at yet */
	uint64_t divert_row;		/* outbox row up to which they have been, in the pass under way */
	unsigned diverted;		/* bit p: its parcels of precedence p were looked at since anything came up */
	int64_t bad_day;		/* day (ms UTC / a day) of the next two: what was quarantined of this neighbour */
	uint64_t bad_n, bad_bytes;
	bool bad_told;
	int64_t refused_at;		/* ms UTC its last refusal was alarmed; it is said again after a while, not every 30 s */
};

struct came { /* the way something came that has to be told with its 送达 */
	struct msgid id;
	char way[512];
};
struct away { /* concluded as returned, and still offered once a day; kept in the journal's meta */
	struct msgid id;
	char to[STATION_MAX];
	int64_t next; /* ms UTC */
	unsigned offers;
	bool used;
};
struct concluded { /* in this turn: its notice is to be written */
	struct msgid id;
	char to[STATION_MAX];
	char why[128];
};
struct open_row { /* an addressee to be looked at */
	struct msgid id;
	char to[STATION_MAX];
};

/* What the world may learn only after COMMIT. */
enum gate_kind { GATE_REPLY, GATE_CUSTODY, GATE_ENQUEUE, GATE_REFUSE /* what came is not taken now: handle */ };
struct gate {
	enum gate_kind kind;
	char peer[STATION_MAX]; /* CUSTODY, ENQUEUE */
	uint64_t handle;	/* CUSTODY: link's handle; ENQUEUE: outbox row; REPLY: ticket */
	int precedence;		/* ENQUEUE */
	size_t bytes;		/* ENQUEUE */
	struct msgid id;	/* REPLY; origin "" = refused or without id */
	bool duplicate;
	const char *why; /* REFUSE; static text */
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

struct idindex { /* places of a list's items, by hash; station_deliver.c */
	uint32_t *slot;
	size_t cap, n;
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
	struct came *came;   /* station_deliver.c */
	size_t ncame, capcame;
	struct idindex came_at, arrived_at;
	const struct neighbour *way; /* the one the parcel being made has to take; NULL: the best.  station_offer.c */
	struct open_row *todo;	     /* of the sweep under way */
	size_t ntodo, captodo, attodo;
	int64_t next_thorough; /* ms UTC of the next look at every open addressee */
	uint64_t parked_row;   /* outbox row up to which what has no way was looked at; 0: from the first */
	struct concluded *concluded; /* station_return.c */
	size_t nconcluded, capconcluded;
	struct away *away;
	size_t naway, capaway;
	bool away_loaded;
	int64_t attended_at;  /* ms UTC of a person's last act at a desk, 0 never */
	char actor[96], terminal[32]; /* who acts: station_actor() */
	int room;	      /* lowest precedence taken; PREC_ROUTINE: all */
	int64_t given_at;     /* ms UTC it was last told that neighbours give back what this station had lost */
	struct turn *turn;	     /* what this turn has stored; station_cache.c */
	struct duty_book *duty;	     /* duty.c */
	bool pins_off;		     /* setting `pins`: station_proven.c */
	struct presences *presences; /* station_presence.c */
	struct originals *originals; /* requests under way; NULL: none looked at; station_original.c */
	struct { int64_t at; uint64_t left, seq; } search; /* last look (ms UTC), not indexed then, end of the chain then; station_search.c */
};

/* station_link.c */
struct slink *station_link(struct station *, const char *peer);
void slink_free(struct slink *);
/* Makes the links what the topology says; unchanged ones go on undisturbed. */
void station_build_links(struct station *, int64_t now);
void station_enqueue(struct station *, int64_t now, const char *peer, uint64_t row, int precedence, size_t bytes);
/* Puts one parcel into the outbox; COMMIT hands it to the link.  serial 0: it gets the next number of the line to peer. */
void station_parcel(struct station *, const struct journal_msg *, const char *peer, int precedence, struct envelope *,
    uint64_t stream, uint64_t serial);
/* station.c */
void station_gate(struct station *, const struct gate *);
void station_changed(struct station *, const struct msgid *incident);
void idlist_add(struct idlist *, const struct msgid *); /* keeps it unique */
/* Queues copies of a stored message towards the addressees, one parcel a next hop.  hops: where it has been, without
 * us.  Addressees without a path are returned through nopath (caller frees; may be NULL: they wait in the outbox). */
void station_forward(struct station *, const struct journal_msg *, char (*to)[STATION_MAX], size_t nto,
    const struct envelope *came, struct envelope *nopath);
/* "SEAT@TERMINAL" when it is the one who acts, else who. */
const char *station_who(const struct station *, const char *who, char *buf, size_t size);
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
void line_waits(struct station *, const struct journal_outbox *o);	/* at the start: it is in the outbox still */
/* It goes another way: nothing stands under its number, and its link forgets it, after COMMIT.  The row is still there or just gone. */
void line_withdraw(struct station *, int64_t now, const struct journal_outbox *o);
void line_forget(struct station *, const char *peer, uint64_t row);	/* the outbox has it no more: its link forgets it, after COMMIT */
void line_digest(struct station *, uint64_t row, const uint8_t digest[DIGEST_LEN]);	/* of the message about to be sent */
void line_passed(struct station *, int64_t now, const struct journal_outbox *o);	/* the neighbour has custody; writes the CHAIN_CUSTODY_OUT */
/* A parcel has come under the number in e; id: the message stored here, origin "": none is. */
void line_arrived(struct station *, int64_t now, const char *peer, const struct envelope *e, const struct msgid *id);
void line_up(struct station *, int64_t now, const char *peer);		/* a session has begun */
void line_note(struct station *, int64_t now, const char *peer, const void *, size_t);
void line_prepare(struct station *, int64_t now);	/* the turn's custody entries and rows, before COMMIT */
void line_committed(struct station *, int64_t now);	/* before the gates open */
void line_flush(struct station *, int64_t now);		/* tells the neighbours what is committed */
void line_tick(struct station *, int64_t now);
int64_t line_wake(const struct station *);
/* ms that have passed since then; what the clock leapt forward in this life is not time passing. */
int64_t line_age(const struct station *, int64_t now, int64_t since);
/* False for an hour after the start, and after the clock has leapt forward by more than that: it may be wrong, or have been. */
bool line_clock_settled(const struct station *);
/* May this parcel of our own origin be taken back?  Only after a restore, of another epoch than ours, from where it may have gone. */
bool line_restores(const struct station *, const struct envelope *e, const struct msgid *id, const struct body *);
/* It has been: no later epoch of ours may be that of such a message.  line_above(): the highest one so far, 0 none. */
void line_restored(struct station *, const struct msgid *);
uint64_t line_above(const struct station *);

/* station_cache.c: the folds this turn has changed, cached in its transaction. */
void station_cache(struct station *, int64_t now);
/* Instead of station_changed(), behind put_message() of a local message that no switch wrote (not 送达 and the like): its incident
 * has changed, and the turn keeps the body (taken over; NULL: it may follow by station_stored_body(), which takes *b over if it is wanted). */
void station_stored(struct station *, const struct journal_msg *, struct body *b);
void station_stored_body(struct station *, const struct msgid *, struct body **b);
/* The last spoken number given under a key of the journal's meta in this turn; station_cache() writes it there. */
bool turn_number(const struct station *, const char *key, unsigned long *);
void turn_number_set(struct station *, const char *key, unsigned long);
void turn_forget(struct station *);	/* when the turn's answers are out */
void turn_free(struct station *);

/* station_offer.c: offering again, other ways, and the conclusion that something is returned. */
void offer_tick(struct station *, int64_t now);
int64_t offer_wake(const struct station *);
void offer_link_state(struct station *, int64_t now, const char *peer, bool up);

/* The neighbour a new parcel goes to: the best way; another one that is up when the best has been down for longer than its precedence
 * bears.  NULL: no path.  What makes parcels asks this, not route_next(). */
const struct neighbour *offer_way(const struct station *, const char *to, int precedence, const char (*hops)[STATION_MAX],
    size_t nhops);
/* Offers it to these addressees by that neighbour (NULL: as it is routed), and says so in their deliveries. */
void offer_by(struct station *, int64_t now, const struct journal_msg *, char (*to)[STATION_MAX], size_t nto,
    const struct neighbour *);
/* Of n ways the one for the k-th offer (from 0): in turn, but none that is down while another is up. */
const struct neighbour *offer_choose(const struct station *, const struct neighbour *const *, size_t n, size_t k);
void offers_free(struct station *);
/* A copy of a relayed message came for `to`, and one waits in the outbox already: may that one go?  Yes when it has no way, or its line is
 * down for too long, and the copy just come has one that is up.  True: it has been withdrawn. */
bool offer_takes_over(struct station *, int64_t now, const struct journal_msg *, const char *to, const struct envelope *came);

/* station_return.c: the origin's conclusion that an addressee cannot be reached, and what is told of it. */
#define WAYS_MAX 16
#define NO_PATH "no path"		/* F_REASON of a relay's word: its topology knows no way there */
#define NO_OTHER_PATH "no other path"	/* none but those the copy has come by: another copy, or later, may pass */
/* The ways to this addressee that have not told of this message since `since` (ms UTC) that they know no path. */
size_t return_ways(struct station *, const struct journal_msg *, const char *to, int64_t since, const struct neighbour **ways);
void return_expired(struct station *, int64_t now, struct journal_delivery *);	/* no 送达 in return_after */
void return_unreachable(struct station *, int64_t now, struct journal_delivery *);	/* no way is left */
void return_flush(struct station *, int64_t now);	/* the notices of what was concluded */
/* A relay's word that it cannot pass on to this addressee.  from: the neighbour that handed it to us. */
void return_nopath(struct station *, int64_t now, const char *from, const struct msgid *receipt, const struct body *,
    const struct msgid *id, const char *to);
void return_lifted(struct station *, int64_t now, const struct msgid *id, const char *to);	/* it has arrived after all */
void return_daily(struct station *, int64_t now);
/* Is it this station's own notice that something could not be delivered?  A person gives a receipt for that. */
bool return_is_notice(const struct station *, const struct journal_msg *);

/* duty.c: the duty book, brought up to date by station_duty(). */
struct duty_book;
void duty_book_free(struct duty_book *);
/* station_presence.c */
struct presences;
void presence_up(struct station *, int64_t now, const char *peer);
void presence_heard(struct station *, int64_t now, const char *peer, struct tokens *);	/* behind its type */
void presence_act(struct station *, int64_t now, const struct msgid *, const struct body *);	/* a message has come: somebody wrote it */
void presence_tick(struct station *, int64_t now);
int64_t presence_wake(const struct station *);
void presences_free(struct presences *);

/* station_room.c */
bool room_takes(const struct station *, int kind, int precedence);
/* False + fault EX_TEMPFAIL when there is no room for a message like this. */
bool station_refused_for_room(const struct station *, const struct body *, struct fault *);
bool room_holds(struct station *, int64_t now, const struct msgid *);	/* hosted, nobody there: its 送达 waits.  False: it need not */
void room_release(struct station *, int64_t now);	/* what was held goes out with this turn */
bool room_quarantine(struct station *, int64_t now, struct slink *, size_t len);	/* false: this neighbour's share of the day is used up */

/* station_deliver.c */
/* "CODE@ms ... CODE@ms", origin first, this station last.  False: it came straight from its origin, or is too long to tell. */
bool deliver_way(const struct station *, int64_t now, const struct envelope *, char *out, size_t size);
void deliver_arrived(struct station *, int64_t now, const struct msgid *, int kind, const struct envelope *);	/* stored here, for us */
void deliver_owe(struct station *, const struct msgid *);	/* its 送达 goes out with this turn */
void station_deliver(struct station *, int64_t now);		/* issues the turn's 送达 */
void deliver_free(struct station *);

/* station_recv.c */
void station_quarantine(struct station *, int64_t now, const char *from, const char *why, const void *, size_t);
void station_received(struct station *, int64_t now, struct slink *, uint64_t handle, const void *, size_t);
void station_passed(struct station *, int64_t now, uint64_t row); /* the neighbour has custody */
void station_sweep(struct station *, int64_t now);		  /* re-offers what has no 送达; station_offer.c */

#endif
