/*
 * After the first report: follow-ups (续报), the final report (终报), and what has to be said once more because casualties have changed
 * (补报, Order 493 art. 13).
 *
 * Follow-ups are owed from one report upwards to the next while the event is not resolved; the final report from 处置毕.  A
 * supplement is owed from the change, while the window of the rules (counted from 发生) is open; after it nothing is owed, and that the
 * window is over is said (clock_supplement()).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "clock_int.h"
#include "../formats/life.h"

static bool
standing(const struct clock *c)
{
	return c->parent[0] != '\0' && !c->inc->closed && !msgid_is_set(&c->inc->merged_into);
}

/* This station's last 处置毕 that stands. */
static const struct incident_line *
resolved(const struct clock *c)
{
	const struct incident_line *last = NULL;

	for (size_t i = 0; i < c->inc->nall; i++) {
		const struct incident_line *l = &c->inc->all[i];
		int step = clock_step(l);

		if (step == STEP_RESOLVED && clock_is(c, l))
			last = l;
		else if (step == STEP_REOPENED)
			last = NULL;
	}
	return last;
}

static void
followups(const struct clock *c)
{
	const struct incident_line *end = resolved(c);
	int state = clock_state(c);
	bool open = standing(c) && (state == 0 || state < EVENT_RESOLVED);

	for (size_t i = 0; i < c->ntold; i++) {
		const struct clock_told *t = &c->told[i], *next = NULL;
		struct owed_item it = { .incident = c->inc->id, .about = t->line->id, .origin = t->at };
		struct clock_ask a;

		if (!t->written)
			continue;
		for (size_t k = i + 1; k < c->ntold && next == NULL; k++)
			if (c->told[k].written)
				next = &c->told[k];
		clock_ask_now(c, OWED_FOLLOWUP, rules_precedence(c->rules, t->line->body), &a);
		if ((next == NULL && !open) || !clock_limit(c, &a, c->parent, &it))
			continue;
		/* After 处置毕 nobody waits for one. */
		if (next != NULL && end != NULL && it.due > clock_known(c, end) && next->at > clock_known(c, end))
			continue;
		if (next != NULL)
			clock_met(&it, next->at, &next->line->id, next->how);
		clock_put(c, &it);
	}
}

static void
final(const struct clock *c)
{
	const struct incident_line *end = resolved(c);
	struct owed_item it = { .incident = c->inc->id };
	bool reported = false;
	struct clock_ask a;

	if (end == NULL || c->parent[0] == '\0' || msgid_is_set(&c->inc->merged_into))
		return;
	it.about = end->id;
	it.origin = clock_known(c, end);
	clock_ask_now(c, OWED_FINAL, rules_precedence(c->rules, end->body), &a);
	if (!clock_limit(c, &a, c->parent, &it))
		return;
	for (size_t i = 0; i < c->inc->nall && it.met == 0; i++) {
		const struct incident_line *l = &c->inc->all[i];

		if (!clock_is(c, l) || l->kind != KIND_REPORT || !clock_counts(l))
			continue;
		reported = true;
		if ((l->stage == STAGE_FINAL || l->stage == STAGE_VERIFIED) && clock_addressed_up(c, l->body) &&
		    clock_known(c, l) >= it.origin)
			clock_met(&it, clock_known(c, l), &l->id, "report");
	}
	/* Who has never reported has nothing to end by a report; who has gone back to work will say 处置毕 again. */
	if (!reported || (it.met == 0 && clock_state(c) != EVENT_RESOLVED))
		return;
	clock_put(c, &it);
}

/* ---- 补报 ---- */

struct number {
	uint32_t key;
	enum figure_q q;
	int64_t n;
};

struct numbers {
	struct number *v;
	size_t n, cap;
};

static bool
says_figures(const struct incident_line *l)
{
	return (l->kind == KIND_REPORT || l->kind == KIND_INTAKE || l->kind == KIND_GRADE || l->kind == KIND_FEEDBACK) &&
	    clock_counts(l) && !l->superseded && !body_flag(l->body, F_HISTORY);
}

/* Adds the casualties the line states; true when one of them had not been said by anybody before. */
static bool
numbers_add(struct numbers *s, const struct incident_line *l)
{
	bool fresh = false;

	for (size_t i = 0; i < l->body->n; i++) {
		const struct value *v = &l->body->v[i];
		size_t k;

		if (v->field == NULL || (v->field->flags & FF_CASUALTY) == 0 || field_decimals(v->field) < 0)
			continue;
		for (k = 0; k < s->n && (s->v[k].key != v->key || s->v[k].q != v->u.fig.q || s->v[k].n != v->u.fig.n); k++)
			;
		if (k < s->n)
			continue;
		if (s->n == s->cap) {
			s->cap = s->cap == 0 ? 16 : s->cap * 2;
			s->v = xreallocarray(s->v, s->cap, sizeof *s->v);
		}
		s->v[s->n++] = (struct number) { v->key, v->u.fig.q, v->u.fig.n };
		fresh = true;
	}
	return fresh;
}

struct timed {
	const struct incident_line *l;
	int64_t at;
};

static int
cmp_timed(const void *a, const void *b)
{
	const struct timed *x = a, *y = b;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	return x->l < y->l ? -1 : x->l > y->l;
}

/* The end of the window, by a row that counts from 发生; 0 no rule names one. */
static int64_t
window(const struct clock *c, struct owed_item *it)
{
	static const enum rule_scope scopes[] = { SCOPE_HOP, SCOPE_CHAIN };

	for (size_t i = 0; i < 2; i++) {
		struct owed_item one = *it;
		struct clock_ask a;

		clock_ask_now(c, OWED_SUPPLEMENT, 0, &a);
		a.scope = scopes[i];
		a.keep = true;
		/* The day of the accident is the one the article counts from. */
		one.origin = c->inc->occurred != 0 ? c->inc->occurred : c->inc->learned != 0 ? c->inc->learned : c->inc->all[0].stored;
		if (!clock_limit(c, &a, c->parent, &one) || one.from != ORIGIN_OCCURRED)
			continue;
		memcpy(it->rule, one.rule, sizeof it->rule);
		memcpy(it->clause, one.clause, sizeof it->clause);
		memcpy(it->chase, one.chase, sizeof it->chase);
		it->from = ORIGIN_LEARNED;
		return one.due;
	}
	return 0;
}

/* it: the change.  Its time: what the rules say of a supplement that counts from the change; no later than the window's end. */
static bool
supplement_due(const struct clock *c, struct owed_item *it, int64_t *end)
{
	struct owed_item limit = *it;
	struct clock_ask a;

	*end = window(c, it);
	clock_ask_now(c, OWED_SUPPLEMENT, 0, &a);
	a.keep = true;
	if (!clock_limit(c, &a, c->parent, &limit) || limit.from == ORIGIN_OCCURRED) {
		if (*end == 0)
			return false;
		memcpy(limit.rule, it->rule, sizeof limit.rule);
		memcpy(limit.clause, it->clause, sizeof limit.clause);
		memcpy(limit.chase, it->chase, sizeof limit.chase);
		limit.origin = it->origin;
		limit.from = ORIGIN_LEARNED;
		limit.grade = it->grade;
		limit.due = *end;
	}
	limit.what = OWED_SUPPLEMENT;
	limit.scope = SCOPE_HOP;
	(void)snprintf(limit.towards, sizeof limit.towards, "%s", c->parent);
	if (*end != 0 && *end < limit.due)
		limit.due = *end;
	*it = limit;
	return true;
}

static bool
told_by(const struct clock *c, const struct incident_line *l)
{
	return clock_is(c, l) && l->kind == KIND_REPORT && clock_counts(l) && clock_addressed_up(c, l->body);
}

/* Goes through the messages in time order.  out: the change that is not reported yet; else every one is handed out (all of them, or the open one). */
static bool
changes(const struct clock *c, struct clock_change *out)
{
	const struct incident *inc = c->inc;
	struct timed *t = xcalloc(inc->nall + 1, sizeof *t);
	struct numbers said = { 0 };
	const struct incident_line *change = NULL;
	int64_t changed = 0, end;
	bool after = false;

	for (size_t i = 0; i < inc->nall; i++)
		t[i] = (struct timed) { &inc->all[i], clock_known(c, &inc->all[i]) };
	if (inc->nall > 1)
		qsort(t, inc->nall, sizeof *t, cmp_timed);
	for (size_t i = 0; i < inc->nall; i++) {
		const struct incident_line *l = t[i].l;
		bool fresh = says_figures(l) && numbers_add(&said, l);

		if (after && fresh && change == NULL) {
			change = l;
			changed = t[i].at;
		}
		if (change != NULL && told_by(c, l)) {
			struct owed_item it = { .incident = inc->id, .about = change->id, .origin = changed };

			if (out == NULL && supplement_due(c, &it, &end) && (end == 0 || changed <= end)) {
				clock_met(&it, t[i].at, &l->id, "report");
				clock_put(c, &it);
			}
			change = NULL;
		}
		after |= told_by(c, l) && (l->stage == STAGE_FINAL || l->stage == STAGE_VERIFIED);
		after |= clock_is(c, l) && clock_step(l) == STEP_ARCHIVED;
	}
	if (change != NULL) {
		struct owed_item it = { .incident = inc->id, .about = change->id, .origin = changed };
		bool owed = supplement_due(c, &it, &end), late = end != 0 && changed > end;

		if (out == NULL && owed && !late)
			clock_put(c, &it);
		if (out != NULL) {
			*out = (struct clock_change) { .about = change->id, .at = changed, .window = end, .over = late };
			memcpy(out->clause, it.clause, sizeof out->clause);
			memcpy(out->rule, it.rule, sizeof out->rule);
		}
	}
	free(t);
	free(said.v);
	return change != NULL;
}

bool
clock_change(const struct clock *c, struct clock_change *out)
{
	return c->inc->nall > 0 && c->parent[0] != '\0' && changes(c, out);
}

void
clock_follow(const struct clock *c)
{
	followups(c);
	final(c);
	if (c->parent[0] != '\0' && c->inc->nall > 0)
		(void)changes(c, NULL);
}
