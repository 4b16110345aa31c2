/*
 * See fakeswitch.h.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <jansson.h>
#include "fakeswitch.h"

#define CLIENTS 8

struct peer {
	int fd;
	unsigned char *in;
	size_t n;
};

static void
send_json(int fd, json_t *o)
{
	char *text = json_dumps(o, JSON_COMPACT);
	size_t len = strlen(text) + 1;
	unsigned char head[5] = { (unsigned char)(len >> 24), (unsigned char)(len >> 16), (unsigned char)(len >> 8), (unsigned char)len, 'J' };

	if (write(fd, head, sizeof(head)) != (ssize_t)sizeof(head) || write(fd, text, len - 1) != (ssize_t)(len - 1))
		(void)fprintf(stderr, "fakeswitch: write: %s\n", strerror(errno));
	free(text);
	json_decref(o);
}

static void
answer(int fd, const json_t *answers, const char *text, size_t len)
{
	json_t *q = json_loadb(text, len, 0, NULL), *a, *canned;

	if (!q)
		return;
	canned = json_object_get(answers, json_string_value(json_object_get(q, "op")));
	if (!json_is_null(canned)) {
		a = json_is_object(canned) ? json_deep_copy(canned) : json_object();
		(void)json_object_set(a, "re", json_object_get(q, "n"));
		if (!json_object_get(a, "ok"))
			(void)json_object_set_new(a, "ok", json_true());
		send_json(fd, a);
	}
	json_decref(q);
}

static void
feed(struct peer *p, const json_t *answers)
{
	unsigned char buf[65536];
	ssize_t got = read(p->fd, buf, sizeof(buf));

	if (got <= 0) {
		(void)close(p->fd);
		free(p->in);
		*p = (struct peer){ .fd = -1 };
		return;
	}
	p->in = realloc(p->in, p->n + (size_t)got);
	if (!p->in)
		abort();
	memcpy(p->in + p->n, buf, (size_t)got);
	p->n += (size_t)got;
	while (p->n >= 5) {
		size_t len = (size_t)p->in[0] << 24 | (size_t)p->in[1] << 16 | (size_t)p->in[2] << 8 | p->in[3];

		if (p->n < 4 + len || len < 1)
			return;
		if (p->in[4] == 'J')
			answer(p->fd, answers, (const char *)p->in + 5, len - 1);
		p->n -= 4 + len;
		memmove(p->in, p->in + 4 + len, p->n);
	}
}

static void
serve(int listener, const json_t *answers)
{
	struct peer peer[CLIENTS];

	for (int i = 0; i < CLIENTS; i++)
		peer[i] = (struct peer){ .fd = -1 };
	for (;;) {
		struct pollfd pf[CLIENTS + 1] = { { .fd = listener, .events = POLLIN } };

		for (int i = 0; i < CLIENTS; i++)
			pf[i + 1] = (struct pollfd){ .fd = peer[i].fd, .events = POLLIN };
		if (poll(pf, CLIENTS + 1, -1) < 0)
			continue;
		for (int i = 0; i < CLIENTS; i++)
			if (pf[i + 1].revents)
				feed(&peer[i], answers);
		for (int i = 0; (pf[0].revents & POLLIN) && i < CLIENTS; i++)
			if (peer[i].fd < 0) {
				peer[i].fd = accept(listener, NULL, NULL);
				break;
			}
	}
}

pid_t
fakeswitch_start(const char *dir, const char *answers)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	char path[100];
	json_error_t err;
	json_t *canned = json_loads(answers, 0, &err);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	pid_t pid;

	if (!canned) {
		fprintf(stderr, "fakeswitch: %d: %s\n", err.line, err.text);
		exit(70);
	}
	(void)mkdir(dir, 0700);
	(void)snprintf(path, sizeof(path), "%s/run", dir);
	(void)mkdir(path, 0700);
	(void)snprintf(path, sizeof(path), "%s/run/desk.sock", dir);
	(void)unlink(path);
	memcpy(sun.sun_path, path, strlen(path) + 1);
	if (fd < 0 || bind(fd, (struct sockaddr *)&sun, sizeof(sun)) != 0 || listen(fd, 8) != 0) {
		perror("fakeswitch");
		exit(71);
	}
	pid = fork();
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		(void)signal(SIGPIPE, SIG_IGN);
		serve(fd, canned);
	}
	(void)close(fd);
	json_decref(canned);
	return pid;
}
