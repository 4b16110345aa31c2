#ifndef FORMATS_ELEMENT_PART_H
#define FORMATS_ELEMENT_PART_H
/*
 * What element_numbers.c and element_sums.c share and nobody else needs.
 */
#include "element.h"

/* What a figure allows: lowest and highest count.  About: a fifth either way.  FIG_UNKNOWN is not for here. */
void element_range(enum figure_q, int64_t n, int64_t *lo, int64_t *hi);
bool element_same_source(const struct figure *, const struct figure *);
int64_t element_plus(int64_t, int64_t);	/* stops at INT64_MAX */
/* Transfers that do not balance, ELEMENT_SUM: put behind the n there are; returns how many there are then. */
size_t element_sums(const struct body *, struct element_conflict *, size_t max, size_t n);

#endif
