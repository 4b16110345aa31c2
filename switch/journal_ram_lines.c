/*
 * The journal's twin in memory: lines to and from the neighbours, what went under their numbers, and messages whose 送达
 * waits for somebody at the desk.
 *
 * A passage's row is found by (row of its line, serial); walks go by serial, whatever the order they came in.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "journal_ram.h"

/* ---- lines ---- */

/* The line's row, its number in *at (where it would go when there is none).  stream 0: the one begun last. */
static const struct journal_line *
find_line(const struct ram *j, const char *peer, bool out, uint64_t stream, size_t *at)
{
	struct ram_key k;
	size_t *all, n;

	if (stream != 0) {
		k = ram_key_line(peer, out, stream);
		return ram_row_of(j, T_LINE, &k, at);
	}
	k = ram_key_lines(peer, out);
	if ((n = ram_list(j, &k, &all)) == 0)
		return NULL;
	*at = all[n - 1];
	free(all);
	return ram_row_at(j, T_LINE, *at);
}

int
ram_line_get(struct journal *base, const char *peer, bool out, uint64_t stream, struct journal_line *l)
{
	const struct journal_line *row;
	size_t at;

	memset(l, 0, sizeof(*l));
	if (base->failed)
		return -1;
	if ((row = find_line(ram_of(base), peer, out, stream, &at)) == NULL)
		return 1;
	*l = *row;
	return 0;
}

int
ram_line_put(struct journal *base, const struct journal_line *l)
{
	struct journal_line *row;
	size_t at;

	assert(l->stream != 0 && l->stream <= INT64_MAX && l->last <= INT64_MAX);
	if (base->failed)
		return -1;
	(void)find_line(ram_of(base), l->peer, l->out, l->stream, &at);
	row = ram_copy(l, sizeof(*l));
	ram_write(ram_of(base), T_LINE, at, row, false);
	return 0;
}

int
ram_line_each(struct journal *base, journal_line_fn fn, void *ctx)
{
	size_t end = ram_of(base)->tab[T_LINE].n, at;

	if (base->failed)
		return -1;
	for (at = 0; at < end && !base->failed; at++)
		if (fn(ctx, ram_row_at(ram_of(base), T_LINE, at)) != 0)
			break;
	return base->failed ? -1 : 0;
}

/* ---- passages ---- */

int
ram_passage_put(struct journal *base, const char *peer, bool out, uint64_t stream, const struct journal_passage *p)
{
	const struct journal_line *l;
	struct ram_passage *row;
	struct ram_key k;
	size_t line, at;

	assert(stream != 0 && p->serial > 0 && p->serial <= INT64_MAX);
	if (base->failed)
		return -1;
	l = find_line(ram_of(base), peer, out, stream, &line);
	assert(l != NULL);
	k = ram_key_passage(line, p->serial);
	(void)ram_row_of(ram_of(base), T_PASSAGE, &k, &at);
	row = xcalloc(1, sizeof(*row));
	row->line = line;
	row->p = *p;
	ram_write(ram_of(base), T_PASSAGE, at, row, false);
	return 0;
}

int
ram_passage_get(struct journal *base, const char *peer, bool out, uint64_t stream, uint64_t serial,
    struct journal_passage *p)
{
	const struct ram_passage *row;
	struct ram_key k;
	size_t line;

	memset(p, 0, sizeof(*p));
	if (base->failed)
		return -1;
	if (find_line(ram_of(base), peer, out, stream, &line) == NULL)
		return 1;
	k = ram_key_passage(line, serial);
	if ((row = ram_row_of(ram_of(base), T_PASSAGE, &k, NULL)) == NULL)
		return 1;
	*p = row->p;
	return 0;
}

struct pass {			/* where a passage stands */
	size_t line;
	uint64_t serial;
	size_t at;
};

static int
compare_passes(const void *a, const void *b)
{
	const struct pass *x = a, *y = b;

	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	return x->serial < y->serial ? -1 : x->serial > y->serial;
}

/* Visits what stands there, in the order of the lines and numbers, each once; of id, when it is not NULL. */
static int
visit_passes(struct journal *base, struct pass *v, size_t n, const struct msgid *id, journal_passage_fn fn, void *ctx)
{
	const struct ram_passage *row;
	size_t i;

	if (n > 0)
		qsort(v, n, sizeof(*v), compare_passes);
	for (i = 0; i < n && !base->failed; i++) {
		if (i > 0 && v[i].at == v[i - 1].at)
			continue;	/* listed twice: its message went away and came back */
		row = ram_row_at(ram_of(base), T_PASSAGE, v[i].at);
		if (row != NULL && (id == NULL || msgid_cmp(&row->p.id, id) == 0) &&
		    fn(ctx, ram_row_at(ram_of(base), T_LINE, row->line), &row->p) != 0)
			break;
	}
	return base->failed ? -1 : 0;
}

/* The rows of a list that are there and within the bounds; *v is the caller's. */
static size_t
collect(const struct ram *j, const struct ram_key *k, uint64_t first, uint64_t last, struct pass **v)
{
	const struct ram_passage *row;
	size_t *at, n, i, kept = 0;

	n = ram_list(j, k, &at);
	*v = xcalloc(n + 1, sizeof(**v));
	for (i = 0; i < n; i++)
		if ((row = ram_row_at(j, T_PASSAGE, at[i])) != NULL && row->p.serial >= first && row->p.serial <= last)
			(*v)[kept++] = (struct pass) { row->line, row->p.serial, at[i] };
	free(at);
	return kept;
}

/* A few numbers out of a long line: each by its key. */
static int
each_number(struct journal *base, size_t line, uint64_t first, uint64_t last, journal_passage_fn fn, void *ctx)
{
	const struct ram_passage *row;
	struct ram_key k;
	uint64_t serial;

	for (serial = first; serial <= last && !base->failed; serial++) {
		k = ram_key_passage(line, serial);
		row = ram_row_of(ram_of(base), T_PASSAGE, &k, NULL);
		if (row != NULL && fn(ctx, ram_row_at(ram_of(base), T_LINE, line), &row->p) != 0)
			break;
	}
	return base->failed ? -1 : 0;
}

int
ram_passage_each(struct journal *base, const char *peer, bool out, uint64_t stream, uint64_t first, uint64_t last,
    journal_passage_fn fn, void *ctx)
{
	struct pass *v;
	struct ram_key k;
	size_t line, n;
	int rc;

	if (base->failed)
		return -1;
	if (first > last || find_line(ram_of(base), peer, out, stream, &line) == NULL)
		return 0;
	if (last - first < 64)
		return last == UINT64_MAX ? 0 : each_number(base, line, first, last, fn, ctx);
	k = ram_key_passages(line);
	n = collect(ram_of(base), &k, first, last, &v);
	rc = visit_passes(base, v, n, NULL, fn, ctx);
	free(v);
	return rc;
}

int
ram_passage_of(struct journal *base, const struct msgid *id, journal_passage_fn fn, void *ctx)
{
	struct ram_key k = ram_key_id(L_PASSAGE_OF, id);
	struct pass *v;
	size_t n;
	int rc;

	if (base->failed)
		return -1;
	n = collect(ram_of(base), &k, 0, UINT64_MAX, &v);
	rc = visit_passes(base, v, n, id, fn, ctx);
	free(v);
	return rc;
}

int
ram_passage_trim(struct journal *base, const char *peer, bool out, uint64_t stream, uint64_t upto)
{
	struct pass *v;
	struct ram_key k;
	size_t line, n, i;

	if (base->failed)
		return -1;
	if (find_line(ram_of(base), peer, out, stream, &line) == NULL)
		return 1;
	k = ram_key_passages(line);
	n = collect(ram_of(base), &k, 0, upto, &v);
	for (i = 0; i < n; i++)
		ram_write(ram_of(base), T_PASSAGE, v[i].at, NULL, false);
	free(v);
	return 0;
}

/* ---- holds ---- */

int
ram_hold_put(struct journal *base, const struct msgid *id)
{
	struct ram *j = ram_of(base);
	struct ram_key k = ram_key_id(T_HOLD, id);
	struct ram_hold *row;
	size_t at;

	if (base->failed)
		return -1;
	if (ram_row_of(j, T_HOLD, &k, &at) != NULL)
		return 1;
	row = xcalloc(1, sizeof(*row));
	row->id = *id;
	row->order = j->nlog;		/* one that comes again is the youngest */
	ram_write(j, T_HOLD, at, row, false);
	return 0;
}

int
ram_hold_del(struct journal *base, const struct msgid *id)
{
	struct ram_key k = ram_key_id(T_HOLD, id);
	size_t at;

	if (base->failed)
		return -1;
	if (ram_row_of(ram_of(base), T_HOLD, &k, &at) == NULL)
		return 1;
	ram_write(ram_of(base), T_HOLD, at, NULL, false);
	return 0;
}

static int
compare_holds(const void *a, const void *b)
{
	const struct ram_hold *x = *(void *const *)a, *y = *(void *const *)b;

	return x->order < y->order ? -1 : x->order > y->order;
}

int
ram_hold_each(struct journal *base, journal_id_fn fn, void *ctx)
{
	struct ram *j = ram_of(base);
	const struct ram_hold **rows, *h;
	struct ram_key k;
	size_t n = 0, i;

	if (base->failed)
		return -1;
	rows = xcalloc(j->tab[T_HOLD].n + 1, sizeof(*rows));
	for (i = 0; i < j->tab[T_HOLD].n; i++)
		if ((h = ram_row_at(j, T_HOLD, i)) != NULL)
			rows[n++] = h;
	if (n > 0)
		qsort(rows, n, sizeof(*rows), compare_holds);
	for (i = 0; i < n && !base->failed; i++) {
		k = ram_key_id(T_HOLD, &rows[i]->id);
		if (ram_row_of(j, T_HOLD, &k, NULL) == rows[i] && fn(ctx, &rows[i]->id) != 0)
			break;
	}
	free(rows);
	return base->failed ? -1 : 0;
}
