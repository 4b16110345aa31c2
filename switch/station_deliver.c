/*
 * 送达: what arrived for us in this turn is told to its origins, one receipt an origin and realm.
 *
 * A message that came over relays is told its way with its 送达; that is memory only, and "-" after a restart.  Both lists
 * may hold a thousand entries of one turn, so both are looked up by hash.
 */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "log.h"
#include "station_int.h"

#define WAYS_TOLD 4096 /* ways kept for 送达 not issued yet */
#define WAYS_BYTES 65536 /* of ways in one 送达 */

/* ---- ids found by hash ---- */

/* Of a list whose items begin with their id and lie `size` bytes apart. */
struct items {
	const void *v;
	size_t size;
};

static const struct msgid *
item(const struct items *l, size_t i)
{
	return (const struct msgid *)(const void *)((const char *)l->v + i * l->size);
}

static size_t
hash(const struct msgid *id)
{
	uint64_t h = id->serial * 0x9e3779b97f4a7c15u ^ id->epoch ^ (uint64_t)id->realm << 60;

	for (const char *p = id->origin; *p != '\0'; p++)
		h = (h ^ (uint8_t)*p) * 0x100000001b3u;
	return (size_t)(h >> 32);
}

/* The place of this id: 0 there when it is not in the list, else where it stands, from 1. */
static uint32_t *
place(const struct idindex *x, const struct items *l, const struct msgid *id)
{
	size_t i = hash(id) & (x->cap - 1);

	while (x->slot[i] != 0 && msgid_cmp(item(l, x->slot[i] - 1), id) != 0)
		i = (i + 1) & (x->cap - 1);
	return &x->slot[i];
}

/* Position of the id, SIZE_MAX: not there. */
static size_t
index_find(const struct idindex *x, const struct items *l, const struct msgid *id)
{
	return x->n == 0 ? SIZE_MAX : (size_t)*place(x, l, id) - 1;
}

/* The next item of the list, which has been put behind those indexed. */
static void
index_next(struct idindex *x, const struct items *l)
{
	size_t n = x->n + 1;

	if (n * 2 > x->cap) {
		free(x->slot);
		x->cap = x->cap == 0 ? 64 : x->cap * 2;
		x->slot = xcalloc(x->cap, sizeof *x->slot);
		x->n = 0;
	}
	while (x->n < n) {
		x->n++;
		*place(x, l, item(l, x->n - 1)) = (uint32_t)x->n;
	}
}

static void
index_clear(struct idindex *x)
{
	if (x->n > 0)
		memset(x->slot, 0, x->cap * sizeof *x->slot);
	x->n = 0;
}

/* ---- ways ---- */

/* "CODE@ms ... CODE@ms", origin first, this station last.  False: it came straight from its origin, or is too long to tell. */
bool
deliver_way(const struct station *s, int64_t now, const struct envelope *e, char *out, size_t size)
{
	size_t n = 0;
	int w;

	*out = '\0';
	if (e->nhops < 2)
		return false;
	for (size_t i = 0; i <= e->nhops; i++, n += (size_t)w) {
		w = snprintf(out + n, size - n, "%s%s@%" PRId64, i > 0 ? " " : "", i < e->nhops ? e->hops[i] : s->conf.self,
		    i < e->nhops ? e->hop_ms[i] : now);
		if (w < 0 || (size_t)w >= size - n) {
			*out = '\0';
			return false;
		}
	}
	return true;
}

static void
came_by(struct station *s, int64_t now, const struct msgid *id, const struct envelope *e)
{
	struct items l = {s->came, sizeof *s->came};
	struct came *c;
	char way[sizeof c->way];
	size_t i;

	if (!deliver_way(s, now, e, way, sizeof way))
		return;
	if ((i = index_find(&s->came_at, &l, id)) == SIZE_MAX) {
		if (s->ncame == WAYS_TOLD)
			return;
		if (s->ncame == s->capcame) {
			s->capcame = s->capcame == 0 ? 16 : s->capcame * 2;
			s->came = xreallocarray(s->came, s->capcame, sizeof *s->came);
			l.v = s->came;
		}
		i = s->ncame++;
		s->came[i].id = *id;
		index_next(&s->came_at, &l);
	}
	memcpy(s->came[i].way, way, sizeof way);
}

/* The way it came; "-": straight, told already, or not known any more. */
static void
take_way(struct station *s, const struct msgid *id, char out[512])
{
	size_t i = index_find(&s->came_at, &(struct items){s->came, sizeof *s->came}, id);

	snprintf(out, 512, "%s", i != SIZE_MAX && *s->came[i].way != '\0' ? s->came[i].way : "-");
	if (i != SIZE_MAX)
		*s->came[i].way = '\0';
}

/* Those told are let go; those of messages whose 送达 is held stay. */
static void
ways_told(struct station *s)
{
	struct items l = {s->came, sizeof *s->came};
	size_t keep = 0;

	if (s->ncame == 0)
		return;
	for (size_t i = 0; i < s->ncame; i++)
		if (*s->came[i].way != '\0') {
			if (keep < i)
				s->came[keep] = s->came[i];
			keep++;
		}
	if (keep == s->ncame)
		return;
	index_clear(&s->came_at);
	s->ncame = keep;
	while (s->came_at.n < keep)
		index_next(&s->came_at, &l);
}

/* ---- 送达 ---- */

void
deliver_owe(struct station *s, const struct msgid *id)
{
	struct idlist *a = &s->arrived;
	struct items l = {a->v, sizeof *a->v};

	assert(s->arrived_at.n == a->n);
	if (index_find(&s->arrived_at, &l, id) != SIZE_MAX)
		return;
	if (a->n == a->cap) {
		a->cap = a->cap == 0 ? 16 : a->cap * 2;
		a->v = xreallocarray(a->v, a->cap, sizeof *a->v);
		l.v = a->v;
	}
	a->v[a->n++] = *id;
	index_next(&s->arrived_at, &l);
}

/* Its 送达 goes out with this turn, or, where nobody sits at a hosted station's desk, when somebody does. */
void
deliver_arrived(struct station *s, int64_t now, const struct msgid *id, int kind, const struct envelope *e)
{
	came_by(s, now, id, e);
	if (kind == KIND_SERVICE || !room_holds(s, now, id))
		deliver_owe(s, id);
}

/* 送达 of everything this turn brought, one receipt an origin and realm. */
void
station_deliver(struct station *s, int64_t now)
{
	struct idlist todo = s->arrived;

	if (todo.n == 0)
		return;
	memset(&s->arrived, 0, sizeof s->arrived);
	index_clear(&s->arrived_at);
	for (size_t i = 0; i < todo.n && s->room > 0; i++) {
		struct body *b, *ways;
		struct msgid first = todo.v[i], id;
		struct fault f;
		size_t n = 0, bytes = 0;
		char way[512];

		if (!msgid_is_set(&first))
			continue;
		b = body_new();
		ways = body_new();
		body_set_num(b, F_KIND, KIND_RECEIPT);
		body_set_num(b, F_ACT, ACT_DELIVERED);
		body_set_text(b, F_TO, first.origin);
		for (size_t k = i; k < todo.n && n < FIELD_REPEAT_MAX; k++)
			if (todo.v[k].realm == first.realm && strcmp(todo.v[k].origin, first.origin) == 0) {
				body_add_id(b, F_REFS, &todo.v[k]);
				take_way(s, &todo.v[k], way);
				if (bytes + strlen(way) > WAYS_BYTES)
					snprintf(way, sizeof way, "-");
				bytes += strlen(way);
				body_add_text(ways, F_WAY, way, strlen(way));
				memset(&todo.v[k], 0, sizeof todo.v[k]);
				n++;
			}
		/* Where nothing came over a relay nothing is said: the lines are thin. */
		for (const struct value *v = body_first(ways, F_WAY); v != NULL && bytes > n; v = body_next(ways, v))
			body_add_value(b, v);
		if (station_issue(s, now, first.realm, b, s->conf.self, true, &id, &f) == -1)
			log_event(LOG_LV_ERROR, "deliver", "why=%s", log_quote(f.text));
		body_free(ways);
		body_free(b);
	}
	free(todo.v);
	ways_told(s);
}

void
deliver_free(struct station *s)
{
	free(s->arrived.v);
	free(s->arrived_at.slot);
	free(s->came);
	free(s->came_at.slot);
}
