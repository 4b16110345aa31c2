/* The field table and the enumerations: what every other module takes for granted about them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "../../formats/field.h"
#include "../../formats/i18n.h"
#include "../../formats/text.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const char *const sets[] = { "kind", "stage", "grade", "precedence", "act", "channel", "progress", "colour",
	"step", "outcome", "resource_step", "hazard_step", "hazard_level", "response",
    "duty_step", "duty_role", "number_of", "order_type", "charge", "side", "owed"};

static void
rows_are_unique_and_found(void **state)
{
	const struct field *f, *g;
	size_t i, j;

	(void)state;
	for (i = 0; (f = field_at(i)) != NULL; i++) {
		assert_ptr_equal(field_by_key(f->key), f);
		assert_ptr_equal(field_by_name(f->name), f);
		for (j = i + 1; (g = field_at(j)) != NULL; j++)
			if (f->key == g->key || strcmp(f->name, g->name) == 0)
				fail_msg("%s and %s", f->name, g->name);
	}
	assert_true(i > 80);
	assert_null(field_at(i));
	assert_null(field_at(SIZE_MAX));
	assert_null(field_by_key(0));
	assert_null(field_by_key(9999));
	assert_null(field_by_key(100000));
	assert_null(field_by_key(UINT32_MAX));
	assert_null(field_by_name(""));
	assert_null(field_by_name("Kind"));
	assert_int_equal(field_by_name("loss")->key, F_LOSS);
}

static void
rows_are_sane(void **state)
{
	const struct field *f;
	size_t i, s;

	(void)state;
	for (i = 0; (f = field_at(i)) != NULL; i++) {
		const char *c;
		bool text = f->type == FT_TEXT || f->type == FT_CODE;

		/* Odd keys must be understood by every version there is: few, and what everything hangs on. */
		if ((f->key & 1) != 0 && f->key >= 32)
			fail_msg("%s: odd key %u", f->name, f->key);
		for (c = f->name; *c != '\0'; c++)
			if (!((*c >= 'a' && *c <= 'z') || *c == '_'))
				fail_msg("%s", f->name);
		assert_true(f->name[0] != '\0' && f->label[0] != '\0' && f->zh[0] != '\0' && f->arg != NULL);
		assert_true(text_clean(f->zh, strlen(f->zh), false, NULL));
		if (text != (f->max > 0))
			fail_msg("%s: max %zu", f->name, f->max);
		if ((f->flags & FF_LINES) != 0 && f->type != FT_TEXT)
			fail_msg("%s: lines", f->name);
		if ((f->flags & FF_DECLARED) != 0 && f->type != FT_TIME)
			fail_msg("%s: declared", f->name);
		if ((f->flags & FF_CASUALTY) != 0 && f->type != FT_FIGURE)
			fail_msg("%s: casualty", f->name);
		/* Figures are kept per source, never overwritten. */
		if (field_decimals(f) >= 0 && (f->flags & FF_REPEAT) == 0)
			fail_msg("%s: one source only", f->name);
		if (f->type == FT_ENUM) {
			for (s = 0; s < COUNT(sets) && strcmp(sets[s], f->arg) != 0; s++)
				continue;
			if (s == COUNT(sets))
				fail_msg("%s: no enumeration %s", f->name, f->arg);
		}
		if (f->type == FT_CODE && strcmp(f->arg, "event") != 0 && strcmp(f->arg, "division") != 0)
			fail_msg("%s: no codebook %s", f->name, f->arg);
	}
	assert_int_equal(field_decimals(field_by_key(F_DEAD)), 0);
	assert_int_equal(field_decimals(field_by_key(F_CROPS)), 2);
	assert_int_equal(field_decimals(field_by_key(F_LOSS)), 4);
	assert_int_equal(field_decimals(field_by_key(F_BRIEF)), -1);
}

static void
enumerations_round_trip(void **state)
{
	const struct enum_name *e, *o;
	size_t s, i, j, all = 0;

	(void)state;
	for (s = 0; s < COUNT(sets); s++) {
		for (i = 0; (e = enum_at(sets[s], i)) != NULL; i++, all++) {
			assert_string_equal(e->set, sets[s]);
			assert_true(e->value >= 1 && e->value <= 65535);
			assert_ptr_equal(enum_by_value(sets[s], e->value), e);
			assert_ptr_equal(enum_by_name(sets[s], e->name), e);
			assert_ptr_equal(enum_by_name(sets[s], e->label), e);
			assert_ptr_equal(enum_by_name(sets[s], e->zh), e);
			assert_true(text_clean(e->zh, strlen(e->zh), false, NULL));
			for (j = 0; (o = enum_at(sets[s], j)) != NULL; j++)
				if (o != e && (o->value == e->value || strcmp(o->name, e->name) == 0 ||
				    strcmp(o->name, e->label) == 0 ||
				    strcmp(o->label, e->label) == 0 || strcmp(o->zh, e->zh) == 0))
					fail_msg("%s: %s and %s", sets[s], o->name, e->name);
		}
		assert_true(i > 0);
		assert_null(enum_at(sets[s], i));
		assert_null(enum_by_value(sets[s], 0));
		assert_null(enum_by_value(sets[s], -1));
		assert_null(enum_by_value(sets[s], 65536));
		assert_null(enum_by_name(sets[s], ""));
	}
	assert_int_equal(all, 23 + 6 + 5 + 4 + 5 + 12 + 4 + 5 + 13 + 7 + 6 + 7 + 2 + 5 +
	    25 + 4 + 6 + 6 + 6 + 3 + 23);
	assert_null(enum_at("nothing", 0));
	assert_null(enum_by_value("nothing", 1));
	assert_null(enum_by_name("nothing", "report"));
}

/* Values travel on the wire: these pairs are the contract, whatever becomes of the tables. */
static void
values_never_change(void **state)
{
	static const struct {
		const char *set, *name, *zh;
		int value;
	} cases[] = {
		{ "kind", "report", "报告", 1 }, { "kind", "zero", "零报告", 10 }, { "kind", "intake", "接报", 18 },
		{ "stage", "first", "首报", 1 }, { "stage", "withdrawal", "撤回", 6 },
		{ "grade", "I", "特别重大", 1 }, { "grade", "II", "重大", 2 },
		{ "grade", "III", "较大", 3 }, { "grade", "IV", "一般", 4 },
		{ "grade", "undetermined", "未定", 9 },
		{ "precedence", "flash", "特提", 1 }, { "precedence", "urgent", "特急", 2 },
		{ "precedence", "priority", "加急", 3 },
		{ "precedence", "routine", "平急", 4 },
		{ "act", "delivered", "送达", 1 }, { "act", "read", "已阅", 2 },
		{ "act", "signed", "签收", 3 }, { "act", "taken", "接办", 4 },
		{ "act", "returned", "退回", 5 },
		{ "channel", "phone", "电话", 1 }, { "channel", "media", "舆情", 7 },
		{ "progress", "started", "已开始", 1 }, { "progress", "cannot", "无法完成", 4 },
		{ "colour", "red", "红", 1 }, { "colour", "blue", "蓝", 4 }, { "colour", "unknown", "未知", 9 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		const struct enum_name *e = enum_by_value(cases[i].set, cases[i].value);

		assert_non_null(e);
		assert_string_equal(e->name, cases[i].name);
		assert_string_equal(e->zh, cases[i].zh);
	}
}

static void
language(void **state)
{
	static const char *const locales[] = { "", "C", "POSIX", "no_SUCH.locale", "zh_CN.GBK" };
	size_t i;

	(void)state;
	assert_int_equal(unsetenv("DUTYDESK_LANG"), 0);
	for (i = 0; i < COUNT(locales); i++) {
		assert_int_equal(setenv("LC_ALL", locales[i], 1), 0);
		i18n_init(NULL);
		assert_true(i18n_zh());
		assert_string_equal(getenv("LANGUAGE"), "zh_CN");
		i18n_init("en");
		assert_false(i18n_zh());
		assert_string_equal(getenv("LANGUAGE"), "en");
		assert_string_equal(_("no such message"), "no such message");
	}
	assert_int_equal(setenv("DUTYDESK_LANG", "en", 1), 0);
	i18n_init(NULL);
	assert_false(i18n_zh());
	i18n_init("zh");
	assert_true(i18n_zh());
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_are_unique_and_found), cmocka_unit_test(rows_are_sane),
		cmocka_unit_test(enumerations_round_trip), cmocka_unit_test(values_never_change),
		cmocka_unit_test(language),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
