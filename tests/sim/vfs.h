#ifndef TESTS_SIM_VFS_H
#define TESTS_SIM_VFS_H
/*
 * Disks in memory for the real SQLite journal: an sqlite3_vfs ("sim", the default one of the process) whose files live
 * on disks that can lose power, fail and burn.
 *
 * A file is what reads see, and the list of what was written or cut since its last sync.  xSync makes that durable.  When
 * the power goes, each of those writes is kept, lost or torn (sectors of 512 bytes), as chance has it; a file never
 * synced may be gone, one deleted without a directory sync may be back.  When only the process dies everything written
 * stays, as the kernel has it.  A plan makes the n-th write or sync from now fail, or the power go in the midst of it.
 *
 * Nothing here knows the clock or true chance: xCurrentTime is told by vfs_time(), xRandomness comes from vfs_seed().
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "rng.h"

#define VFS_NAME "sim"

struct disk;
struct image; /* a copy of a disk's files as they read */

enum disk_plan {
	DISK_SOUND,
	DISK_POWER,	     /* the power goes in the midst of it: from then on nothing can be read or written */
	DISK_EIO_WRITE,	     /* a write fails, half of it done */
	DISK_EIO_SYNC,	     /* a sync fails, nothing of it durable for sure */
	DISK_EIO_SYNC_DONE,  /* a sync fails though all of it is durable */
	DISK_FULL	     /* a write finds no room */
};

struct disk_stats {
	uint64_t crashes, lost, torn, kept, errors; /* power failures; writes of them by what became of each; plans come due */
};

void vfs_init(void);		/* once a process */
void vfs_seed(uint64_t);	/* also resets SQLite's own generator */
void vfs_time(int64_t ms);	/* UTC */

struct disk *disk_new(void);	/* empty */
void disk_free(struct disk *);
const char *disk_journal(const struct disk *);	/* name of the journal on it, for journal_sqlite_open_vfs() */
void disk_plan(struct disk *, enum disk_plan, unsigned after);	/* the after-th write or sync from now, from 1 */
bool disk_synced(const struct disk *, bool log);	/* nothing written (log: to a write-ahead log) waits for a sync */
/* From now on nothing can be read or written: what SQLite still does while it is closed harms nothing. */
void disk_halt(struct disk *);
bool disk_halted(const struct disk *);
bool disk_sound(const struct disk *);		/* no plan has come due since the last crash */
/* What is left when the process (power: the machine) has died; the disk works again, its plan is gone.  Nothing on it may be open. */
void disk_crash(struct disk *, struct rng *, bool power, struct disk_stats *);
void disk_burn(struct disk *);			/* all files are gone */
struct image *disk_copy(const struct disk *);
void disk_restore(struct disk *, const struct image *);
void image_free(struct image *);
uint64_t disk_hash(const struct disk *);	/* of all files, and of every write there has been */

#endif
