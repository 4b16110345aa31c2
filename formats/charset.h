#ifndef FORMATS_CHARSET_H
#define FORMATS_CHARSET_H
/*
 * Character sets: bytes of files and other systems to the UTF-8 used inside, and back.
 *
 * Nothing is dropped in silence.  Reading: what is no character of the set becomes U+FFFD, one for each malformed
 * sequence, and is counted with the offset and the reason of the first.  Writing: what the set cannot hold becomes
 * [U+20BB7], readable and countable.  ('?' would be the shorter mark, but here it says "unknown".)
 *
 * GB 2312 and GBK are read as GB 18030, which contains them: many a file says the one and holds the other.  They are
 * written strictly.  Big5 is read with the Hong Kong supplement where the text
 * needs it, and written without.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "buf.h"

enum charset {
	CHARSET_NONE = 0,	/* not known, or not said */
	CHARSET_UTF8, CHARSET_GB18030, CHARSET_GBK, CHARSET_GB2312, CHARSET_BIG5, CHARSET_UTF16LE, CHARSET_UTF16BE
};

enum charset_why {
	CHARSET_WHY_NONE = 0,
	CHARSET_WHY_CUT,	/* the text ends, or goes on with something else, within a character */
	CHARSET_WHY_OVERLONG,	/* UTF-8 longer than it need be */
	CHARSET_WHY_SURROGATE,	/* half a pair of UTF-16 */
	CHARSET_WHY_RANGE,	/* beyond U+10FFFF */
	CHARSET_WHY_NOCHAR,	/* bytes that stand for nothing in the set */
	CHARSET_WHY_UNMAPPED,	/* writing: the set has no such character */
	CHARSET_WHY_NOTABLE	/* the C library here does not have the set */
};

struct charset_loss {
	size_t count;		/* characters substituted */
	size_t offset;		/* of the first, bytes from the beginning of the input; means nothing when count is 0 */
	enum charset_why why;	/* of the first */
};

/* By any usual spelling ("gb2312", "GB_2312-80", "cp936", "EUC-CN", "utf8", "x-gbk"), any case; CHARSET_NONE: not read. */
enum charset charset_by_name(const char *name);
const char *charset_name(enum charset);			/* "GB18030"; "" for CHARSET_NONE */
const char *charset_why_text(enum charset_why);		/* for people, through gettext */

/* The set a byte order mark at the beginning names, CHARSET_NONE without one; *skip is the mark's length. */
enum charset charset_bom(const void *, size_t, size_t *skip);
/* The set the text names itself: <?xml encoding="...">, <meta charset=...>, "Content-Type: ...; charset=..." or
 * "@charset" within the first 1024 bytes.  CHARSET_NONE when it names none, or one that is not read (name: what it
 * said, "" else; may be NULL). */
enum charset charset_declared(const void *, size_t, char *name, size_t size);
/* What the bytes look like: UTF-16 by its NULs, UTF-8 when valid or when nothing else is likelier (damaged UTF-8 stays
 * UTF-8), else GB 18030 or Big5, whichever makes the likelier Chinese of the first 64 KiB.  Never CHARSET_NONE. */
enum charset charset_detect(const void *, size_t);
/* The three together, in this order: mark, what the caller was told (CHARSET_NONE: nothing), declaration, looks. */
enum charset charset_choose(const void *, size_t, enum charset told, size_t *skip);

/* Appends the text as UTF-8; loss is set.  Always reads to the end. */
void charset_decode(enum charset, const void *, size_t, struct buf *out, struct charset_loss *);
/* Appends the UTF-8 text in the set; loss is set (offsets into the UTF-8).  Malformed UTF-8 counts as U+FFFD. */
void charset_encode(enum charset, const char *, size_t, struct buf *out, struct charset_loss *);

#endif
