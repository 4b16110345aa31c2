/*
 * What has come in.  The mail that is no history is held by query_live.c, what asks for attention first; the rows shown
 * are made once and kept until something is done about the message or its incident changes.  With history asked for,
 * what else there is is read from the journal's end.
 */
#include <stdlib.h>
#include <string.h>
#include "query_live.h"

#define INBOX_DEFAULT 200
#define INBOX_MAX LIVE_MAX
#define INBOX_TEXT 2000			/* bytes of a text shown with its row */
#define PAST_ROWS 8000			/* journal rows one request for history looks at, newest first */

static void
earliest(void *ctx, const struct owed_item *it)
{
	int64_t *due = ctx;

	if (*due == 0 || it->due < *due)
		*due = it->due;
}

static const char *
item_state(const struct inbox_item *it)
{
	switch (it->done) {
	case ACT_READ:
		return "read";
	case ACT_SIGNED:
		return "signed";
	case ACT_TAKEN:
		return "taken";
	case ACT_RETURNED:
		return "returned";
	default:
		return it->own ? "read" : "unread";
	}
}

static json_t *
item_json(struct query *q, const struct inbox_item *it, const struct body *b, int grade, const char *inumber)
{
	static const struct {
		const char *state, *zh;
	} words[] = {{"unread", "未阅"}, {"read", "已阅"}, {"signed", "签收"}, {"taken", "接办"}, {"returned", "退回"}};
	json_t *o = json_object();
	struct buf title = { 0 };
	int64_t due = 0, written = it->stored;
	const char *state = item_state(it), *s;
	char number[320];

	owed_judge(q, it, b, grade, earliest, &due);
	query_title(q, b, QUERY_TITLE, &title);
	(void)body_time(b, F_WRITTEN, &written);
	if ((s = body_text(b, F_TEXT)) == NULL && (s = body_text(b, F_BRIEF)) == NULL)
		s = body_text(b, F_REASON);
	query_put_id(o, "id", &it->id);
	query_put(o, "at", json_integer(it->stored));
	query_put(o, "written", json_integer(written));
	query_put_station(q, o, "from", it->id.origin);
	query_put_enum(q, o, "precedence", "precedence", it->precedence);
	query_put_enum(q, o, "kind", "kind", it->kind);
	query_put_text(o, "title", buf_cstr(&title));
	query_put_lines(o, "text", s, INBOX_TEXT);
	query_put_text(o, "state", state);
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (strcmp(words[i].state, state) == 0)
			query_put_text(o, "state_name", query_say(q, state, words[i].zh));
	query_put(o, "attention", json_boolean(it->attention));
	query_put_text(o, "demands", it->demands >= ACT_SIGNED ? "signed" : it->demands >= ACT_READ ? "read" : "");
	query_put(o, "due", json_integer(due));
	query_put_id(o, "incident", &it->incident);
	query_put_text(o, "number", query_number(q, it->incident.origin, inumber, number, sizeof number));
	query_put(o, "ring", json_boolean(it->ring));
	query_put(o, "history", json_boolean(it->history));
	query_put(o, "recalled", json_boolean(it->recalled));
	query_put(o, "corrected", json_boolean(it->corrected));
	query_put_text(o, "realm", query_realm_name(it->id.realm));
	buf_free(&title);
	return o;
}

/* ---- the answer ---- */

struct answer {
	struct query *q;
	struct live *l;
	json_t *list;
	size_t limit, bytes;
	struct grade_cache gc;
};

/* The most a row takes as JSON (a bad byte is shown as three). */
static size_t
row_bytes(const json_t *row)
{
	return 1500 + 3 * json_string_length(json_object_get(row, "title")) +
	    3 * json_string_length(json_object_get(row, "text"));
}

static bool
full(const struct answer *a)
{
	return json_array_size(a->list) >= a->limit || a->bytes >= QUERY_BYTES;
}

/* Makes the row of an item; *row NULL where its message cannot be read (any more). */
static int
make_row(struct answer *a, const struct inbox_item *it, json_t **row)
{
	const struct live_incident *inc = live_incident_find(a->l, &it->incident);
	struct journal_msg m;
	struct body *b;
	int rc = query_message(a->q, &it->id, &m, &b);

	*row = NULL;
	if (rc == 0 && inc != NULL) {
		*row = item_json(a->q, it, b, inc->grade, inc->number);
	} else if (rc == 0) {
		size_t i = query_incident_of(a->q, &a->gc, &it->incident);

		*row = item_json(a->q, it, b, a->gc.grade[i], a->gc.number[i]);
	}
	body_free(b);
	buf_free(&m.body);
	return rc == -1 ? -1 : 0;
}

static void
append(struct answer *a, json_t *row)
{
	a->bytes += row_bytes(row);
	(void)json_array_append_new(a->list, row);
}

/* The mail held; all of it, or what asks for attention. */
static int
held_rows(struct answer *a, bool only_attention)
{
	int z = a->q->zh ? LIVE_ZH : LIVE_EN;

	for (size_t i = 0; i < (only_attention ? a->l->attention : a->l->n) && !full(a); i++) {
		struct live_mail *m = a->l->order[i];
		const struct live_incident *inc = live_incident_find(a->l, &m->it.incident);
		uint64_t version = inc != NULL ? inc->version : 0;
		json_t *row;

		if (m->row_version != version)
			for (int k = 0; k < LIVE_LANGUAGES; k++) {
				json_decref(m->row[k]);
				m->row[k] = NULL;
			}
		m->row_version = version;
		if ((row = m->row[z]) == NULL && make_row(a, &m->it, &row) == -1)
			return -1;
		if (row == NULL)
			continue;
		/* What came back is called after what it refers to, which may yet come. */
		if (m->row[z] == NULL && m->it.kind != KIND_RECEIPT)
			m->row[z] = json_incref(row);
		else if (m->row[z] != NULL)
			row = json_incref(row);
		append(a, row);
	}
	return 0;
}

/* ---- history and all ---- */

struct past {
	struct query *q;
	const struct live *l;
	struct inbox_item *v;
	size_t n, limit, rows;
	bool more;
};

static int
past_row(void *ctx, const struct journal_msg *m)
{
	struct past *p = ctx;
	const struct live_mail *held = live_mail_find(p->l, &m->id);
	struct body *b;

	if (p->rows++ == PAST_ROWS) {
		p->more = true;
		return 1;
	}
	if ((held != NULL && held->it.attention) || (b = query_decode(m)) == NULL)
		return 0;
	if (live_is_mail(p->q, m, b)) {
		p->more = p->n == p->limit;
		if (!p->more)
			live_item(m, b, strcmp(m->id.origin, p->q->self) == 0, &p->v[p->n++]);
	}
	body_free(b);
	return p->more;
}

/* What asks for nothing, newest first. */
static int
past_rows(struct answer *a, bool *more)
{
	struct past p = { .q = a->q, .l = a->l, .limit = a->limit - json_array_size(a->list) };
	json_t *row;
	int rc;

	p.v = xcalloc(p.limit + 1, sizeof *p.v);
	rc = a->q->j->ops->each_before(a->q->j, UINT64_MAX, 0, true, past_row, &p);
	for (size_t i = 0; rc != -1 && i < p.n; i++) {
		if (full(a)) {
			p.more = true;
			break;
		}
		if ((rc = live_deeds(a->q, &p.v[i])) == 0 && (rc = make_row(a, &p.v[i], &row)) == 0 && row != NULL)
			append(a, row);
	}
	free(p.v);
	*more = p.more;
	return rc == -1 ? -1 : 0;
}

json_t *
query_inbox(struct query *q)
{
	struct answer a = { .q = q };
	int64_t limit;
	bool all, more;
	json_t *o = NULL;
	int rc;

	if (!query_get_limit(q, INBOX_DEFAULT, INBOX_MAX, &limit) || !query_get_bool(q, "all", &all))
		return NULL;
	if ((a.l = live_get(q)) == NULL)
		return query_unreadable(q);
	a.limit = (size_t)limit;
	a.list = json_array();
	rc = held_rows(&a, all);
	more = json_array_size(a.list) < (all ? a.l->attention : a.l->n);
	if (rc == 0 && all && !more)
		rc = past_rows(&a, &more);
	if (rc == -1) {
		json_decref(a.list);
		(void)query_unreadable(q);
		goto out;
	}
	o = json_object();
	query_put(o, "messages", a.list);
	query_put(o, "unsigned", json_integer((json_int_t)a.l->unsigned_));
	query_put(o, "more", json_boolean(more));
out:
	grade_cache_free(&a.gc);
	return o;
}
