/*
 * What a document does to the messages it refers to, and what it says in other languages and for other systems.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <sysexits.h>
#include "../../formats/cap_write.h"
#include "cap_schema.h"

#define TYPED(status, type, more)                                                                                      \
	ALERT12 IDS "<status>" status "</status><msgType>" type "</msgType><scope>Public</scope>" more "</alert>"
#define NOTE "<note>Wrong county</note>"
#define REFERS "<references>s@x.cn,I0,2026-11-22T13:00:00+08:00</references>"

static void
kinds(void **state)
{
	static const struct {
		const char *doc;
		int kind, stage;
		const char *reason; /* NULL: none */
		int settled, act;   /* once the references are known */
		const char *said;
	} cases[] = {
	    {TYPED("Actual", "Alert", INFO("")), KIND_WARNING, 0, NULL, KIND_WARNING, 0, NULL},
	    {TYPED("Actual", "Alert", NOTE REFERS INFO("")), KIND_WARNING, 0, NULL, KIND_WARNING, 0, NULL},
	    {TYPED("Actual", "Update", NOTE REFERS INFO("")), KIND_WARNING, STAGE_CORRECTION, NULL, KIND_WARNING, 0,
		NULL},
	    {TYPED("Actual", "Cancel", NOTE REFERS), KIND_WARNING, STAGE_WITHDRAWAL, "Wrong county", KIND_WARNING, 0,
		NULL},
	    {TYPED("Actual", "Cancel", REFERS INFO("")), KIND_WARNING, STAGE_WITHDRAWAL, NULL, KIND_WARNING, 0, NULL},
	    {TYPED("Actual", "Ack", REFERS), KIND_LOG, 0, NULL, KIND_RECEIPT, ACT_DELIVERED, NULL},
	    {TYPED("Exercise", "Ack", NOTE REFERS), KIND_LOG, 0, "Wrong county", KIND_RECEIPT, ACT_DELIVERED, NULL},
	    {TYPED("Actual", "Error", NOTE REFERS), KIND_LOG, 0, "Wrong county", KIND_RECEIPT, ACT_RETURNED,
		"Wrong county"},
	    {TYPED("Actual", "Error", REFERS), KIND_LOG, 0, NULL, KIND_RECEIPT, ACT_RETURNED, "without a reason"},
	    {TYPED("Test", "Error", NOTE REFERS), KIND_LOG, 0, NULL, KIND_LOG, 0, NULL},
	    {TYPED("System", "Ack", REFERS), KIND_LOG, 0, NULL, KIND_LOG, 0, NULL},
	    {TYPED("Draft", "Cancel", NOTE REFERS), KIND_LOG, 0, NULL, KIND_LOG, 0, NULL},
	};
	struct msgid id = {.origin = "330225", .epoch = 1763787393, .serial = 4};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cap_alert a = taken(cases[i].doc);
		const char *reason = body_text(a.body, F_REASON);
		struct fault f = {0};

		if (body_enum(a.body, F_KIND) != cases[i].kind || body_enum(a.body, F_STAGE) != cases[i].stage ||
		    (reason == NULL) != (cases[i].reason == NULL) ||
		    (reason != NULL && strcmp(reason, cases[i].reason) != 0))
			fail_msg("case %zu: kind %d, stage %d, %s", i, body_enum(a.body, F_KIND),
			    body_enum(a.body, F_STAGE), reason == NULL ? "no reason" : reason);
		cap_settle(a.body);
		assert_int_equal(body_enum(a.body, F_KIND), cases[i].kind);
		body_add_id(a.body, F_REFS, &id);
		cap_settle(a.body);
		assert_int_equal(body_enum(a.body, F_KIND), cases[i].settled);
		assert_int_equal(body_enum(a.body, F_ACT), cases[i].act);
		if (check_body(a.body, cb, &f) == -1)
			fail_msg("case %zu: %s: %s", i, f.field, f.text);
		if (cases[i].said != NULL)
			assert_non_null(strstr(body_text(a.body, F_REASON), cases[i].said));
		cap_alert_free(&a);
	}
}

struct asked {
	struct buf all;
	const char *known;
};

static bool
ask(void *ctx, const char *id, const struct msgid *own)
{
	struct asked *k = ctx;

	buf_printf(&k->all, "%s%s;", id, own != NULL ? " OWN" : "");
	return k->known != NULL && strcmp(k->known, id) == 0;
}

static void
references(void **state)
{
	static const struct {
		const char *refs, *known, *asked;
		size_t found;
	} cases[] = {
	    {"a,b,2026-11-22T13:00:00+08:00", NULL, "a,b,2026-11-22T13:00:00+08:00;", 0},
	    {"a,b,2026-11-22T13:00:00+08:00", "a,b,2026-11-22T13:00:00+08:00", "a,b,2026-11-22T13:00:00+08:00;", 1},
	    {"a,b,2026-11-22T13:00:00Z", "a,b,2026-11-22T13:00:00-00:00",
		"a,b,2026-11-22T13:00:00Z;a,b,2026-11-22T13:00:00-00:00;", 1},
	    {"a,b,2026-11-22T13:00:00-00:00", NULL,
		"a,b,2026-11-22T13:00:00-00:00;a,b,2026-11-22T13:00:00Z;a,b,2026-11-22T13:00:00+00:00;", 0},
	    {"a,b,2026-11-22T13:00:00+08:00 \n c,d,2026-11-22T13:00:00+08:00 junk e,f,yesterday ,x, a,,b", NULL,
		"a,b,2026-11-22T13:00:00+08:00;c,d,2026-11-22T13:00:00+08:00;", 0},
	    {"330225,330225.1763787393.4,2026-11-22T13:00:00+08:00", NULL,
		"330225,330225.1763787393.4,2026-11-22T13:00:00+08:00 OWN;", 0},
	    {"330226,330225.1763787393.4,2026-11-22T13:00:00+08:00", NULL,
		"330226,330225.1763787393.4,2026-11-22T13:00:00+08:00;", 0},
	    {"s@x.cn,I1,2026-11-22T14:00:00+08:00 a,b,2026-11-22T13:00:00+08:00", NULL,
		"a,b,2026-11-22T13:00:00+08:00;", 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct asked k = {.known = cases[i].known};
		struct buf d = {0};
		struct cap_alert a;

		buf_printf(&d,
		    ALERT12 IDS "<status>Actual</status><msgType>Update</msgType><scope>Public</scope>"
				"<references>%s</references></alert>",
		    cases[i].refs);
		a = taken(buf_cstr(&d));
		assert_int_equal(cap_refs(a.body, ask, &k), cases[i].found);
		assert_string_equal(buf_cstr(&k.all), cases[i].asked);
		cap_alert_free(&a);
		buf_free(&k.all);
		buf_free(&d);
	}
}

/* What an alert is known by is what the next one's reference asks for, however long. */
static void
references_meet(void **state)
{
	(void)state;
	for (int k = 0; k < 2; k++) {
		struct buf d = {0}, id = {0};
		struct asked asked = {0};
		struct cap_alert a, b;

		for (int i = 0; i < (k == 0 ? 10 : 1500); i++)
			buf_put_u8(&id, 'x');
		buf_printf(&d,
		    ALERT12 "<identifier>%s</identifier><sender>s</sender><sent> 2026-11-22T13:00:00+08:00 </sent>" LIVE
			    "</alert>",
		    buf_cstr(&id));
		a = taken(buf_cstr(&d));
		buf_clear(&d);
		buf_printf(&d,
		    ALERT12 IDS "<status>Actual</status><msgType>Cancel</msgType><scope>Public</scope>"
				"<references>s,%s,2026-11-22T13:00:00+08:00</references></alert>",
		    buf_cstr(&id));
		b = taken(buf_cstr(&d));
		asked.known = body_text(a.body, F_FOREIGN_ID);
		assert_int_equal(cap_refs(b.body, ask, &asked), 1);
		cap_alert_free(&a);
		cap_alert_free(&b);
		buf_free(&asked.all), buf_free(&d), buf_free(&id);
	}
}

static void
must_have(const struct body *b, uint32_t key, const char *const *want)
{
	const struct value *v = body_first(b, key);

	for (; *want != NULL; want++, v = body_next(b, v))
		if (v == NULL || strcmp(v->u.text.s, *want) != 0)
			fail_msg("%s is not %s", v == NULL ? "nothing" : v->u.text.s, *want);
	if (v != NULL)
		fail_msg("%s too many", v->u.text.s);
}

static void
languages(void **state)
{
	static const char *const none[] = {NULL};
	struct cap_alert a;

	(void)state;
	a = taken(HEAD "<info><language>en-US</language>" EVENT WORDS "<headline> Heavy rain | now </headline>"
		       "<description>a\nb</description><parameter><valueName>no</valueName><value>x</value></parameter>"
		       "<area><areaDesc>One</areaDesc></area><area><areaDesc>Two</areaDesc></area></info>"
		       "<info><language>zh-CN</language>" EVENT WORDS
		       "<eventCode><valueName>SAME</valueName><value>TOR</value></eventCode>"
		       "<headline>暴雨</headline>"
		       "<parameter><valueName>VTEC</valueName><value>/O.NEW=1/</value></parameter>"
		       "<parameter><valueName>VTEC</valueName><value>/O.NEW=1/</value></parameter>"
		       "<parameter><valueName>a=b</valueName><value>c</value></parameter>"
		       "<parameter><valueName/><value>c</value></parameter>"
		       "<parameter><valueName>empty</valueName><value/></parameter>"
		       "<parameter><valueName>dutydesk:kind</valueName><value>\"x\"</value></parameter></info>"
		       "<info><language>zh-CN</language>" EVENT WORDS "<headline>大风</headline></info></alert>");
	{
		static const char *const said[] = {"en-us|title|Heavy rain | now", "en-us|event_name|Rain",
		    "en-us|text|a\nb", "en-us|area|One", "en-us|area|Two", NULL};
		static const char *const more[] = {
		    "eventCode:SAME=TOR", "VTEC=/O.NEW=1/", "VTEC=/O.NEW=1/", "empty=", NULL};

		must_have(a.body, F_TRANSLATION, said);
		must_have(a.body, F_EXTENSION, more);
	}
	assert_string_equal(body_text(a.body, F_TITLE), "暴雨");
	cap_alert_free(&a);
	/* one language only: nothing is said twice */
	a = taken(DOC("<headline>A</headline>"));
	must_have(a.body, F_TRANSLATION, none);
	must_have(a.body, F_EXTENSION, none);
	cap_alert_free(&a);
	a = taken("<alert xmlns=\"" NS10 "\">" IDS LIVE "<info><event>E</event>" WORDS
		  "<eventCode>same=TOR</eventCode><parameter>HSAS=a=b</parameter></info></alert>");
	{
		static const char *const more[] = {"eventCode:same=TOR", "HSAS=a=b", NULL};

		must_have(a.body, F_EXTENSION, more);
	}
	cap_alert_free(&a);
}

/* A message of ours: others read the languages and the parameters, we read the very body; twice there and back changes
 * nothing. */
static void
ours(void **state)
{
	static const char *const said[] = {"en|title|Fire <in> the \"mill\"", "en|area|Xizhou", "en|area|Qiangtou",
	    "en|event_name|Fire", "th|text|ไฟไหม้\nสอง", "no bars", "|title|none", "12|title|bad", "zh-CN|title|二",
	    "en|title|second", "en|dead|3", "de|measures|", "\x01|title|x"};
	static const char *const more[] = {"VTEC=/O/", "VTEC=/O/", "eventCode:SAME=TOR", "=x", "none",
	    "dutydesk:kind=\"log\"", "eventCode:dutydesk:kind=1", "a=b=c"};
	static const char *const lacks[] = {
	    "<value>\"log\"", "<language>12", "二</headline>", "second</headline>", "<valueName></"};
	static const char *const has[] = {
	    "<language>en</language>\n<category>Fire</category>\n<event>Fire</event>\n<urgency>Unknown</urgency>",
	    ("<headline>Fire &lt;in&gt; the \"mill\"</headline>\n<area>\n<areaDesc>Xizhou</areaDesc>\n</area>\n<area>\n"
	    "<areaDesc>Qiangtou<"),
	    "<language>th</language>", "<description>ไฟไหม้\nสอง</description>",
	    "<parameter>\n<valueName>VTEC</valueName>\n<value>/O/</value>\n</parameter>\n<parameter>\n<valueName>VTEC<",
	    "<eventCode>\n<valueName>SAME</valueName>\n<value>TOR<", "<valueName>a</valueName>\n<value>b=c<"};
	struct body *b = body_new();
	struct buf xml = {0}, again = {0}, one = {0}, two = {0};
	struct fault f = {0};
	struct cap_alert a;

	(void)state;
	body_set_num(b, F_KIND, KIND_WARNING);
	body_set_text(b, F_TITLE, "厂房火灾");
	body_set_text(b, F_TYPE, "yjpt:12G00");
	body_set_time(b, F_WRITTEN, NOW);
	for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++)
		body_add_text(b, F_TRANSLATION, said[i], strlen(said[i]));
	for (size_t i = 0; i < sizeof(more) / sizeof(more[0]); i++)
		body_add_text(b, F_EXTENSION, more[i], strlen(more[i]));
	if (cap_write(b, cb, &xml, &f) == -1)
		fail_msg("%s: %s", f.field, f.text);
	must_be_sound("ours", &xml, &a);
	for (size_t i = 0; i < sizeof(has) / sizeof(has[0]); i++)
		if (strstr(buf_cstr(&xml), has[i]) == NULL)
			fail_msg("no %s in\n%s", has[i], buf_cstr(&xml));
	for (size_t i = 0; i < sizeof(lacks) / sizeof(lacks[0]); i++)
		if (strstr(buf_cstr(&xml), lacks[i]) != NULL)
			fail_msg("%s in\n%s", lacks[i], buf_cstr(&xml));
	assert_non_null(a.own);
	wire_encode(b, &one);
	wire_encode(a.own, &two);
	assert_int_equal(one.n, two.n);
	assert_memory_equal(one.p, two.p, one.n);
	assert_int_equal(cap_write(a.own, cb, &again, &f), 0);
	assert_int_equal(xml.n, again.n);
	assert_memory_equal(xml.p, again.p, xml.n);
	/* as a stranger reads it */
	assert_int_equal(body_count(a.body, F_EXTENSION), 5);
	assert_int_equal(body_count(a.body, F_TRANSLATION), 7);
	cap_alert_free(&a);
	body_free(b);
	buf_free(&xml), buf_free(&again), buf_free(&one), buf_free(&two);
}

/* Kinds and stages on the way out. */
static void
out(void **state)
{
	static const struct {
		int kind, stage, act;
		bool refs;
		const char *type; /* NULL: refused */
	} cases[] = {
	    {KIND_WARNING, STAGE_CORRECTION, 0, true, "Update"},
	    {KIND_WARNING, STAGE_WITHDRAWAL, 0, true, "Cancel"},
	    {KIND_WARNING, STAGE_WITHDRAWAL, 0, false, NULL},
	    {KIND_DIRECTIVE, STAGE_WITHDRAWAL, 0, true, "Cancel"},
	    {KIND_REPORT, STAGE_FIRST, 0, true, "Alert"},
	    {KIND_REPORT, STAGE_FINAL, 0, true, "Update"},
	    {KIND_REPORT, STAGE_VERIFIED, 0, false, "Alert"},
	    {KIND_RECEIPT, 0, ACT_DELIVERED, true, "Ack"},
	    {KIND_RECEIPT, 0, ACT_READ, true, "Ack"},
	    {KIND_RECEIPT, 0, ACT_TAKEN, true, "Ack"},
	    {KIND_RECEIPT, 0, ACT_RETURNED, true, "Error"},
	    {KIND_STEP, 0, 0, true, "Alert"},
	};
	struct msgid id = {.origin = "330225", .epoch = 1763787393, .serial = 4};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct body *b = body_new();
		struct buf xml = {0};
		struct fault f = {0};
		char want[64];

		body_set_num(b, F_KIND, cases[i].kind);
		body_set_time(b, F_WRITTEN, NOW);
		if (cases[i].stage != 0)
			body_set_num(b, F_STAGE, cases[i].stage);
		if (cases[i].act != 0)
			body_set_num(b, F_ACT, cases[i].act);
		if (cases[i].refs)
			body_add_id(b, F_REFS, &id);
		assert_int_equal(cap_write(b, cb, &xml, &f), cases[i].type == NULL ? -1 : 0);
		(void)snprintf(want, sizeof(want), "<msgType>%s<", cases[i].type == NULL ? "" : cases[i].type);
		if (cases[i].type != NULL && strstr(buf_cstr(&xml), want) == NULL)
			fail_msg("case %zu: no %s", i, want);
		body_free(b);
		buf_free(&xml);
	}
}

/* More than there is room for: told, and the whole is in the tree or the original all the same. */
static void
room(void **state)
{
	struct buf d = {0};
	struct cap_alert a;
	struct fault f;

	(void)state;
	buf_puts(&d, HEAD "<info><language>zh</language>" EVENT WORDS);
	for (int i = 0; i < 600; i++)
		buf_printf(&d, "<parameter><valueName>n%d</valueName><value>v</value></parameter>", i);
	buf_puts(&d, "</info></alert>");
	assert_int_equal(read_bytes(d.p, d.n, &a, &f), 0);
	assert_int_equal(body_count(a.body, F_EXTENSION), FIELD_REPEAT_MAX);
	assert_true(has_remark(a.body, "cut"));
	assert_false(a.odd);
	cap_alert_free(&a);
	buf_clear(&d);
	buf_puts(&d, HEAD "<info><language>zh</language>" EVENT WORDS "</info>");
	for (int i = 0; i < 40; i++) {
		buf_printf(&d, "<info><language>x-%d</language>" EVENT WORDS "<description>", i);
		for (int k = 0; k < 10000; k++)
			buf_puts(&d, "雨");
		buf_puts(&d, "</description></info>");
	}
	buf_puts(&d, "</alert>");
	assert_int_equal(read_bytes(d.p, d.n, &a, &f), 0);
	assert_true(has_remark(a.body, "cut"));
	cap_alert_free(&a);
	buf_free(&d);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(kinds),
	    cmocka_unit_test(references),
	    cmocka_unit_test(references_meet),
	    cmocka_unit_test(languages),
	    cmocka_unit_test(ours),
	    cmocka_unit_test(out),
	    cmocka_unit_test(room),
	};

	return cmocka_run_group_tests(tests, cap_setup, cap_teardown);
}
