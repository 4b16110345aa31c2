#ifndef FORMATS_VALUE_H
#define FORMATS_VALUE_H
/*
 * One field's value as people write and read it: what --option, a form's cell and a JSON string hold.
 *
 *   text      as is                         code      12G00, yjpt:12G00, 火灾 (looked up; candidates named when ambiguous)
 *   time      2026-11-22T14:10[:00][+08:00 | Z], "11-22 14:10", "14:10" (today; yesterday when that would lie ahead by more
 *             than 12 h); without offset UTC+08:00.  Limits (not FF_DECLARED): today, tomorrow when that lies over an
 *             hour back.  Without a year: the year that lies nearest to now.
 *   figure    3  0  ?  ~20 or 约20  >=3 or 至少3  <=5 or 至多5, each with optional @source and @source/19:26
 *   enum      ASCII name, Chinese name, codebook spelling or number (grade: II, 2, 重大; precedence: flash, 特提)
 *   msgid     330225102.1763787393.17       geo       29.4,121.8      bool  yes no true false 是 否
 */
#include <stddef.h>
#include "body.h"
#include "buf.h"
#include "codebook.h"
#include "fault.h"

/* Parses s and adds it to the body (replacing when the field does not repeat).  now: ms UTC, for times without a date.
 * Refuses with the field's name and the reason; the body is unchanged then.  cb may be NULL (no codebook lookup).
 * Full-width digits and signs are read as ASCII (not in texts).  A figure may carry its unit (3人).  FF_HEADER is not
 * looked at: whether this hand may fill the field in is the caller's question. */
int value_parse(struct body *, const struct field *, const char *s, const struct codebook *cb, int64_t now, struct fault *);
/* Appends the value for people (zh: Chinese words, else English), one line: line feeds become a space; control
 * characters never.  Figures ? 约20 至少3 至多5, with their source 3(119 19:26); codes and stations 西周镇(330225102). */
void value_format(struct buf *, const struct value *, const struct codebook *cb, bool zh);

/* ms UTC as "2026-11-22 14:10", "11-22 14:10", "14:10" or RFC 3339 "2026-11-22T14:10:00.000+08:00", all UTC+08:00. */
enum time_form { TIME_FULL, TIME_DAY, TIME_CLOCK, TIME_RFC3339 };
const char *time_format(int64_t ms, enum time_form, char *buf, size_t size);
/* RFC 3339 with numeric offset or Z, seconds and fraction optional.  False when it is none. */
bool time_parse_rfc3339(const char *, struct when *);	/* text is left NULL */

/* What a figure of the field is counted in: "万元", " ha"; "" for persons, who need no word. */
const char *value_unit(const struct field *, bool zh);

#endif
