/*
 * zsock.c against itself over the loopback: two stations in one process, each with its own context.  No sleeps: every
 * step waits for the event it is about, with a limit that fails the test.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zmq.h>

#include "../../switch/link.h"
#include "../../switch/log.h"
#include "../../switch/zsock.h"

#define LIMIT_S 20

struct side {
	struct zsock *z;
	struct event_base *base;
	uint8_t pk[32], sk[32];
	struct topology t;
	struct neighbour n[3];
	char self[STATION_MAX];
	size_t frames, bytes, up, down, denied, turns;
	uint64_t up_conn, down_conn, from_conn;
	char from[STATION_MAX], what[256];
	uint8_t last[LINK_FRAME_MAX];
	size_t last_len;
	uint32_t expect; /* bursts: number of the next frame */
	bool disorder;
	bool answer;	     /* send every frame back from inside the callback */
	bool close_in_frame; /* drop the connection from inside the callback */
};

static void
on_frame(void *ctx, const char *peer, uint64_t conn, const void *p, size_t n)
{
	struct side *s = ctx;
	uint32_t number;

	s->frames++;
	s->bytes += n;
	s->from_conn = conn;
	snprintf(s->from, sizeof(s->from), "%s", peer);
	assert_true(n <= sizeof(s->last));
	memcpy(s->last, p, n);
	s->last_len = n;
	if (n >= 4) {
		memcpy(&number, p, 4);
		if (number != s->expect++)
			s->disorder = true;
	}
	if (s->answer)
		assert_true(zsock_send(s->z, peer, conn, p, n));
	if (s->close_in_frame)
		zsock_close(s->z, peer);
}

static void
on_connected(void *ctx, const char *peer, uint64_t conn)
{
	struct side *s = ctx;

	(void)peer;
	s->up++;
	s->up_conn = conn;
}

static void
on_disconnected(void *ctx, const char *peer, uint64_t conn)
{
	struct side *s = ctx;

	(void)peer;
	s->down++;
	s->down_conn = conn;
}

static void
on_turn_end(void *ctx)
{
	((struct side *)ctx)->turns++;
}

static void
on_denied(void *ctx, const char *what)
{
	struct side *s = ctx;

	s->denied++;
	snprintf(s->what, sizeof(s->what), "%s", what);
}

static const struct zsock_ops ops = {on_frame, on_connected, on_disconnected, on_turn_end, on_denied};

struct pair {
	struct event_base *base;
	struct side a, b; /* a listens, b connects */
};

static void
side_open(struct side *s, struct event_base *base, const char *self)
{
	struct fault f = {0};

	crypto_box_keypair(s->pk, s->sk);
	s->base = base;
	snprintf(s->self, sizeof(s->self), "%s", self);
	snprintf(s->t.self, sizeof(s->t.self), "%s", self);
	s->t.n = s->n;
	s->z = zsock_new(base, s->pk, s->sk, &ops, s, &f);
	if (s->z == NULL)
		fail_msg("%s", f.text);
}

static struct neighbour *
know(struct side *s, const char *station, const uint8_t key[32], const char *endpoint)
{
	struct neighbour *n = &s->n[s->t.count++];

	memset(n, 0, sizeof(*n));
	snprintf(n->station, sizeof(n->station), "%s", station);
	snprintf(n->endpoint, sizeof(n->endpoint), "%s", endpoint);
	memcpy(n->key, key, 32);
	n->role = endpoint[0] != '\0' ? ROLE_PARENT : ROLE_CHILD;
	return n;
}

static int
setup(void **state)
{
	struct pair *p = calloc(1, sizeof(*p));
	struct fault f = {0};

	assert_non_null(p);
	assert_true(sodium_init() >= 0);
	log_init(LOG_LV_ERROR, STDERR_FILENO);
	p->base = event_base_new();
	assert_non_null(p->base);
	side_open(&p->a, p->base, "330225");
	side_open(&p->b, p->base, "330225102");
	if (zsock_bind(p->a.z, "tcp://127.0.0.1:*", &f) != 0)
		fail_msg("%s", f.text);
	assert_int_equal(strncmp(zsock_endpoint(p->a.z), "tcp://127.0.0.1:", 16), 0);
	know(&p->a, "330225102", p->b.pk, "");
	know(&p->b, "330225", p->a.pk, zsock_endpoint(p->a.z));
	zsock_allow(p->a.z, &p->a.t);
	zsock_allow(p->b.z, &p->b.t);
	*state = p;
	return 0;
}

static int
teardown(void **state)
{
	struct pair *p = *state;

	zsock_free(p->b.z);
	zsock_free(p->a.z);
	event_base_free(p->base);
	free(p);
	return 0;
}

static void
late_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	*(bool *)arg = true;
}

/* Runs the loop until *counter has reached n.  False when that takes too long. */
static bool
until(struct pair *p, const size_t *counter, size_t n)
{
	struct timeval tv = {LIMIT_S, 0};
	bool late = false;
	struct event *ev = evtimer_new(p->base, late_cb, &late);

	assert_non_null(ev);
	event_add(ev, &tv);
	while (*counter < n && !late)
		event_base_loop(p->base, EVLOOP_ONCE);
	event_free(ev);
	return *counter >= n;
}

/* Runs the loop for a while in which nothing may happen. */
static void
quiet(struct pair *p, int ms)
{
	struct timeval tv = {0, ms * 1000};
	bool over = false;
	struct event *ev = evtimer_new(p->base, late_cb, &over);

	assert_non_null(ev);
	event_add(ev, &tv);
	while (!over)
		event_base_loop(p->base, EVLOOP_ONCE);
	event_free(ev);
}

static uint64_t
dial(struct side *s)
{
	struct fault f = {0};
	uint64_t conn = zsock_connect(s->z, &s->n[0], &f);

	if (conn == 0)
		fail_msg("%s", f.text);
	return conn;
}

/* b is connected and a has heard it once. */
static uint64_t
established(struct pair *p)
{
	uint64_t conn = dial(&p->b);

	assert_true(until(p, &p->b.up, p->b.up + 1));
	assert_int_equal(p->b.up_conn, conn);
	assert_true(zsock_send(p->b.z, "330225", conn, "hey", 3));
	assert_true(until(p, &p->a.frames, p->a.frames + 1));
	return conn;
}

static void
both_ways(void **state)
{
	struct pair *p = *state;
	uint64_t conn = established(p);

	assert_string_equal(p->a.from, "330225102");
	assert_memory_equal(p->a.last, "hey", 3);
	assert_true(p->a.turns > 0);
	assert_true(zsock_send(p->a.z, "330225102", p->a.from_conn, "you", 3));
	assert_true(until(p, &p->b.frames, 1));
	assert_string_equal(p->b.from, "330225");
	assert_int_equal(p->b.from_conn, conn);
	assert_memory_equal(p->b.last, "you", 3);
	assert_int_equal(p->a.denied + p->b.denied, 0);
}

static void
largest_frame(void **state)
{
	struct pair *p = *state;
	uint64_t conn = established(p);
	uint8_t *frame = calloc(1, LINK_FRAME_MAX + 1);

	assert_non_null(frame);
	memset(frame, 0x5a, LINK_FRAME_MAX);
	assert_false(zsock_send(p->b.z, "330225", conn, frame, LINK_FRAME_MAX + 1));
	assert_false(zsock_send(p->b.z, "330225", conn, frame, 0));
	assert_true(zsock_send(p->b.z, "330225", conn, frame, LINK_FRAME_MAX));
	assert_true(until(p, &p->a.frames, 2));
	assert_int_equal(p->a.last_len, LINK_FRAME_MAX);
	assert_memory_equal(p->a.last, frame, LINK_FRAME_MAX);
	free(frame);
}

static void
unknown_key(void **state)
{
	struct pair *p = *state;
	struct side *c = calloc(1, sizeof(*c));
	uint64_t conn;

	assert_non_null(c);
	side_open(c, p->base, "330225102"); /* claims the right name, has the wrong key */
	know(c, "330225", p->a.pk, zsock_endpoint(p->a.z));
	zsock_allow(c->z, &c->t);
	conn = dial(c);
	(void)zsock_send(c->z, "330225", conn, "let me in", 9);
	assert_true(until(p, &c->down, 1));
	assert_int_equal(c->up, 0);
	assert_int_equal(c->down_conn, conn);
	assert_true(p->a.denied >= 1);
	assert_non_null(strstr(p->a.what, "unknown key"));
	assert_int_equal(p->a.frames, 0);
	zsock_free(c->z);
	free(c);
}

static void
wrong_server_key(void **state)
{
	struct pair *p = *state;

	p->b.n[0].key[3] ^= 1;
	zsock_allow(p->b.z, &p->b.t);
	dial(&p->b);
	assert_true(until(p, &p->b.down, 1));
	assert_int_equal(p->b.up, 0);
	assert_int_equal(p->a.frames, 0);
}

/* Something that listens and speaks no ZMTP, and a port where nobody listens. */
static int
listener(char endpoint[64], bool listening)
{
	struct sockaddr_in sa = {.sin_family = AF_INET};
	socklen_t len = sizeof(sa);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&sa, &len), 0);
	if (listening)
		assert_int_equal(listen(fd, 5), 0);
	snprintf(endpoint, 64, "tcp://127.0.0.1:%d", ntohs(sa.sin_port));
	return fd;
}

static void
closed_port(void **state)
{
	struct pair *p = *state;
	char endpoint[64];
	int fd = listener(endpoint, false); /* bound, so that nobody else gets the port */
	uint64_t conn;

	snprintf(p->b.n[0].endpoint, sizeof(p->b.n[0].endpoint), "%s", endpoint);
	conn = dial(&p->b);
	assert_true(until(p, &p->b.down, 1));
	assert_int_equal(p->b.down_conn, conn);
	assert_int_equal(p->b.up, 0);
	/* and again, as the link does it */
	conn = dial(&p->b);
	assert_true(until(p, &p->b.down, 2));
	assert_int_equal(p->b.down_conn, conn);
	close(fd);
}

static void
garbage_server(void **state)
{
	struct pair *p = *state;
	char endpoint[64];
	int fd = listener(endpoint, true), c;
	static const char http[] = "HTTP/1.0 400 Bad Request\r\n\r\n";

	snprintf(p->b.n[0].endpoint, sizeof(p->b.n[0].endpoint), "%s", endpoint);
	dial(&p->b);
	c = accept(fd, NULL, NULL);
	assert_true(c >= 0);
	assert_int_equal(write(c, http, sizeof(http)), sizeof(http));
	assert_true(until(p, &p->b.down, 1));
	assert_int_equal(p->b.up, 0);
	close(c);
	close(fd);
}

static void
garbage_client(void **state)
{
	struct pair *p = *state;
	struct sockaddr_in sa = {.sin_family = AF_INET};
	static const char *const junk[] = {"GET / HTTP/1.1\r\n\r\n", "\xff\0\0\0\0\0\0\0\1\x7f\3\0NULL", ""};

	sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	sa.sin_port = htons((uint16_t)strtoul(strrchr(zsock_endpoint(p->a.z), ':') + 1, NULL, 10));
	for (size_t i = 0; i < 3; i++) {
		int fd = socket(AF_INET, SOCK_STREAM, 0);
		assert_int_equal(connect(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
		assert_true(write(fd, junk[i], i == 1 ? 16 : strlen(junk[i])) >= 0);
		close(fd);
	}
	established(p); /* it still serves */
	assert_int_equal(p->a.frames, 1);
}

static void
peer_gone(void **state)
{
	struct pair *p = *state;
	uint64_t conn = established(p), at_a = p->a.from_conn;

	/* the one who connected goes: the listener is told too */
	zsock_close(p->b.z, "330225");
	assert_true(until(p, &p->a.down, 1));
	assert_int_equal(p->a.down_conn, at_a);
	assert_false(zsock_send(p->a.z, "330225102", at_a, "x", 1));
	assert_int_equal(p->b.down, 0); /* our own closing is not told */
	assert_false(zsock_send(p->b.z, "330225", conn, "x", 1));
	/* the listener goes */
	conn = established(p);
	zsock_free(p->a.z);
	p->a.z = NULL;
	assert_true(until(p, &p->b.down, 1));
	assert_int_equal(p->b.down_conn, conn);
}

static void
removed_key_is_cut(void **state)
{
	struct pair *p = *state;
	struct topology nobody = {.n = NULL, .count = 0};
	uint64_t at_a;

	established(p);
	at_a = p->a.from_conn;
	zsock_allow(p->a.z, &nobody);
	assert_false(zsock_send(p->a.z, "330225102", at_a, "x", 1));
	(void)zsock_send(p->b.z, "330225", p->b.up_conn, "still me", 8);
	assert_true(until(p, &p->b.down, 1));
	assert_int_equal(p->a.frames, 1);
	/* and it does not come back */
	dial(&p->b);
	assert_true(until(p, &p->b.down, 2));
	assert_true(p->a.denied >= 1);
	/* until it is admitted again */
	zsock_allow(p->a.z, &p->a.t);
	established(p);
}

/* Same station, new key: the old key's connection is nobody's any more. */
static void
changed_key_is_cut(void **state)
{
	struct pair *p = *state;

	established(p);
	p->a.n[0].key[0] ^= 1;
	zsock_allow(p->a.z, &p->a.t);
	(void)zsock_send(p->b.z, "330225", p->b.up_conn, "still me", 8);
	assert_true(until(p, &p->b.down, 1));
	assert_int_equal(p->a.frames, 1);
}

/* Reloading the same topology disturbs nobody. */
static void
unchanged_stays(void **state)
{
	struct pair *p = *state;
	uint64_t at_a;

	established(p);
	at_a = p->a.from_conn;
	zsock_allow(p->a.z, &p->a.t);
	zsock_allow(p->b.z, &p->b.t);
	assert_true(zsock_send(p->a.z, "330225102", at_a, "on", 2));
	assert_true(until(p, &p->b.frames, 1));
	assert_int_equal(p->a.down + p->b.down, 0);
}

static void
fresh_socket(void **state)
{
	struct pair *p = *state;
	uint64_t first = established(p), at_a = p->a.from_conn, second;

	second = established(p); /* drops the first */
	assert_int_not_equal(first, second);
	assert_int_not_equal(at_a, p->a.from_conn);
	assert_false(zsock_send(p->b.z, "330225", first, "old", 3));
	assert_true(zsock_send(p->a.z, "330225102", p->a.from_conn, "new", 3));
	assert_true(until(p, &p->b.frames, 1));
	assert_int_equal(p->b.from_conn, second);
	assert_int_equal(p->b.down, 0);
}

static void
many_connections(void **state)
{
	struct pair *p = *state;
	uint64_t last = 0;

	for (int i = 0; i < 12; i++)
		last = established(p);
	assert_true(zsock_send(p->a.z, "330225102", p->a.from_conn, "newest", 6));
	assert_true(until(p, &p->b.frames, 1));
	assert_int_equal(p->b.from_conn, last);
}

/* 2000 frames each way at once, each side sending whenever it is let: nothing stalls, nothing is lost or out of order.
 */
static void
burst(void **state)
{
	struct pair *p = *state;
	uint64_t conn = established(p);
	uint32_t want = 2000, sent_a = 0, sent_b = 0;
	uint8_t frame[400] = {0};

	p->a.frames = p->b.frames = 0;
	p->a.expect = p->b.expect = 0;
	while (p->a.frames < want || p->b.frames < want) {
		for (; sent_b < want; sent_b++) {
			memcpy(frame, &sent_b, 4);
			if (!zsock_send(p->b.z, "330225", conn, frame, sizeof(frame)))
				break;
		}
		for (; sent_a < want; sent_a++) {
			memcpy(frame, &sent_a, 4);
			if (!zsock_send(p->a.z, "330225102", p->a.from_conn, frame, sizeof(frame)))
				break;
		}
		/* what is on its way has to arrive without another push from us */
		if (p->a.frames < sent_b)
			assert_true(until(p, &p->a.frames, sent_b));
		if (p->b.frames < sent_a)
			assert_true(until(p, &p->b.frames, sent_a));
	}
	assert_false(p->a.disorder);
	assert_false(p->b.disorder);
	quiet(p, 20);
	assert_int_equal(p->a.frames, want);
	assert_int_equal(p->b.frames, want);
}

/* Every frame comes back, sent from inside the callback; one at a time, so that each waits for the other's wake-up. */
static void
ping_pong(void **state)
{
	struct pair *p = *state;
	uint64_t conn = established(p);

	p->a.answer = true;
	for (uint32_t i = 0; i < 500; i++) {
		assert_true(zsock_send(p->b.z, "330225", conn, &i, sizeof(i)));
		assert_true(until(p, &p->b.frames, i + 1));
	}
}

static void
close_inside(void **state)
{
	struct pair *p = *state;

	established(p);
	p->b.close_in_frame = true;
	for (int i = 0; i < 10; i++)
		assert_true(zsock_send(p->a.z, "330225102", p->a.from_conn, "ten", 3));
	assert_true(until(p, &p->b.frames, 1));
	assert_true(until(p, &p->a.down, 1));
	assert_int_equal(p->b.frames, 1); /* nothing after the close */
	p->b.close_in_frame = false;
	established(p);
}

/* A neighbour's key in the hands of another program: right key, wrong manners.  None of it gets through, all else does.
 */
static void
ill_mannered(void **state)
{
	struct pair *p = *state;
	void *ctx = zmq_ctx_new(), *plain = zmq_socket(ctx, ZMQ_DEALER), *named = zmq_socket(ctx, ZMQ_DEALER),
	     *null = zmq_socket(ctx, ZMQ_DEALER);
	char big[LINK_FRAME_MAX + 1] = {0};
	int zero = 0;

	(void)zmq_setsockopt(plain, ZMQ_LINGER, &zero, sizeof(zero));
	(void)zmq_setsockopt(named, ZMQ_LINGER, &zero, sizeof(zero));
	(void)zmq_setsockopt(null, ZMQ_LINGER, &zero, sizeof(zero));
	assert_int_equal(zmq_setsockopt(named, ZMQ_ROUTING_ID, "chief", 5), 0);
	for (int i = 0; i < 2; i++) {
		void *s = i == 0 ? plain : named;
		assert_int_equal(zmq_setsockopt(s, ZMQ_CURVE_SERVERKEY, p->a.pk, 32), 0);
		assert_int_equal(zmq_setsockopt(s, ZMQ_CURVE_PUBLICKEY, p->b.pk, 32), 0);
		assert_int_equal(zmq_setsockopt(s, ZMQ_CURVE_SECRETKEY, p->b.sk, 32), 0);
		assert_int_equal(zmq_connect(s, zsock_endpoint(p->a.z)), 0);
	}
	/* no CURVE at all: whichever side notices first hangs up */
	assert_int_equal(zmq_connect(null, zsock_endpoint(p->a.z)), 0);
	assert_int_equal(zmq_send(null, "null", 4, 0), 4);
	/* a name of its own choice */
	assert_int_equal(zmq_send(named, "named", 5, 0), 5);
	/* several parts, none, too many bytes; then a proper one on the same connection */
	assert_int_equal(zmq_send(plain, "one", 3, ZMQ_SNDMORE), 3);
	assert_int_equal(zmq_send(plain, "two", 3, ZMQ_SNDMORE), 3);
	assert_int_equal(zmq_send(plain, "three", 5, 0), 5);
	assert_int_equal(zmq_send(plain, "", 0, 0), 0);
	assert_int_equal(zmq_send(plain, big, sizeof(big), 0), sizeof(big));
	assert_int_equal(zmq_send(plain, "proper", 6, 0), 6);
	assert_true(until(p, &p->a.frames, 1));
	assert_memory_equal(p->a.last, "proper", 6);
	quiet(p, 50);
	assert_int_equal(p->a.frames, 1);
	zmq_close(plain);
	zmq_close(named);
	zmq_close(null);
	zmq_ctx_term(ctx);
	established(p);
}

static void
address_in_use(void **state)
{
	struct pair *p = *state;
	struct fault f = {0};

	assert_int_equal(zsock_bind(p->b.z, zsock_endpoint(p->a.z), &f), -1);
	assert_int_equal(f.code, 69); /* EX_UNAVAILABLE */
	assert_non_null(strstr(f.text, zsock_endpoint(p->a.z)));
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {T(both_ways), T(largest_frame), T(unknown_key), T(wrong_server_key),
	    T(closed_port), T(garbage_server), T(garbage_client), T(peer_gone), T(removed_key_is_cut),
	    T(changed_key_is_cut), T(unchanged_stays), T(fresh_socket), T(many_connections), T(burst), T(ping_pong),
	    T(close_inside), T(ill_mannered), T(address_in_use)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
