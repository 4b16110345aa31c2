/*
 * What is owed, answered: what we await stands beside what we owe, what the time makes of it is said when it is asked, and chasing is handed the same.
 */
#include "query_help.h"
#include "../../switch/chase.h"
#include "../../switch/query_live.h"

static const json_t *
owed_find(const json_t *o, const char *what, const char *about)
{
	for (size_t i = 0; i < count(o, "items"); i++)
		if (strcmp(str(at(o, "items", i), "what"), what) == 0 && strcmp(str(at(o, "items", i), "about"), about) == 0)
			return at(o, "items", i);
	return NULL;
}

static void
order(uint64_t serial, int64_t due)
{
	struct body *b = make(KIND_DIRECTIVE, TOWN);

	body_set_text(b, F_TEXT, "立即核实人数");
	if (due != 0)
		body_set_time(b, F_DUE, due);
	store(b, COUNTY, serial, COUNTY, serial);
}

static void
test_awaited(void **state)
{
	const json_t *it;
	struct body *b;
	json_t *o;

	(void)state;
	clock_now = T0;
	order(50, T0 + 40 * MIN);
	o = want("owed", json_object());
	it = owed_find(o, "await-sign", idtext(COUNTY, 50));
	assert_non_null(it);
	assert_string_equal(str(it, "towards"), TOWN);
	assert_string_equal(str(it, "what_name"), "对方签收");
	assert_string_equal(str(it, "origin_name"), "发出");
	assert_string_equal(str(it, "rule"), "sample-await-sign-urgent");
	assert_true(str(it, "presence_name")[0] != '\0');
	it = owed_find(o, "await-feedback", idtext(COUNTY, 50));
	assert_non_null(it);
	assert_int_equal(num(it, "due"), T0 + 40 * MIN);
	assert_false(flag(it, "call"));
	assert_string_equal(str(it, "origin_name"), "来文");
	json_decref(o);
	/* Time goes by, and nothing else: the telephone is due. */
	clock_now = T0 + 41 * MIN;
	o = want("owed", json_object());
	it = owed_find(o, "await-feedback", idtext(COUNTY, 50));
	assert_true(it != NULL && flag(it, "call"));
	assert_non_null(strstr(str(it, "note"), "改电话"));
	json_decref(o);
	/* It is taken on until T0+60, and then not kept. */
	b = refers(make(KIND_RECEIPT, COUNTY), COUNTY, 50);
	body_set_num(b, F_ACT, ACT_TAKEN);
	body_set_text(b, F_PERSON, "周强");
	body_set_time(b, F_DUE, T0 + 60 * MIN);
	store(b, TOWN, 60, COUNTY, 50);
	o = want("owed", json_object());
	assert_null(owed_find(o, "await-sign", idtext(COUNTY, 50)));
	it = owed_find(o, "await-feedback", idtext(COUNTY, 50));
	assert_non_null(it);
	assert_int_equal(num(it, "due"), T0 + 40 * MIN);	/* what was ordered sooner stands */
	assert_string_equal(str(it, "person"), "周强");
	json_decref(o);
	b = refers(make(KIND_FEEDBACK, COUNTY), COUNTY, 50);
	body_set_num(b, F_PROGRESS, PROGRESS_ONGOING);
	body_set_time(b, F_DUE, T0 + 70 * MIN);
	store(b, TOWN, 61, COUNTY, 50);
	clock_now = T0 + 69 * MIN;
	o = want("owed", json_object());
	it = owed_find(o, "await-feedback", idtext(COUNTY, 50));
	assert_true(it != NULL && num(it, "due") == T0 + 70 * MIN && flag(it, "promised") && !flag(it, "lapsed"));
	json_decref(o);
	clock_now = T0 + 71 * MIN;
	o = want("owed", json_object());
	it = owed_find(o, "await-feedback", idtext(COUNTY, 50));
	assert_true(it != NULL && flag(it, "lapsed"));
	assert_non_null(strstr(str(it, "note"), "退回未办"));
	json_decref(o);
	b = refers(make(KIND_FEEDBACK, COUNTY), COUNTY, 50);
	body_set_num(b, F_PROGRESS, PROGRESS_DONE);
	store(b, TOWN, 62, COUNTY, 50);
	o = want("owed", json_object());
	assert_null(owed_find(o, "await-feedback", idtext(COUNTY, 50)));
	json_decref(o);
}

/* Two clocks side by side; having passed it on is said, and ends only the own one. */
static void
test_chain(void **state)
{
	struct body *b;
	const json_t *it;
	json_t *o;
	size_t own = 0, chain = 0;

	(void)state;
	clock_now = T0;
	fire();
	b = make(KIND_GRADE, NULL);
	body_set_num(b, F_GRADE, GRADE_II);
	store(b, COUNTY, 70, TOWN, 1);
	o = want("owed", json_object());
	for (size_t i = 0; i < count(o, "items"); i++) {
		it = at(o, "items", i);
		if (strcmp(str(it, "what"), "written") != 0)
			continue;
		own += strcmp(str(it, "scope"), "hop") == 0;
		if (strcmp(str(it, "scope"), "chain") != 0)
			continue;
		chain++;
		assert_string_equal(str(it, "endpoint"), "ext:guojia");
		assert_string_equal(str(it, "towards_name"), "国务院总值班室");
		assert_string_equal(str(it, "what_name"), "书面首报(全链)");
	}
	json_decref(o);
	assert_int_equal(own, 1);
	assert_int_equal(chain, 1);
	b = make(KIND_REPORT, CITY);
	body_set_num(b, F_STAGE, STAGE_FIRST);
	store(b, COUNTY, 71, TOWN, 1);
	o = want("owed", json_object());
	own = chain = 0;
	for (size_t i = 0; i < count(o, "items"); i++) {
		it = at(o, "items", i);
		own += strcmp(str(it, "what"), "written") == 0 && strcmp(str(it, "scope"), "hop") == 0;
		if (strcmp(str(it, "what"), "written") != 0 || strcmp(str(it, "scope"), "chain") != 0)
			continue;
		chain++;
		assert_true(num(it, "passed") != 0);
		assert_non_null(strstr(str(it, "note"), "已报上一级"));
	}
	json_decref(o);
	assert_int_equal(own, 0);
	assert_int_equal(chain, 1);
}

struct handed {
	struct owed_item it[64];
	char key[64][CHASE_KEY];
	size_t n;
};

static void
hand(void *ctx, const struct owed_item *it, const char *key, const char *title)
{
	struct handed *h = ctx;

	assert_non_null(title);
	assert_true(h->n < 64);
	(void)snprintf(h->key[h->n], CHASE_KEY, "%s", key);
	h->it[h->n++] = *it;
}

/* The engine is given what the desk is shown, and what is too old to be chased is not handed out. */
static void
test_each(void **state)
{
	struct handed *h = xcalloc(1, sizeof *h);
	struct query q;
	json_t *o;
	size_t n;

	(void)state;
	clock_now = T0;
	fire();
	order(50, T0 + 40 * MIN);
	o = want("owed", json_object());
	n = count(o, "items");
	query_begin(&env, clock_now, &q);
	assert_int_equal(query_owed_each(&q, hand, h), 0);
	for (size_t i = 0; i < n; i++) {
		const json_t *it = at(o, "items", i);
		bool found = false;

		for (size_t k = 0; k < h->n; k++) {
			char about[MSGID_TEXT_MAX];
			const struct enum_name *e = enum_by_value("owed", (int)h->it[k].what);

			(void)msgid_format(&h->it[k].about, about, sizeof about);
			if (e == NULL || strcmp(e->name, str(it, "what")) != 0 || strcmp(about, str(it, "about")) != 0 ||
			    strcmp(h->it[k].towards, str(it, "towards")) != 0)
				continue;
			found = true;
			assert_int_equal(h->it[k].due, num(it, "due"));
			assert_int_equal(h->it[k].origin, num(it, "origin"));
			assert_string_equal(h->it[k].clause, str(it, "clause"));
			if (json_object_get(it, "rule") != NULL) {
				assert_string_equal(h->it[k].rule, str(it, "rule"));
				assert_true(h->it[k].prec > 0 && h->it[k].from != 0);
			}
			assert_true(h->key[k][0] != '\0');
		}
		assert_true(found);
	}
	assert_true(n >= 4);
	json_decref(o);
	h->n = 0;
	query_begin(&env, T0 + INT64_C(40) * 86400000, &q);
	assert_int_equal(query_owed_each(&q, hand, h), 0);
	for (size_t k = 0; k < h->n; k++)
		assert_int_equal(h->it[k].what, OWED_GRADE_AGAIN + 1000);	/* nothing is left */
	free(h);
}

/* What has been late for weeks comes behind what is due tonight. */
static void
test_stale_last(void **state)
{
	json_t *o;

	(void)state;
	clock_now = T0;
	order(50, T0 + 40 * MIN);
	clock_now = T0 + INT64_C(20) * 86400000;
	order(51, clock_now + 30 * MIN);
	o = want("owed", json_object());
	assert_true(count(o, "items") >= 4);
	assert_string_equal(str(at(o, "items", 0), "about"), idtext(COUNTY, 51));
	assert_string_equal(str(at(o, "items", count(o, "items") - 1), "about"), idtext(COUNTY, 50));
	json_decref(o);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_awaited, setup, teardown),
		cmocka_unit_test_setup_teardown(test_chain, setup, teardown),
		cmocka_unit_test_setup_teardown(test_each, setup, teardown),
		cmocka_unit_test_setup_teardown(test_stale_last, setup, teardown),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
