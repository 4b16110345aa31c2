/*
 * Ranges in the notes that two stations tell each other about their lines (station_line.h).
 *
 * What is read comes from outside: ranges that do not ascend, overlap, or leave 63 bits are refused, so whoever walks
 * them needs no further check.
 */
#include <assert.h>
#include "../formats/i18n.h"
#include "station_line.h"

void
line_put_ranges(struct buf *out, const struct line_ranges *r)
{
	assert(r->n <= LINE_RANGES_MOST);
	token_put_array(out, r->n * 2);
	for (size_t i = 0; i < r->n; i++) {
		token_put_uint(out, r->v[i].from);
		token_put_uint(out, r->v[i].to - r->v[i].from + 1);
	}
}

bool
line_get_ranges(struct tokens *in, struct line_ranges *r)
{
	uint64_t n, first, count, end = 0;

	r->n = 0;
	if (!tokens_array(in, 0, 2 * LINE_RANGES_MOST, &n))
		return false;
	if (n % 2 != 0)
		return tokens_wrong(in, _("a number"));
	for (; n > 0; n -= 2) {
		if (!tokens_uint(in, end + 1, INT64_MAX, &first) ||
		    !tokens_uint(in, 1, (uint64_t)INT64_MAX - first + 1, &count))
			return false;
		end = first + count - 1;
		r->v[r->n++] = (struct line_stretch){first, end};
	}
	return true;
}
