#ifndef SWITCH_DUTY_PIN_H
#define SWITCH_DUTY_PIN_H
/*
 * PINs of persons: Argon2id in the journal's meta (never in a message), wrong tries counted over restarts, the person locked and never the seat.
 */
#include <stdbool.h>
#include <stdint.h>
#include "../formats/fault.h"
#include "../formats/rules.h"
#include "journal.h"

enum pin_state { PIN_RIGHT = 0, PIN_NONE = 1 /* the person has none */, PIN_WRONG = 2, PIN_LOCKED = 3, PIN_FAILED = 4 /* the journal */ };
bool pin_has(struct journal *, const char *person);
bool pin_any(struct journal *);		/* has anybody one? */
/* Writes into the open transaction (tries, locks).  left: tries left; until: ms UTC the lock ends. */
enum pin_state pin_check(struct journal *, const struct rules *, int64_t now, const char *person, const char *pin, int64_t *left, int64_t *until);
/* old: needed when there is one, unless a leader other than the person is proven (by).  -1 + fault. */
int pin_set(struct journal *, const struct rules *, int64_t now, const char *person, const char *old, const char *pin, const char *by, struct fault *);

#endif
