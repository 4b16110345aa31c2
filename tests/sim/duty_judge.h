#ifndef TESTS_SIM_DUTY_JUDGE_H
#define TESTS_SIM_DUTY_JUDGE_H
/*
 * Private to duty_judge*.c: what one station holds, read anew from its journal, and what it says is owed.
 */
#include <jansson.h>
#include "run.h"

struct held {
	struct msgid id, incident;
	int kind;
	bool local;
	int64_t stored;
	struct body *b;		/* NULL: unreadable */
};

struct holding {
	struct run *r;
	size_t node;
	const char *self, *parent;	/* parent "" at the top */
	int64_t now;			/* of its clock */
	struct held *v;			/* in the order of its chain */
	size_t n, cap;
	const json_t *owed;		/* items */
	const struct rules *rules;
};

void duty_fail(const struct holding *, const char *what, const struct msgid *, const char *more);
bool refers(const struct body *, const struct msgid *);
bool sent_to(const struct body *, const char *station);	/* or copied */
const char *text_of(const json_t *, const char *member);	/* "" where there is none */
/* The item of that kind about that message (whose: "about", "incident"); NULL none. */
const json_t *owed_find(const struct holding *, int what, const char *whose, const struct msgid *);

/* duty_judge_chase.c */
void judge_chases(const struct holding *, struct duty_sums *);
/* duty_judge_watch.c */
void judge_watch(const struct holding *, struct duty_sums *);

#endif
