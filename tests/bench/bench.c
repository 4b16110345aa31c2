/*
 * Arguments, medians, printing, and the disk's own price.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "../lib/stations.h"
#include "bench.h"

void
bench_begin(struct bench *b, int argc, char **argv, const char *title)
{
	static const struct option longs[] = { { "tsv", no_argument, NULL, 't' }, { NULL, 0, NULL, 0 } };
	char *real;
	int c;

	memset(b, 0, sizeof *b);
	while ((c = getopt_long(argc, argv, "B:", longs, NULL)) != -1)
		if (c == 'B')
			b->build = optarg;
		else if (c == 't')
			b->tsv = true;
		else
			b->failed = true;
	if (b->failed || b->build == NULL || optind != argc) {
		fprintf(stderr, "usage: %s -B BUILD [--tsv]\n", argv[0]);
		exit(64);
	}
	stations_setup(b->build);
	real = realpath(b->build, NULL);
	ST_CHECK(real != NULL, "%s: %s", b->build, strerror(errno));
	(void)snprintf(b->dir, sizeof b->dir, "%.200s/bench.XXXXXX", real);
	free(real);
	ST_CHECK(mkdtemp(b->dir) != NULL, "%s: %s", b->dir, strerror(errno));
	(void)setenv("TMPDIR", b->dir, 1);	/* the stations' folders too */
	if (!b->tsv)
		printf("%s\n", title);
}

void
bench_figure(struct bench *b, const char *name, double value, const char *unit, double limit, bool at_most)
{
	bool ok = isnan(limit) || (at_most ? value <= limit : value >= limit);
	char bound[64] = "-";

	if (!isnan(limit))
		(void)snprintf(bound, sizeof bound, "%s%.6g", at_most ? "<=" : ">=", limit);
	b->failed |= !ok;
	if (b->tsv)
		printf("%s\t%.6g\t%s\t%s\t%s\n", name, value, unit, bound, ok ? "ok" : "short");
	else
		printf("  %-44s %12.2f %-10s %s%s%s\n", name, value, unit, isnan(limit) ? "" : bound, isnan(limit) ? "" : "  ",
		    isnan(limit) ? "" : ok ? "ok" : "SHORT");
	(void)fflush(stdout);
}

void
bench_plain(struct bench *b, const char *name, double value, const char *unit)
{
	bench_figure(b, name, value, unit, (double)NAN, true);
}

int
bench_end(struct bench *b)
{
	struct dirent *e;
	DIR *d = opendir(b->dir);
	char path[600];

	while (d != NULL && (e = readdir(d)) != NULL)
		if (e->d_name[0] != '.' && snprintf(path, sizeof path, "%s/%s", b->dir, e->d_name) < (int)sizeof path)
			(void)unlink(path);
	if (d != NULL)
		(void)closedir(d);
	(void)rmdir(b->dir);
	return b->failed ? 1 : 0;
}

/* ---- rounds ---- */

void
rounds_add(struct rounds *r, double v)
{
	ST_CHECK(r->n < ROUNDS_MAX, "too many rounds");
	r->v[r->n++] = v;
}

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double
rounds_median(const struct rounds *r)
{
	struct rounds s = *r;

	ST_CHECK(s.n > 0, "no rounds");
	qsort(s.v, s.n, sizeof s.v[0], by_value);
	return s.n % 2 == 1 ? s.v[s.n / 2] : (s.v[s.n / 2 - 1] + s.v[s.n / 2]) / 2;
}

double
rounds_ratio(const struct rounds *a, const struct rounds *b)
{
	struct rounds q = { .n = a->n };

	ST_CHECK(a->n == b->n && a->n > 0, "rounds that do not match");
	for (size_t i = 0; i < a->n; i++)
		q.v[i] = a->v[i] / b->v[i];
	return rounds_median(&q);
}

/* ---- the disk ---- */

void
scratch_file(const struct bench *b, const char *name, char *out, size_t size)
{
	ST_CHECK(snprintf(out, size, "%s/%s", b->dir, name) < (int)size, "the path is too long");
}

void
scratch_remove(const char *path)
{
	static const char *const tails[] = { "", "-wal", "-shm", "-journal" };
	char p[700];

	for (size_t i = 0; i < sizeof tails / sizeof tails[0]; i++) {
		(void)snprintf(p, sizeof p, "%s%s", path, tails[i]);
		(void)unlink(p);
	}
}

double
sync_us(const struct bench *b, size_t n, int times)
{
	char path[600], *block = xmalloc(n);
	double began;
	int fd;

	scratch_file(b, "sync", path, sizeof path);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	ST_CHECK(fd >= 0, "%s: %s", path, strerror(errno));
	memset(block, 0x5a, n);
	/* Written once before: growing a file costs the file system's own journal as well, which a WAL in use is spared. */
	for (int i = 0; i < times; i++)
		ST_CHECK(write(fd, block, n) == (ssize_t)n, "%s: %s", path, strerror(errno));
	ST_CHECK(fsync(fd) == 0 && lseek(fd, 0, SEEK_SET) == 0, "%s: %s", path, strerror(errno));
	began = mono_s();
	for (int i = 0; i < times; i++)
		ST_CHECK(write(fd, block, n) == (ssize_t)n && fdatasync(fd) == 0, "%s: %s", path, strerror(errno));
	began = mono_s() - began;
	close(fd);
	(void)unlink(path);
	free(block);
	return began * 1e6 / times;
}
