#ifndef SWITCH_EQUIPMENT_H
#define SWITCH_EQUIPMENT_H
/*
 * What a shift tests before it hands over: conf/rules/equipment.tsv and equipment.local.tsv (name, en, zh, basis), in their order.
 */
#include <stddef.h>
#include "../formats/fault.h"

#define EQUIPMENT_MAX 32

struct equipment { char name[49], en[97], zh[97]; };
/* At most EQUIPMENT_MAX of them into v; *n how many.  0, or -1 + fault naming file and line.  A missing table is an empty one. */
int equipment_load(const char *confdir, struct equipment *v, size_t *n, struct fault *);

#endif
