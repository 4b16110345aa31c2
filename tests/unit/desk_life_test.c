/*
 * The desk's requests that move drafts and destroy messages: what they answer, what they refuse, and by which member.
 */
#include "desk_fixture.h"

#define REPORT                                                                                                          \
	"\"request\":{\"realm\":\"live\",\"body\":{\"kind\":\"report\",\"stage\":\"first\",\"title\":\"火灾\",\"place\":"   \
	"\"西周镇\",\"type\":\"12G00\",\"learned\":\"2026-11-22T13:40:00+08:00\"}}"

static void
refused(void **state)
{
	static const struct {
		const char *request;
		int code;
		const char *field;
	} cases[] = {
	    {"\"op\":\"draft_move\"", EX_DATAERR, "rid"},
	    {"\"op\":\"draft_move\",\"rid\":7,\"event\":\"pass\"", EX_DATAERR, "rid"},
	    {"\"op\":\"draft_move\",\"rid\":\"\",\"event\":\"pass\"", EX_DATAERR, "rid"},
	    {"\"op\":\"draft_move\",\"rid\":\"d\"", EX_DATAERR, "event"},
	    {"\"op\":\"draft_move\",\"rid\":\"d\",\"event\":3", EX_DATAERR, "event"},
	    {"\"op\":\"draft_move\",\"rid\":\"d\",\"event\":\"launch\"", EX_DATAERR, "event"},
	    {"\"op\":\"draft_move\",\"rid\":\"d\",\"event\":\"pass\",\"person\":[]", EX_DATAERR, "person"},
	    {"\"op\":\"draft_move\",\"rid\":\"d\",\"event\":\"pass\",\"person\":\"a\\nb\"", EX_DATAERR, "person"},
	    {"\"op\":\"draft_move\",\"rid\":\"d\",\"event\":\"pass\",\"reason\":{}", EX_DATAERR, "reason"},
	    {"\"op\":\"draft_move\",\"rid\":\"d\",\"event\":\"try\",\"number\":138", EX_DATAERR, "number"},
	    {"\"op\":\"draft_move\",\"rid\":\"d\",\"event\":\"try\",\"outcome\":\"maybe\"", EX_DATAERR, "outcome"},
	    {"\"op\":\"draft_move\",\"rid\":\"d\",\"event\":\"try\",\"outcome\":99999999999", EX_DATAERR, "outcome"},
	    {"\"op\":\"draft_move\",\"rid\":\"d\",\"event\":\"try\",\"outcome\":1.5", EX_DATAERR, "outcome"},
	    {"\"op\":\"draft_move\",\"rid\":\"d\",\"event\":\"submit\",\"request\":\"x\"", EX_DATAERR, "request"},
	    {"\"op\":\"draft_move\",\"rid\":\"d\",\"event\":\"submit\",\"request\":{}", EX_DATAERR, "body"},
	    {"\"op\":\"draft_move\",\"rid\":\"d\",\"event\":\"submit\",\"request\":{\"realm\":\"moon\",\"body\":{}}", EX_DATAERR,
		"realm"},
	    {"\"op\":\"draft_move\",\"rid\":\"nobody\",\"event\":\"pass\",\"person\":\"a\"", EX_NOINPUT, "rid"},
	    {"\"op\":\"destroy\",\"rid\":\"x\"", EX_DATAERR, "id"},
	    {"\"op\":\"destroy\",\"id\":\"330225102.7.1\"", EX_DATAERR, "rid"},
	    {"\"op\":\"destroy\",\"rid\":\"x\",\"id\":\"nonsense\",\"first\":\"a\",\"second\":\"b\",\"reason\":\"r\"", EX_DATAERR,
		"id"},
	    {"\"op\":\"destroy\",\"rid\":\"x\",\"id\":\"330225102.7.1\",\"second\":\"b\",\"reason\":\"r\"", EX_DATAERR, "first"},
	    {"\"op\":\"destroy\",\"rid\":\"x\",\"id\":\"330225102.7.1\",\"first\":\"a\",\"second\":\" \",\"reason\":\"r\"", EX_DATAERR,
		"second"},
	    {"\"op\":\"destroy\",\"rid\":\"x\",\"id\":\"330225102.7.1\",\"first\":\"a\",\"second\":\"a\",\"reason\":\"r\"", EX_DATAERR,
		"second"},
	    {"\"op\":\"destroy\",\"rid\":\"x\",\"id\":\"330225102.7.1\",\"first\":\"a\",\"second\":\"b\"", EX_DATAERR, "reason"},
	};
	struct fx *x = *state;
	struct client c = dial(x);
	char text[1024];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(text, sizeof(text), "{\"n\":%d,%s}", (int)i + 1, cases[i].request);
		expect_refused(call(x, &c, text), (int)i + 1, cases[i].code, cases[i].field);
	}
	expect_served(x, &c);
	hang_up(&c);
}

/* A name of 97 bytes, a reason of 5000, a request of a megabyte: refused by name, and the connection lives. */
static void
too_large(void **state)
{
	struct fx *x = *state;
	struct client c = dial(x);
	size_t size = 2u << 20;
	char *text = malloc(size);
	int at;

	assert_non_null(text);
	snprintf(text, size, "{\"n\":1,\"op\":\"draft_move\",\"rid\":\"d\",\"event\":\"pass\",\"person\":\"%097d\"}", 1);
	expect_refused(call(x, &c, text), 1, EX_DATAERR, "person");
	snprintf(text, size, "{\"n\":2,\"op\":\"draft_move\",\"rid\":\"d\",\"event\":\"return\",\"person\":\"a\",\"reason\":\"%05000d\"}", 1);
	expect_refused(call(x, &c, text), 2, EX_DATAERR, "reason");
	at = snprintf(text, size, "{\"n\":3,\"op\":\"draft_move\",\"rid\":\"d\",\"event\":\"submit\",\"request\":{\"body\":{\"brief\":\"");
	memset(text + at, 'a', 1u << 20);
	snprintf(text + at + (1u << 20), 16, "\"}}}");
	expect_refused(call(x, &c, text), 3, EX_DATAERR, "request");
	free(text);
	expect_served(x, &c);
	hang_up(&c);
}

static void
expect_state(json_t *j, const char *state)
{
	const char *s = json_string_value(json_object_get(j, "state"));

	if (!ok(j) || s == NULL || strcmp(s, state) != 0)
		fail_msg("wanted %s, got %s", state, json_dumps(j, JSON_COMPACT));
	json_decref(j);
}

/* 草稿 待核 退回 待核 待签, two numbers tried, 先报后签; the answer comes after the commit. */
static void
to_the_signature(void **state)
{
	struct fx *x = *state;
	struct client c = dial(x);
	json_t *j;
	const char *id;
	char text[512];

	expect_state(call(x, &c, "{\"n\":1,\"op\":\"draft_move\",\"rid\":\"d1\",\"event\":\"submit\"," REPORT "}"), "checking");
	expect_state(call(x, &c, "{\"n\":2,\"op\":\"draft_move\",\"rid\":\"d1\",\"event\":\"return\",\"person\":\"王\",\"reason\":\"缺人数\"}"),
	    "writing");
	expect_refused(call(x, &c, "{\"n\":3,\"op\":\"draft_move\",\"rid\":\"d1\",\"event\":\"pass\",\"person\":\"王\"}"), 3,
	    EX_DATAERR, "event");
	expect_state(call(x, &c, "{\"n\":4,\"op\":\"draft_move\",\"rid\":\"d1\",\"event\":\"submit\"," REPORT "}"), "checking");
	expect_state(call(x, &c, "{\"n\":5,\"op\":\"draft_move\",\"rid\":\"d1\",\"event\":\"pass\",\"person\":\"王\"}"), "signing");
	expect_refused(call(x, &c, "{\"n\":6,\"op\":\"draft_move\",\"rid\":\"d1\",\"event\":\"unsigned\",\"person\":\"李\"}"), 6,
	    EX_UNAVAILABLE, "event");
	j = call(x, &c,
	    "{\"n\":7,\"op\":\"draft_move\",\"rid\":\"d1\",\"event\":\"try\",\"person\":\"赵\",\"number\":\"138\",\"outcome\":\"no-answer\"}");
	assert_true(json_integer_value(json_object_get(j, "unsigned_from")) > x->now);
	expect_state(j, "signing");
	j = call(x, &c,
	    "{\"n\":8,\"op\":\"draft_move\",\"rid\":\"d1\",\"event\":\"try\",\"person\":\"赵\",\"number\":\"139\",\"outcome\":3}");
	assert_true(json_is_true(json_object_get(j, "unsigned_ok")));
	expect_state(j, "signing");
	j = call(x, &c, "{\"n\":9,\"op\":\"drafts\"}");
	assert_int_equal(json_array_size(json_object_get(json_array_get(json_object_get(j, "drafts"), 0), "trail")), 6);
	json_decref(j);
	/* a held commit holds the answer */
	x->hold = true;
	ask(x, &c, "{\"n\":10,\"op\":\"draft_move\",\"rid\":\"d1\",\"event\":\"unsigned\",\"person\":\"李\"}");
	for (int i = 0; i < 50; i++)
		pump(x);
	fill(&c);
	assert_int_equal(c.n, 0);
	x->hold = false;
	j = answer(x, &c);
	id = json_string_value(json_object_get(j, "id"));
	assert_non_null(id);
	assert_true(json_is_array(json_object_get(j, "remarks")));
	assert_string_equal(json_string_value(json_object_get(j, "number")), "1122-001");
	snprintf(text, sizeof(text), "{\"n\":11,\"op\":\"message\",\"id\":\"%s\"}", id);
	expect_state(j, "sent");
	j = call(x, &c, text);
	assert_true(json_is_true(json_object_get(j, "signature_owed")));
	assert_true(json_is_true(json_object_get(json_object_get(j, "body"), "unsigned")));
	json_decref(j);
	/* asked for again: the first answer */
	j = call(x, &c, "{\"n\":12,\"op\":\"draft_move\",\"rid\":\"d1\",\"event\":\"unsigned\",\"person\":\"李\"}");
	assert_true(json_is_true(json_object_get(j, "duplicate")));
	expect_state(j, "sent");
	j = call(x, &c, "{\"n\":13,\"op\":\"drafts\"}");
	assert_int_equal(json_array_size(json_object_get(j, "drafts")), 0);
	json_decref(j);
	hang_up(&c);
}

/* What the switch alone fills in is not believed from a client. */
static void
signature_not_forged(void **state)
{
	struct fx *x = *state;
	struct client c = dial(x);
	json_t *j, *b;
	char text[512];

	j = call(x, &c,
	    "{\"n\":1,\"op\":\"submit\",\"rid\":\"r1\",\"body\":{\"kind\":\"report\",\"stage\":\"first\",\"title\":\"火灾\",\"place\":\"西周镇\","
	    "\"type\":\"12G00\",\"learned\":\"2026-11-22T13:40:00+08:00\",\"signature_owed\":\"别人\",\"unsigned\":true,"
	    "\"tries\":\"2026-11-22T13:40:00+08:00 138 busy x\"}}");
	assert_true(ok(j));
	snprintf(text, sizeof(text), "{\"n\":2,\"op\":\"message\",\"id\":\"%s\"}", json_string_value(json_object_get(j, "id")));
	json_decref(j);
	j = call(x, &c, text);
	b = json_object_get(j, "body");
	assert_null(json_object_get(b, "tries"));
	if (json_object_get(b, "signature_owed") != NULL)
		assert_string_not_equal(json_string_value(json_object_get(b, "signature_owed")), "别人");
	json_decref(j);
	hang_up(&c);
}

static void
destroyed(void **state)
{
	struct fx *x = *state;
	struct client c = dial(x);
	json_t *j = call(x, &c, "{\"n\":1,\"op\":\"submit\",\"rid\":\"r1\"," INTAKE "}");
	char id[128], text[512];

	assert_true(ok(j));
	snprintf(id, sizeof(id), "%s", json_string_value(json_object_get(j, "id")));
	json_decref(j);
	snprintf(text, sizeof(text),
	    "{\"n\":2,\"op\":\"destroy\",\"rid\":\"r2\",\"id\":\"%s\",\"first\":\"甲\",\"second\":\"乙\",\"reason\":\"误入\"}", id);
	j = call(x, &c, text);
	if (!ok(j))
		fail_msg("%s", json_dumps(j, JSON_COMPACT));
	assert_true(json_string_length(json_object_get(j, "id")) > 0);
	assert_string_not_equal(json_string_value(json_object_get(j, "id")), id);
	json_decref(j);
	snprintf(text, sizeof(text), "{\"n\":3,\"op\":\"message\",\"id\":\"%s\"}", id);
	j = call(x, &c, text);
	assert_true(ok(j));
	assert_true(json_is_true(json_object_get(j, "destroyed")));
	assert_int_equal(json_object_size(json_object_get(j, "body")), 0);
	assert_false(json_is_true(json_object_get(j, "understood")));
	json_decref(j);
	hang_up(&c);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(refused), T(too_large), T(to_the_signature), T(signature_not_forged), T(destroyed)};

	return desk_run(tests, sizeof(tests) / sizeof(tests[0]));
}
