/*
 * The night's clock, from outside: when does nobody have anything to do, and what instant is waited for next?
 *
 * Nobody has anything to do when every thread waits by its own word (its slot) and by the kernel's (it sleeps: a thread that
 * data have reached is runnable at once, whether or not it has had a processor), and has not turned meanwhile.  A
 * thread that hangs in a call the shim does not know (a lock, a join) is let be after a while.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include "world.h"

#define MS 1000000
#define STUCK_MS 40	 /* busy by its word, asleep by the kernel's */
#define PATIENCE_MS 2000 /* real: a leap is made then, but a small one */
#define FORCED_MS 50
#define DAY_MS 86400000
#define HOURS_MS 3600000
#define FAR_MS 300000

static int stat_fd[NIGHT_SLOTS];
static int32_t stat_tid[NIGHT_SLOTS];
static uint64_t told[NIGHT_SLOTS];	/* the turn in which it was signalled; 0: it was not */

static int64_t
real_ns(void)
{
	struct timespec ts = {0, 0};

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 * MS + ts.tv_nsec;
}

static int64_t
night_ns(const struct world *w)
{
	return real_ns() + atomic_load(&w->page->leap);
}

void
clock_make(struct world *w, int64_t wall_ms)
{
	int fd;

	(void)snprintf(w->page_path, sizeof w->page_path, "%.250s/page", w->root);
	fd = open(w->page_path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	ST_CHECK(fd >= 0 && ftruncate(fd, (off_t)sizeof(struct night_page)) == 0, "%s: %s", w->page_path, strerror(errno));
	w->page = mmap(NULL, sizeof(struct night_page), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ST_CHECK(w->page != MAP_FAILED, "mmap: %s", strerror(errno));
	(void)close(fd);
	w->page->magic = NIGHT_MAGIC;
	atomic_store(&w->page->wall, wall_ms * MS - night_ns(w));
	for (size_t i = 0; i < NIGHT_SLOTS; i++)
		stat_fd[i] = -1;
}

void
clock_free(struct world *w)
{
	for (size_t i = 0; i < NIGHT_SLOTS; i++)
		if (stat_fd[i] >= 0) {
			(void)close(stat_fd[i]);
			stat_fd[i] = -1;
		}
	if (w->page != NULL)
		(void)munmap(w->page, sizeof *w->page);
	w->page = NULL;
}

int64_t
clock_wall(const struct world *w)
{
	return (night_ns(w) + atomic_load(&w->page->wall)) / MS;
}

void
clock_shift(struct world *w, const struct wstation *s, int64_t ms)
{
	(void)atomic_fetch_add(&w->page->shift[(size_t)(s - w->s) + 1], ms * MS);
}

static void
slot_free(struct night_slot *s)
{
	atomic_store(&s->state, SLOT_FREE);
	atomic_store(&s->tid, 0);
}

void
clock_forget(struct world *w, pid_t pid)
{
	for (size_t i = 0; i < NIGHT_SLOTS; i++)
		if (atomic_load(&w->page->slot[i].tid) != 0 && atomic_load(&w->page->slot[i].pid) == (int32_t)pid)
			slot_free(&w->page->slot[i]);
}

static void
signal_slot(const struct night_slot *s)
{
	(void)syscall(SYS_tgkill, atomic_load(&s->pid), atomic_load(&s->tid), NIGHT_SIGNAL);
}

void
clock_nudge(struct world *w)
{
	for (size_t i = 0; i < NIGHT_SLOTS; i++)
		if (atomic_load(&w->page->slot[i].state) == SLOT_WAITING)
			signal_slot(&w->page->slot[i]);
}

/* The kernel's letter for a thread; 0: there is none any more. */
static char
kernel_state(const struct night_slot *s, size_t i)
{
	char path[64], text[512];
	const char *at;
	ssize_t n;
	int32_t tid = atomic_load(&s->tid);

	if (stat_fd[i] < 0 || stat_tid[i] != tid) {
		if (stat_fd[i] >= 0)
			(void)close(stat_fd[i]);
		(void)snprintf(path, sizeof path, "/proc/%d/task/%d/stat", (int)atomic_load(&s->pid), (int)tid);
		stat_fd[i] = open(path, O_RDONLY | O_CLOEXEC);
		stat_tid[i] = tid;
	}
	if (stat_fd[i] < 0 || (n = pread(stat_fd[i], text, sizeof text - 1, 0)) <= 0)
		return 0;
	text[n] = '\0';
	at = strrchr(text, ')');
	return at != NULL && at[1] == ' ' && at[2] != 'Z' && at[2] != 'X' ? at[2] : 0;
}

/* due: the next instant anybody waits for.  busy_ms: how long this has been asked for. */
static bool
quiet(struct world *w, int64_t *due, int64_t busy_ms)
{
	uint64_t turns = 0, again = 0;

	*due = NIGHT_EVER;
	w->looks++;
	for (size_t i = 0; i < NIGHT_SLOTS; i++) {
		struct night_slot *s = &w->page->slot[i];
		uint32_t state = atomic_load(&s->state);

		if (state == SLOT_FREE)
			continue;
		if (state == SLOT_BUSY && busy_ms < STUCK_MS)
			return false;
		/* signalled, and not yet up: no need to ask the kernel */
		if (told[i] != 0 && atomic_load(&s->turn) == told[i] && busy_ms < STUCK_MS)
			return false;
		told[i] = 0;
		turns += atomic_load(&s->turn);
	}
	for (size_t i = 0; i < NIGHT_SLOTS; i++) {
		struct night_slot *s = &w->page->slot[i];
		char c;

		if (atomic_load(&s->state) == SLOT_FREE)
			continue;
		c = kernel_state(s, i);
		if (c == 0) {
			turns -= atomic_load(&s->turn);
			slot_free(s);
			continue;
		}
		if (c != 'S')
			return false;
		if (atomic_load(&s->state) == SLOT_WAITING && atomic_load(&s->due) < *due)
			*due = atomic_load(&s->due);
	}
	for (size_t i = 0; i < NIGHT_SLOTS; i++)
		if (atomic_load(&w->page->slot[i].state) != SLOT_FREE)
			again += atomic_load(&w->page->slot[i].turn);
	return again == turns;
}

void
clock_leap(struct world *w, int64_t least, int64_t until)
{
	int64_t began = mono_ms(), due, to, now, line, end = until * MS - atomic_load(&w->page->wall);
	bool forced = false;

	world_desks(w, 0);
	while (!quiet(w, &due, mono_ms() - began)) {
		struct timespec nap = {0, 20000};

		if (mono_ms() - began > PATIENCE_MS) {
			forced = true;
			w->forced++;
			break;
		}
		(void)ppoll(NULL, 0, &nap, NULL);
		world_desks(w, 0);
	}
	now = night_ns(w);
	to = now + (forced ? FORCED_MS : least) * MS;
	if (!forced && due != NIGHT_EVER && due > to)
		to = due;
	line = atomic_load(&w->page->slot[NIGHT_SLOTS - 1].due);
	if (atomic_load(&w->page->slot[NIGHT_SLOTS - 1].state) == SLOT_WAITING && line > now && line < to)
		to = line;	/* what is on a line comes through when it does, or its round trip would be ours */
	else if (!forced && due == NIGHT_EVER)
		to = end;
	if (to > end)
		to = end;
	if (to <= now)
		return;
	w->leaps++;
	(void)atomic_fetch_add(&w->page->leap, to - now);
	for (size_t i = 0; i < NIGHT_SLOTS; i++) {
		struct night_slot *s = &w->page->slot[i];

		if (atomic_load(&s->state) == SLOT_WAITING && atomic_load(&s->due) <= to + MS) {
			told[i] = atomic_load(&s->turn);
			signal_slot(s);
		}
	}
}

/*
 * With nothing at hand timers may be late by seconds, over days by a minute (a line may find itself idle for too long then, and begin anew); towards
 * the end of the run they are not.
 */
static int64_t
stride(int64_t left)
{
	static const struct { int64_t left, stride; } strides[] = {{DAY_MS / 2, 60}, {DAY_MS / 4, 30}, {HOURS_MS, 15}, {FAR_MS, 4}};

	for (size_t i = 0; i < sizeof strides / sizeof strides[0]; i++)
		if (left > strides[i].left)
			return strides[i].stride;
	return 1;
}

void
clock_run(struct world *w, int64_t until, int64_t least)
{
	while (clock_wall(w) < until)
		clock_leap(w, least * stride(until - clock_wall(w)), until);
	/* whoever is woken by the last instant has its turn */
	for (int i = 0; i < 200; i++) {
		struct timespec nap = {0, 100000};
		int64_t due;

		world_desks(w, 0);
		if (quiet(w, &due, 0))
			break;
		(void)ppoll(NULL, 0, &nap, NULL);
	}
}
