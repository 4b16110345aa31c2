/*
 * The watch: who is responsible, minute by minute.
 *
 * A fold of what this station has written about it, in the order of the ids (epoch and serial only ever grow), so that a journal read again, or messages
 * that come back in another order, give the same spans.  What is taken at the end is worked in at once; anything earlier folds the whole
 * anew, which happens after a restore and never in a quiet night.
 *
 * Responsibility passes at one place only, complete(): when every signature that is wanted is there.  Whose those are is said by
 * needs(): who hands over and does not go on, and all who take over; who stands in both signs once, as one who takes over.  A leader's order to stay changes the two sets and nothing
 * else, so that no special way leads past the signatures.
 *
 * It knows no clock: boundaries are the instants at which messages were stored, never before the boundary they follow.  Which shift should
 * take over, and since when it is late, is asked of the roster (watch_relief()).
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../formats/buf.h"
#include "duty_watch_int.h"

/* ---- names ---- */

static void
put_name(char out[NAME_MAX_], const char *s)
{
	(void)snprintf(out, NAME_MAX_, "%s", s != NULL ? s : "");
}

static void
add_name(names v, size_t *n, const char *name)
{
	if (name == NULL || *name == '\0' || *n == WATCH_PEOPLE || has((const char (*)[NAME_MAX_])v, *n, name))
		return;
	put_name(v[(*n)++], name);
}

static void
add_names(names v, size_t *n, const struct body *b, uint32_t key)
{
	for (const struct value *x = body_first(b, key); x != NULL; x = body_next(b, x))
		add_name(v, n, x->u.text.s);
}

static bool
names_same(const char (*a)[NAME_MAX_], size_t na, const char (*b)[NAME_MAX_], size_t nb)
{
	for (size_t i = 0; i < na; i++)
		if (!has(b, nb, a[i]))
			return false;
	return na == nb;
}

/* ---- life ---- */

struct watch *
watch_new(void)
{
	return xcalloc(1, sizeof(struct watch));
}

static void
handover_clear(struct watch *w)
{
	free(w->h.sign);
	free(w->h.item);
	free(w->h.answer);
	memset(&w->h, 0, sizeof w->h);
	w->under_way = false;
}

static void
reset(struct watch *w)
{
	handover_clear(w);
	for (size_t i = 0; i < w->ndone; i++)
		free(w->done[i].item);
	w->nspan = w->ndone = w->non = w->ntest = w->nstay = 0;
	memset(&w->founding, 0, sizeof w->founding);
	w->stored = 0;
}

void
watch_free(struct watch *w)
{
	if (w == NULL)
		return;
	reset(w);
	for (size_t i = 0; i < w->nev; i++)
		body_free(w->ev[i].b);
	free(w->ev);
	free(w->span);
	free(w->done);
	free(w->on);
	free(w->test);
	free(w);
}

/* ---- spans ---- */

const struct watch_span *
watch_now(const struct watch *w)
{
	return w->nspan > 0 ? &w->span[w->nspan - 1] : NULL;
}

/* A new span from `at`, or from where the present one begins when the clock was set back. */
static struct watch_span *
span_begin(struct watch *w, int64_t at, const struct msgid *by)
{
	struct watch_span *s;

	if (w->nspan > 0) {
		struct watch_span *last = &w->span[w->nspan - 1];

		if (at < last->from)
			at = last->from;
		last->to = at;
	}
	if (w->nspan == w->capspan) {
		w->capspan = w->capspan == 0 ? 16 : 2 * w->capspan;
		w->span = xreallocarray(w->span, w->capspan, sizeof *w->span);
	}
	s = &w->span[w->nspan++];
	memset(s, 0, sizeof *s);
	s->from = at;
	s->by = *by;
	return s;
}

bool
watch_on_duty(const struct watch *w, const char *person)
{
	const struct watch_span *s = watch_now(w);

	return s != NULL && has(s->person, s->n, person);
}

/* ---- the handover under way ---- */

bool
watch_signed(const struct watch_handover *h, const char *person, int side)
{
	for (size_t i = 0; i < h->nsign; i++)
		if (h->sign[i].side == side && strcmp(h->sign[i].person, person) == 0)
			return true;
	return false;
}

bool
watch_answered(const struct watch_handover *h, const char *ask)
{
	for (size_t i = 0; i < h->nanswer; i++)
		if (h->answer[i].right && strcmp(h->answer[i].key, ask) == 0)
			return true;
	return false;
}

/*
 * Whose signatures are wanted: of who hands over and does not go on, and of all who take over.  Who stands in both shifts (by a swap) takes over
 * like anybody else and signs that once; who stays by a leader's order, or has taken over this very shift already, does not.  When nobody is left
 * they say themselves that they go on.
 */
static void
needs(struct watch *w)
{
	struct watch_handover *h = &w->h;
	const struct watch_span *s = watch_now(w);
	bool any = false, rest = s != NULL && h->due != 0 && s->planned == h->due; /* the rest of the shift that is responsible comes */

	memset(h->out_needed, 0, sizeof h->out_needed);
	memset(h->in_needed, 0, sizeof h->in_needed);
	for (size_t i = 0; i < h->nout; i++)
		any |= h->out_needed[i] = !has(h->incoming, h->nin, h->outgoing[i]);
	for (size_t i = 0; i < h->nin; i++)
		any |= h->in_needed[i] = !has(h->stays, h->nstays, h->incoming[i]) && !(rest && has(h->outgoing, h->nout, h->incoming[i]));
	for (size_t i = 0; !any && i < h->nin; i++)
		h->in_needed[i] = true;
}

size_t
watch_lacking(const struct watch_handover *h)
{
	size_t n = 0;

	for (size_t i = 0; i < h->nout; i++)
		n += h->out_needed[i] && !watch_signed(h, h->outgoing[i], SIDE_OUT);
	for (size_t i = 0; i < h->nin; i++)
		n += h->in_needed[i] && !watch_signed(h, h->incoming[i], SIDE_IN);
	return n;
}

static void
done_add(struct watch *w, const struct event *e, int64_t at)
{
	struct watch_handover *h = &w->h;
	struct watch_done *d;

	if (w->ndone == w->capdone) {
		w->capdone = w->capdone == 0 ? 16 : 2 * w->capdone;
		w->done = xreallocarray(w->done, w->capdone, sizeof *w->done);
	}
	d = &w->done[w->ndone++];
	memset(d, 0, sizeof *d);
	d->id = h->id;
	d->by = e->id;
	d->begun = h->begun;
	d->at = at;
	memcpy(d->outgoing, h->outgoing, sizeof d->outgoing);
	d->nout = h->nout;
	memcpy(d->incoming, h->incoming, sizeof d->incoming);
	d->nin = h->nin;
	d->item = h->item;
	d->nitem = h->nitem;
	h->item = NULL;
	h->nitem = 0;
}

/* The only place where responsibility passes. */
static void
complete(struct watch *w, const struct event *e)
{
	struct watch_handover *h = &w->h;
	struct watch_span *s;

	if (!w->under_way || h->nsign == 0 || watch_lacking(h) > 0)
		return;
	assert(h->nin > 0);
	s = span_begin(w, e->stored, &e->id);
	memcpy(s->person, h->incoming, sizeof s->person);
	s->n = h->nin;
	put_name(s->shift, h->shift);
	put_name(s->leader, h->leader);
	s->planned = h->due;
	done_add(w, e, s->from);
	handover_clear(w);
	w->nstay = 0;
}

/* A leader's order: this one goes on, and these begin without the rest of the relief. */
static void
apply_stay(struct watch *w, struct stay *st)
{
	struct watch_handover *h = &w->h;
	const struct watch_span *s = watch_now(w);
	int64_t since = s != NULL ? s->from : 0;
	names in;
	size_t n = 0;

	memset(in, 0, sizeof in);
	for (size_t i = 0; i < st->nin; i++)
		add_name(in, &n, st->in[i]);
	for (size_t i = 0; st->nin == 0 && i < h->nin; i++)
		if (watch_signed_on(w, h->incoming[i], since) || has(h->outgoing, h->nout, h->incoming[i]))
			add_name(in, &n, h->incoming[i]);
	if (n > 0 && !st->used) {
		memcpy(h->incoming, in, sizeof h->incoming);
		h->nin = n;
	}
	if (has(h->outgoing, h->nout, st->person)) {
		add_name(h->incoming, &h->nin, st->person);
		add_name(h->stays, &h->nstays, st->person);
	}
	st->used = true;
	needs(w);
}

static void
take_begun(struct watch *w, const struct event *e)
{
	const struct watch_span *s = watch_now(w);
	struct watch_handover old = w->h;
	struct watch_handover *h = &w->h;
	bool again = w->under_way, same;
	names in;
	size_t nin = 0;

	memset(in, 0, sizeof in);
	add_names(in, &nin, e->b, F_INCOMING);
	if (nin == 0)
		return;
	memset(h, 0, sizeof *h);
	w->under_way = true;
	h->id = e->id;
	h->begun = e->stored;
	if (!body_time(e->b, F_PERIOD_FROM, &h->due))
		h->due = 0;
	put_name(h->shift, body_text(e->b, F_SHIFT));
	put_name(h->leader, body_text(e->b, F_DUTY_LEADER));
	/* All who are responsible hand over, whatever was typed. */
	for (size_t i = 0; s != NULL && i < s->n; i++)
		add_name(h->outgoing, &h->nout, s->person[i]);
	if (s == NULL)
		add_names(h->outgoing, &h->nout, e->b, F_OUTGOING);
	memcpy(h->incoming, in, sizeof in);
	h->nin = nin;
	for (const struct value *v = body_first(e->b, F_ASKS); v != NULL && h->nask < WATCH_ASKS; v = body_next(e->b, v))
		(void)snprintf(h->ask[h->nask++], sizeof h->ask[0], "%s", v->u.text.s);
	needs(w);
	for (size_t i = 0; i < w->nstay; i++)
		apply_stay(w, &w->stay[i]);
	if (!again)
		return;
	/* Begun again: what was gone through and answered holds; signatures only for the same people. */
	same = names_same(old.outgoing, old.nout, h->outgoing, h->nout) && names_same(old.incoming, old.nin, h->incoming, h->nin);
	h->item = old.item;
	h->nitem = old.nitem;
	h->answer = old.answer;
	h->nanswer = old.nanswer;
	if (same) {
		h->sign = old.sign;
		h->nsign = old.nsign;
	} else
		free(old.sign);
}

static void
take_answer(struct watch *w, const struct event *e)
{
	struct watch_handover *h = &w->h;
	struct watch_answer *a;

	h->answer = xreallocarray(h->answer, h->nanswer + 1, sizeof *h->answer);
	a = &h->answer[h->nanswer++];
	memset(a, 0, sizeof *a);
	(void)snprintf(a->key, sizeof a->key, "%s", body_text(e->b, F_QUESTION));
	put_name(a->value, body_text(e->b, F_ANSWER));
	a->right = body_flag(e->b, F_ANSWER_OK);
	a->at = e->stored;
}

static void
take_item(struct watch *w, const struct event *e)
{
	struct watch_handover *h = &w->h;
	const char *key = body_text(e->b, F_TOPIC), *text = body_text(e->b, F_ITEM), *word = body_text(e->b, F_CONCLUSION),
		   *note = body_text(e->b, F_TEXT);
	struct watch_item *it = NULL;

	if (!w->under_way)
		return;
	if (body_text(e->b, F_QUESTION) != NULL) {
		take_answer(w, e);
		return;
	}
	if (key == NULL || *key == '\0')
		return;
	for (size_t i = 0; i < h->nitem; i++)
		if (strcmp(h->item[i].key, key) == 0)
			it = &h->item[i];
	if (it == NULL) {
		h->item = xreallocarray(h->item, h->nitem + 1, sizeof *h->item);
		it = &h->item[h->nitem++];
		memset(it, 0, sizeof *it);
		(void)snprintf(it->key, sizeof it->key, "%s", key);
	}
	if (text != NULL)
		(void)snprintf(it->text, sizeof it->text, "%s", text);
	if (word != NULL)
		(void)snprintf(it->state, sizeof it->state, "%s", word);
	if (note != NULL)
		(void)snprintf(it->note, sizeof it->note, "%s", note);
	if (body_text(e->b, F_PERSON) != NULL)
		put_name(it->owner, body_text(e->b, F_PERSON));
	it->passed = body_first(e->b, F_CONFIRMED) == NULL || body_flag(e->b, F_CONFIRMED);
	it->at = e->stored;
}

static bool
proven(const struct body *b, const char *person)
{
	for (const struct value *v = body_first(b, F_PROVEN); v != NULL; v = body_next(b, v))
		if (strcmp(v->u.text.s, person) == 0)
			return true;
	return false;
}

static bool
wanted(const struct watch_handover *h, const char *person, int side)
{
	for (size_t i = 0; side == SIDE_OUT && i < h->nout; i++)
		if (h->out_needed[i] && strcmp(h->outgoing[i], person) == 0)
			return true;
	for (size_t i = 0; side == SIDE_IN && i < h->nin; i++)
		if (h->in_needed[i] && strcmp(h->incoming[i], person) == 0)
			return true;
	return false;
}

/* May this signature count?  A side that is not said is the one on which it is wanted. */
static bool
sign_counts(const struct watch_handover *h, const struct body *b, const char *person, int *side)
{
	struct msgid ref;

	if (body_id(b, F_REFS, &ref) && msgid_cmp(&ref, &h->id) != 0)
		return false; /* of a handover that is over */
	if (*side == 0)
		*side = wanted(h, person, SIDE_OUT) ? SIDE_OUT : SIDE_IN;
	if (*side == SIDE_LEADER)
		return true;
	/* Who is to stay may have signed before the order came, or sign all the same: he is named. */
	if (*side == SIDE_OUT)
		return has(h->outgoing, h->nout, person);
	if (*side != SIDE_IN || !has(h->incoming, h->nin, person))
		return false;
	for (size_t i = 0; i < h->nask; i++)
		if (!watch_answered(h, h->ask[i]))
			return false;
	return true;
}

static void
take_signed(struct watch *w, const struct event *e)
{
	struct watch_handover *h = &w->h;
	const char *person = body_text(e->b, F_PERSON);
	int side = body_enum(e->b, F_SIDE);
	struct watch_sign *s;

	if (!w->under_way || person == NULL || !sign_counts(h, e->b, person, &side) || watch_signed(h, person, side))
		return;
	h->sign = xreallocarray(h->sign, h->nsign + 1, sizeof *h->sign);
	s = &h->sign[h->nsign++];
	memset(s, 0, sizeof *s);
	put_name(s->person, person);
	s->side = side;
	s->at = e->stored;
	s->proven = proven(e->b, person);
	complete(w, e);
}

/* A record of the whole begins the watch of a station that has none; later on only signatures pass it. */
static void
take_record(struct watch *w, const struct event *e)
{
	struct watch_span *s;

	if (w->nspan > 0 || body_first(e->b, F_INCOMING) == NULL)
		return;
	s = span_begin(w, e->stored, &e->id);
	add_names(s->person, &s->n, e->b, F_INCOMING);
	put_name(s->shift, body_text(e->b, F_SHIFT));
}

/* ---- sign-on, order to stay, tests ---- */

static void
founding_of(const struct body *b, struct founding *f)
{
	memset(f, 0, sizeof *f);
	(void)body_id(b, F_REFS, &f->ref);
	if (!body_time(b, F_PERIOD_FROM, &f->from))
		f->from = 0;
	put_name(f->shift, body_text(b, F_SHIFT));
}

/* The second officer of the very first shift signs on: he is responsible, too.  The shift must be named. */
static bool
founding_same(const struct founding *a, const struct founding *b)
{
	if (msgid_is_set(&a->ref) || msgid_is_set(&b->ref))
		return msgid_cmp(&a->ref, &b->ref) == 0;
	if (a->from != 0 || b->from != 0)
		return a->from == b->from;
	return *a->shift != '\0' && strcmp(a->shift, b->shift) == 0;
}

static void
take_sign_on(struct watch *w, const struct event *e)
{
	const char *person = body_text(e->b, F_PERSON);
	const struct watch_span *last = watch_now(w);
	struct founding f;
	struct watch_span *s, was;

	if (person == NULL || *person == '\0')
		return;
	if (w->non == w->capon) {
		w->capon = w->capon == 0 ? 16 : 2 * w->capon;
		w->on = xreallocarray(w->on, w->capon, sizeof *w->on);
	}
	put_name(w->on[w->non].person, person);
	w->on[w->non++].at = e->stored;
	founding_of(e->b, &f);
	if (last == NULL) {
		s = span_begin(w, e->stored, &e->id);
		s->founded = true;
		w->founding = f;
		s->planned = f.from;
		put_name(s->shift, f.shift);
		put_name(s->leader, body_text(e->b, F_DUTY_LEADER));
		add_name(s->person, &s->n, person);
	} else if (last->founded && !w->under_way && founding_same(&w->founding, &f) && !has(last->person, last->n, person)) {
		was = *last;
		s = span_begin(w, e->stored, &e->id);
		memcpy(s->person, was.person, sizeof s->person);
		s->n = was.n;
		s->founded = true;
		s->planned = was.planned;
		put_name(s->shift, was.shift);
		put_name(s->leader, was.leader);
		add_name(s->person, &s->n, person);
	}
}

static void
take_stay(struct watch *w, const struct event *e)
{
	const char *person = body_text(e->b, F_PERSON);
	struct stay *st;

	if (person == NULL || *person == '\0' || w->nstay == WATCH_PEOPLE)
		return;
	st = &w->stay[w->nstay++];
	memset(st, 0, sizeof *st);
	put_name(st->person, person);
	add_names(st->in, &st->nin, e->b, F_INCOMING);
	if (w->under_way) {
		apply_stay(w, st);
		complete(w, e);
	}
}

static void
take_test(struct watch *w, const struct event *e)
{
	struct watch_test *t;

	if (body_text(e->b, F_EQUIPMENT) == NULL)
		return;
	if (w->ntest == w->captest) {
		w->captest = w->captest == 0 ? 16 : 2 * w->captest;
		w->test = xreallocarray(w->test, w->captest, sizeof *w->test);
	}
	t = &w->test[w->ntest++];
	memset(t, 0, sizeof *t);
	put_name(t->what, body_text(e->b, F_EQUIPMENT));
	put_name(t->person, body_text(e->b, F_PERSON));
	t->outcome = body_enum(e->b, F_OUTCOME);
	t->at = e->stored;
}

/* ---- the fold ---- */

static void
apply(struct watch *w, const struct event *e)
{
	static const struct {
		int kind, step;
		void (*take)(struct watch *, const struct event *);
	} takes[] = {
	    {KIND_ROSTER, DUTY_SIGN_ON, take_sign_on},
	    {KIND_ROSTER, DUTY_STAY, take_stay},
	    {KIND_HANDOVER, DUTY_HANDOVER_BEGUN, take_begun},
	    {KIND_HANDOVER, DUTY_HANDOVER_ITEM, take_item},
	    {KIND_HANDOVER, DUTY_HANDOVER_SIGNED, take_signed},
	    {KIND_HANDOVER, 0, take_record},
	    {KIND_LOG, DUTY_LOG_EQUIPMENT, take_test},
	};

	if (e->kind == KIND_HANDOVER && e->step == DUTY_HANDOVER_ABANDONED)
		handover_clear(w);
	for (size_t i = 0; i < sizeof takes / sizeof takes[0]; i++)
		if (takes[i].kind == e->kind && takes[i].step == e->step)
			takes[i].take(w, e);
	w->stored = e->stored;
}

static int
event_cmp(const struct msgid *a, const struct msgid *b)
{
	if (a->epoch != b->epoch)
		return a->epoch < b->epoch ? -1 : 1;
	return (a->serial > b->serial) - (a->serial < b->serial);
}

static bool
concerns(const struct duty_msg *m)
{
	int step = body_enum(m->body, F_DUTY_STEP);

	if (!m->own || m->id.realm != REALM_LIVE)
		return false;
	return m->kind == KIND_HANDOVER || (m->kind == KIND_ROSTER && (step == DUTY_SIGN_ON || step == DUTY_STAY)) ||
	    (m->kind == KIND_LOG && step == DUTY_LOG_EQUIPMENT);
}

void
watch_take(struct watch *w, const struct duty_msg *m)
{
	size_t at = w->nev;

	if (!concerns(m))
		return;
	while (at > 0 && event_cmp(&w->ev[at - 1].id, &m->id) > 0)
		at--;
	if (at > 0 && event_cmp(&w->ev[at - 1].id, &m->id) == 0)
		return; /* taken already */
	if (w->nev == w->capev) {
		w->capev = w->capev == 0 ? 32 : 2 * w->capev;
		w->ev = xreallocarray(w->ev, w->capev, sizeof *w->ev);
	}
	memmove(&w->ev[at + 1], &w->ev[at], (w->nev - at) * sizeof *w->ev);
	w->nev++;
	w->ev[at] = (struct event){
	    .id = m->id, .stored = m->stored, .kind = m->kind, .step = body_enum(m->body, F_DUTY_STEP), .b = body_copy(m->body)};
	if (at + 1 == w->nev) {
		apply(w, &w->ev[at]);
		return;
	}
	reset(w);
	for (size_t i = 0; i < w->nev; i++)
		apply(w, &w->ev[i]);
}
