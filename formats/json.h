#ifndef FORMATS_JSON_H
#define FORMATS_JSON_H
/*
 * Bodies as JSON, by the field table's names.
 *   text, code, station: string      time: RFC 3339 string, or {"t":..., "text":...} where an original text is kept
 *   enum: ASCII name (number when unknown)    figure: integer/decimal when exact and plain, "?" when unknown, else
 *   {"q":"about","n":20,"source":"119","asof":"..."}; repeatable fields: a single value or an array
 *   msgid: text form    geo: [lat, lon] in degrees    digest: hex    unknown keys: {"unknown":{"4000":"<hex of CBOR>"}}
 * Reading also takes strings in the form of value.h for every type.
 */
#include <jansson.h>
#include "body.h"
#include "codebook.h"

json_t *json_from_body(const struct body *);			/* new reference */
/* Adds the object's members to the body.  Members starting with "_" are the caller's and skipped.  Unknown members,
 * wrong types, bad UTF-8, negative counts: refused with the member's name.  headers: whether FF_HEADER fields may be set. */
int json_to_body(const json_t *, struct body *, const struct codebook *, int64_t now, bool headers, struct fault *);

#endif
