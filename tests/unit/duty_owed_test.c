/* What the duty book owes, by the time: handover, relief, gap, zero reports, roll calls, tests of equipment. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../../formats/conf.h"
#include "../../switch/duty_roll.h"
#include "../../switch/duty_roster.h"
#include "../../switch/duty_staff.h"
#include "../../switch/duty_watch.h"
#include "../../switch/duty_zero.h"
#include "../../switch/route.h"

#define SELF "330225"
#define MIN INT64_C(60000)
#define HOUR (60 * MIN)
#define DAY (24 * HOUR)
#define MIDNIGHT INT64_C(1790956800000) /* 2026-10-03T00:00+08:00 */

static struct rules *rules;
static struct duty d;
static struct topology topo;
static struct neighbour nb[4];
static uint64_t serial;

static int64_t
at(int h, int m)
{
	return MIDNIGHT + h * HOUR + m * MIN;
}

/* ---- the book ---- */

static struct msgid
give(const char *origin, int kind, int step, struct body *b, int64_t stored)
{
	struct duty_msg m = {.stored = stored, .kind = kind, .own = strcmp(origin, SELF) == 0, .body = b};

	snprintf(m.id.origin, sizeof m.id.origin, "%s", origin);
	m.id.epoch = 7;
	m.id.serial = ++serial;
	body_set_num(b, F_KIND, kind);
	body_set_time(b, F_WRITTEN, stored);
	if (step != 0)
		body_set_num(b, F_DUTY_STEP, step);
	staff_take(d.staff, &m);
	roster_take(d.roster, &m);
	watch_take(d.watch, &m);
	rolls_take(d.rolls, &m);
	zeros_take(d.zeros, &m);
	body_free(b);
	return m.id;
}

static void
person(const char *name, int role)
{
	struct body *b = body_new();

	body_set_text(b, F_AUTHOR, name);
	body_set_text(b, F_PERSON, name);
	body_set_num(b, F_DUTY_ROLE, role);
	(void)give(SELF, KIND_STAFF, DUTY_PERSON, b, at(-48, 0));
}

static void
list(struct body *b, uint32_t key, const char *names)
{
	while (*names != '\0') {
		size_t n = strcspn(names, " ");

		body_add_text(b, key, names, n);
		names += n + (names[n] == ' ');
	}
}

static void
plan(const char *name, int64_t from, int64_t to, const char *people)
{
	struct body *b = body_new();

	body_set_text(b, F_SHIFT, name);
	body_set_time(b, F_PERIOD_FROM, from);
	body_set_time(b, F_PERIOD_TO, to);
	list(b, F_DUTY_OFFICER, people);
	list(b, F_DUTY_LEADER, "赵副县长");
	(void)give(SELF, KIND_ROSTER, DUTY_SHIFT, b, at(-72, 0));
}

static void
sign_on(const char *who, const char *shift, int64_t t)
{
	struct body *b = body_new();

	body_set_text(b, F_PERSON, who);
	body_set_text(b, F_SHIFT, shift);
	(void)give(SELF, KIND_ROSTER, DUTY_SIGN_ON, b, t);
}

static void
tested(const char *what, int64_t t)
{
	struct body *b = body_new();

	body_set_text(b, F_EQUIPMENT, what);
	body_set_num(b, F_OUTCOME, OUTCOME_REACHED);
	body_set_text(b, F_TEXT, "t");
	(void)give(SELF, KIND_LOG, DUTY_LOG_EQUIPMENT, b, t);
}

/* For the day that ends at midnight + days. */
static void
zero(const char *station, int days, int64_t t)
{
	struct body *b = body_new();

	body_set_time(b, F_PERIOD_FROM, MIDNIGHT + (days - 1) * DAY);
	body_set_time(b, F_PERIOD_TO, MIDNIGHT + days * DAY);
	body_set_text(b, F_PERSON, "周强");
	(void)give(station, KIND_ZERO, 0, b, t);
}

/* ---- asking ---- */

static struct { struct owed_item it; char key[128]; } got[64];
static size_t ngot;

static void
take(void *ctx, const struct owed_item *it, const char *key, const char *en, const char *zh)
{
	(void)ctx;
	assert_true(ngot < 64);
	assert_true(en[0] != '\0' && zh[0] != '\0' && key[0] != '\0' && it->due != 0);
	got[ngot].it = *it;
	snprintf(got[ngot++].key, sizeof got[0].key, "%s", key);
}

static void
ask(int64_t now)
{
	struct duty_env env = {.self = SELF, .level = "county", .rules = rules, .topology = &topo, .now = now};

	ngot = 0;
	duty_owed(&d, &env, take, NULL);
}

static size_t
count(enum owed what)
{
	size_t n = 0;

	for (size_t i = 0; i < ngot; i++)
		n += got[i].it.what == what;
	return n;
}

static const struct owed_item *
one(enum owed what, const char *towards)
{
	for (size_t i = 0; i < ngot; i++)
		if (got[i].it.what == what && (towards == NULL || strcmp(got[i].it.towards, towards) == 0))
			return &got[i].it;
	fail_msg("no item %d", (int)what);
	return NULL;
}

static int
setup(void **state)
{
	static const struct { const char *code; enum role role; } n[] = {
	    {"330200", ROLE_PARENT}, {"330225101", ROLE_CHILD}, {"330225203", ROLE_PHONE}, {"330225-gongan", ROLE_DEPARTMENT}};

	(void)state;
	d = (struct duty){.staff = staff_new(), .roster = roster_new(), .watch = watch_new(), .rolls = rolls_new(), .zeros = zeros_new()};
	memset(&topo, 0, sizeof topo);
	memset(nb, 0, sizeof nb);
	snprintf(topo.self, sizeof topo.self, SELF);
	topo.n = nb;
	topo.count = 4;
	for (size_t i = 0; i < 4; i++) {
		snprintf(nb[i].station, sizeof nb[i].station, "%s", n[i].code);
		nb[i].role = n[i].role;
	}
	serial = 0;
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	staff_free(d.staff);
	roster_free(d.roster);
	watch_free(d.watch);
	rolls_free(d.rolls);
	zeros_free(d.zeros);
	return 0;
}

/* ---- cases ---- */

/* A station that keeps no book is not reproached. */
static void
nothing_kept(void **state)
{
	(void)state;
	ask(at(10, 0));
	assert_int_equal(ngot, 0);
}

static void
handover_and_relief(void **state)
{
	(void)state;
	person("李敏", ROLE_DUTY_OFFICER);
	plan("夜班", at(-4, 0), at(8, 0), "李敏 王建国");
	plan("白班", at(8, 0), at(20, 0), "陈亮 刘芳");
	plan("夜班", at(20, 0), at(32, 0), "李敏 王建国");
	sign_on("李敏", "夜班", at(-4, -5));
	sign_on("王建国", "夜班", at(-4, -3));
	ask(at(7, 0));
	assert_int_equal(count(OWED_HANDOVER), 0);
	ask(at(7, 51));
	assert_true(one(OWED_HANDOVER, NULL)->due == at(8, 0));
	assert_int_equal(count(OWED_RELIEF), 0);
	sign_on("陈亮", "白班", at(7, 50));
	ask(at(8, 1));
	assert_true(one(OWED_HANDOVER, NULL)->due == at(8, 0));
	assert_non_null(strstr(one(OWED_HANDOVER, NULL)->person, "王建国"));
	assert_int_equal(count(OWED_RELIEF), 1);
	assert_string_equal(one(OWED_RELIEF, NULL)->person, "刘芳");
	assert_true(one(OWED_RELIEF, NULL)->due == at(8, 0) + rules_number(rules, NUMBER_RELIEF_MINUTES) * MIN);
	/* The limit stays where it is, however late it gets. */
	ask(at(19, 0));
	assert_true(one(OWED_HANDOVER, NULL)->due == at(8, 0));
	sign_on("刘芳", "白班", at(9, 0));
	ask(at(19, 0));
	assert_int_equal(count(OWED_RELIEF), 0);
}

static void
gaps(void **state)
{
	int64_t due;

	(void)state;
	ask(at(10, 0));
	assert_int_equal(count(OWED_GAP), 0);
	person("李敏", ROLE_DUTY_OFFICER);
	ask(at(10, 0)); /* an empty roster: one item a day, not one a look */
	due = one(OWED_GAP, NULL)->due;
	assert_true(due == MIDNIGHT);
	ask(at(23, 59));
	assert_true(one(OWED_GAP, NULL)->due == due);
	plan("夜班", at(-4, 0), at(8, 0), "李敏");
	plan("白班", at(8, 0), at(20, 0), "陈亮");
	ask(at(10, 0)); /* seen coming */
	assert_true(one(OWED_GAP, NULL)->due == at(20, 0));
	ask(at(22, 0)); /* begun: since the end of the last shift */
	assert_true(one(OWED_GAP, NULL)->due == at(20, 0));
	plan("长班", at(20, 0), at(20 + 24 * 6, 0), "李敏");
	ask(at(22, 0));
	assert_int_equal(count(OWED_GAP), 0);
}

static void
zero_reports(void **state)
{
	const struct owed_item *it;

	(void)state;
	person("李敏", ROLE_DUTY_OFFICER);
	ask(at(7, 0));
	it = one(OWED_ZERO, NULL);
	assert_true(it->due == at(9, 0) && it->origin == MIDNIGHT);
	assert_string_equal(it->towards, "330200");
	assert_true(it->clause[0] != '\0');
	assert_int_equal(count(OWED_AWAIT_ZERO), 2); /* the town and the one without a terminal; no department */
	assert_true(one(OWED_AWAIT_ZERO, "330225101")->due == at(8, 0));
	assert_true(one(OWED_AWAIT_ZERO, "330225203")->due == at(8, 0));
	zero("330225101", 0, at(7, 30));
	zero(SELF, 0, at(8, 30));
	ask(at(11, 0));
	assert_int_equal(count(OWED_ZERO), 0);
	assert_int_equal(count(OWED_AWAIT_ZERO), 1);
	/* The next day is another. */
	ask(at(24, 1));
	assert_true(one(OWED_ZERO, NULL)->due == at(33, 0));
	assert_int_equal(count(OWED_AWAIT_ZERO), 2);
}

/* One that was never sent stays missing beside the next. */
static void
zero_of_yesterday(void **state)
{
	(void)state;
	zero("330225101", -2, at(-41, 0));
	ask(at(7, 0));
	assert_int_equal(count(OWED_AWAIT_ZERO), 2);
	assert_true(one(OWED_AWAIT_ZERO, "330225101")->due == at(-16, 0));
	zero("330225101", -1, at(6, 0)); /* late, and sent */
	ask(at(7, 0));
	assert_int_equal(count(OWED_AWAIT_ZERO), 1);
}

/* Nobody has sent any since the room began its watch: what was missing this morning is still missing after midnight, and for a week. */
static void
zero_over_midnight(void **state)
{
	static const struct { int hour; size_t missing; } table[] = {{23, 2}, {24 + 1, 4}, {48 + 1, 6}, {24 * 9, 14}};

	(void)state;
	person("李敏", ROLE_DUTY_OFFICER);
	sign_on("李敏", "夜班", at(-20, 0));
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		ask(at(table[i].hour, 0));
		assert_int_equal(count(OWED_AWAIT_ZERO), table[i].missing);
	}
}

static void
roll_calls(void **state)
{
	struct body *b = body_new();
	struct msgid call, theirs;

	(void)state;
	body_add_text(b, F_TO, "330225101", 9);
	body_set_time(b, F_DUE, at(1, 5));
	call = give(SELF, KIND_ROLLCALL, 0, b, at(1, 0));
	b = body_new();
	body_add_text(b, F_TO, SELF, strlen(SELF));
	body_set_time(b, F_DUE, at(2, 5));
	theirs = give("330200", KIND_ROLLCALL, 0, b, at(2, 0));
	ask(at(2, 10));
	assert_true(one(OWED_AWAIT_ROLL, "330225101")->due == at(1, 5));
	assert_int_equal(msgid_cmp(&one(OWED_AWAIT_ROLL, NULL)->about, &call), 0);
	assert_true(one(OWED_ROLL, "330200")->due == at(2, 5));
	b = body_new();
	body_add_id(b, F_REFS, &theirs);
	body_set_text(b, F_PERSON, "李敏");
	(void)give(SELF, KIND_ROLLANSWER, 0, b, at(2, 11));
	b = body_new();
	body_add_text(b, F_REGARDING, "330225101", 9);
	body_set_text(b, F_PHONE, "0574");
	body_set_num(b, F_OUTCOME, OUTCOME_NO_ANSWER);
	(void)give(SELF, KIND_ROLLCALL, 0, b, at(2, 12)); /* a later call takes the place of the first */
	ask(at(2, 15));
	assert_int_equal(count(OWED_ROLL) + count(OWED_AWAIT_ROLL), 0);
}

static void
equipment(void **state)
{
	(void)state;
	plan("夜班", at(-4, 0), at(8, 0), "李敏");
	plan("白班", at(8, 0), at(20, 0), "李敏");
	tested("传真", at(-100, 0));
	tested("outlet gone", at(-100, 0));
	ask(at(0, 0));
	assert_int_equal(count(OWED_EQUIPMENT), 0); /* nobody has ever signed on */
	sign_on("李敏", "夜班", at(-4, 0));
	ask(at(0, 0));
	assert_int_equal(count(OWED_EQUIPMENT), 1);
	tested("传真", at(1, 0));
	ask(at(1, 1));
	assert_int_equal(count(OWED_EQUIPMENT), 0);
}

static int
load(void **state)
{
	char dir[512];
	struct fault f = {0};

	(void)state;
	if (conf_dir(dir, sizeof dir, &f) == NULL || (rules = rules_load_profiles(dir, "xs-sample", &f)) == NULL)
		fail_msg("%s %s:%zu", f.text, f.file, f.line);
	return 0;
}

static int
unload(void **state)
{
	(void)state;
	rules_free(rules);
	return 0;
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {T(nothing_kept), T(handover_and_relief), T(gaps), T(zero_reports), T(zero_of_yesterday), T(zero_over_midnight), T(roll_calls),
	    T(equipment)};

	return cmocka_run_group_tests(tests, load, unload);
}
