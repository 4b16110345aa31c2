/*
 * Warnings of our own as 12379 documents, and what comes over the wire as if it had been one.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include "warn12379_make.h"

static struct body *
own_warning(const char *origin)
{
	struct body *b = body_new();
	struct msgid id = {.realm = REALM_LIVE, .epoch = 1, .serial = 17};

	(void)snprintf(id.origin, sizeof(id.origin), "%s", origin);
	body_set_num(b, F_KIND, KIND_WARNING);
	body_set_id(b, F_ID, &id);
	body_set_time(b, F_WRITTEN, NOW + 999);
	body_set_text(b, F_TYPE, "yjpt:11B03");
	body_set_num(b, F_COLOUR, COLOUR_RED);
	body_set_text(b, F_TITLE, "暴雨 <红色> & 预警");
	body_set_text(b, F_TEXT, "第一行\n第二行");
	body_set_text(b, F_MEASURES, "转移");
	body_set_time(b, F_EXPIRES, NOW + 3600000);
	body_set_text(b, F_DIVISION, "div:330225");
	body_add_text(b, F_AREA, "西周镇", strlen("西周镇"));
	body_add_text(b, F_AREA, "丹东街道", strlen("丹东街道"));
	return b;
}

static void
writes_own(void **state)
{
	struct body *b = own_warning("330225102");
	struct buf xml = {0}, told = {0};
	struct warn12379 w;
	struct fault f = {0};
	int64_t ms;
	char why[1024];

	(void)state;
	if (warn12379_write(b, cb, &xml, &told, &f) == -1)
		fail_msg("%s", fault_format(&f, why, sizeof(why)));
	assert_int_equal(told.n, 0);
	assert_non_null(strstr(buf_cstr(&xml), "<identifier>33022500000000_20261122141000_7</identifier>"));
	assert_non_null(strstr(buf_cstr(&xml), "<sendTime>2026-11-22 14:10:00+08:00</sendTime>"));
	assert_non_null(strstr(buf_cstr(&xml), "<severity>Red</severity>"));
	assert_non_null(strstr(buf_cstr(&xml), "<geocode>330225000000</geocode>"));
	assert_non_null(strstr(buf_cstr(&xml), "<eventType>11B03</eventType>"));
	assert_non_null(strstr(buf_cstr(&xml), "<sender>西周镇</sender>"));
	assert_true(warn12379_looks(xml.p, xml.n));
	read_len(xml.p, xml.n, &w);
	assert_int_equal(body_count(w.body, F_REMARKS), 0);
	assert_string_equal(body_text(w.body, F_TITLE), "暴雨 <红色> & 预警");
	assert_string_equal(body_text(w.body, F_TEXT), "第一行\n第二行");
	assert_int_equal(body_count(w.body, F_AREA), 2);
	assert_true(body_time(w.body, F_EXPIRES, &ms) && ms == NOW + 3600000);
	warn12379_free(&w);
	there_and_back(xml.p, xml.n);
	buf_clear(&xml);

	/* what has no element is told, each field once */
	body_set_text(b, F_SIGNER, "王五");
	body_set_num(b, F_PRECEDENCE, PREC_FLASH);
	body_set_geo(b, F_POSITION, 29400000, 121800000);
	body_add_text(b, F_CAP_REFERENCES, "s,I-7,2026 s,I-8,2026", strlen("s,I-7,2026 s,I-8,2026"));
	body_set_text(b, F_CAP_MSGTYPE, "Update");
	assert_int_equal(warn12379_write(b, cb, &xml, &told, &f), 0);
	assert_non_null(strstr(buf_cstr(&xml), "<references>I-7</references>"));
	assert_non_null(strstr(buf_cstr(&xml), "<msgType>Update</msgType>"));
	assert_string_equal(buf_cstr(&told),
	    "cap_references: only the first message's identifier is carried\n"
	    "precedence is not carried\nposition is not carried\nsigner is not carried\n");
	buf_clear(&xml);
	body_free(b);

	/* a station that is no division takes that of the body; the exercise says what it is */
	b = own_warning("a-private");
	assert_int_equal(warn12379_write(b, NULL, &xml, NULL, &f), 0);
	assert_non_null(strstr(buf_cstr(&xml), "<senderCode>33022500000000</senderCode>"));
	buf_clear(&xml);
	{
		struct msgid id = {.realm = REALM_EXERCISE, .origin = "330225", .epoch = 1, .serial = 20};

		body_set_id(b, F_ID, &id);
		assert_int_equal(warn12379_write(b, NULL, &xml, NULL, &f), 0);
		assert_non_null(strstr(buf_cstr(&xml), "<status>Exercise</status>"));
		assert_non_null(strstr(buf_cstr(&xml), "_20261122141000_0<"));
		buf_clear(&xml);
	}
	body_free(b);
	buf_free(&xml);
	buf_free(&told);
}

static void
write_refusals(void **state)
{
	struct buf xml = {0};
	struct fault f = {0};
	struct body *b;

	(void)state;
	b = own_warning("a-private");
	body_unset(b, F_DIVISION);
	assert_int_equal(warn12379_write(b, cb, &xml, NULL, &f), -1);
	assert_string_equal(f.field, "division");
	body_set_text(b, F_DIVISION, "div:330225");
	body_unset(b, F_WRITTEN);
	assert_int_equal(warn12379_write(b, cb, &xml, NULL, &f), -1);
	assert_string_equal(f.field, "sent");
	body_set_time(b, F_SENT, NOW);
	body_set_text(b, F_CAP_MSGTYPE, "Cancel");
	assert_int_equal(warn12379_write(b, cb, &xml, NULL, &f), -1);
	assert_string_equal(f.field, "cap_references");
	body_unset(b, F_CAP_MSGTYPE);
	/* a recall or correction of our own is no fresh alert */
	for (int stage = STAGE_CORRECTION; stage <= STAGE_WITHDRAWAL; stage++) {
		body_set_num(b, F_STAGE, stage);
		assert_int_equal(warn12379_write(b, cb, &xml, NULL, &f), -1);
		assert_string_equal(f.field, "cap_references");
		body_set_text(b, F_CAP_REFERENCES, "33022500000000_20261122170000");
		assert_int_equal(warn12379_write(b, cb, &xml, NULL, &f), 0);
		assert_non_null(strstr(buf_cstr(&xml),
		    stage == STAGE_CORRECTION ? "<msgType>Update</msgType>" : "<msgType>Cancel</msgType>"));
		buf_clear(&xml);
		body_unset(b, F_CAP_REFERENCES);
	}
	body_unset(b, F_STAGE);
	body_set_time(b, F_SENT, WHEN_MS_MIN);
	(void)warn12379_write(b, cb, &xml, NULL, &f);
	buf_clear(&xml);
	body_set_time(b, F_SENT, NOW);
	assert_int_equal(warn12379_write(b, cb, &xml, NULL, &f), 0);
	buf_clear(&xml);
	body_set_text(b, F_SOURCE_FORMAT, "12379");
	assert_int_equal(warn12379_write(b, cb, &xml, NULL, &f), -1);
	assert_int_equal(f.code, EX_UNAVAILABLE);
	body_unset(b, F_SOURCE_FORMAT);
	body_set_num(b, F_KIND, KIND_REPORT);
	assert_int_equal(warn12379_write(b, cb, &xml, NULL, &f), -1);
	assert_string_equal(f.field, "kind");
	assert_int_equal(xml.n, 0);
	body_free(b);
	buf_free(&xml);
}

/* Values as they may come over the wire: nothing but elements comes out, or nothing at all. */
static void
strangers(void **state)
{
	static const char *const rows[] = {"12379:a><b=x", "12379:info/headline=x", "12379:=x", "12379:a",
	    "12379:a/b/=", "12379:a@title=", "12379:a@author=", "12379:a@dead=", "12379:1a=x", "12379:a=\\",
	    "12379:a=\\u{0}", "12379:a=\\u{D800}", "12379:a=\\u{110000}", "12379:a=\\u{FFFFFFFFFF}", "12379:a=\\n",
	    "12379:+=x", "12379:a!=x", "12379:!=", "12379:a=fine"};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct body *b = body_new();
		struct buf xml = {0};
		struct fault f = {0};

		body_set_num(b, F_KIND, KIND_WARNING);
		body_add_text(b, F_EXTENSION, rows[i], strlen(rows[i]));
		/* all lack an identifier */
		assert_int_equal(warn12379_write(b, cb, &xml, NULL, &f), -1);
		assert_int_not_equal(f.code, 0);
		assert_int_equal(xml.n, 0);
		body_free(b);
		buf_free(&xml);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(writes_own),
	    cmocka_unit_test(write_refusals),
	    cmocka_unit_test(strangers),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
