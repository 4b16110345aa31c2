/*
 * The register, folded from this station's own KIND_STAFF messages (duty_staff.h).
 *
 * Promises: a number in force changes only by two persons; whoever has left keeps his numbers (coming back is no way around the second person),
 * and is not found as long as he is away; the same messages in any order make the same register.  What is permitted is asked before it is
 * written (station_duty.c); a message that should not be there moves nothing here.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include "../formats/buf.h"
#include "duty_kept.h"
#include "duty_staff.h"

struct proposal {	/* every one there was */
	struct staff_change c;
	bool open;
};

struct staff {
	struct staff *self;		/* to be put in order by who only asks */
	bool unsorted;
	struct kept kept;
	struct staff_person *p;		/* persons by (left, name, unit) */
	size_t n;
	struct staff_person *st;	/* stations, name "", by code */
	size_t nst;
	struct proposal *prop;
	size_t nprop;
	struct staff_change *open;	/* those of them that wait */
	size_t nopen;
};

struct staff *
staff_new(void)
{
	struct staff *s = xcalloc(1, sizeof *s);

	s->self = s;
	return s;
}

static void
clear_persons(struct staff_person *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(p[i].number);
		free(p[i].backup);
	}
	free(p);
}

static void
clear(struct staff *s)
{
	clear_persons(s->p, s->n);
	clear_persons(s->st, s->nst);
	free(s->prop);
	free(s->open);
	s->p = s->st = NULL;
	s->prop = NULL;
	s->open = NULL;
	s->n = s->nst = s->nprop = s->nopen = 0;
}

void
staff_free(struct staff *s)
{
	if (s == NULL)
		return;
	clear(s);
	kept_free(&s->kept);
	free(s);
}

/* ---- looking up ---- */

static struct staff_person *
find(const struct staff *s, const char *unit, const char *name)
{
	if (*name == '\0') {
		for (size_t i = 0; i < s->nst; i++)
			if (strcmp(s->st[i].unit, unit) == 0)
				return &s->st[i];
		return NULL;
	}
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->p[i].name, name) == 0 && strcmp(s->p[i].unit, unit) == 0)
			return &s->p[i];
	return NULL;
}

/* An entry, made where there is none; the arrays are sorted when the message is done with. */
static struct staff_person *
entry(struct staff *s, const char *unit, const char *name)
{
	struct staff_person *p = find(s, unit, name), **list = *name == '\0' ? &s->st : &s->p;
	size_t *n = *name == '\0' ? &s->nst : &s->n;

	if (p != NULL)
		return p;
	*list = xreallocarray(*list, *n + 1, sizeof **list);
	p = &(*list)[(*n)++];
	*p = (struct staff_person){.left = false};
	(void)snprintf(p->name, sizeof p->name, "%s", name);
	(void)snprintf(p->unit, sizeof p->unit, "%s", unit);
	return p;
}

static int
by_name(const void *a, const void *b)
{
	const struct staff_person *x = a, *y = b;
	int c;

	if (x->left != y->left)
		return x->left ? 1 : -1;
	c = strcmp(x->name, y->name);
	return c != 0 ? c : strcmp(x->unit, y->unit);
}

static struct staff_number *
number(struct staff_person *p, int of)
{
	for (size_t i = 0; i < p->nnumber; i++)
		if (p->number[i].of == of)
			return &p->number[i];
	return NULL;
}

/* Puts a number in force.  A first: the order of the enumeration. */
static void
set_number(struct staff_person *p, int of, const char *phone, const struct msgid *by)
{
	struct staff_number *n = number(p, of);
	size_t i;

	if (n == NULL) {
		p->number = xreallocarray(p->number, p->nnumber + 1, sizeof *p->number);
		for (i = p->nnumber; i > 0 && p->number[i - 1].of > of; i--)
			p->number[i] = p->number[i - 1];
		p->nnumber++;
		n = &p->number[i];
	} else if (strcmp(n->phone, phone) == 0)
		return;	/* the same again: what is known of it stands */
	*n = (struct staff_number){.of = of, .by = *by};
	(void)snprintf(n->phone, sizeof n->phone, "%s", phone);
}

/* ---- the steps ---- */

static bool
had(const struct staff *s, const char *unit, const char *name, int of)
{
	struct staff_person *p = find(s, unit, name);

	if (p != NULL && number(p, of) != NULL)
		return true;
	for (size_t i = 0; i < s->nprop; i++)
		if (s->prop[i].c.of == of && strcmp(s->prop[i].c.person, name) == 0 && strcmp(s->prop[i].c.station, unit) == 0)
			return true;
	return false;
}

static int
sort_of_number(const struct body *b, bool person)
{
	int of = body_enum(b, F_NUMBER_OF);

	return of != 0 ? of : person ? NUMBER_A : NUMBER_DUTY;
}

static void
take_backups(struct staff_person *p, const struct body *b)
{
	for (const struct value *v = body_first(b, F_BACKUP); v != NULL; v = body_next(b, v)) {
		bool there = false;

		for (size_t i = 0; i < p->nbackup && !there; i++)
			there = strcmp(p->backup[i], v->u.text.s) == 0;
		if (there)
			continue;
		p->backup = xreallocarray(p->backup, p->nbackup + 1, sizeof *p->backup);
		(void)snprintf(p->backup[p->nbackup++], sizeof *p->backup, "%.96s", v->u.text.s);
	}
}

static void
take_person(struct staff *s, const struct kept_msg *m, const char *unit, const char *name)
{
	bool free_number = body_said(m->body, F_PHONE) != NULL &&
	    !had(s, unit, name, sort_of_number(m->body, *name != '\0'));
	struct staff_person *p = entry(s, unit, name);
	int role = body_enum(m->body, F_DUTY_ROLE);
	char phone[49];

	p->left = false;
	if (body_first(m->body, F_REFS) != NULL) {
		p->roles = 0;
		p->nbackup = 0;
	}
	if (body_said(m->body, F_POST) != NULL)
		kept_text(m->body, F_POST, p->post, sizeof p->post);
	if (role > 0 && role < 32)
		p->roles |= 1u << role;
	take_backups(p, m->body);
	if (free_number) {
		kept_text(m->body, F_PHONE, phone, sizeof phone);
		set_number(p, sort_of_number(m->body, *name != '\0'), phone, &m->id);
	}
}

static void
take_left(struct staff *s, const char *unit, const char *name)
{
	struct staff_person *p = find(s, unit, name);

	if (p != NULL && *name != '\0') {
		p->left = true;
		p->roles = 0;	/* who returns is given his part anew; his numbers stay */
	}
}

static void
take_number(struct staff *s, const struct kept_msg *m, const char *unit, const char *name)
{
	struct proposal *q;

	if (body_said(m->body, F_PHONE) == NULL)
		return;
	s->prop = xreallocarray(s->prop, s->nprop + 1, sizeof *s->prop);
	q = &s->prop[s->nprop++];
	*q = (struct proposal){.open = true};
	q->c.id = m->id;
	q->c.at = m->at;
	q->c.of = sort_of_number(m->body, *name != '\0');
	(void)snprintf(q->c.person, sizeof q->c.person, "%s", name);
	(void)snprintf(q->c.station, sizeof q->c.station, "%s", unit);
	kept_text(m->body, F_PHONE, q->c.phone, sizeof q->c.phone);
	kept_text(m->body, F_AUTHOR, q->c.by, sizeof q->c.by);
	if (*q->c.by == '\0')
		kept_text(m->body, F_SEAT, q->c.by, sizeof q->c.by);
}

static void
take_decision(struct staff *s, const struct kept_msg *m, bool confirmed)
{
	char by[97];

	kept_text(m->body, F_AUTHOR, by, sizeof by);
	for (const struct value *v = body_first(m->body, F_REFS); v != NULL; v = body_next(m->body, v))
		for (size_t i = 0; i < s->nprop; i++) {
			struct proposal *q = &s->prop[i];

			if (!q->open || msgid_cmp(&q->c.id, &v->u.id) != 0)
				continue;
			/* one person twice is one person */
			if (confirmed && (*by == '\0' || strcmp(by, q->c.by) == 0))
				continue;
			q->open = false;
			if (confirmed)
				set_number(entry(s, q->c.station, q->c.person), q->c.of, q->c.phone, &m->id);
		}
}

/* A number was dialled.  Without the number itself: the one in force of that sort. */
static void
take_tried(struct staff *s, const struct kept_msg *m, const char *unit, const char *name)
{
	struct staff_person *p = find(s, unit, name);
	int outcome = body_enum(m->body, F_OUTCOME), of = body_enum(m->body, F_NUMBER_OF);
	char phone[49];

	kept_text(m->body, F_PHONE, phone, sizeof phone);
	for (size_t i = 0; p != NULL && outcome != 0 && i < p->nnumber; i++) {
		struct staff_number *n = &p->number[i];

		if (*phone != '\0' ? strcmp(n->phone, phone) != 0 : n->of != (of != 0 ? of : p->number[0].of))
			continue;
		if (m->at < n->tried)
			continue;
		n->tried = m->at;
		n->outcome = outcome;
		if (outcome == OUTCOME_REACHED)
			n->verified = m->at;
		if (*phone == '\0')
			break;
	}
}

static void
apply(struct staff *s, const struct kept_msg *m)
{
	char name[97] = "", unit[STATION_MAX];

	kept_text(m->body, F_REGARDING, unit, sizeof unit);
	if (m->kind == KIND_ROLLCALL) {
		if (*unit != '\0' && body_said(m->body, F_PHONE) != NULL)
			take_tried(s, m, unit, "");
		return;
	}
	kept_text(m->body, F_PERSON, name, sizeof name);
	switch (body_enum(m->body, F_DUTY_STEP)) {
	case DUTY_PERSON:
		if (*name != '\0' || *unit != '\0')
			take_person(s, m, unit, name);
		break;
	case DUTY_LEFT:
		take_left(s, unit, name);
		break;
	case DUTY_NUMBER:
		if (*name != '\0' || *unit != '\0')
			take_number(s, m, unit, name);
		break;
	case DUTY_NUMBER_CONFIRMED:
		take_decision(s, m, true);
		break;
	case DUTY_NUMBER_DECLINED:
		take_decision(s, m, false);
		break;
	case DUTY_NUMBER_TRIED:
		take_tried(s, m, unit, name);
		break;
	default:
		break;
	}
}

/* Names in order, and what waits for a second person. */
static void
finish(struct staff *s)
{
	s->unsorted = false;
	if (s->n > 1)
		qsort(s->p, s->n, sizeof *s->p, by_name);
	for (size_t i = 1; i < s->nst; i++)	/* few, and nearly in order */
		for (size_t k = i; k > 0 && strcmp(s->st[k - 1].unit, s->st[k].unit) > 0; k--) {
			struct staff_person swap = s->st[k];

			s->st[k] = s->st[k - 1];
			s->st[k - 1] = swap;
		}
	s->nopen = 0;
	for (size_t i = 0; i < s->nprop; i++)
		if (s->prop[i].open) {
			s->open = xreallocarray(s->open, s->nopen + 1, sizeof *s->open);
			s->open[s->nopen++] = s->prop[i].c;
		}
}

void
staff_take(struct staff *s, const struct duty_msg *m)
{
	bool again, last;

	if (!m->own || (m->kind != KIND_STAFF && m->kind != KIND_ROLLCALL))
		return;
	if (m->kind == KIND_ROLLCALL && body_said(m->body, F_PHONE) == NULL)
		return;
	last = kept_add(&s->kept, m, &again);
	if (again)
		return;
	if (last)
		apply(s, &s->kept.m[s->kept.n - 1]);
	else {
		clear(s);
		for (size_t i = 0; i < s->kept.n; i++)
			apply(s, &s->kept.m[i]);
	}
	s->unsorted = true;
}

/* ---- asking ---- */

static void
ready(const struct staff *s)
{
	if (s->unsorted)
		finish(s->self);
}

size_t
staff_count(const struct staff *s)
{
	ready(s);
	return s->n;
}

const struct staff_person *
staff_at(const struct staff *s, size_t i)
{
	ready(s);
	return i < s->n ? &s->p[i] : NULL;
}

const struct staff_person *
staff_find_at(const struct staff *s, const char *unit, const char *name)
{
	const struct staff_person *p;

	ready(s);
	p = *name != '\0' ? find(s, unit, name) : NULL;
	return p != NULL && !p->left ? p : NULL;
}

const struct staff_person *
staff_find(const struct staff *s, const char *name)
{
	return staff_find_at(s, "", name);
}

size_t
staff_changes(const struct staff *s, const struct staff_change **out)
{
	ready(s);
	*out = s->open;
	return s->nopen;
}

const struct staff_change *
staff_change(const struct staff *s, const struct msgid *id)
{
	ready(s);
	for (size_t i = 0; i < s->nopen; i++)
		if (msgid_cmp(&s->open[i].id, id) == 0)
			return &s->open[i];
	return NULL;
}

const struct staff_person *
staff_station(const struct staff *s, const char *station)
{
	ready(s);
	return *station != '\0' ? find(s, station, "") : NULL;
}

size_t
staff_stations(const struct staff *s, const struct staff_person **out)
{
	ready(s);
	*out = s->st;
	return s->nst;
}

const struct staff_number *
staff_number(const struct staff_person *p, int of)
{
	for (size_t i = 0; p != NULL && i < p->nnumber; i++)
		if (p->number[i].of == of)
			return &p->number[i];
	return NULL;
}

bool
staff_had(const struct staff *s, const char *unit, const char *name, int of)
{
	return had(s, unit, name, of);
}

bool
staff_stale(const struct staff_number *n, int64_t now, int64_t days)
{
	assert(days >= 0);
	return n->verified == 0 || n->outcome == OUTCOME_WRONG || now - n->verified > days * INT64_C(86400000);
}
