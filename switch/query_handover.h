#ifndef SWITCH_QUERY_HANDOVER_H
#define SWITCH_QUERY_HANDOVER_H
/*
 * Private to query_handover*.c: what the switch collects for a handover, anew each time it is asked.
 */
#include "duty_watch.h"
#include "query_int.h"

#define HANDOVER_KEY 96		/* bytes of a key: what F_TOPIC holds */
#define HANDOVER_ITEMS 300
#define ASK_OPEN "open"		/* the read-back questions: how many incidents are open; the soonest limit, HH:MM */
#define ASK_LIMIT "limit"

struct handover_item {
	char key[HANDOVER_KEY + 1];
	char kind[24];		/* incident, promise, directive, receipt, draft, warning, equipment, spoken, zero, roll, owed */
	char text[512];
	char owner[97];		/* whose it is now; "": nobody's in particular */
	int64_t due;		/* ms UTC, 0 none */
};
struct handover {
	const struct duty *duty;
	struct handover_item *v;
	size_t n;
	size_t open;		/* live incidents not over */
	int64_t soonest, next;	/* ms UTC of what this station owes: the earliest of all, the earliest that lies ahead; 0 none */
	bool more;		/* there were more than HANDOVER_ITEMS */
};
/* 0, or -1: the journal has failed.  handover_free() either way. */
int handover_collect(struct query *, struct handover *);
void handover_free(struct handover *);
/* As gone through in the handover under way; NULL: not yet. */
const struct watch_item *handover_gone(const struct handover *, const char *key);
/* Who gets it unless somebody says otherwise: the senior one of those who take over. */
const char *handover_heir(const struct handover *);
/* Is that the right answer? */
bool handover_right(const struct handover *, const char *ask, const char *value);
/* HH:MM of a time, with the day before it when that is another; UTC+08:00. */
const char *handover_time(int64_t ms, int64_t now, char buf[24]);

#endif
