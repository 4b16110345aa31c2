#ifndef SWITCH_LOOP_START_H
#define SWITCH_LOOP_START_H
/*
 * What the loop makes of a station's directory at its start (private to loop*.c).
 */
#include "loop.h"
#include "station.h"

#define DAY_BEGINS ((int64_t)16 * 3600 * 1000) /* midnight in China, in ms after midnight UTC */

/* The station's settings as its core takes them. */
void loop_settings(const struct loop_conf *, const struct topology *, struct station_conf *);

/* Topology and rules, both before either changes anything: what is refused (-1 + fault, logged) changes nothing.  *rules is NULL where they
 * are never read again. */
int loop_reread(const struct loop_conf *, struct topology *, struct rules **rules, struct fault *);

/* On a full disk the ballast gives way, so that the journal can be opened and its epoch written.  *space is set in any case. */
struct space;
struct journal;
struct journal *loop_journal(const struct stationdir *, bool fresh, struct space **space, struct fault *);

#endif
