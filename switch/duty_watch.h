#ifndef SWITCH_DUTY_WATCH_H
#define SWITCH_DUTY_WATCH_H
/*
 * The watch: who is responsible, minute by minute (KIND_HANDOVER, ROSTER sign-on and stay, LOG equipment): pure fold.
 *
 * Responsibility passes at the instant the last signature a handover needs is given (all who hand over, all who take over by the roster; 1+1 in a
 * township), never at the hour; until then it stays with the outgoing shift, so no minute is unowned and none owned twice.  The first handover of
 * a station, and a sign-on where nobody is responsible yet, begin it.
 *
 * The order of the messages is that of their ids (all are this station's own), whatever order they are handed in: the result is the same.  A clock set
 * back moves no boundary: a span never begins before the one it follows.
 *
 * How the messages are written (the switch fills in what a person leaves out: query_handover_fill.c):
 *   begun      F_OUTGOING who hands over, F_INCOMING who takes over (who stands in both signs once, as incoming), F_SHIFT, F_PERIOD_FROM when that
 *              shift was to begin, F_DUTY_LEADER, F_ASKS the read-back questions; F_SIGNER, F_REASON: the leader who let part of the relief begin
 *   item       F_TOPIC its key, F_ITEM its text, F_PERSON the new owner, F_TEXT a note, F_CONFIRMED false: not gone through after all; or
 *              F_QUESTION, F_ANSWER, F_ANSWER_OK
 *   signed     F_PERSON, F_SIDE; the one that completes it lists F_ITEM          abandoned  F_PERSON, F_REASON
 *   stay       (KIND_ROSTER) F_PERSON who stays, F_SIGNER or F_DUTY_LEADER who ordered it, F_INCOMING who may begin without the others; without: who of
 *              the relief has come (到岗)
 */
#include "duty.h"
#include "../formats/fault.h"
#include "duty_roster.h"

struct watch *watch_new(void);
void watch_free(struct watch *);
void watch_take(struct watch *, const struct duty_msg *);

#define WATCH_PEOPLE 8
struct watch_span {
	int64_t from, to;		/* ms UTC; to 0: now */
	char shift[97];
	char person[WATCH_PEOPLE][97]; size_t n;	/* the senior one first */
	char leader[97];
	struct msgid by;		/* what began it */
	int64_t planned;		/* ms UTC that shift was to begin by the roster, 0 not known */
	bool founded;			/* begun by a sign-on, not by a handover */
};
/* Who is responsible at t; false: nobody has ever signed on. */
bool watch_at(const struct watch *, int64_t t, struct watch_span *);
const struct watch_span *watch_now(const struct watch *);	/* the present one, whatever the clock says; NULL: nobody yet */
bool watch_on_duty(const struct watch *, const char *person);	/* is he of the present span? */
size_t watch_spans(const struct watch *, const struct watch_span **);	/* all of them, in order: contiguous */
struct watch_sign { char person[97]; int side; /* enum duty_side */ int64_t at; bool proven; };
struct watch_item { char key[192], text[512], owner[97], state[48], note[256]; bool passed; int64_t at; };
struct watch_answer { char key[49], value[97]; bool right; int64_t at; };	/* every try, in order */
#define WATCH_ASKS 4
struct watch_handover {			/* the one under way */
	struct msgid id;
	int64_t begun, due;		/* ms UTC; due: the shift's end by the roster, 0 unknown */
	char outgoing[WATCH_PEOPLE][97]; size_t nout;
	char incoming[WATCH_PEOPLE][97]; size_t nin;
	struct watch_sign *sign; size_t nsign;
	struct watch_item *item; size_t nitem;	/* as gone through so far */
	char shift[97];
	char leader[97];
	char ask[WATCH_ASKS][49]; size_t nask;
	struct watch_answer *answer; size_t nanswer;
	bool out_needed[WATCH_PEOPLE], in_needed[WATCH_PEOPLE];	/* whose signature it wants: who goes on gives one, as incoming */
	char stays[WATCH_PEOPLE][97]; size_t nstays;	/* ordered to stay */
};
const struct watch_handover *watch_handover(const struct watch *);	/* NULL none under way */
bool watch_signed(const struct watch_handover *, const char *person, int side);
bool watch_answered(const struct watch_handover *, const char *ask);	/* rightly */
size_t watch_lacking(const struct watch_handover *);		/* signatures it still wants */
struct watch_done {			/* a handover carried through; oldest first */
	struct msgid id, by;		/* begun by; the last signature */
	int64_t begun, at;
	char outgoing[WATCH_PEOPLE][97]; size_t nout;	/* all who were responsible until then */
	char incoming[WATCH_PEOPLE][97]; size_t nin;	/* all who have been since */
	struct watch_item *item; size_t nitem;
};
size_t watch_handovers(const struct watch *, const struct watch_done **);
bool watch_signed_on(const struct watch *, const char *person, int64_t since);	/* 到岗 since then */
struct watch_test { char what[97]; int outcome; int64_t at; char person[97]; };
size_t watch_tests(const struct watch *, int64_t since, const struct watch_test **);
/* Who now owns what `person` had taken on: the owner its item was given in a handover since; the senior one of those who took over when he went off
 * duty and it was not gone through; the person himself while he is on duty, and where he never was.  key: an item's key, or the id it ends in (of
 * the message taken on, or the incident).  since: ms UTC it was taken on, handovers before count for nothing; watch_owner(): not known.  The result
 * lives as long as the watch and `person`. */
const char *watch_owner(const struct watch *, const char *key, const char *person, int64_t now);
/* The person of something this station owes, as it is now: of the message taken on, else of its incident.  What others owe stays. */
void watch_owner_of(const struct watch *, struct owed_item *, int64_t now);
const char *watch_owner_since(const struct watch *, const char *key, const char *person, int64_t since);

/* The planned shift the next handover is for, NULL none; *due: ms UTC it was or is to begin (of several missed the first), 0 none. */
const struct roster_shift *watch_relief(const struct watch *, const struct roster *, int64_t now, int64_t *due);
/* ms the handover is past its time; -1: it is not, or nobody is responsible. */
int64_t watch_overdue(const struct watch *, const struct roster *, int64_t now);
/* May this KIND_HANDOVER (with a step), or sign-on or order to stay, be written now?  0, or -1 + fault.  For draft_duty().  (duty_watch_check.c) */
int watch_check(const struct duty *, int64_t now, const struct body *, struct fault *);
/* The same for draft_duty(): first fills in what the switch knows of it (who hands over and takes over, the shift, the questions and whether an
 * answer is right, the items of the record).  Other kinds and the exercise realm pass untouched.  0, or -1 + fault.  (query_handover_fill.c) */
int handover_complete(struct station *, int64_t now, int realm, struct body *, struct fault *);

#endif
