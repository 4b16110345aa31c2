#ifndef SWITCH_FOLDCACHE_H
#define SWITCH_FOLDCACHE_H
/*
 * The cache of the folds, held against the messages: works on a journal, with or without a running station.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <jansson.h>
#include "journal.h"
#include "station.h"

struct foldcache_result {
	uint64_t incidents;		/* that the local messages name */
	uint64_t bad;			/* cached rows missing, differing, or without any message */
	uint64_t rebuilt;		/* of those, made again from the messages */
	struct msgid first;		/* the first of the bad, by id */
	const char *why;		/* what is wrong with it, static: "missing", "phantom" or a column; "" = none is bad */
};

enum foldcache_rebuild {
	FOLDCACHE_LOOK,		/* nothing is written */
	FOLDCACHE_ADD,		/* rows that are missing: an incident can be found again, and no trace is written over */
	FOLDCACHE_ALL
};

/* Loads an incident's local messages and folds them: station_fold() of a journal.  folded_free().  0, or -1: failed. */
int foldcache_fold(struct journal *, const struct msgid *incident, struct folded *);
/* The row the messages want (fd->n > 0); row->summary: caller frees. */
void foldcache_row(const struct msgid *incident, const struct folded *fd, struct journal_incident *row);
/* Compares each cached row with a fresh fold, both ways.  What is rebuilt is written, not committed.  A row of
 * no message cannot be taken out of the journal; it is made blank, and blank it counts as none.  0, or -1: the journal
 * has failed. */
int foldcache_verify(struct journal *, enum foldcache_rebuild, struct foldcache_result *);
/* Of a running station: what is rebuilt is logged and told to the chain, and goes with the turn's commit. */
int foldcache_mend(struct station *, int64_t now, enum foldcache_rebuild, struct foldcache_result *);
/* Has retention let go of one of its messages?  Then its row cannot be made again. */
bool foldcache_retired(const struct folded *);
/* A row that stands for none. */
bool foldcache_blank(const struct journal_incident *);
/* Members incidents, fold_bad (id), fold_why, fold_count and rebuilt of verify's answer. */
void foldcache_answer(json_t *, const struct foldcache_result *);

#endif
