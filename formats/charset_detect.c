/*
 * Which character set bytes are in, when nobody knows for sure.
 *
 * A byte order mark is certain, what the operator says comes next, then what the text says of itself, and only then
 * its looks.  Valid UTF-8 of any length is hardly ever anything else.  Between GB and Big5, which share their bytes, the
 * question is put to the language: the text is read both ways, and the reading with more of the commonest characters
 * and fewer impossible ones is taken.  A draw is GB: this is for Chinese duty rooms.
 */
#include <assert.h>
#include <string.h>
#include "charset.h"
#include "text.h"

#define LOOK_MAX 65536	 /* bytes looked at */
#define DECLARED_MAX 1024 /* bytes within which a text names its set */
#define NAME_MAX_BYTES 40
#define LIKELY 2 /* points from which bytes may be GB or Big5: more than one stray character */

/* The commonest characters of running text and of reports, in both scripts. */
static const char common[] =
    "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能下过子说产种面而方后多定行学法所"
    "民得经十三之进着等部度家电力里如水化高自二理起小物现实加量都两体制机当使点从业本去把性好应开它合还因由其些然前外天政四日"
    "那社义事平形相全表间样与关各重新线内数正心反你明看原又么利比或但质气第向道命此变条只没结解问意建月公无系军很情者最立代想"
    "已通并提直题党程展五果料象员革位入常文总次品式活设及管特件长求老头基资边流路级少图山统接知较将组见计别她手角期根论运农指"
    "镇村县市区街社区火灾伤亡失联被困转移报告时分急救援现场消防公安预警风险雨洪滑坡"
    "這為個國們時來對會發動過說產種後學經進著電裡現實兩體機當點從業應開還與關線數質氣變條沒結題無軍黨員設長頭資邊級圖統較將組"
    "見計別論運農鎮縣區災傷聯轉報場預風險們嗎麼樣氣話邊";

static bool is_common(const uint8_t *p);
static long score(enum charset, const void *, size_t);

enum charset
charset_bom(const void *bytes, size_t n, size_t *skip)
{
	const uint8_t *p = bytes;

	*skip = 0;
	if (n >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0) {
		*skip = 3;
		return CHARSET_UTF8;
	}
	if (n >= 4 && memcmp(p, "\x84\x31\x95\x33", 4) == 0) {
		*skip = 4;
		return CHARSET_GB18030;
	}
	if (n >= 2 && (memcmp(p, "\xff\xfe", 2) == 0 || memcmp(p, "\xfe\xff", 2) == 0)) {
		*skip = 2;
		return p[0] == 0xff ? CHARSET_UTF16LE : CHARSET_UTF16BE;
	}
	return CHARSET_NONE;
}

/* Behind the word, which may stand in any case; NULL when it is not there. */
static const char *
behind(const char *s, const char *end, const char *word)
{
	size_t len = strlen(word);

	for (; (size_t)(end - s) >= len; s++) {
		size_t i = 0;

		while (i < len && (s[i] == word[i] || (s[i] >= 'A' && s[i] <= 'Z' && s[i] + ('a' - 'A') == word[i])))
			i++;
		if (i == len)
			return s + len;
	}
	return NULL;
}

enum charset
charset_declared(const void *bytes, size_t n, char *name, size_t size)
{
	const char *s = bytes, *end = s + (n < DECLARED_MAX ? n : DECLARED_MAX), *at = NULL, *stop;
	char word[NAME_MAX_BYTES];
	size_t len = 0;
	bool headers;

	if (name != NULL && size > 0)
		name[0] = '\0';
	if (n == 0)
		return CHARSET_NONE;
	/* a header begins with a letter: what JSON holds in its members declares nothing about the file */
	headers = (s[0] >= 'A' && s[0] <= 'Z') || (s[0] >= 'a' && s[0] <= 'z');
	if (n >= 5 && memcmp(s, "<?xml", 5) == 0) {
		stop = memmem(s, (size_t)(end - s), "?>", 2);
		at = behind(s, stop != NULL ? stop : end, "encoding");
	} else if (s[0] == '<' || s[0] == '@' || (headers && behind(s, end, "content-type") != NULL))
		at = behind(s, end, "charset");
	if (at == NULL)
		return CHARSET_NONE;
	while (at < end && (*at == ' ' || *at == '\t' || *at == '=' || *at == '"' || *at == '\''))
		at++;
	while (at + len < end && len < sizeof(word) - 1 &&
	       ((at[len] >= '0' && at[len] <= '9') || (at[len] >= 'A' && at[len] <= 'Z') ||
		   (at[len] >= 'a' && at[len] <= 'z') || at[len] == '-' || at[len] == '_'))
		len++;
	memcpy(word, at, len);
	word[len] = '\0';
	if (name != NULL && size > 0)
		(void)text_sanitise(word, len, name, size, false);
	return charset_by_name(word);
}

static bool
is_common(const uint8_t *p)
{
	/* a table of bits over the plane's Han characters, filled once; the same bits whoever fills it */
	static uint8_t bits[(0xa000 - 0x4e00) / 8];
	static bool filled;
	uint32_t cp;

	if (!filled) {
		for (size_t i = 0; i + 1 < sizeof(common); i += 3) {
			size_t len = text_decode(common + i, sizeof(common) - 1 - i, &cp);

			assert(len == 3 && cp >= 0x4e00 && cp < 0xa000);
			bits[(cp - 0x4e00) / 8] |= (uint8_t)(1u << (cp % 8));
		}
		filled = true;
	}
	(void)text_decode((const char *)p, 3, &cp);
	return cp >= 0x4e00 && cp < 0xa000 && (bits[(cp - 0x4e00) / 8] >> (cp % 8) & 1) != 0;
}

/* How much like Chinese the bytes read in the set.  Malformed ones weigh as much as several common characters; private
 * use and odd scripts as half of one against. */
static long
score(enum charset set, const void *p, size_t n)
{
	struct charset_loss loss;
	struct buf text = {0};
	long points = 0;
	uint32_t cp;
	size_t len;

	charset_decode(set, p, n, &text, &loss);
	for (size_t i = 0; i < text.n; i += len) {
		len = text_decode((const char *)text.p + i, text.n - i, &cp);
		if (cp < 0x80 || cp == 0xfffd)
			continue;
		if (len == 3 && is_common(text.p + i))
			points += 4;
		else if ((cp >= 0x3000 && cp <= 0x3011) || (cp >= 0xff01 && cp <= 0xff5e))
			points += 2; /* punctuation and full-width forms */
		else
			points += cp >= 0x4e00 && cp <= 0x9fff ? 1 : -2;
	}
	points -= 16 * (long)loss.count;
	buf_free(&text);
	return points;
}

enum charset
charset_detect(const void *bytes, size_t n)
{
	const uint8_t *p = bytes;
	size_t look = n < LOOK_MAX ? n : LOOK_MAX, even = 0, odd = 0;
	long utf8, gb, big5;

	if (n == 0)
		return CHARSET_UTF8;
	for (size_t i = 0; i < look; i++)
		if (p[i] == 0)
			(*(i % 2 == 0 ? &even : &odd))++;
	/* NULs, and mostly in the one half of each unit: no text of bytes has that, and in UTF-16 every ASCII character
	 * does (some others, as the character for "one", have theirs in the other half) */
	if (even / 4 > odd && even > look / 64)
		return CHARSET_UTF16BE;
	if (odd / 4 > even && odd > look / 64)
		return CHARSET_UTF16LE;
	if (text_utf8_valid(bytes, n, NULL))
		return CHARSET_UTF8;
	/* a damaged UTF-8 text is still UTF-8: it shall be reported as damaged and not read as something else */
	utf8 = score(CHARSET_UTF8, p, look);
	gb = score(CHARSET_GB18030, p, look);
	big5 = score(CHARSET_BIG5, p, look);
	if (utf8 >= (gb > big5 ? gb : big5) || (gb < LIKELY && big5 < LIKELY))
		return CHARSET_UTF8;
	return big5 > gb ? CHARSET_BIG5 : CHARSET_GB18030;
}

enum charset
charset_choose(const void *p, size_t n, enum charset told, size_t *skip)
{
	enum charset set = charset_bom(p, n, skip);

	if (set == CHARSET_NONE)
		set = told;
	if (set == CHARSET_NONE)
		set = charset_declared(p, n, NULL, 0);
	return set != CHARSET_NONE ? set : charset_detect(p, n);
}
