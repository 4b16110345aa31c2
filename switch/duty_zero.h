#ifndef SWITCH_DUTY_ZERO_H
#define SWITCH_DUTY_ZERO_H
/*
 * Zero reports (KIND_ZERO: F_PERIOD_FROM/TO, F_PERSON): pure fold.  A zero report is an act: what is missing is missing, never zero.
 */
#include "duty.h"

struct zeros *zeros_new(void);
void zeros_free(struct zeros *);
void zeros_take(struct zeros *, const struct duty_msg *);

struct zero { struct msgid id; char station[STATION_MAX]; int64_t at, from, to; char person[97]; bool nothing; /* no event is named */ char on_behalf[STATION_MAX]; };
/* The report of that station for the day (ms UTC of its midnight, UTC+08:00) that ended before its due hour; NULL: missing. */
const struct zero *zeros_of(const struct zeros *, const char *station, int64_t day);

#endif
