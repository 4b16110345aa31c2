/*
 * Finds of a search, newest first, with the text around each; the next page is asked for when the marker comes to the end.
 * What comes in meanwhile is not put into the list under the reader's eyes: the same words again find it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../formats/buf.h"
#include "../formats/i18n.h"
#include "prompt.h"
#include "util.h"
#include "view_search.h"

#define PAGE 100

struct search {
	struct view v;
	struct list list;
	char *text;
	json_t *rows;
	bool more, asked;		/* there are more; an answer is waited for */
	int64_t unsearched;
	char why[256];
};

static int
search_rows(const struct search *s)
{
	return (app_bottom_row(s->v.app) - app_top_row(s->v.app) + 1) / 2;
}

static const json_t *
selected(const struct search *s)
{
	return json_array_get(s->rows, s->list.sel);
}

static void
search_answer(struct view *v, void *arg, const json_t *answer, const struct fault *f)
{
	struct search *s = (struct search *)v;
	const json_t *e;
	size_t i;

	(void)arg;
	s->asked = false;
	s->why[0] = '\0';
	app_dirty(v->app);
	if (!answer) {
		(void)one_line(f->text, s->why, sizeof(s->why));
		return;
	}
	json_array_foreach (jarray(answer, "messages"), i, e)
		(void)json_array_append_new(s->rows, json_deep_copy(e));
	s->more = jflag(answer, "more") && i > 0;
	s->unsearched = jnum(answer, "unsearched");
	s->list.n = json_array_size(s->rows);
}

static void
next_page(struct search *s)
{
	json_t *r = json_pack("{s:s, s:s, s:i}", "op", "search", "text", s->text, "limit", PAGE);
	size_t n = json_array_size(s->rows);

	if (n > 0)
		(void)json_object_set_new(r, "before", json_integer(jnum(json_array_get(s->rows, n - 1), "seq")));
	s->asked = true;
	app_ask(s->v.app, &s->v, r, search_answer, NULL);
}

/* On opening and reconnection; pushes change nothing that is listed. */
static void
search_load(struct view *v)
{
	struct search *s = (struct search *)v;

	if (!s->asked && json_array_size(s->rows) == 0)
		next_page(s);
}

static void
search_title(struct view *v, char *buf, size_t size)
{
	const struct search *s = (const struct search *)v;
	char words[128];

	(void)snprintf(buf, size, _("Search  %s  %zu%s"), one_line(s->text, words, sizeof(words)), json_array_size(s->rows),
	    s->more ? "+" : "");
}

static void
paint_find(struct search *s, size_t n, int row)
{
	const json_t *r = json_array_get(s->rows, n);
	char at[24], text[512];
	int cols = term_cols();

	if (n == s->list.sel) {
		(void)term_put(row, 0, 1, TERM_PLAIN, ">");
		s->v.cursor_row = row;
		s->v.cursor_col = 1;
	}
	(void)term_put(row, 1, 11, TERM_PLAIN, short_time(jnum(r, "stored"), app_now(s->v.app), at));
	(void)term_put(row, 13, 18, TERM_PLAIN, one_line(*jtext(r, "from_name") ? jtext(r, "from_name") : jtext(r, "from"), text,
	    sizeof(text)));
	(void)term_putf(row, 32, cols - 33, TERM_PLAIN, "%s%s", jexercise(r) ? _("[EXERCISE] ") : "",
	    subject(jtext(r, "kind_name"), jtext(r, "title"), text, sizeof(text)));
	(void)term_put(row + 1, 13, cols - 14, TERM_PLAIN, one_line(jtext(r, "text"), text, sizeof(text)));
}

static void
search_paint(struct view *v)
{
	struct search *s = (struct search *)v;
	int top = app_top_row(v->app), rows = search_rows(s);

	v->cursor_row = top;
	list_fit(&s->list, rows);
	if (s->list.n == 0)
		(void)term_put(top, 1, term_cols() - 2, TERM_PLAIN, s->asked ? _("searching") : *s->why ? s->why : _("nothing found"));
	for (int i = 0; i < rows && s->list.top + (size_t)i < s->list.n; i++)
		paint_find(s, s->list.top + (size_t)i, top + 2 * i);
}

static bool
search_command(struct view *v, enum command_id id)
{
	struct search *s = (struct search *)v;

	if (list_command(&s->list, id, search_rows(s))) {
		if (s->more && !s->asked && s->list.sel + 1 == s->list.n)
			next_page(s);
		if (!s->more && s->unsearched > 0 && s->list.sel + 1 == s->list.n)
			app_note(v->app, true, _("%lld older messages are not indexed yet and were not searched; try again in some minutes"),
			    (long long)s->unsearched);
		return true;
	}
	if (id == CMD_REFRESH) {
		if (s->asked)
			return false;
		json_array_clear(s->rows);
		s->list = (struct list) { 0, 0, 0 };
		s->more = false;
		next_page(s);
		return false;	/* and paint anew */
	}
	if (id != CMD_OPEN || !selected(s))
		return false;
	app_push_view(v->app, view_message_new(v->app, jtext(selected(s), "id")));
	return true;
}

static bool
search_find(struct view *v, const char *text)
{
	struct search *s = (struct search *)v;
	const json_t *r;

	for (size_t i = 1; i <= s->list.n; i++) {
		size_t at = (s->list.sel + i) % s->list.n;

		r = json_array_get(s->rows, at);
		if (text_has(jtext(r, "title"), text) || text_has(jtext(r, "text"), text) || text_has(jtext(r, "from_name"), text)) {
			s->list.sel = at;
			return true;
		}
	}
	return false;
}

static bool
search_hint(struct view *v, char *buf, size_t size)
{
	(void)v;
	hint_add(buf, size, CMD_OPEN, _(" read"));
	hint_add(buf, size, CMD_SEARCH, _(" search again"));
	hint_add(buf, size, CMD_FIND, _(" find"));
	hint_add(buf, size, CMD_BACK, _(" back"));
	hint_add(buf, size, CMD_HELP, _(" help"));
	return true;
}

static void
search_free(struct view *v)
{
	struct search *s = (struct search *)v;

	json_decref(s->rows);
	free(s->text);
	free(s);
}

static const struct view_ops search_ops = {
	.feeds = FEED_BIT(FEED_STATUS),
	.free = search_free,
	.title = search_title,
	.paint = search_paint,
	.command = search_command,
	.load = search_load,
	.hint = search_hint,
	.find = search_find,
};

static void
words_typed(struct view *owner, void *arg, const char *const *value)
{
	struct app *app = owner->app;
	struct search *s;

	(void)arg;
	if (!*value[0])
		return;
	s = xcalloc(1, sizeof(*s));
	s->v.ops = &search_ops;
	s->v.app = app;
	s->text = xstrdup(value[0]);
	s->rows = json_array();
	if (owner->ops == &search_ops && owner == app_top_view(app))
		app_pop_view(app, owner);	/* the new finds take the place of the old */
	app_push_view(app, &s->v);
}

void
view_search_ask(struct app *app)
{
	struct view *top = app_top_view(app);
	struct prompt *p = prompt_new(app, top, _("search all messages of this station"), words_typed, NULL);

	prompt_field(p, _("words"), top->ops == &search_ops ? ((const struct search *)top)->text : "", PROMPT_REQUIRED);
	app_prompt(app, p);
}
