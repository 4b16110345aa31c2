/*
 * Which rule set which clock, and why: the lines the switch makes of it (op explain), as text.  The switch words them, so that the desk and
 * dutyctl say the same.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../formats/buf.h"
#include "../formats/i18n.h"
#include "act.h"
#include "message_text.h"
#include "util.h"

struct explain_view {
	struct view v;
	char ref[MSGID_TEXT_MAX];
	json_t *answer;
	struct lines lines;
	int width;		/* the lines were made for */
	char why[256];
};

static void
explain_lines(struct explain_view *w)
{
	const json_t *c, *l;
	size_t i, k, top = w->lines.top;

	w->width = term_cols();
	lines_clear(&w->lines);
	json_array_foreach (jarray(w->answer, "clocks"), i, c) {
		if (i > 0)
			lines_add(&w->lines, "", "", term_cols() - 2);
		json_array_foreach (jarray(c, "lines"), k, l) {
			const char *text = json_is_string(l) ? json_string_value(l) : "", *rest;
			char label[48];

			/* "  LABEL  TEXT": what goes on in another row stands under its beginning. */
			if (strncmp(text, "  ", 2) != 0 || (rest = strstr(text + 2, "  ")) == NULL) {
				lines_add(&w->lines, "", text, term_cols() - 2);
				continue;
			}
			(void)snprintf(label, sizeof(label), "%.*s", (int)(rest - text - 2), text + 2);
			lines_add(&w->lines, label, rest + strspn(rest, " "), term_cols() - 2);
		}
	}
	if (w->lines.n == 0)
		lines_add(&w->lines, "", w->answer ? _("no clock runs, and none has run") : w->why, term_cols() - 2);
	w->lines.top = top;
}

static void
explain_answer(struct view *v, void *arg, const json_t *answer, const struct fault *f)
{
	struct explain_view *w = (struct explain_view *)v;

	(void)arg;
	json_decref(w->answer);
	w->answer = NULL;
	w->why[0] = '\0';
	if (!answer)
		(void)one_line(f->text, w->why, sizeof(w->why));
	else
		w->answer = json_deep_copy(answer);
	explain_lines(w);
	app_dirty(v->app);
}

static void
explain_load(struct view *v)
{
	struct explain_view *w = (struct explain_view *)v;

	app_ask(v->app, v, json_pack("{s:s, s:s}", "op", "explain", "ref", w->ref), explain_answer, NULL);
}

static void
explain_title(struct view *v, char *buf, size_t size)
{
	const struct explain_view *w = (const struct explain_view *)v;
	const char *profiles = jtext(w->answer, "profiles");
	char title[256];

	(void)snprintf(buf, size, _("Clocks and rules  %s %s%s%s"), jtext(w->answer, "number"), one_line(jtext(w->answer, "title"), title, sizeof(title)),
	    *profiles ? _("  profile ") : "", profiles);
}

static void
explain_paint(struct view *v)
{
	struct explain_view *w = (struct explain_view *)v;

	if (w->width != term_cols())
		explain_lines(w);
	v->cursor_row = app_top_row(v->app);
	lines_paint(&w->lines, app_top_row(v->app), app_bottom_row(v->app) - app_top_row(v->app) + 1);
}

static bool
explain_command(struct view *v, enum command_id id)
{
	return lines_turn(&((struct explain_view *)v)->lines, id) || id == CMD_RULES || id == CMD_OPEN;
}

static bool
explain_find(struct view *v, const char *text)
{
	return lines_find(&((struct explain_view *)v)->lines, text);
}

static bool
explain_hint(struct view *v, char *buf, size_t size)
{
	(void)v;
	hint_lines(buf, size);
	return true;
}

static void
explain_free(struct view *v)
{
	struct explain_view *w = (struct explain_view *)v;

	json_decref(w->answer);
	lines_clear(&w->lines);
	free(w);
}

static const struct view_ops explain_ops = {
	.feeds = FEED_BIT(FEED_STATUS),
	.free = explain_free,
	.title = explain_title,
	.paint = explain_paint,
	.command = explain_command,
	.load = explain_load,
	.hint = explain_hint,
	.find = explain_find,
};

struct view *
view_explain_new(struct app *app, const char *ref)
{
	struct explain_view *w = xcalloc(1, sizeof(*w));
	struct msgid id;

	w->v.ops = &explain_ops;
	w->v.app = app;
	w->v.exercise = msgid_parse(ref, &id) && id.realm == REALM_EXERCISE;
	(void)snprintf(w->ref, sizeof(w->ref), "%s", ref);
	return &w->v;
}
