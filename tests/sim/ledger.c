/*
 * The ledger held against the stations while the run goes on.
 *
 * Whoever was told "accepted" is owed: the origin holds the message; until an addressee has it, somebody has a parcel for
 * it (custody is never with nobody); and no origin says "delivered" of what is not stored at the addressee, nor, of a
 * station that others host, before anybody was at the desk.
 *
 * A station that is down cannot be asked: what it may hold is taken as held.  A disk that is lost excuses what hung on it
 * alone, and only that.
 */
#include <stdio.h>
#include <string.h>
#include "../../formats/wire.h"
#include "run.h"

#define SEAT_SLACK 2000 /* ms by which a station's clock may see its last visitor later than we do */

void
run_fail(struct run *r, const char *what, size_t i, size_t k)
{
	char who[160] = "";

	if (*r->why != '\0')
		return;
	if (i < r->n)
		snprintf(who, sizeof who, "%s, kind %d from %s%s%s", r->e[i].rid, r->e[i].kind,
		    world_code(r->w, r->e[i].node), k < r->e[i].nto ? " to " : "",
		    k < r->e[i].nto ? world_code(r->w, r->e[i].to[k].node) : "");
	snprintf(r->why, sizeof r->why, "%s (%s; %+.1f s%s)", what, who,
	    (double)(world_now(r->w) - world_began(r->w)) / 1000.0, r->calm ? ", in the calm" : "");
}

/* ---- whom it goes to ---- */

static void
learn_to(struct run *r, size_t i, const struct body *b, uint32_t key)
{
	struct entry *e = &r->e[i];

	for (const struct value *v = body_first(b, key); v != NULL; v = body_next(b, v)) {
		size_t node = map_find(world_map(r->w), v->u.text.s), k;

		if (node == SIZE_MAX) {
			run_fail(r, "it is addressed to nobody we know", i, SIZE_MAX);
			return;
		}
		for (k = 0; k < e->nto && e->to[k].node != node; k++)
			;
		if (node == e->node || k < e->nto || e->nto == TO_MAX)
			continue;
		e->to[e->nto].holder = e->node;
		e->to[e->nto].unseen = r->looked;
		e->to[e->nto].forgot = e->to[e->nto].excused = e->unsure;
		e->to[e->nto++].node = node;
	}
}

/* The addressees follow from the message as it was stored; those asked for are among them. */
static void
learn(struct run *r, size_t i, const struct journal_msg *m)
{
	struct entry *e = &r->e[i];
	struct fault f;
	struct body *b = wire_decode(m->body.p, m->body.n, &f);

	e->learned = true;
	/* Who signs what is signed is told of the receipt that stands: that one's entry has it already. */
	for (size_t k = 0; k < r->n && e->kind == KIND_RECEIPT && b != NULL; k++)
		if (k != i && r->e[k].learned && msgid_cmp(&r->e[k].id, &e->id) == 0) {
			e->same = true;
			body_free(b);
			return;
		}
	if (b == NULL) {
		run_fail(r, "the stored message cannot be read", i, SIZE_MAX);
		return;
	}
	learn_to(r, i, b, F_TO);
	learn_to(r, i, b, F_CC);
	for (const struct value *v = body_first(e->body, F_TO); v != NULL; v = body_next(e->body, v)) {
		bool found = false;

		for (size_t k = 0; k < e->nto; k++)
			found = found || strcmp(world_code(r->w, e->to[k].node), v->u.text.s) == 0;
		if (!found && e->nto < TO_MAX)
			run_fail(r, "an addressee was dropped", i, SIZE_MAX);
	}
	body_free(b);
}

/* ---- one message, one addressee ---- */

static bool
has(struct run *r, size_t node, const struct msgid *id, bool local)
{
	struct journal *j = world_journal(r->w, node);
	struct journal_msg m;
	bool yes;

	if (!local)
		return j->ops->get_message(j, id, NULL) == 0;
	memset(&m, 0, sizeof m);
	yes = j->ops->get_message(j, id, &m) == 0 && m.local;
	buf_free(&m.body);
	return yes;
}

static bool
offers(struct run *r, size_t node, const struct msgid *id, const char *to)
{
	struct journal *j = world_journal(r->w, node);

	return j == NULL || j->ops->outbox_has(j, id, to) == 0;
}

/* Somebody has a parcel for it, or may have. */
static bool
in_custody(struct run *r, struct entry *e, struct addressee *a)
{
	const char *to = world_code(r->w, a->node);

	if (offers(r, a->holder, &e->id, to))
		return true;
	for (size_t n = 0; n < world_size(r->w); n++)
		if (offers(r, n, &e->id, to)) {
			a->holder = n;
			return true;
		}
	return false;
}

static void
check_seat(struct run *r, size_t i, size_t k)
{
	struct addressee *a = &r->e[i].to[k];
	const struct station_conf *c = world_station_conf(r->w, a->node);
	int64_t window = c->attended > 0 ? c->attended : 15 * 60000;

	/* The last visitor had been gone for longer than he counts when it came, and nobody has come since. */
	if (c->hosted && a->unseen > 0 && world_attended(r->w, a->node) + window + SEAT_SLACK < a->unseen)
		run_fail(r, "delivered while nobody attended", i, k);
}

static void
look_at(struct run *r, size_t i, size_t k, const struct journal_delivery *d)
{
	struct entry *e = &r->e[i];
	struct addressee *a = &e->to[k];
	bool up = world_journal(r->w, a->node) != NULL;
	bool said = d->delivered != 0 || (d->state >= DLV_DELIVERED && d->state <= DLV_TAKEN);

	if (up && !a->here && has(r, a->node, &e->id, true)) {
		a->here = true;
		a->forgot = false;
		a->seen = world_now(r->w);
	} else if (up && !a->here)
		a->unseen = world_now(r->w);
	if (said && up && !a->here && !a->forgot)
		run_fail(r, "shown as delivered and not stored at the addressee", i, k);
	if (said && !a->done && !a->forgot)
		check_seat(r, i, k);
	if (said && a->here) {
		a->done = true;
		return;
	}
	if (a->here || !up || d->state == DLV_RETURNED || e->relaxed)
		return;
	if (!in_custody(r, e, a))
		run_fail(r, "in nobody's custody", i, k);
}

static void
look(struct run *r, size_t i)
{
	struct entry *e = &r->e[i];
	struct journal *j = world_journal(r->w, e->node);
	struct journal_msg m;
	struct journal_delivery d;

	if (!e->answered || j == NULL)
		return;
	memset(&m, 0, sizeof m);
	if (j->ops->get_message(j, &e->id, e->learned ? NULL : &m) != 0) {
		if (!e->lost && !e->relaxed)
			run_fail(r, "an accepted message is gone", i, SIZE_MAX);
		return;
	}
	if (!e->learned)
		learn(r, i, &m);
	buf_free(&m.body);
	e->lost = false;
	for (size_t k = 0; k < e->nto && *r->why == '\0'; k++) {
		if (e->to[k].done)
			continue;
		if (j->ops->delivery_get(j, &e->id, world_code(r->w, e->to[k].node), &d) == 0)
			look_at(r, i, k, &d);
		else if (!e->relaxed)
			run_fail(r, "an addressee has no delivery row", i, k);
	}
}

static bool
done(const struct entry *e)
{
	if (e->refused)
		return true;
	if (!e->answered || !e->learned)
		return false;
	for (size_t k = 0; k < e->nto; k++)
		if (!e->to[k].done)
			return false;
	return true;
}

void
ledger_look(struct run *r)
{
	for (size_t i = r->settled_below; i < r->n && *r->why == '\0'; i++)
		if (!done(&r->e[i]))
			look(r, i);
	while (r->settled_below < r->n && done(&r->e[r->settled_below]))
		r->settled_below++;
	r->looked = world_now(r->w);
	if (*r->why == '\0' && *world_wrong(r->w) != '\0')
		snprintf(r->why, sizeof r->why, "%s (%+.1f s%s)", world_wrong(r->w),
		    (double)(world_now(r->w) - world_began(r->w)) / 1000.0, r->calm ? ", in the calm" : "");
}

/* ---- disks lost ---- */

/* Does anybody else hold it for certain? */
static bool
held_elsewhere(struct run *r, size_t node, const struct msgid *id)
{
	for (size_t n = 0; n < world_size(r->w); n++)
		if (n != node && world_journal(r->w, n) != NULL && has(r, n, id, false))
			return true;
	return false;
}

/* Does its origin hold it, as far as can be seen?  Where it was lost and not yet given back, another loss may be the end. */
static bool
at_home(struct run *r, const struct entry *e)
{
	return world_journal(r->w, e->node) != NULL && has(r, e->node, &e->id, false);
}

void
ledger_disaster(struct run *r, size_t node)
{
	bool alone = r->disasters == 0 && !r->old_peers;

	ledger_look(r);
	for (size_t i = 0; i < r->n; i++) {
		struct entry *e = &r->e[i];

		if (e->refused)
			continue;
		e->relaxed = true;
		e->unsure = e->unsure || !e->learned;
		if (e->node == node && !e->answered)
			e->twice = true;
		if (e->answered && (e->node == node ? !alone || !held_elsewhere(r, node, &e->id) : !at_home(r, e)))
			e->lost = true;
		for (size_t k = 0; k < e->nto; k++) {
			struct addressee *a = &e->to[k];

			if (a->node != node && e->node != node)
				continue;
			a->done = false;
			if (a->node != node)
				continue;
			a->here = false;
			a->forgot = true;
			if (!alone)
				a->excused = true;
		}
	}
	r->settled_below = 0;
	r->disasters++;
}

/* ---- is all done? ---- */

static int
count_row(void *ctx, const struct journal_outbox *o)
{
	size_t *n = ctx;

	(void)o;
	(*n)++;
	return 0;
}

/* Have people at the addressee sent it back, or tried to? */
static bool
sent_back(const struct run *r, const struct entry *e, const struct addressee *a)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->e[i].node == a->node && r->e[i].act == ACT_RETURNED && msgid_cmp(&r->e[i].ref, &e->id) == 0)
			return true;
	return false;
}

bool
ledger_unlifted(const struct run *r, const struct entry *e, const struct addressee *a, const struct journal_delivery *d)
{
	return d->state == DLV_RETURNED && a->here && (d->delivered == 0 || !sent_back(r, e, a));
}

static bool
entry_settled(struct run *r, struct entry *e)
{
	struct journal *j = world_journal(r->w, e->node);
	struct journal_delivery d;

	if (e->refused || e->lost)
		return true;
	if (!e->answered || !e->learned)
		return false;
	for (size_t k = 0; k < e->nto; k++) {
		struct addressee *a = &e->to[k];

		if (j->ops->delivery_get(j, &e->id, world_code(r->w, a->node), &d) != 0 || d.state < DLV_DELIVERED)
			return false;
		/* What was not delivered may be returned; what has gone with a disk may be brought again. */
		if (d.state != DLV_RETURNED && !a->here && !a->excused)
			return false;
		if (ledger_unlifted(r, e, a, &d))
			return false;
	}
	return true;
}

static bool
links_settled(struct run *r, size_t n)
{
	const struct place *p = &world_map(r->w)->p[n];

	for (size_t row = 0; row < p->topo.count; row++)
		for (int out = 0; out < 2; out++) {
			struct line_status l;

			memset(&l, 0, sizeof l);
			if (station_line_status(world_station(r->w, n), p->topo.n[row].station, out != 0, &l) &&
			    (l.missing > 0 || l.differs))
				return false;
		}
	return true;
}

bool
ledger_settled(struct run *r)
{
	for (size_t i = 0; i < world_size(r->w); i++)
		if (world_station(r->w, i) == NULL)
			return false;
	for (size_t i = r->settled_below; i < r->n; i++)
		if (!entry_settled(r, &r->e[i]))
			return false;
	for (size_t i = 0; i < world_size(r->w); i++) {
		struct journal *j = world_journal(r->w, i);
		size_t n = 0;

		if (j->ops->outbox_each(j, count_row, &n) != 0 || n > 0 || !links_settled(r, i))
			return false;
	}
	return true;
}
