/*
 * Fuzz target: the frame decoders, and a link that is up and is fed whatever comes.
 *
 * The first byte chooses.  0: decoders alone.  Others: an initiator or a responder is brought up by a proper
 * handshake; the rest of the input is a series of (length byte pair, bytes) that are handed in as raw frames or,
 * so that the fuzzer need not guess nonces, as the items of the session's next frame, with turns, commits and
 * jumps of time between.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "../../switch/link_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

struct fuzz {
	struct link *l;
	uint64_t handles[64];
	size_t n_handles;
};

static void
op_nothing(void *ctx)
{
	(void)ctx;
}

static void
op_send(void *ctx, const void *p, size_t n)
{
	struct reader r = reader_of(p, n);
	struct frame_head head;

	(void)ctx;
	if (n > LINK_FRAME_MAX || !link_frame_head_get(&r, &head))
		abort();
	if (head.type == FRAME_DATA && !link_frame_items_valid(r))
		abort();
}

static void
op_payload(void *ctx, uint64_t token, struct buf *out)
{
	(void)ctx;
	for (uint64_t i = 0; i < token * 97; i++)
		buf_put_u8(out, (uint8_t)i);
}

static void
op_received(void *ctx, uint64_t handle, const void *p, size_t n)
{
	struct fuzz *f = ctx;

	if (n > LINK_PARCEL_MAX || (n > 0 && p == NULL))
		abort();
	f->handles[f->n_handles++ % 64] = handle;
}

static void
op_custody(void *ctx, uint64_t token)
{
	(void)ctx;
	if (token < 1 || token > 20)
		abort();
}

static void
op_refused(void *ctx, uint64_t token, const char *why)
{
	op_custody(ctx, token);
	if (strnlen(why, FRAME_WHY_MAX) >= FRAME_WHY_MAX)
		abort();
}

static void
op_state(void *ctx, enum link_state old, enum link_state now, const char *why)
{
	(void)ctx;
	(void)old;
	(void)now;
	(void)why;
}

static const struct link_ops ops = {
    .connect = op_nothing,
    .close = op_nothing,
    .send = op_send,
    .payload = op_payload,
    .received = op_received,
    .custody = op_custody,
    .refused = op_refused,
    .state = op_state,
};

static void
decoders(const uint8_t *p, size_t n)
{
	struct reader r = reader_of(p, n);
	struct frame_head head;
	struct frame_hello hello;
	struct frame_reset reset;

	(void)link_frame_head_get(&r, &head);
	r = reader_of(p, n);
	(void)link_frame_hello_get(&r, &hello);
	r = reader_of(p, n);
	(void)link_frame_reset_get(&r, &reset);
	(void)link_frame_items_valid(reader_of(p, n));
}

static void
handshake(struct link *l, int64_t now, bool initiator)
{
	struct frame_head head = {.type = FRAME_HELLO};
	struct frame_hello h = {
	    .nonce = 5, .version_min = 1, .version_max = 1, .station = "330225", .epoch = 9, .low = 1, .next = 1};
	struct buf b = {0};

	link_start(l, now);
	if (initiator) {
		link_tick(l, now);
		link_connected(l, now, 1);
		head.to = l->hello_nonce;
	}
	link_frame_head_put(&b, &head);
	link_frame_hello_put(&b, &h);
	link_frame(l, now, 1, b.p, b.n);
	if (!initiator) {
		buf_clear(&b);
		head = (struct frame_head){.type = FRAME_DATA, .to = l->pending[0].mine, .number = 1};
		link_frame_head_put(&b, &head);
		link_frame(l, now, 1, b.p, b.n);
	}
	if (l->state != LINK_UP)
		abort();
	link_flush(l, now);
	buf_free(&b);
}

static void
feed(struct fuzz *f, int64_t now, uint8_t how, const uint8_t *p, size_t n)
{
	struct link *l = f->l;
	struct frame_head head = {.type = FRAME_DATA};
	struct buf b = {0};

	if (how & 1) {
		head.to = l->state == LINK_UP ? l->s.mine : l->pending != NULL ? l->pending[0].mine : l->hello_nonce;
		head.number = l->state == LINK_UP ? l->s.rx_frame + 1 : 1;
		if (how & 0x40)
			head.type = (uint8_t)(FRAME_HELLO + how % 4);
		link_frame_head_put(&b, &head);
	}
	buf_put(&b, p, n);
	link_frame(l, now, how & 2 ? 1 : 2, b.p, b.n);
	buf_free(&b);
	if (how & 4) {
		for (size_t i = 0; i < f->n_handles && i < 64; i++) {
			if (how & 8)
				link_refuse(l, now, f->handles[i], "no");
			else
				link_custody(l, now, f->handles[i]);
		}
		f->n_handles = 0;
	}
	if (how & 16)
		link_tick(l, now);
	link_flush(l, now);
	if (l->state == LINK_CONNECTING && (how & 32))
		link_connected(l, now, 3);
}

static void
session(const uint8_t *p, size_t n, bool initiator)
{
	struct link_conf conf = {.self = "330225102", .peer = "330225", .epoch = 3, .initiator = initiator, .seed = 1};
	struct fuzz f = {0};
	int64_t now = 1000000;

	f.l = link_new(&conf, &ops, &f);
	for (uint64_t token = 1; token <= 20; token++)
		link_enqueue(f.l, now, token, 1 + (int)(token % 4), (size_t)token * 97);
	handshake(f.l, now, initiator);
	while (n >= 3) {
		size_t len = (size_t)p[1] | (size_t)(p[2] & 0x3f) << 8;
		uint8_t how = p[0];

		now += p[2] & 0x80 ? 30001 : 100;
		if (p[2] & 0x40)
			now -= 86400000;
		p += 3;
		n -= 3;
		if (len > n)
			len = n;
		feed(&f, now, how, p, len);
		if (f.l->rx.n_parts > FRAME_PARTIALS_MAX || f.l->rx.part_bytes > 2 * LINK_PARCEL_MAX)
			abort();
		p += len;
		n -= len;
	}
	link_stop(f.l, now);
	link_free(f.l);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	if (n < 1)
		return 0;
	if (p[0] == 0)
		decoders(p + 1, n - 1);
	else
		session(p + 1, n - 1, p[0] & 1);
	return 0;
}
