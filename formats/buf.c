/*
 * Growable byte buffer, bounded reader, and allocation that does not fail.
 *
 * What it promises: no write goes past the capacity, no size computation wraps, and no get runs past the end of
 * what it was handed.  What it leaves to others: how much is too much; callers bound what comes from outside
 * before they store it.
 */
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "buf.h"

#define BUF_FIRST 256

static _Noreturn void out_of_memory(size_t);
static void buf_grow(struct buf *, size_t more);
static inline void buf_reserve(struct buf *, size_t more);

/* Our own memory running out leaves nothing sensible to do: the journal is consistent, the supervisor restarts us. */
static void
out_of_memory(size_t size)
{
	fprintf(stderr, "dutydesk: out of memory (%zu bytes)\n", size);
	abort();
}

void *
xmalloc(size_t size)
{
	void *p = malloc(size > 0 ? size : 1);

	if (p == NULL)
		out_of_memory(size);
	return p;
}

void *
xcalloc(size_t n, size_t size)
{
	void *p = calloc(n > 0 ? n : 1, size > 0 ? size : 1);

	if (p == NULL)
		out_of_memory(size);
	return p;
}

void *
xreallocarray(void *old, size_t n, size_t size)
{
	size_t bytes;
	void *p;

	if (__builtin_mul_overflow(n, size, &bytes))
		out_of_memory(SIZE_MAX);
	p = realloc(old, bytes > 0 ? bytes : 1);
	if (p == NULL)
		out_of_memory(bytes);
	return p;
}

char *
xstrdup(const char *s)
{
	return xstrndup(s, strlen(s));
}

char *
xstrndup(const char *s, size_t max)
{
	size_t len = strnlen(s, max);
	char *p = xmalloc(len + 1);

	if (len > 0)
		memcpy(p, s, len);
	p[len] = '\0';
	return p;
}

void
buf_free(struct buf *b)
{
	free(b->p);
	b->p = NULL;
	b->n = b->cap = 0;
}

void
buf_clear(struct buf *b)
{
	b->n = 0;
}

static void
buf_grow(struct buf *b, size_t more)
{
	size_t need, cap;

	if (__builtin_add_overflow(b->n, more, &need))
		out_of_memory(SIZE_MAX);
	cap = b->cap > 0 ? b->cap : BUF_FIRST;
	while (cap < need) {
		if (cap > SIZE_MAX / 2) {
			cap = need;
			break;
		}
		cap *= 2;
	}
	b->p = xreallocarray(b->p, cap, 1);
	b->cap = cap;
}

static inline void
buf_reserve(struct buf *b, size_t more)
{
	assert(b->n <= b->cap);
	if (more > b->cap - b->n)
		buf_grow(b, more);
}

void
buf_put(struct buf *b, const void *p, size_t n)
{
	if (n == 0)
		return;
	buf_reserve(b, n);
	memcpy(b->p + b->n, p, n);
	b->n += n;
}

void
buf_put_u8(struct buf *b, uint8_t v)
{
	buf_reserve(b, 1);
	b->p[b->n++] = v;
}

void
buf_put_be64(struct buf *b, uint64_t v)
{
	uint8_t be[8];
	size_t i;

	for (i = 0; i < sizeof(be); i++)
		be[i] = (uint8_t)(v >> (56 - 8 * i));
	buf_put(b, be, sizeof(be));
}

void
buf_put_varint(struct buf *b, uint64_t v)
{
	uint8_t bytes[10];
	size_t n = 0;

	do {
		bytes[n] = (uint8_t)(v & 0x7f);
		v >>= 7;
		if (v != 0)
			bytes[n] |= 0x80;
		n++;
	} while (v != 0);
	buf_put(b, bytes, n);
}

void
buf_puts(struct buf *b, const char *s)
{
	buf_put(b, s, strlen(s));
}

void
buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	int n;

	/* It nearly always fits at once. */
	buf_reserve(b, BUF_FIRST);
	va_start(ap, fmt);
	n = vsnprintf((char *)b->p + b->n, b->cap - b->n, fmt, ap);
	va_end(ap);
	if (n >= 0 && (size_t)n < b->cap - b->n) {
		b->n += (size_t)n;
		return;
	}
	/* Only a broken format or a result over INT_MAX gets here: a mistake of ours, not of what came from outside. */
	if (n < 0)
		out_of_memory(SIZE_MAX);
	buf_reserve(b, (size_t)n + 1);
	va_start(ap, fmt);
	(void)vsnprintf((char *)b->p + b->n, (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->n += (size_t)n;
}

const char *
buf_cstr(struct buf *b)
{
	buf_reserve(b, 1);
	b->p[b->n] = '\0';
	return (const char *)b->p;
}

struct reader
reader_of(const void *p, size_t n)
{
	struct reader r = { .p = p, .n = p != NULL ? n : 0, .bad = false };

	return r;
}

bool
reader_bytes(struct reader *r, size_t n, const uint8_t **out)
{
	if (r->bad || n > r->n) {
		r->bad = true;
		return false;
	}
	*out = r->p;
	/* An empty reader may hold NULL, and NULL + 0 is undefined. */
	if (n > 0)
		r->p += n;
	r->n -= n;
	return true;
}

bool
reader_u8(struct reader *r, uint8_t *v)
{
	const uint8_t *p;

	if (!reader_bytes(r, 1, &p))
		return false;
	*v = *p;
	return true;
}

bool
reader_be64(struct reader *r, uint64_t *v)
{
	const uint8_t *p;
	uint64_t x = 0;
	size_t i;

	if (!reader_bytes(r, 8, &p))
		return false;
	for (i = 0; i < 8; i++)
		x = x << 8 | p[i];
	*v = x;
	return true;
}

bool
reader_varint(struct reader *r, uint64_t *v)
{
	uint64_t x = 0;
	unsigned shift;
	uint8_t c;

	for (shift = 0; shift < 64; shift += 7) {
		if (!reader_u8(r, &c))
			return false;
		/* The tenth byte has room for one bit; a last byte of zero says nothing the shorter form did not. */
		if ((shift == 63 && c > 1) || (shift > 0 && c == 0))
			break;
		x |= (uint64_t)(c & 0x7f) << shift;
		if ((c & 0x80) == 0) {
			*v = x;
			return true;
		}
	}
	r->bad = true;
	return false;
}
