#ifndef SWITCH_DUTY_WATCH_H
#define SWITCH_DUTY_WATCH_H
/*
 * The watch: who is responsible, minute by minute (KIND_HANDOVER, ROSTER sign-on and stay, LOG equipment): pure fold.
 *
 * Responsibility passes at the instant the last signature a handover needs is given (all who hand over, all who take over by the roster; 1+1 in a
 * township), never at the hour; until then it stays with the outgoing shift, so no minute is unowned and none owned twice.  The first handover of
 * a station, and a sign-on where nobody is responsible yet, begin it.
 */
#include "duty.h"

struct watch *watch_new(void);
void watch_free(struct watch *);
void watch_take(struct watch *, const struct duty_msg *);

#define WATCH_PEOPLE 8
struct watch_span { int64_t from, to; /* to 0: now */ char shift[97]; char person[WATCH_PEOPLE][97]; size_t n; char leader[97]; struct msgid by; };
/* Who is responsible at t; false: nobody has ever signed on. */
bool watch_at(const struct watch *, int64_t t, struct watch_span *);
size_t watch_spans(const struct watch *, const struct watch_span **);	/* all of them, in order: contiguous */
struct watch_sign { char person[97]; int side; /* enum duty_side */ int64_t at; bool proven; };
struct watch_item { char key[192], text[512], owner[97], state[48]; bool passed; int64_t at; };
struct watch_handover {			/* the one under way */
	struct msgid id;
	int64_t begun, due;		/* ms UTC; due: the shift's end by the roster, 0 unknown */
	char outgoing[WATCH_PEOPLE][97]; size_t nout;
	char incoming[WATCH_PEOPLE][97]; size_t nin;
	struct watch_sign *sign; size_t nsign;
	struct watch_item *item; size_t nitem;	/* as gone through so far */
	char shift[97];
};
const struct watch_handover *watch_handover(const struct watch *);	/* NULL none under way */
bool watch_signed_on(const struct watch *, const char *person, int64_t since);	/* 到岗 since then */
struct watch_test { char what[97]; int outcome; int64_t at; char person[97]; };
size_t watch_tests(const struct watch *, int64_t since, const struct watch_test **);
/* Who now owns what a person who has gone off duty had taken on; the person himself while he is on duty. */
const char *watch_owner(const struct watch *, const char *key, const char *person, int64_t now);

#endif
