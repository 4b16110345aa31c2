/*
 * The CAP reader: the collected documents by their index, the rules one by one, and the way into the body.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <sysexits.h>
#include "cap_make.h"

/* Remarks that tell something about a sound document. */
static bool
harmless(const char *remark)
{
	static const char *const begins[] = {"the signature is not verified", "this message has further parts",
	    "further part: ", "this message is too long to be carried", "what CAP 1.2 does not have"};

	for (size_t i = 0; i < sizeof(begins) / sizeof(begins[0]); i++)
		if (strncmp(remark, begins[i], strlen(begins[i])) == 0)
			return true;
	return false;
}

static void
check_accepted(const char *file, const struct cap_alert *a, const char *status, const char *want, const struct buf *raw)
{
	bool damaged = false;

	for (const struct value *v = body_first(a->body, F_REMARKS); v != NULL; v = body_next(a->body, v))
		damaged = damaged || !harmless(v->u.text.s);
	if (strcmp(want, "accept") == 0 && damaged)
		fail_msg("%s: remark %s", file, body_text(a->body, F_REMARKS));
	if (a->odd != (strcmp(want, "accept") != 0))
		fail_msg("%s: %s, and %s", file, want, a->odd ? "odd" : "not odd");
	if (strcmp(want, "accept") != 0 && body_count(a->body, F_REMARKS) == 0)
		fail_msg("%s: taken without a remark", file);
	if (a->fate != (strcmp(status, "Actual") == 0	     ? CAP_LIVE
			   : strcmp(status, "Exercise") == 0 ? CAP_EXERCISE
							     : CAP_LOG))
		fail_msg("%s: status %s, fate %d", file, status, (int)a->fate);
	if (strstr((const char *)raw->p, "Signature xmlns") != NULL && !has_remark(a->body, "signature"))
		fail_msg("%s: signed, and no word of it", file);
}

static void
index_walk(void **state)
{
	char path[5000], why[1024];
	struct fault f = {0};
	struct tsv *t;
	size_t rows, accepted = 0, refused = 0;

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/INDEX.tsv", data_dir);
	t = tsv_load(path, &f);
	if (t == NULL)
		fail_msg("%s", fault_format(&f, why, sizeof(why)));
	rows = tsv_rows(t);
	quiet_begin();
	for (size_t i = 0; i < rows; i++) {
		const char *file = tsv_get(t, i, "file"), *want = tsv_get(t, i, "suggested_import");
		struct buf raw = {0};
		struct cap_alert a;
		int rc;

		slurp(file, &raw);
		(void)buf_cstr(&raw);
		rc = read_bytes(raw.p, raw.n, &a, &f);
		if ((rc == -1) != (strcmp(want, "reject") == 0))
			fail_msg(
			    "%s: should be %s: %s", file, want, rc == 0 ? "taken" : fault_format(&f, why, sizeof(why)));
		if (rc == 0) {
			accepted++;
			check_accepted(file, &a, tsv_get(t, i, "status"), want, &raw);
			cap_alert_free(&a);
		} else {
			refused++;
			if (f.line == 0 && f.field[0] == '\0')
				fail_msg("%s: %s: neither line nor element", file, f.text);
			assert_int_equal(f.code, EX_DATAERR);
		}
		buf_free(&raw);
	}
	assert_int_equal(quiet_end(), 0);
	assert_true(accepted >= 70 && refused >= 20);
	tsv_free(t);
}

/* field "" : only the text is looked at; NULL field: the document is taken. */
struct rule_case {
	const char *doc, *field, *text;
	size_t line;
};

static const struct rule_case rules[] = {
    {HEAD "</alert>", NULL, NULL, 0},
    {DOC(""), NULL, NULL, 0},
    /* root and namespace */
    {"<alert>" IDS LIVE "</alert>", "alert", "root", 1},
    {"<warning xmlns=\"" NS12 "\"/>", "warning", "root", 1},
    {"<alert xmlns=\"urn:oasis:names:tc:emergency:cap:1.3\"/>", "alert", "cap:1.3", 1},
    {"<feed xmlns=\"http://www.w3.org/2005/Atom\">" DOC("") "</feed>", "feed", "Atom", 1},
    {"<c:alert xmlns:c=\"" NS12 "\"><c:identifier>a</c:identifier><c:sender>b</c:sender>"
     "<c:sent>2026-11-22T14:00:00+08:00</c:sent><c:status>Actual</c:status><c:msgType>Alert</c:msgType>"
     "<c:scope>Public</c:scope></c:alert>",
	NULL, NULL, 0},
    {HEAD "<info xmlns=\"\">" EVENT WORDS "</info></alert>", "info", "namespace", 1},
    {HEAD "<x:info xmlns:x=\"" NS11 "\"/></alert>", "info", "namespace", 1},
    /* sequence */
    {ALERT12 "\n<sender>a</sender></alert>", "identifier", "before sender", 2},
    {ALERT12 "<identifier>a</identifier><identifier>b</identifier></alert>", "identifier", "second", 1},
    {ALERT12 "<identifier>a</identifier></alert>", "sender", "missing", 1},
    {ALERT12 "</alert>", "identifier", "missing", 1},
    {ALERT12 IDS "<status>Actual</status><msgType>Alert</msgType></alert>", "scope", "missing", 1},
    {HEAD INFO("") "<note>late</note></alert>", "note", "order", 1},
    {HEAD "<codes>a</codes></alert>", "codes", "no element", 1},
    {HEAD "<password>p</password></alert>", "password", "no element", 1},
    {HEAD "<code>a</code><code>b</code></alert>", NULL, NULL, 0},
    {HEAD "<info></info></alert>", "category", "missing", 1},
    {HEAD "<info><category>Met</category>" WORDS "</info></alert>", "event", "before urgency", 1},
    {DOC("<area></area>"), "areaDesc", "missing", 1},
    {DOC("<area><polygon>1,1 2,2 3,3 1,1</polygon></area>"), "areaDesc", "before polygon", 1},
    {DOC("<resource><resourceDesc>x</resourceDesc></resource>"), "mimeType", "missing", 1},
    {DOC("<parameter><valueName>x</valueName></parameter>"), "value", "missing", 1},
    {DOC("<parameter>x=y</parameter>"), "parameter", "text", 1},
    {DOC("<headline>a<b/></headline>"), "b", "headline", 1},
    {HEAD "stray</alert>", "alert", "text", 1},
    {HEAD "<Signature xmlns=\"http://www.w3.org/2000/09/xmldsig#\"><a><b>x</b></a></Signature></alert>", NULL, NULL, 0},
    {HEAD "<Signature xmlns=\"http://www.w3.org/2000/09/xmldsig#\"/>" INFO("") "</alert>", "info", "order", 1},
    {ALERT12 "<Signature xmlns=\"http://www.w3.org/2000/09/xmldsig#\"/></alert>", "identifier", "missing", 1},
    /* vocabulary */
    {ALERT12 IDS "<status>actual</status><msgType>Alert</msgType><scope>Public</scope></alert>", "status", "actual", 1},
    {ALERT12 IDS "<status>Actual</status><msgType>Alarm</msgType><scope>Public</scope></alert>", "msgType", "Alarm", 1},
    {ALERT12 IDS "<status>Actual</status><msgType>Alert</msgType><scope></scope></alert>", "scope", "\"\"", 1},
    {HEAD "<info><category>Weather</category></info></alert>", "category", "Weather", 1},
    {HEAD "<info>" EVENT "<responseType>Run</responseType>" WORDS "</info></alert>", "responseType", "Run", 1},
    {HEAD "<info>" EVENT "<urgency>Expected</urgency><severity>Severe</severity>"
	  "<certainty>Very Likely</certainty></info></alert>",
	"certainty", "Very Likely", 1},
    /* identifiers */
    {ALERT12 "<identifier/>", "identifier", "empty", 1},
    {ALERT12 "<identifier>a b</identifier>", "identifier", "a b", 1},
    {ALERT12 "<identifier>a,b</identifier>", "identifier", "a,b", 1},
    {ALERT12 "<identifier>a&lt;b</identifier>", "identifier", "a<b", 1},
    {ALERT12 "<identifier>a&amp;b</identifier>", "identifier", "a&b", 1},
    {ALERT12 "<identifier>\na</identifier>", "identifier", "blank", 1},
    {ALERT12 "<identifier>a</identifier>\n<sender>b c</sender>", "sender", "b c", 2},
    /* references */
    {ALERT12 IDS "<status>Actual</status><msgType>Update</msgType><scope>Public</scope></alert>", "references",
	"Update", 1},
    {ALERT12 IDS
	"<status>Actual</status><msgType>Cancel</msgType><scope>Public</scope><references> \n</references></alert>",
	"references", "Cancel", 1},
    {ALERT12 IDS "<status>Actual</status><msgType>Ack</msgType><scope>Public</scope></alert>", "references", "Ack", 1},
    {ALERT12 IDS "<status>Actual</status><msgType>Error</msgType><scope>Public</scope></alert>", "references", "Error",
	1},
    /* versions */
    {"<alert xmlns=\"" NS10 "\">" IDS "<status>Actual</status><msgType>Alert</msgType>"
     "<info><event>E</event><urgency>Past</urgency><severity>Minor</severity><certainty>Very Likely</certainty>"
     "<eventCode>same=CAE</eventCode><parameter>a=b</parameter></info></alert>",
	NULL, NULL, 0},
    {"<alert xmlns=\"" NS10 "\">" IDS "<status>Draft</status>", "status", "Draft", 1},
    {"<alert xmlns=\"" NS11 "\">" IDS LIVE "<info>" EVENT "<responseType>AllClear</responseType>" WORDS
     "</info></alert>",
	"responseType", "AllClear", 1},
    {"<alert xmlns=\"" NS11 "\">" IDS LIVE INFO("<resource><resourceDesc>x</resourceDesc></resource>") "</alert>", NULL,
	NULL, 0},
    /* well-formedness */
    {"", "", "empty", 0},
    {"   ", "", "not well-formed", 1},
    {"no xml", "", "not well-formed", 1},
    {HEAD, "", "not well-formed", 1},
    {HEAD "</alarm>", "", "not well-formed", 1},
    {DOC("") "<alert/>", "", "not well-formed", 1},
    {DOC("") DOC(""), "", "not well-formed", 1},
    {DOC("<headline>a & b</headline>"), "headline", "not well-formed", 1},
    {DOC("<headline>\n&nbsp;</headline>"), "headline", "nbsp", 2},
    {DOC("<headline>&#1;</headline>"), "headline", "not well-formed", 1},
    {DOC("<x:headline>a</x:headline>"), "", "not well-formed", 1},
    {"<alert a='1' a='2' xmlns=\"" NS12 "\"/>", "", "not well-formed", 1},
    {HEAD "<note", "", "not well-formed", 1},
    {HEAD "\n\n<!-- ", "", "not well-formed", 3},
    {DOC("<headline><![CDATA[ <b>&amp; ]]></headline>"), NULL, NULL, 0},
    /* attributes: none but those about the schema */
    {"<alert xmlns=\"" NS12 "\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" "
     "xsi:schemaLocation=\"" NS12 " CAP-v1.2.xsd\">" IDS LIVE "</alert>",
	NULL, NULL, 0},
    {"<alert xmlns=\"" NS12 "\" version=\"1\">" IDS LIVE "</alert>", "alert", "attribute", 1},
    {HEAD "<info xml:lang=\"zh\">" EVENT WORDS "</info></alert>", "info", "\"lang\"", 1},
    {DOC("<headline lang=\"zh\">x</headline>"), "headline", "attribute", 1},
    {HEAD "<Signature xmlns=\"http://www.w3.org/2000/09/xmldsig#\" Id=\"a\"/></alert>", NULL, NULL, 0},
    /* languages and numbers as the schema has them */
    {HEAD "<info><language>zh_CN</language>" EVENT WORDS "</info></alert>", "language", "zh_CN", 1},
    {HEAD "<info><language>not a tag</language>" EVENT WORDS "</info></alert>", "language", "not a tag", 1},
    {HEAD "<info><language>12</language>" EVENT WORDS "</info></alert>", "language", "12", 1},
    {HEAD "<info><language>en-</language>" EVENT WORDS "</info></alert>", "language", "en-", 1},
    {HEAD "<info><language> romanian </language>" EVENT WORDS "</info></alert>", NULL, NULL, 0},
    {HEAD "<info><language/>" EVENT WORDS "</info></alert>", NULL, NULL, 0},
    {DOC(AREA("<altitude>high</altitude>")), "altitude", "number", 1},
    {DOC(AREA("<altitude/>")), "altitude", "number", 1},
    {DOC(AREA("<altitude>NaN</altitude>")), "altitude", "number", 1},
    {DOC(AREA("<altitude>1e3</altitude>")), "altitude", "number", 1},
    {DOC(AREA("<altitude> +.5 </altitude><ceiling>5.</ceiling>")), NULL, NULL, 0},
    {DOC("<resource><resourceDesc>x</resourceDesc><mimeType>y</mimeType><size>1.0</size></resource>"), "size", "number",
	1},
    {DOC("<resource><resourceDesc>x</resourceDesc><mimeType>y</mimeType><size> 12 </size></resource>"), NULL, NULL, 0},
    /* words are the schema's to the letter */
    {HEAD "<info><category>met</category></info></alert>", "category", "met", 1},
    {ALERT12 IDS "<status> Actual </status><msgType>Alert</msgType><scope>Public</scope></alert>", "status", "Actual",
	1},
    {ALERT12 IDS "<status>ACTUAL</status><msgType>Alert</msgType><scope>Public</scope></alert>", "status", "ACTUAL", 1},
    {ALERT12 IDS "<status>Actual</status><msgType>Alert</msgType><scope>Public\n</scope></alert>", "scope", "Public",
	1},
    {HEAD "<info>" EVENT "<urgency/><severity>Minor</severity><certainty>Likely</certainty></info></alert>", "urgency",
	"\"\"", 1},
    {HEAD "<info>" EVENT "<responseType/>" WORDS "</info></alert>", "responseType", "\"\"", 1},
    {HEAD "<info>" EVENT
	  "<urgency>Expected</urgency><certainty>Likely</certainty><severity>Minor</severity></info></alert>",
	"severity", "before certainty", 1},
    {DOC("<effective/>"), "effective", "no time", 1},
    /* what may be empty */
    {DOC("<web/><contact/><audience/>"), "audience", "order", 1},
    {HEAD "<info><category>Met</category><event/>" WORDS
	  "<headline/><description/><instruction/><web/><contact/></info></alert>",
	NULL, NULL, 0},
    {HEAD "<restriction/><addresses/><code/><note/><references/><incidents/></alert>", NULL, NULL, 0},
    {DOC("<parameter><valueName/><value/></parameter>"), NULL, NULL, 0},
    {DOC("<area><areaDesc/></area>"), NULL, NULL, 0},
    {DOC("<parameter/>"), "valueName", "missing", 1},
    {DOC("<area/>"), "areaDesc", "missing", 1},
    {HEAD "<info/></alert>", "category", "missing", 1},
    /* a recall may be all there is to say */
    {ALERT12 IDS "<status>Actual</status><msgType>Cancel</msgType><scope>Public</scope>"
		 "<references>a,b,2026-11-22T13:00:00+08:00</references></alert>",
	NULL, NULL, 0},
    /* comments, instructions and character data anywhere */
    {"<?xml version='1.0'?><!-- a --><?b c?>" ALERT12 "<!-- <alert> --><identifier>a<!-- , -->b</identifier>"
     "<?d?><sender><![CDATA[s]]></sender><sent>2026-11-22T14:00<!-- x -->:00+08:00</sent>" LIVE
     "</alert><!-- z --><?y?>\n",
	NULL, NULL, 0},
    {ALERT12 "<identifier><![CDATA[a,b]]></identifier>", "identifier", "a,b", 1},
    {"\n<?xml version='1.0'?>" DOC(""), "", "not well-formed", 2},
    {"<?xml version='1.0' encoding='UTF-8' standalone='yes'?>" DOC(""), NULL, NULL, 0},
    {"<?xml version='1.1'?>" DOC(""), NULL, NULL, 0},
    /* no CAP */
    {"<!DOCTYPE html><html><body>503</body></html>", "", "document type", 1},
    {"<html xmlns=\"http://www.w3.org/1999/xhtml\"><body/></html>", "html", "root", 1},
    {"{\"alert\": 1}", "", "not well-formed", 1},
    {"<EDXLDistribution xmlns=\"urn:oasis:names:tc:emergency:EDXL:DE:1.0\">" DOC("") "</EDXLDistribution>",
	"EDXLDistribution", "root", 1},
    {"<Alert xmlns=\"" NS12 "\"/>", "Alert", "root", 1},
    {"<alert xmlns=\"http://www.incident.com/cap/1.1\"/>", "alert", "root", 1},
    {"<alert xmlns=\"" NS12 " \"/>", "", "not a valid URI", 1},
};

static void
rules_one_by_one(void **state)
{
	(void)state;
	quiet_begin();
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		const struct rule_case *c = &rules[i];
		struct cap_alert a;
		struct fault f;
		char why[1024];
		int rc = read_bytes(c->doc, strlen(c->doc), &a, &f);

		if ((rc == 0) != (c->field == NULL))
			fail_msg("case %zu: %s: %s", i, c->doc, rc == 0 ? "taken" : fault_format(&f, why, sizeof(why)));
		if (rc == -1 && ((c->field[0] != '\0' && strcmp(c->field, f.field) != 0) ||
				    strstr(f.text, c->text) == NULL || f.line != c->line))
			fail_msg("case %zu: %s: %s", i, c->doc, fault_format(&f, why, sizeof(why)));
		cap_alert_free(&a);
	}
	assert_int_equal(quiet_end(), 0);
}

static void
times(void **state)
{
	static const struct {
		const char *ns, *text;
		bool good;
		int64_t ms;
		int offset;
	} cases[] = {
	    {NS12, "2026-11-22T14:10:00+08:00", true, NOW, 480},
	    {NS12, " 2026-11-22T14:10:00+08:00\n", true, NOW, 480},
	    {NS12, "2026-11-22T06:10:00-00:00", true, NOW, 0},
	    {NS12, "2026-11-22T06:10:00Z", true, NOW, 0},
	    {NS12, "2026-11-21T23:10:00-07:00", true, NOW, -420},
	    {NS12, "2026-11-22T06:10:00.000Z", false, 0, 0},
	    {NS11, "2026-11-22T06:10:00.000Z", true, NOW, 0},
	    {NS12, "2026-11-22T06:10:00z", false, 0, 0},
	    {NS12, "2026-11-22T14:10:00", false, 0, 0},
	    {NS12, "2026-11-22T14:10+08:00", false, 0, 0},
	    {NS12, "2026-11-22 14:10:00+08:00", false, 0, 0},
	    {NS12, "2026-11-22t14:10:00+08:00", false, 0, 0},
	    {NS12, "2026-11-22T14:10:00+0800", false, 0, 0},
	    {NS12, "2026-11-22T14:10:00,08:00", false, 0, 0},
	    {NS12, "2026-02-30T14:10:00+08:00", false, 0, 0},
	    {NS12, "2026-11-22T25:10:00+08:00", false, 0, 0},
	    {NS12, "2026-11-22T24:00:00+08:00", false, 0, 0},
	    {NS12, "2026-11-22T23:59:60+08:00", false, 0, 0},
	    {NS12, "2026-11-22T20:10:00+14:00", true, NOW, 840},
	    {NS12, "2026-11-22T20:40:00+14:30", false, 0, 0},
	    {NS12, "2026-11-22T14:10:00+24:00", false, 0, 0},
	    {NS12, "2026-11-22T14:10:00+08:60", false, 0, 0},
	    {NS12, "0000-11-22T14:10:00+08:00", false, 0, 0},
	    {NS12, "-2026-11-22T14:10:00+08:00", false, 0, 0},
	    {NS12, "2026-13-22T14:10:00+08:00", false, 0, 0},
	    {NS12, "2027-02-29T14:10:00+08:00", false, 0, 0},
	    {NS12, "2026-11-22T14:60:00+08:00", false, 0, 0},
	    {NS12,
		"2026-11-22T14:10:00\xe2\x88\x92"
		"08:00",
		false, 0, 0},
	    {NS11, "2026-11-22T06:10:00.Z", false, 0, 0},
	    {NS12, "2026-11-22", false, 0, 0},
	    {NS12, "now", false, 0, 0},
	    {NS12, "", false, 0, 0},
	    {NS11, "2026-11-22T14:10:00.0000000000000000000000000000000000000000000000000000+08:00", false, 0, 0},
	};
	static const char *const where[] = {"sent", "effective", "onset", "expires"};
	static const uint32_t keys[] = {F_SENT, F_EFFECTIVE, F_ONSET, F_EXPIRES};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (size_t k = 0; k < 4; k++) {
			struct buf d = {0};
			struct cap_alert a;
			struct fault f;
			const struct value *v;
			int rc;

			buf_printf(&d,
			    "<alert xmlns=\"%s\"><identifier>I</identifier><sender>s</sender><sent>%s</sent>" LIVE
			    "<info>" EVENT WORDS,
			    cases[i].ns, k == 0 ? cases[i].text : "2026-11-22T14:10:00+08:00");
			if (k > 0)
				buf_printf(&d, "<%s>%s</%s>", where[k], cases[i].text, where[k]);
			buf_puts(&d, "</info></alert>");
			rc = read_bytes(d.p, d.n, &a, &f);
			if ((rc == 0) != cases[i].good)
				fail_msg("%s %s: %s", where[k], cases[i].text, rc == 0 ? "taken" : f.text);
			if (rc == -1) {
				assert_string_equal(f.field, where[k]);
			} else {
				v = body_first(a.body, keys[k]);
				assert_non_null(v);
				assert_true(v->u.when.ms == cases[i].ms);
				assert_int_equal(v->u.when.offset, cases[i].offset);
				assert_non_null(strstr(cases[i].text, v->u.when.text));
			}
			cap_alert_free(&a);
			buf_free(&d);
		}
}

/* Kept, and told. */
static void
remarks(void **state)
{
	static const struct {
		const char *doc, *remark; /* NULL: none */
	} cases[] = {
	    {DOC(AREA("<polygon>1,1 2,2 3,3 1,1</polygon><circle>1,2 3.5</circle>")), NULL},
	    {DOC(AREA("<polygon>1,1 2,2 3,3 1.0,+1e0</polygon>")), NULL},
	    {DOC(AREA("<polygon>1,1 2,2 1,1</polygon>")), "fewer than four"},
	    {DOC(AREA("<polygon/>")), "fewer than four"},
	    {DOC(AREA("<polygon>1,1 2,2 3,3 4,4</polygon>")), "not closed"},
	    {DOC(AREA("<polygon>1,1 2,2 3,3 nan,1</polygon>")), "no position: nan,1"},
	    {DOC(AREA("<polygon>1,1 2,2 3,3, 1,1</polygon>")), "no position"},
	    {DOC(AREA("<polygon>1;1 2;2 3;3 1;1</polygon>")), "no position"},
	    {DOC(AREA("<polygon>91,1 2,2 3,3 91,1</polygon>")), "degrees: 91,1 (line 1), 2 in all"},
	    {DOC(AREA("<polygon>1,1 2,-181 3,3 1,1</polygon>")), "degrees"},
	    {DOC(AREA("<polygon>1,1 2,1e99999999999 3,3 1,1</polygon>")), "degrees"},
	    {DOC(AREA("<circle>1,2</circle>")), "circle"},
	    {DOC(AREA("<circle>1,2 -3</circle>")), "circle"},
	    {DOC(AREA("<circle>1,2 3 4</circle>")), "circle"},
	    {DOC(AREA("<circle>1,222 3</circle>")), "degrees"},
	    {HEAD "<info><language/>" EVENT WORDS "</info></alert>", NULL},
	    {HEAD "<references>a,b,2026-11-22T14:00:00+08:00\nc,d,2026-11-22T06:00:00Z</references></alert>", NULL},
	    {HEAD "<references>a,b</references></alert>", "reference is none of the form"},
	    {HEAD "<references>a,b,yesterday</references></alert>", "reference is none of the form"},
	    {HEAD "<references>a,b,2026-11-22T14:00:00+08:00,c</references></alert>", "reference is none of the form"},
	    {HEAD "<references>s@x.cn,I1,2026-11-22T14:00:00+08:00</references></alert>", "refers to itself"},
	    {HEAD "<references></references></alert>", NULL},
	    {ALERT12 IDS "<status>Actual</status><msgType>Alert</msgType><scope>Restricted</scope></alert>",
		"restriction"},
	    {ALERT12 IDS "<status>Actual</status><msgType>Alert</msgType><scope>Private</scope></alert>", "addresses"},
	    {HEAD "<info><category>Met</category><event> </event>" WORDS "</info></alert>",
		"neither headline nor event"},
	    {DOC("<headline>a\xe2\x80\xae"
		 "b</headline>"),
		"cannot be shown were replaced: title"},
	    {DOC("<description>a&#x85;b</description>"), "cannot be shown were replaced: text"},
	    {DOC("<headline>a\n\t b</headline>"), NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cap_alert a = taken(cases[i].doc);

		if (cases[i].remark == NULL ? body_count(a.body, F_REMARKS) != 0 : !has_remark(a.body, cases[i].remark))
			fail_msg("%s: %s", cases[i].doc,
			    body_count(a.body, F_REMARKS) ? body_text(a.body, F_REMARKS) : "none");
		cap_alert_free(&a);
	}
}

static void
fate(void **state)
{
	static const struct {
		const char *status;
		enum cap_fate fate;
	} cases[] = {{"Actual", CAP_LIVE}, {"Exercise", CAP_EXERCISE}, {"Test", CAP_LOG}, {"System", CAP_LOG},
	    {"Draft", CAP_LOG}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf d = {0};
		struct cap_alert a;

		buf_printf(&d,
		    ALERT12 IDS "<status>%s</status><msgType>Alert</msgType><scope>Public</scope>" INFO(
			"<headline>Big rain</headline>") "</alert>",
		    cases[i].status);
		a = taken(buf_cstr(&d));
		assert_int_equal(a.fate, cases[i].fate);
		assert_string_equal(body_text(a.body, F_CAP_STATUS), cases[i].status);
		if (a.fate == CAP_LOG) {
			assert_non_null(
			    strstr(body_text(a.body, F_TEXT), "I1 Alert s@x.cn 2026-11-22T14:00:00+08:00: Big rain"));
			assert_memory_equal(body_text(a.body, F_TEXT), "CAP ", 4);
			assert_non_null(strstr(body_text(a.body, F_TEXT), cases[i].status));
			assert_null(body_text(a.body, F_TITLE));
			assert_int_equal(body_enum(a.body, F_COLOUR), 0);
		} else {
			assert_string_equal(body_text(a.body, F_TITLE), "Big rain");
		}
		cap_alert_free(&a);
		buf_free(&d);
	}
}

static void
expiry(void **state)
{
#define ENDS(t) INFO("<expires>" t "</expires>")
	static const struct {
		const char *doc;
		bool expired, has_end, differ;
	} cases[] = {
	    {HEAD "</alert>", false, false, false},
	    {DOC(""), false, false, false},
	    {HEAD ENDS("2026-11-22T14:10:00+08:00") "</alert>", true, true, false},
	    {HEAD ENDS("2026-11-22T14:10:01+08:00") "</alert>", false, true, false},
	    {HEAD ENDS("2026-11-22T10:00:00+08:00") ENDS("2026-11-22T12:00:00+08:00") "</alert>", true, true, true},
	    {HEAD ENDS("2026-11-22T10:00:00+08:00") ENDS("2026-11-22T16:00:00+08:00") "</alert>", false, true, true},
	    {HEAD ENDS("2026-11-22T16:00:00+08:00") ENDS("2026-11-22T10:00:00+08:00") "</alert>", false, true, true},
	    {HEAD ENDS("2026-11-22T10:00:00+08:00") INFO("") "</alert>", false, false, true},
	    {HEAD INFO("") ENDS("2026-11-22T10:00:00+08:00") "</alert>", false, false, true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cap_alert a = taken(cases[i].doc);

		if (a.expired != cases[i].expired || (body_first(a.body, F_EXPIRES) != NULL) != cases[i].has_end ||
		    has_remark(a.body, "different times") != cases[i].differ)
			fail_msg("case %zu", i);
		cap_alert_free(&a);
	}
}

static void
mapping(void **state)
{
	static const char doc[] =
	    HEAD "<info><language>en</language>" EVENT WORDS "<headline>Heavy rain</headline>" AREA(
		"") "</info>"
		    "<info><language>ZH-Hans-CN</language><category>Met</category><event>暴雨</"
		    "event><urgency>Immediate</urgency>"
		    "<severity>Extreme</severity><certainty>Observed</certainty><effective>2026-11-22T14:00:00+08:00</"
		    "effective>"
		    "<onset>2026-11-22T15:00:00+08:00</onset><expires>2026-11-22T06:30:00Z</expires>"
		    "<senderName>象山县\n  气象台</senderName><headline> 象山县气象台发布暴雨红色预警 </headline>"
		    "<description>第一行\r\n第二行&#13;第三行</description><instruction>转移</instruction>"
		    "<parameter><valueName>预警颜色</valueName><value>红色</value></parameter>"
		    "<area><areaDesc>西周镇</areaDesc></area><area><areaDesc>西周镇</areaDesc></area>"
		    "<area><areaDesc>墙头镇</areaDesc><geocode><valueName>division</valueName><value>330225</value></"
		    "geocode></area></info>"
		    "<info><language>zh-hans-cn</language><category>Met</category><event>大风</event><urgency>Future</"
		    "urgency>"
		    "<severity>Minor</severity><certainty>Likely</certainty><expires>2026-11-22T15:00:00+08:00</"
		    "expires>"
		    "<area><areaDesc>石浦镇</areaDesc></area></info></alert>";
	static const struct {
		uint32_t key;
		const char *text;
	} want[] = {
	    {F_FOREIGN_ID, "s@x.cn,I1,2026-11-22T14:00:00+08:00"},
	    {F_TITLE, "象山县气象台发布暴雨红色预警"},
	    {F_EVENT_NAME, "暴雨"},
	    {F_TEXT, "第一行\n第二行\n第三行"},
	    {F_MEASURES, "转移"},
	    {F_ISSUER, "象山县 气象台"},
	    {F_LANGUAGE, "ZH-Hans-CN"},
	    {F_SEVERITY, "Extreme"},
	    {F_URGENCY, "Immediate"},
	    {F_CERTAINTY, "Observed"},
	    {F_CAP_MSGTYPE, "Alert"},
	    {F_DIVISION, "div:330225"},
	    {F_AREA, "西周镇"},
	};
	struct cap_alert a = taken(doc);
	const struct value *v;

	(void)state;
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++)
		assert_string_equal(body_text(a.body, want[i].key), want[i].text);
	assert_int_equal(body_enum(a.body, F_COLOUR), COLOUR_RED);
	assert_int_equal(body_count(a.body, F_AREA), 3);
	v = body_first(a.body, F_EXPIRES);
	assert_string_equal(v->u.when.text, "2026-11-22T15:00:00+08:00");
	assert_true(has_remark(a.body, "further parts"));
	assert_true(has_remark(a.body, "further part: 大风 (Minor)"));
	assert_false(a.expired);
	cap_alert_free(&a);
	a = taken(HEAD "<note>Not true</note></alert>");
	assert_string_equal(body_text(a.body, F_TITLE), "CAP Alert I1");
	assert_string_equal(body_text(a.body, F_TEXT), "Not true");
	assert_string_equal(body_text(a.body, F_ISSUER), "s@x.cn");
	cap_alert_free(&a);
}

static void
colours(void **state)
{
#define PARAM(n, v) DOC("<parameter><valueName>" n "</valueName><value>" v "</value></parameter>")
#define CODE(n, v) DOC("<eventCode><valueName>" n "</valueName><value>" v "</value></eventCode>")
	static const struct {
		const char *doc;
		int colour;
	} cases[] = {
	    {DOC(""), COLOUR_UNKNOWN},
	    {PARAM("awareness_level", "2; yellow; Moderate"), COLOUR_YELLOW},
	    {PARAM("awareness_level", "3; orange; Severe"), COLOUR_ORANGE},
	    {PARAM("awareness_level", "4; Red; Extreme"), COLOUR_RED},
	    {PARAM("awareness_level", "1; green; Minor"), COLOUR_UNKNOWN},
	    {PARAM("awareness_level", "2"), COLOUR_UNKNOWN},
	    {PARAM("layer:X:1.0:Alert_Colour", "BLUE"), COLOUR_BLUE},
	    {PARAM("预警颜色", "橙色预警"), COLOUR_ORANGE},
	    {PARAM("alertlevel", "Green"), COLOUR_UNKNOWN},
	    {PARAM("vehicle_colour", "Blue"), COLOUR_UNKNOWN},
	    {PARAM("awareness_level", "Infrared"), COLOUR_UNKNOWN},
	    {PARAM("colour", "red or blue"), COLOUR_UNKNOWN},
	    {DOC("<headline>象山县气象台发布暴雨红色预警信号</headline>"), COLOUR_RED},
	    {DOC("<headline>蓝色预警变更为黄色预警</headline>"), COLOUR_UNKNOWN},
	    {DOC("<headline>红色警戒</headline>"), COLOUR_UNKNOWN},
	    {CODE("x", "Yellow"), COLOUR_YELLOW},
	    {CODE("x", "Yellow fever"), COLOUR_UNKNOWN},
	    {CODE("x", "11B03"), COLOUR_UNKNOWN},
	    {CODE("colour", "11B03_YELLOW"), COLOUR_YELLOW},
	    {"<alert xmlns=\"" NS10 "\">" IDS LIVE "<info><event>E</event>" WORDS
	     "<parameter>HSAS=Orange</parameter></info></alert>",
		COLOUR_ORANGE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cap_alert a = taken(cases[i].doc);

		if (body_enum(a.body, F_COLOUR) != cases[i].colour)
			fail_msg("%s: %d", cases[i].doc, body_enum(a.body, F_COLOUR));
		cap_alert_free(&a);
	}
}

static void
divisions(void **state)
{
#define GEO(n, v) "<geocode><valueName>" n "</valueName><value>" v "</value></geocode>"
	static const struct {
		const char *doc, *division;
	} cases[] = {
	    {DOC(AREA("")), NULL},
	    {DOC(AREA(GEO("code", "330225"))), "div:330225"},
	    {DOC(AREA(GEO("code", " 330225000000 "))), "div:330225"},
	    {DOC(AREA(GEO("code", "330200"))), "div:330200"},
	    {DOC(AREA(GEO("code", "3302"))), NULL},
	    {DOC(AREA(GEO("code", "999999"))), NULL},
	    {DOC(AREA(GEO("code", "33022x"))), NULL},
	    {DOC(AREA(GEO("SAME", "330225"))), NULL},
	    {DOC(AREA(GEO("profile:CAP-CP:Location:0.3", "330225"))), NULL},
	    {DOC(AREA(GEO("code", "211102") GEO("code", "211122"))), "div:211100"},
	    {DOC(AREA(GEO("code", "211102")) AREA(GEO("code", "211100"))), "div:211100"},
	    {DOC(AREA(GEO("code", "211100") GEO("code", "211102"))), "div:211100"},
	    {DOC(AREA(GEO("code", "330225") GEO("code", "211102"))), "div:330225"},
	};
	struct cap_alert a;
	struct fault f;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *got;

		a = taken(cases[i].doc);
		got = body_text(a.body, F_DIVISION);
		if (got == NULL ? cases[i].division != NULL
				: cases[i].division == NULL || strcmp(got, cases[i].division) != 0)
			fail_msg("%s: %s", cases[i].doc, got == NULL ? "none" : got);
		if (i + 1 == sizeof(cases) / sizeof(cases[0]))
			assert_true(has_remark(a.body, "common superior"));
		cap_alert_free(&a);
	}
	/* without a codebook nobody can tell */
	assert_int_equal(cap_read(cases[1].doc, strlen(cases[1].doc), NULL, NOW, &a, &f), 0);
	assert_null(body_text(a.body, F_DIVISION));
	cap_alert_free(&a);
	assert_int_equal(cap_read("x", 1, NULL, NOW, &a, NULL), -1);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    quiet_test(index_walk),
	    quiet_test(rules_one_by_one),
	    quiet_test(times),
	    quiet_test(remarks),
	    quiet_test(fate),
	    quiet_test(expiry),
	    quiet_test(mapping),
	    quiet_test(colours),
	    quiet_test(divisions),
	};

	return cmocka_run_group_tests(tests, cap_setup, cap_teardown);
}
