/*
 * The journal's rules that do not depend on where rows are kept: how the chain is hashed, which messages a body refers
 * to, and what a journal must satisfy to be called sound.
 *
 * Verification is written once, against a small set of scans, so that the RAM twin and SQLite cannot come to disagree
 * about what "clean" means.  The chain is walked first: it says which positions hold a message, and with which digest.
 * Then every message is held against it.  So a row that was changed, taken away or slipped in shows on one side or the
 * other.
 */
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sodium.h>

#include "journal_common.h"
#include "log.h"
#include "../formats/i18n.h"
#include "../formats/wire.h"

/* For %llu: msgids of gettext hold no PRIu64. */
static unsigned long long
ull(uint64_t v)
{
	return v;
}

#define DAMAGE_LOGGED 256		/* ids; what comes after is one line together */

_Static_assert(DIGEST_LEN == crypto_generichash_BYTES, "BLAKE2b-256");

void
journal_text(char *dst, size_t size, const char *src)
{
	size_t n;

	assert(size > 0);
	n = strlen(src);
	if (n >= size) {
		n = size - 1;
		while (n > 0 && ((unsigned char)src[n] & 0xc0) == 0x80)
			n--;
	}
	memcpy(dst, src, n);
	dst[n] = '\0';
}

static void
hash_be64(crypto_generichash_state *h, uint64_t v)
{
	uint8_t b[8];
	int i;

	for (i = 7; i >= 0; i--) {
		b[i] = (uint8_t)(v & 0xff);
		v >>= 8;
	}
	crypto_generichash_update(h, b, sizeof(b));
}

void
journal_chain_hash(const uint8_t prev[DIGEST_LEN], struct journal_chain *c)
{
	crypto_generichash_state h;

	crypto_generichash_init(&h, NULL, 0, DIGEST_LEN);
	crypto_generichash_update(&h, prev, DIGEST_LEN);
	hash_be64(&h, c->seq);
	hash_be64(&h, (uint64_t)c->ms);
	hash_be64(&h, (uint64_t)c->what);
	crypto_generichash_update(&h, (const uint8_t *)c->ref, strlen(c->ref) + 1);
	crypto_generichash_update(&h, (const uint8_t *)c->who, strlen(c->who) + 1);
	crypto_generichash_update(&h, c->digest, DIGEST_LEN);
	crypto_generichash_final(&h, c->hash, DIGEST_LEN);
}

void
journal_chain_next(const struct journal_chain *last, int64_t ms, int what, const char *ref, const char *who,
    const uint8_t *digest, struct journal_chain *out)
{
	memset(out, 0, sizeof(*out));
	out->seq = last->seq + 1;
	out->ms = ms;
	out->what = what;
	journal_text(out->ref, sizeof(out->ref), ref);
	journal_text(out->who, sizeof(out->who), who);
	if (digest != NULL)
		memcpy(out->digest, digest, DIGEST_LEN);
	journal_chain_hash(last->hash, out);
}

/* History is only kept; a receipt is an answer, unless it sends back what it answers. */
static bool
body_quiet(const struct body *b)
{
	return body_flag(b, F_HISTORY) || (body_enum(b, F_KIND) == KIND_RECEIPT && body_enum(b, F_ACT) != ACT_RETURNED);
}

size_t
journal_refs(const struct buf *bytes, struct msgid **ids, bool *quiet)
{
	const struct value *v;
	struct fault fault;
	struct body *body;
	size_t n, i = 0;

	*ids = NULL;
	*quiet = false;
	memset(&fault, 0, sizeof(fault));
	body = wire_decode(bytes->p, bytes->n, &fault);
	if (body == NULL)
		return 0;
	*quiet = body_quiet(body);
	n = body_count(body, F_REFS);
	if (n > 0) {
		*ids = xcalloc(n, sizeof(**ids));
		for (v = body_first(body, F_REFS); v != NULL && i < n; v = body_next(body, v))
			(*ids)[i++] = v->u.id;
	}
	body_free(body);
	return i;
}

bool
journal_envelope_serves(const struct buf *bytes, const char *to)
{
	struct envelope env;
	struct fault fault;
	bool found = false;
	size_t i;

	memset(&env, 0, sizeof(env));
	memset(&fault, 0, sizeof(fault));
	if (envelope_decode(bytes->p, bytes->n, &env, &fault) == 0)
		for (i = 0; i < env.nto && !found; i++)
			found = strcmp(env.to[i], to) == 0;
	envelope_free(&env);
	return found;
}

bool
journal_delivery_is_open(const struct journal_delivery *d)
{
	return d->state == DLV_OPEN || d->state == DLV_CUSTODY;
}

void
journal_localised(struct journal *j, const struct msgid *id)
{
	/* Rare: a message that passed through turns out to be for this station too. */
	j->localised = xreallocarray(j->localised, j->nlocalised + 1, sizeof(*j->localised));
	j->localised[j->nlocalised++] = *id;
}

void
journal_drop_memo(struct journal *j)
{
	if (j->memo != NULL)
		j->memo->drop(j->memo);
	j->memo = NULL;
}

void
journal_forget(struct journal *j)
{
	journal_drop_memo(j);
	free(j->localised);
	j->localised = NULL;
	j->nlocalised = 0;
	free(j->damaged);
	j->damaged = NULL;
	j->ndamaged = 0;
}

enum payload_state
journal_payload(const void *p, size_t n, const uint8_t digest[DIGEST_LEN])
{
	uint8_t real[DIGEST_LEN];

	digest_of(p, n, real);
	if (memcmp(real, digest, DIGEST_LEN) == 0)
		return PAYLOAD_HERE;
	return n > 0 && sodium_is_zero(p, n) ? PAYLOAD_DESTROYED : PAYLOAD_DAMAGED;
}

/* A disk that goes bad may take thousands with it, and each is read again and again. */
static void
note_damage(struct journal *j, const struct msgid *id)
{
	char text[MSGID_TEXT_MAX];
	size_t i;

	for (i = 0; i < j->ndamaged; i++)
		if (msgid_cmp(&j->damaged[i], id) == 0)
			return;
	if (j->ndamaged > DAMAGE_LOGGED)
		return;
	j->damaged = xreallocarray(j->damaged, j->ndamaged + 1, sizeof(*j->damaged));
	j->damaged[j->ndamaged++] = *id;
	(void)msgid_format(id, text, sizeof(text));
	log_event(LOG_LV_ERROR, "message_damaged", "id=%s%s", log_quote(text),
	    j->ndamaged > DAMAGE_LOGGED ? " further=\"not logged, see verify\"" : "");
}

void
journal_show(struct journal *j, struct journal_msg *m, enum payload_state payload)
{
	m->destroyed = payload == PAYLOAD_DESTROYED;
	m->damaged = payload == PAYLOAD_MISSING || payload == PAYLOAD_DAMAGED;
	if (payload != PAYLOAD_HERE)
		buf_clear(&m->body);
	if (m->damaged)
		note_damage(j, &m->id);
}

void
journal_digest_assert(const uint8_t digest[DIGEST_LEN], const void *p, size_t n)
{
	uint8_t real[DIGEST_LEN];

	digest_of(p, n, real);
	assert(memcmp(real, digest, DIGEST_LEN) == 0);
}

void
journal_msg_assert(const struct journal_msg *m)
{
	assert(msgid_is_set(&m->id));
	journal_digest_assert(m->digest, m->body.p, m->body.n);
}

int
journal_bad(struct journal_verify *v, const char *fmt, ...)
{
	va_list ap;

	if (v->bad[0] == '\0') {
		va_start(ap, fmt);
		(void)vsnprintf(v->bad, sizeof(v->bad), fmt, ap);
		va_end(ap);
	}
	return 1;
}

/* One run of verification. */
struct verifier {
	struct journal *j;
	const struct journal_scan *scan;
	const char *station;
	struct journal_verify *out;
	struct journal_chain last;	/* seq and hash */
	uint8_t *stored;		/* bit per chain position: a CHAIN_STORED entry */
	size_t nstored;			/* bytes */
	char **destroyed;		/* refs of CHAIN_DESTROYED entries, sorted */
	size_t ndestroyed;
	struct msgid own;		/* last message of our own */
	struct owed_blob {		/* originals taken in here, sorted before the blobs are walked */
		uint8_t digest[DIGEST_LEN];
		struct msgid by;
		bool here;
	} *owed;
	size_t nowed, capowed;
	int failed;
};

static void
mark_stored(struct verifier *v, uint64_t seq)
{
	size_t at = (size_t)(seq / 8), want;

	if (at >= v->nstored) {
		want = v->nstored > 0 ? v->nstored * 2 : 1024;
		while (want <= at)
			want *= 2;
		v->stored = xreallocarray(v->stored, want, 1);
		memset(v->stored + v->nstored, 0, want - v->nstored);
		v->nstored = want;
	}
	v->stored[at] = (uint8_t)(v->stored[at] | 1u << (seq % 8));
}

static bool
is_stored(const struct verifier *v, uint64_t seq)
{
	size_t at = (size_t)(seq / 8);

	return seq / 8 < v->nstored && (v->stored[at] >> (seq % 8) & 1) != 0;
}

/* The thing a chain entry speaks of is there, and is the one it speaks of. */
static int
check_entry_subject(struct verifier *v, const struct journal_chain *c)
{
	uint8_t digest[DIGEST_LEN];
	char text[MSGID_TEXT_MAX];
	struct buf bytes = { NULL, 0, 0 };
	struct msgid id;
	int rc;

	if (c->what == CHAIN_STORED) {
		if ((rc = v->scan->message_at(v->j, c->seq, &id, digest)) < 0)
			return -1;
		if (rc != 0)
			return journal_bad(v->out, _("chain %llu: message %s is missing"), ull(c->seq), c->ref);
		(void)msgid_format(&id, text, sizeof(text));
		if (strcmp(text, c->ref) != 0)
			return journal_bad(v->out, _("chain %llu: holds message %s, the journal has %s there"),
			    ull(c->seq), c->ref, text);
		if (memcmp(digest, c->digest, DIGEST_LEN) != 0)
			return journal_bad(v->out, _("message %s: its digest is not the one in the chain (%llu)"), text,
			    ull(c->seq));
		mark_stored(v, c->seq);
	} else if (c->what == CHAIN_QUARANTINE) {
		rc = v->scan->quarantine_at(v->j, c->seq, &bytes);
		if (rc == 0)
			digest_of(bytes.p, bytes.n, digest);
		buf_free(&bytes);
		if (rc < 0)
			return -1;
		if (rc != 0)
			return journal_bad(v->out, _("chain %llu: the quarantined input is missing"), ull(c->seq));
		if (memcmp(digest, c->digest, DIGEST_LEN) != 0)
			return journal_bad(v->out, _("quarantine %llu: its bytes are not those the chain holds"),
			    ull(c->seq));
	} else if (c->what == CHAIN_DESTROYED) {
		v->destroyed = xreallocarray(v->destroyed, v->ndestroyed + 1, sizeof(*v->destroyed));
		v->destroyed[v->ndestroyed++] = xstrdup(c->ref);
	}
	return 0;
}

static int
check_chain(void *ctx, const struct journal_chain *c)
{
	struct verifier *v = ctx;
	struct journal_chain again = *c;
	int rc;

	if (c->seq != v->last.seq + 1)
		return journal_bad(v->out, _("chain %llu: missing (the next entry is %llu)"), ull(v->last.seq + 1),
		    ull(c->seq));
	journal_chain_hash(v->last.hash, &again);
	if (memcmp(again.hash, c->hash, DIGEST_LEN) != 0)
		return journal_bad(v->out, _("chain %llu: its hash does not follow from it and the entry before"),
		    ull(c->seq));
	v->last = again;
	v->out->chain++;
	if ((rc = check_entry_subject(v, c)) < 0)
		v->failed = 1;
	return rc;
}

static int
compare_texts(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int
compare_owed(const void *a, const void *b)
{
	const struct owed_blob *x = a, *y = b;
	int c = memcmp(x->digest, y->digest, DIGEST_LEN);

	return c != 0 ? c : msgid_cmp(&x->by, &y->by);
}

static void
owe_blob(struct verifier *v, const uint8_t digest[DIGEST_LEN], const struct msgid *by)
{
	struct owed_blob *o;

	if (v->nowed == v->capowed) {
		v->capowed = v->capowed > 0 ? v->capowed * 2 : 64;
		v->owed = xreallocarray(v->owed, v->capowed, sizeof(*v->owed));
	}
	o = &v->owed[v->nowed++];
	memcpy(o->digest, digest, DIGEST_LEN);
	o->by = *by;
	o->here = false;
}

/* The blob is here: so it is for every message that names it. */
static void
blob_is_here(struct verifier *v, const uint8_t digest[DIGEST_LEN])
{
	size_t low = 0, high = v->nowed, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (memcmp(v->owed[mid].digest, digest, DIGEST_LEN) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	for (; low < v->nowed && memcmp(v->owed[low].digest, digest, DIGEST_LEN) == 0; low++)
		v->owed[low].here = true;
}

/* Written here: every addressee has its delivery row, and the originals it names were taken in with it.  What machines
 * say (not local) is receipted by nobody. */
static int
check_own(struct verifier *v, const struct journal_msg *m, const struct body *body, const char *text)
{
	static const uint32_t keys[] = { F_TO, F_CC };
	struct journal_delivery d;
	const struct value *val;
	size_t k;
	int rc;

	if (strcmp(m->id.origin, v->station) != 0 || strcmp(m->from, v->station) != 0 || !m->local)
		return 0;
	for (val = body_first(body, F_ORIGINAL); val != NULL; val = body_next(body, val))
		owe_blob(v, val->u.digest, &m->id);
	for (k = 0; k < 2; k++)
		for (val = body_first(body, keys[k]); val != NULL; val = body_next(body, val)) {
			if (strcmp(val->u.text.s, v->station) == 0)
				continue;
			if ((rc = v->j->ops->delivery_get(v->j, &m->id, val->u.text.s, &d)) < 0)
				return -1;
			if (rc != 0)
				return journal_bad(v->out, _("message %s: its delivery to %s is missing"), text,
				    val->u.text.s);
		}
	return 0;
}

/* Columns copied out of the body must still say what it says, and the index of references must know its own. */
static int
check_columns(struct verifier *v, const struct journal_msg *m, const char *text)
{
	const struct value *val;
	struct fault fault;
	struct body *body;
	struct msgid id;
	int rc = 0;

	memset(&fault, 0, sizeof(fault));
	body = wire_decode(m->body.p, m->body.n, &fault);
	if (body == NULL)
		return 0;	/* its bytes are as they came; the decoder's opinion is not the journal's business */
	if (body_id(body, F_ID, &id) && msgid_cmp(&id, &m->id) != 0)
		rc = journal_bad(v->out, _("message %s: its row and its body differ in %s"), text, "id");
	else if (body_enum(body, F_KIND) != 0 && body_enum(body, F_KIND) != m->kind)
		rc = journal_bad(v->out, _("message %s: its row and its body differ in %s"), text, "kind");
	else if (body_id(body, F_INCIDENT, &id) && msgid_cmp(&id, &m->incident) != 0)
		rc = journal_bad(v->out, _("message %s: its row and its body differ in %s"), text, "incident");
	else if (m->quiet && !body_quiet(body))	/* the other way round nothing is overlooked */
		rc = journal_bad(v->out, _("message %s: its row and its body differ in %s"), text, "quiet");
	for (val = body_first(body, F_REFS); rc == 0 && val != NULL; val = body_next(body, val)) {
		rc = v->scan->has_ref(v->j, &val->u.id, m->seq);
		if (rc > 0)
			rc = journal_bad(v->out, _("message %s: what it refers to is missing from the index"), text);
	}
	if (rc == 0)
		rc = check_own(v, m, body, text);
	body_free(body);
	return rc;
}

/* Our own serials run 1..n in every realm and epoch; messages come in the order of their ids. */
static int
check_serial(struct verifier *v, const struct journal_msg *m)
{
	const struct msgid *own = &v->own;
	uint64_t want = 1;
	struct msgid gap;
	char text[MSGID_TEXT_MAX];

	if (strcmp(m->id.origin, v->station) != 0)
		return 0;
	if (own->origin[0] != '\0' && own->realm == m->id.realm && own->epoch == m->id.epoch)
		want = own->serial + 1;
	if (m->id.serial != want) {
		gap = m->id;
		gap.serial = want;
		(void)msgid_format(&gap, text, sizeof(text));
		return journal_bad(v->out, _("message %s: missing from our own series (the next one is %llu)"), text,
		    ull(m->id.serial));
	}
	v->own = m->id;
	return 0;
}

static bool
is_destroyed(const struct verifier *v, const char *ref)
{
	return v->ndestroyed > 0 &&
	    bsearch(&ref, v->destroyed, v->ndestroyed, sizeof(*v->destroyed), compare_texts) != NULL;
}

static int
check_message(void *ctx, const struct journal_msg *m, enum payload_state payload)
{
	struct verifier *v = ctx;
	char text[MSGID_TEXT_MAX];
	bool told;
	int rc;

	(void)msgid_format(&m->id, text, sizeof(text));
	v->out->messages++;
	if (!is_stored(v, m->seq))
		return journal_bad(v->out, _("message %s: the chain does not know it"), text);
	if (check_serial(v, m) != 0)
		return 1;
	if (payload == PAYLOAD_MISSING)
		return journal_bad(v->out, _("message %s: its bytes are missing"), text);
	told = is_destroyed(v, text);
	if (payload == PAYLOAD_DESTROYED) {
		v->out->destroyed++;
		return told ? 0 : journal_bad(v->out,
		    _("message %s: its bytes are gone, and the chain knows of no destruction"), text);
	}
	if (payload == PAYLOAD_DAMAGED)
		return journal_bad(v->out, _("message %s: its bytes are not those the chain holds"), text);
	if (told)
		return journal_bad(v->out, _("message %s: the chain says it was destroyed, and its bytes are here"), text);
	if ((rc = check_columns(v, m, text)) < 0)
		v->failed = 1;
	return rc;
}

static int
check_blob(void *ctx, const uint8_t digest[DIGEST_LEN], const void *p, size_t n)
{
	struct verifier *v = ctx;
	enum payload_state payload = journal_payload(p, n, digest);
	char ref[sizeof(JOURNAL_BLOB_REF) + 2 * DIGEST_LEN] = JOURNAL_BLOB_REF;
	char *hex = ref + strlen(JOURNAL_BLOB_REF);
	bool told;

	digest_hex(digest, hex);
	told = is_destroyed(v, ref);
	blob_is_here(v, digest);
	if (payload == PAYLOAD_DESTROYED && told)
		return 0;
	v->out->blobs++;
	if (payload != PAYLOAD_HERE)
		return journal_bad(v->out, _("blob %s: its bytes do not have this digest"), hex);
	if (told)
		return journal_bad(v->out, _("blob %s: the chain says it was destroyed, and its bytes are here"), hex);
	return 0;
}

/* Addressees do without the bytes until somebody asks for them; the station that took them in may not. */
static void
check_owed(struct verifier *v)
{
	char ref[sizeof(JOURNAL_BLOB_REF) + 2 * DIGEST_LEN] = JOURNAL_BLOB_REF, text[MSGID_TEXT_MAX];
	char *hex = ref + strlen(JOURNAL_BLOB_REF);
	size_t i;

	for (i = 0; i < v->nowed && v->out->bad[0] == '\0'; i++) {
		if (v->owed[i].here)
			continue;
		digest_hex(v->owed[i].digest, hex);
		(void)msgid_format(&v->owed[i].by, text, sizeof(text));
		if (!is_destroyed(v, ref))
			(void)journal_bad(v->out, _("message %s: its original %s is missing"), text, hex);
	}
}

int
journal_verify_rows(struct journal *j, const struct journal_scan *scan, const char *station, struct journal_verify *out)
{
	struct verifier v;
	size_t i;
	int rc = -1;

	memset(&v, 0, sizeof(v));
	v.j = j;
	v.scan = scan;
	v.station = station;
	v.out = out;
	memset(out, 0, sizeof(*out));

	if (scan->counts(j, &out->deliveries, &out->outbox) != 0)
		goto out;
	if (scan->each_chain(j, out, check_chain, &v) != 0 || v.failed)
		goto out;
	if (v.ndestroyed > 0)
		qsort(v.destroyed, v.ndestroyed, sizeof(*v.destroyed), compare_texts);
	if (out->bad[0] == '\0' && (scan->each_message(j, out, check_message, &v) != 0 || v.failed))
		goto out;
	if (v.nowed > 0)
		qsort(v.owed, v.nowed, sizeof(*v.owed), compare_owed);
	if (out->bad[0] == '\0' && (scan->each_blob(j, out, check_blob, &v) != 0 || v.failed))
		goto out;
	if (out->bad[0] == '\0')
		check_owed(&v);
	rc = 0;
out:
	for (i = 0; i < v.ndestroyed; i++)
		free(v.destroyed[i]);
	free(v.owed);
	free(v.destroyed);
	free(v.stored);
	return rc;
}
