/*
 * When all is quiet: is everything as people were told?
 *
 * Every request has one answer and stands once, at its origin and at each addressee that was not returned; every
 * addressee ends in delivered or returned; nothing is left in an outbox or in quarantine; the journals verify; both ends of
 * every line know the same messages under the same numbers and miss none; what is kept for people (records.c) is so;
 * whoever holds the same messages of an incident folds them alike, all show what they share in one order, and none shows a
 * message before what it follows.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../../formats/wire.h"
#include "../../switch/incident.h"
#include "run.h"

/* ---- not settled ---- */

static int
name_row(void *ctx, const struct journal_outbox *o)
{
	char *out = ctx, id[MSGID_TEXT_MAX];

	msgid_format(&o->id, id, sizeof id);
	snprintf(out, 256, "something is left in an outbox: %.100s over %s", id, *o->link != '\0' ? o->link : "no way");
	return 1;
}

static void
explain(struct run *r)
{
	for (size_t n = 0; n < world_size(r->w); n++)
		if (world_station(r->w, n) == NULL) {
			world_blame(r->w, n, "does not come up any more");
			run_fail(r, world_wrong(r->w), SIZE_MAX, 0);
			return;
		}
	for (size_t i = 0; i < r->n; i++) {
		struct entry *e = &r->e[i];
		struct journal *j = world_journal(r->w, e->node);
		struct journal_delivery d;

		if (e->refused || e->lost)
			continue;
		if (!e->answered) {
			run_fail(r, "never answered", i, SIZE_MAX);
			return;
		}
		for (size_t k = 0; k < e->nto; k++) {
			memset(&d, 0, sizeof d);
			if (j->ops->delivery_get(j, &e->id, world_code(r->w, e->to[k].node), &d) != 0)
				run_fail(r, "an addressee has no delivery row", i, k);
			else if (d.state < DLV_DELIVERED)
				run_fail(r, e->to[k].here ? "the origin never learned of its delivery" : "never delivered", i, k);
			else if (d.state != DLV_RETURNED && !e->to[k].here && !e->to[k].excused)
				run_fail(r, "what went with a disk was not brought again", i, k);
			else if (ledger_unlifted(r, e, &e->to[k], &d))
				run_fail(r, "returned, yet stored at the addressee", i, k);
		}
	}
	for (size_t n = 0; n < world_size(r->w); n++) {
		struct journal *j = world_journal(r->w, n);
		const struct place *p = &world_map(r->w)->p[n];
		char text[256] = "";

		j->ops->outbox_each(j, name_row, text);
		if (*text != '\0') {
			world_blame(r->w, n, text);
			run_fail(r, world_wrong(r->w), SIZE_MAX, 0);
		}
		for (size_t row = 0; row < p->topo.count; row++)
			for (int out = 0; out < 2; out++) {
				struct line_status l;

				memset(&l, 0, sizeof l);
				if (!station_line_status(
					world_station(r->w, n), p->topo.n[row].station, out != 0, &l) ||
				    (l.missing == 0 && !l.differs))
					continue;
				snprintf(text, sizeof text, "%s: %s %s %s, %llu from %llu on",
				    l.missing > 0 ? "a gap that is not mended" : "the two ends of a line do not agree", p->code, out ? "to" : "from", p->topo.n[row].station, (unsigned long long)l.missing,
				    (unsigned long long)l.first_missing);
				run_fail(r, text, SIZE_MAX, 0);
			}
	}
	run_fail(r, "does not settle", SIZE_MAX, 0);
}

/* Every row of every outbox, whom it serves and where it has been. */
static int
show_row(void *ctx, const struct journal_outbox *o)
{
	const char *at = ctx;
	char id[MSGID_TEXT_MAX];
	struct envelope e;
	struct fault f;

	memset(&e, 0, sizeof e);
	msgid_format(&o->id, id, sizeof id);
	fprintf(stderr, "outbox of %s: %s over %s", at, id, *o->link != '\0' ? o->link : "no way");
	if (envelope_decode(o->envelope.p, o->envelope.n, &e, &f) == 0) {
		for (size_t i = 0; i < e.nto; i++)
			fprintf(stderr, "%s%s", i == 0 ? " to " : ",", e.to[i]);
		for (size_t i = 0; i < e.nhops; i++)
			fprintf(stderr, "%s%s", i == 0 ? " by " : ",", e.hops[i]);
		fprintf(stderr, "%s", e.given_back ? " given back" : "");
	}
	fprintf(stderr, "\n");
	envelope_free(&e);
	return 0;
}

static void
show_outboxes(struct run *r)
{
	for (size_t n = 0; n < world_size(r->w); n++) {
		char code[STATION_MAX];

		snprintf(code, sizeof code, "%s", world_code(r->w, n));
		if (world_journal(r->w, n) != NULL)
			world_journal(r->w, n)->ops->outbox_each(world_journal(r->w, n), show_row, code);
	}
}

/* ---- once, and where it should be ---- */

struct marks {
	struct run *r;
	unsigned *times; /* by entry */
	struct msgid *id;
};

static int
count_mark(void *ctx, const struct journal_msg *m)
{
	struct marks *c = ctx;
	struct fault f;
	struct body *b = wire_decode(m->body.p, m->body.n, &f);
	const char *mark = b != NULL ? body_text(b, F_FOREIGN_ID) : NULL;
	unsigned long long i;

	if (mark != NULL && sscanf(mark, "sim-%llu", &i) == 1 && i < c->r->n) {
		c->times[i]++;
		c->id[i] = m->id;
	}
	body_free(b);
	return 0;
}

static void
check_entry(struct run *r, size_t i, size_t node, const struct marks *c)
{
	const struct entry *e = &r->e[i];
	unsigned n = c->times[i];

	if (e->refused) {
		if (n > 0 && !e->twice)
			run_fail(r, "refused, yet it stands", i, SIZE_MAX);
		return;
	}
	if (e->lost || e->twice || e->same)
		return;
	if (e->node == node) {
		/* Signing what is signed gives the standing receipt again: then nothing of this request exists. */
		if (n != 1 && !(n == 0 && e->kind == KIND_RECEIPT))
			run_fail(r, "not exactly once at its origin", i, SIZE_MAX);
		return;
	}
	for (size_t k = 0; k < e->nto; k++) {
		const struct addressee *a = &e->to[k];

		if (a->node != node)
			continue;
		if (n == 0 && (!a->here || e->kind == KIND_RECEIPT))
			return; /* returned, or excused: settled says which */
		if (n != 1)
			run_fail(r, "not exactly once at an addressee", i, k);
		else if (msgid_cmp(&c->id[i], &e->id) != 0)
			run_fail(r, "another message than its origin's", i, k);
		return;
	}
	if (n > 0)
		run_fail(r, "it stands where it was not sent", i, SIZE_MAX);
}

static void
check_marks(struct run *r, size_t node)
{
	struct journal *j = world_journal(r->w, node);
	struct marks c = {.r = r};

	c.times = xcalloc(r->n + 1, sizeof *c.times);
	c.id = xcalloc(r->n + 1, sizeof *c.id);
	if (j->ops->each_after(j, 0, 0, true, count_mark, &c) == -1)
		run_fail(r, "a journal cannot be read", SIZE_MAX, 0);
	for (size_t i = 0; i < r->n && *r->why == '\0'; i++)
		check_entry(r, i, node, &c);
	free(c.times);
	free(c.id);
}

void
judge_journal(struct run *r, size_t node)
{
	struct journal *j = world_journal(r->w, node);
	struct journal_verify v;
	char text[700];

	if (j == NULL || station_dirty(world_station(r->w, node)))
		return;
	memset(&v, 0, sizeof v);
	if (j->ops->verify(j, world_code(r->w, node), &v) != 0 || *v.bad != '\0') {
		snprintf(text, sizeof text, "verify at %s: %s", world_code(r->w, node), *v.bad != '\0' ? v.bad : "failed");
		run_fail(r, text, SIZE_MAX, 0);
	}
	if (j->ops->quarantine_count(j) != 0) {
		snprintf(text, sizeof text, "something sits in quarantine at %s", world_code(r->w, node));
		run_fail(r, text, SIZE_MAX, 0);
	}
}

/* ---- lines ---- */

struct other {
	struct run *r;
	size_t here, there; /* sender, receiver */
	struct journal *j;  /* the receiver's */
};

static int
compare_passage(void *ctx, const struct journal_line *l, const struct journal_passage *p)
{
	struct other *o = ctx;
	struct journal_passage q;
	char text[256];

	memset(&q, 0, sizeof q);
	if (o->j->ops->passage_get(o->j, world_code(o->r->w, o->here), false, l->stream, p->serial, &q) != 0)
		goto missing;
	if (*p->id.origin == '\0' || *q.id.origin == '\0' || msgid_cmp(&p->id, &q.id) == 0)
		return 0;
	snprintf(text, sizeof text, "%s and %s know different messages under number %llu of one line",
	    world_code(o->r->w, o->here), world_code(o->r->w, o->there), (unsigned long long)p->serial);
	run_fail(o->r, text, SIZE_MAX, 0);
	return 1;
missing:
	/* The sender knows that it has passed.  What went with a disk or to a peer of old is another matter. */
	if (o->r->disasters > 0 || o->r->old_peers || p->passed == 0 || *p->id.origin == '\0')
		return 0;
	snprintf(text, sizeof text, "%s took number %llu of %s and does not know it", world_code(o->r->w, o->there),
	    (unsigned long long)p->serial, world_code(o->r->w, o->here));
	run_fail(o->r, text, SIZE_MAX, 0);
	return 1;
}

static int
compare_line(void *ctx, const struct journal_line *l)
{
	struct other *o = ctx;
	struct journal *j = world_journal(o->r->w, o->here);

	if (!l->out || strcmp(l->peer, world_code(o->r->w, o->there)) != 0 || l->last == 0)
		return 0;
	j->ops->passage_each(j, l->peer, true, l->stream, 1, l->last, compare_passage, o);
	return *o->r->why != '\0';
}

static void
check_lines(struct run *r, size_t a, size_t b)
{
	struct other o = {.r = r, .here = a, .there = b, .j = world_journal(r->w, b)};
	struct journal *j = world_journal(r->w, a);

	if (j->ops->line_each != NULL && *r->why == '\0')
		j->ops->line_each(j, compare_line, &o);
}

/* ---- folds ---- */

static bool
follows(const struct incident *inc, size_t at)
{
	for (const struct value *v = body_first(inc->all[at].body, F_PARENTS); v != NULL;
	     v = body_next(inc->all[at].body, v))
		for (size_t k = at + 1; k < inc->nall; k++)
			if (msgid_cmp(&inc->all[k].id, &v->u.id) == 0)
				return false;
	return true;
}

/* What both hold stands in one order, whatever else either of them holds.  *same: they hold the same. */
static bool
one_order(const struct incident *a, const struct incident *b, bool *same)
{
	size_t at = 0, both = 0;

	for (size_t l = 0; l < a->nlines; l++) {
		size_t m = 0;

		while (m < b->nlines && msgid_cmp(&a->lines[l].id, &b->lines[m].id) != 0)
			m++;
		if (m == b->nlines)
			continue;
		if (m < at)
			return false;
		at = m + 1;
		both++;
	}
	*same = both == a->nlines && both == b->nlines;
	return true;
}

static void
compare_folds(struct run *r, size_t i, size_t k, const struct incident *a, const struct incident *b)
{
	bool same;

	for (size_t l = 0; l < b->nall; l++)
		if (!follows(b, l)) {
			run_fail(r, "a message stands before what it follows", i, k);
			return;
		}
	if (!one_order(a, b, &same)) {
		run_fail(r, "the same messages stand in another order", i, k);
		return;
	}
	if (!same)
		return; /* they hold different messages */
	if (a->grade != b->grade || a->state != b->state || a->nfigures != b->nfigures ||
	    strcmp(a->number, b->number) != 0)
		run_fail(r, "the same messages fold differently", i, k);
	else if (r->rooms != NULL)
		judge_clocks(r, i, k, a, b);
}

static void
check_folds(struct run *r, size_t i)
{
	const struct entry *e = &r->e[i];
	struct folded a, b;

	if (e->stage != STAGE_FIRST || !e->answered || e->lost ||
	    station_fold(world_station(r->w, e->node), &e->id, &a) != 0)
		return;
	for (size_t l = 0; l < a.incident->nall; l++)
		if (!follows(a.incident, l))
			run_fail(r, "a message stands before what it follows", i, SIZE_MAX);
	for (size_t k = 0; k < e->nto && *r->why == '\0'; k++) {
		if (!e->to[k].here || station_fold(world_station(r->w, e->to[k].node), &e->id, &b) != 0)
			continue;
		compare_folds(r, i, k, a.incident, b.incident);
		folded_free(&b);
	}
	folded_free(&a);
}

/* Every addressee ends in delivered or returned, and in returned only what is not there or was sent back. */
static void
check_ends(struct run *r, size_t i)
{
	struct entry *e = &r->e[i];
	struct journal *j = world_journal(r->w, e->node);
	struct journal_delivery d;

	r->lost += e->lost;
	for (size_t k = 0; k < e->nto && !e->lost; k++) {
		if (j->ops->delivery_get(j, &e->id, world_code(r->w, e->to[k].node), &d) != 0)
			run_fail(r, "an addressee has no delivery row", i, k);
		else if (d.state < DLV_DELIVERED)
			run_fail(r, "neither delivered nor returned", i, k);
		else if (ledger_unlifted(r, e, &e->to[k], &d))
			run_fail(r, "returned, yet stored at the addressee", i, k);
		else if (d.state == DLV_RETURNED && d.delivered == 0 && r->patient)
			run_fail(r, "returned though the way was open long before", i, k);
		else
			r->returned += d.state == DLV_RETURNED;
	}
}

void
judge(struct run *r)
{
	if (!ledger_settled(r)) {
		if (r->conf->verbose)
			show_outboxes(r);
		explain(r);
	}
	for (size_t n = 0; n < world_size(r->w) && *r->why == '\0'; n++) {
		check_marks(r, n);
		judge_journal(r, n);
		judge_records(r, n);
	}
	for (size_t l = 0; l < world_map(r->w)->nlines; l++) {
		check_lines(r, world_map(r->w)->line[l].a, world_map(r->w)->line[l].b);
		check_lines(r, world_map(r->w)->line[l].b, world_map(r->w)->line[l].a);
	}
	for (size_t i = 0; i < r->n && *r->why == '\0'; i++)
		check_folds(r, i);
	for (size_t i = 0; i < r->n && *r->why == '\0'; i++)
		check_ends(r, i);
	for (size_t n = 0; r->duty && n < world_size(r->w) && *r->why == '\0'; n++)
		judge_duty(r, n, &r->sums);
	for (size_t n = 0; r->duty && n < world_size(r->w) && *r->why == '\0'; n++)
		judge_start(r, n);
}
