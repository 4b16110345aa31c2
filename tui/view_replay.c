/*
 * A shift played again: what op replay tells, as text.  S shows the shift before this one, and again this one.
 */
#include <stdlib.h>
#include <string.h>
#include "../formats/buf.h"
#include "../formats/i18n.h"
#include "message_text.h"
#include "util.h"
#include "app.h"

struct replay_view {
	struct view v;
	json_t *answer;
	struct lines lines;
	int width;
	bool last;
};

static void
make(struct replay_view *w)
{
	const json_t *r;
	size_t i, top = w->lines.top;
	int64_t now = app_now(w->v.app);
	char at[24], label[40], text[1024];

	w->width = term_cols();
	lines_clear(&w->lines);
	json_array_foreach (jarray(w->answer, "rows"), i, r) {
		const char *kind = jtext(r, "kind");

		(void)snprintf(label, sizeof(label), "%s %s", short_time(jnum(r, "at"), now, at),
		    strcmp(kind, "ring") == 0 ? "!" : strcmp(kind, "late") == 0 || strcmp(kind, "due") == 0 ? "*" : strcmp(kind, "span") == 0 ? "=" : " ");
		lines_add(&w->lines, label, one_line(jtext(r, "text"), text, sizeof(text)), w->width - 2);
	}
	if (w->answer && w->lines.n == 0)
		lines_add(&w->lines, "", _("none"), w->width - 2);
	w->lines.top = top;
}

static void
replay_answer(struct view *v, void *arg, const json_t *answer, const struct fault *f)
{
	struct replay_view *w = (struct replay_view *)v;

	(void)arg;
	if (!answer) {
		app_note_fault(v->app, f);
		return;
	}
	json_decref(w->answer);
	w->answer = json_deep_copy(answer);
	make(w);
	app_dirty(v->app);
}

static void
replay_load(struct view *v)
{
	struct replay_view *w = (struct replay_view *)v;

	app_ask(v->app, v, json_pack("{s:s, s:s}", "op", "replay", "shift", w->last ? "last" : "now"), replay_answer, NULL);
}

static void
replay_title(struct view *v, char *buf, size_t size)
{
	const struct replay_view *w = (const struct replay_view *)v;
	char from[24], to[24];
	int64_t now = app_now(v->app);

	(void)snprintf(buf, size, _("Replay %s - %s"), short_time(jnum(w->answer, "from"), now, from), short_time(jnum(w->answer, "to"), now, to));
}

static void
replay_paint(struct view *v)
{
	struct replay_view *w = (struct replay_view *)v;

	if (w->width != term_cols())
		make(w);
	lines_paint(&w->lines, app_top_row(v->app), app_bottom_row(v->app) - app_top_row(v->app) + 1);
	v->cursor_row = app_top_row(v->app);
}

static bool
replay_key(struct view *v, const struct key *k)
{
	struct replay_view *w = (struct replay_view *)v;

	if (k->pasted || k->code != TK_CHAR || (k->cp != 's' && k->cp != 'S'))
		return false;
	w->last = !w->last;
	w->lines.top = 0;
	replay_load(v);
	return true;
}

static bool
replay_command(struct view *v, enum command_id id)
{
	return lines_turn(&((struct replay_view *)v)->lines, id) || id == CMD_REPLAY;
}

static bool
replay_hint(struct view *v, char *buf, size_t size)
{
	hint_text(buf, size, ((struct replay_view *)v)->last ? _("S this shift") : _("S the shift before"));
	hint_lines(buf, size);
	return true;
}

static bool
replay_find(struct view *v, const char *text)
{
	return lines_find(&((struct replay_view *)v)->lines, text);
}

static void
replay_free(struct view *v)
{
	struct replay_view *w = (struct replay_view *)v;

	lines_clear(&w->lines);
	json_decref(w->answer);
	free(w);
}

static const struct view_ops replay_ops = {
	.free = replay_free,
	.title = replay_title,
	.paint = replay_paint,
	.key = replay_key,
	.command = replay_command,
	.load = replay_load,
	.hint = replay_hint,
	.find = replay_find,
};

struct view *
view_replay_new(struct app *app)
{
	struct replay_view *w = xcalloc(1, sizeof(*w));

	w->v.ops = &replay_ops;
	w->v.app = app;
	return &w->v;
}
