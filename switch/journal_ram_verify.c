/*
 * The journal's twin in memory: what verification reads.  Nothing can be damaged here by a disk, but the station may
 * have written what does not hold together, and the simulation is to see it.
 */
#include <stdlib.h>
#include <string.h>

#include "journal_ram.h"
#include "../formats/i18n.h"

static int
scan_chain(struct journal *base, struct journal_verify *v, journal_chain_fn fn, void *ctx)
{
	size_t i;

	(void)v;
	for (i = 0; i < ram_of(base)->tab[T_CHAIN].n; i++)
		if (fn(ctx, ram_row_at(ram_of(base), T_CHAIN, i)) != 0)
			break;
	return 0;
}

static int
compare_messages(const void *a, const void *b)
{
	const struct journal_msg *x = *(void *const *)a, *y = *(void *const *)b;

	return msgid_cmp(&x->id, &y->id);
}

static enum payload_state
payload_of(const struct journal_msg *m)
{
	if (m->destroyed)
		return PAYLOAD_DESTROYED;
	return m->retired ? PAYLOAD_HERE : journal_payload(m->body.p, m->body.n, m->digest);
}

static int
scan_messages(struct journal *base, struct journal_verify *v, journal_payload_fn fn, void *ctx)
{
	size_t n = ram_of(base)->tab[T_MESSAGE].n, i;
	const struct journal_msg **rows = xcalloc(n + 1, sizeof(*rows));

	(void)v;
	for (i = 0; i < n; i++)
		rows[i] = ram_row_at(ram_of(base), T_MESSAGE, i);
	if (n > 0)
		qsort(rows, n, sizeof(*rows), compare_messages);
	for (i = 0; i < n; i++)
		if (fn(ctx, rows[i], payload_of(rows[i])) != 0)
			break;
	free(rows);
	return 0;
}

static int
scan_blobs(struct journal *base, struct journal_verify *v, journal_blob_fn fn, void *ctx)
{
	const struct ram_blob *b;
	size_t i;

	(void)v;
	for (i = 0; i < ram_of(base)->tab[T_BLOB].n; i++) {
		b = ram_row_at(ram_of(base), T_BLOB, i);
		if (b != NULL && !b->destroyed && fn(ctx, b->digest, b->bytes.p, b->bytes.n) != 0)
			break;
	}
	return 0;
}

static int
scan_message_at(struct journal *base, uint64_t seq, struct msgid *id, uint8_t digest[DIGEST_LEN])
{
	const struct journal_msg *m = ram_row_at(ram_of(base), T_MESSAGE, ram_first_after(ram_of(base), seq - 1));

	if (m == NULL || m->seq != seq)
		return 1;
	*id = m->id;
	memcpy(digest, m->digest, DIGEST_LEN);
	return 0;
}

static int
scan_quarantine_at(struct journal *base, uint64_t seq, struct buf *out)
{
	const struct ram_quarantine *row;
	size_t i;

	for (i = 0; i < ram_of(base)->tab[T_QUARANTINE].n; i++) {
		row = ram_row_at(ram_of(base), T_QUARANTINE, i);
		if (row->seq == seq) {
			*out = ram_buf(row->bytes.p, row->bytes.n);
			return 0;
		}
	}
	return 1;
}

static int
scan_has_ref(struct journal *base, const struct msgid *ref, uint64_t seq)
{
	struct ram_key k = ram_key_id(L_REFERRING, ref);

	return ram_list_has(ram_of(base), &k, ram_first_after(ram_of(base), seq - 1)) ? 0 : 1;
}

static int
scan_counts(struct journal *base, uint64_t *deliveries, uint64_t *outbox)
{
	size_t i;

	*deliveries = ram_of(base)->tab[T_DELIVERY].n;
	*outbox = 0;
	for (i = 0; i < ram_of(base)->tab[T_OUTBOX].n; i++)
		*outbox += ram_row_at(ram_of(base), T_OUTBOX, i) != NULL;
	return 0;
}

const struct journal_scan journal_ram_scan = { scan_chain, scan_messages, scan_blobs, scan_message_at,
	scan_quarantine_at, scan_has_ref, scan_counts };

/* Rows that point at messages which are not there. */
static void
check_keys(struct journal *base, enum table t, const char *name, struct journal_verify *v)
{
	const struct msgid *id;
	const void *row;
	struct ram_key k;
	size_t i;

	for (i = 0; i < ram_of(base)->tab[t].n; i++) {
		if ((row = ram_row_at(ram_of(base), t, i)) == NULL)
			continue;
		if (t == T_OUTBOX)
			id = &((const struct journal_outbox *)row)->id;
		else if (t == T_DELIVERY)
			id = &((const struct journal_delivery *)row)->id;
		else if (t == T_HOLD)
			id = &((const struct ram_hold *)row)->id;
		else if (!msgid_is_set(id = &((const struct ram_passage *)row)->p.id))
			continue;	/* nothing stands under this number */
		k = ram_key_id(T_MESSAGE, id);
		if (ram_row_of(ram_of(base), T_MESSAGE, &k, NULL) == NULL)
			(void)journal_bad(v, _("%s %lld: its %s is missing"), name, (long long)i + 1, "message");
	}
}

int
ram_verify(struct journal *base, const char *station, struct journal_verify *v)
{
	memset(v, 0, sizeof(*v));
	if (base->failed)
		return -1;
	if (journal_verify_rows(base, &journal_ram_scan, station, v) != 0)
		return -1;
	check_keys(base, T_DELIVERY, "delivery", v);
	check_keys(base, T_OUTBOX, "outbox", v);
	check_keys(base, T_PASSAGE, "passage", v);
	check_keys(base, T_HOLD, "hold", v);
	return 0;
}
