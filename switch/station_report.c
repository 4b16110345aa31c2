/*
 * What a report is filled in with, and what its figures and its signature must satisfy.
 *
 * Promises: report numbers rise by one whatever the stage, and are never used again; a follow-up is refused only while
 * no first report was ever sent; a figure may fall only with a reason; whoever sends without a leader's signature is
 * not held up: the report says whose signature is owed.
 *
 * A recalled first report was sent: a follow-up to it is taken, and so is another first report, which is what a report
 * becomes that does not say its stage while nothing else of this station stands.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "../formats/diff.h"
#include "../formats/i18n.h"
#include "../formats/text.h"
#include "../formats/value.h"
#include "duty_roster.h"
#include "duty_watch.h"
#include "station_draft.h"

static bool
own_line(const struct draft *d, const struct incident_line *l)
{
	return strcmp(l->id.origin, d->s->conf.self) == 0;
}

/* Reports of our own, those that stand (not recalled, no recall themselves), and the highest number given so far. */
static size_t
own_reports(const struct draft *d, size_t *standing, int64_t *version)
{
	size_t n = 0;

	*standing = 0;
	*version = 0;
	for (size_t i = 0; d->fd.incident != NULL && i < d->fd.incident->nall; i++) {
		const struct incident_line *l = &d->fd.incident->all[i];
		int64_t v;

		if (!own_line(d, l) || l->kind != KIND_REPORT)
			continue;
		n++;
		if (!l->withdrawn && !l->split_off && l->stage != STAGE_WITHDRAWAL)
			++*standing;
		if (body_num(l->body, F_VERSION, &v) && v > *version && v < INT32_MAX)
			*version = v;
	}
	return n;
}

/* ---- figures ---- */

static bool
is_figure(const struct value *v)
{
	return v->field != NULL && field_decimals(v->field) >= 0;
}

static bool
figure_same(const struct figure *a, const struct figure *b)
{
	return a->q == b->q && a->n == b->n;
}

/* Whose figure it is: this station's own where no source is named. */
static const char *
source_of(const struct draft *d, const struct figure *f)
{
	return f->source != NULL && *f->source != '\0' ? f->source : d->s->conf.self;
}

static const struct incident_adopted *
adopted_here(const struct draft *d, uint32_t key)
{
	const struct incident *inc = d->fd.incident;

	for (size_t i = 0; inc != NULL && i < inc->nadopted; i++)
		if (inc->adopted[i].key == key && strcmp(inc->adopted[i].station, d->s->conf.self) == 0)
			return &inc->adopted[i];
	return NULL;
}

/* The names of those whose act the adopted figures are, each once. */
static void
add_adopter(struct draft *d, const char *person)
{
	const char *had = body_text(d->b, F_ADOPTER);
	char all[4 * PERSON_MAX];

	if (person == NULL || *person == '\0' || (had != NULL && strstr(had, person) != NULL))
		return;
	snprintf(all, sizeof all, "%s%s%s", had != NULL ? had : "", had != NULL ? "、" : "", person);
	if (strlen(all) < PERSON_MAX)
		body_set_text(d->b, F_ADOPTER, all);
}

static int64_t
said_at(const struct incident *inc, const struct msgid *id)
{
	for (size_t i = 0; i < inc->nall; i++)
		if (msgid_cmp(&inc->all[i].id, id) == 0)
			return inc->all[i].at;
	return 0;
}

/*
 * Of the fields nobody typed: the figure this station has adopted, as its own word; where it has adopted none, the newest
 * of every source as that source's, never added up.  An adopted figure goes up alone: beside the sources it was chosen
 * from it would be read as one more of them.
 */
static void
inherit_figures(struct draft *d, bool adopted_only)
{
	const struct incident *inc = d->fd.incident;
	struct body *more = body_new();

	for (size_t i = 0; i < inc->nadopted; i++) {
		const struct incident_adopted *a = &inc->adopted[i];
		struct figure fig = a->fig;

		if (strcmp(a->station, d->s->conf.self) != 0 || body_first(d->b, a->key) != NULL)
			continue;
		fig.source = NULL;
		body_add_figure(more, a->key, &fig);
		add_adopter(d, a->person);
	}
	for (size_t i = 0; !adopted_only && i < inc->nfigures; i++) {
		struct figure fig = inc->figures[i].fig;

		if (body_first(d->b, inc->figures[i].key) != NULL || adopted_here(d, inc->figures[i].key) != NULL)
			continue;
		fig.source = strcmp(inc->figures[i].source, d->s->conf.self) == 0 ? NULL : inc->figures[i].source;
		if (fig.asof == 0) /* said again, it is no newer than it was */
			fig.asof = said_at(inc, &inc->figures[i].by);
		body_add_figure(more, inc->figures[i].key, &fig);
	}
	for (size_t i = 0; i < more->n; i++)
		body_add_value(d->b, &more->v[i]);
	body_free(more);
}

/* A typed figure that is the adopted one, be it by the source it was taken from, is the act of who adopted it. */
static void
name_adopters(struct draft *d)
{
	const struct incident *inc = d->fd.incident;

	for (size_t i = 0; i < inc->nadopted; i++) {
		const struct incident_adopted *a = &inc->adopted[i];
		bool same = false;

		if (strcmp(a->station, d->s->conf.self) != 0)
			continue;
		for (const struct value *v = body_first(d->b, a->key); v != NULL; v = body_next(d->b, v))
			same |= figure_same(&a->fig, &v->u.fig) &&
			    (strcmp(source_of(d, &v->u.fig), d->s->conf.self) == 0 ||
				(a->fig.source != NULL && strcmp(source_of(d, &v->u.fig), a->fig.source) == 0));
		if (!same)
			continue;
		add_adopter(d, a->person);
		if (body_count(d->b, a->key) == 1) {
			struct figure fig = a->fig;

			fig.source = NULL;
			body_unset(d->b, a->key);
			body_add_figure(d->b, a->key, &fig);
		}
	}
}

/* The newest figure of that field and source in what this station itself has said.  False when it has said none. */
static bool
own_word(const struct draft *d, uint32_t key, const char *source, struct figure *out)
{
	const struct incident *inc = d->fd.incident;
	bool found = false;

	for (size_t i = 0; i < inc->nfigures; i++)
		if (inc->figures[i].key == key && strcmp(inc->figures[i].source, source) == 0 &&
		    strcmp(inc->figures[i].station, d->s->conf.self) == 0) {
			*out = inc->figures[i].fig;
			return true;
		}
	for (size_t i = 0; i < inc->nall; i++) {
		const struct incident_line *l = &inc->all[i];

		if (!own_line(d, l) || l->withdrawn || l->split_off || l->stage == STAGE_WITHDRAWAL ||
		    (l->kind != KIND_REPORT && l->kind != KIND_INTAKE && l->kind != KIND_FEEDBACK))
			continue;
		for (const struct value *v = body_first(l->body, key); v != NULL; v = body_next(l->body, v))
			if (is_figure(v) && strcmp(source_of(d, &v->u.fig), source) == 0) {
				*out = v->u.fig;
				found = true;
			}
	}
	return found;
}

static int
refuse_fall(struct draft *d, const struct value *v, const struct figure *before)
{
	struct value was = *v;
	struct buf a = {0}, b = {0};
	int rc;

	was.u.fig = *before;
	was.u.fig.source = NULL; /* the same as the new one's, named there */
	value_format(&a, &was, d->s->conf.codebook, i18n_zh());
	value_format(&b, v, d->s->conf.codebook, i18n_zh());
	rc = fault_set(&d->f, EX_DATAERR, v->field->name,
	    _("%s falls from %s to %s: a count may fall only with a reason (field reason)"),
	    i18n_zh() ? v->field->zh : v->field->label, buf_cstr(&a), buf_cstr(&b));
	buf_free(&a);
	buf_free(&b);
	return rc;
}

/* Of reports, feedback and adopted figures; taking a call down is never held up, and history is as it was. */
int
draft_falls(struct draft *d)
{
	bool adopts = d->kind == KIND_STEP && body_enum(d->b, F_STEP) == STEP_ADOPTED;

	if (d->history || d->machine || d->fd.incident == NULL || d->fd.n == 0 ||
	    body_said(d->b, F_REASON) != NULL ||
	    (d->kind != KIND_REPORT && d->kind != KIND_FEEDBACK && !adopts))
		return 0;
	for (size_t i = 0; i < d->b->n; i++) {
		const struct value *v = &d->b->v[i];
		const struct incident_adopted *a;
		struct figure before;

		if (!is_figure(v))
			continue;
		a = adopted_here(d, v->key);
		if (adopts) { /* whatever source it was taken from: it becomes this station's word */
			if ((a != NULL && figure_falls(&a->fig, &v->u.fig)))
				return refuse_fall(d, v, &a->fig);
			if (a == NULL && own_word(d, v->key, d->s->conf.self, &before) &&
			    figure_falls(&before, &v->u.fig))
				return refuse_fall(d, v, &before);
			continue;
		}
		/* An adopted figure had its reason when it was adopted. */
		if (a != NULL && strcmp(source_of(d, &v->u.fig), d->s->conf.self) == 0 && figure_same(&a->fig, &v->u.fig))
			continue;
		if (own_word(d, v->key, source_of(d, &v->u.fig), &before) && figure_falls(&before, &v->u.fig))
			return refuse_fall(d, v, &before);
	}
	return 0;
}

/* ---- what is known already ---- */

static void
inherit(struct draft *d, uint32_t key, const struct body *from)
{
	if (body_first(d->b, key) != NULL)
		return;
	for (const struct value *v = body_first(from, key); v != NULL; v = body_next(from, v)) {
		body_add_value(d->b, v);
		d->inherited = d->inherited || key == F_TYPE || key == F_DIVISION;
	}
}

static const uint32_t basic[] = {F_TYPE, F_TITLE, F_PLACE, F_DIVISION, F_POSITION, F_OCCURRED, F_BRIEF};

static void
inherit_basics(struct draft *d, int stage)
{
	int64_t learned = INT64_MAX;

	/* This station's own latest word first: what it has corrected since must not come back from an older line. */
	for (size_t i = d->fd.incident->nall; i > 0; i--) {
		const struct incident_line *l = &d->fd.incident->all[i - 1];

		if (own_line(d, l) && l->kind == KIND_REPORT && !l->withdrawn && !l->split_off &&
		    l->stage != STAGE_WITHDRAWAL)
			for (size_t k = 0; k < sizeof basic / sizeof basic[0]; k++)
				if (basic[k] != F_BRIEF)
					inherit(d, basic[k], l->body);
	}
	for (size_t i = 0; i < d->fd.incident->nlines; i++) { /* fold order: the opener first */
		const struct incident_line *l = &d->fd.incident->lines[i];
		int64_t t;

		if ((l->kind != KIND_INTAKE && l->kind != KIND_REPORT) || l->withdrawn || l->split_off ||
		    l->stage == STAGE_WITHDRAWAL)
			continue;
		for (size_t k = 0; k < sizeof basic / sizeof basic[0]; k++)
			if (stage == STAGE_FIRST || basic[k] != F_BRIEF)
				inherit(d, basic[k], l->body);
		/* 接报 of this station: its own intake, else the moment another's report arrived here. */
		if (own_line(d, l) && body_time(l->body, F_LEARNED, &t))
			learned = t;
		else if (!own_line(d, l) && l->stored < learned)
			learned = l->stored;
	}
	if (learned != INT64_MAX && body_first(d->b, F_LEARNED) == NULL)
		body_set_time(d->b, F_LEARNED, learned);
}

static bool
says_figures(const struct body *b)
{
	for (size_t i = 0; i < b->n; i++)
		if (is_figure(&b->v[i]))
			return true;
	return false;
}

int
draft_report(struct draft *d)
{
	int64_t version;
	size_t standing, n = own_reports(d, &standing, &version);
	int stage = body_enum(d->b, F_STAGE);

	if (stage == 0) {
		stage = standing == 0 ? STAGE_FIRST : STAGE_FOLLOWUP;
		body_set_num(d->b, F_STAGE, stage);
	}
	if (d->history)
		return 0;
	if (stage == STAGE_FIRST && standing > 0)
		return draft_refuse(
		    d, EX_DATAERR, "stage", _("a first report of this incident was sent already; write a follow-up"));
	if ((stage == STAGE_FOLLOWUP || stage == STAGE_FINAL) && n == 0)
		return draft_refuse(d, EX_DATAERR, "stage", _("no first report of this incident was sent yet"));
	body_unset(d->b, F_VERSION);
	body_set_num(d->b, F_VERSION, version + 1);
	if (d->fd.incident == NULL || d->fd.n == 0)
		return 0;
	inherit_basics(d, stage);
	/*
	 * Who begins or ends says all there is.  A follow-up says what is new; with that the adopted figures again, which are
	 * this station's word until it adopts others.  Where nothing is new it says so: an adopted figure alone would read as
	 * if the others were settled.
	 */
	if (stage == STAGE_FIRST || stage == STAGE_FINAL || stage == STAGE_VERIFIED)
		inherit_figures(d, false);
	else if (stage != STAGE_WITHDRAWAL && (stage != STAGE_FOLLOWUP || says_figures(d->b)))
		inherit_figures(d, true);
	name_adopters(d);
	return 0;
}

/* ---- signature ---- */

static void
set_name(struct body *b, uint32_t key, const char *name)
{
	char text[PERSON_MAX];

	text_sanitise(name, strlen(name), text, sizeof text, false);
	if (*text != '\0')
		body_set_text(b, key, text);
}

/* Who has signed what this corrects, or is booked for it; NULL. */
static const char *
signer_before(const struct draft *d)
{
	const struct incident *inc = d->fd.incident;

	for (const struct value *v = body_first(d->b, F_REFS); v != NULL; v = body_next(d->b, v))
		for (size_t i = 0; inc != NULL && i < inc->nall; i++) {
			const struct incident_line *l = &inc->all[i];

			if (msgid_cmp(&l->id, &v->u.id) == 0 && own_line(d, l) && (l->signature_owed || l->signer != NULL))
				return l->signature_owed ? l->owed_by : l->signer;
		}
	return NULL;
}

/* The leader of the shift that is responsible, else of the one planned for now; NULL: neither names one. */
static const char *
leader_on_duty(const struct draft *d)
{
	const struct duty *book = station_duty(d->s);
	const struct watch_span *w = book != NULL && book->watch != NULL ? watch_now(book->watch) : NULL;
	const struct roster_shift *sh = book != NULL && book->roster != NULL ? roster_shift(book->roster, d->now) : NULL;

	if (w != NULL && *w->leader != '\0')
		return w->leader;
	for (size_t i = 0; sh != NULL && i < 2; i++) {
		bool unable = false;

		for (size_t k = 0; k < sh->nunable; k++)
			unable |= strcmp(sh->unable[k], sh->leader[i]) == 0;
		if (*sh->leader[i] != '\0' && !unable)
			return sh->leader[i];
	}
	return NULL;
}

/*
 * 先报后签 when the leaders were tried as the rules want it; otherwise it goes all the same, unsigned.  Booked to the
 * leader tried last, however far the trying has come; where nobody was tried, to whom the corrected report names, else to
 * the leader on duty, and to whoever wrote it only where no roster names one.
 */
static void
owe_signature(struct draft *d)
{
	const struct trail *t = d->trail;
	const char *who = NULL;
	int64_t from;

	if (t != NULL && t->ntries > 0) {
		who = t->tries[t->ntries - 1].person;
		if (life_unsigned_ok(t->tries, t->ntries, d->now, d->s->conf.rules, &from))
			body_set_num(d->b, F_UNSIGNED, 1);
	}
	if (who == NULL || *who == '\0')
		who = signer_before(d);
	if (who == NULL)
		who = leader_on_duty(d);
	if (who == NULL)
		who = body_said(d->b, F_AUTHOR);
	if (who == NULL && t != NULL && *t->author != '\0')
		who = t->author;
	if (who == NULL && d->req->seat != NULL)
		who = d->req->seat;
	set_name(d->b, F_SIGNATURE_OWED, who != NULL && *who != '\0' ? who : d->s->conf.self);
}

void
draft_trail(struct draft *d)
{
	const struct trail *t = d->trail;

	if (t != NULL && t->review) { /* what the review says, and nothing typed */
		body_unset(d->b, F_CHECKER);
		body_unset(d->b, F_SIGNER);
		body_unset(d->b, F_SIGNED_AT);
	}
	if (t != NULL) {
		/* a 涉密存根 holds nothing but its handler */
		bool names = d->kind != KIND_OUTSIDE || body_enum(d->b, F_CHANNEL) != CHANNEL_CLASSIFIED;

		if (*t->checker != '\0' && names)
			set_name(d->b, F_CHECKER, t->checker);
		if (*t->signer != '\0' && names) {
			set_name(d->b, F_SIGNER, t->signer);
			body_set_time(d->b, F_SIGNED_AT, t->signed_at);
		}
		if (*t->sender != '\0' && body_said(d->b, F_PERSON) == NULL)
			set_name(d->b, F_PERSON, t->sender);
		if (t->begun > 0)
			body_set_time(d->b, F_DRAFTED, t->begun);
		for (size_t i = 0; i < t->ntries && i < FIELD_REPEAT_MAX; i++) {
			char text[257];

			life_try_format(&t->tries[i], text, sizeof text);
			body_add_text(d->b, F_TRIES, text, strlen(text));
		}
	}
	if (d->kind == KIND_REPORT && !d->history && !d->machine && body_enum(d->b, F_STAGE) != STAGE_WITHDRAWAL &&
	    body_said(d->b, F_SIGNER) == NULL)
		owe_signature(d);
}
