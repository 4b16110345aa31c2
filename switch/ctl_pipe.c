/*
 * Submits in a window: up to CTL_WINDOW requests under way, answered in the order they were put.
 *
 * The switch may go away at any moment, having taken a request or not.  Every request carries its request id, so what
 * is unanswered is put again on a new connection and nothing is made twice.  This goes on for the retry time since the
 * switch was last heard of; then what is unanswered is told as such, with its request id, so that a person can repeat
 * it.  A switch that is not running when the first request comes is said at once: there is nothing to wait for.
 */
#include <assert.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include "../formats/buf.h"
#include "../formats/i18n.h"
#include "ctl.h"

#define BYTES_MAX (24u << 20)	/* blobs under way; one may always go */
#define PAUSE 200		/* ms between tries */
#define SILENCE 60000		/* ms a connected switch may leave everything unanswered, at least */

struct item {
	struct item *next;
	const char *where;
	size_t line;
	json_t *request;	/* NULL: refused on this side */
	uint8_t *blob;
	size_t len;
	uint64_t n;		/* number on this connection, 0 = not posted */
	bool settled;
	json_t *answer;		/* settled and taken */
	struct fault fault;	/* settled and refused */
};

struct ctl_pipe {
	struct ctl *ctl;
	int64_t retry;		/* ms */
	ctl_done_fn done;
	void *ctx;
	struct item *head, **tail;
	size_t count, bytes;
	bool connected;		/* there was a connection once */
	int64_t heard;		/* ms, monotonic: last answer, or when the first request began to wait */
	int tries;		/* connections since the last answer */
	int64_t lost;		/* ms: when the switch was found gone with no answer since; 0 = it is there */
	int64_t again;		/* ms: not before this are refused-for-now requests posted again, 0 = none */
};

static int64_t
clock_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

struct ctl_pipe *
ctl_pipe_new(struct ctl *ctl, long retry_seconds, ctl_done_fn done, void *ctx)
{
	struct ctl_pipe *p = xcalloc(1, sizeof *p);

	p->ctl = ctl;
	p->retry = (int64_t)retry_seconds * 1000;
	p->done = done;
	p->ctx = ctx;
	p->tail = &p->head;
	return p;
}

static struct item *
item_add(struct ctl_pipe *p, const char *where, size_t line)
{
	struct item *it = xcalloc(1, sizeof *it);

	it->where = where;
	it->line = line;
	*p->tail = it;
	p->tail = &it->next;
	p->count++;
	return it;
}

static void
item_free(struct ctl_pipe *p, struct item *it)
{
	assert(p->head == it);
	p->head = it->next;
	if (p->tail == &it->next)
		p->tail = &p->head;
	p->count--;
	p->bytes -= it->len;
	json_decref(it->request);
	json_decref(it->answer);
	free(it->blob);
	free(it);
}

/* Tells what is settled at the head: in order, each once. */
static void
tell(struct ctl_pipe *p)
{
	while (p->head != NULL && p->head->settled) {
		struct item *it = p->head;
		const char *rid = json_string_value(json_object_get(it->request, "rid"));
		struct ctl_done d = {
		    .where = it->where, .line = it->line, .answer = it->answer, .rid = rid == NULL ? "" : rid};

		if (it->answer == NULL)
			d.fault = &it->fault;
		p->done(p->ctx, &d);
		item_free(p, it);
	}
}

static void
post(struct ctl_pipe *p, struct item *it)
{
	json_incref(it->request);
	it->n = client_post(p->ctl->client, it->request, it->blob, it->len);
	if (it->n == 0) {
		it->settled = true;
		(void)fault_set(&it->fault, EX_DATAERR, "", _("the request is too large"));
	}
}

static void
post_all(struct ctl_pipe *p)
{
	for (struct item *it = p->head; it != NULL; it = it->next)
		if (!it->settled && it->n == 0)
			post(p, it);
}

static void
on_answer(void *ctx, uint64_t n, const json_t *answer)
{
	struct ctl_pipe *p = ctx;
	struct item *it;

	for (it = p->head; it != NULL && (it->settled || it->n != n); it = it->next)
		;
	if (it == NULL)
		return;
	if (!json_is_true(json_object_get(answer, "ok"))) {
		client_fault(answer, &it->fault);
		/* a refusal that names a member is about the request: the pause would not help it */
		if (it->fault.code == EX_TEMPFAIL && it->fault.field[0] == '\0' &&
		    clock_ms() - p->heard < p->retry) {
			it->n = 0;	/* "not now": again after a pause; heard stays, so that this ends */
			p->again = clock_ms() + PAUSE;
			return;
		}
	} else
		it->answer = json_incref((json_t *)answer);
	it->settled = true;
	p->heard = clock_ms();
	p->lost = 0;
	p->tries = 0;
}

/* Everything unanswered is unknown: said with its request id. */
static int
give_up(struct ctl_pipe *p, const struct fault *f)
{
	for (struct item *it = p->head; it != NULL; it = it->next)
		if (!it->settled) {
			it->settled = true;
			it->fault = *f;
		}
	tell(p);
	return -1;
}

/* A live connection, within the retry time.  0, 1 = not yet, -1 + fault for good. */
static int
connect_again(struct ctl_pipe *p, struct fault *f)
{
	int64_t now = clock_ms();

	if (p->ctl->client != NULL && client_alive(p->ctl->client)) {
		p->connected = true;
		return 0;
	}
	/* A new connection alone does not count as the switch being back, an answer does: or a switch that dies of one
	 * request would be given it for ever. */
	if (p->connected && p->lost == 0)
		p->lost = now;
	if (p->lost != 0 && now - p->lost >= p->retry) {
		if (p->retry == 0 || f->code == 0)
			(void)fault_set(f, EX_TEMPFAIL, "", _("the switch of %s went away"), p->ctl->dir);
		f->code = EX_TEMPFAIL;
		return -1;
	}
	for (struct item *it = p->head; it != NULL; it = it->next)
		it->n = 0;
	if (p->tries++ > 1)
		(void)poll(NULL, 0, PAUSE);
	if (ctl_connect(p->ctl, f) == 0) {
		p->connected = true;
		p->again = 0;
		post_all(p);
		return 0;
	}
	if (f->code == EX_TEMPFAIL && !p->connected) {	/* it was there and went: that is worth waiting for */
		p->connected = true;
		p->lost = now;
	}
	return p->connected && (f->code == EX_UNAVAILABLE || f->code == EX_TEMPFAIL) ? 1 : -1;
}

/* One turn of work: answers come in, what must go again goes. */
static int
turn(struct ctl_pipe *p, int timeout, struct fault *f)
{
	int64_t patience = p->retry > SILENCE ? p->retry : SILENCE;
	int rc = connect_again(p, f);

	if (rc < 0)
		return give_up(p, f);
	if (rc > 0)
		return 0;
	if (p->again != 0 && clock_ms() >= p->again) {
		p->again = 0;
		post_all(p);
	}
	if (p->again != 0 && timeout > PAUSE)
		timeout = PAUSE;
	if (client_step(p->ctl->client, timeout, on_answer, NULL, p, f) < 0 && f->code != EX_TEMPFAIL)
		return give_up(p, f);
	if (p->head != NULL && !p->head->settled && clock_ms() - p->heard > patience) {
		(void)fault_set(f, EX_TEMPFAIL, "", _("the switch of %s does not answer"), p->ctl->dir);
		return give_up(p, f);
	}
	tell(p);
	return 0;
}

int
ctl_pipe_put(
    struct ctl_pipe *p, const char *where, size_t line, json_t *request, uint8_t *blob, size_t len, struct fault *f)
{
	struct item *it;

	if (p->count == 0)
		p->heard = clock_ms();	/* silence counts from the first thing that waits */
	it = item_add(p, where, line);
	it->request = request;
	it->blob = blob;
	it->len = len;
	p->bytes += len;
	if (p->ctl->client != NULL && client_alive(p->ctl->client)) {
		p->connected = true;
		post(p, it);
	}
	do {
		if (turn(p, p->count >= CTL_WINDOW || p->bytes > BYTES_MAX ? 1000 : 0, f) != 0)
			return -1;
	} while (p->count >= CTL_WINDOW || (p->bytes > BYTES_MAX && p->count > 0));
	return 0;
}

void
ctl_pipe_refuse(struct ctl_pipe *p, const char *where, size_t line, const struct fault *f)
{
	struct item *it = item_add(p, where, line);
	struct fault gone = { 0 };

	it->settled = true;
	it->fault = *f;
	tell(p);
	if (p->count >= (size_t)4 * CTL_WINDOW)
		(void)ctl_pipe_drain(p, &gone);	/* when it is gone, the next put finds out and says so */
}

int
ctl_pipe_drain(struct ctl_pipe *p, struct fault *f)
{
	tell(p);
	while (p->head != NULL)
		if (turn(p, 1000, f) != 0)
			return -1;
	return 0;
}

json_t *
ctl_pipe_ask(struct ctl_pipe *p, json_t *request, struct fault *f)
{
	json_t *answer = NULL;
	int rc;

	assert(p->count == 0);
	p->heard = clock_ms();
	for (;;) {
		while ((rc = connect_again(p, f)) > 0)
			;
		if (rc < 0)
			break;
		json_incref(request);
		answer = client_call(p->ctl->client, request, NULL, 0, 0, f);
		if (client_alive(p->ctl->client)) {
			p->lost = 0;
			p->tries = 0;
			if (answer != NULL || f->code != EX_TEMPFAIL || clock_ms() - p->heard >= p->retry)
				break;
			(void)poll(NULL, 0, PAUSE);
		} else if (f->code != EX_TEMPFAIL)
			break;
	}
	json_decref(request);
	return answer;
}

void
ctl_pipe_free(struct ctl_pipe *p)
{
	if (p == NULL)
		return;
	while (p->head != NULL)
		item_free(p, p->head);
	free(p);
}
