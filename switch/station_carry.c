/*
 * What a correction leaves unsaid.
 *
 * A correction stands in the whole message's place (更正 supersedes), so a field that is not said anew stays as it was:
 * otherwise a report corrected in its title would no longer say who is missing, and every text made from it would be
 * silent on it.  Carried figures keep the time they were true at.  What tells of the one message only, who made it, when
 * and why, is not carried.
 */
#include <stdlib.h>
#include <string.h>
#include "station_draft.h"

static const uint32_t of_one_message[] = {F_STAGE, F_VERSION, F_REFS, F_REASON, F_PERSON, F_AUTHOR, F_CHECKER, F_SIGNER,
    F_SIGNED_AT, F_TELEPHONED, F_PRECEDENCE, F_ISSUE_NO, F_READBACK, F_READBACK_OK, F_ORIGINAL, F_ORIGINAL_SIZE,
    F_SOURCE_FORMAT, F_FOREIGN_ID, F_FOREIGN_INCIDENT, F_FOREIGN_STATION, F_FOREIGN_TO, F_FOREIGN_PREV, F_CAP_TREE,
    F_CAP_STATUS, F_CAP_MSGTYPE, F_CAP_REFERENCES, F_REMARKS, F_EXTENSION};

/* A figure is said anew by one of its source, any other field as a whole. */
static bool
said_anew(const struct body *typed, const struct value *old)
{
	for (const struct value *v = body_first(typed, old->key); v != NULL; v = body_next(typed, v)) {
		const char *a, *b;

		if (field_decimals(old->field) < 0)
			return true;
		a = v->u.fig.source != NULL ? v->u.fig.source : "";
		b = old->u.fig.source != NULL ? old->u.fig.source : "";
		if (strcmp(a, b) == 0)
			return true;
	}
	return false;
}

static void
carry(struct draft *d, const struct body *typed, const struct body *old)
{
	int64_t written = 0;

	(void)body_time(old, F_WRITTEN, &written);
	for (size_t i = 0; i < old->n; i++) {
		const struct value *v = &old->v[i];
		bool skip = v->field == NULL || (v->field->flags & FF_HEADER) != 0;

		for (size_t k = 0; k < sizeof of_one_message / sizeof of_one_message[0]; k++)
			skip = skip || v->key == of_one_message[k];
		/* a warning of another colour is not as severe as it was */
		if (skip || said_anew(typed, v) || (v->key == F_SEVERITY && body_first(typed, F_COLOUR) != NULL))
			continue;
		if (field_decimals(v->field) >= 0) {
			struct figure fig = v->u.fig;

			if (fig.asof == 0)
				fig.asof = written;
			body_add_figure(d->b, v->key, &fig);
		} else
			body_add_value(d->b, v);
		if (v->key == F_TYPE || v->key == F_DIVISION)
			d->inherited = true;
	}
}

static bool
refers_to_any(const struct body *b, const struct idlist *chain)
{
	for (size_t i = 0; i < chain->n; i++)
		if (incident_refers(b, &chain->v[i]))
			return true;
	return false;
}

/* What stands in the message's place today: it, or the last of this station's corrections of it or of one another. */
static const struct incident_line *
standing(const struct draft *d, const struct msgid *id)
{
	const struct incident *inc = d->fd.incident;
	const struct incident_line *found = NULL;
	struct idlist chain = {0};

	for (size_t i = 0; i < inc->nall; i++) { /* fold order: a correction stands after what it corrects */
		const struct incident_line *l = &inc->all[i];
		bool ours = strcmp(l->id.origin, d->s->conf.self) == 0 && !l->withdrawn && !l->destroyed;

		if (msgid_cmp(&l->id, id) != 0 &&
		    !(ours && l->stage == STAGE_CORRECTION && refers_to_any(l->body, &chain)))
			continue;
		found = l;
		idlist_add(&chain, &l->id);
	}
	free(chain.v);
	return found;
}

void
draft_carry(struct draft *d)
{
	const struct value *ref = body_first(d->b, F_REFS);
	const struct incident_line *l;
	struct body *typed;

	if (d->history || d->machine || d->foreign || ref == NULL || d->fd.incident == NULL ||
	    (l = standing(d, &ref->u.id)) == NULL || l->destroyed)
		return;
	typed = body_copy(d->b);
	carry(d, typed, l->body);
	body_free(typed);
}
