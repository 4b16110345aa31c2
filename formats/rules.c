/*
 * The rules a law or a local order sets: which precedence a message gets, and within what time something is owed.
 *
 * All numbers come from the tables; this file loads them and holds how precedences are matched (limits: rules_limit.c,
 * rules_match.c; chasing: rules_chase.c).  A table that could leave a message without a precedence, or an undetermined
 * incident without the limit a proven one has, is refused at the start: nobody would notice the gap until the night it
 * mattered.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "buf.h"
#include "conf.h"
#include "i18n.h"
#include "rules_part.h"

#define ANY RULES_ANY
#define ABSENT 0

struct prec_row {
	int kind, stage, act, grade, colour; /* value, ANY or ABSENT */
	int precedence;
};

struct rules {
	struct rules_files files;
	struct prec_row *prec;
	size_t nprec;
	struct rules_limits limits;
	struct rules_chains *chains;
	struct rules_scores *scores;
	struct rules_singles *singles;
	struct grade_rules *grading;
	struct element_rules *elements;
};

static const char *const prec_columns[] = {"kind", "stage", "act", "grade", "colour", "precedence", "clause", "in_force_since",
    NULL};

static int cell_enum(
    const struct tsv *, size_t row, const char *column, const char *set, bool any, bool absent, int *, struct fault *);
static int prec_row(struct rules *, const struct tsv *, size_t row, struct fault *);
static int prec_load(struct rules *, struct fault *);

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

/* The nearest table first: the first row that matches counts. */
static int
prec_load(struct rules *r, struct fault *f)
{
	const struct rules_source *src[RULES_LAYERS_MAX];
	const struct prec_row *last;
	size_t n;

	if (rules_files_table(&r->files, "precedence", prec_columns, src, &n, f) == -1)
		return -1;
	while (n-- > 0)
		for (size_t row = 0; row < tsv_rows(src[n]->t); row++)
			if (prec_row(r, src[n]->t, row, f) == -1) {
				fault_at(f, src[n]->path, tsv_line(src[n]->t, row));
				return -1;
			}
	last = r->nprec == 0 ? NULL : &r->prec[r->nprec - 1];
	if (last == NULL || last->kind != ANY || last->stage != ANY || last->act != ANY || last->grade != ANY ||
	    last->colour != ANY) {
		(void)fault_set(f, EX_CONFIG, "", _("the last row must match everything"));
		fault_at(f, src[0]->path, 0);
		return -1;
	}
	return 0;
}

struct rules *
rules_load_profiles(const char *confdir, const char *profiles, struct fault *f)
{
	static const char *const others[] = {"grading", "risk", "marks", "elements"}; /* tables of grade.h and element.h */
	struct rules *r = xcalloc(1, sizeof(*r));
	struct fault unread;

	if (f == NULL)
		f = &unread;
	memset(f, 0, sizeof(*f));
	if (rules_files_open(&r->files, confdir, profiles, f) == -1 || prec_load(r, f) == -1 ||
	    (r->chains = rules_chains_load(&r->files, f)) == NULL || (r->scores = rules_scores_load(&r->files, f)) == NULL ||
	    rules_limits_load(&r->limits, &r->files, r->chains, f) == -1 ||
	    (r->singles = rules_singles_load(&r->files, f)) == NULL || (r->grading = grade_rules_load(confdir, f)) == NULL ||
	    (r->elements = element_rules_load(confdir, f)) == NULL) {
		rules_free(r);
		return NULL;
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		rules_files_note(&r->files, others[i]);
	rules_files_close(&r->files);
	return r;
}

struct rules *
rules_load(const char *confdir, struct fault *f)
{
	return rules_load_profiles(confdir, "", f);
}

void
rules_free(struct rules *r)
{
	if (r == NULL)
		return;
	free(r->prec);
	rules_limits_free(&r->limits);
	rules_chains_free(r->chains);
	free(r->scores);
	rules_singles_free(r->singles);
	grade_rules_free(r->grading);
	element_rules_free(r->elements);
	rules_files_free(&r->files);
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

bool
rules_deadline(const struct rules *r, const struct rule_ask *ask, struct deadline *out)
{
	struct rule_other best;

	if (limits_judge(&r->limits, ask, &best, 1) == 0)
		return false;
	*out = best.d;
	return true;
}

size_t
rules_deadline_all(const struct rules *r, const struct rule_ask *ask, struct rule_other *out, size_t max)
{
	return limits_judge(&r->limits, ask, out, max);
}

bool
rules_deadline_at(const struct rules *r, size_t i, struct deadline *out)
{
	if (i >= r->limits.n)
		return false;
	*out = r->limits.v[i].d;
	return true;
}

bool
rules_deadline_holds(const struct deadline *d, const char *station)
{
	bool private_;
	size_t len;

	return rules_place(d->place, &len, &private_) && rules_place_holds(d->place, len, private_, station);
}

bool
rules_zero_at(const struct rules *r, size_t i, struct zero_hour *out)
{
	return rules_chains_zero_at(r->chains, i, out);
}

size_t
rules_chase(const struct rules *r, const char *chain, enum owed what, int prec, const struct chase_rung **out)
{
	return rules_chain_rungs(r->chains, chain, what, prec, out);
}

int
rules_zero_due(const struct rules *r, const char *station, const char *level, const char **clause)
{
	return rules_chains_zero(r->chains, station, level, clause);
}

void
rules_remarks(const struct rules *r, rules_remark_fn tell, void *ctx)
{
	struct rules_telling t = {.fn = tell, .ctx = ctx};

	limits_remarks(&r->limits, &r->files, &t);
	limits_odd(&r->limits, &t);
	rules_chains_odd(r->chains, &t);
}

void
rules_digest(const struct rules *r, uint8_t out[32])
{
	memcpy(out, r->files.digest, sizeof(r->files.digest));
}

const char *
rules_profiles(const struct rules *r)
{
	return r->files.names;
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

bool
rules_score(const struct rules *r, enum rule_score item, int64_t *points, const char **clause)
{
	struct score_row s;
	bool any = rules_scores_row(r->scores, item, &s);

	*points = s.points;
	if (clause != NULL)
		*clause = s.clause;
	return any;
}

bool
rules_score_row(const struct rules *r, enum rule_score item, struct score_row *out)
{
	return rules_scores_row(r->scores, item, out);
}
