/*
 * Lists: incidents, messages, the log.  Incidents that are no history are held (query_live.c); all else is
 * rows that are collected inside the journal's walk and worked on after it.
 */
#include <stdlib.h>
#include <string.h>
#include "query_live.h"

#define INCIDENTS_DEFAULT 200
#define INCIDENTS_MAX 2000
#define LIST_DEFAULT 1000
#define LIST_MAX 10000
#define LOG_DEFAULT 200
#define COLLECT_BYTES (16u << 20)	/* message bytes held while a list is made */

/* ---- incidents ---- */

struct incidents {
	struct row {
		struct msgid id;
		int64_t changed;
		json_t *summary;	/* NULL: the cache is of no use */
	} *v;
	size_t n, cap, skip, limit, bytes;
	bool more;
};

static int
incident_row(void *ctx, const struct journal_incident *row)
{
	struct incidents *is = ctx;
	json_error_t err;
	json_t *o = row->summary.n > 0 ? json_loadb((const char *)row->summary.p, row->summary.n, 0, &err) : NULL;

	if (o != NULL && json_is_object(o) && !query_is_event(o)) {
		json_decref(o);
		return 0;
	}
	if (is->skip > 0) {
		is->skip--;
		json_decref(o);
		return 0;
	}
	/* An answer repeats the summary with names added: about twice its bytes. */
	is->bytes += 2 * row->summary.n + 300;
	if (is->n == is->limit || (is->n > 0 && is->bytes > QUERY_BYTES)) {
		is->more = true;
		json_decref(o);
		return 1;
	}
	if (is->n == is->cap) {
		is->cap = is->cap == 0 ? 32 : is->cap * 2;
		is->v = xreallocarray(is->v, is->cap, sizeof *is->v);
	}
	if (o != NULL && !json_is_object(o)) {
		json_decref(o);
		o = NULL;
	}
	is->v[is->n].id = row->id;
	is->v[is->n].changed = row->changed;
	is->v[is->n++].summary = o;
	return 0;
}

/* Without history: what is held. */
static int
live_incidents(struct query *q, int realm, size_t skip, size_t limit, json_t *list, bool *more)
{
	struct live *l = live_get(q);
	size_t i, bytes = 0, one;
	json_t *o;

	*more = false;
	if (l == NULL)
		return -1;
	for (i = 0; i < l->nlisted && l->listed[i]->id.realm != realm; i++)
		;
	for (i = skip < l->nlisted - i ? i + skip : l->nlisted; i < l->nlisted && l->listed[i]->id.realm == realm; i++) {
		if ((o = live_shown(q, l->listed[i], &one)) == NULL)
			return -1;
		bytes += one;
		if (json_array_size(list) == limit || (json_array_size(list) > 0 && bytes > QUERY_BYTES)) {
			*more = true;
			break;
		}
		(void)json_array_append(list, o);
	}
	return 0;
}

json_t *
query_incidents(struct query *q)
{
	struct incidents is = { 0 };
	const struct buf none = { 0 };
	int64_t limit, offset;
	bool history;
	int realm;
	json_t *o = NULL, *list;

	if (!query_get_realm(q, REALM_LIVE, &realm) || !query_get_bool(q, "history", &history) ||
	    !query_get_limit(q, INCIDENTS_DEFAULT, INCIDENTS_MAX, &limit) ||
	    !query_get_int(q, "offset", 0, 0, INT32_MAX, &offset))
		return NULL;
	is.limit = (size_t)limit;
	is.skip = (size_t)offset;
	list = json_array();
	if ((history ? q->j->ops->incident_each(q->j, realm, true, incident_row, &is) :
	    live_incidents(q, realm, is.skip, is.limit, list, &is.more)) == -1) {
		json_decref(list);
		(void)query_unreadable(q);
		goto out;
	}
	for (size_t i = 0; i < is.n; i++) {
		json_t *s = is.v[i].summary != NULL ? is.v[i].summary : query_summary(q, &is.v[i].id, &none);

		is.v[i].summary = NULL;
		if (s != NULL)
			(void)json_array_append_new(list, query_incident(q, s, is.v[i].changed));
	}
	o = json_object();
	query_put(o, "rev", json_integer((json_int_t)station_revision(q->s)));
	query_put(o, "incidents", list);
	query_put(o, "more", json_boolean(is.more));
out:
	for (size_t i = 0; i < is.n; i++)
		json_decref(is.v[i].summary);
	free(is.v);
	return o;
}

/* ---- messages ---- */

struct messages {
	struct journal_msg *v;		/* with copies of the bodies */
	size_t n, cap, limit, bytes;
	int realm;			/* -1: any */
	bool more;
};

static int
message_row(void *ctx, const struct journal_msg *m)
{
	struct messages *ms = ctx;
	struct journal_msg *c;

	if (ms->realm != -1 && m->id.realm != ms->realm)
		return 0;
	if (ms->n == ms->limit || (ms->n > 0 && ms->bytes + m->body.n > COLLECT_BYTES)) {
		ms->more = true;
		return 1;
	}
	if (ms->n == ms->cap) {
		ms->cap = ms->cap == 0 ? 64 : ms->cap * 2;
		ms->v = xreallocarray(ms->v, ms->cap, sizeof *ms->v);
	}
	c = &ms->v[ms->n++];
	*c = *m;
	memset(&c->body, 0, sizeof c->body);
	buf_put(&c->body, m->body.p, m->body.n);
	ms->bytes += m->body.n;
	return 0;
}

static void
messages_free(struct messages *ms)
{
	for (size_t i = 0; i < ms->n; i++)
		buf_free(&ms->v[i].body);
	free(ms->v);
}

/* Every one of them with text, on one line. */
static void
log_field(struct buf *out, const struct body *b, uint32_t key, const char *before)
{
	for (const struct value *v = body_first(b, key); v != NULL; v = body_next(b, v))
		if (v->field != NULL && v->field->type == FT_TEXT && v->u.text.len > 0) {
			buf_printf(out, "%s%s", out->n > 0 || key == F_TOLD ? before : "", v->u.text.s);
			before = " ";
		}
}

/*
 * An entry that is more than its words: the step it is ("试机 传真 正常"), or a call with who called, of which unit, by which number, and who has
 * been told.  False: the words alone, as they were written.
 */
static bool
log_line(const struct query *q, const struct body *b, struct buf *out)
{
	int step = body_enum(b, F_DUTY_STEP);
	const char *equipment = body_text(b, F_EQUIPMENT), *text = body_text(b, F_TEXT);
	char word[96];

	if (step == 0 && body_said(b, F_CALLER) == NULL && body_said(b, F_CALLER_UNIT) == NULL && body_said(b, F_CALLER_PHONE) == NULL &&
	    body_said(b, F_TOLD) == NULL)
		return false;
	if (step != 0)
		buf_puts(out, query_word(q, "duty_step", step, word, sizeof word));
	log_field(out, b, F_PERSON, " ");
	log_field(out, b, F_EQUIPMENT, " ");
	if (step == DUTY_LOG_EQUIPMENT && body_enum(b, F_OUTCOME) == OUTCOME_REACHED)
		buf_puts(out, query_say(q, " works", " 正常"));
	else if (body_enum(b, F_OUTCOME) != 0)
		buf_printf(out, " %s", query_word(q, "outcome", body_enum(b, F_OUTCOME), word, sizeof word));
	log_field(out, b, F_CALLER_UNIT, " ");
	log_field(out, b, F_CALLER, " ");
	log_field(out, b, F_CALLER_POST, " ");
	log_field(out, b, F_CALLER_PHONE, " ");
	if (equipment == NULL || text == NULL || strcmp(equipment, text) != 0)
		log_field(out, b, F_TEXT, ": ");
	log_field(out, b, F_TOLD, query_say(q, "; told: ", ";已告知 "));
	log_field(out, b, F_REASON, query_say(q, "; because: ", ";事由 "));
	for (size_t i = 0; i < out->n; i++)
		if (out->p[i] == '\n')
			out->p[i] = ' ';
	return true;
}

/* One row of a list; *bytes grows by about what it takes. */
static json_t *
message_json(struct query *q, const struct journal_msg *m, bool text, size_t *bytes)
{
	struct body *b = query_decode(m);
	json_t *o = json_object(), *to = json_array();
	struct buf title = { 0 }, line = { 0 };
	char digest[2 * DIGEST_LEN + 1];
	const char *s;

	query_put(o, "seq", json_integer((json_int_t)m->seq));
	query_put_id(o, "id", &m->id);
	query_put_enum(q, o, "kind", "kind", m->kind);
	query_put(o, "stored", json_integer(m->stored));
	query_put_station(q, o, "from", m->id.origin);
	query_put_id(o, "incident", &m->incident);
	query_put(o, "local", json_boolean(m->local));
	digest_hex(m->digest, digest);
	query_put_text(o, "digest", digest);
	for (const struct value *v = b != NULL ? body_first(b, F_TO) : NULL; v != NULL; v = body_next(b, v)) {
		(void)json_array_append_new(to, json_string(v->u.text.s));
		*bytes += STATION_MAX;
	}
	query_put(o, "to", to);
	if (b != NULL)
		query_title(q, b, QUERY_TITLE, &title);
	query_put_text(o, "title", buf_cstr(&title));
	*bytes += 500 + title.n;
	if (text && b != NULL && m->kind == KIND_LOG && log_line(q, b, &line)) {
		query_put_text(o, "text", buf_cstr(&line));
		query_put_enum(q, o, "step", "duty_step", body_enum(b, F_DUTY_STEP));
		*bytes += line.n;
	} else if (text) {
		s = b != NULL ? body_text(b, F_TEXT) : NULL;
		if (b != NULL && s == NULL)
			s = body_text(b, F_BRIEF);
		query_put_lines(o, "text", s, 4096);
		*bytes += s != NULL ? strlen(s) : 0;
	}
	buf_free(&line);
	buf_free(&title);
	body_free(b);
	return o;
}

json_t *
query_list(struct query *q)
{
	struct messages ms = { 0 };
	int64_t limit, after;
	size_t bytes = 0;
	uint64_t last;
	bool all;
	int kind;
	json_t *o = NULL, *list;

	if (!query_get_kind(q, &kind) || !query_get_realm(q, -1, &ms.realm) || !query_get_bool(q, "all", &all) ||
	    !query_get_int(q, "after", 0, 0, INT64_MAX, &after) ||
	    !query_get_limit(q, LIST_DEFAULT, LIST_MAX, &limit))
		return NULL;
	ms.limit = (size_t)limit;
	last = (uint64_t)after;
	/* What only passes through on its way to others is not this station's to read, and machine receipts say nothing
	 * a delivery does not: both only when all is asked for. */
	if (q->j->ops->each_after(q->j, (uint64_t)after, kind, !all, message_row, &ms) == -1) {
		(void)query_unreadable(q);
		goto out;
	}
	list = json_array();
	for (size_t i = 0; i < ms.n; i++) {
		if (bytes > QUERY_BYTES) {
			ms.more = true;
			break;
		}
		(void)json_array_append_new(list, message_json(q, &ms.v[i], false, &bytes));
		last = ms.v[i].seq;
	}
	o = json_object();
	query_put(o, "messages", list);
	query_put(o, "more", json_boolean(ms.more));
	query_put(o, "last", json_integer((json_int_t)last));
out:
	messages_free(&ms);
	return o;
}

/* With `after` what follows it; without, the newest.  Always oldest first. */
json_t *
query_log(struct query *q)
{
	struct messages ms = { .realm = -1 };
	int64_t limit, after;
	size_t bytes = 0;
	int rc;
	json_t *o = NULL, *list;

	if (!query_get_int(q, "after", -1, 0, INT64_MAX, &after) || !query_get_limit(q, LOG_DEFAULT, LIST_MAX, &limit))
		return NULL;
	ms.limit = (size_t)limit;
	if (after >= 0)
		rc = q->j->ops->each_after(q->j, (uint64_t)after, KIND_LOG, true, message_row, &ms);
	else
		rc = q->j->ops->each_before(q->j, UINT64_MAX, KIND_LOG, true, message_row, &ms);
	if (rc == -1) {
		(void)query_unreadable(q);
		goto out;
	}
	list = json_array();
	for (size_t i = 0; i < ms.n; i++) {
		if (bytes > QUERY_BYTES) {
			ms.more = true;
			break;
		}
		if (after >= 0)
			(void)json_array_append_new(list, message_json(q, &ms.v[i], true, &bytes));
		else
			(void)json_array_insert_new(list, 0, message_json(q, &ms.v[i], true, &bytes));
	}
	o = json_object();
	query_put(o, "messages", list);
	query_put(o, "more", json_boolean(ms.more));
out:
	messages_free(&ms);
	return o;
}
