/*
 * What goes out on a link's session: packs frames, keeps the window, measures the round trip.
 *
 * A frame takes acknowledgements first, then parcels by precedence until it is full; a parcel that does not fit
 * goes in fragments, and a more urgent one that comes meanwhile goes before its next fragment.  Notes go when no
 * parcel is left to send, in pieces likewise.  Only frames with parcels or notes count against the window and are
 * acknowledged; acknowledging an acknowledgement would never end.
 *
 * Round trip: measured from the moment a frame's last byte has, by the line's rate, gone out.  Measured from the
 * call it would contain our own queue, the window made from it would lengthen the queue, and the urgent would wait
 * behind it.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include "../formats/i18n.h"
#include "link_int.h"

#define FAST_FRAGMENT 8192
#define FAST_WINDOW (256 * 1024)
#define FRAGMENT_LEAST 64		/* smaller pieces are not worth their header */
#define RTT_MOST 10000			/* ms the window is made for at most */
#define RTT_TURN 300000
#define PAYLOAD_KEEP 4096 		/* bytes a buffer may keep between parcels */
#define CUSTODY_RANGE_MOST 12		/* bytes of a range, two varints of 40 bits */

size_t
link_send_fragment(const struct link *l)
{
	unsigned rate = l->conf.rate_bps;

	if (rate == 0 || rate >= 128000)
		return FAST_FRAGMENT;
	if (rate <= 4800)
		return 256;
	return rate <= 19200 ? 512 : 2048;
}

size_t
link_send_window(const struct link *l)
{
	const int64_t *m = l->s.rtt_min;
	size_t least = 2 * link_send_fragment(l);
	uint64_t w;
	int64_t rtt;

	if (l->conf.rate_bps == 0)
		return FAST_WINDOW;
	rtt = m[0] < 0 || (m[1] >= 0 && m[1] < m[0]) ? m[1] : m[0];
	if (rtt < 0)
		rtt = 0;
	if (rtt > RTT_MOST)
		rtt = RTT_MOST;
	/* One fragment more than the line needs: frames leave whole. */
	w = (uint64_t)l->conf.rate_bps * (uint64_t)(rtt + 300) / 8000 + link_send_fragment(l);
	return w > least ? (size_t)w : least;
}

void
link_send_begin(struct link *l)
{
	l->s.rtt = l->s.rtt_min[0] = l->s.rtt_min[1] = -1;
	l->s.rtt_turn = l->s.line_free = l->mono;
	l->s.wait_since = -1;
	l->s.heard = l->mono;
	l->s.probe_due = true;
}

void
link_send_end(struct link *l)
{
	for (size_t i = 0; i <= LINK_PRECEDENCES; i++) {
		buf_free(&l->payload[i]);
		l->payload_of[i] = NULL;
	}
	for (size_t i = 0; i < LINK_NOTES; i++)
		buf_free(&l->s.notes[i]);
	buf_free(&l->s.note_in);
	free(l->s.flight);
	memset(&l->s, 0, sizeof(l->s));
}

void
link_send_forget(struct link *l, const struct parcel *p)
{
	size_t i = p->precedence;

	if (l->payload_of[i] != p)
		return;
	l->payload_of[i] = NULL;
	if (l->payload[i].cap > PAYLOAD_KEEP)
		buf_free(&l->payload[i]);
	else
		buf_clear(&l->payload[i]);
}

static void
rtt_sample(struct link *l, int64_t ms)
{
	struct link_session *s = &l->s;

	if (ms < 0)
		ms = 0;
	s->rtt = ms;
	if (l->mono - s->rtt_turn >= RTT_TURN) {
		s->rtt_min[1] = s->rtt_min[0];
		s->rtt_min[0] = -1;
		s->rtt_turn = l->mono;
	}
	if (s->rtt_min[0] < 0 || ms < s->rtt_min[0])
		s->rtt_min[0] = ms;
}

/* An answer came: the time to the next one runs anew, if we still wait for one. */
static void
progress(struct link *l)
{
	l->s.wait_since = l->s.flight_n > 0 || l->s.probe_out ? l->mono : -1;
}

bool
link_send_acked(struct link *l, uint64_t number, uint64_t delay)
{
	struct link_session *s = &l->s;
	bool any = false;

	if (number > s->tx_frame)
		return false;
	while (s->flight_n > 0) {
		const struct link_flight *f = &s->flight[s->flight_first];

		if (f->number > number)
			break;
		if (f->number == number && delay <= INT32_MAX)
			rtt_sample(l, l->mono - f->left - (int64_t)delay);
		assert(s->in_flight >= f->bytes);
		s->in_flight -= f->bytes;
		if (f->reserved)
			s->reserved_out = false;
		s->flight_first = (s->flight_first + 1) & (s->flight_cap - 1);
		s->flight_n--;
		any = true;
	}
	if (any)
		progress(l);
	return true;
}

void
link_send_probed(struct link *l, uint64_t echo, uint64_t peer_time)
{
	int64_t took = l->mono - l->s.probe_at;

	if (!l->s.probe_out || echo != l->s.probe_time)
		return;
	l->s.probe_out = false;
	rtt_sample(l, l->mono - l->s.probe_left);
	if (peer_time <= INT64_MAX / 2)
		l->clock_diff = (int64_t)peer_time - (l->now - took / 2);
	progress(l);
}

static void
flight_add(struct link *l, struct link_flight f)
{
	struct link_session *s = &l->s;

	if (s->flight_n == s->flight_cap) {
		size_t cap = s->flight_cap > 0 ? s->flight_cap * 2 : 16;
		struct link_flight *ring = xcalloc(cap, sizeof(*ring));

		for (size_t i = 0; i < s->flight_n; i++)
			ring[i] = s->flight[(s->flight_first + i) & (s->flight_cap - 1)];
		free(s->flight);
		s->flight = ring;
		s->flight_first = 0;
		s->flight_cap = cap;
	}
	s->flight[(s->flight_first + s->flight_n++) & (s->flight_cap - 1)] = f;
	s->in_flight += f.bytes;
	if (f.reserved)
		s->reserved_out = true;
}

static void
stand_aside(struct link *l, struct parcel *p, const char *why)
{
	uint64_t token = p->token;

	link_send_forget(l, p);
	link_queue_refuse(&l->q, p, l->mono + LINK_REOFFER_AFTER);
	l->ops->refused(l->ctx, token, why);
}

/* The bytes of a parcel about to be sent; NULL: there are none to send, it stands aside. */
static const struct buf *
payload(struct link *l, struct parcel *p)
{
	size_t i = p->precedence;
	struct buf *b = &l->payload[i];

	if (l->payload_of[i] == p)
		return b;
	buf_clear(b);
	l->payload_of[i] = p;
	l->ops->payload(l->ctx, p->token, b);
	if (b->n == 0) {
		stand_aside(l, p, N_("its bytes are missing here"));
		return NULL;
	}
	if (b->n > LINK_PARCEL_MAX) {
		stand_aside(l, p, N_("too large for one parcel"));
		return NULL;
	}
	if (b->n != p->bytes || p->sent >= b->n) {
		p->bytes = b->n;
		p->sent = 0;	/* not what was begun: from the start */
	}
	return b;
}

/* True when parcels went into the frame. */
static bool
put_parcels(struct link *l, size_t limit, bool flash_only)
{
	struct buf *f = &l->out;
	struct parcel *p;
	bool any = false;

	while ((p = link_queue_first(&l->q)) != NULL) {
		struct frame_item it = { .type = ITEM_PARCEL };
		const struct buf *b;
		size_t room = limit > f->n ? limit - f->n : 0, left, over;

		if (flash_only && p->precedence != 1)
			break;
		if (room < FRAGMENT_LEAST)
			break;
		if ((b = payload(l, p)) == NULL)
			continue;
		left = b->n - p->sent;
		it.serial = p->serial != 0 ? p->serial : l->q.next;
		it.precedence = p->precedence;
		it.p = b->p + p->sent;
		it.n = left;
		if (p->sent > 0 || link_frame_item_size(&it) > room) {
			it.type = ITEM_FRAGMENT;
			it.total = b->n;
			it.offset = p->sent;
			over = link_frame_item_size(&it) - left;
			if (over >= room)
				break;
			if (left > room - over) {
				it.n = room - over;
				if (it.n < FRAGMENT_LEAST)
					break;
			}
		}
		if (p->serial == 0)
			link_queue_begin(&l->q, p);
		link_frame_item_put(f, &it);
		any = true;
		p->sent += it.n;
		if (p->sent < b->n)
			break;
		l->s.tx_whole++;
		link_send_forget(l, p);
		link_queue_sent(&l->q, p);
	}
	return any;
}

bool
link_send_note(struct link *l, const void *p, size_t n)
{
	struct link_session *s = &l->s;

	if (s->version < 2 || n < 1 || n > LINK_NOTE_MAX || s->note_n == LINK_NOTES)
		return false;
	buf_put(&s->notes[(s->note_first + s->note_n++) % LINK_NOTES], p, n);
	return true;
}

/* True when notes went into the frame. */
static bool
put_notes(struct link *l, size_t limit)
{
	struct link_session *s = &l->s;
	bool any = false;

	while (s->note_n > 0) {
		struct buf *note = &s->notes[s->note_first];
		struct frame_item it = { .type = ITEM_NOTE };
		size_t room = limit > l->out.n ? limit - l->out.n : 0, over;

		if (room < FRAGMENT_LEAST)
			break;
		it.p = note->p + s->note_sent;
		it.n = note->n - s->note_sent;
		if (link_frame_item_size(&it) > room) {
			over = link_frame_item_size(&it) - it.n + 1;	/* `left` may take one byte more */
			it.left = it.n - (room - over);
			it.n = room - over;
		}
		link_frame_item_put(&l->out, &it);
		any = true;
		s->note_sent += it.n;
		if (s->note_sent < note->n)
			break;
		buf_free(note);
		s->note_first = (s->note_first + 1) % LINK_NOTES;
		s->note_n--;
		s->note_sent = 0;
	}
	return any;
}

static void
put_custody(struct link *l, size_t limit)
{
	struct serial_set *tell = &l->rx.tell;
	struct frame_item it = { .type = ITEM_CUSTODY };
	size_t room = limit > l->out.n ? limit - l->out.n : 0;

	if (tell->n == 0 || room < 2 + CUSTODY_RANGE_MOST)
		return;
	it.n_ranges = (room - 2) / CUSTODY_RANGE_MOST;
	if (it.n_ranges > tell->n)
		it.n_ranges = tell->n;
	if (it.n_ranges > FRAME_RANGES_MAX)
		it.n_ranges = FRAME_RANGES_MAX;
	memcpy(it.ranges, tell->v, it.n_ranges * sizeof(it.ranges[0]));
	link_frame_item_put(&l->out, &it);
	serial_set_shift(tell, it.n_ranges);
}

static void
put_refusals(struct link *l, size_t limit)
{
	size_t i;

	for (i = 0; i < l->rx.n_refusals; i++) {
		struct frame_item it = { .type = ITEM_REFUSE, .serial = l->rx.refusals[i].serial };

		memcpy(it.why, l->rx.refusals[i].why, sizeof(it.why));
		if (l->out.n + link_frame_item_size(&it) > limit)
			break;
		link_frame_item_put(&l->out, &it);
	}
	link_recv_told(&l->rx, i);
}

static void
put_probes(struct link *l)
{
	struct link_session *s = &l->s;
	struct frame_item it = { .type = ITEM_PROBE_REPLY };

	if (s->reply_due) {
		it.time = s->reply_time;
		it.peer_time = l->now > 0 ? (uint64_t)l->now : 0;
		link_frame_item_put(&l->out, &it);
		s->reply_due = false;
	}
	if (s->probe_due || s->low_due) {
		it.type = ITEM_STREAM;
		it.low = l->q.low;
		it.whole = s->tx_whole;
		link_frame_item_put(&l->out, &it);
		s->low_due = false;
	}
}

static bool
ack_is_due(const struct link *l)
{
	return l->s.acks_owed > 0 && (!l->slow || l->s.acks_owed >= 2 || l->mono >= l->s.ack_at);
}

/* Counts a frame just built against line and window, and hands it out. */
static void
send_built(struct link *l, bool parcels, bool reserved, bool probe)
{
	struct link_session *s = &l->s;

	s->tx_frame++;
	if (l->conf.rate_bps > 0) {
		int64_t takes = (int64_t)((uint64_t)l->out.n * 8000 / l->conf.rate_bps);

		s->line_free = (s->line_free > l->mono ? s->line_free : l->mono) + takes;
	} else {
		s->line_free = l->mono;
	}
	if (parcels)
		flight_add(l, (struct link_flight){ .number = s->tx_frame, .bytes = l->out.n, .left = s->line_free,
		    .reserved = reserved });
	if (probe) {
		s->probe_due = false;
		s->probe_out = true;
		s->probe_at = l->mono;
		s->probe_left = s->line_free;
	}
	if ((parcels || probe) && s->wait_since < 0)
		s->wait_since = l->mono;
	link_emit(l, s->conn, &l->out);
}

bool
link_send_frame(struct link *l)
{
	struct link_session *s = &l->s;
	struct frame_head head = { .type = FRAME_DATA, .to = s->peer, .number = s->tx_frame + 1 };
	size_t limit = link_send_fragment(l), window = link_send_window(l), bare, room;
	bool parcels = false, reserved = false, probe = s->probe_due, ack = ack_is_due(l);

	assert(l->state == LINK_UP && limit <= LINK_FRAME_MAX && limit <= window / 2);
	buf_clear(&l->out);
	link_frame_head_put(&l->out, &head);
	if (s->acks_owed > 0) {
		struct frame_item it = { .type = ITEM_RECV, .number = s->rx_frame };

		it.delay = (uint64_t)(l->mono - s->rx_at);
		link_frame_item_put(&l->out, &it);
	}
	bare = l->out.n;
	put_probes(l);
	if (probe) {
		struct frame_item it = { .type = ITEM_PROBE };

		it.time = s->probe_time = l->now > 0 ? (uint64_t)l->now : 0;
		link_frame_item_put(&l->out, &it);
	}
	put_custody(l, limit);
	put_refusals(l, limit);
	/* A frame somewhat smaller than it could be rather than an idle line. */
	room = s->in_flight < window ? window - s->in_flight : 0;
	if (room >= limit / 2) {
		parcels = put_parcels(l, room < limit ? room : limit, false);
		if (link_queue_first(&l->q) == NULL)
			parcels = put_notes(l, room < limit ? room : limit) || parcels;
	} else if (!s->reserved_out) {
		reserved = parcels = put_parcels(l, limit, true);
	}
	if (l->out.n == bare && !ack)
		return false;
	s->acks_owed = 0;
	send_built(l, parcels, reserved, probe);
	assert(reserved || s->in_flight <= window || !parcels);
	return true;
}
