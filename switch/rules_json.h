#ifndef SWITCH_RULES_JSON_H
#define SWITCH_RULES_JSON_H
/*
 * The limits in force as JSON, for op rules and for `dutyctl rules list` where no switch runs.
 */
#include <jansson.h>
#include <stdbool.h>
#include "../formats/rules.h"

/* {rows[{id what what_name place level code grade marked prec origin scope endpoint who minutes at early chase clause since until profile file line}],
 * zero[{place level time clause profile file line}], scores[{item points clause profile file line}], profiles, remarks[{file line text}], digest}.  what (of enum set "owed"), place: only rows for them;
 * NULL all.  New reference. */
json_t *rules_json(const struct rules *, const char *what, const char *place, bool zh);
/* "rules/profiles/NAME/deadlines.tsv": the file as conf/ has it. */
const char *rules_json_file(const char *path);
/* "HH:MM|HH:MM", "" none. */
void rules_json_times(const struct deadline *, char *buf, size_t size);

#endif
