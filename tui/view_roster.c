/*
 * Screen 10: who is on duty here and at the stations below, by which number they are reached, when that number was last reached, and today's roll call;
 * below it the calls of the chosen unit, the swaps and changes of numbers that wait for somebody, and the week's sums.
 *
 * What is not known reads "-" or "?", never as if it were nobody or nothing.  A swap is asked for by who leaves the shift, consented to by both and approved by
 * a leader; a number is proposed by one person and confirmed by another: each with his PIN where he has one.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../formats/buf.h"
#include "../formats/i18n.h"
#include "../formats/text.h"
#include "../formats/value.h"
#include "prompt.h"
#include "util.h"

#define BELOW 9		/* rows below the list */
#define COL_UNIT 1
#define COL_LEADER 11
#define COL_OFFICERS 20
#define COL_PHONE 34
#define COL_VERIFIED 48
#define COL_TODAY 60
#define COL_NOTE 71

struct roster_view {
	struct view v;
	struct list list;	/* row 0 is this station */
	json_t *staff, *roster, *rolls;
	char why[256];
};

/* ---- what was answered ---- */

static void
take(struct view *v, json_t **slot, const json_t *answer, const struct fault *f)
{
	struct roster_view *w = (struct roster_view *)v;

	app_dirty(v->app);
	if (!answer) {
		(void)one_line(f->text, w->why, sizeof(w->why));
		return;
	}
	json_decref(*slot);
	*slot = json_deep_copy(answer);
	w->list.n = 1 + jcount(jarray(w->rolls, "stations"));
}

static void
staff_answer(struct view *v, void *arg, const json_t *answer, const struct fault *f)
{
	(void)arg;
	take(v, &((struct roster_view *)v)->staff, answer, f);
}

static void
roster_answer(struct view *v, void *arg, const json_t *answer, const struct fault *f)
{
	(void)arg;
	take(v, &((struct roster_view *)v)->roster, answer, f);
}

static void
rolls_answer(struct view *v, void *arg, const json_t *answer, const struct fault *f)
{
	(void)arg;
	take(v, &((struct roster_view *)v)->rolls, answer, f);
}

static void
load(struct view *v)
{
	struct roster_view *w = (struct roster_view *)v;

	w->why[0] = '\0';
	app_ask(v->app, v, json_pack("{s:s}", "op", "staff"), staff_answer, NULL);
	app_ask(v->app, v, json_pack("{s:s}", "op", "roster"), roster_answer, NULL);
	app_ask(v->app, v, json_pack("{s:s}", "op", "rolls"), rolls_answer, NULL);
}

static const json_t *
below(const struct roster_view *w, size_t row)
{
	return row == 0 ? NULL : json_array_get(jarray(w->rolls, "stations"), row - 1);
}

/* Code of the station in a row. */
static const char *
code_of(const struct roster_view *w, size_t row)
{
	return row == 0 ? app_station(w->v.app) : jtext(below(w, row), "station");
}

static bool
has_text(const json_t *list, const char *text)
{
	const json_t *e;
	size_t i;

	json_array_foreach (list, i, e)
		if (json_is_string(e) && strcmp(json_string_value(e), text) == 0)
			return true;
	return false;
}

static void
add_name(char *out, size_t size, const char *name)
{
	size_t n = strlen(out);

	if (*name && n + 1 < size)
		(void)snprintf(out + n, size - n, "%s%s", n > 0 ? " " : "", name);
}

static void
add_names(char *out, size_t size, const json_t *list)
{
	const json_t *e;
	size_t i;

	json_array_foreach (list, i, e)
		if (json_is_string(e))
			add_name(out, size, json_string_value(e));
}

/* Of the register: persons of that unit with a part; this station's own have none. */
static void
registered(const struct roster_view *w, const char *unit, const char *role, char *out, size_t size)
{
	const json_t *p;
	size_t i;

	json_array_foreach (jarray(w->staff, "persons"), i, p)
		if (strcmp(jtext(p, "unit"), unit) == 0 && has_text(jarray(p, "roles"), role))
			add_name(out, size, jtext(p, "name"));
}

static const json_t *
shift_now(const struct roster_view *w)
{
	const json_t *s;
	size_t i;

	json_array_foreach (jarray(w->roster, "shifts"), i, s)
		if (jflag(s, "now"))
			return s;
	return NULL;
}

static const json_t *
own_numbers(const struct roster_view *w)
{
	const json_t *s;
	size_t i;

	json_array_foreach (jarray(w->staff, "stations"), i, s)
		if (strcmp(jtext(s, "station"), app_station(w->v.app)) == 0)
			return jarray(s, "numbers");
	return NULL;
}

/* ---- painting ---- */

static const char *
outcome_short(const json_t *o)
{
	const char *name = jtext(o, "outcome");

	return strcmp(name, "reached") == 0 ? _("ok") : *name ? jtext(o, "outcome_name") : "";
}

static void
number_cells(const json_t *numbers, int64_t now, char *phone, size_t psize, char *verified, size_t vsize, bool *stale)
{
	const json_t *n = json_array_get(numbers, 0);
	char day[48];
	int64_t at = jnum(n, "tried");

	*stale = jflag(n, "stale");
	(void)snprintf(phone, psize, "%s", n ? jtext(n, "phone") : "-");
	if (!n)
		(void)snprintf(verified, vsize, "-");
	else if (at == 0)
		(void)snprintf(verified, vsize, "%s", _("never"));
	else
		(void)snprintf(verified, vsize, "%.5s %s", time_format(at, TIME_DAY, day, sizeof(day)), outcome_short(n));
	(void)now;
}

static void
today_cell(const json_t *unit, char *out, size_t size)
{
	const json_t *last = json_object_get(unit, "last");
	char at[48];
	int64_t today = jnum(unit, "today");

	if (today == 0)
		(void)snprintf(out, size, "%s", _("not called"));
	else
		(void)snprintf(out, size, "%s %s", time_format(today, TIME_CLOCK, at, sizeof(at)),
		    jnum(last, "answered") > 0 || strcmp(jtext(last, "outcome"), "reached") == 0 ? _("ok") :
		    *jtext(last, "outcome") ? jtext(last, "outcome_name") : "?");
}

static void
own_cells(const struct roster_view *w, char *leader, size_t lsize, char *officers, size_t osize, char *note, size_t nsize)
{
	const json_t *duty = json_object_get(w->roster, "on_duty"), *s = shift_now(w);

	if (json_is_object(duty)) {
		add_names(officers, osize, jarray(duty, "persons"));
		add_name(leader, lsize, jtext(duty, "leader"));
	} else if (s)
		add_names(officers, osize, jarray(s, "officers"));
	if (!*leader && s)
		add_names(leader, lsize, jarray(s, "leader"));
	if (w->roster && !s)
		(void)snprintf(note, nsize, "%s", _("empty!"));
	else if (w->roster && !json_is_object(duty))
		(void)snprintf(note, nsize, "%s", _("planned"));
}

static void
paint_unit(struct roster_view *w, size_t n, int row, int cols)
{
	struct view *v = &w->v;
	const json_t *unit = below(w, n);
	char leader[200] = "", officers[400] = "", phone[64], verified[64], today[64] = "", note[160] = "", clean[400];
	bool stale = false;

	if (n == w->list.sel) {
		(void)term_put(row, 0, 1, TERM_PLAIN, ">");
		v->cursor_row = row;
		v->cursor_col = 1;
	}
	number_cells(n == 0 ? own_numbers(w) : jarray(unit, "numbers"), app_now(v->app), phone, sizeof(phone), verified, sizeof(verified), &stale);
	if (n == 0)
		own_cells(w, leader, sizeof(leader), officers, sizeof(officers), note, sizeof(note));
	else {
		registered(w, jtext(unit, "station"), "leader", leader, sizeof(leader));
		add_names(officers, sizeof(officers), jarray(unit, "duty"));
		if (!*officers)
			registered(w, jtext(unit, "station"), "officer", officers, sizeof(officers));
		today_cell(unit, today, sizeof(today));
		(void)snprintf(note, sizeof(note), "%s", *jtext(unit, "note") ? jtext(unit, "note") : jtext(unit, "presence_name"));
		note[strcspn(note, "(")] = '\0';	/* the whole of it stands with the call below */
	}
	(void)term_put(row, COL_UNIT, COL_LEADER - COL_UNIT - 1, TERM_PLAIN,
	    one_line(n == 0 ? app_hello(v->app, "name") : jtext(unit, "name"), clean, sizeof(clean)));
	(void)term_put(row, COL_LEADER, COL_OFFICERS - COL_LEADER - 1, TERM_PLAIN, *leader ? one_line(leader, clean, sizeof(clean)) : "-");
	(void)term_put(row, COL_OFFICERS, COL_PHONE - COL_OFFICERS - 1, TERM_PLAIN, *officers ? one_line(officers, clean, sizeof(clean)) : "-");
	(void)term_put(row, COL_PHONE, COL_VERIFIED - COL_PHONE - 1, TERM_PLAIN, one_line(phone, clean, sizeof(clean)));
	(void)term_putf(row, COL_VERIFIED, COL_TODAY - COL_VERIFIED - 1, stale ? TERM_ALERT : TERM_PLAIN, "%s%s", verified, stale ? "!" : "");
	(void)term_put(row, COL_TODAY, COL_NOTE - COL_TODAY - 1, TERM_PLAIN, today);
	(void)term_put(row, COL_NOTE, cols - COL_NOTE, strchr(note, '!') ? TERM_ALERT : TERM_PLAIN, one_line(note, clean, sizeof(clean)));
}

static int
paint_calls(const struct roster_view *w, int row, int rows, int cols)
{
	const char *code = code_of(w, w->list.sel);
	const json_t *r;
	char at[24], text[512], clean[512];
	size_t i;
	int n = 0;

	(void)snprintf(text, sizeof(text), _("roll calls of %s"),
	    w->list.sel == 0 ? app_hello(w->v.app, "name") : jtext(below(w, w->list.sel), "name"));
	(void)term_put(row++, 1, cols - 2, TERM_STRONG, one_line(text, clean, sizeof(clean)));
	json_array_foreach (jarray(w->rolls, "rolls"), i, r) {
		if (strcmp(jtext(r, "station"), code) != 0 || n >= rows)
			continue;
		(void)snprintf(text, sizeof(text), "%s %s %s", short_time(jnum(r, "at"), app_now(w->v.app), at),
		    jflag(r, "phone") ? jtext(r, "number") : _("over the switch"), jtext(r, "outcome_name"));
		if (jnum(r, "rings") > 0) {
			size_t k = strlen(text);

			(void)snprintf(text + k, sizeof(text) - k, _(" after %lld rings"), (long long)jnum(r, "rings"));
		}
		add_name(text, sizeof(text), jtext(r, "person"));
		if (*jtext(r, "note")) {
			size_t k = strlen(text);

			(void)snprintf(text + k, sizeof(text) - k, " (%s)", jtext(r, "note"));
		}
		(void)term_put(row + n++, 1, cols - 2, TERM_PLAIN, one_line(text, clean, sizeof(clean)));
	}
	if (n == 0)
		(void)term_put(row, 1, cols - 2, TERM_PLAIN, _("none"));
	return row + rows;
}

static bool
waits(const json_t *swap)
{
	return strcmp(jtext(swap, "state"), "consent") == 0 || strcmp(jtext(swap, "state"), "approval") == 0;
}

/* Two rows: the oldest swap that waits and the oldest change of a number, with how many there are. */
static void
paint_waiting(const struct roster_view *w, int row, int cols)
{
	const json_t *s, *one = NULL, *changes = jarray(w->staff, "changes");
	char at[24], text[512], clean[512];
	size_t i, n = 0;

	json_array_foreach (jarray(w->roster, "swaps"), i, s)
		if (waits(s)) {
			one = s;
			n++;
		}
	if (one) {
		(void)snprintf(text, sizeof(text), _("swaps %zu: %s for %s, shift of %s, %s"), n, jtext(one, "to"), jtext(one, "from"),
		    short_time(jnum(one, "shift_from"), app_now(w->v.app), at),
		    strcmp(jtext(one, "state"), "approval") == 0 ? _("a leader must approve") :
		    !jflag(one, "from_consented") && !jflag(one, "to_consented") ? _("both must consent") :
		    jflag(one, "from_consented") ? jtext(one, "to") : jtext(one, "from"));
		if (strcmp(jtext(one, "state"), "consent") == 0 && (jflag(one, "from_consented") || jflag(one, "to_consented")))
			add_name(text, sizeof(text), _("must consent"));
		(void)term_put(row, 1, cols - 2, TERM_STRONG, one_line(text, clean, sizeof(clean)));
	} else
		(void)term_put(row, 1, cols - 2, TERM_PLAIN, _("no swap waits"));
	if (jcount(changes) > 0) {
		s = json_array_get(changes, 0);
		(void)snprintf(text, sizeof(text), _("numbers %zu: %s %s %s, proposed by %s: a second person confirms"), jcount(changes),
		    *jtext(s, "person") ? jtext(s, "person") : jtext(s, "station_name"), jtext(s, "of_name"), jtext(s, "phone"), jtext(s, "by"));
		(void)term_put(row + 1, 1, cols - 2, TERM_STRONG, one_line(text, clean, sizeof(clean)));
	}
}

static void
paint_sums(const struct roster_view *w, int row, int cols)
{
	const json_t *t = json_object_get(w->rolls, "totals");

	if (!json_is_object(t))
		(void)term_put(row, 1, cols - 2, TERM_PLAIN, _("roll calls of the week: not known"));
	else
		(void)term_putf(row, 1, cols - 2, TERM_PLAIN, _("this week called %lld reached %lld in time %lld not registered %lld no such number %lld"),
		    (long long)jnum(t, "called"), (long long)jnum(t, "reached"), (long long)jnum(t, "in_time"), (long long)jnum(t, "not_on_roster"),
		    (long long)jnum(t, "empty"));
}

static int
list_rows(const struct view *v)
{
	int rows = app_bottom_row(v->app) - app_top_row(v->app) + 1 - BELOW - 1;

	return rows > 1 ? rows : 1;
}

static void
paint(struct view *v)
{
	struct roster_view *w = (struct roster_view *)v;
	int row = app_top_row(v->app), rows = list_rows(v), cols = term_cols(), last = app_bottom_row(v->app);
	const json_t *remark = json_array_get(jarray(w->roster, "remarks"), 0);
	char clean[512];

	if (w->list.n == 0)
		w->list.n = 1;
	list_fit(&w->list, rows);
	(void)term_put(row, COL_UNIT, 8, TERM_PLAIN, _("unit"));
	(void)term_put(row, COL_LEADER, 8, TERM_PLAIN, _("leader"));
	(void)term_put(row, COL_OFFICERS, 12, TERM_PLAIN, _("on duty now"));
	(void)term_put(row, COL_PHONE, 13, TERM_PLAIN, _("telephone"));
	(void)term_put(row, COL_VERIFIED, 11, TERM_PLAIN, _("last dialled"));
	(void)term_put(row, COL_TODAY, 10, TERM_PLAIN, _("roll call"));
	(void)term_put(row, COL_NOTE, cols - COL_NOTE, TERM_PLAIN, _("remark"));
	row++;
	for (int i = 0; i < rows && w->list.top + (size_t)i < w->list.n; i++)
		paint_unit(w, w->list.top + (size_t)i, row + i, cols);
	row = last - BELOW + 1;
	term_rule(row++, '-');
	row = paint_calls(w, row, 2, cols);
	if (*w->why)
		(void)term_put(row, 1, cols - 2, TERM_ALERT, w->why);
	else if (json_is_string(remark))
		(void)term_putf(row, 1, cols - 2, TERM_ALERT, "! %s", one_line(json_string_value(remark), clean, sizeof(clean)));
	row++;
	paint_waiting(w, row, cols);
	term_rule(last - 1, '-');
	paint_sums(w, last, cols);
}

static void
title(struct view *v, char *buf, size_t size)
{
	const struct roster_view *w = (const struct roster_view *)v;
	const json_t *gap = json_object_get(w->roster, "gap");
	char at[24];
	size_t n = w->rolls ? (size_t)snprintf(buf, size, _("Roster, telephone numbers, roll calls: %zu"), jcount(jarray(w->rolls, "stations"))) :
	    (size_t)snprintf(buf, size, "%s", _("asking the switch ..."));	/* not yet known is not none */
	if (json_is_object(gap) && n < size)
		n += (size_t)snprintf(buf + n, size - n, _("  empty shift within %lld h!"), (long long)jnum(w->roster, "gap_hours"));
	if (json_is_object(gap) && n < size)
		(void)snprintf(buf + n, size - n, " %s", short_time(jnum(gap, "begin"), app_now(v->app), at));
}

/* ---- acts ---- */

static void
send(struct app *app, json_t *body, const char *who, const char *pin)
{
	const char *person[1], *value[1];
	char rid[33];
	json_t *request;

	client_rid(rid);
	request = json_pack("{s:s, s:s, s:s, s:o}", "op", "submit", "rid", rid, "realm", "live", "body", body);
	if (!request) {
		app_note(app, true, "%s", _("this cannot be written"));
		return;
	}
	person[0] = who;
	value[0] = pin;
	prompt_pins_put(request, person, value, 1);
	app_set_person(app, who);
	app_submit(app, request, NULL, NULL);
}

/* The shift that holds that instant, as typed: of those shown. */
static const char *
shift_at(const struct roster_view *w, const char *typed)
{
	const struct field *fd = field_by_key(F_PERIOD_FROM);
	struct body *b = body_new();
	struct fault f = { 0 };
	const json_t *s;
	const char *id = NULL;
	int64_t at = 0;
	size_t i;

	if (value_parse(b, fd, typed, NULL, app_now(w->v.app), &f) == 0)
		(void)body_time(b, F_PERIOD_FROM, &at);
	body_free(b);
	json_array_foreach (jarray(w->roster, "shifts"), i, s)
		if (at >= jnum(s, "from") && at < jnum(s, "to"))
			id = jtext(s, "id");
	return id;
}

static void
swap_asked(struct view *v, void *arg, const char *const *value)
{
	struct roster_view *w = (struct roster_view *)v;
	const char *id = shift_at(w, value[0]);

	(void)arg;
	if (!id) {
		app_note(v->app, true, "%s", _("no shift is planned at that time"));
		return;
	}
	send(v->app, json_pack("{s:s, s:s, s:[s], s:[s], s:[s], s:s}", "kind", "roster", "duty_step", "swap", "refs", id, "outgoing", value[1], "incoming",
	    value[2], "author", value[1]), value[1], value[3]);
}

static void
swap_said(struct view *v, void *arg, const char *const *value)
{
	static const char *const steps[] = { "swap-consent", "swap-approve", "swap-decline" };
	int n = value[PROMPT_FIELDS - 1][0] - '1';

	if (n < 0 || n > 2)
		return;
	send(v->app, json_pack("{s:s, s:s, s:[s], s:s}", "kind", "roster", "duty_step", steps[n], "refs", (const char *)arg, "person", value[0]), value[0],
	    value[1]);
}

static void
ask_swap(struct roster_view *w)
{
	const json_t *s, *one = NULL;
	struct prompt *p;
	char text[256], at[24];
	size_t i;

	json_array_foreach (jarray(w->roster, "swaps"), i, s)
		if (waits(s))
			one = s;
	if (one) {
		(void)snprintf(text, sizeof(text), _("swap: %s takes the shift of %s from %s"), jtext(one, "to"),
		    short_time(jnum(one, "shift_from"), app_now(w->v.app), at), jtext(one, "from"));
		p = prompt_new(w->v.app, &w->v, text, swap_said, xstrdup(jtext(one, "id")));
		prompt_field(p, _("who"), "", PROMPT_REQUIRED);
		prompt_field(p, _("PIN, empty: none"), "", PROMPT_SECRET);
		prompt_choice(p, _("1 consents  2 a leader approves  3 declines "), 3);
	} else {
		p = prompt_new(w->v.app, &w->v, _("ask for a swap: both consent, a leader approves"), swap_asked, NULL);
		prompt_field(p, _("a time within the shift"), "", PROMPT_REQUIRED | PROMPT_TIME | PROMPT_FUTURE);
		prompt_field(p, _("who leaves it, and asks"), "", PROMPT_REQUIRED);
		prompt_field(p, _("who takes it"), "", PROMPT_REQUIRED);
		prompt_field(p, _("PIN of who asks, empty: none"), "", PROMPT_SECRET);
		prompt_confirm(p, _("ask for it? 1 = yes "));
	}
	app_prompt(w->v.app, p);
}

static const char *	/* which number, as typed: its code, or the beginning of its name in the desk's language */
number_kind(const char *typed)
{
	static const char *const names[] = { [NUMBER_A] = "A", "B", "duty", "fax", "satellite" };	/* as enum number_of */

	for (int i = NUMBER_A; i <= NUMBER_SATELLITE; i++)
		if (strncmp(enum_label("number_of", i), typed, strlen(typed)) == 0)
			return names[i];
	return typed;	/* the switch judges it */
}

static void
number_proposed(struct view *v, void *arg, const char *const *value)
{
	json_t *body = json_pack("{s:s, s:s, s:s, s:s, s:s}", "kind", "staff", "duty_step", "number-new", "phone", value[2], "author", value[3], "number_of",
	    *value[1] ? number_kind(value[1]) : *value[0] ? "A" : "duty");

	if (body && *value[0])
		(void)json_object_set_new(body, "person", json_string(value[0]));
	if (body && (!*value[0] || strcmp((const char *)arg, app_station(v->app)) != 0))
		(void)json_object_set_new(body, "regarding", json_pack("[s]", (const char *)arg));
	send(v->app, body, value[3], value[4]);
}

static void
number_decided(struct view *v, void *arg, const char *const *value)
{
	bool yes = value[PROMPT_FIELDS - 1][0] == '1';

	send(v->app, json_pack("{s:s, s:s, s:[s], s:s}", "kind", "staff", "duty_step", yes ? "number-confirm" : "number-decline", "refs", (const char *)arg,
	    "author", value[0]), value[0], value[1]);
}

static void
ask_number(struct roster_view *w)
{
	const json_t *c = json_array_get(jarray(w->staff, "changes"), 0);
	struct prompt *p;
	char text[400], clean[400];

	if (c) {
		(void)snprintf(text, sizeof(text), _("%s: %s %s instead, proposed by %s"), *jtext(c, "person") ? jtext(c, "person") : jtext(c, "station_name"),
		    jtext(c, "of_name"), jtext(c, "phone"), jtext(c, "by"));
		p = prompt_new(w->v.app, &w->v, one_line(text, clean, sizeof(clean)), number_decided, xstrdup(jtext(c, "id")));
		prompt_field(p, _("who, another person"), "", PROMPT_REQUIRED);
		prompt_field(p, _("PIN, empty: none"), "", PROMPT_SECRET);
		prompt_choice(p, _("1 confirms  2 declines "), 2);
	} else {
		(void)snprintf(text, sizeof(text), _("propose another number: %s"),
		    w->list.sel == 0 ? app_hello(w->v.app, "name") : jtext(below(w, w->list.sel), "name"));
		p = prompt_new(w->v.app, &w->v, one_line(text, clean, sizeof(clean)), number_proposed, xstrdup(code_of(w, w->list.sel)));
		prompt_field(p, _("whose, empty: the duty room's"), "", 0);
		prompt_field(p, _("which: A B duty fax satellite"), "", 0);
		prompt_field(p, _("the new number"), "", PROMPT_REQUIRED);
		prompt_field(p, _("who proposes it"), app_person(w->v.app), PROMPT_REQUIRED);
		prompt_field(p, _("PIN, empty: none"), "", PROMPT_SECRET);
		prompt_confirm(p, _("propose it? 1 = yes; a second person confirms "));
	}
	app_prompt(w->v.app, p);
}

static bool
key(struct view *v, const struct key *k)
{
	struct roster_view *w = (struct roster_view *)v;
	char c;

	if (k->code != TK_CHAR || k->pasted || k->cp > 0x7f)
		return false;
	c = (char)(k->cp >= 'a' && k->cp <= 'z' ? k->cp - 'a' + 'A' : k->cp);
	switch (c) {
	case 'D':	/* what was dialled, a round of calls, the lot: there */
	case 'C':
	case 'G':
		app_push_view(v->app, view_rolls_new(v->app));
		return true;
	case 'Y':
		ask_swap(w);
		return true;
	case 'E':
		ask_number(w);
		return true;
	case 'I':
		app_note(v->app, false, "%s", _("files come in by: dutyctl staff import FILE, dutyctl roster import FILE"));
		return true;
	default:
		return false;
	}
}

static bool
command(struct view *v, enum command_id id)
{
	return list_command(&((struct roster_view *)v)->list, id, list_rows(v));
}

static bool
find(struct view *v, const char *text)
{
	struct roster_view *w = (struct roster_view *)v;
	char folded[256];

	(void)text_fold(text, folded, sizeof(folded));
	for (size_t i = 1; i <= w->list.n; i++) {
		size_t n = (w->list.sel + i) % (w->list.n ? w->list.n : 1);
		char names[600] = "";

		add_name(names, sizeof(names), n == 0 ? app_hello(v->app, "name") : jtext(below(w, n), "name"));
		registered(w, n == 0 ? "" : code_of(w, n), "leader", names, sizeof(names));
		registered(w, n == 0 ? "" : code_of(w, n), "officer", names, sizeof(names));
		if (text_has(names, folded)) {
			w->list.sel = n;
			return true;
		}
	}
	return false;
}

static bool
hint(struct view *v, char *buf, size_t size)
{
	(void)v;
	hint_text(buf, size, _("D dialled  C roll call  G draw  Y swap  E number (two)  I import"));
	hint_lines(buf, size);
	return true;
}

static void
drop(struct view *v)
{
	struct roster_view *w = (struct roster_view *)v;

	json_decref(w->staff);
	json_decref(w->roster);
	json_decref(w->rolls);
	free(w);
}

static const struct view_ops roster_ops = {
	.feeds = FEED_BIT(FEED_STATUS),
	.free = drop,
	.title = title,
	.paint = paint,
	.key = key,
	.command = command,
	.load = load,
	.find = find,
	.hint = hint,
};

struct view *
view_roster_new(struct app *app)
{
	struct roster_view *w = xcalloc(1, sizeof(*w));

	w->v.ops = &roster_ops;
	w->v.app = app;
	w->list.n = 1;
	return &w->v;
}
