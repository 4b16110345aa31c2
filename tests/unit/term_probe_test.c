/* The terminal's line: when it is asked, when it is called dead, what wakes it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include "../../tui/term.h"

#define LIMIT 60000

/* Runs until `end` by its own wake-ups; how often it asked. */
static unsigned
run(struct probe *p, int64_t *now, int64_t end)
{
	unsigned asked = 0;

	for (;;) {
		int64_t wake = probe_wake(p, LIMIT);

		if (wake > end)
			break;
		assert_true(wake >= *now || *now == 0);
		*now = wake > *now ? wake : *now;
		asked += probe_step(p, *now, LIMIT);
	}
	*now = end;
	return asked;
}

static void
never_answers(void **state)
{
	struct probe p = {0};
	int64_t now = 1000;

	(void)state;
	assert_true(probe_step(&p, now, LIMIT));
	assert_int_equal(run(&p, &now, 24 * 3600000), 0);
	assert_false(p.dead);
	probe_heard(&p, now, false);	/* keys alone prove nothing of reports */
	assert_int_equal(run(&p, &now, 48 * 3600000), 0);
	assert_false(p.dead);
}

static void
dies_and_comes_back(void **state)
{
	struct probe p = {0};
	int64_t now = 1000, cut;

	(void)state;
	assert_true(probe_step(&p, now, LIMIT));
	probe_heard(&p, now + 2000, true);
	/* idle and alive: three questions a minute */
	for (int i = 0; i < 10; i++) {
		now = p.heard + LIMIT / 3;
		assert_true(probe_step(&p, now, LIMIT));
		probe_heard(&p, now + 500, true);
		assert_false(p.dead);
	}
	cut = now = p.heard;
	assert_int_equal(run(&p, &now, cut + LIMIT), 1);
	assert_true(p.dead);		/* within the limit */
	assert_int_equal(run(&p, &now, cut + 10 * LIMIT), 9);
	assert_true(p.dead);
	probe_heard(&p, now, true);
	assert_false(p.dead);
	(void)run(&p, &now, now + LIMIT);
	assert_true(p.dead);
	probe_heard(&p, now, false);	/* a key */
	assert_false(p.dead);
}

static void
keys_spare_questions(void **state)
{
	struct probe p = {0};
	int64_t now = 1000;
	unsigned asked = 0;

	(void)state;
	(void)probe_step(&p, now, LIMIT);
	probe_heard(&p, now, true);
	for (int i = 0; i < 1000; i++) {
		asked += run(&p, &now, now + 10000);
		probe_heard(&p, now, false);
	}
	assert_int_equal(asked, 0);
	/* a key while a report is awaited will do */
	assert_int_equal(run(&p, &now, now + LIMIT / 3), 1);
	assert_true(p.waiting);
	probe_heard(&p, now + 1000, false);
	assert_false(p.waiting || p.dead);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(never_answers),
	    cmocka_unit_test(dies_and_comes_back),
	    cmocka_unit_test(keys_spare_questions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
