#ifndef SWITCH_JOURNAL_SQLITE_INT_H
#define SWITCH_JOURNAL_SQLITE_INT_H
/*
 * Private to journal_sqlite.c, _open.c, _schema.c: what has to do with the file rather than with rows.
 */
#include "journal_sqlite.h"

#define SQ_APPLICATION_ID 0x44757479	/* "Duty" */
#define SQ_USER_VERSION 3
#define SQ_OLDEST_VERSION 1		/* that can be brought forward */

extern const struct journal_ops journal_sqlite_ops;
extern const char sq_schema[];
extern const char *const sq_sql[Q_COUNT];	/* journal_sqlite_sql.c */

/* Faults of a file; -1. */
int sq_file_fault(struct fault *, int code, const char *path, const char *why);
int sq_fault(struct sqlite3 *, const char *path, struct fault *);
int sq_exec(struct sqlite3 *, const char *path, const char *sql, struct fault *);
/* The schema's version as the log has it, one this program reads. */
int sq_version(struct sq *, const char *path, int64_t *version, struct fault *);
int sq_prepare_one(struct sq *, enum query, const char *path, struct fault *);

/*
 * Brings an older schema forward, up to the COMMIT (sq_migrated(): that is for when everything else has been found sound).  *from is
 * where it came from.  dir: where the backup before it goes, NULL none.
 */
int sq_migrate(struct sq *, const char *dir, const char *path, int64_t *from, struct fault *);
int sq_migrated(struct sq *, const char *path, int64_t from, struct fault *);
int sq_vacuum(struct sq *);	/* the whole file laid out anew; 0, or -1 (logged; nothing is lost) */
int sq_lay_out(struct sq *);	/* the same, for what must be in no page any more */
int sq_read_head(struct sq *);
void sq_free(struct sq *);	/* all but the connection */

/* SQLite's own check: 0 sound, 1 not (why is filled in), -1 could not be run. */
int sq_check_storage(struct journal *, enum query, char *why, size_t size);
/* Everything into the file, and the log emptied: what it held of old pages is gone with it. */
int sq_empty_log(struct sqlite3 *);
void sq_close(struct journal *);
void sq_configure(void);		/* before anything else of SQLite; any number of times */
int sq_log_grew(void *j, struct sqlite3 *, const char *name, int pages);	/* SQLite calls it behind each COMMIT */

#endif
