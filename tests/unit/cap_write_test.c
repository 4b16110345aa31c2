/*
 * CAP out: what came as CAP goes out as it was, and what only looks like it does not.
 *
 * The comparison of documents is done here on libxml2's own tree and shares no line with the reader or the writer.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <sysexits.h>
#include <time.h>
#include "../../formats/cap_write.h"
#include "../../formats/value.h"
#include "cap_schema.h"

/* ---- documents compared ---- */

static bool
is_time(const char *name)
{
	return strcmp(name, "sent") == 0 || strcmp(name, "effective") == 0 || strcmp(name, "onset") == 0 ||
	       strcmp(name, "expires") == 0;
}

/* path=value, one line an element; the value without blanks at its ends, a time as its instant to the second and its
 * offset, what CAP 1.2 has another form for in that form. */
static void
canonical(xmlNodePtr n, const char *path, bool v10, struct buf *out)
{
	char inner[512];
	bool leaf = true;

	for (xmlNodePtr c = n->children; c != NULL; c = c->next)
		leaf = leaf && c->type != XML_ELEMENT_NODE;
	(void)snprintf(inner, sizeof(inner), "%s/%s", path, (const char *)n->name);
	if (strcmp((const char *)n->name, "Signature") == 0 || strcmp((const char *)n->name, "password") == 0)
		return;
	if (leaf) {
		xmlChar *mem = xmlNodeGetContent(n);
		char *s = (char *)mem, *eq;
		struct when w;
		size_t len;

		s += strspn(s, " \t\r\n");
		len = strlen(s);
		while (len > 0 && strchr(" \t\r\n", s[len - 1]) != NULL)
			len--;
		s[len] = '\0';
		if (v10 && (strcmp((const char *)n->name, "parameter") == 0 ||
			       strcmp((const char *)n->name, "eventCode") == 0 ||
			       strcmp((const char *)n->name, "geocode") == 0)) {
			eq = strchr(s, '=');
			assert_non_null(eq);
			buf_printf(out, "%s\n%s/valueName=%.*s\n%s/value=%s\n", inner, inner, (int)(eq - s), s, inner,
			    eq + 1);
		} else if (is_time((const char *)n->name)) {
			assert_true(time_parse_rfc3339(s, &w));
			buf_printf(out, "%s=%lld %d\n", inner, (long long)(w.ms / 1000), w.offset);
		} else {
			buf_printf(out, "%s=%s\n", inner, strcmp(s, "Very Likely") == 0 ? "Likely" : s);
		}
		xmlFree(mem);
		return;
	}
	buf_printf(out, "%s\n", inner);
	for (xmlNodePtr c = n->children; c != NULL; c = c->next)
		if (c->type == XML_ELEMENT_NODE)
			canonical(c, inner, v10, out);
}

static void
canonical_of(const struct buf *xml, struct buf *out, bool must_be_12)
{
	xmlDocPtr doc = xmlReadMemory((const char *)xml->p, (int)xml->n, NULL, NULL,
	    XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_HUGE | XML_PARSE_NOCDATA);
	xmlNodePtr root;
	const char *ns;

	assert_non_null(doc);
	root = xmlDocGetRootElement(doc);
	ns = (const char *)root->ns->href;
	if (must_be_12)
		assert_string_equal(ns, NS12);
	canonical(root, "", strcmp(ns, NS10) == 0, out);
	xmlFreeDoc(doc);
}

/* Lines of `want` in `got`, in order; `got` may have more where an older version had less. */
static void
compare(const char *file, struct buf *want, struct buf *got, bool more)
{
	const char *a = buf_cstr(want), *b = buf_cstr(got);

	if (!more) {
		if (strcmp(a, b) == 0)
			return;
		while (*a == *b)
			a++, b++;
		fail_msg("%s:\nwant ...%.200s\ngot  ...%.200s", file, a, b);
	}
	while (*a != '\0') {
		size_t la = strcspn(a, "\n"), lb;

		for (;; b += lb + 1) {
			lb = strcspn(b, "\n");
			if (*b == '\0')
				fail_msg("%s: not written: %.*s", file, (int)(la < 200 ? la : 200), a);
			if (la == lb && memcmp(a, b, la) == 0)
				break;
		}
		a += la + 1;
		b += lb + 1;
	}
}

/* Through the wire and back, as another station has it. */
static struct body *
carried(const struct body *b)
{
	struct buf wire = {0};
	struct fault f;
	struct body *again;

	wire_encode(b, &wire);
	again = wire_decode(wire.p, wire.n, &f);
	assert_non_null(again);
	buf_free(&wire);
	return again;
}

/* All fields but those that speak of the bytes and of the version. */
static void
same_reading(const char *file, const struct body *a, const struct body *b, bool old)
{
	static const uint32_t apart[] = {F_ORIGINAL, F_ORIGINAL_SIZE, F_REMARKS, F_CAP_TREE, F_FOREIGN_ID, F_SENT,
	    F_EFFECTIVE, F_ONSET, F_EXPIRES, F_CERTAINTY, F_TEXT};
	struct body *x = body_copy(a), *y = body_copy(b);
	struct buf one = {0}, two = {0};
	int64_t t1, t2;

	for (size_t i = 0; i < 4; i++)
		if (body_time(a, apart[5 + i], &t1) != body_time(b, apart[5 + i], &t2) ||
		    (body_time(a, apart[5 + i], &t1) && t1 / 1000 != t2 / 1000))
			fail_msg("%s: %s", file, field_by_key(apart[5 + i])->name);
	for (size_t i = 0; i < sizeof(apart) / sizeof(apart[0]) - (old ? 0 : 2); i++) {
		body_unset(x, apart[i]);
		body_unset(y, apart[i]);
	}
	if (body_enum(x, F_KIND) == KIND_LOG) {
		body_unset(x, F_TEXT);
		body_unset(y, F_TEXT);
	}
	wire_encode(x, &one);
	wire_encode(y, &two);
	if (one.n != two.n || memcmp(one.p, two.p, one.n) != 0)
		fail_msg("%s: reads otherwise than the original", file);
	buf_free(&one);
	buf_free(&two);
	body_free(x);
	body_free(y);
}

static void
corpus(void **state)
{
	char path[5000], why[1024];
	struct fault f = {0};
	struct tsv *t;
	size_t valid = 0, others = 0, large = 0;

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/INDEX.tsv", data_dir);
	t = tsv_load(path, &f);
	assert_non_null(t);
	for (size_t i = 0; i < tsv_rows(t); i++) {
		const char *file = tsv_get(t, i, "file"), *version = tsv_get(t, i, "cap_version");
		struct buf raw = {0}, xml = {0}, again = {0}, want = {0}, got = {0}, told = {0};
		bool good = strncmp(file, "valid/", 6) == 0;
		struct cap_alert a, back;
		struct body *b;

		slurp(file, &raw);
		if (read_bytes(raw.p, raw.n, &a, &f) == -1) {
			buf_free(&raw);
			continue;
		}
		b = carried(a.body);
		if (cap_write(b, cb, &xml, &f) == -1) {
			if (f.code != EX_UNAVAILABLE || !has_remark(b, "too long to be carried"))
				fail_msg("%s: %s", file, fault_format(&f, why, sizeof(why)));
			large++;
			memset(&f, 0, sizeof(f));
			assert_int_equal(xml.n, 0);
		} else if (has_remark(b, "too long to be carried")) {
			fail_msg("%s: written in part", file);
		}
		/* from the original bytes the same comes out, whatever the size */
		if (cap_rewrite(raw.p, raw.n, &again, &told, &f) == -1)
			fail_msg("%s: %s", file, fault_format(&f, why, sizeof(why)));
		if (xml.n > 0) {
			assert_int_equal(xml.n, again.n);
			assert_memory_equal(xml.p, again.p, xml.n);
		}
		must_be_sound(file, &again, &back);
		if (good) {
			canonical_of(&raw, &want, false);
			canonical_of(&again, &got, true);
			compare(file, &want, &got, strcmp(version, "1.2") != 0);
			same_reading(file, a.body, back.body, strcmp(version, "1.2") != 0);
			valid++;
		} else {
			others++;
		}
		/* writing what was written changes nothing */
		buf_clear(&xml);
		assert_int_equal(cap_rewrite(again.p, again.n, &xml, NULL, &f), 0);
		assert_int_equal(xml.n, again.n);
		assert_memory_equal(xml.p, again.p, xml.n);
		cap_alert_free(&a);
		cap_alert_free(&back);
		body_free(b);
		buf_free(&raw);
		buf_free(&xml);
		buf_free(&again);
		buf_free(&want);
		buf_free(&got);
		buf_free(&told);
	}
	tsv_free(t);
	print_message("%zu valid and %zu other documents, %zu of them too large for a body\n", valid, others, large);
	assert_true(valid >= 60 && others >= 10 && large <= 1);
}

/* ---- forms CAP 1.2 has no place for ---- */

static void
forms(void **state)
{
	static const struct {
		const char *doc, *has, *lacks, *remark; /* NULL: nothing to look for */
	} cases[] = {
	    {DOC("<expires>2026-11-22T06:10:00Z</expires>"), "<expires>2026-11-22T06:10:00-00:00<", "Z<", NULL},
	    {DOC("<expires>2026-11-22T06:10:00+00:00</expires>"), "<expires>2026-11-22T06:10:00-00:00<", NULL, NULL},
	    {DOC("<expires>2026-11-22T06:10:00-03:30</expires>"), "<expires>2026-11-22T06:10:00-03:30<", NULL, NULL},
	    {HEAD "<info><language/>" EVENT WORDS "</info></alert>", "<info>\n<category>", "language", NULL},
	    {DOC(AREA("<altitude>100</altitude><ceiling> +1.5 </ceiling>")), "<ceiling>+1.5<", NULL, NULL},
	    {DOC("<headline> a &lt;b&gt; &amp; \"c\" ]]&gt; </headline>"), "<headline>a &lt;b&gt; &amp; \"c\" ]]&gt;<",
		NULL, NULL},
	    {DOC("<description>a\nb&#13;c\\n\td\\</description>"), "<description>a\nb&#xD;c\\n\td\\<", NULL, NULL},
	    {DOC("<headline>a&#x202e;b&#x85;c</headline>"), "a&#x202E;b&#x85;c", NULL, "replaced"},
	    {DOC("<contact><![CDATA[<b>&amp;</b>]]></contact>"), "<contact>&lt;b&gt;&amp;amp;&lt;/b&gt;<", NULL, NULL},
	    {DOC("<contact>\xf0\x9f\x8c\xa7 \xe6\x9a\xb4</contact>"), "<contact>\xf0\x9f\x8c\xa7 \xe6\x9a\xb4<", NULL,
		NULL},
	    {HEAD "<Signature xmlns=\"http://www.w3.org/2000/09/xmldsig#\"><a>x</a></Signature></alert>", "</alert>",
		"Signature", "signature"},
	    {"<alert xmlns=\"" NS11 "\">" IDS LIVE "<info>" EVENT WORDS
	     "<expires>2026-11-22T06:10:00.250Z</expires><resource><resourceDesc>x</resourceDesc></resource></info></alert>",
		"<resourceDesc>x</resourceDesc>\n<mimeType>application/octet-stream<", ".250", "its form"},
	    {"<alert xmlns=\"" NS11 "\">" IDS LIVE "<info>" EVENT WORDS "</info></alert>", NS12, NS11, NULL},
	    {"<alert xmlns=\"" NS10 "\"><identifier>I</identifier><sender>s</sender>"
	     "<sent>2026-11-22T14:00:00+08:00</sent><status>Actual</status><msgType>Alert</msgType>"
	     "<password>secret</password><info><event>E</event><urgency>Past</urgency><severity>Minor</severity><certainty>Very "
	     "Likely</certainty>"
	     "<parameter>a=b=c</parameter></info></alert>",
		"<msgType>Alert</msgType>\n<scope>Public</scope>\n<info>\n<category>Other</category>\n<event>E</event>",
		"secret", "its form: password (line 1), 4 in all"},
	    {"<alert xmlns=\"" NS10 "\">" IDS "<status>Actual</status><msgType>Alert</msgType><addresses>a b</addresses>"
	     "<info><event>E</event>" WORDS "<parameter>a=b=c</parameter></info></alert>",
		"<scope>Private<", NULL, NULL},
	    {"<alert xmlns=\"" NS10 "\">" IDS
	     "<status>Actual</status><msgType>Alert</msgType><restriction>x</restriction></alert>",
		"<scope>Restricted<", NULL, NULL},
	    {"<alert xmlns=\"" NS10 "\">" IDS LIVE "<info><category>Met</category><event>E</event>" WORDS
	     "<eventCode>a=b=c</eventCode><parameter>none</parameter></info></alert>",
		"<eventCode>\n<valueName>a</valueName>\n<value>b=c</value>\n</eventCode>\n<parameter>\n"
		"<valueName>none</valueName>\n<value></value>",
		NULL, NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cap_alert a = taken(cases[i].doc), back;
		struct buf xml = {0};
		struct fault f = {0};
		const char *s;

		if (cap_write(a.body, cb, &xml, &f) == -1)
			fail_msg("case %zu: %s", i, f.text);
		s = buf_cstr(&xml);
		if (strstr(s, cases[i].has) == NULL || (cases[i].lacks != NULL && strstr(s, cases[i].lacks) != NULL))
			fail_msg("case %zu:\n%s", i, s);
		if (cases[i].remark != NULL ? !has_remark(a.body, cases[i].remark) : has_remark(a.body, "none"))
			fail_msg("case %zu: %s", i, body_text(a.body, F_REMARKS));
		must_be_sound(cases[i].doc, &xml, &back);
		cap_alert_free(&a);
		cap_alert_free(&back);
		buf_free(&xml);
	}
}

/* ---- trees from strangers' hands ---- */

#define LEAST                                                                                                          \
	"identifier=I\nsender=s\nsent=2026-11-22T14:00:00+08:00\nstatus=Actual\nmsgType=Alert\nscope=Public\n"
#define LEAST_INFO "info\n.category=Met\n.event=E\n.urgency=Past\n.severity=Minor\n.certainty=Likely\n"

static void
trees(void **state)
{
	static const struct {
		const char *tree;
		int code;
	} cases[] = {
	    {"alert 1.2\n" LEAST, 0},
	    {"alert 1.2\n" LEAST LEAST_INFO ".headline@title\n.description=\\u{1f327}\\\\\\n\\r\n", 0},
	    {"alert 1.2\n" LEAST LEAST_INFO ".area\n..areaDesc=A\n..geocode\n...valueName=a\n...value=b\n", 0},
	    {"alert 1.2!\n", EX_UNAVAILABLE},
	    {"alert 1.2\n" LEAST LEAST_INFO ".area\n..areaDesc=A\n..polygon!\n", EX_UNAVAILABLE},
	    {"x", EX_DATAERR},
	    {"\n", EX_DATAERR},
	    {"alert", EX_DATAERR},
	    {"alert 1.2", EX_DATAERR},
	    {"alert 1.2\n", EX_DATAERR},
	    {"alert 1.2\n" LEAST "note=no end", EX_DATAERR},
	    {"alert 1.2\n" LEAST "x=y\n", EX_DATAERR},
	    {"alert 1.2\n" LEAST "note><info/><note=y\n", EX_DATAERR},
	    {"alert 1.2\n" LEAST "..note=y\n", EX_DATAERR},
	    {"alert 1.2\n" LEAST ".note=y\n", EX_DATAERR},
	    {"alert 1.2\n" LEAST "note\n", EX_DATAERR},
	    {"alert 1.2\n" LEAST "info=x\n", EX_DATAERR},
	    {"alert 1.2\n" LEAST "info\n", EX_DATAERR},
	    {"alert 1.2\n" LEAST "scope=Public\n", EX_DATAERR},
	    {"alert 1.2\n" LEAST "note@kind\n", EX_DATAERR},
	    {"alert 1.2\n" LEAST "note@nothing\n", EX_DATAERR},
	    {"alert 1.2\n" LEAST "note@brief\n", EX_DATAERR},
	    {"alert 1.2\n" LEAST "note@cap_tree\n", EX_DATAERR},
	    {"alert 1.2\n" LEAST "note@\n", EX_DATAERR},
	    {"alert 1.2\n" LEAST "note=\\\n", EX_DATAERR},
	    {"alert 1.2\n" LEAST "note=\\x\n", EX_DATAERR},
	    {"alert 1.2\n" LEAST "note=\\u{}\n", EX_DATAERR},
	    {"alert 1.2\n" LEAST "note=\\u{d800}\n", EX_DATAERR},
	    {"alert 1.2\n" LEAST "note=\\u{110000}\n", EX_DATAERR},
	    {"alert 1.2\n" LEAST "note=\\u{41\n", EX_DATAERR},
	    {"alert 1.2\n" LEAST "password=x\n", EX_DATAERR},
	    {"alert 1.2\nidentifier=I\nsender=s\nsent=2026-11-22T06:00:00Z\nstatus=Actual\nmsgType=Alert\nscope=Public\n",
		EX_DATAERR},
	    {"alert 1.2\nidentifier=I\nsender=s\nsent=2026-11-22T06:00:00+00:00\nstatus=Actual\nmsgType=Alert\nscope="
	     "Public\n",
		EX_DATAERR},
	    {"alert 1.2\n" LEAST LEAST_INFO ".area\n..areaDesc=A\n..altitude=1e3\n", EX_DATAERR},
	    {"alert 1.2\n" LEAST "info\n.language=zh_CN\n.category=Met\n.event=E\n.urgency=Past\n.severity=Minor\n"
	     ".certainty=Likely\n",
		EX_DATAERR},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct body *b = body_new();
		struct buf xml = {0};
		struct fault f = {0};

		body_set_num(b, F_KIND, KIND_WARNING);
		body_set_text(b, F_TITLE, "a title");
		body_set_text(b, F_CAP_TREE, cases[i].tree);
		buf_puts(&xml, "kept");
		if (cap_write(b, cb, &xml, &f) != (cases[i].code == 0 ? 0 : -1) || f.code != cases[i].code)
			fail_msg("case %zu: %d %s", i, f.code, f.text);
		if (cases[i].code != 0) {
			assert_int_equal(xml.n, 4);
			assert_int_not_equal(f.text[0], '\0');
		}
		body_free(b);
		buf_free(&xml);
	}
}

/* A field named ten thousand times: stopped at the bound, not at the end of memory. */
static void
swollen(void **state)
{
	struct body *b = body_new();
	struct buf tree = {0}, text = {0}, xml = {0};
	struct fault f = {0};

	(void)state;
	for (int i = 0; i < 60000; i++)
		buf_put_u8(&text, 'x');
	buf_puts(&tree, "alert 1.2\nidentifier=I\nsender=s\nsent=2026-11-22T14:00:00+08:00\nstatus=Actual\n"
			"msgType=Alert\nscope=Public\n");
	for (int i = 0; i < 20000; i++)
		buf_puts(&tree, "code@text\n");
	body_set_num(b, F_KIND, KIND_WARNING);
	body_set_text(b, F_TEXT, buf_cstr(&text));
	body_set_text(b, F_CAP_TREE, buf_cstr(&tree));
	assert_int_equal(cap_write(b, cb, &xml, &f), -1);
	assert_int_equal(f.code, EX_DATAERR);
	assert_int_equal(xml.n, 0);
	body_free(b);
	buf_free(&tree);
	buf_free(&text);
}

/* A megabyte of polygons: taken, carried in part, and written from the original in a moment. */
static void
large(void **state)
{
	struct buf d = {0}, xml = {0}, want = {0}, got = {0};
	struct cap_alert a;
	struct fault f = {0};
	clock_t began;

	(void)state;
	buf_puts(&d, HEAD "<info>" EVENT WORDS "<area><areaDesc>A</areaDesc><polygon>");
	for (int i = 0; i < 50000; i++)
		buf_printf(&d, "29.%06d,121.%06d ", i, 2 * i);
	buf_puts(&d, "29.000000,121.000000</polygon></area></info></alert>");
	assert_int_equal(read_bytes(d.p, d.n, &a, &f), 0);
	assert_true(has_remark(a.body, "too long to be carried"));
	assert_non_null(strstr(body_text(a.body, F_CAP_TREE), "..areaDesc=A\n..polygon!\n"));
	assert_int_equal(cap_write(a.body, cb, &xml, &f), -1);
	assert_int_equal(f.code, EX_UNAVAILABLE);
	began = clock();
	assert_int_equal(cap_rewrite(d.p, d.n, &xml, NULL, &f), 0);
	assert_true((double)(clock() - began) / CLOCKS_PER_SEC < 2);
	canonical_of(&d, &want, true);
	canonical_of(&xml, &got, true);
	compare("large", &want, &got, false);
	cap_alert_free(&a);
	buf_clear(&d);
	/* nothing long, and still too much: no list at all */
	buf_puts(&d, HEAD);
	for (int i = 0; i < 60000; i++)
		buf_printf(&d, "<code>%d</code>", i);
	buf_puts(&d, "</alert>");
	assert_int_equal(read_bytes(d.p, d.n, &a, &f), 0);
	assert_string_equal(body_text(a.body, F_CAP_TREE), "alert 1.2!\n");
	cap_alert_free(&a);
	buf_free(&d);
	buf_free(&xml);
	buf_free(&want);
	buf_free(&got);
}

/* The measure itself: what the schema forbids is found. */
static void
measure(void **state)
{
	static const struct {
		const char *doc;
		bool valid;
	} cases[] = {
	    {DOC(""), true},
	    {DOC("<expires>2026-11-22T06:10:00Z</expires>"), false},
	    {DOC(AREA("<altitude>1e3</altitude>")), false},
	    {DOC("<area><circle>1,1 1</circle><areaDesc>A</areaDesc></area>"), false},
	    {HEAD "<info><language>zh_CN</language>" EVENT WORDS "</info></alert>", false},
	    {ALERT12 IDS "<status>Live</status><msgType>Alert</msgType><scope>Public</scope></alert>", false},
	};

	(void)state;
	quiet_begin();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf d = {0};

		buf_puts(&d, cases[i].doc);
		if (schema_valid(&d) != cases[i].valid)
			fail_msg("case %zu", i);
		buf_free(&d);
	}
	(void)quiet_end();
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    quiet_test(measure),
	    cmocka_unit_test(corpus),
	    cmocka_unit_test(forms),
	    cmocka_unit_test(trees),
	    cmocka_unit_test(swollen),
	    cmocka_unit_test(large),
	};

	return cmocka_run_group_tests(tests, cap_setup, cap_teardown);
}
