/*
 * Giving out the bytes of documents imported here (station_original.h), to the addressees of the message that names them.
 *
 * The answer to a request is written whole, as messages of its own, and is then the custody transport's: it is offered
 * until it has arrived.  So a request that comes while an earlier answer to the same station is still under way is let
 * pass in silence.  Parts are routine and each much smaller than a frame's time on a slow line: reports overtake them.
 */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include "log.h"
#include "station_original.h"

#define PART_BYTES (40u << 10)	/* of the document in one message: 54 KiB as base64, within what F_TEXT may have */

struct under_way {
	struct station *s;
	const char *to;
	bool any, open;
};

static int
sent_row(void *ctx, const struct journal_msg *m)
{
	struct under_way *w = ctx;
	struct journal_delivery d;

	if (m->kind != KIND_SERVICE || strcmp(m->id.origin, w->s->conf.self) != 0 || m->body.n == 0)
		return 0;
	w->any = true;
	w->open = w->s->j->ops->delivery_get(w->s->j, &m->id, w->to, &d) == 0 &&
		  (d.state == DLV_OPEN || d.state == DLV_CUSTODY);
	return w->open;
}

/* An earlier answer that has not all arrived will: it is not sent twice over a slow line. */
static bool
on_its_way(struct station *s, const struct msgid *about, const struct msgid *wanted)
{
	struct original_earlier e = {.but = wanted, .by = wanted->origin};
	struct under_way w = {.s = s, .to = wanted->origin};

	s->j->ops->each_referring(s->j, about, original_earlier_row, &e);
	for (size_t i = e.ids.n; i > 0 && !w.any; i--)
		s->j->ops->each_referring(s->j, &e.ids.v[i - 1], sent_row, &w);
	free(e.ids.v);
	return w.open;
}

static void
send_parts(struct station *s, int64_t now, const struct msgid *wanted, const struct buf *bytes)
{
	size_t parts = bytes->n == 0 ? 1 : (bytes->n + PART_BYTES - 1) / PART_BYTES;
	char *text = xmalloc(sodium_base64_ENCODED_LEN(PART_BYTES, sodium_base64_VARIANT_ORIGINAL));

	for (size_t i = 0; i < parts; i++) {
		size_t at = i * PART_BYTES, len = bytes->n - at < PART_BYTES ? bytes->n - at : PART_BYTES;
		struct body *b = original_speak(WORD_PART, wanted->origin, wanted);

		body_set_num(b, F_ORIGINAL_SIZE, (int64_t)bytes->n);
		body_set_num(b, F_PART, (int64_t)i + 1);
		body_set_num(b, F_PARTS, (int64_t)parts);
		if (len > 0) {
			sodium_bin2base64(text, sodium_base64_ENCODED_LEN(PART_BYTES, sodium_base64_VARIANT_ORIGINAL),
			    bytes->p + at, len, sodium_base64_VARIANT_ORIGINAL);
			body_set_text(b, F_TEXT, text);
		}
		if (original_issue(s, now, wanted->realm, b) == -1)
			break;
	}
	free(text);
	log_event(LOG_LV_INFO, "original", "station=%s to=%s bytes=%zu parts=%zu", s->conf.self, wanted->origin, bytes->n,
	    parts);
}

/* Why the asking station does not get it; NULL: here it is. */
static const char *
judge(struct station *s, const struct msgid *about, const char *asking, struct buf *bytes)
{
	struct journal_delivery d;
	const struct value *v;
	const char *why = WHY_ABSENT;
	struct body *b;
	bool destroyed;

	if (strcmp(about->origin, s->conf.self) != 0 || original_load(s, about, &b, &destroyed) != 0)
		return WHY_ABSENT;
	if (s->j->ops->delivery_get(s->j, about, asking, &d) != 0 && (b == NULL || !original_names(b, asking)))
		why = WHY_STRANGER;
	else if (destroyed)
		why = WHY_DESTROYED;
	else if (b != NULL && (v = body_first(b, F_ORIGINAL)) != NULL && s->j->ops->blob_get(s->j, v->u.digest, bytes) == 0)
		why = NULL;
	body_free(b);
	return why;
}

void
original_asked(struct station *s, int64_t now, const struct journal_msg *m, const struct body *b)
{
	struct buf bytes = {0};
	struct msgid about;
	const char *why = body_id(b, F_REFS, &about) ? judge(s, &about, m->id.origin, &bytes) : WHY_ABSENT;

	if (why != NULL) {
		struct body *no = original_speak(WORD_REFUSED, m->id.origin, &m->id);

		log_event(LOG_LV_WARN, "original", "station=%s to=%s refused=%s", s->conf.self, m->id.origin, why);
		body_set_text(no, F_REASON, why);
		(void)original_issue(s, now, m->id.realm, no);
	} else if (on_its_way(s, &about, &m->id))
		log_event(LOG_LV_INFO, "original", "station=%s to=%s again=1", s->conf.self, m->id.origin);
	else
		send_parts(s, now, &m->id, &bytes);
	buf_free(&bytes);
}
