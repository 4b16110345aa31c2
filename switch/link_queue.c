/*
 * The precedence queue of one link: see link_queue.h.
 *
 * What it promises: a parcel added is in exactly one list until link_queue_done(); `low` is the lowest serial still
 * outstanding (`next` when none is).  What it leaves to others: bytes, windows, time.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include "../formats/buf.h"
#include "link_frame.h"
#include "link_queue.h"

#define FIRST_CAP 64	/* power of two */

static uint64_t
mix(uint64_t x)
{
	x ^= x >> 33;
	x *= UINT64_C(0xff51afd7ed558ccd);
	x ^= x >> 33;
	return x;
}

static struct parcel **
hash_slot(const struct link_queue *q, uint64_t token)
{
	return &q->hash[mix(token) & (q->hash_cap - 1)];
}

struct parcel *
link_queue_by_token(const struct link_queue *q, uint64_t token)
{
	struct parcel *p = *hash_slot(q, token);

	while (p != NULL && p->token != token)
		p = p->same_hash;
	return p;
}

static void
hash_add(struct link_queue *q, struct parcel *p)
{
	struct parcel **slot;

	if (q->count[0] >= q->hash_cap) {
		struct parcel **old = q->hash;
		size_t n = q->hash_cap;

		q->hash_cap = n * 2;
		q->hash = xcalloc(q->hash_cap, sizeof(struct parcel *));
		for (size_t i = 0; i < n; i++) {
			struct parcel *next;

			for (struct parcel *o = old[i]; o != NULL; o = next) {
				next = o->same_hash;
				slot = hash_slot(q, o->token);
				o->same_hash = *slot;
				*slot = o;
			}
		}
		free(old);
	}
	slot = hash_slot(q, p->token);
	p->same_hash = *slot;
	*slot = p;
}

static void
hash_del(struct link_queue *q, struct parcel *p)
{
	struct parcel **at = hash_slot(q, p->token);

	while (*at != p) {
		assert(*at != NULL);
		at = &(*at)->same_hash;
	}
	*at = p->same_hash;
}

/* before NULL: at the end. */
static void
list_insert(struct parcel_list *l, struct parcel *p, struct parcel *before)
{
	p->next = before;
	p->prev = before != NULL ? before->prev : l->last;
	if (p->prev != NULL)
		p->prev->next = p;
	else
		l->first = p;
	if (before != NULL)
		before->prev = p;
	else
		l->last = p;
}

static void
list_remove(struct parcel_list *l, struct parcel *p)
{
	if (l->cursor == p)
		l->cursor = p->next;
	if (p->prev != NULL)
		p->prev->next = p->next;
	else
		l->first = p->next;
	if (p->next != NULL)
		p->next->prev = p->prev;
	else
		l->last = p->prev;
	p->prev = p->next = NULL;
}

void
link_queue_init(struct link_queue *q)
{
	memset(q, 0, sizeof(*q));
	q->low = q->next = 1;
	q->begun_cap = q->hash_cap = FIRST_CAP;
	q->begun = xcalloc(q->begun_cap, sizeof(struct parcel *));
	q->hash = xcalloc(q->hash_cap, sizeof(struct parcel *));
}

void
link_queue_free(struct link_queue *q)
{
	for (size_t i = 0; i <= LINK_PRECEDENCES; i++) {
		struct parcel *next;

		for (struct parcel *p = q->by[i].first; p != NULL; p = next) {
			next = p->next;
			free(p);
		}
	}
	free(q->begun);
	free(q->hash);
	memset(q, 0, sizeof(*q));
}

struct parcel *
link_queue_add(struct link_queue *q, uint64_t token, int precedence, size_t bytes)
{
	struct parcel_list *l;
	struct parcel *p;

	assert(precedence >= 1 && precedence <= LINK_PRECEDENCES);
	assert(link_queue_by_token(q, token) == NULL);
	l = &q->by[precedence];
	p = xcalloc(1, sizeof(*p));
	p->token = token;
	p->precedence = (uint8_t)precedence;
	p->bytes = bytes;
	p->order = ++q->order;
	hash_add(q, p);
	p->older = q->youngest[precedence];
	if (p->older != NULL)
		p->older->younger = p;
	else
		q->oldest[precedence] = p;
	q->youngest[precedence] = p;
	list_insert(l, p, NULL);
	if (l->cursor == NULL)
		l->cursor = p;
	q->count[precedence]++;
	q->count[0]++;
	return p;
}

struct parcel *
link_queue_first(const struct link_queue *q)
{
	for (size_t i = 1; i <= LINK_PRECEDENCES; i++) {
		if (q->by[i].cursor != NULL)
			return q->by[i].cursor;
	}
	return NULL;
}

void
link_queue_begin(struct link_queue *q, struct parcel *p)
{
	assert(p->serial == 0 && !p->refused);
	assert(q->next < FRAME_SERIAL_MAX);
	if (q->next - q->low >= q->begun_cap) {
		size_t cap = q->begun_cap * 2;
		struct parcel **ring = xcalloc(cap, sizeof(struct parcel *));

		for (uint64_t s = q->low; s < q->next; s++)
			ring[s & (cap - 1)] = q->begun[s & (q->begun_cap - 1)];
		free(q->begun);
		q->begun = ring;
		q->begun_cap = cap;
	}
	p->serial = q->next++;
	q->begun[p->serial & (q->begun_cap - 1)] = p;
}

void
link_queue_sent(struct link_queue *q, struct parcel *p)
{
	struct parcel_list *l = &q->by[p->precedence];

	assert(l->cursor == p && p->serial != 0);
	l->cursor = p->next;
}

struct parcel *
link_queue_by_serial(const struct link_queue *q, uint64_t serial)
{
	if (serial < q->low || serial >= q->next)
		return NULL;
	return q->begun[serial & (q->begun_cap - 1)];
}

/* Its serial will not be used again; the lowest outstanding one may go up. */
static void
forget_serial(struct link_queue *q, struct parcel *p)
{
	if (p->serial == 0)
		return;
	assert(link_queue_by_serial(q, p->serial) == p);
	q->begun[p->serial & (q->begun_cap - 1)] = NULL;
	p->serial = 0;
	while (q->low < q->next && q->begun[q->low & (q->begun_cap - 1)] == NULL)
		q->low++;
}

void
link_queue_done(struct link_queue *q, struct parcel *p)
{
	forget_serial(q, p);
	list_remove(&q->by[p->refused ? 0 : p->precedence], p);
	hash_del(q, p);
	if (p->older != NULL)
		p->older->younger = p->younger;
	else
		q->oldest[p->precedence] = p->younger;
	if (p->younger != NULL)
		p->younger->older = p->older;
	else
		q->youngest[p->precedence] = p->older;
	q->count[p->precedence]--;
	q->count[0]--;
	free(p);
}

void
link_queue_refuse(struct link_queue *q, struct parcel *p, int64_t due)
{
	struct parcel_list *aside = &q->by[0];

	assert(!p->refused && (aside->last == NULL || aside->last->due <= due));
	forget_serial(q, p);
	list_remove(&q->by[p->precedence], p);
	p->sent = 0;
	p->refused = true;
	p->due = due;
	list_insert(aside, p, NULL);
}

void
link_queue_reoffer(struct link_queue *q, int64_t now)
{
	struct parcel_list *aside = &q->by[0];
	struct parcel *p, *last[LINK_PRECEDENCES + 1] = { 0 };

	while ((p = aside->first) != NULL && p->due <= now) {
		struct parcel_list *l = &q->by[p->precedence];
		struct parcel *at = l->cursor;

		list_remove(aside, p);
		p->refused = false;
		/* A parcel half sent is not put behind another: it would occupy the peer's memory meanwhile. */
		if (at != NULL && at->sent > 0)
			at = at->next;
		if (last[p->precedence] != NULL && last[p->precedence]->order < p->order)
			at = last[p->precedence]->next;
		while (at != NULL && at->order < p->order)
			at = at->next;
		list_insert(l, p, at);
		if (l->cursor == at)
			l->cursor = p;
		last[p->precedence] = p;
	}
}

int64_t
link_queue_reoffer_at(const struct link_queue *q)
{
	return q->by[0].first != NULL ? q->by[0].first->due : INT64_MAX;
}

void
link_queue_rewind(struct link_queue *q)
{
	for (uint64_t s = q->low; s < q->next; s++) {
		struct parcel *p = q->begun[s & (q->begun_cap - 1)];

		if (p != NULL)
			p->sent = 0;
	}
	for (size_t i = 1; i <= LINK_PRECEDENCES; i++)
		q->by[i].cursor = q->by[i].first;
}
