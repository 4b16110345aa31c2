/*
 * Grades: each station's opinion stands beside the others' (DOMAIN 5), the gravest of them is the incident's until a
 * person decides.
 *
 *  - A station's own opinion rises with a word and falls only with a reason and a signer.
 *  - A decision is a grade message with a signer and a reason which refers to the message that holds another station's
 *    standing opinion, stands after it (its author has seen it), and comes from above that station.  The opinion is
 * settled: shown, no longer counted.  Whatever that station says anew counts again, so a decision silences nobody.
 *  - "Undetermined" counts only where nobody has stated anything else, and decides nothing.
 *  - A recalled report's grade stands until it is lowered in the proper way; a recalled decision settles nothing.
 * The highest of those who decide is settled by nobody: some opinion always counts.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include "../formats/buf.h"
#include "incident_int.h"
#include "route.h"

static bool
grade_known(int g)
{
	return (g >= GRADE_I && g <= GRADE_IV) || g == GRADE_UNDETERMINED;
}

/* The line at i settles the opinions it refers to; slot: opinions by station. */
static void
settle(const struct fold *f, struct incident_grade *slot, size_t i)
{
	const struct incident_line *l = &f->all[i];

	for (const struct value *v = body_first(l->body, F_REFS); v != NULL; v = body_next(l->body, v)) {
		size_t at = incident_find(f, i, &v->u.id);
		struct incident_grade *g;

		if (at == f->n || f->who[at] == f->who[i])
			continue;
		g = &slot[f->who[at]];
		if (g->grade != 0 && msgid_cmp(&g->by, &f->all[at].id) == 0 && station_under(g->station, l->id.origin))
			g->settled = true;
	}
}

void
incident_grades(struct fold *f)
{
	struct incident *inc = f->inc;
	struct incident_grade *slot = xcalloc(f->nstation + 1, sizeof *slot);

	for (size_t i = 0; i < f->n; i++) {
		const struct incident_line *l = &f->all[i];
		struct incident_grade *g = &slot[f->who[i]];
		bool proper;

		if (l->grade == 0 || l->split_off)
			continue;
		if (!grade_known(l->grade)) {
			inc->not_understood = true;
			continue;
		}
		proper = body_said(l->body, F_REASON) != NULL && body_said(l->body, F_SIGNER) != NULL;
		if (g->grade != 0 && l->grade > g->grade && !proper)
			continue;
		memcpy(g->station, l->id.origin, sizeof g->station);
		g->grade = l->grade;
		g->by = l->id;
		g->settled = false;
		if (l->kind == KIND_GRADE && proper && !l->withdrawn && l->grade != GRADE_UNDETERMINED)
			settle(f, slot, i);
	}
	inc->grades = xcalloc(f->nstation + 1, sizeof *inc->grades);
	for (size_t k = 0; k < f->nstation; k++) {
		int g = slot[k].grade;

		if (g == 0)
			continue;
		inc->grades[inc->ngrades++] = slot[k];
		if (slot[k].settled)
			continue;
		if (inc->grade != 0 && inc->grade != g && inc->grade != GRADE_UNDETERMINED && g != GRADE_UNDETERMINED)
			inc->grade_conflict = true;
		/* GRADE_UNDETERMINED is the largest value: the minimum leaves it only where it is alone. */
		if (inc->grade == 0 || g < inc->grade)
			inc->grade = g;
	}
	assert(inc->ngrades == 0 || inc->grade != 0);
	free(slot);
}
