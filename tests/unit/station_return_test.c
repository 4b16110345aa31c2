/* What the origin concludes when a message does not arrive, who may say so, who is told, and that it always comes to an end. */
#include "offer_help.h"

/* ---- no path ---- */

static void
told_no_path(void **state)
{
	struct world *w = *state;
	struct msgid id;
	struct notices v;
	unsigned alarms;

	up(w, "330200", true);
	up(w, "330000", true);
	id = order(w, "a", FAR);
	pass(w, &id);
	alarms = w->alarms;
	says(w, "330200", "330200", ACT_RETURNED, &id, FAR, NULL);
	waits_at(w, &id, "330000"); /* the other way, at once */
	assert_int_equal(delivery(w, &id, FAR).state, DLV_CUSTODY);
	says(w, "330225102", "330225102", ACT_RETURNED, &id, FAR, NULL); /* who is on no way says nothing */
	assert_int_equal(delivery(w, &id, FAR).state, DLV_CUSTODY);
	pass(w, &id);
	/* a relay behind the second parent, and its word comes back by the first: the way it took counts */
	says(w, "330200", "500237", ACT_RETURNED, &id, FAR, "330225@1 330000@2 500237@3");
	assert_int_equal(delivery(w, &id, FAR).state, DLV_RETURNED);
	assert_true(*delivery(w, &id, FAR).person != '\0');
	assert_int_equal(w->alarms, alarms + 1);
	assert_int_equal(notices(w, &v), 1);
	assert_int_equal(owed(w, "returned", &v.id[0]), 1);
	tick(w, 10 * MINUTE); /* concluded once */
	assert_int_equal(notices(w, &v), 1);
	assert_int_equal(w->alarms, alarms + 1);
	/* a person has seen it */
	assert_true(submit(w, "read", (const char *const[]){"kind", "receipt", "act", "read", "refs", text_of(&v.id[0]), NULL}));
	assert_int_equal(owed(w, "returned", &v.id[0]), 0);
	/* still offered, once a day, by turns */
	tick(w, 23 * HOUR);
	assert_int_equal(waiting(w, &id, &(struct rows){.n = 0}), 0);
	tick(w, HOUR);
	waits_at(w, &id, "330200");
	pass(w, &id);
	/* ... also after a restart */
	station_free(w->s);
	start(w);
	up(w, "330200", true);
	up(w, "330000", true);
	tick(w, 25 * HOUR);
	waits_at(w, &id, "330000");
	pass(w, &id);
	says(w, "330000", FAR, ACT_DELIVERED, &id, NULL, NULL);
	assert_int_equal(delivery(w, &id, FAR).state, DLV_DELIVERED);
	tick(w, 3 * DAY);
	assert_int_equal(waiting(w, &id, &(struct rows){.n = 0}), 0);
}

static void
no_other(struct world *w, const char *from, const struct msgid *id)
{
	struct body *b = receipt(from, ACT_RETURNED, id, FAR, NULL);

	body_set_text(b, F_REASON, NO_OTHER_PATH);
	arrive_by(w, b, (const char *const[]){"330225", NULL}, (const char *const[]){from, NULL}, false);
	turn(w);
	body_free(b);
}

/* A relay to which it went because a line was down, and which knows none but the way it came: the other way is tried at once, and
 * nothing is concluded until that has been said for a while. */
static void
told_no_other_path(void **state)
{
	struct world *w = *state;
	struct msgid id;

	up(w, "330200", true);
	up(w, "330000", true);
	id = order(w, "a", FAR);
	pass(w, &id);
	no_other(w, "330200", &id);
	waits_at(w, &id, "330000");
	pass(w, &id);
	no_other(w, "330000", &id);
	assert_int_equal(waiting(w, &id, &(struct rows){.n = 0}), 0); /* no game of ball */
	assert_int_equal(delivery(w, &id, FAR).state, DLV_CUSTODY);
	for (int i = 0; i < 10; i++)
		tick(w, MINUTE);
	assert_int_equal(waiting(w, &id, &(struct rows){.n = 0}), 1); /* in its time, and both ways are open still */
	pass(w, &id);
	for (int i = 0; i < 110; i++) {
		tick(w, MINUTE);
		pass(w, &id);
	}
	no_other(w, "330200", &id);
	assert_int_equal(delivery(w, &id, FAR).state, DLV_CUSTODY);
	pass(w, &id);
	no_other(w, "330000", &id);
	assert_int_equal(delivery(w, &id, FAR).state, DLV_RETURNED);
}

/* What a relay's two persons destroyed (误入清除) is not sent past them by the other way, nor day by day. */
static void
destroyed_there(void **state)
{
	struct world *w = *state;
	struct msgid id;
	struct body *b;

	up(w, "330200", true);
	up(w, "330000", true);
	id = order(w, "a", FAR);
	pass(w, &id);
	b = receipt("330200", ACT_RETURNED, &id, FAR, NULL);
	body_set_text(b, F_REASON, "destroyed");
	arrive_by(w, b, (const char *const[]){"330225", NULL}, (const char *const[]){"330200", NULL}, false);
	turn(w);
	body_free(b);
	assert_int_equal(delivery(w, &id, FAR).state, DLV_RETURNED);
	for (int i = 0; i < 50; i++)
		tick(w, HOUR);
	assert_int_equal(waiting(w, &id, &(struct rows){.n = 0}), 0);
}

/* It arrives after all: nobody need look at the notice any more. */
static void
lifted(void **state)
{
	struct world *w = *state;
	struct msgid id;
	struct notices v;

	up(w, "330200", true);
	up(w, "330000", true);
	id = sent(w, "a", (const char *const[]){"kind", "directive", "text", "x", "to", FAR, "to", "500237", NULL});
	pass(w, &id);
	tick(w, 72 * HOUR);
	assert_int_equal(delivery(w, &id, FAR).state, DLV_RETURNED);
	assert_int_equal(delivery(w, &id, "500237").state, DLV_RETURNED);
	assert_int_equal(notices(w, &v), 1); /* one of the message */
	struct body *b = stored(w, &v.id[0]);
	assert_int_equal(body_count(b, F_REGARDING), 2);
	assert_non_null(strstr(body_text(b, F_REASON), "72"));
	body_free(b);
	assert_int_equal(owed(w, "returned", &v.id[0]), 1);
	says(w, "330200", "500237", ACT_SIGNED, &id, NULL, NULL);
	assert_int_equal(delivery(w, &id, "500237").state, DLV_SIGNED);
	assert_int_equal(owed(w, "returned", &v.id[0]), 1);
	says(w, "330200", FAR, ACT_DELIVERED, &id, NULL, NULL);
	assert_int_equal(delivery(w, &id, FAR).state, DLV_DELIVERED);
	assert_string_equal(delivery(w, &id, FAR).person, "");
	assert_int_equal(owed(w, "returned", &v.id[0]), 0);
}

/* Never left this station at all: returned, still in the outbox, and on its way when the link comes. */
static void
never_left(void **state)
{
	struct world *w = *state;
	struct msgid id = order(w, "a", FAR);

	for (int i = 0; i < 72; i++) {
		assert_int_equal(delivery(w, &id, FAR).state, DLV_OPEN);
		tick(w, HOUR);
	}
	assert_int_equal(delivery(w, &id, FAR).state, DLV_RETURNED);
	tick(w, 5 * DAY);
	waits_at(w, &id, "330200");
	pass(w, &id);
	assert_int_equal(delivery(w, &id, FAR).state, DLV_RETURNED);
}

/* No way leads there from here: soon said, and sent when a topology opens one. */
static void
no_way(void **state)
{
	struct world *w = *state;
	struct msgid id = order(w, "a", FAR);

	w->topo.count = 0;
	station_reload(w->s, w->now, &w->topo);
	turn(w);
	waits_at(w, &id, "");
	tick(w, 5 * MINUTE);
	assert_int_equal(delivery(w, &id, FAR).state, DLV_OPEN);
	for (int i = 0; i < 20; i++)
		tick(w, MINUTE);
	assert_int_equal(delivery(w, &id, FAR).state, DLV_RETURNED);
	waits_at(w, &id, "");
	w->topo.count = 3;
	station_reload(w->s, w->now, &w->topo);
	turn(w);
	waits_at(w, &id, "330200");
	says(w, "330200", FAR, ACT_DELIVERED, &id, NULL, NULL);
	assert_int_equal(delivery(w, &id, FAR).state, DLV_DELIVERED);
}

/* 退回 by the addressee is its own word: no notice, no further offers. */
static void
sent_back(void **state)
{
	struct world *w = *state;
	struct msgid id = order(w, "a", FAR);
	struct notices v;

	pass(w, &id);
	says(w, "330200", FAR, ACT_RETURNED, &id, NULL, NULL);
	assert_int_equal(delivery(w, &id, FAR).state, DLV_RETURNED);
	assert_string_equal(delivery(w, &id, FAR).person, "no path"); /* its reason */
	assert_int_equal(notices(w, &v), 0);
	tick(w, 4 * DAY);
	assert_int_equal(waiting(w, &id, &(struct rows){.n = 0}), 0);
	says(w, "330200", FAR, ACT_READ, &id, NULL, NULL);
	assert_int_equal(delivery(w, &id, FAR).state, DLV_READ);
}

/* ---- whatever happens ---- */

static uint64_t random_state;

static unsigned
dice(unsigned n)
{
	random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)(random_state >> 33) % n;
}

static int
settled(void *ctx, const struct journal_delivery *d)
{
	(void)ctx;
	fail_msg("%s is open at %s: %d", text_of(&d->id), d->to, d->state);
	return 1;
}

/* Random links, custody, words of relays and addressees, topologies, restarts and jumps of the clock: afterwards every addressee of
 * every message is delivered or returned, a returned one has its reason, and nothing stands twice in the outbox. */
static void
any_order(void **state)
{
	static const char *const far[] = {FAR, "500237", "500000", "330225102"};
	struct world *w = *state;
	struct msgid ids[24];
	size_t n = 0;
	char rid[32];

	for (int i = 0; i < 400; i++) {
		struct rows r;
		unsigned k;

		switch (dice(12)) {
		case 0:
			if (n < 24) {
				snprintf(rid, sizeof rid, "r%zu", n);
				ids[n++] = dice(2) == 0 ? order(w, rid, far[dice(4)]) : flash(w, rid);
			}
			break;
		case 1:
			up(w, w->nb[dice(3)].station, dice(2) == 0);
			break;
		case 2:
		case 3:
			if (waiting(w, NULL, &r) > 0 && *r.link[k = dice((unsigned)r.n)] != '\0') {
				station_passed(w->s, w->now, r.o[k].row);
				turn(w);
			}
			break;
		case 4:
			if (n > 0)
				says(w, w->nb[0].station, w->nb[0].station, ACT_RETURNED, &ids[dice((unsigned)n)], far[dice(4)], NULL);
			break;
		case 5:
			if (n > 0)
				says(w, "330200", "500237", ACT_RETURNED, &ids[dice((unsigned)n)], FAR, "330225@1 330000@2 500237@3");
			break;
		case 6:
			if (n > 0 && dice(4) == 0)
				says(w, "330200", FAR, dice(3) == 0 ? ACT_RETURNED : (int)dice(4) + 1, &ids[dice((unsigned)n)], NULL, NULL);
			break;
		case 7:
			if (dice(4) == 0) {
				station_free(w->s);
				start(w);
			}
			break;
		case 8:
			w->topo.count = 1 + dice(3);
			station_reload(w->s, w->now, &w->topo);
			turn(w);
			w->topo.count = 3;
			station_reload(w->s, w->now, &w->topo);
			turn(w);
			break;
		case 9:
			w->now += dice(2) == 0 ? DAY : -DAY;
			break;
		default:
			tick(w, (int64_t)dice(3600) * 1000);
		}
	}
	for (int i = 0; i < 200; i++)
		tick(w, HOUR);
	w->j->ops->delivery_open(w->j, INT64_MAX, settled, NULL);
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < 4; k++) {
			struct journal_delivery d;
			struct rows r;
			size_t serving = 0;

			if (w->j->ops->delivery_get(w->j, &ids[i], far[k], &d) != 0)
				continue;
			assert_true(d.state != DLV_RETURNED || *d.person != '\0');
			for (size_t x = 0; x < waiting(w, &ids[i], &r) && x < r.n; x++) {
				struct journal_outbox o;
				struct envelope e;
				struct fault f;

				memset(&o, 0, sizeof o);
				assert_int_equal(w->j->ops->outbox_get(w->j, r.o[x].row, &o), 0);
				assert_int_equal(envelope_decode(o.envelope.p, o.envelope.n, &e, &f), 0);
				for (size_t y = 0; y < e.nto; y++)
					serving += strcmp(e.to[y], far[k]) == 0;
				envelope_free(&e);
				buf_free(&o.envelope);
			}
			assert_true(serving <= 1);
		}
	struct journal_verify v;

	memset(&v, 0, sizeof v);
	assert_int_equal(w->j->ops->verify(w->j, "330225", &v), 0);
	assert_string_equal(v.bad, "");
}

static void
any_order_all(void **state)
{
	for (uint64_t seed = 1; seed <= 200; seed++) {
		void *inner;

		random_state = seed;
		serial = 0;
		two_parents(&inner);
		any_order(&inner);
		teardown(&inner);
	}
	(void)state;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {T2(told_no_path), T2(told_no_other_path), T2(destroyed_there), T2(lifted), T2(never_left), T2(no_way), T2(sent_back),
	    cmocka_unit_test(any_order_all)};

	return cmocka_run_group_tests(tests, load, unload);
}
