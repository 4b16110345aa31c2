/* Bodies in memory: order, repeats, replacement, copies, ownership, digests. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "../../formats/body.h"
#include "../../formats/buf.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct figure
figure(enum figure_q q, int64_t n, const char *source)
{
	struct figure g = { .q = q, .n = n, .source = source, .asof = 0 };

	return g;
}

static void
check_sorted(const struct body *b)
{
	size_t i;

	for (i = 1; i < b->n; i++)
		assert_true(b->v[i - 1].key <= b->v[i].key);
}

static void
sorted_and_stable(void **state)
{
	struct body *b = body_new();
	struct figure g;
	const struct value *v;
	static const char *const to[] = { "330225", "330200", "330225-yj", "hq" };
	size_t i;

	(void)state;
	body_set_text(b, F_TITLE, "山体滑坡");
	for (i = 0; i < COUNT(to); i++) {
		g = figure(FIG_EXACT, (int64_t)i, "119");
		body_add_figure(b, F_DEAD, &g);
		body_add_text(b, F_TO, to[i], strlen(to[i]));
	}
	body_set_num(b, F_KIND, KIND_REPORT);
	body_set_text(b, F_PLACE, "石浦镇");
	check_sorted(b);
	assert_int_equal(b->n, 11);
	assert_int_equal(body_count(b, F_TO), 4);
	assert_int_equal(body_count(b, F_DEAD), 4);
	assert_int_equal(body_count(b, F_CC), 0);
	i = 0;
	for (v = body_first(b, F_TO); v != NULL; v = body_next(b, v))
		assert_string_equal(v->u.text.s, to[i++]);
	assert_int_equal(i, 4);
	i = 0;
	for (v = body_first(b, F_DEAD); v != NULL; v = body_next(b, v))
		assert_int_equal(v->u.fig.n, (int64_t)i++);
	assert_int_equal(i, 4);
	body_unset(b, F_TO);
	body_unset(b, F_TO);
	assert_int_equal(b->n, 7);
	assert_null(body_first(b, F_TO));
	check_sorted(b);
	body_free(b);
	body_free(NULL);
}

static void
replacing(void **state)
{
	struct body *b = body_new();
	struct when w = { .ms = 1, .offset = 0, .text = "昨晚" };
	struct msgid id = { .realm = REALM_LIVE, .origin = "hq", .epoch = 5, .serial = 1 }, got;
	int64_t n;
	uint8_t d[DIGEST_LEN] = { 1, 2, 3 };

	(void)state;
	/* Adding to what does not repeat replaces: a body can never hold what the wire cannot. */
	body_add_text(b, F_TITLE, "a", 1);
	body_add_text(b, F_TITLE, "bc", 2);
	assert_int_equal(body_count(b, F_TITLE), 1);
	assert_string_equal(body_text(b, F_TITLE), "bc");
	body_set_text(b, F_TITLE, body_text(b, F_TITLE) + 1);	/* from its own value */
	assert_string_equal(body_text(b, F_TITLE), "c");
	body_set_text(b, F_TITLE, "");
	assert_string_equal(body_text(b, F_TITLE), "");
	body_set_text(b, F_TITLE, NULL);
	assert_null(body_text(b, F_TITLE));

	body_add_when(b, F_OCCURRED, &w);
	w.ms = 2;
	body_add_when(b, F_OCCURRED, &w);
	assert_int_equal(body_count(b, F_OCCURRED), 1);
	assert_true(body_time(b, F_OCCURRED, &n) && n == 2);
	assert_string_equal(body_first(b, F_OCCURRED)->u.when.text, "昨晚");
	body_set_time(b, F_OCCURRED, -1);
	assert_int_equal(body_first(b, F_OCCURRED)->u.when.offset, 480);
	assert_null(body_first(b, F_OCCURRED)->u.when.text);

	body_set_num(b, F_HISTORY, 1);
	assert_true(body_flag(b, F_HISTORY));
	body_set_num(b, F_HISTORY, 0);
	assert_false(body_flag(b, F_HISTORY));
	assert_false(body_flag(b, F_RING));
	assert_int_equal(body_count(b, F_HISTORY), 1);

	body_set_num(b, F_GRADE, 65535);
	assert_int_equal(body_enum(b, F_GRADE), 65535);
	assert_int_equal(body_enum(b, F_STAGE), 0);
	body_set_num(b, F_VERSION, INT64_MAX);
	assert_true(body_num(b, F_VERSION, &n) && n == INT64_MAX);
	assert_false(body_num(b, F_ORIGINAL_SIZE, &n));

	body_add_id(b, F_REFS, &id);
	id.serial = 2;
	body_add_id(b, F_REFS, &id);
	assert_int_equal(body_count(b, F_REFS), 2);
	assert_true(body_id(b, F_REFS, &got) && got.serial == 1);
	body_set_id(b, F_REFS, &body_next(b, body_first(b, F_REFS))->u.id);	/* from its own second value */
	assert_int_equal(body_count(b, F_REFS), 1);
	assert_true(body_id(b, F_REFS, &got) && msgid_cmp(&got, &id) == 0);

	body_set_geo(b, F_POSITION, -90000000, 180000000);
	body_set_digest(b, F_ORIGINAL, d);
	body_set_digest(b, F_ORIGINAL, d);
	assert_memory_equal(body_first(b, F_ORIGINAL)->u.digest, d, DIGEST_LEN);

	/* Readers of the wrong type say absent and look at nothing. */
	assert_null(body_text(b, F_GRADE));
	assert_false(body_time(b, F_GRADE, &n));
	assert_false(body_id(b, F_GRADE, &got));
	assert_false(body_num(b, F_OCCURRED, &n));
	assert_int_equal(body_enum(b, F_POSITION), 0);
	check_sorted(b);
	body_free(b);
}

static void
figures(void **state)
{
	struct body *b = body_new();
	struct figure g = { .q = FIG_UNKNOWN, .n = 77, .source = "119", .asof = 1763787393000 };
	char source[8] = "120";

	(void)state;
	body_add_figure(b, F_TRAPPED, &g);
	g = figure(FIG_ATLEAST, 3, source);
	body_add_figure(b, F_TRAPPED, &g);
	source[0] = 'x';
	/* Unknown carries no number; what was handed in was copied. */
	assert_int_equal(b->v[0].u.fig.n, 0);
	assert_int_equal(b->v[0].u.fig.asof, 1763787393000);
	assert_string_equal(b->v[1].u.fig.source, "120");
	body_free(b);
}

static void
unknown_keys(void **state)
{
	struct body *b = body_new(), *c;

	(void)state;
	body_add_raw(b, 90000, (const uint8_t *)"\x01", 1);
	assert_false(b->not_understood);
	body_add_raw(b, 90001, (const uint8_t *)"\x61x", 2);
	assert_true(b->not_understood);
	body_add_raw(b, 90001, (const uint8_t *)"\x61y", 2);
	assert_int_equal(body_count(b, 90001), 1);
	assert_memory_equal(body_first(b, 90001)->u.raw.p, "\x61y", 2);
	assert_null(body_text(b, 90001));
	assert_false(body_flag(b, 90001));
	c = body_copy(b);
	assert_true(c->not_understood);
	body_unset(b, 90001);
	assert_false(b->not_understood);
	assert_true(c->not_understood);
	body_free(b);
	body_free(c);
}

static void
copies(void **state)
{
	struct body *b = body_new(), *c, *e;
	struct when w = { .ms = 5, .offset = 60, .text = "t" };
	struct figure g = figure(FIG_ABOUT, 20, "110");
	size_t i;

	(void)state;
	body_set_text(b, F_BRIEF, "经过");
	body_add_when(b, F_OCCURRED, &w);
	body_add_figure(b, F_DEAD, &g);
	body_add_raw(b, 70001, (const uint8_t *)"\xf6", 1);
	c = body_copy(b);
	e = body_new();
	for (i = 0; i < b->n; i++)
		body_add_value(e, &b->v[i]);
	/* A value of the same body: copied before the array moves. */
	for (i = 0; i < 200; i++)
		body_add_value(e, body_first(e, F_DEAD));
	assert_int_equal(body_count(e, F_DEAD), 201);
	body_add_value(e, body_first(e, F_BRIEF));
	assert_int_equal(body_count(e, F_BRIEF), 1);
	body_free(b);
	assert_string_equal(body_text(c, F_BRIEF), "经过");
	assert_string_equal(body_text(e, F_BRIEF), "经过");
	assert_string_equal(body_first(c, F_OCCURRED)->u.when.text, "t");
	assert_string_equal(body_first(e, F_DEAD)->u.fig.source, "110");
	assert_true(c->not_understood);
	assert_true(e->not_understood);
	check_sorted(e);
	body_free(c);
	body_free(e);
	b = body_new();
	c = body_copy(b);	/* empty */
	body_set_num(c, F_KIND, 1);
	body_free(b);
	body_free(c);
}

static void
digests(void **state)
{
	/* BLAKE2b-256 of nothing and of "abc" (coreutils: b2sum -l 256). */
	static const char empty[] = "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8";
	static const char abc[] = "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319";
	static const char *const bad[] = { "", "0e", "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a",
		"0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a80",
		"0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3ag",
		" 0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a" };
	uint8_t d[DIGEST_LEN], e[DIGEST_LEN];
	char hex[2 * DIGEST_LEN + 1];
	size_t i;

	(void)state;
	digest_of(NULL, 0, d);
	digest_hex(d, hex);
	assert_string_equal(hex, empty);
	digest_of("abc", 3, d);
	digest_hex(d, hex);
	assert_string_equal(hex, abc);
	assert_true(digest_parse(hex, e));
	assert_memory_equal(d, e, DIGEST_LEN);
	assert_true(digest_parse("BDDD813C634239723171EF3FEE98579B94964E3BB1CB3E427262C8C068D52319", e));
	assert_memory_equal(d, e, DIGEST_LEN);
	for (i = 0; i < COUNT(bad); i++)
		assert_false(digest_parse(bad[i], e));
	assert_memory_equal(d, e, DIGEST_LEN);
}

static void
blanks_say_nothing(void **state)
{
	static const struct {
		const char *text;
		bool said;
	} cases[] = {{"", false}, {" ", false}, {" \t\n", false}, {"\xe3\x80\x80", false}, {" \xe3\x80\x80 ", false},
	    {"x", true}, {"\xe3\x80\x80x", true}, {"\xe3\x80\x81", true}, {" \xe5\x8c\x97", true}};
	struct body *b = body_new();

	(void)state;
	assert_null(body_said(b, F_TITLE));
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		body_set_text(b, F_TITLE, cases[i].text);
		if (cases[i].said)
			assert_string_equal(body_said(b, F_TITLE), cases[i].text); /* the whole */
		else
			assert_null(body_said(b, F_TITLE));
	}
	body_set_num(b, F_VERSION, 3);
	assert_null(body_said(b, F_VERSION)); /* no text */
	body_free(b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sorted_and_stable), cmocka_unit_test(replacing), cmocka_unit_test(figures),
		cmocka_unit_test(unknown_keys), cmocka_unit_test(copies), cmocka_unit_test(digests),
		cmocka_unit_test(blanks_say_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
