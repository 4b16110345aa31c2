/* Values as people type and read them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "../../formats/conf.h"
#include "../../formats/value.h"

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

/* Parses and formats; "!" and the reason when refused, and then the body must be as it was. */
static void
through(const char *field, const char *s, int64_t now, const struct codebook *book, bool zh, char *out, size_t size)
{
	const struct field *fd = field_by_name(field);
	struct body *b = body_new();
	struct fault f = {0};
	struct buf text = {0};

	assert_non_null(fd);
	if (value_parse(b, fd, s, book, now, &f) == -1) {
		assert_int_equal(b->n, 0);
		assert_int_equal(f.code, EX_DATAERR);
		assert_string_equal(f.field, field);
		(void)snprintf(out, size, "!%s", f.text);
	} else {
		assert_int_equal(b->n, 1);
		value_format(&text, &b->v[0], book, zh);
		(void)snprintf(out, size, "%s", buf_cstr(&text));
	}
	buf_free(&text);
	body_free(b);
}

struct round {
	const char *field, *typed, *shown; /* shown: "!reason" when refused, a part of it */
};

static void
check_rounds(const struct round *r, size_t n, bool zh)
{
	char out[1024];

	for (size_t i = 0; i < n; i++) {
		through(r[i].field, r[i].typed, NOW, cb, zh, out, sizeof(out));
		if (r[i].shown[0] == '!') {
			if (out[0] != '!' || strstr(out, r[i].shown + 1) == NULL)
				fail_msg("%s \"%s\": \"%s\", not \"%s\"", r[i].field, r[i].typed, out, r[i].shown);
		} else if (strcmp(out, r[i].shown) != 0)
			fail_msg("%s \"%s\": \"%s\", not \"%s\"", r[i].field, r[i].typed, out, r[i].shown);
	}
}

static void
figures(void **state)
{
	static const struct round zh[] = {
	    {"dead", "3", "3"}, {"dead", "0", "0"}, {"dead", "?", "?"}, {"dead", "？", "?"}, {"dead", "不明", "?"},
	    {"dead", "３", "3"}, {"dead", " 3 ", "3"}, {"dead", "　１２　", "12"}, {"dead", "3人", "3"}, {"dead", "约20人", "约20"},
	    {"dead", "~20", "约20"}, {"dead", "～20", "约20"}, {"dead", "约20", "约20"}, {"dead", "约 20", "约20"},
	    {"dead", ">=3", "至少3"}, {"dead", "＞＝３", "至少3"}, {"dead", "≥3", "至少3"}, {"dead", "至少3", "至少3"},
	    {"dead", "<=5", "至多5"}, {"dead", "≤5", "至多5"}, {"dead", "至多５", "至多5"},
	    {"dead", "3@119", "3(119)"}, {"dead", "~20@消防/19:26", "约20(消防 19:26)"}, {"dead", "3@119/19:26", "3(119 19:26)"},
	    {"dead", "３＠119／19：26", "3(119 19:26)"}, {"dead", "?@120", "?(120)"}, {"dead", "3@/19:26", "3(19:26)"},
	    {"dead", "3@a/b/19:26", "3(a/b 19:26)"}, {"dead", "007", "7"},
	    {"dead", "9223372036854775807", "9223372036854775807"},
	    {"loss", "200", "200万元"}, {"loss", "3.5", "3.5万元"}, {"loss", "3.0001万元", "3.0001万元"}, {"loss", "０．５", "0.5万元"},
	    {"loss", "922337203685477.5807", "922337203685477.5807万元"}, {"crops", "12.34", "12.34公顷"}, {"crops", "1.50", "1.5公顷"},
	    {"dead", "-3", "!negative"}, {"dead", "－3", "!negative"}, {"dead", "−3", "!negative"}, {"dead", "约-3", "!negative"},
	    {"dead", "负3", "!negative"}, {"loss", "-0.1", "!negative"},
	    {"dead", "3.5", "!whole"}, {"crops", "1.234", "!decimals"}, {"loss", "1.00001", "!decimals"},
	    {"dead", "9223372036854775808", "!large"}, {"dead", "99999999999999999999999", "!large"},
	    {"loss", "922337203685477.5808", "!large"}, {"loss", "922337203685478", "!large"},
	    {"dead", "3x", "!number"}, {"dead", "1,200", "!number"}, {"dead", "约", "!number"}, {"dead", "+3", "!number"},
	    {"dead", "0x10", "!number"}, {"dead", ">3", "!number"}, {"dead", "??", "!number"}, {"dead", "3.", "!number"},
	    {"loss", ".5", "!number"}, {"loss", "1.2.3", "!number"}, {"dead", "3间", "!number"}, {"dead", "人", "!number"},
	    {"dead", "3@", "!source"}, {"dead", "3@119/", "!time"}, {"dead", "3@119/25:00", "!time"}, {"dead", "@119", "!number"},
	    {"dead", "", "!empty"}, {"dead", "　", "!empty"}, {"dead", "3\n", "!control"}, {"dead", "3@\x1b[1m", "!control"},
	    {"dead", "3\xff", "!UTF-8"},
	    {"dead", "3@12345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890",
		"!source"},
	};
	static const struct round en[] = {{"dead", "~20", "about 20"}, {"dead", ">=3@119", "at least 3(119)"}, {"dead", "at most 5", "at most 5"},
	    {"dead", "?", "?"}};

	(void)state;
	check_rounds(zh, COUNT(zh), true);
	check_rounds(en, COUNT(en), false);
}

static void
figures_are_kept_apart(void **state)
{
	const struct field *fd = field_by_name("dead");
	struct body *b = body_new();
	struct fault f = {0};
	const struct value *v;

	(void)state;
	assert_int_equal(value_parse(b, fd, "3@119/13:00", cb, NOW, &f), 0);
	assert_int_equal(value_parse(b, fd, "?", cb, NOW, &f), 0);
	assert_int_equal(value_parse(b, fd, "0@120", cb, NOW, &f), 0);
	assert_int_equal(body_count(b, F_DEAD), 3);
	v = body_first(b, F_DEAD);
	assert_int_equal(v->u.fig.q, FIG_EXACT);
	assert_int_equal(v->u.fig.n, 3);
	assert_string_equal(v->u.fig.source, "119");
	assert_true(v->u.fig.asof == NOW - 70 * 60000);
	v = body_next(b, v);
	assert_int_equal(v->u.fig.q, FIG_UNKNOWN); /* unknown is neither zero nor absent */
	assert_null(v->u.fig.source);
	v = body_next(b, v);
	assert_int_equal(v->u.fig.q, FIG_EXACT);
	assert_int_equal(v->u.fig.n, 0);
	for (size_t i = 3; i < FIELD_REPEAT_MAX; i++)
		assert_int_equal(value_parse(b, fd, "1", cb, NOW, &f), 0);
	assert_int_equal(value_parse(b, fd, "1", cb, NOW, &f), -1);
	assert_int_equal(body_count(b, F_DEAD), FIELD_REPEAT_MAX);
	/* a field that does not repeat is replaced */
	assert_int_equal(value_parse(b, field_by_name("title"), "a", cb, NOW, &f), 0);
	assert_int_equal(value_parse(b, field_by_name("title"), "b", cb, NOW, &f), 0);
	assert_int_equal(body_count(b, F_TITLE), 1);
	assert_string_equal(body_text(b, F_TITLE), "b");
	body_free(b);
}

static void
times(void **state)
{
	static const struct {
		const char *field, *typed;
		int64_t now;
		const char *shown; /* RFC 3339 in the offset kept, NULL: refused */
	} cases[] = {
	    {"learned", "2026-11-22T14:10", NOW, "2026-11-22T14:10:00.000+08:00 480"},
	    {"learned", "2026-11-22 14:10:05", NOW, "2026-11-22T14:10:05.000+08:00 480"},
	    {"learned", "2026-11-22T06:10:00Z", NOW, "2026-11-22T14:10:00.000+08:00 0"},
	    {"learned", "2026-11-22T06:10:00.25Z", NOW, "2026-11-22T14:10:00.250+08:00 0"},
	    {"learned", "2026-11-22T00:40:00-05:30", NOW, "2026-11-22T14:10:00.000+08:00 -330"},
	    {"learned", "２０２６－１１－２２　１４：１０", NOW, "2026-11-22T14:10:00.000+08:00 480"},
	    {"learned", "2026-1-2 3:04", NOW, "2026-01-02T03:04:00.000+08:00 480"},
	    {"learned", "14:10", NOW, "2026-11-22T14:10:00.000+08:00 480"},
	    {"learned", "0:05", NOW, "2026-11-22T00:05:00.000+08:00 480"},
	    {"learned", "14:10:59", NOW, "2026-11-22T14:10:59.000+08:00 480"},
	    {"learned", "23:50", NOW, "2026-11-22T23:50:00.000+08:00 480"},		/* 9 h 40 ahead: asked about, not moved */
	    {"learned", "23:50", NOW - 14 * 3600000, "2026-11-21T23:50:00.000+08:00 480"}, /* at 00:10 */
	    {"learned", "12:11", NOW - 14 * 3600000, "2026-11-21T12:11:00.000+08:00 480"},
	    {"learned", "12:10", NOW - 14 * 3600000, "2026-11-22T12:10:00.000+08:00 480"},
	    {"learned", "11-22 14:10", NOW, "2026-11-22T14:10:00.000+08:00 480"},
	    {"learned", "1-3 08:00", NOW, "2027-01-03T08:00:00.000+08:00 480"},
	    {"learned", "12-31 23:50", INT64_C(1798733400000), "2026-12-31T23:50:00.000+08:00 480"}, /* on 1 January */
	    {"learned", "2-29 10:00", NOW, "2028-02-29T10:00:00.000+08:00 480"},
	    {"learned", "2024-02-29T10:00", NOW, "2024-02-29T10:00:00.000+08:00 480"},
	    {"learned", "2016-12-31T23:59:60Z", NOW, "2017-01-01T08:00:00.000+08:00 0"}, /* a leap second that was */
	    {"learned", "1969-12-31T23:59:59Z", NOW, "1970-01-01T07:59:59.000+08:00 0"},
	    {"learned", "0001-01-01T00:00:00+08:00", NOW, "0001-01-01T00:00:00.000+08:00 480"},
	    /* limits lie ahead */
	    {"due", "08:00", NOW, "2026-11-23T08:00:00.000+08:00 480"},
	    {"due", "14:05", NOW, "2026-11-22T14:05:00.000+08:00 480"},
	    {"due", "18:00", NOW, "2026-11-22T18:00:00.000+08:00 480"},
	    {"learned", "2026-02-29T10:00", NOW, NULL},
	    {"learned", "2026-13-01T10:00", NOW, NULL},
	    {"learned", "2026-00-01T10:00", NOW, NULL},
	    {"learned", "2026-04-31T10:00", NOW, NULL},
	    {"learned", "1900-02-29T10:00", NOW, NULL},
	    {"learned", "2026-11-22T24:00", NOW, NULL},
	    {"learned", "2026-11-22T14:60", NOW, NULL},
	    {"learned", "2026-11-22T14:10:60", NOW, NULL},
	    {"learned", "2026-11-22T14:10:00+24:00", NOW, NULL},
	    {"learned", "2026-11-22T14:10:00+0800", NOW, NULL},
	    {"learned", "2026-11-22T14:10:00.Z", NOW, NULL},
	    {"learned", "2026-11-22T14:10x", NOW, NULL},
	    {"learned", "2026-11-22", NOW, NULL},
	    {"learned", "11-31 10:00", NOW, NULL},
	    {"learned", "14:1", NOW, NULL},
	    {"learned", "14", NOW, NULL},
	    {"learned", "1410", NOW, NULL},
	    {"learned", "-1:10", NOW, NULL},
	    {"learned", "26:00", NOW, NULL},
	    {"learned", "99999-01-01T00:00", NOW, NULL},
	    {"learned", "14:10", INT64_MAX, NULL},
	    {"learned", "14:10", INT64_MIN, NULL},
	    {"learned", "11-22 14:10", INT64_MAX, NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct body *b = body_new();
		struct fault f = {0};
		char text[64], got[96];
		int rc = value_parse(b, field_by_name(cases[i].field), cases[i].typed, cb, cases[i].now, &f);

		if (cases[i].shown == NULL) {
			if (rc != -1)
				fail_msg("\"%s\" was taken", cases[i].typed);
			assert_string_equal(f.field, cases[i].field);
		} else {
			if (rc != 0)
				fail_msg("\"%s\": %s", cases[i].typed, f.text);
			(void)snprintf(got, sizeof(got), "%s %d", time_format(b->v[0].u.when.ms, TIME_RFC3339, text, sizeof(text)),
			    b->v[0].u.when.offset);
			assert_string_equal(got, cases[i].shown);
			assert_null(b->v[0].u.when.text);
		}
		body_free(b);
	}
}

static void
time_shapes(void **state)
{
	static const struct {
		const char *s;
		bool ok;
	} rfc[] = {{"2026-11-22T14:10:00+08:00", true}, {"2026-11-22t14:10:00z", true}, {"2026-11-22T14:10Z", true},
	    {"2026-11-22T14:10:00-00:00", true}, {"2026-11-22T14:10:00.123456789012345Z", true}, {"2026-11-22T14:10:00", false},
	    {"26-11-22T14:10:00Z", false}, {"2026-1-22T14:10:00Z", false}, {"", false}, {"2026-11-22T14:10:00Zx", false},
	    {"2026-11-22", false}, {"2026", false}, {"2026-11-22T14:10:00+08", false}};
	char buf[64];
	struct when w;

	(void)state;
	for (size_t i = 0; i < COUNT(rfc); i++)
		assert_int_equal(time_parse_rfc3339(rfc[i].s, &w), rfc[i].ok);
	assert_string_equal(time_format(NOW, TIME_FULL, buf, sizeof(buf)), "2026-11-22 14:10");
	assert_string_equal(time_format(NOW, TIME_DAY, buf, sizeof(buf)), "11-22 14:10");
	assert_string_equal(time_format(NOW, TIME_CLOCK, buf, sizeof(buf)), "14:10");
	assert_string_equal(time_format(-1, TIME_RFC3339, buf, sizeof(buf)), "1970-01-01T07:59:59.999+08:00");
	/* what no calendar holds does no harm */
	assert_non_null(time_format(INT64_MIN, TIME_FULL, buf, sizeof(buf)));
	assert_non_null(time_format(INT64_MAX, TIME_FULL, buf, sizeof(buf)));
	/* every day of eight centuries there and back */
	for (int64_t ms = INT64_C(-11676096000000); ms < INT64_C(13569465600000); ms += 86400000) {
		(void)time_format(ms, TIME_RFC3339, buf, sizeof(buf));
		assert_true(time_parse_rfc3339(buf, &w));
		assert_true(w.ms == ms && w.offset == 480);
	}
}

static void
codes(void **state)
{
	static const struct round cases[] = {
	    {"type", "12G00", "火灾事故(12G00)"}, {"type", "yjpt:12G00", "火灾事故(12G00)"}, {"type", "１２ｇ００", "火灾事故(12G00)"},
	    {"type", "YJPT:12g00", "火灾事故(12G00)"}, {"type", "火灾", "火灾事故(12G00)"}, {"type", "火灾事故", "火灾事故(12G00)"},
	    {"type", "滑坡", "滑坡事件(11D01)"}, {"type", "台风", "台风事件(11B01)"}, {"type", "12379:11B19", "霾(11B19)"},
	    {"type", "霾", "霾(11B19)"}, {"type", "hpsj", "滑坡事件(11D01)"},
	    {"type", "gb35561:1234", "gb35561:1234"}, /* a scheme nobody here has */
	    {"type", "列车", "!may mean: 12K01"}, {"type", "12G", "!may mean"}, {"type", "12G98", "!no event type"},
	    {"type", "yjpt:12G98", "!unknown code"}, {"type", "yjpt:", "!form"}, {"type", ":12G00", "!form"}, {"type", "火星人", "!no event type"},
	    {"type", "div:330225", "!no event type"}, {"type", "x:123456789012345678901234567890123", "!form"}, {"type", "x:a b", "!form"},
	    {"type", "没有:1", "!form"},
	    {"division", "330225102", "西周镇(330225102)"}, {"division", "div:330225102", "西周镇(330225102)"}, {"division", "西周镇", "西周镇(330225102)"},
	    {"division", "３３０２", "宁波市(330200)"}, {"division", "330225999", "!unknown"}, {"division", "yjpt:12G00", "!no division"},
	    {"division", "某某镇", "!unknown"},
	};
	static const struct round bare[] = {{"type", "yjpt:12G98", "yjpt:12G98"}, {"type", "12G00", "!form"}, {"division", "330225102", "div:330225102"}};
	char out[1024];

	(void)state;
	check_rounds(cases, COUNT(cases), true);
	for (size_t i = 0; i < COUNT(bare); i++) { /* without a codebook the form alone counts */
		through(bare[i].field, bare[i].typed, NOW, NULL, true, out, sizeof(out));
		if (bare[i].shown[0] == '!')
			assert_non_null(strstr(out, bare[i].shown + 1));
		else
			assert_string_equal(out, bare[i].shown);
	}
}

static void
other_types(void **state)
{
	static const struct round zh[] = {
	    {"grade", "II", "重大"}, {"grade", "2", "重大"}, {"grade", "Ⅱ级", "重大"}, {"grade", "重大", "重大"}, {"grade", "V", "!none of"},
	    {"grade", "5", "!none of"}, {"grade", "-2", "!none of"},
	    {"precedence", "特提", "特提"}, {"precedence", "FLASH", "特提"}, {"precedence", "0", "!none of"},
	    {"stage", "first", "首报"}, {"stage", "续报", "续报"}, {"stage", "3", "终报"}, {"stage", "9", "!none of"}, {"stage", "99999999999", "!none of"},
	    {"channel", "电话", "电话"}, {"act", "signed", "签收"}, {"act", "签", "!none of"},
	    {"refs", "330225102.1763787393.17", "330225102.1763787393.17"}, {"refs", "X.330225102.1763787393.17", "X.330225102.1763787393.17"},
	    {"refs", "330225102.1763787393.0", "!message id"}, {"refs", "17", "!message id"},
	    {"to", "330225", "象山县(330225)"}, {"to", "330225-gongan", "象山县公安(330225-gongan)"}, {"to", "999999", "999999"},
	    {"to", "33022", "!station"}, {"to", "330225_x", "!station"}, {"to", "象山县", "!station"},
	    {"position", "29.4,121.8", "29.4,121.8"}, {"position", "-29.4， 121.8", "-29.4,121.8"}, {"position", "29.12345678,121.0000005", "29.123457,121.000001"},
	    {"position", "90,180", "90,180"}, {"position", "90.000001,0", "!position"}, {"position", "0,-180.1", "!position"}, {"position", "29.4", "!position"},
	    {"position", "89.9999999,0", "90,0"}, {"position", "-0.5,0", "-0.5,0"}, {"position", "1,2,3", "!position"}, {"position", ",", "!position"},
	    {"position", "9999999999999999999999,0", "!position"}, {"position", "nan,0", "!position"},
	    {"version", "3", "3"}, {"version", "-1", "!negative"}, {"version", "9223372036854775808", "!large"}, {"version", "1.5", "!whole"},
	    {"history", "是", "是"}, {"history", "NO", "否"}, {"history", "maybe", "!yes or no"},
	    {"title", "石浦镇\t火灾", "!control"}, {"title", "a\nb", "!control"}, {"title", "a\x1b[31m", "!control"}, {"title", "a\xff", "!UTF-8"},
	    {"title", "a\xe2\x80\xae", "!control"}, {"brief", "一\n二", "一 二"}, {"title", "  留空  ", "  留空  "}, {"title", "", "!empty"},
	    {"original", "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff", "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"},
	    {"original", "00112233", "!digest"},
	};
	static const struct round en[] = {{"grade", "重大", "II (serious)"}, {"stage", "首报", "first report"}, {"history", "是", "yes"}, {"to", "330225", "象山县(330225)"}};
	const struct field *fd = field_by_name("brief");
	struct body *b = body_new();
	struct fault f = {0};
	struct buf out = {0};
	char *big = malloc(2000001);

	(void)state;
	check_rounds(zh, COUNT(zh), true);
	check_rounds(en, COUNT(en), false);
	/* 2 MB */
	assert_non_null(big);
	memset(big, 'a', 2000000);
	big[2000000] = '\0';
	assert_int_equal(value_parse(b, fd, big, cb, NOW, &f), -1);
	assert_string_equal(f.field, "brief");
	assert_non_null(strstr(f.text, "2000000"));
	assert_int_equal(value_parse(b, field_by_name("dead"), big, cb, NOW, &f), -1);
	assert_int_equal(value_parse(b, field_by_name("type"), big, cb, NOW, &f), -1);
	big[fd->max] = '\0';
	assert_int_equal(value_parse(b, fd, big, cb, NOW, &f), 0);
	value_format(&out, body_first(b, F_BRIEF), cb, true);
	assert_int_equal(out.n, fd->max);
	free(big);
	/* from a wire: control characters and unknown things are shown harmlessly */
	buf_clear(&out);
	body_unset(b, F_BRIEF);
	body_set_text(b, F_TITLE, "a\x1b[2J\xe2\x80\xae\r");
	value_format(&out, body_first(b, F_TITLE), cb, true);
	assert_string_equal(buf_cstr(&out), "a\xef\xbf\xbd[2J\xef\xbf\xbd\xef\xbf\xbd");
	buf_clear(&out);
	body_add_raw(b, 4000, (const uint8_t *)"\x01", 1);
	value_format(&out, body_first(b, 4000), cb, false);
	assert_string_equal(buf_cstr(&out), "1 bytes, not understood");
	buf_clear(&out);
	body_set_num(b, F_GRADE, 4711);
	value_format(&out, body_first(b, F_GRADE), cb, true);
	assert_string_equal(buf_cstr(&out), "4711");
	buf_free(&out);
	body_free(b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(figures),
	    cmocka_unit_test(figures_are_kept_apart),
	    cmocka_unit_test(times),
	    cmocka_unit_test(time_shapes),
	    cmocka_unit_test(codes),
	    cmocka_unit_test(other_types),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
