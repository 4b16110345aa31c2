/*
 * The strip's rows: what is missing first, nothing over its cells, what does not fit counted; a draft's steps by key; a
 * form that comes back with what it was prefilled with.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "../../formats/buf.h"
#include "../../formats/i18n.h"
#include "../../formats/text.h"
#include "../../tui/chain.h"
#include "../../tui/form.h"
#include "../../tui/review.h"

static json_t *
element(const char *name, const char *state, int must)
{
	const char *word = strcmp(state, "missing") == 0 ? "MISS" : strcmp(state, "unknown") == 0 ? "UNKN" : "here";

	return json_pack("{s:s, s:s, s:s, s:b}", "name", name, "state", state, "state_name", word, "must", must);
}

static void
elements_in_order(void **state)
{
	json_t *a = json_pack("{s:[o, o, o, o, o]}", "elements", element("e1", "present", 0), element("e2", "missing", 0),
	    element("e3", "unknown", 0), element("e4", "missing", 1), element("e5", "na", 0));
	struct buf b = { 0 };

	(void)state;
	review_elements(a, 70, &b);
	assert_string_equal(buf_cstr(&b), "[MISS]e4 e2 [UNKN]e3 [v]e1");
	buf_free(&b);
	json_decref(a);
}

static void
nothing_missing_says_nothing(void **state)
{
	json_t *a = json_pack("{s:[o, o]}", "elements", element("e1", "present", 1), element("e5", "na", 0));
	struct buf b = { 0 };

	(void)state;
	review_elements(a, 70, &b);
	assert_int_equal(b.n, 0);
	review_elements(NULL, 70, &b);
	assert_int_equal(b.n, 0);
	buf_free(&b);
	json_decref(a);
}

/* Which number is wrong is for a person to see: both stand there. */
static void
conflict_names_the_ledger(void **state)
{
	json_t *a = json_pack("{s:[{s:s, s:s}, {s:s}]}", "conflicts", "text", "said 3", "ledger", "1", "text", "bare");
	struct buf b = { 0 };

	(void)state;
	review_conflicts(a, 67, &b);
	assert_non_null(strstr(buf_cstr(&b), "said 3 (entered: 1)"));
	assert_non_null(strstr(buf_cstr(&b), "bare"));
	buf_free(&b);
	json_decref(a);
}

/* Whatever the names, the row stays within its cells and no group loses its count. */
static void
rows_stay_within_cells(void **state)
{
	static const int widths[] = { 40, 50, 67, 69, 120 };

	(void)state;
	for (size_t w = 0; w < sizeof(widths) / sizeof(widths[0]); w++)
		for (size_t n = 1; n < 40; n += 3) {
			json_t *list = json_array(), *a;
			struct buf b = { 0 };

			for (size_t i = 0; i < n; i++) {
				(void)json_array_append_new(list, element("要素名称很长", "missing", i % 2 == 0));
				(void)json_array_append_new(list, element("不明的", "unknown", 0));
				(void)json_array_append_new(list, element("有", "present", 0));
			}
			a = json_pack("{s:o}", "elements", list);
			review_elements(a, widths[w], &b);
			assert_true(text_cells(buf_cstr(&b)) <= widths[w]);
			assert_non_null(strstr(buf_cstr(&b), "[MISS]"));
			assert_non_null(strstr(buf_cstr(&b), "[UNKN]"));
			assert_non_null(strstr(buf_cstr(&b), "[v]"));
			buf_free(&b);
			json_decref(a);
		}
}

static void
long_conflict_is_cut(void **state)
{
	char text[600];
	json_t *a;
	struct buf b = { 0 };

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	a = json_pack("{s:[{s:s}, {s:s}, {s:s}]}", "conflicts", "text", text, "text", "two", "text", "three");
	review_conflicts(a, 60, &b);
	assert_true(text_cells(buf_cstr(&b)) <= 60);
	assert_non_null(strstr(buf_cstr(&b), "..."));
	assert_non_null(strstr(buf_cstr(&b), " +2"));
	buf_free(&b);
	json_decref(a);
}

static void
falls_before_changes(void **state)
{
	struct review r = { .changes = (char[]){ "light 1 to 2\nevacuated 3 to 4\n" } };
	struct buf b = { 0 };

	(void)state;
	r.answer = json_pack("{s:[{s:s, s:s, s:s}]}", "falls", "name", "dead", "old", "2", "new", "1");
	review_differences(&r, 90, &b);
	assert_string_equal(buf_cstr(&b), "falls, give the reason: dead 2 to 1 light 1 to 2 evacuated 3 to 4");
	buf_clear(&b);
	r.reason = true;
	review_differences(&r, 50, &b);
	assert_string_equal(buf_cstr(&b), "falls (reason given): dead 2 to 1 +2");
	buf_free(&b);
	json_decref(r.answer);
}

static void
steps_by_key(void **state)
{
	static const struct {
		struct key k;
		enum chain_step step;
	} cases[] = {
		{ { .code = TK_CHAR, .cp = 'k' }, CHAIN_PASS }, { { .code = TK_CHAR, .cp = 'K' }, CHAIN_PASS },
		{ { .code = TK_CHAR, .cp = 0xff2b }, CHAIN_PASS }, { { .code = TK_CHAR, .cp = 0xff4b }, CHAIN_PASS },
		{ { .code = TK_F0 + 10 }, CHAIN_APPROVE }, { { .code = TK_CHAR, .cp = 'q' }, CHAIN_APPROVE },
		{ { .code = TK_F0 + 8 }, CHAIN_TRY }, { { .code = TK_CHAR, .cp = 'x' }, CHAIN_NONE },
		{ { .code = TK_CHAR, .cp = 'q', .pasted = true }, CHAIN_NONE }, { { .code = TK_CTRL, .cp = 'Q' }, CHAIN_NONE },
		{ { .code = TK_F0 + 1 }, CHAIN_NONE }, { { .code = TK_ENTER }, CHAIN_NONE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(chain_key(&cases[i].k), cases[i].step);
}

/* A follow-up saved and opened again still knows which figures are others than in the last version. */
static void
form_keeps_what_it_was_prefilled_with(void **state)
{
	struct form a, b;
	json_t *saved;

	(void)state;
	form_init(&a, NULL);
	form_init(&b, NULL);
	form_add(&a, F_TITLE);
	form_add(&a, F_DEAD);
	form_add(&b, F_TITLE);
	form_add(&b, F_DEAD);
	form_set(&a, F_DEAD, "3");
	edit_set(&form_cell(&a, F_DEAD)->text, "2");
	saved = form_save(&a);
	form_restore(&b, saved);
	assert_string_equal(form_get(&b, F_DEAD), "2");
	assert_true(form_changed(form_cell(&b, F_DEAD)));
	assert_string_equal(form_cell(&b, F_DEAD)->initial, "3");
	/* A draft of an earlier desk has none of it. */
	(void)json_object_del(saved, "initial");
	form_free(&b);
	form_init(&b, NULL);
	form_add(&b, F_DEAD);
	form_restore(&b, saved);
	assert_string_equal(form_get(&b, F_DEAD), "2");
	json_decref(saved);
	form_free(&a);
	form_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(elements_in_order),
		cmocka_unit_test(nothing_missing_says_nothing),
		cmocka_unit_test(rows_stay_within_cells),
		cmocka_unit_test(conflict_names_the_ledger),
		cmocka_unit_test(long_conflict_is_cut),
		cmocka_unit_test(falls_before_changes),
		cmocka_unit_test(steps_by_key),
		cmocka_unit_test(form_keeps_what_it_was_prefilled_with),
	};

	i18n_init("en");
	return cmocka_run_group_tests_name("tui_review", tests, NULL, NULL);
}
