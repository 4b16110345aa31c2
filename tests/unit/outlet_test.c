/* The alarm outlet with real children in a folder of its own: what works, fails, hangs or is not there; what a restart finds. */
#include "outlet_help.h"

static void
rings(void **state)
{
	struct ox *x = *state;
	char line[512], path[512];
	json_t *row;
	FILE *fp;

	outlets(x, "bell\tbell\t@/ok  a b;c\t5\n");
	open_outlet(x);
	assert_int_equal(outlet_ring(x->o, job("330225.1.7", "flash"), CHASE_BY_BELL, false), 0);
	until(x, one_done);
	snprintf(path, sizeof path, "%s/rang", x->dir.path);
	assert_non_null(fp = fopen(path, "r"));
	assert_non_null(fgets(line, sizeof line, fp));
	fclose(fp);
	assert_string_equal(line, "330225.1.7 flash bell [13800000000 +86-571] a b;c\n");
	assert_true(there(x, "alarm/done/330225.1.7@bell.json"));
	assert_int_equal(x->alarms, 0);
	assert_int_equal(x->said, 0);
	row = status(x);
	assert_true(json_is_true(json_object_get(row, "ok")));
	json_decref(row);
	/* The same again is the same. */
	assert_int_equal(outlet_ring(x->o, job("330225.1.7", "flash"), CHASE_BY_BELL, false), 0);
	assert_int_equal(jobs(x, "new"), 0);
	assert_int_equal(lines(x, "rang"), 1);
}

static void
by_kind(void **state)
{
	struct ox *x = *state;

	outlets(x, "bell\tbell\t@/ok\t5\nmodem\tsms\t@/ok\t5\nfile\tspool\t@/ok\t5\n");
	open_outlet(x);
	assert_int_equal(outlet_ring(x->o, job("a", "urgent"), CHASE_BY_SMS, false), 0);
	assert_true(there(x, "alarm/new/a@modem.json"));
	assert_true(there(x, "alarm/new/a@file.json"));
	assert_false(there(x, "alarm/new/a@bell.json"));
	assert_int_equal(outlet_ring(x->o, job("b", "urgent"), CHASE_BY_PHONE, false), 0);
	assert_true(there(x, "alarm/new/b@file.json"));
	/* Names are file names: nothing else is written. */
	assert_int_equal(outlet_ring(x->o, job("../x", "urgent"), CHASE_BY_SMS, false), 0);
	assert_int_equal(outlet_ring(x->o, json_object(), CHASE_BY_SMS, false), 0);
	assert_false(there(x, "alarm/x@modem.json"));
}

/* That often, and none runs: a second test of the same outlet would have to wait. */
static bool
tried_and_over(struct ox *x)
{
	return lines(x, "tried") == x->want && (outlet_idle(x->o) || jobs(x, "failed") == 1);
}

static void
fails_and_recovers(void **state)
{
	static const int64_t pause[] = {5000, 30000, 120000, 300000};
	struct ox *x = *state;
	json_t *row;

	outlets(x, "bell\tbell\t@/bad\t5\n");
	open_outlet(x);
	(void)outlet_ring(x->o, job("a", "urgent"), CHASE_BY_BELL, false);
	until(x, was_said);
	assert_false(x->said_ok);
	assert_non_null(strstr(x->last, "no carrier"));
	for (size_t i = 0; i < 4; i++) {
		outlet_tick(x->o); /* not before its time */
		assert_int_equal(lines(x, "tried"), i + 1);
		x->now += pause[i];
		outlet_tick(x->o);
		x->want = i + 2;
		until(x, tried_and_over);
	}
	until(x, one_failed);
	assert_int_equal(lines(x, "tried"), 5);
	assert_int_equal(x->said, 1); /* on change, not each time */
	assert_int_equal(x->alarms, 1);
	row = status(x);
	assert_int_equal(json_integer_value(json_object_get(row, "failed")), 1);
	assert_true(json_is_false(json_object_get(row, "ok")));
	json_decref(row);
	put_file(x, "bad", "#!/bin/sh\nexit 0\n", 0700);
	(void)outlet_ring(x->o, job("b", "urgent"), CHASE_BY_BELL, false);
	until(x, one_done);
	assert_int_equal(x->said, 2);
	assert_true(x->said_ok);
}

static void
hangs(void **state)
{
	struct ox *x = *state;

	outlets(x, "bell\tbell\t@/hang\t1\n");
	open_outlet(x);
	(void)outlet_ring(x->o, job("a", "urgent"), CHASE_BY_BELL, false);
	until(x, was_said);
	assert_false(x->said_ok);
	assert_int_equal(jobs(x, "new"), 1); /* it is tried again */
}

static void
missing_program(void **state)
{
	struct ox *x = *state;

	outlets(x, "bell\tbell\t@/nowhere\t1\n");
	open_outlet(x);
	(void)outlet_ring(x->o, job("a", "urgent"), CHASE_BY_BELL, false);
	until(x, was_said);
	assert_false(x->said_ok);
	assert_int_equal(jobs(x, "new"), 1);
}

/* Killed while it rang: the next life rings again; what was given up or whose outlet is gone is kept aside. */
static void
restart(void **state)
{
	struct ox *x = *state;

	outlets(x, "bell\tbell\t@/hang\t60\nold\tspool\t@/hang\t60\n");
	open_outlet(x);
	(void)outlet_ring(x->o, job("a", "urgent"), CHASE_BY_BELL, false);
	(void)event_base_loop(x->base, EVLOOP_NONBLOCK);
	outlet_free(x->o);
	assert_int_equal(jobs(x, "new"), 2);
	outlets(x, "bell\tbell\t@/ok\t5\n");
	open_outlet(x);
	until(x, one_done);
	assert_int_equal(lines(x, "rang"), 1);
	assert_true(there(x, "alarm/failed/a@old.json"));
}

static void
urgent_first(void **state)
{
	struct ox *x = *state;
	char path[512], line[512];
	FILE *fp;

	outlets(x, "");
	open_outlet(x);
	outlet_free(x->o);
	outlets(x, "bell\tbell\t@/ok\t5\n");
	x->o = NULL;
	{ /* three lie there when the switch comes up */
		static const char *const names[] = {"a", "b", "c"}, *const tiers[] = {"routine", "flash", "urgent"};
		char name[64], text[256];

		for (size_t i = 0; i < 3; i++) {
			snprintf(name, sizeof name, "alarm/new/%s@bell.json", names[i]);
			snprintf(text, sizeof text, "{\"id\":\"%s\",\"tier\":\"%s\",\"text\":\"t\"}", names[i], tiers[i]);
			put_file(x, name, text, 0600);
		}
	}
	put_file(x, "alarm/new/junk@bell.json", "{", 0600);
	open_outlet(x);
	while (jobs(x, "done") < 3) {
		struct timeval tv = {.tv_usec = 100000};

		(void)event_base_loopexit(x->base, &tv);
		(void)event_base_loop(x->base, EVLOOP_ONCE);
	}
	snprintf(path, sizeof path, "%s/rang", x->dir.path);
	assert_non_null(fp = fopen(path, "r"));
	for (const char *want = "bca"; *want != '\0'; want++) {
		assert_non_null(fgets(line, sizeof line, fp));
		assert_int_equal(line[0], *want);
	}
	fclose(fp);
	assert_true(there(x, "alarm/failed/junk@bell.json"));
}

static void
exercise_is_a_sink(void **state)
{
	struct ox *x = *state;

	outlets(x, "bell\tbell\t@/ok\t5\n");
	open_outlet(x);
	assert_int_equal(outlet_ring(x->o, job("X.330225.1.7", "flash"), CHASE_BY_BELL | CHASE_BY_SMS, true), 0);
	(void)event_base_loop(x->base, EVLOOP_NONBLOCK);
	assert_int_equal(jobs(x, "new"), 0);
	assert_true(there(x, "alarm/exercise/X.330225.1.7.json"));
	assert_int_equal(lines(x, "rang"), 0);
}

static void
tests_are_told(void **state)
{
	struct ox *x = *state;
	json_t *row;

	outlets(x, "bell\tbell\t@/ok\t5\n");
	open_outlet(x);
	outlet_test(x->o, NULL, "李敏");
	until(x, was_tested);
	assert_true(x->tested_ok);
	assert_string_equal(x->tester, "李敏");
	assert_int_equal(jobs(x, "new") + jobs(x, "done"), 0);
	row = status(x);
	assert_int_equal(json_integer_value(json_object_get(row, "tested")), x->now);
	json_decref(row);
	outlet_test(x->o, "other", "李敏");
	assert_int_equal(x->tested, 1);
}

static void
none_at_all(void **state)
{
	struct ox *x = *state;

	open_outlet(x);
	assert_int_equal(outlet_count(x->o), 0);
	assert_false(outlet_unheard(x->o));
	assert_int_equal(x->alarms, 0);
	(void)outlet_ring(x->o, job("a", "flash"), CHASE_BY_BELL, false);
	(void)outlet_ring(x->o, job("b", "flash"), CHASE_BY_BELL, false);
	assert_true(outlet_unheard(x->o));
	assert_int_equal(x->alarms, 1);
}

static void
bad_table(void **state)
{
	static const char *const bad[] = {"Bell\tbell\tx\t5\n", "bell\tgong\tx\t5\n", "bell\tbell\t\t5\n", "bell\tbell\tx\t0\n", "bell\tbell\tx\t601\n",
	    "bell\tbell\tx\t5s\n", "bell\tbell\tx\t-1\n", "bell\tbell\tx\t5\nbell\tsms\tx\t5\n", "bell\tbell\tx\t99999999999999999999\n",
	    "bell\tbell\t1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3\t5\n"};
	struct ox *x = *state;
	struct fault f;

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		outlets(x, bad[i]);
		memset(&f, 0, sizeof f);
		if (outlet_check(&x->dir, &f) != -1 || f.line == 0 || f.text[0] == '\0')
			fail_msg("taken: %s", bad[i]);
	}
	open_outlet(x); /* it starts, and says so */
	assert_int_equal(x->alarms, 1);
	assert_int_equal(outlet_count(x->o), 0);
	outlets(x, "bell\tbell\t@/ok\t\n");
	outlet_reload(x->o);
	assert_int_equal(outlet_count(x->o), 1);
	outlets(x, "bell\tbell\t@/ok\tx\n");
	outlet_reload(x->o); /* the last good ones go on */
	assert_int_equal(outlet_count(x->o), 1);
	assert_int_equal(x->alarms, 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    O(rings),
	    O(by_kind),
	    O(fails_and_recovers),
	    O(hangs),
	    O(missing_program),
	    O(restart),
	    O(urgent_first),
	    O(exercise_is_a_sink),
	    O(tests_are_told),
	    O(none_at_all),
	    O(bad_table),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
