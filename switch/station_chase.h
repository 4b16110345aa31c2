#ifndef SWITCH_STATION_CHASE_H
#define SWITCH_STATION_CHASE_H
/*
 * What the duty clockwork has the station write besides station.h: for duty_chase.c, outlet_ring.c and loop.c.
 */
#include "chase.h"
#include "station.h"

/* Row 1 and the log. */
void station_alarm(struct station *, const char *what, const char *detail);
/* A test of equipment that the switch made for a person: F_EQUIPMENT, F_OUTCOME (reached, or no answer), F_PERSON.  0, -1 + fault. */
int station_log_test(struct station *, int64_t now, const char *equipment, bool ok, const char *detail, const char *person, struct fault *);
/* By which ways a chase rings: what stands in its F_ROUTE. */
void chase_ways_format(unsigned by, char *out, size_t size);	/* "bell phone sms message" */
unsigned chase_ways_parse(const char *);			/* CHASE_BY_* ; NULL: 0 */

#endif
