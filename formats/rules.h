#ifndef FORMATS_RULES_H
#define FORMATS_RULES_H
/*
 * Numbers that a law or a local rule sets, from conf/rules, each with its clause.  No such number stands in C.
 *   precedence.tsv  kind stage act grade colour precedence clause    ("*" = any, "-" = absent; the first row that matches)
 *   deadlines.tsv   id what place level code grade marked prec origin scope endpoint who minutes at chase clause in_force_since in_force_until
 *   chase.tsv       chain what prec rung after from to by clause      (chains of chasing)
 *   zero.tsv        place level time clause                           (零报告)
 *   numbers.tsv     name number unit clause in_force_since           (single numbers; the names are those of rules_number())
 *   classified.tsv  mark basis                                       (marks of secrecy that must not go through here)
 * and the tables of grade.h and element.h, so that all rules are checked at the start.
 * NAME.local.tsv: precedence rows are asked first; a deadline row replaces the one with the same key columns or is added.  Columns left out are
 * "*" or empty; a column nobody knows is refused.
 */
#include <stddef.h>
#include <stdint.h>
#include "body.h"
#include "element.h"
#include "fault.h"
#include "grade.h"

struct rules;

struct rules *rules_load(const char *confdir, struct fault *);	/* NULL + fault naming file and line; no profile */
/* profiles: names, comma separated ("" none): conf/rules/profiles/NAME/TABLE.tsv, asked after local rows and before the national ones. */
struct rules *rules_load_profiles(const char *confdir, const char *profiles, struct fault *);
void rules_free(struct rules *);

/* Degree for a body by kind and grade/colour; never 0.  A person may raise it (F_PRECEDENCE smaller), never lower it:
 * the result is the more urgent of rule and body. */
int rules_precedence(const struct rules *, const struct body *);

enum owed {
	OWED_REPORT_PHONE = 1,	/* 电话报: to the next level, from 接报 */
	OWED_REPORT_WRITTEN,	/* 书面首报: to the next level, from 接报 */
	OWED_READ,		/* 已阅 of a received message, from 送达 */
	OWED_SIGN,		/* 签收 of a received message, from 送达 */
	OWED_FEEDBACK,		/* 反馈: from the due time of the directive itself, or from its 送达 */
	OWED_FOLLOWUP = 6,	/* 续报: to the next level, from the last report */
	OWED_FINAL = 7,		/* 终报, from 处置毕 */
	OWED_SUPPLEMENT = 8,	/* 补报: casualties have changed after the final report (Order 493 art. 13: a window of days) */
	OWED_AWAIT_SIGN = 9,	/* sender's side: 签收 by an addressee, from our sending ("改电话") */
	OWED_AWAIT_FEEDBACK = 10, /* sender's side: the feedback an addressee owes, by its promise or the directive's time */
	OWED_ZERO = 11, OWED_AWAIT_ZERO = 12,	/* 零报告: ours; that of a station below */
	OWED_ROLL = 13, OWED_AWAIT_ROLL = 14,	/* 点名: our answer; that of a station we called */
	OWED_HANDOVER = 15,	/* 应交未交 */
	OWED_RELIEF = 16,	/* who was to relieve has not come */
	OWED_EQUIPMENT = 17,	/* this shift's test of telephone, fax, alarm outlet ... */
	OWED_GAP = 18,		/* a shift without people within numbers.tsv gap_hours */
	OWED_VERIFY = 19,	/* 核报 asked for by a directive of type verify */
	OWED_AWAIT_HANDOVER = 20,	/* a station below is past its handover */
	OWED_GRADE_AGAIN = 100, OWED_SIGNATURE = 101, OWED_RETURNED = 102	/* query_owed.c */
};
enum owed_origin {
	ORIGIN_LEARNED = 1,	/* 接报 */
	ORIGIN_OCCURRED,	/* 发生: a chain clock all levels share; where 发生 is unknown, the earliest instant known */
	ORIGIN_DELIVERED,	/* 送达 */
	ORIGIN_DUE,		/* the due time in the message itself */
	ORIGIN_REPORTED,	/* our last report on the incident (followup) */
	ORIGIN_SENT,		/* our sending (await-sign, await-feedback) */
	ORIGIN_RESOLVED,	/* 处置毕 (final) */
	ORIGIN_SHIFT		/* the shift's beginning (equipment) */
};
enum rule_scope {
	SCOPE_HOP = 1,		/* the station's own clock (接报/送达): from it to the next level */
	SCOPE_CHAIN = 2		/* one clock all levels share, to a named endpoint */
};
struct rule_ask {
	enum owed what;
	const char *station;	/* whose clock: its place chooses the row (column place: that division and all below it) */
	const char *level;	/* "township", "county", "city", "province", "unit" */
	const char *code;	/* event code with scheme, "" or NULL: not known; the row's is its beginning */
	int grade;		/* enum grade; absent or unknown is undetermined */
	int prec;		/* enum precedence, 0: any */
	bool risk;		/* a second verdict (较大涉险) stands or is proposed, or sensitive marks act on the clock: column marked */
	enum rule_scope scope;
	int64_t at;		/* ms UTC the clock starts: rows not in force that day (UTC+08:00) are passed over; 0: every row */
};
struct deadline {		/* strings live as long as the rules */
	const char *id;		/* of the row, unique: "493-11-county" */
	int64_t minutes;
	enum owed_origin origin;	/* where the rule lets the clock start */
	enum rule_scope scope;
	const char *endpoint;	/* CHAIN: "ext:guojia" or a station level; HOP: "" = the next level */
	const char *who;	/* who is measured: "station", "leader" (signature), "unit" */
	const char *chase;	/* chain of chase.tsv, "" = the default of that `what` */
	const char *clause, *since, *until;	/* clause never "" */
	const char *file; size_t line;	/* where it stands */
	const char *profile;	/* "" = national, else the profile's name or "local" */
	/* What the row names: whom and what it is for. */
	enum owed what;
	const char *place, *level, *code;	/* "*" any */
	int grade, prec;		/* -1 any */
	bool marked;			/* for marked ones alone */
	/* Times of the day instead of a limit (column at: "08:00|17:00"): due at the next of them.  minutes is then the longest pause between
	 * two, and `early` how old a report may be at such a time and still be that time's. */
	const uint16_t *at;		/* minutes after midnight UTC+08:00, ascending */
	size_t nat;
	int64_t early;			/* minutes */
};
/* When it is due for a clock that starts at origin (ms UTC): origin + minutes, or by the times of the day.  origin itself where that overflows. */
int64_t rules_due(const struct deadline *, int64_t origin);
/* A row gives way to a matching row that names everything it names and more; of the rows left the strictest counts (fewest
 * minutes, then the earliest origin).  False when no rule sets one. */
bool rules_deadline(const struct rules *, const struct rule_ask *, struct deadline *);
/* Every row that matched, the one that counts first, with why each other did not: for explain. */
struct rule_other { struct deadline d; const char *why; /* static English msgid */ };
size_t rules_deadline_all(const struct rules *, const struct rule_ask *, struct rule_other *, size_t max);
/* Rows by number, the order of the files; false past the end. */
bool rules_deadline_at(const struct rules *, size_t i, struct deadline *);
/* Does the row's place hold this station (or division)? */
bool rules_deadline_holds(const struct deadline *, const char *station);
/* Hours of zero reports by number, the order in which they are asked; false past the end. */
struct zero_hour { const char *place, *level, *clause, *profile, *file; size_t line; int minutes; /* after midnight UTC+08:00 */ };
bool rules_zero_at(const struct rules *, size_t i, struct zero_hour *);

/* Chains of chasing (chase.tsv).  A rung rings `to` at `after` minutes from the clock's origin or its due. */
enum chase_to { CHASE_SEAT = 1 /* the desk, and its alarm outlet */, CHASE_OFFICER, CHASE_SECOND /* second officer */, CHASE_SENIOR, CHASE_LEADER,
	CHASE_PARENT /* the next level's desk: a message */, CHASE_SENDER /* at the sender: "telephone is due" */ };
struct chase_rung {
	unsigned rung;		/* from 1, ascending in time */
	int64_t after;		/* minutes, may be negative with from due */
	bool from_due;
	enum chase_to to;
	unsigned by;		/* CHASE_BY_* or'd */
	const char *clause;
	const char *file; size_t line;
};
#define CHASE_BY_SCREEN 1u	/* shown and no more: leaves no message */
#define CHASE_BY_BELL 2u	/* alarm outlet */
#define CHASE_BY_PHONE 4u	/* a person is to be telephoned: shown with the number; outlet of kind phone */
#define CHASE_BY_SMS 8u
#define CHASE_BY_MESSAGE 16u	/* a KIND_CHASE to that station */
/* The rungs of a chain for this what (and precedence) in time order; borrowed.  A chain that says nothing of it leaves it to the default.  0: none. */
size_t rules_chase(const struct rules *, const char *chain, enum owed what, int prec, const struct chase_rung **);

/* 零报告 (zero.tsv): the hour of the day by which a level's is due; minutes after midnight UTC+08:00, -1 none. */
int rules_zero_due(const struct rules *, const char *station, const char *level, const char **clause);

/* Points off a month's hundred (scores.tsv); false: that item is not scored.  Nothing is, unless a place says so. */
enum rule_score { SCORE_LATE = 1, SCORE_UNTOLD, SCORE_FOLLOWUP, SCORE_FINAL, SCORE_ROLL, SCORE_ZERO };
bool rules_score(const struct rules *, enum rule_score, int64_t *points, const char **clause);
struct score_row { const char *item, *clause, *profile, *file; size_t line; int64_t points; };
bool rules_score_row(const struct rules *, enum rule_score, struct score_row *);	/* likewise, with where it stands */

/* What `rules check` points out that does not prevent loading: rows no clock can ever reach, overlapping rows of equal rank that contradict,
 * levels without a limit, profiles that change nothing, a telephone slower than the written report or than a day, a graver grade with more time, a rule
 * that has no successor for some days, chains that ring nobody, zero reports later than those of the level above.  Called for each, with file and line. */
typedef void (*rules_remark_fn)(void *ctx, const char *file, size_t line, const char *text);
void rules_remarks(const struct rules *, rules_remark_fn, void *ctx);
/* And what only the codebooks can tell: places and event codes they do not know, whose rows can never count. */
struct codebook;
void rules_remarks_codes(const struct rules *, const struct codebook *, rules_remark_fn, void *ctx);
/* BLAKE2b-256 over all tables as loaded: a reload that changes it is recorded. */
void rules_digest(const struct rules *, uint8_t out[32]);
const char *rules_profiles(const struct rules *);	/* names in use, comma separated, "" none */
/* Names as the tables write them, for what is printed: "learned", "hop", "seat"; "" for none. */
const char *rules_origin_name(enum owed_origin);
const char *rules_scope_name(enum rule_scope);
const char *rules_chase_to_name(enum chase_to);

/* Single numbers.  Every one of them has a row (loading refuses otherwise). */
enum rule_number {
	NUMBER_UNSIGNED_NUMBERS = 1, /* leaders' numbers to be tried before 先报后签 */
	NUMBER_UNSIGNED_MINUTES,     /* or minutes since the first try */
	NUMBER_RECALL_SECONDS,	     /* 撤回: after sending, while unread */
	NUMBER_ASK_AGAIN_MINUTES,    /* an undetermined grade is asked for again */
	NUMBER_SIGNATURE_MINUTES,    /* 补签: after a report went unsigned, its signature is due */
	NUMBER_PIN_TRIES,	     /* wrong PINs before the person (never the seat) is locked out */
	NUMBER_PIN_LOCK_MINUTES,
	NUMBER_PIN_DIGITS,	     /* fewest characters of a PIN */
	NUMBER_GAP_HOURS,	     /* a shift without people is alarmed so long before */
	NUMBER_RELIEF_MINUTES,	     /* late relief rings the leader */
	NUMBER_HANDOVER_PARENT_MINUTES, /* and so long after the hour the level above is told */
	NUMBER_STALE_DAYS,	     /* a telephone number not verified for so long is marked */
	NUMBER_ROLL_RINGS,	     /* 点名: three rings */
	NUMBER_ROLL_MINUTES,	     /* a roll call over the switch is to be answered within */
	NUMBER_ROLL_SHIFT,	     /* roll calls a shift, at least */
	NUMBER_SILENT_MINUTES,	     /* no act at a seat for so long: it is silent, roll call is due */
	NUMBER_SEAT_SECONDS,	     /* a seat whose line is dead is shown within */
	NUMBER_CHASE_DAYS,	     /* what has been late for longer is shown, and not chased anew */
	NUMBER_AHEAD_MINUTES,	     /* the chase before the limit, where chase.tsv says nothing */
	NUMBER_CLOCK_MINUTES,	     /* a neighbour's clock off by more is shown on row 1 */
	NUMBER_MUTE_HOURS,	     /* 静音: the longest the bells may be off at a time */
	NUMBER_SWAP_HOURS	     /* a swap is asked for at least so long before the shift; later ones say "urgent" */
};
int64_t rules_number(const struct rules *, enum rule_number);
const char *rules_number_name(enum rule_number);	/* as the table has it; NULL: there is no such number */
const char *rules_number_clause(const struct rules *, enum rule_number);
/* The first text field of the body that bears a mark of secrecy (绝密★...), and the mark; NULL: none. */
const struct field *rules_classified(const struct rules *, const struct body *, const char **mark);
const struct grade_rules *rules_grading(const struct rules *);
const struct element_rules *rules_elements(const struct rules *);

#endif
