/*
 * Destruction by two persons (误入清除), once for both journals: what goes, in which order, and what stays to tell of it.
 *
 * The message's row, its digest and the chain stay as they were: that something was here, from whom, when, and who
 * destroyed it must not be destroyed with it.  The bytes go, and with them what would still carry them anywhere: parcels in
 * the outbox, open deliveries, the imported original.  How bytes are made to go is the backend's business.
 *
 * It leaves to the caller who the two persons are, whether they may, and what else repeats the text (the incident's
 * summary, drafts): those are not the journal's to understand.
 */
#include <stdlib.h>
#include <string.h>
#include <sodium.h>

#include "journal_common.h"
#include "log.h"
#include "../formats/text.h"
#include "../formats/wire.h"

_Static_assert(MSGID_TEXT_MAX <= sizeof(((struct journal_chain *)0)->ref), "an id fits the chain's ref");
_Static_assert(sizeof(JOURNAL_BLOB_REF) + 2 * DIGEST_LEN <= sizeof(((struct journal_chain *)0)->ref), "so does a digest");

/* "FIRST + SECOND".  Neither name may push the other out: one gets what the other leaves, and at least half. */
static void
both_names(char who[128], const char *first, const char *second)
{
	static const char plus[] = " + ";
	const size_t room = 127 - (sizeof(plus) - 1);
	char a[128], b[128];
	size_t na, nb;

	na = text_sanitise(first, strlen(first), a, room + 1, false);
	nb = text_sanitise(second, strlen(second), b, room + 1, false);
	if (na + nb > room) {
		size_t forb = nb < room / 2 ? nb : na < room / 2 ? room - na : room / 2;
		char cut[128];

		journal_text(cut, room - forb + 1, a);
		memcpy(a, cut, sizeof(a));
		journal_text(cut, forb + 1, b);
		memcpy(b, cut, sizeof(b));
	}
	journal_text(who, 128, a);
	na = strlen(who);
	memcpy(who + na, plus, sizeof(plus));
	na += sizeof(plus) - 1;
	journal_text(who + na, 128 - na, b);
}

/* ---- the message's bytes as they are, damaged or not ---- */

struct find {
	const struct msgid *id;
	struct buf *bytes;
};

static int
find_bytes(void *ctx, const struct journal_msg *m, enum payload_state payload)
{
	struct find *f = ctx;

	(void)payload;
	if (msgid_cmp(&m->id, f->id) != 0)
		return 0;
	buf_put(f->bytes, m->body.p, m->body.n);
	return 1;
}

/* ---- originals ---- */

struct named {
	const struct msgid *not_this;
	const uint8_t *digest;
	bool found;
};

/* Bytes, not fields: a message this program cannot read may name it all the same. */
static int
find_name(void *ctx, const struct journal_msg *m, enum payload_state payload)
{
	struct named *n = ctx;

	(void)payload;		/* what is destroyed is zero */
	if (m->body.n >= DIGEST_LEN && msgid_cmp(&m->id, n->not_this) != 0 &&
	    memmem(m->body.p, m->body.n, n->digest, DIGEST_LEN) != NULL)
		n->found = true;
	return n->found;
}

static int
destroy_blob(struct journal *j, const struct journal_eraser *e, int64_t ms, const struct msgid *id, const char *who,
    const uint8_t digest[DIGEST_LEN])
{
	struct named n = { .not_this = id, .digest = digest };
	char ref[sizeof(JOURNAL_BLOB_REF) + 2 * DIGEST_LEN] = JOURNAL_BLOB_REF;
	struct journal_verify unread = { .bad = "" };
	int rc;

	if (e->scan->each_message(j, &unread, find_name, &n) != 0)
		return -1;
	if (n.found)
		return 0;
	digest_hex(digest, ref + strlen(JOURNAL_BLOB_REF));
	if (unread.bad[0] != '\0') {	/* that row may name it */
		log_event(LOG_LV_ERROR, "blob_kept", "ref=%s error=%s", log_quote(ref), log_quote(unread.bad));
		return 0;
	}
	if ((rc = e->wipe_blob(j, digest)) != 0)
		return rc < 0 ? -1 : 0;
	return j->ops->chain_add(j, ms, CHAIN_DESTROYED, ref, who, digest);
}

struct digests {
	const struct buf *in;
	uint8_t (*v)[DIGEST_LEN];
	size_t n;
};

static void
add_digest(struct digests *d, const uint8_t digest[DIGEST_LEN])
{
	d->v = xreallocarray(d->v, d->n + 1, sizeof(*d->v));
	memcpy(d->v[d->n++], digest, DIGEST_LEN);
}

static int
find_blob(void *ctx, const uint8_t digest[DIGEST_LEN], const void *p, size_t n)
{
	struct digests *d = ctx;

	(void)p;
	(void)n;
	if (memmem(d->in->p, d->in->n, digest, DIGEST_LEN) != NULL)
		add_digest(d, digest);
	return 0;
}

/* Bytes that cannot be read as a message (damaged, or of a program that knows more) name whatever stands in them. */
static int
destroy_originals(struct journal *j, const struct journal_eraser *e, int64_t ms, const struct msgid *id, const char *who,
    const struct buf *bytes)
{
	struct digests d = { .in = bytes };
	struct journal_verify unread = { .bad = "" };
	const struct value *v;
	struct fault fault;
	struct body *body;
	size_t i;
	int rc = 0;

	memset(&fault, 0, sizeof(fault));
	if ((body = wire_decode(bytes->p, bytes->n, &fault)) != NULL) {
		for (v = body_first(body, F_ORIGINAL); v != NULL; v = body_next(body, v))
			add_digest(&d, v->u.digest);
		body_free(body);
	} else if (bytes->n >= DIGEST_LEN)
		rc = e->scan->each_blob(j, &unread, find_blob, &d);
	if (unread.bad[0] != '\0')
		log_event(LOG_LV_ERROR, "blob_unread", "error=%s", log_quote(unread.bad));
	for (i = 0; rc == 0 && i < d.n; i++)
		rc = destroy_blob(j, e, ms, id, who, d.v[i]);
	free(d.v);
	return rc;
}

/* ---- what still carries it ---- */

struct carry {
	struct journal *j;
	const struct msgid *id;
	int64_t ms;
	const char *why;
	int rc;
};

static int
drop_parcel(void *ctx, const struct journal_outbox *o)
{
	struct carry *c = ctx;

	if (msgid_cmp(&o->id, c->id) == 0)
		c->rc = c->j->ops->outbox_del(c->j, o->row);
	return c->rc != 0;
}

static int
return_delivery(void *ctx, const struct journal_delivery *row)
{
	struct carry *c = ctx;
	struct journal_delivery d = *row;

	if (!journal_delivery_is_open(row))
		return 0;
	d.state = DLV_RETURNED;
	d.since = c->ms;
	(void)text_sanitise(c->why, strlen(c->why), d.person, sizeof(d.person), false);
	c->rc = c->j->ops->delivery_put(c->j, &d);
	return c->rc != 0;
}

int
journal_destroy(struct journal *j, const struct journal_eraser *e, int64_t ms, const struct msgid *want, const char *first,
    const char *second, const char *why)
{
	struct journal_verify unread = { .bad = "" };
	struct journal_msg m;
	struct msgid id = *want;	/* the caller's may lie in what goes */
	struct carry c = { .j = j, .id = &id, .ms = ms, .why = why };
	struct find f = { .id = &id, .bytes = &m.body };
	char text[MSGID_TEXT_MAX], who[128];
	int rc;

	if ((rc = j->ops->get_message(j, &id, &m)) != 0)
		return rc;
	if (m.destroyed) {
		buf_free(&m.body);
		return 1;
	}
	(void)msgid_format(&id, text, sizeof(text));
	both_names(who, first, second);
	rc = -1;
	if (m.damaged && e->scan->each_message(j, &unread, find_bytes, &f) != 0)
		goto out;
	if (j->ops->chain_add(j, ms, CHAIN_DESTROYED, text, who, m.digest) != 0 || e->wipe_message(j, &m) != 0 ||
	    destroy_originals(j, e, ms, &id, who, &m.body) != 0)
		goto out;
	if (j->ops->outbox_each(j, drop_parcel, &c) != 0 || c.rc != 0)
		goto out;
	if (j->ops->delivery_each(j, &id, return_delivery, &c) != 0 || c.rc != 0)
		goto out;
	journal_drop_memo(j);
	rc = 0;
out:
	if (m.body.n > 0)
		sodium_memzero(m.body.p, m.body.n);
	buf_free(&m.body);
	return rc;
}
