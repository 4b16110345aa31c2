/*
 * Whom a message goes to: those named, or those that follow from its kind; known, and with a way that leads there.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "../formats/i18n.h"
#include "station_order.h"

static bool
names(const struct body *b, const char *station)
{
	for (const struct value *v = body_first(b, F_TO); v != NULL; v = body_next(b, v))
		if (strcmp(v->u.text.s, station) == 0)
			return true;
	for (const struct value *v = body_first(b, F_CC); v != NULL; v = body_next(b, v))
		if (strcmp(v->u.text.s, station) == 0)
			return true;
	return false;
}

void
draft_add_to(struct draft *d, uint32_t key, const char *station)
{
	if (strcmp(station, d->s->conf.self) == 0 || !station_code_valid(station) || names(d->b, station))
		return;
	body_add_text(d->b, key, station, strlen(station));
}

static void
add_to(struct draft *d, const char *station)
{
	draft_add_to(d, F_TO, station);
}

static void
add_named(struct draft *d, const struct body *b)
{
	for (const struct value *v = body_first(b, F_TO); v != NULL; v = body_next(b, v))
		add_to(d, v->u.text.s);
	for (const struct value *v = body_first(b, F_CC); v != NULL; v = body_next(b, v))
		add_to(d, v->u.text.s);
}

/* All who take part in the incident as far as we know. */
static void
add_participants(struct draft *d)
{
	for (size_t i = 0; i < d->fd.n; i++) {
		add_to(d, d->fd.msgs[i].id.origin);
		add_named(d, d->fd.bodies[i]);
	}
}

static void
add_role(struct draft *d, enum role role)
{
	const struct topology *t = d->s->conf.topology;

	for (size_t i = 0; i < t->count; i++)
		if (t->n[i].role == role)
			add_to(d, t->n[i].station);
}

/* Origins of what is answered; a feedback also to our parent when the directive named it (the level between sees it).
 */
static void
to_of_refs(struct draft *d)
{
	const struct neighbour *parent = topology_parent(d->s->conf.topology);
	struct idlist refs = {0}; /* a copy: adding to the body moves its values */

	for (const struct value *v = body_first(d->b, F_REFS); v != NULL; v = body_next(d->b, v))
		idlist_add(&refs, &v->u.id);
	for (size_t k = 0; k < refs.n; k++) {
		add_to(d, refs.v[k].origin);
		for (size_t i = 0; d->kind == KIND_FEEDBACK && parent != NULL && i < d->fd.n; i++)
			if (msgid_cmp(&d->fd.msgs[i].id, &refs.v[k]) == 0 && names(d->fd.bodies[i], parent->station))
				add_to(d, parent->station);
	}
	free(refs.v);
}

/* Has this station told that one of the incident: by a report, or by another channel that is entered here?  An incident
 * merged away was told of where it went. */
static bool
tells(const struct incident_line *l, const char *self, const char *station)
{
	int64_t t;

	if (strcmp(l->id.origin, self) != 0 || l->withdrawn || l->stage == STAGE_WITHDRAWAL)
		return false;
	if (body_time(l->body, F_TELEPHONED, &t))
		return true;
	for (const struct value *v = body_first(l->body, F_REGARDING); v != NULL && l->kind == KIND_OUTSIDE;
	     v = body_next(l->body, v))
		if (strcmp(v->u.text.s, station) == 0)
			return true;
	return (l->kind == KIND_REPORT || l->kind == KIND_OUTSIDE) && incident_addressed(l->body, station, true);
}

static bool
told_in(const struct draft *d, const struct incident *inc, const char *station)
{
	for (size_t i = 0; i < inc->nall; i++)
		if (tells(&inc->all[i], d->s->conf.self, station))
			return true;
	return false;
}

static bool
told(struct draft *d, const char *station)
{
	const struct incident *inc = d->fd.incident;
	struct folded other;
	bool yes = false;

	if (inc == NULL || (yes = told_in(d, inc, station)) || !msgid_is_set(&inc->merged_into))
		return inc != NULL && yes;
	if (station_fold(d->s, &inc->merged_into, &other) != 0)
		return false;
	yes = told_in(d, other.incident, station);
	folded_free(&other);
	return yes;
}

/* Where nobody is named.  What is a record of this station first (call-out, handover, note, outside entry outside of
 * an incident) stays here. */
static int
default_addressees(struct draft *d)
{
	const struct neighbour *parent = topology_parent(d->s->conf.topology);
	bool answers = body_first(d->b, F_REFS) != NULL;

	switch (d->kind) {
	case KIND_ZERO:
		if (body_text(d->b, F_ON_BEHALF) != NULL && strcmp(body_text(d->b, F_ON_BEHALF), d->s->conf.self) != 0)
			break;	/* told by telephone, for this station's own total */
		/* FALLTHROUGH */
	case KIND_REPORT:
		if (parent != NULL)
			add_to(d, parent->station);
		break;
	case KIND_RECEIPT:
	case KIND_FEEDBACK:
	case KIND_ROLLANSWER:
	case KIND_CALLOUT:
		to_of_refs(d);
		break;
	case KIND_RESOURCE:
	case KIND_HAZARD:
		if (answers)
			to_of_refs(d);
		else if (parent != NULL)
			add_to(d, parent->station);
		break;
	case KIND_GRADE:
		add_participants(d);
		if (parent != NULL && told(d, parent->station))
			add_to(d, parent->station);
		break;
	case KIND_STEP:
	case KIND_OUTSIDE:
	case KIND_NOTE:
		add_participants(d);
		break;
	case KIND_EXPLAIN: /* to the station above; its judgement to whoever explained */
		if (body_first(d->b, F_CONFIRMED) != NULL)
			to_of_refs(d);
		else if (parent != NULL)
			add_to(d, parent->station);
		break;
	case KIND_WARNING:
		add_role(d, ROLE_CHILD);
		add_role(d, ROLE_PHONE);
		break;
	case KIND_ROLLCALL:
		if (body_first(d->b, F_REGARDING) == NULL)	/* one made by telephone is a record of this station */
			add_role(d, ROLE_CHILD);
		break;
	case KIND_DIRECTIVE:
		if (draft_order_to(d))
			break;
		return draft_refuse(d, EX_DATAERR, "to", _("a directive needs addressees"));
	case KIND_SERVICE:
		if (answers)
			to_of_refs(d);
		else
			return draft_refuse(d, EX_DATAERR, "to", _("a service message needs addressees"));
		break;
	default:
		break;
	}
	return 0;
}

static int
check_addressee(struct draft *d, const char *field, const char *station)
{
	const struct station_conf *c = &d->s->conf;

	if (!station_code_valid(station))
		return fault_set(&d->f, EX_DATAERR, field, _("'%s' is no station code"), station);
	if (strcmp(station, c->self) == 0)
		return 0;
	if (topology_find(c->topology, station) == NULL) {
		char place[STATION_MAX], *dash;

		snprintf(place, sizeof place, "%s", station);
		if ((dash = strchr(place, '-')) != NULL)
			*dash = '\0';
		if (codebook_division(c->codebook, place) == NULL &&
		    route_next(c->topology, station, NULL, 0) == topology_parent(c->topology))
			return fault_set(&d->f, EX_NOHOST, field, _("unknown station %s"), station);
	}
	if (topology_phone(c->topology, station))
		return 0; /* told by telephone */
	if (route_next(c->topology, station, NULL, 0) == NULL)
		return fault_set(&d->f, EX_NOHOST, field, _("no path leads to station %s"), station);
	return 0;
}

/* Are all that are named this station itself? */
static bool
nobody_else(const struct draft *d)
{
	const struct value *v = body_first(d->b, F_TO);

	for (; v != NULL && strcmp(v->u.text.s, d->s->conf.self) == 0; v = body_next(d->b, v))
		;
	return body_first(d->b, F_TO) != NULL && v == NULL;
}

/* 越级: a report may go past the level above (Order 493 art. 10), which then gets a copy: it is passed, not kept in the dark. */
static void
copy_the_passed(struct draft *d)
{
	const struct neighbour *parent = topology_parent(d->s->conf.topology);
	bool past = false;

	if (d->kind != KIND_REPORT || parent == NULL)
		return;
	for (const struct value *v = body_first(d->b, F_TO); v != NULL && !past; v = body_next(d->b, v))
		past = strcmp(v->u.text.s, parent->station) != 0 && station_under(parent->station, v->u.text.s);
	if (past)
		draft_add_to(d, F_CC, parent->station);
}

int
draft_address(struct draft *d)
{
	static const struct {
		uint32_t key;
		const char *name;
	} lists[] = {{F_TO, "to"}, {F_CC, "cc"}};

	if (d->kind == KIND_INTAKE || d->kind == KIND_LOG || d->kind == KIND_STAFF || d->kind == KIND_ROSTER) {
		if (body_first(d->b, F_TO) != NULL || body_first(d->b, F_CC) != NULL)
			return draft_refuse(
			    d, EX_DATAERR, "to", _("this kind stays at the station; write a report to send it"));
		return 0;
	}
	/* The switch's own are complete, and nobody is refused for what somebody else has written. */
	if (d->machine)
		return body_enum(d->b, F_STEP) == STEP_DESTROYED || body_first(d->b, F_TO) != NULL ? 0
												     : default_addressees(d);
	/* Only a slip of the finger is refused: who follows from the matter and cannot be reached now waits in the
	 * outbox. */
	for (size_t k = 0; k < 2; k++)
		for (const struct value *v = body_first(d->b, lists[k].key); v != NULL; v = body_next(d->b, v))
			if (check_addressee(d, lists[k].name, v->u.text.s) == -1)
				return -1;
	if (draft_amends(d)) {
		draft_amend_address(d);
		return 0;
	}
	if (d->kind == KIND_DIRECTIVE && nobody_else(d))
		return draft_refuse(d, EX_DATAERR, "to", _("a directive to oneself reaches nobody"));
	copy_the_passed(d);
	if (d->kind == KIND_DIRECTIVE && order_type(d->b) == ORDER_REVOKED)
		(void)draft_order_to(d);	/* whoever has it hears of it */
	return body_first(d->b, F_TO) == NULL ? default_addressees(d) : 0;
}
