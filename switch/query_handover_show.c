/*
 * Op handover: who hands over to whom, what is handed over and how far it has been gone through, what the read-back asks, who has signed, and what
 * the shift has done.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "query_handover.h"
#include "query_live.h"

#define COUNTED_MAX 200000	/* messages of one shift looked at */

static json_t *
names_json(const char (*v)[97], size_t n)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++) {
		json_t *o = json_object();

		query_put_text(o, "name", v[i]);
		(void)json_array_append(list, json_object_get(o, "name"));
		json_decref(o);
	}
	return list;
}

/* ---- what the shift has done ---- */

struct counts {
	const struct query *q;
	int64_t since;
	json_int_t calls, reports, orders, rings, mutes, receipts, looked;
};

static int
count_row(void *ctx, const struct journal_msg *m)
{
	struct counts *c = ctx;
	struct body *b;

	if (m->stored < c->since || ++c->looked > COUNTED_MAX)
		return 1;
	if (strcmp(m->id.origin, c->q->self) != 0 || m->id.realm != REALM_LIVE)
		return 0;
	c->calls += m->kind == KIND_INTAKE;
	c->reports += m->kind == KIND_REPORT;
	c->orders += m->kind == KIND_DIRECTIVE;
	c->rings += m->kind == KIND_CHASE;
	if (m->kind == KIND_LOG && (b = query_decode(m)) != NULL) {
		c->mutes += body_enum(b, F_DUTY_STEP) == DUTY_LOG_MUTE;
		body_free(b);
	}
	return 0;
}

struct late { int64_t from, now; json_int_t n; };

static void
late_add(void *ctx, const struct owed_item *it)
{
	struct late *l = ctx;

	/* ours alone; what others owe is their lateness */
	if (it->what == OWED_AWAIT_SIGN || it->what == OWED_AWAIT_FEEDBACK || it->due < l->from || it->due > l->now ||
	    (it->ended != 0 && it->ended <= it->due))
		return;
	l->n += it->met == 0 || it->met > it->due;
}

static int
count_late(struct query *q, int64_t from, json_int_t *n)
{
	struct late late = {.from = from, .now = q->now};
	struct live *l = live_get(q);

	if (l == NULL)
		return -1;
	for (size_t i = 0; i < l->nlisted; i++) {
		struct live_incident *inc = l->listed[i];
		struct folded fd;
		int rc;

		if (inc->id.realm != REALM_LIVE || inc->changed < from)
			continue;
		memset(&fd, 0, sizeof fd);
		if ((rc = station_fold(q->s, &inc->id, &fd)) == -1)
			return -1;
		if (rc == 0)
			clock_all(fd.incident, q->self, q->parent, q->level, q->conf->rules, late_add, &late);
		folded_free(&fd);
	}
	*n = late.n;
	return 0;
}

static int
put_counts(struct query *q, json_t *o, int64_t since)
{
	struct counts c = {.q = q, .since = since};
	json_int_t late = 0;

	if (q->j->ops->each_before(q->j, UINT64_MAX, 0, true, count_row, &c) == -1 || count_late(q, since, &late) == -1)
		return -1;
	query_put(o, "counts", json_pack("{s:I, s:I, s:I, s:I, s:I, s:I}", "calls", c.calls, "reports", c.reports, "orders", c.orders, "rings",
	    c.rings, "mutes", c.mutes, "late", late));
	return 0;
}

/* ---- items, questions, signatures ---- */

static json_t *
items_json(const struct handover *h)
{
	json_t *list = json_array();

	for (size_t i = 0; i < h->n; i++) {
		const struct handover_item *it = &h->v[i];
		const struct watch_item *gone = handover_gone(h, it->key);
		json_t *o = json_object();

		query_put_text(o, "key", it->key);
		query_put_text(o, "kind", it->kind);
		query_put_text(o, "text", it->text);
		query_put_text(o, "owner", it->owner);
		query_put_text(o, "new_owner", gone != NULL && *gone->owner != '\0' ? gone->owner : handover_heir(h));
		query_put_text(o, "note", gone != NULL ? gone->note : "");
		query_put(o, "due", json_integer(it->due));
		query_put(o, "passed", json_boolean(gone != NULL && gone->passed));
		(void)json_array_append_new(list, o);
	}
	return list;
}

static json_t *
questions_json(const struct query *q, const struct watch_handover *u)
{
	json_t *list = json_array();

	for (size_t i = 0; u != NULL && i < u->nask; i++) {
		json_t *o = json_object();
		json_int_t wrong = 0;
		const char *value = "";

		for (size_t k = 0; k < u->nanswer; k++)
			if (strcmp(u->answer[k].key, u->ask[i]) == 0) {
				wrong += !u->answer[k].right;
				value = u->answer[k].value;
			}
		query_put_text(o, "key", u->ask[i]);
		query_put_text(o, "text", strcmp(u->ask[i], ASK_OPEN) == 0 ? query_say(q, "how many incidents are open", "现有几件在办") :
		    strcmp(u->ask[i], ASK_LIMIT) == 0 ? query_say(q, "this station's own soonest limit", "本站最近时限") : u->ask[i]);
		query_put_text(o, "value", value);
		query_put(o, "right", json_boolean(watch_answered(u, u->ask[i])));
		query_put(o, "wrong", json_integer(wrong));
		(void)json_array_append_new(list, o);
	}
	return list;
}

static json_t *
sign_json(const struct query *q, const struct watch_handover *u, const char *person, int side, bool needed)
{
	json_t *o = json_object();

	query_put_text(o, "person", person);
	query_put_enum(q, o, "side", "side", side);
	query_put(o, "needed", json_boolean(needed));
	query_put(o, "at", json_integer(0));
	query_put(o, "proven", json_false());
	for (size_t i = 0; u != NULL && i < u->nsign; i++)
		if (u->sign[i].side == side && strcmp(u->sign[i].person, person) == 0) {
			query_put(o, "at", json_integer(u->sign[i].at));
			query_put(o, "proven", json_boolean(u->sign[i].proven));
		}
	return o;
}

/* Everybody who is named, signed or not; then the leader who knows of it. */
static json_t *
signs_json(const struct query *q, const struct watch_handover *u)
{
	json_t *list = json_array();

	for (size_t i = 0; u != NULL && i < u->nout; i++)
		(void)json_array_append_new(list, sign_json(q, u, u->outgoing[i], SIDE_OUT, u->out_needed[i]));
	for (size_t i = 0; u != NULL && i < u->nin; i++)
		if (u->in_needed[i])
			(void)json_array_append_new(list, sign_json(q, u, u->incoming[i], SIDE_IN, true));
	for (size_t i = 0; u != NULL && i < u->nsign; i++)
		if (u->sign[i].side == SIDE_LEADER)
			(void)json_array_append_new(list, sign_json(q, u, u->sign[i].person, SIDE_LEADER, false));
	return list;
}

static void
put_people(struct query *q, json_t *o, const struct duty *d)
{
	const struct watch_handover *u = watch_handover(d->watch);
	const struct watch_span *s = watch_now(d->watch);
	int64_t due = 0, over = -1;
	const struct roster_shift *sh = d->roster != NULL ? watch_relief(d->watch, d->roster, q->now, &due) : NULL;

	if (d->roster != NULL)
		over = watch_overdue(d->watch, d->roster, q->now);
	if (u != NULL && u->due != 0 && sh == NULL)
		due = u->due;
	query_put_text(o, "shift", s != NULL ? s->shift : "");
	query_put(o, "since", json_integer(s != NULL ? s->from : 0));
	query_put_text(o, "next_shift", u != NULL && *u->shift != '\0' ? u->shift : sh != NULL ? sh->name : "");
	query_put(o, "due", json_integer(due));
	query_put(o, "overdue", json_integer(over));
	query_put_text(o, "leader", u != NULL && *u->leader != '\0' ? u->leader : sh != NULL ? sh->leader[0] : s != NULL ? s->leader : "");
	query_put(o, "responsible", s != NULL ? names_json(s->person, s->n) : json_array());
	query_put(o, "outgoing", u != NULL ? names_json(u->outgoing, u->nout) : s != NULL ? names_json(s->person, s->n) : json_array());
	query_put(o, "incoming", u != NULL ? names_json(u->incoming, u->nin) : sh != NULL ? names_json(sh->officer, sh->nofficer) : json_array());
	query_put(o, "stays", u != NULL ? names_json(u->stays, u->nstays) : json_array());
	query_put(o, "under_way", json_boolean(u != NULL));
	query_put_id(o, "id", u != NULL ? &u->id : &(struct msgid){.origin = ""});
	query_put(o, "begun", json_integer(u != NULL ? u->begun : 0));
	query_put(o, "lacking", json_integer(u != NULL ? (json_int_t)watch_lacking(u) : 0));
}

json_t *
query_handover(struct query *q)
{
	struct handover h;
	const struct watch_handover *u;
	const struct watch_span *s;
	json_t *o = NULL;

	if (handover_collect(q, &h) == -1) {
		handover_free(&h);
		return query_unreadable(q);
	}
	u = watch_handover(h.duty->watch);
	s = watch_now(h.duty->watch);
	o = json_object();
	put_people(q, o, h.duty);
	query_put(o, "items", items_json(&h));
	query_put(o, "more", json_boolean(h.more));
	query_put(o, "questions", questions_json(q, u));
	query_put(o, "signs", signs_json(q, u));
	if (put_counts(q, o, s != NULL ? s->from : q->now) == -1) {
		json_decref(o);
		o = query_unreadable(q);
	}
	handover_free(&h);
	return o;
}
