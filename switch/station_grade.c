/*
 * A grade laxer than what is known.
 *
 * Raising is free.  Lowering is a leader's: a grade below what the figures prove by the table, or below what this station
 * or the incident has stated, needs a named leader and a reason (DOMAIN 8.5), whoever states it and in whatever message.  Where the register
 * of this station names anybody, a leader is who it names as one.
 * What the figures of the message itself say counts as well; nothing is added up across sources (grade.h).  "Undetermined"
 * claims nothing, and is no laxer than the figures; after a grade was stated it is.
 *
 * To deny a second verdict (较大涉险) that the figures propose or that somebody has confirmed loosens, too: it says why, and where the register
 * names anybody it is one of those.  Confirming asks for neither.
 *
 * Only a grade that was typed is judged: what a correction carries over was judged when it was first said.  Who says
 * again what a leader of this station has decided with a reason is asked again only when figures nobody had then prove
 * more.
 */
#include <string.h>
#include <sysexits.h>
#include "../formats/i18n.h"
#include "clock.h"
#include "duty_staff.h"
#include "station_draft.h"

static bool
graded(int grade)
{
	return grade >= GRADE_I && grade <= GRADE_IV;
}

static const char *
effective(const struct figure *f, const char *author)
{
	return f->source != NULL && *f->source != '\0' ? f->source : author;
}

static bool
has_source(const struct draft *d, const struct body *b, uint32_t key, const char *source)
{
	for (const struct value *v = body_first(b, key); v != NULL; v = body_next(b, v))
		if (strcmp(effective(&v->u.fig, d->s->conf.self), source) == 0)
			return true;
	return false;
}

/* Where this station's standing grade is that very one and was stated with a leader and a reason: one past its line, else 0. */
static size_t
decided(const struct draft *d, int wanted)
{
	const struct incident *inc = d->fd.n > 0 ? d->fd.incident : NULL;

	for (size_t i = 0; inc != NULL && i < inc->ngrades; i++) {
		if (strcmp(inc->grades[i].station, d->s->conf.self) != 0 || inc->grades[i].grade != wanted)
			continue;
		for (size_t k = 0; k < inc->nall; k++)
			if (msgid_cmp(&inc->all[k].id, &inc->grades[i].by) == 0 &&
			    body_said(inc->all[k].body, F_SIGNER) != NULL && body_said(inc->all[k].body, F_REASON) != NULL)
				return k + 1;
	}
	return 0;
}

/* Was that said among the first `lines` lines? */
static bool
known(const struct draft *d, size_t lines, uint32_t key, const char *source, const struct figure *f)
{
	for (size_t i = 0; i < lines; i++) {
		const struct incident_line *l = &d->fd.incident->all[i];

		for (const struct value *v = body_first(l->body, key); v != NULL; v = body_next(l->body, v))
			if (v->u.fig.q == f->q && v->u.fig.n == f->n &&
			    strcmp(effective(&v->u.fig, l->id.origin), source) == 0)
				return true;
	}
	return false;
}

/* The gravest grade the figures prove once this message stands, without what was known by then; 0 = none. */
static int
proposal(const struct draft *d, size_t then)
{
	const struct grade_rules *tables = rules_grading(d->s->conf.rules);
	const struct incident *inc = d->fd.n > 0 ? d->fd.incident : NULL;
	const char *type = body_text(d->b, F_TYPE);
	struct grade_verdict verdict;
	struct body *b;
	int grade;

	if (tables == NULL)
		return 0;
	b = body_new();
	if (type == NULL && inc != NULL && inc->type[0] != '\0')
		type = inc->type;
	if (type != NULL)
		body_set_text(b, F_TYPE, type);
	for (size_t i = 0; i < d->b->n; i++)
		if (d->b->v[i].field != NULL && field_decimals(d->b->v[i].field) >= 0 &&
		    !known(d, then, d->b->v[i].key, effective(&d->b->v[i].u.fig, d->s->conf.self), &d->b->v[i].u.fig))
			body_add_value(b, &d->b->v[i]);
	for (size_t i = 0; inc != NULL && i < inc->nfigures; i++)
		if (!has_source(d, d->b, inc->figures[i].key, inc->figures[i].source) &&
		    !known(d, then, inc->figures[i].key, inc->figures[i].source, &inc->figures[i].fig))
			body_add_figure(b, inc->figures[i].key, &inc->figures[i].fig);
	grade_judge(tables, b, &verdict);
	grade = graded(verdict.proposal) ? verdict.proposal : 0;
	grade_verdict_free(&verdict);
	body_free(b);
	return grade;
}

/* The gravest of what the incident stands at and what this station holds itself, which may be settled. */
static int
stated(const struct draft *d)
{
	const struct incident *inc = d->fd.n > 0 ? d->fd.incident : NULL;
	int grade = inc != NULL && graded(inc->grade) ? inc->grade : 0;

	for (size_t i = 0; inc != NULL && i < inc->ngrades; i++)
		if (strcmp(inc->grades[i].station, d->s->conf.self) == 0 && graded(inc->grades[i].grade) &&
		    (grade == 0 || inc->grades[i].grade < grade))
			grade = inc->grades[i].grade;
	return grade;
}

/* Does the register of this station name anybody? */
static bool
registered(const struct duty *duty)
{
	for (size_t i = 0; i < staff_count(duty->staff); i++) {
		const struct staff_person *p = staff_at(duty->staff, i);

		if (!p->left && *p->unit == '\0' && *p->name != '\0')
			return true;
	}
	return false;
}

/* Is he a leader, as far as the register knows?  One that names nobody knows nothing.  0, or -1 + d->f. */
static int
by_leader(struct draft *d)
{
	const char *name = body_said(d->b, F_SIGNER);
	const struct duty *duty;
	const struct staff_person *p;

	if (name == NULL)	/* 送核: who signs it is still to come, and is asked then */
		return 0;
	if ((duty = station_duty(d->s)) == NULL)
		return draft_refuse(d, EX_IOERR, "signer", _("the journal cannot be read"));
	p = staff_find(duty->staff, name);
	if (!registered(duty) || (p != NULL && (p->roles & (1u << ROLE_DUTY_LEADER)) != 0))
		return 0;
	return fault_set(&d->f, EX_DATAERR, "signer", _("lowering a grade is a leader's: %s is no leader on the register of this station"), name);
}

int
draft_laxer(struct draft *d)
{
	int wanted = body_enum(d->b, F_GRADE), proven, held;
	bool signer, reason;

	if ((d->kind != KIND_GRADE && d->kind != KIND_REPORT && d->kind != KIND_INTAKE) || d->history || d->machine ||
	    d->foreign || body_enum(d->b, F_STAGE) == STAGE_WITHDRAWAL || wanted == 0 ||
	    body_first(d->req->body, F_GRADE) == NULL)
		return 0;
	signer = d->submitted || body_said(d->b, F_SIGNER) != NULL;
	reason = body_said(d->b, F_REASON) != NULL;
	held = stated(d);
	if (held != 0 && wanted > held && (graded(wanted) || d->kind == KIND_GRADE)) {
		if (!signer)
			return draft_refuse(d, EX_DATAERR, "signer", _("lowering a grade needs the leader who approves it"));
		return reason ? by_leader(d) : draft_refuse(d, EX_DATAERR, "reason", _("lowering a grade needs a reason"));
	}
	proven = graded(wanted) ? proposal(d, decided(d, wanted)) : 0;
	if (proven == 0 || wanted <= proven)
		return 0;
	if (signer && reason)
		return by_leader(d);
	return fault_set(&d->f, EX_DATAERR, signer ? "reason" : "signer",
	    _("the figures prove %s: a laxer grade needs a leader and a reason"), enum_by_value("grade", proven)->name);
}

/* ---- denying a verdict ---- */

/* Do the figures as they stand propose it?  One that is reached by what is "about" so much does as well. */
static bool
proposed(const struct draft *d, const char *verdict)
{
	const struct grade_rules *tables = rules_grading(d->s->conf.rules);
	const struct incident *inc = d->fd.n > 0 ? d->fd.incident : NULL;
	struct grade_verdict v;
	struct body *b;
	bool yes;

	if (tables == NULL || inc == NULL)
		return false;
	b = body_new();
	clock_figures(inc, b);
	grade_judge(tables, b, &v);
	yes = v.risk.covered && v.risk.met;
	for (size_t i = 0; v.risk.covered && i < v.risk.npoints; i++)
		yes |= v.risk.points[i].met || v.risk.points[i].likely;
	yes &= v.risk.name == NULL || strcmp(v.risk.name, verdict) == 0;
	grade_verdict_free(&v);
	body_free(b);
	return yes;
}

int
draft_denied(struct draft *d)
{
	const char *verdict = body_said(d->b, F_VERDICT), *who = body_said(d->b, F_PERSON);
	const struct incident *inc = d->fd.n > 0 ? d->fd.incident : NULL;
	const struct duty *duty;
	const struct staff_person *p;
	bool stands;

	if (body_flag(d->b, F_CONFIRMED))
		return 0;
	stands = proposed(d, verdict);
	for (size_t i = 0; inc != NULL && i < inc->nverdicts && !stands; i++)
		stands = inc->verdicts[i].confirmed && strcmp(inc->verdicts[i].name, verdict) == 0;
	if (!stands)
		return 0;
	if (body_said(d->b, F_REASON) == NULL)
		return draft_refuse(d, EX_DATAERR, "reason", _("denying a verdict that the figures propose or somebody has confirmed needs a reason"));
	if ((duty = station_duty(d->s)) == NULL)
		return draft_refuse(d, EX_IOERR, "person", _("the journal cannot be read"));
	p = staff_find(duty->staff, who);
	if (!registered(duty) || (p != NULL && !p->left && *p->unit == '\0'))
		return 0;
	return fault_set(&d->f, EX_DATAERR, "person",
	    _("denying a verdict that stands is for people of this station: %s is not on its register"), who);
}
