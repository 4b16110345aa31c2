#ifndef TESTS_TORTURE_POWER_H
#define TESTS_TORTURE_POWER_H
/*
 * Power loss from a record (private to power.c, replay.c, frames.c).
 */
#include "../../formats/msgid.h"
#include "torture.h"

/* ---- replay.c: a directory on a disk that keeps for certain only what was synced ---- */

struct disk;

enum crash {
	CRASH_LOSE /* everything unsynced */,
	CRASH_KEEP,
	CRASH_SOME /* any of the writes */,
	CRASH_TORN /* any of their sectors */
};

struct disk *disk_new(const char *dir); /* as it lies there now, all of it synced */
void disk_free(struct disk *);
/* One record; p stays the caller's and must outlive the disk. */
void disk_feed(struct disk *, const struct shim_record *, const uint8_t *p);
size_t disk_pending(const struct disk *); /* writes and names that are not synced */
/* What a loss now leaves, written into the folder, which is emptied first. */
void disk_crash(const struct disk *, enum crash, const char *dir);

/* ---- frames.c: what was promised, as seen on the wire ---- */

struct promise {
	struct msgid id;
	size_t at;    /* number of the record that told it to somebody */
	bool custody; /* to a neighbour; else to a desk */
};

struct promises {
	struct promise *v;
	size_t n, cap;
	struct watcher *w; /* private */
};

void promises_feed(struct promises *, size_t at, const struct shim_record *, const uint8_t *p);
void promises_free(struct promises *);

/* ---- the record ---- */
struct record_entry {
	struct shim_record head;
	const uint8_t *p; /* head.len bytes, in the file's */
};

struct record_file {
	struct buf bytes;
	struct record_entry *v;
	size_t n;
};
void record_read(const char *path, struct record_file *);
void record_free(struct record_file *);

#endif
