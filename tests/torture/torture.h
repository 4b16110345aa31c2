#ifndef TESTS_TORTURE_H
#define TESTS_TORTURE_H
/*
 * Torture of real processes: three switches under a shim (shim/page.h), joined through a proxy that can be told to
 * misbehave, and an outside ledger of everything they were asked and everything they answered.
 *
 * rig.c     the processes: launching under the shim, noticing ends, waiting
 * ledger.c  the clients: submitting, repeating, and the comparison at the end
 * proxy.c   the network between them
 * kill.c, stop.c, disk.c, net.c, clock.c  kinds of rounds;  power.c, replay.c, frames.c  power loss, from what the shim
 * recorded
 *
 * A round begins quiet (everything answered, delivered, links up) and leaves whatever it broke to be mended by its end.
 * What is wrong ends in stations_fail().
 */
#include "../lib/stations.h"
#include "shim/page.h"

#define COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))

/* ---- ledger ---- */

enum ledger_kind { L_REPORT, L_DIRECTIVE, L_LOG, L_RECEIPT, L_KINDS };

struct ledger_item {
	char rid[33], id[80], title[40];
	int at; /* station */
	enum ledger_kind kind;
	json_t *request;
	uint64_t n;	    /* request under way; 0 none */
	int64_t not_before; /* ms monotonic */
	bool acked, again;  /* again: answered already, asked once more */
	bool receipted, checked;
	size_t of; /* L_RECEIPT: which item */
	bool flash;
};

struct ledger {
	struct ledger_item *v;
	size_t n, cap, first; /* first: lowest that may lack its answer */
	struct client *c[STATIONS];
	size_t reposted, duplicates, refused, refused_flash;
	bool no_retry; /* what is refused stays so until this is cleared */
};

/* ---- rig ---- */

enum { MAY_DIE = 1 /* SIGKILL */, MAY_FAIL = 2 /* sysexits */ };

struct proxy;

struct rig {
	struct stations st;
	const char *build;
	char shim[512], page_path[STATIONS][320];
	struct shim_page *page[STATIONS];
	struct proxy *proxy;
	struct ledger ledger;
	int netns[STATIONS];	/* descriptor of the namespace its switch lives in; -1 ours */
	bool ready[STATIONS];	/* runs and has said so */
	bool stopped[STATIONS]; /* by SIGSTOP */
	int excused[STATIONS];	/* MAY_*: ends that are no failure */
	bool hold[STATIONS];	/* is not started again by itself */
	int last_status[STATIONS];
	unsigned ends[STATIONS], slow; /* slow: factor of all waits (sanitizers, a busy machine) */
	uint64_t rounds_here;
	bool keep;
};

/* How a run is asked for. */
struct torture {
	const char *build, *only;
	uint64_t seed, rounds, first_round;
	unsigned jobs, slow;
	bool sanitized;
};

void rig_make(struct rig *, const struct torture *); /* three stations, running; proxies between them */
void rig_free(struct rig *);
void rig_launch(struct rig *, int i);
void rig_settings(struct rig *, int i, const char *lines); /* further lines of its conf, instead of those before */
/* One turn: at most ms of waiting for something to happen; starts again what has ended. */
void rig_turn(struct rig *, int ms);
void rig_turns(struct rig *, int ms); /* turns until so much time has passed */
/* Everything answered, delivered and linked; fails at the deadline, telling what is not. */
void rig_quiet(struct rig *, int ms);
bool rig_is_quiet(struct rig *, char why[300]);
json_t *rig_status(struct rig *, int i);   /* NULL: not just now */
void rig_disarm(struct rig *, int i);	   /* no orders any more */
void rig_check(struct rig *);		   /* quiet, then the ledger against the journals */
void rig_verify_files(struct rig *);	   /* after stopping all: the files as they lie */
const char *rig_tail(struct rig *, int i); /* the end of its log; static */

void ledger_add(struct ledger *, struct rig *, enum ledger_kind, int at, bool flash);
void ledger_traffic(struct ledger *, struct rig *, size_t n); /* some of each, by chance */
bool ledger_step(struct ledger *, struct rig *);	      /* posts and takes; true: something came */
bool ledger_settled(const struct ledger *);		      /* everything answered */
void ledger_ask_again(struct ledger *, int at);		      /* the last few that station has answered */
void ledger_drop(struct ledger *, int at);		      /* its switch is gone */
size_t ledger_open(const struct ledger *, bool flash);	      /* not answered with an id yet */
void ledger_retry(struct ledger *);			      /* what was refused goes again */
void ledger_check(struct ledger *, struct rig *);
void ledger_free(struct ledger *);

/* ---- proxy.c: between township and county, county and city ---- */

enum proxy_mode {
	PROXY_PASS,
	PROXY_CUT /* closes, refuses */,
	PROXY_STALL /* reads nothing, says nothing */,
	PROXY_HALF /* passes up only, then ends
half */
	,
	PROXY_TRUNCATE /* passes some bytes more, then resets */,
	PROXY_NOISE /* garbage into the stream */
};

struct proxy *proxy_new(const struct stations *, unsigned ports[2]); /* forks; to: the endpoints of county and city */
void proxy_set(struct proxy *, int link, enum proxy_mode, uint64_t bytes);
void proxy_free(struct proxy *);

/* ---- rounds ---- */
void round_kill(struct rig *, uint64_t turn);
void round_clock(struct rig *, uint64_t turn);
void round_stop(struct rig *, uint64_t turn);
void round_disk(struct rig *, uint64_t turn);
void round_net(struct rig *, uint64_t turn);
/* On stations of their own. */
void round_power(const struct torture *, uint64_t turn);
void round_tmpfs(const struct torture *, uint64_t turn);
void round_netns(const struct torture *, uint64_t turn);

/* What the rounds did, added up over all workers. */
struct tally {
	_Atomic uint64_t dealt; /* rounds taken by a worker */
	_Atomic uint64_t rounds, kills, missed, restarts, states, cuts, faults, steps, stops, reports, reposted,
	    duplicates, refused, skipped, acked_checked, custody_checked;
};
extern struct tally *tally;
void skipped(const char *why); /* counts it; the first few are said */

#endif
