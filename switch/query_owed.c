/*
 * What is owed: computed from the folds (clock.c); a message that belongs to no incident is judged alone.  What one
 * incident or one message owes is made when it changes, and kept by query_live.c; an answer is all of that, next due
 * first.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include "query_live.h"

#define OWED_ITEMS LIVE_MAX

struct owed_list {
	struct query *q;
	const struct incident *inc;	/* being judged; NULL: a message alone */
	const struct body *body;	/* of that message */
	struct live_owed *out;
};

static void
owed_add(void *ctx, const struct owed_item *it)
{
	static const struct { const char *name, *en, *zh; } what[] = {
		[OWED_REPORT_PHONE] = { "phone", "telephone report", "电话报" },
		[OWED_REPORT_WRITTEN] = { "written", "first written report", "书面首报" },
		[OWED_READ] = { "read", "read", "已阅" },
		[OWED_SIGN] = { "sign", "sign for", "签收" },
		[OWED_FEEDBACK] = { "feedback", "feedback", "反馈" },
	};
	struct owed_list *l = ctx;
	struct query *q = l->q;
	const struct body *b = l->body;
	struct buf title = { 0 };
	char number[320];
	json_t *o = json_object();

	for (size_t i = 0; l->inc != NULL && i < l->inc->nall; i++)
		if (msgid_cmp(&l->inc->all[i].id, &it->about) == 0)
			b = l->inc->all[i].body;
	if ((it->what == OWED_REPORT_PHONE || it->what == OWED_REPORT_WRITTEN) && l->inc != NULL)
		buf_puts(&title, l->inc->title);
	else if (b != NULL)
		query_title(q, b, QUERY_TITLE, &title);
	query_put_text(o, "what", what[it->what].name);
	query_put_text(o, "what_name", query_say(q, what[it->what].en, what[it->what].zh));
	query_put_id(o, "incident", &it->incident);
	query_put_text(o, "number", l->inc != NULL ?
	    query_number(q, l->inc->opener, l->inc->number, number, sizeof number) : "");
	query_put_text(o, "title", buf_cstr(&title));
	query_put_id(o, "about", &it->about);
	query_put(o, "due", json_integer(it->due));
	query_put(o, "origin", json_integer(it->origin));
	query_put_station(q, o, "towards", it->towards);
	query_put_text(
	    o, "clause", it->clause[0] != '\0' ? it->clause : query_say(q, "as the message itself sets", "按来文时限"));
	query_put_text(o, "realm", query_realm_name(it->about.realm));
	buf_free(&title);
	/* Few: one report, one directive and the like. */
	l->out->v = xreallocarray(l->out->v, l->out->n + 1, sizeof *l->out->v);
	l->out->v[l->out->n++] = (struct live_due) { .due = it->due, .about = it->about, .what = (int)it->what, .o = o };
}

int
owed_of_incident(struct query *q, const struct incident *inc, struct live_owed *out)
{
	struct owed_list l = { .q = q, .inc = inc, .out = out };

	assert(out->n == 0);
	clock_owed(inc, q->self, q->parent, q->level, q->conf->rules, owed_add, &l);
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

int
owed_of_mail(struct query *q, const struct inbox_item *it, const struct body *b, struct live_owed *out)
{
	struct owed_list l = { .q = q, .body = b, .out = out };

	assert(out->n == 0);
	owed_judge(q, it, b, 0, owed_add, &l);
	return q->j->failed ? -1 : 0;
}

void
owed_clear(struct live_owed *o)
{
	for (size_t i = 0; i < o->n; i++)
		json_decref(o->v[i].o);
	free(o->v);
	memset(o, 0, sizeof *o);
}

json_t *
query_owed(struct query *q)
{
	struct live *l = live_get(q);
	int z = q->zh ? LIVE_ZH : LIVE_EN;
	json_t *o, *list;

	if (l == NULL || live_due(q, l) == -1)
		return query_unreadable(q);
	list = json_array();
	for (size_t i = 0; i < l->ndue[z] && i < OWED_ITEMS; i++)
		(void)json_array_append(list, l->due[z][i]->o);
	o = json_object();
	query_put(o, "items", list);
	query_put(o, "more", json_boolean(l->ndue[z] > OWED_ITEMS));
	return o;
}
