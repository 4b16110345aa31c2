/*
 * Reports upwards: telephone and written, on this station's own clock and on the chain clock.
 *
 * Whose report must go on upwards: that of a station below, of an organ of the same place, or of a private code, which
 * tells no place (a clock too many is an annoyance, one too few a report that is never sent).  A superior's own report,
 * or that of a neighbouring place, makes nobody report to his parent.
 *
 * The own clock runs from 接报 and again from every message that made the grade graver (clock_grade.c); each is met by the first telling
 * at or after its beginning.  Of those of one kind still open the soonest is handed out: a room needs the time by which to speak, not a
 * list of the times it may not speak by.  What the level above has opened or made graver itself need not be told it; what makes it graver
 * here, from below or by one's own word, must.
 *
 * The chain clock is one, from 发生, by the gravest of the grades.  It stays until it is known that the endpoint has been told: this station's
 * having passed it on to the next level is said beside it (`passed`), and ends it for this station only when the event itself is over.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include "clock_int.h"
#include "../formats/life.h"
#include "route.h"

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

	if (l->kind != KIND_REPORT || !clock_counts(l) || body_flag(l->body, F_HISTORY))
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

struct begin {
	int64_t origin, start;	/* earliest 接报; when the first message of it was stored */
	struct msgid about;
	int prec;
	bool found;
};

/* 接报: the earliest moment known, typed or stamped. */
static void
begin(const struct clock *c, struct begin *b)
{
	memset(b, 0, sizeof *b);
	for (size_t i = 0; i < c->inc->nall; i++) {
		const struct incident_line *l = &c->inc->all[i];
		int64_t t, known, origin;

		if (clock_is(c, l)) {
			if (!clock_counts(l) || (l->kind != KIND_INTAKE && l->kind != KIND_REPORT) || body_flag(l->body, F_HISTORY))
				continue;
		} else if (!obliges(c, l)) {
			continue;
		}
		known = origin = clock_known(c, l);
		if (clock_is(c, l) && body_time(l->body, F_LEARNED, &t))
			origin = t;
		if (!b->found || known < b->start)
			b->start = known;
		if (!b->found || origin < b->origin) {
			b->origin = origin;
			b->about = l->id;
			b->prec = rules_precedence(c->rules, l->body);
		}
		b->found = true;
	}
	/* What the level above began by is known to it; what came after may make it graver. */
	for (size_t i = 0; b->found && strcmp(c->inc->opener, c->parent) == 0 && i < c->inc->nall; i++)
		if (strcmp(c->inc->all[i].id.origin, c->parent) == 0 && clock_known(c, &c->inc->all[i]) < b->start)
			b->start = clock_known(c, &c->inc->all[i]);
}

static void
ask_of(const struct clock_span *s, enum owed what, int prec, enum rule_scope scope, struct clock_ask *a)
{
	*a = (struct clock_ask) { .what = what, .prec = prec, .scope = scope, .risk = s->risk };
	a->grade = s->presumed ? GRADE_UNDETERMINED : s->grade;
	a->presumed = s->presumed && s->grade != GRADE_UNDETERMINED ? s->grade : 0;
}

static bool
from_above(const struct clock *c, const struct msgid *id)
{
	return strcmp(id->origin, c->self) != 0 && (strcmp(id->origin, c->parent) == 0 || station_under(c->self, id->origin));
}

/* Lowered since: was it told by then?  If not it is over, in time or late. */
static void
lowered(const struct clock_span *g, const struct clock_told *t, struct owed_item *it)
{
	if (t != NULL && t->at <= g->ended) {
		clock_met(it, t->at, &t->line->id, t->how);
		return;
	}
	it->ended = g->ended;
	it->ended_by = g->ended_by;
}

/* Does the milder grade ask for the same from the same instant?  Then nothing has ended. */
static bool
goes_on(const struct clock *c, const struct clock_span *g, enum owed what, int prec, const struct owed_item *gone)
{
	for (size_t i = 0; i < c->nspan; i++) {
		struct owed_item it = { .incident = c->inc->id, .about = c->span[i].about, .origin = c->span[i].from };
		struct clock_ask a;

		ask_of(&c->span[i], what, prec, SCOPE_HOP, &a);
		if (c->span[i].from == g->from && clock_limit(c, &a, c->parent, &it) && it.due == gone->due)
			return true;
	}
	return false;
}

static void
own_gone(const struct clock *c, const struct begin *b, enum owed what)
{
	for (size_t i = 0; i < c->ngone; i++) {
		const struct clock_span *g = &c->gone[i];
		struct owed_item it = { .incident = c->inc->id, .about = g->about, .origin = g->from };
		bool any = g->first || from_above(c, &g->about);
		struct clock_ask a;

		if (any && strcmp(c->inc->opener, c->parent) == 0)
			continue;
		ask_of(g, what, b->prec, SCOPE_HOP, &a);
		if (!clock_limit(c, &a, c->parent, &it) || goes_on(c, g, what, b->prec, &it))
			continue;
		lowered(g, clock_first_told(c, what == OWED_REPORT_WRITTEN, any ? INT64_MIN : g->from), &it);
		clock_put(c, &it);
	}
}

/* Raised again to what it had been before it was lowered: by the old limit while that has not run out. */
static void
limit_again(const struct clock *c, const struct clock_span *s, const struct clock_ask *a, struct owed_item *it)
{
	struct owed_item old = { .incident = it->incident, .about = it->about, .origin = s->again };

	if (s->again != INT64_MAX && clock_limit(c, a, c->parent, &old) && old.due >= s->from && old.due < it->due)
		*it = old;
}

/* A report counts when it is sent; it has to be there by then as well (clock_await.c). */
static void
claim(const struct clock *c, const struct clock_told *t, int64_t due)
{
	size_t at = (size_t)(t->line - c->inc->all);

	if (c->claim != NULL && t->written && !t->declared && t->line->kind == KIND_REPORT && (c->claim[at] == 0 || due < c->claim[at]))
		c->claim[at] = due;
}

static void
own_clock(const struct clock *c, const struct begin *b, enum owed what)
{
	struct owed_item open = { 0 };

	for (size_t i = 0; i < c->nspan; i++) {
		const struct clock_span *s = &c->span[i];
		struct owed_item it = { .incident = c->inc->id, .about = s->about, .origin = s->from };
		/* Who made it graver above knows that it is: only who was never told at all is still to be told, and by that grade's time. */
		bool any = i == 0 || from_above(c, &s->about);
		const struct clock_told *t = clock_first_told(c, what == OWED_REPORT_WRITTEN, any ? INT64_MIN : s->from);
		struct clock_ask a;

		/* What was opened above is known there; what makes it graver here is not. */
		if (any && strcmp(c->inc->opener, c->parent) == 0)
			continue;
		ask_of(s, what, b->prec, SCOPE_HOP, &a);
		if (!clock_limit(c, &a, c->parent, &it))
			continue;
		limit_again(c, s, &a, &it);
		if (t != NULL) {
			clock_met(&it, t->at, &t->line->id, t->how);
			claim(c, t, it.due);
		}
		if (it.met != 0 || c->all)
			clock_put(c, &it);
		else if (open.what == 0 || it.due < open.due)
			open = it;
	}
	if (open.what != 0)
		clock_put(c, &open);
	own_gone(c, b, what);
}

/* Where 发生 is not known, the earliest instant known anywhere: a clock that starts too late helps nobody. */
static int64_t
chain_origin(const struct clock *c, const struct begin *b)
{
	int64_t origin = b->origin, occurred = 0, t;

	/* Of several 发生 the earliest that still stands: a later one, told by another, moves no clock; a correction of the first one does. */
	for (size_t i = 0; i < c->inc->nall; i++) {
		const struct incident_line *l = &c->inc->all[i];

		if (clock_counts(l) && !l->superseded && !body_flag(l->body, F_HISTORY) && body_time(l->body, F_OCCURRED, &t) &&
		    (occurred == 0 || t < occurred))
			occurred = t;
	}
	if (occurred == 0)
		occurred = c->inc->occurred;
	if (occurred != 0)
		return occurred < origin ? occurred : origin;
	for (size_t i = 0; i < c->inc->nall; i++) {
		const struct incident_line *l = &c->inc->all[i];

		if ((l->kind != KIND_INTAKE && l->kind != KIND_REPORT) || !clock_counts(l))
			continue;
		if (l->stored < origin)
			origin = l->stored;
		if (body_time(l->body, F_LEARNED, &t) && t < origin)
			origin = t;
	}
	return origin;
}

static bool
over(const struct clock *c)
{
	int state = clock_state(c);

	return c->inc->closed || state == EVENT_FINAL || state == EVENT_ARCHIVED || state == EVENT_MERGED;
}

/* The soonest of the stretches; NULL: none of them sets one. */
static const struct clock_span *
chain_soonest(const struct clock *c, const struct begin *b, enum owed what, const struct clock_span *v, size_t n, struct owed_item *it)
{
	const struct clock_span *of = NULL;

	for (size_t i = 0; i < n; i++) {
		struct owed_item one = { .incident = c->inc->id, .about = v[i].about, .origin = chain_origin(c, b) };
		struct clock_ask a;

		ask_of(&v[i], what, b->prec, SCOPE_CHAIN, &a);
		if (!clock_limit(c, &a, c->parent, &one))
			continue;
		/* Some chains begin when the station learned of it, and are its own duty past the next level. */
		if (one.from == ORIGIN_LEARNED) {
			one.origin = v[i].from;
			if (!clock_limit(c, &a, c->parent, &one))
				continue;
		}
		if (of == NULL || one.due < it->due) {
			*it = one;
			of = &v[i];
		}
	}
	return of;
}

/* Of a grade lowered since, where the milder one has none as soon. */
static void
chain_gone(const struct clock *c, const struct begin *b, enum owed what, const struct owed_item *live)
{
	struct owed_item it = { 0 }, arrived;
	const struct clock_span *g = chain_soonest(c, b, what, c->gone, c->ngone, &it);

	if (g == NULL || (live != NULL && live->due <= it.due))
		return;
	if (it.endpoint[0] != '\0')
		(void)snprintf(it.towards, sizeof it.towards, "%.*s", STATION_MAX - 1, it.endpoint);
	arrived = it;
	if (clock_arrived(c, it.endpoint[0] != '\0' ? it.endpoint : c->parent, what == OWED_REPORT_WRITTEN, &arrived) && arrived.met <= g->ended)
		it = arrived;
	else
		lowered(g, NULL, &it);
	clock_put(c, &it);
}

static void
chain_clock(const struct clock *c, const struct begin *b, enum owed what)
{
	struct owed_item it = { 0 };
	const struct clock_told *t = clock_first_told(c, what == OWED_REPORT_WRITTEN, INT64_MIN);
	bool found = chain_soonest(c, b, what, c->span, c->nspan, &it) != NULL;

	chain_gone(c, b, what, found ? &it : NULL);
	if (!found)
		return;
	if (it.endpoint[0] != '\0')
		(void)snprintf(it.towards, sizeof it.towards, "%.*s", STATION_MAX - 1, it.endpoint);
	if (t != NULL)
		it.passed = t->at > it.origin ? t->at : it.origin;
	(void)clock_arrived(c, it.endpoint[0] != '\0' ? it.endpoint : c->parent, what == OWED_REPORT_WRITTEN, &it);
	if (it.met == 0 && it.passed != 0 && over(c) && !c->all)
		return;
	clock_put(c, &it);
}

/* ---- 核报 ---- */

static void
verify(const struct clock *c, size_t of)
{
	const struct incident_line *l = &c->inc->all[of];
	struct owed_item it = { .incident = c->inc->id, .about = l->id, .origin = clock_known(c, l), .what = OWED_VERIFY,
		.scope = SCOPE_HOP, .from = ORIGIN_DELIVERED, .prec = rules_precedence(c->rules, l->body) };
	const struct clock_told *phone, *paper;
	int64_t from = it.origin;
	struct clock_ask a;

	clock_ask_now(c, OWED_VERIFY, it.prec, &a);
	(void)snprintf(it.towards, sizeof it.towards, "%s", l->id.origin);
	if (body_time(l->body, F_DUE, &it.due)) {
		it.from = ORIGIN_DUE;
	} else if (!clock_limit(c, &a, l->id.origin, &it)) {
		a.what = OWED_FEEDBACK;
		if (!clock_limit(c, &a, l->id.origin, &it))
			return;
		it.what = OWED_VERIFY;
	}
	for (size_t i = 0; i < c->inc->nall && it.met == 0; i++) {
		const struct incident_line *r = &c->inc->all[i];

		if (!clock_is(c, r) || !clock_counts(r))
			continue;
		if ((r->kind == KIND_REPORT || r->kind == KIND_FEEDBACK) && incident_refers(r->body, &l->id))
			clock_met(&it, clock_known(c, r), &r->id, r->kind == KIND_REPORT ? "report" : "feedback");
		else if (r->kind == KIND_REPORT && r->stage == STAGE_VERIFIED && clock_known(c, r) >= from &&
		    (clock_addressed_up(c, r->body) || incident_addressed(r->body, l->id.origin, true)))
			clock_met(&it, clock_known(c, r), &r->id, "report");
	}
	phone = clock_first_told(c, false, from);
	paper = clock_first_told(c, true, from);
	/* By word of mouth and in writing, two acts: then it has been verified, whatever the paper is called. */
	if (it.met == 0 && phone != NULL && paper != NULL && phone != paper && strcmp(l->id.origin, c->parent) == 0)
		clock_met(&it, paper->at > phone->at ? paper->at : phone->at, &paper->line->id, paper->how);
	clock_put(c, &it);
}

static void
verify_orders(const struct clock *c)
{
	for (size_t i = 0; i < c->inc->nall; i++) {
		const struct incident_line *l = &c->inc->all[i];

		if (l->kind == KIND_DIRECTIVE && body_enum(l->body, F_ORDER_TYPE) == ORDER_VERIFY && !clock_is(c, l) && clock_counts(l) &&
		    !l->superseded && !body_flag(l->body, F_HISTORY) && incident_addressed(l->body, c->self, false) &&
		    !clock_revoked(c, i))
			verify(c, i);
	}
}

void
clock_reports(struct clock *c)
{
	struct begin b;

	begin(c, &b);
	if (b.found) {
		clock_spans(c, b.origin, b.start, &b.about);
		for (int what = OWED_REPORT_PHONE; what <= OWED_REPORT_WRITTEN; what++) {
			if (c->parent[0] != '\0')
				own_clock(c, &b, (enum owed)what);
			if (c->parent[0] == '\0' || strcmp(c->inc->opener, c->parent) != 0)
				chain_clock(c, &b, (enum owed)what);
		}
	}
	verify_orders(c);
}
