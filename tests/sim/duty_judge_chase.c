/*
 * Whatever is owed is chased: what is past a ringing rung of its chain (chase.tsv) has the message of that rung, or of a higher one, in the station's
 * journal, once for each thing, limit and rung, however often it was down or its clock was set back; none rings before its time; and what was
 * written to another station's desk has come there.
 *
 * After a disk was put back to a backup a rung may ring once more, as often as that happened: the station has forgotten it as it has forgotten the
 * message, and a call too many is the lesser evil.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../../formats/buf.h"
#include "../../switch/chase.h"
#include "duty_judge.h"

#define MINUTE INT64_C(60000)
#define DAY INT64_C(86400000)
#define SLACK (8 * MINUTE)	/* more than between two looks of the clockwork */
#define CHAINS 400
#define SLOW 2000		/* ms between a time's being read and its message's being stored */

struct rung_said {
	char key[CHAINS];	/* what is chased: about or topic, what, by when, whose */
	unsigned rung;
	const struct held *m;
};

static void
key_of(char *out, size_t size, const char *about, int what, int64_t due, const char *whose, const char *rule)
{
	(void)snprintf(out, size, "%.200s %d %" PRId64 " %.40s %.90s", about, what, due, whose, rule);
}

static void
said(const struct held *m, struct rung_said *s)
{
	const struct value *ref = body_first(m->b, F_REFS), *whose = body_first(m->b, F_REGARDING);
	char about[MSGID_TEXT_MAX] = "";
	int64_t rung = 0, due = 0;
	int what = body_enum(m->b, F_CHASED);
	const char *topic = body_text(m->b, F_TOPIC), *rule = body_text(m->b, F_RULE);

	if (ref != NULL)
		msgid_format(&ref->u.id, about, sizeof about);
	(void)body_num(m->b, F_RUNG, &rung);
	(void)body_time(m->b, F_DUE, &due);
	key_of(s->key, sizeof s->key, ref != NULL ? about : topic != NULL ? topic : "", what, due,
	    whose != NULL ? whose->u.text.s : "", rule != NULL ? rule : "");
	s->rung = (unsigned)rung;
	s->m = m;
}

static int
cmp_said(const void *a, const void *b)
{
	const struct rung_said *x = a, *y = b;
	int c = strcmp(x->key, y->key);

	return c != 0 ? c : x->rung != y->rung ? (x->rung > y->rung) - (x->rung < y->rung) : msgid_cmp(&x->m->id, &y->m->id);
}

/* ---- what has rung ---- */

/* Not before its time, and to whom the chain says. */
static void
check_rung(const struct holding *h, const struct rung_said *s)
{
	const struct chase_rung *r;
	int64_t due = 0, prec = 0;
	size_t n;

	(void)body_time(s->m->b, F_DUE, &due);
	(void)body_num(s->m->b, F_PRECEDENCE, &prec);
	n = rules_chase(h->rules, "", (enum owed)body_enum(s->m->b, F_CHASED), (int)prec, &r);
	for (size_t i = 0; i < n; i++)
		if (r[i].rung != s->rung)
			continue;
		else if (r[i].from_due && s->m->stored + SLOW < due + r[i].after * MINUTE)
			duty_fail(h, "it rang before its time:", &s->m->id, s->key);
		else if (r[i].to == CHASE_PARENT && *h->parent != '\0' && !sent_to(s->m->b, h->parent))
			duty_fail(h, "the rung of the level above was not sent there:", &s->m->id, s->key);
}

/* Written to another desk: it is there, unless it could not be delivered or a disk was lost since. */
static void
check_told(const struct holding *h, const struct held *m)
{
	struct run *r = h->r;

	for (const struct value *v = body_first(m->b, F_TO); v != NULL && r->disasters == 0; v = body_next(m->b, v)) {
		size_t to = map_find(world_map(r->w), v->u.text.s);
		struct journal_delivery d;

		if (to == SIZE_MAX) {
			duty_fail(h, "it chases a station nobody knows:", &m->id, v->u.text.s);
			return;
		}
		if (to == h->node || world_journal(r->w, to) == NULL ||
		    world_journal(r->w, to)->ops->get_message(world_journal(r->w, to), &m->id, NULL) == 0)
			continue;
		if (world_journal(r->w, h->node)->ops->delivery_get(world_journal(r->w, h->node), &m->id, v->u.text.s, &d) != 0 ||
		    d.state != DLV_RETURNED)
			duty_fail(h, "the chase has not come where it was sent:", &m->id, v->u.text.s);
	}
}

/* ---- what has to have rung ---- */

static bool
awaited(int what)
{
	return what == OWED_AWAIT_SIGN || what == OWED_AWAIT_FEEDBACK || what == OWED_AWAIT_ZERO || what == OWED_AWAIT_ROLL ||
	    what == OWED_AWAIT_HANDOVER;
}

static bool
rings(const struct chase_rung *r, int what, int64_t origin, int64_t due, int64_t *at)
{
	if ((r->by & ~CHASE_BY_SCREEN) == 0)
		return false;
	if (r->to == CHASE_SENDER && !awaited(what) && (what == OWED_READ || what == OWED_SIGN || (r->by & CHASE_BY_MESSAGE) == 0))
		return false;
	*at = (r->from_due ? due : origin) + r->after * MINUTE;
	return !r->from_due || r->after >= 0 || *at >= origin;
}

static void
check_item(const struct holding *h, const json_t *o, const struct rung_said *v, size_t n)
{
	const struct enum_name *e = enum_by_name("owed", text_of(o, "what"));
	int what = e != NULL ? e->value : 0;
	int64_t due = json_integer_value(json_object_get(o, "due")), origin = json_integer_value(json_object_get(o, "origin")), at, top = 0;
	const char *about = text_of(o, "about");
	const struct chase_rung *r;
	char key[CHAINS];
	unsigned rung = 0;
	size_t rungs = rules_chase(h->rules, text_of(o, "chase"), (enum owed)what, (int)json_integer_value(json_object_get(o, "precedence")), &r);

	for (size_t i = 0; i < rungs; i++)
		if (rings(&r[i], what, origin, due, &at) && at <= h->now - SLACK && at >= top) {
			top = at;
			rung = r[i].rung;
		}
	if (rung == 0 || due < h->now - rules_number(h->rules, NUMBER_CHASE_DAYS) * DAY + SLACK)
		return;
	key_of(key, sizeof key, *about != '\0' ? about : text_of(o, "key"), what, due, awaited(what) ? text_of(o, "towards") : "", text_of(o, "rule"));
	for (size_t i = 0; i < n; i++)
		if (strcmp(v[i].key, key) == 0 && v[i].rung >= rung)
			return;
	(void)snprintf(key + strlen(key), sizeof key - strlen(key), " rung %u", rung);
	duty_fail(h, "it is late, and nobody was rung:", NULL, key);
}

void
judge_chases(const struct holding *h, struct duty_sums *sums)
{
	struct rung_said *v = xcalloc(h->n + 1, sizeof *v);
	size_t n = 0, i, same = 1;
	json_t *o;

	for (i = 0; i < h->n; i++)
		if (h->v[i].kind == KIND_CHASE && h->v[i].b != NULL && strcmp(h->v[i].id.origin, h->self) == 0)
			said(&h->v[i], &v[n++]);
	if (n > 1)
		qsort(v, n, sizeof *v, cmp_said);
	for (i = 0; i < n && *h->r->why == '\0'; i++) {
		same = i > 0 && strcmp(v[i - 1].key, v[i].key) == 0 && v[i - 1].rung == v[i].rung ? same + 1 : 1;
		if (same > 1 + h->r->disasters)
			duty_fail(h, "a rung has rung twice:", &v[i].m->id, v[i].key);
		check_rung(h, &v[i]);
		if (h->r->calm)
			check_told(h, v[i].m);
	}
	json_array_foreach(h->owed, i, o)
		if (h->r->calm && *h->r->why == '\0')
			check_item(h, o, v, n);
	if (sums != NULL)
		sums->chases += n;
	free(v);
}
