/*
 * See review.h.  What is wrong stands first in every row, so that a row that is cut loses what is in order; the number of
 * things that did not fit is always said.  A row that has nothing to say is not there, and its cells are the form's.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../formats/buf.h"
#include "../formats/i18n.h"
#include "../formats/text.h"
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

static void
review_answer(struct view *owner, void *arg, const json_t *answer, const struct fault *f)
{
	struct review *r = ((struct asked *)arg)->r;

	(void)f;	/* an older switch, a text it cannot read: nothing to say */
	r->asking = false;
	json_decref(r->answer);
	r->answer = answer ? json_deep_copy(answer) : NULL;
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
	app_ask(r->app, r->owner, json_pack("{s:s, s:s, s:o}", "op", "review", "realm",
	    exercise ? "exercise" : "live", "body", body), review_answer, a);
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
	size_t i;

	json_array_foreach (jarray(answer, "conflicts"), i, c)
		row_add(&w, jtext(c, "text"));
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
