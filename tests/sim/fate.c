/*
 * What people and fate do to the nodes of the world, and what may be seen of it.
 */
#include <stdio.h>
#include <string.h>
#include "world_int.h"

/* ---- what people and fate do to a node ---- */

void
world_plan(struct world *w, size_t i, enum disk_plan plan, unsigned after)
{
	if (w->nodes[i].disk != NULL)
		disk_plan(w->nodes[i].disk, plan, after);
}

bool
world_backup(struct world *w, size_t i)
{
	struct node *n = &w->nodes[i];

	if (n->disk == NULL || n->s == NULL || station_dirty(n->s) || !disk_synced(n->disk, false))
		return false;
	image_free(n->backup);
	n->backup = disk_copy(n->disk);
	return true;
}

bool
world_has_backup(const struct world *w, size_t i)
{
	return w->nodes[i].backup != NULL;
}

void
world_restore(struct world *w, size_t i)
{
	struct node *n = &w->nodes[i];

	if (n->backup == NULL)
		return;
	world_crash(w, i, false);
	disk_restore(n->disk, n->backup);
	w->stats.restored++;
}

void
world_burn(struct world *w, size_t i)
{
	struct node *n = &w->nodes[i];

	world_crash(w, i, false);
	w->stats.burnt++;
	if (n->disk != NULL)
		disk_restore(n->disk, world_fresh);
	else if (n->j != NULL) {
		n->j->ops->close(n->j);
		n->j = NULL;
	}
	image_free(n->backup); /* it stood on the same table */
	n->backup = NULL;
}

void
world_skew(struct world *w, size_t i, int64_t ms)
{
	if (w->nodes[i].s != NULL) /* a journal made afresh under a clock far behind would open an epoch it had before */
		w->nodes[i].skew = ms;
}

int64_t
world_skewed(const struct world *w, size_t i)
{
	return w->nodes[i].skew;
}

void
world_reload(struct world *w, size_t i)
{
	static const unsigned rates[] = {0, 9600, 64000};
	struct node *n = &w->nodes[i];
	struct neighbour *nb = &n->place->topo.n[rng_below(&w->rng, n->place->topo.count)];

	nb->rate_bps = rates[rng_below(&w->rng, 3)];
	if (n->s == NULL)
		return;
	station_reload(n->s, node_time(n), &n->place->topo);
	node_turn(n);
}

void
world_mend(struct world *w)
{
	for (size_t i = 0; i < w->map->nlines; i++)
		w->wires[i].cut = w->wires[i].mute[0] = w->wires[i].mute[1] = false;
	for (size_t i = 0; i < w->n; i++) {
		w->nodes[i].skew = 0;
		world_room(w, i, PREC_ROUTINE);
		if (w->nodes[i].disk != NULL)
			disk_plan(w->nodes[i].disk, DISK_SOUND, 0);
	}
}

void
world_attend(struct world *w, size_t i)
{
	struct node *n = &w->nodes[i];

	if (n->s == NULL)
		return;
	n->attended_at = w->now;
	station_attended(n->s, node_time(n));
	node_turn(n);
}

int64_t
world_attended(const struct world *w, size_t i)
{
	return w->nodes[i].attended_at;
}

void
world_room(struct world *w, size_t i, int lowest)
{
	struct node *n = &w->nodes[i];

	if (n->room == lowest)
		return;
	n->room = lowest;
	if (n->s == NULL)
		return;
	station_room(n->s, node_time(n), lowest);
	node_turn(n);
}

int
world_room_is(const struct world *w, size_t i)
{
	return w->nodes[i].room;
}

bool
world_is_old(const struct world *w, size_t i)
{
	return w->nodes[i].old;
}

void
world_submit(struct world *w, size_t i, uint64_t ticket, const struct station_submit *r)
{
	struct node *n = &w->nodes[i];

	if (n->s == NULL)
		return;
	if (n->place->hosted)
		world_attend(w, i);
	if (n->s == NULL)
		return;
	station_submit(n->s, node_time(n), ticket, r);
	node_turn(n);
}

void
world_review(struct world *w, size_t i, uint64_t ticket, const struct station_review *r)
{
	struct node *n = &w->nodes[i];

	if (n->s == NULL)
		return;
	station_review(n->s, node_time(n), ticket, r);
	node_turn(n);
}

void
world_draft(struct world *w, size_t i, const char *rid, const char *json)
{
	struct node *n = &w->nodes[i];

	if (n->s == NULL)
		return;
	station_draft_put(n->s, node_time(n), rid, "sim", json, strlen(json));
	node_turn(n);
}

/* ---- looking ---- */

size_t
world_size(const struct world *w)
{
	return w->n;
}

const char *
world_code(const struct world *w, size_t i)
{
	return w->nodes[i].place->code;
}

int64_t
world_began(const struct world *w)
{
	return w->began;
}

int64_t
world_clock(struct world *w, size_t i)
{
	return node_time(&w->nodes[i]);
}

const struct map *
world_map(const struct world *w)
{
	return w->map;
}

const struct station_conf *
world_station_conf(const struct world *w, size_t i)
{
	return &w->nodes[i].conf;
}

struct station *
world_station(struct world *w, size_t i)
{
	return w->nodes[i].s;
}

struct journal *
world_journal(struct world *w, size_t i)
{
	return w->nodes[i].s != NULL ? w->nodes[i].j : NULL;
}

int64_t
world_now(const struct world *w)
{
	return w->now;
}

struct rng *
world_rng(struct world *w)
{
	return &w->rng;
}

struct weather *
world_weather(struct world *w)
{
	return &w->weather;
}

uint64_t
world_trace(const struct world *w)
{
	uint64_t h = w->trace;

	for (size_t i = 0; i < w->n; i++)
		if (w->nodes[i].disk != NULL)
			h = hash_u64(h, disk_hash(w->nodes[i].disk));
	return h;
}

const struct world_stats *
world_stats(const struct world *w)
{
	return &w->stats;
}

const char *
world_wrong(const struct world *w)
{
	return w->wrong;
}

void
world_on_reply(struct world *w, world_reply_fn fn, void *ctx)
{
	w->reply = fn;
	w->reply_ctx = ctx;
}
