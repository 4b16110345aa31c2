/*
 * The journal on SQLite: what is settled, and retention: bytes are let go, rows stay.
 *
 * Here rows of the payload table are deleted, which gives their room back, and SQLite may then lay a neighbour's page out anew
 * and leave pieces of what stood there between its rows.  The journal notes that (meta `moved`), so that a destruction by two persons
 * afterwards lays the whole file out anew (scrub, journal_sqlite.c).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "journal_sqlite.h"
#include "../formats/wire.h"

int
sq_settle(struct journal *base, const struct msgid *id, bool settled)
{
	struct q q;

	if (q_begin_write(&q, base, Q_MSG_SETTLE) != 0)
		return -1;
	q_int(&q, settled);
	q_id(&q, id);
	return q_run_changed(&q);
}

/* ---- which messages name an original ---- */

/* A body nobody here can read may name anything: it stands under the empty digest, and is looked through. */
static const uint8_t unread[1];

static int
put_name(struct journal *base, const void *digest, size_t n, uint64_t seq)
{
	struct q q;

	if (q_begin_write(&q, base, Q_NAMES_PUT) != 0)
		return -1;
	q_blob(&q, digest, n);
	q_u64(&q, seq);
	return q_run(&q);
}

int
sq_put_names(struct journal *base, const struct buf *bytes, const struct body *body, uint64_t seq)
{
	const struct value *v;
	int rc = 0;

	if (body == NULL)
		return bytes->n >= DIGEST_LEN ? put_name(base, unread, 0, seq) : 0;
	for (v = body_first(body, F_ORIGINAL); rc == 0 && v != NULL; v = body_next(body, v))
		rc = put_name(base, v->u.digest, DIGEST_LEN, seq);
	return rc;
}

static int
index_names(void *ctx, const struct journal_msg *m)
{
	struct journal *base = ctx;
	struct fault fault;
	struct body *body;
	int rc;

	memset(&fault, 0, sizeof(fault));
	body = wire_decode(m->body.p, m->body.n, &fault);
	rc = sq_put_names(base, &m->body, body, m->seq);
	body_free(body);
	return rc != 0;
}

int
sq_index_names(struct journal *base)
{
	return sq_each_after(base, 0, 0, false, index_names, base);
}

static int
drop_name(struct journal *base, const void *digest, size_t n, uint64_t seq)
{
	struct q q;

	if (q_begin_write(&q, base, Q_NAMES_DEL) != 0)
		return -1;
	q_blob(&q, digest, n);
	q_u64(&q, seq);
	return q_run(&q);
}

struct naming {
	const uint8_t *digest;
	bool found;
};

/* Of those that could not be read: are the digest's bytes in it? */
static int
look_through(struct journal *base, int64_t seq, const void *arg)
{
	struct naming *n = *(struct naming *const *)arg;
	struct journal_msg m;
	int rc;

	if ((rc = sq_message_at(base, (uint64_t)seq, &m)) == 0)
		n->found = m.body.n >= DIGEST_LEN && memmem(m.body.p, m.body.n, n->digest, DIGEST_LEN) != NULL;
	if (rc == 0)
		buf_free(&m.body);
	return rc < 0 ? -1 : n->found;
}

static int
is_named(struct journal *base, const uint8_t digest[DIGEST_LEN], bool *named)
{
	struct naming n = { digest, false }, *arg = &n;
	struct q q;
	int rc;

	if (q_begin(&q, base, Q_NAMES_OF) != 0)
		return -1;
	q_blob(&q, digest, DIGEST_LEN);
	rc = q_step(&q);
	*named = rc == 0;
	if ((rc = q_end(&q, rc < 0 ? -1 : 0)) != 0 || *named)
		return rc;
	if (q_begin(&q, base, Q_NAMES_OF) != 0)
		return -1;
	q_blob(&q, unread, 0);
	rc = q_each_key(&q, look_through, &arg);
	*named = n.found;
	return rc;
}

/* ---- retention ---- */

/* The originals this one names and no other does. */
static int
drop_originals(struct journal *base, const struct journal_msg *m)
{
	const struct value *v;
	struct fault fault;
	struct body *body;
	bool named;
	struct q q;
	int rc = 0;

	memset(&fault, 0, sizeof(fault));
	if ((body = wire_decode(m->body.p, m->body.n, &fault)) == NULL)
		return drop_name(base, unread, 0, m->seq);
	for (v = body_first(body, F_ORIGINAL); rc == 0 && v != NULL; v = body_next(body, v))
		rc = drop_name(base, v->u.digest, DIGEST_LEN, m->seq);
	for (v = body_first(body, F_ORIGINAL); rc == 0 && v != NULL; v = body_next(body, v)) {
		if ((rc = is_named(base, v->u.digest, &named)) != 0 || named)
			continue;
		if ((rc = q_begin_write(&q, base, Q_BLOB_DEL)) == 0) {
			q_blob(&q, v->u.digest, DIGEST_LEN);
			rc = q_run(&q);
		}
	}
	body_free(body);
	return rc;
}

static int
run_seq(struct journal *base, enum query n, uint64_t seq)
{
	struct q q;

	if (q_begin_write(&q, base, n) != 0)
		return -1;
	q_u64(&q, seq);
	return q_run(&q);
}

static int
let_go(struct journal *base, const struct journal_msg *m)
{
	struct q q;

	if (run_seq(base, Q_MSG_RETIRE, m->seq) != 0 || run_seq(base, Q_PAYLOAD_DEL, m->seq) != 0)
		return -1;
	if (q_begin_write(&q, base, Q_PASS_DEL) != 0)
		return -1;
	q_id(&q, &m->id);
	return q_run(&q) != 0 ? -1 : drop_originals(base, m);
}

/* Up to max candidates after `after`. */
static size_t
candidates(struct journal *base, uint64_t after, int64_t before, size_t max, uint64_t *v, int *rc)
{
	size_t n = 0;
	struct q q;

	if ((*rc = q_begin(&q, base, Q_MSG_OLD)) != 0)
		return 0;
	q_u64(&q, after);
	q_int(&q, before);
	q_int(&q, (int64_t)max);
	while ((*rc = q_step(&q)) == 0 && n < max)
		v[n++] = q_get_u64(&q);
	*rc = q_end(&q, *rc < 0 ? -1 : 0);
	return n;
}

int
sq_retire(struct journal *base, int64_t ms, int64_t before, size_t max, size_t *n)
{
	enum { STEP = 64 };
	struct sq *j = (struct sq *)base;
	uint64_t at[STEP], after = 0, first = 0, last = 0;
	struct buf digests = { NULL, 0, 0 };
	uint8_t digest[DIGEST_LEN];
	struct journal_msg m;
	size_t got = 1, i;
	char ref[96];
	int rc = 0;

	*n = 0;
	while (rc == 0 && *n < max && got > 0) {
		got = candidates(base, after, before, max - *n < STEP ? max - *n : STEP, at, &rc);
		for (i = 0; i < got && rc == 0; i++) {
			after = at[i];
			if ((rc = sq_message_at(base, at[i], &m)) != 0) {
				rc = rc < 0 ? -1 : 0;
				continue;
			}
			/* What is damaged stays for verification to name, whatever its age. */
			if (!m.destroyed && !m.damaged && (rc = let_go(base, &m)) == 0) {
				buf_put(&digests, m.digest, DIGEST_LEN);
				first = first == 0 ? m.seq : first;
				last = m.seq;
				(*n)++;
			}
			buf_free(&m.body);
		}
	}
	if (rc == 0 && *n > 0) {
		digest_of(digests.p, digests.n, digest);
		(void)snprintf(ref, sizeof(ref), "%llu-%llu %zu", (unsigned long long)first, (unsigned long long)last, *n);
		rc = sq_chain_add(base, ms, CHAIN_RETIRED, ref, "retention", digest);
		if (rc == 0)
			rc = sq_meta_set(base, SQ_META_MOVED, "1");
		j->wiped++;
		journal_drop_memo(base);
	}
	buf_free(&digests);
	return rc;
}
