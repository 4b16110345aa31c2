/*
 * Settling: what is over and asks nobody for anything any more is put away.
 *
 * A pass goes through what is loud in the journal (that is: local, not quiet, not settled), oldest first, in steps that nobody notices, and
 * judges each incident once, and each message of none.  Everything of an incident is settled in one transaction, so that a
 * crash leaves it live or settled, not between.  A message that comes for a settled incident is loud itself, and makes the
 * incident live by being read (query_live.c), after a restart as well; what the journal still holds as settled of it is written
 * back here before anything else is done, so that retention takes nothing from a live incident.
 *
 * Doubt keeps things live: what cannot be read, returns without a notice, what was left half read.
 */
#include <stdlib.h>
#include <string.h>
#include "query_live.h"
#include "query_settle.h"

#define DAY ((int64_t)24 * 3600 * 1000)
#define AGAIN ((int64_t)3600 * 1000)	/* ms between two passes */
#define ROWS 64				/* loud messages looked at in a step, at most */
#define SOON 5				/* ms to the next step while there is more to do */

bool
settle_may(const struct settle_facts *f, int64_t now, int64_t after)
{
	int64_t quiet = f->in_force > f->changed ? f->in_force : f->changed;

	return after > 0 && f->over && f->owed == 0 && f->attention == 0 && f->open == 0 && f->returned == 0 && quiet <= now &&
	    now - quiet >= after;
}

static int64_t
settle_after(const struct query *q)
{
	return (q->env->dir != NULL ? q->env->dir->settle_days : SETTLE_DAYS) * DAY;
}

/* ---- facts ---- */

struct deliveries {
	size_t open, returned;
};

static int
delivery_row(void *ctx, const struct journal_delivery *d)
{
	struct deliveries *n = ctx;

	n->open += d->state < DLV_DELIVERED;
	n->returned += d->state == DLV_RETURNED;
	return 0;
}

struct notice {
	const struct query *q;
	bool found;
};

static int
notice_row(void *ctx, const struct journal_msg *m)
{
	struct notice *n = ctx;
	struct body *b;

	if (m->kind != KIND_RECEIPT || !m->local || strcmp(m->id.origin, n->q->self) != 0 || (b = query_decode(m)) == NULL)
		return 0;
	n->found |= body_enum(b, F_ACT) == ACT_RETURNED && body_first(b, F_REGARDING) != NULL;
	body_free(b);
	return n->found;
}

/* Adds what one message makes of it.  0 or -1. */
static int
message_facts(struct query *q, const struct live *l, const struct journal_msg *m, const struct body *b, struct settle_facts *f)
{
	const struct live_mail *mail = live_mail_find(l, &m->id);
	struct deliveries d = { 0 };
	struct notice notice = { .q = q };
	int64_t until;

	if (m->stored > f->changed)
		f->changed = m->stored;
	if (mail != NULL) {
		f->attention += mail->it.attention;
		/* Of an incident's messages only notices have items of their own. */
		f->owed += owed_standing(q, &mail->owed[mail->owed[LIVE_EN].made ? LIVE_EN : LIVE_ZH]);
	}
	if (m->kind == KIND_WARNING && b != NULL && body_time(b, F_EXPIRES, &until) && until > f->in_force &&
	    !(mail != NULL && mail->it.recalled))
		f->in_force = until;
	if (strcmp(m->id.origin, q->self) != 0)
		return 0;
	if (q->j->ops->delivery_each(q->j, &m->id, delivery_row, &d) == -1)
		return -1;
	f->open += d.open;
	/* A person is told by a notice, which asks for attention itself.  Receipts, and what two persons destroyed, have none. */
	if (d.returned > 0 && m->kind != KIND_RECEIPT && !m->destroyed) {
		if (q->j->ops->each_referring(q->j, &m->id, notice_row, &notice) == -1)
			return -1;
		f->returned += notice.found ? 0 : d.returned;
	}
	return 0;
}

/* ---- settling ---- */

static int
settle_incident(struct query *q, struct live *l, struct live_incident *inc, int64_t after, bool *wrote)
{
	const struct live_owed *owed = &inc->owed[inc->owed[LIVE_EN].made ? LIVE_EN : LIVE_ZH];
	struct settle_facts f = { .over = inc->over, .changed = inc->changed };
	struct folded fd;
	int rc = 0;

	/* Most are told apart without a fold. */
	if (inc->judged == l->settle.pass || !settle_may(&f, q->now, after))
		return 0;
	inc->judged = l->settle.pass;
	f.owed = owed_standing(q, owed);
	if (f.owed > 0)
		return 0;
	if (station_fold(q->s, &inc->id, &fd) == -1)
		return -1;
	for (size_t i = 0; i < fd.n && rc == 0; i++)
		rc = message_facts(q, l, &fd.rows[i], fd.bodies[i], &f);
	if (rc == 0 && settle_may(&f, q->now, after)) {
		for (size_t i = 0; i < fd.n && rc == 0; i++)
			if (!fd.rows[i].settled)
				rc = q->j->ops->settle(q->j, &fd.rows[i].id, true) == -1 ? -1 : 0;
		*wrote = true;
		owed_forget_due(l);
		live_incident_drop(l, inc, &fd);
	}
	folded_free(&fd);
	return rc;
}

static int
settle_message(struct query *q, struct live *l, const struct journal_msg *m, int64_t after, bool *wrote)
{
	struct settle_facts f = { .over = true, .changed = m->stored };
	struct live_mail *mail;
	struct journal_msg whole;
	struct body *b;
	int rc;

	/* register, roster and watch are read from their messages for as long as the station lives: retention takes none */
	if (m->kind == KIND_STAFF || m->kind == KIND_ROSTER || m->kind == KIND_HANDOVER)
		return 0;
	if (!settle_may(&f, q->now, after))
		return 0;
	if ((rc = query_message(q, &m->id, &whole, &b)) == -1 || (b == NULL && !m->destroyed && !m->retired))
		goto out;
	rc = message_facts(q, l, m, b, &f);
	if (rc == 0 && settle_may(&f, q->now, after)) {
		rc = q->j->ops->settle(q->j, &m->id, true);
		*wrote = true;
		owed_forget_due(l);
		if ((mail = live_map_find(&l->mail, &m->id)) != NULL)
			live_mail_drop(l, mail);
	}
out:
	body_free(b);
	buf_free(&whole.body);
	return rc == -1 ? -1 : 0;
}

/* ---- a pass ---- */

struct page {
	struct journal_msg v[ROWS];	/* without the bytes */
	size_t n;
	int64_t before;
};

/* Later ones are younger still. */
static int
page_row(void *ctx, const struct journal_msg *m)
{
	struct page *p = ctx;

	if (m->stored > p->before || p->n == ROWS)
		return 1;
	p->v[p->n] = *m;
	memset(&p->v[p->n++].body, 0, sizeof p->v[0].body);
	return 0;
}

/* 0 the pass is through, 1 there is more, -1. */
static int
pass_step(struct query *q, struct live *l, int64_t after, bool *wrote)
{
	struct page *p = xcalloc(1, sizeof *p);
	struct live_incident *inc;
	int64_t until = live_clock() + LIVE_SLICE;
	int rc;

	p->before = q->now - after;
	rc = q->j->ops->each_loud(q->j, l->settle.after, page_row, p);
	for (size_t i = 0; i < p->n && rc != -1 && live_clock() < until; i++) {
		const struct journal_msg *m = &p->v[i];

		if (!msgid_is_set(&m->incident))
			rc = settle_message(q, l, m, after, wrote);
		else if ((inc = live_map_find(&l->incidents, &m->incident)) != NULL)
			rc = settle_incident(q, l, inc, after, wrote);
		l->settle.after = m->seq;
	}
	if (rc != -1)
		rc = p->n > 0;
	free(p);
	return rc;
}

/* What lives again, in the journal too. */
static int
revive(struct query *q, struct live *l, bool *wrote)
{
	for (size_t n = 0; n < 2 * ROWS && l->nrevived > 0; n++) {
		if (q->j->ops->settle(q->j, &l->revived[l->nrevived - 1], false) == -1)
			return -1;
		l->nrevived--;
		*wrote = true;
	}
	return 0;
}

int64_t
query_idle(const struct query_env *env, int64_t now, bool *wrote)
{
	struct query q;
	struct live *l;
	int64_t after;
	int rc;

	*wrote = false;
	query_begin(env, now, &q);
	if ((rc = live_prime(&q)) == -1)
		goto failed;
	if (rc == 1)
		return SOON;
	l = (struct live *)q.j->memo;
	if (l->nrevived > 0) {
		if (revive(&q, l, wrote) == -1)
			goto failed;
		return SOON;
	}
	if ((after = settle_after(&q)) == 0)
		return INT64_MAX;
	if (!l->settle.under_way && (now >= l->settle.next || l->settle.next - now > AGAIN)) {
		l->settle.under_way = true;
		l->settle.pass++;
		l->settle.after = 0;
	}
	if (l->settle.under_way) {
		if ((rc = pass_step(&q, l, after, wrote)) == -1)
			goto failed;
		if (rc == 1)
			return SOON;
		l->settle.under_way = false;
		l->settle.next = now + AGAIN;
	}
	return l->settle.next - now;
failed:
	*wrote = true;	/* the commit will say that the journal has failed */
	return INT64_MAX;
}
