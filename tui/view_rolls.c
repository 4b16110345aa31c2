/*
 * Roll calls: whom nobody has heard of for long, whom the lot of the day meets, and what came of each call, over the switch or by telephone.
 *
 * C calls over the switch (those that are silent, all, this one, or by lot); D logs a call made by telephone, which is the only way to a station without
 * a terminal; A answers a call that came to this station.  Who is drawn the switch says, the same at every desk.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "../formats/body.h"
#include "../formats/buf.h"
#include "../formats/i18n.h"
#include "../formats/json.h"
#include "../formats/text.h"
#include "../formats/value.h"
#include "prompt.h"
#include "util.h"

#define BELOW 6		/* rows under the list */
#define COL_NAME 2
#define COL_PRESENCE 14
#define COL_PHONE 44
#define COL_TODAY 58
#define COL_NOTE 68

struct rolls_view {
	struct view v;
	struct list list;
	json_t *answer;
	char why[256];
	char station[STATION_MAX];	/* called by telephone: the call is logged for it, wherever the marker moves */
	char call[MSGID_TEXT_MAX];	/* being answered */
};

static const json_t *
stations(const struct rolls_view *w)
{
	return jarray(w->answer, "stations");
}

static const json_t *
chosen(const struct rolls_view *w)
{
	return json_array_get(stations(w), w->list.sel);
}

static bool
is_phone(const json_t *s)
{
	return strcmp(jtext(s, "role"), "phone") == 0;
}

static const json_t *
station_of(const struct rolls_view *w, const char *code)
{
	const json_t *s;
	size_t i;

	json_array_foreach (stations(w), i, s)
		if (strcmp(jtext(s, "station"), code) == 0)
			return s;
	return NULL;
}

static size_t
silent_count(const struct rolls_view *w)
{
	const json_t *s;
	size_t i, n = 0;

	json_array_foreach (stations(w), i, s)
		n += jflag(s, "silent");
	return n;
}

/* Among the first of the lot, as many as a shift is to call. */
static bool
is_drawn(const struct rolls_view *w, const json_t *station)
{
	const json_t *d;
	size_t i;

	json_array_foreach (jarray(w->answer, "draw"), i, d)
		if ((int64_t)i < jnum(w->answer, "shift") && json_is_string(d) && strcmp(json_string_value(d), jtext(station, "station")) == 0)
			return true;
	return false;
}

/* ---- reading ---- */

static void
rolls_answer(struct view *v, void *arg, const json_t *answer, const struct fault *f)
{
	struct rolls_view *w = (struct rolls_view *)v;

	(void)arg;
	w->why[0] = '\0';
	if (!answer) {
		(void)one_line(f->text, w->why, sizeof(w->why));
	} else {
		json_decref(w->answer);
		w->answer = json_deep_copy(answer);
	}
	w->list.n = jcount(stations(w));
	app_dirty(v->app);
}

static void
rolls_load(struct view *v)
{
	app_ask(v->app, v, json_pack("{s:s}", "op", "rolls"), rolls_answer, NULL);
}

/* ---- painting ---- */

static void
rolls_title(struct view *v, char *buf, size_t size)
{
	const struct rolls_view *w = (const struct rolls_view *)v;
	size_t n;

	if (!w->answer) {	/* not yet known is not none */
		(void)snprintf(buf, size, "%s", _("asking the switch ..."));
		return;
	}
	n = (size_t)snprintf(buf, size, _("Roll calls  %zu stations, %zu silent"), w->list.n, silent_count(w));
	if (jcount(jarray(w->answer, "owed")) > 0 && n < size)
		(void)snprintf(buf + n, size - n, "%s", _("  CALLED: press A"));
}

static void
today_text(const struct rolls_view *w, const json_t *s, char *out, size_t size)
{
	const json_t *last = json_object_get(s, "last");
	char at[32];

	if (jnum(s, "today") == 0)
		(void)snprintf(out, size, "%s", is_drawn(w, s) ? _("drawn") : "-");
	else
		(void)snprintf(out, size, "%s %s", time_format(jnum(last, "at"), TIME_CLOCK, at, sizeof(at)),
		    jnum(last, "answered") > 0 ? _("ok") : "?");
}

static void
paint_station(struct rolls_view *w, size_t n, int row, int cols)
{
	const json_t *s = json_array_get(stations(w), n);
	const char *phone = jtext(json_array_get(jarray(s, "numbers"), 0), "phone");
	char text[256];

	if (n == w->list.sel) {
		(void)term_put(row, 0, 1, TERM_PLAIN, ">");
		w->v.cursor_row = row;
		w->v.cursor_col = 1;
	}
	(void)term_put(row, COL_NAME, COL_PRESENCE - COL_NAME - 1, TERM_PLAIN, one_line(jtext(s, "name"), text, sizeof(text)));
	(void)term_put(row, COL_PRESENCE, COL_PHONE - COL_PRESENCE - 1, jflag(s, "silent") ? TERM_STRONG : TERM_PLAIN,
	    one_line(jtext(s, "presence_name"), text, sizeof(text)));
	(void)term_put(row, COL_PHONE, COL_TODAY - COL_PHONE - 1, TERM_PLAIN, *phone ? one_line(phone, text, sizeof(text)) : "-");
	today_text(w, s, text, sizeof(text));
	(void)term_put(row, COL_TODAY, COL_NOTE - COL_TODAY - 1, TERM_PLAIN, text);
	if (*jtext(s, "note"))
		(void)term_put(row, COL_NOTE, cols - COL_NOTE, TERM_ALERT, one_line(jtext(s, "note"), text, sizeof(text)));
}

static void
paint_roll(const struct rolls_view *w, const json_t *r, int row, int cols)
{
	char at[24], answered[24], text[512], clean[512];
	size_t n;

	n = (size_t)snprintf(text, sizeof(text), "%s %s", short_time(jnum(r, "at"), app_now(w->v.app), at),
	    jflag(r, "phone") ? (*jtext(r, "number") ? jtext(r, "number") : _("telephone call")) : _("over the switch"));
	if (jnum(r, "rings") > 0 && n < sizeof(text))
		n += (size_t)snprintf(text + n, sizeof(text) - n, _(" after %lld rings"), (long long)jnum(r, "rings"));
	if (n < sizeof(text) && *jtext(r, "outcome"))
		n += (size_t)snprintf(text + n, sizeof(text) - n, " %s", jtext(r, "outcome_name"));
	if (n < sizeof(text) && jnum(r, "answered") > 0 && !jflag(r, "phone"))
		n += (size_t)snprintf(text + n, sizeof(text) - n, " %s", short_time(jnum(r, "answered"), app_now(w->v.app), answered));
	if (n < sizeof(text) && *jtext(r, "person"))
		n += (size_t)snprintf(text + n, sizeof(text) - n, " %s", jtext(r, "person"));
	if (n < sizeof(text) && *jtext(r, "note"))
		(void)snprintf(text + n, sizeof(text) - n, " (%s)", jtext(r, "note"));
	(void)term_put(row, 1, cols - 2, *jtext(r, "note") ? TERM_STRONG : TERM_PLAIN, one_line(text, clean, sizeof(clean)));
}

static void
paint_below(const struct rolls_view *w, int row, int last, int cols)
{
	const json_t *t = json_object_get(w->answer, "totals"), *s = chosen(w), *r;
	char text[200];
	size_t i;

	term_rule(row++, '-');
	(void)snprintf(text, sizeof(text), _("calls of %s"), jtext(s, "name"));
	(void)term_put(row++, 1, cols - 2, TERM_PLAIN, s ? text : w->why);
	json_array_foreach (jarray(w->answer, "rolls"), i, r)
		if (row < last - 1 && s && strcmp(jtext(r, "station"), jtext(s, "station")) == 0)
			paint_roll(w, r, row++, cols);
	if (json_is_object(t))
		(void)term_putf(last, 1, cols - 2, TERM_PLAIN,
		    _("week: called %lld reached %lld in time %lld off the register %lld dead %lld; %lld rings, %lld a shift at least"),
		    (long long)jnum(t, "called"), (long long)jnum(t, "reached"), (long long)jnum(t, "in_time"),
		    (long long)jnum(t, "not_on_roster"), (long long)jnum(t, "empty"), (long long)jnum(w->answer, "rings"),
		    (long long)jnum(w->answer, "shift"));
}

static void
rolls_paint(struct view *v)
{
	struct rolls_view *w = (struct rolls_view *)v;
	int row = app_top_row(v->app), last = app_bottom_row(v->app), cols = term_cols(), rows = last - row - BELOW;

	v->cursor_row = row;
	(void)term_put(row, COL_NAME, COL_PRESENCE - COL_NAME - 1, TERM_PLAIN, _("unit"));
	(void)term_put(row, COL_PRESENCE, COL_PHONE - COL_PRESENCE - 1, TERM_PLAIN, _("presence"));
	(void)term_put(row, COL_PHONE, COL_TODAY - COL_PHONE - 1, TERM_PLAIN, _("number to ring"));
	(void)term_put(row, COL_TODAY, COL_NOTE - COL_TODAY - 1, TERM_PLAIN, _("today"));
	(void)term_put(row, COL_NOTE, cols - COL_NOTE, TERM_PLAIN, _("remark"));
	row++;
	list_fit(&w->list, rows);
	for (int i = 0; i < rows && w->list.top + (size_t)i < w->list.n; i++)
		paint_station(w, w->list.top + (size_t)i, row + i, cols);
	if (w->list.n == 0)
		(void)term_put(row, 1, cols - 2, TERM_PLAIN, w->answer ? _("no stations below") : w->why);
	paint_below(w, last - BELOW + 1, last, cols);
}

/* ---- acts ---- */

static void
post(struct rolls_view *w, const struct body *b)
{
	char rid[33];

	client_rid(rid);
	app_submit(w->v.app, json_pack("{s:s, s:s, s:s, s:o}", "op", "submit", "rid", rid, "realm", "live", "body", json_from_body(b)),
	    NULL, NULL);
}

static void
call_add(struct body *b, const json_t *s, size_t *phones)
{
	if (is_phone(s))
		++*phones;
	else if (*jtext(s, "station"))
		body_add_text(b, F_TO, jtext(s, "station"), strlen(jtext(s, "station")));
}

/* 1 silent, 2 all, 3 this one, 4 by lot. */
static void
call_done(struct view *v, void *arg, const char *const *value)
{
	struct rolls_view *w = (struct rolls_view *)v;
	struct body *b = body_new();
	const json_t *s;
	size_t i, phones = 0;
	char which = value[PROMPT_FIELDS - 1][0];

	(void)arg;
	body_set_num(b, F_KIND, KIND_ROLLCALL);
	json_array_foreach (which == '4' ? jarray(w->answer, "draw") : stations(w), i, s) {
		if (which == '4') {
			if ((int64_t)i >= jnum(w->answer, "shift") || !json_is_string(s) ||
			    (s = station_of(w, json_string_value(s))) == NULL)
				continue;
		} else if ((which == '1' && !jflag(s, "silent")) || (which == '3' && strcmp(jtext(s, "station"), w->station) != 0))
			continue;
		call_add(b, s, &phones);
	}
	if (body_first(b, F_TO))
		post(w, b);
	if (phones > 0)
		app_note(v->app, true, _("%zu of them have a telephone only: ring them, and log it with D"), phones);
	else if (!body_first(b, F_TO))
		app_note(v->app, true, "%s", _("nobody is to be called"));
	body_free(b);
}

static void
ask_call(struct rolls_view *w)
{
	struct prompt *p = prompt_new(w->v.app, &w->v, _("call the roll over the switch"), call_done, NULL);
	char text[200];

	(void)snprintf(w->station, sizeof(w->station), "%s", jtext(chosen(w), "station"));
	(void)snprintf(text, sizeof(text), _("answers are due within %lld minutes"), (long long)jnum(w->answer, "minutes"));
	prompt_info(p, text);
	prompt_choice(p, _("1 the silent  2 all  3 this one  4 by lot "), 4);
	app_prompt(w->v.app, p);
}

static void
put_text(struct body *b, uint32_t key, const char *text)
{
	if (*text)
		body_set_text(b, key, text);
}

static void
log_done(struct view *v, void *arg, const char *const *value)
{
	static const int outcomes[] = { OUTCOME_REACHED, OUTCOME_NO_ANSWER, OUTCOME_BUSY, OUTCOME_OFF, OUTCOME_WRONG, OUTCOME_REFUSED,
		OUTCOME_REACHED, OUTCOME_REACHED };
	struct rolls_view *w = (struct rolls_view *)v;
	struct body *b = body_new();
	struct fault f = { 0 };
	char c = value[PROMPT_FIELDS - 1][0];

	(void)arg;
	body_set_num(b, F_KIND, KIND_ROLLCALL);
	body_add_text(b, F_REGARDING, w->station, strlen(w->station));
	body_set_num(b, F_OUTCOME, outcomes[c >= '1' && c <= '8' ? c - '1' : 1]);
	put_text(b, F_PHONE, value[0]);
	put_text(b, F_ANSWERED_BY, value[2]);
	if (c == '7')
		body_set_num(b, F_FORWARDED, 1);
	if (c == '8')
		body_set_num(b, F_ON_ROSTER, 0);
	if (*value[1] && value_parse(b, field_by_key(F_RINGS), value[1], NULL, app_now(v->app), &f) != 0)
		app_note_fault(v->app, &f);
	else
		post(w, b);
	body_free(b);
}

static void
ask_log(struct rolls_view *w)
{
	const json_t *s = chosen(w);
	struct prompt *p;
	char text[200];

	if (!s)
		return;
	(void)snprintf(w->station, sizeof(w->station), "%s", jtext(s, "station"));
	(void)snprintf(text, sizeof(text), _("log a roll call by telephone: %s"), jtext(s, "name"));
	p = prompt_new(w->v.app, &w->v, text, log_done, NULL);
	prompt_field(p, _("number dialled"), jtext(json_array_get(jarray(s, "numbers"), 0), "phone"), 0);
	prompt_field(p, _("times it rang"), "", 0);
	prompt_field(p, _("who answered (empty: nobody)"), "", 0);
	prompt_choice(p, _("1 reached 2 no answer 3 busy 4 off 5 dead number 6 refused 7 forwarded 8 not of the register "), 8);
	app_prompt(w->v.app, p);
}

static void
answer_done(struct view *v, void *arg, const char *const *value)
{
	struct rolls_view *w = (struct rolls_view *)v;
	struct body *b = body_new();
	struct msgid id;

	(void)arg;
	body_set_num(b, F_KIND, KIND_ROLLANSWER);
	body_set_text(b, F_PERSON, value[0]);
	if (msgid_parse(w->call, &id)) {
		body_set_id(b, F_REFS, &id);
		app_set_person(v->app, value[0]);
		post(w, b);
	}
	body_free(b);
}

static void
ask_answer(struct rolls_view *w)
{
	const json_t *c = json_array_get(jarray(w->answer, "owed"), 0);
	char text[200], at[24];
	struct prompt *p;

	if (!c) {
		app_note(w->v.app, false, "%s", _("no roll call waits for an answer"));
		return;
	}
	(void)snprintf(w->call, sizeof(w->call), "%s", jtext(c, "id"));
	(void)snprintf(text, sizeof(text), _("answer the roll call of %s, until %s"), jtext(c, "from_name"),
	    short_time(jnum(c, "due"), app_now(w->v.app), at));
	p = prompt_new(w->v.app, &w->v, text, answer_done, NULL);
	prompt_field(p, _("who is on duty"), app_person(w->v.app), PROMPT_REQUIRED);
	prompt_confirm(p, _("answer? 1 = yes "));
	app_prompt(w->v.app, p);
}

static bool
rolls_key(struct view *v, const struct key *k)
{
	struct rolls_view *w = (struct rolls_view *)v;

	if (k->code != TK_CHAR || k->pasted || !w->answer)
		return false;
	switch (k->cp) {
	case 'c':
	case 'C':
	case 'g':
	case 'G':
		ask_call(w);
		return true;
	case 'd':
	case 'D':
		ask_log(w);
		return true;
	case 'a':
	case 'A':
		ask_answer(w);
		return true;
	default:
		return false;
	}
}

static bool
rolls_command(struct view *v, enum command_id id)
{
	struct rolls_view *w = (struct rolls_view *)v;

	if (list_command(&w->list, id, app_bottom_row(v->app) - app_top_row(v->app) - BELOW))
		return true;
	if (id == CMD_OPEN && w->answer) {
		ask_log(w);
		return true;
	}
	return id == CMD_ROLLCALL;
}

static bool
rolls_find(struct view *v, const char *text)
{
	struct rolls_view *w = (struct rolls_view *)v;

	for (size_t i = 1; i <= w->list.n; i++) {
		size_t at = (w->list.sel + i) % w->list.n;

		if (text_has(jtext(json_array_get(stations(w), at), "name"), text)) {
			w->list.sel = at;
			return true;
		}
	}
	return false;
}

static bool
rolls_hint(struct view *v, char *buf, size_t size)
{
	(void)v;
	hint_text(buf, size, _("C call  D log a telephone call  A answer"));
	hint_lines(buf, size);
	return true;
}

static void
rolls_free(struct view *v)
{
	struct rolls_view *w = (struct rolls_view *)v;

	json_decref(w->answer);
	free(w);
}

static const struct view_ops rolls_ops = {
	.feeds = FEED_BIT(FEED_STATUS),
	.free = rolls_free,
	.title = rolls_title,
	.paint = rolls_paint,
	.key = rolls_key,
	.command = rolls_command,
	.load = rolls_load,
	.hint = rolls_hint,
	.find = rolls_find,
};

struct view *
view_rolls_new(struct app *app)
{
	struct rolls_view *w = xcalloc(1, sizeof(*w));

	w->v.ops = &rolls_ops;
	w->v.app = app;
	return &w->v;
}
