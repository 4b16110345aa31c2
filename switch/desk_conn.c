/*
 * One connection of a desk: frames in, frames out, within bounds.
 *
 * Input: libevent reads at most what the frame under way needs (the high watermark follows its announced length), so a
 * connection holds one frame and one blob at most; large ones of all connections together are bounded too.  Whoever has
 * more than DESK_SUBMITS_MAX requests unanswered or more than DESK_OUTPUT_MAX bytes unread is not read from until that
 * is less; whoever does not move for DESK_STALL with a full output, or leaves a frame half sent that long, is dropped.
 * Breaking the framing ends the connection, after saying why; anything wrong inside a frame is answered and goes on.
 *
 * A read that comes while the turn has uncommitted writes waits for the commit: nobody is shown what a failed COMMIT
 * might take back.
 *
 * Nothing here frees a connection while its callbacks may be on the stack: it is marked dead and reaped from the loop.
 */
#include <assert.h>
#include <errno.h>
#include <event2/buffer.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "../formats/i18n.h"
#include "../formats/jsonread.h"
#include "../formats/jsontext.h"
#include "desk_int.h"
#include "log.h"

#define HEAD 5 /* be32 length, u8 type */
#define INPUT_SMALL (64u << 10)
#define READ_TURN (256u << 10)	/* bytes taken from one connection in a turn: what it brought together is one transaction */
#define READ_LIBEVENT 4096	/* libevent's own bound of one read */
#define OUT_KEPT (64u << 10)	/* bytes of output memory a connection keeps */

static void read_cb(struct bufferevent *, void *);
static void write_cb(struct bufferevent *, void *);
static void event_cb(struct bufferevent *, short, void *);

static size_t
unsent(const struct desk_conn *c)
{
	return c->out.n + evbuffer_get_length(bufferevent_get_output(c->bev));
}

struct desk_conn *
desk_conn_new(struct desk *d, evutil_socket_t fd, uid_t uid, const char *seat, const char *terminal)
{
	struct desk_conn *c = xcalloc(1, sizeof(*c));

	if ((c->bev = bufferevent_socket_new(d->base, fd, BEV_OPT_CLOSE_ON_FREE)) == NULL) {
		free(c);
		return NULL;
	}
	c->desk = d;
	c->uid = uid;
	c->zh = true;
	c->starved = true;
	snprintf(c->seat, sizeof(c->seat), "%s", seat);
	snprintf(c->terminal, sizeof(c->terminal), "%s", terminal);
	c->next = d->conns;
	d->conns = c;
	d->nconns++;
	bufferevent_setcb(c->bev, read_cb, write_cb, event_cb, c);
	bufferevent_setwatermark(c->bev, EV_READ, 0, INPUT_SMALL);
	bufferevent_enable(c->bev, EV_READ | EV_WRITE);
	return c;
}

static void
large_drop(struct desk_conn *c)
{
	assert(c->desk->large >= c->large);
	c->desk->large -= c->large;
	c->large = 0;
}

void
desk_conn_free(struct desk_conn *c)
{
	desk_forget(c->desk, c);
	large_drop(c);
	desk_conn_flush(c);	/* the last words of a switch that stops */
	/* The descriptor is closed by a deferred callback of the base: the peer shall know at once. */
	if (bufferevent_getfd(c->bev) != -1)
		(void)shutdown(bufferevent_getfd(c->bev), SHUT_RDWR);
	bufferevent_free(c->bev);
	json_decref(c->request);
	buf_free(&c->blob);
	buf_free(&c->out);
	free(c);
}

void
desk_conn_kill(struct desk_conn *c, const char *why)
{
	if (c->dead)
		return;
	c->dead = true;
	if (why != NULL)
		log_event(LOG_LV_WARN, "desk_dropped", "seat=%s why=%s", log_quote(c->seat), log_quote(why));
	bufferevent_disable(c->bev, EV_READ | EV_WRITE);
	event_active(c->desk->reap, EV_TIMEOUT, 0);
}

/* ---- output ---- */

static void
frame_put(struct desk_conn *c, char type, const void *p, size_t n)
{
	uint32_t len = (uint32_t)n + 1;
	uint8_t head[HEAD] = {
	    (uint8_t)(len >> 24), (uint8_t)(len >> 16), (uint8_t)(len >> 8), (uint8_t)len, (uint8_t)type};

	assert(n < DESK_FRAME_MAX);
	if (c->out.n == 0)
		event_active(c->desk->flush, EV_TIMEOUT, 0);
	buf_put(&c->out, head, HEAD);
	buf_put(&c->out, p, n);
}

/* All output is with the kernel. */
static void
sent_all(struct desk_conn *c)
{
	c->push_out = false;
	if (c->push_again)
		desk_conn_push(c);
	desk_conn_resume(c);
}

/* Written at once, without asking the loop whether the socket takes it: it nearly always does, and an answer that has
 * waited for COMMIT shall not wait for another pass. */
void
desk_conn_flush(struct desk_conn *c)
{
	size_t at = 0;

	if (c->out.n == 0 || c->dead)
		return;
	while (at < c->out.n && evbuffer_get_length(bufferevent_get_output(c->bev)) == 0) {
		ssize_t n = send(bufferevent_getfd(c->bev), c->out.p + at, c->out.n - at, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n > 0)
			at += (size_t)n;
		else if (n == 0 || errno != EINTR)
			break;	/* full, or gone: the bufferevent waits, or learns of it */
	}
	if (at < c->out.n && bufferevent_write(c->bev, c->out.p + at, c->out.n - at) != 0)
		log_fatal(EX_OSERR, "fatal", "what=\"out of memory\"");
	at = c->out.n - at;
	if (c->out.cap > OUT_KEPT)
		buf_free(&c->out);
	else
		buf_clear(&c->out);
	if (at == 0)
		sent_all(c);
}

void
desk_conn_bytes(struct desk_conn *c, const void *p, size_t n)
{
	if (!c->dead)
		frame_put(c, 'B', p, n);
}

void
desk_conn_answer(struct desk_conn *c, json_int_t n, json_t *answer)
{
	char *text;
	size_t len;

	json_object_set_new(answer, "re", json_integer(n));
	if (json_object_get(answer, "ok") == NULL)
		json_object_set_new(answer, "ok", json_true());
	text = json_dumps(answer, JSON_COMPACT | JSON_REAL_PRECISION(15));
	json_decref(answer);
	len = text == NULL ? 0 : strlen(text);
	if (text == NULL || len > DESK_JSON_MAX) {
		struct fault f = {0};

		free(text);
		if (text == NULL)
			fault_set(&f, EX_SOFTWARE, "", _("the answer cannot be written as JSON"));
		else
			fault_set(&f, EX_DATAERR, "limit",
			    _("the answer is larger than %u bytes: ask for less at a time"), DESK_JSON_MAX);
		desk_conn_refuse(c, n, &f);
		return;
	}
	if (!c->dead)
		frame_put(c, 'J', text, len);
	free(text);
}

void
desk_conn_text(struct desk_conn *c, json_int_t n, struct buf *b)
{
	struct fault f = {0};

	jsontext_number(b, "re", n);
	jsontext_bool(b, "ok", true);
	jsontext_end(b, '}');
	if (b->n > DESK_JSON_MAX) {
		fault_set(&f, EX_DATAERR, "limit", _("the answer is larger than %u bytes: ask for less at a time"),
		    DESK_JSON_MAX);
		desk_conn_refuse(c, n, &f);
	} else if (!c->dead)
		frame_put(c, 'J', b->p, b->n);
}

void
desk_conn_refuse(struct desk_conn *c, json_int_t n, const struct fault *f)
{
	char text[sizeof(f->file) + sizeof(f->text) + 32];
	json_t *answer = json_object();

	if (f->file[0] != '\0' && f->line > 0)
		snprintf(text, sizeof(text), "%s:%zu: %s", f->file, f->line, f->text);
	else if (f->file[0] != '\0')
		snprintf(text, sizeof(text), "%s: %s", f->file, f->text);
	else
		snprintf(text, sizeof(text), "%s", f->text);
	json_object_set_new(answer, "ok", json_false());
	json_object_set_new(answer, "code", json_integer(f->code != 0 ? f->code : EX_SOFTWARE));
	/* A name of a member that was no UTF-8 cannot get here, but NULL must not either. */
	if (json_object_set_new(answer, "field", json_string(f->field)) != 0)
		json_object_set_new(answer, "field", json_string(""));
	if (json_object_set_new(answer, "text", json_string(text)) != 0)
		json_object_set_new(answer, "text", json_string("refused"));
	desk_conn_answer(c, n, answer);
}

void
desk_conn_push(struct desk_conn *c)
{
	json_t *push;
	char *text;

	if (c->push_out) {
		c->push_again = true;
		return;
	}
	push = json_pack("{s:b, s:I}", "push", 1, "rev", (json_int_t)station_revision(c->desk->station));
	if ((text = json_dumps(push, JSON_COMPACT)) == NULL)
		log_fatal(EX_OSERR, "fatal", "what=\"out of memory\"");
	frame_put(c, 'J', text, strlen(text));
	c->push_out = true;
	c->push_again = false;
	free(text);
	json_decref(push);
}

/* ---- input ---- */

static bool
over(const struct desk_conn *c)
{
	return c->unanswered >= DESK_SUBMITS_MAX || unsent(c) >= DESK_OUTPUT_MAX;
}

/* The stream can no longer be trusted: say why, take nothing more, close when that is out. */
static void
break_off(struct desk_conn *c, int code, const char *why)
{
	struct fault f = {0};

	fault_set(&f, code, "frame", "%s", why);
	log_event(LOG_LV_WARN, "desk_broken", "seat=%s why=%s", log_quote(c->seat), log_quote(why));
	desk_conn_refuse(c, 0, &f);
	c->closing = true;
	c->partial_since = 0;
	bufferevent_disable(c->bev, EV_READ);
}

static void
finish_check(struct desk_conn *c)
{
	if ((c->closing || (c->eof && c->starved)) && c->unanswered == 0 && c->request == NULL && unsent(c) == 0)
		desk_conn_kill(c, NULL);
}

static void
json_frame(struct desk_conn *c, const char *p, size_t n)
{
	json_error_t e;
	json_t *request = jsonread(p, n, &e);
	struct fault f = {0};

	if (request != NULL && json_is_object(request)) {
		desk_op(c, request);
	} else {
		if (request == NULL)
			fault_set(
			    &f, EX_DATAERR, "request", _("no JSON (line %d, column %d): %s"), e.line, e.column, e.text);
		else
			fault_set(&f, EX_DATAERR, "request", _("a request is a JSON object"));
		json_decref(request);
		desk_conn_refuse(c, 0, &f);
	}
	/* Bytes belong to this one request, whatever became of it; unless it still waits, and reads take none. */
	if (c->has_blob) {
		buf_free(&c->blob);
		c->has_blob = false;
		large_drop(c);
	}
}

/* One frame of the input.  False when there is no complete one, or the stream is broken. */
static bool
frame_take(struct desk_conn *c)
{
	struct evbuffer *in = bufferevent_get_input(c->bev);
	size_t have = evbuffer_get_length(in);
	uint8_t head[HEAD];
	uint32_t len;
	char type;
	uint8_t *p;

	c->starved = true;
	if (have < HEAD) {
		if (have > 0 && c->partial_since == 0)
			c->partial_since = desk_now(c->desk);
		return false;
	}
	evbuffer_copyout(in, head, HEAD);
	len = (uint32_t)head[0] << 24 | (uint32_t)head[1] << 16 | (uint32_t)head[2] << 8 | head[3];
	type = (char)head[4];
	if (type != 'J' && type != 'B') {
		break_off(c, EX_PROTOCOL, _("unknown type of frame"));
		return false;
	}
	if (len < 1 || len > DESK_FRAME_MAX || (type == 'J' && len - 1 > DESK_JSON_MAX)) {
		break_off(c, EX_DATAERR, _("the frame is too large"));
		return false;
	}
	if (type == 'B' && c->has_blob) {
		break_off(c, EX_PROTOCOL, _("bytes twice before a request"));
		return false;
	}
	if (len > DESK_LARGE && c->large < len) {
		/* counted once: a large request after a large blob adds to it */
		size_t more = len - c->large;

		if (c->desk->large + more > DESK_INPUT_MAX) {
			break_off(c, EX_TEMPFAIL, _("too many large requests at the same time, try again"));
			return false;
		}
		c->large += more;
		c->desk->large += more;
	}
	if (have < (size_t)len + 4) {
		if (c->partial_since == 0)
			c->partial_since = desk_now(c->desk);
		bufferevent_setwatermark(
		    c->bev, EV_READ, 0, (size_t)len + 4 > INPUT_SMALL ? (size_t)len + 4 : INPUT_SMALL);
		return false;
	}
	c->starved = false;
	c->partial_since = 0;
	bufferevent_setwatermark(c->bev, EV_READ, 0, INPUT_SMALL);
	if ((p = evbuffer_pullup(in, (ev_ssize_t)len + 4)) == NULL)
		log_fatal(EX_OSERR, "fatal", "what=\"out of memory\"");
	if (type == 'B') {
		buf_put(&c->blob, p + HEAD, len - 1);
		c->has_blob = true;
	} else {
		json_frame(c, (const char *)p + HEAD, len - 1);
	}
	evbuffer_drain(in, (size_t)len + 4);
	if (!c->has_blob)
		large_drop(c);
	return true;
}

/* What the socket holds beyond libevent's small read.  The end of the stream stays for libevent to find. */
static size_t
pull(struct desk_conn *c)
{
	static uint8_t block[INPUT_SMALL];
	struct evbuffer *in = bufferevent_get_input(c->bev);
	size_t have = evbuffer_get_length(in);
	ssize_t n;

	if (have >= sizeof(block) || c->eof)
		return 0;
	if ((n = recv(bufferevent_getfd(c->bev), block, sizeof(block) - have, MSG_DONTWAIT)) <= 0)
		return 0;
	evbuffer_unfreeze(in, 0);	/* a bufferevent guards the end it writes to */
	if (evbuffer_add(in, block, (size_t)n) != 0)
		log_fatal(EX_OSERR, "fatal", "what=\"out of memory\"");
	evbuffer_freeze(in, 0);
	return (size_t)n;
}

static void
parse(struct desk_conn *c)
{
	bool took = false, more = evbuffer_get_length(bufferevent_get_input(c->bev)) >= READ_LIBEVENT;
	size_t pulled = 0, n;

	while (!c->dead && !c->closing && c->request == NULL) {
		if (over(c)) {
			if (!c->paused) {
				c->paused = true;
				bufferevent_disable(c->bev, EV_READ);
			}
			break;
		}
		if (frame_take(c)) {
			took = true;
			continue;
		}
		if (!more || !c->starved || c->closing || pulled >= READ_TURN || (n = pull(c)) == 0)
			break;
		pulled += n;
	}
	finish_check(c);
	if (took)
		c->desk->ops->turn_end(c->desk->ctx);
}

void
desk_conn_resume(struct desk_conn *c)
{
	if (c->dead)
		return;
	if (c->paused && !over(c)) {
		c->paused = false;
		bufferevent_enable(c->bev, EV_READ);
	}
	/* What lies in the input already causes no event of its own. */
	bufferevent_trigger(c->bev, EV_READ, BEV_OPT_DEFER_CALLBACKS | BEV_TRIG_IGNORE_WATERMARKS);
}

static void
read_cb(struct bufferevent *bev, void *arg)
{
	(void)bev;
	parse(arg);
}

/* All output is with the kernel. */
static void
write_cb(struct bufferevent *bev, void *arg)
{
	struct desk_conn *c = arg;

	(void)bev;
	if (!c->dead && unsent(c) == 0)
		sent_all(c);
}

static void
event_cb(struct bufferevent *bev, short what, void *arg)
{
	struct desk_conn *c = arg;

	(void)bev;
	if (what & BEV_EVENT_ERROR) {
		desk_conn_kill(c, NULL);
		return;
	}
	if (what & BEV_EVENT_EOF) {
		c->eof = true;
		if (c->starved && evbuffer_get_length(bufferevent_get_input(c->bev)) > 0)
			log_event(LOG_LV_DEBUG, "desk_half", "seat=%s", log_quote(c->seat));
		parse(c);
	}
}

void
desk_conn_sweep(struct desk_conn *c, int64_t now)
{
	size_t out = unsent(c);

	if (out == 0 || out < c->out_last || c->out_since == 0 || now < c->out_since)
		c->out_since = now;
	c->out_last = out;
	if (((c->paused && out > 0) || c->closing) && now - c->out_since > DESK_STALL)
		desk_conn_kill(c, "does not read its answers");
	else if (c->partial_since != 0 && !c->paused && now - c->partial_since > DESK_STALL)
		desk_conn_kill(c, "left a frame half sent");
	else
		finish_check(c);
}
