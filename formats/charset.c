/*
 * Character sets: the conversions.
 *
 * iconv converts, but what to do where it cannot is decided here, because that is where texts are lost: it is asked to
 * go on behind each malformed sequence, and how far to skip is chosen so that an ASCII byte is never eaten (half a GBK
 * character before a quote or a line's end must not swallow it, or the next field becomes part of this one).
 *
 * UTF-8 and UTF-16 are read and written here, for two reasons: the C library stops without saying whether it met an
 * overlong form, half a pair or a cut, and people are told which.
 *
 * Which set a text is in is charset_detect.c's question.
 */
#include <assert.h>
#include <errno.h>
#include <iconv.h>
#include <string.h>
#include <strings.h>
#include "charset.h"
#include "i18n.h"
#include "text.h"

#define SUPPLEMENT "BIG5-HKSCS"
#define PIECE 8192 /* bytes converted at a time */
#define REPLACEMENT "\xef\xbf\xbd"

static const struct {
	enum charset set;
	const char *name;		 /* as told to people */
	const char *read, *write;	 /* iconv's; NULL: done here */
} sets[] = {
    {CHARSET_UTF8, "UTF-8", NULL, NULL},
    {CHARSET_GB18030, "GB18030", "GB18030", "GB18030"},
    {CHARSET_GBK, "GBK", "GB18030", "GBK"},
    {CHARSET_GB2312, "GB2312", "GB18030", "EUC-CN"},
    {CHARSET_BIG5, "Big5", "BIG5", "BIG5"},
    {CHARSET_UTF16LE, "UTF-16LE", NULL, NULL},
    {CHARSET_UTF16BE, "UTF-16BE", NULL, NULL},
};
#define SETS (sizeof(sets) / sizeof(sets[0]))

static const struct {
	const char *spelling;
	enum charset set;
} spellings[] = {
    {"utf-8", CHARSET_UTF8}, {"utf8", CHARSET_UTF8}, {"us-ascii", CHARSET_UTF8}, {"ascii", CHARSET_UTF8},
    {"gb18030", CHARSET_GB18030}, {"gb-18030", CHARSET_GB18030}, {"gb18030-2000", CHARSET_GB18030},
    {"gb18030-2005", CHARSET_GB18030}, {"cp54936", CHARSET_GB18030},
    {"gbk", CHARSET_GBK}, {"x-gbk", CHARSET_GBK}, {"cp936", CHARSET_GBK}, {"ms936", CHARSET_GBK},
    {"windows-936", CHARSET_GBK}, {"936", CHARSET_GBK},
    {"gb2312", CHARSET_GB2312}, {"gb_2312-80", CHARSET_GB2312}, {"gb2312-80", CHARSET_GB2312},
    {"euc-cn", CHARSET_GB2312}, {"euccn", CHARSET_GB2312}, {"csgb2312", CHARSET_GB2312},
    {"big5", CHARSET_BIG5}, {"big-5", CHARSET_BIG5}, {"big5-hkscs", CHARSET_BIG5}, {"cp950", CHARSET_BIG5},
    {"ms950", CHARSET_BIG5}, {"x-x-big5", CHARSET_BIG5}, {"csbig5", CHARSET_BIG5},
    {"utf-16le", CHARSET_UTF16LE}, {"utf16le", CHARSET_UTF16LE}, {"utf-16be", CHARSET_UTF16BE},
    {"utf16be", CHARSET_UTF16BE},
};

static size_t utf8_sequence(const uint8_t *, size_t, enum charset_why *);
static void utf8_decode(const uint8_t *, size_t, struct buf *, struct charset_loss *);
static void utf16_decode(bool big, const uint8_t *, size_t, struct buf *, struct charset_loss *);
static void utf16_encode(bool big, const char *, size_t, struct buf *, struct charset_loss *);
static size_t skip_length(enum charset, const uint8_t *, size_t, enum charset_why *);

enum charset
charset_by_name(const char *name)
{
	for (size_t i = 0; i < sizeof(spellings) / sizeof(spellings[0]); i++)
		if (strcasecmp(spellings[i].spelling, name) == 0)
			return spellings[i].set;
	return CHARSET_NONE;
}

const char *
charset_name(enum charset set)
{
	for (size_t i = 0; i < SETS; i++)
		if (sets[i].set == set)
			return sets[i].name;
	return "";
}

const char *
charset_why_text(enum charset_why why)
{
	switch (why) {
	case CHARSET_WHY_CUT:
		return _("half a character");
	case CHARSET_WHY_OVERLONG:
		return _("an overlong UTF-8 form");
	case CHARSET_WHY_SURROGATE:
		return _("a lone surrogate");
	case CHARSET_WHY_RANGE:
		return _("a character beyond U+10FFFF");
	case CHARSET_WHY_NOCHAR:
		return _("bytes that are no character");
	case CHARSET_WHY_UNMAPPED:
		return _("a character the set does not have");
	case CHARSET_WHY_NOTABLE:
		return _("this system has no tables for the set");
	case CHARSET_WHY_NONE:
		break;
	}
	return "";
}

static void
lose(struct charset_loss *loss, size_t offset, enum charset_why why)
{
	if (loss->count++ == 0) {
		loss->offset = offset;
		loss->why = why;
	}
}

static void
put_utf8(struct buf *out, uint32_t cp)
{
	if (cp < 0x80) {
		buf_put_u8(out, (uint8_t)cp);
	} else if (cp < 0x800) {
		buf_put_u8(out, (uint8_t)(0xc0 | cp >> 6));
		buf_put_u8(out, (uint8_t)(0x80 | (cp & 0x3f)));
	} else if (cp < 0x10000) {
		buf_put_u8(out, (uint8_t)(0xe0 | cp >> 12));
		buf_put_u8(out, (uint8_t)(0x80 | (cp >> 6 & 0x3f)));
		buf_put_u8(out, (uint8_t)(0x80 | (cp & 0x3f)));
	} else {
		buf_put_u8(out, (uint8_t)(0xf0 | cp >> 18));
		buf_put_u8(out, (uint8_t)(0x80 | (cp >> 12 & 0x3f)));
		buf_put_u8(out, (uint8_t)(0x80 | (cp >> 6 & 0x3f)));
		buf_put_u8(out, (uint8_t)(0x80 | (cp & 0x3f)));
	}
}

/* ---- UTF-8 ---- */

/* Length of the character at p, well-formed or not; why is set when it is not.  A malformed one is as long as its lead
 * byte says, as far as continuation bytes follow: one mistake of the writer's is one mark. */
static size_t
utf8_sequence(const uint8_t *p, size_t n, enum charset_why *why)
{
	size_t want, have;
	uint32_t cp;

	*why = CHARSET_WHY_NONE;
	have = text_decode((const char *)p, n, &cp);
	if (have > 1 || p[0] < 0x80)
		return have;
	if (p[0] < 0xc0 || p[0] >= 0xf8) {
		*why = CHARSET_WHY_NOCHAR;
		return 1;
	}
	want = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	for (have = 1; have < want && have < n && (p[have] & 0xc0) == 0x80; have++)
		;
	if (have < want)
		*why = CHARSET_WHY_CUT;
	else if (p[0] == 0xed)
		*why = CHARSET_WHY_SURROGATE;
	else if (p[0] > 0xf4 || (p[0] == 0xf4 && p[1] >= 0x90))
		*why = CHARSET_WHY_RANGE;
	else
		*why = CHARSET_WHY_OVERLONG;
	return have;
}

static void
utf8_decode(const uint8_t *p, size_t n, struct buf *out, struct charset_loss *loss)
{
	enum charset_why why;
	size_t from = 0, len;

	for (size_t i = 0; i < n; i += len) {
		len = utf8_sequence(p + i, n - i, &why);
		if (why == CHARSET_WHY_NONE)
			continue;
		buf_put(out, p + from, i - from);
		buf_puts(out, REPLACEMENT);
		lose(loss, i, why);
		from = i + len;
	}
	buf_put(out, p + from, n - from);
}

/* ---- UTF-16 ---- */

static uint32_t
unit_at(bool big, const uint8_t *p)
{
	return big ? (uint32_t)p[0] << 8 | p[1] : (uint32_t)p[1] << 8 | p[0];
}

static void
utf16_decode(bool big, const uint8_t *p, size_t n, struct buf *out, struct charset_loss *loss)
{
	size_t i;

	for (i = 0; n - i >= 2; i += 2) {
		uint32_t u = unit_at(big, p + i), low;

		if (u < 0xd800 || u > 0xdfff) {
			put_utf8(out, u);
			continue;
		}
		low = u < 0xdc00 && n - i >= 4 ? unit_at(big, p + i + 2) : 0;
		if (low >= 0xdc00 && low <= 0xdfff) {
			put_utf8(out, 0x10000 + ((u - 0xd800) << 10) + (low - 0xdc00));
			i += 2;
			continue;
		}
		buf_puts(out, REPLACEMENT);
		lose(loss, i, CHARSET_WHY_SURROGATE);
	}
	if (i < n) {
		buf_puts(out, REPLACEMENT);
		lose(loss, i, CHARSET_WHY_CUT);
	}
}

static void
put_unit(bool big, struct buf *out, uint32_t u)
{
	buf_put_u8(out, (uint8_t)(big ? u >> 8 : u));
	buf_put_u8(out, (uint8_t)(big ? u : u >> 8));
}

static void
utf16_encode(bool big, const char *s, size_t n, struct buf *out, struct charset_loss *loss)
{
	enum charset_why why;
	uint32_t cp;
	size_t len;

	for (size_t i = 0; i < n; i += len) {
		len = utf8_sequence((const uint8_t *)s + i, n - i, &why);
		if (why != CHARSET_WHY_NONE) {
			lose(loss, i, why);
			cp = 0xfffd;
		} else
			(void)text_decode(s + i, n - i, &cp);
		if (cp >= 0x10000) {
			put_unit(big, out, 0xd800 + ((cp - 0x10000) >> 10));
			put_unit(big, out, 0xdc00 + ((cp - 0x10000) & 0x3ff));
		} else
			put_unit(big, out, cp);
	}
}

/* ---- the rest, through iconv ---- */

/* How many bytes at p are one malformed character.  What follows a lead byte goes with it only when it could belong to
 * it and is no ASCII that might be punctuation, a quote or a line feed. */
static size_t
skip_length(enum charset set, const uint8_t *p, size_t n, enum charset_why *why)
{
	bool lead = p[0] >= 0x81 && p[0] <= 0xfe;

	*why = lead && (n == 1 || p[1] < 0x30) ? CHARSET_WHY_CUT : CHARSET_WHY_NOCHAR;
	if (!lead || n == 1)
		return 1;
	if (set != CHARSET_BIG5 && p[1] >= '0' && p[1] <= '9') {
		if (n >= 4 && p[2] >= 0x81 && p[2] <= 0xfe && p[3] >= '0' && p[3] <= '9')
			return 4;
		*why = CHARSET_WHY_CUT;
		return 1;
	}
	return p[1] >= 0x80 && p[1] <= 0xfe ? 2 : 1;
}

/* A system without iconv's tables for the set: ASCII goes through, all else is substituted and counted. */
static void
ascii_only(bool encoding, const char *s, size_t n, struct buf *out, struct charset_loss *loss)
{
	uint32_t cp;
	size_t len;

	for (size_t i = 0; i < n; i += len) {
		len = encoding ? text_decode(s + i, n - i, &cp) : 1;
		if ((uint8_t)s[i] < 0x80) {
			buf_put_u8(out, (uint8_t)s[i]);
			continue;
		}
		if (encoding)
			buf_printf(out, "[U+%04X]", (unsigned)cp);
		else
			buf_puts(out, REPLACEMENT);
		lose(loss, i, CHARSET_WHY_NOTABLE);
	}
}

static void
iconv_decode(enum charset set, const char *from, const uint8_t *p, size_t n, struct buf *out, struct charset_loss *loss)
{
	char *in, piece[PIECE], *to;
	size_t left = n, room;
	enum charset_why why;
	iconv_t cd;

	cd = iconv_open("UTF-8", from);
	if (cd == (iconv_t)-1) {
		ascii_only(false, (const char *)p, n, out, loss);
		return;
	}
	in = (char *)(uintptr_t)p;
	while (left > 0) {
		size_t skip;
		int error = 0;

		to = piece;
		room = sizeof(piece);
		if (iconv(cd, &in, &left, &to, &room) == (size_t)-1)
			error = errno;
		buf_put(out, piece, (size_t)(to - piece));
		if (error == 0 || error == E2BIG)
			continue;
		/* Big5 with its supplement holds one character back in case an accent follows */
		to = piece;
		room = sizeof(piece);
		(void)iconv(cd, NULL, NULL, &to, &room);
		buf_put(out, piece, (size_t)(to - piece));
		if (left == 0)
			break;
		skip = skip_length(set, (const uint8_t *)in, left, &why);
		lose(loss, n - left, why);
		buf_puts(out, REPLACEMENT);
		in += skip;
		left -= skip;
	}
	to = piece;
	room = sizeof(piece);
	(void)iconv(cd, NULL, NULL, &to, &room);
	buf_put(out, piece, (size_t)(to - piece));
	(void)iconv_close(cd);
}

void
charset_decode(enum charset set, const void *bytes, size_t n, struct buf *out, struct charset_loss *loss)
{
	struct charset_loss supplement = {0};
	struct buf other = {0};
	const size_t before = out->n;

	*loss = (struct charset_loss){0};
	if (n == 0)
		return;
	if (set == CHARSET_UTF8 || set == CHARSET_NONE) {
		utf8_decode(bytes, n, out, loss);
		return;
	}
	if (set == CHARSET_UTF16LE || set == CHARSET_UTF16BE) {
		utf16_decode(set == CHARSET_UTF16BE, bytes, n, out, loss);
		return;
	}
	assert(set <= CHARSET_BIG5);
	iconv_decode(set, sets[set - CHARSET_UTF8].read, bytes, n, out, loss);
	if (set != CHARSET_BIG5 || loss->count == 0)
		return;
	/* Hong Kong's supplement reads some of plain Big5's characters as others: only a text that needs it is read so */
	iconv_decode(set, SUPPLEMENT, bytes, n, &other, &supplement);
	if (supplement.count < loss->count) {
		out->n = before;
		buf_put(out, other.p, other.n);
		*loss = supplement;
	}
	buf_free(&other);
}

void
charset_encode(enum charset set, const char *s, size_t n, struct buf *out, struct charset_loss *loss)
{
	struct buf clean = {0};
	struct charset_loss malformed;
	char *in, piece[PIECE], *to;
	size_t left, room;
	iconv_t cd;

	*loss = (struct charset_loss){0};
	if (n == 0)
		return;
	if (set == CHARSET_UTF8 || set == CHARSET_NONE) {
		utf8_decode((const uint8_t *)s, n, out, loss);
		return;
	}
	if (set == CHARSET_UTF16LE || set == CHARSET_UTF16BE) {
		utf16_encode(set == CHARSET_UTF16BE, s, n, out, loss);
		return;
	}
	assert(set <= CHARSET_BIG5);
	if (!text_utf8_valid(s, n, NULL)) {
		utf8_decode((const uint8_t *)s, n, &clean, loss);
		charset_encode(set, (const char *)clean.p, clean.n, out, &malformed);
		/* in sets without U+FFFD each mark is substituted a second time and counts there */
		if (malformed.count > loss->count)
			loss->count = malformed.count;
		buf_free(&clean);
		return;
	}
	cd = iconv_open(sets[set - CHARSET_UTF8].write, "UTF-8");
	if (cd == (iconv_t)-1) {
		ascii_only(true, s, n, out, loss);
		return;
	}
	in = (char *)(uintptr_t)s;
	left = n;
	while (left > 0) {
		uint32_t cp;
		size_t len;

		to = piece;
		room = sizeof(piece);
		if (iconv(cd, &in, &left, &to, &room) != (size_t)-1 || errno == E2BIG) {
			buf_put(out, piece, (size_t)(to - piece));
			continue;
		}
		buf_put(out, piece, (size_t)(to - piece));
		len = text_decode(in, left, &cp);
		lose(loss, n - left, CHARSET_WHY_UNMAPPED);
		buf_printf(out, "[U+%04X]", (unsigned)cp);
		in += len;
		left -= len;
	}
	to = piece;
	room = sizeof(piece);
	(void)iconv(cd, NULL, NULL, &to, &room);
	buf_put(out, piece, (size_t)(to - piece));
	(void)iconv_close(cd);
}
