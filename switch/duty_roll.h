#ifndef SWITCH_DUTY_ROLL_H
#define SWITCH_DUTY_ROLL_H
/*
 * Roll calls (点名): those sent over the switch (KIND_ROLLCALL to stations, F_DUE) and answered (KIND_ROLLANSWER: F_PERSON), and those made by
 * telephone (KIND_ROLLCALL of our own with F_REGARDING the station, F_PHONE, F_RINGS, F_OUTCOME, F_ANSWERED_BY, F_ON_ROSTER, F_FORWARDED): pure fold.
 */
#include "duty.h"

struct rolls *rolls_new(void);
void rolls_free(struct rolls *);
void rolls_take(struct rolls *, const struct duty_msg *);

struct roll {			/* one station called once */
	struct msgid id;	/* the call */
	char station[STATION_MAX];
	int64_t at, due, answered;	/* ms UTC; due 0: by telephone; answered 0: not */
	bool phone;
	int64_t rings;		/* 0 not said */
	int outcome;		/* by telephone; over the switch REACHED once answered */
	char person[97];	/* who answered */
	bool on_roster, roster_known, forwarded;
	char number[49];
};
size_t rolls_count(const struct rolls *);
const struct roll *rolls_at(const struct rolls *, size_t i);	/* newest first */
const struct roll *rolls_last(const struct rolls *, const char *station);	/* NULL never */
/* Calls that came to this station and are not answered: call's id, due. */
struct roll_owed { struct msgid id; char from[STATION_MAX]; int64_t at, due; };
size_t rolls_owed(const struct rolls *, const struct roll_owed **);

/* Of the calls since `since` (ms UTC): what stands at the foot of the page. */
struct roll_sums { size_t called, reached, in_time /* within the rings, or the limit, allowed */, not_on_roster, empty /* wrong or dead number */,
	forwarded, silent /* nobody answered */, pending; };
void rolls_sum(const struct rolls *, int64_t since, int64_t now, int64_t rings, struct roll_sums *);
/* Called by the rule: answered by somebody of the register, in person, within so many rings (0 said: taken as kept). */
bool roll_good(const struct roll *, int64_t rings);

/* 抽查: who is to be called this shift.  Puts the stations into the order of calling: those that are silent and were not called yet, then the others not
 * called yet, drawn by lot, then the rest.  The lot is a digest of the day, the calling station and the one called: whoever draws again draws the same. */
struct roll_candidate { char station[STATION_MAX]; bool silent, called; uint64_t lot; };
void roll_draw(struct roll_candidate *, size_t n, const char *self, int64_t day /* ms UTC */);

/* What the switch fills in before a roll call or an answer is judged, for draft_duty(): the limit of a call over the switch (F_DUE); of an answer, and
 * of a telephone call that says who answered, whether he is on our register of that station (F_ON_ROSTER: what was typed for an answer is not believed;
 * without a register nothing is said).  0, or -1 + fault: an answer to nothing, a telephone call without a station. */
struct fault;
int roll_check(const struct duty *, const struct rules *, int64_t now, struct body *, struct fault *);

#endif
