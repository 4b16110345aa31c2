/*
 * Screen 03: one incident and its timeline in the fold's order, with what addressees made of each of our messages: 送
 * delivered, 阅 read, 签 signed for, 办 taken on.  Grades of the stations and figures of the sources stand side by side.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../formats/buf.h"
#include "../formats/i18n.h"
#include "../formats/text.h"
#include "../formats/value.h"
#include "compose.h"
#include "util.h"

struct incident_view {
	struct view v;
	char ref[MSGID_TEXT_MAX + 32];
	json_t *shown;		/* answer of op show */
	struct list list;
	char at[MSGID_TEXT_MAX];
	bool asked;		/* an answer is on its way */
	bool again;
	bool placed;		/* the marker has been put on the newest line */
	char why[256];		/* it could not be shown */
};

static const json_t *
incident(const struct incident_view *w)
{
	return json_object_get(w->shown, "incident");
}

static const json_t *
selected(const struct incident_view *w)
{
	return json_array_get(jarray(w->shown, "lines"), w->list.sel);
}

static void incident_load(struct view *);

static void
incident_answer(struct view *v, void *arg, const json_t *answer, const struct fault *f)
{
	struct incident_view *w = (struct incident_view *)v;
	const json_t *line;
	bool found = false;
	size_t i;

	(void)arg;
	w->asked = false;
	if (!answer) {
		(void)one_line(f->text, w->why, sizeof(w->why));
		app_dirty(v->app);
		return;
	}
	w->why[0] = '\0';
	json_decref(w->shown);
	w->shown = json_deep_copy(answer);
	w->list.n = jcount(jarray(w->shown, "lines"));
	v->exercise = jexercise(incident(w));
	json_array_foreach (jarray(w->shown, "lines"), i, line)
		if (*w->at && strcmp(jtext(line, "id"), w->at) == 0) {
			w->list.sel = i;
			found = true;
		}
	if (!w->placed && !found && w->list.n > 0) {
		w->list.sel = w->list.n - 1;
		if (*w->at)	/* a key pressed now would mean another message */
			app_note(v->app, true, _("the message looked for is not among these lines; the newest is marked"));
		w->at[0] = '\0';
	}
	w->placed = true;
	app_dirty(v->app);
	if (w->again)
		incident_load(v);
}

static void
incident_load(struct view *v)
{
	struct incident_view *w = (struct incident_view *)v;

	w->again = w->asked;
	if (w->asked)
		return;
	w->asked = true;
	app_ask(v->app, v, json_pack("{s:s, s:s, s:s}", "op", "show", "ref", w->ref, "realm", v->exercise ? "exercise" : "live"),
	    incident_answer, NULL);
}

static void
incident_title(struct view *v, char *buf, size_t size)
{
	const json_t *o = incident((struct incident_view *)v);
	char title[256];
	int64_t version = jnum(o, "version");

	(void)snprintf(buf, size, "%s %s", jtext(o, "number"), one_line(jtext(o, "title"), title, sizeof(title)));
	if (version > 0) {
		size_t n = strlen(buf);

		(void)snprintf(buf + n, size - n, _("  report %lld%s"), (long long)version, jflag(o, "final") ? _(", final") : "");
	}
}

static void
figures_text(const json_t *figures, char *buf, size_t size)
{
	const struct field *f;
	size_t n = 0;

	buf[0] = '\0';
	for (size_t i = 0; (f = field_at(i)) != NULL; i++)
		if (*jtext(figures, f->name) && n < size)
			n += (size_t)snprintf(buf + n, size - n, "%s%s%s", n ? "  " : "", field_label(f), jtext(figures, f->name));
}

/* Figures of several sources side by side may need a second row. */
static bool
two_rows(const struct incident_view *w, char *text, size_t size, size_t *first)
{
	int room = term_cols() - 2, used;

	figures_text(json_object_get(incident(w), "figures"), text, size);
	used = term_cells(_("people")) + 2;
	*first = text_clip(text, room - used, &used);
	if (text[*first] == '\0')
		return false;
	while (*first > 1 && !(text[*first - 1] == ' ' && text[*first - 2] == ' '))	/* never inside a figure */
		(*first)--;
	return true;
}

static int
head_rows(const struct incident_view *w)
{
	char text[1024];
	size_t first;

	return 3 + (two_rows(w, text, sizeof(text), &first) ? 1 : 0) + (*jtext(incident(w), "missing") ? 1 : 0);
}

static int
paint_facts(const struct incident_view *w, int row, int cols)
{
	const json_t *o = incident(w), *g;
	char text[1024], at[24], learned[24];
	int64_t now = app_now(w->v.app);
	size_t i, n = 0;
	bool more;

	(void)snprintf(text, sizeof(text), _("place %s   type %s   occurred %s   learned %s"), *jtext(o, "place") ? jtext(o, "place") : "-",
	    *jtext(o, "type_name") ? jtext(o, "type_name") : "-", jnum(o, "occurred") ? short_time(jnum(o, "occurred"), now, at) : "?",
	    jnum(o, "learned") ? short_time(jnum(o, "learned"), now, learned) : "?");
	(void)term_put(row++, 1, cols - 2, TERM_PLAIN, text);
	n = (size_t)snprintf(text, sizeof(text), _("grade %s"), *jtext(o, "grade") ? jtext(o, "grade_name") : _("not graded"));
	json_array_foreach (jarray(o, "grades"), i, g)
		if (n < sizeof(text))
			n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s %s", i ? ", " : "   ", jtext(g, "station_name"),
			    jtext(g, "grade_name"));
	if (jflag(o, "conflict") && n < sizeof(text))
		(void)snprintf(text + n, sizeof(text) - n, "   %s", _("opinions differ, the graver stands"));
	(void)term_put(row++, 1, cols - 2, jflag(o, "conflict") ? TERM_STRONG : TERM_PLAIN, text);
	more = two_rows(w, text, sizeof(text), &n);
	(void)term_putf(row++, 1, cols - 2, TERM_PLAIN, "%s  %.*s", _("people"), *text ? (int)n : 1, *text ? text : "-");
	if (more)
		(void)term_putf(row++, 3 + term_cells(_("people")), cols - 4 - term_cells(_("people")), TERM_PLAIN, "%s", text + n);
	if (*jtext(o, "missing"))
		(void)term_putf(row++, 1, cols - 2, TERM_STRONG, _("not all is here: %s"), jtext(o, "missing"));
	return row;
}

/* A column of receipts: who of how many; "-" where nobody is addressed. */
static void
receipt_cell(int row, int col, const json_t *receipts, const char *what)
{
	int64_t total = jnum(receipts, "total"), n = jnum(receipts, what);

	if (total == 0)
		(void)term_put(row, col, 3, TERM_PLAIN, "-");
	else
		(void)term_putf(row, col, 4, TERM_PLAIN, total > 9 ? "%lld" : "%lld/%lld", (long long)n, (long long)total);
}

static void
paint_line(const struct json_t *l, int row, int cols, int64_t now)
{
	const json_t *r = json_object_get(l, "receipts");
	const char *stage = jtext(l, "stage_name"), *kind = jtext(l, "kind");
	bool mine = jflag(l, "mine"), own_only = mine && jnum(r, "total") == 0;
	char at[24], text[512], what[1024];

	(void)term_put(row, 1, 11, TERM_PLAIN, short_time(jnum(l, "at"), now, at));
	(void)term_put(row, 13, 3, TERM_PLAIN, own_only ? _("own") : mine ? _("out") : _("rcv"));
	(void)subject(strcmp(kind, "receipt") == 0 ? "" : *stage ? stage : jtext(l, "kind_name"), jtext(l, "text"), text, sizeof(text));
	(void)snprintf(what, sizeof(what), "%s %s%s%s%s", jtext(l, "from_name"),
	    jflag(l, "withdrawn") ? _("[withdrawn] ") : jflag(l, "superseded") ? _("[superseded] ") : "", text,
	    jflag(l, "missing_understanding") ? " " : "", jflag(l, "missing_understanding") ? _("NOT FULLY UNDERSTOOD") : "");
	(void)term_put(row, 17, cols - 17 - 17, TERM_PLAIN, what);
	receipt_cell(row, cols - 16, r, "delivered");
	receipt_cell(row, cols - 12, r, "read");
	receipt_cell(row, cols - 8, r, "signed");
	receipt_cell(row, cols - 4, r, "taken");
}

static int
timeline_rows(const struct incident_view *w)
{
	return app_bottom_row(w->v.app) - app_top_row(w->v.app) + 1 - head_rows(w) - 2;
}

static void
incident_paint(struct view *v)
{
	struct incident_view *w = (struct incident_view *)v;
	int row = app_top_row(v->app), cols = term_cols(), rows = timeline_rows(w);
	int64_t now = app_now(v->app);

	if (!w->shown) {
		(void)term_put(row, 1, cols - 2, TERM_PLAIN, *w->why ? w->why : "");
		return;
	}
	row = paint_facts(w, row, cols);
	term_rule(row++, '-');
	(void)term_put(row, 1, 11, TERM_PLAIN, _("time"));
	(void)term_put(row, 17, 30, TERM_PLAIN, _("contents"));
	(void)term_put(row, cols - 16, 3, TERM_PLAIN, _("del"));
	(void)term_put(row, cols - 12, 3, TERM_PLAIN, _("rd"));
	(void)term_put(row, cols - 8, 3, TERM_PLAIN, _("sgn"));
	(void)term_put(row, cols - 4, 3, TERM_PLAIN, _("tak"));
	row++;
	list_fit(&w->list, rows);
	for (int i = 0; i < rows && w->list.top + (size_t)i < w->list.n; i++) {
		if (w->list.top + (size_t)i == w->list.sel) {
			(void)term_put(row + i, 0, 1, TERM_PLAIN, ">");
			v->cursor_row = row + i;
			v->cursor_col = 1;
		}
		paint_line(json_array_get(jarray(w->shown, "lines"), w->list.top + (size_t)i), row + i, cols, now);
	}
}

/* A timeline's line in the shape act.c and feedback_open() read; caller decrefs. */
static json_t *
as_message(const struct incident_view *w, const json_t *line)
{
	json_t *m = json_deep_copy(line);

	(void)json_object_set_new(m, "incident", json_string(jtext(incident(w), "id")));
	(void)json_object_set_new(m, "number", json_string(jtext(incident(w), "number")));
	(void)json_object_set_new(m, "title", json_string(jtext(line, "text")));
	(void)json_object_set_new(m, "realm", json_string(w->v.exercise ? "exercise" : "live"));
	return m;
}

/* A directive that belongs to no incident has a timeline of its own, but nothing to grade and nothing to report. */
static bool
directive_alone(const struct incident_view *w)
{
	const json_t *o = incident(w);

	return strcmp(jtext(o, "opener_kind"), "directive") == 0 && jnum(o, "version") == 0 && *jtext(o, "grade") == '\0';
}

static json_t *
phone_about(const struct incident_view *w)
{
	return json_pack("{s:s, s:s, s:s, s:s}", "incident", jtext(incident(w), "id"), "number", jtext(incident(w), "number"),
	    "realm", w->v.exercise ? "exercise" : "live", "towards_name", app_hello(w->v.app, "parent_name"));
}

static bool
incident_key(struct view *v, const struct key *k)
{
	struct incident_view *w = (struct incident_view *)v;
	json_t *about;

	if (!phone_key(k) || !w->shown)
		return false;
	if (directive_alone(w) || *app_hello(v->app, "parent") == '\0') {
		app_note(v->app, true, _("that does not apply here"));
		return true;
	}
	about = phone_about(w);
	act_phone(v->app, v, about);
	json_decref(about);
	return true;
}

static bool
receipt_command(struct incident_view *w, enum command_id id)
{
	const json_t *line = selected(w);
	json_t *m;

	if (!line || jflag(line, "mine") || strcmp(jtext(line, "kind"), "receipt") == 0) {
		app_note(w->v.app, true, _("choose a message of another station"));
		return true;
	}
	if (id == CMD_FEEDBACK && strcmp(jtext(line, "kind"), "directive") != 0) {
		app_note(w->v.app, true, _("feedback answers a directive"));
		return true;
	}
	m = as_message(w, line);
	if (id == CMD_SIGN)
		act_sign(w->v.app, &w->v, m);
	else if (id == CMD_TAKE)
		act_take(w->v.app, &w->v, m);
	else
		feedback_open(w->v.app, m, jtext(line, "id"));
	json_decref(m);
	return true;
}

static void
open_line(struct incident_view *w)
{
	const json_t *line = selected(w);
	json_t *m;

	if (!line)
		return;
	/* Opening a message from another station is reading it. */
	if (!jflag(line, "mine") && jnum(json_object_get(line, "receipts"), "read") == 0 &&
	    jnum(json_object_get(line, "receipts"), "total") > 0) {
		m = as_message(w, line);
		act_read(w->v.app, m);
		json_decref(m);
	}
	app_push_view(w->v.app, view_message_new(w->v.app, jtext(line, "id")));
}

static bool
incident_command(struct view *v, enum command_id id)
{
	struct incident_view *w = (struct incident_view *)v;

	if (list_command(&w->list, id, timeline_rows(w))) {
		(void)snprintf(w->at, sizeof(w->at), "%s", jtext(selected(w), "id"));
		return true;
	}
	if (!w->shown)
		return false;
	if (directive_alone(w) && (id == CMD_REPORT || id == CMD_FOLLOWUP || id == CMD_GRADE)) {
		app_note(v->app, true, _("a directive without an incident: nothing to grade or report"));
		return true;
	}
	switch (id) {
	case CMD_OPEN:
		open_line(w);
		return true;
	case CMD_REPORT:
	case CMD_FOLLOWUP:
		report_open(v->app, v, w->shown);
		return true;
	case CMD_DIRECT:
		directive_open(v->app, w->shown);
		return true;
	case CMD_GRADE:
		act_grade(v->app, v, incident(w));
		return true;
	case CMD_LOG:
		act_log(v->app, v, incident(w));
		return true;
	case CMD_SIGN:
	case CMD_TAKE:
	case CMD_FEEDBACK:
		return receipt_command(w, id);
	case CMD_SHOW:
		return true;
	default:
		return false;
	}
}

static bool
incident_find(struct view *v, const char *text)
{
	struct incident_view *w = (struct incident_view *)v;

	for (size_t i = 1; i <= w->list.n; i++) {
		size_t at = (w->list.sel + i) % w->list.n;
		const json_t *l = json_array_get(jarray(w->shown, "lines"), at);

		if (text_has(jtext(l, "text"), text) || text_has(jtext(l, "from_name"), text) || text_has(jtext(l, "kind_name"), text)) {
			w->list.sel = at;
			(void)snprintf(w->at, sizeof(w->at), "%s", jtext(l, "id"));
			return true;
		}
	}
	return false;
}

static bool
incident_hint(struct view *v, char *buf, size_t size)
{
	bool alone = directive_alone((struct incident_view *)v);

	hint_add(buf, size, CMD_OPEN, _(" read"));
	hint_add(buf, size, CMD_LOG, _(" log"));
	if (!alone)
		hint_add(buf, size, CMD_GRADE, _(" grade"));
	hint_add(buf, size, CMD_SIGN, _(" sign"));
	if (!alone)
		hint_add(buf, size, CMD_REPORT, _(" report"));
	hint_add(buf, size, CMD_DIRECT, _(" directive"));
	hint_add(buf, size, CMD_TAKE, _(" take on"));
	hint_add(buf, size, CMD_FEEDBACK, _(" feedback"));
	if (!alone && *app_hello(v->app, "parent"))
		hint_key(buf, size, _("F8 phone"));
	hint_add(buf, size, CMD_BACK, _(" back"));
	return true;
}

static void
incident_free_view(struct view *v)
{
	struct incident_view *w = (struct incident_view *)v;

	json_decref(w->shown);
	free(w);
}

static const struct view_ops incident_ops = {
	.feeds = FEED_BIT(FEED_STATUS),
	.free = incident_free_view,
	.title = incident_title,
	.paint = incident_paint,
	.key = incident_key,
	.command = incident_command,
	.load = incident_load,
	.hint = incident_hint,
	.find = incident_find,
};

struct view *
view_incident_new(struct app *app, const char *ref, bool exercise, const char *about)
{
	struct incident_view *w = xcalloc(1, sizeof(*w));

	w->v.ops = &incident_ops;
	w->v.app = app;
	w->v.exercise = exercise;
	(void)snprintf(w->ref, sizeof(w->ref), "%s", ref);
	(void)snprintf(w->at, sizeof(w->at), "%s", about);
	return &w->v;
}
