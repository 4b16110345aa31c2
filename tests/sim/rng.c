/*
 * Chance and hashing.  See rng.h.
 */
#include "rng.h"

#include <string.h>

#define HASH_PRIME UINT64_C(0x9e3779b97f4a7c15)

static uint64_t
splitmix(uint64_t *x)
{
	uint64_t z = (*x += HASH_PRIME);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

struct rng
rng_of(uint64_t seed)
{
	struct rng r;

	r.s[0] = splitmix(&seed);
	r.s[1] = splitmix(&seed) | 1;
	return r;
}

uint64_t
rng_next(struct rng *r)
{
	uint64_t a = r->s[0], b = r->s[1], out = a + b;

	b ^= a;
	r->s[0] = ((a << 24) | (a >> 40)) ^ b ^ (b << 16);
	r->s[1] = (b << 37) | (b >> 27);
	return out;
}

uint64_t
rng_below(struct rng *r, uint64_t n)
{
	return n == 0 ? 0 : rng_next(r) % n;
}

bool
rng_chance(struct rng *r, unsigned per_mille)
{
	return per_mille > 0 && rng_below(r, 1000) < per_mille;
}

uint64_t
hash_u64(uint64_t h, uint64_t x)
{
	h = (h ^ x) * HASH_PRIME;
	return h ^ (h >> 29);
}

uint64_t
hash_bytes(uint64_t h, const void *p, size_t n)
{
	const uint8_t *b = p;
	uint64_t x;

	for (; n >= sizeof x; b += sizeof x, n -= sizeof x) {
		memcpy(&x, b, sizeof x);
		h = hash_u64(h, x);
	}
	x = 0;
	memcpy(&x, b, n);
	return hash_u64(hash_u64(h, x), n);
}
