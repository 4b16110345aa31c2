#ifndef FORMATS_WIRE_TOKEN_H
#define FORMATS_WIRE_TOKEN_H
/*
 * CBOR items, one at a time: private to formats/wire*.c and formats/envelope.c.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "buf.h"
#include "fault.h"

enum token_type { TOKEN_UINT, TOKEN_NEGATIVE, TOKEN_BYTES, TOKEN_TEXT, TOKEN_ARRAY, TOKEN_MAP, TOKEN_TAG, TOKEN_BOOL,
	TOKEN_NULL, TOKEN_OTHER /* undefined, floats */, TOKEN_INDEFINITE };

struct token {
	enum token_type type;
	uint64_t n;		/* UINT: the value; NEGATIVE: -1 - value; BOOL: 0 or 1; ARRAY, MAP: items, pairs; TAG */
	const uint8_t *p;	/* BYTES, TEXT: a view into the input */
	size_t len;
};

struct tokens {
	const uint8_t *p;
	size_t n;		/* bytes left */
	const char *field;	/* name of what is being read, for the fault */
	struct fault *fault;
};

#define TOKEN_DEPTH_MAX 8

/* All return false after setting the fault: truncated, malformed, indefinite, not in shortest form, text not UTF-8,
 * a count that the bytes left cannot hold. */
bool tokens_next(struct tokens *, struct token *);
bool tokens_skip(struct tokens *);		/* one whole item, TOKEN_DEPTH_MAX deep at most */
bool tokens_array(struct tokens *, uint64_t min, uint64_t max, uint64_t *n);
bool tokens_uint(struct tokens *, uint64_t min, uint64_t max, uint64_t *);
bool tokens_int(struct tokens *, int64_t min, int64_t max, int64_t *);
bool tokens_text(struct tokens *, size_t max, const char **, size_t *len);
bool tokens_station(struct tokens *, char *out /* STATION_MAX */);
bool tokens_bytes(struct tokens *, size_t min, size_t max, const uint8_t **, size_t *len);
bool tokens_wrong(struct tokens *, const char *expected);	/* sets the "wrong type" fault; false */

/* Writers of shortest forms. */
void token_put_uint(struct buf *, uint64_t);
void token_put_int(struct buf *, int64_t);
void token_put_text(struct buf *, const char *, size_t len);
void token_put_bytes(struct buf *, const void *, size_t len);
void token_put_array(struct buf *, size_t items);
void token_put_map(struct buf *, size_t pairs);
void token_put_bool(struct buf *, bool);
void token_put_null(struct buf *);

#endif
