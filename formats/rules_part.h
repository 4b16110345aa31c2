#ifndef FORMATS_RULES_PART_H
#define FORMATS_RULES_PART_H
/*
 * Private to rules*.c: the single numbers and the marks of secrecy.
 */
#include "rules.h"

struct rules_singles;

/* numbers.tsv and classified.tsv with their local files; NULL + fault naming file and line. */
struct rules_singles *rules_singles_load(const char *confdir, struct fault *);
void rules_singles_free(struct rules_singles *);
int64_t rules_singles_number(const struct rules_singles *, enum rule_number, const char **clause);
const struct field *rules_singles_mark(const struct rules_singles *, const struct body *, const char **mark);

#endif
