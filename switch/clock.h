#ifndef SWITCH_CLOCK_H
#define SWITCH_CLOCK_H
/*
 * What is owed and when, computed from the messages and the rules: pure; nothing is stored.  The same after any restart, on any station
 * that holds the same messages, in any order of arrival.  History starts no clocks.
 *
 * Own clock (scope HOP) and chain clock (scope CHAIN) stand side by side; each ends by the first accepted channel (DOMAIN 4).  A graver
 * grade re-sets what is owed: from the instant the station learned what makes it graver, a report upwards is owed anew by that grade's limit;
 * what was owed before stays owed by its own time.  What figures have proven no lowering loosens; what only a graver word had begun ends when a leader lowers it with
 * a reason (clock_lower.c).  Unknown casualties, an undetermined grade and a verdict
 * merely proposed run the stricter clock until a person has said what it is (clock_grade.c).  What the level above has itself opened or raised need
 * not be told it, once it was told at all.
 *
 * The chain clock has one origin for all levels, 发生, and stays until it is known here that the endpoint was told (by us, or in words of somebody
 * who told it or was told).  A station in the middle seldom hears of that.  What it can do is to keep it moving: `passed` says when it did, so
 * that a room sees "passed on 19:33, not known to have arrived" and not an accusation; it stays in sight until the event is over.  Nothing of it
 * hides the own clock, which has its own limit.
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
	char towards[STATION_MAX];	/* whom it is owed to; of what we await: who owes it */
	/* Why, for explain, chasing and statistics. */
	char rule[96];			/* id of the row; "" where the message itself sets it */
	char chase[48];			/* chain of chase.tsv; "" the default */
	enum owed_origin from;
	enum rule_scope scope;
	char endpoint[64];		/* CHAIN: where it ends */
	int grade;			/* enum grade it runs by, 0 none */
	int prec;			/* enum precedence of `about`, 0 none */
	bool promised;			/* due is what a 接办 (or the last feedback) has promised; past it the matter is 未办 again */
	bool lapsed;			/* it is past it: known where a time is known, clock_lapsed(); here: it was met after it */
	int64_t passed;			/* CHAIN: ms UTC this station has told the next level, which has to pass it on; 0 not yet */
	char person[128];		/* who has taken it on, or is booked for it; "" */
	/* Met: what ended it.  clock_owed() hands out what is not. */
	int64_t met;			/* ms UTC, declared instants where they count (电话报); 0: not met */
	struct msgid met_by;
	char how[64];			/* name of the channel, English: "telephone", "report", "outside:ext:sheng"; "" */
	/* Not met, and over: the stated grade that alone had begun it was lowered.  clock_all() alone hands it out. */
	int64_t ended;			/* ms UTC; 0 not */
	struct msgid ended_by;
};

/* Things this station owes for one incident, appended through add.  level: of self; parent: "" at the top. */
typedef void (*owed_fn)(void *ctx, const struct owed_item *);
void clock_owed(const struct incident *, const char *self, const char *parent, const char *level, const struct rules *,
    owed_fn add, void *ctx);
/* The same with what has been met: every clock of ours that ever ran (of what is awaited only what still is).  self may be another station than the one that asks (statistics): what it is
 * known to have received and sent counts. */
void clock_all(const struct incident *, const char *self, const char *parent, const char *level, const struct rules *,
    owed_fn add, void *ctx);

/* Has the level above been told of this incident by any accepted channel, in the kind asked for, or (endpoint not "") that endpoint of a chain?
 * For what was merged into it: who was told of the one was told of the other. */
bool clock_was_told(const struct incident *, const char *self, const char *parent, bool written, const char *endpoint);

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
	int64_t promised;		/* next feedback time of our standing 接办 or last feedback, ms UTC; 0 = none */
	const char *person;		/* who took it on; NULL */
	bool finished;			/* our last feedback said done or cannot */
	int64_t last_feedback;		/* ms UTC, 0 none: F_EVERY runs from it */
	const char *code;		/* event code of its incident; NULL: the message's own */
};
/* Of a directive that goes on (F_EVERY) the next feedback is owed until one says done or cannot. */
void clock_message(
    const struct clock_received *, const char *self, const char *level, const struct rules *, owed_fn add, void *ctx);
/* The highest act this message of ours demands from those it is addressed to: 0, ACT_READ or ACT_SIGNED. */
int clock_demands(const struct body *);

/* The sender's side: what one addressee still owes for a message of ours (OWED_AWAIT_SIGN, OWED_AWAIT_FEEDBACK). */
struct clock_sent {
	struct msgid id;
	struct msgid incident;
	int64_t sent;			/* ms UTC */
	const struct body *body;
	const char *to;			/* the addressee */
	int done;			/* highest act of theirs, proxy receipts by telephone included */
	bool answered, finished;	/* feedback came; the last one said done or cannot */
	int64_t promised;		/* by their last 接办 or feedback, ms UTC; 0 none */
	int64_t last_feedback;		/* ms UTC, 0 none */
	const char *person;		/* of theirs; NULL */
	bool old;			/* answered an earlier version of it: whether this one was read is not known until it is signed for or done */
	int64_t claim;			/* ms UTC by which it had to be there: the limit of the clock it was sent in time for; 0 none */
};
void clock_awaited(const struct clock_sent *, const char *level, const struct rules *, owed_fn add, void *ctx);

/* Is it a promise that has gone by? */
bool clock_lapsed(const struct owed_item *, int64_t now);

/* 补报 (Order 493 art. 13): casualties that changed after this station's final report, or after the event was closed.  False: none did, or they
 * have been reported since.  over: the window of the rules has passed: nothing is owed any more, and a person is told why. */
struct clock_change {
	struct msgid about;		/* the message that says so */
	int64_t at;			/* ms UTC it became known here */
	int64_t window;			/* ms UTC the window ends, 0: no rule names one */
	char clause[192], rule[96];
	bool over;
};
bool clock_supplement(const struct incident *, const char *self, const char *parent, const char *level, const struct rules *,
    struct clock_change *);

/* The incident's type and the figures that stand, one for each source: what grade_judge() judges.  Added to the body. */
void clock_figures(const struct incident *, struct body *);
/* The grade a clock runs by: the one stated, or the graver one the figures prove; while undetermined or not stated what the figures make of it;
 * GRADE_UNDETERMINED where they prove nothing or no table applies.  Pure. */
int clock_grade(const struct incident *, const struct rules *);

#endif
