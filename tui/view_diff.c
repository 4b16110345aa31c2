/*
 * What differs between two versions of a station's reports, field by field, as the switch compares them (op diff).  Falls of
 * counts are marked; the arrows go through the versions.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../formats/buf.h"
#include "../formats/i18n.h"
#include "act.h"
#include "message_text.h"
#include "util.h"

struct diff_view {
	struct view v;
	char ref[MSGID_TEXT_MAX], number[96];
	char station[STATION_MAX];	/* "" = as the switch chooses */
	char id[MSGID_TEXT_MAX];	/* the report asked about; "" */
	int64_t from, to;		/* versions; 0 = the last two */
	json_t *answer;
	struct lines lines;
	int width;
	char why[256];
};

static void diff_load(struct view *);

static void
diff_lines(struct diff_view *w)
{
	const json_t *r;
	struct buf text = { 0 };
	char head[160];
	size_t i;

	w->width = term_cols();
	lines_clear(&w->lines);
	json_array_foreach (jarray(w->answer, "rows"), i, r) {
		const char *kind = jtext(r, "kind"), *source = jtext(r, "source_name");

		(void)snprintf(head, sizeof(head), "%s%s", jflag(r, "falls") ? _("FALLS ") : "", jtext(r, "name"));
		buf_clear(&text);
		if (strcmp(kind, "added") != 0)
			buf_printf(&text, "%s", *jtext(r, "old") ? jtext(r, "old") : "-");
		else
			buf_puts(&text, _("(nothing)"));
		buf_printf(&text, " -> %s", strcmp(kind, "removed") == 0 ? _("(nothing)") : *jtext(r, "new") ? jtext(r, "new") : "-");
		if (*source)
			buf_printf(&text, "  (%s)", source);
		if (jnum(r, "lines") > 1)
			buf_printf(&text, _("  line %lld of %lld"), (long long)jnum(r, "line"), (long long)jnum(r, "lines"));
		lines_add(&w->lines, head, buf_cstr(&text), term_cols() - 2);
	}
	if (w->lines.n == 0)
		lines_add(&w->lines, "", w->answer ? _("no field differs") : w->why, term_cols() - 2);
	buf_free(&text);
}

static void
diff_answer(struct view *v, void *arg, const json_t *answer, const struct fault *f)
{
	struct diff_view *w = (struct diff_view *)v;
	const json_t *e;
	size_t i;

	(void)arg;
	json_decref(w->answer);
	w->answer = NULL;
	w->why[0] = '\0';
	if (!answer)
		(void)one_line(f->text, w->why, sizeof(w->why));
	else
		w->answer = json_deep_copy(answer);
	diff_lines(w);
	app_dirty(v->app);
	/* The report the marker stood on, not the newest. */
	if (*w->id) {
		json_array_foreach (jarray(w->answer, "versions"), i, e)
			if (i > 0 && strcmp(jtext(e, "id"), w->id) == 0 && jnum(e, "version") != jnum(json_object_get(w->answer, "b"), "version")) {
				w->to = jnum(e, "version");
				w->from = 0;
				w->id[0] = '\0';
				diff_load(v);
				return;
			}
		w->id[0] = '\0';
	}
	if (w->to == 0)	/* a version that comes in now does not take this pair from under the reader's eyes */
		w->to = jnum(json_object_get(w->answer, "b"), "version");
}

static void
diff_load(struct view *v)
{
	struct diff_view *w = (struct diff_view *)v;
	json_t *r = json_pack("{s:s, s:s, s:s}", "op", "diff", "ref", w->ref, "realm", v->exercise ? "exercise" : "live");

	if (*w->station)
		(void)json_object_set_new(r, "station", json_string(w->station));
	if (w->from > 0)
		(void)json_object_set_new(r, "from", json_integer(w->from));
	if (w->to > 0)
		(void)json_object_set_new(r, "to", json_integer(w->to));
	app_ask(v->app, v, r, diff_answer, NULL);
}

static void
diff_title(struct view *v, char *buf, size_t size)
{
	const struct diff_view *w = (const struct diff_view *)v;
	const json_t *a = json_object_get(w->answer, "a"), *b = json_object_get(w->answer, "b");

	if (!w->answer)
		(void)snprintf(buf, size, _("Differences  %s"), w->number);
	else
		(void)snprintf(buf, size, _("Differences  %s %s  report %lld -> %lld"), w->number, jtext(w->answer, "station_name"),
		    (long long)jnum(a, "version"), (long long)jnum(b, "version"));
}

static void
version_line(const json_t *o, const char *what, int row, int64_t now)
{
	char at[24], reason[256];

	(void)term_putf(row, 1, term_cols() - 2, TERM_PLAIN, _("%s report %lld %s %s%s%s%s"), what, (long long)jnum(o, "version"),
	    jtext(o, "stage_name"), short_time(jnum(o, "at"), now, at), jflag(o, "withdrawn") ? _(" [withdrawn]") : "",
	    *jtext(o, "reason") ? _("  reason: ") : "", one_line(jtext(o, "reason"), reason, sizeof(reason)));
}

static void
diff_paint(struct view *v)
{
	struct diff_view *w = (struct diff_view *)v;
	int row = app_top_row(v->app), last = app_bottom_row(v->app);
	int64_t now = app_now(v->app);

	if (w->width != term_cols())
		diff_lines(w);
	v->cursor_row = row;
	if (w->answer) {
		version_line(json_object_get(w->answer, "a"), _("old"), row++, now);
		version_line(json_object_get(w->answer, "b"), _("new"), row++, now);
		term_rule(row++, '-');
	}
	lines_paint(&w->lines, row, last - row + 1);
}

/* The pair before or after. */
static bool
diff_turn(struct diff_view *w, int by)
{
	const json_t *versions = jarray(w->answer, "versions"), *e;
	int64_t now = jnum(json_object_get(w->answer, "b"), "version"), best = 0;
	size_t i;

	json_array_foreach (versions, i, e) {
		int64_t n = jnum(e, "version");

		if (i == 0)
			continue;	/* the first has none before it */
		if (by < 0 ? n < now && n > best : n > now && (best == 0 || n < best))
			best = n;
	}
	if (best == 0) {
		app_note(w->v.app, false, by < 0 ? _("there is no earlier pair") : _("there is no later pair"));
		return true;
	}
	w->to = best;
	w->from = 0;
	diff_load(&w->v);
	return true;
}

static bool
diff_key(struct view *v, const struct key *k)
{
	struct diff_view *w = (struct diff_view *)v;

	if (k->pasted || !w->answer)
		return false;
	if (k->code == TK_LEFT || (k->code == TK_CHAR && k->cp == '['))
		return diff_turn(w, -1);
	if (k->code == TK_RIGHT || (k->code == TK_CHAR && k->cp == ']'))
		return diff_turn(w, 1);
	return false;
}

static bool
diff_command(struct view *v, enum command_id id)
{
	struct diff_view *w = (struct diff_view *)v;

	if (lines_turn(&w->lines, id))
		return true;
	return id == CMD_DIFF || id == CMD_OPEN;
}

static bool
diff_find(struct view *v, const char *text)
{
	return lines_find(&((struct diff_view *)v)->lines, text);
}

static bool
diff_hint(struct view *v, char *buf, size_t size)
{
	(void)v;
	hint_text(buf, size, _("Left Right: other versions"));
	hint_lines(buf, size);
	return true;
}

static void
diff_free(struct view *v)
{
	struct diff_view *w = (struct diff_view *)v;

	json_decref(w->answer);
	lines_clear(&w->lines);
	free(w);
}

static const struct view_ops diff_ops = {
	.feeds = FEED_BIT(FEED_STATUS),
	.free = diff_free,
	.title = diff_title,
	.paint = diff_paint,
	.key = diff_key,
	.command = diff_command,
	.load = diff_load,
	.hint = diff_hint,
	.find = diff_find,
};

struct view *
view_diff_new(struct app *app, const json_t *incident, const json_t *line)
{
	struct diff_view *w = xcalloc(1, sizeof(*w));

	w->v.ops = &diff_ops;
	w->v.app = app;
	w->v.exercise = jexercise(incident);
	(void)snprintf(w->ref, sizeof(w->ref), "%s", jtext(incident, "id"));
	(void)snprintf(w->number, sizeof(w->number), "%s", jtext(incident, "number"));
	if (line && strcmp(jtext(line, "kind"), enum_by_value("kind", KIND_REPORT)->name) == 0) {
		(void)snprintf(w->station, sizeof(w->station), "%s", jtext(line, "from"));
		(void)snprintf(w->id, sizeof(w->id), "%s", jtext(line, "id"));
	}
	return &w->v;
}
