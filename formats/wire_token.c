/*
 * CBOR items, one at a time, from bytes nobody vouches for.
 *
 * libcbor's streaming decoder finds where an item's head ends and what it says; it allocates nothing and recurses
 * nowhere (its cbor_load trusts declared sizes: five bytes make it take 2.1 GB, so it is never called).  What nearly
 * every item is, a head of one or two bytes in its shortest form, is read here without it.  On top
 * of it stands what RFC 8949 4.2.1 asks and libcbor does not check: shortest heads, definite lengths, and UTF-8 in
 * text strings (5.3.1).
 */
#include <string.h>
#include <sysexits.h>
#include <cbor.h>
#include "i18n.h"
#include "msgid.h"
#include "text.h"
#include "wire_token.h"

static void set(void *, enum token_type, uint64_t);
static void on_string(void *, enum token_type, cbor_data, size_t);
static bool shortest(size_t head, uint64_t argument);
static bool refuse(struct tokens *, const char *why);
static void put_head(struct buf *, unsigned major, uint64_t argument);

static void
set(void *ctx, enum token_type type, uint64_t n)
{
	struct token *t = ctx;

	t->type = type;
	t->n = n;
}

static void
on_string(void *ctx, enum token_type type, cbor_data p, size_t len)
{
	struct token *t = ctx;

	t->type = type;
	t->n = len;
	t->p = p;
	t->len = len;
}

static void on_uint8(void *c, uint8_t n) { set(c, TOKEN_UINT, n); }
static void on_uint16(void *c, uint16_t n) { set(c, TOKEN_UINT, n); }
static void on_uint32(void *c, uint32_t n) { set(c, TOKEN_UINT, n); }
static void on_uint64(void *c, uint64_t n) { set(c, TOKEN_UINT, n); }
static void on_neg8(void *c, uint8_t n) { set(c, TOKEN_NEGATIVE, n); }
static void on_neg16(void *c, uint16_t n) { set(c, TOKEN_NEGATIVE, n); }
static void on_neg32(void *c, uint32_t n) { set(c, TOKEN_NEGATIVE, n); }
static void on_neg64(void *c, uint64_t n) { set(c, TOKEN_NEGATIVE, n); }
static void on_bytes(void *c, cbor_data p, size_t n) { on_string(c, TOKEN_BYTES, p, n); }
static void on_text(void *c, cbor_data p, size_t n) { on_string(c, TOKEN_TEXT, p, n); }
static void on_array(void *c, size_t n) { set(c, TOKEN_ARRAY, n); }
static void on_map(void *c, size_t n) { set(c, TOKEN_MAP, n); }
static void on_tag(void *c, uint64_t n) { set(c, TOKEN_TAG, n); }
static void on_bool(void *c, bool b) { set(c, TOKEN_BOOL, b ? 1 : 0); }
static void on_null(void *c) { set(c, TOKEN_NULL, 0); }
static void on_undefined(void *c) { set(c, TOKEN_OTHER, 0); }
static void on_float(void *c, float f) { (void)f; set(c, TOKEN_OTHER, 0); }
static void on_double(void *c, double f) { (void)f; set(c, TOKEN_OTHER, 0); }
static void on_indefinite(void *c) { set(c, TOKEN_INDEFINITE, 0); }

static const struct cbor_callbacks callbacks = {
	.uint8 = on_uint8, .uint16 = on_uint16, .uint32 = on_uint32, .uint64 = on_uint64,
	.negint8 = on_neg8, .negint16 = on_neg16, .negint32 = on_neg32, .negint64 = on_neg64,
	.byte_string = on_bytes, .byte_string_start = on_indefinite,
	.string = on_text, .string_start = on_indefinite,
	.array_start = on_array, .indef_array_start = on_indefinite,
	.map_start = on_map, .indef_map_start = on_indefinite,
	.tag = on_tag, .boolean = on_bool, .null = on_null, .undefined = on_undefined,
	.float2 = on_float, .float4 = on_float, .float8 = on_double,
	.indef_break = on_indefinite,
};

static bool
refuse(struct tokens *in, const char *why)
{
	(void)fault_set(in->fault, EX_DATAERR, in->field, "%s", why);
	return false;
}

bool
tokens_wrong(struct tokens *in, const char *expected)
{
	(void)fault_set(in->fault, EX_DATAERR, in->field, _("wrong type: expected %s"), expected);
	return false;
}

/* RFC 8949 4.2.1: an argument stands in the fewest bytes that hold it. */
static bool
shortest(size_t head, uint64_t argument)
{
	size_t need = argument < 24 ? 1 : argument <= UINT8_MAX ? 2 : argument <= UINT16_MAX ? 3
	    : argument <= UINT32_MAX ? 5 : 9;

	return head == need;
}

/* Takes an item with a short head.  False: it is something else, or wrong, and nothing is taken. */
static bool
short_head(struct tokens *in, struct token *t)
{
	static const enum token_type types[] = { TOKEN_UINT, TOKEN_NEGATIVE, TOKEN_BYTES, TOKEN_TEXT, TOKEN_ARRAY, TOKEN_MAP };
	unsigned major = in->p[0] >> 5, info = in->p[0] & 31u;
	size_t head = info < 24 ? 1 : 2;
	uint64_t n;

	if (major > 5 || info > 24 || in->n < head)
		return false;
	n = info < 24 ? info : in->p[1];
	if (info == 24 && n < 24)
		return false;
	*t = (struct token){ .type = types[major], .n = n };
	if (major == 2 || major == 3) {
		if (n > in->n - head || (major == 3 && !text_utf8_valid((const char *)in->p + head, (size_t)n, NULL)))
			return false;
		t->p = in->p + head;
		t->len = (size_t)n;
		head += (size_t)n;
	} else if ((major == 4 && n > in->n - head) || (major == 5 && n > (in->n - head) / 2))
		return false;
	in->p += head;
	in->n -= head;
	return true;
}

bool
tokens_next(struct tokens *in, struct token *t)
{
	struct cbor_decoder_result r;
	size_t head;

	if (in->n > 0 && short_head(in, t))
		return true;
	memset(t, 0, sizeof(*t));
	t->type = TOKEN_INDEFINITE;
	if (in->n == 0)
		return refuse(in, _("truncated"));
	r = cbor_stream_decode(in->p, in->n, &callbacks, t);
	if (r.status == CBOR_DECODER_NEDATA)
		return refuse(in, _("truncated"));
	if (r.status != CBOR_DECODER_FINISHED || r.read == 0 || r.read > in->n)
		return refuse(in, _("malformed"));
	if (t->type == TOKEN_INDEFINITE)
		return refuse(in, _("indefinite length"));
	head = r.read - t->len;
	switch (t->type) {
	case TOKEN_TEXT:
		if (!text_utf8_valid((const char *)t->p, t->len, NULL))
			return refuse(in, _("text is not valid UTF-8"));
		/* FALLTHROUGH */
	case TOKEN_UINT:
	case TOKEN_NEGATIVE:
	case TOKEN_BYTES:
	case TOKEN_ARRAY:
	case TOKEN_MAP:
	case TOKEN_TAG:
		if (!shortest(head, t->n))
			return refuse(in, _("not in its shortest form"));
		break;
	case TOKEN_BOOL:
	case TOKEN_NULL:
	case TOKEN_OTHER:
	case TOKEN_INDEFINITE:
		break;
	}
	in->p += r.read;
	in->n -= r.read;
	/* Every item takes a byte at least, every pair two: a larger count is a lie, and nothing is set aside for it. */
	if ((t->type == TOKEN_ARRAY && t->n > in->n) || (t->type == TOKEN_MAP && t->n > in->n / 2))
		return refuse(in, _("truncated"));
	return true;
}

/* The items still owed stand on a small stack of their own: nesting from outside costs no stack of ours. */
bool
tokens_skip(struct tokens *in)
{
	uint64_t owed[TOKEN_DEPTH_MAX + 1];
	size_t depth = 0;
	struct token t;

	owed[0] = 1;
	for (;;) {
		uint64_t inside = 0;

		while (owed[depth] == 0) {
			if (depth == 0)
				return true;
			depth--;
		}
		owed[depth]--;
		if (!tokens_next(in, &t))
			return false;
		if (t.type == TOKEN_ARRAY)
			inside = t.n;
		else if (t.type == TOKEN_MAP)
			inside = t.n * 2;	/* at most the bytes left: checked */
		else if (t.type == TOKEN_TAG)
			inside = 1;
		else
			continue;
		if (depth == TOKEN_DEPTH_MAX)
			return refuse(in, _("nested too deeply"));
		owed[++depth] = inside;
	}
}

bool
tokens_array(struct tokens *in, uint64_t min, uint64_t max, uint64_t *n)
{
	struct token t;

	if (!tokens_next(in, &t))
		return false;
	if (t.type != TOKEN_ARRAY)
		return tokens_wrong(in, _("an array"));
	if (t.n < min || t.n > max) {
		(void)fault_set(in->fault, EX_DATAERR, in->field, _("%llu values, %llu to %llu are allowed"),
		    (unsigned long long)t.n, (unsigned long long)min, (unsigned long long)max);
		return false;
	}
	*n = t.n;
	return true;
}

bool
tokens_uint(struct tokens *in, uint64_t min, uint64_t max, uint64_t *n)
{
	struct token t;

	if (!tokens_next(in, &t))
		return false;
	if (t.type == TOKEN_NEGATIVE)
		return refuse(in, _("negative"));
	if (t.type != TOKEN_UINT)
		return tokens_wrong(in, _("a number"));
	if (t.n < min || t.n > max) {
		(void)fault_set(in->fault, EX_DATAERR, in->field, _("%llu is out of range"), (unsigned long long)t.n);
		return false;
	}
	*n = t.n;
	return true;
}

bool
tokens_int(struct tokens *in, int64_t min, int64_t max, int64_t *n)
{
	struct token t;
	int64_t v;

	if (!tokens_next(in, &t))
		return false;
	if (t.type != TOKEN_UINT && t.type != TOKEN_NEGATIVE)
		return tokens_wrong(in, _("a number"));
	if (t.n > INT64_MAX)
		return refuse(in, _("number out of range"));
	v = t.type == TOKEN_UINT ? (int64_t)t.n : -1 - (int64_t)t.n;
	if (v < min || v > max) {
		(void)fault_set(in->fault, EX_DATAERR, in->field, _("%lld is out of range"), (long long)v);
		return false;
	}
	*n = v;
	return true;
}

bool
tokens_text(struct tokens *in, size_t max, const char **s, size_t *len)
{
	struct token t;

	if (!tokens_next(in, &t))
		return false;
	if (t.type != TOKEN_TEXT)
		return tokens_wrong(in, _("a text"));
	if (t.len > max) {
		(void)fault_set(in->fault, EX_DATAERR, in->field, _("text of %zu bytes, at most %zu are allowed"), t.len,
		    max);
		return false;
	}
	*s = (const char *)t.p;
	*len = t.len;
	return true;
}

bool
tokens_station(struct tokens *in, char *out)
{
	const char *s;
	size_t len;

	if (!tokens_text(in, STATION_MAX - 1, &s, &len))
		return false;
	memset(out, 0, STATION_MAX);
	if (len > 0)
		memcpy(out, s, len);
	if (strlen(out) != len || !station_code_valid(out))
		return refuse(in, _("not a station code"));
	return true;
}

bool
tokens_bytes(struct tokens *in, size_t min, size_t max, const uint8_t **p, size_t *len)
{
	struct token t;

	if (!tokens_next(in, &t))
		return false;
	if (t.type != TOKEN_BYTES)
		return tokens_wrong(in, _("bytes"));
	if (t.len < min || t.len > max) {
		(void)fault_set(in->fault, EX_DATAERR, in->field, _("%zu bytes, %zu to %zu are allowed"), t.len, min,
		    max);
		return false;
	}
	*p = t.p;
	*len = t.len;
	return true;
}

static void
put_head(struct buf *b, unsigned major, uint64_t n)
{
	uint8_t head[9];
	size_t bytes = n < 24 ? 0 : n <= UINT8_MAX ? 1 : n <= UINT16_MAX ? 2 : n <= UINT32_MAX ? 4 : 8, i;
	static const uint8_t info[] = { [1] = 24, [2] = 25, [4] = 26, [8] = 27 };

	head[0] = (uint8_t)(major << 5 | (bytes == 0 ? (unsigned)n : info[bytes]));
	for (i = 0; i < bytes; i++)
		head[1 + i] = (uint8_t)(n >> (8 * (bytes - 1 - i)));
	buf_put(b, head, 1 + bytes);
}

void
token_put_uint(struct buf *b, uint64_t n)
{
	put_head(b, 0, n);
}

void
token_put_int(struct buf *b, int64_t n)
{
	if (n >= 0)
		put_head(b, 0, (uint64_t)n);
	else
		put_head(b, 1, (uint64_t)(-1 - n));
}

void
token_put_text(struct buf *b, const char *s, size_t len)
{
	put_head(b, 3, len);
	buf_put(b, s, len);
}

void
token_put_bytes(struct buf *b, const void *p, size_t len)
{
	put_head(b, 2, len);
	buf_put(b, p, len);
}

void
token_put_array(struct buf *b, size_t items)
{
	put_head(b, 4, items);
}

void
token_put_map(struct buf *b, size_t pairs)
{
	put_head(b, 5, pairs);
}

void
token_put_bool(struct buf *b, bool v)
{
	buf_put_u8(b, v ? 0xf5 : 0xf4);
}

void
token_put_null(struct buf *b)
{
	buf_put_u8(b, 0xf6);
}
