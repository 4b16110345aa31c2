#ifndef TESTS_SIM_WORLD_INT_H
#define TESTS_SIM_WORLD_INT_H
/*
 * Inside of the world: shared by world.c (nodes, disks, clocks, turns) and net.c (lines and what is under way on them).
 */
#include "world.h"

enum event_kind { EV_FRAME, EV_CONNECTED, EV_DISCONNECTED };

struct event {
	int64_t at;
	uint64_t order;
	enum event_kind kind;
	size_t to, from;
	uint64_t conn;
	uint8_t *bytes;
	size_t len;
};

struct conn {
	size_t line;
	bool alive;
	int64_t last[2]; /* arrival of the newest frame each way (0: from a): order is kept */
};

#define WIRE_KEPT 8 /* the last frames of a line, both ways: what may still come out of it after its connection's end */

struct wire {
	uint64_t conn;	/* newest; 0: none */
	bool cut, mute[2];
	struct event kept[WIRE_KEPT];
	unsigned nkept;	/* ever */
};

struct sending { /* order of precedence within what one release of a turn sends to a neighbour */
	uint64_t turn;
	int precedence;
};

struct node {
	struct world *w;
	size_t index;
	struct place *place;
	struct disk *disk;	/* NULL: on the RAM twin */
	struct image *backup;
	struct journal *j;
	struct station *s;
	struct station_conf conf;
	struct sending *sending; /* by row of its topology */
	int64_t skew, last_local, wake_at, attended_at;
	int ppm, room;
	bool releasing, again, old; /* releasing: behind a COMMIT, what waited for it */
	uint64_t turns;
	int64_t duty_at;	/* when the duty clockwork is looked at next; INT64_MAX: never */
	uint64_t duty_seq;	/* of the chain, when it was the last time */
};

struct world {
	struct world_conf conf;
	struct rng rng;
	struct weather weather;
	struct map *map;
	struct node *nodes;
	size_t n;
	struct wire *wires;
	struct conn *conns; /* by id - 1 */
	size_t nconns, cconns;
	struct event *heap;
	size_t nheap, cheap;
	uint64_t order, trace;
	int64_t now, began;
	struct world_stats stats;
	char wrong[1100];
	struct codebook *cb;
	struct rules *rules;
	world_reply_fn reply;
	void *reply_ctx;
};

extern struct image *world_fresh;	/* a disk with an empty journal; made once */
int64_t node_time(struct node *);	/* its clock */
void node_turn(struct node *);		/* after an input: the turn, or, so that several share one, a little later */
void world_note(struct world *, uint64_t); /* into the trace */
void node_turn_now(struct node *);

/* tick.c */
void node_duty_begin(struct node *);	/* it has come up */
void node_duty_due(struct node *);	/* after a turn: what was written may be owed */
void node_duty(struct node *);		/* the time has come */

void world_books(struct world *);		/* books.c: codebooks and rules */

/* net.c */
void net_connect(void *ctx, const char *peer);	/* of struct station_ops */
void net_close(void *ctx, const char *peer);
void net_send(void *ctx, const char *peer, uint64_t conn, const void *frame, size_t len);
void net_gone(struct world *, size_t node);	/* its connections break */
bool net_next(const struct world *, int64_t *at);
struct event net_take(struct world *);
struct conn *net_conn(struct world *, uint64_t id);
void net_free(struct world *);

#endif
