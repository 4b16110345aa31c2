/*
 * What arrives from neighbours: storing, relaying, 送达, receipts, and the sweep that offers again what has no 送达.
 *
 * Whatever an authenticated neighbour sends is kept: as a message, or in quarantine with the reason.  Custody is taken
 * in both cases (the neighbour has done its part), after COMMIT.
 */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../formats/i18n.h"
#include "log.h"
#include "station_int.h"

#define REOFFER_MAX ((int64_t)24 * 3600 * 1000)

void
station_quarantine(struct station *s, int64_t now, const char *from, const char *why, const void *p, size_t len)
{
	uint8_t digest[DIGEST_LEN];

	/* The same bytes again are the same trouble: said again, kept once. */
	digest_of(p, len, digest);
	for (size_t i = 0; i < QUARANTINE_SEEN && i < s->nbad; i++)
		if (memcmp(s->bad[i], digest, DIGEST_LEN) == 0) {
			log_event(
			    LOG_LV_WARN, "quarantine", "station=%s from=%s again=1 bytes=%zu", s->conf.self, from, len);
			return;
		}
	memcpy(s->bad[s->nbad++ % QUARANTINE_SEEN], digest, DIGEST_LEN);
	log_event(
	    LOG_LV_ERROR, "quarantine", "station=%s from=%s why=%s bytes=%zu", s->conf.self, from, log_quote(why), len);
	s->j->ops->quarantine(s->j, now, from, why, p, len);
	s->wrote = true;
	s->push = true;
	s->ops->alarm(s->ctx, "quarantine", why);
}

/* A relay's word to the origin that it knows no way to these addressees, or has nothing left to pass on; the origin
 * alone concludes "returned". */
static void
notify_nopath(
    struct station *s, int64_t now, const struct journal_msg *m, const struct envelope *nopath, const char *why)
{
	struct body *b = body_new();
	struct msgid id;
	struct fault f;
	struct value v;

	body_set_num(b, F_KIND, KIND_RECEIPT);
	body_set_num(b, F_ACT, ACT_RETURNED);
	body_set_id(b, F_REFS, &m->id);
	body_set_text(b, F_TO, m->id.origin);
	for (size_t i = 0; i < nopath->nto; i++) {
		memset(&v, 0, sizeof v);
		v.key = F_REGARDING;
		v.field = field_by_key(F_REGARDING);
		v.u.text.s = nopath->to[i];
		v.u.text.len = strlen(nopath->to[i]);
		body_add_value(b, &v);
	}
	body_set_text(b, F_REASON, why);
	if (station_issue(s, now, m->id.realm, b, s->conf.self, true, &id, &f) == -1)
		log_event(LOG_LV_ERROR, "notice", "why=%s", log_quote(f.text));
	body_free(b);
}

static const char *
act_word(int act)
{
	const struct enum_name *n = enum_by_value("act", act);

	return n != NULL ? n->name : "?";
}

static int
state_of_act(int act)
{
	switch (act) {
	case ACT_DELIVERED:
		return DLV_DELIVERED;
	case ACT_READ:
		return DLV_READ;
	case ACT_SIGNED:
		return DLV_SIGNED;
	case ACT_TAKEN:
		return DLV_TAKEN;
	case ACT_RETURNED:
		return DLV_RETURNED;
	default:
		return 0;
	}
}

/*
 * One act of one addressee about one of our messages.  People's acts only climb.  "Returned" is said by the addressee
 * (退回, at any time) or by a relay that knows no path, which counts only while nobody has told of arrival; any later
 * act of the addressee itself lifts it.
 */
static void
note_act(
    struct station *s, int64_t now, const struct msgid *id, const char *to, int act, const char *person, bool relay)
{
	struct journal_delivery d, was;
	int state = state_of_act(act);
	char detail[96];
	int64_t *slot;

	if (state == 0 || s->j->ops->delivery_get(s->j, id, to, &d) != 0)
		return;
	if (relay && d.state != DLV_OPEN && d.state != DLV_CUSTODY)
		return;
	was = d;
	slot = act == ACT_DELIVERED ? &d.delivered
	       : act == ACT_READ    ? &d.read
	       : act == ACT_SIGNED  ? &d.signed_
	       : act == ACT_TAKEN   ? &d.taken
				    : NULL;
	if (slot != NULL && (*slot == 0 || act == ACT_TAKEN))
		*slot = now;
	if (slot != NULL && d.delivered == 0)
		d.delivered = now; /* who reads has it, whatever became of the 送达 */
	if (state == DLV_RETURNED)
		d.state = DLV_RETURNED;
	else if (d.state == DLV_RETURNED) /* back to the furthest the addressee has come */
		d.state = d.taken != 0	   ? DLV_TAKEN
			  : d.signed_ != 0 ? DLV_SIGNED
			  : d.read != 0	   ? DLV_READ
					   : DLV_DELIVERED;
	else if (state > d.state)
		d.state = state;
	if (d.state != was.state) {
		d.since = now;
		snprintf(d.person, sizeof d.person, "%s", person != NULL ? person : "");
	}
	if (d.state == was.state && d.delivered == was.delivered && d.read == was.read && d.signed_ == was.signed_ &&
	    d.taken == was.taken)
		return; /* said before */
	s->j->ops->delivery_put(s->j, &d);
	snprintf(detail, sizeof detail, "%s %s", to, act_word(act));
	station_audit(s, now, CHAIN_DELIVERY, id, detail, to, NULL);
	s->push = true;
}

/* A station may speak of another's "no path" only when the way to both begins with the same neighbour. */
static bool
on_the_way(const struct station *s, const char *relay, const char *to)
{
	return route_next(s->conf.topology, relay, NULL, 0) == route_next(s->conf.topology, to, NULL, 0);
}

static void
apply_receipt(struct station *s, int64_t now, const struct msgid *rid, const struct body *b)
{
	int act = body_enum(b, F_ACT);
	const char *person = act == ACT_RETURNED ? body_text(b, F_REASON) : body_text(b, F_PERSON);

	for (const struct value *v = body_first(b, F_REFS); v != NULL; v = body_next(b, v)) {
		const struct value *r = body_first(b, F_REGARDING);

		if (strcmp(v->u.id.origin, s->conf.self) != 0)
			continue;
		if (r == NULL)
			note_act(s, now, &v->u.id, rid->origin, act, person, false);
		/* A third station may say that it cannot pass on, never that somebody else has read. */
		for (; r != NULL && act == ACT_RETURNED; r = body_next(b, r))
			if (on_the_way(s, rid->origin, r->u.text.s))
				note_act(s, now, &v->u.id, r->u.text.s, act, person, true);
			else
				log_event(LOG_LV_WARN, "receipt", "from=%s regarding=%s why=\"not on the way\"",
				    rid->origin, r->u.text.s);
	}
}

/* Whatever a message points at is of its own realm: an exercise never touches the live. */
static bool
crosses(const struct body *b, int realm)
{
	static const uint32_t keys[] = {F_INCIDENT, F_REFS, F_PARENTS};

	for (size_t k = 0; k < sizeof keys / sizeof keys[0]; k++)
		for (const struct value *v = body_first(b, keys[k]); v != NULL; v = body_next(b, v))
			if (v->u.id.realm != realm)
				return true;
	return false;
}

static bool
names_self(const struct station *s, const struct body *b)
{
	static const uint32_t keys[] = {F_TO, F_CC};

	for (size_t k = 0; k < 2; k++)
		for (const struct value *v = body_first(b, keys[k]); v != NULL; v = body_next(b, v))
			if (strcmp(v->u.text.s, s->conf.self) == 0)
				return true;
	return false;
}

/* Addressees of the envelope beyond us.  A body's own list bounds what an envelope may ask for. */
static size_t
others(const struct station *s, const struct envelope *e, const struct body *b, char (**out)[STATION_MAX])
{
	size_t n = 0;
	static const uint32_t keys[] = {F_TO, F_CC};

	*out = xcalloc(e->nto + 1, STATION_MAX);
	for (size_t i = 0; i < e->nto; i++) {
		bool named = false;

		for (size_t k = 0; k < 2 && !named; k++)
			for (const struct value *v = body_first(b, keys[k]); v != NULL && !named; v = body_next(b, v))
				named = strcmp(v->u.text.s, e->to[i]) == 0;
		if (named && strcmp(e->to[i], s->conf.self) != 0)
			memcpy((*out)[n++], e->to[i], STATION_MAX);
	}
	return n;
}

static bool
serves_self(const struct station *s, const struct envelope *e)
{
	for (size_t i = 0; i < e->nto; i++)
		if (strcmp(e->to[i], s->conf.self) == 0)
			return true;
	return false;
}

static bool
is_machine(const struct body *b)
{
	int act = body_enum(b, F_ACT);

	return body_enum(b, F_KIND) == KIND_RECEIPT &&
	       (act == ACT_DELIVERED || (act == ACT_RETURNED && body_first(b, F_REGARDING) != NULL));
}

/* Passes a parcel on towards its other addressees; those already waiting in our outbox are not doubled. */
static void
relay(struct station *s, int64_t now, const struct journal_msg *m, const struct body *b, const struct envelope *e)
{
	char(*to)[STATION_MAX];
	struct envelope nopath;
	size_t n = others(s, e, b, &to), keep = 0;

	memset(&nopath, 0, sizeof nopath);
	for (size_t i = 0; i < n; i++)
		if (s->j->ops->outbox_has(s->j, &m->id, to[i]) != 0)
			memmove(to[keep++], to[i], STATION_MAX);
	station_forward(s, m, to, keep, e, &nopath);
	if (nopath.nto > 0 && !is_machine(b))
		notify_nopath(s, now, m, &nopath, "no path");
	envelope_free(&nopath);
	free(to);
}

/* Two persons have destroyed it here: it is not taken in again by being offered again, and not passed on. */
static void
refuse_destroyed(
    struct station *s, int64_t now, const struct journal_msg *m, const struct body *b, const struct envelope *e)
{
	char(*to)[STATION_MAX];
	struct envelope rest;
	size_t n = others(s, e, b, &to);

	memset(&rest, 0, sizeof rest);
	for (size_t i = 0; i < n; i++)
		envelope_add_to(&rest, to[i]);
	if (n > 0)
		notify_nopath(s, now, m, &rest, "destroyed");
	envelope_free(&rest);
	free(to);
}

static void
accept(struct station *s, int64_t now, const char *from, struct journal_msg *m, const struct body *b,
    const struct envelope *e)
{
	bool machine = is_machine(b), here = names_self(s, b) && serves_self(s, e);

	m->local = here && !machine;
	if (s->j->ops->put_message(s->j, m) != 0)
		return; /* journal failed: the commit will say so */
	s->wrote = true;
	log_event(LOG_LV_DEBUG, "stored", "station=%s serial=%" PRIu64 " origin=%s from=%s", s->conf.self, m->id.serial,
	    m->id.origin, from);
	if (here) {
		if (m->kind == KIND_RECEIPT)
			apply_receipt(s, now, &m->id, b);
		if (!machine) {
			idlist_add(&s->arrived, &m->id);
			station_changed(s, &m->incident);
		}
	}
	if (here && m->kind == KIND_SERVICE)
		original_received(s, now, m, b);
	relay(s, now, m, b, e);
}

/* The same id again: after a lost ack, by a second path, or offered anew by its origin for want of 送达. */
static void
accept_again(struct station *s, int64_t now, struct journal_msg *have, const struct body *b, const struct envelope *e)
{
	bool machine = is_machine(b);

	if (names_self(s, b) && serves_self(s, e) && !machine) {
		if (!have->local) {
			s->j->ops->set_local(s->j, &have->id);
			s->wrote = true;
			station_changed(s, &have->incident);
			if (have->kind == KIND_SERVICE && have->body.n > 0)
				original_received(s, now, have, b);
		}
		idlist_add(&s->arrived, &have->id);
	}
	if (machine)
		return;
	if (have->body.n > 0)
		relay(s, now, have, b, e);
	else
		refuse_destroyed(s, now, have, b, e);
}

void
station_received(struct station *s, int64_t now, struct slink *l, uint64_t handle, const void *p, size_t len)
{
	struct envelope e;
	const uint8_t *bytes;
	size_t n;
	struct body *b = NULL;
	struct journal_msg m, have;
	struct fault f = {0};
	struct gate g = {.kind = GATE_CUSTODY, .handle = handle};
	const char *from = l->n.station;
	int rc;

	memset(&e, 0, sizeof e);
	memset(&m, 0, sizeof m);
	memset(&have, 0, sizeof have);
	snprintf(g.peer, sizeof g.peer, "%s", from);
	station_gate(s, &g);
	if (parcel_decode(p, len, &e, &bytes, &n, &f) == -1 || (b = wire_decode(bytes, n, &f)) == NULL) {
		char why[640];

		station_quarantine(s, now, from, fault_format(&f, why, sizeof why), p, len);
		goto out;
	}
	if (!body_id(b, F_ID, &m.id) || m.id.realm > REALM_EXERCISE || (m.kind = body_enum(b, F_KIND)) == 0) {
		station_quarantine(s, now, from, "no id or kind", p, len);
		goto out;
	}
	digest_of(bytes, n, m.digest);
	if ((rc = s->j->ops->get_message(s->j, &m.id, &have)) == -1)
		goto out;
	if (rc == 0) {
		if (memcmp(have.digest, m.digest, DIGEST_LEN) != 0)
			station_quarantine(s, now, from, "same id with another content", p, len);
		else
			accept_again(s, now, &have, b, &e);
		goto out;
	}
	if (!route_plausible(s->conf.topology, from, m.id.origin)) {
		station_quarantine(s, now, from, "this origin cannot come from that neighbour", p, len);
		goto out;
	}
	if (!body_id(b, F_INCIDENT, &m.incident))
		memset(&m.incident, 0, sizeof m.incident);
	if (crosses(b, m.id.realm)) {
		station_quarantine(s, now, from, "crosses from one realm into the other", p, len);
		goto out;
	}
	m.precedence = original_speaks(b) ? PREC_ROUTINE : rules_precedence(s->conf.rules, b);
	if (e.precedence >= PREC_FLASH && e.precedence < m.precedence)
		m.precedence = e.precedence;
	m.stored = now;
	snprintf(m.from, sizeof m.from, "%s", from);
	buf_put(&m.body, bytes, n);
	accept(s, now, from, &m, b, &e);
out:
	envelope_free(&e);
	body_free(b);
	buf_free(&m.body);
	buf_free(&have.body);
}

/* The neighbour has custody: the row goes, in a transaction of this turn. */
void
station_passed(struct station *s, int64_t now, uint64_t row)
{
	struct journal_outbox o;
	struct journal_delivery d;
	struct envelope e;
	struct fault f;

	memset(&o, 0, sizeof o);
	memset(&e, 0, sizeof e);
	if (s->j->ops->outbox_get(s->j, row, &o) != 0)
		return;
	if (envelope_decode(o.envelope.p, o.envelope.n, &e, &f) == 0 && strcmp(o.id.origin, s->conf.self) == 0)
		for (size_t i = 0; i < e.nto; i++)
			if (s->j->ops->delivery_get(s->j, &o.id, e.to[i], &d) == 0 && d.state == DLV_OPEN) {
				d.state = DLV_CUSTODY;
				d.since = now;
				s->j->ops->delivery_put(s->j, &d);
				s->push = true;
			}
	s->j->ops->outbox_del(s->j, row);
	station_audit(s, now, CHAIN_CUSTODY_OUT, &o.id, o.link, o.link, NULL);
	envelope_free(&e);
	buf_free(&o.envelope);
}

/* 送达 of everything this turn brought, one receipt an origin and realm. */
void
station_deliver(struct station *s, int64_t now)
{
	struct idlist todo = s->arrived;

	memset(&s->arrived, 0, sizeof s->arrived);
	for (size_t i = 0; i < todo.n; i++) {
		struct body *b;
		struct msgid first = todo.v[i], id;
		struct fault f;
		size_t n = 0;

		if (!msgid_is_set(&first))
			continue;
		b = body_new();
		body_set_num(b, F_KIND, KIND_RECEIPT);
		body_set_num(b, F_ACT, ACT_DELIVERED);
		body_set_text(b, F_TO, first.origin);
		for (size_t k = i; k < todo.n && n < FIELD_REPEAT_MAX; k++)
			if (todo.v[k].realm == first.realm && strcmp(todo.v[k].origin, first.origin) == 0) {
				body_add_id(b, F_REFS, &todo.v[k]);
				memset(&todo.v[k], 0, sizeof todo.v[k]);
				n++;
			}
		if (station_issue(s, now, first.realm, b, s->conf.self, true, &id, &f) == -1)
			log_event(LOG_LV_ERROR, "deliver", "why=%s", log_quote(f.text));
		body_free(b);
	}
	free(todo.v);
}

struct sweep {
	struct station *s;
	int64_t now;
};

/* The interval doubles with the age of the message, from `reoffer` up to a day. */
static int
reoffer(void *ctx, const struct journal_delivery *row)
{
	struct sweep *w = ctx;
	struct station *s = w->s;
	struct journal_delivery d = *row;
	struct journal_msg m;
	struct envelope nopath;
	char to[1][STATION_MAX];
	int64_t age;

	memset(&m, 0, sizeof m);
	memset(&nopath, 0, sizeof nopath);
	if (s->j->ops->outbox_has(s->j, &d.id, d.to) == 0 || s->j->ops->get_message(s->j, &d.id, &m) != 0)
		goto out;
	if (m.body.n == 0)
		goto out; /* destroyed: there is nothing to offer */
	age = d.offered - m.stored;
	if (age < s->conf.reoffer)
		age = s->conf.reoffer;
	if (age > REOFFER_MAX)
		age = REOFFER_MAX;
	if (d.offered <= w->now && w->now - d.offered < age)
		goto out; /* offered in the future: the clock stood ahead, it is due now */
	memcpy(to[0], d.to, STATION_MAX);
	station_forward(s, &m, to, 1, NULL, &nopath);
	d.offered = w->now;
	s->j->ops->delivery_put(s->j, &d);
	s->wrote = true;
	log_event(LOG_LV_INFO, "reoffer", "station=%s to=%s serial=%" PRIu64 " epoch=%" PRIu64, s->conf.self, d.to,
	    d.id.serial, d.id.epoch);
out:
	envelope_free(&nopath);
	buf_free(&m.body);
	return 0;
}

void
station_sweep(struct station *s, int64_t now)
{
	struct sweep w = {s, now};
	bool all = s->sweep_all;

	s->sweep_all = false;
	s->j->ops->delivery_open(s->j, all ? INT64_MAX : now - s->conf.reoffer, reoffer, &w);
}
