/*
 * A zero report as this station's switch completes it: which events there were, and whose reports it lacks.  The person says that the day is reported
 * on; that there was something, and that somebody below has not reported, the switch adds: a total that hides a missing town is a false report.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "../formats/i18n.h"
#include "duty_roll.h"
#include "duty_zero.h"
#include "station_draft.h"

#define EVENTS_MOST 20
#define LACKS_MOST ZERO_LACKS
#define DAY_MS INT64_C(86400000)

struct found {
	const char *self;
	int64_t from, to;	/* the period reported on */
	char events[EVENTS_MOST][96];
	size_t n;
};

/* When it became known here; 0 it is not said. */
static int64_t
learned(const struct journal_incident *inc)
{
	json_t *o = inc->summary.n > 0 ? json_loadb((const char *)inc->summary.p, inc->summary.n, 0, NULL) : NULL;
	int64_t at = json_integer_value(json_object_get(o, "learned"));

	json_decref(o);
	return at;
}

/* Ours, and of that period: what came before has been told, what comes after its end is the next one's. */
static int
event_row(void *ctx, const struct journal_incident *inc)
{
	struct found *w = ctx;
	int64_t at;

	if (strcmp(inc->id.origin, w->self) != 0 || inc->history || inc->number[0] == '\0' || inc->changed < w->from)
		return 0;
	/* Nobody has said when: its last word decides, and while it is open it is named rather than left out. */
	if ((at = learned(inc)) == 0)
		at = inc->changed >= w->to && !inc->closed ? w->from : inc->changed;
	if (at >= w->from && at < w->to)
		memcpy(w->events[w->n++], inc->number, sizeof w->events[0]);
	return w->n == EVENTS_MOST;
}

int
draft_zero(struct draft *d)
{
	const struct station_conf *c = &d->s->conf;
	const struct duty *book = station_duty(d->s);
	struct found *w;
	char (*lacks)[STATION_MAX];
	struct zero_env e = {.self = c->self, .topology = c->topology, .now = d->now};
	int64_t day = zero_day(d->now) - DAY_MS, t, from, to;	/* no period: it is refused */
	int rc;

	if (book == NULL)
		return draft_refuse(d, EX_IOERR, "", _("the journal cannot be read"));
	if (body_time(d->b, F_PERIOD_TO, &t))
		day = zero_day_of(t);
	else if (body_time(d->b, F_PERIOD_FROM, &t))
		day = zero_day_of(t + DAY_MS);
	w = xcalloc(1, sizeof *w);
	lacks = xcalloc(LACKS_MOST, STATION_MAX);
	w->self = c->self;
	w->from = body_time(d->b, F_PERIOD_FROM, &from) ? from : body_time(d->b, F_PERIOD_TO, &to) ? to - DAY_MS : day;
	w->to = body_time(d->b, F_PERIOD_TO, &to) ? to : w->from + DAY_MS;
	d->s->j->ops->incident_each(d->s->j, d->req->realm, false, event_row, w);
	for (size_t i = 0; d->req->realm == REALM_LIVE && i < c->topology->count && e.nlacks < LACKS_MOST; i++) {
		const struct neighbour *n = &c->topology->n[i];

		if (zero_due_of(c->rules, n) >= 0 && zeros_of(book->zeros, n->station, day) == NULL)
			memcpy(lacks[e.nlacks++], n->station, STATION_MAX);
	}
	e.events = (const char (*)[96])w->events;
	e.nevents = w->n;
	e.lacks = (const char (*)[STATION_MAX])lacks;
	rc = zero_check(&e, d->b, &d->f);
	free(lacks);
	free(w);
	return rc;
}

int
draft_roll(struct draft *d)
{
	const struct duty *book = station_duty(d->s);

	if (book == NULL)
		return draft_refuse(d, EX_IOERR, "", _("the journal cannot be read"));
	return roll_check(book, d->s->conf.rules, d->now, d->b, &d->f);
}
