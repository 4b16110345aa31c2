/*
 * The journal's twin in memory: the tables beside the chain: requests, drafts, incidents, foreign ids, blobs,
 * quarantine.
 */
#include <stdlib.h>
#include <string.h>
#include <sodium.h>

#include "journal_ram.h"

/* ---- requests, drafts ---- */

int
ram_request_get(struct journal *base, const char *rid, struct journal_request *r)
{
	struct ram_key k = ram_key_str(T_REQUEST, rid);
	const struct journal_request *row = ram_row_of(ram_of(base), T_REQUEST, &k, NULL);

	memset(r, 0, sizeof(*r));
	if (base->failed)
		return -1;
	if (row == NULL)
		return 1;
	*r = *row;
	return 0;
}

int
ram_request_put(struct journal *base, const struct journal_request *r)
{
	struct ram_key k = ram_key_str(T_REQUEST, r->rid);
	size_t at;

	if (base->failed)
		return -1;
	if (ram_row_of(ram_of(base), T_REQUEST, &k, &at) != NULL)
		return 1;
	ram_write(ram_of(base), T_REQUEST, at, ram_copy(r, sizeof(*r)), false);
	return 0;
}

int
ram_draft_put(struct journal *base, const struct journal_draft *d)
{
	struct ram_key k = ram_key_str(T_DRAFT, d->rid);
	const struct journal_draft *was;
	struct journal_draft *row;
	size_t at;

	if (base->failed)
		return -1;
	was = ram_row_of(ram_of(base), T_DRAFT, &k, &at);
	row = ram_copy(d, sizeof(*d));
	row->json = ram_buf(d->json.p, d->json.n);
	row->life = ram_buf(d->life.p, d->life.n);
	row->begun = was != NULL ? was->begun : d->begun != 0 ? d->begun : d->ms;
	ram_write(ram_of(base), T_DRAFT, at, row, false);
	return 0;
}

int
ram_draft_get(struct journal *base, const char *rid, struct journal_draft *d)
{
	struct ram_key k = ram_key_str(T_DRAFT, rid);
	const struct journal_draft *row = ram_row_of(ram_of(base), T_DRAFT, &k, NULL);

	memset(d, 0, sizeof(*d));
	if (base->failed)
		return -1;
	if (row == NULL)
		return 1;
	*d = *row;
	d->json = ram_buf(row->json.p, row->json.n);
	d->life = ram_buf(row->life.p, row->life.n);
	return 0;
}

int
ram_draft_del(struct journal *base, const char *rid)
{
	struct ram_key k = ram_key_str(T_DRAFT, rid);
	size_t at;

	if (base->failed)
		return -1;
	if (ram_row_of(ram_of(base), T_DRAFT, &k, &at) == NULL)
		return 1;
	ram_write(ram_of(base), T_DRAFT, at, NULL, false);
	return 0;
}

static int
compare_drafts(const void *a, const void *b)
{
	const struct journal_draft *x = *(void *const *)a, *y = *(void *const *)b;

	if (x->ms != y->ms)
		return x->ms > y->ms ? -1 : 1;
	return strcmp(x->rid, y->rid);
}

int
ram_draft_each(struct journal *base, journal_draft_fn fn, void *ctx)
{
	struct ram *j = ram_of(base);
	const struct journal_draft **rows, *d;
	struct ram_key k;
	size_t n = 0, i;

	if (base->failed)
		return -1;
	rows = xcalloc(j->tab[T_DRAFT].n + 1, sizeof(*rows));
	for (i = 0; i < j->tab[T_DRAFT].n; i++)
		if ((d = ram_row_at(j, T_DRAFT, i)) != NULL)
			rows[n++] = d;
	if (n > 0)
		qsort(rows, n, sizeof(*rows), compare_drafts);
	for (i = 0; i < n && !base->failed; i++) {
		k = ram_key_str(T_DRAFT, rows[i]->rid);
		if ((d = ram_row_of(j, T_DRAFT, &k, NULL)) != NULL && fn(ctx, d) != 0)
			break;
	}
	free(rows);
	return base->failed ? -1 : 0;
}

/* ---- incidents ---- */

int
ram_incident_put(struct journal *base, const struct journal_incident *i)
{
	struct ram_key k = ram_key_id(T_INCIDENT, &i->id);
	struct journal_incident *row;
	size_t at;

	if (base->failed)
		return -1;
	(void)ram_row_of(ram_of(base), T_INCIDENT, &k, &at);
	row = ram_copy(i, sizeof(*i));
	row->summary = ram_buf(i->summary.p, i->summary.n);
	ram_write(ram_of(base), T_INCIDENT, at, row, false);
	return 0;
}

int
ram_incident_get(struct journal *base, const struct msgid *id, struct journal_incident *i)
{
	struct ram_key k = ram_key_id(T_INCIDENT, id);
	const struct journal_incident *row = ram_row_of(ram_of(base), T_INCIDENT, &k, NULL);

	memset(i, 0, sizeof(*i));
	if (base->failed)
		return -1;
	if (row == NULL)
		return 1;
	*i = *row;
	i->summary = ram_buf(row->summary.p, row->summary.n);
	return 0;
}

struct place {			/* of an incident in the order of its changes */
	int64_t changed;
	uint64_t seq;
	size_t at;
};

static int
compare_places(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (x->changed != y->changed)
		return x->changed > y->changed ? -1 : 1;
	if (x->seq != y->seq)
		return x->seq > y->seq ? -1 : 1;
	return x->at < y->at ? -1 : x->at > y->at;
}

/* Visits the rows named, last changed first; those that fit: of the realm, with the number (NULL: any). */
static int
visit_incidents(struct journal *base, const size_t *at, size_t n, int realm, bool history, const char *number,
    journal_incident_fn fn, void *ctx)
{
	struct place *places = xcalloc(n + 1, sizeof(*places));
	const struct journal_incident *inc;
	size_t i, found = 0;

	for (i = 0; i < n; i++) {
		inc = ram_row_at(ram_of(base), T_INCIDENT, at != NULL ? at[i] : i);
		if (inc->id.realm == realm && (history || !inc->history) &&
		    (number == NULL || strcmp(inc->number, number) == 0))
			places[found++] = (struct place) { inc->changed, inc->seq, at != NULL ? at[i] : i };
	}
	if (found > 0)
		qsort(places, found, sizeof(*places), compare_places);
	for (i = 0; i < found && !base->failed; i++) {
		if (i > 0 && places[i].at == places[i - 1].at)
			continue;	/* listed twice: its number went away and came back */
		if (fn(ctx, ram_row_at(ram_of(base), T_INCIDENT, places[i].at)) != 0)
			break;
	}
	free(places);
	return base->failed ? -1 : 0;
}

int
ram_incident_each(struct journal *base, int realm, bool history, journal_incident_fn fn, void *ctx)
{
	if (base->failed)
		return -1;
	return visit_incidents(base, NULL, ram_of(base)->tab[T_INCIDENT].n, realm, history, NULL, fn, ctx);
}

int
ram_incident_by_number(struct journal *base, int realm, const char *number, journal_incident_fn fn, void *ctx)
{
	struct ram_key k = ram_key_number(realm, number);
	size_t *at, n;
	int rc;

	if (base->failed)
		return -1;
	n = ram_list(ram_of(base), &k, &at);
	rc = n > 0 ? visit_incidents(base, at, n, realm, true, number, fn, ctx) : 0;
	free(at);
	return rc;
}

/* ---- foreign ids, blobs, quarantine ---- */

int
ram_foreign_get(struct journal *base, const char *space, const char *key, struct msgid *id)
{
	struct ram_key k = ram_key_foreign(space, key);
	const struct ram_foreign *row = ram_row_of(ram_of(base), T_FOREIGN, &k, NULL);

	if (base->failed)
		return -1;
	if (row == NULL)
		return 1;
	*id = row->id;
	return 0;
}

int
ram_foreign_put(struct journal *base, const char *space, const char *key, const struct msgid *id)
{
	struct ram_key k = ram_key_foreign(space, key);
	struct ram_foreign *row;
	size_t at;

	if (base->failed)
		return -1;
	(void)ram_row_of(ram_of(base), T_FOREIGN, &k, &at);
	row = xcalloc(1, sizeof(*row));
	row->space = xstrdup(space);
	row->key = xstrdup(key);
	row->id = *id;
	ram_write(ram_of(base), T_FOREIGN, at, row, false);
	return 0;
}

int
ram_blob_put(struct journal *base, const uint8_t digest[DIGEST_LEN], const void *p, size_t n)
{
	struct ram_key k = ram_key_blob(digest);
	struct ram_blob *row;
	size_t at;

	journal_digest_assert(digest, p, n);
	if (base->failed)
		return -1;
	if (ram_row_of(ram_of(base), T_BLOB, &k, &at) != NULL)
		return 1;
	row = xcalloc(1, sizeof(*row));
	memcpy(row->digest, digest, DIGEST_LEN);
	row->bytes = ram_buf(p, n);
	ram_write(ram_of(base), T_BLOB, at, row, false);
	return 0;
}

int
ram_blob_get(struct journal *base, const uint8_t digest[DIGEST_LEN], struct buf *out)
{
	struct ram_key k = ram_key_blob(digest);
	const struct ram_blob *row = ram_row_of(ram_of(base), T_BLOB, &k, NULL);

	if (base->failed)
		return -1;
	if (row == NULL)
		return 1;
	buf_clear(out);
	if (row->destroyed)
		return 1;
	if (row->bytes.n > 0)
		buf_put(out, row->bytes.p, row->bytes.n);
	return 0;
}

int
ram_wipe_blob(struct journal *base, const uint8_t digest[DIGEST_LEN])
{
	struct ram_key k = ram_key_blob(digest);
	const struct ram_blob *row;
	struct ram_blob *gone;
	size_t at;

	row = ram_row_of(ram_of(base), T_BLOB, &k, &at);
	/* Zeros are what wiping leaves: there is nothing to wipe. */
	if (row == NULL || row->destroyed || row->bytes.n == 0 || sodium_is_zero(row->bytes.p, row->bytes.n))
		return 1;
	gone = xcalloc(1, sizeof(*gone));
	memcpy(gone->digest, digest, DIGEST_LEN);
	gone->destroyed = true;
	ram_write(ram_of(base), T_BLOB, at, gone, false);
	return 0;
}

int
ram_quarantine(struct journal *base, int64_t ms, const char *from, const char *why, const void *p, size_t n)
{
	struct ram *j = ram_of(base);
	struct ram_quarantine *row;
	uint8_t digest[DIGEST_LEN];

	digest_of(p, n, digest);
	if (ram_chain_add(base, ms, CHAIN_QUARANTINE, why, from, digest) != 0)
		return -1;
	row = xcalloc(1, sizeof(*row));
	row->seq = ram_chain_seq(base);
	row->bytes = ram_buf(p, n);
	ram_write(j, T_QUARANTINE, j->tab[T_QUARANTINE].n, row, false);
	return 0;
}

uint64_t
ram_quarantine_count(struct journal *base)
{
	return base->failed ? 0 : ram_of(base)->tab[T_QUARANTINE].n;
}

int
ram_counts(struct journal *base, struct journal_counts *c)
{
	const struct ram *j = ram_of(base);
	const struct journal_delivery *d;
	const struct journal_outbox *o;
	const struct journal_msg *m;
	struct ram_key k;
	size_t i;

	memset(c, 0, sizeof(*c));
	if (base->failed)
		return -1;
	c->messages = j->tab[T_MESSAGE].n;
	for (i = 0; i < j->tab[T_OUTBOX].n; i++)
		if ((o = ram_row_at(j, T_OUTBOX, i)) != NULL) {
			c->outbox++;
			c->no_path += o->link[0] == '\0';
		}
	for (i = 0; i < j->tab[T_DELIVERY].n; i++) {
		d = ram_row_at(j, T_DELIVERY, i);
		c->open += journal_delivery_is_open(d);
		if (d->state == DLV_RETURNED) {
			k = ram_key_id(T_MESSAGE, &d->id);
			m = ram_row_of(j, T_MESSAGE, &k, NULL);
			c->returned += m != NULL && m->kind != KIND_RECEIPT;
		}
	}
	for (i = 0; i < j->tab[T_DRAFT].n; i++)
		c->drafts += ram_row_at(j, T_DRAFT, i) != NULL;
	return 0;
}
