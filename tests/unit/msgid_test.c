/* Message ids and station codes: one text form each way, order, hash. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "../../formats/msgid.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void
station_codes(void **state)
{
	static const char *const good[] = { "330225", "330225102", "330225102001", "330225-yj", "330225102-119",
	    "hq", "S-01", "a",
		"x", "Xa", "abcdefghijklmnopqrstuvwxyz01234" /* 31 */ };
	static const char *const bad[] = { "", "3", "33022", "3302251", "33022510", "3302251020010", "330225-",
	    "330225-YJ",
		"330225-a-b", "330225 ", "330225_a", "X", "-a", "aB", "a.b", "a b", "a/b", "石浦", "a\x1b",
		"abcdefghijklmnopqrstuvwxyz012345" /* 32 */, "330225102-abcdefghijklmnopqrstuvw" };
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(good); i++)
		if (!station_code_valid(good[i]))
			fail_msg("refused %s", good[i]);
	for (i = 0; i < COUNT(bad); i++)
		if (station_code_valid(bad[i]))
			fail_msg("took %s", bad[i]);
}

static void
text_form(void **state)
{
	static const char *const good[] = { "330225102.1763787393.17", "X.330225102.1763787393.17", "hq.0.1",
		"330225-yj.9223372036854775807.9223372036854775807", "X.hq.1.2",
		"X.abcdefghijklmnopqrstuvwxyz01234.9223372036854775807.9223372036854775807" };
	static const char *const bad[] = { "", ".", "..", "330225102", "330225102.1", "330225102.1.", "330225102.1.2.3",
		"330225102..1", "330225102.01.1", "330225102.1.01", "330225102.1.0", "330225102.+1.1", "330225102.-1.1",
		"330225102. 1.1", " 330225102.1.1", "330225102.1.1 ", "330225102.1.1\n", "X.1.2", "X.X.1.2",
		"x.330225.1.2.3",
		"Y.330225.1.2", "3X0225.1.2", "330225102.9223372036854775808.1", "330225102.1.9223372036854775808",
		"330225102.1.18446744073709551616", "330225102.1.99999999999999999999999", "330225102.0x1.1",
		"abcdefghijklmnopqrstuvwxyz012345.1.1", "33022510a.1.1" };
	char buf[MSGID_TEXT_MAX], small[8];
	struct msgid id, before;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(good); i++) {
		if (!msgid_parse(good[i], &id))
			fail_msg("refused %s", good[i]);
		assert_true(msgid_is_set(&id));
		assert_true(msgid_valid(&id));
		assert_int_equal(msgid_format(&id, buf, sizeof(buf)), strlen(good[i]));
		assert_string_equal(buf, good[i]);
	}
	memset(&before, 0x5a, sizeof(before));
	for (i = 0; i < COUNT(bad); i++) {
		id = before;
		if (msgid_parse(bad[i], &id))
			fail_msg("took %s", bad[i]);
		assert_memory_equal(&id, &before, sizeof(id));
	}
	assert_true(msgid_parse(good[0], &id));
	assert_int_equal(msgid_format(&id, small, sizeof(small)), 0);	/* no half ids */
	assert_string_equal(small, "");
	assert_int_equal(msgid_format(&id, small, 0), 0);
	memset(&id, 0, sizeof(id));
	assert_false(msgid_is_set(&id));
	assert_false(msgid_valid(&id));
	assert_int_equal(msgid_format(&id, buf, sizeof(buf)), 0);
	assert_string_equal(buf, "");
}

static void
validity(void **state)
{
	struct msgid id, t;

	(void)state;
	assert_true(msgid_parse("hq.1.2", &id));
	t = id, t.realm = 2;
	assert_false(msgid_valid(&t));
	t = id, t.serial = 0;
	assert_false(msgid_valid(&t));
	t = id, t.serial = (uint64_t)INT64_MAX + 1;
	assert_false(msgid_valid(&t));
	t = id, t.epoch = UINT64_MAX;
	assert_false(msgid_valid(&t));
	t = id, memset(t.origin, 'a', sizeof(t.origin));
	assert_false(msgid_valid(&t));
}

static void
order_and_hash(void **state)
{
	static const char *const sorted[] = { "330225.1.1", "330225.1.2", "330225.1.10", "330225.2.1", "330225.10.1",
		"330225-yj.1.1", "330225102.1.1", "hq.1.1", "X.330225.1.1", "X.hq.1.1" };
	struct msgid a, b;
	size_t i, j;

	(void)state;
	for (i = 0; i < COUNT(sorted); i++) {
		for (j = 0; j < COUNT(sorted); j++) {
			int c;

			assert_true(msgid_parse(sorted[i], &a) && msgid_parse(sorted[j], &b));
			c = msgid_cmp(&a, &b);
			if ((c < 0) != (i < j) || (c > 0) != (i > j))
				fail_msg("%s %s: %d", sorted[i], sorted[j], c);
			if ((msgid_hash(&a) == msgid_hash(&b)) != (i == j))
				fail_msg("hash of %s and %s", sorted[i], sorted[j]);
		}
	}
	/* Neither looks behind the origin's NUL. */
	assert_true(msgid_parse("hq.1.1", &a));
	b = a;
	b.origin[10] = 'z';
	assert_int_equal(msgid_cmp(&a, &b), 0);
	assert_true(msgid_hash(&a) == msgid_hash(&b));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(station_codes), cmocka_unit_test(text_form), cmocka_unit_test(validity),
		cmocka_unit_test(order_and_hash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
