/*
 * Is there still a terminal at the other end of the line?
 *
 * A desk reached over SSH may sit behind a cable that was cut an hour ago: nothing ends, nothing fails, and messages "arrive" before nobody.  So when no
 * key has come for a third of the limit, the terminal is asked for a report; when neither that nor a key comes within half of it, the line is dead.
 * That is four bytes either way in twenty seconds, and nothing while somebody types.  While it is dead it is asked once a limit:
 * what TCP keeps for a line that comes back is answered anyway.
 *
 * Only a terminal that has answered once is ever called dead: some never do.
 */
#include "term.h"

void
probe_heard(struct probe *p, int64_t now, bool report)
{
	p->heard = now;
	p->waiting = p->dead = false;
	if (report)
		p->answers = true;
}

bool
probe_step(struct probe *p, int64_t now, int64_t limit)
{
	if (!p->asked) {
		p->asked = true;
		p->heard = p->sent = now;
		return true;
	}
	if (!p->answers)
		return false;
	if (!p->waiting) {
		if (now - p->heard < limit / 3)
			return false;
		p->waiting = true;
		p->sent = now;
		return true;
	}
	if (!p->dead) {
		p->dead = now - p->sent >= limit / 2;
		return false;
	}
	if (now - p->sent < limit)
		return false;
	p->sent = now;
	return true;
}

int64_t
probe_wake(const struct probe *p, int64_t limit)
{
	if (!p->asked)
		return 0;
	if (!p->answers)
		return INT64_MAX;
	return !p->waiting ? p->heard + limit / 3 : !p->dead ? p->sent + limit / 2 : p->sent + limit;
}
