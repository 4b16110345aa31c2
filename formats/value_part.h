#ifndef FORMATS_VALUE_PART_H
#define FORMATS_VALUE_PART_H
/*
 * What value*.c, check.c, json.c, csv.c and figuretext.c share and nobody else needs.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "body.h"
#include "buf.h"
#include "codebook.h"
#include "fault.h"

#define SOURCE_MAX 96	/* bytes of a figure's source without NUL */

/* A text within its field's bounds: length, UTF-8, no control characters (line feeds where the field allows them). */
int value_text_ok(const struct field *, const char *s, size_t len, struct fault *);
/* A "scheme:code" of the field's codebook: known, or of a scheme no codebook here has.  cb may be NULL: form only. */
int value_code_ok(const struct field *, const char *code, const struct codebook *cb, struct fault *);
/* Full-width forms and the ideographic space to ASCII, case kept, blanks at both ends cut.  False when it does not fit. */
bool value_narrow(const char *s, char *out, size_t size);
/* A time as people type it (value.h).  later: an instant that lies ahead (a limit).  False when it is none. */
bool value_time_typed(const char *s, int64_t now, bool later, struct when *);
/* RFC 3339 in the offset given, fraction left out when zero.  False when the year has no four digits. */
bool value_time_rfc3339(int64_t ms, int offset, char *buf, size_t size);
/* A fixed point number of so many decimals, zeros at the end left out; n >= 0. */
void value_fixed(struct buf *, int64_t n, int decimals);
/* Degrees to the nearest microdegree; the caller has checked the range. */
int32_t value_microdegrees(double);

#endif
