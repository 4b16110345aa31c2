/*
 * The client library: one connection to a switch's desk socket.
 *
 * It promises: an answer is handed out once, to who asked for it; answers that overtake each other and pushes that
 * come between find their place; a connection that ends, even inside a frame, is EX_TEMPFAIL and never a wait without
 * end; a switch that breaks the protocol is EX_PROTOCOL.  What was answered before the end is still handed out.
 * Writing and reading go on together, so that a window of large requests cannot lock both sides up.
 * It leaves to the caller what to do when the switch is gone: repeat with the same request id, on a new connection.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>
#include <sodium.h>
#include "../formats/i18n.h"
#include "../formats/jsonread.h"
#include "client.h"
#include "deskproto.h"

#define HELLO_TIMEOUT 10000	/* ms */
#define CALL_TIMEOUT 30000	/* ms */
#define CONNECT_TIMEOUT 5000	/* ms a full backlog is waited for */
#define READ_CHUNK (64u << 10)
#define READ_TURN (4u << 20)	/* bytes taken from the socket before what came is looked at */

struct pending {
	uint64_t n;
	bool dropped;		/* its caller gave up waiting */
};

struct answer {			/* came while nobody was asking for it */
	struct answer *next;
	uint64_t n;
	json_t *json;
	struct buf bytes;
};

struct client {
	int fd;
	char dir[256];
	bool dead;
	struct fault why;		/* of dead */
	uint64_t next;			/* number of the next request */
	struct buf out;			/* frames to send, from out_at */
	size_t out_at;
	struct buf in;			/* bytes not yet parsed */
	struct buf attached;		/* 'B' frame that belongs to the next 'J' */
	bool has_attached;
	struct buf bytes;		/* of the answer handed out last */
	struct pending *pending;
	size_t npending, cap;
	struct answer *head, **tail;
	bool pushed;
	uint64_t revision;		/* of the newest push not yet handed out */
	json_t *hello;
};

static int64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int
client_die(struct client *c, int code, const char *text)
{
	if (!c->dead) {
		c->dead = true;
		(void)fault_set(&c->why, code, "", "%s", text);
	}
	return -1;
}

static int
client_gone(struct client *c)
{
	char text[400];

	(void)snprintf(text, sizeof text, _("the switch of %s went away"), c->dir);
	return client_die(c, EX_TEMPFAIL, text);
}

/* ---- connecting ---- */

/* A directory's path may be longer than a socket address: then the socket is reached through the folder's descriptor.
 */
static int
socket_address(const char *dir, struct sockaddr_un *sa, int *folder)
{
	char path[512];
	int n;

	memset(sa, 0, sizeof *sa);
	sa->sun_family = AF_UNIX;
	*folder = -1;
	n = snprintf(sa->sun_path, sizeof sa->sun_path, "%s/run/desk.sock", dir);
	if (n >= 0 && (size_t)n < sizeof sa->sun_path)
		return 0;
	n = snprintf(path, sizeof path, "%s/run", dir);
	if (n < 0 || (size_t)n >= sizeof path) {
		errno = ENAMETOOLONG;
		return -1;
	}
	if ((*folder = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC)) < 0)
		return -1;
	(void)snprintf(sa->sun_path, sizeof sa->sun_path, "/proc/self/fd/%d/desk.sock", *folder);
	return 0;
}

static int
client_connect(const char *dir, struct fault *f)
{
	struct sockaddr_un sa;
	int fd = -1, folder = -1, err, rc = -1;
	int64_t deadline = now_ms() + CONNECT_TIMEOUT;

	if (socket_address(dir, &sa, &folder) != 0)
		goto failed;
	if ((fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) < 0) {
		(void)fault_set(f, EX_OSERR, "", _("no socket: %s"), strerror(errno));
		goto out;
	}
	while (connect(fd, (const struct sockaddr *)&sa, sizeof sa) != 0) {
		if (errno == EINTR)
			continue;
		/* EAGAIN: the backlog is full, the switch is there and busy */
		if (errno != EAGAIN || now_ms() >= deadline)
			goto failed;
		(void)poll(NULL, 0, 20);
	}
	rc = fd;
	fd = -1;
	goto out;
failed:
	err = errno;
	if (err == EACCES || err == EPERM)
		(void)fault_set(f, EX_NOPERM, "", _("no permission to reach the switch of %s"), dir);
	else if (err == EAGAIN)
		(void)fault_set(f, EX_TEMPFAIL, "", _("the switch of %s does not answer"), dir);
	else
		(void)fault_set(f, EX_UNAVAILABLE, "", _("the switch of %s is not running"), dir);
out:
	if (fd >= 0)
		close(fd);
	if (folder >= 0)
		close(folder);
	return rc;
}

struct client *
client_open(const char *dir, const char *program, struct fault *f)
{
	struct client *c;
	json_t *answer;
	int fd;

	if ((fd = client_connect(dir, f)) < 0)
		return NULL;
	c = xcalloc(1, sizeof *c);
	c->fd = fd;
	c->next = 1;
	c->tail = &c->head;
	(void)snprintf(c->dir, sizeof c->dir, "%s", dir);
	answer = client_call(c,
	    json_pack("{s:s, s:i, s:s, s:s}", "op", "hello", "proto", DESK_PROTO, "program", program, "lang",
		i18n_zh() ? "zh" : "en"),
	    NULL, 0, HELLO_TIMEOUT, f);
	if (answer == NULL) {
		client_close(c);
		return NULL;
	}
	if (json_integer_value(json_object_get(answer, "proto")) != DESK_PROTO) {
		(void)fault_set(f, EX_PROTOCOL, "proto", _("the switch of %s speaks another desk protocol"), dir);
		json_decref(answer);
		client_close(c);
		return NULL;
	}
	c->hello = answer;
	return c;
}

void
client_close(struct client *c)
{
	struct answer *a;

	if (c == NULL)
		return;
	while ((a = c->head) != NULL) {
		c->head = a->next;
		json_decref(a->json);
		buf_free(&a->bytes);
		free(a);
	}
	close(c->fd);
	json_decref(c->hello);
	buf_free(&c->out);
	buf_free(&c->in);
	buf_free(&c->attached);
	buf_free(&c->bytes);
	free(c->pending);
	free(c);
}

const json_t *
client_hello(const struct client *c)
{
	return c->hello;
}

int
client_fd(const struct client *c)
{
	return c->fd;
}

bool
client_alive(const struct client *c)
{
	return !c->dead;
}

bool
client_wants_write(const struct client *c)
{
	return !c->dead && c->out_at < c->out.n;
}

const struct buf *
client_bytes(const struct client *c)
{
	return &c->bytes;
}

size_t
client_pending(const struct client *c)
{
	size_t n = 0;

	for (size_t i = 0; i < c->npending; i++)
		n += !c->pending[i].dropped;
	for (const struct answer *a = c->head; a != NULL; a = a->next)
		n++;
	return n;
}

/* ---- requests ---- */

static void
put_frame(struct buf *b, uint8_t type, const void *p, size_t n)
{
	uint32_t len = (uint32_t)n + 1;
	uint8_t head[5] = { (uint8_t)(len >> 24), (uint8_t)(len >> 16), (uint8_t)(len >> 8), (uint8_t)len, type };

	assert(n < DESK_FRAME_MAX);
	buf_put(b, head, sizeof head);
	buf_put(b, p, n);
}

uint64_t
client_post(struct client *c, json_t *request, const void *blob, size_t len)
{
	uint64_t n = 0;
	char *text = NULL;
	size_t size;

	assert(json_is_object(request));
	if (json_object_set_new(request, "n", json_integer((json_int_t)c->next)) != 0 ||
	    (text = json_dumps(request, JSON_COMPACT)) == NULL)
		goto out;
	size = strlen(text);
	if (size > DESK_JSON_MAX || len >= DESK_FRAME_MAX)
		goto out;
	if (c->npending == c->cap) {
		c->cap = c->cap == 0 ? 64 : c->cap * 2;
		c->pending = xreallocarray(c->pending, c->cap, sizeof *c->pending);
	}
	n = c->next++;
	c->pending[c->npending++] = (struct pending){ .n = n };
	if (c->dead)
		goto out;	/* the next step says so */
	if (c->out_at == c->out.n) {
		buf_clear(&c->out);
		c->out_at = 0;
	}
	if (blob != NULL)
		put_frame(&c->out, 'B', blob, len);
	put_frame(&c->out, 'J', text, size);
out:
	free(text);
	json_decref(request);
	return n;
}

/* ---- what comes in ---- */

static int
take_json(struct client *c, const uint8_t *p, size_t n)
{
	json_error_t err;
	json_t *j = jsonread((const char *)p, n, &err), *re;
	struct answer *a;
	uint64_t number;
	size_t i;

	if (!json_is_object(j))
		goto bad;
	if (json_is_true(json_object_get(j, "push"))) {
		c->pushed = true;
		c->revision = (uint64_t)json_integer_value(json_object_get(j, "rev"));
		json_decref(j);
		return 0;
	}
	re = json_object_get(j, "re");
	if (!json_is_integer(re) || !json_is_boolean(json_object_get(j, "ok")))
		goto bad;
	number = (uint64_t)json_integer_value(re);
	for (i = 0; i < c->npending && c->pending[i].n != number; i++)
		;
	if (i == c->npending)
		goto bad;	/* an answer to nothing */
	if (!c->pending[i].dropped) {
		a = xcalloc(1, sizeof *a);
		a->n = number;
		a->json = j;
		a->bytes = c->attached;
		c->attached = (struct buf){ 0 };
		*c->tail = a;
		c->tail = &a->next;
	} else {
		json_decref(j);
		buf_clear(&c->attached);
	}
	c->has_attached = false;
	memmove(&c->pending[i], &c->pending[i + 1], (c->npending - i - 1) * sizeof *c->pending);
	c->npending--;
	return 0;
bad:
	json_decref(j);
	return client_die(c, EX_PROTOCOL, _("the switch sent what is no answer"));
}

static int
take_frames(struct client *c)
{
	size_t at = 0;

	while (!c->dead && c->in.n - at >= 5) {
		const uint8_t *p = c->in.p + at;
		size_t len = (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];

		if (len < 1 || len > DESK_FRAME_MAX)
			return client_die(c, EX_PROTOCOL, _("the switch sent a frame of impossible length"));
		if (c->in.n - at < 4 + len)
			break;
		if (p[4] == 'B' && !c->has_attached) {
			buf_clear(&c->attached);
			buf_put(&c->attached, p + 5, len - 1);
			c->has_attached = true;
		} else if (p[4] != 'J' || take_json(c, p + 5, len - 1) != 0)
			return client_die(c, EX_PROTOCOL, _("the switch sent a frame out of place"));
		at += 4 + len;
	}
	if (at > 0) {
		memmove(c->in.p, c->in.p + at, c->in.n - at);
		c->in.n -= at;
	}
	return c->dead ? -1 : 0;
}

/* Reads what is there.  The end of the stream is noted only after the frames before it were taken. */
static void
read_some(struct client *c)
{
	static const size_t chunk = READ_CHUNK;
	uint8_t *block = xmalloc(chunk);
	size_t got = 0;
	bool eof = false;
	ssize_t n;

	while (!eof && got < READ_TURN) {
		n = recv(c->fd, block, chunk, 0);
		if (n > 0) {
			buf_put(&c->in, block, (size_t)n);
			got += (size_t)n;
		} else if (n < 0 && errno == EINTR)
			continue;
		else if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			break;
		else
			eof = true;
	}
	free(block);
	if (take_frames(c) == 0 && eof)
		(void)client_gone(c);
}

static void
write_some(struct client *c)
{
	ssize_t n;

	while (c->out_at < c->out.n) {
		n = send(c->fd, c->out.p + c->out_at, c->out.n - c->out_at, MSG_NOSIGNAL);
		if (n > 0)
			c->out_at += (size_t)n;
		else if (n < 0 && errno == EINTR)
			continue;
		else {
			/* A broken pipe: the answers before the end may still be read, and reading then finds it. */
			if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK)
				c->out_at = c->out.n;
			break;
		}
	}
	if (c->out_at == c->out.n) {
		buf_clear(&c->out);
		c->out_at = 0;
	}
}

/* One turn of the socket, waiting at most timeout ms.  0, or -1 when dead. */
static int
move(struct client *c, int timeout)
{
	struct pollfd p = { .fd = c->fd, .events = POLLIN };

	if (c->dead)
		return -1;
	write_some(c);
	if (c->out_at < c->out.n)
		p.events = POLLIN | POLLOUT;
	if (poll(&p, 1, timeout) < 0 && errno != EINTR)
		return client_gone(c);
	if ((p.revents & (POLLIN | POLLHUP | POLLERR)) != 0)
		read_some(c);
	if (!c->dead && (p.revents & POLLOUT) != 0)
		write_some(c);
	return c->dead ? -1 : 0;
}

static int
remaining(int64_t deadline)
{
	int64_t left = deadline - now_ms();

	return left <= 0 ? 0 : left > 3600000 ? 3600000 : (int)left;
}

/* Takes the queued answer n (0: the first) out of the queue; its bytes become client_bytes(). */
static json_t *
take_answer(struct client *c, uint64_t n, uint64_t *number)
{
	struct answer **at = &c->head, *a;
	json_t *j;

	while (*at != NULL && n != 0 && (*at)->n != n)
		at = &(*at)->next;
	if ((a = *at) == NULL)
		return NULL;
	*at = a->next;
	if (c->tail == &a->next)
		c->tail = at;
	buf_free(&c->bytes);
	c->bytes = a->bytes;
	j = a->json;
	if (number != NULL)
		*number = a->n;
	free(a);
	return j;
}

json_t *
client_call(struct client *c, json_t *request, const void *blob, size_t len, int timeout, struct fault *f)
{
	int64_t deadline = now_ms() + (timeout > 0 ? timeout : CALL_TIMEOUT);
	uint64_t n = client_post(c, request, blob, len);
	json_t *answer;

	if (n == 0) {
		(void)fault_set(f, EX_DATAERR, "", _("the request is too large"));
		return NULL;
	}
	while ((answer = take_answer(c, n, NULL)) == NULL) {
		if (c->dead) {
			*f = c->why;
			return NULL;
		}
		if (remaining(deadline) == 0) {
			for (size_t i = 0; i < c->npending; i++)
				if (c->pending[i].n == n)
					c->pending[i].dropped = true;
			(void)fault_set(f, EX_TEMPFAIL, "", _("the switch of %s does not answer"), c->dir);
			return NULL;
		}
		(void)move(c, remaining(deadline));
	}
	if (!json_is_true(json_object_get(answer, "ok"))) {
		client_fault(answer, f);
		json_decref(answer);
		return NULL;
	}
	return answer;
}

int
client_step(
    struct client *c, int timeout, client_answer_fn on_answer, client_push_fn on_push, void *ctx, struct fault *f)
{
	int64_t deadline = now_ms() + (timeout > 0 ? timeout : 0);
	int handed = 0;
	json_t *answer;
	uint64_t n, revision;

	do {
		(void)move(c, c->head != NULL || c->pushed ? 0 : remaining(deadline));
		while ((answer = take_answer(c, 0, &n)) != NULL) {
			if (on_answer != NULL)
				on_answer(ctx, n, answer);
			json_decref(answer);
			handed++;
		}
		if (c->pushed) {
			c->pushed = false;
			revision = c->revision;
			if (on_push != NULL)
				on_push(ctx, revision);
			handed++;
		}
	} while (handed == 0 && !c->dead && remaining(deadline) > 0);
	if (handed == 0 && c->dead) {
		*f = c->why;
		return -1;
	}
	return handed;
}

void
client_rid(char out[33])
{
	uint8_t raw[16];
	struct timespec ts;

	if (sodium_init() < 0)
		abort();	/* without randomness two requests could be taken for one */
	randombytes_buf(raw, sizeof raw);
	/* The clock in front (and it may be wrong: the rest is random): what comes together lies together in the switch's index
	 * of requests, where ids scattered over all of it would each cost the disk a page. */
	if (clock_gettime(CLOCK_REALTIME, &ts) == 0) {
		uint64_t ms = (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;

		for (size_t i = 0; i < 6; i++)
			raw[i] = (uint8_t)(ms >> (40 - 8 * i));
	}
	(void)sodium_bin2hex(out, 33, raw, sizeof raw);
}

void
client_fault(const json_t *answer, struct fault *f)
{
	json_int_t code = json_integer_value(json_object_get(answer, "code"));
	const char *field = json_string_value(json_object_get(answer, "field"));
	const char *text = json_string_value(json_object_get(answer, "text"));

	if (code < EX__BASE || code > EX__MAX)
		code = EX_SOFTWARE;
	(void)fault_set(
	    f, (int)code, field == NULL ? "" : field, "%s", text == NULL ? _("refused without a reason") : text);
}
