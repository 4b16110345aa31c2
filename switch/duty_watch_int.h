#ifndef SWITCH_DUTY_WATCH_INT_H
#define SWITCH_DUTY_WATCH_INT_H
/*
 * Private to duty_watch.c (the fold), duty_watch_ask.c (what it answers) and duty_watch_check.c (what may be written).
 */
#include <string.h>
#include "duty_watch.h"

#define NAME_MAX_ 97

typedef char names[WATCH_PEOPLE][NAME_MAX_];

struct event {
	struct msgid id;
	int64_t stored;
	int kind, step;
	struct body *b;		/* owned */
};
struct sign_on {
	char person[NAME_MAX_];
	int64_t at;
};
struct stay { /* ordered, and not over */
	char person[NAME_MAX_];
	names in;
	size_t nin;
	bool used;	/* a handover was under way */
};
struct founding { /* what the first sign-on said of its shift */
	struct msgid ref;
	int64_t from;
	char shift[NAME_MAX_];
};

struct watch {
	struct event *ev;
	size_t nev, capev;
	/* The fold. */
	struct watch_span *span;
	size_t nspan, capspan;
	struct watch_done *done;
	size_t ndone, capdone;
	struct watch_handover h;
	bool under_way;
	struct sign_on *on;
	size_t non, capon;
	struct watch_test *test;
	size_t ntest, captest;
	struct stay stay[WATCH_PEOPLE];
	size_t nstay;
	struct founding founding;
	int64_t stored;	/* of the last message */
};

/* Is this name among them? */
static inline bool
has(const char (*v)[NAME_MAX_], size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(v[i], name) == 0)
			return true;
	return false;
}

#endif
