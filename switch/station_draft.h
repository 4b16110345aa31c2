#ifndef SWITCH_STATION_DRAFT_H
#define SWITCH_STATION_DRAFT_H
/*
 * A submit being completed; private to station_submit.c, station_complete.c and station_address.c.
 */
#include "incident.h"
#include "station_int.h"

struct draft {
	struct station *s;
	int64_t now;
	const struct station_submit *req;
	struct body *b;
	int kind;
	struct msgid incident; /* origin "" until known or opened */
	bool opens;	       /* this message opens its incident */
	bool history;
	struct folded fd; /* of the incident so far; n = 0 when it opens */
	struct fault f;
};

/* Sets the fault; returns -1. */
int draft_refuse(struct draft *, int code, const char *field, const char *text);
/* Fills in what the station knows, and judges the whole; writes nothing.  -1 + d->f when refused. */
int draft_complete(struct draft *);
/* Addressees: those that follow from the kind where none are named; each must be known and reachable. */
int draft_address(struct draft *);

#endif
