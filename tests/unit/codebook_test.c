/* The shipped codebooks, local additions, and the rows that stop the start. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>
#include "../lib/confdir.h"
#include "../../formats/buf.h"
#include "../../formats/codebook.h"
#include "../../formats/conf.h"
#include "../../formats/field.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct codebook *cb;
static char dir[CONFDIR_MAX];

/* A small whole set of tables; the tests below put other files in their place. */
static const struct {
	const char *name, *text;
} base[] = {
    {"events", "code\tparent\tname\tscheme\tconfidence\tpinyin\n"
	       "12000\t\t事故灾难\tyjpt\thigh\tsgzn\n12G00\t12000\t火灾事故\tyjpt\thigh\thzsg\n11B19\t\t霾\t12379\tgood\tm\n"},
    {"divisions", "code12\tcode\tparent\tname\tlevel\tkind\tnote\n"
		  "330225000000\t330225\t3302\t象山县\tcounty\t县级\t\n330200000000\t3302\t\t宁波市\tcity\t地级\t\n"},
    {"grades", "value\tname\tzh\tlabel\tspellings\n1\tI\t特别重大\tgrade I\t1|Ⅰ\n2\tII\t重大\tgrade II\t2\n"},
    {"precedences", "value\tname\tzh\tlabel\tspellings\n1\tflash\t特提\tflash\t1\n"},
    {"colours", "value\tname\tzh\tlabel\tspellings\n1\tred\t红\tred\t1\n"},
    {"organs", "suffix\tzh\tlabel\ngongan\t公安\tpolice\n"},
};

static void
put(const char *name, const char *text)
{
	confdir_put(dir, "codebooks", name, text);
}

static void
put_base(void)
{
	char local[64];

	for (size_t i = 0; i < COUNT(base); i++) {
		put(base[i].name, base[i].text);
		(void)snprintf(local, sizeof(local), "%s.local", base[i].name);
		put(local, NULL);
	}
}

static int
setup(void **state)
{
	char conf[4096];
	struct fault f = {0};

	(void)state;
	if (conf_dir(conf, sizeof(conf), &f) == NULL)
		return -1;
	cb = codebook_load(conf, &f);
	if (cb == NULL) {
		(void)fprintf(stderr, "%s:%zu: %s\n", f.file, f.line, f.text);
		return -1;
	}
	return confdir_make(dir, "codebook_test", "codebooks") ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	put_base();
	for (size_t i = 0; i < COUNT(base); i++)
		put(base[i].name, NULL);
	codebook_free(cb);
	return confdir_remove(dir, "codebooks");
}

static void
events_are_found(void **state)
{
	const struct code_entry *e = codebook_event(cb, "yjpt:12G00");
	size_t n = 0;

	(void)state;
	assert_non_null(e);
	assert_string_equal(e->code, "12G00");
	assert_string_equal(e->scheme, "yjpt");
	assert_string_equal(e->name, "火灾事故");
	assert_string_equal(e->parent, "12000");
	assert_string_equal(e->initials, "hzsg");
	assert_string_equal(e->level, "high");
	assert_ptr_equal(codebook_event(cb, "12G00"), e);
	assert_non_null(codebook_event(cb, "12379:11B19"));
	assert_string_equal(codebook_event(cb, "11B19")->scheme, "12379");
	assert_null(codebook_event(cb, "yjpt:11B19"));
	assert_null(codebook_event(cb, "12G0"));
	assert_null(codebook_event(cb, "12G000"));
	assert_null(codebook_event(cb, ""));
	assert_null(codebook_event(cb, ":"));
	assert_null(codebook_event(cb, "yjpt:"));
	assert_null(codebook_event(cb, "yjpt:12G00:x"));
	assert_null(codebook_event(cb, "an-overlong-code-that-fits-in-no-buffer-whatsoever-and-then-some-more:12G00"));
	while (codebook_event_at(cb, n) != NULL)
		n++;
	assert_int_equal(n, 385);
}

static void
event_search(void **state)
{
	static const struct {
		const char *query, *first;
	} cases[] = {{"12G00", "12G00"}, {"12g0", "12G00"}, {"１２ｇ００", "12G00"}, {"滑坡", "11D01"}, {"hzsg", "12G00"},
	    {"HPSJ", "11D01"}, {"yjpt:11B19", NULL}, {"12379:11B19", "11B19"}, {"没有这种", NULL}, {"yhyj", "14C01"},
	    {"森林火险", "11B25"}};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct code_entry *e = codebook_event_match(cb, cases[i].query, 0);

		if (cases[i].first == NULL) {
			assert_null(e);
			continue;
		}
		assert_non_null(e);
		assert_string_equal(e->code, cases[i].first);
	}
	/* table order, each once, and an end */
	size_t n = 0;
	const struct code_entry *e, *last = NULL;

	for (; (e = codebook_event_match(cb, "火灾", n)) != NULL; n++) {
		assert_non_null(strstr(e->name, "火灾"));
		assert_ptr_not_equal(e, last);
		last = e;
	}
	assert_in_range(n, 20, 60);
	/* initials stand for every Chinese character of the name */
	for (n = 0; (e = codebook_event_at(cb, n)) != NULL; n++) {
		size_t han = 0;

		for (const char *p = e->name; *p != '\0'; p++)
			han += (*p & 0xf0) == 0xe0 && strncmp(p, "、", 3) != 0 && strncmp(p, "（", 3) != 0 && strncmp(p, "）", 3) != 0;
		assert_int_equal(strlen(e->initials), han);
		assert_int_equal(strspn(e->initials, "abcdefghjklmnopqrstwxyz"), han);
	}
}

static void
divisions_are_found(void **state)
{
	static const struct {
		const char *code, *name;
	} cases[] = {{"330225102", "西周镇"}, {"330225102000", "西周镇"}, {"div:330225102", "西周镇"}, {"330225", "象山县"}, {"3302", "宁波市"},
	    {"330200", "宁波市"}, {"33", "浙江省"}, {"330000", "浙江省"}, {"330225999", NULL}, {"330225102001", NULL}, {"", NULL},
	    {"3302251", NULL}, {"33O225", NULL}, {"div:", NULL}, {"330225-gongan", NULL}, {"3302251020000", NULL}};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct code_entry *e = codebook_division(cb, cases[i].code);

		if (cases[i].name == NULL)
			assert_null(e);
		else {
			assert_non_null(e);
			assert_string_equal(e->name, cases[i].name);
		}
	}
	assert_string_equal(codebook_division(cb, "330225102")->level, "township");
}

static void
stations_and_their_superiors(void **state)
{
	static const struct {
		const char *station, *name, *parent;
	} cases[] = {
	    {"330225102", "西周镇", "330225"},
	    {"330225", "象山县", "330200"},
	    {"330200", "宁波市", "330000"},
	    {"330000", "浙江省", ""},
	    {"330225-gongan", "象山县公安", "330225"},
	    {"330225-abc9", "象山县-abc9", "330225"},
	    {"999999", "999999", ""},
	    {"999999-gongan", "999999-gongan", "999999"},
	    {"x-gangqu", "x-gangqu", ""},
	    {"500237", "巫山县", "500000"}, /* past the placeholder 县 */
	    {"500152", "潼南区", "500000"}, /* past the placeholder 市辖区 */
	    {"211122", "盘山县", "211100"},
	};
	char buf[64], small[8];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_string_equal(codebook_station(cb, cases[i].station, buf, sizeof(buf)), cases[i].name);
		assert_string_equal(codebook_parent_station(cb, cases[i].station, buf, sizeof(buf)), cases[i].parent);
	}
	/* a station of an unknown code is text from outside */
	assert_null(strchr(codebook_station(cb, "a\x1b[2J", buf, sizeof(buf)), '\x1b'));
	/* cut between characters */
	assert_string_equal(codebook_station(cb, "330225102", small, sizeof(small)), "西周");
}

static void
spellings(void **state)
{
	static const struct {
		const char *set, *spelling;
		int value;
	} cases[] = {
	    {"grade", "II", GRADE_II}, {"grade", "ii", GRADE_II}, {"grade", "2", GRADE_II}, {"grade", "２", GRADE_II},
	    {"grade", "Ⅱ", GRADE_II}, {"grade", "ＩＩ级", GRADE_II}, {"grade", "重大", GRADE_II}, {"grade", "二级", GRADE_II},
	    {"grade", "特别重大", GRADE_I}, {"grade", "未定", GRADE_UNDETERMINED}, {"grade", "V", 0}, {"grade", "", 0},
	    {"grade", "5", 0}, {"grade", "红", 0}, {"precedence", "特提", PREC_FLASH}, {"precedence", "FLASH", PREC_FLASH},
	    {"precedence", "4", PREC_ROUTINE}, {"colour", "红色", COLOUR_RED}, {"colour", "Yellow", COLOUR_YELLOW}, {"none", "1", 0}};
	static const char *const sets[] = {"grade", "precedence", "colour"};
	const struct enum_name *e;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_int_equal(codebook_enum(cb, cases[i].set, cases[i].spelling), cases[i].value);
	/* the tables and the enumerations of the code name the same values */
	for (size_t s = 0; s < COUNT(sets); s++)
		for (size_t i = 0; (e = enum_at(sets[s], i)) != NULL; i++) {
			assert_int_equal(codebook_enum(cb, sets[s], e->name), e->value);
			assert_int_equal(codebook_enum(cb, sets[s], e->zh), e->value);
			assert_non_null(codebook_enum_name(cb, sets[s], e->value, false));
			assert_string_equal(codebook_enum_name(cb, sets[s], e->value, true), e->zh);
		}
	assert_null(codebook_enum_name(cb, "grade", 77, true));
}

static void
local_rows_win(void **state)
{
	struct fault f = {0};
	struct codebook *local;
	char buf[64];

	(void)state;
	put_base();
	/* columns in another order, one left out */
	put("events.local", "scheme\tname\tcode\tparent\nyjpt\t火情\t12G00\t12000\nown\t海岛停电\tA1\t\n");
	put("divisions.local", "code\tname\tlevel\tparent\nx-gangqu\t港区\tcounty\t330200\n330225\t象山\tcounty\t3302\n");
	put("grades.local", "value\tname\tzh\tlabel\tspellings\n2\tII\t重大\tgrade II\t2|大\n");
	put("organs.local", "suffix\tzh\tlabel\ngongan\t公安局\tpolice\n");
	local = codebook_load(dir, &f);
	assert_non_null(local);
	assert_string_equal(codebook_event(local, "12G00")->name, "火情");
	assert_string_equal(codebook_event_at(local, 1)->name, "火情"); /* in its old place */
	assert_string_equal(codebook_event_at(local, 3)->code, "A1");
	assert_null(codebook_event_at(local, 4));
	assert_string_equal(codebook_event(local, "own:A1")->initials, "hdtd"); /* worked out: the column is left out */
	assert_string_equal(codebook_station(local, "x-gangqu", buf, sizeof(buf)), "港区");
	assert_string_equal(codebook_parent_station(local, "x-gangqu", buf, sizeof(buf)), "330200");
	assert_string_equal(codebook_station(local, "330225-gongan", buf, sizeof(buf)), "象山公安局");
	assert_int_equal(codebook_enum(local, "grade", "大"), GRADE_II);
	codebook_free(local);
	put_base();
}

static const char *
first_of(const struct codebook *book, const char *query, char *buf, size_t size, size_t *n)
{
	struct code_hit hit;

	*n = codebook_find(book, &query, 1, CODE_EVENT | CODE_DIVISION | CODE_ORGAN | CODE_STATION, &hit, 1);
	return *n == 0 ? "" : codebook_hit_code(&hit, buf, size);
}

/* The best match of what people type. */
static void
search(void **state)
{
	static const struct {
		const char *query, *first;
		enum code_rank rank;
	} cases[] = {{"12G00", "yjpt:12G00", CODE_EXACT}, {"yjpt:12g0", "yjpt:12G00", CODE_BEGINS},
	    {"火灾事故", "yjpt:12G00", CODE_EXACT}, {"火灾", "yjpt:12G00", CODE_BEGINS}, {"山体", "yjpt:11D03", CODE_BEGINS},
	    {"体崩", "yjpt:11D03", CODE_HOLDS}, {"xsx", "div:330225", CODE_EXACT}, {"XSX", "div:330225", CODE_EXACT},
	    {"西周", "div:330225102", CODE_BEGINS}, {"xzz", "div:330225102", CODE_EXACT}, {"330225", "div:330225", CODE_EXACT},
	    {"330200", "div:3302", CODE_EXACT}, {"3302", "div:3302", CODE_EXACT}, {"330225102000", "div:330225102", CODE_EXACT},
	    {"div:330200", "div:3302", CODE_EXACT}, {"cqs", "div:50", CODE_EXACT}, {"tnq", "div:500152", CODE_EXACT},
	    {"公安", "-gongan", CODE_EXACT}, {"police", "-gongan", CODE_EXACT}, {"gongan", "-gongan", CODE_EXACT},
	    {"330225-gongan", "330225-gongan", CODE_EXACT}, {"象山县公安", "330225-gongan", CODE_EXACT},
	    {"象山公安", "330225-gongan", CODE_BEGINS}, {"宁波市公安", "330200-gongan", CODE_EXACT}, {"无此词", "", 0}, {"", "", 0},
	    {"县公安", "", 0}, {"-gongan", "", 0}, {"330225-nosuch", "", 0}, {"999999", "", 0}};
	const char *const two[] = {"象山", "公安"}, *const both[] = {"高层", "火灾"}, *const never[] = {"象山", "火灾"};
	struct code_hit hit[8];
	char buf[64];
	size_t n;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *got = first_of(cb, cases[i].query, buf, sizeof(buf), &n);

		if (strcmp(got, cases[i].first) != 0)
			fail_msg("%s: %s", cases[i].query, got);
		if (n > 0) {
			assert_int_equal(codebook_find(cb, &cases[i].query, 1, 15, hit, 1), n);
			assert_int_equal(hit[0].rank, cases[i].rank);
		}
	}
	assert_int_equal(codebook_find(cb, two, 2, CODE_STATION, hit, 8), 1);
	assert_string_equal(codebook_hit_name(&hit[0], buf, sizeof(buf)), "象山县公安");
	assert_int_equal(codebook_find(cb, both, 2, CODE_EVENT, hit, 8), 1);
	assert_int_equal(codebook_find(cb, never, 2, 15, hit, 8), 0);
	assert_int_equal(codebook_find(cb, two, 0, 15, hit, 8), 0);
	/* kinds are left out when not asked for; ranks never fall within a list */
	assert_int_equal(codebook_find(cb, &cases[0].query, 1, CODE_DIVISION, hit, 8), 0);
	n = codebook_find(cb, &(const char *){"hz"}, 1, 15, hit, 8);
	assert_true(n > 8);
	for (size_t i = 1; i < 8; i++)
		assert_true(hit[i].rank >= hit[i - 1].rank);
	assert_int_equal(codebook_rank("group", "flood", "防汛成员", "fxcy", "防汛"), CODE_BEGINS);
	assert_int_equal(codebook_rank("group", "flood", "防汛成员", "fxcy", "ＦＸＣＹ"), CODE_EXACT);
	assert_int_equal(codebook_rank("group", "flood", "防汛成员", "fxcy", "x"), CODE_NO_MATCH);
}

/* Initials worked out from names: two readings, characters without one, Latin letters; the row's own win. */
static void
initials(void **state)
{
	static const struct {
		const char *query, *first;
	} cases[] = {{"cqs", "div:60"}, {"zqs", "div:60"}, {"czx", "div:61"}, {"zzx", ""}, {"tnq", "div:62"}, {"anq", "div:62"},
	    {"xgq", "div:x-gangqu"}, {"gq", "div:x-gangqu"}, {"a1q", "div:63"}, {"own", "div:64"}, {"slz", ""}, {"1nq", ""}};
	struct fault f = {0};
	struct codebook *local;
	char buf[64];
	size_t n;

	(void)state;
	put_base();
	put("divisions.local", "code\tparent\tname\tlevel\tpinyin\n60\t\t重庆市\tprovince\t\n61\t60\t长洲(县)\tcity\tczx\n"
			       "62\t60\t潼南区\tcity\t\nx-gangqu\t330200\t新港区\tcounty\t\n63\t60\tA1区\tcity\t\n"
			       "64\t60\t双龙镇\tcity\tOWN\n");
	local = codebook_load(dir, &f);
	if (local == NULL)
		fail_msg("%s:%zu: %s", f.file, f.line, f.text);
	assert_string_equal(codebook_division(local, "62")->initials, "?nq");
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *got = first_of(local, cases[i].query, buf, sizeof(buf), &n);

		if (strcmp(got, cases[i].first) != 0)
			fail_msg("%s: %s", cases[i].query, got);
	}
	/* a station that is no division */
	assert_string_equal(codebook_station(local, "x-gangqu", buf, sizeof(buf)), "新港区");
	assert_string_equal(codebook_parent_station(local, "x-gangqu", buf, sizeof(buf)), "330200");
	assert_string_equal(codebook_entry_station(codebook_division(local, "x-gangqu"), buf, sizeof(buf)), "x-gangqu");
	assert_string_equal(codebook_entry_station(codebook_division(local, "3302"), buf, sizeof(buf)), "330200");
	assert_string_equal(codebook_entry_station(codebook_event(local, "12G00"), buf, sizeof(buf)), "");
	codebook_free(local);
	put_base();
}

/* As many townships as the country has: loaded with their initials, and searched in well under 50 ms. */
static void
whole_country(void **state)
{
	struct buf t = {0};
	struct fault f = {0};
	struct codebook *local;
	struct timespec a, b;
	char buf[64];
	double ms;
	size_t n;

	(void)state;
	put_base();
	buf_puts(&t, "code\tparent\tname\tlevel\n");
	for (int i = 0; i < 45000; i++)
		buf_printf(&t, "4%08d\t3302\t%s%s镇\ttownship\n", i, i % 3 == 0 ? "石" : "双", i % 7 == 0 ? "浦" : "龙");
	put("divisions.local", buf_cstr(&t));
	local = codebook_load(dir, &f);
	assert_non_null(local);
	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a);
	(void)first_of(local, "spz", buf, sizeof(buf), &n);
	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &b);
	assert_int_equal(n, 6429); /* 石浦, 双浦 */
	ms = (double)(b.tv_sec - a.tv_sec) * 1e3 + (double)(b.tv_nsec - a.tv_nsec) / 1e6;
	print_message("45 000 divisions: %.1f ms\n", ms);
	assert_true(ms < 500); /* ten times what it should be: sanitizers and busy machines */
	codebook_free(local);
	buf_free(&t);
	put_base();
}

static void
bad_rows_stop_the_start(void **state)
{
	static const struct {
		const char *file, *text;
		size_t line;
		const char *says;
	} cases[] = {
	    {"events", "code\tname\tscheme\n12G00\t火\tyjpt\n12G00\t灾\tyjpt\n", 3, "twice"},
	    {"events", "code\tname\tscheme\n12:00\t火\tyjpt\n", 2, "colon"},
	    {"events", "code\tname\tscheme\n12G00\t\tyjpt\n", 2, "empty"},
	    {"events", "code\tname\n12G00\t火\n", 2, "colon"},
	    {"divisions", "code\tname\tlevel\n3302251\t象\tcounty\n", 2, "division code"},
	    {"divisions", "code\tname\tlevel\n330225\t象\tvillage\n", 2, "province"},
	    {"divisions", "code12\tcode\tname\tlevel\n330226000000\t330225\t象\tcounty\n", 2, "is not the code"},
	    {"divisions", "code\tname\tlevel\n3302\t甬\tcity\n330200\t甬\tcity\n", 3, "twice"},
	    {"divisions", "code\tname\tlevel\n330225-gongan\t警\tcounty\n", 2, "division code"},
	    {"grades", "value\tname\tzh\tlabel\tspellings\n1\tI\t特\tI\t一\n2\tII\t重\tII\t一\n", 3, "already"},
	    {"grades", "value\tname\tzh\tlabel\tspellings\n1\tI\t特\tI\tii\n2\tII\t重\tII\t\n", 3, "already"},
	    {"grades", "value\tname\tzh\tlabel\tspellings\n1\tI\t特\tI\t\n1\tII\t重\tII\t\n", 3, "twice"},
	    {"grades", "value\tname\tzh\tlabel\tspellings\n0\tI\t特\tI\t\n", 2, "number from 1"},
	    {"grades", "value\tname\tzh\tlabel\tspellings\n1\t\t特\tI\t\n", 2, "empty"},
	    {"organs", "suffix\tzh\tlabel\nGA\t公安\tpolice\n", 2, "a-z"},
	};
	char path[256];
	struct fault f;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		put_base();
		put(cases[i].file, cases[i].text);
		memset(&f, 0, sizeof(f));
		assert_null(codebook_load(dir, &f));
		assert_int_equal(f.code, EX_CONFIG);
		assert_int_equal(f.line, cases[i].line);
		(void)snprintf(path, sizeof(path), "%s/codebooks/%s.tsv", dir, cases[i].file);
		assert_string_equal(f.file, path);
		assert_non_null(strstr(f.text, cases[i].says));
	}
	put_base();
	put("colours", NULL);
	assert_null(codebook_load(dir, &f));
	assert_int_equal(f.code, EX_NOINPUT);
	put_base();
}

static void
parents_in_a_circle_end(void **state)
{
	struct fault f = {0};
	struct codebook *round;
	char buf[64];

	(void)state;
	put_base();
	put("divisions", "code\tname\tlevel\tparent\tnote\n3301\tA\tcity\t3302\tplaceholder\n3302\tB\tcity\t3301\tplaceholder\n");
	round = codebook_load(dir, &f);
	assert_non_null(round);
	assert_string_equal(codebook_parent_station(round, "330100", buf, sizeof(buf)), "");
	codebook_free(round);
	put_base();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(events_are_found),
	    cmocka_unit_test(event_search),
	    cmocka_unit_test(divisions_are_found),
	    cmocka_unit_test(stations_and_their_superiors),
	    cmocka_unit_test(spellings),
	    cmocka_unit_test(local_rows_win),
	    cmocka_unit_test(search),
	    cmocka_unit_test(initials),
	    cmocka_unit_test(whole_country),
	    cmocka_unit_test(bad_rows_stop_the_start),
	    cmocka_unit_test(parents_in_a_circle_end),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
