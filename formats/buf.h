#ifndef FORMATS_BUF_H
#define FORMATS_BUF_H
/*
 * Growable byte buffer and a bounded reader over bytes from outside.
 *
 * Writing: our own memory running out is fatal (abort with a message).  Reading: every get returns false instead of
 * running past the end, and a reader that has failed stays failed, so a parser may check once at its end.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf {
	uint8_t *p;	/* owned; NULL while empty */
	size_t n;	/* bytes used */
	size_t cap;
};

void *xmalloc(size_t);
void *xcalloc(size_t, size_t);
void *xreallocarray(void *, size_t, size_t);
char *xstrdup(const char *);
char *xstrndup(const char *, size_t);

void buf_free(struct buf *);			/* frees the bytes, leaves an empty buf */
void buf_clear(struct buf *);			/* n = 0, keeps the memory */
void buf_put(struct buf *, const void *, size_t);
void buf_put_u8(struct buf *, uint8_t);
void buf_put_be64(struct buf *, uint64_t);
void buf_put_varint(struct buf *, uint64_t);	/* LEB128, 1-10 bytes */
void buf_puts(struct buf *, const char *);	/* the text without its NUL */
void buf_printf(struct buf *, const char *, ...) __attribute__((format(printf, 2, 3)));
const char *buf_cstr(struct buf *);		/* NUL-terminated view, valid until the next write; n unchanged */

struct reader {
	const uint8_t *p;
	size_t n;	/* bytes left */
	bool bad;	/* a get ran past the end or met an overlong varint */
};

struct reader reader_of(const void *, size_t);
bool reader_u8(struct reader *, uint8_t *);
bool reader_be64(struct reader *, uint64_t *);
bool reader_varint(struct reader *, uint64_t *);
bool reader_bytes(struct reader *, size_t, const uint8_t **);	/* a view into the input */

#endif
