/*
 * JSON written as text is what jansson would print of the same values, and a parser always takes it.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include "../../formats/jsontext.h"

static void
test_strings(void **state)
{
	static const char *const cases[] = {"", "a", "西周镇振兴路12号", "\"", "\\", "a\"b\\c", "\n\t\r\b\f", "\x01\x1f\x7f", "/", "😀",
	    "end\\", "1234567", "12345678", "123456789", "1234567\"", "12345678\"9", "\"2345678", "一二三\\四五六七\n八", "12345678abcdefg\t",
	    "#!#!#!#!", "]]]]]]]]\\", "  !!  !!", "\x1f\x20\x21\x22\x23\x5b\x5c\x5d"};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct buf b = {0};
		json_t *o = json_pack("{s:s, s:[s, s]}", "one", cases[i], "two", cases[i], cases[i]);
		char *text = json_dumps(o, JSON_COMPACT);

		jsontext_begin(&b, '{');
		jsontext_text(&b, "one", cases[i]);
		jsontext_name(&b, "two");
		buf_put_u8(&b, '[');
		jsontext_element(&b, cases[i]);
		jsontext_element(&b, cases[i]);
		jsontext_end(&b, ']');
		jsontext_end(&b, '}');
		assert_string_equal(buf_cstr(&b), text);
		free(text);
		json_decref(o);
		buf_free(&b);
	}
}

/* Bytes that are no UTF-8 do not make it unreadable. */
static void
test_broken(void **state)
{
	static const char *const cases[] = {"\xff", "a\xe4\xb8", "\xed\xa0\x80z", "\xc0\x80", "\xf4\x90\x80\x80"};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct buf b = {0};
		json_error_t e;
		json_t *o;

		jsontext_begin(&b, '[');
		jsontext_element(&b, cases[i]);
		jsontext_end(&b, ']');
		o = json_loadb((const char *)b.p, b.n, 0, &e);
		assert_non_null(o);
		assert_non_null(strstr(json_string_value(json_array_get(o, 0)), "\xef\xbf\xbd"));
		json_decref(o);
		buf_free(&b);
	}
}

static void
test_numbers(void **state)
{
	static const int64_t cases[] = {0, 1, -1, 9, 10, INT64_MAX, INT64_MIN, 1790000000000};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct buf b = {0};
		json_t *o = json_pack("{s:I, s:b, s:b}", "n", (json_int_t)cases[i], "t", 1, "f", 0);
		char *text = json_dumps(o, JSON_COMPACT);

		jsontext_begin(&b, '{');
		jsontext_number(&b, "n", cases[i]);
		jsontext_bool(&b, "t", true);
		jsontext_bool(&b, "f", false);
		jsontext_end(&b, '}');
		assert_string_equal(buf_cstr(&b), text);
		free(text);
		json_decref(o);
		buf_free(&b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_strings), cmocka_unit_test(test_broken), cmocka_unit_test(test_numbers)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
