#ifndef SWITCH_OUTLET_H
#define SWITCH_OUTLET_H
/*
 * The alarm outlet: a spool folder DIR/alarm/ beside the journal.  Each ring is a job file (JSON: id, tier, text, persons, numbers, at), written whole and
 * synced, named by the message that rang: the same ring is spooled once however often the switch starts.  The outlets of DIR/outlets.tsv (name, kind
 * bell|phone|sms|spool, command, timeout) get it on standard input, without a shell; what fails is tried again, shown on row 1 and in the log, and an
 * outlet not tested in this shift is owed (OWED_EQUIPMENT).  Exercise: a sink, the job is written to alarm/exercise/ and nothing is run.
 */
#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>
#include <jansson.h>
#include "../formats/fault.h"
#include "stationdir.h"

struct outlet;
struct outlet_ops { int64_t (*now)(void *ctx); void (*alarm)(void *ctx, const char *what, const char *detail); /* its result is to be logged by the station */ void (*said)(void *ctx, const char *outlet, bool ok, const char *detail); };
struct outlet *outlet_new(struct event_base *, const struct stationdir *, const struct outlet_ops *, void *ctx, struct fault *);
void outlet_free(struct outlet *);
/* job: an object with member id (file name safe); taken over.  by: CHASE_BY_* .  sink: exercise. */
void outlet_ring(struct outlet *, json_t *job, unsigned by, bool sink);
void outlet_test(struct outlet *, const char *name /* NULL: all */, const char *person);
json_t *outlet_status(const struct outlet *);	/* [{name kind ok since last_ok tested detail waiting}] */

#endif
