/* Envelopes and parcels on the wire: golden bytes, round trips, refusals, truncation at every byte. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "../../formats/wire.h"
#include "../../formats/wire_token.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define BYTES(s) (s), sizeof(s) - 1

static const char body_bytes[] = "\xa2\x01\x01\x07\x81\x66" "330225";

static void
sample_envelope(struct envelope *e)
{
	memset(e, 0, sizeof(*e));
	envelope_add_to(e, "330225");
	envelope_add_to(e, "330200-yj");
	assert_true(envelope_add_hop(e, "330225102"));
	assert_true(envelope_add_hop(e, "330225"));
	e->precedence = PREC_URGENT;
	buf_put(&e->sig, "\x01\x02\x03", 3);
}

static void
envelopes(void **state)
{
	static const char bytes[] = "\x85\x01\x82\x66" "330225" "\x69" "330200-yj" "\x82\x69" "330225102" "\x66"
	    "330225"
				    "\x02\x43\x01\x02\x03";
	static const char later[] = "\x8a\x01\x80\x80\x04\x40\x80\x80\xf4\x83\x01\x02\xa1\x01\x02\x61x";
	struct envelope e, d;
	struct fault f = { 0 };
	struct buf out = { 0 };
	size_t i;

	(void)state;
	sample_envelope(&e);
	envelope_encode(&e, &out);
	assert_int_equal(out.n, sizeof(bytes) - 1);
	assert_memory_equal(out.p, bytes, out.n);
	memset(&d, 0x55, sizeof(d));
	assert_int_equal(envelope_decode(out.p, out.n, &d, &f), 0);
	assert_int_equal(d.nto, 2);
	assert_string_equal(d.to[1], "330200-yj");
	assert_int_equal(d.nhops, 2);
	assert_true(envelope_has_hop(&d, "330225102"));
	assert_false(envelope_has_hop(&d, "330200-yj"));
	assert_int_equal(d.precedence, PREC_URGENT);
	assert_int_equal(d.sig.n, 3);
	envelope_free(&d);
	assert_null(d.to);
	for (i = 0; i < out.n; i++) {
		memset(&f, 0, sizeof(f));
		assert_int_equal(envelope_decode(out.p, i, &d, &f), -1);
		assert_int_equal(f.code, EX_DATAERR);
		assert_null(d.to);
		assert_null(d.sig.p);
	}
	/* A later version's further elements. */
	assert_int_equal(envelope_decode(BYTES(later), &d, &f), 0);
	assert_int_equal(d.precedence, PREC_ROUTINE);
	envelope_free(&d);
	/* Hops are bounded. */
	for (i = e.nhops; i < ENVELOPE_HOPS_MAX; i++)
		assert_true(envelope_add_hop(&e, "hq"));
	assert_false(envelope_add_hop(&e, "hq"));
	buf_clear(&out);
	envelope_encode(&e, &out);
	assert_int_equal(envelope_decode(out.p, out.n, &d, &f), 0);
	assert_int_equal(d.nhops, ENVELOPE_HOPS_MAX);
	envelope_free(&d);
	envelope_free(&e);
	buf_free(&out);
}

static void
envelope_refusals(void **state)
{
	static const struct {
		const char *p;
		size_t n;
		const char *field, *why;
	} cases[] = {
		{ BYTES("\x01"), "envelope", "an array" },
		{ BYTES("\x84\x01\x80\x80\x01"), "envelope", "4 values" },
		{ BYTES("\x85\x02\x80\x80\x01\x40"), "envelope", "version 2" },
		{ BYTES("\x85\x01\x80\x80\x01\x40\x00"), "envelope", "trailing" },
		{ BYTES("\x85\x01\x80\x80\x00\x40"), "envelope.precedence", "out of range" },
		{ BYTES("\x85\x01\x80\x80\x05\x40"), "envelope.precedence", "out of range" },
		{ BYTES("\x85\x01\x80\x80\x20\x40"), "envelope.precedence", "negative" },
		{ BYTES("\x85\x01\x81\x61" "1\x80\x01\x40"), "envelope.to", "station" },
		{ BYTES("\x85\x01\x81\x01\x80\x01\x40"), "envelope.to", "a text" },
		{ BYTES("\x85\x01\x9a\x7f\xff\xff\xff\x61" "1"), "envelope.to", "truncated" },
		{ BYTES("\x85\x01\x80\x81\x61" "1\x01\x40"), "envelope.hops", "station" },
		{ BYTES("\x85\x01\x80\x91" "\x61" "a\x61" "b\x61" "c\x61" "d\x61" "e\x61" "f\x61" "g\x61" "h\x61" "i"
			"\x61" "j\x61" "k\x61" "l\x61" "m\x61" "n\x61" "o\x61" "p\x61" "q\x01\x40"),
			"envelope.hops", "17 values" },
		{ BYTES("\x85\x01\x80\x80\x01\x60"), "envelope.sig", "bytes" },
		{ BYTES("\x85\x01\x80\x80\x01\x5b\xff\xff\xff\xff\xff\xff\xff\xff"), "envelope.sig", "truncated" },
		{ BYTES("\x86\x01\x80\x80\x01\x40\x81\x01"), "envelope.number", "a number" },
		{ BYTES("\x86\x01\x80\x80\x01\x40\x82\x00\x01"), "envelope.number", "out of range" },
		{ BYTES("\x86\x01\x80\x80\x01\x40\x82\x01\x00"), "envelope.number", "out of range" },
		{ BYTES("\x86\x01\x80\x80\x01\x40\x82\x01\x1b\x80\x00\x00\x00\x00\x00\x00\x00"), "envelope.number",
			"out of range" },
		{ BYTES("\x87\x01\x80\x80\x01\x40\x80\x81\x01"), "envelope.hop_ms", "1 values" },
		{ BYTES("\x87\x01\x80\x81\x61" "a\x01\x40\x80\x81\x61" "1"), "envelope.hop_ms", "a number" },
		{ BYTES("\x87\x01\x80\x81\x61" "a\x01\x40\x80\x81\x20"), "envelope.hop_ms", "a number" },
		{ BYTES("\x87\x01\x80\x82\x61" "a\x61" "b\x01\x40\x80\x82\x1b\x7f\xff\xff\xff\xff\xff\xff\xff\x01"),
			"envelope.hop_ms", "a number" },
		{ BYTES("\x88\x01\x80\x80\x01\x40\x80\x80\x01"), "envelope.given_back", "true or false" },
		{ BYTES("\x89\x01\x80\x80\x01\x40\x80\x80\xf4\x81\x81\x81\x81\x81\x81\x81\x81\x81\x00"), "envelope", "deeply" },
		{ BYTES("\x9f\x01\x80\x80\x01\x40\xff"), "envelope", "indefinite" },
	};
	struct envelope e;
	struct fault f;
	char text[900];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		memset(&f, 0, sizeof(f));
		assert_int_equal(envelope_decode(cases[i].p, cases[i].n, &e, &f), -1);
		if (strcmp(f.field, cases[i].field) != 0 || strstr(f.text, cases[i].why) == NULL)
			fail_msg("case %zu: %s", i, fault_format(&f, text, sizeof(text)));
		assert_null(e.to);
	}
}

/* The first version's decoder, as it was: five elements, the rest passed over. */
static void
version_1_understands(const struct buf *out, const struct envelope *e)
{
	struct fault f = { 0 };
	struct tokens in = { .p = out->p, .n = out->n, .field = "envelope", .fault = &f };
	uint64_t items, n, v;
	char station[STATION_MAX];
	const uint8_t *sig;
	size_t len;

	assert_true(tokens_array(&in, 5, UINT64_MAX, &items) && tokens_uint(&in, 1, 1, &v));
	assert_true(tokens_array(&in, 0, ENVELOPE_TO_MAX, &n) && n == e->nto);
	for (size_t i = 0; i < e->nto; i++) {
		assert_true(tokens_station(&in, station));
		assert_string_equal(station, e->to[i]);
	}
	assert_true(tokens_array(&in, 0, ENVELOPE_HOPS_MAX, &n) && n == e->nhops);
	for (size_t i = 0; i < e->nhops; i++)
		assert_true(tokens_station(&in, station));
	assert_true(tokens_uint(&in, PREC_FLASH, PREC_ROUTINE, &v) && (int)v == e->precedence);
	assert_true(tokens_bytes(&in, 0, SIZE_MAX, &sig, &len) && len == e->sig.n);
	for (items -= 5; items > 0; items--)
		assert_true(tokens_skip(&in));
	assert_int_equal(in.n, 0);
}

/* Numbers, instants of hops and "given back": each alone and together, and the bytes they take. */
static void
version_2(void **state)
{
	static const struct {
		uint64_t stream, serial;
		int64_t ms[2];
		bool back;
		size_t more;	/* bytes beyond the first version's */
	} cases[] = {
		{ 0, 0, { 0, 0 }, false, 0 },
		{ 1763787393, 17, { 0, 0 }, false, 7 },
		{ 1763787393, 17, { INT64_C(1763787393000), INT64_C(1763787393250) }, false, 7 + 1 + 9 + 2 },
		{ 0, 0, { INT64_C(1763787393000), INT64_C(1763787392990) }, false, 1 + 1 + 9 + 1 },	/* clocks differ */
		{ 0, 0, { 0, INT64_C(1763787393000) }, false, 1 + 1 + 1 + 9 },
		{ INT64_MAX, INT64_MAX, { INT64_MAX, 1 }, true, 1 + 9 + 9 + 1 + 9 + 9 + 1 },
		{ 0, 0, { 0, 0 }, true, 1 + 3 + 1 },
	};
	struct buf out = { 0 }, bare = { 0 };
	struct envelope e, d;
	struct fault f = { 0 };

	(void)state;
	sample_envelope(&e);
	envelope_encode(&e, &bare);
	for (size_t i = 0; i < COUNT(cases); i++) {
		e.stream = cases[i].stream;
		e.serial = cases[i].serial;
		e.hop_ms[0] = cases[i].ms[0];
		e.hop_ms[1] = cases[i].ms[1];
		e.given_back = cases[i].back;
		buf_clear(&out);
		envelope_encode(&e, &out);
		if (out.n != bare.n + cases[i].more)
			fail_msg("case %zu: %zu bytes more", i, out.n - bare.n);
		version_1_understands(&out, &e);
		assert_int_equal(envelope_decode(out.p, out.n, &d, &f), 0);
		assert_true(d.stream == e.stream && d.serial == e.serial && d.given_back == e.given_back);
		assert_true(d.hop_ms[0] == e.hop_ms[0] && d.hop_ms[1] == e.hop_ms[1]);
		assert_int_equal(d.nto, 2);
		envelope_free(&d);
		for (size_t n = 0; n < out.n; n++) {
			assert_int_equal(envelope_decode(out.p, n, &d, &f), -1);
			assert_null(d.to);
		}
	}
	buf_free(&out);
	buf_free(&bare);
	envelope_free(&e);
}

static void
parcels(void **state)
{
	struct envelope e, d;
	struct fault f = { 0 };
	struct buf out = { 0 };
	const uint8_t *body;
	size_t len, i, env;
	uint8_t *big;

	(void)state;
	sample_envelope(&e);
	envelope_encode(&e, &out);
	env = out.n;
	buf_clear(&out);
	parcel_encode(&e, BYTES(body_bytes), &out);
	assert_int_equal(out.n, 1 + env + sizeof(body_bytes) - 1);
	assert_int_equal(parcel_decode(out.p, out.n, &d, &body, &len, &f), 0);
	assert_int_equal(len, sizeof(body_bytes) - 1);
	assert_memory_equal(body, body_bytes, len);
	assert_ptr_equal(body, out.p + 1 + env);
	assert_int_equal(d.nto, 2);
	envelope_free(&d);
	for (i = 0; i <= 1 + env; i++) {
		memset(&f, 0, sizeof(f));
		assert_int_equal(parcel_decode(out.p, i, &d, &body, &len, &f), -1);
		assert_int_equal(f.code, EX_DATAERR);
		assert_null(body);
		assert_null(d.to);
	}
	/* A length beyond the bytes, an overlong one, and a body beyond BODY_MAX. */
	assert_int_equal(parcel_decode(BYTES("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01zz"), &d, &body, &len, &f), -1);
	assert_int_equal(parcel_decode(BYTES("\x80\x00zz"), &d, &body, &len, &f), -1);
	assert_int_equal(parcel_decode(BYTES("\x00zz"), &d, &body, &len, &f), -1);
	buf_clear(&out);
	big = xcalloc(1, BODY_MAX);
	parcel_encode(&e, big, BODY_MAX, &out);
	assert_int_equal(parcel_decode(out.p, out.n, &d, &body, &len, &f), 0);
	assert_int_equal(len, BODY_MAX);
	envelope_free(&d);
	buf_put_u8(&out, 0);
	assert_int_equal(parcel_decode(out.p, out.n, &d, &body, &len, &f), -1);
	assert_non_null(strstr(f.text, "at most 262144"));
	free(big);
	envelope_free(&e);
	buf_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(envelopes), cmocka_unit_test(envelope_refusals), cmocka_unit_test(version_2),
		cmocka_unit_test(parcels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
