/*
 * The mail that is held: found by id, in the order an inbox shows it, each with what was done about it.  And the order of the
 * incidents held.
 *
 * An item asks for attention until it is read or signed for as its kind demands, recalled or corrected; that only ever
 * goes one way, so what is settled stays settled and, once no inbox can reach it, need not be held.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include "query_live.h"

/* ---- maps ---- */

static size_t
map_slot(const struct live_map *m, const struct msgid *id)
{
	size_t i = (size_t)msgid_hash(id) & (m->slots - 1);

	while (m->slot[i] != NULL && msgid_cmp(m->slot[i], id) != 0)
		i = (i + 1) & (m->slots - 1);
	return i;
}

void *
live_map_find(const struct live_map *m, const struct msgid *id)
{
	return m->slots > 0 ? m->slot[map_slot(m, id)] : NULL;
}

/* v begins with its id, which is not in the map. */
void
live_map_put(struct live_map *m, void *v)
{
	size_t i;

	if (2 * (m->n + 1) > m->slots) {
		void **old = m->slot;
		size_t slots = m->slots;

		m->slots = slots == 0 ? 64 : slots * 2;
		m->slot = xcalloc(m->slots, sizeof *m->slot);
		for (i = 0; i < slots; i++)
			if (old[i] != NULL)
				m->slot[map_slot(m, old[i])] = old[i];
		free(old);
	}
	i = map_slot(m, v);
	assert(m->slot[i] == NULL);
	m->slot[i] = v;
	m->n++;
}

/* Those behind it move up, so that each is still found from where its id points to. */
void
live_map_take(struct live_map *m, const struct msgid *id)
{
	size_t mask = m->slots - 1, hole = map_slot(m, id), home;

	assert(m->slot[hole] != NULL);
	for (size_t i = (hole + 1) & mask; m->slot[i] != NULL; i = (i + 1) & mask) {
		home = (size_t)msgid_hash(m->slot[i]) & mask;
		if (((i - home) & mask) >= ((i - hole) & mask)) {
			m->slot[hole] = m->slot[i];
			hole = i;
		}
	}
	m->slot[hole] = NULL;
	m->n--;
}

const struct live_mail *
live_mail_find(const struct live *l, const struct msgid *id)
{
	return live_map_find(&l->mail, id);
}

const struct live_incident *
live_incident_find(const struct live *l, const struct msgid *id)
{
	return live_map_find(&l->incidents, id);
}

/* ---- one piece ---- */

void
live_mail_free(struct live_mail *m)
{
	for (int z = 0; z < LIVE_LANGUAGES; z++) {
		owed_clear(&m->owed[z]);
		json_decref(m->row[z]);
	}
	free(m);
}

void
live_mail_changed(struct live_mail *m)
{
	for (int z = 0; z < LIVE_LANGUAGES; z++) {
		json_decref(m->row[z]);
		m->row[z] = NULL;
		owed_clear(&m->owed[z]);
	}
}

/* ---- the order of the inbox ---- */

/* What asks for attention first: live before exercise, the more urgent first; all else by arrival. */
static int
cmp_item(const struct inbox_item *x, const struct inbox_item *y)
{
	if (x->attention != y->attention)
		return x->attention ? -1 : 1;
	if (x->attention && x->id.realm != y->id.realm)
		return x->id.realm < y->id.realm ? -1 : 1;
	if (x->attention && x->precedence != y->precedence)
		return x->precedence < y->precedence ? -1 : 1;
	return x->seq > y->seq ? -1 : x->seq < y->seq;
}

static int
cmp_mail(const void *a, const void *b)
{
	return cmp_item(&(*(struct live_mail *const *)a)->it, &(*(struct live_mail *const *)b)->it);
}

/* Where it stands, or would. */
static size_t
order_place(const struct live *l, const struct live_mail *m)
{
	size_t lo = 0, hi = l->n, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (cmp_item(&l->order[mid]->it, &m->it) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static void
order_count(struct live *l, const struct live_mail *m, bool in)
{
	size_t n = in ? 1 : SIZE_MAX;	/* or one less */

	if (!m->it.attention)
		return;
	l->attention += n;
	if (m->it.demands >= ACT_SIGNED)
		l->unsigned_ += n;
}

static void
order_room(struct live *l)
{
	if (l->n == l->cap) {
		l->cap = l->cap == 0 ? 64 : l->cap * 2;
		l->order = xreallocarray(l->order, l->cap, sizeof(struct live_mail *));
	}
}

void
live_order_put(struct live *l, struct live_mail *m)
{
	size_t i = order_place(l, m);

	order_room(l);
	memmove(&l->order[i + 1], &l->order[i], (l->n - i) * sizeof(struct live_mail *));
	l->order[i] = m;
	l->n++;
	order_count(l, m, true);
}

void
live_order_all(struct live *l, struct live_mail **mail, size_t n)
{
	if (n <= LIVE_SORT) {
		for (size_t i = 0; i < n; i++)
			live_order_put(l, mail[i]);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		order_room(l);
		l->order[l->n++] = mail[i];
		order_count(l, mail[i], true);
	}
	qsort(l->order, l->n, sizeof(struct live_mail *), cmp_mail);
}

void
live_order_take(struct live *l, struct live_mail *m)
{
	size_t i = order_place(l, m);

	assert(i < l->n && l->order[i] == m);
	l->n--;
	memmove(&l->order[i], &l->order[i + 1], (l->n - i) * sizeof(struct live_mail *));
	order_count(l, m, false);
}

/* Nothing asks for the oldest of what is settled: no inbox shows it, and settled mail stays settled. */
void
live_trim(struct live *l)
{
	size_t keep = l->attention + LIVE_MAX + 1, n = keep;

	if (l->n < keep + LIVE_MAX || l->n < l->trim_at)
		return;
	for (size_t i = keep; i < l->n; i++) {
		struct live_mail *m = l->order[i];

		if (m->owed[LIVE_EN].n > 0 || m->owed[LIVE_ZH].n > 0)
			l->order[n++] = m;
		else
			live_mail_free(m);
	}
	l->n = n;
	l->trim_at = n + LIVE_MAX;
	free(l->mail.slot);
	memset(&l->mail, 0, sizeof l->mail);
	for (size_t i = 0; i < l->n; i++)
		live_map_put(&l->mail, l->order[i]);
}

void
live_mail_drop(struct live *l, struct live_mail *m)
{
	live_order_take(l, m);
	live_map_take(&l->mail, &m->id);
	live_mail_free(m);
}

/* ---- the order of the list of incidents ---- */

static int
cmp_listed(const void *a, const void *b)
{
	const struct live_incident *x = *(struct live_incident *const *)a, *y = *(struct live_incident *const *)b;

	if (x->id.realm != y->id.realm)
		return x->id.realm < y->id.realm ? -1 : 1;
	if (x->changed != y->changed)
		return x->changed > y->changed ? -1 : 1;
	return x->seq > y->seq ? -1 : x->seq < y->seq;
}

static size_t
listed_place(const struct live *l, const struct live_incident *inc)
{
	size_t lo = 0, hi = l->nlisted, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (cmp_listed(&l->listed[mid], &inc) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

void
live_listed_put(struct live *l, struct live_incident *inc)
{
	size_t i = listed_place(l, inc);

	if (l->nlisted == l->caplisted) {
		l->caplisted = l->caplisted == 0 ? 64 : l->caplisted * 2;
		l->listed = xreallocarray(l->listed, l->caplisted, sizeof(struct live_incident *));
	}
	memmove(&l->listed[i + 1], &l->listed[i], (l->nlisted - i) * sizeof(struct live_incident *));
	l->listed[i] = inc;
	l->nlisted++;
}

void
live_listed_take(struct live *l, const struct live_incident *inc)
{
	size_t i = listed_place(l, inc);

	assert(i < l->nlisted && l->listed[i] == inc);
	l->nlisted--;
	memmove(&l->listed[i], &l->listed[i + 1], (l->nlisted - i) * sizeof(struct live_incident *));
}

/* ---- what was done about a message ---- */

/* What this message does to those it refers to: our own receipts and feedback, its author's recall or correction. */
bool
live_note_of(const struct query *q, const struct journal_msg *m, const struct body *b, struct live_note *n)
{
	bool own = strcmp(m->id.origin, q->self) == 0;
	/* What was taken in here from another system is filed as ours and is that system's word. */
	bool theirs = !own || (m->kind == KIND_WARNING && body_first(b, F_FOREIGN_ID) != NULL);
	bool amends = theirs && (m->kind == KIND_REPORT || m->kind == KIND_DIRECTIVE || m->kind == KIND_WARNING);
	int stage = body_enum(b, F_STAGE);

	memset(n, 0, sizeof *n);
	if (own && m->kind == KIND_RECEIPT)
		n->done = body_enum(b, F_ACT);
	else if (own && m->kind == KIND_FEEDBACK && body_first(b, F_ON_BEHALF) != NULL)
		return false;	/* another station's word */
	else if (own && m->kind == KIND_FEEDBACK)
		n->answered = true;
	else if (amends && (stage == STAGE_WITHDRAWAL || (m->kind == KIND_DIRECTIVE && body_enum(b, F_ORDER_TYPE) == ORDER_REVOKED)))
		n->recalled = true;
	else if (amends && stage == STAGE_CORRECTION)
		n->corrected = true;
	else
		return false;
	return true;
}

/* May it speak of that message?  Recalls and corrections are their author's. */
bool
live_note_binds(const struct live_note *n, const struct msgid *by, const struct msgid *of)
{
	return (!n->recalled && !n->corrected) || strcmp(by->origin, of->origin) == 0;
}

void
live_note_add(struct inbox_item *it, const struct live_note *n)
{
	if (n->done > it->done)
		it->done = n->done;
	it->answered |= n->answered;
	it->recalled |= n->recalled;
	it->corrected |= n->corrected;
	it->attention = !it->own && !it->history && !it->recalled && !it->corrected && it->done < it->demands;
}

struct deeds {
	struct query *q;
	struct inbox_item *it;
	struct msgid *by;	/* the corrections of it; owned */
	size_t nby;
};

static int
deed_row(void *ctx, const struct journal_msg *m)
{
	struct deeds *d = ctx;
	struct body *b;
	struct live_note n;

	if (!m->local || (b = query_decode(m)) == NULL)
		return 0;
	if (live_note_of(d->q, m, b, &n) && live_note_binds(&n, &m->id, &d->it->id)) {
		if (n.corrected) {
			d->by = xreallocarray(d->by, d->nby + 1, sizeof *d->by);
			d->by[d->nby++] = m->id;
			n.corrected = false;
		}
		live_note_add(d->it, &n);
	}
	body_free(b);
	return 0;
}

/* Was it itself recalled?  The answer is in the item. */
static int
recalled_row(void *ctx, const struct journal_msg *m)
{
	struct deeds *d = ctx;
	struct body *b;
	struct live_note n;

	if (!m->local || (b = query_decode(m)) == NULL)
		return 0;
	if (live_note_of(d->q, m, b, &n) && n.recalled && live_note_binds(&n, &m->id, &d->it->id))
		d->it->recalled = true;
	body_free(b);
	return 0;
}

/* A correction that was recalled says nothing any more: what it corrected stands, and asks for what it asked. */
int
live_deeds(struct query *q, struct inbox_item *it)
{
	struct deeds d = { .q = q, .it = it };
	struct live_note note = { 0 };
	int rc;

	it->done = 0;
	it->answered = it->recalled = it->corrected = false;
	live_note_add(it, &note);
	rc = q->j->ops->each_referring(q->j, &it->id, deed_row, &d);
	for (size_t i = 0; rc != -1 && i < d.nby && !it->corrected; i++) {
		struct inbox_item by = { .id = d.by[i] };
		struct deeds of = { .q = q, .it = &by };

		rc = q->j->ops->each_referring(q->j, &by.id, recalled_row, &of);
		note.corrected = !by.recalled;
		live_note_add(it, &note);
	}
	free(d.by);
	return rc;
}

static bool
is_notice(const struct journal_msg *m, const struct body *b)
{
	return m->kind == KIND_RECEIPT && m->local && body_enum(b, F_ACT) == ACT_RETURNED &&
	    body_first(b, F_REGARDING) != NULL;
}

bool
live_is_mail(const struct query *q, const struct journal_msg *m, const struct body *b)
{
	switch (m->kind) {
	case KIND_RECEIPT:
	case KIND_REPORT:
	case KIND_GRADE:
	case KIND_DIRECTIVE:
	case KIND_FEEDBACK:
	case KIND_WARNING:
	case KIND_CHASE:
		break;
	case KIND_STEP:
		/* Of the steps only this one asks something: our copy may have to go as well. */
		return body_enum(b, F_STEP) == STEP_DESTROYED && strcmp(m->id.origin, q->self) != 0 &&
		    incident_addressed(b, q->self, true);
	default:
		return false;
	}
	/* What was taken in here from another system has come in too, though it is filed as ours; and so has the switch's own word that
	 * something could not be delivered. */
	if (strcmp(m->id.origin, q->self) == 0)
		return (m->kind == KIND_WARNING && body_first(b, F_FOREIGN_ID) != NULL) || is_notice(m, b);
	return incident_addressed(b, q->self, true) &&
	    (m->kind != KIND_RECEIPT || body_enum(b, F_ACT) == ACT_RETURNED);
}

void
live_item(const struct journal_msg *m, const struct body *b, bool own, struct inbox_item *it)
{
	memset(it, 0, sizeof *it);
	it->id = m->id;
	it->incident = m->incident;
	it->kind = m->kind;
	it->precedence = m->precedence;
	it->stored = m->stored;
	it->seq = m->seq;
	it->notice = own && is_notice(m, b);
	it->own = own && !it->notice;
	it->history = body_flag(b, F_HISTORY);
	it->ring = body_flag(b, F_RING);
	it->demands = m->kind == KIND_RECEIPT ? ACT_READ : clock_demands(b);
}
