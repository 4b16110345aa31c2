/*
 * Seventy characters, and the telephone: what stays in, what is left out and said, and the code that proves what was
 * read.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../../formats/phone.h"
#include "../../formats/sms.h"
#include "../../formats/value.h"

#define NOW INT64_C(1795327800000) /* 2026-11-22 14:50 in Beijing */

static struct codebook *cb;

static void
set(struct body *b, const char *name, const char *value)
{
	const struct field *f = field_by_name(name);
	struct fault why = {0};

	assert_non_null(f);
	if (value_parse(b, f, value, cb, NOW, &why) != 0)
		fail_msg("%s %s: %s", name, value, why.text);
}

static struct body *
fire(void)
{
	struct msgid id = {.origin = "330225102", .epoch = 1, .serial = 1};
	struct body *b = body_new();

	body_set_id(b, F_ID, &id);
	set(b, "stage", "first");
	set(b, "type", "12G00");
	set(b, "place", "西周镇振兴路12号");
	set(b, "occurred", "2026-11-22T13:50+08:00");
	set(b, "dead", "3@119/2026-11-22T14:10:00+08:00");
	set(b, "trapped", "?");
	return b;
}

static void
expect(const struct body *b, const char *want, const char *want_dropped)
{
	struct text_env e = {.cb = cb, .now = NOW, .zh = true};
	struct buf out = {0}, dropped = {0};

	sms_write(b, &e, &out, &dropped);
	if (strcmp(buf_cstr(&out), want) != 0 || strcmp(buf_cstr(&dropped), want_dropped) != 0)
		fail_msg("got %d units: %s\nwithout %s\nwant %s", sms_units(buf_cstr(&out)), buf_cstr(&out),
		    buf_cstr(&dropped), want);
	assert_true(sms_units(buf_cstr(&out)) <= SMS_UNITS);
	buf_free(&out);
	buf_free(&dropped);
}

static void
test_units(void **state)
{
	(void)state;
	assert_int_equal(sms_units(""), 0);
	assert_int_equal(sms_units("a火"), 2);
	assert_int_equal(sms_units("\xf0\xa0\xae\xb7"), 2); /* beyond U+FFFF: a pair */
}

static void
test_elements(void **state)
{
	struct body *b = fire();

	(void)state;
	expect(b, "11-22 13:50 西周镇振兴路12号火灾事故,死亡至少3人(119 14:10),被困不详。西周镇报。详见系统", "");
	set(b, "grade", "III");
	set(b, "number", "1122-001");
	expect(b,
	    "11-22 13:50 西周镇振兴路12号火灾事故(等级较大),死亡至少3人(119 14:10),被困不详。西周镇报。详见1122-001",
	    "");
	set(b, "stage", "correction");
	expect(b,
	    "【更正】13:50 西周镇振兴路12号火灾事故(等级较大),死亡至少3人(119 14:10),被困不详。西周镇报。详见1122-001",
	    "");
	/* more figures: sources go first, the numbers and 不详 stay */
	set(b, "missing", "?");
	set(b, "serious", "12@120");
	set(b, "light", "~30@120");
	set(b, "evacuated", "145");
	expect(b,
	    "【更正】13:50 "
	    "西周镇振兴路12号火灾事故,死亡至少3人,失联不详,被困不详,重伤至少12人,轻伤约30人。详见1122-001",
	    "等级\n报送单位\n避险转移\n");
	body_free(b);
}

/* A place too long gives way to its division, never to half of itself; without one it is left out and said. */
static void
test_long_place(void **state)
{
	struct body *b = fire();
	struct buf place = {0};

	(void)state;
	for (int i = 0; i < 20; i++)
		buf_puts(&place, "很长的地名");
	body_set_text(b, F_PLACE, buf_cstr(&place));
	expect(b, "11-22 13:50火灾事故,死亡至少3人(119 14:10),被困不详。西周镇报。详见系统", "地点\n");
	set(b, "division", "330225102");
	expect(b, "11-22 13:50 西周镇火灾事故,死亡至少3人(119 14:10),被困不详。西周镇报。详见系统", "");
	buf_free(&place);
	body_free(b);
}

/* Who reads no number must not take it for none; whose signature is missing, what is withdrawn, whose number it is. */
static void
test_said(void **state)
{
	struct msgid incident = {.origin = "330225", .epoch = 1, .serial = 9};
	struct body *b = body_new();

	(void)state;
	set(b, "stage", "followup");
	set(b, "place", "西周镇");
	expect(b, "西周镇,本报没有新数字。详见系统", "");
	body_free(b);
	b = fire();
	body_set_text(b, F_SIGNATURE_OWED, "王");
	expect(b, "【未签发】11-22 13:50 西周镇振兴路12号火灾事故,死亡至少3人(119 14:10),被困不详。西周镇报。详见系统", "");
	body_set_num(b, F_UNSIGNED, 1);
	expect(b, "【先报后签】11-22 13:50 西周镇振兴路12号火灾事故,死亡至少3人(119 14:10),被困不详。西周镇报。详见系统", "");
	set(b, "number", "1122-001");
	body_set_id(b, F_INCIDENT, &incident);
	expect(b, "【先报后签】13:50 西周镇振兴路12号火灾事故,死亡至少3人(119 14:10),被困不详。西周镇报。详见象山1122-001", "");
	body_free(b);
	b = body_new();
	set(b, "stage", "withdrawal");
	set(b, "number", "1122-001");
	expect(b, "【撤回】1122-001。详见1122-001", "");
	set(b, "title", "柳河路火灾");
	expect(b, "【撤回】柳河路火灾。详见1122-001", "");
	body_free(b);
}

static void
test_empty(void **state)
{
	struct text_env drill = {.zh = true, .exercise = true}, en = {.exercise = true};
	struct body *b = body_new();
	struct buf out = {0};

	(void)state;
	expect(b, "详见系统", "");
	sms_write(b, &drill, &out, NULL);
	assert_string_equal(buf_cstr(&out), "【演练】详见系统");
	buf_clear(&out);
	sms_write(b, &en, &out, NULL);
	assert_string_equal(buf_cstr(&out), "[EXERCISE]see the system");
	buf_free(&out);
	body_free(b);
}

static void
test_split(void **state)
{
	struct buf text = {0}, out = {0};
	size_t n, count = 0;
	char *line, *at;

	(void)state;
	assert_int_equal(sms_split("", &out), 0);
	assert_int_equal(out.n, 0);
	assert_int_equal(sms_split("一\n二\x1b", &out), 1);
	assert_string_equal(buf_cstr(&out), "(1/1)一 二\xef\xbf\xbd\n");
	buf_clear(&out);
	for (int i = 0; i < 400; i++)
		buf_printf(&text, "转移%d人,损失%d.5万元。", i * 37, i);
	n = sms_split(buf_cstr(&text), &out);
	assert_true(n > 99);
	at = (char *)(uintptr_t)buf_cstr(&out);
	for (; (line = strsep(&at, "\n")) != NULL && *line != '\0'; count++) {
		char number[32];

		(void)snprintf(number, sizeof number, "(%zu/%zu)", count + 1, n);
		assert_int_equal(strncmp(line, number, strlen(number)), 0);
		assert_true(sms_units(line) <= SMS_PART_UNITS);
		/* no part begins or ends within a sentence's number */
		assert_true(line[strlen(line) - 1] < '0' || line[strlen(line) - 1] > '9');
	}
	assert_int_equal(count, n);
	buf_free(&text);
	buf_free(&out);
}

static void
code(const struct body *b, char out[5])
{
	phone_code(b, out);
	assert_int_equal(strlen(out), 4);
	assert_int_equal(strspn(out, "0123456789"), 4);
}

/* The code follows what is read out, and nothing else. */
static void
test_code(void **state)
{
	static const struct {
		const char *field, *value;
		bool changes;
	} cases[] = {{"dead", "4@119", true}, {"dead", "~3@119/2026-11-22T14:10:00+08:00", true},
	    {"trapped", "0", true}, {"missing", "?", true}, {"loss", "0.0001", true},
	    {"place", "西周镇振兴路21号", true}, {"where", "G228 K12+300", true}, {"type", "11A01", true},
	    {"grade", "III", true}, {"stage", "correction", true}, {"occurred", "2026-11-22T13:51+08:00", true},
	    {"title", "别的", false}, {"brief", "别的", false}, {"caller", "张三", false},
	    {"written", "2026-11-22T15:00:00+08:00", false}};
	char was[5], now[5];
	struct body *b = fire();

	(void)state;
	code(b, was);
	assert_string_equal(was, "2195");
	body_free(b);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		b = fire();
		if (strcmp(cases[i].field, "dead") == 0 || strcmp(cases[i].field, "trapped") == 0)
			body_unset(b, field_by_name(cases[i].field)->key);
		set(b, cases[i].field, cases[i].value);
		code(b, now);
		if ((strcmp(was, now) != 0) != cases[i].changes)
			fail_msg("%s %s: %s, was %s", cases[i].field, cases[i].value, now, was);
		body_free(b);
	}
	/* the instant counts, not how it is written */
	b = fire();
	set(b, "occurred", "2026-11-22T05:50:00Z");
	code(b, now);
	assert_string_equal(was, now);
	body_free(b);
}

static void
test_script(void **state)
{
	struct text_env e = {.cb = cb, .now = NOW, .zh = true};
	struct body *b = fire();
	struct buf out = {0};

	(void)state;
	body_set_text(b, F_PLACE, "振兴路\x1b[2J\n12号");
	phone_write(b, &e, &out);
	assert_null(strstr(buf_cstr(&out), "\x1b"));
	assert_non_null(strstr(buf_cstr(&out), "在哪里:振兴路\xef\xbf\xbd[2J 12号\n"));
	assert_non_null(strstr(buf_cstr(&out), "死亡至少3人(三人),119报,14时10分"));
	assert_non_null(strstr(buf_cstr(&out), "被困不详"));
	assert_non_null(strstr(buf_cstr(&out), "11月22日13时50分(十一月二十二日十三时五十分)"));
	buf_clear(&out);
	body_free(b);
	b = body_new();
	phone_write(b, &e, &out);
	assert_non_null(strstr(buf_cstr(&out), "在哪里:不详\n什么时候:不详\n人员和损失:未报\n"));
	buf_free(&out);
	body_free(b);
}

static int
set_up(void **state)
{
	const char *conf = getenv("DUTYDESK_CONF");
	struct fault f = {0};

	(void)state;
	cb = codebook_load(conf != NULL ? conf : "conf", &f);
	return cb == NULL ? -1 : 0;
}

static int
tear_down(void **state)
{
	(void)state;
	codebook_free(cb);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_units), cmocka_unit_test(test_elements),
	    cmocka_unit_test(test_long_place), cmocka_unit_test(test_said), cmocka_unit_test(test_empty), cmocka_unit_test(test_split),
	    cmocka_unit_test(test_code), cmocka_unit_test(test_script)};

	return cmocka_run_group_tests_name("sms", tests, set_up, tear_down);
}
