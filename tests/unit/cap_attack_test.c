/*
 * The CAP reader against documents that mean harm, are broken, or are merely huge: each is answered within bounds of
 * time and memory, nothing is printed, and what is taken keeps to what must hold of every answer.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <iconv.h>
#include <sys/resource.h>
#include <sysexits.h>
#include <time.h>
#include "cap_make.h"

#define SECONDS_MAX (3.0 * SLOW)	/* processor time of one document */
#define MEMORY_MAX (384L * 1024 * SLOW) /* KiB at the highest, with all the tests' own copies */

/* Reads with the clock running. */
static int
bounded(const void *p, size_t n, struct cap_alert *a, struct fault *f)
{
	clock_t began = clock();
	double took;
	int rc = read_bytes(p, n, a, f);

	took = (double)(clock() - began) / CLOCKS_PER_SEC;
	if (took > SECONDS_MAX)
		fail_msg("%.1f s for %zu bytes: %s", took, n, rc == 0 ? "taken" : f->text);
	return rc;
}

static void
refused(struct buf *d, const char *why)
{
	struct cap_alert a;
	struct fault f;

	if (bounded(d->p, d->n, &a, &f) == 0)
		fail_msg("taken, though: %s", why);
	if (strstr(f.text, why) == NULL)
		fail_msg("%s, not: %s", f.text, why);
	buf_clear(d);
}

static struct cap_alert
accepted(struct buf *d)
{
	struct cap_alert a;
	struct fault f;
	char why[1024];

	if (bounded(d->p, d->n, &a, &f) == -1)
		fail_msg("refused: %s", fault_format(&f, why, sizeof(why)));
	buf_clear(d);
	return a;
}

static void
repeat(struct buf *d, const char *s, size_t n)
{
	while (n-- > 0)
		buf_puts(d, s);
}

static void
doctypes(void **state)
{
	static const char *const docs[] = {
	    "<!DOCTYPE alert>" DOC(""),
	    "<?xml version='1.0'?>\n<!DOCTYPE alert SYSTEM 'file:///etc/passwd'>" DOC(""),
	    "<!DOCTYPE alert [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>" HEAD "<note>&x;</note></alert>",
	    "<!DOCTYPE alert [<!ENTITY % p SYSTEM 'http://127.0.0.1:1/x.dtd'> %p;]>" DOC(""),
	    "<!DOCTYPE a [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;'>"
	    "<!ENTITY c '&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;'><!ENTITY d '&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;'>]>" HEAD
	    "<note>&d;</note></alert>",
	    "<!-- x --><!doctype alert>" DOC(""),
	    HEAD "<!DOCTYPE alert></alert>",
	    HEAD "<!ENTITY a 'b'></alert>",
	    "<!DOCTYPE alert [" /* without an end */,
	};
	struct buf d = {0};

	(void)state;
	quiet_begin();
	for (size_t i = 0; i < sizeof(docs) / sizeof(docs[0]); i++) {
		buf_puts(&d, docs[i]);
		refused(&d, "document type");
	}
	/* behind another encoding as well */
	for (size_t i = 0; i < strlen(docs[0]); i++) {
		buf_put_u8(&d, 0);
		buf_put_u8(&d, (uint8_t)docs[0][i]);
	}
	refused(&d, "document type");
	assert_int_equal(quiet_end(), 0);
	buf_free(&d);
}

static void
sizes(void **state)
{
	struct buf d = {0};
	struct cap_alert a;

	(void)state;
	quiet_begin();
	repeat(&d, "<alert>", 100000);
	refused(&d, "nested");
	buf_puts(&d, HEAD "<Signature xmlns=\"http://www.w3.org/2000/09/xmldsig#\">");
	repeat(&d, "<a>", 100000);
	refused(&d, "nested");
	buf_puts(&d, HEAD "<note>");
	repeat(&d, "nine megabytes  ", 9u << 16);
	buf_puts(&d, "</note></alert>");
	refused(&d, "bytes");
	buf_puts(&d, "<alert xmlns=\"" NS12 "\"");
	for (int i = 0; i < 100000; i++)
		buf_printf(&d, " a%d=''", i);
	buf_puts(&d, "/>");
	refused(&d, "attributes");
	buf_puts(&d, "<alert xmlns=\"" NS12 "\"");
	for (int i = 0; i < 100000; i++)
		buf_printf(&d, " xmlns:a%d='u'", i);
	buf_puts(&d, "/>");
	refused(&d, "attributes");
	/* the same where only a broken document's parser would look for attributes */
	buf_puts(&d, HEAD "<? <x");
	for (int i = 0; i < 100000; i++)
		buf_printf(&d, " a%d=''", i);
	buf_puts(&d, "/> ?></alert>");
	refused(&d, "not well-formed");
	buf_puts(&d, "<alert ");
	repeat(&d, " ", 100000);
	refused(&d, "tag is longer");
	buf_puts(&d, "<");
	repeat(&d, "a", 100000);
	refused(&d, "tag is longer");
	buf_puts(&d, HEAD "<Signature xmlns=\"http://www.w3.org/2000/09/xmldsig#\">");
	repeat(&d, "<a/>", 1000000);
	buf_puts(&d, "</Signature></alert>");
	refused(&d, "elements");
	repeat(&d, "<", 1000000);
	refused(&d, "tag is longer");
	repeat(&d, "&", 1000000);
	refused(&d, "not well-formed");
	repeat(&d, "<!---->", 1000000);
	refused(&d, "not well-formed");
	/* large, and sound */
	repeat(&d, "<!-- -->", 500000);
	buf_puts(&d, HEAD);
	repeat(&d, "<code>a</code>", 100000);
	buf_puts(&d, "</alert>");
	a = accepted(&d);
	cap_alert_free(&a);
	buf_puts(&d, HEAD "<info>" EVENT WORDS "<area><areaDesc>A</areaDesc>");
	for (int i = 0; i < 3; i++) {
		buf_puts(&d, "<polygon>");
		repeat(&d, "29.123456,121.654321 ", 120000);
		buf_puts(&d, "</polygon>");
	}
	buf_puts(&d, "</area></info></alert>");
	a = accepted(&d);
	assert_int_equal(body_count(a.body, F_REMARKS), 1);
	assert_true(has_remark(a.body, "too long to be carried"));
	cap_alert_free(&a);
	buf_puts(&d, HEAD "<note>");
	repeat(&d, "&lt;", 1800000);
	buf_puts(&d, "</note></alert>");
	a = accepted(&d);
	assert_true(has_remark(a.body, "cut"));
	cap_alert_free(&a);
	assert_int_equal(quiet_end(), 0);
	buf_free(&d);
}

/* Everything at once as long as it may be, and longer: the body stays within its bounds. */
static void
long_texts(void **state)
{
	static const char *const texts[] = {"senderName", "headline", "description", "instruction"};
	static const uint32_t keys[] = {F_ISSUER, F_TITLE, F_TEXT, F_MEASURES};
	struct buf d = {0};
	struct cap_alert a;
	const struct value *v;

	(void)state;
	buf_puts(&d, ALERT12 "<identifier>");
	repeat(&d, "x", 3000);
	buf_puts(&d, "</identifier><sender>s</sender><sent>2026-11-22T14:00:00+08:00</sent>" LIVE "<references>");
	repeat(&d, "a,b,2026-11-22T14:00:00+08:00 ", 5000);
	buf_puts(&d, "</references><info><language>zh");
	repeat(&d, "-xxxxxxxx", 12);
	buf_puts(&d, "</language>" EVENT WORDS);
	for (size_t i = 0; i < 4; i++) {
		buf_printf(&d, "<%s>x", texts[i]);
		repeat(&d, "\xe9\x9b\xa8\xf0\x9f\x8c\xa7",
		    30000); /* three and four bytes: no bound falls between them by luck */
		buf_printf(&d, "</%s>", texts[i]);
	}
	for (int i = 0; i < 2000; i++) {
		buf_printf(&d, "<area><areaDesc>%d ", i);
		repeat(&d, "\xe9\x95\x87", (size_t)i % 700);
		buf_puts(&d, "</areaDesc></area>");
	}
	buf_puts(&d, "</info></alert>");
	a = accepted(&d);
	for (size_t i = 0; i < 4; i++) {
		const struct field *fd = field_by_key(keys[i]);

		v = body_first(a.body, keys[i]);
		assert_true(v->u.text.len <= fd->max && v->u.text.len > fd->max - 8);
		assert_true(text_utf8_valid(v->u.text.s, v->u.text.len, NULL));
	}
	assert_true(has_remark(a.body, "not all areas"));
	assert_true(has_remark(a.body, "cut"));
	assert_true(has_remark(a.body, "digest"));
	v = body_first(a.body, F_FOREIGN_ID);
	assert_true(v->u.text.len <= 1024);
	cap_alert_free(&a);
	/* many small areas: as many as a field repeats */
	buf_puts(&d, HEAD "<info>" EVENT WORDS);
	for (int i = 0; i < 600; i++)
		buf_printf(&d, "<area><areaDesc>area %d</areaDesc></area>", i);
	buf_puts(&d, "</info></alert>");
	a = accepted(&d);
	assert_int_equal(body_count(a.body, F_AREA), FIELD_REPEAT_MAX);
	assert_true(has_remark(a.body, "88 in all"));
	cap_alert_free(&a);
	/* every byte of the text grows threefold */
	buf_puts(&d, HEAD "<info>" EVENT WORDS "<description>");
	repeat(&d, "\xc2\x85", 40000);
	buf_puts(&d, "</description></info></alert>");
	a = accepted(&d);
	assert_true(has_remark(a.body, "replaced"));
	assert_true(has_remark(a.body, "cut"));
	cap_alert_free(&a);
	/* many parts */
	buf_puts(&d, HEAD);
	repeat(&d, INFO("<headline>Again</headline>"), 20000);
	buf_puts(&d, "</alert>");
	a = accepted(&d);
	assert_int_equal(body_count(a.body, F_REMARKS), 10);
	cap_alert_free(&a);
	buf_free(&d);
}

/* Two long ids that differ behind the cut, or in a character that is replaced, stay two. */
static void
ids_stay_apart(void **state)
{
	char first[1100] = "";

	(void)state;
	for (int k = 0; k < 4; k++) {
		struct buf d = {0};
		struct cap_alert a;

		buf_puts(&d, ALERT12 "<identifier>");
		repeat(&d, "x", k < 2 ? 2000 : 10);
		buf_puts(&d, k == 0 ? "a" : k == 1 ? "b" : k == 2 ? "\xe2\x80\xae" : "\xe2\x80\xad");
		buf_puts(&d, "</identifier><sender>s</sender><sent>2026-11-22T14:00:00+08:00</sent>" LIVE "</alert>");
		a = accepted(&d);
		if (k % 2 == 1)
			assert_string_not_equal(first, body_text(a.body, F_FOREIGN_ID));
		(void)snprintf(first, sizeof(first), "%s", body_text(a.body, F_FOREIGN_ID));
		cap_alert_free(&a);
		buf_free(&d);
	}
}

static void
convert(const char *charset, const char *utf8, struct buf *out)
{
	iconv_t cd = iconv_open(charset, "UTF-8");
	size_t left = strlen(utf8), room = 4 * left + 16;
	char *in = (char *)(uintptr_t)utf8, *mem = xmalloc(room), *to = mem;

	assert_true(cd != (iconv_t)-1);
	assert_true(iconv(cd, &in, &left, &to, &room) != (size_t)-1);
	(void)iconv_close(cd);
	buf_put(out, mem, (size_t)(to - mem));
	free(mem);
}

static void
encodings(void **state)
{
#define ZH DOC("<headline>\xe6\x9a\xb4\xe9\x9b\xa8\xe9\xa2\x84\xe8\xad\xa6</headline>")
#define LATIN DOC("<headline>caf\xc3\xa9</headline>")
	static const struct {
		const char *charset, *lead, *text, *title; /* title NULL: refused with lead's reason */
		size_t lead_len;
	} cases[] = {
	    {"GB18030", "", "<?xml version=\"1.0\" encoding=\"GB18030\"?>" ZH,
		"\xe6\x9a\xb4\xe9\x9b\xa8\xe9\xa2\x84\xe8\xad\xa6", 0},
	    {"GBK", "", "<?xml version='1.0' encoding='gb2312'?>" ZH,
		"\xe6\x9a\xb4\xe9\x9b\xa8\xe9\xa2\x84\xe8\xad\xa6", 0},
	    {"BIG5", "", "<?xml version='1.0' encoding='Big5'?>" DOC("<headline>\xe6\x9a\xb4\xe9\x9b\xa8</headline>"),
		"\xe6\x9a\xb4\xe9\x9b\xa8", 0},
	    {"ISO-8859-1", "", "<?xml version='1.0' encoding='iso-8859-1' ?>" LATIN, "caf\xc3\xa9", 0},
	    {"UTF-16LE", "\xff\xfe", "<?xml version='1.0' encoding='UTF-16'?>" ZH,
		"\xe6\x9a\xb4\xe9\x9b\xa8\xe9\xa2\x84\xe8\xad\xa6", 2},
	    {"UTF-16BE", "\xfe\xff", ZH, "\xe6\x9a\xb4\xe9\x9b\xa8\xe9\xa2\x84\xe8\xad\xa6", 2},
	    {"UTF-16LE", "", "<?xml version='1.0'?>" ZH, "\xe6\x9a\xb4\xe9\x9b\xa8\xe9\xa2\x84\xe8\xad\xa6", 0},
	    {"UTF-8", "\xef\xbb\xbf", "<?xml version='1.0' encoding='utf-8'?>" ZH,
		"\xe6\x9a\xb4\xe9\x9b\xa8\xe9\xa2\x84\xe8\xad\xa6", 3},
	    {"UTF-8", "\xef\xbb\xbf", ZH, "\xe6\x9a\xb4\xe9\x9b\xa8\xe9\xa2\x84\xe8\xad\xa6", 3},
	    {"UTF-8", "", ZH, "\xe6\x9a\xb4\xe9\x9b\xa8\xe9\xa2\x84\xe8\xad\xa6", 0},
	    {"UTF-32LE", "\xff\xfe\0\0", ZH, NULL, 4},
	    {"ISO-2022-KR", "", "<?xml version='1.0' encoding='ISO-2022-CN-EXT'?>" LATIN, NULL, 0},
	    {"UTF-8", "", "<?xml version='1.0' encoding='UTF-8//TRANSLIT'?>" ZH, NULL, 0},
	    {"UTF-8", "",
		"<?xml version='1.0' encoding='nonsense-with-a-name-longer-than-any-name-of-an-encoding'?>" ZH, NULL,
		0},
	    {"ISO-8859-1", "", LATIN, NULL, 0},
	    {"UTF-8", "", "<?xml version='1.0' encoding='UTF-16LE'?>" ZH, NULL, 0},
	};

	(void)state;
	quiet_begin();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf d = {0};
		struct cap_alert a;
		struct fault f;

		buf_put(&d, cases[i].lead, cases[i].lead_len);
		if (strncmp(cases[i].charset, "ISO-2022", 8) == 0)
			buf_puts(&d, cases[i].text);
		else
			convert(cases[i].charset, cases[i].text, &d);
		if ((bounded(d.p, d.n, &a, &f) == 0) != (cases[i].title != NULL))
			fail_msg("case %zu (%s): %s", i, cases[i].charset, f.code == 0 ? "taken" : f.text);
		if (cases[i].title != NULL)
			assert_string_equal(body_text(a.body, F_TITLE), cases[i].title);
		cap_alert_free(&a);
		/* cut within a character */
		if (strncmp(cases[i].charset, "UTF-16", 6) == 0)
			assert_int_equal(bounded(d.p, d.n - 1, &a, &f), -1);
		buf_free(&d);
	}
	assert_int_equal(quiet_end(), 0);
}

static void
nul_bytes(void **state)
{
	static const char *const parts[] = {"<?xml version='1.0'?>", HEAD, "<note>a", "b</note>", "</alert>", "\n"};
	const size_t n = sizeof(parts) / sizeof(parts[0]);
	struct buf d = {0};

	(void)state;
	quiet_begin();
	for (size_t at = 1; at <= n; at++) {
		for (size_t i = 0; i < n; i++) {
			if (i == at)
				buf_put_u8(&d, 0);
			buf_puts(&d, parts[i]);
		}
		if (at == n)
			buf_put_u8(&d, 0);
		refused(&d, "NUL");
	}
	/* a control character that XML knows only as a reference, and an invalid byte */
	buf_puts(&d, HEAD "<note>\x01</note></alert>");
	refused(&d, "not well-formed");
	buf_puts(&d, HEAD "\n<note>\xff</note></alert>");
	refused(&d, "UTF-8");
	for (size_t len = 0; len <= 4; len++) {
		struct cap_alert a;
		struct fault f;

		assert_int_equal(bounded("\0\0\0\0", len, &a, &f), -1);
		assert_int_equal(bounded("\xff\xfe<\0", len, &a, &f), -1);
		assert_int_equal(bounded("<!--", len, &a, &f), -1);
	}
	assert_int_equal(quiet_end(), 0);
	buf_free(&d);
}

static const char *const samples[] = {
    "valid/google-canada_signed_1.xml",
    "valid/google-earthquake-iso8859-1.xml",
    "valid/bcgov-earthquake-1.xml",
    "valid/sahana-Myanmar-Flood-MultiLanguage.xml",
    "valid/willglynn-v1dot0_appendix_adot4.xml",
    "invalid/kde-mo-cap_monsoon.xml",
    "invalid/google-xee.xml",
    "invalid/teamnetgroup-MultipleAlertXml.xml",
};

/* Nothing that is cut short is ever taken for the whole. */
static void
cut_short(void **state)
{
	(void)state;
	quiet_begin();
	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
		struct buf raw = {0};
		struct cap_alert a;
		struct fault f;
		size_t end;

		slurp(samples[i], &raw);
		end = raw.n;
		while (end > 0 && strchr(" \r\n\t", raw.p[end - 1]) != NULL)
			end--;
		for (size_t n = 0; n < end; n += 97) {
			/* in memory of its own, so that a look behind the end is seen */
			uint8_t *copy = xmalloc(n > 0 ? n : 1);

			memcpy(copy, raw.p, n);
			if (bounded(copy, n, &a, &f) == 0)
				fail_msg("%s: taken at %zu of %zu bytes", samples[i], n, raw.n);
			free(copy);
		}
		buf_free(&raw);
	}
	assert_int_equal(quiet_end(), 0);
}

/* Bytes changed at random, always the same: whatever the answer, it holds. */
static void
mutations(void **state)
{
	static const char hot[] = "<>&;\"'=/![]-? \n\0,.09azZ\xff\xc2";
	uint32_t seed = 20261122;
	size_t was_taken = 0;

	(void)state;
	quiet_begin();
	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
		struct buf raw = {0};

		slurp(samples[i], &raw);
		for (int k = 0; k < 300; k++) {
			struct cap_alert a;
			struct fault f;
			uint8_t *copy = xmalloc(raw.n);

			memcpy(copy, raw.p, raw.n);
			for (int m = 0; m <= k % 3; m++) {
				seed = seed * 1664525u + 1013904223u;
				copy[(seed >> 8) % raw.n] = (uint8_t)hot[(seed >> 3) % (sizeof(hot) - 1)];
			}
			if (bounded(copy, raw.n, &a, &f) == 0) {
				was_taken++;
				cap_alert_free(&a);
			}
			free(copy);
		}
		buf_free(&raw);
	}
	assert_int_equal(quiet_end(), 0);
	assert_true(was_taken > 100 && was_taken < 2300);
}

static void
memory(void **state)
{
	struct rusage u;

	(void)state;
	assert_int_equal(getrusage(RUSAGE_SELF, &u), 0);
	if (u.ru_maxrss > MEMORY_MAX)
		fail_msg("%ld KiB at the highest", u.ru_maxrss);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    quiet_test(doctypes),
	    quiet_test(sizes),
	    quiet_test(long_texts),
	    quiet_test(ids_stay_apart),
	    quiet_test(encodings),
	    quiet_test(nul_bytes),
	    quiet_test(cut_short),
	    quiet_test(mutations),
	    quiet_test(memory),
	};

	return cmocka_run_group_tests(tests, cap_setup, cap_teardown);
}
