/*
 * Sessions of one link: HELLO, what each frame does, and the end.
 *
 * The initiator has one session at a time; the responder keeps up to LINK_PENDINGS offers beside its present
 * session and changes over when a frame proves that the offer's initiator has our answer.  Nothing a stale HELLO,
 * a copy, or a frame of a dead session says takes effect, because no live peer will answer to the nonce in it.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../formats/i18n.h"
#include "link_int.h"

#define SETTLED 5000		/* ms a session lasted for its break to be met with a try at once */

static void
send_reset(struct link *l, uint64_t conn, uint64_t to, uint64_t mine, uint64_t yours, const char *why)
{
	struct frame_head head = { .type = FRAME_RESET, .to = to };
	struct frame_reset body = { .mine = mine, .yours = yours };

	(void)snprintf(body.why, sizeof(body.why), "%s", why);
	buf_clear(&l->out);
	link_frame_head_put(&l->out, &head);
	link_frame_reset_put(&l->out, &body);
	link_emit(l, conn, &l->out);
}

void
link_hello_send(struct link *l, uint64_t conn, uint64_t to, uint64_t mine, uint64_t peer_epoch, uint64_t peer_low)
{
	struct frame_head head = { .type = FRAME_HELLO, .to = to };
	struct frame_hello h = { .nonce = mine, .version_min = LINK_PROTO_MIN, .version_max = l->conf.version_max };

	(void)snprintf(h.station, sizeof(h.station), "%s", l->conf.self);
	h.epoch = l->conf.epoch;
	h.low = l->q.low;
	h.next = l->q.next;
	link_recv_report(&l->rx, peer_epoch, peer_low, &h);
	buf_clear(&l->out);
	link_frame_head_put(&l->out, &head);
	link_frame_hello_put(&l->out, &h);
	link_emit(l, conn, &l->out);
}

void
link_session_end(struct link *l, const char *why, bool tell)
{
	bool settled;

	assert(l->state == LINK_UP);
	settled = l->mono - l->s.began >= SETTLED;
	if (tell)
		send_reset(l, l->s.conn, l->s.peer, l->s.mine, l->s.peer, why);
	link_send_end(l);
	if (l->conf.initiator) {
		link_drop_transport(l);
		l->quick_tries = LINK_QUICK_TRIES;
		link_plan_try(l, settled && tell);
	}
	link_enter(l, LINK_IDLE, why);
}

static void
custody(struct link *l, uint64_t serial)
{
	struct parcel *p = link_queue_by_serial(&l->q, serial);
	uint64_t token;

	if (p == NULL)
		return;
	token = p->token;
	link_send_forget(l, p);
	link_queue_done(&l->q, p);
	l->ops->custody(l->ctx, token);
}

static void
custody_range(struct link *l, uint64_t first, uint64_t end)
{
	if (first < l->q.low)
		first = l->q.low;
	if (end > l->q.next)
		end = l->q.next;
	for (uint64_t s = first; s < end; s++)
		custody(l, s);
}

/* What the peer's HELLO says it holds of ours. */
static void
apply_held(struct link *l, const struct frame_hello *h)
{
	uint64_t end = h->cum + 1;

	if (h->held_epoch != l->conf.epoch)
		return;
	if (h->n_ranges > 0)
		end = h->ranges[h->n_ranges - 1].first + h->ranges[h->n_ranges - 1].count;
	if (end > l->q.next)
		return;		/* claims what was never sent: believe none of it, send all again */
	custody_range(l, 1, h->cum + 1);
	for (size_t i = 0; i < h->n_ranges; i++)
		custody_range(l, h->ranges[i].first, h->ranges[i].first + h->ranges[i].count);
	for (size_t i = 0; i < h->n_partials; i++) {
		struct parcel *p = link_queue_by_serial(&l->q, h->partials[i].serial);

		if (p != NULL && h->partials[i].bytes < p->bytes)
			p->sent = (size_t)h->partials[i].bytes;
	}
}

static void
session_begin(struct link *l, uint64_t mine, uint64_t conn, const struct frame_hello *h)
{
	assert(l->state != LINK_UP && l->s.flight == NULL);
	memset(&l->s, 0, sizeof(l->s));
	l->s.mine = mine;
	l->s.peer = h->nonce;
	l->s.conn = conn;
	l->s.version = h->version_max < l->conf.version_max ? (unsigned)h->version_max : l->conf.version_max;
	l->s.began = l->mono;
	l->last_heard = l->now;
	l->sessions++;
	l->misfit = false;
	link_send_begin(l);
	link_recv_session(&l->rx, h->epoch, h->low);
	link_queue_rewind(&l->q);
	link_enter(l, LINK_UP, N_("session established"));
	apply_held(l, h);
}

/* Why there can be no session with the sender of this HELLO; NULL: there can. */
static const char *
unfit(struct link *l, const struct frame_hello *h, char *why, size_t size)
{
	if (strcmp(h->station, l->conf.peer) != 0) {
		(void)snprintf(why, size, "station is %s, expected %s", h->station, l->conf.peer);
		return why;
	}
	if (h->version_min > l->conf.version_max || h->version_max < LINK_PROTO_MIN) {
		(void)snprintf(why, size, "no common version: peer %d-%d, here %d-%d", (int)(h->version_min & 0xffff),
		    (int)(h->version_max & 0xffff), LINK_PROTO_MIN, (int)l->conf.version_max);
		return why;
	}
	return NULL;
}

/* Initiator: the answer to our HELLO. */
static void
hello_answered(struct link *l, const struct frame_head *head, const struct frame_hello *h)
{
	char text[FRAME_WHY_MAX];
	const char *why;

	if (l->state != LINK_CONNECTING || l->hello_nonce == 0 || head->to != l->hello_nonce)
		return;
	if ((why = unfit(l, h, text, sizeof(text))) != NULL) {
		l->misfit = true;
		link_try_failed(l, why);
		return;
	}
	session_begin(l, l->hello_nonce, l->conn, h);
}

/* Responder: the session offered waits beside the present one until a frame proves that its initiator lives. */
static void
hello_offered(struct link *l, uint64_t conn, const struct frame_head *head, const struct frame_hello *h)
{
	struct link_pending *p = NULL;
	char text[FRAME_WHY_MAX];
	const char *why;

	if (head->to != 0)
		return;
	if ((why = unfit(l, h, text, sizeof(text))) != NULL) {
		send_reset(l, conn, h->nonce, 0, h->nonce, why);
		if (strcmp(why, l->why) != 0)
			link_enter(l, l->state, why);
		return;
	}
	if (l->state == LINK_UP && l->s.peer == h->nonce)
		return;		/* a copy of the one this session began with */
	if (l->pending == NULL)
		l->pending = xcalloc(LINK_PENDINGS, sizeof(*l->pending));
	for (size_t i = 0; i < LINK_PENDINGS; i++) {
		struct link_pending *c = &l->pending[i];

		if (c->order != 0 && c->hello.nonce == h->nonce) {
			p = c;
			break;
		}
		if (p == NULL || c->order < p->order)
			p = c;
	}
	if (p->order == 0 || p->hello.nonce != h->nonce) {
		p->mine = link_nonce(l);
		p->order = ++l->pending_order;
		p->hello = *h;
	}
	p->conn = conn;
	link_hello_send(l, conn, h->nonce, p->mine, h->epoch, h->low);
}

static struct link_pending *
pending_of(struct link *l, uint64_t nonce)
{
	for (size_t i = 0; l->pending != NULL && i < LINK_PENDINGS; i++) {
		if (l->pending[i].order != 0 && l->pending[i].mine == nonce)
			return &l->pending[i];
	}
	return NULL;
}

void
link_offers_drop(struct link *l, uint64_t order)
{
	bool any = false;

	for (size_t i = 0; l->pending != NULL && i < LINK_PENDINGS; i++) {
		if (l->pending[i].order <= order)
			l->pending[i].order = 0;
		any = any || l->pending[i].order != 0;
	}
	if (!any) {
		free(l->pending);
		l->pending = NULL;
	}
}

static void
pending_confirmed(struct link *l, const struct link_pending *p)
{
	struct link_pending c = *p;

	link_offers_drop(l, c.order);
	if (l->state == LINK_UP)
		link_session_end(l, N_("the peer began a new session"), false);
	session_begin(l, c.mine, c.conn, &c.hello);
}

static void
hand_up(struct link *l, uint64_t serial, const void *p, size_t n)
{
	l->ops->received(l->ctx, link_recv_handle(&l->rx, serial), p, n);
}

static void
on_parcel(struct link *l, const struct frame_item *it)
{
	l->s.rx_whole++;
	if (link_recv_parcel(&l->rx, it->serial))
		hand_up(l, it->serial, it->p, it->n);
}

static void
on_fragment(struct link *l, const struct frame_item *it)
{
	struct buf whole = { 0 };

	if (it->offset + it->n == it->total)
		l->s.rx_whole++;
	if (link_recv_fragment(&l->rx, it, &whole)) {
		hand_up(l, it->serial, whole.p, whole.n);
		buf_free(&whole);
	}
}

static void
on_custody(struct link *l, const struct frame_item *it)
{
	for (size_t i = 0; i < it->n_ranges; i++)
		custody_range(l, it->ranges[i].first, it->ranges[i].first + it->ranges[i].count);
}

static void
on_recv(struct link *l, const struct frame_item *it)
{
	if (!link_send_acked(l, it->number, it->delay))
		link_session_end(l, N_("the peer acknowledges what was not sent"), true);
}

static void
on_refuse(struct link *l, const struct frame_item *it)
{
	struct parcel *p = link_queue_by_serial(&l->q, it->serial);
	uint64_t token;

	if (p == NULL)
		return;
	token = p->token;
	link_send_forget(l, p);
	link_queue_refuse(&l->q, p, l->mono + LINK_REOFFER_AFTER);
	l->s.low_due = true;	/* its serial is void: the peer need not keep a gap for it */
	l->ops->refused(l->ctx, token, it->why);
}

static void
on_probe(struct link *l, const struct frame_item *it)
{
	l->s.reply_due = true;
	l->s.reply_time = it->time;
}

static void
on_probe_reply(struct link *l, const struct frame_item *it)
{
	link_send_probed(l, it->time, it->peer_time);
}

static void
on_stream(struct link *l, const struct frame_item *it)
{
	if (it->whole != l->s.rx_whole)
		link_session_end(l, N_("parcels are missing from the stream"), true);
	else
		link_recv_low(&l->rx, it->low);
}

static void
on_note(struct link *l, const struct frame_item *it)
{
	struct buf *in = &l->s.note_in;
	struct buf whole;

	if (l->s.version < 2 || in->n + it->n + it->left > LINK_NOTE_MAX) {
		link_session_end(l, N_("a note that was not agreed on"), true);
		return;
	}
	buf_put(in, it->p, it->n);
	if (it->left > 0)
		return;
	whole = *in;
	memset(in, 0, sizeof(*in));
	l->ops->note(l->ctx, whole.p, whole.n);
	buf_free(&whole);
}

static void
frame_data(struct link *l, const struct frame_head *head, struct reader *r)
{
	static void (*const on[])(struct link *, const struct frame_item *) = {
		[ITEM_PARCEL] = on_parcel,
		[ITEM_FRAGMENT] = on_fragment,
		[ITEM_CUSTODY] = on_custody,
		[ITEM_RECV] = on_recv,
		[ITEM_REFUSE] = on_refuse,
		[ITEM_PROBE] = on_probe,
		[ITEM_PROBE_REPLY] = on_probe_reply,
		[ITEM_STREAM] = on_stream,
		[ITEM_NOTE] = on_note,
	};
	struct frame_item it;
	bool parcels = false;

	if (head->number <= l->s.rx_frame)
		return;
	if (head->number != l->s.rx_frame + 1) {
		link_session_end(l, N_("a frame was lost"), true);
		return;
	}
	if (!link_frame_items_valid(*r)) {
		link_session_end(l, N_("a frame cannot be decoded"), true);
		return;
	}
	l->s.rx_frame = head->number;
	l->s.rx_at = l->mono;
	while (l->state == LINK_UP && link_frame_item_get(r, &it) == 1) {
		parcels = parcels || it.type == ITEM_PARCEL || it.type == ITEM_FRAGMENT || it.type == ITEM_NOTE;
		on[it.type](l, &it);
	}
	if (l->state == LINK_UP && l->rx.overflow)
		link_session_end(l, N_("too many refusals at once"), true);
	if (l->state == LINK_UP && parcels && l->s.acks_owed++ == 0)
		l->s.ack_at = l->mono + LINK_ACK_WAIT;
}

/* A RESET counts only for the session whose nonces it names; those of dead sessions change nothing. */
static void
frame_reset(struct link *l, struct reader *r)
{
	struct frame_reset x;
	char why[FRAME_WHY_MAX + 32];

	if (!link_frame_reset_get(r, &x))
		return;
	(void)snprintf(why, sizeof(why), "reset by peer: %s", x.why);
	if (l->state == LINK_UP && x.mine == l->s.peer && (x.yours == 0 || x.yours == l->s.mine)) {
		bool settled = l->mono - l->s.began >= SETTLED;

		link_session_end(l, why, false);
		if (l->conf.initiator && settled)
			l->retry_at = l->mono;
	} else if (l->state == LINK_CONNECTING && l->hello_nonce != 0 && x.yours == l->hello_nonce) {
		l->misfit = true;	/* only a HELLO that does not fit is answered so */
		link_try_failed(l, why);
	}
}

static void
frame_unknown(struct link *l, uint64_t conn, const struct frame_head *head)
{
	if (head->type != FRAME_DATA || l->mono - l->reset_at < LINK_RESET_EVERY)
		return;
	l->reset_at = l->mono;
	send_reset(l, conn, 0, head->to, 0, "no such session");
}

void
link_frame(struct link *l, int64_t now, uint64_t conn, const void *p, size_t n)
{
	struct reader r = reader_of(p, n);
	struct frame_head head;
	struct link_pending *pending;

	link_time(l, now);
	if (!l->started || n > LINK_FRAME_MAX || !link_frame_head_get(&r, &head))
		return;
	if (head.type == FRAME_HELLO) {
		struct frame_hello h;

		if (!link_frame_hello_get(&r, &h))
			return;
		if (l->conf.initiator)
			hello_answered(l, &head, &h);
		else
			hello_offered(l, conn, &head, &h);
		return;
	}
	if (head.type == FRAME_RESET) {
		frame_reset(l, &r);
		return;
	}
	pending = head.type == FRAME_DATA ? pending_of(l, head.to) : NULL;
	if (pending != NULL)
		pending_confirmed(l, pending);
	if (l->state != LINK_UP || head.to != l->s.mine) {
		frame_unknown(l, conn, &head);
		return;
	}
	l->s.heard = l->mono;
	l->last_heard = l->now;
	if (head.type == FRAME_DATA)
		frame_data(l, &head, &r);
	else
		link_session_end(l, N_("the peer closes down"), false);
}

