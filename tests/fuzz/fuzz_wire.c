/*
 * libFuzzer entry for the wire: every input is tried as a body, an envelope and a parcel.
 *
 * clang -fsanitize=fuzzer,address,undefined; the property beyond "does not crash": an accepted body encodes to the
 * bytes it came from, and so does its copy; an accepted envelope encodes to one that decodes to the same bytes
 * again.
 */
#include <stdlib.h>
#include <string.h>
#include "../../formats/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
must(bool ok)
{
	if (!ok)
		abort();
}

static void
try_body(const uint8_t *p, size_t n)
{
	struct fault f = { 0 };
	struct body *b = wire_decode(p, n, &f), *c;
	struct buf out = { 0 };

	if (b == NULL) {
		must(f.code != 0 && f.text[0] != '\0');
		return;
	}
	wire_encode(b, &out);
	must(out.n == n && memcmp(out.p, p, n) == 0);
	c = body_copy(b);
	buf_clear(&out);
	wire_encode(c, &out);
	must(out.n == n && memcmp(out.p, p, n) == 0);
	must(c->not_understood == b->not_understood);
	body_free(b);
	body_free(c);
	buf_free(&out);
}

static void
same_again(const struct envelope *e)
{
	struct buf one = { 0 }, two = { 0 };
	struct envelope d;
	struct fault f = { 0 };

	envelope_encode(e, &one);
	must(envelope_decode(one.p, one.n, &d, &f) == 0);
	envelope_encode(&d, &two);
	must(one.n == two.n && memcmp(one.p, two.p, one.n) == 0);
	envelope_free(&d);
	buf_free(&one);
	buf_free(&two);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct fault f = { 0 };
	struct envelope e;
	const uint8_t *body;
	size_t len;

	try_body(p, n);
	if (envelope_decode(p, n, &e, &f) == 0) {
		same_again(&e);
		envelope_free(&e);
	} else {
		must(f.code != 0 && e.to == NULL && e.sig.p == NULL);
	}
	if (parcel_decode(p, n, &e, &body, &len, &f) == 0) {
		must(body >= p && body + len == p + n && len > 0);
		same_again(&e);
		try_body(body, len);
		envelope_free(&e);
	}
	return 0;
}
