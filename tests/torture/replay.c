/*
 * A disk that keeps for certain only what was synced.
 *
 * Of a file's unsynced writes any may be there after a loss, in any mixture, and of each write any of its sectors (512
 * bytes); lengths change with the writes that do.  Names (made, renamed, removed) reach the disk in their order, as
 * every journalling file system has it, but how many of them only the folder's sync says; syncing a file does not sync
 * its name.  Bytes are never other than they were written.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "power.h"

#define SECTOR 512
#define NAMES 64

struct write {
	bool truncate;
	uint64_t off, len;
	const uint8_t *p;
};

struct file { /* an inode, for as long as it lives */
	uint64_t ino;
	struct buf synced;
	struct write *w;
	size_t n, cap;
};

struct name {
	char path[96];
	size_t file;
};

struct change {		     /* of names */
	enum shim_what what; /* CREATE, RENAME, UNLINK */
	char a[96], b[96];
	size_t file;
};

struct disk {
	uint64_t ino; /* of the folder */
	struct file *files;
	size_t nfiles, cap;
	struct name names[NAMES]; /* synced */
	size_t nnames;
	struct change *changes;
	size_t nchanges, ccap;
};

/* ---- making ---- */

static size_t
file_new(struct disk *d, uint64_t ino)
{
	if (d->nfiles == d->cap) {
		d->cap = d->cap == 0 ? 16 : d->cap * 2;
		d->files = xreallocarray(d->files, d->cap, sizeof *d->files);
	}
	memset(&d->files[d->nfiles], 0, sizeof *d->files);
	d->files[d->nfiles].ino = ino;
	return d->nfiles++;
}

static void
name_put(struct name *names, size_t *n, const char *path, size_t file)
{
	size_t i;

	for (i = 0; i < *n && strcmp(names[i].path, path) != 0; i++)
		;
	if (i == *n) {
		ST_CHECK(
		    *n < NAMES && strlen(path) < sizeof names[i].path, "too many files, or too long a name: %s", path);
		++*n;
	}
	(void)snprintf(names[i].path, sizeof names[i].path, "%s", path);
	names[i].file = file;
}

static void
name_drop(struct name *names, size_t *n, const char *path)
{
	for (size_t i = 0; i < *n; i++)
		if (strcmp(names[i].path, path) == 0) {
			memmove(&names[i], &names[i + 1], (*n - i - 1) * sizeof *names);
			--*n;
			return;
		}
}

struct disk *
disk_new(const char *dir)
{
	struct disk *d = xcalloc(1, sizeof *d);
	struct dirent *e;
	struct stat st;
	char path[512];
	DIR *h = opendir(dir);

	ST_CHECK(h != NULL && stat(dir, &st) == 0, "%s: %s", dir, strerror(errno));
	d->ino = (uint64_t)st.st_ino;
	while ((e = readdir(h)) != NULL) {
		size_t f;

		if (e->d_name[0] == '.' || snprintf(path, sizeof path, "%s/%s", dir, e->d_name) >= (int)sizeof path ||
		    stat(path, &st) != 0 || !S_ISREG(st.st_mode))
			continue;
		f = file_new(d, (uint64_t)st.st_ino);
		file_read(path, &d->files[f].synced);
		name_put(d->names, &d->nnames, e->d_name, f);
	}
	(void)closedir(h);
	return d;
}

void
disk_free(struct disk *d)
{
	if (d == NULL)
		return;
	for (size_t i = 0; i < d->nfiles; i++) {
		buf_free(&d->files[i].synced);
		free(d->files[i].w);
	}
	free(d->files);
	free(d->changes);
	free(d);
}

/* ---- going on ---- */

static void
grow(struct buf *b, size_t n)
{
	static const uint8_t zeros[4096];

	while (b->n < n)
		buf_put(b, zeros, n - b->n < sizeof zeros ? n - b->n : sizeof zeros);
}

static void
write_apply(struct buf *b, uint64_t off, const uint8_t *p, size_t n)
{
	grow(b, (size_t)off + n);
	if (n > 0)
		memcpy(b->p + off, p, n);
}

static void
cut(struct buf *b, uint64_t len)
{
	grow(b, (size_t)len);
	b->n = (size_t)len;
}

static void
change_apply(struct name *names, size_t *n, const struct change *c)
{
	switch (c->what) {
	case REC_CREATE:
		name_put(names, n, c->a, c->file);
		break;
	case REC_UNLINK:
		name_drop(names, n, c->a);
		break;
	default:
		for (size_t i = 0; i < *n; i++)
			if (strcmp(names[i].path, c->a) == 0) {
				size_t file = names[i].file;

				name_drop(names, n, c->a);
				name_put(names, n, c->b, file);
				return;
			}
	}
}

static struct file *
file_by_ino(struct disk *d, uint64_t ino)
{
	for (size_t i = d->nfiles; i-- > 0;) /* the newest: numbers are used again */
		if (d->files[i].ino == ino)
			return &d->files[i];
	return NULL;
}

static void
pend(struct file *f, bool truncate, uint64_t off, uint64_t len, const uint8_t *p)
{
	if (f->n == f->cap) {
		f->cap = f->cap == 0 ? 32 : f->cap * 2;
		f->w = xreallocarray(f->w, f->cap, sizeof *f->w);
	}
	f->w[f->n++] = (struct write){truncate, off, len, p};
}

static void
sync_done(struct disk *d, uint64_t ino)
{
	struct file *f;

	if (ino == d->ino) {
		for (size_t i = 0; i < d->nchanges; i++)
			change_apply(d->names, &d->nnames, &d->changes[i]);
		d->nchanges = 0;
		return;
	}
	if ((f = file_by_ino(d, ino)) == NULL)
		return;
	for (size_t i = 0; i < f->n; i++)
		if (f->w[i].truncate)
			cut(&f->synced, f->w[i].off);
		else
			write_apply(&f->synced, f->w[i].off, f->w[i].p, (size_t)f->w[i].len);
	f->n = 0;
}

void
disk_feed(struct disk *d, const struct shim_record *r, const uint8_t *p)
{
	struct change c;
	struct file *f;

	switch (r->what) {
	case REC_CREATE:
	case REC_RENAME:
	case REC_UNLINK:
		memset(&c, 0, sizeof c);
		c.what = (enum shim_what)r->what;
		(void)snprintf(c.a, sizeof c.a, "%.*s", (int)strnlen((const char *)p, (size_t)r->len), (const char *)p);
		if (r->what == REC_RENAME)
			(void)snprintf(c.b, sizeof c.b, "%.*s", (int)(r->len - strlen(c.a) - 1),
			    (const char *)p + strlen(c.a) + 1);
		if (r->what == REC_CREATE)
			c.file = file_new(d, r->ino);
		if (d->nchanges == d->ccap) {
			d->ccap = d->ccap == 0 ? 16 : d->ccap * 2;
			d->changes = xreallocarray(d->changes, d->ccap, sizeof *d->changes);
		}
		d->changes[d->nchanges++] = c;
		break;
	case REC_WRITE:
	case REC_TRUNC:
		if ((f = file_by_ino(d, r->ino)) != NULL)
			pend(f, r->what == REC_TRUNC, r->off, r->len, p);
		break;
	case REC_SYNC:
		sync_done(d, r->ino);
		break;
	default:
		break;
	}
}

size_t
disk_pending(const struct disk *d)
{
	size_t n = d->nchanges;

	for (size_t i = 0; i < d->nfiles; i++)
		n += d->files[i].n;
	return n;
}

/* ---- losing ---- */

static void
folder_empty(const char *dir)
{
	struct dirent *e;
	char path[512];
	DIR *h = opendir(dir);

	ST_CHECK(h != NULL, "%s: %s", dir, strerror(errno));
	while ((e = readdir(h)) != NULL)
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0 &&
		    snprintf(path, sizeof path, "%s/%s", dir, e->d_name) < (int)sizeof path)
			(void)unlink(path);
	(void)closedir(h);
}

static void
write_torn(struct buf *b, const struct write *w)
{
	size_t at = 0;

	while (at < w->len) {
		size_t n = SECTOR - (size_t)((w->off + at) % SECTOR);

		if (n > w->len - at)
			n = (size_t)w->len - at;
		if (chance(2) == 0)
			write_apply(b, w->off + at, w->p + at, n);
		at += n;
	}
}

static void
content(const struct file *f, enum crash how, struct buf *b)
{
	size_t tail =
	    how == CRASH_TORN && chance(2) == 0 && f->n > 0 ? f->n - 1 : SIZE_MAX; /* only the last one torn, or any */

	buf_clear(b);
	buf_put(b, f->synced.p, f->synced.n);
	for (size_t i = 0; how != CRASH_LOSE && i < f->n; i++) {
		const struct write *w = &f->w[i];
		bool whole = how == CRASH_KEEP || (tail != SIZE_MAX ? i != tail : chance(2) == 0);

		if (!whole && how == CRASH_SOME)
			continue;
		if (w->truncate) {
			if (whole)
				cut(b, w->off);
		} else if (whole)
			write_apply(b, w->off, w->p, (size_t)w->len);
		else
			write_torn(b, w);
	}
}

void
disk_crash(const struct disk *d, enum crash how, const char *dir)
{
	struct name names[NAMES];
	struct buf b = {0};
	size_t n = d->nnames, keep = how == CRASH_LOSE	 ? 0
				     : how == CRASH_KEEP ? d->nchanges
							 : (size_t)chance(d->nchanges + 1);
	char path[512];

	memcpy(names, d->names, sizeof names);
	for (size_t i = 0; i < keep; i++)
		change_apply(names, &n, &d->changes[i]);
	folder_empty(dir);
	for (size_t i = 0; i < n; i++) {
		content(&d->files[names[i].file], how, &b);
		ST_CHECK(
		    snprintf(path, sizeof path, "%s/%s", dir, names[i].path) < (int)sizeof path, "%s: too long", dir);
		file_write(path, b.p, b.n);
	}
	buf_free(&b);
}

/* ---- the record ---- */

void
record_read(const char *path, struct record_file *f)
{
	size_t at = 0, cap = 0;

	memset(f, 0, sizeof *f);
	file_read(path, &f->bytes);
	while (at + sizeof(struct shim_record) <= f->bytes.n) {
		struct record_entry e;

		memcpy(&e.head, f->bytes.p + at, sizeof e.head); /* not aligned there */
		e.p = f->bytes.p + at + sizeof e.head;
		ST_CHECK(e.head.magic == SHIM_MAGIC && e.head.len <= f->bytes.n - at - sizeof e.head,
		    "%s: record %zu is none", path, f->n);
		if (f->n == cap) {
			cap = cap == 0 ? 1024 : cap * 2;
			f->v = xreallocarray(f->v, cap, sizeof *f->v);
		}
		f->v[f->n++] = e;
		at += sizeof e.head + (size_t)e.head.len;
	}
}

void
record_free(struct record_file *f)
{
	free(f->v);
	buf_free(&f->bytes);
	memset(f, 0, sizeof *f);
}
