/*
 * What the journal costs: a message with two deliveries, its chain entry and one more, 1 and 64 a transaction, beside a bare SQLite
 * loop that writes the same rows into the same tables (bare.h) and hashes, packs and decodes nothing.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../../formats/wire.h"
#include "../lib/stations.h"
#include "bare.h"
#include "bench.h"
#include "fill.h"

#define ROUNDS 9
#define LINES 2000
#define LEAST 60.0		/* percent of the bare loop's rate at batch 64 (issue 4) */

/* As a switch hands it over: with the body it has decoded or is about to encode. */
static void
make(struct fill *x, struct journal_msg *m, struct body **b, int n)
{
	struct fault f = { 0 };

	for (int i = 0; i < n; i++) {
		fill_report(x, (size_t)(x->serial % x->n), &m[i]);
		m[i].decoded = b[i] = wire_decode(m[i].body.p, m[i].body.n, &f);
		ST_CHECK(b[i] != NULL, "a report does not decode: %s", f.text);
	}
}

static void
put(struct journal *j, struct journal_msg *m)
{
	static const char *const to[] = { "330225", "330200" };
	char ref[192];

	ST_CHECK(j->ops->put_message(j, m) == 0, "the journal failed");
	for (int a = 0; a < 2; a++) {
		struct journal_delivery d = { .id = m->id, .state = DLV_OPEN, .since = m->stored, .offered = m->stored };

		(void)snprintf(d.to, sizeof d.to, "%s", to[a]);
		ST_CHECK(j->ops->delivery_put(j, &d) == 0, "the journal failed");
	}
	(void)msgid_format(&m->id, ref, sizeof ref);
	ST_CHECK(j->ops->chain_add(j, m->stored, CHAIN_ADMIN, ref, "1号席", NULL) == 0, "the journal failed");
}

/* Microseconds a message. */
static double
journal_round(struct journal *j, struct journal_msg *m, int batches, int batch)
{
	double began = mono_s();

	for (int i = 0; i < batches; i++) {
		for (int k = 0; k < batch; k++)
			put(j, &m[i * batch + k]);
		ST_CHECK(j->ops->commit(j) == 0, "commit failed");
	}
	return (mono_s() - began) * 1e6 / (batches * batch);
}

static struct journal *
open_journal(const char *dir)
{
	struct fault f = { 0 };
	struct journal *j = journal_sqlite_open(dir, true, &f);

	ST_CHECK(j != NULL, "journal: %s", f.text);
	return j;
}

static void
forget(struct journal_msg *m, struct body **b, int n)
{
	for (int i = 0; i < n; i++) {
		buf_free(&m[i].body);
		body_free(b[i]);
	}
}

static void
compare(struct bench *b, const char *file, int batches, int batch)
{
	int n = batches * batch;
	struct journal_msg *m = xcalloc((size_t)n, sizeof *m);
	struct body **bodies = xcalloc((size_t)n, sizeof(struct body *));
	struct rounds ours = { .n = 0 }, theirs = { .n = 0 };
	char dir[400], db[450], name[64];
	struct journal *j;
	struct bare *bare;
	struct fill x;

	(void)snprintf(dir, sizeof dir, "%s/journal", b->dir);
	(void)snprintf(db, sizeof db, "%s/journal.db", dir);
	fill_load(&x, file, LINES / 2, LINES);
	j = open_journal(dir);
	for (int r = 0; r < ROUNDS; r++) {
		make(&x, m, bodies, n);
		(void)journal_round(j, m, 1, n);
		forget(m, bodies, n);
	}
	j->ops->close(j);
	bare = bare_learn(b, db, ROUNDS * n);
	fill_remove(dir);
	fill_free(&x);
	fill_load(&x, file, LINES / 2, LINES);
	j = open_journal(dir);
	for (int r = 0; r < ROUNDS; r++) {
		make(&x, m, bodies, n);
		/* turn about, so that a slow moment of the disk hits both */
		if (r % 2 == 0)
			rounds_add(&theirs, bare_round(bare, batches, batch));
		rounds_add(&ours, journal_round(j, m, batches, batch));
		if (r % 2 != 0)
			rounds_add(&theirs, bare_round(bare, batches, batch));
		forget(m, bodies, n);
	}
	j->ops->close(j);
	(void)snprintf(name, sizeof name, "store_batch%d", batch);
	bench_plain(b, name, rounds_median(&ours), "us/message");
	(void)snprintf(name, sizeof name, "store_batch%d_bare_sqlite", batch);
	bench_plain(b, name, rounds_median(&theirs), "us/message");
	(void)snprintf(name, sizeof name, "store_batch%d_ratio", batch);
	bench_plain(b, name, rounds_ratio(&ours, &theirs), "x");
	(void)snprintf(name, sizeof name, "store_batch%d_of_bare", batch);
	bench_figure(b, name, 100 * rounds_ratio(&theirs, &ours), "%", batch == 1 ? NAN : LEAST, false);
	bare_free(bare);
	fill_remove(dir);
	fill_free(&x);
	free(bodies);
	free(m);
}

int
main(int argc, char **argv)
{
	struct bench b;
	char file[600];

	bench_begin(&b, argc, argv, "store: a message, its chain entry, two deliveries and an audit row, made durable (medians of 9 rounds)");
	(void)snprintf(file, sizeof file, "%.500s/../tests/data/reports/dev.jsonl", stations_conf());
	bench_plain(&b, "sync_reference_8k", sync_us(&b, 8192, 200), "us");
	compare(&b, file, 200, 1);
	compare(&b, file, 20, 64);
	return bench_end(&b);
}
