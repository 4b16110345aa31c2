#ifndef SWITCH_LOOP_DUTY_H
#define SWITCH_LOOP_DUTY_H
/*
 * The duty clockwork on the loop (private to loop*.c): the tick of chasing, the alarm outlet, and what the outlet says going into the duty log.
 */
#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>
#include "desk.h"
#include "station.h"
#include "stationdir.h"

struct loop_duty;
struct loop_duty_ops {
	int64_t (*now)(void *ctx);
	void (*alarm)(void *ctx, const char *what, const char *detail);
	void (*wrote)(void *ctx);	/* outside of the tick something was written: a turn is wanted */
};
/* Never NULL.  Without a spool folder there are no outlets, and row 1 says so. */
struct loop_duty *loop_duty_new(struct event_base *, const struct stationdir *, struct station *, struct desk *, const struct loop_duty_ops *, void *ctx);
void loop_duty_free(struct loop_duty *);	/* before the desk */
void loop_duty_reload(struct loop_duty *);
/* Between turns, when nothing is uncommitted.  readers: ms in which query_idle() wants to go on.  ms until the sooner of both; *wrote: commit. */
int64_t loop_duty_idle(struct loop_duty *, int64_t readers, bool *wrote);

#endif
