/*
 * "Returned": the origin alone concludes that an addressee cannot be reached, and says why.
 *
 * It concludes it when every way has told that it knows no path, when there is no way, or when no 送达 has come in `return_after`;
 * an addressee's own 退回 is its receipt (station_recv.c).  What it concludes is a delivery at RETURNED with its reason, an entry in
 * the chain, an alarm, and for what people wrote a 非投递通知: a receipt of our own that names the addressees and stands in the inbox
 * and among what is owed until a person has read it.  It is offered on, once a day; a later 送达 lifts it, and settles the notice.
 *
 * A relay's "no path" closes one way only, the one the message took to it: F_WAY of that notice says which, and is believed no further
 * than the relay may speak for that way.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../formats/i18n.h"
#include "../formats/text.h"
#include "log.h"
#include "station_int.h"

#define DAY ((int64_t)24 * 3600 * 1000)
#define OTHER_LASTS ((int64_t)2 * 3600 * 1000)	/* "no other path" for so long closes a way as "no path" does */
#define AWAY_OFFERS 30		/* days it is offered on */
#define AWAY_MOST 4096		/* addressees offered on at a time */
#define AWAY_KEY "returned."	/* meta: returned.N = "NEXT OFFERS ID TO", or "" when free */

/* ---- which ways are left ---- */

static bool
may_lead(const struct station *s, const char *to, const char *way)
{
	const struct neighbour *ways[WAYS_MAX];
	size_t n = route_ways(s->conf.topology, to, NULL, 0, NULL, NULL, ways, WAYS_MAX);

	for (size_t i = 0; i < n; i++)
		if (strcmp(ways[i]->station, way) == 0)
			return true;
	return false;
}

/* The neighbour over which the message had gone to the relay that says so; false: nobody can say, or it must not. */
static bool
closed_way(const struct station *s, const char *from, const struct msgid *receipt, const struct body *b, const char *to,
    char way[STATION_MAX])
{
	const struct value *v = body_first(b, F_WAY);
	const char *p = v != NULL ? strchr(v->u.text.s, ' ') : NULL;
	size_t n = p != NULL ? strcspn(p + 1, "@ ") : 0;

	if (p != NULL && n > 0 && n < STATION_MAX) {
		memcpy(way, p + 1, n);
		way[n] = '\0';
	} else if (topology_find(s->conf.topology, receipt->origin) != NULL)
		snprintf(way, STATION_MAX, "%s", receipt->origin);
	else
		snprintf(way, STATION_MAX, "%s", from);
	return may_lead(s, to, way) && may_lead(s, receipt->origin, way);
}

struct told {
	struct station *s;
	const char *to;
	int64_t since;
	const struct neighbour **ways;
	int64_t other[WAYS_MAX]; /* ms UTC a relay on that way first had no other path; 0: none has said so */
	size_t n;
};

static bool
says_other(const struct body *b)
{
	const char *reason = body_text(b, F_REASON);

	return reason != NULL && strcmp(reason, NO_OTHER_PATH) == 0;
}

/* That way is closed: at once when nothing leads there from the relay, or when it has had no other path for a while. */
static void
close_way(struct told *t, const char *way, int64_t at, bool other)
{
	size_t keep = 0;

	for (size_t i = 0; i < t->n; i++) {
		bool closed = strcmp(t->ways[i]->station, way) == 0;

		if (closed && other && t->other[i] == 0)
			t->other[i] = at;
		if (closed && other && at - t->other[i] < OTHER_LASTS)
			closed = false;
		if (closed)
			continue;
		t->ways[keep] = t->ways[i];
		t->other[keep++] = t->other[i];
	}
	t->n = keep;
}

static int
told_row(void *ctx, const struct journal_msg *m)
{
	struct told *t = ctx;
	char way[STATION_MAX];
	struct body *b;
	struct fault f;
	bool about = false;

	if (m->kind != KIND_RECEIPT || m->stored < t->since || strcmp(m->id.origin, t->s->conf.self) == 0 ||
	    (b = wire_decode(m->body.p, m->body.n, &f)) == NULL)
		return 0;
	for (const struct value *r = body_first(b, F_REGARDING); r != NULL && !about; r = body_next(b, r))
		about = strcmp(r->u.text.s, t->to) == 0;
	if (about && body_enum(b, F_ACT) == ACT_RETURNED && closed_way(t->s, m->from, &m->id, b, t->to, way))
		close_way(t, way, m->stored, says_other(b));
	body_free(b);
	return 0;
}

/* Those of which nobody says that they have no other path stand first; *clear: how many they are. */
static size_t
ways_left(struct station *s, const struct journal_msg *m, const char *to, int64_t since, const struct neighbour **ways,
    size_t *clear)
{
	struct told t = {.s = s, .to = to, .since = since, .ways = ways};
	const struct neighbour *last[WAYS_MAX];
	size_t n = 0, nlast = 0;

	t.n = route_ways(s->conf.topology, to, NULL, 0, NULL, NULL, ways, WAYS_MAX);
	s->j->ops->each_referring(s->j, &m->id, told_row, &t);
	for (size_t i = 0; i < t.n; i++)
		if (t.other[i] == 0)
			ways[n++] = ways[i];
		else
			last[nlast++] = ways[i];
	memcpy(ways + n, last, nlast * sizeof *last);
	*clear = n;
	return n + nlast;
}

size_t
return_ways(struct station *s, const struct journal_msg *m, const char *to, int64_t since, const struct neighbour **ways)
{
	size_t clear;

	return ways_left(s, m, to, since, ways, &clear);
}

/* ---- what is offered on ---- */

static void
away_put(struct station *s, size_t i)
{
	const struct away *a = &s->away[i];
	char key[32], val[64 + MSGID_TEXT_MAX + STATION_MAX] = "", id[MSGID_TEXT_MAX];

	snprintf(key, sizeof key, AWAY_KEY "%zu", i);
	if (a->used) {
		msgid_format(&a->id, id, sizeof id);
		snprintf(val, sizeof val, "%" PRId64 " %u %s %s", a->next, a->offers, id, a->to);
	}
	s->j->ops->meta_set(s->j, key, val);
	s->wrote = true;
}

static bool
away_parse(const char *val, struct away *a)
{
	char id[MSGID_TEXT_MAX], *end;
	size_t n;

	memset(a, 0, sizeof *a);
	a->next = strtoll(val, &end, 10);
	if (*end != ' ')
		return false;
	a->offers = (unsigned)strtoul(end + 1, &end, 10);
	if (*end != ' ' || (n = strcspn(end + 1, " ")) == 0 || n >= sizeof id)
		return false;
	memcpy(id, end + 1, n);
	id[n] = '\0';
	end += 1 + n;
	if (*end != ' ' || !msgid_parse(id, &a->id) || !station_code_valid(end + 1))
		return false;
	snprintf(a->to, sizeof a->to, "%s", end + 1);
	return a->used = true;
}

static void
away_room(struct station *s)
{
	if (s->naway == s->capaway) {
		s->capaway = s->capaway == 0 ? 16 : s->capaway * 2;
		s->away = xreallocarray(s->away, s->capaway, sizeof *s->away);
	}
}

static void
away_load(struct station *s)
{
	char key[32], val[64 + MSGID_TEXT_MAX + STATION_MAX];

	if (s->away_loaded)
		return;
	s->away_loaded = true;
	for (; s->naway < AWAY_MOST; s->naway++) {
		snprintf(key, sizeof key, AWAY_KEY "%zu", s->naway);
		if (s->j->ops->meta_get(s->j, key, val, sizeof val) != 0)
			break;
		away_room(s);
		away_parse(val, &s->away[s->naway]); /* free when it cannot be read */
	}
}

static void
away_add(struct station *s, int64_t now, const struct msgid *id, const char *to)
{
	size_t i, at = SIZE_MAX;

	away_load(s);
	for (i = 0; i < s->naway; i++)
		if (!s->away[i].used)
			at = i;
		else if (msgid_cmp(&s->away[i].id, id) == 0 && strcmp(s->away[i].to, to) == 0)
			return;
	if (at == SIZE_MAX) {
		if (s->naway == AWAY_MOST) {
			log_event(LOG_LV_WARN, "returned", "station=%s to=%s why=\"too many to be offered on\"", s->conf.self, to);
			return;
		}
		away_room(s);
		at = s->naway++;
	}
	memset(&s->away[at], 0, sizeof s->away[at]);
	s->away[at].id = *id;
	snprintf(s->away[at].to, STATION_MAX, "%s", to);
	s->away[at].next = now + DAY;
	s->away[at].used = true;
	away_put(s, at);
}

void
return_daily(struct station *s, int64_t now)
{
	away_load(s);
	for (size_t i = 0; i < s->naway; i++) {
		struct away *a = &s->away[i];
		const struct neighbour *ways[WAYS_MAX];
		struct journal_delivery d;
		struct journal_msg m;
		char to[1][STATION_MAX];
		size_t n;

		if (!a->used || (a->next > now && a->next <= now + DAY))
			continue;
		memset(&m, 0, sizeof m);
		a->used = s->j->ops->delivery_get(s->j, &a->id, a->to, &d) == 0 && d.state == DLV_RETURNED &&
			  d.delivered == 0 && a->offers < AWAY_OFFERS && s->j->ops->get_message(s->j, &a->id, &m) == 0 &&
			  m.body.n > 0;
		if (a->used && s->j->ops->outbox_has(s->j, &a->id, a->to) != 0) {
			n = route_ways(s->conf.topology, a->to, NULL, 0, NULL, NULL, ways, WAYS_MAX);
			memcpy(to[0], a->to, STATION_MAX);
			if (n > 0)
				offer_by(s, now, &m, to, 1, offer_choose(s, ways, n, a->offers));
			a->offers++;
		}
		a->next = now + DAY;
		away_put(s, i);
		buf_free(&m.body);
	}
}

/* ---- concluding ---- */

static void
cut(char *out, size_t size, const char *text)
{
	size_t n = strlen(text);

	if (n >= size) {
		n = size - 1;
		while (n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80)
			n--;
	}
	memcpy(out, text, n);
	out[n] = '\0';
}

static void
conclude(struct station *s, int64_t now, struct journal_delivery *d, const char *why, bool offer_on)
{
	char detail[96];
	struct concluded *c;

	d->state = DLV_RETURNED;
	d->since = now;
	cut(d->person, sizeof d->person, why);
	s->j->ops->delivery_put(s->j, d);
	snprintf(detail, sizeof detail, "%s returned", d->to);
	station_audit(s, now, CHAIN_DELIVERY, &d->id, detail, s->conf.self, NULL);
	log_event(LOG_LV_WARN, "returned", "station=%s to=%s epoch=%" PRIu64 " serial=%" PRIu64 " why=%s", s->conf.self, d->to,
	    d->id.epoch, d->id.serial, log_quote(d->person));
	s->push = true;
	if (offer_on)
		away_add(s, now, &d->id, d->to);
	if (s->nconcluded == s->capconcluded) {
		s->capconcluded = s->capconcluded == 0 ? 16 : s->capconcluded * 2;
		s->concluded = xreallocarray(s->concluded, s->capconcluded, sizeof *s->concluded);
	}
	c = &s->concluded[s->nconcluded++];
	c->id = d->id;
	memcpy(c->to, d->to, STATION_MAX);
	memcpy(c->why, d->person, sizeof c->why);
}

void
return_expired(struct station *s, int64_t now, struct journal_delivery *d)
{
	int64_t after = s->conf.return_after > 0 ? s->conf.return_after : 3 * DAY;
	char why[256];

	snprintf(why, sizeof why, _("no word of its arrival within %d hours"), (int)((after + 1800000) / 3600000));
	conclude(s, now, d, why, true);
}

struct last_word {
	const char *self, *to;
	char by[STATION_MAX];
	bool destroyed;
};

static int
last_word(void *ctx, const struct journal_msg *m)
{
	struct last_word *w = ctx;
	struct body *b;
	struct fault f;
	const char *reason;

	if (m->kind != KIND_RECEIPT || strcmp(m->id.origin, w->self) == 0 ||
	    (b = wire_decode(m->body.p, m->body.n, &f)) == NULL)
		return 0;
	for (const struct value *r = body_first(b, F_REGARDING); r != NULL && body_enum(b, F_ACT) == ACT_RETURNED;
	    r = body_next(b, r))
		if (strcmp(r->u.text.s, w->to) == 0) {
			snprintf(w->by, sizeof w->by, "%s", m->id.origin);
			w->destroyed = (reason = body_text(b, F_REASON)) != NULL && strcmp(reason, "destroyed") == 0;
		}
	body_free(b);
	return 0;
}

void
return_unreachable(struct station *s, int64_t now, struct journal_delivery *d)
{
	struct last_word w = {.self = s->conf.self, .to = d->to};
	char why[256];

	s->j->ops->each_referring(s->j, &d->id, last_word, &w);
	if (*w.by == '\0')
		snprintf(why, sizeof why, "%s", _("no way leads there from here"));
	else if (w.destroyed)
		snprintf(why, sizeof why, _("destroyed on the way, says %s"), w.by);
	else
		snprintf(why, sizeof why, _("no way leads there, says %s"), w.by);
	/* What two persons destroyed because it must not be there is not sent there, or past them, day by day. */
	conclude(s, now, d, why, !w.destroyed);
}

/* One notice a message and reason.  Receipts and what the switches tell each other are not put before people. */
static void
notice(struct station *s, int64_t now, const struct concluded *c, const bool *same, size_t n)
{
	struct journal_msg m;
	struct body *b;
	struct msgid id;
	struct fault f;
	char text[MSGID_TEXT_MAX], what[320];

	memset(&m, 0, sizeof m);
	if (s->j->ops->get_message(s->j, &c->id, &m) != 0)
		return;
	buf_free(&m.body);
	if (!m.local || m.quiet || m.kind == KIND_RECEIPT || m.kind == KIND_SERVICE)
		return;
	b = body_new();
	body_set_num(b, F_KIND, KIND_RECEIPT);
	body_set_num(b, F_ACT, ACT_RETURNED);
	body_set_id(b, F_REFS, &c->id);
	if (msgid_is_set(&m.incident))
		body_set_id(b, F_INCIDENT, &m.incident);
	for (size_t i = 0, left = FIELD_REPEAT_MAX; i < n && left > 0; i++)
		if (same[i]) {
			body_add_text(b, F_REGARDING, c[i].to, strlen(c[i].to));
			left--;
		}
	body_set_text(b, F_REASON, c->why);
	body_set_num(b, F_RING, true);
	if (station_issue(s, now, m.id.realm, b, s->conf.self, false, &id, &f) == -1)
		log_event(LOG_LV_ERROR, "notice", "why=%s", log_quote(f.text));
	body_free(b);
	msgid_format(&c->id, text, sizeof text);
	snprintf(what, sizeof what, "%s %s: %s", text, c->to, c->why);
	s->ops->alarm(s->ctx, "returned", what);
}

void
return_flush(struct station *s, int64_t now)
{
	struct concluded *v = s->concluded;
	size_t n = s->nconcluded;
	bool *same;

	if (n == 0)
		return;
	s->concluded = NULL;
	s->nconcluded = s->capconcluded = 0;
	same = xcalloc(n, sizeof *same);
	for (size_t i = 0; i < n; i++) {
		if (!msgid_is_set(&v[i].id))
			continue;
		for (size_t k = i; k < n; k++)
			same[k - i] = msgid_cmp(&v[k].id, &v[i].id) == 0 && strcmp(v[k].why, v[i].why) == 0;
		notice(s, now, &v[i], same, n - i);
		for (size_t k = n; k-- > i;)
			if (same[k - i])
				memset(&v[k].id, 0, sizeof v[k].id);
	}
	free(same);
	free(v);
}

/* ---- what others say ---- */

void
return_nopath(struct station *s, int64_t now, const char *from, const struct msgid *receipt, const struct body *b,
    const struct msgid *id, const char *to)
{
	const struct neighbour *ways[WAYS_MAX];
	char way[STATION_MAX], one[1][STATION_MAX];
	struct journal_delivery d;
	struct journal_msg m;
	const char *reason;
	size_t n, clear;

	if (s->j->ops->delivery_get(s->j, id, to, &d) != 0 || (d.state != DLV_OPEN && d.state != DLV_CUSTODY))
		return; /* it has come somewhere, or that is known */
	if (!closed_way(s, from, receipt, b, to, way)) {
		log_event(LOG_LV_WARN, "receipt", "from=%s regarding=%s why=\"not on the way\"", receipt->origin, to);
		return;
	}
	if (s->j->ops->outbox_has(s->j, id, to) == 0)
		return; /* another offer is under way: what becomes of that will be told */
	memset(&m, 0, sizeof m);
	if (s->j->ops->get_message(s->j, id, &m) != 0)
		return;
	n = ways_left(s, &m, to, INT64_MIN, ways, &clear);
	reason = body_text(b, F_REASON);
	if (n == 0 || (reason != NULL && strcmp(reason, "destroyed") == 0))
		return_unreachable(s, now, &d);
	else if (m.body.n > 0 && clear > 0) {
		memcpy(one[0], d.to, STATION_MAX);
		offer_by(s, now, &m, one, 1, offer_choose(s, ways, clear, 0));
	} /* else it is offered again in its time, by the same ways */
	s->wrote = true;
	buf_free(&m.body);
}

bool
return_is_notice(const struct station *s, const struct journal_msg *m)
{
	struct body *b;
	struct fault f;
	bool yes;

	if (m->kind != KIND_RECEIPT || strcmp(m->id.origin, s->conf.self) != 0 ||
	    (b = wire_decode(m->body.p, m->body.n, &f)) == NULL)
		return false;
	yes = body_enum(b, F_ACT) == ACT_RETURNED && body_first(b, F_REGARDING) != NULL;
	body_free(b);
	return yes;
}

struct notices {
	struct station *s;
	const char *to;
	struct msgid *v;
	size_t n;
};

static int
notice_row(void *ctx, const struct journal_msg *m)
{
	struct notices *w = ctx;
	struct body *b;
	struct fault f;

	if (!return_is_notice(w->s, m) || (b = wire_decode(m->body.p, m->body.n, &f)) == NULL)
		return 0;
	for (const struct value *r = body_first(b, F_REGARDING); r != NULL; r = body_next(b, r))
		if (strcmp(r->u.text.s, w->to) == 0) {
			w->v = xreallocarray(w->v, w->n + 1, sizeof *w->v);
			w->v[w->n++] = m->id;
			break;
		}
	body_free(b);
	return 0;
}

/* Does anything it tells of still stand? */
static bool
notice_stands(struct station *s, const struct msgid *notice_id, const struct msgid *id)
{
	struct journal_msg m;
	struct journal_delivery d;
	struct body *b = NULL;
	struct fault f;
	bool stands = false;

	memset(&m, 0, sizeof m);
	if (s->j->ops->get_message(s->j, notice_id, &m) == 0 && (b = wire_decode(m.body.p, m.body.n, &f)) != NULL)
		for (const struct value *r = body_first(b, F_REGARDING); r != NULL && !stands; r = body_next(b, r))
			stands = s->j->ops->delivery_get(s->j, id, r->u.text.s, &d) == 0 && d.state == DLV_RETURNED;
	body_free(b);
	buf_free(&m.body);
	return stands;
}

void
return_lifted(struct station *s, int64_t now, const struct msgid *id, const char *to)
{
	struct notices w = {.s = s, .to = to};

	s->j->ops->each_referring(s->j, id, notice_row, &w);
	for (size_t i = 0; i < w.n; i++) {
		struct body *b;
		struct msgid own;
		struct fault f;

		if (notice_stands(s, &w.v[i], id))
			continue;
		b = body_new();
		body_set_num(b, F_KIND, KIND_RECEIPT);
		body_set_num(b, F_ACT, ACT_READ);
		body_set_id(b, F_REFS, &w.v[i]);
		body_set_text(b, F_REASON, _("it has arrived after all"));
		if (station_issue(s, now, id->realm, b, s->conf.self, false, &own, &f) == -1)
			log_event(LOG_LV_ERROR, "notice", "why=%s", log_quote(f.text));
		body_free(b);
	}
	free(w.v);
}
