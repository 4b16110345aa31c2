/*
 * Chinese from the built catalogue, as a duty host has it: no locale installed, LANG unset (formats/i18n.h).
 *
 * The catalogue is read here byte by byte too: every conversion of a msgid stands in its translation with the same
 * type, width and precision (msgfmt looks at strings marked c-format only), and no translation holds a character
 * whose width a terminal may take either way, or one that would act on it.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>
#include "../../formats/body.h"
#include "../../formats/check.h"
#include "../../formats/fault.h"
#include "../../formats/i18n.h"
#include "../../formats/text.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
#define CONVERSIONS 16

static char locale_dir[PATH_MAX];

/* BUILD/locale, of BUILD/tests/i18n_test; the host has no locale but the one libc has inside. */
static int
setup(void **state)
{
	static const char *const vars[] = {
	    "LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "LC_MESSAGES", "DUTYDESK_LANG", "OUTPUT_CHARSET"};
	char exe[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);
	int len;

	(void)state;
	assert_true(n > 0);
	exe[n] = '\0';
	len = snprintf(locale_dir, sizeof locale_dir, "%s/../locale", dirname(exe));
	assert_true(len > 0 && (size_t)len < sizeof locale_dir);
	for (size_t i = 0; i < COUNT(vars); i++)
		assert_int_equal(unsetenv(vars[i]), 0);
	assert_int_equal(setenv("LOCPATH", "/nonexistent", 1), 0);
	assert_int_equal(setenv("DUTYDESK_LOCALE", locale_dir, 1), 0);
	return 0;
}

static void
speak(const char *env, const char *lang)
{
	assert_int_equal(env != NULL ? setenv("DUTYDESK_LANG", env, 1) : unsetenv("DUTYDESK_LANG"), 0);
	i18n_init(lang);
}

static const struct {
	const char *en, *zh;
} samples[] = {
    {"receipts", "回执"},
    {"link DOWN", "链路断"},
    {"is missing", "缺少，请补填"},
    {"the switch of %s is not running", "%s 没有交换机在运行，请先启动 dutyswitch"},
    {"a first report of this incident was sent already; write a follow-up", "该事件已有首报，请写续报"},
    {"live and exercise never mix", "实战与演练不得混用"},
};

/* What is remembered is forgotten with the language. */
static void
test_remembered(void **state)
{
	static const char msgid[] = N_("receipts");

	(void)state;
	for (int i = 0; i < 3; i++) {
		speak(NULL, "zh");
		assert_string_equal(i18n_text(msgid), "回执");
		assert_string_equal(i18n_text(msgid), "回执");
		speak(NULL, "en");
		assert_string_equal(i18n_text(msgid), "receipts");
	}
}

static void
test_languages(void **state)
{
	(void)state;
	static const struct {
		const char *env, *lang;
		bool zh;
	} cases[] = {
	    {NULL, NULL, true}, {"en", NULL, false}, {"zh", NULL, true}, {NULL, "en", false}, {NULL, "zh", true},
	    {"en", "zh", true}, {"zh", "en", false}, {"", NULL, true}, {"en_GB", NULL, false}, {NULL, NULL, true},
	};

	for (size_t k = 0; k < COUNT(cases); k++) {
		speak(cases[k].env, cases[k].lang);
		assert_int_equal(i18n_zh(), cases[k].zh);
		for (size_t i = 0; i < COUNT(samples); i++)
			assert_string_equal(_(samples[i].en), cases[k].zh ? samples[i].zh : samples[i].en);
	}
	speak(NULL, NULL);
	assert_string_equal(_("no msgid of ours"), "no msgid of ours");
}

/* The machine's own locale does not choose, and a foreign charset does not garble. */
static void
test_locale_of_the_machine(void **state)
{
	static const char *const langs[] = {"C", "POSIX", "en_US.UTF-8", "zh_CN.GBK", "de_DE@euro", "no such"};

	(void)state;
	for (size_t i = 0; i < COUNT(langs); i++) {
		assert_int_equal(setenv("LANG", langs[i], 1), 0);
		assert_int_equal(setenv("LANGUAGE", "de:en", 1), 0);
		speak(NULL, NULL);
		assert_string_equal(_(samples[0].en), samples[0].zh);
		speak("en", NULL);
		assert_string_equal(_(samples[0].en), samples[0].en);
	}
	assert_int_equal(unsetenv("LANG"), 0);
}

static void
test_fault(void **state)
{
	struct fault f = { 0 };
	char buf[256];

	(void)state;
	speak(NULL, NULL);
	(void)fault_set(&f, EX_DATAERR, "title", _("is %zu bytes long, at most %zu are allowed"), (size_t)600, (size_t)480);
	assert_string_equal(fault_format(&f, buf, sizeof buf), "title: 长 600 字节，最多允许 480 字节，请缩短");
}

/* "missing" is a column of what a report lacks and a count of people: the remark must speak of people. */
static void
test_remark(void **state)
{
	struct body *b = body_new();
	struct check_remark r;
	struct figure unsaid = { .q = FIG_UNKNOWN };

	(void)state;
	body_set_num(b, F_KIND, KIND_FEEDBACK);
	body_add_figure(b, F_MISSING, &unsaid);
	speak(NULL, NULL);
	assert_true(check_remark(b, 0, 0, &r));
	assert_string_equal(r.text, "失联不明");
	speak("en", NULL);
	assert_true(check_remark(b, 0, 0, &r));
	assert_string_equal(r.text, "missing is unknown");
	body_free(b);
}

/* ---- every entry of the catalogue ---- */

/* The conversions of a format, each without its "N$", in the order of their arguments; -1: no format. */
static int
conversions(const char *s, char out[CONVERSIONS][16])
{
	int n = 0;

	memset(out, 0, CONVERSIONS * 16);
	for (; (s = strchr(s, '%')) != NULL; s++) {
		int at = n;
		size_t len, digits = strspn(s + 1, "0123456789");

		if (s[1] == '%') {
			s++;
			continue;
		}
		if (digits > 0 && s[1 + digits] == '$') {
			at = (int)strtol(s + 1, NULL, 10) - 1;
			s += digits + 1;
		}
		len = 1 + strspn(s + 1, "0123456789.-+ #*lhzjt");
		if (at < 0 || at >= CONVERSIONS || s[len] == '\0' || len + 1 >= 16 || strchr("diouxXcsfgep", s[len]) == NULL)
			return -1;
		memcpy(out[at], s, len + 1);
		n++;
	}
	return n;
}

/* East Asian "ambiguous" as far as a translator is likely to type it: one cell here, two there. */
static bool
ambiguous(uint32_t cp)
{
	static const struct {
		uint32_t from, to;
	} ranges[] = {{0xa1, 0xff}, {0x391, 0x451}, {0x2010, 0x203e}, {0x2103, 0x2199}, {0x2200, 0x22ff}, {0x2460, 0x254b},
	    {0x2550, 0x26ff}, {0xe000, 0xf8ff}};

	for (size_t i = 0; i < COUNT(ranges); i++)
		if (cp >= ranges[i].from && cp <= ranges[i].to)
			return true;
	return false;
}

static void
check_entry(const char *id, const char *str)
{
	static char a[CONVERSIONS][16], b[CONVERSIONS][16];
	int na = conversions(id, a), nb = conversions(str, b);
	uint32_t cp;
	size_t n = strlen(str), bad = 0;

	if (na != nb || memcmp(a, b, sizeof a) != 0)
		fail_msg("conversions differ: \"%s\" -> \"%s\"", id, str);
	if (n == 0 || !text_utf8_valid(str, n, &bad) || !text_clean(str, n, true, &bad))
		fail_msg("empty, no UTF-8 or not clean: \"%s\"", id);
	if ((id[strlen(id) - 1] == '\n') != (str[n - 1] == '\n'))
		fail_msg("a line feed ends one only: \"%s\"", id);
	for (size_t i = 0; i < n; i += text_decode(str + i, n - i, &cp))
		if (text_decode(str + i, n - i, &cp) > 1 && ambiguous(cp))
			fail_msg("U+%04lX has no certain width: \"%s\"", (unsigned long)cp, str);
}

static uint32_t
word(const uint8_t *p, size_t n, size_t at)
{
	uint32_t w;

	assert_true(at <= n && n - at >= sizeof w);
	memcpy(&w, p + at, sizeof w);
	return w;
}

static const char *
string_at(const uint8_t *p, size_t n, size_t row)
{
	size_t len = word(p, n, row), at = word(p, n, row + 4);

	assert_true(at < n && len < n - at && p[at + len] == '\0');
	assert_int_equal(strlen((const char *)p + at), len);	/* no plural forms: they would need checks of their own */
	return (const char *)p + at;
}

static void
test_catalogue(void **state)
{
	static uint8_t p[1 << 20];
	char path[PATH_MAX + 64];
	size_t n, entries, ids, strs;
	FILE *f;

	(void)state;
	(void)snprintf(path, sizeof path, "%s/zh_CN/LC_MESSAGES/dutydesk.mo", locale_dir);
	f = fopen(path, "rb");
	if (f == NULL)
		fail_msg("%s is missing: `make all' builds it", path);
	n = fread(p, 1, sizeof p, f);
	assert_true(feof(f) && !ferror(f));
	(void)fclose(f);
	/* GNU MO: magic, revision, number of strings, where the two tables of (length, offset) begin */
	assert_int_equal(word(p, n, 0), 0x950412de);
	entries = word(p, n, 8);
	ids = word(p, n, 12);
	strs = word(p, n, 16);
	assert_true(entries > 500);
	for (size_t i = 0; i < entries; i++) {
		const char *id = string_at(p, n, ids + 8 * i);

		if (id[0] != '\0')	/* "" is the catalogue's head */
			check_entry(id, string_at(p, n, strs + 8 * i));
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_remembered), cmocka_unit_test(test_languages),
		cmocka_unit_test(test_locale_of_the_machine),
		cmocka_unit_test(test_fault),
		cmocka_unit_test(test_remark),
		cmocka_unit_test(test_catalogue),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
