/*
 * The only file that calls libzmq.
 *
 * Sockets: a ZAP REP (the door), one ROUTER for those who connect to us, and for every try towards a neighbour a fresh
 * DEALER with its monitor.  All of them live in the one thread of the event loop.
 *
 * Who is who.  ZAP answers 200 for a key of the allowlist, with User-Id "STATION KEYHEX"; every payload frame carries
 * it, and it is compared with the allowlist again at every frame, so that a key taken out of the topology is deaf and
 * dumb at once.  Routing ids are libzmq's own (5 bytes, first 0); a peer that chose its own is ignored, as it could
 * choose another's.  Connection ids handed out are ours and never reused.  A DEALER's peer is the key it was connected
 * to: CURVE proves it.
 *
 * Edge-triggered ZMQ_FD (DESIGN 4.10): it becomes readable once, and any call on the socket may swallow that.  So every
 * event, and every send, is followed by a look until nothing is left; a socket with much to say gives way after
 * FRAMES_A_TURN.  "Look again" is a timer of zero, not event_active(): that would keep libevent from polling other
 * descriptors as long as frames flow.
 *
 * Reports (connected, disconnected) are noted where they happen and told from the loop alone; sockets closed meanwhile
 * are freed from the loop alone.  So callbacks may close and open at will.
 */
#include "zsock.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>
#include <zmq.h>
#include "../formats/buf.h"
#include "../formats/i18n.h"
#include "link.h"
#include "log.h"
#include "zsock_peers.h"

#define FRAMES_A_TURN 256
#define CURVE_OVERHEAD 64 /* bytes a frame grows by on the wire, generously */
#define QUEUE_FRAMES 1000 /* SNDHWM, RCVHWM; link.c's window keeps far below */
#define CONNECT_MS 30000
#define HANDSHAKE_MS 180000
#define ZAP_DOMAIN "dutydesk"
#define ENFORCE_DOMAIN 93 /* ZMQ_ZAP_ENFORCE_DOMAIN: a draft option in the headers of 4.3, but there in the library */
#define FAREWELL_MS 100	  /* how long zsock_free() lets the last frames (BYE) leave */

struct dealer {
	struct dealer *next;
	struct zsock *z;
	char peer[STATION_MAX];
	uint64_t conn;
	void *sock, *mon;
	struct event *ev, *mev, *timer;
	bool up;		 /* handshake done */
	bool tell_up, tell_gone; /* to be reported */
	bool check;		 /* look at it again */
	bool dead;		 /* closed: to be freed, says nothing any more */
};

struct zsock {
	struct event_base *base;
	const struct zsock_ops *ops;
	void *ctx;
	uint8_t public_key[32], secret_key[32];
	void *zmq, *zap, *router, *mon;
	struct event *zap_ev, *router_ev, *mon_ev, *later;
	struct peers peers; /* the allowlist and who of it is connected to the ROUTER */
	struct dealer *dealers;
	char endpoint[256];
	uint64_t last_conn, frames, noise;
	bool check_router, handed;
};

static void zap_cb(evutil_socket_t, short, void *);
static void router_cb(evutil_socket_t, short, void *);
static void router_mon_cb(evutil_socket_t, short, void *);
static void dealer_cb(evutil_socket_t, short, void *);
static void dealer_mon_cb(evutil_socket_t, short, void *);
static void dealer_timer_cb(evutil_socket_t, short, void *);
static void later_cb(evutil_socket_t, short, void *);

static void
later(struct zsock *z)
{
	static const struct timeval zero = {0, 0};

	event_add(z->later, &zero);
}

/* Oddities from outside: the first, the second, the fourth, the eighth... is worth a line; a storm of them is not. */
static void
odd(struct zsock *z, const char *peer, const char *what)
{
	z->noise++;
	if ((z->noise & (z->noise - 1)) == 0)
		log_event(LOG_LV_WARN, "frame_dropped", "peer=%s what=%s so_far=%" PRIu64, log_quote(peer),
		    log_quote(what), z->noise);
}

/* Level of ZMQ_EVENTS: true while there is something to receive.  Asking also runs libzmq's own business on the socket.
 */
static bool
readable(void *sock)
{
	int events = 0;
	size_t n = sizeof(events);

	return zmq_getsockopt(sock, ZMQ_EVENTS, &events, &n) == 0 && (events & ZMQ_POLLIN) != 0;
}

static struct event *
watch(struct zsock *z, void *sock, event_callback_fn cb, void *arg)
{
	struct event *ev;
	int fd;
	size_t n = sizeof(fd);

	if (zmq_getsockopt(sock, ZMQ_FD, &fd, &n) != 0)
		return NULL;
	if ((ev = event_new(z->base, fd, EV_READ | EV_PERSIST, cb, arg)) == NULL || event_add(ev, NULL) != 0)
		log_fatal(EX_OSERR, "fatal", "what=\"an event cannot be added\"");
	/* libzmq wakes only a reader that has looked and found nothing: the first look is ours. */
	if (readable(sock))
		event_active(ev, EV_READ, 0);
	return ev;
}

static void
unwatch(struct event **ev)
{
	if (*ev != NULL)
		event_free(*ev);
	*ev = NULL;
}

static bool
set_int(void *sock, int option, int v)
{
	return zmq_setsockopt(sock, option, &v, sizeof(v)) == 0;
}

/* What ROUTER and DEALER have in common; all of it before bind or connect. */
static bool
tune(struct zsock *z, void *sock, const char *endpoint)
{
	int64_t biggest = LINK_FRAME_MAX + CURVE_OVERHEAD;

	return set_int(sock, ZMQ_LINGER, 0) && set_int(sock, ZMQ_SNDHWM, QUEUE_FRAMES) &&
	       set_int(sock, ZMQ_RCVHWM, QUEUE_FRAMES) && set_int(sock, ZMQ_HANDSHAKE_IVL, HANDSHAKE_MS) &&
	       set_int(sock, ZMQ_HEARTBEAT_IVL, 0) &&
	       zmq_setsockopt(sock, ZMQ_MAXMSGSIZE, &biggest, sizeof(biggest)) == 0 &&
	       set_int(sock, ZMQ_IPV6, strchr(endpoint, '[') != NULL) &&
	       /* a machine that lost its power leaves its connections here for ever otherwise */
	       set_int(sock, ZMQ_TCP_KEEPALIVE, 1) && set_int(sock, ZMQ_TCP_KEEPALIVE_IDLE, 300) &&
	       set_int(sock, ZMQ_TCP_KEEPALIVE_INTVL, 60) && set_int(sock, ZMQ_TCP_KEEPALIVE_CNT, 5) &&
	       zmq_setsockopt(sock, ZMQ_CURVE_PUBLICKEY, z->public_key, 32) == 0 &&
	       zmq_setsockopt(sock, ZMQ_CURVE_SECRETKEY, z->secret_key, 32) == 0;
}

static void *
monitor(struct zsock *z, void *sock, const char *name, int events)
{
	void *mon;

	if (zmq_socket_monitor(sock, name, events) != 0)
		return NULL;
	if ((mon = zmq_socket(z->zmq, ZMQ_PAIR)) == NULL)
		return NULL;
	if (!set_int(mon, ZMQ_LINGER, 0) || !set_int(mon, ZMQ_RCVHWM, 0) || zmq_connect(mon, name) != 0) {
		zmq_close(mon);
		return NULL;
	}
	return mon;
}

/* One monitor event: number and value.  False when none waits. */
static bool
monitor_next(void *mon, unsigned *event, int32_t *value)
{
	uint8_t head[6];
	uint16_t e;
	int n;

	do
		n = zmq_recv(mon, head, sizeof(head), ZMQ_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return false;
	while (readable(mon)) {
		int more = 0;
		size_t size = sizeof(more);
		char address[256];

		if (zmq_getsockopt(mon, ZMQ_RCVMORE, &more, &size) != 0 || !more)
			break;
		if (zmq_recv(mon, address, sizeof(address), ZMQ_DONTWAIT) < 0 && errno != EINTR)
			break;
	}
	if (n != sizeof(head)) {
		*event = 0;
		*value = 0;
		return true;
	}
	memcpy(&e, head, sizeof(e));
	memcpy(value, head + 2, sizeof(*value));
	*event = e;
	return true;
}

struct zsock *
zsock_new(struct event_base *base, const uint8_t public_key[32], const uint8_t secret_key[32],
    const struct zsock_ops *ops, void *ctx, struct fault *f)
{
	struct zsock *z = xcalloc(1, sizeof(*z));

	z->base = base;
	z->ops = ops;
	z->ctx = ctx;
	memcpy(z->public_key, public_key, 32);
	memcpy(z->secret_key, secret_key, 32);
	if ((z->later = evtimer_new(base, later_cb, z)) == NULL)
		log_fatal(EX_OSERR, "fatal", "what=\"an event cannot be made\"");
	if (zmq_has("curve") != 1) {
		fault_set(f, EX_UNAVAILABLE, "", _("this libzmq was built without CURVE"));
		goto fail;
	}
	if ((z->zmq = zmq_ctx_new()) == NULL)
		goto fail_zmq;
	(void)zmq_ctx_set(z->zmq, ZMQ_MAX_SOCKETS, 16384);
	/* The door first: a CURVE server without it would have to trust or refuse on its own. */
	if ((z->zap = zmq_socket(z->zmq, ZMQ_REP)) == NULL || !set_int(z->zap, ZMQ_LINGER, 0) ||
	    zmq_bind(z->zap, "inproc://zeromq.zap.01") != 0 || (z->zap_ev = watch(z, z->zap, zap_cb, z)) == NULL)
		goto fail_zmq;
	return z;
fail_zmq:
	fault_set(f, EX_OSERR, "", _("the network layer cannot be started: %s"), zmq_strerror(zmq_errno()));
fail:
	zsock_free(z);
	return NULL;
}

static void
dealer_free(struct dealer *d)
{
	unwatch(&d->ev);
	unwatch(&d->mev);
	unwatch(&d->timer);
	if (d->sock != NULL && d->mon != NULL)
		(void)zmq_socket_monitor(d->sock, NULL, 0);
	if (d->mon != NULL)
		zmq_close(d->mon);
	if (d->sock != NULL)
		zmq_close(d->sock);
	free(d);
}

void
zsock_free(struct zsock *z)
{
	struct dealer *d;

	if (z == NULL)
		return;
	while ((d = z->dealers) != NULL) {
		z->dealers = d->next;
		if (d->up && !d->dead)
			(void)set_int(d->sock, ZMQ_LINGER, FAREWELL_MS);
		dealer_free(d);
	}
	unwatch(&z->router_ev);
	unwatch(&z->mon_ev);
	unwatch(&z->zap_ev);
	unwatch(&z->later);
	if (z->mon != NULL) {
		(void)zmq_socket_monitor(z->router, NULL, 0);
		zmq_close(z->mon);
	}
	if (z->router != NULL) {
		(void)set_int(z->router, ZMQ_LINGER, FAREWELL_MS);
		zmq_close(z->router);
	}
	if (z->zap != NULL)
		zmq_close(z->zap);
	if (z->zmq != NULL)
		while (zmq_ctx_term(z->zmq) != 0 && zmq_errno() == EINTR)
			;
	sodium_memzero(z->secret_key, sizeof(z->secret_key));
	peers_free(&z->peers);
	free(z);
}

const char *
zsock_endpoint(const struct zsock *z)
{
	return z->endpoint;
}

int
zsock_bind(struct zsock *z, const char *endpoint, struct fault *f)
{
	size_t n = sizeof(z->endpoint);

	assert(z->router == NULL);
	if ((z->router = zmq_socket(z->zmq, ZMQ_ROUTER)) == NULL || !tune(z, z->router, endpoint) ||
	    !set_int(z->router, ZMQ_ROUTER_MANDATORY, 1) || !set_int(z->router, ZMQ_BACKLOG, 4096) ||
	    !set_int(z->router, ZMQ_CURVE_SERVER, 1) ||
	    zmq_setsockopt(z->router, ZMQ_ZAP_DOMAIN, ZAP_DOMAIN, strlen(ZAP_DOMAIN)) != 0 ||
	    (z->mon = monitor(z, z->router, "inproc://monitor-router",
		 ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_ACCEPT_FAILED | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |
		     ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL)) == NULL)
		return fault_set(
		    f, EX_OSERR, "listen", _("the network layer cannot be started: %s"), zmq_strerror(zmq_errno()));
	/* A libzmq that does not know it is no hole: the door stands before the ROUTER does, and a frame without our
	 * User-Id is dropped in any case. */
	if (!set_int(z->router, ENFORCE_DOMAIN, 1))
		log_event(LOG_LV_DEBUG, "zap", "enforce_domain=unknown");
	if (zmq_bind(z->router, endpoint) != 0) {
		int e = zmq_errno();
		if (e == EADDRINUSE)
			return fault_set(f, EX_UNAVAILABLE, "listen", _("%s is in use by another program"), endpoint);
		return fault_set(f,
		    e == EINVAL	  ? EX_CONFIG
		    : e == EACCES ? EX_NOPERM
				  : EX_UNAVAILABLE,
		    "listen", _("cannot listen on %s: %s"), endpoint, zmq_strerror(e));
	}
	if (zmq_getsockopt(z->router, ZMQ_LAST_ENDPOINT, z->endpoint, &n) != 0)
		snprintf(z->endpoint, sizeof(z->endpoint), "%s", endpoint);
	if ((z->mon_ev = watch(z, z->mon, router_mon_cb, z)) == NULL ||
	    (z->router_ev = watch(z, z->router, router_cb, z)) == NULL)
		return fault_set(
		    f, EX_OSERR, "listen", _("the network layer cannot be started: %s"), zmq_strerror(zmq_errno()));
	z->check_router = true;
	later(z);
	return 0;
}

void
zsock_allow(struct zsock *z, const struct topology *t)
{
	peers_allow(&z->peers, t);
	for (struct dealer *d = z->dealers; d != NULL; d = d->next)
		if (!d->dead && peers_find(&z->peers, d->peer) == NULL) {
			d->dead = true;
			later(z);
		}
}

static void
zap_reply(struct zsock *z, const void *id, size_t idlen, const char *status, const char *text, const char *user)
{
	bool ok = zmq_send(z->zap, "1.0", 3, ZMQ_SNDMORE | ZMQ_DONTWAIT) >= 0 &&
		  zmq_send(z->zap, id, idlen, ZMQ_SNDMORE | ZMQ_DONTWAIT) >= 0 &&
		  zmq_send(z->zap, status, strlen(status), ZMQ_SNDMORE | ZMQ_DONTWAIT) >= 0 &&
		  zmq_send(z->zap, text, strlen(text), ZMQ_SNDMORE | ZMQ_DONTWAIT) >= 0 &&
		  zmq_send(z->zap, user, strlen(user), ZMQ_SNDMORE | ZMQ_DONTWAIT) >= 0 &&
		  zmq_send(z->zap, "", 0, ZMQ_DONTWAIT) >= 0;

	if (!ok)
		log_event(LOG_LV_WARN, "zap_reply", "why=%s", log_quote(zmq_strerror(zmq_errno())));
}

/* One request of RFC 27: version, request id, domain, address, identity, mechanism, credentials. */
static bool
zap_one(struct zsock *z)
{
	uint8_t part[7][256];
	size_t len[7] = {0}, nparts = 0;
	const struct peer *found = NULL;
	char what[256], address[64] = "";
	int more = 1;

	while (more) {
		uint8_t spill[256];
		uint8_t *to = nparts < 7 ? part[nparts] : spill;
		size_t size = sizeof(more);
		int n = zmq_recv(z->zap, to, 256, ZMQ_DONTWAIT);

		if (n < 0)
			return false;
		if (nparts < 7)
			len[nparts] = n > 256 ? 0 : (size_t)n;
		nparts++;
		if (zmq_getsockopt(z->zap, ZMQ_RCVMORE, &more, &size) != 0)
			return false;
	}
	if (nparts < 6) {
		zap_reply(z, part[1], nparts > 1 ? len[1] : 0, "500", "malformed", "");
		return true;
	}
	snprintf(address, sizeof(address), "%.*s", (int)(len[3] < 60 ? len[3] : 60), (const char *)part[3]);
	if (nparts == 7 && len[2] == strlen(ZAP_DOMAIN) && memcmp(part[2], ZAP_DOMAIN, len[2]) == 0 && len[5] == 5 &&
	    memcmp(part[5], "CURVE", 5) == 0 && len[6] == 32) {
		char hex[65];

		found = peers_by_key(&z->peers, part[6]);
		sodium_bin2hex(hex, sizeof(hex), part[6], 32);
		snprintf(what, sizeof(what), "unknown key %s from %s", hex, address);
	} else {
		snprintf(what, sizeof(what), "mechanism %.*s from %s", (int)(len[5] < 20 ? len[5] : 20),
		    (const char *)part[5], address);
	}
	if (found != NULL) {
		zap_reply(z, part[1], len[1], "200", "OK", found->user_id);
	} else {
		zap_reply(z, part[1], len[1], "400", "not a neighbour", "");
		z->ops->denied(z->ctx, what);
	}
	return true;
}

static void
zap_cb(evutil_socket_t fd, short what, void *arg)
{
	struct zsock *z = arg;
	int n = 0;

	(void)fd;
	(void)what;
	while (readable(z->zap) && n++ < FRAMES_A_TURN)
		if (!zap_one(z))
			break;
	/* The reply may have swallowed the edge of the next request. */
	if (readable(z->zap))
		event_active(z->zap_ev, EV_READ, 0);
}

/* The connection a frame came on; made known when it is new.  NULL when its routing id is none of libzmq's making. */
static struct peer_conn *
conn_of(struct zsock *z, struct peer *p, zmq_msg_t *rid, int fd)
{
	const void *r = zmq_msg_data(rid);
	struct peer_conn *c;

	if (!peers_rid_valid(r, zmq_msg_size(rid)))
		return NULL;
	if ((c = peers_conn(p, r)) != NULL)
		return c;
	/* New.  Ends of older connections with this descriptor were told before it was used again: take note of them
	 * first. */
	router_mon_cb(-1, 0, z);
	return peers_conn_add(&z->peers, p, ++z->last_conn, r, fd);
}

/* Drops the further parts of a message. */
static bool
parts_drop(void *sock, zmq_msg_t *m)
{
	bool any = false;

	while (zmq_msg_more(m)) {
		any = true;
		if (zmq_msg_recv(m, sock, ZMQ_DONTWAIT) < 0)
			break;
	}
	return any;
}

static void
router_frame(struct zsock *z, zmq_msg_t *rid, zmq_msg_t *m)
{
	const char *user = zmq_msg_gets(m, "User-Id");
	struct peer *p = user != NULL ? peers_by_user(&z->peers, user) : NULL;
	struct peer_conn *c;
	char station[STATION_MAX];

	if (p == NULL) {
		odd(z, user == NULL ? "?" : user, "a key that is not (any more) in the topology");
		return;
	}
	memcpy(station, p->station, sizeof(station)); /* the callback may change the list */
	if (zmq_msg_more(m)) {
		odd(z, station, "more than one part");
		return;
	}
	if (zmq_msg_size(m) == 0 || zmq_msg_size(m) > LINK_FRAME_MAX) {
		odd(z, station, zmq_msg_size(m) == 0 ? "empty" : "too large");
		return;
	}
	if ((c = conn_of(z, p, rid, zmq_msg_get(m, ZMQ_SRCFD))) == NULL) {
		odd(z, station, "a routing id of its own choice");
		return;
	}
	c->used = ++z->frames;
	z->handed = true;
	z->ops->frame(z->ctx, station, c->id, zmq_msg_data(m), zmq_msg_size(m));
}

static bool
router_one(struct zsock *z)
{
	zmq_msg_t rid, m;
	bool got = false;

	zmq_msg_init(&rid);
	zmq_msg_init(&m);
	if (zmq_msg_recv(&rid, z->router, ZMQ_DONTWAIT) < 0) {
		got = errno == EINTR;
		goto out;
	}
	got = true;
	if (!zmq_msg_more(&rid) || zmq_msg_recv(&m, z->router, ZMQ_DONTWAIT) < 0)
		goto out;
	router_frame(z, &rid, &m);
	parts_drop(z->router, &m);
out:
	zmq_msg_close(&rid);
	zmq_msg_close(&m);
	return got;
}

/* Tells what was noted.  The callbacks may connect, close and allow: start over after each. */
static void
tell(struct zsock *z)
{
	char station[STATION_MAX];
	uint64_t id;

	for (struct dealer *d = z->dealers; d != NULL;) {
		if (d->dead || (!d->tell_up && !d->tell_gone)) {
			d = d->next;
			continue;
		}
		memcpy(station, d->peer, sizeof(station));
		id = d->conn;
		z->handed = true;
		if (d->tell_up) {
			d->tell_up = false;
			z->ops->connected(z->ctx, station, id);
		} else {
			d->dead = true;
			later(z);
			z->ops->disconnected(z->ctx, station, id);
		}
		d = z->dealers;
	}
	while (peers_next_gone(&z->peers, station, &id)) {
		z->handed = true;
		z->ops->disconnected(z->ctx, station, id);
	}
}

static void
turn_end(struct zsock *z)
{
	tell(z);
	if (z->handed) {
		z->handed = false;
		z->ops->turn_end(z->ctx);
	}
}

static void
router_cb(evutil_socket_t fd, short what, void *arg)
{
	struct zsock *z = arg;
	int n = 0;

	(void)fd;
	(void)what;
	while (n++ < FRAMES_A_TURN && readable(z->router))
		if (!router_one(z))
			break;
	if (readable(z->router)) {
		z->check_router = true;
		later(z);
	}
	turn_end(z);
}

/* fd -1: called to take note only, nothing is told. */
static void
router_mon_cb(evutil_socket_t fd, short what, void *arg)
{
	struct zsock *z = arg;
	unsigned event;
	int32_t value;
	char text[96];

	(void)what;
	while (monitor_next(z->mon, &event, &value)) {
		if (event == ZMQ_EVENT_DISCONNECTED) {
			peers_fd_gone(&z->peers, value);
		} else if (event == ZMQ_EVENT_ACCEPT_FAILED) {
			odd(z, "?", "a connection could not be accepted (limit of open files?)");
		} else if (event == ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL) {
			log_event(LOG_LV_DEBUG, "handshake", "what=\"broken off\" errno=%d", (int)value);
		} else if (event == ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL) {
			snprintf(text, sizeof(text), "%s (0x%08x)",
			    value == ZMQ_PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH ? "another mechanism than CURVE"
										: "handshake failed",
			    (unsigned)value);
			z->ops->denied(z->ctx, text);
		}
	}
	if (z->peers.gone)
		later(z);
	if (fd != -1)
		turn_end(z);
}

static struct dealer *
dealer_find(struct zsock *z, const char *peer)
{
	for (struct dealer *d = z->dealers; d != NULL; d = d->next)
		if (!d->dead && strcmp(d->peer, peer) == 0)
			return d;
	return NULL;
}

void
zsock_close(struct zsock *z, const char *peer)
{
	struct dealer *d = dealer_find(z, peer);

	if (d != NULL) {
		d->dead = true;
		later(z);
	}
}

uint64_t
zsock_connect(struct zsock *z, const struct neighbour *n, struct fault *f)
{
	static const struct timeval patience = {CONNECT_MS / 1000 + 5, 0};
	struct dealer *d;
	char name[64];

	zsock_close(z, n->station);
	d = xcalloc(1, sizeof(*d));
	d->z = z;
	snprintf(d->peer, sizeof(d->peer), "%s", n->station);
	d->conn = ++z->last_conn;
	snprintf(name, sizeof(name), "inproc://monitor-%" PRIu64, d->conn);
	if ((d->sock = zmq_socket(z->zmq, ZMQ_DEALER)) == NULL || !tune(z, d->sock, n->endpoint) ||
	    !set_int(d->sock, ZMQ_RECONNECT_IVL, -1) || !set_int(d->sock, ZMQ_CONNECT_TIMEOUT, CONNECT_MS) ||
	    !set_int(d->sock, ZMQ_IMMEDIATE, 1) || zmq_setsockopt(d->sock, ZMQ_CURVE_SERVERKEY, n->key, 32) != 0 ||
	    (d->mon = monitor(z, d->sock, name, ZMQ_EVENT_ALL)) == NULL ||
	    (d->mev = watch(z, d->mon, dealer_mon_cb, d)) == NULL ||
	    (d->ev = watch(z, d->sock, dealer_cb, d)) == NULL || zmq_connect(d->sock, n->endpoint) != 0) {
		fault_set(f, EX_UNAVAILABLE, "endpoint", _("cannot connect to %s: %s"), n->endpoint,
		    zmq_strerror(zmq_errno()));
		dealer_free(d);
		return 0;
	}
	/* A name that does not resolve is told by no monitor event: our own patience, until TCP stands. */
	if ((d->timer = evtimer_new(z->base, dealer_timer_cb, d)) == NULL || event_add(d->timer, &patience) != 0)
		log_fatal(EX_OSERR, "fatal", "what=\"an event cannot be made\"");
	d->next = z->dealers;
	z->dealers = d;
	d->check = true;
	later(z);
	return d->conn;
}

static void
dealer_read(struct dealer *d)
{
	struct zsock *z = d->z;
	int n = 0;

	while (!d->dead && n++ < FRAMES_A_TURN && readable(d->sock)) {
		zmq_msg_t m;

		zmq_msg_init(&m);
		if (zmq_msg_recv(&m, d->sock, ZMQ_DONTWAIT) < 0) {
			zmq_msg_close(&m);
			if (errno == EINTR)
				continue;
			break;
		}
		if (parts_drop(d->sock, &m)) {
			odd(z, d->peer, "more than one part");
		} else if (zmq_msg_size(&m) == 0 || zmq_msg_size(&m) > LINK_FRAME_MAX) {
			odd(z, d->peer, "empty or too large");
		} else {
			z->handed = true;
			z->ops->frame(z->ctx, d->peer, d->conn, zmq_msg_data(&m), zmq_msg_size(&m));
		}
		zmq_msg_close(&m);
	}
	if (!d->dead && readable(d->sock)) {
		d->check = true;
		later(z);
	}
}

static void
dealer_cb(evutil_socket_t fd, short what, void *arg)
{
	struct dealer *d = arg;
	struct zsock *z = d->z;

	(void)fd;
	(void)what;
	dealer_read(d);
	turn_end(z);
}

static void
dealer_gone(struct dealer *d, const char *why)
{
	if (!d->tell_gone && !d->dead)
		log_event(LOG_LV_DEBUG, "transport", "peer=%s conn=%" PRIu64 " why=%s", log_quote(d->peer), d->conn,
		    log_quote(why));
	d->tell_gone = true;
}

static void
dealer_mon_cb(evutil_socket_t fd, short what, void *arg)
{
	struct dealer *d = arg;
	struct zsock *z = d->z;
	unsigned event;
	int32_t value;

	(void)fd;
	(void)what;
	while (!d->dead && monitor_next(d->mon, &event, &value)) {
		switch (event) {
		case ZMQ_EVENT_CONNECTED:
			event_del(d->timer);
			break;
		case ZMQ_EVENT_HANDSHAKE_SUCCEEDED:
			d->up = d->tell_up = true;
			break;
		case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH:
			dealer_gone(d, "refused: our key is not in the neighbour's topology");
			break;
		case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL:
		case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL:
			dealer_gone(d, "handshake failed");
			break;
		case ZMQ_EVENT_CLOSED:
		case ZMQ_EVENT_CONNECT_RETRIED:
			dealer_gone(d, "not reached");
			break;
		case ZMQ_EVENT_DISCONNECTED:
			/* What had arrived before still counts. */
			if (d->up && !d->tell_up)
				dealer_read(d);
			dealer_gone(d, "disconnected");
			break;
		default:
			break;
		}
	}
	turn_end(z);
}

static void
dealer_timer_cb(evutil_socket_t fd, short what, void *arg)
{
	struct dealer *d = arg;
	struct zsock *z = d->z;

	(void)fd;
	(void)what;
	dealer_gone(d, "not reached in time");
	turn_end(z);
}

bool
zsock_send(struct zsock *z, const char *peer, uint64_t conn, const void *frame, size_t len)
{
	struct dealer *d = dealer_find(z, peer);
	struct peer *p;
	struct peer_conn *c;

	if (len == 0 || len > LINK_FRAME_MAX || conn == 0)
		return false;
	if (d != NULL && d->conn == conn) {
		int n = d->up ? zmq_send(d->sock, frame, len, ZMQ_DONTWAIT) : -1;
		d->check = true;
		later(z);
		return n >= 0;
	}
	if (z->router == NULL || (p = peers_find(&z->peers, peer)) == NULL || (c = peers_conn_by_id(p, conn)) == NULL)
		return false;
	z->check_router = true;
	later(z);
	if (zmq_send(z->router, c->rid, PEERS_RID, ZMQ_SNDMORE | ZMQ_DONTWAIT) < 0) {
		if (zmq_errno() == EHOSTUNREACH)
			c->gone = z->peers.gone = true;
		return false;
	}
	/* The first part has reserved the way: libzmq takes the second or drops both. */
	return zmq_send(z->router, frame, len, ZMQ_DONTWAIT) >= 0;
}

/* Second looks, reports, and the burial of what was closed. */
static void
later_cb(evutil_socket_t fd, short what, void *arg)
{
	struct zsock *z = arg;
	struct dealer **at, *d;

	(void)fd;
	(void)what;
	if (z->check_router && z->router != NULL) {
		z->check_router = false;
		router_cb(-1, 0, z);
	}
	for (d = z->dealers; d != NULL; d = d->next)
		if (d->check && !d->dead) {
			d->check = false;
			/* connecting and closing only add at the head and mark: the list stays walkable */
			dealer_read(d);
		}
	turn_end(z);
	for (at = &z->dealers; (d = *at) != NULL;)
		if (d->dead) {
			*at = d->next;
			dealer_free(d);
		} else {
			at = &d->next;
		}
}
