/*
 * JSON as text.  Promises what a parser needs: strings are UTF-8 and escaped, whatever they were.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include "jsontext.h"
#include "text.h"

static void
comma(struct buf *b)
{
	if (b->n > 0 && b->p[b->n - 1] != '{' && b->p[b->n - 1] != '[')
		buf_put_u8(b, ',');
}

void
jsontext_begin(struct buf *b, char c)
{
	assert(c == '{' || c == '[');
	comma(b);
	buf_put_u8(b, (uint8_t)c);
}

void
jsontext_end(struct buf *b, char c)
{
	assert(c == '}' || c == ']');
	buf_put_u8(b, (uint8_t)c);
}

void
jsontext_name(struct buf *b, const char *name)
{
	comma(b);
	buf_put_u8(b, '"');
	buf_puts(b, name);
	buf_put(b, "\":", 2);
}

/* How many bytes at the beginning need no escape. */
static size_t
plain(const char *s, size_t len)
{
	const uint64_t ones = UINT64_C(0x0101010101010101), high = ones << 7;
	size_t i = 0;

	for (; len - i >= 8; i += 8) {
		uint64_t w, quote, back;

		memcpy(&w, s + i, 8);
		quote = w ^ ones * '"';
		back = w ^ ones * '\\';
		/* a byte below 32, or none left of one of the two (a false alarm is looked at below) */
		if ((((w - ones * 32) & ~w) | ((quote - ones) & ~quote) | ((back - ones) & ~back)) & high)
			break;
	}
	while (i < len && (unsigned char)s[i] >= ' ' && s[i] != '"' && s[i] != '\\')
		i++;
	return i;
}

void
jsontext_string(struct buf *b, const char *s)
{
	size_t len = strlen(s), from = 0, i = 0;
	char *clean = NULL;

	if (!text_utf8_valid(s, len, NULL)) {
		clean = xmalloc(3 * len + 1);	/* U+FFFD has three bytes */
		(void)text_sanitise(s, len, clean, 3 * len + 1, true);
		s = clean;
		len = strlen(s);
	}
	buf_put_u8(b, '"');
	for (;; i++) {
		unsigned char c;

		if ((i += plain(s + i, len - i)) == len)
			break;
		c = (unsigned char)s[i];
		buf_put(b, s + from, i - from);
		from = i + 1;
		if (c >= ' ')
			buf_put(b, (const char[]){ '\\', (char)c }, 2);
		else if (c == '\n')
			buf_puts(b, "\\n");
		else if (c == '\t')
			buf_puts(b, "\\t");
		else if (c == '\r')
			buf_puts(b, "\\r");
		else if (c == '\b')
			buf_puts(b, "\\b");
		else if (c == '\f')
			buf_puts(b, "\\f");
		else
			buf_printf(b, "\\u%04X", c);
	}
	buf_put(b, s + from, len - from);
	buf_put_u8(b, '"');
	free(clean);
}

void
jsontext_element(struct buf *b, const char *s)
{
	comma(b);
	jsontext_string(b, s);
}

void
jsontext_text(struct buf *b, const char *name, const char *value)
{
	jsontext_name(b, name);
	jsontext_string(b, value);
}

void
jsontext_number(struct buf *b, const char *name, int64_t n)
{
	char digits[24], *p = digits + sizeof digits;
	uint64_t u = n < 0 ? -(uint64_t)n : (uint64_t)n;

	jsontext_name(b, name);
	do {
		*--p = (char)('0' + u % 10);
		u /= 10;
	} while (u > 0);
	if (n < 0)
		*--p = '-';
	buf_put(b, p, (size_t)(digits + sizeof digits - p));
}

void
jsontext_bool(struct buf *b, const char *name, bool v)
{
	jsontext_name(b, name);
	buf_puts(b, v ? "true" : "false");
}
