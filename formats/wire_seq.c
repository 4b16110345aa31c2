/*
 * Where one body of a file ends and the next begins.
 *
 * CBOR says its own lengths, so a file needs no framing; the price is that behind a malformed body nothing can be found
 * again.  The walk counts items and looks at no values.
 */
#include <sysexits.h>
#include "body.h"
#include "i18n.h"
#include "wire_seq.h"
#include "wire_token.h"

size_t
wire_seq_next(const void *p, size_t n, struct fault *f)
{
	size_t most = n < BODY_MAX ? n : BODY_MAX;
	struct tokens in = {.p = p, .n = most, .field = "", .fault = f};
	struct token t;

	if (!tokens_next(&in, &t))
		return 0;
	if (t.type != TOKEN_MAP) {
		(void)tokens_wrong(&in, _("a map"));
		return 0;
	}
	for (uint64_t i = 0; i < t.n; i++)	/* pairs announced are at most the bytes left: checked by tokens_next() */
		if (!tokens_skip(&in) || !tokens_skip(&in))
			return 0;
	return most - in.n;
}
