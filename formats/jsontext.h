#ifndef FORMATS_JSONTEXT_H
#define FORMATS_JSONTEXT_H
/*
 * JSON written as text at once, where a tree would be made only to be printed: what is written for every message.
 * Compact, as jansson prints it.  Commas are put by looking at the last byte: values follow one another by their calls.
 */
#include <stdbool.h>
#include <stdint.h>
#include "buf.h"

void jsontext_begin(struct buf *, char c);		/* '{' or '[', as an element */
void jsontext_end(struct buf *, char c);		/* '}' or ']' */
void jsontext_name(struct buf *, const char *);		/* of a member; its value follows: put_string(), or '{' '[' by buf_put_u8() */
void jsontext_string(struct buf *, const char *);	/* a value behind a name; bytes that are no UTF-8 become U+FFFD */
void jsontext_element(struct buf *, const char *);	/* a string as an element of an array */
void jsontext_text(struct buf *, const char *name, const char *value);
void jsontext_number(struct buf *, const char *name, int64_t);
void jsontext_bool(struct buf *, const char *name, bool);

#endif
