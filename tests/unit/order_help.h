#ifndef TESTS_UNIT_ORDER_HELP_H
#define TESTS_UNIT_ORDER_HELP_H
/*
 * Several stations over RAM journals in the night of SCENARIOS S1, messages carried between them by hand: for the tests of types of
 * directives, receipts by telephone, slips (order_test.c) and of what a directive's addressees have made of it (track_test.c).
 */
#include "station_help.h"
#include "../../switch/query.h"
#include "../../formats/phone.h"

#define S1(h, m) (INT64_C(1786541400000) + (((h) * 60 + (m)) - (21 * 60 + 30)) * INT64_C(60000)) /* 2026-08-12 21:30 +08:00 */
#define CITY "330200"
#define COUNTY "330225"
#define XIZHOU "330225102"
#define QIANGTOU "330225105"

struct place {
	const char *code;
	enum role role;
};

static inline struct world *
world_new(const char *self, const struct place *n, size_t count, int64_t now)
{
	struct world *w = xcalloc(1, sizeof *w);

	w->now = now;
	w->j = journal_ram_open();
	snprintf(w->topo.self, sizeof w->topo.self, "%s", self);
	w->topo.n = xcalloc(count, sizeof *w->topo.n);
	w->topo.count = count;
	for (size_t i = 0; i < count; i++) {
		snprintf(w->topo.n[i].station, STATION_MAX, "%s", n[i].code);
		w->topo.n[i].role = n[i].role;
		w->topo.n[i].key[0] = (uint8_t)i;
	}
	start(w);
	return w;
}

static inline void
world_free(struct world *w)
{
	struct journal_verify v;

	memset(&v, 0, sizeof v);
	assert_int_equal(w->j->ops->verify(w->j, w->topo.self, &v), 0);
	if (v.bad[0] != '\0')
		fail_msg("%s: %s", w->topo.self, v.bad);
	station_free(w->s);
	w->j->ops->close(w->j);
	free(w->topo.n);
	free(w);
}

static inline struct world *
county_new(int64_t now)
{
	static const struct place n[] = {{CITY, ROLE_PARENT}, {XIZHOU, ROLE_CHILD}, {QIANGTOU, ROLE_CHILD}, {"330225101", ROLE_CHILD},
	    {"330225203", ROLE_PHONE}};

	return world_new(COUNTY, n, sizeof n / sizeof n[0], now);
}

static inline struct world *
town_new(const char *code, int64_t now)
{
	static const struct place n[] = {{COUNTY, ROLE_PARENT}};

	return world_new(code, n, 1, now);
}

/* The message as it stands at `from` comes to `to`, handed over by `hop`. */
static inline void
carry(struct world *from, struct world *to, const char *hop, const struct msgid *id)
{
	struct journal_msg m;
	struct envelope e;
	struct buf parcel = {0};

	memset(&e, 0, sizeof e);
	memset(&m, 0, sizeof m);
	assert_int_equal(from->j->ops->get_message(from->j, id, &m), 0);
	envelope_add_to(&e, to->topo.self);
	assert_true(envelope_add_hop(&e, hop));
	e.precedence = PREC_URGENT;
	parcel_encode(&e, m.body.p, m.body.n, &parcel);
	station_received(to->s, to->now, station_link(to->s, hop), 1, parcel.p, parcel.n);
	turn(to);
	assert_int_equal(to->j->ops->quarantine_count(to->j), 0);
	buf_free(&parcel);
	buf_free(&m.body);
	envelope_free(&e);
}

static inline bool
submit_confirmed(struct world *w, const char *rid, const char *const *fields)
{
	struct body *b = make(fields);
	struct station_submit r = {.rid = rid_of(rid), .seat = "seat1", .realm = REALM_LIVE, .body = b, .confirmed = true};

	station_submit(w->s, w->now, 42, &r);
	turn(w);
	body_free(b);
	return !w->refused;
}

/* A refusal that leaves nothing behind but, where it is meant to, an entry of the log. */
static inline void
refused_loud(struct world *w, const char *what, const char *field, const char *text, const char *const *fields)
{
	if (submit(w, rid_of(what), fields))
		fail_msg("taken: %s", what);
	if (strcmp(w->fault.field, field) != 0 || (text != NULL && strstr(w->fault.text, text) == NULL))
		fail_msg("%s: %s: %s", what, w->fault.field, w->fault.text);
}

static inline json_t *
ask(struct world *w, const char *op, json_t *request)
{
	struct query_env env = {.station = w->s, .zh = true};
	struct fault f = {0};
	json_t *o = query_answer(&env, w->now, op, request, &f);

	json_decref(request);
	if (o == NULL)
		fail_msg("%s: %s: %s", op, f.field, f.text);
	return o;
}

static inline json_t *
ask_id(struct world *w, const char *op, const struct msgid *id)
{
	return ask(w, op, json_pack("{s:s}", "id", text_of(id)));
}

static inline const char *
str(const json_t *o, const char *member)
{
	const char *t = json_string_value(json_object_get(o, member));

	if (t == NULL)
		fail_msg("no text %s", member);
	return t;
}

static inline json_int_t
num(const json_t *o, const char *member)
{
	if (!json_is_integer(json_object_get(o, member)))
		fail_msg("no number %s", member);
	return json_integer_value(json_object_get(o, member));
}

/* The row of an array whose member says so. */
static inline const json_t *
row_where(const json_t *o, const char *array, const char *member, const char *is)
{
	const json_t *r;
	size_t i;

	json_array_foreach(json_object_get(o, array), i, r)
		if (strcmp(str(r, member), is) == 0)
			return r;
	fail_msg("no %s with %s = %s", array, member, is);
	return NULL;
}

static inline const char *
code_of(struct world *w, const struct msgid *id)
{
	static char code[5];
	struct body *b = stored(w, id);

	phone_code(b, code);
	body_free(b);
	return code;
}

#endif
