/*
 * The life of an incident and of its reports, as the messages tell it.
 *
 * Promises: each station's view follows the table of life.h over what that station itself wrote, in fold order.  A view
 * is stated by a step, an intake, a report, a directive or 接办; whoever only receives states none and holds nothing
 * back.  The incident is as far as the least of the views, for nobody may hide what another still works on.
 *  - A reopening counts for everybody: whoever had it behind him has it in hand again, and a merge is taken back.
 *  - News move the view of their author alone; an archived incident is open again by that, being as far as the least.
 *  - 归档 moves a station that has written a report only after its final report.
 *  - A merge by the opener, or by a station above it, takes the whole incident away; anybody else's is his own view and
 *    counts for nobody else.  Two incidents merged into each other (two rooms at the same moment) would both be gone:
 * the one with the smaller id stays, and both folds know it by the twin step (STEP_ABSORBED).
 *  - A report that was sent unsigned owes a signature until its own station signs it afterwards.  It is returned when
 * an addressee sent it back with a reason (a relay's word that it knows no way is not that), closed by its own station
 * or one above; of the two the later counts.  Correcting and recalling override both. Left to others: who may write
 * such a step at all (station), the tables (life.c), what hangs on steps alone (incident_steps.c).
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../formats/buf.h"
#include "incident_int.h"
#include "../formats/life.h"
#include "route.h"

struct view {
	int state; /* 0: none stated */
	size_t by; /* line */
	bool reported;
	bool final; /* its final report stands and it has not reported on since */
};

struct life {
	struct fold *f;
	struct view *view;   /* by station */
	size_t merged, news; /* line + 1 of the merge that stands and of the last statement; 0: none */
};

static int life_event_of(const struct incident_line *);
static void life_move(struct life *, size_t line, int event);
static void life_merge(struct life *, size_t line);
static void life_reopen(struct life *, size_t line);
static void life_finals(struct life *, size_t line, int step);
static void life_result(struct life *);
static void life_signatures(struct fold *);
static void life_reports(const struct life *);

static int
cmp_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void
incident_stations(struct fold *f)
{
	const char **at = NULL;
	size_t i, k;

	f->station = xcalloc(f->n + 1, sizeof *f->station);
	f->who = xcalloc(f->n + 1, sizeof *f->who);
	/* In order of id they stand together already; where two realms meet, they do so twice. */
	for (i = k = 0; i < f->n; i++)
		if (k == 0 || strcmp(f->station[k - 1], f->by_id[i]->id.origin) != 0)
			f->station[k++] = f->by_id[i]->id.origin;
	f->nstation = k;
	if (k > 1)
		qsort(f->station, k, sizeof *f->station, cmp_text);
	for (i = k = 0; i < f->nstation; i++)
		if (k == 0 || strcmp(f->station[k - 1], f->station[i]) != 0)
			f->station[k++] = f->station[i];
	f->nstation = k;
	for (i = 0; i < f->n; i++) {
		const char *origin = f->by_id[i]->id.origin;

		if (at == NULL || strcmp(*at, origin) != 0)
			at = bsearch(&origin, f->station, f->nstation, sizeof *f->station, cmp_text);
		assert(at != NULL);
		f->who[f->by_id[i] - f->all] = (size_t)(at - f->station);
	}
}

/* What the line means for its station's view: enum step, enum event_event, 0. */
static int
life_event_of(const struct incident_line *l)
{
	if (!incident_speaks(l))
		return 0;
	switch (l->kind) {
	case KIND_INTAKE:
		return EVENT_BY_NEWS;
	case KIND_REPORT:
		return l->stage == STAGE_FINAL || l->stage == STAGE_VERIFIED ? EVENT_BY_FINAL : EVENT_BY_NEWS;
	case KIND_DIRECTIVE:
		return EVENT_BY_TAKEN;
	case KIND_RECEIPT:
		return l->act == ACT_TAKEN && body_said(l->body, F_PERSON) != NULL ? EVENT_BY_TAKEN : 0;
	case KIND_STEP:
		break;
	default:
		return 0;
	}
	switch (incident_step(l)) {
	case STEP_VERIFIED:
	case STEP_HANDLING:
	case STEP_RESOLVED:
	case STEP_ARCHIVED:
	case STEP_REOPENED:
	case STEP_MERGED:
		return incident_step(l);
	default:
		return 0;
	}
}

static void
life_move(struct life *life, size_t i, int event)
{
	struct view *v = &life->view[life->f->who[i]];
	int next;

	if (v->state == 0) {
		v->state = EVENT_REPORTED;
		v->by = i;
	}
	if (event == STEP_ARCHIVED && v->state == EVENT_RESOLVED && v->reported)
		return;
	next = life_event_next(v->state, event);
	if (next == 0)
		return;
	v->state = next;
	v->by = i;
}

static void
life_merge(struct life *life, size_t i)
{
	struct incident *inc = life->f->inc;
	struct msgid other;

	if (!body_id(life->f->all[i].body, F_OTHER, &other) || !msgid_is_set(&other) || other.realm != inc->id.realm ||
	    msgid_cmp(&other, &inc->id) == 0)
		return;
	life_move(life, i, STEP_MERGED);
	if (!station_under(inc->opener, life->f->all[i].id.origin))
		return;
	inc->merged_into = other;
	life->merged = i + 1;
}

static void
life_reopen(struct life *life, size_t i)
{
	struct view *own = &life->view[life->f->who[i]];

	for (size_t k = 0; k < life->f->nstation; k++) {
		struct view *v = &life->view[k];
		int next = v->state != 0 ? life_event_next(v->state, STEP_REOPENED) : 0;

		v->final = false;
		if (next == 0)
			continue;
		v->state = next;
		v->by = i;
	}
	/* Who takes it up again without ever having said anything has it in hand now. */
	if (own->state == 0) {
		own->state = EVENT_HANDLING;
		own->by = i;
	}
	memset(&life->f->inc->merged_into, 0, sizeof life->f->inc->merged_into);
	life->merged = 0;
}

/* A final report stands until its own station reports on, or anybody reopens: final_reported. */
static void
life_finals(struct life *life, size_t i, int event)
{
	const struct incident_line *l = &life->f->all[i];
	struct view *v = &life->view[life->f->who[i]];

	if (l->kind != KIND_REPORT || event == 0 || l->split_off)
		return;
	v->reported = true;
	if (event == EVENT_BY_FINAL)
		v->final = true;
	else if (l->stage == STAGE_FIRST || l->stage == STAGE_FOLLOWUP)
		v->final = false;
}

static void
life_result(struct life *life)
{
	struct fold *f = life->f;
	struct incident *inc = f->inc;
	bool both = false;

	for (size_t i = 0; i < inc->nabsorbed; i++)
		both |= msgid_cmp(&inc->absorbed[i], &inc->merged_into) == 0;
	if (both && msgid_cmp(&inc->id, &inc->merged_into) < 0) {
		memset(&inc->merged_into, 0, sizeof inc->merged_into);
		life->merged = 0;
	}
	inc->states = xcalloc(f->nstation + 1, sizeof *inc->states);
	for (size_t k = 0; k < f->nstation; k++) {
		const struct view *v = &life->view[k];
		struct incident_state *s = &inc->states[inc->nstates];

		inc->final_reported |=
		    v->final && (strcmp(f->station[k], inc->opener) == 0 || station_under(inc->opener, f->station[k]));
		if (v->state == 0)
			continue;
		(void)snprintf(s->station, sizeof s->station, "%s", f->station[k]);
		s->state = v->state;
		s->by = f->all[v->by].id;
		s->reported = v->reported;
		inc->nstates++;
		if (v->state != EVENT_MERGED && (inc->state == 0 || v->state < inc->state))
			inc->state = v->state;
	}
	if (life->merged != 0)
		inc->state = EVENT_MERGED;
	else if (inc->state == 0 && f->n > 0)
		inc->state = EVENT_REPORTED;
	inc->closed = inc->state == EVENT_ARCHIVED || (inc->state == EVENT_MERGED && life->news < life->merged);
}

/* 先报后签, or simply unsigned: either way somebody is booked for the signature. */
static bool
sent_unsigned(const struct incident_line *l)
{
	return body_flag(l->body, F_UNSIGNED) || body_said(l->body, F_SIGNATURE_OWED) != NULL;
}

static void
life_signatures(struct fold *f)
{
	for (size_t i = 0; i < f->n; i++) {
		struct incident_line *l = &f->all[i];

		if (l->kind == KIND_RECEIPT || l->kind == KIND_STEP)
			continue;
		if (sent_unsigned(l))
			l->signature_owed = incident_speaks(l);
		else
			l->signer = body_said(l->body, F_SIGNER);
	}
	/* The signature given first stands. */
	for (size_t i = 0; i < f->n; i++) {
		const struct incident_line *s = &f->all[i];
		const char *signer;
		size_t at;

		if (incident_step(s) != STEP_COUNTERSIGNED)
			continue;
		if ((signer = body_said(s->body, F_SIGNER)) == NULL)
			signer = body_said(s->body, F_PERSON);
		for (const struct value *v = body_first(s->body, F_REFS); v != NULL; v = body_next(s->body, v)) {
			if ((at = incident_find(f, f->n, &v->u.id)) == f->n || f->who[at] != f->who[i] ||
			    f->all[at].signer != NULL || !sent_unsigned(&f->all[at]))
				continue;
			f->all[at].signer = signer;
			f->all[at].signature_owed = false;
		}
	}
	for (size_t i = 0; i < f->n; i++) {
		if (!f->all[i].signature_owed)
			continue;
		f->all[i].owed_by = body_said(f->all[i].body, F_SIGNATURE_OWED);
		f->inc->signatures_owed++;
	}
}

static void
life_reports(const struct life *life)
{
	struct fold *f = life->f;
	size_t *returned = xcalloc(f->n + 1, sizeof *returned), *closed = xcalloc(f->n + 1, sizeof *closed),
	       archived = 0;

	for (size_t k = 0; k < f->nstation && f->inc->state == EVENT_ARCHIVED; k++)
		if (life->view[k].state == EVENT_ARCHIVED && life->view[k].by + 1 > archived)
			archived = life->view[k].by + 1;
	for (size_t i = 0; i < f->n; i++) {
		const struct incident_line *l = &f->all[i];
		bool back = l->kind == KIND_RECEIPT && l->act == ACT_RETURNED && !l->withdrawn &&
			    body_said(l->body, F_REASON) != NULL && body_first(l->body, F_REGARDING) == NULL;
		bool close = incident_step(l) == STEP_CLOSED;

		if (!back && !close)
			continue;
		for (const struct value *v = body_first(l->body, F_REFS); v != NULL; v = body_next(l->body, v)) {
			size_t at = incident_find(f, f->n, &v->u.id);

			if (at == f->n)
				continue;
			if (back && f->who[at] != f->who[i] && incident_addressed(f->all[at].body, l->id.origin, true))
				returned[at] = i + 1;
			if (close && station_under(f->all[at].id.origin, l->id.origin))
				closed[at] = i + 1;
		}
	}
	for (size_t i = 0; i < f->n; i++) {
		struct incident_line *l = &f->all[i];
		size_t shut = closed[i] > archived ? closed[i] : archived;

		if (l->kind != KIND_REPORT)
			continue;
		l->state = l->withdrawn		? REPORT_WITHDRAWN
			   : l->superseded	? REPORT_CORRECTED
			   : returned[i] > shut ? REPORT_RETURNED
			   : shut > 0		? REPORT_CLOSED
						: REPORT_SENT;
	}
	free(returned);
	free(closed);
}

void
incident_life(struct fold *f)
{
	struct life life = {.f = f, .view = xcalloc(f->nstation + 1, sizeof *life.view)};

	for (size_t i = 0; i < f->n; i++) {
		const struct incident_line *l = &f->all[i];
		int event = life_event_of(l);

		/* What no row knows moves nothing, and is said. */
		if ((l->kind != 0 && enum_by_value("kind", l->kind) == NULL) ||
		    (l->stage != 0 && enum_by_value("stage", l->stage) == NULL) ||
		    (l->kind == KIND_STEP && enum_by_value("step", body_enum(l->body, F_STEP)) == NULL))
			f->inc->not_understood = true;
		if (event == STEP_REOPENED)
			life_reopen(&life, i);
		else if (event == STEP_MERGED)
			life_merge(&life, i);
		else if (event != 0)
			life_move(&life, i, event);
		if (event != 0 && (l->kind == KIND_REPORT || l->kind == KIND_INTAKE))
			life.news = i + 1;
		life_finals(&life, i, event);
	}
	life_result(&life);
	life_signatures(f);
	life_reports(&life);
	free(life.view);
}
