/*
 * Seals (seal.h).
 */
#include "seal.h"

#include <sodium.h>
#include "../formats/buf.h"
#include "../formats/wire.h"

void
seal_key(const uint8_t secret[32], uint8_t key[SEAL_KEY])
{
	static const char purpose[] = "dutydesk seal 1";

	crypto_generichash(key, SEAL_KEY, (const uint8_t *)purpose, sizeof purpose - 1, secret, 32);
}

int64_t
seal_of(const uint8_t key[SEAL_KEY], const void *bytes, size_t n)
{
	uint8_t h[16];
	uint64_t v = 0;

	crypto_generichash(h, sizeof h, bytes, n, key, SEAL_KEY);
	for (int i = 0; i < 8; i++)
		v = v << 8 | h[i];
	return (int64_t)(v & INT64_MAX);
}

void
seal_put(const uint8_t key[SEAL_KEY], struct body *b)
{
	struct buf bytes = { 0 };

	body_unset(b, F_SEAL);
	wire_encode(b, &bytes);
	body_set_num(b, F_SEAL, seal_of(key, bytes.p, bytes.n));
	buf_free(&bytes);
}

bool
seal_holds(const uint8_t key[SEAL_KEY], const struct body *b)
{
	struct body *plain;
	struct buf bytes = { 0 };
	int64_t told;
	bool same;

	if (!body_num(b, F_SEAL, &told))
		return false;
	plain = body_copy(b);
	body_unset(plain, F_SEAL);
	wire_encode(plain, &bytes);
	same = seal_of(key, bytes.p, bytes.n) == told;
	buf_free(&bytes);
	body_free(plain);
	return same;
}
