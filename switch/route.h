#ifndef SWITCH_ROUTE_H
#define SWITCH_ROUTE_H
/*
 * Topology and routing: pure.  The topology file of a station lists its neighbours; an addressee is reached
 *   1. directly, when it is a neighbour; 2. through the neighbour whose `via` column names it;
 *   3. through the child whose place in the divisions' tree it lies under (longest code wins; organ suffixes are of their place);
 *   4. through the first parent; 5. through an alternate (a later parent), when the first is excluded.
 * A station already in the hop list is never chosen; what lies under this station itself is never sent up; none left = no path.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "../formats/fault.h"
#include "../formats/msgid.h"

enum role { ROLE_PARENT = 1, ROLE_CHILD = 2, ROLE_DEPARTMENT = 3, ROLE_NEIGHBOUR = 4 };

struct neighbour {
	char station[STATION_MAX];
	char name[128];
	enum role role;
	uint8_t key[32];		/* CURVE public key */
	char endpoint[256];		/* tcp://HOST:PORT when we connect to it, "" when it connects to us */
	unsigned rate_bps;		/* 0 = fast */
	char via[512];			/* further stations reached through it, comma separated */
};

struct topology {
	char self[STATION_MAX];
	struct neighbour *n;		/* owned, file order */
	size_t count;
};

/* topology.tsv: station name role key endpoint rate via.  A missing file is an empty topology. */
int topology_load(const char *path, const char *self, struct topology *, struct fault *);
int topology_save(const char *path, const struct topology *, struct fault *);	/* atomically, fsync */
void topology_free(struct topology *);
const struct neighbour *topology_find(const struct topology *, const char *station);
const struct neighbour *topology_by_key(const struct topology *, const uint8_t key[32]);
const struct neighbour *topology_parent(const struct topology *);	/* first parent, NULL at the top */
const char *role_name(enum role);	/* "parent", ... */
enum role role_parse(const char *);	/* 0 when none */

/* True when station lies under place in the divisions' tree: 330225102 under 330225 under 330200 under 330000. */
bool station_under(const char *station, const char *place);

/* Neighbour to hand a parcel for `to` to; hops (may be NULL) are excluded.  NULL = no path. */
const struct neighbour *route_next(const struct topology *, const char *to, const char (*hops)[STATION_MAX], size_t nhops);
/* Reverse-path check: may a message of this origin come from this neighbour?  Never our own, never a station that
 * lies on another child's side. */
bool route_plausible(const struct topology *, const char *from, const char *origin);

#endif
