/*
 * The simulated world.  See world.h.
 *
 * The network is a list of connections; each keeps its frames in order (as TCP does) until it dies.  What was under way
 * then is lost, or, now and then, still delivered: libzmq does hand out frames of a peer's dead connection after its
 * new HELLO.
 */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../../formats/conf.h"
#include "../../switch/log.h"
#include "world.h"

enum event_kind { EV_FRAME, EV_CONNECTED, EV_DISCONNECTED };

struct event {
	int64_t at;
	uint64_t order;
	enum event_kind kind;
	size_t to, from;
	uint64_t conn;
	uint8_t *bytes;
	size_t len;
};

struct conn {
	uint64_t id;
	size_t child, parent;
	bool alive;
	int64_t last[2]; /* arrival of the newest frame each way: order is kept */
};

struct node {
	struct world *w;
	size_t index, parent; /* parent == index at the top */
	char code[STATION_MAX];
	struct topology topo;
	struct journal *j;
	struct station *s;
	int64_t skew;
	uint64_t conn; /* of its line upwards */
	bool cut;
	uint64_t pending_conn; /* connection asked for during a turn */
};

struct world {
	struct rng rng;
	struct weather weather;
	struct node *nodes;
	size_t n;
	struct conn *conns;
	size_t nconns, cconns;
	struct event *heap;
	size_t nheap, cheap;
	uint64_t order, trace, next_conn, alarms;
	int64_t now;
	struct codebook *cb;
	struct rules *rules;
	world_reply_fn reply;
	void *reply_ctx;
};

/* ---- randomness ---- */

static uint64_t
splitmix(uint64_t *x)
{
	uint64_t z = (*x += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

uint64_t
rng_next(struct rng *r)
{
	uint64_t a = r->s[0], b = r->s[1], out = a + b;

	b ^= a;
	r->s[0] = ((a << 24) | (a >> 40)) ^ b ^ (b << 16);
	r->s[1] = (b << 37) | (b >> 27);
	return out;
}

uint64_t
rng_below(struct rng *r, uint64_t n)
{
	return n == 0 ? 0 : rng_next(r) % n;
}

bool
rng_chance(struct rng *r, unsigned per_mille)
{
	return per_mille > 0 && rng_below(r, 1000) < per_mille;
}

static void
trace(struct world *w, uint64_t x)
{
	w->trace = (w->trace ^ x) * UINT64_C(0x100000001b3);
}

/* ---- events ---- */

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

static struct event
pop(struct world *w)
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

static struct conn *
find_conn(struct world *w, uint64_t id)
{
	for (size_t i = w->nconns; i > 0; i--)
		if (w->conns[i - 1].id == id)
			return &w->conns[i - 1];
	return NULL;
}

static size_t
find_node(const struct world *w, const char *code)
{
	for (size_t i = 0; i < w->n; i++)
		if (strcmp(w->nodes[i].code, code) == 0)
			return i;
	abort();
}

/* Breaks a connection; whoever is still there hears of it, unless the break is silent. */
static void
break_conn(struct world *w, struct conn *c, bool silent)
{
	if (!c->alive)
		return;
	c->alive = false;
	trace(w, c->id);
	if (silent)
		return;
	push(w, (struct event){
		    .at = w->now + 1, .kind = EV_DISCONNECTED, .to = c->child, .from = c->parent, .conn = c->id});
	push(w, (struct event){
		    .at = w->now + 1, .kind = EV_DISCONNECTED, .to = c->parent, .from = c->child, .conn = c->id});
}

/* ---- the station's effects ---- */

static void
op_connect(void *ctx, const char *peer)
{
	struct node *n = ctx;
	struct world *w = n->w;
	size_t up = find_node(w, peer);
	struct conn *old = find_conn(w, n->conn);
	int64_t rtt = 2 * w->weather.delay + 1;

	if (old != NULL)
		break_conn(w, old, true);
	if (w->nconns == w->cconns) {
		w->cconns = w->cconns == 0 ? 64 : w->cconns * 2;
		w->conns = xreallocarray(w->conns, w->cconns, sizeof *w->conns);
	}
	n->conn = ++w->next_conn;
	w->conns[w->nconns++] = (struct conn){.id = n->conn, .child = n->index, .parent = up, .alive = true};
	if (n->cut || w->nodes[up].s == NULL) {
		w->conns[w->nconns - 1].alive = false;
		if (!rng_chance(&w->rng, w->weather.silent))
			push(w, (struct event){.at = w->now + rtt,
				    .kind = EV_DISCONNECTED,
				    .to = n->index,
				    .from = up,
				    .conn = n->conn});
		return;
	}
	push(w, (struct event){.at = w->now + rtt, .kind = EV_CONNECTED, .to = n->index, .from = up, .conn = n->conn});
}

static void
op_close(void *ctx, const char *peer)
{
	struct node *n = ctx;
	struct conn *c = find_conn(n->w, n->conn);

	if (c != NULL && find_node(n->w, peer) == n->parent && n->parent != n->index)
		break_conn(n->w, c, rng_chance(&n->w->rng, n->w->weather.silent));
}

static void
op_send(void *ctx, const char *peer, uint64_t conn, const void *frame, size_t len)
{
	struct node *n = ctx;
	struct world *w = n->w;
	size_t to = find_node(w, peer);
	struct conn *c = find_conn(w, conn);
	int64_t at = w->now + 1 + w->weather.delay + (int64_t)rng_below(&w->rng, (uint64_t)w->weather.jitter + 1);
	int dir;
	bool dead;

	assert(len <= LINK_FRAME_MAX);
	if (c == NULL)
		return;
	assert((c->child == n->index && c->parent == to) || (c->parent == n->index && c->child == to));
	dir = c->child == n->index;
	if (c->alive && rng_chance(&w->rng, w->weather.break_conn))
		break_conn(w, c, rng_chance(&w->rng, w->weather.silent));
	dead = !c->alive;
	if ((dead && !rng_chance(&w->rng, w->weather.late_dead)) || rng_chance(&w->rng, w->weather.lose_send))
		return;
	if (dead)
		at += (int64_t)rng_below(&w->rng, 20000);
	else if (at <= c->last[dir])
		at = c->last[dir];
	if (!dead)
		c->last[dir] = at;
	struct event e = {.at = at, .kind = EV_FRAME, .to = to, .from = n->index, .conn = conn, .len = len};
	e.bytes = xcalloc(len + 1, 1);
	memcpy(e.bytes, frame, len);
	push(w, e);
}

static void
op_reply(void *ctx, uint64_t ticket, const struct msgid *id, bool duplicate, const struct fault *f)
{
	struct node *n = ctx;

	trace(n->w, ticket);
	if (n->w->reply != NULL)
		n->w->reply(n->w->reply_ctx, n->index, ticket, id, duplicate, f);
}

static void
op_push(void *ctx, uint64_t revision)
{
	struct node *n = ctx;

	trace(n->w, revision);
}

static void
op_alarm(void *ctx, const char *what, const char *detail)
{
	struct node *n = ctx;

	(void)what;
	(void)detail;
	n->w->alarms++;
}

static const struct station_ops ops = {
    .connect = op_connect,
    .close = op_close,
    .send = op_send,
    .reply = op_reply,
    .push = op_push,
    .alarm = op_alarm,
};

/* ---- nodes ---- */

static int64_t
local_time(const struct node *n)
{
	return n->w->now + n->skew;
}

/* The shell's turn, as loop.c does it.  A failed commit is the death of the process. */
static void
turn(struct node *n)
{
	struct world *w = n->w;

	if (station_dirty(n->s)) {
		station_prepare(n->s, local_time(n));
		if (rng_chance(&w->rng, w->weather.commit_fail))
			journal_ram_fail_commits(n->j, 1, rng_chance(&w->rng, 500));
		if (n->j->ops->commit(n->j) != 0) {
			world_crash(w, n->index);
			return;
		}
		station_committed(n->s, local_time(n), true);
	}
	station_flush(n->s, local_time(n));
}

void
world_crash(struct world *w, size_t i)
{
	struct node *n = &w->nodes[i];

	if (n->s == NULL)
		return;
	trace(w, 0xdead + i);
	station_free(n->s);
	n->s = NULL;
	journal_ram_crash(n->j);
	for (size_t k = 0; k < w->nconns; k++)
		if (w->conns[k].child == i || w->conns[k].parent == i)
			break_conn(w, &w->conns[k], rng_chance(&w->rng, w->weather.silent));
}

void
world_restart(struct world *w, size_t i)
{
	struct node *n = &w->nodes[i];
	struct station_conf sc;
	struct fault f;

	if (n->s != NULL)
		return;
	memset(&sc, 0, sizeof sc);
	snprintf(sc.self, sizeof sc.self, "%s", n->code);
	sc.topology = &n->topo;
	sc.codebook = w->cb;
	sc.rules = w->rules;
	sc.seed = rng_next(&w->rng);
	n->s = station_new(&sc, n->j, local_time(n), &ops, n, &f);
	if (n->s == NULL) {
		fprintf(stderr, "station %s: %s\n", n->code, f.text);
		abort();
	}
	station_prepare(n->s, local_time(n));
	if (n->j->ops->commit(n->j) != 0) { /* it died while starting */
		world_crash(w, i);
		return;
	}
	station_committed(n->s, local_time(n), true);
	station_start(n->s, local_time(n));
	turn(n);
}

void
world_skew(struct world *w, size_t i, int64_t ms)
{
	w->nodes[i].skew = ms;
}

void
world_cut(struct world *w, size_t i, bool cut)
{
	struct node *n = &w->nodes[i];
	struct conn *c = find_conn(w, n->conn);

	n->cut = cut;
	if (cut && c != NULL)
		break_conn(w, c, rng_chance(&w->rng, w->weather.silent));
}

void
world_reload(struct world *w, size_t i)
{
	static const unsigned rates[] = {0, 9600, 64000};
	struct node *n = &w->nodes[i];
	struct neighbour *nb = &n->topo.n[rng_below(&w->rng, n->topo.count)];

	nb->rate_bps = rates[rng_below(&w->rng, 3)];
	if (n->s == NULL)
		return;
	/* Sometimes in the turn of whatever comes next. */
	station_reload(n->s, local_time(n), &n->topo);
	if (rng_chance(&w->rng, 500))
		turn(n);
}

void
world_submit(struct world *w, size_t i, uint64_t ticket, const struct station_submit *r)
{
	struct node *n = &w->nodes[i];

	if (n->s == NULL)
		return;
	station_submit(n->s, local_time(n), ticket, r);
	turn(n);
}

/* ---- the clock ---- */

static bool
deliver(struct world *w, struct event *e)
{
	struct node *n = &w->nodes[e->to];
	struct conn *c = find_conn(w, e->conn);
	const char *peer = w->nodes[e->from].code;
	int64_t t = local_time(n);

	trace(w, (uint64_t)e->at ^ e->to << 8 ^ e->len << 16 ^ (uint64_t)e->kind);
	if (n->s != NULL) {
		switch (e->kind) {
		case EV_FRAME:
			station_frame(n->s, t, peer, e->conn, e->bytes, e->len);
			break;
		case EV_CONNECTED:
			if (c != NULL && c->alive)
				station_connected(n->s, t, peer, e->conn);
			break;
		case EV_DISCONNECTED:
			station_disconnected(n->s, t, peer, e->conn);
			break;
		}
		turn(n);
	}
	free(e->bytes);
	return true;
}

bool
world_step(struct world *w, int64_t until)
{
	int64_t at = INT64_MAX;
	size_t who = w->n;

	for (size_t i = 0; i < w->n; i++) {
		struct node *n = &w->nodes[i];
		int64_t t;

		if (n->s == NULL)
			continue;
		t = station_wake(n->s);
		t = t == INT64_MAX ? t : t - n->skew;
		if (t < at) {
			at = t;
			who = i;
		}
	}
	if (w->nheap > 0 && w->heap[0].at <= at) {
		if (w->heap[0].at > until)
			goto none;
		struct event e = pop(w);

		if (e.at > w->now)
			w->now = e.at;
		return deliver(w, &e);
	}
	if (who == w->n || at > until)
		goto none;
	if (at > w->now)
		w->now = at;
	station_tick(w->nodes[who].s, local_time(&w->nodes[who]));
	turn(&w->nodes[who]);
	return true;
none:
	if (until > w->now)
		w->now = until;
	return false;
}

/* ---- making ---- */

static void
add_neighbour(struct node *n, const struct node *peer, enum role role)
{
	struct neighbour *nb;

	n->topo.n = xreallocarray(n->topo.n, n->topo.count + 1, sizeof *n->topo.n);
	nb = &n->topo.n[n->topo.count++];
	memset(nb, 0, sizeof *nb);
	snprintf(nb->station, sizeof nb->station, "%s", peer->code);
	nb->role = role;
	nb->key[0] = (uint8_t)peer->index;
	nb->key[1] = (uint8_t)(peer->index >> 8);
	if (role == ROLE_PARENT)
		snprintf(nb->endpoint, sizeof nb->endpoint, "tcp://127.0.0.1:1");
}

struct world *
world_new(uint64_t seed, size_t stations)
{
	struct world *w = xcalloc(1, sizeof *w);
	struct fault f;
	char dir[256], text[800];

	assert(stations >= 2 && stations <= 900);
	w->rng.s[0] = splitmix(&seed);
	w->rng.s[1] = splitmix(&seed) | 1;
	w->trace = UINT64_C(0xcbf29ce484222325);
	w->now = WORLD_START;
	w->weather = (struct weather){.delay = 5, .jitter = 20};
	memset(&f, 0, sizeof f);
	if (conf_dir(dir, sizeof dir, &f) == NULL || (w->cb = codebook_load(dir, &f)) == NULL ||
	    (w->rules = rules_load(dir, &f)) == NULL) {
		fprintf(stderr, "sim: %s\n", fault_format(&f, text, sizeof text));
		exit(78);
	}
	log_init(LOG_LV_ERROR + 1, 2);
	w->n = stations;
	w->nodes = xcalloc(stations, sizeof *w->nodes);
	for (size_t i = 0; i < stations; i++) {
		struct node *n = &w->nodes[i];

		n->w = w;
		n->index = i;
		/* 330200 city; the next is its county 330225; all others are townships of it: 330225102... */
		n->parent = i == 0 ? 0 : i == 1 ? 0 : 1;
		if (i == 0)
			snprintf(n->code, sizeof n->code, "330200");
		else if (i == 1)
			snprintf(n->code, sizeof n->code, "330225");
		else
			snprintf(n->code, sizeof n->code, "330225%03zu", i + 100);
		snprintf(n->topo.self, sizeof n->topo.self, "%s", n->code);
		n->j = journal_ram_open();
	}
	for (size_t i = 1; i < stations; i++) {
		add_neighbour(&w->nodes[i], &w->nodes[w->nodes[i].parent], ROLE_PARENT);
		add_neighbour(&w->nodes[w->nodes[i].parent], &w->nodes[i], ROLE_CHILD);
	}
	for (size_t i = 0; i < stations; i++)
		world_restart(w, i);
	return w;
}

void
world_free(struct world *w)
{
	for (size_t i = 0; i < w->n; i++) {
		station_free(w->nodes[i].s);
		w->nodes[i].j->ops->close(w->nodes[i].j);
		topology_free(&w->nodes[i].topo);
	}
	for (size_t i = 0; i < w->nheap; i++)
		free(w->heap[i].bytes);
	free(w->heap);
	free(w->conns);
	free(w->nodes);
	codebook_free(w->cb);
	rules_free(w->rules);
	free(w);
}

size_t
world_size(const struct world *w)
{
	return w->n;
}

const char *
world_code(const struct world *w, size_t i)
{
	return w->nodes[i].code;
}

struct station *
world_station(struct world *w, size_t i)
{
	return w->nodes[i].s;
}

struct journal *
world_journal(struct world *w, size_t i)
{
	return w->nodes[i].j;
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
	return w->trace;
}

uint64_t
world_alarms(const struct world *w)
{
	return w->alarms;
}

const struct codebook *
world_codebook(const struct world *w)
{
	return w->cb;
}

void
world_on_reply(struct world *w, world_reply_fn fn, void *ctx)
{
	w->reply = fn;
	w->reply_ctx = ctx;
}
