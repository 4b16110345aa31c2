/*
 * The bytes of imported documents: asked of the station that took them in, and sent in parts.
 *
 * A message carries the digest of its original only; the document itself (a CAP file may have a megabyte) stays where it
 * was imported until a person somewhere else wants it.  Then the switches speak three service messages over the ordinary
 * custody transport, so that a kill, a restart or a day without a line loses nothing:
 *
 *     original-wanted   refs the message whose original is wanted; to the station that wrote it
 *     original          refs the request; original_size, part k of parts n, text: the bytes of it in base64
 *     original-refused  refs the request; reason: one of the words below
 *
 * None of them names a digest.  The message does, and never changes, so naming it says all; nobody can ask for a document
 * by its digest alone; and a document two persons destroy is not kept for being named here.  Bytes are given out only
 * for a message of this station's own that the asking station is an addressee of.
 *
 * Nothing but the messages is stored: what is asked and how far it has come is read from them again when it is needed
 * (their index of references), and held in memory while parts come in.  The parts stay in the journal as messages.  All
 * that comes in is routine, belongs to no incident, and asks nobody for anything: the kind is in no inbox and starts no
 * clock.  Parts of a document whose message was destroyed go with it, and those that come later go at once.
 */
#include <assert.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "../formats/i18n.h"
#include "../formats/limits.h"
#include "../formats/text.h"
#include "log.h"
#include "station_draft.h"
#include "station_original.h"

#define PART_LEAST (1u << 10)	/* bytes of a part, but for the last: bounds their number */
#define PARTS_MAX 65536
#define COLLECTIONS 8		/* held in memory; others are read again from the journal */

static const struct {
	enum original_word word;
	const char *topic;
} words[] = {
	{WORD_WANTED, "original-wanted"}, {WORD_PART, "original"}, {WORD_REFUSED, "original-refused"}};

/* One request of ours and what has come of it. */
struct collection {
	struct msgid wanted, about;	/* the request; the message whose original it is */
	char station[STATION_MAX];	/* asked */
	uint8_t digest[DIGEST_LEN];
	int64_t size;			/* bytes announced; -1: not yet */
	bool destroyed;			/* two persons have destroyed the message here */
	int64_t heard;			/* ms UTC of the asking, or of the last answer */
	int64_t parts, have;
	uint8_t *got;			/* parts bytes, 1: part k + 1 is here; owned */
	char refused[64];
	uint64_t used;
};

struct originals {
	struct collection c[COLLECTIONS];
	size_t n;
	uint64_t used;
};

/* ---- words ---- */

enum original_word
original_word(const struct body *b)
{
	const char *topic = body_text(b, F_TOPIC);

	for (size_t i = 0; body_enum(b, F_KIND) == KIND_SERVICE && topic != NULL && i < sizeof words / sizeof words[0]; i++)
		if (strcmp(words[i].topic, topic) == 0)
			return words[i].word;
	return WORD_NONE;
}

bool
original_speaks(const struct body *b)
{
	return original_word(b) != WORD_NONE;
}

struct body *
original_speak(enum original_word word, const char *to, const struct msgid *refs)
{
	struct body *b = body_new();

	body_set_num(b, F_KIND, KIND_SERVICE);
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (words[i].word == word)
			body_set_text(b, F_TOPIC, words[i].topic);
	body_set_text(b, F_TO, to);
	body_set_id(b, F_REFS, refs);
	return b;
}

/* Takes the body. */
int
original_issue(struct station *s, int64_t now, int realm, struct body *b)
{
	struct fault f = {0};
	struct msgid id;
	int rc = station_issue(s, now, realm, b, s->conf.self, false, &id, &f);

	if (rc == -1)
		log_event(LOG_LV_ERROR, "original", "station=%s why=%s", s->conf.self, log_quote(f.text));
	body_free(b);
	return rc;
}

bool
original_names(const struct body *b, const char *station)
{
	static const uint32_t keys[] = {F_TO, F_CC};

	for (size_t k = 0; k < 2; k++)
		for (const struct value *v = body_first(b, keys[k]); v != NULL; v = body_next(b, v))
			if (strcmp(v->u.text.s, station) == 0)
				return true;
	return false;
}

/* A message here with its content; the body is the caller's to free, NULL when its bytes are not there.  0, 1, -1. */
int
original_load(struct station *s, const struct msgid *id, struct body **b, bool *destroyed)
{
	struct journal_msg m;
	struct fault f;
	int rc;

	*b = NULL;
	*destroyed = false;
	memset(&m, 0, sizeof m);
	if ((rc = s->j->ops->get_message(s->j, id, &m)) != 0)
		return rc;
	*destroyed = m.destroyed;
	if (m.body.n > 0)
		*b = wire_decode(m.body.p, m.body.n, &f);
	buf_free(&m.body);
	return 0;
}

int
original_earlier_row(void *ctx, const struct journal_msg *m)
{
	struct original_earlier *e = ctx;
	struct body *b;
	struct fault f;

	if (m->kind != KIND_SERVICE || (e->by != NULL && strcmp(m->id.origin, e->by) != 0) ||
	    (e->but != NULL && msgid_cmp(&m->id, e->but) == 0) || m->body.n == 0 ||
	    (b = wire_decode(m->body.p, m->body.n, &f)) == NULL)
		return 0;
	if (original_word(b) == WORD_WANTED)
		idlist_add(&e->ids, &m->id);
	body_free(b);
	return 0;
}

/* ---- what came of a request ---- */

static void
collection_free(struct collection *c)
{
	free(c->got);
	memset(c, 0, sizeof *c);
}

static void
originals_clear(struct originals *o)
{
	for (size_t i = 0; o != NULL && i < o->n; i++)
		collection_free(&o->c[i]);
	if (o != NULL)
		o->n = 0;
}

void
originals_free(struct originals *o)
{
	originals_clear(o);
	free(o);
}

/* Does this part belong: of the size announced, one of as many as the others say?  The first settles what was open. */
static bool
part_fits(struct collection *c, const struct body *b, int64_t *part)
{
	int64_t parts, size;

	if (!body_num(b, F_PART, part) || !body_num(b, F_PARTS, &parts) || !body_num(b, F_ORIGINAL_SIZE, &size))
		return false;
	if (size < 0 || (uint64_t)size > limits_get()->cap_bytes || (c->size >= 0 && size != c->size))
		return false;
	if (parts < 1 || parts > PARTS_MAX || parts > size / PART_LEAST + 1 || *part < 1 || *part > parts ||
	    (c->parts > 0 && parts != c->parts))
		return false;
	if (c->parts == 0) {
		c->parts = parts;
		c->size = size;
		c->got = xcalloc((size_t)parts, 1);
	}
	return true;
}

/* Counts an answer to this request; false when it is none. */
static bool
collection_note(struct collection *c, const struct journal_msg *m, const struct body *b)
{
	enum original_word word = original_word(b);
	const char *why = body_text(b, F_REASON);
	int64_t part;

	if (strcmp(m->id.origin, c->station) != 0 || (word != WORD_PART && word != WORD_REFUSED))
		return false;
	if (word == WORD_REFUSED)
		(void)text_sanitise(why != NULL ? why : "", why != NULL ? strlen(why) : 0, c->refused, sizeof c->refused,
		    false);
	else if (!part_fits(c, b, &part))
		return false;
	else if (c->got[part - 1] == 0) {
		c->got[part - 1] = 1;
		c->have++;
	}
	if (m->stored > c->heard)
		c->heard = m->stored;
	return true;
}

static int
note_row(void *ctx, const struct journal_msg *m)
{
	struct body *b;
	struct fault f;

	if (m->kind == KIND_SERVICE && m->body.n > 0 && (b = wire_decode(m->body.p, m->body.n, &f)) != NULL) {
		(void)collection_note(ctx, m, b);
		body_free(b);
	}
	return 0;
}

/* What the request says, and the message it is about. */
static int
collection_load(struct station *s, const struct msgid *wanted, struct collection *c)
{
	struct journal_msg m;
	struct body *b = NULL, *about = NULL;
	const struct value *v;
	const char *to;
	struct fault f;
	int rc = -1;

	memset(c, 0, sizeof *c);
	memset(&m, 0, sizeof m);
	c->wanted = *wanted;
	c->size = -1;
	if (strcmp(wanted->origin, s->conf.self) != 0 || s->j->ops->get_message(s->j, wanted, &m) != 0 || m.body.n == 0 ||
	    (b = wire_decode(m.body.p, m.body.n, &f)) == NULL)
		goto out;
	if (original_word(b) != WORD_WANTED || (to = body_text(b, F_TO)) == NULL || !body_id(b, F_REFS, &c->about))
		goto out;
	snprintf(c->station, sizeof c->station, "%s", to);
	c->heard = m.stored;
	if (original_load(s, &c->about, &about, &c->destroyed) != 0 || (about == NULL && !c->destroyed))
		goto out;
	if (about != NULL) {
		if ((v = body_first(about, F_ORIGINAL)) == NULL)
			goto out;
		memcpy(c->digest, v->u.digest, DIGEST_LEN);
		if (!body_num(about, F_ORIGINAL_SIZE, &c->size))
			c->size = -1;
	}
	rc = s->j->ops->each_referring(s->j, wanted, note_row, c) == -1 ? -1 : 0;
out:
	body_free(b);
	body_free(about);
	buf_free(&m.body);
	if (rc == -1)
		collection_free(c);
	return rc;
}

/* NULL: no request of ours about a message with an original. */
static struct collection *
collection_get(struct station *s, const struct msgid *wanted)
{
	struct originals *o;
	struct collection c, *at = NULL;

	if (s->originals == NULL)
		s->originals = xcalloc(1, sizeof *s->originals);
	o = s->originals;
	for (size_t i = 0; i < o->n && at == NULL; i++)
		if (msgid_cmp(&o->c[i].wanted, wanted) == 0)
			at = &o->c[i];
	if (at == NULL) {
		if (collection_load(s, wanted, &c) == -1)
			return NULL;
		if (o->n < COLLECTIONS)
			at = &o->c[o->n++];
		else {
			at = &o->c[0];
			for (size_t i = 1; i < o->n; i++)
				if (o->c[i].used < at->used)
					at = &o->c[i];
			collection_free(at);
		}
		*at = c;
	}
	at->used = ++o->used;
	return at;
}

/* ---- putting together ---- */

struct pieces {
	struct collection *c;
	struct buf *part;	/* c->parts of them */
	size_t total;
	bool good;
};

static int
piece_row(void *ctx, const struct journal_msg *m)
{
	struct pieces *p = ctx;
	struct body *b = NULL;
	const struct value *v;
	struct fault f;
	int64_t part;
	size_t len;

	if (m->kind != KIND_SERVICE || strcmp(m->id.origin, p->c->station) != 0 || m->body.n == 0 ||
	    (b = wire_decode(m->body.p, m->body.n, &f)) == NULL)
		return 0;
	if (original_word(b) == WORD_PART && part_fits(p->c, b, &part) && p->part[part - 1].n == 0 &&
	    (v = body_first(b, F_TEXT)) != NULL && v->u.text.len > 0) {
		size_t most = v->u.text.len / 4 * 3 + 3;
		uint8_t *bin = xmalloc(most);

		if (sodium_base642bin(bin, most, v->u.text.s, v->u.text.len, NULL, &len, NULL,
			sodium_base64_VARIANT_ORIGINAL) != 0 ||
		    len == 0 || len > (size_t)p->c->size - p->total)
			p->good = false;
		else {
			buf_put(&p->part[part - 1], bin, len);
			p->total += len;
		}
		free(bin);
	}
	body_free(b);
	return !p->good;
}

/* All parts are here.  What is not the document it was said to be is kept where such things are kept. */
static void
assemble(struct station *s, int64_t now, struct collection *c, const char *from)
{
	struct pieces p = {.c = c, .good = true};
	struct buf whole = {0};
	uint8_t digest[DIGEST_LEN];
	char why[160];

	assert(c->parts > 0 && c->have == c->parts && c->size >= 0);
	p.part = xcalloc((size_t)c->parts, sizeof *p.part);
	if (s->j->ops->each_referring(s->j, &c->wanted, piece_row, &p) == -1)
		goto out;
	for (int64_t i = 0; i < c->parts; i++)
		if (p.part[i].n > 0)
			buf_put(&whole, p.part[i].p, p.part[i].n);
	digest_of(whole.n > 0 ? (const void *)whole.p : "", whole.n, digest);
	if (p.good && whole.n == (size_t)c->size && memcmp(digest, c->digest, DIGEST_LEN) == 0) {
		if (s->j->ops->blob_put(s->j, c->digest, whole.n > 0 ? (const void *)whole.p : "", whole.n) == -1)
			goto out;
		s->wrote = true;
		s->push = true;
		station_audit(s, now, CHAIN_ADMIN, &c->about, "original", c->station, NULL);
		log_event(LOG_LV_INFO, "original", "station=%s from=%s bytes=%zu parts=%" PRId64, s->conf.self, c->station,
		    whole.n, c->parts);
	} else {
		snprintf(why, sizeof why, "what %s sent is not the document whose digest the message names", c->station);
		station_quarantine(s, now, from, why, whole.n > 0 ? (const void *)whole.p : "", whole.n);
	}
out:
	for (int64_t i = 0; i < c->parts; i++)
		buf_free(&p.part[i]);
	free(p.part);
	buf_free(&whole);
}

static void
answered(struct station *s, int64_t now, const struct journal_msg *m, const struct body *b)
{
	struct msgid wanted;
	struct collection *c = body_id(b, F_REFS, &wanted) ? collection_get(s, &wanted) : NULL;
	struct buf have = {0};
	int rc;

	if (c == NULL || strcmp(c->station, m->id.origin) != 0) {
		log_event(LOG_LV_WARN, "original", "station=%s from=%s serial=%" PRIu64 " why=\"not asked for\"", s->conf.self,
		    m->id.origin, m->id.serial);
		return;
	}
	if (c->destroyed && original_word(b) == WORD_PART) {
		/* It came after: nothing of the document stands again in this journal. */
		(void)s->j->ops->destroy(s->j, now, &m->id, "switch", s->conf.self, "destroyed with its message");
		return;
	}
	if (!collection_note(c, m, b)) {
		station_quarantine(s, now, m->from, "a part that does not belong to the document", m->body.p, m->body.n);
		return;
	}
	s->push = true;
	if (c->parts == 0 || c->have < c->parts)
		return;
	rc = s->j->ops->blob_get(s->j, c->digest, &have);
	buf_free(&have);
	if (rc == 1)
		assemble(s, now, c, m->from);
}

/* ---- what arrives ---- */

void
original_received(struct station *s, int64_t now, const struct journal_msg *m, const struct body *b)
{
	switch (original_word(b)) {
	case WORD_WANTED:
		original_asked(s, now, m, b);
		break;
	case WORD_PART:
	case WORD_REFUSED:
		answered(s, now, m, b);
		break;
	case WORD_NONE:
		break;
	}
}

/* ---- destroying ---- */

static int
part_row(void *ctx, const struct journal_msg *m)
{
	struct idlist *ids = ctx;
	struct body *b;
	struct fault f;

	if (m->kind != KIND_SERVICE || m->body.n == 0 || (b = wire_decode(m->body.p, m->body.n, &f)) == NULL)
		return 0;
	if (original_word(b) == WORD_PART)
		idlist_add(ids, &m->id);
	body_free(b);
	return 0;
}

int
original_destroy(
    struct station *s, int64_t now, const struct msgid *about, const char *first, const char *second, const char *reason)
{
	struct original_earlier e = {0};
	struct idlist parts = {0};
	int rc = s->j->ops->each_referring(s->j, about, original_earlier_row, &e);

	for (size_t i = 0; i < e.ids.n && rc != -1; i++)
		rc = s->j->ops->each_referring(s->j, &e.ids.v[i], part_row, &parts);
	for (size_t i = 0; i < parts.n && rc != -1; i++)
		rc = s->j->ops->destroy(s->j, now, &parts.v[i], first, second, reason);
	originals_clear(s->originals);	/* their message is another now */
	free(parts.v);
	free(e.ids.v);
	return rc == -1 ? -1 : 0;
}

/* ---- wanting ---- */

static const char *
refusal(const char *why)
{
	if (strcmp(why, WHY_STRANGER) == 0)
		return _("the message was not addressed to this station");
	if (strcmp(why, WHY_ABSENT) == 0)
		return _("the bytes are not there");
	if (strcmp(why, WHY_DESTROYED) == 0)
		return _("they were destroyed there");
	return why;
}

/* What there is to say about a request that stands; 0: it is to be asked again. */
static int
standing(struct station *s, int64_t now, const struct collection *c, struct fault *f)
{
	if (c->heard > now || now - c->heard >= s->conf.reoffer)
		return 0;
	if (c->refused[0] != '\0')
		return fault_set(f, EX_NOINPUT, "original", _("station %s does not give them: %s"), c->station,
		    refusal(c->refused));
	if (c->parts > 0 && c->have == c->parts)
		return fault_set(f, EX_DATAERR, "original",
		    _("what station %s sent is not the document: it was put into quarantine"), c->station);
	if (c->parts > 0)
		return fault_set(f, EX_TEMPFAIL, "original",
		    _("asked of station %s, on its way: %lld of %lld parts are here"), c->station, (long long)c->have,
		    (long long)c->parts);
	return fault_set(f, EX_TEMPFAIL, "original", _("asked of station %s, on its way"), c->station);
}

/* Whether its original may be asked for. */
static int
may_want(const struct station *s, const struct msgid *id, const struct body *b, bool destroyed, struct fault *f)
{
	char text[MSGID_TEXT_MAX];
	int64_t size;

	msgid_format(id, text, sizeof text);
	if (destroyed)
		return fault_set(f, EX_NOINPUT, "id", _("%s is destroyed already"), text);
	if (b == NULL || !original_names(b, s->conf.self) || strcmp(id->origin, s->conf.self) == 0)
		return fault_set(f, EX_NOINPUT, "original", _("no such bytes here"));
	if (body_first(b, F_ORIGINAL) == NULL)
		return fault_set(f, EX_NOINPUT, "id", _("%s was not imported: there are no original bytes"), text);
	if (body_num(b, F_ORIGINAL_SIZE, &size) && (uint64_t)size > limits_get()->cap_bytes)
		return fault_set(f, EX_DATAERR, "original_size", _("%lld bytes, more than the limit cap_bytes (%zu) lets in"),
		    (long long)size, limits_get()->cap_bytes);
	return 0;
}

void
station_original_want(struct station *s, int64_t now, uint64_t ticket, const struct msgid *id)
{
	struct original_earlier e = {.by = s->conf.self};
	struct collection *c = NULL;
	struct fault f = {0};
	struct body *b = NULL;
	bool destroyed = false;
	char text[MSGID_TEXT_MAX];
	int rc;

	s->last_now = now;
	if ((rc = original_load(s, id, &b, &destroyed)) == 1) {
		msgid_format(id, text, sizeof text);
		fault_set(&f, EX_NOINPUT, "id", _("no message %s here"), text);
		goto out;
	}
	if (rc == -1 || s->j->ops->each_referring(s->j, id, original_earlier_row, &e) == -1) {
		fault_set(&f, EX_IOERR, "", _("the journal cannot be read"));
		goto out;
	}
	if (may_want(s, id, b, destroyed, &f) == -1)
		goto out;
	if (e.ids.n > 0 && (c = collection_get(s, &e.ids.v[e.ids.n - 1])) != NULL && standing(s, now, c, &f) == -1)
		goto out;
	if (original_issue(s, now, id->realm, original_speak(WORD_WANTED, id->origin, id)) == -1)
		fault_set(&f, EX_IOERR, "", _("the request could not be written"));
	else
		fault_set(&f, EX_TEMPFAIL, "original", _("asked of station %s, on its way"), id->origin);
out:
	assert(f.code != 0);
	draft_answer(s, ticket, NULL, false, &f);
	body_free(b);
	free(e.ids.v);
}
