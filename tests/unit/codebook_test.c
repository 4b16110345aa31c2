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
#include <sys/stat.h>
#include <unistd.h>
#include "../../formats/codebook.h"
#include "../../formats/conf.h"
#include "../../formats/field.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct codebook *cb;
static char dir[64];

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
	char path[256];
	FILE *fp;

	(void)snprintf(path, sizeof(path), "%s/codebooks/%s.tsv", dir, name);
	if (text == NULL) {
		(void)unlink(path);
		return;
	}
	fp = fopen(path, "w");
	assert_non_null(fp);
	assert_true(fputs(text, fp) >= 0);
	assert_int_equal(fclose(fp), 0);
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
	char conf[4096], sub[128];
	struct fault f = {0};

	(void)state;
	if (conf_dir(conf, sizeof(conf), &f) == NULL)
		return -1;
	cb = codebook_load(conf, &f);
	if (cb == NULL) {
		(void)fprintf(stderr, "%s:%zu: %s\n", f.file, f.line, f.text);
		return -1;
	}
	(void)snprintf(dir, sizeof(dir), "/tmp/codebook_test.XXXXXX");
	if (mkdtemp(dir) == NULL)
		return -1;
	(void)snprintf(sub, sizeof(sub), "%s/codebooks", dir);
	return mkdir(sub, 0700);
}

static int
teardown(void **state)
{
	char path[256];

	(void)state;
	put_base();
	for (size_t i = 0; i < COUNT(base); i++)
		put(base[i].name, NULL);
	(void)snprintf(path, sizeof(path), "%s/codebooks", dir);
	(void)rmdir(path);
	codebook_free(cb);
	return rmdir(dir);
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
	assert_string_equal(codebook_event(local, "own:A1")->initials, "");
	assert_string_equal(codebook_station(local, "x-gangqu", buf, sizeof(buf)), "港区");
	assert_string_equal(codebook_parent_station(local, "x-gangqu", buf, sizeof(buf)), "330200");
	assert_string_equal(codebook_station(local, "330225-gongan", buf, sizeof(buf)), "象山公安局");
	assert_int_equal(codebook_enum(local, "grade", "大"), GRADE_II);
	codebook_free(local);
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
	    cmocka_unit_test(bad_rows_stop_the_start),
	    cmocka_unit_test(parents_in_a_circle_end),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
