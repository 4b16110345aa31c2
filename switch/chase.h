#ifndef SWITCH_CHASE_H
#define SWITCH_CHASE_H
/*
 * Chasing (催办): which rung of which chain rings now, for everything that is owed or awaited: pure.  A rung that has rung is a KIND_CHASE message
 * (or, of CHASE_BY_SCREEN, nothing); which have is asked by key.  A station that was down when several were due rings the highest of them once, and
 * says how late it is.
 */
#include "clock.h"

struct chase_subject { const struct owed_item *it; const char *key; /* stable: chase_key() */ };
struct chase_due { struct owed_item it; char key[256]; struct chase_rung rung; int64_t at; /* when it was due */ unsigned skipped; };
/* "ABOUT what DUE": the same thing with another limit is another thing. */
void chase_key(const struct owed_item *, const char *duty_key, char *out, size_t size);
typedef bool (*chase_rung_fn)(void *ctx, const char *key, unsigned rung);	/* has it rung? */
/* The rung to ring now, if any; *next: ms UTC of the next one (INT64_MAX none). */
bool chase_next(const struct rules *, const struct owed_item *, const char *key, int64_t now, chase_rung_fn, void *ctx, struct chase_due *, int64_t *next);

#endif
