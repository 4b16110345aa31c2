/*
 * The 12379 warning XML: documents of ours for each case, rule by rule, into the body and out again.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include "warn12379_make.h"

static const char *const trips[] = {
    DOC(AREA(GEO)),
    DOC(AREA("<polygon>29.4,121.8 29.5,121.8 29.5,121.9 29.4,121.8</polygon>" GEO)),
    DOC(AREA("<circle>29.4,121.8 5000</circle>" GEO)),
    DOC(AREA("<geocode>330225102000,330225103000,330225000000</geocode>") AREA(GEO)),
    "<alert>" ID_AND_SENDER TIME "<status>Actual</status><msgType>Update</msgType><scope>Public</scope>"
    "<references>33022541600000_20261122100000</references>" INFO(AREA(GEO)) "</alert>",
    "<alert>" ID_AND_SENDER TIME "<status>Actual</status><msgType>Cancel</msgType>"
    "<note>险情解除</note><references>33022541600000_20261122100000</references></alert>",
    "<alert>" ID_AND_SENDER TIME "<status>Test</status><msgType>Alert</msgType>" INFO(AREA(GEO)) "</alert>",
    "<alert>" ID_AND_SENDER TIME "<status>Exercise</status><msgType>Alert</msgType>" INFO("") "</alert>",
    /* optional elements missing, empty ones, other sequence, unknown and nested ones, doubles */
    "<alert><identifier>x-1</identifier>" TIME LIVE "<info><headline>停水</headline></info></alert>",
    "<alert><info><headline></headline><onset/><area/></info>" LIVE TIME ID_AND_SENDER "</alert>",
    "<alert>" HEAD "<code><method><methodName>SMS</methodName><message/><audienceGrp>a\\b</audienceGrp></method></code>"
    "<code>2</code><secClassification>None</secClassification><新元素>值</新元素>" INFO(
	"<web>http://example.cn/?a=1&amp;b=2</web><contact>0574-1</contact><resource><resourceDesc>图</resourceDesc>"
	"<size>12</size><digest>ab</digest></resource><resource/>") "</alert>",
    "<alert>" HEAD INFO("") "<info><language>en</language><headline>Rain</headline>" AREA(GEO) "</info></alert>",
    /* texts no field holds as they are */
    "<alert>" HEAD "<info><headline> two\n  lines </headline><description>a\xe2\x80\xae"
    "b &#13; c\\u{D} "
    "&lt;x&gt; &amp; @title=!</description><instruction>=\\</instruction></info></alert>",
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- c --><alert>\n\t" HEAD "\n" INFO(AREA(GEO)) "\n</alert>\n",
};

static void
round_trips(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(trips) / sizeof(trips[0]); i++)
		there_and_back(trips[i], strlen(trips[i]));
}

static void
charsets(void **state)
{
	static const char *const sets[] = {"GBK", "GB18030", "GB2312", "UTF-16LE"};
	const char *xml = DOC(AREA(GEO));
	char head[128];

	(void)state;
	for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
		struct buf in = {0};
		char out[8192], *from, *to = out;
		size_t left, room = sizeof(out);
		struct warn12379 w;
		iconv_t cd = iconv_open(sets[i], "UTF-8");

		assert_true(cd != (iconv_t)-1);
		(void)snprintf(head, sizeof(head), "%s<?xml version=\"1.0\" encoding=\"%s\"?>",
		    i == 3 ? "\xef\xbb\xbf" : "", i == 3 ? "UTF-16" : sets[i]);
		buf_puts(&in, head);
		buf_puts(&in, xml);
		from = (char *)in.p;
		left = in.n;
		assert_int_equal(iconv(cd, &from, &left, &to, &room), 0);
		(void)iconv_close(cd);
		there_and_back(out, sizeof(out) - room);
		assert_true(warn12379_looks(out, sizeof(out) - room));
		read_len(out, sizeof(out) - room, &w);
		assert_string_equal(body_text(w.body, F_ISSUER), "象山县气象台");
		warn12379_free(&w);
		buf_free(&in);
	}
	there_and_back("\xef\xbb\xbf" DOC(AREA(GEO)), strlen("\xef\xbb\xbf" DOC(AREA(GEO))));
}

static void
fields(void **state)
{
	const char *xml = DOC(AREA("<geocode>330225102000,330225000000</geocode>"));
	struct warn12379 w;
	const struct value *v;
	int64_t ms;

	(void)state;
	read_ok(xml, &w);
	assert_int_equal(w.fate, WARN12379_LIVE);
	assert_false(w.expired);
	assert_string_equal(body_text(w.body, F_SOURCE_FORMAT), "12379");
	assert_string_equal(body_text(w.body, F_FOREIGN_ID), ID);
	assert_string_equal(body_text(w.body, F_ISSUER), "象山县气象台");
	assert_string_equal(body_text(w.body, F_TYPE), "yjpt:11B03");
	assert_string_equal(body_text(w.body, F_EVENT_NAME), codebook_event(cb, "yjpt:11B03")->name);
	assert_int_equal(body_enum(w.body, F_COLOUR), COLOUR_ORANGE);
	assert_string_equal(body_text(w.body, F_SEVERITY), "Orange");
	assert_string_equal(body_text(w.body, F_URGENCY), "Expected");
	assert_string_equal(body_text(w.body, F_CERTAINTY), "Likely");
	assert_string_equal(body_text(w.body, F_TITLE), "象山县气象台发布暴雨橙色预警");
	assert_string_equal(body_text(w.body, F_TEXT), "过去3小时雨量已达50毫米。");
	assert_string_equal(body_text(w.body, F_MEASURES), "停止户外作业。");
	assert_string_equal(body_text(w.body, F_AREA), "象山县西周镇");
	assert_string_equal(body_text(w.body, F_DIVISION), "div:330225102");
	assert_string_equal(body_text(w.body, F_CAP_STATUS), "Actual");
	assert_string_equal(body_text(w.body, F_CAP_MSGTYPE), "Alert");
	v = body_first(w.body, F_SENT);
	assert_non_null(v);
	assert_int_equal(v->u.when.ms, NOW - 10 * 60000);
	assert_int_equal(v->u.when.offset, 480);
	assert_string_equal(v->u.when.text, "2026-11-22 14:00:00+08:00");
	assert_true(body_time(w.body, F_EXPIRES, &ms));
	assert_int_equal(ms, NOW + 24 * 3600000 - 10 * 60000);
	assert_true(has_kept(w.body, "12379:info/area/geocode=330225102000,330225000000"));
	assert_true(has_kept(w.body, "12379:info/headline@title="));
	assert_true(has_kept(w.body, "12379:senderCode=33022541600000"));
	assert_true(has_kept(w.body, "12379:info/area/="));
	assert_int_equal(body_count(w.body, F_REMARKS), 1);
	assert_true(has_remark(w.body, "several divisions"));
	warn12379_free(&w);

	/* no language: the system is a Chinese one, so that the warning is not taken for a foreign one and rings */
	read_ok("<alert>" HEAD "<info><headline>H</headline><expires>2026-11-22 14:10:00</expires></info></alert>", &w);
	assert_string_equal(body_text(w.body, F_LANGUAGE), "zh-CN");
	assert_true(w.expired);
	warn12379_free(&w);
	read_ok("<alert>" ID_AND_SENDER TIME "<status>Draft</status><msgType>Alert</msgType>" INFO("") "</alert>", &w);
	assert_int_equal(w.fate, WARN12379_LOG);
	assert_null(body_text(w.body, F_TITLE));
	assert_non_null(strstr(body_text(w.body, F_TEXT), ID));
	warn12379_free(&w);
	read_ok(
	    "<alert>" ID_AND_SENDER TIME "<status>Exercise</status><msgType>Alert</msgType>" INFO("") "</alert>", &w);
	assert_int_equal(w.fate, WARN12379_EXERCISE);
	warn12379_free(&w);
}

#define INFO_WITH(x) "<alert>" HEAD "<info><headline>H</headline>" x "</info></alert>"
#define AREA_WITH(x) INFO_WITH("<area>" x "</area>")

/* NULL: taken without a remark. */
static void
remarks(void **state)
{
	static const struct {
		const char *xml, *remark;
	} rows[] = {
	    {INFO_WITH(""), NULL},
	    {INFO_WITH("<severity>Unknown</severity>"), NULL},
	    {INFO_WITH("<severity>Severe</severity>"), "severity"},
	    {INFO_WITH("<severity>2</severity>"), "severity"},
	    {INFO_WITH("<severity>red</severity>"), NULL},
	    {INFO_WITH("<severity>红色</severity>"), NULL},
	    {INFO_WITH("<eventType>11Z99</eventType>"), "in no codebook"},
	    {INFO_WITH("<eventType>暴雨</eventType>"), "is no code"},
	    {INFO_WITH("<eventType>11B20</eventType>"), NULL},
	    {INFO_WITH("<colour>x</colour>"), "not known here"},
	    {INFO_WITH("<web a='1'>x</web>"), "attributes"},
	    {"<alert>" HEAD "<info></info></alert>", "no headline"},
	    {"<alert>" HEAD INFO("") INFO("") "</alert>", "further parts"},
	    {AREA_WITH("<circle>29.4,121.8 5000</circle><circle></circle>"), NULL},
	    {AREA_WITH("<circle>121.8,29.4 5000</circle>"), NULL},
	    {AREA_WITH("<circle>29.4,121.8</circle>"), "circle"},
	    {AREA_WITH("<circle>29.4,121.8 -1</circle>"), "circle"},
	    {AREA_WITH("<circle>29.4,121.8 nan</circle>"), "circle"},
	    {AREA_WITH("<circle>NaN,121.8 5</circle>"), "circle"},
	    {AREA_WITH("<circle>29.4,121.8 99999999999</circle>"), "circle"},
	    {AREA_WITH("<circle>99.4,121.8 5</circle>"), "degrees"},
	    {AREA_WITH("<polygon>NaN,NaN 1,1 2,2 NaN,NaN</polygon>"), "no position"},
	    {AREA_WITH("<polygon>29,121 30,121 29,121</polygon>"), "fewer than four"},
	    {AREA_WITH("<polygon>29,121 30,121 30,122 29,122</polygon>"), "not closed"},
	    {AREA_WITH("<polygon>29,121 30,121 300,122 29,121</polygon>"), "degrees"},
	    {AREA_WITH("<geocode>330225</geocode>"), "12 digits"},
	    {AREA_WITH("<geocode>999999000000</geocode>"), "in no codebook"},
	    {"<alert><identifier>I-1</identifier><senderCode>33022541600000</senderCode>" TIME LIVE INFO("") "</alert>",
		"identifier is none of the form"},
	    {"<alert><identifier>33022541600000_20260230140000</identifier><senderCode>33022541600000</senderCode>" TIME
		    LIVE INFO("") "</alert>",
		"identifier is none of the form"},
	    {"<alert><identifier>" ID
	     "_3</identifier><senderCode>33022541600000</senderCode>" TIME LIVE INFO("") "</alert>",
		NULL},
	    {"<alert><identifier>" ID
	     "</identifier><senderCode>33022541600001</senderCode>" TIME LIVE INFO("") "</alert>",
		"another unit"},
	    {"<alert><identifier>" ID "</identifier><senderCode>3302</senderCode>" TIME LIVE INFO("") "</alert>",
		"14 digits"},
	    {"<alert><identifier>" ID "</identifier>" TIME LIVE INFO("") "</alert>", "code is missing"},
	    {"<alert>" HEAD "<references>" ID "</references>" INFO("") "</alert>", "refers to itself"},
	    {"<alert>" HEAD "<references>a,b,c</references>" INFO("") "</alert>", "no identifier alone"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct warn12379 w;

		read_ok(rows[i].xml, &w);
		if (rows[i].remark == NULL && body_count(w.body, F_REMARKS) > 0)
			fail_msg("row %zu: remark %s", i, body_text(w.body, F_REMARKS));
		if (rows[i].remark != NULL && !has_remark(w.body, rows[i].remark))
			fail_msg("row %zu: no remark %s", i, rows[i].remark);
		warn12379_free(&w);
		if (strstr(rows[i].xml, " a='1'") == NULL)
			there_and_back(rows[i].xml, strlen(rows[i].xml));
	}
}

static void
colours_and_codes(void **state)
{
	static const struct {
		const char *xml;
		int colour;
		const char *type;
	} rows[] = {
	    {INFO_WITH("<severity>Red</severity>"), COLOUR_RED, NULL},
	    {INFO_WITH("<severity>blue</severity><eventType>11B20</eventType>"), COLOUR_BLUE, "12379:11B20"},
	    {INFO_WITH("<severity>黄色</severity><eventType>11Z99</eventType>"), COLOUR_YELLOW, "warn12379:11Z99"},
	    {INFO_WITH("<severity>Extreme</severity><eventType>a b</eventType>"), COLOUR_UNKNOWN, NULL},
	    {INFO_WITH("<severity>1</severity>"), COLOUR_UNKNOWN, NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct warn12379 w;
		const char *type;

		read_ok(rows[i].xml, &w);
		type = body_text(w.body, F_TYPE);
		assert_int_equal(body_enum(w.body, F_COLOUR), rows[i].colour);
		if (rows[i].type == NULL)
			assert_null(type);
		else
			assert_string_equal(type, rows[i].type);
		warn12379_free(&w);
	}
}

#define TIMED(t) "<alert>" ID_AND_SENDER "<sendTime>" t "</sendTime>" LIVE INFO("") "</alert>"

static void
times(void **state)
{
	static const struct {
		const char *xml;
		int64_t ms;
	} good[] = {
	    {TIMED("2026-11-22 14:10:00+08:00"), NOW},
	    {TIMED(" 2026-11-22T14:10:00+08:00 "), NOW},
	    {TIMED("2026-11-22 14:10:00"), NOW},
	    {TIMED("2026-11-22 06:10:00Z"), NOW},
	    {TIMED("2026-11-22 14:10:00.500"), NOW + 500},
	    {TIMED("2024-02-29 00:00:00"), INT64_C(1709136000000)},
	};
	static const char *const bad[] = {TIMED("2026-02-30 14:10:00"), TIMED("2026-11-22 24:00:00"),
	    TIMED("2026-11-22 14:60:00"), TIMED("2026-11-22 14:10"), TIMED("2026-11-22"), TIMED(""),
	    TIMED("20261122141000"), TIMED("2026-11-22 14:10:00+0800"), TIMED("2026-11-22 14:10:00 x"),
	    TIMED("2025-02-29 00:00:00"), TIMED("2026-11-22 14:10:00+08:00+08:00"), TIMED("99999-11-22 14:10:00"),
	    TIMED("2026-11-22 14:10:00.00000000000000000000000000000000000000000000000")};
	struct fault f;
	struct warn12379 w;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		int64_t ms = 0;

		read_ok(good[i].xml, &w);
		assert_true(body_time(w.body, F_SENT, &ms));
		if (ms != good[i].ms)
			fail_msg("row %zu: %lld", i, (long long)ms);
		warn12379_free(&w);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		memset(&f, 0, sizeof(f));
		if (warn12379_read(bad[i], strlen(bad[i]), cb, NOW, &w, &f) != -1)
			fail_msg("row %zu was taken", i);
		assert_string_equal(f.field, "sendTime");
		assert_int_equal(f.line, 1);
		assert_int_equal(f.code, EX_DATAERR);
		assert_null(w.body);
	}
}

static void
refusals(void **state)
{
	static const struct {
		const char *xml, *field;
		size_t line;
		const char *part;
	} rows[] = {
	    {"", "", 0, "empty"},
	    {"x", "", 1, "not well-formed"},
	    {"<!DOCTYPE alert><alert/>", "", 1, "document type"},
	    {"<!DOCTYPE a [<!ENTITY b \"c\">]><alert>&b;</alert>", "", 1, "document type"},
	    {"<alert>\n&b;</alert>", NULL, 2, NULL},
	    {"<alarm/>", "alarm", 1, "root"},
	    {"<alert xmlns=\"urn:oasis:names:tc:emergency:cap:1.2\"/>", "alert", 1, "CAP"},
	    {"<alert xmlns=\"http://x\"/>", "alert", 1, "foreign"},
	    {"<alert>\n<a:b xmlns:a='u'/></alert>", "b", 2, "foreign"},
	    {"<alert>" HEAD INFO("") "</alert><alert/>", NULL, 1, "not well-formed"},
	    {"<alert>" HEAD "\n<info>text</info></alert>", "info", 2, "only elements"},
	    {"<alert>" HEAD "\n<status>Actual</status>" INFO("") "</alert>", "status", 2, "twice"},
	    {"<alert>" HEAD "\n<note><b/></note></alert>", "b", 2, "text only"},
	    {"<alert>" HEAD "\n<code>x<b/></code></alert>", "code", 2, "only elements"},
	    {"<alert>" HEAD "\n<code><b/>x</code></alert>", "code", 2, "only elements"},
	    {"<alert>" HEAD "</alert>", "info", 1, "missing"},
	    {"<alert>" TIME LIVE INFO("") "</alert>", "identifier", 1, "missing"},
	    {"<alert><identifier> </identifier>" TIME LIVE INFO("") "</alert>", "identifier", 1, "empty"},
	    {"<alert><identifier>a b</identifier>" TIME LIVE INFO("") "</alert>", "identifier", 1, "blank"},
	    {"<alert><identifier>a\xe3\x80\x80"
	     "b</identifier>" TIME LIVE INFO("") "</alert>",
		"identifier", 1, "blank"},
	    {"<alert><identifier>a\xe2\x80\xae</identifier>" TIME LIVE INFO("") "</alert>", "identifier", 1, "control"},
	    {"<alert>" ID_AND_SENDER TIME "<status>actual</status><msgType>Alert</msgType>" INFO("") "</alert>",
		"status", 1, "no word"},
	    {"<alert>" ID_AND_SENDER TIME "<status>Actual</status><msgType>New</msgType>" INFO("") "</alert>",
		"msgType", 1, "no word"},
	    {"<alert>" ID_AND_SENDER TIME "<status>Actual</status><msgType>Update</msgType>" INFO("") "</alert>",
		"references", 1, "missing"},
	    {"<alert>" ID_AND_SENDER TIME "<status>Actual</status><msgType>Cancel</msgType><references/></alert>",
		"references", 1, "missing"},
	    {INFO_WITH("\n<expires>2026-02-30 10:00:00</expires>"), "expires", 2, "no time"},
	    {INFO_WITH("\n<onset>24:00</onset>"), "onset", 2, "no time"},
	    {"<?xml version=\"1.0\" encoding=\"EBCDIC-CP-US\"?><alert/>", "", 1, "encoding"},
	    {"<?xml version=\"1.0\" encoding=\"GBK\"?><alert><sender>\xb0", "", 0, "GB18030"},
	    {"<alert><sender>\xc3\x28</sender></alert>", "", 1, "UTF-8"},
	    {"<alert><sender>\xed\xa0\x80</sender></alert>", "", 1, "UTF-8"},
	    {"<alert><sender>\xc0\xaf</sender></alert>", "", 1, "UTF-8"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct warn12379 w;
		struct fault f = {0};
		char why[1024];

		if (warn12379_read(rows[i].xml, strlen(rows[i].xml), cb, NOW, &w, &f) != -1)
			fail_msg("row %zu was taken", i);
		(void)fault_format(&f, why, sizeof(why));
		if ((rows[i].field != NULL && strcmp(f.field, rows[i].field) != 0) || f.line != rows[i].line ||
		    (rows[i].part != NULL && strstr(f.text, rows[i].part) == NULL) || f.text[0] == '\0')
			fail_msg("row %zu: %s", i, why);
		assert_null(w.body);
	}
}

static void
attacks(void **state)
{
	const size_t max = limits_get()->cap_bytes;
	struct buf xml = {0};
	struct warn12379 w;
	struct fault f = {0};

	(void)state;
	for (int i = 0; i < 10000; i++)
		buf_puts(&xml, i == 0 ? "<alert>" : "<a>");
	assert_int_equal(warn12379_read(xml.p, xml.n, cb, NOW, &w, &f), -1);
	assert_non_null(strstr(f.text, "nested"));
	buf_clear(&xml);
	while (xml.n <= max)
		buf_puts(&xml, "                                                                ");
	assert_int_equal(warn12379_read(xml.p, xml.n, cb, NOW, &w, &f), -1);
	assert_non_null(strstr(f.text, "bytes"));
	buf_free(&xml);
}

/* More than a message carries: taken, told, and not written from the body. */
static void
large(void **state)
{
	static const struct {
		size_t points, areas;
		bool whole;
	} rows[] = {
	    {1000, 1, true}, {9000, 1, true}, {41000, 1, false}, {4, 80, true}, {4, 300, false}, {4, 3000, false}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf xml = {0}, out = {0};
		struct warn12379 w;
		struct fault f = {0};

		buf_puts(&xml, "<alert>" HEAD "<info><headline>H</headline>");
		for (size_t a = 0; a < rows[i].areas; a++) {
			buf_printf(&xml, "<area><areaDesc>区%zu</areaDesc>%s<polygon>29.0000,121.0000", a, GEO);
			for (size_t k = 2; k < rows[i].points; k++)
				buf_printf(&xml, " 29.%04zu,121.%04zu", k % 10000, k % 10000);
			buf_puts(&xml, " 29.0000,121.0000</polygon></area>");
		}
		buf_puts(&xml, "</info></alert>");
		if (rows[i].whole) {
			there_and_back(xml.p, xml.n);
		} else {
			read_len(xml.p, xml.n, &w);
			assert_true(has_remark(w.body, "too long to be carried whole"));
			assert_int_equal(warn12379_write(w.body, cb, &out, NULL, &f), -1);
			assert_int_equal(f.code, EX_UNAVAILABLE);
			assert_int_equal(out.n, 0);
			warn12379_free(&w);
		}
		buf_free(&xml);
		buf_free(&out);
	}
}

static void
looks(void **state)
{
	static const struct {
		const char *xml;
		bool yes;
	} rows[] = {
	    {DOC(""), true},
	    {"\xef\xbb\xbf \n<?xml version=\"1.0\"?><!-- <alert> -->\n<alert ><senderCode>", true},
	    {"<!DOCTYPE alert><alert><sendTime>", true}, /* to be refused as what it is */
	    {"<alert><identifier>x</identifier>", false},
	    {"<alert xmlns=\"urn:oasis:names:tc:emergency:cap:1.2\"><sendTime>", false},
	    {"<alert xmlns='http://www.incident.com/cap/1.0'><sendTime>", false},
	    {"<alerts><sendTime>", false},
	    {"<feed><alert><sendTime>", false},
	    {"{\"sendTime\":1}", false},
	    {"<?xml", false},
	    {"<!--", false},
	    {"", false},
	    {"<alert", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (warn12379_looks(rows[i].xml, strlen(rows[i].xml)) != rows[i].yes)
			fail_msg("row %zu", i);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(round_trips),
	    cmocka_unit_test(charsets),
	    cmocka_unit_test(fields),
	    cmocka_unit_test(remarks),
	    cmocka_unit_test(colours_and_codes),
	    cmocka_unit_test(times),
	    cmocka_unit_test(refusals),
	    cmocka_unit_test(attacks),
	    cmocka_unit_test(large),
	    cmocka_unit_test(looks),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
