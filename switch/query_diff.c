/*
 * What differs between two versions of a station's reports in one incident.  Versions are the report numbers their author
 * gave them; they never change, so the answer stays true.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "../formats/diff.h"
#include "../formats/i18n.h"
#include "query_int.h"

struct version {
	const struct incident_line *line;
	int64_t n;
};

struct versions {
	struct version *v;
	size_t n;
};

static int
cmp_version(const void *a, const void *b)
{
	const struct version *x = a, *y = b;

	if (x->n != y->n)
		return x->n < y->n ? -1 : 1;
	return msgid_cmp(&x->line->id, &y->line->id);
}

/* The station's numbered reports, ascending. */
static void
gather(const struct incident *inc, const char *station, struct versions *vs)
{
	vs->v = xcalloc(inc->nall + 1, sizeof *vs->v);
	vs->n = 0;
	for (size_t i = 0; i < inc->nall; i++) {
		const struct incident_line *l = &inc->all[i];
		int64_t n;

		if (l->kind == KIND_REPORT && l->stage != STAGE_WITHDRAWAL && strcmp(l->id.origin, station) == 0 &&
		    body_num(l->body, F_VERSION, &n))
			vs->v[vs->n++] = (struct version) { l, n };
	}
	if (vs->n > 1)
		qsort(vs->v, vs->n, sizeof *vs->v, cmp_version);
}

/* Whose versions are meant where nobody says so: our own, else the opener's, else those of whoever has most. */
static const char *
choose_station(const struct query *q, const struct incident *inc)
{
	const char *best = inc->opener;
	struct versions vs;
	size_t most = 0;

	gather(inc, q->self, &vs);
	free(vs.v);
	if (vs.n > 0)
		return q->self;
	gather(inc, inc->opener, &vs);
	free(vs.v);
	if (vs.n > 0)
		return inc->opener;
	for (size_t i = 0; i < inc->nlines; i++) {
		if (inc->lines[i].kind != KIND_REPORT)
			continue;
		gather(inc, inc->lines[i].id.origin, &vs);
		free(vs.v);
		if (vs.n > most) {
			most = vs.n;
			best = inc->lines[i].id.origin;
		}
	}
	return best;
}

static const struct version *
find(const struct versions *vs, int64_t n)
{
	for (size_t i = 0; i < vs->n; i++)
		if (vs->v[i].n == n)
			return &vs->v[i];
	return NULL;
}

struct rows {
	const struct query *q;
	json_t *list;
};

static void
diff_row(void *ctx, const struct diff *d)
{
	static const char *const kinds[] = {
		[DIFF_ADDED] = "added", [DIFF_REMOVED] = "removed", [DIFF_CHANGED] = "changed" };
	struct rows *r = ctx;
	json_t *o = json_object();
	char text[160];

	if (d->field != NULL) {
		query_put_text(o, "field", d->field->name);
		query_put_text(o, "name", query_field_name(r->q, d->field));
	} else {
		(void)snprintf(text, sizeof text, "%" PRIu32, d->key);
		query_put_text(o, "field", text);
		query_put_text(o, "name", text);
	}
	query_put_text(o, "kind", kinds[d->kind]);
	query_put_text(o, "old", d->before);
	query_put_text(o, "new", d->after);
	query_put_text(o, "source", d->source);
	query_put_text(o, "source_name", d->source != NULL && station_code_valid(d->source) ?
	    query_station(r->q, d->source, text, sizeof text) : d->source);
	query_put(o, "line", json_integer((json_int_t)d->line));
	query_put(o, "lines", json_integer((json_int_t)d->lines));
	query_put(o, "falls", json_boolean(d->falls));
	(void)json_array_append_new(r->list, o);
}

static json_t *
version_json(const struct query *q, const struct version *v)
{
	json_t *o = json_object();

	query_put_id(o, "id", &v->line->id);
	query_put(o, "version", json_integer(v->n));
	query_put_enum(q, o, "stage", "stage", v->line->stage);
	query_put(o, "at", json_integer(v->line->at));
	query_put(o, "withdrawn", json_boolean(v->line->withdrawn));
	query_put_lines(o, "reason", body_text(v->line->body, F_REASON), 4096);
	return o;
}

/* The two that are meant; false + fault. */
static bool
choose(struct query *q, const struct versions *vs, int64_t from, int64_t to, const struct version **a,
    const struct version **b)
{
	size_t stands = vs->n;

	*a = *b = NULL;
	/* The last that still says something; when all are recalled, the last of all. */
	while (stands > 0 && vs->v[stands - 1].line->withdrawn)
		stands--;
	if (stands == 0)
		stands = vs->n;
	if (to != 0)
		*b = find(vs, to);
	else if (stands > 0)
		*b = &vs->v[stands - 1];
	if (*b == NULL) {
		(void)(to != 0 ? fault_set(q->f, EX_NOINPUT, "to", _("no report number %lld here"), (long long)to) :
				 fault_set(q->f, EX_NOINPUT, "ref", _("that station has no numbered reports here")));
		return false;
	}
	if (from != 0)
		*a = find(vs, from);
	else
		for (size_t i = 0; &vs->v[i] < *b; i++)
			if (!vs->v[i].line->withdrawn)
				*a = &vs->v[i];
	if (*a == NULL) {
		(void)(from != 0 ? fault_set(q->f, EX_NOINPUT, "from", _("no report number %lld here"), (long long)from) :
				   fault_set(q->f, EX_NOINPUT, "ref", _("there is only one version")));
		return false;
	}
	return true;
}

json_t *
query_diff(struct query *q)
{
	struct versions vs = { 0 };
	const struct version *a, *b;
	struct folded fd;
	struct rows rows = { .q = q };
	struct msgid id;
	const char *ref, *station;
	int64_t from, to;
	int realm;
	json_t *o = NULL, *list;

	memset(&fd, 0, sizeof fd);
	if (!query_get_text(q, "ref", true, &ref) || !query_get_realm(q, REALM_LIVE, &realm) ||
	    !query_get_text(q, "station", false, &station) || !query_get_int(q, "from", 0, 1, INT32_MAX, &from) ||
	    !query_get_int(q, "to", 0, 1, INT32_MAX, &to))
		return NULL;
	if (station != NULL && !station_code_valid(station)) {
		(void)fault_set(q->f, EX_DATAERR, "station", _("no station code: %.60s"), station);
		return NULL;
	}
	if (station_resolve(q->s, realm, ref, &id, q->f) != 0)
		return NULL;
	if (station_fold(q->s, &id, &fd) == -1)
		return query_unreadable(q);
	if (station == NULL)
		station = choose_station(q, fd.incident);
	gather(fd.incident, station, &vs);
	if (!choose(q, &vs, from, to, &a, &b))
		goto out;
	rows.list = json_array();
	(void)body_diff(a->line->body, b->line->body, q->conf->codebook, q->zh, diff_row, &rows);
	list = json_array();
	for (size_t i = 0; i < vs.n && i < FIELD_REPEAT_MAX; i++)
		(void)json_array_append_new(list, version_json(q, &vs.v[i]));
	o = json_object();
	query_put_id(o, "incident", &id);
	query_put_station(q, o, "station", station);
	query_put(o, "versions", list);
	query_put(o, "a", version_json(q, a));
	query_put(o, "b", version_json(q, b));
	query_put(o, "rows", rows.list);
out:
	free(vs.v);
	folded_free(&fd);
	return o;
}
