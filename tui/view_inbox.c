/*
 * Screen 06: what came in.  What is still to be signed for stands first.  Moving the marker opens nothing: the text of an
 * unread message shows after Enter, which sends 已阅.  Signing for (S) and taking on (J) name a person.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../formats/buf.h"
#include "../formats/i18n.h"
#include "compose.h"
#include "message_text.h"
#include "util.h"

struct inbox {
	struct view v;
	struct list list;
	json_t *rows;			/* of the feed, references */
	bool warnings;			/* only those */
	char at[MSGID_TEXT_MAX];
	char opened[MSGID_TEXT_MAX];	/* its text is shown */
	struct lines text;
	json_t *message;		/* answer of op message for `opened` */
};

static void inbox_show(struct inbox *, const json_t *row);

static const json_t *
selected(const struct inbox *b)
{
	return json_array_get(b->rows, b->list.sel);
}

/*
 * What was listed keeps its place while this screen is up, as read as it may be by now: opening a message must not carry it
 * and the marker away from where the eye is.  What is new comes on top, in its order; the next opening sorts anew.
 */
static json_t *
in_place(const json_t *sorted, const json_t *before)
{
	json_t *rows = json_array(), *old = json_object(), *now = json_object();
	const json_t *m;
	size_t i;

	json_array_foreach (before, i, m)
		(void)json_object_set(old, jtext(m, "id"), json_true());
	json_array_foreach (sorted, i, m) {
		(void)json_object_set(now, jtext(m, "id"), (json_t *)m);
		if (!json_object_get(old, jtext(m, "id")))
			(void)json_array_append(rows, (json_t *)m);
	}
	json_array_foreach (before, i, m) {
		json_t *fresh = json_object_get(now, jtext(m, "id"));

		if (fresh)
			(void)json_array_append(rows, fresh);
	}
	json_decref(old);
	json_decref(now);
	return rows;
}

static void
inbox_rows(struct inbox *b)
{
	json_t *rows = json_array(), *all = inbox_order(app_feed(b->v.app, FEED_INBOX)), *placed;
	const json_t *m;
	size_t i;

	json_array_foreach (all, i, m)
		if (!b->warnings || strcmp(jtext(m, "kind"), "warning") == 0)
			(void)json_array_append(rows, (json_t *)m);
	json_decref(all);
	if (jcount(b->rows) > 0) {
		placed = in_place(rows, b->rows);
		json_decref(rows);
		rows = placed;
	}
	json_decref(b->rows);
	b->rows = rows;
	b->list.n = json_array_size(rows);
	json_array_foreach (rows, i, m)
		if (*b->at && strcmp(jtext(m, "id"), b->at) == 0)
			b->list.sel = i;
	if (b->list.sel >= b->list.n)
		b->list.sel = b->list.n > 0 ? b->list.n - 1 : 0;
	if (!*b->at && selected(b))
		(void)snprintf(b->at, sizeof(b->at), "%s", jtext(selected(b), "id"));
}

static void
inbox_fed(struct view *v, enum feed f)
{
	struct inbox *b = (struct inbox *)v;

	(void)f;
	inbox_rows(b);
	if (selected(b) && strcmp(b->opened, jtext(selected(b), "id")) != 0 && strcmp(jtext(selected(b), "state"), "unread") != 0)
		inbox_show(b, selected(b));
}

static void
inbox_title(struct view *v, char *buf, size_t size)
{
	const struct inbox *b = (const struct inbox *)v;
	const json_t *m;
	char more[48] = "";
	size_t i, unread = 0, open = 0, exercise = 0;

	json_array_foreach (b->rows, i, m) {
		if (strcmp(jtext(m, "state"), "unread") == 0)
			*(jexercise(m) ? &exercise : &unread) += 1;
		open += jflag(m, "attention") && strcmp(jtext(m, "demands"), "signed") == 0;
	}
	if (exercise > 0)
		(void)snprintf(more, sizeof(more), _(" exercise %zu"), exercise);
	(void)snprintf(buf, size, _("%s   unread %zu%s  to sign %zu"), b->warnings ? _("Warnings received") : _("Inbox"), unread, more, open);
}

static int
list_rows(const struct inbox *b)
{
	int room = app_bottom_row(b->v.app) - app_top_row(b->v.app) + 1;

	return room / 2 - 2;
}

static void
inbox_paint(struct view *v)
{
	struct inbox *b = (struct inbox *)v;
	int row = app_top_row(v->app), rows = list_rows(b), cols = term_cols(), last = app_bottom_row(v->app);
	int64_t now = app_now(v->app);
	char at[24], due[24], title[256], position[64];

	list_fit(&b->list, rows);
	(void)term_put(row, 1, 5, TERM_PLAIN, _("prec."));
	(void)term_put(row, 7, 11, TERM_PLAIN, _("came in"));
	(void)term_put(row, 19, 12, TERM_PLAIN, _("from"));
	(void)term_putf(row, 32, cols - 32 - 21, TERM_PLAIN, "%s%s", _("subject"), list_position(&b->list, rows, position, sizeof(position)));
	(void)term_put(row, cols - 20, 11, TERM_PLAIN, _("due"));
	(void)term_put(row, cols - 8, 8, TERM_PLAIN, _("standing"));
	row++;
	if (b->list.n == 0)
		(void)term_put(row, 1, cols - 2, TERM_PLAIN, _("none"));
	for (int i = 0; i < rows && b->list.top + (size_t)i < b->list.n; i++) {
		const json_t *m = json_array_get(b->rows, b->list.top + (size_t)i);
		bool open = jflag(m, "attention"), late = jnum(m, "due") != 0 && jnum(m, "due") < now;

		if (b->list.top + (size_t)i == b->list.sel) {
			(void)term_put(row + i, 0, 1, TERM_PLAIN, ">");
			v->cursor_row = row + i;
			v->cursor_col = 1;
		}
		(void)term_put(row + i, 1, 5, open ? TERM_STRONG : TERM_PLAIN, jtext(m, "precedence_name"));
		(void)term_put(row + i, 7, 11, TERM_PLAIN, short_time(jnum(m, "at"), now, at));
		(void)term_put(row + i, 19, 12, TERM_PLAIN, jtext(m, "from_name"));
		(void)term_putf(row + i, 32, cols - 32 - 21, open ? TERM_STRONG : TERM_PLAIN, "%s%s",
		    jexercise(m) ? _("[EXERCISE] ") : "",
		    subject(message_corrects(m) ? "" : jtext(m, "kind_name"), jtext(m, "title"), title, sizeof(title)));
		(void)term_put(row + i, cols - 20, 11, late ? TERM_ALERT : TERM_PLAIN, short_time(jnum(m, "due"), now, due));
		(void)term_put(row + i, cols - 8, 8, open ? TERM_STRONG : TERM_PLAIN,
		    jflag(m, "recalled") ? _("recalled") : jflag(m, "corrected") ? _("corrected") : jtext(m, "state_name"));
	}
	row += rows;
	term_rule(row++, '-');
	if (!selected(b))
		return;
	if (strcmp(b->opened, jtext(selected(b), "id")) != 0)
		(void)term_put(row, 1, cols - 2, TERM_PLAIN, _("not opened: Enter shows the text and tells the sender it was read"));
	else
		lines_paint(&b->text, row, last - row + 1);
}

static void
inbox_text(struct view *v, void *arg, const json_t *answer, const struct fault *f)
{
	struct inbox *b = (struct inbox *)v;

	(void)arg;
	if (!answer) {
		b->opened[0] = '\0';
		app_note_fault(v->app, f);
		return;
	}
	if (strcmp(b->opened, jtext(answer, "id")) != 0)
		return;
	json_decref(b->message);
	b->message = json_deep_copy(answer);
	lines_message(&b->text, answer, app_codebook(v->app), app_now(v->app), term_cols() - 2);
	app_dirty(v->app);
}

static void
inbox_show(struct inbox *b, const json_t *row)
{
	(void)snprintf(b->opened, sizeof(b->opened), "%s", jtext(row, "id"));
	lines_clear(&b->text);
	app_ask(b->v.app, &b->v, json_pack("{s:s, s:s}", "op", "message", "id", b->opened), inbox_text, NULL);
}

static void
moved(struct inbox *b)
{
	const json_t *m = selected(b);

	if (!m)
		return;
	(void)snprintf(b->at, sizeof(b->at), "%s", jtext(m, "id"));
	/* What has been read may be looked at again without another act. */
	if (strcmp(jtext(m, "state"), "unread") != 0)
		inbox_show(b, m);
}

static bool
inbox_command(struct view *v, enum command_id id)
{
	struct inbox *b = (struct inbox *)v;
	const json_t *m = selected(b);
	bool shown = m && strcmp(b->opened, jtext(m, "id")) == 0;

	/* With the text open, pages turn the text. */
	if (shown && (id == CMD_PAGE_UP || id == CMD_PAGE_DOWN) && lines_command(&b->text, id))
		return true;
	if (list_command(&b->list, id, list_rows(b))) {
		moved(b);
		return true;
	}
	if (!m)
		return id == CMD_INBOX;
	switch (id) {
	case CMD_OPEN:
		if (shown) {
			app_push_view(v->app, view_message_new(v->app, jtext(m, "id")));
			return true;
		}
		if (strcmp(jtext(m, "state"), "unread") == 0)
			act_read(v->app, m);
		inbox_show(b, m);
		return true;
	case CMD_SIGN:
		act_sign(v->app, v, m);
		return true;
	case CMD_TAKE:
		act_take(v->app, v, m);
		return true;
	case CMD_FEEDBACK:
		if (strcmp(jtext(m, "kind"), "directive") != 0) {
			app_note(v->app, true, _("feedback answers a directive"));
			return true;
		}
		feedback_open(v->app, m, jtext(m, "id"));
		return true;
	case CMD_SHOW:
	case CMD_REPORT:
	case CMD_GRADE:
		if (!*jtext(m, "incident"))
			return false;
		app_push_view(v->app, view_incident_new(v->app, jtext(m, "incident"), jexercise(m), jtext(m, "id")));
		return true;
	case CMD_INBOX:
		return true;
	default:
		return false;
	}
}

static bool
inbox_find(struct view *v, const char *text)
{
	struct inbox *b = (struct inbox *)v;

	for (size_t i = 1; i <= b->list.n; i++) {
		size_t at = (b->list.sel + i) % b->list.n;
		const json_t *m = json_array_get(b->rows, at);

		if (text_has(jtext(m, "title"), text) || text_has(jtext(m, "from_name"), text) || text_has(jtext(m, "number"), text)) {
			b->list.sel = at;
			moved(b);
			return true;
		}
	}
	return false;
}

static bool
inbox_hint(struct view *v, char *buf, size_t size)
{
	(void)v;
	hint_add(buf, size, CMD_OPEN, _(" read"));
	hint_add(buf, size, CMD_SIGN, _(" sign"));
	hint_add(buf, size, CMD_TAKE, _(" take on"));
	hint_add(buf, size, CMD_FEEDBACK, _(" feedback"));
	hint_add(buf, size, CMD_REPORT, _(" incident"));
	hint_add(buf, size, CMD_FIND, _(" find"));
	hint_add(buf, size, CMD_BACK, _(" back"));
	hint_add(buf, size, CMD_HELP, _(" help"));
	return true;
}

static void
inbox_free(struct view *v)
{
	struct inbox *b = (struct inbox *)v;

	json_decref(b->rows);
	json_decref(b->message);
	lines_clear(&b->text);
	free(b);
}

static const struct view_ops inbox_ops = {
	.feeds = FEED_BIT(FEED_INBOX) | FEED_BIT(FEED_STATUS),
	.free = inbox_free,
	.title = inbox_title,
	.paint = inbox_paint,
	.command = inbox_command,
	.fed = inbox_fed,
	.hint = inbox_hint,
	.find = inbox_find,
};

struct view *
view_inbox_new(struct app *app, const char *select)
{
	struct inbox *b = xcalloc(1, sizeof(*b));

	b->v.ops = &inbox_ops;
	b->v.app = app;
	if (select && strcmp(select, "warning") == 0)
		b->warnings = true;
	else if (select)
		(void)snprintf(b->at, sizeof(b->at), "%s", select);
	inbox_rows(b);
	return &b->v;
}
