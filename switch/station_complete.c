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
#include "clock.h"
#include "station_order.h"

#define DUE_SLACK 60000	/* ms: a minute typed is a minute long */

/*
 * opens: may open an incident.  needs: is about an incident, which must be known.  refs: answers something, and says
 * what.  Whatever refers to a message takes its incident from there.  A call-out need not refer to a warning: people
 * are called out for other reasons as well.
 */
static const struct {
	int kind;
	bool opens, needs, refs;
} traits[] = {
    {KIND_INTAKE, true, false, false},
    {KIND_REPORT, true, false, false},
    {KIND_WARNING, true, false, false},
    {KIND_DIRECTIVE, true, false, false},
    {KIND_GRADE, false, true, false},
    {KIND_STEP, false, true, false},
    {KIND_RECEIPT, false, false, true},
    {KIND_FEEDBACK, false, false, true},
    {KIND_ROLLANSWER, false, false, true},
    {KIND_LOG, false, false, false},
    {KIND_CALLOUT, false, false, false},
    {KIND_ROLLCALL, false, false, false},
    {KIND_ZERO, false, false, false},
    {KIND_HANDOVER, false, false, false},
    {KIND_RESOURCE, false, false, false},
    {KIND_HAZARD, false, false, false},
    {KIND_NOTE, false, false, false},
    {KIND_OUTSIDE, false, false, false},
    {KIND_SERVICE, false, false, false},
    {KIND_CHASE, false, false, false},
    {KIND_STAFF, false, false, false},
    {KIND_ROSTER, false, false, false},
    {KIND_EXPLAIN, false, false, true},
};

int
draft_refuse(struct draft *d, int code, const char *field, const char *text)
{
	return fault_set(&d->f, code, field, "%s", text);
}

/* ---- incident and parents ---- */

int
draft_find(struct draft *d, const struct msgid *id, const char *field, struct journal_msg *m)
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
	bool notice;

	for (; v != NULL; v = body_next(d->b, v)) {
		if (draft_find(d, &v->u.id, "refs", &m) == -1)
			return -1;
		notice = return_is_notice(d->s, &m);
		buf_free(&m.body);
		if (d->kind == KIND_RECEIPT && !d->foreign && strcmp(m.id.origin, d->s->conf.self) == 0 && !notice &&
		    !order_proxied(d->b))
			return draft_refuse(d, EX_DATAERR, "refs", _("a station gives no receipt for its own message"));
		if (!m.local && !d->machine)
			return draft_refuse(d, EX_DATAERR, "refs", _("that message is not addressed to this station"));
		/* What is split off refers to where it was, and is an incident of its own. */
		if (!msgid_is_set(&d->incident) && !(d->machine && d->kind == KIND_INTAKE))
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
place_in_incident(struct draft *d, bool may_open, bool needs)
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
			if (draft_find(d, &given, "incident", &m) == -1)
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
	if (needs && !d->machine && !msgid_is_set(&d->incident))
		return draft_refuse(d, EX_DATAERR, "incident",
		    d->kind == KIND_GRADE ? _("which incident is graded is not said")
					  : _("which incident it is about is not said"));
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
		if (draft_find(d, &v->u.id, "parents", &m) == -1)
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

	/* What lifts a warning is no alarm. */
	bool quiet = body_enum(d->b, F_STAGE) == STAGE_WITHDRAWAL;

	body_unset(d->b, F_RING);
	body_set_num(d->b, F_RING, !over && !foreign && !quiet && !d->history);
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

/* A time this station has said of this incident before, and was let say. */
static bool
said_before(const struct draft *d, const struct value *v)
{
	for (size_t i = 0; d->fd.incident != NULL && i < d->fd.incident->nall; i++) {
		const struct incident_line *l = &d->fd.incident->all[i];

		if (strcmp(l->id.origin, d->s->conf.self) != 0)
			continue;
		for (const struct value *o = body_first(l->body, v->key); o != NULL; o = body_next(l->body, o))
			if (o->u.when.ms == v->u.when.ms)
				return true;
	}
	return false;
}

/* Of what is typed here: what a message carries over or takes back was asked about when it was first said. */
static bool
typed_ahead(const struct draft *d, const struct field *field)
{
	if (body_first(d->req->body, field->key) == NULL)
		return false;
	for (const struct value *v = body_first(d->b, field->key); v != NULL; v = body_next(d->b, v))
		if (v->u.when.ms > d->now && !said_before(d, v))
			return true;
	return false;
}

static int
check_ahead(struct draft *d)
{
	struct check_remark r;
	struct check_walk w;

	if (d->req->confirmed || d->history || body_enum(d->b, F_STAGE) == STAGE_WITHDRAWAL)
		return 0;
	check_walk_begin(&w, d->b, d->now, 1u << CHECK_AHEAD);
	while (check_walk_next(&w, &r))
		if (typed_ahead(d, r.field))
			return fault_set(&d->f, EX_DATAERR, r.field->name, "%s", r.text);
	return 0;
}

/* ---- the whole ---- */

/* A message that goes along with another: built by the switch, judged like any other. */
struct draft *
draft_twin(struct draft *d, struct body *b)
{
	struct draft *t = xcalloc(1, sizeof *t);

	t->s = d->s;
	t->now = d->now;
	t->machine = true;
	t->own = *d->req;
	t->own.body = b;
	t->own.blob = NULL;
	t->own.blob_len = 0;
	t->own.confirmed = true;
	t->req = &t->own;
	if (draft_complete(t) == 0)
		return t;
	d->f = t->f;
	draft_free(t);
	free(t);
	return NULL;
}

void
draft_free(struct draft *d)
{
	if (d->twin != NULL) {
		draft_free(d->twin);
		free(d->twin);
		d->twin = NULL;
	}
	folded_free(&d->fd);
	body_free(d->b);
	d->b = NULL;
	if (d->machine) { /* the request is of our making */
		union {
			const struct body *c;
			struct body *b;
		} own = {.c = d->own.body};

		body_free(own.b);
		d->own.body = NULL;
	}
}

static int
check_traits(struct draft *d, size_t *t)
{
	size_t ntraits = sizeof traits / sizeof traits[0];

	for (*t = 0; *t < ntraits && traits[*t].kind != d->kind; ++*t)
		;
	if (*t == ntraits)
		return draft_refuse(
		    d, EX_DATAERR, "kind", d->kind == 0 ? _("the kind is not said") : _("this kind is not known here"));
	if (traits[*t].refs && body_first(d->b, F_REFS) == NULL)
		return draft_refuse(d, EX_DATAERR, "refs", _("what it answers is not said"));
	if (d->kind == KIND_RECEIPT && !d->foreign && body_enum(d->b, F_ACT) == ACT_DELIVERED)
		return draft_refuse(
		    d, EX_DATAERR, "act", _("only the switch itself says that something was delivered"));
	return 0;
}

/* What only the kind decides, once the incident is known. */
static int
complete_kind(struct draft *d)
{
	switch (d->kind) {
	case KIND_REPORT:
		return draft_report(d);
	case KIND_WARNING: /* a correction of our own has decided already */
		if (!draft_amends(d) || d->foreign)
			decide_ring(d);
		return 0;
	case KIND_STEP:
		return draft_step(d);
	default:
		return 0;
	}
}

/* What the figures of this very message prove, as the clock takes it; 0 nothing, or no table applies. */
static int
grade_alone(const struct draft *d)
{
	const struct grade_rules *tables = rules_grading(d->s->conf.rules);
	const struct incident *inc = d->fd.incident;
	struct grade_verdict v;
	struct body *b;
	int grade;

	if (tables == NULL || d->kind != KIND_REPORT)
		return 0;
	b = body_copy(d->b);
	if (body_said(b, F_TYPE) == NULL && inc != NULL && inc->type[0] != '\0')
		body_set_text(b, F_TYPE, inc->type);
	grade_judge(tables, b, &v);
	grade = grade_for_clock(&v);
	grade_verdict_free(&v);
	body_free(b);
	return grade;
}

/*
 * Who has not said how grave it is sends by what the clock runs by: a report must not be slower than its own limit.  It
 * only ever becomes more urgent, and the grade itself is not filled in.
 */
static void
make_urgent(struct draft *d)
{
	int grade = body_enum(d->b, F_GRADE), alone, prec;
	struct body *b;

	if ((d->kind != KIND_REPORT && d->kind != KIND_DIRECTIVE) || d->machine || d->history || (grade >= GRADE_I && grade <= GRADE_IV) ||
	    body_enum(d->b, F_STAGE) == STAGE_WITHDRAWAL)
		return;
	grade = d->fd.incident != NULL && d->fd.n > 0 ? clock_grade(d->fd.incident, d->s->conf.rules) : GRADE_UNDETERMINED;
	if ((alone = grade_alone(d)) >= GRADE_I && alone < grade)
		grade = alone;
	if (grade < GRADE_I || grade > GRADE_IV)
		return;
	b = body_copy(d->b);
	body_set_num(b, F_GRADE, grade);
	prec = rules_precedence(d->s->conf.rules, b);
	body_free(b);
	if (prec < rules_precedence(d->s->conf.rules, d->b))
		body_set_num(d->b, F_PRECEDENCE, prec);
}

int
draft_complete(struct draft *d)
{
	const struct station_submit *r = d->req;
	static const uint32_t ours[] = {F_ID, F_WRITTEN, F_SEAT, F_SEAL, F_NUMBER, F_RING, F_REGARDING, F_ORDER, F_DRAFTED,
	    F_UNSIGNED, F_SIGNATURE_OWED, F_TRIES, F_ADOPTER};
	size_t t;

	if (r->realm != REALM_LIVE && r->realm != REALM_EXERCISE)
		return draft_refuse(d, EX_DATAERR, "realm", _("the realm is live or exercise"));
	d->b = body_copy(r->body);
	d->kind = body_enum(d->b, F_KIND);
	for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++)
		if (ours[i] != F_REGARDING || !duty_regards(d->kind))
			body_unset(d->b, ours[i]);
	d->history = body_flag(d->b, F_HISTORY);
	if (secrecy_check(d->s, d->b, &d->f) == -1)
		return -1;
	draft_foreign_refs(d);
	if (check_traits(d, &t) == -1 || draft_slip(d) == -1 || place_in_incident(d, traits[t].opens, traits[t].needs) == -1 ||
	    choose_parents(d) == -1 || draft_order(d) == -1 || draft_proxy(d) == -1 || (draft_amends(d) && draft_amend(d) == -1) ||
	    draft_address(d) == -1 || draft_behalf(d) == -1)
		return -1;
	count_order(d);
	if (draft_amends(d) && body_enum(d->b, F_STAGE) == STAGE_CORRECTION)
		draft_carry(d);
	if (complete_kind(d) == -1 || draft_moves(d) == -1 || draft_falls(d) == -1)
		return -1;
	draft_trail(d);
	if (draft_laxer(d) == -1 || draft_duty(d) == -1 || draft_proven(d) == -1)
		return -1;
	make_urgent(d);
	if (!d->machine && original_speaks(d->b))
		return draft_refuse(d, EX_DATAERR, "topic", _("a word the switches use among themselves"));
	/* a code another station uses passes here, too; what was typed was looked up when it was read */
	if (check_body(d->b, d->inherited ? NULL : d->s->conf.codebook, &d->f) == -1 || check_ahead(d) == -1 || check_due(d) == -1)
		return -1;
	return 0;
}
