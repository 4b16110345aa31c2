#ifndef TESTS_UNIT_OFFER_HELP_H
#define TESTS_UNIT_OFFER_HELP_H
/*
 * The county of station_help.h with a second parent, its outbox moved by hand, and what neighbours and relays say of its messages:
 * for the tests of offering again (station_offer_test.c) and of what is returned (station_return_test.c).
 */
#include "station_help.h"
#include "../../switch/query.h"

#define MINUTE INT64_C(60000)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define FAR "500200" /* beyond both parents */

/* ---- by hand ---- */

struct rows {
	char link[64][STATION_MAX];
	struct journal_outbox o[64];
	struct msgid id;
	size_t n;
};

static inline int
row(void *ctx, const struct journal_outbox *o)
{
	struct rows *r = ctx;

	if (msgid_is_set(&r->id) && msgid_cmp(&r->id, &o->id) != 0)
		return 0;
	assert_true(r->n < 64);
	r->o[r->n] = *o;
	memset(&r->o[r->n].envelope, 0, sizeof r->o[r->n].envelope);
	memcpy(r->link[r->n++], o->link, STATION_MAX);
	return 0;
}

static inline size_t
waiting(struct world *w, const struct msgid *id, struct rows *r)
{
	memset(r, 0, sizeof *r);
	if (id != NULL)
		r->id = *id;
	w->j->ops->outbox_each(w->j, row, r);
	return r->n;
}

/* The only parcel of it waits there. */
static inline void
waits_at(struct world *w, const struct msgid *id, const char *link)
{
	struct rows r;

	if (waiting(w, id, &r) != 1 || strcmp(r.link[0], link) != 0)
		fail_msg("%zu parcels, the first at '%s', not one at '%s'", r.n, r.n > 0 ? r.link[0] : "", link);
}

static inline void
pass(struct world *w, const struct msgid *id)
{
	struct rows r;

	waiting(w, id, &r);
	for (size_t i = 0; i < r.n; i++)
		if (*r.link[i] != '\0')
			station_passed(w->s, w->now, r.o[i].row);
	turn(w);
}

static inline void
tick(struct world *w, int64_t ms)
{
	/* Time passes; it does not leap: a leap of the clock is another matter (line_clock_settled()). */
	int64_t end = w->now + ms;

	do {
		w->now = end - w->now > 600000 ? w->now + 600000 : end;
		station_tick(w->s, w->now);
		turn(w);
	} while (w->now < end);
	for (int i = 0; w->s->ntodo > 0; i++) {
		assert_true(i < 1000);
		station_tick(w->s, w->now);
		turn(w);
	}
}

static inline void
up(struct world *w, const char *peer, bool yes)
{
	offer_link_state(w->s, w->now, peer, yes);
}

/* The second township makes room for a second parent. */
static inline int
two_parents(void **state)
{
	struct world *w;

	setup(state);
	w = *state;
	snprintf(w->nb[2].station, STATION_MAX, "330000");
	w->nb[2].role = ROLE_PARENT;
	station_reload(w->s, w->now, &w->topo);
	turn(w);
	tick(w, 0);
	return 0;
}
#define T2(f) cmocka_unit_test_setup_teardown(f, two_parents, teardown)

static inline struct msgid
order(struct world *w, const char *rid, const char *to)
{
	return sent(w, rid, (const char *const[]){"kind", "directive", "text", "清点人数", "to", to, NULL});
}

static inline struct msgid
flash(struct world *w, const char *rid)
{
	return sent(w, rid, (const char *const[]){"kind", "report", "stage", "first", "place", "西周镇", "title", "火灾", "type",
	    "12G00", "learned", "2025-09-21T21:00:00+08:00", "precedence", "flash", "to", FAR, NULL});
}

static inline struct journal_delivery
delivery(struct world *w, const struct msgid *id, const char *to)
{
	struct journal_delivery d;

	assert_int_equal(w->j->ops->delivery_get(w->j, id, to, &d), 0);
	return d;
}

/* A parcel as a neighbour hands it over. */
static inline void
arrive_by(struct world *w, const struct body *b, const char *const *to, const char *const *hops, bool back)
{
	struct envelope e;
	struct buf bytes = {0}, parcel = {0};
	const char *from = NULL;

	memset(&e, 0, sizeof e);
	for (; *to != NULL; to++)
		envelope_add_to(&e, *to);
	for (; *hops != NULL; hops++) {
		assert_true(envelope_add_hop(&e, *hops));
		e.hop_ms[e.nhops - 1] = NOW + (int64_t)e.nhops;
		from = *hops;
	}
	e.precedence = PREC_ROUTINE;
	e.given_back = back;
	wire_encode(b, &bytes);
	parcel_encode(&e, bytes.p, bytes.n, &parcel);
	station_received(w->s, w->now, station_link(w->s, from), 1, parcel.p, parcel.n);
	buf_free(&bytes);
	buf_free(&parcel);
	envelope_free(&e);
}

static uint64_t serial;

static inline struct body *
receipt(const char *from, int act, const struct msgid *about, const char *regarding, const char *way)
{
	struct msgid id = {.epoch = 1, .serial = ++serial};
	struct body *b = body_new();

	snprintf(id.origin, sizeof id.origin, "%s", from);
	body_set_num(b, F_KIND, KIND_RECEIPT);
	body_set_num(b, F_ACT, act);
	body_set_id(b, F_ID, &id);
	body_set_id(b, F_REFS, about);
	body_set_text(b, F_TO, "330225");
	if (act == ACT_RETURNED)
		body_set_text(b, F_REASON, "no path");
	if (regarding != NULL)
		body_add_text(b, F_REGARDING, regarding, strlen(regarding));
	if (way != NULL)
		body_set_text(b, F_WAY, way);
	return b;
}

static inline void
says(struct world *w, const char *by, const char *from, int act, const struct msgid *about, const char *regarding,
    const char *way)
{
	struct body *b = receipt(from, act, about, regarding, way);

	arrive_by(w, b, (const char *const[]){"330225", NULL},
	    strcmp(by, from) == 0 ? (const char *const[]){from, NULL} : (const char *const[]){from, by, NULL}, false);
	turn(w);
	body_free(b);
}

struct notices {
	struct msgid id[16];
	size_t n;
};

static inline int
notice(void *ctx, const struct journal_msg *m)
{
	struct notices *v = ctx;
	struct body *b;
	struct fault f;

	if (strcmp(m->id.origin, "330225") != 0 || (b = wire_decode(m->body.p, m->body.n, &f)) == NULL)
		return 0;
	if (body_enum(b, F_ACT) == ACT_RETURNED && body_first(b, F_REGARDING) != NULL && m->local) {
		assert_true(v->n < 16);
		v->id[v->n++] = m->id;
	}
	body_free(b);
	return 0;
}

static inline size_t
notices(struct world *w, struct notices *v)
{
	memset(v, 0, sizeof *v);
	w->j->ops->each_after(w->j, 0, KIND_RECEIPT, false, notice, v);
	return v->n;
}

static inline json_t *
ask(struct world *w, const char *op)
{
	struct query_env env = {.station = w->s};
	struct fault f = {0};
	json_t *req = json_pack("{s:s}", "op", op), *a = query_answer(&env, w->now, op, req, &f);

	if (a == NULL)
		fail_msg("%s: %s", op, f.text);
	json_decref(req);
	return a;
}

static inline size_t
owed(struct world *w, const char *what, const struct msgid *about)
{
	json_t *a = ask(w, "owed"), *item;
	size_t i, n = 0;

	json_array_foreach(json_object_get(a, "items"), i, item)
		n += strcmp(json_string_value(json_object_get(item, "what")), what) == 0 &&
		     strcmp(json_string_value(json_object_get(item, "about")), text_of(about)) == 0;
	json_decref(a);
	return n;
}

#endif
