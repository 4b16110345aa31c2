#ifndef SWITCH_STATION_DRAFT_H
#define SWITCH_STATION_DRAFT_H
/*
 * A submit being completed; private to station_submit.c, station_complete.c, station_report.c, station_amend.c,
 * station_life.c, station_foreign.c, station_address.c, station_trail.c, station_review.c and station_destroy.c.
 */
#include "incident.h"
#include "../formats/life.h"
#include "station_int.h"

#define PERSON_MAX 97 /* bytes with NUL: F_SIGNER and its like */

/* What the review of a draft has left behind (station_review.c). */
struct trail {
	bool reviewed;		 /* there were steps */
	bool review;		 /* it is with the checker or the signer: names typed into it do not count */
	char checker[PERSON_MAX];
	char signer[PERSON_MAX];
	int64_t signed_at;	 /* ms UTC, with signer */
	char sender[PERSON_MAX]; /* 先报后签: the senior officer who sends it */
	char author[PERSON_MAX]; /* the seat that wrote it */
	int64_t begun;		 /* ms UTC it was put before others (送核, 核过, the first try), else of the first save; 0 = there was no draft */
	struct life_try *tries;	 /* owned */
	size_t ntries;
};

struct draft {
	struct station *s;
	int64_t now;
	const struct station_submit *req;
	const struct trail *trail; /* NULL: none */
	struct body *b;
	int kind;
	struct msgid incident; /* origin "" until known or opened */
	bool opens;	       /* this message opens its incident */
	bool history;
	bool foreign;	/* corrects or recalls by the word of another system */
	bool machine;	/* the switch's own: no person's rules */
	bool submitted;	/* 送核: whoever signs it is still to come */
	bool misread;	/* 电话代签 refused for what was read back: the try is kept (station_order.c) */
	bool inherited;	/* its type or division was taken from another message: codes unknown here pass */
	struct folded fd; /* of the incident so far; n = 0 when it opens */
	/* A message that must be stored with this one, in the same transaction, and just before it; judged already.  A
	 * message that has to name it as F_OTHER gets the incident it is in. */
	struct draft *twin;
	struct station_submit own; /* a twin's request; body owned */
	struct fault f;
};

/* Sets the fault; returns -1. */
int draft_refuse(struct draft *, int code, const char *field, const char *text);
/* Fills in what the station knows, and judges the whole; writes nothing.  -1 + d->f when refused. */
int draft_complete(struct draft *);
void draft_free(struct draft *); /* what it owns, its twin too */
/* A message of ours with no header but what b says, completed like any other.  Takes b.  NULL + d->f when refused. */
struct draft *draft_twin(struct draft *d, struct body *b);
/* The message, when it is held here and of the realm; 0, or -1 + fault.  m->body is the caller's to free. */
int draft_find(struct draft *, const struct msgid *, const char *field, struct journal_msg *m);
/* Judges without writing: 0, or -1 + d->f.  digest: of the blob, when there is one. */
int draft_judge(struct draft *, uint8_t digest[DIGEST_LEN]);

/* station_address.c: addressees: those that follow from the kind where none are named; those typed must be known and
 * reachable. */
int draft_address(struct draft *);
/* Adds to F_TO (or F_CC) who is not named yet and is not this station. */
void draft_add_to(struct draft *, uint32_t key, const char *station);

/* station_report.c: versions, what a first report inherits, figures, signature. */
void draft_carry(struct draft *); /* station_carry.c: what a correction leaves unsaid */
int draft_report(struct draft *);
int draft_laxer(struct draft *);  /* a grade below what is proven or stated: a leader and a reason */
int draft_denied(struct draft *); /* station_grade.c: a verdict that stands is denied with a reason, by people of the register */
int draft_moves(struct draft *);  /* 接报 and 发生 may be corrected only with a reason */
int draft_falls(struct draft *);  /* a count may fall only with a reason */
void draft_trail(struct draft *); /* what the review of it left, else who owes the signature */
/* station_amend.c: 更正 and 撤回; which need addressees of their own. */
bool draft_amends(const struct draft *);
int draft_amend(struct draft *);
void draft_amend_address(struct draft *);
/* station_life.c: KIND_STEP. */
int draft_step(struct draft *);
/* station_proven.c: who must have proven himself by PIN for what this body says; fills F_PROVEN. */
int draft_proven(struct draft *);
int review_proven(struct station *, const struct station_review *, struct fault *); /* the same for a step of a draft's review */
/* station_duty.c: KIND_STAFF, ROSTER, HANDOVER, LOG with a step, ROLLCALL, ROLLANSWER, ZERO, EXPLAIN, CHASE by a person: what the book allows. */
int draft_duty(struct draft *);
/* station_zero.c: what the switch adds to a zero report, a roll call and its answer; called by draft_duty(). */
int draft_zero(struct draft *);
int draft_roll(struct draft *);
bool duty_regards(int kind); /* does a person say F_REGARDING in it */
/* station_foreign.c: what an imported message refers to, by the numbers it has elsewhere. */
void draft_foreign_refs(struct draft *);
/* The key of its identity in the journal's space "message"; false: it has none. */
bool foreign_key(const struct body *, char *out, size_t size);
/* Whether the request is a document that was imported before: 0 no (or nothing to say), 1 yes, and what it became, -1 +
 * d->f: it must not come in again.  answered: this very request was. */
int draft_imported(struct draft *, bool answered, struct msgid *first);
void draft_import_remember(struct draft *, const struct msgid *);

/* station_submit.c */
bool rid_valid(const char *);
/* A text field that is a name or a reason typed beside a message: 0, or -1 + fault naming the field.  Trims nothing. */
int name_check(const struct station *, const char *field, const char *text, size_t max, struct fault *);
/* The answer to a request, released by COMMIT.  id NULL and f NULL: done, and nothing was sent. */
void draft_answer(
    struct station *, uint64_t ticket, const struct msgid *id, bool duplicate, const struct fault *f);
/* Stores it: judges, issues, remembers, answers.  Returns 0 when it stands (now or since an earlier request), -1 when refused. */
int submit_with(struct station *, int64_t now, uint64_t ticket, const struct station_submit *, const struct trail *);
/* Remembers what became of a request, so that it is answered once. */
void request_remember(struct station *, int64_t now, const char *rid, const uint8_t digest[DIGEST_LEN],
    const struct msgid *id);
/* Refuses what bears a mark of secrecy: -1 + fault naming the field. */
int secrecy_check(const struct station *, const struct body *, struct fault *);

/* station_trail.c: the trail of the draft kept under a request id, as far as it holds for this very content.  False
 * when there is no draft. */
bool trail_load(struct station *, const char *rid, const struct station_submit *, struct trail *);
void trail_free(struct trail *);
void trail_of(const struct journal_draft *, const json_t *life, struct trail *); /* all of it, whatever the content */
json_t *trail_read(const struct buf *life);			   /* an object, new; empty when there is none */
void trail_write(struct journal_draft *, const json_t *life);
/* Adds a step; r NULL: without words.  One that changes the text drops the request. */
void trail_add(json_t *life, int event, int64_t at, const char *seat, const struct station_review *r);
/* {realm, confirmed, body{}} into a submit; *made, its body, is the caller's to free.  -1 + fault. */
int trail_request_read(const struct station *, int64_t now, const json_t *, struct station_submit *, struct body **made,
    struct fault *);
json_t *trail_request_json(const struct station_submit *); /* new; times are instants */
/* Who threw the draft of this request id away, as far as that is still known; false: nobody, or it is not. */
bool draft_thrown_by(struct station *, const char *rid, char *who, size_t size);
bool trail_same(const struct station *, int64_t now, const json_t *request, const struct station_submit *);

#endif
