#ifndef SWITCH_LOOP_H
#define SWITCH_LOOP_H
/*
 * The imperative shell around station.c: libevent's loop, the clock, signals, the turn.
 */
#include <stddef.h>
#include <stdint.h>
#include "../formats/codebook.h"
#include "../formats/fault.h"
#include "../formats/rules.h"
#include "route.h"
#include "stationdir.h"

#define LOOP_AGAIN (-1)		/* the system's clock was set back: serve again, in a new epoch */
#define LOOP_REOPEN (-2)	/* the journal failed while serving: nothing of that turn has been sent; ask loop_reopen(), serve again */

struct loop_conf {
	const struct stationdir *dir;		/* its lock is held by the caller */
	const struct codebook *codebook;
	const struct rules *rules;		/* those of the start; after a reload the station's are newer ones */
	/* Everything is open and the first commit is on disk.  endpoint: where it listens, "" = nowhere.  May be NULL. */
	void (*ready)(void *ctx, const char *endpoint);
	void (*hup)(void *ctx);			/* SIGHUP, before anything is read again.  May be NULL. */
	/* Reads the rules again: NULL + fault when they are refused, and nothing changes.  May be NULL: they never change. */
	struct rules *(*reread)(void *ctx, struct fault *);
	/* Those just read are in force, and nothing here points to the ones before any more.  NULL only when reread is. */
	void (*in_force)(void *ctx, struct rules *);
	void *ctx;
};

/* Serves until told to stop.  Returns 0 (SIGTERM, SIGINT), LOOP_AGAIN, LOOP_REOPEN, or a sysexits code with the fault set when it could
 * not start. */
int loop_serve(const struct loop_conf *, struct fault *);

/* How often a failed journal is opened again: LOOP_REOPENS times within LOOP_REOPEN_SPAN, with growing pauses; a disk that keeps failing
 * wants a person. */
#define LOOP_REOPENS 3
#define LOOP_REOPEN_SPAN 60000		/* ms */
struct loop_reopens {
	int64_t at[LOOP_REOPENS];	/* ms monotonic of the last failures */
	size_t n;
};
/* ms to wait before serving again, -1: stay down.  now: ms monotonic, from 1. */
int64_t loop_reopen(struct loop_reopens *, int64_t now);

/* Reads the station's topology and checks what topology_load() cannot know: that no neighbour has our own key. */
int loop_topology(const struct stationdir *, struct topology *, struct fault *);

#endif
