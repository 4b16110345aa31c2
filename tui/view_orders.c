/*
 * Directives, instructions and supervised matters that wait, ours and those given to us; above them what others entered in this station's name
 * and matters that look like one.  Enter opens: a directive on the screen that follows it, an entry to be read; S claims an entry.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../formats/buf.h"
#include "../formats/i18n.h"
#include "util.h"
#include "view_track.h"

struct orders_view {
	struct view v;
	json_t *orders, *claims;	/* answers */
	struct list list;
	bool all;
	char why[256];
};

static size_t
nclaims(const struct orders_view *w)
{
	return jcount(jarray(w->claims, "items"));
}

static size_t
nsame(const struct orders_view *w)
{
	return jcount(jarray(w->claims, "same"));
}

static const json_t *
claim_at(const struct orders_view *w, size_t i)
{
	return i < nclaims(w) ? json_array_get(jarray(w->claims, "items"), i) : NULL;
}

static const json_t *
same_at(const struct orders_view *w, size_t i)
{
	return i >= nclaims(w) ? json_array_get(jarray(w->claims, "same"), i - nclaims(w)) : NULL;
}

static const json_t *
order_at(const struct orders_view *w, size_t i)
{
	return i >= nclaims(w) + nsame(w) ? json_array_get(jarray(w->orders, "orders"), i - nclaims(w) - nsame(w)) : NULL;
}

static void
counted(struct orders_view *w)
{
	w->list.n = nclaims(w) + nsame(w) + jcount(jarray(w->orders, "orders"));
	app_dirty(w->v.app);
}

static void
orders_answer(struct view *v, void *arg, const json_t *answer, const struct fault *f)
{
	struct orders_view *w = (struct orders_view *)v;

	(void)arg;
	if (!answer) {
		(void)one_line(f->text, w->why, sizeof(w->why));
	} else {
		w->why[0] = '\0';
		json_decref(w->orders);
		w->orders = json_deep_copy(answer);
	}
	counted(w);
}

static void
claims_answer(struct view *v, void *arg, const json_t *answer, const struct fault *f)
{
	struct orders_view *w = (struct orders_view *)v;

	(void)arg;
	(void)f;	/* the list says it */
	if (answer) {
		json_decref(w->claims);
		w->claims = json_deep_copy(answer);
	}
	counted(w);
}

static void
orders_load(struct view *v)
{
	const struct orders_view *w = (const struct orders_view *)v;

	app_ask(v->app, v, json_pack("{s:s, s:b}", "op", "orders", "all", w->all ? 1 : 0), orders_answer, NULL);
	app_ask(v->app, v, json_pack("{s:s}", "op", "claims"), claims_answer, NULL);
}

static void
orders_title(struct view *v, char *buf, size_t size)
{
	const struct orders_view *w = (const struct orders_view *)v;

	if (!w->orders) {	/* not yet known is not none */
		(void)snprintf(buf, size, "%s", _("asking the switch ..."));
		return;
	}
	(void)snprintf(buf, size, _("Directives that wait %zu, late %lld"), jcount(jarray(w->orders, "orders")), (long long)jnum(w->orders, "late"));
}

static int
orders_rows(const struct orders_view *w)
{
	return app_bottom_row(w->v.app) - app_top_row(w->v.app) - (*jtext(w->claims, "text") ? 1 : 0);
}

static void
paint_order(const json_t *o, int row, int cols, int64_t now)
{
	char at[24], title[256], who[256];
	bool late = jnum(o, "late") > 0;

	(void)term_put(row, 1, 6, TERM_PLAIN, jtext(o, "type_name"));
	(void)term_put(row, 8, 11, TERM_PLAIN, short_time(jnum(o, "at"), now, at));
	(void)snprintf(who, sizeof(who), "%s%s", jflag(o, "mine") ? "> " : "< ", jflag(o, "mine") ? jtext(o, "to_names") : jtext(o, "from_name"));
	(void)term_put(row, 45, 12, TERM_PLAIN, who);
	(void)term_put(row, 20, 11, TERM_PLAIN, jnum(o, "due") ? short_time(jnum(o, "due"), now, at) : "-");
	(void)term_putf(row, 32, 5, TERM_PLAIN, "%lld/%lld", (long long)jnum(o, "signed"), (long long)jnum(o, "total"));
	(void)term_put(row, 38, 6, late ? TERM_ALERT : TERM_PLAIN, jtext(o, "state_name"));
	(void)term_putf(row, 58, cols - 59, TERM_PLAIN, "%s%s%s%s", jexercise(o) ? _("[EXERCISE] ") : "", jtext(o, "leader"),
	    *jtext(o, "leader") ? " " : "", one_line(jtext(o, "title"), title, sizeof(title)));
}

static void
paint_claim(const json_t *c, int row, int cols, int64_t now)
{
	char at[24], title[256];

	(void)term_put(row, 1, 8, TERM_STRONG, jflag(c, "proxy") ? _("telephone") : _("entered"));
	(void)term_put(row, 10, 11, TERM_PLAIN, short_time(jnum(c, "at"), now, at));
	(void)term_putf(row, 22, 16, TERM_PLAIN, "%s %s", jtext(c, "from_name"), jtext(c, "author"));
	(void)term_putf(row, 39, cols - 40, TERM_PLAIN, "%s %s %s", jtext(c, "slip"), jtext(c, "number"), one_line(jtext(c, "title"), title, sizeof(title)));
}

static void
orders_paint(struct view *v)
{
	struct orders_view *w = (struct orders_view *)v;
	int row = app_top_row(v->app), cols = term_cols(), rows = orders_rows(w);
	int64_t now = app_now(v->app);

	if (*jtext(w->claims, "text"))
		(void)term_put(row++, 1, cols - 2, TERM_ALERT, jtext(w->claims, "text"));
	(void)term_put(row, 1, 6, TERM_PLAIN, _("type"));
	(void)term_put(row, 8, 11, TERM_PLAIN, _("at"));
	(void)term_put(row, 45, 12, TERM_PLAIN, _("to or from"));
	(void)term_put(row, 20, 11, TERM_PLAIN, _("due"));
	(void)term_put(row, 32, 5, TERM_PLAIN, _("signed for"));
	(void)term_put(row, 38, 6, TERM_PLAIN, _("stands"));
	(void)term_put(row, 58, cols - 59, TERM_PLAIN, _("subject"));
	row++;
	list_fit(&w->list, rows);
	if (w->list.n == 0)
		(void)term_put(row, 1, cols - 2, TERM_PLAIN, *w->why ? w->why : w->orders ? _("none") : "");
	for (int i = 0; i < rows && w->list.top + (size_t)i < w->list.n; i++) {
		size_t at = w->list.top + (size_t)i;

		if (at == w->list.sel) {
			(void)term_put(row + i, 0, 1, TERM_PLAIN, ">");
			v->cursor_row = row + i;
			v->cursor_col = 1;
		}
		if (claim_at(w, at))
			paint_claim(claim_at(w, at), row + i, cols, now);
		else if (same_at(w, at))
			(void)term_put(row + i, 1, cols - 2, TERM_STRONG, jtext(same_at(w, at), "text"));
		else
			paint_order(order_at(w, at), row + i, cols, now);
	}
}

static void
open_row(struct orders_view *w)
{
	const json_t *c = claim_at(w, w->list.sel), *s = same_at(w, w->list.sel), *o = order_at(w, w->list.sel);
	struct app *app = w->v.app;

	if (c)
		app_push_view(app, view_message_new(app, jtext(c, "id")));
	else if (s)
		app_push_view(app, view_incident_new(app, jtext(s, "incident"), false, ""));
	else if (o && !jflag(o, "mine") && strcmp(jtext(o, "state"), "unsigned") == 0) /* to be read and signed for first */
		app_push_view(app, view_incident_new(app, jtext(o, "incident"), jexercise(o), jtext(o, "id")));
	else if (o)
		app_push_view(app, view_track_new(app, jtext(o, "id")));
}

static bool
orders_command(struct view *v, enum command_id id)
{
	struct orders_view *w = (struct orders_view *)v;
	const json_t *c = claim_at(w, w->list.sel), *o = order_at(w, w->list.sel);

	if (list_command(&w->list, id, orders_rows(w)))
		return true;
	switch (id) {
	case CMD_OPEN:
		open_row(w);
		return true;
	case CMD_SIGN:
	case CMD_CLAIM:
		if (c)
			act_order_claim(v->app, v, c);
		else
			app_note(v->app, true, _("choose an entry to claim"));
		return true;
	case CMD_TRACK:
		if (o)
			app_push_view(v->app, view_track_new(v->app, jtext(o, "id")));
		return true;
	case CMD_ORDERS:
		return true;
	default:
		return false;
	}
}

static bool
orders_key(struct view *v, const struct key *k)
{
	struct orders_view *w = (struct orders_view *)v;
	struct key named;

	if (k->pasted || !key_named("A", 1, &named) || !key_same(&named, k))
		return false;
	w->all = !w->all;
	orders_load(v);
	return true;
}

static bool
orders_hint(struct view *v, char *buf, size_t size)
{
	const struct orders_view *w = (const struct orders_view *)v;

	hint_add(buf, size, CMD_OPEN, _(" open"));
	if (nclaims(w) > 0)
		hint_text(buf, size, _("S claim"));
	hint_text(buf, size, w->all ? _("A only those that wait") : _("A all"));
	hint_lines(buf, size);
	return true;
}

static bool
orders_find(struct view *v, const char *text)
{
	struct orders_view *w = (struct orders_view *)v;

	for (size_t i = 1; i <= w->list.n; i++) {
		size_t at = (w->list.sel + i) % w->list.n;
		const json_t *r = claim_at(w, at) ? claim_at(w, at) : same_at(w, at) ? same_at(w, at) : order_at(w, at);

		if (text_has(jtext(r, "title"), text) || text_has(jtext(r, "to_names"), text) || text_has(jtext(r, "from_name"), text)) {
			w->list.sel = at;
			return true;
		}
	}
	return false;
}

static void
orders_free(struct view *v)
{
	json_decref(((struct orders_view *)v)->orders);
	json_decref(((struct orders_view *)v)->claims);
	free(v);
}

static const struct view_ops orders_ops = {
	.feeds = FEED_BIT(FEED_STATUS),
	.free = orders_free,
	.title = orders_title,
	.paint = orders_paint,
	.key = orders_key,
	.command = orders_command,
	.load = orders_load,
	.hint = orders_hint,
	.find = orders_find,
};

struct view *
view_orders_new(struct app *app)
{
	struct orders_view *w = xcalloc(1, sizeof(*w));

	w->v.ops = &orders_ops;
	w->v.app = app;
	return &w->v;
}
