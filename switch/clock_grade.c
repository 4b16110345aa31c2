/*
 * The grade a clock runs by, and since when.
 *
 * It is the grade stated, by whomever, or what the figures prove where that is graver: a laxer word moves no limit that a number has
 * already set.  While none is stated, or it is stated as undetermined, it is what the figures prove, one step graver where they are
 * not all known and no further without a person (grade_for_clock()); whatever the rules say of "undetermined" holds as well, and the
 * sooner counts.  Beside the grade stands the second verdict (较大涉险) and the sensitive marks that act on the clock: `risk`.
 *
 * Since when: the messages are gone through in the order in which this station stored them.  Where one makes the grade graver than it
 * ever was, or the risk new, a stretch (struct clock_span) begins, and a report upwards is owed anew.  A figure that falls ends none; a stated
 * grade properly lowered ends what only that word had begun (clock_lower.c).  And what ran stricter only because something was not known (the one step, "undetermined", a verdict merely proposed) runs so
 * until a person states the grade or denies the verdict; that is no lowering but the answer, and what has been proven stays.
 *
 * Cheap: what an incident's messages amounted to at an instant is their fold, and few instants need one.  No figure ever proves more
 * than it proves alone (sources are never added up), so that a message of figures is folded for only where that, one step stricter while
 * nobody has stated a grade, would be graver than what runs already; a message that states, takes back or decides always is.  STATES at most.
 */
#include <stdlib.h>
#include <string.h>
#include "../formats/grade.h"
#include "clock_int.h"

#define STATES 48
#define RISK_SUMS 16
#define MARK_BYTES 65536	/* of words the marks are looked for in */

#define FIELDS 32

struct state {			/* what the clock runs by after some of the messages */
	int stated, proposal, by_clock;
	bool risk, confirmed, denied;
	uint32_t field[FIELDS];	/* keys of the figures its tables look at */
	size_t nfield;
};

struct point {			/* a message that can change it */
	const struct incident_line *line;
	int64_t at;		/* ms UTC stored here */
	uint64_t print;		/* of what it says about grade, type and figures */
	bool must;		/* it is not figures alone */
	bool risk;		/* figures of the second verdict, or a mark */
	int alone;		/* what its figures prove by themselves; 0 nothing */
};

void
clock_figures(const struct incident *inc, struct body *b)
{
	if (inc->type[0] != '\0')
		body_set_text(b, F_TYPE, inc->type);
	for (size_t i = 0; i < inc->nfigures; i++) {
		struct figure fig = inc->figures[i].fig;

		fig.source = inc->figures[i].source[0] != '\0' ? inc->figures[i].source : inc->figures[i].station;
		body_add_figure(b, inc->figures[i].key, &fig);
	}
}

bool
clock_graded(int grade)
{
	return grade >= GRADE_I && grade <= GRADE_IV;
}

/* Undetermined may turn out to be III, and is asked for under its own name: milder than III, graver than IV. */
static int
rank(int grade)
{
	return clock_graded(grade) ? 2 * grade : 2 * GRADE_IV - 1;
}

bool
clock_graver(int a, int b)
{
	return rank(a) < rank(b);
}

/* ---- the second verdict ---- */

struct sum {
	const char *source;
	int64_t n;
};

/* "about 20" is no proof of a grade, yet reason enough to ask whether ten were in danger. */
static bool
sums_reach(const struct body *b, const struct grade_risk_point *p)
{
	struct sum sum[RISK_SUMS];
	size_t n = 0;

	for (size_t f = 0; f < p->nfield; f++)
		for (const struct value *v = body_first(b, p->field[f]->key); v != NULL; v = body_next(b, v)) {
			const char *source = v->u.fig.source != NULL ? v->u.fig.source : "";
			size_t i;

			if (v->u.fig.q == FIG_UNKNOWN || v->u.fig.q == FIG_ATMOST)
				continue;
			for (i = 0; i < n && strcmp(sum[i].source, source) != 0; i++)
				;
			if (i == RISK_SUMS)
				continue;
			if (i == n)
				sum[n++] = (struct sum) { source, 0 };
			if (__builtin_add_overflow(sum[i].n, v->u.fig.n, &sum[i].n) || sum[i].n >= p->number)
				return true;
		}
	return false;
}

static bool
risk_proposed(const struct body *b, const struct grade_risk *r)
{
	if (!r->covered)
		return false;
	for (size_t i = 0; !r->met && i < r->npoints; i++)
		if (r->points[i].nfield > 0 && r->points[i].number > 0 && sums_reach(b, &r->points[i]))
			return true;
	return r->met;
}

static void
looks_at(struct state *s, const struct field *f)
{
	for (size_t i = 0; i < s->nfield; i++)
		if (s->field[i] == f->key)
			return;
	if (s->nfield < FIELDS)
		s->field[s->nfield++] = f->key;
}

static void
state_of(const struct incident *inc, const struct grade_rules *tables, struct state *s)
{
	struct grade_verdict v;
	struct body *b;

	*s = (struct state) { .stated = clock_graded(inc->grade) ? inc->grade : 0 };
	if (tables == NULL || inc->type[0] == '\0')
		return;
	b = body_new();
	clock_figures(inc, b);
	grade_judge(tables, b, &v);
	if (clock_graded(v.proposal))
		s->proposal = v.proposal;
	s->by_clock = grade_for_clock(&v);
	if (!clock_graded(s->by_clock))
		s->by_clock = 0;
	s->risk = risk_proposed(b, &v.risk);
	for (size_t i = 0; i < inc->nverdicts; i++) {
		if (v.risk.name != NULL && strcmp(inc->verdicts[i].name, v.risk.name) != 0)
			continue;
		s->confirmed |= inc->verdicts[i].confirmed;
		s->denied |= !inc->verdicts[i].confirmed;
	}
	for (size_t i = 0; i < v.npoints; i++)
		looks_at(s, v.points[i].field);
	for (size_t i = 0; i < v.risk.npoints; i++)
		for (size_t k = 0; k < v.risk.points[i].nfield; k++)
			looks_at(s, v.risk.points[i].field[k]);
	/* Of two who disagree the one who sees the danger counts. */
	s->denied &= !s->confirmed;
	grade_verdict_free(&v);
	body_free(b);
}

static int
determined(const struct state *s)
{
	if (s->stated == 0)
		return s->proposal;
	return s->proposal != 0 && s->proposal < s->stated ? s->proposal : s->stated;
}

static int
running(const struct state *s)
{
	if (s->stated != 0)
		return determined(s);
	return s->by_clock != 0 ? s->by_clock : GRADE_UNDETERMINED;
}

int
clock_grade(const struct incident *inc, const struct rules *rules)
{
	struct state s;

	state_of(inc, rules_grading(rules), &s);
	return running(&s);
}

/* ---- sensitive marks ---- */

/* The instant from which a mark that acts on the clock is known: the first message that bears it.  INT64_MAX: none. */
static int64_t
marked_since(const struct clock *c, const struct grade_rules *tables)
{
	const struct incident *inc = c->inc;
	int64_t since = INT64_MAX;
	size_t bytes = 0;

	for (size_t i = 0; tables != NULL && i < inc->nall && bytes < MARK_BYTES; i++) {
		const struct incident_line *l = &inc->all[i];
		int64_t at = clock_known(c, l);
		struct grade_mark m;

		if ((l->kind != KIND_INTAKE && l->kind != KIND_REPORT) || !clock_counts(l) || l->superseded || at >= since)
			continue;
		for (size_t k = 0; k < l->body->n; k++)
			if (l->body->v[k].field != NULL && l->body->v[k].field->type == FT_TEXT)
				bytes += l->body->v[k].u.text.len;
		for (size_t k = 0; grade_mark(tables, l->body, l->stored, k, &m); k++)
			if (m.clock) {
				since = at;
				break;
			}
	}
	return since;
}

void
clock_judge(struct clock *c)
{
	const struct grade_rules *tables = rules_grading(c->rules);
	struct state s;

	state_of(c->inc, tables, &s);
	c->stated = s.stated != 0 ? determined(&s) : c->inc->grade;
	c->proven = s.stated != 0 ? 0 : s.by_clock;
	c->marked = marked_since(c, tables);
	c->risk = s.confirmed || (s.risk && !s.denied) || c->marked != INT64_MAX;
}

/* ---- messages that can change it ---- */

static uint64_t
mix(uint64_t h, const void *p, size_t len)
{
	const unsigned char *s = p;

	for (size_t i = 0; i < len; i++)
		h = (h ^ s[i]) * 0x100000001b3u;
	return h;
}

/* May this figure change it?  Of a typhoon's thousand reports on who was moved none does. */
static bool
counts(const struct state *now, const struct field *f)
{
	if (field_decimals(f) < 0)
		return false;
	for (size_t i = 0; i < now->nfield; i++)
		if (now->field[i] == f->key)
			return true;
	return (f->flags & FF_CASUALTY) != 0;
}

/* 0: nothing in it can. */
static uint64_t
print_of(const struct state *now, const struct incident_line *l)
{
	const struct body *b = l->body;
	uint64_t h = 0xcbf29ce484222325u;
	bool says = false;

	switch (l->kind) {
	case KIND_STEP:
		if (body_enum(b, F_STEP) != STEP_VERDICT && body_enum(b, F_STEP) != STEP_SPLIT)
			return 0;
		return mix(h, &l->id.serial, sizeof l->id.serial) | 1;
	case KIND_REPORT:
	case KIND_INTAKE:
	case KIND_GRADE:
	case KIND_FEEDBACK:
		break;
	default:
		return 0;
	}
	for (size_t i = 0; i < b->n; i++) {
		const struct value *v = &b->v[i];

		if (v->field == NULL)
			continue;
		if (v->key == F_GRADE) {
			h = mix(mix(h, &v->key, sizeof v->key), &v->u.num, sizeof v->u.num);
		} else if (v->key == F_TYPE) {
			h = mix(mix(h, &v->key, sizeof v->key), v->u.text.s, v->u.text.len);
		} else if (counts(now, v->field)) {
			h = mix(mix(h, &v->key, sizeof v->key), &v->u.fig.n, sizeof v->u.fig.n);
			h = mix(h, &v->u.fig.q, sizeof v->u.fig.q);
			if (v->u.fig.source != NULL)
				h = mix(h, v->u.fig.source, strlen(v->u.fig.source));
		} else {
			continue;
		}
		says = true;
	}
	/* What takes back or corrects another changes whatever that one said; a grade said again may be said against a superior's. */
	if (l->stage == STAGE_CORRECTION || l->stage == STAGE_WITHDRAWAL || l->kind == KIND_GRADE)
		return mix(h, &l->id.serial, sizeof l->id.serial) | 1;
	return says ? h | 1 : 0;
}

static int
cmp_point(const void *a, const void *b)
{
	const struct point *x = a, *y = b;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	return x->line < y->line ? -1 : x->line > y->line;	/* fold order */
}

/* Its author's last word before it; NULL none. */
static const struct point *
before(const struct point *p, size_t i)
{
	for (size_t k = i; k-- > 0;)
		if (strcmp(p[k].line->id.origin, p[i].line->id.origin) == 0)
			return &p[k];
	return NULL;
}

/* The type in use when p[i] came, as far as points tell: of the author's own last word, else of whoever spoke last. */
static const char *
type_before(const struct point *p, size_t i, const struct point *last)
{
	const char *type = last != NULL ? body_text(last->line->body, F_TYPE) : NULL;

	for (size_t k = i; last == NULL && type == NULL && k-- > 0;)
		type = body_text(p[k].line->body, F_TYPE);
	return type;
}

/* Does it more than bring figures?  The same grade said once more in a report brings no more, nor does the first word of another station
 * that states none and calls the event what it was called. */
static bool
decides(const struct point *p, size_t i, const struct point *last)
{
	const struct incident_line *l = p[i].line;
	const char *type = body_text(l->body, F_TYPE), *had = type_before(p, i, last);

	if (i == 0 || l->kind == KIND_STEP || l->kind == KIND_GRADE || l->stage == STAGE_CORRECTION || l->stage == STAGE_WITHDRAWAL)
		return true;
	if (body_enum(l->body, F_GRADE) != 0 && (last == NULL || body_enum(l->body, F_GRADE) != body_enum(last->line->body, F_GRADE)))
		return true;
	return type != NULL && (had == NULL || strcmp(type, had) != 0);
}

/* What the figures of one message prove; whose they are changes nothing. */
static void
alone(const struct clock *c, const struct state *now, struct point *p)
{
	const struct grade_rules *tables = rules_grading(c->rules);
	struct grade_verdict v;
	struct body *b;

	if (tables == NULL || c->inc->type[0] == '\0')
		return;
	b = body_new();
	body_set_text(b, F_TYPE, c->inc->type);
	for (size_t i = 0; i < p->line->body->n; i++)
		if (p->line->body->v[i].field != NULL && counts(now, p->line->body->v[i].field))
			body_add_value(b, &p->line->body->v[i]);
	grade_judge(tables, b, &v);
	p->alone = clock_graded(v.proposal) ? v.proposal : 0;
	for (size_t i = 0; i < v.risk.npoints; i++)
		for (size_t k = 0; k < v.risk.points[i].nfield; k++)
			p->risk |= body_first(b, v.risk.points[i].field[k]->key) != NULL;
	grade_verdict_free(&v);
	body_free(b);
}

static struct point *
points_of(const struct clock *c, const struct state *now, int64_t start, size_t *n)
{
	const struct incident *inc = c->inc;
	struct point *p = xcalloc(inc->nall + 1, sizeof *p);
	size_t m = 0, k = 0;

	for (size_t i = 0; i < inc->nall; i++) {
		uint64_t print = print_of(now, &inc->all[i]);
		int64_t at = clock_known(c, &inc->all[i]);
		bool mark = at == c->marked && (inc->all[i].kind == KIND_INTAKE || inc->all[i].kind == KIND_REPORT);

		/* The words that bear a mark need not stand with a number. */
		if (print != 0 || mark)
			p[m++] = (struct point) { .line = &inc->all[i], .at = at, .print = print != 0 ? print : 2, .risk = mark };
	}
	if (m > 1)
		qsort(p, m, sizeof *p, cmp_point);
	for (size_t i = 0; i < m; i++) {
		const struct point *last = before(p, i);

		p[i].must = decides(p, i, last) && (last == NULL || last->print != p[i].print || last->line->kind != p[i].line->kind);
		if (!p[i].must && (last == NULL || last->print != p[i].print))
			alone(c, now, &p[i]);
	}
	/* What came in one instant, or before the first message that obliges, is one point. */
	for (size_t i = 0; i < m; i++) {
		if (i + 1 < m && (p[i + 1].at == p[i].at || p[i + 1].at <= start)) {
			p[i + 1].must |= p[i].must;
			p[i + 1].risk |= p[i].risk;
			if (p[i].alone != 0 && (p[i + 1].alone == 0 || p[i].alone < p[i + 1].alone))
				p[i + 1].alone = p[i].alone;
			continue;
		}
		p[k++] = p[i];
	}
	*n = k;
	return p;
}

/* The fold of what had been stored by then.  Receipts are nobody's parents, and change no grade. */
static void
state_then(const struct clock *c, int64_t at, struct state *s)
{
	const struct incident *inc = c->inc;
	struct fold_msg *m = xcalloc(inc->nall + 1, sizeof *m);
	struct incident *then;
	size_t n = 0;

	for (size_t i = 0; i < inc->nall; i++) {
		const struct incident_line *l = &inc->all[i];

		if (l->kind != KIND_RECEIPT && clock_known(c, l) <= at)
			m[n++] = (struct fold_msg) { .id = l->id, .stored = l->stored, .body = l->body, .kind = l->kind,
				.destroyed = l->destroyed };
	}
	then = incident_fold(m, n);
	state_of(then, rules_grading(c->rules), s);
	incident_free(then);
	free(m);
}

/* ---- stretches ---- */

/*
 * When a person says that he learned of it before he typed it, that is when: but a report repeats the 接报 of the whole, which
 * says nothing of this.
 */
static int64_t
learned_at(const struct clock *c, const struct point *p, int64_t first)
{
	int64_t t, other;

	if (!clock_is(c, p->line) || !body_time(p->line->body, F_LEARNED, &t) || t <= first || t >= p->at)
		return p->at;
	for (size_t i = 0; i < c->inc->nall; i++) {
		const struct incident_line *l = &c->inc->all[i];

		if (l != p->line && l->stored < p->line->stored && body_time(l->body, F_LEARNED, &other) && other >= t)
			return p->at;
	}
	return t;
}

static void
span_add(struct clock *c, int64_t from, const struct msgid *about, const struct state *s, bool risk)
{
	c->span = xreallocarray(c->span, c->nspan + 1, sizeof *c->span);
	c->span[c->nspan++] = (struct clock_span) {
		.from = from,
		.about = *about,
		.grade = running(s),
		.floor = determined(s),
		.presumed = s->stated == 0,
		.risk = risk,
		.risk_presumed = risk && !s->confirmed,
		.again = clock_begun(c, running(s)),
	};
}

/* A person has said what it is: what ran stricter for want of that runs by his word, or by what was proven. */
static void
spans_settle(struct clock *c, const struct state *s, bool marked)
{
	size_t n = 0;

	for (size_t i = 0; i < c->nspan; i++) {
		struct clock_span *sp = &c->span[i];
		int by = determined(s);

		if (s->stated != 0 && sp->presumed && !sp->fixed) {
			if (sp->floor != 0 && clock_graver(sp->floor, by))
				by = sp->floor;
			/* A graver word begins a stretch of its own, and must not loosen this one. */
			sp->fixed = clock_graver(by, sp->grade);
			if (!sp->fixed) {
				sp->grade = by;
				sp->presumed = false;
			}
		}
		if (sp->risk && sp->risk_presumed && s->denied && !marked)
			sp->risk = sp->risk_presumed = false;
		if (s->confirmed)
			sp->risk_presumed = false;
	}
	/* What began only for that is over with it. */
	for (size_t i = 0; i < c->nspan; i++) {
		bool graver = true, risk = c->span[i].risk;

		for (size_t k = 0; k < n; k++) {
			graver &= clock_graver(c->span[i].grade, c->span[k].grade);
			risk &= !c->span[k].risk;
		}
		if (graver || risk)
			c->span[n++] = c->span[i];
	}
	c->nspan = n;
}

static bool
new_to_all(const struct clock *c, int grade, bool risk)
{
	bool graver = true;

	for (size_t i = 0; i < c->nspan; i++) {
		graver &= clock_graver(grade, c->span[i].grade);
		risk &= !c->span[i].risk;
	}
	return graver || risk;
}

/* Can it be graver at this point than what runs already?  best: the gravest any figure has proven by itself up to here. */
static bool
may_rise(const struct clock *c, const struct point *p, const struct state *last, int best)
{
	int bound = best != 0 && last->stated == 0 && best > GRADE_I ? best - 1 : best;

	if (p->must)
		return true;
	return new_to_all(c, bound != 0 ? bound : GRADE_IV, p->risk);
}

void
clock_spans(struct clock *c, int64_t first, int64_t start, const struct msgid *about)
{
	struct state none = { 0 }, now, then = { 0 };
	int left = STATES, best = 0, held = 0;
	struct point *p;
	size_t n;

	state_of(c->inc, rules_grading(c->rules), &now);
	p = points_of(c, &now, start, &n);
	if (n == 0 || p[0].at > start)
		span_add(c, first, about, &none, c->marked <= start);
	for (size_t i = 0; i < n; i++) {
		bool risk, marked = c->marked <= p[i].at;

		if (p[i].alone != 0 && (best == 0 || p[i].alone < best))
			best = p[i].alone;
		if (i > 0 && i + 1 < n && (left == 0 || !may_rise(c, &p[i], &then, best)))
			continue;
		/* After the last of them nothing can have changed: that is the incident as it is. */
		if (i + 1 == n) {
			then = now;
		} else {
			state_then(c, p[i].at, &then);
			left--;
		}
		if (then.proposal != 0 && (best == 0 || then.proposal < best))
			best = then.proposal;
		risk = then.confirmed || (then.risk && !then.denied) || marked;
		if (held != 0 && then.stated != 0 && clock_graver(held, then.stated))
			clock_lower(c, best != 0 && clock_graver(best, then.stated) ? best : then.stated, p[i].at, &p[i].line->id);
		held = then.stated;
		if (c->nspan == 0) {
			span_add(c, first, about, &then, risk);
			continue;
		}
		spans_settle(c, &then, marked);
		if (new_to_all(c, running(&then), risk))
			span_add(c, learned_at(c, &p[i], first), &p[i].line->id, &then, risk);
	}
	free(p);
}
