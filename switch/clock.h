#ifndef SWITCH_CLOCK_H
#define SWITCH_CLOCK_H
/*
 * What is owed and when, computed from the messages and the rules: pure; nothing is stored.  History and the exercise's
 * sinks start no clocks.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "incident.h"
#include "../formats/rules.h"

struct owed_item {
	enum owed what;
	struct msgid incident;
	struct msgid about;		/* the message that started it */
	int64_t origin;			/* ms UTC the clock runs from */
	int64_t due;			/* ms UTC */
	char clause[192];		/* as in the rules; "" where the message itself sets the time (F_DUE) */
	char towards[STATION_MAX];	/* whom it is owed to */
};

/* Things this station owes for one incident, appended through add.  level: of self; parent: "" at the top. */
typedef void (*owed_fn)(void *ctx, const struct owed_item *);
void clock_owed(const struct incident *, const char *self, const char *parent, const char *level, const struct rules *,
    owed_fn add, void *ctx);

/* The same for one received message, whatever incident it belongs to: what is still to be read, signed for or answered.
 * done: the highest enum act of this station's own receipts for it (0 = none; a return counts as ACT_RETURNED);
 * answered: this station has sent feedback referring to it; grade: of its incident, 0 when it has none. */
struct clock_received {
	struct msgid id;
	struct msgid incident;
	int64_t stored;			/* ms UTC */
	const struct body *body;
	int grade;
	int done;
	bool answered;
	int64_t promised;		/* next feedback time of our standing 接办, ms UTC; 0 = none */
};
void clock_message(
    const struct clock_received *, const char *self, const char *level, const struct rules *, owed_fn add, void *ctx);
/* The highest act this message of ours demands from those it is addressed to: 0, ACT_READ or ACT_SIGNED. */
int clock_demands(const struct body *);

/* The incident's type and the figures that stand, one for each source: what grade_judge() judges.  Added to the body. */
void clock_figures(const struct incident *, struct body *);
/* The grade a clock runs by: the one stated, or the graver one the figures prove; while undetermined or not stated what the figures make of it;
 * GRADE_UNDETERMINED where they prove nothing or no table applies.  Pure. */
int clock_grade(const struct incident *, const struct rules *);

#endif
