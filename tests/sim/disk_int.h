#ifndef TESTS_SIM_DISK_INT_H
#define TESTS_SIM_DISK_INT_H
/*
 * Inside of the disks: shared by disk.c (files, and what failures leave of them) and vfs.c (SQLite's side).
 */
#include "vfs.h"

#define DISK_NAME_MAX 64

struct pending {
	bool cut;		/* a truncation to `off` */
	size_t off, len;	/* write: where; cut: how many bytes went */
	size_t was;		/* size of the file before */
	uint8_t *now, *old;	/* write: the bytes, and those replaced (as many as there were); cut: old only */
	size_t nold;
};

struct file {
	char name[DISK_NAME_MAX];
	uint8_t *p;
	size_t n, cap;
	struct pending *pend;
	size_t npend, cpend;
	bool entered;		/* its name is durable */
	bool deleted;		/* gone, but the directory was not synced */
	bool scratch;		/* a temporary file: belongs to its handle */
	unsigned handles;
};

struct disk {
	char journal[DISK_NAME_MAX];
	unsigned number;
	struct file **f;
	size_t nf, cf;
	enum disk_plan plan;
	unsigned after;
	bool halted, ill;	/* ill: a plan has come due */
	uint64_t hash, errors;
	struct disk *next;
};

struct file *disk_find(struct disk *, const char *name);
struct file *disk_add(struct disk *, const char *name);
void disk_drop(struct disk *, size_t at);
void file_write(struct file *, const void *, size_t n, size_t off);
void file_cut(struct file *, size_t n);
void file_synced(struct file *);	/* nothing waits any more */
void file_free(struct file *);
struct disk *disk_of(const char *name);	/* "/NUMBER/...": NULL: none */

#endif
