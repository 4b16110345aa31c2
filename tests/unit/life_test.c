/* The tables of life.h, every state with every event, the names, the tries and the way past an absent leader. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "../../formats/conf.h"
#include "../../formats/life.h"
#include "../lib/rulesdir.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define MINUTE 60000

/* Each matrix is written out whole: 0 where nothing moves. */
static void
test_draft_table(void **state)
{
	static const int next[5][11] = {
	    /*	 -  edit submit pass return take try approve unsigned send - */
	    {0},
	    {0, 1, 2, 0, 0, 0, 1, 0, 4, 4, 0},
	    {0, 1, 0, 3, 1, 1, 2, 4, 4, 4, 0},
	    {0, 1, 0, 0, 1, 1, 3, 4, 4, 4, 0},
	    {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
	};

	(void)state;
	for (int s = -1; s <= 5; s++)
		for (int e = -1; e <= 10; e++) {
			int want = s < 0 || s > 4 || e < 0 ? 0 : next[s][e];

			if (life_draft_next(s, e) != want)
				fail_msg("draft %d event %d: %d, not %d", s, e, life_draft_next(s, e), want);
		}
	/* Nothing holds up sending: from every state before it there is a way without anybody else. */
	for (int s = DRAFT_WRITING; s < DRAFT_SENT; s++) {
		assert_int_equal(life_draft_next(s, DRAFT_SEND), DRAFT_SENT);
		assert_int_equal(life_draft_next(s, DRAFT_UNSIGNED), DRAFT_SENT);
		assert_int_equal(life_draft_next(s, DRAFT_EDIT), DRAFT_WRITING);
	}
}

static void
test_event_table(void **state)
{
	/* steps 1..14, then taken, final, news */
	static const int next[8][17] = {
	    {0}, {2, 3, 4, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 3, 5, 0}, /* 接报 */
	    {0, 3, 4, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 3, 5, 0},      /* 核实 */
	    {0, 0, 4, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0},      /* 在办 */
	    {0, 0, 0, 0, 6, 3, 7, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0},      /* 处置毕 */
	    {0, 0, 0, 0, 6, 3, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},      /* 终报 */
	    {0, 0, 0, 0, 0, 3, 7, 0, 0, 0, 0, 0, 0, 0, 0, 5, 3},      /* 归档 */
	    {0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},      /* 并案 */
	};

	(void)state;
	for (int s = -1; s <= 8; s++)
		for (int e = -1; e <= 110; e++) {
			int col = e >= 1 && e <= 14			      ? e - 1
				  : e >= EVENT_BY_TAKEN && e <= EVENT_BY_NEWS ? e - 101 + 14
									      : -1;
			int want = s < 0 || s > 7 || col < 0 ? 0 : next[s][col];

			if (life_event_next(s, e) != want)
				fail_msg("event %d by %d: %d, not %d", s, e, life_event_next(s, e), want);
		}
	/* The menu offers each step of the table once, and nothing that is no step. */
	for (int s = 0; s <= 8; s++) {
		bool seen[15] = {false};
		size_t i = 0;
		int step;

		for (; (step = life_event_step(s, i)) != 0; i++) {
			assert_in_range((uintmax_t)step, 1, 14);
			assert_false(seen[step]);
			seen[step] = true;
			assert_int_not_equal(life_event_next(s, step), 0);
		}
		for (int e = 1; e <= 14; e++)
			assert_int_equal(seen[e], life_event_next(s, e) != 0);
		assert_int_equal(life_event_step(s, i + 1), 0);
		assert_int_equal(life_event_step(s, SIZE_MAX), 0);
	}
	/* The ordinary way comes first. */
	assert_int_equal(life_event_step(EVENT_REPORTED, 0), STEP_VERIFIED);
	assert_int_equal(life_event_step(EVENT_ARCHIVED, 0), STEP_REOPENED);
}

static void
check_names(const struct life_name *(*by)(int), int last, const char *const *names)
{
	for (int i = -1; i <= last + 1; i++) {
		const struct life_name *n = by(i);

		if (i < 1 || i > last) {
			assert_null(n);
			continue;
		}
		assert_non_null(n);
		assert_int_equal(n->value, i);
		assert_string_equal(n->zh, names[i - 1]);
		assert_true(n->label[0] != '\0');
		for (const char *p = n->name; *p != '\0'; p++)
			assert_true((*p >= 'a' && *p <= 'z') || *p == '-');
		for (int k = 1; k < i; k++)
			assert_string_not_equal(by(k)->name, n->name);
	}
}

static void
test_names(void **state)
{
	static const char *const draft[] = {"草稿", "待核", "待签", "已发"},
				 *const event[] = {"修改", "送核", "核过", "退回", "收回", "请示", "签发", "先报后签",
				     "直发"},
				 *const report[] = {"已发", "退回", "更正", "撤回", "办结"},
				 *const life[] = {"接报", "核实", "在办", "处置毕", "终报", "归档", "并案"};

	(void)state;
	check_names(life_draft_state, 4, draft);
	check_names(life_draft_event, 9, event);
	check_names(life_report_state, 5, report);
	check_names(life_event_state, 7, life);
	for (int e = DRAFT_EDIT; e <= DRAFT_SEND; e++)
		assert_int_equal(life_draft_event_by_name(life_draft_event(e)->name), e);
	assert_int_equal(life_draft_event_by_name("approve"), DRAFT_APPROVE);
	assert_int_equal(life_draft_event_by_name("Approve"), 0);
	assert_int_equal(life_draft_event_by_name(""), 0);
	assert_int_equal(life_draft_event_by_name(NULL), 0);
}

static void
test_tries(void **state)
{
	static const struct {
		struct life_try t;
		const char *text;
	} good[] = {
	    {{1763787393000, "13900000001", OUTCOME_NO_ANSWER, "赵 镇长"},
		"2025-11-22T12:56:33.000+08:00 13900000001 no-answer 赵 镇长"},
	    {{1763787393123, "0574-65001", OUTCOME_BUSY, ""}, "2025-11-22T12:56:33.123+08:00 0574-65001 busy"},
	    {{0, "", OUTCOME_REACHED, "王"}, "1970-01-01T08:00:00.000+08:00 - reached 王"},
	    {{0, "110", 41, "王"}, "1970-01-01T08:00:00.000+08:00 110 41 王"}, /* an outcome of a later version */
	};
	static const char *const bad[] = {"", " ", "2025-11-22T12:56:33+08:00", "2025-11-22T12:56:33+08:00 110",
	    "2025-11-22T12:56:33+08:00 110 ", "2025-11-22T12:56:33+08:00  no-answer",
	    "2025-11-22T12:56:33+08:00 110 asleep", "2025-11-22T12:56:33 110 busy",
	    "2026-02-30T12:56:33+08:00 110 busy", "yesterday 110 busy", "2025-11-22T12:56:33+08:00 11\t0 busy",
	    "2025-11-22T12:56:33+08:00 110 0", "2025-11-22T12:56:33+08:00 110 65536",
	    "2025-11-22T12:56:33+08:00 110 -1", "2025-11-22T12:56:33+08:00 110 1x",
	    "2025-11-22T12:56:33+08:00 1234567890123456789012345678901234567890123456789 busy",
	    "2025-11-22T12:56:33+08:00 1111111111111111111111111111111111111111111111111111111111111111111111 busy"};
	struct life_try t;
	char out[257];

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		life_try_format(&good[i].t, out, sizeof out);
		assert_string_equal(out, good[i].text);
		assert_true(life_try_parse(out, &t));
		assert_int_equal(t.at, good[i].t.at);
		assert_int_equal(t.outcome, good[i].t.outcome);
		assert_string_equal(t.number, good[i].t.number);
		assert_string_equal(t.person, good[i].t.person);
	}
	for (size_t i = 0; i < COUNT(bad); i++)
		if (life_try_parse(bad[i], &t))
			fail_msg("\"%s\" was taken", bad[i]);
	/* What people type: blanks in the number, a line feed in the name, names too long; nothing runs over. */
	memset(&t, 0, sizeof t);
	(void)snprintf(t.number, sizeof t.number, "139 0000\n0001");
	(void)snprintf(t.person, sizeof t.person, "赵\n\033[2J钱");
	t.outcome = OUTCOME_OFF;
	life_try_format(&t, out, sizeof out);
	assert_null(strpbrk(out, "\n\033"));
	assert_true(life_try_parse(out, &t));
	assert_memory_equal(t.number, "1390000", 7);
	memset(t.number, '8', sizeof t.number - 1);
	memset(t.person, 'x', sizeof t.person - 1);
	life_try_format(&t, out, sizeof out);
	assert_true(strlen(out) < sizeof out && life_try_parse(out, &t));
	assert_int_equal(strlen(t.number), sizeof t.number - 1);
	assert_int_equal(strlen(t.person), sizeof t.person - 1);
	life_try_format(&t, out, 8);
	assert_int_equal(strlen(out), 7);
}

/* Rows: numbers wanted, minutes; who was tried when (minutes); now; in order?; from when. */
static void
test_unsigned(void **state)
{
	static const struct {
		const char *what;
		const char *numbers, *minutes;
		struct {
			int64_t at;
			const char *number;
		} t[4];
		size_t n;
		int64_t now;
		bool ok;
		int64_t from;
	} cases[] = {
	    {"nobody tried", "2", "5", {{0, ""}}, 0, 99, false, -1},
	    {"one number, too early", "2", "5", {{10, "1"}}, 1, 14, false, 15},
	    {"one number, time is up", "2", "5", {{10, "1"}}, 1, 15, true, 15},
	    {"the same number twice", "2", "5", {{10, "1"}, {11, "1"}}, 2, 11, false, 15},
	    {"two numbers", "2", "5", {{10, "1"}, {11, "2"}}, 2, 11, true, 11},
	    {"two numbers, out of order", "2", "5", {{11, "2"}, {10, "1"}}, 2, 11, true, 11},
	    {"the repeat comes first in the list", "2", "5", {{12, "1"}, {10, "1"}, {11, "2"}}, 3, 12, true, 11},
	    {"the second came after time was up", "2", "5", {{10, "1"}, {20, "2"}}, 2, 20, true, 15},
	    {"a clock set back takes nothing away", "2", "5", {{10, "1"}, {11, "2"}}, 2, 3, true, 11},
	    {"no number is no number", "2", "5", {{10, ""}, {11, "2"}}, 2, 11, false, 15},
	    {"three are wanted", "3", "7", {{10, "1"}, {11, "2"}}, 2, 16, false, 17},
	    {"three were tried", "3", "7", {{10, "1"}, {11, "2"}, {12, "3"}}, 3, 12, true, 12},
	    {"one is enough", "1", "5", {{10, "1"}}, 1, 10, true, 10},
	};
	char dir[64], sub[80], path[128], conf[4096];
	struct fault f = {0};

	(void)state;
	(void)snprintf(dir, sizeof dir, "/tmp/life_test.XXXXXX");
	assert_non_null(mkdtemp(dir));
	(void)snprintf(sub, sizeof sub, "%s/rules", dir);
	assert_int_equal(mkdir(sub, 0700), 0);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct life_try t[4];
		struct rules *r;
		int64_t from;
		FILE *fp;
		bool ok;

		memset(t, 0, sizeof t);
		rulesdir_clear(dir);
		assert_true(rulesdir_fill(dir));
		(void)snprintf(path, sizeof path, "%s/rules/numbers.local.tsv", dir);
		fp = fopen(path, "w");
		assert_non_null(fp);
		fprintf(fp,
		    "name\tnumber\tunit\tclause\tin_force_since\nunsigned_numbers\t%s\tnumber\tx\t\n"
		    "unsigned_minutes\t%s\tmin\tx\t\n",
		    cases[i].numbers, cases[i].minutes);
		assert_int_equal(fclose(fp), 0);
		r = rules_load(dir, &f);
		if (r == NULL)
			fail_msg("%s", f.text);
		for (size_t k = 0; k < cases[i].n; k++) {
			t[k].at = cases[i].t[k].at * MINUTE;
			(void)snprintf(t[k].number, sizeof t[k].number, "%s", cases[i].t[k].number);
		}
		ok = life_unsigned_ok(t, cases[i].n, cases[i].now * MINUTE, r, &from);
		if (ok != cases[i].ok || from != (cases[i].from < 0 ? INT64_MAX : cases[i].from * MINUTE))
			fail_msg("%s: %d from %lld", cases[i].what, ok, (long long)from);
		/* Instants at the edge of what the wire may hold do not run over. */
		t[0].at = INT64_MAX;
		(void)life_unsigned_ok(t, 1, 0, r, &from);
		t[0].at = INT64_MIN;
		(void)life_unsigned_ok(t, 1, 0, r, &from);
		rules_free(r);
		(void)unlink(path);
	}
	rulesdir_clear(dir);
	(void)rmdir(sub);
	(void)rmdir(dir);
	/* The shipped rules know both numbers. */
	assert_non_null(conf_dir(conf, sizeof conf, &f));
	{
		struct rules *r = rules_load(conf, &f);
		struct life_try t = {.at = 0, .number = "1"};
		int64_t from;

		assert_non_null(r);
		assert_false(life_unsigned_ok(NULL, 0, INT64_MAX, r, &from));
		assert_true(life_unsigned_ok(&t, 1, rules_number(r, NUMBER_UNSIGNED_MINUTES) * MINUTE, r, &from));
		rules_free(r);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_draft_table),
	    cmocka_unit_test(test_event_table),
	    cmocka_unit_test(test_names),
	    cmocka_unit_test(test_tries),
	    cmocka_unit_test(test_unsigned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
