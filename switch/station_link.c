/*
 * The station's links: their effects, the outbox behind them, and which parcel goes to which neighbour.
 *
 * The outbox is the journal's; the links hold only row numbers, so a crash at any moment leaves either no row or a row
 * that is offered again.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "log.h"
#include "station_int.h"

static void slink_connect(void *);
static void slink_close(void *);
static void slink_send(void *, const void *, size_t);
static void slink_payload(void *, uint64_t, struct buf *);
static void slink_received(void *, uint64_t, const void *, size_t);
static void slink_custody(void *, uint64_t);
static void slink_refused(void *, uint64_t, const char *);
static void slink_note(void *, const void *, size_t);
static void slink_state(void *, enum link_state, enum link_state, const char *);

static const struct link_ops slink_ops = {
    .connect = slink_connect,
    .close = slink_close,
    .send = slink_send,
    .payload = slink_payload,
    .received = slink_received,
    .custody = slink_custody,
    .refused = slink_refused,
    .note = slink_note,
    .state = slink_state,
};

/* ---- links ---- */

struct slink *
station_link(struct station *s, const char *peer)
{
	for (size_t i = 0; i < s->nlinks; i++)
		if (strcmp(s->links[i]->n.station, peer) == 0)
			return s->links[i];
	return NULL;
}

static void
slink_connect(void *ctx)
{
	struct slink *l = ctx;

	l->s->ops->connect(l->s->ctx, l->n.station);
}

static void
slink_close(void *ctx)
{
	struct slink *l = ctx;

	l->s->ops->close(l->s->ctx, l->n.station);
}

static void
slink_send(void *ctx, const void *frame, size_t len)
{
	struct slink *l = ctx;

	l->s->ops->send(l->s->ctx, l->n.station, link_conn(l->link), frame, len);
}

static void
slink_payload(void *ctx, uint64_t row, struct buf *out)
{
	struct slink *l = ctx;
	struct journal *j = l->s->j;
	struct journal_outbox o;
	struct journal_msg m;
	struct envelope e;
	struct fault f;

	memset(&o, 0, sizeof o);
	memset(&m, 0, sizeof m);
	memset(&e, 0, sizeof e);
	if (j->ops->outbox_get(j, row, &o) == 0 && j->ops->get_message(j, &o.id, &m) == 0 && m.body.n > 0) {
		if (envelope_decode(o.envelope.p, o.envelope.n, &e, &f) == 0) {
			parcel_encode(&e, m.body.p, m.body.n, out);
			line_digest(l->s, row, m.digest);
		} else
			l->s->ops->alarm(l->s->ctx, "outbox", f.text);
	}
	envelope_free(&e);
	buf_free(&o.envelope);
	buf_free(&m.body);
}

static void
slink_received(void *ctx, uint64_t handle, const void *p, size_t len)
{
	struct slink *l = ctx;

	station_received(l->s, l->s->last_now, l, handle, p, len);
}

static void
slink_custody(void *ctx, uint64_t row)
{
	struct slink *l = ctx;

	station_passed(l->s, l->s->last_now, row);
}

static void
slink_refused(void *ctx, uint64_t row, const char *why)
{
	struct slink *l = ctx;
	struct journal_outbox o;

	memset(&o, 0, sizeof o);
	if (l->s->j->ops->outbox_get(l->s->j, row, &o) == 1) { /* two persons have destroyed it */
		line_forget(l->s, l->n.station, row);
		return;
	}
	buf_free(&o.envelope);
	log_event(LOG_LV_WARN, "refused", "peer=%s row=%" PRIu64 " why=%s", l->n.station, row, log_quote(why));
	if (l->refused_at != 0 && l->s->last_now >= l->refused_at && l->s->last_now - l->refused_at < 600000)
		return;
	l->refused_at = l->s->last_now;
	l->s->ops->alarm(l->s->ctx, "refused", why);
}

static void
slink_note(void *ctx, const void *p, size_t len)
{
	struct slink *l = ctx;

	line_note(l->s, l->s->last_now, l->n.station, p, len);
}

static void
slink_state(void *ctx, enum link_state old, enum link_state state, const char *why)
{
	static const char *const names[] = {"idle", "connecting", "up"};
	struct slink *l = ctx;

	log_event(LOG_LV_INFO, "link", "station=%s peer=%s old=%s new=%s why=%s", l->s->conf.self, l->n.station,
	    names[old], names[state], log_quote(why));
	if ((old == LINK_UP) != (state == LINK_UP)) {
		l->s->push = true;
		if (state == LINK_UP)
			line_up(l->s, l->s->last_now, l->n.station);
		if (state == LINK_UP)
			presence_up(l->s, l->s->last_now, l->n.station);
		offer_link_state(l->s, l->s->last_now, l->n.station, state == LINK_UP);
	}
}

static struct slink *
slink_new(struct station *s, const struct neighbour *n)
{
	struct link_conf lc = s->conf.link;
	struct slink *l = xcalloc(1, sizeof *l);

	l->s = s;
	l->n = *n;
	snprintf(lc.self, sizeof lc.self, "%s", s->conf.self);
	snprintf(lc.peer, sizeof lc.peer, "%s", n->station);
	/* A link made anew (reload) starts its serials at 1 again: to the peer that must be another stream. */
	lc.epoch = s->epoch << 16 | (++s->links_made & 0xffff);
	lc.initiator = *n->endpoint != '\0';
	lc.rate_bps = n->rate_bps;
	lc.seed = s->conf.seed;
	for (const char *p = n->station; *p != '\0'; p++)
		lc.seed = (lc.seed ^ (uint8_t)*p) * 0x100000001b3u;
	lc.seed ^= lc.epoch * UINT64_C(0x9e3779b97f4a7c15); /* of this link: one made anew shall not repeat the nonces of the old */
	l->link = link_new(&lc, &slink_ops, l);
	return l;
}

void
slink_free(struct slink *l)
{
	link_free(l->link);
	free(l);
}

void
station_enqueue(struct station *s, int64_t now, const char *peer, uint64_t row, int precedence, size_t bytes)
{
	struct slink *l = station_link(s, peer);

	if (l != NULL)
		link_enqueue(l->link, now, row, precedence, bytes);
}

struct load {
	struct station *s;
	int64_t now;
	struct slink **fresh;
	size_t nfresh;
	uint64_t *lost; /* rows whose neighbour is gone or that had no path */
	size_t nlost, cap;
};

static bool
is_fresh(const struct load *ld, const char *peer)
{
	for (size_t i = 0; i < ld->nfresh; i++)
		if (strcmp(ld->fresh[i]->n.station, peer) == 0)
			return true;
	return false;
}

/* Written in this very turn: COMMIT will queue it. */
static bool
is_gated(const struct station *s, uint64_t row)
{
	for (size_t i = 0; i < s->open.n; i++)
		if (s->open.g[i].kind == GATE_ENQUEUE && s->open.g[i].handle == row)
			return true;
	return false;
}

/* A row for a link just made is queued on it; one whose neighbour is gone is noted: it looks for another way. */
static int
load_row(void *ctx, const struct journal_outbox *o)
{
	struct load *ld = ctx;

	line_waits(ld->s, o);
	if (is_gated(ld->s, o->row))
		return 0;
	if (is_fresh(ld, o->link)) {
		station_enqueue(ld->s, ld->now, o->link, o->row, o->precedence, o->body_len + o->envelope.n);
		return 0;
	}
	if (*o->link != '\0' && station_link(ld->s, o->link) != NULL)
		return 0;
	if (ld->nlost == ld->cap) {
		ld->cap = ld->cap == 0 ? 64 : ld->cap * 2;
		ld->lost = xreallocarray(ld->lost, ld->cap, sizeof *ld->lost);
	}
	ld->lost[ld->nlost++] = o->row;
	return 0;
}

/* One row may serve several addressees: under another topology their ways may part, so each is routed anew. */
static void
reroute(struct station *s, uint64_t row)
{
	struct journal_outbox o;
	struct journal_msg m;
	struct envelope e;
	struct fault f;

	memset(&o, 0, sizeof o);
	memset(&m, 0, sizeof m);
	memset(&e, 0, sizeof e);
	if (s->j->ops->outbox_get(s->j, row, &o) == 0 && s->j->ops->get_message(s->j, &o.id, &m) == 0 &&
	    envelope_decode(o.envelope.p, o.envelope.n, &e, &f) == 0 && e.nto > 0) {
		bool way = false;

		if (e.nhops > 0 && strcmp(e.hops[e.nhops - 1], s->conf.self) == 0)
			e.nhops--; /* station_forward() adds us again */
		for (size_t i = 0; i < e.nto && !way; i++)
			way =
			    route_next(s->conf.topology, e.to[i], (const char(*)[STATION_MAX])e.hops, e.nhops) != NULL;
		if (way || *o.link != '\0') {
			line_withdraw(s, s->last_now, &o);
			s->j->ops->outbox_del(s->j, row);
			station_forward(s, &m, e.to, e.nto, &e, NULL);
		}
	}
	envelope_free(&e);
	buf_free(&o.envelope);
	buf_free(&m.body);
}

static void
load_outbox(struct station *s, int64_t now, struct slink **fresh, size_t nfresh)
{
	struct load ld = {.s = s, .now = now, .fresh = fresh, .nfresh = nfresh};

	s->j->ops->outbox_each(s->j, load_row, &ld);
	for (size_t i = 0; i < ld.nlost; i++)
		reroute(s, ld.lost[i]);
	free(ld.lost);
}

static bool
same_link(const struct neighbour *a, const struct neighbour *b)
{
	return strcmp(a->station, b->station) == 0 && strcmp(a->endpoint, b->endpoint) == 0 &&
	       a->rate_bps == b->rate_bps && memcmp(a->key, b->key, 32) == 0;
}

/* Makes the links what the topology says; unchanged ones go on undisturbed. */
void
station_build_links(struct station *s, int64_t now)
{
	const struct topology *t = s->conf.topology;
	struct slink **now_links = xcalloc(t->count + 1, sizeof *now_links);
	struct slink **fresh = xcalloc(t->count + 1, sizeof *fresh);
	size_t nfresh = 0, n = 0;

	for (size_t i = 0; i < t->count; i++) {
		if (t->n[i].role == ROLE_PHONE)
			continue;
		for (size_t k = 0; k < s->nlinks; k++)
			if (s->links[k] != NULL && same_link(&s->links[k]->n, &t->n[i])) {
				now_links[n] = s->links[k];
				now_links[n]->n = t->n[i];
				s->links[k] = NULL;
				break;
			}
		if (now_links[n] == NULL)
			now_links[n] = fresh[nfresh++] = slink_new(s, &t->n[i]);
		n++;
	}
	for (size_t k = 0; k < s->nlinks; k++)
		if (s->links[k] != NULL) {
			link_stop(s->links[k]->link, now);
			slink_free(s->links[k]);
		}
	free(s->links);
	s->links = now_links;
	s->nlinks = n;
	load_outbox(s, now, fresh, nfresh);
	if (s->started)
		for (size_t i = 0; i < nfresh; i++)
			link_start(fresh[i]->link, now);
	free(fresh);
}

/* ---- forwarding ---- */

void
station_parcel(struct station *s, const struct journal_msg *m, const char *peer, int precedence, struct envelope *e,
    uint64_t stream, uint64_t serial)
{
	struct journal_outbox o;
	struct gate g = {.kind = GATE_ENQUEUE};

	memset(&o, 0, sizeof o);
	snprintf(o.link, sizeof o.link, "%s", peer);
	o.id = m->id;
	o.precedence = precedence;
	e->precedence = precedence;
	o.stream = e->stream = stream;
	o.serial = e->serial = serial;
	if (serial == 0)
		line_number(s, s->last_now, &o, e);
	envelope_encode(e, &o.envelope);
	s->j->ops->outbox_add(s->j, &o);
	s->wrote = true;
	if (*peer != '\0') {
		g.handle = o.row;
		g.precedence = precedence;
		g.bytes = m->body.n + o.envelope.n;
		snprintf(g.peer, sizeof g.peer, "%s", peer);
		station_gate(s, &g);
	}
	buf_free(&o.envelope);
}

void
station_forward(struct station *s, const struct journal_msg *m, char (*to)[STATION_MAX], size_t nto,
    const struct envelope *came, struct envelope *nopath)
{
	bool *done = xcalloc(nto + 1, sizeof *done);

	/* Told by telephone: nothing is made for it that could ever seem to be on its way. */
	for (size_t i = 0; nopath == NULL && (came == NULL || came->nhops == 0) && i < nto; i++)
		done[i] = topology_phone(s->conf.topology, to[i]);
	for (size_t i = 0; i < nto; i++) {
		const struct neighbour *n;
		struct envelope e;

		if (done[i])
			continue;
		n = offer_way(s, to[i], m->precedence, came != NULL ? (const char(*)[STATION_MAX])came->hops : NULL,
		    came != NULL ? came->nhops : 0);
		if (n == NULL && nopath != NULL) {
			envelope_add_to(nopath, to[i]);
			done[i] = true;
			continue;
		}
		memset(&e, 0, sizeof e);
		for (size_t h = 0; came != NULL && h < came->nhops; h++)
			if (envelope_add_hop(&e, came->hops[h]))
				e.hop_ms[h] = came->hop_ms[h];
		if (!envelope_add_hop(&e, s->conf.self)) {
			if (nopath != NULL)
				envelope_add_to(nopath, to[i]);
			done[i] = true;
			envelope_free(&e);
			continue;
		}
		e.hop_ms[e.nhops - 1] = m->stored;
		for (size_t k = i; k < nto; k++) {
			const struct neighbour *other =
			    k == i    ? n
			    : done[k] ? NULL
				      : offer_way(s, to[k], m->precedence,
					    came != NULL ? (const char(*)[STATION_MAX])came->hops : NULL,
					    came != NULL ? came->nhops : 0);

			if (!done[k] && other == n && e.nto < ENVELOPE_TO_MAX) { /* the rest takes another parcel */
				envelope_add_to(&e, to[k]);
				done[k] = true;
			}
		}
		if (came != NULL && came->sig.n > 0)
			buf_put(&e.sig, came->sig.p, came->sig.n);
		station_parcel(s, m, n != NULL ? n->station : "", m->precedence, &e, 0, 0);
		envelope_free(&e);
	}
	free(done);
}
