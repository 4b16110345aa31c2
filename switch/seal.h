#ifndef SWITCH_SEAL_H
#define SWITCH_SEAL_H
/*
 * The seal of a station's own messages: 63 bits of a keyed BLAKE2b over the body without it.  The key is made of the station's secret key and
 * leaves it never.  It says nothing to others; it lets a station that has lost its journal know again what it wrote, when a neighbour gives it
 * back: id and origin alone anybody who is enrolled could write.
 */
#include <stdbool.h>
#include <stdint.h>
#include "../formats/body.h"

#define SEAL_KEY 32

void seal_key(const uint8_t secret[32], uint8_t key[SEAL_KEY]);	/* another secret than the one of the links is made of it */
void seal_put(const uint8_t key[SEAL_KEY], struct body *);	/* sets F_SEAL; last, when all else is in */
bool seal_holds(const uint8_t key[SEAL_KEY], const struct body *);
/* The same of bytes encoded without a seal. */
int64_t seal_of(const uint8_t key[SEAL_KEY], const void *bytes, size_t);

#endif
