/*
 * Timeliness of stations (stats.h).
 *
 * An incident counts in the month in which the station learned of it.  Whose message something is: a station's own, or one that another
 * entered on its behalf (代录), which is what the station said by telephone or on paper.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../formats/buf.h"
#include "stats.h"

#define HOUR INT64_C(3600000)
#define DAY (24 * HOUR)
#define CN_OFFSET (8 * HOUR)

struct first {			/* a station's first report upwards of one incident */
	struct msgid id;
	int64_t learned, occurred, told, drafted, approved, sent, arrived, signed_for;	/* ms UTC, 0 not known */
	bool found, asked;
};

static bool says(const struct incident_line *, const char *station);
static void first_of(const struct incident *, const struct stats_view *, struct first *);

struct stats *
stats_new(int64_t from, int64_t to, int64_t now)
{
	struct stats *s = xcalloc(1, sizeof *s);

	s->from = from;
	s->to = to;
	s->now = now;
	return s;
}

void
stats_free(struct stats *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < s->n; i++) {
		struct stats_station *t = &s->v[i];
		struct stats_spans *all[] = {&t->first[0], &t->first[1], &t->draft, &t->approve, &t->carry, &t->sign, &t->signing};

		for (size_t k = 0; k < sizeof all / sizeof all[0]; k++)
			free(all[k]->v);
		free(t->cases);
	}
	free(s->v);
	free(s->why);
	free(s);
}

struct stats_station *
stats_of(struct stats *s, const char *station)
{
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->v[i].station, station) == 0)
			return &s->v[i];
	s->v = xreallocarray(s->v, s->n + 1, sizeof *s->v);
	memset(&s->v[s->n], 0, sizeof *s->v);
	(void)snprintf(s->v[s->n].station, sizeof s->v[s->n].station, "%s", station);
	return &s->v[s->n++];
}

/* ---- spans ---- */

/* From a to b, both known; an end before its beginning is a clock's error and says nothing. */
static void
span(struct stats_spans *sp, int64_t a, int64_t b)
{
	if (a == 0 || b == 0 || b < a)
		return;
	if (sp->n == sp->cap) {
		sp->cap = sp->cap == 0 ? 16 : sp->cap * 2;
		sp->v = xreallocarray(sp->v, sp->cap, sizeof *sp->v);
	}
	sp->v[sp->n++] = b - a;
}

static int
cmp_span(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

int64_t
stats_median(struct stats_spans *sp)
{
	if (sp->n == 0)
		return -1;
	qsort(sp->v, sp->n, sizeof *sp->v, cmp_span);
	return sp->n % 2 == 1 ? sp->v[sp->n / 2] : sp->v[sp->n / 2 - 1] / 2 + sp->v[sp->n / 2] / 2;
}

/* ---- explanations ---- */

static struct stats_explanation *
explanation(struct stats *s, const struct msgid *id)
{
	for (size_t i = 0; i < s->nwhy; i++)
		if (msgid_cmp(&s->why[i].id, id) == 0)
			return &s->why[i];
	return NULL;
}

/* With F_CONFIRMED it is the superior's word on the explanation it refers to; a word on one's own explanation is none. */
void
stats_explain(struct stats *s, const struct msgid *id, const struct body *b)
{
	const struct value *of = body_first(b, F_REFS);
	const char *text = body_text(b, F_TEXT), *person = body_text(b, F_PERSON);
	struct stats_explanation *e;

	if (of == NULL)
		return;
	if (body_first(b, F_CONFIRMED) != NULL) {
		if ((e = explanation(s, &of->u.id)) != NULL && strcmp(e->id.origin, id->origin) != 0)
			e->state = body_flag(b, F_CONFIRMED) ? STATS_ACCEPTED : STATS_DECLINED;
		return;
	}
	if (explanation(s, id) != NULL)
		return;
	s->why = xreallocarray(s->why, s->nwhy + 1, sizeof *s->why);
	e = &s->why[s->nwhy++];
	memset(e, 0, sizeof *e);
	e->id = *id;
	e->of = of->u.id;
	e->cause = body_enum(b, F_CHARGE);
	e->state = STATS_FILED;
	(void)snprintf(e->text, sizeof e->text, "%s", text != NULL ? text : "");
	(void)snprintf(e->person, sizeof e->person, "%s", person != NULL ? person : "");
}

/* The best word there is: an accepted one, else the last. */
static const struct stats_explanation *
explained(const struct stats *s, const struct owed_item *it)
{
	const struct stats_explanation *best = NULL;

	for (size_t i = 0; i < s->nwhy; i++) {
		const struct stats_explanation *e = &s->why[i];

		if (msgid_cmp(&e->of, &it->about) != 0 && msgid_cmp(&e->of, &it->incident) != 0 &&
		    (!msgid_is_set(&it->met_by) || msgid_cmp(&e->of, &it->met_by) != 0))
			continue;
		if (best == NULL || best->state != STATS_ACCEPTED)
			best = e;
	}
	return best;
}

/* ---- one incident ---- */

/* Said by the station, or by another on its behalf. */
static bool
says(const struct incident_line *l, const char *station)
{
	const char *behalf = body_text(l->body, F_ON_BEHALF);

	if (behalf != NULL)
		return strcmp(behalf, station) == 0;
	return strcmp(l->id.origin, station) == 0;
}

static bool
tells_of_it(const struct incident_line *l)
{
	return (l->kind == KIND_INTAKE || l->kind == KIND_REPORT) && !l->withdrawn && !l->split_off &&
	    l->stage != STAGE_WITHDRAWAL && !body_flag(l->body, F_HISTORY);
}

static bool
asks(const struct incident_line *l, const struct stats_view *v)
{
	if (strcmp(l->id.origin, v->parent) != 0)
		return false;
	if (l->kind == KIND_DIRECTIVE || l->kind == KIND_ROLLCALL)
		return incident_addressed(l->body, v->station, false);
	for (const struct value *r = body_first(l->body, F_REGARDING); l->kind == KIND_OUTSIDE && r != NULL; r = body_next(l->body, r))
		if (strcmp(r->u.text.s, v->station) == 0)
			return true;
	return false;
}

static void
first_of(const struct incident *inc, const struct stats_view *v, struct first *f)
{
	int64_t spoke = 0, asked = 0, t;

	memset(f, 0, sizeof *f);
	f->occurred = inc->occurred;
	for (size_t i = 0; i < inc->nall; i++) {
		const struct incident_line *l = &inc->all[i];
		int64_t written = 0;

		if (asks(l, v) && (asked == 0 || l->stored < asked))
			asked = l->stored;
		if (!says(l, v->station))
			continue;
		(void)body_time(l->body, F_WRITTEN, &written);
		if (written == 0)
			written = l->stored;
		if (l->kind != KIND_RECEIPT && (spoke == 0 || written < spoke))
			spoke = written;
		if (!tells_of_it(l))
			continue;
		if (!body_time(l->body, F_LEARNED, &t))
			t = l->kind == KIND_INTAKE ? written : 0;
		if (t != 0 && (f->learned == 0 || t < f->learned))
			f->learned = t;
		if (body_time(l->body, F_TELEPHONED, &t) && (f->told == 0 || t < f->told))
			f->told = t;
		if (l->kind != KIND_REPORT || (*v->parent != '\0' && !incident_addressed(l->body, v->parent, true)))
			continue;
		if (f->told == 0 || written < f->told)
			f->told = written;
		if (f->found && f->sent <= written)
			continue;
		f->found = true;
		f->id = l->id;
		f->sent = written;
		f->drafted = f->approved = 0;
		(void)body_time(l->body, F_DRAFTED, &f->drafted);
		(void)body_time(l->body, F_SIGNED_AT, &f->approved);
	}
	f->asked = asked != 0 && spoke != 0 && asked < spoke;
	if (f->found && v->arrival != NULL)
		v->arrival(v->ctx, &f->id, &f->arrived, &f->signed_for);
}

struct clocks {
	struct stats *s;
	struct stats_station *st;
	const struct incident *inc;
	const struct first *first;
};

/* Who made it late?  The part that alone is as long as the delay; the leader's before the line's, as it comes first. */
static int
charge_of(const struct stats_case *c)
{
	if (c->approve > 0 && c->approve >= c->late)
		return STATS_LEADER;
	if (c->carry > 0 && c->carry >= c->late)
		return STATS_LINE;
	return STATS_CLERK;
}

static int64_t
part(int64_t a, int64_t b)
{
	return a != 0 && b != 0 && b >= a ? b - a : -1;
}

static void
clock_one(void *ctx, const struct owed_item *it)
{
	struct clocks *c = ctx;
	struct stats_station *st = c->st;
	struct stats_case *k;
	int64_t until = it->met != 0 ? it->met : it->ended != 0 ? it->ended : c->s->now;	/* ended: lowered, and no longer owed */
	bool over = it->met != 0 || it->ended != 0 ? until > it->due : it->due < c->s->now;

	if (it->what == OWED_FOLLOWUP && (it->met != 0 || over)) {
		st->followups++;
		st->followups_met += it->met != 0 && it->met <= it->due;
	}
	if (it->what == OWED_FINAL && (it->met != 0 || over)) {
		st->finals++;
		st->finals_met += it->met != 0;
	}
	if (it->what == OWED_SIGN && it->met != 0)
		span(&st->signing, it->origin, it->met);
	/* What a station owes upwards is what it is measured by; the chain clock is everybody's, and shown beside. */
	if (!over || it->scope == SCOPE_CHAIN ||
	    (it->what != OWED_REPORT_PHONE && it->what != OWED_REPORT_WRITTEN && it->what != OWED_FOLLOWUP &&
		it->what != OWED_FINAL && it->what != OWED_VERIFY))
		return;
	st->cases = xreallocarray(st->cases, st->ncases + 1, sizeof *st->cases);
	k = &st->cases[st->ncases++];
	memset(k, 0, sizeof *k);
	k->it = *it;
	(void)snprintf(k->number, sizeof k->number, "%s", c->inc->number);
	(void)snprintf(k->title, sizeof k->title, "%.255s", c->inc->title);
	k->state = it->met != 0 ? STATS_LATE : STATS_OMITTED;
	k->late = until - it->due;
	k->draft = part(c->first->learned, c->first->drafted);
	k->approve = part(c->first->drafted, c->first->approved);
	k->carry = part(c->first->sent, c->first->arrived);
	if (it->what != OWED_REPORT_WRITTEN || !c->first->found)
		k->approve = k->carry = -1;
	k->charge = charge_of(k);
	k->why = explained(c->s, it);
	k->explained = k->why != NULL ? k->why->state : STATS_NOT_EXPLAINED;
}

/* An incident counts once, however many of its clocks ran over: as untold, else as late (by who made the worst of it), else as excused. */
static void
count_once(struct stats_station *st, size_t from)
{
	const struct stats_case *worst = NULL;
	bool excused = false, untold = false;

	for (size_t i = from; i < st->ncases; i++) {
		const struct stats_case *k = &st->cases[i];

		if (k->explained == STATS_ACCEPTED)
			excused = true;
		else if (k->state == STATS_OMITTED)
			untold = true;
		else if (worst == NULL || k->late > worst->late)
			worst = k;
	}
	if (untold) {
		st->omitted++;
	} else if (worst != NULL) {
		st->late++;
		st->by_leader += worst->charge == STATS_LEADER;
		st->by_line += worst->charge == STATS_LINE;
	} else {
		st->excused += excused;
	}
}

struct hop {
	int64_t origin, told;	/* ms UTC, 0 none */
};

static void
hop_one(void *ctx, const struct owed_item *it)
{
	struct hop *h = ctx;

	if (it->scope != SCOPE_HOP || (it->what != OWED_REPORT_PHONE && it->what != OWED_REPORT_WRITTEN))
		return;
	if (h->origin == 0 || it->origin < h->origin)
		h->origin = it->origin;
	if (it->met != 0 && (h->told == 0 || it->met < h->told))
		h->told = it->met;
}

/*
 * What the clocks know beside the station's own words: a report that came to it and was slept through has a 接报 all the same (an
 * omission must not hide in silence), and the first word upwards may be a telephone call or an outside system's receipt.
 */
static void
first_by_clocks(const struct incident *inc, const struct stats_view *v, struct first *f)
{
	struct hop h = {0, 0};
	int64_t came = 0;

	if (msgid_is_set(&inc->merged_into))
		return;
	clock_all(inc, v->station, v->parent, v->level, v->rules, hop_one, &h);
	if (f->learned == 0)
		f->learned = h.origin;
	/* Nothing is owed upwards of it, but it came: what was delivered to this room is known to it from then on. */
	for (size_t i = 0; f->learned == 0 && v->here && i < inc->nall; i++) {
		const struct incident_line *l = &inc->all[i];

		if (tells_of_it(l) && !says(l, v->station) && incident_addressed(l->body, v->station, true) &&
		    (came == 0 || l->stored < came))
			came = l->stored;
	}
	if (f->learned == 0)
		f->learned = came;
	if (h.told != 0 && f->learned != 0 && (f->told == 0 || h.told < f->told))
		f->told = h.told;
}

void
stats_incident(struct stats *s, const struct incident *inc, const struct stats_view *v)
{
	struct stats_station *st;
	struct clocks c = {.s = s, .inc = inc};
	struct first f;
	size_t before;

	if (inc->history)
		return;
	first_of(inc, v, &f);
	first_by_clocks(inc, v, &f);
	if (f.learned < s->from || f.learned >= s->to)
		return;
	st = stats_of(s, v->station);
	st->intakes++;
	{
		int64_t day = (f.learned - s->from) / DAY;

		if (day >= 0 && day < 31)
			st->hours[day][(f.learned + CN_OFFSET) / HOUR % 24]++;
	}
	st->firsts += f.told != 0;
	st->asked += f.asked;
	span(&st->first[0], f.learned, f.told);
	span(&st->first[1], f.occurred, f.told);
	span(&st->draft, f.learned, f.drafted);
	span(&st->approve, f.drafted, f.approved);
	span(&st->carry, f.sent, f.arrived);
	span(&st->sign, f.arrived, f.signed_for);
	for (size_t i = 0; i < inc->nall; i++)
		st->corrected += inc->all[i].stage == STAGE_CORRECTION && strcmp(inc->all[i].id.origin, v->station) == 0;
	c.st = st;
	c.first = &f;
	before = st->ncases;
	clock_all(inc, v->station, v->parent, v->level, v->rules, clock_one, &c);
	count_once(st, before);
}

/* ---- rings ---- */

bool
stats_ring(struct stats_ring *last, int64_t stored, int prec, unsigned by)
{
	const unsigned tier = 1u << (prec >= PREC_FLASH && prec <= PREC_ROUTINE ? prec : PREC_ROUTINE);

	if ((by & (CHASE_BY_BELL | CHASE_BY_PHONE | CHASE_BY_SMS)) == 0)
		return false;
	if (stored / 1000 != last->second) {
		last->second = stored / 1000;
		last->tiers = 0;
	}
	if ((last->tiers & tier) != 0)
		return false;
	last->tiers |= tier;
	return true;
}

/* ---- months ---- */

static int64_t
days_before(int year, int month)	/* of the first of the month, since 1970 */
{
	int y = year - (month <= 2), era = y / 400, yoe = y - era * 400;
	int doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5, doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;

	return (int64_t)era * 146097 + doe - 719468;
}

bool
stats_month(const char *text, int64_t *from, int64_t *to)
{
	int year, month;

	if (strlen(text) != 7 || strspn(text, "0123456789") != 4 || text[4] != '-' || strspn(text + 5, "0123456789") != 2)
		return false;
	year = (text[0] - '0') * 1000 + (text[1] - '0') * 100 + (text[2] - '0') * 10 + (text[3] - '0');
	month = (text[5] - '0') * 10 + (text[6] - '0');
	if (year < 1970 || month < 1 || month > 12)
		return false;
	*from = days_before(year, month) * DAY - CN_OFFSET;
	*to = days_before(month == 12 ? year + 1 : year, month == 12 ? 1 : month + 1) * DAY - CN_OFFSET;
	return true;
}
