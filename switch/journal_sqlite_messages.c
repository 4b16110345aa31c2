/*
 * The journal on SQLite: meta, the chain, messages.  Messages never change, so walks fetch
 * them a page at a time between statements; a callback may read and write the journal as it likes.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sodium.h>

#include "journal_sqlite.h"

#if __has_include("journal_sqlite_search.h")
#include "journal_sqlite_search.h"
#define SEARCHES 1
#endif
#include "../formats/i18n.h"
#include "../formats/wire.h"

#define BODY_MAX_STORED SQ_UNPACKED_MAX
#define PAGE_ROWS 32			/* messages fetched at a time */

/* ---- meta ---- */

int
sq_meta_get(struct journal *base, const char *key, char *val, size_t size)
{
	struct q q;
	int rc;

	if (q_begin(&q, base, Q_META_GET) != 0)
		return -1;
	q_text(&q, key);
	if ((rc = q_step(&q)) == 0)
		q_get_text(&q, val, size);
	return q_end(&q, rc);
}

int
sq_meta_set(struct journal *base, const char *key, const char *val)
{
	struct q q;

	if (q_begin_write(&q, base, Q_META_SET) != 0)
		return -1;
	q_text(&q, key);
	q_text(&q, val);
	return q_run(&q);
}

/* ---- chain ---- */

static void
get_hash(struct q *q, struct journal_chain *c)
{
	struct buf *b = &q->j->packed;

	q_get_buf(q, b);
	if (b->n != DIGEST_LEN && (b->n != SQ_SHORT_HASH || c->seq % SQ_WHOLE_HASH == 0))
		q->bad = true;
	else
		memcpy(c->hash, b->p, b->n);
}

int
sq_get_chain(struct q *q, struct journal_chain *c)
{
	struct msgid id;
	bool derived, text, timed;
	int64_t stored;
	int rc = 0;

	memset(c, 0, sizeof(*c));
	c->seq = q_get_u64(q);
	timed = !q_is_null(q);
	if (timed)
		c->ms = q_get_int(q);
	else
		q_skip(q);
	c->what = q_get_small(q);
	derived = q_is_null(q);
	if (derived && c->what == CHAIN_STORED) {
		q_skip(q);
		q_skip(q);
		q_skip(q);
		get_hash(q, c);
		if (!q_get_bool(q))
			return 1;
		stored = q_get_int(q);
		c->ms = timed ? c->ms : stored;
		q_get_id(q, &id);
		q_get_name(q, c->who, sizeof(c->who));
		q_get_digest(q, c->digest);
		(void)msgid_format(&id, c->ref, sizeof(c->ref));
		return 0;
	}
	if (derived || !timed)
		q->bad = true;
	text = q_is_text(q);
	if (text)
		q_get_text(q, c->ref, sizeof(c->ref));
	else
		q_get_buf(q, &q->j->stored);
	q_get_name(q, c->who, sizeof(c->who));
	if (q_is_null(q))
		q_skip(q);
	else
		q_get_digest(q, c->digest);
	get_hash(q, c);
	if (!text) {
		rc = sq_ref_unpack(q->j, q->j->stored.p, q->j->stored.n, c->who, c->ref, sizeof(c->ref));
		q->bad = q->bad || rc != 0;
	}
	return 0;
}

/* What the message's row at the same position says is not said again. */
static int
put_chain(struct journal *base, const struct journal_chain *c, bool derived)
{
	static const uint8_t zero[DIGEST_LEN];
	struct sq *j = (struct sq *)base;
	struct q q;

	assert(c->seq > 0 && c->seq < INT64_MAX);
	if (!derived && sq_ref_pack(j, c->ref, c->who, &j->packed) != 0)
		return -1;
	if (q_begin_write(&q, base, Q_CHAIN_PUT) != 0)
		return -1;
	q_u64(&q, c->seq);
	if (derived)
		q_null(&q);
	else
		q_int(&q, c->ms);
	q_int(&q, c->what);
	if (derived) {
		q_null(&q);
		q_null(&q);
		q_null(&q);
	} else {
		if (j->packed.n > 0)
			q_blob(&q, j->packed.p, j->packed.n);
		else
			q_text(&q, c->ref);
		q_name_put(&q, c->who);
		if (memcmp(c->digest, zero, DIGEST_LEN) == 0)
			q_null(&q);
		else
			q_blob(&q, c->digest, DIGEST_LEN);
	}
	q_blob(&q, c->hash, c->seq % SQ_WHOLE_HASH == 0 ? DIGEST_LEN : SQ_SHORT_HASH);
	if (q_run(&q) != 0)
		return -1;
	j->last = *c;
	j->head_moved = true;
	return 0;
}

int
sq_chain_add(struct journal *base, int64_t ms, int what, const char *ref, const char *who, const uint8_t *digest)
{
	struct sq *j = (struct sq *)base;
	struct journal_chain c;
	struct q q;

	/* The transaction first: a new name is part of it. */
	if (q_begin_write(&q, base, Q_CHAIN_PUT) != 0 || q_end(&q, 0) != 0)
		return -1;
	journal_chain_next(&j->last, ms, what, ref, who, digest, &c);
	return put_chain(base, &c, false);
}

uint64_t
sq_chain_seq(struct journal *base)
{
	return ((struct sq *)base)->last.seq;
}

/* ---- bodies put last ---- */

static struct sq_fresh *
fresh_at(const struct sq *j, uint64_t seq)
{
	return j->fresh != NULL && j->fresh[seq % SQ_FRESH].seq == seq ? &j->fresh[seq % SQ_FRESH] : NULL;
}

static void
fresh_put(struct sq *j, const struct journal_msg *m)
{
	struct sq_fresh *f;

	if (j->fresh == NULL)
		j->fresh = xcalloc(SQ_FRESH, sizeof(*j->fresh));
	f = &j->fresh[m->seq % SQ_FRESH];
	buf_clear(&f->body);
	f->seq = m->body.n > 0 && m->body.n <= SQ_FRESH_MOST ? m->seq : 0;
	if (f->seq != 0)
		buf_put(&f->body, m->body.p, m->body.n);
	j->fresh_id = m->id;
}

void
sq_fresh_free(struct sq *j)
{
	size_t i;

	for (i = 0; j->fresh != NULL && i < SQ_FRESH; i++) {
		if (j->fresh[i].body.p != NULL)
			sodium_memzero(j->fresh[i].body.p, j->fresh[i].body.cap);	/* it may be what was destroyed */
		buf_free(&j->fresh[i].body);
	}
	free(j->fresh);
	j->fresh = NULL;
}

/* ---- messages ---- */

enum payload_state
sq_get_msg(struct q *q, struct journal_msg *m, bool proven)
{
	const struct sq_fresh *fresh;
	struct buf *stored = &q->j->stored;
	enum payload_state payload;
	bool gone, row, blob;

	m->seq = q_get_u64(q);
	q_get_id(q, &m->id);
	q_get_id(q, &m->incident);
	m->kind = q_get_small(q);
	m->precedence = q_get_small(q);
	m->stored = q_get_int(q);
	q_get_name(q, m->from, sizeof(m->from));
	m->local = q_get_bool(q);
	q_get_digest(q, m->digest);
	m->quiet = q_get_bool(q);
	m->settled = q_get_bool(q);
	m->retired = q_get_bool(q);
	gone = q_is_null(q);
	blob = q_is_blob(q);
	if (!proven && !gone && (fresh = fresh_at(q->j, m->seq)) != NULL) {
		buf_clear(&m->body);
		buf_put(&m->body, fresh->body.p, fresh->body.n);
		return PAYLOAD_HERE;
	}
	q_get_buf(q, stored);
	row = q_get_bool(q);
	buf_clear(&m->body);
	if (gone)
		return row ? PAYLOAD_DESTROYED : PAYLOAD_MISSING;
	if (q->bad)
		return PAYLOAD_HERE;
	if (blob && sq_unpack(q->j, stored->p, stored->n, BODY_MAX_STORED, &m->body) == 0 &&
	    journal_payload(m->body.p, m->body.n, m->digest) == PAYLOAD_HERE)
		return PAYLOAD_HERE;
	payload = journal_payload(stored->p, stored->n, m->digest);
	return payload == PAYLOAD_HERE ? PAYLOAD_DAMAGED : payload;
}

/* The row as readers get it. */
static void
show_msg(struct q *q, struct journal_msg *m)
{
	enum payload_state payload = sq_get_msg(q, m, false);

	if (!q->bad)
		journal_show(&q->j->base, m, payload);
}

static int
put_ref(struct journal *base, const struct msgid *ref, uint64_t seq)
{
	struct q q;

	if (q_begin_write(&q, base, Q_REF_PUT) != 0)
		return -1;
	q_id_put(&q, ref);
	q_u64(&q, seq);
	return q_run(&q);
}

int
sq_put_message(struct journal *base, struct journal_msg *m)
{
	struct sq *j = (struct sq *)base;
	uint64_t seq = j->last.seq + 1;
	struct msgid *refs = NULL;
	const struct body *body = m->decoded;
	struct body *own = NULL;
	struct fault fault;
	char text[MSGID_TEXT_MAX];
	struct journal_chain c;
	size_t nrefs, i;
	struct q q;
	int rc;

	journal_msg_assert(m);
	if (body == NULL) {
		memset(&fault, 0, sizeof(fault));
		body = own = wire_decode(m->body.p, m->body.n, &fault);
	}
	nrefs = journal_refs_of(body, &refs, &m->quiet);
	if (q_begin_write(&q, base, Q_MSG_PUT) != 0) {
		rc = -1;
		goto out;
	}
	q_u64(&q, seq);
	q_id_put(&q, &m->id);
	if (msgid_is_set(&m->incident))
		q_id_put(&q, &m->incident);
	else {
		q_int(&q, 0);
		q_int(&q, 0);
	}
	q_int(&q, m->kind);
	q_int(&q, m->precedence);
	q_int(&q, m->stored);
	q_name_put(&q, m->from);
	q_int(&q, m->local);
	q_blob(&q, m->digest, DIGEST_LEN);
	q_int(&q, m->quiet);
	if ((rc = q_run_changed(&q)) != 0)
		goto out;
	rc = -1;
	(void)msgid_format(&m->id, text, sizeof(text));
	journal_chain_next(&j->last, m->stored, CHAIN_STORED, text, m->who != NULL ? m->who : m->from, m->digest, &c);
	assert(c.seq == seq);
	if (put_chain(base, &c, m->who == NULL) != 0)
		goto out;
	sq_pack(j, m->body.p, m->body.n, &j->packed);
	if (q_begin_write(&q, base, Q_PAYLOAD_PUT) != 0)
		goto out;
	q_u64(&q, seq);
	q_blob(&q, j->packed.p, j->packed.n);
	if (q_run(&q) != 0)
		goto out;
	for (i = 0; i < nrefs; i++)
		if (put_ref(base, &refs[i], seq) != 0)
			goto out;
	if (sq_put_names(base, &m->body, body, seq) != 0)
		goto out;
	m->seq = seq;
	fresh_put(j, m);
	j->messages++;
	rc = 0;
out:
	body_free(own);
	free(refs);
	return rc;
}

int
sq_get_message(struct journal *base, const struct msgid *id, struct journal_msg *out)
{
	struct q q;
	int rc;

	if (out != NULL)
		memset(out, 0, sizeof(*out));
	if (q_begin(&q, base, out != NULL ? Q_MSG_GET : Q_MSG_HAS) != 0)
		return -1;
	q_id(&q, id);
	if ((rc = q_step(&q)) == 0 && out != NULL)
		show_msg(&q, out);
	if ((rc = q_end(&q, rc)) != 0 && out != NULL)
		buf_free(&out->body);
	return rc;
}

int
sq_message_at(struct journal *base, uint64_t seq, struct journal_msg *out)
{
	struct q q;
	int rc;

	memset(out, 0, sizeof(*out));
	if (q_begin(&q, base, Q_MSG_SEQ) != 0)
		return -1;
	q_u64(&q, seq);
	if ((rc = q_step(&q)) == 0)
		show_msg(&q, out);
	if ((rc = q_end(&q, rc)) != 0)
		buf_free(&out->body);
	return rc;
}

int
sq_set_local(struct journal *base, const struct msgid *id)
{
	struct q q;
	int rc;

	if (q_begin_write(&q, base, Q_MSG_LOCAL) != 0)
		return -1;
	q_id(&q, id);
	if ((rc = q_run_changed(&q)) == 0)
		journal_localised(base, id);
#ifdef SEARCHES
	if (rc == 0)
		rc = sq_search_localised(base, id);
#endif
	return rc;
}

/* A walk over messages, seq in (lo, hi]. */
struct walk {
	enum query query;
	const struct msgid *id;		/* bound first, unless NULL */
	int kind;			/* bound first, unless 0 */
	uint64_t lo, hi;
	bool down, local;
};

static int
walk_page(struct journal *base, const struct walk *w, struct journal_msg *rows, size_t *n)
{
	struct q q;
	int rc;

	*n = 0;
	if (q_begin(&q, base, w->query) != 0)
		return -1;
	if (w->id != NULL)
		q_id(&q, w->id);
	if (w->kind != 0)
		q_int(&q, w->kind);
	q_u64(&q, w->lo);
	q_u64(&q, w->hi);
	q_int(&q, w->local);
	q_int(&q, PAGE_ROWS);
	while ((rc = q_step(&q)) == 0) {
		assert(*n < PAGE_ROWS);
		show_msg(&q, &rows[(*n)++]);
	}
	return q_end(&q, rc < 0 ? -1 : 0);
}

static int
walk_messages(struct journal *base, struct walk w, journal_msg_fn fn, void *ctx)
{
	struct journal_msg *rows = xcalloc(PAGE_ROWS, sizeof(*rows));
	uint64_t end = sq_chain_seq(base);	/* what a callback adds is not visited */
	uint64_t wiped = 0;
	size_t n = PAGE_ROWS, i, seen;
	struct msgid id;
	int rc = 0, stop = 0;

	if (w.id != NULL) {
		id = *w.id;	/* the caller's may lie in what the callback changes */
		w.id = &id;
	}
	if (w.hi > end)
		w.hi = end;
	while (rc == 0 && !stop && n == PAGE_ROWS && w.lo < w.hi) {
		if ((rc = walk_page(base, &w, rows, &n)) != 0)
			break;
		wiped = ((const struct sq *)base)->wiped;
		for (seen = 0; seen < n && !stop && ((const struct sq *)base)->wiped == wiped;)
			stop = fn(ctx, &rows[seen++]);
		if (seen > 0 && w.down)
			w.hi = rows[seen - 1].seq - 1;
		else if (seen > 0)
			w.lo = rows[seen - 1].seq;
		if (seen < n)	/* stopped, or the rest is to be read again: one of them may be destroyed */
			n = PAGE_ROWS;
	}
	for (i = 0; i < PAGE_ROWS; i++)
		buf_free(&rows[i].body);
	free(rows);
	return base->failed ? -1 : rc;
}

int
sq_each_of_incident(struct journal *base, const struct msgid *id, journal_msg_fn fn, void *ctx)
{
	return walk_messages(base, (struct walk) { .query = Q_MSG_INCIDENT, .id = id, .hi = UINT64_MAX }, fn, ctx);
}

int
sq_each_referring(struct journal *base, const struct msgid *id, journal_msg_fn fn, void *ctx)
{
	return walk_messages(base, (struct walk) { .query = Q_MSG_REFERRING, .id = id, .hi = UINT64_MAX }, fn, ctx);
}

/* Kinds no index is kept of: a walk over all meets hardly anything else. */
static bool
is_many(int kind)
{
	return kind == KIND_REPORT || kind == KIND_RECEIPT;
}

int
sq_each_after(struct journal *base, uint64_t after, int kind, bool local, journal_msg_fn fn, void *ctx)
{
	return walk_messages(base, (struct walk) { .query = kind == 0 ? Q_MSG_AFTER :
	    is_many(kind) ? Q_MSG_AFTER_MANY : Q_MSG_AFTER_KIND, .kind = kind,
	    .lo = after, .hi = UINT64_MAX, .local = local }, fn, ctx);
}

int
sq_each_loud(struct journal *base, uint64_t after, journal_msg_fn fn, void *ctx)
{
	return walk_messages(base, (struct walk) { .query = Q_MSG_LOUD, .lo = after, .hi = UINT64_MAX, .local = true },
	    fn, ctx);
}

int
sq_each_before(struct journal *base, uint64_t before, int kind, bool local, journal_msg_fn fn, void *ctx)
{
	return walk_messages(base, (struct walk) { .query = kind == 0 ? Q_MSG_BEFORE :
	    is_many(kind) ? Q_MSG_BEFORE_MANY : Q_MSG_BEFORE_KIND, .kind = kind,
	    .hi = before > 0 ? before - 1 : 0, .down = true, .local = local }, fn, ctx);
}

/* ---- destruction ---- */

int
sq_wipe_message(struct journal *base, const struct journal_msg *m)
{
	struct sq *j = (struct sq *)base;
	struct q q;
	int rc;

	if (q_begin_write(&q, base, Q_PAYLOAD_WIPE) != 0)
		return -1;
	q_u64(&q, m->seq);
	if ((rc = q_run_changed(&q)) == 1) {	/* its row was missing */
		if (q_begin_write(&q, base, Q_PAYLOAD_NONE) != 0)
			return -1;
		q_u64(&q, m->seq);
		rc = q_run(&q);
	}
	sq_fresh_free(j);
	j->wiped++;
	j->scrub_all = true;
	return rc;
}

int
sq_destroy(struct journal *base, int64_t ms, const struct msgid *id, const char *first, const char *second,
    const char *why)
{
	static const struct journal_eraser eraser = { &journal_sqlite_scan, sq_wipe_message, sq_wipe_blob };

	int rc = journal_destroy(base, &eraser, ms, id, first, second, why);

#ifdef SEARCHES
	if (rc == 0)
		rc = sq_search_forget(base);
#endif
	return rc;
}
