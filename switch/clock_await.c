/*
 * The sender's side: what others still owe us for messages of ours.  It is asked of every addressee for himself, so that the one who is
 * silent is not hidden by the seventeen who have answered.  Who has answered the version of a directive that was corrected since has answered, and
 * has not signed for the new one.
 *
 * A signature typed here for another (proxy receipt by telephone, F_ON_BEHALF) is that station's act.  Who has taken it on, answered or sent it
 * back has signed for it.  What was recalled, corrected or revoked awaits nothing; the message that did so awaits its own.
 *
 * A report that has not even come to the level above when the limit passes for which it was sent in time is called after at that limit: the clock ended by
 * its sending, and nobody there knows of it.
 *
 * Of one event's reports that one addressee has not signed for, the oldest (since when it is silent) and the newest (whose clock still runs) are
 * awaited, and of those between only what is more urgent: one call asks for all of them.  Every directive is awaited by itself.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "clock_int.h"

static void
await_sign(const struct clock *c, const struct clock_sent *m, const struct clock_ask *a, const struct owed_item *from)
{
	struct clock_ask sign = *a;

	struct owed_item it = *from;

	sign.what = OWED_AWAIT_SIGN;
	if (clock_demands(m->body) < ACT_SIGNED || m->done >= ACT_SIGNED || (m->answered && (!m->old || m->finished)) ||
	    !clock_limit(c, &sign, m->to, &it))
		return;
	if (m->done < ACT_DELIVERED && m->claim > m->sent && m->claim < it.due)
		it.due = m->claim;
	clock_put(c, &it);
}

static void
await_feedback(const struct clock *c, const struct clock_sent *m, const struct clock_ask *a, const struct owed_item *from)
{
	struct owed_item it = *from;
	struct clock_ask back = *a;
	int64_t minutes = 0, due;

	if (m->finished || m->done == ACT_RETURNED)
		return;
	it.what = OWED_AWAIT_FEEDBACK;
	it.scope = SCOPE_HOP;
	it.from = ORIGIN_DUE;
	(void)snprintf(it.towards, sizeof it.towards, "%s", m->to);
	if (m->promised != 0) {
		it.promised = true;
		it.due = m->promised;
		if (!m->answered && body_enum(m->body, F_KIND) == KIND_DIRECTIVE && body_time(m->body, F_DUE, &due) && due < it.due) {
			it.promised = false;
			it.due = due;
		}
		clock_put(c, &it);
		return;
	}
	if (body_enum(m->body, F_KIND) != KIND_DIRECTIVE || body_enum(m->body, F_ORDER_TYPE) == ORDER_REVOKED)
		return;
	if (body_num(m->body, F_EVERY, &minutes) && minutes > 0) {
		it.origin = m->last_feedback > m->sent ? m->last_feedback : m->sent;
		it.due = clock_after(it.origin, minutes);
		if (!m->answered && body_time(m->body, F_DUE, &due) && due < it.due)
			it.due = due;
		clock_put(c, &it);
	} else if (!m->answered && body_time(m->body, F_DUE, &it.due)) {
		clock_put(c, &it);
	} else if (!m->answered) {
		back.what = OWED_AWAIT_FEEDBACK;
		clock_owe(c, &back, m->to, from);
	}
}

static void
awaited(const struct clock *c, const struct clock_sent *m, int grade)
{
	struct owed_item it = { .incident = m->incident, .about = m->id, .origin = m->sent, .grade = grade };
	struct clock_ask a = { .grade = grade, .presumed = c->proven, .scope = SCOPE_HOP, .risk = c->risk };

	if (body_flag(m->body, F_HISTORY) || !incident_addressed(m->body, m->to, true))
		return;
	a.prec = it.prec = rules_precedence(c->rules, m->body);
	if (c->inc == NULL)
		a.code = body_text(m->body, F_TYPE);
	if (m->person != NULL)
		(void)snprintf(it.person, sizeof it.person, "%.*s", (int)sizeof it.person - 1, m->person);
	await_sign(c, m, &a, &it);
	if (incident_addressed(m->body, m->to, false))
		await_feedback(c, m, &a, &it);
}

void
clock_awaited(const struct clock_sent *m, const char *level, const struct rules *rules, owed_fn add, void *ctx)
{
	struct clock c = { .self = m->id.origin, .parent = "", .level = level, .rules = rules, .add = add, .ctx = ctx };

	awaited(&c, m, 0);
}

/* What `to` has done about inc->all[at], himself or through whoever entered it for him. */
static void
acts_of(const struct clock *c, size_t at, struct clock_sent *m)
{
	size_t n;
	const struct clock_ref *ref = clock_refs(c, at, &n);

	for (size_t i = 0; i < n; i++) {
		const struct incident_line *r = ref[i].by;
		const char *behalf = body_text(r->body, F_ON_BEHALF), *who = behalf != NULL ? behalf : r->id.origin, *person;
		int progress = body_enum(r->body, F_PROGRESS);

		if (strcmp(who, m->to) != 0)
			continue;
		switch (r->kind) {
		case KIND_RECEIPT:
			/* A 退回 of the switch itself (非投递通知) is not its addressee's. */
			if (r->act > m->done && !ref[i].old)
				m->done = r->act;
			if (r->act != ACT_TAKEN)
				break;
			if (!body_time(r->body, F_DUE, &m->promised))
				m->promised = 0;
			m->finished = false;
			if ((person = body_said(r->body, F_PERSON)) != NULL)
				m->person = person;
			break;
		case KIND_FEEDBACK:
			m->answered = true;
			m->old = ref[i].old;
			m->finished = progress == PROGRESS_DONE || progress == PROGRESS_CANNOT;
			if (r->stage != STAGE_CORRECTION)	/* no news: the next one is owed when it was */
				m->last_feedback = r->stored;
			if (!body_time(r->body, F_DUE, &m->promised))
				m->promised = 0;
			break;
		case KIND_REPORT:
			/* 核报 that was asked for, or a report that answers an order. */
			if (!clock_counts(r) || r->stage == STAGE_CORRECTION)
				break;
			m->answered = true;
			m->old = ref[i].old;
			m->finished |= body_enum(m->body, F_ORDER_TYPE) == ORDER_VERIFY;
			break;
		default:
			break;
		}
	}
	if (body_enum(m->body, F_ORDER_TYPE) != ORDER_VERIFY || m->finished)
		return;
	for (size_t i = 0; i < c->inc->nall; i++) {
		const struct incident_line *r = &c->inc->all[i];

		if (r->kind == KIND_REPORT && r->stage == STAGE_VERIFIED && clock_counts(r) && strcmp(r->id.origin, m->to) == 0 &&
		    r->stored >= m->sent)
			m->answered = m->finished = true;
	}
}

struct reports {		/* of ours, not signed for */
	struct owed_item *v;
	size_t n, cap;
	const struct clock *c;
};

static void
report_add(void *ctx, const struct owed_item *it)
{
	struct reports *r = ctx;

	if (it->what != OWED_AWAIT_SIGN) {
		clock_put(r->c, it);
		return;
	}
	if (r->n == r->cap) {
		r->cap = r->cap == 0 ? 8 : r->cap * 2;
		r->v = xreallocarray(r->v, r->cap, sizeof *r->v);
	}
	r->v[r->n++] = *it;
}

static bool
between(const struct reports *r, size_t i)
{
	bool older = false, newer = false;

	for (size_t k = 0; k < r->n; k++)
		if (k != i && r->v[k].prec <= r->v[i].prec && strcmp(r->v[k].towards, r->v[i].towards) == 0) {
			older |= k < i;
			newer |= k > i;
		}
	return older && newer;
}

static int
cmp_sent(const void *a, const void *b)
{
	const struct owed_item *x = a, *y = b;

	if (x->origin != y->origin)
		return x->origin < y->origin ? -1 : 1;
	return msgid_cmp(&x->about, &y->about);
}

void
clock_sent_ones(const struct clock *c)
{
	const struct incident *inc = c->inc;
	struct reports reports = { .c = c };
	struct clock of_reports = *c;

	of_reports.add = report_add;
	of_reports.ctx = &reports;
	for (size_t i = 0; i < inc->nall; i++) {
		const struct incident_line *l = &inc->all[i];
		int grade = inc->grade == 0 && l->kind == KIND_WARNING ? 0 : c->stated != 0 ? c->stated : GRADE_UNDETERMINED;
		static const uint32_t keys[] = { F_TO, F_CC };

		if (!clock_is(c, l) || !clock_counts(l) || l->superseded || body_flag(l->body, F_HISTORY) ||
		    clock_demands(l->body) < ACT_SIGNED || clock_revoked(c, i))
			continue;
		for (size_t k = 0; k < 2; k++)
			for (const struct value *v = body_first(l->body, keys[k]); v != NULL; v = body_next(l->body, v)) {
				struct clock_sent m = { .id = l->id, .incident = inc->id, .sent = clock_known(c, l), .body = l->body };

				m.to = v->u.text.s;
				/* Copies are for information, but for the level above: a report past it must not go past it unseen. */
				if (m.to == NULL || strcmp(m.to, c->self) == 0 || (keys[k] == F_CC && (strcmp(m.to, c->parent) != 0 ||
				    incident_addressed(l->body, m.to, false))))
					continue;
				if (strcmp(m.to, c->parent) == 0 && c->claim != NULL)
					m.claim = c->claim[i];
				acts_of(c, i, &m);
				awaited(l->kind == KIND_REPORT ? &of_reports : c, &m, grade);
			}
	}
	if (reports.n > 1)
		qsort(reports.v, reports.n, sizeof *reports.v, cmp_sent);
	for (size_t i = 0; i < reports.n; i++)
		if (!between(&reports, i))
			clock_put(c, &reports.v[i]);
	free(reports.v);
}
