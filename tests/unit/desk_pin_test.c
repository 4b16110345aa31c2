/*
 * PINs through the desk's socket: op pin_set, member pins[], what a refusal says and when, and that nothing of a PIN is in the journal.
 */
#include "desk_fixture.h"

static void
fine(struct fx *x, struct client *c, const char *json)
{
	json_t *a = call(x, c, json);

	if (!json_is_true(json_object_get(a, "ok")))
		fail_msg("%s: %s", json, json_string_value(json_object_get(a, "text")));
	json_decref(a);
}

static void
refuses(struct fx *x, struct client *c, const char *json, int code, const char *field, const char *part)
{
	json_t *a = call(x, c, json);
	const char *text = json_string_value(json_object_get(a, "text"));

	if (json_is_true(json_object_get(a, "ok")) || json_integer_value(json_object_get(a, "code")) != code ||
	    strcmp(json_string_value(json_object_get(a, "field")), field) != 0 || strstr(text, part) == NULL)
		fail_msg("%s: %lld %s %s", json, (long long)json_integer_value(json_object_get(a, "code")),
		    json_string_value(json_object_get(a, "field")), text);
	assert_null(strstr(text, "135790"));
	assert_null(strstr(text, "999111"));
	json_decref(a);
}

#define PERSON(rid, name, role) \
	"{\"op\":\"submit\",\"n\":1,\"rid\":\"" rid "\",\"body\":{\"kind\":\"staff\",\"duty_step\":\"person\",\"person\":\"" name "\",\"duty_role\":\"" role "\"}}"
#define REPORT(rid, pins) \
	"{\"op\":\"submit\",\"n\":1,\"rid\":\"" rid "\"," pins "\"body\":{\"kind\":\"report\",\"stage\":\"first\",\"place\":\"西周镇\",\"title\":\"火灾\"," \
	"\"type\":\"12G00\",\"learned\":\"2026-11-22T13:00:00+08:00\",\"signer\":\"陈亮\"}}"
#define FIRST_PIN(name, pin, by, by_pin) \
	"{\"op\":\"pin_set\",\"n\":2,\"person\":\"" name "\",\"pin\":\"" pin "\",\"by\":\"" by "\",\"by_pin\":\"" by_pin "\"}"
#define PINS(name, pin) "\"pins\":[{\"person\":\"" name "\",\"pin\":\"" pin "\"}],"

static void
pins(void **state)
{
	struct fx *x = *state;
	struct client c = dial(x);
	json_t *a;

	fine(x, &c, PERSON("p1", "陈亮", "officer"));
	fine(x, &c, PERSON("p2", "李敏", "officer"));
	fine(x, &c, PERSON("p3", "赵副县长", "leader"));
	refuses(x, &c, "{\"op\":\"pin_set\",\"n\":2,\"person\":\"生人\",\"pin\":\"135790\"}", EX_NOINPUT, "person", "生人");
	refuses(x, &c, "{\"op\":\"pin_set\",\"n\":2,\"person\":\"陈亮\",\"pin\":\"123456\"}", EX_DATAERR, "pin", "");
	expect_refused(call(x, &c, "{\"op\":\"pin_set\",\"n\":2,\"person\":\"陈亮\"}"), 2, EX_DATAERR, "pin");
	fine(x, &c, "{\"op\":\"pin_set\",\"n\":2,\"person\":\"陈亮\",\"pin\":\"135790\"}");
	/* from then on a first PIN, too, needs somebody's proof: an impostor could be there before its person */
	refuses(x, &c, "{\"op\":\"pin_set\",\"n\":2,\"person\":\"李敏\",\"pin\":\"246801\"}", EX_NOPERM, "by", "陈亮");
	refuses(x, &c, "{\"op\":\"pin_set\",\"n\":2,\"person\":\"李敏\",\"pin\":\"246801\",\"by\":\"李敏\",\"by_pin\":\"246801\"}", EX_NOPERM, "by", "");
	refuses(x, &c, "{\"op\":\"pin_set\",\"n\":2,\"person\":\"李敏\",\"pin\":\"246801\",\"by\":\"陈亮\",\"by_pin\":\"999111\"}", EX_NOPERM, "by_pin", "陈亮");
	refuses(x, &c, "{\"op\":\"pin_set\",\"n\":2,\"person\":\"李敏\",\"pin\":\"246801\",\"by\":\"生人\",\"by_pin\":\"135790\"}", EX_NOPERM, "by", "生人");
	fine(x, &c, FIRST_PIN("李敏", "246801", "陈亮", "135790"));
	/* in Li Min's session, with Li Min's PIN, nobody signs for Chen Liang */
	refuses(x, &c, REPORT("r1", ""), EX_NOPERM, "pin", "陈亮");
	refuses(x, &c, REPORT("r1", PINS("李敏", "246801")), EX_NOPERM, "pin", "陈亮");
	refuses(x, &c, REPORT("r1", PINS("陈亮", "999111")), EX_NOPERM, "pin", "4");
	refuses(x, &c, REPORT("r1", "\"pins\":7,"), EX_DATAERR, "pins", "");
	refuses(x, &c, REPORT("r1", "\"pins\":[7],"), EX_DATAERR, "pins", "");
	refuses(x, &c, REPORT("r1", "\"pins\":[{\"person\":\"陈亮\"}],"), EX_DATAERR, "pin", "");
	refuses(x, &c, REPORT("r1", "\"pins\":[{\"person\":\"陈亮\",\"pin\":\"135790\"},{\"person\":\"陈亮\",\"pin\":\"135790\"}],"), EX_DATAERR, "pins", "陈亮");
	fine(x, &c, REPORT("r1", PINS("陈亮", "135790")));
	/* somebody without a PIN is taken, whatever is typed for him */
	fine(x, &c, "{\"op\":\"submit\",\"n\":1,\"rid\":\"r2\",\"pins\":[{\"person\":\"赵副县长\",\"pin\":\"999111\"}],\"body\":{\"kind\":\"note\",\"text\":\"x\"}}");
	/* another's PIN is set by a leader who is proven, or by himself */
	refuses(x, &c, "{\"op\":\"pin_set\",\"n\":2,\"person\":\"陈亮\",\"pin\":\"808132\",\"by\":\"李敏\",\"by_pin\":\"246801\"}", EX_NOPERM, "by", "李敏");
	refuses(x, &c, "{\"op\":\"pin_set\",\"n\":2,\"person\":\"陈亮\",\"pin\":\"808132\",\"by\":\"赵副县长\",\"by_pin\":\"1\"}", EX_NOPERM, "by_pin", "");
	refuses(x, &c, "{\"op\":\"pin_set\",\"n\":2,\"person\":\"赵副县长\",\"pin\":\"907856\"}", EX_NOPERM, "by", "");
	fine(x, &c, FIRST_PIN("赵副县长", "907856", "李敏", "246801"));
	fine(x, &c, "{\"op\":\"pin_set\",\"n\":2,\"person\":\"陈亮\",\"pin\":\"808132\",\"by\":\"赵副县长\",\"by_pin\":\"907856\"}");
	/* the list says that there is one, and no more */
	a = call(x, &c, "{\"op\":\"staff\",\"n\":3}");
	assert_int_equal(json_array_size(json_object_get(a, "persons")), 3);
	assert_true(json_is_true(json_object_get(json_array_get(json_object_get(a, "persons"), 0), "pin")));
	json_decref(a);
	hang_up(&c);
}

static void
after_the_commit(void **state)
{
	struct fx *x = *state;
	struct client c = dial(x);
	char meta[64];

	fine(x, &c, PERSON("p1", "陈亮", "officer"));
	fine(x, &c, "{\"op\":\"pin_set\",\"n\":2,\"person\":\"陈亮\",\"pin\":\"135790\"}");
	x->hold = true;	/* the turn does not end: nobody learns of the wrong PIN before it is counted */
	ask(x, &c, REPORT("r1", PINS("陈亮", "999111")));
	for (int i = 0; i < 50; i++) {
		fill(&c);
		assert_null(take(&c));
		pump(x);
	}
	x->hold = false;
	json_decref(answer(x, &c));
	journal_ram_crash(x->j);
	assert_int_equal(x->j->ops->meta_get(x->j, "pin.tries/陈亮", meta, sizeof meta), 0);
	assert_string_equal(meta, "1 0");
	hang_up(&c);
}

static void
locked(void **state)
{
	struct fx *x = *state;
	struct client c = dial(x);

	fine(x, &c, PERSON("p1", "陈亮", "officer"));
	fine(x, &c, PERSON("p2", "李敏", "officer"));
	fine(x, &c, "{\"op\":\"pin_set\",\"n\":2,\"person\":\"陈亮\",\"pin\":\"135790\"}");
	for (int i = 4; i > 0; i--)
		refuses(x, &c, REPORT("r1", PINS("陈亮", "999111")), EX_NOPERM, "pin", "");
	refuses(x, &c, REPORT("r1", PINS("陈亮", "999111")), EX_TEMPFAIL, "pin", "14:05");
	refuses(x, &c, REPORT("r1", PINS("陈亮", "135790")), EX_TEMPFAIL, "pin", "14:05");
	/* the seat goes on */
	expect_served(x, &c);
	fine(x, &c, "{\"op\":\"submit\",\"n\":1,\"rid\":\"r2\",\"body\":{\"kind\":\"intake\",\"place\":\"西周镇\",\"title\":\"火灾\","
	    "\"learned\":\"2026-11-22T13:00:00+08:00\"}}");
	x->now += 15 * 60000;
	fine(x, &c, REPORT("r1", PINS("陈亮", "135790")));
	hang_up(&c);
}

/* Forgotten: a leader's proof sets another and lifts the lock with it, and it is one entry of the chain. */
static void
forgotten(void **state)
{
	struct fx *x = *state;
	struct client c = dial(x);
	uint64_t chain;

	fine(x, &c, PERSON("p1", "陈亮", "officer"));
	fine(x, &c, PERSON("p2", "李敏", "senior"));
	fine(x, &c, PERSON("p3", "赵副县长", "leader"));
	fine(x, &c, PERSON("p4", "刘芳", "officer"));
	fine(x, &c, "{\"op\":\"pin_set\",\"n\":2,\"person\":\"赵副县长\",\"pin\":\"907856\"}");
	fine(x, &c, FIRST_PIN("陈亮", "135790", "赵副县长", "907856"));
	fine(x, &c, FIRST_PIN("李敏", "246801", "赵副县长", "907856"));
	/* a senior officer vouches for a first one, an officer does not; a lost one is a leader's */
	refuses(x, &c, FIRST_PIN("刘芳", "314159", "陈亮", "135790"), EX_NOPERM, "by", "陈亮");
	fine(x, &c, FIRST_PIN("刘芳", "314159", "李敏", "246801"));
	refuses(x, &c, FIRST_PIN("陈亮", "808132", "李敏", "246801"), EX_NOPERM, "by", "李敏");
	for (int i = 4; i > 0; i--)
		refuses(x, &c, REPORT("r1", PINS("陈亮", "999111")), EX_NOPERM, "pin", "");
	refuses(x, &c, REPORT("r1", PINS("陈亮", "999111")), EX_TEMPFAIL, "pin", "14:05");
	chain = x->j->ops->chain_seq(x->j);
	fine(x, &c, FIRST_PIN("陈亮", "808132", "赵副县长", "907856"));
	assert_int_equal(x->j->ops->chain_seq(x->j), chain + 1);
	refuses(x, &c, REPORT("r1", PINS("陈亮", "135790")), EX_NOPERM, "pin", "4");
	fine(x, &c, REPORT("r1", PINS("陈亮", "808132")));
	hang_up(&c);
}

static void
switched_off(void **state)
{
	struct fx *x = *state;
	struct client c = dial(x);

	fine(x, &c, PERSON("p1", "陈亮", "officer"));
	fine(x, &c, "{\"op\":\"pin_set\",\"n\":2,\"person\":\"陈亮\",\"pin\":\"135790\"}");
	x->dir.pins = false;
	fine(x, &c, REPORT("r1", ""));
	x->dir.pins = true;
	refuses(x, &c, REPORT("r2", ""), EX_NOPERM, "pin", "陈亮");
	hang_up(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(pins, setup, teardown),
	    cmocka_unit_test_setup_teardown(after_the_commit, setup, teardown), cmocka_unit_test_setup_teardown(locked, setup, teardown),
	    cmocka_unit_test_setup_teardown(forgotten, setup, teardown), cmocka_unit_test_setup_teardown(switched_off, setup, teardown)};

	return desk_run(tests, sizeof(tests) / sizeof(tests[0]));
}
