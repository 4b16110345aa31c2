/* Bodies to JSON and back: nothing lost, everything odd refused with the member's name, nothing half-done. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "../../formats/buf.h"
#include "../../formats/conf.h"
#include "../../formats/json.h"
#include "../../formats/wire.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define NOW INT64_C(1795327800000) /* 2026-11-22T14:10:00+08:00 */

static struct codebook *cb;

static int
setup(void **state)
{
	char conf[4096];
	struct fault f = {0};

	(void)state;
	if (conf_dir(conf, sizeof(conf), &f) == NULL)
		return -1;
	cb = codebook_load(conf, &f);
	return cb == NULL ? -1 : 0;
}

static int
teardown(void **state)
{
	(void)state;
	codebook_free(cb);
	return 0;
}

static void
assert_same(const struct body *a, const struct body *b)
{
	struct buf x = {0}, y = {0};

	wire_encode(a, &x);
	wire_encode(b, &y);
	assert_int_equal(x.n, y.n);
	assert_memory_equal(x.p, y.p, x.n);
	buf_free(&x);
	buf_free(&y);
}

/* One of every shape a value can take. */
static struct body *
everything(void)
{
	static const struct figure figures[] = {{.q = FIG_EXACT, .n = 3}, {.q = FIG_UNKNOWN}, {.q = FIG_ABOUT, .n = 20, .source = "消防"},
	    {.q = FIG_ATLEAST, .n = 1, .source = "119", .asof = NOW - 1}, {.q = FIG_ATMOST, .n = INT64_MAX}, {.q = FIG_UNKNOWN, .source = "120"},
	    {.q = FIG_EXACT, .n = 0, .asof = NOW}, {.q = FIG_EXACT, .n = INT64_MAX}};
	static const int64_t amounts[] = {0, 1, 10000, 12345, 35000, (INT64_C(1) << 46) - 1, (INT64_C(1) << 46) + 1, INT64_MAX, 999999999999999999};
	static const struct when whens[] = {{.ms = NOW, .offset = 480}, {.ms = NOW + 1, .offset = -330}, {.ms = -1, .offset = 0},
	    {.ms = WHEN_MS_MIN, .offset = -1439}, {.ms = WHEN_MS_MAX, .offset = 1439}};
	struct msgid id = {.realm = REALM_EXERCISE, .origin = "330225-gongan", .epoch = INT64_MAX, .serial = INT64_MAX};
	struct when w;
	uint8_t digest[DIGEST_LEN];
	struct body *b = body_new();

	body_set_num(b, F_KIND, KIND_REPORT);
	body_set_id(b, F_ID, &id);
	body_add_id(b, F_PARENTS, &id);
	body_add_id(b, F_PARENTS, &id);
	body_set_text(b, F_TO, "330225");
	body_set_text(b, F_TITLE, "石浦镇\"火灾\" \\ \x1b[2J 末");
	body_set_text(b, F_BRIEF, "一\n二\t三");
	body_set_text(b, F_TYPE, "gb:1");
	body_set_num(b, F_GRADE, GRADE_II);
	body_set_num(b, F_STAGE, 4711); /* not known here */
	body_set_num(b, F_HISTORY, 1);
	body_set_num(b, F_VERSION, INT64_MAX);
	body_set_geo(b, F_POSITION, -29400001, 180000000);
	for (size_t i = 0; i < COUNT(figures); i++)
		body_add_figure(b, F_DEAD, &figures[i]);
	for (size_t i = 0; i < COUNT(amounts); i++)
		body_add_figure(b, F_LOSS, &(struct figure){.q = i % 2 == 0 ? FIG_EXACT : FIG_ABOUT, .n = amounts[i]});
	body_add_figure(b, F_CROPS, &(struct figure){.q = FIG_EXACT, .n = 1});
	body_add_when(b, F_OCCURRED, &whens[0]);
	body_add_when(b, F_LEARNED, &whens[1]);
	body_add_when(b, F_TELEPHONED, &whens[2]);
	body_add_when(b, F_EFFECTIVE, &whens[3]);
	w = whens[4];
	w.text = "世界尽头";
	body_add_when(b, F_EXPIRES, &w);
	w = whens[0];
	w.text = "2026年11月22日14时10分";
	body_add_when(b, F_SENT, &w);
	digest_of("x", 1, digest);
	body_set_digest(b, F_ORIGINAL, digest);
	body_add_raw(b, 4000, (const uint8_t *)"\x82\x01\x02", 3);
	body_add_raw(b, 4001, (const uint8_t *)"\xf5", 1);
	return b;
}

static void
there_and_back(void **state)
{
	struct body *b = everything(), *back = body_new();
	struct fault f = {0};
	json_t *j = json_from_body(b), *again;
	char *text = json_dumps(j, 0);

	(void)state;
	again = json_loads(text, 0, NULL); /* through real text, as the desk protocol goes */
	assert_non_null(again);
	if (json_to_body(again, back, cb, NOW, true, &f) == -1)
		fail_msg("%s: %s", f.field, f.text);
	assert_same(b, back);
	assert_true(back->not_understood);
	free(text);
	json_decref(j);
	json_decref(again);
	body_free(back);
	body_free(b);
}

static void
plain_forms(void **state)
{
	struct body *b = body_new();
	json_t *j, *want;

	(void)state;
	body_set_num(b, F_KIND, KIND_REPORT);
	body_set_num(b, F_GRADE, GRADE_II);
	body_set_time(b, F_LEARNED, NOW);
	body_add_figure(b, F_DEAD, &(struct figure){.q = FIG_EXACT, .n = 3});
	body_add_figure(b, F_MISSING, &(struct figure){.q = FIG_UNKNOWN});
	body_add_figure(b, F_TRAPPED, &(struct figure){.q = FIG_ABOUT, .n = 20, .source = "119", .asof = NOW});
	body_add_figure(b, F_LOSS, &(struct figure){.q = FIG_EXACT, .n = 35000});
	body_set_text(b, F_TO, "330225");
	j = json_from_body(b);
	want = json_loads("{\"kind\":\"report\",\"grade\":\"II\",\"learned\":\"2026-11-22T14:10:00+08:00\",\"dead\":3,\"missing\":\"?\","
			  "\"trapped\":{\"q\":\"about\",\"n\":20,\"source\":\"119\",\"asof\":\"2026-11-22T14:10:00+08:00\"},\"loss\":3.5,"
			  "\"to\":\"330225\"}", 0, NULL);
	assert_non_null(want);
	assert_true(json_equal(j, want));
	json_decref(j);
	json_decref(want);
	body_free(b);
}

static void
accepted(void **state)
{
	static const struct {
		const char *json;
		uint32_t key;
		size_t n;
	} cases[] = {
	    {"{\"dead\":\"约20@119\"}", F_DEAD, 1},
	    {"{\"dead\":[3,\"?\",{\"q\":\"atleast\",\"n\":1}]}", F_DEAD, 3},
	    {"{\"dead\":{\"n\":3}}", F_DEAD, 1},
	    {"{\"dead\":[]}", F_DEAD, 0},
	    {"{\"dead\":null}", F_DEAD, 0},
	    {"{\"next\":\"\"}", F_NEXT, 0},
	    {"{\"loss\":0.1}", F_LOSS, 1},
	    {"{\"crops\":12.34}", F_CROPS, 1},
	    {"{\"type\":\"火灾\"}", F_TYPE, 1},
	    {"{\"grade\":\"2\"}", F_GRADE, 1},
	    {"{\"grade\":2}", F_GRADE, 1},
	    {"{\"learned\":\"14:10\"}", F_LEARNED, 1},
	    {"{\"learned\":{\"t\":\"2026-11-22T14:10:00Z\",\"text\":\"x\"}}", F_LEARNED, 1},
	    {"{\"position\":[29,121.8]}", F_POSITION, 1},
	    {"{\"position\":\"29.4,121.8\"}", F_POSITION, 1},
	    {"{\"_comment\":{\"any\":1},\"title\":\"x\"}", F_TITLE, 1},
	    {"{\"version\":0}", F_VERSION, 1},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct body *b = body_new();
		struct fault f = {0};
		json_t *j = json_loads(cases[i].json, 0, NULL);

		assert_non_null(j);
		if (json_to_body(j, b, cb, NOW, false, &f) == -1)
			fail_msg("%s: %s: %s", cases[i].json, f.field, f.text);
		assert_int_equal(body_count(b, cases[i].key), cases[i].n);
		json_decref(j);
		body_free(b);
	}
}

static void
refused(void **state)
{
	static const struct {
		const char *json, *field;
		bool headers;
	} cases[] = {
	    {"[1]", "", false},
	    {"\"x\"", "", false},
	    {"{\"dead\":-1}", "dead", false},
	    {"{\"dead\":\"-1\"}", "dead", false},
	    {"{\"dead\":3.0}", "dead", false},
	    {"{\"dead\":3.5}", "dead", false},
	    {"{\"dead\":true}", "dead", false},
	    {"{\"dead\":[[3]]}", "dead", false},
	    {"{\"dead\":[3,-1]}", "dead", false},
	    {"{\"dead\":{\"q\":\"about\"}}", "dead", false},
	    {"{\"dead\":{\"q\":\"unknown\",\"n\":3}}", "dead", false},
	    {"{\"dead\":{\"q\":\"nearly\",\"n\":3}}", "dead", false},
	    {"{\"dead\":{\"q\":2,\"n\":3}}", "dead", false},
	    {"{\"dead\":{\"n\":-3}}", "dead", false},
	    {"{\"dead\":{\"n\":\"~3\"}}", "dead", false},
	    {"{\"dead\":{\"n\":\"?\"}}", "dead", false},
	    {"{\"dead\":{\"n\":3,\"sauce\":\"119\"}}", "dead", false},
	    {"{\"dead\":{\"n\":3,\"source\":\"\"}}", "dead", false},
	    {"{\"dead\":{\"n\":3,\"source\":119}}", "dead", false},
	    {"{\"dead\":{\"n\":3,\"source\":\"a\\u0000b\"}}", "dead", false},
	    {"{\"dead\":{\"n\":3,\"source\":\"a\\u001b\"}}", "dead", false},
	    {"{\"dead\":{\"n\":3,\"asof\":\"soon\"}}", "dead", false},
	    {"{\"dead\":{}}", "dead", false},
	    {"{\"loss\":-0.5}", "loss", false},
	    {"{\"loss\":0.00001}", "loss", false},
	    {"{\"loss\":1e300}", "loss", false},
	    {"{\"loss\":922337203685478}", "loss", false},
	    {"{\"title\":3}", "title", false},
	    {"{\"title\":[\"a\"]}", "title", false},
	    {"{\"title\":{\"t\":1}}", "title", false},
	    {"{\"title\":\"a\\u0000b\"}", "title", false},
	    {"{\"title\":\"a\\u0000b\"}", "title", true},
	    {"{\"title\":\"a\\u001b[2J\"}", "title", false},
	    {"{\"title\":\"a\\nb\"}", "title", false},
	    {"{\"type\":\"yjpt:99999\"}", "type", false},
	    {"{\"type\":\"12G98\"}", "type", false},
	    {"{\"type\":\"12G00\\u0000x\"}", "type", false},
	    {"{\"grade\":\"VI\"}", "grade", false},
	    {"{\"grade\":0}", "grade", false},
	    {"{\"grade\":-2}", "grade", false},
	    {"{\"grade\":70000}", "grade", false},
	    {"{\"grade\":2.0}", "grade", false},
	    {"{\"grade\":true}", "grade", false},
	    {"{\"version\":1.5}", "version", false},
	    {"{\"version\":-1}", "version", false},
	    {"{\"learned\":1795327800000}", "learned", false},
	    {"{\"learned\":\"2026-02-30T10:00:00+08:00\"}", "learned", false},
	    {"{\"learned\":{\"t\":\"2026-11-22T14:10:00Z\",\"txt\":\"x\"}}", "learned", false},
	    {"{\"learned\":{\"t\":\"2026-11-22T14:10:00Z\",\"text\":7}}", "learned", false},
	    {"{\"learned\":{\"ms\":9000000000000000,\"offset\":0}}", "learned", false},
	    {"{\"learned\":{\"ms\":0,\"offset\":1440}}", "learned", false},
	    {"{\"learned\":{}}", "learned", false},
	    {"{\"position\":[91,0]}", "position", false},
	    {"{\"position\":[0,-181]}", "position", false},
	    {"{\"position\":[1]}", "position", false},
	    {"{\"position\":[1,2,3]}", "position", false},
	    {"{\"position\":[\"1\",2]}", "position", false},
	    {"{\"position\":29.4}", "position", false},
	    {"{\"refs\":17}", "refs", false},
	    {"{\"refs\":\"17\"}", "refs", false},
	    {"{\"original\":\"00\"}", "original", false},
	    {"{\"deed\":3}", "deed", false},
	    {"{\"unknown\":{\"4000\":\"01\"}}", "unknown", false},
	    {"{\"kind\":\"report\"}", "kind", false}, /* the switch's own */
	    {"{\"id\":\"330225102.1.1\"}", "id", false},
	    {"{\"history\":true}", "history", false},
	    {"{\"history\":1}", "history", true},
	    {"{\"to\":\"33022\"}", "to", true},
	    {"{\"unknown\":{\"100\":\"01\"}}", "unknown", true}, /* a key that is known */
	    {"{\"unknown\":{\"4000\":\"0\"}}", "unknown", true},
	    {"{\"unknown\":{\"4000\":\"zz\"}}", "unknown", true},
	    {"{\"unknown\":{\"4000\":\"\"}}", "unknown", true},
	    {"{\"unknown\":{\"4000\":\"82\"}}", "unknown", true},   /* half an array */
	    {"{\"unknown\":{\"4000\":\"0102\"}}", "unknown", true}, /* two items */
	    {"{\"unknown\":{\"0\":\"01\"}}", "unknown", true},
	    {"{\"unknown\":{\"04000\":\"01\"}}", "unknown", true},
	    {"{\"unknown\":{\"4294967296\":\"01\"}}", "unknown", true},
	    {"{\"unknown\":{\"x\":\"01\"}}", "unknown", true},
	    {"{\"unknown\":{\"4000\":1}}", "unknown", true},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct body *b = body_new(), *before;
		struct fault f = {0};
		json_t *j = json_loads(cases[i].json, JSON_ALLOW_NUL | JSON_DECODE_ANY, NULL);

		assert_non_null(j);
		body_set_text(b, F_TITLE, "before");
		before = body_copy(b);
		if (json_to_body(j, b, cb, NOW, cases[i].headers, &f) == 0)
			fail_msg("taken: %s", cases[i].json);
		assert_int_not_equal(f.code, 0);
		assert_string_equal(f.field, cases[i].field);
		assert_true(f.text[0] != '\0');
		assert_same(before, b);
		json_decref(j);
		body_free(before);
		body_free(b);
	}
}

static void
nothing_half_done(void **state)
{
	struct body *b = body_new(), *before;
	struct fault f = {0};
	char *big = malloc(2000001);
	json_t *j = json_object(), *list = json_array();

	(void)state;
	assert_non_null(big);
	memset(big, 'a', 2000000);
	big[2000000] = '\0';
	body_set_text(b, F_PLACE, "西周镇");
	before = body_copy(b);
	json_object_set_new(j, "place", json_string("石浦镇"));
	json_object_set_new(j, "dead", json_integer(3));
	json_object_set_new(j, "brief", json_string(big)); /* 2 MB */
	assert_int_equal(json_to_body(j, b, cb, NOW, false, &f), -1);
	assert_string_equal(f.field, "brief");
	assert_non_null(strstr(f.text, "2000000"));
	assert_same(before, b);
	assert_int_equal(json_to_body(j, b, cb, NOW, true, &f), -1);
	assert_string_equal(f.field, "brief");
	json_object_del(j, "brief");
	for (size_t i = 0; i < FIELD_REPEAT_MAX + 1; i++)
		json_array_append_new(list, json_integer(1));
	json_object_set_new(j, "dead", list);
	assert_int_equal(json_to_body(j, b, cb, NOW, false, &f), -1);
	assert_string_equal(f.field, "dead");
	assert_same(before, b);
	json_array_remove(list, 0);
	assert_int_equal(json_to_body(j, b, cb, NOW, false, &f), 0);
	assert_int_equal(body_count(b, F_DEAD), FIELD_REPEAT_MAX);
	assert_string_equal(body_text(b, F_PLACE), "石浦镇");
	assert_int_equal(json_to_body(j, b, cb, NOW, false, &f), -1); /* would double them */
	json_decref(j);
	free(big);
	body_free(before);
	body_free(b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(there_and_back),
	    cmocka_unit_test(plain_forms),
	    cmocka_unit_test(accepted),
	    cmocka_unit_test(refused),
	    cmocka_unit_test(nothing_half_done),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
