/*
 * Copies of the journal: see journal_sqlite_backup.h for what is promised.
 *
 * SQLite's own online copy is used on the journal's one connection.  That matters: a second connection could not even open
 * the file (locking_mode=EXCLUSIVE), and a copy of the bare file would miss the log.  Pages that the journal changes
 * after they have been copied are written to the copy by SQLite in the same moment, so a copy never starts over however
 * busy the station is, and it ends as the journal is at its end.
 *
 * The copy needs no rollback and no syncs of its own on its way: half of one is worth nothing and is removed.  Writing out
 * is begun early, slice by slice, so that the final fsync does not hold up the commits of the journal for long.
 */
#include "journal_sqlite_backup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>
#include <sqlite3.h>

#include "journal_sqlite.h"
#include "log.h"
#include "../formats/i18n.h"

#define PATH_LEN 512
#define CN_OFFSET ((int64_t)8 * 3600 * 1000)
#define JOURNAL_APPLICATION_ID 0x44757479	/* "Duty", as journal_sqlite.c writes it */
#define WRITE_OUT (1 << 20)	/* bytes copied between two orders to write out */

struct journal_backup {
	sqlite3 *from, *to;
	sqlite3_backup *run;
	char path[PATH_LEN], part[PATH_LEN];
	int fd;			/* of the part, for syncing */
	bool made;		/* the part is ours to remove */
	size_t unwritten;	/* bytes */
	int page;		/* bytes */
	atomic_bool stop;	/* nobody waits for it any more */
};

static int check(const char *path, const char *station, atomic_bool *stop, struct journal_backup_info *, struct fault *);

void
journal_backup_stamp(int64_t ms, char out[JOURNAL_BACKUP_STAMP])
{
	time_t t = (time_t)((ms + CN_OFFSET) / 1000);
	struct tm tm;

	memset(&tm, 0, sizeof(tm));
	if (gmtime_r(&t, &tm) == NULL || strftime(out, JOURNAL_BACKUP_STAMP, "%Y%m%d-%H%M%S", &tm) == 0)
		(void)snprintf(out, JOURNAL_BACKUP_STAMP, "00000000-000000");
}

static int
fault_file(struct fault *f, int code, const char *path, const char *why)
{
	(void)fault_set(f, code, "", "%s", why);
	fault_at(f, path, 0);
	return -1;
}

/* One number of one row.  0, 1 no row, -1. */
static int
number(sqlite3 *db, const char *sql, int64_t *out)
{
	sqlite3_stmt *s = NULL;
	int rc = -1;

	if (sqlite3_prepare_v2(db, sql, -1, &s, NULL) == SQLITE_OK) {
		switch (sqlite3_step(s)) {
		case SQLITE_ROW:
			*out = sqlite3_column_int64(s, 0);
			rc = 0;
			break;
		case SQLITE_DONE:
			rc = 1;
			break;
		default:
			break;
		}
	}
	(void)sqlite3_finalize(s);
	return rc;
}

/* ---- making one ---- */

static uint64_t
size_of(sqlite3 *db)
{
	int64_t pages, bytes;

	if (number(db, "PRAGMA page_count", &pages) != 0 || number(db, "PRAGMA page_size", &bytes) != 0)
		return 0;
	return (uint64_t)pages * (uint64_t)bytes;
}

uint64_t
journal_backup_size(struct journal *j, struct fault *f)
{
	uint64_t n = j->failed ? 0 : size_of(((struct sq *)j)->db);

	if (n == 0)
		(void)fault_set(f, EX_IOERR, "", _("the journal cannot be read"));
	return n;
}

static int
copy_fault(struct journal_backup *b, int rc, struct fault *f)
{
	int primary = rc & 0xff;

	if (primary == SQLITE_FULL)
		return fault_file(f, EX_CANTCREAT, b->path, _("no room for the copy"));
	(void)fault_set(f, primary == SQLITE_IOERR ? EX_IOERR : EX_CANTCREAT, "", _("the copy cannot be made: %s"), sqlite3_errstr(rc));
	fault_at(f, b->path, 0);
	return -1;
}

static struct journal_backup *
begin(sqlite3 *from, const char *path, struct fault *f)
{
	/* A copy half made is thrown away: it needs neither rollback nor syncs. */
	static const char settings[] = "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA locking_mode=EXCLUSIVE;";
	struct journal_backup *b = xcalloc(1, sizeof(*b));
	struct stat st;
	int64_t page;

	b->from = from;
	b->fd = -1;
	if (snprintf(b->path, sizeof(b->path), "%s", path) >= (int)sizeof(b->path) ||
	    snprintf(b->part, sizeof(b->part), "%s" JOURNAL_BACKUP_PART, path) >= (int)sizeof(b->part)) {
		(void)fault_set(f, EX_USAGE, "path", _("the path is too long"));
		goto fail;
	}
	if (lstat(b->path, &st) == 0) {
		(void)fault_file(f, EX_CANTCREAT, b->path, _("exists already; it was left alone"));
		goto fail;
	}
	if ((b->fd = open(b->part, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600)) < 0) {
		(void)fault_file(f, EX_CANTCREAT, b->part, strerror(errno));
		goto fail;
	}
	b->made = true;
	if (number(from, "PRAGMA page_size", &page) != 0) {
		(void)fault_set(f, EX_IOERR, "", _("the journal cannot be read"));
		goto fail;
	}
	b->page = (int)page;
	if (sqlite3_open_v2(b->part, &b->to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_PRIVATECACHE, NULL) != SQLITE_OK ||
	    sqlite3_exec(b->to, settings, NULL, NULL, NULL) != SQLITE_OK ||
	    (b->run = sqlite3_backup_init(b->to, "main", from, "main")) == NULL) {
		(void)copy_fault(b, b->to != NULL ? sqlite3_extended_errcode(b->to) : SQLITE_NOMEM, f);
		goto fail;
	}
	return b;
fail:
	journal_backup_free(b);
	return NULL;
}

struct journal_backup *
journal_backup_begin(struct journal *j, const char *path, struct fault *f)
{
	if (j->failed) {
		(void)fault_set(f, EX_IOERR, "", _("the journal cannot be read"));
		return NULL;
	}
	return begin(((struct sq *)j)->db, path, f);
}

int
journal_backup_step(struct journal_backup *b, int pages, struct fault *f)
{
	int rc;

	/* Inside a transaction SQLite refuses; there is a next turn. */
	if (sqlite3_get_autocommit(b->from) == 0)
		return 1;
	rc = sqlite3_backup_step(b->run, pages);
	if (rc == SQLITE_OK || rc == SQLITE_BUSY || rc == SQLITE_LOCKED) {
		b->unwritten += rc == SQLITE_OK && pages > 0 ? (size_t)pages * (size_t)b->page : 0;
		if (b->unwritten >= WRITE_OUT) {
			(void)sync_file_range(b->fd, 0, 0, SYNC_FILE_RANGE_WRITE);
			b->unwritten = 0;
		}
		return 1;
	}
	if (rc != SQLITE_DONE)
		return copy_fault(b, rc, f);
	rc = sqlite3_backup_finish(b->run);
	b->run = NULL;
	if (rc == SQLITE_OK)
		rc = sqlite3_close(b->to);
	else
		(void)sqlite3_close(b->to);
	b->to = NULL;
	return rc == SQLITE_OK ? 0 : copy_fault(b, rc, f);
}

void
journal_backup_stop(struct journal_backup *b)
{
	atomic_store(&b->stop, true);
}

static int
folder_sync(const char *file)
{
	char dir[PATH_LEN];
	char *slash;
	int fd, rc;

	(void)snprintf(dir, sizeof(dir), "%s", file);
	if ((slash = strrchr(dir, '/')) == NULL)
		(void)snprintf(dir, sizeof(dir), ".");
	else
		slash[slash == dir ? 1 : 0] = '\0';
	if ((fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
		return -1;
	rc = fsync(fd);
	close(fd);
	return rc;
}

/* Onto a name that is free.  Where the file system cannot promise that (a stick), a look before has to do. */
static int
rename_free(const char *from, const char *to)
{
	struct stat st;

	if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -1;
	if (lstat(to, &st) == 0) {
		errno = EEXIST;
		return -1;
	}
	return rename(from, to);
}

int
journal_backup_finish(struct journal_backup *b, struct journal_backup_info *info, struct fault *f)
{
	int rc;

	if (fsync(b->fd) != 0)
		return fault_file(f, errno == ENOSPC ? EX_CANTCREAT : EX_IOERR, b->path, strerror(errno));
	rc = close(b->fd);
	b->fd = -1;
	if (rc != 0)
		return fault_file(f, EX_IOERR, b->path, strerror(errno));
	if (check(b->part, NULL, &b->stop, info, f) != 0)
		return -1;
	if (rename_free(b->part, b->path) != 0)
		return fault_file(f, EX_CANTCREAT, b->path, strerror(errno));
	b->made = false;
	if (folder_sync(b->path) != 0)
		return fault_file(f, EX_IOERR, b->path, strerror(errno));
	return 0;
}

void
journal_backup_free(struct journal_backup *b)
{
	if (b == NULL)
		return;
	if (b->run != NULL)
		(void)sqlite3_backup_finish(b->run);
	if (b->to != NULL)
		(void)sqlite3_close(b->to);
	if (b->fd >= 0)
		close(b->fd);
	if (b->made)
		(void)unlink(b->part);
	free(b);
}

/* ---- looking at one ---- */

/* The path as the address of a file that nobody changes: then SQLite makes no log and no lock beside it. */
static int
address_of(const char *path, char *out, size_t size)
{
	static const char hex[] = "0123456789ABCDEF", plain[] = "/._-";
	static const char tail[] = "?immutable=1&mode=ro";
	size_t n = 0;

	n = (size_t)snprintf(out, size, "file:%s", path[0] == '/' ? "" : "./");
	for (const unsigned char *p = (const unsigned char *)path; *p != '\0'; p++) {
		bool as_is = (*p >= '0' && *p <= '9') || (*p >= 'A' && *p <= 'Z') || (*p >= 'a' && *p <= 'z') ||
		    strchr(plain, *p) != NULL;

		if (n + 3 + sizeof(tail) > size)
			return -1;
		if (as_is)
			out[n++] = (char)*p;
		else {
			out[n++] = '%';
			out[n++] = hex[*p >> 4];
			out[n++] = hex[*p & 15];
		}
	}
	memcpy(out + n, tail, sizeof(tail));
	return 0;
}

static int
damaged(struct fault *f, const char *path, const char *why)
{
	(void)fault_set(f, EX_DATAERR, "", _("is no whole journal: %s"), why);
	fault_at(f, path, 0);
	return -1;
}

/* PRAGMA quick_check: "ok", or what is wrong. */
static int
structure(sqlite3 *db, const char *path, struct fault *f)
{
	sqlite3_stmt *s = NULL;
	const char *said = NULL;
	int rc = -1;

	if (sqlite3_prepare_v2(db, "PRAGMA quick_check(1)", -1, &s, NULL) == SQLITE_OK && sqlite3_step(s) == SQLITE_ROW &&
	    (said = (const char *)sqlite3_column_text(s, 0)) != NULL && strcmp(said, "ok") == 0)
		rc = 0;
	else
		(void)damaged(f, path, said != NULL ? said : sqlite3_errmsg(db));
	(void)sqlite3_finalize(s);
	return rc;
}

static void
text_at(sqlite3_stmt *s, int column, char *out, size_t size)
{
	const char *t = (const char *)sqlite3_column_text(s, column);

	(void)snprintf(out, size, "%s", t != NULL ? t : "");
}

static void
digest_at(sqlite3_stmt *s, int column, uint8_t out[DIGEST_LEN])
{
	const void *p = sqlite3_column_blob(s, column);

	memset(out, 0, DIGEST_LEN);
	if (p != NULL && sqlite3_column_bytes(s, column) == DIGEST_LEN)
		memcpy(out, p, DIGEST_LEN);
}

/* From version 3 the chain's rows are read by journal_sqlite*.c. */
static int
chain_end_3(sqlite3 *db, struct journal_backup_info *info)
{
	struct journal_chain last;
	struct fault f;

	memset(&f, 0, sizeof(f));
	if (sq_end_of(db, "", &last, &f) != 0)
		return -1;
	info->chain = last.seq;
	info->at = last.ms;
	memcpy(info->hash, last.hash, sizeof(info->hash));
	return 0;
}

/* The last two entries: the end is what `head` says, and its hash follows from the one before. */
static int
chain_end(sqlite3 *db, struct journal_backup_info *info)
{
	struct journal_chain c[2];
	int64_t version = 0;
	uint8_t said[DIGEST_LEN], head[DIGEST_LEN];
	uint64_t head_seq = 0;
	sqlite3_stmt *s = NULL;
	int rc = -1, n = 0;

	if (number(db, "PRAGMA user_version", &version) == 0 && version >= 3)
		return chain_end_3(db, info);
	memset(c, 0, sizeof(c));
	memset(head, 0, sizeof(head));
	if (sqlite3_prepare_v2(db, "SELECT seq,hash FROM head WHERE one=1", -1, &s, NULL) != SQLITE_OK || sqlite3_step(s) != SQLITE_ROW)
		goto out;
	head_seq = (uint64_t)sqlite3_column_int64(s, 0);
	digest_at(s, 1, head);
	(void)sqlite3_finalize(s);
	s = NULL;
	if (sqlite3_prepare_v2(db, "SELECT seq,ms,what,ref,who,digest,hash FROM chain ORDER BY seq DESC LIMIT 2", -1, &s, NULL) != SQLITE_OK)
		goto out;
	while (n < 2 && sqlite3_step(s) == SQLITE_ROW) {
		c[n].seq = (uint64_t)sqlite3_column_int64(s, 0);
		c[n].ms = sqlite3_column_int64(s, 1);
		c[n].what = sqlite3_column_int(s, 2);
		text_at(s, 3, c[n].ref, sizeof(c[n].ref));
		text_at(s, 4, c[n].who, sizeof(c[n].who));
		digest_at(s, 5, c[n].digest);
		digest_at(s, 6, c[n].hash);
		n++;
	}
	memcpy(said, c[0].hash, sizeof(said));
	if (c[0].seq != head_seq || memcmp(head, said, sizeof(said)) != 0)
		goto out;
	if (n > 0 && c[0].seq == c[1].seq + 1) {
		journal_chain_hash(c[1].hash, &c[0]);
		if (memcmp(c[0].hash, said, sizeof(said)) != 0)
			goto out;
	} else if (n > 0)
		goto out;
	info->chain = head_seq;
	info->at = c[0].ms;
	memcpy(info->hash, head, sizeof(info->hash));
	rc = 0;
out:
	(void)sqlite3_finalize(s);
	return rc;
}

static int
owner(sqlite3 *db, struct journal_backup_info *info)
{
	sqlite3_stmt *s = NULL;
	int rc = -1;

	if (sqlite3_prepare_v2(db, "SELECT val FROM meta WHERE key='station'", -1, &s, NULL) == SQLITE_OK) {
		rc = 0;
		if (sqlite3_step(s) == SQLITE_ROW)
			text_at(s, 0, info->station, sizeof(info->station));
	}
	(void)sqlite3_finalize(s);
	return rc;
}

/* SQLite asks every few thousand of its steps: reading a large copy can be broken off. */
static int
stop_asked(void *arg)
{
	return atomic_load((atomic_bool *)arg) ? 1 : 0;
}

static int
check(const char *path, const char *station, atomic_bool *stop, struct journal_backup_info *info, struct fault *f)
{
	struct journal_backup_info mine;
	char address[4 * PATH_LEN];
	struct stat st;
	sqlite3 *db = NULL;
	int64_t app = 0, version = 0, messages = 0, epoch = 0;
	int rc = -1;

	if (info == NULL)
		info = &mine;
	memset(info, 0, sizeof(*info));
	if (stat(path, &st) != 0)
		return fault_file(f, errno == EACCES ? EX_NOPERM : EX_NOINPUT, path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return fault_file(f, EX_DATAERR, path, _("is not a plain file"));
	if (access(path, R_OK) != 0)
		return fault_file(f, EX_NOPERM, path, strerror(errno));
	if (address_of(path, address, sizeof(address)) != 0)
		return fault_file(f, EX_USAGE, path, _("the path is too long"));
	info->bytes = (uint64_t)st.st_size;
	if (sqlite3_open_v2(address, &db, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_PRIVATECACHE, NULL) != SQLITE_OK ||
	    number(db, "PRAGMA application_id", &app) != 0 || number(db, "PRAGMA user_version", &version) != 0) {
		(void)damaged(f, path, db != NULL ? sqlite3_errmsg(db) : "");
		goto out;
	}
	(void)sqlite3_exec(db, "PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON;", NULL, NULL, NULL);
	if (stop != NULL)
		sqlite3_progress_handler(db, 20000, stop_asked, stop);
	if (app != JOURNAL_APPLICATION_ID) {
		(void)damaged(f, path, _("a database, but not one of Dutydesk's"));
		goto out;
	}
	info->version = (int)version;
	if (structure(db, path, f) != 0)
		goto out;
	if (chain_end(db, info) != 0 || owner(db, info) != 0 || number(db, "SELECT count(*) FROM message", &messages) != 0) {
		(void)damaged(f, path, _("the end of its chain is not what it says"));
		goto out;
	}
	info->messages = (uint64_t)messages;
	if (number(db, "SELECT CAST(val AS INTEGER) FROM meta WHERE key='epoch'", &epoch) == 0 && epoch > 0)
		info->epoch = (uint64_t)epoch;
	if (station != NULL && info->station[0] != '\0' && strcmp(info->station, station) != 0) {
		(void)fault_set(f, EX_CONFIG, "station", _("this is the journal of station %s, not of %s"), info->station, station);
		fault_at(f, path, 0);
		goto out;
	}
	rc = 0;
out:
	(void)sqlite3_close(db);
	return rc;
}

int
journal_backup_check(const char *path, const char *station, struct journal_backup_info *info, struct fault *f)
{
	return check(path, station, NULL, info, f);
}

/* ---- before a migration ---- */

/* The station's backup/ as seen from the journal's folder. */
static int
backup_folder(const char *dir, char *out, size_t size, struct fault *f)
{
	const char *last = strrchr(dir, '/');
	bool station;
	int n;

	last = last == NULL ? dir : last + 1;
	station = strcmp(last, "journal") == 0 || strcmp(last, "restore.tmp") == 0;
	n = snprintf(out, size, "%s%s/backup", dir, station ? "/.." : "");
	if (n < 0 || (size_t)n >= size)
		return fault_file(f, EX_USAGE, dir, _("the path is too long"));
	if (mkdir(out, 0700) != 0 && errno != EEXIST)
		return fault_file(f, EX_CANTCREAT, out, strerror(errno));
	return 0;
}

/* An earlier try has made a copy of just this. */
static bool
copied_before(sqlite3 *db, const char *folder, int version)
{
	struct journal_backup_info now, then;
	char start[32], path[PATH_LEN];
	struct fault ignored = {0};
	struct dirent *e;
	bool found = false;
	DIR *d;

	memset(&now, 0, sizeof(now));
	(void)snprintf(start, sizeof(start), "before-v%d-", version);
	if (chain_end(db, &now) != 0 || (d = opendir(folder)) == NULL)
		return false;
	while (!found && (e = readdir(d)) != NULL) {
		size_t n = strlen(e->d_name);

		if (strncmp(e->d_name, start, strlen(start)) != 0 || n < 3 || strcmp(e->d_name + n - 3, ".db") != 0 ||
		    snprintf(path, sizeof(path), "%s/%s", folder, e->d_name) >= (int)sizeof(path))
			continue;
		found = journal_backup_check(path, NULL, &then, &ignored) == 0 && then.chain == now.chain &&
		    then.version == version && memcmp(then.hash, now.hash, sizeof(now.hash)) == 0;
	}
	(void)closedir(d);
	return found;
}

int
journal_backup_before_migration(struct sqlite3 *db, const char *dir, int version, struct fault *f)
{
	char folder[PATH_LEN], path[PATH_LEN], stamp[JOURNAL_BACKUP_STAMP];
	struct journal_backup_info info;
	struct journal_backup *b = NULL;
	struct statvfs fs;
	struct timespec ts;
	struct stat st;
	uint64_t bytes = size_of(db);
	int rc = -1;

	if (backup_folder(dir, folder, sizeof(folder), f) != 0)
		return -1;
	if (copied_before(db, folder, version))
		return 0;
	if (statvfs(folder, &fs) == 0 && (uint64_t)fs.f_bavail * (uint64_t)fs.f_frsize < bytes + bytes / 8) {
		(void)fault_set(f, EX_CANTCREAT, "",
		    _("before the journal is brought forward a copy of it is made, and there is no room for it: %llu MB are needed, %llu MB free"),
		    (unsigned long long)((bytes + bytes / 8) >> 20) + 1,
		    (unsigned long long)((uint64_t)fs.f_bavail * (uint64_t)fs.f_frsize >> 20));
		fault_at(f, folder, 0);
		return -1;
	}
	(void)clock_gettime(CLOCK_REALTIME, &ts);
	journal_backup_stamp((int64_t)ts.tv_sec * 1000, stamp);
	for (int i = 0;; i++) {
		int n = i == 0 ? snprintf(path, sizeof(path), "%s/before-v%d-%s.db", folder, version, stamp)
			       : snprintf(path, sizeof(path), "%s/before-v%d-%s-%d.db", folder, version, stamp, i);

		if (n < 0 || n >= (int)sizeof(path))
			return fault_file(f, EX_USAGE, folder, _("the path is too long"));
		if (lstat(path, &st) != 0 || i == 99)
			break;
	}
	if ((b = begin(db, path, f)) == NULL)
		return -1;
	if (sqlite3_get_autocommit(db) == 0) {
		(void)fault_set(f, EX_SOFTWARE, "", _("the journal cannot be copied inside a transaction"));
		goto out;
	}
	while ((rc = journal_backup_step(b, 4096, f)) == 1)
		;
	if (rc == 0)
		rc = journal_backup_finish(b, &info, f);
	if (rc == 0)
		log_event(LOG_LV_INFO, "backup", "before_migration=%d path=%s bytes=%llu chain=%llu", version, log_quote(path),
		    (unsigned long long)info.bytes, (unsigned long long)info.chain);
out:
	journal_backup_free(b);
	return rc;
}
