/*
 * Who is responsible: one shift at every instant from the first sign-on on, and another only from the instant at which the last signature of a handover
 * was given, never at the hour.  Folded here from the station's own messages, in the order they were written, and held against its watch.
 *
 * And what is owed does not hang on the process: the same before and after a start; the chain clock of an event is one at all who hold it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../../formats/buf.h"
#include "../../switch/clock.h"
#include "../../switch/duty_watch.h"
#include "../../switch/query.h"
#include "duty_judge.h"

#define NAMES 4

struct names {
	char v[NAMES][97];
	size_t n;
};

struct span {
	int64_t from;
	struct names who;
	struct msgid by;
};

struct fold {
	struct span *span;
	size_t n;
	bool founded, under_way;
	int64_t shift;		/* the founding one's beginning */
	struct msgid handover;
	struct names out, in, asks, answered, signed_out, signed_in;
};

static bool
holds(const struct names *l, const char *name)
{
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->v[i], name) == 0)
			return true;
	return false;
}

static void
put(struct names *l, const char *name)
{
	if (name != NULL && l->n < NAMES && !holds(l, name))
		(void)snprintf(l->v[l->n++], sizeof l->v[0], "%s", name);
}

static bool
same_names(const struct names *a, const struct names *b)
{
	for (size_t i = 0; i < a->n; i++)
		if (!holds(b, a->v[i]))
			return false;
	return a->n == b->n;
}

static struct span *
begins(struct fold *f, const struct held *m)
{
	struct span *s;

	f->span = xreallocarray(f->span, f->n + 1, sizeof *f->span);
	s = &f->span[f->n];
	memset(s, 0, sizeof *s);
	s->from = f->n > 0 && m->stored < f->span[f->n - 1].from ? f->span[f->n - 1].from : m->stored;
	s->by = m->id;
	f->n++;
	return s;
}

static void
sign_on(struct fold *f, const struct held *m)
{
	const char *who = body_text(m->b, F_PERSON);
	struct names now = {.n = 0};
	struct span *s;
	int64_t shift = 0;

	(void)body_time(m->b, F_PERIOD_FROM, &shift);
	if (f->n > 0)
		now = f->span[f->n - 1].who;
	if (f->n > 0 && (!f->founded || f->under_way || shift != f->shift || shift == 0 || holds(&now, who)))
		return;
	if (f->n == 0)
		f->shift = shift;
	s = begins(f, m);
	s->who = now;
	put(&s->who, who);
	f->founded = true;
}

static void
begun(struct fold *f, const struct held *m)
{
	struct names out = {.n = 0}, in = {.n = 0};

	if (f->n > 0)
		out = f->span[f->n - 1].who;
	for (const struct value *v = body_first(m->b, F_INCOMING); v != NULL; v = body_next(m->b, v))
		put(&in, v->u.text.s);
	if (!f->under_way || !same_names(&out, &f->out) || !same_names(&in, &f->in))
		f->signed_out.n = f->signed_in.n = 0;
	if (!f->under_way)
		f->answered.n = 0;
	f->out = out;
	f->in = in;
	f->asks.n = 0;
	for (const struct value *v = body_first(m->b, F_ASKS); v != NULL; v = body_next(m->b, v))
		put(&f->asks, v->u.text.s);
	f->handover = m->id;
	f->under_way = true;
}

/* Everybody of one side who is not of the other too; where the same people go on, all who take over. */
static bool
complete(const struct fold *f)
{
	bool alike = same_names(&f->out, &f->in);

	for (size_t i = 0; i < f->out.n; i++)
		if (!holds(&f->in, f->out.v[i]) && !holds(&f->signed_out, f->out.v[i]))
			return false;
	for (size_t i = 0; i < f->in.n; i++)
		if ((alike || !holds(&f->out, f->in.v[i])) && !holds(&f->signed_in, f->in.v[i]))
			return false;
	return true;
}

static void
signed_(struct fold *f, const struct held *m)
{
	const char *who = body_text(m->b, F_PERSON);
	bool out = body_enum(m->b, F_SIDE) == SIDE_OUT;

	if (!f->under_way || who == NULL || !refers(m->b, &f->handover) || !holds(out ? &f->out : &f->in, who))
		return;
	for (size_t i = 0; !out && i < f->asks.n; i++)
		if (!holds(&f->answered, f->asks.v[i]))
			return;
	put(out ? &f->signed_out : &f->signed_in, who);
	if (!complete(f))
		return;
	begins(f, m)->who = f->in;
	f->under_way = f->founded = false;
	f->signed_out.n = f->signed_in.n = f->answered.n = 0;
}

static int
by_id(const void *a, const void *b)
{
	const struct msgid *x = &(*(const struct held *const *)a)->id, *y = &(*(const struct held *const *)b)->id;

	return x->epoch != y->epoch ? (x->epoch > y->epoch) - (x->epoch < y->epoch) : (x->serial > y->serial) - (x->serial < y->serial);
}

static void
fold_all(const struct holding *h, struct fold *f)
{
	const struct held **v = xcalloc(h->n + 1, sizeof *v);
	size_t n = 0;

	for (size_t i = 0; i < h->n; i++)
		if (h->v[i].b != NULL && strcmp(h->v[i].id.origin, h->self) == 0 && h->v[i].id.realm == REALM_LIVE &&
		    (h->v[i].kind == KIND_HANDOVER || h->v[i].kind == KIND_ROSTER))
			v[n++] = &h->v[i];
	if (n > 1)
		qsort(v, n, sizeof *v, by_id);
	for (size_t i = 0; i < n; i++) {
		int step = body_enum(v[i]->b, F_DUTY_STEP);

		if (step == DUTY_SIGN_ON)
			sign_on(f, v[i]);
		else if (step == DUTY_HANDOVER_BEGUN)
			begun(f, v[i]);
		else if (step == DUTY_HANDOVER_ITEM && f->under_way && body_flag(v[i]->b, F_ANSWER_OK))
			put(&f->answered, body_text(v[i]->b, F_QUESTION));
		else if (step == DUTY_HANDOVER_SIGNED)
			signed_(f, v[i]);
	}
	free(v);
}

void
judge_watch(const struct holding *h, struct duty_sums *sums)
{
	const struct duty *d = station_duty(world_station(h->r->w, h->node));
	const struct watch_span *v = NULL;
	struct fold f = {0};
	struct watch_span at;
	size_t n;

	if (d == NULL) {
		duty_fail(h, "the duty book cannot be read", NULL, "");
		return;
	}
	n = watch_spans(d->watch, &v);
	fold_all(h, &f);
	if (n != f.n)
		duty_fail(h, "responsibility has passed another number of times than handovers were signed", n > 0 ? &v[n - 1].by : NULL, "");
	for (size_t i = 0; i < n && *h->r->why == '\0'; i++) {
		const struct span *s = &f.span[i];
		struct names who = {.n = 0};

		for (size_t k = 0; k < v[i].n; k++)
			put(&who, v[i].person[k]);
		if (msgid_cmp(&v[i].by, &s->by) != 0 || !same_names(&who, &s->who))
			duty_fail(h, "others are responsible than have signed:", &v[i].by, who.v[0]);
		else if (v[i].from != s->from)
			duty_fail(h, "responsibility has not passed with the last signature:", &v[i].by, "");
		else if (i + 1 < n ? v[i].to != v[i + 1].from : v[i].to != 0)
			duty_fail(h, "a minute is nobody's, or two shifts':", &v[i].by, "");
		else if (!watch_at(d->watch, v[i].from, &at))
			duty_fail(h, "nobody is responsible at the beginning of a shift:", &v[i].by, "");
	}
	if (sums != NULL)
		sums->spans += n;
	free(f.span);
}

/* ---- over a start ---- */

static int
cmp_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* What is owed, without what the lines' state adds: presence, and whose handover is late below (told over the line, and again when it is up). */
static char *
owed_text(struct run *r, size_t node)
{
	struct query_env env = {.station = world_station(r->w, node)};
	json_t *none = json_object(), *answer, *o;
	struct buf out = {0};
	struct fault f;
	char **line = NULL, *all;
	size_t i, n = 0;

	answer = query_answer(&env, world_clock(r->w, node), "owed", none, &f);
	json_array_foreach(json_object_get(answer, "items"), i, o) {
		static const char *const away[] = {"presence", "presence_name", "call", "note"};

		if (strcmp(text_of(o, "what"), "await-handover") == 0)
			continue;
		for (size_t k = 0; k < sizeof away / sizeof away[0]; k++)
			(void)json_object_del(o, away[k]);
		line = xreallocarray(line, n + 1, sizeof *line);
		line[n++] = json_dumps(o, JSON_COMPACT | JSON_SORT_KEYS);
	}
	if (n > 1)
		qsort(line, n, sizeof *line, cmp_text);
	for (i = 0; i < n; i++) {
		buf_printf(&out, "%s\n", line[i]);
		free(line[i]);
	}
	all = xstrdup(buf_cstr(&out));
	free(line);
	buf_free(&out);
	json_decref(answer);
	json_decref(none);
	return all;
}

void
judge_start(struct run *r, size_t node)
{
	char *was, *is, text[900];
	size_t at = 0;

	if (world_station(r->w, node) == NULL || station_dirty(world_station(r->w, node)))
		return;
	was = owed_text(r, node);
	world_stop(r->w, node);
	if (world_restart(r->w, node)) {
		is = owed_text(r, node);
		while (was[at] != '\0' && was[at] == is[at])
			at++;
		if (strcmp(was, is) != 0) {
			while (at > 0 && was[at - 1] != '\n')
				at--;
			(void)snprintf(text, sizeof text, "%s: after a start something else is owed: %.380s -- was: %.380s", world_code(r->w, node),
			    is + at, was + at);
			run_fail(r, text, SIZE_MAX, 0);
		}
		free(is);
	}
	free(was);
}

/* ---- one chain clock ---- */

struct chains {
	struct { enum owed what; int64_t origin, due; char endpoint[64]; } v[8];
	size_t n;
};

static void
chain(void *ctx, const struct owed_item *it)
{
	struct chains *c = ctx;

	if (it->scope != SCOPE_CHAIN || c->n == sizeof c->v / sizeof c->v[0])
		return;
	c->v[c->n].what = it->what;
	c->v[c->n].origin = it->origin;
	c->v[c->n].due = it->due;
	(void)snprintf(c->v[c->n++].endpoint, sizeof c->v[0].endpoint, "%s", it->endpoint);
}

void
judge_clocks(struct run *r, size_t i, size_t k, const struct incident *a, const struct incident *b)
{
	const char *self = world_code(r->w, r->e[i].node);
	const struct neighbour *up = topology_parent(&world_map(r->w)->p[r->e[i].node].topo);
	const struct rules *rules = world_station_conf(r->w, 0)->rules;
	struct chains x = {.n = 0}, y = {.n = 0};

	/* As the county's, whichever it is: the rows of the chain are the same for all. */
	clock_all(a, self, up != NULL ? up->station : "", "county", rules, chain, &x);
	clock_all(b, self, up != NULL ? up->station : "", "county", rules, chain, &y);
	if (x.n != y.n)
		run_fail(r, "one event has other chain clocks at another station that holds the same", i, k);
	for (size_t c = 0; c < x.n && *r->why == '\0'; c++)
		if (x.v[c].what != y.v[c].what || x.v[c].origin != y.v[c].origin || x.v[c].due != y.v[c].due ||
		    strcmp(x.v[c].endpoint, y.v[c].endpoint) != 0)
			run_fail(r, "the chain clock of one event is another at another station that holds the same", i, k);
}
