#ifndef SWITCH_QUERY_EXPLAIN_H
#define SWITCH_QUERY_EXPLAIN_H
/*
 * Private to query_explain*.c: the words of an explanation, in the language asked for.  Static, or the text handed in.
 */
#include "query_int.h"
#include "../formats/rules.h"

const char *explain_from(const struct query *, enum owed_origin);
const char *explain_why_not(const struct query *, const char *why);	/* why a row did not count */
const char *explain_to(const struct query *, enum chase_to);
void explain_by(const struct query *, unsigned by, char *out, size_t size);	/* CHASE_BY_*: "bell+telephone" */
const char *explain_how(const struct query *, const char *how);		/* the channel that ended a clock */

#endif
