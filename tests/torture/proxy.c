/*
 * The network between the stations: a process of its own that passes bytes, and misbehaves as told.
 *
 * Two listeners on 127.0.0.1, one a link; whoever connects is joined with the switch behind.  Orders lie in shared
 * memory and are looked at fifty times a second and at every event.  An order holds for the connections there are and
 * for those that come.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "torture.h"

#define PAIRS 32
#define PIPE 65536
#define LOOK_MS 20

struct proxy {
	_Atomic int mode[2];
	_Atomic uint64_t bytes[2]; /* TRUNCATE: still to pass */
	_Atomic unsigned seed[2];
	pid_t pid;
};

struct way {
	uint8_t *p; /* PIPE bytes */
	size_t n, at;
	bool ended, told; /* its source has ended; its sink was told */
};

struct pair {
	int link, fd[2]; /* fd[0]: who connected */
	bool joined;
	struct way way[2]; /* way[i]: from fd[i] to fd[1 - i] */
};

static struct pair pairs[PAIRS];

static void
pair_close(struct pair *p, bool reset)
{
	struct linger hard = {1, 0};

	for (int i = 0; i < 2; i++) {
		if (reset)
			(void)setsockopt(p->fd[i], SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
		close(p->fd[i]);
		p->fd[i] = -1;
		p->way[i].n = p->way[i].at = 0;
		p->way[i].ended = p->way[i].told = false;
	}
	p->joined = false;
}

static int
listener(unsigned *port)
{
	struct sockaddr_in sa;
	socklen_t n = sizeof sa;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	memset(&sa, 0, sizeof sa);
	sa.sin_family = AF_INET;
	sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ST_CHECK(fd >= 0 && bind(fd, (const struct sockaddr *)&sa, sizeof sa) == 0 && listen(fd, 64) == 0 &&
		     getsockname(fd, (struct sockaddr *)&sa, &n) == 0,
	    "proxy: %s", strerror(errno));
	*port = ntohs(sa.sin_port);
	return fd;
}

static void
pair_new(int listening, int link, const struct sockaddr_in *to, int mode)
{
	int a = accept4(listening, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC), b, one = 1;
	struct pair *p = NULL;

	if (a < 0)
		return;
	for (size_t i = 0; i < PAIRS && p == NULL; i++)
		if (pairs[i].fd[0] < 0)
			p = &pairs[i];
	b = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (p == NULL || b < 0 || mode == PROXY_CUT ||
	    (connect(b, (const struct sockaddr *)to, sizeof *to) != 0 && errno != EINPROGRESS)) {
		close(a);
		if (b >= 0)
			close(b);
		return;
	}
	(void)setsockopt(a, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	(void)setsockopt(b, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	p->link = link;
	p->fd[0] = a;
	p->fd[1] = b;
}

static void
pass(struct proxy *x, struct pair *p, int from, short in, short out)
{
	struct way *w = &p->way[from];
	int mode = atomic_load(&x->mode[p->link]);
	ssize_t n;

	if ((in & (POLLIN | POLLHUP | POLLERR)) != 0 && !w->ended && w->n < PIPE) {
		n = recv(p->fd[from], w->p + w->n, PIPE - w->n, 0);
		if (n > 0) {
			if (mode == PROXY_TRUNCATE) {
				uint64_t left = atomic_load(&x->bytes[p->link]);

				if ((uint64_t)n >= left) {
					(void)send(p->fd[1 - from], w->p + w->n, (size_t)left, MSG_NOSIGNAL);
					pair_close(p, true);
					atomic_store(&x->mode[p->link], PROXY_PASS);
					return;
				}
				atomic_fetch_sub(&x->bytes[p->link], (uint64_t)n);
			} else if (mode == PROXY_NOISE) {
				uint64_t k = atomic_load(&x->bytes[p->link]) % (uint64_t)n;

				w->p[w->n + k] ^= 0x5a;
				atomic_store(&x->mode[p->link], PROXY_PASS);
			}
			w->n += (size_t)n;
		} else if (n == 0)
			w->ended = true;
		else if (errno != EAGAIN && errno != EINTR) {
			pair_close(p, true);
			return;
		}
	}
	if (w->at < w->n && (out & (POLLOUT | POLLERR)) != 0) {
		n = send(p->fd[1 - from], w->p + w->at, w->n - w->at, MSG_NOSIGNAL);
		if (n > 0)
			w->at += (size_t)n;
		else if (n < 0 && errno != EAGAIN && errno != EINTR) {
			pair_close(p, true);
			return;
		}
		if (w->at == w->n)
			w->at = w->n = 0;
	}
	if (w->ended && !w->told && w->at == w->n) {
		(void)shutdown(p->fd[1 - from], SHUT_WR);
		w->told = true;
	}
}

static bool
finished(const struct pair *p)
{
	return p->way[0].told && p->way[1].told;
}

static _Noreturn void
serve(struct proxy *x, const int listening[2], const struct sockaddr_in to[2])
{
	struct pollfd fd[2 + 2 * PAIRS];

	for (size_t i = 0; i < PAIRS; i++) {
		pairs[i].fd[0] = pairs[i].fd[1] = -1;
		for (int k = 0; k < 2; k++)
			pairs[i].way[k].p = xmalloc(PIPE);
	}
	for (;;) {
		for (int i = 0; i < 2; i++)
			fd[i] = (struct pollfd){
			    .fd = atomic_load(&x->mode[i]) == PROXY_STALL ? -1 : listening[i], .events = POLLIN};
		for (size_t i = 0; i < PAIRS; i++) {
			struct pair *p = &pairs[i];
			int mode = atomic_load(&x->mode[p->link]);

			if (p->fd[0] >= 0 && mode == PROXY_CUT)
				pair_close(p, chance(2) == 0);
			for (int k = 0; k < 2; k++) {
				bool dumb = mode == PROXY_STALL || (mode == PROXY_HALF && k == 1);
				short events = 0;

				if (!dumb && !p->way[k].ended && p->way[k].n < PIPE)
					events |= POLLIN;
				if (p->way[1 - k].at < p->way[1 - k].n || !p->joined)
					events |= POLLOUT;
				fd[2 + 2 * i + (size_t)k] = (struct pollfd){
				    .fd = p->fd[k] >= 0 && events != 0 && mode != PROXY_STALL ? p->fd[k] : -1,
				    .events = events};
			}
		}
		(void)poll(fd, COUNT_OF(fd), LOOK_MS);
		for (int i = 0; i < 2; i++)
			if (fd[i].fd >= 0 && (fd[i].revents & POLLIN) != 0)
				pair_new(listening[i], i, &to[i], atomic_load(&x->mode[i]));
		for (size_t i = 0; i < PAIRS; i++) {
			const struct pollfd *e = &fd[2 + 2 * i];

			for (int k = 0; k < 2; k++)
				if (pairs[i].fd[0] >= 0 && (e[k].fd >= 0 || e[1 - k].fd >= 0)) {
					if ((e[1].revents & POLLOUT) != 0)
						pairs[i].joined = true;
					pass(x, &pairs[i], k, e[k].fd >= 0 ? e[k].revents : 0,
					    e[1 - k].fd >= 0 ? e[1 - k].revents : 0);
				}
			if (pairs[i].fd[0] >= 0 && finished(&pairs[i]))
				pair_close(&pairs[i], false);
		}
	}
}

struct proxy *
proxy_new(const struct stations *st, unsigned ports[2])
{
	struct proxy *x = mmap(NULL, sizeof *x, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct sockaddr_in to[2];
	int listening[2];
	pid_t parent = getpid();

	ST_CHECK(x != MAP_FAILED, "mmap: %s", strerror(errno));
	memset(to, 0, sizeof to);
	for (int i = 0; i < 2; i++) {
		char host[64];
		unsigned port;

		ST_CHECK(sscanf(st->s[COUNTY + i].endpoint, "tcp://%63[0-9.]:%u", host, &port) == 2 &&
			     inet_pton(AF_INET, host, &to[i].sin_addr) == 1,
		    "%s", st->s[COUNTY + i].endpoint);
		to[i].sin_family = AF_INET;
		to[i].sin_port = htons((uint16_t)port);
		listening[i] = listener(&ports[i]);
	}
	(void)fflush(NULL);
	x->pid = fork();
	ST_CHECK(x->pid >= 0, "fork: %s", strerror(errno));
	if (x->pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(0);
		serve(x, listening, to);
	}
	close(listening[0]);
	close(listening[1]);
	return x;
}

void
proxy_set(struct proxy *x, int link, enum proxy_mode mode, uint64_t bytes)
{
	atomic_store(&x->bytes[link], bytes);
	atomic_store(&x->mode[link], (int)mode);
}

void
proxy_free(struct proxy *x)
{
	if (x == NULL)
		return;
	if (x->pid > 0) {
		(void)kill(x->pid, SIGKILL);
		(void)waitpid(x->pid, NULL, 0);
	}
	(void)munmap(x, sizeof *x);
}
