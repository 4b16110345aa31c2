/*
 * The journal on SQLite: the tables beside the chain, which do change: requests, drafts, incidents, foreign ids, blobs,
 * quarantine.  Walks collect the keys first and read each row when its turn comes; one gone by then is skipped.
 */
#include <stdlib.h>
#include <string.h>

#include "journal_sqlite.h"
#include "log.h"

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

static void
bind_incident(struct q *q, const struct journal_incident *i)
{
	q_int(q, i->changed);
	q_u64(q, i->seq);
	q_int(q, i->closed);
	q_int(q, i->history);
	q_blob(q, q->j->packed.p, q->j->packed.n);
}

/* Its summary is packed. */
static int
put_incident(struct journal *base, enum query query, const struct journal_incident *i)
{
	struct q q;

	if (q_begin_write(&q, base, query) != 0)
		return -1;
	q_int(&q, i->id.realm);
	q_id_put(&q, &i->id);
	q_text(&q, i->number);
	bind_incident(&q, i);
	return q_run_changed(&q);
}

int
sq_incident_put(struct journal *base, const struct journal_incident *i)
{
	struct sq *j = (struct sq *)base;
	struct q q;
	int rc;

	sq_pack(j, i->summary.p, i->summary.n, &j->packed);
	/* Mostly it is new, or its number is what it was: then the index over numbers is left alone. */
	if ((rc = put_incident(base, Q_INC_NEW, i)) != 1)
		return rc;
	if (q_begin_write(&q, base, Q_INC_SET) != 0)
		return -1;
	bind_incident(&q, i);
	q_id(&q, &i->id);
	q_text(&q, i->number);
	if ((rc = q_run_changed(&q)) != 1)
		return rc;
	return put_incident(base, Q_INC_PUT, i);
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

