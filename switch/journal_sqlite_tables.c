/*
 * The journal on SQLite: the tables beside the chain, which do change: deliveries, outbox, requests, drafts,
 * incidents, foreign ids, blobs, quarantine.  Walks collect the keys first and read each row when its turn comes; one
 * gone by then is skipped.
 */
#include <stdlib.h>
#include <string.h>

#include "journal_sqlite.h"
#include "log.h"

/* ---- instants kept as what they are after another: small, and 0 (not yet) is NULL ---- */

static int64_t
plus(int64_t a, int64_t b)
{
	return (int64_t)((uint64_t)a + (uint64_t)b);
}

static int64_t
minus(int64_t a, int64_t b)
{
	return (int64_t)((uint64_t)a - (uint64_t)b);
}

void
q_after(struct q *q, int64_t v, int64_t base)
{
	if (v == 0)
		q_null(q);
	else
		q_int(q, minus(v, base));
}

int64_t
q_get_after(struct q *q, int64_t base)
{
	if (!q_is_null(q))
		return plus(q_get_int(q), base);
	q_skip(q);
	return 0;
}

/* ---- deliveries ---- */

static void
get_delivery(struct q *q, struct journal_delivery *d)
{
	memset(d, 0, sizeof(*d));
	q_get_id(q, &d->id);
	q_get_name(q, d->to, sizeof(d->to));
	d->state = q_get_small(q);
	d->since = q_get_int(q);
	d->offered = q_get_int(q);
	d->since = plus(d->since, d->offered);
	d->delivered = q_get_after(q, d->offered);
	d->read = q_get_after(q, d->offered);
	d->signed_ = q_get_after(q, d->offered);
	d->taken = q_get_after(q, d->offered);
	q_get_text(q, d->person, sizeof(d->person));
}

int
sq_delivery_put(struct journal *base, const struct journal_delivery *d)
{
	struct q q;

	if (q_begin_write(&q, base, Q_DLV_PUT) != 0)
		return -1;
	q_id_put(&q, &d->id);
	q_name_put(&q, d->to);
	q_int(&q, d->state);
	q_int(&q, minus(d->since, d->offered));
	q_int(&q, d->offered);
	q_after(&q, d->delivered, d->offered);
	q_after(&q, d->read, d->offered);
	q_after(&q, d->signed_, d->offered);
	q_after(&q, d->taken, d->offered);
	q_text(&q, d->person);
	return q_run(&q);
}

int
sq_delivery_get(struct journal *base, const struct msgid *id, const char *to, struct journal_delivery *d)
{
	struct q q;
	int rc;

	if (q_begin(&q, base, Q_DLV_GET) != 0)
		return -1;
	q_id(&q, id);
	q_name(&q, to);
	if ((rc = q_step(&q)) == 0)
		get_delivery(&q, d);
	return q_end(&q, rc);
}

struct delivery_visit {
	journal_delivery_fn fn;
	void *ctx;
	bool open;		/* only while still open and offered before `before` */
	int64_t before;
};

static int
visit_delivery(struct journal *base, int64_t key, const void *arg)
{
	const struct delivery_visit *v = arg;
	struct journal_delivery d;
	struct q q;
	int rc;

	if (q_begin(&q, base, Q_DLV_AT) != 0)
		return -1;
	q_int(&q, key);
	if ((rc = q_step(&q)) == 0)
		get_delivery(&q, &d);
	if ((rc = q_end(&q, rc)) != 0)
		return rc < 0 ? -1 : 0;
	if (v->open && (!journal_delivery_is_open(&d) || d.offered >= v->before))
		return 0;
	return v->fn(v->ctx, &d) != 0;
}

int
sq_delivery_each(struct journal *base, const struct msgid *id, journal_delivery_fn fn, void *ctx)
{
	struct q q;

	if (q_begin(&q, base, Q_DLV_KEYS) != 0)
		return -1;
	q_id(&q, id);
	return q_each_key(&q, visit_delivery, &(struct delivery_visit) { .fn = fn, .ctx = ctx });
}

int
sq_delivery_open(struct journal *base, int64_t before, journal_delivery_fn fn, void *ctx)
{
	struct q q;

	if (q_begin(&q, base, Q_DLV_OPEN) != 0)
		return -1;
	q_int(&q, before);
	return q_each_key(&q, visit_delivery,
	    &(struct delivery_visit) { .fn = fn, .ctx = ctx, .open = true, .before = before });
}

/* ---- outbox ---- */

int
sq_outbox_add(struct journal *base, struct journal_outbox *o)
{
	struct sq *j = (struct sq *)base;
	struct q q;

	if (q_begin_write(&q, base, Q_OUT_PUT) != 0)
		return -1;
	q_u64(&q, j->outbox + 1);
	q_name_put(&q, o->link);
	q_id_put(&q, &o->id);
	q_int(&q, o->precedence);
	q_u64(&q, o->stream);
	q_u64(&q, o->serial);
	q_blob(&q, o->envelope.p, o->envelope.n);
	if (q_run(&q) != 0)
		return -1;
	o->row = ++j->outbox;
	j->head_moved = true;
	return 0;
}

int
sq_outbox_del(struct journal *base, uint64_t row)
{
	struct q q;

	if (q_begin_write(&q, base, Q_OUT_DEL) != 0)
		return -1;
	q_u64(&q, row);
	return q_run_changed(&q);
}

int
sq_outbox_get(struct journal *base, uint64_t row, struct journal_outbox *o)
{
	struct sq *j = (struct sq *)base;
	size_t len;
	struct q q;
	int rc;

	memset(o, 0, sizeof(*o));
	if (q_begin(&q, base, Q_OUT_AT) != 0)
		return -1;
	q_int(&q, (int64_t)row);
	if ((rc = q_step(&q)) == 0) {
		o->row = q_get_u64(&q);
		q_get_name(&q, o->link, sizeof(o->link));
		q_get_id(&q, &o->id);
		o->precedence = q_get_small(&q);
		o->stream = q_get_u64(&q);
		o->serial = q_get_u64(&q);
		q_get_buf(&q, &o->envelope);
		if (!q_is_null(&q)) {	/* destroyed */
			len = (size_t)q_get_u64(&q);
			q_get_buf(&q, &j->stored);
			o->body_len = sq_packed_len(j->stored.p, j->stored.n, len);
		}
	}
	if ((rc = q_end(&q, rc)) != 0)
		buf_free(&o->envelope);
	return rc;
}

struct outbox_visit {
	journal_outbox_fn fn;
	void *ctx;
};

static int
visit_outbox(struct journal *base, int64_t key, const void *arg)
{
	const struct outbox_visit *v = arg;
	struct journal_outbox o;
	int rc;

	if ((rc = sq_outbox_get(base, (uint64_t)key, &o)) != 0)
		return rc < 0 ? -1 : 0;
	rc = v->fn(v->ctx, &o) != 0;
	buf_free(&o.envelope);
	return rc;
}

int
sq_outbox_each(struct journal *base, journal_outbox_fn fn, void *ctx)
{
	struct q q;

	if (q_begin(&q, base, Q_OUT_KEYS) != 0)
		return -1;
	return q_each_key(&q, visit_outbox, &(struct outbox_visit) { fn, ctx });
}

int
sq_outbox_move(struct journal *base, uint64_t row, const char *link)
{
	struct q q;

	if (q_begin_write(&q, base, Q_OUT_MOVE) != 0)
		return -1;
	q_name_put(&q, link);
	q_u64(&q, row);
	return q_run_changed(&q);
}

int
sq_outbox_has(struct journal *base, const struct msgid *id, const char *to)
{
	struct buf envelope = { NULL, 0, 0 };
	struct q q;
	int rc;

	if (q_begin(&q, base, Q_OUT_OF) != 0)
		return -1;
	q_id(&q, id);
	while ((rc = q_step(&q)) == 0) {
		q_get_buf(&q, &envelope);
		if (journal_envelope_serves(&envelope, to))
			break;
	}
	buf_free(&envelope);
	return q_end(&q, rc);
}

/* ---- requests, drafts ---- */

int
sq_request_get(struct journal *base, const char *rid, struct journal_request *r)
{
	struct q q;
	int rc;

	memset(r, 0, sizeof(*r));
	if (q_begin(&q, base, Q_REQ_GET) != 0)
		return -1;
	q_text(&q, rid);
	if ((rc = q_step(&q)) == 0) {
		journal_text(r->rid, sizeof(r->rid), rid);
		q_get_digest(&q, r->digest);
		q_get_id(&q, &r->id);
		r->ms = q_get_int(&q);
	}
	return q_end(&q, rc);
}

int
sq_request_put(struct journal *base, const struct journal_request *r)
{
	struct q q;

	if (q_begin_write(&q, base, Q_REQ_PUT) != 0)
		return -1;
	q_text(&q, r->rid);
	q_blob(&q, r->digest, DIGEST_LEN);
	q_id_put(&q, &r->id);
	q_int(&q, r->ms);
	return q_run_changed(&q);
}

int
sq_draft_put(struct journal *base, const struct journal_draft *d)
{
	struct q q;

	if (q_begin_write(&q, base, Q_DRAFT_PUT) != 0)
		return -1;
	q_text(&q, d->rid);
	q_text(&q, d->seat);
	q_int(&q, d->ms);
	q_blob(&q, d->json.p, d->json.n);
	q_int(&q, d->state);
	q_int(&q, d->begun != 0 ? d->begun : d->ms);
	q_blob(&q, d->life.p, d->life.n);
	return q_run(&q);
}

/* Steps a bound draft query, reads its row and gives the statement back. */
static int
read_draft(struct q *q, struct journal_draft *d)
{
	int rc;

	memset(d, 0, sizeof(*d));
	if ((rc = q_step(q)) == 0) {
		q_get_text(q, d->rid, sizeof(d->rid));
		q_get_text(q, d->seat, sizeof(d->seat));
		d->ms = q_get_int(q);
		q_get_buf(q, &d->json);
		d->state = q_get_small(q);
		d->begun = q_get_int(q);
		q_get_buf(q, &d->life);
	}
	if ((rc = q_end(q, rc)) != 0) {
		buf_free(&d->json);
		buf_free(&d->life);
	}
	return rc;
}

int
sq_draft_get(struct journal *base, const char *rid, struct journal_draft *d)
{
	struct q q;

	if (q_begin(&q, base, Q_DRAFT_GET) != 0)
		return -1;
	q_text(&q, rid);
	return read_draft(&q, d);
}

/* Of one that was in review there is more than its author's to lose: it goes from the file too. */
int
sq_draft_del(struct journal *base, const char *rid)
{
	struct sq *j = (struct sq *)base;
	struct q q;
	int rc;

	if (q_begin_write(&q, base, Q_DRAFT_DEL) != 0)
		return -1;
	q_text(&q, rid);
	if ((rc = q_step(&q)) == 0) {
		if (q_get_bool(&q))
			j->scrub_drafts = true;
		rc = q_step(&q) < 0 ? -1 : 0;
	}
	return q_end(&q, rc);
}

struct draft_visit {
	journal_draft_fn fn;
	void *ctx;
};

static int
visit_draft(struct journal *base, int64_t key, const void *arg)
{
	const struct draft_visit *v = arg;
	struct journal_draft d;
	struct q q;
	int rc;

	if (q_begin(&q, base, Q_DRAFT_AT) != 0)
		return -1;
	q_int(&q, key);
	if ((rc = read_draft(&q, &d)) != 0)
		return rc < 0 ? -1 : 0;
	rc = v->fn(v->ctx, &d) != 0;
	buf_free(&d.json);
	buf_free(&d.life);
	return rc;
}

int
sq_draft_each(struct journal *base, journal_draft_fn fn, void *ctx)
{
	struct q q;

	if (q_begin(&q, base, Q_DRAFT_KEYS) != 0)
		return -1;
	return q_each_key(&q, visit_draft, &(struct draft_visit) { fn, ctx });
}

/* ---- incidents ---- */

int
sq_incident_put(struct journal *base, const struct journal_incident *i)
{
	struct sq *j = (struct sq *)base;
	struct q q;

	sq_pack(j, i->summary.p, i->summary.n, &j->packed);
	if (q_begin_write(&q, base, Q_INC_PUT) != 0)
		return -1;
	q_int(&q, i->id.realm);
	q_id_put(&q, &i->id);
	q_text(&q, i->number);
	q_int(&q, i->changed);
	q_u64(&q, i->seq);
	q_int(&q, i->closed);
	q_int(&q, i->history);
	q_blob(&q, j->packed.p, j->packed.n);
	return q_run(&q);
}

static int
read_incident(struct q *q, struct journal_incident *i)
{
	int rc;

	memset(i, 0, sizeof(*i));
	if ((rc = q_step(q)) == 0) {
		q_get_id(q, &i->id);
		q_get_text(q, i->number, sizeof(i->number));
		i->changed = q_get_int(q);
		i->seq = q_get_u64(q);
		i->closed = q_get_bool(q);
		i->history = q_get_bool(q);
		/* A cache: what does not unpack is as it is, and its reader makes it again. */
		q_get_buf(q, &q->j->stored);
		(void)sq_unpack(q->j, q->j->stored.p, q->j->stored.n, SQ_UNPACKED_MAX, &i->summary);
	}
	if ((rc = q_end(q, rc)) != 0)
		buf_free(&i->summary);
	return rc;
}

int
sq_incident_get(struct journal *base, const struct msgid *id, struct journal_incident *i)
{
	struct q q;

	if (q_begin(&q, base, Q_INC_GET) != 0)
		return -1;
	q_id(&q, id);
	return read_incident(&q, i);
}

struct incident_visit {
	journal_incident_fn fn;
	void *ctx;
};

static int
visit_incident(struct journal *base, int64_t key, const void *arg)
{
	const struct incident_visit *v = arg;
	struct journal_incident i;
	struct q q;
	int rc;

	if (q_begin(&q, base, Q_INC_AT) != 0)
		return -1;
	q_int(&q, key);
	if ((rc = read_incident(&q, &i)) != 0)
		return rc < 0 ? -1 : 0;
	rc = v->fn(v->ctx, &i) != 0;
	buf_free(&i.summary);
	return rc;
}

int
sq_incident_each(struct journal *base, int realm, bool history, journal_incident_fn fn, void *ctx)
{
	struct q q;

	if (q_begin(&q, base, Q_INC_KEYS) != 0)
		return -1;
	q_int(&q, realm);
	q_int(&q, history);
	return q_each_key(&q, visit_incident, &(struct incident_visit) { fn, ctx });
}

int
sq_incident_by_number(struct journal *base, int realm, const char *number, journal_incident_fn fn, void *ctx)
{
	struct q q;

	if (q_begin(&q, base, Q_INC_NUMBER) != 0)
		return -1;
	q_int(&q, realm);
	q_text(&q, number);
	return q_each_key(&q, visit_incident, &(struct incident_visit) { fn, ctx });
}

/* ---- foreign ids, blobs, quarantine ---- */

int
sq_foreign_get(struct journal *base, const char *space, const char *key, struct msgid *id)
{
	struct q q;
	int rc;

	if (q_begin(&q, base, Q_ALIAS_GET) != 0)
		return -1;
	q_text(&q, space);
	q_text(&q, key);
	if ((rc = q_step(&q)) == 0)
		q_get_id(&q, id);
	return q_end(&q, rc);
}

int
sq_foreign_put(struct journal *base, const char *space, const char *key, const struct msgid *id)
{
	struct q q;

	if (q_begin_write(&q, base, Q_ALIAS_PUT) != 0)
		return -1;
	q_text(&q, space);
	q_text(&q, key);
	q_id_put(&q, id);
	return q_run(&q);
}

int
sq_blob_put(struct journal *base, const uint8_t digest[DIGEST_LEN], const void *p, size_t n)
{
	struct q q;

	journal_digest_assert(digest, p, n);
	if (q_begin_write(&q, base, Q_BLOB_PUT) != 0)
		return -1;
	q_blob(&q, digest, DIGEST_LEN);
	q_blob(&q, p, n);
	return q_run_changed(&q);
}

int
sq_blob_get(struct journal *base, const uint8_t digest[DIGEST_LEN], struct buf *out)
{
	char hex[2 * DIGEST_LEN + 1];
	enum payload_state payload;
	struct q q;
	int rc;

	if (q_begin(&q, base, Q_BLOB_GET) != 0)
		return -1;
	q_blob(&q, digest, DIGEST_LEN);
	if ((rc = q_step(&q)) == 0)
		q_get_buf(&q, out);
	if ((rc = q_end(&q, rc)) != 0 || (payload = journal_payload(out->p, out->n, digest)) == PAYLOAD_HERE)
		return rc;
	buf_clear(out);
	if (payload != PAYLOAD_DESTROYED) {
		digest_hex(digest, hex);
		log_event(LOG_LV_ERROR, "blob_damaged", "digest=%s", hex);
	}
	return 1;
}

int
sq_wipe_blob(struct journal *base, const uint8_t digest[DIGEST_LEN])
{
	struct q q;

	if (q_begin_write(&q, base, Q_BLOB_WIPE) != 0)
		return -1;
	q_blob(&q, digest, DIGEST_LEN);
	return q_run_changed(&q);
}

int
sq_quarantine(struct journal *base, int64_t ms, const char *from, const char *why, const void *p, size_t n)
{
	struct sq *j = (struct sq *)base;
	uint8_t digest[DIGEST_LEN];
	struct q q;

	digest_of(p, n, digest);
	if (sq_chain_add(base, ms, CHAIN_QUARANTINE, why, from, digest) != 0)
		return -1;
	if (q_begin_write(&q, base, Q_QUAR_PUT) != 0)
		return -1;
	q_u64(&q, j->last.seq);
	q_int(&q, ms);
	q_text(&q, from);
	q_text(&q, why);
	q_blob(&q, p, n);
	if (q_run(&q) != 0)
		return -1;
	j->quarantined++;
	j->head_moved = true;
	return 0;
}

uint64_t
sq_quarantine_count(struct journal *base)
{
	return ((const struct sq *)base)->quarantined;
}

/* ---- figures ---- */

int
sq_counts(struct journal *base, struct journal_counts *c)
{
	struct q q;
	int rc;

	memset(c, 0, sizeof(*c));
	if (q_begin(&q, base, Q_COUNTS) != 0)
		return -1;
	q_int(&q, KIND_RECEIPT);
	if ((rc = q_step(&q)) == 0) {
		c->messages = ((const struct sq *)base)->messages;
		c->outbox = q_get_u64(&q);
		c->no_path = q_get_u64(&q);
		c->open = q_get_u64(&q);
		c->returned = q_get_u64(&q);
		c->drafts = q_get_u64(&q);
	}
	return q_end(&q, rc);
}

