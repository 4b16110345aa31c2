/*
 * The folds this turn has changed, cached in its transaction: a list or a search reads one row an incident.
 *
 * Most of what comes opens an incident, and its fold is that of one message that was in our hands a moment ago.  So the
 * turn keeps what it stores until its answers are out: an incident that began in this turn is folded from there, without
 * reading back and decoding what was just encoded and written, and the desk's answers are made from there.  It is a short
 * cut and no second truth: whatever else touches an incident goes through station_changed(), and what went through there
 * is folded from the journal.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "foldcache.h"
#include "incident.h"
#include "station_int.h"

#define BUCKETS 1024
#define NOWHERE UINT32_MAX

struct kept {
	struct journal_msg m;	/* without the bytes */
	struct body *b;		/* owned; NULL: not handed over */
	bool fast;		/* one of an incident that began in this turn */
	uint32_t next_id, next_incident;	/* of the same bucket; NOWHERE: the last */
};

#define NUMBERS 2	/* spoken numbers in the making: a day's and, at midnight or in an exercise, another's; more are written at once */

struct number {
	char key[48];
	unsigned long n;
};

struct turn {
	struct number number[NUMBERS];	/* key "": none */
	struct kept *v;
	size_t n, cap;
	uint32_t by_id[BUCKETS], by_incident[BUCKETS];	/* the last of each; the order is that of storing, backwards */
};

static uint32_t
bucket(const struct msgid *id)
{
	uint64_t h = id->serial * 0x9e3779b97f4a7c15u ^ id->epoch ^ (uint64_t)id->realm << 60;

	for (const char *p = id->origin; *p != '\0'; p++)
		h = (h ^ (uint8_t)*p) * 0x100000001b3u;
	return (uint32_t)(h >> 32) % BUCKETS;
}

static struct kept *
find(const struct station *s, const struct msgid *id)
{
	struct turn *t = s->turn;

	if (t == NULL || t->n == 0)
		return NULL;
	for (uint32_t i = t->by_id[bucket(id)]; i != NOWHERE; i = t->v[i].next_id)
		if (msgid_cmp(&t->v[i].m.id, id) == 0)
			return &t->v[i];
	return NULL;
}

static struct turn *
turn_of(struct station *s)
{
	if (s->turn == NULL) {
		s->turn = xcalloc(1, sizeof *s->turn);
		memset(s->turn->by_id, 0xff, sizeof s->turn->by_id);
		memset(s->turn->by_incident, 0xff, sizeof s->turn->by_incident);
	}
	return s->turn;
}

static struct kept *
keep(struct station *s, const struct journal_msg *m)
{
	struct turn *t = turn_of(s);
	struct kept *k;

	if (t->n == t->cap) {
		t->cap = t->cap == 0 ? 64 : t->cap * 2;
		t->v = xreallocarray(t->v, t->cap, sizeof *t->v);
	}
	k = &t->v[t->n];
	*k = (struct kept){.m = *m};
	memset(&k->m.body, 0, sizeof k->m.body);
	k->m.decoded = NULL;
	k->next_id = t->by_id[bucket(&m->id)];
	t->by_id[bucket(&m->id)] = (uint32_t)t->n;
	k->next_incident = t->by_incident[bucket(&m->incident)];
	t->by_incident[bucket(&m->incident)] = (uint32_t)t->n;
	t->n++;
	return k;
}

void
station_stored(struct station *s, const struct journal_msg *m, struct body *b)
{
	struct kept *k, *opener;
	bool opens = msgid_is_set(&m->incident) && msgid_cmp(&m->id, &m->incident) == 0;

	assert(m->local);
	opener = opens ? NULL : find(s, &m->incident);
	if (opens || (opener != NULL && opener->fast))
		s->push = true;
	else
		station_changed(s, &m->incident);
	k = keep(s, m);	/* moves what opener points to */
	k->fast = opens || (opener != NULL && msgid_is_set(&m->incident) && find(s, &m->incident)->fast);
	k->b = b;
}

void
station_stored_body(struct station *s, const struct msgid *id, struct body **b)
{
	struct kept *k = find(s, id);

	if (k == NULL || k->b != NULL)
		return;
	k->b = *b;
	*b = NULL;
}

const struct body *
station_kept(const struct station *s, const struct msgid *id, struct msgid *incident)
{
	const struct kept *k = find(s, id);

	if (k == NULL || k->b == NULL)
		return NULL;
	*incident = k->m.incident;
	return k->b;
}

void
turn_forget(struct station *s)
{
	struct turn *t = s->turn;

	if (t == NULL || t->n == 0)
		return;
	for (size_t i = 0; i < t->n; i++)
		body_free(t->v[i].b);
	t->n = 0;
	memset(t->by_id, 0xff, sizeof t->by_id);
	memset(t->by_incident, 0xff, sizeof t->by_incident);
}

void
turn_free(struct station *s)
{
	turn_forget(s);
	if (s->turn != NULL)
		free(s->turn->v);
	free(s->turn);
	s->turn = NULL;
}

/* ---- spoken numbers ---- */

static void
number_write(struct station *s, struct number *n)
{
	char val[24];

	if (n->key[0] == '\0')
		return;
	snprintf(val, sizeof val, "%lu", n->n);
	s->j->ops->meta_set(s->j, n->key, val);
	s->wrote = true;
	n->key[0] = '\0';
}

bool
turn_number(const struct station *s, const char *key, unsigned long *n)
{
	for (size_t i = 0; s->turn != NULL && i < NUMBERS; i++)
		if (strcmp(s->turn->number[i].key, key) == 0) {
			*n = s->turn->number[i].n;
			return true;
		}
	return false;
}

void
turn_number_set(struct station *s, const char *key, unsigned long n)
{
	struct turn *t = turn_of(s);
	size_t at = 0;

	while (at < NUMBERS && strcmp(t->number[at].key, key) != 0)
		at++;
	if (at == NUMBERS) { /* another's place, free or not */
		at = t->number[0].key[0] == '\0' ? 0 : NUMBERS - 1;
		number_write(s, &t->number[at]);
	}
	snprintf(t->number[at].key, sizeof t->number[at].key, "%s", key);
	t->number[at].n = n;
	s->wrote = true;
}

/* ---- folding ---- */

static void
put(struct station *s, const struct msgid *id, const struct folded *fd)
{
	struct journal_incident row, had;

	foldcache_row(id, fd, &row);
	/* Found by its number it stays, though retention has taken the message that gave it. */
	if (row.number[0] == '\0' && foldcache_retired(fd)) {
		memset(&had, 0, sizeof had);
		if (s->j->ops->incident_get(s->j, id, &had) == 0)
			memcpy(row.number, had.number, sizeof row.number);
		buf_free(&had.summary);
	}
	s->j->ops->incident_put(s->j, &row);
	s->wrote = true;
	buf_free(&row.summary);
}

static void
cache_incident(struct station *s, const struct msgid *id)
{
	struct folded fd;

	if (station_fold(s, id, &fd) != 0)
		return;
	if (fd.n > 0)
		put(s, id, &fd);
	folded_free(&fd);
}

/* May it be folded from what was kept?  It began in this turn, and nothing but this turn's messages belongs to it. */
static bool
began(struct station *s, const struct msgid *id)
{
	struct journal_incident had;
	int rc;

	for (size_t i = 0; i < s->changed.n; i++)
		if (msgid_cmp(&s->changed.v[i], id) == 0)
			return false;
	if (id->epoch == s->epoch && strcmp(id->origin, s->conf.self) == 0)
		return true;	/* its id was given a moment ago */
	memset(&had, 0, sizeof had);
	rc = s->j->ops->incident_get(s->j, id, &had);
	buf_free(&had.summary);
	return rc == 1;
}

static void
cache_kept(struct station *s, const struct msgid *id)
{
	const struct turn *t = s->turn;
	struct folded fd;
	size_t n = 0, at;

	for (uint32_t i = t->by_incident[bucket(id)]; i != NOWHERE; i = t->v[i].next_incident)
		if (msgid_cmp(&t->v[i].m.incident, id) == 0) {
			if (t->v[i].b == NULL)
				goto journal;
			n++;
		}
	memset(&fd, 0, sizeof fd);
	fd.n = at = n;
	fd.msgs = xcalloc(n, sizeof *fd.msgs);
	fd.rows = xcalloc(n, sizeof *fd.rows);
	for (uint32_t i = t->by_incident[bucket(id)]; i != NOWHERE; i = t->v[i].next_incident)
		if (msgid_cmp(&t->v[i].m.incident, id) == 0) {
			const struct kept *k = &t->v[i];

			fd.msgs[--at] = (struct fold_msg){.id = k->m.id, .stored = k->m.stored, .body = k->b, .kind = k->m.kind};
			fd.rows[at] = k->m;
		}
	assert(at == 0);
	fd.incident = incident_fold(fd.msgs, n);
	put(s, id, &fd);
	incident_free(fd.incident);
	free(fd.msgs);
	free(fd.rows);
	return;
journal:
	cache_incident(s, id);
}

void
station_cache(struct station *s, int64_t now)
{
	(void)now;
	for (size_t i = 0; s->turn != NULL && i < NUMBERS; i++)
		number_write(s, &s->turn->number[i]);
	for (size_t i = 0; s->turn != NULL && i < s->turn->n; i++) {
		const struct kept *k = &s->turn->v[i];

		if (!k->fast || msgid_cmp(&k->m.id, &k->m.incident) != 0)
			continue;
		if (began(s, &k->m.incident))
			cache_kept(s, &k->m.incident);
		else
			idlist_add(&s->changed, &k->m.incident);
	}
	for (size_t i = 0; i < s->changed.n; i++)
		cache_incident(s, &s->changed.v[i]);
	s->changed.n = 0;
}
