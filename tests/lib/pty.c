/*
 * See pty.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include "pty.h"

long long
pty_clock(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (long long)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void
child(int master, const char *name, char *const argv[], const char *const *env, int rows, int cols)
{
	struct winsize ws = { .ws_row = (unsigned short)rows, .ws_col = (unsigned short)cols };
	int fd;

	(void)close(master);
	(void)setsid();
	fd = open(name, O_RDWR);
	if (fd < 0)
		_exit(126);
	(void)ioctl(fd, TIOCSCTTY, 0);
	(void)ioctl(fd, TIOCSWINSZ, &ws);
	(void)dup2(fd, 0);
	(void)dup2(fd, 1);
	(void)dup2(fd, 2);
	if (fd > 2)
		(void)close(fd);
	(void)unsetenv("LINES");
	(void)unsetenv("COLUMNS");
	for (size_t i = 0; env && env[i]; i++)
		(void)putenv((char *)env[i]);
	(void)execv(argv[0], argv);
	_exit(127);
}

struct pty *
pty_spawn(char *const argv[], const char *const *env, int rows, int cols)
{
	struct pty *p = calloc(1, sizeof(*p));
	char name[128];

	if (!p)
		abort();
	p->fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (p->fd < 0 || grantpt(p->fd) != 0 || unlockpt(p->fd) != 0 || ptsname_r(p->fd, name, sizeof(name)) != 0) {
		perror("pty");
		exit(71);
	}
	p->vt = vt_new(rows, cols);
	p->pid = fork();
	if (p->pid < 0) {
		perror("fork");
		exit(71);
	}
	if (p->pid == 0)
		child(p->fd, name, argv, env, rows, cols);
	(void)fcntl(p->fd, F_SETFL, O_NONBLOCK);
	return p;
}

bool
pty_step(struct pty *p, int ms)
{
	struct pollfd pf = { .fd = p->fd, .events = POLLIN };
	char buf[8192];
	ssize_t n;

	if (poll(&pf, 1, ms) <= 0)
		return false;
	n = read(p->fd, buf, sizeof(buf));
	if (n <= 0) {
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return false;
		(void)poll(NULL, 0, ms < 5 ? ms : 5);	/* closed at the other end: do not spin */
		return false;
	}
	if (p->nraw + (size_t)n > p->cap) {
		p->cap = (p->nraw + (size_t)n) * 2;
		p->raw = realloc(p->raw, p->cap);
		if (!p->raw)
			abort();
	}
	memcpy(p->raw + p->nraw, buf, (size_t)n);
	p->nraw += (size_t)n;
	vt_feed(p->vt, buf, (size_t)n);
	for (; p->answers && p->vt->asked > 0; p->vt->asked--)
		if (write(p->fd, "\033[0n", 4) != 4)
			break;
	return true;
}

void
pty_bytes(struct pty *p, const void *bytes, size_t n)
{
	const char *s = bytes;
	long long until = pty_clock() + 5000;

	while (n > 0 && pty_clock() < until) {
		ssize_t w = write(p->fd, s, n);

		if (w > 0) {
			s += w;
			n -= (size_t)w;
		} else {
			(void)pty_step(p, 10);
		}
	}
}

void
pty_send(struct pty *p, const char *keys)
{
	pty_bytes(p, keys, strlen(keys));
}

void
pty_resize(struct pty *p, int rows, int cols)
{
	struct winsize ws = { .ws_row = (unsigned short)rows, .ws_col = (unsigned short)cols };

	vt_resize(p->vt, rows, cols);
	(void)ioctl(p->fd, TIOCSWINSZ, &ws);
}

static bool
wait_for(struct pty *p, const char *text, bool there, int ms)
{
	long long until = pty_clock() + ms;

	for (;;) {
		long long left = until - pty_clock();

		if ((vt_find(p->vt, text, NULL) >= 0) == there) {
			/* The rest of the same paint: what is under way belongs to the screen. */
			while (pty_step(p, 20))
				;
			if ((vt_find(p->vt, text, NULL) >= 0) == there)
				return true;
		}
		if (left <= 0)
			return false;
		(void)pty_step(p, (int)left);
	}
}

bool
pty_wait(struct pty *p, const char *text, int ms)
{
	return wait_for(p, text, true, ms);
}

bool
pty_wait_gone(struct pty *p, const char *text, int ms)
{
	return wait_for(p, text, false, ms);
}

void
pty_settle(struct pty *p, int quiet, int ms)
{
	long long until = pty_clock() + ms;

	while (pty_clock() < until && pty_step(p, quiet))
		;
}

bool
pty_wait_exit(struct pty *p, int ms)
{
	long long until = pty_clock() + ms;

	while (!p->ended) {
		if (waitpid(p->pid, &p->status, WNOHANG) == p->pid) {
			p->ended = true;
			break;
		}
		if (pty_clock() >= until)
			return false;
		(void)pty_step(p, 20);
	}
	while (pty_step(p, 0))
		;
	return true;
}

void
pty_free(struct pty *p)
{
	if (!p)
		return;
	if (!p->ended)
		(void)kill(p->pid, SIGHUP);
	if (!p->ended && !pty_wait_exit(p, 3000)) {
		(void)kill(p->pid, SIGKILL);
		(void)waitpid(p->pid, &p->status, 0);
	}
	(void)close(p->fd);
	vt_free(p->vt);
	free(p->raw);
	free(p);
}
