/*
 * Completing and judging what a person entered, before anything is written.
 *
 * What a person need not type is filled in from what the station knows: the incident of what is answered, the heads of
 * the incident as parents, the report's number, and for a first report the elements already taken down at the intake
 * (one record, nothing typed twice).  A grade is never filled in.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sysexits.h>
#include "../formats/check.h"
#include "../formats/i18n.h"
#include "station_draft.h"

#define DUE_SLACK 60000	/* ms: a minute typed is a minute long */

static const struct {
	int kind;
	bool opens;    /* may open an incident */
	bool numbered; /* its opener gives it a spoken number */
	bool refs;     /* answers something: takes its incident and addressees from there */
} traits[] = {
    {KIND_INTAKE, true, true, false},
    {KIND_REPORT, true, true, false},
    {KIND_WARNING, true, false, false},
    {KIND_DIRECTIVE, true, false, false},
    {KIND_GRADE, false, false, false},
    {KIND_RECEIPT, false, false, true},
    {KIND_FEEDBACK, false, false, true},
    {KIND_LOG, false, false, false},
};

int
draft_refuse(struct draft *d, int code, const char *field, const char *text)
{
	return fault_set(&d->f, code, field, "%s", text);
}

/* ---- incident and parents ---- */

static int
find_message(struct draft *d, const struct msgid *id, const char *field, struct journal_msg *m)
{
	char text[MSGID_TEXT_MAX];

	memset(m, 0, sizeof *m);
	if (id->realm != d->req->realm)
		return draft_refuse(d, EX_DATAERR, field, _("live and exercise never mix"));
	if (d->s->j->ops->get_message(d->s->j, id, m) == 0)
		return 0;
	msgid_format(id, text, sizeof text);
	return fault_set(&d->f, EX_NOINPUT, field, _("no message %s here"), text);
}

static int
incident_from_refs(struct draft *d)
{
	const struct value *v = body_first(d->b, F_REFS);
	struct journal_msg m;

	for (; v != NULL; v = body_next(d->b, v)) {
		if (find_message(d, &v->u.id, "refs", &m) == -1)
			return -1;
		buf_free(&m.body);
		if (d->kind == KIND_RECEIPT && strcmp(m.id.origin, d->s->conf.self) == 0)
			return draft_refuse(d, EX_DATAERR, "refs", _("a station gives no receipt for its own message"));
		if (!m.local)
			return draft_refuse(d, EX_DATAERR, "refs", _("that message is not addressed to this station"));
		if (!msgid_is_set(&d->incident))
			d->incident = m.incident;
	}
	return 0;
}

static void
incident_from_foreign(struct draft *d)
{
	const char *key = body_text(d->b, F_FOREIGN_INCIDENT);
	struct msgid id;

	if (key != NULL && d->history && d->s->j->ops->foreign_get(d->s->j, "incident", key, &id) == 0)
		d->incident = id;
}

static int
place_in_incident(struct draft *d, bool may_open)
{
	struct journal_msg m;
	struct msgid given;

	if (body_id(d->b, F_INCIDENT, &given)) {
		struct journal_incident inc;
		int rc;

		if (given.realm != d->req->realm)
			return draft_refuse(d, EX_DATAERR, "incident", _("live and exercise never mix"));
		memset(&inc, 0, sizeof inc);
		rc = d->s->j->ops->incident_get(d->s->j, &given, &inc);
		buf_free(&inc.summary);
		if (rc != 0) { /* cached at the end of the turn: the opener may be in this very turn */
			if (find_message(d, &given, "incident", &m) == -1)
				return -1;
			buf_free(&m.body);
		}
		d->incident = given;
	}
	if (incident_from_refs(d) == -1)
		return -1;
	if (!msgid_is_set(&d->incident))
		incident_from_foreign(d);
	d->opens = !msgid_is_set(&d->incident) && may_open;
	if (d->kind == KIND_GRADE && !msgid_is_set(&d->incident))
		return draft_refuse(d, EX_DATAERR, "incident", _("which incident is graded is not said"));
	if (!msgid_is_set(&d->incident))
		return 0;
	body_set_id(d->b, F_INCIDENT, &d->incident);
	if (station_fold(d->s, &d->incident, &d->fd) != 0)
		return draft_refuse(d, EX_IOERR, "incident", _("the journal cannot be read"));
	/* The opener need not be addressed to all who take part: the number travels with every message. */
	if (*d->fd.incident->number != '\0')
		body_set_text(d->b, F_NUMBER, d->fd.incident->number);
	return 0;
}

static int
choose_parents(struct draft *d)
{
	struct journal_msg m;
	const char *prev = body_text(d->b, F_FOREIGN_PREV), *space = body_text(d->b, F_FOREIGN_STATION);
	char key[600];
	struct msgid id;

	for (const struct value *v = body_first(d->b, F_PARENTS); v != NULL; v = body_next(d->b, v)) {
		if (find_message(d, &v->u.id, "parents", &m) == -1)
			return -1;
		buf_free(&m.body);
	}
	if (body_first(d->b, F_PARENTS) != NULL)
		return 0;
	if (d->history) {
		snprintf(key, sizeof key, "%s/%s", space != NULL ? space : "", prev != NULL ? prev : "");
		if (prev != NULL && d->s->j->ops->foreign_get(d->s->j, "message", key, &id) == 0)
			body_add_id(d->b, F_PARENTS, &id);
		return 0;
	}
	for (size_t i = 0; d->fd.incident != NULL && i < d->fd.incident->nheads && i < FIELD_REPEAT_MAX; i++)
		body_add_id(d->b, F_PARENTS, &d->fd.incident->heads[i]);
	return 0;
}

/* One more than the highest held of this incident: carries the order over what another station does not hold. */
static void
count_order(struct draft *d)
{
	int64_t top = 0, n;

	for (size_t i = 0; i < d->fd.n; i++)
		if (body_num(d->fd.bodies[i], F_ORDER, &n) && n > top)
			top = n;
	if (top < INT64_MAX)
		body_set_num(d->b, F_ORDER, top + 1);
}

/* ---- by kind ---- */

static int
own_reports(const struct draft *d, int *version)
{
	int n = 0;

	*version = 0;
	for (size_t i = 0; i < d->fd.n; i++) {
		int64_t v;

		if (strcmp(d->fd.msgs[i].id.origin, d->s->conf.self) != 0 ||
		    body_enum(d->fd.bodies[i], F_KIND) != KIND_REPORT)
			continue;
		n++;
		if (body_num(d->fd.bodies[i], F_VERSION, &v) && v > *version && v < INT32_MAX)
			*version = (int)v;
	}
	return n;
}

static void
inherit(struct draft *d, uint32_t key, const struct body *from)
{
	if (body_first(d->b, key) == NULL)
		for (const struct value *v = body_first(from, key); v != NULL; v = body_next(from, v))
			body_add_value(d->b, v);
}

/* The newest figures of the incident, each with the station or source that gave it; never added up. */
static void
inherit_figures(struct draft *d)
{
	const struct incident *inc = d->fd.incident;

	for (size_t i = 0; (d->b != NULL) && i < d->b->n; i++)
		if (d->b->v[i].field != NULL && field_decimals(d->b->v[i].field) >= 0)
			return; /* typed figures stand for themselves */
	for (size_t i = 0; i < inc->nfigures; i++) {
		struct figure fig = inc->figures[i].fig;

		fig.source = strcmp(inc->figures[i].source, d->s->conf.self) == 0 ? NULL : inc->figures[i].source;
		body_add_figure(d->b, inc->figures[i].key, &fig);
	}
}

static int
complete_report(struct draft *d)
{
	static const uint32_t basic[] = {F_TYPE, F_TITLE, F_PLACE, F_DIVISION, F_POSITION, F_OCCURRED, F_BRIEF};
	int version, n = own_reports(d, &version), stage = body_enum(d->b, F_STAGE);
	int64_t learned = INT64_MAX;

	if (stage == 0) {
		stage = n == 0 ? STAGE_FIRST : STAGE_FOLLOWUP;
		body_set_num(d->b, F_STAGE, stage);
	}
	if (d->history)
		return 0;
	if (stage == STAGE_FIRST && n > 0)
		return draft_refuse(
		    d, EX_DATAERR, "stage", _("a first report of this incident was sent already; write a follow-up"));
	if ((stage == STAGE_FOLLOWUP || stage == STAGE_FINAL) && n == 0)
		return draft_refuse(d, EX_DATAERR, "stage", _("no first report of this incident was sent yet"));
	body_unset(d->b, F_VERSION);
	body_set_num(d->b, F_VERSION, version + 1);
	if (d->fd.incident == NULL || d->fd.n == 0)
		return 0;
	for (size_t i = 0; i < d->fd.incident->nlines; i++) { /* fold order: the opener first */
		const struct incident_line *l = &d->fd.incident->lines[i];
		bool own = strcmp(l->id.origin, d->s->conf.self) == 0;
		int64_t t;

		if (l->kind != KIND_INTAKE && l->kind != KIND_REPORT)
			continue;
		for (size_t k = 0; k < sizeof basic / sizeof basic[0]; k++)
			if (stage == STAGE_FIRST || basic[k] != F_BRIEF)
				inherit(d, basic[k], l->body);
		/* 接报 of this station: its own intake, else the moment another's report arrived here. */
		if (own && body_time(l->body, F_LEARNED, &t))
			learned = t;
		else if (!own && l->stored < learned)
			learned = l->stored;
	}
	if (learned != INT64_MAX && body_first(d->b, F_LEARNED) == NULL)
		body_set_time(d->b, F_LEARNED, learned);
	if (stage == STAGE_FIRST)
		inherit_figures(d);
	return 0;
}

/* Raising is free; lowering needs a named leader and a reason (DOMAIN 8.5). */
static int
check_grade(struct draft *d)
{
	int wanted = body_enum(d->b, F_GRADE), stands = d->fd.incident != NULL ? d->fd.incident->grade : 0;

	if (d->kind != KIND_GRADE || stands == 0 || stands == GRADE_UNDETERMINED || wanted <= stands)
		return 0;
	if (body_text(d->b, F_SIGNER) == NULL)
		return draft_refuse(d, EX_DATAERR, "signer", _("lowering a grade needs the leader who approves it"));
	if (body_text(d->b, F_REASON) == NULL)
		return draft_refuse(d, EX_DATAERR, "reason", _("lowering a grade needs a reason"));
	return 0;
}

/* A warning rings unless it is over, or was imported and concerns another country: no division of ours named, and not
 * written in Chinese.  Those are kept and shown, not rung. */
static void
decide_ring(struct draft *d)
{
	int64_t expires;
	const char *language = body_text(d->b, F_LANGUAGE);
	bool over = body_time(d->b, F_EXPIRES, &expires) && expires < d->now;
	bool foreign = body_text(d->b, F_SOURCE_FORMAT) != NULL && body_text(d->b, F_DIVISION) == NULL &&
	    (language == NULL || strncasecmp(language, "zh", 2) != 0);

	body_unset(d->b, F_RING);
	body_set_num(d->b, F_RING, !over && !foreign && !d->history);
}

/* A deadline that lies in the past when it is set is a slip of the finger. */
static int
check_due(struct draft *d)
{
	int64_t due;

	if (d->history || !body_time(d->b, F_DUE, &due) || due >= d->now - DUE_SLACK)
		return 0;
	return draft_refuse(d, EX_DATAERR, "due", _("that time has passed already"));
}

static int
check_ahead(struct draft *d)
{
	struct check_remark r;

	if (d->req->confirmed || d->history || d->kind == KIND_WARNING)
		return 0;
	for (size_t i = 0; check_remark(d->b, d->now, i, &r); i++)
		if (r.kind == CHECK_AHEAD)
			return fault_set(&d->f, EX_DATAERR, r.field->name, "%s", r.text);
	return 0;
}

/* ---- the whole ---- */

int
draft_complete(struct draft *d)
{
	const struct station_submit *r = d->req;
	static const uint32_t ours[] = {F_ID, F_WRITTEN, F_SEAT, F_NUMBER, F_RING, F_REGARDING, F_ORDER};
	size_t t, ntraits = sizeof traits / sizeof traits[0];

	if (r->realm != REALM_LIVE && r->realm != REALM_EXERCISE)
		return draft_refuse(d, EX_DATAERR, "realm", _("the realm is live or exercise"));
	d->b = body_copy(r->body);
	for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++)
		body_unset(d->b, ours[i]);
	d->kind = body_enum(d->b, F_KIND);
	d->history = body_flag(d->b, F_HISTORY);
	for (t = 0; t < ntraits && traits[t].kind != d->kind; t++)
		;
	if (t == ntraits)
		return draft_refuse(
		    d, EX_DATAERR, "kind", d->kind == 0 ? _("the kind is not said") : _("this kind is not in use yet"));
	if (traits[t].refs && body_first(d->b, F_REFS) == NULL)
		return draft_refuse(d, EX_DATAERR, "refs", _("what it answers is not said"));
	if (d->kind == KIND_RECEIPT && body_enum(d->b, F_ACT) == ACT_DELIVERED)
		return draft_refuse(
		    d, EX_DATAERR, "act", _("only the switch itself says that something was delivered"));
	if (place_in_incident(d, traits[t].opens) == -1 || choose_parents(d) == -1 || draft_address(d) == -1)
		return -1;
	count_order(d);
	if (d->kind == KIND_REPORT && complete_report(d) == -1)
		return -1;
	if (check_grade(d) == -1)
		return -1;
	if (d->kind == KIND_WARNING)
		decide_ring(d);
	if (check_body(d->b, d->s->conf.codebook, &d->f) == -1 || check_ahead(d) == -1 || check_due(d) == -1)
		return -1;
	return 0;
}
