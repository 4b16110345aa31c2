/*
 * The journal's twin in memory: keys.  One map holds all tables and lists; a key's first byte says which of them it
 * belongs to, the rest is what a row is found by.
 */
#include <assert.h>
#include <string.h>

#include "journal_ram.h"

static void
key_bytes(struct ram_key *k, const void *p, size_t n)
{
	assert(n <= sizeof(k->b) - k->n);
	memcpy(k->b + k->n, p, n);
	k->n += n;
}

static void
key_text(struct ram_key *k, const char *s)
{
	uint8_t digest[DIGEST_LEN];
	size_t n = strlen(s) + 1;

	if (n <= 256)
		key_bytes(k, s, n);
	else {			/* a foreign key may be of any length */
		digest_of(s, n, digest);
		key_bytes(k, digest, DIGEST_LEN);
	}
}

static struct ram_key
key_of(unsigned kind)
{
	struct ram_key k;

	k.b[0] = (uint8_t)kind;
	k.n = 1;
	return k;
}

struct ram_key
ram_key_id(unsigned kind, const struct msgid *id)
{
	struct ram_key k = key_of(kind);

	key_bytes(&k, &id->realm, sizeof(id->realm));
	key_bytes(&k, &id->epoch, sizeof(id->epoch));
	key_bytes(&k, &id->serial, sizeof(id->serial));
	key_text(&k, id->origin);
	return k;
}

struct ram_key
ram_key_str(unsigned kind, const char *s)
{
	struct ram_key k = key_of(kind);

	key_text(&k, s);
	return k;
}

struct ram_key
ram_key_delivery(const struct msgid *id, const char *to)
{
	struct ram_key k = ram_key_id(T_DELIVERY, id);

	key_text(&k, to);
	return k;
}

struct ram_key
ram_key_foreign(const char *space, const char *name)
{
	struct ram_key k = ram_key_str(T_FOREIGN, space);

	key_text(&k, name);
	return k;
}

struct ram_key
ram_key_blob(const uint8_t digest[DIGEST_LEN])
{
	struct ram_key k = key_of(T_BLOB);

	key_bytes(&k, digest, DIGEST_LEN);
	return k;
}

struct ram_key
ram_key_number(int realm, const char *number)
{
	struct ram_key k = key_of(L_NUMBER);

	key_bytes(&k, &realm, sizeof(realm));
	key_text(&k, number);
	return k;
}

struct ram_key
ram_key_lines(const char *peer, bool out)
{
	struct ram_key k = ram_key_str(L_LINES, peer);

	key_bytes(&k, out ? "o" : "i", 1);
	return k;
}

struct ram_key
ram_key_line(const char *peer, bool out, uint64_t stream)
{
	struct ram_key k = ram_key_lines(peer, out);

	k.b[0] = T_LINE;
	key_bytes(&k, &stream, sizeof(stream));
	return k;
}

struct ram_key
ram_key_passages(size_t line)
{
	struct ram_key k = key_of(L_PASSAGES);

	key_bytes(&k, &line, sizeof(line));
	return k;
}

struct ram_key
ram_key_passage(size_t line, uint64_t serial)
{
	struct ram_key k = ram_key_passages(line);

	k.b[0] = T_PASSAGE;
	key_bytes(&k, &serial, sizeof(serial));
	return k;
}
