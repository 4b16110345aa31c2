/*
 * The simulated world: nodes, their disks and clocks, and the shell's turn.  See world.h.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../../switch/log.h"
#include "world_int.h"

#define STEP_BACK_MAX 5000 /* as loop.c has them */
#define WAKE_MAX 30000
#define IDLE_TURNS 16	   /* turns after which the journal gets a moment */
#define ROUNDS_MAX 50	   /* of one turn: more is an endless loop */

struct image *world_fresh;

void
world_note(struct world *w, uint64_t x)
{
	w->trace = hash_u64(w->trace, x);
}

void
world_blame(struct world *w, size_t i, const char *what)
{
	if (*w->wrong == '\0')
		snprintf(w->wrong, sizeof w->wrong, "%s: %s", w->nodes[i].place->code, what);
}

/* ---- the station's effects ---- */

static void
op_reply(void *ctx, uint64_t ticket, const struct msgid *id, bool duplicate, const struct fault *f)
{
	struct node *n = ctx;

	world_note(n->w, ticket);
	if (!n->releasing)
		world_blame(n->w, n->index, "a request is answered before the COMMIT");
	if (id != NULL && n->disk != NULL && !disk_synced(n->disk, true))
		world_blame(n->w, n->index, "a request is answered while written bytes wait for a sync");
	if (n->w->reply != NULL)
		n->w->reply(n->w->reply_ctx, n->index, ticket, id, duplicate, f);
}

static void
op_push(void *ctx, uint64_t revision)
{
	struct node *n = ctx;

	world_note(n->w, revision);
}

static void
op_alarm(void *ctx, const char *what, const char *detail)
{
	struct node *n = ctx;

	char text[300];

	world_note(n->w, strlen(what));
	/* Nobody here sends what cannot be taken, or uses a line's number twice. */
	if (strcmp(what, "quarantine") != 0 && strcmp(what, "line") != 0)
		return;
	snprintf(text, sizeof text, "it alarms: %s: %.200s", what, detail);
	world_blame(n->w, n->index, text);
}

static const struct station_ops ops = {
    .connect = net_connect,
    .close = net_close,
    .send = net_send,
    .reply = op_reply,
    .push = op_push,
    .alarm = op_alarm,
};

/* ---- the clock and the turn ---- */

/* As loop_now(): never back; set back far, this life is over after the turn. */
int64_t
node_time(struct node *n)
{
	int64_t t = n->w->now + n->skew + (n->w->now - n->w->began) * n->ppm / 1000000;

	if (t < n->last_local) {
		n->again = n->again || n->last_local - t > STEP_BACK_MAX;
		return n->last_local;
	}
	n->last_local = t;
	return t;
}

/* The plan for the disk, now and then, comes due in this very commit. */
static bool
commit(struct node *n)
{
	static const enum disk_plan plans[] = {
	    DISK_POWER, DISK_POWER, DISK_POWER, DISK_EIO_WRITE, DISK_EIO_SYNC, DISK_EIO_SYNC_DONE, DISK_FULL};
	struct world *w = n->w;
	bool fails = rng_chance(&w->rng, w->weather.commit_fail);

	w->stats.commits++;
	if (fails && n->disk == NULL)
		journal_ram_fail_commits(n->j, 1, rng_chance(&w->rng, 500));
	else if (fails)
		disk_plan(n->disk, plans[rng_below(&w->rng, sizeof plans / sizeof plans[0])],
		    1 + (unsigned)rng_below(&w->rng, 12));
	return !n->j->failed && n->j->ops->commit(n->j) == 0;
}

static bool
by_power(struct world *w)
{
	return rng_chance(&w->rng, w->weather.power);
}

/* The shell's turn, as loop.c does it.  A failed commit is the death of the process. */
static void
turn_once(struct node *n)
{
	struct world *w = n->w;
	int64_t t = node_time(n), wake;
	int round = 0;

	do {
		if (++round > ROUNDS_MAX) {
			world_blame(w, n->index, "the turn does not end");
			return;
		}
		if (station_dirty(n->s)) {
			bool ok;

			station_prepare(n->s, t);
			ok = commit(n);
			if (ok && rng_chance(&w->rng, w->weather.die_after)) {
				world_crash(w, n->index, by_power(w));
				return;
			}
			n->releasing = true;
			station_committed(n->s, t, ok);
			n->releasing = false;
		}
		if (n->j->failed) {
			if (n->disk != NULL && disk_sound(n->disk))
				world_blame(w, n->index, "its journal fails on a sound disk");
			world_crash(w, n->index, by_power(w) || (n->disk != NULL && disk_halted(n->disk)));
			return;
		}
		n->turns++;
		station_flush(n->s, t);
	} while (station_dirty(n->s));
	if (n->turns % IDLE_TURNS == 0) {
		n->j->ops->idle(n->j, t);
		if (n->disk != NULL && disk_halted(n->disk)) {
			world_crash(w, n->index, true);
			return;
		}
	}
	wake = station_wake(n->s);
	wake = wake - t > WAKE_MAX ? WAKE_MAX : wake - t;
	n->wake_at = w->now + (wake < 1 ? 1 : wake);
	node_duty_due(n);
}

static void
turn(struct node *n)
{
	turn_once(n);
	if (n->s != NULL && n->again) {
		world_stop(n->w, n->index);
		world_restart(n->w, n->index);
	}
}

void
node_turn_now(struct node *n)
{
	turn(n);
}

/* After an input: the turn, or, so that several inputs share one, a little later. */
void
node_turn(struct node *n)
{
	struct world *w = n->w;
	int64_t at;

	if (!rng_chance(&w->rng, w->weather.gather) || n->again) {
		turn(n);
		return;
	}
	at = w->now + 1 + (int64_t)rng_below(&w->rng, 6);
	if (n->wake_at > at || n->wake_at <= w->now)
		n->wake_at = at;
}

/* ---- lives ---- */

static void
down(struct node *n)
{
	station_free(n->s);
	n->s = NULL;
	n->again = false;
	n->last_local = 0;
	n->wake_at = INT64_MAX;
	n->duty_at = INT64_MAX;
}

void
world_crash(struct world *w, size_t i, bool power)
{
	struct node *n = &w->nodes[i];

	if (n->s == NULL)
		return;
	world_note(w, 0xdead + i);
	w->stats.crashes++;
	down(n);
	if (n->disk != NULL) {
		disk_halt(n->disk);
		n->j->failed = true;
		n->j->ops->close(n->j);
		n->j = NULL;
		disk_crash(n->disk, &w->rng, power, &w->stats.disk);
	} else
		journal_ram_crash(n->j);
	net_gone(w, i);
}

void
world_stop(struct world *w, size_t i)
{
	struct node *n = &w->nodes[i];

	if (n->s == NULL)
		return;
	station_stop(n->s, node_time(n));
	turn_once(n);
	if (n->s == NULL) /* it died of that */
		return;
	world_note(w, 0x5709 + i);
	w->stats.stops++;
	down(n);
	if (n->disk != NULL) {
		n->j->ops->close(n->j);
		n->j = NULL;
	}
	net_gone(w, i);
}

static bool
open_journal(struct node *n)
{
	struct world *w = n->w;
	struct fault f = {0};
	char text[800];

	if (n->disk == NULL) {
		if (n->j == NULL)
			n->j = journal_ram_open();
		return true;
	}
	vfs_time(w->now);
	n->j = journal_sqlite_open_vfs(VFS_NAME, disk_journal(n->disk), false, &f);
	if (n->j != NULL)
		return true;
	if (!disk_halted(n->disk) && disk_sound(n->disk)) {
		snprintf(text, sizeof text, "its journal does not open any more: %s", f.text);
		world_blame(w, n->index, text);
	}
	disk_halt(n->disk);
	disk_crash(n->disk, &w->rng, true, &w->stats.disk);
	return false;
}

bool
world_restart(struct world *w, size_t i)
{
	struct node *n = &w->nodes[i];
	struct fault f = {0};
	int64_t t;

	if (n->s != NULL)
		return true;
	if (!open_journal(n))
		return false;
	t = node_time(n);
	n->conf.seed = rng_next(&w->rng);
	n->s = station_new(&n->conf, n->j, t, &ops, n, &f);
	if (n->s == NULL && n->disk != NULL && !disk_sound(n->disk)) { /* the disk failed it */
		n->j->failed = true;
		n->j->ops->close(n->j);
		n->j = NULL;
		disk_crash(n->disk, &w->rng, true, &w->stats.disk);
		return false;
	}
	if (n->s == NULL) {
		world_blame(w, i, f.text);
		return false;
	}
	station_prepare(n->s, t);
	if (!commit(n)) {
		world_crash(w, i, true);
		return false;
	}
	n->releasing = true;
	station_committed(n->s, t, true);
	n->releasing = false;
	station_start(n->s, t);
	if (n->room != PREC_ROUTINE)
		station_room(n->s, t, n->room);
	node_duty_begin(n);
	turn(n);
	return n->s != NULL;
}

/* ---- events ---- */

static void
deliver(struct world *w, struct event *e)
{
	struct node *n = &w->nodes[e->to];
	struct conn *c = net_conn(w, e->conn);
	const char *peer = w->nodes[e->from].place->code;
	int64_t t;

	world_note(w, (uint64_t)e->at ^ (uint64_t)e->to << 44 ^ (uint64_t)e->len << 52 ^ (uint64_t)e->kind << 40);
	if (n->s != NULL) {
		t = node_time(n);
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
		node_turn(n);
	}
	free(e->bytes);
}

bool
world_step(struct world *w, int64_t until)
{
	int64_t at = INT64_MAX, next;
	size_t who = w->n;
	bool duty = false;

	for (size_t i = 0; i < w->n; i++) {
		const struct node *n = &w->nodes[i];
		int64_t first = n->duty_at < n->wake_at ? n->duty_at : n->wake_at;

		if (n->s == NULL || first >= at)
			continue;
		at = first;
		who = i;
		duty = n->duty_at < n->wake_at;
	}
	if (net_next(w, &next) && next <= at) {
		struct event e;

		if (next > until)
			goto none;
		e = net_take(w);
		if (e.at > w->now)
			w->now = e.at;
		vfs_time(w->now);
		deliver(w, &e);
		return true;
	}
	if (who == w->n || at > until)
		goto none;
	if (at > w->now)
		w->now = at;
	vfs_time(w->now);
	if (duty) {
		node_duty(&w->nodes[who]);
		return true;
	}
	station_tick(w->nodes[who].s, node_time(&w->nodes[who]));
	turn(&w->nodes[who]);
	return true;
none:
	if (until > w->now)
		w->now = until;
	vfs_time(w->now);
	return false;
}

/* ---- making ---- */

static void
make_fresh(void)
{
	struct fault f = {0};
	struct disk *d;
	struct journal *j;

	if (world_fresh != NULL)
		return;
	vfs_init();
	vfs_seed(1);
	vfs_time(WORLD_START);
	d = disk_new();
	if ((j = journal_sqlite_open_vfs(VFS_NAME, disk_journal(d), true, &f)) == NULL) {
		fprintf(stderr, "sim: no journal: %s\n", f.text);
		exit(70);
	}
	j->ops->close(j);
	world_fresh = disk_copy(d);
	disk_free(d);
}

static void
node_new(struct world *w, size_t i)
{
	struct node *n = &w->nodes[i];
	struct place *p = &w->map->p[i];

	n->w = w;
	n->index = i;
	n->place = p;
	n->room = PREC_ROUTINE;
	n->wake_at = INT64_MAX;
	n->duty_at = INT64_MAX;
	n->sending = xcalloc(p->topo.count + 1, sizeof *n->sending);
	n->old = rng_chance(&w->rng, w->conf.old);
	if (w->conf.ppm > 0)
		n->ppm = (int)rng_below(&w->rng, 2 * (uint64_t)w->conf.ppm) - w->conf.ppm;
	snprintf(n->conf.self, sizeof n->conf.self, "%s", p->code);
	n->conf.topology = &p->topo;
	n->conf.codebook = w->cb;
	n->conf.rules = w->rules;
	n->conf.reoffer = w->conf.reoffer;
	n->conf.return_after = w->conf.return_after;
	n->conf.day_begins = w->conf.day_begins;
	n->conf.hosted = p->hosted;
	n->conf.link.version_max = n->old ? 1 : 0;
	if (!w->conf.ram) {
		n->disk = disk_new();
		disk_restore(n->disk, world_fresh);
	}
}

struct world *
world_new(const struct world_conf *conf)
{
	struct world *w = xcalloc(1, sizeof *w);

	assert(conf->stations >= 3 && conf->stations <= 1000);
	w->conf = *conf;
	w->rng = rng_of(conf->seed);
	w->began = w->now = conf->start != 0 ? conf->start : WORLD_START;
	w->weather = (struct weather){.delay = 5, .jitter = 20};
	world_books(w);
	log_init(conf->verbose ? LOG_LV_INFO : LOG_LV_ERROR + 1, 2);
	if (!conf->ram) {
		make_fresh();
		vfs_seed(conf->seed);
		vfs_time(w->now);
	}
	w->map = map_new(&w->rng, conf->stations);
	w->n = w->map->n;
	w->wires = xcalloc(w->map->nlines + 1, sizeof *w->wires);
	w->nodes = xcalloc(w->n, sizeof *w->nodes);
	for (size_t i = 0; i < w->n; i++)
		node_new(w, i);
	for (size_t i = 0; i < w->n; i++)
		world_restart(w, i);
	return w;
}

void
world_free(struct world *w)
{
	for (size_t i = 0; i < w->n; i++) {
		struct node *n = &w->nodes[i];

		station_free(n->s);
		if (n->j != NULL)
			n->j->ops->close(n->j);
		if (n->disk != NULL)
			disk_free(n->disk);
		image_free(n->backup);
		free(n->sending);
	}
	net_free(w);
	map_free(w->map);
	free(w->nodes);
	free(w);
}
