#ifndef SWITCH_DUTY_ZERO_H
#define SWITCH_DUTY_ZERO_H
/*
 * Zero reports (KIND_ZERO: F_PERIOD_FROM/TO, F_PERSON): pure fold.  A zero report is an act: what is missing is missing, never zero.
 * One that names events (F_ITEM: their numbers) or stations whose reports it lacks (F_REGARDING) is a total, and not nothing.
 */
#include "duty.h"
#include "../formats/fault.h"

struct zeros *zeros_new(void);
void zeros_free(struct zeros *);
void zeros_take(struct zeros *, const struct duty_msg *);

#define ZERO_LACKS 64
struct zero {
	struct msgid id;
	char station[STATION_MAX];	/* whose day it is */
	int64_t at, from, to;		/* ms UTC */
	char person[97];
	bool nothing;			/* no event is named, and nothing lacks */
	char on_behalf[STATION_MAX];	/* who entered it for that station, by telephone; "" itself */
	char events[480];		/* numbers, " " between; "" none */
	char (*lacks)[STATION_MAX]; size_t nlacks;	/* owned by the fold: stations below it whose reports had not come */
};
/* The report of that station for the day (ms UTC of its midnight, UTC+08:00: the day reported on); the first that came; NULL: missing. */
const struct zero *zeros_of(const struct zeros *, const char *station, int64_t day);
/* Midnight UTC+08:00 of the day an instant lies in. */
int64_t zero_day(int64_t ms);
/* The day a period that ends then reports on: half a day back, so that one counted to 24:00 and one counted to 08:00 are of the same day. */
int64_t zero_day_of(int64_t to);
/* "2026-08-12" to that; false: no day. */
bool zero_day_parse(const char *, int64_t *day);

/* As the rules name it, from the code alone: "township", "county", "city", "province"; "unit" for an organ's or a private code. */
const char *zero_level(const char *station);
/* A station below ours that owes us a zero report by the rules: minutes after midnight UTC+08:00 of the day after; -1: it does not. */
struct topology;
struct neighbour;
int zero_due_of(const struct rules *, const struct neighbour *);

/* What the switch fills in before a zero report is judged: the other end of the period (24 h), F_ITEM the numbers of
 * `events`, F_REGARDING the stations of `lacks` (of a report on behalf of another neither), and F_TEXT in words where the person has typed none.
 * 0, or -1 + fault: the period has not ended, on behalf of a station that is not below this one. */
struct zero_env {
	const char *self;
	const struct topology *topology;
	int64_t now;
	const char (*events)[96]; size_t nevents;
	const char (*lacks)[STATION_MAX]; size_t nlacks;
};
int zero_check(const struct zero_env *, struct body *, struct fault *);

#endif
