#ifndef SWITCH_CLOCK_INT_H
#define SWITCH_CLOCK_INT_H
/*
 * Private to clock*.c: one incident being judged.
 */
#include "clock.h"

#define CLOCK_MINUTE INT64_C(60000)

/* A stretch of what is owed upwards: it begins with 接报, and again with every message that makes the clock's grade graver. */
struct clock_span {
	int64_t from;			/* ms UTC: when this station learned of it */
	struct msgid about;
	int grade;			/* enum grade it runs by */
	int floor;			/* of that, what is stated or proven; 0 nothing */
	bool presumed;			/* nobody has stated a grade: the sooner of this one's limit and that of "undetermined" */
	bool fixed;			/* a person has since stated a graver one: it stays as it was */
	bool risk, risk_presumed;	/* 较大涉险 or a mark; only proposed */
	int64_t again;			/* ms UTC a stretch of this grade had begun before it was lowered; INT64_MAX none */
	/* Lowered since (clock_lower.c). */
	bool first;			/* the first of all */
	int64_t ended;			/* ms UTC */
	struct msgid ended_by;
};

struct clock_ref {			/* a message that refers to another one of the incident */
	size_t of;			/* index into inc->all */
	const struct incident_line *by;
	bool old;			/* it names an earlier version of that directive, and was said when this one stood already */
};

struct clock_told {			/* this station has told the level above */
	bool phone, written;
	bool declared;			/* at was typed by a person, to the minute */
	int64_t at;			/* ms UTC */
	const struct incident_line *line;
	char how[64];
};

struct clock {
	const struct incident *inc;
	const char *self, *parent, *level;
	const struct rules *rules;
	owed_fn add;
	void *ctx;
	bool all;			/* what is met as well */
	int stated;			/* the grade that counts now: stated, or the graver one that is proven; 0 = nobody has stated one */
	int proven;			/* nobody has: what the figures make the clock run by; 0 = nothing */
	bool risk;
	int64_t marked;			/* ms UTC a mark that acts on the clock was first borne, INT64_MAX none */
	int64_t *known;			/* of each line: clock_known() */
	struct clock_ref *ref;		/* by `of`, then fold order */
	size_t nref;
	struct clock_span *span;
	size_t nspan;
	struct clock_span *gone;	/* what only a graver word had begun, lowered since */
	size_t ngone;
	int64_t *claim;			/* of each line: the soonest limit of the own clocks it has met as a report, 0 none; NULL: not asked for */
	struct clock_told *told;	/* in time order */
	size_t ntold;
};

struct clock_ask {
	enum owed what;
	int grade, presumed;		/* presumed: asked beside "undetermined", the sooner counts; 0 none */
	int prec;
	bool risk;
	enum rule_scope scope;
	const char *code;		/* NULL: the incident's */
	bool keep;			/* the origin stays, whatever instant the row counts from */
};

/* ---- clock.c ---- */
bool clock_is(const struct clock *, const struct incident_line *);	/* written at this station */
int64_t clock_after(int64_t origin, int64_t minutes);		/* stays at the origin where it would overflow */
/* The instant this station had it: its own 送达 where that came later (a hosted station's waits for an attended seat), else as stored. */
int64_t clock_known(const struct clock *, const struct incident_line *);
/* it: incident, about and origin are filled in.  False when no rule sets a limit. */
bool clock_limit(const struct clock *, const struct clock_ask *, const char *towards, struct owed_item *it);
void clock_owe(const struct clock *, const struct clock_ask *, const char *towards, const struct owed_item *from);
/* The present grade and risk. */
void clock_ask_now(const struct clock *, enum owed, int prec, struct clock_ask *);
void clock_put(const struct clock *, const struct owed_item *);		/* to the caller, unless met and not asked for */
void clock_met(struct owed_item *, int64_t at, const struct msgid *by, const char *how);
/* References to inc->all[of]: the first of them, *n how many.  Answers to versions of a directive that were corrected stand among those of the
 * version that stands, marked old: who has answered has answered, but has not read this one. */
const struct clock_ref *clock_refs(const struct clock *, size_t of, size_t *n);
size_t clock_find(const struct clock *, const struct msgid *);		/* index into inc->all; nall: not there */
bool clock_counts(const struct incident_line *);			/* says something here: not recalled, not split off, no recall */
int clock_step(const struct incident_line *);				/* enum step of a named person that stands; 0 none */
bool clock_revoked(const struct clock *, size_t of);			/* a directive its author has taken back */
int clock_state(const struct clock *);					/* enum event_state of this station's own view */

/* ---- clock_grade.c ---- */
bool clock_graded(int grade);						/* I..IV */
bool clock_graver(int a, int b);					/* a than b; undetermined lies between III and IV */
void clock_judge(struct clock *);					/* stated, proven, risk, marked */
/* Fills c->span.  first: the earliest instant learned; start: when its first message was stored. */
void clock_spans(struct clock *, int64_t first, int64_t start, const struct msgid *about);

/* ---- clock_lower.c ---- */
/* The grade stated was lowered: what is graver than `by` and only stated ends. */
void clock_lower(struct clock *, int by, int64_t at, const struct msgid *);
int64_t clock_begun(const struct clock *, int grade);			/* since when it had been that grade before; INT64_MAX never */

/* ---- clock_told.c: what this station has told, and what has arrived at an endpoint ---- */
void clock_tell(struct clock *);					/* fills c->told */
bool clock_addressed_up(const struct clock *, const struct body *);
/* What an entry of an outside channel settles towards `whom` (NULL: the level above of c). */
bool clock_outside(const struct clock *, const struct body *, const char *whom, bool *phone, bool *written);
/* The first telling at or after `from` that satisfies; NULL none. */
const struct clock_told *clock_first_told(const struct clock *, bool written, int64_t from);
/* What has become known to have been told at that endpoint.  False: nothing. */
bool clock_arrived(const struct clock *, const char *endpoint, bool written, struct owed_item *);

/* ---- clock_report.c, clock_follow.c, clock_receive.c, clock_await.c ---- */
void clock_reports(struct clock *);
void clock_follow(const struct clock *);	/* 续报 终报 补报, after the reports */
bool clock_change(const struct clock *, struct clock_change *);
void clock_received(const struct clock *);
void clock_sent_ones(const struct clock *);

#endif
