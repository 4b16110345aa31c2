#ifndef TESTS_SIM_RNG_H
#define TESTS_SIM_RNG_H
/*
 * Chance, from a seed (xoroshiro128+), and the hash under which a run is told from another.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rng {
	uint64_t s[2];
};
struct rng rng_of(uint64_t seed);
uint64_t rng_next(struct rng *);
uint64_t rng_below(struct rng *, uint64_t n); /* 0 <= x < n; 0 when n is 0 */
bool rng_chance(struct rng *, unsigned per_mille);

/* h with the bytes mixed in. */
uint64_t hash_bytes(uint64_t h, const void *, size_t);
uint64_t hash_u64(uint64_t h, uint64_t);

#endif
