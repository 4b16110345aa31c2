/*
 * Screen 14: help and the command board, both made of the command table's rows.  The board takes English, Chinese and
 * pinyin initials; arrows and Enter are enough.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../formats/buf.h"
#include "../formats/i18n.h"
#include "../formats/text.h"
#include "act_log.h"
#include "app.h"
#include "edit.h"
#include "message_text.h"
#include "util.h"

struct help {
	struct view v;
	struct lines lines;
	int width;
};

/* The table's help lines speak of the words dutyctl takes where it has any; at the desk one chooses with the marker. */
static const char *
desk_help(const struct command *c)
{
	static const struct { enum command_id id; const char *help; } own[] = {
		{ CMD_SUBMIT, N_("send what is being written") },
		{ CMD_DIRECT, N_("send a directive, on the incident chosen or on none") },
		{ CMD_GRADE, N_("grading: what the tables show, and stating a grade") },
		{ CMD_CORRECT, N_("correct a report of this station") },
		{ CMD_RECALL, N_("take back what was just sent, while nobody has read it") },
		{ CMD_STEP, N_("a step of the event (verified ... archived, reopened), the close of a report") },
		{ CMD_MERGE, N_("merge the incident into another one") },
		{ CMD_SPLIT, N_("take the line chosen out, into an incident of its own") },
		{ CMD_VERDICT, N_("the second verdict of risk, on the grading screen") },
		{ CMD_RENDER, N_("texts of a report: bulletin, short message, telephone script, paste text") },
		{ CMD_DESTROY, N_("two persons destroy what must not be here, from the message's text") },
		{ CMD_LIST, N_("incidents being handled; A lists those put away too") },
		{ CMD_INBOX, N_("what has come in") },
	};

	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		if (own[i].id == c->id)
			return _(own[i].help);
	return _(c->help);
}

/* Keys that are no commands: they belong to one screen. */
static void
help_keys(struct help *h, int width)
{
	static const struct { const char *key, *name, *help; } keys[] = {
		{ "F8 T", N_("telephone report"), N_("record on an incident or an owed row that the telephone report was made") },
		{ "P", N_("read out"), N_("an incident's report as a telephone script, with its read-back code") },
		{ "1-5 X", N_("grading"), N_("on the grading screen: states a grade, or the second verdict") },
		{ "A", N_("all"), N_("overview, pane 3: incidents archived and merged away too") },
		{ "Left Right", N_("versions"), N_("differences: the pair of versions before or after") },
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		struct buf b = { 0 };

		buf_puts(&b, keys[i].key);
		do
			buf_puts(&b, " ");
		while (text_cells(buf_cstr(&b)) < 12);
		buf_puts(&b, _(keys[i].name));
		do
			buf_puts(&b, " ");
		while (text_cells(buf_cstr(&b)) < 22);
		lines_add(&h->lines, buf_cstr(&b), _(keys[i].help), width);
		buf_free(&b);
	}
}

static void
help_lines(struct help *h)
{
	const struct command *c;
	int width = term_cols() - 2;

	lines_clear(&h->lines);
	for (size_t i = 0; (c = command_at(i)) != NULL; i++) {
		struct buf b = { 0 };

		if (!(c->flags & CMDF_DESK))
			continue;
		buf_puts(&b, c->keys);
		do
			buf_puts(&b, " ");
		while (text_cells(buf_cstr(&b)) < 12);
		buf_puts(&b, i18n_zh() ? c->zh : c->verb ? c->verb : "");
		do
			buf_puts(&b, " ");
		while (text_cells(buf_cstr(&b)) < 22);
		lines_add(&h->lines, buf_cstr(&b), desk_help(c), width);
		buf_free(&b);
	}
	help_keys(h, width);
	lines_add(&h->lines, "", "", width);
	lines_add(&h->lines, _("everywhere"), _("Esc and a digit is the F key of that number (0: F10). Digits, F keys, arrows and Enter do "
	    "everything; letters are aliases. Full-width : / ? are taken as : / ?."), width);
	lines_add(&h->lines, _("forms"), _("Tab, Enter, arrows: next or previous field. Ctrl-T: time now. Ctrl-N: new line. Ctrl-U: clear the field, again: "
	    "bring it back. Ctrl-S saves, typing pauses save too. Unknown figure: ?"), width);
	lines_add(&h->lines, _("questions"), _("1 confirms, anything else cancels."), width);
	lines_add(&h->lines, _("sound"), _("an arrival rings once, a flash message every 30 s until it is signed for."), width);
	h->width = term_cols();
}

static void
help_title(struct view *v, char *buf, size_t size)
{
	(void)v;
	(void)snprintf(buf, size, "%s", _("Help: keys and commands"));
}

static void
help_paint(struct view *v)
{
	struct help *h = (struct help *)v;

	if (h->width != term_cols())
		help_lines(h);
	lines_paint(&h->lines, app_top_row(v->app), app_bottom_row(v->app) - app_top_row(v->app) + 1);
	v->cursor_row = app_top_row(v->app);
}

static bool
help_command(struct view *v, enum command_id id)
{
	struct help *h = (struct help *)v;

	if (lines_turn(&h->lines, id))
		return true;
	return id == CMD_HELP || id == CMD_OPEN;
}

static bool
help_find(struct view *v, const char *text)
{
	return lines_find(&((struct help *)v)->lines, text);
}

static bool
help_hint(struct view *v, char *buf, size_t size)
{
	(void)v;
	hint_add(buf, size, CMD_PAGE_DOWN, _(" more"));
	hint_add(buf, size, CMD_FIND, _(" find"));
	hint_add(buf, size, CMD_BACK, _(" back"));
	return true;
}

static void
help_free(struct view *v)
{
	lines_clear(&((struct help *)v)->lines);
	free(v);
}

static const struct view_ops help_ops = {
	.free = help_free,
	.title = help_title,
	.paint = help_paint,
	.command = help_command,
	.hint = help_hint,
	.find = help_find,
};

struct view *
view_help_new(struct app *app)
{
	struct help *h = xcalloc(1, sizeof(*h));

	h->v.ops = &help_ops;
	h->v.app = app;
	return &h->v;
}

/* The board. */

struct palette {
	struct view v;
	struct edit typed;
	struct list list;
};

static size_t
matches(const struct palette *p)
{
	size_t n = 0;

	if (act_note_words(p->typed.s)) /* a line for the log: no choice */
		return 0;
	while (command_match(p->typed.s, CMDF_DESK, n))
		n++;
	return n;
}

static int
palette_rows(const struct palette *p)
{
	return app_bottom_row(p->v.app) - app_top_row(p->v.app) - 1;
}

static void
palette_title(struct view *v, char *buf, size_t size)
{
	(void)v;
	(void)snprintf(buf, size, "%s", _("Commands (English, Chinese or initials)"));
}

static void
palette_paint(struct view *v)
{
	struct palette *p = (struct palette *)v;
	int row = app_top_row(v->app), cols = term_cols(), rows = palette_rows(p);

	p->list.n = matches(p);
	list_fit(&p->list, rows);
	(void)term_put(row, 0, 1, TERM_PLAIN, ":");
	(void)edit_paint(&p->typed, row, 2, cols - 4, 1, true, &v->cursor_row, &v->cursor_col);
	row += 2;
	if (act_note_words(p->typed.s))
		(void)term_put(row, 1, cols - 2, TERM_PLAIN, _("Enter writes this line into the duty log"));
	else if (p->list.n == 0)
		(void)term_put(row, 1, cols - 2, TERM_ALERT, _("no such command"));
	for (int i = 0; i < rows && p->list.top + (size_t)i < p->list.n; i++) {
		const struct command *c = command_match(p->typed.s, CMDF_DESK, p->list.top + (size_t)i);

		(void)term_put(row + i, 0, 1, TERM_PLAIN, p->list.top + (size_t)i == p->list.sel ? ">" : " ");
		(void)term_put(row + i, 2, 10, TERM_PLAIN, i18n_zh() ? c->zh : c->verb ? c->verb : "");
		(void)term_put(row + i, 13, 12, TERM_PLAIN, i18n_zh() && c->verb ? c->verb : "");
		(void)term_put(row + i, 26, 14, TERM_PLAIN, c->keys);
		(void)term_put(row + i, 41, cols - 42, TERM_PLAIN, desk_help(c));
	}
}

static bool
palette_key(struct view *v, const struct key *k)
{
	struct palette *p = (struct palette *)v;
	const struct command *c;
	const char *words;
	struct app *app = v->app;
	bool changed;

	p->list.n = matches(p);
	switch (k->code) {
	case TK_UP:
		return list_command(&p->list, CMD_UP, palette_rows(p));
	case TK_DOWN:
		return list_command(&p->list, CMD_DOWN, palette_rows(p));
	case TK_PGUP:
		return list_command(&p->list, CMD_PAGE_UP, palette_rows(p));
	case TK_PGDN:
		return list_command(&p->list, CMD_PAGE_DOWN, palette_rows(p));
	case TK_ENTER:
		if (k->pasted)
			return true;
		if ((words = act_note_words(p->typed.s)) != NULL) { /* `:note TEXT' is done with this one Enter */
			if (act_note(app, words))
				app_pop_view(app, v);
			return true;
		}
		c = command_match(p->typed.s, CMDF_DESK, p->list.sel);
		if (!c)
			return true;
		app_pop_view(app, v);
		app_command(app, c->id);
		return true;
	default:
		if (!edit_key(&p->typed, k, &changed))
			return false;
		if (changed)
			p->list.sel = 0;
		return true;
	}
}

static bool
palette_command(struct view *v, enum command_id id)
{
	(void)v;
	return id == CMD_PALETTE;
}

static bool
palette_hint(struct view *v, char *buf, size_t size)
{
	(void)v;
	hint_text(buf, size, _("Up Down choose  Enter run"));
	hint_add(buf, size, CMD_BACK, _(" back"));
	return true;
}

static void
palette_free(struct view *v)
{
	edit_free(&((struct palette *)v)->typed);
	free(v);
}

static const struct view_ops palette_ops = {
	.editing = true,
	.free = palette_free,
	.title = palette_title,
	.paint = palette_paint,
	.key = palette_key,
	.command = palette_command,
	.hint = palette_hint,
};

struct view *
view_palette_new(struct app *app)
{
	struct palette *p = xcalloc(1, sizeof(*p));

	p->v.ops = &palette_ops;
	p->v.app = app;
	edit_init(&p->typed, 960, false);
	return &p->v;
}
