#ifndef FORMATS_TEXT_H
#define FORMATS_TEXT_H
/*
 * Text from outside is data: this file decides what may be kept and what may be shown.
 * All text inside is UTF-8.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* True when the bytes are valid UTF-8 (no surrogates, no overlong forms, at most U+10FFFF).  *bad gets the first bad offset. */
bool text_utf8_valid(const char *, size_t len, size_t *bad);
/* True when it holds no control characters but (when multiline) \n and \t; U+0000-1F, 7F, C1, bidi overrides/isolates
 * (U+202A-202E, U+2066-2069), U+2028/2029, U+FEFF and the tags U+E0000-E007F count as control.  *bad gets the offset. */
bool text_clean(const char *, size_t len, bool multiline, size_t *bad);
/* Copies with every such character and every invalid byte replaced by U+FFFD ('?' when it does not fit); always
 * terminates; cuts at a character boundary; returns bytes written without NUL. */
size_t text_sanitise(const char *in, size_t len, char *out, size_t size, bool multiline);
/* Decodes one character at p; returns its length in bytes (1 and U+FFFD when invalid), 0 when len is 0. */
size_t text_decode(const char *p, size_t len, uint32_t *cp);
/* Terminal cells of a code point: 0 combining, 2 wide (UAX 11 W and F), else 1.  Ambiguous width counts 1. */
int text_cells_cp(uint32_t cp);
int text_cells(const char *s);				/* cells of a whole string */
/* Largest prefix of s that fits into `cells`; returns bytes, *used the cells it takes. */
size_t text_clip(const char *s, int cells, int *used);
/* Lower-case ASCII, full-width forms (U+FF01-FF5E) to ASCII; in place is allowed; returns bytes. */
size_t text_fold(const char *in, char *out, size_t size);

#endif
