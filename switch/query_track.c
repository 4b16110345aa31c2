/*
 * A directive and its addressees, gathered: who has it, who has signed and taken on, who did so over the telephone, what was said last
 * and until when that holds.
 *
 * What an addressee did is what it wrote itself; what was registered by telephone stands beside it and is never mixed in.  A figure holds
 * until the interval the directive sets is over, else until the time the addressee has promised: after that it is not known, whatever it
 * was.  Feedback another station wrote down on somebody's behalf is that one's, for the time on the paper.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../formats/text.h"
#include "query_track.h"
#include "station_order.h"

#define FIGURES_MAX 64	/* different figures one addressee may say */
#define REFERRING_MAX 20000
#define STEPS_MAX 100	/* of one addressee */
#define VERSIONS_MAX 64	/* of one directive */

struct held {			/* a message that refers to it */
	struct msgid id;
	int kind;
	int64_t stored;
	struct body *b;
};

struct gather {
	struct held *v;
	size_t n, cap;
};

static bool
gathered(int kind)
{
	static const int kinds[] = { KIND_RECEIPT, KIND_FEEDBACK, KIND_DIRECTIVE, KIND_LOG, KIND_CHASE, KIND_CALLOUT, KIND_OUTSIDE };

	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (kinds[i] == kind)
			return true;
	return false;
}

static int
gather_row(void *ctx, const struct journal_msg *m)
{
	struct gather *g = ctx;
	struct body *b;

	if (!m->local || !gathered(m->kind) || (b = query_decode(m)) == NULL)
		return 0;
	if (g->n == g->cap) {
		g->cap = g->cap == 0 ? 64 : 2 * g->cap;
		g->v = xreallocarray(g->v, g->cap, sizeof *g->v);
	}
	g->v[g->n++] = (struct held){ .id = m->id, .kind = m->kind, .stored = m->stored, .b = b };
	return g->n >= REFERRING_MAX;
}

static void
gather_free(struct gather *g)
{
	for (size_t i = 0; i < g->n; i++)
		body_free(g->v[i].b);
	free(g->v);
	memset(g, 0, sizeof *g);
}

/* One line of it; "" for NULL. */
static void
line(char *out, size_t size, const char *s)
{
	(void)text_sanitise(s != NULL ? s : "", s != NULL ? strlen(s) : 0, out, size, false);
}

static struct track_row *
row_of(struct track *t, const char *station)
{
	for (size_t i = 0; i < t->nrow; i++)
		if (strcmp(t->row[i].to, station) == 0)
			return &t->row[i];
	return NULL;
}

static int
delivery_row(void *ctx, const struct journal_delivery *d)
{
	struct track *t = ctx;
	struct track_row *r;

	t->row = xreallocarray(t->row, t->nrow + 1, sizeof *t->row);
	r = &t->row[t->nrow++];
	memset(r, 0, sizeof *r);
	(void)snprintf(r->to, sizeof r->to, "%s", d->to);
	r->delivery = *d;
	return 0;
}

/* When it was said: the paper's time where it was written down for somebody, else the author's; never later than it came. */
static int64_t
said_at(const struct held *h, bool behalf)
{
	int64_t at;

	if (!(behalf && (body_time(h->b, F_LEARNED, &at) || body_time(h->b, F_OCCURRED, &at))) && !body_time(h->b, F_WRITTEN, &at))
		at = h->stored;
	return at < h->stored ? at : h->stored;
}

struct track_figure *
track_figure(const struct track_row *r, uint32_t key)
{
	for (size_t i = 0; i < r->nfig; i++)
		if (r->fig[i].key == key)
			return &r->fig[i];
	return NULL;
}

static void
figure_put(struct track_row *r, const struct value *v, int64_t said, const char *by)
{
	struct track_figure *f = track_figure(r, v->key);
	int64_t asof = v->u.fig.asof != 0 && v->u.fig.asof < said ? v->u.fig.asof : said;

	if (f != NULL && f->asof > asof)
		return;
	if (f == NULL) {
		if (r->nfig >= FIGURES_MAX)
			return;
		r->fig = xreallocarray(r->fig, r->nfig + 1, sizeof *r->fig);
		f = &r->fig[r->nfig++];
	}
	memset(f, 0, sizeof *f);
	f->key = v->key;
	f->fig = v->u.fig;
	f->fig.source = NULL;
	f->asof = asof;
	(void)snprintf(f->by, sizeof f->by, "%s", by);
}

/* Of several figures of one field the one that is the addressee's own. */
static bool
stands_for(const struct body *b, const struct value *v, const char *station)
{
	const struct value *first = body_first(b, v->key);

	for (const struct value *o = first; o != NULL; o = body_next(b, o))
		if (o->u.fig.source == NULL || strcmp(o->u.fig.source, station) == 0)
			return o == v;
	return first == v;
}

static void
take_figures(struct track_row *r, const struct held *h, int64_t said, const struct body *but)
{
	for (size_t i = 0; i < h->b->n; i++) {
		const struct value *v = &h->b->v[i];

		if (v->field != NULL && field_decimals(v->field) >= 0 && v->key != F_QUANTITY && stands_for(h->b, v, r->to) &&
		    (but == NULL || body_first(but, v->key) == NULL))
			figure_put(r, v, said, strcmp(h->id.origin, r->to) == 0 ? "" : h->id.origin);
	}
}

/* A correction speaks from the place of what it corrects: it makes no older feedback newer than a later one. */
static int64_t
spoken_at(const struct gather *g, const struct held *h, bool behalf)
{
	int64_t at = said_at(h, behalf), of;

	for (size_t i = 0; body_enum(h->b, F_STAGE) == STAGE_CORRECTION && i < g->n; i++) {
		const struct held *o = &g->v[i];

		if (o != h && o->kind == KIND_FEEDBACK && strcmp(o->id.origin, h->id.origin) == 0 && incident_refers(h->b, &o->id) &&
		    (of = said_at(o, body_text(o->b, F_ON_BEHALF) != NULL)) < at)
			at = of;
	}
	return at;
}

static void
take_feedback(struct track *t, const struct gather *g, const struct held *h, bool old)
{
	const char *behalf = body_text(h->b, F_ON_BEHALF);
	struct track_row *r = row_of(t, behalf != NULL ? behalf : h->id.origin);
	int64_t said, due;
	int progress = body_enum(h->b, F_PROGRESS);

	if (r == NULL)
		return;
	said = spoken_at(g, h, behalf != NULL);
	take_figures(r, h, said, NULL);
	if (progress != 0 && said >= r->said)
		r->progress = progress;
	if (said < r->said)
		return;
	r->said = said;
	r->feedback = h->id;
	r->old = old;
	if (!old || said >= t->sent) {	/* what was said before the correction does not answer it */
		r->answered = true;
		r->finished = progress == PROGRESS_DONE || progress == PROGRESS_CANNOT;
		r->promised = body_time(h->b, F_DUE, &due) ? due : 0;
	}
	line(r->text, sizeof r->text, body_text(h->b, F_TEXT));
	line(r->person, sizeof r->person, body_text(h->b, F_PERSON));
}

static void
take_receipt(struct query *q, struct track *t, const struct held *h, bool old)
{
	const char *behalf = body_text(h->b, F_ON_BEHALF);
	struct track_row *r = row_of(t, behalf != NULL ? behalf : h->id.origin);
	int act = body_enum(h->b, F_ACT);
	int64_t due;

	/* A signature by telephone is the sender's to register, nobody else's. */
	if (r == NULL || body_first(h->b, F_REGARDING) != NULL || (behalf != NULL && strcmp(h->id.origin, q->self) != 0))
		return;
	if (old) {	/* who signs for the old version has not read this one; what it promises it promises */
		if (behalf != NULL || act < ACT_SIGNED || act == ACT_RETURNED || said_at(h, false) < t->sent)
			return;
		if (r->old_signed == 0 || h->stored < r->old_signed)
			r->old_signed = h->stored;
	} else if (behalf != NULL) {
		if (act < r->proxy.act || !body_flag(h->b, F_READBACK_OK))
			return;
		r->proxy.act = act;
		r->proxy.at = h->stored;
		r->proxy.id = h->id;
		line(r->proxy.person, sizeof r->proxy.person, body_text(h->b, F_PERSON));
		line(r->proxy.recording, sizeof r->proxy.recording, body_text(h->b, F_RECEIPT_NO));
		take_figures(r, h, h->stored, t->b);
	} else if (act == ACT_SIGNED) {
		r->signed_at = h->stored;
		line(r->signer, sizeof r->signer, body_text(h->b, F_PERSON));
	} else if (act == ACT_TAKEN) {
		r->taken_at = h->stored;
		line(r->taker, sizeof r->taker, body_text(h->b, F_PERSON));
	} else if (act == ACT_RETURNED) {
		line(r->returned, sizeof r->returned, body_text(h->b, F_REASON));
	}
	if (act == ACT_TAKEN && body_time(h->b, F_DUE, &due) && said_at(h, false) >= r->said)
		r->promised = due;
}

static void
take_directive(struct query *q, struct track *t, struct held *h, bool old)
{
	int type = order_type(h->b);

	if (strcmp(h->id.origin, q->self) != 0)
		return;
	if (type == ORDER_REVOKED && !t->revoked && !old) {
		t->revoked = true;
		t->revoked_at = h->stored;
		line(t->revoked_why, sizeof t->revoked_why, body_text(h->b, F_REASON));
		line(t->revoked_by, sizeof t->revoked_by, body_text(h->b, F_AUTHOR) != NULL ? body_text(h->b, F_AUTHOR) : body_text(h->b, F_SEAT));
	} else if (type == ORDER_APPEND) {
		for (size_t i = 0; i < t->nappend; i++)
			if (msgid_cmp(&t->append[i].id, &h->id) == 0)
				return;
		t->append = xreallocarray(t->append, t->nappend + 1, sizeof *t->append);
		t->append[t->nappend].id = h->id;
		t->append[t->nappend].at = h->stored;
		t->append[t->nappend++].b = h->b;
		h->b = NULL;
	}
}

static bool
names(const struct body *b, uint32_t key, const char *station)
{
	for (const struct value *v = body_first(b, key); v != NULL; v = body_next(b, v))
		if (strcmp(v->u.text.s, station) == 0)
			return true;
	return false;
}

/* What was tried to reach it: a chase, a call, a signature by telephone that was refused. */
static void
step_text(const struct query *q, const struct held *h, struct buf *out)
{
	const char *who = body_said(h->b, F_ANSWERED_BY) != NULL ? body_said(h->b, F_ANSWERED_BY) : body_said(h->b, F_PERSON);
	const char *text = body_said(h->b, F_TEXT), *phone = body_said(h->b, F_PHONE);
	char word[96];

	buf_puts(out, h->kind == KIND_CALLOUT || h->kind == KIND_OUTSIDE ?
	    query_word(q, "channel", body_enum(h->b, F_CHANNEL) != 0 ? body_enum(h->b, F_CHANNEL) : CHANNEL_PHONE, word, sizeof word) :
	    h->kind == KIND_CHASE ? query_word(q, "kind", KIND_CHASE, word, sizeof word) : "");
	if (h->kind == KIND_CALLOUT || h->kind == KIND_OUTSIDE) {
		if (phone != NULL)
			buf_printf(out, " %s", phone);
		if (who != NULL)
			buf_printf(out, " %s", who);
		if (body_enum(h->b, F_OUTCOME) != 0)
			buf_printf(out, " %s", query_word(q, "outcome", body_enum(h->b, F_OUTCOME), word, sizeof word));
	}
	if (text != NULL)
		buf_printf(out, "%s%s", out->n > 0 ? " " : "", text);
}

static void
take_step(struct query *q, struct track *t, const struct held *h)
{
	const char *behalf = body_text(h->b, F_ON_BEHALF);
	bool refused = h->kind == KIND_LOG && body_first(h->b, F_READBACK_OK) != NULL && !body_flag(h->b, F_READBACK_OK);
	struct buf text = { 0 };

	if (strcmp(h->id.origin, q->self) != 0 || (h->kind == KIND_LOG && !refused))
		return;
	step_text(q, h, &text);
	for (size_t i = 0; i < t->nrow; i++) {
		struct track_row *r = &t->row[i];
		struct track_step *s;

		if (behalf != NULL ? strcmp(behalf, r->to) != 0 : !names(h->b, F_TO, r->to) && !names(h->b, F_REGARDING, r->to))
			continue;
		r->misread += refused;
		if (r->nstep >= STEPS_MAX)
			continue;
		r->step = xreallocarray(r->step, r->nstep + 1, sizeof *r->step);
		s = &r->step[r->nstep++];
		s->at = h->stored;
		line(s->text, sizeof s->text, buf_cstr(&text));
	}
	buf_free(&text);
}

/* old: id is a version of the directive that was corrected since. */
static int
take_referring(struct query *q, struct track *t, const struct msgid *id, bool old)
{
	struct gather g = { 0 };
	int rc = q->j->ops->each_referring(q->j, id, gather_row, &g);

	for (size_t i = 0; i < g.n && rc != -1; i++)
		switch (g.v[i].kind) {
		case KIND_FEEDBACK:
			take_feedback(t, &g, &g.v[i], old);
			break;
		case KIND_RECEIPT:
			take_receipt(q, t, &g.v[i], old);
			break;
		case KIND_DIRECTIVE:
			take_directive(q, t, &g.v[i], old);
			break;
		default:
			take_step(q, t, &g.v[i]);
			break;
		}
	gather_free(&g);
	return rc == -1 ? -1 : 0;
}

struct versions {
	struct msgid id[VERSIONS_MAX];
	size_t n;
};

static void
versions_add(struct versions *w, const struct track *t, const struct body *b)
{
	if (b == NULL || body_enum(b, F_STAGE) != STAGE_CORRECTION)
		return;
	for (const struct value *v = body_first(b, F_REFS); v != NULL && w->n < VERSIONS_MAX; v = body_next(b, v)) {
		bool had = strcmp(v->u.id.origin, t->id.origin) != 0 || msgid_cmp(&v->u.id, &t->id) == 0;

		for (size_t i = 0; i < w->n && !had; i++)
			had = msgid_cmp(&w->id[i], &v->u.id) == 0;
		if (!had)
			w->id[w->n++] = v->u.id;
	}
}

/* What was said of the versions this one has corrected: figures stand, and whoever answers what is on his screen has answered. */
static int
take_versions(struct query *q, struct track *t)
{
	struct versions w = { .n = 0 };
	int rc = 0;

	versions_add(&w, t, t->b);
	for (size_t i = 0; i < w.n && rc != -1; i++) {
		struct journal_msg m;
		struct body *b = NULL;

		memset(&m, 0, sizeof m);
		if ((rc = query_message(q, &w.id[i], &m, &b)) == 0 && m.kind == KIND_DIRECTIVE) {
			rc = take_referring(q, t, &w.id[i], true);
			versions_add(&w, t, b);
		}
		body_free(b);
		buf_free(&m.body);
	}
	return rc == -1 ? -1 : 0;
}

/* ---- what is asked for ---- */

static void
ask_for(struct track *t, const char *name)
{
	for (size_t i = 0; i < t->nasks; i++)
		if (strcmp(t->asks[i], name) == 0)
			return;
	t->asks = xreallocarray(t->asks, t->nasks + 1, sizeof *t->asks);
	(void)snprintf(t->asks[t->nasks++], sizeof *t->asks, "%s", name);
}

static void
take_asks(struct track *t, const struct body *b)
{
	int64_t minutes, due;

	for (const struct value *v = body_first(b, F_ASKS); v != NULL; v = body_next(b, v)) {
		const struct field *f = field_by_name(v->u.text.s);

		if (f != NULL && field_decimals(f) >= 0)
			ask_for(t, f->name);
	}
	if (body_num(b, F_EVERY, &minutes) && minutes > 0 && minutes < INT64_C(1000000))
		t->every = minutes * 60000;
	if (body_time(b, F_DUE, &due))
		t->due = due;
}

/* Nothing was asked for by name: what the addressees count is added up all the same. */
static void
ask_what_is_said(struct track *t)
{
	const struct field *f;

	for (size_t k = 0; (f = field_at(k)) != NULL; k++)
		for (size_t i = 0; i < t->nrow && field_decimals(f) >= 0; i++)
			if (track_figure(&t->row[i], f->key) != NULL) {
				ask_for(t, f->name);
				break;
			}
}

/* ---- the whole ---- */

int
track_load(struct query *q, const struct msgid *id, struct track *t)
{
	int rc;

	memset(t, 0, sizeof *t);
	t->id = t->asked_for = *id;
	rc = query_message(q, id, &t->m, &t->b);
	if (rc == -1)
		return -1;
	if (!msgid_is_set(&t->m.id) || t->m.kind != KIND_DIRECTIVE)
		return 1;
	t->sent = t->m.stored;
	if (t->b != NULL)
		take_asks(t, t->b);
	if (q->j->ops->delivery_each(q->j, id, delivery_row, t) == -1 || take_versions(q, t) == -1 || take_referring(q, t, id, false) == -1)
		return -1;
	for (size_t i = 0; i < t->nappend; i++) {
		take_asks(t, t->append[i].b);
		if (take_referring(q, t, &t->append[i].id, false) == -1)
			return -1;
	}
	if (t->nasks == 0)
		ask_what_is_said(t);
	for (size_t i = 0; i < t->nrow; i++)
		track_judge(q, t, &t->row[i]);
	return 0;
}

void
track_free(struct track *t)
{
	for (size_t i = 0; i < t->nrow; i++) {
		free(t->row[i].fig);
		free(t->row[i].step);
	}
	for (size_t i = 0; i < t->nappend; i++)
		body_free(t->append[i].b);
	free(t->row);
	free(t->append);
	free(t->asks);
	body_free(t->b);
	buf_free(&t->m.body);
	memset(t, 0, sizeof *t);
}
