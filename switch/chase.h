#ifndef SWITCH_CHASE_H
#define SWITCH_CHASE_H
/*
 * Chasing (催办): which rung of which chain rings now, for everything that is owed or awaited: pure.  A rung that has rung is a KIND_CHASE message
 * (or, of CHASE_BY_SCREEN, nothing); which have is asked by key.  A station that was down when several were due rings the highest of them once, and
 * says how late it is.
 */
#include "clock.h"

#define CHASE_KEY 256		/* bytes of a key with NUL */

struct chase_subject { const struct owed_item *it; const char *key; /* stable: chase_key() */ };
struct chase_due { struct owed_item it; char key[CHASE_KEY]; struct chase_rung rung; int64_t at; /* when it was due */ unsigned skipped; };
/* "ABOUT what DUE": the same thing with another limit is another thing.  Of what is awaited the one who owes it belongs to it, of a chain clock
 * its endpoint. */
void chase_key(const struct owed_item *, const char *duty_key, char *out, size_t size);
typedef bool (*chase_rung_fn)(void *ctx, const char *key, unsigned rung);	/* has it rung? */
/* The rung to ring now, if any; *next: ms UTC of the next one (INT64_MAX none).  Where several stand at one instant they come one a call: ask again
 * when it has rung. */
bool chase_next(const struct rules *, const struct owed_item *, const char *key, int64_t now, chase_rung_fn, void *ctx, struct chase_due *, int64_t *next);

/* The same over rungs at hand (in time order).  days: what has been late for longer is chased no more; 0: for ever. */
bool chase_pick(const struct chase_rung *, size_t n, int64_t days, const struct owed_item *, const char *key, int64_t now, chase_rung_fn, void *ctx,
    struct chase_due *, int64_t *next);
/* The rungs of an item: the rules' chain, or, where they have none, one before the limit (numbers.tsv ahead_minutes) and one at it. */
#define CHASE_RUNGS 32
size_t chase_rungs(const struct rules *, const struct owed_item *, struct chase_rung out[CHASE_RUNGS]);
/* Is it something others owe us? */
bool chase_awaits(enum owed);

/* Words for people: what is chased, by when, how late, what is to be done.  title: what it is about; who: name of the station it is owed to, or of who
 * owes it; "" not said. */
void chase_text(const struct chase_due *, int64_t now, bool zh, const char *title, const char *who, char *out, size_t size);
const char *chase_what(enum owed, bool zh);	/* "签收" */

#endif
