#ifndef TESTS_SIM_WORLD_H
#define TESTS_SIM_WORLD_H
/*
 * The simulated world: stations (the shipped station.c, link.c and the RAM journal) on a virtual clock and a network that
 * delays, loses sends, delivers frames of dead connections, and disconnects with and without saying so.  One seed
 * reproduces a run to the byte.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "../../switch/station.h"

#define WORLD_START INT64_C(1790000000000)	/* ms UTC of the virtual beginning */

struct rng { uint64_t s[2]; };
uint64_t rng_next(struct rng *);
uint64_t rng_below(struct rng *, uint64_t n);	/* 0 <= x < n */
bool rng_chance(struct rng *, unsigned per_mille);

struct weather {			/* chances in per mille, while the storm lasts */
	unsigned lose_send;		/* a send that "succeeded" and vanished */
	unsigned late_dead;		/* a frame of a dead connection still arrives */
	unsigned silent;		/* a break tells nobody */
	unsigned break_conn;		/* per frame: the connection breaks */
	unsigned commit_fail;		/* per commit: outcome unknown, the switch dies */
	int64_t delay, jitter;		/* ms one way */
};

struct world;
struct world *world_new(uint64_t seed, size_t stations);	/* a tree: 0 the top; K=3: city, county, township */
void world_free(struct world *);
size_t world_size(const struct world *);
const char *world_code(const struct world *, size_t node);
struct station *world_station(struct world *, size_t node);	/* NULL while down */
struct journal *world_journal(struct world *, size_t node);
int64_t world_now(const struct world *);
struct rng *world_rng(struct world *);
struct weather *world_weather(struct world *);
uint64_t world_trace(const struct world *);			/* hash of all that happened */
const struct codebook *world_codebook(const struct world *);

void world_crash(struct world *, size_t node);			/* what was not committed is gone */
void world_restart(struct world *, size_t node);
void world_skew(struct world *, size_t node, int64_t ms);	/* sets its clock off by ms */
void world_reload(struct world *, size_t node);			/* one of its links is made anew: another line rate */
void world_cut(struct world *, size_t node, bool cut);		/* its line upwards */
/* Submits at a node; the answer is noted under ticket. */
void world_submit(struct world *, size_t node, uint64_t ticket, const struct station_submit *);
typedef void (*world_reply_fn)(void *ctx, size_t node, uint64_t ticket, const struct msgid *, bool duplicate, const struct fault *);
void world_on_reply(struct world *, world_reply_fn, void *ctx);
/* Goes on to the next event, not beyond `until`; false when nothing is due before. */
bool world_step(struct world *, int64_t until);
uint64_t world_alarms(const struct world *);

#endif
