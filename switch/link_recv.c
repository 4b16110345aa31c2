/*
 * The receiving side of a link: see link_recv.h.
 *
 * What it promises: a serial is handed up once in an epoch unless we refused it; custody is told only for what was
 * committed.  What it leaves to others: frames, sessions, and noticing the same message under another serial.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include "../formats/text.h"
#include "link.h"
#include "link_recv.h"

#define GENERATION_SHIFT 40
#define GENERATION_MASK UINT64_C(0xffffff)

_Static_assert(FRAME_SERIAL_MAX < (UINT64_C(1) << GENERATION_SHIFT), "a serial fits below the generation");

static uint64_t
range_end(const struct serial_range *r)
{
	return r->first + r->count;
}

/* Index of the first range that ends after serial. */
static size_t
set_find(const struct serial_set *s, uint64_t serial)
{
	size_t lo = 0, hi = s->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (range_end(&s->v[mid]) <= serial)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

bool
serial_set_has(const struct serial_set *s, uint64_t serial)
{
	size_t i = set_find(s, serial);

	return i < s->n && s->v[i].first <= serial;
}

static void
set_insert(struct serial_set *s, size_t i, struct serial_range r)
{
	if (s->n == s->cap) {
		s->cap = s->cap > 0 ? s->cap * 2 : 8;
		s->v = xreallocarray(s->v, s->cap, sizeof(*s->v));
	}
	memmove(s->v + i + 1, s->v + i, (s->n - i) * sizeof(*s->v));
	s->v[i] = r;
	s->n++;
}

static void
set_erase(struct serial_set *s, size_t i, size_t n)
{
	if (n == 0)
		return;
	memmove(s->v + i, s->v + i + n, (s->n - i - n) * sizeof(*s->v));
	s->n -= n;
}

void
serial_set_add(struct serial_set *s, uint64_t serial)
{
	size_t i = set_find(s, serial);
	bool before, after;

	if (i < s->n && s->v[i].first <= serial)
		return;
	before = i > 0 && range_end(&s->v[i - 1]) == serial;
	after = i < s->n && s->v[i].first == serial + 1;
	if (before && after) {
		s->v[i - 1].count += 1 + s->v[i].count;
		set_erase(s, i, 1);
	} else if (before) {
		s->v[i - 1].count++;
	} else if (after) {
		s->v[i].first--;
		s->v[i].count++;
	} else {
		set_insert(s, i, (struct serial_range){ .first = serial, .count = 1 });
	}
}

bool
serial_set_del(struct serial_set *s, uint64_t serial)
{
	size_t i = set_find(s, serial);
	struct serial_range r;

	if (i == s->n || s->v[i].first > serial)
		return false;
	r = s->v[i];
	if (r.count == 1) {
		set_erase(s, i, 1);
	} else if (r.first == serial) {
		s->v[i].first++;
		s->v[i].count--;
	} else {
		s->v[i].count = serial - r.first;
		if (serial + 1 < range_end(&r))
			set_insert(s, i + 1,
			    (struct serial_range){ .first = serial + 1, .count = range_end(&r) - serial - 1 });
	}
	return true;
}

void
serial_set_drop_below(struct serial_set *s, uint64_t serial)
{
	size_t i = set_find(s, serial);

	set_erase(s, 0, i);
	if (s->n > 0 && s->v[0].first < serial) {
		s->v[0].count -= serial - s->v[0].first;
		s->v[0].first = serial;
	}
}

void
serial_set_cut(struct serial_set *s, uint64_t first, uint64_t last)
{
	size_t i, k;

	if (first > last)
		return;
	i = set_find(s, first);
	if (i < s->n && s->v[i].first < first) {
		uint64_t end = range_end(&s->v[i]);

		s->v[i].count = first - s->v[i].first;
		i++;
		if (end > last + 1) {
			set_insert(s, i, (struct serial_range){ .first = last + 1, .count = end - last - 1 });
			return;
		}
	}
	for (k = i; k < s->n && range_end(&s->v[k]) <= last + 1; k++)
		continue;
	set_erase(s, i, k - i);
	if (i < s->n && s->v[i].first <= last) {
		s->v[i].count -= last + 1 - s->v[i].first;
		s->v[i].first = last + 1;
	}
}

void
serial_set_put(struct serial_set *s, uint64_t first, uint64_t last)
{
	size_t i;

	if (first > last)
		return;
	serial_set_cut(s, first, last);
	i = set_find(s, first);
	if (i > 0 && range_end(&s->v[i - 1]) == first)
		s->v[--i].count += last - first + 1;
	else
		set_insert(s, i, (struct serial_range){ .first = first, .count = last - first + 1 });
	if (i + 1 < s->n && s->v[i + 1].first == last + 1) {
		s->v[i].count += s->v[i + 1].count;
		set_erase(s, i + 1, 1);
	}
}

uint64_t
serial_set_count(const struct serial_set *s)
{
	uint64_t n = 0;

	for (size_t i = 0; i < s->n; i++)
		n += s->v[i].count;
	return n;
}

void
serial_set_shift(struct serial_set *s, size_t n)
{
	assert(n <= s->n);
	set_erase(s, 0, n);
}

void
serial_set_free(struct serial_set *s)
{
	free(s->v);
	memset(s, 0, sizeof(*s));
}

static void
part_drop(struct link_recv *rx, size_t i)
{
	assert(i < rx->n_parts && rx->part_bytes >= rx->parts[i].b.n);
	rx->part_bytes -= rx->parts[i].b.n;
	buf_free(&rx->parts[i].b);
	rx->parts[i] = rx->parts[--rx->n_parts];
	memset(&rx->parts[rx->n_parts], 0, sizeof(rx->parts[0]));
}

/* n_parts when there is none. */
static size_t
part_find(const struct link_recv *rx, uint64_t serial)
{
	size_t i = 0;

	while (i < rx->n_parts && rx->parts[i].serial != serial)
		i++;
	return i;
}

static void
parts_clear(struct link_recv *rx)
{
	while (rx->n_parts > 0)
		part_drop(rx, rx->n_parts - 1);
}

void
link_recv_free(struct link_recv *rx)
{
	parts_clear(rx);
	serial_set_free(&rx->held);
	serial_set_free(&rx->pending);
	serial_set_free(&rx->refused);
	serial_set_free(&rx->tell);
	free(rx->refusals);
	rx->refusals = NULL;
	rx->n_refusals = rx->refusals_cap = 0;
}

void
link_recv_session(struct link_recv *rx, uint64_t epoch, uint64_t low)
{
	if (rx->epoch != epoch || rx->generation == 0) {
		parts_clear(rx);
		rx->held.n = rx->pending.n = rx->tell.n = 0;
		rx->epoch = epoch;
		rx->generation = (rx->generation + 1) & GENERATION_MASK;
		if (rx->generation == 0)
			rx->generation = 1;
		rx->low = low;
		rx->cum = low - 1;
	}
	/* What we refused and could not tell comes again by itself. */
	rx->refused.n = 0;
	rx->n_refusals = 0;
	rx->overflow = false;
	link_recv_low(rx, low);
}

static void
absorb(struct link_recv *rx)
{
	serial_set_drop_below(&rx->held, rx->cum + 1);
	if (rx->held.n > 0 && rx->held.v[0].first == rx->cum + 1) {
		rx->cum = range_end(&rx->held.v[0]) - 1;
		set_erase(&rx->held, 0, 1);
	}
}

void
link_recv_low(struct link_recv *rx, uint64_t low)
{
	if (low <= rx->low)
		return;
	rx->low = low;
	if (rx->cum < low - 1) {
		rx->cum = low - 1;
		absorb(rx);
	}
	serial_set_drop_below(&rx->refused, low);
	for (size_t i = rx->n_parts; i-- > 0;) {
		if (rx->parts[i].serial < low)
			part_drop(rx, i);
	}
}

void
link_recv_report(const struct link_recv *rx, uint64_t epoch, uint64_t low, struct frame_hello *h)
{
	h->held_epoch = epoch;
	h->n_ranges = h->n_partials = 0;
	if (epoch != rx->epoch || rx->generation == 0) {
		h->cum = low - 1;
		return;
	}
	h->cum = rx->cum > low - 1 ? rx->cum : low - 1;
	for (size_t i = 0; i < rx->held.n && h->n_ranges < FRAME_RANGES_MAX; i++) {
		if (rx->held.v[i].first > h->cum)
			h->ranges[h->n_ranges++] = rx->held.v[i];
	}
	for (size_t i = 0; i < rx->n_parts; i++) {
		h->partials[h->n_partials].serial = rx->parts[i].serial;
		h->partials[h->n_partials++].bytes = rx->parts[i].b.n;
	}
}

static bool
is_held(const struct link_recv *rx, uint64_t serial)
{
	/* Below the peer's own lowest we know nothing: saying custody for it would be a lie. */
	if (serial < rx->low)
		return false;
	return serial <= rx->cum || serial_set_has(&rx->held, serial);
}

static void
refusal_add(struct link_recv *rx, uint64_t serial, const char *why)
{
	struct link_refusal *r;

	if (serial_set_has(&rx->refused, serial))
		return;
	serial_set_add(&rx->refused, serial);
	if (rx->n_refusals == LINK_REFUSALS_MAX || rx->refused.n > LINK_GAPS_MAX) {
		rx->overflow = true;
		return;
	}
	if (rx->n_refusals == rx->refusals_cap) {
		rx->refusals_cap = rx->refusals_cap > 0 ? rx->refusals_cap * 2 : 8;
		rx->refusals = xreallocarray(rx->refusals, rx->refusals_cap, sizeof(*rx->refusals));
	}
	r = &rx->refusals[rx->n_refusals++];
	r->serial = serial;
	(void)text_sanitise(why, strlen(why), r->why, sizeof(r->why), false);
}

/* True when the parcel is of no further use to us: known already, or too much. */
static bool
known(struct link_recv *rx, uint64_t serial)
{
	if (serial_set_has(&rx->pending, serial) || serial_set_has(&rx->refused, serial))
		return true;
	if (is_held(rx, serial)) {
		serial_set_add(&rx->tell, serial);
		return true;
	}
	if (serial != rx->cum + 1 && (rx->held.n >= LINK_GAPS_MAX || rx->pending.n >= LINK_GAPS_MAX)) {
		refusal_add(rx, serial, "too many gaps");
		return true;
	}
	return false;
}

bool
link_recv_parcel(struct link_recv *rx, uint64_t serial)
{
	size_t i = part_find(rx, serial);

	if (i < rx->n_parts)
		part_drop(rx, i);
	if (known(rx, serial))
		return false;
	serial_set_add(&rx->pending, serial);
	return true;
}

/* The least urgent, the youngest of them. */
static size_t
part_least(const struct link_recv *rx)
{
	size_t least = 0;

	for (size_t i = 1; i < rx->n_parts; i++) {
		const struct link_part *a = &rx->parts[i], *b = &rx->parts[least];

		if (a->precedence > b->precedence || (a->precedence == b->precedence && a->serial > b->serial))
			least = i;
	}
	return least;
}

static void
part_evict(struct link_recv *rx, size_t i)
{
	refusal_add(rx, rx->parts[i].serial, "no room for its parts");
	part_drop(rx, i);
}

/* The part a fragment belongs to, with room for it; NULL: it was refused. */
static struct link_part *
part_for(struct link_recv *rx, const struct frame_item *it)
{
	size_t i = part_find(rx, it->serial);

	if (i < rx->n_parts && rx->parts[i].total != it->total && it->offset > 0) {
		part_drop(rx, i);	/* not the parcel we began: from the start, please */
		i = rx->n_parts;
	}
	if (i == rx->n_parts) {
		if (it->offset > 0) {
			refusal_add(rx, it->serial, "its beginning is missing");
			return NULL;
		}
		if (rx->n_parts == FRAME_PARTIALS_MAX) {
			size_t least = part_least(rx);

			if (rx->parts[least].precedence <= it->precedence) {
				refusal_add(rx, it->serial, "no room for its parts");
				return NULL;
			}
			part_evict(rx, least);
		}
		i = rx->n_parts++;
		rx->parts[i] = (struct link_part){ .serial = it->serial, .precedence = it->precedence };
	} else if (rx->parts[i].total != it->total) {
		rx->part_bytes -= rx->parts[i].b.n;
		buf_clear(&rx->parts[i].b);
	}
	rx->parts[i].total = it->total;
	if (it->offset > rx->parts[i].b.n) {
		part_drop(rx, i);
		refusal_add(rx, it->serial, "a piece of it is missing");
		return NULL;
	}
	while (rx->part_bytes + it->n > 2 * (size_t)LINK_PARCEL_MAX) {
		size_t least = part_least(rx);
		bool itself = rx->parts[least].serial == it->serial;

		part_evict(rx, least);
		if (itself)
			return NULL;
	}
	return &rx->parts[part_find(rx, it->serial)];
}

bool
link_recv_fragment(struct link_recv *rx, const struct frame_item *it, struct buf *whole)
{
	struct link_part *part;
	size_t skip;

	if (known(rx, it->serial) || (part = part_for(rx, it)) == NULL)
		return false;
	assert(it->offset <= part->b.n);
	skip = part->b.n - (size_t)it->offset;	/* sent again: we have that much of it */
	if (skip < it->n) {
		buf_put(&part->b, it->p + skip, it->n - skip);
		rx->part_bytes += it->n - skip;
	}
	if (part->b.n < part->total)
		return false;
	*whole = part->b;
	rx->part_bytes -= part->b.n;
	part->b = (struct buf){ 0 };
	part_drop(rx, part_find(rx, it->serial));
	serial_set_add(&rx->pending, it->serial);
	return true;
}

uint64_t
link_recv_handle(const struct link_recv *rx, uint64_t serial)
{
	return rx->generation << GENERATION_SHIFT | serial;
}

static bool
take_pending(struct link_recv *rx, uint64_t handle, uint64_t *serial)
{
	*serial = handle & FRAME_SERIAL_MAX;
	if (handle >> GENERATION_SHIFT != rx->generation || rx->generation == 0)
		return false;
	return serial_set_del(&rx->pending, *serial);
}

bool
link_recv_commit(struct link_recv *rx, uint64_t handle)
{
	uint64_t serial;

	if (!take_pending(rx, handle, &serial))
		return false;
	if (serial == rx->cum + 1) {
		rx->cum++;
		absorb(rx);
	} else if (serial > rx->cum) {
		serial_set_add(&rx->held, serial);
	}
	serial_set_add(&rx->tell, serial);
	return true;
}

bool
link_recv_refuse(struct link_recv *rx, uint64_t handle, const char *why)
{
	uint64_t serial;

	if (!take_pending(rx, handle, &serial))
		return false;
	refusal_add(rx, serial, why);
	return true;
}

void
link_recv_told(struct link_recv *rx, size_t n)
{
	assert(n <= rx->n_refusals);
	if (n == 0)
		return;
	rx->n_refusals -= n;
	memmove(rx->refusals, rx->refusals + n, rx->n_refusals * sizeof(*rx->refusals));
}
