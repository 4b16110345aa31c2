/*
 * Differences between two versions of a report.
 *
 * For the reader of a correction who has seen the old one: what is new must be found without reading both.  Equal values
 * are matched first, whatever their order; what is left is paired (figures by source) into changes, the rest was added or
 * taken out.  Nothing is judged here but one thing, because people hide it: a count that falls.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "buf.h"
#include "diff.h"
#include "value.h"

struct side {
	const struct value *v;
	const struct value *with; /* what it became */
	bool matched;
};

struct telling {
	const struct body *before, *after;
	const struct codebook *cb;
	bool zh;
	diff_fn fn;
	void *ctx;
	size_t n;
};

static bool is_own(const struct field *);
static bool same_source(const struct figure *, const struct figure *);
static bool same_value(const struct value *, const struct value *);
static void tell(struct telling *, const struct value *old, const struct value *new);
static void compare_key(struct telling *, uint32_t key);

/* What every version has of its own. */
static bool
is_own(const struct field *fd)
{
	static const uint32_t own[] = {
	    F_VERSION, F_STAGE, F_REFS, F_FOREIGN_ID, F_FOREIGN_PREV, F_ORIGINAL, F_ORIGINAL_SIZE};

	if ((fd->flags & FF_HEADER) != 0)
		return true;
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		if (fd->key == own[i])
			return true;
	return false;
}

static bool
same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool
same_source(const struct figure *a, const struct figure *b)
{
	return same_text(a->source, b->source);
}

static bool
is_figure(const struct value *v)
{
	return v->field != NULL && field_decimals(v->field) >= 0;
}

static bool
same_value(const struct value *a, const struct value *b)
{
	assert(a->key == b->key);
	if (a->field == NULL)
		return a->u.raw.len == b->u.raw.len && memcmp(a->u.raw.p, b->u.raw.p, a->u.raw.len) == 0;
	switch (a->field->type) {
	case FT_TEXT:
	case FT_CODE:
	case FT_STATION:
		return a->u.text.len == b->u.text.len && memcmp(a->u.text.s, b->u.text.s, a->u.text.len) == 0;
	case FT_ENUM:
	case FT_UINT:
	case FT_BOOL:
		return a->u.num == b->u.num;
	case FT_TIME:
		return a->u.when.ms == b->u.when.ms && a->u.when.offset == b->u.when.offset &&
		       same_text(a->u.when.text, b->u.when.text);
	case FT_FIGURE:
	case FT_FIGURE2:
	case FT_FIGURE4:
		/* no time of its own: that of its message, which is no difference */
		return a->u.fig.q == b->u.fig.q && a->u.fig.n == b->u.fig.n &&
		       (a->u.fig.asof == b->u.fig.asof || a->u.fig.asof == 0 || b->u.fig.asof == 0) && same_source(&a->u.fig, &b->u.fig);
	case FT_MSGID:
		return msgid_cmp(&a->u.id, &b->u.id) == 0;
	case FT_GEO:
		return a->u.geo.lat == b->u.geo.lat && a->u.geo.lon == b->u.geo.lon;
	case FT_DIGEST:
		return memcmp(a->u.digest, b->u.digest, DIGEST_LEN) == 0;
	}
	return false;
}

bool
figure_falls(const struct figure *old, const struct figure *new)
{
	if (old->q == FIG_UNKNOWN)
		return false;
	if (new->q == FIG_UNKNOWN)
		return true;
	if (old->q == FIG_ATMOST)
		return false;
	if (new->q == FIG_ATMOST)
		return old->n > 0;
	if (old->q == FIG_EXACT && new->q == FIG_ABOUT && new->n == old->n)
		return old->n > 0;
	return new->n < old->n;
}

/* The latest figure of the same source; NULL when it says none. */
static const struct value *
current(const struct body *b, uint32_t key, const struct figure *of)
{
	const struct value *found = NULL;

	for (const struct value *v = body_first(b, key); v != NULL; v = body_next(b, v))
		if (same_source(&v->u.fig, of) && (found == NULL || v->u.fig.asof >= found->u.fig.asof))
			found = v;
	return found;
}

const struct field *
body_falls(const struct body *before, const struct body *after, bool supersedes, const struct value **from,
    const struct value **to)
{
	const struct field *fd;

	for (size_t i = 0; (fd = field_at(i)) != NULL; i++) {
		if (field_decimals(fd) < 0)
			continue;
		for (const struct value *v = body_first(before, fd->key); v != NULL; v = body_next(before, v)) {
			const struct value *old = current(before, fd->key, &v->u.fig);
			const struct value *new = current(after, fd->key, &v->u.fig);
			bool gone = new == NULL && supersedes && old->u.fig.q != FIG_UNKNOWN && old->u.fig.n > 0;

			if (!gone && (new == NULL || !figure_falls(&old->u.fig, &new->u.fig)))
				continue;
			if (from != NULL)
				*from = old;
			if (to != NULL)
				*to = new;
			return fd;
		}
	}
	return NULL;
}

/* ---- telling ---- */

struct lines {
	struct line {
		char *s;
		size_t len;
	} *v;
	size_t n;
};

/* A text of no bytes is one empty line. */
static void
split(const struct value *v, struct lines *out)
{
	char *s = v->u.text.s, *end = s + v->u.text.len, *nl;
	size_t n = 1;

	for (const char *p = s; p < end; p++)
		n += *p == '\n';
	out->v = xcalloc(n, sizeof(*out->v));
	for (out->n = 0; out->n < n; s = nl + 1) {
		nl = memchr(s, '\n', (size_t)(end - s));
		if (nl == NULL)
			nl = end;
		out->v[out->n++] = (struct line){.s = s, .len = (size_t)(nl - s)};
	}
}

static bool
same_line(const struct line *a, const struct line *b)
{
	return a->len == b->len && memcmp(a->s, b->s, a->len) == 0;
}

static void
put_text_line(struct telling *t, struct buf *out, const struct value *v, const struct line *line)
{
	struct value part = *v;

	part.u.text.s = line->s;
	part.u.text.len = line->len;
	value_format(out, &part, t->cb, t->zh);
}

/* Several lines: only the first that differs; those alike at the beginning and at the end are passed over. */
static void
tell_lines(struct telling *t, struct diff *d, const struct value *old, const struct value *new, struct buf *from,
    struct buf *to)
{
	struct lines a, b;
	size_t head = 0, tail = 0, left_a, left_b;

	split(old, &a);
	split(new, &b);
	while (head < a.n && head < b.n && same_line(&a.v[head], &b.v[head]))
		head++;
	while (tail < a.n - head && tail < b.n - head && same_line(&a.v[a.n - 1 - tail], &b.v[b.n - 1 - tail]))
		tail++;
	left_a = a.n - head - tail;
	left_b = b.n - head - tail;
	d->line = head + 1;
	d->lines = left_a > left_b ? left_a : left_b;
	if (left_a > 0)
		put_text_line(t, from, old, &a.v[head]);
	if (left_b > 0)
		put_text_line(t, to, new, &b.v[head]);
	free(a.v);
	free(b.v);
}

static bool
is_lines(const struct value *v)
{
	return v->field != NULL && v->field->type == FT_TEXT && memchr(v->u.text.s, '\n', v->u.text.len) != NULL;
}

/* The same instant written otherwise, and keys nobody knows here: what tells them apart. */
static void
put_apart(struct buf *out, const struct value *v)
{
	uint8_t digest[DIGEST_LEN];
	char hex[2 * DIGEST_LEN + 1];

	if (v->field == NULL) {
		digest_of(v->u.raw.p, v->u.raw.len, digest);
		digest_hex(digest, hex);
		buf_printf(out, " %.8s", hex);
	} else if (v->field->type == FT_TIME) {
		int off = v->u.when.offset, abs = off < 0 ? -off : off;
		struct value text = {.key = F_TEXT, .field = field_by_key(F_TEXT)};

		buf_printf(out, " %c%02d:%02d", off < 0 ? '-' : '+', abs / 60, abs % 60);
		if (v->u.when.text == NULL)
			return;
		text.u.text.len = strlen(v->u.when.text);
		text.u.text.s = xstrndup(v->u.when.text, text.u.text.len);
		buf_puts(out, " ");
		value_format(out, &text, NULL, false);
		free(text.u.text.s);
	}
}

static void
tell(struct telling *t, const struct value *old, const struct value *new)
{
	const struct value *v = old != NULL ? old : new;
	struct diff d = {.key = v->key, .field = v->field};
	struct buf from = {0}, to = {0};

	t->n++;
	if (t->fn == NULL)
		return;
	d.kind = old == NULL ? DIFF_ADDED : new == NULL ? DIFF_REMOVED : DIFF_CHANGED;
	if (is_figure(v)) {
		const struct value *was = current(t->before, v->key, &v->u.fig), *is = current(t->after, v->key, &v->u.fig);

		d.source = v->u.fig.source;
		/* said of the figure that counts now, or of the one that is gone */
		if (was != NULL && is != NULL && (new == is || (new == NULL && old == was)))
			d.falls = figure_falls(&was->u.fig, &is->u.fig);
		else if (was != NULL && is == NULL)
			/* a follow-up need not repeat what it does not change */
			d.falls = old == was && was->u.fig.q != FIG_UNKNOWN && was->u.fig.n > 0 &&
			    body_enum(t->after, F_STAGE) == STAGE_CORRECTION;
	}
	if (old != NULL && new != NULL && (is_lines(old) || is_lines(new)))
		tell_lines(t, &d, old, new, &from, &to);
	else {
		if (old != NULL)
			value_format(&from, old, t->cb, t->zh);
		if (new != NULL)
			value_format(&to, new, t->cb, t->zh);
		if (old != NULL && new != NULL && strcmp(buf_cstr(&from), buf_cstr(&to)) == 0) {
			put_apart(&from, old);
			put_apart(&to, new);
		}
	}
	d.before = buf_cstr(&from);
	d.after = buf_cstr(&to);
	t->fn(t->ctx, &d);
	buf_free(&from);
	buf_free(&to);
}

static struct side *
side_of(const struct body *b, uint32_t key, size_t *n)
{
	struct side *s;
	size_t i = 0;

	*n = body_count(b, key);
	s = xcalloc(*n + 1, sizeof(*s));
	for (const struct value *v = body_first(b, key); v != NULL; v = body_next(b, v))
		s[i++].v = v;
	assert(i == *n);
	return s;
}

/* The last of the other side that is left over and belongs to v; NULL when none does. */
static struct side *
partner(struct side *other, size_t n, const struct value *v)
{
	for (size_t i = n; i-- > 0;)
		if (!other[i].matched && (!is_figure(v) || same_source(&other[i].v->u.fig, &v->u.fig)))
			return &other[i];
	return NULL;
}

static void
compare_key(struct telling *t, uint32_t key)
{
	size_t na, nb, left_a = 0, left_b = 0;
	struct side *a = side_of(t->before, key, &na), *b = side_of(t->after, key, &nb), *p;
	bool pair;

	for (size_t i = 0; i < na; i++)
		for (size_t k = 0; k < nb && !a[i].matched; k++)
			if (!b[k].matched && same_value(a[i].v, b[k].v))
				a[i].matched = b[k].matched = true;
	for (size_t i = 0; i < na; i++)
		left_a += !a[i].matched;
	for (size_t i = 0; i < nb; i++)
		left_b += !b[i].matched;
	/* of several texts gone and several come nobody can say which became which */
	pair = (na > 0 && is_figure(a[0].v)) || (left_a == 1 && left_b == 1);
	for (size_t i = na; pair && i-- > 0;) {
		if (a[i].matched || (p = partner(b, nb, a[i].v)) == NULL)
			continue;
		a[i].with = p->v;
		p->matched = true;
	}
	for (size_t i = 0; i < na; i++)
		if (!a[i].matched)
			tell(t, a[i].v, a[i].with);
	for (size_t i = 0; i < nb; i++)
		if (!b[i].matched)
			tell(t, NULL, b[i].v);
	free(a);
	free(b);
}

size_t
body_diff(const struct body *before, const struct body *after, const struct codebook *cb, bool zh, diff_fn fn, void *ctx)
{
	struct telling t = {.before = before, .after = after, .cb = cb, .zh = zh, .fn = fn, .ctx = ctx};
	const struct field *fd;
	size_t i, k;

	for (i = 0; (fd = field_at(i)) != NULL; i++)
		if (!is_own(fd) && (body_first(before, fd->key) != NULL || body_first(after, fd->key) != NULL))
			compare_key(&t, fd->key);
	/* keys this version does not know, both bodies being sorted by key */
	for (i = k = 0; i < before->n || k < after->n;) {
		const struct value *x = i < before->n ? &before->v[i] : NULL, *y = k < after->n ? &after->v[k] : NULL;

		if (x != NULL && x->field != NULL)
			i++;
		else if (y != NULL && y->field != NULL)
			k++;
		else {
			uint32_t key = y == NULL || (x != NULL && x->key < y->key) ? x->key : y->key;

			compare_key(&t, key);
			while (i < before->n && before->v[i].key == key)
				i++;
			while (k < after->n && after->v[k].key == key)
				k++;
		}
	}
	return t.n;
}
