/*
 * The one command table: complete, unambiguous where it must be, and found the way people type.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../../formats/text.h"
#include "../../switch/command.h"

static void
test_complete(void **state)
{
	(void)state;
	for (int id = CMD_INTAKE; id <= CMD_FOLLOWUP; id++) {
		const struct command *c = command_by_id((enum command_id)id);

		if (c == NULL)
			fail_msg("no row for command %d", id);
		assert_int_equal((int)c->id, id);
	}
	assert_null(command_by_id(CMD_NONE));
}

static void
test_rows(void **state)
{
	const struct command *c, *d;

	(void)state;
	for (size_t i = 0; (c = command_at(i)) != NULL; i++) {
		assert_non_null(c->zh);
		assert_true(c->zh[0] != '\0' && c->initials[0] != '\0' && c->help[0] != '\0');
		assert_non_null(c->keys);
		assert_non_null(c->args);
		assert_non_null(c->more);
		assert_true((c->flags & (CMDF_CTL | CMDF_DESK)) != 0);
		if ((c->flags & CMDF_CTL) != 0)
			assert_non_null(c->verb);
		else
			assert_true(c->keys[0] != '\0');	/* a desk command has a key */
		for (const char *p = c->initials; *p != '\0'; p++)
			assert_true(islower((unsigned char)*p));
		assert_true(text_cells(c->zh) <= 10);
		for (size_t k = i + 1; (d = command_at(k)) != NULL; k++) {
			assert_true(c->id != d->id);
			assert_string_not_equal(c->zh, d->zh);
			if (c->verb != NULL && d->verb != NULL)
				assert_string_not_equal(c->verb, d->verb);
		}
	}
	assert_null(command_at(100000));
}

/* No key means two things. */
static void
test_keys(void **state)
{
	char keys[128][16];
	size_t n = 0;
	const struct command *c;

	(void)state;
	for (size_t i = 0; (c = command_at(i)) != NULL; i++) {
		const char *p = c->keys;

		while (*p != '\0') {
			size_t len = strcspn(p, " ");

			assert_true(len > 0 && len < sizeof keys[0] && n < 128);
			memcpy(keys[n], p, len);
			keys[n][len] = '\0';
			for (size_t k = 0; k < n; k++)
				if (strcmp(keys[k], keys[n]) == 0)
					fail_msg("key %s stands twice", keys[n]);
			n++;
			p += len;
			p += *p == ' ';
		}
	}
	assert_true(n > 20);
}

/* Keys of the drawings (screens 01 and 14). */
static void
test_drawn_keys(void **state)
{
	static const struct { enum command_id id; const char *key;
	} drawn[] = {
	    {CMD_HELP, "F1"},
	    {CMD_INTAKE, "F2"},
	    {CMD_FIND, "F3"},
	    {CMD_PALETTE, "F4"},
	    {CMD_SIGN, "F5"},
	    {CMD_REPORT, "F6"},
	    {CMD_DIRECT, "F7"},
	    {CMD_SUBMIT, "F10"},
	    {CMD_OWED, "1"},
	    {CMD_INBOX, "2"},
	    {CMD_LIST, "3"},
	    {CMD_SAVE, "Ctrl-S"},
	    {CMD_REFRESH, "Ctrl-L"},
	    {CMD_BACK, "Esc"},
	    {CMD_OPEN, "Enter"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof drawn / sizeof drawn[0]; i++) {
		const char *keys = command_by_id(drawn[i].id)->keys;
		size_t len = strlen(drawn[i].key);

		assert_int_equal(strncmp(keys, drawn[i].key, len), 0);
		assert_true(keys[len] == '\0' || keys[len] == ' ');
	}
}

static void
test_by_verb(void **state)
{
	static const struct { const char *typed; enum command_id id;
	} cases[] = {
	    {"submit", CMD_SUBMIT},
	    {"签收", CMD_SIGN},
	    {"qs", CMD_SIGN},
	    {"log", CMD_LOG},
	    {"jb", CMD_INTAKE},
	    {"enrol", CMD_ENROL},
	    {"verify", CMD_VERIFY},
	    {"", CMD_NONE},
	    {"subm", CMD_NONE},
	    {"Submit", CMD_NONE},
	    {"签", CMD_NONE},
	    {"submit ", CMD_NONE},
	    {"\xff\xfe", CMD_NONE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const struct command *c = command_by_verb(cases[i].typed);

		assert_int_equal(c == NULL ? CMD_NONE : c->id, cases[i].id);
	}
	assert_null(command_by_verb(NULL));
}

static size_t
count(const char *typed, unsigned flags)
{
	size_t n = 0;

	while (command_match(typed, flags, n) != NULL)
		n++;
	return n;
}

static void
test_match(void **state)
{
	static const struct { const char *typed; enum command_id first; size_t n; } cases[] = {
		{ "签", CMD_SIGN, 2 },			/* 签收 签发 */
		{ "签收", CMD_SIGN, 1 },
		{ "jb", CMD_INTAKE, 2 },		/* 接报 接办 */
		{ "ＪＢ", CMD_INTAKE, 2 },	/* full width, capitals */
		{ "  Jb 1122-001", CMD_INTAKE, 2 },	/* what follows the word are arguments */
		{ "　报　首", CMD_REPORT, 1 },		/* blanks of an input method */
		{ "rep", CMD_REPORT, 2 },		/* 报告 重放 */
		{ "zzz", CMD_NONE, 0 },
		{ "\xe6\x8e", CMD_NONE, 0 },
	};
	char longest[4096];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const struct command *c = command_match(cases[i].typed, CMDF_DESK, 0);

		if ((c == NULL ? CMD_NONE : c->id) != cases[i].first || count(cases[i].typed, CMDF_DESK) != cases[i].n)
			fail_msg("'%s' finds %s and %zu in all", cases[i].typed, c == NULL ? "nothing" : c->zh,
			    count(cases[i].typed, CMDF_DESK));
	}
	/* nothing typed: everything there is, of the kind asked for */
	assert_true(count("", CMDF_DESK) > count("", CMDF_INCIDENT));
	assert_true(count("", 0) >= count("", CMDF_DESK));
	assert_int_equal((int)count(NULL, 0), (int)count("", 0));
	for (size_t i = 0; command_match("", CMDF_DESK, i) != NULL; i++)
		assert_true((command_match("", CMDF_DESK, i)->flags & CMDF_DESK) != 0);
	memset(longest, 'a', sizeof longest - 1);
	longest[sizeof longest - 1] = '\0';
	assert_null(command_match(longest, 0, 0));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_complete),
	    cmocka_unit_test(test_rows),
	    cmocka_unit_test(test_keys),
	    cmocka_unit_test(test_drawn_keys),
	    cmocka_unit_test(test_by_verb),
	    cmocka_unit_test(test_match),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
