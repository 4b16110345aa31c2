/*
 * The watch, whatever comes in whatever order: no minute is unowned and none owned twice, the clock may be set back, and what is not this
 * station's changes nothing.
 */
#include "duty_watch_help.h"

/* The clock was ahead and is set back: what is now is now, and no span runs backwards.  Over the end of a month and a year. */
static void
test_clock(void **state)
{
	struct watch_span s;
	int64_t newyear = MIDNIGHT + 90 * DAY - MIN; /* 2026-12-31T23:59+08:00 */

	(void)state;
	assert_false(watch_at(w, at(0, 0), &s));
	sign_on("何勇", "班", newyear - 12 * HOUR);
	(void)begin("郑海", "班", 0, newyear);
	sign("何勇", SIDE_OUT, newyear);
	sign("郑海", SIDE_IN, newyear + 2 * MIN);
	RESPONSIBLE(newyear + MIN, "何勇");
	RESPONSIBLE(newyear + 2 * MIN, "郑海");
	(void)begin("周平", "班", 0, newyear - 60 * MIN); /* an hour back */
	sign("郑海", SIDE_OUT, newyear - 59 * MIN);
	sign("周平", SIDE_IN, newyear - 58 * MIN);
	RESPONSIBLE(newyear - 57 * MIN, "周平");
	assert_string_equal(watch_now(w)->person[0], "周平");
	RESPONSIBLE(newyear - 6 * HOUR, "何勇");
	assert_contiguous(w, "clock");
}

/* An exercise, another station's handover, and a message handed in twice change nothing. */
static void
test_not_ours(void **state)
{
	struct note n;
	struct duty_msg m;
	struct body *b = body_new();

	(void)state;
	sign_on("何勇", "班", at(0, 0));
	body_set_text(b, F_PERSON, "郑海");
	body_set_num(b, F_DUTY_STEP, DUTY_SIGN_ON);
	n = (struct note){.id = kept[0].id, .stored = at(1, 0), .kind = KIND_ROSTER, .b = b};
	m = (struct duty_msg){.id = n.id, .stored = at(1, 0), .kind = KIND_ROSTER, .own = true, .body = b};
	watch_take(w, &m); /* the same id */
	m.id.serial = 90;
	m.own = false;
	watch_take(w, &m);
	m.own = true;
	m.id.realm = REALM_EXERCISE;
	watch_take(w, &m);
	assert_false(watch_signed_on(w, "郑海", 0));
	RESPONSIBLE(at(2, 0), "何勇");
	body_free(b);
}

/* A record of the whole begins the watch of a station that has none, and passes nothing afterwards. */
static void
test_record(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		struct body *b = body_new();

		list(b, F_OUTGOING, "甲");
		list(b, F_INCOMING, i == 0 ? "乙 丙" : "丁");
		(void)put(KIND_HANDOVER, 0, b, at(i, 0));
		RESPONSIBLE(at(5, 0), "乙 丙");
	}
}

/* ---- random sequences ---- */

static uint64_t rnd;

static unsigned
pick(unsigned n)
{
	rnd = rnd * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)((rnd >> 33) % n);
}

static void
random_step(int64_t *t)
{
	static const char *const who[] = {"甲", "乙", "丙", "丁", "戊"};
	char in[64] = "";
	unsigned n = 1 + pick(3);

	*t += pick(30) * MIN;
	if (pick(40) == 0)
		*t -= pick(300) * MIN;
	for (unsigned i = 0; i < n; i++)
		(void)snprintf(in + strlen(in), sizeof in - strlen(in), "%s%s", i > 0 ? " " : "", who[pick(5)]);
	switch (pick(8)) {
	case 0:
		sign_on(who[pick(5)], pick(2) == 0 ? "班" : NULL, *t);
		break;
	case 1:
		(void)begin(in, "班", *t, *t);
		break;
	case 2:
		item("incident 330225.7.1", who[pick(5)], *t);
		break;
	case 3:
		stay(who[pick(5)], "赵", pick(2) == 0 ? in : "", *t);
		break;
	default:
		sign(who[pick(5)], 1 + (int)pick(2), *t);
	}
}

static void
test_random(void **state)
{
	uint64_t seed = 20261003;
	char what[64];

	(void)state;
	for (int round = 0; round < 150; round++, seed++) {
		const struct watch_span *a, *b;
		int64_t t = MIDNIGHT;
		size_t na, order[128], n = 0;
		struct watch *other;

		(void)teardown(NULL);
		(void)setup(NULL);
		rnd = seed;
		(void)snprintf(what, sizeof what, "seed %llu", (unsigned long long)seed);
		for (int i = 0; i < 100; i++) {
			random_step(&t);
			assert_contiguous(w, what);
		}
		/* the same in another order */
		other = watch_new();
		for (size_t i = 0; i < nkept; i++)
			order[n++] = i;
		for (size_t i = n; i > 1; i--) {
			size_t k = pick((unsigned)i), x = order[i - 1];

			order[i - 1] = order[k];
			order[k] = x;
		}
		for (size_t i = 0; i < n; i++)
			give_watch(other, &kept[order[i]]);
		na = watch_spans(w, &a);
		if (watch_spans(other, &b) != na)
			fail_msg("%s: another order gives another number of spans", what);
		for (size_t i = 0; i < na; i++)
			if (memcmp(&a[i], &b[i], sizeof a[i]) != 0)
				fail_msg("%s: span %zu differs in another order", what, i);
		if ((watch_handover(w) == NULL) != (watch_handover(other) == NULL))
			fail_msg("%s: a handover is under way in one order only", what);
		watch_free(other);
	}
	print_message("random sequences from seed 20261003: 150 rounds\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_clock, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_not_ours, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_record, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_random, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
