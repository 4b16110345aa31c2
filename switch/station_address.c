/*
 * Whom a message goes to: those named, or those that follow from its kind; known, and with a way that leads there.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "../formats/i18n.h"
#include "station_draft.h"

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

static void
add_to(struct draft *d, const char *station)
{
	if (strcmp(station, d->s->conf.self) == 0 || names(d->b, station))
		return;
	body_add_text(d->b, F_TO, station, strlen(station));
}

static void
add_named(struct draft *d, const struct body *b)
{
	for (const struct value *v = body_first(b, F_TO); v != NULL; v = body_next(b, v))
		add_to(d, v->u.text.s);
	for (const struct value *v = body_first(b, F_CC); v != NULL; v = body_next(b, v))
		add_to(d, v->u.text.s);
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

static int
default_addressees(struct draft *d)
{
	const struct topology *t = d->s->conf.topology;
	const struct neighbour *parent = topology_parent(t);

	switch (d->kind) {
	case KIND_REPORT:
		if (parent != NULL)
			add_to(d, parent->station);
		break;
	case KIND_RECEIPT:
	case KIND_FEEDBACK:
		to_of_refs(d);
		break;
	case KIND_GRADE: /* all who take part as far as we know */
		for (size_t i = 0; i < d->fd.n; i++) {
			add_to(d, d->fd.msgs[i].id.origin);
			add_named(d, d->fd.bodies[i]);
		}
		break;
	case KIND_WARNING:
		for (size_t i = 0; i < t->count; i++)
			if (t->n[i].role == ROLE_CHILD)
				add_to(d, t->n[i].station);
		break;
	case KIND_DIRECTIVE:
		return draft_refuse(d, EX_DATAERR, "to", _("a directive needs addressees"));
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
	if (route_next(c->topology, station, NULL, 0) == NULL)
		return fault_set(&d->f, EX_NOHOST, field, _("no path leads to station %s"), station);
	return 0;
}

int
draft_address(struct draft *d)
{
	static const struct {
		uint32_t key;
		const char *name;
	} lists[] = {{F_TO, "to"}, {F_CC, "cc"}};

	if (d->kind == KIND_INTAKE || d->kind == KIND_LOG) {
		if (body_first(d->b, F_TO) != NULL || body_first(d->b, F_CC) != NULL)
			return draft_refuse(
			    d, EX_DATAERR, "to", _("this kind stays at the station; write a report to send it"));
		return 0;
	}
	if (body_first(d->b, F_TO) == NULL && default_addressees(d) == -1)
		return -1;
	for (size_t k = 0; k < 2; k++)
		for (const struct value *v = body_first(d->b, lists[k].key); v != NULL; v = body_next(d->b, v))
			if (check_addressee(d, lists[k].name, v->u.text.s) == -1)
				return -1;
	return 0;
}
