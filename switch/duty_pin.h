#ifndef SWITCH_DUTY_PIN_H
#define SWITCH_DUTY_PIN_H
/*
 * PINs of persons: Argon2id in the journal's meta (never in a message), wrong tries counted over restarts, the person locked and never the seat.
 */
#include <stdbool.h>
#include <stdint.h>
#include <jansson.h>
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
/* What is known of him without trying: tries left, when a lock ends (0: none). */
void pin_look(struct journal *, const struct rules *, int64_t now, const char *person, int64_t *left, int64_t *until);
/* Too short (pin_digits), too long, or one anybody would try first: -1 + fault naming `field`. */
int pin_fit(const struct rules *, const char *field, const char *pin, struct fault *);
#define PIN_MAX 64	/* bytes */

struct station;
/* The same at a station (station_proven.c): the turn is dirty, a lock is in the chain, nobody is asked while the setting says so. */
enum pin_state station_pin_check(struct station *, int64_t now, const char *person, const char *pin, int64_t *left, int64_t *until);
/* A first PIN without by: only while nobody could stand for it, else an impostor could be there before the person. */
int station_pin_set(struct station *, int64_t now, const char *seat, const char *person, const char *old, const char *pin, const char *by, struct fault *);
/* Who may stand for a PIN `person` does not set with his old one: a duty leader of the register, another person, where he has one already; a duty
 * leader or senior officer for his first one.  Where none of those has a PIN yet, anybody on the register who has. */
bool station_pin_voucher(struct station *, const char *person, const char *by);
/* Is somebody's proof needed for his first PIN?  Not for the very first of the station: nobody is there to give it.  names: some who may. */
bool station_pin_guarded(struct station *, const char *person, char *names, size_t size);
void station_pins(struct station *, bool asked);	/* setting `pins`; yes unless said otherwise */
/* A request is refused after its turn's commit: what was counted is on disk before anybody learns of it. */
void station_pin_refuse(struct station *, uint64_t ticket, const struct fault *);

/* desk_pin.c: member pins[{person,pin}] of a request.  The PINs are wiped out of it whatever comes of it. */
#define DESK_PINS_MAX 16
struct desk_conn;
struct desk_pins { char name[DESK_PINS_MAX][97]; const char *proven[DESK_PINS_MAX]; size_t n; };
/* 0, or -1 + fault: a member is wrong (said at once), or a PIN (*later: to be said by station_pin_refuse()). */
int desk_pins_check(struct desk_conn *, const json_t *request, struct desk_pins *, bool *later, struct fault *);
json_t *desk_op_pin_set(struct desk_conn *, json_int_t n, const json_t *request, struct fault *);
/* Wipes every PIN out of a request that will not be looked at any further. */
void desk_pins_wipe(const json_t *request);

#endif
