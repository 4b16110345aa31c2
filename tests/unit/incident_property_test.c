/*
 * What must hold for any set of messages: the same set gives the same incident, whatever the order of arrival and the
 * clocks; so does any part of it; what is absent is named; doubles change nothing; a fold keeps its own rules.
 *
 * Messages are made at random from all that the fold looks at, forged ones included.  A fixed list of seeds, and one of
 * the day: it is printed, SEED=N repeats it.
 */
#include <time.h>
#include "incident_help.h"
#include "../../formats/life.h"

#define SMALL 6
#define LARGE 60
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const uint64_t seeds[] = {
    1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233, 20261122, 1763787393, 330225102, 4294967291};
static uint64_t rng, seed_now;
static bool late;      /* this set is of an incident near its end: final reports, archiving, taking up again */
static bool contested; /* this one of an incident whose grade is argued about */

static uint32_t
rnd(uint32_t below)
{
	rng = rng * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(rng >> 33) % below;
}

static void
start(uint64_t seed)
{
	seed_now = rng = seed;
	(void)rnd(2);
	(void)rnd(2);
}

static uint64_t
day_seed(void)
{
	const char *given = getenv("SEED");
	uint64_t seed = given != NULL ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);

	print_message("seed %" PRIu64 " (SEED=%" PRIu64 " repeats it)\n", seed, seed);
	return seed;
}

static void
same(const char *got, const char *want, const char *what)
{
	if (strcmp(got, want) != 0)
		fail_msg("seed %" PRIu64 ": %s differs:\n%s\n--- from\n%s", seed_now, what, got, want);
}

/* ---- the generator ---- */

static void
some_text(struct body *b, uint32_t key, const char *text, uint32_t one_in)
{
	if (rnd(one_in) != 0)
		body_set_text(b, key, rnd(9) == 0 ? " " : text);
}

static void
some_figures(struct body *b)
{
	static const uint32_t keys[] = {F_DEAD, F_MISSING, F_LOSS, F_QUANTITY};
	static const char *const sources[] = {NULL, "119", "120", TOWN};

	for (uint32_t k = rnd(3); k > 0; k--)
		says(b, keys[rnd(4)], (enum figure_q)rnd(5), rnd(9), sources[rnd(4)]);
}

/* One of those made so far (or, seldom, one that never was). */
static struct msgid
some_message(size_t made)
{
	if (made == 0 || rnd(12) == 0)
		return mkid("330225103", rnd(4) + 1);
	return m[rnd(2) ? made - 1 - rnd(made < 3 ? (uint32_t)made : 3) : rnd((uint32_t)made)].id;
}

static struct body *
make_step(const char *who, uint64_t serial, size_t made)
{
	static const int often[] = {STEP_MERGED, STEP_ABSORBED, STEP_REOPENED, STEP_ADOPTED, STEP_COUNTERSIGNED,
	    STEP_RESOLVED, STEP_ARCHIVED, STEP_CLOSED};
	static const int ending[] = {STEP_RESOLVED, STEP_ARCHIVED, STEP_ARCHIVED, STEP_ARCHIVED, STEP_REOPENED};
	int which = late && rnd(4) != 0 ? ending[rnd(COUNT(ending))]
		    : rnd(2) == 0	? often[rnd(COUNT(often))]
					: (int)rnd(16) + 1; /* 15 and 16 are of a later version */
	struct body *b = step(who, serial, which, NULL);
	struct msgid id;

	some_text(b, F_PERSON, "王", 6);
	if (which >= STEP_MERGED && which <= STEP_SPLIT && rnd(8) != 0) {
		id = rnd(6) == 0 ? mkid(TOWN, 1) : mkid(rnd(2) ? "330226" : "110000", rnd(2) + 1);
		body_set_id(b, F_OTHER, &id);
	}
	for (uint32_t k = rnd(3); k > 0 || (rnd(2) && which == STEP_COUNTERSIGNED); k -= k > 0) {
		id = some_message(made);
		body_add_id(b, F_REFS, &id);
	}
	some_figures(b);
	some_text(b, F_VERDICT, rnd(2) ? "较大涉险" : "非法", 4);
	body_set_num(b, F_CONFIRMED, rnd(2));
	some_text(b, F_SIGNER, "赵", 2);
	return b;
}

static struct body *
make_message(const char *who, uint64_t serial, size_t made)
{
	static const int kinds[] = {KIND_REPORT, KIND_REPORT, KIND_REPORT, KIND_REPORT, KIND_GRADE, KIND_GRADE,
	    KIND_STEP, KIND_STEP, KIND_STEP, KIND_STEP, KIND_RECEIPT, KIND_RECEIPT, KIND_DIRECTIVE, KIND_FEEDBACK,
	    KIND_INTAKE, KIND_RESOURCE, KIND_ROLLANSWER, 99};
	int kind = made == 0 && rnd(3) != 0 ? KIND_INTAKE : contested && rnd(2) ? KIND_GRADE : kinds[rnd(COUNT(kinds))];
	struct body *b;
	struct msgid id;

	if (kind == KIND_STEP)
		return make_step(who, serial, made);
	b = put(who, serial, kind);
	if (kind == KIND_REPORT) {
		body_set_num(b, F_STAGE, late && rnd(2) ? STAGE_FINAL : rnd(20) == 0 ? 7 : (int64_t)rnd(6) + 1);
		body_set_num(b, F_VERSION, (int64_t)rnd(6) + 1);
		if (rnd(4) == 0) {
			body_set_num(b, F_UNSIGNED, 1);
			some_text(b, F_SIGNATURE_OWED, "赵", 3);
		}
	}
	if (kind == KIND_RECEIPT) {
		body_set_num(b, F_ACT, rnd(3) == 0 ? ACT_RETURNED : (int64_t)rnd(6) + 1);
		some_text(b, F_PERSON, "周", 3);
		if (rnd(5) == 0)
			body_add_text(b, F_REGARDING, CITY, strlen(CITY));
	}
	if (kind == KIND_GRADE || rnd(6) == 0)
		body_set_num(b, F_GRADE, rnd(9) == 0 ? 5 : rnd(7) == 0 ? GRADE_UNDETERMINED : (int64_t)rnd(4) + 1);
	for (uint32_t k = rnd(3) + (kind == KIND_RECEIPT ? 1 : kind == KIND_GRADE && contested ? 2 : 0); k > 0; k--) {
		id = some_message(made);
		body_add_id(b, F_REFS, &id);
	}
	some_text(b, F_REASON, "核实", 3);
	some_text(b, F_SIGNER, "钱", 3);
	some_text(b, F_TITLE, rnd(2) ? "甲" : "乙", 2);
	if (rnd(3) != 0)
		body_add_text(b, F_TO, COUNTY, strlen(COUNTY));
	if (rnd(4) == 0)
		body_add_text(b, F_CC, CITY, strlen(CITY));
	if (rnd(15) == 0) {
		id = mkid("110000", 1);
		body_set_id(b, F_OTHER, &id);
	}
	some_figures(b);
	return b;
}

/* `count` messages of three to five stations; parents among all before, now and then behind (a forged cycle), doubled
 * or of a message nobody holds. */
static void
make_set(size_t count)
{
	static const char *const who[] = {TOWN, COUNTY, CITY, "330225-gongan", "330226"};
	uint32_t stations;

	reset();
	late = rnd(3) == 0;
	contested = rnd(4) == 0;
	stations = rnd(late ? 2 : 4) == 0 ? rnd(2) + 1 : rnd(4) + 2;
	for (size_t i = 0; i < count; i++) {
		struct body *b = make_message(who[i == 0 ? 0 : rnd(stations)], i + 1, i);

		for (uint32_t k = rnd(4); i > 0 && k > 0; k--) {
			struct msgid p = some_message(i);

			body_add_id(b, F_PARENTS, &p);
		}
		if (rnd(2) == 0)
			body_set_num(b, F_ORDER, (int64_t)(i + rnd(3)));
		if (rnd(2) == 0)
			body_set_time(b, F_WRITTEN, 1763787393000 + rnd(1000000));
		if (rnd(12) == 0)
			body_set_num(b, F_HISTORY, 1);
		if (rnd(25) == 0)
			body_set_id(b, F_INCIDENT, &m[0].id);
	}
	if (rnd(3) == 0 && count > 2)
		body_add_id(bodies[rnd((uint32_t)count)], F_PARENTS, &m[rnd((uint32_t)count)].id);
	if (rnd(10) == 0)
		m[rnd((uint32_t)count)].body = NULL; /* destroyed */
}

/* Arrival: the order, and the clock of the station where they arrive. */
static void
shuffle(struct fold_msg *v, size_t count)
{
	for (size_t i = count; i > 1; i--) {
		size_t j = rnd((uint32_t)i);
		struct fold_msg t = v[i - 1];

		v[i - 1] = v[j];
		v[j] = t;
	}
	for (size_t i = 0; i < count; i++)
		v[i].stored = rnd(2) ? (int64_t)i : (int64_t)rnd(1000000);
}

/* ---- what a fold must keep by itself ---- */

static bool
holds(const struct fold_msg *v, size_t count, const struct msgid *id)
{
	for (size_t i = 0; i < count; i++)
		if (msgid_cmp(&v[i].id, id) == 0)
			return true;
	return false;
}

static void
check_missing(const struct incident *inc, const struct fold_msg *v, size_t count)
{
	size_t named = 0;

	for (size_t i = 0; i < count; i++)
		for (const struct value *p = v[i].body != NULL ? body_first(v[i].body, F_PARENTS) : NULL; p != NULL;
		     p = body_next(v[i].body, p)) {
			bool listed = false;

			for (size_t k = 0; k < inc->nmissing; k++)
				listed |= msgid_cmp(&inc->missing[k], &p->u.id) == 0;
			if (listed == holds(v, count, &p->u.id))
				fail_msg("seed %" PRIu64 ": %s/%" PRIu64 " is wrongly missing or not", seed_now,
				    p->u.id.origin, p->u.id.serial);
			named += listed;
		}
	assert_true(inc->nmissing <= named);
	for (size_t k = 1; k < inc->nmissing; k++)
		assert_true(msgid_cmp(&inc->missing[k - 1], &inc->missing[k]) < 0);
}

static void
check_rules(const struct incident *inc)
{
	size_t owed = 0;
	bool counted = false;

	assert_int_equal(inc->state != 0, inc->nall > 0);
	assert_int_equal(msgid_is_set(&inc->merged_into), inc->state == EVENT_MERGED);
	assert_true(!inc->closed || inc->state == EVENT_ARCHIVED || inc->state == EVENT_MERGED);
	for (size_t i = 0; i < inc->nstates; i++) {
		assert_non_null(life_event_state(inc->states[i].state));
		assert_true(inc->state == EVENT_MERGED || inc->state <= inc->states[i].state);
		assert_true(i == 0 || strcmp(inc->states[i - 1].station, inc->states[i].station) < 0);
	}
	for (size_t i = 0; i < inc->nall; i++) {
		const struct incident_line *l = &inc->all[i];

		owed += l->signature_owed;
		assert_false(l->signature_owed && l->signer != NULL);
		assert_int_equal(l->state != 0, l->kind == KIND_REPORT);
		assert_int_equal(l->state == REPORT_WITHDRAWN, l->withdrawn && l->kind == KIND_REPORT);
	}
	assert_int_equal(owed, inc->signatures_owed);
	for (size_t i = 0; i < inc->ngrades; i++) {
		counted |= !inc->grades[i].settled;
		assert_true(i == 0 || strcmp(inc->grades[i - 1].station, inc->grades[i].station) < 0);
	}
	assert_int_equal(counted, inc->ngrades > 0);
	assert_int_equal(inc->grade != 0, inc->ngrades > 0);
	for (size_t i = 1; i < inc->nabsorbed; i++)
		assert_true(msgid_cmp(&inc->absorbed[i - 1], &inc->absorbed[i]) < 0);
	for (size_t i = 1; i < inc->nadopted; i++)
		assert_true(inc->adopted[i - 1].key < inc->adopted[i].key ||
			    (inc->adopted[i - 1].key == inc->adopted[i].key &&
				strcmp(inc->adopted[i - 1].station, inc->adopted[i].station) < 0));
	for (size_t i = 0; i < inc->nadopted; i++)
		assert_true(inc->adopted[i].person != NULL && inc->adopted[i].key != F_QUANTITY);
}

/* Folds v, checks it, and returns what it says. */
static char *
fold_checked(const struct fold_msg *v, size_t count)
{
	struct incident *inc = incident_fold(v, count);
	char *s = fingerprint(inc);

	check_missing(inc, v, count);
	check_rules(inc);
	incident_free(inc);
	return s;
}

/* ---- the properties ---- */

/* Heap's algorithm: every order of the set, the clock of arrival running with it. */
static void
permute(struct fold_msg *v, size_t k, size_t count, const char *want, size_t *seen)
{
	if (k <= 1) {
		struct fold_msg arrived[SMALL];
		char *s;

		for (size_t i = 0; i < count; i++) {
			arrived[i] = v[i];
			arrived[i].stored = 1000 + (int64_t)i;
		}
		s = fold_text(arrived, count);
		same(s, want, "a permutation");
		free(s);
		(*seen)++;
		return;
	}
	for (size_t i = 0; i < k; i++) {
		permute(v, k - 1, count, want, seen);
		if (i + 1 < k) {
			size_t a = k % 2 == 0 ? i : 0;
			struct fold_msg t = v[a];

			v[a] = v[k - 1];
			v[k - 1] = t;
		}
	}
}

static void
test_all_permutations(void **state)
{
	uint64_t today = day_seed();

	(void)state;
	for (size_t i = 0; i < COUNT(seeds) + 8; i++) {
		static const size_t orders[] = {1, 1, 2, 6, 24, 120, 720};
		size_t seen = 0, count;
		char *want;

		start(i < COUNT(seeds) ? seeds[i] : today + i);
		count = i % 4 == 0 ? 5 : i == 1 ? 4 : SMALL;
		make_set(count);
		want = fold_checked(m, count);
		permute(m, count, count, want, &seen);
		assert_int_equal(seen, orders[count]);
		free(want);
	}
}

static void
test_random_sets(void **state)
{
	uint64_t today = day_seed();

	(void)state;
	for (size_t i = 0; i < 240; i++) {
		struct fold_msg part[2 * LARGE];
		size_t count, k = 0, doubles;
		char *want, *got;

		start(i < COUNT(seeds) ? seeds[i] : today + i);
		count = i % 8 == 0 ? LARGE : rnd(LARGE) + 1;
		make_set(count);
		want = fold_checked(m, count);
		for (int round = 0; round < 5; round++) {
			shuffle(m, count);
			got = fold_text(m, count);
			same(got, want, "another order");
			free(got);
		}
		/* Doubles change nothing. */
		memcpy(part, m, count * sizeof *m);
		doubles = rnd((uint32_t)count) + 1;
		for (size_t d = 0; d < doubles; d++)
			part[count + d] = m[rnd((uint32_t)count)];
		shuffle(part, count + doubles);
		got = fold_text(part, count + doubles);
		same(got, want, "a set with doubles");
		free(got);
		free(want);
		/* Any part of it is an incident of its own. */
		for (int round = 0; round < 3; round++) {
			uint32_t keep = rnd(4) + 1;

			for (size_t j = k = 0; j < count; j++)
				if (rnd(5) < keep)
					part[k++] = m[j];
			want = fold_checked(part, k);
			shuffle(part, k);
			got = fold_text(part, k);
			same(got, want, "a part in another order");
			free(got);
			free(want);
		}
	}
}

/* The generator does make what the fold looks at: no property holds for want of cases. */
static void
test_generator(void **state)
{
	size_t merged = 0, archived = 0, settled = 0, owed = 0, signed_after = 0, adopted = 0, absorbed = 0,
	       returned = 0, closed = 0, corrected = 0, missing = 0, verdicts = 0, moved = 0;

	(void)state;
	start(7);
	for (size_t i = 0; i < 1200; i++) {
		struct incident *inc;

		make_set(i % 3 != 0 ? SMALL : 30);
		inc = incident_fold(m, n);
		merged += inc->state == EVENT_MERGED;
		archived += inc->state == EVENT_ARCHIVED;
		moved += inc->state == EVENT_HANDLING;
		for (size_t k = 0; k < inc->ngrades; k++)
			settled += inc->grades[k].settled;
		for (size_t k = 0; k < inc->nall; k++) {
			owed += inc->all[k].signature_owed;
			signed_after += inc->all[k].signer != NULL && body_flag(inc->all[k].body, F_UNSIGNED);
			returned += inc->all[k].state == REPORT_RETURNED;
			closed += inc->all[k].state == REPORT_CLOSED;
			corrected += inc->all[k].state == REPORT_CORRECTED;
		}
		adopted += inc->nadopted;
		absorbed += inc->nabsorbed;
		verdicts += inc->nverdicts;
		missing += inc->nmissing;
		incident_free(inc);
	}
	if (merged < 5 || archived < 1 || settled < 5 || owed < 5 || signed_after < 5 || adopted < 5 || absorbed < 5 ||
	    returned < 5 || closed < 5 || corrected < 5 || missing < 5 || verdicts < 5 || moved < 5)
		fail_msg("merged %zu archived %zu settled %zu owed %zu signed %zu adopted %zu absorbed %zu returned "
			 "%zu closed %zu "
			 "corrected %zu missing %zu verdicts %zu handling %zu",
		    merged, archived, settled, owed, signed_after, adopted, absorbed, returned, closed, corrected,
		    missing, verdicts, moved);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(test_generator, teardown),
	    cmocka_unit_test_teardown(test_all_permutations, teardown),
	    cmocka_unit_test_teardown(test_random_sets, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
