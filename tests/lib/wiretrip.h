#ifndef TESTS_LIB_WIRETRIP_H
#define TESTS_LIB_WIRETRIP_H
/*
 * A body over the wire and back is the same bytes again.  To be included after cmocka.h.
 */
#include "../../formats/buf.h"
#include "../../formats/wire.h"

/* Asserts that, and that it has at most `max` bytes. */
static inline void
wiretrip(const struct body *body, size_t max)
{
	struct buf wire = {0}, again = {0};
	struct fault f = {0};
	struct body *b;

	wire_encode(body, &wire);
	assert_true(wire.n <= max);
	b = wire_decode(wire.p, wire.n, &f);
	assert_non_null(b);
	wire_encode(b, &again);
	assert_int_equal(wire.n, again.n);
	assert_memory_equal(wire.p, again.p, wire.n);
	body_free(b);
	buf_free(&wire);
	buf_free(&again);
}

#endif
