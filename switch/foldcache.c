/*
 * The cache of the folds, held against the messages.
 *
 * The messages are the truth and each incident's row is made of them alone, so the cache may be thrown away; but people
 * find an incident by its row, and a row that says another thing than the messages misleads whoever reads it.  Hence
 * both ways: every incident that a local message names must have the row its messages make, and no row may stand
 * without a message.  What is compared is every column, so that nobody has to know which of them a list is made of.
 *
 * Ids are collected first and rows read one at a time: a cache of any size needs no more memory than its ids.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "foldcache.h"
#include "incident.h"
#include "log.h"
#include "station_int.h"

/* ---- folding ---- */

struct gather {
	struct folded *fd;
	size_t cap;
};

static int
gather(void *ctx, const struct journal_msg *m)
{
	struct gather *g = ctx;
	struct folded *fd = g->fd;
	struct body *b;
	struct fault f;

	/* Only what is addressed to us or ours is part of what this station knows.  What is destroyed stays as a line
	 * that says nothing. */
	if (!m->local)
		return 0;
	if ((b = m->body.n > 0 ? wire_decode(m->body.p, m->body.n, &f) : body_new()) == NULL)
		return 0;
	if (fd->n == g->cap) {
		g->cap = g->cap == 0 ? 16 : g->cap * 2;
		fd->bodies = xreallocarray(fd->bodies, g->cap, sizeof *fd->bodies);
		fd->msgs = xreallocarray(fd->msgs, g->cap, sizeof *fd->msgs);
		fd->rows = xreallocarray(fd->rows, g->cap, sizeof *fd->rows);
	}
	fd->bodies[fd->n] = b;
	fd->msgs[fd->n] = (struct fold_msg){
	    .id = m->id, .stored = m->stored, .body = b, .kind = m->kind, .destroyed = m->destroyed};
	fd->rows[fd->n] = *m;
	memset(&fd->rows[fd->n].body, 0, sizeof fd->rows[fd->n].body);
	fd->n++;
	return 0;
}

int
foldcache_fold(struct journal *j, const struct msgid *incident, struct folded *fd)
{
	struct gather g = {.fd = fd};

	memset(fd, 0, sizeof *fd);
	if (j->ops->each_of_incident(j, incident, gather, &g) == -1) {
		folded_free(fd);
		return -1;
	}
	fd->incident = incident_fold(fd->msgs, fd->n);
	return 0;
}

void
foldcache_row(const struct msgid *incident, const struct folded *fd, struct journal_incident *row)
{
	memset(row, 0, sizeof *row);
	row->id = *incident;
	snprintf(row->number, sizeof row->number, "%s", fd->incident->number);
	for (size_t i = 0; i < fd->n; i++) {
		if (fd->rows[i].stored > row->changed)
			row->changed = fd->rows[i].stored;
		if (fd->rows[i].seq > row->seq)
			row->seq = fd->rows[i].seq;
	}
	row->history = fd->incident->history;
	row->closed = fd->incident->final_reported;
	incident_summary_text(fd->incident, &row->summary);
}

bool
foldcache_retired(const struct folded *fd)
{
	for (size_t i = 0; i < fd->n; i++)
		if (fd->rows[i].retired)
			return true;
	return false;
}

/* ---- comparing ---- */

struct ids {
	struct msgid *v;
	size_t n, cap;
};

static void
ids_add(struct ids *l, const struct msgid *id)
{
	if (l->n > 0 && msgid_cmp(&l->v[l->n - 1], id) == 0)
		return;	/* messages of one incident often stand together */
	if (l->n == l->cap) {
		l->cap = l->cap == 0 ? 64 : l->cap * 2;
		l->v = xreallocarray(l->v, l->cap, sizeof *l->v);
	}
	l->v[l->n++] = *id;
}

static int
add_named(void *ctx, const struct journal_msg *m)
{
	if (msgid_is_set(&m->incident))
		ids_add(ctx, &m->incident);
	return 0;
}

static int
add_cached(void *ctx, const struct journal_incident *row)
{
	ids_add(ctx, &row->id);
	return 0;
}

static int
compare_ids(const void *a, const void *b)
{
	return msgid_cmp(a, b);
}

static void
ids_unique(struct ids *l)
{
	size_t n = 0;

	if (l->n > 1)
		qsort(l->v, l->n, sizeof *l->v, compare_ids);
	for (size_t i = 0; i < l->n; i++)
		if (n == 0 || msgid_cmp(&l->v[n - 1], &l->v[i]) != 0)
			l->v[n++] = l->v[i];
	l->n = n;
}

bool
foldcache_blank(const struct journal_incident *row)
{
	return row->number[0] == '\0' && row->seq == 0 && row->changed == 0 && row->history && row->closed &&
	    row->summary.n == 2 && memcmp(row->summary.p, "{}", 2) == 0;
}

static bool
same_summary(const struct buf *kept, const struct buf *fresh)
{
	json_error_t err;
	json_t *a, *b;
	bool same;

	if (kept->n == fresh->n && memcmp(kept->p, fresh->p, fresh->n) == 0)
		return true;
	/* An earlier program may have ordered the members in another way. */
	a = kept->n > 0 ? json_loadb((const char *)kept->p, kept->n, 0, &err) : NULL;
	b = json_loadb((const char *)fresh->p, fresh->n, 0, &err);
	same = a != NULL && b != NULL && json_equal(a, b);
	json_decref(a);
	json_decref(b);
	return same;
}

/* The first column in which the kept row is not what it should be; "" when it is. */
static const char *
difference(const struct journal_incident *kept, const struct journal_incident *fresh)
{
	if (strcmp(kept->number, fresh->number) != 0)
		return "number";
	if (kept->closed != fresh->closed)
		return "closed";
	if (kept->history != fresh->history)
		return "history";
	if (kept->changed != fresh->changed)
		return "changed";
	if (kept->seq != fresh->seq)
		return "seq";
	return same_summary(&kept->summary, &fresh->summary) ? "" : "summary";
}

static int
check_one(struct journal *j, const struct msgid *id, enum foldcache_rebuild how, struct foldcache_result *r)
{
	struct journal_incident kept, fresh;
	const char *why = "";
	struct folded fd;
	int rc, there;

	memset(&kept, 0, sizeof kept);
	memset(&fresh, 0, sizeof fresh);
	if (foldcache_fold(j, id, &fd) == -1)
		return -1;
	rc = -1;
	if ((there = j->ops->incident_get(j, id, &kept)) == -1)
		goto out;
	if (fd.n > 0) {
		r->incidents++;
		foldcache_row(id, &fd, &fresh);
		/* What retention let go of says nothing any more: the row that was made of it whole stands. */
		why = there != 0 ? "missing" : foldcache_retired(&fd) ? "" : difference(&kept, &fresh);
	} else if (there == 0 && !foldcache_blank(&kept)) {
		fresh.id = *id;
		fresh.closed = fresh.history = true;
		buf_puts(&fresh.summary, "{}");
		why = "phantom";
	}
	rc = 0;
	if (why[0] == '\0')
		goto out;
	if (r->bad++ == 0) {
		r->first = *id;
		r->why = why;
	}
	if ((how == FOLDCACHE_ALL || (how == FOLDCACHE_ADD && there != 0)) &&
	    (rc = j->ops->incident_put(j, &fresh)) == 0)
		r->rebuilt++;
out:
	buf_free(&kept.summary);
	buf_free(&fresh.summary);
	folded_free(&fd);
	return rc == 0 ? 0 : -1;
}

int
foldcache_verify(struct journal *j, enum foldcache_rebuild how, struct foldcache_result *r)
{
	struct ids ids = {0};
	int rc = -1;

	memset(r, 0, sizeof *r);
	r->why = "";
	if (j->ops->each_after(j, 0, 0, true, add_named, &ids) == -1 ||
	    j->ops->incident_each(j, REALM_LIVE, true, add_cached, &ids) == -1 ||
	    j->ops->incident_each(j, REALM_EXERCISE, true, add_cached, &ids) == -1)
		goto out;
	ids_unique(&ids);
	for (size_t i = 0; i < ids.n; i++)
		if (check_one(j, &ids.v[i], how, r) == -1)
			goto out;
	rc = 0;
out:
	free(ids.v);
	return rc;
}

int
foldcache_mend(struct station *s, int64_t now, enum foldcache_rebuild how, struct foldcache_result *r)
{
	char id[MSGID_TEXT_MAX], detail[64];

	if (foldcache_verify(s->j, how, r) == -1)
		return -1;
	if (r->rebuilt == 0)
		return 0;
	msgid_format(&r->first, id, sizeof id);
	log_event(LOG_LV_WARN, "fold_rebuilt", "station=%s n=%" PRIu64 " first=%s why=%s", s->conf.self, r->rebuilt,
	    log_quote(id), r->why);
	snprintf(detail, sizeof detail, "fold rebuilt %" PRIu64 " %s", r->rebuilt, r->why);
	station_audit(s, now, CHAIN_ADMIN, &r->first, detail, s->conf.self, NULL);
	s->push = true;
	return 0;
}

void
foldcache_answer(json_t *o, const struct foldcache_result *r)
{
	char id[MSGID_TEXT_MAX] = "";

	if (r->bad > 0)
		msgid_format(&r->first, id, sizeof id);
	(void)json_object_set_new(o, "incidents", json_integer((json_int_t)r->incidents));
	(void)json_object_set_new(o, "fold_bad", json_string(id));
	(void)json_object_set_new(o, "fold_why", json_string(r->why));
	(void)json_object_set_new(o, "fold_count", json_integer((json_int_t)r->bad));
	(void)json_object_set_new(o, "rebuilt", json_integer((json_int_t)r->rebuilt));
}
