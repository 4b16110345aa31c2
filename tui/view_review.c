/*
 * A draft under review, as who checks or signs it reads it: the text as it will be sent, what was done with it so far, and
 * the strip of review.h below.  Nothing is changed here; to change a word is to take it back to a draft, and that is said
 * before.  The steps are digits, function keys and letters (chain.h).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "../formats/body.h"
#include "../formats/buf.h"
#include "../formats/i18n.h"
#include "../formats/json.h"
#include "../formats/value.h"
#include "chain.h"
#include "compose.h"
#include "message_text.h"
#include "prompt.h"
#include "util.h"

struct review_view {
	struct view v;
	char rid[192];
	char state[128];	/* as last shown: of a draft that has gone since */
	char incident[MSGID_TEXT_MAX], number[96];
	struct lines lines;
	struct review strip;
	struct body *body;	/* as last read; NULL: none yet */
	int width;
	bool gone, asked;
	char ended[256];	/* what became of it at another desk, "" = not known */
};

static const struct view_ops review_ops;

bool
view_review_shows(const struct view *v, const char *rid)
{
	return v && v->ops == &review_ops && strcmp(((const struct review_view *)v)->rid, rid) == 0;
}

static void
add_body(struct review_view *w)
{
	const struct codebook *cb = app_codebook(w->v.app);
	const struct field *f;

	for (size_t i = 0; (f = field_at(i)) != NULL; i++) {
		const struct value *v = body_first(w->body, f->key);
		struct buf text = { 0 };

		if (!v || (f->flags & FF_HEADER) || f->key == F_KIND || f->key == F_INCIDENT || f->key == F_PARENTS || f->key == F_REFS)
			continue;
		for (; v; v = body_next(w->body, v)) {
			if (text.n > 0)
				buf_puts(&text, f->flags & FF_LINES ? "\n" : "  ");
			value_format(&text, v, cb, i18n_zh());
		}
		if (*f->arg && field_decimals(f) >= 0)
			buf_printf(&text, " %s", f->arg);
		lines_add(&w->lines, field_label(f), buf_cstr(&text), w->width);
		buf_free(&text);
	}
}

/* The switch refuses a step on it, and says who was quicker. */
static void
became(struct view *owner, void *arg, const json_t *answer, const struct fault *f)
{
	struct review_view *w = (struct review_view *)owner;

	(void)arg;
	if (answer || f->code == EX_TEMPFAIL)
		return;
	(void)one_line(f->text, w->ended, sizeof(w->ended));
	app_note(w->v.app, false, _("this draft: %s"), w->ended);
}

/* A step without its person is never done: only what became of the draft is asked. */
static void
ask_ended(struct review_view *w)
{
	if (w->asked || !app_connected(w->v.app) || app_draft_has_ended(w->v.app, w->rid))
		return;
	w->asked = true;
	app_ask(w->v.app, &w->v, json_pack("{s:s, s:s, s:s}", "op", "draft_move", "rid", w->rid, "event", "pass"), became, NULL);
}

static void
make(struct review_view *w)
{
	const json_t *d = chain_draft(w->v.app, w->rid), *step;
	int64_t now = app_now(w->v.app);
	size_t i, top = w->lines.top;
	char line[400], at[24];

	w->width = term_cols() - 2;
	w->gone = app_feed(w->v.app, FEED_DRAFTS) && (!d || app_draft_has_ended(w->v.app, w->rid));
	if (w->gone)	/* sent or thrown away elsewhere: what was read stays to be read */
		ask_ended(w);
	if (w->gone || !d)
		return;
	w->asked = false;
	w->ended[0] = '\0';
	body_free(w->body);
	w->body = chain_body(w->v.app, d);
	w->v.exercise = chain_exercise(d);
	(void)snprintf(w->state, sizeof(w->state), "%s", jtext(d, "state_name"));
	(void)snprintf(w->incident, sizeof(w->incident), "%s", jtext(json_object_get(d, "json"), "incident"));
	(void)snprintf(w->number, sizeof(w->number), "%s", jtext(json_object_get(d, "json"), "number"));
	lines_clear(&w->lines);
	add_body(w);
	json_array_foreach (jarray(d, "trail"), i, step)
		lines_add(&w->lines, i == 0 ? _("steps") : " ", chain_trail_line(step, now, line, sizeof(line)), w->width);
	if (jnum(d, "unsigned_from") > 0) {
		(void)snprintf(line, sizeof(line), _("in order from %s, or when another number was tried"),
		    short_time(jnum(d, "unsigned_from"), now, at));
		lines_add(&w->lines, _("sent before signature"), chain_unsigned_ok(d, now) ? _("in order now") : line, w->width);
	}
	w->lines.top = top < w->lines.n ? top : 0;
}

static void
ask(struct review_view *w)
{
	if (!w->body || w->strip.asking || !app_connected(w->v.app))
		return;
	review_ask(&w->strip, json_from_body(w->body), w->v.exercise);
}

static void
review_title(struct view *v, char *buf, size_t size)
{
	const struct review_view *w = (const struct review_view *)v;
	const json_t *d = w->gone ? NULL : chain_draft(v->app, w->rid);
	char state[256];

	if (!d)
		(void)snprintf(buf, size, "%s", *w->ended ? w->ended : _("draft: sent or removed meanwhile"));
	else
		(void)snprintf(buf, size, "%.60s %s  %s", jtext(json_object_get(json_object_get(d, "json"), "fields"),
		    field_by_key(F_STAGE)->name), w->number, chain_state(d, app_now(v->app), state, sizeof(state)));
}

static void
review_view_paint(struct view *v)
{
	struct review_view *w = (struct review_view *)v;
	int top = app_top_row(v->app), bottom = app_bottom_row(v->app), cols = term_cols(), strip;

	if (w->width != cols - 2)
		make(w);
	strip = review_rows(&w->strip);
	lines_paint(&w->lines, top, bottom - top + 1 - (strip > 0 ? strip + 1 : 0));
	if (strip > 0) {
		term_rule(bottom - strip, '-');
		review_paint(&w->strip, bottom - strip + 1, cols);
	}
	v->cursor_row = top;
}

static void
review_fed(struct view *v, enum feed f)
{
	if (f == FEED_DRAFTS)
		make((struct review_view *)v);
}

static void
review_load(struct view *v)
{
	struct review_view *w = (struct review_view *)v;

	make(w);
	ask(w);
}

/* It is a draft again: open it, where the desk still stands. */
static void
taken_back(struct app *app, json_t *context, const json_t *answer, const struct fault *f)
{
	const char *rid = jtext(context, "rid");
	struct view *top = app_top_view(app);
	struct compose *c;

	app_want(app, FEED_DRAFTS);
	if (!answer) {
		app_note_fault(app, f);
		return;
	}
	if (!view_review_shows(top, rid))
		return;
	if (!(c = compose_restore(app, rid, json_object_get(context, "json")))) {
		app_note(app, true, _("this draft belongs to another version of the desk"));
		return;
	}
	app_pop_view(app, top);
	app_push_view(app, compose_view(c));
}

/* The switch takes no changed text of a draft under review without this. */
static void
edit_confirmed(struct view *v, void *arg, const char *const *value)
{
	struct review_view *w = (struct review_view *)v;
	const json_t *d = w->gone ? NULL : chain_draft(v->app, w->rid), *json = json_object_get(d, "json");

	(void)arg;
	(void)value;
	if (!d) {
		app_note(v->app, true, "%s", *w->ended ? w->ended : _("that draft is no longer there"));
		return;
	}
	app_submit(v->app, json_pack("{s:s, s:s, s:s}", "op", "draft_move", "rid", w->rid, "event", "edit"), taken_back,
	    json_pack("{s:s, s:o}", "rid", w->rid, "json", json_deep_copy(json)));
}

static void
ask_edit(struct review_view *w)
{
	struct prompt *p = prompt_new(w->v.app, &w->v, _("change the text: it becomes a draft again"), edit_confirmed, NULL);

	prompt_info(p, _("the first change takes away the check; it must be submitted again"));
	prompt_confirm(p, _("change it? 1 = yes "));
	app_prompt(w->v.app, p);
}

/* The digits of the hint, full-width too. */
static enum chain_step
digit_step(const struct key *k, char *digit)
{
	static const enum chain_step steps[] = { CHAIN_PASS, CHAIN_RETURN, CHAIN_TRY, CHAIN_APPROVE, CHAIN_UNSIGNED,
		CHAIN_TAKE_BACK };
	uint32_t c = k->cp >= 0xff10 && k->cp <= 0xff19 ? k->cp - 0xff10 + '0' : k->cp;

	*digit = '\0';
	if (k->code != TK_CHAR || k->pasted || c < '1' || c > '9')
		return CHAIN_NONE;
	*digit = (char)c;
	return c <= '6' ? steps[c - '1'] : CHAIN_NONE;
}

static bool
review_key(struct view *v, const struct key *k)
{
	struct review_view *w = (struct review_view *)v;
	const json_t *d = w->gone ? NULL : chain_draft(v->app, w->rid);
	char digit;
	enum chain_step step = digit_step(k, &digit);

	if (step == CHAIN_NONE)
		step = chain_key(k);
	if (step != CHAIN_NONE && d) {
		chain_step(v->app, v, d, step);
		return true;
	}
	if (step != CHAIN_NONE) {
		app_note(v->app, true, "%s", *w->ended ? w->ended : _("that draft is no longer there"));
		return true;
	}
	if (k->pasted || !w->body)
		return false;
	if (k->code == TK_F0 + 3) {
		struct view *list = review_list_new(v->app, &w->strip, v->exercise);

		if (list)
			app_push_view(v->app, list);
		return true;
	}
	if (digit == '7' || (k->code == TK_CHAR && (k->cp == 'e' || k->cp == 'E'))) {
		if (d)
			ask_edit(w);
		return true;
	}
	if (digit == '8' || (k->code == TK_CHAR && (k->cp == 'p' || k->cp == 'P')) || (k->code == TK_CTRL && k->cp == 'P')) {
		phone_open_body(v->app, w->body, w->incident, "", w->number, v->exercise);
		return true;
	}
	if (digit == '9' || (k->code == TK_CHAR && (k->cp == 'o' || k->cp == 'O')) || (k->code == TK_CTRL && k->cp == 'O')) {
		outputs_open_body(v->app, w->body, v->exercise);
		return true;
	}
	return false;
}

static bool
review_command(struct view *v, enum command_id id)
{
	struct review_view *w = (struct review_view *)v;

	return lines_turn(&w->lines, id);
}

static bool
review_find(struct view *v, const char *text)
{
	return lines_find(&((struct review_view *)v)->lines, text);
}

static bool
review_hint(struct view *v, char *buf, size_t size)
{
	if (((const struct review_view *)v)->gone)
		hint_text(buf, size, _("8 phone 9 text"));
	else
		hint_text(buf, size, _("1 pass 2 return 3 try 4 SIGN 5 unsigned 6 undo 7 edit 8 phone 9 text"));
	hint_add(buf, size, CMD_BACK, _(" back"));
	return true;
}

static void
review_view_free(struct view *v)
{
	struct review_view *w = (struct review_view *)v;

	lines_clear(&w->lines);
	review_free(&w->strip);
	body_free(w->body);
	free(w);
}

static const struct view_ops review_ops = {
	.feeds = FEED_BIT(FEED_DRAFTS) | FEED_BIT(FEED_STATUS),
	.free = review_view_free,
	.title = review_title,
	.paint = review_view_paint,
	.key = review_key,
	.command = review_command,
	.fed = review_fed,
	.load = review_load,
	.hint = review_hint,
	.find = review_find,
};

struct view *
view_review_new(struct app *app, const char *rid)
{
	struct review_view *w = xcalloc(1, sizeof(*w));

	w->v.ops = &review_ops;
	w->v.app = app;
	(void)snprintf(w->rid, sizeof(w->rid), "%s", rid);
	review_init(&w->strip, app, &w->v);
	make(w);
	return &w->v;
}
