/*
 * The watch: S6 of the duty nights by its steps.
 */
#include "duty_watch_help.h"

static void
night_of_s6(void)
{
	plan("夜班", at(-4, 0), at(8, 0), "赵副县长", "李敏 王建国");
	plan("白班", at(8, 0), at(20, 0), "赵副县长", "陈亮 刘芳");
	sign_on("李敏", "夜班", at(-4, -5));
	sign_on("王建国", "夜班", at(-4, -3));
}

static struct fault f;

static int
may(int step, int kind, const char *who, int side, int64_t now)
{
	struct duty d = {.roster = r, .watch = w};
	struct body *b = body_new();
	int rc;

	memset(&f, 0, sizeof f);
	body_set_num(b, F_KIND, kind);
	body_set_num(b, F_DUTY_STEP, step);
	if (who != NULL)
		body_set_text(b, F_PERSON, who);
	if (side != 0)
		body_set_num(b, F_SIDE, side);
	rc = watch_check(&d, now, b, &f);
	body_free(b);
	return rc;
}

static void
test_s6(void **state)
{
	const struct watch_handover *h;
	const struct watch_span *v;
	const struct watch_done *done;
	int64_t due;
	size_t n;

	(void)state;
	night_of_s6();

	/* S6-1: 07:40 begun, Chen Liang comes at 07:50. */
	assert_ptr_equal(watch_relief(w, r, at(7, 40), &due), roster_shift(r, at(8, 0)));
	assert_true(due == at(8, 0));
	(void)begin("陈亮 刘芳", "白班", at(8, 0), at(7, 40));
	sign_on("陈亮", "白班", at(7, 50));
	h = watch_handover(w);
	assert_non_null(h);
	assert_int_equal(h->nout, 2);
	assert_int_equal(h->nin, 2);
	assert_int_equal(watch_lacking(h), 4);
	assert_true(watch_signed_on(w, "陈亮", at(7, 0)));
	assert_false(watch_signed_on(w, "刘芳", at(7, 0)));

	/* S6-2: an emergency at 07:55 changes nothing of it; the night shift is responsible at 07:56. */
	RESPONSIBLE(at(7, 56), "李敏 王建国");
	assert_true(watch_overdue(w, r, at(7, 59)) == -1);

	/* S6-3: no change at 08:00. */
	RESPONSIBLE(at(8, 0), "李敏 王建国");
	RESPONSIBLE(at(8, 14), "李敏 王建国");
	assert_true(watch_overdue(w, r, at(8, 10)) == 10 * MIN);

	/* S6-4: three of four is not enough, nor is the signature of somebody else. */
	assert_int_equal(may(DUTY_HANDOVER_SIGNED, KIND_HANDOVER, "周强", SIDE_IN, at(8, 10)), -1);
	assert_int_equal(may(DUTY_HANDOVER_SIGNED, KIND_HANDOVER, "李敏", SIDE_IN, at(8, 10)), -1);
	assert_int_equal(may(DUTY_HANDOVER_SIGNED, KIND_HANDOVER, "李敏", SIDE_OUT, at(8, 10)), 0);
	sign("周强", SIDE_IN, at(8, 10));
	assert_int_equal(watch_lacking(watch_handover(w)), 4);
	assert_int_equal(may(DUTY_STAY, KIND_ROSTER, "陈亮", 0, at(8, 12)), -1); /* not on duty */
	assert_int_equal(may(DUTY_STAY, KIND_ROSTER, "王建国", 0, at(8, 12)), -1); /* no leader */
	stay("王建国", "赵副县长", "陈亮", at(8, 12));
	h = watch_handover(w);
	assert_non_null(h);
	assert_int_equal(watch_lacking(h), 2);
	assert_true(h->in_needed[0] && strcmp(h->incoming[0], "陈亮") == 0);
	assert_false(h->in_needed[1]);

	/* S6-6: items first: three open ones get another owner. */
	item("incident 330225.7.100", "陈亮", at(8, 13));
	item("directive 330225.7.101", "陈亮", at(8, 14));
	item("draft rid-1", "陈亮", at(8, 14));

	/* S6-5: 08:15, both at the same seat, each by his own PIN. */
	sign("李敏", SIDE_OUT, at(8, 15));
	RESPONSIBLE(at(8, 15), "李敏 王建国");
	sign("陈亮", SIDE_IN, at(8, 15));
	assert_null(watch_handover(w));
	RESPONSIBLE(at(8, 15), "陈亮 王建国");
	assert_true(watch_overdue(w, r, at(8, 30)) == -1);
	assert_int_equal(watch_handovers(w, &done), 1);
	assert_int_equal(done[0].nitem, 3);

	/* S6-7: what Wang Jianguo had taken on is Chen Liang's, though he is there still. */
	assert_string_equal(watch_owner(w, "330225.7.101", "王建国", at(8, 20)), "陈亮");
	assert_string_equal(watch_owner(w, "directive 330225.7.101", "王建国", at(8, 20)), "陈亮");
	assert_string_equal(watch_owner(w, "330225.7.999", "王建国", at(8, 20)), "王建国");
	/* ... and what Li Min had, not gone through, is the senior one's of those who took over. */
	assert_string_equal(watch_owner(w, "330225.7.999", "李敏", at(8, 20)), "陈亮");
	assert_string_equal(watch_owner(w, "330225.7.999", "赵副县长", at(8, 20)), "赵副县长");

	{
		struct owed_item it = {.what = OWED_FEEDBACK, .about = {.origin = "330225", .epoch = 7, .serial = 101}, .person = "王建国"};

		watch_owner_of(w, &it, at(8, 20));
		assert_string_equal(it.person, "陈亮");
		it = (struct owed_item){.what = OWED_AWAIT_FEEDBACK, .about = it.about, .person = "王建国"};
		watch_owner_of(w, &it, at(8, 20)); /* of another station */
		assert_string_equal(it.person, "王建国");
	}

	/* S6-8: 07:55 to 08:15 the night shift, from 08:15 the day's. */
	n = watch_spans(w, &v);
	assert_int_equal(n, 3); /* Li Min, both, the day */
	assert_true(v[1].from == at(-4, -3) && v[1].to == at(8, 15) && v[2].from == at(8, 15) && v[2].to == 0);
	assert_string_equal(v[2].shift, "白班");
	assert_contiguous(w, "s6");
	for (int64_t t = at(7, 55); t <= at(9, 0); t += MIN) {
		struct watch_span s;

		assert_true(watch_at(w, t, &s));
		assert_true((t < at(8, 15)) == (strcmp(s.person[0], "李敏") == 0));
	}

	/* Later: Liu Fang has come, Wang Jianguo goes: 1+1 more, Chen Liang goes on. */
	sign_on("刘芳", "白班", at(9, 0));
	(void)begin("陈亮 刘芳", "白班", at(8, 0), at(9, 10));
	h = watch_handover(w);
	assert_int_equal(watch_lacking(h), 2);
	sign("王建国", SIDE_OUT, at(9, 11));
	sign("刘芳", SIDE_IN, at(9, 12));
	RESPONSIBLE(at(9, 12), "陈亮 刘芳");
	RESPONSIBLE(at(9, 11), "陈亮 王建国");
	assert_string_equal(watch_owner(w, "330225.7.999", "王建国", at(9, 20)), "陈亮");
}

/* S6-9: one man for 24 hours: 1+1; until the relief signs, nothing passes. */
static void
test_s6_9(void **state)
{
	int64_t due;

	(void)state;
	plan("一人班", at(-15, 0), at(9, 0), "何镇长", "何勇");
	plan("一人班", at(9, 0), at(33, 0), "何镇长", "郑海");
	sign_on("何勇", "一人班", at(-15, 0));
	assert_true(watch_overdue(w, r, at(9, 0)) == -1);
	assert_true(watch_overdue(w, r, at(9, 10)) == 10 * MIN);
	assert_true(watch_overdue(w, r, at(9, 20)) == 20 * MIN);
	RESPONSIBLE(at(9, 20), "何勇");
	(void)begin("郑海", "一人班", at(9, 0), at(9, 25));
	assert_int_equal(watch_lacking(watch_handover(w)), 2);
	sign("郑海", SIDE_IN, at(9, 26));
	RESPONSIBLE(at(9, 26), "何勇");
	sign("何勇", SIDE_OUT, at(9, 27));
	RESPONSIBLE(at(9, 27), "郑海");
	assert_true(watch_overdue(w, r, at(9, 40)) == -1);
	(void)watch_relief(w, r, at(9, 40), &due);
	assert_true(due == 0); /* the roster ends */
	/* two shifts on: nobody came for either */
	plan("一人班", at(33, 0), at(57, 0), "何镇长", "何勇");
	plan("一人班", at(57, 0), at(81, 0), "何镇长", "周平");
	assert_true(watch_overdue(w, r, at(58, 0)) == 25 * HOUR);
	assert_string_equal(watch_relief(w, r, at(58, 0), &due)->officer[0], "周平");
}

/* The same man twice in a row hands over to nobody. */
static void
test_goes_on(void **state)
{
	int64_t due;

	(void)state;
	plan("一", at(0, 0), at(24, 0), "", "周平");
	plan("二", at(24, 0), at(48, 0), "", "周平");
	plan("三", at(48, 0), at(72, 0), "", "许宁");
	sign_on("周平", NULL, at(-1, 50)); /* early, and no word of the shift */
	assert_true(watch_overdue(w, r, at(30, 0)) == -1);
	assert_string_equal(watch_relief(w, r, at(30, 0), &due)->officer[0], "许宁");
	assert_true(due == at(48, 0));
	assert_true(watch_overdue(w, r, at(49, 0)) == HOUR);
	/* If he is put down as his own relief he says so once. */
	(void)begin("周平", "二", at(24, 0), at(24, 0));
	assert_int_equal(watch_lacking(watch_handover(w)), 1);
	sign("周平", SIDE_IN, at(24, 1));
	RESPONSIBLE(at(25, 0), "周平");
	assert_null(watch_handover(w));
}

/* Somebody who is not of the planned shift is responsible: that shift is to relieve him, since its hour. */
static void
test_in_lieu(void **state)
{
	int64_t due;

	(void)state;
	plan("夜班", at(-4, 0), at(8, 0), "赵副县长", "李敏 王建国");
	plan("白班", at(8, 0), at(20, 0), "赵副县长", "陈亮 刘芳");
	sign_on("李敏", NULL, at(8, 11));
	assert_ptr_equal(watch_relief(w, r, at(8, 12), &due), roster_shift(r, at(8, 12)));
	assert_true(due == at(8, 0));
	assert_true(watch_overdue(w, r, at(8, 12)) == 12 * MIN);
}

/* Read-back: who takes over signs after the questions were answered rightly; a wrong answer stands in the record. */
static void
test_readback(void **state)
{
	static const struct { const char *key, *value; bool right; size_t lacking; } tries[] = {
	    {"open", "3", false, 2}, {"open", "2", true, 2}, {"limit", "18:00", true, 1}};
	struct body *b = body_new();

	(void)state;
	sign_on("何勇", "班", at(0, 0));
	list(b, F_INCOMING, "郑海");
	list(b, F_ASKS, "open limit");
	(void)put(KIND_HANDOVER, DUTY_HANDOVER_BEGUN, b, at(1, 0));
	for (size_t i = 0; i < sizeof tries / sizeof tries[0]; i++) {
		b = body_new();
		body_set_text(b, F_QUESTION, tries[i].key);
		body_set_text(b, F_ANSWER, tries[i].value);
		body_set_num(b, F_ANSWER_OK, tries[i].right);
		(void)put(KIND_HANDOVER, DUTY_HANDOVER_ITEM, b, at(1, 1));
		assert_int_equal(may(DUTY_HANDOVER_SIGNED, KIND_HANDOVER, "郑海", SIDE_IN, at(1, 2)), tries[i].lacking == 1 ? 0 : -1);
		sign("郑海", SIDE_IN, at(1, 2));
		assert_int_equal(watch_lacking(watch_handover(w)), tries[i].lacking);
	}
	assert_int_equal(watch_handover(w)->nanswer, 3);
	sign("何勇", SIDE_OUT, at(1, 3));
	RESPONSIBLE(at(2, 0), "郑海");
}

/* By the roster two take over: one alone only by a leader's word. */
static void
test_left_out(void **state)
{
	struct duty d;
	struct body *b;

	(void)state;
	night_of_s6();
	d = (struct duty){.roster = r, .watch = w};
	b = body_new();
	body_set_num(b, F_KIND, KIND_HANDOVER);
	body_set_num(b, F_DUTY_STEP, DUTY_HANDOVER_BEGUN);
	assert_int_equal(watch_check(&d, at(7, 40), b, &f), -1);
	assert_string_equal(f.field, "incoming");
	list(b, F_INCOMING, "陈亮");
	assert_int_equal(watch_check(&d, at(7, 40), b, &f), -1);
	assert_non_null(strstr(f.text, "刘芳"));
	body_set_text(b, F_SIGNER, "赵副县长");
	assert_int_equal(watch_check(&d, at(7, 40), b, &f), -1); /* and why? */
	body_set_text(b, F_REASON, "刘芳 路上");
	assert_int_equal(watch_check(&d, at(7, 40), b, &f), 0);
	body_free(b);
	/* ordered to stay before the handover was begun: it holds for it */
	stay("王建国", "赵副县长", "陈亮", at(7, 30));
	(void)begin("陈亮 刘芳", "白班", at(8, 0), at(7, 40));
	assert_int_equal(watch_lacking(watch_handover(w)), 2);
	/* given up: nothing has passed, and the order went with nobody */
	b = body_new();
	body_set_text(b, F_PERSON, "李敏");
	body_set_text(b, F_REASON, "特提");
	(void)put(KIND_HANDOVER, DUTY_HANDOVER_ABANDONED, b, at(7, 45));
	assert_null(watch_handover(w));
	assert_int_equal(may(DUTY_HANDOVER_SIGNED, KIND_HANDOVER, "李敏", SIDE_OUT, at(7, 46)), -1);
	RESPONSIBLE(at(8, 0), "李敏 王建国");
}

/* By an approved swap one stands in both shifts: all of the relief sign, he too, once and as one who takes over. */
static void
test_in_both(void **state)
{
	(void)state;
	night_of_s6();
	(void)begin("陈亮 王建国", "白班", at(8, 0), at(7, 40));
	assert_int_equal(watch_lacking(watch_handover(w)), 3);
	sign("李敏", SIDE_OUT, at(8, 0));
	sign("陈亮", SIDE_IN, at(8, 1));
	RESPONSIBLE(at(8, 2), "李敏 王建国");
	assert_int_equal(watch_lacking(watch_handover(w)), 1);
	sign("王建国", SIDE_OUT, at(8, 3)); /* he does not go */
	assert_int_equal(watch_lacking(watch_handover(w)), 1);
	sign("王建国", 0, at(8, 4));
	assert_null(watch_handover(w));
	RESPONSIBLE(at(8, 4), "陈亮 王建国");
	RESPONSIBLE(at(8, 3), "李敏 王建国");
}

/* The same, and a leader orders him to stay: the order stands for his signature. */
static void
test_in_both_stays(void **state)
{
	(void)state;
	night_of_s6();
	(void)begin("陈亮 王建国", "白班", at(8, 0), at(7, 40));
	sign_on("陈亮", "白班", at(7, 50));
	sign("李敏", SIDE_OUT, at(8, 0));
	sign("陈亮", SIDE_IN, at(8, 1));
	assert_int_equal(watch_lacking(watch_handover(w)), 1);
	stay("王建国", "赵副县长", "", at(8, 12));
	assert_null(watch_handover(w));
	RESPONSIBLE(at(8, 12), "陈亮 王建国");
}

/* Without a list, who has come may begin. */
static void
test_stay_plain(void **state)
{
	(void)state;
	night_of_s6();
	(void)begin("陈亮 刘芳", "白班", at(8, 0), at(7, 40));
	sign_on("陈亮", "白班", at(7, 50));
	sign("李敏", SIDE_OUT, at(7, 58));
	sign("陈亮", SIDE_IN, at(7, 59));
	sign("王建国", SIDE_OUT, at(7, 59)); /* three of four */
	RESPONSIBLE(at(8, 5), "李敏 王建国");
	stay("王建国", "赵副县长", "", at(8, 12)); /* the order is the last thing that was lacking */
	RESPONSIBLE(at(8, 13), "陈亮 王建国");
	RESPONSIBLE(at(8, 11), "李敏 王建国");
}

/* A signature given for a handover that is over counts for no later one. */
static void
test_stale(void **state)
{
	struct msgid old;
	struct body *b;

	(void)state;
	sign_on("何勇", "班", at(0, 0));
	old = begin("郑海", "班", 0, at(1, 0));
	(void)begin("周平", "班", 0, at(1, 1));
	b = body_new();
	body_set_text(b, F_PERSON, "何勇");
	body_set_num(b, F_SIDE, SIDE_OUT);
	body_set_id(b, F_REFS, &old);
	(void)put(KIND_HANDOVER, DUTY_HANDOVER_SIGNED, b, at(1, 2));
	assert_int_equal(watch_lacking(watch_handover(w)), 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_s6, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_s6_9, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_goes_on, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_in_lieu, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_readback, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_left_out, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_in_both, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_in_both_stays, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_stay_plain, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_stale, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
