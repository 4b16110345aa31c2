/* The national rules and the profiles that are shipped: they load, nothing is odd about them, and each limit is that of its clause. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include "../../formats/conf.h"
#include "../../formats/rules.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define T_2026 INT64_C(1795305600000) /* 2026-11-22 00:00 UTC */

static char conf[4096];

static struct rules *
load(const char *profiles)
{
	struct fault f = {0};
	struct rules *r = rules_load_profiles(conf, profiles, &f);
	char text[1024];

	if (r == NULL)
		fail_msg("%s", fault_format(&f, text, sizeof text));
	return r;
}

struct remarks {
	size_t n;
	size_t line;
	char text[600];
};

static void
remark(void *ctx, const char *file, size_t line, const char *text)
{
	struct remarks *m = ctx;

	assert_non_null(strstr(file, "/rules/"));
	m->n++;
	m->line = line;
	snprintf(m->text, sizeof m->text, "%s", text);
}

static void
shipped_is_clean(void **state)
{
	static const char *const sets[] = {"", "chongqing", "wuhan", "henan", "county-towns", "xs-sample", "zero-daily", "xs-sample,zero-daily"};

	(void)state;
	for (size_t i = 0; i < COUNT(sets); i++) {
		struct rules *r = load(sets[i]);
		struct remarks m = {0};

		rules_remarks(r, remark, &m);
		if (m.n > 0)
			fail_msg("%s: %s", sets[i], m.text);
		assert_string_equal(rules_profiles(r), sets[i]);
		rules_free(r);
	}
}

static void
shipped_limits(void **state)
{
	static const struct {
		const char *profile, *station, *level, *code;
		int grade;
		bool risk;
		enum owed what;
		enum rule_scope scope;
		int64_t minutes; /* 0: none */
		const char *clause; /* holds */
	} t[] = {
	    /* national */
	    {"", "330225", "county", "yjpt:12G00", GRADE_IV, false, OWED_REPORT_WRITTEN, SCOPE_HOP, 120, "第493号第十一条"},
	    {"", "330225", "county", "yjpt:12D00", GRADE_I, false, OWED_REPORT_WRITTEN, SCOPE_HOP, 120, "第493号第十一条"},
	    {"", "x-plant", "unit", "yjpt:12D00", 0, false, OWED_REPORT_WRITTEN, SCOPE_HOP, 60, "第493号第九条"},
	    {"", "330225", "county", "yjpt:12Q01", GRADE_IV, false, OWED_REPORT_WRITTEN, SCOPE_HOP, 120, "样例"},
	    {"", "330225", "county", "yjpt:12T00", GRADE_IV, false, OWED_REPORT_WRITTEN, SCOPE_HOP, 120, "样例"},
	    {"", "330225", "county", "yjpt:11D01", 0, false, OWED_REPORT_WRITTEN, SCOPE_HOP, 120, "应急〔2020〕19号"},
	    {"", "330225", "county", "yjpt:11D01", 0, true, OWED_REPORT_WRITTEN, SCOPE_CHAIN, 120, "省级"},
	    {"", "330225", "county", "yjpt:11D01", 0, false, OWED_REPORT_WRITTEN, SCOPE_CHAIN, 0, ""},
	    {"", "330225", "county", "yjpt:13A00", 0, false, OWED_REPORT_WRITTEN, SCOPE_HOP, 120, "第十九条、第二十条"},
	    {"", "330000", "province", "yjpt:13A00", 0, false, OWED_REPORT_WRITTEN, SCOPE_HOP, 60, "第十九条"},
	    {"", "330225", "county", "yjpt:14A00", GRADE_III, false, OWED_REPORT_WRITTEN, SCOPE_HOP, 120, "样例"},
	    {"", "330225", "county", "", 0, false, OWED_REPORT_WRITTEN, SCOPE_HOP, 120, "样例"},
	    {"", "330225", "county", "yjpt:12G00", GRADE_II, false, OWED_REPORT_PHONE, SCOPE_CHAIN, 30, "国务院应急办2015"},
	    {"", "330225", "county", "yjpt:12G00", GRADE_II, false, OWED_REPORT_WRITTEN, SCOPE_CHAIN, 60, "国务院应急办2015"},
	    {"", "330200", "city", "yjpt:11A00", GRADE_I, false, OWED_REPORT_WRITTEN, SCOPE_CHAIN, 60, "国务院应急办2015"},
	    {"", "330225", "county", "yjpt:12G00", GRADE_III, false, OWED_REPORT_WRITTEN, SCOPE_CHAIN, 0, ""},
	    {"", "330225", "county", "yjpt:12G00", 0, false, OWED_REPORT_PHONE, SCOPE_CHAIN, 0, ""},
	    {"", "330225", "county", "yjpt:12A00", 0, false, OWED_SUPPLEMENT, SCOPE_HOP, 43200, "30日"},
	    {"", "330225", "county", "yjpt:12H00", 0, false, OWED_SUPPLEMENT, SCOPE_HOP, 10080, "7日"},
	    {"", "330225", "county", "yjpt:12G05", 0, false, OWED_SUPPLEMENT, SCOPE_HOP, 10080, "7日"},
	    {"", "330225", "county", "yjpt:11A00", 0, false, OWED_SUPPLEMENT, SCOPE_HOP, 0, ""},
	    /* Chongqing */
	    {"chongqing", "500103", "county", "yjpt:12G00", GRADE_III, false, OWED_REPORT_WRITTEN, SCOPE_HOP, 60, "第二十八条"},
	    {"chongqing", "500103", "county", "yjpt:12G00", GRADE_I, false, OWED_REPORT_WRITTEN, SCOPE_HOP, 60, "第二十八条"},
	    {"chongqing", "500103", "county", "yjpt:12G00", 0, false, OWED_REPORT_WRITTEN, SCOPE_HOP, 60, "等级未定按较大计"},
	    {"chongqing", "500103", "county", "yjpt:12G00", GRADE_IV, false, OWED_REPORT_WRITTEN, SCOPE_HOP, 120, "第493号"},
	    {"chongqing", "510104", "county", "yjpt:12G00", GRADE_III, false, OWED_REPORT_WRITTEN, SCOPE_HOP, 120, "第493号"},
	    /* Wuhan */
	    {"wuhan", "420106", "county", "yjpt:12G00", GRADE_IV, false, OWED_REPORT_WRITTEN, SCOPE_HOP, 120, ""},
	    {"wuhan", "420106", "county", "yjpt:12G00", GRADE_III, false, OWED_REPORT_WRITTEN, SCOPE_HOP, 60, "武汉"},
	    {"wuhan", "420106", "county", "yjpt:12G00", GRADE_II, false, OWED_REPORT_WRITTEN, SCOPE_HOP, 30, "武汉"},
	    {"wuhan", "420106", "county", "yjpt:11A00", GRADE_I, false, OWED_REPORT_WRITTEN, SCOPE_HOP, 30, "武汉"},
	    {"wuhan", "420106", "county", "", 0, false, OWED_REPORT_WRITTEN, SCOPE_HOP, 60, "武汉"},
	    {"wuhan", "420281", "county", "yjpt:12G00", GRADE_II, false, OWED_REPORT_WRITTEN, SCOPE_HOP, 120, "第493号"},
	    /* Henan */
	    {"henan", "410122", "county", "yjpt:12G00", GRADE_II, false, OWED_REPORT_PHONE, SCOPE_HOP, 15, "河南"},
	    {"henan", "410122", "county", "yjpt:12G00", GRADE_I, false, OWED_REPORT_WRITTEN, SCOPE_HOP, 35, "河南"},
	    {"henan", "410100", "city", "yjpt:12G00", GRADE_III, false, OWED_REPORT_WRITTEN, SCOPE_HOP, 60, "河南"},
	    {"henan", "410122", "county", "yjpt:12G00", GRADE_IV, false, OWED_REPORT_WRITTEN, SCOPE_HOP, 360, "河南"},
	    {"henan", "410122", "county", "", GRADE_IV, false, OWED_REPORT_WRITTEN, SCOPE_HOP, 360, "河南"},
	    {"henan", "410122", "county", "yjpt:11A00", GRADE_IV, false, OWED_REPORT_WRITTEN, SCOPE_HOP, 120, "应急〔2020〕19号"},
	    {"henan", "410122", "county", "yjpt:12G00", 0, false, OWED_REPORT_WRITTEN, SCOPE_HOP, 60, "未定"},
	    {"henan", "330225", "county", "yjpt:12G00", GRADE_II, false, OWED_REPORT_PHONE, SCOPE_HOP, 0, ""},
	    {"henan", "410122-yingji", "county", "yjpt:12G00", 0, false, OWED_FOLLOWUP, SCOPE_HOP, 900, "08:00"},
	    /* a county's towns */
	    {"county-towns", "330225102", "township", "", 0, false, OWED_REPORT_PHONE, SCOPE_HOP, 20, "某县"},
	    {"county-towns", "330225102", "township", "yjpt:11A00", GRADE_I, false, OWED_REPORT_WRITTEN, SCOPE_HOP, 40, "某县"},
	    /* the sample county, K1-K6 */
	    {"xs-sample", "330225102", "township", "", 0, false, OWED_REPORT_PHONE, SCOPE_HOP, 20, "K1"},
	    {"xs-sample", "330225102", "township", "yjpt:12G00", GRADE_II, false, OWED_REPORT_WRITTEN, SCOPE_HOP, 40, "K1"},
	    {"xs-sample", "330225", "county", "yjpt:12G00", GRADE_III, false, OWED_REPORT_PHONE, SCOPE_HOP, 30, "K2"},
	    {"xs-sample", "330225", "county", "yjpt:12G00", GRADE_III, false, OWED_REPORT_WRITTEN, SCOPE_HOP, 60, "K2"},
	    {"xs-sample", "330225", "county", "yjpt:12H00", GRADE_IV, true, OWED_REPORT_PHONE, SCOPE_HOP, 30, "K2"},
	    {"xs-sample", "330225", "county", "yjpt:12H00", GRADE_IV, true, OWED_REPORT_WRITTEN, SCOPE_HOP, 60, "K2"},
	    {"xs-sample", "330225", "county", "yjpt:12H00", GRADE_IV, false, OWED_REPORT_WRITTEN, SCOPE_HOP, 120, "K3"},
	    {"xs-sample", "330225", "county", "yjpt:12H00", GRADE_IV, false, OWED_REPORT_PHONE, SCOPE_HOP, 0, ""},
	    {"xs-sample", "330225", "county", "yjpt:11D01", 0, false, OWED_REPORT_PHONE, SCOPE_HOP, 30, "未定"},
	    {"xs-sample", "330225", "county", "yjpt:11D01", 0, false, OWED_REPORT_WRITTEN, SCOPE_HOP, 60, "未定"},
	    {"xs-sample", "330225", "county", "yjpt:12H00", GRADE_II, false, OWED_REPORT_WRITTEN, SCOPE_CHAIN, 60, "国务院应急办2015"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		struct rules *r = load(t[i].profile);
		struct rule_ask ask = {.what = t[i].what, .station = t[i].station, .level = t[i].level, .code = t[i].code, .grade = t[i].grade,
		    .prec = PREC_PRIORITY, .risk = t[i].risk, .scope = t[i].scope, .at = T_2026};
		struct deadline d;
		bool any = rules_deadline(r, &ask, &d);

		if (any != (t[i].minutes != 0) || (any && (d.minutes != t[i].minutes || strstr(d.clause, t[i].clause) == NULL)))
			fail_msg("%zu %s %s: %lld %s", i, t[i].profile, t[i].code, any ? (long long)d.minutes : 0, any ? d.clause : "");
		if (any) {
			assert_true(d.line > 1);
			assert_int_equal(d.scope, t[i].scope);
			assert_true(d.scope == SCOPE_HOP || d.endpoint[0] != '\0');
			assert_string_equal(d.profile, strstr(d.file, "/profiles/") != NULL ? t[i].profile : "");
		}
		rules_free(r);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(shipped_is_clean), cmocka_unit_test(shipped_limits)};
	struct fault f = {0};

	if (conf_dir(conf, sizeof conf, &f) == NULL)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
