/*
 * Roll calls: what was called, by which way, and who answered.
 *
 * Two ways, one list.  Over the switch one message calls many stations, each of which answers with a person's name; whether that person is on the
 * register the answering station's own switch has said (roll_check()).  By telephone one message of ours is one call and its outcome.  An answer
 * may come before its call (given back after a restore): it waits.  The result does not depend on the order of arrival.
 *
 * Who answers and is on no register has answered, and the call is marked: a duty room where the doorman takes the telephone is no duty room.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "../formats/buf.h"
#include "../formats/fault.h"
#include "../formats/i18n.h"
#include "../formats/text.h"
#include "duty_roll.h"
#include "duty_staff.h"

struct answer {
	struct msgid call;
	char station[STATION_MAX];
	int64_t at;
	char person[97];
	bool on_roster, roster_known;
};

struct rolls {
	struct roll *v;		/* by time, then id, then station */
	size_t n, cap;
	struct answer *a;	/* the first of each station to each call */
	size_t na, capa;
	struct roll_owed *come;	/* all that came to us */
	size_t ncome, capcome;
	struct msgid *given;	/* calls we have answered */
	size_t ngiven, capgiven;
	struct roll_owed *owed;	/* for rolls_owed() */
	size_t nowed;
};

struct rolls *
rolls_new(void)
{
	return xcalloc(1, sizeof(struct rolls));
}

void
rolls_free(struct rolls *r)
{
	if (r == NULL)
		return;
	free(r->v);
	free(r->a);
	free(r->come);
	free(r->given);
	free(r->owed);
	free(r);
}

static void
put_text(const struct body *b, uint32_t key, char *out, size_t size)
{
	const char *s = body_said(b, key);

	out[0] = '\0';
	if (s != NULL)
		(void)text_sanitise(s, strlen(s), out, size, false);
}

static bool
put_flag(const struct body *b, uint32_t key, bool *known)
{
	*known = body_first(b, key) != NULL;
	return body_flag(b, key);
}

/* When it was done: as declared, else as written, else as stored. */
static int64_t
when(const struct duty_msg *m)
{
	int64_t t = m->stored;

	if (!body_time(m->body, F_DONE_AT, &t) && m->own)
		(void)body_time(m->body, F_WRITTEN, &t);
	return t;
}

static int
roll_cmp(const struct roll *a, const struct roll *b)
{
	int c = a->at < b->at ? -1 : a->at > b->at;

	if (c == 0)
		c = msgid_cmp(&a->id, &b->id);
	return c != 0 ? c : strcmp(a->station, b->station);
}

static void
answered(struct roll *v, const struct answer *a)
{
	v->answered = a->at;
	v->outcome = OUTCOME_REACHED;
	memcpy(v->person, a->person, sizeof v->person);
	v->on_roster = a->on_roster;
	v->roster_known = a->roster_known;
}

static void
add(struct rolls *r, const struct roll *v)
{
	size_t i = r->n;
	struct roll *at;

	while (i > 0 && roll_cmp(&r->v[i - 1], v) > 0)
		i--;
	if (i > 0 && roll_cmp(&r->v[i - 1], v) == 0)
		return; /* taken already */
	if (r->n == r->cap) {
		r->cap = r->cap == 0 ? 32 : r->cap * 2;
		r->v = xreallocarray(r->v, r->cap, sizeof *r->v);
	}
	at = &r->v[i];
	memmove(at + 1, at, (r->n - i) * sizeof *at);
	r->n++;
	*at = *v;
	for (size_t k = 0; !v->phone && k < r->na; k++)
		if (msgid_cmp(&r->a[k].call, &v->id) == 0 && strcmp(r->a[k].station, v->station) == 0)
			answered(at, &r->a[k]);
}

/* ---- taking ---- */

static void
take_phone(struct rolls *r, const struct duty_msg *m, const char *station)
{
	struct roll v = {.id = m->id, .at = when(m), .phone = true, .outcome = body_enum(m->body, F_OUTCOME)};

	snprintf(v.station, sizeof v.station, "%s", station);
	(void)body_num(m->body, F_RINGS, &v.rings);
	put_text(m->body, F_ANSWERED_BY, v.person, sizeof v.person);
	if (*v.person == '\0')
		put_text(m->body, F_PERSON, v.person, sizeof v.person);
	put_text(m->body, F_PHONE, v.number, sizeof v.number);
	v.on_roster = put_flag(m->body, F_ON_ROSTER, &v.roster_known);
	v.forwarded = body_flag(m->body, F_FORWARDED);
	if (v.outcome == OUTCOME_REACHED || v.outcome == OUTCOME_BY_OTHER)
		v.answered = v.at;
	add(r, &v);
}

static void
take_sent(struct rolls *r, const struct duty_msg *m)
{
	struct roll v = {.id = m->id, .at = when(m)};

	(void)body_time(m->body, F_DUE, &v.due);
	if (v.due == 0)
		v.due = v.at; /* a call without a limit is over at once: it is shown as not answered, never as by telephone */
	for (const struct value *to = body_first(m->body, F_TO); to != NULL; to = body_next(m->body, to)) {
		snprintf(v.station, sizeof v.station, "%s", to->u.text.s);
		add(r, &v);
	}
}

static void
take_come(struct rolls *r, const struct duty_msg *m)
{
	struct roll_owed *o;

	for (size_t i = 0; i < r->ncome; i++)
		if (msgid_cmp(&r->come[i].id, &m->id) == 0)
			return;
	if (r->ncome == r->capcome) {
		r->capcome = r->capcome == 0 ? 8 : r->capcome * 2;
		r->come = xreallocarray(r->come, r->capcome, sizeof *r->come);
	}
	o = &r->come[r->ncome++];
	memset(o, 0, sizeof *o);
	o->id = m->id;
	snprintf(o->from, sizeof o->from, "%s", m->id.origin);
	o->at = m->stored;
	(void)body_time(m->body, F_DUE, &o->due);
}

static void
take_given(struct rolls *r, const struct msgid *call)
{
	if (r->ngiven == r->capgiven) {
		r->capgiven = r->capgiven == 0 ? 8 : r->capgiven * 2;
		r->given = xreallocarray(r->given, r->capgiven, sizeof *r->given);
	}
	r->given[r->ngiven++] = *call;
}

static void
take_answer(struct rolls *r, const struct duty_msg *m, const struct msgid *call)
{
	struct answer *a = NULL;

	for (size_t i = 0; i < r->na; i++)
		if (msgid_cmp(&r->a[i].call, call) == 0 && strcmp(r->a[i].station, m->id.origin) == 0)
			a = &r->a[i];
	if (a != NULL && a->at <= m->stored)
		return; /* the first one counts */
	if (a == NULL) {
		if (r->na == r->capa) {
			r->capa = r->capa == 0 ? 16 : r->capa * 2;
			r->a = xreallocarray(r->a, r->capa, sizeof *r->a);
		}
		a = &r->a[r->na++];
	}
	memset(a, 0, sizeof *a);
	a->call = *call;
	snprintf(a->station, sizeof a->station, "%s", m->id.origin);
	a->at = m->stored;
	put_text(m->body, F_PERSON, a->person, sizeof a->person);
	a->on_roster = put_flag(m->body, F_ON_ROSTER, &a->roster_known);
	for (size_t i = 0; i < r->n; i++)
		if (!r->v[i].phone && msgid_cmp(&r->v[i].id, call) == 0 && strcmp(r->v[i].station, a->station) == 0)
			answered(&r->v[i], a);
}

void
rolls_take(struct rolls *r, const struct duty_msg *m)
{
	const struct value *about = body_first(m->body, F_REGARDING);

	free(r->owed);
	r->owed = NULL;
	r->nowed = 0;
	if (m->kind == KIND_ROLLCALL && m->own && about != NULL)
		take_phone(r, m, about->u.text.s);
	else if (m->kind == KIND_ROLLCALL && m->own)
		take_sent(r, m);
	else if (m->kind == KIND_ROLLCALL && about == NULL)
		take_come(r, m);
	else if (m->kind == KIND_ROLLANSWER)
		for (const struct value *v = body_first(m->body, F_REFS); v != NULL; v = body_next(m->body, v)) {
			if (m->own)
				take_given(r, &v->u.id);
			else
				take_answer(r, m, &v->u.id);
		}
}

/* ---- asking ---- */

size_t
rolls_count(const struct rolls *r)
{
	return r->n;
}

const struct roll *
rolls_at(const struct rolls *r, size_t i)
{
	assert(i < r->n);
	return &r->v[r->n - 1 - i];
}

const struct roll *
rolls_last(const struct rolls *r, const char *station)
{
	for (size_t i = r->n; i-- > 0;)
		if (strcmp(r->v[i].station, station) == 0)
			return &r->v[i];
	return NULL;
}

static bool
is_given(const struct rolls *r, const struct msgid *call)
{
	for (size_t i = 0; i < r->ngiven; i++)
		if (msgid_cmp(&r->given[i], call) == 0)
			return true;
	return false;
}

size_t
rolls_owed(const struct rolls *ro, const struct roll_owed **out)
{
	struct rolls *r = (struct rolls *)(uintptr_t)ro; /* what is made of it once a message */

	if (r->owed == NULL && r->ncome > 0) {
		r->owed = xcalloc(r->ncome, sizeof *r->owed);
		for (size_t i = 0; i < r->ncome; i++)
			if (!is_given(r, &r->come[i].id))
				r->owed[r->nowed++] = r->come[i];
	}
	*out = r->owed;
	return r->nowed;
}

bool
roll_good(const struct roll *v, int64_t rings)
{
	/* Nobody has said that he is on the register: an answer it is, a good one it is not known to be. */
	if (v->answered == 0 || v->forwarded || !v->roster_known || !v->on_roster)
		return false;
	return v->phone ? v->rings <= rings : v->answered <= v->due;
}

void
rolls_sum(const struct rolls *r, int64_t since, int64_t now, int64_t rings, struct roll_sums *sum)
{
	memset(sum, 0, sizeof *sum);
	for (size_t i = r->n; i-- > 0 && r->v[i].at >= since;) {
		const struct roll *v = &r->v[i];

		sum->called++;
		sum->reached += v->answered != 0;
		sum->in_time += v->answered != 0 && (v->phone ? v->rings <= rings : v->answered <= v->due);
		sum->not_on_roster += v->answered != 0 && v->roster_known && !v->on_roster;
		sum->empty += v->outcome == OUTCOME_WRONG;
		sum->forwarded += v->forwarded;
		sum->pending += v->answered == 0 && !v->phone && v->due > now;
		sum->silent += v->answered == 0 && v->outcome != OUTCOME_WRONG && (v->phone || v->due <= now);
	}
}

/* ---- drawing ---- */

static int
candidate_cmp(const void *va, const void *vb)
{
	const struct roll_candidate *a = va, *b = vb;

	if (a->called != b->called)
		return a->called ? 1 : -1;
	if (a->silent != b->silent)
		return a->silent ? -1 : 1;
	if (a->lot != b->lot)
		return a->lot < b->lot ? -1 : 1;
	return strcmp(a->station, b->station);
}

void
roll_draw(struct roll_candidate *c, size_t n, const char *self, int64_t day)
{
	for (size_t i = 0; i < n; i++) {
		uint8_t digest[DIGEST_LEN];
		char text[64 + 2 * STATION_MAX];
		int len = snprintf(text, sizeof text, "draw %lld %s %s", (long long)(day / 86400000), self, c[i].station);

		digest_of(text, (size_t)len, digest);
		c[i].lot = 0;
		for (size_t k = 0; k < 8; k++)
			c[i].lot = c[i].lot << 8 | digest[k];
	}
	if (n > 1)
		qsort(c, n, sizeof *c, candidate_cmp);
}

/* ---- filling in ---- */

/* 1 on the register of that station ("" ours), 0 not, -1: there is none to go by. */
static int
on_register(const struct staff *staff, const char *name, const char *station)
{
	bool any = false;

	for (size_t i = 0; staff != NULL && i < staff_count(staff); i++) {
		const struct staff_person *p = staff_at(staff, i);

		if (p->left || strcmp(p->unit, station) != 0 || *p->name == '\0')
			continue;
		any = true;
		if (strcmp(p->name, name) == 0)
			return 1;
	}
	return any ? 0 : -1;
}

static void
fill_on_register(const struct duty *d, struct body *b, const char *name, const char *station)
{
	int on = on_register(d != NULL ? d->staff : NULL, name, station);

	if (on >= 0)
		body_set_num(b, F_ON_ROSTER, on);
}

static int
check_phone(const struct duty *d, struct body *b, const char *station, struct fault *f)
{
	const char *name = body_said(b, F_ANSWERED_BY);

	if (body_first(b, F_TO) != NULL)
		return fault_set(f, EX_DATAERR, "to", _("a roll call by telephone is a record of this station and goes to nobody"));
	if (body_enum(b, F_OUTCOME) == 0)
		return fault_set(f, EX_DATAERR, "outcome", _("what came of the call?"));
	if (name == NULL && body_enum(b, F_OUTCOME) == OUTCOME_REACHED)
		return fault_set(f, EX_DATAERR, "answered_by", _("who answered the roll call?  A call that reached the duty room has a name"));
	if (name == NULL)
		return 0;
	if (body_first(b, F_ON_ROSTER) == NULL)
		fill_on_register(d, b, name, station);
	return 0;
}

int
roll_check(const struct duty *d, const struct rules *rules, int64_t now, struct body *b, struct fault *f)
{
	const struct value *about = body_first(b, F_REGARDING);
	char station[STATION_MAX];

	if (body_enum(b, F_KIND) == KIND_ROLLANSWER) {
		const char *name = body_said(b, F_PERSON);

		if (name == NULL)
			return fault_set(f, EX_DATAERR, "person", _("a roll call is answered by a named person"));
		body_unset(b, F_ON_ROSTER);
		fill_on_register(d, b, name, "");
		return 0;
	}
	if (body_enum(b, F_KIND) != KIND_ROLLCALL)
		return 0;
	if (about != NULL) {
		snprintf(station, sizeof station, "%s", about->u.text.s); /* filling in moves the values */
		return check_phone(d, b, station, f);
	}
	if (body_first(b, F_OUTCOME) != NULL || body_first(b, F_RINGS) != NULL)
		return fault_set(f, EX_DATAERR, "regarding", _("which station was called?"));
	if (body_first(b, F_DUE) == NULL)
		body_set_time(b, F_DUE, now + rules_number(rules, NUMBER_ROLL_MINUTES) * 60000);
	return 0;
}
