/*
 * The register and the roster for the desk: ops staff and roster, and what is wrong with either, said wherever it can be mended.
 *
 * A PIN is known here by whether there is one, never by more.  What is not known is not shown as if it were: a number nobody ever reached has no
 * date, and a leader without a telephone is named.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "../formats/buf.h"
#include "../formats/i18n.h"
#include "../formats/value.h"
#include "duty_pin.h"
#include "duty_roster.h"
#include "duty_staff.h"
#include "duty_watch.h"
#include "query_int.h"

#define HOUR_MS INT64_C(3600000)
#define SWAPS_MAX 100
#define SHIFTS_MAX 400

/* ---- remarks ---- */

struct teller {
	query_remark_fn fn;
	void *ctx;
	char (*said)[256];	/* each once */
	size_t n;
};

static void tell(struct teller *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void
tell(struct teller *t, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	for (size_t i = 0; i < t->n; i++)
		if (strcmp(t->said[i], text) == 0)
			return;
	t->said = xreallocarray(t->said, t->n + 1, sizeof *t->said);
	(void)snprintf(t->said[t->n++], sizeof *t->said, "%s", text);
	t->fn(t->ctx, text);
}

static bool
anybody(const struct staff *s)
{
	for (size_t i = 0; i < staff_count(s); i++)
		if (!staff_at(s, i)->left && *staff_at(s, i)->unit == '\0')
			return true;
	return false;
}

static void
person_remarks(struct teller *t, const struct duty *d, const char *name, bool leader)
{
	const struct staff_person *p = staff_find(d->staff, name);

	if (*name == '\0')
		return;
	if (p == NULL)
		tell(t, _("%s is on a shift and not on the register"), name);
	else if (p->nnumber == 0)
		tell(t, leader ? _("the leader %s has no telephone on the register") : _("%s has no telephone on the register"), name);
}

static void
shift_remarks(struct teller *t, const struct duty *d, const struct roster_shift *s)
{
	char when[48];

	for (size_t i = 0; i < s->nofficer; i++)
		person_remarks(t, d, s->officer[i], false);
	for (size_t i = 0; i < 2; i++)
		person_remarks(t, d, s->leader[i], true);
	if (s->nofficer == 0)
		tell(t, _("the shift from %s has no officer"), time_format(s->from, TIME_DAY, when, sizeof when));
	if (*s->leader[0] == '\0')
		tell(t, _("the shift from %s has no leader"), time_format(s->from, TIME_DAY, when, sizeof when));
}

/* Of the message just written. */
static void
message_remarks(struct teller *t, const struct duty *d, const struct rules *rules, const struct body *b, int64_t now)
{
	const struct roster_shift *s;
	struct msgid id;
	int step = body_enum(b, F_DUTY_STEP);

	if (body_enum(b, F_KIND) == KIND_ROSTER && step == DUTY_SHIFT && body_id(b, F_ID, &id) && (s = roster_find(d->roster, &id)) != NULL)
		shift_remarks(t, d, s);
	if (body_enum(b, F_KIND) == KIND_ROSTER && step == DUTY_SWAP && body_id(b, F_REFS, &id) && (s = roster_find(d->roster, &id)) != NULL) {
		person_remarks(t, d, body_said(b, F_INCOMING) != NULL ? body_said(b, F_INCOMING) : "", false);
		if (s->from - now < rules_number(rules, NUMBER_SWAP_HOURS) * HOUR_MS)
			tell(t, _("urgent: the shift begins in less than %d hours"), (int)rules_number(rules, NUMBER_SWAP_HOURS));
	}
	if (body_enum(b, F_KIND) == KIND_STAFF && step == DUTY_PERSON && body_first(b, F_REGARDING) == NULL && body_said(b, F_PERSON) != NULL)
		person_remarks(t, d, body_said(b, F_PERSON), body_enum(b, F_DUTY_ROLE) == ROLE_DUTY_LEADER);
}

/* Of the whole, for status and the lists. */
static void
book_remarks(struct teller *t, const struct duty *d, const struct rules *rules, int64_t now)
{
	int64_t until = now + rules_number(rules, NUMBER_GAP_HOURS) * HOUR_MS, begin, end;
	char when[48];
	size_t stale = 0;

	if (anybody(d->staff) && roster_count(d->roster) == 0)
		tell(t, "%s", _("the roster is empty"));
	else if (roster_count(d->roster) > 0 && roster_gap(d->roster, now, until, &begin, &end))
		tell(t, _("nobody is planned from %s"), time_format(begin, TIME_DAY, when, sizeof when));
	for (size_t i = 0; i < staff_count(d->staff); i++) {
		const struct staff_person *p = staff_at(d->staff, i);

		if (p->left || *p->unit != '\0')
			continue;
		if ((p->roles & 1u << ROLE_DUTY_LEADER) != 0 && p->nnumber == 0)
			tell(t, _("the leader %s has no telephone on the register"), p->name);
		for (size_t k = 0; k < p->nnumber; k++)
			stale += staff_stale(&p->number[k], now, rules_number(rules, NUMBER_STALE_DAYS));
	}
	for (size_t i = 0; i < roster_count(d->roster); i++) {
		const struct roster_shift *s = roster_at(d->roster, i);

		if (s->to > now && s->from < until)
			shift_remarks(t, d, s);
	}
	if (stale > 0)
		tell(t, _("%zu telephone numbers were not reached for %d days"), stale, (int)rules_number(rules, NUMBER_STALE_DAYS));
}

void
query_duty_remarks(struct station *s, const struct body *b, int64_t now, query_remark_fn fn, void *ctx)
{
	struct teller t = {.fn = fn, .ctx = ctx};
	const struct rules *rules = station_conf(s)->rules;
	const struct duty *d;

	if (b != NULL && body_enum(b, F_KIND) != KIND_STAFF && body_enum(b, F_KIND) != KIND_ROSTER)
		return;
	if ((d = station_duty(s)) == NULL)
		return;
	if (b != NULL)
		message_remarks(&t, d, rules, b, now);
	else
		book_remarks(&t, d, rules, now);
	free(t.said);
}

static void
into_list(void *ctx, const char *text)
{
	(void)json_array_append_new(ctx, json_string(text));
}

json_t *
query_duty_remark_list(struct query *q)
{
	json_t *list = json_array();

	query_duty_remarks(q->s, NULL, q->now, into_list, list);
	return list;
}

/* ---- the register ---- */

static json_t *
number_json(const struct query *q, const struct staff_number *n)
{
	json_t *o = json_object();

	query_put_enum(q, o, "of", "number_of", n->of);
	query_put_text(o, "phone", n->phone);
	query_put(o, "verified", json_integer(n->verified));
	query_put(o, "tried", json_integer(n->tried));
	query_put_enum(q, o, "outcome", "outcome", n->outcome);
	query_put(o, "stale", json_boolean(staff_stale(n, q->now, rules_number(q->conf->rules, NUMBER_STALE_DAYS))));
	return o;
}

static json_t *
numbers_json(const struct query *q, const struct staff_person *p)
{
	json_t *list = json_array();

	for (size_t i = 0; i < p->nnumber; i++)
		(void)json_array_append_new(list, number_json(q, &p->number[i]));
	return list;
}

static json_t *
person_json(const struct query *q, const struct staff_person *p)
{
	json_t *o = json_object(), *roles = json_array(), *names = json_array(), *backup = json_array();
	int64_t left = 0, until = 0;
	char word[64];
	bool pin = *p->unit == '\0' && pin_has(q->j, p->name);

	query_put_text(o, "name", p->name);
	query_put_text(o, "post", p->post);
	query_put_station(q, o, "unit", p->unit);
	for (int r = ROLE_DUTY_LEADER; r <= ROLE_DUTY_OTHER; r++)
		if ((p->roles & 1u << r) != 0) {
			(void)json_array_append_new(roles, json_string(query_ascii("duty_role", r, word, sizeof word)));
			(void)json_array_append_new(names, json_string(query_word(q, "duty_role", r, word, sizeof word)));
		}
	query_put(o, "roles", roles);
	query_put(o, "role_names", names);
	query_put(o, "numbers", numbers_json(q, p));
	for (size_t i = 0; i < p->nbackup; i++)
		(void)json_array_append_new(backup, json_string(p->backup[i]));
	query_put(o, "backup", backup);
	if (pin)
		pin_look(q->j, q->conf->rules, q->now, p->name, &left, &until);
	query_put(o, "pin", json_boolean(pin));
	query_put(o, "locked_until", json_integer(until));
	query_put(o, "tries_left", json_integer(left));
	query_put(o, "left", json_boolean(p->left));
	return o;
}

static json_t *
changes_json(const struct query *q, const struct staff *s)
{
	const struct staff_change *c;
	size_t n = staff_changes(s, &c);
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++) {
		json_t *o = json_object();

		query_put_id(o, "id", &c[i].id);
		query_put_text(o, "person", c[i].person);
		query_put_station(q, o, "station", c[i].station);
		query_put_enum(q, o, "of", "number_of", c[i].of);
		query_put_text(o, "phone", c[i].phone);
		query_put_text(o, "by", c[i].by);
		query_put(o, "at", json_integer(c[i].at));
		(void)json_array_append_new(list, o);
	}
	return list;
}

json_t *
query_staff(struct query *q)
{
	const struct duty *d = station_duty(q->s);
	const struct staff_person *st;
	json_t *o, *persons, *stations;
	bool all;
	size_t n;

	if (!query_get_bool(q, "all", &all))
		return NULL;
	if (d == NULL)
		return query_unreadable(q);
	o = json_object();
	persons = json_array();
	stations = json_array();
	for (size_t i = 0; i < staff_count(d->staff); i++)
		if (all || !staff_at(d->staff, i)->left)
			(void)json_array_append_new(persons, person_json(q, staff_at(d->staff, i)));
	n = staff_stations(d->staff, &st);
	for (size_t i = 0; i < n; i++) {
		json_t *e = json_object();

		query_put_station(q, e, "station", st[i].unit);
		query_put(e, "numbers", numbers_json(q, &st[i]));
		(void)json_array_append_new(stations, e);
	}
	query_put(o, "persons", persons);
	query_put(o, "stations", stations);
	query_put(o, "changes", changes_json(q, d->staff));
	query_put(o, "pins", json_boolean(q->env->dir == NULL || q->env->dir->pins));
	query_put(o, "remarks", query_duty_remark_list(q));
	return o;
}

/* ---- the roster ---- */

static void
put_names(json_t *o, const char *member, const char (*names)[97], size_t n)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		if (*names[i] != '\0')
			(void)json_array_append_new(list, json_string(names[i]));
	query_put(o, member, list);
}

static json_t *
shift_json(const struct query *q, const struct roster_shift *s, const struct staff *staff)
{
	json_t *o = json_object(), *strangers = json_array();

	query_put_id(o, "id", &s->id);
	query_put_text(o, "name", s->name);
	query_put(o, "from", json_integer(s->from));
	query_put(o, "to", json_integer(s->to));
	put_names(o, "leader", s->leader, 2);
	put_names(o, "officers", s->officer, s->nofficer);
	put_names(o, "unable", s->unable, s->nunable);
	for (size_t i = 0; i < s->nofficer; i++)
		if (staff_find(staff, s->officer[i]) == NULL)
			(void)json_array_append_new(strangers, json_string(s->officer[i]));
	query_put(o, "strangers", strangers);
	query_put(o, "now", json_boolean(s->from <= q->now && q->now < s->to));
	return o;
}

static json_t *
swap_json(const struct roster *r, const struct roster_swap *w)
{
	const struct roster_shift *s = roster_find(r, &w->shift), *other = msgid_is_set(&w->other) ? roster_find(r, &w->other) : NULL;
	json_t *o = json_object();
	const char *state = w->in_force ? "in-force" : w->declined ? "declined" : !w->consented[0] || !w->consented[1] ? "consent" : "approval";

	query_put_id(o, "id", &w->id);
	query_put_id(o, "shift", &w->shift);
	query_put_text(o, "shift_name", s != NULL ? s->name : "");
	query_put(o, "shift_from", json_integer(s != NULL ? s->from : 0));
	query_put(o, "return_from", json_integer(other != NULL ? other->from : 0));
	query_put_text(o, "from", w->from);
	query_put_text(o, "to", w->to);
	query_put_text(o, "by", w->by);
	query_put(o, "from_consented", json_boolean(w->consented[0]));
	query_put(o, "to_consented", json_boolean(w->consented[1]));
	query_put_text(o, "approver", w->approver);
	query_put_text(o, "declined_by", w->declined_by);
	query_put_text(o, "state", state);
	query_put(o, "at", json_integer(w->at));
	return o;
}

/* due: when the shift ends by the roster; of one past its hour that hour, until the handover is signed. */
json_t *
query_on_duty(const struct query *q, const struct duty *d)
{
	const struct roster_shift *s = roster_shift(d->roster, q->now);
	struct watch_span w;
	json_t *o = json_object();
	int64_t over;

	if (d->watch == NULL || !watch_at(d->watch, q->now, &w)) {
		json_decref(o);
		return json_null();	/* nobody ever signed on: not known, whatever was planned */
	}
	query_put_text(o, "shift", w.shift);
	query_put(o, "from", json_integer(w.from));
	put_names(o, "persons", (const char (*)[97])w.person, w.n);
	query_put_text(o, "leader", w.leader);
	over = watch_overdue(d->watch, d->roster, q->now);
	query_put(o, "due", json_integer(over >= 0 ? q->now - over : s != NULL ? s->to : 0));
	query_put(o, "overdue", json_boolean(over >= 0));
	return o;
}

json_t *
query_roster(struct query *q)
{
	const struct duty *d = station_duty(q->s);
	const struct roster_swap *w;
	int64_t from, until, gap, begin, end;
	json_t *o, *shifts, *swaps;
	size_t n = 0, nswap;

	if (d == NULL)
		return query_unreadable(q);
	gap = rules_number(q->conf->rules, NUMBER_GAP_HOURS) * HOUR_MS;
	if (!query_get_int(q, "from", q->now - 24 * HOUR_MS, WHEN_MS_MIN, WHEN_MS_MAX, &from) ||
	    !query_get_int(q, "until", q->now + 14 * 24 * HOUR_MS, WHEN_MS_MIN, WHEN_MS_MAX, &until))
		return NULL;
	o = json_object();
	shifts = json_array();
	swaps = json_array();
	for (size_t i = 0; i < roster_count(d->roster) && n < SHIFTS_MAX; i++) {
		const struct roster_shift *s = roster_at(d->roster, i);

		if (s->to > from && s->from < until) {
			(void)json_array_append_new(shifts, shift_json(q, s, d->staff));
			n++;
		}
	}
	nswap = roster_swaps(d->roster, &w);
	for (size_t i = 0; i < nswap && i < SWAPS_MAX; i++)
		(void)json_array_append_new(swaps, swap_json(d->roster, &w[i]));
	query_put(o, "shifts", shifts);
	query_put(o, "swaps", swaps);
	query_put(o, "gap_hours", json_integer(rules_number(q->conf->rules, NUMBER_GAP_HOURS)));
	query_put(o, "gap", json_null());
	if (roster_gap(d->roster, q->now, q->now + gap, &begin, &end)) {
		json_t *g = json_object();

		query_put(g, "begin", json_integer(begin));
		query_put(g, "end", json_integer(end));
		query_put(o, "gap", g);
	}
	query_put(o, "on_duty", query_on_duty(q, d));
	query_put(o, "remarks", query_duty_remark_list(q));
	return o;
}
