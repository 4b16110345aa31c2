/* Bodies on the wire: golden bytes, round trips, every refusal, bounds, unknown keys. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <sys/resource.h>
#include "../../formats/wire.h"
#include "../../formats/wire_token.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define BYTES(s) (s), sizeof(s) - 1

/* Encoded by an independent program (RFC 8949 by hand), not by ours. */
static const char golden[] =
	"\xaf"
	"\x01\x01"	/* kind: report */
	"\x03\x84\x00\x69" "330225102" "\x1a\x69\x21\x42\x81\x11"	/* id */
	"\x06\x82\x1b\x00\x00\x01\x9a\xa9\xeb\xc8\x63\x19\x01\xe0"	/* written: 1763787393123, +480 */
	"\x07\x82\x66" "330225" "\x66" "330200"				/* to */
	"\x09\x01"	/* stage */
	"\x10\xf4"	/* history: false */
	"\x18\x20\x58\x20\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f"
	"\x10\x11\x12\x13\x14\x15\x16\x17\x18"
	"\x19\x1a\x1b\x1c\x1d\x1e\x1f"					/* original */
	"\x18\x24\x19\x01\x2c"						/* version: 300 */
	"\x18\x26\x6a" "yjpt:11A52"					/* type */
	"\x18\x28\x66\xe6\xbb\x91\xe5\x9d\xa1"				/* title: 滑坡 */
	"\x18\x2e\x82\x1a\x01\xc0\x9b\xc0\x3a\x07\x42\x85\x3f"		/* position: 29.4, -121.8 */
	"\x18\x30\x83\x20\x38\x3b\x66\xe6\x98\xa8\xe6\x99\x9a"		/* occurred: -1, -60, 昨晚 */
	"\x18\x58\x09"							/* grade: undetermined */
	"\x18\x68\x84\x82\x00\x00\x83\x03\x02\x63" "119"
	"\x84\x01\x1a\x00\x01\x11\x70\xf6\x1b\x00\x00\x01\x9a\xa9\xeb\xc7\xe8"
	/* trapped: ?; >=2 @119; 70000 as of; ~20 @消防 as of 1 */
	"\x84\x02\x14\x66\xe6\xb6\x88\xe9\x98\xb2\x01"
	"\x18\x76\x81\x82\x01\x1a\x00\xbc\x61\x4e";			/* loss: 1234.5678 */

static struct body *
golden_body(void)
{
	struct body *b = body_new();
	struct msgid id = { .realm = REALM_LIVE, .origin = "330225102", .epoch = 1763787393, .serial = 17 };
	struct when w = { .ms = -1, .offset = -60, .text = "昨晚" };
	struct figure g[] = { { FIG_UNKNOWN, 0, NULL, 0 }, { FIG_ATLEAST, 2, "119", 0 },
		{ FIG_EXACT, 70000, NULL, 1763787393000 }, { FIG_ABOUT, 20, "消防", 1 } };
	struct figure loss = { FIG_EXACT, 12345678, NULL, 0 };
	uint8_t digest[DIGEST_LEN];
	size_t i;

	for (i = 0; i < DIGEST_LEN; i++)
		digest[i] = (uint8_t)i;
	/* Not in key order, on purpose. */
	body_add_figure(b, F_LOSS, &loss);
	for (i = 0; i < COUNT(g); i++)
		body_add_figure(b, F_TRAPPED, &g[i]);
	body_set_num(b, F_GRADE, GRADE_UNDETERMINED);
	body_add_text(b, F_TO, "330225", 6);
	body_set_text(b, F_TITLE, "滑坡");
	body_add_text(b, F_TO, "330200", 6);
	body_set_digest(b, F_ORIGINAL, digest);
	body_set_geo(b, F_POSITION, 29400000, -121800000);
	body_add_when(b, F_OCCURRED, &w);
	body_set_text(b, F_TYPE, "yjpt:11A52");
	body_set_num(b, F_VERSION, 300);
	body_set_num(b, F_HISTORY, 0);
	body_set_num(b, F_STAGE, STAGE_FIRST);
	body_set_time(b, F_WRITTEN, 1763787393123);
	body_set_id(b, F_ID, &id);
	body_set_num(b, F_KIND, KIND_REPORT);
	return b;
}

static struct body *
must_decode(const void *p, size_t n)
{
	struct fault f = { 0 };
	char text[900];
	struct body *b = wire_decode(p, n, &f);

	if (b == NULL)
		fail_msg("refused: %s", fault_format(&f, text, sizeof(text)));
	assert_int_equal(f.code, 0);
	return b;
}

static void
must_reencode(const struct body *b, const void *p, size_t n)
{
	struct buf out = { 0 };

	wire_encode(b, &out);
	assert_int_equal(out.n, n);
	assert_memory_equal(out.p, p, n);
	buf_free(&out);
}

static void
must_refuse(const void *p, size_t n, const char *field, const char *why)
{
	struct fault f = { 0 };
	char text[900];
	/* Its very size on the heap, so that a sanitizer sees a read past the end. */
	uint8_t *exact = xmalloc(n);
	struct body *b;

	if (n > 0)
		memcpy(exact, p, n);
	b = wire_decode(exact, n, &f);
	if (b != NULL)
		fail_msg("taken: %s %s", field, why);
	free(exact);
	assert_int_equal(f.code, EX_DATAERR);
	if (strcmp(f.field, field) != 0 || strstr(f.text, why) == NULL)
		fail_msg("expected %s: %s; got %s", field, why, fault_format(&f, text, sizeof(text)));
}

static void
golden_bytes(void **state)
{
	struct body *b = golden_body(), *c;
	const struct value *v;
	int64_t ms;

	(void)state;
	must_reencode(b, BYTES(golden));
	body_free(b);
	c = must_decode(BYTES(golden));
	assert_false(c->not_understood);
	assert_string_equal(body_text(c, F_TITLE), "滑坡");
	assert_int_equal(body_count(c, F_TO), 2);
	assert_true(body_time(c, F_OCCURRED, &ms) && ms == -1);
	v = body_first(c, F_OCCURRED);
	assert_int_equal(v->u.when.offset, -60);
	assert_string_equal(v->u.when.text, "昨晚");
	v = body_first(c, F_TRAPPED);
	assert_int_equal(v->u.fig.q, FIG_UNKNOWN);
	v = body_next(c, v);
	assert_string_equal(v->u.fig.source, "119");
	v = body_next(c, v);
	assert_null(v->u.fig.source);
	assert_int_equal(v->u.fig.asof, 1763787393000);
	v = body_next(c, v);
	assert_string_equal(v->u.fig.source, "消防");
	assert_null(body_next(c, v));
	v = body_first(c, F_POSITION);
	assert_int_equal(v->u.geo.lat, 29400000);
	assert_int_equal(v->u.geo.lon, -121800000);
	must_reencode(c, BYTES(golden));
	body_free(c);
}

static void
add_sample(struct body *b, const struct field *f, unsigned i)
{
	struct msgid id = { .realm = (uint8_t)(i & 1), .origin = "330225-yj", .epoch = INT64_MAX, .serial = i + 1 };
	static const int64_t times[] = { 0, -1, WHEN_MS_MIN, WHEN_MS_MAX };
	struct when w = { .ms = times[i % 4], .offset = (int16_t)((int)i * 479 - WHEN_OFFSET_MAX),
	    .text = i % 2 ? "" : NULL };
	struct figure g = { .q = (enum figure_q)(i % 5), .n = i % 5 == 0 ? 0 : INT64_MAX, .source = i % 3 ? "" : NULL,
		.asof = times[(i + 1) % 4] };
	uint8_t digest[DIGEST_LEN];
	char text[40];

	memset(digest, (int)i, sizeof(digest));
	switch (f->type) {
	case FT_TEXT:
		memset(text, 'x', sizeof(text));
		text[0] = '\0';		/* control characters are no reason to lose a report */
		text[1] = '\x1b';
		body_add_text(b, f->key, text, i * 6);
		break;
	case FT_CODE:
		body_add_text(b, f->key, "div:330225102", 13);
		break;
	case FT_STATION:
		body_add_text(b, f->key, i % 2 ? "hq" : "330225102001", i % 2 ? 2 : 12);
		break;
	case FT_ENUM:
		body_set_num(b, f->key, i % 2 ? 1 : ENUM_VALUE_MAX);
		break;
	case FT_UINT:
		body_set_num(b, f->key, i % 2 ? 0 : INT64_MAX);
		break;
	case FT_BOOL:
		body_set_num(b, f->key, i % 2);
		break;
	case FT_TIME:
		body_add_when(b, f->key, &w);
		break;
	case FT_FIGURE:
	case FT_FIGURE2:
	case FT_FIGURE4:
		body_add_figure(b, f->key, &g);
		break;
	case FT_MSGID:
		body_add_id(b, f->key, &id);
		break;
	case FT_GEO:
		body_set_geo(b, f->key, i % 2 ? -90000000 : 90000000, i % 2 ? 180000000 : -180000000);
		break;
	case FT_DIGEST:
		body_set_digest(b, f->key, digest);
		break;
	}
}

static void
every_field_round_trips(void **state)
{
	const struct field *f;
	struct body *all[6], *c;
	struct buf out = { 0 };
	unsigned i, k;
	size_t at;

	(void)state;
	for (i = 0; i < COUNT(all); i++) {
		all[i] = body_new();
		for (at = 0; (f = field_at(at)) != NULL; at++)
			for (k = 0; k <= ((f->flags & FF_REPEAT) != 0 ? i : 0); k++)
				add_sample(all[i], f, (i + k) % 6);
		assert_true(all[i]->n >= at);
		buf_clear(&out);
		wire_encode(all[i], &out);
		c = must_decode(out.p, out.n);
		assert_int_equal(c->n, all[i]->n);
		must_reencode(c, out.p, out.n);
		/* And truncated at every byte it is refused, at every byte it says so. */
		for (at = 0; at < out.n; at++) {
			struct fault fault = { 0 };

			assert_null(wire_decode(out.p, at, &fault));
			assert_int_equal(fault.code, EX_DATAERR);
			assert_true(fault.field[0] != '\0' && fault.text[0] != '\0');
		}
		body_free(c);
		body_free(all[i]);
	}
	buf_free(&out);
}

static void
empty_body(void **state)
{
	struct body *b = must_decode("\xa0", 1);

	(void)state;
	assert_int_equal(b->n, 0);
	must_reencode(b, "\xa0", 1);
	body_free(b);
}

static void
refusals(void **state)
{
	static const struct {
		const char *p;
		size_t n;
		const char *field, *why;
	} cases[] = {
		{ BYTES(""), "body", "truncated" },
		{ BYTES("\x80"), "body", "a map" },
		{ BYTES("\x01"), "body", "a map" },
		{ BYTES("\xa0\x00"), "body", "trailing" },
		{ BYTES("\xa1\x01\x01\xff"), "body", "trailing" },
		{ BYTES("\xa1\x01\x01\x01\x01"), "body", "2 trailing" },
		/* keys */
		{ BYTES("\xa2\x01\x01\x01\x01"), "kind", "duplicate" },
		{ BYTES("\xa2\x09\x01\x01\x01"), "kind", "ascending" },
		{ BYTES("\xa2\x1a\x00\x01\x00\x00\x00\x01\x01"), "kind", "ascending" },
		{ BYTES("\xa1\x00\x01"), "body", "out of range" },
		{ BYTES("\xa1\x20\x01"), "body", "negative" },
		{ BYTES("\xa1\x61""a\x01"), "body", "a number" },
		{ BYTES("\xa1\x1b\x00\x00\x00\x01\x00\x00\x00\x00\x01"), "body", "out of range" },
		/* indefinite lengths and breaks */
		{ BYTES("\xbf\x01\x01\xff"), "body", "indefinite" },
		{ BYTES("\xa1\x07\x9f\x66" "330225" "\xff"), "to", "indefinite" },
		{ BYTES("\xa1\x18\x28\x7f\x61" "a" "\xff"), "title", "indefinite" },
		{ BYTES("\xa1\x18\x20\x5f\x41" "a" "\xff"), "original", "indefinite" },
		{ BYTES("\xa1\x19\x27\x10\x9f\xff"), "10000", "indefinite" },
		{ BYTES("\xa1\x19\x27\x10\x82\x01\xff"), "10000", "indefinite" },
		{ BYTES("\xff"), "body", "indefinite" },
		/* not the shortest form: map head, key, number, text, array, bytes, tag and within unknown values */
		{ BYTES("\xb8\x01\x01\x01"), "body", "shortest" },
		{ BYTES("\xa1\x18\x01\x01"), "body", "shortest" },
		{ BYTES("\xa1\x01\x18\x01"), "kind", "shortest" },
		{ BYTES("\xa1\x01\x19\x00\x18"), "kind", "shortest" },
		{ BYTES("\xa1\x01\x1a\x00\x00\x01\x00"), "kind", "shortest" },
		{ BYTES("\xa1\x18\x24\x1b\x00\x00\x00\x00\xff\xff\xff\xff"), "version", "shortest" },
		{ BYTES("\xa1\x18\x28\x78\x01" "a"), "title", "shortest" },
		{ BYTES("\xa1\x07\x98\x01\x66" "330225"), "to", "shortest" },
		{ BYTES("\xa1\x06\x82\x38\x00\x00"), "written", "shortest" },
		{ BYTES("\xa1\x19\x27\x10\x18\x17"), "10000", "shortest" },
		{ BYTES("\xa1\x19\x27\x10\xd8\x01\x00"), "10000", "shortest" },
		{ BYTES("\xa1\x19\x27\x10\x58\x01\x00"), "10000", "shortest" },
		/* declared sizes far beyond what is there */
		{ BYTES("\xbb\xff\xff\xff\xff\xff\xff\xff\xff"), "body", "truncated" },
		{ BYTES("\xbb\x80\x00\x00\x00\x00\x00\x00\x00\x01\x01"), "body", "truncated" },
		{ BYTES("\xba\x7f\xff\xff\xff\x01\x01"), "body", "truncated" },
		{ BYTES("\xa1\x07\x9b\xff\xff\xff\xff\xff\xff\xff\xff"), "to", "truncated" },
		{ BYTES("\xa1\x07\x9a\x7f\xff\xff\xff\x61" "a"), "to", "truncated" },
		{ BYTES("\xa1\x18\x28\x7b\x7f\xff\xff\xff\xff\xff\xff\xff" "a"), "title", "truncated" },
		{ BYTES("\xa1\x18\x28\x7b\xff\xff\xff\xff\xff\xff\xff\xff" "a"), "title", "truncated" },
		{ BYTES("\xa1\x18\x20\x5b\xff\xff\xff\xff\xff\xff\xff\xf0" "a"), "original", "truncated" },
		{ BYTES("\xa1\x19\x27\x10\xbb\xc0\x00\x00\x00\x00\x00\x00\x00"), "10000", "truncated" },
		{ BYTES("\xa1\x19\x27\x10\x9b\x00\x00\x00\x02\x00\x00\x00\x00"), "10000", "truncated" },
		{ BYTES("\xa1\x19\x27\x10\x5a\x7f\xff\xff\xff"), "10000", "truncated" },
		/* malformed heads */
		{ BYTES("\xa1\x01\x1c"), "kind", "malformed" },
		{ BYTES("\xa1\x19\x27\x10\xf8\x18"), "10000", "malformed" },
		{ BYTES("\xa1\x19\x27\x10\x7e"), "10000", "malformed" },
		/* UTF-8 */
		{ BYTES("\xa1\x18\x28\x61\xff"), "title", "UTF-8" },
		{ BYTES("\xa1\x18\x28\x62\xc0\x80"), "title", "UTF-8" },
		{ BYTES("\xa1\x18\x28\x63\xed\xa0\x80"), "title", "UTF-8" },
		{ BYTES("\xa1\x18\x28\x62\xe6\xbb"), "title", "UTF-8" },
		{ BYTES("\xa1\x19\x27\x10\x61\xff"), "10000", "UTF-8" },
		{ BYTES("\xa1\x18\x68\x81\x83\x01\x01\x61\xff"), "trapped", "UTF-8" },
		{ BYTES("\xa1\x06\x83\x00\x00\x61\xff"), "written", "UTF-8" },
		/* wrong types, one of each */
		{ BYTES("\xa1\x01\x61" "a"), "kind", "a number" },
		{ BYTES("\xa1\x01\x20"), "kind", "negative" },
		{ BYTES("\xa1\x01\xf5"), "kind", "a number" },
		{ BYTES("\xa1\x01\xf6"), "kind", "a number" },
		{ BYTES("\xa1\x01\xf9\x3c\x00"), "kind", "a number" },
		{ BYTES("\xa1\x01\xc1\x01"), "kind", "a number" },
		{ BYTES("\xa1\x01\x81\x01"), "kind", "a number" },
		{ BYTES("\xa1\x18\x28\x01"), "title", "a text" },
		{ BYTES("\xa1\x18\x28\x41" "a"), "title", "a text" },
		{ BYTES("\xa1\x18\x28\x81\x61" "a"), "title", "a text" },
		{ BYTES("\xa1\x18\x26\xf6"), "type", "a text" },
		{ BYTES("\xa1\x18\x26\x61\x00"), "type", "NUL" },
		{ BYTES("\xa1\x10\x01"), "history", "true or false" },
		{ BYTES("\xa1\x10\xf6"), "history", "true or false" },
		{ BYTES("\xa1\x18\x20\x61" "a"), "original", "bytes" },
		{ BYTES("\xa1\x18\x20\x40"), "original", "0 bytes" },
		{ BYTES("\xa1\x18\x20\x41\x00"), "original", "1 bytes" },
		{ BYTES("\xa1\x07\x66" "330225"), "to", "an array" },
		{ BYTES("\xa1\x07\x80"), "to", "0 values" },
		{ BYTES("\xa1\x07\x81\x01"), "to", "a text" },
		/* ranges */
		{ BYTES("\xa1\x01\x00"), "kind", "out of range" },
		{ BYTES("\xa1\x01\x1a\x00\x01\x00\x00"), "kind", "out of range" },
		{ BYTES("\xa1\x01\x1b\xff\xff\xff\xff\xff\xff\xff\xff"), "kind", "out of range" },
		{ BYTES("\xa1\x18\x24\x1b\x80\x00\x00\x00\x00\x00\x00\x00"), "version", "out of range" },
		{ BYTES("\xa1\x18\x24\x20"), "version", "negative" },
		/* station codes */
		{ BYTES("\xa1\x07\x81\x60"), "to", "station" },
		{ BYTES("\xa1\x07\x81\x65" "33022"), "to", "station" },
		{ BYTES("\xa1\x07\x81\x67" "330225\0"), "to", "station" },
		{ BYTES("\xa1\x07\x81\x64" "a\x1b[m"), "to", "station" },
		{ BYTES("\xa1\x07\x81\x78\x20" "abcdefghijklmnopqrstuvwxyz012345"), "to", "32 bytes" },
		/* ids */
		{ BYTES("\xa1\x03\x83\x00\x62hq\x01"), "id", "3 values" },
		{ BYTES("\xa1\x03\x85\x00\x62hq\x01\x01\x01"), "id", "5 values" },
		{ BYTES("\xa1\x03\x84\x02\x62hq\x01\x01"), "id", "out of range" },
		{ BYTES("\xa1\x03\x84\x00\x60\x01\x01"), "id", "station" },
		{ BYTES("\xa1\x03\x84\x00\x62hq\x01\x00"), "id", "out of range" },
		{ BYTES("\xa1\x03\x84\x00\x62hq\x20\x01"), "id", "negative" },
		{ BYTES("\xa1\x03\x84\x00\x62hq\x1b\x80\x00\x00\x00\x00\x00\x00\x00\x01"), "id", "out of range" },
		{ BYTES("\xa1\x02\x84\x00\x62hq\x01\x01"), "parents", "an array" },
		/* times */
		{ BYTES("\xa1\x06\x00"), "written", "an array" },
		{ BYTES("\xa1\x06\x81\x00"), "written", "1 values" },
		{ BYTES("\xa1\x06\x84\x00\x00\x60\x00"), "written", "4 values" },
		{ BYTES("\xa1\x06\x82\x00\x19\x05\xa0"), "written", "out of range" },
		{ BYTES("\xa1\x06\x82\x00\x39\x05\x9f"), "written", "out of range" },
		{ BYTES("\xa1\x06\x82\x1b\x7f\xff\xff\xff\xff\xff\xff\xff\x00"), "written", "out of range" },
		{ BYTES("\xa1\x06\x82\x3b\x7f\xff\xff\xff\xff\xff\xff\xff\x00"), "written", "out of range" },
		{ BYTES("\xa1\x06\x82\x1b\xff\xff\xff\xff\xff\xff\xff\xff\x00"), "written", "out of range" },
		{ BYTES("\xa1\x06\x82\x3b\xff\xff\xff\xff\xff\xff\xff\xff\x00"), "written", "out of range" },
		{ BYTES("\xa1\x06\x83\x00\x00\xf6"), "written", "a text" },
		{ BYTES("\xa1\x06\x83\x00\x00\x61\x00"), "written", "NUL" },
		{ BYTES("\xa1\x06\x82\xf9\x3c\x00\x00"), "written", "a number" },
		/* figures */
		{ BYTES("\xa1\x18\x64\x82\x01\x01"), "dead", "an array" },	/* one value, not an array of values */
		{ BYTES("\xa1\x18\x64\x81\x01"), "dead", "an array" },
		{ BYTES("\xa1\x18\x64\x81\x81\x01"), "dead", "1 values" },
		{ BYTES("\xa1\x18\x64\x81\x82\x01\x20"), "dead", "negative" },
		{ BYTES("\xa1\x18\x64\x81\x82\x05\x00"), "dead", "out of range" },
		{ BYTES("\xa1\x18\x64\x81\x82\x00\x01"), "dead", "unknown figure" },
		{ BYTES("\xa1\x18\x64\x81\x82\x01\x1b\x80\x00\x00\x00\x00\x00\x00\x00"), "dead", "out of range" },
		{ BYTES("\xa1\x18\x64\x81\x82\x01\xf9\x3c\x00"), "dead", "a number" },
		{ BYTES("\xa1\x18\x64\x81\x83\x01\x01\xf6"), "dead", "left out" },
		{ BYTES("\xa1\x18\x64\x81\x83\x01\x01\x01"), "dead", "a text" },
		{ BYTES("\xa1\x18\x64\x81\x83\x01\x01\x62" "a\0"), "dead", "NUL" },
		{ BYTES("\xa1\x18\x64\x81\x84\x01\x01\x61" "a\x00"), "dead", "left out" },
		{ BYTES("\xa1\x18\x64\x81\x84\x01\x01\x61" "a\xf6"), "dead", "a number" },
		{ BYTES("\xa1\x18\x64\x81\x84\x01\x01\xf6\x1b\x7f\xff\xff\xff\xff\xff\xff\xff"), "dead",
		    "out of range" },
		{ BYTES("\xa1\x18\x64\x81\x85\x01\x01\xf6\x01\x01"), "dead", "5 values" },
		/* positions */
		{ BYTES("\xa1\x18\x2e\x81\x00"), "position", "1 values" },
		{ BYTES("\xa1\x18\x2e\x82\x1a\x05\x5d\x4a\x81\x00"), "position", "out of range" },
		{ BYTES("\xa1\x18\x2e\x82\x00\x3a\x0a\xba\x95\x00"), "position", "out of range" },
		/* unknown values nine deep: arrays, tags, maps */
		{ BYTES("\xa1\x19\x27\x10\x81\x81\x81\x81\x81\x81\x81\x81\x81\x00"), "10000", "deeply" },
		{ BYTES("\xa1\x19\x27\x10\xc1\xc1\xc1\xc1\xc1\xc1\xc1\xc1\xc1\x00"), "10000", "deeply" },
		{ BYTES("\xa1\x19\x27\x10\xa1\x00\xa1\x00\xa1\x00"
			"\xa1\x00\xa1\x00\xa1\x00\xa1\x00\xa1\x00\xa1\x00\x00"), "10000", "deeply" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++)
		must_refuse(cases[i].p, cases[i].n, cases[i].field, cases[i].why);
	/* A fault nobody wants is fine too. */
	assert_null(wire_decode("\x80", 1, NULL));
}

static void
bounds(void **state)
{
	struct buf b = { 0 };
	struct body *body;
	struct rusage before, after;
	char *big = xmalloc(BODY_MAX + 1);
	size_t i, n;

	(void)state;
	memset(big, 'x', BODY_MAX + 1);
	/* A text of its maximum is taken, one byte more is not. */
	for (n = 480; n <= 481; n++) {
		buf_clear(&b);
		token_put_map(&b, 1);
		token_put_uint(&b, F_TITLE);
		token_put_text(&b, big, n);
		if (n == 480) {
			body = must_decode(b.p, b.n);
			must_reencode(body, b.p, b.n);
			body_free(body);
		} else {
			must_refuse(b.p, b.n, "title", "481 bytes");
		}
	}
	/* As many values as allowed, and one more. */
	for (n = FIELD_REPEAT_MAX; n <= FIELD_REPEAT_MAX + 1; n++) {
		buf_clear(&b);
		token_put_map(&b, 1);
		token_put_uint(&b, F_CC);
		token_put_array(&b, n);
		for (i = 0; i < n; i++)
			token_put_text(&b, "330225", 6);
		if (n == FIELD_REPEAT_MAX) {
			body = must_decode(b.p, b.n);
			assert_int_equal(body_count(body, F_CC), n);
			must_reencode(body, b.p, b.n);
			body_free(body);
		} else {
			must_refuse(b.p, b.n, "cc", "513 values");
		}
	}
	/* The whole body: exactly BODY_MAX (an unknown key fills it), and one byte more. */
	for (n = BODY_MAX; n <= BODY_MAX + 1; n++) {
		buf_clear(&b);
		token_put_map(&b, 1);
		token_put_uint(&b, 10000);
		token_put_bytes(&b, big, n - 9);
		assert_int_equal(b.n, n);
		if (n == BODY_MAX) {
			body = must_decode(b.p, b.n);
			must_reencode(body, b.p, b.n);
			body_free(body);
		} else {
			must_refuse(b.p, b.n, "body", "at most 262144");
		}
	}
	/* A bomb of brackets costs neither stack nor memory; the largest sizes announced set nothing aside. */
	getrusage(RUSAGE_SELF, &before);
	buf_clear(&b);
	token_put_map(&b, 1);
	token_put_uint(&b, 10001);
	memset(big, 0x81, BODY_MAX);
	buf_put(&b, big, BODY_MAX - 16);
	must_refuse(b.p, b.n, "10001", "deeply");
	for (i = 0; i < 2000; i++) {
		must_refuse(BYTES("\xa1\x07\x9a\x7f\xff\xff\xff"), "to", "truncated");
		must_refuse(BYTES("\xba\x7f\xff\xff\xff"), "body", "truncated");
	}
	getrusage(RUSAGE_SELF, &after);
	assert_true(after.ru_maxrss - before.ru_maxrss < 64 * 1024);
	free(big);
	buf_free(&b);
}

static void
unknown_keys_survive(void **state)
{
	static const struct {
		const char *p;
		size_t n;
		bool odd;
	} cases[] = {
		{ BYTES("\xa1\x19\x27\x10\x01"), false },
		{ BYTES("\xa1\x19\x27\x11\x01"), true },
		{ BYTES("\xa2\x01\x01\x1a\xff\xff\xff\xff\xf6"), true },
		{ BYTES("\xa3\x01\x01\x19\x27\x10\x83\x01\x20\x62hq\x19\x27\x11\xa2\x61" "b\xf5\x61" "a\x41\x00"),
		    true },
		{ BYTES("\xa1\x19\x27\x10\xc1\xfb\x3f\xf0\x00\x00\x00\x00\x00\x00"), false },
		{ BYTES("\xa1\x19\x27\x10\xf9\x7e\x00"), false },	/* NaN */
		{ BYTES("\xa1\x19\x27\x10\xf7"), false },
		{ BYTES("\xa1\x19\x27\x10\x84\x80\xa0\x40\x60"), false },
		{ BYTES("\xa1\x19\x27\x10\x81\x81\x81\x81\x81\x81\x81\x81\x00"), false },	/* eight deep */
		{ BYTES("\xa1\x19\x27\x10\x3b\xff\xff\xff\xff\xff\xff\xff\xff"), false },
		{ BYTES("\xa1\x01\x19\xff\xff"), false },		/* a kind of a later version */
	};
	struct body *b, *c;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		b = must_decode(cases[i].p, cases[i].n);
		assert_int_equal(b->not_understood, cases[i].odd);
		must_reencode(b, cases[i].p, cases[i].n);
		c = body_copy(b);
		must_reencode(c, cases[i].p, cases[i].n);
		body_free(b);
		body_free(c);
	}
	assert_true(wire_value_valid(BYTES("\x83\x01\x20\x62hq")));
	assert_false(wire_value_valid(BYTES("\x83\x01\x20")));
	assert_false(wire_value_valid(BYTES("\x01\x01")));
	assert_false(wire_value_valid(BYTES("\x61\xff")));
	assert_false(wire_value_valid("", 0));
	assert_false(wire_value_valid(NULL, 0));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(golden_bytes), cmocka_unit_test(every_field_round_trips), cmocka_unit_test(empty_body),
		cmocka_unit_test(refusals), cmocka_unit_test(bounds), cmocka_unit_test(unknown_keys_survive),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
