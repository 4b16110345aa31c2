/*
 * The disk: full, full at the start, and one that refuses a write in the middle of a COMMIT.
 *
 * The county's journal lies on a small file system of its own (tmpfs, where the test may mount one), filled and emptied by a file
 * beside the journal.  A COMMIT that fails is made by a limit on the size of the switch's files, which needs no rights.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sysexits.h>
#include <unistd.h>
#include "e2e.h"

#define MB ((uint64_t)1024 * 1024)
#define WAIT 60000

/* ---- entries ---- */

static json_t *
entry(const char *rid, const char *text, const char *precedence)
{
	return json_pack("{s:s, s:s, s:s, s:{s:s, s:s, s:s}}", "op", "submit", "rid", rid, "realm", "live", "body", "kind", "log",
	    "text", text, "precedence", precedence);
}

/* 0 taken, or the code of the refusal, which says why. */
static int
try_entry(struct station_proc *s, const char *text, const char *precedence)
{
	struct fault f;
	json_t *answer;
	char rid[33];

	client_rid(rid);
	answer = st_try(s, entry(rid, text, precedence), NULL, 0, &f);
	json_decref(answer);
	if (answer != NULL)
		return 0;
	ST_CHECK(f.code == EX_TEMPFAIL && strstr(f.text, "MB free") != NULL, "%s: %s refused with %d: %s", s->code, precedence, f.code,
	    f.text);
	return f.code;
}

struct count { const char *text; size_t n; };

static void
count_row(void *ctx, const json_t *row)
{
	struct count *c = ctx;

	c->n += strstr(text_of(row, "text"), c->text) != NULL || strstr(text_of(row, "title"), c->text) != NULL;
}

/* ---- a file system of its own ---- */

static char filler[420];

static uint64_t
free_of(const char *path)
{
	struct statvfs fs;

	ST_CHECK(statvfs(path, &fs) == 0, "statvfs %s: %s", path, strerror(errno));
	return (uint64_t)fs.f_bavail * fs.f_frsize;
}

/* Until so many bytes are free; the switch writes beside it, so that a step may have to be smaller than it seemed. */
static void
leave_free(const char *folder, uint64_t bytes)
{
	int fd = open(filler, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	uint64_t now = free_of(folder), step = now > bytes ? now - bytes : 0;
	struct stat st;

	ST_CHECK(fd >= 0 && fstat(fd, &st) == 0, "%s: %s", filler, strerror(errno));
	if (now < bytes)
		ST_CHECK(ftruncate(fd, (uint64_t)st.st_size > bytes - now ? st.st_size - (off_t)(bytes - now) : 0) == 0, "%s: %s", filler,
		    strerror(errno));
	while (step >= 4096 && (now = free_of(folder)) > bytes) {
		off_t grow = (off_t)(step < now - bytes ? step : now - bytes);

		if (posix_fallocate(fd, 0, st.st_size + grow) == 0)
			st.st_size += grow;
		else
			step /= 2;
	}
	close(fd);
}

static bool
room_is(struct station_proc *s, void *ctx)
{
	return st_status(s, "room") == *(const json_int_t *)ctx;
}

/* While something is written the disk is looked at; else with the next timer. */
static void
await_room(struct station_proc *s, json_int_t lowest)
{
	(void)try_entry(s, "flash by the way", "flash");
	st_await(s, "the room", WAIT, room_is, &lowest);
}

static uint64_t
ballast_of(const struct station_proc *s)
{
	char path[400];
	struct stat st;

	(void)snprintf(path, sizeof path, "%s/journal/ballast", s->dir);
	return stat(path, &st) == 0 ? (uint64_t)st.st_size : 0;
}

static bool
ballast_whole(struct station_proc *s, void *ctx)
{
	return ballast_of(s) == *(const uint64_t *)ctx;
}

static bool
alarm_told(struct station_proc *s, const char *what)
{
	json_t *answer = st_ask(s, json_pack("{s:s}", "op", "status")), *a;
	bool found = false;
	size_t i;

	json_array_foreach(json_object_get(answer, "alarms"), i, a)
		found |= strcmp(text_of(a, "what"), what) == 0 && strstr(text_of(a, "detail"), "MB free") != NULL;
	json_decref(answer);
	return found;
}

static void
full(struct e2e *e, struct station_proc *s, const char *journal)
{
	struct station_proc *town = &e->st.s[TOWN];
	struct count c = { .text = "routine" };
	uint64_t whole = 100 * MB / 50, before = 0;
	json_t *body;
	int taken = 0;

	st_await(s, "the ballast", WAIT, ballast_whole, &whole);
	ST_CHECK(try_entry(s, "routine 1", "routine") == 0, "refused with 90 MB free");
	leave_free(journal, 7 * MB);	/* under 10 % */
	await_room(s, 3);
	ST_CHECK(alarm_told(s, "disk"), "no alarm at the desk");
	ST_CHECK(try_entry(s, "refused", "routine") == EX_TEMPFAIL, "routine taken with 7 MB free");
	ST_CHECK(try_entry(s, "priority", "priority") == 0, "priority refused with 7 MB free");
	leave_free(journal, 4 * MB);
	await_room(s, 2);
	ST_CHECK(try_entry(s, "refused", "priority") == EX_TEMPFAIL, "priority taken with 4 MB free");
	ST_CHECK(try_entry(s, "urgent", "urgent") == 0, "urgent refused with 4 MB free");
	leave_free(journal, 2 * MB);
	await_room(s, 1);
	ST_CHECK(try_entry(s, "refused", "urgent") == EX_TEMPFAIL, "urgent taken with 2 MB free");
	/* A neighbour's is refused as well; it keeps it. */
	body = report_body("from below");
	(void)json_object_set_new(body, "to", json_pack("[s]", s->code));
	json_decref(st_submit(town, "live", body));
	/* Nothing left at all: the ballast gives way and flash goes on. */
	leave_free(journal, 0);
	for (int i = 0; i < 20; i++)
		ST_CHECK(try_entry(s, "flash", "flash") == 0, "flash refused while there was ballast (entry %d)", i);
	ST_CHECK(ballast_of(s) < whole, "the ballast was not given up");
	/* Eaten up from outside, again and again, until nothing is left. */
	for (int i = 0; i < 20000 && ballast_of(s) > 0; i++) {
		leave_free(journal, 0);
		ST_CHECK(try_entry(s, "flash", "flash") == 0, "flash refused while there was ballast of %llu",
		    (unsigned long long)ballast_of(s));
		taken++;
	}
	ST_CHECK(ballast_of(s) == 0, "the ballast was not given up to the end");
	while (free_of(journal) > MB / 2)
		leave_free(journal, MB / 2);
	for (int i = 0; i < 20000 && try_entry(s, "flash", "flash") == 0; i++)
		taken++;
	await_room(s, 0);
	ST_CHECK(try_entry(s, "flash", "flash") == EX_TEMPFAIL, "taken with nothing left");
	/* Room again: by and by everything, and the ballast before it. */
	before = (uint64_t)st_status(s, "messages");
	ST_CHECK(unlink(filler) == 0, "%s: %s", filler, strerror(errno));
	await_room(s, 4);
	ST_CHECK(ballast_of(s) == whole, "taken again before the ballast was whole");
	ST_CHECK(try_entry(s, "routine 2", "routine") == 0, "refused with room");
	stations_settle(&e->st, WAIT * 2);
	ST_CHECK((uint64_t)st_status(s, "messages") > before, "what was refused from below has not come");
	(void)st_each(s, "log", false, count_row, &c);
	ST_CHECK(c.n == 2, "%zu routine entries, 2 were taken", c.n);
	(void)snprintf(e->note, sizeof e->note, "(%d flash entries on a full disk)", taken + 20);
}

/* A start on a full disk: the ballast makes the room that the start needs. */
static void
full_start(struct station_proc *s, const char *journal)
{
	(void)st_stop(s, 20000);
	leave_free(journal, 0);
	st_start(s);
	ST_CHECK(st_status(s, "room") >= 1, "nothing is taken though there was ballast");
	ST_CHECK(try_entry(s, "flash at the start", "flash") == 0, "flash refused");
	ST_CHECK(unlink(filler) == 0, "%s: %s", filler, strerror(errno));
	await_room(s, 4);
}

void
case_disk_full(struct e2e *e)
{
	struct station_proc *s = &e->st.s[COUNTY];
	char journal[400], kept[400];

	(void)snprintf(journal, sizeof journal, "%s/journal", s->dir);
	(void)snprintf(kept, sizeof kept, "%s/journal.kept", s->dir);
	(void)snprintf(filler, sizeof filler, "%s/filler", journal);
	ST_CHECK(rename(journal, kept) == 0 && mkdir(journal, 0700) == 0, "%s: %s", journal, strerror(errno));
	/* In a name space of this process: it is gone with it, whatever happens. */
	if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
	    mount("tmpfs", journal, "tmpfs", MS_NODEV | MS_NOSUID | MS_NOEXEC, "size=100m,mode=0700") != 0) {
		(void)snprintf(e->note, sizeof e->note, "(skipped: no file system can be mounted here: %s)", strerror(errno));
		return;
	}
	(void)snprintf(e->mounted, sizeof e->mounted, "%s", journal);
	{
		struct output o;

		/* an empty journal, by the way a burnt disk is replaced */
		st_ctl(s, NULL, 0, &o, "restore", "--empty", NULL);
		ST_CHECK(o.status == 0, "restore --empty: %s", output_text(&o));
		output_free(&o);
	}
	stations_start(&e->st);
	full(e, s, journal);
	full_start(s, journal);
	verify_all(e);
	for (int i = 0; i < STATIONS; i++)
		(void)st_stop(&e->st.s[i], 20000);
}

/* ---- a COMMIT that fails ---- */

static void
limit_files(pid_t pid, uint64_t bytes)
{
	struct rlimit r = { .rlim_cur = (rlim_t)bytes, .rlim_max = RLIM_INFINITY };

	ST_CHECK(prlimit(pid, RLIMIT_FSIZE, &r, NULL) == 0, "prlimit: %s", strerror(errno));
}

static uint64_t
largest_file(const struct station_proc *s)
{
	char path[400];
	struct stat st;

	(void)snprintf(path, sizeof path, "%s/journal/journal.db-wal", s->dir);
	return stat(path, &st) == 0 ? (uint64_t)st.st_size : 0;
}

void
case_commit_fails(struct e2e *e)
{
	struct station_proc *s = &e->st.s[COUNTY];
	struct count c = { .text = "uncertain" };
	struct buf log = { 0 };
	json_t *answer = NULL;
	struct fault f;
	char rid[33];
	pid_t pid;
	int reopened = 0, status;

	st_start(s);
	pid = s->pid;
	for (int round = 0; round < 2; round++) {
		char text[64];

		(void)snprintf(text, sizeof text, "uncertain %d", round);
		client_rid(rid);
		(void)st_status(s, "messages");		/* a connection, and everything written */
		limit_files(pid, largest_file(s));
		answer = st_try(s, entry(rid, text, "routine"), NULL, 0, &f);
		ST_CHECK(answer == NULL && f.code == EX_TEMPFAIL, "a submit whose COMMIT failed was answered (%d %s)", f.code, f.text);
		limit_files(pid, RLIM_INFINITY);
		/* The same process opens the journal anew; the same request is taken once, whatever is on disk. */
		for (int i = 0; answer == NULL; i++) {
			ST_CHECK(i < 50, "the request is not taken again: %s", f.text);
			answer = st_try(s, entry(rid, text, "routine"), NULL, 0, &f);
		}
		json_decref(answer);
		reopened++;
	}
	ST_CHECK(kill(pid, 0) == 0 && !wait_poll(pid, &status), "the switch did not stay");
	ST_CHECK(st_status(s, "pid") == (json_int_t)pid, "another process");
	(void)st_each(s, "log", false, count_row, &c);
	ST_CHECK(c.n == 2, "%zu entries of 2", c.n);
	json_decref(st_verify(s));
	/* A disk that keeps failing: it stays down, and says so. */
	limit_files(pid, largest_file(s));
	answer = st_try(s, entry("stays-down", "never", "routine"), NULL, 0, &f);
	ST_CHECK(answer == NULL, "a submit whose COMMIT failed was answered");
	status = st_wait(s, WAIT);
	ST_CHECK(status == EX_IOERR, "status %d", status);
	file_read(s->log, &log);
	ST_CHECK(strstr(buf_cstr(&log), "stays down") != NULL, "the log does not say that it stays down: %s", s->log);
	buf_free(&log);
	st_start(s);
	json_decref(st_verify(s));
	(void)st_each(s, "log", false, count_row, &c);
	(void)snprintf(e->note, sizeof e->note, "(%d failed commits)", reopened);
}
