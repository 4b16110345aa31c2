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

#endif
