/* The fold's order: permutations, subsets, random sets, forged cycles, ties, doubles. */
#include <time.h>
#include "incident_help.h"

/* The small set: an ordinary incident with two stations writing at the same time. */
static void
small_set(void)
{
	struct body *b;

	reset();
	b = put(TOWN, 1, KIND_INTAKE);
	body_set_text(b, F_TITLE, "西周镇宏达仓库火灾");
	body_set_text(b, F_NUMBER, "1122-001");
	b = report(TOWN, 2, STAGE_FIRST);
	after(b, TOWN, 1);
	body_set_num(b, F_VERSION, 1);
	says(b, F_DEAD, FIG_UNKNOWN, 0, NULL);
	b = put(COUNTY, 5, KIND_GRADE);
	after(b, TOWN, 2);
	grades(b, GRADE_II, NULL, NULL);
	b = report(TOWN, 3, STAGE_FOLLOWUP);
	after(b, TOWN, 2);
	body_set_num(b, F_VERSION, 2);
	says(b, F_DEAD, FIG_EXACT, 1, NULL);
	grades(b, GRADE_III, NULL, NULL);
	b = put(CITY, 9, KIND_DIRECTIVE);
	after(b, COUNTY, 5);
	after(b, TOWN, 3);
	body_set_text(b, F_TEXT, "立即核实被困人数");
	b = put(TOWN, 4, KIND_FEEDBACK);
	after(b, CITY, 9);
	refers(b, CITY, 9);
	receipt(COUNTY, 6, ACT_SIGNED, TOWN, 2);
	after(bodies[6], TOWN, 3);
}

/* Heap's algorithm over m[0..count). */
static void
permute(struct fold_msg *v, size_t k, size_t count, const char *want, size_t *seen)
{
	if (k == 1) {
		char *s = fold_text(v, count);

		assert_string_equal(s, want);
		free(s);
		(*seen)++;
		return;
	}
	for (size_t i = 0; i < k; i++) {
		struct fold_msg t;

		permute(v, k - 1, count, want, seen);
		if (i + 1 < k) {
			size_t a = k % 2 == 0 ? i : 0;

			t = v[a];
			v[a] = v[k - 1];
			v[k - 1] = t;
		}
	}
}

static void
test_permutations(void **state)
{
	char *want;
	size_t seen = 0;

	(void)state;
	small_set();
	want = fold_text(m, n);
	assert_non_null(strstr(want, "\nlines " TOWN "/1 " TOWN "/2 " COUNTY "/5 " TOWN "/3 "));
	permute(m, n, n, want, &seen);
	assert_int_equal(seen, 5040);
	free(want);
}

static bool
holds(const struct fold_msg *v, size_t count, const struct msgid *id)
{
	for (size_t i = 0; i < count; i++)
		if (msgid_cmp(&v[i].id, id) == 0)
			return true;
	return false;
}

static void
test_subsets(void **state)
{
	struct fold_msg sub[16], back[16];

	(void)state;
	small_set();
	for (unsigned mask = 0; mask < 1u << n; mask++) {
		size_t k = 0, named = 0;
		struct incident *inc;
		char *a, *b;
		bool spoken = false;

		for (size_t i = 0; i < n; i++)
			if (mask & 1u << i)
				sub[k++] = m[i];
		for (size_t i = 0; i < k; i++)
			back[i] = sub[k - 1 - i];
		inc = incident_fold(sub, k);
		assert_int_equal(inc->nall, k);
		for (size_t i = 0; i < k; i++) {
			spoken |= body_enum(sub[i].body, F_KIND) != KIND_RECEIPT;
			for (const struct value *v = body_first(sub[i].body, F_PARENTS); v != NULL;
			     v = body_next(sub[i].body, v)) {
				bool listed = false;

				for (size_t j = 0; j < inc->nmissing; j++)
					listed |= msgid_cmp(&inc->missing[j], &v->u.id) == 0;
				assert_int_equal(listed, !holds(sub, k, &v->u.id));
				named += listed;
			}
		}
		assert_true(inc->nmissing <= named);
		for (size_t j = 1; j < inc->nmissing; j++)
			assert_true(msgid_cmp(&inc->missing[j - 1], &inc->missing[j]) < 0);
		assert_int_equal(inc->nheads > 0, spoken);
		/* Every message stands after those parents of it that are held. */
		for (size_t i = 0; i < inc->nall; i++)
			for (const struct value *v = body_first(inc->all[i].body, F_PARENTS); v != NULL;
			     v = body_next(inc->all[i].body, v))
				for (size_t j = i; j < inc->nall; j++)
					assert_true(msgid_cmp(&inc->all[j].id, &v->u.id) != 0);
		a = fingerprint(inc);
		b = fold_text(back, k);
		assert_string_equal(a, b);
		free(a);
		free(b);
		incident_free(inc);
	}
}

static uint64_t rng;

static uint32_t
rnd(uint32_t below)
{
	rng = rng * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(rng >> 33) % below;
}

static void
test_random(void **state)
{
	static const char *const who[] = { TOWN, COUNTY, CITY, "330225-gongan" };
	const char *given = getenv("SEED");
	uint64_t seed = given != NULL ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
	uint64_t serial[4] = { 1, 1, 1, 1 };
	char *want;

	(void)state;
	print_message("seed %" PRIu64 " (SEED=%" PRIu64 " repeats it)\n", seed, seed);
	rng = seed;
	reset();
	for (size_t i = 0; i < 400; i++) {
		size_t w = i == 0 ? 0 : rnd(4);
		static const int kinds[] = {
		    KIND_REPORT, KIND_REPORT, KIND_GRADE, KIND_RECEIPT, KIND_FEEDBACK, KIND_DIRECTIVE};
		int kind = i == 0 ? KIND_INTAKE : kinds[rnd(6)];
		struct body *b = put(who[w], serial[w]++, kind);

		for (uint32_t k = rnd(4); i > 0 && k > 0; k--)
			body_add_id(b, F_PARENTS, &m[rnd((uint32_t)i)].id);
		if (kind == KIND_RECEIPT)
			body_set_num(b, F_ACT, (int64_t)rnd(5) + 1);
		if (kind == KIND_REPORT) {
			body_set_num(b, F_STAGE, (int64_t)rnd(6) + 1);
			body_set_num(b, F_VERSION, (int64_t)rnd(30) + 1);
			says(b, F_DEAD + 2 * rnd(4), (enum figure_q)rnd(5), rnd(20), rnd(2) ? "119" : NULL);
			if (rnd(3) == 0)
				body_set_text(b, F_TITLE, rnd(2) ? "甲" : "乙");
		}
		if (kind != KIND_RECEIPT && i > 0 && rnd(2))
			body_add_id(b, F_REFS, &m[rnd((uint32_t)i)].id);
		if (kind == KIND_GRADE)
			grades(b, (int)rnd(4) + 1, rnd(2) ? "核实" : NULL, rnd(2) ? "赵" : NULL);
	}
	want = fold_text(m, n);
	for (int round = 0; round < 40; round++) {
		char *s;

		for (size_t i = n - 1; i > 0; i--) {
			size_t j = rnd((uint32_t)i + 1);
			struct fold_msg t = m[i];

			m[i] = m[j];
			m[j] = t;
		}
		/* Arrival times differ from station to station: they must not matter either. */
		for (size_t i = 0; i < n; i++)
			m[i].stored = rnd(1000000);
		s = fold_text(m, n);
		assert_string_equal(s, want);
		free(s);
	}
	free(want);
}

static void
test_cycles(void **state)
{
	struct incident *inc;
	struct fold_msg back[8];
	char *a, *b;
	struct body *x;

	(void)state;
	reset();
	after(put(TOWN, 1, KIND_INTAKE), TOWN, 1);		/* its own parent */
	after(report(TOWN, 2, STAGE_FIRST), TOWN, 1);
	after(report(COUNTY, 7, STAGE_FIRST), CITY, 8);		/* two naming each other */
	after(report(CITY, 8, STAGE_FIRST), COUNTY, 7);
	x = report("330000", 1, STAGE_FIRST);			/* downstream of them, with the smallest id of all */
	after(x, COUNTY, 7);
	inc = incident_fold(m, n);
	assert_int_equal(inc->nall, 5);
	assert_true(inc->nheads > 0);
	/* The cycle is cut at its own smallest member, so what hangs below it still stands below it. */
	assert_string_equal(inc->all[0].id.origin, TOWN);
	assert_string_equal(inc->all[1].id.origin, TOWN);
	assert_string_equal(inc->all[2].id.origin, CITY);
	assert_string_equal(inc->all[3].id.origin, COUNTY);
	assert_string_equal(inc->all[4].id.origin, "330000");
	a = fingerprint(inc);
	incident_free(inc);
	for (size_t i = 0; i < n; i++)
		back[i] = m[n - 1 - i];
	b = fold_text(back, n);
	assert_string_equal(a, b);
	free(a);
	free(b);
	/* One great ring. */
	reset();
	for (uint64_t i = 1; i <= 500; i++)
		after(report(TOWN, i, STAGE_FOLLOWUP), TOWN, i == 1 ? 500 : i - 1);
	inc = incident_fold(m, n);
	assert_int_equal(inc->nall, 500);
	assert_int_equal(inc->all[0].id.serial, 1);
	assert_int_equal(inc->all[499].id.serial, 500);
	assert_int_equal(inc->nheads, 1);
	incident_free(inc);
}

/* Ties go by id, among many as among few: serials fall in as soon as they may. */
static void
test_ties(void **state)
{
	struct incident *inc;

	(void)state;
	reset();
	for (uint64_t i = 0; i < 200; i++)
		report(TOWN, (i * 77) % 200 + 1, STAGE_FOLLOWUP);
	inc = incident_fold(m, n);
	for (uint64_t i = 0; i < 200; i++)
		assert_int_equal(inc->all[i].id.serial, i + 1);
	incident_free(inc);
	/* The first hundred hang below the last one: they come after it, the rest before, each in its order. */
	for (size_t i = 0; i < n; i++)
		if (m[i].id.serial <= 100)
			after(bodies[i], TOWN, 200);
	inc = incident_fold(m, n);
	for (uint64_t i = 0; i < 200; i++)
		assert_int_equal(inc->all[i].id.serial, i < 100 ? i + 101 : i - 99);
	assert_int_equal(inc->nheads, 199);
	incident_free(inc);
}

static void
test_odd_sets(void **state)
{
	struct incident *inc = incident_fold(NULL, 0);
	struct body *b;

	(void)state;
	assert_int_equal(inc->nall, 0);
	assert_false(msgid_is_set(&inc->id));
	assert_false(inc->history);
	assert_string_equal(inc->title, "");
	incident_free(inc);

	reset();
	put(TOWN, 1, KIND_INTAKE);
	b = report(TOWN, 2, STAGE_FIRST);
	after(b, TOWN, 1);
	after(b, TOWN, 1);			/* a parent named twice */
	after(b, TOWN, 77);
	after(b, TOWN, 77);
	m[2] = m[1];				/* a message twice */
	m[3] = m[0];
	m[3].body = NULL;			/* destroyed */
	m[3].id.serial = 3;
	inc = incident_fold(m, 4);
	assert_int_equal(inc->nall, 3);
	assert_int_equal(inc->nmissing, 1);
	assert_int_equal(inc->missing[0].serial, 77);
	assert_non_null(inc->all[2].body);
	assert_int_equal(inc->nheads, 2);
	incident_free(inc);
	n = 2;
}

/* Two stations that hold different parts of one incident show what both hold in the same order: the authors' logical
 * count carries the order over what is missing between. */
static void
test_subsets_agree(void **state)
{
	static const char *const who[] = { TOWN, COUNTY, CITY };
	uint64_t seed = 20261122, x = seed;

	(void)state;
	for (int round = 0; round < 200; round++) {
		int64_t depth[40];
		struct fold_msg part[2][40];
		size_t np[2] = { 0, 0 }, at = 0;
		struct incident *a, *b;

		reset();
		for (size_t i = 0; i < 40; i++) {
			struct body *m2 = put(who[i % 3], i + 1, i == 0 ? KIND_INTAKE : KIND_LOG);
			int64_t top = 0;

			for (size_t k = 0; k < 2 && i > 0; k++) {	/* the author has seen some of the last few */
				size_t p;

				x = x * 6364136223846793005u + 1442695040888963407u;
				p = i - 1 - (x >> 33) % (i < 6 ? i : 6);
				after(m2, who[p % 3], p + 1);
				if (depth[p] > top)
					top = depth[p];
			}
			depth[i] = top + 1;
			body_set_num(m2, F_ORDER, depth[i]);
		}
		for (size_t i = 0; i < 40; i++)
			for (int k = 0; k < 2; k++) {
				x = x * 6364136223846793005u + 1442695040888963407u;
				if ((x >> 40) % 3 != 0)
					part[k][np[k]++] = m[i];
			}
		a = incident_fold(part[0], np[0]);
		b = incident_fold(part[1], np[1]);
		for (size_t i = 0; i < a->nall; i++) {
			size_t k;

			for (k = 0; k < b->nall && msgid_cmp(&a->all[i].id, &b->all[k].id) != 0; k++)
				;
			if (k == b->nall)
				continue;
			if (k < at)
				fail_msg("seed %" PRIu64 " round %d: shared messages stand in another order", seed, round);
			at = k;
		}
		incident_free(a);
		incident_free(b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_permutations, teardown),
		cmocka_unit_test_teardown(test_subsets, teardown),
		cmocka_unit_test_teardown(test_subsets_agree, teardown),
		cmocka_unit_test_teardown(test_random, teardown),
		cmocka_unit_test_teardown(test_cycles, teardown),
		cmocka_unit_test_teardown(test_ties, teardown),
		cmocka_unit_test_teardown(test_odd_sets, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
