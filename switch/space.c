/*
 * Room on the disk: see space.h for the rule.
 *
 * Why a ballast and not only bounds: others write to the same disk, logs and other stations, so it can be full from
 * one moment to the next; then giving up the ballast is what lets the journal write a report of the highest degree, its
 * receipts and the custody of what is under way.  It is really allocated: a sparse file would give nothing back.
 *
 * Scaling.  room_mb = 256 would refuse everything on a file system of 100 MB that is nearly empty.  Hence at most a tenth
 * of its size counts as room (10, 5 and 2.5 % for the three degrees) and a fiftieth as ballast.
 *
 * Growing the ballast goes in steps of STEP bytes: where the file system cannot reserve, glibc writes, and the desk must
 * not wait for it.
 */
#include "space.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include "../formats/buf.h"
#include "log.h"

#define MB ((uint64_t)1024 * 1024)
#define FLOOR_MOST (8 * MB)
#define FLOOR_LEAST MB
#define STEP (8 * MB)
#define AGAIN_GROWING 200 /* ms */
#define AGAIN_SHORT 5000

struct space {
	char dir[288], file[304];
	struct space_limits limits;
	struct space_now now;
	bool blind;	/* the file system could not be looked at */
	bool stuck;	/* the ballast could not be made or given up: said once */
	bool growing;
};

/* ---- the core ---- */

void
space_limits(struct space_limits *l, uint64_t total, long room_mb, long ballast_mb)
{
	uint64_t room = (uint64_t)(room_mb > 0 ? room_mb : 0) * MB;

	memset(l, 0, sizeof(*l));
	l->ballast = (uint64_t)(ballast_mb > 0 ? ballast_mb : 0) * MB;
	if (total > 0 && room > total / 10)
		room = total / 10;
	if (total > 0 && l->ballast > total / 50)
		l->ballast = total / 50;
	l->need[PREC_ROUTINE] = room;
	l->need[PREC_PRIORITY] = room / 2;
	l->need[PREC_URGENT] = room / 4;
	l->floor = room / 32;
	if (l->floor > FLOOR_MOST)
		l->floor = FLOOR_MOST;
	if (l->floor < FLOOR_LEAST)
		l->floor = room / 8 < FLOOR_LEAST ? room / 8 : FLOOR_LEAST;
}

struct space_verdict
space_judge(const struct space_limits *l, const struct space_now *n)
{
	struct space_verdict v = {.ballast = n->ballast};
	uint64_t missing = n->ballast < l->ballast ? l->ballast - n->ballast : 0, spare, want, whole;

	assert(n->lowest >= 0 && n->lowest <= PREC_ROUTINE);
	if (n->ballast > l->ballast) /* a smaller one was set */
		v.ballast = l->ballast;
	else if (n->free < l->floor) {
		want = 2 * l->floor - n->free;
		v.ballast = n->ballast > want ? n->ballast - want : 0;
	} else if (missing > 0 && n->free > l->need[PREC_URGENT]) {
		spare = n->free - l->need[PREC_URGENT];
		/* Not for crumbs. */
		if (spare >= missing)
			v.ballast = l->ballast;
		else if (spare >= l->floor)
			v.ballast = n->ballast + spare;
	}
	/* What would be free with the ballast whole. */
	whole = n->free > missing ? n->free - missing : 0;
	if (n->ballast > 0 || n->free >= (n->lowest == 0 ? 2 * l->floor : l->floor))
		v.lowest = PREC_FLASH;
	for (int p = PREC_URGENT; v.lowest == p - 1 && p <= PREC_ROUTINE; p++) {
		uint64_t need = l->need[p];

		if (p > n->lowest)
			need += need / 4;
		if (whole >= need)
			v.lowest = p;
	}
	return v;
}

/* ---- the shell ---- */

static void
stuck(struct space *s, const char *what)
{
	if (!s->stuck)
		log_event(LOG_LV_WARN, "ballast", "what=%s file=%s why=%s", what, log_quote(s->file),
		    log_quote(strerror(errno)));
	s->stuck = true;
}

static void
measure(struct space *s)
{
	struct statvfs fs;
	struct stat st;

	s->now.ballast = 0;
	if (lstat(s->file, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0)
		s->now.ballast = (uint64_t)st.st_size;
	if (statvfs(s->dir, &fs) != 0) {
		if (!s->blind)
			log_event(LOG_LV_ERROR, "space", "folder=%s why=%s", log_quote(s->dir), log_quote(strerror(errno)));
		s->blind = true;
		return;
	}
	s->blind = false;
	s->now.free = (uint64_t)fs.f_bavail * (uint64_t)fs.f_frsize;
}

static int
resize(struct space *s, uint64_t bytes)
{
	int fd = open(s->file, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600), rc = -1, e;
	struct stat st;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		goto out;
	if (bytes > (uint64_t)st.st_size) {
		if ((e = posix_fallocate(fd, 0, (off_t)bytes)) != 0) {
			/* Not a half-made one: that would be taken for what it is not. */
			if (ftruncate(fd, st.st_size) != 0)
				e = errno;
			errno = e;
			goto out;
		}
	} else if (ftruncate(fd, (off_t)bytes) != 0 || fsync(fd) != 0) /* fsync: some give blocks back only then */
		goto out;
	rc = 0;
out:
	e = errno;
	close(fd);
	errno = e;
	return rc;
}

static void
ballast_set(struct space *s, uint64_t bytes)
{
	uint64_t before = s->now.ballast;

	if (resize(s, bytes) != 0) {
		stuck(s, bytes > before ? "cannot be made" : "cannot be given up");
		s->growing = false;
		measure(s);
		return;
	}
	s->stuck = false;
	measure(s);
	log_event(bytes < before ? LOG_LV_WARN : LOG_LV_DEBUG, "ballast",
	    "bytes=%" PRIu64 " before=%" PRIu64 " free=%" PRIu64, s->now.ballast, before, s->now.free);
}

/* One that was copied by tools may have got holes: it is made anew. */
static void
holes_drop(struct space *s)
{
	struct stat st;

	if (lstat(s->file, &st) == 0 && S_ISREG(st.st_mode) && (uint64_t)st.st_blocks * 512 < (uint64_t)st.st_size)
		ballast_set(s, 0);
}

struct space *
space_open(const char *journal, long room_mb, long ballast_mb)
{
	struct space *s = xcalloc(1, sizeof(*s));
	struct statvfs fs;
	uint64_t total = 0;

	(void)snprintf(s->dir, sizeof(s->dir), "%s", journal);
	(void)snprintf(s->file, sizeof(s->file), "%s/ballast", s->dir);
	if (statvfs(s->dir, &fs) == 0)
		total = (uint64_t)fs.f_blocks * (uint64_t)fs.f_frsize;
	space_limits(&s->limits, total, room_mb, ballast_mb);
	s->now.lowest = PREC_ROUTINE;
	measure(s);
	holes_drop(s);
	log_event(LOG_LV_DEBUG, "space", "free=%" PRIu64 " total=%" PRIu64 " room=%" PRIu64 " floor=%" PRIu64 " ballast=%" PRIu64,
	    s->now.free, total, s->limits.need[PREC_ROUTINE], s->limits.floor, s->limits.ballast);
	return s;
}

void
space_free(struct space *s)
{
	free(s);
}

void
space_make_way(struct space *s, bool all)
{
	uint64_t want;

	measure(s);
	if (s->now.ballast == 0 || (!all && (s->blind || s->now.free >= s->limits.floor)))
		return;
	want = all ? s->now.ballast : 2 * s->limits.floor - s->now.free;
	ballast_set(s, s->now.ballast > want ? s->now.ballast - want : 0);
}

bool
space_look(struct space *s)
{
	struct space_verdict v;

	measure(s);
	if (s->blind)
		return false;
	v = space_judge(&s->limits, &s->now);
	s->growing = v.ballast > s->now.ballast + STEP;
	if (s->growing)
		ballast_set(s, s->now.ballast + STEP);
	else if (v.ballast != s->now.ballast)
		ballast_set(s, v.ballast);
	if (v.lowest == s->now.lowest)
		return false;
	s->now.lowest = v.lowest;
	return true;
}

int
space_lowest(const struct space *s)
{
	return s->now.lowest;
}

uint64_t
space_free_bytes(const struct space *s)
{
	return s->now.free;
}

const struct space_limits *
space_bounds(const struct space *s)
{
	return &s->limits;
}

int64_t
space_again(const struct space *s)
{
	if (s->growing)
		return AGAIN_GROWING;
	return s->now.lowest != PREC_ROUTINE || s->now.ballast < s->limits.ballast ? AGAIN_SHORT : INT64_MAX;
}
