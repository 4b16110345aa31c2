/*
 * Screen 07: a directive and what each addressee has made of it.  The row says where it stands and what is to be done now (改电话); below it
 * are the ways of reaching that station, what was tried, and its own words; at the foot the totals with the names of those they lack.
 *
 * Keys are letters of this screen before they are commands of the desk: Q takes the directive back here.  N is a new one, U urges, D writes a
 * call down, K registers a signature by telephone, A adds, X says how it is exported.
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
#include "view_track.h"

#define MINUTE INT64_C(60000)
#define NEAR (18 * 60 * MINUTE)	/* a clock time means one instant within so long */
#define TEXT_ROWS 2	/* of the directive's words */
#define STEP_CELLS 26	/* of each thing that was tried */
#define DETAIL_ROWS 4	/* of the addressee the marker is on, at least */

struct track_view {
	struct view v;
	char id[MSGID_TEXT_MAX];
	json_t *shown;
	struct list list;
	char at[64];		/* station the marker is on */
	bool asked, again;
	char why[256];
};

static const json_t *
selected(const struct track_view *w)
{
	return json_array_get(jarray(w->shown, "rows"), w->list.sel);
}

static void track_load(struct view *);

static void
track_answer(struct view *v, void *arg, const json_t *answer, const struct fault *f)
{
	struct track_view *w = (struct track_view *)v;
	const json_t *r;
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
	v->exercise = jexercise(w->shown);
	w->list.n = jcount(jarray(w->shown, "rows"));
	json_array_foreach (jarray(w->shown, "rows"), i, r)
		if (*w->at && strcmp(jtext(r, "to"), w->at) == 0)
			w->list.sel = i;
	/* At first the marker is on who needs somebody to act. */
	for (i = 0; *w->at == '\0' && (r = json_array_get(jarray(w->shown, "rows"), i)) != NULL; i++)
		if (jflag(r, "late")) {
			w->list.sel = i;
			(void)snprintf(w->at, sizeof(w->at), "%s", jtext(r, "to"));
		}
	app_dirty(v->app);
	if (w->again)
		track_load(v);
}

static void
track_load(struct view *v)
{
	struct track_view *w = (struct track_view *)v;

	w->again = w->asked;
	if (w->asked)
		return;
	w->asked = true;
	app_ask(v->app, v, json_pack("{s:s, s:s}", "op", "track", "id", w->id), track_answer, NULL);
}

static void
track_title(struct view *v, char *buf, size_t size)
{
	const json_t *o = ((struct track_view *)v)->shown;
	char title[256];

	(void)snprintf(buf, size, "%s %s%s%s", *jtext(o, "type_name") ? jtext(o, "type_name") : _("Directive"), jtext(o, "number"),
	    *jtext(o, "number") ? " " : "", one_line(jtext(o, "title"), title, sizeof(title)));
}

/* ---- painting ---- */

/* Five cells: the clock of about today, else the day. */
static const char *
cell_time(int64_t ms, int64_t now, char buf[32])
{
	char text[24];

	(void)short_time(ms, now, text);
	(void)snprintf(buf, 32, "%.5s", *text == '\0' ? "-" : strlen(text) > 6 && ms - now < NEAR && now - ms < NEAR ? text + 6 : text);
	return buf;
}

static int
paint_head(const struct track_view *w, int row, int cols)
{
	const json_t *o = w->shown;
	int64_t now = app_now(w->v.app), due = jnum(o, "due"), left = (due - now) / MINUTE;
	char sent[24], until[24], text[1024];
	size_t n;

	n = (size_t)snprintf(text, sizeof(text), _("sent %s %s"), jtext(o, "from_name"), short_time(jnum(o, "sent"), now, sent));
	if (due && n < sizeof(text))
		n += (size_t)snprintf(text + n, sizeof(text) - n, left >= 0 ? _("  due %s, %lld min left") : _("  due %s, %lld min over"),
		    short_time(due, now, until), (long long)(left >= 0 ? left : -left));
	if (jnum(o, "every") && n < sizeof(text))
		n += (size_t)snprintf(text + n, sizeof(text) - n, _("  every %lld min"), (long long)jnum(o, "every"));
	if (*jtext(o, "leader") && n < sizeof(text))
		n += (size_t)snprintf(text + n, sizeof(text) - n, _("  instructed by %s"), jtext(o, "leader"));
	if (n < sizeof(text))
		(void)snprintf(text + n, sizeof(text) - n, _("  code %s"), jtext(o, "readback"));
	(void)term_put(row++, 1, cols - 2, TERM_PLAIN, text);
	if (jflag(o, "revoked")) {
		(void)snprintf(text, sizeof(text), _("TAKEN BACK %s %s: %s"), short_time(jnum(o, "revoked_at"), now, sent), jtext(o, "revoked_by"),
		    jtext(o, "revoked_why"));
		(void)term_put(row++, 1, cols - 2, TERM_ALERT, text);
	}
	return row;
}

/* The directive's words and what was added, at most so many rows. */
static int
paint_words(const struct track_view *w, int row, int rows, int cols)
{
	const json_t *added = jarray(w->shown, "appended"), *last = json_array_get(added, jcount(added) - 1);
	char words[2048], text[2100], at[24];
	const char *s = words;

	(void)one_line(jtext(w->shown, "text"), words, sizeof(words));
	if (jcount(added) > 0)
		rows--;
	for (int i = 0; i < rows && *s; i++) {
		int used;
		size_t n = text_clip(s, cols - 8, &used);

		(void)snprintf(text, sizeof(text), "%s %.*s%s", i == 0 ? _("orders") : "    ", (int)n, s, i + 1 == rows && s[n] ? ".." : "");
		(void)term_put(row++, 1, cols - 2, TERM_PLAIN, text);
		s += n;
	}
	if (jcount(added) > 0) {
		(void)snprintf(text, sizeof(text), _("added %zu, the last %s: %s (read %lld/%lld)"), jcount(added),
		    short_time(jnum(last, "at"), app_now(w->v.app), at), jtext(last, "text"), (long long)jnum(last, "read"), (long long)jnum(last, "total"));
		(void)term_put(row++, 1, cols - 2, TERM_STRONG, text);
	}
	return row;
}

static void
paint_row(const json_t *r, int row, int cols, int64_t now)
{
	const json_t *p = json_object_get(r, "proxy");
	bool alarm = jflag(r, "late");
	char at[32], text[256];

	(void)term_put(row, 1, 9, TERM_PLAIN, jtext(r, "to_name"));
	(void)snprintf(text, sizeof(text), "%s", jtext(r, "presence_name"));
	text[strcspn(text, "(")] = '\0';	/* the whole of it stands below */
	(void)term_put(row, 11, 8, TERM_PLAIN, text);
	(void)term_put(row, 20, 5, TERM_PLAIN, cell_time(jnum(r, "delivered"), now, at));
	(void)term_put(row, 26, 5, TERM_PLAIN, cell_time(jnum(r, "read"), now, at));
	if (jnum(r, "signed"))
		(void)snprintf(text, sizeof(text), "%s%s", cell_time(jnum(r, "signed"), now, at), jtext(r, "signer"));
	else if (p)
		(void)snprintf(text, sizeof(text), "%s%s", jtext(p, "word"),
		    term_cells(jtext(p, "word")) + term_cells(jtext(p, "recording")) <= 9 ? jtext(p, "recording") : "");	/* whole below */
	else
		(void)snprintf(text, sizeof(text), "-");
	(void)term_put(row, 32, 9, p && !jnum(r, "signed") ? TERM_STRONG : TERM_PLAIN, text);
	(void)term_put(row, 42, 5, TERM_PLAIN, cell_time(jnum(r, "taken") ? jnum(r, "taken") : strcmp(jtext(p, "act"), "taken") == 0 ? jnum(p, "at") : 0,
	    now, at));
	(void)term_put(row, 48, 10, TERM_PLAIN, *jtext(r, "progress_text") ? jtext(r, "progress_text") : "-");
	(void)term_put(row, 59, 5, TERM_PLAIN, cell_time(jnum(r, "next"), now, at));
	(void)term_put(row, 65, cols - 66, alarm ? TERM_ALERT : TERM_PLAIN, jtext(r, "state_name"));
}

static void
paint_columns(int row, int cols)
{
	static const struct { int col; const char *word; } heads[] = { { 1, N_("unit") }, { 11, N_("terminal") }, { 20, N_("deliv.") }, { 26, N_("seen") },
		{ 32, N_("signed for") }, { 42, N_("taken on") }, { 48, N_("progress") }, { 59, N_("next at") }, { 65, N_("stands") } };

	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		int end = i + 1 < sizeof(heads) / sizeof(heads[0]) ? heads[i + 1].col - 1 : cols - 1;

		(void)term_put(row, heads[i].col, end - heads[i].col, TERM_PLAIN, _(heads[i].word));
	}
}

/* What a way of reaching it is called: "卫星电话 138.. (验 07-30)". */
static void
way_text(const json_t *way, int64_t now, char *buf, size_t size)
{
	char at[24];

	if (strcmp(jtext(way, "kind"), "neighbour") == 0)
		(void)snprintf(buf, size, _("neighbour %s %s"), jtext(way, "name"), jtext(way, "phone"));
	else
		(void)snprintf(buf, size, "%s%s%s %s%s%s%s", strcmp(jtext(way, "kind"), "station") == 0 ? "" : jtext(way, "name"),
		    strcmp(jtext(way, "kind"), "station") == 0 ? "" : " ", jtext(way, "of_name"), jtext(way, "phone"),
		    jnum(way, "verified") ? _(" verified ") : "", short_time(jnum(way, "verified"), now, at), jflag(way, "stale") ? _(" (stale)") : "");
}

static int
paint_ways(const json_t *r, int row, int last, int cols, int64_t now)
{
	const json_t *way;
	char line[1024] = "", one[320];
	size_t i, n = 0, numbers = 0;

	json_array_foreach (jarray(r, "ways"), i, way) {
		numbers += *jtext(way, "phone") != '\0';
		way_text(way, now, one, sizeof(one));
		if (n > 0 && term_cells(line) + term_cells(one) + 4 > cols - 2 && row <= last) {
			(void)term_put(row++, 1, cols - 2, TERM_PLAIN, line);
			n = 0;
		}
		n += (size_t)snprintf(line + n, sizeof(line) - n, "%s%s", n > 0 ? "  " : i == 0 ? "" : "  ", one);
		if (n >= sizeof(line))
			n = sizeof(line) - 1;
	}
	if (*line && row <= last)
		(void)term_put(row++, 1, cols - 2, TERM_PLAIN, line);
	/* Neighbours without a number are no way of reaching it. */
	if (numbers == 0 && row <= last && (jflag(r, "late") || strcmp(jtext(r, "state"), "phone") == 0))
		(void)term_put(row++, 1, cols - 2, TERM_ALERT, _("no way of reaching it is known: the register has no number"));
	return row;
}

/* The addressee the marker is on, rows row..last. */
static void
paint_detail(const struct track_view *w, int row, int last, int cols)
{
	const json_t *r = selected(w), *p = json_object_get(r, "proxy"), *s;
	int64_t now = app_now(w->v.app);
	char text[1024], at[24];
	size_t i, n = 0;
	int used;

	if (!r)
		return;
	(void)snprintf(text, sizeof(text), "%s %s %s  %s", jtext(r, "to_name"), jtext(r, "presence_name"),
	    short_time(jnum(r, "presence_since"), now, at), jtext(r, "on_duty"));
	(void)term_put(row++, 1, cols - 2, TERM_STRONG, text);
	if (row <= last)
		row = paint_ways(r, row, last - 1, cols, now);
	if (p && row <= last) {
		(void)snprintf(text, sizeof(text), _("%s by telephone %s: %s, recording %s"), jtext(p, "act_name"), short_time(jnum(p, "at"), now, at),
		    jtext(p, "person"), jtext(p, "recording"));
		(void)term_put(row++, 1, cols - 2, TERM_PLAIN, text);
	}
	for (i = jcount(jarray(r, "steps")); i-- > 0;) {	/* the last thing tried first: it is what must not be cut off */
		s = json_array_get(jarray(r, "steps"), i);
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s %.*s", n > 0 ? "  " : "", short_time(jnum(s, "at"), now, at),
		    (int)text_clip(jtext(s, "text"), STEP_CELLS, &used), jtext(s, "text"));
		if (n >= sizeof(text))
			n = sizeof(text) - 1;
	}
	if (n > 0 && row <= last)
		(void)term_putf(row++, 1, cols - 2, TERM_PLAIN, _("tried  %s"), text);
	if (*jtext(r, "returned") && row <= last)
		(void)term_putf(row++, 1, cols - 2, TERM_PLAIN, _("returned: %s"), jtext(r, "returned"));
	if (jnum(r, "as_of") && row <= last)
		(void)term_putf(row, 1, cols - 2, TERM_PLAIN, "%s %s %s  %s", short_time(jnum(r, "as_of"), now, at), jtext(r, "progress_text"),
		    jtext(r, "text"), jtext(r, "person"));
}

static void
paint_totals(const struct track_view *w, int row, int rows, int cols)
{
	const json_t *t;
	size_t i;

	/* How many it counts stands at the end of the row and is never cut off; what is cut before it says so. */
	json_array_foreach (jarray(w->shown, "totals"), i, t)
		if ((int)i < rows) {
			int room = cols - 3 - term_cells(jtext(t, "coverage"));
			int used = term_putf(row + (int)i, 1, room - 1, TERM_PLAIN, "%s ", i == 0 ? _("in all") : "    ");
			bool cut = used + term_cells(jtext(t, "text")) > room - 1;

			(void)term_put(row + (int)i, 1 + used, room - 1 - used - (cut ? 2 : 0), TERM_PLAIN, jtext(t, "text"));
			if (cut)
				(void)term_put(row + (int)i, room - 2, 2, TERM_PLAIN, "..");
			(void)term_put(row + (int)i, room + 1, cols - 2 - room, TERM_PLAIN, jtext(t, "coverage"));
		}
	if (i == 0)
		(void)term_putf(row, 1, cols - 2, TERM_PLAIN, _("in all %lld  signed for %lld  done %lld  late %lld"), (long long)jnum(w->shown, "total"),
		    (long long)jnum(w->shown, "signed"), (long long)jnum(w->shown, "done"), (long long)jnum(w->shown, "late"));
}

static int
total_rows(const struct track_view *w)
{
	size_t n = jcount(jarray(w->shown, "totals"));

	return n < 1 ? 1 : n > 4 ? 4 : (int)n;
}

/* Rows of the list: what the head, one addressee and the totals leave. */
static int
list_rows(const struct track_view *w)
{
	int all = app_bottom_row(w->v.app) - app_top_row(w->v.app) + 1;
	int head = 1 + TEXT_ROWS + jflag(w->shown, "revoked") + 2;
	int rows = all - head - (1 + DETAIL_ROWS) - (1 + total_rows(w)), n = (int)w->list.n;

	if (rows < 2)
		rows = 2;
	return n > 0 && n < rows ? n : rows;
}

static void
track_paint(struct view *v)
{
	struct track_view *w = (struct track_view *)v;
	int row = app_top_row(v->app), cols = term_cols(), rows = list_rows(w), bottom = app_bottom_row(v->app), totals = total_rows(w);
	int64_t now = app_now(v->app);

	if (!w->shown) {
		(void)term_put(row, 1, cols - 2, TERM_PLAIN, w->why);
		return;
	}
	row = paint_head(w, row, cols);
	row = paint_words(w, row, TEXT_ROWS, cols);
	term_rule(row++, '-');
	paint_columns(row++, cols);
	list_fit(&w->list, rows);
	for (int i = 0; i < rows && w->list.top + (size_t)i < w->list.n; i++) {
		if (w->list.top + (size_t)i == w->list.sel) {
			(void)term_put(row + i, 0, 1, TERM_PLAIN, ">");
			v->cursor_row = row + i;
			v->cursor_col = 1;
		}
		paint_row(json_array_get(jarray(w->shown, "rows"), w->list.top + (size_t)i), row + i, cols, now);
	}
	row += rows;
	if (row < bottom - totals) {
		term_rule(row++, '-');
		paint_detail(w, row, bottom - totals - 1, cols);
	}
	term_rule(bottom - totals, '-');
	paint_totals(w, bottom - totals + 1, totals, cols);
}

/* ---- keys ---- */

static void
new_answer(struct view *v, void *arg, const json_t *answer, const struct fault *f)
{
	(void)arg;
	(void)f;
	if (app_top_view(v->app) == v)
		directive_open(v->app, answer);	/* without its incident it still can be given */
}

static void
new_directive(struct track_view *w)
{
	if (*jtext(w->shown, "incident") == '\0') {
		directive_open(w->v.app, NULL);
		return;
	}
	app_ask(w->v.app, &w->v, json_pack("{s:s, s:s, s:s}", "op", "show", "ref", jtext(w->shown, "incident"), "realm",
	    w->v.exercise ? "exercise" : "live"), new_answer, NULL);
}

static bool
mine(const struct track_view *w)
{
	if (strcmp(jtext(w->shown, "from"), app_station(w->v.app)) == 0)
		return true;
	app_note(w->v.app, true, _("only the station that gave the directive does that"));
	return false;
}

static bool
key_is(const struct key *k, char c)
{
	struct key named;

	return key_named(&c, 1, &named) && key_same(&named, k);
}

static bool
track_key(struct view *v, const struct key *k)
{
	struct track_view *w = (struct track_view *)v;
	const json_t *r = selected(w);

	if (!w->shown || k->code != TK_CHAR || k->pasted)
		return false;
	if (key_is(k, 'N')) {
		new_directive(w);
	} else if (key_is(k, 'X')) {
		app_note(v->app, false, _("to export: dutyctl track %s --csv > FILE"), jtext(w->shown, "id"));
	} else if (key_is(k, 'A')) {
		if (mine(w))
			act_order_append(v->app, v, w->shown);
	} else if (key_is(k, 'Q')) {
		if (mine(w) && jflag(w->shown, "revoked"))
			app_note(v->app, true, _("it has been taken back already"));
		else if (mine(w))
			act_order_revoke(v->app, v, w->shown);
	} else if (r && key_is(k, 'U')) {
		if (mine(w))
			act_order_chase(v->app, v, w->shown, r);
	} else if (r && key_is(k, 'D')) {
		if (mine(w))
			act_order_phone(v->app, v, w->shown, r);
	} else if (r && key_is(k, 'K')) {
		if (mine(w))
			act_order_proxy(v->app, v, w->shown, r);
	} else {
		return false;
	}
	return true;
}

static bool
track_command(struct view *v, enum command_id id)
{
	struct track_view *w = (struct track_view *)v;
	const json_t *r = selected(w);

	if (list_command(&w->list, id, list_rows(w))) {
		(void)snprintf(w->at, sizeof(w->at), "%s", jtext(selected(w), "to"));
		return true;
	}
	if (!w->shown)
		return false;
	switch (id) {
	case CMD_OPEN:	/* its last feedback, else the directive itself */
		app_push_view(v->app, view_message_new(v->app, *jtext(r, "feedback") ? jtext(r, "feedback") : jtext(w->shown, "id")));
		return true;
	case CMD_DIRECT:
		new_directive(w);
		return true;
	case CMD_CHASE:
		if (r && mine(w))
			act_order_chase(v->app, v, w->shown, r);
		return true;
	case CMD_PROXY:
		if (r && mine(w))
			act_order_proxy(v->app, v, w->shown, r);
		return true;
	case CMD_TRACK:
		return true;
	default:
		return false;
	}
}

static bool
track_hint(struct view *v, char *buf, size_t size)
{
	(void)v;
	hint_text(buf, size, _("N new U urge D call K by telephone A add Q take back X export"));
	hint_add(buf, size, CMD_BACK, _(" back"));
	hint_add(buf, size, CMD_HELP, _(" help"));
	return true;
}

static bool
track_find(struct view *v, const char *text)
{
	struct track_view *w = (struct track_view *)v;

	for (size_t i = 1; i <= w->list.n; i++) {
		size_t at = (w->list.sel + i) % w->list.n;
		const json_t *r = json_array_get(jarray(w->shown, "rows"), at);

		if (text_has(jtext(r, "to_name"), text) || text_has(jtext(r, "state_name"), text) || text_has(jtext(r, "to"), text)) {
			w->list.sel = at;
			(void)snprintf(w->at, sizeof(w->at), "%s", jtext(r, "to"));
			return true;
		}
	}
	return false;
}

static void
track_tick(struct view *v, int64_t now)
{
	struct track_view *w = (struct track_view *)v;

	/* What is late, and what is not known any more, changes by the clock alone. */
	if (w->shown && !w->asked && app_connected(v->app) && now / MINUTE != jnum(w->shown, "now") / MINUTE)
		track_load(v);
}

static void
track_free(struct view *v)
{
	json_decref(((struct track_view *)v)->shown);
	free(v);
}

static const struct view_ops track_ops = {
	.feeds = FEED_BIT(FEED_STATUS),
	.free = track_free,
	.title = track_title,
	.paint = track_paint,
	.key = track_key,
	.command = track_command,
	.load = track_load,
	.tick = track_tick,
	.hint = track_hint,
	.find = track_find,
};

struct view *
view_track_new(struct app *app, const char *id)
{
	struct track_view *w = xcalloc(1, sizeof(*w));

	w->v.ops = &track_ops;
	w->v.app = app;
	(void)snprintf(w->id, sizeof(w->id), "%s", id);
	return &w->v;
}
