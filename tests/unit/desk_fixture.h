#ifndef TESTS_UNIT_DESK_FIXTURE_H
#define TESTS_UNIT_DESK_FIXTURE_H
/*
 * The desk service for tests: a real station over the RAM journal, the service and raw clients of its socket in one
 * thread, the event loop turned by hand.  Included by each test program once.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <event2/buffer.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "../../formats/conf.h"
#include "../../formats/i18n.h"
#include "../../switch/desk.h"
#include "../../switch/desk_int.h"
#include "../../switch/log.h"

#define NOW INT64_C(1795326615000) /* 2026-11-22T05:50:15Z */

static struct codebook *cb;
static struct rules *rules;

struct fx {
	char tmp[64], path[96];
	struct event_base *base;
	struct stationdir dir;
	struct journal *j;
	struct topology t;
	struct station *s;
	struct desk *desk;
	int64_t now;
	bool turn_wanted, hold, failed;
	size_t turns, reloads;
};

/* ---- the station's effects and the service's wishes ---- */

static void
none(void *ctx, const char *peer)
{
	(void)ctx;
	(void)peer;
}

static void
none_send(void *ctx, const char *peer, uint64_t conn, const void *p, size_t n)
{
	(void)ctx;
	(void)peer;
	(void)conn;
	(void)p;
	(void)n;
}

static void
on_reply(void *ctx, uint64_t ticket, const struct msgid *id, bool dup, const struct fault *f)
{
	desk_reply(((struct fx *)ctx)->desk, ticket, id, dup, f);
}

static void
on_push(void *ctx, uint64_t rev)
{
	struct fx *x = ctx;

	if (x->desk != NULL)
		desk_push(x->desk, rev);
}

static void
on_alarm(void *ctx, const char *what, const char *detail)
{
	struct fx *x = ctx;

	if (x->desk != NULL)
		desk_alarm(x->desk, x->now, what, detail);
}

static const struct station_ops effects = {none, none, none_send, on_reply, on_push, on_alarm};

static int64_t
on_now(void *ctx)
{
	return ((struct fx *)ctx)->now;
}

static int
on_reload(void *ctx, struct fault *f)
{
	struct fx *x = ctx;

	if (x->reloads++ > 0) {
		fault_set(f, EX_CONFIG, "role", "odd");
		fault_at(f, "topology.tsv", 7);
		return -1;
	}
	return 0;
}

static void
on_turn_end(void *ctx)
{
	((struct fx *)ctx)->turn_wanted = true;
}

static const struct desk_ops wishes = {on_now, on_reload, on_turn_end, NULL};

/* ---- fixture ---- */

static int
setup(void **state)
{
	struct stationdir_new n = {.station = "330225102", .name = "西周镇"};
	struct fx *x = calloc(1, sizeof(*x));
	struct station_conf conf;
	struct fault f = {0};

	assert_non_null(x);
	x->now = NOW;
	snprintf(x->tmp, sizeof(x->tmp), "/tmp/desk_test.XXXXXX");
	assert_non_null(mkdtemp(x->tmp));
	snprintf(x->path, sizeof(x->path), "%s/s", x->tmp);
	if (stationdir_create(x->path, &n, &f) != 0 || stationdir_load(x->path, &x->dir, &f) != 0)
		fail_msg("%s %s", f.file, f.text);
	x->base = event_base_new();
	x->j = journal_ram_open();
	snprintf(x->t.self, sizeof(x->t.self), "330225102");
	memset(&conf, 0, sizeof(conf));
	snprintf(conf.self, sizeof(conf.self), "330225102");
	conf.topology = &x->t;
	conf.codebook = cb;
	conf.rules = rules;
	conf.seed = 7;
	x->s = station_new(&conf, x->j, x->now, &effects, x, &f);
	assert_non_null(x->s);
	assert_int_equal(x->j->ops->commit(x->j), 0);
	station_committed(x->s, x->now, true);
	x->desk = desk_new(x->base, &x->dir, x->s, &wishes, x, &f);
	if (x->desk == NULL)
		fail_msg("%s %s", f.file, f.text);
	station_start(x->s, x->now);
	*state = x;
	return 0;
}

static int
teardown(void **state)
{
	static const char *const names[] = {"dutyswitch.conf", "topology.tsv", "keys/secret.key", "keys/public.key",
	    "journal/new", "run/desk.sock", "keys", "journal", "run", ""};
	struct fx *x = *state;
	char path[256];

	desk_free(x->desk);
	/* libevent finishes freed bufferevents in the loop (loop.c does the same). */
	(void)event_base_loop(x->base, EVLOOP_NONBLOCK);
	station_free(x->s);
	x->j->ops->close(x->j);
	event_base_free(x->base);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", x->path, names[i]);
		(void)remove(path);
	}
	assert_int_equal(rmdir(x->tmp), 0);
	free(x);
	return 0;
}

static void
turn(struct fx *x)
{
	x->turn_wanted = false;
	x->turns++;
	if (station_dirty(x->s)) {
		bool ok;

		station_prepare(x->s, x->now);
		ok = x->j->ops->commit(x->j) == 0;
		station_committed(x->s, x->now, ok);
		if (!ok) {
			x->failed = true;
			return;
		}
	}
	station_flush(x->s, x->now);
	desk_committed(x->desk);
}

static void
pump(struct fx *x)
{
	event_base_loop(x->base, EVLOOP_NONBLOCK);
	if (x->turn_wanted && !x->hold && !x->failed)
		turn(x);
}

/* ---- raw client ---- */

struct client {
	int fd;
	uint8_t *in;
	size_t n;
	bool eof;
};

static struct client
dial(struct fx *x)
{
	struct client c = {.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0)};
	struct sockaddr_un sa = {.sun_family = AF_UNIX};

	assert_true(strlen(x->dir.socket) < sizeof(sa.sun_path));
	memcpy(sa.sun_path, x->dir.socket, strlen(x->dir.socket) + 1);
	assert_int_equal(connect(c.fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	c.in = malloc(DESK_FRAME_MAX + 1024);
	assert_non_null(c.in);
	return c;
}

static void
hang_up(struct client *c)
{
	close(c->fd);
	free(c->in);
}

static void
put(struct fx *x, struct client *c, const void *p, size_t n)
{
	const uint8_t *at = p;
	int idle = 0;

	while (n > 0) {
		ssize_t w = send(c->fd, at, n, MSG_NOSIGNAL);
		if (w > 0) {
			at += w;
			n -= (size_t)w;
			idle = 0;
			continue;
		}
		if (w < 0 && errno == EPIPE)
			return; /* the service has closed: the test sees that by itself */
		assert_true(errno == EAGAIN);
		assert_true(idle++ < 1000);
		pump(x);
	}
}

static void
put_frame(struct fx *x, struct client *c, char type, const void *p, size_t n)
{
	uint32_t len = (uint32_t)n + 1;
	uint8_t head[5] = {
	    (uint8_t)(len >> 24), (uint8_t)(len >> 16), (uint8_t)(len >> 8), (uint8_t)len, (uint8_t)type};

	put(x, c, head, 5);
	put(x, c, p, n);
}

static void
ask(struct fx *x, struct client *c, const char *json)
{
	put_frame(x, c, 'J', json, strlen(json));
}

static void
fill(struct client *c)
{
	ssize_t r;

	while (!c->eof && c->n < DESK_FRAME_MAX && (r = recv(c->fd, c->in + c->n, DESK_FRAME_MAX - c->n, 0)) != -1) {
		if (r == 0)
			c->eof = true;
		c->n += (size_t)r;
	}
	if (!c->eof && c->n < DESK_FRAME_MAX && errno == ECONNRESET)
		c->eof = true;
}

/* A complete frame out of what came; NULL when there is none. */
static json_t *
take(struct client *c)
{
	size_t len;
	json_t *j;

	if (c->n < 5)
		return NULL;
	len = (size_t)c->in[0] << 24 | (size_t)c->in[1] << 16 | (size_t)c->in[2] << 8 | c->in[3];
	if (c->n < 4 + len)
		return NULL;
	assert_int_equal(c->in[4], 'J');
	j = json_loadb((char *)c->in + 5, len - 1, 0, NULL);
	assert_non_null(j);
	memmove(c->in, c->in + 4 + len, c->n - 4 - len);
	c->n -= 4 + len;
	return j;
}

static json_t *
answer(struct fx *x, struct client *c)
{
	json_t *j;

	for (int i = 0; i < 2000; i++) {
		fill(c);
		if ((j = take(c)) != NULL)
			return j;
		pump(x);
	}
	fail_msg("no answer");
	return NULL;
}

static json_t *
call(struct fx *x, struct client *c, const char *json)
{
	ask(x, c, json);
	return answer(x, c);
}

static inline void
expect_eof(struct fx *x, struct client *c)
{
	for (int i = 0; i < 2000 && !c->eof; i++) {
		pump(x);
		fill(c);
	}
	assert_true(c->eof);
	assert_int_equal(c->n, 0);
}

static bool
ok(const json_t *j)
{
	return json_is_true(json_object_get(j, "ok"));
}

static void
expect_refused(json_t *j, int re, int code, const char *field)
{
	if (ok(j) || json_integer_value(json_object_get(j, "re")) != re ||
	    json_integer_value(json_object_get(j, "code")) != code ||
	    strcmp(json_string_value(json_object_get(j, "field")), field) != 0)
		fail_msg("wanted re %d code %d field %s, got %s", re, code, field, json_dumps(j, JSON_COMPACT));
	assert_true(json_string_length(json_object_get(j, "text")) > 0);
	json_decref(j);
}

static void
expect_served(struct fx *x, struct client *c)
{
	json_t *j = call(x, c, "{\"op\":\"hello\",\"n\":7777,\"proto\":1,\"lang\":\"en\"}");

	assert_true(ok(j));
	assert_int_equal(json_integer_value(json_object_get(j, "re")), 7777);
	assert_string_equal(json_string_value(json_object_get(j, "station")), "330225102");
	json_decref(j);
}

#define INTAKE                                                                                                              \
	"\"body\":{\"kind\":\"intake\",\"title\":\"火灾\",\"place\":\"西周镇\",\"type\":\"12G00\",\"learned\":\"2026-" \
	"11-22T13:40:00+08:00\"}"

/* Codebooks and rules for all tests of a program; then the tests. */
static int
desk_run(const struct CMUnitTest *tests, size_t n)
{
	char conf[1024];
	struct fault f = {0};
	int rc;

	i18n_init("en");
	(void)signal(SIGPIPE, SIG_IGN); /* as the daemon does */
	log_init(LOG_LV_ERROR, STDERR_FILENO);
	if (conf_dir(conf, sizeof(conf), &f) == NULL || (cb = codebook_load(conf, &f)) == NULL ||
	    (rules = rules_load(conf, &f)) == NULL) {
		fprintf(stderr, "%s\n", f.text);
		return 1;
	}
	rc = _cmocka_run_group_tests("desk", tests, n, NULL, NULL);
	codebook_free(cb);
	rules_free(rules);
	return rc;
}

#endif
