/*
 * Pace and order on one link: windows, precedence on slow lines, resumption, refusals, tries, clocks that are set,
 * and numbers.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <cmocka.h>
#include "link_sim.h"

#define HOUR INT64_C(3600000)

static struct link_status
status_of(const struct sim *w, int side)
{
	struct link_status st;

	link_status(w->side[side].link, &st);
	return st;
}

static void
up(struct sim *w)
{
	sim_start(w);
	sim_until(w, w->t + 3000 + 10 * w->delay);
	assert_int_equal(w->side[0].state, LINK_UP);
	assert_int_equal(w->side[1].state, LINK_UP);
}

static void
put(struct sim *w, int side, int precedence, size_t size)
{
	sim_enqueue(w, side, precedence, size);
	sim_turn(&w->side[side], false);
}

/* An urgent report comes while a routine one of 100 kB fills the line. */
static void
overtaking(void **state)
{
	static const struct {
		unsigned rate;
		int64_t delay;	/* ms one way */
		int64_t urgent; /* ms it may take */
	} row[] = {
	    {2400, 50, 2600},
	    {9600, 50, 1100},
	    {9600, 500, 2200},
	    {9600, 1500, 5200},
	    {19200, 50, 700},
	    {64000, 50, 700},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct sim w;
		int64_t begun, took, least = INT64_C(100000) * 8000 / row[i].rate;

		sim_init(&w, 3 + i, row[i].rate, row[i].delay);
		sim_start(&w);
		sim_until(&w, w.t + 60000);
		begun = w.t;
		put(&w, 0, 4, 100000);
		for (int k = 0; k < 4; k++) {
			sim_until(&w, w.t + least / 8 + 37 * k);
			/* the round trip does not contain our own queue */
			assert_in_range(status_of(&w, 0).rtt, 2 * row[i].delay, 2 * row[i].delay + 250);
			put(&w, 0, 1 + k % 2, 300);
		}
		assert_true(sim_settle(&w, 3 * least + 20000));
		for (size_t k = 1; k <= 4; k++) {
			took = w.side[0].recs[k].handed_at - w.side[0].recs[k].queued_at;
			if (getenv("LINK_VERBOSE") != NULL)
				print_message("%u bit/s, rtt %d ms: urgent %zu after %d ms\n", row[i].rate,
				    2 * (int)row[i].delay, k, (int)took);
			if (took > row[i].urgent)
				fail_msg("%u bit/s, %d ms: the urgent one took %d ms", row[i].rate, (int)row[i].delay,
				    (int)took);
		}
		took = w.side[0].recs[0].handed_at - begun;
		if (getenv("LINK_VERBOSE") != NULL)
			print_message("%u bit/s, rtt %d ms: 100 kB after %d of %d ms\n", row[i].rate,
			    2 * (int)row[i].delay, (int)took, (int)least);
		if (took > least * 100 / 88 + 4000)
			fail_msg("%u bit/s, %d ms: 100 kB took %d ms instead of %d", row[i].rate, (int)row[i].delay,
			    (int)took, (int)least);
		sim_free(&w);
	}
}

/* Nobody answers: no more than the window leaves, and one frame of the highest degree beyond it. */
static void
window_and_reserved_slot(void **state)
{
	static const unsigned rates[] = {0, 2400, 9600, 64000, 1000000};

	(void)state;
	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		struct sim w;
		uint64_t bytes;
		size_t window, fragment;

		sim_init(&w, 10 + i, rates[i], 10);
		up(&w);
		w.side[1].dumb = true;
		window = link_send_window(w.side[0].link);
		fragment = link_send_fragment(w.side[0].link);
		bytes = w.side[0].bytes;
		for (int k = 0; k < 8; k++)
			put(&w, 0, 3, 100000);
		assert_true(w.side[0].bytes - bytes <= window);
		assert_true(w.side[0].bytes - bytes > window - fragment);
		bytes = w.side[0].bytes;
		put(&w, 0, 2, 200);
		assert_int_equal(w.side[0].bytes, bytes);
		put(&w, 0, 1, 100);
		assert_true(w.side[0].bytes > bytes + 100 && w.side[0].bytes < bytes + 140);
		bytes = w.side[0].bytes;
		for (int k = 0; k < 20; k++) /* a storm of them does not refill the kernel */
			put(&w, 0, 1, 100);
		assert_int_equal(w.side[0].bytes, bytes);
		w.side[1].dumb = false;
		assert_true(sim_settle(&w, 4 * HOUR));
		sim_free(&w);
	}
}

static void
resumes_where_it_broke(void **state)
{
	struct sim w;
	uint64_t before;

	(void)state;
	sim_init(&w, 20, 64000, 50);
	up(&w);
	put(&w, 0, 4, 300000);
	for (int k = 0; k < 6; k++) {
		sim_until(&w, w.t + 5000);
		sim_cut(&w, true, k % 2 == 0);
	}
	before = w.side[0].bytes;
	assert_true(before > 150000);
	assert_true(sim_settle(&w, 60000));
	assert_true(w.side[0].bytes < 340000);
	assert_int_equal(w.side[0].recs[0].hand_ups, 1);
	sim_free(&w);
}

/* More begun and pre-empted than the receiver keeps: the least urgent are refused and come later. */
static void
parts_are_bounded(void **state)
{
	struct sim w;

	(void)state;
	sim_init(&w, 21, 0, 5);
	up(&w);
	for (int prec = 4; prec >= 1; prec--) {
		put(&w, 0, prec, LINK_PARCEL_MAX);
		/* acknowledged just short of its end, so the next pre-empts it */
		while (w.side[0].link->q.by[prec].cursor->sent < LINK_PARCEL_MAX - 60000) {
			sim_until(&w, w.t + 1);
			if (w.side[0].link->q.by[prec].cursor == NULL)
				break;
		}
	}
	assert_true(sim_settle(&w, 120000));
	for (int k = 0; k < 4; k++)
		assert_int_equal(w.side[0].recs[k].hand_ups, 1);
	assert_true(w.side[0].refusals >= 1);
	assert_int_equal(w.side[1].order[0], 4);
	sim_free(&w);
}

static void
refused_comes_again(void **state)
{
	struct sim w;

	(void)state;
	sim_init(&w, 22, 0, 5);
	up(&w);
	w.refuse = 10000;
	for (int k = 0; k < 5000; k++)
		sim_enqueue(&w, 0, 3, 60);
	sim_turn(&w.side[0], false);
	sim_until(&w, w.t + 25000);
	assert_int_equal(w.side[0].refusals, 5000);
	assert_int_equal(status_of(&w, 0).queued[3], 5000);
	w.refuse = 0;
	put(&w, 0, 1, 60); /* room again for this one at once */
	sim_until(&w, w.t + 100);
	assert_true(w.side[0].recs[5000].custody);
	assert_false(w.side[0].recs[0].custody);
	assert_true(sim_settle(&w, 31000));
	for (size_t k = 1; k < 5000; k++)
		assert_int_equal(w.side[1].order[5001 + k], k + 1);
	assert_int_equal(status_of(&w, 0).sessions, 1);
	sim_until(&w, w.t + 20000);
	assert_int_equal(w.side[1].link->rx.held.n, 0); /* no gap stays behind */
	assert_int_equal(status_of(&w, 1).rx_cum + 1, status_of(&w, 0).tx_next);
	sim_free(&w);
}

static void
tries(void **state)
{
	struct sim w;
	uint64_t n;

	(void)state;
	sim_init(&w, 32, 0, 5);
	w.outage = true;
	sim_start(&w);
	sim_until(&w, w.t + 10000);
	n = w.side[0].connects;
	w.side[0].conf.hello_wait = 1000;
	sim_until(&w, w.t + 600000);
	n = w.side[0].connects - n;
	assert_in_range(n, 600 / 33, 600 / 10); /* nothing owed: 7.5 to 22.5 s and the wait of those unanswered */
	put(&w, 0, 4, 100);
	n = w.side[0].connects;
	sim_until(&w, w.t + 2000);
	assert_true(w.side[0].connects > n); /* something owed: at once */
	n = w.side[0].connects;
	sim_until(&w, w.t + 300000);
	n = w.side[0].connects - n;
	assert_in_range(n, 300 / 4, 600);
	w.outage = false;
	assert_true(sim_settle(&w, 12000));
	sim_free(&w);

	/* every failed try reported at once: never more than 2 s between two */
	sim_init(&w, 33, 0, 5);
	w.outage = true;
	sim_start(&w);
	put(&w, 0, 4, 100);
	for (int k = 0; k < 200; k++) {
		n = w.side[0].connects;
		sim_until(&w, w.t + 2000);
		if (w.side[0].state == LINK_CONNECTING && w.side[0].connects == n) {
			link_disconnected(w.side[0].link, sim_now(&w.side[0]), w.n_conns);
			sim_turn(&w.side[0], false);
		}
		assert_true(w.side[0].connects - n <= 5);
	}
	assert_true(w.side[0].connects > 200);
	sim_free(&w);
}

/* A clock set forward or back by a day neither freezes nor storms nor breaks a session. */
static void
clock_steps(void **state)
{
	static const int64_t step[] = {86400000, -86400000, 660000, -1000, 300000};

	(void)state;
	for (size_t i = 0; i < sizeof(step) / sizeof(step[0]); i++) {
		for (int side = 0; side < 2; side++) {
			struct sim w;
			uint64_t frames;

			sim_init(&w, 40, 0, 5);
			up(&w);
			sim_until(&w, w.t + 30000);
			frames = w.side[0].frames + w.side[1].frames;
			w.side[side].off += step[i];
			sim_until(&w, w.t + 120000);
			if (step[i] != 300000) { /* which may as well be time passing */
				assert_int_equal(status_of(&w, 0).sessions, 1);
				assert_int_equal(status_of(&w, side).clock_diff, -step[i]);
			}
			assert_true(w.side[0].frames + w.side[1].frames < frames + 60);
			put(&w, 0, 1, 100);
			put(&w, 1, 1, 100);
			assert_true(sim_settle(&w, 30000));
			w.outage = true;
			sim_cut(&w, true, true);
			sim_until(&w, w.t + 200);
			put(&w, 0, 1, 100);
			w.side[side].off -= step[i];
			w.outage = false;
			assert_true(sim_settle(&w, 12000));
			sim_free(&w);
		}
	}
}

static double
cpu_seconds(void)
{
	struct rusage u;

	assert_int_equal(getrusage(RUSAGE_SELF, &u), 0);
	return (double)u.ru_utime.tv_sec + (double)u.ru_utime.tv_usec / 1e6;
}

static double
many(size_t n)
{
	struct sim w;
	double begun;

	sim_init(&w, 44, 0, 1);
	w.outage = true;
	sim_start(&w);
	begun = cpu_seconds();
	for (size_t k = 0; k < n; k++)
		sim_enqueue(&w, 0, 1 + (int)(k % 4), 40);
	w.outage = false;
	assert_true(sim_settle(&w, 600000));
	begun = cpu_seconds() - begun;
	assert_int_equal(w.side[0].custodies, n);
	sim_free(&w);
	return begun;
}

static void
a_hundred_thousand(void **state)
{
	double few, lots;

	(void)state;
	few = many(10000);
	lots = many(100000);
	/* ten times as many, quadratic would be a hundred times as long */
	if (lots > 40 * few + 0.5)
		fail_msg("10 000: %.3f s, 100 000: %.3f s", few, lots);
}

static bool
note(struct sim *w, int side, size_t n, uint8_t fill)
{
	uint8_t bytes[LINK_NOTE_MAX + 1];

	memset(bytes, fill, sizeof(bytes));
	return link_note(w->side[side].link, sim_now(&w->side[side]), bytes, n);
}

/* On a thin line a note goes in pieces, behind every parcel, and is handed up whole. */
static void
notes_go_last(void **state)
{
	static const unsigned rates[] = {0, 2400, 9600};

	(void)state;
	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		struct sim w;

		sim_init(&w, 50 + i, rates[i], 50);
		sim_start(&w);
		assert_false(note(&w, 0, 10, 1)); /* not up yet */
		sim_until(&w, w.t + 10000);
		assert_int_equal(link_version(w.side[0].link), 2);
		assert_int_equal(link_version(w.side[1].link), 2);
		assert_false(note(&w, 0, 0, 1));
		assert_false(note(&w, 0, LINK_NOTE_MAX + 1, 1));
		for (int k = 0; k < LINK_NOTES; k++)
			assert_true(note(&w, 0, LINK_NOTE_MAX, (uint8_t)k));
		assert_false(note(&w, 0, 1, 1)); /* too many wait */
		for (int k = 0; k < 8; k++)
			sim_enqueue(&w, 0, 4, 900);
		sim_turn(&w.side[0], false);
		while (!sim_done(&w)) {
			sim_until(&w, w.t + 10);
			sim_check(&w, w.side[1].notes == 0 || w.side[1].n_order == 8);
		}
		/* one urgent parcel overtakes the rest of them */
		sim_until(&w, w.t + 500);
		sim_enqueue(&w, 0, 1, 300);
		sim_turn(&w.side[0], false);
		assert_true(sim_settle(&w, 10000));
		if (rates[i] != 0)
			assert_true(w.side[1].notes < LINK_NOTES);
		sim_until(&w, w.t + 300000);
		assert_int_equal(w.side[1].notes, LINK_NOTES);
		assert_int_equal(w.side[1].note.n, LINK_NOTE_MAX);
		assert_int_equal(w.side[1].note.p[0], LINK_NOTES - 1);
		assert_int_equal(w.side[1].note.p[LINK_NOTE_MAX - 1], LINK_NOTES - 1);
		assert_int_equal(w.side[0].link->s.in_flight, 0);
		sim_free(&w);
	}
}

/* A note belongs to its session: what is not told in it is not told. */
static void
notes_of_a_session(void **state)
{
	struct sim w;

	(void)state;
	sim_init(&w, 60, 2400, 50);
	sim_start(&w);
	sim_until(&w, w.t + 10000);
	for (int k = 0; k < 4; k++)
		assert_true(note(&w, 0, LINK_NOTE_MAX, 1));
	sim_turn(&w.side[0], false);
	sim_until(&w, w.t + 2000);
	sim_cut(&w, true, true);
	sim_until(&w, w.t + 60000);
	assert_int_equal(w.side[0].state, LINK_UP);
	assert_true(w.side[1].notes < 4);
	assert_true(note(&w, 0, 7, 9));
	sim_turn(&w.side[0], false);
	sim_until(&w, w.t + 10000);
	assert_int_equal(w.side[1].note.n, 7); /* and not the rest of what was begun */
	sim_free(&w);
}

/* A peer of version 1 gets exactly the frames of version 1, whichever side it is, and a note from it ends the session. */
static void
peer_of_version_1(void **state)
{
	(void)state;
	for (int old = 0; old < 2; old++) {
		struct sim w;
		struct buf f = {0};
		struct frame_head head = {.type = FRAME_DATA};
		struct frame_item it = {.type = ITEM_NOTE, .p = (const uint8_t *)"x", .n = 1};

		sim_init(&w, 70 + (uint64_t)old, 0, 20);
		w.side[old].conf.version_max = 1;
		w.faults = true;
		sim_start(&w);
		sim_until(&w, w.t + 3000);
		for (int i = 0; i < 2; i++) {
			struct link_status st;

			assert_int_equal(link_version(w.side[i].link), 1);
			link_status(w.side[i].link, &st);
			assert_int_equal(st.version, 1);
			assert_false(note(&w, i, 5, 1));
		}
		for (int k = 0; k < 40; k++) {
			sim_enqueue(&w, k % 2, 1 + k % 4, 500 * (size_t)k + 20);
			sim_turn(&w.side[k % 2], false);
			(void)note(&w, k % 2, 5, 1);
		}
		sim_cut(&w, true, false);
		assert_true(sim_settle(&w, 120000));
		sim_until(&w, w.t + 120000);
		for (int i = 0; i < 2; i++) {
			assert_int_equal(w.side[i].notes, 0);
			assert_int_equal(w.side[i].items & ~((2u << ITEM_STREAM) - 2), 0);
		}
		head.to = w.side[old].link->s.mine;
		head.number = w.side[old].link->s.rx_frame + 1;
		link_frame_head_put(&f, &head);
		link_frame_item_put(&f, &it);
		link_frame(w.side[old].link, sim_now(&w.side[old]), w.side[old].link->s.conn, f.p, f.n);
		assert_int_equal(w.side[old].state, LINK_IDLE);
		buf_free(&f);
		sim_free(&w);
	}
}

/* Custody told late, twice, backwards, and of serials never sent: each parcel passes once, the rest changes nothing. */
static void
custody_out_of_order(void **state)
{
	static const struct serial_range say[] = {{5, 1}, {3, 1}, {5, 1}, {1, 1}, {3, 3}, {7, 900}, {2, 1}, {1, 6}};
	struct sim w;

	(void)state;
	sim_init(&w, 80, 0, 20);
	sim_start(&w);
	sim_until(&w, w.t + 3000);
	w.side[1].dumb = true; /* the answers are ours */
	for (int k = 0; k < 6; k++) {
		sim_enqueue(&w, 0, 3, 100);
		w.side[0].recs[k].committed = true;
	}
	sim_turn(&w.side[0], false);
	for (size_t i = 0; i < sizeof(say) / sizeof(say[0]); i++) {
		struct frame_head head = {.type = FRAME_DATA, .to = w.side[0].link->s.mine};
		struct frame_item it = {.type = ITEM_CUSTODY, .n_ranges = 1};
		struct buf f = {0};

		head.number = w.side[0].link->s.rx_frame + 1;
		it.ranges[0] = say[i];
		link_frame_head_put(&f, &head);
		link_frame_item_put(&f, &it);
		link_frame(w.side[0].link, sim_now(&w.side[0]), w.side[0].link->s.conn, f.p, f.n);
		link_frame(w.side[0].link, sim_now(&w.side[0]), w.side[0].link->s.conn, f.p, f.n); /* the frame again */
		buf_free(&f);
	}
	assert_int_equal(w.side[0].state, LINK_UP);
	assert_int_equal(w.side[0].custodies, 6);
	assert_int_equal(w.side[0].link->q.count[0], 0);
	assert_int_equal(w.side[0].link->q.low, 7);
	sim_free(&w);
}

/* What goes another way is forgotten, sent or not; the peer keeps no gap for it; a later answer about it is nothing. */
static void
forgotten(void **state)
{
	struct sim w;
	struct link_status st;

	(void)state;
	sim_init(&w, 90, 0, 20);
	w.commit_delay = 3000;
	sim_start(&w);
	for (int k = 0; k < 6; k++)
		sim_enqueue(&w, 0, 1 + k % 4, 300);
	link_status(w.side[0].link, &st);
	assert_int_equal(st.oldest[1], SIM_T0);
	assert_int_equal(st.oldest[4], SIM_T0);
	link_forget(w.side[0].link, sim_now(&w.side[0]), 2); /* not sent yet */
	link_forget(w.side[0].link, sim_now(&w.side[0]), 77); /* nobody's */
	link_status(w.side[0].link, &st);
	assert_int_equal(st.queued[2], 1);
	while (w.side[0].recs[2].hand_ups == 0)
		sim_until(&w, w.t + 5);
	assert_false(w.side[0].recs[2].custody);
	link_forget(w.side[0].link, sim_now(&w.side[0]), 3); /* sent, not answered */
	sim_turn(&w.side[0], false);
	w.side[0].recs[1].custody = w.side[0].recs[2].custody = true;
	w.side[0].recs[1].hand_ups = 1;
	sim_until(&w, w.t + 60000);
	for (size_t k = 0; k < 6; k++)
		assert_true(w.side[0].recs[k].custody);
	assert_int_equal(w.side[0].custodies, 4);
	assert_int_equal(w.side[0].link->q.count[0], 0);
	assert_int_equal(w.side[1].link->rx.held.n, 0);
	link_status(w.side[0].link, &st);
	for (int p = 1; p <= 4; p++)
		assert_int_equal(st.oldest[p], 0);
	sim_free(&w);
}

/* Two connections of one initiator at the responder (the first half open): the younger one wins, and the frames of the
 * elder change nothing. */
static void
two_connections(void **state)
{
	struct sim w;
	uint64_t first;

	(void)state;
	sim_init(&w, 95, 0, 20);
	sim_start(&w);
	sim_until(&w, w.t + 3000);
	first = w.n_conns;
	sim_cut(&w, true, false); /* the responder is not told */
	sim_until(&w, w.t + 5000);
	assert_true(w.n_conns > first);
	assert_int_equal(w.side[1].link->s.conn, w.n_conns);
	assert_int_equal(w.side[1].state, LINK_UP);
	link_disconnected(w.side[1].link, sim_now(&w.side[1]), first); /* now it hears of the old one's end */
	assert_int_equal(w.side[1].state, LINK_UP);
	for (int k = 0; k < 10; k++)
		sim_enqueue(&w, k % 2, 2, 200);
	sim_turn(&w.side[0], false);
	sim_turn(&w.side[1], false);
	assert_true(sim_settle(&w, 5000));
	sim_free(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(overtaking),
	    cmocka_unit_test(window_and_reserved_slot),
	    cmocka_unit_test(resumes_where_it_broke),
	    cmocka_unit_test(parts_are_bounded),
	    cmocka_unit_test(refused_comes_again),
	    cmocka_unit_test(clock_steps),
	    cmocka_unit_test(tries),
	    cmocka_unit_test(a_hundred_thousand),
	    cmocka_unit_test(notes_go_last),
	    cmocka_unit_test(notes_of_a_session),
	    cmocka_unit_test(peer_of_version_1),
	    cmocka_unit_test(custody_out_of_order),
	    cmocka_unit_test(forgotten),
	    cmocka_unit_test(two_connections),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
