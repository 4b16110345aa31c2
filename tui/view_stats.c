/*
 * Screen 13: timeliness of a month, a row a station; below it the chosen station's late and untold reports, what became of their explanations,
 * and where the time went.  Both origins (接报, 发生) by one key.  Tab goes to the late ones: there an explanation is filed, or judged where it
 * came from below.  A score is shown (in the last column, corrections are in the CSV then) only where the place has a table for it; there is no ranking.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "../formats/buf.h"
#include "../formats/i18n.h"
#include "act.h"
#include "compose.h"
#include "prompt.h"
#include "util.h"

#define GRID_HOURS 3
#define GRID_ROWS (2 + 24 / GRID_HOURS)	/* with the legend and the day axis */
#define GRID_AT 7		/* cells before the first day: "00-03 " */

struct stats {
	struct view v;
	struct list list, late;
	bool occurred;		/* medians from 发生, else from 接报 */
	bool below;		/* the keys go to the late ones */
	bool grid;		/* the day-by-hour picture instead of the late ones */
	char month[24];		/* "" the present one */
	json_t *answer;
	json_t *cases;		/* of the station chosen; references */
	char why[256];
};

static const json_t *
stations(const struct stats *s)
{
	return jarray(s->answer, "stations");
}

static const json_t *
station(const struct stats *s)
{
	return json_array_get(stations(s), s->list.sel);
}

static void
cases_make(struct stats *s)
{
	const json_t *o;
	size_t i;

	json_decref(s->cases);
	s->cases = json_array();
	json_array_foreach (jarray(s->answer, "late"), i, o)
		if (strcmp(jtext(o, "station"), jtext(station(s), "station")) == 0)
			(void)json_array_append(s->cases, (json_t *)o);
	s->late.n = json_array_size(s->cases);
	if (s->late.sel >= s->late.n)
		s->late.sel = s->late.n > 0 ? s->late.n - 1 : 0;
}

static void
stats_answer(struct view *v, void *arg, const json_t *answer, const struct fault *f)
{
	struct stats *s = (struct stats *)v;

	(void)arg;
	app_dirty(v->app);
	if (!answer) {
		(void)one_line(f->text, s->why, sizeof(s->why));
		return;
	}
	s->why[0] = '\0';
	json_decref(s->answer);
	s->answer = json_deep_copy(answer);
	s->list.n = jcount(stations(s));
	if (s->list.sel >= s->list.n)
		s->list.sel = s->list.n > 0 ? s->list.n - 1 : 0;
	(void)snprintf(s->month, sizeof(s->month), "%.7s", jtext(answer, "month"));
	cases_make(s);
}

static void
stats_load(struct view *v)
{
	struct stats *s = (struct stats *)v;
	json_t *r = json_pack("{s:s}", "op", "stats");

	if (*s->month)
		(void)json_object_set_new(r, "month", json_string(s->month));
	app_ask(v->app, v, r, stats_answer, NULL);
}

static void
stats_title(struct view *v, char *buf, size_t size)
{
	const struct stats *s = (struct stats *)v;

	(void)snprintf(buf, size, _("Timeliness  %s  %zu stations  from %s (T)"), s->month, s->list.n,
	    s->occurred ? _("occurrence") : _("learning"));
}

/* Minutes are what people compare: "11分", "1分20秒" for what takes seconds; "-" when nothing was measured. */
static const char *
minutes(const json_t *o, const char *key, bool seconds, char *buf, size_t size)
{
	const json_t *v = json_object_get(o, key);
	long long sec = (long long)(json_integer_value(v) / 1000);

	if (!json_is_integer(v))
		(void)snprintf(buf, size, "-");
	else if (seconds && sec < 3600)
		(void)snprintf(buf, size, _("%lldm%02llds"), sec / 60, sec % 60);
	else if (sec < 6000)
		(void)snprintf(buf, size, _("%lldm"), (sec + 30) / 60);
	else
		(void)snprintf(buf, size, _("%lldh%02lldm"), sec / 3600, sec / 60 % 60);
	return buf;
}

/* Down, never up: 100% means all. */
static const char *
percent(const json_t *o, const char *part, const char *whole, char *buf, size_t size)
{
	int64_t all = jnum(o, whole);

	if (all <= 0)
		(void)snprintf(buf, size, "-");
	else
		(void)snprintf(buf, size, "%d%%", (int)(jnum(o, part) * 100 / all));
	return buf;
}

static const struct column {
	int at, cells;
	const char *title;
} columns[] = {{1, 12, N_("unit")}, {14, 5, N_("known")}, {20, 9, N_("first")}, {30, 5, N_("late")}, {36, 5, N_("untold")}, {42, 6, N_("follow")},
    {49, 6, N_("finals")}, {56, 9, N_("signing")}, {66, 4, N_("roll")}, {71, 4, N_("zero")}, {76, 4, N_("corr.")}};

static void
paint_station(struct stats *s, size_t n, int row)
{
	const json_t *o = json_array_get(stations(s), n);
	char buf[64], name[160];
	int k = 0;

	if (n == s->list.sel && !s->below) {
		(void)term_put(row, 0, 1, TERM_PLAIN, ">");
		s->v.cursor_row = row;
		s->v.cursor_col = 1;
	} else if (n == s->list.sel)
		(void)term_put(row, 0, 1, TERM_PLAIN, "*");
	(void)term_put(row, columns[k].at, columns[k].cells, TERM_PLAIN, one_line(jflag(o, "own") ? _("this room") :
	    *jtext(o, "station_name") ? jtext(o, "station_name") : jtext(o, "station"), name, sizeof(name)));
	k++;
	(void)term_putf(row, columns[k].at, columns[k].cells, TERM_PLAIN, "%lld", (long long)jnum(o, "intakes"));
	k++;
	(void)term_put(row, columns[k].at, columns[k].cells, TERM_PLAIN,
	    minutes(o, s->occurred ? "first_occurred" : "first_learned", false, buf, sizeof(buf)));
	k++;
	(void)term_putf(row, columns[k].at, columns[k].cells, jnum(o, "late") > 0 ? TERM_ALERT : TERM_PLAIN, "%lld", (long long)jnum(o, "late"));
	k++;
	(void)term_putf(row, columns[k].at, columns[k].cells, jnum(o, "omitted") > 0 ? TERM_ALERT : TERM_PLAIN, "%lld",
	    (long long)jnum(o, "omitted"));
	k++;
	(void)term_put(row, columns[k].at, columns[k].cells, TERM_PLAIN, percent(o, "followups_met", "followups", buf, sizeof(buf)));
	k++;
	(void)term_put(row, columns[k].at, columns[k].cells, TERM_PLAIN, percent(o, "finals_met", "finals", buf, sizeof(buf)));
	k++;
	(void)term_put(row, columns[k].at, columns[k].cells, TERM_PLAIN, minutes(o, "signing", true, buf, sizeof(buf)));
	k++;
	(void)term_put(row, columns[k].at, columns[k].cells, TERM_PLAIN, percent(o, "roll_reached", "roll_called", buf, sizeof(buf)));
	k++;
	(void)term_put(row, columns[k].at, columns[k].cells, TERM_PLAIN, percent(o, "zero_in", "zero_due", buf, sizeof(buf)));
	k++;
	if (json_is_integer(json_object_get(o, "score")))
		(void)term_putf(row, columns[k].at, columns[k].cells, TERM_PLAIN, _("%lld pt"), (long long)jnum(o, "score"));
	else
		(void)term_putf(row, columns[k].at, columns[k].cells, TERM_PLAIN, "%lld", (long long)jnum(o, "corrected"));
}

static void
paint_case(struct stats *s, size_t n, int row, int cols)
{
	const json_t *o = json_array_get(s->cases, n);
	char took[64], late[64], text[256];

	if (n == s->late.sel && s->below) {
		(void)term_put(row, 0, 1, TERM_PLAIN, ">");
		s->v.cursor_row = row;
		s->v.cursor_col = 1;
	}
	(void)term_putf(row, 1, cols - 2, TERM_PLAIN, _("%s %s %s %s  by %s%s%s  %s %s"), jtext(o, "number"), jtext(o, "what_name"),
	    jtext(o, "state_name"), minutes(o, "late", false, late, sizeof(late)), jtext(o, "charge_name"),
	    json_is_integer(json_object_get(o, "approve")) ? _("  approval took ") : "",
	    json_is_integer(json_object_get(o, "approve")) ? minutes(o, "approve", false, took, sizeof(took)) : "",
	    *jtext(o, "explained_name") ? jtext(o, "explained_name") : _("not explained"), one_line(jtext(o, "text"), text, sizeof(text)));
}

/* A row for each three hours (twelve of two would not fit 80x24), a column a day: what was learned of, '.' nothing, a digit how many, '+' more than nine. */
static void
paint_grid(struct stats *s, int row, int bottom)
{
	const json_t *grid = jarray(station(s), "grid");
	size_t days = jcount(grid);
	char name[160], axis[40] = "";

	days = days < 31 ? days : 31;
	for (size_t d = 0; d < days; d++)
		axis[d] = '.';
	for (size_t d = 1; d <= days; d += d == 1 ? 4 : 5) {
		char mark[24];
		size_t n = (size_t)snprintf(mark, sizeof(mark), "%zu", d);

		memcpy(axis + d - 1, mark, n);	/* its first digit stands over the day; axis is longer than the month */
	}
	(void)term_putf(row++, 1, term_cols() - 2, TERM_PLAIN, _("%s: learned of, by hour and day  . none  1-9 so many  + more than 9"),
	    one_line(jflag(station(s), "own") ? _("this room") : *jtext(station(s), "station_name") ? jtext(station(s), "station_name") :
	    jtext(station(s), "station"), name, sizeof(name)));
	(void)term_putf(row, GRID_AT, 40, TERM_PLAIN, "%s", axis);
	for (int h = 0; h < 24 && row + 1 + h / GRID_HOURS < bottom; h += GRID_HOURS) {
		char line[40] = "";

		for (size_t d = 0; d < days && d < 31; d++) {
			const json_t *of = json_array_get(grid, d);
			int64_t n = 0;

			for (size_t i = 0; i < GRID_HOURS; i++)
				n += json_integer_value(json_array_get(of, (size_t)h + i));
			line[d] = (char)(n <= 0 ? '.' : n > 9 ? '+' : '0' + n);
			line[d + 1] = '\0';
		}
		(void)term_putf(row + 1 + h / GRID_HOURS, 1, 60, TERM_PLAIN, "%02d-%02d %s", h, h + GRID_HOURS, line);
	}
}

static void
paint_stages(const struct stats *s, int row, int cols)
{
	const json_t *o = station(s);
	char a[64], b[64], c[64], d[64];

	(void)term_putf(row, 1, cols - 2, TERM_PLAIN, _("Where the time goes  to draft %s  to approval %s  to delivery %s  to their signature %s"),
	    minutes(o, "draft", false, a, sizeof(a)), minutes(o, "approve", false, b, sizeof(b)), minutes(o, "carry", true, c, sizeof(c)),
	    minutes(o, "sign", true, d, sizeof(d)));
}

static void
paint_rings(const struct stats *s, int row, int cols)
{
	const json_t *r = json_object_get(s->answer, "rings");

	(void)term_putf(row, 1, cols - 2, TERM_PLAIN,
	    _("Rings a shift: median %lld, at most %lld; muted %lld times.  A correction is never counted against its sender."),
	    (long long)jnum(r, "median"), (long long)jnum(r, "most"), (long long)jnum(r, "mutes"));
}

static int
stats_room(const struct stats *s)
{
	int room = app_bottom_row(s->v.app) - app_top_row(s->v.app) + 1;

	return s->grid && room / 2 - 2 > room - GRID_ROWS - 4 ? (room - GRID_ROWS - 4 > 1 ? room - GRID_ROWS - 4 : 1) : room / 2 - 2;
}

static void
stats_paint(struct view *v)
{
	struct stats *s = (struct stats *)v;
	int row = app_top_row(v->app), bottom = app_bottom_row(v->app), rows = stats_room(s), cols = term_cols();
	char name[160], pos[64];

	v->cursor_row = row;
	for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++) {
		bool scored = i + 1 == sizeof(columns) / sizeof(columns[0]) && json_is_integer(json_object_get(station(s), "score"));

		(void)term_put(row, columns[i].at, columns[i].cells, TERM_PLAIN, scored ? _("pts") : _(columns[i].title));
	}
	if (*s->why || !s->answer) {
		(void)term_put(row + 1, 1, cols - 2, TERM_PLAIN, *s->why ? s->why : _("being counted ..."));
		return;
	}
	list_fit(&s->list, rows);
	for (int i = 0; i < rows && s->list.top + (size_t)i < s->list.n; i++)
		paint_station(s, s->list.top + (size_t)i, row + 1 + i);
	row += rows + 1;
	term_rule(row++, '-');
	if (s->grid) {
		paint_grid(s, row, bottom - 1);
	} else {
		rows = bottom - row - 2;
		list_fit(&s->late, rows);
		(void)term_putf(row++, 1, cols - 2, TERM_PLAIN, _("%s: %zu late or untold%s"), one_line(jtext(station(s), "station_name"), name,
		    sizeof(name)), s->late.n, list_position(&s->late, rows, pos, sizeof(pos)));
		for (int i = 0; i < rows && s->late.top + (size_t)i < s->late.n; i++)
			paint_case(s, s->late.top + (size_t)i, row + i, cols);
	}
	paint_stages(s, bottom - 1, cols);
	paint_rings(s, bottom, cols);
}

/* ---- explanations ---- */

static void
explained(struct view *owner, void *arg, const char *const *value)
{
	const struct deed *a = arg;
	json_t *body = json_object();

	compose_set_enum(body, F_KIND, "kind", KIND_EXPLAIN);
	(void)json_object_set_new(body, field_by_key(F_REFS)->name, json_pack("[s]", a->id));
	deed_text(body, F_PERSON, value[0]);
	deed_text(body, F_TEXT, value[1]);
	app_set_person(a->app, value[0]);
	if (a->act != 0)	/* judged */
		(void)json_object_set_new(body, field_by_key(F_CONFIRMED)->name, json_boolean(strcmp(value[PROMPT_FIELDS - 1], "1") == 0));
	else {
		static const int causes[] = {CHARGE_LINK, CHARGE_NO_ANSWER, CHARGE_LEADER, CHARGE_POWER, CHARGE_UNKNOWN_FACTS, CHARGE_OTHER};
		int i = value[PROMPT_FIELDS - 1][0] - '1';

		if (i >= 0 && i < (int)(sizeof(causes) / sizeof(causes[0])))
			compose_set_enum(body, F_CHARGE, "charge", causes[i]);
	}
	deed_submit(a, body, a->act != 0 ? _("word on the explanation") : _("explanation"));
	stats_load(owner);
}

/* A station's own lateness is explained; an explanation that came from below is judged. */
static void
explain(struct stats *s)
{
	const json_t *o = json_array_get(s->cases, s->late.sel);
	struct app *app = s->v.app;
	bool own = strcmp(jtext(o, "station"), app_station(app)) == 0;
	struct deed *a;
	struct prompt *p;
	char title[200];

	if (!s->below || !o) {
		app_note(app, false, _("Tab to the late ones first, then the one that is explained"));
		return;
	}
	if (!own && !*jtext(o, "explanation")) {
		app_note(app, false, _("that station has not explained it yet"));
		return;
	}
	a = deed_new(app, o);
	(void)snprintf(a->id, sizeof(a->id), "%s", own ? (*jtext(o, "report") ? jtext(o, "report") : jtext(o, "about")) : jtext(o, "explanation"));
	a->act = own ? 0 : 1;
	(void)snprintf(title, sizeof(title), own ? _("explain why %s was late") : _("judge the explanation of %s"), jtext(o, "number"));
	p = prompt_new(app, &s->v, title, explained, a);
	prompt_field(p, _("person"), app_person(app), PROMPT_REQUIRED);
	prompt_field(p, own ? _("why") : _("remark"), "", own ? PROMPT_REQUIRED : 0);
	if (own)
		prompt_choice(p, _("1 line down  2 nobody answered  3 waited for a signature  4 power cut  5 facts unknown  6 other"), 6);
	else
		prompt_choice(p, _("1 accepted, not counted  2 declined"), 2);
	app_prompt(app, p);
}

/* ---- keys ---- */

static void
month_step(struct stats *s, int by)
{
	int year, month;

	if (sscanf(s->month, "%4d-%2d", &year, &month) != 2)
		return;
	month += by;
	year += month > 12 ? 1 : month < 1 ? -1 : 0;
	month = month > 12 ? 1 : month < 1 ? 12 : month;
	(void)snprintf(s->month, sizeof(s->month), "%04d-%02d", year % 10000, month % 100);
	stats_load(&s->v);
}

static bool
stats_key(struct view *v, const struct key *k)
{
	struct stats *s = (struct stats *)v;

	if (k->pasted)
		return false;
	if (k->code == TK_TAB || k->code == TK_BTAB) {
		s->below = !s->below && s->late.n > 0;
		s->grid = false;
	} else if (k->code == TK_LEFT || k->code == TK_RIGHT) {
		month_step(s, k->code == TK_LEFT ? -1 : 1);
	} else if (k->code == TK_CHAR && (k->cp == 't' || k->cp == 'T')) {
		s->occurred = !s->occurred;
	} else if (k->code == TK_CHAR && (k->cp == 'g' || k->cp == 'G')) {
		s->grid = !s->grid;
		s->below = false;
	} else if (k->code == TK_CHAR && (k->cp == 's' || k->cp == 'S')) {
		explain(s);
	} else if (k->code == TK_CHAR && (k->cp == 'x' || k->cp == 'X')) {
		app_note(v->app, false, _("as a file: dutyctl stats --month %s --csv > FILE"), s->month);
	} else {
		return false;
	}
	app_dirty(v->app);
	return true;
}

static bool
stats_command(struct view *v, enum command_id id)
{
	struct stats *s = (struct stats *)v;
	const json_t *o = json_array_get(s->cases, s->late.sel);

	if (s->below ? list_command(&s->late, id, 8) : list_command(&s->list, id, stats_room(s))) {
		if (!s->below)
			cases_make(s);
		return true;
	}
	if (id != CMD_OPEN)
		return false;
	if (!s->below) {
		s->below = s->late.n > 0;
		if (!s->below)
			app_note(v->app, false, _("nothing of this station was late"));
	} else if (o) {
		app_push_view(v->app, view_incident_new(v->app, jtext(o, "incident"), false, jtext(o, "report")));
	}
	return true;
}

static bool
stats_hint(struct view *v, char *buf, size_t size)
{
	const struct stats *s = (struct stats *)v;

	hint_add(buf, size, CMD_OPEN, s->below ? _(" open") : _(" the late ones"));
	hint_text(buf, size, _("Tab below  T origin  G by hour  Left Right month  S explain  X CSV"));
	hint_add(buf, size, CMD_BACK, _(" back"));
	return true;
}

static void
stats_free(struct view *v)
{
	struct stats *s = (struct stats *)v;

	json_decref(s->answer);
	json_decref(s->cases);
	free(s);
}

static const struct view_ops stats_ops = {
	.free = stats_free,
	.title = stats_title,
	.paint = stats_paint,
	.key = stats_key,
	.command = stats_command,
	.load = stats_load,
	.hint = stats_hint,
};

struct view *
view_stats_new(struct app *app)
{
	struct stats *s = xcalloc(1, sizeof(*s));

	s->v.ops = &stats_ops;
	s->v.app = app;
	return &s->v;
}
