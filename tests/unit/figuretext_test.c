/*
 * Words for figures: what is said of a number, by whom it stands, and that unknown is neither nothing nor zero.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "../../formats/figuretext.h"
#include "../../formats/value.h"

#define DAY "2026-11-22T"

static struct codebook *cb;

static void
set(struct body *b, const char *name, const char *value)
{
	const struct field *f = field_by_name(name);
	struct fault why = {0};

	assert_non_null(f);
	if (value_parse(b, f, value, cb, INT64_C(1795327800000), &why) != 0)
		fail_msg("%s %s: %s", name, value, why.text);
}

/* A message of Xizhou township of 14:30. */
static struct body *
message(void)
{
	struct msgid id = {.origin = "330225102", .epoch = 1, .serial = 1};
	struct body *b = body_new();

	body_set_id(b, F_ID, &id);
	set(b, "written", DAY "14:30:00+08:00");
	return b;
}

static void
expect(const struct body *b, const char *field, enum figure_form form, bool zh, const char *want)
{
	struct text_env e = {.cb = cb, .zh = zh};
	struct buf out = {0};
	bool any = figuretext(&out, b, field_by_name(field)->key, true, form, &e);

	if (any != (*want != '\0') || strcmp(any ? buf_cstr(&out) : "", want) != 0)
		fail_msg("%s: got \"%s\", want \"%s\"", field, out.n > 0 ? buf_cstr(&out) : "", want);
	buf_free(&out);
}

/* The first value of the field without its source. */
static void
own_word(struct body *b, uint32_t key)
{
	struct figure fig = body_first(b, key)->u.fig;

	fig.source = NULL;
	body_unset(b, key);
	body_add_figure(b, key, &fig);
}

static void
test_one_value(void **state)
{
	static const struct {
		const char *field, *value, *zh, *en, *adopted;
	} cases[] = {
	    {"dead", "3@119/" DAY "14:10:00+08:00", "死亡至少3人(119 14:10)", "dead: at least 3 persons (119 14:10)",
		"死亡3人"},
	    {"dead", "3", "死亡至少3人(西周镇 14:30)", "dead: at least 3 persons (西周镇 14:30)", "死亡3人"},
	    {"dead", "1", "死亡至少1人(西周镇 14:30)", "dead: at least 1 person (西周镇 14:30)", "死亡1人"},
	    {"dead", "0", "死亡0人(西周镇 14:30)", "dead: 0 persons (西周镇 14:30)", "死亡0人"},
	    {"dead", "?", "死亡不详", "dead: unknown", "死亡不详"},
	    {"dead", "?@119/" DAY "14:10:00+08:00", "死亡不详(119 14:10)", "dead: unknown (119 14:10)", "死亡不详"},
	    {"trapped", "~20@119/" DAY "14:10:00+08:00", "被困约20人(119 14:10)",
		"trapped: about 20 persons (119 14:10)", "被困约20人"},
	    {"trapped", ">=20@119", "被困至少20人(119 14:30)", "trapped: at least 20 persons (119 14:30)",
		"被困至少20人"},
	    {"trapped", "<=5@119", "被困至多5人(119 14:30)", "trapped: at most 5 persons (119 14:30)", "被困至多5人"},
	    {"loss", "200.5@应急局", "直接损失至少200.5万元(应急局 14:30)",
		"direct loss: at least 200.5 x10,000 yuan (应急局 14:30)", "直接损失200.5万元"},
	    {"crops", "12.25", "农作物受灾至少12.25公顷(西周镇 14:30)",
		"crops affected: at least 12.25 hectares (西周镇 14:30)", "农作物受灾12.25公顷"},
	    {"collapsed_hh", "2", "倒塌户数至少2户(西周镇 14:30)",
		"households, collapsed: at least 2 households (西周镇 14:30)", "倒塌户数2户"},
	    /* of another day than the message */
	    {"dead", "3@119/2026-11-21T23:50:00+08:00", "死亡至少3人(119 11-21 23:50)",
		"dead: at least 3 persons (119 11-21 23:50)", "死亡3人"},
	    /* a station as the source, by its name */
	    {"dead", "3@330225", "死亡至少3人(象山县 14:30)", "dead: at least 3 persons (象山县 14:30)", "死亡3人"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct body *b = message();

		set(b, cases[i].field, cases[i].value);
		expect(b, cases[i].field, FIGURES_FULL, true, cases[i].zh);
		expect(b, cases[i].field, FIGURES_FULL, false, cases[i].en);
		/* adopted, it is the station's own word; under its source's name it stays the source's */
		body_set_text(b, F_ADOPTER, "王建国");
		if (body_first(b, field_by_name(cases[i].field)->key)->u.fig.source != NULL)
			expect(b, cases[i].field, FIGURES_FULL, true, cases[i].zh);
		own_word(b, field_by_name(cases[i].field)->key);
		expect(b, cases[i].field, FIGURES_FULL, true, cases[i].adopted);
		expect(b, "affected", FIGURES_FULL, true, "");
		body_free(b);
	}
}

static void
test_several(void **state)
{
	struct body *b = message();

	(void)state;
	set(b, "dead", "1@120/" DAY "14:05:00+08:00");
	set(b, "dead", "?@110/" DAY "14:00:00+08:00");
	set(b, "dead", "<=9@镇政府/" DAY "14:00:00+08:00");
	set(b, "dead", "~4@群众/" DAY "14:01:00+08:00");
	set(b, "dead", "3@119/" DAY "14:10:00+08:00");
	expect(b, "dead", FIGURES_FULL, true,
	    "死亡至少3人(119 14:10)、至少1人(120 14:05)、约4人(群众 14:01)、至多9人(镇政府 14:00)、不详(110 14:00)");
	expect(b, "dead", FIGURES_SHORT, true, "死亡至少3人");
	/* which of them was adopted cannot be told, so none is said as adopted */
	body_set_text(b, F_ADOPTER, "王建国");
	expect(b, "dead", FIGURES_SHORT, true, "死亡至少3人");
	body_free(b);
}

static void
test_spoken(void **state)
{
	struct body *b = message();

	(void)state;
	set(b, "dead", "3@119/" DAY "14:10:00+08:00");
	set(b, "evacuated", "145@镇政府/2026-11-21T20:05:00+08:00");
	set(b, "missing", "?");
	expect(b, "dead", FIGURES_SPOKEN, true, "死亡至少3人(三人),119报,14时10分");
	expect(b, "evacuated", FIGURES_SPOKEN, true, "避险转移至少145人(一百四十五人),镇政府报,11月21日20时5分");
	expect(b, "missing", FIGURES_SPOKEN, true, "失联不详");
	set(b, "light", "7");	/* of who speaks */
	expect(b, "light", FIGURES_SPOKEN, true, "轻伤至少7人(七人)");
	body_free(b);
}

/* Nobody knows who says it or when: that is said, or left out, and nothing breaks. */
static void
test_nobody(void **state)
{
	struct body *b = body_new();

	(void)state;
	set(b, "dead", "3");
	expect(b, "dead", FIGURES_FULL, true, "死亡至少3人(报送单位)");
	body_set_text(b, F_FOREIGN_STATION, "某\x1b[2J镇");
	expect(b, "dead", FIGURES_FULL, true, "死亡至少3人(某\xef\xbf\xbd[2J镇)");
	body_free(b);
}

static void
test_numerals(void **state)
{
	static const struct {
		int64_t n;
		int decimals;
		const char *want;
	} cases[] = {{0, 0, "零"}, {3, 0, "三"}, {10, 0, "十"}, {12, 0, "十二"}, {20, 0, "二十"}, {101, 0, "一百零一"},
	    {110, 0, "一百一十"}, {115, 0, "一百一十五"}, {1000, 0, "一千"}, {1005, 0, "一千零五"},
	    {1050, 0, "一千零五十"}, {10000, 0, "一万"}, {100000, 0, "十万"}, {200005, 0, "二十万零五"},
	    {105000, 0, "十万五千"}, {100001000, 0, "一亿零一千"}, {100000, 4, "十"}, {2005000, 4, "二百点五"},
	    {1225, 2, "十二点二五"}, {5, 2, "零点零五"}, {INT64_C(123456789), 0, "一亿二千三百四十五万六千七百八十九"}};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct buf out = {0};

		figuretext_numeral(&out, cases[i].n, cases[i].decimals);
		assert_string_equal(buf_cstr(&out), cases[i].want);
		buf_free(&out);
	}
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
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_one_value), cmocka_unit_test(test_several),
	    cmocka_unit_test(test_spoken), cmocka_unit_test(test_nobody), cmocka_unit_test(test_numerals)};

	return cmocka_run_group_tests_name("figuretext", tests, set_up, tear_down);
}
