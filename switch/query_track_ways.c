/*
 * The ways of reaching a station that is dark: its duty room's numbers and those of its people, what else the register has under its code
 * (a police station is CODE-gongan), and neighbours who could send somebody.  Nothing is guessed: where nothing is known, nothing stands.
 */
#include <string.h>
#include "duty.h"
#include "duty_staff.h"
#include "presence.h"
#include "query_track.h"

#define WAYS_NEIGHBOURS 3
#define WAYS_SHOWN 24

static void
put_number(const struct query *q, json_t *list, const char *kind, const char *name, const char *post, const struct staff_number *n)
{
	json_t *o;

	if (json_array_size(list) >= WAYS_SHOWN)
		return;
	o = json_object();
	query_put_text(o, "kind", kind);
	query_put_text(o, "name", name);
	query_put_text(o, "post", post);
	query_put_enum(q, o, "of", "number_of", n->of);
	query_put_text(o, "phone", n->phone);
	query_put(o, "verified", json_integer(n->verified));
	query_put(o, "stale", json_boolean(staff_stale(n, q->now, rules_number(q->conf->rules, NUMBER_STALE_DAYS))));
	(void)json_array_append_new(list, o);
}

static void
put_numbers(const struct query *q, json_t *list, const char *kind, const char *name, const struct staff_person *p)
{
	for (size_t i = 0; i < p->nnumber; i++)
		put_number(q, list, kind, name, p->post, &p->number[i]);
}

/* CODE-gongan is of CODE. */
static bool
organ_of(const char *unit, const char *station)
{
	size_t n = strlen(station);

	return strncmp(unit, station, n) == 0 && unit[n] == '-';
}

/* The same county's towns, and neighbours of ours. */
static bool
beside(const struct query *q, const struct neighbour *n, const char *station)
{
	char a[STATION_MAX], b[STATION_MAX];

	if (strcmp(n->station, station) == 0 || strchr(n->station, '-') != NULL || n->role == ROLE_PARENT || n->role == ROLE_DEPARTMENT)
		return false;
	return strcmp(codebook_parent_station(q->conf->codebook, station, a, sizeof a),
		   codebook_parent_station(q->conf->codebook, n->station, b, sizeof b)) == 0;
}

json_t *
track_ways(struct query *q, const char *station)
{
	const struct duty *duty = station_duty(q->s);
	const struct topology *t = q->conf->topology;
	const struct staff *s = duty != NULL ? duty->staff : NULL;
	const struct staff_person *p = s != NULL ? staff_station(s, station) : NULL;
	json_t *list = json_array();
	char name[160];
	size_t near = 0;

	if (p != NULL)
		put_numbers(q, list, "station", query_station(q, station, name, sizeof name), p);
	for (size_t i = 0; s != NULL && i < staff_count(s); i++) {
		p = staff_at(s, i);
		if (!p->left && p->name[0] != '\0' && (strcmp(p->unit, station) == 0 || organ_of(p->unit, station)))
			put_numbers(q, list, "person", p->name, p);
	}
	for (size_t i = 0; t != NULL && i < t->count; i++)
		if (organ_of(t->n[i].station, station) && s != NULL && (p = staff_station(s, t->n[i].station)) != NULL)
			put_numbers(q, list, "organ", query_station(q, t->n[i].station, name, sizeof name), p);
	for (size_t i = 0; t != NULL && i < t->count && near < WAYS_NEIGHBOURS; i++) {
		struct presence at = { 0 };
		json_t *o;

		if (!beside(q, &t->n[i], station))
			continue;
		station_presence(q->s, q->now, t->n[i].station, &at);
		if (at.state == PRESENCE_DOWN || at.state == PRESENCE_NO_SEAT || json_array_size(list) >= WAYS_SHOWN)
			continue;
		near++;
		o = json_object();
		query_put_text(o, "kind", "neighbour");
		query_put_text(o, "station", t->n[i].station);
		query_put_text(o, "name", query_station(q, t->n[i].station, name, sizeof name));
		query_put_text(o, "presence", presence_name(at.state, q->zh));
		p = s != NULL ? staff_station(s, t->n[i].station) : NULL;
		query_put_text(o, "phone", p != NULL && p->nnumber > 0 ? p->number[0].phone : "");
		query_put(o, "verified", json_integer(p != NULL && p->nnumber > 0 ? p->number[0].verified : 0));
		(void)json_array_append_new(list, o);
	}
	return list;
}
