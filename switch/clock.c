/*
 * What this station owes and until when: computed afresh from the messages and the rules, nothing is stored.
 *
 * Promises: an own clock runs from the earliest moment this station is known to have learned of the matter and is never
 * moved later; history starts none; a message its author has recalled or corrected starts none (the correction does).
 * The limits and their clauses are the rules'; where no rule sets one, nothing is owed.
 *
 * Here: what the parts share.  clock_grade.c: the grade a clock runs by, and since when.  clock_report.c: telephone and written reports upwards, the
 * chain clock, 核报.  clock_told.c: what ends them.  clock_follow.c: 续报, 终报, 补报.  clock_receive.c: what was received.
 * clock_await.c: what others owe us.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../formats/text.h"
#include "clock_int.h"
#include "../formats/life.h"

#define DELIVERED_LATER 1000 /* ms: a 送达 that comes at once is the same instant */

bool
clock_is(const struct clock *c, const struct incident_line *l)
{
	return strcmp(l->id.origin, c->self) == 0;
}

int64_t
clock_after(int64_t origin, int64_t minutes)
{
	int64_t span, due;

	if (__builtin_mul_overflow(minutes, CLOCK_MINUTE, &span) || __builtin_add_overflow(origin, span, &due))
		return origin;
	return due;
}

bool
clock_counts(const struct incident_line *l)
{
	return !l->withdrawn && !l->split_off && l->stage != STAGE_WITHDRAWAL;
}

int
clock_step(const struct incident_line *l)
{
	return l->kind == KIND_STEP && clock_counts(l) && body_said(l->body, F_PERSON) != NULL ? body_enum(l->body, F_STEP) : 0;
}

int
clock_state(const struct clock *c)
{
	for (size_t i = 0; i < c->inc->nstates; i++)
		if (strcmp(c->inc->states[i].station, c->self) == 0)
			return c->inc->states[i].state;
	return c->inc->state;
}

/* ---- references ---- */

struct place {
	const struct msgid *id;
	size_t at;
};

static int
cmp_place(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	return msgid_cmp(x->id, y->id);
}

static int
cmp_ref(const void *a, const void *b)
{
	const struct clock_ref *x = a, *y = b;

	if (x->of != y->of)
		return x->of < y->of ? -1 : 1;
	return x->by < y->by ? -1 : x->by > y->by;	/* both in inc->all: fold order */
}

static int64_t
said_at(const struct incident_line *l)
{
	int64_t t;

	return body_time(l->body, F_WRITTEN, &t) && t < l->stored ? t : l->stored;
}

static void
refs_put(struct clock *c, size_t *cap, size_t of, const struct incident_line *by, bool old)
{
	if (c->nref == *cap) {
		*cap = *cap == 0 ? 32 : *cap * 2;
		c->ref = xreallocarray(c->ref, *cap, sizeof *c->ref);
	}
	c->ref[c->nref++] = (struct clock_ref) { .of = of, .by = by, .old = old };
}

/* The version of the directive inc->all[at] that stands; at itself, where it was never corrected. */
static size_t
standing(const struct incident *inc, size_t at)
{
	const struct msgid *first = &inc->all[at].id;

	for (size_t i = at + 1; inc->all[at].superseded && i < inc->nall; i++) {
		const struct incident_line *l = &inc->all[i];

		if (l->kind == KIND_DIRECTIVE && l->stage == STAGE_CORRECTION && !l->withdrawn &&
		    strcmp(l->id.origin, first->origin) == 0 && (incident_refers(l->body, first) || incident_refers(l->body, &inc->all[at].id)))
			at = i;
	}
	return at;
}

/* What answers a version that no longer stands answers the one that does, unless it was said before that was: a correction asks anew. */
static void
refs_forward(struct clock *c, size_t *cap, size_t at, const struct incident_line *by)
{
	const struct incident *inc = c->inc;
	size_t now;

	if (inc->all[at].kind != KIND_DIRECTIVE || !inc->all[at].superseded ||
	    (by->kind != KIND_FEEDBACK && by->kind != KIND_RECEIPT && by->kind != KIND_REPORT))
		return;
	now = standing(inc, at);
	if (now != at && said_at(by) >= said_at(&inc->all[now]) && !incident_refers(by->body, &inc->all[now].id))
		refs_put(c, cap, now, by, true);
}

static void
refs_make(struct clock *c)
{
	const struct incident *inc = c->inc;
	struct place *at = xcalloc(inc->nall + 1, sizeof *at), *p;
	size_t cap = 0;

	for (size_t i = 0; i < inc->nall; i++)
		at[i] = (struct place) { &inc->all[i].id, i };
	if (inc->nall > 1)
		qsort(at, inc->nall, sizeof *at, cmp_place);
	for (size_t i = 0; i < inc->nall; i++)
		for (const struct value *v = body_first(inc->all[i].body, F_REFS); v != NULL; v = body_next(inc->all[i].body, v)) {
			struct place want = { &v->u.id, 0 };

			if (inc->all[i].withdrawn || (p = bsearch(&want, at, inc->nall, sizeof *at, cmp_place)) == NULL)
				continue;
			refs_put(c, &cap, p->at, &inc->all[i], false);
			refs_forward(c, &cap, p->at, &inc->all[i]);
		}
	if (c->nref > 1)
		qsort(c->ref, c->nref, sizeof *c->ref, cmp_ref);
	free(at);
}

const struct clock_ref *
clock_refs(const struct clock *c, size_t of, size_t *n)
{
	size_t low = 0, high = c->nref;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (c->ref[mid].of < of)
			low = mid + 1;
		else
			high = mid;
	}
	for (*n = 0; low + *n < c->nref && c->ref[low + *n].of == of;)
		++*n;
	return *n > 0 ? &c->ref[low] : NULL;
}

size_t
clock_find(const struct clock *c, const struct msgid *id)
{
	size_t i;

	for (i = 0; i < c->inc->nall && msgid_cmp(&c->inc->all[i].id, id) != 0; i++)
		;
	return i;
}

bool
clock_revoked(const struct clock *c, size_t of)
{
	size_t n;
	const struct clock_ref *r = clock_refs(c, of, &n);

	for (size_t i = 0; i < n; i++)
		if (r[i].by->kind == KIND_DIRECTIVE && body_enum(r[i].by->body, F_ORDER_TYPE) == ORDER_REVOKED &&
		    strcmp(r[i].by->id.origin, c->inc->all[of].id.origin) == 0)
			return true;
	return false;
}

static int64_t
known_of(const struct clock *c, size_t at)
{
	const struct incident_line *l = &c->inc->all[at];
	const char *behalf = body_text(l->body, F_ON_BEHALF);
	int64_t best = INT64_MAX, t;
	const struct clock_ref *r;
	size_t n;

	/* Its own switch has stamped it; here it may be a copy that came later. */
	if (clock_is(c, l))
		return body_time(l->body, F_WRITTEN, &t) && t < l->stored ? t : l->stored;
	/* Entered by another for this station: it knew when it said so. */
	if (behalf != NULL && strcmp(behalf, c->self) == 0)
		return body_time(l->body, F_LEARNED, &t) && t < l->stored ? t : l->stored;
	r = clock_refs(c, at, &n);
	for (size_t i = 0; i < n; i++) {
		if (r[i].old || r[i].by->kind != KIND_RECEIPT || r[i].by->act != ACT_DELIVERED || !clock_is(c, r[i].by))
			continue;
		if (!body_time(r[i].by->body, F_WRITTEN, &t))
			t = r[i].by->stored;
		if (t < best)
			best = t;
	}
	return best != INT64_MAX && best - DELIVERED_LATER > l->stored ? best : l->stored;
}

static void
known_make(struct clock *c)
{
	c->known = xcalloc(c->inc->nall + 1, sizeof *c->known);
	for (size_t i = 0; i < c->inc->nall; i++)
		c->known[i] = known_of(c, i);
}

int64_t
clock_known(const struct clock *c, const struct incident_line *l)
{
	return c->known[l - c->inc->all];
}

/* ---- items ---- */

static bool
limit_of(const struct clock *c, const struct clock_ask *a, int grade, struct owed_item *it)
{
	struct deadline d;
	const struct incident *inc = c->inc;
	struct rule_ask ask = {
		.what = a->what,
		.station = c->self,
		.level = c->level,
		.code = a->code != NULL ? a->code : inc != NULL ? inc->type : "",
		.grade = grade,
		.prec = a->prec,
		.risk = a->risk,
		.scope = a->scope,
		.at = it->origin,
	};

	memset(&d, 0, sizeof d);
	if (!rules_deadline(c->rules, &ask, &d) || d.scope != a->scope)
		return false;
	if (d.origin == ORIGIN_OCCURRED && inc != NULL && a->scope == SCOPE_HOP && !a->keep) {
		/* Nothing is learned of before it happens, so a later 发生 moves nothing. */
		if (inc->occurred != 0 && inc->occurred < it->origin)
			it->origin = inc->occurred;
		else if (inc->occurred == 0 && inc->learned != 0 && inc->learned < it->origin)
			it->origin = inc->learned;
	}
	it->what = a->what;
	it->scope = a->scope;
	it->grade = grade;
	it->prec = a->prec;
	it->from = d.origin;
	it->due = rules_due(&d, it->origin);
	if (d.clause != NULL)
		(void)text_sanitise(d.clause, strlen(d.clause), it->clause, sizeof it->clause, false);
	(void)snprintf(it->rule, sizeof it->rule, "%s", d.id != NULL ? d.id : "");
	(void)snprintf(it->chase, sizeof it->chase, "%s", d.chase != NULL ? d.chase : "");
	(void)snprintf(it->endpoint, sizeof it->endpoint, "%s", d.endpoint != NULL ? d.endpoint : "");
	return true;
}

bool
clock_limit(const struct clock *c, const struct clock_ask *a, const char *towards, struct owed_item *it)
{
	struct owed_item first = *it, sooner = *it;
	bool owed = limit_of(c, a, a->grade, &first);

	if (a->grade == GRADE_UNDETERMINED && a->presumed != 0 && a->presumed != GRADE_UNDETERMINED &&
	    limit_of(c, a, a->presumed, &sooner) && (!owed || sooner.due < first.due)) {
		first = sooner;
		owed = true;
	}
	if (!owed)
		return false;
	*it = first;
	(void)snprintf(it->towards, sizeof it->towards, "%s", towards);
	return true;
}

void
clock_ask_now(const struct clock *c, enum owed what, int prec, struct clock_ask *a)
{
	*a = (struct clock_ask) { .what = what, .prec = prec, .scope = SCOPE_HOP, .risk = c->risk };
	a->grade = c->stated != 0 ? c->stated : GRADE_UNDETERMINED;
	a->presumed = c->proven;
}

void
clock_owe(const struct clock *c, const struct clock_ask *a, const char *towards, const struct owed_item *from)
{
	struct owed_item it = *from;

	if (clock_limit(c, a, towards, &it))
		clock_put(c, &it);
}

void
clock_put(const struct clock *c, const struct owed_item *it)
{
	if ((it->met == 0 && it->ended == 0) || c->all)
		c->add(c->ctx, it);
}

void
clock_met(struct owed_item *it, int64_t at, const struct msgid *by, const char *how)
{
	/* What is declared may be a minute too early, by its own roundness. */
	it->met = at > it->origin ? at : it->origin;
	it->met_by = *by;
	(void)snprintf(it->how, sizeof it->how, "%s", how);
}

bool
clock_lapsed(const struct owed_item *it, int64_t now)
{
	return it->promised && (it->met != 0 ? it->met : now) > it->due;
}

/* ---- the whole ---- */

static void
clock_free(struct clock *c)
{
	free(c->ref);
	free(c->claim);
	free(c->span);
	free(c->gone);
	free(c->told);
	free(c->known);
}

static void
clock_run(const struct incident *inc, const char *self, const char *parent, const char *level, const struct rules *rules,
    bool all, owed_fn add, void *ctx)
{
	struct clock c = { .inc = inc, .self = self, .parent = parent, .level = level, .rules = rules, .all = all, .add = add,
		.ctx = ctx };

	assert(self != NULL && self[0] != '\0' && parent != NULL && level != NULL);
	if (inc->history)
		return;
	refs_make(&c);
	known_make(&c);
	clock_judge(&c);
	clock_tell(&c);
	c.claim = xcalloc(inc->nall + 1, sizeof *c.claim);
	clock_reports(&c);
	clock_follow(&c);
	clock_received(&c);
	clock_sent_ones(&c);
	clock_free(&c);
}

bool
clock_supplement(const struct incident *inc, const char *self, const char *parent, const char *level, const struct rules *rules,
    struct clock_change *out)
{
	struct clock c = { .inc = inc, .self = self, .parent = parent, .level = level, .rules = rules };
	bool found;

	memset(out, 0, sizeof *out);
	if (inc->history)
		return false;
	refs_make(&c);
	known_make(&c);
	clock_judge(&c);
	clock_tell(&c);
	found = clock_change(&c, out);
	clock_free(&c);
	return found;
}

bool
clock_was_told(const struct incident *inc, const char *self, const char *parent, bool written, const char *endpoint)
{
	struct clock c = { .inc = inc, .self = self, .parent = parent, .level = "" };
	struct owed_item it = { 0 };
	bool told;

	refs_make(&c);
	known_make(&c);
	clock_tell(&c);
	told = clock_first_told(&c, written, INT64_MIN) != NULL || (endpoint[0] != '\0' && clock_arrived(&c, endpoint, written, &it));
	clock_free(&c);
	return told;
}

void
clock_owed(const struct incident *inc, const char *self, const char *parent, const char *level, const struct rules *rules,
    owed_fn add, void *ctx)
{
	clock_run(inc, self, parent, level, rules, false, add, ctx);
}

void
clock_all(const struct incident *inc, const char *self, const char *parent, const char *level, const struct rules *rules,
    owed_fn add, void *ctx)
{
	clock_run(inc, self, parent, level, rules, true, add, ctx);
}
