#ifndef SWITCH_QUERY_CHASE_H
#define SWITCH_QUERY_CHASE_H
/* What of the chasing is shown, private to query*.c: op outlets, and the members of status. */
#include "query_int.h"

json_t *query_outlets(struct query *);
void query_put_chases(struct query *, json_t *status);	/* outlets[] no_outlet mute_until mute_reason chases[] */

#endif
