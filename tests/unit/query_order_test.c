/* The order of what is owed: the night of 31 December, and the rules it follows. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include "../../formats/conf.h"
#include "../../switch/query_live.h"

#define NOW INT64_C(1798731600000)
#define MIN INT64_C(60000)
#define DAY (1440 * MIN)

static struct rules *rules;

static int
setup(void **state)
{
	struct fault f = {0};
	char conf[4096];

	(void)state;
	assert_non_null(conf_dir(conf, sizeof conf, &f));
	rules = rules_load(conf, &f);
	assert_non_null(rules);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	rules_free(rules);
	return 0;
}

struct row {
	const char *what, *name;
	int64_t due;
	int prec;
	bool exercise;
};

static void
in_order(const struct row *row, size_t n, const char *want)
{
	struct station_conf conf = {.rules = rules};
	struct query q = {.conf = &conf, .now = NOW};
	json_t *list = json_array(), *o;
	char got[400] = "";
	size_t i;

	for (i = 0; i < n; i++)
		(void)json_array_append_new(list, json_pack("{s:s, s:s, s:I, s:i, s:s}", "what", row[i].what, "name", row[i].name, "due",
		    (json_int_t)row[i].due, "precedence", row[i].prec, "realm", row[i].exercise ? "exercise" : "live"));
	list = owed_order(&q, list);
	assert_int_equal(json_array_size(list), n);
	json_array_foreach (list, i, o) {
		size_t len = strlen(got);

		(void)snprintf(got + len, sizeof got - len, "%s%s", i > 0 ? " " : "", json_string_value(json_object_get(o, "name")));
	}
	assert_string_equal(got, want);
	json_decref(list);
}

/* Twelve minutes for the telephone, and since this morning five towns have not sent their zero report. */
static void
the_fire_comes_first(void **state)
{
	static const struct row rows[] = {{"await-zero", "town1", NOW - 940 * MIN, 0, false}, {"await-zero", "town2", NOW - 940 * MIN, 0, false},
	    {"zero", "ours", NOW - 880 * MIN, 0, false}, {"await-sign", "boxes", NOW - 600 * MIN, PREC_ROUTINE, false},
	    {"read", "fire-read", NOW - 17 * MIN, PREC_FLASH, false}, {"sign", "fire-sign", NOW - 13 * MIN, PREC_FLASH, false},
	    {"phone", "fire-phone", NOW + 12 * MIN, PREC_FLASH, false}, {"written", "fire-written", NOW + 42 * MIN, PREC_FLASH, false}};

	(void)state;
	in_order(rows, sizeof rows / sizeof rows[0], "fire-read fire-sign fire-phone fire-written boxes town1 town2 ours");
}

static void
bands(void **state)
{
	static const struct row rows[] = {{"written", "tomorrow", NOW + DAY, 0, false}, {"feedback", "later", NOW + 61 * MIN, PREC_FLASH, false},
	    {"sign", "stale", NOW - 30 * DAY, PREC_FLASH, false}, {"phone", "drill", NOW - MIN, PREC_FLASH, true}, {"gap", "gap", NOW - 2 * MIN, 0, false},
	    {"sign", "plain", NOW + MIN, PREC_ROUTINE, false}, {"await-sign", "dark", NOW + 2 * MIN, PREC_URGENT, false},
	    {"verify", "asked", NOW + 59 * MIN, PREC_PRIORITY, false}, {"zero", "drill-zero", NOW, 0, true}};

	(void)state;
	in_order(rows, sizeof rows / sizeof rows[0], "dark asked plain gap drill drill-zero later tomorrow stale");
	in_order(rows, 0, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(the_fire_comes_first), cmocka_unit_test(bands)};

	return cmocka_run_group_tests(tests, setup, teardown);
}
