/* The duty log as it is listed: a call with who called and who was told, a step by its name, plain words as they were written. */
#include "order_help.h"

static void
lines(void **state)
{
	static const struct {
		const char *text, *step;
		const char *fields[20];
	} t[] = {
	    {"今日无事\n设备正常", NULL, {"text", "今日无事\n设备正常"}},
	    {"西周镇 周强 通信员 13805740001: 上坪村断路;已告知 县交通局 21:35", "",
		{"channel", "phone", "caller", "周强", "caller_unit", "西周镇", "caller_post", "通信员", "caller_phone", "13805740001", "text", "上坪村断路",
		    "told", "县交通局 21:35"}},
	    {"周强: 断路", "", {"caller", "周强", "text", "断路"}},
	    {"断路;已告知 县交通局", "", {"text", "断路", "told", "县交通局"}},
	    {"周强: 第一行 第二行", "", {"caller", "周强", "text", "第一行\n第二行"}},
	    {"领导意见 副县长: 先压一压", "opinion", {"duty_step", "opinion", "person", "副县长", "text", "先压一压"}},
	    {"试机 何勇 传真 正常", "equipment",
		{"duty_step", "equipment", "equipment", "传真", "outcome", "reached", "person", "何勇", "text", "传真"}},
	    {"试机 何勇 传真 正常: 纸将尽", "equipment",
		{"duty_step", "equipment", "equipment", "传真", "outcome", "reached", "person", "何勇", "text", "纸将尽"}},
	};
	struct world *w = county_new(S1(21, 30));
	json_t *o, *e;

	(void)state;
	for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
		const char *f[24] = {"kind", "log"};
		char rid[32];

		memcpy(f + 2, t[i].fields, sizeof t[i].fields);
		(void)snprintf(rid, sizeof rid, "log %zu", i);
		(void)sent(w, rid, f);
	}
	for (int after = 0; after < 2; after++) {
		o = ask(w, "log", after ? json_pack("{s:i}", "after", 0) : json_object());
		assert_int_equal(json_array_size(json_object_get(o, "messages")), sizeof t / sizeof t[0]);
		for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
			const char *step;

			e = json_array_get(json_object_get(o, "messages"), i);
			step = json_string_value(json_object_get(e, "step"));
			if (strcmp(str(e, "text"), t[i].text) != 0)
				fail_msg("%s, wanted %s", str(e, "text"), t[i].text);
			assert_int_equal(step != NULL, t[i].step != NULL);
			if (step != NULL)
				assert_string_equal(step, t[i].step);
		}
		json_decref(o);
	}
	world_free(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(lines)};

	return cmocka_run_group_tests(tests, load, unload);
}
