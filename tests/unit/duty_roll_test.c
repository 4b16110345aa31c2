/* Roll calls: over the switch and by telephone, whatever order they come in; who counts as good; the lot. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "../../formats/buf.h"
#include "../../formats/conf.h"
#include "../../switch/duty_roll.h"
#include "../../switch/duty_staff.h"
#include "../../switch/log.h"

#define T0 INT64_C(1786500000000)
#define MIN INT64_C(60000)

static struct rules *rules;

static struct msgid
id_of(const char *station, uint64_t serial)
{
	struct msgid id = {.epoch = 1786000000, .serial = serial};

	snprintf(id.origin, sizeof id.origin, "%s", station);
	return id;
}

static void
give(struct rolls *r, struct msgid id, int kind, int64_t at, struct body *b)
{
	struct duty_msg m = {.id = id, .stored = at, .kind = kind, .own = strcmp(id.origin, "330225") == 0, .body = b};

	body_set_num(b, F_KIND, kind);
	rolls_take(r, &m);
	body_free(b);
}

static struct body *
call(const char *a, const char *b2, int64_t due)
{
	struct body *b = body_new();

	body_add_text(b, F_TO, a, strlen(a));
	if (b2 != NULL)
		body_add_text(b, F_TO, b2, strlen(b2));
	if (due != 0)
		body_set_time(b, F_DUE, due);
	return b;
}

static struct body *
answer(const struct msgid *to, const char *person, int on)
{
	struct body *b = body_new();

	body_set_id(b, F_REFS, to);
	body_set_text(b, F_PERSON, person);
	if (on >= 0)
		body_set_num(b, F_ON_ROSTER, on);
	return b;
}

static struct body *
phone(const char *station, int outcome, int64_t rings, const char *who, int on)
{
	struct body *b = body_new();

	body_add_text(b, F_REGARDING, station, strlen(station));
	body_set_num(b, F_OUTCOME, outcome);
	body_set_text(b, F_PHONE, "0574-65000000");
	if (rings > 0)
		body_set_num(b, F_RINGS, rings);
	if (who != NULL)
		body_set_text(b, F_ANSWERED_BY, who);
	if (on >= 0)
		body_set_num(b, F_ON_ROSTER, on);
	return b;
}

static void
test_over_the_switch(void **state)
{
	struct msgid c = id_of("330225", 1);

	(void)state;
	/* The answers before and behind the call: the same. */
	for (int order = 0; order < 2; order++) {
		struct rolls *r = rolls_new();
		const struct roll *v;

		if (order == 0)
			give(r, c, KIND_ROLLCALL, T0, call("330225101", "330225102", T0 + 5 * MIN));
		give(r, id_of("330225102", 7), KIND_ROLLANSWER, T0 + 2 * MIN, answer(&c, "周强", 1));
		give(r, id_of("330225102", 8), KIND_ROLLANSWER, T0 + 3 * MIN, answer(&c, "又一人", 0));
		/* a station that was not called */
		give(r, id_of("330225103", 8), KIND_ROLLANSWER, T0 + 3 * MIN, answer(&c, "林海", 1));
		if (order == 1)
			give(r, c, KIND_ROLLCALL, T0, call("330225101", "330225102", T0 + 5 * MIN));
		assert_int_equal(rolls_count(r), 2);
		v = rolls_last(r, "330225102");
		assert_non_null(v);
		assert_true(v->answered == T0 + 2 * MIN);
		assert_string_equal(v->person, "周强");
		assert_true(v->roster_known && v->on_roster && !v->phone);
		assert_int_equal(v->outcome, OUTCOME_REACHED);
		assert_true(roll_good(v, 3));
		v = rolls_last(r, "330225101");
		assert_true(v->answered == 0 && v->outcome == 0 && v->due == T0 + 5 * MIN);
		assert_false(roll_good(v, 3));
		assert_null(rolls_last(r, "330225103"));
		rolls_free(r);
	}
}

/* A room with an empty register cannot say whether he belongs to it. */
static void
test_no_register(void **state)
{
	struct msgid c = id_of("330225", 1);
	struct rolls *r = rolls_new();
	const struct roll *v;

	(void)state;
	give(r, c, KIND_ROLLCALL, T0, call("330225101", "330225102", T0 + 5 * MIN));
	give(r, id_of("330225102", 7), KIND_ROLLANSWER, T0 + 2 * MIN, answer(&c, "门卫", -1));
	v = rolls_last(r, "330225102");
	assert_true(v != NULL && v->answered != 0 && !v->roster_known);
	assert_false(roll_good(v, 3));
	rolls_free(r);
}

static void
test_by_telephone(void **state)
{
	static const struct {
		int outcome;
		int64_t rings;
		const char *who;
		int on;
		bool forwarded, good, answered;
	} cases[] = {
	    {OUTCOME_REACHED, 2, "周强", 1, false, true, true},
	    {OUTCOME_REACHED, 3, "周强", 1, false, true, true},
	    {OUTCOME_REACHED, 4, "周强", 1, false, false, true},	/* three rings */
	    {OUTCOME_REACHED, 2, "门卫", 0, false, false, true},	/* on no register */
	    {OUTCOME_REACHED, 2, "周强", 1, true, false, true},	/* forwarded to a mobile */
	    {OUTCOME_REACHED, 2, "某人", -1, false, false, true},	/* no register to go by: not known to be good */
	    {OUTCOME_NO_ANSWER, 3, NULL, -1, false, false, false},
	    {OUTCOME_WRONG, 0, NULL, -1, false, false, false},
	};
	struct rolls *r = rolls_new();
	struct roll_sums s;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct body *b = phone("330225203", cases[i].outcome, cases[i].rings, cases[i].who, cases[i].on);
		const struct roll *v;

		if (cases[i].forwarded)
			body_set_num(b, F_FORWARDED, 1);
		give(r, id_of("330225", i + 1), KIND_ROLLCALL, T0 + (int64_t)i * MIN, b);
		v = rolls_last(r, "330225203");
		assert_true(v->phone && v->due == 0);
		if (roll_good(v, 3) != cases[i].good || (v->answered != 0) != cases[i].answered)
			fail_msg("case %zu", i);
		assert_true(rolls_at(r, 0) == v);
		assert_string_equal(v->number, "0574-65000000");
	}
	rolls_sum(r, T0, T0 + 60 * MIN, 3, &s);
	assert_int_equal(s.called, 8);
	assert_int_equal(s.reached, 6);
	assert_int_equal(s.in_time, 5);
	assert_int_equal(s.not_on_roster, 1);
	assert_int_equal(s.empty, 1);
	assert_int_equal(s.forwarded, 1);
	assert_int_equal(s.silent, 1);
	rolls_sum(r, T0 + 7 * MIN, T0 + 60 * MIN, 3, &s);
	assert_int_equal(s.called, 1);
	rolls_free(r);
}

/* Nothing of it is taken as a call that came to us, and what another station has rung is none of ours. */
static void
test_owed(void **state)
{
	struct rolls *r = rolls_new();
	struct msgid c = id_of("330200", 5), d = id_of("330200", 6);
	const struct roll_owed *o;

	(void)state;
	give(r, c, KIND_ROLLCALL, T0, call("330225", NULL, T0 + 5 * MIN));
	give(r, d, KIND_ROLLCALL, T0 + MIN, call("330225", NULL, 0));
	give(r, id_of("330200", 7), KIND_ROLLCALL, T0, phone("330225", OUTCOME_REACHED, 2, "李敏", 1));
	assert_int_equal(rolls_owed(r, &o), 2);
	assert_string_equal(o[0].from, "330200");
	assert_true(o[0].due == T0 + 5 * MIN && o[1].due == 0);
	assert_int_equal(rolls_count(r), 0);
	give(r, id_of("330225", 1), KIND_ROLLANSWER, T0 + 2 * MIN, answer(&c, "李敏", 1));
	assert_int_equal(rolls_owed(r, &o), 1);
	assert_int_equal(msgid_cmp(&o[0].id, &d), 0);
	rolls_free(r);
}

static void
test_draw(void **state)
{
	static const char *const codes[] = {"330225101", "330225102", "330225103", "330225105", "330225106", "330225203"};
	struct roll_candidate a[6], b[6];
	size_t differ = 0;

	(void)state;
	memset(a, 0, sizeof a);
	memset(b, 0, sizeof b);
	for (size_t i = 0; i < 6; i++) {
		snprintf(a[i].station, STATION_MAX, "%s", codes[i]);
		snprintf(b[5 - i].station, STATION_MAX, "%s", codes[i]);
	}
	a[3].silent = b[2].silent = true;	/* 330225105 */
	a[0].called = b[5].called = true;	/* 330225101 */
	a[0].silent = b[5].silent = true;
	roll_draw(a, 6, "330225", T0);
	roll_draw(b, 6, "330225", T0);
	for (size_t i = 0; i < 6; i++)
		assert_string_equal(a[i].station, b[i].station); /* whoever draws, in whatever order they stand */
	assert_string_equal(a[0].station, "330225105");
	assert_string_equal(a[5].station, "330225101");
	/* Another day meets others, sooner or later. */
	for (int day = 1; day < 8; day++) {
		roll_draw(b, 6, "330225", T0 + day * INT64_C(86400000));
		differ += strcmp(a[1].station, b[1].station) != 0;
	}
	assert_true(differ > 0);
}

static void
person(struct staff *s, uint64_t serial, const char *name, const char *unit)
{
	struct body *b = body_new();
	struct duty_msg m = {.id = id_of("330225", serial), .stored = T0, .kind = KIND_STAFF, .own = true, .body = b};

	body_set_num(b, F_KIND, KIND_STAFF);
	body_set_num(b, F_DUTY_STEP, DUTY_PERSON);
	body_set_text(b, F_PERSON, name);
	if (unit != NULL)
		body_add_text(b, F_REGARDING, unit, strlen(unit));
	staff_take(s, &m);
	body_free(b);
}

static void
test_check(void **state)
{
	struct duty d = {.staff = staff_new()};
	struct msgid c = id_of("330200", 5);
	struct fault f = {0};
	struct body *b;
	int64_t due;

	(void)state;
	/* No register: nothing is said, and what was typed is not believed. */
	b = answer(&c, "李敏", 1);
	body_set_num(b, F_KIND, KIND_ROLLANSWER);
	assert_int_equal(roll_check(&d, rules, T0, b, &f), 0);
	assert_null(body_first(b, F_ON_ROSTER));
	person(d.staff, 1, "李敏", NULL);
	person(d.staff, 2, "老丁", "330225203");
	assert_int_equal(roll_check(&d, rules, T0, b, &f), 0);
	assert_true(body_flag(b, F_ON_ROSTER));
	body_set_text(b, F_PERSON, "门卫");
	body_set_num(b, F_ON_ROSTER, 1);
	assert_int_equal(roll_check(&d, rules, T0, b, &f), 0);
	assert_non_null(body_first(b, F_ON_ROSTER));
	assert_false(body_flag(b, F_ON_ROSTER));
	body_unset(b, F_PERSON);
	assert_int_equal(roll_check(&d, rules, T0, b, &f), -1);
	assert_string_equal(f.field, "person");
	body_free(b);
	/* A call gets its limit. */
	b = call("330225101", NULL, 0);
	body_set_num(b, F_KIND, KIND_ROLLCALL);
	assert_int_equal(roll_check(&d, rules, T0, b, &f), 0);
	assert_true(body_time(b, F_DUE, &due));
	assert_true(due == T0 + rules_number(rules, NUMBER_ROLL_MINUTES) * MIN);
	body_set_num(b, F_RINGS, 3);
	assert_int_equal(roll_check(&d, rules, T0, b, &f), -1);
	assert_string_equal(f.field, "regarding");
	body_free(b);
	/* By telephone: our register of that station says it, unless the caller did. */
	b = phone("330225203", OUTCOME_REACHED, 2, "老丁", -1);
	body_set_num(b, F_KIND, KIND_ROLLCALL);
	assert_int_equal(roll_check(&d, rules, T0, b, &f), 0);
	assert_true(body_flag(b, F_ON_ROSTER));
	body_unset(b, F_ON_ROSTER);
	body_set_text(b, F_ANSWERED_BY, "李敏");	/* of another station */
	assert_int_equal(roll_check(&d, rules, T0, b, &f), 0);
	assert_non_null(body_first(b, F_ON_ROSTER));
	assert_false(body_flag(b, F_ON_ROSTER));
	body_unset(b, F_OUTCOME);
	assert_int_equal(roll_check(&d, rules, T0, b, &f), -1);
	assert_string_equal(f.field, "outcome");
	/* Reached, and nobody answered: no answer.  A call that reached nobody names nobody. */
	body_unset(b, F_ANSWERED_BY);
	body_unset(b, F_ON_ROSTER);
	body_set_num(b, F_OUTCOME, OUTCOME_REACHED);
	assert_int_equal(roll_check(&d, rules, T0, b, &f), -1);
	assert_string_equal(f.field, "answered_by");
	body_set_num(b, F_OUTCOME, OUTCOME_NO_ANSWER);
	assert_int_equal(roll_check(&d, rules, T0, b, &f), 0);
	body_free(b);
	staff_free(d.staff);
}

static int
load(void **state)
{
	char dir[256];
	struct fault f = {0};

	(void)state;
	log_init(LOG_LV_ERROR + 1, 2);
	return conf_dir(dir, sizeof dir, &f) == NULL || (rules = rules_load(dir, &f)) == NULL ? -1 : 0;
}

static int
unload(void **state)
{
	(void)state;
	rules_free(rules);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_over_the_switch),
	    cmocka_unit_test(test_no_register), cmocka_unit_test(test_by_telephone),
	    cmocka_unit_test(test_owed),
	    cmocka_unit_test(test_draw),
	    cmocka_unit_test(test_check),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
