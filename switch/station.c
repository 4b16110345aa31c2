/*
 * The station: life and turns.
 *
 * A turn is: inputs, which write to the journal and put what the world may learn of it behind a gate; COMMIT; release.
 * Only station_committed() opens the gate, so "acknowledge after COMMIT" is one line of code in one place, and a failed
 * COMMIT, whose outcome nobody knows, releases nothing.
 */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "../formats/i18n.h"
#include "incident.h"
#include "log.h"
#include "station_int.h"

#define REOFFER_DEFAULT 600000
#define SWEEP_EVERY 30000

/* ---- small lists ---- */

void
idlist_add(struct idlist *l, const struct msgid *id)
{
	for (size_t i = l->n; i > 0; i--) /* the newest are the likeliest */
		if (msgid_cmp(&l->v[i - 1], id) == 0)
			return;
	if (l->n == l->cap) {
		l->cap = l->cap == 0 ? 16 : l->cap * 2;
		l->v = xreallocarray(l->v, l->cap, sizeof *l->v);
	}
	l->v[l->n++] = *id;
}

static void
gates_add(struct gates *gs, const struct gate *g)
{
	if (gs->n == gs->cap) {
		gs->cap = gs->cap == 0 ? 32 : gs->cap * 2;
		gs->g = xreallocarray(gs->g, gs->cap, sizeof *gs->g);
	}
	gs->g[gs->n++] = *g;
}

static void
gates_clear(struct gates *gs)
{
	for (size_t i = 0; i < gs->n; i++)
		free(gs->g[i].fault);
	gs->n = 0;
}

void
station_gate(struct station *s, const struct gate *g)
{
	gates_add(&s->open, g);
}

void
station_changed(struct station *s, const struct msgid *incident)
{
	if (msgid_is_set(incident))
		idlist_add(&s->changed, incident);
	s->push = true;
}

void
station_actor(struct station *s, const char *seat, const char *terminal)
{
	snprintf(s->actor, sizeof s->actor, "%s", seat);
	snprintf(s->terminal, sizeof s->terminal, "%s", terminal);
}

const char *
station_who(const struct station *s, const char *who, char *buf, size_t size)
{
	if (who == NULL || *s->terminal == '\0' || strcmp(who, s->actor) != 0)
		return who != NULL ? who : "";
	snprintf(buf, size, "%s@%s", who, s->terminal);
	return buf;
}

void
station_audit(struct station *s, int64_t now, int what, const struct msgid *id, const char *detail, const char *who,
    const uint8_t *digest)
{
	static const uint8_t none[DIGEST_LEN];
	char ref[192], text[MSGID_TEXT_MAX] = "", at[128];

	if (id != NULL)
		msgid_format(id, text, sizeof text);
	snprintf(ref, sizeof ref, "%s%s%s", text, *text != '\0' && *detail != '\0' ? " " : "", detail);
	s->j->ops->chain_add(s->j, now, what, ref, station_who(s, who, at, sizeof at), digest != NULL ? digest : none);
	s->wrote = true;
}

/* ---- life ---- */

static int
open_epoch(struct station *s, int64_t now, struct fault *f)
{
	char val[32], *end;
	uint64_t last = 0;
	int rc = s->j->ops->meta_get(s->j, "epoch", val, sizeof val);

	if (rc == -1)
		return fault_set(f, EX_IOERR, "epoch", _("the journal cannot be read"));
	if (rc == 0)
		last = strtoull(val, &end, 10);
	s->epoch = now / 1000 > 0 ? (uint64_t)(now / 1000) : 1;
	if (s->epoch <= last)
		s->epoch = last + 1;
	if (s->epoch <= line_above(s)) /* given back to us, from a life whose clock stood ahead */
		s->epoch = line_above(s) + 1;
	snprintf(val, sizeof val, "%" PRIu64, s->epoch);
	if (s->j->ops->meta_set(s->j, "epoch", val) != 0 || s->j->ops->meta_set(s->j, "station", s->conf.self) != 0)
		return fault_set(f, EX_IOERR, "epoch", _("the journal cannot be written"));
	station_audit(s, now, CHAIN_EPOCH, NULL, val, s->conf.self, NULL);
	return 0;
}

struct station *
station_new(const struct station_conf *conf, struct journal *j, int64_t now, const struct station_ops *ops, void *ctx,
    struct fault *f)
{
	struct station *s = xcalloc(1, sizeof *s);
	char owner[STATION_MAX];

	s->conf = *conf;
	s->j = j;
	s->ops = ops;
	s->ctx = ctx;
	s->last_now = now;
	if (s->conf.reoffer <= 0)
		s->conf.reoffer = REOFFER_DEFAULT;
	if (j->ops->meta_get(j, "station", owner, sizeof owner) == 0 && strcmp(owner, conf->self) != 0) {
		fault_set(
		    f, EX_CONFIG, "station", _("the journal belongs to station %s, not to %s"), owner, conf->self);
		goto fail;
	}
	if (open_epoch(s, now, f) == -1)
		goto fail;
	s->room = PREC_ROUTINE;
	line_open(s, now);
	station_build_links(s, now);
	line_prepare(s, now); /* the caller commits this at once */
	s->next_sweep = now + SWEEP_EVERY;
	s->sweep_all = true;
	return s;
fail:
	station_free(s);
	return NULL;
}

void
station_free(struct station *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < s->nlinks; i++)
		slink_free(s->links[i]);
	free(s->links);
	gates_clear(&s->open);
	gates_clear(&s->committing);
	free(s->open.g);
	free(s->committing.g);
	free(s->changed.v);
	deliver_free(s);
	turn_free(s);
	originals_free(s->originals);
	presences_free(s->presences);
	lines_free(s->lines);
	offers_free(s);
	duty_book_free(s->duty);
	free(s);
}

void
station_start(struct station *s, int64_t now)
{
	s->last_now = now;
	s->started = true;
	for (size_t i = 0; i < s->nlinks; i++)
		link_start(s->links[i]->link, now);
}

void
station_stop(struct station *s, int64_t now)
{
	s->last_now = now;
	s->started = false;
	for (size_t i = 0; i < s->nlinks; i++)
		link_stop(s->links[i]->link, now);
}

void
station_reload(struct station *s, int64_t now, const struct topology *t)
{
	s->last_now = now;
	s->conf.topology = t;
	station_audit(s, now, CHAIN_ADMIN, NULL, "topology", s->conf.self, NULL);
	station_build_links(s, now);
	s->push = true;
}

/* ---- network ---- */

void
station_connected(struct station *s, int64_t now, const char *peer, uint64_t conn)
{
	struct slink *l = station_link(s, peer);

	s->last_now = now;
	if (l != NULL)
		link_connected(l->link, now, conn);
}

void
station_disconnected(struct station *s, int64_t now, const char *peer, uint64_t conn)
{
	struct slink *l = station_link(s, peer);

	s->last_now = now;
	if (l != NULL)
		link_disconnected(l->link, now, conn);
}

void
station_frame(struct station *s, int64_t now, const char *peer, uint64_t conn, const void *frame, size_t len)
{
	struct slink *l = station_link(s, peer);

	s->last_now = now;
	if (l != NULL)
		link_frame(l->link, now, conn, frame, len);
}

/* ---- the turn ---- */

bool
station_dirty(const struct station *s)
{
	return s->wrote || s->open.n > 0 || s->arrived.n > 0 || s->changed.n > 0;
}

bool
station_can_wait(const struct station *s)
{
	struct link_status st;

	if (!s->wrote || s->open.n > 0 || s->arrived.n > 0 || s->changed.n > 0 || s->nconcluded > 0)
		return false;
	for (size_t i = 0; i < s->nlinks; i++) {
		link_status(s->links[i]->link, &st);
		for (int p = PREC_FLASH; p <= PREC_ROUTINE; p++)
			if (st.state == LINK_UP && st.queued[p] > 0)
				return false; /* what has just passed may have made room for it */
	}
	return true;
}

void
station_prepare(struct station *s, int64_t now)
{
	struct gates empty = {0};

	s->last_now = now;
	station_deliver(s, now);
	station_cache(s, now);
	line_prepare(s, now);
	assert(s->committing.n == 0); /* one commit at a time */
	gates_clear(&s->committing);
	free(s->committing.g);
	s->committing = s->open;
	s->open = empty;
}

void
station_committed(struct station *s, int64_t now, bool ok)
{
	struct gates gs = s->committing;

	s->last_now = now;
	memset(&s->committing, 0, sizeof s->committing);
	s->wrote = false;
	if (ok)
		line_committed(s, now);
	for (size_t i = 0; ok && i < gs.n; i++) {
		const struct gate *g = &gs.g[i];
		struct slink *l;

		switch (g->kind) {
		case GATE_REPLY:
			s->ops->reply(s->ctx, g->handle, msgid_is_set(&g->id) ? &g->id : NULL, g->duplicate, g->fault);
			break;
		case GATE_CUSTODY:
			if ((l = station_link(s, g->peer)) != NULL)
				link_custody(l->link, now, g->handle);
			break;
		case GATE_REFUSE:
			if ((l = station_link(s, g->peer)) != NULL)
				link_refuse(l->link, now, g->handle, g->why);
			break;
		case GATE_ENQUEUE:
			station_enqueue(s, now, g->peer, g->handle, g->precedence, g->bytes);
			break;
		}
	}
	turn_forget(s);
	gates_clear(&gs);
	free(gs.g);
}

void
station_flush(struct station *s, int64_t now)
{
	s->last_now = now;
	line_flush(s, now);
	for (size_t i = 0; i < s->nlinks; i++)
		link_flush(s->links[i]->link, now);
	if (s->push && !s->wrote) {
		s->push = false;
		s->ops->push(s->ctx, station_revision(s));
	}
}

void
station_tick(struct station *s, int64_t now)
{
	s->last_now = now;
	for (size_t i = 0; i < s->nlinks; i++)
		link_tick(s->links[i]->link, now);
	line_tick(s, now);
	presence_tick(s, now);
	offer_tick(s, now);
}

int64_t
station_wake(const struct station *s)
{
	int64_t t = offer_wake(s), lines = line_wake(s), presence = presence_wake(s);

	if (lines < t)
		t = lines;
	if (presence < t)
		t = presence;
	for (size_t i = 0; i < s->nlinks; i++) {
		int64_t w = link_wake(s->links[i]->link);

		if (w < t)
			t = w;
	}
	return t;
}
