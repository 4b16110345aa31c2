/*
 * What is handed over once more: under its number to a neighbour that lacks it, and back to one that has lost what it
 * had sent; and what may be taken back here.
 *
 * Giving back waits until the queue to the neighbour is short, and goes behind everything else.  How far it has come
 * is kept in the journal; what was given back and is lost again, by a second restore, has a number like any parcel.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "log.h"
#include "seal.h"
#include "station_line.h"

#define GIVE_BATCH 64
#define GIVE_SCAN 4096
#define GIVE_EVERY 1000
#define GIVE_LATER 5000
#define AHEAD_MOST (UINT64_C(32) * 86400) /* an epoch so far above ours is no clock that stood ahead */
#define ABOVE_KEY "epoch.above"

/* ---- giving again, giving back ---- */

/* It lies below a station where the message has been, and the neighbour does not: from there it would only be led back. */
static bool
lies_behind(const struct envelope *e, const char *to, const char *peer)
{
	for (size_t i = 0; i < e->nhops; i++)
		if (station_under(to, e->hops[i]) && !station_under(peer, e->hops[i]))
			return true;
	return false;
}

/*
 * Addressees of the message whose way begins with this neighbour, those too who have had it: a relay that hands it on
 * again has a number for it again, under which its own next may ask for it when that one's disk burns too.  True when
 * somebody may be waiting for it.
 */
static bool
addressees(struct station *s, const struct line_peer *lp, const struct msgid *id, const struct body *b,
    struct envelope *e)
{
	static const uint32_t keys[] = {F_TO, F_CC};
	struct journal_delivery d;
	bool open = strcmp(id->origin, s->conf.self) != 0;

	for (size_t k = 0; k < 2; k++)
		for (const struct value *v = body_first(b, keys[k]); v != NULL; v = body_next(b, v)) {
			const char *to = v->u.text.s;
			const struct neighbour *n = NULL;

			if (e->nto == ENVELOPE_TO_MAX)
				return open;
			if (strcmp(to, lp->peer) != 0 &&
			    (strcmp(to, s->conf.self) == 0 || lies_behind(e, to, lp->peer) ||
				(n = route_next(s->conf.topology, to, (const char(*)[STATION_MAX])e->hops,
				     e->nhops)) == NULL ||
				strcmp(n->station, lp->peer) != 0))
				continue;
			open = open || s->j->ops->delivery_get(s->j, id, to, &d) != 0 || d.state == DLV_OPEN ||
			    d.state == DLV_CUSTODY;
			envelope_add_to(e, to);
		}
	return open && e->nto > 0;
}

bool
line_offer(struct station *s, struct line_peer *lp, const struct msgid *id, uint64_t stream, uint64_t serial,
    bool back)
{
	struct body *b = NULL;
	struct journal_msg m;
	struct envelope e;
	struct fault f;
	bool done = false, open = false;

	memset(&m, 0, sizeof m);
	memset(&e, 0, sizeof e);
	if (s->j->ops->get_message(s->j, id, &m) != 0 || m.body.n == 0 ||
	    (b = wire_decode(m.body.p, m.body.n, &f)) == NULL)
		goto out;
	e.given_back = back || strcmp(id->origin, lp->peer) == 0;
	if (!e.given_back && strcmp(id->origin, s->conf.self) != 0)
		(void)envelope_add_hop(&e, id->origin);
	/* What of its way is still known: the neighbour it came from must not get it from above as if it were forged. */
	if (!e.given_back && strcmp(m.from, s->conf.self) != 0 && strcmp(m.from, id->origin) != 0 &&
	    strcmp(m.from, lp->peer) != 0)
		(void)envelope_add_hop(&e, m.from);
	(void)envelope_add_hop(&e, s->conf.self);
	e.hop_ms[e.nhops - 1] = m.stored;
	if (e.given_back)
		envelope_add_to(&e, lp->peer);
	else
		open = addressees(s, lp, id, b, &e);
	station_parcel(s, &m, lp->peer, open ? m.precedence : PREC_ROUTINE, &e, stream, serial);
	done = true;
out:
	body_free(b);
	envelope_free(&e);
	buf_free(&m.body);
	return done;
}

struct giving {
	const char *peer;
	struct msgid ids[GIVE_BATCH];
	size_t n, seen;
	uint64_t upto;
};

static int
give_one(void *ctx, const struct journal_line *row, const struct journal_passage *p)
{
	struct giving *g = ctx;

	(void)row;
	if (g->n == GIVE_BATCH || g->seen == GIVE_SCAN)
		return 1;
	g->seen++;
	g->upto = p->serial;
	if (strcmp(p->id.origin, g->peer) == 0)
		g->ids[g->n++] = p->id;
	return 0;
}

static size_t
queued(const struct slink *sl)
{
	struct link_status st;
	size_t n = 0;

	link_status(sl->link, &st);
	for (size_t i = 1; i < sizeof st.queued / sizeof st.queued[0]; i++)
		n += st.queued[i];
	return n;
}

/* Hands back from one stream; false: there is nothing of it. */
static bool
give_stream(struct station *s, int64_t now, struct line_peer *lp, struct line *ln)
{
	struct giving *g;
	char text[160], val[48];
	uint64_t first = (ln->lost_after > ln->gave ? ln->lost_after : ln->gave) + 1;
	size_t given = 0;

	if (!ln->lost || first > ln->row.last)
		return false;
	g = xcalloc(1, sizeof *g);
	g->peer = lp->peer;
	s->j->ops->passage_each(s->j, lp->peer, false, ln->row.stream, first, INT64_MAX, give_one, g);
	for (size_t i = 0; i < g->n; i++)
		given += line_offer(s, lp, &g->ids[i], 0, 0, true);
	ln->gave = g->n == GIVE_BATCH || g->seen == GIVE_SCAN ? g->upto : ln->row.last;
	snprintf(text, sizeof text, "line.gave.%s.%" PRIu64, lp->peer, ln->row.stream);
	snprintf(val, sizeof val, "%" PRIu64 " %" PRIu64, ln->gave, ln->gave_after);
	s->j->ops->meta_set(s->j, text, val);
	s->wrote = true;
	if (given > 0) {
		snprintf(text, sizeof text, "gave back %s %" PRIu64 ":%" PRIu64 "-%" PRIu64 " n=%zu", lp->peer,
		    ln->row.stream, first, ln->gave, given);
		station_audit(s, now, CHAIN_ADMIN, NULL, text, lp->peer, NULL);
		log_event(LOG_LV_WARN, "give_back",
		    "station=%s peer=%s stream=%" PRIu64 " first=%" PRIu64 " last=%" PRIu64 " n=%zu", s->conf.self,
		    lp->peer, ln->row.stream, first, ln->gave, given);
	}
	free(g);
	return true;
}

void
line_give(struct station *s, int64_t now, struct line_peer *lp)
{
	struct slink *sl = station_link(s, lp->peer);

	lp->give_at = -1;
	if (sl == NULL || link_version(sl->link) < 2)
		return; /* its next STATE finds the same */
	if (queued(sl) >= GIVE_BATCH) {
		lp->give_at = s->lines->mono + GIVE_LATER;
		return;
	}
	for (size_t i = 0; i < lp->nin; i++)
		if (give_stream(s, now, lp, &lp->in[i])) {
			lp->give_at = s->lines->mono + GIVE_EVERY;
			return;
		}
}

uint64_t
line_above(const struct station *s)
{
	char val[32];

	return s->j->ops->meta_get(s->j, ABOVE_KEY, val, sizeof val) == 0 ? strtoull(val, NULL, 10) : 0;
}

void
line_restored(struct station *s, const struct msgid *id)
{
	char val[32];

	if (id->epoch <= s->epoch || id->epoch <= line_above(s))
		return;
	snprintf(val, sizeof val, "%" PRIu64, id->epoch);
	s->j->ops->meta_set(s->j, ABOVE_KEY, val);
	s->wrote = true;
}

/*
 * Whoever is enrolled can write our code into an id: only the seal says that we wrote it (seal.h), and what this journal never lost it
 * holds, or its tombstone.  An epoch above ours can be lost too: the clock stood ahead in that life; the next start goes above it
 * (line_above()).
 */
bool
line_restores(const struct station *s, const struct envelope *e, const struct msgid *id, const struct body *b)
{
	if (!e->given_back || strcmp(id->origin, s->conf.self) != 0 || !msgid_valid(id) || id->epoch == s->epoch ||
	    (id->epoch > s->epoch && id->epoch - s->epoch > AHEAD_MOST))
		return false;
	return seal_holds(s->conf.seal, b);
}
