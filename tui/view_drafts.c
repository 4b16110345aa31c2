/*
 * The drafts of this station that are not sent, with where each stands on its way to the signature.  One being written opens
 * as it was, words, field and cursor; one under review opens to be read (view_review.c), and its steps are keys here too.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../formats/buf.h"
#include "../formats/i18n.h"
#include "chain.h"
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
paint_row(struct drafts *d, size_t n, int row, int cols)
{
	struct view *v = &d->v;
	const json_t *r = json_array_get(app_feed(v->app, FEED_DRAFTS), n), *j = json_object_get(r, "json");
	const json_t *last = chain_under_review(r) ? chain_last(r) : NULL;
	const char *who;
	char at[24], title[256], name[96];

	who = last && *jtext(last, "person") ? jtext(last, "person") : last ? jtext(last, "seat") : jtext(r, "seat");
	if (n == d->list.sel) {
		(void)term_put(row, 0, 1, TERM_PLAIN, ">");
		v->cursor_row = row;
		v->cursor_col = 1;
	}
	(void)term_put(row, 1, 7, TERM_PLAIN, jtext(r, "state_name"));
	(void)term_put(row, 9, 11, TERM_PLAIN, short_time(last ? jnum(last, "at") : jnum(r, "ms"), app_now(v->app), at));
	(void)term_put(row, 21, 10, TERM_PLAIN, one_line(who, name, sizeof(name)));
	(void)term_put(row, 32, 8, TERM_PLAIN, form_name(jtext(j, "form")));
	(void)term_putf(row, 41, cols - 42, TERM_PLAIN, "%s%s%s %s", chain_exercise(r) ? _("[EXERCISE] ") : "",
	    jflag(j, "sending") ? _("(no answer yet) ") : "", jtext(j, "number"),
	    one_line(jtext(j, "title"), title, sizeof(title)));
}

static void
drafts_paint(struct view *v)
{
	struct drafts *d = (struct drafts *)v;
	int row = app_top_row(v->app), rows = drafts_rows(d), cols = term_cols();

	d->list.n = jcount(app_feed(v->app, FEED_DRAFTS));
	list_fit(&d->list, rows);
	(void)term_put(row, 1, 7, TERM_PLAIN, _("stands"));
	(void)term_put(row, 9, 11, TERM_PLAIN, _("since"));
	(void)term_put(row, 21, 10, TERM_PLAIN, _("who"));
	(void)term_put(row, 32, 8, TERM_PLAIN, _("form"));
	(void)term_put(row, 41, 20, TERM_PLAIN, _("subject"));
	row++;
	if (d->list.n == 0)
		(void)term_put(row, 1, cols - 2, TERM_PLAIN, _("none"));
	for (int i = 0; i < rows && d->list.top + (size_t)i < d->list.n; i++)
		paint_row(d, d->list.top + (size_t)i, row + i, cols);
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

	if (r && chain_key(k) != CHAIN_NONE) {
		if (k->code == TK_CHAR && chain_key(k) == CHAIN_APPROVE && !chain_under_review(r))
			return false;	/* Q leaves the desk */
		chain_step(v->app, v, r, chain_key(k));
		return true;
	}
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
	if (chain_under_review(r)) {
		app_push_view(v->app, view_review_new(v->app, jtext(r, "rid")));
		return true;
	}
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
	const json_t *r = selected((struct drafts *)v);

	if (chain_under_review(r)) {
		hint_add(buf, size, CMD_OPEN, _(" read"));
		hint_text(buf, size, _("K checked  B return  T tried  F10 sign  U unsigned  W take back"));
	} else {
		hint_add(buf, size, CMD_OPEN, _(" go on"));
		hint_text(buf, size, _("T tried  U send before signature  Del throw away"));
	}
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
