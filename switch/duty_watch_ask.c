/*
 * What the watch answers: who was responsible when, whose something is now, and what the roster makes of it.  Reads the fold only.
 */
#include <stdio.h>
#include <stdlib.h>
#include "duty_watch_int.h"

/* ---- answers ---- */

bool
watch_at(const struct watch *w, int64_t t, struct watch_span *out)
{
	size_t lo = 0, hi = w->nspan;

	memset(out, 0, sizeof *out);
	if (w->nspan == 0)
		return false;
	/* A clock set back: from the last message on it is the present one, whatever its boundary says. */
	if (t >= w->stored) {
		*out = w->span[w->nspan - 1];
		return true;
	}
	while (lo < hi) { /* the first that begins after t */
		size_t mid = lo + (hi - lo) / 2;

		if (w->span[mid].from <= t)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == 0)
		return false;
	*out = w->span[lo - 1];
	return true;
}

size_t
watch_spans(const struct watch *w, const struct watch_span **v)
{
	*v = w->span;
	return w->nspan;
}

const struct watch_handover *
watch_handover(const struct watch *w)
{
	return w->under_way ? &w->h : NULL;
}

size_t
watch_handovers(const struct watch *w, const struct watch_done **v)
{
	*v = w->done;
	return w->ndone;
}

bool
watch_signed_on(const struct watch *w, const char *person, int64_t since)
{
	for (size_t i = w->non; i > 0; i--)
		if (w->on[i - 1].at >= since && strcmp(w->on[i - 1].person, person) == 0)
			return true;
	return false;
}

size_t
watch_tests(const struct watch *w, int64_t since, const struct watch_test **v)
{
	size_t at = w->ntest;

	while (at > 0 && w->test[at - 1].at >= since)
		at--;
	*v = w->ntest > at ? &w->test[at] : NULL;
	return w->ntest - at;
}

/* ---- owners ---- */

static const struct watch_item *
item_of(const struct watch_done *d, const char *key)
{
	size_t n = strlen(key);

	for (size_t i = 0; n > 0 && i < d->nitem; i++) {
		const char *k = d->item[i].key;
		size_t len = strlen(k);

		if (d->item[i].passed && *d->item[i].owner != '\0' &&
		    (strcmp(k, key) == 0 || (len > n && k[len - n - 1] == ' ' && strcmp(k + len - n, key) == 0)))
			return &d->item[i];
	}
	return NULL;
}

static bool
left_at(const struct watch_done *d, const char *person)
{
	return has(d->outgoing, d->nout, person) && !has(d->incoming, d->nin, person);
}

const char *
watch_owner_since(const struct watch *w, const char *key, const char *person, int64_t since)
{
	const char *owner = person;

	for (size_t i = 0; i < w->ndone; i++) {
		const struct watch_done *d = &w->done[i];
		const struct watch_item *it;

		if (d->at < since)
			continue;
		if ((it = item_of(d, key)) != NULL)
			owner = it->owner;
		else if (left_at(d, owner))
			owner = d->incoming[0];
	}
	return owner;
}

/* Without the instant: it was in hand at the first handover that names it; where none does, he had it when he last went. */
const char *
watch_owner(const struct watch *w, const char *key, const char *person, int64_t now)
{
	int64_t since = INT64_MAX;

	for (size_t i = 0; i < w->ndone && w->done[i].at <= now; i++)
		if (item_of(&w->done[i], key) != NULL) {
			since = w->done[i].at;
			break;
		}
	for (size_t i = w->ndone; since == INT64_MAX && !watch_on_duty(w, person) && i > 0; i--)
		if (left_at(&w->done[i - 1], person))
			since = w->done[i - 1].at;
	return watch_owner_since(w, key, person, since);
}

void
watch_owner_of(const struct watch *w, struct owed_item *it, int64_t now)
{
	char id[MSGID_TEXT_MAX], was[sizeof it->person];
	const char *owner;

	if (it->person[0] == '\0' || it->what == OWED_AWAIT_SIGN || it->what == OWED_AWAIT_FEEDBACK || it->what == OWED_SIGNATURE)
		return;
	(void)snprintf(was, sizeof was, "%s", it->person);
	msgid_format(&it->about, id, sizeof id);
	owner = watch_owner(w, id, was, now);
	if (strcmp(owner, was) == 0 && msgid_is_set(&it->incident)) {
		msgid_format(&it->incident, id, sizeof id);
		owner = watch_owner(w, id, was, now);
	}
	(void)snprintf(it->person, sizeof it->person, "%s", owner);
}

/* ---- what the roster says of it ---- */

static bool
all_there(const struct roster_shift *sh, const struct watch_span *s)
{
	for (size_t i = 0; i < sh->nofficer; i++)
		if (!has(s->person, s->n, sh->officer[i]))
			return false;
	return sh->nofficer > 0;
}

static bool
some_there(const struct roster_shift *sh, const struct watch_span *s)
{
	for (size_t i = 0; i < sh->nofficer; i++)
		if (has(s->person, s->n, sh->officer[i]))
			return true;
	return false;
}

/* Is that shift this span's own, or over when it began?  Where nobody has said for which shift it is, by who is there. */
static bool
before(const struct roster_shift *sh, const struct watch_span *s)
{
	if (s->planned != 0)
		return sh->from <= s->planned;
	return sh->to <= s->from || (sh->from <= s->from && some_there(sh, s));
}

const struct roster_shift *
watch_relief(const struct watch *w, const struct roster *r, int64_t now, int64_t *due)
{
	const struct watch_span *s = watch_now(w);
	int64_t missed = 0;
	bool first = s != NULL && s->founded && s->planned == 0;

	*due = 0;
	for (size_t i = 0; i < roster_count(r); i++) {
		const struct roster_shift *sh = roster_at(r, i);

		if (sh->cancelled || sh->nofficer == 0)
			continue;
		if (s == NULL ? sh->to <= now : before(sh, s))
			continue;
		/* The same people go on, or came early for it: nobody hands over to himself. */
		if (s != NULL && (all_there(sh, s) || (first && some_there(sh, s)))) {
			first = false;
			missed = 0;
			continue;
		}
		if (sh->to <= now) {
			missed = missed == 0 ? sh->from : missed;
			continue;
		}
		*due = missed != 0 ? missed : sh->from;
		return sh;
	}
	*due = missed;
	return NULL;
}

int64_t
watch_overdue(const struct watch *w, const struct roster *r, int64_t now)
{
	int64_t due;

	if (watch_now(w) == NULL)
		return -1;
	(void)watch_relief(w, r, now, &due);
	return due != 0 && due < now ? now - due : -1;
}
