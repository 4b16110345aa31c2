/* Timeliness of stations: incidents made by hand, the shipped rules. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../../formats/conf.h"
#include "../../switch/stats.h"

#define TOWN "330225102"
#define COUNTY "330225"
#define MIN INT64_C(60000)
#define T0 (INT64_C(1785542400000) + 30 * MIN)	/* 2026-08-01 08:30 in China */
#define AUGUST_FROM INT64_C(1785513600000)
#define AUGUST_TO INT64_C(1788192000000)

static struct rules *rules;
static struct fold_msg m[32];
static size_t n;
static struct stats *st;
static int64_t arrived_at, signed_at;

static int
setup(void **state)
{
	struct fault f = {0};
	char conf[4096];

	(void)state;
	assert_non_null(conf_dir(conf, sizeof conf, &f));
	if ((rules = rules_load_profiles(conf, "county-towns", &f)) == NULL)
		fail_msg("%s:%zu %s", f.file, f.line, f.text);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	rules_free(rules);
	return 0;
}

static struct msgid
id_of(const char *origin, uint64_t serial)
{
	struct msgid id;

	memset(&id, 0, sizeof id);
	(void)snprintf(id.origin, sizeof id.origin, "%s", origin);
	id.epoch = 1;
	id.serial = serial;
	return id;
}

static struct body *
say(const char *origin, uint64_t serial, int kind, int64_t written, int64_t stored)
{
	struct msgid inc = id_of(TOWN, 1);
	union { const struct body *c; struct body *b; } u;
	struct body *b = body_new();

	assert_true(n < 32);
	body_set_num(b, F_KIND, kind);
	body_set_id(b, F_INCIDENT, &inc);
	body_set_time(b, F_WRITTEN, written);
	m[n].id = id_of(origin, serial);
	m[n].stored = stored;
	u.b = b;
	m[n++].body = u.c;
	return b;
}

/* The town learned at T0; its report, with the instants in minutes after that (-1: none). */
static void
report(int drafted, int signed_, int sent)
{
	struct body *b = say(TOWN, 2, KIND_REPORT, T0 + sent * MIN, T0 + sent * MIN + 5000);

	body_set_num(b, F_STAGE, STAGE_FIRST);
	body_add_text(b, F_TO, COUNTY, strlen(COUNTY));
	body_set_text(b, F_TYPE, "yjpt:12G00");
	if (drafted >= 0)
		body_set_time(b, F_DRAFTED, T0 + drafted * MIN);
	if (signed_ >= 0)
		body_set_time(b, F_SIGNED_AT, T0 + signed_ * MIN);
}

static void
begin(void)
{
	struct body *b;

	n = 0;
	arrived_at = signed_at = 0;
	b = say(TOWN, 1, KIND_INTAKE, T0 + MIN, T0 + MIN);
	body_set_time(b, F_LEARNED, T0);
	body_set_time(b, F_OCCURRED, T0 - 10 * MIN);
	st = stats_new(AUGUST_FROM, AUGUST_TO, T0 + 10 * 24 * 60 * MIN);
}

static void
arrival(void *ctx, const struct msgid *id, int64_t *arrived, int64_t *signed_for)
{
	(void)ctx;
	(void)id;
	*arrived = arrived_at;
	*signed_for = signed_at;
}

static struct stats_station *
count(void)
{
	struct stats_view v = {.station = TOWN, .parent = COUNTY, .level = "township", .rules = rules, .arrival = arrival};
	struct incident *inc = incident_fold(m, n);

	stats_incident(st, inc, &v);
	incident_free(inc);
	return stats_of(st, TOWN);
}

static void
end(void)
{
	for (size_t i = 0; i < n; i++) {
		union { const struct body *c; struct body *b; } u = {.c = m[i].body};

		body_free(u.b);
	}
	stats_free(st);
	n = 0;
}

static size_t
cases(const struct stats_station *s, enum owed what, const struct stats_case **out)
{
	size_t k = 0;

	for (size_t i = 0; i < s->ncases; i++)
		if (s->cases[i].it.what == what) {
			*out = &s->cases[i];
			k++;
		}
	return k;
}

/* 乡镇 20 minutes by telephone, 40 in writing. */
static void
in_time(void **state)
{
	struct stats_station *s;

	(void)state;
	begin();
	report(8, 12, 15);
	arrived_at = T0 + 15 * MIN + 5000;
	signed_at = T0 + 17 * MIN;
	s = count();
	assert_int_equal(s->intakes, 1);
	assert_int_equal(s->late + s->omitted + s->excused, 0);
	assert_int_equal(stats_median(&s->first[0]), 15 * MIN);
	assert_int_equal(stats_median(&s->first[1]), 25 * MIN);
	assert_int_equal(stats_median(&s->draft), 8 * MIN);
	assert_int_equal(stats_median(&s->approve), 4 * MIN);
	assert_int_equal(stats_median(&s->carry), 5000);
	assert_int_equal(stats_median(&s->sign), 2 * MIN - 5000);
	assert_int_equal(s->hours[0][8], 1);
	end();
}

/* A leader's 33 minutes are his: 8 to the draft, 33 to the signature, 41 in all. */
static void
leader_is_charged(void **state)
{
	const struct stats_case *c = NULL;
	struct stats_station *s;

	(void)state;
	begin();
	report(8, 41, 41);
	{	/* the telephone was in time: it needs no signature */
		union { const struct body *c; struct body *b; } u = {.c = m[0].body};

		body_set_time(u.b, F_TELEPHONED, T0 + 10 * MIN);
	}
	s = count();
	assert_int_equal(cases(s, OWED_REPORT_WRITTEN, &c), 1);
	assert_int_equal(c->late, 1 * MIN);
	assert_int_equal(c->approve, 33 * MIN);
	assert_int_equal(c->charge, STATS_LEADER);
	assert_int_equal(c->state, STATS_LATE);
	assert_int_equal(s->late, 1);
	assert_int_equal(s->by_leader, 1);
	end();
}

static void
clerk_is_charged(void **state)
{
	const struct stats_case *c = NULL;
	struct stats_station *s;

	(void)state;
	begin();
	report(55, 57, 58);
	s = count();
	assert_int_equal(cases(s, OWED_REPORT_WRITTEN, &c), 1);
	assert_int_equal(c->charge, STATS_CLERK);
	assert_int_equal(s->by_leader, 0);
	end();
}

/* Sent in time and brought late by the line is not late at all: the clock ends with the sending. */
static void
line_is_not_lateness(void **state)
{
	const struct stats_case *c = NULL;
	struct stats_station *s;

	(void)state;
	begin();
	report(8, 12, 15);
	arrived_at = T0 + 300 * MIN;
	s = count();
	assert_int_equal(cases(s, OWED_REPORT_WRITTEN, &c), 0);
	assert_int_equal(stats_median(&s->carry), 285 * MIN);
	end();
}

static void
untold_is_not_late(void **state)
{
	const struct stats_case *c = NULL;
	struct stats_station *s;

	(void)state;
	begin();
	s = count();
	assert_int_equal(s->late, 0);
	assert_int_equal(s->omitted, 1);	/* one incident, though both its clocks ran over */
	assert_int_equal(cases(s, OWED_REPORT_WRITTEN, &c), 1);
	assert_int_equal(c->state, STATS_OMITTED);
	end();
}

/* A correction is counted, and against nobody. */
static void
corrections(void **state)
{
	struct stats_station *s;
	struct msgid of = id_of(TOWN, 2);
	struct body *b;

	(void)state;
	begin();
	report(8, 12, 15);
	b = say(TOWN, 3, KIND_REPORT, T0 + 90 * MIN, T0 + 90 * MIN);
	body_set_num(b, F_STAGE, STAGE_CORRECTION);
	body_add_id(b, F_REFS, &of);
	body_add_text(b, F_TO, COUNTY, strlen(COUNTY));
	s = count();
	assert_int_equal(s->corrected, 1);
	assert_int_equal(s->late + s->omitted, 0);
	end();
}

/* Only the superior's word excuses; a word on one's own explanation is none. */
static void
explanations(void **state)
{
	static const struct { const char *judge; int confirmed; size_t excused; } table[] = {
	    {NULL, 0, 0}, {TOWN, 1, 0}, {COUNTY, 0, 0}, {COUNTY, 1, 1}};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		struct msgid why = id_of(TOWN, 9), word, of = id_of(TOWN, 2);
		const struct stats_case *c = NULL;
		struct stats_station *s;
		struct body *b;

		begin();
		report(55, 57, 58);
		b = body_new();
		body_add_id(b, F_REFS, &of);
		body_set_text(b, F_TEXT, "断网27分");
		body_set_num(b, F_CHARGE, CHARGE_LINK);
		stats_explain(st, &why, b);
		body_free(b);
		if (table[i].judge != NULL) {
			word = id_of(table[i].judge, 10);
			b = body_new();
			body_add_id(b, F_REFS, &why);
			body_set_num(b, F_CONFIRMED, table[i].confirmed);
			stats_explain(st, &word, b);
			body_free(b);
		}
		s = count();
		assert_int_equal(cases(s, OWED_REPORT_WRITTEN, &c), 1);
		assert_non_null(c->why);
		assert_string_equal(c->why->text, "断网27分");
		assert_int_equal(c->explained == STATS_ACCEPTED, table[i].excused == 1);
		assert_int_equal(s->excused >= 1, table[i].excused == 1);
		end();
	}
}

/* It said nothing until it was asked: no lateness, and counted apart. */
static void
asked(void **state)
{
	struct stats_station *s;
	struct body *b;

	(void)state;
	begin();
	m[0].stored = T0 + 19 * MIN;
	{
		union { const struct body *c; struct body *b; } u = {.c = m[0].body};

		body_set_time(u.b, F_WRITTEN, T0 + 19 * MIN);
		body_set_time(u.b, F_TELEPHONED, T0 + 19 * MIN);
	}
	b = say(COUNTY, 1, KIND_DIRECTIVE, T0 + 6 * MIN, T0 + 6 * MIN);
	body_add_text(b, F_TO, TOWN, strlen(TOWN));
	body_set_text(b, F_TEXT, "核查");
	report(20, 21, 22);
	s = count();
	assert_int_equal(s->asked, 1);
	assert_int_equal(s->late + s->omitted, 0);
	end();
}

/* A report from below on which nothing is owed upwards: delivered here it is learned of here, and nowhere else. */
static void
delivered_is_learned(void **state)
{
	(void)state;
	for (int here = 0; here < 2; here++) {
		struct stats_view v = {.station = COUNTY, .parent = "", .level = "county", .rules = rules, .arrival = arrival, .here = here == 1};
		struct incident *inc;

		begin();
		report(8, 12, 15);
		inc = incident_fold(m, n);
		stats_incident(st, inc, &v);
		incident_free(inc);
		assert_int_equal(stats_of(st, COUNTY)->intakes, here);
		assert_int_equal(stats_of(st, COUNTY)->late + stats_of(st, COUNTY)->omitted, 0);
		end();
	}
}

/* What sounds at once is one ring; the screen alone is none. */
static void
rings(void **state)
{
	static const struct { int64_t at; int prec; unsigned by; bool rang; } table[] = {
	    {T0, PREC_FLASH, CHASE_BY_SCREEN, false}, {T0, PREC_FLASH, CHASE_BY_BELL, true}, {T0 + 400, PREC_FLASH, CHASE_BY_PHONE, false},
	    {T0 + 500, PREC_ROUTINE, CHASE_BY_SMS, true}, {T0 + 999, PREC_FLASH, CHASE_BY_BELL, false},
	    {T0 + 1000, PREC_FLASH, CHASE_BY_BELL | CHASE_BY_SCREEN, true}, {T0 + 2000, PREC_ROUTINE, CHASE_BY_MESSAGE, false},
	    {T0 + 2001, PREC_ROUTINE, CHASE_BY_MESSAGE | CHASE_BY_PHONE, true}, {T0 + 2002, 0, CHASE_BY_BELL, false}};
	struct stats_ring last = {0, 0};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
		if (stats_ring(&last, table[i].at, table[i].prec, table[i].by) != table[i].rang)
			fail_msg("row %zu", i);
}

static void
months(void **state)
{
	static const struct { const char *text; bool good; int64_t days; } table[] = {{"2026-08", true, 31}, {"2026-12", true, 31},
	    {"2024-02", true, 29}, {"2026-02", true, 28}, {"2100-02", true, 28}, {"2026-13", false, 0}, {"2026-00", false, 0}, {"2026-8", false, 0},
	    {"202608", false, 0}, {"", false, 0}, {"2026-1x", false, 0}};
	int64_t from, to;

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		assert_int_equal(stats_month(table[i].text, &from, &to), table[i].good);
		if (table[i].good)
			assert_int_equal((to - from) / 86400000, table[i].days);
	}
	assert_true(stats_month("2026-08", &from, &to));
	assert_int_equal(from, AUGUST_FROM);
	assert_int_equal(to, AUGUST_TO);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(months), cmocka_unit_test(in_time), cmocka_unit_test(leader_is_charged),
	    cmocka_unit_test(clerk_is_charged), cmocka_unit_test(line_is_not_lateness), cmocka_unit_test(untold_is_not_late),
	    cmocka_unit_test(corrections), cmocka_unit_test(explanations), cmocka_unit_test(asked), cmocka_unit_test(delivered_is_learned),
	    cmocka_unit_test(rings)};

	return cmocka_run_group_tests(tests, setup, teardown);
}
