#ifndef FORMATS_LINEBREAK_H
#define FORMATS_LINEBREAK_H
/*
 * Where a line of Chinese text may end (避头尾): never before closing punctuation, never behind opening punctuation, and
 * never within a number or a word of letters.
 */
#include <stddef.h>
#include <stdint.h>

/* Bytes of the shortest piece at s that a line break may follow; at least 1 when len > 0.  Spaces and line feeds are
 * pieces of their own.  s is valid UTF-8. */
size_t linebreak_next(const char *s, size_t len);
/*
 * The end of a line of at most `max`, measured by size_of(code point): bytes of s that stand on it.  A piece too long for
 * a whole line is broken between characters.  Blanks at the end belong to the line and are left out by *shown (bytes);
 * a line feed ends it.  Returns at least 1 when len > 0.
 */
size_t linebreak_line(const char *s, size_t len, int max, int (*size_of)(uint32_t), size_t *shown);

#endif
