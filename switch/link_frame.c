/*
 * Encoding and decoding of the link's frames: see link_frame.h.
 *
 * Everything decoded comes from outside.  Limits that keep the rest of the link simple are enforced here: serials fit
 * 40 bits, ranges ascend and do not overlap, lengths never exceed a parcel's, texts hold no control characters.
 * What a field means for the session is left to link.c.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include "../formats/text.h"
#include "link.h"
#include "link_frame.h"

static size_t
varint_size(uint64_t v)
{
	size_t n = 1;

	while (v >= 0x80) {
		v >>= 7;
		n++;
	}
	return n;
}

static bool
serial_get(struct reader *r, uint64_t *serial)
{
	return reader_varint(r, serial) && *serial >= 1 && *serial <= FRAME_SERIAL_MAX;
}

void
link_frame_head_put(struct buf *b, const struct frame_head *h)
{
	buf_put_u8(b, FRAME_VERSION);
	buf_put_u8(b, h->type);
	buf_put_be64(b, h->to);
	buf_put_varint(b, h->number);
}

bool
link_frame_head_get(struct reader *r, struct frame_head *h)
{
	uint8_t version;

	if (!reader_u8(r, &version) || version != FRAME_VERSION)
		return false;
	if (!reader_u8(r, &h->type) || h->type < FRAME_HELLO || h->type > FRAME_BYE)
		return false;
	return reader_be64(r, &h->to) && reader_varint(r, &h->number);
}

/* Ranges go as (gap to the end of the one before, count): small numbers for what lies close together. */
static size_t
ranges_size(const struct serial_range *v, size_t n)
{
	size_t size = varint_size(n);
	uint64_t end = 0;

	for (size_t i = 0; i < n; i++) {
		size += varint_size(v[i].first - end) + varint_size(v[i].count);
		end = v[i].first + v[i].count;
	}
	return size;
}

static void
ranges_put(struct buf *b, const struct serial_range *v, size_t n)
{
	uint64_t end = 0;

	assert(n <= FRAME_RANGES_MAX);
	buf_put_varint(b, n);
	for (size_t i = 0; i < n; i++) {
		assert(v[i].first >= 1 && v[i].first >= end && v[i].count >= 1);
		buf_put_varint(b, v[i].first - end);
		buf_put_varint(b, v[i].count);
		end = v[i].first + v[i].count;
	}
}

static bool
ranges_get(struct reader *r, struct serial_range *v, size_t *count)
{
	uint64_t n, gap, len, end = 0;

	if (!reader_varint(r, &n) || n > FRAME_RANGES_MAX)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!reader_varint(r, &gap) || !reader_varint(r, &len))
			return false;
		if (gap > FRAME_SERIAL_MAX || len < 1 || len > FRAME_SERIAL_MAX)
			return false;
		if (end + gap < 1 || end + gap + len - 1 > FRAME_SERIAL_MAX)
			return false;
		v[i] = (struct serial_range){ .first = end + gap, .count = len };
		end += gap + len;
	}
	*count = (size_t)n;
	return true;
}

void
link_frame_hello_put(struct buf *b, const struct frame_hello *h)
{
	size_t len = strlen(h->station);

	assert(h->n_partials <= FRAME_PARTIALS_MAX);
	buf_put_be64(b, h->nonce);
	buf_put_varint(b, h->version_min);
	buf_put_varint(b, h->version_max);
	buf_put_varint(b, len);
	buf_put(b, h->station, len);
	buf_put_varint(b, h->epoch);
	buf_put_varint(b, h->low);
	buf_put_varint(b, h->next);
	buf_put_varint(b, h->held_epoch);
	buf_put_varint(b, h->cum);
	ranges_put(b, h->ranges, h->n_ranges);
	buf_put_varint(b, h->n_partials);
	for (size_t i = 0; i < h->n_partials; i++) {
		buf_put_varint(b, h->partials[i].serial);
		buf_put_varint(b, h->partials[i].bytes);
	}
}

bool
link_frame_hello_get(struct reader *r, struct frame_hello *h)
{
	const uint8_t *p;
	uint64_t len, n;

	memset(h, 0, sizeof(*h));
	if (!reader_be64(r, &h->nonce) || h->nonce == 0)
		return false;
	if (!reader_varint(r, &h->version_min) || !reader_varint(r, &h->version_max) || h->version_min > h->version_max)
		return false;
	if (!reader_varint(r, &len) || len < 1 || len >= STATION_MAX || !reader_bytes(r, (size_t)len, &p))
		return false;
	for (size_t i = 0; i < len; i++) {
		if (p[i] <= 0x20 || p[i] >= 0x7f)	/* station codes are printable ASCII */
			return false;
		h->station[i] = (char)p[i];
	}
	if (!reader_varint(r, &h->epoch) || !serial_get(r, &h->low) || !serial_get(r, &h->next) || h->low > h->next)
		return false;
	if (!reader_varint(r, &h->held_epoch) || !reader_varint(r, &h->cum) || h->cum > FRAME_SERIAL_MAX)
		return false;
	if (!ranges_get(r, h->ranges, &h->n_ranges))
		return false;
	if (h->n_ranges > 0 && h->ranges[0].first <= h->cum)
		return false;
	if (!reader_varint(r, &n) || n > FRAME_PARTIALS_MAX)
		return false;
	h->n_partials = (size_t)n;
	for (size_t i = 0; i < h->n_partials; i++) {
		if (!serial_get(r, &h->partials[i].serial) || !reader_varint(r, &h->partials[i].bytes))
			return false;
		if (h->partials[i].bytes > LINK_PARCEL_MAX)
			return false;
	}
	return true;
}

static void
why_put(struct buf *b, const char *why)
{
	size_t len = strnlen(why, FRAME_WHY_MAX - 1);

	buf_put_varint(b, len);
	buf_put(b, why, len);
}

static bool
why_get(struct reader *r, char why[FRAME_WHY_MAX])
{
	const uint8_t *p;
	uint64_t len;

	if (!reader_varint(r, &len) || len >= FRAME_WHY_MAX || !reader_bytes(r, (size_t)len, &p))
		return false;
	(void)text_sanitise((const char *)p, (size_t)len, why, FRAME_WHY_MAX, false);
	return true;
}

void
link_frame_reset_put(struct buf *b, const struct frame_reset *x)
{
	buf_put_be64(b, x->mine);
	buf_put_be64(b, x->yours);
	why_put(b, x->why);
}

bool
link_frame_reset_get(struct reader *r, struct frame_reset *x)
{
	memset(x, 0, sizeof(*x));
	return reader_be64(r, &x->mine) && reader_be64(r, &x->yours) && why_get(r, x->why);
}

size_t
link_frame_item_size(const struct frame_item *it)
{
	switch ((enum frame_item_type)it->type) {
	case ITEM_PARCEL:
		return 2 + varint_size(it->serial) + varint_size(it->n) + it->n;
	case ITEM_FRAGMENT:
		return 2 + varint_size(it->serial) + varint_size(it->total) + varint_size(it->offset) +
		    varint_size(it->n) + it->n;
	case ITEM_CUSTODY:
		return 1 + ranges_size(it->ranges, it->n_ranges);
	case ITEM_RECV:
		return 1 + varint_size(it->number) + varint_size(it->delay);
	case ITEM_REFUSE:
		return 1 + varint_size(it->serial) + varint_size(strnlen(it->why, FRAME_WHY_MAX - 1)) +
		    strnlen(it->why, FRAME_WHY_MAX - 1);
	case ITEM_PROBE:
		return 1 + varint_size(it->time);
	case ITEM_PROBE_REPLY:
		return 1 + varint_size(it->time) + varint_size(it->peer_time);
	case ITEM_STREAM:
		return 1 + varint_size(it->low) + varint_size(it->whole);
	case ITEM_NOTE:
		return 1 + varint_size(it->left) + varint_size(it->n) + it->n;
	}
	abort();	/* ours, never the wire's */
}

void
link_frame_item_put(struct buf *b, const struct frame_item *it)
{
	buf_put_u8(b, it->type);
	switch ((enum frame_item_type)it->type) {
	case ITEM_PARCEL:
		buf_put_varint(b, it->serial);
		buf_put_u8(b, it->precedence);
		buf_put_varint(b, it->n);
		buf_put(b, it->p, it->n);
		return;
	case ITEM_FRAGMENT:
		assert(it->n >= 1 && it->offset + it->n <= it->total);
		buf_put_varint(b, it->serial);
		buf_put_u8(b, it->precedence);
		buf_put_varint(b, it->total);
		buf_put_varint(b, it->offset);
		buf_put_varint(b, it->n);
		buf_put(b, it->p, it->n);
		return;
	case ITEM_CUSTODY:
		ranges_put(b, it->ranges, it->n_ranges);
		return;
	case ITEM_RECV:
		buf_put_varint(b, it->number);
		buf_put_varint(b, it->delay);
		return;
	case ITEM_REFUSE:
		buf_put_varint(b, it->serial);
		why_put(b, it->why);
		return;
	case ITEM_PROBE:
		buf_put_varint(b, it->time);
		return;
	case ITEM_PROBE_REPLY:
		buf_put_varint(b, it->time);
		buf_put_varint(b, it->peer_time);
		return;
	case ITEM_STREAM:
		buf_put_varint(b, it->low);
		buf_put_varint(b, it->whole);
		return;
	case ITEM_NOTE:
		assert(it->n >= 1 && it->n + it->left <= LINK_NOTE_MAX);
		buf_put_varint(b, it->left);
		buf_put_varint(b, it->n);
		buf_put(b, it->p, it->n);
		return;
	}
	abort();
}

/* The bytes of a PARCEL or FRAGMENT: u8 precedence was read, a length and the bytes follow. */
static bool
bytes_get(struct reader *r, struct frame_item *it)
{
	uint64_t n;

	if (!reader_varint(r, &n) || n > LINK_PARCEL_MAX || !reader_bytes(r, (size_t)n, &it->p))
		return false;
	it->n = (size_t)n;
	return true;
}

static bool
precedence_get(struct reader *r, struct frame_item *it)
{
	return reader_u8(r, &it->precedence) && it->precedence >= 1 && it->precedence <= 4;
}

static bool
body_get(struct reader *r, struct frame_item *it)
{
	switch (it->type) {
	case ITEM_PARCEL:
		return serial_get(r, &it->serial) && precedence_get(r, it) && bytes_get(r, it);
	case ITEM_FRAGMENT:
		if (!serial_get(r, &it->serial) || !precedence_get(r, it) || !reader_varint(r, &it->total) ||
		    !reader_varint(r, &it->offset) || !bytes_get(r, it))
			return false;
		return it->n >= 1 && it->total <= LINK_PARCEL_MAX && it->offset <= it->total &&
		    it->n <= it->total - it->offset;
	case ITEM_CUSTODY:
		return ranges_get(r, it->ranges, &it->n_ranges);
	case ITEM_RECV:
		return reader_varint(r, &it->number) && reader_varint(r, &it->delay);
	case ITEM_REFUSE:
		return serial_get(r, &it->serial) && why_get(r, it->why);
	case ITEM_PROBE:
		return reader_varint(r, &it->time);
	case ITEM_PROBE_REPLY:
		return reader_varint(r, &it->time) && reader_varint(r, &it->peer_time);
	case ITEM_STREAM:
		return serial_get(r, &it->low) && reader_varint(r, &it->whole);
	case ITEM_NOTE:
		return reader_varint(r, &it->left) && bytes_get(r, it) && it->n >= 1 && it->n <= LINK_NOTE_MAX &&
		    it->left <= LINK_NOTE_MAX - it->n;
	default:
		return false;
	}
}

int
link_frame_item_get(struct reader *r, struct frame_item *it)
{
	if (r->bad)
		return -1;
	if (r->n == 0)
		return 0;
	/* the range table is large and says itself how much of it counts */
	memset(it, 0, offsetof(struct frame_item, ranges));
	it->n_ranges = 0;
	if (!reader_u8(r, &it->type) || !body_get(r, it))
		return -1;
	return 1;
}

bool
link_frame_items_valid(struct reader r)
{
	struct frame_item it;
	int got;

	while ((got = link_frame_item_get(&r, &it)) == 1)
		continue;
	return got == 0;
}
