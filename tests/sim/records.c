/*
 * What a station keeps for people, when all is quiet: each incident's row is what its messages make, a spoken number is
 * given once, and every end of an addressee (送达, what people did, the return) stands in the chain.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../../switch/foldcache.h"
#include "../../switch/journal_ram.h"
#include "../../switch/journal_sqlite.h"
#include "run.h"

static void
fail_at(struct run *r, size_t node, const char *what, const char *which)
{
	char text[400];

	snprintf(text, sizeof text, "%s: %s %.200s", world_code(r->w, node), what, which);
	run_fail(r, text, SIZE_MAX, 0);
}

/* ---- rows and numbers ---- */

void
judge_rows(struct run *r, size_t node)
{
	struct journal *j = world_journal(r->w, node);
	struct foldcache_result c;
	char id[MSGID_TEXT_MAX];

	if (j == NULL || station_dirty(world_station(r->w, node)))
		return;
	if (foldcache_verify(j, FOLDCACHE_LOOK, &c) == -1 || c.bad == 0)
		return; /* a journal that failed is found otherwise */
	msgid_format(&c.first, id, sizeof id);
	fail_at(r, node, "an incident's row is not what its messages make:", id);
}

struct spoken {
	const char *self;
	char (*v)[96];
	size_t n, cap;
};

static int
add_spoken(void *ctx, const struct journal_incident *inc)
{
	struct spoken *s = ctx;

	if (strcmp(inc->id.origin, s->self) != 0 || *inc->number == '\0')
		return 0;
	if (s->n == s->cap) {
		s->cap = s->cap == 0 ? 32 : s->cap * 2;
		s->v = xreallocarray(s->v, s->cap, sizeof *s->v);
	}
	memcpy(s->v[s->n++], inc->number, sizeof *s->v);
	return 0;
}

static int
cmp_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* What a restored journal has given since its backup it may give again: nobody could tell it. */
static void
check_numbers(struct run *r, size_t node, int realm)
{
	struct journal *j = world_journal(r->w, node);
	struct spoken s = {.self = world_code(r->w, node)};

	if (r->disasters > 0)
		return;
	j->ops->incident_each(j, realm, true, add_spoken, &s);
	if (s.n > 1)
		qsort(s.v, s.n, sizeof *s.v, cmp_text);
	for (size_t i = 1; i < s.n; i++)
		if (strcmp(s.v[i - 1], s.v[i]) == 0)
			fail_at(r, node, "two incidents have one spoken number,", s.v[i]);
	free(s.v);
}

/* ---- the chain ---- */

struct told {
	char (*v)[192];
	size_t n, cap;
};

static int
add_told(void *ctx, const struct journal_chain *c)
{
	struct told *t = ctx;

	if (c->what != CHAIN_DELIVERY)
		return 0;
	if (t->n == t->cap) {
		t->cap = t->cap == 0 ? 64 : t->cap * 2;
		t->v = xreallocarray(t->v, t->cap, sizeof *t->v);
	}
	snprintf(t->v[t->n++], sizeof *t->v, "%s", c->ref);
	return 0;
}

static bool
is_told(const struct told *t, const char *ref)
{
	for (size_t i = 0; i < t->n; i++)
		if (strcmp(t->v[i], ref) == 0)
			return true;
	return false;
}

static void
check_told(struct run *r, size_t i, const struct told *t)
{
	static const struct {
		int state;
		const char *word;
	} ends[] = {{DLV_DELIVERED, "delivered"}, {DLV_READ, "read"}, {DLV_SIGNED, "signed"}, {DLV_TAKEN, "taken"},
	    {DLV_RETURNED, "returned"}};
	const struct entry *e = &r->e[i];
	struct journal *j = world_journal(r->w, e->node);
	struct journal_delivery d;
	char id[MSGID_TEXT_MAX], ref[192];

	msgid_format(&e->id, id, sizeof id);
	for (size_t k = 0; k < e->nto; k++) {
		const char *to = world_code(r->w, e->to[k].node);

		if (j->ops->delivery_get(j, &e->id, to, &d) != 0)
			continue;
		for (size_t x = 0; x < sizeof ends / sizeof ends[0]; x++) {
			snprintf(ref, sizeof ref, "%s %s %s", id, to, ends[x].word);
			if (d.state == ends[x].state && !is_told(t, ref))
				run_fail(r, "the chain does not tell what became of it", i, k);
		}
	}
}

static void
check_chain(struct run *r, size_t node)
{
	const struct journal_scan *scan = r->conf->ram ? &journal_ram_scan : &journal_sqlite_scan;
	struct journal_verify v = {0};
	struct told t = {0};

	if (scan->each_chain(world_journal(r->w, node), &v, add_told, &t) != 0)
		fail_at(r, node, "the chain cannot be read", v.bad);
	for (size_t i = 0; i < r->n && *r->why == '\0'; i++)
		if (r->e[i].node == node && r->e[i].answered && !r->e[i].lost)
			check_told(r, i, &t);
	free(t.v);
}

void
judge_records(struct run *r, size_t node)
{
	judge_rows(r, node);
	for (int realm = REALM_LIVE; realm <= REALM_EXERCISE; realm++)
		check_numbers(r, node, realm);
	check_chain(r, node);
}
