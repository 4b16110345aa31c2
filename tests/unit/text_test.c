/* Text from outside: validity, cleanliness, sanitising, cells, clipping, folding; buffers, readers and faults
 * with it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "../../formats/buf.h"
#include "../../formats/fault.h"
#include "../../formats/text.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define FFFD "\xef\xbf\xbd"

static void
utf8_validity(void **state)
{
	static const struct {
		const char *s;
		size_t len;
		long bad;	/* -1: valid */
	} cases[] = {
		{ "", 0, -1 },
		{ "abc", 3, -1 },
		{ "石浦镇", 9, -1 },
		{ "\0a", 2, -1 },
		{ "\xf4\x8f\xbf\xbf", 4, -1 },		/* U+10FFFF */
		{ "\xee\x80\x80", 3, -1 },		/* U+E000 */
		{ "\xed\x9f\xbf", 3, -1 },		/* U+D7FF */
		{ "\xf0\x90\x80\x80", 4, -1 },		/* U+10000 */
		{ "\xe0\xa0\x80", 3, -1 },		/* U+0800 */
		{ "\xc2\x80", 2, -1 },
		{ "a\x80", 2, 1 },			/* lone continuation */
		{ "\xc0\x80", 2, 0 },			/* overlong NUL */
		{ "\xc1\xbf", 2, 0 },
		{ "\xe0\x9f\xbf", 3, 0 },		/* overlong */
		{ "\xf0\x8f\xbf\xbf", 4, 0 },		/* overlong */
		{ "\xed\xa0\x80", 3, 0 },		/* surrogate */
		{ "\xed\xbf\xbf", 3, 0 },
		{ "\xf4\x90\x80\x80", 4, 0 },		/* U+110000 */
		{ "\xf5\x80\x80\x80", 4, 0 },
		{ "\xff", 1, 0 },
		{ "ab\xe7\x9f", 4, 2 },			/* cut */
		{ "\xe7\x9f\xe7\x9f\xb3", 5, 0 },
		{ "\xe7""a\xb3", 3, 0 },
	};
	size_t i, bad;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		/* Its very size, so that a sanitizer sees a read past the end. */
		char *exact = xmalloc(cases[i].len);
		uint32_t cp;
		bool ok;

		memcpy(exact, cases[i].s, cases[i].len);
		bad = 999;
		ok = text_utf8_valid(exact, cases[i].len, &bad);
		if (ok != (cases[i].bad < 0))
			fail_msg("case %zu: %d", i, (int)ok);
		if (!ok) {
			assert_int_equal((long)bad, cases[i].bad);
			assert_int_equal(text_decode(exact + bad, cases[i].len - bad, &cp), 1);
			assert_int_equal(cp, 0xfffd);
		}
		assert_int_equal(ok, text_utf8_valid(exact, cases[i].len, NULL));
		free(exact);
	}
}

static void
cleanliness(void **state)
{
	static const struct {
		const char *s;
		bool line, lines;
	} cases[] = {
		{ "石浦镇 12:30", true, true },
		{ "a\nb\tc", false, true },
		{ "a\rb", false, false },
		{ "\x1b[31mred", false, false },
		{ "bell\a", false, false },
		{ "\x7f", false, false },
		{ "\xc2\x9b""31m", false, false },	/* C1 CSI */
		{ "\xc2\x80", false, false },
		{ "\xc2\xa0", true, true },		/* no-break space */
		{ "\xe2\x80\xae""fdp", false, false },	/* U+202E */
		{ "\xe2\x80\xaa", false, false },
		{ "\xe2\x80\xaf", true, true },		/* U+202F is a space */
		{ "\xe2\x81\xa6", false, false },	/* U+2066 */
		{ "\xe2\x81\xa9", false, false },	/* U+2069 */
		{ "\xe2\x80\xa8", false, false },	/* U+2028 */
		{ "\xe2\x80\xa9", false, false },
		{ "\xef\xbb\xbf", false, false },	/* U+FEFF */
		{ "\xff", false, false },
	};
	char out[64];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		size_t len = strlen(cases[i].s), n;

		if (text_clean(cases[i].s, len, false, NULL) != cases[i].line ||
		    text_clean(cases[i].s, len, true, NULL) != cases[i].lines)
			fail_msg("case %zu", i);
		/* Sanitising makes anything clean and leaves the clean alone. */
		n = text_sanitise(cases[i].s, len, out, sizeof(out), false);
		assert_int_equal(n, strlen(out));
		assert_true(text_clean(out, n, false, NULL));
		if (cases[i].line)
			assert_string_equal(out, cases[i].s);
		n = text_sanitise(cases[i].s, len, out, sizeof(out), true);
		assert_true(text_clean(out, n, true, NULL));
		if (cases[i].lines)
			assert_string_equal(out, cases[i].s);
	}
	i = 0;
	assert_false(text_clean("石\x1b", 4, true, &i));
	assert_int_equal(i, 3);
	assert_false(text_clean("a\0b", 3, true, &i));
	assert_int_equal(i, 1);
}

static void
sanitise_sizes(void **state)
{
	char out[16], guard[24];
	size_t size, n;

	(void)state;
	assert_int_equal(text_sanitise("a\x1b""b", 3, out, sizeof(out), false), 5);
	assert_string_equal(out, "a" FFFD "b");
	assert_int_equal(text_sanitise("\xe7\x9f", 2, out, sizeof(out), false), 6);
	assert_string_equal(out, FFFD FFFD);
	assert_int_equal(text_sanitise("\a", 1, out, 3, false), 1);
	assert_string_equal(out, "?");
	assert_int_equal(text_sanitise("\a", 1, out, 1, false), 0);
	assert_string_equal(out, "");
	assert_int_equal(text_sanitise("x", 1, out, 0, false), 0);
	/* Never past the end, never half a character, at any size. */
	for (size = 1; size < 16; size++) {
		memset(guard, 0x55, sizeof(guard));
		n = text_sanitise("石浦镇\x01山", 13, guard, size, false);
		assert_true(n < size);
		assert_int_equal(guard[n], 0);
		assert_int_equal(guard[size], 0x55);
		assert_true(text_utf8_valid(guard, n, NULL));
	}
}

static void
cells(void **state)
{
	static const struct {
		uint32_t cp;
		int cells;
	} cases[] = {
		{ 'a', 1 }, { 0xe9, 1 }, { 0xad, 1 }, { 0x300, 0 }, { 0x20dd, 0 }, { 0x200b, 0 },
		{ 0x200d, 0 }, { 0xfe0f, 0 },
		{ 0x1100, 2 }, { 0x1161, 0 }, { 0x11a8, 0 }, { 0xac00, 2 }, { 0xd7a3, 2 }, { 0x3000, 2 }, { 0x3001, 2 },
		{ 0x302a, 0 }, { 0x303f, 1 }, { 0x3041, 2 }, { 0x3400, 2 }, { 0x4dbf, 2 }, { 0x4dc0, 1 }, { 0x4e00, 2 },
		{ 0x9fff, 2 }, { 0xf900, 2 }, { 0xff01, 2 }, { 0xff5e, 2 }, { 0xff61, 1 }, { 0xffe5, 2 }, { 0xfffd, 1 },
		{ 0x2014, 1 }, { 0x2026, 1 }, { 0x2605, 1 }, { 0x00b7, 1 }, { 0x201c, 1 },
		{ 0x1f600, 2 }, { 0x20000, 2 },
		{ 0x2fffd, 2 }, { 0x30000, 2 }, { 0xe0001, 0 }, { 0x10ffff, 1 }, { 0, 1 },
		{ 0x1b, 1 }, { 0xffffffff, 1 },
	};
	size_t i;
	int used;

	(void)state;
	for (i = 0; i < COUNT(cases); i++)
		if (text_cells_cp(cases[i].cp) != cases[i].cells)
			fail_msg("U+%04X: %d, not %d", cases[i].cp, text_cells_cp(cases[i].cp), cases[i].cells);
	assert_int_equal(text_cells(""), 0);
	assert_int_equal(text_cells("石浦0712-003"), 12);
	assert_int_equal(text_cells("e\xcc\x81"), 1);

	assert_int_equal(text_clip("石浦镇", 4, &used), 6);
	assert_int_equal(used, 4);
	assert_int_equal(text_clip("石浦镇", 5, &used), 6);
	assert_int_equal(used, 4);
	assert_int_equal(text_clip("石浦镇", 1, &used), 0);
	assert_int_equal(used, 0);
	assert_int_equal(text_clip("石浦镇", 0, NULL), 0);
	assert_int_equal(text_clip("石浦镇", -3, &used), 0);
	assert_int_equal(text_clip("石浦镇", 600, &used), 9);
	assert_int_equal(used, 6);
	/* A combining mark stays with its letter. */
	assert_int_equal(text_clip("e\xcc\x81x", 1, &used), 3);
	assert_int_equal(used, 1);
}

static void
folding(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{ "", "" },
		{ "ABCxyz09", "abcxyz09" },
		{ "１２Ｇ００", "12g00" },
		{ "火灾Ａ", "火灾a" },
		{ "！～", "!~" },
		{ "É", "É" },
		{ "a\xff", "a\xff" },
	};
	char out[64], small[4];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		assert_int_equal(text_fold(cases[i].in, out, sizeof(out)), strlen(cases[i].out));
		assert_string_equal(out, cases[i].out);
		memcpy(out, cases[i].in, strlen(cases[i].in) + 1);
		(void)text_fold(out, out, sizeof(out));
		assert_string_equal(out, cases[i].out);
	}
	assert_int_equal(text_fold("火灾", small, sizeof(small)), 3);
	assert_string_equal(small, "火");
	assert_int_equal(text_fold("abcdef", small, sizeof(small)), 3);
	assert_int_equal(text_fold("abcdef", small, 0), 0);
}

static void
buffers(void **state)
{
	struct buf b = { 0 };
	size_t i;

	(void)state;
	assert_string_equal(buf_cstr(&b), "");
	assert_int_equal(b.n, 0);
	buf_puts(&b, "a");
	buf_printf(&b, "%d-%s", 17, "b");
	assert_string_equal(buf_cstr(&b), "a17-b");
	assert_int_equal(b.n, 5);
	for (i = 0; i < 1000; i++)
		buf_put(&b, "0123456789", 10);
	assert_int_equal(b.n, 10005);
	assert_memory_equal(b.p + 9995, "0123456789", 10);
	buf_clear(&b);
	buf_put(&b, NULL, 0);
	assert_int_equal(b.n, 0);
	assert_string_equal(buf_cstr(&b), "");
	buf_free(&b);
	assert_null(b.p);
	buf_free(&b);
}

static void
varints(void **state)
{
	static const uint64_t values[] = { 0, 1, 127, 128, 16383, 16384, UINT32_MAX, (uint64_t)INT64_MAX,
		(uint64_t)INT64_MAX + 1, UINT64_MAX };
	static const struct {
		const char *bytes;
		size_t n;
	} bad[] = {
		{ "", 0 }, { "\x80", 1 }, { "\x80\x00", 2 }, { "\xff\x80\x00", 3 },
		{ "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 10 },
		{ "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", 11 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(values); i++) {
		struct buf b = { 0 };
		struct reader r;
		uint64_t v;

		buf_put_varint(&b, values[i]);
		buf_put_be64(&b, values[i]);
		buf_put_u8(&b, 0xa5);
		r = reader_of(b.p, b.n);
		assert_true(reader_varint(&r, &v) && v == values[i]);
		assert_true(reader_be64(&r, &v) && v == values[i]);
		assert_false(reader_be64(&r, &v));
		assert_true(r.bad);
		buf_free(&b);
	}
	for (i = 0; i < COUNT(bad); i++) {
		struct reader r = reader_of(bad[i].bytes, bad[i].n);
		uint64_t v;
		uint8_t c;

		if (reader_varint(&r, &v) || !r.bad)
			fail_msg("case %zu", i);
		/* A reader that has failed stays failed. */
		assert_false(reader_u8(&r, &c));
	}
}

static void
readers(void **state)
{
	struct reader r = reader_of("abc", 3);
	const uint8_t *p;
	uint8_t c;

	(void)state;
	assert_true(reader_u8(&r, &c) && c == 'a');
	assert_true(reader_bytes(&r, 0, &p));
	assert_true(reader_bytes(&r, 2, &p));
	assert_memory_equal(p, "bc", 2);
	assert_false(r.bad);
	assert_false(reader_bytes(&r, SIZE_MAX, &p));
	assert_true(r.bad);
	r = reader_of(NULL, 0);
	assert_true(reader_bytes(&r, 0, &p));
	assert_false(reader_u8(&r, &c));
}

static void
faults(void **state)
{
	struct fault f, g;
	char out[900], small[8];
	char big[2000];

	(void)state;
	memset(&f, 0x55, sizeof(f));
	assert_int_equal(fault_set(&f, EX_DATAERR, "brief", "%zu bytes, at most %d", (size_t)7, 5), -1);
	assert_int_equal(f.code, EX_DATAERR);
	assert_string_equal(fault_format(&f, out, sizeof(out)), "brief: 7 bytes, at most 5");
	fault_at(&f, "in.jsonl", 12);
	fault_at(&f, "other", 99);
	assert_string_equal(fault_format(&f, out, sizeof(out)), "in.jsonl:12: brief: 7 bytes, at most 5");
	assert_string_equal(fault_format(&f, small, sizeof(small)), "in.json");
	/* Wrapping its own text; hostile bytes in text, field and file. */
	(void)fault_set(&f, EX_IOERR, f.field, "read: %s\x1b[2J\n", f.text);
	assert_string_equal(f.text, "read: 7 bytes, at most 5" FFFD "[2J" FFFD);
	assert_string_equal(f.field, "brief");
	assert_string_equal(f.file, "");
	(void)fault_set(&f, EX_USAGE, "a\x07", "x");
	assert_string_equal(f.field, "a" FFFD);
	fault_at(&f, "n\n", 0);
	assert_string_equal(fault_format(&f, out, sizeof(out)), "n" FFFD ": a" FFFD ": x");
	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	(void)fault_set(&f, EX_USAGE, big, "%s", big);
	assert_int_equal(strlen(f.text), sizeof(f.text) - 1);
	assert_int_equal(strlen(f.field), sizeof(f.field) - 1);
	(void)fault_set(&g, EX_USAGE, NULL, "why");
	fault_at(&g, NULL, 3);
	assert_string_equal(fault_format(&g, out, sizeof(out)), "3: why");
	assert_int_equal(fault_set(NULL, EX_USAGE, "f", "x"), -1);
	fault_at(NULL, "f", 1);
}

/* Every character and every pair and triple of odd bytes, against the table of the standard. */
static bool
well_formed(const uint8_t *p, size_t n)
{
	size_t i = 0;

	while (i < n) {
		uint8_t a = p[i], lo = 0x80, hi = 0xbf;
		size_t more = a < 0x80 ? 0 : a >= 0xc2 && a <= 0xdf ? 1 : a >= 0xe0 && a <= 0xef ? 2 : a >= 0xf0 && a <= 0xf4 ? 3 : 9;

		lo = a == 0xe0 ? 0xa0 : a == 0xf0 ? 0x90 : lo;
		hi = a == 0xed ? 0x9f : a == 0xf4 ? 0x8f : hi;
		if (more > n - i - 1)
			return false;
		for (size_t k = 1; k <= more; k++, lo = 0x80, hi = 0xbf)
			if (p[i + k] < lo || p[i + k] > hi)
				return false;
		i += more + 1;
	}
	return true;
}

static void
utf8_table(void **state)
{
	static const uint8_t odd[] = {0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xec, 0xed, 0xee, 0xef,
	    0xf0, 0xf1, 0xf4, 0xf5, 0xff};
	const size_t k = sizeof(odd);
	uint8_t s[4];
	uint32_t cp;

	(void)state;
	for (size_t i = 0; i < k * k * k * k; i++) {
		s[0] = odd[i % k];
		s[1] = odd[i / k % k];
		s[2] = odd[i / k / k % k];
		s[3] = odd[i / k / k / k];
		for (size_t n = 1; n <= 4; n++)
			if (text_utf8_valid((const char *)s, n, NULL) != well_formed(s, n))
				fail_msg("%02x %02x %02x %02x, %zu", s[0], s[1], s[2], s[3], n);
	}
	for (uint32_t c = 0x800; c < 0x10000; c++) {
		if (c >= 0xd800 && c <= 0xdfff)
			continue;
		s[0] = (uint8_t)(0xe0 | c >> 12);
		s[1] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
		s[2] = (uint8_t)(0x80 | (c & 0x3f));
		assert_int_equal(text_decode((const char *)s, 3, &cp), 3);
		assert_int_equal(cp, c);
		assert_int_equal(text_clean((const char *)s, 3, true, NULL), !((c >= 0x202a && c <= 0x202e) ||
		    (c >= 0x2066 && c <= 0x2069) || c == 0x2028 || c == 0x2029 || c == 0xfeff));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(utf8_validity), cmocka_unit_test(utf8_table), cmocka_unit_test(cleanliness), cmocka_unit_test(sanitise_sizes),
		cmocka_unit_test(cells), cmocka_unit_test(folding), cmocka_unit_test(buffers),
		cmocka_unit_test(varints),
		cmocka_unit_test(readers), cmocka_unit_test(faults),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
