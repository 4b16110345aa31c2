/*
 * Screen 05: what the grading tables make of an incident (op propose) and the choice of a grade.
 *
 * Nothing is chosen beforehand: the rows carry no marker, the digit of a grade opens the question (act_grade.c).  Which
 * table, which clause and which figure decide, how many more make the next grade, what is not known, the second verdict and
 * the sensitive marks are the switch's words; a table that does not cover the event says so and a person grades.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../formats/buf.h"
#include "../formats/i18n.h"
#include "../formats/text.h"
#include "act.h"
#include "compose.h"
#include "message_text.h"
#include "util.h"

#define COLUMNS 4	/* criteria side by side; more are listed below only */
#define GRADE_CELLS 16
#define COLUMN_CELLS 13

struct grade_view {
	struct view v;
	json_t *incident;	/* member incident of an answer of show */
	json_t *answer;		/* op propose */
	struct lines lines;
	int width;
	int pressed;	/* digit of a grade chosen before the tables answered: asked when they do */
	char why[256];
};

static int
grade_value(const char *name)
{
	const struct enum_name *e = enum_by_name("grade", name);

	return e ? e->value : 0;
}

/* Grades are told with their Roman number: "III级 较大" comes from the switch so. */
static const char *
grade_name(const json_t *o, const char *member)
{
	char key[48];

	(void)snprintf(key, sizeof(key), "%s_name", member);
	return *jtext(o, key) ? jtext(o, key) : jtext(o, member);
}

/* Pads to `cells`, cutting at a character. */
static void
put_cell(struct buf *b, const char *text, int cells)
{
	int used = 0;
	size_t n = text_clip(text, cells - 1, &used);

	buf_put(b, text, n);
	while (used++ < cells)
		buf_puts(b, " ");
}

static const char *
number_text(const json_t *o, const char *member)
{
	const json_t *v = json_object_get(o, member);

	return json_is_string(v) ? json_string_value(v) : "";
}

/* What is to be said of one grade's row. */
static void
conclusion(const json_t *p, int grade, struct buf *b)
{
	static const struct { const char *member, *word; } said_of[] = {
		{ "stated", N_("stated now") }, { "proposal", N_("proven") }, { "possible", N_("possible") }, { "about", N_("if the abouts are right") },
		{ "worst", N_("at worst") }, { "clock_grade", N_("clock by this") },
	};
	size_t n = b->n;

	for (size_t i = 0; i < sizeof(said_of) / sizeof(said_of[0]); i++) {
		int value = grade_value(jtext(p, said_of[i].member)), proven = grade_value(jtext(p, "proposal"));

		/* What is not ruled out reaches from the gravest possible grade down to the proven one. */
		if (strcmp(said_of[i].member, "possible") == 0) {
			if (!jflag(p, "undetermined") || value == 0 || grade < value || (proven != 0 && grade >= proven))
				continue;
		} else if (value != grade)
			continue;
		buf_printf(b, "%s%s", b->n > n ? " " : "", _(said_of[i].word));
	}
}

/* What the sources say of a criterion: proven, about, or why there is nothing.  An "about" is never a zero. */
static void
stated_text(const json_t *p, const json_t *pt, char *buf, size_t size)
{
	const char *number = number_text(pt, "number"), *about = number_text(pt, "about");
	const json_t *o;
	size_t i, n;

	(void)snprintf(buf, size, jflag(pt, "at_least") ? _("at least %s") : "%s", number);
	if (*number == '\0')
		buf[0] = '\0';
	n = strlen(buf);
	if (*about)
		(void)snprintf(buf + n, size - n, _("%sabout %s"), n > 0 ? " " : "", about);
	json_array_foreach (jarray(p, "open"), i, o)
		if (*buf == '\0' && strcmp(jtext(o, "field"), jtext(pt, "field")) == 0)
			(void)snprintf(buf, size, "%s", jtext(o, "why_name"));
	if (*buf == '\0')
		(void)snprintf(buf, size, "%s", _("not stated"));
}

static const char *
threshold(const json_t *pt, int grade)
{
	const json_t *s;
	size_t i;

	json_array_foreach (jarray(pt, "steps"), i, s)
		if (grade_value(jtext(s, "grade")) == grade)
			return number_text(s, "from");
	return "";
}

static void
table_rows(struct grade_view *w)
{
	const json_t *p = w->answer, *points = jarray(p, "points"), *pt;
	struct buf row = { 0 };
	char text[160];
	size_t i;
	bool covered = strcmp(jtext(p, "scope"), "covered") == 0;

	put_cell(&row, _("grade, digit"), GRADE_CELLS);
	for (i = 0; covered && i < jcount(points) && i < COLUMNS; i++) {
		pt = json_array_get(points, i);
		put_cell(&row, jtext(pt, "name"), COLUMN_CELLS);	/* figures come with their unit */
	}
	buf_puts(&row, _("finding"));
	lines_add(&w->lines, "", buf_cstr(&row), 200);
	for (int g = GRADE_I; g <= GRADE_IV; g++) {
		buf_clear(&row);
		(void)snprintf(text, sizeof(text), "%d %s %s", g, enum_by_value("grade", g)->name, deed_grade(w->v.app, g));
		put_cell(&row, text, GRADE_CELLS);
		for (i = 0; covered && i < jcount(points) && i < COLUMNS; i++) {
			const char *from = threshold(json_array_get(points, i), g);

			(void)snprintf(text, sizeof(text), *from ? _("from %s") : "-", from);
			put_cell(&row, text, COLUMN_CELLS);
		}
		conclusion(p, g, &row);
		lines_add(&w->lines, "", buf_cstr(&row), 200);
	}
	if (covered) {
		buf_clear(&row);
		put_cell(&row, _("stated figures"), GRADE_CELLS);
		for (i = 0; i < jcount(points) && i < COLUMNS; i++) {
			stated_text(p, json_array_get(points, i), text, sizeof(text));
			put_cell(&row, text, COLUMN_CELLS);
		}
		lines_add(&w->lines, "", buf_cstr(&row), 200);
	}
	buf_free(&row);
}

/* Which figure decides, and how far the next grade is. */
static void
point_rows(struct grade_view *w, int width)
{
	const json_t *pt;
	struct buf row = { 0 };
	size_t i;

	json_array_foreach (jarray(w->answer, "points"), i, pt) {
		if (!jflag(pt, "decides"))
			continue;
		buf_clear(&row);
		buf_printf(&row, "%s%s%s", jtext(pt, "name"), jflag(pt, "at_least") ? _("at least ") : "", number_text(pt, "number"));
		if (*jtext(pt, "source_name"))
			buf_printf(&row, " (%s)", jtext(pt, "source_name"));
		buf_printf(&row, " -> %s  %s%s", grade_name(pt, "grade"), jtext(pt, "clause"), jflag(pt, "differ") ? _("  the sources differ") : "");
		lines_add(&w->lines, _("decides"), buf_cstr(&row), width);
	}
	buf_clear(&row);
	json_array_foreach (jarray(w->answer, "points"), i, pt)
		if (*jtext(pt, "next") && *number_text(pt, "more"))
			buf_printf(&row, _("%s%s %s more: %s"), row.n > 0 ? "  " : "", jtext(pt, "name"), number_text(pt, "more"), grade_name(pt, "next"));
	if (row.n > 0)
		lines_add(&w->lines, _("next"), buf_cstr(&row), width);
	buf_free(&row);
}

static void
open_rows(struct grade_view *w, int width)
{
	const json_t *o;
	struct buf row = { 0 };
	size_t i;

	json_array_foreach (jarray(w->answer, "open"), i, o)
		buf_printf(&row, "%s%s %s%s", i > 0 ? "  " : "", jtext(o, "name"), jtext(o, "why_name"),
		    jflag(o, "holds") ? "" : _(" (not waited for)"));
	if (row.n > 0)
		lines_add(&w->lines, _("not known"), buf_cstr(&row), width);
	buf_free(&row);
}

static void
risk_rows(struct grade_view *w, int width)
{
	const json_t *r = json_object_get(w->answer, "risk"), *e;
	struct buf row = { 0 };
	bool open = false;
	size_t i;
	char label[64];

	if (!jflag(r, "covered"))
		return;
	(void)snprintf(label, sizeof(label), "%s", jtext(r, "name"));
	json_array_foreach (jarray(r, "points"), i, e)
		open = open || strcmp(jtext(e, "answer"), "unknown") == 0;
	buf_puts(&row, jflag(r, "met") ? _("the figures show it; X: a person confirms") :
	    jflag(r, "proposed") ? _("about as much as makes it; X: a person confirms") :
	    open		       ? _("not known: not all figures it needs are; X: a person may say so") :
					 _("not shown by the figures; X: a person may say so"));
	json_array_foreach (jarray(r, "verdicts"), i, e)
		buf_printf(&row, "  %s %s %s", jtext(e, "station_name"), jflag(e, "confirmed") ? _("confirmed") : _("denied"), jtext(e, "person"));
	lines_add(&w->lines, label, buf_cstr(&row), width);
	json_array_foreach (jarray(r, "points"), i, e) {
		const char *answer = jtext(e, "answer");
		char limit[64] = "";

		buf_clear(&row);
		if (json_is_integer(json_object_get(e, "limit")))
			(void)snprintf(limit, sizeof(limit), _(" from %lld"), (long long)jnum(e, "limit"));
		buf_printf(&row, "%s%s: ", jtext(e, "text"), limit);
		if (strcmp(answer, "ask") == 0)
			buf_puts(&row, _("a person says"));
		else if (strcmp(answer, "yes") == 0)
			buf_printf(&row, _("yes, %lld"), (long long)jnum(e, "number"));
		else if (strcmp(answer, "about") == 0)
			buf_printf(&row, _("about %lld: please confirm"), (long long)jnum(e, "about"));
		else
			buf_puts(&row, strcmp(answer, "no") == 0 ? _("no") : _("not known"));
		buf_printf(&row, "  %s", jtext(e, "clause"));
		lines_add(&w->lines, " ", buf_cstr(&row), width);
	}
	buf_free(&row);
}

static void
other_rows(struct grade_view *w, int width)
{
	const json_t *e;
	char text[256], at[24];
	struct buf row = { 0 };
	size_t i;

	json_array_foreach (jarray(w->answer, "marks"), i, e)
		buf_printf(&row, "%s%s (%s%s%s)", i > 0 ? "  " : "", jtext(e, "name"), jtext(e, "why"), jflag(e, "clock") ? _(", clock") : "",
		    jflag(e, "addressees") ? _(", addressees") : "");
	if (row.n > 0)
		lines_add(&w->lines, _("sensitive"), buf_cstr(&row), width);
	buf_free(&row);
	if (jnum(w->answer, "ask_again") != 0) {
		(void)snprintf(text, sizeof(text), _("%s  asked for again while undetermined"),
		    short_time(jnum(w->answer, "ask_again"), app_now(w->v.app), at));
		lines_add(&w->lines, _("again at"), text, width);
	}
	json_array_foreach (jarray(w->answer, "notes"), i, e)
		lines_add(&w->lines, i == 0 ? _("note") : " ", json_string_value(e) ? json_string_value(e) : "", width);
}

static void
grade_lines(struct grade_view *w)
{
	const json_t *p = w->answer;
	const char *scope = jtext(p, "scope");
	char text[400];
	int width = term_cols() - 2;
	size_t top = w->lines.top;

	w->width = term_cols();
	lines_clear(&w->lines);
	if (!p) {
		if (*w->why)
			lines_add(&w->lines, "", w->why, width);
	} else if (strcmp(scope, "covered") == 0) {
		/* The law's name, not the id the rules call it by. */
		lines_add(&w->lines, _("table"), *jtext(p, "clause") ? jtext(p, "clause") : jtext(p, "table"), width);
	} else if (strcmp(scope, "excepted") == 0) {
		(void)snprintf(text, sizeof(text), _("it is NOT for this type: %s. A person grades it"),
		    *jtext(p, "clause") ? jtext(p, "clause") : jtext(p, "table"));
		lines_add(&w->lines, _("table"), text, width);
	} else if (strcmp(scope, "no-type") == 0)
		lines_add(&w->lines, _("table"), _("NONE: the event type is not stated. A person grades it"), width);
	else {
		(void)snprintf(text, sizeof(text), _("NONE covers %s (%s). A person grades it"),
		    *jtext(w->incident, "type_name") ? jtext(w->incident, "type_name") : "-", jtext(w->incident, "type"));
		lines_add(&w->lines, _("table"), text, width);
	}
	table_rows(w);
	if (p) {
		point_rows(w, width);
		open_rows(w, width);
		risk_rows(w, width);
		other_rows(w, width);
	}
	w->lines.top = top < w->lines.n ? top : 0;
}

static void
state_pressed(struct grade_view *w)
{
	int grade = w->pressed;

	w->pressed = 0;
	act_grade_state(w->v.app, &w->v, w->incident, w->answer, grade);
}

static void
grade_answer(struct view *v, void *arg, const json_t *answer, const struct fault *f)
{
	struct grade_view *w = (struct grade_view *)v;

	(void)arg;
	json_decref(w->answer);
	w->answer = NULL;
	w->why[0] = '\0';
	if (answer) {
		w->answer = json_deep_copy(answer);
		/* What a person stated in the meantime: raising or lowering goes by it. */
		(void)json_object_set_new(w->incident, "grade", json_string(jtext(answer, "stated")));
	} else
		(void)one_line(f->text, w->why, sizeof(w->why));
	grade_lines(w);
	app_dirty(v->app);
	if (w->pressed && app_top_view(v->app) == v)
		state_pressed(w);
}

static void
grade_load(struct view *v)
{
	struct grade_view *w = (struct grade_view *)v;

	app_ask(v->app, v, json_pack("{s:s, s:s, s:s}", "op", "propose", "ref", jtext(w->incident, "id"), "realm",
	    v->exercise ? "exercise" : "live"), grade_answer, NULL);
}

static void
grade_title(struct view *v, char *buf, size_t size)
{
	const struct grade_view *w = (const struct grade_view *)v;
	const char *number = jtext(w->incident, "number");
	char now[128];

	(void)snprintf(now, sizeof(now), "%s", *jtext(w->answer, "stated") ? grade_name(w->answer, "stated") : _("not graded"));
	if (!w->answer)
		(void)snprintf(buf, size, _("Grading  %s"), number);
	else if (strcmp(jtext(w->answer, "clock_grade"), jtext(w->answer, "stated")) == 0 ||
	    grade_value(jtext(w->answer, "clock_grade")) == GRADE_UNDETERMINED)
		(void)snprintf(buf, size, _("Grading  %s   now %s"), number, now);
	else
		(void)snprintf(buf, size, _("Grading  %s   now %s (clock by %s)"), number, now, grade_name(w->answer, "clock_grade"));
}

static void
grade_paint(struct view *v)
{
	struct grade_view *w = (struct grade_view *)v;
	int row = app_top_row(v->app), last = app_bottom_row(v->app);

	if (w->width != term_cols())
		grade_lines(w);
	lines_paint(&w->lines, row, last - row + 1);
	v->cursor_row = row;
}

static bool
grade_key(struct view *v, const struct key *k)
{
	struct grade_view *w = (struct grade_view *)v;
	uint32_t c = k->cp >= 0xff10 && k->cp <= 0xff19 ? k->cp - 0xff10 + '0' : k->cp;

	if (k->code != TK_CHAR || k->pasted)
		return false;
	if (c >= '1' && c <= '5') {
		w->pressed = c == '5' ? GRADE_UNDETERMINED : (int)(c - '0');
		if (w->answer || *w->why)	/* else: what the figures prove decides whether this lowers */
			state_pressed(w);
	} else if (c == 'x' || c == 'X' || c == '6') {
		const json_t *r = json_object_get(w->answer, "risk");

		if (jflag(r, "covered") && *jtext(r, "name"))
			act_verdict(v->app, v, w->incident, jtext(r, "name"));
		else
			app_note(v->app, true, _("there is no second verdict for this event type"));
	} else
		return false;
	return true;
}

static bool
grade_command(struct view *v, enum command_id id)
{
	struct grade_view *w = (struct grade_view *)v;

	if (lines_turn(&w->lines, id))
		return true;
	return id == CMD_GRADE || id == CMD_OPEN;
}

static bool
grade_hint(struct view *v, char *buf, size_t size)
{
	(void)v;
	hint_text(buf, size, _("1-4 state a grade  5 undetermined  X second verdict"));
	hint_add(buf, size, CMD_PAGE_DOWN, _(" more"));
	hint_add(buf, size, CMD_BACK, _(" back"));
	hint_add(buf, size, CMD_HELP, _(" help"));
	return true;
}

static void
grade_free(struct view *v)
{
	struct grade_view *w = (struct grade_view *)v;

	json_decref(w->incident);
	json_decref(w->answer);
	lines_clear(&w->lines);
	free(w);
}

static const struct view_ops grade_ops = {
	.feeds = FEED_BIT(FEED_STATUS),
	.free = grade_free,
	.title = grade_title,
	.paint = grade_paint,
	.key = grade_key,
	.command = grade_command,
	.load = grade_load,
	.hint = grade_hint,
};

struct view *
view_grade_new(struct app *app, const json_t *incident)
{
	struct grade_view *w = xcalloc(1, sizeof(*w));

	w->v.ops = &grade_ops;
	w->v.app = app;
	w->v.exercise = jexercise(incident);
	w->incident = json_deep_copy(incident);
	grade_lines(w);
	return &w->v;
}
