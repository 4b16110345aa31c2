/*
 * Where a line of Chinese text may end.
 *
 * Characters of Chinese may be parted anywhere but at punctuation; letters and digits that stand together, with the
 * signs that belong into numbers, times, codes and addresses, may not be parted at all: half a number at a line's end
 * is read as a number.  This is a plain reading of GB/T 15834 (punctuation does not begin or end a line) and of what
 * every duty room's typist does; the whole of UAX 14 is not needed for it.
 */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include "linebreak.h"
#include "text.h"

static bool
in_set(uint32_t cp, const char *set)
{
	size_t len = strlen(set), n;
	uint32_t one;

	for (size_t i = 0; i < len; i += n) {
		n = text_decode(set + i, len - i, &one);
		if (one == cp)
			return true;
	}
	return false;
}

/* May not begin a line. */
static bool
closes(uint32_t cp)
{
	return in_set(cp, "、，。；：？！）》〉」』】〕］｝”’％‰℃·…—～,.;:?!)]}%");
}

/* May not end a line. */
static bool
opens(uint32_t cp)
{
	return in_set(cp, "（《〈「『【〔［｛“‘￥￡＃([{#$");
}

/* Part of a number, a word of letters, a time, a code. */
static bool
runs(uint32_t cp)
{
	return (cp >= '0' && cp <= '9') || (cp >= 'A' && cp <= 'Z') || (cp >= 'a' && cp <= 'z') ||
	       (cp >= 0xff10 && cp <= 0xff19) || (cp >= 0xc0 && cp <= 0x24f) || in_set(cp, "_+-*/=@&~<>^'");
}

/* Between two of those: 1,200  14:10  3.5  a@b.cn */
static bool
joins(uint32_t cp)
{
	return cp == '.' || cp == ',' || cp == ':' || cp == '%' || cp == '#';
}

static bool
blank(uint32_t cp)
{
	return cp == ' ' || cp == '\t' || cp == '\n' || cp == 0x3000;
}

size_t
linebreak_next(const char *s, size_t len)
{
	size_t at = 0, n;
	uint32_t cp, before = 0, next;
	bool glue = true;

	while (at < len) {
		n = text_decode(s + at, len - at, &cp);
		if (at > 0 && blank(cp))
			break;
		if (at > 0 && !glue && text_cells_cp(cp) > 0 && !closes(cp) && !(runs(before) && runs(cp)))
			break;
		at += n;
		if (blank(cp))
			break;
		if (joins(cp) && runs(before) && at < len) {
			(void)text_decode(s + at, len - at, &next);
			glue = runs(next);
		} else
			glue = opens(cp);
		if (text_cells_cp(cp) > 0)
			before = cp;
	}
	return at;
}

/* Of a piece longer than a line: whole characters that fit, with what combines; at least one. */
static size_t
by_force(const char *s, size_t len, int max, int (*size_of)(uint32_t))
{
	size_t at = 0, n;
	int used = 0;
	uint32_t cp;

	while (at < len) {
		n = text_decode(s + at, len - at, &cp);
		used += size_of(cp);
		if (at > 0 && used > max)
			break;
		at += n;
	}
	return at;
}

/* No more than that many bytes need be looked at (a piece of them fits on no line), to the end of a character. */
static size_t
within(const char *s, size_t len, size_t most)
{
	if (len <= most)
		return len;
	while (most > 1 && ((unsigned char)s[most] & 0xc0) == 0x80)
		most--;
	return most;
}

size_t
linebreak_line(const char *s, size_t len, int max, int (*size_of)(uint32_t), size_t *shown)
{
	size_t at = 0, n, m;
	int used = 0, size;
	uint32_t cp;

	*shown = 0;
	while (at < len) {
		if (s[at] == '\n')
			return at + 1;
		n = linebreak_next(s + at, within(s + at, len - at, 8 * (size_t)max + 64));
		size = 0;
		for (size_t i = 0; i < n; i += m) {
			m = text_decode(s + at + i, n - i, &cp);
			size += size_of(cp);
		}
		(void)text_decode(s + at, len - at, &cp);
		if (blank(cp)) {
			if (used + size > max) { /* the blanks where the line ends are not carried over */
				for (at += n; at < len && s[at] == ' '; at++)
					;
				return at < len && s[at] == '\n' ? at + 1 : at;
			}
			at += n;
			used += size;
			continue;
		}
		if (used + size > max) {
			if (*shown > 0)
				return at;
			at += by_force(s + at, n, max > used ? max - used : 1, size_of);
			*shown = at;
			return at;
		}
		at += n;
		used += size;
		*shown = at;
	}
	return at;
}
