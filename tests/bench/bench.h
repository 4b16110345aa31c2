#ifndef TESTS_BENCH_H
#define TESTS_BENCH_H
/*
 * What benchmarks share: bench_NAME -B BUILD [--tsv].
 *
 * Figures are medians of several rounds; where there is a reference, it runs in the same rounds, so that a ratio says
 * something on any machine.  A readable table, or with --tsv one line a figure:
 *   name TAB value TAB unit TAB limit TAB ok|short      (limit "-" where none is set)
 */
#include <stdbool.h>
#include <stddef.h>

#define ROUNDS_MAX 64

struct rounds {
	double v[ROUNDS_MAX];
	size_t n;
};

struct bench {
	const char *build;
	bool tsv, failed;
	char dir[300];		/* scratch folder beside the build: on the same kind of disk as a station's, not in memory */
};

void bench_begin(struct bench *, int argc, char **argv, const char *title);
/* limit: the most (at_most) or the least the figure may be; NAN = none. */
void bench_figure(struct bench *, const char *name, double value, const char *unit, double limit, bool at_most);
void bench_plain(struct bench *, const char *name, double value, const char *unit);	/* without a limit */
int bench_end(struct bench *);			/* removes the scratch folder; exit status: 1 when a figure fell short */

void rounds_add(struct rounds *, double);
double rounds_median(const struct rounds *);
double rounds_ratio(const struct rounds *, const struct rounds *);	/* median of the rounds' ratios */

/* Reference: microseconds of n bytes made durable (write + fdatasync into a file that has its size already), mean over `times`. */
double sync_us(const struct bench *, size_t n, int times);
void scratch_file(const struct bench *, const char *name, char *out, size_t size);
void scratch_remove(const char *path);		/* the file and SQLite's companions */

#endif
