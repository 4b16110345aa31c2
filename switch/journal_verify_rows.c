/*
 * Delivery rows against the chain.
 *
 * What each addressee has made of a message of ours is a row that changes; every change but "the first hop has it" is an entry of the
 * chain, written in the same transaction and at the same instant.  So the entries, taken in order by the rule the station goes by
 * (station_recv.c, station_return.c), give the row as it must be: a row wound back, run ahead, moved in time or gone shows.  Who
 * signed stands in the receipts, and is held against those that are still here with their bytes.
 *
 * Never more is said than is known: of what came before the chain does (a journal put together from another one) the receipts decide,
 * and of what retention let go nothing is concluded.
 */
#include <stdlib.h>
#include <string.h>
#include <sodium.h>

#include "journal_verify.h"
#include "../formats/i18n.h"
#include "../formats/wire.h"

#define PERSON_TOLD 120			/* bytes of a name that are compared: a row keeps 127, cut anywhere */

/* One delivery as the chain tells it. */
struct told {
	uint8_t key[16];		/* of "ID TO"; of "ID " for a message that was destroyed */
	int64_t delivered, read, signed_, taken, since;
	int64_t delivered_or, since_or;	/* what a station of before wrote; 0 none */
	uint64_t person;		/* of its row */
	uint8_t state;			/* enum delivery_state; 0: nothing told */
	uint8_t act;			/* what made it so; 0: destruction */
	bool ours;			/* concluded here */
	bool soft;			/* 退回 before any 送达: some stations counted it as arrival, some did not */
	bool seen;
	bool heard, agrees;		/* a receipt here tells who; and it is who the row says */
	bool ended;			/* its message was destroyed while it was open */
	bool empty;			/* its row names nobody */
};

struct heard {
	uint8_t key[16];
	int64_t at;
	uint64_t person;
	uint8_t act;
};

/* For %llu: msgids of gettext hold no PRIu64. */
static unsigned long long
ull(uint64_t v)
{
	return v;
}

/* ---- what the chain tells ---- */

static void
key_of(const struct rows *r, const char *id, size_t n, const char *to, uint8_t key[16])
{
	char text[MSGID_TEXT_MAX + STATION_MAX + 2];
	size_t k = strlen(to);

	if (n >= MSGID_TEXT_MAX)
		n = MSGID_TEXT_MAX - 1;
	if (k >= STATION_MAX)
		k = STATION_MAX - 1;
	memcpy(text, id, n);
	text[n] = ' ';
	memcpy(text + n + 1, to, k);
	(void)crypto_shorthash_siphashx24(key, (const uint8_t *)text, n + 1 + k, r->hashkey);
}

static uint32_t *
place(const struct rows *r, const uint8_t key[16])
{
	uint64_t h;
	size_t i;

	memcpy(&h, key, sizeof(h));
	for (i = (size_t)h & (r->capslot - 1); r->slot[i] != 0; i = (i + 1) & (r->capslot - 1))
		if (memcmp(r->told[r->slot[i] - 1].key, key, 16) == 0)
			break;
	return &r->slot[i];
}

static struct told *
find(const struct rows *r, const uint8_t key[16])
{
	uint32_t at = r->capslot > 0 ? *place(r, key) : 0;

	return at != 0 ? &r->told[at - 1] : NULL;
}

static struct told *
find_or_add(struct rows *r, const uint8_t key[16])
{
	struct told *t = find(r, key);
	size_t i;

	if (t != NULL)
		return t;
	if (r->ntold == r->captold) {
		r->captold = r->captold > 0 ? r->captold * 2 : 256;
		r->told = xreallocarray(r->told, r->captold, sizeof(*r->told));
	}
	t = &r->told[r->ntold++];
	memset(t, 0, sizeof(*t));
	memcpy(t->key, key, 16);
	if (r->ntold * 2 > r->capslot) {
		r->capslot = r->capslot > 0 ? r->capslot * 2 : 1024;
		free(r->slot);
		r->slot = xcalloc(r->capslot, sizeof(*r->slot));
		for (i = 0; i < r->ntold; i++)
			*place(r, r->told[i].key) = (uint32_t)(i + 1);
	} else
		*place(r, key) = (uint32_t)r->ntold;
	return t;
}

static int
act_of_word(const char *word)
{
	static const int acts[] = { ACT_DELIVERED, ACT_READ, ACT_SIGNED, ACT_TAKEN, ACT_RETURNED };
	const struct enum_name *e;
	size_t i;

	for (i = 0; i < sizeof(acts) / sizeof(acts[0]); i++)
		if ((e = enum_by_value("act", acts[i])) != NULL && strcmp(e->name, word) == 0)
			return acts[i];
	return 0;
}

static void
end_by_destruction(struct told *t, int64_t ms)
{
	if (t->state != 0)
		return;
	t->state = DLV_RETURNED;
	t->since = ms;
	t->act = 0;
	t->ended = true;
}

static uint8_t
furthest(const struct told *t)
{
	return t->taken != 0 ? DLV_TAKEN : t->signed_ != 0 ? DLV_SIGNED : t->read != 0 ? DLV_READ : DLV_DELIVERED;
}

/* As the station does it (note_act(), conclude()). */
static void
tell(struct told *t, int act, int64_t ms, bool ours)
{
	uint8_t state = act == ACT_DELIVERED ? DLV_DELIVERED : act == ACT_READ ? DLV_READ : act == ACT_SIGNED ? DLV_SIGNED :
	    act == ACT_TAKEN ? DLV_TAKEN : DLV_RETURNED, was = t->state;
	int64_t *slot = act == ACT_DELIVERED ? &t->delivered : act == ACT_READ ? &t->read : act == ACT_SIGNED ? &t->signed_ :
	    act == ACT_TAKEN ? &t->taken : NULL;
	bool nothing = t->delivered == 0 || t->soft;

	if (ours) {
		t->state = DLV_RETURNED;
		t->since = ms;
		t->act = ACT_RETURNED;
		t->ours = true;
		return;
	}
	if (t->soft && t->delivered_or == 0)
		t->delivered_or = ms;
	if (slot != NULL && (*slot == 0 || act == ACT_TAKEN))
		*slot = ms;
	if (t->delivered == 0) {
		t->delivered = ms;
		t->soft = act == ACT_RETURNED;
	}
	if (state == DLV_RETURNED)
		t->state = DLV_RETURNED;
	else if (was == DLV_RETURNED)
		t->state = furthest(t);
	else if (state > was)
		t->state = state;
	if (t->state != was || (nothing && was == DLV_RETURNED)) {
		t->since_or = t->state == was ? t->since : 0;
		t->since = ms;
		t->act = (uint8_t)act;
		t->ours = false;
	}
}

void
rows_chain(struct rows *r, const struct journal_chain *c)
{
	const char *to = strchr(c->ref, ' '), *word = strrchr(c->ref, ' ');
	char name[STATION_MAX];
	struct told *t, *gone;
	uint8_t key[16];
	size_t n;
	int act;

	if (c->what == CHAIN_EPOCH) {
		r->began = true;
	} else if (c->what == CHAIN_RETIRED) {
		r->retired = true;
	} else if (c->what == CHAIN_DESTROYED && to == NULL) {
		key_of(r, c->ref, strlen(c->ref), "", key);
		t = find_or_add(r, key);
		if (!t->seen)
			r->seen++;	/* no row of its own */
		t->seen = true;
		t->since = c->ms;
		r->destroyed = true;
	} else if (c->what == CHAIN_DELIVERY && to != NULL && word > to && (act = act_of_word(word + 1)) != 0 &&
	    (n = (size_t)(word - to) - 1) < sizeof(name)) {
		memcpy(name, to + 1, n);
		name[n] = '\0';
		key_of(r, c->ref, (size_t)(to - c->ref), name, key);
		t = find_or_add(r, key);
		if (r->destroyed && t->state == 0) {
			uint8_t whole[16];

			key_of(r, c->ref, (size_t)(to - c->ref), "", whole);
			if ((gone = find(r, whole)) != NULL)
				end_by_destruction(t, gone->since);
		}
		tell(t, act, c->ms, strcmp(c->who, r->station) == 0 && strcmp(name, r->station) != 0);
	}
}

/* ---- what receipts tell ---- */

static uint64_t
person_of(const struct rows *r, const char *text)
{
	size_t n = strlen(text);
	uint8_t h[8];
	uint64_t v;

	(void)crypto_shorthash(h, (const uint8_t *)text, n < PERSON_TOLD ? n : PERSON_TOLD, r->hashkey);
	memcpy(&v, h, sizeof(v));
	return v;
}

static void
hear(struct rows *r, const struct msgid *id, const char *to, const struct journal_msg *m, int act, const char *person)
{
	char text[MSGID_TEXT_MAX];
	struct heard *h;

	if (strcmp(id->origin, r->station) != 0)
		return;
	if (r->nheard == r->capheard) {
		r->capheard = r->capheard > 0 ? r->capheard * 2 : 256;
		r->heard = xreallocarray(r->heard, r->capheard, sizeof(*r->heard));
	}
	h = &r->heard[r->nheard++];
	key_of(r, text, msgid_format(id, text, sizeof(text)), to, h->key);
	h->at = m->stored;
	h->act = (uint8_t)act;
	h->person = person_of(r, person != NULL ? person : "");
}

/* Who did what, as far as somebody is named: the switch's own 送达 name nobody. */
static void
hear_receipt(struct rows *r, const struct journal_msg *m, const struct body *body)
{
	bool ours = strcmp(m->id.origin, r->station) == 0;
	int act = body_enum(body, F_ACT);
	const char *person = body_text(body, act == ACT_RETURNED ? F_REASON : F_PERSON);
	const struct value *ref, *about = body_first(body, F_REGARDING), *v;

	if ((act == ACT_DELIVERED && person == NULL) || body_first(body, F_ON_BEHALF) != NULL || (about != NULL) != ours || (ours && act != ACT_RETURNED))
		return;
	for (ref = body_first(body, F_REFS); ref != NULL; ref = body_next(body, ref)) {
		if (!ours)
			hear(r, &ref->u.id, m->id.origin, m, act, person);
		for (v = about; ours && v != NULL; v = body_next(body, v))
			hear(r, &ref->u.id, v->u.text.s, m, act, person);
	}
}

/* ---- what the row says ---- */

static bool
same_row(const struct told *t, const struct journal_delivery *d)
{
	if (t->state == 0)
		return (d->state == DLV_OPEN || d->state == DLV_CUSTODY) && d->delivered == 0 && d->read == 0 && d->signed_ == 0 &&
		    d->taken == 0 && d->person[0] == '\0';
	return d->state == t->state && (d->delivered == t->delivered || (t->soft && d->delivered == t->delivered_or)) &&
	    d->read == t->read && d->signed_ == t->signed_ && d->taken == t->taken &&
	    (d->since == t->since || (t->since_or != 0 && d->since == t->since_or));
}

struct replay {
	struct rows *r;
	const struct journal_delivery *d;
	struct told t;
};

static int
replay_receipt(void *ctx, const struct journal_msg *m)
{
	struct replay *p = ctx;
	const struct value *v;
	struct fault fault;
	struct body *body;
	bool ours = strcmp(m->id.origin, p->r->station) == 0, about;
	int act;

	memset(&fault, 0, sizeof(fault));
	if (m->kind != KIND_RECEIPT || m->body.n == 0 || (!ours && strcmp(m->id.origin, p->d->to) != 0) ||
	    (body = wire_decode(m->body.p, m->body.n, &fault)) == NULL)
		return 0;
	act = body_first(body, F_ON_BEHALF) != NULL ? 0 : body_enum(body, F_ACT);	/* for another: nobody's own act */
	v = body_first(body, F_REGARDING);
	about = v != NULL;
	while (ours && v != NULL && strcmp(v->u.text.s, p->d->to) != 0)
		v = body_next(body, v);
	if (ours ? act == ACT_RETURNED && v != NULL : !about && act >= ACT_DELIVERED && act <= ACT_RETURNED)
		tell(&p->t, act, m->stored, ours);
	body_free(body);
	return 0;
}

/* The row knows more than this chain does, and the receipts that are here say just that: it is a journal put together from another. */
static int
told_by_receipts(struct rows *r, const struct told *t, const struct journal_delivery *d, bool *yes)
{
	struct replay p = { .r = r, .d = d };

	*yes = false;
	if ((t->delivered != 0 && d->delivered == 0) || (t->read != 0 && d->read == 0) || (t->signed_ != 0 && d->signed_ == 0) ||
	    (t->taken != 0 && d->taken == 0) || (t->state == DLV_RETURNED) != (d->state == DLV_RETURNED && t->state != 0))
		return 0;
	if (r->j->ops->each_referring(r->j, &d->id, replay_receipt, &p) < 0)
		return -1;
	*yes = p.t.state != 0 && same_row(&p.t, d);
	return 0;
}

static int
check_delivery(struct rows *r, const struct journal_delivery *d, const char *text, size_t len)
{
	struct told none, *t;
	uint8_t key[16];
	bool yes;

	key_of(r, text, len, d->to, key);
	if ((t = find(r, key)) == NULL) {
		memset(&none, 0, sizeof(none));
		t = &none;
	} else if (!t->seen) {
		t->seen = true;
		r->seen++;
	}
	if (r->destroyed && t->state == 0) {
		const struct told *gone;

		key_of(r, text, len, "", key);
		if ((gone = find(r, key)) != NULL)
			end_by_destruction(t, gone->since);
	}
	if (!same_row(t, d)) {
		if (told_by_receipts(r, t, d, &yes) != 0)
			return -1;
		if (!yes)
			return journal_bad(r->out, _("message %s: its delivery to %s is not as the chain tells"), text, d->to);
		t->ours = t->heard = t->agrees = true;	/* what it is made of is what it was compared with */
		return 0;
	}
	t->person = person_of(r, d->person);
	t->empty = d->person[0] == '\0';
	return 0;
}

/* ---- a message ---- */

static int
add_row(void *ctx, const struct journal_delivery *d)
{
	struct rows *r = ctx;

	if (r->nhave == r->caphave) {
		r->caphave = r->caphave > 0 ? r->caphave * 2 : 16;
		r->have = xreallocarray(r->have, r->caphave, sizeof(*r->have));
	}
	r->have[r->nhave++] = *d;
	return 0;
}

static bool
has_row(const struct rows *r, const char *to)
{
	size_t i;

	for (i = 0; i < r->nhave; i++)
		if (strcmp(r->have[i].to, to) == 0)
			return true;
	return false;
}

static bool
names(const struct body *body, const char *station)
{
	static const uint32_t keys[] = { F_TO, F_CC };
	const struct value *v;
	size_t k;

	for (k = 0; k < 2; k++)
		for (v = body_first(body, keys[k]); v != NULL; v = body_next(body, v))
			if (strcmp(v->u.text.s, station) == 0)
				return true;
	return false;
}

/* Written here: every addressee has its delivery row, and nobody else.  What machines say (not local) is receipted by nobody. */
static int
check_addressees(struct rows *r, const struct journal_msg *m, const struct body *body, const char *text)
{
	static const uint32_t keys[] = { F_TO, F_CC };
	const struct value *v;
	size_t k, i;

	if (strcmp(m->from, r->station) != 0)
		return 0;
	for (k = 0; k < 2 && m->local; k++)
		for (v = body_first(body, keys[k]); v != NULL; v = body_next(body, v))
			if (strcmp(v->u.text.s, r->station) != 0 && !has_row(r, v->u.text.s))
				return journal_bad(r->out, _("message %s: its delivery to %s is missing"), text, v->u.text.s);
	for (i = 0; r->began && i < r->nhave; i++)
		if (!m->local || !names(body, r->have[i].to))
			return journal_bad(r->out, _("message %s: has a delivery to %s, and is not addressed to it"), text,
			    r->have[i].to);
	return 0;
}

/* What the switches alone say to each other. */
static bool
is_machine(const struct body *b)
{
	int act = body_enum(b, F_ACT);

	return body_enum(b, F_KIND) == KIND_RECEIPT &&
	    (act == ACT_DELIVERED || (act == ACT_RETURNED && body_first(b, F_REGARDING) != NULL));
}

/* For us: written here, unless by the switch itself, or addressed here. */
static bool
local_as_said(const struct rows *r, const struct journal_msg *m, const struct body *body)
{
	if (strcmp(m->id.origin, r->station) == 0)
		return m->local || is_machine(body);
	return !m->local || (names(body, r->station) && !is_machine(body));
}

int
rows_message(struct rows *r, const struct journal_msg *m, const struct body *body, const char *text, bool *any)
{
	size_t len = strlen(text), i;
	int rc = 0;

	r->nhave = 0;
	if (r->j->ops->delivery_each(r->j, &m->id, add_row, r) != 0)
		return -1;
	*any = r->nhave > 0;
	if (r->began && body != NULL && !local_as_said(r, m, body))
		return journal_bad(r->out, _("message %s: its row and its body differ in %s"), text, "local");
	if (r->began && body != NULL && m->kind == KIND_RECEIPT)
		hear_receipt(r, m, body);
	if (strcmp(m->id.origin, r->station) != 0)
		return 0;
	if (body != NULL && (rc = check_addressees(r, m, body, text)) != 0)
		return rc;
	for (i = 0; r->began && i < r->nhave && rc == 0; i++)
		rc = check_delivery(r, &r->have[i], text, len);
	return rc;
}

/* ---- when all have been seen ---- */

struct missing {
	struct rows *r;
	bool person;			/* else: a row */
};

static bool
person_wrong(const struct rows *r, const struct told *t)
{
	if (!t->seen || t->state == 0 || t->ended || t->agrees)
		return false;
	if (t->heard)
		return true;
	/* The switch's own 送达 names nobody, and we never conclude without saying why. */
	return t->act == ACT_DELIVERED ? !t->empty && !r->retired : t->ours && t->empty;
}

/* Only their hashes are kept: the chain says the names. */
static int
name_missing(void *ctx, const struct journal_chain *c)
{
	struct missing *w = ctx;
	const char *to = strchr(c->ref, ' '), *word = strrchr(c->ref, ' ');
	char text[sizeof(c->ref)];
	const struct told *t;
	uint8_t key[16];
	size_t n;

	if (c->what != CHAIN_DELIVERY || to == NULL || word == to)
		return 0;
	memcpy(text, c->ref, sizeof(text));
	n = (size_t)(to - c->ref);
	text[n] = text[(size_t)(word - c->ref)] = '\0';
	key_of(w->r, text, n, text + n + 1, key);
	if ((t = find(w->r, key)) == NULL || (w->person ? !person_wrong(w->r, t) : t->seen))
		return 0;
	return w->person ? journal_bad(w->r->out, _("message %s: its delivery to %s names another person than the receipt"), text,
	    text + n + 1) : journal_bad(w->r->out, _("message %s: its delivery to %s is missing"), text, text + n + 1);
}

int
rows_end(struct rows *r, const struct journal_scan *scan)
{
	struct missing w = { .r = r };
	const struct heard *h;
	struct told *t;
	size_t i, wrong = 0;

	if (!r->began)
		return 0;
	for (i = 0; i < r->nheard; i++) {
		h = &r->heard[i];
		/* Others came when it had been said already, or before the journal they are in was given back; and where stations of
		 * before left the row as it was, it names somebody else. */
		if ((t = find(r, h->key)) == NULL || h->act != t->act || h->at != t->since || t->since_or != 0)
			continue;
		t->heard = true;
		t->agrees = t->agrees || h->person == t->person;
	}
	for (i = 0; i < r->ntold; i++)
		wrong += person_wrong(r, &r->told[i]);
	w.person = r->seen == r->ntold;
	if (w.person && wrong == 0)
		return 0;
	if (scan->each_chain(r->j, r->out, name_missing, &w) != 0)
		return -1;
	if (r->out->bad[0] == '\0')	/* cannot be: every one of them came from an entry */
		(void)journal_bad(r->out, _("the chain knows of %llu deliveries, %llu are here"), ull(r->ntold), ull(r->seen));
	return 1;
}

void
rows_open(struct rows *r, struct journal *j, const char *station, struct journal_verify *out)
{
	memset(r, 0, sizeof(*r));
	r->j = j;
	r->station = station;
	r->out = out;
	randombytes_buf(r->hashkey, sizeof(r->hashkey));
}

void
rows_free(struct rows *r)
{
	free(r->told);
	free(r->slot);
	free(r->heard);
	free(r->have);
}
