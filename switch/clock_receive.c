/*
 * What was received: to be read, signed for, answered.
 *
 * The acts climb: who has signed has read, who has sent it back has answered for it.  A 接办 carries the time of the next feedback; the newest
 * promise stands until feedback follows, and what was ordered sooner than promised stands beside it.  A directive that asks for feedback again and
 * again (F_EVERY) is owed the next one until one says that it is done or cannot be.
 */
#include <assert.h>
#include <stdio.h>
#include <string.h>
#include "clock_int.h"

int
clock_demands(const struct body *b)
{
	switch (body_enum(b, F_KIND)) {
	case KIND_REPORT:
	case KIND_GRADE:
	case KIND_DIRECTIVE:
		return ACT_SIGNED;
	case KIND_WARNING:
		return body_flag(b, F_RING) ? ACT_SIGNED : 0;
	case KIND_FEEDBACK:
	case KIND_CHASE:
		return ACT_READ;
	case KIND_STEP:
		/* Who holds a copy of what must be destroyed has to learn of it. */
		return body_enum(b, F_STEP) == STEP_DESTROYED ? ACT_READ : 0;
	default:
		return 0;
	}
}

static int64_t
every(const struct body *b)
{
	int64_t minutes = 0;

	return body_num(b, F_EVERY, &minutes) && minutes > 0 ? minutes : 0;
}

static void
feedback_owed(const struct clock *c, const struct clock_received *m, const struct clock_ask *ask, const struct owed_item *from)
{
	struct owed_item it = *from;
	struct clock_ask a = *ask;
	bool directive = body_enum(m->body, F_KIND) == KIND_DIRECTIVE;
	int64_t due;

	it.what = OWED_FEEDBACK;
	it.scope = SCOPE_HOP;
	it.from = ORIGIN_DUE;
	it.grade = m->grade;
	(void)snprintf(it.towards, sizeof it.towards, "%s", m->id.origin);
	if (m->finished)
		return;
	if (m->promised != 0) {
		it.promised = true;
		it.due = m->promised;
		/* What was ordered sooner than promised stands. */
		if (!m->answered && directive && body_time(m->body, F_DUE, &due) && due < it.due) {
			it.promised = false;
			it.due = due;
		}
		clock_put(c, &it);
		return;
	}
	/* Copies are for information: only whom a directive is addressed to answers it. */
	if (!directive || m->done == ACT_RETURNED || !incident_addressed(m->body, c->self, false) ||
	    body_enum(m->body, F_ORDER_TYPE) == ORDER_REVOKED)
		return;
	if (every(m->body) > 0) {
		it.origin = m->answered && m->last_feedback > it.origin ? m->last_feedback : it.origin;
		it.due = clock_after(it.origin, every(m->body));
		if (!m->answered && body_time(m->body, F_DUE, &due) && due < it.due)
			it.due = due;
		clock_put(c, &it);
	} else if (!m->answered && body_time(m->body, F_DUE, &it.due)) {
		clock_put(c, &it);
	} else if (!m->answered) {
		struct owed_item plain = *from;

		a.what = OWED_FEEDBACK;
		clock_owe(c, &a, m->id.origin, &plain);
	}
}

/* Without feedback where another clock has it (核报). */
static void
message_owed(const struct clock *c, const struct clock_received *m, bool feedback, const struct owed_item *read,
    const struct owed_item *signed_)
{
	int demands = clock_demands(m->body);
	struct owed_item it = { .incident = m->incident, .about = m->id, .origin = m->stored };
	struct clock_ask a = { .grade = m->grade, .presumed = c->proven, .scope = SCOPE_HOP, .risk = c->risk };

	if (strcmp(m->id.origin, c->self) == 0 || body_flag(m->body, F_HISTORY) || !incident_addressed(m->body, c->self, true))
		return;
	a.prec = it.prec = rules_precedence(c->rules, m->body);
	a.code = m->code != NULL ? m->code : body_text(m->body, F_TYPE);
	if (m->person != NULL)
		(void)snprintf(it.person, sizeof it.person, "%.*s", (int)sizeof it.person - 1, m->person);
	for (int act = ACT_READ; act <= ACT_SIGNED; act++) {
		const struct owed_item *met = act == ACT_READ ? read : signed_;
		struct owed_item one = it;

		if (demands < act || (m->done >= act && met == NULL))
			continue;
		a.what = act == ACT_READ ? OWED_READ : OWED_SIGN;
		if (!clock_limit(c, &a, m->id.origin, &one))
			continue;
		if (m->done >= act && met != NULL)
			clock_met(&one, met->met, &met->met_by, met->how);
		clock_put(c, &one);
	}
	if (feedback)
		feedback_owed(c, m, &a, &it);
}

void
clock_message(const struct clock_received *m, const char *self, const char *level, const struct rules *rules,
    owed_fn add, void *ctx)
{
	struct clock c = { .self = self, .parent = "", .level = level, .rules = rules, .add = add, .ctx = ctx };

	message_owed(&c, m, true, NULL, NULL);
}

static void
act_met(struct owed_item *it, int64_t at, const struct incident_line *r)
{
	if (it->met == 0 || at < it->met) {
		it->origin = INT64_MIN;
		clock_met(it, at, &r->id, "receipt");
	}
}

/* What this station has done about inc->all[at].  read, signed_: when. */
static void
acts_of(const struct clock *c, size_t at, struct clock_received *m, struct owed_item *read, struct owed_item *signed_)
{
	size_t n;
	const struct clock_ref *ref = clock_refs(c, at, &n);

	for (size_t i = 0; i < n; i++) {
		const struct incident_line *r = ref[i].by;
		int progress = body_enum(r->body, F_PROGRESS);
		const char *person;

		if ((r->kind != KIND_RECEIPT && r->kind != KIND_FEEDBACK) || !clock_is(c, r))
			continue;
		/* Entered here for another station: that one's act. */
		if (body_text(r->body, F_ON_BEHALF) != NULL && strcmp(body_text(r->body, F_ON_BEHALF), c->self) != 0)
			continue;
		if (r->kind == KIND_FEEDBACK) {
			m->answered = true;
			m->finished = progress == PROGRESS_DONE || progress == PROGRESS_CANNOT;
			if (r->stage != STAGE_CORRECTION)	/* no news: the next one is owed when it was */
				m->last_feedback = clock_known(c, r);
			if (!body_time(r->body, F_DUE, &m->promised))
				m->promised = 0;
			continue;
		}
		if (r->act > m->done && !ref[i].old)
			m->done = r->act;
		if (r->act >= ACT_READ && !ref[i].old)
			act_met(read, clock_known(c, r), r);
		if (r->act >= ACT_SIGNED && !ref[i].old)
			act_met(signed_, clock_known(c, r), r);
		/* 接办 carries the time of the next feedback: the newest promise stands until feedback follows. */
		if (r->act == ACT_TAKEN) {
			if (!body_time(r->body, F_DUE, &m->promised))
				m->promised = 0;
			m->finished = false;
			if ((person = body_said(r->body, F_PERSON)) != NULL)
				m->person = person;
		}
	}
}

/* Feedback that was given, for the record: the first, by the time the message or its row set.  alone: c without the incident, which a
 * message's own limits do not ask. */
static void
feedback_met(const struct clock *c, const struct clock *alone, size_t at, const struct clock_received *m)
{
	size_t n;
	const struct clock_ref *ref = clock_refs(c, at, &n);
	struct clock_received before = *m;
	struct clock once = *alone;
	struct owed_item it = { .incident = m->incident, .about = m->id, .origin = m->stored, .what = OWED_FEEDBACK,
		.scope = SCOPE_HOP, .from = ORIGIN_DUE, .prec = rules_precedence(c->rules, m->body) };
	struct clock_ask a = { .what = OWED_FEEDBACK, .grade = m->grade, .presumed = c->proven, .prec = it.prec, .scope = SCOPE_HOP,
		.risk = c->risk, .code = m->code };

	if (body_enum(before.body, F_KIND) != KIND_DIRECTIVE || !incident_addressed(m->body, c->self, false))
		return;
	(void)snprintf(it.towards, sizeof it.towards, "%s", m->id.origin);
	if (!body_time(m->body, F_DUE, &it.due)) {
		if (every(m->body) > 0)
			it.due = clock_after(it.origin, every(m->body));
		else if (!clock_limit(alone, &a, m->id.origin, &it))
			return;
	}
	for (size_t i = 0; i < n; i++)
		if (ref[i].by->kind == KIND_FEEDBACK && clock_is(c, ref[i].by)) {
			clock_met(&it, clock_known(c, ref[i].by), &ref[i].by->id, "feedback");
			break;
		}
	if (it.met != 0)
		clock_put(&once, &it);
}

void
clock_received(const struct clock *c)
{
	const struct incident *inc = c->inc;

	for (size_t i = 0; i < inc->nall; i++) {
		const struct incident_line *l = &inc->all[i];
		struct owed_item read = { 0 }, signed_ = { 0 };
		struct clock_received m = { .id = l->id, .incident = inc->id, .body = l->body, .code = inc->type };
		struct clock alone = *c;
		bool verify;

		if (l->withdrawn || l->superseded || l->stage == STAGE_WITHDRAWAL || clock_is(c, l) || l->kind == KIND_RECEIPT ||
		    !incident_addressed(l->body, c->self, true) || clock_revoked(c, i))
			continue;
		m.stored = clock_known(c, l);
		/* A warning is no event: its urgency is its precedence, not a grade nobody has stated. */
		m.grade = inc->grade == 0 && l->kind == KIND_WARNING ? 0 : c->stated != 0 ? c->stated : GRADE_UNDETERMINED;
		acts_of(c, i, &m, &read, &signed_);
		alone.inc = NULL;
		verify = l->kind == KIND_DIRECTIVE && body_enum(l->body, F_ORDER_TYPE) == ORDER_VERIFY &&
		    incident_addressed(l->body, c->self, false);
		/* 核报 has a clock of its own, unless somebody has taken it on for a time. */
		message_owed(&alone, &m, !verify || m.promised != 0, c->all && read.met != 0 ? &read : NULL,
		    c->all && signed_.met != 0 ? &signed_ : NULL);
		if (c->all && m.answered && !verify)
			feedback_met(c, &alone, i, &m);
	}
}
