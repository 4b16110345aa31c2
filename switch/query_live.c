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
#include <time.h>
#include "query_live.h"

#define RECENT 256	/* receipts looked at after a start */

/* ---- dropping ---- */

static void
shown_forget(struct live_incident *inc)
{
	for (int z = 0; z < LIVE_LANGUAGES; z++) {
		json_decref(inc->shown[z]);
		inc->shown[z] = NULL;
	}
}

static void
incident_changed(struct live *l, struct live_incident *inc)
{
	for (int z = 0; z < LIVE_LANGUAGES; z++) {
		for (size_t i = 0; i < inc->owed[z].n; i++)
			l->objects -= inc->owed[z].v[i].o != NULL;
		owed_clear(&inc->owed[z]);
	}
	shown_forget(inc);
}

static void
live_clear(struct live *l)
{
	struct live_incident *inc;
	struct journal_memo memo = l->memo;

	for (size_t i = 0; i < l->incidents.slots; i++)
		if ((inc = l->incidents.slot[i]) != NULL) {
			incident_changed(l, inc);
			free(inc);
		}
	for (size_t i = 0; i < l->n; i++)
		live_mail_free(l->order[i]);
	for (size_t i = 0; i < l->nfresh; i++)
		live_mail_free(l->fresh[i]);
	owed_forget_due(l);
	free(l->fresh);
	free(l->notes);
	free(l->stale);
	free(l->revived);
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

struct sync {
	struct query *q;
	struct live *l;
	int64_t until;			/* ms monotonic; 0: to the end */
	unsigned n;
	bool stopped;
};

int64_t
live_clock(void)
{
	struct timespec ts = { 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* After a piece of work: is that enough for now? */
static bool
enough(struct sync *s)
{
	s->stopped |= s->until != 0 && live_clock() >= s->until;
	return s->stopped;
}

/* This incident has changed.  What is quiet makes no incident worth holding.  True: its messages are read with its first fold. */
static bool
touch(struct live *l, const struct msgid *id, bool quiet)
{
	struct live_incident *inc = live_map_find(&l->incidents, id);

	if (inc == NULL) {
		if (quiet)
			return false;
		inc = xcalloc(1, sizeof *inc);
		inc->id = *id;
		inc->fresh = true;
		live_map_put(&l->incidents, inc);
	}
	if (inc->stale)
		return inc->fresh;
	inc->stale = true;
	if (l->nstale == l->capstale) {
		l->capstale = l->capstale == 0 ? 32 : l->capstale * 2;
		l->stale = xreallocarray(l->stale, l->capstale, sizeof(struct live_incident *));
	}
	l->stale[l->nstale++] = inc;
	return inc->fresh;
}

static void
revived(struct live *l, const struct msgid *id)
{
	if (l->nrevived == l->caprevived) {
		l->caprevived = l->caprevived == 0 ? 32 : l->caprevived * 2;
		l->revived = xreallocarray(l->revived, l->caprevived, sizeof *l->revived);
	}
	l->revived[l->nrevived++] = *id;
}

/* What we do about an incident makes it live again: a 接办 promises something. */
static bool
quiet(const struct query *q, const struct journal_msg *m)
{
	return m->quiet && !(m->kind == KIND_RECEIPT && strcmp(m->id.origin, q->self) == 0);
}

/* Can it be mail, or say something about other mail? */
static bool
speaks(const struct journal_msg *m)
{
	return m->local && m->kind != KIND_INTAKE && m->kind != KIND_LOG && (!m->quiet || m->kind == KIND_RECEIPT ||
	    m->kind == KIND_REPORT || m->kind == KIND_FEEDBACK);
}

/* first: all that is known of its mail is asked for when it has been read, so that notes need not be kept. */
static void
message_read(struct query *q, struct live *l, const struct journal_msg *m, const struct body *b, bool first)
{
	struct live_mail *mail;
	struct live_note n;

	if (live_note_of(q, m, b, &n) && (!first || n.recalled))
		for (const struct value *v = body_first(b, F_REFS); v != NULL; v = body_next(b, v)) {
			if (!live_note_binds(&n, &m->id, &v->u.id))
				continue;
			if (l->nnotes == l->capnotes) {
				l->capnotes = l->capnotes == 0 ? 32 : l->capnotes * 2;
				l->notes = xreallocarray(l->notes, l->capnotes, sizeof *l->notes);
			}
			n.of = v->u.id;
			l->notes[l->nnotes++] = n;
		}
	if (body_flag(b, F_HISTORY) || !live_is_mail(q, m, b) || live_map_find(&l->mail, &m->id) != NULL)
		return;
	mail = xcalloc(1, sizeof *mail);
	mail->id = m->id;
	live_item(m, b, strcmp(m->id.origin, q->self) == 0, &mail->it);
	live_map_put(&l->mail, mail);
	if (l->nfresh == l->capfresh) {
		l->capfresh = l->capfresh == 0 ? 32 : l->capfresh * 2;
		l->fresh = xreallocarray(l->fresh, l->capfresh, sizeof(struct live_mail *));
	}
	l->fresh[l->nfresh++] = mail;
}

static int
message_row(void *ctx, const struct journal_msg *m)
{
	struct sync *s = ctx;
	struct body *b;
	bool first = !s->l->loaded;

	if (m->local && (!msgid_is_set(&m->incident) || !touch(s->l, &m->incident, quiet(s->q, m)) || !first) && speaks(m)) {
		if ((b = query_decode(m)) != NULL)
			message_read(s->q, s->l, m, b, first);
		body_free(b);
	}
	s->l->seq = m->seq;
	return ++s->n % 16 == 0 && enough(s);
}

/* ---- bringing up to date ---- */

static int
language(const struct query *q)
{
	return q->zh ? LIVE_ZH : LIVE_EN;
}

bool
live_alone(const struct live_mail *m)
{
	return !msgid_is_set(&m->it.incident) || m->it.notice;
}

/* All that is known of new mail, once; notes that come later are added to it. */
static int
ask(struct query *q, struct live_mail *m)
{
	if (!m->known && (live_deeds(q, &m->it) == -1 || owed_mail(q, m) == -1))
		return -1;
	m->known = true;
	return 0;
}

static int
take_alone(struct sync *s)
{
	for (size_t i = s->l->atfresh; i < s->l->nfresh; i++)
		if (live_alone(s->l->fresh[i]) && ask(s->q, s->l->fresh[i]) == -1)
			return -1;
	return 0;
}

static int
take_fresh(struct sync *s)
{
	struct live *l = s->l;

	for (; l->atfresh < l->nfresh; l->atfresh++) {
		struct live_mail *m = l->fresh[l->atfresh];

		if (enough(s))
			return 1;
		if (ask(s->q, m) == -1)
			return -1;
	}
	live_order_all(l, l->fresh, l->nfresh);
	l->nfresh = l->atfresh = 0;
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
	return owed_mail(s->q, m);
}

/* It is held no longer, and may ask for something again. */
static int
read_again(struct sync *s, const struct msgid *id)
{
	struct journal_msg m;
	struct body *b = NULL;
	int rc;

	memset(&m, 0, sizeof m);
	rc = query_message(s->q, id, &m, &b);
	if (rc == 0 && m.local && !(msgid_is_set(&m.incident) && touch(s->l, &m.incident, quiet(s->q, &m))) && speaks(&m))
		message_read(s->q, s->l, &m, b, true);
	if (rc == 0 && m.settled)
		revived(s->l, id);
	body_free(b);
	buf_free(&m.body);
	return rc == -1 ? -1 : 0;
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
			rc = (m = live_map_find(&s->l->mail, &v->u.id)) != NULL ? look_again(s, m) : read_again(s, &v->u.id);
	body_free(b);
	buf_free(&msg.body);
	return rc == -1 ? -1 : 0;
}

/* All mail is in its order. */
static int
take_notes(struct sync *s)
{
	struct live *l = s->l;

	for (size_t i = 0; i < l->nnotes; i++) {
		const struct live_note n = l->notes[i];
		struct live_mail *m = live_map_find(&l->mail, &n.of);

		if (n.recalled) {
			/* What that brings back is worked in before the next note looks for it. */
			s->until = 0;
			if (release(s, &n.of) == -1 || take_fresh(s) == -1)
				return -1;
		}
		if (m == NULL)
			continue;
		if (n.corrected) {	/* unless the correction was recalled before it came */
			if (look_again(s, m) == -1)
				return -1;
			continue;
		}
		live_order_take(l, m);
		live_note_add(&m->it, &n);
		live_order_put(l, m);
		live_mail_changed(m);
		if (owed_mail(s->q, m) == -1)
			return -1;
	}
	l->nnotes = 0;
	return 0;
}

static bool
is_event(int opener_kind)
{
	return opener_kind == KIND_INTAKE || opener_kind == KIND_REPORT || opener_kind == KIND_GRADE ||
	    opener_kind == KIND_DIRECTIVE;
}

/* The first fold of it since it became live: its messages are at hand.  Those that are settled are no longer. */
static void
read_mail(struct query *q, struct live *l, const struct folded *fd)
{
	for (size_t i = 0; i < fd->n; i++) {
		const struct journal_msg *m = &fd->rows[i];

		if (m->settled)
			revived(l, &m->id);
		if (!m->destroyed && !m->damaged && !m->retired && speaks(m))
			message_read(q, l, m, fd->bodies[i], true);
	}
}

static int
fold(struct query *q, struct live *l, struct live_incident *inc)
{
	struct folded fd;
	bool live = inc->id.realm == REALM_LIVE;
	struct live_owed *owed = &inc->owed[language(q)];
	int rc = 0;

	if (station_fold(q->s, &inc->id, &fd) == -1)
		return -1;
	if (inc->fresh)
		read_mail(q, l, &fd);
	inc->fresh = false;
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
	/* Of what is no event nothing is heard; but its beginning may still come. */
	inc->over = inc->listed ? !inc->open : fd.incident->history || fd.incident->nmissing == 0;
	l->open += live && inc->open;
	incident_changed(l, inc);
	if (fd.n > 0)
		rc = owed_of_incident(q, fd.incident, owed);
	owed->made = true;
	if (l->objects + owed->n > LIVE_OBJECTS)
		owed_pack(owed);
	else
		l->objects += owed->n;
	folded_free(&fd);
	return rc;
}

static int
take_stale(struct sync *s)
{
	struct live *l = s->l;

	for (; l->atstale < l->nstale; l->atstale++) {
		struct live_incident *inc = l->stale[l->atstale];

		if (enough(s))
			return 1;
		if (inc->listed)
			live_listed_take(l, inc);
		inc->listed = false;
		if (fold(s->q, l, inc) == -1)
			return -1;
		if (inc->listed)
			live_listed_put(l, inc);
	}
	l->nstale = l->atstale = 0;
	return 0;
}

/* The newest of our own receipts that came after settling: a crash may have come before what they made live again was written back. */
static int
recent_row(void *ctx, const struct journal_msg *m)
{
	struct sync *s = ctx;

	if (m->local && !m->settled && msgid_is_set(&m->incident) && !quiet(s->q, m))
		(void)touch(s->l, &m->incident, false);
	return ++s->n == RECENT;
}

/* 0 all read, 1 enough for now, -1. */
static int
read_on(struct sync *s)
{
	struct journal *j = s->q->j;
	struct live *l = s->l;
	uint64_t seq = j->ops->chain_seq(j);

	if ((l->loaded ? j->ops->each_after(j, l->seq, 0, true, message_row, s) :
	    j->ops->each_loud(j, l->seq, message_row, s)) == -1)
		return -1;
	if (s->stopped)
		return 1;
	s->n = 0;
	if (!l->loaded && j->ops->each_before(j, UINT64_MAX, KIND_RECEIPT, true, recent_row, s) == -1)
		return -1;
	l->loaded = true;
	l->seq = seq;
	while (l->localised < j->nlocalised) {
		struct msgid id = j->localised[l->localised++];
		struct journal_msg m;
		int rc;

		memset(&m, 0, sizeof m);
		if ((rc = j->ops->get_message(j, &id, &m)) == 0)
			(void)message_row(s, &m);
		l->seq = seq;
		buf_free(&m.body);
		if (rc == -1)
			return -1;
	}
	return 0;
}

/* Each step leaves what it has not come to for the next time.  What brings back more (a recalled correction) begins once more. */
static int
bring_up(struct query *q, struct live *l, int64_t until, bool owed)
{
	struct sync s = { .q = q, .l = l, .until = until };
	int rc;

	owed_forget_due(l);
	if ((rc = read_on(&s)) != 0)
		return rc;
	do {
		if ((rc = take_stale(&s)) != 0)
			return rc;
		if (owed && l->nnotes == 0)	/* the rest changes nothing of what incidents owe */
			return take_alone(&s);
		if ((rc = take_fresh(&s)) != 0 || (rc = take_notes(&s)) != 0)
			return rc;
	} while (l->nstale > 0 || l->nfresh > 0);
	live_trim(l);
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
	uint8_t rules[32];

	print_text(&h, q->self);
	print_text(&h, q->parent);
	print_text(&h, q->level);
	print_text(&h, q->env->dir != NULL ? q->env->dir->name : "");
	for (size_t i = 0; t != NULL && i < t->count; i++) {
		print_text(&h, t->n[i].station);
		print_text(&h, t->n[i].name);
	}
	/* By what they say: rules read again may stand where freed ones stood. */
	rules_digest(q->conf->rules, rules);
	for (size_t i = 0; i < sizeof rules; i++)
		h = (h ^ rules[i]) * 0x100000001b3u;
	return h ^ (uint64_t)(uintptr_t)q->conf->codebook << 1;
}

bool
live_current(const struct query *q, const struct live *l)
{
	return l->loaded && l->seq == q->j->ops->chain_seq(q->j) && l->localised == q->j->nlocalised && l->nstale == 0 &&
	    l->nfresh == 0 && l->nnotes == 0;
}

static int
live_until(struct query *q, int64_t until, bool owed)
{
	struct live *l = (struct live *)q->j->memo;
	uint64_t print = settings_print(q);
	int rc;

	assert(l == NULL || l->memo.drop == live_drop);
	if (q->j->failed)
		return -1;
	if (l == NULL) {
		l = xcalloc(1, sizeof *l);
		l->memo.drop = live_drop;
		q->j->memo = &l->memo;
	}
	if (l->print != print) {
		live_clear(l);
		l->localised = q->j->nlocalised;
	}
	l->print = print;
	if (live_current(q, l))
		return 0;
	if ((rc = bring_up(q, l, until, owed)) == -1)
		live_clear(l);
	return rc;
}

struct live *
live_get(struct query *q)
{
	return live_until(q, 0, false) == 0 ? (struct live *)q->j->memo : NULL;
}

struct live *
live_get_owed(struct query *q)
{
	return live_until(q, 0, true) == 0 ? (struct live *)q->j->memo : NULL;
}

int
live_prime(struct query *q)
{
	return live_until(q, live_clock() + LIVE_SLICE, false);
}

void
live_incident_drop(struct live *l, struct live_incident *inc, const struct folded *fd)
{
	struct live_mail *m;

	for (size_t i = 0; i < fd->n; i++)
		if ((m = live_map_find(&l->mail, &fd->rows[i].id)) != NULL)
			live_mail_drop(l, m);
	if (inc->listed)
		live_listed_take(l, inc);
	l->open -= inc->id.realm == REALM_LIVE && inc->open;
	for (size_t i = 0; i < LIVE_SHOWN; i++)
		if (l->shown[i] == inc)
			l->shown[i] = NULL;
	live_map_take(&l->incidents, &inc->id);
	incident_changed(l, inc);
	free(inc);
}

/* Makes room for one more; most are of incidents that a list has shown once. */
static void
shown_keep(struct journal_memo *memo, struct live_incident *inc)
{
	struct live *l = (struct live *)memo;

	for (size_t i = 0; i < LIVE_SHOWN; i++)
		if (l->shown[i] == inc)
			return;
	if (l->shown[l->atshown] != NULL)
		shown_forget(l->shown[l->atshown]);
	l->shown[l->atshown] = inc;
	l->atshown = (l->atshown + 1) % LIVE_SHOWN;
}

json_t *
live_shown(struct query *q, struct live_incident *inc, size_t *bytes)
{
	struct folded fd;
	int z = language(q);

	if (inc->shown[z] == NULL) {
		if (station_fold(q->s, &inc->id, &fd) == -1)
			return NULL;
		shown_keep(q->j->memo, inc);
		inc->shown[z] = query_incident(q, incident_summary(fd.incident), inc->changed);
		inc->shown_bytes[z] = json_dumpb(inc->shown[z], NULL, 0, JSON_COMPACT);
		folded_free(&fd);
	}
	*bytes = inc->shown_bytes[z];
	return inc->shown[z];
}
