#ifndef SWITCH_RULES_CHANGED_H
#define SWITCH_RULES_CHANGED_H
/*
 * What differs between two sets of rules, in one line for the duty log.
 */
#include <stddef.h>
#include "../formats/rules.h"

#define RULES_CHANGED_MOST 20	/* named one by one; the rest by their number */

/* Limits added, removed and changed by their ids, single numbers, and chains of chasing by their names.  out: always ended, cut at a whole item; ""
 * nothing of these differs.  How many differ. */
size_t rules_changed(const struct rules *was, const struct rules *is, char *out, size_t size);

#endif
