/*
 * Screen 01: what is owed and when it is due (times, never countdowns), the incidents, what came in.  The three panes are
 * always there; the digit that chooses one also gives it the rows.  Counters carry the pane's digit.
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
#include "message_text.h"
#include "util.h"
#include "view_overview.h"

enum pane { PANE_OWED, PANE_ARRIVALS, PANE_INCIDENTS, PANES };
static const enum pane order[PANES] = { PANE_OWED, PANE_INCIDENTS, PANE_ARRIVALS };	/* from the top */

#define OWED_CELLS 8	/* 书面首报 */

struct overview {
	struct view v;
	enum pane pane;
	struct list list[PANES];
	char at[PANES][MSGID_TEXT_MAX + 48];		/* id selected: kept when the rows move */
	bool resumed;				/* drafts under way were looked at */
	bool opened;				/* the arrival chosen was opened: the marker stays on it */
	bool all;				/* incidents put away are listed too */
	json_t *rows[PANES];			/* what each pane lists, references into the feeds */
};

static const json_t *
row_at(const struct overview *o, enum pane p, size_t i)
{
	return json_array_get(o->rows[p], i);
}

static size_t
rows_of(const struct overview *o, enum pane p)
{
	return jcount(o->rows[p]);
}

/* A directive or a log entry that stands alone is no incident; what somebody graded or reported on, or lacks its beginning, is one. */
static bool
is_incident(const json_t *r)
{
	const char *kind = jtext(r, "opener_kind");

	return *kind == '\0' || strcmp(kind, "intake") == 0 || strcmp(kind, "report") == 0 || jnum(r, "version") > 0 ||
	    *jtext(r, "grade") != '\0' || *jtext(r, "missing") != '\0';
}

/* Archived, or merged into another one: nobody has anything to do here any more. */
static bool
put_away(const json_t *r)
{
	const char *state = jtext(r, "state");

	return strcmp(state, "archived") == 0 || strcmp(state, "merged") == 0;
}

static void
add_incidents(json_t *rows, const json_t *feed, bool all)
{
	const json_t *r;
	size_t i;

	json_array_foreach (feed, i, r)
		if (is_incident(r) && (all || !put_away(r)))
			(void)json_array_append(rows, (json_t *)r);
}

/* What the panes list, from the feeds.  Incidents: live first, then exercise. */
static void
rows_make(struct overview *o)
{
	struct app *app = o->v.app;

	for (enum pane p = 0; p < PANES; p++)
		json_decref(o->rows[p]);
	o->rows[PANE_OWED] = json_incref((json_t *)app_feed(app, FEED_OWED));
	o->rows[PANE_ARRIVALS] = inbox_order(app_feed(app, FEED_INBOX));
	o->rows[PANE_INCIDENTS] = json_array();
	add_incidents(o->rows[PANE_INCIDENTS], app_feed(app, FEED_INCIDENTS), o->all);
	add_incidents(o->rows[PANE_INCIDENTS], app_feed(app, FEED_EXERCISE), o->all);
}

/* Several things may be owed for one message, and by several: `what` and `towards` keep them apart, so that the marker stays where it was. */
static void
row_id(enum pane p, const json_t *row, char *buf, size_t size)
{
	if (p == PANE_OWED)
		(void)snprintf(buf, size, "%s %.15s %s", jtext(row, "about"), jtext(row, "what"), jtext(row, "towards"));
	else
		(void)snprintf(buf, size, "%s", jtext(row, "id"));
}

static bool
is_row(enum pane p, const json_t *row, const char *id)
{
	char own[MSGID_TEXT_MAX + 48];

	row_id(p, row, own, sizeof(own));
	return strcmp(own, id) == 0;
}

static void
remember(struct overview *o, enum pane p)
{
	const json_t *row = row_at(o, p, o->list[p].sel);

	o->at[p][0] = '\0';
	if (row)
		row_id(p, row, o->at[p], sizeof(o->at[p]));
}

static void
overview_fed(struct view *v, enum feed f)
{
	struct overview *o = (struct overview *)v;
	const json_t *d;
	size_t i;

	rows_make(o);
	for (enum pane p = 0; p < PANES; p++) {
		o->list[p].n = rows_of(o, p);
		if (o->list[p].sel == 0 && p == PANE_ARRIVALS && !o->opened)
			continue;	/* at the top one stays with the newest */
		for (i = 0; *o->at[p] && i < o->list[p].n; i++)
			if (is_row(p, row_at(o, p, i), o->at[p])) {
				o->list[p].sel = i;
				break;
			}
		if (o->list[p].sel >= o->list[p].n)
			o->list[p].sel = o->list[p].n > 0 ? o->list[p].n - 1 : 0;
	}
	if (f != FEED_DRAFTS || o->resumed)
		return;
	/* Sent when a desk went away and never answered: again, under the same request id. */
	o->resumed = true;
	json_array_foreach (app_feed(v->app, FEED_DRAFTS), i, d) {
		const json_t *j = json_object_get(d, "json");

		if (jflag(j, "sending"))
			compose_resume(v->app, jtext(d, "rid"), j);
	}
}

static size_t
unsigned_count(const struct app *app)
{
	const json_t *m;
	size_t i, n = 0;

	json_array_foreach (app_feed(app, FEED_INBOX), i, m)
		n += jflag(m, "attention") && strcmp(jtext(m, "demands"), "signed") == 0;
	return n;
}

/* Unread warnings, whatever they ask for; those of exercises apart. */
static size_t
unread_warnings(const struct app *app, bool exercise)
{
	const json_t *m;
	size_t i, n = 0;

	json_array_foreach (app_feed(app, FEED_INBOX), i, m)
		n += strcmp(jtext(m, "kind"), "warning") == 0 && strcmp(jtext(m, "state"), "unread") == 0 && jexercise(m) == exercise;
	return n;
}

/* The room and who is responsible in it; until somebody has signed on, its code. */
static void
overview_title(struct view *v, char *buf, size_t size)
{
	const json_t *on = json_object_get(app_feed(v->app, FEED_STATUS), "on_duty"), *p;
	const char *name = app_hello(v->app, "name");
	size_t i, n;

	(void)snprintf(buf, size, "%s %s", *name ? name : "dutydesk", app_station(v->app));
	if (jcount(jarray(on, "persons")) == 0)
		return;
	(void)snprintf(buf, size, "%s  %s ", *name ? name : app_station(v->app), jtext(on, "shift"));
	json_array_foreach (jarray(on, "persons"), i, p) {
		n = strlen(buf);
		(void)snprintf(buf + n, size - n, "%s%s", i > 0 ? "/" : "", json_is_string(p) ? json_string_value(p) : jtext(p, "name"));
	}
	n = strlen(buf);
	if (*jtext(on, "leader"))
		(void)snprintf(buf + n, size - n, _("  leader %s"), jtext(on, "leader"));
}

static int
pane_rows(const struct overview *o, enum pane p)
{
	/* heading and counters, rules and pane headings take 6 of the view's rows */
	int room = app_bottom_row(o->v.app) - app_top_row(o->v.app) + 1 - 2 - 3 - 2 - 1;
	int small = room / 4 > 2 ? room / 4 : 2;

	return p == o->pane ? room - 2 * small : small;
}

static void
paint_owed(const struct json_t *r, int row, int cols, int64_t now)
{
	char due[24], origin[24], title[256], what[400];
	int pad;
	int64_t at = jnum(r, "due");
	bool late = at != 0 && at < now;

	(void)term_put(row, 1, 11, late ? TERM_ALERT : TERM_PLAIN, short_time(at, now, due));
	if (late)
		(void)term_put(row, 13, 4, TERM_ALERT, _("LATE"));
	pad = OWED_CELLS - text_cells(owed_label(r));	/* the titles stand in one column */
	(void)snprintf(what, sizeof(what), "%s%s%*s %s %s", jexercise(r) ? _("[EXERCISE] ") : "", owed_label(r), pad > 0 ? pad : 0, "",
	    jtext(r, "number"), one_line(jtext(r, "title"), title, sizeof(title)));
	(void)term_put(row, 18, cols - 18 - 26, TERM_PLAIN, what);
	(void)term_put(row, cols - 25, 12, TERM_PLAIN, jtext(r, "towards_name"));
	(void)term_putf(row, cols - 12, 11, TERM_PLAIN, "%s", short_time(jnum(r, "origin"), now, origin));
}

static void
paint_incident(const struct json_t *r, int row, int cols, int64_t now)
{
	char at[24], title[256], grade[160];
	const char *state = jtext(r, "state_name");

	(void)term_put(row, 1, 11, TERM_PLAIN, short_time(jnum(r, "changed"), now, at));
	(void)term_put(row, 13, 15, TERM_PLAIN, jtext(r, "number"));
	(void)term_putf(row, 29, cols - 29 - 31, TERM_PLAIN, "%s%s", jexercise(r) ? _("[EXERCISE] ") : "",
	    one_line(*jtext(r, "title") ? jtext(r, "title") : jtext(r, "place"), title, sizeof(title)));
	(void)term_put(row, cols - 30, 12, TERM_PLAIN, jtext(r, "type_name"));
	(void)snprintf(grade, sizeof(grade), "%s%s", *jtext(r, "grade") ? jtext(r, "grade_name") : _("not graded"),
	    jflag(r, "conflict") ? _(" differs") : *state || !jflag(r, "final") ? "" : _(" final"));
	if (strcmp(jtext(r, "state"), "handling") == 0)
		state = "";	/* as it should be */
	if (jnum(r, "signatures_owed") > 0)
		state = _("signature owed");
	(void)term_putf(row, cols - 17, 17, jnum(r, "signatures_owed") > 0 ? TERM_STRONG : TERM_PLAIN, "%s%s%s", grade, *state ? " " : "", state);
}

static void
paint_arrival(const struct json_t *r, int row, int cols, int64_t now)
{
	char at[24], title[256];
	bool open = jflag(r, "attention");

	(void)term_put(row, 1, 11, TERM_PLAIN, short_time(jnum(r, "at"), now, at));
	(void)term_put(row, 13, 5, open ? TERM_STRONG : TERM_PLAIN, jtext(r, "precedence_name"));
	(void)term_put(row, 19, 14, TERM_PLAIN, jtext(r, "from_name"));
	(void)term_putf(row, 34, cols - 34 - 10, open ? TERM_STRONG : TERM_PLAIN, "%s%s", jexercise(r) ? _("[EXERCISE] ") : "",
	    subject(message_corrects(r) ? "" : jtext(r, "kind_name"), jtext(r, "title"), title, sizeof(title)));
	(void)term_put(row, cols - 9, 9, open ? TERM_STRONG : TERM_PLAIN,
	    jflag(r, "recalled") ? _("recalled") : jflag(r, "corrected") ? _("corrected") : jtext(r, "state_name"));
}

static void
paint_pane(struct overview *o, enum pane p, int row, int rows)
{
	static const char *const head[PANES] = { N_("due"), N_("came in"), N_("changed") };
	static const char *const what[PANES] = { N_("[1] owed"), N_("[2] arrived"), N_("[3] incidents") };
	const char *name = p == PANE_INCIDENTS && o->all ? _("[3] all incidents") : _(what[p]);
	struct list *l = &o->list[p];
	int cols = term_cols();
	int64_t now = app_now(o->v.app);
	char position[64];

	list_fit(l, rows);
	(void)term_putf(row, 1, 11, TERM_PLAIN, "%s", _(head[p]));
	(void)term_putf(row, 13, cols - 13, TERM_PLAIN, "%s%s", name, list_position(l, rows, position, sizeof(position)));
	if (p == PANE_OWED) {
		(void)term_put(row, cols - 25, 12, TERM_PLAIN, _("towards"));
		(void)term_put(row, cols - 12, 11, TERM_PLAIN, _("clock from"));
	}
	row++;
	if (l->n == 0)
		(void)term_put(row, 1, cols - 2, TERM_PLAIN, app_feed(o->v.app, FEED_OWED) ? _("none") : "");
	for (int i = 0; i < rows && l->top + (size_t)i < l->n; i++) {
		const json_t *r = row_at(o, p, l->top + (size_t)i);
		bool sel = p == o->pane && l->top + (size_t)i == l->sel;

		if (sel) {
			(void)term_put(row + i, 0, 1, TERM_PLAIN, ">");
			o->v.cursor_row = row + i;
			o->v.cursor_col = 1;
		}
		if (p == PANE_OWED)
			paint_owed(r, row + i, cols, now);
		else if (p == PANE_INCIDENTS)
			paint_incident(r, row + i, cols, now);
		else
			paint_arrival(r, row + i, cols, now);
	}
}

/* Many digits push the last counter off the row: the brackets keep them apart without the blanks, too. */
static void
squeeze(char *s)
{
	char *to = s;

	for (; *s; s++)
		if (*s != ' ' || s[1] != '[')
			*to++ = *s;
	*to = '\0';
}

static void
overview_paint(struct view *v)
{
	struct overview *o = (struct overview *)v;
	struct app *app = v->app;
	const json_t *status = app_feed(app, FEED_STATUS), *alarms = jarray(status, "alarms");
	int row = app_top_row(app), cols = term_cols();
	size_t n = jcount(alarms), exercises = unread_warnings(app, true);
	char practice[48] = "", zeros[48] = "", counters[400];

	if (overview_zeros(app) > 0)
		(void)snprintf(zeros, sizeof(zeros), _(" %zu MISSING"), overview_zeros(app));
	if (exercises > 0)
		(void)snprintf(practice, sizeof(practice), _(" exercise %zu"), exercises);
	(void)snprintf(counters, sizeof(counters), _("[1]owed %zu [2]unsigned %zu [3]incidents %zu [4]warnings %zu%s [5]drafts %zu [6]links [7]orders %zu [8]zero%s"),
	    jcount(app_feed(app, FEED_OWED)), unsigned_count(app), rows_of(o, PANE_INCIDENTS), unread_warnings(app, false), practice,
	    jcount(app_feed(app, FEED_DRAFTS)), overview_orders(app), zeros);
	if (!app_feed(app, FEED_OWED))	/* not known is not none */
		(void)snprintf(counters, sizeof(counters), "%s",
		    _("[1]owed ? [2]unsigned ? [3]incidents ? [4]warnings ? [5]drafts ? [6]links [7]orders ? [8]zero ?"));
	if (term_cells(counters) > cols - 2)
		squeeze(counters);
	(void)term_put(row++, 1, cols - 2, TERM_PLAIN, counters);
	term_rule(row++, '-');
	for (size_t i = 0; i < PANES; i++) {
		int rows = pane_rows(o, order[i]);

		paint_pane(o, order[i], row, rows);
		row += rows + 1;
		if (i + 1 < PANES)
			term_rule(row++, '-');
	}
	if (n > 0) {
		const json_t *a = json_array_get(alarms, n - 1);
		char at[24];

		(void)term_putf(app_bottom_row(app), 1, cols - 2, TERM_ALERT, _("ALARM %s %s %s (%zu)"),
		    short_time(jnum(a, "at"), app_now(app), at), alarm_label(a), said(jtext(a, "detail")), n);
	} else if (status) {
		(void)term_putf(app_bottom_row(app), 1, cols - 2, TERM_PLAIN, _("not yet delivered %lld  returned %lld  waiting to be sent %lld"),
		    (long long)jnum(status, "open_deliveries"), (long long)jnum(status, "returned"), (long long)jnum(status, "outbox"));
	}
}

static bool
owes(const json_t *r, const char *what)
{
	return strcmp(jtext(r, "what"), what) == 0;
}

/* The message a row is about, in the shape act.c reads; an item of `owed` knows less of it than the inbox.  Caller decrefs; NULL: none. */
static json_t *
message_of(const struct overview *o, const json_t *r)
{
	const char *about = jtext(r, "about");
	const json_t *m;
	json_t *copy;
	size_t i;

	if (!r || o->pane == PANE_INCIDENTS)
		return NULL;
	if (o->pane == PANE_ARRIVALS)
		return json_incref((json_t *)r);
	if (!*about || (!owes(r, "read") && !owes(r, "sign") && !owes(r, "feedback") && !owes(r, "verify") && !owes(r, "returned")))
		return NULL;	/* a deed of one's own is owed: nothing to sign for */
	json_array_foreach (app_feed(o->v.app, FEED_INBOX), i, m)
		if (strcmp(jtext(m, "id"), about) == 0)
			return json_incref((json_t *)m);
	copy = json_deep_copy(r);
	(void)json_object_set_new(copy, "id", json_string(about));
	return copy;
}

/* An undetermined grade that is asked for again: the grading screen over its incident. */
static void
grade_owed(struct app *app, const json_t *row)
{
	const json_t *r;
	size_t i;

	json_array_foreach (app_feed(app, jexercise(row) ? FEED_EXERCISE : FEED_INCIDENTS), i, r)
		if (strcmp(jtext(r, "id"), jtext(row, "incident")) == 0) {
			app_push_view(app, view_grade_new(app, r));
			return;
		}
}

static void
open_selected(struct overview *o)
{
	const json_t *r = row_at(o, o->pane, o->list[o->pane].sel);
	struct app *app = o->v.app;

	if (!r)
		return;
	if (o->pane == PANE_INCIDENTS)
		app_push_view(app, view_incident_new(app, jtext(r, "id"), jexercise(r), ""));
	else if (o->pane == PANE_ARRIVALS) {
		remember(o, PANE_ARRIVALS);
		o->opened = true;
		app_push_view(app, view_inbox_new(app, jtext(r, "id")));
	}
	else if (overview_open_duty(app, r))
		return;
	else if (*jtext(r, "incident")) {
		json_t *row = json_incref((json_t *)r);

		app_push_view(app, view_incident_new(app, jtext(r, "incident"), jexercise(r), jtext(r, "about")));
		if (owes(row, "phone"))	/* over the incident it is about */
			act_phone(app, app_top_view(app), row);
		else if (owes(row, "grade"))
			grade_owed(app, row);
		json_decref(row);
	} else if (*jtext(r, "about"))
		app_push_view(app, view_message_new(app, jtext(r, "about")));
}

static bool
choose_pane(struct overview *o, enum pane p)
{
	o->pane = p;
	return true;
}

/* Incidents archived or merged away: out of the list, never out of reach. */
static void
list_all(struct overview *o)
{
	o->all = !o->all;
	overview_fed(&o->v, FEED_INCIDENTS);
	app_note(o->v.app, false, "%s", o->all ? _("all incidents, those archived and merged away too") : _("incidents being handled"));
}

static bool
overview_key(struct view *v, const struct key *k)
{
	struct app *app = v->app;
	const struct overview *o = (const struct overview *)v;
	const json_t *r = row_at(o, o->pane, o->list[o->pane].sel);
	uint32_t c = k->cp >= 0xff10 && k->cp <= 0xff19 ? k->cp - 0xff10 + '0' : k->cp;

	if (k->code == TK_TAB)
		return choose_pane((struct overview *)v, (((struct overview *)v)->pane + 2) % PANES);
	if (phone_key(k)) {
		if (o->pane == PANE_OWED && r && owes(r, "phone"))
			act_phone(app, v, r);
		else
			app_note(app, true, _("choose a telephone report that is owed, or open its incident"));
		return true;
	}
	if (k->code != TK_CHAR || k->pasted)
		return false;
	switch (c) {
	case '1':
		return choose_pane((struct overview *)v, PANE_OWED);
	case '2':
		return choose_pane((struct overview *)v, PANE_ARRIVALS);
	case '3':
		return choose_pane((struct overview *)v, PANE_INCIDENTS);
	case '4':
		app_push_view(app, view_inbox_new(app, "warning"));
		return true;
	case '5':
		app_push_view(app, view_drafts_new(app));
		return true;
	case '6':
		app_push_view(app, view_status_new(app));
		return true;
	case '7':
		app_push_view(app, view_orders_new(app));
		return true;
	case '8':
		app_push_view(app, view_zeros_new(app));
		return true;
	case 'a':
	case 'A':
		if (o->pane != PANE_INCIDENTS)
			return false;
		list_all((struct overview *)v);
		return true;
	default:
		return false;
	}
}

static bool
overview_command(struct view *v, enum command_id id)
{
	struct overview *o = (struct overview *)v;
	const json_t *r = row_at(o, o->pane, o->list[o->pane].sel);
	json_t *m;

	if (list_command(&o->list[o->pane], id, pane_rows(o, o->pane))) {
		if (o->pane == PANE_ARRIVALS)
			o->opened = false;
		remember(o, o->pane);
		return true;
	}
	switch (id) {
	case CMD_OPEN:
		open_selected(o);
		return true;
	case CMD_OVERVIEW:
		return true;
	case CMD_OWED:
		return choose_pane(o, PANE_OWED);
	case CMD_LIST:
		return choose_pane(o, PANE_INCIDENTS);
	case CMD_INTAKE:
		intake_open(v->app);
		return true;
	case CMD_DIRECT:
		directive_open(v->app, NULL);
		return true;
	case CMD_SIGN:
	case CMD_TAKE:
		m = message_of(o, r);
		if (!m)
			return false;
		(id == CMD_SIGN ? act_sign : act_take)(v->app, v, m);
		json_decref(m);
		return true;
	case CMD_FEEDBACK:
		m = message_of(o, r);
		if (!m || !(o->pane == PANE_OWED ? owes(r, "feedback") : strcmp(jtext(m, "kind"), "directive") == 0)) {
			json_decref(m);
			return false;
		}
		feedback_open(v->app, m, jtext(m, "id"));
		json_decref(m);
		return true;
	case CMD_RULES:
		if (!r)
			return false;
		app_push_view(v->app, view_explain_new(v->app, *jtext(r, "about") ? jtext(r, "about") : jtext(r, "id")));
		return true;
	case CMD_LOG:
		act_log(v->app, v, NULL);
		return true;
	default:
		return false;
	}
}

static bool
overview_find(struct view *v, const char *text)
{
	struct overview *o = (struct overview *)v;
	struct list *l = &o->list[o->pane];

	for (size_t i = 1; i <= l->n; i++) {
		size_t at = (l->sel + i) % l->n;
		const json_t *r = row_at(o, o->pane, at);

		if (text_has(jtext(r, "title"), text) || text_has(jtext(r, "number"), text) || text_has(jtext(r, "from_name"), text) ||
		    text_has(jtext(r, "place"), text) || (o->pane == PANE_OWED && text_has(owed_label(r), text))) {
			l->sel = at;
			remember(o, o->pane);
			return true;
		}
	}
	return false;
}

static bool
overview_hint(struct view *v, char *buf, size_t size)
{
	const struct overview *o = (const struct overview *)v;
	const json_t *r = row_at(o, o->pane, o->list[o->pane].sel);
	json_t *m = message_of(o, r);

	hint_add(buf, size, CMD_OPEN, _(" open"));
	hint_text(buf, size, _("1-8 panes"));
	if (o->pane == PANE_INCIDENTS)
		hint_key(buf, size, o->all ? _("A handled only") : _("A all"));
	hint_add(buf, size, CMD_INTAKE, _(" intake"));
	hint_add(buf, size, CMD_FIND, _(" find"));
	hint_add(buf, size, CMD_PALETTE, _(" commands"));
	if (m)
		hint_add(buf, size, CMD_SIGN, _(" sign"));
	if (o->pane == PANE_OWED && r && owes(r, "phone"))
		hint_key(buf, size, _("F8 phone"));
	json_decref(m);
	hint_add(buf, size, CMD_DIRECT, _(" directive"));
	hint_add(buf, size, CMD_HELP, _(" help"));
	hint_add(buf, size, CMD_QUIT, _(" quit"));
	return true;
}

static void
overview_free(struct view *v)
{
	struct overview *o = (struct overview *)v;

	for (enum pane p = 0; p < PANES; p++)
		json_decref(o->rows[p]);
	free(v);
}

static const struct view_ops overview_ops = {
	.feeds = FEED_BIT(FEED_INBOX) | FEED_BIT(FEED_OWED) | FEED_BIT(FEED_INCIDENTS) |
	    FEED_BIT(FEED_EXERCISE) | FEED_BIT(FEED_STATUS) | FEED_BIT(FEED_DRAFTS),
	.free = overview_free,
	.title = overview_title,
	.paint = overview_paint,
	.key = overview_key,
	.command = overview_command,
	.fed = overview_fed,
	.hint = overview_hint,
	.find = overview_find,
};

struct view *
view_overview_new(struct app *app)
{
	struct overview *o = xcalloc(1, sizeof(*o));

	o->v.ops = &overview_ops;
	o->v.app = app;
	return &o->v;
}
