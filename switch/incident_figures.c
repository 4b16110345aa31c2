/*
 * What an incident's messages say in numbers: the figures that stand, per field and source, and the report numbers that
 * show what is not here.  A part of the fold (incident.c), whose rules it keeps.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include "../formats/buf.h"
#include "incident_int.h"

struct said_figure {
	const struct incident_line *line;
	const struct value *v;
	const char *source;	/* never NULL */
	bool own;		/* the source's own word; else somebody cites it */
	size_t place, at;
};

/* By field and source; within them the one that stands comes last. */
static int
cmp_figure(const void *a, const void *b)
{
	const struct said_figure *x = a, *y = b;
	int c;

	if (x->v->key != y->v->key)
		return x->v->key < y->v->key ? -1 : 1;
	if ((c = strcmp(x->source, y->source)) != 0)
		return c;
	if (x->own != y->own)
		return x->own ? 1 : -1;
	if (x->place != y->place)
		return x->place < y->place ? -1 : 1;
	return x->at < y->at ? -1 : x->at > y->at;
}

/*
 * Whose numbers are those of the incident as a whole.  A call-out or a roll call counts a part, a resource or a hazard
 * point something else, a consultation supposes, an entry about another channel repeats; what a person adopts
 * (STEP_ADOPTED) is kept apart, and a kind of a later version may mean anything by its numbers.
 */
static bool
states_figures(const struct incident_line *l)
{
	switch (l->kind) {
	case KIND_REPORT:
	case KIND_INTAKE:
	case KIND_GRADE:
	case KIND_FEEDBACK:
		return incident_counts(l);
	default:
		return false;
	}
}

void
incident_figures(struct fold *f)
{
	struct incident *inc = f->inc;
	struct said_figure *s = NULL;
	size_t n = 0, cap = 0, i, j;

	for (i = 0; i < f->n; i++) {
		const struct incident_line *l = &f->all[i];

		for (j = 0; states_figures(l) && j < l->body->n; j++) {
			const struct value *v = &l->body->v[j];

			if (v->field == NULL || v->key == F_QUANTITY || field_decimals(v->field) < 0)
				continue;
			if (n == cap) {
				cap = cap == 0 ? 16 : cap * 2;
				s = xreallocarray(s, cap, sizeof *s);
			}
			s[n].line = l;
			s[n].v = v;
			s[n].source =
			    v->u.fig.source != NULL && v->u.fig.source[0] != '\0' ? v->u.fig.source : l->id.origin;
			s[n].own = strcmp(s[n].source, l->id.origin) == 0;
			s[n].place = f->place[i];
			s[n].at = n;
			n++;
		}
	}
	if (n > 1)
		qsort(s, n, sizeof *s, cmp_figure);
	inc->figures = xcalloc(n + 1, sizeof *inc->figures);
	for (i = 0; i < n; i++) {
		struct incident_figure *out = &inc->figures[inc->nfigures];

		if (i + 1 < n && s[i + 1].v->key == s[i].v->key && strcmp(s[i + 1].source, s[i].source) == 0)
			continue;
		inc->nfigures++;
		out->key = s[i].v->key;
		out->fig = s[i].v->u.fig;
		out->by = s[i].line->id;
		memcpy(out->station, s[i].line->id.origin, sizeof out->station);
		incident_text(out->source, sizeof out->source, s[i].source);
		out->fig.source = s[i].source != s[i].line->id.origin ? s[i].source : out->station;
	}
	free(s);
}

struct version {
	const char *station;
	int64_t v;
	bool opener;
	bool here;	/* counts for this incident: a report split off leaves no gap, and is no version of it */
};

static int
cmp_version(const void *a, const void *b)
{
	const struct version *x = a, *y = b;
	int c;

	if (x->opener != y->opener)
		return x->opener ? -1 : 1;
	if ((c = strcmp(x->station, y->station)) != 0)
		return c;
	return x->v < y->v ? -1 : x->v > y->v;
}

static void
gap_add(struct incident *inc, const char *station, int64_t have, const char *without)
{
	struct incident_gap *g;
	struct buf b = { 0 };

	inc->gaps = xreallocarray(inc->gaps, inc->ngaps + 1, sizeof *inc->gaps);
	g = &inc->gaps[inc->ngaps++];
	memset(g, 0, sizeof *g);
	incident_text(g->station, sizeof g->station, station);
	incident_text(g->without, sizeof g->without, without);
	g->have = have > INT_MAX ? INT_MAX : (int)have;
	buf_printf(&b, "%s%s%s report %d without %s", inc->missing_text, inc->missing_text[0] == '\0' ? "" : "; ",
	    g->station, g->have, g->without);
	incident_text(inc->missing_text, sizeof inc->missing_text, buf_cstr(&b));
	buf_free(&b);
}

/* Report numbers: each station counts its own from 1, so a hole is a report that was written and is not here. */
void
incident_versions(struct fold *f)
{
	struct incident *inc = f->inc;
	struct version *v = xcalloc(f->n + 1, sizeof *v);
	size_t n = 0, i, j;
	int64_t x;

	for (i = 0; i < f->n; i++) {
		const struct incident_line *l = &f->all[i];

		if (l->kind != KIND_REPORT || !body_num(l->body, F_VERSION, &x) || x < 1)
			continue;
		v[n].station = l->id.origin;
		v[n].opener = strcmp(l->id.origin, inc->opener) == 0;
		v[n].here = !l->split_off;
		v[n++].v = x;
	}
	if (n > 1)
		qsort(v, n, sizeof *v, cmp_version);
	for (i = 0; i < n; i++) {
		if (v[i].here && (v[i].opener || !v[0].opener))
			inc->version = v[i].v > INT_MAX ? INT_MAX : v[i].v > inc->version ? (int)v[i].v : inc->version;
	}
	for (i = 0; i < n; i = j) {
		struct buf b = { 0 };
		int64_t next = 1;

		for (j = i; j < n && strcmp(v[j].station, v[i].station) == 0; j++) {
			if (v[j].v > next && b.n < sizeof inc->gaps->without) {
				if (b.n > 0)
					buf_puts(&b, ", ");
				if (v[j].v - 1 > next)
					buf_printf(&b, "%lld-%lld", (long long)next, (long long)v[j].v - 1);
				else
					buf_printf(&b, "%lld", (long long)next);
			}
			next = v[j].v < INT64_MAX ? v[j].v + 1 : v[j].v;
		}
		if (b.n > 0)
			gap_add(inc, v[i].station, v[j - 1].v, buf_cstr(&b));
		buf_free(&b);
	}
	free(v);
}
