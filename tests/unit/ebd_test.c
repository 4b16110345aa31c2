/*
 * Emergency broadcast messages: packages of ours, rule by rule, both ways.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include "../../formats/ebd.h"
#include "warn12379_make.h"

#define SRC "43415230000000103010101"
#define DEST "43415230000000303010201"
#define EBMID SRC "202611220002"
#define EBD_HEAD(type)                                                                                                 \
	"<EBD><EBDVersion>1</EBDVersion><EBDID>10" SRC "0000000000000002</EBDID><EBDType>" type                        \
	"</EBDType><SRC><EBRID>" SRC "</EBRID></SRC><DEST><EBRID>" DEST                                                \
	"</EBRID></DEST><EBDTime>2026-11-22 14:00:01</EBDTime>"
#define BASIC(type, more)                                                                                                   \
	"<MsgBasicInfo><MsgType>" type "</MsgType><SenderName>象山县气象局</SenderName><SenderCode>0001</SenderCode>" \
	"<SendTime>2026-11-22 14:00:00</SendTime>" more "</MsgBasicInfo>"
#define ABOUT                                                                                                          \
	"<EventType>11B03</EventType><Severity>2</Severity><StartTime>2026-11-22 14:05:00</StartTime>"                 \
	"<EndTime>2026-11-22 18:00:00</EndTime>"
#define CONTENT                                                                                                                    \
	"<MsgContent><LanguageCode>zho</LanguageCode><MsgTitle>暴雨橙色预警</MsgTitle><MsgDesc>请注意避险。</MsgDesc>" \
	"<AreaCode>330225102000,330225103000</AreaCode><ProgramNum>2</ProgramNum><Auxiliary><AuxiliaryType>2</"                    \
	"AuxiliaryType>"                                                                                                           \
	"<AuxiliaryDesc>EBDR_0001.mp3</AuxiliaryDesc></Auxiliary></MsgContent>"
#define EBM(inside) "<EBM><EBMVersion>1</EBMVersion><EBMID>" EBMID "</EBMID>" inside "</EBM></EBD>"
#define OLD_AND_NEW                                                                                                    \
	"<EBD><EBDID>1</EBDID><EBDType>EBM</EBDType><EBM><EBMID>e</EBMID><MsgBasicInfo><MsgType>1</"                   \
	"MsgType><SentTime>20"                                                                                         \
	"26-11-22 14:00:00</SentTime></MsgBasicInfo></EBM><New><a>1</a><a/></New></EBD>"
#define EBD(type, more) EBD_HEAD("EBM") EBM(BASIC(type, more) CONTENT)

static void
ebd_ok(const char *xml, struct ebd_message *e)
{
	struct fault f = {0};
	char why[1024];

	if (ebd_read(xml, strlen(xml), cb, NOW, e, &f) == -1)
		fail_msg("%s", fault_format(&f, why, sizeof(why)));
	assert_int_equal(check_body(e->body, cb, &f), 0);
	assert_int_equal(check_body(e->body, NULL, &f), 0);
}

static void
fields_of_a_package(void **state)
{
	struct ebd_message e;
	int64_t ms;

	(void)state;
	ebd_ok(EBD("1", ABOUT), &e);
	assert_int_equal(e.fate, EBD_LIVE);
	assert_false(e.expired);
	assert_string_equal(body_text(e.body, F_FOREIGN_ID), EBMID);
	assert_string_equal(body_text(e.body, F_ISSUER), "象山县气象局");
	assert_string_equal(body_text(e.body, F_TYPE), "yjpt:11B03");
	assert_int_equal(body_enum(e.body, F_COLOUR), COLOUR_ORANGE);
	assert_string_equal(body_text(e.body, F_SEVERITY), "2");
	assert_string_equal(body_text(e.body, F_TITLE), "暴雨橙色预警");
	assert_string_equal(body_text(e.body, F_TEXT), "请注意避险。");
	assert_string_equal(body_text(e.body, F_DIVISION), "div:330225102");
	assert_string_equal(body_text(e.body, F_LANGUAGE), "zho");
	assert_string_equal(body_text(e.body, F_CAP_MSGTYPE), "Alert");
	assert_true(body_time(e.body, F_SENT, &ms) && ms == NOW - 600000);
	assert_true(body_time(e.body, F_EFFECTIVE, &ms) && ms == NOW - 300000);
	assert_true(has_kept(e.body, "ebd:EBM/MsgContent/AreaCode=330225102000,330225103000"));
	assert_true(has_kept(e.body, "ebd:EBM/MsgContent/MsgTitle@title="));
	ebd_free(&e);
}

static void
message_types(void **state)
{
	static const struct {
		const char *xml;
		enum ebd_fate fate;
		const char *type;
	} rows[] = {
	    {EBD("1", ""), EBD_LIVE, "Alert"},
	    {EBD("2", ""), EBD_LIVE, "Cancel"},
	    {EBD("3", ""), EBD_EXERCISE, "Alert"},
	    {EBD("4", ""), EBD_EXERCISE, "Alert"},
	    {EBD("5", ""), EBD_EXERCISE, "Alert"},
	};
	struct ebd_message e;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ebd_ok(rows[i].xml, &e);
		assert_int_equal(e.fate, rows[i].fate);
		assert_string_equal(body_text(e.body, F_CAP_MSGTYPE), rows[i].type);
		ebd_free(&e);
	}
}

static void
severities(void **state)
{
	static const struct {
		const char *xml;
		int colour;
		bool remark;
	} rows[] = {
	    {EBD("1", "<Severity>0</Severity>"), COLOUR_UNKNOWN, false},
	    {EBD("1", "<Severity>1</Severity>"), COLOUR_RED, false},
	    {EBD("1", "<Severity>4</Severity>"), COLOUR_BLUE, false},
	    {EBD("1", "<Severity>5</Severity>"), COLOUR_UNKNOWN, true},
	    {EBD("1", "<Severity>Red</Severity>"), COLOUR_RED, false},
	    {EBD("1", "<Severity>12</Severity>"), COLOUR_UNKNOWN, true},
	    {EBD("1", "<Severity/>"), COLOUR_UNKNOWN, true},
	};
	struct ebd_message e;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ebd_ok(rows[i].xml, &e);
		assert_int_equal(body_enum(e.body, F_COLOUR), rows[i].colour);
		assert_int_equal(has_remark(e.body, "severity"), rows[i].remark);
		ebd_free(&e);
	}
}

static void
package_trips(void **state)
{
	static const char *const rows[] = {
	    EBD("1", ABOUT),
	    EBD("2", ""),
	    EBD_HEAD("EBM") EBM("<RelatedInfo><EBMID>x</EBMID></RelatedInfo>" BASIC("2", "")),
	    OLD_AND_NEW,
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf xml = {0}, was = {0}, is = {0};
		struct ebd_message e;
		struct fault f = {0};

		assert_true(ebd_looks(rows[i], strlen(rows[i])));
		assert_false(warn12379_looks(rows[i], strlen(rows[i])));
		ebd_ok(rows[i], &e);
		assert_int_equal(ebd_write(e.body, cb, NULL, &xml, NULL, &f), 0);
		canonical(rows[i], strlen(rows[i]), &was);
		canonical(xml.p, xml.n, &is);
		assert_string_equal(buf_cstr(&was), buf_cstr(&is));
		ebd_free(&e);
		buf_free(&xml);
		buf_free(&was);
		buf_free(&is);
	}
	assert_false(ebd_looks(DOC(""), strlen(DOC(""))));
	assert_false(ebd_looks("<EBDX>", 6));
	assert_false(ebd_looks("", 0));
}

static void
package_refusals(void **state)
{
	static const struct {
		const char *xml, *field;
	} rows[] = {
	    {"", ""},
	    {"<!DOCTYPE EBD><EBD/>", ""},
	    {"<alert/>", "alert"},
	    {"<EBD xmlns='u'/>", "EBD"},
	    {EBD_HEAD("ConnectionCheck") "</EBD>", "EBDType"},
	    {EBD_HEAD("EBM") "</EBD>", "EBM"},
	    {EBD_HEAD("EBM") EBM(""), "MsgBasicInfo"},
	    {EBD("0", ""), "MsgType"},
	    {EBD("6", ""), "MsgType"},
	    {EBD("11", ""), "MsgType"},
	    {EBD("", ""), "MsgType"},
	    {EBD("1", "<EndTime>2026-02-30 10:00:00</EndTime>"), "EndTime"},
	    {EBD("1", "<StartTime>2026-11-22 24:00:00</StartTime>"), "StartTime"},
	    {EBD("1", "<MsgType>2</MsgType>"), "MsgType"},
	    {"<EBD><EBDID>1</EBDID><EBDType>EBM</EBDType><EBM><EBMID> </EBMID><MsgBasicInfo><MsgType>1</MsgType>"
	     "</MsgBasicInfo></EBM></EBD>",
		"EBMID"},
	    {"<EBD><EBDID>1</EBDID><EBDType>EBM</EBDType><EBM><EBMID>e</EBMID><MsgBasicInfo><MsgType>1</MsgType>"
	     "</MsgBasicInfo></EBM></EBD>",
		"SendTime"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ebd_message e;
		struct fault f = {0};

		if (ebd_read(rows[i].xml, strlen(rows[i].xml), cb, NOW, &e, &f) != -1)
			fail_msg("row %zu was taken", i);
		assert_string_equal(f.field, rows[i].field);
		assert_true(f.text[0] != '\0');
		assert_null(e.body);
	}
}

static void
writes_packages(void **state)
{
	static const struct ebd_ends ends = {SRC, DEST}, bad = {"123", DEST};
	struct msgid id = {.realm = REALM_LIVE, .origin = "330225", .epoch = 1, .serial = 12345};
	struct body *b = body_new();
	struct buf xml = {0}, told = {0};
	struct ebd_message e;
	struct fault f = {0};

	(void)state;
	body_set_num(b, F_KIND, KIND_WARNING);
	body_set_id(b, F_ID, &id);
	body_set_time(b, F_WRITTEN, NOW);
	body_set_text(b, F_TYPE, "yjpt:11B03");
	body_set_num(b, F_COLOUR, COLOUR_RED);
	body_set_text(b, F_TITLE, "暴雨红色预警");
	body_set_text(b, F_TEXT, "立即转移");
	body_set_text(b, F_MEASURES, "关闭景区");
	assert_int_equal(ebd_write(b, cb, &ends, &xml, NULL, &f), -1);
	assert_string_equal(f.field, "division");
	body_set_text(b, F_DIVISION, "div:330225");
	assert_int_equal(ebd_write(b, cb, NULL, &xml, NULL, &f), -1);
	assert_int_equal(ebd_write(b, cb, &bad, &xml, NULL, &f), -1);
	assert_int_equal(f.code, EX_USAGE);
	assert_int_equal(xml.n, 0);
	assert_int_equal(ebd_write(b, cb, &ends, &xml, &told, &f), 0);
	assert_string_equal(
	    buf_cstr(&told), "expires: no end is given, the broadcast may go on\nmeasures is not carried\n");
	assert_non_null(strstr(buf_cstr(&xml), "<EBMID>" SRC "202611222345</EBMID>"));
	assert_non_null(strstr(buf_cstr(&xml), "<EBDID>10" SRC "0000000000012345</EBDID>"));
	assert_non_null(strstr(buf_cstr(&xml), "<MsgType>1</MsgType>"));
	assert_non_null(strstr(buf_cstr(&xml), "<Severity>1</Severity>"));
	assert_non_null(strstr(buf_cstr(&xml), "<SendTime>2026-11-22 14:10:00</SendTime>"));
	assert_non_null(strstr(buf_cstr(&xml), "<AreaCode>330225000000</AreaCode>"));
	ebd_ok(buf_cstr(&xml), &e);
	assert_int_equal(body_count(e.body, F_REMARKS), 0);
	assert_string_equal(body_text(e.body, F_TEXT), "立即转移");
	ebd_free(&e);
	buf_clear(&xml);

	body_set_text(b, F_CAP_MSGTYPE, "Cancel");
	body_add_text(b, F_CAP_REFERENCES, EBMID, strlen(EBMID));
	assert_int_equal(ebd_write(b, cb, &ends, &xml, NULL, &f), 0);
	assert_non_null(strstr(buf_cstr(&xml), "<MsgType>2</MsgType>"));
	assert_non_null(strstr(buf_cstr(&xml), "<RelatedInfo>\n<EBMID>" EBMID "</EBMID>"));
	buf_clear(&xml);

	/* nothing of an exercise is ever said for real, and a test is not said at all */
	id.realm = REALM_EXERCISE;
	body_set_id(b, F_ID, &id);
	assert_int_equal(ebd_write(b, cb, &ends, &xml, NULL, &f), 0);
	assert_non_null(strstr(buf_cstr(&xml), "<MsgType>3</MsgType>"));
	buf_clear(&xml);
	id.realm = REALM_LIVE;
	body_set_id(b, F_ID, &id);
	body_set_text(b, F_CAP_STATUS, "Test");
	assert_int_equal(ebd_write(b, cb, &ends, &xml, NULL, &f), -1);
	assert_string_equal(f.field, "cap_status");
	body_unset(b, F_CAP_STATUS);
	body_unset(b, F_ID);
	assert_int_equal(ebd_write(b, cb, &ends, &xml, NULL, &f), -1);
	assert_string_equal(f.field, "id");
	body_set_num(b, F_KIND, KIND_REPORT);
	assert_int_equal(ebd_write(b, cb, &ends, &xml, NULL, &f), -1);
	assert_string_equal(f.field, "kind");
	body_free(b);
	buf_free(&xml);
	buf_free(&told);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(fields_of_a_package),
	    cmocka_unit_test(message_types),
	    cmocka_unit_test(severities),
	    cmocka_unit_test(package_trips),
	    cmocka_unit_test(package_refusals),
	    cmocka_unit_test(writes_packages),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
