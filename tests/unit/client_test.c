/*
 * The client library against a switch of straw: what comes in pieces, out of order, with pushes between, or not at all.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <sysexits.h>
#include "fake_switch.h"
#include "../../switch/client.h"

static json_t *
request(const char *op)
{
	return json_pack("{s:s}", "op", op);
}

static struct client *
open_ok(struct fake *f)
{
	struct fault fault = { 0 };
	struct client *c = client_open(f->dir, "test", &fault);

	if (c == NULL)
		fail_msg("client_open: %d %s", fault.code, fault.text);
	return c;
}

static void
finish(struct fake *f, struct client *c)
{
	client_close(c);
	assert_int_equal(fake_wait(f), 0);
	fake_remove(f);
}

/* Reads until the client goes. */
static void
rest(int fd)
{
	json_t *j;

	while ((j = fake_read(fd, NULL)) != NULL)
		json_decref(j);
}

/* ---- opening ---- */

static void
test_not_running(void **state)
{
	struct fake f = { .dir = "" };
	struct fault fault = { 0 };
	int fd;

	(void)state;
	assert_null(client_open("/nonexistent/station", "test", &fault));
	assert_int_equal(fault.code, EX_UNAVAILABLE);
	assert_non_null(strstr(fault.text, "/nonexistent/station"));
	/* a socket left behind by a switch that was killed */
	(void)snprintf(f.dir, sizeof f.dir, "/tmp/fakeswitch.XXXXXX");
	assert_non_null(mkdtemp(f.dir));
	fd = fake_listen(f.dir);
	close(fd);
	fault = (struct fault){ 0 };
	assert_null(client_open(f.dir, "test", &fault));
	assert_int_equal(fault.code, EX_UNAVAILABLE);
	assert_non_null(strstr(fault.text, f.dir));
	fake_remove(&f);
}

static void
script_hello(int l, void *arg)
{
	(void)arg;
	rest(fake_hello(l));
}

static void
test_hello(void **state)
{
	struct fake f = { .dir = "" };
	struct client *c;

	(void)state;
	fake_start(&f, script_hello, NULL);
	c = open_ok(&f);
	assert_string_equal(json_string_value(json_object_get(client_hello(c), "station")), "330225");
	assert_true(client_fd(c) >= 0);
	assert_true(client_alive(c));
	assert_int_equal((int)client_pending(c), 0);
	finish(&f, c);
}

static void
test_long_path(void **state)
{
	struct fake f = { .dir = "" };
	char base[64] = "/tmp/fakeswitch.XXXXXX";
	struct client *c;

	(void)state;
	assert_non_null(mkdtemp(base));
	(void)snprintf(f.dir, sizeof f.dir, "%s/%0150d", base, 7);
	assert_int_equal(mkdir(f.dir, 0700), 0);
	fake_start(&f, script_hello, NULL);
	c = open_ok(&f);
	finish(&f, c);
	assert_int_equal(rmdir(base), 0);
}

static void
script_answer_hello(int l, void *arg)
{
	int fd = fake_accept(l);
	json_t *j = fake_read(fd, NULL);

	FAKE(j != NULL);
	fake_send(fd, arg);
	rest(fd);
}

static void
test_hello_refused(void **state)
{
	static const struct { const char *answer; int code; } cases[] = {
		{ "{\"re\":1,\"ok\":true,\"proto\":2}", EX_PROTOCOL },
		{ "{\"re\":1,\"ok\":true}", EX_PROTOCOL },
		{ "{\"re\":1,\"ok\":false,\"code\":77,\"field\":\"seat\",\"text\":\"not here\"}", EX_NOPERM },
		{ "{\"re\":9,\"ok\":true,\"proto\":1}", EX_PROTOCOL },
		{ "[1]", EX_PROTOCOL },
		{ "{\"re\":1,", EX_PROTOCOL },
		{ "{\"re\":1,\"ok\":1,\"proto\":1}", EX_PROTOCOL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct fake f = { .dir = "" };
		struct fault fault = { 0 };
		char answer[128];

		(void)snprintf(answer, sizeof answer, "%s", cases[i].answer);
		fake_start(&f, script_answer_hello, answer);
		assert_null(client_open(f.dir, "test", &fault));
		assert_int_equal(fault.code, cases[i].code);
		assert_int_equal(fake_wait(&f), 0);
		fake_remove(&f);
	}
}

/* ---- pieces and ends ---- */

static void
script_bytewise(int l, void *arg)
{
	static const char json[] = "{\"re\":2,\"ok\":true,\"x\":\"象山\"}";
	uint8_t frame[sizeof json + 4] = { 0, 0, 0, sizeof json, 'J' };
	int fd = fake_hello(l);
	json_t *j = fake_read(fd, NULL);

	(void)arg;
	FAKE(j != NULL);
	memcpy(frame + 5, json, sizeof json - 1);
	for (size_t i = 0; i < 5 + sizeof json - 1; i++)
		fake_raw(fd, frame + i, 1);
	rest(fd);
}

static void
test_bytewise(void **state)
{
	struct fake f = { .dir = "" };
	struct fault fault = { 0 };
	struct client *c;
	json_t *a;

	(void)state;
	fake_start(&f, script_bytewise, NULL);
	c = open_ok(&f);
	a = client_call(c, request("x"), NULL, 0, 0, &fault);
	assert_non_null(a);
	assert_string_equal(json_string_value(json_object_get(a, "x")), "象山");
	json_decref(a);
	finish(&f, c);
}

/* arg: how many bytes of an answer come before the end */
static void
script_cut(int l, void *arg)
{
	static const char frame[] = "\0\0\0\x13J{\"re\":2,\"ok\":true}";
	int fd = fake_hello(l);
	json_t *j = fake_read(fd, NULL);

	FAKE(j != NULL);
	fake_raw(fd, frame, *(size_t *)arg);
	close(fd);
}

static void
test_cut(void **state)
{
	(void)state;
	for (size_t n = 0; n < 23; n++) {
		struct fake f = { .dir = "" };
		struct fault fault = { 0 };
		struct client *c;

		fake_start(&f, script_cut, &n);
		c = open_ok(&f);
		assert_null(client_call(c, request("x"), NULL, 0, 0, &fault));
		assert_int_equal(fault.code, EX_TEMPFAIL);
		assert_non_null(strstr(fault.text, f.dir));
		assert_false(client_alive(c));
		/* and stays so, at once */
		fault = (struct fault){ 0 };
		assert_null(client_call(c, request("x"), NULL, 0, 0, &fault));
		assert_int_equal(fault.code, EX_TEMPFAIL);
		assert_int_equal(client_step(c, 60000, NULL, NULL, NULL, &fault), -1);
		finish(&f, c);
	}
}

static void
script_bad_frame(int l, void *arg)
{
	static const struct { const char *p; size_t n; } frames[] = {
		{ "\0\0\0\0J", 5 },			/* no room for the type */
		{ "\x01\0\0\x01J", 5 },			/* 16 MiB and one */
		{ "\xff\xff\xff\xff" "J", 5 },
		{ "\0\0\0\x03X{}", 7 },			/* no such type */
		{ "\0\0\0\x03J[]", 7 },
		{ "\0\0\0\x04J{\"}", 8 },
		{ "\0\0\0\x02" "Ba\0\0\0\x02" "Bb", 12 },	/* bytes that belong to nothing */
		{ "\0\0\0\x14J{\"re\":77,\"ok\":true}", 24 },	/* an answer to nothing */
	};
	size_t i = *(size_t *)arg;
	int fd = fake_hello(l);
	json_t *j = fake_read(fd, NULL);

	if (i >= sizeof frames / sizeof frames[0])
		_exit(99);
	FAKE(j != NULL);
	fake_raw(fd, frames[i].p, frames[i].n);
	rest(fd);
}

static void
test_bad_frame(void **state)
{
	(void)state;
	for (size_t i = 0;; i++) {
		struct fake f = { .dir = "" };
		struct fault fault = { 0 };
		struct client *c;
		int rc;

		fake_start(&f, script_bad_frame, &i);
		c = open_ok(&f);
		assert_null(client_call(c, request("x"), NULL, 0, 0, &fault));
		if (!client_alive(c) && fault.code == EX_TEMPFAIL) {	/* past the table's end: it left */
			client_close(c);
			rc = fake_wait(&f);
			fake_remove(&f);
			assert_int_equal(rc, 99);
			assert_int_equal((int)i, 8);
			return;
		}
		assert_int_equal(fault.code, EX_PROTOCOL);
		assert_false(client_alive(c));
		finish(&f, c);
	}
}

/* ---- order ---- */

struct seen {
	uint64_t n[16];
	size_t count, pushes;
	uint64_t revision;
	size_t bytes;
	struct client *c;
};

static void
on_answer(void *ctx, uint64_t n, const json_t *answer)
{
	struct seen *s = ctx;

	assert_true(json_is_true(json_object_get(answer, "ok")));
	assert_true(s->count < 16);
	s->n[s->count++] = n;
	s->bytes += client_bytes(s->c)->n;
}

static void
on_push(void *ctx, uint64_t revision)
{
	struct seen *s = ctx;

	s->pushes++;
	assert_true(revision > s->revision);
	s->revision = revision;
}

/* Three requests answered last first, pushes between; one write. */
static void
script_disorder(int l, void *arg)
{
	long long n[3];
	int fd = fake_hello(l);

	(void)arg;
	for (int i = 0; i < 3; i++) {
		json_t *j = fake_read(fd, NULL);

		FAKE(j != NULL);
		n[i] = fake_n(j);
		json_decref(j);
	}
	fake_send(fd, "{\"push\":true,\"rev\":7}");
	fake_ok(fd, n[2], "");
	fake_send(fd, "{\"push\":true,\"rev\":8}");
	fake_ok(fd, n[0], "");
	fake_frame(fd, 'B', "12345", 5);
	fake_ok(fd, n[1], "");
	fake_send(fd, "{\"push\":true,\"rev\":9}");
	close(fd);
}

static void
test_disorder(void **state)
{
	struct fake f = { .dir = "" };
	struct fault fault = { 0 };
	struct seen s = { .count = 0 };
	uint64_t a, b, d;
	int rc;

	(void)state;
	fake_start(&f, script_disorder, NULL);
	s.c = open_ok(&f);
	a = client_post(s.c, request("a"), NULL, 0);
	b = client_post(s.c, request("b"), NULL, 0);
	d = client_post(s.c, request("d"), NULL, 0);
	assert_int_equal((int)client_pending(s.c), 3);
	while ((rc = client_step(s.c, 10000, on_answer, on_push, &s, &fault)) > 0)
		;
	/* what came before the end was handed out before the end was told */
	assert_int_equal(rc, -1);
	assert_int_equal(fault.code, EX_TEMPFAIL);
	assert_int_equal((int)s.count, 3);
	assert_true(s.n[0] == d && s.n[1] == a && s.n[2] == b);
	assert_int_equal((int)s.bytes, 5);
	assert_true(s.revision == 9);
	assert_int_equal((int)client_pending(s.c), 0);
	finish(&f, s.c);
}

/* A call overtakes what was posted; the rest waits for the next step. */
static void
script_overtake(int l, void *arg)
{
	int fd = fake_hello(l);
	json_t *first = fake_read(fd, NULL), *second = fake_read(fd, NULL);

	(void)arg;
	FAKE(first != NULL && second != NULL);
	fake_send(fd, "{\"push\":true,\"rev\":3}");
	fake_ok(fd, fake_n(first), "");
	fake_frame(fd, 'B', "abc", 3);
	fake_ok(fd, fake_n(second), "\"mine\":1");
	rest(fd);
}

static void
test_overtake(void **state)
{
	struct fake f = { .dir = "" };
	struct fault fault = { 0 };
	struct seen s = { .count = 0 };
	uint64_t a;
	json_t *j;

	(void)state;
	fake_start(&f, script_overtake, NULL);
	s.c = open_ok(&f);
	a = client_post(s.c, request("a"), NULL, 0);
	j = client_call(s.c, request("b"), NULL, 0, 0, &fault);
	assert_non_null(j);
	assert_int_equal((int)json_integer_value(json_object_get(j, "mine")), 1);
	assert_int_equal((int)client_bytes(s.c)->n, 3);
	json_decref(j);
	assert_int_equal((int)s.count, 0);
	assert_int_equal(client_step(s.c, 0, on_answer, on_push, &s, &fault), 2);
	assert_true(s.count == 1 && s.n[0] == a && s.revision == 3);
	assert_int_equal((int)s.bytes, 0);	/* the other's bytes are not its */
	finish(&f, s.c);
}

static void
script_refuse(int l, void *arg)
{
	int fd = fake_hello(l);
	json_t *j = fake_read(fd, NULL);

	FAKE(j != NULL);
	fake_send(fd, arg);
	rest(fd);
}

static void
test_refused(void **state)
{
	static const struct { const char *answer; int code; const char *field, *text;
	} cases[] = {
	    {"{\"re\":2,\"ok\":false,\"code\":65,\"field\":\"dead\",\"text\":\"is negative\"}", EX_DATAERR, "dead",
		"is negative"},
	    {"{\"re\":2,\"ok\":false,\"code\":0,\"field\":\"\",\"text\":\"x\"}", EX_SOFTWARE, "", "x"},
	    {"{\"re\":2,\"ok\":false,\"code\":9999999999,\"text\":\"x\"}", EX_SOFTWARE, "", "x"},
	    {"{\"re\":2,\"ok\":false,\"code\":75,\"field\":3,\"text\":\"later %s%n\"}", EX_TEMPFAIL, "", "later %s%n"},
	    {"{\"re\":2,\"ok\":false,\"code\":65}", EX_DATAERR, "", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct fake f = { .dir = "" };
		struct fault fault = { 0 };
		struct client *c;
		char answer[160];

		(void)snprintf(answer, sizeof answer, "%s", cases[i].answer);
		fake_start(&f, script_refuse, answer);
		c = open_ok(&f);
		assert_null(client_call(c, request("x"), NULL, 0, 0, &fault));
		assert_int_equal(fault.code, cases[i].code);
		assert_string_equal(fault.field, cases[i].field);
		if (cases[i].text != NULL)
			assert_string_equal(fault.text, cases[i].text);
		else
			assert_true(fault.text[0] != '\0');
		assert_true(client_alive(c));
		finish(&f, c);
	}
}

/* The first request is left unanswered until the second comes; then both are answered. */
static void
script_late(int l, void *arg)
{
	int fd = fake_hello(l);
	json_t *first = fake_read(fd, NULL), *second = fake_read(fd, NULL);

	(void)arg;
	FAKE(first != NULL && second != NULL);
	fake_frame(fd, 'B', "late", 4);
	fake_ok(fd, fake_n(first), "\"which\":1");
	fake_ok(fd, fake_n(second), "\"which\":2");
	rest(fd);
}

static void
test_timeout(void **state)
{
	struct fake f = { .dir = "" };
	struct fault fault = { 0 };
	struct client *c;
	json_t *j;

	(void)state;
	fake_start(&f, script_late, NULL);
	c = open_ok(&f);
	assert_null(client_call(c, request("a"), NULL, 0, 20, &fault));
	assert_int_equal(fault.code, EX_TEMPFAIL);
	assert_true(client_alive(c));
	assert_int_equal((int)client_pending(c), 0);
	j = client_call(c, request("b"), NULL, 0, 0, &fault);
	assert_non_null(j);
	assert_int_equal((int)json_integer_value(json_object_get(j, "which")), 2);
	assert_int_equal((int)client_bytes(c)->n, 0);
	json_decref(j);
	assert_int_equal(client_step(c, 0, NULL, NULL, NULL, &fault), 0);
	finish(&f, c);
}

/* ---- size ---- */

#define BIG (6u << 20)

/* Writes much before it reads anything: a client that did not read while writing would stand still for ever. */
static void
script_big(int l, void *arg)
{
	int fd = fake_hello(l);
	char *big = calloc(1, BIG);
	size_t len;

	(void)arg;
	FAKE(big != NULL);
	fake_frame(fd, 'B', big, BIG);
	fake_ok(fd, 2, "");
	for (int i = 0; i < 3; i++) {
		json_t *j = fake_read(fd, &len);

		FAKE(j != NULL && len == BIG);
		if (i > 0)
			fake_ok(fd, fake_n(j), "");
		json_decref(j);
	}
	rest(fd);
}

static void
test_big(void **state)
{
	struct fake f = { .dir = "" };
	struct fault fault = { 0 };
	struct seen s = { .count = 0 };
	char *big = calloc(1, BIG);

	(void)state;
	assert_non_null(big);
	fake_start(&f, script_big, NULL);
	s.c = open_ok(&f);
	for (int i = 0; i < 3; i++)
		assert_true(client_post(s.c, request("a"), big, BIG) != 0);
	assert_true(client_wants_write(s.c));
	while (s.count < 3)
		assert_true(client_step(s.c, 10000, on_answer, on_push, &s, &fault) > 0);
	assert_int_equal((int)s.bytes, (int)BIG);
	assert_false(client_wants_write(s.c));
	free(big);
	finish(&f, s.c);
}

static void
script_blob_sizes(int l, void *arg)
{
	static const size_t want[] = { SIZE_MAX, 0, 1 };
	int fd = fake_hello(l);

	(void)arg;
	for (size_t i = 0; i < 3; i++) {
		size_t len;
		json_t *j = fake_read(fd, &len);

		FAKE(j != NULL && len == want[i]);
		fake_ok(fd, fake_n(j), "");
		json_decref(j);
	}
	rest(fd);
}

static void
test_blob_sizes(void **state)
{
	struct fake f = { .dir = "" };
	struct fault fault = { 0 };
	struct client *c;

	(void)state;
	fake_start(&f, script_blob_sizes, NULL);
	c = open_ok(&f);
	for (size_t i = 0; i < 3; i++) {
		json_t *j = client_call(c, request("x"), i == 0 ? NULL : "x", i == 2, 0, &fault);

		assert_non_null(j);
		json_decref(j);
	}
	finish(&f, c);
}

static void
test_too_large(void **state)
{
	struct fake f = { .dir = "" };
	struct fault fault = { 0 };
	struct client *c;
	char *big = malloc(DESK_JSON_MAX + 1);
	json_t *r;

	(void)state;
	assert_non_null(big);
	memset(big, 'x', DESK_JSON_MAX);
	big[DESK_JSON_MAX] = '\0';
	fake_start(&f, script_hello, NULL);
	c = open_ok(&f);
	r = json_pack("{s:s, s:s}", "op", "x", "text", big);
	assert_non_null(r);
	assert_null(client_call(c, r, NULL, 0, 0, &fault));
	assert_int_equal(fault.code, EX_DATAERR);
	assert_true(client_post(c, request("x"), big, DESK_FRAME_MAX) == 0);
	assert_true(client_alive(c));
	assert_int_equal((int)client_pending(c), 0);
	free(big);
	finish(&f, c);
}

static void
test_rid(void **state)
{
	char a[33], b[33];

	(void)state;
	client_rid(a);
	client_rid(b);
	assert_int_equal((int)strlen(a), 32);
	assert_int_equal((int)strspn(a, "0123456789abcdef"), 32);
	assert_string_not_equal(a, b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_not_running), cmocka_unit_test(test_hello), cmocka_unit_test(test_long_path),
		cmocka_unit_test(test_hello_refused), cmocka_unit_test(test_bytewise), cmocka_unit_test(test_cut),
		cmocka_unit_test(test_bad_frame), cmocka_unit_test(test_disorder), cmocka_unit_test(test_overtake),
		cmocka_unit_test(test_refused), cmocka_unit_test(test_timeout), cmocka_unit_test(test_big),
		cmocka_unit_test(test_blob_sizes), cmocka_unit_test(test_too_large), cmocka_unit_test(test_rid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
