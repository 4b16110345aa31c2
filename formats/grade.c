/*
 * From figures to a proposal.
 *
 * Every figure is a range: exactly 3 is [3,3], at least 3 is [3,..), at most 3 is [0,3], about and unknown are [0,..).
 * The near end of the range is what the figure proves, the far end what it leaves possible.  A grade is told only when
 * the far ends make none graver than the near ends prove; else it is undetermined, and the proposal is what is proven.
 * A figure nobody has stated is unknown, not zero.  Sources stand side by side: each proves for itself, and they are
 * never added up.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include "buf.h"
#include "grade_part.h"

#define OPEN_END INT64_MAX

struct claims {		       /* what all sources say of one field */
	int64_t lo, hi, about; /* lo, about: -1 = none */
	const struct figure *fig;
	bool stated, known, inexact, differ;
};

static int64_t add(int64_t, int64_t);
static struct claims claims_of(const struct body *, const struct field *);
static int64_t single_source(const struct body *, const struct field *const *, size_t n, bool about);
static const struct grade_row *choose(const struct grade_rows *, const char *type, enum grade_scope *);
static const struct grade_row *reached(const struct grade_rows *, const char *table, const struct field *, int64_t n);
static bool graver(int a, int b);
static void judge_points(const struct grade_rows *, const struct body *, struct grade_verdict *);
static void judge_open(const struct grade_rows *, const struct body *, struct grade_verdict *);
static void judge_next(const struct grade_rows *, struct grade_verdict *);
static void judge_worst(const struct grade_rows *, const struct body *, struct grade_verdict *);
static void judge_risk(const struct grade_rows *, const struct body *, const char *type, struct grade_risk *);

static int64_t
add(int64_t a, int64_t b)
{
	int64_t sum;

	return __builtin_add_overflow(a, b, &sum) ? OPEN_END : sum;
}

/* What the figure proves by itself; -1: nothing. */
static int64_t
proves(const struct figure *g)
{
	switch (g->q) {
	case FIG_EXACT:
	case FIG_ATLEAST:
		return g->n;
	case FIG_ATMOST:
		return 0;
	case FIG_UNKNOWN:
	case FIG_ABOUT:
		break;
	}
	return -1;
}

static struct claims
claims_of(const struct body *b, const struct field *fd)
{
	struct claims c = {.lo = -1, .hi = -1, .about = -1};
	const struct figure *first = NULL;

	for (const struct value *v = body_first(b, fd->key); v != NULL; v = body_next(b, v)) {
		const struct figure *g = &v->u.fig;
		int64_t hi;

		c.stated = true;
		if (first != NULL && (first->q != g->q || first->n != g->n))
			c.differ = true;
		first = first == NULL ? g : first;
		if (g->q == FIG_UNKNOWN)
			continue;
		c.known = true;
		hi = g->q == FIG_EXACT || g->q == FIG_ATMOST ? g->n : OPEN_END;
		if (hi > c.hi)
			c.hi = hi;
		if (g->q == FIG_ABOUT) {
			c.inexact = true;
			if (g->n > c.about)
				c.about = g->n;
		} else if (proves(g) > c.lo) {
			c.lo = proves(g);
			c.fig = g;
		}
	}
	if (!c.known)
		c.hi = OPEN_END;
	return c;
}

/* The largest sum of the fields that one source proves; -1 when no source proves anything.  about: as if "about" proved. */
static int64_t
single_source(const struct body *b, const struct field *const *fd, size_t n, bool about)
{
	int64_t best = -1;

	for (size_t i = 0; i < n; i++)
		for (const struct value *s = body_first(b, fd[i]->key); s != NULL; s = body_next(b, s)) {
			int64_t sum = -1;

			for (size_t k = 0; k < n; k++) {
				int64_t one = -1;

				for (const struct value *v = body_first(b, fd[k]->key); v != NULL;
				     v = body_next(b, v)) {
					const char *a = v->u.fig.source, *c = s->u.fig.source;
					int64_t says = about && v->u.fig.q == FIG_ABOUT ? v->u.fig.n : proves(&v->u.fig);

					if (((a == NULL) == (c == NULL)) && (a == NULL || strcmp(a, c) == 0) && says > one)
						one = says;
				}
				if (one >= 0)
					sum = add(sum < 0 ? 0 : sum, one);
			}
			if (sum > best)
				best = sum;
		}
	return best;
}

/* The row that covers the code, or the one that excepts it, or NULL. */
static const struct grade_row *
choose(const struct grade_rows *rows, const char *type, enum grade_scope *scope)
{
	const struct grade_row *excepted = NULL;

	for (size_t i = 0; i < rows->n; i++) {
		const struct grade_row *r = &rows->v[i], *no = NULL;

		if (r->rule != RULE_APPLIES || !grade_code_begins(type, r->code, strlen(r->code)))
			continue;
		for (size_t k = 0; k < rows->n && no == NULL; k++)
			if (rows->v[k].rule == RULE_EXCEPTS && strcmp(rows->v[k].table, r->table) == 0 &&
			    grade_code_begins(type, rows->v[k].code, strlen(rows->v[k].code)))
				no = &rows->v[k];
		if (no == NULL) {
			*scope = GRADE_COVERED;
			return r;
		}
		excepted = no;
	}
	*scope = excepted != NULL ? GRADE_EXCEPTED : GRADE_NO_TABLE;
	return excepted;
}

/* The gravest threshold n reaches. */
static const struct grade_row *
reached(const struct grade_rows *rows, const char *table, const struct field *fd, int64_t n)
{
	const struct grade_row *best = NULL;

	for (size_t i = 0; i < rows->n; i++) {
		const struct grade_row *r = &rows->v[i];

		if (r->rule == RULE_FROM && r->field[0] == fd && strcmp(r->table, table) == 0 && n >= r->number &&
		    (best == NULL || r->grade < best->grade))
			best = r;
	}
	return best;
}

/* 0 is no grade at all. */
static bool
graver(int a, int b)
{
	return a != 0 && (b == 0 || a < b);
}

static void
judge_points(const struct grade_rows *rows, const struct body *b, struct grade_verdict *v)
{
	v->points = xcalloc(rows->n + 1, sizeof(*v->points));
	for (size_t i = 0; i < rows->n; i++) {
		const struct grade_row *r = &rows->v[i], *hit;
		struct grade_point *p = &v->points[v->npoints];
		struct claims c;
		bool seen = r->rule != RULE_FROM || strcmp(r->table, v->table) != 0;

		for (size_t k = 0; k < v->npoints && !seen; k++)
			seen = v->points[k].field == r->field[0];
		if (seen)
			continue;
		v->npoints++;
		c = claims_of(b, r->field[0]);
		*p = (struct grade_point){
		    .field = r->field[0], .lo = c.lo, .hi = c.hi, .about = c.about, .fig = c.fig, .differ = c.differ};
		hit = c.lo >= 0 ? reached(rows, v->table, p->field, c.lo) : NULL;
		if (hit != NULL) {
			p->grade = hit->grade;
			p->clause = hit->clause;
		}
		if (graver(p->grade, v->proposal))
			v->proposal = p->grade;
	}
	v->possible = v->proposal;
	for (size_t i = 0; i < v->npoints; i++) {
		struct grade_point *p = &v->points[i];
		const struct grade_row *hit = p->about >= 0 ? reached(rows, v->table, p->field, p->about) : NULL;

		p->decides = p->grade != 0 && p->grade == v->proposal;
		if (hit != NULL && graver(hit->grade, v->proposal) && graver(hit->grade, v->about))
			v->about = hit->grade;
	}
}

static void
open_add(struct grade_verdict *v, const struct field *fd, enum grade_why why, bool holds)
{
	for (size_t i = 0; i < v->nopen; i++)
		if (v->open[i].field == fd && v->open[i].why == why) {
			v->open[i].holds |= holds;
			return;
		}
	v->open = xreallocarray(v->open, v->nopen + 1, sizeof(*v->open));
	v->open[v->nopen++] = (struct grade_open){.field = fd, .why = why, .holds = holds};
}

static enum grade_why
why_open(const struct claims *c)
{
	return !c->stated   ? GRADE_WHY_ABSENT
	       : !c->known  ? GRADE_WHY_UNKNOWN
	       : c->inexact ? GRADE_WHY_ABOUT
			    : GRADE_WHY_RANGE;
}

/* What is not known well enough, where that could still make a graver grade. */
static void
judge_open(const struct grade_rows *rows, const struct body *b, struct grade_verdict *v)
{
	int gravest = 0;

	for (size_t i = 0; i < v->npoints; i++) {
		struct grade_point *p = &v->points[i];
		struct claims c = claims_of(b, p->field);
		const struct grade_row *hit = reached(rows, v->table, p->field, OPEN_END);
		bool holds = true;

		if (hit != NULL && graver(hit->grade, gravest))
			gravest = hit->grade;
		/* not stated, and the table lets that pass: said, but nothing waits for it */
		for (size_t k = 0; k < rows->n && holds; k++)
			holds = c.stated || rows->v[k].rule != RULE_TOLD || strcmp(rows->v[k].table, v->table) != 0 ||
				rows->v[k].field[0] != p->field;
		hit = reached(rows, v->table, p->field, p->hi);
		if (hit != NULL && graver(hit->grade, v->proposal)) {
			open_add(v, p->field, why_open(&c), holds);
			if (holds && graver(hit->grade, v->possible))
				v->possible = hit->grade;
		}
	}
	for (size_t k = 0; k < rows->n; k++) {
		const struct grade_row *r = &rows->v[k], *hit;
		struct claims c;

		if (strcmp(r->table, v->table) != 0 || (r->rule != RULE_NEEDS && r->rule != RULE_UNSORTED))
			continue;
		c = claims_of(b, r->field[0]);
		if (r->rule == RULE_NEEDS && !c.known && graver(gravest, v->proposal)) {
			open_add(v, r->field[0], why_open(&c), true);
			v->possible = gravest;
		}
		for (size_t i = 0; r->rule == RULE_UNSORTED && c.stated && i < v->npoints; i++) {
			struct grade_point *p = &v->points[i];

			if (p->field != r->of)
				continue;
			p->hi = add(p->hi, c.hi);
			hit = reached(rows, v->table, p->field, p->hi);
			if (hit == NULL || !graver(hit->grade, v->proposal))
				continue;
			open_add(v, r->field[0], GRADE_WHY_UNSORTED, true);
			if (graver(hit->grade, v->possible))
				v->possible = hit->grade;
		}
	}
}

/* How many more make the next grade, by every criterion. */
static void
judge_next(const struct grade_rows *rows, struct grade_verdict *v)
{
	for (size_t i = 0; i < v->npoints; i++) {
		struct grade_point *p = &v->points[i];

		for (size_t k = 0; k < rows->n; k++) {
			const struct grade_row *r = &rows->v[k];
			int64_t have = p->lo < 0 ? 0 : p->lo;

			if (r->rule != RULE_FROM || r->field[0] != p->field || strcmp(r->table, v->table) != 0 ||
			    !graver(r->grade, v->proposal) || r->number <= have || r->grade < p->next)
				continue;
			p->next = r->grade;
			p->next_from = r->number;
			p->more = r->number - have;
			p->next_clause = r->clause;
		}
	}
}

/* Should all the missing and trapped be dead.  One source's figures only, as everywhere. */
static void
judge_worst(const struct grade_rows *rows, const struct body *b, struct grade_verdict *v)
{
	for (size_t i = 0; i < v->npoints; i++) {
		const struct field *fd[8];
		const struct grade_row *hit;
		size_t n = 1;
		int64_t sum;

		fd[0] = v->points[i].field;
		for (size_t k = 0; k < rows->n && n < sizeof(fd) / sizeof(fd[0]); k++)
			if (rows->v[k].rule == RULE_WORST && rows->v[k].of == fd[0] &&
			    strcmp(rows->v[k].table, v->table) == 0)
				fd[n++] = rows->v[k].field[0];
		sum = n > 1 ? single_source(b, fd, n, false) : -1;
		hit = sum > v->points[i].lo ? reached(rows, v->table, fd[0], sum) : NULL;
		if (hit == NULL || !graver(hit->grade, v->proposal) || !graver(hit->grade, v->worst))
			continue;
		v->worst = hit->grade;
		v->worst_n = sum;
		v->worst_field = fd[0];
	}
}

static void
judge_risk(const struct grade_rows *rows, const struct body *b, const char *type, struct grade_risk *out)
{
	enum grade_scope scope = GRADE_NO_TYPE;
	const struct grade_row *s = type != NULL ? choose(rows, type, &scope) : NULL;

	if (s == NULL || scope != GRADE_COVERED)
		return;
	out->covered = true;
	out->name = s->table;
	out->points = xcalloc(rows->n + 1, sizeof(*out->points));
	for (size_t i = 0; i < rows->n; i++) {
		const struct grade_row *r = &rows->v[i];
		struct grade_risk_point *p = &out->points[out->npoints];

		if ((r->rule != RULE_FROM && r->rule != RULE_ASK) || strcmp(r->table, s->table) != 0)
			continue;
		out->npoints++;
		*p = (struct grade_risk_point){
		    .text = r->text, .clause = r->clause, .nfield = r->nfield, .number = r->number, .lo = -1, .about = -1};
		memcpy(p->field, r->field, sizeof(p->field));
		if (r->rule == RULE_ASK)
			continue;
		p->lo = single_source(b, p->field, p->nfield, false);
		p->met = p->lo >= p->number;
		/* "about 20" proves nothing, and is reason enough to ask whether ten were in danger */
		p->about = single_source(b, p->field, p->nfield, true);
		p->likely = !p->met && p->about >= p->number;
		for (size_t k = 0; k < p->nfield && !p->met; k++)
			p->open |= claims_of(b, p->field[k]).hi == OPEN_END;
		out->met |= p->met;
		out->likely |= p->likely;
	}
}

void
grade_judge(const struct grade_rules *r, const struct body *b, struct grade_verdict *v)
{
	const char *type = body_text(b, F_TYPE);
	const struct grade_row *row;
	bool holds = false;

	memset(v, 0, sizeof(*v));
	v->scope = GRADE_NO_TYPE;
	if (type == NULL || type[0] == '\0')
		return;
	judge_risk(&r->risk, b, type, &v->risk);
	row = choose(&r->grading, type, &v->scope);
	if (row != NULL) {
		v->table = row->table;
		v->clause = row->clause;
	}
	if (v->scope != GRADE_COVERED)
		return;
	judge_points(&r->grading, b, v);
	judge_open(&r->grading, b, v);
	judge_next(&r->grading, v);
	judge_worst(&r->grading, b, v);
	v->notes = xcalloc(r->grading.n + 1, sizeof(*v->notes));
	for (size_t i = 0; i < r->grading.n; i++)
		if (r->grading.v[i].rule == RULE_NOTE && strcmp(r->grading.v[i].table, v->table) == 0)
			v->notes[v->nnotes++] = r->grading.v[i].clause;
	for (size_t i = 0; i < v->nopen; i++)
		holds |= v->open[i].holds;
	v->grade = holds ? GRADE_UNDETERMINED : v->proposal;
	assert(holds || v->possible == v->proposal);
}

void
grade_verdict_free(struct grade_verdict *v)
{
	free(v->points);
	free(v->open);
	free(v->notes);
	free(v->risk.points);
	memset(v, 0, sizeof(*v));
}

int
grade_for_clock(const struct grade_verdict *v)
{
	if (v->scope != GRADE_COVERED || v->grade != GRADE_UNDETERMINED)
		return v->grade;
	if (v->proposal == 0)
		return GRADE_UNDETERMINED;
	return v->proposal > GRADE_I ? v->proposal - 1 : GRADE_I;
}
