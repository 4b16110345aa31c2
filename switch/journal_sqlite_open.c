/*
 * The journal on SQLite: the file.  A new journal is made beside and renamed, so that a file named journal.db is always whole; an
 * existing one that is damaged, foreign or newer than this program is refused and left as it is, byte for byte (no checkpoint
 * on close before it has passed).  On another VFS (tests/sim) it is made in place, and no call of the system is ours.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>
#include <sqlite3.h>

#include "journal_guard.h"
#include "journal_sqlite_int.h"
#include "log.h"
#include "../formats/i18n.h"

#define FILE_NAME "journal.db"
#define BUSY_MS 200
#define PATH_LEN 512
#define SMALL_FILE (16u * 1024 * 1024)	/* bytes: below, every page is checked at open (some 20 ms) */
#define TAIL 256			/* chain entries looked at again at open */
/* A handle is used by one thread, and by one at a time: SQLite need not lock for each call. */
#define ALONE (SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_NOMUTEX)

int
sq_file_fault(struct fault *fault, int code, const char *path, const char *why)
{
	(void)fault_set(fault, code, "", "%s", why);
	fault_at(fault, path, 0);
	return -1;
}

int
sq_fault(sqlite3 *db, const char *path, struct fault *fault)
{
	int rc = db != NULL ? sqlite3_errcode(db) : SQLITE_NOMEM, code = EX_SOFTWARE;

	switch (rc & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return sq_file_fault(fault, EX_TEMPFAIL, path, _("the journal is in use by another program"));
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
	case SQLITE_ERROR:	/* a table or column that is not there */
		code = EX_DATAERR;
		break;
	case SQLITE_PERM:
	case SQLITE_AUTH:
	case SQLITE_READONLY:
	case SQLITE_CANTOPEN:
		code = EX_NOPERM;
		break;
	case SQLITE_IOERR:
	case SQLITE_FULL:
		code = EX_IOERR;
		break;
	default:
		break;
	}
	(void)fault_set(fault, code, "", _("the journal cannot be used: %s"), db != NULL ? sqlite3_errmsg(db) : "");
	fault_at(fault, path, 0);
	return -1;
}

/* dir/name; a leading "./" keeps SQLite from reading a relative name as an option or URI. */
static int
path_in(char out[PATH_LEN], const char *dir, const char *name, struct fault *fault)
{
	int n = snprintf(out, PATH_LEN, "%s%s/%s", dir[0] == '/' ? "" : "./", dir, name);

	if (n < 0 || n >= PATH_LEN)
		return sq_file_fault(fault, EX_USAGE, dir, _("the path is too long"));
	return 0;
}

static int
sync_dir(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc;

	if (fd == -1)
		return -1;
	rc = fsync(fd);
	(void)close(fd);
	return rc;
}

/* A file is missing, yet something beside it says that there was one: starting afresh would hide the loss. */
static int
check_leftovers(const char *dir, struct fault *fault)
{
	static const char made[] = FILE_NAME ".new";
	struct dirent *e;
	DIR *d;
	int rc = 0;

	if ((d = opendir(dir)) == NULL)
		return sq_file_fault(fault, errno == EACCES ? EX_NOPERM : EX_NOINPUT, dir, strerror(errno));
	while (rc == 0 && (e = readdir(d)) != NULL)
		if (strncmp(e->d_name, FILE_NAME, strlen(FILE_NAME)) == 0 &&
		    strncmp(e->d_name, made, strlen(made)) != 0) {
			rc = fault_set(fault, EX_DATAERR, "",
			    _("the journal is missing, but %s shows that there was one: restore it"), e->d_name);
			fault_at(fault, dir, 0);
		}
	(void)closedir(d);
	return rc;
}

static void
remove_unfinished(const char *dir)
{
	static const char *const names[] = { FILE_NAME ".new", FILE_NAME ".new-wal", FILE_NAME ".new-shm",
		FILE_NAME ".new-journal" };
	char path[PATH_LEN];
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (path_in(path, dir, names[i], NULL) == 0)
			(void)unlink(path);
}

int
sq_exec(sqlite3 *db, const char *path, const char *sql, struct fault *fault)
{
	return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : sq_fault(db, path, fault);
}

static bool
has_tables(sqlite3 *db)
{
	sqlite3_stmt *s = NULL;
	bool has = true;	/* what cannot be read is not overwritten */

	if (sqlite3_prepare_v2(db, "SELECT count(*) FROM sqlite_master", -1, &s, NULL) == SQLITE_OK &&
	    sqlite3_step(s) == SQLITE_ROW)
		has = sqlite3_column_int(s, 0) != 0;
	sqlite3_finalize(s);
	return has;
}

/* Builds an empty journal beside its final name, whole and synced, then renames it. */
static int
create_file(const char *dir, const char *path, struct fault *fault)
{
	char made[PATH_LEN], sql[128];
	sqlite3 *db = NULL;
	int fd, rc = -1;

	if (path_in(made, dir, FILE_NAME ".new", fault) != 0)
		return -1;
	remove_unfinished(dir);
	if ((fd = open(made, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600)) == -1)
		return sq_file_fault(fault, EX_CANTCREAT, made, strerror(errno));
	(void)close(fd);
	if (sqlite3_open_v2(made, &db, SQLITE_OPEN_READWRITE | ALONE, NULL) != SQLITE_OK) {
		(void)sq_fault(db, made, fault);
		goto out;
	}
	(void)snprintf(sql, sizeof(sql), "PRAGMA application_id=%d; PRAGMA user_version=%d;", SQ_APPLICATION_ID,
	    SQ_USER_VERSION);
	if (sq_exec(db, made, "PRAGMA locking_mode=EXCLUSIVE; PRAGMA synchronous=FULL; BEGIN IMMEDIATE;", fault) != 0 ||
	    sq_exec(db, made, sql, fault) != 0 || sq_exec(db, made, sq_schema, fault) != 0 ||
	    sq_exec(db, made, "COMMIT", fault) != 0 ||
	    sq_exec(db, made, "PRAGMA journal_mode=WAL; PRAGMA wal_checkpoint(TRUNCATE);", fault) != 0)
		goto out;
	rc = sqlite3_close(db) == SQLITE_OK ? 0 : sq_fault(db, made, fault);
	db = rc == 0 ? NULL : db;
	if (rc == 0 && (rename(made, path) != 0 || sync_dir(dir) != 0))
		rc = sq_file_fault(fault, EX_CANTCREAT, path, strerror(errno));
out:
	(void)sqlite3_close(db);
	if (rc != 0)
		remove_unfinished(dir);
	return rc;
}

static uint32_t
be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static int
version_fault(int64_t version, const char *path, struct fault *fault)
{
	if (version > SQ_USER_VERSION)
		return sq_file_fault(fault, EX_DATAERR, path, _("the journal was written by a newer Dutydesk"));
	if (version < SQ_OLDEST_VERSION)
		return sq_file_fault(fault, EX_DATAERR, path, _("not a journal: it has no version"));
	return 0;
}

/*
 * Is it ours?  Asked before SQLite recovers or locks anything, through its own file handle: opening the file a second
 * time and closing it would drop this process's locks on it.
 */
static int
check_header(sqlite3 *db, const char *path, struct fault *fault)
{
	sqlite3_file *f = NULL;
	uint8_t h[100];

	if (sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &f) != SQLITE_OK || f == NULL ||
	    f->pMethods == NULL)
		return sq_fault(db, path, fault);
	if (f->pMethods->xRead(f, h, sizeof(h), 0) != SQLITE_OK)
		return sq_file_fault(fault, EX_DATAERR, path, _("not a journal: it is too short or cannot be read"));
	if (memcmp(h, "SQLite format 3", 16) != 0)
		return sq_file_fault(fault, EX_DATAERR, path, _("not a journal: its first bytes are damaged or foreign"));
	if (be32(h + 68) != SQ_APPLICATION_ID || h[18] != 2 || h[19] != 2)
		return sq_file_fault(fault, EX_DATAERR, path, _("not a journal: a database, but not one of Dutydesk's"));
	return version_fault(be32(h + 60), path, fault);
}

/* The chain ends where `head` says. */
static int
load_head(struct sq *j, const char *path, struct fault *fault)
{
	struct journal_chain end;
	struct q q;
	int rc;

	memset(&end, 0, sizeof(end));
	if (sq_read_head(j) != 0)
		goto failed;
	if (q_begin(&q, &j->base, Q_CHAIN_LAST) != 0)
		goto failed;
	if ((rc = q_step(&q)) == 0) {
		end.seq = q_get_u64(&q);
		q_get_buf(&q, &j->stored);
		if (j->stored.n == DIGEST_LEN || j->stored.n == SQ_SHORT_HASH)
			memcpy(end.hash, j->stored.p, SQ_SHORT_HASH);
	}
	if (q_end(&q, rc) < 0)
		goto failed;
	if (end.seq != j->last.seq || memcmp(end.hash, j->last.hash, SQ_SHORT_HASH) != 0) {
		(void)fault_set(fault, EX_DATAERR, "",
		    _("the journal is damaged: its chain ends at %llu and should end at %llu"),
		    (unsigned long long)end.seq, (unsigned long long)j->last.seq);
		fault_at(fault, path, 0);
		return -1;
	}
	return 0;
failed:
	return sq_file_fault(fault, EX_DATAERR, path, _("the journal is damaged: the end of its chain cannot be read"));
}

/* The chain has reached what the anchor says: a log that is lost takes acknowledged messages with it. */
static int
check_anchor(struct sq *j, const char *dir, const char *path, struct fault *fault)
{
	struct journal_anchor a;
	struct q q;
	bool same = true;
	int rc;

	if (!journal_anchor_get(dir, &a) || a.seq == 0)
		return 0;
	if (a.seq > j->last.seq) {
		(void)fault_set(fault, EX_DATAERR, "",
		    _("the journal ends at entry %llu of its chain and had reached %llu: its log is lost or damaged; restore it"),
		    (unsigned long long)j->last.seq, (unsigned long long)a.seq);
		fault_at(fault, path, 0);
		return -1;
	}
	if (q_begin(&q, &j->base, Q_CHAIN_HASH) != 0)
		return sq_fault(j->db, path, fault);
	q_u64(&q, a.seq);
	if ((rc = q_step(&q)) == 0) {
		q_get_buf(&q, &j->stored);
		same = j->stored.n >= GUARD_HASH && memcmp(j->stored.p, a.hash, GUARD_HASH) == 0;
	}
	if (q_end(&q, rc) < 0)
		return sq_fault(j->db, path, fault);
	if (rc == 0 && same)
		return 0;
	(void)fault_set(fault, EX_DATAERR, "",
	    _("the journal is another than was here: entry %llu of its chain is not the one known; put it in place by restoring it"),
	    (unsigned long long)a.seq);
	fault_at(fault, path, 0);
	return -1;
}

/* ---- the check at open ---- */

struct tail {
	struct journal_chain last;
	uint64_t bad;			/* entry whose hash does not follow, 0 none */
};

static int
check_link(void *ctx, const struct journal_chain *c)
{
	struct tail *t = ctx;
	struct journal_chain again = *c;

	journal_chain_hash(t->last.hash, &again);
	if (c->seq != t->last.seq + 1 || memcmp(again.hash, c->hash, DIGEST_LEN) != 0)
		t->bad = t->last.seq + 1;
	t->last = again;
	return t->bad != 0;
}

/* The last entries follow from each other, and their messages are there. */
static int
check_tail(struct sq *j, const char *path, struct journal_chain *last, struct fault *fault)
{
	struct journal_verify v = { .bad = "" };
	struct tail t = { .bad = 0 };
	uint64_t from = j->last.seq > TAIL ? (j->last.seq - TAIL) / SQ_WHOLE_HASH * SQ_WHOLE_HASH : 0;
	struct q q;
	int rc = 0;

	if (from > 0) {
		if (q_begin(&q, &j->base, Q_CHAIN_HASH) != 0)
			return -1;
		q_u64(&q, from);
		if ((rc = q_step(&q)) == 0)
			q_get_digest(&q, t.last.hash);
		rc = q_end(&q, rc);
	}
	t.last.seq = from;
	if (rc != 0 || sq_chain_after(&j->base, &v, &t.last, check_link, &t) != 0)
		return sq_file_fault(fault, EX_DATAERR, path,
		    _("the journal is damaged: the end of its chain cannot be read"));
	if (v.bad[0] == '\0' && t.bad == 0 && memcmp(t.last.hash, j->last.hash, DIGEST_LEN) != 0)
		t.bad = j->last.seq;
	if (t.bad != 0)
		(void)journal_bad(&v, _("chain %llu: its hash does not follow from it and the entry before"),
		    (unsigned long long)t.bad);
	if (last != NULL)
		*last = t.last;
	if (v.bad[0] == '\0')
		return 0;
	(void)fault_set(fault, EX_DATAERR, "", _("the journal is damaged: %s"), v.bad);
	fault_at(fault, path, 0);
	return -1;
}

static uint64_t
pragma_number(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *s = NULL;
	uint64_t v = 0;

	if (sqlite3_prepare_v2(db, sql, -1, &s, NULL) == SQLITE_OK && sqlite3_step(s) == SQLITE_ROW)
		v = (uint64_t)sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	return v;
}

/* The trees of all tables and indexes are walked from their roots along both edges: what SQLite needs to find anything at all. */
static int
check_edges(struct sq *j, const char *path, struct fault *fault)
{
	static const char *const edges[] = {
		/* Apart: both at once would read the whole table. */
		"SELECT (SELECT min(seq) FROM chain)+(SELECT max(seq) FROM chain)",
		"SELECT (SELECT min(seq) FROM message)+(SELECT max(seq) FROM message)",
		"SELECT (SELECT min(seq) FROM payload)+(SELECT max(seq) FROM payload)",
		"SELECT 1 FROM message INDEXED BY sqlite_autoindex_message_1 WHERE source>=0 ORDER BY source DESC,serial DESC LIMIT 1",
		"SELECT 1 FROM message INDEXED BY message_kind WHERE kind<>1 AND kind<>3 ORDER BY kind DESC LIMIT 1",
		"SELECT 1 FROM message INDEXED BY message_incident WHERE isource<>0 ORDER BY isource DESC,iserial DESC LIMIT 1",
		"SELECT * FROM ref ORDER BY source DESC,serial DESC,seq DESC LIMIT 1",
		"SELECT * FROM delivery ORDER BY n DESC LIMIT 1",
		"SELECT * FROM delivery INDEXED BY delivery_open WHERE state<=2 AND offered>0 LIMIT 1000",
		"SELECT * FROM outbox ORDER BY n DESC LIMIT 1000",
		"SELECT * FROM request ORDER BY rid DESC LIMIT 1",
		"SELECT * FROM incident ORDER BY n DESC LIMIT 1",
		"SELECT * FROM line", "SELECT * FROM source ORDER BY n DESC LIMIT 1000", "SELECT * FROM name ORDER BY n DESC LIMIT 1000",
		"SELECT * FROM passage ORDER BY line DESC,number DESC LIMIT 1", "SELECT * FROM hold LIMIT 1000",
		"SELECT * FROM alias ORDER BY space DESC,key DESC LIMIT 1", "SELECT * FROM meta",
		"SELECT rowid FROM original ORDER BY rowid DESC LIMIT 1", "SELECT seq FROM quarantine ORDER BY seq DESC LIMIT 1",
		"SELECT * FROM draft LIMIT 1000",
	};
	size_t i;

	for (i = 0; i < sizeof(edges) / sizeof(edges[0]); i++)
		if (sq_exec(j->db, path, edges[i], fault) != 0)
			return -1;
	return 0;
}

/*
 * A journal of a million messages must be ready at once, and SQLite's own check reads every page.  So it is run at every open while the
 * file is small; above, the file's length, the edges of every tree, and the chain's last entries with their messages are looked
 * at: what a crash, a cut copy or a lost tail damages.  What a disk does to old pages in between is found when it is read (SQLite's
 * page checks, digests of bodies) and by verify().
 */
static int
check_file(struct sq *j, const char *path, bool small, struct fault *fault)
{
	char why[256];
	int rc;

	if (!small)
		return 0;
	if (sq_prepare_one(j, Q_CHECK_QUICK, path, fault) != 0)
		return -1;
	if ((rc = sq_check_storage(&j->base, Q_CHECK_QUICK, why, sizeof(why))) < 0)
		return sq_fault(j->db, path, fault);
	if (rc > 0) {
		(void)fault_set(fault, EX_DATAERR, "", _("the journal is damaged: %s"), why);
		fault_at(fault, path, 0);
		return -1;
	}
	return 0;
}

/* After an orderly end there is no log, and the file is as long as its first page says. */
static int
check_length(struct sq *j, const char *path, struct fault *fault)
{
	uint64_t pages = pragma_number(j->db, "PRAGMA page_count"), size = pragma_number(j->db, "PRAGMA page_size");
	sqlite3_file *f = NULL;
	sqlite3_int64 length = 0;

	if (sqlite3_file_control(j->db, "main", SQLITE_FCNTL_FILE_POINTER, &f) != SQLITE_OK || f == NULL ||
	    f->pMethods == NULL || f->pMethods->xFileSize(f, &length) != SQLITE_OK)
		return sq_fault(j->db, path, fault);
	if ((uint64_t)length / size >= pages)
		return 0;
	(void)fault_set(fault, EX_DATAERR, "", _("the journal is damaged: it has %llu pages and should have %llu"),
	    (unsigned long long)((uint64_t)length / size), (unsigned long long)pages);
	fault_at(fault, path, 0);
	return -1;
}

int
sq_prepare_one(struct sq *j, enum query n, const char *path, struct fault *fault)
{
	if (j->s[n] == NULL &&
	    sqlite3_prepare_v3(j->db, sq_sql[n], -1, SQLITE_PREPARE_PERSISTENT, &j->s[n], NULL) != SQLITE_OK)
		return sq_fault(j->db, path, fault);
	return 0;
}

static int
prepare(struct sq *j, const char *path, struct fault *fault)
{
	enum query n;

	for (n = 0; n < Q_COUNT; n++)
		if (sq_prepare_one(j, n, path, fault) != 0)
			return -1;
	return 0;
}

/* The version in the log counts, not the one in the file's first page, which is older after a crash. */
int
sq_version(struct sq *j, const char *path, int64_t *version, struct fault *fault)
{
	struct q q;
	int rc;

	*version = 0;
	if (sq_prepare_one(j, Q_VERSION, path, fault) != 0)
		return -1;
	if (q_begin(&q, &j->base, Q_VERSION) != 0)
		return sq_fault(j->db, path, fault);
	if ((rc = q_step(&q)) == 0)
		*version = q_get_int(&q);
	if (q_end(&q, rc) != 0)
		return sq_fault(j->db, path, fault);
	return version_fault(*version, path, fault);
}

int
sq_end_of(sqlite3 *db, const char *path, struct journal_chain *last, struct fault *fault)
{
	struct sq *j = xcalloc(1, sizeof(*j));
	int rc = -1;

	j->db = db;
	j->base.ops = &journal_sqlite_ops;
	memset(last, 0, sizeof(*last));
	if (prepare(j, path, fault) == 0 && load_head(j, path, fault) == 0)
		rc = check_tail(j, path, last, fault);
	sq_free(j);
	return rc;
}

/* The last one reads, and so takes the lock. */
static const char settings[] = "PRAGMA locking_mode=EXCLUSIVE; PRAGMA synchronous=FULL; PRAGMA temp_store=MEMORY;"
    "PRAGMA cache_size=-8192; PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON; PRAGMA foreign_keys=OFF;"
    "PRAGMA secure_delete=ON; PRAGMA journal_size_limit=16777216; SELECT count(*) FROM sqlite_master;";

static int
open_file(struct sq *j, const char *vfs, const char *dir, const char *path, struct fault *fault)
{
	char val[8];
	int64_t from = 0;
	bool small;

	if (sqlite3_open_v2(path, &j->db, SQLITE_OPEN_READWRITE | ALONE, vfs) != SQLITE_OK)
		return sq_fault(j->db, path, fault);
	sqlite3_extended_result_codes(j->db, 1);
	/* Until it has passed, closing it must not write to it. */
	sqlite3_db_config(j->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, (int *)NULL);
	sqlite3_db_config(j->db, SQLITE_DBCONFIG_DEFENSIVE, 1, (int *)NULL);
	sqlite3_busy_timeout(j->db, BUSY_MS);
	(void)sqlite3_wal_hook(j->db, sq_log_grew, j);	/* in place of SQLite's own, which brings the log home within COMMIT */
	if (sqlite3_db_readonly(j->db, "main") != 0)
		return sq_file_fault(fault, EX_NOPERM, path, _("the journal is not writable"));
	if (check_header(j->db, path, fault) != 0)
		return -1;
	if (sq_exec(j->db, path, settings, fault) != 0)
		return -1;
	small = pragma_number(j->db, "PRAGMA page_count") * pragma_number(j->db, "PRAGMA page_size") <= SMALL_FILE;
	if (check_file(j, path, small, fault) != 0 || sq_migrate(j, dir, path, &from, fault) != 0 ||
	    prepare(j, path, fault) != 0 || load_head(j, path, fault) != 0 ||
	    (dir != NULL && check_anchor(j, dir, path, fault) != 0))
		return -1;
	if (dir != NULL)
		j->dir = xstrdup(dir);
	if (!small && ((j->clean && check_length(j, path, fault) != 0) || check_edges(j, path, fault) != 0 ||
	    check_tail(j, path, NULL, fault) != 0))
		return -1;
	if (from != SQ_USER_VERSION) {
		j->writing = true;	/* the migration's transaction */
		if (sq_index_names(&j->base) != 0)
			return sq_fault(j->db, path, fault);
	}
	if (sq_migrated(j, path, from, fault) != 0)
		return -1;
	/* A crash may have come between a destruction's commit and the laying out anew. */
	if (sq_meta_get(&j->base, SQ_META_LAYOUT, val, sizeof(val)) == 0 && sq_lay_out(j) != 0)
		log_event(LOG_LV_ERROR, "journal_layout", "error=%s", log_quote(sqlite3_errmsg(j->db)));
	/* Or between it and the emptying of the log. */
	if (sq_empty_log(j->db) != 0)
		log_event(LOG_LV_ERROR, "journal_checkpoint", "error=%s", log_quote(sqlite3_errmsg(j->db)));
	sqlite3_db_config(j->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, (int *)NULL);
	return 0;
}

/*
 * Makes the schema in place, on a VFS of which nothing is known but that it keeps files.  A creation cut off leaves a file
 * without tables, or one that is whole but for its log mode: the next takes it from there.
 */
static int
create_in_place(const char *vfs, const char *name, struct fault *fault)
{
	sqlite3 *db = NULL;
	char sql[128];
	int rc = -1;

	if (sqlite3_open_v2(name, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | ALONE, vfs) !=
	    SQLITE_OK || sq_exec(db, name, "PRAGMA locking_mode=EXCLUSIVE; PRAGMA synchronous=FULL; PRAGMA temp_store=MEMORY;",
	    fault) != 0) {
		(void)sq_fault(db, name, fault);
		goto out;
	}
	(void)snprintf(sql, sizeof(sql), "PRAGMA application_id=%d; PRAGMA user_version=%d;", SQ_APPLICATION_ID,
	    SQ_USER_VERSION);
	if (!has_tables(db) && (sq_exec(db, name, "BEGIN IMMEDIATE", fault) != 0 || sq_exec(db, name, sql, fault) != 0 ||
	    sq_exec(db, name, sq_schema, fault) != 0 || sq_exec(db, name, "COMMIT", fault) != 0))
		goto out;
	rc = sq_exec(db, name, "PRAGMA journal_mode=WAL; PRAGMA wal_checkpoint(TRUNCATE);", fault);
out:
	(void)sqlite3_close(db);
	return rc;
}

static struct journal *
open_journal(const char *vfs, const char *dir, const char *path, struct fault *fault)
{
	struct sq *j = xcalloc(1, sizeof(*j));

	j->base.ops = &journal_sqlite_ops;
	if (open_file(j, vfs, dir, path, fault) != 0) {
		j->base.failed = true;	/* left as it is */
		sq_close(&j->base);
		return NULL;
	}
	return &j->base;
}

/* Is there a journal whose making has come to its end?  What is damaged counts: it is not made anew. */
static bool
is_made(const char *vfs, const char *name)
{
	sqlite3 *db = NULL;
	sqlite3_file *f = NULL;
	uint8_t h[100];
	bool made = false;

	if (sqlite3_open_v2(name, &db, SQLITE_OPEN_READWRITE | ALONE, vfs) == SQLITE_OK &&
	    sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &f) == SQLITE_OK && f != NULL &&
	    f->pMethods != NULL && f->pMethods->xRead(f, h, sizeof(h), 0) == SQLITE_OK)
		made = memcmp(h, "SQLite format 3", 16) != 0 || h[18] == 2 || be32(h + 68) != SQ_APPLICATION_ID;
	(void)sqlite3_close(db);
	return made;
}

struct journal *
journal_sqlite_open_vfs(const char *vfs, const char *name, bool create, struct fault *fault)
{
	sqlite3_vfs *v;
	int there = 0;

	sq_configure();
	if ((v = sqlite3_vfs_find(vfs)) == NULL) {
		(void)sq_file_fault(fault, EX_SOFTWARE, name, _("no such file system is known to the database"));
		return NULL;
	}
	(void)v->xAccess(v, name, SQLITE_ACCESS_EXISTS, &there);
	if (!there && !create) {
		(void)sq_file_fault(fault, EX_NOINPUT, name, _("there is no journal here"));
		return NULL;
	}
	if (create && (!there || !is_made(vfs, name)) && create_in_place(vfs, name, fault) != 0)
		return NULL;
	return open_journal(vfs, NULL, name, fault);
}

struct journal *
journal_sqlite_open(const char *dir, bool create, struct fault *fault)
{
	char path[PATH_LEN], wal[PATH_LEN];
	struct stat st;

	sq_configure();
	if (path_in(path, dir, FILE_NAME, fault) != 0)
		return NULL;
	if (lstat(path, &st) != 0) {
		if (errno != ENOENT) {
			(void)sq_file_fault(fault, EX_NOINPUT, path, strerror(errno));
			return NULL;
		}
		if (create && mkdir(dir, 0700) != 0 && errno != EEXIST) {
			(void)sq_file_fault(fault, EX_CANTCREAT, dir, strerror(errno));
			return NULL;
		}
		if (check_leftovers(dir, fault) != 0)
			return NULL;
		if (!create) {
			(void)sq_file_fault(fault, EX_NOINPUT, path, _("there is no journal here"));
			return NULL;
		}
		if (create_file(dir, path, fault) != 0)
			return NULL;
	} else if (!S_ISREG(st.st_mode)) {
		(void)sq_file_fault(fault, EX_DATAERR, path, _("not a journal: not a regular file"));
		return NULL;
	}
	if (path_in(wal, dir, FILE_NAME "-wal", fault) != 0 || journal_guard_log(wal, fault) != 0)
		return NULL;
	return open_journal(NULL, dir, path, fault);
}

