#ifndef SWITCH_JOURNAL_SQLITE_BACKUP_H
#define SWITCH_JOURNAL_SQLITE_BACKUP_H
/*
 * Copies of a journal that is in use, and the look whether a copy is whole.
 *
 * A copy is made beside its name (NAME.part), in slices between turns, through the journal's own connection, so that what
 * is written meanwhile is in it too; then it is synced, read from end to end as a database, its chain's end is held against what
 * the chain says, and only then it gets its name.  A file with the name of a copy is therefore whole.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "../formats/fault.h"
#include "../formats/msgid.h"
#include "journal.h"

struct sqlite3;
struct journal_backup;

#define JOURNAL_BACKUP_STAMP 16		/* YYYYMMDD-HHMMSS and NUL */
#define JOURNAL_BACKUP_PART ".part"

struct journal_backup_info {
	char station[STATION_MAX];	/* whose journal it is */
	uint64_t bytes, messages;
	uint64_t chain;			/* seq of its end */
	int64_t at;			/* ms UTC of the last entry, 0: none */
	uint8_t hash[32];		/* of the chain's end */
	int version;			/* of its schema */
	uint64_t epoch;			/* last opened in it, 0: none */
};

/* Beijing time, as people on duty read it. */
void journal_backup_stamp(int64_t ms, char out[JOURNAL_BACKUP_STAMP]);

/* Bytes a copy of this journal takes now; 0 + fault when that cannot be read. */
uint64_t journal_backup_size(struct journal *, struct fault *);
/* Begins a copy to `path` (absolute; refused when something is there: EX_CANTCREAT).  The journal is one of journal_sqlite_open() and
 * outlives the copy, or journal_backup_free() comes first.  The journal's failure is the caller's to see (j->failed). */
struct journal_backup *journal_backup_begin(struct journal *, const char *path, struct fault *);
/* Copies up to `pages` pages.  1: more is to do, also when nothing could be done because a transaction is open; 0: all is copied; -1 + fault. */
int journal_backup_step(struct journal_backup *, int pages, struct fault *);
/* After step's 0: makes it durable, looks at it, gives it its name.  Touches nothing of the journal and may take long: it may run in
 * another thread, in which nobody else uses this copy meanwhile.  0 or -1 + fault. */
int journal_backup_finish(struct journal_backup *, struct journal_backup_info *, struct fault *);
/* From another thread than finish runs in: it gives up soon, with a fault. */
void journal_backup_stop(struct journal_backup *);
void journal_backup_free(struct journal_backup *);	/* an unfinished copy is removed; NULL is allowed */

/* Is this file a whole journal, by structure and the end of its chain?  Nothing is written, nothing is made beside it.  EX_NOINPUT,
 * EX_DATAERR.  `station` may be NULL; else another station's is refused (EX_CONFIG). */
int journal_backup_check(const char *path, const char *station, struct journal_backup_info *, struct fault *);

/* Before a schema is brought forward: a copy to backup/before-vN-STAMP.db in the station's directory (beside the journal's folder when that
 * is called `journal` or `restore.tmp`, else in it).  No transaction is open.  A copy of exactly this state made by an earlier try is enough.
 * 0, or -1 + fault: then nothing may be migrated. */
int journal_backup_before_migration(struct sqlite3 *, const char *dir, int from_version, struct fault *);

#endif
