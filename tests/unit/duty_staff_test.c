/*
 * The register: one step for the first entry, two persons for a change, dates of what was dialled, and the same register of the same messages in any order.
 */
#include "duty_help.h"
#include "../../switch/duty_staff.h"

#define DAY INT64_C(86400000)

static struct staff *
fold(const struct makes *m, const size_t *order)
{
	struct staff *s = staff_new();

	for (size_t i = 0; i < m->n; i++) {
		struct duty_msg d = msg_of(&m->v[order != NULL ? order[i] : i]);

		staff_take(s, &d);
		if (i % 3 == 0)
			staff_take(s, &d);	/* the same again makes nothing twice */
	}
	return s;
}

static void
first_entry(void **state)
{
	struct makes m = {.n = 0};
	struct staff *s;
	const struct staff_person *p;

	(void)state;
	PUT(&m, KIND_STAFF, "person", T0, NULL, "person", "李敏", "post", "值班长", "duty_role", "senior", "phone", "13800000001", "backup", "王建国");
	PUT(&m, KIND_STAFF, "person", T0 + 1, NULL, "person", "李敏", "duty_role", "officer", "number_of", "B", "phone", "13800000002");
	PUT(&m, KIND_STAFF, "person", T0 + 2, NULL, "person", "李敏", "phone", "13999999999");	/* A is there: one person alone changes nothing */
	s = fold(&m, NULL);
	p = staff_find(s, "李敏");
	assert_non_null(p);
	assert_int_equal(staff_count(s), 1);
	assert_string_equal(p->post, "值班长");
	assert_int_equal(p->roles, 1u << ROLE_DUTY_SENIOR | 1u << ROLE_DUTY_OFFICER);
	assert_int_equal(p->nnumber, 2);
	assert_string_equal(p->number[0].phone, "13800000001");
	assert_int_equal(p->number[0].of, NUMBER_A);
	assert_string_equal(p->number[1].phone, "13800000002");
	assert_int_equal(p->nbackup, 1);
	assert_string_equal(p->backup[0], "王建国");
	assert_null(staff_find(s, "陈亮"));
	assert_null(staff_find(s, ""));
	staff_free(s);
	makes_free(&m);
}

static void
roles_anew(void **state)
{
	struct makes m = {.n = 0};
	struct staff *s;

	(void)state;
	PUT(&m, KIND_STAFF, "person", T0, NULL, "person", "甲", "duty_role", "leader", "backup", "乙");
	PUT(&m, KIND_STAFF, "person", T0 + 1, REFS(1), "person", "甲", "duty_role", "officer");
	s = fold(&m, NULL);
	assert_int_equal(staff_find(s, "甲")->roles, 1u << ROLE_DUTY_OFFICER);
	assert_int_equal(staff_find(s, "甲")->nbackup, 0);
	staff_free(s);
	makes_free(&m);
}

/* Who proposes, who confirms, what is in force. */
static void
two_persons(void **state)
{
	static const struct {
		const char *first, *second, *decision, *force;
		size_t open;
	} t[] = {
	    {"李敏", "王建国", "number-confirm", "222", 0},
	    {"李敏", "李敏", "number-confirm", "111", 1},	/* one person twice is one person */
	    {"李敏", "", "number-confirm", "111", 1},
	    {"李敏", "王建国", "number-decline", "111", 0},
	    {"李敏", "李敏", "number-decline", "111", 0},	/* taken back */
	    {"李敏", NULL, NULL, "111", 1},			/* the old one stands until then */
	};

	(void)state;
	for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
		struct makes m = {.n = 0};
		const struct staff_change *c;
		struct staff *s;

		PUT(&m, KIND_STAFF, "person", T0, NULL, "person", "赵", "phone", "111");
		PUT(&m, KIND_STAFF, "number-new", T0 + 1, NULL, "person", "赵", "phone", "222", "author", t[i].first);
		if (t[i].decision != NULL && *t[i].second != '\0')
			PUT(&m, KIND_STAFF, t[i].decision, T0 + 2, REFS(2), "author", t[i].second);
		else if (t[i].decision != NULL)
			put(&m, KIND_STAFF, t[i].decision, T0 + 2, REFS(2), NULL);
		s = fold(&m, NULL);
		assert_string_equal(staff_number(staff_find(s, "赵"), NUMBER_A)->phone, t[i].force);
		assert_int_equal(staff_changes(s, &c), t[i].open);
		if (t[i].open == 1) {
			assert_string_equal(c[0].by, "李敏");
			assert_string_equal(c[0].phone, "222");
			assert_non_null(staff_change(s, &m.v[1].id));
		} else
			assert_null(staff_change(s, &m.v[1].id));
		staff_free(s);
		makes_free(&m);
	}
}

static void
verified(void **state)
{
	struct makes m = {.n = 0};
	const struct staff_number *n;
	struct staff *s;

	(void)state;
	PUT(&m, KIND_STAFF, "person", T0, NULL, "person", "赵", "phone", "111");
	s = fold(&m, NULL);
	n = staff_number(staff_find(s, "赵"), NUMBER_A);
	assert_int_equal(n->verified, 0);
	assert_true(staff_stale(n, T0, 30));	/* never reached */
	staff_free(s);

	PUT(&m, KIND_STAFF, "number-tried", T0 + DAY, NULL, "person", "赵", "outcome", "reached");
	PUT(&m, KIND_STAFF, "number-tried", T0 + 2 * DAY, NULL, "person", "赵", "phone", "999", "outcome", "wrong-number");	/* another number */
	s = fold(&m, NULL);
	n = staff_number(staff_find(s, "赵"), NUMBER_A);
	assert_int_equal(n->verified, T0 + DAY);
	assert_false(staff_stale(n, T0 + 31 * DAY, 30));
	assert_true(staff_stale(n, T0 + 31 * DAY + 1, 30));
	staff_free(s);

	PUT(&m, KIND_STAFF, "number-tried", T0 + 3 * DAY, NULL, "person", "赵", "phone", "111", "outcome", "wrong-number");
	s = fold(&m, NULL);
	n = staff_number(staff_find(s, "赵"), NUMBER_A);
	assert_int_equal(n->outcome, OUTCOME_WRONG);
	assert_int_equal(n->verified, T0 + DAY);
	assert_true(staff_stale(n, T0 + 3 * DAY, 30));	/* 空号 */
	staff_free(s);

	/* another number in force begins unverified */
	PUT(&m, KIND_STAFF, "number-new", T0 + 4 * DAY, NULL, "person", "赵", "phone", "222", "author", "甲");
	PUT(&m, KIND_STAFF, "number-confirm", T0 + 5 * DAY, REFS(m.n), "author", "乙");
	s = fold(&m, NULL);
	n = staff_number(staff_find(s, "赵"), NUMBER_A);
	assert_string_equal(n->phone, "222");
	assert_int_equal(n->verified, 0);
	assert_int_equal(n->outcome, 0);
	staff_free(s);
	makes_free(&m);
}

static void
add_station(struct makes *m, const char *code)
{
	struct value v = {.key = F_REGARDING, .field = field_by_key(F_REGARDING)};
	char copy[STATION_MAX];

	(void)snprintf(copy, sizeof copy, "%s", code);
	v.u.text.s = copy;
	v.u.text.len = strlen(copy);
	body_add_value(m->v[m->n - 1].b, &v);
}

static void
stations(void **state)
{
	struct makes m = {.n = 0};
	const struct staff_person *st;
	struct staff *s;

	(void)state;
	PUT(&m, KIND_STAFF, "person", T0, NULL, "phone", "0574-1");
	add_station(&m, "330225102");
	PUT(&m, KIND_STAFF, "person", T0, NULL, "phone", "0574-2", "number_of", "satellite");
	add_station(&m, "330225102");
	PUT(&m, KIND_STAFF, "person", T0, NULL, "phone", "0574-0");
	add_station(&m, "330225101");
	PUT(&m, KIND_STAFF, "person", T0, NULL, "person", "吴镇长", "duty_role", "leader");
	add_station(&m, "330225102");
	put(&m, KIND_ROLLCALL, "person", T0 + 5, NULL, (const char *const[]){"phone", "0574-1", "outcome", "reached", NULL});
	add_station(&m, "330225102");
	s = fold(&m, NULL);
	assert_int_equal(staff_stations(s, &st), 2);
	assert_string_equal(st[0].unit, "330225101");
	assert_int_equal(staff_station(s, "330225102")->nnumber, 2);
	assert_int_equal(staff_station(s, "330225102")->number[0].verified, T0 + 5);	/* a roll call by telephone is a try */
	assert_int_equal(staff_station(s, "330225102")->number[0].of, NUMBER_DUTY);
	assert_null(staff_station(s, "330225103"));
	assert_null(staff_station(s, ""));
	assert_null(staff_find(s, "吴镇长"));	/* of that unit, not of ours */
	assert_non_null(staff_find_at(s, "330225102", "吴镇长"));
	staff_free(s);
	makes_free(&m);
}

static void
left(void **state)
{
	struct makes m = {.n = 0};
	struct staff *s;

	(void)state;
	PUT(&m, KIND_STAFF, "person", T0, NULL, "person", "甲", "duty_role", "leader", "phone", "111");
	PUT(&m, KIND_STAFF, "person", T0, NULL, "person", "乙");
	PUT(&m, KIND_STAFF, "left", T0, NULL, "person", "甲");
	s = fold(&m, NULL);
	assert_null(staff_find(s, "甲"));
	assert_int_equal(staff_count(s), 2);
	assert_string_equal(staff_at(s, 0)->name, "乙");	/* those who left come last */
	assert_true(staff_at(s, 1)->left);
	staff_free(s);
	/* coming back is no way around the second person */
	PUT(&m, KIND_STAFF, "person", T0, NULL, "person", "甲", "phone", "222");
	s = fold(&m, NULL);
	assert_string_equal(staff_number(staff_find(s, "甲"), NUMBER_A)->phone, "111");
	assert_int_equal(staff_find(s, "甲")->roles, 0);
	staff_free(s);
	makes_free(&m);
}

static void
not_own(void **state)
{
	struct makes m = {.n = 0};
	struct staff *s = staff_new();
	struct duty_msg d;

	(void)state;
	PUT(&m, KIND_STAFF, "person", T0, NULL, "person", "甲");
	d = msg_of(&m.v[0]);
	d.own = false;
	staff_take(s, &d);
	assert_int_equal(staff_count(s), 0);
	staff_free(s);
	makes_free(&m);
}

static void
say(const struct staff *s, struct buf *out)
{
	const struct staff_change *c;
	size_t n = staff_changes(s, &c);

	for (size_t i = 0; i < staff_count(s); i++) {
		const struct staff_person *p = staff_at(s, i);

		buf_printf(out, "%s|%s|%x|%d", p->name, p->post, p->roles, p->left);
		for (size_t k = 0; k < p->nnumber; k++)
			buf_printf(out, "|%d %s %lld %d", p->number[k].of, p->number[k].phone, (long long)p->number[k].verified, p->number[k].outcome);
		buf_puts(out, "\n");
	}
	for (size_t i = 0; i < n; i++)
		buf_printf(out, "%s %s %s\n", c[i].person, c[i].phone, c[i].by);
}

static void
any_order(void **state)
{
	struct makes m = {.n = 0};
	struct buf want = {0}, got = {0};
	struct staff *s;
	size_t order[64];
	uint64_t seed = 3;

	(void)state;
	PUT(&m, KIND_STAFF, "person", T0, NULL, "person", "甲", "post", "一", "phone", "111", "duty_role", "leader");
	PUT(&m, KIND_STAFF, "person", T0 + 1, NULL, "person", "乙", "phone", "112");
	PUT(&m, KIND_STAFF, "number-new", T0 + 2, NULL, "person", "甲", "phone", "222", "author", "乙");
	PUT(&m, KIND_STAFF, "number-confirm", T0 + 3, REFS(3), "author", "丙");
	PUT(&m, KIND_STAFF, "number-tried", T0 + 4, NULL, "person", "甲", "outcome", "reached");
	PUT(&m, KIND_STAFF, "number-new", T0 + 5, NULL, "person", "乙", "phone", "333", "author", "甲");
	PUT(&m, KIND_STAFF, "left", T0 + 6, NULL, "person", "乙");
	PUT(&m, KIND_STAFF, "person", T0 + 7, NULL, "person", "甲", "post", "二");
	PUT(&m, KIND_STAFF, "number-tried", T0 + 8, NULL, "person", "甲", "outcome", "busy");
	s = fold(&m, NULL);
	say(s, &want);
	staff_free(s);
	for (int i = 0; i < 200; i++) {
		shuffle(order, m.n, &seed);
		s = fold(&m, order);
		buf_clear(&got);
		say(s, &got);
		assert_string_equal(buf_cstr(&got), buf_cstr(&want));
		staff_free(s);
	}
	buf_free(&want);
	buf_free(&got);
	makes_free(&m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(first_entry), cmocka_unit_test(roles_anew), cmocka_unit_test(two_persons), cmocka_unit_test(verified),
	    cmocka_unit_test(stations), cmocka_unit_test(left), cmocka_unit_test(not_own), cmocka_unit_test(any_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
