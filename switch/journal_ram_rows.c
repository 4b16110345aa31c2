/*
 * The journal's twin in memory: the functions of journal_ops over the log and tables of journal_ram.c.
 *
 * Rows stay where they are until a crash or the close, whatever is written meanwhile, so a callback may be handed the
 * row itself and may write as it likes; only the lists of row numbers are copied first.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "journal_ram.h"
#include "../formats/i18n.h"

static const struct journal_ops ram_ops;

/* ---- meta ---- */

static int
ram_meta_get(struct journal *base, const char *key, char *val, size_t size)
{
	struct ram_key k = ram_key_str(T_META, key);
	const struct ram_meta *meta = ram_row_of(ram_of(base), T_META, &k, NULL);

	if (base->failed)
		return -1;
	if (meta == NULL)
		return 1;
	if (strlen(meta->val) >= size) {
		base->failed = true;
		return -1;
	}
	journal_text(val, size, meta->val);
	return 0;
}

static int
ram_meta_set(struct journal *base, const char *key, const char *val)
{
	struct ram_key k = ram_key_str(T_META, key);
	struct ram_meta *meta;
	size_t at;

	if (base->failed)
		return -1;
	(void)ram_row_of(ram_of(base), T_META, &k, &at);
	meta = xcalloc(1, sizeof(*meta));
	meta->key = xstrdup(key);
	meta->val = xstrdup(val);
	ram_write(ram_of(base), T_META, at, meta, false);
	return 0;
}

/* ---- chain ---- */

uint64_t
ram_chain_seq(struct journal *base)
{
	return ram_of(base)->tab[T_CHAIN].n;
}

int
ram_chain_add(struct journal *base, int64_t ms, int what, const char *ref, const char *who, const uint8_t *digest)
{
	struct ram *j = ram_of(base);
	struct journal_chain none, *c;
	const struct journal_chain *last = &none;

	if (base->failed)
		return -1;
	memset(&none, 0, sizeof(none));
	if (j->tab[T_CHAIN].n > 0)
		last = ram_row_at(j, T_CHAIN, j->tab[T_CHAIN].n - 1);
	c = xcalloc(1, sizeof(*c));
	journal_chain_next(last, ms, what, ref, who, digest, c);
	assert(c->seq == j->tab[T_CHAIN].n + 1);
	ram_write(j, T_CHAIN, j->tab[T_CHAIN].n, c, false);
	return 0;
}

/* ---- messages ---- */

static int
ram_put_message(struct journal *base, struct journal_msg *m)
{
	struct ram *j = ram_of(base);
	struct ram_key k = ram_key_id(T_MESSAGE, &m->id);
	struct journal_msg *row;
	char text[MSGID_TEXT_MAX];
	struct msgid *refs;
	size_t at;

	journal_msg_assert(m);
	if (base->failed)
		return -1;
	if (ram_row_of(j, T_MESSAGE, &k, &at) != NULL)
		return 1;
	(void)msgid_format(&m->id, text, sizeof(text));
	if (ram_chain_add(base, m->stored, CHAIN_STORED, text, m->who != NULL ? m->who : m->from, m->digest) != 0)
		return -1;
	m->seq = ram_chain_seq(base);
	if (m->decoded != NULL)
		(void)journal_refs_of(m->decoded, &refs, &m->quiet);
	else
		(void)journal_refs(&m->body, &refs, &m->quiet);
	free(refs);
	row = ram_copy(m, sizeof(*m));
	row->decoded = NULL;
	row->destroyed = row->damaged = row->settled = row->retired = false;
	row->body = ram_buf(m->body.p, m->body.n);
	ram_write(j, T_MESSAGE, at, row, false);
	return 0;
}

/* The row says it: what a disk does here is done by journal_ram_damage(). */
static enum payload_state
payload_of(const struct journal_msg *row)
{
	return row->destroyed ? PAYLOAD_DESTROYED : row->damaged ? PAYLOAD_DAMAGED : PAYLOAD_HERE;
}

int
ram_show(struct journal *base, const struct journal_msg *row, journal_msg_fn fn, void *ctx)
{
	struct journal_msg m;

	if (!row->damaged)
		return fn(ctx, row);
	m = *row;
	memset(&m.body, 0, sizeof(m.body));
	journal_show(base, &m, PAYLOAD_DAMAGED);
	return fn(ctx, &m);
}

static int
ram_get_message(struct journal *base, const struct msgid *id, struct journal_msg *out)
{
	struct ram_key k = ram_key_id(T_MESSAGE, id);
	const struct journal_msg *row = ram_row_of(ram_of(base), T_MESSAGE, &k, NULL);

	if (out != NULL)
		memset(out, 0, sizeof(*out));
	if (base->failed)
		return -1;
	if (row == NULL)
		return 1;
	if (out != NULL) {
		*out = *row;
		out->body = ram_buf(row->body.p, row->body.n);
		journal_show(base, out, payload_of(row));
	}
	return 0;
}

/* Destroyed: the bytes stay in the log, for a crash before the commit to bring back; nothing shows them. */
static int
wipe_message(struct journal *base, const struct journal_msg *m)
{
	struct ram_key k = ram_key_id(T_MESSAGE, &m->id);
	struct journal_msg *row;
	size_t at;

	row = ram_copy(ram_row_of(ram_of(base), T_MESSAGE, &k, &at), sizeof(*row));
	memset(&row->body, 0, sizeof(row->body));
	row->destroyed = true;
	row->damaged = false;
	ram_of(base)->indexed = 0;	/* the real one drops its whole index */
	ram_write(ram_of(base), T_MESSAGE, at, row, false);
	return 0;
}

static int
ram_destroy(struct journal *base, int64_t ms, const struct msgid *id, const char *first, const char *second,
    const char *why)
{
	static const struct journal_eraser eraser = { &journal_ram_scan, wipe_message, ram_wipe_blob };

	return journal_destroy(base, &eraser, ms, id, first, second, why);
}

static int
ram_set_local(struct journal *base, const struct msgid *id)
{
	struct ram_key k = ram_key_id(T_MESSAGE, id);
	struct journal_msg *row;
	size_t at;

	if (base->failed)
		return -1;
	if ((row = ram_row_of(ram_of(base), T_MESSAGE, &k, &at)) == NULL)
		return 1;
	row = ram_copy(row, sizeof(*row));
	row->local = true;
	ram_write(ram_of(base), T_MESSAGE, at, row, true);
	journal_localised(base, id);
	return 0;
}

/* Row number of the first message with seq > after. */
size_t
ram_first_after(const struct ram *j, uint64_t after)
{
	size_t lo = 0, hi = j->tab[T_MESSAGE].n, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (((const struct journal_msg *)ram_row_at(j, T_MESSAGE, mid))->seq > after)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo;
}

static int
ram_each_after(struct journal *base, uint64_t after, int kind, bool local, journal_msg_fn fn, void *ctx)
{
	struct ram *j = ram_of(base);
	size_t end = j->tab[T_MESSAGE].n, at;
	const struct journal_msg *m;

	if (base->failed)
		return -1;
	for (at = ram_first_after(j, after); at < end && !base->failed; at++) {
		m = ram_row_at(j, T_MESSAGE, at);
		if ((kind == 0 || m->kind == kind) && (!local || m->local) && ram_show(base, m, fn, ctx) != 0)
			break;
	}
	return base->failed ? -1 : 0;
}

static int
ram_each_loud(struct journal *base, uint64_t after, journal_msg_fn fn, void *ctx)
{
	struct ram *j = ram_of(base);
	size_t end = j->tab[T_MESSAGE].n, at;
	const struct journal_msg *m;

	if (base->failed)
		return -1;
	for (at = ram_first_after(j, after); at < end && !base->failed; at++) {
		m = ram_row_at(j, T_MESSAGE, at);
		if (m->local && !m->quiet && !m->settled && ram_show(base, m, fn, ctx) != 0)
			break;
	}
	return base->failed ? -1 : 0;
}

static int
ram_each_before(struct journal *base, uint64_t before, int kind, bool local, journal_msg_fn fn, void *ctx)
{
	struct ram *j = ram_of(base);
	const struct journal_msg *m;
	size_t at;

	if (base->failed)
		return -1;
	for (at = before > 0 ? ram_first_after(j, before - 1) : 0; at > 0 && !base->failed; at--) {
		m = ram_row_at(j, T_MESSAGE, at - 1);
		if ((kind == 0 || m->kind == kind) && (!local || m->local) && ram_show(base, m, fn, ctx) != 0)
			break;
	}
	return base->failed ? -1 : 0;
}

static int
each_listed(struct journal *base, struct ram_key k, journal_msg_fn fn, void *ctx)
{
	size_t *at, n, i;

	if (base->failed)
		return -1;
	n = ram_list(ram_of(base), &k, &at);
	for (i = 0; i < n && !base->failed; i++)
		if (ram_show(base, ram_row_at(ram_of(base), T_MESSAGE, at[i]), fn, ctx) != 0)
			break;
	free(at);
	return base->failed ? -1 : 0;
}

static int
ram_each_of_incident(struct journal *base, const struct msgid *id, journal_msg_fn fn, void *ctx)
{
	return each_listed(base, ram_key_id(L_OF_INCIDENT, id), fn, ctx);
}

static int
ram_each_referring(struct journal *base, const struct msgid *id, journal_msg_fn fn, void *ctx)
{
	return each_listed(base, ram_key_id(L_REFERRING, id), fn, ctx);
}

/* ---- deliveries ---- */

static int
ram_delivery_put(struct journal *base, const struct journal_delivery *d)
{
	struct ram_key k = ram_key_delivery(&d->id, d->to);
	size_t at;

	if (base->failed)
		return -1;
	(void)ram_row_of(ram_of(base), T_DELIVERY, &k, &at);
	ram_write(ram_of(base), T_DELIVERY, at, ram_copy(d, sizeof(*d)), false);
	return 0;
}

static int
ram_delivery_get(struct journal *base, const struct msgid *id, const char *to, struct journal_delivery *d)
{
	struct ram_key k = ram_key_delivery(id, to);
	const struct journal_delivery *row = ram_row_of(ram_of(base), T_DELIVERY, &k, NULL);

	if (base->failed)
		return -1;
	if (row == NULL)
		return 1;
	*d = *row;
	return 0;
}

static int
ram_delivery_each(struct journal *base, const struct msgid *id, journal_delivery_fn fn, void *ctx)
{
	struct ram_key k = ram_key_id(L_DELIVERIES, id);
	size_t *at, n, i;

	if (base->failed)
		return -1;
	n = ram_list(ram_of(base), &k, &at);
	for (i = 0; i < n && !base->failed; i++)
		if (fn(ctx, ram_row_at(ram_of(base), T_DELIVERY, at[i])) != 0)
			break;
	free(at);
	return base->failed ? -1 : 0;
}

struct due {
	int64_t offered;
	size_t at;
};

static int
compare_due(const void *a, const void *b)
{
	const struct due *x = a, *y = b;

	if (x->offered != y->offered)
		return x->offered < y->offered ? -1 : 1;
	return x->at < y->at ? -1 : x->at > y->at;
}

/* Those of the open list that are due; what has been closed since is dropped from the list on the way. */
static size_t
collect_due(struct ram *j, int64_t before, struct due *due)
{
	const struct journal_delivery *d;
	size_t i, kept = 0, n = 0;

	for (i = 0; i < j->open.n; i++) {
		d = ram_row_at(j, T_DELIVERY, j->open.v[i]);
		if (!journal_delivery_is_open(d)) {
			j->in_open[j->open.v[i]] = false;
			continue;
		}
		if (d->offered < before)
			due[n++] = (struct due) { d->offered, j->open.v[i] };
		j->open.v[kept++] = j->open.v[i];
	}
	j->open.n = kept;
	return n;
}

static int
ram_delivery_open(struct journal *base, int64_t before, journal_delivery_fn fn, void *ctx)
{
	struct ram *j = ram_of(base);
	const struct journal_delivery *d;
	struct due *due;
	size_t n, i;

	if (base->failed)
		return -1;
	if (j->open.n == 0)
		return 0;
	due = xcalloc(j->open.n, sizeof(*due));
	n = collect_due(j, before, due);
	if (n > 0)
		qsort(due, n, sizeof(*due), compare_due);
	for (i = 0; i < n && !base->failed; i++) {
		d = ram_row_at(j, T_DELIVERY, due[i].at);
		if (journal_delivery_is_open(d) && d->offered < before && fn(ctx, d) != 0)
			break;
	}
	free(due);
	return base->failed ? -1 : 0;
}

/* ---- outbox: row number N is table row N - 1 ---- */

static const struct journal_outbox *
outbox_row(struct journal *base, uint64_t row)
{
	if (row == 0 || row > ram_of(base)->tab[T_OUTBOX].n)
		return NULL;
	return ram_row_at(ram_of(base), T_OUTBOX, (size_t)(row - 1));
}

static int
ram_outbox_add(struct journal *base, struct journal_outbox *o)
{
	struct ram *j = ram_of(base);
	struct journal_outbox *row;

	if (base->failed)
		return -1;
	o->row = j->tab[T_OUTBOX].n + 1;
	row = ram_copy(o, sizeof(*o));
	row->envelope = ram_buf(o->envelope.p, o->envelope.n);
	ram_write(j, T_OUTBOX, (size_t)(o->row - 1), row, false);
	return 0;
}

static int
ram_outbox_del(struct journal *base, uint64_t row)
{
	if (base->failed)
		return -1;
	if (outbox_row(base, row) == NULL)
		return 1;
	ram_write(ram_of(base), T_OUTBOX, (size_t)(row - 1), NULL, false);
	return 0;
}

/* The row as it is read: the body's length comes from the message. */
static bool
read_outbox(struct journal *base, uint64_t row, struct journal_outbox *o)
{
	const struct journal_outbox *have = outbox_row(base, row);
	const struct journal_msg *m;
	struct ram_key k;

	if (have == NULL)
		return false;
	*o = *have;
	k = ram_key_id(T_MESSAGE, &o->id);
	m = ram_row_of(ram_of(base), T_MESSAGE, &k, NULL);
	o->body_len = m != NULL ? m->body.n : 0;
	return true;
}

static int
ram_outbox_get(struct journal *base, uint64_t row, struct journal_outbox *o)
{
	struct journal_outbox have;

	memset(o, 0, sizeof(*o));
	if (base->failed)
		return -1;
	if (!read_outbox(base, row, &have))
		return 1;
	*o = have;
	o->envelope = ram_buf(have.envelope.p, have.envelope.n);
	return 0;
}

static int
ram_outbox_take(struct journal *base, uint64_t row, struct journal_outbox *o)
{
	int rc = ram_outbox_get(base, row, o);

	if (rc != 0)
		return rc;
	o->body_len = 0;
	return ram_outbox_del(base, row);
}

static int
ram_outbox_each(struct journal *base, journal_outbox_fn fn, void *ctx)
{
	uint64_t end = ram_of(base)->tab[T_OUTBOX].n, row;
	struct journal_outbox o;

	if (base->failed)
		return -1;
	for (row = 1; row <= end && !base->failed; row++)
		if (read_outbox(base, row, &o) && fn(ctx, &o) != 0)
			break;
	return base->failed ? -1 : 0;
}

static int
ram_outbox_move(struct journal *base, uint64_t row, const char *link)
{
	struct journal_outbox *o;

	if (base->failed)
		return -1;
	if (outbox_row(base, row) == NULL)
		return 1;
	o = ram_copy(outbox_row(base, row), sizeof(*o));
	journal_text(o->link, sizeof(o->link), link);
	ram_write(ram_of(base), T_OUTBOX, (size_t)(row - 1), o, true);
	return 0;
}

static int
ram_outbox_has(struct journal *base, const struct msgid *id, const char *to)
{
	struct ram_key k = ram_key_id(L_OUTBOX, id);
	const struct journal_outbox *o;
	size_t *at, n, i;
	int rc = 1;

	if (base->failed)
		return -1;
	n = ram_list(ram_of(base), &k, &at);
	for (i = 0; i < n && rc != 0; i++) {
		o = ram_row_at(ram_of(base), T_OUTBOX, at[i]);
		if (o != NULL && journal_envelope_serves(&o->envelope, to))
			rc = 0;
	}
	free(at);
	return rc;
}

/* ---- opening ---- */

static void
ram_idle(struct journal *base, int64_t now)
{
	(void)base;	/* nothing is put off here */
	(void)now;
}

struct journal *
journal_ram_open(void)
{
	struct ram *j = xcalloc(1, sizeof(*j));

	j->base.ops = &ram_ops;
	return &j->base;
}

static const struct journal_ops ram_ops = {
	.name = "ram",
	.close = ram_close,
	.commit = ram_commit,
	.idle = ram_idle,
	.meta_get = ram_meta_get,
	.meta_set = ram_meta_set,
	.put_message = ram_put_message,
	.get_message = ram_get_message,
	.set_local = ram_set_local,
	.each_of_incident = ram_each_of_incident,
	.each_after = ram_each_after,
	.each_before = ram_each_before,
	.each_loud = ram_each_loud,
	.each_referring = ram_each_referring,
	.chain_add = ram_chain_add,
	.chain_seq = ram_chain_seq,
	.delivery_put = ram_delivery_put,
	.delivery_get = ram_delivery_get,
	.delivery_each = ram_delivery_each,
	.delivery_open = ram_delivery_open,
	.outbox_add = ram_outbox_add,
	.outbox_del = ram_outbox_del,
	.outbox_take = ram_outbox_take,
	.outbox_each = ram_outbox_each,
	.outbox_get = ram_outbox_get,
	.outbox_move = ram_outbox_move,
	.outbox_has = ram_outbox_has,
	.line_get = ram_line_get,
	.line_put = ram_line_put,
	.line_each = ram_line_each,
	.passage_put = ram_passage_put,
	.passage_get = ram_passage_get,
	.passage_each = ram_passage_each,
	.passage_of = ram_passage_of,
	.passage_trim = ram_passage_trim,
	.hold_put = ram_hold_put,
	.hold_del = ram_hold_del,
	.hold_each = ram_hold_each,
	.settle = ram_settle,
	.retire = ram_retire,
	.search_more = ram_search_more,
	.search = ram_search,
	.request_get = ram_request_get,
	.request_put = ram_request_put,
	.draft_put = ram_draft_put,
	.draft_get = ram_draft_get,
	.draft_del = ram_draft_del,
	.draft_each = ram_draft_each,
	.destroy = ram_destroy,
	.incident_put = ram_incident_put,
	.incident_get = ram_incident_get,
	.incident_each = ram_incident_each,
	.incident_by_number = ram_incident_by_number,
	.foreign_get = ram_foreign_get,
	.foreign_put = ram_foreign_put,
	.blob_put = ram_blob_put,
	.blob_get = ram_blob_get,
	.quarantine = ram_quarantine,
	.quarantine_count = ram_quarantine_count,
	.counts = ram_counts,
	.verify = ram_verify,
};
