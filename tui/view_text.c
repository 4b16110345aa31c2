/*
 * Screens that are text: one message in full, the station's state and links, the duty log.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../formats/buf.h"
#include "../formats/i18n.h"
#include "../formats/value.h"
#include "act.h"
#include "compose.h"
#include "message_text.h"
#include "util.h"

enum what { TEXT_MESSAGE, TEXT_STATUS, TEXT_LOG };

struct text_view {
	struct view v;
	enum what what;
	char id[MSGID_TEXT_MAX];
	json_t *answer;
	struct lines lines;
	int width;		/* the lines were made for */
};

/* What is wrong with the continuous numbers of a link; nothing where nothing is. */
static void
gap_lines(struct text_view *w, const json_t *link, int64_t now, int width)
{
	static const char *const members[] = { "in", "out" };
	char text[256], at[24];

	for (size_t i = 0; i < 2; i++) {
		const json_t *l = json_object_get(link, members[i]);
		bool in = i == 0;

		if (l == NULL)
			continue;
		if (jnum(l, "missing") > 0) {
			(void)snprintf(text, sizeof(text), in ? _("   ! %lld messages from there are missing here, since %s: asked for") :
			    _("   ! %lld messages are missing there, since %s"), (long long)jnum(l, "missing"),
			    short_time(jnum(l, "missing_since"), now, at));
			lines_add(&w->lines, "", text, width);
		}
		if (jnum(l, "beyond") > 0) {
			(void)snprintf(text, sizeof(text), _("   ! %lld messages from there are lost: that station cannot give them again"),
			    (long long)jnum(l, "beyond"));
			lines_add(&w->lines, "", text, width);
		}
		if (json_is_true(json_object_get(l, "differs")))
			lines_add(&w->lines, "", _("   ! the daily close of the two ends differs"), width);
	}
}

static void
status_lines(struct text_view *w)
{
	const json_t *s = app_feed(w->v.app, FEED_STATUS), *l, *a;
	int width = term_cols() - 2;
	int64_t now = app_now(w->v.app);
	char text[512], at[24], heard[24];
	size_t i, top = w->lines.top;

	lines_clear(&w->lines);
	(void)snprintf(text, sizeof(text), _("%s %s   messages %lld   incidents %lld   drafts %lld   quarantined %lld"), jtext(s, "name"),
	    jtext(s, "station"), (long long)jnum(s, "messages"), (long long)jnum(s, "incidents"), (long long)jnum(s, "drafts"),
	    (long long)jnum(s, "quarantine"));
	lines_add(&w->lines, "", text, width);
	if (json_object_get(s, "room") != NULL && jnum(s, "room") < 4) {
		(void)snprintf(text, sizeof(text), _("   ! the disk is nearly full; taken from now on: %s"), jtext(s, "room_name"));
		lines_add(&w->lines, "", text, width);
	}
	json_array_foreach (jarray(s, "links"), i, l) {
		const json_t *q = jarray(l, "queued");
		long long waiting = 0;

		for (size_t k = 0; k < jcount(q); k++)
			waiting += (long long)json_integer_value(json_array_get(q, k));
		(void)snprintf(text, sizeof(text), _("%zu  %s %s  %s since %s  waiting %lld  last heard %s  %s"), i + 1, jtext(l, "name"),
		    jtext(l, "station"), jtext(l, "state_name"), jnum(l, "since") ? short_time(jnum(l, "since"), now, at) : "-", waiting,
		    jnum(l, "last_heard") ? short_time(jnum(l, "last_heard"), now, heard) : "-", said(jtext(l, "why")));
		lines_add(&w->lines, "", text, width);
		if (*jtext(l, "presence_name")) {
			(void)snprintf(text, sizeof(text), "   %s  %s", jtext(l, "presence_name"), jtext(l, "on_duty"));
			lines_add(&w->lines, "", text, width);
		}
		gap_lines(w, l, now, width);
	}
	json_array_foreach (jarray(s, "alarms"), i, a) {
		(void)snprintf(text, sizeof(text), "%s  %s  %s", short_time(jnum(a, "at"), now, at), alarm_label(a), said(jtext(a, "detail")));
		lines_add(&w->lines, i == 0 ? _("alarms") : "", text, width);
	}
	w->lines.top = top;
}

static void
log_lines(struct text_view *w)
{
	const json_t *m;
	int64_t now = app_now(w->v.app);
	char label[32];
	size_t i;

	lines_clear(&w->lines);
	json_array_foreach (jarray(w->answer, "messages"), i, m)
		lines_add(&w->lines, short_time(jnum(m, "stored"), now, label), jtext(m, "text"), term_cols() - 2);
	if (w->lines.n == 0)
		lines_add(&w->lines, "", _("none"), term_cols() - 2);
	w->lines.top = w->lines.n;	/* the newest in sight: paint pulls it back */
}

static void
make(struct text_view *w)
{
	w->width = term_cols();
	switch (w->what) {
	case TEXT_MESSAGE:
		if (w->answer)
			lines_message(&w->lines, w->answer, app_codebook(w->v.app), app_now(w->v.app), term_cols() - 2);
		break;
	case TEXT_STATUS:
		status_lines(w);
		break;
	case TEXT_LOG:
		if (w->answer)
			log_lines(w);
		break;
	}
}

static void
text_answer(struct view *v, void *arg, const json_t *answer, const struct fault *f)
{
	struct text_view *w = (struct text_view *)v;

	(void)arg;
	if (!answer) {
		app_note_fault(v->app, f);
		return;
	}
	json_decref(w->answer);
	w->answer = json_deep_copy(answer);
	v->exercise = jexercise(answer);
	make(w);
	app_dirty(v->app);
}

static void
text_load(struct view *v)
{
	struct text_view *w = (struct text_view *)v;

	if (w->what == TEXT_MESSAGE)
		app_ask(v->app, v, json_pack("{s:s, s:s}", "op", "message", "id", w->id), text_answer, NULL);
	else if (w->what == TEXT_LOG)
		app_ask(v->app, v, json_pack("{s:s, s:i}", "op", "log", "limit", 200), text_answer, NULL);
}

static void
text_title(struct view *v, char *buf, size_t size)
{
	const struct text_view *w = (const struct text_view *)v;
	char title[256];

	(void)snprintf(buf, size, "%s", w->what == TEXT_STATUS ? _("Station and links") : w->what == TEXT_LOG ? _("Duty log") :
	    one_line(jtext(w->answer, "title"), title, sizeof(title)));
}

static void
text_paint(struct view *v)
{
	struct text_view *w = (struct text_view *)v;

	if (w->width != term_cols())
		make(w);
	lines_paint(&w->lines, app_top_row(v->app), app_bottom_row(v->app) - app_top_row(v->app) + 1);
	v->cursor_row = app_top_row(v->app);
}

static void
text_fed(struct view *v, enum feed f)
{
	struct text_view *w = (struct text_view *)v;

	if (f == FEED_STATUS && w->what == TEXT_STATUS)
		make(w);
}

static bool
text_command(struct view *v, enum command_id id)
{
	struct text_view *w = (struct text_view *)v;
	const json_t *m = w->answer;
	bool theirs = w->what == TEXT_MESSAGE && m && !jflag(m, "mine");

	if (lines_turn(&w->lines, id))
		return true;
	if (w->what == TEXT_LOG && id == CMD_LOG) {
		act_log(v->app, v, NULL);
		return true;
	}
	if (w->what == TEXT_STATUS && id == CMD_STATUS)
		return true;
	if (w->what == TEXT_MESSAGE && m && id == CMD_RULES) {
		app_push_view(v->app, view_explain_new(v->app, w->id));
		return true;
	}
	if (w->what == TEXT_MESSAGE && m && id == CMD_DESTROY) {
		act_destroy(v->app, v, m);
		return true;
	}
	if (w->what == TEXT_MESSAGE && m && id == CMD_RENDER && strcmp(jtext(m, "kind"), "report") == 0) {
		outputs_open(v->app, m);
		return true;
	}
	if (!theirs)
		return false;
	switch (id) {
	case CMD_SIGN:
		act_sign(v->app, v, m);
		return true;
	case CMD_TAKE:
		act_take(v->app, v, m);
		return true;
	case CMD_FEEDBACK:
		if (strcmp(jtext(m, "kind"), "directive") != 0)
			return false;
		feedback_open(v->app, m, w->id);
		return true;
	case CMD_SHOW:
		if (!*jtext(m, "incident"))
			return false;
		app_push_view(v->app, view_incident_new(v->app, jtext(m, "incident"), jexercise(m), jtext(m, "id")));
		return true;
	default:
		return false;
	}
}

static bool
text_key(struct view *v, const struct key *k)
{
	const struct text_view *w = (const struct text_view *)v;

	if (w->what != TEXT_MESSAGE || strcmp(jtext(w->answer, "kind"), "report") != 0 || k->pasted || k->code != TK_CHAR ||
	    (k->cp != 'p' && k->cp != 'P'))
		return false;
	phone_open(v->app, w->answer);
	return true;
}

static bool
text_find(struct view *v, const char *text)
{
	return lines_find(&((struct text_view *)v)->lines, text);
}

static bool
text_hint(struct view *v, char *buf, size_t size)
{
	const struct text_view *w = (const struct text_view *)v;

	if (w->what == TEXT_MESSAGE && w->answer && !jflag(w->answer, "mine")) {
		hint_add(buf, size, CMD_SIGN, _(" sign"));
		hint_add(buf, size, CMD_TAKE, _(" take on"));
		hint_add(buf, size, CMD_FEEDBACK, _(" feedback"));
	}
	if (w->what == TEXT_MESSAGE && strcmp(jtext(w->answer, "kind"), "report") == 0) {
		hint_add(buf, size, CMD_RENDER, _(" texts"));
		hint_key(buf, size, _("P script"));
	}
	if (w->what == TEXT_LOG)
		hint_add(buf, size, CMD_LOG, _(" log"));
	hint_lines(buf, size);
	return true;
}

static void
text_free(struct view *v)
{
	struct text_view *w = (struct text_view *)v;

	json_decref(w->answer);
	lines_clear(&w->lines);
	free(w);
}

static const struct view_ops text_ops = {
	.feeds = FEED_BIT(FEED_STATUS),
	.free = text_free,
	.title = text_title,
	.paint = text_paint,
	.key = text_key,
	.command = text_command,
	.fed = text_fed,
	.load = text_load,
	.hint = text_hint,
	.find = text_find,
};

static struct view *
text_new(struct app *app, enum what what, const char *id)
{
	struct text_view *w = xcalloc(1, sizeof(*w));

	w->v.ops = &text_ops;
	w->v.app = app;
	w->what = what;
	(void)snprintf(w->id, sizeof(w->id), "%s", id);
	return &w->v;
}

struct view *
view_message_new(struct app *app, const char *id)
{
	return text_new(app, TEXT_MESSAGE, id);
}

struct view *
view_status_new(struct app *app)
{
	return text_new(app, TEXT_STATUS, "");
}

struct view *
view_log_new(struct app *app)
{
	return text_new(app, TEXT_LOG, "");
}
