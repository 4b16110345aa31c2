/*
 * Rounds in which a switch's disk fails: the n-th write or sync of its journal ends with ENOSPC or EIO, or only in
 * part, once or for a while.  With root besides: a journal on a small file system that really fills up.
 *
 * What may happen: a refusal that may be repeated, or the end of the switch with a status of sysexits; never an answer
 * that was not kept, never a crash.  Once the disk is well again everything goes through.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include "power.h"

void
round_disk(struct rig *r, uint64_t turn)
{
	static const struct {
		int kind;
		int err;
		uint32_t part;
	} ways[] = {{SHIM_WRITE, ENOSPC, 0}, {SHIM_SYNC, EIO, 0}, {SHIM_WRITE, EIO, 0}, {SHIM_SYNC, ENOSPC, 0},
	    {SHIM_WRITE, ENOSPC, 1000}, {SHIM_ANY, EIO, 0}, {SHIM_TRUNC, EIO, 0}};
	int i = (int)(turn % STATIONS);
	struct shim_page *p = r->page[i];
	size_t k = (size_t)(turn / STATIONS % COUNT_OF(ways));
	uint64_t n = chance(chance(2) == 0 ? 6 : 60) + 1, long_ = chance(3), failed = atomic_load(&p->failed);
	int64_t deadline = mono_ms() + 3000;
	char why[300];

	r->excused[i] = MAY_FAIL;
	atomic_store(&p->fail_kind, (uint32_t)ways[k].kind);
	atomic_store(&p->fail_errno, (uint32_t)ways[k].err);
	atomic_store(&p->fail_short, ways[k].part);
	n += atomic_load(&p->count[ways[k].kind]);
	atomic_store(&p->fail_until, long_ == 0 ? n : long_ == 1 ? n + 3 : n + 1000000);
	atomic_store(&p->fail_from, n);
	ledger_traffic(&r->ledger, r, 6);
	do
		rig_turn(r, 10);
	while (atomic_load(&p->failed) == failed && mono_ms() < deadline && !rig_is_quiet(r, why));
	if (atomic_load(&p->failed) != failed)
		rig_turns(r, 100 + (int)chance(200));
	atomic_fetch_add(atomic_load(&p->failed) != failed ? &tally->faults : &tally->missed, 1);
	rig_disarm(r, i);
	ledger_ask_again(&r->ledger, i);
	rig_quiet(r, 40000);
}

/* ---- a disk that is full ---- */

#define TMPFS_MB 48
#define FILLER "filler"

/* A file system of its own, seen by this process and the switches it starts; it goes with the last of them. */
static bool
mounted(const char *dir)
{
	struct disk *d = disk_new(dir); /* what dutyctl init has made there */
	char options[32];
	bool ok;

	(void)snprintf(options, sizeof options, "size=%dm,mode=0700", TMPFS_MB);
	ok = unshare(CLONE_NEWNS) == 0 && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	     mount("torture", dir, "tmpfs", MS_NOSUID | MS_NODEV, options) == 0;
	if (ok)
		disk_crash(d, CRASH_KEEP, dir);
	disk_free(d);
	return ok;
}

static uint64_t
free_kb(const char *dir)
{
	struct statvfs v;

	ST_CHECK(statvfs(dir, &v) == 0, "%s: %s", dir, strerror(errno));
	return (uint64_t)v.f_bavail * v.f_frsize / 1024;
}

/* Somebody else's file takes all but so much. */
static void
fill(const char *dir, uint64_t leave_kb)
{
	static const char block[4096];
	char path[400];
	int fd;

	(void)snprintf(path, sizeof path, "%.300s/" FILLER, dir);
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	ST_CHECK(fd >= 0, "%s: %s", path, strerror(errno));
	while (free_kb(dir) > leave_kb && write(fd, block, sizeof block) > 0)
		;
	close(fd);
}

static const char *
room_of(struct rig *r, char out[40])
{
	json_t *st = rig_status(r, TOWN);
	const char *s = json_string_value(json_object_get(st, "room_name"));
	json_t *v = json_object_get(st, "room");

	if (s != NULL)
		(void)snprintf(out, 40, "%s", s);
	else if (json_is_integer(v))
		(void)snprintf(out, 40, "%d", (int)json_integer_value(v));
	else
		(void)snprintf(out, 40, "%s", st == NULL ? "no answer" : "not told");
	json_decref(st);
	return out;
}

/* Both are submitted until the switch has had the time to look at its disk; then what it says must hold. */
static void
step(struct rig *r, const char *dir, uint64_t leave_kb, bool routine_refused)
{
	struct ledger *l = &r->ledger;
	int64_t deadline = mono_ms() + 15000 * r->slow;
	char room[40];
	size_t refused;

	fill(dir, leave_kb);
	refused = l->refused - l->refused_flash;
	while (routine_refused && l->refused - l->refused_flash == refused) {
		ST_CHECK(mono_ms() < deadline, "%llu kB are free and routine reports are still taken (room: %s)",
		    (unsigned long long)free_kb(dir), room_of(r, room));
		l->no_retry = true;
		ledger_add(l, r, L_REPORT, TOWN, false);
		rig_turns(r, 50);
		if (l->refused - l->refused_flash == refused)
			fill(dir, leave_kb);
	}
	for (int i = 0; i < 5; i++)
		ledger_add(l, r, L_REPORT, TOWN, true);
	while (ledger_open(l, true) > 0) {
		rig_turn(r, 10);
		ST_CHECK(mono_ms() < deadline,
		    "%llu kB are free and a most urgent report is not taken (room: %s, refused %zu): %s",
		    (unsigned long long)free_kb(dir), room_of(r, room), l->refused_flash, rig_tail(r, TOWN));
	}
	ST_CHECK(l->refused_flash == 0, "%llu kB are free and a most urgent report was refused (room: %s)",
	    (unsigned long long)free_kb(dir), room_of(r, room));
	atomic_fetch_add(&tally->faults, 1);
}

void
round_tmpfs(const struct torture *t, uint64_t turn)
{
	static struct rig r;
	char dir[320], path[400];

	(void)turn;
	if (geteuid() != 0) {
		skipped("a disk that really fills up: root is needed for a small tmpfs");
		return;
	}
	rig_make(&r, t);
	(void)snprintf(dir, sizeof dir, "%.255s/journal", r.st.s[TOWN].dir);
	rig_settings(&r, TOWN, "ballast_mb = 4\nroom_mb = 16\n");
	if (!mounted(dir)) {
		skipped("a disk that really fills up: no tmpfs can be mounted here");
		rig_free(&r);
		return;
	}
	rig_quiet(&r, 60000);
	ledger_traffic(&r.ledger, &r, 6);
	rig_quiet(&r, 30000);
	/* on so small a disk the bounds shrink to a tenth of it */
	step(&r, dir, TMPFS_MB * 1024 / 2, false);
	step(&r, dir, TMPFS_MB * 1024 * 9 / 100, true);
	step(&r, dir, TMPFS_MB * 1024 * 4 / 100, true);
	step(&r, dir, TMPFS_MB * 1024 * 2 / 100, true);
	step(&r, dir, TMPFS_MB * 1024 / 100, true); /* the ballast is given up for it */
	/* not a byte left: it may refuse, or end and not come up; it may not lose */
	r.excused[TOWN] = MAY_FAIL;
	fill(dir, 0);
	ledger_retry(&r.ledger);
	for (int i = 0; i < 10; i++) {
		ledger_add(&r.ledger, &r, L_REPORT, TOWN, i % 2 == 0);
		ledger_add(&r.ledger, &r, L_DIRECTIVE, CITY, false);
		rig_turns(&r, 60);
		fill(dir, 0);
	}
	(void)snprintf(path, sizeof path, "%s/" FILLER, dir);
	(void)unlink(path);
	ledger_ask_again(&r.ledger, TOWN);
	rig_quiet(&r, 90000);
	rig_check(&r);
	rig_verify_files(&r);
	(void)umount2(dir, MNT_DETACH);
	rig_free(&r);
}
