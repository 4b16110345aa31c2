#ifndef SWITCH_CLIENT_H
#define SWITCH_CLIENT_H
/*
 * The client library: what dutydesk and dutyctl see of the switch.  Requests and answers are the JSON objects of
 * deskproto.h.  Not thread-safe; no globals.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <jansson.h>
#include "../formats/buf.h"
#include "../formats/fault.h"
#include "command.h"

struct client;

/* Connects to the switch of the station directory and says hello.  NULL + fault: EX_UNAVAILABLE when it is not running (the text says
 * so and names the directory), EX_NOPERM, EX_PROTOCOL. */
struct client *client_open(const char *dir, const char *program, struct fault *);
void client_close(struct client *);
const json_t *client_hello(const struct client *);	/* the answer to hello; borrowed */
int client_fd(const struct client *);			/* for poll(); readable when answers or pushes wait */

/* Synchronous: sends and waits for this answer (others are queued).  request: reference is taken over.  blob may be NULL.
 * Returns the answer (caller decrefs) or NULL + fault (the switch's own refusal, or EX_TEMPFAIL when it went away: the request may or may not have
 * been taken; repeat it with the same rid).  timeout ms, 0 = 30000. */
json_t *client_call(struct client *, json_t *request, const void *blob, size_t len, int timeout, struct fault *);
/* The bytes that came with the last answer returned (op blob); valid until the next call. */
const struct buf *client_bytes(const struct client *);

/* Asynchronous: client_post() queues a request (reference taken over) and returns its number, or 0 when it is larger than
 * DESK_JSON_MAX or the blob than a frame; client_step() moves bytes (timeout in ms, 0 = do
 * not wait) and calls on_answer for every answer and on_push for the newest push.  Returns how many calls it made; -1 + fault (EX_TEMPFAIL,
 * EX_PROTOCOL) when the switch is gone and nothing more is to be handed out.  client_bytes() holds inside on_answer.
 * A client_call() may have read pushes and other answers: step once (timeout 0) after it before waiting on client_fd(). */
uint64_t client_post(struct client *, json_t *request, const void *blob, size_t len);
typedef void (*client_answer_fn)(void *ctx, uint64_t n, const json_t *answer);
typedef void (*client_push_fn)(void *ctx, uint64_t revision);
int client_step(struct client *, int timeout, client_answer_fn, client_push_fn, void *ctx, struct fault *);
size_t client_pending(const struct client *);		/* posted and not answered */

bool client_alive(const struct client *);		/* false once the switch has gone or broken the protocol: open anew */
bool client_wants_write(const struct client *);		/* bytes wait to be sent: poll for writing too */

/* A fresh request id: 16 bytes in hex, 48 bits of ms UTC and 80 random ones. */
void client_rid(char out[33]);
/* Fills a fault from an answer with ok=false. */
void client_fault(const json_t *answer, struct fault *);

#endif
