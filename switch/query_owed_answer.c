/*
 * What is owed, answered: all of it, in the order of query_owed_order.c, for desks (op owed) and for chasing.
 *
 * What incidents and messages owe is kept as JSON (query_owed.c); what changes by the time alone is added as it is asked for: a promise that has gone
 * by ("退回未办"), whether anybody is there to see what we sent, and that the telephone is due ("改电话").  What the duty book owes (duty_owed.c) is
 * few and by the time, and is made anew each time; so is what a station below has not handed over, which its own word of who is there tells
 * (presence.h): that room may be asleep, and its own chase on its way for ever.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "../formats/text.h"
#include "../formats/value.h"
#include "chase.h"
#include "duty_watch.h"
#include "presence.h"
#include "query_live.h"

#define OWED_ITEMS LIVE_MAX
#define PRESENCES 64
#define DAY_MS INT64_C(86400000)
#define MINUTE_MS INT64_C(60000)
#define EARLIEST_RUNG_DAYS 1	/* a chain's last rung lies within a day of the limit at which chasing ends */

static bool
awaits(int what)
{
	return what == OWED_AWAIT_SIGN || what == OWED_AWAIT_FEEDBACK || what == OWED_AWAIT_ZERO || what == OWED_AWAIT_ROLL ||
	    what == OWED_AWAIT_HANDOVER;
}

/* ---- what the time makes of it ---- */

struct presences {		/* of one answer: eighteen towns are asked once each */
	struct { char station[STATION_MAX]; struct presence p; } v[PRESENCES];
	size_t n;
};

static const struct presence *
presence_of(struct query *q, struct presences *c, const char *station)
{
	size_t i;

	for (i = 0; i < c->n && strcmp(c->v[i].station, station) != 0; i++)
		;
	if (i < c->n)
		return &c->v[i].p;
	i = c->n < PRESENCES ? c->n++ : PRESENCES - 1;
	(void)snprintf(c->v[i].station, sizeof c->v[i].station, "%s", station);
	station_presence(q->s, q->now, station, &c->v[i].p);
	return &c->v[i].p;
}

static void
note_add(struct buf *note, const char *s)
{
	if (note->n > 0)
		buf_puts(note, "; ");
	buf_puts(note, s);
}

static void
owed_by_now(struct query *q, struct presences *c, json_t *o, int what, int64_t due)
{
	const char *to = json_string_value(json_object_get(o, "towards"));
	int64_t passed = json_integer_value(json_object_get(o, "passed"));
	char at[32] = "";
	struct buf note = { 0 };

	if (passed != 0) {
		(void)time_format(passed, TIME_CLOCK, at, sizeof at);
		buf_printf(&note, query_say(q, "passed on %s, not known to have arrived", "已报上一级%s,是否到达不明"), at);
	}
	if (json_is_true(json_object_get(o, "promised"))) {
		query_put(o, "lapsed", json_boolean(q->now > due));
		if (q->now > due)
			note_add(&note, query_say(q, "promised and not kept: not taken on any more", "退回未办"));
	}
	if (awaits(what) && to != NULL && to[0] != '\0') {
		const struct presence *p = presence_of(q, c, to);
		bool away = p->state == PRESENCE_DOWN || p->state == PRESENCE_NO_SEAT || p->state == PRESENCE_PHONE;
		bool call = what == OWED_AWAIT_SIGN && (away || q->now >= due);

		call |= what != OWED_AWAIT_SIGN && q->now >= due;
		query_put(o, "presence", json_integer(p->state));
		query_put_text(o, "presence_name", presence_name(p->state, q->zh));
		query_put(o, "call", json_boolean(call));
		if (call)
			note_add(&note, query_say(q, "telephone them", "改电话"));
	}
	if (note.n > 0)
		query_put_text(o, "note", buf_cstr(&note));
	else
		(void)json_object_del(o, "note");
	buf_free(&note);
}

/* ---- the duty book's ---- */

struct book_item {
	struct owed_item it;
	char key[CHASE_KEY];
	char title[256];
	size_t at;		/* in the order they were told */
};

struct book {
	struct query *q;
	struct book_item *v;
	size_t n, cap;
};

static void
book_add(void *ctx, const struct owed_item *it, const char *key, const char *title_en, const char *title_zh)
{
	struct book *b = ctx;
	struct book_item *to;
	const char *title = query_say(b->q, title_en, title_zh);

	if (b->n == b->cap) {
		b->cap = b->cap == 0 ? 16 : b->cap * 2;
		b->v = xreallocarray(b->v, b->cap, sizeof *b->v);
	}
	to = &b->v[b->n];
	memset(to, 0, sizeof *to);
	to->it = *it;
	to->at = b->n++;
	(void)snprintf(to->title, sizeof to->title, "%s", title != NULL ? title : "");
	chase_key(it, key, to->key, sizeof to->key);
}

static int
cmp_book(const void *a, const void *b)
{
	const struct book_item *x = a, *y = b;

	if (x->it.due != y->it.due)
		return x->it.due < y->it.due ? -1 : 1;
	return x->at < y->at ? -1 : x->at > y->at;
}

/* Whole minutes, as rosters have them: a span was told, and its way took a while.  The limit is part of what tells one chase from another. */
static int64_t
to_minute(int64_t ms)
{
	return (ms + MINUTE_MS / 2) / MINUTE_MS * MINUTE_MS;
}

/* Stations below that are past their handover, by their own word: shown, and rung, when the time the rules give them is over. */
static void
book_handovers(struct query *q, struct book *b)
{
	const struct topology *t = q->conf->topology;
	int64_t grace = rules_number(q->conf->rules, NUMBER_HANDOVER_PARENT_MINUTES) * MINUTE_MS;
	const char *clause = rules_number_clause(q->conf->rules, NUMBER_HANDOVER_PARENT_MINUTES);

	for (size_t i = 0; t != NULL && i < t->count; i++) {
		struct owed_item it = { .what = OWED_AWAIT_HANDOVER, .from = ORIGIN_DUE, .scope = SCOPE_HOP };
		char name[160], key[CHASE_KEY / 2], en[256], zh[256];
		struct presence p;
		const char *who;

		if (t->n[i].role != ROLE_CHILD)
			continue;
		station_presence(q->s, q->now, t->n[i].station, &p);
		if (p.due_handover <= 0)
			continue;
		it.origin = to_minute(p.due_handover);
		it.due = it.origin + grace;
		(void)snprintf(it.towards, sizeof it.towards, "%s", t->n[i].station);
		if (clause != NULL)
			(void)text_sanitise(clause, strlen(clause), it.clause, sizeof it.clause, false);
		who = t->n[i].name[0] != '\0' ? t->n[i].name : query_station(q, t->n[i].station, name, sizeof name);
		(void)snprintf(key, sizeof key, "await-handover %s", t->n[i].station);
		(void)snprintf(en, sizeof en, "%.90s not handed over, responsible still %.120s", who, p.on_duty[0] != '\0' ? p.on_duty : "?");
		(void)snprintf(zh, sizeof zh, "%.90s未交接 责任仍%.120s", who, p.on_duty[0] != '\0' ? p.on_duty : "不明");
		book_add(b, &it, key, en, zh);
	}
}

static int
book_read(struct query *q, struct book *b)
{
	const struct duty *d = station_duty(q->s);
	struct duty_env env = { .self = q->self, .level = q->level, .rules = q->conf->rules, .topology = q->conf->topology,
		.now = q->now, .outlet = q->env->outlet };

	*b = (struct book) { .q = q };
	if (d == NULL)
		return -1;
	duty_owed(d, &env, book_add, b);
	book_handovers(q, b);
	if (b->n > 1)
		qsort(b->v, b->n, sizeof *b->v, cmp_book);
	return 0;
}

static json_t *
book_json(struct query *q, const struct book_item *b)
{
	const struct enum_name *what = enum_by_value("owed", (int)b->it.what);
	json_t *o = json_object();

	query_put_text(o, "what", what != NULL ? what->name : "");
	query_put_text(o, "what_name", what != NULL ? query_say(q, what->label, what->zh) : "");
	query_put_id(o, "incident", &b->it.incident);
	query_put_text(o, "number", "");
	query_put_text(o, "title", b->title);
	query_put_id(o, "about", &b->it.about);
	query_put_text(o, "key", b->key);
	query_put(o, "due", json_integer(b->it.due));
	query_put(o, "origin", json_integer(b->it.origin));
	query_put_station(q, o, "towards", b->it.towards);
	query_put_text(o, "clause", b->it.clause);
	query_put_text(o, "realm", query_realm_name(REALM_LIVE));
	if (b->it.rule[0] != '\0')
		query_put_text(o, "rule", b->it.rule);
	if (b->it.person[0] != '\0')
		query_put_text(o, "person", b->it.person);
	return o;
}

/* ---- the answer ---- */

/* The first that is not late for longer than anything is chased. */
static size_t
first_near(const struct query *q, struct live_due *const *v, size_t n)
{
	int64_t days = rules_number(q->conf->rules, NUMBER_CHASE_DAYS) + EARLIEST_RUNG_DAYS, since;
	size_t low = 0, high = n;

	if (days <= EARLIEST_RUNG_DAYS || __builtin_mul_overflow(days, DAY_MS, &since) || __builtin_sub_overflow(q->now, since, &since))
		return 0;
	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (v[mid]->due < since)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

struct answer {
	struct query *q;
	struct presences presences;
	json_t *list;
	bool more;
};

static bool
answer_full(struct answer *a)
{
	a->more |= json_array_size(a->list) >= OWED_ITEMS;
	return a->more;
}

/* What the time makes of it is written over what it was the last time: in the object that is kept, where one is. */
static void
answer_due(struct answer *a, const struct live_due *d)
{
	json_t *o = owed_merged(a->q, d);

	if (o == NULL)
		return;
	if (awaits(d->what) || json_object_get(o, "promised") != NULL || json_object_get(o, "passed") != NULL)
		owed_by_now(a->q, &a->presences, o, d->what, d->due);
	(void)json_array_append_new(a->list, query_owner(a->q, o, d->what));
}

static void
answer_book(struct answer *a, const struct book_item *b)
{
	json_t *o;

	/* Not before the time the rules give them; chasing knows of it sooner, to be awake then. */
	if (b->it.what == OWED_AWAIT_HANDOVER && a->q->now < b->it.due)
		return;
	o = book_json(a->q, b);
	owed_by_now(a->q, &a->presences, o, (int)b->it.what, b->it.due);
	(void)json_array_append_new(a->list, o);
}

json_t *
query_owed(struct query *q)
{
	struct live *l = live_get_owed(q);
	int z = q->zh ? LIVE_ZH : LIVE_EN;
	struct answer *a;
	struct book book;
	size_t at = 0, near;
	json_t *o;

	if (l == NULL || owed_due(q, l) == -1 || book_read(q, &book) == -1)
		return query_unreadable(q);
	a = xcalloc(1, sizeof *a);
	a->q = q;
	a->list = json_array();
	/* What has been late for longer than anything is chased comes last: it must not hide what is due tonight. */
	near = first_near(q, l->due[z], l->ndue[z]);
	for (size_t k = 0; k < l->ndue[z] && !a->more; k++) {
		size_t i = k < l->ndue[z] - near ? near + k : k - (l->ndue[z] - near);
		const struct live_due *d = l->due[z][i];

		/* The question comes back when its time has come, not before. */
		if (d->what == OWED_GRADE_AGAIN && d->due > q->now)
			continue;
		for (; at < book.n && (book.v[at].it.due <= d->due || i < near) && !answer_full(a); at++)
			answer_book(a, &book.v[at]);
		if (!answer_full(a))
			answer_due(a, d);
	}
	for (; at < book.n && !answer_full(a); at++)
		answer_book(a, &book.v[at]);
	o = json_object();
	query_put(o, "items", owed_order(q, a->list));
	query_put(o, "more", json_boolean(a->more));
	free(a);
	free(book.v);
	return o;
}

/* ---- for chasing ---- */

static void
take_text(const json_t *o, const char *member, char *out, size_t size)
{
	const char *s = json_string_value(json_object_get(o, member));

	(void)snprintf(out, size, "%s", s != NULL ? s : "");
}

static void
take_id(const json_t *o, const char *member, struct msgid *out)
{
	const char *s = json_string_value(json_object_get(o, member));

	if (s == NULL || s[0] == '\0' || !msgid_parse(s, out))
		memset(out, 0, sizeof *out);
}

/* What owed_put() has written, read back. */
static void
item_of(const struct query *q, const struct live_due *d, const json_t *o, struct owed_item *it)
{
	const char *from = json_string_value(json_object_get(o, "from")), *scope = json_string_value(json_object_get(o, "scope"));
	const char *grade = json_string_value(json_object_get(o, "grade"));
	const struct enum_name *e = grade != NULL ? enum_by_name("grade", grade) : NULL;

	memset(it, 0, sizeof *it);
	it->what = (enum owed)d->what;
	it->about = d->about;
	it->due = d->due;
	it->origin = json_integer_value(json_object_get(o, "origin"));
	it->prec = (int)json_integer_value(json_object_get(o, "precedence"));
	it->grade = e != NULL ? e->value : 0;
	it->promised = json_is_true(json_object_get(o, "promised"));
	it->passed = json_integer_value(json_object_get(o, "passed"));
	it->scope = scope != NULL && strcmp(scope, rules_scope_name(SCOPE_CHAIN)) == 0 ? SCOPE_CHAIN : SCOPE_HOP;
	for (int i = ORIGIN_LEARNED; i <= ORIGIN_RESOLVED && from != NULL; i++)
		if (strcmp(rules_origin_name((enum owed_origin)i), from) == 0)
			it->from = (enum owed_origin)i;
	take_id(o, "incident", &it->incident);
	take_text(o, "clause", it->clause, sizeof it->clause);
	take_text(o, "towards", it->towards, sizeof it->towards);
	take_text(o, "rule", it->rule, sizeof it->rule);
	take_text(o, "chase", it->chase, sizeof it->chase);
	take_text(o, "endpoint", it->endpoint, sizeof it->endpoint);
	take_text(o, "person", it->person, sizeof it->person);
	if (it->person[0] != '\0' && station_duty(q->s) != NULL) /* who took it on may have gone off duty */
		watch_owner_of(station_duty(q->s)->watch, it, q->now);
	it->lapsed = clock_lapsed(it, q->now);
}

int
query_owed_each(struct query *q, owed_each_fn fn, void *ctx)
{
	struct live *l = live_get_owed(q);
	int z = q->zh ? LIVE_ZH : LIVE_EN;
	char key[CHASE_KEY];
	struct owed_item it;
	struct book book;
	json_t *o;

	if (l == NULL || owed_due(q, l) == -1 || book_read(q, &book) == -1)
		return -1;
	for (size_t i = first_near(q, l->due[z], l->ndue[z]); i < l->ndue[z]; i++) {
		const struct live_due *d = l->due[z][i];

		if ((o = owed_merged(q, d)) == NULL)
			continue;
		item_of(q, d, o, &it);
		chase_key(&it, NULL, key, sizeof key);
		fn(ctx, &it, key, json_string_value(json_object_get(o, "title")));
		json_decref(o);
	}
	for (size_t i = 0; i < book.n; i++)
		fn(ctx, &book.v[i].it, book.v[i].key, book.v[i].title);
	free(book.v);
	return q->j->failed ? -1 : 0;
}
