/* Differences between versions, and counts that fall. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../../formats/buf.h"
#include "../../formats/diff.h"
#include "../../formats/value.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* "name=value;name=value"; "|" is a line feed */
static struct body *
body_of(const char *text)
{
	char copied[2048], *w = copied, *next;
	struct body *b = body_new();
	struct fault f = {0};

	(void)snprintf(copied, sizeof(copied), "%s", text);
	for (char *p = copied; *p != '\0'; p++)
		if (*p == '|')
			*p = '\n';
	for (; *w != '\0'; w = next) {
		char *eq = strchr(w, '=');

		if ((next = strchr(w, ';')) != NULL)
			*next++ = '\0';
		else
			next = w + strlen(w);
		assert_non_null(eq);
		*eq = '\0';
		if (value_parse(b, field_by_name(w), eq + 1, NULL, INT64_C(1795000000000), &f) != 0)
			fail_msg("%s: %s", w, f.text);
	}
	return b;
}

static void
write_down(void *ctx, const struct diff *d)
{
	struct buf *out = ctx;

	buf_printf(out, "%c%s", " +-*"[d->kind], d->field != NULL ? d->field->name : "key");
	if (d->source != NULL)
		buf_printf(out, "@%s", d->source);
	buf_printf(out, ":%s>%s", d->before, d->after);
	if (d->line != 0)
		buf_printf(out, " L%zux%zu", d->line, d->lines);
	buf_puts(out, d->falls ? "!;" : ";");
}

static void
test_diff(void **state)
{
	static const struct {
		const char *before, *after, *want;
	} c[] = {
	    {"", "", ""},
	    {"title=a;dead=3", "title=a;dead=3", ""},
	    {"title=a", "title=b", "*title:a>b;"},
	    {"title=a", "", "-title:a>;"},
	    {"", "title=a", "+title:>a;"},
	    {"version=1;seat=甲;written=2026-11-22T14:10+08:00;stage=first",
		"version=2;seat=乙;written=2026-11-22T15:10+08:00;stage=followup", ""},
	    {"dead=3", "dead=2", "*dead:3>2!;"},
	    {"dead=3", "dead=4", "*dead:3>4;"},
	    {"dead=3", "dead=?", "*dead:3>?!;"},
	    {"dead=?", "dead=3", "*dead:?>3;"},
	    {"dead=3", "", "-dead:3>;"}, /* a follow-up need not repeat it */
	    {"dead=3", "stage=correction", "-dead:3>!;"},
	    {"dead=0", "", "-dead:0>;"},
	    {"dead=?", "", "-dead:?>;"},
	    {"dead=3@119", "dead=5@119", "*dead@119:3(119)>5(119);"},
	    {"dead=3@119;dead=4@120", "dead=4@120;dead=3@119", ""},
	    {"dead=3@119;dead=4@120", "dead=4@119;dead=2@120", "*dead@119:3(119)>4(119);*dead@120:4(120)>2(120)!;"},
	    {"dead=3@119", "dead=2@120", "-dead@119:3(119)>;+dead@120:>2(120);"},
	    {"dead=3@119", "dead=3@119;dead=2@120", "+dead@120:>2(120);"},
	    {"dead=3", "dead=3;dead=2@119", "+dead@119:>2(119);"},
	    /* a later figure of the same source beside the old one */
	    {"dead=3@119/10:00", "dead=3@119/10:00;dead=2@119/11:00", "+dead@119:>2(119 11:00)!;"},
	    {"dead=3@119/10:00", "dead=3@119/10:00;dead=5@119/11:00", "+dead@119:>5(119 11:00);"},
	    {"dead=3@119/10:00;dead=2@119/11:00", "dead=3@119/10:00", "-dead@119:2(119 11:00)>;"},
	    {"dead=2@119/10:00;dead=3@119/11:00", "dead=2@119/10:00", "-dead@119:3(119 11:00)>!;"},
	    {"dead=3@119/10:00", "dead=3@119/11:00", "*dead@119:3(119 10:00)>3(119 11:00);"},
	    {"loss=10.5", "loss=10.49", "*loss:10.5 x 10 000 yuan>10.49 x 10 000 yuan!;"},
	    {"brief=甲|乙|丙", "brief=甲|乙乙|丙", "*brief:乙>乙乙 L2x1;"},
	    {"brief=甲|乙|丙", "brief=零|甲|乙|丙", "*brief:>零 L1x1;"},
	    {"brief=甲|乙|丙", "brief=甲|乙|丙|丁", "*brief:>丁 L4x1;"},
	    {"brief=甲|乙|丙", "brief=甲|丙", "*brief:乙> L2x1;"},
	    {"brief=甲", "brief=甲|乙", "*brief:>乙 L2x1;"},
	    {"brief=甲|甲|甲", "brief=甲|甲", "*brief:甲> L3x1;"},
	    {"brief=甲|乙|丙", "brief=丁|戊|己", "*brief:甲>丁 L1x3;"},
	    {"occurred=2026-11-22T14:10+08:00", "occurred=2026-11-22T14:20+08:00", "*occurred:2026-11-22 14:10>2026-11-22 14:20;"},
	    {"occurred=2026-11-22T14:10+08:00", "occurred=2026-11-22T06:10Z",
		"*occurred:2026-11-22 14:10 +08:00>2026-11-22 14:10 +00:00;"},
	    {"marks=a;marks=b", "marks=b;marks=a", ""},
	    {"marks=a;marks=b", "marks=a;marks=c", "*marks:b>c;"},
	    {"marks=a;marks=b", "marks=c;marks=d", "-marks:a>;-marks:b>;+marks:>c;+marks:>d;"},
	    {"marks=a;marks=a", "marks=a", "-marks:a>;"},
	    {"grade=III", "grade=II", "*grade:serious"},
	    {"position=29.4,121.8", "position=29.5,121.8", "*position:29.4,121.8>29.5,121.8;"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(c); i++) {
		struct body *a = body_of(c[i].before), *b = body_of(c[i].after);
		struct buf got = {0};
		size_t n = body_diff(a, b, NULL, false, write_down, &got), told = 0;

		if (strncmp(c[i].want, "*grade", 6) == 0)
			assert_int_equal(n, 1);
		else if (strcmp(buf_cstr(&got), c[i].want) != 0)
			fail_msg("%s / %s: \"%s\", not \"%s\"", c[i].before, c[i].after, buf_cstr(&got), c[i].want);
		for (size_t k = 0; k < got.n; k++)
			told += got.p[k] == ';';
		assert_int_equal(told, n);
		assert_int_equal(body_diff(a, b, NULL, true, NULL, NULL), n);
		assert_int_equal(body_diff(b, a, NULL, true, NULL, NULL), n);
		assert_int_equal(body_diff(a, a, NULL, true, NULL, NULL), 0);
		buf_free(&got);
		body_free(a);
		body_free(b);
	}
}

static void
test_unknown_keys(void **state)
{
	struct body *a = body_new(), *b = body_new();
	struct buf got = {0};

	(void)state;
	body_set_text(a, F_TITLE, "x");
	body_set_text(b, F_TITLE, "x");
	body_add_raw(a, 60001, (const uint8_t *)"\x01", 1);
	body_add_raw(b, 60001, (const uint8_t *)"\x02", 1);
	body_add_raw(b, 60002, (const uint8_t *)"\x02", 1);
	body_add_raw(a, 59998, (const uint8_t *)"\x02", 1);
	assert_int_equal(body_diff(a, b, NULL, false, write_down, &got), 3);
	assert_non_null(strstr(buf_cstr(&got), "-key:"));
	assert_non_null(strstr(buf_cstr(&got), "*key:"));
	assert_non_null(strstr(buf_cstr(&got), "+key:"));
	buf_free(&got);
	body_free(a);
	body_free(b);
}

/* The table of the header, every cell. */
static void
test_falls(void **state)
{
	/* new n against old n: below, equal, above; y falls */
	static const char *const want[5][5] = {{"nnn", "nnn", "nnn", "nnn", "nnn"}, {"yyy", "ynn", "yyn", "ynn", "yyy"},
	    {"yyy", "ynn", "ynn", "ynn", "yyy"}, {"yyy", "ynn", "ynn", "ynn", "yyy"}, {"yyy", "nnn", "nnn", "nnn", "nnn"}};

	(void)state;
	for (int o = FIG_UNKNOWN; o <= FIG_ATMOST; o++)
		for (int n = FIG_UNKNOWN; n <= FIG_ATMOST; n++)
			for (int k = 0; k < 3; k++) {
				struct figure old = {.q = (enum figure_q)o, .n = o == FIG_UNKNOWN ? 0 : 5};
				struct figure new = {.q = (enum figure_q)n, .n = n == FIG_UNKNOWN ? 0 : 4 + k};

				if (figure_falls(&old, &new) != (want[o][n][k] == 'y'))
					fail_msg("%d to %d, %d", o, n, 4 + k);
			}
	/* zero is a number */
	assert_true(figure_falls(&(struct figure){.q = FIG_EXACT}, &(struct figure){.q = FIG_UNKNOWN}));
}

static void
test_body_falls(void **state)
{
	static const struct {
		const char *before, *after;
		bool supersedes;
		const char *field;
	} c[] = {
	    {"dead=3", "dead=2", false, "dead"},
	    {"dead=3", "dead=?", false, "dead"},
	    {"dead=3", "dead=3", false, NULL},
	    {"dead=3", "title=x", false, NULL},
	    {"dead=3", "title=x", true, "dead"},
	    {"dead=0", "title=x", true, NULL},
	    {"dead=?", "title=x", true, NULL},
	    {"dead=3@119", "dead=2@120", false, NULL},
	    {"dead=3@119", "dead=2@120", true, "dead"},
	    {"dead=3@119;dead=2", "dead=3@119;dead=1", false, "dead"},
	    {"dead=3@119/10:00", "dead=2@119/11:00;dead=3@119/10:00", false, "dead"},
	    {"trapped=4;missing=2", "trapped=3;missing=2", false, "trapped"},
	    {"loss=1.0001", "loss=1", false, "loss"},
	    {"moved=30;dead=1", "moved=31;dead=1", true, NULL},
	};
	const struct value *from = NULL, *to = NULL;

	(void)state;
	for (size_t i = 0; i < COUNT(c); i++) {
		struct body *a = body_of(c[i].before), *b = body_of(c[i].after);
		const struct field *fd = body_falls(a, b, c[i].supersedes, &from, &to);

		if ((fd == NULL) != (c[i].field == NULL) || (fd != NULL && strcmp(fd->name, c[i].field) != 0))
			fail_msg("%s / %s: %s", c[i].before, c[i].after, fd != NULL ? fd->name : "none");
		assert_true(body_falls(a, b, c[i].supersedes, NULL, NULL) == fd);
		if (fd != NULL)
			assert_non_null(from);
		body_free(a);
		body_free(b);
	}
}

/* Large texts and many values are compared in reasonable time, and control characters never get out. */
static void
test_large(void **state)
{
	struct body *a = body_new(), *b = body_new();
	struct buf s = {0}, got = {0};
	struct figure g = {.q = FIG_EXACT};
	char name[32];

	(void)state;
	for (int i = 0; i < 20000; i++)
		buf_puts(&s, "a\n");
	body_set_text(a, F_BRIEF, buf_cstr(&s));
	buf_puts(&s, "\x1b[2J\n");
	body_set_text(b, F_BRIEF, buf_cstr(&s));
	for (int i = 0; i < 512; i++) {
		(void)snprintf(name, sizeof(name), "s%d", i);
		g.source = name;
		g.n = i;
		body_add_figure(a, F_DEAD, &g);
		g.n = i + 1;
		body_add_figure(b, F_DEAD, &g);
	}
	assert_int_equal(body_diff(a, b, NULL, false, write_down, &got), 513);
	assert_null(strchr(buf_cstr(&got), '\x1b'));
	assert_null(strchr(buf_cstr(&got), '!'));
	buf_free(&s);
	buf_free(&got);
	body_free(a);
	body_free(b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_diff), cmocka_unit_test(test_unknown_keys),
	    cmocka_unit_test(test_falls), cmocka_unit_test(test_body_falls), cmocka_unit_test(test_large)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
