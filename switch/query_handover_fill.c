/*
 * A step of a handover, completed by the switch before it is judged and stored: nobody types what the roster, the watch and the folds say, and
 * nobody's desk says of itself that an answer was right.
 */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include "../formats/i18n.h"
#include "../formats/text.h"
#include "query_handover.h"

#define ITEM_MAX 4096	/* of F_ITEM */

static void
fill_names(struct body *b, uint32_t key, const char (*v)[97], size_t n)
{
	if (body_first(b, key) != NULL)
		return;
	for (size_t i = 0; i < n; i++)
		body_add_text(b, key, v[i], strlen(v[i]));
}

static bool
unable(const struct roster_shift *sh, const char *name)
{
	for (size_t i = 0; i < sh->nunable; i++)
		if (strcmp(sh->unable[i], name) == 0)
			return true;
	return false;
}

static void
fill_begun(const struct duty *d, int64_t now, struct body *b)
{
	const struct watch_span *s = watch_now(d->watch);
	int64_t due = 0;
	const struct roster_shift *sh = d->roster != NULL ? watch_relief(d->watch, d->roster, now, &due) : NULL;

	body_unset(b, F_OUTGOING);
	if (s != NULL)
		fill_names(b, F_OUTGOING, s->person, s->n);
	if (sh != NULL) {
		if (body_first(b, F_INCOMING) == NULL)
			for (size_t i = 0; i < sh->nofficer; i++)
				if (!unable(sh, sh->officer[i]))
					body_add_text(b, F_INCOMING, sh->officer[i], strlen(sh->officer[i]));
		if (body_first(b, F_SHIFT) == NULL && *sh->name != '\0')
			body_set_text(b, F_SHIFT, sh->name);
		if (body_first(b, F_PERIOD_FROM) == NULL)
			body_set_time(b, F_PERIOD_FROM, sh->from);
		if (body_first(b, F_DUTY_LEADER) == NULL && *sh->leader[0] != '\0')
			body_set_text(b, F_DUTY_LEADER, sh->leader[0]);
	}
	body_unset(b, F_ASKS);
	body_add_text(b, F_ASKS, ASK_OPEN, strlen(ASK_OPEN));
	body_add_text(b, F_ASKS, ASK_LIMIT, strlen(ASK_LIMIT));
}

/* Who has come, for which shift: the one he is planned in, now or next. */
static void
fill_sign_on(const struct duty *d, int64_t now, struct body *b)
{
	const char *person = body_text(b, F_PERSON);
	const struct roster_shift *mine = NULL;

	for (size_t i = 0; d->roster != NULL && person != NULL && mine == NULL && i < roster_count(d->roster); i++) {
		const struct roster_shift *sh = roster_at(d->roster, i);

		for (size_t k = 0; sh->to > now && mine == NULL && k < sh->nofficer; k++)
			if (strcmp(sh->officer[k], person) == 0)
				mine = sh;
	}
	if (mine == NULL)
		return;
	if (body_first(b, F_SHIFT) == NULL && *mine->name != '\0')
		body_set_text(b, F_SHIFT, mine->name);
	if (body_first(b, F_PERIOD_FROM) == NULL)
		body_set_time(b, F_PERIOD_FROM, mine->from);
	if (body_first(b, F_DUTY_LEADER) == NULL && *mine->leader[0] != '\0')
		body_set_text(b, F_DUTY_LEADER, mine->leader[0]);
}

static int
fill_item(const struct handover *h, struct body *b, struct fault *f)
{
	const char *ask = body_text(b, F_QUESTION), *value = body_text(b, F_ANSWER), *key = body_text(b, F_TOPIC), *heir;

	if (ask != NULL) {
		if (strcmp(ask, ASK_OPEN) != 0 && strcmp(ask, ASK_LIMIT) != 0)
			return fault_set(f, EX_DATAERR, "question", _("the read-back questions are open and limit"));
		body_set_num(b, F_ANSWER_OK, value != NULL && handover_right(h, ask, value));
		return 0;
	}
	for (size_t i = 0; key != NULL && i < h->n; i++) {
		const struct handover_item *it = &h->v[i];
		const struct watch_item *gone;

		if (strcmp(it->key, key) != 0)
			continue;
		body_unset(b, F_ITEM);
		body_add_text(b, F_ITEM, it->text, strlen(it->text));
		gone = handover_gone(h, key);
		heir = gone != NULL && *gone->owner != '\0' ? gone->owner : handover_heir(h);
		if (body_said(b, F_PERSON) == NULL && *heir != '\0')
			body_set_text(b, F_PERSON, heir);
		return 0;
	}
	return fault_set(f, EX_NOINPUT, "topic", _("no item '%s' is to be handed over"), key != NULL ? key : "");
}

/* Would this signature be the last one wanted? */
static bool
completes(const struct watch_handover *u, const char *person, int side)
{
	size_t lacking = watch_lacking(u);
	bool counts = false;

	for (size_t i = 0; person != NULL && i < u->nout; i++)
		counts |= side == SIDE_OUT && u->out_needed[i] && strcmp(u->outgoing[i], person) == 0 && !watch_signed(u, person, side);
	for (size_t i = 0; person != NULL && i < u->nin; i++)
		counts |= side == SIDE_IN && u->in_needed[i] && strcmp(u->incoming[i], person) == 0 && !watch_signed(u, person, side);
	return counts && lacking == 1;
}

/* The record: every item with whose it is from now on; what was not gone through says so. */
static void
fill_record(const struct handover *h, struct body *b)
{
	body_unset(b, F_ITEM);
	for (size_t i = 0; i < h->n && i < FIELD_REPEAT_MAX; i++) {
		const struct watch_item *gone = handover_gone(h, h->v[i].key);
		bool passed = gone != NULL && gone->passed;
		const char *owner = passed && *gone->owner != '\0' ? gone->owner : handover_heir(h);
		char line[ITEM_MAX];

		(void)snprintf(line, sizeof line, "%s %s -> %s%s%s", passed ? "[v]" : "[ ]", h->v[i].text, owner,
		    gone != NULL && *gone->note != '\0' ? ": " : "", gone != NULL ? gone->note : "");
		body_add_text(b, F_ITEM, line, strlen(line));
	}
}

static void
fill_signed(const struct handover *h, const struct watch_handover *u, struct body *b)
{
	const char *person = body_text(b, F_PERSON);
	int side = body_enum(b, F_SIDE);

	for (size_t i = 0; side == 0 && person != NULL && i < u->nout; i++)
		if (u->out_needed[i] && strcmp(u->outgoing[i], person) == 0)
			side = SIDE_OUT;
	for (size_t i = 0; side == 0 && person != NULL && i < u->nin; i++)
		if (strcmp(u->incoming[i], person) == 0)
			side = SIDE_IN;
	if (side != 0)
		body_set_num(b, F_SIDE, side);
	if (body_first(b, F_SHIFT) == NULL && *u->shift != '\0')
		body_set_text(b, F_SHIFT, u->shift);
	if (completes(u, person, side))
		fill_record(h, b);
	else
		body_unset(b, F_ITEM);
}

int
handover_complete(struct station *s, int64_t now, int realm, struct body *b, struct fault *f)
{
	struct query_env env = {.station = s, .zh = i18n_zh()};
	int kind = body_enum(b, F_KIND), step = body_enum(b, F_DUTY_STEP), rc = 0;
	const struct watch_handover *u;
	const struct duty *d;
	struct handover h;
	struct query q;

	if (realm != REALM_LIVE || step == 0 || body_flag(b, F_HISTORY) ||
	    (kind != KIND_HANDOVER && !(kind == KIND_ROSTER && (step == DUTY_STAY || step == DUTY_SIGN_ON))))
		return 0;
	if ((d = station_duty(s)) == NULL || d->watch == NULL)
		return fault_set(f, EX_IOERR, "", _("the journal cannot be read"));
	u = watch_handover(d->watch);
	if (kind == KIND_HANDOVER && step == DUTY_HANDOVER_BEGUN)
		fill_begun(d, now, b);
	if (kind == KIND_ROSTER && step == DUTY_SIGN_ON)
		fill_sign_on(d, now, b);
	if (kind == KIND_HANDOVER && u != NULL && step != DUTY_HANDOVER_BEGUN && body_first(b, F_REFS) == NULL)
		body_set_id(b, F_REFS, &u->id);
	if (kind == KIND_HANDOVER && u != NULL && (step == DUTY_HANDOVER_ITEM || step == DUTY_HANDOVER_SIGNED)) {
		query_begin(&env, now, &q);
		q.f = f;
		if (handover_collect(&q, &h) == -1)
			rc = fault_set(f, EX_IOERR, "", _("the journal cannot be read"));
		else if (step == DUTY_HANDOVER_ITEM)
			rc = fill_item(&h, b, f);
		else
			fill_signed(&h, u, b);
		handover_free(&h);
	}
	return rc == 0 ? watch_check(d, now, b, f) : rc;
}
