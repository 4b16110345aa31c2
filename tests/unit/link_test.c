/*
 * What a link promises, one promise a test, on a network without faults but those the test makes.  Random faults:
 * link_sim_test.c.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
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

static void
one_report(void **state)
{
	struct sim w;
	struct link_status a, b;

	(void)state;
	sim_init(&w, 1, 0, 20);
	w.commit_delay = 500;
	w.side[1].off = 7000;
	up(&w);
	put(&w, 0, 1, 300);
	a = status_of(&w, 0);
	assert_int_equal(a.queued[1], 1);
	assert_true(a.in_flight > 300 && a.in_flight < 360);
	sim_until(&w, w.t + 20);
	assert_int_equal(w.side[0].recs[0].hand_ups, 1);
	assert_false(w.side[0].recs[0].custody);
	sim_until(&w, w.t + 19); /* nor before the way back, whatever the disk does */
	assert_false(w.side[0].recs[0].custody);
	assert_true(sim_settle(&w, 2000));
	a = status_of(&w, 0);
	b = status_of(&w, 1);
	assert_int_equal(a.queued[1], 0);
	assert_int_equal(a.in_flight, 0);
	assert_int_equal(a.rtt, 40);
	assert_int_equal(a.clock_diff, 7000);
	assert_int_equal(b.clock_diff, -7000);
	assert_int_equal(a.tx_low, 2);
	assert_int_equal(a.tx_next, 2);
	assert_int_equal(b.rx_cum, 1);
	assert_int_equal(b.peer_epoch, w.side[0].conf.epoch);
	assert_int_equal(a.peer_epoch, w.side[1].conf.epoch);
	assert_int_equal(a.sessions, 1);
	assert_true(a.last_heard > a.since && a.since > SIM_T0);
	sim_free(&w);
}

static void
strict_precedence(void **state)
{
	static const int prec[] = {4, 2, 3, 1, 4, 1, 2, 3, 3, 1, 4, 2};
	const size_t n = sizeof(prec) / sizeof(prec[0]);
	struct sim w;

	(void)state;
	sim_init(&w, 2, 9600, 100);
	w.outage = true;
	sim_start(&w);
	for (size_t i = 0; i < n; i++)
		put(&w, 0, prec[i], 100 + 400 * (i % 3));
	w.outage = false;
	assert_true(sim_settle(&w, 60000));
	assert_int_equal(w.side[1].n_order, n);
	for (size_t i = 1; i < n; i++) {
		uint64_t a = w.side[1].order[i - 1], b = w.side[1].order[i];

		assert_true(prec[a - 1] < prec[b - 1] || (prec[a - 1] == prec[b - 1] && a < b));
	}
	sim_free(&w);
}

static void
handles_of_another_epoch(void **state)
{
	struct sim w;
	uint64_t old;

	(void)state;
	sim_init(&w, 23, 0, 5);
	w.commit_delay = 1000000;
	up(&w);
	put(&w, 0, 2, 100);
	put(&w, 0, 2, 200);
	sim_until(&w, w.t + 50);
	assert_int_equal(w.side[1].n_pend, 2);
	old = w.side[1].pend[0].handle;
	w.side[1].n_pend = 0;
	w.side[0].recs[0].custody = true; /* so that serial 1 means the other one afterwards */
	sim_life(&w, 0);
	sim_until(&w, w.t + 5000);
	assert_int_equal(w.side[1].n_pend, 1);
	assert_true(w.side[1].pend[0].handle != old);
	link_custody(w.side[1].link, sim_now(&w.side[1]), old);
	link_refuse(w.side[1].link, sim_now(&w.side[1]), old, "no");
	sim_turn(&w.side[1], false);
	sim_until(&w, w.t + 1000);
	assert_false(w.side[0].recs[1].custody);
	sim_turn(&w.side[1], true);
	sim_until(&w, w.t + 1000);
	assert_true(w.side[0].recs[1].custody);
	sim_free(&w);
}

static void
commit_across_sessions(void **state)
{
	struct sim w;

	(void)state;
	sim_init(&w, 24, 0, 5);
	w.commit_delay = 1000000;
	up(&w);
	put(&w, 0, 2, 100);
	sim_until(&w, w.t + 50);
	for (int k = 0; k < 3; k++) { /* sent again each time, handed up once */
		sim_cut(&w, true, true);
		sim_until(&w, w.t + 5000);
	}
	assert_int_equal(w.side[0].recs[0].hand_ups, 1);
	sim_cut(&w, true, true);
	sim_until(&w, w.t + 1);
	sim_turn(&w.side[1], true); /* committed while down */
	sim_until(&w, w.t + 5000);
	assert_true(w.side[0].recs[0].custody);
	assert_int_equal(status_of(&w, 0).sessions, 5);
	sim_free(&w);
}

static void
misfits(void **state)
{
	struct sim w;
	uint64_t connects;

	(void)state;
	sim_init(&w, 25, 0, 5);
	(void)snprintf(w.side[1].conf.peer, sizeof(w.side[1].conf.peer), "%s", "330225103");
	sim_start(&w);
	put(&w, 0, 1, 100);
	sim_until(&w, w.t + 3000);
	assert_int_equal(w.side[0].state, LINK_IDLE);
	assert_int_equal(w.side[1].state, LINK_IDLE);
	assert_string_equal(w.side[1].why, "station is 330225102, expected 330225103");
	assert_string_equal(w.side[0].why, "reset by peer: station is 330225102, expected 330225103");
	connects = w.side[0].connects;
	sim_until(&w, w.t + 60000);
	assert_in_range(w.side[0].connects - connects, 2, 8); /* slowly: a person must act */
	(void)snprintf(w.side[1].conf.peer, sizeof(w.side[1].conf.peer), "%s", "330225102");
	sim_life(&w, 1);
	assert_true(sim_settle(&w, 25000));
	sim_free(&w);

	sim_init(&w, 26, 0, 5);
	(void)snprintf(w.side[0].conf.peer, sizeof(w.side[0].conf.peer), "%s", "330226");
	sim_start(&w);
	sim_until(&w, w.t + 3000);
	assert_int_equal(w.side[0].state, LINK_IDLE);
	assert_string_equal(w.side[0].why, "station is 330225, expected 330226");
	sim_free(&w);
}

static void
hello_frame(struct buf *b, uint64_t to, uint64_t nonce, const char *station, uint64_t vmin, uint64_t vmax)
{
	struct frame_head head = {.type = FRAME_HELLO, .to = to};
	struct frame_hello h = {
	    .nonce = nonce, .version_min = vmin, .version_max = vmax, .epoch = 5, .low = 1, .next = 1};

	(void)snprintf(h.station, sizeof(h.station), "%s", station);
	buf_clear(b);
	link_frame_head_put(b, &head);
	link_frame_hello_put(b, &h);
}

static void
no_common_version(void **state)
{
	struct sim w;
	struct buf b = {0};

	(void)state;
	sim_init(&w, 27, 0, 5);
	up(&w);
	hello_frame(&b, 0, 77, "330225102", 9, 9);
	link_frame(w.side[1].link, sim_now(&w.side[1]), 99, b.p, b.n);
	assert_string_equal(w.side[1].why, "no common version: peer 9-9, here 1-2");
	assert_int_equal(w.side[1].state, LINK_UP);	 /* what works goes on */
	assert_int_equal(link_conn(w.side[1].link), 99); /* and the answer went where the question came from */
	hello_frame(&b, 0, 78, "330225102", 1, 9);
	link_frame(w.side[1].link, sim_now(&w.side[1]), 98, b.p, b.n);
	assert_int_equal(link_conn(w.side[1].link), 98);
	put(&w, 1, 1, 100);
	assert_true(sim_settle(&w, 1000));
	assert_int_equal(status_of(&w, 1).sessions, 1);
	buf_free(&b);
	sim_free(&w);
}

static void
stale_frames_change_nothing(void **state)
{
	struct sim w;
	struct buf b = {0};
	struct frame_head head = {.type = FRAME_DATA, .to = 4711, .number = 1};
	struct frame_reset x = {.mine = 4711, .yours = 4712, .why = "stale"};
	struct link_session *s;
	uint64_t frames;

	(void)state;
	sim_init(&w, 28, 0, 5);
	up(&w);
	s = &w.side[1].link->s;
	for (uint64_t k = 0; k < 10; k++) { /* more HELLOs than a responder remembers */
		hello_frame(&b, 0, 100 + k, "330225102", 1, 1);
		link_frame(w.side[1].link, sim_now(&w.side[1]), 50 + k, b.p, b.n);
	}
	link_frame_head_put((buf_clear(&b), &b), &head);
	frames = w.side[1].frames;
	for (int k = 0; k < 10; k++)
		link_frame(w.side[1].link, sim_now(&w.side[1]), 60, b.p, b.n);
	assert_int_equal(w.side[1].frames, frames + 1); /* one RESET a second */
	sim_until(&w, w.t + 1000);
	link_frame(w.side[1].link, sim_now(&w.side[1]), 60, b.p, b.n);
	assert_int_equal(w.side[1].frames, frames + 2);

	for (int k = 0; k < 4; k++) { /* a RESET with one nonce or both wrong */
		head.type = FRAME_RESET;
		head.to = k == 0 ? s->mine : 1;
		x.mine = k == 1 ? s->peer : k == 2 ? 0 : s->peer + 1;
		x.yours = k == 1 ? s->mine + 1 : s->mine;
		link_frame_head_put((buf_clear(&b), &b), &head);
		link_frame_reset_put(&b, &x);
		link_frame(w.side[1].link, sim_now(&w.side[1]), 60, b.p, b.n);
		assert_int_equal(w.side[1].state, LINK_UP);
	}
	head.type = FRAME_BYE;
	head.to = s->mine + 1;
	link_frame_head_put((buf_clear(&b), &b), &head);
	link_frame(w.side[1].link, sim_now(&w.side[1]), 60, b.p, b.n);
	assert_int_equal(w.side[1].state, LINK_UP);

	head.type = FRAME_RESET; /* the right one */
	x.mine = s->peer;
	x.yours = s->mine;
	link_frame_head_put((buf_clear(&b), &b), &head);
	link_frame_reset_put(&b, &x);
	link_frame(w.side[1].link, sim_now(&w.side[1]), 60, b.p, b.n);
	assert_int_equal(w.side[1].state, LINK_IDLE);
	buf_free(&b);
	sim_free(&w);
}

/* Every frame comes twice: nothing is handed up twice and no session ends for it. */
static void
copies_are_dropped(void **state)
{
	struct sim w;

	(void)state;
	sim_init(&w, 36, 0, 5);
	w.dup = 10000;
	up(&w);
	for (int k = 0; k < 200; k++)
		put(&w, k % 2, 1 + k % 4, 20 + 200 * (size_t)(k % 7));
	assert_true(sim_settle(&w, 5000));
	sim_until(&w, w.t + 60000);
	assert_int_equal(status_of(&w, 0).sessions, 1);
	assert_int_equal(status_of(&w, 1).sessions, 1);
	sim_free(&w);
}

/* What a HELLO holds of another epoch of ours says nothing about this one. */
static void
held_of_another_epoch(void **state)
{
	struct sim w;
	struct frame_head head = {.type = FRAME_HELLO};
	struct frame_hello h = {.nonce = 77,
	    .version_min = 1,
	    .version_max = 1,
	    .station = "330225102",
	    .epoch = 5,
	    .low = 1,
	    .next = 1,
	    .cum = 1};
	struct buf b = {0};

	(void)state;
	for (int same = 0; same < 2; same++) {
		sim_init(&w, 37, 0, 5);
		w.commit_delay = 1000000;
		up(&w);
		put(&w, 1, 1, 100);
		assert_int_equal(status_of(&w, 1).tx_next, 2);
		w.side[1].recs[0].committed = true; /* as far as the custody that follows is concerned */
		h.held_epoch = w.side[1].conf.epoch - (same ? 0 : 1);
		head = (struct frame_head){.type = FRAME_HELLO};
		link_frame_head_put((buf_clear(&b), &b), &head);
		link_frame_hello_put(&b, &h);
		link_frame(w.side[1].link, sim_now(&w.side[1]), 9, b.p, b.n);
		head = (struct frame_head){.type = FRAME_DATA, .to = w.side[1].link->pending[0].mine, .number = 1};
		link_frame_head_put((buf_clear(&b), &b), &head);
		link_frame(w.side[1].link, sim_now(&w.side[1]), 9, b.p, b.n);
		assert_int_equal(status_of(&w, 1).sessions, 2);
		assert_int_equal(w.side[1].recs[0].custody, same);
		sim_free(&w);
	}
	buf_free(&b);
}

/* The responder forgot the session: the initiator learns it with its first frame, not by silence. */
static void
unknown_session_is_reset(void **state)
{
	struct sim w;

	(void)state;
	sim_init(&w, 29, 0, 5);
	up(&w);
	sim_until(&w, w.t + 6000);
	sim_life(&w, 1);
	put(&w, 0, 1, 100);
	assert_true(sim_settle(&w, 500));
	sim_free(&w);
}

static void
lost_frame_is_noticed(void **state)
{
	struct sim w;

	(void)state;
	for (int side = 0; side < 2; side++) {
		sim_init(&w, 30, 0, 5);
		up(&w);
		sim_until(&w, w.t + 10000);
		w.drop = 10000;
		put(&w, side, 2, 100); /* swallowed; the next shows the gap */
		w.drop = 0;
		put(&w, side, 2, 100);
		assert_true(sim_settle(&w, 3000));
		/* the last of all is swallowed, and an acknowledgement of custody: the probe shows it */
		w.drop = 10000;
		put(&w, side, 2, 100);
		w.drop = 0;
		assert_true(sim_settle(&w, 25000));
		put(&w, side, 2, 100);
		sim_until(&w, w.t + 5);
		w.drop = 10000;
		sim_until(&w, w.t + 1);
		w.drop = 0;
		assert_true(sim_settle(&w, 25000));
		for (size_t k = 0; k < w.side[side].n_recs; k++)
			assert_int_equal(w.side[side].recs[k].hand_ups, 1);
		sim_free(&w);
	}
}

static void
silence_is_noticed(void **state)
{
	static const struct {
		unsigned rate;
		int64_t least, most;
	} row[] = {{0, 20000, 20200}, {9600, 90000, 90200}};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct sim w;

		for (int side = 0; side < 2; side++) {
			sim_init(&w, 31, row[i].rate, 5);
			up(&w);
			w.conns[w.n_conns - 1].silent[0] = w.conns[w.n_conns - 1].silent[1] = true;
			put(&w, side, 2, 100);
			sim_until(&w, w.t + row[i].least - 100);
			assert_int_equal(w.side[side].state, LINK_UP);
			sim_until(&w, w.t + 200);
			if (side == 0)
				assert_int_equal(w.side[0].connects, 2);
			else
				assert_string_equal(w.side[1].why, "no answer");
			assert_true(sim_settle(&w, 120000));
			sim_free(&w);
		}
	}
}

/* The shell reports the end of a connection that was replaced already. */
static void
late_disconnect(void **state)
{
	struct sim w;

	(void)state;
	sim_init(&w, 34, 0, 5);
	up(&w);
	sim_cut(&w, true, true);
	sim_until(&w, w.t + 1);
	while (w.side[0].state != LINK_CONNECTING)
		sim_until(&w, w.t + 1);
	link_disconnected(w.side[0].link, sim_now(&w.side[0]), 1);
	assert_int_equal(w.side[0].state, LINK_CONNECTING);
	sim_until(&w, w.t + 100);
	link_disconnected(w.side[0].link, sim_now(&w.side[0]), 1);
	link_disconnected(w.side[1].link, sim_now(&w.side[1]), 1);
	assert_int_equal(w.side[0].state, LINK_UP);
	assert_int_equal(w.side[1].state, LINK_UP);
	sim_free(&w);
}

static void
goodbye(void **state)
{
	struct sim w;

	(void)state;
	for (int side = 0; side < 2; side++) {
		sim_init(&w, 35, 0, 5);
		up(&w);
		w.delay = 0;
		link_stop(w.side[side].link, sim_now(&w.side[side]));
		sim_turn(&w.side[side], false);
		assert_int_equal(link_wake(w.side[side].link), INT64_MAX);
		if (side == 0) { /* it closed the transport; what was on the way may be lost with it */
			w.conns[0].open = true;
		}
		sim_until(&w, w.t + 100);
		assert_string_equal(w.side[!side].why, "the peer closes down");
		sim_until(&w, w.t + 60000);
		assert_int_equal(w.side[side].state, LINK_IDLE);
		link_start(w.side[side].link, sim_now(&w.side[side]));
		sim_turn(&w.side[side], false);
		put(&w, side, 2, 100);
		assert_true(sim_settle(&w, 25000));
		sim_free(&w);
	}
}

/* A responder that never hears: no timer, no frame. */
static void
idle_responder(void **state)
{
	struct sim w;

	(void)state;
	sim_init(&w, 41, 0, 5);
	w.outage = true;
	sim_start(&w);
	sim_until(&w, w.t + HOUR);
	assert_int_equal(link_wake(w.side[1].link), INT64_MAX);
	assert_int_equal(w.side[1].frames, 0);
	w.outage = false;
	sim_until(&w, w.t + 40000);
	assert_int_equal(w.side[0].state, LINK_UP);
	/* an idle session: a probe and its answer every 15 s, no more */
	w.side[0].frames = w.side[1].frames = 0;
	sim_until(&w, w.t + HOUR);
	assert_in_range(w.side[0].frames + w.side[1].frames, 240, 700);
	assert_int_equal(status_of(&w, 0).sessions, 1);
	sim_free(&w);
}

static void
undecodable_frame_ends_the_session(void **state)
{
	struct sim w;
	struct buf b = {0};

	(void)state;
	sim_init(&w, 42, 0, 5);
	up(&w);
	sim_until(&w, w.t + 6000);
	link_frame_head_put(
	    &b, &(struct frame_head){
		    .type = FRAME_DATA, .to = w.side[1].link->s.mine, .number = w.side[1].link->s.rx_frame + 1});
	buf_put_u8(&b, 200);
	link_frame(w.side[1].link, sim_now(&w.side[1]), 1, b.p, b.n);
	assert_string_equal(w.side[1].why, "a frame cannot be decoded");
	sim_turn(&w.side[1], false);
	put(&w, 1, 1, 100);
	assert_true(sim_settle(&w, 200)); /* the RESET told the initiator, it came back at once */
	buf_free(&b);
	sim_free(&w);
}

/* A peer that says it holds what was never sent is not believed. */
static void
false_claims(void **state)
{
	struct sim w;

	(void)state;
	sim_init(&w, 43, 0, 5);
	up(&w);
	put(&w, 0, 2, 100);
	assert_true(sim_settle(&w, 1000));
	w.side[1].link->rx.cum = 1000;
	sim_cut(&w, true, true);
	sim_until(&w, w.t + 3000);
	w.side[1].link->rx.cum = 1;
	put(&w, 0, 2, 100);
	assert_true(sim_settle(&w, 3000));
	assert_int_equal(w.side[0].recs[1].hand_ups, 1);
	sim_free(&w);
}

static void
same_token_twice_is_a_bug(void **state)
{
	int st = 0;
	pid_t pid;

	(void)state;
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct link_queue q;

		(void)signal(SIGABRT, SIG_DFL);
		if (freopen("/dev/null", "w", stderr) == NULL)
			_exit(0);
		link_queue_init(&q);
		(void)link_queue_add(&q, 7, 1, 10);
		(void)link_queue_add(&q, 7, 2, 10);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &st, 0), pid);
	assert_true(WIFSIGNALED(st) && WTERMSIG(st) == SIGABRT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(one_report),
	    cmocka_unit_test(strict_precedence),
	    cmocka_unit_test(handles_of_another_epoch),
	    cmocka_unit_test(commit_across_sessions),
	    cmocka_unit_test(misfits),
	    cmocka_unit_test(no_common_version),
	    cmocka_unit_test(stale_frames_change_nothing),
	    cmocka_unit_test(copies_are_dropped),
	    cmocka_unit_test(held_of_another_epoch),
	    cmocka_unit_test(unknown_session_is_reset),
	    cmocka_unit_test(lost_frame_is_noticed),
	    cmocka_unit_test(silence_is_noticed),
	    cmocka_unit_test(late_disconnect),
	    cmocka_unit_test(goodbye),
	    cmocka_unit_test(idle_responder),
	    cmocka_unit_test(undecodable_frame_ends_the_session),
	    cmocka_unit_test(false_claims),
	    cmocka_unit_test(same_token_twice_is_a_bug),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
