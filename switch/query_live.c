/*
 * What is live: the mail that has come in, what it still asks for, and the incidents that are no history, kept between
 * the readings of a journal.
 *
 * Desks read again after every push.  Everything here follows from messages, and messages never change: it is read once
 * (after a start: only what is local and not quiet), and then each time from the chain position reached.  What a
 * message does to others reaches them by its references, whichever came first: one that finds its subject held changes
 * it, and one that does not will be found by it, through the journal's index of references, when it comes.  A message
 * that passed through and turns out to be for this station too is the one change that has no position; the journal
 * lists those.  The memory is the journal's: it goes when the journal is closed, and all of it is made again when the
 * settings that answers depend on change.
 *
 * Settled mail is held as far as an inbox can show it; what still asks for something is always held (query_mail.c).
 * Incidents are folded here from their messages, not read from the station's cache, so that the answer never waits for
 * the cache and cannot be spoiled by it.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include "query_live.h"

struct sync {
	struct query *q;
	struct live *l;
	struct live_mail **fresh;	/* new mail */
	size_t nfresh, capfresh;
	struct live_note *notes;
	size_t nnotes, capnotes;
	struct live_incident **stale;
	size_t nstale, capstale;
};

/* ---- dropping ---- */

static void
incident_changed(struct live_incident *inc)
{
	for (int z = 0; z < LIVE_LANGUAGES; z++) {
		owed_clear(&inc->owed[z]);
		json_decref(inc->shown[z]);
		inc->shown[z] = NULL;
	}
}

static void
forget_due(struct live *l)
{
	for (int z = 0; z < LIVE_LANGUAGES; z++) {
		free(l->due[z]);
		l->due[z] = NULL;
		l->ndue[z] = 0;
	}
}

static void
live_clear(struct live *l)
{
	struct live_incident *inc;
	struct journal_memo memo = l->memo;

	for (size_t i = 0; i < l->incidents.slots; i++)
		if ((inc = l->incidents.slot[i]) != NULL) {
			incident_changed(inc);
			free(inc);
		}
	for (size_t i = 0; i < l->n; i++)
		live_mail_free(l->order[i]);
	forget_due(l);
	free(l->incidents.slot);
	free(l->mail.slot);
	free(l->order);
	free(l->listed);
	memset(l, 0, sizeof *l);
	l->memo = memo;
}

static void
live_drop(struct journal_memo *memo)
{
	struct live *l = (struct live *)memo;

	live_clear(l);
	free(l);
}

/* ---- reading what is new ---- */

/* This incident has changed.  What is quiet makes no incident worth holding. */
static void
touch(struct sync *s, const struct msgid *id, bool quiet)
{
	struct live_incident *inc = live_map_find(&s->l->incidents, id);

	if (inc == NULL) {
		if (quiet)
			return;
		inc = xcalloc(1, sizeof *inc);
		inc->id = *id;
		live_map_put(&s->l->incidents, inc);
	}
	if (inc->stale)
		return;
	inc->stale = true;
	if (s->nstale == s->capstale) {
		s->capstale = s->capstale == 0 ? 32 : s->capstale * 2;
		s->stale = xreallocarray(s->stale, s->capstale, sizeof(struct live_incident *));
	}
	s->stale[s->nstale++] = inc;
}

static void
message_read(struct sync *s, const struct journal_msg *m, const struct body *b)
{
	struct live_mail *mail;
	struct live_note n;

	if (live_note_of(s->q, m, b, &n))
		for (const struct value *v = body_first(b, F_REFS); v != NULL; v = body_next(b, v)) {
			if (!live_note_binds(&n, &m->id, &v->u.id))
				continue;
			if (s->nnotes == s->capnotes) {
				s->capnotes = s->capnotes == 0 ? 32 : s->capnotes * 2;
				s->notes = xreallocarray(s->notes, s->capnotes, sizeof *s->notes);
			}
			n.of = v->u.id;
			s->notes[s->nnotes++] = n;
		}
	if (body_flag(b, F_HISTORY) || !live_is_mail(s->q, m, b) || live_map_find(&s->l->mail, &m->id) != NULL)
		return;
	mail = xcalloc(1, sizeof *mail);
	mail->id = m->id;
	live_item(m, b, strcmp(m->id.origin, s->q->self) == 0, &mail->it);
	live_map_put(&s->l->mail, mail);
	if (s->nfresh == s->capfresh) {
		s->capfresh = s->capfresh == 0 ? 32 : s->capfresh * 2;
		s->fresh = xreallocarray(s->fresh, s->capfresh, sizeof(struct live_mail *));
	}
	s->fresh[s->nfresh++] = mail;
}

static int
message_row(void *ctx, const struct journal_msg *m)
{
	struct sync *s = ctx;
	struct body *b;

	if (!m->local)
		return 0;
	if (msgid_is_set(&m->incident))
		touch(s, &m->incident, m->quiet);
	if (m->kind == KIND_INTAKE || m->kind == KIND_LOG || (m->quiet && m->kind != KIND_RECEIPT &&
	    m->kind != KIND_REPORT && m->kind != KIND_FEEDBACK))
		return 0;
	if ((b = query_decode(m)) != NULL)
		message_read(s, m, b);
	body_free(b);
	return 0;
}

/* ---- bringing up to date ---- */

static int
language(const struct query *q)
{
	return q->zh ? LIVE_ZH : LIVE_EN;
}

/* Incidents answer for the messages that belong to them. */
static int
mail_owed(struct query *q, struct live_mail *m)
{
	struct journal_msg msg;
	struct body *b;
	int rc;

	if ((msgid_is_set(&m->it.incident) && !m->it.notice) || m->owed[language(q)].made)
		return 0;
	rc = query_message(q, &m->id, &msg, &b);
	if (rc == 0)
		rc = owed_of_mail(q, &m->it, b, &m->owed[language(q)]);
	m->owed[language(q)].made = true;
	body_free(b);
	buf_free(&msg.body);
	return rc == -1 ? -1 : 0;
}

static int
take_fresh(struct sync *s)
{
	for (size_t i = 0; i < s->nfresh; i++)
		if (live_deeds(s->q, &s->fresh[i]->it) == -1 || mail_owed(s->q, s->fresh[i]) == -1)
			return -1;
	live_order_all(s->l, s->fresh, s->nfresh);
	s->nfresh = 0;
	return 0;
}

/* What is known of it is made anew, from all that refers to it. */
static int
look_again(struct sync *s, struct live_mail *m)
{
	live_order_take(s->l, m);
	if (live_deeds(s->q, &m->it) == -1) {
		live_order_put(s->l, m);
		return -1;
	}
	live_order_put(s->l, m);
	live_mail_changed(m);
	return mail_owed(s->q, m);
}

/* What was recalled may have been a correction: what it had corrected stands again. */
static int
release(struct sync *s, const struct msgid *correction)
{
	struct journal_msg msg;
	struct body *b = NULL;
	struct live_mail *m;
	int rc;

	memset(&msg, 0, sizeof msg);
	rc = query_message(s->q, correction, &msg, &b);
	if (rc == 0 && body_enum(b, F_STAGE) == STAGE_CORRECTION)
		for (const struct value *v = body_first(b, F_REFS); v != NULL && rc != -1; v = body_next(b, v))
			if ((m = live_map_find(&s->l->mail, &v->u.id)) != NULL)
				rc = look_again(s, m);
	body_free(b);
	buf_free(&msg.body);
	return rc == -1 ? -1 : 0;
}

static int
take_notes(struct sync *s)
{
	for (size_t i = 0; i < s->nnotes; i++) {
		const struct live_note *n = &s->notes[i];
		struct live_mail *m = live_map_find(&s->l->mail, &n->of);

		if (n->recalled && release(s, &n->of) == -1)
			return -1;
		if (m == NULL)
			continue;
		if (n->corrected) {	/* unless the correction was recalled before it came */
			if (look_again(s, m) == -1)
				return -1;
			continue;
		}
		live_order_take(s->l, m);
		live_note_add(&m->it, n);
		live_order_put(s->l, m);
		live_mail_changed(m);
		if (mail_owed(s->q, m) == -1)
			return -1;
	}
	return 0;
}

static bool
is_event(int opener_kind)
{
	return opener_kind == KIND_INTAKE || opener_kind == KIND_REPORT || opener_kind == KIND_GRADE ||
	    opener_kind == KIND_DIRECTIVE;
}

static int
fold(struct query *q, struct live *l, struct live_incident *inc)
{
	struct folded fd;
	bool live = inc->id.realm == REALM_LIVE;
	int rc = 0;

	if (station_fold(q->s, &inc->id, &fd) == -1)
		return -1;
	l->open -= live && inc->open;
	inc->stale = false;
	inc->version = ++l->version;
	inc->grade = fd.incident->grade;
	memcpy(inc->number, fd.incident->number, sizeof inc->number);
	inc->changed = 0;
	inc->seq = 0;
	for (size_t i = 0; i < fd.n; i++) {
		if (fd.rows[i].stored > inc->changed)
			inc->changed = fd.rows[i].stored;
		if (fd.rows[i].seq > inc->seq)
			inc->seq = fd.rows[i].seq;
	}
	inc->listed = fd.n > 0 && !fd.incident->history && is_event(fd.incident->opener_kind);
	inc->open = inc->listed && !fd.incident->final_reported && !fd.incident->closed;
	l->open += live && inc->open;
	incident_changed(inc);
	if (fd.n > 0)
		rc = owed_of_incident(q, fd.incident, &inc->owed[language(q)]);
	inc->owed[language(q)].made = true;
	folded_free(&fd);
	return rc;
}

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

static void
listed_put(struct live *l, struct live_incident *inc, size_t i)
{
	if (l->nlisted == l->caplisted) {
		l->caplisted = l->caplisted == 0 ? 64 : l->caplisted * 2;
		l->listed = xreallocarray(l->listed, l->caplisted, sizeof(struct live_incident *));
	}
	memmove(&l->listed[i + 1], &l->listed[i], (l->nlisted - i) * sizeof(struct live_incident *));
	l->listed[i] = inc;
	l->nlisted++;
}

static void
listed_take(struct live *l, const struct live_incident *inc)
{
	size_t i = listed_place(l, inc);

	assert(i < l->nlisted && l->listed[i] == inc);
	l->nlisted--;
	memmove(&l->listed[i], &l->listed[i + 1], (l->nlisted - i) * sizeof(struct live_incident *));
}

static int
take_stale(struct sync *s)
{
	struct live *l = s->l;
	bool many = s->nstale > LIVE_SORT;
	size_t n = 0;

	for (size_t i = 0; many && i < l->nlisted; i++)
		if (!l->listed[i]->stale)
			l->listed[n++] = l->listed[i];
	if (many)
		l->nlisted = n;
	for (size_t i = 0; i < s->nstale; i++) {
		struct live_incident *inc = s->stale[i];

		if (!many && inc->listed)
			listed_take(l, inc);
		if (fold(s->q, l, inc) == -1)
			return -1;
		if (inc->listed)
			listed_put(l, inc, many ? l->nlisted : listed_place(l, inc));
	}
	if (many && l->nlisted > 1)
		qsort(l->listed, l->nlisted, sizeof(struct live_incident *), cmp_listed);
	return 0;
}

static int
bring_up(struct sync *s)
{
	struct query *q = s->q;
	struct live *l = s->l;
	uint64_t seq = q->j->ops->chain_seq(q->j);

	if (!l->loaded) {
		if (q->j->ops->each_loud(q->j, 0, message_row, s) == -1)
			return -1;
		l->localised = q->j->nlocalised;
		l->loaded = true;
	} else if (q->j->ops->each_after(q->j, l->seq, 0, true, message_row, s) == -1) {
		return -1;
	}
	l->seq = seq;
	while (l->localised < q->j->nlocalised) {
		struct msgid id = q->j->localised[l->localised++];
		struct journal_msg m;
		int rc;

		memset(&m, 0, sizeof m);
		if ((rc = q->j->ops->get_message(q->j, &id, &m)) == 0)
			(void)message_row(s, &m);
		buf_free(&m.body);
		if (rc == -1)
			return -1;
	}
	if (take_fresh(s) == -1 || take_notes(s) == -1)
		return -1;
	if (take_stale(s) == -1)
		return -1;
	live_trim(l);
	forget_due(l);
	return 0;
}

static void
print_text(uint64_t *h, const char *s)
{
	do
		*h = (*h ^ (unsigned char)*s) * 0x100000001b3u;
	while (*s++ != '\0');
}

/* Settings that answers depend on: who we are, and what the neighbours are called. */
static uint64_t
settings_print(const struct query *q)
{
	const struct topology *t = q->conf->topology;
	uint64_t h = 0xcbf29ce484222325u;

	print_text(&h, q->self);
	print_text(&h, q->parent);
	print_text(&h, q->level);
	print_text(&h, q->env->dir != NULL ? q->env->dir->name : "");
	for (size_t i = 0; t != NULL && i < t->count; i++) {
		print_text(&h, t->n[i].station);
		print_text(&h, t->n[i].name);
	}
	return h ^ (uint64_t)(uintptr_t)q->conf->rules ^ (uint64_t)(uintptr_t)q->conf->codebook << 1;
}

struct live *
live_get(struct query *q)
{
	struct live *l = (struct live *)q->j->memo;
	struct sync s = { .q = q };
	uint64_t print = settings_print(q);

	assert(l == NULL || l->memo.drop == live_drop);
	if (q->j->failed)
		return NULL;
	if (l == NULL) {
		l = xcalloc(1, sizeof *l);
		l->memo.drop = live_drop;
		q->j->memo = &l->memo;
	}
	if (l->print != print)
		live_clear(l);
	l->print = print;
	if (l->loaded && l->seq == q->j->ops->chain_seq(q->j) && l->localised == q->j->nlocalised)
		return l;
	s.l = l;
	if (bring_up(&s) == -1) {
		for (size_t i = 0; i < s.nfresh; i++)
			live_mail_free(s.fresh[i]);	/* in no order yet */
		live_clear(l);
		l = NULL;
	}
	free(s.fresh);
	free(s.notes);
	free(s.stale);
	return l;
}

json_t *
live_shown(struct query *q, struct live_incident *inc, size_t *bytes)
{
	struct folded fd;
	int z = language(q);

	if (inc->shown[z] == NULL) {
		if (station_fold(q->s, &inc->id, &fd) == -1)
			return NULL;
		inc->shown[z] = query_incident(q, incident_summary(fd.incident), inc->changed);
		inc->shown_bytes[z] = json_dumpb(inc->shown[z], NULL, 0, JSON_COMPACT);
		folded_free(&fd);
	}
	*bytes = inc->shown_bytes[z];
	return inc->shown[z];
}

/* ---- what is owed ---- */

static int
cmp_due(const void *a, const void *b)
{
	const struct live_due *x = *(struct live_due *const *)a, *y = *(struct live_due *const *)b;
	int c;

	if (x->due != y->due)
		return x->due < y->due ? -1 : 1;
	if ((c = msgid_cmp(&x->about, &y->about)) != 0)
		return c;
	return (x->what > y->what) - (x->what < y->what);
}

/* Has it been made in the other language, and found empty?  Then it is in this one. */
static bool
known_empty(const struct live_owed owed[LIVE_LANGUAGES])
{
	for (int z = 0; z < LIVE_LANGUAGES; z++)
		if (owed[z].made && owed[z].n == 0)
			return true;
	return false;
}

static void
due_add(struct live *l, int z, size_t *cap, const struct live_owed *owed)
{
	if (l->ndue[z] + owed->n > *cap) {
		*cap = 2 * (l->ndue[z] + owed->n);
		l->due[z] = xreallocarray(l->due[z], *cap, sizeof(struct live_due *));
	}
	for (size_t i = 0; i < owed->n; i++)
		l->due[z][l->ndue[z]++] = &owed->v[i];
}

int
live_due(struct query *q, struct live *l)
{
	struct live_incident *inc;
	size_t cap = 64;
	int z = language(q);

	if (l->due[z] != NULL)
		return 0;
	l->due[z] = xcalloc(cap, sizeof(struct live_due *));
	for (size_t i = 0; i < l->incidents.slots; i++) {
		if ((inc = l->incidents.slot[i]) == NULL || known_empty(inc->owed))
			continue;
		if (!inc->owed[z].made) {
			struct folded fd;
			int rc = station_fold(q->s, &inc->id, &fd);

			if (rc == 0)
				rc = owed_of_incident(q, fd.incident, &inc->owed[z]);
			inc->owed[z].made = true;
			folded_free(&fd);
			if (rc == -1)
				goto failed;
		}
		due_add(l, z, &cap, &inc->owed[z]);
	}
	for (size_t i = 0; i < l->n; i++) {
		struct live_mail *m = l->order[i];

		if ((msgid_is_set(&m->it.incident) && !m->it.notice) || known_empty(m->owed))
			continue;
		if (mail_owed(q, m) == -1)
			goto failed;
		due_add(l, z, &cap, &m->owed[z]);
	}
	if (l->ndue[z] > 1)
		qsort(l->due[z], l->ndue[z], sizeof(struct live_due *), cmp_due);
	return 0;
failed:
	live_clear(l);
	return -1;
}
