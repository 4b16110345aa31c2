#ifndef FORMATS_GRADE_PART_H
#define FORMATS_GRADE_PART_H
/* Private to grade*.c: the tables in memory.  Strings point into the loaded tables. */
#include "conf.h"
#include "grade.h"

enum grade_rule {
	RULE_APPLIES = 1,
	RULE_EXCEPTS,
	RULE_FROM,
	RULE_NEEDS,
	RULE_TOLD,
	RULE_UNSORTED,
	RULE_WORST,
	RULE_NOTE,
	RULE_ASK
};

struct grade_row {
	const char *table;
	enum grade_rule rule;
	const char *code;	      /* beginning of an event code; "" */
	const struct field *field[4]; /* grading: one; risk: those added up */
	size_t nfield;
	const struct field *of;
	int grade;
	int64_t number; /* fixed point with the field's decimals; -1 = none */
	const char *text, *clause;
	const char *file; /* for faults */
	size_t line;
	bool local;
};

struct grade_rows {
	struct grade_row *v;
	size_t n;
};

struct mark_row {
	const char *mark, *name, *words, *codes, *from, *to, *acts, *clause;
	bool local;
};

struct grade_rules {
	struct grade_rows grading, risk;
	struct mark_row *mark;
	size_t nmark;
	struct tsv *tsv[6];
	char *path[6];
	size_t ntsv;
};

/* Does the list of codes ("a|b") or the single code cover this event code? */
bool grade_code_begins(const char *code, const char *prefix, size_t len);
int grade_marks_load(struct grade_rules *, const char *confdir, struct fault *);
/* Loads DIR/NAME(.local).tsv, NAME with its folder, into r->tsv; NULL without fault code when there is no local one. */
const struct tsv *grade_open(
    struct grade_rules *, const char *dir, const char *name, bool local, const char **path, struct fault *);
/* The columns a table must have, NULL-terminated. */
int grade_columns(const struct tsv *, const char *path, const char *const *, bool local, struct fault *);

#endif
