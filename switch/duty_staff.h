#ifndef SWITCH_DUTY_STAFF_H
#define SWITCH_DUTY_STAFF_H
/*
 * The register: persons of this station and telephone numbers of this and other stations (KIND_STAFF, enum duty_step 1-6): pure fold.
 * A number changes by two persons: DUTY_NUMBER proposes (F_PERSON or F_REGARDING whose, F_NUMBER_OF, F_PHONE, F_PROVEN who), DUTY_NUMBER_CONFIRMED by
 * another person puts it in force; the old one stands until then.  DUTY_NUMBER_TRIED keeps when it was dialled and what came of it.
 */
#include "duty.h"

struct staff *staff_new(void);
void staff_free(struct staff *);
void staff_take(struct staff *, const struct duty_msg *);

struct staff_number { int of; /* enum number_of */ char phone[49]; int64_t verified; /* ms UTC last reached, 0 never */ int64_t tried; int outcome; /* last try */ struct msgid by; };
struct staff_person {
	char name[97], post[97], unit[STATION_MAX];	/* unit: station, "" = this one */
	unsigned roles;				/* 1u << enum duty_role */
	struct staff_number *number; size_t nnumber;	/* A first */
	char (*backup)[97]; size_t nbackup;
	bool left;
};
struct staff_change { struct msgid id; char person[97], station[STATION_MAX], phone[49], by[97]; int of; int64_t at; };	/* proposed, not confirmed */
size_t staff_count(const struct staff *);
const struct staff_person *staff_at(const struct staff *, size_t i);	/* by name; those who left come last */
const struct staff_person *staff_find(const struct staff *, const char *name);	/* NULL: not on the register, or left */
size_t staff_changes(const struct staff *, const struct staff_change **);
/* Numbers of another station's duty room (unit numbers), as kept here; NULL none.  Shown as a person with name "". */
const struct staff_person *staff_station(const struct staff *, const char *station);
bool staff_stale(const struct staff_number *, int64_t now, int64_t days);

#endif
