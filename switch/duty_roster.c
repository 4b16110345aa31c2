/*
 * The roster, folded from this station's own KIND_ROSTER messages (duty_roster.h).
 *
 * Promises: the same messages in any order make the same roster; a swap moves nobody before three have said so; whoever has said that he cannot come
 * leaves his place visibly empty, he is not taken out of it.  Who is responsible at this moment is not said here but by duty_watch.c: the roster is
 * a plan.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include "../formats/buf.h"
#include "duty_kept.h"
#include "duty_roster.h"

struct planned {
	struct roster_shift now;	/* with swaps and those unable */
	struct msgid *was;		/* ids of the shifts it took the place of */
	size_t nwas;
	bool gone;			/* replaced */
};

struct roster {
	struct roster *self;		/* to be put in order by who only asks */
	bool unsorted;			/* `at` is not made of the plan yet: years of shifts are taken in one go at the start */
	struct kept kept;
	struct planned *plan;
	size_t nplan;
	struct roster_shift *at;	/* those that stand, by from */
	size_t n;
	struct roster_swap *swap;	/* newest first */
	size_t nswap;
};

struct roster *
roster_new(void)
{
	struct roster *r = xcalloc(1, sizeof *r);

	r->self = r;
	return r;
}

static void
clear(struct roster *r)
{
	for (size_t i = 0; i < r->nplan; i++)
		free(r->plan[i].was);
	free(r->plan);
	free(r->at);
	free(r->swap);
	r->plan = NULL;
	r->at = NULL;
	r->swap = NULL;
	r->nplan = r->n = r->nswap = 0;
}

void
roster_free(struct roster *r)
{
	if (r == NULL)
		return;
	clear(r);
	kept_free(&r->kept);
	free(r);
}

/* ---- names ---- */

static void
name_put(char (*list)[97], size_t *n, size_t max, const char *name)
{
	if (*name == '\0')
		return;
	for (size_t i = 0; i < *n; i++)
		if (strcmp(list[i], name) == 0)
			return;
	if (*n < max)
		(void)snprintf(list[(*n)++], 97, "%.96s", name);
}

static bool
name_in(const char (*list)[97], size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i], name) == 0)
			return true;
	return false;
}

bool
roster_on(const struct roster_shift *s, const char *person)
{
	return *person != '\0' && (name_in(s->officer, s->nofficer, person) || name_in(s->leader, 2, person));
}

/* ---- shifts ---- */

/* The plan an id stands for now; NULL: none. */
static struct planned *
plan_of(const struct roster *r, const struct msgid *id)
{
	for (size_t i = 0; i < r->nplan; i++) {
		struct planned *p = &r->plan[i];

		if (p->gone)
			continue;
		if (msgid_cmp(&p->now.id, id) == 0)
			return p;
		for (size_t k = 0; k < p->nwas; k++)
			if (msgid_cmp(&p->was[k], id) == 0)
				return p;
	}
	return NULL;
}

static void
take_shift(struct roster *r, const struct kept_msg *m)
{
	struct planned p = {.now = {.id = m->id}};
	struct roster_shift *s = &p.now;
	char name[97];
	size_t leaders = 0;

	if (!body_time(m->body, F_PERIOD_FROM, &s->from) || !body_time(m->body, F_PERIOD_TO, &s->to) || s->from >= s->to)
		return;
	kept_text(m->body, F_SHIFT, s->name, sizeof s->name);
	for (const struct value *v = body_first(m->body, F_DUTY_LEADER); v != NULL; v = body_next(m->body, v))
		name_put(s->leader, &leaders, 2, v->u.text.s);
	kept_text(m->body, F_DUTY_SENIOR, name, sizeof name);
	name_put(s->officer, &s->nofficer, ROSTER_PEOPLE, name);
	for (const struct value *v = body_first(m->body, F_DUTY_OFFICER); v != NULL; v = body_next(m->body, v))
		name_put(s->officer, &s->nofficer, ROSTER_PEOPLE, v->u.text.s);
	for (const struct value *v = body_first(m->body, F_REFS); v != NULL; v = body_next(m->body, v)) {
		struct planned *old = plan_of(r, &v->u.id);

		if (old == NULL)
			continue;
		old->gone = true;
		p.was = xreallocarray(p.was, p.nwas + old->nwas + 1, sizeof *p.was);
		p.was[p.nwas++] = old->now.id;
		for (size_t k = 0; k < old->nwas; k++)
			p.was[p.nwas++] = old->was[k];
	}
	r->plan = xreallocarray(r->plan, r->nplan + 1, sizeof *r->plan);
	r->plan[r->nplan++] = p;
}

/* One person's name for another's, where he stood. */
static void
replace(struct roster_shift *s, const char *from, const char *to)
{
	if (roster_on(s, to))
		return;
	for (size_t i = 0; i < s->nofficer; i++)
		if (strcmp(s->officer[i], from) == 0)
			(void)snprintf(s->officer[i], sizeof s->officer[i], "%s", to);
	for (size_t i = 0; i < 2; i++)
		if (strcmp(s->leader[i], from) == 0)
			(void)snprintf(s->leader[i], sizeof s->leader[i], "%s", to);
}

static void
take_unable(struct roster *r, const struct kept_msg *m)
{
	const struct value *ref = body_first(m->body, F_REFS);
	char name[97];

	kept_text(m->body, F_PERSON, name, sizeof name);
	for (size_t i = 0; i < r->nplan; i++) {
		struct roster_shift *s = &r->plan[i].now;

		if (r->plan[i].gone || !roster_on(s, name))
			continue;
		if (ref != NULL ? plan_of(r, &ref->u.id) == &r->plan[i] : s->to > m->at)
			name_put(s->unable, &s->nunable, ROSTER_PEOPLE, name);
	}
}

/* ---- swaps ---- */

static struct roster_swap *
swap_of(const struct roster *r, const struct msgid *id)
{
	for (size_t i = 0; i < r->nswap; i++)
		if (msgid_cmp(&r->swap[i].id, id) == 0)
			return &r->swap[i];
	return NULL;
}

static void
put_in_force(struct roster *r, struct roster_swap *w)
{
	struct planned *p = plan_of(r, &w->shift), *o = msgid_is_set(&w->other) ? plan_of(r, &w->other) : NULL;

	if (w->in_force || w->declined || !w->approved || !w->consented[0] || !w->consented[1])
		return;
	w->in_force = true;
	if (p != NULL)
		replace(&p->now, w->from, w->to);
	if (o != NULL)
		replace(&o->now, w->to, w->from);
}

static void
take_swap(struct roster *r, const struct kept_msg *m)
{
	const struct value *ref = body_first(m->body, F_REFS), *other = ref != NULL ? body_next(m->body, ref) : NULL;
	struct roster_swap *w;

	if (ref == NULL)
		return;
	r->swap = xreallocarray(r->swap, r->nswap + 1, sizeof *r->swap);
	memmove(r->swap + 1, r->swap, r->nswap++ * sizeof *r->swap);
	w = &r->swap[0];
	*w = (struct roster_swap){.id = m->id, .shift = ref->u.id, .at = m->at};
	if (other != NULL)
		w->other = other->u.id;
	kept_text(m->body, F_OUTGOING, w->from, sizeof w->from);
	kept_text(m->body, F_INCOMING, w->to, sizeof w->to);
	kept_text(m->body, F_AUTHOR, w->by, sizeof w->by);
	w->consented[0] = strcmp(w->by, w->from) == 0 && *w->by != '\0';
	w->consented[1] = strcmp(w->by, w->to) == 0 && *w->by != '\0';
}

static void
take_said(struct roster *r, const struct kept_msg *m, int step)
{
	char name[97];

	kept_text(m->body, F_PERSON, name, sizeof name);
	for (const struct value *v = body_first(m->body, F_REFS); v != NULL && *name != '\0'; v = body_next(m->body, v)) {
		struct roster_swap *w = swap_of(r, &v->u.id);
		bool one = w != NULL && strcmp(name, w->from) == 0, two = w != NULL && strcmp(name, w->to) == 0;

		if (w == NULL || w->in_force || w->declined)
			continue;
		if (step == DUTY_SWAP_CONSENT) {
			w->consented[0] |= one;
			w->consented[1] |= two;
		} else if (step == DUTY_SWAP_APPROVED && !one && !two) {
			w->approved = true;
			(void)snprintf(w->approver, sizeof w->approver, "%s", name);
		} else if (step == DUTY_SWAP_DECLINED) {
			w->declined = true;
			(void)snprintf(w->declined_by, sizeof w->declined_by, "%s", name);
		}
		put_in_force(r, w);
	}
}

/* ---- the whole ---- */

static void
apply(struct roster *r, const struct kept_msg *m)
{
	int step = body_enum(m->body, F_DUTY_STEP);
	struct planned *p;

	switch (step) {
	case DUTY_SHIFT:
		take_shift(r, m);
		break;
	case DUTY_SHIFT_CANCELLED:
		for (const struct value *v = body_first(m->body, F_REFS); v != NULL; v = body_next(m->body, v))
			if ((p = plan_of(r, &v->u.id)) != NULL)
				p->now.cancelled = true;
		break;
	case DUTY_SWAP:
		take_swap(r, m);
		break;
	case DUTY_SWAP_CONSENT:
	case DUTY_SWAP_APPROVED:
	case DUTY_SWAP_DECLINED:
		take_said(r, m, step);
		break;
	case DUTY_UNABLE:
		take_unable(r, m);
		break;
	default: /* sign-on and stay are the watch's */
		break;
	}
}

static int
by_from(const void *a, const void *b)
{
	const struct roster_shift *x = a, *y = b;

	if (x->from != y->from)
		return x->from < y->from ? -1 : 1;
	return msgid_cmp(&x->id, &y->id);
}

static void
finish(struct roster *r)
{
	r->unsorted = false;
	r->n = 0;
	r->at = xreallocarray(r->at, r->nplan + 1, sizeof *r->at);
	for (size_t i = 0; i < r->nplan; i++)
		if (!r->plan[i].gone && !r->plan[i].now.cancelled)
			r->at[r->n++] = r->plan[i].now;
	if (r->n > 1)
		qsort(r->at, r->n, sizeof *r->at, by_from);
}

void
roster_take(struct roster *r, const struct duty_msg *m)
{
	bool again, last;

	if (!m->own || m->kind != KIND_ROSTER)
		return;
	last = kept_add(&r->kept, m, &again);
	if (again)
		return;
	if (last)
		apply(r, &r->kept.m[r->kept.n - 1]);
	else {
		clear(r);
		for (size_t i = 0; i < r->kept.n; i++)
			apply(r, &r->kept.m[i]);
	}
	r->unsorted = true;
}

/* ---- asking ---- */

static void
ready(const struct roster *r)
{
	if (r->unsorted)
		finish(r->self);
}

size_t
roster_count(const struct roster *r)
{
	ready(r);
	return r->n;
}

const struct roster_shift *
roster_at(const struct roster *r, size_t i)
{
	ready(r);
	return i < r->n ? &r->at[i] : NULL;
}

const struct roster_shift *
roster_shift(const struct roster *r, int64_t t)
{
	const struct roster_shift *s = NULL;

	ready(r);
	/* where two overlap after all (one given back after a restore), the one that began last */
	for (size_t i = 0; i < r->n && r->at[i].from <= t; i++)
		if (t < r->at[i].to)
			s = &r->at[i];
	return s;
}

const struct roster_shift *
roster_next(const struct roster *r, int64_t t)
{
	ready(r);
	for (size_t i = 0; i < r->n; i++)
		if (r->at[i].from > t)
			return &r->at[i];
	return NULL;
}

const struct roster_shift *
roster_find(const struct roster *r, const struct msgid *id)
{
	const struct planned *p = plan_of(r, id);

	ready(r);
	for (size_t i = 0; p != NULL && i < r->n; i++)
		if (msgid_cmp(&r->at[i].id, &p->now.id) == 0)
			return &r->at[i];
	return NULL;
}

const struct roster_shift *
roster_overlap(const struct roster *r, int64_t from, int64_t to, const struct msgid *but)
{
	const struct planned *own = but != NULL ? plan_of(r, but) : NULL;

	ready(r);
	for (size_t i = 0; i < r->n; i++)
		if (r->at[i].from < to && from < r->at[i].to &&
		    (own == NULL || msgid_cmp(&r->at[i].id, &own->now.id) != 0))
			return &r->at[i];
	return NULL;
}

const struct roster_swap *
roster_swap(const struct roster *r, const struct msgid *id)
{
	return swap_of(r, id);
}

size_t
roster_swaps(const struct roster *r, const struct roster_swap **out)
{
	*out = r->swap;
	return r->nswap;
}

/* An officer who has not said that he cannot come. */
static bool
manned(const struct roster_shift *s)
{
	for (size_t i = 0; i < s->nofficer; i++)
		if (!name_in(s->unable, s->nunable, s->officer[i]))
			return true;
	return false;
}

bool
roster_gap(const struct roster *r, int64_t from, int64_t until, int64_t *begin, int64_t *end)
{
	int64_t t = from;

	assert(from <= until);
	ready(r);
	/* by from: whatever begins at or before t carries t on */
	for (size_t i = 0; i < r->n && r->at[i].from <= t; i++)
		if (r->at[i].to > t && manned(&r->at[i])) {
			t = r->at[i].to;
			i = (size_t)-1;	/* one that began earlier may reach further */
		}
	if (t >= until)
		return false;
	*begin = t;
	*end = until;
	for (size_t i = 0; i < r->n; i++)
		if (r->at[i].from > t && r->at[i].from < *end && manned(&r->at[i]))
			*end = r->at[i].from;
	return true;
}
