/*
 * What of the chasing is shown: the alarm outlets, the mute, and the last chases nobody has done anything about yet.
 */
#include <stdlib.h>
#include <string.h>
#include "chase.h"
#include "duty.h"
#include "duty_staff.h"
#include "outlet.h"
#include "query_chase.h"
#include "query_live.h"

#define SHOWN 10
#define LOOKED_AT 60
#define BACK (INT64_C(3) * 86400000)	/* ms back that chases are looked for */
#define BOOK_BACK (INT64_C(12) * 3600000) /* those of the duty book, which no message shows to be over */

struct found {
	struct msgid id;
	int64_t stored;
	struct body *b;		/* owned */
};
struct founds {
	int64_t since;
	struct found v[LOOKED_AT];
	size_t n;
};

static int
chase_row(void *ctx, const struct journal_msg *m)
{
	struct founds *f = ctx;

	if (m->stored < f->since || f->n == LOOKED_AT)
		return 1;
	f->v[f->n] = (struct found){.id = m->id, .stored = m->stored, .b = query_decode(m)};
	f->n += f->v[f->n].b != NULL;
	return 0;
}

/* Is what it was about owed still, by the same limit? */
static bool
still(struct query *q, const struct live *l, const struct found *f)
{
	const struct value *ref = body_first(f->b, F_REFS);
	int what = body_enum(f->b, F_CHASED), z = q->zh ? LIVE_ZH : LIVE_EN;
	const struct live_mail *mail;
	int64_t due = 0;

	if (strcmp(f->id.origin, q->self) != 0)
		return (mail = live_mail_find(l, &f->id)) != NULL && mail->it.attention;
	if (what == 0) /* a person's: it is the addressee's to answer */
		return false;
	if (ref == NULL)
		return f->stored >= q->now - BOOK_BACK;
	(void)body_time(f->b, F_DUE, &due);
	for (size_t i = 0; i < l->ndue[z]; i++)
		if (l->due[z][i]->what == what && l->due[z][i]->due == due && msgid_cmp(&l->due[z][i]->about, &ref->u.id) == 0)
			return true;
	/* Of those that answer for themselves only in the book (roll calls) no list says it. */
	return (what == OWED_ROLL || what == OWED_AWAIT_ROLL) && f->stored >= q->now - BOOK_BACK;
}

static json_t *
chase_json(const struct query *q, const struct found *f)
{
	json_t *o = json_object(), *persons = json_array();
	const struct value *v = body_first(f->b, F_REFS);
	int64_t n;

	query_put_id(o, "id", &f->id);
	query_put(o, "at", json_integer(f->stored));
	query_put_station(q, o, "from", f->id.origin);
	query_put_enum(q, o, "what", "owed", body_enum(f->b, F_CHASED));
	query_put(o, "rung", json_integer(body_num(f->b, F_RUNG, &n) ? n : 0));
	query_put(o, "due", json_integer(body_time(f->b, F_DUE, &n) ? n : 0));
	query_put(o, "late_by", json_integer(body_num(f->b, F_LATE_BY, &n) ? n : 0));
	query_put_text(o, "text", body_text(f->b, F_TEXT));
	query_put_text(o, "by", body_text(f->b, F_ROUTE));
	query_put_text(o, "realm", query_realm_name(f->id.realm));
	if (v != NULL)
		query_put_id(o, "about", &v->u.id);
	else
		query_put_text(o, "about", "");
	for (v = body_first(f->b, F_RUNG_TO); v != NULL; v = body_next(f->b, v))
		(void)json_array_append_new(persons, json_string(v->u.text.s));
	query_put(o, "persons", persons);
	return o;
}

static json_t *
chases(struct query *q)
{
	struct founds *f = xcalloc(1, sizeof *f);
	json_t *list = json_array();
	struct live *l;

	f->since = q->now - BACK;
	if (q->j->ops->each_before(q->j, UINT64_MAX, KIND_CHASE, true, chase_row, f) != -1 && f->n > 0 && (l = live_get(q)) != NULL &&
	    owed_due(q, l) != -1)
		for (size_t i = 0; i < f->n && json_array_size(list) < SHOWN; i++)
			if (still(q, l, &f->v[i]))
				(void)json_array_append_new(list, chase_json(q, &f->v[i]));
	for (size_t i = 0; i < f->n; i++)
		body_free(f->v[i].b);
	free(f);
	return list;
}

/* Nobody is reproached for having no outlet before the room keeps a register, or something rang that nobody could hear. */
static bool
lacks(struct query *q)
{
	const struct duty *d;

	if (q->env->outlet == NULL || outlet_count(q->env->outlet) > 0)
		return false;
	if (outlet_unheard(q->env->outlet))
		return true;
	d = station_duty(q->s);
	return d != NULL && d->staff != NULL && staff_count(d->staff) > 0;
}

static void
put_outlets(struct query *q, json_t *o)
{
	const char *reason = "";
	int64_t mute = q->env->outlet != NULL ? outlet_muted(q->env->outlet, q->now, &reason) : 0;

	query_put(o, "outlets", q->env->outlet != NULL ? outlet_status(q->env->outlet) : json_array());
	query_put(o, "no_outlet", json_boolean(lacks(q)));
	query_put(o, "mute_until", json_integer(mute));
	query_put_text(o, "mute_reason", mute != 0 ? reason : "");
	query_put_text(o, "mute_by", mute != 0 ? outlet_muted_by(q->env->outlet) : "");
}

void
query_put_chases(struct query *q, json_t *o)
{
	put_outlets(q, o);
	query_put(o, "chases", chases(q));
}

json_t *
query_outlets(struct query *q)
{
	json_t *o = json_object();

	put_outlets(q, o);
	return o;
}
