/*
 * The journal's twin in memory: what is settled, and retention.
 *
 * As in destruction the bytes stay in the log, for a crash before the commit to bring back; nothing shows them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "journal_ram.h"
#include "../formats/wire.h"

int
ram_settle(struct journal *base, const struct msgid *id, bool settled)
{
	struct ram_key k = ram_key_id(T_MESSAGE, id);
	struct journal_msg *row;
	size_t at;

	if (base->failed)
		return -1;
	if ((row = ram_row_of(ram_of(base), T_MESSAGE, &k, &at)) == NULL)
		return 1;
	if (row->settled == settled)
		return 0;
	row = ram_copy(row, sizeof(*row));
	row->settled = settled;
	ram_write(ram_of(base), T_MESSAGE, at, row, true);
	return 0;
}

/* ---- retention ---- */

/* A parcel waits, or an addressee still needs its 送达. */
static bool
is_owed(const struct ram *j, const struct msgid *id)
{
	struct ram_key k = ram_key_id(L_OUTBOX, id);
	bool owed = false;
	size_t *at, n, i;

	n = ram_list(j, &k, &at);
	for (i = 0; i < n && !owed; i++)
		owed = ram_row_at(j, T_OUTBOX, at[i]) != NULL;
	free(at);
	if (owed)
		return true;
	k = ram_key_id(L_DELIVERIES, id);
	n = ram_list(j, &k, &at);
	for (i = 0; i < n && !owed; i++)
		owed = journal_delivery_is_open(ram_row_at(j, T_DELIVERY, at[i]));
	free(at);
	return owed;
}

static bool
may_go(const struct ram *j, const struct journal_msg *m, int64_t before)
{
	/* What is damaged stays for verification to name, whatever its age. */
	return m->stored < before - (m->local ? 0 : JOURNAL_PASSING_KEPT) && (m->settled || m->quiet || !m->local) && !m->destroyed && !m->retired &&
	    !m->damaged && !is_owed(j, &m->id);
}

static int
drop_passage(void *ctx, const struct journal_line *l, const struct journal_passage *p)
{
	struct ram *j = ctx;
	struct ram_key k = ram_key_line(l->peer, l->out, l->stream);
	size_t at;

	(void)ram_row_of(j, T_LINE, &k, &at);
	k = ram_key_passage(at, p->serial);
	(void)ram_row_of(j, T_PASSAGE, &k, &at);
	ram_write(j, T_PASSAGE, at, NULL, false);
	return 0;
}

static bool
is_named(const struct ram *j, const uint8_t digest[DIGEST_LEN])
{
	const struct journal_msg *m;
	size_t i;

	for (i = 0; i < j->tab[T_MESSAGE].n; i++) {
		m = ram_row_at(j, T_MESSAGE, i);
		if (m->body.n >= DIGEST_LEN && memmem(m->body.p, m->body.n, digest, DIGEST_LEN) != NULL)
			return true;
	}
	return false;
}

/* The originals this one names and no other does; its own bytes are no longer among the rows. */
static void
drop_originals(struct ram *j, const struct journal_msg *gone)
{
	const struct value *v;
	struct fault fault;
	struct body *body;
	struct ram_key k;
	size_t at;

	memset(&fault, 0, sizeof(fault));
	if ((body = wire_decode(gone->body.p, gone->body.n, &fault)) == NULL)
		return;
	for (v = body_first(body, F_ORIGINAL); v != NULL; v = body_next(body, v)) {
		k = ram_key_blob(v->u.digest);
		if (ram_row_of(j, T_BLOB, &k, &at) != NULL && !is_named(j, v->u.digest))
			ram_write(j, T_BLOB, at, NULL, false);
	}
	body_free(body);
}

int
ram_retire(struct journal *base, int64_t ms, int64_t before, size_t max, size_t *n)
{
	struct ram *j = ram_of(base);
	const struct journal_msg *m, **gone = NULL;
	struct journal_msg *row;
	struct buf digests = { NULL, 0, 0 };
	uint8_t digest[DIGEST_LEN];
	char ref[96];
	size_t i, at;
	int rc = 0;

	*n = 0;
	if (base->failed)
		return -1;
	for (at = 0; at < j->tab[T_MESSAGE].n && *n < max; at++) {
		if (!may_go(j, m = ram_row_at(j, T_MESSAGE, at), before))
			continue;
		gone = xreallocarray(gone, *n + 1, sizeof(*gone));
		gone[(*n)++] = m;
		buf_put(&digests, m->digest, DIGEST_LEN);
		row = ram_copy(m, sizeof(*m));
		memset(&row->body, 0, sizeof(row->body));
		row->retired = true;
		ram_write(j, T_MESSAGE, at, row, false);
	}
	for (i = 0; i < *n && rc == 0; i++) {
		rc = ram_passage_of(base, &gone[i]->id, drop_passage, j);
		drop_originals(j, gone[i]);
	}
	if (*n > 0 && rc == 0) {
		digest_of(digests.p, digests.n, digest);
		(void)snprintf(ref, sizeof(ref), "%llu-%llu %zu", (unsigned long long)gone[0]->seq,
		    (unsigned long long)gone[*n - 1]->seq, *n);
		rc = ram_chain_add(base, ms, CHAIN_RETIRED, ref, "retention", digest);
		journal_drop_memo(base);
	}
	free(gone);
	buf_free(&digests);
	return rc;
}
