/*
 * Search: messages of this station by their text, newest first, with the text around the find.
 */
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "../formats/i18n.h"
#include "../formats/search.h"
#include "query_int.h"

#define SEARCH_DEFAULT 50
#define SEARCH_LIMIT 500
#define SEARCH_AROUND 24		/* characters either side of a find */
#define COLLECT_BYTES (8u << 20)	/* message bytes held while the list is made */

struct finds {
	struct journal_msg *v;		/* with copies of the bodies */
	size_t n, cap, limit, bytes;
	bool more;
};

static int
collect(void *ctx, const struct journal_msg *m)
{
	struct finds *fs = ctx;
	struct journal_msg *c;

	if (fs->n == fs->limit || (fs->n > 0 && fs->bytes + m->body.n > COLLECT_BYTES)) {
		fs->more = true;
		return 1;
	}
	if (fs->n == fs->cap) {
		fs->cap = fs->cap == 0 ? 64 : fs->cap * 2;
		fs->v = xreallocarray(fs->v, fs->cap, sizeof *fs->v);
	}
	c = &fs->v[fs->n++];
	*c = *m;
	memset(&c->body, 0, sizeof c->body);
	buf_put(&c->body, m->body.p, m->body.n);
	fs->bytes += m->body.n;
	return 0;
}

/* A row as of `list`, and the text. */
static json_t *
find_json(struct query *q, const struct search_query *terms, const struct journal_msg *m)
{
	struct body *b = query_decode(m);
	json_t *o = json_object(), *to = json_array();
	struct buf text = { 0 };
	char digest[2 * DIGEST_LEN + 1];

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
		json_t *code = json_string(v->u.text.s);

		if (code != NULL)
			(void)json_array_append_new(to, code);
	}
	query_put(o, "to", to);
	if (b != NULL)
		query_title(q, b, QUERY_TITLE, &text);
	query_put_text(o, "title", buf_cstr(&text));
	buf_clear(&text);
	if (b != NULL)
		search_around(terms, b, SEARCH_AROUND, &text);
	query_put_text(o, "text", buf_cstr(&text));
	buf_free(&text);
	body_free(b);
	return o;
}

json_t *
query_search(struct query *q)
{
	struct finds fs = { 0 };
	struct search_query *terms = NULL;
	int64_t before, limit;
	const char *text;
	uint64_t left = 0;
	json_t *o = NULL, *list;

	if (!query_get_text(q, "text", true, &text) || !query_get_int(q, "before", INT64_MAX, 0, INT64_MAX, &before) ||
	    !query_get_limit(q, SEARCH_DEFAULT, SEARCH_LIMIT, &limit))
		return NULL;
	if (strlen(text) > SEARCH_QUERY_MAX)
		(void)fault_set(q->f, EX_DATAERR, "text", _("is longer than %d bytes"), SEARCH_QUERY_MAX);
	else if ((terms = search_query_new(text)) == NULL)
		(void)fault_set(q->f, EX_DATAERR, "text", _("there is no word in it to look for"));
	if (terms == NULL)
		return NULL;
	fs.limit = (size_t)limit;
	/* One more than is shown tells whether there is more. */
	if (q->j->ops->search_more(q->j, 0, &left) != 0 ||
	    q->j->ops->search(q->j, text, (uint64_t)before, fs.limit + 1, collect, &fs) != 0) {
		(void)query_unreadable(q);
		goto out;
	}
	list = json_array();
	for (size_t i = 0; i < fs.n; i++)
		(void)json_array_append_new(list, find_json(q, terms, &fs.v[i]));
	o = json_object();
	query_put(o, "messages", list);
	query_put(o, "more", json_boolean(fs.more));
	query_put(o, "unindexed", json_integer((json_int_t)left));
	query_put(o, "unsearched", json_integer((json_int_t)(left > SEARCH_TAIL_MAX ? left - SEARCH_TAIL_MAX : 0)));
out:
	for (size_t i = 0; i < fs.n; i++)
		buf_free(&fs.v[i].body);
	free(fs.v);
	search_query_free(terms);
	return o;
}
