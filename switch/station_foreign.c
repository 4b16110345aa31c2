/*
 * What an imported message refers to, by the numbers it has where it came from: references of CAP (formats/cap.h)
 * and of 12379.
 *
 * An Update corrects and a Cancel recalls what the same sender said before; an Ack is a receipt, an Error sends back.
 * Who says so is what the document claims: an Update or Cancel of another sender is kept as a warning of its own and
 * moves nothing.  What it refers to and was never imported here is left in F_CAP_REFERENCES.
 */
#include <stdio.h>
#include <string.h>
#include "../formats/cap.h"
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
