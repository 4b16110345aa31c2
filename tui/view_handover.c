/*
 * Screen 09: handing over the shift.  What the switch has collected is gone through line by line, the questions are answered, and who hands over
 * and who takes over sign; nothing here decides anything, the list is asked for again with every push.
 *
 * It never stands in the way: a flash message that comes meanwhile is named in the view's own row, Enter and F5 go to it, and Esc comes back
 * to the place one was at.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../formats/buf.h"
#include "../formats/i18n.h"
#include "view_handover.h"
#include "act_log.h"
#include "compose.h"
#include "util.h"

#define BELOW 8 /* rows under the list: rule, questions, two of signatures, leader, flash, words, counts */
#define OWNER_CELLS 20

static const json_t *
items(const struct handover_view *w)
{
	return jarray(w->answer, "items");
}

const json_t *
handover_selected(const struct handover_view *w)
{
	return json_array_get(items(w), w->list.sel);
}

/* The newest flash message that nobody has signed for; NULL none. */
static const json_t *
flash(const struct handover_view *w)
{
	const json_t *m;
	size_t i;

	json_array_foreach (app_feed(w->v.app, FEED_INBOX), i, m)
		if (jflag(m, "attention") && strcmp(jtext(m, "precedence"), "flash") == 0)
			return m;
	return NULL;
}

/* ---- asking ---- */

static void
handover_answer(struct view *v, void *arg, const json_t *answer, const struct fault *f)
{
	struct handover_view *w = (struct handover_view *)v;
	char key[128];

	(void)arg;
	if (!answer) {
		app_note_fault(v->app, f);
		return;
	}
	/* the marker stays on what it was on, wherever that is now */
	(void)snprintf(key, sizeof(key), "%s", jtext(handover_selected(w), "key"));
	json_decref(w->answer);
	w->answer = json_deep_copy(answer);
	w->list.n = jcount(items(w));
	for (size_t i = 0; i < w->list.n; i++)
		if (strcmp(jtext(json_array_get(items(w), i), "key"), key) == 0)
			w->list.sel = i;
	app_dirty(v->app);
}

static void
handover_load(struct view *v)
{
	app_ask(v->app, v, json_pack("{s:s}", "op", "handover"), handover_answer, NULL);
}

static void
handover_fed(struct view *v, enum feed f)
{
	(void)f;
	app_dirty(v->app);
}

/* ---- painting ---- */

static void
names(const json_t *list, char *buf, size_t size)
{
	const json_t *s;
	size_t i, n = 0;

	buf[0] = '\0';
	json_array_foreach (list, i, s)
		if (n < size)
			n += (size_t)snprintf(buf + n, size - n, "%s%s", i > 0 ? " " : "", json_string_value(s) ? json_string_value(s) : "");
}

static void
handover_title(struct view *v, char *buf, size_t size)
{
	const struct handover_view *w = (const struct handover_view *)v;
	char out[200], in[200], due[24];

	names(jarray(w->answer, "outgoing"), out, sizeof(out));
	names(jarray(w->answer, "incoming"), in, sizeof(in));
	(void)snprintf(buf, size, _("Handover  %s(%s) to %s(%s)  due %s"), jtext(w->answer, "shift"), out, jtext(w->answer, "next_shift"),
	    *in ? in : "?", jnum(w->answer, "due") ? short_time(jnum(w->answer, "due"), app_now(v->app), due) : "?");
}

static size_t
passed(const struct handover_view *w)
{
	const json_t *o;
	size_t i, n = 0;

	json_array_foreach (items(w), i, o)
		n += jflag(o, "passed");
	return n;
}

static int
item_rows(const struct handover_view *w)
{
	int rows = app_bottom_row(w->v.app) - app_top_row(w->v.app) - BELOW;

	return rows > 1 ? rows : 1;
}

static void
paint_item(struct handover_view *w, size_t n, int row, int cols)
{
	const json_t *o = json_array_get(items(w), n);
	const char *heir = jtext(o, "new_owner"), *owner = jtext(o, "owner");
	bool given = *owner != '\0' && *heir != '\0';
	int at = cols - OWNER_CELLS - 1, room = (given ? at - 1 : cols - 1) - 5;
	char text[600], due[24] = "";

	if (n == w->list.sel) {
		(void)term_put(row, 0, 1, TERM_PLAIN, ">");
		w->v.cursor_row = row;
		w->v.cursor_col = 1;
	}
	(void)term_put(row, 1, 3, TERM_PLAIN, jflag(o, "passed") ? "[v]" : "[ ]");
	if (*jtext(o, "note") && strcmp(jtext(o, "kind"), "spoken") != 0)
		(void)term_put(row, 4, 1, TERM_STRONG, "*");	/* the words themselves stand at the foot while the marker is here */
	/* The limit stands last in the words, and is what must not be cut off: a cut row ends with it. */
	(void)one_line(jtext(o, "text"), text, sizeof(text));
	if (term_cells(text) > room) {
		if (jnum(o, "due"))
			(void)short_time(jnum(o, "due"), app_now(w->v.app), due);
		room -= term_cells(due) + 2;
		(void)term_putf(row, 5 + room, term_cells(due) + 2, TERM_PLAIN, ">%s%s", *due ? " " : "", due);
	}
	(void)term_put(row, 5, room, TERM_PLAIN, text);
	if (given)
		(void)term_putf(row, at, OWNER_CELLS, TERM_PLAIN, _("now with %s"), heir);
}

static void
paint_signs(const struct handover_view *w, int row, int cols)
{
	const json_t *o;
	size_t i;
	char line[3][400] = { "", "", "" };
	size_t n[3] = { 0, 0, 0 };

	json_array_foreach (jarray(w->answer, "signs"), i, o) {
		int side = strcmp(jtext(o, "side"), "out") == 0 ? 0 : strcmp(jtext(o, "side"), "in") == 0 ? 1 : 2;
		char at[24];

		if (n[side] >= sizeof(line[side]))
			continue;
		n[side] += (size_t)snprintf(line[side] + n[side], sizeof(line[side]) - n[side], " %s[%s%s]", jtext(o, "person"),
		    jnum(o, "at") ? short_time(jnum(o, "at"), app_now(w->v.app), at) : jflag(o, "needed") ? _("PIN") : _("stays"),
		    jnum(o, "at") && !jflag(o, "proven") ? "?" : "");
	}
	(void)term_putf(row, 1, cols - 2, TERM_PLAIN, _("hand over:%s"), line[0]);
	(void)term_putf(row + 1, 1, cols - 2, TERM_PLAIN, _("take over:%s"), line[1]);
	(void)term_putf(row + 2, 1, cols - 2, TERM_PLAIN, _("duty leader %s%s"), jtext(w->answer, "leader"), *line[2] ? line[2] : "");
}

static void
paint_questions(const struct handover_view *w, int row, int cols)
{
	const json_t *o;
	size_t i;
	char line[400];
	size_t n;

	n = (size_t)snprintf(line, sizeof(line), "%s", _("read back:"));
	json_array_foreach (jarray(w->answer, "questions"), i, o)
		if (n < sizeof(line))
			n += (size_t)snprintf(line + n, sizeof(line) - n, " %s [%s]%s", jtext(o, "text"), jtext(o, "value"),
			    *jtext(o, "value") && !jflag(o, "right") ? _(" wrong!") : "");
	if (jcount(jarray(w->answer, "questions")) > 0)
		(void)term_putf(row, 1, cols - 2, TERM_PLAIN, "%s   %s", line, _("before taking over"));
	else
		(void)term_put(row, 1, cols - 2, TERM_PLAIN, _("not begun: F10 begins the handover"));
}

/* Whose it is meanwhile, and since when it is late. */
static void
paint_standing(const struct handover_view *w, int row, int cols)
{
	int64_t over = jnum(w->answer, "overdue");
	char who[200], due[24];

	names(jarray(w->answer, "responsible"), who, sizeof(who));
	(void)short_time(jnum(w->answer, "due"), app_now(w->v.app), due);
	if (json_object_get(w->answer, "overdue") && over >= 0)
		(void)term_putf(row, 1, cols - 2, TERM_ALERT, _("due %s, not handed over: %s is responsible"), due, who);
	else
		(void)term_putf(row, 1, cols - 2, TERM_PLAIN, _("until all have signed %s is responsible"), *who ? who : "?");
}

static void
paint_flash(const struct handover_view *w, int row, int cols)
{
	const json_t *m = flash(w);
	char title[256], at[24];

	if (m)
		(void)term_putf(row, 1, cols - 2, TERM_ALERT, _("%s %s %s %s: Enter or F5 goes there, Esc comes back"), jtext(m, "precedence_name"),
		    short_time(jnum(m, "at"), app_now(w->v.app), at), jtext(m, "from_name"), one_line(jtext(m, "title"), title, sizeof(title)));
}

static void
paint_counts(const struct handover_view *w, int row, int cols)
{
	const json_t *c = json_object_get(w->answer, "counts");
	char note[600];

	if (*jtext(handover_selected(w), "note")) {
		(void)term_putf(row, 1, cols - 2, TERM_STRONG, "%s: %s", _("a word on this item"),
		    one_line(jtext(handover_selected(w), "note"), note, sizeof(note)));
		return;
	}
	(void)term_putf(row, 1, cols - 2, TERM_PLAIN, _("this shift: logged %lld reports %lld directives %lld rings %lld muted %lld late %lld"),
	    (long long)jnum(c, "calls"), (long long)jnum(c, "reports"), (long long)jnum(c, "orders"), (long long)jnum(c, "rings"),
	    (long long)jnum(c, "mutes"), (long long)jnum(c, "late"));
}

static void
handover_paint(struct view *v)
{
	struct handover_view *w = (struct handover_view *)v;
	int top = app_top_row(v->app), cols = term_cols(), rows = item_rows(w), row = top + 1 + rows;
	char where[64];

	if (!w->answer) {
		(void)term_put(top, 1, cols - 2, TERM_PLAIN, _("asking the switch ..."));
		return;
	}
	w->list.n = jcount(items(w));
	list_fit(&w->list, rows);
	(void)term_putf(top, 1, cols - 10, TERM_PLAIN, _("collected by the switch; what is not gone through goes along as open%s"),
	    list_position(&w->list, rows, where, sizeof(where)));
	(void)term_putf(top, cols - 8, 7, TERM_PLAIN, "%zu/%zu", passed(w), w->list.n);
	for (int i = 0; i < rows && w->list.top + (size_t)i < w->list.n; i++)
		paint_item(w, w->list.top + (size_t)i, top + 1 + i, cols);
	term_rule(row, '-');
	paint_questions(w, row + 1, cols);
	paint_signs(w, row + 2, cols);
	paint_standing(w, row + 5, cols);
	paint_flash(w, row + 6, cols);
	paint_counts(w, row + 7, cols);
}

/* ---- keys ---- */

static bool
handover_key(struct view *v, const struct key *k)
{
	struct handover_view *w = (struct handover_view *)v;

	if (k->pasted || !w->answer)
		return false;
	if (k->code == TK_F0 + 8) {
		handover_menu(w);
		return true;
	}
	if (k->code != TK_CHAR)
		return false;
	switch (k->cp) {
	case ' ':
	case 0x3000: /* the wide blank of an input method */
		handover_pass(w, handover_selected(w));
		return true;
	case 'e':
	case 'E':
		handover_word(w, handover_selected(w));
		return true;
	case 'o':
	case 'O':
		handover_owner(w, handover_selected(w));
		return true;
	case 'a':
	case 'A':
		handover_readback(w);
		return true;
	case 't':
	case 'T':
		act_test(v->app, v, "");
		return true;
	case 'w':
	case 'W':
		handover_stay(w);
		return true;
	case 'r':
	case 'R':
		app_push_view(v->app, view_replay_new(v->app));
		return true;
	default:
		return false;
	}
}

static bool
handover_command(struct view *v, enum command_id id)
{
	struct handover_view *w = (struct handover_view *)v;
	const json_t *m = flash(w);

	if (list_command(&w->list, id, item_rows(w)))
		return true;
	switch (id) {
	case CMD_HANDOVER:
		return true;
	case CMD_OPEN:
	case CMD_SIGN:
		if (m)
			app_push_view(v->app, view_inbox_new(v->app, jtext(m, "id")));
		else if (id == CMD_OPEN)
			handover_pass(w, handover_selected(w));
		else
			return false;
		return true;
	case CMD_SUBMIT:
		if (w->answer && jflag(w->answer, "under_way"))
			handover_sign(w);
		else if (w->answer)
			handover_begin(w);
		return true;
	case CMD_REPLAY:
		app_push_view(v->app, view_replay_new(v->app));
		return true;
	default:
		return false;
	}
}

static bool
handover_hint(struct view *v, char *buf, size_t size)
{
	(void)v;
	hint_text(buf, size, _("Space passes  E word  O owner  A answers  T tests  R replay  F8 more"));
	hint_add(buf, size, CMD_SUBMIT, _(" signs"));
	hint_add(buf, size, CMD_BACK, _(" back"));
	return true;
}

static bool
handover_find(struct view *v, const char *text)
{
	struct handover_view *w = (struct handover_view *)v;

	for (size_t i = 1; i <= w->list.n; i++) {
		size_t at = (w->list.sel + i) % w->list.n;

		if (text_has(jtext(json_array_get(items(w), at), "text"), text)) {
			w->list.sel = at;
			return true;
		}
	}
	return false;
}

static void
handover_tick(struct view *v, int64_t now)
{
	struct handover_view *w = (struct handover_view *)v;

	/* a limit goes by without a push: what is collected is a minute old at most */
	if (now / 60000 == w->minute)
		return;
	w->minute = now / 60000;
	handover_load(v);
}

static void
handover_free(struct view *v)
{
	json_decref(((struct handover_view *)v)->answer);
	free(v);
}

static const struct view_ops handover_ops = {
	.feeds = FEED_BIT(FEED_INBOX),
	.free = handover_free,
	.title = handover_title,
	.paint = handover_paint,
	.key = handover_key,
	.command = handover_command,
	.fed = handover_fed,
	.load = handover_load,
	.tick = handover_tick,
	.hint = handover_hint,
	.find = handover_find,
};

struct view *
view_handover_new(struct app *app)
{
	struct handover_view *w = xcalloc(1, sizeof(*w));

	w->v.ops = &handover_ops;
	w->v.app = app;
	w->minute = app_now(app) / 60000;
	return &w->v;
}
