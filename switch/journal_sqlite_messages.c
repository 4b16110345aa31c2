/*
 * The journal on SQLite: meta, the chain, messages, and what verification reads.  Messages never change, so walks fetch
 * them a page at a time between statements; a callback may read and write the journal as it likes.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "journal_sqlite.h"
#include "../formats/i18n.h"

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
get_chain(struct q *q, struct journal_chain *c)
{
	memset(c, 0, sizeof(*c));
	c->seq = q_get_u64(q);
	c->ms = q_get_int(q);
	c->what = q_get_small(q);
	q_get_text(q, c->ref, sizeof(c->ref));
	q_get_text(q, c->who, sizeof(c->who));
	q_get_digest(q, c->digest);
	q_get_digest(q, c->hash);
}

int
sq_chain_add(struct journal *base, int64_t ms, int what, const char *ref, const char *who, const uint8_t *digest)
{
	struct sq *j = (struct sq *)base;
	struct journal_chain c;
	struct q q;

	if (q_begin_write(&q, base, Q_CHAIN_PUT) != 0)
		return -1;
	journal_chain_next(&j->last, ms, what, ref, who, digest, &c);
	assert(c.seq > 0 && c.seq < INT64_MAX);
	q_u64(&q, c.seq);
	q_int(&q, c.ms);
	q_int(&q, c.what);
	q_text(&q, c.ref);
	q_text(&q, c.who);
	q_blob(&q, c.digest, DIGEST_LEN);
	q_blob(&q, c.hash, DIGEST_LEN);
	if (q_run(&q) != 0)
		return -1;
	j->last = c;
	j->head_moved = true;
	return 0;
}

uint64_t
sq_chain_seq(struct journal *base)
{
	return ((struct sq *)base)->last.seq;
}

/* ---- messages ---- */

static enum payload_state
get_msg(struct q *q, struct journal_msg *m)
{
	bool gone, row;

	m->seq = q_get_u64(q);
	q_get_id(q, &m->id);
	q_get_id(q, &m->incident);
	m->kind = q_get_small(q);
	m->precedence = q_get_small(q);
	m->stored = q_get_int(q);
	q_get_text(q, m->from, sizeof(m->from));
	m->local = q_get_bool(q);
	q_get_digest(q, m->digest);
	m->quiet = q_get_bool(q);
	gone = q_is_null(q);
	q_get_buf(q, &m->body);
	row = q_get_bool(q);
	if (gone)
		return row ? PAYLOAD_DESTROYED : PAYLOAD_MISSING;
	return q->bad ? PAYLOAD_HERE : journal_payload(m->body.p, m->body.n, m->digest);
}

/* The row as readers get it. */
static void
show_msg(struct q *q, struct journal_msg *m)
{
	enum payload_state payload = get_msg(q, m);

	if (!q->bad)
		journal_show(&q->j->base, m, payload);
}

static int
put_ref(struct journal *base, const struct msgid *ref, uint64_t seq)
{
	struct q q;

	if (q_begin_write(&q, base, Q_REF_PUT) != 0)
		return -1;
	q_id(&q, ref);
	q_u64(&q, seq);
	return q_run(&q);
}

int
sq_put_message(struct journal *base, struct journal_msg *m)
{
	struct sq *j = (struct sq *)base;
	uint64_t seq = j->last.seq + 1;
	struct msgid *refs = NULL;
	char text[MSGID_TEXT_MAX];
	size_t nrefs, i;
	struct q q;
	int rc;

	journal_msg_assert(m);
	nrefs = journal_refs(&m->body, &refs, &m->quiet);
	if (q_begin_write(&q, base, Q_MSG_PUT) != 0) {
		free(refs);
		return -1;
	}
	q_u64(&q, seq);
	q_id(&q, &m->id);
	q_id(&q, &m->incident);
	q_int(&q, m->kind);
	q_int(&q, m->precedence);
	q_int(&q, m->stored);
	q_text(&q, m->from);
	q_int(&q, m->local);
	q_blob(&q, m->digest, DIGEST_LEN);
	q_int(&q, m->quiet);
	if ((rc = q_run_changed(&q)) != 0)
		goto out;
	rc = -1;
	(void)msgid_format(&m->id, text, sizeof(text));
	if (sq_chain_add(base, m->stored, CHAIN_STORED, text, m->from, m->digest) != 0)
		goto out;
	assert(j->last.seq == seq);
	if (q_begin_write(&q, base, Q_PAYLOAD_PUT) != 0)
		goto out;
	q_u64(&q, seq);
	q_blob(&q, m->body.p, m->body.n);
	if (q_run(&q) != 0)
		goto out;
	for (i = 0; i < nrefs; i++)
		if (put_ref(base, &refs[i], seq) != 0)
			goto out;
	m->seq = seq;
	j->messages++;
	rc = 0;
out:
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
sq_set_local(struct journal *base, const struct msgid *id)
{
	struct q q;
	int rc;

	if (q_begin_write(&q, base, Q_MSG_LOCAL) != 0)
		return -1;
	q_id(&q, id);
	if ((rc = q_run_changed(&q)) == 0)
		journal_localised(base, id);
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

int
sq_each_after(struct journal *base, uint64_t after, int kind, bool local, journal_msg_fn fn, void *ctx)
{
	return walk_messages(base, (struct walk) { .query = kind != 0 ? Q_MSG_AFTER_KIND : Q_MSG_AFTER, .kind = kind,
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
	return walk_messages(base, (struct walk) { .query = kind != 0 ? Q_MSG_BEFORE_KIND : Q_MSG_BEFORE, .kind = kind,
	    .hi = before > 0 ? before - 1 : 0, .down = true, .local = local }, fn, ctx);
}

/* ---- destruction ---- */

static int
wipe_message(struct journal *base, const struct journal_msg *m)
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
	j->wiped++;
	j->scrub_all = true;
	return rc;
}

int
sq_destroy(struct journal *base, int64_t ms, const struct msgid *id, const char *first, const char *second,
    const char *why)
{
	static const struct journal_eraser eraser = { &journal_sqlite_scan, wipe_message, sq_wipe_blob };

	return journal_destroy(base, &eraser, ms, id, first, second, why);
}

/* ---- what verification reads ---- */

/* A row that does not read as what it should be is a finding here, not a failure. */
static int
unreadable(struct q *q, struct journal_verify *v, const char *table, long long key)
{
	q->bad = false;
	return journal_bad(v, _("%s %lld: holds a value of the wrong kind"), table, key);
}

int
sq_scan_chain(struct journal *base, struct journal_verify *v, journal_chain_fn fn, void *ctx)
{
	struct journal_chain c;
	struct q q;
	int rc;

	if (q_begin(&q, base, Q_CHAIN_ALL) != 0)
		return -1;
	while ((rc = q_step(&q)) == 0) {
		get_chain(&q, &c);
		if ((q.bad ? unreadable(&q, v, "chain", (long long)c.seq) : fn(ctx, &c)) != 0)
			break;
	}
	return q_end(&q, rc < 0 ? -1 : 0);
}

int
sq_scan_messages(struct journal *base, struct journal_verify *v, journal_payload_fn fn, void *ctx)
{
	enum payload_state payload;
	struct journal_msg m;
	struct q q;
	int rc;

	memset(&m, 0, sizeof(m));
	if (q_begin(&q, base, Q_MSG_ALL) != 0)
		return -1;
	while ((rc = q_step(&q)) == 0) {
		payload = get_msg(&q, &m);
		if ((q.bad ? unreadable(&q, v, "message", (long long)m.seq) : fn(ctx, &m, payload)) != 0)
			break;
	}
	buf_free(&m.body);
	return q_end(&q, rc < 0 ? -1 : 0);
}

int
sq_scan_blobs(struct journal *base, struct journal_verify *v, journal_blob_fn fn, void *ctx)
{
	struct buf bytes = { NULL, 0, 0 };
	uint8_t digest[DIGEST_LEN];
	struct q q;
	int rc;

	if (q_begin(&q, base, Q_BLOB_ALL) != 0)
		return -1;
	while ((rc = q_step(&q)) == 0) {
		q_get_digest(&q, digest);
		q_get_buf(&q, &bytes);
		if ((q.bad ? unreadable(&q, v, "blob", 0) : fn(ctx, digest, bytes.p, bytes.n)) != 0)
			break;
	}
	buf_free(&bytes);
	return q_end(&q, rc < 0 ? -1 : 0);
}

int
sq_scan_message_at(struct journal *base, uint64_t seq, struct msgid *id, uint8_t digest[DIGEST_LEN])
{
	struct q q;
	int rc;

	if (q_begin(&q, base, Q_MSG_AT) != 0)
		return -1;
	q_int(&q, (int64_t)seq);
	if ((rc = q_step(&q)) == 0) {
		q_get_id(&q, id);
		q_get_digest(&q, digest);
		q.bad = false;	/* what was not read cannot be equal */
	}
	return q_end(&q, rc);
}

int
sq_scan_quarantine_at(struct journal *base, uint64_t seq, struct buf *out)
{
	struct q q;
	int rc;

	if (q_begin(&q, base, Q_QUAR_AT) != 0)
		return -1;
	q_int(&q, (int64_t)seq);
	if ((rc = q_step(&q)) == 0)
		q_get_buf(&q, out);
	return q_end(&q, rc);
}

int
sq_scan_has_ref(struct journal *base, const struct msgid *ref, uint64_t seq)
{
	struct q q;

	if (q_begin(&q, base, Q_REF_HAS) != 0)
		return -1;
	q_id(&q, ref);
	q_u64(&q, seq);
	return q_end(&q, q_step(&q));
}

int
sq_scan_counts(struct journal *base, uint64_t *deliveries, uint64_t *outbox)
{
	return q_count(base, Q_DLV_COUNT, deliveries) == 0 ? q_count(base, Q_OUT_COUNT, outbox) : -1;
}

