/*
 * Loaded into every program of a night by LD_PRELOAD: clocks are those of the page, and whoever waits says so there, so
 * that time can leap over the hours in which nothing happens.  See page.h.
 *
 * A wait ends with its event, or when the night's clock has reached its end: the player changes `leap` and signals those
 * whose time has come.  The signal is blocked outside of waits and let in by the wait itself (ppoll and its like), so it
 * can come neither too early nor too late.  Waits in futexes (mutexes, joins) are not seen: the player looks at the
 * kernel's state of a thread besides.  Without a page everything is passed on.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
#include "page.h"

#define SECOND 1000000000
#define LOOK (SECOND / 2) /* ns real; a wait looks at the clock so often, signal or not */
/* Names in parentheses below: for the rule that tests do not sleep they are calls otherwise. */

typedef uint64_t kernel_mask;

static struct night_page *page;
static unsigned station;
static pthread_key_t slot_key;
#define TLS _Thread_local __attribute__((tls_model("initial-exec")))
static TLS struct night_slot *slot;
static TLS volatile sig_atomic_t nudged;

/* ---- slots ---- */

static void
slot_drop(void *p)
{
	struct night_slot *s = p;

	atomic_store(&s->state, SLOT_FREE);
	atomic_store(&s->tid, 0);
	slot = NULL;
}

static struct night_slot *
slot_own(void)
{
	if (slot != NULL || page == NULL)
		return slot;
	for (size_t i = 0; i < NIGHT_SLOTS; i++) {
		struct night_slot *s = &page->slot[i];
		int32_t none = 0;

		if (atomic_load(&s->state) != SLOT_FREE || !atomic_compare_exchange_strong(&s->tid, &none, -1))
			continue;
		atomic_store(&s->pid, (int32_t)syscall(SYS_getpid));
		atomic_store(&s->due, NIGHT_EVER);
		atomic_store(&s->tid, (int32_t)syscall(SYS_gettid));
		atomic_store(&s->state, SLOT_BUSY);
		(void)pthread_setspecific(slot_key, s);
		return slot = s;
	}
	return NULL;
}

static void
child(void)
{
	slot = NULL;
	(void)pthread_setspecific(slot_key, NULL);
	(void)slot_own();
}

static void
nudge(int sig)
{
	(void)sig;
	nudged = 1;
}

__attribute__((constructor)) static void
shim_open(void)
{
	const char *path = getenv("NIGHT_PAGE"), *number = getenv("NIGHT_STATION");
	int fd = path != NULL ? open(path, O_RDWR | O_CLOEXEC) : -1;
	struct sigaction sa;
	sigset_t set;
	void *p;

	if (fd < 0)
		return;
	p = mmap(NULL, sizeof(struct night_page), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	(void)close(fd);
	if (p == MAP_FAILED || ((struct night_page *)p)->magic != NIGHT_MAGIC)
		return;
	station = number != NULL ? (unsigned)strtoul(number, NULL, 10) % NIGHT_STATIONS : 0;
	memset(&sa, 0, sizeof sa);
	sa.sa_handler = nudge;
	(void)sigaction(NIGHT_SIGNAL, &sa, NULL);
	(void)sigemptyset(&set);
	(void)sigaddset(&set, NIGHT_SIGNAL);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	(void)pthread_key_create(&slot_key, slot_drop);
	(void)pthread_atfork(NULL, NULL, child);
	page = p;
	/* what the image before this one said of itself */
	for (size_t i = 0; i < NIGHT_SLOTS; i++)
		if (atomic_load(&page->slot[i].pid) == (int32_t)getpid() && atomic_load(&page->slot[i].state) != SLOT_FREE)
			slot_drop(&page->slot[i]);
	(void)slot_own();
}

__attribute__((destructor)) static void
shim_close(void)
{
	if (slot != NULL)
		slot_drop(slot);
}

/* ---- clocks ---- */

static int64_t
ns_of(const struct timespec *ts)
{
	return (int64_t)ts->tv_sec * SECOND + ts->tv_nsec;
}

static struct timespec
ts_of(int64_t ns)
{
	struct timespec ts = {(time_t)(ns / SECOND), (long)(ns % SECOND)};

	return ts;
}

static int64_t
mono(void)
{
	struct timespec ts = {0, 0};

	(void)syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &ts);
	return ns_of(&ts) + atomic_load(&page->leap);
}

static int64_t
wall(void)
{
	return mono() + atomic_load(&page->wall) + atomic_load(&page->shift[station]);
}

int
clock_gettime(clockid_t id, struct timespec *ts)
{
	if (page == NULL)
		return (int)syscall(SYS_clock_gettime, id, ts);
	switch (id) {
	case CLOCK_REALTIME:
	case CLOCK_REALTIME_COARSE:
		*ts = ts_of(wall());
		break;
	case CLOCK_MONOTONIC:
	case CLOCK_MONOTONIC_COARSE:
	case CLOCK_MONOTONIC_RAW:
	case CLOCK_BOOTTIME:
		*ts = ts_of(mono());
		break;
	default:
		return (int)syscall(SYS_clock_gettime, id, ts);
	}
	(void)atomic_fetch_add(&page->reads, 1);
	return 0;
}

int
gettimeofday(struct timeval *restrict tv, void *restrict zone)
{
	struct timespec ts;

	(void)zone;
	if (clock_gettime(CLOCK_REALTIME, &ts) != 0)
		return -1;
	tv->tv_sec = ts.tv_sec;
	tv->tv_usec = (suseconds_t)(ts.tv_nsec / 1000);
	return 0;
}

time_t
time(time_t *out)
{
	struct timespec ts;

	if (clock_gettime(CLOCK_REALTIME, &ts) != 0)
		return (time_t)-1;
	if (out != NULL)
		*out = ts.tv_sec;
	return ts.tv_sec;
}

/* ---- waits ---- */

struct wait {
	int64_t due;
	kernel_mask mask; /* with our signal let in */
};

/* timeout: ns, < 0 for ever.  own: the mask the caller wants while it waits, or NULL. */
static void
wait_begin(struct wait *w, int64_t timeout, const sigset_t *own)
{
	if (own != NULL)
		memcpy(&w->mask, own, sizeof w->mask);
	else
		(void)syscall(SYS_rt_sigprocmask, SIG_SETMASK, NULL, &w->mask, sizeof w->mask);
	w->mask &= ~(UINT64_C(1) << (NIGHT_SIGNAL - 1));
	w->due = timeout < 0 ? NIGHT_EVER : mono() + timeout;
	nudged = 0;
	(void)slot_own();
}

/* Real time to wait at most for, this time. */
static struct timespec
wait_turn(const struct wait *w)
{
	int64_t left = w->due == NIGHT_EVER ? LOOK : w->due - mono();

	if (slot != NULL) {
		atomic_store(&slot->due, w->due);
		(void)atomic_fetch_add(&slot->turn, 1);
		atomic_store(&slot->state, SLOT_WAITING);
		left = w->due == NIGHT_EVER ? LOOK : w->due - mono(); /* a leap until here was not told us */
	}
	return ts_of(left < 0 ? 0 : left > LOOK ? LOOK : left);
}

/* Whether the wait goes on after the kernel said rc. */
static bool
wait_again(const struct wait *w, int64_t rc)
{
	bool ours = nudged != 0;

	if (slot != NULL)
		atomic_store(&slot->state, SLOT_BUSY);
	nudged = 0;
	if (rc > 0 || (rc < 0 && (errno != EINTR || !ours)))
		return false;
	return w->due == NIGHT_EVER || mono() < w->due;
}

/* What the caller is told: a wait our signal ended has just ended. */
static int
wait_result(const struct wait *w, int64_t rc)
{
	if (rc < 0 && errno == EINTR && w->due != NIGHT_EVER && mono() >= w->due)
		return 0;
	return (int)rc;
}

static int64_t
ms_ns(int ms)
{
	return ms < 0 ? -1 : (int64_t)ms * 1000000;
}

static int
epoll_any(int fd, struct epoll_event *ev, int most, int64_t timeout, const sigset_t *own)
{
	struct wait w;
	struct timespec ts;
	int64_t rc;

	if (page == NULL || timeout == 0)
		return (int)syscall(SYS_epoll_pwait, fd, ev, most, timeout < 0 ? -1 : (int)(timeout / 1000000), own, sizeof w.mask);
	wait_begin(&w, timeout, own);
	do {
		ts = wait_turn(&w);
		rc = syscall(SYS_epoll_pwait, fd, ev, most, (int)((ns_of(&ts) + 999999) / 1000000), &w.mask, sizeof w.mask);
	} while (wait_again(&w, rc));
	return wait_result(&w, rc);
}

int
epoll_wait(int fd, struct epoll_event *ev, int most, int timeout)
{
	return epoll_any(fd, ev, most, ms_ns(timeout), NULL);
}

int
epoll_pwait(int fd, struct epoll_event *ev, int most, int timeout, const sigset_t *own)
{
	return epoll_any(fd, ev, most, ms_ns(timeout), own);
}

static int
poll_any(struct pollfd *p, nfds_t n, int64_t timeout, const sigset_t *own)
{
	struct wait w;
	struct timespec ts;
	int64_t rc;

	if (page == NULL || timeout == 0) {
		ts = ts_of(timeout < 0 ? 0 : timeout);
		return (int)syscall(SYS_ppoll, p, n, timeout < 0 ? NULL : &ts, own, sizeof w.mask);
	}
	wait_begin(&w, timeout, own);
	do {
		ts = wait_turn(&w);
		rc = syscall(SYS_ppoll, p, n, &ts, &w.mask, sizeof w.mask);
	} while (wait_again(&w, rc));
	return wait_result(&w, rc);
}

int
poll(struct pollfd *p, nfds_t n, int timeout)
{
	return poll_any(p, n, ms_ns(timeout), NULL);
}

int
ppoll(struct pollfd *p, nfds_t n, const struct timespec *ts, const sigset_t *own)
{
	return poll_any(p, n, ts == NULL ? -1 : ns_of(ts), own);
}

/* What _FORTIFY_SOURCE makes of poll() and ppoll(). */
int __poll_chk(struct pollfd *p, nfds_t n, int timeout, size_t len);
int
__poll_chk(struct pollfd *p, nfds_t n, int timeout, size_t len)
{
	if (len / sizeof *p < n)
		abort();
	return poll_any(p, n, ms_ns(timeout), NULL);
}

int __ppoll_chk(struct pollfd *p, nfds_t n, const struct timespec *ts, const sigset_t *own, size_t len);
int
__ppoll_chk(struct pollfd *p, nfds_t n, const struct timespec *ts, const sigset_t *own, size_t len)
{
	if (len / sizeof *p < n)
		abort();
	return ppoll(p, n, ts, own);
}

static int
select_any(int n, fd_set *r, fd_set *wr, fd_set *e, int64_t timeout, const sigset_t *own)
{
	struct { const kernel_mask *mask; size_t len; } arg;
	fd_set *to[3] = {r, wr, e}, kept[3];
	struct wait w;
	struct timespec ts;
	int64_t rc;

	if (page == NULL || timeout == 0) {
		ts = ts_of(timeout < 0 ? 0 : timeout);
		return (int)syscall(SYS_pselect6, n, r, wr, e, timeout < 0 ? NULL : &ts, NULL);
	}
	wait_begin(&w, timeout, own);
	for (int i = 0; i < 3; i++)
		if (to[i] != NULL)
			kept[i] = *to[i];
	arg.mask = &w.mask;
	arg.len = sizeof w.mask;
	do {
		for (int i = 0; i < 3; i++)
			if (to[i] != NULL)
				*to[i] = kept[i];
		ts = wait_turn(&w);
		rc = syscall(SYS_pselect6, n, r, wr, e, &ts, &arg);
	} while (wait_again(&w, rc));
	return wait_result(&w, rc);
}

int
select(int n, fd_set *restrict r, fd_set *restrict w, fd_set *restrict e, struct timeval *restrict tv)
{
	return select_any(n, r, w, e, tv == NULL ? -1 : (int64_t)tv->tv_sec * SECOND + (int64_t)tv->tv_usec * 1000, NULL);
}

int
pselect(int n, fd_set *restrict r, fd_set *restrict w, fd_set *restrict e, const struct timespec *restrict ts,
    const sigset_t *restrict own)
{
	return select_any(n, r, w, e, ts == NULL ? -1 : ns_of(ts), own);
}

int
(nanosleep)(const struct timespec *ts, struct timespec *left)
{
	if (page == NULL)
		return (int)syscall(SYS_nanosleep, ts, left);
	return poll_any(NULL, 0, ns_of(ts), NULL) < 0 ? -1 : 0;
}

int
clock_nanosleep(clockid_t id, int flags, const struct timespec *ts, struct timespec *left)
{
	struct timespec now;
	int64_t ns = ns_of(ts);

	(void)left;
	if ((flags & TIMER_ABSTIME) != 0 && clock_gettime(id, &now) == 0)
		ns -= ns_of(&now);
	return ns > 0 && poll_any(NULL, 0, ns, NULL) < 0 ? errno : 0;
}

int
(usleep)(useconds_t us)
{
	return poll_any(NULL, 0, (int64_t)us * 1000, NULL) < 0 ? -1 : 0;
}

unsigned
(sleep)(unsigned s)
{
	(void)poll_any(NULL, 0, (int64_t)s * SECOND, NULL);
	return 0;
}
