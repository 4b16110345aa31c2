/*
 * A report as it would be completed if nothing but its incident were said: what a desk fills its form with, so that what
 * is sent is what the form shows.
 *
 * Promises: nothing is written and no serial is used; the filling is draft_complete()'s own, and what that refuses for
 * want of words (no place, no course) is no refusal here.  Beyond it stands what only a form needs, because a person
 * will have read it before it goes: the course and the measures of the report that opened the matter, every source's
 * newest figures with the time they were true at, the grade this station has stated, and 接报, the first receipt, which
 * never moves later.  While a recalled first report is the only one, its text is the beginning of the next.
 */
#include <string.h>
#include <sysexits.h>
#include "../formats/i18n.h"
#include "station_draft.h"

struct preview {
	const struct station *s;
	const struct incident *inc;
	int stage;
	const struct incident_line *recalled; /* the last first report of ours, when none stands; NULL */
};

static bool
ours(const struct preview *p, const struct incident_line *l)
{
	return strcmp(l->id.origin, p->s->conf.self) == 0;
}

static bool
reports(const struct incident_line *l)
{
	return (l->kind == KIND_INTAKE || l->kind == KIND_REPORT) && !l->destroyed && l->stage != STAGE_WITHDRAWAL;
}

static void
look(struct preview *p, int stage)
{
	bool standing = false;

	for (size_t i = 0; i < p->inc->nall; i++) {
		const struct incident_line *l = &p->inc->all[i];

		if (!ours(p, l) || l->kind != KIND_REPORT || !reports(l))
			continue;
		standing |= !l->withdrawn;
		if (l->withdrawn)
			p->recalled = l;
	}
	if (standing)
		p->recalled = NULL;
	p->stage = stage != 0 ? stage : standing ? STAGE_FOLLOWUP : STAGE_FIRST;
}

/* A field of a form that may be taken from an earlier message as it stands.  Who approves it does so anew. */
static bool
of_form(const struct field *f)
{
	return f != NULL && (f->flags & FF_FORM) != 0 && f->key != F_SIGNER && f->key != F_LEARNED;
}

static void
add_figure(struct body *b, const struct value *v, int64_t at)
{
	struct figure fig = v->u.fig;

	if (fig.asof == 0) /* said again, it is no newer than it was */
		fig.asof = at;
	body_add_figure(b, v->key, &fig);
}

/* What this message says and b does not; figures only when wanted, each field as a whole. */
static void
take(struct body *b, const struct incident_line *l, bool figures)
{
	struct body *more = body_new();

	for (size_t i = 0; i < l->body->n; i++) {
		const struct value *v = &l->body->v[i];

		if (!of_form(v->field) || body_first(b, v->key) != NULL)
			continue;
		if (field_decimals(v->field) < 0)
			body_add_value(more, v);
		else if (figures)
			add_figure(more, v, l->at);
	}
	for (size_t i = 0; i < more->n; i++)
		body_add_value(b, &more->v[i]);
	body_free(more);
}

/* The report that opened the matter, not what followed it: its course, its measures, who called. */
static void
take_original(const struct preview *p, struct body *b)
{
	for (size_t i = 0; i < p->inc->nlines; i++) {
		const struct incident_line *l = &p->inc->lines[i];

		if (reports(l) && !l->withdrawn && !l->superseded && l->stage != STAGE_FOLLOWUP && l->stage != STAGE_FINAL)
			take(b, l, false);
	}
}

/* When this station first learned of it: its own word, or the moment another's report came in. */
static bool
first_receipt(const struct preview *p, int64_t *at)
{
	bool found = false;

	for (size_t i = 0; i < p->inc->nall; i++) {
		const struct incident_line *l = &p->inc->all[i];
		int64_t t = l->stored;

		if (!reports(l) || l->superseded || (ours(p, l) && !body_time(l->body, F_LEARNED, &t)))
			continue;
		if (!found || t < *at)
			*at = t;
		found = true;
	}
	return found;
}

static int64_t
said_at(const struct preview *p, const struct msgid *id)
{
	for (size_t i = 0; i < p->inc->nall; i++)
		if (msgid_cmp(&p->inc->all[i].id, id) == 0)
			return p->inc->all[i].at;
	return 0;
}

/* The newest of every source, where the switch would leave a follow-up without: a person sees them and lets them stand. */
static void
take_figures(const struct preview *p, struct body *b)
{
	struct body *more = body_new();

	for (size_t i = 0; i < p->inc->nfigures; i++) {
		const struct incident_figure *g = &p->inc->figures[i];
		struct figure fig = g->fig;

		if (body_first(b, g->key) != NULL)
			continue;
		fig.source = strcmp(g->source, p->s->conf.self) == 0 ? NULL : g->source;
		if (fig.asof == 0)
			fig.asof = said_at(p, &g->by);
		body_add_figure(more, g->key, &fig);
	}
	for (size_t i = 0; i < more->n; i++)
		body_add_value(b, &more->v[i]);
	body_free(more);
}

struct merging {
	const struct preview *p;
	struct body *b, *more;
};

static void
take_merged_figure(void *ctx, const struct incident *of, const struct incident_figure *g, const char *source, int64_t at)
{
	struct merging *w = ctx;
	struct figure fig = g->fig;

	(void)of;
	fig.source = strcmp(source, w->p->s->conf.self) == 0 ? NULL : source;
	fig.asof = at;
	/* Beside the other sources; who is a source there already has said it in this incident. */
	for (const struct value *v = body_first(w->b, g->key); v != NULL; v = body_next(w->b, v))
		if (strcmp(v->u.fig.source != NULL ? v->u.fig.source : "", fig.source != NULL ? fig.source : "") == 0)
			return;
	for (const struct value *v = body_first(w->more, g->key); v != NULL; v = body_next(w->more, v))
		if (strcmp(v->u.fig.source != NULL ? v->u.fig.source : "", fig.source != NULL ? fig.source : "") == 0)
			return;
	if (body_count(w->b, g->key) + body_count(w->more, g->key) < FIELD_REPEAT_MAX)
		body_add_figure(w->more, g->key, &fig);
}

/* What was merged into it is the same event: its figures go upwards with this one's, as further sources. */
static void
take_merged(struct station *s, const struct preview *p, struct body *b)
{
	struct merging w = {.p = p, .b = b, .more = body_new()};
	struct merged m;

	(void)station_merged(s, p->inc, &m); /* what could not be read is missing from a form that a person reads */
	merged_figures(&m, p->inc, take_merged_figure, &w);
	for (size_t i = 0; i < w.more->n; i++)
		body_add_value(b, &w.more->v[i]);
	body_free(w.more);
	merged_free(&m);
}

static void
take_grade(const struct preview *p, struct body *b)
{
	for (size_t i = 0; i < p->inc->ngrades; i++)
		if (strcmp(p->inc->grades[i].station, p->s->conf.self) == 0 && p->inc->grades[i].grade != 0 &&
		    body_enum(b, F_GRADE) == 0)
			body_set_num(b, F_GRADE, p->inc->grades[i].grade);
}

static void
fill(const struct preview *p, struct body *b)
{
	static const uint32_t own[] = {F_SIGNATURE_OWED, F_UNSIGNED, F_ADOPTER};
	int64_t at;

	for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) /* decided when it is sent */
		body_unset(b, own[i]);
	if (p->stage == STAGE_FIRST)
		take_original(p, b);
	if (p->stage != STAGE_WITHDRAWAL)
		take_figures(p, b);
	if (first_receipt(p, &at)) {
		body_unset(b, F_LEARNED);
		body_set_time(b, F_LEARNED, at);
	}
	take_grade(p, b);
}

int
station_preview(struct station *s, int64_t now, int realm, const struct msgid *incident, int stage, struct body **out,
    struct fault *f)
{
	struct station_submit r = {.rid = "preview", .seat = "", .realm = realm};
	struct draft d = {.s = s, .now = now, .req = &r};
	struct preview p = {.s = s};
	struct folded fd = {0};
	struct body *asked;

	*out = NULL;
	if (incident->realm != realm)
		return fault_set(f, EX_DATAERR, "realm", _("live and exercise never mix"));
	if (station_fold(s, incident, &fd) != 0)
		return fault_set(f, EX_IOERR, "incident", _("the journal cannot be read"));
	if (fd.n == 0) {
		folded_free(&fd);
		return fault_set(f, EX_NOINPUT, "incident", _("no such incident here"));
	}
	p.inc = fd.incident;
	look(&p, stage);
	asked = body_new();
	body_set_num(asked, F_KIND, KIND_REPORT);
	body_set_id(asked, F_INCIDENT, incident);
	body_set_num(asked, F_STAGE, p.stage);
	if (p.stage == STAGE_FIRST && p.recalled != NULL)
		take(asked, p.recalled, true);
	r.body = asked;
	(void)draft_complete(&d); /* what it had no words for is the person's to type */
	*out = d.b != NULL ? body_copy(d.b) : body_copy(asked);
	fill(&p, *out);
	if (p.stage != STAGE_WITHDRAWAL && p.stage != STAGE_CORRECTION)
		take_merged(s, &p, *out);
	draft_free(&d);
	body_free(asked);
	folded_free(&fd);
	return 0;
}
