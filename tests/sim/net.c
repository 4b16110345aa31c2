/*
 * Lines, and what is under way on them.
 *
 * A connection keeps its frames in order (as TCP does) until it dies.  What was under way then is lost, or, now and then,
 * still delivered, even twice and behind the next connection's first frames: libzmq does hand out frames of a peer's
 * dead connection after its new HELLO.  A slow line takes the time its rate says.
 *
 * Every frame is looked at before it goes: no custody may be said while writes are not committed, and within what one
 * turn releases a less urgent parcel never goes before a more urgent one.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../../switch/link_frame.h"
#include "world_int.h"

static bool
sooner(const struct event *a, const struct event *b)
{
	return a->at != b->at ? a->at < b->at : a->order < b->order;
}

static void
push(struct world *w, struct event e)
{
	size_t i;

	e.order = w->order++;
	if (w->nheap == w->cheap) {
		w->cheap = w->cheap == 0 ? 256 : w->cheap * 2;
		w->heap = xreallocarray(w->heap, w->cheap, sizeof *w->heap);
	}
	for (i = w->nheap++; i > 0 && sooner(&e, &w->heap[(i - 1) / 2]); i = (i - 1) / 2)
		w->heap[i] = w->heap[(i - 1) / 2];
	w->heap[i] = e;
}

bool
net_next(const struct world *w, int64_t *at)
{
	if (w->nheap == 0)
		return false;
	*at = w->heap[0].at;
	return true;
}

struct event
net_take(struct world *w)
{
	struct event top = w->heap[0], last = w->heap[--w->nheap];
	size_t i = 0;

	for (;;) {
		size_t c = 2 * i + 1;

		if (c >= w->nheap)
			break;
		if (c + 1 < w->nheap && sooner(&w->heap[c + 1], &w->heap[c]))
			c++;
		if (!sooner(&w->heap[c], &last))
			break;
		w->heap[i] = w->heap[c];
		i = c;
	}
	if (w->nheap > 0)
		w->heap[i] = last;
	return top;
}

struct conn *
net_conn(struct world *w, uint64_t id)
{
	return id == 0 || id > w->nconns ? NULL : &w->conns[id - 1];
}

/* Breaks a connection; whoever is still there hears of it, unless the break is silent. */
static void
break_conn(struct world *w, uint64_t id, bool silent)
{
	struct conn *c = net_conn(w, id);
	size_t a, b;

	if (c == NULL || !c->alive)
		return;
	c->alive = false;
	world_note(w, id);
	if (silent)
		return;
	a = w->map->line[c->line].a;
	b = w->map->line[c->line].b;
	push(w, (struct event){.at = w->now + 1, .kind = EV_DISCONNECTED, .to = a, .from = b, .conn = id});
	push(w, (struct event){.at = w->now + 1, .kind = EV_DISCONNECTED, .to = b, .from = a, .conn = id});
}

static bool
silently(struct world *w)
{
	return rng_chance(&w->rng, w->weather.silent);
}

void
net_gone(struct world *w, size_t node)
{
	const struct place *p = &w->map->p[node];

	for (size_t r = 0; r < p->topo.count; r++)
		break_conn(w, w->wires[p->line[r]].conn, silently(w));
}

/* Remembers a frame sent, instead of the oldest. */
static void
keep(struct wire *wire, const struct event *e)
{
	struct event *k = &wire->kept[wire->nkept++ % WIRE_KEPT];

	free(k->bytes);
	*k = *e;
	k->bytes = xcalloc(e->len + 1, 1);
	memcpy(k->bytes, e->bytes, e->len);
}

/* A new connection: some of the last frames of those before come out right behind it. */
static void
haunt(struct world *w, struct wire *wire, int64_t from)
{
	for (unsigned i = 0; i < WIRE_KEPT; i++) {
		struct event e = wire->kept[i];

		if (e.bytes == NULL || !rng_chance(&w->rng, w->weather.late_dead))
			continue;
		e.bytes = xcalloc(e.len + 1, 1);
		memcpy(e.bytes, wire->kept[i].bytes, e.len);
		e.at = from + (int64_t)rng_below(&w->rng, 1500);
		push(w, e);
	}
}

static size_t
row_of(const struct node *n, const char *peer)
{
	for (size_t r = 0; r < n->place->topo.count; r++)
		if (strcmp(n->place->topo.n[r].station, peer) == 0)
			return r;
	abort();
}

void
net_connect(void *ctx, const char *peer)
{
	struct node *n = ctx;
	struct world *w = n->w;
	size_t row = row_of(n, peer), line = n->place->line[row], to = n->place->peer[row];
	struct wire *wire = &w->wires[line];
	int64_t rtt = 2 * w->weather.delay + 1;
	struct event e = {.at = w->now + rtt, .kind = EV_CONNECTED, .to = n->index, .from = to};

	assert(w->map->line[line].a == n->index);
	break_conn(w, wire->conn, true);
	if (w->nconns == w->cconns) {
		w->cconns = w->cconns == 0 ? 64 : w->cconns * 2;
		w->conns = xreallocarray(w->conns, w->cconns, sizeof *w->conns);
	}
	w->conns[w->nconns++] = (struct conn){.line = line, .alive = true};
	wire->conn = e.conn = w->nconns;
	if (wire->cut || w->nodes[to].s == NULL) {
		w->conns[e.conn - 1].alive = false;
		if (silently(w))
			return;
		e.kind = EV_DISCONNECTED;
	} else if (rng_chance(&w->rng, w->weather.repeat_dead))
		haunt(w, wire, e.at);
	push(w, e);
}

void
net_close(void *ctx, const char *peer)
{
	struct node *n = ctx;
	size_t line = n->place->line[row_of(n, peer)];

	if (n->w->map->line[line].a == n->index)
		break_conn(n->w, n->w->wires[line].conn, silently(n->w));
}

/* Reads a frame as its receiver would. */
static void
inspect(struct node *n, size_t row, const void *frame, size_t len)
{
	struct sending *last = &n->sending[row];
	struct reader r = {.p = frame, .n = len};
	struct frame_head head;
	struct frame_item it;

	if (!link_frame_head_get(&r, &head) || head.type != FRAME_DATA)
		return;
	if (last->turn != n->turns) {
		last->turn = n->turns;
		last->precedence = 0;
	}
	while (link_frame_item_get(&r, &it) == 1) {
		if (it.type == ITEM_CUSTODY && station_dirty(n->s))
			world_blame(n->w, n->index, "custody is acknowledged before the COMMIT");
		if (it.type != ITEM_PARCEL && it.type != ITEM_FRAGMENT)
			continue;
		if (it.precedence < last->precedence)
			world_blame(n->w, n->index, "a more urgent parcel goes behind a less urgent one");
		last->precedence = it.precedence;
	}
	if (n->disk != NULL && !disk_synced(n->disk, true) && !disk_halted(n->disk))
		world_blame(n->w, n->index, "a frame goes out while written bytes wait for a sync");
}

void
net_send(void *ctx, const char *peer, uint64_t conn, const void *frame, size_t len)
{
	struct node *n = ctx;
	struct world *w = n->w;
	size_t row = row_of(n, peer), line = n->place->line[row], to = n->place->peer[row];
	struct conn *c = net_conn(w, conn);
	unsigned rate = n->place->topo.n[row].rate_bps, way = w->map->line[line].a == n->index ? 0 : 1;
	int64_t took = rate > 0 ? (int64_t)(len * 8000 / rate) : 0, at;
	bool dead;

	assert(len <= LINK_FRAME_MAX);
	inspect(n, row, frame, len);
	if (c == NULL)
		return;
	assert(c->line == line);
	w->stats.frames++;
	at = w->now + 1 + took + w->weather.delay + (int64_t)rng_below(&w->rng, (uint64_t)w->weather.jitter + 1);
	if (c->alive && rng_chance(&w->rng, w->weather.break_conn))
		break_conn(w, conn, silently(w));
	dead = !c->alive;
	if ((dead && !rng_chance(&w->rng, w->weather.late_dead)) || rng_chance(&w->rng, w->weather.lose_send) ||
	    (w->wires[line].mute[way] && !dead))
		return;
	if (dead)
		at += (int64_t)rng_below(&w->rng, 20000);
	else {
		if (at <= c->last[way] + took)
			at = c->last[way] + took;
		c->last[way] = at;
	}
	for (int k = 0; k < 2; k++) {
		struct event e = {.at = at, .kind = EV_FRAME, .to = to, .from = n->index, .conn = conn, .len = len};

		e.bytes = xcalloc(len + 1, 1);
		memcpy(e.bytes, frame, len);
		if (k == 0)
			keep(&w->wires[line], &e);
		push(w, e);
		if (!dead || !rng_chance(&w->rng, w->weather.repeat_dead))
			break;
		at += (int64_t)rng_below(&w->rng, 20000);
	}
}

void
world_cut(struct world *w, size_t line, bool cut)
{
	w->wires[line].cut = cut;
	if (!cut)
		return;
	w->stats.cuts++;
	break_conn(w, w->wires[line].conn, silently(w));
}

void
world_mute(struct world *w, size_t line, unsigned way, bool mute)
{
	w->stats.cuts += mute;
	w->wires[line].mute[way & 1] = mute;
}

void
net_free(struct world *w)
{
	for (size_t i = 0; i < w->nheap; i++)
		free(w->heap[i].bytes);
	free(w->heap);
	free(w->conns);
	for (size_t i = 0; i < w->map->nlines; i++)
		for (unsigned k = 0; k < WIRE_KEPT; k++)
			free(w->wires[i].kept[k].bytes);
	free(w->wires);
}
