/*
 * Bytes into characters, key names into keys.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "../../tui/term.h"
#include "../../switch/command.h"

static void
decodes(void **state)
{
	static const struct {
		const char *bytes;
		uint32_t cp[8];
	} table[] = {
		{ "a", { 'a' } },
		{ "\xe7\x81\xab", { 0x706b } },
		{ "\xf0\x9f\x9a\x92", { 0x1f692 } },
		{ "\xff" "q", { 0xfffd, 'q' } },		/* one stray byte costs one character */
		{ "\xcd" "q", { 0xfffd, 'q' } },		/* half a character does not eat the key after it */
		{ "\xe7\x81" "q", { 0xfffd, 'q' } },
		{ "\xe7\x81\xe7\x81\xab", { 0xfffd, 0x706b } },
		{ "\x80", { 0xfffd } },
		{ "\xc0\xaf", { 0xfffd, 0xfffd } },		/* overlong */
		{ "\xed\xa0\x80", { 0xfffd } },			/* a surrogate */
		{ "\xf5\x80", { 0xfffd, 0xfffd } },
		{ "\xff\xff\xff\xff", { 0xfffd, 0xfffd, 0xfffd, 0xfffd } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct decoder d = { .utf8 = true };
		uint32_t cp[2];
		size_t n = 0;

		for (const char *p = table[i].bytes; *p; p++) {
			int got = decoder_feed(&d, (unsigned char)*p, 1000, cp);

			for (int k = 0; k < got; k++)
				if (n >= 8 || table[i].cp[n++] != cp[k])
					fail_msg("case %zu: character %zu is U+%04X", i, n - 1, (unsigned)cp[k]);
		}
		if (table[i].cp[n] != 0)
			fail_msg("case %zu: only %zu characters", i, n);
	}
}

static void
gives_up_after_100_ms(void **state)
{
	struct decoder d = { .utf8 = true };
	uint32_t cp[2];

	(void)state;
	assert_int_equal(decoder_feed(&d, 0xe7, 1000, cp), 0);
	assert_int_equal(decoder_expire(&d, 1099, cp), 0);
	assert_int_equal(decoder_expire(&d, 1100, cp), 1);
	assert_int_equal((int)cp[0], 0xfffd);
	assert_int_equal(decoder_expire(&d, 1200, cp), 0);
	/* A byte that comes late does not continue what was given up. */
	assert_int_equal(decoder_feed(&d, 0xe7, 2000, cp), 0);
	assert_int_equal(decoder_feed(&d, 'x', 2200, cp), 2);
	assert_int_equal((int)cp[0], 0xfffd);
	assert_int_equal((int)cp[1], 'x');
}

static void
names(void **state)
{
	static const struct {
		const char *name;
		int code;
		uint32_t cp;
	} table[] = {
		{ "F1", TK_F0 + 1, 0 }, { "F12", TK_F0 + 12, 0 }, { "f10", TK_F0 + 10, 0 }, { "F", TK_CHAR, 'F' }, { "Enter", TK_ENTER, 0 },
		{ "Ctrl-S", TK_CTRL, 'S' }, { "ctrl-l", TK_CTRL, 'L' }, { "^X", TK_CTRL, 'X' }, { ":", TK_CHAR, ':' }, { "PgDn", TK_PGDN, 0 },
		{ "Space", TK_CHAR, ' ' }, { "Esc", TK_ESC, 0 }, { "F13", TK_NONE, 0 }, { "F0", TK_NONE, 0 }, { "", TK_NONE, 0 },
		{ "Ctrl-1", TK_NONE, 0 }, { "Nonsense", TK_NONE, 0 },
	};
	struct key k, wide = { .code = TK_CHAR, .cp = 0xff1a }, colon = { .code = TK_CHAR, .cp = ':' }, pasted = colon;

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		bool known = key_named(table[i].name, strlen(table[i].name), &k);

		if (known != (table[i].code != TK_NONE) || k.code != table[i].code || k.cp != table[i].cp)
			fail_msg("%s: code %d cp %u", table[i].name, k.code, (unsigned)k.cp);
	}
	assert_true(key_same(&wide, &colon));
	pasted.pasted = true;
	assert_false(key_same(&pasted, &colon));	/* what is pasted is never a command */
}

/* Every key the command table promises for the desk is one that can be pressed. */
static void
table_keys_exist(void **state)
{
	const struct command *c;

	(void)state;
	for (size_t i = 0; (c = command_at(i)) != NULL; i++) {
		const char *p = c->keys;
		struct key k;

		while (*p) {
			size_t n = strcspn(p, " ");

			if ((c->flags & CMDF_DESK) && !key_named(p, n, &k))
				fail_msg("%s: \"%.*s\" is no key", c->help, (int)n, p);
			p += n + (p[n] == ' ');
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decodes),
		cmocka_unit_test(gives_up_after_100_ms),
		cmocka_unit_test(names),
		cmocka_unit_test(table_keys_exist),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
