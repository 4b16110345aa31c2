/*
 * CAP's kinds of messages and the life of messages here: one table for both ways.
 *
 * CAP knows five, and says by references what an Update or a Cancel is of.  References are ids of the issuer's, and
 * only a station knows which of its messages came with them; so a document that came in says what it would be, and
 * becomes that when the station has looked them up (cap_settle()).  Until then an Ack or an Error is an entry of the
 * log: taken for a receipt of nothing it would be refused, taken for a warning it would ring.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cap_part.h"
#include "i18n.h"
#include "text.h"

#define BLANKS " \t\r\n"

/* The first row that fits.  0: any; `cites` only when the message refers to something.  in: a document of a stranger's
 * becomes this row's kind, stage and act. */
static const struct life {
	const char *msgtype;
	int kind, stage, act;
	bool cites, in;
} life[] = {
    {"Error", KIND_RECEIPT, 0, ACT_RETURNED, false, true},
    {"Ack", KIND_RECEIPT, 0, ACT_DELIVERED, false, true},
    {"Ack", KIND_RECEIPT, 0, 0, false, false},
    {"Cancel", KIND_WARNING, STAGE_WITHDRAWAL, 0, false, true},
    {"Cancel", 0, STAGE_WITHDRAWAL, 0, false, false},
    {"Update", KIND_WARNING, STAGE_CORRECTION, 0, false, true},
    {"Update", 0, STAGE_CORRECTION, 0, false, false},
    {"Alert", KIND_REPORT, STAGE_FIRST, 0, false, false},
    {"Update", KIND_REPORT, 0, 0, true, false},
    {"Alert", KIND_WARNING, 0, 0, false, true},
    {"Alert", 0, 0, 0, false, false},
};
#define ROWS (sizeof(life) / sizeof(life[0]))

const char *
cap_msgtype(const struct body *b, bool cites)
{
	int kind = body_enum(b, F_KIND), stage = body_enum(b, F_STAGE), act = body_enum(b, F_ACT);

	for (size_t i = 0; i < ROWS; i++)
		if ((life[i].kind == 0 || life[i].kind == kind) && (life[i].stage == 0 || life[i].stage == stage) &&
		    (life[i].act == 0 || life[i].act == act) && (!life[i].cites || cites))
			return life[i].msgtype;
	return "Alert";
}

static const struct life *
row_in(const char *msgtype)
{
	for (size_t i = 0; msgtype != NULL && i < ROWS; i++)
		if (life[i].in && strcmp(life[i].msgtype, msgtype) == 0)
			return &life[i];
	return NULL;
}

int
cap_life_of(const char *msgtype, int *stage)
{
	const struct life *row = row_in(msgtype);

	*stage = row == NULL ? 0 : row->stage;
	return row == NULL ? KIND_WARNING : row->kind;
}

void
cap_settle(struct body *b)
{
	const char *format = body_text(b, F_SOURCE_FORMAT), *status = body_text(b, F_CAP_STATUS);
	const struct life *row = row_in(body_text(b, F_CAP_MSGTYPE));

	if (format == NULL || strcmp(format, "cap") != 0 || row == NULL || row->kind != KIND_RECEIPT ||
	    body_enum(b, F_KIND) != KIND_LOG || body_first(b, F_REFS) == NULL || status == NULL ||
	    (strcmp(status, "Actual") != 0 && strcmp(status, "Exercise") != 0))
		return;
	body_set_num(b, F_KIND, row->kind);
	body_set_num(b, F_ACT, row->act);
	if (row->act == ACT_RETURNED && body_first(b, F_REASON) == NULL)
		body_set_text(b, F_REASON, _("returned by the receiving system without a reason"));
}

/* ---- references ---- */

void
cap_foreign_id(
    const char *sender, size_t slen, const char *id, size_t ilen, const char *sent, struct buf *out, bool *changed)
{
	const size_t max = field_by_key(F_FOREIGN_ID)->max, tail = 1 + 2 * DIGEST_LEN;
	struct buf whole = {0};
	char hex[2 * DIGEST_LEN + 1], *shown;
	uint8_t digest[DIGEST_LEN];
	size_t len;

	buf_put(&whole, sender, slen);
	buf_put_u8(&whole, ',');
	buf_put(&whole, id, ilen);
	buf_put_u8(&whole, ',');
	buf_puts(&whole, sent);
	*changed = whole.n > max || !text_clean(buf_cstr(&whole), whole.n, false, NULL);
	if (!*changed) {
		buf_put(out, whole.p, whole.n);
	} else {
		digest_of(whole.p, whole.n, digest);
		digest_hex(digest, hex);
		shown = xmalloc(max + 1);
		len = text_sanitise(buf_cstr(&whole), whole.n, shown, max + 1 - tail, false);
		buf_put(out, shown, len);
		buf_printf(out, "#%s", hex);
		free(shown);
	}
	buf_free(&whole);
}

/* One form of the id; true when it is known. */
static bool
known(const char *sender, size_t slen, const char *id, size_t ilen, const char *sent, const struct msgid *own,
    cap_ref_fn *each, void *ctx)
{
	struct buf key = {0};
	bool changed, found;

	cap_foreign_id(sender, slen, id, ilen, sent, &key, &changed);
	found = each(ctx, buf_cstr(&key), own);
	buf_free(&key);
	return found;
}

/* The same instant as others write it: an issuer's own references differ in the offset of UTC more often than not. */
static bool
known_somehow(const char *sender, size_t slen, const char *id, size_t ilen, const char *sent, const struct msgid *own,
    cap_ref_fn *each, void *ctx)
{
	static const char *const zeros[] = {"Z", "-00:00", "+00:00"};
	char norm[CAP_TIME_TEXT_MAX], other[CAP_TIME_TEXT_MAX + 8];
	struct when w;
	size_t len;

	if (!cap_time(sent, CAP_V11, &w, norm))
		return false;
	if (known(sender, slen, id, ilen, norm, own, each, ctx))
		return true;
	len = strlen(norm);
	for (size_t i = 0; w.offset == 0 && i < 3; i++) {
		size_t zone = norm[len - 1] == 'Z' ? 1 : 6;

		(void)snprintf(other, sizeof(other), "%.*s%s", (int)(len - zone), norm, zeros[i]);
		if (strcmp(other, norm) != 0 && known(sender, slen, id, ilen, other, own, each, ctx))
			return true;
	}
	return false;
}

size_t
cap_refs(const struct body *b, cap_ref_fn *each, void *ctx)
{
	const char *s = body_text(b, F_CAP_REFERENCES), *self = body_text(b, F_FOREIGN_ID);
	size_t n = 0, found = 0, len;

	for (; s != NULL && n < FIELD_REPEAT_MAX; s += len) {
		char sent[CAP_TIME_TEXT_MAX], text[MSGID_TEXT_MAX];
		const char *comma, *last;
		struct msgid own;
		bool ours = false;

		s += strspn(s, BLANKS);
		if ((len = strcspn(s, BLANKS)) == 0)
			break;
		n++;
		comma = memchr(s, ',', len);
		last = comma == NULL ? NULL : memchr(comma + 1, ',', len - (size_t)(comma + 1 - s));
		if (last == NULL || comma == s || last == comma + 1 || (size_t)(s + len - last) > sizeof(sent) ||
		    (self != NULL && strlen(self) == len && memcmp(self, s, len) == 0))
			continue;
		(void)snprintf(sent, sizeof(sent), "%.*s", (int)(s + len - last - 1), last + 1);
		if ((size_t)(last - comma) <= sizeof(text)) {
			(void)snprintf(text, sizeof(text), "%.*s", (int)(last - comma - 1), comma + 1);
			ours = msgid_parse(text, &own) && strlen(own.origin) == (size_t)(comma - s) &&
			       memcmp(own.origin, s, (size_t)(comma - s)) == 0;
		}
		found += known_somehow(
		    s, (size_t)(comma - s), comma + 1, (size_t)(last - comma - 1), sent, ours ? &own : NULL, each, ctx);
	}
	return found;
}
