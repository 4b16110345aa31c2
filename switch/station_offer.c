/*
 * Offering again, and other ways.
 *
 * Custody of a hop frees the line, not the origin: a relay's disk may burn.  So the origin keeps every addressee open until its 送达
 * comes, and offers the same message again at doubling intervals: twice by the best way, then by the others in turn.  What waits for
 * a neighbour that is down longer than its precedence bears goes by another way that is up; here relays do as the origin does.
 * A message may so arrive twice; whoever gets it dedupes on its id.  When the first way comes back nothing needs doing.
 *
 * Two sweeps look at open addressees: a light one at those whose first hop has taken custody, and from time to time, at a start and
 * when the clock was set back a thorough one at all.  What a sweep found is worked off in pieces, so that no turn grows long.
 * What is concluded of an addressee that cannot be reached stands in station_return.c.
 */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "log.h"
#include "station_int.h"

#define SWEEP_EVERY 30000
#define SWEEP_PIECE 256			/* addressees looked at in one turn */
#define PIECE_PAUSE 20			/* ms between two pieces */
#define DIVERT_PIECE 500		/* parcels diverted in one turn */
#define REOFFER_MAX ((int64_t)24 * 3600 * 1000)
#define RETURN_DEFAULT ((int64_t)72 * 3600 * 1000)
#define OWN_PARKED ((int64_t)30 * 24 * 3600 * 1000)
#define WAYS_ANEW ((int64_t)20 * 3600 * 1000)	/* a "no path" older than this is asked about again */

static int64_t
divert_after(const struct station *s, int precedence)
{
	static const int64_t given[5] = {0, 60000, 180000, 600000, 1800000};

	assert(precedence >= PREC_FLASH && precedence <= PREC_ROUTINE);
	return s->conf.divert[precedence] > 0 ? s->conf.divert[precedence] : given[precedence];
}

static int64_t
return_after(const struct station *s)
{
	return s->conf.return_after > 0 ? s->conf.return_after : RETURN_DEFAULT;
}

static int64_t
thorough_every(const struct station *s)
{
	int64_t t = return_after(s) / 72;

	if (t > s->conf.reoffer)
		t = s->conf.reoffer;
	return t < SWEEP_EVERY ? SWEEP_EVERY : t;
}

/* ---- ways ---- */

/* While the links are made anew some places of the list are empty. */
static struct slink *
link_of(const struct station *s, const char *peer)
{
	for (size_t i = 0; i < s->nlinks; i++)
		if (s->links[i] != NULL && strcmp(s->links[i]->n.station, peer) == 0)
			return s->links[i];
	return NULL;
}

static bool
is_up(const void *ctx, const struct neighbour *n)
{
	const struct slink *l = link_of(ctx, n->station);

	return l != NULL && l->up;
}

/* Down for longer than a message of this precedence bears. */
static bool
is_lost(const struct station *s, const struct neighbour *n, int precedence)
{
	const struct slink *l = link_of(s, n->station);

	return l != NULL && !l->up && l->down_since != 0 && s->last_now - l->down_since >= divert_after(s, precedence);
}

const struct neighbour *
offer_way(const struct station *s, const char *to, int precedence, const char (*hops)[STATION_MAX], size_t nhops)
{
	const struct neighbour *best, *other;

	if (s->way != NULL)
		return s->way;
	best = route_next(s->conf.topology, to, hops, nhops);
	if (best == NULL || !is_lost(s, best, precedence) ||
	    route_ways(s->conf.topology, to, hops, nhops, is_up, s, &other, 1) == 0)
		return best;
	return other;
}

const struct neighbour *
offer_choose(const struct station *s, const struct neighbour *const *ways, size_t n, size_t k)
{
	assert(n > 0);
	for (size_t i = 0; i < n; i++)
		if (is_up(s, ways[(k + i) % n]))
			return ways[(k + i) % n];
	return ways[k % n];
}

void
offer_by(struct station *s, int64_t now, const struct journal_msg *m, char (*to)[STATION_MAX], size_t nto,
    const struct neighbour *way)
{
	assert(s->way == NULL);
	s->way = way;
	station_forward(s, m, to, nto, NULL, NULL);
	s->way = NULL;
	for (size_t i = 0; i < nto; i++) {
		struct journal_delivery d;

		if (s->j->ops->delivery_get(s->j, &m->id, to[i], &d) != 0)
			continue;
		d.offered = now;
		s->j->ops->delivery_put(s->j, &d);
		log_event(LOG_LV_INFO, "reoffer", "station=%s to=%s way=%s serial=%" PRIu64 " epoch=%" PRIu64, s->conf.self,
		    to[i], way != NULL ? way->station : "-", m->id.serial, m->id.epoch);
	}
	s->wrote = true;
}

/* ---- a link that is down ---- */

void
offer_link_state(struct station *s, int64_t now, const char *peer, bool up)
{
	struct slink *l = link_of(s, peer);

	if (l == NULL || l->up == up)
		return;
	l->up = up;
	l->down_since = up ? 0 : now;
	/* Where there was no other way there may be one now. */
	for (size_t i = 0; up && i < s->nlinks; i++)
		if (s->links[i] != NULL)
			s->links[i]->diverted = 0;
	l->divert_row = 0;
}

/* The soonest instant at which parcels of a dead link are to be looked at; which precedence. */
static int64_t
divert_due(const struct station *s, const struct slink *l, int *precedence)
{
	int64_t due = INT64_MAX;

	if (l->up || l->down_since == 0)
		return due;
	for (int p = PREC_FLASH; p <= PREC_ROUTINE; p++)
		if ((l->diverted & 1u << p) == 0 && l->down_since + divert_after(s, p) < due) {
			due = l->down_since + divert_after(s, p);
			*precedence = p;
		}
	return due;
}

static bool
any_up(const struct station *s)
{
	for (size_t i = 0; i < s->nlinks; i++)
		if (s->links[i]->up)
			return true;
	return false;
}

struct stuck {
	const struct slink *link;
	int precedence;
	uint64_t row[DIVERT_PIECE];
	size_t n;
};

static int
stuck_row(void *ctx, const struct journal_outbox *o)
{
	struct stuck *w = ctx;

	if (o->precedence == w->precedence && o->row > w->link->divert_row && strcmp(o->link, w->link->n.station) == 0)
		w->row[w->n++] = o->row;
	return w->n == DIVERT_PIECE;
}

/* Written in this very turn: its COMMIT will queue it. */
static bool
is_gated(const struct station *s, uint64_t row)
{
	for (size_t i = 0; i < s->open.n; i++)
		if (s->open.g[i].kind == GATE_ENQUEUE && s->open.g[i].handle == row)
			return true;
	return false;
}

/* Sends it another way when there is one, or that part of it which has one. */
static void
divert(struct station *s, int64_t now, struct slink *l, uint64_t row)
{
	struct journal_outbox o;
	struct journal_msg m;
	struct envelope e;
	struct fault f;
	const struct neighbour *other;
	bool moved = false;

	memset(&o, 0, sizeof o);
	memset(&m, 0, sizeof m);
	memset(&e, 0, sizeof e);
	if (is_gated(s, row) || s->j->ops->outbox_get(s->j, row, &o) != 0 ||
	    s->j->ops->get_message(s->j, &o.id, &m) != 0 || m.body.n == 0 ||
	    envelope_decode(o.envelope.p, o.envelope.n, &e, &f) != 0)
		goto out;
	/* What is given back is for that neighbour and nobody else. */
	if (e.given_back || e.nhops == 0 || strcmp(e.hops[e.nhops - 1], s->conf.self) != 0)
		goto out;
	e.nhops--; /* station_forward() adds us again */
	for (size_t i = 0; i < e.nto && !moved; i++)
		moved = route_ways(s->conf.topology, e.to[i], (const char(*)[STATION_MAX])e.hops, e.nhops, is_up, s,
			    &other, 1) == 1;
	if (!moved)
		goto out;
	link_forget(l->link, now, row);
	line_withdraw(s, now, &o);
	s->j->ops->outbox_del(s->j, row);
	s->wrote = true;
	m.precedence = o.precedence;
	station_forward(s, &m, e.to, e.nto, &e, NULL);
	log_event(LOG_LV_INFO, "divert", "station=%s link=%s origin=%s epoch=%" PRIu64 " serial=%" PRIu64, s->conf.self,
	    l->n.station, o.id.origin, o.id.epoch, o.id.serial);
out:
	envelope_free(&e);
	buf_free(&o.envelope);
	buf_free(&m.body);
}

struct served {
	const struct msgid *id;
	uint64_t row[WAYS_MAX];
	size_t n;
};

static int
served_row(void *ctx, const struct journal_outbox *o)
{
	struct served *w = ctx;

	if (msgid_cmp(&o->id, w->id) == 0)
		w->row[w->n++] = o->row;
	return w->n == WAYS_MAX;
}

/* Takes one addressee out of a waiting parcel that leads nowhere; the others wait on under a new number. */
static bool
withdraw_from(struct station *s, int64_t now, const struct journal_msg *m, uint64_t row, const char *to,
    const struct neighbour *way)
{
	struct journal_outbox o;
	struct envelope e, rest;
	struct fault f;
	const struct neighbour *n;
	bool done = false;

	memset(&o, 0, sizeof o);
	memset(&e, 0, sizeof e);
	memset(&rest, 0, sizeof rest);
	if (is_gated(s, row) || s->j->ops->outbox_get(s->j, row, &o) != 0 ||
	    envelope_decode(o.envelope.p, o.envelope.n, &e, &f) != 0 || e.given_back)
		goto out;
	for (size_t i = 0; i < e.nto; i++)
		if (strcmp(e.to[i], to) == 0)
			done = true;
		else
			envelope_add_to(&rest, e.to[i]);
	if (done && *o.link != '\0')
		done = (n = topology_find(s->conf.topology, o.link)) != NULL && n != way && is_lost(s, n, o.precedence);
	if (!done)
		goto out;
	line_withdraw(s, now, &o);
	s->j->ops->outbox_del(s->j, row);
	s->wrote = true;
	if (rest.nto > 0) {
		for (size_t i = 0; i < e.nhops; i++)
			if (envelope_add_hop(&rest, e.hops[i]))
				rest.hop_ms[i] = e.hop_ms[i];
		buf_put(&rest.sig, e.sig.p, e.sig.n);
		station_parcel(s, m, o.link, o.precedence, &rest, 0, 0);
	}
out:
	envelope_free(&e);
	envelope_free(&rest);
	buf_free(&o.envelope);
	return done;
}

bool
offer_takes_over(struct station *s, int64_t now, const struct journal_msg *m, const char *to, const struct envelope *came)
{
	const char(*hops)[STATION_MAX] = (const char(*)[STATION_MAX])came->hops;
	const struct neighbour *best = route_next(s->conf.topology, to, NULL, 0);
	const struct neighbour *way = offer_way(s, to, m->precedence, hops, came->nhops);
	struct served w = {.id = &m->id};
	struct journal_counts c;
	bool taken = false;

	if (way == NULL || s->j->ops->counts(s->j, &c) != 0)
		return false;
	/* The outbox is walked only when something may be found there that waits in vain. */
	if (c.no_path == 0 && (!is_up(s, way) || !is_lost(s, best, m->precedence)))
		return false;
	s->j->ops->outbox_each(s->j, served_row, &w);
	for (size_t i = 0; i < w.n; i++)
		taken = withdraw_from(s, now, m, w.row[i], to, way) || taken;
	return taken && s->j->ops->outbox_has(s->j, &m->id, to) != 0;
}

/* A piece of what waits in this precedence; when that was the last, the precedence is done with. */
static void
divert_link(struct station *s, int64_t now, struct slink *l, int precedence)
{
	struct stuck *w = xcalloc(1, sizeof *w);
	struct link_status st;

	w->link = l;
	w->precedence = precedence;
	link_status(l->link, &st);
	if (st.queued[precedence] > 0)
		s->j->ops->outbox_each(s->j, stuck_row, w);
	for (size_t i = 0; i < w->n; i++)
		divert(s, now, l, w->row[i]);
	l->divert_row = w->n > 0 ? w->row[w->n - 1] : 0;
	if (w->n < DIVERT_PIECE) {
		l->divert_row = 0;
		l->diverted |= 1u << precedence;
	}
	free(w);
}

static void
divert_tick(struct station *s, int64_t now)
{
	bool other = any_up(s);

	for (size_t i = 0; i < s->nlinks; i++) {
		struct slink *l = s->links[i];
		int p = 0;

		if (!l->up && (l->down_since == 0 || l->down_since > now))
			l->down_since = now; /* new, or the clock was set back */
		while (other && divert_due(s, l, &p) <= now) {
			divert_link(s, now, l, p);
			if ((l->diverted & 1u << p) == 0)
				break;
		}
	}
}

/* ---- the sweeps ---- */

/* The interval doubles with the time since the first custody, from `reoffer` up to a day. */
static bool
is_due(const struct station *s, int64_t now, const struct journal_delivery *d)
{
	int64_t wait = d->offered - d->since;

	if (d->offered > now)
		return true; /* the clock stood ahead */
	if (d->state == DLV_OPEN || wait < s->conf.reoffer)
		wait = s->conf.reoffer;
	if (wait > REOFFER_MAX)
		wait = REOFFER_MAX;
	return now - d->offered >= wait;
}

/* Which offer after the first custody this is: the second goes the same way as the first. */
static size_t
offer_number(const struct station *s, int64_t now, const struct journal_delivery *d)
{
	int64_t age = now - d->since;
	size_t k = 0;

	if (d->state != DLV_CUSTODY)
		return 0;
	for (int64_t t = 2 * s->conf.reoffer; age >= t && k < 32; t *= 2)
		k++;
	return k;
}

struct sweep {
	struct station *s;
	int64_t now;
	bool thorough;
};

static int
open_row(void *ctx, const struct journal_delivery *d)
{
	struct sweep *w = ctx;
	struct station *s = w->s;

	if (!w->thorough && (d->state != DLV_CUSTODY || !is_due(s, w->now, d)))
		return 0;
	if (s->ntodo == s->captodo) {
		s->captodo = s->captodo == 0 ? 64 : s->captodo * 2;
		s->todo = xreallocarray(s->todo, s->captodo, sizeof *s->todo);
	}
	s->todo[s->ntodo].id = d->id;
	memcpy(s->todo[s->ntodo++].to, d->to, STATION_MAX);
	return 0;
}

/* True when it is to be offered now, by *way (NULL: as it is routed, which is nowhere at present). */
static bool
judge(struct station *s, int64_t now, const struct journal_msg *m, struct journal_delivery *d, const struct neighbour **way)
{
	const struct neighbour *ways[WAYS_MAX];
	bool waits = s->j->ops->outbox_has(s->j, &d->id, d->to) == 0;
	int64_t age;
	size_t n;

	*way = NULL;
	if (d->state != DLV_OPEN && d->state != DLV_CUSTODY)
		return false;
	if (topology_phone(s->conf.topology, d->to))
		return false; /* told by telephone: open until somebody has, never concluded from silence */
	if (d->since > now) { /* the clock stood ahead when it was written: counted from now */
		d->since = now;
		s->j->ops->delivery_put(s->j, d);
		s->wrote = true;
	}
	age = line_age(s, now, m->stored < d->since ? m->stored : d->since);
	if (age >= return_after(s) && line_clock_settled(s)) {
		return_expired(s, now, d);
		return false;
	}
	if (route_ways(s->conf.topology, d->to, NULL, 0, NULL, NULL, ways, 1) == 0) {
		if (age >= s->conf.reoffer)
			return_unreachable(s, now, d);
		return !waits && m->body.n > 0;
	}
	if (waits || m->body.n == 0 || !is_due(s, now, d))
		return false;
	if ((n = return_ways(s, m, d->to, now - WAYS_ANEW, ways)) == 0) {
		return_unreachable(s, now, d);
		return false;
	}
	*way = offer_choose(s, ways, n, offer_number(s, now, d));
	return true;
}

/* Addressees of one message: those that go the same way share a parcel. */
static void
sweep_message(struct station *s, int64_t now, const struct open_row *r, size_t n)
{
	const struct neighbour **way = xcalloc(n, sizeof *way);
	bool *offer = xcalloc(n, sizeof *offer);
	char(*to)[STATION_MAX] = xcalloc(n, STATION_MAX);
	struct journal_msg m;

	memset(&m, 0, sizeof m);
	if (s->j->ops->get_message(s->j, &r->id, &m) != 0)
		goto out;
	for (size_t i = 0; i < n; i++) {
		struct journal_delivery d;

		if (s->j->ops->delivery_get(s->j, &r[i].id, r[i].to, &d) == 0)
			offer[i] = judge(s, now, &m, &d, &way[i]);
	}
	for (size_t i = 0; i < n; i++) {
		size_t nto = 0;

		for (size_t k = i; k < n; k++)
			if (offer[k] && way[k] == way[i]) {
				memcpy(to[nto++], r[k].to, STATION_MAX);
				offer[k] = k == i; /* taken; i itself says that there is something */
			}
		if (offer[i] && nto > 0)
			offer_by(s, now, &m, to, nto, way[i]);
		offer[i] = false;
	}
out:
	free(way);
	free(offer);
	free(to);
	buf_free(&m.body);
}

static void
sweep_piece(struct station *s, int64_t now)
{
	size_t end = s->ntodo - s->attodo > SWEEP_PIECE ? s->attodo + SWEEP_PIECE : s->ntodo, n;

	for (; s->attodo < end; s->attodo += n) {
		const struct open_row *r = &s->todo[s->attodo];

		for (n = 1; s->attodo + n < end && msgid_cmp(&r->id, &r[n].id) == 0; n++)
			;
		sweep_message(s, now, r, n);
	}
	if (s->attodo == s->ntodo) {
		free(s->todo);
		s->todo = NULL;
		s->ntodo = s->captodo = s->attodo = 0;
	}
	return_flush(s, now);
}

/* ---- what no way was found for ---- */

struct parked {
	uint64_t after;
	uint64_t *row;
	size_t n, cap;
};

static int
parked_row(void *ctx, const struct journal_outbox *o)
{
	struct parked *p = ctx;

	if (*o->link != '\0' || o->row <= p->after)
		return 0;
	if (p->n == p->cap) {
		p->cap = p->cap == 0 ? 64 : p->cap * 2;
		p->row = xreallocarray(p->row, p->cap, sizeof *p->row);
	}
	p->row[p->n++] = o->row;
	return p->n == SWEEP_PIECE;
}

/* What passes through and no way leads on for: its origin was told and offers it again itself; here it waits for as long as an origin
 * does.  So do the switch's own notices, which nobody offers again.  What people here have written waits a month longer: they were
 * told that it is returned, and it is still offered once a day. */
static void
parked_expire(struct station *s, int64_t now)
{
	struct parked p = {.after = s->parked_row};
	struct journal_counts c;

	if (s->j->ops->counts(s->j, &c) != 0 || c.no_path == 0)
		return;
	s->j->ops->outbox_each(s->j, parked_row, &p);
	for (size_t i = 0; i < p.n; i++) {
		struct journal_outbox o;
		struct journal_msg m;
		int64_t wait = return_after(s);

		memset(&o, 0, sizeof o);
		memset(&m, 0, sizeof m);
		if (s->j->ops->outbox_get(s->j, p.row[i], &o) == 0 && s->j->ops->get_message(s->j, &o.id, &m) == 0) {
			if (strcmp(m.id.origin, s->conf.self) == 0 && m.local)
				wait += OWN_PARKED;
			if (now - m.stored >= wait) {
				s->j->ops->outbox_del(s->j, p.row[i]);
				station_audit(s, now, CHAIN_CUSTODY_OUT, &o.id, "no path", s->conf.self, NULL);
			}
		}
		buf_free(&o.envelope);
		buf_free(&m.body);
	}
	s->parked_row = p.n == SWEEP_PIECE ? p.row[p.n - 1] : 0; /* the next look goes on from there */
	free(p.row);
}

void
station_sweep(struct station *s, int64_t now)
{
	struct sweep w = {s, now, s->sweep_all || now >= s->next_thorough || s->next_thorough > now + thorough_every(s)};

	s->sweep_all = false;
	if (s->room == 0)
		return; /* nothing may be written */
	if (s->ntodo == 0)
		s->j->ops->delivery_open(s->j, w.thorough ? INT64_MAX : now - s->conf.reoffer + 1, open_row, &w);
	if (w.thorough) {
		s->next_thorough = now + thorough_every(s);
		parked_expire(s, now);
		if (!s->conf.hosted)
			room_release(s, now); /* of the time when it was */
	}
	sweep_piece(s, now);
	return_daily(s, now);
}

void
offer_tick(struct station *s, int64_t now)
{
	if (now < s->next_sweep - 2 * SWEEP_EVERY)
		s->sweep_all = true; /* the clock was set back */
	divert_tick(s, now);
	if (now >= s->next_sweep || s->sweep_all) {
		station_sweep(s, now);
		s->next_sweep = now + SWEEP_EVERY;
	} else if (s->ntodo > 0) {
		sweep_piece(s, now);
	}
}

int64_t
offer_wake(const struct station *s)
{
	int64_t t = s->ntodo > 0 ? s->last_now + PIECE_PAUSE : s->next_sweep, due;
	bool other = any_up(s);
	int p;

	if (t > s->next_sweep)
		t = s->next_sweep;
	for (size_t i = 0; other && i < s->nlinks; i++)
		if ((due = divert_due(s, s->links[i], &p)) < t)
			t = due;
	return t;
}

void
offers_free(struct station *s)
{
	free(s->todo);
	free(s->concluded);
	free(s->away);
}
