#ifndef FORMATS_GRADE_H
#define FORMATS_GRADE_H
/*
 * What grade the known figures prove, by the tables of conf/rules: pure once the tables are loaded.
 *   grading.tsv  table rule code field of grade number unit clause in_force_since
 *   risk.tsv     verdict rule code fields number unit text clause in_force_since     (较大涉险: a second verdict)
 *   marks.tsv    mark name words codes from to acts clause                           (sensitive marks)
 * NAME.local.tsv: a row replaces the one with the same key columns or is added.
 *
 * A proposal is never a grade: a person states that (KIND_GRADE).  There is no default, and no number of a law in C.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "body.h"
#include "fault.h"

struct grade_rules; /* immutable after load */

/* NULL + fault naming file and line: unknown fields or grades, a unit that is not the field's, thresholds that do not
 * grow with the grade, the same row twice, two tables for one event code, a table without scope or without thresholds.
 */
struct grade_rules *grade_rules_load(const char *confdir, struct fault *);
void grade_rules_free(struct grade_rules *);

enum grade_scope {
	GRADE_NO_TYPE = 1, /* the event type is not stated: no table can be chosen */
	GRADE_NO_TABLE,	   /* no table covers the event code */
	GRADE_EXCEPTED,	   /* the table says that it is not for this event code */
	GRADE_COVERED
};

/* One criterion of the table with what the sources say of it.  Numbers are fixed point with the field's decimals. */
struct grade_point {
	const struct field *field;
	int64_t lo;		  /* proven: the largest any single source proves; -1 = nothing is proven */
	int64_t hi;		  /* it may be as much; INT64_MAX = not known */
	int64_t about;		  /* the largest number somebody calls "about"; -1 = none */
	const struct figure *fig; /* the figure that proves lo, NULL = none; lives as long as the body judged */
	int grade;		  /* what lo proves; 0 = nothing */
	const char *clause;	  /* of that row; NULL */
	bool decides;		  /* it proves the proposal */
	bool differ;		  /* the sources do not say the same */
	int next;		  /* the next graver grade than the proposal this criterion knows; 0 = none */
	int64_t next_from;	  /* from that number on */
	int64_t more;		  /* so many more make it, counted from what is proven */
	const char *next_clause;
};

enum grade_why {
	GRADE_WHY_ABSENT = 1, /* nobody has stated it */
	GRADE_WHY_UNKNOWN,    /* stated as unknown */
	GRADE_WHY_ABOUT,      /* stated as about: no proof */
	GRADE_WHY_RANGE,      /* at least, at most, and the rest of the range would make a graver grade */
	GRADE_WHY_UNSORTED    /* persons of this field may belong to another one */
};
struct grade_open { /* a figure that is not known well enough */
	const struct field *field;
	enum grade_why why;
	bool holds; /* keeps the grade undetermined; else only worth saying (a loss nobody has stated) */
};

struct grade_risk_point { /* a row of the second verdict */
	const char *text, *clause;
	const struct field *field[4];
	size_t nfield;	/* 0: no figure shows it, a person must say */
	int64_t number; /* the limit; -1 = none */
	int64_t lo;	/* the largest sum a single source proves; -1 = no figure */
	int64_t about;	/* that sum with what it calls "about" taken as said; -1 = no figure */
	bool met;
	bool likely; /* not met, but about reaches the limit: put before a person as a met one is */
	bool open; /* not met, and not all of its figures are known */
};
struct grade_risk {
	bool covered;
	bool met;	  /* the figures prove it; a person confirms */
	bool likely;	  /* they would if "about" were exact; a person confirms.  May stand beside met */
	const char *name; /* 较大涉险; NULL when not covered */
	struct grade_risk_point *points;
	size_t npoints;
};

/* Strings live as long as the rules. */
struct grade_verdict {
	enum grade_scope scope;
	const char *table;  /* NULL without one */
	const char *clause; /* of the row that covers or excepts; NULL */
	int grade;	    /* I..IV; GRADE_UNDETERMINED; 0: no table applies, or all is known and below every row */
	int proposal;	    /* the gravest grade any figure of any single source proves; 0 = none */
	int possible;	    /* as grave as what is not known allows */
	int about;	    /* if the "about" figures are right: graver than the proposal, or 0 */
	int worst;	    /* if the missing and trapped are counted as the worst: graver than the proposal, or 0 */
	int64_t worst_n;    /* that number, of worst_field */
	const struct field *worst_field;
	struct grade_point *points; /* table order of the fields */
	size_t npoints;
	struct grade_open *open;
	size_t nopen;
	const char **notes; /* owned array */
	size_t nnotes;
	struct grade_risk risk;
};

/* Judges F_TYPE and the figures of a body; repeats of a field are the sources.  Sources are never added up. */
void grade_judge(const struct grade_rules *, const struct body *, struct grade_verdict *);
void grade_verdict_free(struct grade_verdict *);
/* The grade a clock runs by: the grade; while undetermined one step graver than the proposal, no further without a
 * person; GRADE_UNDETERMINED when nothing is proven; 0 when no table applies. */
int grade_for_clock(const struct grade_verdict *);

/* ---- sensitive marks ---- */
struct grade_mark {
	const char *mark, *name, *acts, *clause; /* live as long as the rules */
	char why[96];				 /* the word, the code or the day it was found by */
	bool clock, addressees;			 /* what it acts on; never the grade */
};
/* i-th mark of the body, false past the end.  The day is that of F_OCCURRED, else F_LEARNED, else now (UTC+08:00). */
bool grade_mark(const struct grade_rules *, const struct body *, int64_t now, size_t i, struct grade_mark *);

#endif
