#ifndef SWITCH_STATION_H
#define SWITCH_STATION_H
/*
 * One station's switch, pure: composes route, links, fold and custody over a journal.
 *
 * It is told the time, frames, requests and commit completions, and hands out effects through station_ops.  Writes go
 * to the journal's open transaction; everything the world may see because of them (acks, sends, replies, pushes) is held
 * back until station_committed().  The shell's turn:
 *
 *     inputs...; if (station_dirty(s)) { rc = journal commit; station_committed(s, now, rc == 0); } station_flush(s, now);
 *
 * Rules it keeps (DESIGN 4): custody is acknowledged after COMMIT only; an outbox row goes when the neighbour has custody;
 * the origin keeps each addressee open until 送达 comes back, re-offers it, and alone concludes "returned"; same id with
 * another digest is quarantined; every start opens epoch max(last + 1, UTC seconds); a request id is answered once.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "../formats/body.h"
#include "../formats/codebook.h"
#include "../formats/fault.h"
#include "../formats/rules.h"
#include "journal.h"
#include "link.h"
#include "route.h"

struct station_ops {
	void (*connect)(void *ctx, const char *peer);
	void (*close)(void *ctx, const char *peer);
	void (*send)(void *ctx, const char *peer, uint64_t conn, const void *frame, size_t);
	/* A submit's answer, after its COMMIT: id on success, else fault.  duplicate: the request id was already answered. */
	void (*reply)(void *ctx, uint64_t ticket, const struct msgid *, bool duplicate, const struct fault *);
	void (*push)(void *ctx, uint64_t revision);	/* something on a desk may have changed */
	void (*alarm)(void *ctx, const char *what, const char *detail);	/* logged and shown on row 1 */
};

struct station_conf {
	char self[STATION_MAX];
	const struct topology *topology;	/* not owned; station_reload() after a change */
	const struct codebook *codebook;
	const struct rules *rules;
	uint64_t seed;
	uint8_t seal[32];		/* key of the seals of our own messages (seal.h) */
	int64_t reoffer;		/* ms an addressee stays without 送达 before it is offered again; 0: 600000 */
	int64_t return_after;		/* ms without 送达 after which the origin concludes "returned"; 0: 72 h */
	int64_t divert[5];		/* ms a link may be down before a parcel of this precedence takes another way; 0: 60 s, 180 s, 600 s, 1800 s */
	bool hosted;			/* another station's machine runs this one: 送达 waits for an attended seat */
	int64_t attended;		/* ms after a person's last act at a desk in which the seat counts as attended; 0: 15 min */
	int64_t resend_days;		/* days what passed to a neighbour can be given again; 0: 30 */
	int64_t line_idle;		/* ms between looks at a line's numbers with its other end; 0: 120000 */
	int64_t day_begins;		/* ms after midnight UTC at which the daily close is due; 0: 16 h (midnight in China) */
	struct link_conf link;		/* timers only; identities are filled in */
};

struct station;

/* Opens the epoch (written to the journal; the caller commits before any input) and loads the outbox. */
struct station *station_new(const struct station_conf *, struct journal *, int64_t now, const struct station_ops *, void *ctx,
    struct fault *);
void station_free(struct station *);
void station_start(struct station *, int64_t now);	/* after the first commit */
void station_stop(struct station *, int64_t now);
void station_reload(struct station *, int64_t now, const struct topology *);

/* Network. */
void station_connected(struct station *, int64_t now, const char *peer, uint64_t conn);
void station_disconnected(struct station *, int64_t now, const char *peer, uint64_t conn);
void station_frame(struct station *, int64_t now, const char *peer, uint64_t conn, const void *, size_t);

/* People.  body: as typed (no header fields needed but kind, to, cc, refs, incident, parents, history); the station fills in id, number, incident,
 * parents, addressees by default, precedence, written, version; checks it; stores it.  rid: client request id, 1-191 bytes.
 * blob: original bytes (may be NULL).  realm: enum realm.  confirmed: a time ahead of the clock was confirmed by the person.  The answer
 * comes through ops.reply with the ticket. */
struct station_submit {
	const char *rid;
	const char *seat;
	int realm;
	const struct body *body;
	const void *blob; size_t blob_len;
	bool confirmed;
	/* Persons who have proven themselves by PIN with this request (desk_pin.c): F_PROVEN is theirs alone.  Where a person of the register has a
	 * PIN, what he signs for, takes on, approves, adopts or hands over wants it (station_proven.c). */
	const char *const *proven; size_t nproven;
};
void station_submit(struct station *, int64_t now, uint64_t ticket, const struct station_submit *);
int station_draft_put(struct station *, int64_t now, const char *rid, const char *seat, const char *json, size_t);
int station_draft_del(struct station *, const char *rid);
/* The same, by whom: told to a desk that still has it open (a step on it is refused with the name). */
int station_draft_throw(struct station *, int64_t now, const char *rid, const char *seat);
/* The same as draft_put, with the reason: what bears a mark of secrecy is not kept (EX_DATAERR, the form's member).  Other content in a
 * draft that is being checked or signed sends it back to writing. */
int station_draft_keep(struct station *, int64_t now, const char *rid, const char *seat, const char *json, size_t,
    struct fault *);
/* 先报后签 of this draft, by the tries in its trail: life_unsigned_ok().  journal_draft.life is JSON: {"request": {"realm", "confirmed",
 * "body"} while it is being reviewed, "trail": [{"event": NAME, "at": ms, "seat", "person", "reason", "number", "outcome": NAME}]}. */
bool station_draft_unsigned(struct station *, const struct journal_draft *, int64_t now, int64_t *from);

/* A step in a draft's life (life.h), station_review.c.  SUBMIT carries the submit request as JSON ({realm, confirmed, body{}}: what op submit
 * takes), which is checked as a submit would be; APPROVE and UNSIGNED send it under the draft's rid.  The trail goes along:
 * F_CHECKER, F_SIGNER, F_SIGNED_AT, F_TRIES, F_UNSIGNED, F_SIGNATURE_OWED, F_DRAFTED are the switch's to fill in.
 * Answered like a submit (reply with the ticket; id unset while it is not sent). */
struct station_review {
	const char *rid, *seat;
	int event;		/* enum draft_event */
	const char *person;	/* who does it: PASS, RETURN, APPROVE, UNSIGNED (the senior officer); TRY: whom */
	const char *reason;	/* RETURN */
	const char *number;	/* TRY */
	int outcome;		/* TRY: enum outcome */
	const char *request;	/* SUBMIT: JSON, len bytes */
	size_t len;
	const char *const *proven; size_t nproven;	/* as in station_submit */
};
void station_review(struct station *, int64_t now, uint64_t ticket, const struct station_review *);

/* 误入清除: two different named persons destroy this station's copy of a message; a KIND_STEP destroy tells its author and addressees
 * (ids only).  Answered like a submit: the id of that step.  station_destroy.c */
void station_destroy(struct station *, int64_t now, uint64_t ticket, const struct msgid *, const char *rid, const char *seat,
    const char *first, const char *second, const char *reason);

/* The original bytes of an imported message are wanted and are not here: asks the station that wrote it, once until it has answered, and
 * again after `reoffer`.  The answer is always a refusal: EX_TEMPFAIL asked of whom, on its way; EX_NOINPUT there are none, or they are not
 * given; EX_DATAERR too large, or what came is not the document.  When they are here blob_get of the journal has them.  station_original.c */
void station_original_want(struct station *, int64_t now, uint64_t ticket, const struct msgid *);

/* Whose acts follow, and from which terminal ("" = none): the audit names both where it names the seat. */
void station_actor(struct station *, const char *seat, const char *terminal);
/* A person has acted at a desk of this station (hosted: held 送达 go out now). */
void station_attended(struct station *, int64_t now);
/* Room on the disk (space.h): messages of a precedence more urgent than or equal to `lowest` are taken, from people and neighbours; others
 * are refused, retryably.  PREC_ROUTINE: all; 0: none.  送达, receipts and service of custody are taken one step longer. */
void station_room(struct station *, int64_t now, int lowest);

/* 催办: writes the KIND_CHASE of this rung (chase.h), once for its key: 0, 1 it has rung before, -1 + fault.  text: what people are told; to: another
 * station's desk (CHASE_BY_MESSAGE), "" none.  persons: "NAME NUMBER", rung by it.  station_chase.c */
struct chase_due;
int station_chase(struct station *, int64_t now, int realm, const struct chase_due *, const char *text, const char *to,
    const char (*persons)[192], size_t npersons, struct msgid *id, struct fault *);
bool station_chased(struct station *, const char *key, unsigned rung);
/* An entry of the duty log that the switch itself makes (step: DUTY_LOG_*). */
int station_log(struct station *, int64_t now, int step, const char *text, struct fault *);
/* The rules were read again: other ones count from now on; recorded when their digest differs. */
void station_rules(struct station *, int64_t now, const struct rules *);

/* Turn. */
bool station_dirty(const struct station *);
/* Of what frames have brought: it is dirty, yet nothing outside waits for the COMMIT (parcels have passed, and no more); within tens of ms. */
bool station_can_wait(const struct station *);
void station_prepare(struct station *, int64_t now);		/* last writes of the turn (folds, 送达 batches); before commit */
void station_committed(struct station *, int64_t now, bool ok);	/* !ok: nothing is released, the shell stops */
void station_flush(struct station *, int64_t now);
void station_tick(struct station *, int64_t now);
int64_t station_wake(const struct station *);
/* Between turns, when nothing else is to be done: takes a few more messages into the index of full-text search.  True when it has
 * written: the turn is dirty, commit it.  wake: ms UTC of the next step, INT64_MAX when all is indexed; not part of station_wake().
 * station_search.c */
bool station_search_step(struct station *, int64_t now);
int64_t station_search_wake(const struct station *);

/* Views for the desk service (switch/query.c). */
struct journal *station_journal(struct station *);
const struct station_conf *station_conf(const struct station *);
uint64_t station_revision(const struct station *);
bool station_link_status(const struct station *, const char *peer, struct link_status *);
uint64_t station_epoch(const struct station *);
struct line_status {			/* one direction of a link */
	uint64_t stream, last;		/* last number given, or told of by the peer; 0: none yet */
	uint64_t missing, first_missing;/* numbers not here; of those being sent right now not one */
	int64_t missing_since;		/* ms UTC, 0: nothing is missing */
	uint64_t beyond;		/* in: numbers the peer cannot tell of any more (asked for, VOID): lost for good at this station */
	uint64_t closed;		/* agreed on at the last daily close */
	int64_t closed_at;		/* ms UTC, 0 never */
	bool differs;			/* the two ends did not agree at the last close, and it is not mended yet */
};
/* False when there is no such link. */
bool station_line_status(const struct station *, const char *peer, bool out, struct line_status *);
int station_room_lowest(const struct station *);
bool station_is_attended(const struct station *, int64_t now);
/* Resolves "0712-003", "西周1122-001" or an id text to the incident.  Ambiguous or unknown: -1 + fault naming the candidates. */
int station_resolve(struct station *, int realm, const char *text, struct msgid *incident, struct fault *);
/* Loads and folds; incident_free() and station_folded_free(). */
struct folded { struct incident *incident; struct body **bodies; struct fold_msg *msgs; struct journal_msg *rows; size_t n; };
int station_fold(struct station *, const struct msgid *incident, struct folded *);
/* The body of a message this turn has stored, as it stands in the journal, and its incident; borrowed until the turn's last reply.
 * NULL: read the journal. */
const struct body *station_kept(const struct station *, const struct msgid *, struct msgid *incident);
/* A report of this incident as it would be completed now, written nowhere; stage 0: the one that is next.  *out is the caller's. */
int station_preview(struct station *, int64_t now, int realm, const struct msgid *incident, int stage, struct body **out, struct fault *);
void folded_free(struct folded *);
/* What was merged into an incident (station_merged.c), by way of others as well; held here.  merged_free() in any case; 0, -1: the journal cannot be read. */
struct merged { struct folded *fd; size_t n; };
int station_merged(struct station *, const struct incident *, struct merged *);
void merged_free(struct merged *);
/* Its figures that stand beside those of the incident itself: of which incident, whose, ms UTC they hold for (0 not known). */
struct incident_figure;
typedef void (*merged_figure_fn)(void *ctx, const struct incident *of, const struct incident_figure *, const char *source, int64_t at);
void merged_figures(const struct merged *, const struct incident *, merged_figure_fn, void *ctx);

#endif
