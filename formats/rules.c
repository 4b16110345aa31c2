/*
 * The rules a law or a local order sets: which precedence a message gets, and within what time something is owed.
 *
 * All numbers come from the tables; this file holds how they are matched.  A table that could leave a message without
 * a precedence, or an undetermined incident without the limit a proven one has, is refused at the start: nobody would
 * notice the gap until the night it mattered.
 */
#include <assert.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "buf.h"
#include "conf.h"
#include "i18n.h"
#include "rules_part.h"

#define ANY (-1)
#define ABSENT 0
#define MINUTES_MAX 525600 /* a year: beyond it a typing error is likelier than a rule */

enum { FILES = 2 }; /* shipped and local */

struct prec_row {
	int kind, stage, act, grade, colour; /* value, ANY or ABSENT */
	int precedence;
};

struct limit_row {
	enum owed what;
	const char *level; /* "*" = any */
	int grade, prec;   /* value or ANY */
	enum owed_origin origin;
	int64_t minutes;
	const char *clause;
	int file; /* 0 shipped, 1 local */
};

struct rules {
	struct tsv *table[2 * FILES];
	struct prec_row *prec;
	size_t nprec;
	struct limit_row *limit;
	size_t nlimit;
	struct rules_singles *singles;
	struct grade_rules *grading;
	struct element_rules *elements;
};

static const struct {
	const char *name;
	int value;
} whats[] = {{"phone", OWED_REPORT_PHONE}, {"written", OWED_REPORT_WRITTEN}, {"read", OWED_READ}, {"sign", OWED_SIGN},
    {"feedback", OWED_FEEDBACK}},
  origins[] = {
      {"learned", ORIGIN_LEARNED}, {"occurred", ORIGIN_OCCURRED}, {"delivered", ORIGIN_DELIVERED}, {"due", ORIGIN_DUE}};

static const char *const levels[] = {"*", "unit", "township", "county", "city", "province"};

static struct tsv *open_table(
    struct rules *, const char *dir, const char *name, int file, char *path, size_t size, struct fault *);
static int cell_enum(
    const struct tsv *, size_t row, const char *column, const char *set, bool any, bool absent, int *, struct fault *);
static int prec_row(struct rules *, const struct tsv *, size_t row, struct fault *);
static int limit_row(struct rules *, const struct tsv *, size_t row, int file, struct fault *);
static int limits_complete(const struct rules *, struct fault *);
static bool names_all_of(const struct limit_row *, const struct limit_row *);
static int origin_rank(enum owed_origin);

/* The table, or NULL: with a fault when it cannot be taken, without (code 0) when there is no local one. */
static struct tsv *
open_table(struct rules *r, const char *dir, const char *name, int file, char *path, size_t size, struct fault *f)
{
	struct tsv *t;

	memset(f, 0, sizeof(*f));
	if (tsv_open(dir, name, file == 1, true, path, size, &t, f) == -1)
		return NULL;
	for (size_t i = 0; t != NULL; i++) {
		assert(i < sizeof(r->table) / sizeof(r->table[0]));
		if (r->table[i] == NULL) {
			r->table[i] = t;
			break;
		}
	}
	return t;
}

static int
cell_enum(const struct tsv *t, size_t row, const char *column, const char *set, bool any, bool absent, int *out,
    struct fault *f)
{
	const char *s = tsv_get(t, row, column);
	const struct enum_name *e;

	if (any && (strcmp(s, "*") == 0 || s[0] == '\0')) {
		*out = ANY;
		return 0;
	}
	if (absent && strcmp(s, "-") == 0) {
		*out = ABSENT;
		return 0;
	}
	e = enum_by_name(set, s);
	if (e == NULL)
		return fault_set(f, EX_CONFIG, column, _("\"%s\" is not known here"), s);
	*out = e->value;
	return 0;
}

static int
prec_row(struct rules *r, const struct tsv *t, size_t row, struct fault *f)
{
	struct prec_row p;

	if (cell_enum(t, row, "kind", "kind", true, false, &p.kind, f) == -1 ||
	    cell_enum(t, row, "stage", "stage", true, true, &p.stage, f) == -1 ||
	    cell_enum(t, row, "act", "act", true, true, &p.act, f) == -1 ||
	    cell_enum(t, row, "grade", "grade", true, true, &p.grade, f) == -1 ||
	    cell_enum(t, row, "colour", "colour", true, true, &p.colour, f) == -1 ||
	    cell_enum(t, row, "precedence", "precedence", false, false, &p.precedence, f) == -1)
		return -1;
	r->prec = xreallocarray(r->prec, r->nprec + 1, sizeof(*r->prec));
	r->prec[r->nprec++] = p;
	return 0;
}

static int
limit_row(struct rules *r, const struct tsv *t, size_t row, int file, struct fault *f)
{
	const char *what = tsv_get(t, row, "what"), *level = tsv_get(t, row, "level");
	const char *origin = tsv_get(t, row, "origin"), *minutes = tsv_get(t, row, "minutes");
	struct limit_row l = {.clause = tsv_get(t, row, "clause"), .file = file};
	const char *since = tsv_get(t, row, "in_force_since");
	bool report;
	size_t i;

	for (i = 0; i < sizeof(whats) / sizeof(whats[0]); i++)
		if (strcmp(whats[i].name, what) == 0)
			l.what = (enum owed)whats[i].value;
	if (l.what == 0)
		return fault_set(f, EX_CONFIG, "what", _("\"%s\" is not known here"), what);
	for (i = 0; i < sizeof(levels) / sizeof(levels[0]); i++)
		if (strcmp(levels[i], level) == 0)
			l.level = levels[i];
	if (l.level == NULL)
		return fault_set(f, EX_CONFIG, "level", _("\"%s\" is not known here"), level);
	for (i = 0; i < sizeof(origins) / sizeof(origins[0]); i++)
		if (strcmp(origins[i].name, origin) == 0)
			l.origin = (enum owed_origin)origins[i].value;
	report = l.what == OWED_REPORT_PHONE || l.what == OWED_REPORT_WRITTEN;
	if (l.origin == 0 || report != (l.origin == ORIGIN_LEARNED || l.origin == ORIGIN_OCCURRED) ||
	    (l.origin == ORIGIN_DUE && l.what != OWED_FEEDBACK))
		return fault_set(f, EX_CONFIG, "origin", _("\"%s\" is no origin of \"%s\""), origin, what);
	if (cell_enum(t, row, "grade", "grade", true, false, &l.grade, f) == -1 ||
	    cell_enum(t, row, "prec", "precedence", true, false, &l.prec, f) == -1)
		return -1;
	if (minutes[0] == '\0' || strlen(minutes) > 6 || minutes[strspn(minutes, "0123456789")] != '\0' ||
	    (l.minutes = strtol(minutes, NULL, 10)) < 1 || l.minutes > MINUTES_MAX)
		return fault_set(f, EX_CONFIG, "minutes", _("must be a whole number from %d to %d, not \"%s\""), 1,
		    MINUTES_MAX, minutes);
	if (l.clause[0] == '\0')
		return fault_set(f, EX_CONFIG, "clause", _("a limit must cite its clause"));
	if (!tsv_date(since))
		return fault_set(f, EX_CONFIG, "in_force_since", _("\"%s\" is no date"), since);
	for (i = 0; i < r->nlimit; i++) {
		struct limit_row *o = &r->limit[i];

		if (o->what != l.what || o->level != l.level || o->grade != l.grade || o->prec != l.prec ||
		    o->origin != l.origin)
			continue;
		if (o->file == file)
			return fault_set(f, EX_CONFIG, "what", _("the same rule stands here twice"));
		*o = l;
		return 0;
	}
	r->limit = xreallocarray(r->limit, r->nlimit + 1, sizeof(*r->limit));
	r->limit[r->nlimit++] = l;
	return 0;
}

/* Where a level's limit tells III or IV by name, undetermined must be named too, or it would run slower than what it
 * may turn out to be. */
static int
limits_complete(const struct rules *r, struct fault *f)
{
	for (size_t i = 0; i < r->nlimit; i++) {
		const struct limit_row *a = &r->limit[i];
		bool found = false;

		if (a->grade != GRADE_III && a->grade != GRADE_IV)
			continue;
		for (size_t k = 0; k < r->nlimit && !found; k++) {
			const struct limit_row *b = &r->limit[k];

			found = b->what == a->what && b->grade == GRADE_UNDETERMINED &&
				(b->level == a->level || strcmp(b->level, "*") == 0) &&
				(b->prec == a->prec || b->prec == ANY);
		}
		if (!found)
			return fault_set(f, EX_CONFIG, "grade",
			    _("deadlines for III or IV at level \"%s\" need a row for undetermined too"), a->level);
	}
	return 0;
}

struct rules *
rules_load(const char *confdir, struct fault *f)
{
	struct rules *r = xcalloc(1, sizeof(*r));
	struct fault unread;
	char path[PATH_MAX] = "";
	const struct prec_row *last;
	struct tsv *t;
	size_t row = 0;
	int file;

	if (f == NULL)
		f = &unread;
	for (file = 1; file >= 0; file--) { /* local first: the first row that matches counts */
		t = open_table(r, confdir, "rules/precedence", file, path, sizeof(path), f);
		if (t == NULL && f->code != 0)
			goto fail;
		for (row = 0; t != NULL && row < tsv_rows(t); row++)
			if (prec_row(r, t, row, f) == -1)
				goto refused;
	}
	last = r->nprec == 0 ? NULL : &r->prec[r->nprec - 1];
	if (last == NULL || last->kind != ANY || last->stage != ANY || last->act != ANY || last->grade != ANY ||
	    last->colour != ANY) {
		(void)fault_set(f, EX_CONFIG, "", _("the last row must match everything"));
		fault_at(f, path, 0);
		goto fail;
	}
	for (file = 0; file < FILES; file++) {
		t = open_table(r, confdir, "rules/deadlines", file, path, sizeof(path), f);
		if (t == NULL && f->code != 0)
			goto fail;
		for (row = 0; t != NULL && row < tsv_rows(t); row++)
			if (limit_row(r, t, row, file, f) == -1)
				goto refused;
	}
	if (limits_complete(r, f) == -1) {
		fault_at(f, path, 0);
		goto fail;
	}
	if ((r->singles = rules_singles_load(confdir, f)) == NULL || (r->grading = grade_rules_load(confdir, f)) == NULL ||
	    (r->elements = element_rules_load(confdir, f)) == NULL)
		goto fail;
	return r;
refused:
	fault_at(f, path, tsv_line(t, row));
fail:
	rules_free(r);
	return NULL;
}

void
rules_free(struct rules *r)
{
	if (r == NULL)
		return;
	for (size_t i = 0; i < sizeof(r->table) / sizeof(r->table[0]); i++)
		tsv_free(r->table[i]);
	free(r->prec);
	free(r->limit);
	rules_singles_free(r->singles);
	grade_rules_free(r->grading);
	element_rules_free(r->elements);
	free(r);
}

static bool
matches(int want, int have)
{
	return want == ANY || want == have;
}

int
rules_precedence(const struct rules *r, const struct body *b)
{
	int kind = body_enum(b, F_KIND), stage = body_enum(b, F_STAGE), act = body_enum(b, F_ACT);
	int grade = body_enum(b, F_GRADE), colour = body_enum(b, F_COLOUR), own = body_enum(b, F_PRECEDENCE);
	int by_rule = 0;

	for (size_t i = 0; i < r->nprec && by_rule == 0; i++) {
		const struct prec_row *p = &r->prec[i];

		if (matches(p->kind, kind) && matches(p->stage, stage) && matches(p->act, act) &&
		    matches(p->grade, grade) && matches(p->colour, colour))
			by_rule = p->precedence;
	}
	assert(by_rule >= PREC_FLASH && by_rule <= PREC_ROUTINE);
	return own >= PREC_FLASH && own < by_rule ? own : by_rule;
}

/* Whether a names everything b names. */
static bool
names_all_of(const struct limit_row *a, const struct limit_row *b)
{
	return (b->level[0] == '*' || a->level[0] != '*') && (b->grade == ANY || a->grade != ANY) &&
	       (b->prec == ANY || a->prec != ANY);
}

/* Earlier instants first: of equal minutes the clock that started earlier is the stricter. */
static int
origin_rank(enum owed_origin o)
{
	return o == ORIGIN_OCCURRED ? 0 : o == ORIGIN_LEARNED ? 1 : o == ORIGIN_DELIVERED ? 2 : 3;
}

bool
rules_deadline(const struct rules *r, const struct rule_ask *ask, struct deadline *out)
{
	const struct limit_row *best = NULL;
	enum owed what = ask->what;
	const char *level = ask->level;
	int grade = ask->grade, prec = ask->prec;

	if (grade < GRADE_I || grade > GRADE_IV)
		grade = GRADE_UNDETERMINED;
	for (size_t i = 0; i < r->nlimit; i++) {
		const struct limit_row *a = &r->limit[i];
		bool beaten = false;

		if (a->what != what || (a->level[0] != '*' && strcmp(a->level, level) != 0) ||
		    !matches(a->grade, grade) || !matches(a->prec, prec))
			continue;
		for (size_t k = 0; k < r->nlimit && !beaten; k++) {
			const struct limit_row *b = &r->limit[k];

			beaten = b->what == what && (b->level[0] == '*' || strcmp(b->level, level) == 0) &&
				 matches(b->grade, grade) && matches(b->prec, prec) && names_all_of(b, a) &&
				 !names_all_of(a, b);
		}
		if (beaten)
			continue;
		if (best == NULL || a->minutes < best->minutes ||
		    (a->minutes == best->minutes && origin_rank(a->origin) < origin_rank(best->origin)))
			best = a;
	}
	if (best == NULL)
		return false;
	*out = (struct deadline){.id = "", .minutes = best->minutes, .origin = best->origin, .scope = SCOPE_HOP, .endpoint = "",
	    .who = "station", .chase = "", .clause = best->clause, .since = "", .until = "", .file = "", .profile = ""};
	return true;
}

int64_t
rules_number(const struct rules *r, enum rule_number which)
{
	return rules_singles_number(r->singles, which, NULL);
}

const char *
rules_number_clause(const struct rules *r, enum rule_number which)
{
	const char *clause = "";

	(void)rules_singles_number(r->singles, which, &clause);
	return clause;
}

const struct field *
rules_classified(const struct rules *r, const struct body *b, const char **mark)
{
	return rules_singles_mark(r->singles, b, mark);
}

const struct grade_rules *
rules_grading(const struct rules *r)
{
	return r->grading;
}

const struct element_rules *
rules_elements(const struct rules *r)
{
	return r->elements;
}
