/*
 * What a report costs on disk: a journal filled as a station fills it, its two 送达 included, with reports the dictionary was not made
 * from.  "--samples DIR" instead writes the reports it is made from (the first thousand) as files (switch/journal_sqlite_dict.c).
 */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "../lib/stations.h"
#include "bench.h"
#include "fill.h"

#define REPORTS 50000
#define SAMPLES 1000
#define LINES 2000
#define LIMIT 1500.0

/* Bytes of each table and index, where this SQLite can tell. */
static void
tables(struct bench *b, const char *db)
{
	sqlite3_stmt *s = NULL;
	sqlite3 *h = NULL;
	char name[96];

	if (sqlite3_open_v2(db, &h, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK &&
	    sqlite3_prepare_v2(h, "SELECT name,sum(pgsize) FROM dbstat GROUP BY name HAVING sum(pgsize)>100000 ORDER BY 2 DESC", -1, &s,
	    NULL) == SQLITE_OK)
		while (sqlite3_step(s) == SQLITE_ROW) {
			(void)snprintf(name, sizeof name, "bytes_%s", (const char *)sqlite3_column_text(s, 0));
			bench_plain(b, name, (double)sqlite3_column_int64(s, 1) / REPORTS, "bytes/report");
		}
	sqlite3_finalize(s);
	sqlite3_close(h);
}

int
main(int argc, char **argv)
{
	char dir[400], db[450], file[600];
	struct fault f = { 0 };
	struct journal *j;
	struct fill x;
	struct bench b;
	struct stat st;
	double began;

	if (argc == 5 && strcmp(argv[3], "--samples") == 0) {
		stations_setup(argv[2]);
		(void)snprintf(file, sizeof file, "%.500s/../tests/data/reports/dev.jsonl", stations_conf());
		fill_load(&x, file, 0, SAMPLES);
		fill_samples(&x, argv[4]);
		fill_free(&x);
		return 0;
	}
	bench_begin(&b, argc, argv, "size: bytes of disk a report, with both 送达 and all that is kept of it");
	(void)snprintf(file, sizeof file, "%.500s/../tests/data/reports/dev.jsonl", stations_conf());
	(void)snprintf(dir, sizeof dir, "%s/journal", b.dir);
	(void)snprintf(db, sizeof db, "%s/journal.db", dir);
	fill_load(&x, file, SAMPLES, LINES);
	j = journal_sqlite_open(dir, true, &f);
	ST_CHECK(j != NULL, "journal: %s", f.text);
	for (size_t i = 0; i < REPORTS; i++) {
		fill_put(&x, j, i % x.n);
		if (i % 64 == 63 || i == REPORTS - 1)
			ST_CHECK(j->ops->commit(j) == 0, "commit failed");
	}
	j->ops->close(j);
	ST_CHECK(stat(db, &st) == 0, "%s is not there", db);
	bench_figure(&b, "bytes", (double)st.st_size / REPORTS, "bytes/report", LIMIT, true);
	tables(&b, db);
	began = mono_s();
	j = journal_sqlite_open(dir, false, &f);
	ST_CHECK(j != NULL, "journal: %s", f.text);
	bench_plain(&b, "open", (mono_s() - began) * 1e3, "ms");
	j->ops->close(j);
	fill_free(&x);
	fill_remove(dir);
	return bench_end(&b);
}
