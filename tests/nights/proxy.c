/*
 * The lines between the stations: a process of its own that passes bytes as slowly as a line does, and dies as told.
 *
 * Slowness is of the night's clock: bytes leave when they would have come through at that rate, half a round trip later.
 * What waits in it is an instant somebody waits for, so it has a slot like any thread (shim/page.h).  Orders lie in shared
 * memory and are looked at after every wait; the player nudges.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "../../formats/buf.h"
#include "world.h"

#define PAIRS 256
#define HELD 65536	/* bytes on their way in one direction; more is not read */
#define SECOND INT64_C(1000000000)
#define LOOK (SECOND / 4)

struct proxy {
	_Atomic int mode[W_LINKS];
	int listening[W_LINKS];
	pid_t pid;
};

struct chunk {
	struct chunk *next;
	int64_t out;	/* ns of the night */
	size_t n, at;
	uint8_t p[];
};

struct way {
	struct chunk *first, **last;
	size_t held;
	int64_t line_free;	/* until then earlier bytes keep the line */
	bool ended, told;
};

struct pair {
	bool used, joined;
	size_t link;
	int fd[2];
	struct way way[2];	/* way[i]: from fd[i] to the other */
};

static struct pair pairs[PAIRS];
static struct night_page *page;

static int64_t
now_ns(void)
{
	struct timespec ts = {0, 0};

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * SECOND + ts.tv_nsec + atomic_load(&page->leap);
}

static void
pair_close(struct pair *p, bool reset)
{
	struct linger hard = {1, 0};

	for (int i = 0; i < 2; i++) {
		struct chunk *c, *next;

		if (reset)
			(void)setsockopt(p->fd[i], SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
		(void)close(p->fd[i]);
		for (c = p->way[i].first; c != NULL; c = next) {
			next = c->next;
			free(c);
		}
	}
	p->used = false;
}

static void
pair_new(const struct world *w, size_t link)
{
	const struct wlink *l = &w->link[link];
	struct sockaddr_in to;
	char host[64];
	unsigned port;
	int a = accept4(w->proxy->listening[link], NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC), b, one = 1;
	struct pair *p = NULL;

	if (a < 0)
		return;
	for (size_t i = 0; i < PAIRS && p == NULL; i++)
		if (!pairs[i].used)
			p = &pairs[i];
	memset(&to, 0, sizeof to);
	to.sin_family = AF_INET;
	if (p == NULL || atomic_load(&w->proxy->mode[link]) == LINK_DROP ||
	    sscanf(l->to, "tcp://%63[0-9.]:%u", host, &port) != 2 || inet_pton(AF_INET, host, &to.sin_addr) != 1 ||
	    (b = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) < 0) {
		(void)close(a);
		return;
	}
	to.sin_port = htons((uint16_t)port);
	if (connect(b, (const struct sockaddr *)&to, sizeof to) != 0 && errno != EINPROGRESS) {
		(void)close(a);
		(void)close(b);
		return;
	}
	(void)setsockopt(a, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	(void)setsockopt(b, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	memset(p, 0, sizeof *p);
	p->used = true;
	p->link = link;
	p->fd[0] = a;
	p->fd[1] = b;
	for (int i = 0; i < 2; i++)
		p->way[i].last = &p->way[i].first;
}

/* Reads what came from fd[from]; false: the pair is gone. */
static bool
take(const struct world *w, struct pair *p, int from)
{
	const struct wlink *l = &w->link[p->link];
	struct way *y = &p->way[from];
	uint8_t block[4096];
	int64_t now = now_ns();
	struct chunk *c;
	ssize_t n = recv(p->fd[from], block, sizeof block, 0);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	if (n < 0) {
		pair_close(p, true);
		return false;
	}
	if (n == 0) {
		y->ended = true;
		return true;
	}
	c = xmalloc(sizeof *c + (size_t)n);
	c->next = NULL;
	c->n = (size_t)n;
	c->at = 0;
	memcpy(c->p, block, (size_t)n);
	if (y->line_free < now)
		y->line_free = now;
	if (l->rate > 0)
		y->line_free += (int64_t)n * 8 * SECOND / (int64_t)l->rate;
	c->out = y->line_free + (int64_t)l->rtt * 500000;
	*y->last = c;
	y->last = &c->next;
	y->held += (size_t)n;
	return true;
}

/* Hands on what has come through; false: the pair is gone. */
static bool
hand(struct pair *p, int from)
{
	struct way *y = &p->way[from];
	int64_t now = now_ns();

	while (y->first != NULL && y->first->out <= now) {
		struct chunk *c = y->first;
		ssize_t n = send(p->fd[1 - from], c->p + c->at, c->n - c->at, MSG_NOSIGNAL);

		if (n < 0 && (errno == EAGAIN || errno == EINTR || errno == ENOTCONN))
			return true;
		if (n < 0) {
			pair_close(p, true);
			return false;
		}
		c->at += (size_t)n;
		y->held -= (size_t)n;
		if (c->at < c->n)
			return true;
		if ((y->first = c->next) == NULL)
			y->last = &y->first;
		free(c);
	}
	if (y->ended && !y->told && y->first == NULL) {
		(void)shutdown(p->fd[1 - from], SHUT_WR);
		y->told = true;
	}
	return true;
}

static struct night_slot *
slot_take(void)
{
	struct night_slot *s = &page->slot[NIGHT_SLOTS - 1];

	atomic_store(&s->pid, (int32_t)getpid());
	atomic_store(&s->tid, (int32_t)getpid());
	atomic_store(&s->state, SLOT_BUSY);
	return s;
}

static void
nothing(int sig)
{
	(void)sig;
}

static _Noreturn void
serve(struct world *w)
{
	struct proxy *x = w->proxy;
	struct night_slot *slot;
	struct sigaction sa;
	sigset_t set, open;
	static struct pollfd fd[W_LINKS + 2 * PAIRS];

	memset(&sa, 0, sizeof sa);
	sa.sa_handler = nothing;
	(void)sigaction(NIGHT_SIGNAL, &sa, NULL);
	(void)sigemptyset(&set);
	(void)sigaddset(&set, NIGHT_SIGNAL);
	(void)sigprocmask(SIG_BLOCK, &set, &open);
	(void)sigdelset(&open, NIGHT_SIGNAL);
	slot = slot_take();
	for (;;) {
		int64_t due = NIGHT_EVER, left;
		struct timespec ts;

		for (size_t i = 0; i < w->nlinks; i++)
			fd[i] = (struct pollfd){
			    .fd = atomic_load(&x->mode[i]) == LINK_DEAD ? -1 : x->listening[i], .events = POLLIN};
		for (size_t i = 0; i < PAIRS; i++) {
			struct pair *p = &pairs[i];
			int mode = p->used ? atomic_load(&x->mode[p->link]) : LINK_DEAD;

			if (p->used && mode == LINK_DROP) {
				pair_close(p, true);
				mode = LINK_DEAD;
			}
			for (int k = 0; k < 2; k++) {
				short events = 0;
				const struct chunk *c = p->used ? p->way[1 - k].first : NULL;

				if (mode == LINK_PASS && !p->way[k].ended && p->way[k].held < HELD)
					events |= POLLIN;
				if (mode == LINK_PASS && c != NULL && c->out > now_ns())
					due = c->out < due ? c->out : due;
				else if (mode == LINK_PASS && (c != NULL || !p->joined))
					events |= POLLOUT;
				fd[w->nlinks + 2 * i + (size_t)k] =
				    (struct pollfd){.fd = mode == LINK_PASS && events != 0 ? p->fd[k] : -1, .events = events};
			}
		}
		atomic_store(&slot->due, due);
		(void)atomic_fetch_add(&slot->turn, 1);
		atomic_store(&slot->state, SLOT_WAITING);
		left = due == NIGHT_EVER ? LOOK : due - now_ns();
		left = left < 0 ? 0 : left > LOOK ? LOOK : left;
		ts.tv_sec = 0;
		ts.tv_nsec = (long)left;
		(void)ppoll(fd, w->nlinks + 2 * PAIRS, &ts, &open);
		atomic_store(&slot->state, SLOT_BUSY);
		for (size_t i = 0; i < PAIRS; i++) {
			struct pair *p = &pairs[i];
			const struct pollfd *e = &fd[w->nlinks + 2 * i];

			if (!p->used || atomic_load(&x->mode[p->link]) != LINK_PASS)
				continue;
			if (e[1].fd >= 0 && (e[1].revents & POLLOUT) != 0)
				p->joined = true;
			for (int k = 0; k < 2 && p->used; k++)
				if (e[k].fd >= 0 && (e[k].revents & (POLLIN | POLLHUP | POLLERR)) != 0 &&
				    !p->way[k].ended && !take(w, p, k))
					break;
			for (int k = 0; k < 2 && p->used; k++)
				if (!hand(p, k))
					break;
			if (p->used && p->way[0].told && p->way[1].told)
				pair_close(p, false);
		}
		for (size_t i = 0; i < w->nlinks; i++)
			if (fd[i].fd >= 0 && (fd[i].revents & POLLIN) != 0)
				pair_new(w, i);
	}
}

struct proxy *
proxy_new(struct world *w)
{
	struct proxy *x = mmap(NULL, sizeof *x, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	ST_CHECK(x != MAP_FAILED, "mmap: %s", strerror(errno));
	for (size_t i = 0; i < w->nlinks; i++) {
		struct sockaddr_in sa;
		socklen_t n = sizeof sa;
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

		memset(&sa, 0, sizeof sa);
		sa.sin_family = AF_INET;
		sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		ST_CHECK(fd >= 0 && bind(fd, (struct sockaddr *)&sa, sizeof sa) == 0 && listen(fd, 64) == 0 &&
			     getsockname(fd, (struct sockaddr *)&sa, &n) == 0,
		    "proxy: %s", strerror(errno));
		x->listening[i] = fd;
		w->link[i].port = ntohs(sa.sin_port);
	}
	return x;
}

void
proxy_aim(struct world *w)
{
	pid_t parent = getpid();

	(void)fflush(NULL);
	page = w->page;
	w->proxy->pid = fork();
	ST_CHECK(w->proxy->pid >= 0, "fork: %s", strerror(errno));
	if (w->proxy->pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(0);
		serve(w);
	}
	for (size_t i = 0; i < w->nlinks; i++)
		(void)close(w->proxy->listening[i]);
}

void
proxy_set(struct world *w, size_t link, enum link_mode mode)
{
	atomic_store(&w->proxy->mode[link], (int)mode);
	clock_nudge(w);
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
