/*
 * Transfers whose sums do not balance (DOMAIN 5): 应转 = 已转 + 拒转, 返流 at most 已转, households at most persons.
 *
 * Each source is measured by itself, by its latest figures; nothing is added across sources.  A figure that is unknown or
 * not stated may be anything, so only what cannot be is pointed out: 12 moved of 10 is wrong whatever the refusals are.
 */
#include <assert.h>
#include <stdio.h>
#include <string.h>
#include "buf.h"
#include "element_part.h"
#include "i18n.h"
#include "value.h"

struct count {
	const struct value *v;	/* NULL: not stated */
	int64_t lo, hi;
};

static const struct {
	uint32_t to_move, moved, refused, went_back;
} measures[] = {{F_TO_MOVE, F_MOVED, F_REFUSED, F_WENT_BACK}, {F_TO_MOVE_HH, F_MOVED_HH, F_REFUSED_HH, F_WENT_BACK_HH}};
static const struct {
	uint32_t households, persons;
} pairs[] = {
    {F_TO_MOVE_HH, F_TO_MOVE}, {F_MOVED_HH, F_MOVED}, {F_REFUSED_HH, F_REFUSED}, {F_WENT_BACK_HH, F_WENT_BACK}};

/* The latest figure of a source. */
static struct count
count_of(const struct body *b, uint32_t key, const struct figure *source)
{
	struct count c = {.lo = 0, .hi = INT64_MAX};

	for (const struct value *v = body_first(b, key); v != NULL; v = body_next(b, v))
		if (element_same_source(&v->u.fig, source) && (c.v == NULL || v->u.fig.asof >= c.v->u.fig.asof))
			c.v = v;
	if (c.v != NULL && c.v->u.fig.q != FIG_UNKNOWN)
		element_range(c.v->u.fig.q, c.v->u.fig.n, &c.lo, &c.hi);
	return c;
}

static void
put_count(struct buf *out, const struct count *c, uint32_t key)
{
	const struct field *fd = field_by_key(key);

	buf_printf(out, "%s ", i18n_zh() ? fd->zh : _(fd->label));
	if (c->v == NULL)
		buf_puts(out, "?");
	else
		value_format(out, c->v, NULL, i18n_zh());
}

/* signs: how the counts stand to one another, "=+" or "<" */
static size_t
add(struct element_conflict *out, size_t max, size_t n, const uint32_t *key, const struct count *c, const char *signs)
{
	struct buf text = {0};

	if (n < max) {
		out[n] = (struct element_conflict){.field = field_by_key(key[0]),
		    .where = field_by_key(key[1]),
		    .kind = ELEMENT_SUM,
		    .q = c[0].v->u.fig.q,
		    .n = c[0].v->u.fig.n};
		for (size_t i = 0; i <= strlen(signs); i++) {
			if (i > 0)
				buf_printf(&text, " %c ", signs[i - 1]);
			put_count(&text, &c[i], key[i]);
		}
		(void)snprintf(out[n].said, sizeof(out[n].said), "%s", "");
		(void)snprintf(out[n].text, sizeof(out[n].text), _("does not balance: %s"), buf_cstr(&text));
		buf_free(&text);
	}
	return n + 1;
}

/* Is v the first of its key with this source? */
static bool
first_of_source(const struct body *b, const struct value *v)
{
	const struct value *w = body_first(b, v->key);

	while (w != v && !element_same_source(&w->u.fig, &v->u.fig))
		w = body_next(b, w);
	return w == v;
}

size_t
element_sums(const struct body *b, struct element_conflict *out, size_t max, size_t n)
{
	for (size_t m = 0; m < sizeof(measures) / sizeof(measures[0]); m++) {
		const uint32_t sum[] = {measures[m].to_move, measures[m].moved, measures[m].refused};
		const uint32_t back[] = {measures[m].went_back, measures[m].moved};

		for (const struct value *v = body_first(b, sum[0]); v != NULL; v = body_next(b, v)) {
			struct count c[3];

			if (!first_of_source(b, v))
				continue;
			for (size_t i = 0; i < 3; i++)
				c[i] = count_of(b, sum[i], &v->u.fig);
			if (c[0].v->u.fig.q != FIG_UNKNOWN && (element_plus(c[1].lo, c[2].lo) > c[0].hi ||
								  element_plus(c[1].hi, c[2].hi) < c[0].lo))
				n = add(out, max, n, sum, c, "=+");
		}
		for (const struct value *v = body_first(b, back[0]); v != NULL; v = body_next(b, v)) {
			struct count c[2];

			if (!first_of_source(b, v))
				continue;
			for (size_t i = 0; i < 2; i++)
				c[i] = count_of(b, back[i], &v->u.fig);
			if (c[0].lo > c[1].hi)
				n = add(out, max, n, back, c, "<");
		}
	}
	for (size_t p = 0; p < sizeof(pairs) / sizeof(pairs[0]); p++) {
		const uint32_t key[] = {pairs[p].households, pairs[p].persons};

		for (const struct value *v = body_first(b, key[0]); v != NULL; v = body_next(b, v)) {
			struct count c[2];

			if (!first_of_source(b, v))
				continue;
			for (size_t i = 0; i < 2; i++)
				c[i] = count_of(b, key[i], &v->u.fig);
			if (c[0].lo > c[1].hi)
				n = add(out, max, n, key, c, "<");
		}
	}
	return n;
}
