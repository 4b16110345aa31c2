/*
 * Lines: numbers that go on over restarts, and what two neighbours find out with them: a gap, an old backup, a journal
 * made afresh, a difference at the close.
 */
#include "line_net.h"

struct walked {
	uint64_t next;
	size_t n, none, open;
};

static int
walk(void *ctx, const struct journal_line *l, const struct journal_passage *p)
{
	struct walked *w = ctx;

	(void)l;
	assert_int_equal(p->serial, ++w->next);
	w->n++;
	w->none += !msgid_is_set(&p->id);
	w->open += msgid_is_set(&p->id) && p->passed == 0;
	return 0;
}

/* A stream's passages are continuous; how many, and how many stand for nothing or have not passed. */
static struct walked
walked(struct node *n, int peer, bool out, uint64_t stream)
{
	struct walked w = {0};

	assert_int_equal(
	    n->j->ops->passage_each(n->j, node_codes[peer], out, stream, 1, INT64_MAX, walk, &w), 0);
	return w;
}

/* Every parcel has a number, both ends know the same ones, and every start begins another stream. */
static void
numbers_go_on(void **state)
{
	struct net *net = *state;
	struct node *town = &net->node[TOWN], *county = &net->node[COUNTY];
	struct msgid ids[5];
	uint64_t first;
	struct walked w;

	net_start(net);
	reports(town, "a", 5, ids);
	net_run(net, 5000);
	first = town->epochs[0];
	w = walked(town, COUNTY, true, first);
	assert_true(w.n >= 5 && w.none == 0 && w.open == 0);
	assert_int_equal(walked(county, TOWN, false, first).n, w.n);
	assert_int_equal(node_line(town, COUNTY, true).last, w.n);
	assert_int_equal(node_line(county, TOWN, false).last, w.n);
	/* two more while the line is cut: they keep their numbers over a restart, what comes after has other ones */
	net->cut[COUNTY] = true;
	net_cut(net, COUNTY);
	reports(town, "b", 2, ids);
	assert_int_equal(walked(town, COUNTY, true, first).open, 2);
	node_stop(town);
	net_run(net, 3000);
	node_start(town);
	assert_int_equal(walked(town, COUNTY, true, town->epochs[1]).n, 0); /* nothing is written before the first number */
	reports(town, "c", 2, ids);
	net->cut[COUNTY] = false;
	net_run(net, 60000);
	assert_int_equal(walked(town, COUNTY, true, first).open, 0);
	assert_true(walked(county, TOWN, false, first).n >= w.n + 2);
	assert_true(walked(county, TOWN, false, town->epochs[1]).n >= 2);
	net_run(net, 300000);
	settled(net);
	for (int i = 0; i < NNODE; i++)
		assert_int_equal(net->node[i].alarms, 0);
}

/* What goes another way leaves nothing under its number, and the peer is told so when it asks. */
static void
withdrawn(void **state)
{
	struct net *net = *state;
	struct node *town = &net->node[TOWN], *county = &net->node[COUNTY];
	struct topology none = town->topo;
	struct msgid ids[3];
	struct walked w;

	net_start(net);
	net->cut[COUNTY] = true;
	net_cut(net, COUNTY);
	net_run(net, 100);
	reports(town, "a", 3, ids);
	none.count = 0; /* the neighbour is taken out of the topology, and comes back */
	station_reload(town->s, node_now(town), &none);
	node_turn(town);
	w = walked(town, COUNTY, true, town->epochs[0]);
	assert_true(w.n == 3 && w.none == 3);
	station_reload(town->s, node_now(town), &town->topo);
	node_turn(town);
	w = walked(town, COUNTY, true, town->epochs[0]);
	assert_true(w.n == 6 && w.none == 3 && w.open == 3);
	net->cut[COUNTY] = false;
	net_run(net, 600000);
	for (size_t i = 0; i < 3; i++)
		assert_true(node_holds(county, &ids[i]));
	w = walked(county, TOWN, false, town->epochs[0]);
	assert_int_equal(w.none, 3);
	settled(net);
	assert_int_equal(county->gaps, 0);
	assert_int_equal(node_line(county, TOWN, false).beyond, 0);
}

/* One message is gone from the county's journal, with its passage: noticed, asked for, mended. */
static void
one_lost(void **state)
{
	struct net *net = *state;
	struct node *town = &net->node[TOWN], *county = &net->node[COUNTY];
	struct msgid ids[6];

	net_start(net);
	reports(town, "a", 6, ids);
	net_run(net, 5000);
	node_stop(county);
	node_restore(county, node_backup(county, &ids[2]));
	assert_false(node_holds(county, &ids[2]));
	net_run(net, 30000);
	assert_true(node_holds(county, &ids[2]));
	net_run(net, 300000);
	settled(net);
	assert_int_equal(county->gaps, 0); /* mended before anybody had to look */
	assert_int_equal(node_delivery(town, &ids[2], "330225"), DLV_DELIVERED);
}

/* A gap that cannot be mended for now is shown and alarmed once, and the alarm is lifted. */
static void
gap_is_shown(void **state)
{
	struct net *net = *state;
	struct node *town = &net->node[TOWN], *county = &net->node[COUNTY];
	struct msgid ids[4];
	struct line_status st;

	net_start(net);
	reports(town, "a", 4, ids);
	net_run(net, 5000);
	node_stop(county);
	node_restore(county, node_backup(county, &ids[1]));
	while ((st = node_line(county, TOWN, false)).missing == 0) {
		if (!net_step(net)) {
			net->t += 100;
			station_tick(town->s, node_now(town));
			node_turn(town);
		}
		assert_true(net->t < NOW + HOUR);
	}
	net->cut[COUNTY] = true; /* just told; the line breaks before the answer has come */
	net_cut(net, COUNTY);
	assert_int_equal(st.missing, 1);
	assert_true(st.first_missing > 0 && st.missing_since > NOW);
	net_run(net, 500000);
	assert_int_equal(county->gaps, 1);
	assert_non_null(strstr(county->alarm, "330225102"));
	net->cut[COUNTY] = false;
	net_run(net, 300000);
	settled(net);
	assert_true(node_holds(county, &ids[1]));
}

/* What is missing is lost for good when its sender's disk burns too before it was given again: counted, and missing no more. */
static void
both_lost(void **state)
{
	struct net *net = *state;
	struct node *town = &net->node[TOWN], *county = &net->node[COUNTY];
	struct msgid ids[4];
	struct line_status st;

	net->holes = true;
	net_start(net);
	reports(town, "a", 4, ids);
	net_run(net, 5000);
	node_stop(county);
	node_restore(county, node_backup(county, &ids[1]));
	while (node_line(county, TOWN, false).missing == 0) {
		if (!net_step(net)) {
			net->t += 100;
			station_tick(town->s, node_now(town));
			node_turn(town);
		}
		assert_true(net->t < NOW + HOUR);
	}
	node_restore(town, journal_ram_open());
	net_run(net, 300000);
	st = node_line(county, TOWN, false);
	assert_int_equal(st.missing, 0);
	assert_int_equal(st.missing_since, 0);
	assert_int_equal(st.beyond, 1);
	assert_true(county->gaps >= 1);
	for (size_t i = 0; i < 4; i++)
		assert_true(i == 1 || node_holds(town, &ids[i])); /* the rest has come back */
	node_stop(county);
	node_start(county);
	net_run(net, 300000);
	assert_int_equal(node_line(county, TOWN, false).beyond, 1);
	settled(net);
}

/* The county comes back with an old backup: it gets what it had received, and its own messages, from both sides. */
static void
old_backup(void **state)
{
	struct net *net = *state;
	struct node *town = &net->node[TOWN], *county = &net->node[COUNTY], *city = &net->node[CITY];
	struct msgid up[4], lost_up[4], own[4], lost_own[4];
	struct journal *backup, *again;
	char rid[32];

	net_start(net);
	reports(town, "a", 4, up);
	reports(county, "o", 4, own);
	net_run(net, 5000);
	backup = node_backup(county, NULL);
	again = node_backup(county, NULL);
	reports(town, "b", 4, lost_up);
	reports(county, "p", 2, lost_own);
	for (int k = 0; k < 2; k++) {
		snprintf(rid, sizeof rid, "d-%d", k);
		lost_own[2 + k] = order(county, rid, "330225102");
	}
	net_run(net, 5000);
	node_stop(county); /* and another life of it that the backup knows nothing of */
	net_run(net, 5000);
	node_start(county);
	net_run(net, 5000);
	struct msgid later = report(county, "later");
	net_run(net, 5000);
	assert_true(node_holds(city, &later));
	node_restore(county, backup);
	assert_false(node_holds(county, &lost_own[0]));
	net_run(net, 600000);
	for (size_t i = 0; i < 4; i++) {
		assert_true(node_holds(county, &up[i]) && node_holds(county, &own[i]));
		assert_true(node_holds(county, &lost_up[i]));
		assert_true(node_holds(county, &lost_own[i]));
	}
	assert_true(node_holds(county, &later));
	net_run(net, 4 * HOUR);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(node_delivery(county, &lost_own[i], "330200"), DLV_DELIVERED);
	for (size_t i = 2; i < 4; i++)
		assert_int_equal(node_delivery(county, &lost_own[i], "330225102"), DLV_DELIVERED);
	assert_int_equal(node_delivery(county, &later, "330200"), DLV_DELIVERED);
	settled(net);
	/* the same backup a second time: what was given back is gone again, and comes again */
	node_restore(county, again);
	assert_false(node_holds(county, &later));
	net_run(net, 600000);
	assert_true(node_holds(county, &later));
	for (size_t i = 0; i < 4; i++)
		assert_true(node_holds(county, &lost_up[i]) && node_holds(county, &lost_own[i]));
	(void)town;
}

/* A relay's disk burns: it starts with nothing, and is filled again from both sides. */
static void
burnt_relay(void **state)
{
	struct net *net = *state;
	struct node *town = &net->node[TOWN], *county = &net->node[COUNTY], *city = &net->node[CITY];
	struct msgid up[300], own[3], down[3], through;
	char rid[32];

	net_start(net);
	reports(town, "a", 300, up); /* more than one NEED asks for */
	reports(county, "o", 3, own);
	for (int k = 0; k < 3; k++) {
		snprintf(rid, sizeof rid, "d-%d", k);
		down[k] = order(city, rid, "330225");
	}
	through = order(city, "through", "330225102");
	net_run(net, 20000);
	assert_true(node_holds(town, &through));
	node_stop(county);
	node_restore(county, journal_ram_open());
	net_run(net, 600000);
	for (size_t i = 0; i < 300; i++)
		assert_true(node_holds(county, &up[i]));
	for (size_t i = 0; i < 3; i++)
		assert_true(node_holds(county, &own[i]) && node_holds(county, &down[i]));
	assert_true(node_holds(county, &through));
	net_run(net, 4 * HOUR);
	settled(net);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(node_delivery(county, &own[i], "330200"), DLV_DELIVERED);
	assert_int_equal(node_line(county, TOWN, false).beyond, 0);
}

/* The relay's disk burns, and when it is filled again, that of the station behind it: it gets everything from the relay. */
static void
burnt_one_after_the_other(void **state)
{
	struct net *net = *state;
	struct node *town = &net->node[TOWN], *county = &net->node[COUNTY], *city = &net->node[CITY];
	struct msgid down[5];
	char rid[32];

	net_start(net);
	for (int k = 0; k < 5; k++) {
		snprintf(rid, sizeof rid, "d-%d", k);
		down[k] = order(city, rid, "330225102");
	}
	net_run(net, 20000);
	for (int k = 0; k < 5; k++)
		assert_int_equal(node_delivery(city, &down[k], "330225102"), DLV_DELIVERED);
	node_restore(county, journal_ram_open());
	net_run(net, 300000);
	node_restore(town, journal_ram_open());
	net_run(net, 300000);
	for (int k = 0; k < 5; k++)
		assert_true(node_holds(county, &down[k]) && node_holds(town, &down[k]));
	settled(net);
}

/* What is no longer kept cannot be given again: it is counted, and alarmed. */
static void
beyond_keeping(void **state)
{
	struct net *net = *state;
	struct node *town = &net->node[TOWN], *county = &net->node[COUNTY];
	struct msgid old[5], young[3];
	struct line_status st;
	uint64_t closed;

	for (int i = 0; i < NNODE; i++)
		net->node[i].resend_days = 2;
	net->holes = true;
	net_start(net);
	reports(town, "old", 5, old);
	net_run(net, 2 * DAY);
	closed = node_line(town, COUNTY, true).closed;
	assert_true(closed >= 5);
	net_run(net, 2 * DAY); /* closed, and older than two days: let go */
	assert_int_equal(town->j->ops->passage_get(town->j, "330225", true, town->epochs[0], 1, &(struct journal_passage){0}), 1);
	reports(town, "young", 3, young);
	net_run(net, 5000);
	node_stop(county);
	node_restore(county, journal_ram_open());
	net_run(net, 300000);
	for (size_t i = 0; i < 3; i++)
		assert_true(node_holds(county, &young[i]));
	st = node_line(county, TOWN, false);
	assert_true(st.beyond >= 5);
	assert_int_equal(st.missing, 0);
	assert_true(county->gaps >= 1);
	/* counted once, also over a restart */
	closed = st.beyond;
	node_stop(county);
	node_start(county);
	net_run(net, 300000);
	assert_int_equal(node_line(county, TOWN, false).beyond, closed);
}

/* A neighbour of version 1: everything goes as it did, without notes, and without numbers nobody would keep. */
static void
old_neighbour(void **state)
{
	struct net *net = *state;
	struct node *town = &net->node[TOWN], *county = &net->node[COUNTY];
	struct msgid ids[5], own[3];
	struct link_status st;

	county->version = 1;
	net_start(net);
	assert_true(station_link_status(town->s, "330225", &st));
	assert_int_equal(st.version, 1);
	reports(town, "a", 5, ids);
	reports(county, "o", 3, own);
	net_run(net, 2 * DAY);
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(node_delivery(town, &ids[i], "330225"), DLV_DELIVERED);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(node_delivery(county, &own[i], "330200"), DLV_DELIVERED);
	assert_int_equal(node_line(town, COUNTY, true).last, 0);
	assert_int_equal(node_line(town, COUNTY, true).closed, 0);
	/* it is brought up to date: numbers begin, and nothing of before is asked for */
	node_stop(county);
	county->version = 0;
	node_start(county);
	net_run(net, 60000);
	reports(town, "b", 5, ids);
	net_run(net, 300000);
	assert_true(node_line(town, COUNTY, true).last >= 5);
	assert_true(node_line(county, TOWN, false).last >= 5);
	settled(net);
	for (int i = 0; i < NNODE; i++)
		assert_int_equal(net->node[i].alarms, 0);
}

/* The clock of one stands a day ahead, then a day behind: lines look, close, and let nothing go. */
static void
clock_steps(void **state)
{
	struct net *net = *state;
	struct node *town = &net->node[TOWN], *county = &net->node[COUNTY];
	static const int64_t steps[] = {DAY, -DAY, -DAY, DAY};
	struct msgid ids[10];

	net_start(net);
	for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
		char what[16];

		county->off += steps[i];
		town->off -= steps[i] / 2;
		snprintf(what, sizeof what, "step%zu", i);
		reports(town, what, 10, ids);
		net_run(net, 600000);
		for (size_t k = 0; k < 10; k++)
			assert_int_equal(node_delivery(town, &ids[k], "330225"), DLV_DELIVERED);
		settled(net);
	}
	net_run(net, DAY);
	assert_int_equal(node_line(county, TOWN, false).closed, node_line(town, COUNTY, true).last);
	assert_true(county->clocks > 0); /* that it stands elsewhere is said, and nothing else */
	assert_int_equal(county->alarms, county->clocks);
	/* idle: a look in two minutes, not a storm */
	uint64_t before = net->frames;
	net_run(net, HOUR);
	assert_true(net->frames - before < 4 * 3600 / 15 * 3);
}

/* Whatever a neighbour's note says: nothing falls over, nothing grows without bound, nothing of ours is touched. */
static void
mad_notes(void **state)
{
	struct net *net = *state;
	struct node *town = &net->node[TOWN], *county = &net->node[COUNTY];
	struct msgid ids[3];
	uint64_t x = 12345, stream, last;
	struct journal_counts counts;
	struct buf b = {0};

	net_start(net);
	reports(town, "a", 3, ids);
	net_run(net, 5000);
	stream = county->epochs[0];
	last = node_line(county, CITY, true).last;
	for (int i = 0; i < 20000; i++) {
		buf_clear(&b);
		for (size_t k = 0, n = 3 + (x >> 40) % 12; k < n; k++) {
			static const uint64_t some[] = {0, 1, 2, 3, 4, 5, 6, 7, 64, 65536, INT64_MAX, UINT64_MAX};

			x = x * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
			if (k == 0)
				token_put_array(&b, 2 + (x >> 33) % 6);
			else if (k == 1)
				token_put_uint(&b, 1 + (x >> 33) % 8);
			else if ((x >> 20) % 7 == 0)
				token_put_array(&b, (x >> 33) % 5);
			else if ((x >> 20) % 11 == 0)
				token_put_bytes(&b, "0123456789abcdef0123456789abcdef", (x >> 33) % 33);
			else if ((x >> 20) % 3 == 0)
				token_put_uint(&b, (x >> 33) % 2 ? stream : town->epochs[0]);
			else
				token_put_uint(&b, some[(x >> 33) % 12]);
		}
		line_note(county->s, node_now(county), (x >> 50) % 2 ? "330225102" : "330200", b.p, b.n);
		line_note(county->s, node_now(county), "330225102", b.p, b.n - (x >> 45) % b.n);
		if (i % 64 == 0)
			node_turn(county);
	}
	node_turn(county);
	net_deliver(net);
	assert_int_equal(county->j->ops->counts(county->j, &counts), 0);
	assert_true(counts.outbox < 2000);
	assert_true(node_line(county, CITY, true).last - last < 2000);
	net_run(net, 20 * 60000);
	for (size_t i = 0; i < 3; i++)
		assert_true(node_holds(county, &ids[i]));
	buf_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    L(numbers_go_on),
	    L(withdrawn),
	    L(one_lost),
	    L(gap_is_shown),
	    L(both_lost),
	    L(old_backup),
	    L(burnt_relay),
	    L(burnt_one_after_the_other),
	    L(beyond_keeping),
	    L(old_neighbour),
	    L(clock_steps),
	    L(mad_notes),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
