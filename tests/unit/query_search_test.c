/*
 * The request `search`, and the steps in which the index follows behind the turns.
 */
#include "query_help.h"
#include "../../formats/search.h"

static void
note(uint64_t serial, const char *title, const char *text)
{
	struct body *b = make(KIND_NOTE, COUNTY);

	body_set_text(b, F_TITLE, title);
	body_set_text(b, F_TEXT, text);
	store(b, TOWN, serial, NULL, 0);
}

static json_t *
search(const char *text, json_int_t before, json_int_t limit)
{
	json_t *r = json_pack("{s:s}", "text", text);

	if (before > 0)
		(void)json_object_set_new(r, "before", json_integer(before));
	if (limit > 0)
		(void)json_object_set_new(r, "limit", json_integer(limit));
	return ask("search", r);
}

static const json_t *
row(const json_t *o, size_t i)
{
	return json_array_get(json_object_get(o, "messages"), i);
}

static void
test_rows(void **state)
{
	const json_t *e;
	json_t *o;

	(void)state;
	note(1, "西周镇险情", "昨夜连续降雨，西周镇莲花村后山发生山体滑坡，冲毁民房两间，道路中断，目前无人员伤亡报告，正在进一步核实");
	note(2, "道路抢通", "Ｇ１５高速滑坡路段已抢通");
	note(3, "其他", "天气晴");
	o = search("滑坡", 0, 0);
	assert_non_null(o);
	assert_int_equal(json_array_size(json_object_get(o, "messages")), 2);
	assert_false(json_is_true(json_object_get(o, "more")));
	assert_true(json_integer_value(json_object_get(o, "unindexed")) >= 3);
	assert_int_equal(json_integer_value(json_object_get(o, "unsearched")), 0);
	e = row(o, 0);
	assert_string_equal(json_string_value(json_object_get(e, "id")), idtext(TOWN, 2));
	assert_string_equal(json_string_value(json_object_get(e, "text")), "Ｇ１５高速滑坡路段已抢通");
	e = row(o, 1);
	assert_string_equal(json_string_value(json_object_get(e, "title")), "西周镇险情");
	assert_string_equal(json_string_value(json_object_get(e, "kind")), "note");
	assert_string_equal(json_string_value(json_object_get(e, "from_name")), "西周镇");
	assert_string_equal(json_string_value(json_object_get(e, "text")),
	    "昨夜连续降雨，西周镇莲花村后山发生山体滑坡，冲毁民房两间，道路中断，目前无人员伤亡报告，正...");
	json_decref(o);

	o = search("滑坡", 0, 1);
	assert_int_equal(json_array_size(json_object_get(o, "messages")), 1);
	assert_true(json_is_true(json_object_get(o, "more")));
	e = row(o, 0);
	{
		json_t *next = search("滑坡", json_integer_value(json_object_get(e, "seq")), 1);

		assert_int_equal(json_array_size(json_object_get(next, "messages")), 1);
		assert_false(json_is_true(json_object_get(next, "more")));
		assert_string_equal(json_string_value(json_object_get(row(next, 0), "id")), idtext(TOWN, 1));
		json_decref(next);
	}
	json_decref(o);
	o = search("g15 高速滑坡", 0, 0);
	assert_int_equal(json_array_size(json_object_get(o, "messages")), 1);
	json_decref(o);
	o = search("鲸鲨", 0, 0);
	assert_int_equal(json_array_size(json_object_get(o, "messages")), 0);
	json_decref(o);
}

static void
test_refused(void **state)
{
	char longer[SEARCH_QUERY_MAX + 2];

	(void)state;
	memset(longer, 'a', sizeof longer);
	longer[sizeof longer - 1] = '\0';
	assert_null(search("", 0, 0));
	assert_string_equal(fault.field, "text");
	assert_int_equal(fault.code, EX_DATAERR);
	assert_null(search(" 。\"*", 0, 0));
	assert_string_equal(fault.field, "text");
	assert_null(search(longer, 0, 0));
	assert_string_equal(fault.field, "text");
	assert_null(ask("search", json_object()));
	assert_string_equal(fault.field, "text");
	assert_null(ask("search", json_pack("{s:s, s:i}", "text", "a", "before", -1)));
	assert_string_equal(fault.field, "before");
	assert_null(ask("search", json_pack("{s:s, s:i}", "text", "a", "limit", 0)));
	assert_string_equal(fault.field, "limit");
}

/* A turn's end, as the loop does it. */
static void
turn(int64_t now)
{
	station_prepare(s, now);
	station_committed(s, now, j->ops->commit(j) == 0);
	station_flush(s, now);
}

static uint64_t
left(void)
{
	uint64_t n = 0;

	assert_int_equal(j->ops->search_more(j, 0, &n), 0);
	return n;
}

static void
test_steps(void **state)
{
	int64_t now = T0 + 100000;
	uint64_t i, before;

	(void)state;
	turn(now);
	while (station_search_step(s, now))
		now += 2000;
	assert_int_equal(left(), 0);
	(void)station_search_step(s, now += 2000);
	assert_true(station_search_wake(s) == INT64_MAX);
	for (i = 1; i <= 100; i++)
		note(i, "t", "山体滑坡");
	assert_true(station_search_wake(s) <= now + 2000);
	assert_true(station_search_step(s, now += 2000));
	assert_true(station_dirty(s));
	assert_int_equal(left(), 36);
	assert_false(station_search_step(s, now + 5000));	/* what is written is committed first */
	turn(now);
	assert_false(station_search_step(s, now + 1999));	/* not twice in two seconds */
	assert_true(station_search_wake(s) == now + 2000);
	assert_true(station_search_step(s, now - 3600000));	/* a clock set back does not stop it */
	turn(now);
	assert_int_equal(left(), 0);
	assert_true(station_search_wake(s) == INT64_MAX);
	assert_false(station_search_step(s, now += 10000));
	assert_false(station_dirty(s));
	/* A chain that grows by something else is looked at once, and nothing is written. */
	assert_int_equal(j->ops->chain_add(j, now, CHAIN_ADMIN, "x", "y", NULL), 0);
	turn(now);
	assert_false(station_search_step(s, now += 10000));
	assert_true(station_search_wake(s) == INT64_MAX);
	/* A backlog is hurried through. */
	for (i = 101; i <= 5000; i++)
		note(i, "t", "滑坡");
	turn(now);
	assert_true(station_search_step(s, now += 2000));
	before = left();
	turn(now);
	assert_true(station_search_wake(s) == now + 100);
	assert_false(station_search_step(s, now + 99));
	assert_true(station_search_step(s, now + 100));
	assert_true(before - left() > 64);
	turn(now);
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = { T(test_rows), T(test_refused), T(test_steps) };

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
