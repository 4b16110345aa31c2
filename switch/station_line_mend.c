/*
 * What is missing on a line: noticed, asked for, given again.
 *
 * The sender of a direction tells what it has given numbers to and what of that is still waiting (STATE).  What the
 * receiver then has neither here nor to expect is missing for certain, because the sender forgets a parcel only after
 * the receiver's COMMIT: the receiver has lost it.  It asks (NEED), and gets it under the same number, or hears that
 * nothing stands there (VOID).  When the sender knows less than the receiver holds, it is the sender that has lost
 * something: it gets its own messages back, which nobody else might have.
 *
 * Bounded: a NEED is for LINE_NEED_MOST numbers, the next goes when the last of them has come.
 */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../formats/i18n.h"
#include "log.h"
#include "station_line.h"

#define ENTRIES_MOST 64

/* ---- STATE ---- */

/* The lowest number that can be told of: below it the passages have been let go. */
static int
first_passage(void *ctx, const struct journal_line *row, const struct journal_passage *p)
{
	(void)row;
	*(uint64_t *)ctx = p->serial;
	return 1;
}

uint64_t
line_floor(struct station *s, struct line_peer *lp, struct line *ln)
{
	if (ln->floor != 0)
		return ln->floor;
	ln->floor = ln->row.last + 1;
	s->j->ops->passage_each(
	    s->j, lp->peer, ln->row.out, ln->row.stream, 1, INT64_MAX, first_passage, &ln->floor);
	return ln->floor;
}

static void
put_stream(struct station *s, struct line_peer *lp, struct line *ln, struct buf *out)
{
	struct line_ranges r = {.n = 0};
	uint64_t rest = 0;

	for (size_t i = 0; i < ln->waiting.n && rest == 0; i++) {
		const struct serial_range *w = &ln->waiting.v[i];

		if (i == LINE_WAITING_MOST)
			rest = w->first;
		else
			r.v[r.n++] = (struct line_stretch){w->first, w->first + w->count - 1};
	}
	token_put_array(out, 5);
	token_put_uint(out, ln->row.stream);
	token_put_uint(out, line_floor(s, lp, ln));
	token_put_uint(out, ln->row.last);
	token_put_uint(out, rest);
	line_put_ranges(out, &r);
}

/* One page, from line `end` - 1 downwards; returns where the next begins. */
static size_t
say_state(struct station *s, struct line_peer *lp, size_t end, uint64_t upto)
{
	struct buf note = {0}, entries = {0}, one = {0};
	size_t k = end, n = 0;

	while (k > 0 && n < LINE_STREAMS_TOLD) {
		buf_clear(&one);
		put_stream(s, lp, &lp->out[k - 1], &one);
		if (entries.n + one.n > LINK_NOTE_MAX - 64)
			break;
		buf_put(&entries, one.p, one.n);
		k--;
		n++;
	}
	token_put_array(&note, 5);
	token_put_uint(&note, NOTE_STATE);
	token_put_uint(&note, s->epoch);
	token_put_uint(&note, upto);
	token_put_uint(&note, k == 0 ? 0 : lp->out[k].row.stream);
	token_put_array(&note, n);
	buf_put(&note, entries.p, entries.n);
	line_say(lp, &note);
	buf_free(&entries);
	buf_free(&one);
	return k;
}

void
line_state_build(struct station *s, struct line_peer *lp)
{
	size_t k = lp->nout;
	uint64_t upto = INT64_MAX;

	for (unsigned page = 0; page < (lp->begun ? LINE_PAGES : 1); page++) {
		k = say_state(s, lp, k, upto);
		if (k == 0)
			break;
		upto = lp->out[k].row.stream - 1;
	}
	lp->changed = false;
	lp->looks = 0;
}

static void
told_mended(struct station *s, struct line_peer *lp, struct line *ln)
{
	if (ln->missing_since == 0)
		return;
	log_event(LOG_LV_INFO, "gap_mended", "station=%s peer=%s stream=%" PRIu64, s->conf.self, lp->peer,
	    ln->row.stream);
	ln->missing_since = 0;
	ln->alarmed = false;
	s->push = true;
}

static void
tell_beyond(struct station *s, int64_t now, struct line_peer *lp, struct line *ln, uint64_t first, uint64_t n)
{
	char detail[160], val[32];

	lp->beyond = lp->beyond > UINT64_MAX - n ? UINT64_MAX : lp->beyond + n;
	snprintf(detail, sizeof detail, "line.beyond.%s", lp->peer);
	snprintf(val, sizeof val, "%" PRIu64, lp->beyond);
	s->j->ops->meta_set(s->j, detail, val);
	snprintf(detail, sizeof detail, "beyond %s %" PRIu64 ":%" PRIu64 " n=%" PRIu64, lp->peer, ln->row.stream,
	    first, n);
	station_audit(s, now, CHAIN_CLOSE, NULL, detail, lp->peer, NULL);
	log_event(LOG_LV_ERROR, "gap_beyond", "station=%s peer=%s stream=%" PRIu64 " first=%" PRIu64 " n=%" PRIu64,
	    s->conf.self, lp->peer, ln->row.stream, first, n);
	snprintf(detail, sizeof detail, _("%llu messages from %s are lost here, and it does not keep them any more"),
	    (unsigned long long)n, lp->peer);
	line_alarm(s, "gap", detail);
}

struct told {
	uint64_t stream, floor, last, rest;
	struct line_ranges waiting;
};

/* Numbers below its floor the sender cannot tell of: what of them is not here is lost. */
static void
below_floor(struct station *s, int64_t now, struct line_peer *lp, struct line *ln, const struct told *t)
{
	uint64_t upto = (t->floor - 1 < t->last ? t->floor - 1 : t->last), n;
	struct serial_set gone = {0};

	if (upto <= ln->row.closed)
		return;
	serial_set_put(&gone, ln->row.closed + 1, upto);
	for (size_t i = 0; i < ln->held.n; i++)
		serial_set_cut(&gone, ln->held.v[i].first, ln->held.v[i].first + ln->held.v[i].count - 1);
	if ((n = serial_set_count(&gone)) > 0) {
		tell_beyond(s, now, lp, ln, gone.v[0].first, n);
		/* What the one end has let go the other does too: below a close there are no holes. */
		s->j->ops->passage_trim(s->j, lp->peer, false, ln->row.stream, upto);
	}
	serial_set_free(&gone);
	line_closed(ln, upto);
	line_touch(s, lp, ln);
}

static void
hear_stream(struct station *s, int64_t now, struct line_peer *lp, struct line *ln, const struct told *t)
{
	struct serial_set m = {0};

	line_load(s, lp, ln);
	below_floor(s, now, lp, ln, t);
	ln->told = t->last;
	serial_set_put(&m, ln->row.closed + 1, t->last);
	for (size_t i = 0; i < ln->held.n && m.n > 0; i++)
		serial_set_cut(&m, ln->held.v[i].first, ln->held.v[i].first + ln->held.v[i].count - 1);
	for (size_t i = 0; i < t->waiting.n; i++)
		serial_set_cut(&m, t->waiting.v[i].from, t->waiting.v[i].to);
	if (t->rest > 0)
		serial_set_cut(&m, t->rest, INT64_MAX);
	serial_set_free(&ln->missing);
	ln->missing = m;
	if (m.n == 0) {
		told_mended(s, lp, ln);
		ln->asked = 0;
		return;
	}
	if (t->last > ln->row.last) {
		ln->row.last = t->last;
		line_touch(s, lp, ln);
	}
	if (ln->missing_since == 0) {
		ln->missing_since = now;
		ln->looked = false;
		s->push = true;
		log_event(LOG_LV_WARN, "gap",
		    "station=%s peer=%s stream=%" PRIu64 " missing=%" PRIu64 " first=%" PRIu64, s->conf.self,
		    lp->peer, ln->row.stream, serial_set_count(&m), m.v[0].first);
	}
	lp->need = lp->need || ln->asked == 0;
}

/* The peer knows nothing of this stream beyond `after`: it has come back without it.  What was still missing here of that is lost with
 * it.  Nothing is noted under those numbers: should it know them again one day, they are asked for again. */
static void
hear_lost(struct station *s, int64_t now, struct line_peer *lp, struct line *ln, uint64_t after)
{
	struct serial_set gone = {0};
	char key[128], val[48], *end;
	uint64_t n;

	for (size_t i = 0; i < ln->missing.n; i++)
		if (ln->missing.v[i].first + ln->missing.v[i].count - 1 > after)
			serial_set_put(&gone, ln->missing.v[i].first > after ? ln->missing.v[i].first : after + 1,
			    ln->missing.v[i].first + ln->missing.v[i].count - 1);
	if ((n = serial_set_count(&gone)) > 0) {
		tell_beyond(s, now, lp, ln, gone.v[0].first, n);
		serial_set_cut(&ln->missing, after + 1, INT64_MAX);
		ln->asked = 0;
		if (ln->missing.n == 0)
			told_mended(s, lp, ln);
	}
	serial_set_free(&gone);

	if (!ln->gave_known) {
		ln->gave_known = true;
		snprintf(key, sizeof key, "line.gave.%s.%" PRIu64, lp->peer, ln->row.stream);
		if (s->j->ops->meta_get(s->j, key, val, sizeof val) == 0) {
			ln->gave = strtoull(val, &end, 10);
			ln->gave_after = strtoull(end, NULL, 10);
		}
	}
	/* Put back to a still older copy: what lies before the first time's beginning was not given then. */
	if (ln->gave == 0 || after < ln->gave_after) {
		ln->gave = 0;
		ln->gave_after = after;
	}
	ln->lost = true;
	ln->lost_after = after;
	if (ln->gave < ln->row.last)
		lp->give_at = s->lines->mono;
}

static bool
get_told(struct tokens *in, uint64_t from, uint64_t upto, struct told *t)
{
	uint64_t n;

	if (!tokens_array(in, 5, UINT64_MAX, &n) || !tokens_uint(in, from > 0 ? from : 1, upto, &t->stream) ||
	    !tokens_uint(in, 1, INT64_MAX, &t->floor) || !tokens_uint(in, 0, INT64_MAX, &t->last) ||
	    !tokens_uint(in, 0, INT64_MAX, &t->rest) || !line_get_ranges(in, &t->waiting))
		return false;
	for (n -= 5; n > 0; n--)
		if (!tokens_skip(in))
			return false;
	return true;
}

void
line_state_heard(struct station *s, int64_t now, struct line_peer *lp, struct tokens *in)
{
	uint64_t current, upto, from, n, below, heard[ENTRIES_MOST];
	struct told *told = NULL;
	size_t nheard = 0;

	in->field = "note.state";
	if (!tokens_uint(in, 1, INT64_MAX, &current) || !tokens_uint(in, 0, INT64_MAX, &upto) ||
	    !tokens_uint(in, 0, upto, &from) || !tokens_array(in, 0, ENTRIES_MOST, &n) || !line_spends(lp, 1 + n))
		return;
	told = xcalloc(n + 1, sizeof *told);
	for (below = upto; n > 0; n--) {
		if (!get_told(in, from, below, &told[nheard]))
			goto out;
		below = told[nheard].stream - 1;
		heard[nheard] = told[nheard].stream;
		nheard++;
		if (below < from && n > 1)
			goto out;
	}
	for (size_t i = 0; i < nheard; i++) {
		struct line *ln = line_find(lp, false, told[i].stream);

		if (ln == NULL && told[i].last > 0)
			ln = line_new_in(s, lp, told[i].stream);
		if (ln == NULL)
			continue;
		ln->lost = false;
		hear_stream(s, now, lp, ln, &told[i]);
		if (told[i].last < ln->row.last && told[i].stream != current)
			hear_lost(s, now, lp, ln, told[i].last);
	}
	for (size_t k = 0; k < lp->nin; k++) {
		uint64_t stream = lp->in[k].row.stream;
		bool known = stream == current || stream < from || stream > upto;

		for (size_t i = 0; i < nheard && !known; i++)
			known = heard[i] == stream;
		if (!known)
			hear_lost(s, now, lp, &lp->in[k], 0);
	}
out:
	free(told);
}

/* ---- NEED ---- */

void
line_need_build(struct station *s, struct line_peer *lp)
{
	(void)s;
	for (size_t k = 0, notes = 0; k < lp->nin && notes < 4; k++) {
		struct line *ln = &lp->in[k];
		struct line_ranges r = {.n = 0};
		struct buf note = {0};
		uint64_t left = LINE_NEED_MOST;

		if (ln->missing.n == 0 || ln->asked > 0)
			continue;
		for (size_t i = 0; i < ln->missing.n && r.n < LINE_RANGES_MOST && left > 0; i++) {
			const struct serial_range *m = &ln->missing.v[i];
			uint64_t n = m->count < left ? m->count : left;

			r.v[r.n++] = (struct line_stretch){m->first, m->first + n - 1};
			left -= n;
		}
		ln->asked = LINE_NEED_MOST - left;
		token_put_array(&note, 3);
		token_put_uint(&note, NOTE_NEED);
		token_put_uint(&note, ln->row.stream);
		line_put_ranges(&note, &r);
		line_say(lp, &note);
		notes++;
	}
}

static bool
get_stream(struct tokens *in, uint64_t *stream)
{
	return tokens_uint(in, 1, INT64_MAX, stream);
}

static bool
ranges_add(struct line_ranges *r, uint64_t serial)
{
	if (r->n > 0 && r->v[r->n - 1].to + 1 == serial) {
		r->v[r->n - 1].to = serial;
		return true;
	}
	if (r->n == LINE_VOID_MOST)
		return false;
	r->v[r->n++] = (struct line_stretch){serial, serial};
	return true;
}

/* Answers for one number; false: the answer has no more room. */
static bool
need_one(struct station *s, struct line_peer *lp, struct line *ln, uint64_t serial, struct line_ranges *withdrawn,
    struct line_ranges *gone)
{
	struct journal_passage p;
	int rc;

	if (serial_set_has(&ln->waiting, serial))
		return true;
	if (serial < line_floor(s, lp, ln))
		return ranges_add(gone, serial);
	if ((rc = s->j->ops->passage_get(s->j, lp->peer, true, ln->row.stream, serial, &p)) == -1)
		return false;
	if (rc == 0 && !msgid_is_set(&p.id))
		return ranges_add(withdrawn, serial);
	if (rc == 1 || !line_offer(s, lp, &p.id, ln->row.stream, serial, false))
		return ranges_add(gone, serial);
	p.passed = 0;
	s->j->ops->passage_put(s->j, lp->peer, true, ln->row.stream, &p);
	serial_set_put(&ln->waiting, serial, serial);
	return true;
}

void
line_need_heard(struct station *s, int64_t now, struct line_peer *lp, struct tokens *in)
{
	struct line_ranges want, withdrawn = {.n = 0}, gone = {.n = 0};
	struct buf note = {0};
	struct line *ln;
	uint64_t stream, left = LINE_NEED_MOST;
	bool room = true;

	(void)now;
	in->field = "note.need";
	if (!get_stream(in, &stream) || !line_get_ranges(in, &want) || !line_spends(lp, LINE_NEED_MOST))
		return;
	if ((ln = line_find(lp, true, stream)) == NULL)
		return;
	for (size_t i = 0; i < want.n && room; i++)
		for (uint64_t n = want.v[i].from; room && n <= want.v[i].to && n <= ln->row.last && left > 0; n++) {
			room = need_one(s, lp, ln, n, &withdrawn, &gone);
			left--;
		}
	if (withdrawn.n == 0 && gone.n == 0)
		return;
	token_put_array(&note, 4);
	token_put_uint(&note, NOTE_VOID);
	token_put_uint(&note, stream);
	line_put_ranges(&note, &withdrawn);
	line_put_ranges(&note, &gone);
	line_say(lp, &note);
}

/* ---- VOID ---- */

/* Numbers we asked for and nothing stands under: recorded, so that they are not asked for again. */
static uint64_t
take_void(struct station *s, int64_t now, struct line_peer *lp, struct line *ln, const struct line_ranges *r,
    uint64_t *left)
{
	struct journal_passage p = {.at = now};
	uint64_t done = 0;

	for (size_t i = 0; i < r->n; i++)
		for (uint64_t n = r->v[i].from; n <= r->v[i].to && *left > 0 && ln->missing.n > 0; n++, (*left)--) {
			if (!serial_set_has(&ln->missing, n))
				continue;
			p.serial = n;
			if (!serial_set_has(&ln->again, n))
				s->j->ops->passage_put(s->j, lp->peer, false, ln->row.stream, &p);
			s->wrote = true;
			line_mended(s, lp, ln, n);
			done++;
		}
	return done;
}

void
line_void_heard(struct station *s, int64_t now, struct line_peer *lp, struct tokens *in)
{
	struct line_ranges withdrawn, gone;
	struct line *ln;
	uint64_t stream, left = 2 * LINE_NEED_MOST, n;

	in->field = "note.void";
	if (!get_stream(in, &stream) || !line_get_ranges(in, &withdrawn) || !line_get_ranges(in, &gone) ||
	    !line_spends(lp, LINE_NEED_MOST))
		return;
	if ((ln = line_find(lp, false, stream)) == NULL)
		return;
	(void)take_void(s, now, lp, ln, &withdrawn, &left);
	if ((n = take_void(s, now, lp, ln, &gone, &left)) > 0)
		tell_beyond(s, now, lp, ln, gone.v[0].from, n);
}

/* A number is here now, or nothing stands under it. */
void
line_mended(struct station *s, struct line_peer *lp, struct line *ln, uint64_t serial)
{
	bool was = serial_set_has(&ln->missing, serial);

	if (serial > ln->row.closed)
		serial_set_put(&ln->held, serial, serial);
	if (serial_set_has(&ln->again, serial)) {
		serial_set_cut(&ln->again, serial, serial);
		serial_set_put(&ln->settled, serial, serial);
	}
	if (!was)
		return;
	serial_set_cut(&ln->missing, serial, serial);
	if (ln->asked > 0 && --ln->asked == 0)
		lp->need = lp->need || ln->missing.n > 0;
	if (ln->missing.n == 0)
		told_mended(s, lp, ln);
}

void
line_gaps(struct station *s, int64_t now, struct line_peer *lp)
{
	char detail[192];

	(void)now;
	for (size_t i = 0; i < lp->nin; i++) {
		struct line *ln = &lp->in[i];

		if (ln->missing.n == 0 || ln->alarmed)
			continue;
		if (!ln->looked) { /* asked for just now: it may be on its way */
			ln->looked = true;
			continue;
		}
		ln->alarmed = true;
		snprintf(detail, sizeof detail, _("%llu messages from %s are missing, the first is number %llu"),
		    (unsigned long long)serial_set_count(&ln->missing), lp->peer,
		    (unsigned long long)ln->missing.v[0].first);
		line_alarm(s, "gap", detail);
	}
}
