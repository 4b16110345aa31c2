#ifndef TESTS_BENCH_BARE_H
#define TESTS_BENCH_BARE_H
/*
 * The raw limit: what SQLite alone makes of the very rows a switch writes for a report.
 *
 * bare_learn() reads a journal to which a switch has taken reports one like the other and nothing else: its tables and
 * indexes as they are, and the rows in the order they came.  A table with a row a report (or two) is replayed, row by row, a
 * small one (meta, head) is copied and updated once a report or once a commit, as the switch does.  So the loop stays what it is
 * to be compared with, whatever becomes of the schema.  It hashes, encodes and judges nothing.
 */
#include "bench.h"

struct bare;

struct bare *bare_learn(const struct bench *, const char *journal, int reports);
int bare_left(const struct bare *);		/* reports not replayed yet */
/* Microseconds a report: `batches` transactions of `batch` reports, WAL, synchronous=FULL. */
double bare_round(struct bare *, int batches, int batch);
int bare_rows(const struct bare *);		/* rows a report */
void bare_free(struct bare *);

#endif
