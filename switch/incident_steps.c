/*
 * What hangs on single steps: which incidents were taken in and split off, adopted figures, verdicts.  A part of the
 * fold.
 *
 * Promises: an adopted figure is a named person's act and stands beside the stations' figures, never among them; the
 * newest of a station and field is what it adopts.  An incident taken in and taken out again (STEP_SPLIT, also the
 * target's twin of a merge taken back) is neither.  What a split names no longer speaks for the incident, until the other
 * one is taken in again.  A recalled step says nothing. split_from is what the message that
 * opened the incident says of it: F_OTHER of the intake or report.
 */
#include <stdlib.h>
#include <string.h>
#include "../formats/buf.h"
#include "incident_int.h"
#include "route.h"

struct said {
	struct msgid other;  /* absorbed and split */
	uint32_t key;	     /* adopted */
	const char *name;    /* verdicts */
	size_t who, at, nth; /* station, line, value within it */
	const struct value *v;
	int step;
};

struct list {
	struct said *s;
	size_t n, cap;
};

/* May the station of the step at i take that line out?  Its author may, the opener, and who stands above either. */
static bool
may_split(const struct fold *f, size_t i, size_t at)
{
	const char *by = f->all[i].id.origin;

	return station_under(f->inc->opener, by) || station_under(f->all[at].id.origin, by);
}

/* Was what the step at i has split off taken in again afterwards? */
static bool
taken_back(const struct fold *f, size_t i, const struct msgid *to)
{
	struct msgid other;

	for (size_t k = i + 1; k < f->n; k++)
		if (incident_step(&f->all[k]) == STEP_ABSORBED && body_id(f->all[k].body, F_OTHER, &other) &&
		    msgid_cmp(&other, to) == 0)
			return true;
	return false;
}

void
incident_split(struct fold *f)
{
	struct msgid other;
	size_t at;
	bool any = false;

	for (size_t i = 0; i < f->n; i++) {
		const struct incident_line *s = &f->all[i];

		if (incident_step(s) != STEP_SPLIT || !body_id(s->body, F_OTHER, &other) || !msgid_is_set(&other) ||
		    msgid_cmp(&other, &f->inc->id) == 0 || taken_back(f, i, &other))
			continue;
		for (const struct value *v = body_first(s->body, F_REFS); v != NULL; v = body_next(s->body, v)) {
			struct incident_line *l;

			if ((at = incident_find(f, f->n, &v->u.id)) == f->n || !may_split(f, i, at))
				continue;
			l = &f->all[at];
			if (l->kind == KIND_STEP || l->kind == KIND_RECEIPT)
				continue;
			l->split_off = any = true;
		}
	}
	/* What is said in the place of such a line belongs where that one went. */
	for (size_t i = 0; any && i < f->n; i++) {
		struct incident_line *l = &f->all[i];

		if (l->stage != STAGE_CORRECTION)
			continue;
		for (const struct value *v = body_first(l->body, F_REFS); v != NULL; v = body_next(l->body, v))
			if (strcmp(v->u.id.origin, l->id.origin) == 0 && (at = incident_find(f, i, &v->u.id)) < f->n &&
			    f->all[at].split_off)
				l->split_off = true;
	}
}

static struct said *
list_add(struct list *l)
{
	if (l->n == l->cap) {
		l->cap = l->cap == 0 ? 16 : l->cap * 2;
		l->s = xreallocarray(l->s, l->cap, sizeof *l->s);
	}
	memset(&l->s[l->n], 0, sizeof *l->s);
	return &l->s[l->n++];
}

static int
cmp_group(const struct said *x, const struct said *y)
{
	int c;

	if ((c = msgid_cmp(&x->other, &y->other)) != 0)
		return c;
	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	if (x->who != y->who)
		return x->who < y->who ? -1 : 1;
	return x->name != NULL && y->name != NULL ? strcmp(x->name, y->name) : 0;
}

/* By group; within it the newest comes last. */
static int
cmp_said(const void *a, const void *b)
{
	const struct said *x = a, *y = b;
	int c = cmp_group(x, y);

	if (c != 0)
		return c;
	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	return x->nth < y->nth ? -1 : x->nth > y->nth;
}

static void
list_sort(struct list *l)
{
	if (l->n > 1)
		qsort(l->s, l->n, sizeof *l->s, cmp_said);
}

static bool
list_newest(const struct list *l, size_t i)
{
	return i + 1 == l->n || cmp_group(&l->s[i], &l->s[i + 1]) != 0;
}

static void
steps_related(struct incident *inc, struct list *l)
{
	bool held = false; /* taken in by the steps before this one of the same incident */

	list_sort(l);
	inc->absorbed = xcalloc(l->n + 1, sizeof *inc->absorbed);
	inc->split_to = xcalloc(l->n + 1, sizeof *inc->split_to);
	for (size_t i = 0; i < l->n; i++) {
		bool was = held;

		held = l->s[i].step == STEP_ABSORBED;
		if (!list_newest(l, i))
			continue;
		if (held)
			inc->absorbed[inc->nabsorbed++] = l->s[i].other;
		else if (!was)
			inc->split_to[inc->nsplit++] = l->s[i].other;
		held = false;
	}
}

static void
steps_adopted(const struct fold *f, struct list *l)
{
	struct incident *inc = f->inc;

	list_sort(l);
	inc->adopted = xcalloc(l->n + 1, sizeof *inc->adopted);
	for (size_t i = 0; i < l->n; i++) {
		const struct incident_line *line = &f->all[l->s[i].at];
		struct incident_adopted *a = &inc->adopted[inc->nadopted];

		if (!list_newest(l, i))
			continue;
		a->key = l->s[i].key;
		a->fig = l->s[i].v->u.fig;
		memcpy(a->station, line->id.origin, sizeof a->station);
		a->person = body_said(line->body, F_PERSON);
		/* Never the moment it was stored here: every station must say the same. */
		(void)body_time(line->body, F_WRITTEN, &a->at);
		a->by = line->id;
		inc->nadopted++;
	}
}

static void
steps_verdicts(const struct fold *f, struct list *l)
{
	struct incident *inc = f->inc;

	list_sort(l);
	inc->verdicts = xcalloc(l->n + 1, sizeof *inc->verdicts);
	for (size_t i = 0; i < l->n; i++) {
		const struct incident_line *line = &f->all[l->s[i].at];
		struct incident_verdict *v = &inc->verdicts[inc->nverdicts];

		if (!list_newest(l, i))
			continue;
		memcpy(v->station, line->id.origin, sizeof v->station);
		v->name = l->s[i].name;
		v->person = body_said(line->body, F_PERSON);
		v->confirmed = body_flag(line->body, F_CONFIRMED);
		v->by = line->id;
		inc->nverdicts++;
	}
}

void
incident_steps(struct fold *f)
{
	struct list related = {0}, adopted = {0}, verdicts = {0};
	struct msgid other;
	size_t from;

	for (size_t i = 0; i < f->n; i++) {
		const struct incident_line *l = &f->all[i];
		int step = incident_step(l);
		const char *name;
		struct said *s;

		switch (step) {
		case STEP_ABSORBED:
		case STEP_SPLIT:
			if (!body_id(l->body, F_OTHER, &other) || !msgid_is_set(&other) ||
			    msgid_cmp(&other, &f->inc->id) == 0)
				break;
			s = list_add(&related);
			s->other = other;
			s->at = i;
			s->step = step;
			break;
		case STEP_ADOPTED:
			for (size_t k = 0; k < l->body->n; k++) {
				const struct value *v = &l->body->v[k];

				if (v->field == NULL || v->key == F_QUANTITY || field_decimals(v->field) < 0)
					continue;
				s = list_add(&adopted);
				s->key = v->key;
				s->who = f->who[i];
				s->at = i;
				s->nth = k;
				s->v = v;
			}
			break;
		case STEP_VERDICT:
			if ((name = body_said(l->body, F_VERDICT)) == NULL)
				break;
			s = list_add(&verdicts);
			s->who = f->who[i];
			s->name = name;
			s->at = i;
			break;
		default:
			break;
		}
	}
	steps_related(f->inc, &related);
	steps_adopted(f, &adopted);
	steps_verdicts(f, &verdicts);
	from = incident_find(f, f->n, &f->inc->id);
	if (from < f->n && (f->all[from].kind == KIND_INTAKE || f->all[from].kind == KIND_REPORT) &&
	    body_id(f->all[from].body, F_OTHER, &other) && msgid_cmp(&other, &f->inc->id) != 0)
		f->inc->split_from = other;
	free(related.s);
	free(adopted.s);
	free(verdicts.s);
}
