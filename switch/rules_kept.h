#ifndef SWITCH_RULES_KEPT_H
#define SWITCH_RULES_KEPT_H
/*
 * The tables of the last rules that were taken, kept in the station's directory: DIR/rules.good/rules, laid out as conf/rules, and the names of
 * the profiles in DIR/rules.good/profiles.
 */
#include "../formats/fault.h"
#include "../formats/rules.h"

#define RULES_KEPT "rules.good"

/* Keeps a copy of what these rules were loaded from.  Nothing is written when the copy says the same already.  0, or -1 + fault: the copy that was
 * there before, if any, is there still. */
int rules_kept_save(const char *dir, const char *confdir, const struct rules *, struct fault *);
/* The rules of the copy; NULL + fault: there is none, or it cannot be read. */
struct rules *rules_kept_load(const char *dir, struct fault *);

#endif
