/* What the origin does until it knows that a message has arrived, and a relay with it: offering again, other ways, waiting for one. */
#include "offer_help.h"
#include "../../switch/seal.h"
#include "../../formats/wire_token.h"

/* ---- offering again ---- */

static void
again(void **state)
{
	struct world *w = *state;
	struct msgid id;

	up(w, "330200", true);
	up(w, "330000", true);
	id = order(w, "a", FAR);
	waits_at(w, &id, "330200");
	pass(w, &id);
	assert_int_equal(delivery(w, &id, FAR).state, DLV_CUSTODY);
	/* the same way once more, then the other, in doubling intervals */
	static const struct {
		int64_t after;
		const char *link;
	} t[] = {{10, "330200"}, {10, "330000"}, {20, "330200"}, {40, "330000"}, {80, "330200"}};

	for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
		struct rows r;

		tick(w, t[i].after * MINUTE - MINUTE);
		assert_int_equal(waiting(w, &id, &r), 0);
		tick(w, MINUTE);
		waits_at(w, &id, t[i].link);
		tick(w, 20000); /* not twice */
		waits_at(w, &id, t[i].link);
		w->now -= 20000;
		pass(w, &id);
	}
	says(w, "330200", FAR, ACT_DELIVERED, &id, NULL, NULL);
	tick(w, 30 * DAY);
	assert_int_equal(waiting(w, &id, &(struct rows){.n = 0}), 0);
	assert_int_equal(delivery(w, &id, FAR).state, DLV_DELIVERED);
}

static void
dead_link(void **state)
{
	struct world *w = *state;
	struct msgid a, b, c;

	tick(w, 0);
	a = flash(w, "a");
	b = order(w, "b", FAR);
	assert_true(station_wake(w->s) <= w->now + 60000);
	tick(w, 59999);
	waits_at(w, &a, "330200");
	tick(w, 1); /* no other is up either */
	waits_at(w, &a, "330200");
	up(w, "330000", true);
	tick(w, 0);
	waits_at(w, &a, "330000");
	waits_at(w, &b, "330200");
	c = flash(w, "c"); /* at once: it is known to be dead */
	waits_at(w, &c, "330000");
	tick(w, 30 * MINUTE);
	waits_at(w, &b, "330000");
	up(w, "330200", true); /* nothing needs doing */
	tick(w, 0);
	waits_at(w, &a, "330000");
	c = flash(w, "d");
	waits_at(w, &c, "330200");
	up(w, "330200", false);
	assert_true(station_wake(w->s) <= w->now + 60000);
	tick(w, 60000);
	waits_at(w, &c, "330000");
}

/* A parcel for several of whom only some have another way; and what passes through. */
static void
dead_link_in_part(void **state)
{
	struct world *w = *state;
	struct rows r;
	struct msgid id;
	static const char *const to[] = {"330226", "330225102", NULL};
	struct body *b;

	w->nb[0].role = ROLE_NEIGHBOUR; /* 330200 serves only these two */
	snprintf(w->nb[0].via, sizeof w->nb[0].via, "330226,gaoxinqu");
	w->nb[2].role = ROLE_NEIGHBOUR;
	snprintf(w->nb[2].via, sizeof w->nb[2].via, "~330226");
	station_reload(w->s, w->now, &w->topo);
	turn(w);
	tick(w, 0);
	up(w, "330000", true);
	id = sent(w, "x", (const char *const[]){"kind", "directive", "text", "x", "to", "330226", "to", "gaoxinqu", NULL});
	waits_at(w, &id, "330200");
	tick(w, 30 * MINUTE);
	assert_int_equal(waiting(w, &id, &r), 2);
	assert_int_equal(w->j->ops->outbox_has(w->j, &id, "330226"), 0);
	assert_int_equal(w->j->ops->outbox_has(w->j, &id, "gaoxinqu"), 0);
	assert_true((strcmp(r.link[0], "330200") == 0) != (strcmp(r.link[1], "330200") == 0));
	/* a relay does the same, and never back where it came from */
	b = make((const char *const[]){"kind", "directive", "text", "y", NULL});
	id = (struct msgid){.origin = "330225102", .epoch = 1, .serial = 77};
	body_set_id(b, F_ID, &id);
	for (size_t i = 0; to[i] != NULL; i++)
		body_add_text(b, F_TO, to[i], strlen(to[i]));
	arrive_by(w, b, (const char *const[]){"330226", NULL}, (const char *const[]){"330225102", NULL}, false);
	turn(w);
	waits_at(w, &id, "330000");
	body_free(b);
}

/* ---- at a relay ---- */

struct told {
	size_t n;
	char way[512], why[32];
};

static int
told_row(void *ctx, const struct journal_msg *m)
{
	struct told *t = ctx;
	struct body *b;
	struct fault f;

	if (strcmp(m->id.origin, "330225") != 0 || (b = wire_decode(m->body.p, m->body.n, &f)) == NULL)
		return 0;
	if (body_first(b, F_REGARDING) != NULL) {
		t->n++;
		snprintf(t->why, sizeof t->why, "%s", body_text(b, F_REASON));
		snprintf(t->way, sizeof t->way, "%s", body_text(b, F_WAY) != NULL ? body_text(b, F_WAY) : "");
	}
	body_free(b);
	return 0;
}

static void
relayed(void **state)
{
	struct world *w = *state;
	struct msgid id = {.origin = "330200", .epoch = 1, .serial = 5};
	struct body *b = make((const char *const[]){"kind", "directive", "text", "x", "to", "330225199", NULL});
	static const char *const to[] = {"330225199", NULL}, *const direct[] = {"330200", NULL},
				 *const far[] = {"110000", "330000", NULL};
	struct told t = {0};

	body_set_id(b, F_ID, &id);
	arrive_by(w, b, to, direct, false);
	turn(w);
	waits_at(w, &id, ""); /* kept, and its origin told */
	w->j->ops->each_after(w->j, 0, KIND_RECEIPT, false, told_row, &t);
	assert_int_equal(t.n, 1);
	assert_string_equal(t.way, "");
	arrive_by(w, b, to, direct, false); /* offered again: told again, kept once */
	turn(w);
	waits_at(w, &id, "");
	t.n = 0;
	w->j->ops->each_after(w->j, 0, KIND_RECEIPT, false, told_row, &t);
	assert_int_equal(t.n, 2);
	snprintf(w->nb[1].via, sizeof w->nb[1].via, "330225199"); /* a way opens */
	station_reload(w->s, w->now, &w->topo);
	turn(w);
	waits_at(w, &id, "330225102");
	body_free(b);
	/* it let go after as long as its origin waits */
	b = make((const char *const[]){"kind", "directive", "text", "y", "to", "330225198", NULL});
	id = (struct msgid){.origin = "110000", .epoch = 1, .serial = 6};
	body_set_id(b, F_ID, &id);
	arrive_by(w, b, (const char *const[]){"330225198", NULL}, far, false);
	turn(w);
	t.n = 0;
	w->j->ops->each_after(w->j, 0, KIND_RECEIPT, false, told_row, &t);
	assert_int_equal(t.n, 3);
	assert_int_equal(strncmp(t.way, "110000@1790000000001 330000@1790000000002 330225@", 49), 0);
	waits_at(w, &id, "");
	tick(w, 73 * HOUR);
	assert_int_equal(waiting(w, &id, &(struct rows){.n = 0}), 0);
	body_free(b);
}

static void
passes(struct world *w, struct msgid *id, uint64_t n, const char *const *to, const char *const *envelope, const char *const *hops)
{
	struct body *b = make((const char *const[]){"kind", "directive", "text", "x", NULL});

	*id = (struct msgid){.epoch = 1, .serial = n};
	snprintf(id->origin, sizeof id->origin, "%s", hops[0]);
	body_set_id(b, F_ID, id);
	for (; *to != NULL; to++)
		body_add_text(b, F_TO, *to, strlen(*to));
	arrive_by(w, b, envelope, hops, false);
	turn(w);
	body_free(b);
}

/* The addressee's only line is down: a neighbour that would but send it back is no way around, custody stays here. */
static void
only_line(void **state)
{
	static const char *const to[] = {"330225102", NULL}, *const hops[] = {"330200", NULL};
	struct world *w = *state;
	struct msgid id, own;

	snprintf(w->nb[2].station, STATION_MAX, "330226");
	w->nb[2].role = ROLE_NEIGHBOUR;
	snprintf(w->nb[2].via, sizeof w->nb[2].via, "~330226,~330200");
	station_reload(w->s, w->now, &w->topo);
	turn(w);
	tick(w, 0);
	up(w, "330200", true);
	up(w, "330226", true);
	passes(w, &id, 1, to, to, hops);
	own = order(w, "own", "330225102");
	for (int i = 0; i < 12; i++)
		tick(w, HOUR);
	waits_at(w, &id, "330225102");
	waits_at(w, &own, "330225102");
}

/* A copy that no way is left for does not stand in the way of one that has another: that one goes, and nothing waits twice. */
static void
takes_over(void **state)
{
	static const char *const two[] = {FAR, "500201", NULL}, *const far[] = {FAR, NULL}, *const other[] = {"500201", NULL};
	static const char *const round[] = {"500237", "330200", "330000", NULL}, *const straight[] = {"500237", "330000", NULL};
	struct world *w = *state;
	struct told t = {0};
	struct msgid id;
	struct rows r;

	up(w, "330200", true);
	up(w, "330000", true);
	passes(w, &id, 1, two, two, round);
	waits_at(w, &id, "");
	w->j->ops->each_after(w->j, 0, KIND_RECEIPT, false, told_row, &t);
	assert_int_equal(t.n, 1); /* a way there is, but it came by it */
	assert_string_equal(t.why, NO_OTHER_PATH);
	passes(w, &id, 1, two, two, round);
	waits_at(w, &id, "");
	passes(w, &id, 1, two, far, straight);
	assert_int_equal(waiting(w, &id, &r), 2);
	assert_true((strcmp(r.link[0], "330200") == 0) != (strcmp(r.link[1], "330200") == 0));
	assert_true((*r.link[0] == '\0') != (*r.link[1] == '\0'));
	passes(w, &id, 1, two, far, straight); /* it waits where it should: nothing more */
	assert_int_equal(waiting(w, &id, &r), 2);
	passes(w, &id, 1, two, other, straight);
	assert_int_equal(waiting(w, &id, &r), 2);
	assert_string_equal(r.link[0], "330200");
	assert_string_equal(r.link[1], "330200");
	pass(w, &id);
	assert_int_equal(waiting(w, &id, &r), 0);
}

/* The same when it waits for a line that is down for too long, and only the copy just come may go by the one that is up. */
static void
takes_over_dead_line(void **state)
{
	static const char *const far[] = {FAR, NULL}, *const above[] = {"500237", "330000", NULL},
				 *const below[] = {"500237", "330225102", NULL};
	struct world *w = *state;
	struct msgid id;

	snprintf(w->nb[1].via, sizeof w->nb[1].via, "~500237");
	station_reload(w->s, w->now, &w->topo);
	turn(w);
	up(w, "330000", true);
	passes(w, &id, 1, far, far, above);
	waits_at(w, &id, "330200");
	passes(w, &id, 1, far, far, below); /* not down for long yet */
	waits_at(w, &id, "330200");
	tick(w, 31 * MINUTE);
	waits_at(w, &id, "330200"); /* back where it came from it never goes */
	passes(w, &id, 1, far, far, below);
	waits_at(w, &id, "330000");
}

/* What may go is found however much that may not stands before it. */
static void
parked_behind_many(void **state)
{
	static const char *const to[] = {"330225199", NULL}, *const hops[] = {"330200", NULL};
	struct world *w = *state;
	struct journal_counts c;
	struct msgid id;
	char rid[32];

	for (int i = 0; i < 300; i++) {
		snprintf(rid, sizeof rid, "r%d", i);
		order(w, rid, FAR);
	}
	w->topo.count = 0;
	station_reload(w->s, w->now, &w->topo);
	turn(w);
	w->topo.count = 1;
	snprintf(w->nb[0].station, STATION_MAX, "330200");
	w->nb[0].role = ROLE_NEIGHBOUR;
	station_reload(w->s, w->now, &w->topo);
	turn(w);
	passes(w, &id, 1, to, to, hops);
	waits_at(w, &id, "");
	for (int i = 0; i < 74; i++)
		tick(w, HOUR);
	assert_int_equal(waiting(w, &id, &(struct rows){.n = 0}), 0);
	assert_int_equal(w->j->ops->counts(w->j, &c), 0);
	assert_int_equal(c.no_path, 300);
	/* ... and that is not for ever either */
	for (int i = 0; i < 40; i++)
		tick(w, DAY);
	assert_int_equal(w->j->ops->counts(w->j, &c), 0);
	assert_int_equal(c.no_path, 0);
}

/* A neighbour has lost what had passed: it gets it under the same number, with as much of its way as is known, and for nobody who lies
 * where it came from (there it would be refused as forged). */
static void
given_again(void **state)
{
	static const char *const to[] = {"330200", "330226300", NULL}, *const city[] = {"330200", NULL},
				 *const hops[] = {"330226-d6", "330226", NULL};
	struct world *w = *state;
	struct journal_outbox o;
	struct buf need = {0};
	struct envelope e;
	struct msgid id;
	struct fault f;
	struct rows r;
	uint64_t number;

	snprintf(w->nb[2].station, STATION_MAX, "330226");
	w->nb[2].role = ROLE_NEIGHBOUR;
	snprintf(w->nb[2].via, sizeof w->nb[2].via, "~330226");
	station_reload(w->s, w->now, &w->topo);
	turn(w);
	passes(w, &id, 1, to, city, hops);
	waits_at(w, &id, "330200");
	waiting(w, &id, &r);
	number = r.o[0].serial;
	pass(w, &id);
	token_put_array(&need, 3);
	token_put_uint(&need, 2);
	token_put_uint(&need, station_epoch(w->s));
	token_put_array(&need, 2);
	token_put_uint(&need, number);
	token_put_uint(&need, 1);
	line_note(w->s, w->now, "330200", need.p, need.n);
	buf_free(&need);
	turn(w);
	waits_at(w, &id, "330200");
	waiting(w, &id, &r);
	assert_int_equal(r.o[0].serial, number);
	memset(&o, 0, sizeof o);
	assert_int_equal(w->j->ops->outbox_get(w->j, r.o[0].row, &o), 0);
	assert_int_equal(envelope_decode(o.envelope.p, o.envelope.n, &e, &f), 0);
	assert_int_equal(e.nto, 1);
	assert_string_equal(e.to[0], "330200");
	assert_int_equal(e.nhops, 3);
	assert_true(envelope_has_hop(&e, "330226"));
	envelope_free(&e);
	buf_free(&o.envelope);
}

/* ---- after a backup was restored ---- */

static void
given_back(void **state)
{
	struct world *w = *state;
	struct msgid lost = {.origin = "330225", .epoch = 1700000000, .serial = 9}, now_id;
	struct body *b = make((const char *const[]){"kind", "report", "stage", "first", "place", "西周镇", "title", "火灾", "type",
	    "12G00", NULL});
	static const char *const to[] = {FAR, NULL}, *const hops[] = {"330225", "330200", NULL};
	struct journal_msg m;

	body_set_id(b, F_ID, &lost);
	body_set_id(b, F_INCIDENT, &lost);
	body_set_time(b, F_WRITTEN, NOW - HOUR);
	body_set_text(b, F_NUMBER, "0921-007");
	body_add_text(b, F_TO, FAR, strlen(FAR));
	arrive_by(w, b, to, hops, false); /* not said to be given back: forged */
	turn(w);
	assert_int_equal(w->j->ops->quarantine_count(w->j), 1);
	arrive_by(w, b, to, hops, true); /* said to be, but whoever is enrolled can write that: our seal is not on it */
	turn(w);
	assert_int_equal(w->j->ops->quarantine_count(w->j), 2);
	seal_put((const uint8_t[32]){1}, b); /* another's */
	arrive_by(w, b, to, hops, true);
	turn(w);
	assert_int_equal(w->j->ops->quarantine_count(w->j), 3);
	assert_int_equal(w->j->ops->get_message(w->j, &lost, NULL), 1);
	seal_put(w->s->conf.seal, b);
	assert_true(seal_holds(w->s->conf.seal, b));
	arrive_by(w, b, to, hops, true);
	turn(w);
	assert_int_equal(w->j->ops->get_message(w->j, &lost, &m), 0);
	assert_true(m.local);
	assert_string_equal(m.from, "330225");
	buf_free(&m.body);
	assert_int_equal(delivery(w, &lost, FAR).state, DLV_OPEN);
	arrive_by(w, b, to, hops, true); /* once */
	turn(w);
	assert_int_equal(waiting(w, &lost, &(struct rows){.n = 0}), 0);
	for (int i = 0; i < 21; i++)
		tick(w, MINUTE);
	waits_at(w, &lost, "330200"); /* it finds its 送达 by being offered again */
	/* the number it had that day is not given twice */
	now_id = sent(w, "new", (const char *const[]){FIRST, NULL});
	body_free(b);
	b = stored(w, &now_id);
	assert_string_equal(body_text(b, F_NUMBER), "0921-008");
	body_free(b);
	/* one of our present epoch cannot have been lost */
	b = make((const char *const[]){"kind", "directive", "text", "x", NULL});
	lost.epoch = station_epoch(w->s);
	lost.serial = 99;
	body_set_id(b, F_ID, &lost);
	body_add_text(b, F_TO, FAR, strlen(FAR));
	seal_put(w->s->conf.seal, b);
	arrive_by(w, b, to, hops, true);
	turn(w);
	assert_int_equal(w->j->ops->get_message(w->j, &lost, NULL), 1);
	assert_int_equal(w->j->ops->quarantine_count(w->j), 4);
	/* ... but in a life whose clock stood ahead: then no later start has that epoch again.  Nor is any nonsense one believed. */
	lost.epoch += 86400;
	body_set_id(b, F_ID, &lost);
	seal_put(w->s->conf.seal, b);
	arrive_by(w, b, to, hops, true);
	turn(w);
	assert_int_equal(w->j->ops->get_message(w->j, &lost, NULL), 0);
	assert_int_equal(w->j->ops->quarantine_count(w->j), 4);
	now_id = lost;
	now_id.epoch += UINT64_C(10000000);
	body_set_id(b, F_ID, &now_id);
	seal_put(w->s->conf.seal, b);
	arrive_by(w, b, to, hops, true);
	turn(w);
	assert_int_equal(w->j->ops->quarantine_count(w->j), 5);
	station_free(w->s);
	w->now = NOW + DAY;
	start(w);
	assert_int_equal(station_epoch(w->s), lost.epoch + 1);
	body_free(b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {T2(again), T2(dead_link), T2(dead_link_in_part), T2(relayed), T2(only_line),
	    T2(takes_over), T2(takes_over_dead_line), T2(parked_behind_many), T2(given_again), T2(given_back)};

	return cmocka_run_group_tests(tests, load, unload);
}
