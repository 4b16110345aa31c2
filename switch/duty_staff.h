#ifndef SWITCH_DUTY_STAFF_H
#define SWITCH_DUTY_STAFF_H
/*
 * The register: persons of this station and telephone numbers of this and other stations (KIND_STAFF, enum duty_step 1-6): pure fold.
 * A number changes by two persons: DUTY_NUMBER proposes (F_PERSON or F_REGARDING whose, F_NUMBER_OF, F_PHONE, F_PROVEN who), DUTY_NUMBER_CONFIRMED by
 * another person puts it in force; the old one stands until then.  DUTY_NUMBER_TRIED keeps when it was dialled and what came of it.
 *
 * F_AUTHOR is who does it (F_PROVEN: by PIN), F_PERSON whom it is about.  DUTY_PERSON adds a role and backups to what is known of him, and with F_REFS
 * (to an earlier entry of his) begins roles and backups anew; F_PHONE in it counts only while he has never had a number of that sort, so that the first
 * entry is one step and every change two.  A roll call by telephone (KIND_ROLLCALL of our own with F_PHONE) is a try of that number as well.
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
/* Stations whose numbers or persons are kept, by code. */
size_t staff_stations(const struct staff *, const struct staff_person **);
/* A person of that station ("" = this one); NULL: not there, or left. */
const struct staff_person *staff_find_at(const struct staff *, const char *unit, const char *name);
const struct staff_number *staff_number(const struct staff_person *, int of);	/* NULL none; enum number_of */
/* Has he ever had one, in force or proposed: then another is a change, for two persons. */
bool staff_had(const struct staff *, const char *unit, const char *name, int of);
const struct staff_change *staff_change(const struct staff *, const struct msgid *);	/* NULL: decided, or none */
/* Not reached for `days`, or never, or the last try met a number that does not exist (空号: OUTCOME_WRONG). */
bool staff_stale(const struct staff_number *, int64_t now, int64_t days);

#endif
