/*
 * Lines in the station's turn: what is written before COMMIT, what is told after it, sessions, notes and timers.
 *
 * One look at all lines together (conf.line_idle), so that a switch with a thousand neighbours wakes up no oftener
 * than one with two.
 */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "log.h"
#include "station_line.h"

/* ---- the turn ---- */

/* Custody of this turn: "PEER STREAM:1-5,7 ...", as few entries as hold it; the digest over the messages' in that order. */
static void
audit_passed(struct station *s, int64_t now, struct line_peer *lp)
{
	struct buf digests = {0};
	char ref[192], piece[64];
	size_t i = 0, len, start;
	uint64_t stream;

	while (i < lp->npassed) {
		len = (size_t)snprintf(ref, sizeof ref, "%s", lp->peer);
		stream = 0;
		buf_clear(&digests);
		for (start = i; i < lp->npassed;) {
			const struct line_pass *v = &lp->passed[i];
			size_t n = 1, k;

			while (i + n < lp->npassed && v[n].stream == v->stream && v[n].serial == v->serial + n)
				n++;
			if (v->stream != stream)
				snprintf(piece, sizeof piece, " %" PRIu64 ":%" PRIu64, v->stream, v->serial);
			else
				snprintf(piece, sizeof piece, ",%" PRIu64, v->serial);
			k = strlen(piece);
			if (n > 1)
				snprintf(piece + k, sizeof piece - k, "-%" PRIu64, v->serial + n - 1);
			if (len + strlen(piece) >= sizeof ref && i > start)
				break;
			len += (size_t)snprintf(ref + len, sizeof ref - len, "%s", piece);
			stream = v->stream;
			for (k = 0; k < n; k++)
				buf_put(&digests, v[k].digest, DIGEST_LEN);
			i += n;
		}
		{
			uint8_t all[DIGEST_LEN];

			digest_of(digests.p, digests.n, all);
			station_audit(s, now, CHAIN_CUSTODY_OUT, NULL, ref, lp->peer, all);
		}
	}
	buf_free(&digests);
	lp->npassed = 0;
	if (lp->cappassed > 256) {
		free(lp->passed);
		lp->passed = NULL;
		lp->cappassed = 0;
	}
}

void
line_prepare(struct station *s, int64_t now)
{
	for (size_t i = 0; s->lines->touched && i < s->lines->n; i++) {
		struct line_peer *lp = s->lines->p[i];

		if (!lp->touched)
			continue;
		lp->touched = false;
		if (lp->npassed > 0)
			audit_passed(s, now, lp);
		for (size_t k = 0; k < lp->nout; k++)
			if (lp->out[k].dirty) {
				s->j->ops->line_put(s->j, &lp->out[k].row);
				lp->out[k].dirty = false;
			}
		for (size_t k = 0; k < lp->nin; k++)
			if (lp->in[k].dirty) {
				s->j->ops->line_put(s->j, &lp->in[k].row);
				lp->in[k].dirty = false;
			}
	}
	s->lines->touched = false;
}

void
line_committed(struct station *s, int64_t now)
{
	struct lines *l = s->lines;

	for (size_t i = 0; i < l->nforget; i++) {
		struct slink *sl = station_link(s, l->forget[i].peer);

		if (sl != NULL)
			link_forget(sl->link, now, l->forget[i].row);
	}
	l->nforget = 0;
}

void
line_flush(struct station *s, int64_t now)
{
	if (s->wrote)
		return;
	for (size_t i = 0; i < s->lines->n; i++) {
		struct line_peer *lp = s->lines->p[i];
		struct slink *sl;
		unsigned version;
		size_t k = 0;

		if (!lp->begun && !lp->need && lp->nnotes == 0)
			continue;
		sl = station_link(s, lp->peer);
		version = sl != NULL ? link_version(sl->link) : 0;
		if (version >= 2 && lp->begun) {
			line_state_build(s, lp);
			line_close_next(s, now, lp);
		}
		if (version >= 2 && lp->need)
			line_need_build(s, lp);
		lp->need = lp->begun = false;
		if (s->wrote)
			return; /* the next turn commits that, and tells */
		while (version >= 2 && k < lp->nnotes && link_note(sl->link, now, lp->notes[k].p, lp->notes[k].n))
			k++;
		for (size_t x = 0; x < (version >= 2 ? k : lp->nnotes); x++)
			buf_free(&lp->notes[x]);
		if (version < 2)
			k = lp->nnotes;
		memmove(lp->notes, lp->notes + k, (lp->nnotes - k) * sizeof lp->notes[0]);
		lp->nnotes -= k;
		memset(lp->notes + lp->nnotes, 0, (LINE_NOTES_MAX - lp->nnotes) * sizeof lp->notes[0]);
	}
}

/* ---- sessions and time ---- */

/* Has this restore been told of already?  Notes that it has. */
static bool
told_old(struct station *s, const char *peer, const char *restored)
{
	char key[96], val[96];

	snprintf(key, sizeof key, "line.oldtold.%s", peer);
	if (s->j->ops->meta_get(s->j, key, val, sizeof val) == 0 && strcmp(val, restored) == 0)
		return true;
	s->j->ops->meta_set(s->j, key, restored);
	s->wrote = true;
	return false;
}

void
line_up(struct station *s, int64_t now, const char *peer)
{
	struct line_peer *lp = line_peer_of(s, peer, true);
	struct slink *sl = station_link(s, peer);
	bool old = sl != NULL && link_version(sl->link) < 2;
	char key[96];

	lines_time(s->lines, now);
	if (old != lp->old) {
		lp->old = old;
		snprintf(key, sizeof key, "line.old.%s", peer);
		s->j->ops->meta_set(s->j, key, old ? "1" : "0");
		s->wrote = true;
	}
	if (old && s->j->ops->meta_get(s->j, "restored", key, sizeof key) == 0 && !told_old(s, peer, key)) {
		/* It has no numbers to compare: what was lost and passed there only people can find.  Said once a restore. */
		log_event(LOG_LV_WARN, "line", "peer=%s why=\"restored, and that station speaks version 1\"", peer);
		s->ops->alarm(s->ctx, "old peer", peer);
	}
	for (size_t i = 0; i < lp->nnotes; i++)
		buf_free(&lp->notes[i]);
	lp->nnotes = 0;
	lp->begun = !old;
	lp->need = false;
	lp->diff.stream = lp->closing.stream = 0;
	for (size_t i = 0; i < lp->nin; i++)
		lp->in[i].asked = 0;
}

static void
presence_note(struct station *s, int64_t now, struct line_peer *lp, struct tokens *in)
{
	presence_heard(s, now, lp->peer, in);
}

/* A neighbour that talks nonsense all day shall not fill the log: one line a minute, with how many there were. */
static void
note_bad(struct station *s, const char *peer, uint64_t type, const char *why)
{
	struct line_peer *lp = line_peer_of(s, peer, true);

	lp->bad++;
	if (lp->bad_at != 0 && s->lines->mono - lp->bad_at < 60000)
		return;
	log_event(LOG_LV_WARN, "note", "peer=%s type=%" PRIu64 " so_far=%" PRIu64 " why=%s", peer, type, lp->bad, log_quote(why));
	lp->bad_at = s->lines->mono > 0 ? s->lines->mono : 1;
}

void
line_note(struct station *s, int64_t now, const char *peer, const void *p, size_t len)
{
	static void (*const heard[])(struct station *, int64_t, struct line_peer *, struct tokens *) = {
	    [NOTE_STATE] = line_state_heard,
	    [NOTE_NEED] = line_need_heard,
	    [NOTE_VOID] = line_void_heard,
	    [NOTE_CLOSE] = line_close_heard,
	    [NOTE_CLOSED] = line_closed_heard,
	    [NOTE_DIFF] = line_diff_heard,
	    [NOTE_LIST] = line_list_heard,
	    [NOTE_PRESENCE] = presence_note,
	};
	struct fault f = {0};
	struct tokens in = {.p = p, .n = len, .field = "note", .fault = &f};
	uint64_t items, type;

	lines_time(s->lines, now);
	if (!tokens_array(&in, 1, UINT64_MAX, &items) || !tokens_uint(&in, 0, UINT64_MAX, &type)) {
		note_bad(s, peer, 0, f.text);
		return;
	}
	if (type < NOTE_STATE || type > NOTE_PRESENCE)
		return; /* of a later version */
	in.field = NULL;
	f.code = 0;
	heard[type](s, now, line_peer_of(s, peer, true), &in);
	if (f.code != 0)
		note_bad(s, peer, type, f.text);
}

static void
look(struct station *s, int64_t now, struct line_peer *lp)
{
	struct slink *sl = station_link(s, lp->peer);

	lp->work = LINE_WORK;
	if (sl == NULL)
		return;
	line_gaps(s, now, lp);
	line_trim(s, now, lp);
	if (link_version(sl->link) < 2)
		return;
	if (lp->changed || ++lp->looks >= 10)
		line_state_build(s, lp);
	for (size_t i = 0; i < lp->nin; i++) {
		lp->need = lp->need || lp->in[i].missing.n > 0;
		lp->in[i].asked = 0;
	}
	line_close_next(s, now, lp);
}

void
line_tick(struct station *s, int64_t now)
{
	struct lines *l = s->lines;
	bool due;

	lines_time(l, now);
	due = l->mono >= l->look_at;
	if (due)
		l->look_at = l->mono + line_idle(s);
	for (size_t i = 0; i < l->n; i++) {
		if (due)
			look(s, now, l->p[i]);
		if (l->p[i]->give_at >= 0 && l->mono >= l->p[i]->give_at)
			line_give(s, now, l->p[i]);
	}
}

int64_t
line_wake(const struct station *s)
{
	const struct lines *l = s->lines;
	int64_t due = l->look_at, wake;

	for (size_t i = 0; i < l->n; i++)
		if (l->p[i]->give_at >= 0 && l->p[i]->give_at < due)
			due = l->p[i]->give_at;
	due = due > l->mono ? due - l->mono : 0;
	return __builtin_add_overflow(l->now, due, &wake) ? INT64_MAX : wake;
}

bool
station_line_status(const struct station *s, const char *peer, bool out, struct line_status *st)
{
	const struct line_peer *lp = NULL;
	const struct line *v;
	size_t n;

	memset(st, 0, sizeof *st);
	if (station_link((struct station *)(uintptr_t)s, peer) == NULL)
		return false;
	for (size_t i = 0; i < s->lines->n && lp == NULL; i++)
		if (strcmp(s->lines->p[i]->peer, peer) == 0)
			lp = s->lines->p[i];
	if (lp == NULL)
		return true;
	v = out ? lp->out : lp->in;
	n = out ? lp->nout : lp->nin;
	st->beyond = out ? 0 : lp->beyond;
	for (size_t i = 0; i < n; i++) {
		const struct journal_line *row = &v[i].row;

		st->stream = row->stream;
		st->last = row->last;
		if (v[i].missing.n > 0) {
			if (st->missing == 0)
				st->first_missing = v[i].missing.v[0].first;
			st->missing += serial_set_count(&v[i].missing);
			if (st->missing_since == 0 || v[i].missing_since < st->missing_since)
				st->missing_since = v[i].missing_since;
		}
		if (row->closed_at >= st->closed_at) {
			st->closed = row->closed;
			st->closed_at = row->closed_at;
		}
		st->differs = st->differs || v[i].differs;
	}
	return true;
}
