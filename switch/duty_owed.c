/*
 * What the duty book itself owes: the handover that is due, the relief that has not come, a shift without people, zero reports, answers to roll calls,
 * tests of equipment.  Pure: from what the parts say and the time; nothing is kept.
 *
 * Every item's limit is an instant that stays where it is while the item stands, because it is part of what tells one chase from another: a gap that
 * has begun is due at its beginning, an empty roster at the beginning of the day.  A station that keeps no register is not reproached for
 * what only registers and rosters know; what a rule asks of every station (the zero report) is asked once it has shown that it takes part.
 */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "../formats/text.h"
#include "chase.h"
#include "duty_roll.h"
#include "duty_roster.h"
#include "duty_staff.h"
#include "duty_watch.h"
#include "duty_zero.h"
#include "outlet.h"
#include "route.h"

#define MINUTE_MS INT64_C(60000)
#define HOUR_MS INT64_C(3600000)
#define DAY_MS INT64_C(86400000)
#define CN_OFFSET (8 * HOUR_MS)
#define ZERO_DAYS 7		/* so far back a zero report shows that a station sends them */
#define EQUIPMENT_MOST 64

struct maker {
	const struct duty *d;
	const struct duty_env *e;
	duty_owed_fn fn;
	void *ctx;
};

static int64_t
day_of(int64_t ms)
{
	return ms - (ms + CN_OFFSET) % DAY_MS;
}

static void
put(const struct maker *m, struct owed_item *it, const char *key, const char *en, const char *zh)
{
	assert(key[0] != '\0' && it->due != 0);
	m->fn(m->ctx, it, key, en, zh);
}

/* By the clause of a single number. */
static void
by_number(const struct maker *m, struct owed_item *it, enum rule_number which)
{
	const char *clause = rules_number_clause(m->e->rules, which);

	if (clause != NULL)
		(void)text_sanitise(clause, strlen(clause), it->clause, sizeof it->clause, false);
}

static struct owed_item
item(const struct maker *m, enum owed what, int64_t origin, int64_t due)
{
	struct owed_item it;

	memset(&it, 0, sizeof it);
	it.what = what;
	it.origin = origin;
	it.due = due;
	it.from = ORIGIN_DUE;
	it.scope = SCOPE_HOP;
	(void)snprintf(it.towards, sizeof it.towards, "%s", m->e->self);
	return it;
}

static bool
registered(const struct maker *m)
{
	for (size_t i = 0; m->d->staff != NULL && i < staff_count(m->d->staff); i++)
		if (!staff_at(m->d->staff, i)->left && staff_at(m->d->staff, i)->unit[0] == '\0')
			return true;
	return false;
}

/* ---- the watch ---- */

static void
names_of(const struct watch_span *s, char *out, size_t size)
{
	size_t n = 0;

	out[0] = '\0';
	for (size_t i = 0; i < s->n && n + sizeof s->person[0] < size; i++)
		n += (size_t)snprintf(out + n, size - n, "%s%s", i > 0 ? " " : "", s->person[i]);
}

static void
handover(const struct maker *m, const struct watch_span *now, int64_t due)
{
	struct owed_item it = item(m, OWED_HANDOVER, now->from, due);

	/* Shown in time to be gone through. */
	if (m->e->now < due - rules_number(m->e->rules, NUMBER_AHEAD_MINUTES) * MINUTE_MS)
		return;
	by_number(m, &it, NUMBER_HANDOVER_PARENT_MINUTES);
	names_of(now, it.person, sizeof it.person);
	put(m, &it, "handover", m->e->now < due ? "to be handed over" : "not handed over yet", m->e->now < due ? "待交接" : "到点未交接");
}

static void
relief(const struct maker *m, const struct watch_span *now, const struct roster_shift *next, int64_t due)
{
	int64_t late = rules_number(m->e->rules, NUMBER_RELIEF_MINUTES) * MINUTE_MS;
	char key[128], en[160], zh[160];

	if (m->e->now < due)
		return;
	for (size_t i = 0; i < next->nofficer; i++) {
		struct owed_item it = item(m, OWED_RELIEF, due, due + late);
		bool stays = false;

		for (size_t k = 0; k < now->n; k++)
			stays |= strcmp(now->person[k], next->officer[i]) == 0;
		if (stays || watch_signed_on(m->d->watch, next->officer[i], now->from))
			continue;
		by_number(m, &it, NUMBER_RELIEF_MINUTES);
		(void)snprintf(it.person, sizeof it.person, "%s", next->officer[i]);
		(void)snprintf(key, sizeof key, "relief %.80s", next->officer[i]);
		(void)snprintf(en, sizeof en, "%s has not come", next->officer[i]);
		(void)snprintf(zh, sizeof zh, "%s未到岗", next->officer[i]);
		put(m, &it, key, en, zh);
	}
}

static void
watch_items(const struct maker *m)
{
	const struct roster_shift *next;
	struct watch_span now;
	int64_t due = 0;

	if (m->d->watch == NULL || m->d->roster == NULL || !watch_at(m->d->watch, m->e->now, &now) ||
	    (next = watch_relief(m->d->watch, m->d->roster, m->e->now, &due)) == NULL || due == 0)
		return;
	handover(m, &now, due);
	relief(m, &now, next, due);
}

/* ---- the roster ---- */

/* Since when nobody is planned, where that has begun already: the end of the last shift, else the beginning of the day. */
static int64_t
gap_since(const struct maker *m)
{
	int64_t since = 0;

	for (size_t i = 0; i < roster_count(m->d->roster); i++) {
		const struct roster_shift *s = roster_at(m->d->roster, i);

		if (s->nofficer > 0 && s->to <= m->e->now && s->to > since)
			since = s->to;
	}
	return since != 0 ? since : day_of(m->e->now);
}

static void
gap(const struct maker *m)
{
	int64_t ahead = rules_number(m->e->rules, NUMBER_GAP_HOURS) * HOUR_MS, begin, end;
	struct owed_item it;

	if (m->d->roster == NULL || !registered(m) || !roster_gap(m->d->roster, m->e->now, m->e->now + ahead, &begin, &end))
		return;
	if (begin <= m->e->now)
		begin = gap_since(m);
	/* Where no shift was ever planned there was nothing to see coming. */
	it = item(m, OWED_GAP, roster_count(m->d->roster) > 0 ? begin - ahead : begin, begin);
	by_number(m, &it, NUMBER_GAP_HOURS);
	put(m, &it, "gap", "nobody is planned", "排班有空班");
}

/* ---- zero reports ---- */

static bool
sends_zeros(const struct maker *m, const char *station, int64_t before)
{
	for (int i = 0; i < ZERO_DAYS; i++)
		if (zeros_of(m->d->zeros, station, before - i * DAY_MS) != NULL)
			return true;
	return false;
}

/* Since when somebody is responsible here; INT64_MAX: nobody has ever signed on. */
static int64_t
begun(const struct maker *m)
{
	const struct watch_span *span;

	return m->d->watch != NULL && watch_spans(m->d->watch, &span) > 0 ? span[0].from : INT64_MAX;
}

/* day: midnight of the day that is reported on. */
static void
zero_of(const struct maker *m, enum owed what, const char *station, const char *name, int minutes, const char *clause, int64_t day)
{
	struct owed_item it = item(m, what, day + DAY_MS, day + DAY_MS + minutes * MINUTE_MS);
	char key[128], en[256], zh[256];

	if (zeros_of(m->d->zeros, station, day) != NULL)
		return;
	if (clause != NULL)
		(void)text_sanitise(clause, strlen(clause), it.clause, sizeof it.clause, false);
	(void)snprintf(it.rule, sizeof it.rule, "zero");
	if (what == OWED_AWAIT_ZERO)
		(void)snprintf(it.towards, sizeof it.towards, "%s", station);
	else {
		const struct neighbour *up = topology_parent(m->e->topology);

		(void)snprintf(it.towards, sizeof it.towards, "%s", up->station);
	}
	(void)snprintf(key, sizeof key, "zero %s %" PRId64, station, (day + CN_OFFSET) / DAY_MS);
	(void)snprintf(en, sizeof en, "zero report%s%.200s", name[0] != '\0' ? " of " : "", name);
	(void)snprintf(zh, sizeof zh, "%.200s零报告", name);
	put(m, &it, key, en, zh);
}

static void
zeros_for(const struct maker *m, enum owed what, const char *station, const char *level, const char *name, bool in_use)
{
	const char *clause = NULL;
	int minutes = rules_zero_due(m->e->rules, station, level, &clause);
	int64_t yesterday = day_of(m->e->now) - DAY_MS;

	if (minutes < 0 || (!in_use && !sends_zeros(m, station, yesterday)))
		return;
	/* One that was never sent stays missing beside the new ones: of days on which somebody was on duty here, or the station was known to
	 * send them. */
	for (int i = ZERO_DAYS - 1; i > 0; i--) {
		int64_t day = yesterday - i * DAY_MS;

		if (begun(m) < day + DAY_MS || sends_zeros(m, station, day - DAY_MS))
			zero_of(m, what, station, name, minutes, clause, day);
	}
	zero_of(m, what, station, name, minutes, clause, yesterday);
}

static const char *
level_below(const char *station, const char *level)
{
	size_t n = strspn(station, "0123456789");

	if (n > 6)
		return "township";
	if (n == 6)
		return strcmp(station + 2, "0000") == 0 ? "province" : strncmp(station + 4, "00", 2) == 0 ? "city" : "county";
	return strcmp(level, "province") == 0 ? "city" : strcmp(level, "city") == 0 ? "county" : strcmp(level, "county") == 0 ? "township" : "unit";
}

/* A township's goes to its county, also where it has a second parent above: that one waits for the county's. */
static bool
reports_to_us(const struct maker *m, const char *station)
{
	size_t n = strspn(station, "0123456789");

	return n <= 6 || strncmp(station, m->e->self, 6) == 0;
}

static void
zeros(const struct maker *m)
{
	bool in_use = registered(m);

	if (m->d->zeros == NULL || m->e->topology == NULL)
		return;
	if (topology_parent(m->e->topology) != NULL)
		zeros_for(m, OWED_ZERO, m->e->self, m->e->level, "", in_use);
	for (size_t i = 0; i < m->e->topology->count; i++) {
		const struct neighbour *n = &m->e->topology->n[i];

		if ((n->role == ROLE_CHILD || n->role == ROLE_PHONE) && reports_to_us(m, n->station))
			zeros_for(m, OWED_AWAIT_ZERO, n->station, level_below(n->station, m->e->level),
			    n->name[0] != '\0' ? n->name : n->station, in_use);
	}
}

/* ---- roll calls ---- */

static void
roll_calls(const struct maker *m)
{
	int64_t minutes = rules_number(m->e->rules, NUMBER_ROLL_MINUTES) * MINUTE_MS;
	const struct roll_owed *v;
	size_t n;

	if (m->d->rolls == NULL)
		return;
	n = rolls_owed(m->d->rolls, &v);
	for (size_t i = 0; i < n; i++) {
		struct owed_item it = item(m, OWED_ROLL, v[i].at, v[i].due != 0 ? v[i].due : v[i].at + minutes);

		it.about = v[i].id;
		(void)snprintf(it.towards, sizeof it.towards, "%s", v[i].from);
		by_number(m, &it, NUMBER_ROLL_MINUTES);
		put(m, &it, "roll", "roll call", "点名");
	}
	for (size_t i = 0; i < rolls_count(m->d->rolls); i++) {
		const struct roll *r = rolls_at(m->d->rolls, i), *last = rolls_last(m->d->rolls, r->station);
		struct owed_item it = item(m, OWED_AWAIT_ROLL, r->at, r->due != 0 ? r->due : r->at + minutes);

		/* A later call to the same station takes its place, whatever came of it. */
		if (r->phone || r->answered != 0 || (last != NULL && msgid_cmp(&last->id, &r->id) != 0))
			continue;
		it.about = r->id;
		(void)snprintf(it.towards, sizeof it.towards, "%s", r->station);
		by_number(m, &it, NUMBER_ROLL_MINUTES);
		put(m, &it, "roll", "roll call", "点名");
	}
}

/* ---- equipment ---- */

static void
equipment_item(const struct maker *m, const char *what, int64_t since, int64_t due)
{
	const struct watch_test *t;
	size_t n = watch_tests(m->d->watch, since, &t);
	struct owed_item it = item(m, OWED_EQUIPMENT, since, due);
	char key[128], en[200], zh[200];

	for (size_t i = 0; i < n; i++)
		if (strcmp(t[i].what, what) == 0)
			return;
	(void)snprintf(key, sizeof key, "equipment %.96s", what);
	(void)snprintf(en, sizeof en, "test of %.160s", what);
	(void)snprintf(zh, sizeof zh, "%.160s待测试", what);
	put(m, &it, key, en, zh);
}

/* What this room has tested before is tested each shift, and so is every alarm outlet it has. */
static void
equipment(const struct maker *m)
{
	char known[EQUIPMENT_MOST][97];
	struct deadline limit;
	struct watch_span now;
	const struct watch_test *t;
	size_t n = 0, tests;
	int64_t due = 0;
	const char *name;

	if (m->d->watch == NULL || !watch_at(m->d->watch, m->e->now, &now))
		return;
	if (rules_deadline(m->e->rules, &(struct rule_ask){.what = OWED_EQUIPMENT, .station = m->e->self, .level = m->e->level,
		.scope = SCOPE_HOP, .at = now.from}, &limit))
		due = now.from + limit.minutes * MINUTE_MS;
	else if (m->d->roster == NULL || watch_relief(m->d->watch, m->d->roster, m->e->now, &due) == NULL || due <= now.from)
		due = now.from + DAY_MS;
	tests = watch_tests(m->d->watch, 0, &t);
	for (size_t i = 0; i < tests && n < EQUIPMENT_MOST; i++) {
		bool seen = strncmp(t[i].what, "outlet ", 7) == 0; /* an outlet counts while it is one */

		for (size_t k = 0; k < n && !seen; k++)
			seen = strcmp(known[k], t[i].what) == 0;
		if (!seen)
			(void)snprintf(known[n++], sizeof known[0], "%s", t[i].what);
	}
	for (size_t i = 0; m->e->outlet != NULL && n < EQUIPMENT_MOST && (name = outlet_name(m->e->outlet, i)) != NULL; i++)
		(void)snprintf(known[n++], sizeof known[0], "outlet %.80s", name);
	for (size_t i = 0; i < n; i++)
		equipment_item(m, known[i], now.from, due);
}

void
duty_owed(const struct duty *d, const struct duty_env *e, duty_owed_fn fn, void *ctx)
{
	struct maker m = {.d = d, .e = e, .fn = fn, .ctx = ctx};

	watch_items(&m);
	gap(&m);
	zeros(&m);
	roll_calls(&m);
	equipment(&m);
}
