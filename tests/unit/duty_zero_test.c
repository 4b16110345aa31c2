/* Zero reports: which day, whose, late or not, on behalf of whom; missing is never zero. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "../../switch/duty_zero.h"
#include "../../switch/route.h"

#define DAY INT64_C(86400000)
#define HOUR INT64_C(3600000)

static int64_t
day(const char *text)
{
	int64_t ms;

	assert_true(zero_day_parse(text, &ms));
	return ms;
}

static void
give(struct zeros *zs, const char *from, uint64_t serial, int64_t at, int64_t to, const char *person, const char *behalf, const char *event)
{
	struct duty_msg m = {.stored = at, .kind = KIND_ZERO, .own = strcmp(from, "330225") == 0};
	struct body *b = body_new();

	snprintf(m.id.origin, sizeof m.id.origin, "%s", from);
	m.id.epoch = 1;
	m.id.serial = serial;
	body_set_num(b, F_KIND, KIND_ZERO);
	if (to != 0)
		body_set_time(b, F_PERIOD_TO, to);
	body_set_text(b, F_PERSON, person);
	if (behalf != NULL)
		body_add_text(b, F_ON_BEHALF, behalf, strlen(behalf));
	if (event != NULL)
		body_add_text(b, F_ITEM, event, strlen(event));
	m.body = b;
	zeros_take(zs, &m);
	body_free(b);
}

static void
test_days(void **state)
{
	static const struct { const char *text; bool ok; } cases[] = {{"2026-08-12", true}, {"2026-12-31", true}, {"2026-02-29", false},
	    {"2028-02-29", true}, {"2026-8-12", false}, {"", false}, {"2026-08-12x", false}, {"abcd-ef-gh", false}};
	int64_t ms;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		if (zero_day_parse(cases[i].text, &ms) != cases[i].ok)
			fail_msg("%s", cases[i].text);
	ms = day("2026-08-12");
	assert_true(zero_day(ms) == ms && zero_day(ms + DAY - 1) == ms && zero_day(ms - 1) == ms - DAY);
	/* month and year ends */
	assert_true(day("2027-01-01") - DAY == day("2026-12-31"));
	assert_true(day("2026-03-01") - DAY == day("2026-02-28"));
	assert_true(day("2028-03-01") - DAY == day("2028-02-29"));
}

static void
test_missing_is_missing(void **state)
{
	struct zeros *zs = zeros_new();
	int64_t d = day("2026-08-12");
	const struct zero *z;

	(void)state;
	assert_null(zeros_of(zs, "330225102", d));
	give(zs, "330225102", 1, d + DAY + 7 * HOUR, d + DAY, "周强", NULL, NULL);
	z = zeros_of(zs, "330225102", d);
	assert_non_null(z);
	assert_true(z->nothing && z->from == d && z->to == d + DAY && z->at == d + DAY + 7 * HOUR);
	assert_string_equal(z->person, "周强");
	assert_string_equal(z->on_behalf, "");
	assert_null(zeros_of(zs, "330225102", d + DAY));
	assert_null(zeros_of(zs, "330225102", d - DAY));
	assert_null(zeros_of(zs, "330225101", d));
	/* without a period it is of no day */
	give(zs, "330225101", 1, d + DAY + 7 * HOUR, 0, "周平", NULL, NULL);
	assert_null(zeros_of(zs, "330225101", d));
	zeros_free(zs);
}

/* Any order gives the same: the first one's time, whatever any of them names, its own before one by telephone. */
static void
test_orders(void **state)
{
	int64_t d = day("2026-12-31");

	(void)state;
	for (int order = 0; order < 6; order++) {
		static const int perm[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
		struct zeros *zs = zeros_new();
		const struct zero *z;

		for (int i = 0; i < 3; i++)
			switch (perm[order][i]) {
			case 0:
				give(zs, "330225", 1, d + DAY + 7 * HOUR, d + DAY, "王建国", "330225102", NULL);
				break;
			case 1:
				give(zs, "330225102", 1, d + DAY + 8 * HOUR, d + DAY, "周强", NULL, NULL);
				break;
			case 2:
				give(zs, "330225102", 2, d + DAY + 9 * HOUR, d + DAY, "周强", NULL, "1231-001");
				break;
			}
		z = zeros_of(zs, "330225102", d);
		assert_non_null(z);
		assert_true(z->at == d + DAY + 8 * HOUR);
		assert_false(z->nothing);
		assert_string_equal(z->events, "1231-001");
		assert_string_equal(z->on_behalf, "");
		zeros_free(zs);
	}
}

static void
test_on_behalf(void **state)
{
	struct zeros *zs = zeros_new();
	int64_t d = day("2026-08-12");
	const struct zero *z;

	(void)state;
	give(zs, "330225", 1, d + DAY + 7 * HOUR, d + DAY, "王建国", "330225203", NULL);
	z = zeros_of(zs, "330225203", d);
	assert_non_null(z);
	assert_string_equal(z->on_behalf, "330225");
	assert_null(zeros_of(zs, "330225", d));
	/* a town says nothing for its neighbour, nor for the county */
	give(zs, "330225101", 1, d + DAY + 7 * HOUR, d + DAY, "周平", "330225102", NULL);
	give(zs, "330225101", 2, d + DAY + 7 * HOUR, d + DAY, "周平", "330225", NULL);
	assert_null(zeros_of(zs, "330225102", d));
	assert_null(zeros_of(zs, "330225", d));
	assert_null(zeros_of(zs, "330225101", d));
	zeros_free(zs);
}

static void
test_check(void **state)
{
	static struct neighbour n[] = {{.station = "330200", .name = "市", .role = ROLE_PARENT}, {.station = "330225102", .name = "西周镇", .role = ROLE_CHILD},
	    {.station = "330225203", .name = "茅洋乡", .role = ROLE_PHONE}, {.station = "330225-gongan", .role = ROLE_DEPARTMENT}};
	static const char events[2][96] = {"0812-001", "0812-003"};
	static const char lacks[1][STATION_MAX] = {"330225102"};
	struct topology t = {.self = "330225", .n = n, .count = 4};
	int64_t d = day("2026-08-12"), ms;
	struct zero_env e = {.self = "330225", .topology = &t, .now = d + DAY + 8 * HOUR + 30 * 60000};
	struct fault f = {0};
	struct body *b = body_new();

	(void)state;
	/* one end gives the other; nothing is nothing */
	body_set_time(b, F_PERIOD_TO, d + DAY);
	assert_int_equal(zero_check(&e, b, &f), 0);
	assert_true(body_time(b, F_PERIOD_FROM, &ms) && ms == d);
	body_unset(b, F_PERIOD_TO);
	assert_int_equal(zero_check(&e, b, &f), 0);
	assert_true(body_time(b, F_PERIOD_TO, &ms) && ms == d + DAY);
	assert_null(body_first(b, F_TEXT));
	/* events and whom it lacks go along, whatever was typed */
	body_add_text(b, F_ITEM, "x", 1);
	e.events = events;
	e.nevents = 2;
	e.lacks = lacks;
	e.nlacks = 1;
	assert_int_equal(zero_check(&e, b, &f), 0);
	assert_int_equal(body_count(b, F_ITEM), 2);
	assert_string_equal(body_text(b, F_REGARDING), "330225102");
	assert_non_null(strstr(body_text(b, F_TEXT), "0812-003"));
	assert_non_null(strstr(body_text(b, F_TEXT), "西周镇"));
	/* for another: its own numbers are not ours to name */
	body_add_text(b, F_ON_BEHALF, "330225203", 9);
	body_unset(b, F_TEXT);
	assert_int_equal(zero_check(&e, b, &f), 0);
	assert_null(body_first(b, F_ITEM));
	assert_null(body_first(b, F_REGARDING));
	/* today has not ended; a period that ends before it begins; counted to the morning is fine */
	body_set_time(b, F_PERIOD_FROM, d + DAY);
	body_set_time(b, F_PERIOD_TO, d + 2 * DAY);
	assert_int_equal(zero_check(&e, b, &f), -1);
	assert_string_equal(f.field, "period_to");
	body_set_time(b, F_PERIOD_TO, d);
	assert_int_equal(zero_check(&e, b, &f), -1);
	assert_string_equal(f.field, "period_to");
	body_set_time(b, F_PERIOD_FROM, d + 8 * HOUR);
	body_set_time(b, F_PERIOD_TO, d + DAY + 8 * HOUR);
	assert_int_equal(zero_check(&e, b, &f), 0);
	assert_true(zero_day_of(d + DAY + 8 * HOUR) == d && zero_day_of(d + DAY) == d && zero_day_of(d + DAY - HOUR) == d);
	/* nobody enters it for the city, a department, or who is not known */
	for (size_t i = 0; i < 3; i++) {
		static const char *const who[] = {"330200", "330225-gongan", "330226"};

		body_set_text(b, F_ON_BEHALF, NULL);
		body_add_text(b, F_ON_BEHALF, who[i], strlen(who[i]));
		assert_int_equal(zero_check(&e, b, &f), -1);
		assert_string_equal(f.field, "on_behalf");
	}
	body_free(b);
}

static void
test_levels(void **state)
{
	static const struct { const char *code, *level; } cases[] = {{"330225102", "township"}, {"330225102001", "township"}, {"330225", "county"},
	    {"330200", "city"}, {"330000", "province"}, {"330225-gongan", "unit"}, {"gang-01", "unit"}};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_string_equal(zero_level(cases[i].code), cases[i].level);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_days),
	    cmocka_unit_test(test_missing_is_missing),
	    cmocka_unit_test(test_orders),
	    cmocka_unit_test(test_on_behalf),
	    cmocka_unit_test(test_check),
	    cmocka_unit_test(test_levels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
