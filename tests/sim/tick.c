/*
 * The duty clockwork of a node, as loop_duty.c runs it: between turns, when something was written since and when the time has come that the last look
 * named.  What it writes is committed by a turn like any other, and may be lost with it.
 *
 * Two things are coarser than on the loop: several turns share a look, and where a look names no time of its own (the longest pause) the next one comes
 * after the world's.  A switch that is busy does no better, and nothing may depend on it.
 */
#include "../../switch/duty_chase.h"
#include "world_int.h"

#define GATHER 1500	/* ms after something was written */
#define PAUSE 30000	/* the longest a look asks for (duty_chase.c) */

void
node_duty_begin(struct node *n)
{
	if (!n->w->conf.duty)
		return;
	n->duty_seq = 0;
	n->duty_at = n->w->now + 1 + (int64_t)rng_below(&n->w->rng, GATHER);
}

void
node_duty_due(struct node *n)
{
	if (n->duty_at == INT64_MAX || n->duty_at <= n->w->now + GATHER || n->j->ops->chain_seq(n->j) == n->duty_seq)
		return;
	n->duty_at = n->w->now + GATHER;
}

void
node_duty(struct node *n)
{
	struct query_env env = {.station = n->s};
	struct world *w = n->w;
	bool wrote = false;
	int64_t wait;

	if (station_dirty(n->s)) { /* an input waits for its turn */
		node_turn_now(n);
		if (n->s != NULL && n->duty_at <= w->now)
			n->duty_at = w->now + 1;
		return;
	}
	n->duty_seq = n->j->ops->chain_seq(n->j);
	w->stats.ticks++;
	wait = duty_chase(&env, node_time(n), &wrote);
	if (wait >= PAUSE && w->conf.tick > wait)
		wait = w->conf.tick;
	n->duty_at = w->now + (wait < 1 ? 1 : wait);
	w->stats.rang += wrote;
	world_note(w, (uint64_t)wrote << 32 ^ n->index);
	if (wrote || n->again || n->j->failed)
		node_turn_now(n);
}
