#ifndef FORMATS_RULES_H
#define FORMATS_RULES_H
/*
 * Numbers that a law or a local rule sets, from conf/rules, each with its clause.  No such number stands in C.
 *   precedence.tsv  kind stage act grade colour precedence clause    ("*" = any, "-" = absent; the first row that matches)
 *   deadlines.tsv   what level grade prec origin minutes clause in_force_since   (see enum owed)
 *   numbers.tsv     name number unit clause in_force_since           (single numbers; the names are those of rules_number())
 *   classified.tsv  mark basis                                       (marks of secrecy that must not go through here)
 * and the tables of grade.h and element.h, so that all rules are checked at the start.
 * NAME.local.tsv: precedence rows are asked first; a deadline row replaces the one with the same key columns or is added.
 */
#include <stddef.h>
#include <stdint.h>
#include "body.h"
#include "element.h"
#include "fault.h"
#include "grade.h"

struct rules;

struct rules *rules_load(const char *confdir, struct fault *);	/* NULL + fault naming file and line */
void rules_free(struct rules *);

/* Degree for a body by kind and grade/colour; never 0.  A person may raise it (F_PRECEDENCE smaller), never lower it:
 * the result is the more urgent of rule and body. */
int rules_precedence(const struct rules *, const struct body *);

enum owed {
	OWED_REPORT_PHONE = 1,	/* 电话报: to the next level, from 接报 */
	OWED_REPORT_WRITTEN,	/* 书面首报: to the next level, from 接报 */
	OWED_READ,		/* 已阅 of a received message, from 送达 */
	OWED_SIGN,		/* 签收 of a received message, from 送达 */
	OWED_FEEDBACK		/* 反馈: from the due time of the directive itself, or from its 送达 */
};
enum owed_origin {
	ORIGIN_LEARNED = 1,	/* 接报 */
	ORIGIN_OCCURRED,	/* 发生: a chain clock all levels share; where 发生 is unknown, the earliest instant known */
	ORIGIN_DELIVERED,	/* 送达 */
	ORIGIN_DUE		/* the due time in the message itself */
};
struct deadline {
	int64_t minutes;
	enum owed_origin origin;	/* where the rule lets the clock start */
	const char *clause;	/* lives as long as the rules */
};
/* level: "township", "county", "city", "province" or "*"; grade: enum grade (undetermined runs one step stricter than
 * what is proven: table row "undetermined"; an absent or unknown grade is undetermined); prec: enum precedence.
 * A row gives way to a matching row that names everything it names and more; of the rows left the strictest counts (fewest
 * minutes, then the earliest origin).  False when no rule sets one. */
bool rules_deadline(const struct rules *, enum owed, const char *level, int grade, int prec, struct deadline *);

/* Single numbers.  Every one of them has a row (loading refuses otherwise). */
enum rule_number {
	NUMBER_UNSIGNED_NUMBERS = 1, /* leaders' numbers to be tried before 先报后签 */
	NUMBER_UNSIGNED_MINUTES,     /* or minutes since the first try */
	NUMBER_RECALL_SECONDS,	     /* 撤回: after sending, while unread */
	NUMBER_ASK_AGAIN_MINUTES,    /* an undetermined grade is asked for again */
	NUMBER_SIGNATURE_MINUTES     /* 补签: after a report went unsigned, its signature is due */
};
int64_t rules_number(const struct rules *, enum rule_number);
const char *rules_number_clause(const struct rules *, enum rule_number);
/* The first text field of the body that bears a mark of secrecy (绝密★...), and the mark; NULL: none. */
const struct field *rules_classified(const struct rules *, const struct body *, const char **mark);
const struct grade_rules *rules_grading(const struct rules *);
const struct element_rules *rules_elements(const struct rules *);

#endif
