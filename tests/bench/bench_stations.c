/*
 * A thousand stations on one switch, and a switch with nothing to do.
 *   connect     from the first connect to the last session established: CURVE handshake, ZAP, HELLO both ways, all at once.  The
 *               stations are sockets of this process, each with its own key, and the shipped link.c behind them.
 *   memory      what the switch's resident memory grew by, a station
 *   idle        a switch with its two neighbours up and nothing to do: wake-ups of all its threads a second, resident memory
 */
#include <errno.h>
#include <poll.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <zmq.h>
#include "../../switch/link.h"
#include "../../switch/stationdir.h"
#include "../lib/stations.h"
#include "bench.h"
#include "load.h"

#define PEERS 1000
#define IDLE_MS 30000
#define DEADLINE_S 60

struct peer {
	char code[STATION_MAX];
	uint8_t pub[32], sec[32];
	void *sock;
	struct link *link;
	bool wanted, up;	/* wanted: the link asks for its connection */
};

static size_t nup;

static int64_t
now_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* ---- the stations' side of a link ---- */

static void
on_send(void *ctx, const void *frame, size_t n)
{
	struct peer *p = ctx;

	(void)zmq_send(p->sock, frame, n, ZMQ_DONTWAIT);
}

static void
on_state(void *ctx, enum link_state old, enum link_state now, const char *why)
{
	struct peer *p = ctx;

	(void)old;
	(void)why;
	if ((now == LINK_UP) != p->up)
		nup += now == LINK_UP ? 1 : (size_t)-1;
	p->up = now == LINK_UP;
}

static void
on_connect(void *ctx)
{
	((struct peer *)ctx)->wanted = true;
}

static void
on_close(void *ctx)
{
	((struct peer *)ctx)->wanted = false;
}

static void
on_payload(void *ctx, uint64_t token, struct buf *out)
{
	(void)ctx;
	(void)token;
	(void)out;
}

static void
on_received(void *ctx, uint64_t serial, const void *parcel, size_t n)
{
	(void)ctx;
	(void)serial;
	(void)parcel;
	(void)n;
}

static void
on_custody(void *ctx, uint64_t token)
{
	(void)ctx;
	(void)token;
}

static void
on_refused(void *ctx, uint64_t token, const char *why)
{
	(void)ctx;
	(void)token;
	(void)why;
}

static void
on_note(void *ctx, const void *note, size_t n)
{
	(void)ctx;
	(void)note;
	(void)n;
}

static const struct link_ops ops = { .connect = on_connect, .close = on_close, .send = on_send, .payload = on_payload,
	.received = on_received, .custody = on_custody, .refused = on_refused, .note = on_note, .state = on_state };

static void
peer_make(struct peer *p, int i, const char *switch_code)
{
	struct link_conf lc;

	(void)snprintf(p->code, sizeof p->code, "330225%06d", 800000 + i);
	ST_CHECK(crypto_box_keypair(p->pub, p->sec) == 0, "no keys");
	memset(&lc, 0, sizeof lc);
	(void)snprintf(lc.self, sizeof lc.self, "%s", p->code);
	(void)snprintf(lc.peer, sizeof lc.peer, "%s", switch_code);
	lc.epoch = 1u << 16;
	lc.initiator = true;
	lc.seed = (uint64_t)i + 1;
	p->link = link_new(&lc, &ops, p);
}

static void
peer_open(struct peer *p, void *zmq, const struct station_proc *s, const uint8_t key[32])
{
	static const int zero = 0;

	ST_CHECK((p->sock = zmq_socket(zmq, ZMQ_DEALER)) != NULL, "socket: %s", zmq_strerror(errno));
	ST_CHECK(zmq_setsockopt(p->sock, ZMQ_LINGER, &zero, sizeof zero) == 0 &&
	    zmq_setsockopt(p->sock, ZMQ_CURVE_SERVERKEY, key, 32) == 0 &&
	    zmq_setsockopt(p->sock, ZMQ_CURVE_PUBLICKEY, p->pub, 32) == 0 &&
	    zmq_setsockopt(p->sock, ZMQ_CURVE_SECRETKEY, p->sec, 32) == 0 &&
	    zmq_setsockopt(p->sock, ZMQ_ZAP_DOMAIN, "dutydesk", 8) == 0 && zmq_connect(p->sock, s->endpoint) == 0,
	    "connect: %s", zmq_strerror(errno));
	link_start(p->link, now_ms());
}

/* One look at every station. */
static void
serve(struct peer *p)
{
	uint8_t frame[LINK_FRAME_MAX];

	for (int i = 0; i < PEERS; i++) {
		int n, got = 0;

		while ((n = zmq_recv(p[i].sock, frame, sizeof frame, ZMQ_DONTWAIT)) > 0) {
			link_frame(p[i].link, now_ms(), 1, frame, (size_t)n < sizeof frame ? (size_t)n : sizeof frame);
			got++;
		}
		if (link_wake(p[i].link) <= now_ms()) {
			link_tick(p[i].link, now_ms());
			got++;
		}
		if (p[i].wanted) {	/* the frame waits in the socket for the handshake */
			p[i].wanted = false;
			link_connected(p[i].link, now_ms(), 1);
			got++;
		}
		if (got > 0)
			link_flush(p[i].link, now_ms());
	}
}

static json_int_t
links_up(struct station_proc *s)
{
	json_t *a = st_ask(s, json_pack("{s:s}", "op", "status")), *list = json_object_get(a, "links"), *l;
	json_int_t n = 0;
	size_t i;

	json_array_foreach(list, i, l)
		n += strcmp(json_string_value(json_object_get(l, "state")) != NULL ? json_string_value(json_object_get(l, "state")) : "", "up") == 0;
	json_decref(a);
	return n;
}

static void
topology_write(const struct station_proc *s, const struct peer *p)
{
	char path[300], hex[65];
	struct buf b = { 0 };

	(void)snprintf(path, sizeof path, "%s/topology.tsv", s->dir);
	file_read(path, &b);
	for (int i = 0; i < PEERS; i++) {
		key_format(p[i].pub, hex);
		buf_printf(&b, "%s\t%s\tchild\t%s\t-\t0\t-\n", p[i].code, p[i].code, hex);
	}
	file_write(path, b.p, b.n);
	buf_free(&b);
}

static void
connect_all(struct bench *b, struct stations *st)
{
	struct peer *p = xcalloc(PEERS, sizeof *p);
	struct station_proc *s = &st->s[COUNTY];
	struct rlimit lim;
	void *zmq = zmq_ctx_new();
	uint8_t key[32];
	double began, took;
	long empty, full;

	ST_CHECK(getrlimit(RLIMIT_NOFILE, &lim) == 0, "no limits");
	lim.rlim_cur = lim.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &lim);
	(void)zmq_ctx_set(zmq, ZMQ_MAX_SOCKETS, PEERS + 16);
	for (int i = 0; i < PEERS; i++)
		peer_make(&p[i], i, s->code);
	st_start(s);
	empty = load_rss_kb(s->pid);
	ST_CHECK(st_stop(s, 30000) == 0, "the switch did not stop well");
	topology_write(s, p);
	ST_CHECK(key_parse(s->key, key), "no key");
	st_start(s);
	began = mono_s();
	for (int i = 0; i < PEERS; i++)
		peer_open(&p[i], zmq, s, key);
	while (nup < PEERS) {
		ST_CHECK(mono_s() - began < DEADLINE_S, "%zu of %d connected in %d s", nup, PEERS, DEADLINE_S);
		serve(p);
	}
	took = mono_s() - began;
	while (links_up(s) < PEERS) {
		ST_CHECK(mono_s() - began < DEADLINE_S, "the switch knows of %lld", (long long)links_up(s));
		serve(p);
	}
	full = load_rss_kb(s->pid);
	bench_figure(b, "stations_1000_connected", took, "s", 2, true);
	bench_figure(b, "stations_1000_memory", (double)(full - empty) / PEERS, "KB/station", 100, true);
	bench_plain(b, "stations_1000_resident", (double)full / 1024, "MB");
	for (int i = 0; i < PEERS; i++) {
		(void)zmq_close(p[i].sock);
		link_free(p[i].link);
	}
	(void)zmq_ctx_term(zmq);
	free(p);
	st_kill(s);
}

static void
idle(struct bench *b, struct stations *st)
{
	long before;
	double began;

	stations_start(st);
	stations_settle(st, 60000);
	for (int i = 0; i < STATIONS; i++)
		if (st->s[i].client != NULL) {	/* nobody watches */
			client_close(st->s[i].client);
			st->s[i].client = NULL;
		}
	(void)poll(NULL, 0, 2000);
	before = load_wakeups(st->s[COUNTY].pid);
	began = mono_s();
	(void)poll(NULL, 0, IDLE_MS);
	bench_figure(b, "idle_wakeups", (double)(load_wakeups(st->s[COUNTY].pid) - before) / (mono_s() - began), "1/s", 1, true);
	bench_figure(b, "idle_resident", (double)load_rss_kb(st->s[COUNTY].pid) / 1024, "MB", 16, true);
}

int
main(int argc, char **argv)
{
	struct stations st;
	struct bench b;

	bench_begin(&b, argc, argv, "stations: a thousand of them on one switch, and one switch idle");
	stations_make(&st, b.build);
	idle(&b, &st);
	for (int i = 0; i < STATIONS; i++)
		st_kill(&st.s[i]);
	connect_all(&b, &st);
	stations_free(&st, false);
	return bench_end(&b);
}
