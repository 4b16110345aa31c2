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

#define OUTLETS_MAX 16

struct outlet;
struct outlet_ops {
	int64_t (*now)(void *ctx);	/* ms UTC */
	void (*alarm)(void *ctx, const char *what, const char *detail);
	/* An outlet has begun to fail, or works again: to be logged by the station. */
	void (*said)(void *ctx, const char *outlet, bool ok, const char *detail);
	/* A test that was asked for has ended.  May be NULL. */
	void (*tested)(void *ctx, const char *outlet, bool ok, const char *detail, const char *person);
};
/* A faulty outlets.tsv is told on row 1 and leaves the station without outlets: it never keeps a switch from starting.  NULL + fault: no
 * memory of the loop's, or the spool folder cannot be made. */
struct outlet *outlet_new(struct event_base *, const struct stationdir *, const struct outlet_ops *, void *ctx, struct fault *);
void outlet_free(struct outlet *);	/* stops what runs; its jobs stay in the spool */
void outlet_reload(struct outlet *);	/* outlets.tsv read again */
/* DIR/outlets.tsv in order?  For the check before the start. */
int outlet_check(const struct stationdir *, struct fault *);
/* job: an object with member id (file name safe); taken over.  by: CHASE_BY_* .  sink: exercise.  -1: it could not be written; ring again. */
int outlet_ring(struct outlet *, json_t *job, unsigned by, bool sink);
void outlet_test(struct outlet *, const char *name /* NULL: all */, const char *person);
bool outlet_known(const struct outlet *, const char *name);
size_t outlet_count(const struct outlet *);
const char *outlet_name(const struct outlet *, size_t i);	/* NULL past the end */
/* [{name kind ok since last_ok tested tested_ok detail waiting failed}]; ok: null while nothing is known */
json_t *outlet_status(const struct outlet *);
void outlet_tick(struct outlet *);	/* runs what is due by ops->now(); the timer does it too */
/* 静音: the bells are silent until then (kept here for who shows it); 0: not. */
void outlet_mute(struct outlet *, int64_t until, const char *reason);
int64_t outlet_muted(const struct outlet *, int64_t now, const char **reason);	/* ms UTC it ends, 0: not muted */
void outlet_mute_by(struct outlet *, const char *person);
const char *outlet_muted_by(const struct outlet *);	/* who ordered the last one, "" nobody is named */
bool outlet_idle(const struct outlet *);	/* no child runs */
/* Something rang that no outlet could ring. */
bool outlet_unheard(const struct outlet *);

#endif
