/*
 * The text being typed and the form: editing, values, candidates, drafts, prefilling.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include "../../formats/buf.h"
#include "../../formats/conf.h"
#include "../../formats/i18n.h"
#include "../../tui/form.h"
#include "../../tui/util.h"

#define NOW INT64_C(1795000000000)

static struct codebook *cb;

static bool
type(struct edit *e, const char *keys)
{
	bool changed, used = true;

	for (; *keys; keys++) {
		struct key k = { .code = TK_CHAR, .cp = (unsigned char)*keys };

		if (*keys == '<')
			k = (struct key){ .code = TK_LEFT };
		else if (*keys == '>')
			k = (struct key){ .code = TK_RIGHT };
		else if (*keys == '-')
			k = (struct key){ .code = TK_BACKSPACE };
		else if (*keys == '#')
			k = (struct key){ .code = TK_CHAR, .cp = 0x706b };
		else if (*keys == '^')
			k = (struct key){ .code = TK_HOME };
		else if (*keys == '!')
			k = (struct key){ .code = TK_DELETE };
		else if (*keys == '/')
			k = (struct key){ .code = TK_ENTER, .pasted = true };
		used &= edit_key(e, &k, &changed);
	}
	return used;
}

static void
edits(void **state)
{
	static const struct {
		const char *keys;
		bool lines;
		const char *text;
		size_t cur;
	} table[] = {
		{ "abc", false, "abc", 3 }, { "abc<<x", false, "axbc", 2 }, { "a#b", false, "a\xe7\x81\xab" "b", 5 }, { "a#b<-", false, "ab", 1 },
		{ "a#<<!", false, "\xe7\x81\xab", 0 }, { "---", false, "", 0 }, { "ab^x", false, "xab", 1 }, { "ab>>>", false, "ab", 2 },
		{ "a/b", false, "a b", 3 }, { "a/b", true, "a\nb", 3 }, { "123456789012345", false, "1234567890", 10 },
		{ "12345678#", false, "12345678", 8 },	/* three bytes do not fit into two */
	};
	struct edit e;

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		edit_init(&e, 10, table[i].lines);
		assert_true(type(&e, table[i].keys));
		if (strcmp(e.s, table[i].text) != 0 || e.cur != table[i].cur || e.len != strlen(e.s))
			fail_msg("case %zu: \"%s\" at %zu", i, e.s, e.cur);
		edit_free(&e);
	}
	edit_init(&e, 10, false);
	assert_false(edit_insert(&e, "\033[1m", 4));
	assert_false(edit_insert(&e, "\n", 1));
	assert_false(edit_insert(&e, "\xe2\x80\xae", 3));
	assert_false(edit_insert(&e, "\xe7\x81", 2));
	edit_set(&e, "\xe7\x81\xab\xe7\x81\xab\xe7\x81\xab\xe7\x81\xab");
	assert_int_equal((int)e.len, 9);	/* cut at a character */
	edit_set(&e, "a\033b\tc");
	assert_null(strchr(e.s, 033));
	assert_null(strchr(e.s, '\t'));
	edit_free(&e);
}

static void
put(struct form *f, const char *ascii)
{
	bool changed;
	struct cell *left;

	for (; *ascii; ascii++) {
		struct key k = { .code = TK_CHAR, .cp = (unsigned char)*ascii };

		if (*ascii == '\t')
			k.code = TK_TAB;
		assert_true(form_key(f, &k, &changed, &left));
	}
}

/* What a figure's cell takes, and that a refusal names the field and moves there. */
static void
figures(void **state)
{
	static const struct {
		const char *text;
		int n;		/* figures, -1: refused */
		enum figure_q q;
		int64_t value;
	} table[] = {
		{ "3", 1, FIG_EXACT, 3 }, { "0", 1, FIG_EXACT, 0 }, { "?", 1, FIG_UNKNOWN, 0 }, { "~20", 1, FIG_ABOUT, 20 }, { ">=3", 1, FIG_ATLEAST, 3 },
		{ "3@119 1@120", 2, FIG_EXACT, 3 }, { "", 0, FIG_UNKNOWN, 0 }, { "   ", 0, FIG_UNKNOWN, 0 }, { "-1", -1, FIG_UNKNOWN, 0 },
		{ "x", -1, FIG_UNKNOWN, 0 }, { "3@119;?@120", 2, FIG_EXACT, 3 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct form f;
		struct body *b = body_new();
		struct fault fault = { 0 };
		int rc;

		form_init(&f, cb);
		form_add_table(&f);
		form_set(&f, F_DEAD, table[i].text);
		rc = form_body(&f, b, NOW, &fault);
		if ((rc != 0) != (table[i].n < 0))
			fail_msg("\"%s\": %d %s", table[i].text, rc, fault.text);
		if (rc != 0) {
			assert_string_equal(fault.field, "dead");
			assert_ptr_equal(f.cell[f.focus].field, field_by_key(F_DEAD));
		} else {
			assert_int_equal((int)body_count(b, F_DEAD), table[i].n);
		}
		if (rc == 0 && table[i].n > 0) {
			assert_int_equal((int)body_first(b, F_DEAD)->u.fig.q, (int)table[i].q);
			assert_int_equal((int)body_first(b, F_DEAD)->u.fig.n, (int)table[i].value);
		}
		body_free(b);
		form_free(&f);
	}
}

/* The time a figure was true at and the code of its source are kept, though the cell shows neither; a draft keeps them too. */
static void
given_values_stand(void **state)
{
	static const struct figure in[] = {
		{ .q = FIG_EXACT, .n = 1, .source = "330225102", .asof = NOW - 86400000 }, { .q = FIG_EXACT, .n = 5, .asof = NOW - 60000 },
	};
	struct body *a = body_new(), *b = body_new();
	struct fault fault = { 0 };
	struct form f, g;
	json_t *saved;
	const struct value *v;

	(void)state;
	body_add_figure(a, F_DEAD, &in[0]);
	body_add_figure(a, F_DEAD, &in[1]);
	form_init(&f, cb);
	form_add_table(&f);
	form_prefill(&f, F_DEAD, a);
	assert_string_equal(form_get(&f, F_DEAD), "1@西周镇 5");
	/* One of the two is typed anew: it is still that source's, and no longer as of yesterday. */
	edit_set(&form_cell(&f, F_DEAD)->text, "2@西周镇 5");
	saved = form_save(&f);
	form_init(&g, cb);
	form_add_table(&g);
	form_restore(&g, saved);
	assert_string_equal(form_get(&g, F_DEAD), "2@西周镇 5");
	assert_true(form_changed(form_cell(&g, F_DEAD)));
	assert_int_equal(form_body(&g, b, NOW, &fault), 0);
	v = body_first(b, F_DEAD);
	assert_int_equal((int)v->u.fig.n, 2);
	assert_string_equal(v->u.fig.source, "330225102");
	assert_int_equal(v->u.fig.asof, 0);
	v = body_next(b, v);
	assert_int_equal((int)v->u.fig.n, 5);
	assert_int_equal(v->u.fig.asof, NOW - 60000);
	/* What was typed wins over what comes late. */
	form_offer(&g, F_DEAD, a);
	assert_string_equal(form_get(&g, F_DEAD), "2@西周镇 5");
	json_decref(saved);
	form_free(&f);
	form_free(&g);
	body_free(a);
	body_free(b);
}

/* A window that grew again shows the first rows again. */
static void
scrolling_comes_back(void **state)
{
	struct form f;

	(void)state;
	form_init(&f, cb);
	form_add_table(&f);
	f.top = 7;
	f.focus = f.n - 1;
	form_layout(&f, 80, 40);
	assert_true(f.total <= 40);
	assert_int_equal(f.top, 0);
	form_layout(&f, 80, 10);
	f.top = f.total - 10;
	form_layout(&f, 80, 12);	/* as far as there is room, and no farther */
	assert_int_equal(f.top, f.total - 12);
	form_free(&f);
}

/* Prefilled from a body and read again it is the same body: nothing is rounded, no source gets lost. */
static void
prefill_round_trip(void **state)
{
	static const struct figure in[] = {
		{ .q = FIG_EXACT, .n = 3, .source = "119", .asof = 0 }, { .q = FIG_UNKNOWN, .source = "120" }, { .q = FIG_ABOUT, .n = 20 },
		{ .q = FIG_ATMOST, .n = 7 },
	};
	struct body *a = body_new(), *b = body_new();
	struct fault fault = { 0 };
	struct form f;
	const struct value *v, *w;

	(void)state;
	for (size_t i = 0; i < 4; i++)
		body_add_figure(a, F_DEAD, &in[i]);
	body_set_text(a, F_TYPE, "yjpt:12G00");
	body_set_text(a, F_BRIEF, "一行\n两行");
	body_set_time(a, F_OCCURRED, NOW / 60000 * 60000);
	form_init(&f, cb);
	form_add_table(&f);
	form_prefill(&f, F_DEAD, a);
	form_prefill(&f, F_TYPE, a);
	form_prefill(&f, F_BRIEF, a);
	form_prefill(&f, F_OCCURRED, a);
	assert_string_equal(form_get(&f, F_DEAD), "3@119 ?@120 ~20 <=7");
	assert_string_equal(form_get(&f, F_TYPE), "12G00");
	assert_false(form_changed(form_cell(&f, F_DEAD)));
	assert_int_equal(form_body(&f, b, NOW, &fault), 0);
	for (v = body_first(a, F_DEAD), w = body_first(b, F_DEAD); v && w; v = body_next(a, v), w = body_next(b, w)) {
		assert_int_equal((int)v->u.fig.q, (int)w->u.fig.q);
		assert_int_equal((int)v->u.fig.n, (int)w->u.fig.n);
		assert_string_equal(v->u.fig.source ? v->u.fig.source : "", w->u.fig.source ? w->u.fig.source : "");
	}
	assert_true(v == NULL && w == NULL);
	assert_string_equal(body_text(b, F_TYPE), "yjpt:12G00");
	assert_string_equal(body_text(b, F_BRIEF), "一行\n两行");
	body_free(a);
	body_free(b);
	form_free(&f);
}

/* A draft comes back with words, field and cursor; a draft of rubbish comes back as what can be read. */
static void
drafts(void **state)
{
	struct form f, g;
	json_t *saved, *bad;

	(void)state;
	form_init(&f, cb);
	form_add_table(&f);
	put(&f, "12G00\tabc");
	f.cell[f.focus].text.cur = 1;
	saved = form_save(&f);
	form_init(&g, cb);
	form_add_table(&g);
	form_restore(&g, saved);
	assert_string_equal(form_get(&g, F_TYPE), "12G00");
	assert_string_equal(form_get(&g, F_TITLE), "abc");
	assert_int_equal((int)g.focus, (int)f.focus);
	assert_int_equal((int)g.cell[g.focus].text.cur, 1);
	bad = json_pack("{s:{s:i,s:s}, s:s, s:i}", "fields", "title", 3, "place", "x\033y", "focus", "place", "cursor", 99999);
	form_restore(&g, bad);
	assert_string_equal(form_get(&g, F_TITLE), "");
	assert_null(strchr(form_get(&g, F_PLACE), 033));
	form_restore(&g, NULL);
	json_decref(saved);
	json_decref(bad);
	form_free(&f);
	form_free(&g);
}

/* 12G00 火灾事故 before the longer names that hold 火灾; leaving the field takes what is marked. */
static void
candidates(void **state)
{
	struct form f;
	struct cell *c;

	(void)state;
	form_init(&f, cb);
	form_add_table(&f);
	c = form_cell(&f, F_TYPE);
	edit_set(&c->text, "火灾");
	assert_string_equal(form_candidate(&f, 0)->code, "12G00");
	assert_string_not_equal(form_candidate(&f, 1)->code, "12G00");
	for (size_t i = 1; form_candidate(&f, i); i++)	/* and only once */
		assert_string_not_equal(form_candidate(&f, i)->code, "12G00");
	put(&f, "\t");
	assert_string_equal(form_get(&f, F_TYPE), "12G00");
	form_free(&f);
}

static void
helpers(void **state)
{
	json_t *o = json_pack("{s:s, s:i, s:b, s:n, s:[]}", "t", "x", "n", 5, "b", 1, "z", "a");
	struct list l = { .n = 10 };
	char buf[64];

	(void)state;
	assert_string_equal(jtext(o, "t"), "x");
	assert_string_equal(jtext(o, "n"), "");
	assert_string_equal(jtext(NULL, "t"), "");
	assert_int_equal((int)jnum(o, "n"), 5);
	assert_int_equal((int)jnum(o, "t"), 0);
	assert_true(jflag(o, "b"));
	assert_null(jarray(o, "t"));
	assert_non_null(jarray(o, "a"));
	json_decref(o);
	for (int i = 0; i < 20; i++)
		(void)list_command(&l, CMD_DOWN, 4);
	assert_int_equal((int)l.sel, 9);
	assert_int_equal((int)l.top, 6);
	(void)list_command(&l, CMD_PAGE_UP, 4);
	assert_int_equal((int)l.sel, 6);
	l.n = 0;
	list_fit(&l, 4);
	assert_int_equal((int)l.sel, 0);
	(void)list_command(&l, CMD_PAGE_DOWN, 4);
	assert_int_equal((int)l.sel, 0);
	assert_string_equal(subject("定级", "定级 II级 重大", buf, sizeof(buf)), "定级 II级 重大");
	assert_string_equal(subject("报告", "起火\n二", buf, sizeof(buf)), "报告 起火 二");
	assert_true(text_has("ＡＢＣ火灾", "abc"));
	assert_false(text_has("abc", ""));
}

/* Unread first and newest first, an unsigned flash message before all, exercises after what is live; the rest as it came. */
static void
arrivals(void **state)
{
	static const char *const want[] = { "flash", "new", "old", "exercise", "a", "b" };
	json_t *feed = json_pack("[{s:s,s:s,s:i},{s:s,s:s,s:i,s:s},{s:s,s:s,s:i},{s:s,s:s,s:i},{s:s,s:s,s:i,s:b,s:s},{s:s,s:s,s:i}]",
	    "id", "a", "state", "read", "at", 9, "id", "exercise", "state", "unread", "at", 99, "realm", "exercise",
	    "id", "old", "state", "unread", "at", 5, "id", "new", "state", "unread", "at", 6,
	    "id", "flash", "state", "read", "at", 1, "attention", 1, "precedence", "flash", "id", "b", "state", "signed", "at", 10);
	json_t *out = inbox_order(feed), *none = inbox_order(NULL);

	(void)state;
	assert_non_null(feed);
	assert_int_equal((int)jcount(out), 6);
	for (size_t i = 0; i < 6; i++)
		assert_string_equal(jtext(json_array_get(out, i), "id"), want[i]);
	assert_int_equal((int)jcount(none), 0);
	json_decref(out);
	json_decref(none);
	json_decref(feed);
}

static void
owed_and_positions(void **state)
{
	json_t *known = json_pack("{s:s, s:s}", "what", "read", "what_name", "x"), *new = json_pack("{s:s, s:s}", "what", "z", "what_name", "x");
	struct list l = { .n = 10, .top = 3 };
	char all[64], up[64], down[64], none[64];

	(void)state;
	assert_string_not_equal(owed_label(known), "x");
	assert_string_equal(owed_label(new), "x");	/* of a newer switch */
	assert_string_equal(said(""), "");
	(void)list_position(&l, 4, all, sizeof(all));
	assert_non_null(strstr(all, "3"));
	l.top = 6;
	(void)list_position(&l, 4, up, sizeof(up));
	assert_non_null(strstr(up, "6"));
	l.top = 0;
	(void)list_position(&l, 4, down, sizeof(down));
	assert_non_null(strstr(down, "6"));
	assert_string_not_equal(up, down);
	assert_string_equal(list_position(&l, 10, none, sizeof(none)), "");
	json_decref(known);
	json_decref(new);
}

/* A refused character is remembered; Ctrl-U takes all and gives it back. */
static void
refusals(void **state)
{
	struct edit e;
	struct key u = { .code = TK_CTRL, .cp = 'U' };
	bool changed;

	(void)state;
	edit_init(&e, 10, false);
	(void)type(&e, "1234567890");
	assert_false(e.refused);
	(void)type(&e, "x");
	assert_true(e.refused);
	assert_true(edit_key(&e, &u, &changed) && changed && !e.refused);
	assert_string_equal(e.s, "");
	assert_true(edit_key(&e, &u, &changed) && changed);
	assert_string_equal(e.s, "1234567890");
	edit_free(&e);
	edit_init(&e, 10, false);
	assert_true(edit_key(&e, &u, &changed) && !changed);
	edit_free(&e);
}

static int
setup(void **state)
{
	struct fault f = { 0 };
	char dir[512];

	(void)state;
	(void)setlocale(LC_ALL, "C.UTF-8");
	i18n_init("zh");
	if (!conf_dir(dir, sizeof(dir), &f) || !(cb = codebook_load(dir, &f))) {
		print_error("%s\n", f.text);
		return -1;
	}
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	codebook_free(cb);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(edits),
		cmocka_unit_test(figures),
		cmocka_unit_test(prefill_round_trip),
		cmocka_unit_test(given_values_stand),
		cmocka_unit_test(scrolling_comes_back),
		cmocka_unit_test(drafts),
		cmocka_unit_test(candidates),
		cmocka_unit_test(helpers),
		cmocka_unit_test(arrivals),
		cmocka_unit_test(owed_and_positions),
		cmocka_unit_test(refusals),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
