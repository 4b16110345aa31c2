#ifndef FORMATS_JSONREAD_H
#define FORMATS_JSONREAD_H
/*
 * JSON requests to jansson's trees, faster than jansson makes them.
 */
#include <stddef.h>
#include <jansson.h>

/* json_loadb(s, n, JSON_REJECT_DUPLICATES, e), to the letter: the same tree, the same refusal. */
json_t *jsonread(const char *s, size_t n, json_error_t *e);

#endif
