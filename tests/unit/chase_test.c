/* Which rung rings when: tables over time, a station that was down, a clock set back; keys and words. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include "../../switch/chase.h"

#define MIN INT64_C(60000)
#define DAY INT64_C(86400000)
#define T0 INT64_C(1796032740000) /* 2026-11-30T11:59 UTC+08:00: a month's end is near */

/* ---- what has rung ---- */

static char heard[256][CHASE_KEY + 16];
static size_t nheard;

static bool
rang(void *ctx, const char *key, unsigned rung)
{
	char k[CHASE_KEY + 16];

	(void)ctx;
	snprintf(k, sizeof k, "%s#%u", key, rung);
	for (size_t i = 0; i < nheard; i++)
		if (strcmp(heard[i], k) == 0)
			return true;
	return false;
}

static void
hear(const struct chase_due *d)
{
	assert_true(nheard < 256);
	snprintf(heard[nheard++], sizeof heard[0], "%s#%u", d->key, d->rung.rung);
}

static const struct chase_rung chain[] = {
    {.rung = 1, .after = -10, .from_due = true, .to = CHASE_SEAT, .by = CHASE_BY_SCREEN},
    {.rung = 2, .after = 0, .from_due = true, .to = CHASE_SEAT, .by = CHASE_BY_BELL},
    {.rung = 3, .after = 5, .from_due = true, .to = CHASE_SECOND, .by = CHASE_BY_PHONE},
    {.rung = 4, .after = 10, .from_due = true, .to = CHASE_LEADER, .by = CHASE_BY_SMS | CHASE_BY_PHONE},
    {.rung = 5, .after = 20, .from_due = true, .to = CHASE_PARENT, .by = CHASE_BY_MESSAGE},
};
#define CHAIN (sizeof chain / sizeof chain[0])

static struct owed_item
item(int64_t origin, int64_t due)
{
	struct owed_item it;

	memset(&it, 0, sizeof it);
	it.what = OWED_SIGN;
	it.origin = origin;
	it.due = due;
	it.prec = PREC_FLASH;
	it.about = (struct msgid){.origin = "330225102", .epoch = 7, .serial = 9};
	snprintf(it.towards, sizeof it.towards, "330225102");
	return it;
}

/* The rung that rings at that time, 0 none; it has rung then. */
static unsigned
ring_at(const struct owed_item *it, int64_t now, struct chase_due *d, int64_t *next)
{
	char key[CHASE_KEY];

	chase_key(it, NULL, key, sizeof key);
	if (!chase_pick(chain, CHAIN, 7, it, key, now, rang, NULL, d, next))
		return 0;
	hear(d);
	return d->rung.rung;
}

static int
reset(void **state)
{
	(void)state;
	nheard = 0;
	return 0;
}

static void
rungs_over_time(void **state)
{
	static const struct { int64_t at; unsigned rung; int64_t next; } steps[] = {
	    {-20, 0, 0}, {-10, 0, 0}, {-1, 0, 0}, {0, 2, 5}, {1, 0, 5}, {5, 3, 10}, {6, 0, 10}, {10, 4, 20}, {19, 0, 20}, {20, 5, -1}, {21, 0, -1},
	    {600, 0, -1}};
	struct owed_item it = item(T0 - 30 * MIN, T0);
	struct chase_due d;
	int64_t next;

	(void)state;
	for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
		unsigned r = ring_at(&it, T0 + steps[i].at * MIN, &d, &next);

		if (r != steps[i].rung || next != (steps[i].next == -1 ? INT64_MAX : T0 + steps[i].next * MIN))
			fail_msg("at %d: rung %u", (int)steps[i].at, r);
		if (r != 0) {
			assert_int_equal(d.skipped, 0);
			assert_int_equal(d.at, T0 + steps[i].at * MIN);
		}
	}
	assert_int_equal(nheard, 4);
}

/* Down over several: the highest rings once, with the bell of those passed over; none of them is made up for. */
static void
down_over_several(void **state)
{
	struct owed_item it = item(T0 - 30 * MIN, T0);
	struct chase_due d;
	int64_t next;

	(void)state;
	assert_int_equal(ring_at(&it, T0 + 13 * MIN, &d, &next), 4);
	assert_int_equal(d.skipped, 2);
	assert_int_equal(d.at, T0 + 10 * MIN);
	assert_true((d.rung.by & CHASE_BY_BELL) != 0 && (d.rung.by & CHASE_BY_SMS) != 0);
	assert_int_equal(next, T0 + 20 * MIN);
	assert_int_equal(ring_at(&it, T0 + 14 * MIN, &d, &next), 0);
	assert_int_equal(ring_at(&it, T0 + 25 * MIN, &d, &next), 5);
	assert_int_equal(d.skipped, 2); /* those before the one that rang were never heard */
}

static void
a_new_promise_rearms(void **state)
{
	struct owed_item it = item(T0 - 30 * MIN, T0), again = item(T0 - 30 * MIN, T0 + 60 * MIN);
	struct chase_due d;
	int64_t next;

	(void)state;
	it.what = again.what = OWED_FEEDBACK;
	assert_int_equal(ring_at(&it, T0, &d, &next), 2);
	assert_int_equal(ring_at(&again, T0 + MIN, &d, &next), 0);
	assert_int_equal(ring_at(&again, T0 + 60 * MIN, &d, &next), 2);
	assert_int_equal(ring_at(&again, T0 + 65 * MIN, &d, &next), 3);
}

static void
clock_set_back(void **state)
{
	struct owed_item it = item(T0 - 30 * MIN, T0);
	struct chase_due d;
	int64_t next;

	(void)state;
	/* An hour ahead when the station came up, then set right: what is below was heard with the higher one. */
	assert_int_equal(ring_at(&it, T0 + 10 * MIN, &d, &next), 4);
	for (int64_t t = -5; t < 20; t++)
		assert_int_equal(ring_at(&it, T0 + t * MIN, &d, &next), 0);
	assert_int_equal(ring_at(&it, T0 + 20 * MIN, &d, &next), 5);
}

static void
late_for_days(void **state)
{
	struct owed_item it = item(T0 - 30 * MIN, T0);
	struct chase_due d;
	int64_t next;

	(void)state;
	assert_int_equal(ring_at(&it, T0 + 7 * DAY + MIN, &d, &next), 0);
	assert_int_equal(next, INT64_MAX);
	assert_int_equal(ring_at(&it, T0 + 7 * DAY - MIN, &d, &next), 5);
}

/* Over a month's and a year's end nothing is special: instants are milliseconds. */
static void
month_and_year_end(void **state)
{
	static const int64_t ends[] = {INT64_C(1796054399000) /* 2026-11-30T23:59:59+08:00 */, INT64_C(1798732799000) /* 12-31 */};
	struct chase_due d;
	int64_t next;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct owed_item it = item(ends[i] - 30 * MIN, ends[i]);
		unsigned n = 0;

		for (int64_t t = -15; t < 40; t++)
			n += ring_at(&it, ends[i] + t * MIN, &d, &next) != 0;
		assert_int_equal(n, 4);
	}
}

static void
several_at_one_instant(void **state)
{
	static const struct chase_rung three[] = {{.rung = 1, .after = 5, .to = CHASE_SEAT, .by = CHASE_BY_BELL},
	    {.rung = 2, .after = 5, .to = CHASE_SECOND, .by = CHASE_BY_PHONE}, {.rung = 3, .after = 5, .to = CHASE_LEADER, .by = CHASE_BY_SMS}};
	struct owed_item it = item(T0, T0 + 10 * MIN);
	struct chase_due d;
	int64_t next;
	unsigned seen = 0;

	(void)state;
	while (chase_pick(three, 3, 7, &it, "k", T0 + 6 * MIN, rang, NULL, &d, &next)) {
		seen |= 1u << d.rung.rung;
		assert_int_equal(d.skipped, 0);
		hear(&d);
	}
	assert_int_equal(seen, 14);
}

/* A warning before the limit of what has a shorter limit than that does not ring at once. */
static void
limit_shorter_than_the_warning(void **state)
{
	static const struct chase_rung two[] = {{.rung = 1, .after = -10, .from_due = true, .to = CHASE_SEAT, .by = CHASE_BY_BELL},
	    {.rung = 2, .after = 0, .from_due = true, .to = CHASE_SEAT, .by = CHASE_BY_BELL}};
	struct owed_item it = item(T0, T0 + 5 * MIN);
	struct chase_due d;
	int64_t next;

	(void)state;
	assert_false(chase_pick(two, 2, 7, &it, "k", T0, rang, NULL, &d, &next));
	assert_int_equal(next, T0 + 5 * MIN);
	assert_true(chase_pick(two, 2, 7, &it, "k", T0 + 5 * MIN, rang, NULL, &d, &next));
	assert_int_equal(d.rung.rung, 2);
	assert_int_equal(d.skipped, 0);
}

static void
at_the_sender(void **state)
{
	static const struct chase_rung one[] = {{.rung = 1, .after = 0, .from_due = true, .to = CHASE_SENDER, .by = CHASE_BY_MESSAGE | CHASE_BY_BELL}};
	struct owed_item it = item(T0 - MIN, T0);
	struct chase_due d;
	int64_t next;

	(void)state;
	assert_false(chase_pick(one, 1, 7, &it, "k", T0, rang, NULL, &d, &next)); /* the sender waits for the same receipt */
	it.what = OWED_AWAIT_SIGN;
	assert_true(chase_pick(one, 1, 7, &it, "k", T0, rang, NULL, &d, &next));
	it.what = OWED_VERIFY;
	assert_true(chase_pick(one, 1, 7, &it, "k", T0, rang, NULL, &d, &next));
}

static void
times_at_the_edge(void **state)
{
	static const struct chase_rung odd[] = {{.rung = 1, .after = INT64_MAX, .from_due = true, .to = CHASE_SEAT, .by = CHASE_BY_BELL},
	    {.rung = 2, .after = INT64_MIN, .from_due = true, .to = CHASE_SEAT, .by = CHASE_BY_BELL}};
	struct owed_item it = item(T0, INT64_MAX - 5);
	struct chase_due d;
	int64_t next;

	(void)state;
	assert_false(chase_pick(odd, 2, INT64_MAX, &it, "k", T0, rang, NULL, &d, &next));
	assert_int_equal(next, INT64_MAX);
	assert_false(chase_pick(odd, 0, 7, &it, "k", T0, rang, NULL, &d, &next));
}

static void
keys(void **state)
{
	struct owed_item a = item(T0, T0 + MIN), b = a;
	char x[CHASE_KEY], y[CHASE_KEY];

	(void)state;
	chase_key(&a, NULL, x, sizeof x);
	assert_string_equal(x, "330225102.7.9 4 1796032800000");
	b.origin++;
	chase_key(&b, NULL, y, sizeof y);
	assert_string_equal(x, y);
	/* One message to eighteen towns: each owes its own receipt. */
	a.what = b.what = OWED_AWAIT_SIGN;
	snprintf(b.towards, sizeof b.towards, "330225101");
	chase_key(&a, NULL, x, sizeof x);
	chase_key(&b, NULL, y, sizeof y);
	assert_string_not_equal(x, y);
	memset(&a.about, 0, sizeof a.about);
	a.what = OWED_ZERO;
	chase_key(&a, "zero 330225 20787", x, sizeof x);
	assert_string_equal(x, "zero 330225 20787 11 1796032800000");
	b = a;
	b.scope = SCOPE_CHAIN;
	snprintf(b.endpoint, sizeof b.endpoint, "ext:guojia");
	chase_key(&b, "zero 330225 20787", y, sizeof y);
	assert_string_not_equal(x, y);
}

static void
words(void **state)
{
	struct chase_due d;
	char text[512];

	(void)state;
	memset(&d, 0, sizeof d);
	d.it = item(T0 - 30 * MIN, T0);
	d.it.what = OWED_AWAIT_SIGN;
	chase_text(&d, T0 + 3 * MIN, true, "指0812-02\x1b[2J", "西周镇", text, sizeof text);
	assert_non_null(strstr(text, "西周镇"));
	assert_non_null(strstr(text, "请改打电话"));
	assert_non_null(strstr(text, "已超3分"));
	assert_null(strchr(text, '\x1b'));
	chase_text(&d, T0 - 3 * MIN, false, "order", "Xizhou", text, sizeof text);
	assert_non_null(strstr(text, "3 min left"));
	chase_text(&d, T0, false, "order", "Xizhou", text, 24);
	assert_true(strlen(text) < 24);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(rungs_over_time, reset),
	    cmocka_unit_test_setup(down_over_several, reset),
	    cmocka_unit_test_setup(a_new_promise_rearms, reset),
	    cmocka_unit_test_setup(clock_set_back, reset),
	    cmocka_unit_test_setup(late_for_days, reset),
	    cmocka_unit_test_setup(month_and_year_end, reset),
	    cmocka_unit_test_setup(several_at_one_instant, reset),
	    cmocka_unit_test_setup(limit_shorter_than_the_warning, reset),
	    cmocka_unit_test_setup(at_the_sender, reset),
	    cmocka_unit_test_setup(times_at_the_edge, reset),
	    cmocka_unit_test(keys),
	    cmocka_unit_test(words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
