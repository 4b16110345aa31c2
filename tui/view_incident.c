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
#include "act.h"
#include "compose.h"
#include "util.h"
#include "view_incident.h"

static const json_t *
selected(const struct incident_view *w)
{
	return json_array_get(jarray(w->shown, "lines"), w->list.sel);
}

static void incident_load(struct view *);

static bool
holds(const json_t *shown, const char *id)
{
	const json_t *l;
	size_t i;

	json_array_foreach (jarray(shown, "lines"), i, l)
		if (strcmp(jtext(l, "id"), id) == 0)
			return true;
	return false;
}

/* The marker goes to what the form has just sent, so that Y and C right after it mean that. */
static void
mark_sent(struct incident_view *w, const json_t *before)
{
	static const int kinds[] = { KIND_REPORT, KIND_DIRECTIVE, KIND_FEEDBACK };
	const json_t *l;
	size_t i;

	json_array_foreach (jarray(w->shown, "lines"), i, l)
		for (size_t k = 0; jflag(l, "mine") && k < sizeof(kinds) / sizeof(kinds[0]); k++)
			if (strcmp(jtext(l, "kind"), enum_by_value("kind", kinds[k])->name) == 0 && !holds(before, jtext(l, "id"))) {
				(void)snprintf(w->at, sizeof(w->at), "%s", jtext(l, "id"));
				w->sending = false;
			}
}

static void
incident_answer(struct view *v, void *arg, const json_t *answer, const struct fault *f)
{
	struct incident_view *w = (struct incident_view *)v;
	const json_t *line;
	json_t *before;
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
	before = w->shown;
	w->shown = json_deep_copy(answer);
	if (w->sending)
		mark_sent(w, before);
	json_decref(before);
	incident_links_ask(w);
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

/* What became of it: in front of its words, where a short row does not cut it off. */
static const char *
line_flag(const json_t *l)
{
	const char *state = jtext(l, "state");

	if (jflag(l, "withdrawn"))
		return _("[withdrawn] ");
	if (jflag(l, "superseded"))
		return _("[superseded] ");
	if (strcmp(state, "returned") == 0)
		return _("[returned] ");
	if (jflag(l, "signature_owed"))
		return _("[signature owed] ");
	return strcmp(state, "closed") == 0 ? _("[closed] ") : "";
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
	    line_flag(l), text,
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
	return app_bottom_row(w->v.app) - app_top_row(w->v.app) + 1 - incident_head_rows(w) - 3;
}

/* A directive that belongs to no incident has a timeline of its own, but nothing to grade and nothing to report. */
static bool
directive_alone(const struct incident_view *w)
{
	const json_t *o = incident(w);

	return strcmp(jtext(o, "opener_kind"), "directive") == 0 && jnum(o, "version") == 0 && *jtext(o, "grade") == '\0';
}

/* The acts in the life of the event and its reports: too many for one row with the day's work (incident_hint()). */
static void
more_hint(const struct incident_view *w, char *buf, size_t size)
{
	bool alone = directive_alone(w);

	buf[0] = '\0';
	hint_add(buf, size, CMD_CORRECT, _(" correct"));
	hint_add(buf, size, CMD_RECALL, _(" recall"));
	hint_add(buf, size, CMD_DIFF, _(" diff"));
	if (!alone) {
		hint_add(buf, size, CMD_ADOPT, _(" adopt"));
		hint_add(buf, size, CMD_STEP, _(" step"));
		hint_add(buf, size, CMD_COUNTERSIGN, _(" sign late"));
		hint_add(buf, size, CMD_RENDER, _(" texts"));
		hint_key(buf, size, _("P script"));
		if (*app_hello(w->v.app, "parent"))
			hint_key(buf, size, _("F8 phone"));
	}
}

static void
incident_paint(struct view *v)
{
	struct incident_view *w = (struct incident_view *)v;
	int row = app_top_row(v->app), cols = term_cols(), rows = timeline_rows(w);
	int64_t now = app_now(v->app);
	char text[512];

	if (!w->shown) {
		(void)term_put(row, 1, cols - 2, TERM_PLAIN, *w->why ? w->why : "");
		return;
	}
	row = incident_head_paint(w, row, cols);
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
	more_hint(w, text, sizeof(text));
	(void)term_put(app_bottom_row(v->app), 1, cols - 2, TERM_PLAIN, text);
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

static json_t *
phone_about(const struct incident_view *w)
{
	return json_pack("{s:s, s:s, s:s, s:s}", "incident", jtext(incident(w), "id"), "number", jtext(incident(w), "number"),
	    "realm", w->v.exercise ? "exercise" : "live", "towards_name", app_hello(w->v.app, "parent_name"));
}

/* What is made of a whole message waits for its text. */
struct make {
	void (*fn)(struct app *, const json_t *message);
};

static void
made_answer(struct view *v, void *arg, const json_t *answer, const struct fault *f)
{
	const struct make *m = arg;

	if (!answer)
		app_note_fault(v->app, f);
	else if (app_top_view(v->app) == v)
		m->fn(v->app, answer);
}

/* The report chosen; where the marker is on something else, this station's last one that stands, else anybody's. */
static const json_t *
report_chosen(const struct incident_view *w)
{
	const char *report = enum_by_value("kind", KIND_REPORT)->name;
	const json_t *l = selected(w), *own = NULL, *any = NULL;
	size_t i;

	if (strcmp(jtext(l, "kind"), report) == 0)
		return l;
	json_array_foreach (jarray(w->shown, "lines"), i, l)
		if (strcmp(jtext(l, "kind"), report) == 0 && !jflag(l, "withdrawn") && !jflag(l, "superseded")) {
			any = l;
			if (jflag(l, "mine"))
				own = l;
		}
	return own ? own : any;
}

static bool
made_of(struct incident_view *w, void (*fn)(struct app *, const json_t *))
{
	const json_t *l = report_chosen(w);
	struct make *m;

	if (!l)
		l = selected(w);
	if (!l || directive_alone(w)) {
		app_note(w->v.app, true, _("that does not apply here"));
		return true;
	}
	m = xmalloc(sizeof(*m));
	m->fn = fn;
	app_ask(w->v.app, &w->v, json_pack("{s:s, s:s}", "op", "message", "id", jtext(l, "id")), made_answer, m);
	return true;
}

/* The line chosen is a directive: who has it, who has signed, how far they are. */
static bool
track_line(struct incident_view *w)
{
	const json_t *l = selected(w);

	if (strcmp(jtext(l, "kind"), "directive") != 0)
		return false;
	app_push_view(w->v.app, view_track_new(w->v.app, jtext(l, "id")));
	return true;
}

static bool
incident_key(struct view *v, const struct key *k)
{
	struct incident_view *w = (struct incident_view *)v;
	json_t *about;

	if (!w->shown)
		return false;
	if (k->code == TK_CHAR && !k->pasted && (k->cp == 't' || k->cp == 'T') && track_line(w))
		return true;
	if (k->code == TK_CHAR && !k->pasted && (k->cp == 'p' || k->cp == 'P'))
		return made_of(w, phone_open);
	if (!phone_key(k))
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

	if (!line || (jflag(line, "mine") && track_line(w)))
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

/* Own reports are corrected as they were written; the last that stands where the marker is on something else. */
static void
correct(struct incident_view *w)
{
	const json_t *l = report_chosen(w);

	if (!l || !jflag(l, "mine")) {
		app_note(w->v.app, true, _("choose a report of this station: only its author corrects it"));
		return;
	}
	act_correct(w->v.app, &w->v, w->shown, l);
}

static bool
life_command(struct incident_view *w, enum command_id id)
{
	struct app *app = w->v.app;
	const json_t *o = incident(w), *line = selected(w);

	switch (id) {
	case CMD_CORRECT:
		correct(w);
		return true;
	case CMD_RECALL:
		act_recall(app, &w->v, o, line);
		return true;
	case CMD_DIFF:
		app_push_view(app, view_diff_new(app, o, line));
		return true;
	case CMD_RULES:
		app_push_view(app, view_explain_new(app, jtext(o, "id")));
		return true;
	case CMD_ADOPT:
		act_adopt(app, &w->v, o);
		return true;
	case CMD_STEP:
	case CMD_MERGE:
	case CMD_SPLIT:
		act_event(app, &w->v, o, line);
		return true;
	case CMD_COUNTERSIGN:
		act_countersign(app, &w->v, o, jarray(w->shown, "lines"), line);
		return true;
	case CMD_VERDICT:
		act_grade(app, &w->v, o);
		return true;
	case CMD_TRACK:
		return track_line(w);
	case CMD_RENDER:
		return made_of(w, outputs_open);
	default:
		return false;
	}
}

static bool
incident_command(struct view *v, enum command_id id)
{
	struct incident_view *w = (struct incident_view *)v;

	if (list_command(&w->list, id, timeline_rows(w))) {
		(void)snprintf(w->at, sizeof(w->at), "%s", jtext(selected(w), "id"));
		w->sending = false;	/* the marker has been put elsewhere on purpose */
		return true;
	}
	if (!w->shown)
		return false;
	if (id == CMD_REPORT || id == CMD_FOLLOWUP || id == CMD_DIRECT || id == CMD_FEEDBACK || id == CMD_CORRECT)
		w->sending = true;
	if (directive_alone(w) && (id == CMD_REPORT || id == CMD_FOLLOWUP || id == CMD_GRADE)) {
		app_note(v->app, true, _("a directive without an incident: nothing to grade or report"));
		return true;
	}
	if (life_command(w, id))
		return true;
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

/* What a key does, as far as the row holds it: words go whole, from the end, and a mark says so; back and help always stay. */
static bool
incident_hint(struct view *v, char *buf, size_t size)
{
	static const struct { enum command_id id; const char *label; bool incident; } keys[] = {
		{ CMD_OPEN, N_(" read"), false }, { CMD_LOG, N_(" log"), false }, { CMD_GRADE, N_(" grade"), true }, { CMD_SIGN, N_(" sign"), false },
		{ CMD_REPORT, N_(" report"), true }, { CMD_DIRECT, N_(" directive"), false }, { CMD_TAKE, N_(" take on"), false },
		{ CMD_FEEDBACK, N_(" feedback"), false },
	};
	bool alone = directive_alone((struct incident_view *)v);
	char tail[128] = "", one[128];
	int room;

	hint_add(tail, sizeof(tail), CMD_BACK, _(" back"));
	hint_add(tail, sizeof(tail), CMD_HELP, _(" help"));
	room = term_cols() - 2 - term_cells(tail) - 1;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (alone && keys[i].incident)
			continue;
		one[0] = '\0';
		hint_add(one, sizeof(one), keys[i].id, _(keys[i].label));
		if (term_cells(buf) + 1 + term_cells(one) + (i + 1 < sizeof(keys) / sizeof(keys[0]) ? 3 : 0) > room) {
			hint_key(buf, size, "..");
			break;
		}
		hint_key(buf, size, one);
	}
	hint_key(buf, size, tail);
	return true;
}

static void
incident_free_view(struct view *v)
{
	struct incident_view *w = (struct incident_view *)v;

	json_decref(w->shown);
	json_decref(w->linked);
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
