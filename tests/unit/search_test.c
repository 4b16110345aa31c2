/*
 * Search: folding, cutting, what is a find and what is not, and the text shown around it.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../../formats/search.h"
#include "../../formats/wire.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct body *
make(const char *text)
{
	struct body *b = body_new();

	body_set_text(b, F_TITLE, "题");
	body_set_text(b, F_TEXT, text);
	return b;
}

static void
texts(void **state)
{
	static const struct { const char *text, *folded; } cases[] = {
		{ "山体滑坡", "山体滑坡" },
		{ "ＡＢｃ１２３，Ｇ１５", "abc123,g15" },
		{ "Ⅳ级　应急ⅻ", "iv级 应急xii" },
		{ "山体滑\n坡体", "山体滑坡体" },		/* a wrapped line */
		{ "第一段。\n第二段", "第一段。 第二段" },
		{ "abc\ndef", "abc def" },
		{ "山\nabc", "山 abc" },
		{ "滑\xe2\x80\x8b坡", "滑坡" },			/* zero width space */
		{ "ÄÖ ΑΩ ЖЁ", "äö αω жё" },
	};
	struct buf out = { 0 };
	struct body *b;
	char want[256];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		b = make(cases[i].text);
		buf_clear(&out);
		search_text(b, &out);
		snprintf(want, sizeof(want), "题\n%s\n", cases[i].folded);
		assert_string_equal(buf_cstr(&out), want);
		body_free(b);
	}
	buf_free(&out);
}

/* What only machines read is not found; addressees are. */
static void
fields(void **state)
{
	struct body *b = body_new();
	struct figure fig = { .q = FIG_EXACT, .n = 12 };
	struct buf out = { 0 };

	(void)state;
	body_set_text(b, F_TITLE, "题目");
	body_add_text(b, F_TO, "330225", 6);
	body_set_text(b, F_CAP_TREE, "<alert/>");
	body_add_text(b, F_WAY, "330225@1", 8);
	body_set_text(b, F_TYPE, "yjpt:12G00");
	body_add_figure(b, F_DEAD, &fig);
	body_set_text(b, F_NUMBER, "1122-001");
	body_add_raw(b, 65000, (const uint8_t *)"\x61x", 2);
	search_text(b, &out);
	assert_string_equal(buf_cstr(&out), "330225\n1122-001\n题目\n");
	body_free(b);
	buf_free(&out);
}

static void
cuts(void **state)
{
	static const struct { const char *text, *tokens; } cases[] = {
		{ "", "" },
		{ "。、", "" },
		{ "滑", "滑 " },
		{ "滑坡", "滑坡 坡 " },
		{ "山体滑坡,死亡3人", "山体 体滑 滑坡 坡 死亡 亡 3 人 " },
		{ "g15高速 330225-a", "g15 高速 速 330225 a " },
		{ "\xf0\xa0\x80\x80\xf0\xb0\x80\x80", "\xf0\xa0\x80\x80\xf0\xb0\x80\x80 \xf0\xb0\x80\x80 " },	/* beyond the BMP */
		{ "ئۇيغۇر تىلى", "ئۇيغۇر تىلى " },
		{ "བོད་ཡིག", "བོད ཡིག " },
		{ "a\xff滑", "a 滑 " },
		{ "0123456789012345678901234567890123456789012345678901234567890123456789 x",
		    "0123456789012345678901234567890123456789012345678901234567890123 x " },
	};
	struct buf out = { 0 }, in = { 0 };
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		buf_clear(&in);
		buf_clear(&out);
		buf_puts(&in, cases[i].text);
		search_cut(&in, &out);
		assert_string_equal(buf_cstr(&out), cases[i].tokens);
	}
	buf_free(&in);
	buf_free(&out);
}

static void
queries(void **state)
{
	static const struct { const char *query, *terms, *tokens; } cases[] = {
		{ "", NULL, NULL },
		{ "  ，。!\"* ()", NULL, NULL },
		{ "滑", "滑|", "滑*|" },
		{ "滑坡", "滑坡|", "滑坡|" },
		{ "山体滑坡 死亡", "山体滑坡|死亡|", "山体|体滑|滑坡|死亡|" },
		{ "滑坡，滑坡 滑坡", "滑坡|", "滑坡|" },
		{ "G15高速", "g15高速|", "g15|高速|" },
		{ "2026-11-22", "2026-11-22|", "2026|11|22|" },
		{ "西周1122-001 3.5", "西周1122-001|3.5|", "西周|1122|001|3|5|" },
		{ "a- -b a.滑 --", "a|b|滑|", "a|b|滑*|" },
		{ "\"OR\" NEAR(滑坡)*", "or|near|滑坡|", "or|near|滑坡|" },
		{ "\xff\xfe滑坡\xe6", "滑坡|", "滑坡|" },
	};
	struct search_query *q;
	char terms[256], tokens[256];
	size_t i, k;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		q = search_query_new(cases[i].query);
		if (cases[i].terms == NULL) {
			assert_null(q);
			continue;
		}
		assert_non_null(q);
		terms[0] = tokens[0] = '\0';
		for (k = 0; k < q->nterm; k++)
			snprintf(terms + strlen(terms), sizeof(terms) - strlen(terms), "%s|", q->term[k]);
		for (k = 0; k < q->ntoken; k++)
			snprintf(tokens + strlen(tokens), sizeof(tokens) - strlen(tokens), "%s%s|", q->token[k].s,
			    q->token[k].prefix ? "*" : "");
		assert_string_equal(terms, cases[i].terms);
		assert_string_equal(tokens, cases[i].tokens);
		search_query_free(q);
	}
}

/* A query as long as somebody likes is cut, at a character. */
static void
long_query(void **state)
{
	struct search_query *q;
	struct buf text = { 0 };
	size_t i;

	(void)state;
	for (i = 0; i < 400; i++)
		buf_printf(&text, "\xe4\xb8%c", (int)(0x80 + i % 64));
	assert_non_null(q = search_query_new(buf_cstr(&text)));
	assert_int_equal(q->nterm, 1);
	assert_int_equal(strlen(q->term[0]), SEARCH_QUERY_MAX / 3 * 3);
	assert_int_equal(q->ntoken, SEARCH_TOKENS_MAX);
	search_query_free(q);
	buf_free(&text);
}

static void
finds(void **state)
{
	static const struct { const char *text, *query; bool found; const char *around; } cases[] = {
		{ "西周镇山体滑坡，死亡3人", "滑坡", true, "...周镇山体滑坡，死亡3..." },
		{ "西周镇山体滑坡，死亡3人", "山体滑坡 死亡", true, "西周镇山体滑坡，死亡3..." },
		{ "西周镇山体滑坡，死亡3人", "山体 坍塌", false, "" },
		{ "山体有滑坡", "山体滑坡", false, "" },		/* 山体 and 滑坡 are there, 体滑 is not */
		{ "体滑坡山体", "山体滑坡", false, "" },		/* all its pairs are there */
		{ "滑坡体滑山体", "山体滑坡", false, "" },
		{ "塌方", "方", true, "塌方" },
		{ "塌方", "塌", true, "塌方" },
		{ "塌方", "滑", false, "" },
		{ "G15 沈海高速", "g15", true, "G15 沈海高..." },
		{ "G150 线", "g15", false, "" },
		{ "AG15 线", "g15", false, "" },
		{ "沿G15高速公路", "G15高速", true, "沿G15高速公路" },
		{ "沿G150高速，G15线高速", "G15高速", false, "" },
		{ "达Ⅳ级响应", "IV级", true, "达Ⅳ级响应" },
		{ "２０２６年", "2026年", true, "２０２６年" },
		{ "发生山体滑\n坡", "山体滑坡", true, "发生山体滑\n坡" },
		{ "time is 08:30 now", "08:30", true, "... is 08:30 now" },
		{ "time is 18:30 now", "8:30", false, "" },
		{ "жёлтый ЖЁЛТЫЙ", "Жёлтый", true, "жёлтый ЖЁЛ..." },
	};
	struct search_query *q;
	struct buf text = { 0 }, out = { 0 };
	struct body *b;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		b = make(cases[i].text);
		buf_clear(&text);
		buf_clear(&out);
		q = search_query_new(cases[i].query);
		assert_non_null(q);
		search_text(b, &text);
		if (search_finds(q, &text) != cases[i].found)
			fail_msg("%s in %s", cases[i].query, cases[i].text);
		search_around(q, b, 4, &out);
		if (cases[i].found)
			assert_string_equal(buf_cstr(&out), cases[i].around);
		buf_clear(&text);
		wire_encode(b, &text);
		assert_int_equal(search_finds_in(q, text.p, text.n), cases[i].found);
		search_query_free(q);
		body_free(b);
	}
	q = search_query_new("题 滑");
	b = make("滑");
	buf_clear(&text);
	search_text(b, &text);
	assert_true(search_finds(q, &text));
	search_query_free(q);
	q = search_query_new("题滑");	/* of two fields */
	assert_false(search_finds(q, &text));
	assert_false(search_finds_in(q, "\xff\xff", 2));
	assert_false(search_finds_in(q, NULL, 0));
	search_query_free(q);
	body_free(b);
	buf_free(&text);
	buf_free(&out);
}

/* The sieve lets through whatever is a find. */
static void
sieve(void **state)
{
	static const char *const parts[] = { "山", "体", "滑", "坡", "山体", "g15", "2026", "-", " ", "，", "\n", "Ⅳ", "a", "１", "." };
	struct search_query *q;
	struct buf text = { 0 }, tokens = { 0 }, query = { 0 }, want = { 0 };
	uint64_t s = 88172645463325252u;
	struct body *b;
	size_t i, k, n, hits = 0;

	(void)state;
	for (i = 0; i < 20000; i++) {
		buf_clear(&query);
		buf_clear(&want);
		buf_clear(&text);
		for (k = 0; k < 14; k++) {
			s ^= s << 13;
			s ^= s >> 7;
			s ^= s << 17;
			n = (size_t)(s >> 20) % COUNT(parts);
			buf_puts(k < 10 ? &want : &query, parts[n]);
		}
		if ((q = search_query_new(buf_cstr(&query))) == NULL)
			continue;
		b = make(buf_cstr(&want));
		search_text(b, &text);
		if (search_finds(q, &text)) {
			hits++;
			buf_clear(&tokens);
			buf_puts(&tokens, " ");
			search_cut(&text, &tokens);
			for (k = 0; k < q->ntoken; k++) {
				buf_clear(&want);
				buf_printf(&want, " %s%s", q->token[k].s, q->token[k].prefix ? "" : " ");
				if (strstr(buf_cstr(&tokens), buf_cstr(&want)) == NULL)
					fail_msg("%s: \"%s\" is not among\n%s", buf_cstr(&query), buf_cstr(&want), buf_cstr(&tokens));
			}
			buf_clear(&want);
			search_around(q, b, 3, &want);
			assert_true(want.n > 0);
		}
		search_query_free(q);
		body_free(b);
	}
	assert_true(hits > 500);
	buf_free(&text);
	buf_free(&tokens);
	buf_free(&query);
	buf_free(&want);
}

/* Any bytes: nothing is read or written beyond them, and what is found of a text in itself is shown. */
static void
bytes(void **state)
{
	struct buf text = { 0 }, out = { 0 };
	struct search_query *q;
	uint64_t s = 7;
	struct body *b;
	char raw[24];
	size_t i, k;

	(void)state;
	for (i = 0; i < 30000; i++) {
		for (k = 0; k < sizeof(raw) - 1; k++) {
			s ^= s << 13;
			s ^= s >> 7;
			s ^= s << 17;
			raw[k] = (char)(s >> 40);
			if (raw[k] == '\0' || s % 3 == 0)
				raw[k] = "\xe6\xbb\x91\xf0\xef" "aZ9\n ."[(s >> 20) % 11];
		}
		raw[k] = '\0';
		b = make(raw);
		buf_clear(&text);
		search_text(b, &text);
		buf_clear(&out);
		search_cut(&text, &out);
		if ((q = search_query_new(raw)) != NULL) {
			if (!search_finds(q, &text))
				fail_msg("round %zu does not find itself", i);
			buf_clear(&out);
			search_around(q, b, 2, &out);
			assert_true(out.n > 0);
			search_query_free(q);
		}
		body_free(b);
	}
	buf_free(&text);
	buf_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts), cmocka_unit_test(fields), cmocka_unit_test(cuts), cmocka_unit_test(queries),
		cmocka_unit_test(long_query), cmocka_unit_test(finds), cmocka_unit_test(sieve), cmocka_unit_test(bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
