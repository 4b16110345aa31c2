/*
 * What this station owes and until when: computed afresh from the messages and the rules, nothing is stored.
 *
 * Promises: an own clock runs from the earliest moment this station is known to have learned of the matter and is never
 * moved later; history starts none; a message its author has recalled or corrected starts none (the correction does).
 * The limits and their clauses are the rules'; where no rule sets one, nothing is owed.
 *
 * The grade a clock runs by is the one stated, by whomever, or what the figures prove where that is graver: a laxer word
 * moves no limit that a number has already set.  While none is stated,
 * or it is stated as undetermined, it is what the figures prove, one step graver where they are not all known and no
 * further without a person (grade_for_clock()); whatever the rules say of "undetermined" holds as well, and the sooner
 * counts.
 * Sensitive marks move no clock by themselves: they are shown to the person who states the grade.
 *
 * Whose report must go on upwards: that of a station below, of an organ of the same place, or of a private code, which
 * tells no place (a clock too many is an annoyance, one too few a report that is never sent).  A superior's own report,
 * or that of a neighbouring place, makes nobody report to his parent.
 */
#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include "../formats/text.h"
#include "clock.h"
#include "route.h"

#define MINUTE_MS 60000

struct clock {
	const struct incident *inc;
	const char *self, *parent, *level;
	const struct rules *rules;
	owed_fn add;
	void *ctx;
	int stated;		/* the incident's grade, or the graver one the figures prove; 0 = none */
	int proven;		/* no grade is stated: what the figures make the clock run by; 0 = nothing */
};

static bool is_self(const struct clock *, const struct msgid *);
static bool owe_by(const struct clock *, const struct owed_item *, enum owed, int grade, int prec, const char *towards,
    struct owed_item *);
static void owe(const struct clock *, const struct owed_item *, enum owed, int grade, int prec, const char *towards);
static bool obliges(const struct clock *, const struct incident_line *);
static void clock_reports(const struct clock *);
static void clock_received(const struct clock *);

static bool
is_self(const struct clock *c, const struct msgid *id)
{
	return strcmp(id->origin, c->self) == 0;
}

static int64_t
after(int64_t origin, int64_t minutes)
{
	int64_t span, due;

	if (__builtin_mul_overflow(minutes, (int64_t)MINUTE_MS, &span) || __builtin_add_overflow(origin, span, &due))
		return origin;
	return due;
}

/* from: incident, about and origin (the own clock's: 接报 or 送达) are filled in.  False when no rule sets a limit. */
static bool
owe_by(const struct clock *c, const struct owed_item *from, enum owed what, int grade, int prec, const char *towards,
    struct owed_item *it)
{
	struct deadline d;
	const struct incident *inc = c->inc;

	memset(&d, 0, sizeof d);
	*it = *from;
	if (!rules_deadline(c->rules, &(struct rule_ask){.what = what, .station = c->self, .level = c->level, .grade = grade,
		.prec = prec, .scope = SCOPE_HOP, .at = from->origin}, &d))
		return false;
	if (d.origin == ORIGIN_OCCURRED && inc != NULL) {
		/* The chain clock: nothing is learned of before it happens, so a later 发生 moves nothing. */
		if (inc->occurred != 0 && inc->occurred < it->origin)
			it->origin = inc->occurred;
		else if (inc->occurred == 0 && inc->learned != 0 && inc->learned < it->origin)
			it->origin = inc->learned;
	}
	it->what = what;
	it->due = after(it->origin, d.minutes);
	it->clause[0] = '\0';
	if (d.clause != NULL)
		(void)text_sanitise(d.clause, strlen(d.clause), it->clause, sizeof it->clause, false);
	(void)snprintf(it->towards, sizeof it->towards, "%s", towards);
	return true;
}

static void
owe(const struct clock *c, const struct owed_item *from, enum owed what, int grade, int prec, const char *towards)
{
	struct owed_item it, sooner;
	bool owed = owe_by(c, from, what, grade, prec, towards, &it);

	if (grade == GRADE_UNDETERMINED && c->proven != 0 &&
	    owe_by(c, from, what, c->proven, prec, towards, &sooner) && (!owed || sooner.due < it.due)) {
		it = sooner;
		owed = true;
	}
	if (owed)
		c->add(c->ctx, &it);
}

/* ---- the grade ---- */

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

static bool
graded(int grade)
{
	return grade >= GRADE_I && grade <= GRADE_IV;
}

/* What the figures say: the proposal they prove, and what the clock runs by while nobody has stated a grade; 0 = nothing. */
static void
judge(const struct incident *inc, const struct rules *rules, int *proposal, int *by_clock)
{
	const struct grade_rules *tables = rules_grading(rules);
	struct grade_verdict v;
	struct body *b;

	*proposal = *by_clock = 0;
	if (tables == NULL || inc->type[0] == '\0')
		return;
	b = body_new();
	clock_figures(inc, b);
	grade_judge(tables, b, &v);
	if (graded(v.proposal))
		*proposal = v.proposal;
	*by_clock = grade_for_clock(&v);
	if (!graded(*by_clock))
		*by_clock = 0;
	grade_verdict_free(&v);
	body_free(b);
}

int
clock_grade(const struct incident *inc, const struct rules *rules)
{
	int proposal, by_clock;

	judge(inc, rules, &proposal, &by_clock);
	if (graded(inc->grade))
		return proposal != 0 && proposal < inc->grade ? proposal : inc->grade;
	return by_clock != 0 ? by_clock : GRADE_UNDETERMINED;
}

static void
place_of(const char *station, char out[STATION_MAX])
{
	(void)snprintf(out, STATION_MAX, "%s", station);
	if (isdigit((unsigned char)out[0]))
		out[strcspn(out, "-")] = '\0';
}

/* Must what this line reports be passed on to our parent? */
static bool
obliges(const struct clock *c, const struct incident_line *l)
{
	char place[STATION_MAX], own[STATION_MAX];

	if (l->kind != KIND_REPORT || l->withdrawn || l->split_off || l->stage == STAGE_WITHDRAWAL ||
	    body_flag(l->body, F_HISTORY))
		return false;
	if (!incident_addressed(l->body, c->self, true))
		return false;
	if (strcmp(l->id.origin, c->parent) == 0 || station_under(c->self, l->id.origin))
		return false;
	place_of(l->id.origin, place);
	place_of(c->self, own);
	return !isdigit((unsigned char)place[0]) || !isdigit((unsigned char)own[0]) || strcmp(place, own) == 0 ||
	    station_under(place, own);
}

/*
 * What an entry of an outside channel settles (DOMAIN 4: any accepted channel satisfies a clock).  What is on paper or in a
 * system is a written report; it also is the first word, so it settles the telephone as well.  Channels by which things
 * are only learned of (media, patrol, a superior) settle nothing.
 */
static const struct {
	int channel;
	bool phone, written;
} outside[] = {
	{ CHANNEL_PHONE, true, false },
	{ CHANNEL_FAX, true, true },
	{ CHANNEL_NET, true, true },
	{ CHANNEL_VISIT, true, false },
	{ CHANNEL_SYSTEM, true, true },
	{ CHANNEL_SMS, true, false },
	{ CHANNEL_RADIO, true, false },
	{ CHANNEL_PAPER, true, true },
	{ CHANNEL_CLASSIFIED, true, true },
};

static bool
outside_told(const struct body *b, const char *parent, bool written)
{
	int channel = body_enum(b, F_CHANNEL), outcome = body_enum(b, F_OUTCOME);
	bool named = incident_addressed(b, parent, true);

	for (const struct value *v = body_first(b, F_REGARDING); v != NULL && !named; v = body_next(b, v))
		named = v->u.text.s != NULL && strcmp(v->u.text.s, parent) == 0;
	/* A call nobody answered has told nobody. */
	if (!named || (outcome != 0 && outcome != OUTCOME_REACHED) || body_flag(b, F_HISTORY))
		return false;
	for (size_t i = 0; i < sizeof outside / sizeof outside[0]; i++)
		if (outside[i].channel == channel)
			return written ? outside[i].written : outside[i].phone;
	return false;
}

static void
clock_reports(const struct clock *c)
{
	const struct incident *inc = c->inc;
	struct owed_item it;
	bool started = false, phoned = false, written = false;
	int grade = c->stated != 0 ? c->stated : GRADE_UNDETERMINED, prec = 0;

	memset(&it, 0, sizeof it);
	it.incident = inc->id;
	if (c->parent[0] == '\0' || strcmp(inc->opener, c->parent) == 0)
		return;
	for (size_t i = 0; i < inc->nall; i++) {
		const struct incident_line *l = &inc->all[i];
		int64_t t, origin = l->stored;

		if (is_self(c, &l->id)) {
			if (l->withdrawn || l->split_off || l->stage == STAGE_WITHDRAWAL || l->kind == KIND_RECEIPT)
				continue;
			if (body_time(l->body, F_TELEPHONED, &t))
				phoned = true;
			if (l->kind == KIND_REPORT && incident_addressed(l->body, c->parent, true))
				phoned = written = true;
			if (l->kind == KIND_OUTSIDE) {
				phoned |= outside_told(l->body, c->parent, false);
				written |= outside_told(l->body, c->parent, true);
			}
			if ((l->kind != KIND_INTAKE && l->kind != KIND_REPORT) || body_flag(l->body, F_HISTORY))
				continue;
			if (body_time(l->body, F_LEARNED, &t))
				origin = t;
		} else if (!obliges(c, l)) {
			continue;
		}
		if (!started || origin < it.origin) {
			it.origin = origin;
			it.about = l->id;
			prec = rules_precedence(c->rules, l->body);
		}
		started = true;
	}
	if (!started)
		return;
	if (!phoned)
		owe(c, &it, OWED_REPORT_PHONE, grade, prec, c->parent);
	if (!written)
		owe(c, &it, OWED_REPORT_WRITTEN, grade, prec, c->parent);
}

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
		return ACT_READ;
	case KIND_STEP:
		/* Who holds a copy of what must be destroyed has to learn of it. */
		return body_enum(b, F_STEP) == STEP_DESTROYED ? ACT_READ : 0;
	default:
		return 0;
	}
}

/* inc of the clock: none, its own times are not asked here. */
static void
message_owed(const struct clock *c, const struct clock_received *m)
{
	struct owed_item it;
	int demands = clock_demands(m->body), prec;

	if (is_self(c, &m->id) || body_flag(m->body, F_HISTORY) || !incident_addressed(m->body, c->self, true))
		return;
	memset(&it, 0, sizeof it);
	it.incident = m->incident;
	it.about = m->id;
	it.origin = m->stored;
	prec = rules_precedence(c->rules, m->body);
	/* The acts climb: who has signed has read, who has sent it back has answered for it. */
	if (demands >= ACT_READ && m->done < ACT_READ)
		owe(c, &it, OWED_READ, m->grade, prec, m->id.origin);
	if (demands >= ACT_SIGNED && m->done < ACT_SIGNED)
		owe(c, &it, OWED_SIGN, m->grade, prec, m->id.origin);
	it.what = OWED_FEEDBACK;
	(void)snprintf(it.towards, sizeof it.towards, "%s", m->id.origin);
	if (m->promised != 0) {
		int64_t due;

		/* What was ordered sooner than promised stands. */
		it.due = m->promised;
		if (!m->answered && body_enum(m->body, F_KIND) == KIND_DIRECTIVE && body_time(m->body, F_DUE, &due) &&
		    due < it.due)
			it.due = due;
		c->add(c->ctx, &it);
		return;
	}
	/* Copies are for information: only whom a directive is addressed to answers it. */
	if (body_enum(m->body, F_KIND) != KIND_DIRECTIVE || m->answered || m->done == ACT_RETURNED ||
	    !incident_addressed(m->body, c->self, false))
		return;
	if (body_time(m->body, F_DUE, &it.due)) {
		c->add(c->ctx, &it);
	} else {
		owe(c, &it, OWED_FEEDBACK, m->grade, prec, m->id.origin);
	}
}

void
clock_message(const struct clock_received *m, const char *self, const char *level, const struct rules *rules,
    owed_fn add, void *ctx)
{
	struct clock c = { .self = self, .parent = "", .level = level, .rules = rules, .add = add, .ctx = ctx };

	message_owed(&c, m);
}

static void
clock_received(const struct clock *c)
{
	const struct incident *inc = c->inc;
	struct clock alone = *c;

	alone.inc = NULL;
	alone.parent = "";
	for (size_t i = 0; i < inc->nall; i++) {
		const struct incident_line *l = &inc->all[i];
		struct clock_received m = { .id = l->id, .incident = inc->id, .stored = l->stored, .body = l->body };

		if (l->withdrawn || l->superseded || l->stage == STAGE_WITHDRAWAL || is_self(c, &l->id) ||
		    l->kind == KIND_RECEIPT)
			continue;
		/* A warning is no event: its urgency is its precedence, not a grade nobody has stated. */
		m.grade = inc->grade == 0 && l->kind == KIND_WARNING ? 0 : c->stated != 0 ? c->stated : GRADE_UNDETERMINED;
		for (size_t k = 0; k < inc->nall; k++) {
			const struct incident_line *r = &inc->all[k];

			if ((r->kind != KIND_RECEIPT && r->kind != KIND_FEEDBACK) || !is_self(c, &r->id) ||
			    !incident_refers(r->body, &l->id))
				continue;
			if (r->kind == KIND_FEEDBACK) {
				m.answered = true;
				m.promised = 0;
			} else if (r->act > m.done)
				m.done = r->act;
			/* 接办 carries the time of the next feedback: the newest promise stands until feedback follows. */
			if (r->kind == KIND_RECEIPT && r->act == ACT_TAKEN && !body_time(r->body, F_DUE, &m.promised))
				m.promised = 0;
		}
		message_owed(&alone, &m);
	}
}

void
clock_owed(const struct incident *inc, const char *self, const char *parent, const char *level,
    const struct rules *rules, owed_fn add, void *ctx)
{
	struct clock c = {
	    .inc = inc, .self = self, .parent = parent, .level = level, .rules = rules, .add = add, .ctx = ctx};
	int proposal;

	assert(self != NULL && self[0] != '\0' && parent != NULL && level != NULL);
	if (inc->history)
		return;
	judge(inc, rules, &proposal, &c.proven);
	c.stated = inc->grade;
	if (graded(inc->grade)) {
		c.proven = 0;
		if (proposal != 0 && proposal < inc->grade)
			c.stated = proposal;
	}
	clock_reports(&c);
	clock_received(&c);
}
