/*
 * The journal on SQLite: deliveries and the outbox.  Walks collect the keys first and read each row when its turn comes; one gone by
 * then is skipped.
 */
#include <stdlib.h>
#include <string.h>

#include "journal_sqlite.h"

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

static void
bind_delivery(struct q *q, const struct journal_delivery *d)
{
	q_int(q, d->state);
	q_int(q, minus(d->since, d->offered));
	q_int(q, d->offered);
	q_after(q, d->delivered, d->offered);
	q_after(q, d->read, d->offered);
	q_after(q, d->signed_, d->offered);
	q_after(q, d->taken, d->offered);
	q_text(q, d->person);
}

int
sq_delivery_put(struct journal *base, const struct journal_delivery *d)
{
	struct q q;
	int rc;

	/* What has come further was there before. */
	if (d->state != DLV_OPEN) {
		if (q_begin_write(&q, base, Q_DLV_SET) != 0)
			return -1;
		bind_delivery(&q, d);
		q_id(&q, &d->id);
		q_name(&q, d->to);
		if ((rc = q_run_changed(&q)) != 1)
			return rc;
	}
	if (q_begin_write(&q, base, Q_DLV_PUT) != 0)
		return -1;
	q_id_put(&q, &d->id);
	q_name_put(&q, d->to);
	bind_delivery(&q, d);
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
	if (msgid_cmp(&o->id, &j->fresh_id) == 0)
		memset(&j->fresh_id, 0, sizeof(j->fresh_id));
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

static void
get_outbox(struct q *q, struct journal_outbox *o)
{
	o->row = q_get_u64(q);
	q_get_name(q, o->link, sizeof(o->link));
	q_get_id(q, &o->id);
	o->precedence = q_get_small(q);
	o->stream = q_get_u64(q);
	o->serial = q_get_u64(q);
	q_get_buf(q, &o->envelope);
}

int
sq_outbox_take(struct journal *base, uint64_t row, struct journal_outbox *o)
{
	struct q q;
	int rc;

	memset(o, 0, sizeof(*o));
	if (q_begin(&q, base, Q_OUT_ROW) != 0)
		return -1;
	q_u64(&q, row);
	if ((rc = q_step(&q)) == 0)
		get_outbox(&q, o);
	if ((rc = q_end(&q, rc)) == 0)
		rc = sq_outbox_del(base, row);
	if (rc != 0)
		buf_free(&o->envelope);
	return rc;
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
		get_outbox(&q, o);
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

	/* What has just been stored is asked about before it is passed on. */
	if (!base->failed && msgid_is_set(id) && msgid_cmp(id, &((const struct sq *)base)->fresh_id) == 0)
		return 1;
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
