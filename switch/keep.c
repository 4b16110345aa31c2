/*
 * Housekeeping: see keep.h.
 *
 * A copy of the journal goes through three hands.  The loop's thread copies pages in slices of SLICE_MS, pausing between
 * them, because only it may touch the journal's connection.  Making the copy durable and reading it from end to end takes
 * as long as the disk wants, so that is done in a thread of its own, which touches nothing but the copy.  Its end comes
 * back over a pipe, and the asker is answered.
 *
 * Daily copies bear -day in their name; only those are ever removed here, the oldest first, and only after the new one is
 * whole.  What a person has ordered stays until a person removes it.
 *
 * What is idle work (reading ahead for the desks, settling) is done in steps of some 10 ms: one after the other while nothing is
 * committed, seldom beside traffic, and within a second after it has ceased.  Nothing to do wakes nobody.
 *
 * Retention runs once a day and after a start.  What may go is the journal's to judge (retire()); here is only the pace.
 */
#include "keep.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>
#include "../formats/buf.h"
#include "../formats/i18n.h"
#include "journal_sqlite_backup.h"
#include "log.h"

#define DAY ((int64_t)24 * 3600 * 1000)
#define HOUR ((int64_t)3600 * 1000)
#define DAILY "-day.db"
#define STAMP_LEN (JOURNAL_BACKUP_STAMP - 1)

#define SLICE_MS 2	  /* of copying at a time */
#define SLICE_PAUSE 8	  /* ms between two */
#define PAGES 32	  /* copied between two looks at the clock */
#define RETIRE_MAX 200	  /* messages a turn */
#define RETIRE_PAUSE 200  /* ms between two */
#define TICK 60000	  /* ms between looks at what is due */
#define FIRST_RETIRE 5000 /* ms after the start */
#define QUIET 500	  /* ms without a commit: nobody is busy */
#define IDLE_BUSY 2000	  /* ms between idle steps beside traffic */
#define IDLE_WROTE 50	  /* ms after one that has written */
#define IDLE_MAX 3600000

struct keep {
	struct keep_conf conf;
	const struct keep_ops *ops;
	void *ctx;
	char folder[320];
	struct event *tick, *slice, *retire, *idle, *finished;
	/* the copy under way */
	struct journal_backup *copy;
	uint64_t ticket;
	bool daily, waiting /* for a commit */;
	int64_t began;		/* ms monotonic */
	char path[512];
	pthread_t thread;
	bool threaded;
	int pipe[2];
	struct journal_backup_info info;	/* the thread's until it has ended */
	struct fault fault;
	int rc;
	/* idle work; ms monotonic */
	int64_t committed;	/* the last commit that was not its own */
	int64_t stepped, idle_at;	/* the last step, and the next */
	bool mine;
	/* the day's work */
	int64_t retry_at;	/* ms UTC, of a daily copy that failed */
	int64_t retired_day;	/* beginning of the day retention was last through */
};

static int64_t
mono_ms(void)
{
	struct timespec ts = {0};

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void
in(struct event *ev, int64_t ms)
{
	struct timeval tv = {.tv_sec = (time_t)(ms / 1000), .tv_usec = (suseconds_t)(ms % 1000 * 1000)};

	if (event_add(ev, &tv) != 0)
		log_fatal(EX_OSERR, "fatal", "what=\"a timer cannot be set\"");
}

/* ---- the folder ---- */

int64_t
keep_day_of(int64_t now, int64_t day_begins)
{
	int64_t since = (now - day_begins) % DAY;

	return now - (since < 0 ? since + DAY : since);
}

static bool
is_daily(const char *name)
{
	if (strlen(name) != STAMP_LEN + sizeof(DAILY) - 1 || strcmp(name + STAMP_LEN, DAILY) != 0)
		return false;
	for (size_t i = 0; i < STAMP_LEN; i++)
		if (i == 8 ? name[i] != '-' : name[i] < '0' || name[i] > '9')
			return false;
	return true;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Names of the daily copies, oldest first; the caller frees them. */
static size_t
dailies(const char *folder, char ***out)
{
	size_t n = 0, cap = 0;
	struct dirent *e;
	DIR *d = opendir(folder);

	*out = NULL;
	if (d == NULL)
		return 0;
	while ((e = readdir(d)) != NULL)
		if (is_daily(e->d_name)) {
			if (n == cap) {
				cap = cap == 0 ? 16 : cap * 2;
				*out = xreallocarray(*out, cap, sizeof(**out));
			}
			(*out)[n++] = xstrdup(e->d_name);
		}
	(void)closedir(d);
	if (n > 0)
		qsort(*out, n, sizeof(**out), by_name);
	return n;
}

static void
names_free(char **names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(names[i]);
	free(names);
}

size_t
keep_prune(const char *folder, size_t copies)
{
	size_t n, gone = 0;
	char **names, path[600];

	n = dailies(folder, &names);
	for (size_t i = 0; i + copies < n; i++) {
		if (snprintf(path, sizeof(path), "%s/%s", folder, names[i]) >= (int)sizeof(path))
			continue;
		if (unlink(path) == 0) {
			gone++;
			log_event(LOG_LV_INFO, "backup", "removed=%s", log_quote(path));
		} else
			log_event(LOG_LV_WARN, "backup", "not_removed=%s why=%s", log_quote(path), log_quote(strerror(errno)));
	}
	names_free(names, n);
	return gone;
}

void
keep_newest(const char *folder, char stamp[16])
{
	char **names;
	size_t n = dailies(folder, &names);

	stamp[0] = '\0';
	if (n > 0) {
		memcpy(stamp, names[n - 1], STAMP_LEN);
		stamp[STAMP_LEN] = '\0';
	}
	names_free(names, n);
}

/* What a switch that died has left half made. */
static void
parts_remove(const char *folder)
{
	static const char tail[] = ".db" JOURNAL_BACKUP_PART;
	struct dirent *e;
	DIR *d = opendir(folder);
	char path[600];

	if (d == NULL)
		return;
	while ((e = readdir(d)) != NULL) {
		size_t n = strlen(e->d_name);

		if (n > sizeof(tail) && strcmp(e->d_name + n - (sizeof(tail) - 1), tail) == 0 &&
		    snprintf(path, sizeof(path), "%s/%s", folder, e->d_name) < (int)sizeof(path) && unlink(path) == 0)
			log_event(LOG_LV_INFO, "backup", "unfinished_removed=%s", log_quote(path));
	}
	(void)closedir(d);
}

/* ---- a copy ---- */

static void
over(struct keep *k, bool ok)
{
	int64_t ms = mono_ms() - k->began;
	char text[900], detail[1200];

	if (ok)
		log_event(LOG_LV_INFO, "backup", "path=%s bytes=%" PRIu64 " messages=%" PRIu64 " chain=%" PRIu64 " ms=%" PRId64,
		    log_quote(k->path), k->info.bytes, k->info.messages, k->info.chain, ms);
	else {
		(void)fault_format(&k->fault, text, sizeof(text));
		log_event(LOG_LV_ERROR, "backup", "path=%s why=%s", log_quote(k->path), log_quote(text));
	}
	if (k->daily) {
		if (ok) {
			k->retry_at = 0;
			(void)keep_prune(k->folder, (size_t)k->conf.dir->backup_keep);
		} else {
			k->retry_at = k->ops->now(k->ctx) + HOUR;
			(void)snprintf(detail, sizeof(detail), _("the daily backup was not made: %s"), text);
			k->ops->alarm(k->ctx, "backup", detail);
		}
	} else
		k->ops->done(k->ctx, k->ticket,
		    ok ? json_pack("{s:s, s:I, s:I, s:I, s:I}", "path", k->path, "bytes", (json_int_t)k->info.bytes, "ms",
			     (json_int_t)ms, "messages", (json_int_t)k->info.messages, "chain", (json_int_t)k->info.chain)
		       : NULL,
		    ok ? NULL : &k->fault);
	journal_backup_free(k->copy);
	k->copy = NULL;
	k->path[0] = '\0';
}

static void *
finish_main(void *arg)
{
	struct keep *k = arg;

	k->rc = journal_backup_finish(k->copy, &k->info, &k->fault);
	while (write(k->pipe[1], "", 1) < 0 && errno == EINTR)
		;
	return NULL;
}

static void
finished_cb(evutil_socket_t fd, short what, void *arg)
{
	struct keep *k = arg;
	char byte;

	(void)what;
	if (read((int)fd, &byte, 1) != 1 || !k->threaded)
		return;
	(void)pthread_join(k->thread, NULL);
	k->threaded = false;
	over(k, k->rc == 0);
}

/* Signals are the loop's. */
static void
finish_begin(struct keep *k)
{
	sigset_t all, before;
	int rc;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&k->thread, NULL, finish_main, k);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (rc != 0) {
		(void)fault_set(&k->fault, EX_OSERR, "", _("no thread for it: %s"), strerror(rc));
		over(k, false);
		return;
	}
	k->threaded = true;
}

/* Copies for a moment.  Nothing uncommitted is there. */
static void
slice(struct keep *k)
{
	int64_t until = mono_ms() + SLICE_MS;
	int rc;

	k->waiting = false;
	do
		rc = journal_backup_step(k->copy, PAGES, &k->fault);
	while (rc == 1 && mono_ms() < until && !k->ops->busy(k->ctx));
	if (rc == 1)
		in(k->slice, SLICE_PAUSE);
	else if (rc == 0)
		finish_begin(k);
	else
		over(k, false);
}

static void
slice_cb(evutil_socket_t fd, short what, void *arg)
{
	struct keep *k = arg;

	(void)fd;
	(void)what;
	if (k->copy == NULL || k->threaded)
		return;
	if (k->ops->busy(k->ctx))
		k->waiting = true;
	else
		slice(k);
}

static void
idle_in(struct keep *k, int64_t now, int64_t ms)
{
	ms = ms > IDLE_MAX ? IDLE_MAX : ms < 1 ? 1 : ms;
	k->idle_at = now + ms;
	in(k->idle, ms);
}

static void
idle_cb(evutil_socket_t fd, short what, void *arg)
{
	struct keep *k = arg;
	int64_t now = mono_ms(), next;
	bool wrote = false;

	(void)fd;
	(void)what;
	if (k->conf.journal->failed)
		return;
	if (k->ops->busy(k->ctx) || (k->committed != 0 && now - k->committed < QUIET && now - k->stepped < IDLE_BUSY)) {
		idle_in(k, now, QUIET);
		return;
	}
	next = k->ops->idle(k->ctx, &wrote);
	k->stepped = now = mono_ms();
	if (wrote) {
		k->mine = true;
		k->ops->wrote(k->ctx);
		next = next < IDLE_WROTE ? IDLE_WROTE : next;
	}
	idle_in(k, now, next);
}

void
keep_committed(struct keep *k)
{
	int64_t now = mono_ms();

	if (!k->mine)
		k->committed = now;
	k->mine = false;
	if (k->ops->idle != NULL && k->idle_at - now > 2 * QUIET)
		idle_in(k, now, 2 * QUIET);
	if (k->waiting && k->copy != NULL && !k->threaded)
		slice(k);
}

/* Enough for the copy, and on the journal's own file system so much more that nothing is refused because of it. */
static int
room_check(const struct keep *k, const char *folder, uint64_t bytes, struct fault *f)
{
	struct stat there, here;
	struct statvfs fs;
	uint64_t free_, need = bytes + bytes / 16 + (1 << 20);

	if (stat(folder, &there) != 0 || statvfs(folder, &fs) != 0) {
		(void)fault_set(f, EX_CANTCREAT, "path", "%s", strerror(errno));
		fault_at(f, folder, 0);
		return -1;
	}
	if (stat(k->conf.dir->journal, &here) == 0 && here.st_dev == there.st_dev)
		need += k->conf.reserve;
	free_ = (uint64_t)fs.f_bavail * (uint64_t)fs.f_frsize;
	if (free_ >= need)
		return 0;
	(void)fault_set(f, EX_CANTCREAT, "path", _("no room for a copy: %llu MB are needed, %llu MB are free"),
	    (unsigned long long)(need >> 20) + 1, (unsigned long long)(free_ >> 20));
	fault_at(f, folder, 0);
	return -1;
}

static int
copy_begin(struct keep *k, const char *path, bool daily, struct fault *f)
{
	char folder[512], stamp[JOURNAL_BACKUP_STAMP];
	uint64_t bytes;
	char *slash;

	if (k->copy != NULL)
		return fault_set(f, EX_TEMPFAIL, "", _("a backup is under way: %s"), k->path);
	if (path == NULL) {
		if (mkdir(k->folder, 0700) != 0 && errno != EEXIST) {
			(void)fault_set(f, EX_CANTCREAT, "", "%s", strerror(errno));
			fault_at(f, k->folder, 0);
			return -1;
		}
		journal_backup_stamp(k->ops->now(k->ctx), stamp);
		(void)snprintf(k->path, sizeof(k->path), "%s/%s%s", k->folder, stamp, daily ? DAILY : ".db");
	} else if (path[0] != '/' || snprintf(k->path, sizeof(k->path), "%s", path) >= (int)sizeof(k->path))
		return fault_set(f, EX_USAGE, "path", _("a whole path of at most %zu bytes is needed"), sizeof(k->path) - 1);
	(void)snprintf(folder, sizeof(folder), "%s", k->path);
	if ((slash = strrchr(folder, '/')) != NULL)
		slash[slash == folder ? 1 : 0] = '\0';
	if ((bytes = journal_backup_size(k->conf.journal, f)) == 0 || room_check(k, folder, bytes, f) != 0 ||
	    (k->copy = journal_backup_begin(k->conf.journal, k->path, f)) == NULL)
		return -1;
	k->daily = daily;
	k->began = mono_ms();
	memset(&k->fault, 0, sizeof(k->fault));
	memset(&k->info, 0, sizeof(k->info));
	log_event(LOG_LV_DEBUG, "backup", "begun=%s bytes=%" PRIu64, log_quote(k->path), bytes);
	in(k->slice, 0);
	return 0;
}

int
keep_backup(struct keep *k, uint64_t ticket, const char *path, struct fault *f)
{
	if (copy_begin(k, path, false, f) != 0)
		return -1;
	k->ticket = ticket;
	return 0;
}

/* ---- the day ---- */

static void
daily_look(struct keep *k, int64_t now)
{
	char newest[JOURNAL_BACKUP_STAMP], day[JOURNAL_BACKUP_STAMP];
	struct fault f = {0};

	if (k->conf.dir->backup_keep <= 0 || k->copy != NULL || (now < k->retry_at && k->retry_at - now <= HOUR))
		return;
	journal_backup_stamp(keep_day_of(now, k->conf.day_begins), day);
	keep_newest(k->folder, newest);
	if (strcmp(newest, day) >= 0)
		return;
	if (copy_begin(k, NULL, true, &f) != 0) {
		char text[900], detail[1200];

		k->retry_at = now + HOUR;
		(void)fault_format(&f, text, sizeof(text));
		log_event(LOG_LV_ERROR, "backup", "why=%s", log_quote(text));
		(void)snprintf(detail, sizeof(detail), _("the daily backup was not made: %s"), text);
		k->ops->alarm(k->ctx, "backup", detail);
	}
}

static void
retire_cb(evutil_socket_t fd, short what, void *arg)
{
	struct keep *k = arg;
	struct journal *j = k->conf.journal;
	int64_t now = k->ops->now(k->ctx), day = keep_day_of(now, k->conf.day_begins);
	size_t n = 0;

	(void)fd;
	(void)what;
	if (k->conf.dir->keep_days <= 0 || j->failed)
		return;
	if (j->ops->retire(j, now, now - k->conf.dir->keep_days * DAY, RETIRE_MAX, &n) != 0) {
		k->ops->wrote(k->ctx); /* it has failed: the turn sees that */
		return;
	}
	if (n > 0) {
		log_event(LOG_LV_INFO, "retention", "messages=%zu days=%ld", n, k->conf.dir->keep_days);
		k->ops->wrote(k->ctx);
		in(k->retire, RETIRE_PAUSE);
	} else
		k->retired_day = day;
}

static void
tick_cb(evutil_socket_t fd, short what, void *arg)
{
	struct keep *k = arg;
	int64_t now = k->ops->now(k->ctx);

	(void)fd;
	(void)what;
	daily_look(k, now);
	if (k->conf.dir->keep_days > 0 && keep_day_of(now, k->conf.day_begins) != k->retired_day &&
	    !event_pending(k->retire, EV_TIMEOUT, NULL))
		in(k->retire, 0);
	in(k->tick, TICK);
}

struct keep *
keep_new(const struct keep_conf *conf, const struct keep_ops *ops, void *ctx)
{
	struct keep *k = xcalloc(1, sizeof(*k));

	k->conf = *conf;
	k->ops = ops;
	k->ctx = ctx;
	(void)snprintf(k->folder, sizeof(k->folder), "%s/backup", conf->dir->path);
	if (pipe2(k->pipe, O_CLOEXEC | O_NONBLOCK) != 0 ||
	    (k->tick = evtimer_new(conf->base, tick_cb, k)) == NULL || (k->slice = evtimer_new(conf->base, slice_cb, k)) == NULL ||
	    (k->idle = evtimer_new(conf->base, idle_cb, k)) == NULL ||
	    (k->retire = evtimer_new(conf->base, retire_cb, k)) == NULL ||
	    (k->finished = event_new(conf->base, k->pipe[0], EV_READ | EV_PERSIST, finished_cb, k)) == NULL ||
	    event_add(k->finished, NULL) != 0)
		log_fatal(EX_OSERR, "fatal", "what=\"no housekeeping\" why=%s", log_quote(strerror(errno)));
	parts_remove(k->folder);
	in(k->tick, TICK);
	if (ops->idle != NULL)
		idle_in(k, mono_ms(), 1);
	if (conf->dir->keep_days > 0)
		in(k->retire, FIRST_RETIRE);
	return k;
}

void
keep_free(struct keep *k)
{
	if (k == NULL)
		return;
	if (k->threaded) {
		journal_backup_stop(k->copy);
		(void)pthread_join(k->thread, NULL);
	}
	journal_backup_free(k->copy);
	event_free(k->tick);
	event_free(k->slice);
	event_free(k->retire);
	event_free(k->idle);
	event_free(k->finished);
	close(k->pipe[0]);
	close(k->pipe[1]);
	free(k);
}
