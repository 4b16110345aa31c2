/*
 * The journal's rules that do not depend on where rows are kept: how the chain is hashed, which messages a body refers
 * to, what may be shown of a row.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sodium.h>

#include "journal_common.h"
#include "log.h"
#include "../formats/wire.h"

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

static uint8_t *
hash_be64(uint8_t *p, uint64_t v)
{
	int i;

	for (i = 7; i >= 0; i--) {
		p[i] = (uint8_t)(v & 0xff);
		v >>= 8;
	}
	return p + 8;
}

static uint8_t *
hash_bytes(uint8_t *p, const void *from, size_t n)
{
	memcpy(p, from, n);
	return p + n;
}

/* In one piece: several times a message, and short. */
void
journal_chain_hash(const uint8_t prev[DIGEST_LEN], struct journal_chain *c)
{
	uint8_t all[2 * DIGEST_LEN + 3 * 8 + sizeof(c->ref) + sizeof(c->who)], *p;

	p = hash_bytes(all, prev, DIGEST_LEN);
	p = hash_be64(p, c->seq);
	p = hash_be64(p, (uint64_t)c->ms);
	p = hash_be64(p, (uint64_t)c->what);
	p = hash_bytes(p, c->ref, strlen(c->ref) + 1);
	p = hash_bytes(p, c->who, strlen(c->who) + 1);
	p = hash_bytes(p, c->digest, DIGEST_LEN);
	crypto_generichash(c->hash, DIGEST_LEN, all, (size_t)(p - all), NULL, 0);
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
bool
journal_body_quiet(const struct body *b)
{
	return body_flag(b, F_HISTORY) || (body_enum(b, F_KIND) == KIND_RECEIPT && body_enum(b, F_ACT) != ACT_RETURNED);
}

size_t
journal_refs_of(const struct body *body, struct msgid **ids, bool *quiet)
{
	const struct value *v;
	size_t n, i = 0;

	*ids = NULL;
	*quiet = false;
	if (body == NULL)
		return 0;
	*quiet = journal_body_quiet(body);
	n = body_count(body, F_REFS);
	if (n > 0) {
		*ids = xcalloc(n, sizeof(**ids));
		for (v = body_first(body, F_REFS); v != NULL && i < n; v = body_next(body, v))
			(*ids)[i++] = v->u.id;
	}
	return i;
}

size_t
journal_refs(const struct buf *bytes, struct msgid **ids, bool *quiet)
{
	struct fault fault;
	struct body *body;
	size_t n;

	memset(&fault, 0, sizeof(fault));
	body = wire_decode(bytes->p, bytes->n, &fault);
	n = journal_refs_of(body, ids, quiet);
	body_free(body);
	return n;
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
	m->damaged = !m->retired && (payload == PAYLOAD_MISSING || payload == PAYLOAD_DAMAGED);
	if (payload != PAYLOAD_HERE || m->retired)
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
