#ifndef SWITCH_ZSOCK_PEERS_H
#define SWITCH_ZSOCK_PEERS_H
/*
 * The allowlist and who is connected to our ROUTER: a table without libzmq, used by zsock.c alone.
 *
 * Connection ids are never reused.  What has ended is marked and handed out once by peers_next_gone().
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "route.h"

#define PEERS_CONNS 4		/* live connections kept a peer: the newest few; a half-open old one dies by itself */
#define PEERS_RID 5		/* bytes of libzmq's own routing ids; the first is 0 */
#define PEERS_USER_ID (STATION_MAX + 65)

struct peer_conn {
	uint64_t id;		/* 0: free */
	uint64_t used;		/* when last heard, in frames received */
	uint8_t rid[PEERS_RID];
	int fd;			/* libzmq's, for recognising it in monitor events and for cutting it; -1 unknown */
	bool gone;		/* to be reported */
};

struct peer {
	char station[STATION_MAX];
	char user_id[PEERS_USER_ID];	/* "STATION KEYHEX" */
	uint8_t key[32];
	struct peer_conn c[PEERS_CONNS];
};

struct peers {
	struct peer *p;		/* sorted by station */
	size_t n;
	bool gone;		/* peers_next_gone() has something to tell */
};

void peers_free(struct peers *);
/* Takes over a new allowlist.  Same station under the same key: its connections stay; all others are cut. */
void peers_allow(struct peers *, const struct topology *);
struct peer *peers_find(const struct peers *, const char *station);
struct peer *peers_by_key(const struct peers *, const uint8_t key[32]);
struct peer *peers_by_user(const struct peers *, const char *user_id);	/* NULL: no longer in the list */

bool peers_rid_valid(const void *rid, size_t len);	/* one of libzmq's making, not of a peer's choice */
struct peer_conn *peers_conn(struct peer *, const void *rid);		/* NULL: not known */
struct peer_conn *peers_conn_by_id(struct peer *, uint64_t id);		/* NULL: unknown or gone */
/* A new connection; the peer's least recently heard one is cut when there are too many. */
struct peer_conn *peers_conn_add(struct peers *, struct peer *, uint64_t id, const void *rid, int fd);
void peers_fd_gone(struct peers *, int fd);
/* The next ended connection, forgotten with this.  False when there is none. */
bool peers_next_gone(struct peers *, char station[STATION_MAX], uint64_t *id);

#endif
