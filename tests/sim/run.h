#ifndef TESTS_SIM_RUN_H
#define TESTS_SIM_RUN_H
/*
 * One run: the world, what people in it want (people.c), and the ledger kept outside of the stations: what people were told
 * (ledger.c holds the stations to it while the run goes on, judge.c when it is over).
 */
#include "world.h"

#define TO_MAX 12

struct addressee {
	size_t node;
	bool here;		/* seen stored there */
	bool done;		/* and the origin knows: not looked at any more */
	bool excused;		/* its own disk was lost behind more than one disaster: it need not get it again */
	bool forgot;		/* its disk was lost: the origin may know of a delivery that is not there any more */
	int64_t unseen, seen;	/* virtual ms: last looked at without it, first seen with it */
	size_t holder;		/* who had it in its outbox when last looked at */
};

struct entry {			/* one thing a person wants sent */
	size_t node;
	char rid[24];
	struct body *body;
	char *request;		/* JSON, when it goes through review; NULL: submitted at once */
	int realm, kind, stage, act;
	bool must;		/* nothing may refuse it for its contents */
	struct msgid ref;	/* what it answers; origin "" nothing */
	struct msgid id;	/* as answered */
	bool answered, learned;	/* learned: the addressees were read off it */
	bool refused;		/* for its contents, for good */
	bool lost;		/* a disk took it before anyone else had it, as far as we know */
	bool twice;		/* the station's memory of requests was lost before the answer came */
	bool same;		/* it stood already: another entry's */
	bool unsure;		/* a disk was lost before the addressees were known */
	int64_t approve_at;	/* virtual ms: its leader lets it lie until then */
	bool relaxed;		/* a disk that held it was lost: only the origin's patience brings it on */
	struct addressee to[TO_MAX];
	size_t nto;
};

struct run_conf {
	uint64_t seed;
	size_t stations;
	int64_t minutes;
	bool ram, verbose;
	bool duty;		/* hours of duty with people in the rooms (duty.c), not minutes of storm */
	bool week;		/* the same for seven days: gently, day and night shifts */
};

struct duty_sums { size_t owed, late, chases, spans; };

struct run {
	struct world *w;
	const struct run_conf *conf;
	struct entry *e;
	size_t n, cap;
	size_t settled_below;	/* all entries before are done */
	bool calm;
	unsigned disasters;	/* disks lost */
	bool old_peers;
	bool patient;		/* nobody gives anything up within the storm */
	int64_t looked;		/* virtual ms of the last look */
	int64_t not_before;	/* the calm lasts at least until then */
	unsigned lose_reply;	/* per mille: the person never sees the answer */
	uint64_t submits, refusals, returned, lost, hours;
	struct rooms *rooms;	/* NULL: nobody keeps a register */
	bool duty;		/* the duty clockwork runs */
	struct duty_sums sums;	/* at the end */
	char why[1200];
};

void run_fail(struct run *, const char *what, size_t entry, size_t to);	/* the first counts */

/* storm.c */
void storm(struct run *);	/* minutes of everything that can go wrong */
void duty_hours(struct run *);	/* hours of duty */
void calm(struct run *);	/* until all is settled; judged */

/* people.c */
struct entry *people_entry(struct run *, size_t node, int kind);	/* moves r->e */
void people_to(struct run *, struct entry *, size_t node);
void people_ask(struct run *, size_t entry);	/* submits it, again too */
void people_act(struct run *);			/* somebody does something, and those without an answer ask again */
void people_ask_again(struct run *, unsigned per_mille);
void people_attend(struct run *);		/* every hosted seat */
void people_reply(void *ctx, size_t node, uint64_t ticket, const struct msgid *, bool duplicate, const struct fault *);

/* ledger.c */
void ledger_look(struct run *);			/* custody, deliveries, seats */
void ledger_disaster(struct run *, size_t node);/* before its disk is lost */
bool ledger_settled(struct run *);
/* The origin says returned of what the addressee has, and nobody there has sent it back. */
bool ledger_unlifted(const struct run *, const struct entry *, const struct addressee *, const struct journal_delivery *);

/* judge.c */
void judge(struct run *);			/* at quiescence */
void judge_journal(struct run *, size_t node);	/* at any time: verify and quarantine of one that is up and between turns */

/* duty.c */
void duty_open(struct run *);
void duty_close(struct run *);
void duty_act(struct run *);			/* everybody who is awake looks at what he has to do */
bool duty_asleep(const struct run *, size_t node);	/* nobody there does anything, whatever is owed */
bool duty_keeps(const struct run *, size_t node);	/* has anybody of it been entered into a register? */

/* duty_judge.c */
void judge_duty(struct run *, size_t node, struct duty_sums *);	/* of one that is up and between turns; sums: added to, NULL */

/* duty_judge_watch.c */
struct incident;
void judge_start(struct run *, size_t node);	/* what it owes before a start and after one */
void judge_clocks(struct run *, size_t entry, size_t to, const struct incident *, const struct incident *);	/* both hold the same */

/* records.c */
void judge_rows(struct run *, size_t node);	/* at any time: the cached folds */
void judge_records(struct run *, size_t node);	/* at quiescence: those, spoken numbers, what the chain tells of deliveries */

#endif
