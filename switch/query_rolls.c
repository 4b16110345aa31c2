/*
 * Roll calls and zero reports, for the desk and dutyctl: the lists, who is to be called (the lot is drawn here, so that every desk draws the same),
 * what was missing.  Reads only.
 *
 * What is missing is "missing", and before its hour "not due yet"; no count of anything stands where nobody has said one.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "../formats/buf.h"
#include "../formats/i18n.h"
#include "duty_roll.h"
#include "duty_staff.h"
#include "duty_zero.h"
#include "presence.h"
#include "query_int.h"

#define DAY_MS INT64_C(86400000)
#define WEEK_MS (7 * DAY_MS)
#define ROLLS_DEFAULT 100
#define ROLLS_MOST 1000

static const struct duty *
book_of(struct query *q)
{
	const struct duty *d = station_duty(q->s);

	if (d == NULL)
		(void)query_unreadable(q);
	return d;
}

static bool
is_below(const struct neighbour *n)
{
	return n->role == ROLE_CHILD || n->role == ROLE_DEPARTMENT || n->role == ROLE_PHONE;
}

/* ---- roll calls ---- */

/* Why a call does not count as a good one; "" it does, or is still open. */
static const char *
remark(const struct query *q, const struct roll *r, int64_t rings)
{
	if (r->outcome == OUTCOME_WRONG)
		return query_say(q, "dead number", "空号");
	if (r->answered == 0)
		return !r->phone && r->due > q->now ? "" : query_say(q, "not answered", "未应答");
	if (r->roster_known && !r->on_roster)
		return query_say(q, "against the rules: not on the register", "不合规:非在册人员");
	if (r->forwarded)
		return query_say(q, "against the rules: forwarded", "不合规:呼转");
	if (!r->roster_known && !r->phone)
		return query_say(q, "their register is empty: nothing to check the name against", "对方人员册为空,无从核对");
	if (r->phone ? r->rings > rings : r->answered > r->due)
		return r->phone ? query_say(q, "too many rings", "超过铃响次数") : query_say(q, "answered late", "应答迟");
	return r->roster_known ? "" : query_say(q, "not checked against a register", "未核对是否在册");
}

static json_t *
roll_json(const struct query *q, const struct roll *r, int64_t rings)
{
	json_t *o = json_object();
	int outcome = r->outcome;

	query_put_id(o, "id", &r->id);
	query_put_station(q, o, "station", r->station);
	query_put(o, "at", json_integer(r->at));
	query_put(o, "due", json_integer(r->due));
	query_put(o, "answered", json_integer(r->answered));
	query_put(o, "phone", json_boolean(r->phone));
	query_put_text(o, "number", r->number);
	query_put(o, "rings", r->rings > 0 ? json_integer(r->rings) : json_null());
	query_put_enum(q, o, "outcome", "outcome", outcome);
	query_put_text(o, "person", r->person);
	query_put(o, "on_roster", r->roster_known ? json_boolean(r->on_roster) : json_null());
	query_put(o, "forwarded", json_boolean(r->forwarded));
	query_put(o, "good", json_boolean(roll_good(r, rings)));
	query_put_text(o, "note", remark(q, r, rings));
	return o;
}

static json_t *
numbers_json(const struct query *q, const struct duty *d, const char *station)
{
	const struct staff_person *p = staff_station(d->staff, station);
	int64_t stale = rules_number(q->conf->rules, NUMBER_STALE_DAYS);
	json_t *a = json_array();

	for (size_t i = 0; p != NULL && i < p->nnumber; i++) {
		const struct staff_number *n = &p->number[i];
		json_t *o = json_object();

		query_put_enum(q, o, "of", "number_of", n->of);
		query_put_text(o, "phone", n->phone);
		query_put(o, "verified", json_integer(n->verified));
		query_put(o, "tried", json_integer(n->tried));
		query_put_enum(q, o, "outcome", "outcome", n->outcome);
		query_put(o, "stale", json_boolean(staff_stale(n, q->now, stale)));
		(void)json_array_append_new(a, o);
	}
	return a;
}

static bool
is_silent(const struct query *q, const struct neighbour *n)
{
	int64_t act = presence_last_act(q->s, q->now, n->station);

	return act == 0 || q->now - act >= rules_number(q->conf->rules, NUMBER_SILENT_MINUTES) * 60000;
}

static json_t *
station_json(const struct query *q, const struct duty *d, const struct neighbour *n, int64_t rings)
{
	const struct roll *last = rolls_last(d->rolls, n->station);
	int64_t today = zero_day(q->now);
	struct presence pr;
	char text[128];
	json_t *o = json_object(), *duty = json_array();

	station_presence(q->s, q->now, n->station, &pr);
	query_put_station(q, o, "station", n->station);
	if (n->name[0] != '\0')
		query_put_text(o, "name", n->name);
	else
		query_put_text(o, "name", query_station(q, n->station, text, sizeof text));
	query_put_text(o, "role", role_name(n->role));
	query_put_text(o, "presence", presence_ascii(pr.state));
	query_put_text(o, "presence_name", presence_text(&pr, q->now, q->zh, text, sizeof text));
	for (size_t at = 0, len; pr.on_duty[at] != '\0'; at += len + (pr.on_duty[at + len] == ' ')) {
		len = strcspn(pr.on_duty + at, " ");
		if (len > 0)
			(void)json_array_append_new(duty, json_stringn(pr.on_duty + at, len));
	}
	query_put(o, "duty", duty);
	query_put(o, "last_key", json_integer(presence_last_act(q->s, q->now, n->station)));
	query_put(o, "silent", json_boolean(is_silent(q, n)));
	query_put(o, "numbers", numbers_json(q, d, n->station));
	query_put(o, "last", last != NULL ? roll_json(q, last, rings) : json_null());
	query_put(o, "today", json_integer(last != NULL && last->at >= today ? last->at : 0));
	query_put_text(o, "note", last != NULL && last->at >= today ? remark(q, last, rings) : "");
	return o;
}

static json_t *
draw_json(const struct query *q, const struct duty *d)
{
	const struct topology *t = q->conf->topology;
	int64_t today = zero_day(q->now);
	struct roll_candidate *c = xcalloc(t->count + 1, sizeof *c);
	json_t *a = json_array();
	size_t n = 0;

	for (size_t i = 0; i < t->count; i++) {
		const struct roll *last;

		if (!is_below(&t->n[i]))
			continue;
		last = rolls_last(d->rolls, t->n[i].station);
		memcpy(c[n].station, t->n[i].station, STATION_MAX);
		c[n].silent = is_silent(q, &t->n[i]);
		c[n++].called = last != NULL && last->at >= today;
	}
	roll_draw(c, n, q->self, today);
	for (size_t i = 0; i < n; i++)
		(void)json_array_append_new(a, json_string(c[i].station));
	free(c);
	return a;
}

static json_t *
totals_json(const struct query *q, const struct duty *d, int64_t rings)
{
	struct roll_sums s;
	json_t *o = json_object();

	rolls_sum(d->rolls, q->now - WEEK_MS, q->now, rings, &s);
	query_put(o, "called", json_integer((json_int_t)s.called));
	query_put(o, "reached", json_integer((json_int_t)s.reached));
	query_put(o, "in_time", json_integer((json_int_t)s.in_time));
	query_put(o, "not_on_roster", json_integer((json_int_t)s.not_on_roster));
	query_put(o, "empty", json_integer((json_int_t)s.empty));
	query_put(o, "forwarded", json_integer((json_int_t)s.forwarded));
	query_put(o, "silent", json_integer((json_int_t)s.silent));
	query_put(o, "pending", json_integer((json_int_t)s.pending));
	return o;
}

json_t *
query_rolls(struct query *q)
{
	const struct topology *t = q->conf->topology;
	int64_t limit, rings = rules_number(q->conf->rules, NUMBER_ROLL_RINGS);
	json_t *o, *rolls, *stations, *owed;
	const struct roll_owed *come;
	const struct duty *d;
	size_t n;

	if (!query_get_limit(q, ROLLS_DEFAULT, ROLLS_MOST, &limit) || (d = book_of(q)) == NULL)
		return NULL;
	o = json_object();
	rolls = json_array();
	stations = json_array();
	owed = json_array();
	for (size_t i = 0; i < rolls_count(d->rolls) && i < (size_t)limit; i++)
		(void)json_array_append_new(rolls, roll_json(q, rolls_at(d->rolls, i), rings));
	for (size_t i = 0; i < t->count; i++)
		if (is_below(&t->n[i]))
			(void)json_array_append_new(stations, station_json(q, d, &t->n[i], rings));
	n = rolls_owed(d->rolls, &come);
	for (size_t i = 0; i < n; i++) {
		json_t *c = json_object();

		query_put_id(c, "id", &come[i].id);
		query_put_station(q, c, "from", come[i].from);
		query_put(c, "at", json_integer(come[i].at));
		query_put(c, "due", json_integer(come[i].due));
		(void)json_array_append_new(owed, c);
	}
	query_put(o, "rolls", rolls);
	query_put(o, "stations", stations);
	query_put(o, "owed", owed);
	query_put(o, "draw", draw_json(q, d));
	query_put(o, "totals", totals_json(q, d, rings));
	query_put(o, "rings", json_integer(rings));
	query_put(o, "minutes", json_integer(rules_number(q->conf->rules, NUMBER_ROLL_MINUTES)));
	query_put(o, "shift", json_integer(rules_number(q->conf->rules, NUMBER_ROLL_SHIFT)));
	return o;
}

/* ---- zero reports ---- */

static const struct { const char *name, *en, *zh; } states[] = {
    {"missing", "MISSING", "缺报"},
    {"waiting", "not due yet", "未到时"},
    {"reported", "reported", "已报"},
    {"late", "reported late", "迟报"},
    {"unruled", "no hour set", "未定时限"},
};

static json_t *
zero_json(const struct query *q, const struct duty *d, const char *station, const char *name, const char *level, int minutes,
    const char *clause, int64_t day)
{
	const struct zero *z = zeros_of(d->zeros, station, day);
	int64_t due = minutes < 0 ? 0 : day + DAY_MS + minutes * INT64_C(60000);
	size_t s = z != NULL ? (due != 0 && z->at > due ? 3 : 2) : due == 0 ? 4 : q->now <= due ? 1 : 0;
	json_t *o = json_object(), *lacks = json_array();
	char text[160];

	query_put_text(o, "station", station);
	query_put_text(o, "name", name != NULL && *name != '\0' ? name : query_station(q, station, text, sizeof text));
	query_put_text(o, "level", level);
	query_put(o, "due", json_integer(due));
	query_put_text(o, "clause", clause);
	query_put_text(o, "state", states[s].name);
	query_put_text(o, "state_name", query_say(q, states[s].en, states[s].zh));
	query_put(o, "at", json_integer(z != NULL ? z->at : 0));
	query_put(o, "minutes_late", s == 3 ? json_integer((z->at - due + 59999) / 60000) :
	    s == 0 ? json_integer((q->now - due) / 60000) : json_null());
	query_put_text(o, "person", z != NULL ? z->person : "");
	/* Of a station that has not reported nobody knows whether there was nothing. */
	query_put(o, "nothing", z != NULL ? json_boolean(z->nothing) : json_null());
	query_put_text(o, "events", z != NULL ? z->events : "");
	for (size_t i = 0; z != NULL && i < z->nlacks; i++) {
		json_t *l = json_object();

		query_put_station(q, l, "station", z->lacks[i]);
		(void)json_array_append_new(lacks, l);
	}
	query_put(o, "lacks", lacks);
	if (z != NULL && *z->on_behalf != '\0')
		query_put_station(q, o, "on_behalf_by", z->on_behalf);
	if (z != NULL)
		query_put_id(o, "id", &z->id);
	return o;
}

/* "2026-08-12", ms, or absent: the day before today's. */
static bool
wanted_day(struct query *q, int64_t *day)
{
	const json_t *v = json_object_get(q->req, "day");

	*day = zero_day(q->now) - DAY_MS;
	if (v == NULL || json_is_null(v))
		return true;
	if (json_is_string(v) && zero_day_parse(json_string_value(v), day))
		return true;
	if (json_is_integer(v) && json_integer_value(v) > 0 && json_integer_value(v) < WHEN_MS_MAX) {
		*day = zero_day(json_integer_value(v));
		return true;
	}
	(void)fault_set(q->f, EX_DATAERR, "day", _("must be a day, like 2026-08-12"));
	return false;
}

json_t *
query_zeros(struct query *q)
{
	const struct topology *t = q->conf->topology;
	const char *clause = NULL;
	json_t *o, *stations, *missing;
	const struct duty *d;
	int minutes;
	int64_t day;

	if (!wanted_day(q, &day) || (d = book_of(q)) == NULL)
		return NULL;
	o = json_object();
	stations = json_array();
	missing = json_array();
	for (size_t i = 0; i < t->count; i++) {
		const struct neighbour *n = &t->n[i];
		const char *level = query_level(q, n->station);
		json_t *one;

		if (n->role != ROLE_CHILD && n->role != ROLE_PHONE)
			continue;
		clause = NULL;
		minutes = rules_zero_due(q->conf->rules, n->station, level, &clause);
		if (minutes < 0 && zeros_of(d->zeros, n->station, day) == NULL)
			continue;
		one = zero_json(q, d, n->station, n->name, level, minutes, clause, day);
		query_put(one, "role", json_string(role_name(n->role)));
		if (strcmp(json_string_value(json_object_get(one, "state")), "missing") == 0)
			(void)json_array_append_new(missing, json_deep_copy(one));
		(void)json_array_append_new(stations, one);
	}
	clause = NULL;
	minutes = rules_zero_due(q->conf->rules, q->self, q->level, &clause);
	query_put(o, "day", json_integer(day));
	query_put(o, "stations", stations);
	query_put(o, "missing", missing);
	query_put(o, "own", zero_json(q, d, q->self, q->env->dir != NULL ? q->env->dir->name : NULL, q->level, minutes, clause, day));
	query_put(o, "parent", json_string(q->parent));
	return o;
}
