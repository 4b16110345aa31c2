/*
 * The index of full-text search follows behind custody: a few messages at a time, when nothing else is to be written.
 *
 * Behind means seldom, too: one commit of its own in two seconds, so that a station that has little to do is not woken for it,
 * and none when all is indexed.  A large backlog (a restored or migrated journal, a destruction that dropped the index) is taken
 * faster, in steps short enough for nobody to wait for (about 10 ms).
 */
#include "station_int.h"

#define STEP 64
#define EVERY 2000			/* ms between steps */
#define BACKLOG 4096			/* messages from which on it hurries */
#define BACKLOG_STEP 256
#define BACKLOG_EVERY 100

static bool
all_indexed(const struct station *s)
{
	return s->search.left == 0 && s->search.seq == s->j->ops->chain_seq(s->j);
}

static int64_t
interval(const struct station *s)
{
	return s->search.left > BACKLOG ? BACKLOG_EVERY : EVERY;
}

bool
station_search_step(struct station *s, int64_t now)
{
	uint64_t left;

	if (station_dirty(s) || s->j->failed || all_indexed(s))
		return false;
	/* A clock set back does not stop it. */
	if (now >= s->search.at && now - s->search.at < interval(s))
		return false;
	s->search.at = now;
	if (s->j->ops->search_more(s->j, 0, &left) == 0 && left == 0) {
		s->search.left = 0;
		s->search.seq = s->j->ops->chain_seq(s->j);
		return false;
	}
	/* Failed: the commit will say so. */
	(void)s->j->ops->search_more(s->j, left > BACKLOG ? BACKLOG_STEP : STEP, &s->search.left);
	s->search.seq = s->j->ops->chain_seq(s->j);
	s->wrote = true;
	return true;
}

int64_t
station_search_wake(const struct station *s)
{
	return all_indexed(s) ? INT64_MAX : s->search.at + interval(s);
}
