/*
 * Garbage on the desk socket, and strangers on the switch's TCP port: the one who errs is answered or dropped, a stranger's frame
 * never gets past the handshake, everybody else notices nothing.
 */
#include <errno.h>
#include <event2/event.h>
#include <poll.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <arpa/inet.h>
#include <sys/un.h>
#include <unistd.h>
#include "../../switch/stationdir.h"
#include "../../switch/zsock.h"
#include "e2e.h"

static int
dial_desk(const struct station_proc *s)
{
	struct sockaddr_un sa;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	memset(&sa, 0, sizeof sa);
	sa.sun_family = AF_UNIX;
	(void)snprintf(sa.sun_path, sizeof sa.sun_path, "%.90s/run/desk.sock", s->dir);
	ST_CHECK(fd >= 0 && connect(fd, (const struct sockaddr *)&sa, sizeof sa) == 0, "%s: %s", sa.sun_path, strerror(errno));
	return fd;
}

static int
dial_tcp(const struct station_proc *s)
{
	struct sockaddr_in sa;
	char host[64];
	unsigned port;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	memset(&sa, 0, sizeof sa);
	sa.sin_family = AF_INET;
	ST_CHECK(sscanf(s->endpoint, "tcp://%63[0-9.]:%u", host, &port) == 2 && inet_pton(AF_INET, host, &sa.sin_addr) == 1, "%s", s->endpoint);
	sa.sin_port = htons((uint16_t)port);
	ST_CHECK(fd >= 0 && connect(fd, (const struct sockaddr *)&sa, sizeof sa) == 0, "%s: %s", s->endpoint, strerror(errno));
	return fd;
}

/* Sends, reads until the other side closes or ms pass; true: it closed. */
static bool
throw_at(int fd, const void *p, size_t n, int ms)
{
	struct pollfd pf = { .fd = fd, .events = POLLIN };
	int64_t deadline = mono_ms() + ms;
	char block[4096];
	ssize_t got = 1;

	(void)send(fd, p, n, MSG_NOSIGNAL);
	while (got > 0 && mono_ms() < deadline && poll(&pf, 1, (int)(deadline - mono_ms())) > 0)
		got = read(fd, block, sizeof block);
	close(fd);
	return got <= 0;
}

static void
desk_garbage(struct e2e *e)
{
	static const uint8_t huge[] = { 0xff, 0xff, 0xff, 0xff, 'J' }, none[] = { 0, 0, 0, 0, 'J' }, odd[] = { 0, 0, 0, 2, 'Z', 1 };
	static const uint8_t bad_json[] = { 0, 0, 0, 4, 'J', '{', '{', '{' };
	static const struct { const char *what; const uint8_t *p; size_t n; } cases[] = { { "a frame of 4 GB", huge, sizeof huge },
		{ "an empty frame", none, sizeof none }, { "a frame of no known type", odd, sizeof odd } };
	struct station_proc *town = &e->st.s[TOWN];
	uint8_t noise[4096];

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		ST_CHECK(throw_at(dial_desk(town), cases[i].p, cases[i].n, 10000), "%s did not end the connection", cases[i].what);
	(void)throw_at(dial_desk(town), bad_json, sizeof bad_json, 200);	/* answered or dropped, as it likes */
	for (int i = 0; i < 50; i++) {
		for (size_t k = 0; k < sizeof noise; k++)
			noise[k] = (uint8_t)chance(256);
		if (i % 2 == 0)		/* a length that may be taken seriously */
			noise[0] = noise[1] = 0;
		(void)throw_at(dial_desk(town), noise, sizeof noise, 50);
	}
	close(dial_desk(town));
	json_decref(st_submit(town, "live", json_pack("{s:s, s:s}", "kind", "log", "text", "还在")));
}

/* ---- a stranger with a key of its own ---- */

struct rogue {
	struct event_base *base;
	struct zsock *z;
	bool connected, disconnected;
	unsigned frames;
};

static void
on_frame(void *ctx, const char *peer, uint64_t conn, const void *p, size_t n)
{
	(void)peer;
	(void)conn;
	(void)p;
	(void)n;
	((struct rogue *)ctx)->frames++;
}

static void
on_connected(void *ctx, const char *peer, uint64_t conn)
{
	static const uint8_t hello[64] = { 1, 1 };
	struct rogue *r = ctx;

	r->connected = true;
	for (int i = 0; i < 10; i++)
		(void)zsock_send(r->z, peer, conn, hello, sizeof hello);
}

static void
on_disconnected(void *ctx, const char *peer, uint64_t conn)
{
	struct rogue *r = ctx;

	(void)peer;
	(void)conn;
	r->disconnected = true;
	(void)event_base_loopbreak(r->base);
}

static void
on_nothing(void *ctx)
{
	(void)ctx;
}

static void
on_denied(void *ctx, const char *what)
{
	(void)ctx;
	(void)what;
}

/* Connects as a station that exists, with the key given; until refused, at most ms. */
static void
intrude(const struct station_proc *victim, const uint8_t public_key[32], const uint8_t secret_key[32], struct rogue *r, int ms)
{
	static const struct zsock_ops ops = { on_frame, on_connected, on_disconnected, on_nothing, on_denied };
	struct timeval limit = { .tv_sec = ms / 1000, .tv_usec = (suseconds_t)(ms % 1000) * 1000 };
	struct neighbour n;
	struct fault f = { 0 };

	memset(r, 0, sizeof *r);
	memset(&n, 0, sizeof n);
	(void)snprintf(n.station, sizeof n.station, "%s", victim->code);
	(void)snprintf(n.endpoint, sizeof n.endpoint, "%s", victim->endpoint);
	n.role = ROLE_PARENT;
	ST_CHECK(key_parse(victim->key, n.key), "key of %s", victim->code);
	r->base = event_base_new();
	ST_CHECK(r->base != NULL && (r->z = zsock_new(r->base, public_key, secret_key, &ops, r, &f)) != NULL, "zsock: %s", f.text);
	ST_CHECK(zsock_connect(r->z, &n, &f) != 0, "zsock: %s", f.text);
	(void)event_base_loopexit(r->base, &limit);
	(void)event_base_dispatch(r->base);
	zsock_free(r->z);
	event_base_free(r->base);
}

static bool
log_has(struct station_proc *s, void *ctx)
{
	struct buf b = { 0 };
	bool found;

	file_read(s->log, &b);
	found = strstr(buf_cstr(&b), ctx) != NULL;
	buf_free(&b);
	return found;
}

static void
strangers(struct e2e *e)
{
	static char denied[] = "event=denied";
	static const char http[] = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
	/* ZMTP 3.0 greeting that asks for the NULL mechanism: no key at all. */
	static const uint8_t null_greeting[64] = { 0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, 0, 'N', 'U', 'L', 'L' };
	struct station_proc *county = &e->st.s[COUNTY];
	uint8_t pk[32], sk[32];
	struct rogue r;
	json_int_t messages = st_status(county, "messages");

	ST_CHECK(sodium_init() >= 0 && crypto_box_keypair(pk, sk) == 0, "sodium");
	intrude(county, pk, sk, &r, 5000);
	ST_CHECK(!r.connected && r.frames == 0, "a stranger's key was let in");
	st_await(county, "the refusal in its log", 10000, log_has, denied);
	/* A known public key without its secret is no better. */
	ST_CHECK(key_parse(e->st.s[TOWN].key, pk), "key");
	intrude(county, pk, sk, &r, 1000);
	ST_CHECK(!r.connected && r.frames == 0, "a stolen public key was let in");
	(void)throw_at(dial_tcp(county), http, sizeof http - 1, 1000);
	(void)throw_at(dial_tcp(county), null_greeting, sizeof null_greeting, 1000);
	close(dial_tcp(county));
	ST_CHECK(st_status(county, "messages") == messages && st_status(county, "quarantine") == 0,
	    "what strangers sent reached the county's decoder");
}

void
case_bad_wire(struct e2e *e)
{
	struct station_proc *town = &e->st.s[TOWN];
	json_t *body;

	stations_start(&e->st);
	desk_garbage(e);
	strangers(e);
	/* And the real township is served as ever. */
	body = report_body("照常");
	json_decref(st_submit(town, "live", body));
	stations_settle(&e->st, 30000);
	ST_CHECK(st_each(&e->st.s[COUNTY], "report", false, NULL, NULL) == 1, "the township's report did not arrive");
	verify_all(e);
}
