#ifndef SWITCH_ROUTE_H
#define SWITCH_ROUTE_H
/*
 * Topology and routing: pure.  The topology file of a station lists its neighbours; an addressee is reached
 *   1. directly, when it is a neighbour; 2. through the neighbour whose `via` column names it;
 *   3. through the child whose place in the divisions' tree it lies under (longest code wins; organ suffixes are of their place);
 *   4. through a neighbour whose `via` names it, or what it lies under, as `~CODE`; 5. through the first parent;
 *   6. through an alternate (a later parent), when those before are excluded.
 * A station already in the hop list is never chosen; what lies under this station itself, and what is a child or department of it,
 * is never sent up or around but where `~` names it more closely than this station: it would come back.  None left = no path.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "../formats/fault.h"
#include "../formats/msgid.h"

enum role { ROLE_PARENT = 1, ROLE_CHILD = 2, ROLE_DEPARTMENT = 3, ROLE_NEIGHBOUR = 4,
	ROLE_PHONE = 5 /* a station without a terminal: known by its telephone only, no key, no link, never 送达 */ };

struct neighbour {
	char station[STATION_MAX];
	char name[128];
	enum role role;
	uint8_t key[32];		/* CURVE public key */
	char endpoint[256];		/* tcp://HOST:PORT when we connect to it, "" when it connects to us */
	unsigned rate_bps;		/* 0 = fast */
	/* Further stations reached through it, comma separated.  ~CODE: that station and all below it may also come and be reached
	 * this way, when the way the tree says is down: without it their messages would be refused here as forged. */
	char via[512];
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
/* A station without a terminal: told by telephone, never offered anything, never the origin of a message. */
bool topology_phone(const struct topology *, const char *station);
const struct neighbour *topology_parent(const struct topology *);	/* first parent, NULL at the top */
const char *role_name(enum role);	/* "parent", ... */
enum role role_parse(const char *);	/* 0 when none */

/* True when station lies under place in the divisions' tree: 330225102 under 330225 under 330200 under 330000. */
bool station_under(const char *station, const char *place);

/* Neighbour to hand a parcel for `to` to; hops (may be NULL) are excluded.  NULL = no path. */
const struct neighbour *route_next(const struct topology *, const char *to, const char (*hops)[STATION_MAX], size_t nhops);
/* May a parcel be handed to this neighbour?  Asked of each that leads there. */
typedef bool (*route_fit_fn)(const void *ctx, const struct neighbour *);
/* All neighbours that lead to `to`, the best first, in the order above, each once, at most max of them; hops (may be NULL) are
 * excluded, so is what does not fit (fit may be NULL).  Returns how many. */
size_t route_ways(const struct topology *, const char *to, const char (*hops)[STATION_MAX], size_t nhops, route_fit_fn fit,
    const void *ctx, const struct neighbour **out, size_t max);
/* Reverse-path check: may a message of this origin come from this neighbour?  Never our own, never a station that
 * lies on another child's side, but where `~` in via allows it. */
bool route_plausible(const struct topology *, const char *from, const char *origin);

#endif
