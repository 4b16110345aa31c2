#ifndef TESTS_UNIT_LINK_SIM_H
#define TESTS_UNIT_LINK_SIM_H
/*
 * Two links, a virtual clock and a network in memory, from one seed.
 *
 * Side 0 is the initiator.  Each side has a durable outbox (recs), a store that commits some time after it was
 * handed a parcel, a clock of its own that may be set, and may be restarted with a new epoch: then what was not
 * committed is gone and what has no custody is enqueued anew.  The network delays, drops, doubles, swallows in
 * silence, cuts, and delivers frames of dead connections late.  What must never happen is asserted where it would.
 */
#include "../../switch/link_int.h"

enum sim_kind { SIM_FRAME, SIM_CONNECTED, SIM_DISCONNECTED, SIM_COMMIT };

struct sim_event {
	int64_t at;
	uint64_t order;
	enum sim_kind kind;
	int side; /* to whom */
	unsigned life;
	uint64_t conn;
	uint8_t *p;
	size_t n;
	bool late;
};

struct sim_rec {
	int precedence;
	size_t size;
	bool custody, committed;
	unsigned hand_ups;
	uint64_t handed_in; /* lives of sender and receiver when last handed up; 0: may come again */
	int64_t queued_at, handed_at;
};

struct sim_pend {
	uint64_t handle, token;
	bool refuse;
};

struct sim_conn {
	bool open, silent[2];
	int64_t last_at[2];
};

struct sim;
struct sim_side {
	struct sim *w;
	int id;
	struct link *link;
	struct link_conf conf;
	unsigned life;
	int64_t off, armed;
	struct sim_rec *recs;
	size_t n_recs;
	struct sim_pend *pend;
	size_t n_pend;
	uint64_t window_of; /* session */
	size_t window;	    /* the largest of it */
	uint64_t connects, refusals, custodies, frames, bytes;
	enum link_state state;
	char why[128];
	uint64_t *order; /* tokens of the other side in the order handed up here */
	size_t n_order;
	bool dumb; /* answers nothing: its link is never called */
	unsigned items; /* bit a type of item it has sent */
	size_t notes;	/* handed up here */
	struct buf note; /* the last of them */
};

struct sim {
	struct sim_side side[2];
	int64_t t;
	uint64_t seed, random, order;
	struct sim_event *ev;
	size_t n_ev, cap_ev;
	struct sim_conn *conns;
	size_t n_conns;
	int64_t delay, jitter, commit_delay, line_free[2];
	unsigned rate, drop, dup, refuse; /* bit/s; per 10000 */
	bool outage, faults;
	uint64_t ticks_at_t;
};

#define SIM_T0 INT64_C(1763787393000)
#define sim_check(w, cond)                                                                                             \
	do {                                                                                                           \
		if (!(cond)) {                                                                                         \
			print_message("seed %llu t=%lld: %s\n", (unsigned long long)(w)->seed,                         \
			    (long long)((w)->t - SIM_T0), #cond);                                                      \
			fail_msg("%s:%d: %s", __FILE__, __LINE__, #cond);                                              \
		}                                                                                                      \
	} while (0)

static uint64_t
sim_random(struct sim *w)
{
	uint64_t z = w->random += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static bool
sim_chance(struct sim *w, unsigned of_10000)
{
	return of_10000 > 0 && sim_random(w) % 10000 < of_10000;
}

static bool
sim_before(const struct sim_event *a, const struct sim_event *b)
{
	return a->at != b->at ? a->at < b->at : a->order < b->order;
}

static void
sim_push(struct sim *w, struct sim_event e)
{
	size_t i;

	if (w->n_ev == w->cap_ev) {
		w->cap_ev = w->cap_ev > 0 ? w->cap_ev * 2 : 64;
		w->ev = xreallocarray(w->ev, w->cap_ev, sizeof(*w->ev));
	}
	e.order = ++w->order;
	for (i = w->n_ev++; i > 0 && sim_before(&e, &w->ev[(i - 1) / 2]); i = (i - 1) / 2)
		w->ev[i] = w->ev[(i - 1) / 2];
	w->ev[i] = e;
}

static struct sim_event
sim_pop(struct sim *w)
{
	struct sim_event top = w->ev[0], last = w->ev[--w->n_ev];
	size_t i = 0, c;

	while ((c = 2 * i + 1) < w->n_ev) {
		if (c + 1 < w->n_ev && sim_before(&w->ev[c + 1], &w->ev[c]))
			c++;
		if (!sim_before(&w->ev[c], &last))
			break;
		w->ev[i] = w->ev[c];
		i = c;
	}
	w->ev[i] = last;
	return top;
}

static void
sim_bytes(int side, uint64_t token, size_t size, struct buf *out)
{
	uint64_t x = token * 2 + (uint64_t)side + 1;

	buf_put_u8(out, (uint8_t)side);
	buf_put_be64(out, token);
	while (out->n < size) {
		x = x * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		buf_put_u8(out, (uint8_t)(x >> 56));
	}
}

/* Room for one more of n; doubles at powers of two. */
static void *
sim_grow(void *v, size_t n, size_t size)
{
	return (n & (n - 1)) == 0 ? xreallocarray(v, n > 0 ? 2 * n : 1, size) : v;
}

static struct sim_conn *
sim_conn(struct sim *w, uint64_t conn)
{
	return conn >= 1 && conn <= w->n_conns ? &w->conns[conn - 1] : NULL;
}

static void
sim_op_connect(void *ctx)
{
	struct sim_side *s = ctx;
	struct sim *w = s->w;

	s->connects++;
	w->conns = sim_grow(w->conns, w->n_conns, sizeof(*w->conns));
	w->conns[w->n_conns++] = (struct sim_conn){.open = !w->outage};
	if (!w->outage)
		sim_push(w, (struct sim_event){
				.at = w->t + 2 * w->delay, .kind = SIM_CONNECTED, .life = s->life, .conn = w->n_conns});
	else if (sim_chance(w, 8000))
		sim_push(w,
		    (struct sim_event){.at = w->t + 50, .kind = SIM_DISCONNECTED, .life = s->life, .conn = w->n_conns});
}

static void
sim_op_close(void *ctx)
{
	struct sim *w = ((struct sim_side *)ctx)->w;

	for (size_t i = 0; i < w->n_conns; i++)
		w->conns[i].open = false;
}

static void
sim_deliver(struct sim *w, int to, uint64_t conn, const void *p, size_t n, int64_t at)
{
	struct sim_event e = {.at = at, .kind = SIM_FRAME, .side = to, .conn = conn, .p = xmalloc(n), .n = n};

	memcpy(e.p, p, n);
	sim_push(w, e);
}

/* What a DATA frame carries: 0 nothing of parcels, 1 only flash, 2 others too. */
static int
sim_carries(const void *p, size_t n, unsigned *items)
{
	struct reader r = reader_of(p, n);
	struct frame_head head;
	struct frame_item it;
	int what = 0;

	if (!link_frame_head_get(&r, &head) || head.type != FRAME_DATA)
		return 0;
	while (link_frame_item_get(&r, &it) == 1) {
		*items |= 1u << it.type;
		if (it.type == ITEM_PARCEL || it.type == ITEM_FRAGMENT)
			what = it.precedence == 1 && what != 2 ? 1 : 2;
	}
	return what;
}

static void
sim_op_send(void *ctx, const void *p, size_t n)
{
	struct sim_side *s = ctx;
	struct sim *w = s->w;
	struct sim_conn *c = sim_conn(w, link_conn(s->link));
	struct link_status st;
	int64_t at;
	int carries = sim_carries(p, n, &s->items);

	sim_check(w, n <= LINK_FRAME_MAX);
	link_status(s->link, &st);
	if (s->window_of != st.sessions || s->window < link_send_window(s->link))
		s->window = link_send_window(s->link); /* it may shrink while the line is full */
	s->window_of = st.sessions;
	if (carries == 2)
		sim_check(w, st.in_flight <= link_send_window(s->link));
	if (carries != 0)
		sim_check(
		    w, n <= link_send_fragment(s->link) && st.in_flight <= s->window + link_send_fragment(s->link));
	s->frames++;
	s->bytes += n;
	if (c == NULL || !c->open || c->silent[s->id] || sim_chance(w, w->drop))
		return;
	at = w->t;
	if (w->rate > 0) {
		if (w->line_free[s->id] > at)
			at = w->line_free[s->id];
		at += (int64_t)(n * 8000 / w->rate);
		w->line_free[s->id] = at;
	}
	at += w->delay;
	if (w->jitter > 0)
		at += (int64_t)(sim_random(w) % (uint64_t)w->jitter);
	if (at < c->last_at[s->id])
		at = c->last_at[s->id];
	c->last_at[s->id] = at;
	sim_deliver(w, !s->id, link_conn(s->link), p, n, at);
	if (sim_chance(w, w->dup))
		sim_deliver(w, !s->id, link_conn(s->link), p, n, at + (int64_t)(sim_random(w) % 2000));
}

static void
sim_op_payload(void *ctx, uint64_t token, struct buf *out)
{
	struct sim_side *s = ctx;

	sim_check(s->w, token >= 1 && token <= s->n_recs);
	sim_bytes(s->id, token, s->recs[token - 1].size, out);
}

static void
sim_op_received(void *ctx, uint64_t handle, const void *p, size_t n)
{
	struct sim_side *s = ctx;
	struct sim *w = s->w;
	struct reader r = reader_of(p, n);
	struct buf want = {0};
	struct sim_rec *rec;
	uint64_t token = 0, lives;
	uint8_t from = 0;

	sim_check(w, reader_u8(&r, &from) && reader_be64(&r, &token) && from == !s->id);
	sim_check(w, token >= 1 && token <= w->side[from].n_recs);
	rec = &w->side[from].recs[token - 1];
	sim_bytes(from, token, rec->size, &want);
	sim_check(w, want.n == n && memcmp(want.p, p, n) == 0);
	buf_free(&want);
	/* not twice in one life of both */
	lives = s->link->rx.epoch << 32 | s->life; /* a frame may come from the sender's life before */
	sim_check(w, rec->handed_in != lives);
	rec->handed_in = lives;
	if (rec->hand_ups++ == 0)
		rec->handed_at = w->t;
	s->order = sim_grow(s->order, s->n_order, sizeof(*s->order));
	s->order[s->n_order++] = token;
	s->pend = sim_grow(s->pend, s->n_pend, sizeof(*s->pend));
	s->pend[s->n_pend++] = (struct sim_pend){.handle = handle, .token = token, .refuse = sim_chance(w, w->refuse)};
	if (w->commit_delay > 0)
		sim_push(w, (struct sim_event){.at = w->t + (int64_t)(sim_random(w) % (uint64_t)w->commit_delay),
				.kind = SIM_COMMIT,
				.side = s->id,
				.life = s->life});
}

static void
sim_op_custody(void *ctx, uint64_t token)
{
	struct sim_side *s = ctx;
	struct sim_rec *rec = &s->recs[token - 1];

	sim_check(s->w, token >= 1 && token <= s->n_recs);
	sim_check(s->w, !rec->custody);
	sim_check(s->w, rec->committed);
	rec->custody = true;
	s->custodies++;
}

static void
sim_op_refused(void *ctx, uint64_t token, const char *why)
{
	struct sim_side *s = ctx;

	sim_check(s->w, token >= 1 && token <= s->n_recs && *why != '\0');
	s->recs[token - 1].handed_in = 0;
	s->refusals++;
}

static void
sim_op_state(void *ctx, enum link_state old, enum link_state now, const char *why)
{
	struct sim_side *s = ctx;

	sim_check(s->w, old == s->state);
	s->state = now;
	(void)snprintf(s->why, sizeof(s->why), "%s", why);
}

static void
sim_op_note(void *ctx, const void *p, size_t n)
{
	struct sim_side *s = ctx;

	s->notes++;
	buf_clear(&s->note);
	buf_put(&s->note, p, n);
}

static const struct link_ops sim_ops = {
    .connect = sim_op_connect,
    .close = sim_op_close,
    .send = sim_op_send,
    .payload = sim_op_payload,
    .received = sim_op_received,
    .custody = sim_op_custody,
    .refused = sim_op_refused,
    .note = sim_op_note,
    .state = sim_op_state,
};

static int64_t
sim_now(const struct sim_side *s)
{
	return s->w->t + s->off;
}

/* The end of a turn: commit (all that is due), flush, arm the timer. */
static void
sim_turn(struct sim_side *s, bool commit)
{
	int64_t wake;

	if (s->dumb)
		return;
	if (commit || s->w->commit_delay == 0) {
		for (size_t i = 0; i < s->n_pend; i++) {
			struct sim_pend *p = &s->pend[i];
			struct sim_rec *rec = &s->w->side[!s->id].recs[p->token - 1];

			if (p->refuse) {
				rec->handed_in = 0;
				link_refuse(s->link, sim_now(s), p->handle, "disk full");
			} else {
				rec->committed = true;
				link_custody(s->link, sim_now(s), p->handle);
			}
		}
		s->n_pend = 0;
	}
	link_flush(s->link, sim_now(s));
	sim_check(s->w, s->link->rx.n_parts <= FRAME_PARTIALS_MAX && s->link->rx.part_bytes <= 2 * LINK_PARCEL_MAX);
	wake = link_wake(s->link);
	s->armed = wake == INT64_MAX ? INT64_MAX : s->w->t + (wake - sim_now(s));
}

static void
sim_enqueue(struct sim *w, int side, int precedence, size_t size)
{
	struct sim_side *s = &w->side[side];

	s->recs = sim_grow(s->recs, s->n_recs, sizeof(*s->recs));
	s->recs[s->n_recs++] =
	    (struct sim_rec){.precedence = precedence, .size = size < 9 ? 9 : size, .queued_at = w->t};
	link_enqueue(s->link, sim_now(s), s->n_recs, precedence, s->recs[s->n_recs - 1].size);
}

static void
sim_life(struct sim *w, int side)
{
	struct sim_side *s = &w->side[side];

	link_free(s->link);
	s->life++;
	s->conf.epoch++;
	s->conf.seed = sim_random(w);
	s->n_pend = 0;
	s->state = LINK_IDLE;
	s->link = link_new(&s->conf, &sim_ops, s);
	for (size_t i = 0; i < s->n_recs; i++) {
		if (!s->recs[i].custody)
			link_enqueue(s->link, sim_now(s), i + 1, s->recs[i].precedence, s->recs[i].size);
	}
	link_start(s->link, sim_now(s));
	sim_turn(s, false);
}

static void
sim_init(struct sim *w, uint64_t seed, unsigned rate, int64_t delay)
{
	memset(w, 0, sizeof(*w));
	w->t = SIM_T0;
	w->seed = w->random = seed;
	w->rate = rate;
	w->delay = delay;
	for (int i = 0; i < 2; i++) {
		struct sim_side *s = &w->side[i];

		s->w = w;
		s->id = i;
		(void)snprintf(s->conf.self, sizeof(s->conf.self), "%s", i == 0 ? "330225102" : "330225");
		(void)snprintf(s->conf.peer, sizeof(s->conf.peer), "%s", i == 0 ? "330225" : "330225102");
		s->conf.epoch = 1000 + (uint64_t)i;
		s->conf.initiator = i == 0;
		s->conf.rate_bps = rate;
	}
}

static void
sim_start(struct sim *w)
{
	sim_life(w, 0);
	sim_life(w, 1);
}

static void
sim_free(struct sim *w)
{
	for (int i = 0; i < 2; i++) {
		link_free(w->side[i].link);
		free(w->side[i].recs);
		free(w->side[i].pend);
		free(w->side[i].order);
		buf_free(&w->side[i].note);
	}
	for (size_t i = 0; i < w->n_ev; i++)
		free(w->ev[i].p);
	free(w->ev);
	free(w->conns);
}

static void
sim_frame(struct sim *w, struct sim_event *e)
{
	struct sim_side *s = &w->side[e->side];
	const struct sim_conn *c = sim_conn(w, e->conn);

	if (!e->late && !c->open) {
		/* left over from a dead connection: half of it turns up much later */
		if (w->faults && sim_chance(w, 5000)) {
			e->late = true;
			e->at = w->t + (int64_t)(sim_random(w) % 60000);
			sim_push(w, *e);
			e->p = NULL;
		}
		return;
	}
	if (!s->dumb)
		link_frame(s->link, sim_now(s), e->conn, e->p, e->n);
}

static void
sim_one(struct sim *w)
{
	struct sim_event e = sim_pop(w);
	struct sim_side *s = &w->side[e.side];

	switch (e.kind) {
	case SIM_FRAME:
		sim_frame(w, &e);
		break;
	case SIM_CONNECTED:
		if (e.life == s->life && sim_conn(w, e.conn)->open)
			link_connected(s->link, sim_now(s), e.conn);
		break;
	case SIM_DISCONNECTED:
		if (e.life == s->life)
			link_disconnected(s->link, sim_now(s), e.conn);
		break;
	case SIM_COMMIT:
		sim_turn(s, e.life == s->life);
		break;
	}
	free(e.p);
	sim_turn(s, false);
}

/* Runs until then. */
static void
sim_until(struct sim *w, int64_t until)
{
	for (;;) {
		int64_t next = w->n_ev > 0 ? w->ev[0].at : INT64_MAX;
		int who = -1;

		for (int i = 0; i < 2; i++) {
			if (w->side[i].armed < next && !w->side[i].dumb) {
				next = w->side[i].armed;
				who = i;
			}
		}
		if (next > until)
			break;
		if (next > w->t) {
			w->t = next;
			w->ticks_at_t = 0;
		}
		if (who >= 0) {
			sim_check(w, ++w->ticks_at_t < 10); /* no storm of timers */
			link_tick(w->side[who].link, sim_now(&w->side[who]));
			sim_turn(&w->side[who], false);
		} else {
			sim_one(w);
		}
	}
	if (w->t < until)
		w->t = until;
	w->ticks_at_t = 0;
}

static bool
sim_done(const struct sim *w)
{
	for (int i = 0; i < 2; i++) {
		for (size_t k = 0; k < w->side[i].n_recs; k++) {
			if (!w->side[i].recs[k].custody || w->side[i].recs[k].hand_ups == 0)
				return false;
		}
	}
	return true;
}

/* Runs until everything has arrived and is acknowledged; false: not within ms. */
static bool
sim_settle(struct sim *w, int64_t ms)
{
	int64_t end = w->t + ms;

	while (!sim_done(w) && w->t < end)
		sim_until(w, w->t + 100);
	return sim_done(w);
}

/* Cuts the connection; each side may or may not be told. */
static void
sim_cut(struct sim *w, bool tell0, bool tell1)
{
	uint64_t conn = w->n_conns;

	if (conn == 0)
		return;
	w->conns[conn - 1].open = false;
	if (tell0)
		sim_push(
		    w, (struct sim_event){
			   .at = w->t, .kind = SIM_DISCONNECTED, .side = 0, .life = w->side[0].life, .conn = conn});
	if (tell1)
		sim_push(
		    w, (struct sim_event){
			   .at = w->t, .kind = SIM_DISCONNECTED, .side = 1, .life = w->side[1].life, .conn = conn});
}

#endif
