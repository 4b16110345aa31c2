#ifndef SWITCH_LOOP_H
#define SWITCH_LOOP_H
/*
 * The imperative shell around station.c: libevent's loop, the clock, signals, the turn.
 */
#include "../formats/codebook.h"
#include "../formats/fault.h"
#include "../formats/rules.h"
#include "route.h"
#include "stationdir.h"

#define LOOP_AGAIN (-1)		/* the system's clock was set back: serve again, in a new epoch */

struct loop_conf {
	const struct stationdir *dir;		/* its lock is held by the caller */
	const struct codebook *codebook;
	const struct rules *rules;
	/* Everything is open and the first commit is on disk.  endpoint: where it listens, "" = nowhere.  May be NULL. */
	void (*ready)(void *ctx, const char *endpoint);
	void (*hup)(void *ctx);			/* SIGHUP, before the topology is read again.  May be NULL. */
	void *ctx;
};

/* Serves until told to stop.  Returns 0 (SIGTERM, SIGINT), LOOP_AGAIN, or a sysexits code: with the fault set when it could not
 * start, and EX_IOERR when the journal failed (nothing of that turn has been sent; a fresh start reconciles). */
int loop_serve(const struct loop_conf *, struct fault *);

/* Reads the station's topology and checks what topology_load() cannot know: that no neighbour has our own key. */
int loop_topology(const struct stationdir *, struct topology *, struct fault *);

#endif
