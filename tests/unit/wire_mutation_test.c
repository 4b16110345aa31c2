/* Bodies, envelopes and parcels with bytes changed at random from seeds that are fixed and printed. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "../../formats/wire.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* A bit of everything: every type, a repeat, an unknown key. */
static void
sample_body(struct buf *out)
{
	struct body *b = body_new();
	struct msgid id = { .realm = REALM_EXERCISE, .origin = "330225102", .epoch = 1763787393, .serial = 17 };
	struct when w = { .ms = -1, .offset = -60, .text = "昨晚" };
	struct figure g[] = { { FIG_UNKNOWN, 0, NULL, 0 }, { FIG_ATLEAST, 2, "119", 0 },
		{ FIG_EXACT, 70000, NULL, 1763787393000 }, { FIG_ABOUT, 20, "消防", 1 } };
	uint8_t digest[DIGEST_LEN];
	size_t i;

	digest_of("x", 1, digest);
	body_set_num(b, F_KIND, KIND_REPORT);
	body_set_id(b, F_ID, &id);
	body_set_time(b, F_WRITTEN, 1763787393123);
	body_add_text(b, F_TO, "330225", 6);
	body_add_text(b, F_TO, "hq", 2);
	body_set_num(b, F_HISTORY, 1);
	body_set_digest(b, F_ORIGINAL, digest);
	body_set_num(b, F_VERSION, 300);
	body_set_text(b, F_TYPE, "yjpt:11A52");
	body_set_text(b, F_TITLE, "滑坡");
	body_set_geo(b, F_POSITION, 29400000, -121800000);
	body_add_when(b, F_OCCURRED, &w);
	for (i = 0; i < COUNT(g); i++)
		body_add_figure(b, F_TRAPPED, &g[i]);
	body_add_raw(b, 10001, (const uint8_t *)"\x83\x01\x20\xa1\x61x\xf5", 7);
	wire_encode(b, out);
	body_free(b);
}

static uint64_t
rnd(uint64_t *s)
{
	*s ^= *s << 13;
	*s ^= *s >> 7;
	*s ^= *s << 17;
	return *s;
}

/* Whatever is taken must go out as the bytes it came in: else a relay or a digest would not agree with its origin. */
static void
check_any(const uint8_t *p, size_t n, size_t *taken)
{
	struct fault f = { 0 }, looked = { 0 };
	struct body *b = wire_decode(p, n, &f);
	struct buf out = { 0 };
	struct envelope e;
	const uint8_t *body;
	size_t len;

	/* what only looks says the same */
	assert_int_equal(wire_check(p, n, &looked), b != NULL);
	assert_string_equal(looked.text, f.text);
	assert_string_equal(looked.field, f.field);
	if (b != NULL) {
		wire_encode(b, &out);
		if (out.n != n || memcmp(out.p, p, n) != 0)
			fail_msg("encodes to other bytes");
		body_free(b);
		(*taken)++;
	} else {
		assert_true(f.code == EX_DATAERR && f.text[0] != '\0');
	}
	buf_free(&out);
	if (envelope_decode(p, n, &e, &f) == 0) {
		envelope_free(&e);
		(*taken)++;
	}
	if (parcel_decode(p, n, &e, &body, &len, &f) == 0) {
		assert_true(body >= p && body + len == p + n);
		envelope_free(&e);
		(*taken)++;
	}
}

static void
mutations(void **state)
{
	struct envelope e = { 0 };
	struct buf seeds[3] = { { 0 }, { 0 }, { 0 } };
	size_t i, k, taken = 0;
	uint64_t seed;

	(void)state;
	envelope_add_to(&e, "330225");
	envelope_add_to(&e, "330200-yj");
	assert_true(envelope_add_hop(&e, "330225102"));
	e.precedence = PREC_URGENT;
	buf_put(&e.sig, "\x01\x02\x03", 3);
	sample_body(&seeds[0]);
	envelope_encode(&e, &seeds[1]);
	parcel_encode(&e, seeds[0].p, seeds[0].n, &seeds[2]);
	envelope_free(&e);
	for (seed = 1; seed <= 5; seed++) {
		uint64_t s = seed * UINT64_C(0x9e3779b97f4a7c15);

		print_message("seed %llu\n", (unsigned long long)seed);
		for (i = 0; i < 6000; i++) {
			const struct buf *from = &seeds[rnd(&s) % 3];
			size_t n = from->n, hits = 1 + rnd(&s) % 4, at;
			uint8_t *p = xmalloc(n + 8), *exact;

			memcpy(p, from->p, n);
			for (k = 0; k < hits; k++) {
				at = rnd(&s) % n;
				switch (rnd(&s) % 5) {
				case 0:
					p[at] ^= (uint8_t)(1u << (rnd(&s) % 8));
					break;
				case 1:
					p[at] = (uint8_t)rnd(&s);
					break;
				case 2:		/* drop one */
					memmove(p + at, p + at + 1, n - at - 1);
					n -= n > 1 ? 1 : 0;
					break;
				case 3:		/* double one */
					memmove(p + at + 1, p + at, n - at);
					n++;
					break;
				default:	/* cut, seldom */
					if (rnd(&s) % 8 == 0)
						n = at + 1;
					break;
				}
			}
			exact = xmalloc(n);
			memcpy(exact, p, n);
			check_any(exact, n, &taken);
			free(exact);
			free(p);
		}
	}
	/* If nothing gets through, nothing was tested. */
	assert_true(taken > 1000);
	for (i = 0; i < COUNT(seeds); i++)
		buf_free(&seeds[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mutations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
