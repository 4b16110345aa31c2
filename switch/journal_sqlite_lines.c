/*
 * The journal on SQLite: lines to and from the neighbours, what went under their numbers, and messages whose 送达 waits for
 * somebody at the desk.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "journal_sqlite.h"

#define PAGE_PASSAGES 256		/* fetched at a time */

/* ---- lines ---- */

static void
get_line(struct q *q, int64_t *n, struct journal_line *l)
{
	memset(l, 0, sizeof(*l));
	*n = q_get_int(q);
	q_get_name(q, l->peer, sizeof(l->peer));
	l->out = q_get_bool(q);
	l->stream = q_get_u64(q);
	l->last = q_get_u64(q);
	l->closed = q_get_u64(q);
	l->closed_at = q_get_int(q);
}

/* n: the line's number in the tables. */
static int
find_line(struct journal *base, const char *peer, bool out, uint64_t stream, int64_t *n, struct journal_line *l)
{
	struct q q;
	int rc;

	memset(l, 0, sizeof(*l));
	if (q_begin(&q, base, stream != 0 ? Q_LINE_GET : Q_LINE_LAST) != 0)
		return -1;
	q_name(&q, peer);
	q_int(&q, out);
	if (stream != 0)
		q_u64(&q, stream);
	if ((rc = q_step(&q)) == 0)
		get_line(&q, n, l);
	return q_end(&q, rc);
}

/* Only its number: lines are never taken out, so one that was found stays. */
static int
number_of_line(struct journal *base, const char *peer, bool out, uint64_t stream, int64_t *n)
{
	struct sq *j = (struct sq *)base;
	struct sq_known_line *k = &j->lines[(stream * 2 + out + strlen(peer)) % SQ_KNOWN_LINES];
	struct journal_line l;
	int rc;

	assert(stream != 0);
	*n = k->n;
	if (k->n > 0 && k->stream == stream && k->out == out && strcmp(k->peer, peer) == 0)
		return base->failed ? -1 : 0;
	if ((rc = find_line(base, peer, out, stream, n, &l)) != 0)
		return rc;
	memcpy(k->peer, l.peer, sizeof(k->peer));
	k->out = out;
	k->stream = stream;
	k->n = *n;
	return 0;
}

static int
line_at(struct journal *base, int64_t n, struct journal_line *l)
{
	struct q q;
	int rc;

	if (q_begin(&q, base, Q_LINE_AT) != 0)
		return -1;
	q_int(&q, n);
	if ((rc = q_step(&q)) == 0)
		get_line(&q, &n, l);
	return q_end(&q, rc);
}

int
sq_line_get(struct journal *base, const char *peer, bool out, uint64_t stream, struct journal_line *l)
{
	int64_t n;

	return find_line(base, peer, out, stream, &n, l);
}

int
sq_line_put(struct journal *base, const struct journal_line *l)
{
	struct q q;

	assert(l->stream != 0 && l->stream <= INT64_MAX && l->last <= INT64_MAX);
	if (q_begin_write(&q, base, Q_LINE_PUT) != 0)
		return -1;
	q_name_put(&q, l->peer);
	q_int(&q, l->out);
	q_u64(&q, l->stream);
	q_u64(&q, l->last);
	q_u64(&q, l->closed);
	q_int(&q, l->closed_at);
	return q_run(&q);
}

struct line_visit {
	journal_line_fn fn;
	void *ctx;
};

static int
visit_line(struct journal *base, int64_t key, const void *arg)
{
	const struct line_visit *v = arg;
	struct journal_line l;
	int rc;

	if ((rc = line_at(base, key, &l)) != 0)
		return rc < 0 ? -1 : 0;
	return v->fn(v->ctx, &l) != 0;
}

int
sq_line_each(struct journal *base, journal_line_fn fn, void *ctx)
{
	struct q q;

	if (q_begin(&q, base, Q_LINE_KEYS) != 0)
		return -1;
	return q_each_key(&q, visit_line, &(struct line_visit) { fn, ctx });
}

/* ---- passages ---- */

static void
get_passage(struct q *q, struct journal_passage *p)
{
	memset(p, 0, sizeof(*p));
	p->serial = q_get_u64(q);
	q_get_id(q, &p->id);
	p->at = q_get_int(q);
	p->passed = q_get_after(q, p->at);
}

int
sq_passage_put(struct journal *base, const char *peer, bool out, uint64_t stream, const struct journal_passage *p)
{
	int64_t n = 0;
	struct q q;
	int rc;

	assert(stream != 0 && p->serial > 0 && p->serial <= INT64_MAX);
	if ((rc = number_of_line(base, peer, out, stream, &n)) < 0)
		return -1;
	assert(rc == 0);
	if (p->passed != 0 && msgid_is_set(&p->id)) {
		if (q_begin_write(&q, base, Q_PASS_SET) != 0)
			return -1;
		q_int(&q, p->at);
		q_after(&q, p->passed, p->at);
		q_int(&q, n);
		q_u64(&q, p->serial);
		q_id(&q, &p->id);
		if ((rc = q_run_changed(&q)) != 1)
			return rc;
	}
	if (q_begin_write(&q, base, Q_PASS_PUT) != 0)
		return -1;
	q_int(&q, n);
	q_u64(&q, p->serial);
	if (msgid_is_set(&p->id))
		q_id_put(&q, &p->id);
	else {
		q_int(&q, 0);
		q_int(&q, 0);
	}
	q_int(&q, p->at);
	q_after(&q, p->passed, p->at);
	return q_run(&q);
}

static int
passage_at(struct journal *base, int64_t line, uint64_t serial, struct journal_passage *p)
{
	struct q q;
	int rc;

	memset(p, 0, sizeof(*p));
	if (q_begin(&q, base, Q_PASS_GET) != 0)
		return -1;
	q_int(&q, line);
	q_u64(&q, serial);
	if ((rc = q_step(&q)) == 0)
		get_passage(&q, p);
	return q_end(&q, rc);
}

int
sq_passage_get(struct journal *base, const char *peer, bool out, uint64_t stream, uint64_t serial,
    struct journal_passage *p)
{
	int64_t n;
	int rc;

	memset(p, 0, sizeof(*p));
	if ((rc = number_of_line(base, peer, out, stream, &n)) != 0)
		return rc;
	return serial > INT64_MAX ? 1 : passage_at(base, n, serial, p);
}

static int
passage_page(struct journal *base, int64_t line, uint64_t first, uint64_t last, struct journal_passage *rows, size_t *n)
{
	struct q q;
	int rc;

	*n = 0;
	if (q_begin(&q, base, Q_PASS_PAGE) != 0)
		return -1;
	q_int(&q, line);
	q_u64(&q, first);
	q_u64(&q, last);
	q_int(&q, PAGE_PASSAGES);
	while ((rc = q_step(&q)) == 0) {
		assert(*n < PAGE_PASSAGES);
		get_passage(&q, &rows[(*n)++]);
	}
	return q_end(&q, rc < 0 ? -1 : 0);
}

int
sq_passage_each(struct journal *base, const char *peer, bool out, uint64_t stream, uint64_t first, uint64_t last,
    journal_passage_fn fn, void *ctx)
{
	struct journal_passage *rows, now;
	struct journal_line l;
	size_t n = PAGE_PASSAGES, i;
	int64_t line;
	int rc, stop = 0;

	if (last > INT64_MAX)
		last = INT64_MAX;
	if ((rc = find_line(base, peer, out, stream, &line, &l)) != 0)
		return rc < 0 ? -1 : 0;
	rows = xcalloc(PAGE_PASSAGES, sizeof(*rows));
	while (rc == 0 && !stop && n == PAGE_PASSAGES && first <= last) {
		if ((rc = passage_page(base, line, first, last, rows, &n)) != 0)
			break;
		for (i = 0; i < n && !stop && rc == 0; i++) {
			/* A callback may have changed what comes next. */
			if (i > 0 && ((const struct sq *)base)->writing &&
			    (rc = passage_at(base, line, rows[i].serial, &now)) != 0) {
				rc = rc < 0 ? -1 : 0;
				continue;
			}
			stop = fn(ctx, &l, i > 0 && ((const struct sq *)base)->writing ? &now : &rows[i]);
		}
		if (n > 0)
			first = rows[n - 1].serial + 1;
	}
	free(rows);
	return base->failed ? -1 : rc;
}

struct where {			/* of a passage */
	int64_t line;
	uint64_t serial;
};

int
sq_passage_of(struct journal *base, const struct msgid *want, journal_passage_fn fn, void *ctx)
{
	struct msgid id = *want;	/* the caller's may lie in what the callback changes */
	struct journal_passage p;
	struct where *v = NULL;
	struct journal_line l;
	size_t n = 0, i;
	struct q q;
	int rc, stop = 0;

	if (q_begin(&q, base, Q_PASS_OF) != 0)
		return -1;
	q_id(&q, &id);
	while ((rc = q_step(&q)) == 0) {
		v = xreallocarray(v, n + 1, sizeof(*v));
		v[n].line = q_get_int(&q);
		v[n++].serial = q_get_u64(&q);
	}
	rc = q_end(&q, rc < 0 ? -1 : 0);
	for (i = 0; i < n && rc == 0 && !stop; i++) {
		if ((rc = line_at(base, v[i].line, &l)) == 0)
			rc = passage_at(base, v[i].line, v[i].serial, &p);
		if (rc == 0 && msgid_cmp(&p.id, &id) == 0)
			stop = fn(ctx, &l, &p);
		rc = rc < 0 ? -1 : 0;
	}
	free(v);
	return base->failed ? -1 : rc;
}

int
sq_passage_trim(struct journal *base, const char *peer, bool out, uint64_t stream, uint64_t upto)
{
	struct journal_line l;
	int64_t n;
	struct q q;
	int rc;

	if ((rc = find_line(base, peer, out, stream, &n, &l)) != 0)
		return rc;
	if (q_begin_write(&q, base, Q_PASS_TRIM) != 0)
		return -1;
	q_int(&q, n);
	q_u64(&q, upto > INT64_MAX ? INT64_MAX : upto);
	return q_run(&q);
}

/* ---- holds ---- */

int
sq_hold_put(struct journal *base, const struct msgid *id)
{
	struct q q;

	if (q_begin_write(&q, base, Q_HOLD_PUT) != 0)
		return -1;
	q_id_put(&q, id);
	return q_run_changed(&q);
}

int
sq_hold_del(struct journal *base, const struct msgid *id)
{
	struct q q;

	if (q_begin_write(&q, base, Q_HOLD_DEL) != 0)
		return -1;
	q_id(&q, id);
	return q_run_changed(&q);
}

struct hold_visit {
	journal_id_fn fn;
	void *ctx;
};

static int
visit_hold(struct journal *base, int64_t key, const void *arg)
{
	const struct hold_visit *v = arg;
	struct msgid id;
	struct q q;
	int rc;

	if (q_begin(&q, base, Q_HOLD_AT) != 0)
		return -1;
	q_int(&q, key);
	if ((rc = q_step(&q)) == 0)
		q_get_id(&q, &id);
	if ((rc = q_end(&q, rc)) != 0)
		return rc < 0 ? -1 : 0;
	return v->fn(v->ctx, &id) != 0;
}

int
sq_hold_each(struct journal *base, journal_id_fn fn, void *ctx)
{
	struct q q;

	if (q_begin(&q, base, Q_HOLD_KEYS) != 0)
		return -1;
	return q_each_key(&q, visit_hold, &(struct hold_visit) { fn, ctx });
}
