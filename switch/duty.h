#ifndef SWITCH_DUTY_H
#define SWITCH_DUTY_H
/*
 * The duty book of a station: who is on the register, who is planned, who is responsible, what was called and answered.  A fold of its own
 * local messages (KIND_STAFF, ROSTER, HANDOVER, LOG, ROLLCALL, ROLLANSWER, ZERO, CHASE, OUTSIDE without incident), kept by the station and brought up
 * to date when asked; nothing is stored besides the messages.  duty.c reads them; each part below folds its own kinds and answers by pure functions
 * of the part and the time.
 *
 *   duty_staff.h   persons, roles, telephone numbers with verified dates, two-person change
 *   duty_roster.h  shifts, swaps, the gap alarm
 *   duty_watch.h   sign-on, handover, who is responsible, equipment tests
 *   duty_roll.h    roll calls and their answers          duty_zero.h   zero reports
 */
#include <stdbool.h>
#include <stdint.h>
#include "../formats/body.h"
#include "../formats/rules.h"
#include "clock.h"

struct station;
struct staff;
struct roster;
struct watch;
struct rolls;
struct zeros;

struct duty {
	struct staff *staff;
	struct roster *roster;
	struct watch *watch;
	struct rolls *rolls;
	struct zeros *zeros;
};

struct duty_msg {		/* one message of the book, in the order they were stored */
	struct msgid id;
	int64_t stored;		/* ms UTC here */
	int kind;		/* enum kind */
	bool own;		/* written at this station */
	const struct body *body;	/* borrowed for the call */
};

/* Brought up to date; owned by the station.  NULL: the journal has failed.  Realm live: an exercise does not change who is on duty. */
const struct duty *station_duty(struct station *);
void duty_free(struct duty *);		/* and what it holds; by station_free() */

/* Who plays a part at `now`: of the responsible shift (duty_watch.h), where there is none of the planned one, else of the register. */
struct duty_contact { char name[97]; char number[2][49]; /* A, B: "" none */ bool stale; };
/* role: CHASE_OFFICER, SECOND, SENIOR, LEADER.  False: nobody is known (a leader without a telephone: true and number ""). */
bool duty_who(const struct duty *, const struct rules *, enum chase_to role, int64_t now, struct duty_contact *);

/* What the book itself owes (duty_owed.c): handover, relief, zero reports, roll calls, equipment, gaps; about: the message, or unset;
 * key: stable text that tells one such thing from another where there is no message ("zero 330225102 2026-08-12"). */
typedef void (*duty_owed_fn)(void *ctx, const struct owed_item *, const char *key, const char *title_en, const char *title_zh);
struct outlet;
struct duty_env { const char *self, *level; const struct rules *rules; const struct topology *topology; int64_t now;
	const struct outlet *outlet; /* its outlets are tested each shift; NULL: none */ };
void duty_owed(const struct duty *, const struct duty_env *, duty_owed_fn, void *ctx);

#endif
