/*
 * The texts made of one record: compared with texts a person has read, and with what must hold for any report.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../../formats/bulletin.h"
#include "../../formats/json.h"
#include "../../formats/paste.h"
#include "../../formats/phone.h"
#include "../../formats/reportjsonl.h"
#include "../../formats/sms.h"
#include "../../formats/text.h"

#define NOW INT64_C(1795327800000) /* 2026-11-22 14:50 in Beijing */

static struct codebook *cb;
static struct bulletin_layout layout;
static struct paste *paste;

static const char *
conf(void)
{
	const char *dir = getenv("DUTYDESK_CONF");

	return dir != NULL ? dir : "conf";
}

static void
slurp(const char *name, struct buf *out)
{
	char path[600], piece[65536];
	FILE *f;
	size_t n;

	(void)snprintf(path, sizeof path, "%s/../tests/data/%s", conf(), name);
	f = fopen(path, "r");
	if (f == NULL)
		fail_msg("%s", path);
	while ((n = fread(piece, 1, sizeof piece, f)) > 0)
		buf_put(out, piece, n);
	(void)fclose(f);
}

static void
same(const char *name, struct buf *got)
{
	struct buf want = {0};

	slurp(name, &want);
	if (want.n != got->n || memcmp(want.p, got->p, want.n) != 0)
		fail_msg("%s differs:\n%s", name, buf_cstr(got));
	buf_free(&want);
	buf_clear(got);
}

static void
test_golden(void **state)
{
	struct text_env e = {.cb = cb, .now = NOW, .zh = true}, en = {.cb = cb, .now = NOW};
	struct bulletin_layout small = layout;
	struct buf text = {0}, out = {0}, told = {0};
	struct body *b = body_new();
	struct fault f = {0};
	json_t *j;

	(void)state;
	slurp("texts/record.json", &text);
	j = json_loads(buf_cstr(&text), 0, NULL);
	assert_non_null(j);
	assert_int_equal(json_to_body(j, b, cb, NOW, true, &f), 0);
	json_decref(j);
	assert_true(bulletin_write(b, BULLETIN_BRIEF, &layout, &e, &out) == 1);
	same("texts/bulletin.txt", &out);
	small.cells = 48;
	small.lines = 26;
	assert_true(bulletin_write(b, BULLETIN_SPECIAL, &small, &e, &out) == 2);
	same("texts/bulletin-small.txt", &out);
	(void)bulletin_write(b, BULLETIN_SPECIAL, &layout, &en, &out);
	same("texts/bulletin-en.txt", &out);
	sms_write(b, &e, &out, &told);
	buf_puts(&out, "\n");
	same("texts/sms.txt", &out);
	assert_string_equal(buf_cstr(&told), "避险转移\n直接损失\n");
	buf_clear(&text);
	sms_whole(b, &e, &text);
	assert_true(sms_split(buf_cstr(&text), &out) == 5);
	same("texts/sms-parts.txt", &out);
	phone_write(b, &e, &out);
	same("texts/phone.txt", &out);
	phone_write(b, &en, &out);
	same("texts/phone-en.txt", &out);
	assert_int_equal(paste_write(paste, "sample", b, &e, &out, &told, &f), 0);
	same("texts/paste.txt", &out);
	buf_free(&text);
	buf_free(&out);
	buf_free(&told);
	body_free(b);
}

/* Every line within the page, every page as long as the layout says, every page numbered, no heading last. */
static void
check_pages(const struct bulletin_layout *l, size_t pages, struct buf *text)
{
	static const char *const headings[] = {"简要经过：", "影响范围：", "发展趋势：", "伤亡和损失：",
	    "现场负责人和已采取措施：", "建议和下步措施：", "请求事项："};
	char *at = (char *)(uintptr_t)buf_cstr(text), *line, last[1024] = "", want[64];
	size_t page = 1;
	int lines = 0;

	while ((line = strsep(&at, "\n")) != NULL && !(at == NULL && *line == '\0')) {
		if (*line == '\f') {
			assert_int_equal(lines, l->lines);
			(void)snprintf(want, sizeof want, "第 %zu 页 共 %zu 页", page, pages);
			assert_non_null(strstr(last, want));
			page++;
			lines = 0;
			line++;
		}
		if (text_cells(line) > l->cells)
			fail_msg("%d cells: %s", text_cells(line), line);
		if (strstr(line, "第 ") != NULL && strstr(line, " 页 共 ") != NULL && lines == l->lines - 1)
			for (size_t i = 0; i < sizeof headings / sizeof headings[0]; i++)
				if (strcmp(last, headings[i]) == 0)
					fail_msg("a heading ends the page: %s", last);
		if (*line != '\0')
			(void)snprintf(last, sizeof last, "%s", line);
		lines++;
	}
	assert_int_equal(lines, l->lines);
	assert_int_equal(page, pages);
}

/* Without blanks and line feeds: what was broken into lines is whole again. */
static void
squeeze(struct buf *b)
{
	size_t n = 0;

	for (size_t i = 0; i < b->n; i++)
		if (b->p[i] != ' ' && b->p[i] != '\n')
			b->p[n++] = b->p[i];
	b->n = n;
}

/* Each figure of the record stands in the bulletin. */
static void
check_figures(const struct body *b, const struct text_env *e, struct buf *bulletin)
{
	const struct field *f;
	struct buf one = {0};

	squeeze(bulletin);
	for (size_t i = 0; (f = field_at(i)) != NULL; i++) {
		if (field_decimals(f) < 0)
			continue;
		buf_clear(&one);
		if (!figuretext(&one, b, f->key, true, FIGURES_FULL, e))
			continue;
		squeeze(&one);
		if (memmem(bulletin->p, bulletin->n, one.p, one.n) == NULL)
			fail_msg("%s is not in\n%s", buf_cstr(&one), buf_cstr(bulletin));
	}
	buf_free(&one);
}

static void
test_two_thousand(void **state)
{
	struct text_env e = {.cb = cb, .now = NOW, .zh = true};
	struct bulletin_layout small = {.cells = 40, .lines = 20, .brief = "值班快报", .special = "专报"};
	struct buf text = {0}, out = {0}, told = {0};
	char *at, *line;
	size_t n = 0;

	(void)state;
	slurp("reports/dev.jsonl", &text);
	at = (char *)(uintptr_t)buf_cstr(&text);
	while ((line = strsep(&at, "\n")) != NULL) {
		const struct bulletin_layout *l = n % 2 == 0 ? &layout : &small;
		struct fault f = {0};
		struct body *b;
		char code[5];
		size_t pages;

		if (*line == '\0')
			continue;
		b = reportjsonl_read(line, strlen(line), cb, NOW, &f);
		assert_non_null(b);
		buf_clear(&out);
		pages = bulletin_write(b, n % 3 == 0 ? BULLETIN_SPECIAL : BULLETIN_BRIEF, l, &e, &out);
		/* the pages' heads stand between the lines, so the figures are looked for on one long page */
		{
			struct buf copy = {0}, flat = {0};
			struct bulletin_layout long_page = {.cells = 72, .lines = 200, .brief = "快", .special = "专"};

			buf_put(&copy, out.p, out.n);
			check_pages(l, pages, &copy);
			(void)bulletin_write(b, BULLETIN_BRIEF, &long_page, &e, &flat);
			check_figures(b, &e, &flat);
			buf_free(&copy);
			buf_free(&flat);
		}
		buf_clear(&out);
		sms_write(b, &e, &out, &told);
		if (sms_units(buf_cstr(&out)) > SMS_UNITS || strchr((const char *)out.p, '\n') != NULL ||
		    strstr((const char *)out.p, "详见") == NULL)
			fail_msg("%d: %s", sms_units(buf_cstr(&out)), buf_cstr(&out));
		phone_code(b, code);
		assert_int_equal(strspn(code, "0123456789"), 4);
		body_free(b);
		n++;
	}
	assert_int_equal(n, 2000);
	buf_free(&text);
	buf_free(&out);
	buf_free(&told);
}

/* The other way a figure may be: unknown, about, of two sources; none may be missing. */
static void
test_figures_of_any_kind(void **state)
{
	struct text_env e = {.cb = cb, .now = NOW, .zh = true};
	struct bulletin_layout long_page = {.cells = 72, .lines = 200, .brief = "快", .special = "专"};
	const struct field *f;
	struct buf out = {0};
	unsigned turn = 0;

	(void)state;
	for (int round = 0; round < 20; round++) {
		struct body *b = body_new();

		for (size_t i = 0; (f = field_at(i)) != NULL; i++)
			for (unsigned k = 0; field_decimals(f) >= 0 && k <= turn % 3; k++, turn++) {
				struct figure g = {.q = (enum figure_q)(turn % 5),
				    .n = turn % 5 == 0 ? 0 : (int64_t)turn * 37,
				    .source = k % 2 == 0 ? "119" : "镇政府",
				    .asof = NOW - (int64_t)turn * 60000};

				body_add_figure(b, f->key, &g);
			}
		buf_clear(&out);
		(void)bulletin_write(b, BULLETIN_BRIEF, &long_page, &e, &out);
		check_figures(b, &e, &out);
		buf_clear(&out);
		sms_write(b, &e, &out, NULL);
		assert_true(sms_units(buf_cstr(&out)) <= SMS_UNITS);
		body_free(b);
	}
	buf_free(&out);
}

static int
set_up(void **state)
{
	struct fault f = {0};

	(void)state;
	cb = codebook_load(conf(), &f);
	paste = paste_load(conf(), &f);
	return cb == NULL || paste == NULL || bulletin_layout_load(conf(), &layout, &f) != 0 ? -1 : 0;
}

static int
tear_down(void **state)
{
	(void)state;
	codebook_free(cb);
	paste_free(paste);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_golden), cmocka_unit_test(test_two_thousand),
	    cmocka_unit_test(test_figures_of_any_kind)};

	return cmocka_run_group_tests_name("texts", tests, set_up, tear_down);
}
