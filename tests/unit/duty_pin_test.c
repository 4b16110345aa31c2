/*
 * PINs: what is taken for one, tries and locks counted over a reopened journal, on both backends.
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
#include "../../formats/conf.h"
#include "../../switch/duty_pin.h"
#include "../../switch/log.h"

#define NOW INT64_C(1790000000000)
#define MINUTE INT64_C(60000)

static struct rules *rules;

struct world {
	char dir[64];	/* "" = RAM */
	struct journal *j;
};

static void
open_it(struct world *w, bool create)
{
	struct fault f = {0};

	w->j = *w->dir == '\0' ? journal_ram_open() : journal_sqlite_open(w->dir, create, &f);
	if (w->j == NULL)
		fail_msg("%s", f.text);
}

/* The RAM twin has no file: a crash leaves what was committed. */
static void
again(struct world *w)
{
	assert_int_equal(w->j->ops->commit(w->j), 0);
	if (*w->dir == '\0') {
		journal_ram_crash(w->j);
		return;
	}
	w->j->ops->close(w->j);
	open_it(w, false);
}

static int
ram(void **state)
{
	struct world *w = calloc(1, sizeof *w);

	open_it(w, true);
	*state = w;
	return 0;
}

static int
file(void **state)
{
	struct world *w = calloc(1, sizeof *w);

	snprintf(w->dir, sizeof w->dir, "/tmp/pin_test.XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	open_it(w, true);
	*state = w;
	return 0;
}

static int
end(void **state)
{
	struct world *w = *state;
	char cmd[4][96];
	static const char *const names[] = {"journal.db", "journal.db-wal", "journal.db-shm", "new"};

	w->j->ops->close(w->j);
	for (size_t i = 0; i < 4 && *w->dir != '\0'; i++) {
		snprintf(cmd[i], sizeof cmd[i], "%s/%s", w->dir, names[i]);
		(void)unlink(cmd[i]);
	}
	if (*w->dir != '\0')
		(void)rmdir(w->dir);
	free(w);
	return 0;
}

static void
fits(void **state)
{
	static const struct {
		const char *pin;
		bool fits;
	} t[] = {{"135790", true}, {"12345", false}, {"123456", false}, {"654321", false}, {"000000", false}, {"890123", false}, {"121212", false},
	    {"aaaaaa", false}, {"907856", true}, {"口令五四三二", true}, {"口令", false}, {"13\t790", false}, {"13\xff" "7901", false}, {"", false},
	    {"1234567890123456789012345678901234567890123456789012345678901234x", false}};
	struct fault f;

	(void)state;
	for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
		f = (struct fault){0};
		if ((pin_fit(rules, "pin", t[i].pin, &f) == 0) != t[i].fits)
			fail_msg("%s: %s", t[i].pin, f.text);
		if (!t[i].fits && *t[i].pin != '\0')
			assert_null(strstr(f.text, t[i].pin));	/* never said again */
	}
}

static void
right_and_wrong(void **state)
{
	struct world *w = *state;
	struct fault f = {0};
	int64_t left, until;

	assert_false(pin_any(w->j));
	assert_false(pin_has(w->j, "李敏"));
	assert_int_equal(pin_check(w->j, rules, NOW, "李敏", "135790", &left, &until), PIN_NONE);
	assert_int_equal(pin_set(w->j, rules, NOW, "李敏", NULL, "135790", "", &f), 0);
	again(w);
	assert_true(pin_has(w->j, "李敏"));
	assert_true(pin_any(w->j));
	assert_false(pin_has(w->j, "陈亮"));
	assert_int_equal(pin_check(w->j, rules, NOW, "李敏", "135790", &left, &until), PIN_RIGHT);
	assert_int_equal(pin_check(w->j, rules, NOW, "李敏", "135791", &left, &until), PIN_WRONG);
	assert_int_equal(left, 4);
	assert_int_equal(pin_check(w->j, rules, NOW, "李敏", "", &left, &until), PIN_WRONG);
	assert_int_equal(pin_check(w->j, rules, NOW, "李敏", "1357901", &left, &until), PIN_WRONG);
	assert_int_equal(left, 2);
	assert_int_equal(pin_check(w->j, rules, NOW, "李敏", "135790", &left, &until), PIN_RIGHT);	/* begins anew */
	assert_int_equal(pin_check(w->j, rules, NOW, "李敏", "1", &left, &until), PIN_WRONG);
	assert_int_equal(left, 4);
}

static void
locked(void **state)
{
	struct world *w = *state;
	struct fault f = {0};
	int64_t left, until;

	assert_int_equal(pin_set(w->j, rules, NOW, "李敏", NULL, "135790", "", &f), 0);
	assert_int_equal(pin_set(w->j, rules, NOW, "陈亮", NULL, "246801", "", &f), 0);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(pin_check(w->j, rules, NOW, "李敏", "999111", &left, &until), PIN_WRONG);
		assert_int_equal(left, 4 - i);
		again(w);	/* a restart gives nobody a try back */
	}
	assert_int_equal(pin_check(w->j, rules, NOW, "李敏", "999111", &left, &until), PIN_LOCKED);
	assert_int_equal(until, NOW + 15 * MINUTE);
	again(w);
	assert_int_equal(pin_check(w->j, rules, NOW + MINUTE, "李敏", "135790", &left, &until), PIN_LOCKED);	/* the right one, too */
	assert_int_equal(until, NOW + 15 * MINUTE);
	pin_look(w->j, rules, NOW + MINUTE, "李敏", &left, &until);
	assert_int_equal(left, 0);
	assert_int_equal(until, NOW + 15 * MINUTE);
	/* the person, not the seat */
	assert_int_equal(pin_check(w->j, rules, NOW, "陈亮", "246801", &left, &until), PIN_RIGHT);
	/* nobody gets around it by setting another */
	assert_int_equal(pin_set(w->j, rules, NOW + MINUTE, "李敏", "135790", "808132", "", &f), -1);
	assert_int_equal(f.code, EX_TEMPFAIL);
	/* it ends by itself; a clock set back does not make it longer than it is */
	assert_int_equal(pin_check(w->j, rules, NOW - 86400000, "李敏", "135790", &left, &until), PIN_LOCKED);
	assert_int_equal(until, NOW - 86400000 + 15 * MINUTE);
	assert_int_equal(pin_check(w->j, rules, NOW + 15 * MINUTE, "李敏", "135790", &left, &until), PIN_RIGHT);
	assert_int_equal(left, 5);
}

static void
changed(void **state)
{
	struct world *w = *state;
	struct fault f = {0};
	int64_t left, until;

	assert_int_equal(pin_set(w->j, rules, NOW, "李敏", NULL, "123456", "", &f), -1);
	assert_int_equal(f.code, EX_DATAERR);
	assert_false(pin_has(w->j, "李敏"));
	assert_int_equal(pin_set(w->j, rules, NOW, "李敏", NULL, "135790", "", &f), 0);
	assert_int_equal(pin_set(w->j, rules, NOW, "李敏", NULL, "246801", "", &f), -1);	/* the old one is needed */
	assert_int_equal(f.code, EX_NOPERM);
	assert_string_equal(f.field, "old");
	assert_int_equal(pin_set(w->j, rules, NOW, "李敏", "999111", "246801", "", &f), -1);
	assert_int_equal(f.code, EX_NOPERM);
	assert_int_equal(pin_set(w->j, rules, NOW, "李敏", NULL, "246801", "李敏", &f), -1);	/* oneself is no leader of oneself */
	assert_int_equal(pin_set(w->j, rules, NOW, "李敏", "135790", "246801", "", &f), 0);
	assert_int_equal(pin_check(w->j, rules, NOW, "李敏", "135790", &left, &until), PIN_WRONG);
	assert_int_equal(pin_check(w->j, rules, NOW, "李敏", "246801", &left, &until), PIN_RIGHT);
	/* a leader's proof lifts a lock with it */
	for (int i = 0; i < 5; i++)
		(void)pin_check(w->j, rules, NOW, "李敏", "1", &left, &until);
	assert_int_equal(pin_set(w->j, rules, NOW, "李敏", NULL, "808132", "赵副县长", &f), 0);
	assert_int_equal(pin_check(w->j, rules, NOW, "李敏", "808132", &left, &until), PIN_RIGHT);
}

/* What is kept is no PIN, and what is there in its place counts as locked. */
static void
kept(void **state)
{
	struct world *w = *state;
	struct fault f = {0};
	int64_t left, until;
	char v[256];

	assert_int_equal(pin_set(w->j, rules, NOW, "李敏", NULL, "135790", "", &f), 0);
	assert_int_equal(w->j->ops->meta_get(w->j, "pin.hash/李敏", v, sizeof v), 0);
	assert_memory_equal(v, "$argon2id$", 10);
	assert_null(strstr(v, "135790"));
	assert_int_equal(w->j->ops->meta_set(w->j, "pin.tries/李敏", "rubbish"), 0);
	assert_int_equal(pin_check(w->j, rules, NOW, "李敏", "135790", &left, &until), PIN_LOCKED);
	assert_int_equal(w->j->ops->meta_set(w->j, "pin.hash/李敏", "rubbish"), 0);
	assert_int_equal(w->j->ops->meta_set(w->j, "pin.tries/李敏", "0 0"), 0);
	assert_int_equal(pin_check(w->j, rules, NOW, "李敏", "135790", &left, &until), PIN_WRONG);
}

int
main(void)
{
#define BOTH(fn) cmocka_unit_test_setup_teardown(fn, ram, end), cmocka_unit_test_setup_teardown(fn, file, end)
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(fits), BOTH(right_and_wrong), BOTH(locked), BOTH(changed), cmocka_unit_test_setup_teardown(kept, ram, end),
	};
	struct fault f = {0};
	char dir[256];
	int rc;

	log_init(LOG_LV_ERROR + 1, 2);
	if (conf_dir(dir, sizeof dir, &f) == NULL || (rules = rules_load(dir, &f)) == NULL) {
		fprintf(stderr, "%s\n", f.text);
		return 1;
	}
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	rules_free(rules);
	return rc;
}
