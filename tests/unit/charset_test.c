/*
 * Character sets: named, found out, read and written, and nothing lost unseen.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "../../formats/charset.h"
#include "../../formats/text.h"

#define FFFD "\xef\xbf\xbd"

static void
test_names(void **state)
{
	static const struct {
		const char *name;
		enum charset set;
	} cases[] = {{"UTF-8", CHARSET_UTF8}, {"utf8", CHARSET_UTF8}, {"US-ASCII", CHARSET_UTF8},
	    {"gb18030", CHARSET_GB18030}, {"GBK", CHARSET_GBK}, {"cp936", CHARSET_GBK}, {"GB2312", CHARSET_GB2312},
	    {"EUC-CN", CHARSET_GB2312}, {"Big5", CHARSET_BIG5}, {"BIG5-HKSCS", CHARSET_BIG5},
	    {"UTF-16LE", CHARSET_UTF16LE}, {"utf-16be", CHARSET_UTF16BE}, {"", CHARSET_NONE}, {"UTF-7", CHARSET_NONE},
	    {"gb", CHARSET_NONE}, {"UTF-8 ", CHARSET_NONE}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal((int)charset_by_name(cases[i].name), (int)cases[i].set);
	for (int set = CHARSET_UTF8; set <= CHARSET_UTF16BE; set++)
		assert_int_equal((int)charset_by_name(charset_name((enum charset)set)), set);
	assert_string_equal(charset_name(CHARSET_NONE), "");
	for (int why = CHARSET_WHY_CUT; why <= CHARSET_WHY_NOTABLE; why++)
		assert_true(*charset_why_text((enum charset_why)why) != '\0');
}

/* Bytes, what they become, and what is told of the first that are no character. */
static void
test_decode(void **state)
{
	static const struct {
		enum charset set;
		const char *bytes;
		size_t n;
		const char *text;
		size_t lost, offset;
		enum charset_why why;
	} cases[] = {
#define B(s) s, sizeof(s) - 1
	    {CHARSET_UTF8, B(""), "", 0, 0, CHARSET_WHY_NONE},
	    {CHARSET_UTF8, B("a\xe7\x81\xab"), "a火", 0, 0, CHARSET_WHY_NONE},
	    {CHARSET_UTF8, B("\xf0\xa0\xae\xb7"), "𠮷", 0, 0, CHARSET_WHY_NONE},
	    {CHARSET_UTF8, B("a\xc0\xaf" "b"), "a" FFFD "b", 1, 1, CHARSET_WHY_OVERLONG},
	    {CHARSET_UTF8, B("\xe0\x80\xaf"), FFFD, 1, 0, CHARSET_WHY_OVERLONG},
	    {CHARSET_UTF8, B("\xf0\x80\x80\xaf"), FFFD, 1, 0, CHARSET_WHY_OVERLONG},
	    {CHARSET_UTF8, B("x\xed\xa0\x80y"), "x" FFFD "y", 1, 1, CHARSET_WHY_SURROGATE},
	    {CHARSET_UTF8, B("\xf4\x90\x80\x80"), FFFD, 1, 0, CHARSET_WHY_RANGE},
	    {CHARSET_UTF8, B("\xf5\x80\x80\x80z"), FFFD "z", 1, 0, CHARSET_WHY_RANGE},
	    {CHARSET_UTF8, B("ab\xe7\x81"), "ab" FFFD, 1, 2, CHARSET_WHY_CUT},
	    {CHARSET_UTF8, B("\xe7\"\n"), FFFD "\"\n", 1, 0, CHARSET_WHY_CUT},
	    {CHARSET_UTF8, B("\x80\xff"), FFFD FFFD, 2, 0, CHARSET_WHY_NOCHAR},
	    {CHARSET_UTF8, B(FFFD), FFFD, 0, 0, CHARSET_WHY_NONE},
	    {CHARSET_GBK, B("\xbb\xf0\xd4\xd6"), "火灾", 0, 0, CHARSET_WHY_NONE},
	    {CHARSET_GB2312, B("\xe9\x46"), "镕", 0, 0, CHARSET_WHY_NONE}, /* says GB2312 and is GBK */
	    {CHARSET_GB18030, B("\x81\x39\xee\x39"), "㐀", 0, 0, CHARSET_WHY_NONE},
	    {CHARSET_GB18030, B("\x95\x34\xb2\x35"), "𠮷", 0, 0, CHARSET_WHY_NONE},
	    {CHARSET_GBK, B("\xbb\xf0\xd4"), "火" FFFD, 1, 2, CHARSET_WHY_CUT},	/* half a character at the end */
	    {CHARSET_GBK, B("\xd4\"}\n"), FFFD "\"}\n", 1, 0, CHARSET_WHY_CUT},	/* and before a quote */
	    {CHARSET_GBK, B("\xd4\n\xbb\xf0"), FFFD "\n火", 1, 0, CHARSET_WHY_CUT},
	    {CHARSET_GBK, B("\xbb\xf0\xff\xbb\xf0"), "火" FFFD "火", 1, 2, CHARSET_WHY_NOCHAR},
	    {CHARSET_GB18030, B("\x85\x30\x81\x30" "a"), FFFD "a", 1, 0, CHARSET_WHY_NOCHAR},
	    {CHARSET_GB18030, B("\xfe\x39\xfe\x39"), FFFD, 1, 0, CHARSET_WHY_NOCHAR},
	    {CHARSET_GB18030, B("\x81\x30\x81"), FFFD "0" FFFD, 2, 0, CHARSET_WHY_CUT},
	    {CHARSET_BIG5, B("\xa4\xf5\xa8\x61"), "火災", 0, 0, CHARSET_WHY_NONE},
	    {CHARSET_BIG5, B("\xa4\xf5\xa8"), "火" FFFD, 1, 2, CHARSET_WHY_CUT},
	    {CHARSET_BIG5, B("\x88\x62"), "\xc3\x8a\xcc\x84", 0, 0, CHARSET_WHY_NONE},	/* two characters from one */
	    {CHARSET_BIG5, B("\x88\x66\xff"), "\xc3\x8a" FFFD, 1, 2, CHARSET_WHY_NOCHAR},	/* one held back */
	    {CHARSET_UTF16LE, B("k\x70\x42\xd8\xb7\xdf"), "火𠮷", 0, 0, CHARSET_WHY_NONE},
	    {CHARSET_UTF16BE, B("\x70k\xd8\x42\xdf\xb7"), "火𠮷", 0, 0, CHARSET_WHY_NONE},
	    {CHARSET_UTF16LE, B("a\0\x42\xd8" "b\0"), "a" FFFD "b", 1, 2, CHARSET_WHY_SURROGATE},
	    {CHARSET_UTF16LE, B("\xb7\xdf"), FFFD, 1, 0, CHARSET_WHY_SURROGATE},
	    {CHARSET_UTF16BE, B("\0a\0"), "a" FFFD, 1, 2, CHARSET_WHY_CUT},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct charset_loss loss;
		struct buf out = {0};

		charset_decode(cases[i].set, cases[i].bytes, cases[i].n, &out, &loss);
		if (strcmp(buf_cstr(&out), cases[i].text) != 0 || loss.count != cases[i].lost ||
		    (loss.count > 0 && (loss.offset != cases[i].offset || loss.why != cases[i].why)))
			fail_msg("case %zu: \"%s\", %zu lost, the first at %zu, why %d", i, buf_cstr(&out), loss.count,
			    loss.offset, (int)loss.why);
		buf_free(&out);
	}
}

static void
test_encode(void **state)
{
	static const struct {
		enum charset set;
		const char *text, *bytes;
		size_t lost, offset;
	} cases[] = {
	    {CHARSET_GBK, "火灾", "\xbb\xf0\xd4\xd6", 0, 0},
	    {CHARSET_GBK, "火𠮷", "\xbb\xf0[U+20BB7]", 1, 3},
	    {CHARSET_GB2312, "a镕b鎔", "a[U+9555]b[U+9394]", 2, 1},
	    {CHARSET_GB18030, "𠮷", "\x95\x34\xb2\x35", 0, 0},
	    {CHARSET_BIG5, "火災", "\xa4\xf5\xa8\x61", 0, 0},
	    {CHARSET_BIG5, "灾", "[U+707E]", 1, 0},
	    {CHARSET_UTF8, "火", "火", 0, 0},
	    {CHARSET_UTF8, "\xed\xa0\x80?", FFFD "?", 1, 0},
	    {CHARSET_GBK, "a\xc0\xaf", "a[U+FFFD]", 1, 1},
	    {CHARSET_UTF16BE, "火", "\x70k", 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct charset_loss loss;
		struct buf out = {0};

		charset_encode(cases[i].set, cases[i].text, strlen(cases[i].text), &out, &loss);
		if (strcmp(buf_cstr(&out), cases[i].bytes) != 0 || loss.count != cases[i].lost ||
		    (loss.count > 0 && loss.offset != cases[i].offset))
			fail_msg("case %zu: \"%s\", %zu lost at %zu", i, buf_cstr(&out), loss.count, loss.offset);
		buf_free(&out);
	}
}

static void
put_cp(uint32_t cp, struct buf *out)
{
	const uint8_t unit[4] = {(uint8_t)(cp >> 8), (uint8_t)cp, 0, 0};
	const uint8_t pair[4] = {(uint8_t)((0xd800 + ((cp - 0x10000) >> 10)) >> 8), (uint8_t)((cp - 0x10000) >> 10),
	    (uint8_t)((0xdc00 + ((cp - 0x10000) & 0x3ff)) >> 8), (uint8_t)(cp - 0x10000)};
	struct charset_loss loss;

	charset_decode(CHARSET_UTF16BE, cp < 0x10000 ? unit : pair, cp < 0x10000 ? 2 : 4, out, &loss);
	assert_int_equal((int)loss.count, 0);
}

/* Every character: what a set can hold comes back as it was; what GB 18030 and Unicode hold is everything. */
static void
test_every_character(void **state)
{
	(void)state;
	for (int set = CHARSET_UTF8; set <= CHARSET_UTF16BE; set++) {
		struct buf text = {0}, coded = {0}, back = {0};
		struct charset_loss loss;
		size_t lost = 0, bad = 0;

		/* in blocks: one call a character would spend its time opening iconv */
		for (uint32_t block = 0; block < 0x30000; block += 64) {
			buf_clear(&text);
			for (uint32_t cp = block; cp < block + 64; cp++)
				if (cp < 0xd800 || cp > 0xdfff)
					put_cp(cp, &text);
			buf_clear(&coded);
			charset_encode((enum charset)set, (const char *)text.p, text.n, &coded, &loss);
			lost += loss.count;
			if (loss.count > 0)
				continue;
			buf_clear(&back);
			charset_decode((enum charset)set, coded.p, coded.n, &back, &loss);
			if (loss.count > 0 || back.n != text.n || memcmp(back.p, text.p, text.n) != 0)
				bad++;
		}
		if (bad > 0)
			fail_msg("%s: %zu blocks of 64 do not come back", charset_name((enum charset)set), bad);
		if (set == CHARSET_UTF8 || set >= CHARSET_UTF16LE)
			assert_int_equal((int)lost, 0);
		buf_free(&text);
		buf_free(&coded);
		buf_free(&back);
	}
}

/* Every two bytes in the double-byte sets: read to one character or marked, and an ASCII byte is never eaten. */
static void
test_every_pair(void **state)
{
	(void)state;
	for (int set = CHARSET_GB18030; set <= CHARSET_BIG5; set++) {
		for (unsigned lead = 0x80; lead < 0x100; lead++)
			for (unsigned trail = 0; trail < 0x40; trail++) {
				const uint8_t bytes[4] = {(uint8_t)lead, (uint8_t)trail, '"', '\n'};
				struct charset_loss loss;
				struct buf out = {0};

				charset_decode((enum charset)set, bytes, 4, &out, &loss);
				if (out.n < 3 || memcmp(out.p + out.n - 3, bytes + 1, 3) != 0 || loss.count > 1)
					fail_msg("%s: %02x %02x", charset_name((enum charset)set), lead, trail);
				buf_free(&out);
			}
	}
}

static void
test_choose(void **state)
{
	static const struct {
		const char *bytes;
		size_t n;
		enum charset told, set;
		size_t skip;
	} cases[] = {
	    {B("\xef\xbb\xbf{}"), CHARSET_GBK, CHARSET_UTF8, 3},	/* a mark is certain */
	    {B("\xff\xfe{\0"), CHARSET_NONE, CHARSET_UTF16LE, 2},
	    {B("\xfe\xff\0{"), CHARSET_NONE, CHARSET_UTF16BE, 2},
	    {B("\x84\x31\x95\x33{}"), CHARSET_NONE, CHARSET_GB18030, 4},
	    {B("abc"), CHARSET_BIG5, CHARSET_BIG5, 0},
	    {B("<?xml version=\"1.0\" encoding=\"GBK\"?>"), CHARSET_NONE, CHARSET_GBK, 0},
	    {B("<?xml version='1.0' encoding = 'gb2312' ?>"), CHARSET_NONE, CHARSET_GB2312, 0},
	    {B("<?xml version=\"1.0\" encoding=\"UTF-7\"?>"), CHARSET_NONE, CHARSET_UTF8, 0},
	    {B("<html><META Charset=big5>"), CHARSET_NONE, CHARSET_BIG5, 0},
	    {B("Content-Type: text/csv; charset=\"GB18030\"\r\n"), CHARSET_NONE, CHARSET_GB18030, 0},
	    {B("{\"charset\":\"gbk\"}"), CHARSET_NONE, CHARSET_UTF8, 0},	/* a member is no declaration */
	    {B("{\"x\":\"Content-Type: text/plain; charset=big5\"}"), CHARSET_NONE, CHARSET_UTF8, 0},
	    {B(""), CHARSET_NONE, CHARSET_UTF8, 0},
	    {B("plain"), CHARSET_NONE, CHARSET_UTF8, 0},
	    {B("{\0\"\0a\0\"\0:\0"), CHARSET_NONE, CHARSET_UTF16LE, 0},
	    {B("\0{\0\"\0a\0\"\0:"), CHARSET_NONE, CHARSET_UTF16BE, 0},
	    {B("{\"a\":\"\xc0\xaf\"}"), CHARSET_NONE, CHARSET_UTF8, 0},	/* overlong, and not the GBK it might be */
	    {B("{\"a\":\"\xed\xa0\x80\"}"), CHARSET_NONE, CHARSET_UTF8, 0},
	    {B("{\"a\":\"\xbb\xf0\xd4\xd6\"}"), CHARSET_NONE, CHARSET_GB18030, 0},
	    {B("\xcf\xf3\xc9\xbd\xcf\xd8\xbb\xf0"), CHARSET_NONE, CHARSET_GB18030, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t skip = 99;
		enum charset set = charset_choose(cases[i].bytes, cases[i].n, cases[i].told, &skip);

		if (set != cases[i].set || skip != cases[i].skip)
			fail_msg("case %zu: %s, %zu skipped", i, charset_name(set), skip);
	}
}

/* Real sentences, in each set, whole and cut at every byte, are found to be what they are. */
static void
test_detect(void **state)
{
	static const char simple[] = "7月15日0时18分，竹营社区黄某家一楼门面起火，火势借风势扩大，波及相邻10户，受伤5人，被困不明。",
			  complex[] = "7月15日0時18分，臺北市信義區一樓店面起火，火勢擴大，波及鄰近10戶，受傷5人，已通報消防局處理。";
	static const struct {
		const char *text;
		enum charset set, as;
	} cases[] = {{simple, CHARSET_UTF8, CHARSET_UTF8}, {simple, CHARSET_GBK, CHARSET_GB18030},
	    {simple, CHARSET_GB2312, CHARSET_GB18030}, {simple, CHARSET_GB18030, CHARSET_GB18030},
	    {complex, CHARSET_BIG5, CHARSET_BIG5}, {complex, CHARSET_GBK, CHARSET_GB18030},
	    {simple, CHARSET_UTF16LE, CHARSET_UTF16LE}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct charset_loss loss;
		struct buf coded = {0};

		charset_encode(cases[i].set, cases[i].text, strlen(cases[i].text), &coded, &loss);
		assert_int_equal((int)loss.count, 0);
		for (size_t n = coded.n; n > coded.n - 12; n--)
			if (charset_detect(coded.p, n) != cases[i].as)
				fail_msg("%s at %zu of %zu bytes: taken for %s", charset_name(cases[i].set), n, coded.n,
				    charset_name(charset_detect(coded.p, n)));
		buf_free(&coded);
	}
}

/* What the declaration said is given back even when it is not read, and clean. */
static void
test_declared_name(void **state)
{
	char name[16];

	(void)state;
	assert_int_equal((int)charset_declared(B("<?xml encoding=\"UTF-7\"?>"), name, sizeof(name)), CHARSET_NONE);
	assert_string_equal(name, "UTF-7");
	assert_int_equal((int)charset_declared(B("<?xml encoding=\"\x1b[2J\"?>"), name, sizeof(name)), CHARSET_NONE);
	assert_string_equal(name, "");
	assert_int_equal((int)charset_declared(B("<?xml?><a encoding='gbk'/>"), name, sizeof(name)), CHARSET_NONE);
}

/* A megabyte of nothing but mistakes takes no time worth mentioning and loses none of the count. */
static void
test_all_bad(void **state)
{
	const size_t n = 1 << 20;
	uint8_t *p = malloc(n);

	(void)state;
	assert_non_null(p);
	memset(p, 0xff, n);
	for (int set = CHARSET_UTF8; set <= CHARSET_BIG5; set++) {
		struct charset_loss loss;
		struct buf out = {0};

		charset_decode((enum charset)set, p, n, &out, &loss);
		assert_int_equal(loss.count, n);
		assert_int_equal(out.n, 3 * n);
		buf_free(&out);
	}
	free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_names),
	    cmocka_unit_test(test_decode),
	    cmocka_unit_test(test_encode),
	    cmocka_unit_test(test_every_character),
	    cmocka_unit_test(test_every_pair),
	    cmocka_unit_test(test_choose),
	    cmocka_unit_test(test_detect),
	    cmocka_unit_test(test_declared_name),
	    cmocka_unit_test(test_all_bad),
	};

	return cmocka_run_group_tests_name("charset", tests, NULL, NULL);
}
