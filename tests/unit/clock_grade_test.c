/*
 * The grade a clock runs by while nobody has stated one, and what outside channels settle: the shipped tables with
 * deadlines of our own in a temporary folder.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "../lib/confdir.h"
#include "../lib/rulesdir.h"
#include "../../formats/conf.h"
#include "../../switch/clock.h"

#define TOWN "330225102"
#define COUNTY "330225"
#define CITY "330200"
#define MIN 60000
#define T0 INT64_C(1763787393000)

static const char deadlines_tsv[] = "what\tlevel\tgrade\tprec\torigin\tminutes\tclause\tin_force_since\n"
				    "written\tcounty\tI\t*\tlearned\t10\tgrade I\t2007\n"
				    "written\tcounty\tII\t*\tlearned\t20\tgrade II\t2007\n"
				    "written\tcounty\tIII\t*\tlearned\t30\tgrade III\t2007\n"
				    "written\tcounty\tIV\t*\tlearned\t40\tgrade IV\t2007\n"
				    "written\tcounty\tundetermined\t*\tlearned\t35\tundetermined\t2007\n"
				    "phone\tcounty\t*\t*\tlearned\t5\tphone\t2007\n"
				    "read\t*\tII\t*\tdelivered\t3\tread II\t2007\n"
				    "read\t*\tundetermined\t*\tdelivered\t9\tread undetermined\t2007\n";

static char dir[CONFDIR_MAX];
static struct rules *rules;
static struct fold_msg m[8];
static struct body *bodies[8];
static size_t n;

static int
group_setup(void **state)
{
	struct fault f = { 0 };

	(void)state;
	assert_true(confdir_make(dir, "clock_grade_test", "rules"));
	confdir_put(dir, "rules", "deadlines", deadlines_tsv);
	assert_true(rulesdir_fill(dir));
	if ((rules = rules_load(dir, &f)) == NULL)
		fail_msg("%s:%zu %s", f.file, f.line, f.text);
	return 0;
}

static void
reset(void)
{
	for (size_t i = 0; i < n; i++)
		body_free(bodies[i]);
	n = 0;
}

static int
group_teardown(void **state)
{
	(void)state;
	reset();
	rules_free(rules);
	rulesdir_clear(dir);
	return confdir_remove(dir, "rules");
}

static struct body *
put(const char *origin, uint64_t serial, int kind, const char *to)
{
	struct body *b = body_new();
	struct msgid id = { .epoch = 1, .serial = serial }, inc = { .epoch = 1, .serial = 1 };

	assert_true(n < 8);
	snprintf(id.origin, sizeof id.origin, "%s", origin);
	snprintf(inc.origin, sizeof inc.origin, "%s", TOWN);
	body_set_num(b, F_KIND, kind);
	body_set_id(b, F_INCIDENT, &inc);
	if (kind == KIND_REPORT)
		body_set_num(b, F_STAGE, STAGE_FIRST);
	if (to != NULL)
		body_add_text(b, F_TO, to, strlen(to));
	bodies[n] = b;
	m[n] = (struct fold_msg) { .id = id, .stored = T0, .body = b };
	n++;
	return b;
}

static void
figure(struct body *b, uint32_t key, enum figure_q q, int64_t number)
{
	struct figure f = { .q = q, .n = number };

	body_add_figure(b, key, &f);
}

static struct owed_item got[16];
static size_t ngot;

static void
add(void *ctx, const struct owed_item *it)
{
	(void)ctx;
	assert_true(ngot < 16);
	got[ngot++] = *it;
}

static const struct owed_item *
item(enum owed what)
{
	for (size_t i = 0; i < ngot; i++)
		if (got[i].what == what)
			return &got[i];
	return NULL;
}

/* The grade the clock runs by. */
static int
run(void)
{
	struct incident *inc = incident_fold(m, n);
	int grade = clock_grade(inc, rules);

	ngot = 0;
	clock_owed(inc, COUNTY, CITY, "county", rules, add, NULL);
	incident_free(inc);
	return grade;
}

static void
test_grades(void **state)
{
	static const struct {
		const char *type;
		int64_t dead;		/* -1 unknown */
		bool rest;		/* everything else is known, and none */
		int stated, grade;
		int64_t minutes;
	} cases[] = {
	    {"yjpt:12G00", -1, false, 0, GRADE_UNDETERMINED, 35},	/* nothing proven: as the table says of undetermined */
	    {"yjpt:12G00", 3, true, 0, GRADE_III, 30},			/* known, but stated by nobody: the sooner of both */
	    {"yjpt:12G00", 1, true, 0, GRADE_IV, 35},			/* never laxer than undetermined */
	    {"yjpt:12G00", 3, false, 0, GRADE_II, 20},			/* III proven, more unknown: one step stricter */
	    {"yjpt:12G00", 10, false, 0, GRADE_I, 10},
	    {"yjpt:12G00", 30, false, 0, GRADE_I, 10},			/* there is nothing graver */
	    {"yjpt:12G00", 3, false, GRADE_UNDETERMINED, GRADE_II, 20},
	    {"yjpt:12G00", 3, false, GRADE_IV, GRADE_III, 30},		/* a word moves no limit that a number has set */
	    {"yjpt:12G00", 3, false, GRADE_III, GRADE_III, 30},		/* a person has spoken: no step stricter */
	    {"yjpt:12G00", 1, true, GRADE_I, GRADE_I, 10},
	    {"yjpt:11B00", 30, false, 0, GRADE_UNDETERMINED, 35},	/* no table for it: as before */
	    {NULL, 30, false, 0, GRADE_UNDETERMINED, 35},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		static const uint32_t others[] = {F_SERIOUS, F_MISSING, F_TRAPPED};
		struct body *b;
		int grade;

		reset();
		b = put(TOWN, 1, KIND_REPORT, COUNTY);
		body_set_text(b, F_TYPE, cases[i].type);
		figure(b, F_DEAD, cases[i].dead < 0 ? FIG_UNKNOWN : FIG_EXACT, cases[i].dead < 0 ? 0 : cases[i].dead);
		for (size_t k = 0; cases[i].rest && k < 3; k++)
			figure(b, others[k], FIG_EXACT, 0);
		if (cases[i].stated != 0)
			body_set_num(put(CITY, 2, KIND_GRADE, NULL), F_GRADE, cases[i].stated);
		grade = run();
		if (grade != cases[i].grade || item(OWED_REPORT_WRITTEN) == NULL ||
		    item(OWED_REPORT_WRITTEN)->due != T0 + cases[i].minutes * MIN)
			fail_msg("case %zu: grade %d, due after %lld", i, grade,
			    item(OWED_REPORT_WRITTEN) == NULL ? -1LL
							      : (long long)(item(OWED_REPORT_WRITTEN)->due - T0) / MIN);
	}
	/* what is received is read by the same grade */
	reset();
	figure(put(TOWN, 1, KIND_REPORT, COUNTY), F_DEAD, FIG_EXACT, 3);
	body_set_text(bodies[0], F_TYPE, "yjpt:12G00");
	(void)run();
	assert_int_equal(item(OWED_READ)->due, T0 + 3 * MIN);
	assert_string_equal(item(OWED_READ)->clause, "read II");
}

static void
test_outside(void **state)
{
	static const struct {
		int channel;
		const char *to;
		int outcome;
		bool phone, written;
	} cases[] = {
	    {CHANNEL_PHONE, CITY, 0, true, false},
	    {CHANNEL_PHONE, CITY, OUTCOME_REACHED, true, false},
	    {CHANNEL_PHONE, CITY, OUTCOME_NO_ANSWER, false, false},
	    {CHANNEL_PHONE, CITY, OUTCOME_BUSY, false, false},
	    {CHANNEL_PHONE, "330226", 0, false, false},
	    {CHANNEL_FAX, CITY, 0, true, true},
	    {CHANNEL_NET, CITY, 0, true, true},
	    {CHANNEL_SYSTEM, CITY, 0, true, true},
	    {CHANNEL_PAPER, CITY, 0, true, true},
	    {CHANNEL_CLASSIFIED, CITY, 0, true, true},
	    {CHANNEL_SMS, CITY, 0, true, false},
	    {CHANNEL_RADIO, CITY, 0, true, false},
	    {CHANNEL_VISIT, CITY, 0, true, false},
	    {CHANNEL_MEDIA, CITY, 0, false, false},
	    {CHANNEL_PATROL, CITY, 0, false, false},
	    {CHANNEL_SYSTEM, NULL, 0, false, false},
	    {4711, CITY, 0, false, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct body *b;

		reset();
		put(TOWN, 1, KIND_REPORT, COUNTY);
		b = put(COUNTY, 2, KIND_OUTSIDE, cases[i].to);
		body_set_num(b, F_CHANNEL, cases[i].channel);
		if (cases[i].outcome != 0)
			body_set_num(b, F_OUTCOME, cases[i].outcome);
		(void)run();
		if ((item(OWED_REPORT_PHONE) == NULL) != cases[i].phone ||
		    (item(OWED_REPORT_WRITTEN) == NULL) != cases[i].written)
			fail_msg("case %zu", i);
	}
	/* named, not addressed: a stub goes to nobody through here */
	reset();
	put(TOWN, 1, KIND_REPORT, COUNTY);
	body_set_num(put(COUNTY, 2, KIND_OUTSIDE, NULL), F_CHANNEL, CHANNEL_CLASSIFIED);
	body_add_text(bodies[1], F_REGARDING, CITY, strlen(CITY));
	(void)run();
	assert_null(item(OWED_REPORT_WRITTEN));
	/* a call to the endpoint of a chain is no call to the next level, whoever is sent the entry */
	for (int named = 0; named < 2; named++) {
		reset();
		put(TOWN, 1, KIND_REPORT, COUNTY);
		body_set_num(put(COUNTY, 2, KIND_OUTSIDE, named == 1 ? CITY : NULL), F_CHANNEL, CHANNEL_PHONE);
		body_set_text(bodies[1], F_SYSTEM, "ext:guojia");
		(void)run();
		assert_non_null(item(OWED_REPORT_PHONE));
	}
	/* another's entry is not ours */
	reset();
	put(TOWN, 1, KIND_REPORT, COUNTY);
	body_set_num(put(TOWN, 2, KIND_OUTSIDE, CITY), F_CHANNEL, CHANNEL_FAX);
	(void)run();
	assert_non_null(item(OWED_REPORT_WRITTEN));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_grades), cmocka_unit_test(test_outside)};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
