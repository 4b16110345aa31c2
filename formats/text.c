/*
 * What text from outside may be kept and what of it may be shown.
 *
 * Two questions, kept apart on purpose: validity (is it UTF-8 at all; refused on the wire when not) and
 * cleanliness (may it go to a terminal, a log line or a form; refused from keyboards, replaced on display, never
 * refused on the wire, where it would make a relay lose a report because of a stray character).
 */
#include <limits.h>
#include <string.h>
#include "text.h"

#define REPLACEMENT 0xfffdu

static size_t sequence(const uint8_t *, size_t len, uint32_t *cp);
static bool control(uint32_t cp, bool multiline);

/* The same for whoever walks a text: what nearly every character is, without a call. */
static inline size_t
step(const uint8_t *p, size_t len, uint32_t *cp)
{
	if (len > 0 && p[0] < 0x80) {
		*cp = p[0];
		return 1;
	}
	/* E0 may be overlong, ED a surrogate */
	if (len >= 3 && (p[0] & 0xf0) == 0xe0 && p[0] != 0xe0 && p[0] != 0xed && (p[1] & 0xc0) == 0x80 && (p[2] & 0xc0) == 0x80) {
		*cp = (p[0] & 0x0fu) << 12 | (p[1] & 0x3fu) << 6 | (p[2] & 0x3fu);
		return 3;
	}
	return sequence(p, len, cp);
}

/* Length of the well-formed sequence at p, 0 when there is none (Unicode table 3-7). */
static size_t
sequence(const uint8_t *p, size_t len, uint32_t *cp)
{
	uint32_t c;
	size_t n, i;

	if (len == 0)
		return 0;
	if (p[0] < 0x80) {
		*cp = p[0];
		return 1;
	}
	if (p[0] >= 0xc2 && p[0] <= 0xdf) {
		n = 2;
		c = p[0] & 0x1fu;
	} else if (p[0] >= 0xe0 && p[0] <= 0xef) {
		n = 3;
		c = p[0] & 0x0fu;
	} else if (p[0] >= 0xf0 && p[0] <= 0xf4) {
		n = 4;
		c = p[0] & 0x07u;
	} else {
		return 0;
	}
	if (n > len)
		return 0;
	for (i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3fu);
	}
	if ((n == 3 && c < 0x800) || (n == 4 && c < 0x10000) || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	*cp = c;
	return n;
}

static bool
control(uint32_t cp, bool multiline)
{
	if (cp > 0x2069 && cp < 0xfeff)
		return false;	/* all Chinese */
	if (cp == '\n' || cp == '\t')
		return !multiline;
	return cp < 0x20 || (cp >= 0x7f && cp <= 0x9f) || (cp >= 0x202a && cp <= 0x202e) ||
	    (cp >= 0x2066 && cp <= 0x2069) || cp == 0x2028 || cp == 0x2029 || cp == 0xfeff ||
	    (cp >= 0xe0000 && cp <= 0xe007f);	/* tags: invisible words */
}

bool
text_utf8_valid(const char *s, size_t len, size_t *bad)
{
	const uint8_t *p = (const uint8_t *)s;
	size_t i = 0, n;
	uint32_t cp;

	while (i < len) {
		n = step(p + i, len - i, &cp);
		if (n == 0) {
			if (bad != NULL)
				*bad = i;
			return false;
		}
		i += n;
	}
	return true;
}

bool
text_clean(const char *s, size_t len, bool multiline, size_t *bad)
{
	const uint8_t *p = (const uint8_t *)s;
	size_t i = 0, n;
	uint32_t cp;

	while (i < len) {
		n = step(p + i, len - i, &cp);
		if (n == 0 || control(cp, multiline)) {
			if (bad != NULL)
				*bad = i;
			return false;
		}
		i += n;
	}
	return true;
}

size_t
text_sanitise(const char *in, size_t len, char *out, size_t size, bool multiline)
{
	static const char mark[] = "\xef\xbf\xbd";
	const uint8_t *p = (const uint8_t *)in;
	size_t i = 0, o = 0, n;
	uint32_t cp;

	if (size == 0)
		return 0;
	while (i < len) {
		n = step(p + i, len - i, &cp);
		if (n == 0 || control(cp, multiline)) {
			if (size - o > sizeof(mark) - 1) {
				memcpy(out + o, mark, sizeof(mark) - 1);
				o += sizeof(mark) - 1;
			} else if (size - o > 1) {
				out[o++] = '?';
			} else {
				break;
			}
			i += n > 0 ? n : 1;
			continue;
		}
		if (size - o <= n)
			break;
		memcpy(out + o, p + i, n);
		o += n;
		i += n;
	}
	out[o] = '\0';
	return o;
}

size_t
text_decode(const char *p, size_t len, uint32_t *cp)
{
	size_t n;

	if (len == 0) {
		*cp = REPLACEMENT;
		return 0;
	}
	n = step((const uint8_t *)p, len, cp);
	if (n == 0) {
		*cp = REPLACEMENT;
		return 1;
	}
	return n;
}

int
text_cells(const char *s)
{
	int used;

	(void)text_clip(s, INT_MAX, &used);
	return used;
}

size_t
text_clip(const char *s, int cells, int *used)
{
	size_t len = strlen(s), i = 0, n;
	uint32_t cp;
	int sum = 0, w;

	while (i < len) {
		n = text_decode(s + i, len - i, &cp);
		w = text_cells_cp(cp);
		/* Marks belong to the character before them, so a full line still takes those that follow. */
		if (w > cells - sum)
			break;
		sum += w;
		i += n;
	}
	if (used != NULL)
		*used = sum;
	return i;
}

size_t
text_fold(const char *in, char *out, size_t size)
{
	size_t len = strlen(in), i = 0, o = 0, n;
	uint32_t cp;

	if (size == 0)
		return 0;
	while (i < len) {
		char one;

		n = text_decode(in + i, len - i, &cp);
		if (cp >= 0xff01 && cp <= 0xff5e)
			cp -= 0xfee0;
		if (cp < 0x80) {
			one = (char)(cp >= 'A' && cp <= 'Z' ? cp + ('a' - 'A') : cp);
			if (size - o <= 1)
				break;
			out[o++] = one;
		} else {
			if (size - o <= n)
				break;
			/* The output never runs ahead of the input, hence in place is fine. */
			memmove(out + o, in + i, n);
			o += n;
		}
		i += n;
	}
	out[o] = '\0';
	return o;
}
