#ifndef SWITCH_DESK_H
#define SWITCH_DESK_H
/*
 * The desk service: AF_UNIX listener, connections (bufferevent), requests of deskproto.h.  Reads are answered from
 * query.c; submits go to the station and are answered after COMMIT.  A slow or hostile client is bounded and never stalls the switch.
 */
#include <event2/event.h>
#include <jansson.h>
#include "../formats/fault.h"
#include "station.h"
#include "stationdir.h"

struct desk;

struct desk_ops {
	int64_t (*now)(void *ctx);			/* ms UTC: the clock the station is told; NULL: the system's */
	int (*reload)(void *ctx, struct fault *);	/* read topology.tsv again */
	void (*turn_end)(void *ctx);			/* requests of this turn have been handed to the station */
	/* A copy of the journal (keep.h); answered by desk_answer().  NULL: none can be made. */
	int (*backup)(void *ctx, uint64_t ticket, const char *path, struct fault *);
};

struct desk *desk_new(struct event_base *, const struct stationdir *, struct station *, const struct desk_ops *, void *ctx, struct fault *);
void desk_free(struct desk *);
/* The turn is on disk (or wrote nothing): acknowledge drafts, answer the reads that waited so as to show nothing uncommitted.  After every turn. */
void desk_committed(struct desk *);
/* From station_ops. */
void desk_reply(struct desk *, uint64_t ticket, const struct msgid *, bool duplicate, const struct fault *);
/* Of a ticket that is no submit's: answer (reference taken over), or the fault. */
void desk_answer(struct desk *, uint64_t ticket, json_t *answer, const struct fault *);
void desk_push(struct desk *, uint64_t revision);
/* Nothing is to be done: prepares what desks will ask for, and puts away what is settled (query_idle()). */
int64_t desk_idle(struct desk *, bool *wrote);
void desk_alarm(struct desk *, int64_t now, const char *what, const char *detail);
/* The alarm outlet of this station, not owned; NULL: none is served (desk_outlet.c). */
struct outlet;
void desk_outlet(struct desk *, struct outlet *);
/* What the answers take besides the request, in the station's language, for others of the loop. */
struct query_env;
void desk_env(struct desk *, struct query_env *);

#endif
