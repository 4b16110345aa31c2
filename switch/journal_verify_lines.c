/*
 * Numbers of lines against each other, and the outbox against them.
 *
 * What got a number and has not passed waits in the outbox under that number, for that neighbour; and what waits there with a number
 * has it in the journal's list of the line.  One without the other is a parcel that will never go, or one that goes as another.
 */
#include <stdlib.h>
#include <string.h>

#include "journal_verify.h"
#include "../formats/i18n.h"
#include "../formats/wire.h"

#define LINES_KEPT 4096			/* a station with more of them does not keep account of them all (station_line.h) */

struct parcel {
	char link[STATION_MAX];
	struct msgid id;
	uint64_t row, stream, serial;
	bool found;
};

struct lines {
	struct rows *r;
	uint64_t next;			/* number that must come, 0 before the first */
	bool retired;			/* retention took messages with their numbers: gaps say nothing */
	struct parcel *v;		/* those with numbers, by link, stream, number */
	size_t n, cap, nlines;
	bool failed;
};

static unsigned long long
ull(uint64_t v)
{
	return v;
}

static int
compare(const void *a, const void *b)
{
	const struct parcel *x = a, *y = b;
	int c = strcmp(x->link, y->link);

	if (c != 0)
		return c;
	if (x->stream != y->stream)
		return x->stream < y->stream ? -1 : 1;
	return x->serial < y->serial ? -1 : x->serial > y->serial;
}

static int
take_parcel(void *ctx, const struct journal_outbox *o)
{
	struct lines *c = ctx;
	struct journal_verify *out = c->r->out;
	struct envelope e;
	struct fault fault;
	struct parcel *p;
	bool same;

	memset(&fault, 0, sizeof(fault));
	if (envelope_decode(o->envelope.p, o->envelope.n, &e, &fault) != 0)
		return journal_bad(out, _("outbox %llu: its envelope cannot be read"), ull(o->row));
	same = e.stream == o->stream && e.serial == o->serial;
	envelope_free(&e);
	if (!same)
		return journal_bad(out, _("outbox %llu: its row and its envelope differ in %s"), ull(o->row), "number");
	if (o->serial == 0)	/* of before there were numbers, to a neighbour that knows none, or waiting for a way */
		return 0;
	if (c->n == c->cap) {
		c->cap = c->cap > 0 ? c->cap * 2 : 64;
		c->v = xreallocarray(c->v, c->cap, sizeof(*c->v));
	}
	p = &c->v[c->n++];
	memset(p, 0, sizeof(*p));
	memcpy(p->link, o->link, sizeof(p->link));
	p->id = o->id;
	p->row = o->row;
	p->stream = o->stream;
	p->serial = o->serial;
	return 0;
}

static int
take_outbox(struct lines *c)
{
	size_t i;

	if (c->r->j->ops->outbox_each(c->r->j, take_parcel, c) != 0)
		return -1;
	if (c->n > 0)
		qsort(c->v, c->n, sizeof(*c->v), compare);
	for (i = 1; i < c->n && c->r->out->bad[0] == '\0'; i++)
		if (compare(&c->v[i - 1], &c->v[i]) == 0)
			return journal_bad(c->r->out, _("outbox %llu: has the number of %llu"),
			    ull(c->v[i].row > c->v[i - 1].row ? c->v[i].row : c->v[i - 1].row),
			    ull(c->v[i].row < c->v[i - 1].row ? c->v[i].row : c->v[i - 1].row));
	return c->r->out->bad[0] != '\0';
}

/* Two persons destroyed it, and its parcel with it. */
static bool
is_destroyed(struct lines *c, const struct msgid *id)
{
	struct journal_msg m;
	bool yes;
	int rc;

	memset(&m, 0, sizeof(m));
	if ((rc = c->r->j->ops->get_message(c->r->j, id, &m)) < 0)
		c->failed = true;
	yes = rc == 0 && m.destroyed;
	buf_free(&m.body);
	return yes;
}

static int
check_parcel(struct lines *c, const struct journal_line *l, const struct journal_passage *p)
{
	struct journal_verify *out = c->r->out;
	struct parcel key, *o;

	memset(&key, 0, sizeof(key));
	memcpy(key.link, l->peer, sizeof(key.link));
	key.stream = l->stream;
	key.serial = p->serial;
	o = c->n > 0 ? bsearch(&key, c->v, c->n, sizeof(*c->v), compare) : NULL;
	if (o != NULL) {
		o->found = true;
		if (!msgid_is_set(&p->id))
			return journal_bad(out, _("outbox %llu: nothing stands under its number"), ull(o->row));
		if (msgid_cmp(&o->id, &p->id) != 0)
			return journal_bad(out, _("outbox %llu: another message stands under its number"), ull(o->row));
		if (p->passed != 0)
			return journal_bad(out, _("outbox %llu: it has passed"), ull(o->row));
		return 0;
	}
	if (!msgid_is_set(&p->id) || p->passed != 0 || c->nlines >= LINES_KEPT || is_destroyed(c, &p->id))
		return c->failed;
	return journal_bad(out, _("passage %s %s %llu %llu: has not passed, and is not in the outbox"), l->peer, "out",
	    ull(l->stream), ull(p->serial));
}

static int
check_passage(void *ctx, const struct journal_line *l, const struct journal_passage *p)
{
	struct lines *c = ctx;
	const char *way = l->out ? "out" : "in";

	/* Above what both ends agreed on, what has not come yet is asked for (in); what was given is all here (out). */
	if (c->next != 0 && p->serial != c->next && !c->retired && (l->out || c->next <= l->closed))
		return journal_bad(c->r->out, _("passage %s %s %llu %llu: missing"), l->peer, way, ull(l->stream), ull(c->next));
	if (p->serial > l->last)
		return journal_bad(c->r->out, _("line %s %s %llu: ends at %llu, and number %llu is here"), l->peer, way,
		    ull(l->stream), ull(l->last), ull(p->serial));
	c->next = p->serial + 1;
	return l->out && c->r->began ? check_parcel(c, l, p) : 0;
}

static int
check_line(void *ctx, const struct journal_line *l)
{
	struct lines *c = ctx;
	struct journal_verify *out = c->r->out;
	const struct journal_ops *ops = c->r->j->ops;
	const char *way = l->out ? "out" : "in";

	if (l->closed > l->last)
		return journal_bad(out, _("line %s %s %llu: ends at %llu, and is closed up to %llu"), l->peer, way, ull(l->stream),
		    ull(l->last), ull(l->closed));
	/* Below what was trimmed, which is closed, nothing is missed. */
	c->next = l->out ? l->closed + 1 : 0;
	if (ops->passage_each(c->r->j, l->peer, l->out, l->stream, l->closed + 1, UINT64_MAX, check_passage, c) != 0)
		c->failed = true;
	else if (out->bad[0] == '\0' && l->out && c->next <= l->last && !c->retired)
		return journal_bad(out, _("passage %s %s %llu %llu: missing"), l->peer, way, ull(l->stream), ull(c->next));
	/* What was closed and is still kept has no holes either. */
	c->next = 0;
	if (!c->failed && out->bad[0] == '\0' && l->closed > 0 &&
	    ops->passage_each(c->r->j, l->peer, l->out, l->stream, 1, l->closed, check_passage, c) != 0)
		c->failed = true;
	else if (out->bad[0] == '\0' && c->next != 0 && c->next <= l->closed && !c->retired)
		return journal_bad(out, _("passage %s %s %llu %llu: missing"), l->peer, way, ull(l->stream), ull(c->next));
	return c->failed || out->bad[0] != '\0';
}

static int
count_line(void *ctx, const struct journal_line *l)
{
	(void)l;
	(*(size_t *)ctx)++;
	return 0;
}

int
rows_lines(struct rows *r)
{
	struct lines c = { .r = r, .retired = r->retired };
	size_t i;
	int rc = -1;

	if (r->j->ops->line_each == NULL)
		return 0;
	if (r->began && (rc = take_outbox(&c)) != 0)
		goto out;
	rc = -1;
	if (r->j->ops->line_each(r->j, count_line, &c.nlines) != 0 || r->j->ops->line_each(r->j, check_line, &c) != 0 || c.failed)
		goto out;
	for (i = 0; i < c.n && r->out->bad[0] == '\0'; i++)
		if (!c.v[i].found)
			(void)journal_bad(r->out, _("outbox %llu: its number %s %llu %llu is not of that line"), ull(c.v[i].row),
			    c.v[i].link, ull(c.v[i].stream), ull(c.v[i].serial));
	rc = r->out->bad[0] != '\0';
out:
	free(c.v);
	return rc;
}
