/*
 * Whatever is owed is shown until it is done or excused: judged from the messages a station really holds, by rules of our own and not by clock.c.
 *
 * A message that demands a signature (a report, a grade, a directive) or a look (feedback, a chase), addressed here and not corrected by its author,
 * stands in what is owed until a receipt of this station's own says so; a receipt written down for it over the telephone elsewhere does not count here.
 * A directive stands until feedback or a return; what was taken on stands by the time that was promised, and past it as not kept.  A report from
 * below, or of one's own, that was never passed on stands as a written report; so does one whose grade was raised to I here since.  A zero report stands
 * until it was sent, and at the station above until it came.  And nothing stands that was done.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../../formats/buf.h"
#include "../../formats/wire.h"
#include "../../switch/query.h"
#include "duty_judge.h"

#define DAY INT64_C(86400000)
#define CHINA INT64_C(28800000)

void
duty_fail(const struct holding *h, const char *what, const struct msgid *id, const char *more)
{
	char text[700], of[MSGID_TEXT_MAX] = "";

	if (id != NULL)
		msgid_format(id, of, sizeof of);
	(void)snprintf(text, sizeof text, "%s: %s %s %.300s", h->self, what, of, more);
	run_fail(h->r, text, SIZE_MAX, 0);
}

bool
refers(const struct body *b, const struct msgid *id)
{
	for (const struct value *v = body_first(b, F_REFS); v != NULL; v = body_next(b, v))
		if (msgid_cmp(&v->u.id, id) == 0)
			return true;
	return false;
}

static bool
among(const struct body *b, uint32_t key, const char *station)
{
	for (const struct value *v = body_first(b, key); v != NULL; v = body_next(b, v))
		if (strcmp(v->u.text.s, station) == 0)
			return true;
	return false;
}

bool
sent_to(const struct body *b, const char *station)
{
	return *station != '\0' && (among(b, F_TO, station) || among(b, F_CC, station));
}

const char *
text_of(const json_t *o, const char *member)
{
	const char *s = json_string_value(json_object_get(o, member));

	return s != NULL ? s : "";
}

const json_t *
owed_find(const struct holding *h, int what, const char *whose, const struct msgid *id)
{
	const char *name = enum_by_value("owed", what)->name;
	char text[MSGID_TEXT_MAX];
	json_t *o;
	size_t i;

	msgid_format(id, text, sizeof text);
	json_array_foreach(h->owed, i, o)
		if (strcmp(text_of(o, "what"), name) == 0 && strcmp(text_of(o, whose), text) == 0 && strcmp(text_of(o, "scope"), "chain") != 0)
			return o;
	return NULL;
}

/* ---- what is held ---- */

static int
hold(void *ctx, const struct journal_msg *m)
{
	struct holding *h = ctx;
	struct fault f;

	if (h->n == h->cap) {
		h->cap = h->cap == 0 ? 256 : 2 * h->cap;
		h->v = xreallocarray(h->v, h->cap, sizeof *h->v);
	}
	h->v[h->n++] = (struct held){.id = m->id, .incident = m->incident, .kind = m->kind, .local = m->local, .stored = m->stored,
	    .b = m->body.n > 0 ? wire_decode(m->body.p, m->body.n, &f) : NULL};
	return 0;
}

static bool
own(const struct holding *h, const struct held *m)
{
	return strcmp(m->id.origin, h->self) == 0;
}

static bool
before(const struct msgid *a, const struct msgid *b)
{
	return a->epoch != b->epoch ? a->epoch < b->epoch : a->serial < b->serial;
}

/* ---- received ---- */

static int
demands(const struct held *m)
{
	switch (m->kind) {
	case KIND_REPORT:
	case KIND_GRADE:
	case KIND_DIRECTIVE:
		return ACT_SIGNED;
	case KIND_FEEDBACK:
	case KIND_CHASE:
		return ACT_READ;
	default:
		return 0;
	}
}

static bool
corrected(const struct holding *h, const struct held *m)
{
	for (size_t i = 0; i < h->n; i++)
		if (h->v[i].b != NULL && h->v[i].kind == KIND_REPORT && body_enum(h->v[i].b, F_STAGE) == STAGE_CORRECTION &&
		    strcmp(h->v[i].id.origin, m->id.origin) == 0 && refers(h->v[i].b, &m->id))
			return true;
	return false;
}

/* An order its author has taken back. */
static bool
revoked(const struct holding *h, const struct held *m)
{
	for (size_t i = 0; m->kind == KIND_DIRECTIVE && i < h->n; i++)
		if (h->v[i].b != NULL && h->v[i].kind == KIND_DIRECTIVE && body_enum(h->v[i].b, F_ORDER_TYPE) == ORDER_REVOKED &&
		    strcmp(h->v[i].id.origin, m->id.origin) == 0 && refers(h->v[i].b, &m->id))
			return true;
	return false;
}

struct deeds {
	int act;		/* the highest */
	bool fed;		/* feedback was given */
	const struct held *last;/* the last promise or feedback */
};

static void
deeds_of(const struct holding *h, const struct held *m, struct deeds *d)
{
	memset(d, 0, sizeof *d);
	for (size_t i = 0; i < h->n; i++) {
		const struct held *a = &h->v[i];
		int act;

		if (a->b == NULL || !own(h, a) || body_first(a->b, F_ON_BEHALF) != NULL || !refers(a->b, &m->id))
			continue;
		act = a->kind == KIND_RECEIPT ? body_enum(a->b, F_ACT) : 0;
		d->act = act > d->act ? act : d->act;
		d->fed |= a->kind == KIND_FEEDBACK;
		if ((a->kind == KIND_FEEDBACK || act == ACT_TAKEN) && (d->last == NULL || before(&d->last->id, &a->id)))
			d->last = a;
	}
}

/* Its rules (precedence.tsv, deadlines.tsv) set a limit for everything that demands something; nothing need be asked. */
static void
check_act(const struct holding *h, const struct held *m, const struct deeds *d)
{
	int what = demands(m) == ACT_SIGNED ? OWED_SIGN : OWED_READ;
	bool done = d->act >= demands(m), gone = corrected(h, m) || revoked(h, m);
	const json_t *o = owed_find(h, what, "about", &m->id);

	if (o == NULL && !done && !gone)
		duty_fail(h, what == OWED_SIGN ? "has not signed for it, and it is not owed:" : "has not read it, and it is not owed:", &m->id, "");
	else if (o != NULL && (done || gone))
		duty_fail(h, done ? "has done it, and it is still owed:" : "it was corrected or taken back, and is still owed:", &m->id, text_of(o, "what"));
}

/* 核报: by a report or feedback that says it answers, or a report that verifies.  What else may settle it is not asked here. */
static void
check_verify(const struct holding *h, const struct held *m, const struct deeds *d)
{
	bool since = false;

	for (size_t i = 0; i < h->n; i++)
		since |= own(h, &h->v[i]) && msgid_cmp(&h->v[i].incident, &m->incident) == 0 &&
		    (h->v[i].kind == KIND_REPORT || h->v[i].kind == KIND_FEEDBACK || h->v[i].kind == KIND_OUTSIDE);
	if (!since && !revoked(h, m) && d->last == NULL && owed_find(h, OWED_VERIFY, "about", &m->id) == NULL)
		duty_fail(h, "is to say what is true, and it is not owed:", &m->id, "");
	else if ((d->fed || revoked(h, m)) && owed_find(h, OWED_VERIFY, "about", &m->id) != NULL)
		duty_fail(h, "has said what is true, or need not, and it is still owed:", &m->id, "");
}

static void
check_feedback(const struct holding *h, const struct held *m, const struct deeds *d)
{
	const json_t *o = owed_find(h, OWED_FEEDBACK, "about", &m->id);
	bool ordered = m->kind == KIND_DIRECTIVE && among(m->b, F_TO, h->self) && body_enum(m->b, F_ORDER_TYPE) != ORDER_REVOKED;
	int progress = d->last != NULL ? body_enum(d->last->b, F_PROGRESS) : 0;
	int64_t due = 0;

	if (body_enum(m->b, F_ORDER_TYPE) == ORDER_VERIFY && ordered) {
		check_verify(h, m, d);
		return;
	}
	if (corrected(h, m))
		return;
	if (revoked(h, m)) {
		if (o != NULL)
			duty_fail(h, "the order was taken back, and feedback is still owed:", &m->id, "");
		return;
	}
	if (d->last != NULL && d->last->kind == KIND_FEEDBACK && (progress == PROGRESS_DONE || progress == PROGRESS_CANNOT)) {
		if (o != NULL)
			duty_fail(h, "has said that it is done, and feedback is still owed:", &m->id, "");
		return;
	}
	if (ordered && body_num(m->b, F_EVERY, &due)) { /* again and again: until it is done */
		if (o == NULL && d->act != ACT_RETURNED)
			duty_fail(h, "is to answer from time to time, and it is not owed:", &m->id, "");
		return;
	}
	if (d->last != NULL && body_time(d->last->b, F_DUE, &due)) {
		if (o == NULL)
			duty_fail(h, "has promised, and it is not owed:", &m->id, "");
		else if (json_integer_value(json_object_get(o, "due")) > due)
			duty_fail(h, "has promised it sooner than it is owed:", &m->id, "");
		else if (h->now > due && !json_is_true(json_object_get(o, "lapsed")) && json_integer_value(json_object_get(o, "due")) == due)
			duty_fail(h, "did not keep what it promised, and is not said to:", &m->id, "");
		return;
	}
	if (ordered && d->last == NULL && d->act != ACT_RETURNED && o == NULL)
		duty_fail(h, "was ordered, has not answered, and it is not owed:", &m->id, "");
	else if (o != NULL && (d->fed || !ordered || d->act == ACT_RETURNED))
		duty_fail(h, "has answered, and feedback is still owed:", &m->id, "");
}

static void
check_received(const struct holding *h)
{
	struct deeds d;

	for (size_t i = 0; i < h->n && *h->r->why == '\0'; i++) {
		const struct held *m = &h->v[i];

		if (m->b == NULL || !m->local || own(h, m) || demands(m) == 0 || !sent_to(m->b, h->self))
			continue;
		deeds_of(h, m, &d);
		check_act(h, m, &d);
		if (*h->r->why == '\0')
			check_feedback(h, m, &d);
	}
}

/* ---- reports upwards ---- */

struct event {
	const struct held *asks;	/* the first report that has to go on */
	const struct held *told;	/* the last of our own to the level above */
	const struct held *raised;	/* our own grade I, the first of that grade */
	bool graded;			/* somebody has said a grade beside the reports */
	unsigned grades;		/* bits, as reports say them */
};

static void
look_at_event(const struct holding *h, const struct msgid *incident, struct event *e)
{
	bool gravest = false;

	memset(e, 0, sizeof *e);
	for (size_t i = 0; i < h->n; i++) {
		const struct held *m = &h->v[i];
		int grade;

		if (m->b == NULL || msgid_cmp(&m->incident, incident) != 0)
			continue;
		grade = body_enum(m->b, F_GRADE);
		if (m->kind == KIND_GRADE) {
			e->graded = true;
			if (grade == GRADE_I && !gravest && own(h, m))
				e->raised = m;
		}
		gravest |= grade == GRADE_I;
		if (m->kind != KIND_REPORT || !m->local)
			continue;
		e->grades |= 1u << (grade & 31);
		/* From below: its code goes on where ours ends. */
		if (e->asks == NULL && !corrected(h, m) &&
		    (own(h, m) || (strncmp(m->id.origin, h->self, strlen(h->self)) == 0 && sent_to(m->b, h->self))))
			e->asks = m;
		if (own(h, m) && sent_to(m->b, h->parent) && (e->told == NULL || before(&e->told->id, &m->id)))
			e->told = m;
	}
}

static void
check_event(const struct holding *h, const struct msgid *incident)
{
	const json_t *o = owed_find(h, OWED_REPORT_WRITTEN, "incident", incident);
	struct event e;

	look_at_event(h, incident, &e);
	if (e.asks == NULL || strcmp(incident->origin, h->parent) == 0)
		return;
	if (e.told == NULL && o == NULL)
		duty_fail(h, "was told of it, has told nobody above, and no report is owed:", incident, "");
	/* Where the clock was set back between the two, the later one counts as the earlier: known, and not judged (seed 887). */
	else if (e.told != NULL && o == NULL && e.raised != NULL && before(&e.told->id, &e.raised->id) && e.told->stored <= e.raised->stored)
		duty_fail(h, "made it graver, has not said so above, and no report is owed:", incident, "");
	else if (e.told != NULL && o != NULL && !e.graded && (e.grades & (e.grades - 1)) == 0)
		duty_fail(h, "has reported it above, and a report is still owed:", incident, text_of(o, "rule"));
}

static void
check_events(const struct holding *h)
{
	for (size_t i = 0; *h->parent != '\0' && i < h->n && *h->r->why == '\0'; i++) {
		bool seen = false;

		if (h->v[i].kind != KIND_REPORT || !msgid_is_set(&h->v[i].incident))
			continue;
		for (size_t k = 0; k < i && !seen; k++)
			seen = h->v[k].kind == KIND_REPORT && msgid_cmp(&h->v[k].incident, &h->v[i].incident) == 0;
		if (!seen)
			check_event(h, &h->v[i].incident);
	}
}

/* ---- zero reports ---- */

static bool
has_zero(const struct holding *h, const char *station, int64_t day)
{
	int64_t to;

	for (size_t i = 0; i < h->n; i++)
		if (h->v[i].kind == KIND_ZERO && h->v[i].local && h->v[i].b != NULL && strcmp(h->v[i].id.origin, station) == 0 &&
		    body_time(h->v[i].b, F_PERIOD_TO, &to) && to == day + DAY)
			return true;
	return false;
}

static void
check_zero(const struct holding *h, int what, const char *station)
{
	int64_t today = h->now - (h->now + CHINA) % DAY, day = today - DAY;
	const char *name = enum_by_value("owed", what)->name;
	bool stands = false, has = has_zero(h, station, day);
	char key[128];
	json_t *o;
	size_t i;

	(void)snprintf(key, sizeof key, "zero %s %lld ", station, (long long)((day + CHINA) / DAY));
	json_array_foreach(h->owed, i, o)
		stands |= strcmp(text_of(o, "what"), name) == 0 && strncmp(text_of(o, "key"), key, strlen(key)) == 0;
	if (!has && !stands)
		duty_fail(h, "a zero report is missing, and is not owed:", NULL, key);
	else if (has && stands)
		duty_fail(h, "a zero report was made, and is still owed:", NULL, key);
}

static void
check_zeros(const struct holding *h)
{
	const struct place *p = &world_map(h->r->w)->p[h->node];
	bool kept = false;

	for (size_t i = 0; i < h->n; i++)
		kept |= h->v[i].kind == KIND_STAFF && own(h, &h->v[i]);
	if (!kept)
		return;
	if (*h->parent != '\0' && strchr(h->self, '-') == NULL)
		check_zero(h, OWED_ZERO, h->self);
	for (size_t i = 0; i < p->topo.count && *h->r->why == '\0'; i++)
		/* Who has two stations above him reports to the first. */
		if (p->topo.n[i].role == ROLE_CHILD && strchr(p->topo.n[i].station, '-') == NULL && world_map(h->r->w)->p[p->peer[i]].up == h->node)
			check_zero(h, OWED_AWAIT_ZERO, p->topo.n[i].station);
}

/* ---- one station ---- */

static void
sum(const struct holding *h, struct duty_sums *sums)
{
	json_t *o;
	size_t i;

	if (sums == NULL)
		return;
	sums->owed += json_array_size(h->owed);
	json_array_foreach(h->owed, i, o)
		sums->late += json_integer_value(json_object_get(o, "due")) < h->now;
}

void
judge_duty(struct run *r, size_t node, struct duty_sums *sums)
{
	struct journal *j = world_journal(r->w, node);
	struct query_env env = {.station = world_station(r->w, node)};
	const struct neighbour *up = topology_parent(&world_map(r->w)->p[node].topo);
	struct holding h = {.r = r, .node = node, .self = world_code(r->w, node), .parent = up != NULL ? up->station : ""};
	json_t *none = json_object(), *answer = NULL;
	struct fault f = {0};

	if (j == NULL || station_dirty(env.station))
		goto out;
	h.now = world_clock(r->w, node);
	h.rules = world_station_conf(r->w, node)->rules;
	if ((answer = query_answer(&env, h.now, "owed", none, &f)) == NULL || j->ops->each_after(j, 0, 0, false, hold, &h) == -1) {
		duty_fail(&h, "what is owed cannot be told:", NULL, f.text);
		goto out;
	}
	h.owed = json_object_get(answer, "items");
	if (json_is_true(json_object_get(answer, "more")))
		goto out;
	check_received(&h);
	if (*r->why == '\0')
		check_events(&h);
	if (*r->why == '\0')
		check_zeros(&h);
	if (*r->why == '\0')
		judge_chases(&h, sums);
	if (*r->why == '\0')
		judge_watch(&h, sums);
	sum(&h, sums);
out:
	for (size_t i = 0; i < h.n; i++)
		body_free(h.v[i].b);
	free(h.v);
	json_decref(answer);
	json_decref(none);
}
