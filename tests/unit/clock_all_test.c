/*
 * Every clock that ran, with what ended it (statistics, explain); 补报 and its window; what addressees owe, asked for one by one.  With the shipped
 * rules and the sample county's.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../../formats/buf.h"
#include "../../formats/conf.h"
#include "../../switch/clock.h"

#define TOWN "330225102"
#define COUNTY "330225"
#define CITY "330200"
#define MIN INT64_C(60000)
#define DAY INT64_C(86400000)
#define T0 INT64_C(1776510360000)	/* 2026-04-18 19:06 */

static struct rules *rules;
static struct fold_msg m[32];
static struct body *bodies[32];
static size_t n;
static struct owed_item got[64];
static size_t ngot;

static int
group_setup(void **state)
{
	struct fault f = { 0 };
	char conf[4096];

	(void)state;
	if (conf_dir(conf, sizeof conf, &f) == NULL || (rules = rules_load_profiles(conf, "xs-sample", &f)) == NULL)
		fail_msg("%s:%zu %s", f.file, f.line, f.text);
	return 0;
}

static int
reset(void **state)
{
	(void)state;
	for (size_t i = 0; i < n; i++)
		body_free(bodies[i]);
	n = ngot = 0;
	return 0;
}

static int
group_teardown(void **state)
{
	(void)reset(state);
	rules_free(rules);
	return 0;
}

static struct body *
put(const char *origin, int kind, int64_t stored, const char *to)
{
	struct body *b = body_new();

	assert_true(n < 32);
	m[n] = (struct fold_msg) { .id = { .epoch = 1, .serial = n + 1 }, .stored = stored, .body = b, .kind = kind };
	(void)snprintf(m[n].id.origin, STATION_MAX, "%s", origin);
	bodies[n++] = b;
	body_set_num(b, F_KIND, kind);
	body_set_id(b, F_INCIDENT, &m[0].id);
	body_set_num(b, F_ORDER, (int64_t)n);
	if (kind == KIND_REPORT)
		body_set_num(b, F_STAGE, STAGE_FIRST);
	if (kind == KIND_REPORT || kind == KIND_INTAKE)
		body_set_text(b, F_TYPE, "yjpt:12H00");
	if (to != NULL)
		body_add_text(b, F_TO, to, strlen(to));
	return b;
}

static struct body *
about(struct body *b, size_t of)
{
	body_add_id(b, F_REFS, &m[of].id);
	return b;
}

static struct body *
with(struct body *b, uint32_t key, int64_t number)
{
	struct figure f = { .q = FIG_EXACT, .n = number };

	body_add_figure(b, key, &f);
	return b;
}

static void
add(void *ctx, const struct owed_item *it)
{
	(void)ctx;
	assert_true(ngot < 64);
	got[ngot++] = *it;
}

static void
run(const char *self, const char *parent, const char *level)
{
	struct incident *inc = incident_fold(m, n);

	ngot = 0;
	clock_all(inc, self, parent, level, rules, add, NULL);
	incident_free(inc);
}

static const struct owed_item *
item(enum owed what, size_t nth)
{
	for (size_t i = 0; i < ngot; i++)
		if (got[i].what == what && got[i].scope == SCOPE_HOP && nth-- == 0)
			return &got[i];
	return NULL;
}

/* The night of S3, as the statistics see it. */
static void
test_met(void **state)
{
	struct body *b;
	const struct owed_item *it;

	(void)state;
	put("330225-gongan", KIND_REPORT, T0, COUNTY);
	body_set_num(about(put(COUNTY, KIND_RECEIPT, T0 + 2 * MIN, NULL), 0), F_ACT, ACT_SIGNED);
	b = put(COUNTY, KIND_OUTSIDE, T0 + 40 * MIN, CITY);
	body_set_num(b, F_CHANNEL, CHANNEL_PHONE);
	body_set_num(b, F_OUTCOME, OUTCOME_REACHED);
	body_set_time(b, F_DONE_AT, T0 + 27 * MIN);	/* telephoned 19:33, typed 19:46 */
	b = put(COUNTY, KIND_OUTSIDE, T0 + 62 * MIN, NULL);
	body_set_num(b, F_CHANNEL, CHANNEL_SYSTEM);
	body_set_text(b, F_SYSTEM, "ext:sheng");
	run(COUNTY, CITY, "county");
	it = item(OWED_REPORT_PHONE, 0);
	assert_non_null(it);
	assert_int_equal(it->met, T0 + 27 * MIN);	/* the declared instant, not that of typing */
	assert_true(it->met <= it->due);
	assert_string_equal(it->how, "telephone");
	assert_int_equal(it->met_by.serial, 3);
	it = item(OWED_REPORT_WRITTEN, 0);
	assert_non_null(it);
	assert_int_equal(it->met, T0 + 62 * MIN);
	assert_true(it->met > it->due);			/* two minutes late */
	assert_string_equal(it->how, "outside:ext:sheng");
	assert_int_equal(it->from, ORIGIN_LEARNED);
	assert_string_equal(it->rule, "K2-written-undetermined");
	it = item(OWED_READ, 0);
	assert_true(it != NULL && it->met == T0 + 2 * MIN);
	it = item(OWED_SIGN, 0);
	assert_true(it != NULL && it->met == T0 + 2 * MIN && it->met <= it->due);
	/* Telephoned before it was learned, by a slip of the pen: never earlier than the origin. */
	body_set_time(bodies[2], F_DONE_AT, T0 - 90 * MIN);
	run(COUNTY, CITY, "county");
	assert_int_equal(item(OWED_REPORT_PHONE, 0)->met, T0);
}

/* A raised grade leaves both clocks on record, each met by its own telling. */
static void
test_raised(void **state)
{
	const struct owed_item *it;

	(void)state;
	body_set_num(put(COUNTY, KIND_INTAKE, T0, NULL), F_GRADE, GRADE_III);
	put(COUNTY, KIND_REPORT, T0 + 20 * MIN, CITY);
	body_set_num(put(COUNTY, KIND_GRADE, T0 + 90 * MIN, NULL), F_GRADE, GRADE_I);
	run(COUNTY, CITY, "county");
	assert_int_equal(item(OWED_REPORT_WRITTEN, 0)->met, T0 + 20 * MIN);
	it = item(OWED_REPORT_WRITTEN, 1);
	assert_true(it != NULL && it->met == 0);
	assert_int_equal(it->origin, T0 + 90 * MIN);
	assert_int_equal(it->grade, GRADE_I);
	assert_int_equal(it->about.serial, 3);
	assert_null(item(OWED_REPORT_WRITTEN, 2));
	put(COUNTY, KIND_REPORT, T0 + 100 * MIN, CITY);
	run(COUNTY, CITY, "county");
	assert_int_equal(item(OWED_REPORT_WRITTEN, 1)->met, T0 + 100 * MIN);
	/* Asked about the town, which has nothing to do with it: nothing. */
	run(TOWN, COUNTY, "township");
	assert_int_equal(ngot, 0);
}

/* Another station's first word, of figures alone, raises it as soon as they are graver; the same or milder ones begin nothing. */
static void
test_raised_by_another(void **state)
{
	const struct owed_item *it;

	(void)state;
	body_set_num(with(put(COUNTY, KIND_INTAKE, T0, NULL), F_DEAD, 3), F_GRADE, GRADE_III);
	put(COUNTY, KIND_REPORT, T0 + 20 * MIN, CITY);
	with(put("330225-xiaofang", KIND_FEEDBACK, T0 + 40 * MIN, COUNTY), F_DEAD, 3);
	with(put("330225-weijian", KIND_FEEDBACK, T0 + 50 * MIN, COUNTY), F_DEAD, 2);
	with(put("330225-gongan", KIND_FEEDBACK, T0 + 90 * MIN, COUNTY), F_DEAD, 31);
	with(put(TOWN, KIND_REPORT, T0 + 95 * MIN, COUNTY), F_DEAD, 3);
	run(COUNTY, CITY, "county");
	it = item(OWED_REPORT_WRITTEN, 1);
	assert_true(it != NULL && it->met == 0);
	assert_int_equal(it->origin, T0 + 90 * MIN);
	assert_int_equal(it->grade, GRADE_I);
	assert_int_equal(it->about.serial, 5);
	assert_null(item(OWED_REPORT_WRITTEN, 2));
}

static bool
change(struct clock_change *c)
{
	struct incident *inc = incident_fold(m, n);
	bool found = clock_supplement(inc, COUNTY, CITY, "county", rules, c);

	incident_free(inc);
	return found;
}

static void
test_supplement(void **state)
{
	struct clock_change c;

	(void)state;
	body_set_time(with(put(COUNTY, KIND_INTAKE, T0, NULL), F_DEAD, 3), F_OCCURRED, T0 - 6 * MIN);
	body_set_num(put(COUNTY, KIND_REPORT, T0 + 60 * MIN, CITY), F_STAGE, STAGE_FINAL);
	assert_false(change(&c));
	with(put("330225-weijian", KIND_REPORT, T0 + 6 * DAY, COUNTY), F_DEAD, 4);
	assert_true(change(&c));
	assert_false(c.over);
	assert_int_equal(c.at, T0 + 6 * DAY);
	assert_int_equal(c.window, T0 - 6 * MIN + 7 * DAY);
	assert_string_equal(c.rule, "493-13-road");
	/* Reported: done.  One more after the window: nothing is owed, and it is said why. */
	with(put(COUNTY, KIND_REPORT, T0 + 6 * DAY + 60 * MIN, CITY), F_DEAD, 4);
	assert_false(change(&c));
	run(COUNTY, CITY, "county");
	assert_true(item(OWED_SUPPLEMENT, 0) != NULL && item(OWED_SUPPLEMENT, 0)->met == T0 + 6 * DAY + 60 * MIN);
	with(put("330225-weijian", KIND_REPORT, T0 + 8 * DAY, COUNTY), F_DEAD, 5);
	assert_true(change(&c));
	assert_true(c.over && c.clause[0] != '\0');
	run(COUNTY, CITY, "county");
	assert_null(item(OWED_SUPPLEMENT, 1));
}

static void
awaits(const struct clock_sent *sent)
{
	ngot = 0;
	clock_awaited(sent, "county", rules, add, NULL);
}

static const struct owed_item *
any(enum owed what)
{
	for (size_t i = 0; i < ngot; i++)
		if (got[i].what == what)
			return &got[i];
	return NULL;
}

static void
test_awaited(void **state)
{
	struct body *b = put(COUNTY, KIND_DIRECTIVE, T0, TOWN);
	struct clock_sent c = { .id = m[0].id, .sent = T0, .body = b, .to = TOWN };

	(void)state;
	awaits(&c);
	assert_int_equal(any(OWED_AWAIT_SIGN)->due, T0 + 10 * MIN);
	assert_int_equal(any(OWED_AWAIT_FEEDBACK)->due, T0 + 60 * MIN);
	assert_string_equal(any(OWED_AWAIT_SIGN)->towards, TOWN);
	assert_int_equal(any(OWED_AWAIT_SIGN)->from, ORIGIN_SENT);
	c.done = ACT_SIGNED;
	awaits(&c);
	assert_null(any(OWED_AWAIT_SIGN));
	c.promised = T0 + 30 * MIN;
	c.person = "周强";
	awaits(&c);
	assert_true(any(OWED_AWAIT_FEEDBACK)->promised);
	assert_int_equal(any(OWED_AWAIT_FEEDBACK)->due, T0 + 30 * MIN);
	assert_string_equal(any(OWED_AWAIT_FEEDBACK)->person, "周强");
	assert_false(clock_lapsed(any(OWED_AWAIT_FEEDBACK), T0 + 30 * MIN));
	assert_true(clock_lapsed(any(OWED_AWAIT_FEEDBACK), T0 + 30 * MIN + 1));
	c.finished = true;
	awaits(&c);
	assert_int_equal(ngot, 0);
	/* Somebody else's message, or one that history brought, awaits nothing. */
	c = (struct clock_sent) { .id = m[0].id, .sent = T0, .body = b, .to = "330226" };
	awaits(&c);
	assert_int_equal(ngot, 0);
	c.to = TOWN;
	body_set_num(b, F_HISTORY, 1);
	awaits(&c);
	assert_int_equal(ngot, 0);
}

static void
test_sent_back(void **state)
{
	(void)state;
	put(COUNTY, KIND_DIRECTIVE, T0, TOWN);
	body_set_num(about(put(TOWN, KIND_RECEIPT, T0 + MIN, COUNTY), 0), F_ACT, ACT_RETURNED);
	run(COUNTY, CITY, "county");
	assert_null(any(OWED_AWAIT_SIGN));
	assert_null(any(OWED_AWAIT_FEEDBACK));
}

static const struct owed_item *
of_grade(enum owed what, enum rule_scope scope, int grade)
{
	for (size_t i = 0; i < ngot; i++)
		if (got[i].what == what && got[i].scope == scope && got[i].grade == grade)
			return &got[i];
	return NULL;
}

/* A grade stated and lowered again: what it began is over, late where it was late by then, told where it was told. */
static void
test_lowered(void **state)
{
	const struct owed_item *it;
	struct body *b;

	(void)state;
	b = put(COUNTY, KIND_INTAKE, T0, NULL);
	body_set_time(b, F_LEARNED, T0);
	body_set_num(b, F_GRADE, GRADE_IV);
	b = put(COUNTY, KIND_GRADE, T0 + 25 * MIN, NULL);
	body_set_num(b, F_GRADE, GRADE_II);
	b = put(COUNTY, KIND_OUTSIDE, T0 + 30 * MIN, CITY);
	body_set_num(b, F_CHANNEL, CHANNEL_PHONE);
	body_set_time(b, F_DONE_AT, T0 + 30 * MIN);
	b = put(COUNTY, KIND_GRADE, T0 + 35 * MIN, NULL);
	body_set_num(b, F_GRADE, GRADE_IV);
	body_set_text(b, F_REASON, "误按");
	body_set_text(b, F_SIGNER, "赵");
	run(COUNTY, CITY, "county");
	it = of_grade(OWED_REPORT_PHONE, SCOPE_CHAIN, GRADE_II);	/* by 19:36, lowered at 19:41 */
	assert_true(it != NULL && it->met == 0 && it->ended == T0 + 35 * MIN && it->due == T0 + 30 * MIN);
	assert_int_equal(msgid_cmp(&it->ended_by, &m[3].id), 0);
	it = of_grade(OWED_REPORT_WRITTEN, SCOPE_CHAIN, GRADE_II);
	assert_true(it != NULL && it->ended != 0 && it->ended < it->due);
	it = of_grade(OWED_REPORT_PHONE, SCOPE_HOP, GRADE_II);
	assert_true(it != NULL && it->ended == 0 && it->met == T0 + 30 * MIN);
	it = of_grade(OWED_REPORT_WRITTEN, SCOPE_HOP, GRADE_II);
	assert_true(it != NULL && it->ended != 0 && it->met == 0);
	it = of_grade(OWED_REPORT_WRITTEN, SCOPE_HOP, GRADE_IV);
	assert_true(it != NULL && it->ended == 0 && it->met == 0 && it->due == T0 + 120 * MIN);
}

/* Sent in time and not there when the limit passes: called after at that limit, not an hour later. */
static void
test_undelivered(void **state)
{
	const struct owed_item *it;
	struct body *b;

	(void)state;
	b = put(COUNTY, KIND_INTAKE, T0, NULL);
	body_set_time(b, F_LEARNED, T0);
	body_set_num(b, F_GRADE, GRADE_III);
	b = put(COUNTY, KIND_REPORT, T0 + 20 * MIN, CITY);
	body_set_num(b, F_PRECEDENCE, PREC_PRIORITY);
	run(COUNTY, CITY, "county");
	it = item(OWED_REPORT_PHONE, 0);
	assert_true(it != NULL && it->met == T0 + 20 * MIN && it->due == T0 + 30 * MIN);
	it = item(OWED_AWAIT_SIGN, 0);
	assert_non_null(it);
	assert_int_equal(it->due, T0 + 30 * MIN);
	b = about(put(CITY, KIND_RECEIPT, T0 + 21 * MIN, COUNTY), 1);
	body_set_num(b, F_ACT, ACT_DELIVERED);
	run(COUNTY, CITY, "county");
	it = item(OWED_AWAIT_SIGN, 0);
	assert_non_null(it);
	assert_true(it->due > T0 + 30 * MIN);
	/* sent too late already: by its own limit */
	(void)reset(NULL);
	b = put(COUNTY, KIND_INTAKE, T0, NULL);
	body_set_time(b, F_LEARNED, T0);
	body_set_num(b, F_GRADE, GRADE_III);
	b = put(COUNTY, KIND_REPORT, T0 + 100 * MIN, CITY);
	body_set_num(b, F_PRECEDENCE, PREC_PRIORITY);
	run(COUNTY, CITY, "county");
	it = item(OWED_AWAIT_SIGN, 0);
	assert_true(it != NULL && it->due > T0 + 100 * MIN);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_met, reset),
		cmocka_unit_test_setup(test_raised, reset),
		cmocka_unit_test_setup(test_raised_by_another, reset),
		cmocka_unit_test_setup(test_supplement, reset),
		cmocka_unit_test_setup(test_awaited, reset),
		cmocka_unit_test_setup(test_sent_back, reset),
		cmocka_unit_test_setup(test_lowered, reset),
		cmocka_unit_test_setup(test_undelivered, reset),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
