/*
 * What becomes of a CAP document (taken, taken with something wrong, refused), class by class, as a comparison with a
 * schema validator and the rules beyond the schema brought them up.  The wording is cap_test.c's; what is malicious or
 * huge, cap_attack_test.c's.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include "../../formats/cap_write.h"
#include "cap_make.h"
#include "cap_schema.h"

#define XSI_NS " xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\""
#define DS " xmlns=\"http://www.w3.org/2000/09/xmldsig#\""
#define NAMED(id) \
	ALERT12 "<identifier>" id "</identifier><sender>s</sender><sent>2026-11-22T14:00:00+08:00</sent>" LIVE \
		"</alert>"
#define SENT(version, time) \
	"<alert xmlns=\"" version "\"><identifier>I</identifier><sender>s</sender><sent>" time "</sent>" LIVE "</alert>"
#define OLD(version, more) "<alert xmlns=\"" version "\">" IDS LIVE INFO(more) "</alert>"
#define RESOURCE(more) "<resource><resourceDesc>d</resourceDesc><mimeType>a/b</mimeType>" more "</resource>"
#define UPDATE(references) \
	ALERT12 IDS "<status>Actual</status><msgType>Update</msgType><scope>Public</scope><references>" references \
		    "</references></alert>"
#define SHAPE(text) DOC(AREA("<polygon>" text "</polygon>"))
#define ROUND(text) DOC(AREA("<circle>" text "</circle>"))

enum verdict { ACCEPT, WARN, REJECT };

static const struct {
	const char *doc;
	enum verdict verdict;
	const char *field; /* REJECT: named in the fault */
} cases[] = {
    /* attributes about the schema: where it is, and types; CAP's elements cannot be nil */
    {ALERT12 "<identifier" XSI_NS " xsi:nil=\"false\">I</identifier>", REJECT, "identifier"},
    {HEAD "<note" XSI_NS " xsi:nil=\"true\"/></alert>", REJECT, "note"},
    {HEAD "<note" XSI_NS " xsi:other=\"1\">n</note></alert>", REJECT, "note"},
    {HEAD "<note" XSI_NS " xsi:noNamespaceSchemaLocation=\"a.xsd\">n</note></alert>", ACCEPT, NULL},
    {HEAD "<note" XSI_NS " xmlns:xs=\"http://www.w3.org/2001/XMLSchema\" xsi:type=\"xs:string\">n</note></alert>",
	ACCEPT, NULL},
    {HEAD "<note xml:lang=\"en\">n</note></alert>", REJECT, "note"},
    /* what else the signature's namespace has may stand where signatures stand, and nowhere else */
    {HEAD "<KeyInfo" DS "><KeyName>k</KeyName></KeyInfo></alert>", ACCEPT, NULL},
    {HEAD "<KeyInfo" DS "/>" INFO("") "</alert>", REJECT, "info"},
    {HEAD "<info><KeyInfo" DS "/></info></alert>", REJECT, "KeyInfo"},
    {HEAD "<x xmlns=\"urn:x\"/></alert>", REJECT, "x"},
    /* URIs */
    {DOC("<web>http://example.cn/?a=1&amp;b=2#c</web>"), ACCEPT, NULL},
    {DOC("<web/>"), ACCEPT, NULL},
    {DOC("<web>  http://example.cn/ </web>"), ACCEPT, NULL},
    {DOC("<web>www.example.cn</web>"), ACCEPT, NULL},
    {DOC("<web>not available</web>"), ACCEPT, NULL},
    {DOC("<web>http://example.cn/\xe9\x9b\xa8</web>"), ACCEPT, NULL},
    {DOC("<web>http://a.cn, http://b.cn</web>"), REJECT, "web"},
    {DOC("<web>http://a.cn/%</web>"), REJECT, "web"},
    {DOC("<web>http://a.cn/%zz</web>"), REJECT, "web"},
    {DOC("<web>http://a.cn/#b#c</web>"), REJECT, "web"},
    {DOC("<web>http://a.cn:port/</web>"), REJECT, "web"},
    {DOC("<web>12:30</web>"), REJECT, "web"},
    {OLD(NS11, "<web>http://a.cn/%</web>"), REJECT, "web"},
    {DOC(RESOURCE("<uri>a b.jpg</uri>")), ACCEPT, NULL},
    {DOC(RESOURCE("<uri>http://[a/</uri>")), REJECT, "uri"},
    {DOC(RESOURCE("<derefUri>##</derefUri>")), ACCEPT, NULL},
    /* heights are numbers in 1.2 only, sizes in all */
    {OLD(NS11, AREA("<altitude>sea level</altitude><ceiling>1,000</ceiling>")), ACCEPT, NULL},
    {OLD(NS10, AREA("<altitude/>")), ACCEPT, NULL},
    {DOC(AREA("<altitude>sea level</altitude>")), REJECT, "altitude"},
    {DOC(AREA("<altitude/>")), REJECT, "altitude"},
    {DOC(AREA("<altitude>+1.5</altitude><ceiling>-.5</ceiling>")), ACCEPT, NULL},
    {OLD(NS11, "<resource><resourceDesc>d</resourceDesc><size>1kB</size></resource>"), REJECT, "size"},
    {DOC(RESOURCE("<size>1.5</size>")), REJECT, "size"},
    /* languages: none is the default, blanks are none */
    {HEAD "<info><language/>" EVENT WORDS "</info></alert>", ACCEPT, NULL},
    {HEAD "<info><language>  </language>" EVENT WORDS "</info></alert>", REJECT, "language"},
    {HEAD "<info><language>en-US,fr</language>" EVENT WORDS "</info></alert>", REJECT, "language"},
    /* the password of 1.0 has its place behind msgType */
    {"<alert xmlns=\"" NS10 "\">" IDS "<status>Actual</status><msgType>Alert</msgType><password>p</password></alert>",
	ACCEPT, NULL},
    {"<alert xmlns=\"" NS10 "\"><identifier>I</identifier><sender>s</sender><password>p</password>",
	REJECT, "sent"},
    /* blanks within identifiers, of any script */
    {NAMED("a\xe3\x80\x80" "b"), REJECT, "identifier"},
    {NAMED("a\xc2\xa0"), REJECT, "identifier"},
    {NAMED("a\xe2\x80\x83" "b"), REJECT, "identifier"},
    {NAMED("\xe9\x9b\xa8\xe2\x80\x94\xe2\x80\x9c"), ACCEPT, NULL},
    {NAMED("a&#32;b"), REJECT, "identifier"},
    {NAMED("<![CDATA[a]]>"), ACCEPT, NULL},
    /* times */
    {SENT(NS12, "2026-11-22T14:00:00Z"), WARN, "Z"},
    {SENT(NS12, "2026-11-22T14:00:00-00:00"), ACCEPT, NULL},
    {SENT(NS12, "2026-11-22T14:00:00.5+08:00"), REJECT, "sent"},
    {SENT(NS11, "2026-11-22T14:00:00.5+08:00"), ACCEPT, NULL},
    {SENT(NS11, "2026-11-22T14:00:00Z"), ACCEPT, NULL},
    {SENT(NS11, "2026-11-22T14:00:00"), REJECT, "sent"},
    {SENT(NS12, "2026-11-22T14:00:00"), REJECT, "sent"},
    {SENT(NS12, "2026-02-30T14:00:00+08:00"), REJECT, "sent"},
    {SENT(NS12, "2026-11-22T24:00:00+08:00"), REJECT, "sent"},
    {SENT(NS12, "2026-11-22T23:59:60+08:00"), REJECT, "sent"},
    {SENT(NS12, "2026-11-22T14:00:00+14:01"), REJECT, "sent"},
    {SENT(NS12, "2026-11-22T14:00:00+0800"), REJECT, "sent"},
    {SENT(NS12, "2026-11-22 14:00:00+08:00"), REJECT, "sent"},
    {SENT(NS12, "2026-11-22T14:00:00,08:00"), REJECT, "sent"},
    {DOC("<expires/>"), REJECT, "expires"},
    /* references: none refuses, bad ones are told */
    {UPDATE(""), REJECT, "references"},
    {UPDATE("a,b,2026-11-22T13:00:00+08:00\n\tc,d,2026-11-22T13:00:00Z"), ACCEPT, NULL},
    {UPDATE("a,b,2026-11-22T13:00:00+08:00,c,d,2026-11-22T13:00:00+08:00"), WARN, NULL},
    {UPDATE("a,b"), WARN, NULL},
    {UPDATE("a, b, 2026-11-22T13:00:00+08:00"), WARN, NULL},
    {UPDATE("a,b,2026-02-30T13:00:00+08:00"), WARN, NULL},
    {UPDATE("s@x.cn,I1,2026-11-22T14:00:00+08:00"), WARN, NULL},
    /* geometry */
    {SHAPE("1,2 3,4 5,6 1.0,2.00"), ACCEPT, NULL},
    {SHAPE("\n1,2\t3,4\n5,6 1,2\n"), ACCEPT, NULL},
    {SHAPE(""), WARN, NULL},
    {SHAPE("1,2 3,4 1,2"), WARN, NULL},
    {SHAPE("1,2 3,4 5,6 7,8"), WARN, NULL},
    {SHAPE("1,2,3,4,5,6,1,2"), WARN, NULL},
    {SHAPE("1,2 3,4 5,6 1,2..."), WARN, NULL},
    {SHAPE("NaN,2 3,4 5,6 NaN,2"), WARN, NULL},
    {SHAPE("1,181 3,4 5,6 1,181"), WARN, NULL},
    {ROUND("1,2 0"), ACCEPT, NULL},
    {ROUND("1,2"), WARN, NULL},
    {ROUND("1,2 -3"), WARN, NULL},
    {ROUND("1,2 3km"), WARN, NULL},
    /* encodings by the names people give them */
    {"<?xml version=\"1.0\" encoding=\"latin-1\"?>" HEAD "<note>\xe9</note></alert>", ACCEPT, NULL},
    {"<?xml version=\"1.0\" encoding=\"cp1252\"?>" HEAD "<note>\x93\xe9\x94</note></alert>", ACCEPT, NULL},
    {"<?xml version=\"1.0\" encoding=\"utf-7\"?>" HEAD "</alert>", REJECT, ""},
    {HEAD "<note>\xe9</note></alert>", REJECT, ""},
};

static void
verdicts(void **state)
{
	static const char *const words[] = {"accept", "warn", "reject"};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cap_alert a = {0};
		struct fault f = {0};
		char why[1024];
		enum verdict got = read_bytes(cases[i].doc, strlen(cases[i].doc), &a, &f) == -1 ? REJECT
				   : a.odd						       ? WARN
										       : ACCEPT;

		if (got != cases[i].verdict)
			fail_msg("%s: %s, should be %s: %s", cases[i].doc, words[got], words[cases[i].verdict],
			    got == REJECT ? fault_format(&f, why, sizeof(why)) : "");
		if (got == REJECT && strcmp(f.field, cases[i].field) != 0)
			fail_msg("%s: names \"%s\", should be \"%s\"", cases[i].doc, f.field, cases[i].field);
		cap_alert_free(&a);
	}
}

/* What is only lost on the way, and not wrong, is told apart: a check accepts, a conversion says what is missing. */
static void
lossy(void **state)
{
	static const struct {
		const char *doc;
		bool odd, lossy;
	} table[] = {
	    {DOC(""), false, false},
	    {OLD(NS11, AREA("<altitude>sea level</altitude>")), false, true},
	    {OLD(NS11, AREA("<altitude>12</altitude>")), false, false},
	    {SHAPE("1,2 3,4"), true, false},
	    {OLD(NS11, AREA("<polygon>1,2</polygon><altitude>high</altitude>")), true, true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct cap_alert a = {0};
		struct fault f = {0};

		assert_int_equal(read_bytes(table[i].doc, strlen(table[i].doc), &a, &f), 0);
		if (a.odd != table[i].odd || a.lossy != table[i].lossy)
			fail_msg("%s: odd %d, lossy %d", table[i].doc, a.odd, a.lossy);
		cap_alert_free(&a);
	}
}

/* Where 1.2 has no place for what an earlier version held, what is written is valid all the same. */
static void
written(void **state)
{
	static const char doc[] = OLD(NS11,
	    "<web>http://a b/\xe9\x9b\xa8</web>" AREA("<altitude>sea level</altitude><ceiling>9</ceiling>"));
	struct buf out = {0};
	struct cap_alert a = {0}, again = {0};
	struct fault f = {0};

	(void)state;
	assert_int_equal(read_bytes(doc, sizeof(doc) - 1, &a, &f), 0);
	assert_int_equal(cap_write(a.body, cb, &out, &f), 0);
	must_be_sound(doc, &out, &again);
	assert_null(strstr(buf_cstr(&out), "altitude"));
	assert_non_null(strstr(buf_cstr(&out), "<ceiling>9</ceiling>"));
	assert_non_null(strstr(buf_cstr(&out), "<web>http://a b/\xe9\x9b\xa8</web>"));
	buf_free(&out);
	cap_alert_free(&again);
	cap_alert_free(&a);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    quiet_test(verdicts),
	    quiet_test(lossy),
	    quiet_test(written),
	};

	return cmocka_run_group_tests(tests, cap_setup, cap_teardown);
}
