/*
 * The desk service's requests: each is answered once, what is wrong with it is named, nothing uncommitted is shown.
 */
#include "desk_fixture.h"

static void
hello_and_watch(void **state)
{
	struct fx *x = *state;
	struct client c = dial(x);
	json_t *j;

	expect_served(x, &c);
	expect_refused(call(x, &c, "{\"op\":\"hello\",\"n\":1,\"proto\":99}"), 1, EX_PROTOCOL, "proto");
	expect_refused(call(x, &c, "{\"op\":\"hello\",\"n\":1,\"lang\":\"xx\"}"), 1, EX_DATAERR, "lang");
	j = call(x, &c, "{\"op\":\"watch\",\"n\":2}");
	assert_true(ok(j) && json_is_integer(json_object_get(j, "rev")));
	json_decref(j);
	j = call(x, &c, "{\"op\":\"status\",\"n\":3}");
	assert_true(ok(j));
	json_decref(j);
	hang_up(&c);
}

static void
framing_broken(void **state)
{
	static const struct {
		const char *bytes;
		size_t n;
		int code;
	} cases[] = {
	    {"\xff\xff\xff\xffJ", 5, EX_DATAERR}, /* 4 GiB */
	    {"\x01\x00\x00\x01"
	     "B",
		5, EX_DATAERR},			  /* one byte over */
	    {"\x00\x40\x00\x02J", 5, EX_DATAERR}, /* JSON over its bound */
	    {"\x00\x00\x00\x00J", 5, EX_DATAERR}, /* not even a type */
	    {"\x00\x00\x00\x05X{}{}", 9, EX_PROTOCOL}, {"GET / HTTP/1.0\r\n\r\n", 18, EX_PROTOCOL},
	    {"\x00\x00\x00\x02"
	     "Ba\x00\x00\x00\x02"
	     "Bb",
		12, EX_PROTOCOL}, /* bytes twice */
	};
	struct fx *x = *state;
	struct client other = dial(x);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct client c = dial(x);

		put(x, &c, cases[i].bytes, cases[i].n);
		expect_refused(answer(x, &c), 0, cases[i].code, "frame");
		expect_eof(x, &c);
		hang_up(&c);
		expect_served(x, &other);
	}
	hang_up(&other);
}

static void
requests_refused(void **state)
{
	char long_rid[300];
	const struct {
		const char *json;
		int re, code;
		const char *field;
	} cases[] = {
	    {"", 0, EX_DATAERR, "request"},
	    {"{\"op\":\"status\",\"n\":1", 0, EX_DATAERR, "request"},
	    {"{\"op\":\"status\",\"op\":\"verify\",\"n\":1}", 0, EX_DATAERR, "request"},
	    {"{\"op\":\"\xff\xfe\",\"n\":1}", 0, EX_DATAERR, "request"},
	    {"[1,2,3]", 0, EX_DATAERR, "request"},
	    {"null", 0, EX_DATAERR, "request"},
	    {"{\"n\":5}", 5, EX_USAGE, "op"},
	    {"{\"n\":5,\"op\":17}", 5, EX_USAGE, "op"},
	    {"{\"n\":\"5\",\"op\":\"status\"}", 0, EX_DATAERR, "n"},
	    {"{\"n\":6,\"op\":\"rm -rf\"}", 6, EX_USAGE, "op"},
	    {"{\"n\":6,\"op\":\"submit\"," INTAKE "}", 6, EX_DATAERR, "rid"},
	    {"{\"n\":6,\"op\":\"submit\",\"rid\":\"\"," INTAKE "}", 6, EX_DATAERR, "rid"},
	    {"{\"n\":6,\"op\":\"submit\",\"rid\":7," INTAKE "}", 6, EX_DATAERR, "rid"},
	    {"{\"n\":6,\"op\":\"submit\",\"rid\":\"a\\u0007b\"," INTAKE "}", 6, EX_DATAERR, "rid"},
	    {long_rid, 6, EX_DATAERR, "rid"},
	    {"{\"n\":6,\"op\":\"submit\",\"rid\":\"a\",\"realm\":\"dream\"," INTAKE "}", 6, EX_DATAERR, "realm"},
	    {"{\"n\":6,\"op\":\"submit\",\"rid\":\"a\",\"realm\":2," INTAKE "}", 6, EX_DATAERR, "realm"},
	    {"{\"n\":6,\"op\":\"submit\",\"rid\":\"a\"}", 6, EX_DATAERR, "body"},
	    {"{\"n\":6,\"op\":\"submit\",\"rid\":\"a\",\"body\":[]}", 6, EX_DATAERR, "body"},
	    {"{\"n\":6,\"op\":\"submit\",\"rid\":\"a\",\"confirmed\":1," INTAKE "}", 6, EX_DATAERR, "confirmed"},
	    {"{\"n\":6,\"op\":\"submit\",\"rid\":\"a\",\"body\":{\"kind\":\"intake\",\"dead\":-1}}", 6, EX_DATAERR,
		"dead"},
	    {"{\"n\":6,\"op\":\"submit\",\"rid\":\"a\",\"body\":{\"kind\":\"intake\",\"nonsense\":1}}", 6, EX_DATAERR,
		"nonsense"},
	    {"{\"n\":7,\"op\":\"draft_put\",\"rid\":\"a\",\"json\":\"x\"}", 7, EX_DATAERR, "json"},
	    {"{\"n\":7,\"op\":\"draft_del\"}", 7, EX_DATAERR, "rid"},
	    {"{\"n\":8,\"op\":\"blob\",\"digest\":\"zz\"}", 8, EX_DATAERR, "digest"},
	    {"{\"n\":8,\"op\":\"blob\"}", 8, EX_DATAERR, "digest"},
	    {"{\"n\":8,\"op\":\"blob\",\"digest\":"
	     "\"0000000000000000000000000000000000000000000000000000000000000000\"}",
		8, EX_NOINPUT, "digest"},
	};
	struct fx *x = *state;
	struct client c = dial(x);

	snprintf(long_rid, sizeof(long_rid), "{\"n\":6,\"op\":\"submit\",\"rid\":\"%0192d\",\"body\":{}}", 1);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		expect_refused(call(x, &c, cases[i].json), cases[i].re, cases[i].code, cases[i].field);
	expect_served(x, &c);				 /* the same connection */
	assert_int_equal(x->j->ops->chain_seq(x->j), 1); /* the epoch's entry: nothing was stored */
	hang_up(&c);
}

static void
submit_once(void **state)
{
	struct fx *x = *state;
	struct client c = dial(x);
	json_t *a = call(x, &c, "{\"n\":1,\"op\":\"submit\",\"rid\":\"r1\"," INTAKE "}"), *b;

	if (!ok(a))
		fail_msg("%s", json_dumps(a, 0));
	assert_true(json_is_false(json_object_get(a, "duplicate")));
	assert_true(json_string_length(json_object_get(a, "id")) > 0);
	assert_string_equal(
	    json_string_value(json_object_get(a, "id")), json_string_value(json_object_get(a, "incident")));
	assert_string_equal(json_string_value(json_object_get(a, "number")), "1122-001");
	assert_true(json_array_size(json_object_get(a, "remarks")) > 0);
	/* the answer got lost; another connection repeats */
	hang_up(&c);
	c = dial(x);
	b = call(x, &c, "{\"n\":1,\"op\":\"submit\",\"rid\":\"r1\"," INTAKE "}");
	assert_true(ok(b) && json_is_true(json_object_get(b, "duplicate")));
	assert_string_equal(json_string_value(json_object_get(a, "id")), json_string_value(json_object_get(b, "id")));
	assert_string_equal(json_string_value(json_object_get(b, "number")), "1122-001");
	json_decref(a);
	json_decref(b);
	hang_up(&c);
}

/* What the switch fills in is not taken from a client. */
static void
headers_dropped(void **state)
{
	struct fx *x = *state;
	struct client c = dial(x);
	json_t *a = call(x, &c,
		   "{\"n\":1,\"op\":\"submit\",\"rid\":\"r1\",\"seat\":\"chief\",\"body\":{\"kind\":\"intake\","
		   "\"seat\":\"chief\","
		   "\"number\":\"9999-999\",\"id\":\"330200.1.1\",\"written\":\"2000-01-01T00:00:00Z\",\"title\":"
		   "\"火灾\",\"place\":\"西周镇\","
		   "\"type\":\"12G00\",\"learned\":\"2026-11-22T13:40:00+08:00\"}}"),
	       *m, *body;
	char text[256];

	if (!ok(a))
		fail_msg("%s", json_dumps(a, 0));
	assert_string_equal(json_string_value(json_object_get(a, "number")), "1122-001");
	snprintf(text, sizeof(text), "{\"n\":2,\"op\":\"message\",\"id\":\"%s\"}",
	    json_string_value(json_object_get(a, "id")));
	m = call(x, &c, text);
	assert_true(ok(m));
	body = json_object_get(m, "body");
	assert_string_not_equal(json_string_value(json_object_get(body, "seat")), "chief");
	assert_string_equal(json_string_value(json_object_get(body, "number")), "1122-001");
	json_decref(a);
	json_decref(m);
	hang_up(&c);
}

/* Nothing uncommitted is shown or acknowledged, to nobody. */
static void
commit_first(void **state)
{
	struct fx *x = *state;
	struct client c = dial(x), other = dial(x);
	json_t *j;

	expect_served(x, &c);
	expect_served(x, &other);
	x->hold = true;
	ask(x, &c, "{\"n\":1,\"op\":\"submit\",\"rid\":\"r1\"," INTAKE "}");
	ask(x, &c, "{\"n\":2,\"op\":\"draft_put\",\"rid\":\"d1\",\"json\":{}}");
	ask(x, &c, "{\"n\":3,\"op\":\"incidents\"}");
	for (int i = 0; i < 20; i++)
		pump(x);
	ask(x, &other, "{\"n\":4,\"op\":\"incidents\"}");
	for (int i = 0; i < 20; i++)
		pump(x);
	fill(&c);
	fill(&other);
	assert_int_equal(c.n + other.n, 0);
	x->hold = false;
	for (int i = 1; i <= 3; i++) {
		j = answer(x, &c);
		assert_true(ok(j));
		if (json_integer_value(json_object_get(j, "re")) == 3)
			assert_int_equal(json_array_size(json_object_get(j, "incidents")), 1);
		json_decref(j);
	}
	j = answer(x, &other);
	assert_int_equal(json_array_size(json_object_get(j, "incidents")), 1);
	json_decref(j);
	hang_up(&c);
	hang_up(&other);
}

static void
commit_fails(void **state)
{
	struct fx *x = *state;
	struct client c = dial(x);

	expect_served(x, &c);
	journal_ram_fail_commits(x->j, 1, true);
	ask(x, &c, "{\"n\":1,\"op\":\"submit\",\"rid\":\"r1\"," INTAKE "}");
	ask(x, &c, "{\"n\":2,\"op\":\"draft_put\",\"rid\":\"d1\",\"json\":{}}");
	for (int i = 0; i < 50; i++)
		pump(x);
	assert_true(x->failed);
	fill(&c);
	assert_int_equal(c.n, 0); /* neither yes nor no */
	hang_up(&c);
}

static void
alarms_kept(void **state)
{
	struct fx *x = *state;
	struct client c = dial(x);
	json_t *j, *list;

	for (int i = 0; i < 80; i++) {
		char text[32];
		snprintf(text, sizeof(text), "no\x1b[2J %d", i);
		desk_alarm(x->desk, i, "what", text);
	}
	j = call(x, &c, "{\"op\":\"status\",\"n\":1}");
	list = json_object_get(j, "alarms");
	assert_int_equal(json_array_size(list), DESK_ALARMS);
	for (size_t i = 0; i < DESK_ALARMS; i++)
		assert_null(strchr(json_string_value(json_object_get(json_array_get(list, i), "detail")), 0x1b));
	json_decref(j);
	hang_up(&c);
}

static void
reload(void **state)
{
	struct fx *x = *state;
	struct client c = dial(x);
	json_t *j = call(x, &c, "{\"op\":\"reload\",\"n\":1}");

	assert_true(ok(j) && json_is_integer(json_object_get(j, "neighbours")));
	json_decref(j);
	j = call(x, &c, "{\"op\":\"reload\",\"n\":2}");
	assert_non_null(strstr(json_string_value(json_object_get(j, "text")), "topology.tsv:7"));
	expect_refused(j, 2, EX_CONFIG, "role");
	hang_up(&c);
}

static void
socket_file(void **state)
{
	struct fx *x = *state;
	struct fault f = {0};
	struct stat st;
	struct client c;
	int fd;

	assert_int_equal(stat(x->dir.socket, &st), 0);
	assert_true(S_ISSOCK(st.st_mode));
	assert_int_equal(st.st_mode & 0777, 0660);
	desk_free(x->desk);
	assert_int_equal(stat(x->dir.socket, &st), -1);
	/* left by a killed switch */
	x->desk = desk_new(x->base, &x->dir, x->s, &wishes, x, &f);
	assert_non_null(x->desk);
	x->desk->bound = false;
	desk_free(x->desk);
	assert_int_equal(stat(x->dir.socket, &st), 0);
	x->desk = desk_new(x->base, &x->dir, x->s, &wishes, x, &f);
	assert_non_null(x->desk);
	c = dial(x);
	expect_served(x, &c);
	hang_up(&c);
	desk_free(x->desk);
	/* something else in the way stays where it is */
	fd = open(x->dir.socket, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	close(fd);
	x->desk = desk_new(x->base, &x->dir, x->s, &wishes, x, &f);
	assert_null(x->desk);
	assert_int_equal(f.code, EX_CANTCREAT);
	assert_int_equal(stat(x->dir.socket, &st), 0);
	assert_true(S_ISREG(st.st_mode));
	/* an unknown group is refused by its name */
	assert_int_equal(unlink(x->dir.socket), 0);
	snprintf(x->dir.group, sizeof(x->dir.group), "no-such-group-here");
	f = (struct fault){0};
	assert_null(desk_new(x->base, &x->dir, x->s, &wishes, x, &f));
	assert_string_equal(f.field, "group");
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {T(hello_and_watch), T(framing_broken), T(requests_refused), T(submit_once),
	    T(headers_dropped), T(commit_first), T(commit_fails), T(alarms_kept), T(reload), T(socket_file)};

	return desk_run(tests, sizeof(tests) / sizeof(tests[0]));
}
