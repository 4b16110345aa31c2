/*
 * Full-text search over the journal: an index that follows behind, and a look at what it does not hold yet.
 *
 * Indexing a report costs several times what storing it does, so custody does not wait for it: search_more() takes the next
 * messages when there is time, together with how far it has come (meta "search": "SEQ COUNT"), in the same transaction.  The
 * index is a sieve: a find is what formats/search.c finds in the message itself.  So it may hold too much (bytes that
 * retention let go, a message indexed twice), never too little: what is not in it is looked through.
 *
 * That look is bounded: behind a destruction, which drops the whole index, a large journal is indexed anew for up to an
 * hour, and no search may hold up custody meanwhile.  What is older than SEARCH_TAIL_MAX messages without index is not found
 * until then; search_more() tells how many have none.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sqlite3.h>

#include "journal_sqlite.h"
#include "journal_sqlite_search.h"
#include "log.h"
#include "../formats/search.h"
#include "../formats/wire.h"

#define PAGE_FIRST 64			/* candidates fetched at once */
#define PAGE_MAX 4096
#define CURSOR "search"

struct cursor {
	uint64_t seq;			/* up to here messages are indexed */
	uint64_t count;			/* so many */
};

static int
failed(struct journal *base, const char *what)
{
	struct sq *j = (struct sq *)base;

	if (!base->failed)
		log_event(LOG_LV_ERROR, "journal_failed", "op=%s code=%d error=%s", what, sqlite3_extended_errcode(j->db),
		    log_quote(sqlite3_errmsg(j->db)));
	base->failed = true;
	return -1;
}

/* ---- how far it has come ---- */

static int
cursor_get(struct journal *base, struct cursor *c)
{
	char val[64], *end;
	int rc;

	memset(c, 0, sizeof(*c));
	if ((rc = sq_meta_get(base, CURSOR, val, sizeof(val))) != 0)
		return rc < 0 ? -1 : 0;
	c->seq = strtoull(val, &end, 10);
	c->count = strtoull(end, NULL, 10);
	return 0;
}

static int
cursor_set(struct journal *base, const struct cursor *c)
{
	char val[64];

	(void)snprintf(val, sizeof(val), "%" PRIu64 " %" PRIu64, c->seq, c->count);
	return sq_meta_set(base, CURSOR, val);
}

/* ---- indexing ---- */

struct indexer {
	struct journal *base;
	sqlite3_stmt *insert;
	struct buf text, tokens;
	size_t max, taken;
	struct cursor at;
	int rc;
};

static int
index_open(struct indexer *x, struct journal *base)
{
	memset(x, 0, sizeof(*x));
	x->base = base;
	if (sqlite3_prepare_v2(((struct sq *)base)->db, "INSERT INTO find(rowid,t) VALUES(?,?)", -1, &x->insert, NULL) !=
	    SQLITE_OK)
		return failed(base, "FIND_PUT");
	return 0;
}

static int
index_close(struct indexer *x)
{
	sqlite3_finalize(x->insert);
	buf_free(&x->text);
	buf_free(&x->tokens);
	return x->base->failed ? -1 : x->rc;
}

/* What cannot be read (destroyed, let go, of a newer program) has nothing to be found by. */
static int
index_message(struct indexer *x, const struct journal_msg *m)
{
	struct fault fault;
	struct body *body;
	int rc;

	memset(&fault, 0, sizeof(fault));
	if (m->body.n == 0 || (body = wire_decode(m->body.p, m->body.n, &fault)) == NULL)
		return 0;
	buf_clear(&x->text);
	buf_clear(&x->tokens);
	search_text(body, &x->text);
	search_cut(&x->text, &x->tokens);
	body_free(body);
	if (x->tokens.n == 0)
		return 0;
	sqlite3_bind_int64(x->insert, 1, (sqlite3_int64)m->seq);
	sqlite3_bind_text64(x->insert, 2, (const char *)x->tokens.p, x->tokens.n, SQLITE_STATIC, SQLITE_UTF8);
	rc = sqlite3_step(x->insert);
	sqlite3_reset(x->insert);
	sqlite3_clear_bindings(x->insert);
	return rc == SQLITE_DONE ? 0 : failed(x->base, "FIND_PUT");
}

static int
index_next(void *ctx, const struct journal_msg *m)
{
	struct indexer *x = ctx;

	if (x->taken == x->max)
		return 1;
	if (m->local && index_message(x, m) != 0)
		return 1;
	x->at.seq = m->seq;
	x->at.count++;
	return ++x->taken == x->max;
}

/* Opens the transaction, as every first write does. */
static int
begin(struct journal *base, const struct cursor *c)
{
	return cursor_set(base, c);
}

int
sq_search_more(struct journal *base, size_t max, uint64_t *left)
{
	uint64_t all = ((const struct sq *)base)->messages;
	struct indexer x;
	struct cursor at;

	*left = 0;
	if (cursor_get(base, &at) != 0)
		return -1;
	if (max > 0 && at.count < all) {
		if (begin(base, &at) != 0)
			return -1;
		if (index_open(&x, base) == 0) {
			x.max = max;
			x.at = at;
			if (sq_each_after(base, at.seq, 0, false, index_next, &x) == 0) {
				if (x.taken < max)
					x.at.count = all;	/* there are no more */
				x.rc = cursor_set(base, &x.at);
			}
			at = x.at;
		}
		if (index_close(&x) != 0)
			return -1;
	}
	*left = at.count < all ? all - at.count : 0;
	return 0;
}

int
sq_search_localised(struct journal *base, const struct msgid *id)
{
	struct journal_msg m;
	struct indexer x;
	struct cursor at;
	int rc;

	if (cursor_get(base, &at) != 0)
		return -1;
	if ((rc = sq_get_message(base, id, &m)) != 0)
		return rc;
	if (m.seq <= at.seq) {
		if ((rc = begin(base, &at)) == 0) {
			if ((rc = index_open(&x, base)) == 0)
				x.rc = index_message(&x, &m);
			rc = index_close(&x);
		}
	}
	buf_free(&m.body);
	return rc;
}

int
sq_search_forget(struct journal *base)
{
	static const struct cursor none = { 0, 0 };

	if (begin(base, &none) != 0)
		return -1;
	if (sqlite3_exec(((struct sq *)base)->db, "INSERT INTO find(find) VALUES('delete-all')", NULL, NULL, NULL) !=
	    SQLITE_OK)
		return failed(base, "FIND_FORGET");
	return 0;
}

/* ---- searching ---- */

struct searcher {
	struct journal *base;
	const struct search_query *query;
	uint64_t before;		/* nothing from here on is looked at any more */
	uint64_t indexed;		/* up to here */
	size_t limit, found, looked;
	bool stop;
	journal_msg_fn fn;
	void *ctx;
};

/* Is it a find?  Then it is shown. */
static void
look_at(struct searcher *s, const struct journal_msg *m)
{
	if (m->local && m->body.n > 0 && search_finds_in(s->query, m->body.p, m->body.n)) {
		s->found++;
		s->stop = s->fn(s->ctx, m) != 0;
	}
	s->stop = s->stop || s->found >= s->limit;
}

static int
look_in_tail(void *ctx, const struct journal_msg *m)
{
	struct searcher *s = ctx;

	if (m->seq <= s->indexed || s->looked++ == SEARCH_TAIL_MAX)
		return 1;
	look_at(s, m);
	return s->stop;
}

/* "pair" "word" "one" *: a space is AND. */
static void
match_text(const struct search_query *q, struct buf *out)
{
	size_t i;

	for (i = 0; i < q->ntoken; i++)
		buf_printf(out, "\"%s\"%s ", q->token[i].s, q->token[i].prefix ? " *" : "");
}

/* The next candidates below s->before, newest first, at most max. */
static int
candidates(struct searcher *s, sqlite3_stmt *select, sqlite3_int64 *seq, size_t max, size_t *n)
{
	int rc = SQLITE_DONE;

	*n = 0;
	sqlite3_bind_int64(select, 2, (sqlite3_int64)(s->before - 1));
	while (*n < max && (rc = sqlite3_step(select)) == SQLITE_ROW)
		seq[(*n)++] = sqlite3_column_int64(select, 0);
	sqlite3_reset(select);
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : failed(s->base, "FIND");
}

static int
look_at_seq(struct searcher *s, uint64_t seq)
{
	uint8_t digest[DIGEST_LEN];
	struct journal_msg m;
	struct msgid id;
	int rc;

	if ((rc = sq_scan_message_at(s->base, seq, &id, digest)) != 0)
		return rc < 0 ? -1 : 0;
	if ((rc = sq_get_message(s->base, &id, &m)) == 0)
		look_at(s, &m);
	buf_free(&m.body);
	return rc < 0 || s->base->failed ? -1 : 0;
}

/* Page by page, so that nothing of the index is open while others look at a find, and may write. */
static int
look_in_index(struct searcher *s)
{
	struct buf match = { NULL, 0, 0 };
	sqlite3_stmt *select = NULL;
	sqlite3_int64 *seq;
	size_t max = PAGE_FIRST, n = max, i;
	int rc = 0;

	seq = xcalloc(PAGE_MAX, sizeof(*seq));
	match_text(s->query, &match);
	if (sqlite3_prepare_v2(((struct sq *)s->base)->db,
	    "SELECT rowid FROM find WHERE find MATCH ?1 AND rowid<=?2 ORDER BY rowid DESC", -1, &select, NULL) != SQLITE_OK)
		rc = failed(s->base, "FIND");
	else
		sqlite3_bind_text64(select, 1, (const char *)match.p, match.n, SQLITE_STATIC, SQLITE_UTF8);
	while (rc == 0 && n == max && !s->stop && s->before > 1) {
		if ((rc = candidates(s, select, seq, max, &n)) != 0)
			break;
		for (i = 0; rc == 0 && i < n && !s->stop; i++)
			rc = look_at_seq(s, (uint64_t)seq[i]);
		if (n > 0)
			s->before = (uint64_t)seq[n - 1];
		if (n == max && max < PAGE_MAX)
			n = max *= 4;
	}
	sqlite3_finalize(select);
	buf_free(&match);
	free(seq);
	return rc;
}

int
sq_search(struct journal *base, const char *query, uint64_t before, size_t limit, journal_msg_fn fn, void *ctx)
{
	struct searcher s = { .base = base, .limit = limit, .fn = fn, .ctx = ctx };
	struct search_query *q;
	struct cursor at;
	int rc = 0;

	if (base->failed || cursor_get(base, &at) != 0)
		return -1;
	if (limit == 0 || (q = search_query_new(query)) == NULL)
		return 0;
	s.query = q;
	s.indexed = at.seq;
	if (before > at.seq + 1) {
		rc = sq_each_before(base, before, 0, true, look_in_tail, &s);
		before = at.seq + 1;
	}
	s.before = before;
	if (rc == 0 && !s.stop && before > 1)
		rc = look_in_index(&s);
	search_query_free(q);
	return base->failed ? -1 : rc;
}
