/*
 * One link: see link.h for what it promises.
 *
 * Loss is not repaired inside a session: TCP lies below, so what is missing was dropped by a dead connection or a
 * full queue, and a new session, which begins by telling what each side holds, repairs it all.  So every doubt (a
 * gap in frame numbers, bytes that cannot be decoded, an answer overdue) ends the session, and what matters is to
 * begin the next one soon: the initiator tries at the pace of conf.retry_owed while anything is owed, and a while
 * after every break, because the peer may owe us.
 *
 * Here: time, tries, the interface.  Elsewhere: sessions and frames (link_session.c), packing and pacing
 * (link_send.c), what came in (link_recv.c), what is owed (link_queue.c).
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../formats/i18n.h"
#include "link_int.h"

#define STEP_MOST 600000	/* ms; a larger step of the clock is not time passing */
#define WAKE_MOST 300000	/* so that a sleeper's own step is never taken for one */
#define OUT_KEEP 2048		/* bytes; a county has hundreds of links */
#define SLOW_BELOW 128000	/* bit/s */

void
link_time(struct link *l, int64_t now)
{
	int64_t step;

	if (!l->timed) {
		l->timed = true;
		l->now = l->since = now;
		return;
	}
	if (__builtin_sub_overflow(now, l->now, &step))
		step = 0;
	l->now = now;
	if (step > 0 && step <= STEP_MOST)
		l->mono += step;
}

/* splitmix64 (Steele, Lea, Flood 2014): not secret, CURVE keeps strangers out; it only must not repeat. */
static uint64_t
next_random(struct link *l)
{
	uint64_t z = l->random += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

uint64_t
link_nonce(struct link *l)
{
	uint64_t n;

	do
		n = next_random(l);
	while (n == 0);
	return n;
}

/* Half to one and a half of ms. */
static int64_t
jitter(struct link *l, int64_t ms)
{
	return ms / 2 + (int64_t)(next_random(l) % ((uint64_t)ms + 1));
}

/* The only place a link's state changes.  old == state: a reason worth telling without a change. */
void
link_enter(struct link *l, enum link_state state, const char *why)
{
	static const bool allowed[3][3] = {
		[LINK_IDLE] = { [LINK_IDLE] = true, [LINK_CONNECTING] = true, [LINK_UP] = true },
		[LINK_CONNECTING] = { [LINK_IDLE] = true, [LINK_UP] = true },
		[LINK_UP] = { [LINK_IDLE] = true, [LINK_UP] = true },
	};
	enum link_state old = l->state;

	assert(allowed[old][state]);
	assert(!l->conf.initiator || old != LINK_IDLE || state != LINK_UP);
	(void)snprintf(l->why, sizeof(l->why), "%s", why);
	l->state = state;
	if (old != state)
		l->since = l->now;
	l->ops->state(l->ctx, old, state, l->why);
}

void
link_emit(struct link *l, uint64_t conn, const struct buf *f)
{
	assert(f->n <= LINK_FRAME_MAX);
	l->sending_conn = conn;
	l->ops->send(l->ctx, f->p, f->n);
}

/* Parts begun are owed too: their sender may not be able to reach us by itself. */
static bool
owed(const struct link *l)
{
	return l->q.count[0] > 0 || l->rx.tell.n > 0 || l->rx.pending.n > 0 || l->rx.n_parts > 0;
}

void
link_plan_try(struct link *l, bool at_once)
{
	bool quick = !l->misfit && (owed(l) || l->quick_tries > 0);

	l->retry_at = l->mono;
	if (!at_once)
		l->retry_at += jitter(l, quick ? l->conf.retry_owed : l->conf.retry_idle);
}

static void
try_connect(struct link *l)
{
	assert(l->conf.initiator && l->state == LINK_IDLE);
	if (l->quick_tries > 0)
		l->quick_tries--;
	l->hello_nonce = 0;
	l->last_try = l->mono;
	l->give_up_at = l->mono + l->conf.hello_wait;
	link_enter(l, LINK_CONNECTING, N_("trying"));
	l->ops->connect(l->ctx);
}

/* A try or a session of the initiator is over. */
void
link_drop_transport(struct link *l)
{
	if (l->hello_nonce != 0)
		l->dead_conn = l->conn;
	l->hello_nonce = 0;
	l->ops->close(l->ctx);
}

void
link_try_failed(struct link *l, const char *why)
{
	assert(l->state == LINK_CONNECTING);
	link_drop_transport(l);
	link_plan_try(l, false);
	link_enter(l, LINK_IDLE, why);
}

struct link *
link_new(const struct link_conf *conf, const struct link_ops *ops, void *ctx)
{
	struct link *l = xcalloc(1, sizeof(*l));

	assert(conf->epoch > 0);
	l->conf = *conf;
	l->ops = ops;
	l->ctx = ctx;
	if (l->conf.version_max < LINK_PROTO_MIN || l->conf.version_max > LINK_PROTO_MAX)
		l->conf.version_max = LINK_PROTO_MAX;
	l->slow = conf->rate_bps > 0 && conf->rate_bps < SLOW_BELOW;
	if (l->conf.hello_wait <= 0)
		l->conf.hello_wait = l->slow ? 180000 : 10000;
	if (l->conf.retry_owed <= 0)
		l->conf.retry_owed = 1000;
	if (l->conf.retry_idle <= 0)
		l->conf.retry_idle = 15000;
	if (l->conf.probe_idle <= 0)
		l->conf.probe_idle = 15000;
	if (l->conf.dead_after <= 0)
		l->conf.dead_after = l->slow ? 90000 : 20000;
	l->random = conf->seed;
	l->clock_diff = INT64_MIN;
	l->reset_at = -LINK_RESET_EVERY;
	link_queue_init(&l->q);
	return l;
}

void
link_free(struct link *l)
{
	if (l == NULL)
		return;
	link_send_end(l);
	link_queue_free(&l->q);
	link_recv_free(&l->rx);
	free(l->pending);
	buf_free(&l->out);
	free(l);
}

void
link_start(struct link *l, int64_t now)
{
	link_time(l, now);
	if (l->started)
		return;
	l->started = true;
	l->quick_tries = LINK_QUICK_TRIES;
	l->retry_at = l->last_try = l->mono;
}

void
link_stop(struct link *l, int64_t now)
{
	struct frame_head head = { .type = FRAME_BYE, .to = l->s.peer };

	link_time(l, now);
	if (!l->started)
		return;
	if (l->state == LINK_UP) {
		buf_clear(&l->out);
		link_frame_head_put(&l->out, &head);
		link_emit(l, l->s.conn, &l->out);
		link_session_end(l, N_("stopped"), false);
	} else if (l->state == LINK_CONNECTING) {
		link_try_failed(l, N_("stopped"));
	}
	link_offers_drop(l, UINT64_MAX);
	l->started = false;
}

void
link_connected(struct link *l, int64_t now, uint64_t conn)
{
	link_time(l, now);
	if (!l->started || l->state != LINK_CONNECTING)
		return;
	l->conn = conn;
	l->hello_nonce = link_nonce(l);
	l->give_up_at = l->mono + l->conf.hello_wait;
	link_hello_send(l, conn, 0, l->hello_nonce, l->rx.epoch, l->rx.low > 0 ? l->rx.low : 1);
}

void
link_disconnected(struct link *l, int64_t now, uint64_t conn)
{
	link_time(l, now);
	for (size_t i = 0; l->pending != NULL && i < LINK_PENDINGS; i++) {
		if (l->pending[i].order != 0 && l->pending[i].conn == conn)
			l->pending[i].order = 0;
	}
	if (l->state == LINK_UP && l->s.conn == conn)
		link_session_end(l, N_("disconnected"), false);
	else if (l->state == LINK_CONNECTING && (l->hello_nonce != 0 ? conn == l->conn : conn != l->dead_conn))
		link_try_failed(l, N_("no connection"));
}

uint64_t
link_conn(const struct link *l)
{
	return l->sending_conn;
}

void
link_enqueue(struct link *l, int64_t now, uint64_t token, int precedence, size_t bytes)
{
	int64_t soon;

	link_time(l, now);
	link_queue_add(&l->q, token, precedence, bytes)->at = now;
	if (!l->started || !l->conf.initiator || l->state != LINK_IDLE || l->misfit)
		return;
	soon = l->last_try + jitter(l, l->conf.retry_owed);
	if (soon < l->retry_at)
		l->retry_at = soon;
}

void
link_forget(struct link *l, int64_t now, uint64_t token)
{
	struct parcel *p = link_queue_by_token(&l->q, token);

	link_time(l, now);
	if (p == NULL)
		return;
	if (l->state == LINK_UP && p->serial != 0)
		l->s.low_due = true;	/* the peer need not keep a gap for it */
	link_send_forget(l, p);
	link_queue_done(&l->q, p);
}

bool
link_note(struct link *l, int64_t now, const void *p, size_t n)
{
	link_time(l, now);
	return l->state == LINK_UP && link_send_note(l, p, n);
}

unsigned
link_version(const struct link *l)
{
	return l->state == LINK_UP ? l->s.version : 0;
}

void
link_custody(struct link *l, int64_t now, uint64_t serial)
{
	link_time(l, now);
	(void)link_recv_commit(&l->rx, serial);
}

void
link_refuse(struct link *l, int64_t now, uint64_t serial, const char *why)
{
	link_time(l, now);
	(void)link_recv_refuse(&l->rx, serial, why);
	if (l->state == LINK_UP && l->rx.overflow)
		link_session_end(l, N_("too many refusals at once"), true);
}

void
link_flush(struct link *l, int64_t now)
{
	link_time(l, now);
	if (l->state != LINK_UP)
		return;
	link_queue_reoffer(&l->q, l->mono);
	while (link_send_frame(l))
		continue;
	if (l->out.cap > OUT_KEEP)
		buf_free(&l->out);
}

void
link_tick(struct link *l, int64_t now)
{
	link_time(l, now);
	if (!l->started)
		return;
	switch (l->state) {
	case LINK_IDLE:
		if (l->conf.initiator && l->mono >= l->retry_at)
			try_connect(l);
		break;
	case LINK_CONNECTING:
		if (l->mono >= l->give_up_at)
			link_try_failed(l, l->hello_nonce != 0 ? N_("no answer to HELLO") : N_("no connection"));
		break;
	case LINK_UP:
		if (l->s.wait_since >= 0 && l->mono - l->s.wait_since >= l->conf.dead_after)
			link_session_end(l, N_("no answer"), true);
		else if (!l->s.probe_out && l->mono - l->s.heard >= l->conf.probe_idle)
			l->s.probe_due = true;
		break;
	}
}

static int64_t
sooner(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

int64_t
link_wake(const struct link *l)
{
	int64_t due = INT64_MAX, wake;

	if (!l->started)
		return INT64_MAX;
	switch (l->state) {
	case LINK_IDLE:
		if (!l->conf.initiator)
			return INT64_MAX;
		due = l->retry_at;
		break;
	case LINK_CONNECTING:
		due = l->give_up_at;
		break;
	case LINK_UP:
		if (l->s.acks_owed > 0)
			due = l->s.ack_at;
		if (l->s.wait_since >= 0)
			due = sooner(due, l->s.wait_since + l->conf.dead_after);
		if (!l->s.probe_out)
			due = sooner(due, l->s.heard + l->conf.probe_idle);
		due = sooner(due, link_queue_reoffer_at(&l->q));
		break;
	}
	due = due > l->mono ? due - l->mono : 0;
	if (due > WAKE_MOST)
		due = WAKE_MOST;
	return __builtin_add_overflow(l->now, due, &wake) ? INT64_MAX : wake;
}

void
link_status(const struct link *l, struct link_status *st)
{
	memset(st, 0, sizeof(*st));
	st->state = l->state;
	st->since = l->since;
	st->last_heard = l->last_heard;
	st->rtt = l->state == LINK_UP ? l->s.rtt : -1;
	st->clock_diff = l->clock_diff;
	for (size_t i = 1; i <= LINK_PRECEDENCES; i++) {
		st->queued[i] = l->q.count[i];
		st->oldest[i] = l->q.oldest[i] != NULL ? l->q.oldest[i]->at : 0;
	}
	st->version = link_version(l);
	st->in_flight = l->s.in_flight;
	st->peer_epoch = l->rx.epoch;
	st->tx_next = l->q.next;
	st->tx_low = l->q.low;
	st->rx_cum = l->rx.cum;
	st->sessions = l->sessions;
	(void)snprintf(st->why, sizeof(st->why), "%s", l->why);
}
