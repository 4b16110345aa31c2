/*
 * Zero reports of a day: this station's own first, then those below.  What is missing after its hour says so and stands out; nothing here ever
 * shows a station that has said nothing as having had nothing.  Enter files this station's own, or enters what a station below has said by telephone.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../formats/body.h"
#include "../formats/buf.h"
#include "../formats/i18n.h"
#include "../formats/json.h"
#include "../formats/value.h"
#include "prompt.h"
#include "util.h"

#define DAY_MS INT64_C(86400000)
#define COL_NAME 2
#define COL_DUE 20
#define COL_STATE 28
#define COL_AT 39
#define COL_PERSON 52
#define COL_EVENTS 66
#define BELOW 3

struct zeros_view {
	struct view v;
	struct list list;
	json_t *answer;
	int64_t day;		/* ms UTC of its midnight; 0: as the switch says */
	char behalf[STATION_MAX];	/* while a question stands; "" own */
	int64_t filed;		/* day being filed */
	char filed_name[160];	/* whose it is */
	char why[256];
};

/* Row 0 is our own. */
static const json_t *
row_of(const struct zeros_view *w, size_t n)
{
	return n == 0 ? json_object_get(w->answer, "own") : json_array_get(jarray(w->answer, "stations"), n - 1);
}

static void
zeros_answer(struct view *v, void *arg, const json_t *answer, const struct fault *f)
{
	struct zeros_view *w = (struct zeros_view *)v;

	(void)arg;
	w->why[0] = '\0';
	if (!answer) {
		(void)one_line(f->text, w->why, sizeof(w->why));
	} else {
		json_decref(w->answer);
		w->answer = json_deep_copy(answer);
		w->list.n = 1 + jcount(jarray(w->answer, "stations"));
	}
	app_dirty(v->app);
}

static void
zeros_load(struct view *v)
{
	const struct zeros_view *w = (const struct zeros_view *)v;
	json_t *r = json_pack("{s:s}", "op", "zeros");

	if (w->day != 0)
		(void)json_object_set_new(r, "day", json_integer(w->day));
	app_ask(v->app, v, r, zeros_answer, NULL);
}

static void
zeros_title(struct view *v, char *buf, size_t size)
{
	const struct zeros_view *w = (const struct zeros_view *)v;
	size_t missing = jcount(jarray(w->answer, "missing")), n;
	char day[64] = "";

	if (w->answer)
		(void)time_format(jnum(w->answer, "day"), TIME_FULL, day, sizeof(day));
	n = (size_t)snprintf(buf, size, _("Zero reports of %.10s"), day);
	if (missing > 0 && n < size)
		(void)snprintf(buf + n, size - n, _("  MISSING %zu"), missing);
}

static void
what_text(const json_t *z, char *out, size_t size)
{
	const json_t *l;
	size_t i, n = 0;

	out[0] = '\0';
	if (json_is_true(json_object_get(z, "nothing")))
		n = (size_t)snprintf(out, size, "%s", _("nothing"));
	else if (*jtext(z, "events"))
		n = (size_t)snprintf(out, size, "%s", jtext(z, "events"));
	json_array_foreach (jarray(z, "lacks"), i, l)
		if (n < size)
			n += (size_t)snprintf(out + n, size - n, "%s%s", i > 0 ? " " : n > 0 ? _("; lacks ") : _("lacks "), jtext(l, "station_name"));
}

static void
paint_zero(struct zeros_view *w, size_t n, int row, int cols)
{
	const json_t *z = row_of(w, n);
	bool missing = strcmp(jtext(z, "state"), "missing") == 0;
	char text[600], clean[600], at[24];

	if (n == w->list.sel) {
		(void)term_put(row, 0, 1, TERM_PLAIN, ">");
		w->v.cursor_row = row;
		w->v.cursor_col = 1;
	}
	(void)term_put(row, COL_NAME, COL_DUE - COL_NAME - 1, n == 0 ? TERM_STRONG : TERM_PLAIN, one_line(jtext(z, "name"), clean, sizeof(clean)));
	(void)term_put(row, COL_DUE, COL_STATE - COL_DUE - 1, TERM_PLAIN,
	    jnum(z, "due") != 0 ? time_format(jnum(z, "due"), TIME_CLOCK, text, sizeof(text)) : "-");
	(void)term_putf(row, COL_STATE, COL_AT - COL_STATE - 1, missing || strcmp(jtext(z, "state"), "late") == 0 ? TERM_ALERT : TERM_PLAIN, "%s%s",
	    missing ? "!" : "", jtext(z, "state_name"));
	(void)term_put(row, COL_AT, COL_PERSON - COL_AT - 1, TERM_PLAIN,
	    jnum(z, "at") != 0 ? short_time(jnum(z, "at"), app_now(w->v.app), at) : "-");
	(void)snprintf(text, sizeof(text), "%s%s", jtext(z, "person"), *jtext(z, "on_behalf_by") ? _(" (tel)") : "");
	(void)term_put(row, COL_PERSON, COL_EVENTS - COL_PERSON - 1, TERM_PLAIN, one_line(text, clean, sizeof(clean)));
	what_text(z, text, sizeof(text));
	(void)term_put(row, COL_EVENTS, cols - COL_EVENTS, TERM_PLAIN, one_line(text, clean, sizeof(clean)));
}

static void
zeros_paint(struct view *v)
{
	struct zeros_view *w = (struct zeros_view *)v;
	int row = app_top_row(v->app), last = app_bottom_row(v->app), cols = term_cols(), rows = last - row - BELOW;
	char text[600], clean[600];

	v->cursor_row = row;
	(void)term_put(row, COL_NAME, COL_DUE - COL_NAME - 1, TERM_PLAIN, _("unit"));
	(void)term_put(row, COL_DUE, COL_STATE - COL_DUE - 1, TERM_PLAIN, _("due until"));
	(void)term_put(row, COL_STATE, COL_AT - COL_STATE - 1, TERM_PLAIN, _("how it stands"));
	(void)term_put(row, COL_AT, COL_PERSON - COL_AT - 1, TERM_PLAIN, _("came"));
	(void)term_put(row, COL_PERSON, COL_EVENTS - COL_PERSON - 1, TERM_PLAIN, _("person"));
	(void)term_put(row, COL_EVENTS, cols - COL_EVENTS, TERM_PLAIN, _("events"));
	row++;
	if (!w->answer) {
		(void)term_put(row, 1, cols - 2, TERM_PLAIN, w->why);
		return;
	}
	list_fit(&w->list, rows);
	for (int i = 0; i < rows && w->list.top + (size_t)i < w->list.n; i++)
		paint_zero(w, w->list.top + (size_t)i, row + i, cols);
	term_rule(last - 1, '-');
	what_text(row_of(w, w->list.sel), text, sizeof(text));
	(void)term_putf(last, 1, cols - 2, TERM_PLAIN, "%s  %s", jtext(row_of(w, w->list.sel), "clause"), one_line(text, clean, sizeof(clean)));
}

/* ---- acts ---- */

/* What it was, in the words of the list: a machine's id tells the room nothing. */
static void
filed(struct app *app, json_t *context, const json_t *answer, const struct fault *f)
{
	if (!answer)
		app_note_fault(app, f);
	else
		app_note(app, false, _("zero report of %s sent: %s"), jtext(context, "day"), jtext(context, "name"));
}

/*
 * Of our own: whose reports the total would lack.  Before the hour, too, who has not reported is named, for the report that goes says it lacks them.
 */
static void
lacking(const struct zeros_view *w, char *out, size_t size)
{
	char names[400] = "";
	size_t i, at = 0, n = 0;
	const json_t *z;

	json_array_foreach (jarray(w->answer, "stations"), i, z) {
		if (strcmp(jtext(z, "state"), "missing") != 0 && strcmp(jtext(z, "state"), "waiting") != 0)
			continue;
		n++;
		if (at < sizeof(names))
			at += (size_t)snprintf(names + at, sizeof(names) - at, " %.60s", jtext(z, "name"));
	}
	out[0] = '\0';
	if (n > 0)
		(void)snprintf(out, size, _("; %zu NOT IN:%s"), n, names);
}

/* Incidents of ours that became known within the day, by what this desk holds; what the switch writes is the switch's. */
static void
happened(const struct zeros_view *w, char *out, size_t size)
{
	const json_t *all = app_feed(w->v.app, FEED_INCIDENTS), *o;
	char text[400] = "";
	size_t i, at = 0, n = 0;

	if (!all) {
		(void)snprintf(out, size, "%s", _("what happened that day is not known at this desk yet; the switch adds it"));
		return;
	}
	json_array_foreach (all, i, o) {
		int64_t t = jnum(o, "learned");

		if (t < w->filed || t >= w->filed + DAY_MS || strncmp(jtext(o, "id"), app_station(w->v.app), strlen(app_station(w->v.app))) != 0)
			continue;
		n++;
		if (at < sizeof(text))
			at += (size_t)snprintf(text + at, sizeof(text) - at, "  %.40s %.60s", jtext(o, "number"), jtext(o, "title"));
	}
	if (n == 0)
		(void)snprintf(out, size, "%s", _("no incident of that day is on this desk's list; what there is the switch adds"));
	else
		(void)snprintf(out, size, _("%zu that day:%s"), n, text);
}

static void
file_done(struct view *v, void *arg, const char *const *value)
{
	struct zeros_view *w = (struct zeros_view *)v;
	struct body *b = body_new();
	char rid[33], day[64];
	json_t *about;

	(void)arg;
	(void)time_format(w->filed, TIME_FULL, day, sizeof(day));
	day[10] = '\0';
	about = json_pack("{s:s, s:s}", "day", day, "name", w->filed_name);
	body_set_num(b, F_KIND, KIND_ZERO);
	body_set_time(b, F_PERIOD_FROM, w->filed);
	body_set_time(b, F_PERIOD_TO, w->filed + DAY_MS);
	body_set_text(b, F_PERSON, value[0]);
	if (*w->behalf) {
		body_add_text(b, F_ON_BEHALF, w->behalf, strlen(w->behalf));
		body_set_text(b, F_ANSWERED_BY, value[1]);
	}
	app_set_person(v->app, value[0]);
	client_rid(rid);
	app_submit(v->app, json_pack("{s:s, s:s, s:s, s:o}", "op", "submit", "rid", rid, "realm", "live", "body", json_from_body(b)), filed, about);
	body_free(b);
}

static void
ask_file(struct zeros_view *w)
{
	const json_t *z = row_of(w, w->list.sel);
	struct prompt *p;
	char text[900], lacks[500] = "", info[600], clean[900], day[64];
	bool own = w->list.sel == 0, early;

	if (!z)
		return;
	w->filed = jnum(w->answer, "day");
	early = app_now(w->v.app) < w->filed + DAY_MS;
	(void)time_format(w->filed, TIME_FULL, day, sizeof(day));
	(void)snprintf(w->behalf, sizeof(w->behalf), "%s", own ? "" : jtext(z, "station"));
	(void)snprintf(w->filed_name, sizeof(w->filed_name), "%.150s", jtext(z, "name"));
	if (own)
		lacking(w, lacks, sizeof(lacks));
	(void)snprintf(text, sizeof(text), own ? _("send the zero report of %.10s") : _("enter by telephone the zero report of %.10s: %s"), day,
	    jtext(z, "name"));
	(void)snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s", lacks);
	p = prompt_new(w->v.app, &w->v, one_line(text, clean, sizeof(clean)), file_done, NULL);
	if (own)
		happened(w, info, sizeof(info));
	prompt_info(p, own ? one_line(info, clean, sizeof(clean)) : _("it stands until that station's own comes"));
	prompt_field(p, _("who does it"), app_person(w->v.app), PROMPT_REQUIRED);
	if (!own)
		prompt_field(p, _("who said it there"), "", PROMPT_REQUIRED);
	/* Never kept from being sent: what is odd about it stands in the question. */
	prompt_confirm(p, early ? _("that day is NOT OVER. send all the same? 1 = yes ") :
	    own && app_now(w->v.app) < jnum(z, "due") ? _("its hour has not come yet. send now? 1 = yes ") :
	    *lacks ? _("stations are MISSING. send all the same? 1 = yes ") : _("send? 1 = yes "));
	app_prompt(w->v.app, p);
}

static bool
zeros_key(struct view *v, const struct key *k)
{
	struct zeros_view *w = (struct zeros_view *)v;
	int64_t day = jnum(w->answer, "day");

	if (k->pasted || !w->answer || (k->code != TK_CHAR && k->code != TK_LEFT && k->code != TK_RIGHT))
		return false;
	if (k->code == TK_LEFT || k->cp == '[')
		day -= DAY_MS;
	else if (k->code == TK_RIGHT || k->cp == ']')
		day += DAY_MS;
	else
		return false;
	if (day > app_now(v->app)) {
		app_note(v->app, false, "%s", _("that day has not begun"));
		return true;
	}
	w->day = day;
	zeros_load(v);
	return true;
}

static bool
zeros_command(struct view *v, enum command_id id)
{
	struct zeros_view *w = (struct zeros_view *)v;

	if (list_command(&w->list, id, app_bottom_row(v->app) - app_top_row(v->app) - BELOW))
		return true;
	if (id == CMD_OPEN && w->answer) {
		ask_file(w);
		return true;
	}
	return id == CMD_ZERO;
}

static bool
zeros_find(struct view *v, const char *text)
{
	struct zeros_view *w = (struct zeros_view *)v;

	for (size_t i = 1; i <= w->list.n; i++) {
		size_t at = (w->list.sel + i) % w->list.n;

		if (text_has(jtext(row_of(w, at), "name"), text)) {
			w->list.sel = at;
			return true;
		}
	}
	return false;
}

static bool
zeros_hint(struct view *v, char *buf, size_t size)
{
	(void)v;
	hint_text(buf, size, _("Enter send or enter  Left Right: other days"));
	hint_lines(buf, size);
	return true;
}

static void
zeros_free(struct view *v)
{
	struct zeros_view *w = (struct zeros_view *)v;

	json_decref(w->answer);
	free(w);
}

static const struct view_ops zeros_ops = {
	.feeds = FEED_BIT(FEED_STATUS) | FEED_BIT(FEED_INCIDENTS),
	.free = zeros_free,
	.title = zeros_title,
	.paint = zeros_paint,
	.key = zeros_key,
	.command = zeros_command,
	.load = zeros_load,
	.hint = zeros_hint,
	.find = zeros_find,
};

struct view *
view_zeros_new(struct app *app)
{
	struct zeros_view *w = xcalloc(1, sizeof(*w));

	w->v.ops = &zeros_ops;
	w->v.app = app;
	return &w->v;
}
