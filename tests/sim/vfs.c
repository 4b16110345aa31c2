/*
 * SQLite's side of the disks in memory.  See vfs.h.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sqlite3.h>
#include "../../formats/buf.h"
#include "disk_int.h"

#define JULIAN_MS INT64_C(210866760000000) /* of 1970 */

struct handle { /* what SQLite allocates */
	sqlite3_file base;
	struct file *file;
	struct disk *disk; /* NULL: a temporary file */
};

static struct rng chance;
static int64_t now_ms;

/* Has the plan come due with this write (or sync)?  A plan for syncs waits for one, and so on. */
static enum disk_plan
due(struct disk *d, bool sync)
{
	enum disk_plan p = d->plan;

	if (p == DISK_SOUND || (sync && (p == DISK_EIO_WRITE || p == DISK_FULL)) ||
	    (!sync && (p == DISK_EIO_SYNC || p == DISK_EIO_SYNC_DONE)))
		return DISK_SOUND;
	if (d->after > 1) {
		d->after--;
		return DISK_SOUND;
	}
	d->plan = DISK_SOUND;
	d->ill = true;
	d->errors++;
	return p;
}

static int
io_close(sqlite3_file *base)
{
	struct handle *h = (struct handle *)base;

	h->file->handles--;
	if (h->disk == NULL)
		file_free(h->file);
	return SQLITE_OK;
}

static int
io_read(sqlite3_file *base, void *p, int n, sqlite3_int64 off)
{
	const struct handle *h = (struct handle *)base;
	const struct file *f = h->file;
	size_t want = (size_t)n, at = (size_t)off, have = at < f->n ? f->n - at : 0;

	if (h->disk != NULL && h->disk->halted)
		return SQLITE_IOERR_READ;
	if (have >= want) {
		memcpy(p, f->p + at, want);
		return SQLITE_OK;
	}
	if (have > 0)
		memcpy(p, f->p + at, have);
	memset((uint8_t *)p + have, 0, want - have);
	return SQLITE_IOERR_SHORT_READ;
}

static int
io_write(sqlite3_file *base, const void *p, int n, sqlite3_int64 off)
{
	struct handle *h = (struct handle *)base;
	size_t len = (size_t)n;

	if (h->disk != NULL) {
		if (h->disk->halted)
			return SQLITE_IOERR_WRITE;
		switch (due(h->disk, false)) {
		case DISK_POWER:
			file_write(h->file, p, len, (size_t)off);
			h->disk->halted = true;
			return SQLITE_IOERR_WRITE;
		case DISK_EIO_WRITE:
			file_write(h->file, p, len / 2, (size_t)off);
			return SQLITE_IOERR_WRITE;
		case DISK_FULL:
			return SQLITE_FULL;
		default:
			break;
		}
		h->disk->hash = hash_bytes(hash_u64(h->disk->hash, (uint64_t)off), p, len);
	}
	file_write(h->file, p, len, (size_t)off);
	return SQLITE_OK;
}

static int
io_truncate(sqlite3_file *base, sqlite3_int64 size)
{
	struct handle *h = (struct handle *)base;

	if (h->disk != NULL && h->disk->halted)
		return SQLITE_IOERR_TRUNCATE;
	file_cut(h->file, (size_t)size);
	return SQLITE_OK;
}

static int
io_sync(sqlite3_file *base, int flags)
{
	struct handle *h = (struct handle *)base;
	int rc = SQLITE_OK;

	(void)flags;
	if (h->disk == NULL)
		return SQLITE_OK;
	if (h->disk->halted)
		return SQLITE_IOERR_FSYNC;
	switch (due(h->disk, true)) {
	case DISK_POWER:
		h->disk->halted = true;
		return SQLITE_IOERR_FSYNC;
	case DISK_EIO_SYNC:
		return SQLITE_IOERR_FSYNC;
	case DISK_EIO_SYNC_DONE:
		rc = SQLITE_IOERR_FSYNC;
		break;
	default:
		break;
	}
	h->disk->hash = hash_u64(h->disk->hash, 0x5f17c);
	h->file->entered = true;
	file_synced(h->file);
	return rc;
}

static int
io_size(sqlite3_file *base, sqlite3_int64 *size)
{
	*size = (sqlite3_int64)((struct handle *)base)->file->n;
	return SQLITE_OK;
}

static int
io_lock(sqlite3_file *base, int level)
{
	(void)base;
	(void)level;
	return SQLITE_OK;
}

static int
io_reserved(sqlite3_file *base, int *out)
{
	(void)base;
	*out = 0;
	return SQLITE_OK;
}

static int
io_control(sqlite3_file *base, int op, void *arg)
{
	(void)base;
	(void)op;
	(void)arg;
	return SQLITE_NOTFOUND;
}

static int
io_sector(sqlite3_file *base)
{
	(void)base;
	return 4096; /* what SQLite takes of a real disk */
}

static int
io_character(sqlite3_file *base)
{
	(void)base;
	return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

static const sqlite3_io_methods io = {
    .iVersion = 1, /* no shared memory: the journal is opened by one process exclusively */
    .xClose = io_close,
    .xRead = io_read,
    .xWrite = io_write,
    .xTruncate = io_truncate,
    .xSync = io_sync,
    .xFileSize = io_size,
    .xLock = io_lock,
    .xUnlock = io_lock,
    .xCheckReservedLock = io_reserved,
    .xFileControl = io_control,
    .xSectorSize = io_sector,
    .xDeviceCharacteristics = io_character,
};

static int
vfs_open(sqlite3_vfs *v, const char *name, sqlite3_file *base, int flags, int *out)
{
	struct handle *h = (struct handle *)base;
	struct disk *d = name != NULL ? disk_of(name) : NULL;
	struct file *f;

	(void)v;
	base->pMethods = NULL;
	if (name == NULL) {
		f = xcalloc(1, sizeof *f);
		f->scratch = true;
	} else if (d == NULL || d->halted || strlen(name) >= DISK_NAME_MAX)
		return SQLITE_CANTOPEN;
	else {
		f = disk_find(d, name);
		if (f != NULL && f->deleted) { /* made anew */
			f->deleted = false;
			f->entered = false;
			file_synced(f);
			f->n = 0;
		}
		if (f == NULL && (flags & SQLITE_OPEN_CREATE) == 0)
			return SQLITE_CANTOPEN;
		if (f == NULL)
			f = disk_add(d, name);
	}
	f->handles++;
	h->file = f;
	h->disk = d;
	base->pMethods = &io;
	if (out != NULL)
		*out = flags;
	return SQLITE_OK;
}

static int
vfs_delete(sqlite3_vfs *v, const char *name, int sync)
{
	struct disk *d = disk_of(name);
	struct file *f;

	(void)v;
	if (d == NULL || d->halted)
		return SQLITE_IOERR_DELETE;
	if ((f = disk_find(d, name)) == NULL || f->deleted)
		return SQLITE_IOERR_DELETE_NOENT;
	f->deleted = true;
	for (size_t i = 0; sync != 0 && i < d->nf; i++)
		if (d->f[i] == f && f->handles == 0)
			disk_drop(d, i);
	return SQLITE_OK;
}

static int
vfs_access(sqlite3_vfs *v, const char *name, int flags, int *out)
{
	struct disk *d = disk_of(name);
	const struct file *f = d != NULL ? disk_find(d, name) : NULL;

	(void)v;
	(void)flags;
	*out = f != NULL && !f->deleted && f->n > 0;
	return SQLITE_OK;
}

static int
vfs_path(sqlite3_vfs *v, const char *name, int n, char *out)
{
	(void)v;
	snprintf(out, (size_t)n, "%s", name);
	return SQLITE_OK;
}

static int
vfs_random(sqlite3_vfs *v, int n, char *out)
{
	(void)v;
	for (int i = 0; i < n; i++)
		out[i] = (char)(rng_next(&chance) >> 32 & 0xff);
	return n;
}

static int
vfs_sleep(sqlite3_vfs *v, int us)
{
	(void)v;
	return us;
}

static int
vfs_clock64(sqlite3_vfs *v, sqlite3_int64 *out)
{
	(void)v;
	*out = now_ms + JULIAN_MS;
	return SQLITE_OK;
}

static int
vfs_clock(sqlite3_vfs *v, double *out)
{
	(void)v;
	*out = (double)(now_ms + JULIAN_MS) / 86400000.0;
	return SQLITE_OK;
}

static int
vfs_error(sqlite3_vfs *v, int n, char *out)
{
	(void)v;
	(void)n;
	(void)out;
	return 0;
}

void
vfs_init(void)
{
	static sqlite3_vfs vfs = {
	    .iVersion = 2,
	    .szOsFile = sizeof(struct handle),
	    .mxPathname = DISK_NAME_MAX,
	    .zName = VFS_NAME,
	    .xOpen = vfs_open,
	    .xDelete = vfs_delete,
	    .xAccess = vfs_access,
	    .xFullPathname = vfs_path,
	    .xRandomness = vfs_random,
	    .xSleep = vfs_sleep,
	    .xCurrentTime = vfs_clock,
	    .xGetLastError = vfs_error,
	    .xCurrentTimeInt64 = vfs_clock64,
	};

	if (sqlite3_vfs_register(&vfs, 1) != SQLITE_OK)
		abort();
}

void
vfs_seed(uint64_t seed)
{
	chance = rng_of(seed);
	sqlite3_randomness(0, NULL);
}

void
vfs_time(int64_t ms)
{
	now_ms = ms;
}
