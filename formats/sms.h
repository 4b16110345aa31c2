#ifndef FORMATS_SMS_H
#define FORMATS_SMS_H
/*
 * One record as a short message of at most 70 characters, as UCS-2 counts them (UTF-16 units, 3GPP TS 23.038: 140
 * bytes), and any text as numbered parts of at most 67 (the six bytes of a concatenation header taken off, TS 23.040).
 *
 * What must be in stands first in the queue: marks (演练, 更正, 撤回 with what it
 * takes back, 先报后签, 未签发), place, type, casualties (unknown said as 不详), time, grade,
 * who says so.  Whole elements are left out, last in the queue first, never a part of a number or a name; the message ends
 * with where the rest stands.
 */
#include "figuretext.h"

#define SMS_UNITS 70
#define SMS_PART_UNITS 67

/* UTF-16 units of a text: 1 a character, 2 beyond U+FFFF. */
int sms_units(const char *);
/* Appends the message, without a line feed; never more than SMS_UNITS.  *dropped gets a line for each element that did
 * not fit (in the text's language); may be NULL. */
void sms_write(const struct body *, const struct text_env *, struct buf *out, struct buf *dropped);
/* Appends all that sms_write() chooses from, and the course: a text without bound, for sms_split(). */
void sms_whole(const struct body *, const struct text_env *, struct buf *out);
/* Appends the parts, each "(1/3)..." and ended by a line feed; at most SMS_PART_UNITS each without it.  Line feeds and
 * control characters become spaces.  Returns how many; 0 for an empty text. */
size_t sms_split(const char *text, struct buf *out);

#endif
