/* Reports of another system: all of tests/data/reports/dev.jsonl, member by member, and what must be refused. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <jansson.h>
#include "../../formats/check.h"
#include "../../formats/conf.h"
#include "../../formats/reportjsonl.h"
#include "../../formats/value.h"
#include "../../formats/wire.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define NOW INT64_C(1795327800000) /* 2026-11-22T14:10:00+08:00 */
#define LINES 2000

static struct codebook *cb;
static char *line[LINES];
static size_t len[LINES];
static size_t lines;

static int
setup(void **state)
{
	char conf[4096], path[4200], *text = NULL;
	struct fault f = {0};
	size_t cap = 0;
	ssize_t n;
	FILE *fp;

	(void)state;
	if (conf_dir(conf, sizeof(conf), &f) == NULL || (cb = codebook_load(conf, &f)) == NULL)
		return -1;
	(void)snprintf(path, sizeof(path), "%s/../tests/data/reports/dev.jsonl", conf);
	fp = fopen(path, "r");
	if (fp == NULL)
		return -1;
	while ((n = getline(&text, &cap, fp)) > 0 && lines < LINES) {
		if (text[n - 1] == '\n')
			n--;
		line[lines] = xstrndup(text, (size_t)n);
		len[lines++] = (size_t)n;
	}
	free(text);
	return fclose(fp);
}

static int
teardown(void **state)
{
	(void)state;
	for (size_t i = 0; i < lines; i++)
		free(line[i]);
	codebook_free(cb);
	return 0;
}

static void
same_text(const struct body *b, uint32_t key, const json_t *j, const char *member)
{
	const char *s = json_string_value(json_object_get(j, member)), *have = body_text(b, key);

	assert_non_null(s);
	if (*s == '\0')
		assert_null(have);
	else
		assert_string_equal(have, s);
}

static void
same_count(const struct body *b, uint32_t key, const json_t *j, const char *member, int64_t scale)
{
	const struct value *v = body_first(b, key);

	assert_int_equal(body_count(b, key), 1);
	assert_int_equal(v->u.fig.q, FIG_EXACT);
	assert_true(v->u.fig.n == json_integer_value(json_object_get(j, member)) * scale);
	assert_null(v->u.fig.source);
}

static void
same_time(const struct body *b, uint32_t key, const json_t *j, const char *member)
{
	const char *s = json_string_value(json_object_get(j, member));
	const struct value *v = body_first(b, key);
	char text[64];

	assert_non_null(v);
	assert_string_equal(v->u.when.text, s);
	assert_int_equal(v->u.when.offset, 480);
	(void)time_format(v->u.when.ms, TIME_RFC3339, text, sizeof(text));
	assert_memory_equal(text, s, 19);
}

static void
all_lines_are_taken(void **state)
{
	size_t first = 0;

	(void)state;
	assert_int_equal(lines, LINES);
	for (size_t i = 0; i < lines; i++) {
		struct fault f = {0};
		struct body *b = reportjsonl_read(line[i], len[i], cb, NOW, &f), *back;
		json_t *j = json_loadb(line[i], len[i], 0, NULL);
		struct buf wire = {0};
		char text[128];
		int64_t n;

		if (b == NULL)
			fail_msg("line %zu: %s: %s", i + 1, f.field, f.text);
		if (check_body(b, cb, &f) == -1)
			fail_msg("line %zu: %s: %s", i + 1, f.field, f.text);
		assert_int_equal(body_enum(b, F_KIND), KIND_REPORT);
		assert_true(body_flag(b, F_HISTORY));
		assert_string_equal(body_text(b, F_SOURCE_FORMAT), "report-jsonl");
		assert_int_equal(body_enum(b, F_STAGE), json_integer_value(json_object_get(j, "stage")) + 1);
		assert_int_equal(body_enum(b, F_GRADE), json_integer_value(json_object_get(j, "grade")));
		assert_int_equal(body_enum(b, F_PRECEDENCE), json_integer_value(json_object_get(j, "prec")) + 1);
		assert_true(body_num(b, F_VERSION, &n) && n == json_integer_value(json_object_get(j, "seq")));
		(void)snprintf(text, sizeof(text), "%lld", (long long)json_integer_value(json_object_get(j, "id")));
		assert_string_equal(body_text(b, F_FOREIGN_ID), text);
		(void)snprintf(text, sizeof(text), "%s/%lld", json_string_value(json_object_get(j, "station")),
		    (long long)json_integer_value(json_object_get(j, "event")));
		assert_string_equal(body_text(b, F_FOREIGN_INCIDENT), text);
		(void)snprintf(text, sizeof(text), "%lld", (long long)json_integer_value(json_object_get(j, "prev")));
		if (strcmp(text, "0") == 0)
			assert_null(body_text(b, F_FOREIGN_PREV));
		else
			assert_string_equal(body_text(b, F_FOREIGN_PREV), text);
		assert_int_equal(body_count(b, F_FOREIGN_TO), json_array_size(json_object_get(j, "to")));
		assert_string_equal(body_text(b, F_FOREIGN_TO), json_string_value(json_array_get(json_object_get(j, "to"), 0)));
		(void)snprintf(text, sizeof(text), "yjpt:%s", json_string_value(json_object_get(j, "type")));
		assert_string_equal(body_text(b, F_TYPE), text);
		same_text(b, F_FOREIGN_STATION, j, "station");
		same_text(b, F_AUTHOR, j, "author");
		same_text(b, F_SIGNER, j, "approver");
		same_text(b, F_CALLER_PHONE, j, "phone");
		same_text(b, F_TITLE, j, "title");
		same_text(b, F_EVENT_NAME, j, "type_name");
		same_text(b, F_PLACE, j, "place");
		same_text(b, F_BRIEF, j, "brief");
		same_text(b, F_CASUALTIES_TEXT, j, "casualties");
		same_text(b, F_MEASURES, j, "measures");
		same_text(b, F_NEXT, j, "next");
		same_count(b, F_DEAD, j, "dead", 1);
		same_count(b, F_MISSING, j, "missing", 1);
		same_count(b, F_INJURED, j, "injured", 1);
		same_count(b, F_TRAPPED, j, "trapped", 1);
		same_count(b, F_EVACUATED, j, "evacuated", 1);
		same_count(b, F_LOSS, j, "loss", 10000);
		same_time(b, F_OCCURRED, j, "occurred");
		same_time(b, F_SIGNED_AT, j, "dtg");
		if (body_enum(b, F_STAGE) == STAGE_FIRST) {
			first++;
			same_time(b, F_LEARNED, j, "dtg");
			assert_int_equal(body_count(b, F_REMARKS), 1);
		} else {
			assert_null(body_first(b, F_LEARNED));
			assert_null(body_first(b, F_REMARKS));
		}
		/* no station or id of ours is made of theirs */
		assert_null(body_first(b, F_TO));
		assert_null(body_first(b, F_ID));
		assert_null(body_first(b, F_INCIDENT));
		wire_encode(b, &wire);
		back = wire_decode(wire.p, wire.n, &f);
		assert_non_null(back);
		assert_int_equal(back->n, b->n);
		body_free(back);
		buf_free(&wire);
		body_free(b);
		json_decref(j);
	}
	assert_int_equal(first, 791);
}

static void
position_is_exact(void **state)
{
	struct fault f = {0};
	struct body *b = reportjsonl_read(line[0], len[0], cb, NOW, &f);
	const struct value *v;

	(void)state;
	assert_non_null(b);
	v = body_first(b, F_POSITION);
	assert_int_equal(v->u.geo.lat, 41263360);
	assert_int_equal(v->u.geo.lon, 113291580);
	body_free(b);
}

/* Every cut of a line is refused, never half-taken. */
static void
truncated_lines(void **state)
{
	(void)state;
	for (size_t n = 0; n < len[0]; n++) {
		char *cut = malloc(n + 1); /* its very size, for the sanitizer */
		struct fault f = {0};

		assert_non_null(cut);
		memcpy(cut, line[0], n);
		assert_null(reportjsonl_read(cut, n, cb, NOW, &f));
		assert_int_equal(f.code, EX_DATAERR);
		assert_true(f.text[0] != '\0');
		free(cut);
	}
}

/* Sets one member of the first line to a JSON text (NULL: takes it away) and expects the refusal to name it. */
static struct body *
with(const char *member, const char *json, struct fault *f)
{
	json_t *j = json_loadb(line[0], len[0], 0, NULL), *v = NULL;
	struct body *b;
	char *text;

	assert_non_null(j);
	if (json == NULL)
		(void)json_object_del(j, member);
	else {
		v = json_loads(json, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
		assert_non_null(v);
		assert_int_equal(json_object_set_new(j, member, v), 0);
	}
	text = json_dumps(j, 0);
	assert_non_null(text);
	memset(f, 0, sizeof(*f));
	b = reportjsonl_read(text, strlen(text), cb, NOW, f);
	free(text);
	json_decref(j);
	return b;
}

static void
members_are_needed(void **state)
{
	json_t *j = json_loadb(line[0], len[0], 0, NULL);
	const char *member;
	struct fault f;
	json_t *value;

	(void)state;
	json_object_foreach(j, member, value) {
		static const char *const wrong[] = {"null", "true", "{}"};

		assert_null(with(member, NULL, &f));
		assert_string_equal(f.field, member);
		assert_non_null(strstr(f.text, "missing"));
		for (size_t i = 0; i < COUNT(wrong); i++) {
			assert_null(with(member, wrong[i], &f));
			assert_string_equal(f.field, member);
		}
		assert_null(with(member, json_is_string(value) ? "7" : "\"7\"", &f));
		assert_string_equal(f.field, member);
		if (!json_is_string(value))
			continue;
		assert_null(with(member, "\"a\\u0000b\"", &f));
		assert_null(with(member, "\"a\\u001b[2J\"", &f));
		assert_string_equal(f.field, member);
	}
	json_decref(j);
}

static void
odd_members_are_refused(void **state)
{
	static const struct {
		const char *member, *json;
	} cases[] = {
	    {"dead", "-1"}, {"missing", "-1"}, {"injured", "-1"}, {"trapped", "-1"}, {"evacuated", "-1"}, {"loss", "-1"}, {"loss", "-0.5"},
	    {"dead", "1.5"}, {"dead", "\"?\""}, {"loss", "922337203685478"}, {"loss", "1e300"},
	    {"id", "-1"}, {"event", "-1"}, {"prev", "-1"}, {"seq", "0"}, {"stage", "3"}, {"stage", "-1"}, {"prec", "4"}, {"prec", "-1"},
	    {"grade", "0"}, {"grade", "5"}, {"type", "\"12G98\""}, {"type", "\"\""}, {"type", "\"yjpt:99999\""}, {"type", "\"div:330225\""},
	    {"lat", "90.1"}, {"lat", "-91"}, {"lon", "181"}, {"lon", "\"113\""}, {"dtg", "\"2023-02-29T10:00:00+08:00\""},
	    {"dtg", "\"2023-07-15T00:40:00\""}, {"dtg", "\"00:40\""}, {"occurred", "\"\""}, {"to", "[1]"}, {"to", "[\"\"]"}, {"to", "\"402405000\""},
	    {"station", "\"\""}, {"title", "\"a\\nb\""}, {"deed", "3"}, {"history", "true"},
	};
	struct fault f;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		if (with(cases[i].member, cases[i].json, &f) != NULL)
			fail_msg("taken: %s %s", cases[i].member, cases[i].json);
		assert_int_equal(f.code, EX_DATAERR);
		assert_string_equal(f.field, cases[i].member);
		assert_true(f.text[0] != '\0');
	}
}

static void
variants_are_taken(void **state)
{
	struct fault f;
	struct body *b = with("loss", "0.5", &f);

	(void)state;
	assert_non_null(b);
	assert_int_equal(body_first(b, F_LOSS)->u.fig.n, 5000);
	body_free(b);
	b = with("type", "\"gb35561:1\"", &f); /* a scheme nobody here has survives */
	assert_non_null(b);
	assert_string_equal(body_text(b, F_TYPE), "gb35561:1");
	body_free(b);
	b = with("dtg", "\"2023-07-14T16:40:00Z\"", &f);
	assert_non_null(b);
	assert_int_equal(body_first(b, F_SIGNED_AT)->u.when.offset, 0);
	body_free(b);
	b = with("to", "[]", &f);
	assert_non_null(b);
	body_free(b);
	b = with("brief", "\"\"", &f);
	assert_non_null(b);
	assert_null(body_text(b, F_BRIEF));
	body_free(b);
}

static void
odd_lines_are_refused(void **state)
{
	static const struct {
		const char *s;
		size_t n;
		const char *says;
	} cases[] = {{"", 0, "JSON"}, {"[]", 2, "object"}, {"{}", 2, "missing"}, {"{}x", 3, "JSON"}, {"{\"id\":1,\"id\":2}", 15, "JSON"},
	    {"{\"id\":\"\xff\"}", 10, "UTF-8"}, {"\0", 1, "JSON"}};
	struct fault f;
	char *big;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		memset(&f, 0, sizeof(f));
		assert_null(reportjsonl_read(cases[i].s, cases[i].n, cb, NOW, &f));
		if (strstr(f.text, cases[i].says) == NULL)
			fail_msg("%s: %s", cases[i].s, f.text);
	}
	/* over 1 MiB: refused before it is parsed */
	big = malloc((1u << 20) + 1);
	assert_non_null(big);
	memset(big, ' ', (1u << 20) + 1);
	assert_null(reportjsonl_read(big, (1u << 20) + 1, cb, NOW, &f));
	assert_non_null(strstr(f.text, "1048577"));
	/* nested as deep as it goes */
	memset(big, '[', 1u << 20);
	assert_null(reportjsonl_read(big, 1u << 20, cb, NOW, &f));
	free(big);
	/* a text over its field's length names the member */
	big = malloc(70010);
	assert_non_null(big);
	memset(big, 'a', 70000);
	big[0] = '"';
	big[69999] = '"';
	big[70000] = '\0';
	assert_null(with("measures", big, &f));
	assert_string_equal(f.field, "measures");
	free(big);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(all_lines_are_taken),
	    cmocka_unit_test(position_is_exact),
	    cmocka_unit_test(truncated_lines),
	    cmocka_unit_test(members_are_needed),
	    cmocka_unit_test(odd_members_are_refused),
	    cmocka_unit_test(variants_are_taken),
	    cmocka_unit_test(odd_lines_are_refused),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
