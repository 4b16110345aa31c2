/*
 * The frame around every view: heading, band, note and hint, and the questions over them.
 */
#include <stdio.h>
#include <string.h>
#include "../formats/i18n.h"
#include "../formats/value.h"
#include "app_int.h"
#include "compose_int.h"
#include "util.h"

/* Keys of the desk beside the command table's: the drawings' letters, and plain keys for what has none there. */
const struct more_key more_keys[] = {
	{ "N", CMD_LOG }, { "B", CMD_BACK }, { "Ctrl-C", CMD_BACK }, { "Left", CMD_BACK }, { "Right", CMD_OPEN },
	{ NULL, CMD_NONE },
};

void
hint_text(char *buf, size_t size, const char *text)
{
	size_t n = strlen(buf);

	(void)snprintf(buf + n, size - n, "%s%s", n ? "  " : "", text);
}

void
hint_lines(char *buf, size_t size)
{
	hint_add(buf, size, CMD_PAGE_DOWN, _(" more"));
	hint_add(buf, size, CMD_FIND, _(" find"));
	hint_add(buf, size, CMD_BACK, _(" back"));
	hint_add(buf, size, CMD_HELP, _(" help"));
}

void
hint_add(char *buf, size_t size, enum command_id id, const char *label)
{
	const struct command *c = command_by_id(id);
	size_t n = strlen(buf), len;
	const char *key = c ? c->keys : "";

	for (size_t i = 0; *key == '\0' && more_keys[i].key; i++)
		if (more_keys[i].id == id)
			key = more_keys[i].key;
	len = strcspn(key, " ");
	(void)snprintf(buf + n, size - n, "%s%.*s%s", n ? " " : "", (int)len, key, label);
}

void
hint_key(char *buf, size_t size, const char *text)
{
	size_t n = strlen(buf);

	(void)snprintf(buf + n, size - n, "%s%s", n ? " " : "", text);
}

const char *
app_link_note(const struct app *app, bool up_only, char *buf, size_t size)
{
	const json_t *l;
	size_t i, n = 0, down = 0;

	json_array_foreach (jarray(app->feed[FEED_STATUS].data, "links"), i, l) {
		if ((up_only && strcmp(jtext(l, "role"), "parent") != 0) || strcmp(jtext(l, "role"), "phone") == 0)
			continue;
		n++;
		down += strcmp(jtext(l, "state"), "up") != 0;
	}
	buf[0] = '\0';
	if (down > 0 && down == n)
		(void)snprintf(buf, size, "%s", _("; link DOWN, goes by itself when it is back"));
	else if (down > 0)
		(void)snprintf(buf, size, _("; links down %zu/%zu"), down, n);
	return buf;
}

static void
link_text(const struct app *app, char *buf, size_t size)
{
	const json_t *links, *l;
	size_t i, down = 0, n = 0;

	if (!app->client) {
		(void)snprintf(buf, size, "%s", app->ever_connected || *app->why_down ? _("switch not running") : _("connecting"));
		return;
	}
	buf[0] = '\0';
	links = jarray(app->feed[FEED_STATUS].data, "links");
	json_array_foreach (links, i, l) {
		if (strcmp(jtext(l, "role"), "phone") == 0)
			continue;	/* it has no line that could be down */
		n++;
		down += strcmp(jtext(l, "state"), "up") != 0;
	}
	if (n > 0 && down == 0)
		(void)snprintf(buf, size, "%s", _("link up"));
	else if (n > 0 && down == n)
		(void)snprintf(buf, size, "%s", _("link DOWN"));
	else if (n > 0)
		(void)snprintf(buf, size, _("links down %zu/%zu"), down, n);
}

static void
paint_head(struct app *app)
{
	char title[512], state[128], clock[24], right[192], alert[400];
	int cols = term_cols(), w;

	title[0] = '\0';
	app->top->ops->title(app->top, title, sizeof(title));
	link_text(app, state, sizeof(state));
	(void)time_format(app_now(app), TIME_DAY, clock, sizeof(clock));
	(void)snprintf(right, sizeof(right), "%s  %s", state, clock);
	w = term_cells(right);
	(void)term_putf(0, 0, cols - w - 2, TERM_PLAIN, "%s", title);
	if (!app->client)
		(void)term_put(0, cols - w, w, TERM_ALERT, state);
	(void)term_put(0, cols - w, w, TERM_PLAIN, right);
	if (!app->client)
		(void)term_put(0, cols - w, w, TERM_ALERT, state);
	term_rule(1, '=');
	/* The live matter takes the row from the exercise's band: every row of an exercise says what it is. */
	app_alert(app, alert, sizeof(alert));
	if (*alert)
		(void)term_putf(1, 0, cols, TERM_ALERT, "! %s ", alert);
	else if (app->top->exercise)
		(void)term_put(1, 0, cols, TERM_STRONG, _("[EXERCISE] this is an exercise, not a live incident "));
}

int
app_question_rows(const struct app *app)
{
	return app->prompt ? prompt_rows(app->prompt) : 0;
}

void
app_paint(struct app *app)
{
	char hint[512];
	int crow, ccol, rows = term_rows(), cols = term_cols();

	term_erase();
	app->top->cursor_row = 0;
	app->top->cursor_col = 0;
	paint_head(app);
	app->top->ops->paint(app->top);
	crow = app->top->cursor_row;
	ccol = app->top->cursor_col;
	term_rule(rows - 3, '-');
	hint[0] = '\0';
	if (app->prompt)
		prompt_hint(app->prompt, hint, sizeof(hint));
	else if (!app->top->ops->hint || !app->top->ops->hint(app->top, hint, sizeof(hint)))
		hint[0] = '\0';
	(void)term_putf(rows - 1, 1, cols - 2, TERM_PLAIN, "%s", hint);
	/* Without an answer nothing can be said to apply or not. */
	if (app_waiting(app) && (!*app->note || strcmp(app->note, _("that does not apply here")) == 0))
		(void)term_put(rows - 2, 1, cols - 2, TERM_ALERT, _("waiting for the switch..."));
	else if (*app->note)
		(void)term_put(rows - 2, 1, cols - 2, app->note_alert ? TERM_ALERT : TERM_PLAIN, app->note);
	else if (!app->client && *app->why_down)
		(void)term_put(rows - 2, 1, cols - 2, TERM_PLAIN, app->why_down);
	if (app->prompt) {
		/* The prompt covers what is below its first row; the note stays under it. */
		for (int r = rows - 3 - prompt_rows(app->prompt); r < rows - 2; r++)
			term_rule(r, ' ');
		prompt_paint(app->prompt, &crow, &ccol);
	}
	if (term_too_small()) {
		term_erase();
		(void)term_putf(0, 0, cols, TERM_STRONG, _("enlarge the window to 80x24 (now %dx%d)"), cols, rows);
		(void)term_put(1, 0, cols, TERM_PLAIN, _("keys keep working"));
		crow = ccol = 0;
	}
	term_flush(crow, ccol);
	app->dirty = false;
	app->minute = app_now(app) / 60000;
}
