/*
 * Lines: continuous numbers a neighbour, and what the two ends tell each other about them.
 *
 * A link's own serials live as long as a session and repair what a connection loses.  These numbers live in the
 * journal and show what a disk loses: a station that comes back with an old backup, a relay made afresh, a row that
 * is gone.  Every parcel gets the next number of its neighbour's stream when it is put into the outbox; the receiver
 * keeps what came under which number in the transaction that keeps the message.  Every start begins another stream,
 * so a number is never given twice, whatever is restored.
 *
 * Promises: nothing is told to a neighbour before it is committed (notes leave in line_flush() only); a note changes
 * nothing but what it says about the neighbour's own numbers; work and memory a neighbour can cause are bounded; a
 * note lost is said again by the timers.  What is kept in memory are ranges: a line without gaps is one of them.
 *
 * Leaves to others: storing what arrives (station_recv.c), other ways and what is returned (station_offer.c).
 */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../formats/i18n.h"
#include "log.h"
#include "station_line.h"

#define IDLE_DEFAULT 120000
#define DAY_BEGINS_DEFAULT (INT64_C(16) * 3600 * 1000)
#define RESEND_DEFAULT 30
#define STEP_FAR 3600000 /* ms; after a step of so much, ages say nothing for as long */
#define STEP_MOST 600000 /* ms; a larger step of the clock is not time passing */

void
lines_time(struct lines *l, int64_t now)
{
	int64_t step;

	if (!l->timed) {
		l->timed = true;
		l->stepped = l->mono;
		l->now = now;
		return;
	}
	if (__builtin_sub_overflow(now, l->now, &step))
		step = 0;
	l->now = now;
	if (step > 0 && step <= STEP_MOST)
		l->mono += step;
	else if (step >= STEP_FAR) {
		l->stepped = l->mono;
		l->step_from = now - step;
		l->step_by = step;
	}
}

int64_t
line_age(const struct station *s, int64_t now, int64_t since)
{
	const struct lines *l = s->lines;

	return now - since - (l != NULL && l->step_by > 0 && since <= l->step_from ? l->step_by : 0);
}

bool
line_clock_settled(const struct station *s)
{
	return s->lines == NULL || s->lines->mono - s->lines->stepped >= STEP_FAR;
}

int64_t
line_idle(const struct station *s)
{
	return s->conf.line_idle > 0 ? s->conf.line_idle : IDLE_DEFAULT;
}

int64_t
line_day(const struct station *s, int64_t now)
{
	int64_t begins = s->conf.day_begins != 0 ? s->conf.day_begins : DAY_BEGINS_DEFAULT, ms;

	if (__builtin_sub_overflow(now, begins, &ms))
		return 0;
	return ms / LINE_DAY - (ms % LINE_DAY < 0 ? 1 : 0);
}

/* ---- neighbours and their streams ---- */

struct line_peer *
line_peer_of(struct station *s, const char *peer, bool make)
{
	struct lines *l = s->lines;
	struct line_peer *lp;
	char key[96], val[32];

	if (l->hit < l->n && strcmp(l->p[l->hit]->peer, peer) == 0)
		return l->p[l->hit];
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->p[i]->peer, peer) == 0)
			return l->p[l->hit = i];
	if (!make)
		return NULL;
	lp = xcalloc(1, sizeof *lp);
	snprintf(lp->peer, sizeof lp->peer, "%s", peer);
	lp->give_at = -1;
	lp->day = lp->trim_day = INT64_MIN;
	lp->work = LINE_WORK;
	snprintf(key, sizeof key, "line.old.%s", peer);
	lp->old = s->j->ops->meta_get(s->j, key, val, sizeof val) == 0 && strcmp(val, "1") == 0;
	snprintf(key, sizeof key, "line.beyond.%s", peer);
	if (s->j->ops->meta_get(s->j, key, val, sizeof val) == 0)
		lp->beyond = strtoull(val, NULL, 10);
	if (l->n == l->cap) {
		l->cap = l->cap == 0 ? 16 : l->cap * 2;
		l->p = xreallocarray(l->p, l->cap, sizeof(*l->p));
	}
	l->p[l->n] = lp;
	l->hit = l->n++;
	return lp;
}

struct line *
line_find(struct line_peer *lp, bool out, uint64_t stream)
{
	struct line *v = out ? lp->out : lp->in;

	for (size_t i = out ? lp->nout : lp->nin; i > 0; i--) /* the newest is the likeliest */
		if (v[i - 1].row.stream == stream)
			return &v[i - 1];
	return NULL;
}

static struct line *
line_add(struct line_peer *lp, bool out)
{
	struct line **v = out ? &lp->out : &lp->in;
	size_t *n = out ? &lp->nout : &lp->nin;

	if ((*n & (*n - 1)) == 0)
		*v = xreallocarray(*v, *n == 0 ? 1 : *n * 2, sizeof **v);
	memset(&(*v)[*n], 0, sizeof **v);
	return &(*v)[(*n)++];
}

/* A stream begins: its row stands before the first passage of it. */
static struct line *
line_begin(struct station *s, struct line_peer *lp, bool out, uint64_t stream)
{
	struct line *ln = line_add(lp, out);

	snprintf(ln->row.peer, sizeof ln->row.peer, "%s", lp->peer);
	ln->row.out = out;
	ln->row.stream = stream;
	ln->loaded = true;
	ln->floor = 1;
	ln->gave_known = true;
	s->j->ops->line_put(s->j, &ln->row);
	s->wrote = true;
	return ln;
}

struct line *
line_new_in(struct station *s, struct line_peer *lp, uint64_t stream)
{
	if (lp->nin < LINE_STREAMS_MAX)
		return line_begin(s, lp, false, stream);
	log_event(LOG_LV_WARN, "line", "peer=%s why=\"too many streams\"", lp->peer);
	return NULL;
}

static void
line_free(struct line *ln)
{
	serial_set_free(&ln->waiting);
	serial_set_free(&ln->held);
	serial_set_free(&ln->missing);
	serial_set_free(&ln->again);
	serial_set_free(&ln->settled);
}

void
lines_free(struct lines *l)
{
	if (l == NULL)
		return;
	for (size_t i = 0; i < l->n; i++) {
		struct line_peer *lp = l->p[i];

		for (size_t k = 0; k < lp->nout; k++)
			line_free(&lp->out[k]);
		for (size_t k = 0; k < lp->nin; k++)
			line_free(&lp->in[k]);
		for (size_t k = 0; k < lp->nnotes; k++)
			buf_free(&lp->notes[k]);
		free(lp->out);
		free(lp->in);
		free(lp->passed);
		free(lp);
	}
	free(l->p);
	free(l->forget);
	free(l);
}

struct opening {
	struct station *s;
	int64_t now;
};

static int
open_row(void *ctx, const struct journal_line *row)
{
	struct opening *o = ctx;
	struct line_peer *lp;
	struct line *ln;
	int64_t kept = o->s->conf.resend_days * LINE_DAY;

	/* Agreed on to its end so long ago that nothing of it is kept: it is history. */
	if (row->closed >= row->last && row->closed_at != 0 && row->closed_at < o->now - kept - LINE_DAY)
		return 0;
	lp = line_peer_of(o->s, row->peer, true);
	if ((row->out ? lp->nout : lp->nin) >= LINE_STREAMS_MAX)
		return 0;
	ln = line_add(lp, row->out);
	ln->row = *row;
	if (row->out && row->closed_at != 0 && line_day(o->s, row->closed_at) > lp->day)
		lp->day = line_day(o->s, row->closed_at);
	return 0;
}

void
line_open(struct station *s, int64_t now)
{
	struct opening o = {s, now};

	assert(s->lines == NULL);
	s->lines = xcalloc(1, sizeof *s->lines);
	lines_time(s->lines, now);
	s->lines->look_at = line_idle(s);
	if (s->conf.resend_days <= 0)
		s->conf.resend_days = RESEND_DEFAULT;
	s->j->ops->line_each(s->j, open_row, &o);
}

static int
load_passage(void *ctx, const struct journal_line *row, const struct journal_passage *p)
{
	(void)row;
	serial_set_put(ctx, p->serial, p->serial);
	return 0;
}

void
line_load(struct station *s, struct line_peer *lp, struct line *ln)
{
	if (ln->loaded)
		return;
	ln->loaded = true;
	s->j->ops->passage_each(
	    s->j, lp->peer, false, ln->row.stream, ln->row.closed + 1, INT64_MAX, load_passage, &ln->held);
}

void
line_touch(struct station *s, struct line_peer *lp, struct line *ln)
{
	ln->dirty = lp->touched = s->lines->touched = true;
	s->wrote = true;
}

void
line_closed(struct line *ln, uint64_t upto)
{
	assert(upto >= ln->row.closed);
	ln->row.closed = upto;
	if (ln->row.last < upto)
		ln->row.last = upto;
	serial_set_drop_below(&ln->held, upto + 1);
	serial_set_cut(&ln->missing, 1, upto);
	serial_set_cut(&ln->again, 1, upto);
	serial_set_cut(&ln->settled, 1, upto);
	if (ln->missing.n == 0) {
		ln->missing_since = 0;
		ln->alarmed = false;
	}
}

void
line_alarm(struct station *s, const char *what, const char *detail)
{
	s->ops->alarm(s->ctx, what, detail);
	s->push = true;
}

bool
line_spends(struct line_peer *lp, uint64_t rows)
{
	if (lp->work < rows) {
		log_event(LOG_LV_WARN, "line", "peer=%s why=\"asks too much\" rows=%" PRIu64, lp->peer, rows);
		return false;
	}
	lp->work -= rows;
	return true;
}

void
line_say(struct line_peer *lp, struct buf *note)
{
	assert(note->n > 0 && note->n <= LINK_NOTE_MAX);
	if (lp->nnotes < LINE_NOTES_MAX)
		lp->notes[lp->nnotes++] = *note;
	else
		free(note->p);
	memset(note, 0, sizeof *note);
}

/* ---- out ---- */

void
line_number(struct station *s, int64_t now, struct journal_outbox *o, struct envelope *e)
{
	struct journal_passage p = {.id = o->id, .at = now};
	struct line_peer *lp;
	struct line *ln;

	o->stream = o->serial = e->stream = e->serial = 0;
	if (*o->link == '\0' || (lp = line_peer_of(s, o->link, true))->old)
		return;
	if ((ln = line_find(lp, true, s->epoch)) == NULL)
		ln = line_begin(s, lp, true, s->epoch);
	p.serial = ++ln->row.last;
	line_touch(s, lp, ln);
	s->j->ops->passage_put(s->j, lp->peer, true, ln->row.stream, &p);
	serial_set_put(&ln->waiting, p.serial, p.serial);
	lp->changed = true;
	o->stream = e->stream = ln->row.stream;
	o->serial = e->serial = p.serial;
}

/* A row the journal had in its outbox at the start. */
void
line_waits(struct station *s, const struct journal_outbox *o)
{
	struct line_peer *lp;
	struct line *ln;

	if (o->serial == 0 || *o->link == '\0' || (lp = line_peer_of(s, o->link, false)) == NULL ||
	    (ln = line_find(lp, true, o->stream)) == NULL)
		return;
	serial_set_put(&ln->waiting, o->serial, o->serial);
}

/* The link may be the one that calls: it is told after COMMIT. */
void
line_forget(struct station *s, const char *peer, uint64_t row)
{
	struct lines *l = s->lines;

	if (l->nforget == l->capforget) {
		l->capforget = l->capforget == 0 ? 16 : l->capforget * 2;
		l->forget = xreallocarray(l->forget, l->capforget, sizeof *l->forget);
	}
	snprintf(l->forget[l->nforget].peer, STATION_MAX, "%s", peer);
	l->forget[l->nforget++].row = row;
	s->wrote = true;
}

void
line_withdraw(struct station *s, int64_t now, const struct journal_outbox *o)
{
	struct journal_passage p = {.serial = o->serial, .at = now};
	struct line_peer *lp;
	struct line *ln;

	if (*o->link == '\0')
		return;
	line_forget(s, o->link, o->row);
	if (o->serial == 0 || (lp = line_peer_of(s, o->link, false)) == NULL ||
	    (ln = line_find(lp, true, o->stream)) == NULL)
		return;
	s->j->ops->passage_put(s->j, lp->peer, true, o->stream, &p);
	serial_set_cut(&ln->waiting, o->serial, o->serial);
	lp->changed = true;
}

void
line_digest(struct station *s, uint64_t row, const uint8_t digest[DIGEST_LEN])
{
	struct lines *l = s->lines;

	l->digests[row % LINE_DIGESTS].row = row;
	memcpy(l->digests[row % LINE_DIGESTS].digest, digest, DIGEST_LEN);
}

static void
digest_of_row(struct station *s, const struct journal_outbox *o, uint8_t digest[DIGEST_LEN])
{
	struct lines *l = s->lines;
	struct journal_msg m;

	if (l->digests[o->row % LINE_DIGESTS].row == o->row) {
		memcpy(digest, l->digests[o->row % LINE_DIGESTS].digest, DIGEST_LEN);
		return;
	}
	memset(&m, 0, sizeof m);
	(void)s->j->ops->get_message(s->j, &o->id, &m); /* sent in a life before, told of in this one */
	memcpy(digest, m.digest, DIGEST_LEN);
	buf_free(&m.body);
}

void
line_passed(struct station *s, int64_t now, const struct journal_outbox *o)
{
	struct line_peer *lp = line_peer_of(s, o->link, true);
	struct journal_passage p;
	struct line_pass *v;
	struct line *ln;

	s->wrote = true;
	if (lp->npassed == lp->cappassed) {
		lp->cappassed = lp->cappassed == 0 ? 16 : lp->cappassed * 2;
		lp->passed = xreallocarray(lp->passed, lp->cappassed, sizeof *lp->passed);
	}
	v = &lp->passed[lp->npassed];
	v->stream = o->stream;
	v->serial = o->serial;
	digest_of_row(s, o, v->digest);
	if (o->serial == 0) { /* from before there were numbers, or to a neighbour that knows none */
		station_audit(s, now, CHAIN_CUSTODY_OUT, &o->id, o->link, o->link, v->digest);
		return;
	}
	lp->npassed++;
	lp->touched = s->lines->touched = true;
	if ((ln = line_find(lp, true, o->stream)) == NULL)
		return;
	if (s->j->ops->passage_get(s->j, lp->peer, true, o->stream, o->serial, &p) == 0) {
		p.passed = now;
		s->j->ops->passage_put(s->j, lp->peer, true, o->stream, &p);
	}
	serial_set_cut(&ln->waiting, o->serial, o->serial);
	lp->changed = true;
}

/* ---- in ---- */

static void
arrived_twice(struct station *s, int64_t now, struct line_peer *lp, struct line *ln, uint64_t serial)
{
	char detail[160];

	if (ln->conflict)
		return;
	ln->conflict = true;
	snprintf(detail, sizeof detail, "twice %s %" PRIu64 ":%" PRIu64, lp->peer, ln->row.stream, serial);
	station_audit(s, now, CHAIN_CLOSE, NULL, detail, lp->peer, NULL);
	snprintf(detail, sizeof detail, _("%s uses number %llu a second time"), lp->peer, (unsigned long long)serial);
	line_alarm(s, "line", detail);
}

/* Not known to be here: what the journal says counts. */
static bool
arrives(struct station *s, int64_t now, struct line_peer *lp, struct line *ln, const struct journal_passage *p)
{
	bool again = serial_set_has(&ln->again, p->serial);
	struct journal_passage was;
	int rc = 1;

	if (!ln->loaded || again || p->serial <= ln->row.closed || serial_set_has(&ln->held, p->serial))
		rc = s->j->ops->passage_get(s->j, lp->peer, false, ln->row.stream, p->serial, &was);
	if (rc == -1)
		return false;
	if (rc == 0 && msgid_cmp(&was.id, &p->id) == 0)
		return true;
	if (rc == 0 && !again && msgid_is_set(&was.id)) {
		if (msgid_is_set(&p->id))
			arrived_twice(s, now, lp, ln, p->serial);
		return true;
	}
	if (rc == 0 && !msgid_is_set(&p->id))
		return true; /* quarantined again: what stands there stands */
	s->j->ops->passage_put(s->j, lp->peer, false, ln->row.stream, p);
	s->wrote = true;
	return true;
}

void
line_arrived(struct station *s, int64_t now, const char *peer, const struct envelope *e, const struct msgid *id)
{
	struct journal_passage p = {.serial = e->serial, .at = now};
	struct line_peer *lp;
	struct line *ln;

	if (e->stream == 0)
		return;
	assert(e->stream <= INT64_MAX && e->serial >= 1 && e->serial <= INT64_MAX);
	p.id = *id;
	lp = line_peer_of(s, peer, true);
	if ((ln = line_find(lp, false, e->stream)) == NULL && (ln = line_new_in(s, lp, e->stream)) == NULL)
		return;
	if (ln->held.n >= LINE_GAPS_MAX && !serial_set_has(&ln->held, e->serial - 1))
		return; /* told again when the gaps below are filled */
	if (!arrives(s, now, lp, ln, &p))
		return;
	if (e->serial > ln->row.last) {
		ln->row.last = e->serial;
		line_touch(s, lp, ln);
	}
	line_mended(s, lp, ln, e->serial);
}
