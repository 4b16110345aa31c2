/*
 * Pinyin initials of names whose row gives none (local divisions, mostly), once at loading.
 *
 * The first level of GB 2312 is ordered by pronunciation, so a character's place in it gives its initial without a
 * dictionary.  Three things it cannot give: characters of the second level (ordered by strokes) stand as "?" and match
 * any letter; a character with two readings is filed under one of them, so those common in place names have their other
 * reading here (重庆 is found by cq and by zq); and where that is not enough, the row's own pinyin column wins.
 */
#include <stdlib.h>
#include <string.h>
#include "buf.h"
#include "charset.h"
#include "codebook_part.h"
#include "text.h"

#define HAN_FIRST 0x4e00u
#define HAN_LAST 0x9fffu
#define INITIALS_MAX 64

struct letters {
	char of[HAN_LAST - HAN_FIRST + 1];	/* '\0': not known */
};

/* Where each initial begins in the first level (B0A1-D7F9); no syllable begins with i, u or v. */
static char
initial_of(unsigned code)
{
	static const struct {
		unsigned from;
		char letter;
	} begins[] = {{0xd4d1, 'z'}, {0xd1b9, 'y'}, {0xcef4, 'x'}, {0xcdda, 'w'}, {0xcbfa, 't'}, {0xc8f6, 's'},
	    {0xc8bb, 'r'}, {0xc6da, 'q'}, {0xc5be, 'p'}, {0xc5b6, 'o'}, {0xc4c3, 'n'}, {0xc2e8, 'm'}, {0xc0ac, 'l'},
	    {0xbfa6, 'k'}, {0xbbf7, 'j'}, {0xb9fe, 'h'}, {0xb8c1, 'g'}, {0xb7a2, 'f'}, {0xb6ea, 'e'}, {0xb4ee, 'd'},
	    {0xb2c1, 'c'}, {0xb0c5, 'b'}, {0xb0a1, 'a'}};

	for (size_t i = 0; i < sizeof(begins) / sizeof(begins[0]); i++)
		if (code >= begins[i].from)
			return begins[i].letter;
	return '\0';
}

/* The other reading of characters that have two in names; 0 when there is none. */
static char
other_of(uint32_t cp)
{
	static const struct {
		uint32_t cp;
		char letter;
	} others[] = {{0x91cd, 'c'} /* 重 */, {0x957f, 'c'} /* 长 */, {0x4e50, 'y'} /* 乐 */, {0x671d, 'z'} /* 朝 */,
	    {0x5355, 's'} /* 单 */, {0x89e3, 'x'} /* 解 */, {0x53a6, 's'} /* 厦 */, {0x884c, 'h'} /* 行 */,
	    {0x94c5, 'y'} /* 铅 */, {0x756a, 'p'} /* 番 */, {0x4f1a, 'k'} /* 会 */, {0x964d, 'x'} /* 降 */, {0x7cfb, 'j'} /* 系 */, {0x6821, 'j'} /* 校 */, {0x8f66, 'j'} /* 车 */,
	    {0x6c88, 'c'} /* 沈 */, {0x66fe, 'c'} /* 曾 */,
	    {0x85cf, 'z'} /* 藏 */, {0x5f39, 't'} /* 弹 */, {0x8c03, 't'} /* 调 */, {0x4f20, 'z'} /* 传 */,
	    {0x67e5, 'z'} /* 查 */, {0x76db, 'c'} /* 盛 */,
	    {0x6cca, 'p'} /* 泊 */, {0x5c09, 'y'} /* 尉 */, {0x5708, 'j'} /* 圈 */,
	    {0x574a, 'f'} /* 坊 */, {0x6d45, 'j'} /* 浅 */, {0x53c2, 's'} /* 参 */,
	    {0x6298, 's'} /* 折 */, {0x53ec, 's'} /* 召 */, {0x7a3d, 'q'} /* 稽 */};

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (others[i].cp == cp)
			return others[i].letter;
	return '\0';
}

/* From the C library's own table of the set: one conversion for all. */
static struct letters *
letters_new(void)
{
	struct letters *l = xcalloc(1, sizeof(*l));
	struct buf gb = {0}, utf8 = {0};
	struct charset_loss loss;
	size_t at = 0, n;
	uint32_t cp;

	for (unsigned code = 0xb0a1; code <= 0xd7f9; code += (code & 0xff) == 0xfe ? 0xa3 : 1) {
		buf_put_u8(&gb, (uint8_t)(code >> 8));
		buf_put_u8(&gb, (uint8_t)code);
	}
	charset_decode(CHARSET_GB2312, gb.p, gb.n, &utf8, &loss);
	for (unsigned code = 0xb0a1; loss.count == 0 && at < utf8.n; code += (code & 0xff) == 0xfe ? 0xa3 : 1) {
		n = text_decode((const char *)utf8.p + at, utf8.n - at, &cp);
		if (cp >= HAN_FIRST && cp <= HAN_LAST)
			l->of[cp - HAN_FIRST] = initial_of(code);
		at += n;
	}
	buf_free(&gb);
	buf_free(&utf8);
	return l;
}

/* False when the name has none to speak of.  *differs: other is not the same as first. */
static bool
work_out(const struct letters *l, const char *name, char *first, char *other, bool *differs)
{
	size_t len = strlen(name), n = 0, step;
	bool known = false;
	uint32_t cp;

	*differs = false;
	for (size_t i = 0; i < len && n + 1 < INITIALS_MAX; i += step) {
		char c = '\0', d;

		step = text_decode(name + i, len - i, &cp);
		if (cp >= 'A' && cp <= 'Z')
			c = (char)(cp - 'A' + 'a');
		else if ((cp >= 'a' && cp <= 'z') || (cp >= '0' && cp <= '9'))
			c = (char)cp;
		else if (cp >= HAN_FIRST && cp <= HAN_LAST)
			c = l->of[cp - HAN_FIRST] != '\0' ? l->of[cp - HAN_FIRST] : '?';
		else
			continue; /* brackets and the like */
		known |= c != '?';
		d = other_of(cp);
		*differs |= d != '\0' && d != c;
		first[n] = c;
		other[n++] = d != '\0' ? d : c;
	}
	first[n] = other[n] = '\0';
	return known;
}

static void
put_text(struct buf *out, const char *s)
{
	buf_put(out, s, strlen(s) + 1);
}

void
codebook_fill_initials(struct codebook *cb)
{
	struct list *const lists[] = {&cb->event, &cb->division};
	struct letters *l = NULL;
	struct buf all = {0};
	size_t at = 0;

	/* the buffer moves while it grows: first the strings, then the pointers */
	for (int round = 0; round < 2; round++) {
		for (size_t k = 0; k < sizeof(lists) / sizeof(lists[0]); k++)
			for (size_t i = 0; i < lists[k]->n; i++) {
				struct item *it = &lists[k]->v[i];
				char first[INITIALS_MAX], other[INITIALS_MAX];
				bool differs;

				if (it->e.initials[0] != '\0')
					continue;
				if (l == NULL)
					l = letters_new();
				if (!work_out(l, it->e.name, first, other, &differs))
					continue;
				if (round == 0) {
					put_text(&all, first);
					if (differs)
						put_text(&all, other);
					continue;
				}
				it->e.initials = cb->initials + at;
				at += strlen(first) + 1;
				if (differs) {
					it->other = cb->initials + at;
					at += strlen(other) + 1;
				}
			}
		if (round == 0)
			cb->initials = (char *)all.p; /* owned by the codebook from here on */
	}
	free(l);
}
