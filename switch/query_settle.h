#ifndef SWITCH_QUERY_SETTLE_H
#define SWITCH_QUERY_SETTLE_H
/*
 * When an incident, or a message of none, is settled: pure.
 *
 * What is settled leaves the live memory and may be let go by retention (journal.h: settle(), retire()); lists show it only when
 * history is asked for.  So nothing is settled of which anything is owed, asked or on its way.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SETTLE_DAYS 3	/* where no setting says otherwise */

struct settle_facts {
	bool over;		/* reported as over, closed, merged away, history, or no event at all */
	size_t owed;		/* things this station owes for it, due or not */
	size_t attention;	/* messages of it that a person here has still to look at, notices of what came back included */
	size_t open;		/* addressees of our messages in it without 送达 */
	size_t returned;	/* addressees at which it came back, and no notice says so to anybody */
	int64_t in_force;	/* ms UTC until which a warning of it is in force; 0 = none is, or it does not say */
	int64_t changed;	/* ms UTC its last message was stored */
};

/* after: ms it has to have been quiet; 0: nothing is ever settled. */
bool settle_may(const struct settle_facts *, int64_t now, int64_t after);

#endif
