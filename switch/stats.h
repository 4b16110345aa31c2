#ifndef SWITCH_STATS_H
#define SWITCH_STATS_H
/*
 * Timeliness of stations over a month: pure.  From the messages of each incident come the instants of a first report (learned, drafted, approved,
 * sent, arrived, signed for) and every clock that ran (clock_all()); nothing here is measured by hand.
 *
 * Promises: late, omitted and corrected are counted apart, and a correction never against its sender.  Lateness is split by who
 * made it: what passed between draft and approval is the leader's, what passed between sending and arriving the line's, the rest the duty officer's; the one
 * whose part alone accounts for the delay is charged.  What was explained, and accepted by the superior, is counted as excused.  A station that
 * spoke only when asked has not reported late, and is counted as asked.  Unfinished spans are left out, never taken as 0.
 */
#include "clock.h"

enum stats_charge { STATS_CLERK = 1, STATS_LEADER = 2, STATS_LINE = 3 };
enum stats_state { STATS_LATE = 1, STATS_OMITTED = 2 /* due and still not told */ };
enum stats_explained { STATS_NOT_EXPLAINED = 0, STATS_FILED = 1, STATS_ACCEPTED = 2, STATS_DECLINED = 3 };

struct stats_explanation {	/* one KIND_EXPLAIN of the station, with what its superior said of it */
	struct msgid id, of;	/* of: the report, or the message the clock began with, or the incident */
	int cause;		/* enum charge, 0 not said */
	char text[256], person[97];
	int state;		/* enum stats_explained */
};

struct stats_case {		/* one clock that ran over */
	struct owed_item it;
	char number[96], title[256];
	int state, charge, explained;	/* enum stats_* */
	int64_t late;		/* ms past due, of what is not told yet until `now` */
	int64_t draft, approve, carry;	/* ms of its report's parts, -1 not known */
	const struct stats_explanation *why;	/* NULL none */
};

struct stats_spans { int64_t *v; size_t n, cap; };	/* ms each */
struct stats_station {
	char station[STATION_MAX];
	size_t intakes, firsts, asked, corrected;
	size_t late, omitted, excused;	/* incidents: each is one of these at most, however many of its clocks ran over */
	size_t by_leader, by_line;	/* of late: charged to these */
	size_t followups, followups_met, finals, finals_met;	/* clocks that were due or met */
	struct stats_spans first[2];	/* from 接报, from 发生, to the first word upwards (telephone or written) */
	struct stats_spans draft, approve, carry, sign;	/* of first written reports: 接报到成稿 成稿到签发 签发到送达 送达到签收 */
	struct stats_spans signing;	/* how long this station took to sign for what came to it */
	struct stats_case *cases; size_t ncases;
	unsigned hours[31][24];		/* what was learned, by day and hour (UTC+8) */
};

struct stats {
	int64_t from, to, now;	/* ms UTC: learned within [from, to) counts */
	struct stats_station *v; size_t n;
	struct stats_explanation *why; size_t nwhy;
};

struct stats *stats_new(int64_t from, int64_t to, int64_t now);
void stats_free(struct stats *);
struct stats_station *stats_of(struct stats *, const char *station);	/* made when new */
/* All explanations before the incidents. */
void stats_explain(struct stats *, const struct msgid *id, const struct body *);

/* When a report of the station was 送达 and 签收 at the one above, as known here; 0: not known. */
typedef void (*stats_arrival_fn)(void *ctx, const struct msgid *, int64_t *arrived, int64_t *signed_for);
struct stats_view {
	const char *station, *parent, *level;
	const struct rules *rules;
	stats_arrival_fn arrival;
	void *ctx;
	bool here;	/* it is this room: what was stored here is what it learned of, and when */
};
void stats_incident(struct stats *, const struct incident *, const struct stats_view *);

/*
 * Does this chase ring anew?  One ring is what sounds at once: all that is stored (ms UTC) within one second and of one tier (PREC_*).  What goes to
 * the screen alone rings never.  by: CHASE_BY_*.  The chases come in the order stored; *last begins as {0, 0}.
 */
struct stats_ring { int64_t second; unsigned tiers; };
bool stats_ring(struct stats_ring *last, int64_t stored, int prec, unsigned by);

/* Median of the spans in ms, -1 none (sorts them). */
int64_t stats_median(struct stats_spans *);
/* The month of an instant or "2026-11": [from, to) in UTC+8; false: no month. */
bool stats_month(const char *text, int64_t *from, int64_t *to);

#endif
