/*
 * The desk service and clients that are slow, greedy, broken or gone: they hurt nobody but themselves.
 */
#include "desk_fixture.h"

static void
half_and_gone(void **state)
{
	static const char *const starts[] = {"\x00", "\x00\x00\x00\x40J{\"op\":", "\x00\x40\x00\x00J{"};
	static const size_t lens[] = {1, 12, 6};
	struct fx *x = *state;
	struct client other = dial(x);

	for (size_t i = 0; i < 3; i++) {
		struct client c = dial(x);

		put(x, &c, starts[i], lens[i]);
		pump(x);
		hang_up(&c);
		expect_served(x, &other);
	}
	/* gone with submits unanswered */
	for (int k = 0; k < 5; k++) {
		struct client c = dial(x);

		ask(x, &c, "{\"n\":1,\"op\":\"submit\",\"rid\":\"gone\"," INTAKE "}");
		hang_up(&c);
		expect_served(x, &other);
	}
	for (int i = 0; i < 20; i++)
		pump(x);
	assert_int_equal(x->desk->nconns, 1);
	assert_int_equal(x->desk->large, 0);
	hang_up(&other);
}

/* Writes all, closes its sending side, still gets every answer and then the end. */
static void
half_close(void **state)
{
	struct fx *x = *state;
	struct client c = dial(x);

	ask(x, &c, "{\"n\":1,\"op\":\"submit\",\"rid\":\"r1\"," INTAKE "}");
	ask(x, &c, "{\"n\":2,\"op\":\"status\"}");
	assert_int_equal(shutdown(c.fd, SHUT_WR), 0);
	for (int i = 0; i < 2; i++) {
		json_t *j = answer(x, &c);
		assert_true(ok(j));
		json_decref(j);
	}
	expect_eof(x, &c);
	hang_up(&c);
}

static void
byte_by_byte(void **state)
{
	static const char text[] = "\x00\x00\x00\x1aJ{\"op\":\"status\",\"n\":12345}";
	struct fx *x = *state;
	struct client c = dial(x);
	json_t *j;

	for (int round = 0; round < 3; round++) {
		for (size_t i = 0; i < sizeof(text) - 1; i++) {
			put(x, &c, text + i, 1);
			pump(x);
		}
		j = answer(x, &c);
		assert_int_equal(json_integer_value(json_object_get(j, "re")), 12345);
		json_decref(j);
	}
	hang_up(&c);
}

static void
many_submits(void **state)
{
	enum { N = 3000 };
	struct fx *x = *state;
	struct client c = dial(x);
	bool *seen = calloc(N + 1, sizeof(*seen));
	char text[512];
	size_t got = 0, most = 0;
	json_t *j;

	assert_non_null(seen);
	for (int i = 1; i <= N; i++) {
		snprintf(text, sizeof(text), "{\"n\":%d,\"op\":\"submit\",\"rid\":\"r%d\"," INTAKE "}", i, i);
		ask(x, &c, text);
		if (x->desk->conns != NULL && x->desk->conns->unanswered > most)
			most = x->desk->conns->unanswered;
		for (fill(&c); (j = take(&c)) != NULL; got++) {
			json_int_t re = json_integer_value(json_object_get(j, "re"));
			assert_true(ok(j) && re >= 1 && re <= N && !seen[re]);
			seen[re] = true;
			json_decref(j);
		}
	}
	for (; got < N; got++) {
		json_int_t re;

		j = answer(x, &c);
		re = json_integer_value(json_object_get(j, "re"));
		assert_true(ok(j) && re >= 1 && re <= N && !seen[re]);
		seen[re] = true;
		json_decref(j);
	}
	assert_true(most <= DESK_SUBMITS_MAX);
	free(seen);
	hang_up(&c);
}

/* While nothing is committed, submits pile up to the limit and no further; afterwards all of them are answered. */
static void
submits_bounded(void **state)
{
	enum { N = DESK_SUBMITS_MAX + 300 };
	struct fx *x = *state;
	struct client c = dial(x);
	struct buf all = {0};
	size_t at = 0;

	expect_served(x, &c);
	for (int i = 1; i <= N; i++) {
		struct buf b = {0};

		buf_printf(&b, "{\"n\":%d,\"op\":\"draft_put\",\"rid\":\"r%d\",\"json\":{}}", i, i);
		buf_put(&all, "\0\0\0", 3);
		buf_put_u8(&all, (uint8_t)(b.n + 1));
		buf_put_u8(&all, 'J');
		buf_put(&all, b.p, b.n);
		buf_free(&b);
	}
	x->hold = true;
	for (int idle = 0; at < all.n && idle < 50; idle++) {
		ssize_t w = send(c.fd, all.p + at, all.n - at, MSG_NOSIGNAL);
		if (w > 0)
			at += (size_t)w;
		pump(x);
	}
	for (int i = 0; i < 50; i++)
		pump(x);
	assert_int_equal(x->desk->conns->unanswered, DESK_SUBMITS_MAX);
	assert_true(x->desk->conns->paused);
	x->hold = false;
	put(x, &c, all.p + at, all.n - at);
	for (int i = 1; i <= N; i++) {
		json_t *j = answer(x, &c);
		assert_true(ok(j));
		json_decref(j);
	}
	assert_false(x->desk->conns->paused);
	buf_free(&all);
	hang_up(&c);
}

/* Asks and asks and never reads: it is no longer listened to, others are served, and it is dropped in the end. */
static void
slow_reader(void **state)
{
	struct fx *x = *state;
	struct client deaf = dial(x), other;
	struct desk_conn *dc;
	const char *text = "{\"n\":1,\"op\":\"draft_put\",\"rid\":\"big\",\"json\":{\"a\":\"%s\"}}";
	char *fat = calloc(1, 201000), *json = calloc(1, 202000);
	size_t sent = 0;

	assert_non_null(fat);
	assert_non_null(json);
	memset(fat, 'x', 200000);
	snprintf(json, 202000, text, fat);
	expect_served(x, &deaf);
	dc = x->desk->conns;
	json_decref(call(x, &deaf, json));
	other = dial(x);
	/* each answer is 200 kB: 8 MiB are full after some forty */
	for (int idle = 0; idle < 20;) {
		static const char ask_drafts[] = "\0\0\0\x17J{\"op\":\"drafts\",\"n\":23}";
		ssize_t w = send(deaf.fd, ask_drafts, sizeof(ask_drafts) - 1, MSG_NOSIGNAL);
		idle = w < 0 ? idle + 1 : 0;
		sent += w > 0;
		assert_true(w < 0 || w == (ssize_t)sizeof(ask_drafts) - 1);
		assert_true(sent < 100000);
		pump(x);
	}
	assert_true(dc->paused);
	assert_true(evbuffer_get_length(bufferevent_get_output(dc->bev)) < DESK_OUTPUT_MAX + (1u << 20));
	expect_served(x, &other);
	/* it reads after all: goes on */
	for (int i = 0; i < 60; i++)
		json_decref(answer(x, &deaf));
	expect_served(x, &other);
	/* and never again */
	for (int i = 0; i < 200; i++)
		pump(x);
	assert_true(dc->paused);
	desk_conn_sweep(dc, x->now);
	desk_conn_sweep(dc, x->now + DESK_STALL);
	assert_false(dc->dead);
	desk_conn_sweep(dc, x->now + DESK_STALL + 1);
	assert_true(dc->dead);
	pump(x);
	pump(x);
	assert_int_equal(x->desk->nconns, 1);
	expect_served(x, &other);
	free(fat);
	free(json);
	hang_up(&deaf);
	hang_up(&other);
}

static void
half_frame_stalls(void **state)
{
	struct fx *x = *state;
	struct client c = dial(x);
	struct desk_conn *dc;

	expect_served(x, &c);
	dc = x->desk->conns;
	desk_conn_sweep(dc, x->now + 100 * DESK_STALL); /* idle is no offence */
	assert_false(dc->dead);
	put(x, &c, "\0\0\1\0J{", 6);
	pump(x);
	desk_conn_sweep(dc, x->now + DESK_STALL);
	assert_false(dc->dead);
	desk_conn_sweep(dc, x->now + DESK_STALL + 1);
	assert_true(dc->dead);
	expect_eof(x, &c);
	hang_up(&c);
}

/* Large frames of all connections together stay under the bound; what was refused may come again. */
static void
large_bounded(void **state)
{
	enum { FULL = DESK_INPUT_MAX / DESK_FRAME_MAX };
	struct fx *x = *state;
	struct client c[FULL + 1], other = dial(x);
	static const char head[] = "\x01\x00\x00\x00"
				   "Bxxxx";

	for (size_t i = 0; i < FULL + 1; i++) {
		c[i] = dial(x);
		put(x, &c[i], head, sizeof(head) - 1);
		for (int k = 0; k < 5; k++)
			pump(x);
	}
	expect_refused(answer(x, &c[FULL]), 0, EX_TEMPFAIL, "frame");
	expect_served(x, &other);
	for (size_t i = 0; i < FULL + 1; i++)
		hang_up(&c[i]);
	expect_served(x, &other);
	for (int k = 0; k < 20; k++)
		pump(x);
	assert_int_equal(x->desk->large, 0);
	hang_up(&other);
}

static void
pushes_coalesce(void **state)
{
	struct fx *x = *state;
	struct client c = dial(x);
	size_t pushes = 0;
	json_t *j;

	json_decref(call(x, &c, "{\"op\":\"watch\",\"n\":1}"));
	for (int i = 0; i < 1000; i++)
		desk_push(x->desk, (uint64_t)i);
	for (int i = 0; i < 50; i++) {
		pump(x);
		fill(&c);
		while ((j = take(&c)) != NULL) {
			assert_true(json_is_true(json_object_get(j, "push")));
			assert_true(json_is_integer(json_object_get(j, "rev")));
			json_decref(j);
			pushes++;
		}
	}
	assert_int_equal(pushes, 2); /* the one on its way and the one after it */
	hang_up(&c);
}

static void
too_many_of_one_account(void **state)
{
	struct fx *x = *state;
	struct client c[DESK_CONNS_ACCOUNT + 1];

	for (size_t i = 0; i < DESK_CONNS_ACCOUNT; i++) {
		c[i] = dial(x);
		expect_served(x, &c[i]);
	}
	c[DESK_CONNS_ACCOUNT] = dial(x);
	expect_eof(x, &c[DESK_CONNS_ACCOUNT]);
	expect_served(x, &c[0]);
	for (size_t i = 0; i <= DESK_CONNS_ACCOUNT; i++)
		hang_up(&c[i]);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {T(half_and_gone), T(half_close), T(byte_by_byte), T(many_submits),
	    T(submits_bounded), T(slow_reader), T(half_frame_stalls), T(large_bounded), T(pushes_coalesce),
	    T(too_many_of_one_account)};

	return desk_run(tests, sizeof(tests) / sizeof(tests[0]));
}
