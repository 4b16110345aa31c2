#ifndef SWITCH_DUTY_CHASE_H
#define SWITCH_DUTY_CHASE_H
/*
 * The tick of chasing: between turns, everything owed is looked at, and the rungs that ring now are written (station_chase()).
 */
#include <stdbool.h>
#include <stdint.h>
#include "query.h"

#define CHASE_TICK_MOST 20	/* messages a tick; the rest with the next one, at once */

/* When nothing is uncommitted.  Returns ms until it wants to be called again at the latest; *wrote: something was written, commit it (or the journal
 * has failed). */
int64_t duty_chase(const struct query_env *, int64_t now, bool *wrote);

#endif
