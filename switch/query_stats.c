/*
 * Timeliness (screen 13): the month of this station and of those below it, from the messages held here (stats.h).
 *
 * A station is measured by what this one knows of it: what has not come here is not known to have been said.  Incidents are folded one
 * by one, those that nobody touched since the month began are passed over.
 */
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "../formats/i18n.h"
#include "duty_roll.h"
#include "duty_watch.h"
#include "duty_zero.h"
#include "query_int.h"
#include "station_chase.h"
#include "stats.h"

#define STATS_INCIDENTS 50000	/* of one month: beyond it the answer says that it is cut */
#define DAY INT64_C(86400000)
#define CN_OFFSET (8 * INT64_C(3600000))

struct month {
	struct query *q;
	struct stats *s;
	int64_t begun;		/* ms UTC of the first message held: before it nothing was due here */
	struct msgid *id;
	size_t n, cap;
	bool more;
};

static int
incident_row(void *ctx, const struct journal_incident *row)
{
	struct month *m = ctx;

	if (row->changed < m->s->from)
		return 1;	/* last changed first */
	if (row->history)
		return 0;
	if (m->n == STATS_INCIDENTS) {
		m->more = true;
		return 1;
	}
	if (m->n == m->cap) {
		m->cap = m->cap == 0 ? 64 : m->cap * 2;
		m->id = xreallocarray(m->id, m->cap, sizeof *m->id);
	}
	m->id[m->n++] = row->id;
	return 0;
}

static int
explain_row(void *ctx, const struct journal_msg *m)
{
	struct month *w = ctx;
	struct body *b;

	if (m->id.realm != REALM_LIVE || (b = query_decode(m)) == NULL)
		return 0;
	stats_explain(w->s, &m->id, b);
	body_free(b);
	return 0;
}

static int
first_message(void *ctx, const struct journal_msg *m)
{
	((struct month *)ctx)->begun = m->stored;
	return 1;
}

struct arrival {
	struct query *q;
	const char *parent;
	int64_t signed_for;
	int64_t stored;
};

static int
own_receipt(void *ctx, const struct journal_msg *m)
{
	struct arrival *a = ctx;
	struct body *b;

	if (m->kind != KIND_RECEIPT || strcmp(m->id.origin, a->q->self) != 0 || (b = query_decode(m)) == NULL)
		return 0;
	if (body_enum(b, F_ACT) == ACT_SIGNED && (a->signed_for == 0 || m->stored < a->signed_for))
		a->signed_for = m->stored;
	body_free(b);
	return 0;
}

/* Of our own reports the deliveries tell; of those of a station below, our own journal. */
static void
arrival(void *ctx, const struct msgid *id, int64_t *arrived, int64_t *signed_for)
{
	struct arrival *a = ctx;
	struct journal_delivery dl;
	struct journal_msg m;

	memset(&dl, 0, sizeof dl);
	memset(&m, 0, sizeof m);
	*arrived = *signed_for = 0;
	if (strcmp(id->origin, a->q->self) == 0) {
		if (a->parent[0] != '\0' && a->q->j->ops->delivery_get(a->q->j, id, a->parent, &dl) == 0) {
			*arrived = dl.delivered;
			*signed_for = dl.signed_;
		}
		return;
	}
	if (a->q->j->ops->get_message(a->q->j, id, &m) != 0)
		return;
	*arrived = m.stored;
	buf_free(&m.body);
	a->signed_for = 0;
	(void)a->q->j->ops->each_referring(a->q->j, id, own_receipt, a);
	*signed_for = a->signed_for;
}

static bool
measured(enum role role)
{
	return role == ROLE_CHILD || role == ROLE_PHONE;
}

/* This station and those below it, or the one asked for. */
static void
fold_all(struct month *m, const char *only)
{
	struct query *q = m->q;
	const struct topology *t = q->conf->topology;

	(void)stats_of(m->s, q->self);
	for (size_t i = 0; t != NULL && i < t->count; i++)
		if (measured(t->n[i].role))
			(void)stats_of(m->s, t->n[i].station);
	for (size_t i = 0; i < m->n; i++) {
		struct arrival a = {.q = q, .parent = q->parent};
		struct stats_view v = {.station = q->self, .parent = q->parent, .level = q->level, .rules = q->conf->rules,
		    .arrival = arrival, .ctx = &a, .here = true};
		struct folded fd;

		if (station_fold(q->s, &m->id[i], &fd) != 0)
			return;
		if (only == NULL || strcmp(only, q->self) == 0)
			stats_incident(m->s, fd.incident, &v);
		for (size_t k = 0; t != NULL && k < t->count; k++) {
			if (!measured(t->n[k].role) || (only != NULL && strcmp(only, t->n[k].station) != 0))
				continue;
			v.station = t->n[k].station;
			v.parent = q->self;
			v.here = false;
			v.level = query_level(q, t->n[k].station);
			stats_incident(m->s, fd.incident, &v);
		}
		folded_free(&fd);
	}
}

static void
put_median(json_t *o, const char *member, struct stats_spans *sp)
{
	int64_t ms = stats_median(sp);

	query_put(o, member, ms < 0 ? json_null() : json_integer(ms));
}

/* Roll calls and zero reports of the station in the month; members stay null where nothing was due. */
static void
put_duty(const struct month *mo, const struct stats_station *st, const struct duty *d, json_t *o)
{
	const struct query *q = mo->q;
	const struct stats *s = mo->s;
	size_t called = 0, reached = 0, due = 0, in = 0;
	const char *clause = "";
	int minute;

	if (d == NULL)
		return;
	for (size_t i = 0; i < rolls_count(d->rolls); i++) {
		const struct roll *r = rolls_at(d->rolls, i);

		if (strcmp(r->station, st->station) != 0 || r->at < s->from || r->at >= s->to)
			continue;
		called++;
		reached += r->outcome == OUTCOME_REACHED;
	}
	minute = rules_zero_due(q->conf->rules, st->station, query_level(q, st->station), &clause);
	for (int64_t day = s->from; minute >= 0 && day < s->to; day += DAY) {
		const struct zero *z = zeros_of(d->zeros, st->station, day);
		int64_t limit = day + DAY + (int64_t)minute * 60000;	/* counted to 24:00, due the morning after */

		if (limit > s->now)
			break;
		if (day + DAY <= mo->begun)
			continue;
		due++;
		in += z != NULL && z->at <= limit;
	}
	query_put(o, "roll_called", json_integer((json_int_t)called));
	query_put(o, "roll_reached", json_integer((json_int_t)reached));
	query_put(o, "zero_due", json_integer((json_int_t)due));
	query_put(o, "zero_in", json_integer((json_int_t)in));
}

/* Of a hundred, by the place's own table; null where it has none.  What nobody owed costs nothing. */
static void
put_score(const struct query *q, const struct stats_station *st, json_t *o)
{
	const json_int_t roll = json_integer_value(json_object_get(o, "roll_called")) - json_integer_value(json_object_get(o, "roll_reached"));
	const json_int_t zero = json_integer_value(json_object_get(o, "zero_due")) - json_integer_value(json_object_get(o, "zero_in"));
	const struct { enum rule_score item; json_int_t n; } counts[] = {{SCORE_LATE, (json_int_t)st->late}, {SCORE_UNTOLD, (json_int_t)st->omitted},
	    {SCORE_FOLLOWUP, (json_int_t)(st->followups - st->followups_met)}, {SCORE_FINAL, (json_int_t)(st->finals - st->finals_met)},
	    {SCORE_ROLL, roll}, {SCORE_ZERO, zero}};
	json_int_t score = 100;
	bool any = false;

	for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
		int64_t points;

		if (!rules_score(q->conf->rules, counts[i].item, &points, NULL))
			continue;
		any = true;
		score -= points * counts[i].n;	/* a month's counts, at most a hundred each */
	}
	query_put(o, "score", any ? json_integer(score < 0 ? 0 : score) : json_null());
}

static json_t *
station_json(const struct month *mo, struct stats_station *st, const struct duty *d)
{
	const struct query *q = mo->q;
	const struct stats *s = mo->s;
	json_t *o = json_object(), *grid = json_array();
	const struct { const char *name; size_t n; } counts[] = {{"intakes", st->intakes}, {"firsts", st->firsts},
	    {"late", st->late}, {"by_leader", st->by_leader}, {"by_line", st->by_line}, {"omitted", st->omitted}, {"asked", st->asked},
	    {"corrected", st->corrected}, {"excused", st->excused}, {"followups", st->followups},
	    {"followups_met", st->followups_met}, {"finals", st->finals}, {"finals_met", st->finals_met}};

	query_put_text(o, "station", st->station);
	query_put_station(q, o, "station", st->station);
	query_put(o, "own", json_boolean(strcmp(st->station, q->self) == 0));
	for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
		query_put(o, counts[i].name, json_integer((json_int_t)counts[i].n));
	put_median(o, "first_learned", &st->first[0]);
	put_median(o, "first_occurred", &st->first[1]);
	put_median(o, "draft", &st->draft);
	put_median(o, "approve", &st->approve);
	put_median(o, "carry", &st->carry);
	put_median(o, "sign", &st->sign);
	put_median(o, "signing", &st->signing);
	put_duty(mo, st, d, o);
	put_score(q, st, o);
	for (size_t day = 0; day < 31 && s->from + (int64_t)day * DAY < s->to; day++) {
		json_t *row = json_array();

		for (size_t h = 0; h < 24; h++)
			(void)json_array_append_new(row, json_integer((json_int_t)st->hours[day][h]));
		(void)json_array_append_new(grid, row);
	}
	query_put(o, "grid", grid);
	return o;
}

static json_t *
case_json(struct query *q, const struct stats_station *st, const struct stats_case *k)
{
	static const struct { const char *name, *en, *zh; } states[] = {[STATS_LATE] = {"late", "late", "迟报"},
	    [STATS_OMITTED] = {"omitted", "not told", "未报"}},
	  charges[] = {[STATS_CLERK] = {"clerk", "duty officer", "值班"}, [STATS_LEADER] = {"leader", "waiting for a signature", "等领导签发"},
	      [STATS_LINE] = {"line", "line", "链路"}},
	  explained[] = {{"", "", ""}, {"filed", "explained", "已说明"}, {"accepted", "accepted, not counted", "已认可 不计"},
	      {"declined", "declined", "不予认可"}};
	json_t *o = json_object();

	query_put_station(q, o, "station", st->station);
	query_put_id(o, "incident", &k->it.incident);
	query_put_id(o, "about", &k->it.about);
	query_put_id(o, "report", &k->it.met_by);
	query_put_text(o, "number", k->number);
	query_put_text(o, "title", k->title);
	query_put_enum(q, o, "what", "owed", (int)k->it.what);
	query_put(o, "origin", json_integer(k->it.origin));
	query_put(o, "due", json_integer(k->it.due));
	query_put(o, "met", json_integer(k->it.met));
	query_put(o, "late", json_integer(k->late));
	query_put_text(o, "state", states[k->state].name);
	query_put_text(o, "state_name", query_say(q, states[k->state].en, states[k->state].zh));
	query_put_text(o, "charge", charges[k->charge].name);
	query_put_text(o, "charge_name", query_say(q, charges[k->charge].en, charges[k->charge].zh));
	query_put(o, "draft", k->draft < 0 ? json_null() : json_integer(k->draft));
	query_put(o, "approve", k->approve < 0 ? json_null() : json_integer(k->approve));
	query_put(o, "carry", k->carry < 0 ? json_null() : json_integer(k->carry));
	query_put_text(o, "rule", k->it.rule);
	query_put_text(o, "clause", k->it.clause);
	query_put_text(o, "explained", explained[k->explained].name);
	query_put_text(o, "explained_name", query_say(q, explained[k->explained].en, explained[k->explained].zh));
	if (k->why != NULL) {
		query_put_id(o, "explanation", &k->why->id);
		query_put_enum(q, o, "cause", "charge", k->why->cause);
		query_put_text(o, "text", k->why->text);
		query_put_text(o, "person", k->why->person);
	}
	return o;
}

struct rings {
	const struct stats *s;
	const struct watch *watch;
	const char *self;
	struct { int64_t from; size_t n; } *shift;
	size_t n, total, mutes;
	struct stats_ring last;
};

/* By the span of responsibility it fell into. */
static int
ring_row(void *ctx, const struct journal_msg *m)
{
	struct rings *r = ctx;
	struct watch_span sp;
	unsigned by = 0;
	struct body *b;

	if (m->id.realm != REALM_LIVE || m->stored < r->s->from || m->stored >= r->s->to ||
	    (b = query_decode(m)) == NULL)
		return 0;
	/* As outlet_feed.c hears it: ours by its ways, one from above by the bell; what we sent down rings below. */
	if (strcmp(m->id.origin, r->self) == 0)
		by = chase_ways_parse(body_text(b, F_ROUTE));
	else if (incident_addressed(b, r->self, true) && !body_flag(b, F_HISTORY))
		by = CHASE_BY_BELL;
	body_free(b);
	if (!stats_ring(&r->last, m->stored, m->precedence, by))
		return 0;
	r->total++;
	if (r->watch == NULL || !watch_at(r->watch, m->stored, &sp))
		return 0;
	if (r->n == 0 || r->shift[r->n - 1].from != sp.from) {
		r->shift = xreallocarray(r->shift, r->n + 1, sizeof *r->shift);
		r->shift[r->n].from = sp.from;
		r->shift[r->n++].n = 0;
	}
	r->shift[r->n - 1].n++;
	return 0;
}

static int
mute_row(void *ctx, const struct journal_msg *m)
{
	struct rings *r = ctx;
	struct body *b;

	if (m->id.realm != REALM_LIVE || m->stored < r->s->from || m->stored >= r->s->to || (b = query_decode(m)) == NULL)
		return 0;
	r->mutes += body_enum(b, F_DUTY_STEP) == DUTY_LOG_MUTE;
	body_free(b);
	return 0;
}

static json_t *
rings_json(struct query *q, const struct stats *s, const struct duty *d)
{
	struct rings r = {.s = s, .self = q->self, .watch = d != NULL ? d->watch : NULL};
	struct stats_spans sp = {0};
	size_t most = 0;
	json_t *o = json_object();

	(void)q->j->ops->each_after(q->j, 0, KIND_CHASE, false, ring_row, &r);
	(void)q->j->ops->each_after(q->j, 0, KIND_LOG, true, mute_row, &r);
	for (size_t i = 0; i < r.n; i++) {
		sp.v = xreallocarray(sp.v, sp.n + 1, sizeof *sp.v);
		sp.v[sp.n++] = (int64_t)r.shift[i].n;
		most = r.shift[i].n > most ? r.shift[i].n : most;
	}
	query_put(o, "total", json_integer((json_int_t)r.total));
	query_put(o, "median", sp.n == 0 ? json_null() : json_integer(stats_median(&sp)));
	query_put(o, "most", json_integer((json_int_t)most));
	query_put(o, "mutes", json_integer((json_int_t)r.mutes));
	free(sp.v);
	free(r.shift);
	return o;
}

/* The month asked for, else the one of now. */
static bool
month_of(struct query *q, char text[8], int64_t *from, int64_t *to)
{
	const char *month;

	if (!query_get_text(q, "month", false, &month))
		return false;
	if (month == NULL || month[0] == '\0') {
		for (int year = 1970; year < 10000; year++)
			for (int m = 1; m <= 12; m++) {
				(void)snprintf(text, 8, "%04u-%02u", (unsigned)year % 10000u, (unsigned)m % 100u);
				if (stats_month(text, from, to) && q->now < *to)
					return true;
			}
		return false;
	}
	if (!stats_month(month, from, to))
		return fault_set(q->f, EX_DATAERR, "month", _("must be a month like 2026-11, not '%s'"), month) == 0;
	(void)snprintf(text, 8, "%s", month);
	return true;
}

json_t *
query_stats(struct query *q)
{
	struct month m = {.q = q};
	const struct duty *d = station_duty(q->s);
	const char *only;
	json_t *o = NULL, *stations, *late;
	int64_t from, to;
	char month[8];

	if (!query_get_text(q, "station", false, &only) || !month_of(q, month, &from, &to))
		return NULL;
	m.s = stats_new(from, to, q->now);
	if (q->j->ops->each_after(q->j, 0, KIND_EXPLAIN, true, explain_row, &m) == -1 ||
	    q->j->ops->incident_each(q->j, REALM_LIVE, true, incident_row, &m) == -1) {
		(void)query_unreadable(q);
		goto out;
	}
	(void)q->j->ops->each_after(q->j, 0, 0, false, first_message, &m);
	fold_all(&m, only);
	stations = json_array();
	late = json_array();
	for (size_t i = 0; i < m.s->n; i++) {
		struct stats_station *st = &m.s->v[i];

		if (only != NULL && strcmp(only, st->station) != 0)
			continue;
		(void)json_array_append_new(stations, station_json(&m, st, d));
		for (size_t k = 0; k < st->ncases; k++)
			(void)json_array_append_new(late, case_json(q, st, &st->cases[k]));
	}
	o = json_object();
	query_put_text(o, "month", month);
	query_put(o, "from", json_integer(from));
	query_put(o, "to", json_integer(to));
	query_put(o, "stations", stations);
	query_put(o, "late", late);
	query_put(o, "rings", rings_json(q, m.s, d));
	query_put(o, "more", json_boolean(m.more));
out:
	stats_free(m.s);
	free(m.id);
	return o;
}
