/*
 * What the strip of review.h has to say, in full: every contradiction beside the ledger's own value, what falls and what
 * changed, every element by its state.  As it stood when it was opened; it scrolls, and Esc goes back to the text.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../formats/buf.h"
#include "../formats/i18n.h"
#include "message_text.h"
#include "review.h"
#include "term.h"
#include "util.h"

struct list_view {
	struct view v;
	json_t *answer;
	char *changes, *secret;
	bool elements;
	struct lines lines;
	int width;	/* the lines were made for */
};

static void
add_elements(struct list_view *w)
{
	static const char *const order[] = { "missing", "unknown", "present" };
	const json_t *e;
	size_t i;

	for (size_t k = 0; k < 3; k++) {
		bool first = true;

		json_array_foreach (jarray(w->answer, "elements"), i, e) {
			char text[512];

			if (strcmp(jtext(e, "state"), order[k]) != 0)
				continue;
			(void)snprintf(text, sizeof(text), "%.120s%s%.300s", jtext(e, "name"), *jtext(e, "basis") ? "  " : "",
			    jtext(e, "basis"));
			lines_add(&w->lines, first ? jtext(e, "state_name") : " ", text, w->width);
			first = false;
		}
	}
}

static void
make(struct list_view *w)
{
	size_t i, n = 0, top = w->lines.top;
	const json_t *e;
	char text[640];

	w->width = term_cols() - 2;
	lines_clear(&w->lines);
	if (w->secret)
		lines_add(&w->lines, _("SECRET"), w->secret, w->width);
	json_array_foreach (jarray(w->answer, "conflicts"), i, e) {
		(void)snprintf(text, sizeof(text), "%.400s", jtext(e, "text"));
		if (*jtext(e, "ledger"))
			(void)snprintf(text, sizeof(text), _("%.380s (entered: %.96s)"), jtext(e, "text"), jtext(e, "ledger"));
		lines_add(&w->lines, i == 0 ? _("numbers") : " ", text, w->width);
	}
	json_array_foreach (jarray(w->answer, "falls"), i, e) {
		(void)snprintf(text, sizeof(text), _("%.60s falls from %.40s to %.40s: give the reason"), jtext(e, "name"),
		    jtext(e, "old"), jtext(e, "new"));
		lines_add(&w->lines, n++ == 0 ? _("changes") : " ", text, w->width);
	}
	for (const char *p = w->changes; p && *p; p += strcspn(p, "\n"), p += *p == '\n') {
		(void)snprintf(text, sizeof(text), "%.*s", (int)strcspn(p, "\n"), p);
		lines_add(&w->lines, n++ == 0 ? _("changes") : " ", text, w->width);
	}
	if (w->elements)
		add_elements(w);
	w->lines.top = top < w->lines.n ? top : 0;
}

static void
list_title(struct view *v, char *buf, size_t size)
{
	(void)v;
	(void)snprintf(buf, size, "%s", _("What is pointed out, in full"));
}

static void
list_paint(struct view *v)
{
	struct list_view *w = (struct list_view *)v;
	int top = app_top_row(v->app);

	if (w->width != term_cols() - 2)
		make(w);
	lines_paint(&w->lines, top, app_bottom_row(v->app) - top + 1);
	v->cursor_row = top;
}

static bool
turn_pages(struct view *v, enum command_id id)
{
	return lines_turn(&((struct list_view *)v)->lines, id);
}

static bool
list_find(struct view *v, const char *text)
{
	return lines_find(&((struct list_view *)v)->lines, text);
}

static bool
list_hint(struct view *v, char *buf, size_t size)
{
	(void)v;
	hint_lines(buf, size);
	return true;
}

static void
list_free(struct view *v)
{
	struct list_view *w = (struct list_view *)v;

	lines_clear(&w->lines);
	json_decref(w->answer);
	free(w->changes);
	free(w->secret);
	free(w);
}

static const struct view_ops list_ops = {
	.free = list_free,
	.title = list_title,
	.paint = list_paint,
	.command = turn_pages,
	.hint = list_hint,
	.find = list_find,
};

struct view *
review_list_new(struct app *app, const struct review *r, bool exercise)
{
	struct list_view *w;

	if (!r->answer && !r->secret && !r->changes)
		return NULL;
	w = xcalloc(1, sizeof(*w));
	w->v.ops = &list_ops;
	w->v.app = app;
	w->v.exercise = exercise;
	w->answer = r->answer ? json_deep_copy(r->answer) : NULL;
	w->changes = r->changes ? xstrdup(r->changes) : NULL;
	w->secret = r->secret ? xstrdup(r->secret) : NULL;
	w->elements = !r->numbers_only;
	make(w);
	return &w->v;
}
