/*
 * Disks in memory.  See vfs.h.
 *
 * What waits for a sync is kept as an undo log: each write with the bytes it replaced.  A power failure takes all of
 * them back, newest first, and then does again, in order, those that chance keeps.  So a sound disk holds every file once.
 */
#include "disk_int.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../../formats/buf.h"

#define SECTOR 512

struct image {
	struct file **f;
	size_t n;
};

static struct disk *disks;
static unsigned disks_made;

/* ---- files ---- */

static void
grow(struct file *f, size_t n)
{
	if (n > f->cap) {
		f->cap = f->cap * 2 > n ? f->cap * 2 : n + 4096;
		f->p = xreallocarray(f->p, f->cap, 1);
	}
	if (n > f->n)
		memset(f->p + f->n, 0, n - f->n);
	f->n = n > f->n ? n : f->n;
}

void
file_synced(struct file *f)
{
	for (size_t i = 0; i < f->npend; i++) {
		free(f->pend[i].now);
		free(f->pend[i].old);
	}
	f->npend = 0;
}

void
file_free(struct file *f)
{
	file_synced(f);
	free(f->pend);
	free(f->p);
	free(f);
}

static uint8_t *
copied(const uint8_t *p, size_t n)
{
	uint8_t *c;

	if (n == 0)
		return NULL;
	c = xcalloc(n, 1);
	memcpy(c, p, n);
	return c;
}

static void
pend(struct file *f, const struct pending *op)
{
	if (f->npend == f->cpend) {
		f->cpend = f->cpend > 0 ? f->cpend * 2 : 16;
		f->pend = xreallocarray(f->pend, f->cpend, sizeof *f->pend);
	}
	f->pend[f->npend++] = *op;
}

void
file_write(struct file *f, const void *p, size_t n, size_t off)
{
	struct pending op = {.off = off, .len = n, .was = f->n};

	if (!f->scratch) {
		op.nold = off >= f->n ? 0 : f->n - off < n ? f->n - off : n;
		op.old = op.nold > 0 ? copied(f->p + off, op.nold) : NULL;
		op.now = copied(p, n);
		pend(f, &op);
	}
	grow(f, off + n);
	if (n > 0)
		memcpy(f->p + off, p, n);
}

void
file_cut(struct file *f, size_t n)
{
	struct pending op = {.cut = true, .off = n, .was = f->n};

	if (n >= f->n)
		return;
	if (!f->scratch) {
		op.len = op.nold = f->n - n;
		op.old = copied(f->p + n, op.nold);
		pend(f, &op);
	}
	f->n = n;
}

/* ---- what a power failure leaves ---- */

static void
undo(struct file *f)
{
	for (size_t i = f->npend; i > 0; i--) {
		const struct pending *op = &f->pend[i - 1];

		grow(f, op->was);
		if (op->nold > 0)
			memcpy(f->p + op->off, op->old, op->nold);
		f->n = op->was;
	}
}

static void
redo(struct file *f, const struct pending *op, struct rng *g, bool torn)
{
	size_t begin, end, edge = op->off + op->len;

	if (op->cut) {
		f->n = op->off < f->n ? op->off : f->n;
		return;
	}
	if (!torn) {
		grow(f, edge);
		memcpy(f->p + op->off, op->now, op->len);
		return;
	}
	/* Sector by sector, as the disk has them; a size that has grown may be there without the bytes. */
	if (rng_chance(g, 500))
		grow(f, edge);
	for (begin = op->off; begin < edge; begin = end) {
		end = (begin / SECTOR + 1) * SECTOR < edge ? (begin / SECTOR + 1) * SECTOR : edge;
		if (rng_chance(g, 500)) {
			grow(f, end);
			memcpy(f->p + begin, op->now + (begin - op->off), end - begin);
		}
	}
}

static void
file_power(struct file *f, struct rng *g, struct disk_stats *st)
{
	unsigned mood = (unsigned)rng_below(g, 5); /* all, none, a beginning, some, some and torn ones */
	size_t first = rng_below(g, f->npend + 1);
	unsigned keep = 100 + (unsigned)rng_below(g, 800);

	if (f->npend == 0)
		return;
	undo(f);
	for (size_t i = 0; i < f->npend; i++) {
		bool kept = mood == 0 || (mood == 2 && i < first) || (mood >= 3 && rng_chance(g, keep));
		bool torn = (mood == 2 && i == first && rng_chance(g, 500)) || (mood == 4 && rng_chance(g, 250));

		if (torn) {
			st->torn++;
			redo(f, &f->pend[i], g, true);
		} else if (kept) {
			st->kept++;
			redo(f, &f->pend[i], g, false);
		} else
			st->lost++;
	}
	file_synced(f);
}

/* ---- disks ---- */

struct disk *
disk_new(void)
{
	struct disk *d = xcalloc(1, sizeof *d);

	d->number = ++disks_made;
	snprintf(d->journal, sizeof d->journal, "/%u/journal.db", d->number);
	d->next = disks;
	disks = d;
	return d;
}

void
disk_drop(struct disk *d, size_t i)
{
	assert(d->f[i]->handles == 0);
	file_free(d->f[i]);
	d->f[i] = d->f[--d->nf];
}

void
disk_burn(struct disk *d)
{
	while (d->nf > 0)
		disk_drop(d, d->nf - 1);
}

void
disk_free(struct disk *d)
{
	struct disk **at;

	disk_burn(d);
	for (at = &disks; *at != d; at = &(*at)->next)
		;
	*at = d->next;
	if (disks == NULL)
		disks_made = 0; /* the next world's disks are called like this one's */
	free(d->f);
	free(d);
}

const char *
disk_journal(const struct disk *d)
{
	return d->journal;
}

void
disk_plan(struct disk *d, enum disk_plan plan, unsigned after)
{
	d->plan = plan;
	d->after = after;
}

bool
disk_synced(const struct disk *d, bool log)
{
	for (size_t i = 0; i < d->nf; i++) {
		const struct file *f = d->f[i];

		if (f->npend == 0 || (log && strstr(f->name, "-wal") == NULL))
			continue;
		/* A log is cut once what it held is in the file for good: that may wait. */
		if (!log || !f->pend[f->npend - 1].cut)
			return false;
	}
	return true;
}

void
disk_halt(struct disk *d)
{
	d->halted = true;
}

bool
disk_halted(const struct disk *d)
{
	return d->halted;
}

bool
disk_sound(const struct disk *d)
{
	return !d->ill;
}

void
disk_crash(struct disk *d, struct rng *g, bool power, struct disk_stats *st)
{
	d->halted = d->ill = false;
	d->plan = DISK_SOUND;
	st->errors += d->errors;
	d->errors = 0;
	if (power)
		st->crashes++;
	for (size_t i = d->nf; i > 0; i--) {
		struct file *f = d->f[i - 1];

		assert(f->handles == 0);
		if (!power) {
			if (f->deleted)
				disk_drop(d, i - 1);
			continue;
		}
		file_power(f, g, st);
		if ((f->deleted || !f->entered) && rng_chance(g, 500))
			disk_drop(d, i - 1);
		else {
			f->deleted = false;
			f->entered = true;
		}
	}
}

struct file *
disk_find(struct disk *d, const char *name)
{
	for (size_t i = 0; i < d->nf; i++)
		if (strcmp(d->f[i]->name, name) == 0)
			return d->f[i];
	return NULL;
}

struct file *
disk_add(struct disk *d, const char *name)
{
	struct file *f = xcalloc(1, sizeof *f);

	snprintf(f->name, sizeof f->name, "%s", name);
	if (d->nf == d->cf) {
		d->cf = d->cf > 0 ? d->cf * 2 : 4;
		d->f = xreallocarray(d->f, d->cf, sizeof(struct file *));
	}
	d->f[d->nf++] = f;
	return f;
}

struct image *
disk_copy(const struct disk *d)
{
	struct image *im = xcalloc(1, sizeof *im);

	im->f = xcalloc(d->nf + 1, sizeof *im->f);
	for (size_t i = 0; i < d->nf; i++) {
		const struct file *f = d->f[i];
		struct file *c;

		if (f->deleted)
			continue;
		c = xcalloc(1, sizeof *c);
		/* by the last part of its name: it may be put onto another disk */
		snprintf(c->name, sizeof c->name, "%s", strrchr(f->name, '/'));
		c->p = copied(f->p, f->n);
		c->n = c->cap = f->n;
		im->f[im->n++] = c;
	}
	return im;
}

void
disk_restore(struct disk *d, const struct image *im)
{
	disk_burn(d);
	for (size_t i = 0; i < im->n; i++) {
		const struct file *c = im->f[i];
		char name[2 * DISK_NAME_MAX];
		struct file *f;

		snprintf(name, sizeof name, "/%u%s", d->number, c->name);
		f = disk_add(d, name);
		f->p = copied(c->p, c->n);
		f->n = f->cap = c->n;
		f->entered = true;
	}
}

void
image_free(struct image *im)
{
	if (im == NULL)
		return;
	for (size_t i = 0; i < im->n; i++)
		file_free(im->f[i]);
	free(im->f);
	free(im);
}

uint64_t
disk_hash(const struct disk *d)
{
	uint64_t h = d->hash;

	for (size_t i = 0; i < d->nf; i++) {
		h = hash_bytes(h, d->f[i]->name, strlen(d->f[i]->name));
		h = hash_bytes(h, d->f[i]->p, d->f[i]->n);
	}
	return h;
}

struct disk *
disk_of(const char *name)
{
	char *end;
	unsigned long n;

	if (*name != '/')
		return NULL;
	n = strtoul(name + 1, &end, 10);
	for (struct disk *d = disks; d != NULL; d = d->next)
		if (*end == '/' && d->number == n)
			return d;
	return NULL;
}
