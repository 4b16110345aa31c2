/*
 * From the journal to the alarm outlet.
 *
 * A chase is heard after its COMMIT, never before: what is rung stands in the journal.  The cursor moves only when the jobs lie whole in the spool,
 * and a job is named by its first message, so that a crash between the two rings once.  What came together and calls the same people by the same
 * ways is one job that names all of it: eighteen towns are one siren.
 *
 * A chase another station sends here rings the bell of this desk.  静音 takes the bell away and nothing else, never from 特提 and never from an
 * incident of grade I or II.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../formats/i18n.h"
#include "../formats/text.h"
#include "chase.h"
#include "log.h"
#include "outlet_feed.h"
#include "query_int.h"
#include "station_chase.h"

#define CURSOR "outlet.seq"
#define ROWS 256		/* chases a step */
#define LINES 12		/* named in one job; the rest by number */
#define MUTE_BACK (INT64_C(7) * 86400000) /* ms back that a mute may have been ordered, looked at after a start */
#define MUTE_ROWS 5000
#define HEARD (CHASE_BY_BELL | CHASE_BY_PHONE | CHASE_BY_SMS)

struct outlet_feed {
	uint64_t cursor, seen;	/* chases are rung up to; the chain was looked at up to */
	uint64_t log;		/* the duty log was read up to */
	bool opened;
	int64_t mute_until;	/* ms UTC as the last entry says, 0: none */
	uint64_t mute_seq;
	char mute_why[200], mute_by[100];
};

struct row {
	struct msgid id, incident;
	uint64_t seq;
	int prec;
	struct body *b;		/* owned */
	unsigned by;
	bool taken;		/* into a job */
};

struct rows { struct row v[ROWS]; size_t n; };

struct outlet_feed *
outlet_feed_new(void)
{
	return xcalloc(1, sizeof(struct outlet_feed));
}

void
outlet_feed_free(struct outlet_feed *f)
{
	free(f);
}

/* ---- the cursor ---- */

static bool
cursor_open(struct outlet_feed *f, struct query *q, bool *wrote)
{
	char val[32], *end;
	int rc = q->j->ops->meta_get(q->j, CURSOR, val, sizeof val);

	if (rc == -1)
		return false;
	if (rc == 0)
		f->cursor = strtoull(val, &end, 10);
	else { /* the first time: what lies there has been heard, or never was to be */
		f->cursor = q->j->ops->chain_seq(q->j);
		(void)snprintf(val, sizeof val, "%" PRIu64, f->cursor);
		if (q->j->ops->meta_set(q->j, CURSOR, val) != 0)
			return false;
		*wrote = true;
	}
	f->opened = true;
	return true;
}

/* ---- 静音 ---- */

struct mutes { struct outlet_feed *f; int64_t since; unsigned n; };

static int
mute_row(void *ctx, const struct journal_msg *m)
{
	struct mutes *w = ctx;
	struct body *b;
	const char *by;
	int64_t until;

	if (m->seq > w->f->log)
		w->f->log = m->seq;
	if (m->stored < w->since || ++w->n > MUTE_ROWS)
		return 1;
	if (m->seq <= w->f->mute_seq || m->id.realm != REALM_LIVE || (b = query_decode(m)) == NULL)
		return 0;
	/* Without an end or a reason it silences nothing. */
	if (body_enum(b, F_DUTY_STEP) == DUTY_LOG_MUTE && body_time(b, F_DUE, &until) && body_said(b, F_REASON) != NULL) {
		w->f->mute_seq = m->seq;
		w->f->mute_until = until;
		(void)text_sanitise(body_text(b, F_REASON), strlen(body_text(b, F_REASON)), w->f->mute_why, sizeof w->f->mute_why, false);
		by = body_said(b, F_PERSON) != NULL ? body_text(b, F_PERSON) : body_text(b, F_AUTHOR);
		by = by != NULL ? by : "";
		(void)text_sanitise(by, strlen(by), w->f->mute_by, sizeof w->f->mute_by, false);
	}
	body_free(b);
	return 0;
}

static void
mutes_read(struct outlet_feed *f, struct query *q)
{
	struct mutes w = {.f = f, .since = INT64_MIN};

	if (f->log == 0) {
		f->log = q->j->ops->chain_seq(q->j);
		w.since = q->now - MUTE_BACK;
		(void)q->j->ops->each_before(q->j, UINT64_MAX, KIND_LOG, true, mute_row, &w);
	} else
		(void)q->j->ops->each_after(q->j, f->log, KIND_LOG, true, mute_row, &w);
}

/* Flash, or of an incident whose clock runs by I or II. */
static bool
grave(struct query *q, const struct row *r)
{
	struct folded fd;
	int grade = 0;

	if (r->prec == PREC_FLASH)
		return true;
	if (!msgid_is_set(&r->incident) || station_fold(q->s, &r->incident, &fd) != 0)
		return false;
	if (fd.n > 0)
		grade = clock_grade(fd.incident, q->conf->rules);
	folded_free(&fd);
	return grade == GRADE_I || grade == GRADE_II;
}

/* ---- reading ---- */

static int
chase_row(void *ctx, const struct journal_msg *m)
{
	struct rows *r = ctx;
	struct row *one = &r->v[r->n];

	if (r->n == ROWS)
		return 1;
	memset(one, 0, sizeof *one);
	one->id = m->id;
	one->incident = m->incident;
	one->seq = m->seq;
	one->prec = m->precedence;
	one->b = query_decode(m);
	r->n++;
	return 0;
}

static void
ways_of(struct query *q, struct row *r)
{
	if (r->b == NULL)
		return;
	if (strcmp(r->id.origin, q->self) == 0)
		r->by = chase_ways_parse(body_text(r->b, F_ROUTE)) & HEARD;
	else if (incident_addressed(r->b, q->self, true) && !body_flag(r->b, F_HISTORY))
		r->by = CHASE_BY_BELL;
}

/* ---- jobs ---- */

static bool
same_call(const struct row *a, const struct row *b)
{
	const struct value *x = body_first(a->b, F_RUNG_TO), *y = body_first(b->b, F_RUNG_TO);

	if (a->id.realm != b->id.realm || a->prec != b->prec || a->by != b->by)
		return false;
	for (; x != NULL && y != NULL; x = body_next(a->b, x), y = body_next(b->b, y))
		if (strcmp(x->u.text.s, y->u.text.s) != 0)
			return false;
	return x == NULL && y == NULL;
}

static void
put_persons(json_t *job, const struct body *b)
{
	json_t *persons = json_array(), *numbers = json_array();

	for (const struct value *v = body_first(b, F_RUNG_TO); v != NULL; v = body_next(b, v)) {
		const char *blank = strrchr(v->u.text.s, ' ');

		(void)json_array_append_new(persons, json_string(v->u.text.s));
		/* who has no number is named alone, and a name may have a blank in it */
		if (blank != NULL && strpbrk(blank, "0123456789") != NULL)
			(void)json_array_append_new(numbers, json_string(blank + 1));
	}
	(void)json_object_set_new(job, "persons", persons);
	(void)json_object_set_new(job, "numbers", numbers);
}

static json_t *
job_make(struct query *q, struct rows *rows, size_t first)
{
	struct row *r = &rows->v[first];
	const struct enum_name *tier = enum_by_value("precedence", r->prec);
	char id[MSGID_TEXT_MAX], more[64];
	struct buf text = {0};
	json_t *job = json_object(), *ids = json_array();
	size_t n = 0;

	(void)msgid_format(&r->id, id, sizeof id);
	for (size_t i = first; i < rows->n; i++) {
		char one[MSGID_TEXT_MAX];

		if (rows->v[i].by == 0 || rows->v[i].taken || !same_call(r, &rows->v[i]))
			continue;
		rows->v[i].taken = true;
		if (n++ < LINES) {
			buf_puts(&text, text.n > 0 ? "; " : "");
			buf_puts(&text, body_text(rows->v[i].b, F_TEXT) != NULL ? body_text(rows->v[i].b, F_TEXT) : "");
		}
		(void)msgid_format(&rows->v[i].id, one, sizeof one);
		(void)json_array_append_new(ids, json_string(one));
	}
	if (n > LINES) {
		(void)snprintf(more, sizeof more, query_say(q, "; and %zu more", ";另有%zu项"), n - LINES);
		buf_puts(&text, more);
	}
	query_put_text(job, "id", id);
	query_put_text(job, "tier", tier != NULL ? tier->name : "routine");
	query_put_text(job, "realm", query_realm_name(r->id.realm));
	query_put_text(job, "text", buf_cstr(&text));
	put_persons(job, r->b);
	(void)json_object_set_new(job, "at", json_integer(q->now));
	(void)json_object_set_new(job, "messages", ids);
	buf_free(&text);
	return job;
}

/* 0 all is in the spool. */
static int
jobs_ring(struct query *q, struct rows *rows, struct outlet *o)
{
	int rc = 0;

	for (size_t i = 0; i < rows->n && rc == 0; i++) {
		struct row *r = &rows->v[i];

		if (r->by == 0 || r->taken)
			continue;
		rc = outlet_ring(o, job_make(q, rows, i), r->by, r->id.realm == REALM_EXERCISE);
	}
	return rc;
}

static void
silence(struct query *q, struct outlet *o, struct rows *rows)
{
	for (size_t i = 0; i < rows->n; i++) {
		struct row *r = &rows->v[i];

		if ((r->by & CHASE_BY_BELL) == 0 || r->id.realm != REALM_LIVE || outlet_muted(o, q->now, NULL) == 0 || grave(q, r))
			continue;
		r->by &= ~CHASE_BY_BELL;
		log_event(LOG_LV_INFO, "mute", "serial=%" PRIu64 " what=\"the bell is silent\"", r->id.serial);
	}
}

void
outlet_feed(struct outlet_feed *f, const struct query_env *env, struct outlet *o, int64_t now, bool *wrote)
{
	struct query q;
	struct rows *rows;
	uint64_t end;
	char val[32];

	query_begin(env, now, &q);
	if (q.j->failed || (!f->opened && !cursor_open(f, &q, wrote)) || (end = q.j->ops->chain_seq(q.j)) == f->seen)
		return;
	mutes_read(f, &q);
	outlet_mute(o, f->mute_until, f->mute_why);
	outlet_mute_by(o, f->mute_by);
	rows = xcalloc(1, sizeof *rows);
	(void)q.j->ops->each_after(q.j, f->cursor, KIND_CHASE, true, chase_row, rows);
	for (size_t i = 0; i < rows->n; i++)
		ways_of(&q, &rows->v[i]);
	silence(&q, o, rows);
	if (rows->n == 0)
		f->seen = end;
	else if (jobs_ring(&q, rows, o) == 0) {
		uint64_t upto = rows->v[rows->n - 1].seq;

		(void)snprintf(val, sizeof val, "%" PRIu64, upto);
		if (q.j->ops->meta_set(q.j, CURSOR, val) == 0)
			f->cursor = upto;
		*wrote = true;
		if (rows->n < ROWS)
			f->seen = end;
	}
	for (size_t i = 0; i < rows->n; i++)
		body_free(rows->v[i].b);
	free(rows);
}
