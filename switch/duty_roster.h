#ifndef SWITCH_DUTY_ROSTER_H
#define SWITCH_DUTY_ROSTER_H
/*
 * The roster: planned shifts (KIND_ROSTER): pure fold.  A shift is a DUTY_SHIFT message: F_SHIFT its name, F_PERIOD_FROM/TO, F_DUTY_LEADER, F_DUTY_SENIOR,
 * F_DUTY_OFFICER (as many as the station has; one man for 24 hours is a roster too).  A later one with F_REFS takes its place.  A swap
 * counts when both persons and a leader have said so, each proven.
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
struct roster_swap { struct msgid id, shift; char from[97], to[97], by[97]; bool consented[2], approved, declined; char approver[97]; int64_t at; };
size_t roster_count(const struct roster *);
const struct roster_shift *roster_at(const struct roster *, size_t i);		/* by from; cancelled ones left out */
const struct roster_shift *roster_shift(const struct roster *, int64_t t);	/* the one that covers t; NULL a gap */
const struct roster_shift *roster_next(const struct roster *, int64_t t);	/* the first that begins after t; NULL */
const struct roster_shift *roster_find(const struct roster *, const struct msgid *);
size_t roster_swaps(const struct roster *, const struct roster_swap **);	/* newest first */
/* First instant in [from, until) that no shift with at least one officer covers; false: none.  An empty roster is one gap. */
bool roster_gap(const struct roster *, int64_t from, int64_t until, int64_t *begin, int64_t *end);

#endif
