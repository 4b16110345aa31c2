#ifndef SWITCH_DUTY_ROSTER_H
#define SWITCH_DUTY_ROSTER_H
/*
 * The roster: planned shifts (KIND_ROSTER): pure fold.  A shift is a DUTY_SHIFT message: F_SHIFT its name, F_PERIOD_FROM/TO, F_DUTY_LEADER, F_DUTY_SENIOR,
 * F_DUTY_OFFICER (as many as the station has; one man for 24 hours is a roster too).  A later one with F_REFS takes its place.  A swap
 * counts when both persons and a leader have said so, each proven.
 *
 * DUTY_SWAP: F_REFS the shift (and a second one: what the other gives in return), F_OUTGOING who leaves it, F_INCOMING who takes it, F_AUTHOR who asks:
 * one of the two who asks has consented.  DUTY_SWAP_CONSENT, _APPROVED, _DECLINED: F_REFS the swap, F_PERSON who says so.  DUTY_UNABLE: F_PERSON, F_REFS
 * the shift or none (all of his that have not ended).  In whatever order they come: once all three are there it is in force, and what declines it
 * after that declines nothing.
 */
#include "duty.h"

struct roster *roster_new(void);
void roster_free(struct roster *);
void roster_take(struct roster *, const struct duty_msg *);

#define ROSTER_PEOPLE 8
struct roster_shift {
	struct msgid id;
	char name[97];
	int64_t from, to;			/* ms UTC */
	char leader[2][97];
	char officer[ROSTER_PEOPLE][97]; size_t nofficer;	/* the senior one first: with all swaps in force */
	char unable[ROSTER_PEOPLE][97]; size_t nunable;
	bool cancelled;
};
struct roster_swap { struct msgid id, shift; char from[97], to[97], by[97]; bool consented[2], approved, declined; char approver[97]; int64_t at;
	struct msgid other; /* the shift given in return; unset: none */ char declined_by[97]; bool in_force; };
size_t roster_count(const struct roster *);
const struct roster_shift *roster_at(const struct roster *, size_t i);		/* by from; cancelled ones left out */
const struct roster_shift *roster_shift(const struct roster *, int64_t t);	/* the one that covers t; NULL a gap */
const struct roster_shift *roster_next(const struct roster *, int64_t t);	/* the first that begins after t; NULL */
const struct roster_shift *roster_find(const struct roster *, const struct msgid *);
/* A shift that has been replaced is found as what stands in its place.  Another one than `but` (NULL: any) that has a part of [from, to): NULL none. */
const struct roster_shift *roster_overlap(const struct roster *, int64_t from, int64_t to, const struct msgid *but);
bool roster_on(const struct roster_shift *, const char *person);	/* officer or leader of it */
const struct roster_swap *roster_swap(const struct roster *, const struct msgid *);
size_t roster_swaps(const struct roster *, const struct roster_swap **);	/* newest first */
/* First instant in [from, until) that no shift with at least one officer covers; false: none.  An empty roster is one gap. */
bool roster_gap(const struct roster *, int64_t from, int64_t until, int64_t *begin, int64_t *end);

#endif
