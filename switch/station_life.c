/*
 * KIND_STEP: a named person's act in the life of an event or of a report.
 *
 * Promises: a step that life.h does not have for this station's own view of the event is refused, with what is open
 * instead (a step from the wire that does not fit is kept, and moves nothing: that is the fold's rule).  A merge is told
 * in both incidents, and a split opens or finds the other one, in the same transaction.  Merging, splitting and
 * reopening say why.  What only the switch itself says (absorbed, destroyed) is not taken from a hand.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "../formats/i18n.h"
#include "station_draft.h"

#define MERGES_MAX 64 /* incidents merged into one another in a row: longer is taken for a circle */

static int check_move(struct draft *, int);
static int check_reason(struct draft *, int);
static int do_merge(struct draft *, int);
static int do_split(struct draft *, int);
static int check_report(struct draft *, int);
static int check_adopted(struct draft *, int);
static int check_verdict(struct draft *, int);
static int refuse_hand(struct draft *, int);

/* What is asked of a step, in this order; all of it before anything is written. */
static const struct {
	int step;
	int (*check[3])(struct draft *, int step);
} steps[] = {
    {STEP_VERIFIED, {check_move, NULL, NULL}},
    {STEP_HANDLING, {check_move, NULL, NULL}},
    {STEP_RESOLVED, {check_move, NULL, NULL}},
    {STEP_ARCHIVED, {check_move, NULL, NULL}},
    {STEP_REOPENED, {check_move, check_reason, NULL}},
    {STEP_MERGED, {check_move, check_reason, do_merge}},
    {STEP_SPLIT, {check_reason, do_split, NULL}},
    {STEP_ADOPTED, {check_adopted, NULL, NULL}},
    {STEP_COUNTERSIGNED, {check_report, NULL, NULL}},
    {STEP_CLOSED, {check_report, NULL, NULL}},
    {STEP_VERDICT, {check_verdict, NULL, NULL}},
    {STEP_ABSORBED, {refuse_hand, NULL, NULL}},
    {STEP_DESTROYED, {refuse_hand, NULL, NULL}},
};

static const char *
step_label(int step)
{
	const struct enum_name *n = enum_by_value("step", step);

	return n == NULL ? "?" : i18n_zh() ? n->zh : n->label;
}

/* ---- moving the event ---- */

static int
own_state(const struct draft *d)
{
	const struct incident *inc = d->fd.incident;

	for (size_t i = 0; i < inc->nstates; i++)
		if (strcmp(inc->states[i].station, d->s->conf.self) == 0)
			return inc->states[i].state;
	return EVENT_REPORTED;
}

/* A reopening counts for every station: whoever holds a view of it that can be reopened will do. */
static bool
reopens(const struct incident *inc, int step)
{
	for (size_t i = 0; step == STEP_REOPENED && i < inc->nstates; i++)
		if (life_event_next(inc->states[i].state, step) != 0)
			return true;
	return false;
}

static int
check_move(struct draft *d, int step)
{
	int state = own_state(d), other;
	const struct life_name *n = life_event_state(state);
	struct buf open = {0};
	int rc = 0;

	if (life_event_next(state, step) == 0 && !reopens(d->fd.incident, step)) {
		for (size_t i = 0; (other = life_event_step(state, i)) != 0; i++) {
			const struct enum_name *e = enum_by_value("step", other);

			buf_printf(&open, "%s%s(%s)", i > 0 ? ", " : "", step_label(other), e != NULL ? e->name : "?");
		}
		rc = fault_set(&d->f, EX_DATAERR, "step", _("%s does not follow %s here; open are: %s"), step_label(step),
		    n == NULL ? "?" : i18n_zh() ? n->zh : _(n->label), open.n > 0 ? buf_cstr(&open) : "-");
		buf_free(&open);
		return rc;
	}
	/* 处置毕 → 归档 is for what was never reported on. */
	if (step == STEP_ARCHIVED && state == EVENT_RESOLVED)
		for (size_t i = 0; i < d->fd.incident->nall; i++) {
			const struct incident_line *l = &d->fd.incident->all[i];

			if (l->kind == KIND_REPORT && !l->withdrawn && l->stage != STAGE_WITHDRAWAL &&
			    strcmp(l->id.origin, d->s->conf.self) == 0)
				return draft_refuse(d, EX_DATAERR, "step",
				    _("it was reported on: it is archived after a final report (stage final)"));
		}
	return 0;
}

static int
check_reason(struct draft *d, int step)
{
	if (body_said(d->b, F_REASON) != NULL)
		return 0;
	return fault_set(&d->f, EX_DATAERR, "reason", _("%s needs a reason"), step_label(step));
}

static int
refuse_hand(struct draft *d, int step)
{
	return fault_set(&d->f, EX_DATAERR, "step", _("%s is said by the switch itself"), step_label(step));
}

/* ---- merging and splitting ---- */

/* The other incident is here, of this realm, and another one. */
static int
find_other(struct draft *d, struct msgid *other, struct folded *fd)
{
	char text[MSGID_TEXT_MAX];
	struct journal_msg m;
	struct msgid id;

	if (!body_id(d->b, F_OTHER, &id))
		return draft_refuse(d, EX_DATAERR, "other", _("the other incident is not said"));
	if (id.realm != d->req->realm)
		return draft_refuse(d, EX_DATAERR, "other", _("live and exercise never mix"));
	msgid_format(&id, text, sizeof text);
	memset(&m, 0, sizeof m);
	/* any message of it will do, as everywhere: its incident is meant */
	if (d->s->j->ops->get_message(d->s->j, &id, &m) == 0 && msgid_is_set(&m.incident))
		id = m.incident;
	buf_free(&m.body);
	if (msgid_cmp(&id, &d->incident) == 0)
		return draft_refuse(d, EX_DATAERR, "other", _("that is this very incident"));
	if (station_fold(d->s, &id, fd) != 0)
		return draft_refuse(d, EX_IOERR, "other", _("the journal cannot be read"));
	if (fd->n == 0) {
		folded_free(fd);
		return fault_set(&d->f, EX_NOINPUT, "other", _("no incident %s here"), text);
	}
	*other = id;
	body_set_id(d->b, F_OTHER, other);
	return 0;
}

/* Would this incident be merged into itself, over others? */
static int
check_circle(struct draft *d, const struct folded *first)
{
	struct msgid at = first->incident->merged_into;

	for (int i = 0; i < MERGES_MAX && msgid_is_set(&at); i++) {
		struct folded fd;

		if (msgid_cmp(&at, &d->incident) == 0)
			return draft_refuse(d, EX_DATAERR, "other", _("that incident was itself merged into this one"));
		if (station_fold(d->s, &at, &fd) != 0)
			return draft_refuse(d, EX_IOERR, "other", _("the journal cannot be read"));
		at = fd.incident->merged_into;
		folded_free(&fd);
	}
	if (msgid_is_set(&at))
		return draft_refuse(d, EX_DATAERR, "other", _("the merged incidents run in a circle"));
	return 0;
}

static struct body *
twin_body(const struct draft *d, int kind, const struct msgid *incident)
{
	static const uint32_t along[] = {F_PERSON, F_AUTHOR, F_REASON};
	struct body *b = body_new();

	body_set_num(b, F_KIND, kind);
	if (incident != NULL)
		body_set_id(b, F_INCIDENT, incident);
	body_set_id(b, F_OTHER, &d->incident);
	for (size_t i = 0; i < sizeof along / sizeof along[0]; i++)
		body_set_text(b, along[i], body_text(d->b, along[i]));
	return b;
}

static int
do_merge(struct draft *d, int step)
{
	struct folded fd;
	struct msgid other;
	struct body *b;
	int rc;

	(void)step;
	if (find_other(d, &other, &fd) == -1)
		return -1;
	rc = check_circle(d, &fd);
	folded_free(&fd);
	if (rc == -1)
		return -1;
	b = twin_body(d, KIND_STEP, &other);
	body_set_num(b, F_STEP, STEP_ABSORBED);
	return (d->twin = draft_twin(d, b)) == NULL ? -1 : 0;
}

/*
 * What the messages split off have said in numbers goes along, each as its source's and as true at its time: the old
 * incident no longer counts them.
 */
static void
split_figures(const struct draft *d, struct body *out)
{
	const struct incident *inc = d->fd.incident;

	for (size_t i = 0; i < inc->nall; i++) { /* fold order: the newest of a source comes last */
		const struct incident_line *l = &inc->all[i];

		if (!incident_refers(d->b, &l->id) || l->withdrawn || l->superseded || l->stage == STAGE_WITHDRAWAL ||
		    (l->kind != KIND_INTAKE && l->kind != KIND_REPORT && l->kind != KIND_FEEDBACK))
			continue;
		for (size_t k = 0; k < l->body->n; k++) {
			const struct value *v = &l->body->v[k];
			struct figure fig = v->u.fig;
			bool had = false;

			if (v->field == NULL || v->key == F_QUANTITY || field_decimals(v->field) < 0)
				continue;
			if (fig.source == NULL || *fig.source == '\0')
				fig.source = l->id.origin;
			if (strcmp(fig.source, d->s->conf.self) == 0)
				fig.source = NULL;
			if (fig.asof == 0)
				fig.asof = l->at;
			for (size_t n = 0; n < out->n && !had; n++) {
				struct value *o = &out->v[n];

				had = o->key == v->key && strcmp(o->u.fig.source != NULL ? o->u.fig.source : "",
							      fig.source != NULL ? fig.source : "") == 0;
				if (had) {
					o->u.fig.q = fig.q;
					o->u.fig.n = fig.n;
					o->u.fig.asof = fig.asof;
				}
			}
			if (!had && body_count(out, v->key) < FIELD_REPEAT_MAX)
				body_add_figure(out, v->key, &fig);
		}
	}
}

/* Something must be left to speak for the incident they are taken out of. */
static bool
something_left(const struct draft *d)
{
	const struct incident *inc = d->fd.incident;

	for (size_t i = 0; i < inc->nall; i++) {
		const struct incident_line *l = &inc->all[i];

		if ((l->kind == KIND_INTAKE || l->kind == KIND_REPORT || l->kind == KIND_WARNING ||
			l->kind == KIND_DIRECTIVE) && !l->withdrawn && !l->split_off && !l->superseded &&
		    l->stage != STAGE_WITHDRAWAL && !incident_refers(d->b, &l->id))
			return true;
	}
	return false;
}

/* The intake of what is split off: the messages it was taken out of, and the words typed for it, or those it had. */
static int
do_split(struct draft *d, int step)
{
	static const uint32_t words[] = {F_TYPE, F_TITLE, F_PLACE, F_DIVISION, F_POSITION, F_OCCURRED, F_LEARNED, F_BRIEF};
	const struct incident *inc = d->fd.incident;
	struct msgid other;
	struct body *b;
	bool exists = body_first(d->b, F_OTHER) != NULL;

	(void)step;
	if (body_first(d->b, F_REFS) == NULL)
		return draft_refuse(d, EX_DATAERR, "refs", _("which messages are split off is not said"));
	for (const struct value *v = body_first(d->b, F_REFS); v != NULL; v = body_next(d->b, v)) {
		char text[MSGID_TEXT_MAX];
		bool here = false;

		for (size_t i = 0; i < inc->nall && !here; i++)
			here = msgid_cmp(&inc->all[i].id, &v->u.id) == 0;
		msgid_format(&v->u.id, text, sizeof text);
		if (!here)
			return fault_set(&d->f, EX_DATAERR, "refs", _("%s is no message of this incident"), text);
	}
	if (!something_left(d))
		return draft_refuse(d, EX_DATAERR, "refs", _("nothing would be left to speak for this incident"));
	if (exists) {
		struct folded fd;

		if (find_other(d, &other, &fd) == -1)
			return -1;
		folded_free(&fd);
	}
	b = twin_body(d, KIND_INTAKE, exists ? &other : NULL);
	for (const struct value *v = body_first(d->b, F_REFS); v != NULL; v = body_next(d->b, v))
		body_add_id(b, F_REFS, &v->u.id);
	for (size_t k = 0; k < sizeof words / sizeof words[0]; k++) {
		const struct value *w = body_first(d->b, words[k]);

		for (size_t i = 0; i < inc->nall && w == NULL; i++) /* of the messages split off only */
			if (incident_refers(d->b, &inc->all[i].id))
				w = body_first(inc->all[i].body, words[k]);
		if (w != NULL && !exists)
			body_add_value(b, w);
	}
	split_figures(d, b);
	if (body_first(b, F_TITLE) == NULL && body_first(b, F_BRIEF) == NULL)
		body_set_text(b, F_BRIEF, body_text(d->b, F_REASON));
	if ((d->twin = draft_twin(d, b)) == NULL)
		return -1;
	if (!exists) { /* the twin is stored first: its id is the next one, and that of the new incident */
		memset(&other, 0, sizeof other);
		other.realm = (uint8_t)d->req->realm;
		snprintf(other.origin, sizeof other.origin, "%s", d->s->conf.self);
		other.epoch = d->s->epoch;
		other.serial = d->s->serial[d->req->realm] + 1;
		body_set_id(d->b, F_OTHER, &other);
	}
	return 0;
}

/* ---- acts on a report, figures, verdict ---- */

/* 补签 of what was sent unsigned, 办结 of what was sent: reports of this station. */
static int
check_report(struct draft *d, int step)
{
	const struct value *v = body_first(d->b, F_REFS);
	char text[MSGID_TEXT_MAX];

	if (v == NULL)
		return draft_refuse(d, EX_DATAERR, "refs", _("which report it is about is not said"));
	for (; v != NULL; v = body_next(d->b, v)) {
		const struct incident_line *l = NULL;

		msgid_format(&v->u.id, text, sizeof text);
		for (size_t i = 0; i < d->fd.incident->nall; i++)
			if (msgid_cmp(&d->fd.incident->all[i].id, &v->u.id) == 0)
				l = &d->fd.incident->all[i];
		if (l == NULL || l->kind != KIND_REPORT || strcmp(l->id.origin, d->s->conf.self) != 0)
			return fault_set(&d->f, EX_DATAERR, "refs", _("%s is no report of this station in this incident"), text);
		if (step == STEP_COUNTERSIGNED && !l->signature_owed)
			return fault_set(&d->f, EX_DATAERR, "refs", _("no signature is owed for %s"), text);
	}
	return 0;
}

/* Has any source stated this number for that field? */
static bool
stated(const struct draft *d, const struct value *v)
{
	const struct incident *inc = d->fd.incident;

	for (size_t i = 0; inc != NULL && i < inc->nfigures; i++)
		if (inc->figures[i].key == v->key && inc->figures[i].fig.q == v->u.fig.q &&
		    inc->figures[i].fig.n == v->u.fig.n)
			return true;
	return false;
}

static int
check_adopted(struct draft *d, int step)
{
	bool any = false;

	(void)step;
	for (size_t i = 0; i < d->b->n; i++) {
		const struct value *v = &d->b->v[i];

		if (v->field == NULL || field_decimals(v->field) < 0)
			continue;
		any = true;
		if (body_said(d->b, F_REASON) == NULL && !stated(d, v))
			return draft_refuse(d, EX_DATAERR, v->field->name,
			    _("no source has stated this figure: adopting it needs a reason (field reason)"));
	}
	return any ? 0 : draft_refuse(d, EX_DATAERR, "step", _("which figure is adopted is not said"));
}

static int
check_verdict(struct draft *d, int step)
{
	(void)step;
	if (body_said(d->b, F_VERDICT) == NULL)
		return draft_refuse(d, EX_DATAERR, "verdict", _("which verdict it is about is not said"));
	if (body_first(d->b, F_CONFIRMED) == NULL)
		return draft_refuse(d, EX_DATAERR, "confirmed", _("whether it is confirmed is not said"));
	return draft_denied(d);
}

int
draft_step(struct draft *d)
{
	int step = body_enum(d->b, F_STEP);

	if (d->machine || d->history)
		return 0;
	if (step == 0)
		return draft_refuse(d, EX_DATAERR, "step", _("which step it is is not said"));
	if (body_said(d->b, F_PERSON) == NULL)
		return draft_refuse(d, EX_DATAERR, "person", _("a step is a named person's act"));
	for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++)
		for (size_t k = 0; steps[i].step == step && k < 3 && steps[i].check[k] != NULL; k++)
			if (steps[i].check[k](d, step) == -1)
				return -1;
	return 0;
}
