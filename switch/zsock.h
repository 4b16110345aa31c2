#ifndef SWITCH_ZSOCK_H
#define SWITCH_ZSOCK_H
/*
 * The only file that calls libzmq.  ZeroMQ is transport only (DESIGN 4.1): frames may vanish; link.c knows.
 * CURVE with a ZAP allowlist, fail closed; one ROUTER bound at `listen` for those who connect to us, a fresh DEALER per
 * try towards each neighbour we connect to.  The station is the key: who a frame is from is read from User-Id (metadata of the
 * payload frame), never from a routing id.  A frame of an unknown key never gets past the handshake.
 * libevent + ZMQ_FD is edge-triggered (DESIGN 4.10): handled inside.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <event2/event.h>
#include "../formats/fault.h"
#include "route.h"

struct zsock;

/* Called from the event loop only, never from inside zsock_send(), zsock_connect(), zsock_close() or zsock_allow(); each may call those. */
struct zsock_ops {
	void (*frame)(void *ctx, const char *peer, uint64_t conn, const void *, size_t);
	void (*connected)(void *ctx, const char *peer, uint64_t conn);		/* our DEALER: handshake done */
	void (*disconnected)(void *ctx, const char *peer, uint64_t conn);	/* our DEALER: refused, failed or dropped; ROUTER: unroutable */
	void (*turn_end)(void *ctx);		/* all input that was ready has been handed over: commit now */
	void (*denied)(void *ctx, const char *what);	/* ZAP refused a key (hex) or a mechanism; rate-limited by the callee */
};

struct zsock *zsock_new(struct event_base *, const uint8_t public_key[32], const uint8_t secret_key[32], const struct zsock_ops *, void *ctx,
    struct fault *);
void zsock_free(struct zsock *);			/* LINGER 0, bounded */
int zsock_bind(struct zsock *, const char *endpoint, struct fault *);	/* EX_UNAVAILABLE: the address is in use or not ours */
const char *zsock_endpoint(const struct zsock *);	/* as bound (a `*` port filled in), "" when not bound */
void zsock_allow(struct zsock *, const struct topology *);	/* the allowlist; connections of keys no longer in it are cut */
/* Opens a fresh DEALER to the neighbour (dropping the old one); returns its conn id. */
uint64_t zsock_connect(struct zsock *, const struct neighbour *, struct fault *);	/* 0 + fault: it could not even be tried */
void zsock_close(struct zsock *, const char *peer);
/* False when it could not be handed to the kernel or queue now (would block, unroutable): counts as lost. */
bool zsock_send(struct zsock *, const char *peer, uint64_t conn, const void *, size_t);

#endif
