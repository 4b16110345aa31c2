/*
 * The journal on SQLite: what verification reads.  Rows as they really are: nothing remembered stands in for what is on disk, and a row
 * that does not read as what it should be is a finding.
 */
#include <string.h>

#include "journal_sqlite.h"
#include "../formats/i18n.h"

/* A row that does not read as what it should be is a finding here, not a failure. */
static int
unreadable(struct q *q, struct journal_verify *v, const char *table, long long key)
{
	q->bad = false;
	return journal_bad(v, _("%s %lld: holds a value of the wrong kind"), table, key);
}

int
sq_chain_after(struct journal *base, struct journal_verify *v, const struct journal_chain *after, journal_chain_fn fn, void *ctx)
{
	struct journal_chain c, whole, last = *after;
	struct q q;
	int rc, missing, stop;

	if (q_begin(&q, base, Q_CHAIN_AFTER) != 0)
		return -1;
	q_u64(&q, last.seq);
	while ((rc = q_step(&q)) == 0) {
		missing = sq_get_chain(&q, &c);
		if (q.bad)
			stop = unreadable(&q, v, "chain", (long long)c.seq);
		else if (missing)
			stop = journal_bad(v, _("chain %llu: its message is missing"), (unsigned long long)c.seq);
		else {
			/* What is kept of the hash is that of the whole: so the whole is meant. */
			whole = c;
			journal_chain_hash(last.hash, &whole);
			if (memcmp(whole.hash, c.hash, SQ_SHORT_HASH) == 0 && c.seq % SQ_WHOLE_HASH != 0)
				memcpy(c.hash, whole.hash, DIGEST_LEN);
			last = c;
			stop = fn(ctx, &c);
		}
		if (stop != 0)
			break;
	}
	return q_end(&q, rc < 0 ? -1 : 0);
}

int
sq_scan_chain(struct journal *base, struct journal_verify *v, journal_chain_fn fn, void *ctx)
{
	static const struct journal_chain start = { .seq = 0 };

	return sq_chain_after(base, v, &start, fn, ctx);
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
		payload = sq_get_msg(&q, &m, true);
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

