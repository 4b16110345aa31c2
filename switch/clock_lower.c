/*
 * A grade that was stated and properly lowered again (a leader, a reason: what the fold takes for a lowering).
 *
 * What only the graver word had begun ends at the lowering: a wrong digit must not have a room chased towards the State Council for an ordinary
 * accident.  What figures prove, or have once proved, stays.  What was told in time was told, what was late by then stays late in the statistics,
 * and the milder grade goes on from where the stretch began.  Who lowers and raises again gains no time: as long as the old limit has not run out, it is
 * the limit.
 */
#include "clock_int.h"

void
clock_lower(struct clock *c, int by, int64_t at, const struct msgid *id)
{
	for (size_t i = 0; i < c->nspan; i++) {
		struct clock_span *sp = &c->span[i];

		/* A person has said what it is; that somebody had said graver in between fixes nothing. */
		sp->fixed = false;
		if (sp->presumed || !clock_graver(sp->grade, by))
			continue;
		c->gone = xreallocarray(c->gone, c->ngone + 1, sizeof *c->gone);
		c->gone[c->ngone] = *sp;
		c->gone[c->ngone].first = i == 0;
		c->gone[c->ngone].ended = at;
		c->gone[c->ngone++].ended_by = *id;
		sp->grade = sp->floor = by;
	}
}

int64_t
clock_begun(const struct clock *c, int grade)
{
	int64_t from = INT64_MAX;

	for (size_t i = 0; i < c->ngone; i++)
		if (!clock_graver(grade, c->gone[i].grade) && c->gone[i].from < from)
			from = c->gone[i].from;
	return from;
}
