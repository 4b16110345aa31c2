/*
 * What arrives from neighbours: storing, relaying, receipts.
 *
 * Whatever an authenticated neighbour sends is kept: as a message, or in quarantine with the reason.  Custody is taken
 * in both cases (the neighbour has done its part), after COMMIT.  Where there is no room, or a neighbour has used up its share of
 * what cannot be read, the parcel is refused for now and stays the neighbour's.
 */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "../formats/i18n.h"
#include "log.h"
#include "station_order.h"

#define GIVEN_AGAIN 600000 /* ms of quiet after which a give-back is told of anew */
#define CN_OFFSET ((int64_t)8 * 3600 * 1000) /* UTC+08:00: the day an incident's number is of */

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
    struct station *s, int64_t now, const struct journal_msg *m, const struct envelope *e, const struct envelope *nopath,
    const char *why)
{
	struct body *b = body_new();
	char way[512];
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
	if (deliver_way(s, now, e, way, sizeof way))
		body_set_text(b, F_WAY, way); /* the origin tries the others */
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

struct order {
	const char *by;
	const struct msgid *than;	/* a receipt of that station */
	bool returned;			/* later ones that return are looked for; else later ones that do not */
	bool found;
};

static int
order_row(void *ctx, const struct journal_msg *m)
{
	struct order *o = ctx;
	struct fault f;
	struct body *b;
	int act;

	if (m->kind != KIND_RECEIPT || strcmp(m->id.origin, o->by) != 0 || m->body.n == 0 ||
	    (m->id.epoch != o->than->epoch ? m->id.epoch < o->than->epoch : m->id.serial <= o->than->serial) ||
	    (b = wire_decode(m->body.p, m->body.n, &f)) == NULL)
		return 0;
	act = order_proxied(b) ? 0 : body_enum(b, F_ACT);
	if (body_first(b, F_REGARDING) == NULL)
		o->found = o->returned ? act == ACT_RETURNED : act == ACT_READ || act == ACT_SIGNED || act == ACT_TAKEN;
	body_free(b);
	return o->found;
}

/* Receipts overtake each other: 退回 is more urgent than 已阅, and a copy offered again is confirmed once more.  What an addressee did
 * last is what it wrote last (its own numbers), not what came last. */
static bool
outdated(struct station *s, const struct msgid *id, const struct msgid *rid, int act, const struct journal_delivery *d)
{
	struct order o = {.by = rid->origin, .than = rid, .returned = act != ACT_RETURNED};
	struct order any = {.by = rid->origin, .than = &(struct msgid){.epoch = 0}, .returned = true};

	if (act == ACT_RETURNED) {
		s->j->ops->each_referring(s->j, id, order_row, &o);
		return o.found;
	}
	if (d->state != DLV_RETURNED)
		return false;
	/* A switch's 送达 lifts what was concluded for want of an answer, never what people there have said. */
	s->j->ops->each_referring(s->j, id, order_row, act == ACT_DELIVERED ? &any : &o);
	return act == ACT_DELIVERED ? any.found : o.found;
}

/*
 * One act of one addressee about one of our messages.  People's acts only climb.  退回 is said by the addressee at any time; any
 * later act of it lifts that, and what was concluded here for want of an answer.
 */
static void
note_act(struct station *s, int64_t now, const struct msgid *id, const struct msgid *rid, int act, const char *person)
{
	const char *to = rid->origin;
	struct journal_delivery d, was;
	int state = state_of_act(act);
	char detail[96];
	int64_t *slot;

	if (state == 0 || s->j->ops->delivery_get(s->j, id, to, &d) != 0 || outdated(s, id, rid, act, &d))
		return;
	was = d;
	slot = act == ACT_DELIVERED ? &d.delivered
	       : act == ACT_READ    ? &d.read
	       : act == ACT_SIGNED  ? &d.signed_
	       : act == ACT_TAKEN   ? &d.taken
				    : NULL;
	if (slot != NULL && (*slot == 0 || act == ACT_TAKEN))
		*slot = now;
	if (d.delivered == 0)
		d.delivered = now; /* who reads it or sends it back has it, whatever became of the 送达 */
	if (state == DLV_RETURNED)
		d.state = DLV_RETURNED;
	else if (d.state == DLV_RETURNED) /* back to the furthest the addressee has come */
		d.state = d.taken != 0	   ? DLV_TAKEN
			  : d.signed_ != 0 ? DLV_SIGNED
			  : d.read != 0	   ? DLV_READ
					   : DLV_DELIVERED;
	else if (state > d.state)
		d.state = state;
	if (d.state != was.state || (was.delivered == 0 && was.state == DLV_RETURNED)) {
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
	if (was.state == DLV_RETURNED && was.delivered == 0)
		return_lifted(s, now, id, to);
}

static void
apply_receipt(struct station *s, int64_t now, const char *from, const struct msgid *rid, const struct body *b)
{
	int act = order_proxied(b) ? 0 : body_enum(b, F_ACT);	/* written down for another: nobody's own act */
	const char *person = act == ACT_RETURNED ? body_text(b, F_REASON) : body_text(b, F_PERSON);

	for (const struct value *v = body_first(b, F_REFS); v != NULL; v = body_next(b, v)) {
		const struct value *r = body_first(b, F_REGARDING);

		if (strcmp(v->u.id.origin, s->conf.self) != 0)
			continue;
		if (r == NULL)
			note_act(s, now, &v->u.id, rid, act, person);
		/* A third station may say that it cannot pass on, never that somebody else has read. */
		for (; r != NULL && act == ACT_RETURNED; r = body_next(b, r))
			return_nopath(s, now, from, rid, b, &v->u.id, r->u.text.s);
	}
	return_flush(s, now);
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

/* No way leads there at all, or only those this copy has come by: the origin goes by the difference (station_return.c). */
static void
notify_ways(struct station *s, int64_t now, const struct journal_msg *m, const struct envelope *e, const struct envelope *nopath)
{
	struct envelope none, other;

	memset(&none, 0, sizeof none);
	memset(&other, 0, sizeof other);
	for (size_t i = 0; i < nopath->nto; i++)
		envelope_add_to(route_next(s->conf.topology, nopath->to[i], NULL, 0) == NULL ? &none : &other, nopath->to[i]);
	if (none.nto > 0)
		notify_nopath(s, now, m, e, &none, NO_PATH);
	if (other.nto > 0)
		notify_nopath(s, now, m, e, &other, NO_OTHER_PATH);
	envelope_free(&none);
	envelope_free(&other);
}

/*
 * Passes a parcel on towards its other addressees; those already waiting in our outbox are not doubled, but where the copy just come
 * has a way and the one that waits has none, it takes over.  Where no way leads on the origin is told, each time it offers, and the
 * parcel waits here all the same: a new topology may open a way.  Back where it came from it never goes: its origin offers it anew.
 */
static void
relay(struct station *s, int64_t now, const struct journal_msg *m, const struct body *b, const struct envelope *e)
{
	char(*to)[STATION_MAX];
	struct envelope nopath, parked;
	size_t n = others(s, e, b, &to), keep = 0;

	memset(&nopath, 0, sizeof nopath);
	memset(&parked, 0, sizeof parked);
	for (size_t i = 0; i < n; i++)
		if (s->j->ops->outbox_has(s->j, &m->id, to[i]) != 0 || offer_takes_over(s, now, m, to[i], e))
			memmove(to[keep++], to[i], STATION_MAX);
		else if (route_next(s->conf.topology, to[i], (const char(*)[STATION_MAX])e->hops, e->nhops) == NULL)
			envelope_add_to(&parked, to[i]);
	station_forward(s, m, to, keep, e, &nopath);
	if (nopath.nto > 0)
		station_forward(s, m, nopath.to, nopath.nto, e, NULL);
	for (size_t i = 0; i < parked.nto; i++)
		envelope_add_to(&nopath, parked.to[i]);
	if (nopath.nto > 0 && !is_machine(b))
		notify_ways(s, now, m, e, &nopath);
	envelope_free(&nopath);
	envelope_free(&parked);
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
		notify_nopath(s, now, m, e, &rest, "destroyed");
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
	presence_act(s, now, &m->id, b);
	log_event(LOG_LV_DEBUG, "stored", "station=%s serial=%" PRIu64 " origin=%s from=%s", s->conf.self, m->id.serial,
	    m->id.origin, from);
	if (here) {
		if (m->kind == KIND_RECEIPT)
			apply_receipt(s, now, from, &m->id, b);
		if (!machine) {
			deliver_arrived(s, now, &m->id, m->kind, e);
			order_stored(s, &m->id, b);
			station_stored(s, m, NULL); /* the body follows when it is done with */
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

	if (strcmp(have->id.origin, s->conf.self) == 0)
		return; /* our own, given back and held: its deliveries are what we go by */
	if (names_self(s, b) && serves_self(s, e) && !machine) {
		if (!have->local) {
			s->j->ops->set_local(s->j, &have->id);
			s->wrote = true;
			station_changed(s, &have->incident);
			if (have->kind == KIND_SERVICE && have->body.n > 0)
				original_received(s, now, have, b);
		}
		deliver_arrived(s, now, &have->id, have->kind, e);
	}
	if (machine)
		return;
	if (have->body.n > 0)
		relay(s, now, have, b, e);
	else if (have->retired)
		log_event(LOG_LV_INFO, "relay", "station=%s serial=%" PRIu64 " why=\"its bytes were let go\"", s->conf.self, have->id.serial);
	else
		refuse_destroyed(s, now, have, b, e);
}

/* A day's number of an incident that is ours again is not given anew: whatever message of it comes back says it. */
static void
number_restored(struct station *s, const struct journal_msg *m, const struct body *b)
{
	const char *number = body_text(b, F_NUMBER);
	char key[48], val[24], day[16];
	unsigned long n, last = 0;
	int64_t written;
	struct tm tm;
	time_t t;

	if (strcmp(m->incident.origin, s->conf.self) != 0 || number == NULL || !body_time(b, F_WRITTEN, &written))
		return;
	t = (time_t)((written + CN_OFFSET) / 1000);
	gmtime_r(&t, &tm);
	strftime(day, sizeof day, "%Y%m%d", &tm);
	number += *number == 'X';
	if (strncmp(number, day + 4, 4) != 0 || number[4] != '-')
		return; /* an import's own */
	n = strtoul(number + 5, NULL, 10);
	snprintf(key, sizeof key, "number.%d.%s", m->id.realm, day);
	if (s->j->ops->meta_get(s->j, key, val, sizeof val) == 0)
		last = strtoul(val, NULL, 10);
	if (n <= last || n > 100000)
		return;
	snprintf(val, sizeof val, "%lu", n);
	s->j->ops->meta_set(s->j, key, val);
}

struct early {
	struct msgid *id;
	struct body **b;
	size_t n;
};

static int
early_row(void *ctx, const struct journal_msg *m)
{
	struct early *e = ctx;
	struct fault f;
	struct body *b;

	if (m->kind != KIND_RECEIPT || m->body.n == 0 || (b = wire_decode(m->body.p, m->body.n, &f)) == NULL)
		return 0;
	e->id = xreallocarray(e->id, e->n + 1, sizeof *e->id);
	e->b = xreallocarray(e->b, e->n + 1, sizeof *e->b);
	e->id[e->n] = m->id;
	e->b[e->n++] = b;
	return 0;
}

/* Receipts for it may have come back before it did, when there was no addressee's row they could have told. */
static void
told_already(struct station *s, int64_t now, const char *from, const struct msgid *id)
{
	struct early e = {0};

	if (s->j->ops->each_referring(s->j, id, early_row, &e) == 0)
		for (size_t i = 0; i < e.n; i++)
			if (strcmp(e.id[i].origin, s->conf.self) != 0)
				apply_receipt(s, now, from, &e.id[i], e.b[i]);
	for (size_t i = 0; i < e.n; i++)
		body_free(e.b[i]);
	free(e.id);
	free(e.b);
}

/* One of our own that this journal has lost, given back by a neighbour: its deliveries are open again, and find their 送达 by being
 * offered again.  What it had answered (request ids) stays lost. */
static void
restore(struct station *s, int64_t now, const char *from, struct journal_msg *m, const struct body *b)
{
	static const uint32_t keys[] = {F_TO, F_CC};
	m->local = true;
	snprintf(m->from, sizeof m->from, "%s", s->conf.self);
	if (s->j->ops->put_message(s->j, m) != 0)
		return;
	s->wrote = true;
	for (size_t k = 0; k < 2; k++)
		for (const struct value *v = body_first(b, keys[k]); v != NULL; v = body_next(b, v)) {
			struct journal_delivery d, had;

			if (strcmp(v->u.text.s, s->conf.self) == 0 ||
			    s->j->ops->delivery_get(s->j, &m->id, v->u.text.s, &had) == 0)
				continue;
			memset(&d, 0, sizeof d);
			d.id = m->id;
			snprintf(d.to, sizeof d.to, "%s", v->u.text.s);
			d.state = DLV_OPEN;
			d.since = d.offered = now;
			s->j->ops->delivery_put(s->j, &d);
		}
	told_already(s, now, from, &m->id);
	order_stored(s, &m->id, b);
	number_restored(s, m, b);
	line_restored(s, &m->id);
	station_audit(s, now, CHAIN_ADMIN, &m->id, "given back", from, m->digest);
	log_event(LOG_LV_INFO, "given_back", "station=%s from=%s epoch=%" PRIu64 " serial=%" PRIu64, s->conf.self, from,
	    m->id.epoch, m->id.serial);
	if (s->given_at == 0 || now < s->given_at || now - s->given_at >= GIVEN_AGAIN)
		s->ops->alarm(s->ctx, "given back", from);
	s->given_at = now;
	station_changed(s, &m->incident);
}

/* One parcel being looked at. */
struct input {
	struct station *s;
	int64_t now;
	struct slink *l;
	const void *p; /* as it came */
	size_t len;
	struct envelope e;
	bool enveloped;
	const char *refused; /* why; NULL: custody is taken */
};

static void
numbered(const struct input *in, const struct msgid *id)
{
	static const struct msgid none;

	if (in->enveloped)
		line_arrived(in->s, in->now, in->l->n.station, &in->e, id != NULL ? id : &none);
}

/* A neighbour whose share of the day is used up keeps it; only the number of such inputs is kept here. */
static void
bad(struct input *in, const char *why)
{
	if (!room_takes(in->s, 0, PREC_ROUTINE)) {
		in->refused = "disk full";
	} else if (!room_quarantine(in->s, in->now, in->l, in->len)) {
		in->refused = "too much that cannot be taken";
	} else {
		station_quarantine(in->s, in->now, in->l->n.station, why, in->p, in->len);
		numbered(in, NULL);
	}
}

static void
take(struct input *in, struct journal_msg *m, const struct body *b)
{
	struct station *s = in->s;
	const char *from = in->l->n.station;
	bool ours = false;

	if (in->e.given_back && strcmp(m->id.origin, s->conf.self) == 0 && is_machine(b)) {
		numbered(in, NULL); /* what it told has been told; nobody seals it and nobody needs it again */
		return;
	}
	if (!route_plausible(s->conf.topology, from, m->id.origin) && !(ours = line_restores(s, &in->e, &m->id, b))) {
		bad(in, in->e.given_back && strcmp(m->id.origin, s->conf.self) == 0 ? "given back without this station's seal" :
		    "this origin cannot come from that neighbour");
		return;
	}
	if (!body_id(b, F_INCIDENT, &m->incident))
		memset(&m->incident, 0, sizeof m->incident);
	if (crosses(b, m->id.realm)) {
		bad(in, "crosses from one realm into the other");
		return;
	}
	m->precedence = original_speaks(b) ? PREC_ROUTINE : rules_precedence(s->conf.rules, b);
	if (in->e.precedence >= PREC_FLASH && in->e.precedence < m->precedence)
		m->precedence = in->e.precedence;
	if (!room_takes(s, m->kind, m->precedence)) {
		in->refused = "disk full";
		return;
	}
	m->stored = in->now;
	m->decoded = b;
	snprintf(m->from, sizeof m->from, "%s", from);
	if (ours)
		restore(s, in->now, from, m, b);
	else
		accept(s, in->now, from, m, b, &in->e);
	numbered(in, &m->id);
}

void
station_received(struct station *s, int64_t now, struct slink *l, uint64_t handle, const void *p, size_t len)
{
	struct input in = {.s = s, .now = now, .l = l, .p = p, .len = len};
	const uint8_t *bytes;
	size_t n;
	struct body *b = NULL;
	struct journal_msg m, have;
	struct fault f = {0};
	struct gate g = {.kind = GATE_CUSTODY, .handle = handle};
	char why[640];
	int rc;

	memset(&m, 0, sizeof m);
	memset(&have, 0, sizeof have);
	in.enveloped = parcel_decode(p, len, &in.e, &bytes, &n, &f) == 0;
	if (!in.enveloped || (b = wire_decode(bytes, n, &f)) == NULL) {
		bad(&in, fault_format(&f, why, sizeof why));
		goto out;
	}
	if (!body_id(b, F_ID, &m.id) || m.id.realm > REALM_EXERCISE || (m.kind = body_enum(b, F_KIND)) == 0) {
		bad(&in, "no id or kind");
		goto out;
	}
	digest_of(bytes, n, m.digest);
	if ((rc = s->j->ops->get_message(s->j, &m.id, &have)) == -1)
		goto out;
	buf_put(&m.body, bytes, n);
	if (rc != 0) {
		take(&in, &m, b);
		station_stored_body(s, &m.id, &b);
	} else if (memcmp(have.digest, m.digest, DIGEST_LEN) != 0) {
		bad(&in, "same id with another content");
	} else {
		accept_again(s, now, &have, b, &in.e);
		numbered(&in, &m.id);
	}
out:
	if (in.refused != NULL) {
		g.kind = GATE_REFUSE;
		g.why = in.refused;
		log_event(LOG_LV_WARN, "refuse", "station=%s from=%s why=%s bytes=%zu", s->conf.self, l->n.station,
		    log_quote(in.refused), len);
	}
	snprintf(g.peer, sizeof g.peer, "%s", l->n.station);
	station_gate(s, &g);
	envelope_free(&in.e);
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
	if (s->j->ops->outbox_take(s->j, row, &o) != 0)
		return;
	if (strcmp(o.id.origin, s->conf.self) == 0 && envelope_decode(o.envelope.p, o.envelope.n, &e, &f) == 0)
		for (size_t i = 0; i < e.nto; i++)
			if (s->j->ops->delivery_get(s->j, &o.id, e.to[i], &d) == 0 && d.state == DLV_OPEN) {
				d.state = DLV_CUSTODY;
				d.since = d.offered = now; /* from now on its 送达 is waited for */
				s->j->ops->delivery_put(s->j, &d);
				s->push = true;
			}
	line_passed(s, now, &o);
	envelope_free(&e);
	buf_free(&o.envelope);
}
