/*
 * See compose.h: the form as a view, and its draft.  Sending is in compose_send.c.  Under a report stands the strip of
 * review.h; the form gives it rows only while it has something to say, and scrolls rather than lose the active cell.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "../formats/buf.h"
#include "../formats/check.h"
#include "../formats/i18n.h"
#include "../formats/json.h"
#include "../formats/value.h"
#include "chain.h"
#include "compose_int.h"
#include "prompt.h"
#include "util.h"

#define AUTOSAVE_MS 2000
#define SLOW_MS 1000	/* an answer that takes longer is said to be waited for */

static const struct view_ops compose_view_ops;
static void reviewed(struct view *);

static const struct compose_ops *
ops_of(enum compose_kind k)
{
	switch (k) {
	case COMPOSE_INTAKE:
		return &compose_intake_ops;
	case COMPOSE_REPORT:
		return &compose_report_ops;
	case COMPOSE_DIRECTIVE:
		return &compose_directive_ops;
	case COMPOSE_FEEDBACK:
		return &compose_feedback_ops;
	}
	return NULL;
}

struct compose *
compose_new(struct app *app, enum compose_kind kind, bool exercise)
{
	struct compose *c = xcalloc(1, sizeof(*c));

	c->v.ops = &compose_view_ops;
	c->v.app = app;
	c->v.exercise = exercise;
	c->kind = kind;
	c->ops = ops_of(kind);
	client_rid(c->rid);
	client_rid(c->writer);
	c->refs = json_array();
	c->parents = json_array();
	review_init(&c->review, app, &c->v);
	c->review.answered = reviewed;
	c->review.own_changes = true;
	c->review.numbers_only = kind == COMPOSE_INTAKE;
	form_init(&c->form, app_codebook(app));
	c->ops->fields(c);
	return c;
}

struct view *
compose_view(struct compose *c)
{
	return &c->v;
}

static void
compose_free(struct view *v)
{
	struct compose *c = (struct compose *)v;

	form_free(&c->form);
	review_free(&c->review);
	json_decref(c->refs);
	json_decref(c->parents);
	free(c);
}

/* Drafts. */

json_t *
compose_draft_json(const struct compose *c)
{
	json_t *d = form_save(&c->form);
	const char *title = form_get(&c->form, F_TITLE);

	if (!*title)
		title = form_get(&c->form, F_TEXT);
	(void)json_object_set_new(d, "form", json_string(c->ops->name));
	(void)json_object_set_new(d, "incident", json_string(c->incident));
	(void)json_object_set_new(d, "number", json_string(c->number));
	(void)json_object_set_new(d, "title", json_string(title));
	(void)json_object_set_new(d, "exercise", json_boolean(c->v.exercise));
	(void)json_object_set(d, "refs", c->refs);
	(void)json_object_set(d, "parents", c->parents);
	(void)json_object_set_new(d, "confirmed", json_boolean(c->confirmed));
	(void)json_object_set_new(d, "report_too", json_boolean(c->report_too));
	(void)json_object_set_new(d, "sending", json_boolean(c->sending));
	(void)json_object_set_new(d, "follows", json_boolean(c->follows));
	(void)json_object_set_new(d, "writer", json_string(c->writer));
	(void)json_object_set_new(d, "rev", json_integer(c->rev));
	(void)json_object_set_new(d, "on", json_string(c->on));
	return d;
}

static void
saved(struct view *owner, void *arg, const json_t *answer, const struct fault *f)
{
	struct compose *c = (struct compose *)owner;

	(void)arg;
	if (answer) {
		c->refused = false;
		review_secret(&c->review, NULL);
	} else if (f->code == EX_TEMPFAIL) {	/* the switch went, or has no room: again at the next pause */
		c->dirty = true;
		c->changed_at = app_now(c->v.app);
	} else {
		c->refused = true;
		review_secret(&c->review, f);
		app_note_fault(c->v.app, f);
	}
	app_dirty(c->v.app);
}

void
compose_draft_save(struct compose *c, bool leaving)
{
	struct app *app = c->v.app;
	json_t *r;

	c->rev++;
	r = json_pack("{s:s, s:s, s:o}", "op", "draft_put", "rid", c->rid, "json", compose_draft_json(c));

	c->dirty = false;
	c->ever_saved = true;
	c->saved_at = app_now(app);
	if (leaving || !app_connected(app))
		app_post(app, r);
	else
		app_ask(app, &c->v, r, saved, NULL);
}

static json_t *
ids_copy(const json_t *array)
{
	json_t *copy = json_array();
	const json_t *v;
	size_t i;

	json_array_foreach (array, i, v)
		if (json_is_string(v))
			(void)json_array_append_new(copy, json_string(json_string_value(v)));
	return copy;
}

struct compose *
compose_restore(struct app *app, const char *rid, const json_t *draft)
{
	struct compose *c;
	enum compose_kind k;
	const struct field *fd;
	const char *name;
	json_t *value;

	for (k = COMPOSE_INTAKE; k <= COMPOSE_FEEDBACK; k++)
		if (strcmp(ops_of(k)->name, jtext(draft, "form")) == 0)
			break;
	if (k > COMPOSE_FEEDBACK)
		return NULL;
	c = compose_new(app, k, jflag(draft, "exercise"));
	(void)snprintf(c->rid, sizeof(c->rid), "%s", rid);
	(void)snprintf(c->incident, sizeof(c->incident), "%s", jtext(draft, "incident"));
	(void)snprintf(c->number, sizeof(c->number), "%s", jtext(draft, "number"));
	json_decref(c->refs);
	json_decref(c->parents);
	c->refs = ids_copy(jarray(draft, "refs"));
	c->parents = ids_copy(jarray(draft, "parents"));
	c->confirmed = jflag(draft, "confirmed");
	c->report_too = jflag(draft, "report_too");
	c->sending = jflag(draft, "sending");
	c->follows = jflag(draft, "follows");
	if (*jtext(draft, "writer"))
		(void)snprintf(c->on, sizeof(c->on), "%s:%lld", jtext(draft, "writer"),
		    (long long)json_integer_value(json_object_get(draft, "rev")));
	if (*jtext(json_object_get(draft, "fields"), field_by_key(F_REASON)->name) && !form_cell(&c->form, F_REASON))
		form_add(&c->form, F_REASON);
	/* figures a directive asked for (view_report.c) */
	json_object_foreach (json_object_get(draft, "fields"), name, value)
		if ((fd = field_by_name(name)) != NULL && field_decimals(fd) >= 0 && json_string_length(value) > 0 && !form_cell(&c->form, fd->key))
			form_add(&c->form, fd->key);
	c->ever_saved = true;
	c->saved_at = app_now(app);
	form_restore(&c->form, draft);
	return c;
}

struct compose *
compose_find(struct app *app, const char *rid)
{
	for (struct view *v = app_top_view(app); v; v = v->below)
		if (v->ops == &compose_view_ops && strcmp(((struct compose *)v)->rid, rid) == 0)
			return (struct compose *)v;
	return NULL;
}

bool
compose_is_open(struct app *app, const char *rid)
{
	return compose_find(app, rid) != NULL;
}

/* The view. */

static void
compose_title(struct view *v, char *buf, size_t size)
{
	const struct compose *c = (const struct compose *)v;
	char clock[24], where[256];
	size_t n;

	c->ops->title(c, buf, size);
	n = strlen(buf);
	if (c->sending)
		(void)snprintf(buf + n, size - n, "  %s", app_connected(v->app) ? _("sending...") :
		    c->for_review ? _("will be handed on to be checked when the switch is back, NOT sent") :
		    _("will be sent when the switch is back"));
	else if (c->refused)
		(void)snprintf(buf + n, size - n, "  %s", _("NOT SAVED: refused"));
	else if (*chain_state(chain_draft(v->app, c->rid), app_now(v->app), where, sizeof(where)))
		(void)snprintf(buf + n, size - n, "  %s", where);
	else if (c->prefill && app_connected(v->app) && app_now(v->app) - c->opened_at >= SLOW_MS)
		(void)snprintf(buf + n, size - n, "  %s", _("waiting for the switch..."));
	else if (c->dirty || !c->ever_saved)
		(void)snprintf(buf + n, size - n, "  %s", c->ever_saved || c->dirty ? _("not saved yet") : "");
	else
		(void)snprintf(buf + n, size - n, "  %s %s", app_connected(v->app) ? _("draft saved") : _("NOT SAVED: no switch"),
		    time_format(c->saved_at, TIME_CLOCK, clock, sizeof(clock)));
}

static void
paint_links(struct compose *c, int row, int cols)
{
	const json_t *l;
	size_t i;
	int col = 1;

	json_array_foreach (jarray(app_feed(c->v.app, FEED_STATUS), "links"), i, l)
		col += 2 + term_putf(row, col, cols - col - 1, TERM_PLAIN, "%zu %s %s", i + 1, jtext(l, "name"), jtext(l, "station"));
}

/* What the form itself knows of the strip: figures that are others than in the last version, and a reason given. */
static void
review_now(struct compose *c)
{
	const json_t *falls = jarray(c->review.answer, "falls"), *e;
	struct buf b = { 0 };
	size_t k;

	free(c->review.changes);
	c->review.changes = NULL;
	c->review.reason = *form_get(&c->form, F_REASON) != '\0';
	for (size_t i = 0; c->follows && i < c->form.n; i++) {
		const struct cell *cell = &c->form.cell[i];
		bool told = false;

		if (field_decimals(cell->field) < 0 || !form_changed(cell))
			continue;
		json_array_foreach (falls, k, e)
			told |= strcmp(jtext(e, "field"), cell->field->name) == 0;
		if (told)
			continue;
		buf_printf(&b, _("%.60s %.40s to %.40s"), field_label(cell->field), *cell->initial ? cell->initial : "-",
		    *cell->text.s ? cell->text.s : "-");
		buf_puts(&b, "\n");
	}
	if (b.n > 0)
		c->review.changes = xstrdup(buf_cstr(&b));
	buf_free(&b);
}

/* What falls is asked for its reason: the cell comes when it is needed and stays. */
static void
reviewed(struct view *v)
{
	struct compose *c = (struct compose *)v;

	if (c->kind == COMPOSE_REPORT && review_falls(&c->review) > 0 && !form_cell(&c->form, F_REASON))
		form_add(&c->form, F_REASON);
}

static void
review_look(struct compose *c, int64_t now)
{
	struct body *b;

	if ((c->kind != COMPOSE_REPORT && c->kind != COMPOSE_INTAKE) || c->prefill || c->sending || !review_due(&c->review, now))
		return;
	b = compose_body(c);
	review_ask(&c->review, json_from_body(b), c->v.exercise);
	body_free(b);
}

static void
compose_paint(struct view *v)
{
	struct compose *c = (struct compose *)v;
	int top = app_top_row(v->app), bottom = app_bottom_row(v->app), cols = term_cols(), strip, over;

	review_now(c);
	strip = review_rows(&c->review);
	/* A question stands below the strip, not over it: what is pointed out is part of what is asked. */
	over = app_question_rows(v->app);
	if (over > 0 && bottom - over - 1 - strip - top > 2)
		bottom -= over;
	form_layout(&c->form, cols, bottom - top - 1 - strip);
	form_paint(&c->form, top, &v->cursor_row, &v->cursor_col);
	term_rule(bottom - 1 - strip, '-');
	if (strip > 0) {
		const char *all = _(" F3: all of it ");
		int w = term_cells(all);

		(void)term_put(bottom - 1 - strip, cols - w - 2, w, TERM_PLAIN, all);
		review_paint(&c->review, bottom - strip, cols);
	}
	if (c->form.cell[c->form.focus].field->key == F_TO)
		paint_links(c, bottom, cols);
	else
		form_help(&c->form, bottom, cols);
}

/* An enumeration typed by its number shows its name; a value that is none is said at once, not only at the end. */
static void
leave_cell(struct compose *c, struct cell *cell)
{
	struct body *b = body_new();
	struct fault f = { 0 };
	struct buf name = { 0 };

	if (cell->field->key == F_TO) {
		compose_resolve_to(c);
	} else if (cell_value(cell, b, c->form.cb, app_now(c->v.app), &f) != 0) {
		compose_note_fault(c, cell, &f);
	} else if (cell->field->type == FT_ENUM && body_first(b, cell->field->key)) {
		value_format(&name, body_first(b, cell->field->key), c->form.cb, i18n_zh());
		edit_set(&cell->text, buf_cstr(&name));
		buf_free(&name);
	}
	body_free(b);
}

/* F8 or Ctrl-P: the telephone script; F9 or Ctrl-O: the other texts made of it. */
static bool
texts_key(struct compose *c, const struct key *k)
{
	bool phone = k->code == TK_F0 + 8 || (k->code == TK_CTRL && k->cp == 'P');
	struct body *b;

	if (!phone && k->code != TK_F0 + 9 && !(k->code == TK_CTRL && k->cp == 'O'))
		return false;
	b = compose_body(c);
	if (phone)
		phone_open_body(c->v.app, b, c->incident, "", c->number, c->v.exercise);
	else
		outputs_open_body(c->v.app, b, c->v.exercise);
	body_free(b);
	return true;
}

/* F3: what the strip says, in full. */
static bool
list_key(struct compose *c, const struct key *k)
{
	struct view *all;

	if (k->code != TK_F0 + 3 || k->pasted || (c->kind != COMPOSE_REPORT && c->kind != COMPOSE_INTAKE))
		return false;
	if ((all = review_list_new(c->v.app, &c->review, c->v.exercise)) != NULL)
		app_push_view(c->v.app, all);
	else
		app_note(c->v.app, false, "%s", _("nothing is pointed out so far"));
	return true;
}

static void
esc_confirmed(struct view *owner, void *arg, const char *const *value)
{
	(void)value;
	app_command(owner->app, *(const enum command_id *)arg);
}

/* Esc and a digit, typed as leaving and then a number, must not send: what sends is asked for first. */
static bool
esc_sends(struct compose *c, const struct key *k)
{
	enum command_id *id;
	struct prompt *p;

	if (!k->esc || c->sending || (k->code != TK_F0 + 6 && k->code != TK_F0 + 10))
		return false;
	id = xmalloc(sizeof(*id));
	*id = k->code == TK_F0 + 6 ? CMD_REPORT : CMD_SUBMIT;
	p = prompt_new(c->v.app, &c->v, k->code == TK_F0 + 6 ? _("Esc and 6 is F6") : _("Esc and 0 is F10"), esc_confirmed, id);
	prompt_confirm(p, _("send it off? 1 = yes "));
	app_prompt(c->v.app, p);
	return true;
}

static bool
compose_key(struct view *v, const struct key *k)
{
	struct compose *c = (struct compose *)v;
	struct cell *left = NULL, *at;
	bool changed = false;
	char why[96];

	if (c->sending)
		return k->code == TK_CHAR || k->pasted || k->code == TK_BACKSPACE || k->code == TK_DELETE;
	if (c->kind == COMPOSE_REPORT && !k->pasted && texts_key(c, k))
		return true;
	if (list_key(c, k) || esc_sends(c, k))
		return true;
	at = &c->form.cell[c->form.focus];
	if (!form_key(&c->form, k, &changed, &left))
		return false;
	if (at->text.refused)
		app_note(v->app, true, "%s: %s", field_label(at->field), edit_refusal(&at->text, why, sizeof(why)));
	if (left)
		leave_cell(c, left);
	if (changed) {
		c->dirty = true;
		c->confirmed = false;
		review_touch(&c->review, app_now(v->app));
	}
	c->changed_at = app_now(v->app);
	if (c->review.want)	/* a second after the last key, whichever it was */
		c->review.touched = c->changed_at;
	return true;
}

static void
leave_confirmed(struct view *owner, void *arg, const char *const *value)
{
	(void)arg;
	(void)value;
	app_pop_view(owner->app, owner);
}

/* The switch keeps nothing of it: whoever leaves loses what was typed, and is told so before. */
static void
ask_leave(struct compose *c)
{
	struct prompt *p = prompt_new(c->v.app, &c->v, _("NOT SAVED: the switch refused to keep this text"),
	    leave_confirmed, NULL);

	if (c->review.secret)
		prompt_info(p, c->review.secret);
	prompt_confirm(p, _("leave, and lose what was typed since? 1 = yes "));
	app_prompt(c->v.app, p);
}

static bool
compose_command(struct view *v, enum command_id id)
{
	struct compose *c = (struct compose *)v;

	switch (id) {
	case CMD_SAVE:
		if (!c->sending)
			compose_draft_save(c, false);
		return true;
	case CMD_SUBMIT:
		if (!c->sending)
			compose_send(c, false);
		return true;
	case CMD_REPORT:
	case CMD_FOLLOWUP:
		if (!c->sending && c->kind == COMPOSE_REPORT)
			compose_submit(c);
		else if (!c->sending)
			compose_send(c, c->kind == COMPOSE_INTAKE);
		return true;
	case CMD_BACK:
	case CMD_OVERVIEW:
		if (c->refused && !c->sending) {
			ask_leave(c);
			return true;
		}
		if (c->dirty)
			compose_draft_save(c, true);
		return false;
	case CMD_INTAKE:
		return c->kind == COMPOSE_INTAKE;	/* already there */
	default:
		return false;
	}
}

static void
compose_tick(struct view *v, int64_t now)
{
	struct compose *c = (struct compose *)v;

	review_look(c, now);
	if (c->prefill)
		app_dirty(v->app);
	if (c->dirty && !c->sending && now - c->changed_at >= AUTOSAVE_MS) {
		compose_draft_save(c, false);
		app_dirty(v->app);
	}
}

static void
compose_leave(struct view *v)
{
	struct compose *c = (struct compose *)v;

	if (c->dirty && !c->sending)
		compose_draft_save(c, true);
}

/* The first look comes with opening, not with the first key. */
static void
compose_load(struct view *v)
{
	struct compose *c = (struct compose *)v;

	if (c->kind == COMPOSE_REPORT)
		report_prefill(c);
	c->review.want = true;
	review_look(c, app_now(v->app));
}

static bool
compose_hint(struct view *v, char *buf, size_t size)
{
	const struct compose *c = (const struct compose *)v;

	return c->ops->hint(c, buf, size);
}

static const struct view_ops compose_view_ops = {
	.feeds = FEED_BIT(FEED_STATUS) | FEED_BIT(FEED_DRAFTS),
	.editing = true,
	.free = compose_free,
	.title = compose_title,
	.paint = compose_paint,
	.key = compose_key,
	.command = compose_command,
	.load = compose_load,
	.tick = compose_tick,
	.hint = compose_hint,
	.leave = compose_leave,
};
