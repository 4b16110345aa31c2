/*
 * Encoding and decoding of link frames: what goes in comes out, what is cut, bent or too large is refused.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "../../switch/link.h"
#include "../../switch/link_frame.h"
#include "../../switch/link_recv.h"

static void
head_round_trip(void **state)
{
	static const uint64_t number[] = {0, 1, 127, 128, 1u << 20, UINT64_MAX};

	(void)state;
	for (size_t i = 0; i < sizeof(number) / sizeof(number[0]); i++) {
		struct frame_head in = {.type = FRAME_DATA, .to = UINT64_C(0x0102030405060708), .number = number[i]},
				  out;
		struct buf b = {0};
		struct reader r;

		link_frame_head_put(&b, &in);
		assert_true(b.n <= 20);
		r = reader_of(b.p, b.n);
		assert_true(link_frame_head_get(&r, &out));
		assert_int_equal(r.n, 0);
		assert_true(out.type == in.type && out.to == in.to && out.number == in.number);
		for (size_t n = 0; n < b.n; n++) {
			r = reader_of(b.p, n);
			assert_false(link_frame_head_get(&r, &out));
		}
		b.p[0] = FRAME_VERSION + 1;
		r = reader_of(b.p, b.n);
		assert_false(link_frame_head_get(&r, &out));
		b.p[0] = FRAME_VERSION;
		b.p[1] = FRAME_BYE + 1;
		r = reader_of(b.p, b.n);
		assert_false(link_frame_head_get(&r, &out));
		buf_free(&b);
	}
}

static struct frame_hello
full_hello(void)
{
	struct frame_hello h = {.nonce = 99,
	    .version_min = 1,
	    .version_max = 3,
	    .station = "330225102-fire",
	    .epoch = 1763787393,
	    .low = 5,
	    .next = FRAME_SERIAL_MAX,
	    .held_epoch = 1763787000,
	    .cum = 10,
	    .n_ranges = FRAME_RANGES_MAX,
	    .n_partials = FRAME_PARTIALS_MAX};

	for (size_t i = 0; i < FRAME_RANGES_MAX; i++)
		h.ranges[i] = (struct serial_range){.first = FRAME_SERIAL_MAX - 1000 + 10 * i, .count = 1 + i % 9};
	for (size_t i = 0; i < FRAME_PARTIALS_MAX; i++)
		h.partials[i] = (struct frame_partial){.serial = 1 + i, .bytes = LINK_PARCEL_MAX};
	return h;
}

static void
hello_round_trip(void **state)
{
	struct frame_hello in = full_hello(), out;
	struct buf b = {0};
	struct reader r;

	(void)state;
	link_frame_hello_put(&b, &in);
	assert_true(b.n < LINK_FRAME_MAX / 4);
	r = reader_of(b.p, b.n);
	assert_true(link_frame_hello_get(&r, &out));
	assert_int_equal(r.n, 0);
	assert_memory_equal(&in, &out, sizeof(in));
	for (size_t n = 0; n < b.n; n++) {
		r = reader_of(b.p, n);
		assert_false(link_frame_hello_get(&r, &out));
	}
	buf_put(&b, "later versions", 14);
	r = reader_of(b.p, b.n);
	assert_true(link_frame_hello_get(&r, &out));
	buf_free(&b);
}

static void
bend_nonce(struct frame_hello *h)
{
	h->nonce = 0;
}
static void
bend_versions(struct frame_hello *h)
{
	h->version_min = 4;
}
static void
bend_station(struct frame_hello *h)
{
	h->station[3] = '\n';
}
static void
bend_no_station(struct frame_hello *h)
{
	h->station[0] = '\0';
}
static void
bend_low(struct frame_hello *h)
{
	h->low = 0;
}
static void
bend_next(struct frame_hello *h)
{
	h->next = 4;
}
static void
bend_next_large(struct frame_hello *h)
{
	h->next = FRAME_SERIAL_MAX + 1;
}
static void
bend_cum(struct frame_hello *h)
{
	h->cum = FRAME_SERIAL_MAX + 1;
}
static void
bend_cum_in_range(struct frame_hello *h)
{
	h->cum = h->ranges[0].first;
}
static void
bend_range_end(struct frame_hello *h)
{
	h->ranges[h->n_ranges - 1].count = FRAME_SERIAL_MAX;
}
static void
bend_partial(struct frame_hello *h)
{
	h->partials[7].bytes = LINK_PARCEL_MAX + 1;
}
static void
bend_partial_serial(struct frame_hello *h)
{
	h->partials[0].serial = 0;
}

static void
hello_refused(void **state)
{
	static void (*const bend[])(struct frame_hello *) = {bend_nonce, bend_versions, bend_station, bend_no_station,
	    bend_low, bend_next, bend_next_large, bend_cum, bend_cum_in_range, bend_range_end, bend_partial,
	    bend_partial_serial};

	(void)state;
	for (size_t i = 0; i < sizeof(bend) / sizeof(bend[0]); i++) {
		struct frame_hello h = full_hello(), out;
		struct buf b = {0};
		struct reader r;

		bend[i](&h);
		link_frame_hello_put(&b, &h);
		r = reader_of(b.p, b.n);
		if (link_frame_hello_get(&r, &out))
			fail_msg("bend %zu was taken", i);
		buf_free(&b);
	}
}

static const uint8_t bytes[300] = {1, 2, 3};
static const struct frame_item items[] = {
    {.type = ITEM_PARCEL, .serial = 1, .precedence = 1, .p = bytes, .n = 300},
    {.type = ITEM_PARCEL, .serial = FRAME_SERIAL_MAX, .precedence = 4, .p = bytes, .n = 0},
    {.type = ITEM_FRAGMENT,
	.serial = 70000,
	.precedence = 2,
	.total = LINK_PARCEL_MAX,
	.offset = LINK_PARCEL_MAX - 300,
	.p = bytes,
	.n = 300},
    {.type = ITEM_CUSTODY, .n_ranges = 3, .ranges = {{1, 1}, {2, 5}, {FRAME_SERIAL_MAX, 1}}},
    {.type = ITEM_CUSTODY, .n_ranges = 0},
    {.type = ITEM_RECV, .number = UINT64_MAX, .delay = 200},
    {.type = ITEM_REFUSE, .serial = 3, .why = "disk full"},
    {.type = ITEM_PROBE, .time = 1763787393000},
    {.type = ITEM_PROBE_REPLY, .time = 1763787393000, .peer_time = 1763787393900},
    {.type = ITEM_STREAM, .low = 17, .whole = 0},
    {.type = ITEM_NOTE, .left = 0, .p = bytes, .n = 300},
    {.type = ITEM_NOTE, .left = LINK_NOTE_MAX - 1, .p = bytes, .n = 1},
};
#define N_ITEMS (sizeof(items) / sizeof(items[0]))

static void
assert_item(const struct frame_item *a, const struct frame_item *b)
{
	assert_true(
	    a->type == b->type && a->serial == b->serial && a->precedence == b->precedence && a->total == b->total);
	assert_true(a->offset == b->offset && a->n == b->n && a->number == b->number && a->delay == b->delay);
	assert_true(a->time == b->time && a->peer_time == b->peer_time && a->low == b->low && a->whole == b->whole);
	assert_true(a->left == b->left);
	assert_true(
	    a->n_ranges == b->n_ranges && memcmp(a->ranges, b->ranges, a->n_ranges * sizeof(a->ranges[0])) == 0);
	assert_true(a->n == 0 || memcmp(a->p, b->p, a->n) == 0);
	assert_string_equal(a->why, b->why);
}

static void
items_round_trip(void **state)
{
	struct buf all = {0};
	struct frame_item out;
	struct reader r;

	(void)state;
	for (size_t i = 0; i < N_ITEMS; i++) {
		struct buf b = {0};

		link_frame_item_put(&b, &items[i]);
		assert_int_equal(b.n, link_frame_item_size(&items[i]));
		buf_put(&all, b.p, b.n);
		for (size_t n = 1; n < b.n; n++) {
			r = reader_of(b.p, n);
			assert_int_equal(link_frame_item_get(&r, &out), -1);
			assert_false(link_frame_items_valid(reader_of(b.p, n)));
		}
		buf_free(&b);
	}
	assert_true(link_frame_items_valid(reader_of(all.p, all.n)));
	r = reader_of(all.p, all.n);
	for (size_t i = 0; i < N_ITEMS; i++) {
		assert_int_equal(link_frame_item_get(&r, &out), 1);
		assert_item(&out, &items[i]);
	}
	assert_int_equal(link_frame_item_get(&r, &out), 0);
	buf_free(&all);
}

static void
items_refused(void **state)
{
	static const struct {
		const char *what, *p;
		size_t n;
	} row[] = {
	    {"type 0", "\x00", 1},
	    {"unknown type", "\x0a", 1},
	    {"empty note", "\x09\x00\x00", 3},
	    {"note too long", "\x09\x80\x08\x01x", 5},
	    {"note whose rest wraps", "\x09\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x01x", 13},
	    {"serial 0", "\x01\x00\x01\x01x", 5},
	    {"serial of 41 bits", "\x01\x80\x80\x80\x80\x80\x40\x01\x01x", 10},
	    {"precedence 0", "\x01\x01\x00\x01x", 5},
	    {"precedence 5", "\x01\x01\x05\x01x", 5},
	    {"length past the end", "\x01\x01\x01\x02x", 5},
	    {"length of 2^63", "\x01\x01\x01\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", 13},
	    {"varint too long", "\x06\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 12},
	    {"empty fragment", "\x02\x01\x01\x05\x00\x00", 6},
	    {"fragment past its total", "\x02\x01\x01\x02\x02\x01x", 7},
	    {"fragment offset past its total", "\x02\x01\x01\x02\x03\x01x", 7},
	    {"total too large", "\x02\x01\x01\x81\x80\x20\x00\x01x", 9},
	    {"offset wraps", "\x02\x01\x01\x02\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x03xxx", 18},
	    {"too many ranges", "\x03\x41", 2},
	    {"range of serial 0", "\x03\x01\x00\x01", 4},
	    {"range of none", "\x03\x01\x01\x00", 4},
	    {"range too long", "\x03\x01\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 13},
	    {"stream low 0", "\x08\x00\x00", 3},
	    {"reason too long", "\x05\x01\x60", 3},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		if (link_frame_items_valid(reader_of(row[i].p, row[i].n)))
			fail_msg("taken: %s", row[i].what);
	}
	assert_true(link_frame_items_valid(reader_of("", 0)));
}

static void
reasons_are_data(void **state)
{
	struct frame_reset in = {.mine = 1, .yours = 2, .why = "bad\033[2J\n\xff"}, out;
	struct frame_item it = {.type = ITEM_REFUSE, .serial = 1, .why = "\a\xe4\xb8\xad"};
	struct buf b = {0};
	struct reader r;

	(void)state;
	link_frame_reset_put(&b, &in);
	r = reader_of(b.p, b.n);
	assert_true(link_frame_reset_get(&r, &out));
	assert_true(out.mine == 1 && out.yours == 2);
	assert_null(strpbrk(out.why, "\033\n\xff"));
	for (size_t n = 0; n < b.n; n++) {
		r = reader_of(b.p, n);
		assert_false(link_frame_reset_get(&r, &out));
	}
	buf_clear(&b);
	link_frame_item_put(&b, &it);
	r = reader_of(b.p, b.n);
	assert_int_equal(link_frame_item_get(&r, &it), 1);
	assert_null(strchr(it.why, '\a'));
	assert_non_null(strstr(it.why, "\xe4\xb8\xad"));
	buf_free(&b);
}

/* Sets of serials against a plain table of bits. */
static void
serial_sets(void **state)
{
	enum { N = 200 };
	struct serial_set s = {0};
	bool has[N + 2] = {false};
	uint64_t x = 1;

	(void)state;
	for (int step = 0; step < 20000; step++) {
		uint64_t serial, n = 0;

		x = x * UINT64_C(6364136223846793005) + 1442695040888963407;
		serial = 1 + (x >> 33) % N;
		switch ((x >> 20) % 16) {
		case 0:
			serial = 1 + serial / 8;
			serial_set_drop_below(&s, serial);
			memset(has, 0, serial * sizeof(has[0]));
			break;
		case 1:
		case 2:
		case 3:
		case 4:
		case 5:
		case 6:
		case 7:
			assert_int_equal(serial_set_del(&s, serial), has[serial]);
			has[serial] = false;
			break;
		default:
			serial_set_add(&s, serial);
			has[serial] = true;
			break;
		}
		for (uint64_t k = 1; k <= N; k++) {
			assert_int_equal(serial_set_has(&s, k), has[k]);
			n += has[k] && !has[k - 1];
		}
		assert_int_equal(s.n, n); /* neighbours are always joined */
	}
	serial_set_shift(&s, s.n);
	assert_int_equal(s.n, 0);
	free(s.v);
}

static struct frame_item
fragment(uint64_t serial, int precedence, uint64_t total, uint64_t offset, size_t n)
{
	static const uint8_t much[LINK_FRAME_MAX];

	assert_true(n <= sizeof(much));
	return (struct frame_item){.type = ITEM_FRAGMENT,
	    .serial = serial,
	    .precedence = (uint8_t)precedence,
	    .total = total,
	    .offset = offset,
	    .p = much,
	    .n = n};
}

static void
parts(void **state)
{
	struct link_recv rx = {0};
	struct buf whole = {0};
	struct frame_item it;

	(void)state;
	link_recv_session(&rx, 7, 1);
	it = fragment(5, 4, 1000, 0, 400);
	assert_false(link_recv_fragment(&rx, &it, &whole));
	it = fragment(5, 4, 1000, 100, 500); /* overlaps what is there */
	assert_false(link_recv_fragment(&rx, &it, &whole));
	assert_int_equal(rx.part_bytes, 600);
	link_recv_session(&rx, 7, 1); /* survives a session */
	it = fragment(5, 4, 1000, 600, 400);
	assert_true(link_recv_fragment(&rx, &it, &whole));
	assert_int_equal(whole.n, 1000);
	buf_free(&whole);
	assert_false(link_recv_fragment(&rx, &it, &whole)); /* pending */
	assert_int_equal(rx.n_refusals, 0);
	assert_true(link_recv_commit(&rx, link_recv_handle(&rx, 5)));
	assert_false(link_recv_commit(&rx, link_recv_handle(&rx, 5)));
	rx.tell.n = 0;
	assert_false(link_recv_fragment(&rx, &it, &whole)); /* held: custody is said again */
	assert_int_equal(rx.tell.n, 1);

	it = fragment(6, 4, 1000, 10, 10); /* no beginning */
	assert_false(link_recv_fragment(&rx, &it, &whole));
	it = fragment(6, 4, 1000, 20, 10);
	assert_false(link_recv_fragment(&rx, &it, &whole));
	assert_int_equal(rx.n_refusals, 1);
	it = fragment(7, 4, 1000, 0, 10);
	assert_false(link_recv_fragment(&rx, &it, &whole));
	it = fragment(7, 4, 1000, 11, 10); /* a hole */
	assert_false(link_recv_fragment(&rx, &it, &whole));
	assert_int_equal(rx.n_refusals, 2);
	it = fragment(8, 4, 1000, 0, 10);
	assert_false(link_recv_fragment(&rx, &it, &whole));
	it = fragment(8, 4, 900, 0, 900); /* begun anew with another length */
	assert_true(link_recv_fragment(&rx, &it, &whole));
	assert_int_equal(whole.n, 900);
	buf_free(&whole);
	assert_int_equal(rx.part_bytes, 0);

	for (uint64_t s = 20; s < 40; s++) { /* the least urgent go first */
		it = fragment(s, s < 30 ? 4 : 1, LINK_PARCEL_MAX, 0, 16000);
		assert_false(link_recv_fragment(&rx, &it, &whole));
	}
	assert_int_equal(rx.n_parts, FRAME_PARTIALS_MAX);
	for (size_t i = 0; i < rx.n_parts; i++)
		assert_int_equal(rx.parts[i].precedence, 1);
	link_recv_low(&rx, 36);
	assert_int_equal(rx.n_parts, 2);
	assert_int_equal(rx.cum, 35);
	link_recv_session(&rx, 8, 1); /* another epoch: all is gone */
	assert_int_equal(rx.n_parts, 0);
	assert_int_equal(rx.cum, 0);
	assert_false(link_recv_refuse(&rx, UINT64_C(1) << 40 | 20, "x"));
	assert_true(link_recv_parcel(&rx, 1)); /* refused while its copy is on the way: the peer voids it, so drop it */
	assert_true(link_recv_refuse(&rx, link_recv_handle(&rx, 1), "disk full"));
	assert_false(link_recv_parcel(&rx, 1));
	assert_int_equal(rx.n_refusals, 1);
	link_recv_session(&rx, 8, 1); /* what the peer did not learn it sends again */
	assert_int_equal(rx.n_refusals, 0);
	assert_true(link_recv_parcel(&rx, 1));
	link_recv_free(&rx);
}

static void
gaps_are_bounded(void **state)
{
	struct link_recv rx = {0};
	size_t taken = 0;

	(void)state;
	link_recv_session(&rx, 7, 1);
	for (uint64_t s = 3; s < 30000; s += 2)
		taken += link_recv_parcel(&rx, s);
	assert_int_equal(taken, LINK_GAPS_MAX);
	assert_true(rx.overflow);
	link_recv_session(&rx, 7, 1);
	assert_false(rx.overflow);
	assert_true(link_recv_parcel(&rx, 1)); /* the next in order is always welcome */
	link_recv_free(&rx);
}

static void
noise(void **state)
{
	uint8_t b[400];
	uint64_t x = 42;

	(void)state;
	for (int i = 0; i < 200000; i++) {
		struct reader r;
		struct frame_head head;
		struct frame_hello hello;
		struct frame_reset reset;
		size_t n;

		for (size_t k = 0; k < sizeof(b); k++) {
			x = x * UINT64_C(6364136223846793005) + 1442695040888963407;
			b[k] = (uint8_t)(x >> 56);
			if (k % 3 != 0)
				b[k] &= 7;
		}
		n = (size_t)(x % sizeof(b));
		r = reader_of(b, n);
		(void)link_frame_head_get(&r, &head);
		r = reader_of(b, n);
		(void)link_frame_hello_get(&r, &hello);
		r = reader_of(b, n);
		(void)link_frame_reset_get(&r, &reset);
		(void)link_frame_items_valid(reader_of(b, n));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(head_round_trip),
	    cmocka_unit_test(hello_round_trip),
	    cmocka_unit_test(hello_refused),
	    cmocka_unit_test(items_round_trip),
	    cmocka_unit_test(items_refused),
	    cmocka_unit_test(reasons_are_data),
	    cmocka_unit_test(serial_sets),
	    cmocka_unit_test(parts),
	    cmocka_unit_test(gaps_are_bounded),
	    cmocka_unit_test(noise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
