/*
 * The duty book (duty.h): reads what the journal has new of the kinds the book is about, and hands it to the parts in the order it was stored.
 *
 * Promises: nothing is stored besides the messages; asking again costs one comparison while nothing has been written; only bodies of the book's kinds
 * are decoded, found by the journal's index of kinds; an exercise moves nothing.  What two persons have destroyed is out of the book at once, as it would
 * be after a restart: the book is then made anew.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include "../formats/wire.h"
#include "duty.h"
#include "duty_roll.h"
#include "duty_roster.h"
#include "duty_staff.h"
#include "duty_watch.h"
#include "duty_zero.h"
#include "station_int.h"

struct duty_book {
	struct duty d;
	uint64_t seq;		/* of the chain: read up to here */
	size_t localised;	/* of the journal's list: looked at */
	bool made;
};

/* A local message that could come late, so the order is made here; outside entries count without an incident only. */
static const int kinds[] = {KIND_STAFF, KIND_ROSTER, KIND_HANDOVER, KIND_LOG, KIND_ROLLCALL, KIND_ROLLANSWER, KIND_ZERO, KIND_CHASE, KIND_OUTSIDE};

struct part {
	void *(*make)(void);
	void (*drop)(void *);
	void (*take)(void *, const struct duty_msg *);
	size_t at;		/* in struct duty */
};

/* The parts, in the order they are handed a message.  Each is opaque to the book. */
#define PART(name)                                                                                                                     \
	static void *name##_make(void)                                                                                                 \
	{                                                                                                                              \
		return name##_new();                                                                                                   \
	}                                                                                                                              \
	static void name##_drop(void *p)                                                                                               \
	{                                                                                                                              \
		name##_free(p);                                                                                                        \
	}                                                                                                                              \
	static void name##_give(void *p, const struct duty_msg *m)                                                                     \
	{                                                                                                                              \
		name##_take(p, m);                                                                                                     \
	}
#define ROW(name)                                                                                                                      \
	{                                                                                                                              \
		name##_make, name##_drop, name##_give, offsetof(struct duty, name)                                                     \
	}

PART(staff)
PART(roster)
PART(watch)
PART(rolls)
PART(zeros)

static const struct part parts[] = {
    ROW(staff),
    ROW(roster),
    ROW(watch),
    ROW(rolls),
    ROW(zeros),
};

static void **
slot(struct duty *d, const struct part *p)
{
	return (void **)((char *)d + p->at);
}

static void
begin(struct duty *d)
{
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
		*slot(d, &parts[i]) = parts[i].make();
}

static void
end(struct duty *d)
{
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
		parts[i].drop(*slot(d, &parts[i]));
		*slot(d, &parts[i]) = NULL;
	}
}

void
duty_free(struct duty *d)
{
	if (d == NULL)
		return;
	end(d);
	free(d);
}

void
duty_book_free(struct duty_book *book)
{
	if (book == NULL)
		return;
	end(&book->d);
	free(book);
}

/* ---- reading ---- */

struct row {
	struct msgid id;
	uint64_t seq;
	int64_t stored;
	int kind;
	struct body *body;	/* owned */
};
struct rows {
	const struct station *s;
	struct row *v;
	size_t n, cap;
	bool destroyed;		/* something was: of the book or not is not asked */
};

static int
read_row(void *ctx, const struct journal_msg *m)
{
	struct rows *r = ctx;
	struct body *b;
	struct fault f;

	if (m->id.realm != REALM_LIVE || m->destroyed || m->body.n == 0 || (b = wire_decode(m->body.p, m->body.n, &f)) == NULL)
		return 0;
	if (m->kind == KIND_OUTSIDE && msgid_is_set(&m->incident)) {
		body_free(b);
		return 0;
	}
	if (r->n == r->cap) {
		r->cap = r->cap == 0 ? 32 : r->cap * 2;
		r->v = xreallocarray(r->v, r->cap, sizeof *r->v);
	}
	r->v[r->n++] = (struct row){.id = m->id, .seq = m->seq, .stored = m->stored, .kind = m->kind, .body = b};
	return 0;
}

static int
step_row(void *ctx, const struct journal_msg *m)
{
	struct rows *r = ctx;
	struct body *b;
	struct fault f;

	if (strcmp(m->id.origin, r->s->conf.self) != 0 || m->body.n == 0 || (b = wire_decode(m->body.p, m->body.n, &f)) == NULL)
		return 0;
	r->destroyed |= body_enum(b, F_STEP) == STEP_DESTROYED;
	body_free(b);
	return r->destroyed;
}

static int
by_seq(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	return x->seq < y->seq ? -1 : x->seq > y->seq;
}

/* What is new, to the parts.  false: the journal has failed. */
static bool
read_on(struct station *s, struct duty_book *book, uint64_t upto)
{
	struct rows r = {.s = s};
	int rc = 0;

	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0] && rc != -1; i++)
		rc = s->j->ops->each_after(s->j, book->seq, kinds[i], true, read_row, &r);
	if (rc != -1 && r.n > 1)
		qsort(r.v, r.n, sizeof *r.v, by_seq);
	for (size_t i = 0; i < r.n; i++) {
		struct duty_msg m = {.id = r.v[i].id, .stored = r.v[i].stored, .kind = r.v[i].kind,
		    .own = strcmp(r.v[i].id.origin, s->conf.self) == 0, .body = r.v[i].body};

		for (size_t k = 0; rc != -1 && k < sizeof parts / sizeof parts[0]; k++)
			parts[k].take(*slot(&book->d, &parts[k]), &m);
		body_free(r.v[i].body);
	}
	free(r.v);
	book->seq = upto;
	return rc != -1;
}

static bool
is_of_book(int kind)
{
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (kinds[i] == kind)
			return true;
	return false;
}

/* A message that passed through, and turned out to be for us too, lies before what has been read. */
static bool
came_late(struct station *s, struct duty_book *book)
{
	bool late = false;

	for (; book->localised < s->j->nlocalised; book->localised++) {
		struct journal_msg m;

		memset(&m, 0, sizeof m);
		if (s->j->ops->get_message(s->j, &s->j->localised[book->localised], &m) == 0)
			late |= is_of_book(m.kind);
		buf_free(&m.body);
	}
	return late;
}

static bool
was_destroyed(struct station *s, const struct duty_book *book)
{
	struct rows r = {.s = s};

	(void)s->j->ops->each_after(s->j, book->seq, KIND_STEP, true, step_row, &r);
	return r.destroyed;
}

const struct duty *
station_duty(struct station *s)
{
	struct duty_book *book = s->duty;
	uint64_t upto = s->j->ops->chain_seq(s->j);

	if (book != NULL && book->made && upto == book->seq && book->localised == s->j->nlocalised)
		return &book->d;
	if (book == NULL)
		book = s->duty = xcalloc(1, sizeof *book);
	/* An end before ours: the journal is another than it was. */
	if (book->made && (upto < book->seq || came_late(s, book) || was_destroyed(s, book))) {
		end(&book->d);
		book->made = false;
	}
	if (!book->made) {
		begin(&book->d);
		book->seq = 0;
		book->localised = s->j->nlocalised;
		book->made = true;
	}
	if (read_on(s, book, upto))
		return &book->d;
	end(&book->d);
	book->made = false;
	return NULL;
}

/* ---- who ---- */

static void
fill(const struct duty *d, const struct rules *rules, int64_t now, const char *name, struct duty_contact *c)
{
	const struct staff_person *p = staff_find(d->staff, name);
	const struct staff_number *a = staff_number(p, NUMBER_A), *b = staff_number(p, NUMBER_B);
	int64_t days = rules_number(rules, NUMBER_STALE_DAYS);

	*c = (struct duty_contact){.stale = false};
	(void)snprintf(c->name, sizeof c->name, "%.96s", name);
	/* any number is better than none */
	for (size_t i = 0; p != NULL && i < p->nnumber; i++)
		if (a == NULL && &p->number[i] != b && p->number[i].of != NUMBER_FAX)
			a = &p->number[i];
		else if (b == NULL && &p->number[i] != a && p->number[i].of != NUMBER_FAX)
			b = &p->number[i];
	if (a == NULL) {
		a = b;
		b = NULL;
	}
	if (a != NULL)
		(void)snprintf(c->number[0], sizeof c->number[0], "%s", a->phone);
	if (b != NULL)
		(void)snprintf(c->number[1], sizeof c->number[1], "%s", b->phone);
	c->stale = a != NULL && staff_stale(a, now, days) && (b == NULL || staff_stale(b, now, days));
}

struct crew {	/* officers, the senior one first, and the leader */
	char officer[WATCH_PEOPLE + ROSTER_PEOPLE][97];
	size_t n;
	char leader[97];
};

static void
join(struct crew *c, const char *name)
{
	for (size_t i = 0; i < c->n; i++)
		if (strcmp(c->officer[i], name) == 0)
			return;
	if (*name != '\0' && c->n < sizeof c->officer / sizeof c->officer[0])
		(void)snprintf(c->officer[c->n++], 97, "%.96s", name);
}

static bool
said_no(const struct roster_shift *s, const char *name)
{
	for (size_t i = 0; i < s->nunable; i++)
		if (strcmp(s->unable[i], name) == 0)
			return true;
	return false;
}

static void
crew_of(const struct duty *d, int64_t now, struct crew *c)
{
	const struct roster_shift *s = roster_shift(d->roster, now);
	struct watch_span w;

	*c = (struct crew){.n = 0};
	if (d->watch != NULL && watch_at(d->watch, now, &w)) {
		for (size_t i = 0; i < w.n; i++)
			join(c, w.person[i]);
		(void)snprintf(c->leader, sizeof c->leader, "%s", w.leader);
	}
	/* The plan fills in what the watch does not say: nobody signed on yet, or a second man. */
	for (size_t i = 0; s != NULL && c->n == 0 && i < s->nofficer; i++)
		if (!said_no(s, s->officer[i]))
			join(c, s->officer[i]);
	for (size_t i = 0; s != NULL && *c->leader == '\0' && i < 2; i++)
		if (*s->leader[i] != '\0' && !said_no(s, s->leader[i]))
			(void)snprintf(c->leader, sizeof c->leader, "%s", s->leader[i]);
}

/* Of this station's register, by part; other than `but`.  NULL: nobody. */
static const char *
registered(const struct staff *s, int role, const char *but)
{
	for (size_t i = 0; i < staff_count(s); i++) {
		const struct staff_person *p = staff_at(s, i);

		if (!p->left && *p->unit == '\0' && (p->roles & 1u << role) != 0 && strcmp(p->name, but) != 0)
			return p->name;
	}
	return NULL;
}

bool
duty_who(const struct duty *d, const struct rules *rules, enum chase_to role, int64_t now, struct duty_contact *out)
{
	const struct staff_person *p;
	const char *name = NULL, *first;
	struct crew c;

	*out = (struct duty_contact){.stale = false};
	crew_of(d, now, &c);
	switch (role) {
	case CHASE_OFFICER:
		name = c.n > 0 ? c.officer[0] : registered(d->staff, ROLE_DUTY_OFFICER, "");
		break;
	case CHASE_SECOND:
		/* one man for 24 hours: who else is on the register, his backup first */
		if (c.n > 1)
			name = c.officer[1];
		else {
			p = c.n > 0 ? staff_find(d->staff, c.officer[0]) : NULL;
			if (p != NULL && p->nbackup > 0)
				name = p->backup[0];
			else {
				first = c.n > 0 ? c.officer[0] : registered(d->staff, ROLE_DUTY_OFFICER, "");
				name = registered(d->staff, ROLE_DUTY_OFFICER, first != NULL ? first : "");
			}
		}
		break;
	case CHASE_SENIOR:
		for (size_t i = 0; i < c.n && name == NULL; i++)
			if ((p = staff_find(d->staff, c.officer[i])) != NULL && (p->roles & 1u << ROLE_DUTY_SENIOR) != 0)
				name = c.officer[i];
		if (name == NULL)
			name = c.n > 0 ? c.officer[0] : registered(d->staff, ROLE_DUTY_SENIOR, "");
		break;
	case CHASE_LEADER:
		name = *c.leader != '\0' ? c.leader : registered(d->staff, ROLE_DUTY_LEADER, "");
		break;
	default: /* a desk or a station, no person */
		break;
	}
	if (name == NULL)
		return false;
	fill(d, rules, now, name, out);
	return true;
}
