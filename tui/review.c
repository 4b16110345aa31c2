/*
 * See review.h.  What is wrong stands first in every row, so that a row that is cut loses what is in order; the number of
 * things that did not fit is always said.  A row that has nothing to say is not there, and its cells are the form's.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "../formats/buf.h"
#include "../formats/i18n.h"
#include "../formats/json.h"
#include "../formats/text.h"
#include "../formats/value.h"
#include "review.h"
#include "term.h"
#include "util.h"

#define REVIEW_MS 1000	/* after the last key */
#define MORE_CELLS 5	/* " +999" */

void
review_init(struct review *r, struct app *app, struct view *owner)
{
	*r = (struct review){ .app = app, .owner = owner };
}

void
review_free(struct review *r)
{
	json_decref(r->answer);
	json_decref(r->body);
	json_decref(r->last);
	free(r->changes);
	free(r->secret);
	*r = (struct review){ 0 };
}

void
review_touch(struct review *r, int64_t now)
{
	r->want = true;
	r->touched = now;
}

bool
review_due(const struct review *r, int64_t now)
{
	return r->want && !r->asking && app_connected(r->app) && (now - r->touched >= REVIEW_MS || now < r->touched);
}

struct asked {
	struct review *r;	/* lives in the owner: without it there is no call */
};

static struct body *
read_body(const struct review *r, const json_t *o)
{
	struct body *b = body_new();
	struct fault f = { 0 };

	if (json_is_object(o))
		(void)json_to_body(o, b, app_codebook(r->app), app_now(r->app), true, &f);
	return b;
}

/* What the ledger says of a field, every source of it; "" when it says nothing. */
static void
ledger(const struct review *r, const struct body *b, const struct field *f, struct buf *out)
{
	for (const struct value *v = body_first(b, f->key); v; v = body_next(b, v)) {
		struct value as = *v;

		if (field_decimals(f) >= 0)
			as.u.fig.asof = 0;	/* the number is what is compared */
		buf_puts(out, out->n > 0 ? " " : "");
		value_format(out, &as, app_codebook(r->app), i18n_zh());
	}
}

/* Each conflict beside the ledger's own value: which of the two is wrong is the person's to see. */
static void
name_ledger(struct review *r)
{
	struct body *b = read_body(r, r->body);
	json_t *c;
	size_t i;

	json_array_foreach (json_object_get(r->answer, "conflicts"), i, c) {
		const struct field *f = field_by_name(jtext(c, "field"));
		struct buf v = { 0 };

		if (!f)
			continue;
		ledger(r, b, f, &v);
		(void)json_object_set_new(c, "ledger", json_string(v.n > 0 ? buf_cstr(&v) : _("empty")));
		buf_free(&v);
	}
	body_free(b);
}

/* This station's own figure of a field; NULL. */
static const struct value *
own_figure(const struct body *b, uint32_t key)
{
	const struct value *v = body_first(b, key);

	while (v && v->u.fig.source && *v->u.fig.source)
		v = body_next(b, v);
	return v;
}

/* Of a text that is only read: the figures that are others than this station said last, without those that fall. */
static void
changes_since(struct review *r)
{
	struct body *now, *last;
	struct buf out = { 0 };
	const struct field *f;

	if (r->own_changes || !r->last)
		return;
	now = read_body(r, r->body);
	last = read_body(r, r->last);
	for (size_t i = 0; (f = field_at(i)) != NULL; i++) {
		const struct value *a, *b;
		struct buf old = { 0 }, new = { 0 };
		const json_t *e;
		bool told = false;
		size_t k;

		if (field_decimals(f) < 0 || (b = own_figure(now, f->key)) == NULL)
			continue;
		a = own_figure(last, f->key);
		json_array_foreach (jarray(r->answer, "falls"), k, e)
			told |= strcmp(jtext(e, "field"), f->name) == 0;
		if (told || (a && a->u.fig.q == b->u.fig.q && a->u.fig.n == b->u.fig.n))
			continue;
		if (a)
			value_format(&old, a, app_codebook(r->app), i18n_zh());
		value_format(&new, b, app_codebook(r->app), i18n_zh());
		buf_printf(&out, _("%.60s %.40s to %.40s"), field_label(f), a ? buf_cstr(&old) : "-", buf_cstr(&new));
		buf_puts(&out, "\n");
		buf_free(&old);
		buf_free(&new);
	}
	free(r->changes);
	r->changes = out.n > 0 ? xstrdup(buf_cstr(&out)) : NULL;
	r->reason = body_said(now, F_REASON) != NULL;
	buf_free(&out);
	body_free(now);
	body_free(last);
}

static void
last_answer(struct view *owner, void *arg, const json_t *answer, const struct fault *f)
{
	struct review *r = ((struct asked *)arg)->r;

	(void)owner;
	if (!answer) {
		r->last_asked = f->code != EX_TEMPFAIL;	/* the switch has gone: again with the next look */
		return;
	}
	if (strcmp(jtext(answer, "stage"), enum_by_value("stage", STAGE_FIRST)->name) == 0)
		return;		/* there is no version before this one */
	json_decref(r->last);
	r->last = json_deep_copy(json_object_get(answer, "body"));
	changes_since(r);
	app_dirty(r->app);
}

static void
ask_last(struct review *r, bool exercise)
{
	const char *incident = jtext(r->body, field_by_key(F_INCIDENT)->name);
	struct asked *a;

	if (r->own_changes || r->last_asked || !*incident)
		return;
	a = xmalloc(sizeof(*a));
	a->r = r;
	r->last_asked = true;
	app_ask(r->app, r->owner, json_pack("{s:s, s:s, s:s}", "op", "prefill", "realm", exercise ? "exercise" : "live",
	    "incident", incident), last_answer, a);
}

static void
review_answer(struct view *owner, void *arg, const json_t *answer, const struct fault *f)
{
	struct review *r = ((struct asked *)arg)->r;

	(void)f;	/* an older switch, a text it cannot read: nothing to say */
	r->asking = false;
	json_decref(r->answer);
	r->answer = answer ? json_deep_copy(answer) : NULL;
	if (answer) {
		name_ledger(r);
		changes_since(r);
	}
	if (r->answered)
		r->answered(owner);
	app_dirty(r->app);
}

void
review_ask(struct review *r, json_t *body, bool exercise)
{
	struct asked *a = xmalloc(sizeof(*a));

	a->r = r;
	r->want = false;
	r->asking = true;
	json_decref(r->body);
	r->body = json_incref(body);
	app_ask(r->app, r->owner, json_pack("{s:s, s:s, s:o}", "op", "review", "realm",
	    exercise ? "exercise" : "live", "body", body), review_answer, a);
	ask_last(r, exercise);
}

void
review_secret(struct review *r, const struct fault *f)
{
	const struct field *field = f ? field_by_name(f->field) : NULL;
	struct buf b = { 0 };

	free(r->secret);
	r->secret = NULL;
	if (!f)
		return;
	buf_printf(&b, "%s%s%s", field ? field_label(field) : f->field, *f->field ? ": " : "", f->text);
	r->secret = xstrdup(buf_cstr(&b));
	buf_free(&b);
}

size_t
review_falls(const struct review *r)
{
	return jcount(jarray(r->answer, "falls"));
}

/* Rows. */

struct row {
	struct buf *out;
	int cells, used;
	size_t left;	/* items that found no room */
	bool whole;	/* nothing is cut: the count says enough */
};

static void
row_add(struct row *w, const char *item)
{
	char clean[512];
	int cells;

	(void)one_line(item, clean, sizeof(clean));
	cells = text_cells(clean);
	/* The first thing said is cut rather than left out. */
	if (w->left > 0 || ((w->used > 0 || w->whole) && w->used + 1 + cells > w->cells - MORE_CELLS)) {
		w->left++;
		return;
	}
	if (w->used == 0 && cells > w->cells - MORE_CELLS) {
		size_t n = text_clip(clean, w->cells - MORE_CELLS - 3, &cells);

		buf_put(w->out, clean, n);
		buf_puts(w->out, "...");
		w->used = cells + 3;
		return;
	}
	buf_printf(w->out, "%s%s", w->used > 0 ? " " : "", clean);
	w->used += cells + (w->used > 0);
}

static void
row_end(struct row *w)
{
	if (w->left > 0)
		buf_printf(w->out, "%s+%zu", w->used > 0 ? " " : "", w->left);
}

#define GROUP_CELLS 12	/* kept for the head and the count of each group that follows */

/* One group behind its head: "[缺]地点 时间 +3"; of those that a first report cannot go without, the first. */
static void
elements_group(struct buf *out, const json_t *list, const char *state, int cells, int *used)
{
	struct buf b = { 0 }, head = { 0 };
	struct row w = { .out = &b, .whole = true };
	const json_t *e;
	size_t i, n = 0;

	json_array_foreach (list, i, e)
		if (strcmp(jtext(e, "state"), state) == 0 && n++ == 0)
			buf_printf(&head, "%s[%.40s]", *used > 0 ? " " : "", strcmp(state, "present") == 0 ? "v" : jtext(e, "state_name"));
	w.cells = cells - *used - text_cells(buf_cstr(&head));
	for (int must = 1; must >= 0 && n > 0; must--)
		json_array_foreach (list, i, e)
			if (strcmp(jtext(e, "state"), state) == 0 && jflag(e, "must") == (must != 0))
				row_add(&w, jtext(e, "name"));
	row_end(&w);
	*used += text_cells(buf_cstr(&head)) + text_cells(buf_cstr(&b));
	buf_puts(out, buf_cstr(&head));
	buf_puts(out, buf_cstr(&b));
	buf_free(&head);
	buf_free(&b);
}

void
review_elements(const json_t *answer, int cells, struct buf *out)
{
	static const char *const order[] = { "missing", "unknown", "present" };
	const json_t *list = jarray(answer, "elements"), *e;
	size_t i, n[3] = { 0 };
	int used = 0, later;

	json_array_foreach (list, i, e)
		for (size_t k = 0; k < 3; k++)
			n[k] += strcmp(jtext(e, "state"), order[k]) == 0;
	if (n[0] + n[1] == 0)	/* nothing is missing */
		return;
	later = (n[1] > 0) + (n[2] > 0);
	for (size_t k = 0; k < 3; k++) {
		elements_group(out, list, order[k], cells - later * GROUP_CELLS, &used);
		if (k < 2 && n[k + 1] > 0)
			later--;
	}
}

void
review_conflicts(const json_t *answer, int cells, struct buf *out)
{
	struct row w = { .out = out, .cells = cells };
	const json_t *c;
	char item[512];
	size_t i;

	json_array_foreach (jarray(answer, "conflicts"), i, c) {
		if (*jtext(c, "ledger"))
			(void)snprintf(item, sizeof(item), _("%.380s (entered: %.96s)"), jtext(c, "text"), jtext(c, "ledger"));
		row_add(&w, *jtext(c, "ledger") ? item : jtext(c, "text"));
	}
	row_end(&w);
}

void
review_differences(const struct review *r, int cells, struct buf *out)
{
	struct row w = { .out = out, .cells = cells };
	const json_t *d;
	char item[320], source[96];
	size_t i;

	if (review_falls(r) > 0)
		row_add(&w, r->reason ? _("falls (reason given):") : _("falls, give the reason:"));
	json_array_foreach (jarray(r->answer, "falls"), i, d) {
		(void)one_line(jtext(d, "source"), source, sizeof(source));
		(void)snprintf(item, sizeof(item), _("%.60s %.40s to %.40s"), jtext(d, "name"), jtext(d, "old"), jtext(d, "new"));
		row_add(&w, item);
	}
	for (const char *p = r->changes; p && *p; p += strcspn(p, "\n"), p += *p == '\n') {
		(void)snprintf(item, sizeof(item), "%.*s", (int)strcspn(p, "\n"), p);
		row_add(&w, item);
	}
	row_end(&w);
}

/* The rows in their order; out NULL: only counts. */
static int
rows(const struct review *r, int row, int cols)
{
	int label = i18n_zh() ? 9 : 12, n = 0, cells = cols - label - 2;
	struct buf b[REVIEW_ROWS] = { { 0 } };
	const char *head[REVIEW_ROWS] = { _("SECRET"), _("numbers"), _("changes"), _("elements") };

	if (r->secret) {
		struct row w = { .out = &b[0], .cells = cells };

		row_add(&w, r->secret);
	}
	review_conflicts(r->answer, cells, &b[1]);
	review_differences(r, cells, &b[2]);
	if (!r->numbers_only)
		review_elements(r->answer, cells, &b[3]);
	for (int i = 0; i < REVIEW_ROWS; i++) {
		bool alert = i == 0 || (i == 2 && review_falls(r) > 0 && !r->reason);

		if (b[i].n > 0 && row >= 0) {
			(void)term_put(row + n, 1, label, i == 0 ? TERM_ALERT : TERM_PLAIN, head[i]);
			(void)term_put(row + n, label + 1, cells, alert ? TERM_ALERT : TERM_PLAIN, buf_cstr(&b[i]));
		}
		n += b[i].n > 0;
		buf_free(&b[i]);
	}
	return n;
}

int
review_rows(const struct review *r)
{
	return rows(r, -1, TERM_COLS_MIN);
}

void
review_paint(const struct review *r, int row, int cols)
{
	(void)rows(r, row, cols);
}
