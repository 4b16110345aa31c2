/*
 * The order of an incident's messages: topological by what each author had seen (F_PARENTS), ties by the author's count
 * of how deep it stands (F_ORDER: one more than the highest the author held), then by id.
 *
 * Why the count: a station holds only what is addressed to it.  Where the message between two others is not held, parents
 * alone leave their order open, and two stations would show the same messages in different orders; the count carries the
 * order over the gap.  It is a logical clock, not a wall clock, and it never overrules a parent.
 *
 * Kahn's algorithm over a heap of indices into the set sorted by id: the result depends on the set alone, not on the
 * order of arrival and not on any clock.  A parent that is not held constrains nothing; it is listed as missing, which
 * is ordinary where a station is addressed only by a part of the reports.  A cycle can only be forged: it is cut at its
 * smallest id, so that messages downstream of it still stand after it.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include "../formats/buf.h"
#include "incident_int.h"

struct order {
	const struct fold_msg **m;	/* by id, unique */
	size_t n;
	size_t *first;			/* children of i: child[first[i]] .. child[first[i + 1] - 1] */
	size_t *child;
	size_t *need;			/* parents not placed yet */
	bool *placed;
	uint64_t *depth;		/* F_ORDER, 0 when not said */
	size_t *heap;			/* ready, first in (depth, index) on top */
	size_t nheap;
	size_t *stamp;			/* walk that passed here last */
};

static int cmp_msg(const void *, const void *);
static int cmp_id(const void *, const void *);
static bool order_find(const struct order *, const struct msgid *, size_t *);
static void order_link(struct order *, struct msgid **, size_t *);
static void order_push(struct order *, size_t);
static size_t order_pop(struct order *);
static size_t order_cut(struct order *, size_t start, size_t walk);

const struct body *
incident_body(const struct fold_msg *m)
{
	static const struct body none;

	return m->body != NULL ? m->body : &none;
}

static int
cmp_msg(const void *a, const void *b)
{
	const struct fold_msg *x = *(const struct fold_msg *const *)a, *y = *(const struct fold_msg *const *)b;
	int c = msgid_cmp(&x->id, &y->id);

	if (c != 0)
		return c;
	return x->stored < y->stored ? -1 : x->stored > y->stored;
}

static int
cmp_id(const void *a, const void *b)
{
	return msgid_cmp(a, b);
}

static bool
order_find(const struct order *o, const struct msgid *id, size_t *at)
{
	size_t lo = 0, hi = o->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int c = msgid_cmp(&o->m[mid]->id, id);

		if (c == 0) {
			*at = mid;
			return true;
		}
		if (c < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return false;
}

/* Builds the edges; a parent named twice is two edges, counted twice on both sides. */
static void
order_link(struct order *o, struct msgid **missing, size_t *nmissing)
{
	struct edge {
		size_t from, to;
	} *e = NULL;
	size_t ne = 0, cap = 0, nmiss = 0, capmiss = 0, i, k, p;

	for (i = 0; i < o->n; i++) {
		const struct body *b = incident_body(o->m[i]);

		for (const struct value *v = body_first(b, F_PARENTS); v != NULL; v = body_next(b, v)) {
			if (!order_find(o, &v->u.id, &p)) {
				if (nmiss == capmiss) {
					capmiss = capmiss == 0 ? 8 : capmiss * 2;
					*missing = xreallocarray(*missing, capmiss, sizeof **missing);
				}
				(*missing)[nmiss++] = v->u.id;
				continue;
			}
			if (p == i)
				continue;
			if (ne == cap) {
				cap = cap == 0 ? 16 : cap * 2;
				e = xreallocarray(e, cap, sizeof *e);
			}
			e[ne].from = p;
			e[ne++].to = i;
			o->first[p + 1]++;
			o->need[i]++;
		}
	}
	for (i = 0; i < o->n; i++)
		o->first[i + 1] += o->first[i];
	o->child = xcalloc(ne + 1, sizeof *o->child);
	/* Edges were made in the order of their child: filling backwards from each end keeps children ascending. */
	for (k = ne; k-- > 0;)
		o->child[--o->first[e[k].from + 1]] = e[k].to;
	/* The loop moved each end down to its start: first[i + 1] now is where i begins. */
	for (i = 0; i < o->n; i++)
		o->first[i] = o->first[i + 1];
	o->first[o->n] = ne;
	free(e);

	if (nmiss > 1)
		qsort(*missing, nmiss, sizeof **missing, cmp_id);
	for (i = k = 0; i < nmiss; i++)
		if (k == 0 || msgid_cmp(&(*missing)[k - 1], &(*missing)[i]) != 0)
			(*missing)[k++] = (*missing)[i];
	*nmissing = k;
}

static bool
order_before(const struct order *o, size_t a, size_t b)
{
	return o->depth[a] != o->depth[b] ? o->depth[a] < o->depth[b] : a < b;
}

static void
order_push(struct order *o, size_t x)
{
	size_t i = o->nheap++;

	assert(o->nheap <= o->n);
	while (i > 0 && order_before(o, x, o->heap[(i - 1) / 2])) {
		o->heap[i] = o->heap[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	o->heap[i] = x;
}

static size_t
order_pop(struct order *o)
{
	size_t top = o->heap[0], last = o->heap[--o->nheap], i = 0;

	for (;;) {
		size_t c = 2 * i + 1;

		if (c >= o->nheap)
			break;
		if (c + 1 < o->nheap && order_before(o, o->heap[c + 1], o->heap[c]))
			c++;
		if (!order_before(o, o->heap[c], last))
			break;
		o->heap[i] = o->heap[c];
		i = c;
	}
	o->heap[i] = last;
	return top;
}

/* Nothing is ready, so every message left has a parent left: climbing must come back to where it was.  Returns the
 * smallest member of that cycle. */
static size_t
order_cut(struct order *o, size_t start, size_t walk)
{
	size_t cur = start, min, p = 0;

	for (int round = 0; round < 2; round++) {
		/* The first climb ends inside the cycle, the second goes once around it. */
		min = cur;
		while (o->stamp[cur] != walk + (size_t)round) {
			const struct body *b = incident_body(o->m[cur]);
			size_t best = o->n;

			o->stamp[cur] = walk + (size_t)round;
			if (cur < min)
				min = cur;
			for (const struct value *v = body_first(b, F_PARENTS); v != NULL; v = body_next(b, v))
				if (order_find(o, &v->u.id, &p) && p != cur && !o->placed[p] && p < best)
					best = p;
			assert(best < o->n);
			cur = best;
		}
	}
	return min;
}

const struct fold_msg **
incident_order(const struct fold_msg *msgs, size_t n, size_t *count, struct msgid **missing, size_t *nmissing)
{
	struct order o = { .n = 0 };
	const struct fold_msg **out;
	size_t i, k, low = 0, done = 0, walk = 1;

	*count = 0;
	*missing = NULL;
	*nmissing = 0;
	if (n == 0)
		return NULL;
	o.m = xcalloc(n, sizeof *o.m);
	for (i = 0; i < n; i++)
		o.m[i] = &msgs[i];
	qsort(o.m, n, sizeof *o.m, cmp_msg);
	for (i = k = 0; i < n; i++)
		if (k == 0 || msgid_cmp(&o.m[k - 1]->id, &o.m[i]->id) != 0)
			o.m[k++] = o.m[i];
	o.n = k;
	o.first = xcalloc(o.n + 1, sizeof *o.first);
	o.need = xcalloc(o.n, sizeof *o.need);
	o.placed = xcalloc(o.n, sizeof *o.placed);
	o.heap = xcalloc(o.n, sizeof *o.heap);
	o.depth = xcalloc(o.n, sizeof *o.depth);
	for (i = 0; i < o.n; i++) {
		int64_t depth;

		if (body_num(incident_body(o.m[i]), F_ORDER, &depth))
			o.depth[i] = (uint64_t)depth;
	}
	o.stamp = xcalloc(o.n, sizeof *o.stamp);
	order_link(&o, missing, nmissing);

	out = xcalloc(o.n, sizeof *out);
	for (i = 0; i < o.n; i++)
		if (o.need[i] == 0)
			order_push(&o, i);
	while (done < o.n) {
		size_t x;

		if (o.nheap > 0) {
			x = order_pop(&o);
		} else {
			while (o.placed[low])
				low++;
			x = order_cut(&o, low, walk);
			walk += 2;
		}
		assert(!o.placed[x]);
		o.placed[x] = true;
		out[done++] = o.m[x];
		for (k = o.first[x]; k < o.first[x + 1]; k++)
			if (--o.need[o.child[k]] == 0 && !o.placed[o.child[k]])
				order_push(&o, o.child[k]);
	}
	*count = o.n;
	free(o.m);
	free(o.first);
	free(o.child);
	free(o.need);
	free(o.placed);
	free(o.heap);
	free(o.depth);
	free(o.stamp);
	return out;
}
