/*
 * The roster: shifts by time, swaps in every order of consents, who cannot come, gaps over the ends of months and years.
 */
#include "duty_help.h"
#include "../../switch/duty_roster.h"

#define HOUR INT64_C(3600000)

static int64_t
at(const char *text)
{
	char full[64];
	struct when w;

	(void)snprintf(full, sizeof full, "%.10sT%s:00+08:00", text, text + 11);
	assert_true(time_parse_rfc3339(full, &w));
	return w.ms;
}

static struct roster *
fold(const struct makes *m, const size_t *order)
{
	struct roster *r = roster_new();

	for (size_t i = 0; i < m->n; i++) {
		struct duty_msg d = msg_of(&m->v[order != NULL ? order[i] : i]);

		roster_take(r, &d);
	}
	return r;
}

static size_t
shift(struct makes *m, const char *name, const char *from, const char *to, const char *officer)
{
	return PUT(m, KIND_ROSTER, "shift", T0, NULL, "shift", name, "period_from", from, "period_to", to, "duty_leader", "赵", "duty_officer", officer);
}

static void
shifts(void **state)
{
	struct makes m = {.n = 0};
	const struct roster_shift *s;
	struct roster *r;

	(void)state;
	shift(&m, "夜", "2026-10-02 20:00", "2026-10-03 08:00", "李敏");
	PUT(&m, KIND_ROSTER, "shift", T0, NULL, "shift", "白", "period_from", "2026-10-03 08:00", "period_to", "2026-10-03 20:00", "duty_senior", "陈亮",
	    "duty_officer", "刘芳", "duty_officer", "陈亮", "duty_leader", "赵", "duty_leader", "钱");
	r = fold(&m, NULL);
	assert_int_equal(roster_count(r), 2);
	assert_string_equal(roster_shift(r, at("2026-10-03 07:59"))->name, "夜");
	s = roster_shift(r, at("2026-10-03 08:00"));	/* from the first instant on */
	assert_string_equal(s->name, "白");
	assert_int_equal(s->nofficer, 2);
	assert_string_equal(s->officer[0], "陈亮");	/* the senior one first, and once */
	assert_string_equal(s->leader[1], "钱");
	assert_null(roster_shift(r, at("2026-10-03 20:00")));
	assert_string_equal(roster_next(r, at("2026-10-02 20:00"))->name, "白");
	assert_null(roster_next(r, at("2026-10-03 08:00")));
	assert_non_null(roster_overlap(r, at("2026-10-03 19:59"), at("2026-10-04 08:00"), NULL));
	assert_null(roster_overlap(r, at("2026-10-03 20:00"), at("2026-10-04 08:00"), NULL));
	assert_null(roster_overlap(r, at("2026-10-03 09:00"), at("2026-10-03 19:00"), &m.v[1].id));
	roster_free(r);

	/* another in its place is found by the old id, too; a cancelled one is not */
	PUT(&m, KIND_ROSTER, "shift", T0, REFS(2), "shift", "白二", "period_from", "2026-10-03 08:00", "period_to", "2026-10-03 18:00", "duty_officer", "孙");
	PUT(&m, KIND_ROSTER, "shift-cancel", T0, REFS(1), "reason", "停");
	r = fold(&m, NULL);
	assert_int_equal(roster_count(r), 1);
	assert_string_equal(roster_find(r, &m.v[1].id)->name, "白二");
	assert_null(roster_find(r, &m.v[0].id));
	roster_free(r);
	makes_free(&m);
}

static void
swap_orders(void **state)
{
	/* who consents how; a = who leaves, b = who takes, l = the leader, d = a declines, x = a stranger consents */
	static const struct {
		const char *asked, *said;
		bool force, declined;
	} t[] = {
	    {"李", "bl", true, false}, {"李", "lb", true, false}, {"刘", "al", true, false}, {"刘", "la", true, false},
	    {"周", "abl", true, false}, {"周", "bal", true, false}, {"周", "lab", true, false}, {"周", "alb", true, false},
	    {"周", "lba", true, false}, {"周", "bla", true, false}, {"周", "ab", false, false}, {"周", "al", false, false},
	    {"周", "bl", false, false}, {"李", "l", false, false}, {"李", "b", false, false}, {"周", "xxl", false, false},
	    {"李", "db", false, true}, {"李", "bdl", false, true}, {"李", "bld", true, false}, {"李", "baal", true, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
		struct makes m = {.n = 0};
		const struct roster_swap *w;
		struct roster *r;
		size_t order[64];
		uint64_t seed = i;

		shift(&m, "夜", "2026-07-13 20:00", "2026-07-14 08:00", "李");
		PUT(&m, KIND_ROSTER, "swap", T0, REFS(1), "outgoing", "李", "incoming", "刘", "author", t[i].asked);
		for (const char *p = t[i].said; *p != '\0'; p++)
			PUT(&m, KIND_ROSTER, *p == 'l' ? "swap-approve" : *p == 'd' ? "swap-decline" : "swap-consent", T0, REFS(2), "person",
			    *p == 'a' || *p == 'd' ? "李" : *p == 'b' ? "刘" : *p == 'l' ? "赵" : "生人");
		for (int k = 0; k < 20; k++) {
			shuffle(order, m.n, &seed);
			r = fold(&m, k == 0 ? NULL : order);
			assert_int_equal(roster_swaps(r, &w), 1);
			if (w[0].in_force != t[i].force || w[0].declined != t[i].declined)
				fail_msg("%s asks, then %s: %d %d", t[i].asked, t[i].said, w[0].in_force, w[0].declined);
			assert_string_equal(roster_at(r, 0)->officer[0], t[i].force ? "刘" : "李");
			roster_free(r);
		}
		makes_free(&m);
	}
}

static void
swap_both(void **state)
{
	struct makes m = {.n = 0};
	struct roster *r;

	(void)state;
	shift(&m, "一", "2026-07-13 08:00", "2026-07-13 20:00", "李");
	shift(&m, "二", "2026-07-14 08:00", "2026-07-14 20:00", "刘");
	PUT(&m, KIND_ROSTER, "swap", T0, REFS(1, 2), "outgoing", "李", "incoming", "刘", "author", "李");
	PUT(&m, KIND_ROSTER, "swap-consent", T0, REFS(3), "person", "刘");
	PUT(&m, KIND_ROSTER, "swap-approve", T0, REFS(3), "person", "赵");
	r = fold(&m, NULL);
	assert_string_equal(roster_at(r, 0)->officer[0], "刘");
	assert_string_equal(roster_at(r, 1)->officer[0], "李");
	roster_free(r);
	makes_free(&m);
}

/* from, hours, the gap or NULL.  12-hour shifts without a break but for what a row leaves out. */
static void
gaps(void **state)
{
	static const struct {
		const char *first, *now;
		int shifts, left_out;	/* the shift that is missing, -1 none */
		const char *begin, *end;
	} t[] = {
	    {"2026-07-30 08:00", "2026-07-30 10:00", 7, -1, NULL, NULL},
	    {"2026-07-30 08:00", "2026-07-30 10:00", 7, 3, "2026-07-31 20:00", "2026-08-01 08:00"},	/* over the end of a month */
	    {"2026-02-27 08:00", "2026-02-27 08:00", 7, 2, "2026-02-28 08:00", "2026-02-28 20:00"},
	    {"2028-02-28 08:00", "2028-02-28 08:00", 7, 3, "2028-02-29 20:00", "2028-03-01 08:00"},	/* a leap year */
	    {"2026-12-30 20:00", "2026-12-30 21:00", 7, 2, "2026-12-31 20:00", "2027-01-01 08:00"},	/* over the year */
	    {"2026-07-30 08:00", "2026-07-30 10:00", 5, -1, "2026-08-01 20:00", "2026-08-02 10:00"},	/* the plan ends within 72 h */
	    {"2026-07-30 08:00", "2026-07-30 07:00", 7, -1, "2026-07-30 07:00", "2026-07-30 08:00"},
	    {"2026-07-30 08:00", "2026-07-30 07:00", 0, -1, "2026-07-30 07:00", "2026-08-02 07:00"},	/* an empty roster is one gap */
	};

	(void)state;
	for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
		struct makes m = {.n = 0};
		struct roster *r;
		int64_t begin = 0, end = 0, now = at(t[i].now);
		char from[48], to[48];
		bool gap;

		for (int k = 0; k < t[i].shifts; k++) {
			time_format(at(t[i].first) + k * 12 * HOUR, TIME_FULL, from, sizeof from);
			time_format(at(t[i].first) + (k + 1) * 12 * HOUR, TIME_FULL, to, sizeof to);
			if (k != t[i].left_out)
				shift(&m, "班", from, to, "李");
		}
		r = fold(&m, NULL);
		gap = roster_gap(r, now, now + 72 * HOUR, &begin, &end);
		if (gap != (t[i].begin != NULL))
			fail_msg("row %zu: gap %d", i, gap);
		if (gap) {
			assert_int_equal(begin, at(t[i].begin));
			assert_int_equal(end, at(t[i].end));
		}
		roster_free(r);
		makes_free(&m);
	}
}

static void
unable(void **state)
{
	struct makes m = {.n = 0};
	int64_t begin, end;
	struct roster *r;

	(void)state;
	shift(&m, "白", "2026-11-01 08:00", "2026-11-01 20:00", "李");
	PUT(&m, KIND_ROSTER, "unable", T0, REFS(1), "person", "李");
	r = fold(&m, NULL);
	assert_int_equal(roster_at(r, 0)->nunable, 1);
	assert_int_equal(roster_at(r, 0)->nofficer, 1);
	assert_true(roster_gap(r, at("2026-11-01 08:00"), at("2026-11-01 20:00"), &begin, &end));
	roster_free(r);
	/* somebody else comes in his place */
	PUT(&m, KIND_ROSTER, "swap", T0, REFS(1), "outgoing", "李", "incoming", "刘", "author", "李");
	PUT(&m, KIND_ROSTER, "swap-consent", T0, REFS(3), "person", "刘");
	PUT(&m, KIND_ROSTER, "swap-approve", T0, REFS(3), "person", "赵");
	r = fold(&m, NULL);
	assert_false(roster_gap(r, at("2026-11-01 08:00"), at("2026-11-01 20:00"), &begin, &end));
	roster_free(r);
	makes_free(&m);
	/* one without a shift said is unable for all of his that have not ended */
	shift(&m, "旧", "2026-01-01 08:00", "2026-01-01 20:00", "李");
	shift(&m, "新", "2027-01-01 08:00", "2027-01-01 20:00", "李");
	PUT(&m, KIND_ROSTER, "unable", T0, NULL, "person", "李");
	r = fold(&m, NULL);
	assert_int_equal(roster_at(r, 0)->nunable, 0);
	assert_int_equal(roster_at(r, 1)->nunable, 1);
	roster_free(r);
	makes_free(&m);
}

static void
no_shift(void **state)
{
	struct makes m = {.n = 0};
	struct roster *r;

	(void)state;
	shift(&m, "倒", "2026-11-01 20:00", "2026-11-01 08:00", "李");	/* ends before it begins */
	put(&m, KIND_ROSTER, "shift", T0, NULL, (const char *const[]){"shift", "无时", NULL});
	put(&m, KIND_ROSTER, "swap", T0, NULL, (const char *const[]){"outgoing", "甲", "incoming", "乙", NULL});
	put(&m, KIND_ROSTER, "swap-approve", T0, REFS(1), (const char *const[]){"person", "赵", NULL});
	r = fold(&m, NULL);
	assert_int_equal(roster_count(r), 0);
	roster_free(r);
	makes_free(&m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(shifts), cmocka_unit_test(swap_orders), cmocka_unit_test(swap_both), cmocka_unit_test(gaps), cmocka_unit_test(unable),
	    cmocka_unit_test(no_shift),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
