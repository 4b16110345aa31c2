#ifndef FORMATS_WIRE_SEQ_H
#define FORMATS_WIRE_SEQ_H
/*
 * Files of bodies: encoded bodies one behind the other (a CBOR sequence, RFC 8742), nothing between them.
 */
#include <stddef.h>
#include "fault.h"

/* Bytes of the body that begins at p, of at most n and BODY_MAX; 0 + fault when it is no map, malformed or cut off.
 * Whether it holds what a body must is wire_decode()'s question. */
size_t wire_seq_next(const void *p, size_t n, struct fault *);

#endif
