/*
 * The daily close: both ends of a line agree on what has passed, and what is old and agreed on is let go.
 *
 * The sender tells count and digest of the numbers above the last close whose custody it knows of; the receiver
 * compares with what it holds under them.  When they differ, the receiver asks for digests of ever shorter stretches
 * until the numbers that differ stand alone, and has those given again.  What came again and still differs (it was
 * quarantined once more) is settled: both ends know what each of them has.
 *
 * A number withdrawn by the sender may have arrived all the same, because it was already on the line: that is no
 * difference.  Nor is anything below what was agreed on before.
 */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sodium.h>
#include "../formats/i18n.h"
#include "log.h"
#include "station_line.h"

#define TRIM_MOST 20000		/* passages let go of one stream in one look */
#define DIFF_PATIENCE 300000	/* ms without a step after which a search is begun anew */
#define STALE_MOST 64		/* waiting numbers looked after at a close */
#define BLOCK_LEN 8

static const uint8_t block_none[BLOCK_LEN] = {0}, block_void[BLOCK_LEN] = {0, 0, 0, 0, 0, 0, 0, 1};

/* ---- digests ---- */

struct sum {
	crypto_generichash_state st;
	uint64_t count;
};

static void
sum_begin(struct sum *x)
{
	crypto_generichash_init(&x->st, NULL, 0, DIGEST_LEN);
	x->count = 0;
}

static void
sum_add(struct sum *x, const struct journal_passage *p)
{
	uint8_t serial[8];
	char text[MSGID_TEXT_MAX];
	size_t n = msgid_format(&p->id, text, sizeof text);

	for (size_t i = 0; i < sizeof serial; i++)
		serial[i] = (uint8_t)(p->serial >> (56 - 8 * i));
	crypto_generichash_update(&x->st, serial, sizeof serial);
	crypto_generichash_update(&x->st, (const uint8_t *)text, n + 1);
	x->count++;
}

static int
sum_passage(void *ctx, const struct journal_line *row, const struct journal_passage *p)
{
	(void)row;
	sum_add(ctx, p);
	return 0;
}

/* be64 serial + id text with its NUL, of each number; "" where nothing stands. */
static uint64_t
sum_of(struct station *s, struct line_peer *lp, bool out, uint64_t stream, uint64_t from, uint64_t to,
    uint8_t digest[DIGEST_LEN])
{
	struct sum x;

	sum_begin(&x);
	s->j->ops->passage_each(s->j, lp->peer, out, stream, from, to, sum_passage, &x);
	crypto_generichash_final(&x.st, digest, DIGEST_LEN);
	return x.count;
}

struct blocks {
	uint64_t from, step;
	size_t at;		/* block under way */
	struct sum x;
	bool single_void;
	uint8_t *v;
};

static void
block_end(struct blocks *b)
{
	uint8_t digest[DIGEST_LEN];
	uint8_t *to = b->v + b->at * BLOCK_LEN;

	crypto_generichash_final(&b->x.st, digest, DIGEST_LEN);
	memcpy(to, digest, BLOCK_LEN);
	if (b->step == 1 && b->x.count == 0)
		memcpy(to, block_none, BLOCK_LEN);
	if (b->step == 1 && b->x.count == 1 && b->single_void)
		memcpy(to, block_void, BLOCK_LEN);
	b->at++;
	sum_begin(&b->x);
}

static int
block_passage(void *ctx, const struct journal_line *row, const struct journal_passage *p)
{
	struct blocks *b = ctx;

	(void)row;
	while (p->serial >= b->from + (b->at + 1) * b->step)
		block_end(b);
	b->single_void = !msgid_is_set(&p->id);
	sum_add(&b->x, p);
	return 0;
}

static uint64_t
step_of(uint64_t from, uint64_t to)
{
	return (to - from) / LINE_BLOCKS + 1;
}

/* Digests of a stretch in at most LINE_BLOCKS blocks; returns how many. */
static size_t
blocks_of(struct station *s, struct line_peer *lp, bool out, uint64_t stream, uint64_t from, uint64_t to,
    uint8_t v[LINE_BLOCKS * BLOCK_LEN])
{
	struct blocks b = {.from = from, .step = step_of(from, to), .v = v};
	size_t n = (size_t)((to - from) / b.step + 1);

	assert(n <= LINE_BLOCKS);
	sum_begin(&b.x);
	s->j->ops->passage_each(s->j, lp->peer, out, stream, from, to, block_passage, &b);
	while (b.at < n)
		block_end(&b);
	return n;
}

/* ---- the sender ---- */

/* Numbers that wait but whose message is gone (destroyed): nothing stands under them any more. */
static void
drop_stale(struct station *s, struct line_peer *lp, struct line *ln)
{
	uint64_t stale[STALE_MOST];
	size_t n = 0, seen = 0;

	for (size_t i = 0; i < ln->waiting.n; i++)
		for (uint64_t k = 0; k < ln->waiting.v[i].count && seen < STALE_MOST; k++, seen++) {
			struct journal_passage p;
			struct journal_msg m;
			uint64_t serial = ln->waiting.v[i].first + k;

			memset(&m, 0, sizeof m);
			if (s->j->ops->passage_get(s->j, lp->peer, true, ln->row.stream, serial, &p) != 0 ||
			    !msgid_is_set(&p.id) || s->j->ops->get_message(s->j, &p.id, &m) == -1)
				continue;
			if (m.body.n == 0)
				stale[n++] = serial;
			buf_free(&m.body);
		}
	for (size_t i = 0; i < n; i++) {
		struct journal_passage p = {.serial = stale[i], .at = s->last_now};

		s->j->ops->passage_put(s->j, lp->peer, true, ln->row.stream, &p);
		s->wrote = true;
		serial_set_cut(&ln->waiting, stale[i], stale[i]);
		lp->changed = true;
	}
}

static void
say_close(struct station *s, struct line_peer *lp)
{
	uint8_t digest[DIGEST_LEN];
	struct buf note = {0};
	uint64_t n = sum_of(s, lp, true, lp->closing.stream, lp->closing.from, lp->closing.to, digest);

	lp->closing.at = s->lines->mono;
	token_put_array(&note, 6);
	token_put_uint(&note, NOTE_CLOSE);
	token_put_uint(&note, lp->closing.stream);
	token_put_uint(&note, lp->closing.from);
	token_put_uint(&note, lp->closing.to);
	token_put_uint(&note, n);
	token_put_bytes(&note, digest, sizeof digest);
	line_say(lp, &note);
}

/* Says the next CLOSE that is due, or the one that was not answered once more. */
void
line_close_next(struct station *s, int64_t now, struct line_peer *lp)
{
	int64_t day = line_day(s, now);

	if (lp->day == day)
		return;
	if (lp->closing.stream != 0) {
		say_close(s, lp);
		return;
	}
	for (size_t i = 0; i < lp->nout; i++) {
		struct line *ln = &lp->out[i];
		uint64_t to;

		if (ln->row.closed >= ln->row.last)
			continue;
		drop_stale(s, lp, ln);
		to = ln->waiting.n > 0 ? ln->waiting.v[0].first - 1 : ln->row.last;
		if (to <= ln->row.closed)
			continue;
		if (to - ln->row.closed > LINE_CLOSE_MOST)
			to = ln->row.closed + LINE_CLOSE_MOST;
		lp->closing.stream = ln->row.stream;
		lp->closing.from = ln->row.closed + 1;
		lp->closing.to = to;
		say_close(s, lp);
		return;
	}
	lp->day = day;
}

static void
audit_close(struct station *s, int64_t now, struct line_peer *lp, bool out, uint64_t stream, uint64_t from, uint64_t to)
{
	uint8_t digest[DIGEST_LEN];
	char ref[192];
	uint64_t n = sum_of(s, lp, out, stream, from, to, digest);

	snprintf(ref, sizeof ref, "%s %s %" PRIu64 ":%" PRIu64 "-%" PRIu64 " n=%" PRIu64, out ? "out" : "in", lp->peer,
	    stream, from, to, n);
	station_audit(s, now, CHAIN_CLOSE, NULL, ref, lp->peer, digest);
}

void
line_closed_heard(struct station *s, int64_t now, struct line_peer *lp, struct tokens *in)
{
	struct line *ln;
	uint64_t stream, to;

	in->field = "note.closed";
	if (!tokens_uint(in, 1, INT64_MAX, &stream) || !tokens_uint(in, 1, INT64_MAX, &to))
		return;
	if (lp->closing.stream != stream || lp->closing.to != to)
		return; /* the answer to a question asked twice */
	lp->closing.stream = 0;
	if ((ln = line_find(lp, true, stream)) == NULL || to <= ln->row.closed)
		return;
	audit_close(s, now, lp, true, stream, lp->closing.from, to);
	line_closed(ln, to);
	ln->row.closed_at = now;
	line_touch(s, lp, ln);
	line_close_next(s, now, lp);
}

void
line_diff_heard(struct station *s, int64_t now, struct line_peer *lp, struct tokens *in)
{
	uint8_t v[LINE_BLOCKS * BLOCK_LEN];
	struct buf note = {0};
	struct line *ln;
	uint64_t stream, from, to;
	size_t n;

	(void)now;
	in->field = "note.diff";
	if (!tokens_uint(in, 1, INT64_MAX, &stream) || !tokens_uint(in, 1, INT64_MAX, &from) ||
	    !tokens_uint(in, from, INT64_MAX, &to))
		return;
	if ((ln = line_find(lp, true, stream)) == NULL || to > ln->row.last || to - from >= LINE_CLOSE_MOST ||
	    !line_spends(lp, to - from + 1))
		return;
	n = blocks_of(s, lp, true, stream, from, to, v);
	token_put_array(&note, 6);
	token_put_uint(&note, NOTE_LIST);
	token_put_uint(&note, stream);
	token_put_uint(&note, from);
	token_put_uint(&note, to);
	token_put_uint(&note, step_of(from, to));
	token_put_bytes(&note, v, n * BLOCK_LEN);
	line_say(lp, &note);
}

/* ---- the receiver ---- */

static void
agree(struct station *s, int64_t now, struct line_peer *lp, struct line *ln, uint64_t from, uint64_t to)
{
	struct buf note = {0};

	if (to > ln->row.closed) {
		audit_close(s, now, lp, false, ln->row.stream, from, to);
		line_closed(ln, to);
		ln->row.closed_at = now;
		line_touch(s, lp, ln);
	}
	if (ln->differs) {
		ln->differs = false;
		s->push = true;
	}
	lp->diff.stream = 0;
	token_put_array(&note, 3);
	token_put_uint(&note, NOTE_CLOSED);
	token_put_uint(&note, ln->row.stream);
	token_put_uint(&note, to);
	line_say(lp, &note);
}

/* The next question of the search, or its end. */
static void
diff_next(struct station *s, int64_t now, struct line_peer *lp, struct line *ln)
{
	struct line_diff *d = &lp->diff;
	struct buf note = {0};

	d->at = s->lines->mono;
	if (d->n == 0) {
		if (d->bad == 0 && !d->more)
			agree(s, now, lp, ln, d->from, d->to);
		else
			d->stream = 0; /* the sender asks again: by then what differs has come */
		return;
	}
	token_put_array(&note, 4);
	token_put_uint(&note, NOTE_DIFF);
	token_put_uint(&note, ln->row.stream);
	token_put_uint(&note, d->todo[d->n - 1].from);
	token_put_uint(&note, d->todo[d->n - 1].to);
	line_say(lp, &note);
}

static void
diff_begin(struct station *s, int64_t now, struct line_peer *lp, struct line *ln, uint64_t from, uint64_t to)
{
	struct line_diff *d = &lp->diff;

	if (d->stream == ln->row.stream && d->from == from && d->to == to && s->lines->mono - d->at < DIFF_PATIENCE)
		return; /* under way */
	log_event(LOG_LV_INFO, "close_search", "station=%s peer=%s stream=%" PRIu64 " first=%" PRIu64 " last=%" PRIu64,
	    s->conf.self, lp->peer, ln->row.stream, from, to);
	memset(d, 0, sizeof *d);
	d->stream = ln->row.stream;
	d->from = from;
	d->to = to;
	d->todo[d->n++] = (struct line_stretch){from, to};
	diff_next(s, now, lp, ln);
}

static bool
any_missing(const struct line *ln, uint64_t to)
{
	return ln->missing.n > 0 && ln->missing.v[0].first <= to;
}

/* Is everything above the last close here, up to there?  What is on its way again is not, though it is not missing either. */
static bool
holds_all(const struct line *ln, uint64_t to)
{
	return ln->held.n > 0 && ln->held.v[0].first <= ln->row.closed + 1 &&
	       ln->held.v[0].first + ln->held.v[0].count - 1 >= to;
}

void
line_close_heard(struct station *s, int64_t now, struct line_peer *lp, struct tokens *in)
{
	uint8_t mine[DIGEST_LEN];
	const uint8_t *theirs;
	struct line *ln;
	uint64_t stream, from, to, count;
	size_t len;

	in->field = "note.close";
	if (!tokens_uint(in, 1, INT64_MAX, &stream) || !tokens_uint(in, 1, INT64_MAX, &from) ||
	    !tokens_uint(in, from, INT64_MAX, &to) || !tokens_uint(in, 0, INT64_MAX, &count) ||
	    !tokens_bytes(in, DIGEST_LEN, DIGEST_LEN, &theirs, &len))
		return;
	if (to - from >= LINE_CLOSE_MOST || !line_spends(lp, to - from + 1))
		return;
	if ((ln = line_find(lp, false, stream)) == NULL)
		return; /* STATE begins it, and then everything of it is asked for */
	line_load(s, lp, ln);
	if (to <= ln->row.closed) { /* agreed on before: the answer was lost, or the sender is back from a backup */
		agree(s, now, lp, ln, from, to);
		return;
	}
	if (any_missing(ln, to) || from > ln->row.closed + 1) {
		if (from > ln->row.closed + 1 && holds_all(ln, from - 1) && ln->told >= to) {
			/* we are back from a backup, and all of what was agreed on then is here again */
			line_closed(ln, from - 1);
			line_touch(s, lp, ln);
		}
		if (any_missing(ln, to) || from > ln->row.closed + 1) {
			lp->need = lp->need || ln->asked == 0;
			return; /* the sender asks again */
		}
	}
	if (sum_of(s, lp, false, stream, from, to, mine) == count && memcmp(mine, theirs, DIGEST_LEN) == 0)
		agree(s, now, lp, ln, from, to);
	else
		diff_begin(s, now, lp, ln, from, to);
}

static void
tell_differs(struct station *s, struct line_peer *lp, struct line *ln, uint64_t serial)
{
	char text[192];

	if (ln->differs)
		return;
	ln->differs = true;
	snprintf(text, sizeof text, "differs %s %" PRIu64 ":%" PRIu64, lp->peer, ln->row.stream, serial);
	station_audit(s, s->last_now, CHAIN_CLOSE, NULL, text, lp->peer, NULL);
	snprintf(text, sizeof text, _("the daily close with %s does not agree"), lp->peer);
	line_alarm(s, "close", text);
}

/* One number differs.  False: that is settled, or none. */
static bool
judge(struct station *s, struct line_peer *lp, struct line *ln, uint64_t serial, const uint8_t *theirs,
    const uint8_t *mine)
{
	struct journal_passage p = {.serial = serial, .at = s->last_now};
	bool have = memcmp(mine, block_none, BLOCK_LEN) != 0;

	if (serial <= ln->row.closed)
		return false;
	if (memcmp(theirs, block_void, BLOCK_LEN) == 0) {
		if (!have) {
			s->j->ops->passage_put(s->j, lp->peer, false, ln->row.stream, &p);
			s->wrote = true;
			line_mended(s, lp, ln, serial);
		}
		return false;
	}
	if (memcmp(theirs, block_none, BLOCK_LEN) == 0) { /* the sender's row is gone */
		if (s->j->ops->passage_get(s->j, lp->peer, false, ln->row.stream, serial, &p) == 0 &&
		    strcmp(p.id.origin, lp->peer) == 0)
			(void)line_offer(s, lp, &p.id, 0, 0, true);
		if (have)
			tell_differs(s, lp, ln, serial);
		return false;
	}
	if (have && serial_set_has(&ln->settled, serial))
		return false;
	tell_differs(s, lp, ln, serial);
	serial_set_cut(&ln->held, serial, serial);
	serial_set_put(&ln->missing, serial, serial);
	if (have)
		serial_set_put(&ln->again, serial, serial);
	if (ln->missing_since == 0)
		ln->missing_since = s->last_now;
	ln->asked = 0;
	lp->need = true;
	log_event(LOG_LV_WARN, "close_number", "station=%s peer=%s stream=%" PRIu64 " serial=%" PRIu64 " here=%d",
	    s->conf.self, lp->peer, ln->row.stream, serial, have);
	return true;
}

void
line_list_heard(struct station *s, int64_t now, struct line_peer *lp, struct tokens *in)
{
	uint8_t mine[LINE_BLOCKS * BLOCK_LEN];
	struct line_diff *d = &lp->diff;
	const uint8_t *theirs;
	struct line *ln;
	uint64_t stream, from, to, step;
	size_t len, n;

	in->field = "note.list";
	if (!tokens_uint(in, 1, INT64_MAX, &stream) || !tokens_uint(in, 1, INT64_MAX, &from) ||
	    !tokens_uint(in, from, INT64_MAX, &to) || !tokens_uint(in, 1, INT64_MAX, &step) ||
	    !tokens_bytes(in, BLOCK_LEN, sizeof mine, &theirs, &len))
		return;
	if (d->stream != stream || d->n == 0 || d->todo[d->n - 1].from != from || d->todo[d->n - 1].to != to ||
	    (ln = line_find(lp, false, stream)) == NULL)
		return; /* not what was asked */
	n = (size_t)((to - from) / step_of(from, to) + 1);
	if (step != step_of(from, to) || len != n * BLOCK_LEN || !line_spends(lp, to - from + 1))
		return;
	d->n--;
	(void)blocks_of(s, lp, false, stream, from, to, mine);
	for (size_t i = 0; i < n; i++) {
		uint64_t first = from + i * step, last = to - first < step - 1 ? to : first + step - 1;

		if (memcmp(mine + i * BLOCK_LEN, theirs + i * BLOCK_LEN, BLOCK_LEN) == 0)
			continue;
		if (step == 1)
			d->bad += judge(s, lp, ln, first, theirs + i * BLOCK_LEN, mine + i * BLOCK_LEN);
		else if (d->n < LINE_BLOCKS)
			d->todo[d->n++] = (struct line_stretch){first, last};
		else
			d->more = true;
	}
	diff_next(s, now, lp, ln);
}

/* ---- letting go ---- */

struct trim {
	int64_t agreed, any;	/* ms UTC: older than that may go */
	uint64_t closed, below;	/* numbers from `below` on stay */
	uint64_t upto;
	size_t n;
};

static int
trim_passage(void *ctx, const struct journal_line *row, const struct journal_passage *p)
{
	struct trim *t = ctx;

	(void)row;
	if (p->serial >= t->below || t->n == TRIM_MOST || p->at >= (p->serial <= t->closed ? t->agreed : t->any))
		return 1;
	t->upto = p->serial;
	t->n++;
	return 0;
}

/* True when all that is old is gone. */
static bool
trim_line(struct station *s, int64_t now, struct line_peer *lp, struct line *ln)
{
	int64_t kept = s->conf.resend_days * LINE_DAY;
	/* What nobody closes (the neighbour knows no close, or has forgotten the stream) is kept twice as long. */
	struct trim t = {.agreed = now - kept, .any = now - 2 * kept, .closed = ln->row.closed, .below = UINT64_MAX};

	if (ln->waiting.n > 0)
		t.below = ln->waiting.v[0].first;
	s->j->ops->passage_each(s->j, lp->peer, ln->row.out, ln->row.stream, 1, INT64_MAX, trim_passage, &t);
	if (t.n == 0)
		return true;
	s->j->ops->passage_trim(s->j, lp->peer, ln->row.out, ln->row.stream, t.upto);
	s->wrote = true;
	ln->floor = 0;
	if (t.upto > ln->row.closed) {
		line_closed(ln, t.upto);
		line_touch(s, lp, ln);
	}
	return t.n < TRIM_MOST;
}

void
line_trim(struct station *s, int64_t now, struct line_peer *lp)
{
	int64_t day = line_day(s, now);
	bool done = true;

	if (lp->trim_day == day)
		return;
	for (size_t i = 0; i < lp->nout; i++)
		done = trim_line(s, now, lp, &lp->out[i]) && done;
	for (size_t i = 0; i < lp->nin; i++)
		done = trim_line(s, now, lp, &lp->in[i]) && done;
	if (done)
		lp->trim_day = day;
}
