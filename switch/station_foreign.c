/*
 * Imported messages by the numbers they have where they came from: what one refers to (references of CAP,
 * formats/cap.h, and of 12379), and whether it was imported before.
 *
 * An Update corrects and a Cancel recalls what the same sender said before; an Ack is a receipt, an Error sends back.
 * Who says so is what the document claims: an Update or Cancel of another sender is kept as a warning of its own and
 * moves nothing.  What it refers to and was never imported here is left in F_CAP_REFERENCES.
 *
 * One document comes in many bytes: by itself, out of a feed, with a declaration or a line feed more.  It is taken
 * once, by its identity and by what was read of it; the same identity with another content is nobody's to decide here,
 * and is refused.  What two persons have destroyed stays destroyed, in whatever bytes it comes.  Histories have a rule
 * of their own: their lines are told apart by their bytes.
 */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include "../formats/cap.h"
#include "../formats/i18n.h"
#include "log.h"
#include "station_draft.h"

static bool
held(const struct draft *d, const struct msgid *id)
{
	struct journal_msg m;
	bool here;

	memset(&m, 0, sizeof m);
	here = id->realm == d->req->realm && d->s->j->ops->get_message(d->s->j, id, &m) == 0 && m.local;
	buf_free(&m.body);
	return here;
}

/* The sender is what stands before the first comma (CAP) or underscore (12379). */
static bool
same_sender(const char *a, const char *b, const char *end)
{
	size_t n = strcspn(a, end);

	return n > 0 && a[n] != '\0' && strcspn(b, end) == n && strncmp(a, b, n) == 0;
}

/* Known by the number it came with, or one of ours that went out as CAP. */
static bool
add_ref(void *ctx, const char *foreign_id, const struct msgid *own)
{
	struct draft *d = ctx;
	const char *self = body_text(d->b, F_FOREIGN_ID);
	char key[1100];
	struct msgid id;

	if (d->kind == KIND_WARNING && (self == NULL || !same_sender(self, foreign_id, ",")))
		return false;
	if (snprintf(key, sizeof key, "/%s", foreign_id) < (int)sizeof key &&
	    d->s->j->ops->foreign_get(d->s->j, "message", key, &id) == 0 && held(d, &id))
		body_add_id(d->b, F_REFS, &id);
	else if (own != NULL && held(d, own))
		body_add_id(d->b, F_REFS, own);
	else
		return false;
	return true;
}

/* 12379 names the first alert by its identifier alone. */
static void
refs_12379(struct draft *d)
{
	const char *self = body_text(d->b, F_FOREIGN_ID), *first = body_text(d->b, F_CAP_REFERENCES);
	const char *type = body_text(d->b, F_CAP_MSGTYPE);
	int stage = type == NULL		     ? 0
		    : strcmp(type, "Update") == 0 ? STAGE_CORRECTION
		    : strcmp(type, "Cancel") == 0 ? STAGE_WITHDRAWAL
						     : 0;
	char key[1100];
	struct msgid id;

	if (d->kind != KIND_WARNING || stage == 0 || self == NULL || strcmp(first, self) == 0)
		return;
	if (!same_sender(self, first, "_") || snprintf(key, sizeof key, "/%s", first) >= (int)sizeof key ||
	    d->s->j->ops->foreign_get(d->s->j, "message", key, &id) != 0 || !held(d, &id))
		return;
	body_add_id(d->b, F_REFS, &id);
	body_set_num(d->b, F_STAGE, stage);
	d->foreign = true;
}

void
draft_foreign_refs(struct draft *d)
{
	if ((d->kind != KIND_WARNING && d->kind != KIND_LOG) || d->history || d->machine ||
	    body_text(d->b, F_SOURCE_FORMAT) == NULL || body_text(d->b, F_CAP_REFERENCES) == NULL ||
	    body_first(d->b, F_REFS) != NULL)
		return;
	if (strcmp(body_text(d->b, F_SOURCE_FORMAT), "12379") == 0) {
		refs_12379(d);
		return;
	}
	if (cap_refs(d->b, add_ref, d) == 0)
		return;
	d->foreign = true;
	cap_settle(d->b);
	d->kind = body_enum(d->b, F_KIND);
}

/* ---- imported before ---- */

bool
foreign_key(const struct body *b, char *out, size_t size)
{
	const char *id = body_text(b, F_FOREIGN_ID), *station = body_text(b, F_FOREIGN_STATION);

	return id != NULL && snprintf(out, size, "%s/%s", station != NULL ? station : "", id) < (int)size;
}

static bool
live_import(const struct body *b)
{
	return body_text(b, F_SOURCE_FORMAT) != NULL && body_text(b, F_FOREIGN_ID) != NULL && !body_flag(b, F_HISTORY);
}

/* What was read of the document: neither which bytes it came in, nor what the switch and the importing hand add. */
static struct body *
content(const struct body *b)
{
	struct body *out = body_new();

	for (size_t i = 0; i < b->n; i++) {
		const struct value *v = &b->v[i];

		if (v->key == F_KIND || (v->key != F_ORIGINAL && v->key != F_ORIGINAL_SIZE && v->key != F_REMARKS &&
			v->key != F_REFS && (v->field == NULL || (v->field->flags & FF_HEADER) == 0)))
			body_add_value(out, v);
	}
	return out;
}

static void
content_digest(const struct station_submit *r, uint8_t out[DIGEST_LEN])
{
	struct body *said = content(r->body);
	struct buf b = {0};

	buf_put_u8(&b, (uint8_t)r->realm);
	wire_encode(said, &b);
	digest_of(b.p, b.n, out);
	buf_free(&b);
	body_free(said);
}

/* Names of records among the answered requests; the blank keeps them apart from everything a client may ask under. */
static void
record_name(const char *what, const char *key, const uint8_t *more, char *out, size_t size)
{
	char hex[2 * DIGEST_LEN + 1];
	uint8_t digest[DIGEST_LEN];
	struct buf b = {0};

	buf_puts(&b, key);
	if (more != NULL)
		buf_put(&b, more, DIGEST_LEN);
	digest_of(b.p, b.n, digest);
	digest_hex(digest, hex);
	snprintf(out, size, "%s %s", what, hex);
	buf_free(&b);
}

static bool
same_values(const struct body *a, const struct body *b, uint32_t key)
{
	const struct body *in[] = {a, b};
	struct buf bytes[2] = {{0}, {0}};
	bool same;

	for (size_t i = 0; i < 2; i++) {
		struct body *one = body_new();

		for (const struct value *v = body_first(in[i], key); v != NULL; v = body_next(in[i], v))
			body_add_value(one, v);
		wire_encode(one, &bytes[i]);
		body_free(one);
	}
	same = bytes[0].n == bytes[1].n && memcmp(bytes[0].p, bytes[1].p, bytes[0].n) == 0;
	buf_free(&bytes[0]);
	buf_free(&bytes[1]);
	return same;
}

/* Of a journal that kept no record of it yet: what it says must stand in what was stored, which may say more by what it
 * took over from the message it corrects. */
static bool
contained(const struct body *said, const struct body *stored)
{
	struct body *b = content(said);
	bool all = true;

	for (size_t i = 0; all && i < b->n; i++)
		all = b->v[i].key == F_KIND || b->v[i].key == F_STAGE || same_values(b, stored, b->v[i].key);
	body_free(b);
	return all;
}

/* The first of those named now to whom it did not go then; NULL: none. */
static const char *
not_told(const struct draft *d, const struct body *stored)
{
	static const uint32_t keys[] = {F_TO, F_CC};
	const struct body *b = d->req->body;

	for (size_t k = 0; k < 2; k++)
		for (const struct value *v = body_first(b, keys[k]); v != NULL; v = body_next(b, v))
			if (strcmp(v->u.text.s, d->s->conf.self) != 0 && !incident_addressed(stored, v->u.text.s, true))
				return v->u.text.s;
	return NULL;
}

/* In the log each time, in the chain once a content: what is imported every minute must not fill it. */
static int
refuse_import(struct draft *d, const char *key, const uint8_t digest[DIGEST_LEN], const struct msgid *first,
    const char *why)
{
	const char *seat = d->req->seat != NULL ? d->req->seat : "";
	char name[100], text[MSGID_TEXT_MAX];
	struct journal_request had;

	msgid_format(first, text, sizeof text);
	log_event(LOG_LV_WARN, "import", "station=%s refused=%s id=%s seat=%s", d->s->conf.self, why, text,
	    log_quote(seat));
	record_name("refused", key, digest, name, sizeof name);
	if (d->s->j->ops->request_get(d->s->j, name, &had) != 1)
		return -1;
	request_remember(d->s, d->now, name, digest, first);
	station_audit(d->s, d->now, CHAIN_ADMIN, first, "import refused", seat, digest);
	return -1;
}

int
draft_imported(struct draft *d, bool answered, struct msgid *first)
{
	const struct body *b = d->req->body;
	char key[1400], name[100], text[MSGID_TEXT_MAX];
	uint8_t digest[DIGEST_LEN];
	struct journal_request had;
	struct journal_msg m;
	struct body *stored = NULL;
	const char *missed;
	struct fault f;
	int rc;

	if (!live_import(b) || !foreign_key(b, key, sizeof key))
		return 0;
	memset(&m, 0, sizeof m);
	rc = d->s->j->ops->foreign_get(d->s->j, "message", key, first);
	if (rc == 0)
		rc = d->s->j->ops->get_message(d->s->j, first, &m);
	if (rc != 0) {
		rc = rc == 1 ? 0 : draft_refuse(d, EX_IOERR, "", _("the journal cannot be read"));
		goto out;
	}
	content_digest(d->req, digest);
	if (m.destroyed) {
		draft_refuse(d, EX_NOPERM, "foreign_id", _("this document was destroyed here by two persons"));
		rc = refuse_import(d, key, digest, first, "destroyed");
		goto out;
	}
	if (answered) /* the very request once more */
		goto out;
	stored = wire_decode(m.body.p, m.body.n, &f);
	record_name("import", key, NULL, name, sizeof name);
	rc = d->s->j->ops->request_get(d->s->j, name, &had);
	if (rc == -1) {
		draft_refuse(d, EX_IOERR, "", _("the journal cannot be read"));
		goto out;
	}
	msgid_format(first, text, sizeof text);
	if (rc == 0 ? memcmp(had.digest, digest, DIGEST_LEN) != 0 : stored == NULL || !contained(b, stored)) {
		fault_set(&d->f, EX_DATAERR, "foreign_id",
		    _("the same identity was imported before with another content: message %s"), text);
		rc = refuse_import(d, key, digest, first, "other-content");
		goto out;
	}
	if (stored != NULL && (missed = not_told(d, stored)) != NULL) {
		rc = fault_set(&d->f, EX_DATAERR, "to",
		    _("the same document was imported before, as message %s, and did not go to %s"), text, missed);
		goto out;
	}
	log_event(LOG_LV_INFO, "import", "station=%s again=%s", d->s->conf.self, text);
	rc = 1;
out:
	body_free(stored);
	buf_free(&m.body);
	return rc;
}

void
draft_import_remember(struct draft *d, const struct msgid *id)
{
	char key[1400], name[100];
	uint8_t digest[DIGEST_LEN];

	if (!live_import(d->req->body) || !foreign_key(d->req->body, key, sizeof key))
		return;
	content_digest(d->req, digest);
	record_name("import", key, NULL, name, sizeof name);
	request_remember(d->s, d->now, name, digest, id);
}
