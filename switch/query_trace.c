/*
 * Where a message is, hop by hop (trace), and what has become of every addressee of our own messages (ledger).
 *
 * A trace is told from what this station knows for itself: when it stored the message and from whom, on which numbered
 * line and when it went on, when a neighbour took custody; and, where relays were in between, from the way each 送达 tells
 * (F_WAY), by the clocks of those who told it.  Nothing is asked of others: a trace works when the lines are down.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "../formats/i18n.h"
#include "query_int.h"

#define LEDGER_MAX 1000
#define WAY_HOPS 24
#define HELD_AFTER 60000		/* ms a neighbour may take to say that it has arrived */

/* ---- deliveries ---- */

struct deliveries {
	struct journal_delivery *v;
	size_t n, cap;
};

static int
delivery_row(void *ctx, const struct journal_delivery *d)
{
	struct deliveries *ds = ctx;

	if (ds->n == ds->cap) {
		ds->cap = ds->cap > 0 ? ds->cap * 2 : 16;
		ds->v = xreallocarray(ds->v, ds->cap, sizeof *ds->v);
	}
	ds->v[ds->n++] = *d;
	return 0;
}

/* ---- the ways told by 送达 ---- */

struct way {				/* of one addressee */
	char to[STATION_MAX];
	char text[513];
};

struct ways {
	const struct msgid *of;
	struct way *v;
	size_t n, cap;
};

static int
way_row(void *ctx, const struct journal_msg *m)
{
	struct ways *w = ctx;
	struct body *b = m->kind == KIND_RECEIPT ? query_decode(m) : NULL;
	const struct value *ref, *way;

	if (b == NULL || body_enum(b, F_ACT) != ACT_DELIVERED)
		goto out;
	way = body_first(b, F_WAY);
	for (ref = body_first(b, F_REFS); ref != NULL && way != NULL; ref = body_next(b, ref), way = body_next(b, way)) {
		struct way *x;

		if (msgid_cmp(&ref->u.id, w->of) != 0 || strcmp(way->u.text.s, "-") == 0 || way->u.text.len >= sizeof x->text)
			continue;
		if (w->n == w->cap) {
			w->cap = w->cap > 0 ? w->cap * 2 : 4;
			w->v = xreallocarray(w->v, w->cap, sizeof *w->v);
		}
		x = &w->v[w->n++];
		memcpy(x->to, m->id.origin, sizeof x->to);
		memcpy(x->text, way->u.text.s, way->u.text.len + 1);
	}
out:
	body_free(b);
	return 0;
}

static void
put_hop(struct query *q, json_t *hops, const char *station, int64_t at, const char *how, const char *en, const char *zh)
{
	json_t *h = json_object();

	query_put_station(q, h, "station", station);
	query_put(h, "at", at > 0 ? json_integer(at) : json_null());
	query_put_text(h, "how", how);
	query_put_text(h, "how_name", query_say(q, en, zh));
	(void)json_array_append_new(hops, h);
}

/* "CODE@ms CODE@ms ...": text of another station, taken for no more than that.  The first is the author, the last the addressee. */
static void
put_way(struct query *q, json_t *hops, const char *text)
{
	const char *p = text;

	for (size_t i = 0; i < WAY_HOPS && *p != '\0'; i++) {
		char code[STATION_MAX];
		size_t n = strcspn(p, "@ ");
		int64_t at = 0;
		bool last;

		if (n == 0 || n >= sizeof code)
			return;
		memcpy(code, p, n);
		code[n] = '\0';
		if (!station_code_valid(code))
			return;
		p += n;
		if (*p == '@')
			for (p++; *p >= '0' && *p <= '9' && at < INT64_MAX / 10 - 9; p++)
				at = at * 10 + (*p - '0');
		while (*p != '\0' && *p != ' ')
			p++;
		while (*p == ' ')
			p++;
		last = *p == '\0';
		if (i > 0)
			put_hop(q, hops, code, at, last ? "delivered" : "custody", last ? "arrived" : "passed through",
			    last ? "到达" : "经过");
	}
}

/* ---- the lines it went over ---- */

struct offers {
	struct query *q;
	json_t *out, *in;
};

static int
passage_row(void *ctx, const struct journal_line *l, const struct journal_passage *p)
{
	struct offers *o = ctx;
	json_t *row = json_object();

	query_put_station(o->q, row, "link", l->peer);
	query_put(row, "stream", json_integer((json_int_t)l->stream));
	query_put(row, "serial", json_integer((json_int_t)p->serial));
	query_put(row, "at", json_integer(p->at));
	if (l->out) {
		query_put(row, "passed", p->passed > 0 ? json_integer(p->passed) : json_null());
		query_put(row, "waiting", json_boolean(p->passed == 0));
	}
	(void)json_array_append_new(l->out ? o->out : o->in, row);
	return 0;
}

/* A neighbour that has had it for a while and does not say that it has arrived: a hosted station, which says so when somebody is at
 * its desk. */
static void
put_held(struct query *q, json_t *hops, const struct journal_delivery *d, const json_t *offers)
{
	json_int_t passed = 0;
	const json_t *row;
	size_t i;

	json_array_foreach(offers, i, row) {
		json_int_t at = json_integer_value(json_object_get(row, "passed"));

		if (strcmp(json_string_value(json_object_get(row, "link")), d->to) == 0 && at > 0 && (passed == 0 || at < passed))
			passed = at;
	}
	if (d->state == DLV_CUSTODY && passed > 0 && q->now - passed >= HELD_AFTER)
		put_hop(q, hops, d->to, passed, "held", "at the station, nobody at the desk", "已到站,席上无人");
}

static json_t *
trace_to(struct query *q, const struct journal_msg *m, const struct journal_delivery *d, const struct ways *ways,
    const json_t *offers)
{
	json_t *o = query_delivery(q, d), *hops = json_array();
	const struct way *w = NULL;

	for (size_t i = 0; i < ways->n; i++)
		if (strcmp(ways->v[i].to, d->to) == 0)
			w = &ways->v[i];
	put_hop(q, hops, m->id.origin, m->stored, "stored", "stored", "入库");
	if (w != NULL)
		put_way(q, hops, w->text);
	else if (d->delivered > 0)
		put_hop(q, hops, d->to, d->delivered, "told", "its receipt came", "收到送达回执");
	else
		put_held(q, hops, d, offers);
	if (d->state == DLV_RETURNED)
		query_put_text(o, "reason", d->person);
	query_put(o, "hops", hops);
	return o;
}

json_t *
query_trace(struct query *q)
{
	struct deliveries ds = { 0 };
	struct journal_msg m;
	struct body *b = NULL;
	struct msgid id;
	struct ways ways = { .of = &id };
	struct offers offers = { .q = q };
	json_t *o = NULL, *to;

	memset(&m, 0, sizeof m);
	if (query_wanted(q, &id, &m, &b) == -1)
		goto out;
	offers.out = json_array();
	offers.in = json_array();
	if (q->j->ops->delivery_each(q->j, &id, delivery_row, &ds) == -1 ||
	    q->j->ops->each_referring(q->j, &id, way_row, &ways) == -1 ||
	    q->j->ops->passage_of(q->j, &id, passage_row, &offers) == -1) {
		json_decref(offers.out);
		json_decref(offers.in);
		(void)query_unreadable(q);
		goto out;
	}
	o = json_object();
	to = json_array();
	query_put_id(o, "id", &m.id);
	query_put_enum(q, o, "kind", "kind", m.kind);
	query_put_enum(q, o, "precedence", "precedence", m.precedence);
	query_put_station(q, o, "origin", m.id.origin);
	query_put_station(q, o, "from", m.from);
	query_put(o, "stored", json_integer(m.stored));
	query_put(o, "local", json_boolean(m.local));
	for (size_t i = 0; i < ds.n; i++)
		(void)json_array_append_new(to, trace_to(q, &m, &ds.v[i], &ways, offers.out));
	query_put(o, "to", to);
	query_put(o, "came", offers.in);
	query_put(o, "offers", offers.out);
out:
	free(ds.v);
	free(ways.v);
	buf_free(&m.body);
	body_free(b);
	return o;
}

/* ---- ledger ---- */

struct ids {
	const char *self;
	struct msgid *v;
	size_t n, cap, max;
	uint64_t last;			/* chain position of the last one looked at */
};

static int
own_row(void *ctx, const struct journal_msg *m)
{
	struct ids *l = ctx;

	l->last = m->seq;
	if (strcmp(m->id.origin, l->self) != 0)
		return 0;
	if (l->n == l->cap) {
		l->cap = l->cap > 0 ? l->cap * 2 : 64;
		l->v = xreallocarray(l->v, l->cap, sizeof *l->v);
	}
	l->v[l->n++] = m->id;
	return l->n >= l->max;
}

static void
put_entry(struct query *q, json_t *entries, const struct journal_delivery *d)
{
	json_t *e = query_delivery(q, d);

	query_put_id(e, "id", &d->id);
	query_put(e, "offered", json_integer(d->offered));
	if (d->state == DLV_RETURNED)
		query_put_text(e, "reason", d->person);
	(void)json_array_append_new(entries, e);
}

/* Every addressee of every message of ours, the newest messages first; `open`: only those neither delivered nor returned, the
 * longest waiting first; `id`: of one message.  `before` pages on. */
json_t *
query_ledger(struct query *q)
{
	struct deliveries ds = { 0 };
	struct ids ids = { .self = q->self };
	int64_t limit, before = INT64_MAX;
	struct msgid id;
	bool open;
	json_t *o = NULL, *entries;
	int rc = 0;

	if (!query_get_limit(q, 100, LEDGER_MAX, &limit) || !query_get_bool(q, "open", &open) ||
	    !query_get_int(q, "before", INT64_MAX, 0, INT64_MAX, &before))
		return NULL;
	ids.max = (size_t)limit;
	if (json_object_get(q->req, "id") != NULL) {
		if (!query_get_id(q, "id", &id))
			return NULL;
		rc = q->j->ops->delivery_each(q->j, &id, delivery_row, &ds);
	} else if (open)
		rc = q->j->ops->delivery_open(q->j, INT64_MAX, delivery_row, &ds);
	else {
		rc = q->j->ops->each_before(q->j, (uint64_t)before, 0, false, own_row, &ids);
		for (size_t i = 0; rc != -1 && i < ids.n; i++)
			rc = q->j->ops->delivery_each(q->j, &ids.v[i], delivery_row, &ds);
	}
	if (rc == -1) {
		(void)query_unreadable(q);
		goto out;
	}
	entries = json_array();
	for (size_t i = 0; i < ds.n && (!open || i < ids.max); i++)
		put_entry(q, entries, &ds.v[i]);
	o = json_object();
	query_put(o, "entries", entries);
	query_put(o, "total", json_integer((json_int_t)ds.n));
	query_put(o, "more", json_boolean(open ? ds.n > ids.max : ids.n >= ids.max));
	query_put(o, "before", json_integer((json_int_t)ids.last));
out:
	free(ds.v);
	free(ids.v);
	return o;
}
