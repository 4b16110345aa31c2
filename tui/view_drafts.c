/*
 * The drafts this seat has begun and not sent: opened they are as they were, words, field and cursor.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../formats/buf.h"
#include "../formats/i18n.h"
#include "compose.h"
#include "prompt.h"
#include "util.h"

struct drafts {
	struct view v;
	struct list list;
};

static const json_t *
selected(const struct drafts *d)
{
	return json_array_get(app_feed(d->v.app, FEED_DRAFTS), d->list.sel);
}

static int
drafts_rows(const struct drafts *d)
{
	return app_bottom_row(d->v.app) - app_top_row(d->v.app);
}

static void
drafts_title(struct view *v, char *buf, size_t size)
{
	(void)snprintf(buf, size, _("Drafts %zu"), jcount(app_feed(v->app, FEED_DRAFTS)));
}

static const char *
form_name(const char *form)
{
	return strcmp(form, "intake") == 0 ? _("Intake") : strcmp(form, "report") == 0 ? _("Report") :
	    strcmp(form, "directive") == 0 ? _("Directive") : strcmp(form, "feedback") == 0 ? _("Feedback") : form;
}

static void
drafts_paint(struct view *v)
{
	struct drafts *d = (struct drafts *)v;
	int row = app_top_row(v->app), rows = drafts_rows(d), cols = term_cols();
	char at[24], title[256];

	d->list.n = jcount(app_feed(v->app, FEED_DRAFTS));
	list_fit(&d->list, rows);
	(void)term_put(row, 1, 11, TERM_PLAIN, _("saved"));
	(void)term_put(row, 13, 8, TERM_PLAIN, _("form"));
	(void)term_put(row, 22, 12, TERM_PLAIN, _("seat"));
	(void)term_put(row, 35, 20, TERM_PLAIN, _("subject"));
	row++;
	if (d->list.n == 0)
		(void)term_put(row, 1, cols - 2, TERM_PLAIN, _("none"));
	for (int i = 0; i < rows && d->list.top + (size_t)i < d->list.n; i++) {
		const json_t *r = json_array_get(app_feed(v->app, FEED_DRAFTS), d->list.top + (size_t)i);
		const json_t *j = json_object_get(r, "json");

		if (d->list.top + (size_t)i == d->list.sel) {
			(void)term_put(row + i, 0, 1, TERM_PLAIN, ">");
			v->cursor_row = row + i;
			v->cursor_col = 1;
		}
		(void)term_put(row + i, 1, 11, TERM_PLAIN, short_time(jnum(r, "ms"), app_now(v->app), at));
		(void)term_put(row + i, 13, 8, TERM_PLAIN, form_name(jtext(j, "form")));
		(void)term_putf(row + i, 22, 12, TERM_PLAIN, "%s", jtext(r, "seat"));
		(void)term_putf(row + i, 35, cols - 36, TERM_PLAIN, "%s%s%s %s", jflag(j, "exercise") ? _("[EXERCISE] ") : "",
		    jflag(j, "sending") ? _("(no answer yet) ") : "", jtext(j, "number"), one_line(jtext(j, "title"), title, sizeof(title)));
	}
}

static void
thrown_away(struct view *v, void *arg, const char *const *value)
{
	(void)value;
	app_draft_ended(v->app, (const char *)arg);
	app_post(v->app, json_pack("{s:s, s:s}", "op", "draft_del", "rid", (const char *)arg));
	app_want(v->app, FEED_DRAFTS);
	app_note(v->app, false, _("draft removed"));
}

static bool
drafts_key(struct view *v, const struct key *k)
{
	struct drafts *d = (struct drafts *)v;
	const json_t *r = selected(d);
	struct prompt *p;

	if (k->code != TK_DELETE || !r)
		return false;
	p = prompt_new(v->app, v, _("throw this draft away"), thrown_away, xstrdup(jtext(r, "rid")));
	prompt_confirm(p, _("throw it away for good? 1 = yes "));
	app_prompt(v->app, p);
	return true;
}

static bool
drafts_command(struct view *v, enum command_id id)
{
	struct drafts *d = (struct drafts *)v;
	const json_t *r = selected(d), *j = json_object_get(r, "json");
	struct compose *c;

	if (list_command(&d->list, id, drafts_rows(d)))
		return true;
	if (id != CMD_OPEN || !r)
		return false;
	c = compose_restore(v->app, jtext(r, "rid"), j);
	if (!c) {
		app_note(v->app, true, _("this draft belongs to another version of the desk"));
		return true;
	}
	app_push_view(v->app, compose_view(c));
	if (c->sending)	/* it was under way: ask again under the same id */
		compose_send(c, c->report_too);
	return true;
}

static bool
drafts_hint(struct view *v, char *buf, size_t size)
{
	(void)v;
	hint_add(buf, size, CMD_OPEN, _(" go on"));
	hint_text(buf, size, _("Del throw away"));
	hint_add(buf, size, CMD_BACK, _(" back"));
	return true;
}

static void
drafts_free(struct view *v)
{
	free(v);
}

static const struct view_ops drafts_ops = {
	.feeds = FEED_BIT(FEED_DRAFTS) | FEED_BIT(FEED_STATUS),
	.free = drafts_free,
	.title = drafts_title,
	.paint = drafts_paint,
	.key = drafts_key,
	.command = drafts_command,
	.hint = drafts_hint,
};

struct view *
view_drafts_new(struct app *app)
{
	struct drafts *d = xcalloc(1, sizeof(*d));

	d->v.ops = &drafts_ops;
	d->v.app = app;
	return &d->v;
}
