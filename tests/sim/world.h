#ifndef TESTS_SIM_WORLD_H
#define TESTS_SIM_WORLD_H
/*
 * The simulated world: stations (the shipped station.c, link.c and journal, on disks in memory or on the RAM twin) on a
 * virtual clock, and a network that delays, loses sends, delivers frames of dead connections, and breaks with and
 * without saying so.  One seed reproduces a run to the byte.
 *
 * The shell's part is played as loop.c does it: turns of several inputs, COMMIT, release, flush; a failed COMMIT is the
 * death of the process; a clock set back a little is waited out, set back far it starts the station over.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "../../switch/station.h"
#include "rng.h"
#include "topo.h"
#include "vfs.h"

#define WORLD_START INT64_C(1790000000000)	/* ms UTC of the virtual beginning, unless the run says another */

struct weather {			/* chances in per mille */
	unsigned lose_send;		/* a send that "succeeded" and vanished */
	unsigned late_dead;		/* a frame of a dead connection still arrives */
	unsigned repeat_dead;		/* and twice */
	unsigned silent;		/* a break tells nobody */
	unsigned break_conn;		/* per frame: the connection breaks */
	unsigned commit_fail;		/* per commit: the disk fails in it, outcome unknown, the switch dies */
	unsigned die_after;		/* per commit: it dies between COMMIT and what that releases */
	unsigned power;			/* per crash: the machine's, not only the process's */
	unsigned gather;		/* per input: the turn waits for more */
	int64_t delay, jitter;		/* ms one way */
};

struct world_conf {
	uint64_t seed;
	size_t stations;
	bool ram;			/* on the RAM twin: no disks */
	unsigned old;			/* per mille of the stations that speak protocol version 1 */
	int64_t reoffer, return_after, day_begins;	/* ms, as in station_conf */
	int ppm;			/* clocks drift up to that much either way */
	int64_t start;			/* ms UTC, 0: WORLD_START */
	bool duty;			/* the duty clockwork runs at every station */
	int64_t tick;			/* ms: it is looked at no more often than that for the time alone */
	bool verbose;			/* the stations' logs are shown */
};

struct world_stats {
	uint64_t crashes, stops, cuts, burnt, restored, frames, commits, ticks, rang;
	struct disk_stats disk;
};

struct world;
struct world *world_new(const struct world_conf *);
void world_free(struct world *);
size_t world_size(const struct world *);
const char *world_code(const struct world *, size_t node);
const struct map *world_map(const struct world *);
const struct station_conf *world_station_conf(const struct world *, size_t node);
struct station *world_station(struct world *, size_t node);	/* NULL while down */
struct journal *world_journal(struct world *, size_t node);	/* NULL while down */
int64_t world_now(const struct world *);
int64_t world_began(const struct world *);
int64_t world_clock(struct world *, size_t node);		/* what the clock of a station that is up says, ms UTC */
struct rng *world_rng(struct world *);
struct weather *world_weather(struct world *);
uint64_t world_trace(const struct world *);			/* hash of all that happened, disks included */
const struct world_stats *world_stats(const struct world *);
const char *world_wrong(const struct world *);			/* what it has seen going wrong itself; "" nothing */
void world_blame(struct world *, size_t node, const char *what);	/* the first counts */

void world_crash(struct world *, size_t node, bool power);	/* what was not committed is gone */
void world_stop(struct world *, size_t node);			/* in an orderly way */
bool world_restart(struct world *, size_t node);		/* false: it died again while starting */
void world_plan(struct world *, size_t node, enum disk_plan, unsigned after);
bool world_backup(struct world *, size_t node);			/* false: not now */
bool world_has_backup(const struct world *, size_t node);
void world_restore(struct world *, size_t node);		/* goes down, its disk is as it was at the backup */
void world_burn(struct world *, size_t node);			/* goes down, its disk is empty */
void world_skew(struct world *, size_t node, int64_t ms);	/* sets its clock off by ms */
int64_t world_skewed(const struct world *, size_t node);
void world_reload(struct world *, size_t node);			/* one of its links is made anew: another line rate */
void world_cut(struct world *, size_t line, bool cut);
void world_mute(struct world *, size_t line, unsigned way, bool mute);	/* frames vanish one way (0: from a), nobody is told */
void world_mend(struct world *);				/* all lines are whole, all clocks right */
void world_attend(struct world *, size_t node);			/* somebody acts at a desk there */
int64_t world_attended(const struct world *, size_t node);	/* virtual ms of that, 0 never */
void world_room(struct world *, size_t node, int lowest);
int world_room_is(const struct world *, size_t node);
bool world_is_old(const struct world *, size_t node);

/* Submits at a node; the answer is noted under ticket. */
void world_submit(struct world *, size_t node, uint64_t ticket, const struct station_submit *);
void world_review(struct world *, size_t node, uint64_t ticket, const struct station_review *);
void world_draft(struct world *, size_t node, const char *rid, const char *json);
typedef void (*world_reply_fn)(void *ctx, size_t node, uint64_t ticket, const struct msgid *, bool duplicate, const struct fault *);
void world_on_reply(struct world *, world_reply_fn, void *ctx);
/* Goes on to the next event, not beyond `until`; false when nothing is due before. */
bool world_step(struct world *, int64_t until);

#endif
