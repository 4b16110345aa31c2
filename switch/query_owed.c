/*
 * What is owed: computed from the folds (clock.c); a message that belongs to no incident is judged alone.  Two things more,
 * which no clock of the rules drives: a grade nobody has stated is asked for again, and a report sent before its signature
 * waits for it.  What one
 * incident or one message owes is made when it changes, and kept by query_live.c; an answer is all of that, next due
 * first (query_owed_answer.c).
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "query_live.h"

#define MERGES_MAX 8 /* incidents merged into one another in a row */

struct owed_list {
	struct query *q;
	const struct incident *inc;	/* being judged; NULL: a message alone */
	const struct body *body;	/* of that message */
	struct live_owed *out;
};

/* Text that is ours, or that the rules have brought: no cleaning. */
static void
put_ours(json_t *o, const char *member, const char *s)
{
	if (s[0] != '\0')
		(void)json_object_set_new_nocheck(o, member, json_string(s));
}

/* Why it is owed: what explains it, and what chasing needs to know; absent where there is nothing to say. */
static void
owed_why(const struct query *q, json_t *o, const struct owed_item *it)
{
	static const struct { const char *en, *zh; } origins[] = {
		[ORIGIN_LEARNED] = { "learned", "接报" },
		[ORIGIN_OCCURRED] = { "occurred", "发生" },
		[ORIGIN_DELIVERED] = { "delivered", "送达" },
		[ORIGIN_DUE] = { "set by the message", "来文" },
		[ORIGIN_REPORTED] = { "last report", "上次报告" },
		[ORIGIN_SENT] = { "sent", "发出" },
		[ORIGIN_RESOLVED] = { "resolved", "处置毕" },
	};
	const struct enum_name *grade = it->grade != 0 ? enum_by_value("grade", it->grade) : NULL;

	put_ours(o, "rule", it->rule);
	put_ours(o, "chase", it->chase);
	put_ours(o, "endpoint", it->endpoint);
	if (it->person[0] != '\0' && json_object_get(o, "person") == NULL)
		query_put_text(o, "person", it->person);
	if (it->scope != 0)
		put_ours(o, "scope", rules_scope_name(it->scope));
	if (it->from != 0 && (size_t)it->from < sizeof origins / sizeof origins[0]) {
		put_ours(o, "from", rules_origin_name(it->from));
		put_ours(o, "origin_name", query_say(q, origins[it->from].en, origins[it->from].zh));
	}
	if (grade != NULL)
		put_ours(o, "grade", grade->name);
	if (it->prec != 0)
		query_put(o, "precedence", json_integer(it->prec));
	if (it->promised)
		query_put(o, "promised", json_true());
	if (it->passed != 0)
		query_put(o, "passed", json_integer(it->passed));
}

/* An endpoint is no station: a level, or a system outside. */
static const char *
endpoint_name(const struct query *q, const char *endpoint)
{
	static const struct { const char *endpoint, *en, *zh; } names[] = {
		{ "ext:guojia", "State Council duty office", "国务院总值班室" },
		{ "ext:sheng", "system of the province", "省值班系统" },
		{ "county", "county level", "县级" },
		{ "city", "city level", "市级" },
		{ "province", "province level", "省级" },
	};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strcmp(names[i].endpoint, endpoint) == 0)
			return query_say(q, names[i].en, names[i].zh);
	return endpoint;
}

/* o: with the members of its own already there; taken over.  number: NULL: the incident's. */
static void
owed_put(struct owed_list *l, const struct owed_item *it, int what, const char *name, const char *word, const char *title,
    const char *said, json_t *o)
{
	struct query *q = l->q;
	char number[320];

	query_put_text(o, "what", name);
	query_put_text(o, "what_name", word);
	query_put_id(o, "incident", &it->incident);
	query_put_text(o, "number", said != NULL ? said : l->inc != NULL ?
	    query_number(q, l->inc->opener, l->inc->number, number, sizeof number) : "");
	query_put_text(o, "title", title);
	query_put_id(o, "about", &it->about);
	query_put(o, "due", json_integer(it->due));
	query_put(o, "origin", json_integer(it->origin));
	query_put_station(q, o, "towards", it->towards);
	if (it->scope == SCOPE_CHAIN && it->endpoint[0] != '\0')
		query_put_text(o, "towards_name", endpoint_name(q, it->endpoint));
	/* a signature is booked to a person of this station */
	if (what == OWED_SIGNATURE && json_string_length(json_object_get(o, "person")) > 0)
		query_put(o, "towards_name", json_incref(json_object_get(o, "person")));
	query_put_text(o, "clause", it->clause);
	query_put_text(o, "realm", query_realm_name(it->about.realm));
	owed_why(q, o, it);
	/* Few: one report, one directive and the like. */
	l->out->v = xreallocarray(l->out->v, l->out->n + 1, sizeof *l->out->v);
	l->out->v[l->out->n++] = (struct live_due) { .due = it->due, .about = it->about, .what = what, .o = o };
}

/* Reports to the level above: about the event, not about one of its messages. */
static bool
owed_upwards(enum owed what)
{
	return what == OWED_REPORT_PHONE || what == OWED_REPORT_WRITTEN || what == OWED_FOLLOWUP || what == OWED_FINAL ||
	    what == OWED_SUPPLEMENT;
}

static void
owed_add(void *ctx, const struct owed_item *from)
{
	const struct enum_name *what = enum_by_value("owed", (int)from->what);
	struct owed_list *l = ctx;
	struct query *q = l->q;
	const struct body *b = l->body;
	struct owed_item it = *from;
	bool upwards = owed_upwards(it.what);
	struct buf title = { 0 }, word = { 0 };
	json_t *o;

	assert(what != NULL);
	buf_puts(&word, query_say(q, what->label, what->zh));
	if (it.scope == SCOPE_CHAIN)
		buf_puts(&word, query_say(q, " (whole chain)", "(全链)"));
	for (size_t i = 0; l->inc != NULL && i < l->inc->nall; i++)
		if (msgid_cmp(&l->inc->all[i].id, &it.about) == 0)
			b = l->inc->all[i].body;
	if (upwards && l->inc != NULL)
		buf_puts(&title, l->inc->title);
	else if (b != NULL)
		query_title(q, b, QUERY_TITLE, &title);
	if (it.clause[0] == '\0')
		(void)snprintf(it.clause, sizeof it.clause, "%s",
		    query_say(q, "as the message itself sets", "按来文时限"));
	o = json_object();
	/* It is put before people again, closed or not. */
	if (it.what == OWED_SUPPLEMENT && l->inc != NULL)
		query_put_text(o, "note", l->inc->closed ? query_say(q, "reopen, report again", "重开、补报") : query_say(q, "report again", "应补报"));
	/* Merged away: whether it is owed still hangs on the other incident, and is asked when it is shown. */
	if (upwards && l->inc != NULL &&
	    msgid_is_set(&l->inc->merged_into))
		query_put_id(o, "merged_into", &l->inc->merged_into);
	owed_put(l, &it, (int)it.what, what->name, buf_cstr(&word), buf_cstr(&title), NULL, o);
	buf_free(&title);
	buf_free(&word);
}

/* The grade, asked for again; shown from when it is due (query_owed()). */
static void
owed_grade(struct owed_list *l)
{
	struct owed_item it = { .incident = l->inc->id };
	struct ask_again ask;

	if (!query_ask_again(l->inc, l->q->conf->rules, &ask))
		return;
	it.about = ask.about;
	it.origin = ask.origin;
	it.due = ask.due;
	(void)snprintf(it.clause, sizeof it.clause, "%s", ask.clause != NULL ? ask.clause : "");
	(void)snprintf(it.towards, sizeof it.towards, "%s", l->q->self);
	owed_put(l, &it, OWED_GRADE_AGAIN, "grade", query_say(l->q, "grade to be stated", "定级"), l->inc->title,
	    NULL, json_object());
}

/* Bytes of s that fit into size, ended at a character. */
static size_t
cut_at(const char *s, size_t size)
{
	size_t len = strlen(s);

	if (len < size)
		return len;
	for (len = size - 1; len > 0 && ((unsigned char)s[len] & 0xc0) == 0x80; len--)
		;
	return len;
}

/* Own reports that went before their signature: who is booked for it has until the local limit. */
static void
owed_signatures(struct owed_list *l)
{
	struct query *q = l->q;

	for (size_t i = 0; i < l->inc->nlines; i++) {
		const struct incident_line *line = &l->inc->lines[i];
		struct owed_item it = { .incident = l->inc->id, .about = line->id, .origin = line->at, .due = line->at };
		struct buf title = { 0 };
		int64_t minutes = rules_number(q->conf->rules, NUMBER_SIGNATURE_MINUTES);
		json_t *o;

		if (!line->signature_owed || line->withdrawn || strcmp(line->id.origin, q->self) != 0)
			continue;
		(void)snprintf(it.towards, sizeof it.towards, "%s", q->self);
		it.due = line->at + minutes * 60000;	/* numbers.tsv bounds both */
		(void)snprintf(it.clause, sizeof it.clause, "%s",
		    rules_number_clause(q->conf->rules, NUMBER_SIGNATURE_MINUTES));
		if (!body_flag(line->body, F_UNSIGNED)) { /* no 先报后签: nobody was tried as the rules want it */
			char limit[sizeof it.clause];

			(void)snprintf(limit, sizeof limit, "%s", it.clause);
			(void)snprintf(it.clause, sizeof it.clause, "%s%.*s", query_say(q, "sent unsigned; ", "发出时未签发;"),
			    (int)cut_at(limit, sizeof it.clause - 32), limit);
		}
		query_title(q, line->body, QUERY_TITLE, &title);
		o = json_object();
		query_put_text(o, "person", line->owed_by);
		owed_put(l, &it, OWED_SIGNATURE, "signature", query_say(q, "signature", "补签"), buf_cstr(&title), NULL, o);
		buf_free(&title);
	}
}

int
owed_of_incident(struct query *q, const struct incident *inc, struct live_owed *out)
{
	struct owed_list l = { .q = q, .inc = inc, .out = out };

	assert(out->n == 0);
	clock_owed(inc, q->self, q->parent, q->level, q->conf->rules, owed_add, &l);
	owed_grade(&l);
	owed_signatures(&l);
	return q->j->failed ? -1 : 0;
}

void
owed_judge(struct query *q, const struct inbox_item *it, const struct body *b, int grade, owed_fn add, void *ctx)
{
	struct clock_received m = {
		.id = it->id,
		.incident = it->incident,
		.stored = it->stored,
		.body = b,
		.grade = grade,
		.done = it->done,
		.answered = it->answered,
	};

	if (!it->own && !it->history && !it->recalled && !it->corrected)
		clock_message(&m, q->self, q->level, q->conf->rules, add, ctx);
}

/* 非投递通知: until a person has seen that it did not get there (reading it settles it), or it has got there after all. */
static void
owed_returned(struct owed_list *l, const struct inbox_item *it, const struct body *b)
{
	struct query *q = l->q;
	struct owed_item item = { .incident = it->incident, .about = it->id, .origin = it->stored, .due = it->stored };
	const struct value *ref = body_first(b, F_REFS), *to = body_first(b, F_REGARDING);
	struct journal_incident inc;
	struct buf title = { 0 };
	struct journal_msg m;
	struct body *of = NULL;
	char number[320] = "";
	json_t *o, *list;

	if (!it->attention)
		return;
	memset(&m, 0, sizeof m);
	if (ref != NULL && query_message(q, &ref->u.id, &m, &of) == 0)
		query_title(q, of, QUERY_TITLE, &title);
	(void)snprintf(item.towards, sizeof item.towards, "%s", to != NULL ? to->u.text.s : "");
	(void)snprintf(item.clause, sizeof item.clause, "%.*s", (int)cut_at(body_text(b, F_REASON) != NULL ?
	    body_text(b, F_REASON) : "", sizeof item.clause), body_text(b, F_REASON) != NULL ? body_text(b, F_REASON) : "");
	o = json_object();
	list = json_array();
	for (; to != NULL; to = body_next(b, to))
		(void)json_array_append_new(list, json_string(to->u.text.s));
	query_put(o, "stations", list);
	if (ref != NULL)
		query_put_id(o, "returned", &ref->u.id);
	memset(&inc, 0, sizeof inc);
	if (msgid_is_set(&it->incident) && q->j->ops->incident_get(q->j, &it->incident, &inc) == 0)
		(void)query_number(q, it->incident.origin, inc.number, number, sizeof number);
	owed_put(l, &item, OWED_RETURNED, "returned", query_say(q, "not delivered", "未送达"), buf_cstr(&title), number, o);
	buf_free(&inc.summary);
	buf_free(&title);
	body_free(of);
	buf_free(&m.body);
}

int
owed_of_mail(struct query *q, const struct inbox_item *it, const struct body *b, struct live_owed *out)
{
	struct owed_list l = { .q = q, .body = b, .out = out };

	assert(out->n == 0);
	if (it->notice) {
		owed_returned(&l, it, b);
		return q->j->failed ? -1 : 0;
	}
	owed_judge(q, it, b, 0, owed_add, &l);
	return q->j->failed ? -1 : 0;
}

void
owed_clear(struct live_owed *o)
{
	for (size_t i = 0; i < o->n; i++) {
		json_decref(o->v[i].o);
		free(o->v[i].text);
	}
	free(o->v);
	memset(o, 0, sizeof *o);
}

void
owed_pack(struct live_owed *o)
{
	for (size_t i = 0; i < o->n; i++) {
		struct live_due *d = &o->v[i];

		if (d->o == NULL)
			continue;
		d->text = json_dumps(d->o, JSON_COMPACT);
		d->len = d->text != NULL ? (uint32_t)strlen(d->text) : 0;
		json_decref(d->o);
		d->o = NULL;
	}
}

/*
 * What an incident merged away still owes upwards: nothing once the level above was told of the one it went into, by whatever channel ends a clock of
 * that kind; until then it is owed, and says where it went.  NULL: no longer owed; else the item to show, the caller's.
 */
json_t *
owed_merged(struct query *q, const struct live_due *d)
{
	json_error_t err;
	json_t *o = d->o != NULL ? json_incref(d->o) : json_loadb(d->text, d->len, 0, &err);
	const char *endpoint = json_string_value(json_object_get(o, "endpoint"));
	struct msgid at;
	char number[320] = "";
	struct buf title = { 0 };

	if (json_object_get(o, "merged_into") == NULL || !msgid_parse(json_string_value(json_object_get(o, "merged_into")), &at))
		return o;
	for (int i = 0; i < MERGES_MAX && msgid_is_set(&at); i++) {
		struct folded fd;
		bool up;

		if (station_fold(q->s, &at, &fd) != 0)
			break;
		up = clock_was_told(fd.incident, q->self, q->parent, d->what != OWED_REPORT_PHONE, endpoint != NULL ? endpoint : "");
		if (fd.n > 0)
			(void)query_number(q, fd.incident->opener, fd.incident->number, number, sizeof number);
		at = fd.incident->merged_into;
		folded_free(&fd);
		if (up) {
			json_decref(o);
			return NULL;
		}
	}
	if (o == d->o) {
		o = json_copy(d->o);
		json_decref(d->o);
	}
	query_put_text(o, "merged_number", number);
	buf_printf(&title, query_say(q, "%s (merged into %s)", "%s(并入%s)"),
	    json_string_value(json_object_get(o, "title")) != NULL ? json_string_value(json_object_get(o, "title")) : "",
	    number);
	query_put_text(o, "title", buf_cstr(&title));
	buf_free(&title);
	return o;
}

size_t
owed_standing(struct query *q, const struct live_owed *owed)
{
	size_t n = 0;
	json_t *o;

	for (size_t i = 0; i < owed->n; i++)
		if (owed->v[i].what != OWED_AWAIT_SIGN && (o = owed_merged(q, &owed->v[i])) != NULL) {
			json_decref(o);
			n++;
		}
	return n;
}

/* ---- all of it, next due first ---- */

/* Incidents answer for the messages that belong to them. */
int
owed_mail(struct query *q, struct live_mail *m)
{
	struct live_owed *owed = &m->owed[q->zh ? LIVE_ZH : LIVE_EN];
	struct journal_msg msg;
	struct body *b;
	int rc;

	if (!live_alone(m) || owed->made)
		return 0;
	rc = query_message(q, &m->id, &msg, &b);
	if (rc == 0)
		rc = owed_of_mail(q, &m->it, b, owed);
	owed_pack(owed);
	owed->made = true;
	body_free(b);
	buf_free(&msg.body);
	return rc == -1 ? -1 : 0;
}

void
owed_forget_due(struct live *l)
{
	for (int z = 0; z < LIVE_LANGUAGES; z++) {
		free(l->due[z]);
		l->due[z] = NULL;
		l->ndue[z] = 0;
	}
}

static int
cmp_due(const void *a, const void *b)
{
	const struct live_due *x = *(struct live_due *const *)a, *y = *(struct live_due *const *)b;
	int c;

	if (x->due != y->due)
		return x->due < y->due ? -1 : 1;
	if ((c = msgid_cmp(&x->about, &y->about)) != 0)
		return c;
	return (x->what > y->what) - (x->what < y->what);
}

/* Has it been made in the other language, and found empty?  Then it is in this one. */
static bool
known_empty(const struct live_owed owed[LIVE_LANGUAGES])
{
	for (int z = 0; z < LIVE_LANGUAGES; z++)
		if (owed[z].made && owed[z].n == 0)
			return true;
	return false;
}

static void
due_add(struct live *l, int z, size_t *cap, const struct live_owed *owed)
{
	if (l->ndue[z] + owed->n > *cap) {
		*cap = 2 * (l->ndue[z] + owed->n);
		l->due[z] = xreallocarray(l->due[z], *cap, sizeof(struct live_due *));
	}
	for (size_t i = 0; i < owed->n; i++)
		l->due[z][l->ndue[z]++] = &owed->v[i];
}

int
owed_due(struct query *q, struct live *l)
{
	struct live_incident *inc;
	size_t cap = 64;
	int z = q->zh ? LIVE_ZH : LIVE_EN;

	if (l->due[z] != NULL)
		return 0;
	l->due[z] = xcalloc(cap, sizeof(struct live_due *));
	for (size_t i = 0; i < l->incidents.slots; i++) {
		if ((inc = l->incidents.slot[i]) == NULL || known_empty(inc->owed))
			continue;
		if (!inc->owed[z].made) {
			struct folded fd;
			int rc = station_fold(q->s, &inc->id, &fd);

			if (rc == 0)
				rc = owed_of_incident(q, fd.incident, &inc->owed[z]);
			owed_pack(&inc->owed[z]);
			inc->owed[z].made = true;
			folded_free(&fd);
			if (rc == -1)
				goto failed;
		}
		due_add(l, z, &cap, &inc->owed[z]);
	}
	for (size_t i = 0; i < l->n + l->nfresh; i++) {
		struct live_mail *m = i < l->n ? l->order[i] : l->fresh[i - l->n];

		if (!live_alone(m) || known_empty(m->owed))
			continue;
		if (owed_mail(q, m) == -1)
			goto failed;
		due_add(l, z, &cap, &m->owed[z]);
	}
	if (l->ndue[z] > 1)
		qsort(l->due[z], l->ndue[z], sizeof(struct live_due *), cmp_due);
	return 0;
failed:
	owed_forget_due(l);
	return -1;
}
