/*
 * jsonread() is json_loadb() but for the time it takes: every text is given to both.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "../../formats/buf.h"
#include "../../formats/jsonread.h"

static void
same(const char *s, size_t n)
{
	json_error_t e1, e2;
	json_t *a, *b;

	memset(&e1, 0, sizeof(e1));
	memset(&e2, 0, sizeof(e2));
	a = jsonread(s, n, &e1);
	b = json_loadb(s, n, JSON_REJECT_DUPLICATES, &e2);
	assert_int_equal(a == NULL, b == NULL);
	if (a == NULL) {
		assert_string_equal(e1.text, e2.text);
		assert_int_equal(e1.line, e2.line);
		assert_int_equal(e1.column, e2.column);
	} else {
		char *x = json_dumps(a, JSON_COMPACT), *y = json_dumps(b, JSON_COMPACT); /* members in their order */

		assert_true(json_equal(a, b));
		assert_string_equal(x, y);
		free(x);
		free(y);
	}
	json_decref(a);
	json_decref(b);
}

static const char *const texts[] = {
	"", " ", "{}", "[]", " { } ", "\t[\n]\r", "{", "}", "[", "]", "[[]]", "{\"a\":{}}", "{\"a\":1}", "{ \"a\" : 1 , \"b\" : [ 1 , 2 ] } ",
	"{\"a\":1,}", "[1,]", "[,1]", "{,}", "{\"a\"}", "{\"a\":}", "{\"a\" 1}", "{a:1}", "{\"a\":1 \"b\":2}", "[1 2]", "{\"a\":1}x",
	"{\"a\":1}{}", "{\"a\":1,\"a\":2}", "{\"a\":{\"b\":1},\"b\":{\"b\":1}}", "{\"\":1}", "[\"\"]", "[\"a\"]", "[\"a]", "[\"a\\\"]", "[\"a\\",
	"[\"a\\\"b\\\\c\\/d\\b\\f\\n\\r\\te\"]", "[\"\\\\\",\"b\"]", "[\"\\u4e2d\"]", "[\"\\ud83d\\ude00\"]", "[\"\\ud83d\"]", "[\"\\u0000\"]",
	"{\"\\u0000\":1}", "[\"\\x\"]", "[\"\\u12\"]", "[\"a\nb\"]", "[\"a\tb\"]", "[\"\x7f\"]", "[\"中文\"]", "{\"中\":\"文\"}", "[\"\xff\"]",
	"[\"\xe4\xb8\"]", "[\"\xc0\x80\"]", "[\"\xed\xa0\x80\"]", "[\"\xf0\x9f\x98\x80\"]", "[\"\xf4\x90\x80\x80\"]", "[\"a\\n\xff\"]",
	"[0]", "[-0]", "[-1]", "[01]", "[00]", "[1.0]", "[1e3]", "[1E3]", "[.5]", "[1.]", "[+1]", "[999999999999999999]",
	"[9223372036854775807]", "[9223372036854775808]", "[1000000000000000000]", "[1a]", "[-]", "[true]", "[false]", "[null]", "[tru]",
	"[truex]", "[nul", "[True]", "[NaN]", "true", "1", "\"a\"", "null", "\xef\xbb\xbf{}", "{\"a\":1}\n\n", "[1,2,[3,[4,{\"x\":[null,true]}]]]",
	"{\"op\":\"submit\",\"n\":7,\"rid\":\"0123\",\"realm\":\"live\",\"body\":{\"kind\":\"report\",\"title\":\"火灾\",\"dead\":0,\"missing\":\"?\"}}",
	"// c\n{}", "{\"a\":1}\0", "[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]",
};

static void
test_texts(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		same(texts[i], strlen(texts[i]));
}

/* Every beginning, and every byte another: what comes from outside is cut and spoilt anywhere. */
static void
test_spoilt(void **state)
{
	static const char odd[] = { '"', '\\', '{', '}', '[', ']', ',', ':', '0', '-', ' ', '\n', '\0', 'e', (char)0x80, (char)0xff };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		size_t n = strlen(texts[i]);

		for (size_t at = 0; at < n; at++) {
			/* of the exact size: a read beyond the end is seen by the sanitiser */
			char *s = xmalloc(n);

			memcpy(s, texts[i], n);
			same(s, at);
			for (size_t k = 0; k < sizeof(odd); k++) {
				s[at] = odd[k];
				same(s, n);
			}
			free(s);
		}
	}
}

static void
test_long(void **state)
{
	struct buf b = { 0 };

	(void)state;
	/* a key longer than most, a string longer than any buffer, deep nesting */
	for (int keys = 60; keys < 70; keys++) {
		buf_clear(&b);
		buf_puts(&b, "{\"");
		for (int i = 0; i < keys; i++)
			buf_put_u8(&b, 'k');
		buf_puts(&b, "\":[\"");
		for (int i = 0; i < 5000; i++)
			buf_puts(&b, "长\\n");
		buf_puts(&b, "\"]}");
		same((const char *)b.p, b.n);
	}
	for (int depth = 10; depth < 3000; depth = depth * 3 / 2) {
		buf_clear(&b);
		for (int i = 0; i < depth; i++)
			buf_put_u8(&b, '[');
		for (int i = 0; i < depth; i++)
			buf_put_u8(&b, ']');
		same((const char *)b.p, b.n);
	}
	buf_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_spoilt),
		cmocka_unit_test(test_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
