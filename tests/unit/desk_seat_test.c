/*
 * Seats as the desk service counts them: which connections are one, what their end and a dead line do at once, and that a hosted station does not
 * count as attended by a key pressed before its line was cut (SCENARIOS S1-3, K11).  And the answers about roll calls and zero reports.
 */
#include "desk_fixture.h"
#include "../../switch/presence.h"

#define DESK "{\"n\":1,\"op\":\"hello\",\"proto\":1,\"program\":\"dutydesk\",\"lang\":\"en\"}"
#define WATCHER "{\"n\":1,\"op\":\"hello\",\"proto\":1,\"program\":\"dutyctl\",\"lang\":\"en\"}"

static int
state_of(struct fx *x)
{
	struct presence pr;

	station_tick(x->s, x->now);
	station_presence(x->s, x->now, "330225102", &pr);
	return pr.state;
}

static void
good(struct fx *x, struct client *c, const char *json)
{
	json_t *j = call(x, c, json);

	if (!ok(j))
		fail_msg("%s: %s", json, json_dumps(j, JSON_COMPACT));
	json_decref(j);
}

static void
settle(struct fx *x)
{
	for (int i = 0; i < 20; i++)
		pump(x);
}

static void
seats(void **state)
{
	struct fx *x = *state;
	struct client ctl, a, b;

	assert_int_equal(state_of(x), PRESENCE_NO_SEAT);
	ctl = dial(x);
	good(x, &ctl, WATCHER);
	assert_int_equal(state_of(x), PRESENCE_NO_SEAT); /* who only watches is no seat */
	a = dial(x);
	good(x, &a, DESK);
	assert_int_equal(state_of(x), PRESENCE_IDLE);
	good(x, &a, "{\"n\":2,\"op\":\"attend\"}");
	assert_int_equal(state_of(x), PRESENCE_ATTENDED);
	/* its line dies, without an end: nobody is there, whatever was pressed a second ago */
	good(x, &a, "{\"n\":3,\"op\":\"attend\",\"seat\":\"dead\"}");
	assert_int_equal(state_of(x), PRESENCE_NO_SEAT);
	assert_false(station_is_attended(x->s, x->now));
	good(x, &a, "{\"n\":4,\"op\":\"attend\",\"seat\":\"alive\"}");
	assert_int_equal(state_of(x), PRESENCE_IDLE); /* the line is no person */
	b = dial(x);
	good(x, &b, DESK);
	good(x, &b, "{\"n\":2,\"op\":\"attend\"}");
	good(x, &a, "{\"n\":5,\"op\":\"attend\",\"seat\":\"dead\"}");
	assert_int_equal(state_of(x), PRESENCE_ATTENDED); /* the other seat is open */
	/* a key at the dead one: it lives */
	good(x, &a, "{\"n\":6,\"op\":\"attend\"}");
	hang_up(&b);
	settle(x);
	assert_int_equal(state_of(x), PRESENCE_ATTENDED);
	hang_up(&a);
	settle(x);
	assert_int_equal(state_of(x), PRESENCE_NO_SEAT);
	assert_true(x->turns > 0);
	expect_refused(call(x, &ctl, "{\"n\":9,\"op\":\"attend\",\"seat\":\"asleep\"}"), 9, EX_DATAERR, "seat");
	expect_refused(call(x, &ctl, "{\"n\":9,\"op\":\"attend\",\"seat\":7}"), 9, EX_DATAERR, "seat");
	/* who is no desk cannot speak for one, and the word is harmless */
	good(x, &ctl, "{\"n\":10,\"op\":\"attend\",\"seat\":\"dead\"}");
	assert_int_equal(state_of(x), PRESENCE_NO_SEAT);
	expect_served(x, &ctl);
	hang_up(&ctl);
}

static void
lists(void **state)
{
	static const struct { const char *json; int code; const char *field; } bad[] = {
	    {"{\"n\":3,\"op\":\"zeros\",\"day\":\"2026-13-01\"}", EX_DATAERR, "day"},
	    {"{\"n\":3,\"op\":\"zeros\",\"day\":true}", EX_DATAERR, "day"},
	    {"{\"n\":3,\"op\":\"zeros\",\"day\":-5}", EX_DATAERR, "day"},
	    {"{\"n\":3,\"op\":\"rolls\",\"limit\":0}", EX_DATAERR, "limit"},
	    {"{\"n\":3,\"op\":\"submit\",\"rid\":\"z\",\"body\":{\"kind\":\"zero\",\"person\":\"周强\"}}", EX_DATAERR, "period_to"},
	    {"{\"n\":3,\"op\":\"submit\",\"rid\":\"y\",\"body\":{\"kind\":\"rollcall\",\"regarding\":\"330225203\"}}", EX_DATAERR, "outcome"},
	};
	struct fx *x = *state;
	struct client c = dial(x);
	json_t *j;

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		expect_refused(call(x, &c, bad[i].json), 3, bad[i].code, bad[i].field);
	/* An event of that day goes along in the zero report, by the switch; one of the day after does not. */
	good(x, &c, "{\"n\":4,\"op\":\"submit\",\"rid\":\"r1\",\"confirm\":true,\"body\":{\"kind\":\"intake\",\"place\":\"西周镇\",\"title\":\"昨夜\",\"type\":\"12G00\","
		    "\"learned\":\"2026-11-21T23:40:00+08:00\"}}");
	good(x, &c, "{\"n\":4,\"op\":\"submit\",\"rid\":\"r0\"," INTAKE "}");
	good(x, &c, "{\"n\":5,\"op\":\"submit\",\"rid\":\"r2\",\"body\":{\"kind\":\"zero\",\"person\":\"周强\",\"period_to\":\"2026-11-22T00:00:00+08:00\"}}");
	j = call(x, &c, "{\"n\":6,\"op\":\"zeros\",\"day\":\"2026-11-21\"}");
	assert_true(ok(j));
	assert_string_equal(json_string_value(json_object_get(json_object_get(j, "own"), "state")), "reported");
	assert_true(json_is_false(json_object_get(json_object_get(j, "own"), "nothing")));
	assert_string_equal(json_string_value(json_object_get(json_object_get(j, "own"), "events")), "1122-001");
	json_decref(j);
	/* of another day nothing was said, and nothing is claimed */
	j = call(x, &c, "{\"n\":7,\"op\":\"zeros\",\"day\":\"2026-11-20\"}");
	assert_true(json_is_null(json_object_get(json_object_get(j, "own"), "nothing")));
	json_decref(j);
	good(x, &c, "{\"n\":8,\"op\":\"submit\",\"rid\":\"r3\",\"body\":{\"kind\":\"rollcall\",\"regarding\":\"330225203\",\"outcome\":\"reached\",\"rings\":5,"
		    "\"answered_by\":\"老丁\"}}");
	j = call(x, &c, "{\"n\":9,\"op\":\"rolls\"}");
	assert_true(ok(j));
	assert_int_equal(json_array_size(json_object_get(j, "rolls")), 1);
	assert_true(json_is_false(json_object_get(json_array_get(json_object_get(j, "rolls"), 0), "good")));
	assert_true(json_is_null(json_object_get(json_array_get(json_object_get(j, "rolls"), 0), "on_roster")));
	assert_int_equal(json_integer_value(json_object_get(json_object_get(j, "totals"), "called")), 1);
	json_decref(j);
	hang_up(&c);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {T(seats), T(lists)};

	return desk_run(tests, sizeof(tests) / sizeof(tests[0]));
}
