/*
 * The tick of chasing.
 *
 * Everything owed is planned anew each time from the messages and the rules (chase.c); what has rung is asked of the journal.  So nothing is lost by a
 * restart, and nothing rings twice.  A tick writes so many messages at most, the live before the exercise, the more urgent first; the rest follows
 * with the next tick, which comes at once.
 *
 * Whom a rung calls is looked up when it rings.  Where that person is not known, or has no telephone and is to be telephoned, the rung goes one
 * further, and row 1 says so: a call that reaches nobody must not look like one that was made.  Who has no number is named all the same: whoever
 * hears the bell may know where he is.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "../formats/i18n.h"
#include "chase.h"
#include "duty.h"
#include "duty_chase.h"
#include "duty_staff.h"
#include "log.h"
#include "query_live.h"
#include "station_chase.h"

#define SOON 20		/* ms to the next tick while there is more */
#define TICK 30000	/* ms at most: what begins by the time alone is seen then */
#define TITLE 160
#define CALLED 8	/* who is named by one rung: each role once, and the last by two numbers */

struct plan {
	struct query *q;
	struct planned {
		struct chase_due d;
		int realm;
		char title[TITLE];
	} v[CHASE_TICK_MOST];
	size_t n;
	bool more;		/* than a tick may write */
	int64_t next;		/* ms UTC */
};

static bool
rang(void *ctx, const char *key, unsigned rung)
{
	return station_chased(((struct plan *)ctx)->q->s, key, rung);
}

/* 0: no precedence is known of it; behind those that have one. */
static int
cmp_planned(const struct planned *a, const struct planned *b)
{
	int x = a->d.it.prec != 0 ? a->d.it.prec : PREC_ROUTINE + 1, y = b->d.it.prec != 0 ? b->d.it.prec : PREC_ROUTINE + 1;

	if (a->realm != b->realm)
		return a->realm < b->realm ? -1 : 1;
	if (x != y)
		return x < y ? -1 : 1;
	return (a->d.at > b->d.at) - (a->d.at < b->d.at);
}

static void
consider(void *ctx, const struct owed_item *it, const char *key, const char *title)
{
	struct plan *p = ctx;
	struct planned one;
	int64_t next;
	size_t i;

	memset(&one, 0, sizeof one);
	if (!chase_next(p->q->conf->rules, it, key, p->q->now, rang, p, &one.d, &next)) {
		if (next < p->next)
			p->next = next;
		return;
	}
	if (next < p->next)
		p->next = next;
	one.realm = msgid_is_set(&it->about) ? it->about.realm : REALM_LIVE;
	(void)snprintf(one.title, sizeof one.title, "%s", title != NULL ? title : "");
	for (i = p->n; i > 0 && cmp_planned(&one, &p->v[i - 1]) < 0; i--)
		;
	if (i == CHASE_TICK_MOST) {
		p->more = true;
		return;
	}
	if (p->n == CHASE_TICK_MOST)
		p->more = true;
	else
		p->n++;
	memmove(&p->v[i + 1], &p->v[i], (p->n - 1 - i) * sizeof p->v[0]);
	p->v[i] = one;
}

/* ---- whom it calls ---- */

struct called {
	char to[STATION_MAX];
	char person[CALLED][192];	/* "NAME NUMBER", or the name of one without a number */
	size_t n;
	char told[300];		/* for row 1: why it went further; "" */
};

static const char *
role_word(enum chase_to to)
{
	switch (to) {
	case CHASE_OFFICER:
		return _("the duty officer");
	case CHASE_SECOND:
		return _("the second duty officer");
	case CHASE_SENIOR:
		return _("the senior duty officer");
	case CHASE_LEADER:
		return _("the duty leader");
	default:
		return "?";
	}
}

static bool
anybody(const struct duty *d)
{
	for (size_t i = 0; d->staff != NULL && i < staff_count(d->staff); i++)
		if (!staff_at(d->staff, i)->left && staff_at(d->staff, i)->unit[0] == '\0')
			return true;
	return false;
}

static void
call_parent(const struct query *q, struct chase_due *d, struct called *c)
{
	(void)snprintf(c->to, sizeof c->to, "%s", q->parent);
	d->rung.by |= q->parent[0] != '\0' ? CHASE_BY_MESSAGE : CHASE_BY_BELL;
}

/* Named, each once: one man may be the officer and the senior. */
static void
name_numberless(struct called *c, const char *name)
{
	for (size_t i = 0; i < c->n; i++)
		if (strcmp(c->person[i], name) == 0)
			return;
	if (c->n < CALLED - 2)
		(void)snprintf(c->person[c->n++], sizeof c->person[0], "%.96s", name);
}

static void
call(const struct query *q, const struct duty *duty, struct chase_due *d, struct called *c)
{
	bool dial = (d->rung.by & (CHASE_BY_PHONE | CHASE_BY_SMS)) != 0;
	struct duty_contact who;
	enum chase_to to = d->rung.to;

	memset(c, 0, sizeof *c);
	/* At the desk the one who has it in hand now is meant (query_owed_each() knows who took it over). */
	if (to == CHASE_SEAT && (d->it.what == OWED_FEEDBACK || d->it.what == OWED_VERIFY) && d->it.person[0] != '\0')
		(void)snprintf(c->person[c->n++], sizeof c->person[0], "%s", d->it.person);
	for (; to >= CHASE_OFFICER && to <= CHASE_LEADER; to = (enum chase_to)((int)to + 1)) {
		bool known = duty != NULL && duty_who(duty, q->conf->rules, to, q->now, &who);

		if (known && (!dial || who.number[0][0] != '\0' || who.number[1][0] != '\0')) {
			for (int i = 0; i < 2; i++)
				if (who.number[i][0] != '\0' || (i == 0 && who.number[1][0] == '\0'))
					(void)snprintf(c->person[c->n++], sizeof c->person[0], "%.96s%s%.48s", who.name,
					    who.number[i][0] != '\0' ? " " : "", who.number[i]);
			return;
		}
		if (known)
			name_numberless(c, who.name);
		if (c->told[0] == '\0' && known)
			(void)snprintf(c->told, sizeof c->told, _("%s, %.97s, has no telephone number: the call goes further up"),
			    role_word(to), who.name);
		else if (c->told[0] == '\0')
			(void)snprintf(c->told, sizeof c->told, _("nobody is known as %s: the call goes further up"), role_word(to));
	}
	if (to == CHASE_PARENT && (d->rung.to == CHASE_PARENT || (duty != NULL && anybody(duty)))) {
		/* A person's rung that found nobody is heard here as well. */
		if (d->rung.to != CHASE_PARENT)
			d->rung.by |= CHASE_BY_BELL;
		call_parent(q, d, c);
	} else if (to == CHASE_SENDER && !chase_awaits(d->it.what)) {
		(void)snprintf(c->to, sizeof c->to, "%s", d->it.towards);
	} else if (c->told[0] != '\0') {
		/* No register is kept: the desk is all there is. */
		d->rung.by |= CHASE_BY_BELL;
		(void)snprintf(c->told, sizeof c->told, _("nobody is known as %s (no register is kept): the call stays at this desk"),
		    role_word(d->rung.to));
	}
}

/* 0 it stands, -1 not now. */
static int
ring(struct query *q, const struct duty *duty, struct planned *p, char *told, size_t size)
{
	char text[1024], name[160] = "";
	struct fault f = {0};
	struct called c;
	int rc;

	call(q, duty, &p->d, &c);
	if (p->d.it.towards[0] != '\0')
		(void)query_station(q, p->d.it.towards, name, sizeof name);
	chase_text(&p->d, q->now, q->zh, p->title, name[0] != '\0' ? name : p->d.it.towards, text, sizeof text);
	rc = station_chase(q->s, q->now, p->realm, &p->d, text, c.to, (const char (*)[192])c.person, c.n, NULL, &f);
	if (rc == -1) {
		log_event(LOG_LV_ERROR, "chase", "key=%s why=%s", log_quote(p->d.key), log_quote(f.text));
		return -1;
	}
	if (rc == 0 && c.told[0] != '\0' && told[0] == '\0' && p->realm == REALM_LIVE)
		(void)snprintf(told, size, "%s", c.told);
	return 0;
}

int64_t
duty_chase(const struct query_env *env, int64_t now, bool *wrote)
{
	struct query q;
	struct plan *p;
	const struct duty *duty;
	char told[300] = "";
	int64_t wait = TICK;
	bool failed;

	*wrote = false;
	query_begin(env, now, &q);
	p = xcalloc(1, sizeof *p);
	p->q = &q;
	p->next = INT64_MAX;
	failed = query_owed_each(&q, consider, p) == -1;
	duty = !failed && p->n > 0 ? station_duty(q.s) : NULL;
	for (size_t i = 0; !failed && i < p->n; i++) {
		/* The exercise waits while there is anything live to be done. */
		if (p->v[i].realm != p->v[0].realm) {
			p->more = true;
			break;
		}
		if (ring(&q, duty, &p->v[i], told, sizeof told) != 0)
			break;
		*wrote = true;
	}
	if (told[0] != '\0')
		station_alarm(q.s, "chase", told);
	if (*wrote)
		wait = SOON;
	else if (p->next != INT64_MAX && p->next - now < wait)
		wait = p->next - now < SOON ? SOON : p->next - now;
	if (failed || q.j->failed) {
		*wrote = true; /* the commit will say so */
		wait = TICK;
	}
	free(p);
	return wait;
}
