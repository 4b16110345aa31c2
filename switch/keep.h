#ifndef SWITCH_KEEP_H
#define SWITCH_KEEP_H
/*
 * Housekeeping beside the traffic, in slices so small that nobody notices: copies of the journal (asked for, and one a day),
 * retention, and what the readers have to do when nobody waits.  It hangs on the loop's event base; what it decides by itself is when a day's work is due.
 */
#include <stdbool.h>
#include <stdint.h>
#include <event2/event.h>
#include <jansson.h>
#include "../formats/fault.h"
#include "journal.h"
#include "stationdir.h"

struct keep;

struct keep_ops {
	int64_t (*now)(void *ctx);		/* ms UTC */
	bool (*busy)(void *ctx);		/* something written is not committed */
	void (*wrote)(void *ctx);		/* housekeeping has written into the journal: the turn commits it, or it has failed */
	void (*alarm)(void *ctx, const char *what, const char *detail);
	/* What keep_backup() was asked for is done.  answer: reference handed over, NULL when there is a fault. */
	void (*done)(void *ctx, uint64_t ticket, json_t *answer, const struct fault *);
	/* Something of the readers' to be done between turns (query_idle()): ms until it wants to go on; NULL: nothing. */
	int64_t (*idle)(void *ctx, bool *wrote);
};

struct keep_conf {
	struct event_base *base;
	const struct stationdir *dir;
	struct journal *journal;
	int64_t day_begins;		/* ms after midnight UTC */
	uint64_t reserve;		/* bytes a copy leaves free on the journal's file system: no traffic is refused for its sake */
};

struct keep *keep_new(const struct keep_conf *, const struct keep_ops *, void *ctx);
void keep_free(struct keep *);			/* breaks a copy off; before the journal is closed */
/* Begins a copy to path (absolute), or to DIR/backup/STAMP.db when it is NULL.  0: done() will be called; -1 + fault: EX_TEMPFAIL when one is
 * under way. */
int keep_backup(struct keep *, uint64_t ticket, const char *path, struct fault *);
void keep_committed(struct keep *);		/* after every commit: nothing uncommitted is there now */

/* The pieces, for tests. */
/* ms UTC of the last beginning of a day that is not after now. */
int64_t keep_day_of(int64_t now, int64_t day_begins);
/* Removes the oldest of DIR/backup/STAMP-day.db beyond the newest `copies`; how many went. */
size_t keep_prune(const char *folder, size_t copies);
/* Stamp of the newest such copy, "" when there is none. */
void keep_newest(const char *folder, char stamp[16]);

#endif
