#ifndef FORMATS_PHONE_H
#define FORMATS_PHONE_H
/*
 * One record as a script to be read out on the telephone, and the code by which the listener proves what he was told.
 *
 * The code: of the record are taken, in the field table's order, stage, type, place, place references, position, time of the
 * event (the instant, whatever its offset), grade and every figure with its kind, number, source and as-of time, and of a directive its
 * title, text, due, and what it asks for how often; these as
 * a body of their own in wire form (wire.h), BLAKE2b-256 of that, its first eight bytes as a big-endian number, modulo
 * 10000, in four digits.  The same record gives the same code at both ends; a record in which one of these differs gives
 * another (by chance the same once in ten thousand).
 */
#include "figuretext.h"

void phone_code(const struct body *, char out[5]);
/* Appends the script, ended by a line feed.  Numbers are said twice, in digits and in Chinese numerals. */
void phone_write(const struct body *, const struct text_env *, struct buf *out);

#endif
