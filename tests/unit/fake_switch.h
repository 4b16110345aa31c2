#ifndef TESTS_FAKE_SWITCH_H
#define TESTS_FAKE_SWITCH_H
/*
 * A switch of straw for tests of the client library and dutyctl: a child process that plays one script on the desk
 * socket of a fresh directory.  A script that finds something other than it expects ends with status 1, which
 * fake_end() turns into a failed test; an alarm ends one that hangs.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <jansson.h>
#include "../../switch/deskproto.h"

struct fake {
	char dir[512];
	pid_t pid;
};

typedef void (*fake_script)(int listener, void *arg);

static inline void
fake_check(bool ok, int line)
{
	if (ok)
		return;
	fprintf(stderr, "fake switch: unexpected at line %d\n", line);
	_exit(1);
}
#define FAKE(cond) fake_check((cond), __LINE__)

static inline int
fake_accept(int listener)
{
	int fd;

	do
		fd = accept(listener, NULL, NULL);
	while (fd < 0 && errno == EINTR);
	FAKE(fd >= 0);
	return fd;
}

/* Reads exactly n bytes; false at the end of the stream. */
static inline bool
fake_bytes(int fd, void *p, size_t n)
{
	size_t at = 0;

	while (at < n) {
		ssize_t got = read(fd, (char *)p + at, n - at);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		at += (size_t)got;
	}
	return true;
}

/* The next request; *blob its attached bytes' length (SIZE_MAX: none).  NULL at the end. */
static inline json_t *
fake_read(int fd, size_t *blob)
{
	uint8_t head[5];
	json_t *j;
	char *p;

	if (blob != NULL)
		*blob = SIZE_MAX;
	for (;;) {
		size_t len;

		if (!fake_bytes(fd, head, sizeof head))
			return NULL;
		len = (size_t)head[0] << 24 | (size_t)head[1] << 16 | (size_t)head[2] << 8 | head[3];
		FAKE(len >= 1 && len <= DESK_FRAME_MAX);
		p = malloc(len);
		FAKE(p != NULL && fake_bytes(fd, p, len - 1));
		if (head[4] == 'B') {
			if (blob != NULL)
				*blob = len - 1;
			free(p);
			continue;
		}
		FAKE(head[4] == 'J');
		j = json_loadb(p, len - 1, 0, NULL);
		free(p);
		FAKE(json_is_object(j));
		return j;
	}
}

static inline void
fake_raw(int fd, const void *p, size_t n)
{
	size_t at = 0;

	while (at < n) {
		ssize_t put = send(fd, (const char *)p + at, n - at, MSG_NOSIGNAL);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			_exit(0);	/* the client has gone: its business */
		at += (size_t)put;
	}
}

static inline void
fake_frame(int fd, char type, const void *p, size_t n)
{
	size_t len = n + 1;
	uint8_t head[5] = {
	    (uint8_t)(len >> 24), (uint8_t)(len >> 16), (uint8_t)(len >> 8), (uint8_t)len, (uint8_t)type};

	fake_raw(fd, head, sizeof head);
	fake_raw(fd, p, n);
}

static inline void
fake_send(int fd, const char *json)
{
	fake_frame(fd, 'J', json, strlen(json));
}

static inline long long
fake_n(const json_t *request)
{
	return (long long)json_integer_value(json_object_get(request, "n"));
}

static inline void
fake_ok(int fd, long long n, const char *more)
{
	char text[512];

	(void)snprintf(text, sizeof text, "{\"re\":%lld,\"ok\":true%s%s}", n, *more != '\0' ? "," : "", more);
	fake_send(fd, text);
}

/* Accepts and answers the hello. */
static inline int
fake_hello(int listener)
{
	int fd = fake_accept(listener);
	json_t *j = fake_read(fd, NULL);

	FAKE(j != NULL && strcmp(json_string_value(json_object_get(j, "op")), "hello") == 0);
	FAKE(json_integer_value(json_object_get(j, "proto")) == DESK_PROTO);
	fake_ok(fd, fake_n(j), "\"proto\":1,\"station\":\"330225\",\"rev\":1");
	json_decref(j);
	return fd;
}

/* Makes dir/run and its listening socket, whatever the length of the path. */
static inline int
fake_listen(const char *dir)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX, .sun_path = "desk.sock" };
	char path[600];
	int fd, here = open(".", O_RDONLY | O_DIRECTORY);

	(void)snprintf(path, sizeof path, "%s/run", dir);
	(void)mkdir(path, 0700);
	if (here < 0 || chdir(path) != 0)
		abort();
	(void)unlink(sa.sun_path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, (const struct sockaddr *)&sa, sizeof sa) != 0 || listen(fd, 8) != 0 || fchdir(here) != 0)
		abort();
	close(here);
	return fd;
}

static inline void
fake_start(struct fake *f, fake_script script, void *arg)
{
	int listener;

	if (f->dir[0] == '\0') {
		(void)snprintf(f->dir, sizeof f->dir, "/tmp/fakeswitch.XXXXXX");
		if (mkdtemp(f->dir) == NULL)
			abort();
	}
	listener = fake_listen(f->dir);
	fflush(NULL);
	f->pid = fork();
	if (f->pid < 0)
		abort();
	if (f->pid == 0) {
		alarm(60);
		script(listener, arg);
		_exit(0);
	}
	close(listener);
}

/* Waits for the script's end: its exit status, 128 + signal when it was killed. */
static inline int
fake_wait(struct fake *f)
{
	int status;

	while (waitpid(f->pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	f->pid = 0;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static inline void
fake_remove(struct fake *f)
{
	char path[600];

	(void)snprintf(path, sizeof path, "%s/run/desk.sock", f->dir);
	(void)unlink(path);
	(void)snprintf(path, sizeof path, "%s/run", f->dir);
	(void)rmdir(path);
	(void)rmdir(f->dir);
}

#endif
