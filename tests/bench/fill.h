#ifndef TESTS_BENCH_FILL_H
#define TESTS_BENCH_FILL_H
/*
 * Rows of a journal as a station writes them for a report of its own: the report (out of tests/data/reports, as if written here), its two
 * deliveries, the parcels' passages, the request, both 送达 that come back, custody and delivery in the chain, the incident's summary.
 */
#include <stddef.h>
#include <stdint.h>
#include "../../formats/body.h"
#include "../../formats/buf.h"
#include "../../switch/journal.h"

#define FILL_SELF "330225102"
#define FILL_EPOCH 1763787393

struct fill {
	struct body **v;	/* reports as templates */
	char (*event)[64];	/* the source's name of its incident */
	size_t n;
	uint64_t serial;	/* last given here */
	uint64_t there[2];	/* last given by the two addressees */
	uint64_t number[2], back[2];	/* last on the lines to and from them */
	struct incident_of { struct msgid id; const struct body *b[16]; struct msgid ids[16]; size_t n; } *of;	/* by template */
};

/* Reads lines [from, to) of the file; ends the program when it cannot. */
void fill_load(struct fill *, const char *file, size_t from, size_t to);
void fill_free(struct fill *);
/* The report of template k, encoded, with the id given next. */
void fill_report(struct fill *, size_t k, struct journal_msg *);
/* Its 送达 of addressee 0 or 1. */
void fill_receipt(struct fill *, const struct journal_msg *of, int addressee, struct journal_msg *);
/* Everything of one report, in the open transaction. */
void fill_put(struct fill *, struct journal *, size_t k);
/* A journal's files, and its folder if nothing else is in it. */
void fill_remove(const char *dir);
/* A sample a file: bodies, receipts, summaries; for a dictionary. */
void fill_samples(struct fill *, const char *dir);

#endif
