/*
 * The tests' own terminal: what bytes do to its cells.  A screen test is worth what this is worth.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "../lib/vt.c"

static void
feeds(void **state)
{
	static const struct {
		const char *bytes;
		const char *rows[4];	/* 4 x 8 */
		int row, col;
	} table[] = {
		{ "abc", { "abc", "", "", "" }, 0, 3 },
		{ "a\r\nb", { "a", "b", "", "" }, 1, 1 },
		{ "12345678", { "12345678", "", "", "" }, 0, 7 },
		{ "123456789", { "12345678", "9", "", "" }, 1, 1 },
		{ "\033[2;3Hx", { "", "  x", "", "" }, 1, 3 },
		{ "\033[99;99Hx", { "", "", "", "       x" }, 3, 7 },
		{ "火灾", { "火灾", "", "", "" }, 0, 4 },
		{ "火灾\033[1;2Hx", { " x灾", "", "", "" }, 0, 2 },	/* half of a wide character takes the other half */
		{ "火灾\033[1;3Hx", { "火x", "", "", "" }, 0, 3 },
		{ "1234567火", { "1234567", "火", "", "" }, 1, 2 },	/* never split over the edge */
		{ "abcdef\033[1;3H\033[K", { "ab", "", "", "" }, 0, 2 },
		{ "abcdef\033[1;3H\033[1K", { "   def", "", "", "" }, 0, 2 },
		{ "abcdef\033[2K", { "", "", "", "" }, 0, 6 },
		{ "a\r\nb\r\nc\033[2;1H\033[J", { "a", "", "", "" }, 1, 0 },
		{ "a\r\nb\r\nc\033[2;1H\033[1J", { "", "", "c", "" }, 1, 0 },
		{ "a\r\nb\033[2J", { "", "", "", "" }, 1, 1 },
		{ "abcdef\033[1;2H\033[2@", { "a  bcdef", "", "", "" }, 0, 1 },
		{ "abcdef\033[1;2H\033[2P", { "adef", "", "", "" }, 0, 1 },
		{ "abcdef\033[1;2H\033[3X", { "a   ef", "", "", "" }, 0, 1 },
		{ "a\r\nb\r\nc\033[1;1H\033[L", { "", "a", "b", "c" }, 0, 0 },
		{ "a\r\nb\r\nc\033[1;1H\033[M", { "b", "c", "", "" }, 0, 0 },
		{ "-\033[5b", { "------", "", "", "" }, 0, 6 },
		{ "a\r\nb\r\nc\r\nd\r\ne", { "b", "c", "d", "e" }, 3, 1 },
		{ "a\r\nb\r\nc\r\nd\033[2;3r\033[3;1H\n", { "a", "c", "", "d" }, 2, 0 },
		{ "a\r\nb\r\nc\r\nd\033[2;3r\033[2;1H\033M", { "a", "", "b", "d" }, 1, 0 },
		{ "a\r\nb\033[S", { "b", "", "", "" }, 1, 1 },
		{ "a\r\nb\033[T", { "", "a", "b", "" }, 1, 1 },
		{ "\033(0qqx\033(Bq", { "--|q", "", "", "" }, 0, 4 },
		{ "\033)0\016q\017q", { "-q", "", "", "" }, 0, 2 },
		{ "ab\033[?1049h", { "", "", "", "" }, 0, 0 },
		{ "\033[4habc\033[1;1Hx\033[4l", { "xabc", "", "", "" }, 0, 1 },
		{ "e\xcc\x81x", { "e\xcc\x81x", "", "", "" }, 0, 2 },
		{ "\033[1;31mx\033[0m\033[38;5;9my", { "xy", "", "", "" }, 0, 2 },
		{ "\033]0;title\007x\033]2;t\033\\y", { "xy", "", "", "" }, 0, 2 },
		{ "a\033[3dz\033[5Gw", { "a", "", " z  w", "" }, 2, 5 },
		{ "a\tb", { "a      b", "", "", "" }, 0, 7 },	/* the tab stops at the last column */
		{ "ab\033[1D\033[1Bc", { "ab", " c", "", "" }, 1, 2 },
		{ "a\0337\033[3;3Hb\0338c", { "ac", "", "  b", "" }, 0, 2 },
	};
	char row[128];

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct vt *v = vt_new(4, 8);

		/* Whole, and byte by byte: the parser keeps its state. */
		for (int split = 0; split < 2; split++) {
			vt_free(v);
			v = vt_new(4, 8);
			for (size_t k = 0; split && table[i].bytes[k]; k++)
				vt_feed(v, table[i].bytes + k, 1);
			if (!split)
				vt_feed(v, table[i].bytes, strlen(table[i].bytes));
			for (int r = 0; r < 4; r++)
				if (strcmp(vt_row(v, r, row, sizeof(row)), table[i].rows[r]) != 0)
					fail_msg("case %zu row %d: \"%s\", not \"%s\"", i, r, row, table[i].rows[r]);
			if (v->row != table[i].row || v->col != table[i].col)
				fail_msg("case %zu: cursor %d,%d, not %d,%d", i, v->row, v->col, table[i].row, table[i].col);
			assert_int_equal((int)v->unknown, 0);
		}
		vt_free(v);
	}
}

static void
tells_what_it_does_not_know(void **state)
{
	static const char *const bad[] = { "\033[5y", "\033Q", "\xff", "\xc2\x9b", "\x01", "\xe4\xb8x", "\033[?9999h" };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct vt *v = vt_new(4, 8);

		vt_feed(v, bad[i], strlen(bad[i]));
		if (v->unknown == 0)
			fail_msg("case %zu passed in silence", i);
		vt_free(v);
	}
}

static void
finds(void **state)
{
	struct vt *v = vt_new(3, 20);
	int col;
	char *screen;

	(void)state;
	vt_feed(v, "\007\033[2;1H火灾 abc", strlen("\007\033[2;1H火灾 abc"));
	assert_int_equal(vt_find(v, "abc", &col), 1);
	assert_int_equal(col, 5);
	assert_int_equal(vt_find(v, "abd", NULL), -1);
	assert_int_equal((int)v->bells, 1);
	screen = vt_screen(v);
	assert_string_equal(screen, "\n火灾 abc\n\n");
	free(screen);
	vt_free(v);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(feeds),
		cmocka_unit_test(tells_what_it_does_not_know),
		cmocka_unit_test(finds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
