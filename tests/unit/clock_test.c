/* What is owed: a table of rules of our own in a temporary folder, incidents made by hand. */
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
#include "../../formats/buf.h"
#include "../../formats/rules.h"
#include "../../switch/clock.h"

#define TOWN "330225102"
#define COUNTY "330225"
#define CITY "330200"
#define MIN 60000
#define T0 INT64_C(1763787393000)

static const char precedence_tsv[] = "kind\tstage\tact\tgrade\tcolour\tprecedence\tclause\n"
				     "warning\t*\t*\t*\tred\tflash\tx\n"
				     "directive\t*\t*\t*\t*\turgent\tx\n"
				     "*\t*\t*\t*\t*\tpriority\tx\n";
static const char deadlines_tsv[] = "what\tlevel\tgrade\tprec\torigin\tminutes\tclause\tin_force_since\n"
				    "phone\tcounty\t*\t*\tlearned\t20\tphone rule\t2007\n"
				    "written\tcounty\t*\t*\tlearned\t120\twritten rule\t2007\n"
				    "written\tcounty\tI\t*\toccurred\t60\tchain rule\t2015\n"
				    "read\t*\t*\tflash\tdelivered\t5\tread flash\t2007\n"
				    "read\t*\t*\t*\tdelivered\t30\tread rule\t2007\n"
				    "sign\t*\t*\t*\tdelivered\t60\tsign rule\t2007\n"
				    "feedback\t*\t*\t*\tdelivered\t90\tfeedback rule\t2007\n";

static char dir[CONFDIR_MAX];
static struct rules *rules;
static struct fold_msg m[32];
static struct body *bodies[32];
static size_t n;

static int
group_setup(void **state)
{
	struct fault f = { 0 };

	(void)state;
	assert_true(confdir_make(dir, "clock_test", "rules"));
	confdir_put(dir, "rules", "precedence", precedence_tsv);
	confdir_put(dir, "rules", "deadlines", deadlines_tsv);
	assert_true(rulesdir_fill(dir));
	rules = rules_load(dir, &f);
	if (rules == NULL)
		fail_msg("%s:%zu %s", f.file, f.line, f.text);
	return 0;
}

static void
reset(void)
{
	for (size_t i = 0; i < n; i++)
		body_free(bodies[i]);
	memset(m, 0, sizeof m);
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

static struct msgid
mkid(const char *origin, uint64_t serial)
{
	struct msgid id;

	memset(&id, 0, sizeof id);
	snprintf(id.origin, sizeof id.origin, "%s", origin);
	id.epoch = 1;
	id.serial = serial;
	return id;
}

static const char *opener = TOWN;

static struct body *
put(const char *origin, uint64_t serial, int kind, int64_t stored, const char *to)
{
	struct msgid id = mkid(origin, serial), inc = mkid(opener, 1);
	struct body *b = body_new();

	assert_true(n < 32);
	body_set_num(b, F_KIND, kind);
	body_set_id(b, F_INCIDENT, &inc);
	if (kind == KIND_REPORT)
		body_set_num(b, F_STAGE, STAGE_FIRST);
	if (to != NULL)
		body_add_text(b, F_TO, to, strlen(to));
	bodies[n] = b;
	m[n].id = id;
	m[n].stored = stored;
	m[n++].body = b;
	return b;
}

static struct body *
refers(struct body *b, const char *origin, uint64_t serial)
{
	struct msgid id = mkid(origin, serial);

	body_add_id(b, F_REFS, &id);
	return b;
}

static void
receipt(const char *origin, uint64_t serial, int act, const char *of, uint64_t which)
{
	body_set_num(refers(put(origin, serial, KIND_RECEIPT, T0, of), of, which), F_ACT, act);
}

static struct owed_item got[32];
static size_t ngot;

static void
add(void *ctx, const struct owed_item *it)
{
	(void)ctx;
	assert_true(ngot < 32);
	got[ngot++] = *it;
}

static void
owed(const char *self, const char *parent, const char *level)
{
	struct incident *inc = incident_fold(m, n);

	ngot = 0;
	clock_owed(inc, self, parent, level, rules, add, NULL);
	incident_free(inc);
}

static const struct owed_item *
item(enum owed what)
{
	for (size_t i = 0; i < ngot; i++)
		if (got[i].what == what)
			return &got[i];
	return NULL;
}

static void
test_received_report(void **state)
{
	const struct owed_item *it;

	(void)state;
	reset();
	opener = TOWN;
	put(TOWN, 2, KIND_REPORT, T0, COUNTY);
	owed(COUNTY, CITY, "county");
	assert_int_equal(ngot, 4);
	it = item(OWED_REPORT_PHONE);
	assert_non_null(it);
	assert_int_equal(it->origin, T0);
	assert_int_equal(it->due, T0 + 20 * MIN);
	assert_string_equal(it->clause, "phone rule");
	assert_string_equal(it->towards, CITY);
	assert_int_equal(it->about.serial, 2);
	assert_int_equal(item(OWED_REPORT_WRITTEN)->due, T0 + 120 * MIN);
	assert_int_equal(item(OWED_READ)->due, T0 + 30 * MIN);
	assert_string_equal(item(OWED_READ)->towards, TOWN);
	assert_int_equal(item(OWED_SIGN)->due, T0 + 60 * MIN);

	/* An intake of our own later on moves nothing; one that says we knew earlier does. */
	body_set_time(put(COUNTY, 1, KIND_INTAKE, T0 + 5 * MIN, NULL), F_LEARNED, T0 + 4 * MIN);
	owed(COUNTY, CITY, "county");
	assert_int_equal(item(OWED_REPORT_PHONE)->origin, T0);
	body_set_time(bodies[1], F_LEARNED, T0 - 10 * MIN);
	owed(COUNTY, CITY, "county");
	assert_int_equal(item(OWED_REPORT_PHONE)->due, T0 + 10 * MIN);

	/* Telephoned: that clock stops, the written one runs. */
	body_set_time(bodies[1], F_TELEPHONED, T0 + 6 * MIN);
	owed(COUNTY, CITY, "county");
	assert_null(item(OWED_REPORT_PHONE));
	assert_non_null(item(OWED_REPORT_WRITTEN));
	body_unset(bodies[1], F_TELEPHONED);

	/* Reported elsewhere: not to the parent.  Reported to the parent: both stop. */
	put(COUNTY, 2, KIND_REPORT, T0 + 7 * MIN, "330226");
	owed(COUNTY, CITY, "county");
	assert_non_null(item(OWED_REPORT_WRITTEN));
	body_add_text(bodies[2], F_CC, CITY, strlen(CITY));
	owed(COUNTY, CITY, "county");
	assert_null(item(OWED_REPORT_WRITTEN));
	assert_null(item(OWED_REPORT_PHONE));
	/* Recalled: it runs again. */
	body_set_num(refers(put(COUNTY, 3, KIND_REPORT, T0 + 8 * MIN, CITY), COUNTY, 2), F_STAGE, STAGE_WITHDRAWAL);
	owed(COUNTY, CITY, "county");
	assert_non_null(item(OWED_REPORT_WRITTEN));
}

static void
test_whose_report(void **state)
{
	static const struct { const char *from, *to, *opener; bool history, owed; } cases[] = {
		{ TOWN, COUNTY, TOWN, false, true },
		{ "330225-gongan", COUNTY, "330225-gongan", false, true },	/* an organ of our place */
		{ "330225102-gongan", COUNTY, "330225102-gongan", false, true },
		{ "x-scenic", COUNTY, "x-scenic", false, true },		/* private code */
		{ TOWN, CITY, TOWN, false, false },				/* not addressed to us */
		{ CITY, COUNTY, CITY, false, false },				/* from above */
		{ "330000", COUNTY, "330000", false, false },
		{ "330226", COUNTY, "330226", false, false },			/* the neighbour reports himself */
		{ "330226102", COUNTY, "330226102", false, false },
		{ TOWN, COUNTY, CITY, false, false },				/* the parent has opened it */
		{ TOWN, COUNTY, TOWN, true, false },
	};

	(void)state;
	for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
		reset();
		opener = cases[c].opener;
		put(cases[c].from, 5, KIND_REPORT, T0, cases[c].to);
		if (cases[c].history)
			body_set_num(bodies[0], F_HISTORY, 1);
		owed(COUNTY, CITY, "county");
		if ((item(OWED_REPORT_WRITTEN) != NULL) != cases[c].owed)
			fail_msg("case %zu: report of %s", c, cases[c].from);
	}
	opener = TOWN;
	/* Nobody above: nothing upwards, the rest as ever. */
	reset();
	put(COUNTY, 5, KIND_REPORT, T0, CITY);
	owed(CITY, "", "city");
	assert_null(item(OWED_REPORT_PHONE));
	assert_null(item(OWED_REPORT_WRITTEN));
	assert_non_null(item(OWED_SIGN));
}

static void
test_own_intake(void **state)
{
	(void)state;
	reset();
	opener = COUNTY;
	body_set_time(put(COUNTY, 1, KIND_INTAKE, T0, NULL), F_LEARNED, T0 - 3 * MIN);
	body_set_time(bodies[0], F_OCCURRED, T0 - 30 * MIN);
	owed(COUNTY, CITY, "county");
	assert_int_equal(ngot, 2);
	assert_int_equal(item(OWED_REPORT_WRITTEN)->due, T0 + 117 * MIN);
	/* Grade I: the chain clock from the event itself. */
	body_set_num(bodies[0], F_GRADE, GRADE_I);
	owed(COUNTY, CITY, "county");
	assert_int_equal(item(OWED_REPORT_WRITTEN)->origin, T0 - 30 * MIN);
	assert_int_equal(item(OWED_REPORT_WRITTEN)->due, T0 + 30 * MIN);
	assert_string_equal(item(OWED_REPORT_WRITTEN)->clause, "chain rule");
	assert_int_equal(item(OWED_REPORT_PHONE)->origin, T0 - 3 * MIN);
	/* An event that claims to lie after its own report moves nothing. */
	body_set_time(bodies[0], F_OCCURRED, T0 + 300 * MIN);
	owed(COUNTY, CITY, "county");
	assert_int_equal(item(OWED_REPORT_WRITTEN)->origin, T0 - 3 * MIN);
	/* No rule for this level: nothing. */
	owed(COUNTY, CITY, "province");
	assert_int_equal(ngot, 0);
	/* Another channel is a ledger entry: a telephone one stops the one clock, a fax both. */
	body_set_num(put(COUNTY, 2, KIND_OUTSIDE, T0, CITY), F_CHANNEL, CHANNEL_PHONE);
	owed(COUNTY, CITY, "county");
	assert_null(item(OWED_REPORT_PHONE));
	assert_non_null(item(OWED_REPORT_WRITTEN));
	body_set_num(bodies[1], F_CHANNEL, CHANNEL_FAX);
	owed(COUNTY, CITY, "county");
	assert_int_equal(ngot, 0);
}

static void
test_receipts(void **state)
{
	static const struct { int kind; bool ring, read, sign; } kinds[] = {
		{ KIND_REPORT, false, true, true },
		{ KIND_GRADE, false, true, true },
		{ KIND_DIRECTIVE, false, true, true },
		{ KIND_FEEDBACK, false, true, false },
		{ KIND_WARNING, false, false, false },
		{ KIND_WARNING, true, true, true },
		{ KIND_RECEIPT, false, false, false },
		{ KIND_LOG, false, false, false },
	};
	static const struct {
		int act;
		bool read, sign;
	} acts[] = {{ACT_DELIVERED, true, true}, {ACT_READ, false, true}, {ACT_SIGNED, false, false},
	    {ACT_TAKEN, false, false}, {ACT_RETURNED, false, false}};

	(void)state;
	opener = CITY;
	for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
		reset();
		put(CITY, 2, kinds[k].kind, T0, COUNTY);
		if (kinds[k].ring)
			body_set_num(bodies[0], F_RING, 1);
		owed(COUNTY, CITY, "county");
		if ((item(OWED_READ) != NULL) != kinds[k].read || (item(OWED_SIGN) != NULL) != kinds[k].sign)
			fail_msg("kind %d", kinds[k].kind);
	}
	for (size_t a = 0; a < sizeof acts / sizeof acts[0]; a++) {
		reset();
		put(CITY, 2, KIND_GRADE, T0, COUNTY);
		receipt(COUNTY, 9, acts[a].act, CITY, 2);
		receipt("330226", 9, ACT_TAKEN, CITY, 2);	/* another's receipt is not ours */
		receipt(COUNTY, 10, ACT_TAKEN, CITY, 3);	/* ours for something else */
		owed(COUNTY, CITY, "county");
		if ((item(OWED_READ) != NULL) != acts[a].read || (item(OWED_SIGN) != NULL) != acts[a].sign)
			fail_msg("act %d", acts[a].act);
	}
	/* Not addressed to us, recalled, corrected: nothing; the correction itself is to be signed for. */
	reset();
	put(CITY, 2, KIND_GRADE, T0, TOWN);
	owed(COUNTY, CITY, "county");
	assert_int_equal(ngot, 0);
	reset();
	put(CITY, 2, KIND_REPORT, T0, COUNTY);
	body_set_num(refers(put(CITY, 3, KIND_REPORT, T0, COUNTY), CITY, 2), F_STAGE, STAGE_WITHDRAWAL);
	owed(COUNTY, CITY, "county");
	assert_int_equal(ngot, 0);
	body_set_num(bodies[1], F_STAGE, STAGE_CORRECTION);
	owed(COUNTY, CITY, "county");
	assert_int_equal(ngot, 2);
	assert_int_equal(got[0].about.serial, 3);
	/* The more urgent, the sooner. */
	reset();
	put(CITY, 2, KIND_WARNING, T0, COUNTY);
	body_set_num(bodies[0], F_RING, 1);
	body_set_num(bodies[0], F_COLOUR, COLOUR_RED);
	owed(COUNTY, CITY, "county");
	assert_int_equal(item(OWED_READ)->due, T0 + 5 * MIN);
}

static void
test_feedback(void **state)
{
	(void)state;
	reset();
	opener = CITY;
	put(CITY, 2, KIND_DIRECTIVE, T0, COUNTY);
	receipt(COUNTY, 1, ACT_SIGNED, CITY, 2);
	owed(COUNTY, CITY, "county");
	assert_int_equal(ngot, 1);
	assert_int_equal(item(OWED_FEEDBACK)->due, T0 + 90 * MIN);
	assert_string_equal(item(OWED_FEEDBACK)->clause, "feedback rule");
	body_set_time(bodies[0], F_DUE, T0 + 15 * MIN);
	owed(COUNTY, CITY, "county");
	assert_int_equal(item(OWED_FEEDBACK)->due, T0 + 15 * MIN);
	assert_string_equal(item(OWED_FEEDBACK)->clause, "");
	refers(put(COUNTY, 2, KIND_FEEDBACK, T0, CITY), CITY, 3);	/* to another directive */
	owed(COUNTY, CITY, "county");
	assert_int_equal(ngot, 1);
	refers(put(COUNTY, 3, KIND_FEEDBACK, T0, CITY), CITY, 2);
	owed(COUNTY, CITY, "county");
	assert_int_equal(ngot, 0);
	/* 接办 names the time of the next feedback: owed until feedback follows, whatever was taken on. */
	reset();
	opener = TOWN;
	body_set_num(put(TOWN, 2, KIND_REPORT, T0, COUNTY), F_STAGE, STAGE_FIRST);
	receipt(COUNTY, 1, ACT_SIGNED, TOWN, 2);
	receipt(COUNTY, 2, ACT_TAKEN, TOWN, 2);
	body_set_time(bodies[2], F_DUE, T0 + 20 * MIN);
	owed(COUNTY, "", "county");
	assert_int_equal(item(OWED_FEEDBACK)->due, T0 + 20 * MIN);
	refers(put(COUNTY, 3, KIND_FEEDBACK, T0, TOWN), TOWN, 2);
	body_add_id(bodies[3], F_PARENTS, &m[2].id);
	owed(COUNTY, "", "county");
	assert_null(item(OWED_FEEDBACK));
	/* A copy is to be signed for; only whom it is addressed to answers. */
	reset();
	opener = TOWN;
	body_add_text(put(CITY, 2, KIND_DIRECTIVE, T0, TOWN), F_CC, COUNTY, strlen(COUNTY));
	owed(COUNTY, CITY, "county");
	assert_null(item(OWED_FEEDBACK));
	assert_non_null(item(OWED_SIGN));
	owed(TOWN, COUNTY, "township");
	assert_non_null(item(OWED_FEEDBACK));
	/* History owes nothing. */
	body_set_num(bodies[0], F_HISTORY, 1);
	owed(TOWN, COUNTY, "township");
	assert_int_equal(ngot, 0);
	/* One live message in an imported incident: only that one counts. */
	put(CITY, 3, KIND_DIRECTIVE, T0, TOWN);
	owed(TOWN, COUNTY, "township");
	assert_int_equal(ngot, 3);
	for (size_t i = 0; i < ngot; i++)
		assert_int_equal(got[i].about.serial, 3);
}

static void
test_extremes(void **state)
{
	(void)state;
	reset();
	opener = COUNTY;
	body_set_time(put(COUNTY, 1, KIND_INTAKE, INT64_MAX - 5, NULL), F_LEARNED, WHEN_MS_MAX);
	owed(COUNTY, CITY, "county");
	assert_int_equal(ngot, 2);
	body_unset(bodies[0], F_LEARNED);
	owed(COUNTY, CITY, "county");
	assert_int_equal(ngot, 2);
	for (size_t i = 0; i < ngot; i++)
		assert_true(got[i].due >= got[i].origin);
	reset();
	owed(COUNTY, CITY, "county");
	assert_int_equal(ngot, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_received_report),
		cmocka_unit_test(test_whose_report),
		cmocka_unit_test(test_own_intake),
		cmocka_unit_test(test_receipts),
		cmocka_unit_test(test_feedback),
		cmocka_unit_test(test_extremes),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
