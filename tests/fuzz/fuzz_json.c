/* JSON members into a body, report-jsonl lines, and what people type into a field: nothing crashes, and what is taken
 * can be encoded, decoded and written as JSON again. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include "../../formats/check.h"
#include "../../formats/json.h"
#include "../../formats/reportjsonl.h"
#include "../../formats/value.h"
#include "../../formats/wire.h"

#define NOW INT64_C(1790000000000)

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
round_trip(struct body *b)
{
	struct buf w = {0};
	struct fault f = {0};
	struct check_remark r;
	json_t *j;

	check_body(b, NULL, &f);
	for (size_t i = 0; check_remark(b, NOW, i, &r); i++)
		;
	j = json_from_body(b);
	assert(j != NULL);
	json_decref(j);
	wire_encode(b, &w);
	if (w.n <= BODY_MAX && check_body(b, NULL, &f) == 0) {
		struct body *back = wire_decode(w.p, w.n, &f);

		assert(back != NULL);
		body_free(back);
	}
	buf_free(&w);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct fault f = {0};
	struct body *b;
	json_t *j;

	if (n == 0)
		return 0;
	switch (p[0] % 4) {
	case 0:
	case 1:
		if ((j = json_loadb((const char *)p + 1, n - 1, JSON_REJECT_DUPLICATES, NULL)) == NULL)
			return 0;
		b = body_new();
		if (json_to_body(j, b, NULL, NOW, p[0] % 4 == 1, &f) == 0)
			round_trip(b);
		body_free(b);
		json_decref(j);
		break;
	case 2:
		if ((b = reportjsonl_read((const char *)p + 1, n - 1, NULL, NOW, &f)) != NULL)
			round_trip(b);
		body_free(b);
		break;
	default: {
		const struct field *fd = n > 1 ? field_at(p[1]) : NULL;
		char *s;

		if (fd == NULL)
			return 0;
		s = strndup((const char *)p + 2, n - 2);
		assert(s != NULL);
		b = body_new();
		if (value_parse(b, fd, s, NULL, NOW, &f) == 0) {
			struct buf out = {0};

			value_format(&out, body_first(b, fd->key), NULL, true);
			value_format(&out, body_first(b, fd->key), NULL, false);
			buf_free(&out);
			round_trip(b);
		}
		body_free(b);
		free(s);
	}
	}
	return 0;
}
