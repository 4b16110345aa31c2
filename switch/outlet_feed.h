#ifndef SWITCH_OUTLET_FEED_H
#define SWITCH_OUTLET_FEED_H
/*
 * From the journal to the alarm outlet: what chases have been committed and are to be heard.  Behind the COMMIT, with a cursor in the journal
 * (meta "outlet.seq"): what a crash leaves between the two is rung at the next start.
 */
#include "outlet.h"
#include "query.h"

struct outlet_feed;
struct outlet_feed *outlet_feed_new(void);
void outlet_feed_free(struct outlet_feed *);
/* When nothing is uncommitted: rings what was written since, one job for all of one tier, and follows the mutes of the duty log.  *wrote: the cursor
 * has moved (commit it). */
void outlet_feed(struct outlet_feed *, const struct query_env *, struct outlet *, int64_t now, bool *wrote);

#endif
