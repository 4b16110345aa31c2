/*
 * Messages of ours as CAP: any body of any kind goes out and comes back the same, and what it is called on the way.
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

static uint64_t seed = 20261122;

static uint32_t
rnd(uint32_t n)
{
	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(seed >> 33) % n;
}

static void
random_text(struct buf *out, uint32_t max, bool wild)
{
	static const char *const parts[] = {"a", " ", "\xe6\x9a\xb4\xe9\x9b\xa8", "\"", "\\", "<", ">", "&", "]]>", "0",
	    "?", "\xf0\x9f\x8c\xa7", "\xe3\x80\x80", "=", "{", "[", "'", ".", "\xc2\xa0", "dutydesk:", "-->", "\\n"};
	static const char *const odd[] = {
	    "\n", "\t", "\r", "\r\n", "\xe2\x80\xae", "\xc2\x85", "\x01", "\x1f", "\x7f", "\xef\xbf\xbf", "\xef\xbf\xbe",
	    "\xef\xbb\xbf", "\xe2\x80\xa8", "\xef\xbf\xbd", ""};

	for (uint32_t n = 1 + rnd(12); n > 0 && out->n + 16 < max; n--) {
		uint32_t k = rnd(sizeof(odd) / sizeof(odd[0]));

		if (wild && rnd(5) == 0) {
			if (odd[k][0] == '\0')
				buf_put_u8(out, rnd(8) == 0 ? 0 : ' ');
			else
				buf_puts(out, odd[k]);
		} else {
			buf_puts(out, parts[rnd(sizeof(parts) / sizeof(parts[0]))]);
		}
	}
	buf_puts(out, "x");	/* a text of blanks says nothing and is refused */
}

static struct msgid
random_id(uint8_t realm)
{
	static const char *const origins[] = {"330225102", "330225", "330225-gongan", "x-y1"};
	struct msgid id = {.realm = realm, .epoch = 1763787393 + rnd(100000), .serial = 1 + rnd(1000)};

	(void)snprintf(id.origin, sizeof(id.origin), "%s", origins[rnd(4)]);
	return id;
}

static void
random_value(struct body *b, const struct field *fd, uint8_t realm, bool wild)
{
	static const char *const stations[] = {"330225102", "330225", "330200", "330225-gongan"};
	static const char *const codes[] = {"yjpt:12G00", "yjpt:11D01", "x:y", "gb:12", "div:330225102", "div:330225"};
	struct when w = {.ms = INT64_C(1700000000000) + (int64_t)rnd(2000000000) * 50, .offset = (int16_t)(rnd(3) * 240)};
	struct figure g = {.q = (enum figure_q)rnd(5)};
	struct buf text = {0}, source = {0};
	struct msgid id;
	uint8_t digest[DIGEST_LEN];
	const struct enum_name *e;
	size_t n = 0;

	switch (fd->type) {
	case FT_TEXT:
		random_text(&text, fd->max < 200 ? (uint32_t)fd->max : 200, wild);
		body_add_text(b, fd->key, (const char *)text.p, text.n);
		break;
	case FT_CODE:
		body_set_text(b, fd->key,
		    wild && rnd(8) == 0 ? "no code" : codes[fd->key == F_DIVISION ? 4 + rnd(2) : rnd(4)]);
		break;
	case FT_STATION:
		n = rnd(4);
		body_add_text(b, fd->key, stations[n], strlen(stations[n]));
		break;
	case FT_ENUM:
		while (enum_at(fd->arg, n) != NULL)
			n++;
		e = enum_at(fd->arg, rnd((uint32_t)n));
		body_set_num(b, fd->key, wild && rnd(4) == 0 ? 1000 + (int64_t)rnd(5000) : e->value);
		break;
	case FT_TIME:
		if (rnd(3) == 0) {
			random_text(&text, 60, wild);
			buf_puts(&source, (const char *)buf_cstr(&text));
			w.text = buf_cstr(&source);
		}
		body_add_when(b, fd->key, &w);
		break;
	case FT_FIGURE:
	case FT_FIGURE2:
	case FT_FIGURE4:
		g.n = g.q == FIG_UNKNOWN ? 0 : rnd(8) == 0 ? INT64_MAX : (int64_t)rnd(100000);
		g.asof = rnd(2) == 0 ? 0 : w.ms;
		random_text(&source, 60, false);
		g.source = rnd(2) == 0 ? NULL : buf_cstr(&source);
		body_add_figure(b, fd->key, &g);
		break;
	case FT_MSGID:
		id = random_id(realm);
		body_add_id(b, fd->key, &id);
		break;
	case FT_UINT:
		body_set_num(b, fd->key, rnd(4) == 0 ? INT64_MAX : (int64_t)rnd(1000));
		break;
	case FT_BOOL:
		body_set_num(b, fd->key, rnd(2));
		break;
	case FT_GEO:
		body_set_geo(b, fd->key, (int32_t)rnd(180000001) - 90000000, (int32_t)rnd(360000001) - 180000000);
		break;
	case FT_DIGEST:
		digest_of(&w, sizeof(w.ms), digest);
		body_set_digest(b, fd->key, digest);
		break;
	}
	buf_free(&text);
	buf_free(&source);
}

static struct body *
random_body(int kind, bool wild)
{
	struct body *b = body_new();
	const struct field *fd;
	uint8_t realm = (uint8_t)rnd(2);
	struct msgid id = random_id(realm);

	for (size_t i = 0; (fd = field_at(i)) != NULL; i++) {
		uint32_t n = rnd(3) != 0 ? 0 : (fd->flags & FF_REPEAT) != 0 ? 1 + rnd(4) : 1;

		if (fd->key == F_KIND || fd->key == F_CAP_TREE || fd->key == F_SOURCE_FORMAT)
			continue;
		while (n-- > 0)
			random_value(b, fd, realm, wild);
	}
	body_set_num(b, F_KIND, kind);
	if (rnd(4) != 0)
		body_set_id(b, F_ID, &id);
	id.serial++;
	if (body_first(b, F_REFS) == NULL)
		body_add_id(b, F_REFS, &id);
	if (body_first(b, F_WRITTEN) == NULL)
		body_set_time(b, F_WRITTEN, NOW);
	if (rnd(3) == 0)
		body_add_raw(b, 5000, (const uint8_t *)"\x82\x01\x61x", 4);
	return b;
}

/* True when it went as fields, not as one lump of digits. */
static bool
there_and_back(const struct body *b, const char *what)
{
	bool fields;

	struct buf xml = {0}, one = {0}, two = {0};
	struct cap_alert a;
	struct fault f = {0};
	char why[1024];

	if (cap_write(b, cb, &xml, &f) == -1)
		fail_msg("%s: %s", what, fault_format(&f, why, sizeof(why)));
	must_be_sound(what, &xml, &a);
	fields = strstr(buf_cstr(&xml), "dutydesk:#body") == NULL;
	if (a.own == NULL)
		fail_msg("%s: no message of ours in\n%s", what, buf_cstr(&xml));
	wire_encode(b, &one);
	wire_encode(a.own, &two);
	if (one.n != two.n || memcmp(one.p, two.p, one.n) != 0)
		fail_msg("%s: another body came back from\n%s", what, buf_cstr(&xml));
	/* and read as a stranger's: a warning with the same headline, and the same document once more */
	assert_false(has_remark(a.body, "cannot be read"));
	buf_free(&one);
	buf_free(&two);
	assert_int_equal(cap_write(a.body, cb, &one, &f), 0);
	assert_int_equal(cap_write(a.own, cb, &two, &f), 0);
	assert_int_equal(two.n, xml.n);
	assert_memory_equal(two.p, xml.p, xml.n);
	cap_alert_free(&a);
	buf_free(&one);
	buf_free(&two);
	buf_free(&xml);
	return fields;
}

static void
every_kind(void **state)
{
	char what[64];
	int lumps = 0;

	(void)state;
	for (int kind = KIND_REPORT; kind <= KIND_INTAKE; kind++)
		for (int i = 0; i < 60; i++) {
			struct body *b = random_body(kind, i % 3 == 2);

			(void)snprintf(what, sizeof(what), "kind %d, body %d", kind, i);
			if (!there_and_back(b, what)) {
				/* only what no JSON brings back */
				if (i % 3 != 2)
					fail_msg("%s: went as digits", what);
				lumps++;
			}
			body_free(b);
		}
	assert_true(lumps > 0 && lumps < KIND_INTAKE * 20);
}

/* The figures people worry about, one by one. */
static void
figures(void **state)
{
	static const char *const typed[] = {"0", "3", "?", "~20", ">=3", "<=5", "3@119", "?@公安", ">=3@119/19:26"};
	struct fault f = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(typed) / sizeof(typed[0]); i++) {
		struct body *b = body_new();

		body_set_num(b, F_KIND, KIND_REPORT);
		body_set_num(b, F_STAGE, STAGE_FIRST);
		body_set_time(b, F_WRITTEN, NOW);
		assert_int_equal(value_parse(b, field_by_key(F_DEAD), typed[i], cb, NOW, &f), 0);
		assert_int_equal(value_parse(b, field_by_key(F_DEAD), typed[(i + 1) % 9], cb, NOW, &f), 0);
		assert_true(there_and_back(b, typed[i]));
		body_free(b);
	}
}

static void
mapping(void **state)
{
	static const struct {
		int kind, stage, act;
		bool exercise, refs, to;
		const char *has[4];
		const char *refused;
	} cases[] = {
	    {KIND_REPORT, STAGE_FIRST, 0, false, false, true,
		{"<status>Actual</status>\n<msgType>Alert</msgType>\n<scope>Private</scope>\n<addresses>330225 330200<",
		    "<identifier>330225102.1763787393.17<", "<sender>330225102<", "<certainty>Unknown<"},
		NULL},
	    {KIND_REPORT, STAGE_FOLLOWUP, 0, false, true, false,
		{"<msgType>Update<", "<scope>Restricted</scope>\n<restriction>",
		    "<references>330225102,330225102.1763787393.16,2025-11-22T04:56:33-00:00<", "<info>"},
		NULL},
	    {KIND_REPORT, STAGE_FOLLOWUP, 0, false, false, false, {"<msgType>Alert<", "", "", ""}, NULL},
	    {KIND_REPORT, STAGE_CORRECTION, 0, false, true, false, {"<msgType>Update<", "", "", ""}, NULL},
	    {KIND_REPORT, STAGE_CORRECTION, 0, false, false, false, {"", "", "", ""}, "refs"},
	    {KIND_REPORT, STAGE_WITHDRAWAL, 0, false, true, false,
		{"<msgType>Cancel<", "<note>误报</note>\n<references>", "", ""}, NULL},
	    {KIND_RECEIPT, 0, ACT_SIGNED, false, true, false, {"<msgType>Ack<", "", "", ""}, NULL},
	    {KIND_RECEIPT, 0, ACT_RETURNED, false, true, false, {"<msgType>Error<", "<note>误报<", "", ""}, NULL},
	    {KIND_RECEIPT, 0, ACT_SIGNED, false, false, false, {"", "", "", ""}, "refs"},
	    {KIND_DIRECTIVE, 0, 0, false, false, true, {"<msgType>Alert<", "<scope>Private<", "", ""}, NULL},
	    {KIND_WARNING, 0, 0, false, false, false, {"<scope>Public<", "<msgType>Alert<", "", ""}, NULL},
	    {KIND_LOG, 0, 0, false, false, false, {"<status>System<", "", "", ""}, NULL},
	    {KIND_LOG, 0, 0, true, false, false, {"<status>Exercise<", "", "", ""}, NULL},
	    {KIND_WARNING, 0, 0, true, true, false,
		{"<status>Exercise<", "<identifier>X.330225102.1763787393.17<",
		    "<category>Fire</category>\n<event>火灾事故<",
		    "<areaDesc>西周镇</areaDesc>\n<circle>29.400000,-0.500000 0</circle>\n<geocode>\n<valueName>GB/T "
		    "2260</valueName>\n<value>330225102<"},
		NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct msgid id = {
		    .realm = cases[i].exercise, .origin = "330225102", .epoch = 1763787393, .serial = 17};
		struct body *b = body_new();
		struct buf xml = {0};
		struct fault f = {0};
		struct cap_alert a;

		body_set_num(b, F_KIND, cases[i].kind);
		body_set_id(b, F_ID, &id);
		id.serial = 16;
		if (cases[i].refs)
			body_add_id(b, F_REFS, &id);
		if (cases[i].to) {
			body_add_text(b, F_TO, "330225", 6);
			body_add_text(b, F_CC, "330200", 6);
		}
		if (cases[i].stage != 0)
			body_set_num(b, F_STAGE, cases[i].stage);
		if (cases[i].act != 0)
			body_set_num(b, F_ACT, cases[i].act);
		body_set_text(b, F_TYPE, "yjpt:12G00");
		body_set_text(b, F_REASON, "误报");
		body_set_text(b, F_PLACE, "西周镇");
		body_set_text(b, F_DIVISION, "div:330225102");
		body_set_geo(b, F_POSITION, 29400000, -500000);
		/* without any time nothing can be said */
		assert_int_equal(cap_write(b, cb, &xml, &f), -1);
		assert_int_equal(xml.n, 0);
		body_set_time(b, F_WRITTEN, NOW);
		memset(&f, 0, sizeof(f));
		if (cap_write(b, cb, &xml, &f) != (cases[i].refused == NULL ? 0 : -1))
			fail_msg("case %zu: %s", i, f.text);
		if (cases[i].refused != NULL) {
			assert_string_equal(f.field, cases[i].refused);
			assert_int_equal(f.code, EX_DATAERR);
		} else {
			for (size_t k = 0; k < 4; k++)
				if (strstr(buf_cstr(&xml), cases[i].has[k]) == NULL)
					fail_msg("case %zu: no %s in\n%s", i, cases[i].has[k], buf_cstr(&xml));
			must_be_sound("mapping", &xml, &a);
			cap_alert_free(&a);
			assert_true(there_and_back(b, "mapping"));
		}
		body_free(b);
		buf_free(&xml);
	}
}

static bool
known_sent(void *ctx, const struct msgid *id, struct when *w)
{
	*w = (struct when){.ms = *(int64_t *)ctx, .offset = 480};
	return id->serial == 16;
}

static void
references(void **state)
{
	struct msgid id = {.origin = "330225102", .epoch = 1763787393, .serial = 16};
	struct body *b = body_new();
	struct buf xml = {0};
	struct fault f = {0};
	int64_t at = NOW;

	(void)state;
	body_set_num(b, F_KIND, KIND_FEEDBACK);
	body_set_text(b, F_TEXT, "已派人");
	body_set_time(b, F_WRITTEN, NOW);
	body_add_id(b, F_REFS, &id);
	id.serial = 15;
	body_add_id(b, F_REFS, &id);
	assert_int_equal(cap_write_refs(b, cb, known_sent, &at, &xml, &f), 0);
	assert_non_null(strstr(buf_cstr(&xml),
	    "<references>330225102,330225102.1763787393.16,2026-11-22T14:10:00+08:00 "
	    "330225102,330225102.1763787393.15,2025-11-22T04:56:33-00:00<"));
	assert_non_null(strstr(buf_cstr(&xml), "<identifier>unsent-"));
	/* no codebook: codes instead of names */
	buf_clear(&xml);
	body_set_text(b, F_TYPE, "yjpt:12G00");
	assert_int_equal(cap_write(b, NULL, &xml, &f), 0);
	assert_non_null(strstr(buf_cstr(&xml), "<event>12G00<"));
	/* a warning taken in by an older version has its document in the original only */
	body_set_text(b, F_SOURCE_FORMAT, "cap");
	assert_int_equal(cap_write(b, NULL, &xml, &f), -1);
	assert_int_equal(f.code, EX_UNAVAILABLE);
	body_free(b);
	buf_free(&xml);
}

/* Parameters of ours that are none: taken as any other document, and told. */
static void
forged(void **state)
{
#define OWN(n, v) "<parameter><valueName>dutydesk:" n "</valueName><value>" v "</value></parameter>"
	static const struct {
		const char *doc;
		bool own;
	} cases[] = {
	    {DOC(OWN("#elements", "{}") OWN("kind", "\"report\"")), true},
	    {DOC(OWN("#elements", "{\"brief\":\"event\"}") OWN("kind", "\"report\"")), true},
	    {DOC(OWN("#body", "a10101")), true},
	    {DOC(OWN("kind", "\"report\"")), false},
	    {DOC(OWN("#elements", "{}") OWN("kind", "\"nothing\"")), false},
	    {DOC(OWN("#elements", "{}") OWN("nothing", "1")), false},
	    {DOC(OWN("#elements", "{}") OWN("_x", "1")), false},
	    {DOC(OWN("#elements", "{}") OWN("dead", "-1")), false},
	    {DOC(OWN("#elements", "{}") OWN("dead", "{\"q\":\"exact\"}")), false},
	    {DOC(OWN("#elements", "{}") OWN("dead", "1") OWN("dead", "2")), false},
	    {DOC(OWN("#elements", "{}") OWN("#elements", "{}")), false},
	    {DOC(OWN("#elements", "[]")), false},
	    {DOC(OWN("#elements", "{\"brief\":\"nothing\"}")), false},
	    {DOC(OWN("#elements", "{\"brief\":\"headline\"}")), false},
	    {DOC(OWN("#elements", "{\"brief\":\"parameter\"}")), false},
	    {DOC(OWN("#elements", "{\"brief\":7}")), false},
	    {DOC(OWN("#elements", "{\"brief\":\"note\"}")), false},
	    {DOC(OWN("#elements", "{\"brief\":\"event\"}") OWN("brief", "\"x\"")), false},
	    {DOC(OWN("#elements", "{}") OWN("title", "[[[[[[[[[[\"x\"]]]]]]]]]]")), false},
	    {DOC(OWN("#elements", "{}") OWN("title", "x")), false},
	    {DOC(OWN("#elements", "{}") OWN("title", "")), false},
	    {DOC(OWN("#body", "")), false},
	    {DOC(OWN("#body", "a1")), false},
	    {DOC(OWN("#body", "a1010")), false},
	    {DOC(OWN("#body", "zz")), false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cap_alert a = taken(cases[i].doc);

		if ((a.own != NULL) != cases[i].own || has_remark(a.body, "should hold cannot be read") == cases[i].own)
			fail_msg("case %zu", i);
		assert_int_equal(body_enum(a.body, F_KIND), KIND_WARNING);
		cap_alert_free(&a);
	}
}

static double
read_in(struct buf *d, bool own)
{
	clock_t began = clock();
	struct cap_alert a;
	struct fault f;

	buf_puts(d, "</info></alert>");
	assert_int_equal(read_bytes(d->p, d->n, &a, &f), 0);
	assert_true((a.own != NULL) == own);
	cap_alert_free(&a);
	buf_clear(d);
	return (double)(clock() - began) / CLOCKS_PER_SEC;
}

/* Parameters made to cost time or memory: refused as messages of ours before they do. */
static void
costly(void **state)
{
	static const char begin[] = "<parameter><valueName>dutydesk:%s</valueName><value>";
	static const char end[] = "</value></parameter>";
	struct buf d = {0};
	double took = 0;

	(void)state;
	/* very many texts in elements, in unknown keys (each before the last), in a list, in nothing */
	buf_puts(&d, HEAD "<info>" EVENT WORDS);
	buf_printf(&d, begin, "#elements");
	for (int i = 0; i < 60000; i++)
		buf_printf(&d, "%s\"f%d\":\"contact\"", i == 0 ? "{" : ",", i);
	buf_printf(&d, "}%s", end);
	for (int i = 0; i < 20000; i++)
		buf_puts(&d, "<parameter><valueName>a</valueName><value>b</value></parameter>");
	took += read_in(&d, false);
	buf_puts(&d, HEAD "<info>" EVENT WORDS);
	buf_printf(&d, begin, "#elements");
	buf_printf(&d, "{}%s", end);
	buf_printf(&d, begin, "unknown");
	for (int i = 0; i < 100000; i++)
		buf_printf(&d, "%s\"%d\":\"00\"", i == 0 ? "{" : ",", 900000 - i);
	buf_printf(&d, "}%s", end);
	took += read_in(&d, false);
	buf_puts(&d, HEAD "<info>" EVENT WORDS);
	buf_printf(&d, begin, "#elements");
	buf_printf(&d, "{}%s", end);
	buf_printf(&d, begin, "dead");
	for (int i = 0; i < 3000000; i++)
		buf_puts(&d, i == 0 ? "[1" : ",1");
	buf_printf(&d, "]%s", end);
	took += read_in(&d, false);
	buf_puts(&d, HEAD "<info>" EVENT WORDS);
	buf_printf(&d, begin, "#body");
	for (int i = 0; i < 2000000; i++)
		buf_puts(&d, "a1");
	buf_puts(&d, end);
	took += read_in(&d, false);
	if (took > 20)
		fail_msg("%.1f s", took);
	buf_free(&d);
}

/* More unknown keys than JSON may bring: the message comes back all the same. */
static void
many_unknown(void **state)
{
	struct body *b = body_new();

	(void)state;
	body_set_num(b, F_KIND, KIND_NOTE);
	body_set_time(b, F_WRITTEN, NOW);
	for (uint32_t i = 0; i < 300; i++)
		body_add_raw(b, 5000 + i, (const uint8_t *)"\x01", 1);
	assert_false(there_and_back(b, "unknown keys"));
	body_free(b);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_kind),
	    cmocka_unit_test(figures),
	    cmocka_unit_test(mapping),
	    cmocka_unit_test(references),
	    cmocka_unit_test(forged),
	    cmocka_unit_test(costly),
	    cmocka_unit_test(many_unknown),
	};

	return cmocka_run_group_tests(tests, cap_setup, cap_teardown);
}
