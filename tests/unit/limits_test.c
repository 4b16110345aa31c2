/*
 * Bounds on what comes from outside: what a file may say of them, and what holds when it may not.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>
#include "../lib/confdir.h"
#include "../../formats/field.h"
#include "../../formats/limits.h"

#define HEADING "limit\tnumber\tunit\twhy\n"

static char dir[] = "/tmp/limits-XXXXXX";

static void
put(const char *name, const char *text)
{
	confdir_put(dir, ".", name, text);
}

static void
test_defaults(void **state)
{
	struct fault f = {0};

	(void)state;
	limits_reset();
	assert_int_equal(limits_get()->cap_bytes, 8 << 20);
	assert_int_equal(limits_get()->file_bytes, 64 << 20);
	assert_int_equal(limits_get()->line_bytes, 4 << 20);
	assert_int_equal(limits_get()->body_bytes, BODY_MAX);
	assert_int_equal(limits_get()->repeats, FIELD_REPEAT_MAX);
	assert_int_equal(limits_load(dir, &f), 0); /* an empty folder sets nothing */
	assert_int_equal(limits_get()->cap_depth, 32);
}

/* What is shipped says what is built in, so that reading it changes nothing. */
static void
test_shipped(void **state)
{
	const char *conf = getenv("DUTYDESK_CONF");
	struct limits before;
	struct fault f = {0};

	(void)state;
	limits_reset();
	before = *limits_get();
	if (limits_load(conf != NULL ? conf : "conf", &f) != 0)
		fail_msg("%s:%zu: %s: %s", f.file, f.line, f.field, f.text);
	assert_memory_equal(&before, limits_get(), sizeof before);
}

static void
test_local_wins(void **state)
{
	struct fault f = {0};

	(void)state;
	put("limits", HEADING "line_bytes\t100000\tbytes\tsmall\ncap_depth\t20\tlevels\tflat\n");
	put("limits.local", HEADING "line_bytes\t8000000\tbytes\tlarge\n");
	assert_int_equal(limits_load(dir, &f), 0);
	assert_int_equal(limits_get()->line_bytes, 8000000);
	assert_int_equal(limits_get()->cap_depth, 20);
	assert_int_equal(limits_get()->cap_bytes, 8 << 20);
	put("limits.local", NULL);
	assert_int_equal(limits_load(dir, &f), 0);
	assert_int_equal(limits_get()->line_bytes, 100000);
}

static void
test_refused(void **state)
{
	static const struct {
		const char *rows;
		size_t line;
		const char *field, *says;
	} cases[] = {
	    {"nonsense\t1\tbytes\tx\n", 2, "limit", "not known"},
	    {"cap_depth\t20\tlevels\tx\ncap_depth\t21\tlevels\tx\n", 3, "limit", "twice"},
	    {"cap_depth\t20\tbytes\tx\n", 2, "unit", "levels"},
	    {"cap_depth\t20\tlevels\t\n", 2, "why", "what it is for"},
	    {"cap_depth\t7\tlevels\tx\n", 2, "number", "from 8 to 200"},
	    {"cap_depth\t201\tlevels\tx\n", 2, "number", "from 8 to 200"},
	    {"cap_depth\t-9\tlevels\tx\n", 2, "number", "whole number"},
	    {"cap_depth\t\tlevels\tx\n", 2, "number", "whole number"},
	    {"cap_depth\t0x20\tlevels\tx\n", 2, "number", "whole number"},
	    {"body_bytes\t262145\tbytes\tx\n", 2, "number", "to 262144"},
	    {"repeats\t513\tcount\tx\n", 2, "number", "to 512"},
	    {"file_bytes\t99999999999999999999999999\tbytes\tx\n", 2, "number", "whole number"},
	};

	(void)state;
	limits_reset();
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct fault f = {0};
		char text[400];

		(void)snprintf(text, sizeof text, HEADING "%s", cases[i].rows);
		put("limits", text);
		assert_int_equal(limits_load(dir, &f), -1);
		if (f.code != EX_CONFIG || f.line != cases[i].line || strcmp(f.field, cases[i].field) != 0 ||
		    strstr(f.text, cases[i].says) == NULL || strstr(f.file, "limits.tsv") == NULL)
			fail_msg("case %zu: %d %s:%zu: %s: %s", i, f.code, f.file, f.line, f.field, f.text);
		assert_int_equal(limits_get()->cap_depth, 32); /* what held goes on holding */
	}
	put("limits", NULL);
}

static int
set_up(void **state)
{
	(void)state;
	return mkdtemp(dir) == NULL ? -1 : 0;
}

static int
tear_down(void **state)
{
	(void)state;
	return rmdir(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_defaults), cmocka_unit_test(test_shipped),
	    cmocka_unit_test(test_local_wins), cmocka_unit_test(test_refused)};

	return cmocka_run_group_tests_name("limits", tests, set_up, tear_down);
}
