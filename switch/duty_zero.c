/*
 * Zero reports: one a station and day.
 *
 * The day reported on is the one its period ends with: midnight, or the morning after where a place counts so.  Of several for the same day the first one's time counts (a town that reports on time and adds something later was on time), and what any of them names: nothing
 * that was once said goes away.  A report entered for a station by telephone stands until its own comes.
 *
 * A report on behalf of another is believed of a station that it lies under, and of nobody else.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "../formats/buf.h"
#include "../formats/i18n.h"
#include "../formats/text.h"
#include "../formats/value.h"
#include "duty_zero.h"
#include "route.h"

#define DAY_MS INT64_C(86400000)
#define CN_OFFSET INT64_C(28800000)

struct zero_row {
	struct zero z;
	int64_t day;
	int64_t latest;		/* when the last one came that names anything */
};

struct zeros {
	struct zero_row *v;
	size_t n, cap;
};

struct zeros *
zeros_new(void)
{
	return xcalloc(1, sizeof(struct zeros));
}

void
zeros_free(struct zeros *zs)
{
	if (zs == NULL)
		return;
	for (size_t i = 0; i < zs->n; i++)
		free(zs->v[i].z.lacks);
	free(zs->v);
	free(zs);
}

int64_t
zero_day(int64_t ms)
{
	int64_t in = (ms + CN_OFFSET) % DAY_MS;

	return ms - (in < 0 ? in + DAY_MS : in);
}

int64_t
zero_day_of(int64_t to)
{
	return zero_day(to - DAY_MS / 2);
}

bool
zero_day_parse(const char *text, int64_t *day)
{
	char whole[40];
	struct when w;

	if (strlen(text) != 10 || snprintf(whole, sizeof whole, "%sT00:00:00+08:00", text) >= (int)sizeof whole ||
	    !time_parse_rfc3339(whole, &w))
		return false;
	*day = w.ms;
	return true;
}

const char *
zero_level(const char *station)
{
	size_t n = strspn(station, "0123456789");

	if (station[n] != '\0' || n < 6)
		return "unit";
	if (n > 6)
		return "township";
	if (strcmp(station + 2, "0000") == 0)
		return "province";
	return strcmp(station + 4, "00") == 0 ? "city" : "county";
}

int
zero_due_of(const struct rules *rules, const struct neighbour *n)
{
	const char *clause;

	if (n->role != ROLE_CHILD && n->role != ROLE_PHONE)
		return -1;
	return rules_zero_due(rules, n->station, zero_level(n->station), &clause);
}

/* ---- taking ---- */

static struct zero_row *
row_of(struct zeros *zs, const char *station, int64_t day)
{
	struct zero_row *r;

	for (size_t i = zs->n; i-- > 0;)
		if (zs->v[i].day == day && strcmp(zs->v[i].z.station, station) == 0)
			return &zs->v[i];
	if (zs->n == zs->cap) {
		zs->cap = zs->cap == 0 ? 32 : zs->cap * 2;
		zs->v = xreallocarray(zs->v, zs->cap, sizeof *zs->v);
	}
	r = &zs->v[zs->n++];
	memset(r, 0, sizeof *r);
	snprintf(r->z.station, sizeof r->z.station, "%s", station);
	r->day = day;
	r->z.nothing = true;
	return r;
}

/* What it names takes the place of what an earlier one named. */
static void
take_named(struct zero_row *r, const struct duty_msg *m, int64_t at)
{
	size_t n = 0, k = body_count(m->body, F_REGARDING);

	if (body_first(m->body, F_ITEM) == NULL && k == 0)
		return;
	r->z.nothing = false;
	if (r->latest != 0 && at < r->latest)
		return;
	r->latest = at;
	r->z.events[0] = '\0';
	for (const struct value *v = body_first(m->body, F_ITEM); v != NULL; v = body_next(m->body, v)) {
		char one[96];

		(void)text_sanitise(v->u.text.s, v->u.text.len, one, sizeof one, false);
		if (n + strlen(one) + 2 > sizeof r->z.events)
			break;
		n += (size_t)snprintf(r->z.events + n, sizeof r->z.events - n, "%s%s", n > 0 ? " " : "", one);
	}
	free(r->z.lacks);
	r->z.lacks = k > 0 ? xcalloc(k, STATION_MAX) : NULL;
	r->z.nlacks = 0;
	for (const struct value *v = body_first(m->body, F_REGARDING); v != NULL; v = body_next(m->body, v))
		snprintf(r->z.lacks[r->z.nlacks++], STATION_MAX, "%s", v->u.text.s);
}

void
zeros_take(struct zeros *zs, const struct duty_msg *m)
{
	const char *behalf = body_text(m->body, F_ON_BEHALF), *station = m->id.origin, *person;
	int64_t to, at = m->stored, day;
	struct zero_row *r;
	bool own;

	if (m->kind != KIND_ZERO || !body_time(m->body, F_PERIOD_TO, &to))
		return;
	if (behalf != NULL && *behalf != '\0' && strcmp(behalf, station) != 0) {
		if (!station_under(behalf, station))
			return;
		station = behalf;
	}
	if (m->own)
		(void)body_time(m->body, F_WRITTEN, &at);
	if (station != m->id.origin)
		(void)body_time(m->body, F_DONE_AT, &at); /* when the telephone rang */
	day = zero_day_of(to);
	r = row_of(zs, station, day);
	own = station == m->id.origin;
	take_named(r, m, at);
	/* The first of its own; one by telephone gives way to it, and to an earlier one by telephone. */
	if (msgid_is_set(&r->z.id) && ((*r->z.on_behalf == '\0' && !own) || ((*r->z.on_behalf == '\0') == own &&
	    (r->z.at < at || (r->z.at == at && msgid_cmp(&r->z.id, &m->id) <= 0)))))
		return;
	r->z.id = m->id;
	r->z.at = at;
	r->z.to = to;
	r->z.from = to - DAY_MS;
	(void)body_time(m->body, F_PERIOD_FROM, &r->z.from);
	snprintf(r->z.on_behalf, sizeof r->z.on_behalf, "%s", own ? "" : m->id.origin);
	r->z.person[0] = '\0';
	if ((person = body_said(m->body, F_PERSON)) != NULL)
		(void)text_sanitise(person, strlen(person), r->z.person, sizeof r->z.person, false);
}

const struct zero *
zeros_of(const struct zeros *zs, const char *station, int64_t day)
{
	for (size_t i = zs->n; i-- > 0;)
		if (zs->v[i].day == day && strcmp(zs->v[i].z.station, station) == 0)
			return &zs->v[i].z;
	return NULL;
}

/* ---- filling in ---- */

static int
check_behalf(const struct zero_env *e, const char *station, struct fault *f)
{
	const struct neighbour *n = topology_find(e->topology, station);

	if (n == NULL || (n->role != ROLE_CHILD && n->role != ROLE_PHONE))
		return fault_set(f, EX_DATAERR, "on_behalf", _("%s is no station below this one: its zero report is not entered here"), station);
	return 0;
}

static void
fill_named(const struct zero_env *e, struct body *b)
{
	struct buf text = {0};

	for (size_t i = 0; i < e->nevents; i++) {
		body_add_text(b, F_ITEM, e->events[i], strlen(e->events[i]));
		buf_printf(&text, "%s%s", i == 0 ? _("events: ") : " ", e->events[i]);
	}
	for (size_t i = 0; i < e->nlacks; i++) {
		const struct neighbour *n = topology_find(e->topology, e->lacks[i]);

		body_add_text(b, F_REGARDING, e->lacks[i], strlen(e->lacks[i]));
		buf_printf(&text, "%s%s", i > 0 ? " " : text.n > 0 ? _("; not reported: ") : _("not reported: "),
		    n != NULL && n->name[0] != '\0' ? n->name : e->lacks[i]);
	}
	if (text.n > 0 && body_said(b, F_TEXT) == NULL)
		body_set_text(b, F_TEXT, buf_cstr(&text));
	buf_free(&text);
}

int
zero_check(const struct zero_env *e, struct body *b, struct fault *f)
{
	const char *behalf = body_text(b, F_ON_BEHALF);
	int64_t from, to;

	if (behalf != NULL && strcmp(behalf, e->self) == 0)
		behalf = NULL;
	if (behalf != NULL && check_behalf(e, behalf, f) == -1)
		return -1;
	if (body_time(b, F_PERIOD_FROM, &from) && !body_time(b, F_PERIOD_TO, &to))
		body_set_time(b, F_PERIOD_TO, from + DAY_MS);
	if (!body_time(b, F_PERIOD_TO, &to))
		return 0; /* check_kind() says so */
	if (!body_time(b, F_PERIOD_FROM, &from))
		body_set_time(b, F_PERIOD_FROM, to - DAY_MS);
	else if (from >= to)
		return fault_set(f, EX_DATAERR, "period_to", _("the period ends before it begins"));
	if (to > e->now)
		return fault_set(f, EX_DATAERR, "period_to", _("that time has not ended yet: a zero report says of the whole of it that nothing happened"));
	body_unset(b, F_ITEM);
	body_unset(b, F_REGARDING);
	if (behalf == NULL) {
		body_unset(b, F_ON_BEHALF);
		fill_named(e, b);
	}
	return 0;
}
