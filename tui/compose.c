/*
 * See compose.h.  Sending does not belong to the view: it goes on when the form is left, and the outcome is noted on
 * whatever screen is up.  Order of an intake that is reported at once: intake, its answer (the incident), first report.
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
#include "compose.h"
#include "prompt.h"
#include "util.h"

#define AUTOSAVE_MS 2000

static const struct view_ops compose_view_ops;

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
	c->refs = json_array();
	c->parents = json_array();
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
	json_decref(c->refs);
	json_decref(c->parents);
	free(c);
}

/* Drafts. */

static json_t *
draft_json(const struct compose *c)
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
	return d;
}

static void
draft_save(struct compose *c)
{
	app_post(c->v.app, json_pack("{s:s, s:s, s:o}", "op", "draft_put", "rid", c->rid, "json", draft_json(c)));
	c->dirty = false;
	c->ever_saved = true;
	c->saved_at = app_now(c->v.app);
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
	c->ever_saved = true;
	c->saved_at = app_now(app);
	form_restore(&c->form, draft);
	return c;
}

static struct compose *
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

/* Sending. */

void
compose_set_enum(json_t *body, uint32_t key, const char *set, int value)
{
	const struct enum_name *e = enum_by_value(set, value);

	assert(e);
	(void)json_object_set_new(body, field_by_key(key)->name, json_string(e->name));
}

static json_t *
request_of(const struct compose *c, const struct body *b, bool report)
{
	json_t *body = json_from_body(b);
	char rid[200];

	if (*c->incident)
		(void)json_object_set_new(body, field_by_key(F_INCIDENT)->name, json_string(c->incident));
	if (jcount(c->refs) > 0)
		(void)json_object_set(body, field_by_key(F_REFS)->name, c->refs);
	if (jcount(c->parents) > 0)
		(void)json_object_set(body, field_by_key(F_PARENTS)->name, c->parents);
	c->ops->fill(c, body, report);
	(void)snprintf(rid, sizeof(rid), "%s%s", c->rid, report ? "-report" : "");
	return json_pack("{s:s, s:s, s:s, s:o, s:b}", "op", "submit", "rid", rid, "realm", c->v.exercise ? "exercise" : "live",
	    "body", body, "confirmed", c->confirmed ? 1 : 0);
}

/* What is still unknown or missing, by the fields' names: pointed out after sending, never before it. */
static void
open_points(const struct body *b, int64_t now, char *buf, size_t size)
{
	struct check_remark r;
	size_t n = 0;

	buf[0] = '\0';
	for (size_t i = 0; check_remark(b, now, i, &r) && n < size; i++)
		if (r.kind != CHECK_AHEAD && r.field && !strstr(buf, field_label(r.field)))
			n += (size_t)snprintf(buf + n, size - n, "%s%s", n ? " " : "", field_label(r.field));
}

static void on_sent(struct app *, json_t *context, const json_t *answer, const struct fault *);

static void
focus_on(struct compose *c, const char *name)
{
	const struct field *field = field_by_name(name);

	for (size_t i = 0; field && i < c->form.n; i++)
		if (c->form.cell[i].field == field)
			c->form.focus = i;
}

static void
refused(struct app *app, json_t *context, const struct fault *f)
{
	const char *rid = jtext(context, "rid");
	struct compose *c = compose_find(app, rid);
	json_t *draft = json_object_get(context, "draft");

	if (draft) {	/* what was typed stays, and is no longer under way */
		(void)json_object_set_new(draft, "sending", json_false());
		app_post(app, json_pack("{s:s, s:s, s:O}", "op", "draft_put", "rid", rid, "json", draft));
	}
	app_note_fault(app, f);
	if (!c)
		return;
	c->sending = false;
	c->confirmed = false;
	focus_on(c, f->field);
}

static void
sent(struct app *app, json_t *context, const json_t *answer)
{
	const char *rid = jtext(context, "rid"), *number = jtext(answer, "number");
	struct compose *c = compose_find(app, rid);
	bool top = c && app_top_view(app) == &c->v, exercise = jflag(context, "exercise");
	char incident[MSGID_TEXT_MAX], what[160], link[96];
	const char *label = jtext(context, "label"), *open = jtext(context, "open");
	bool logged = strcmp(jtext(context, "form"), "intake") == 0 && !jflag(context, "reported");
	bool report = strcmp(jtext(context, "form"), "report") == 0 || jflag(context, "reported");

	app_draft_ended(app, rid);
	app_post(app, json_pack("{s:s, s:s}", "op", "draft_del", "rid", rid));
	(void)snprintf(incident, sizeof(incident), "%s", jtext(answer, "incident"));
	(void)snprintf(what, sizeof(what), "%s", *number ? number : jtext(context, "number"));
	if (c)
		c->dirty = false;
	if (top) {
		bool from_incident = strcmp(jtext(context, "form"), "intake") != 0;

		app_pop_view(app, &c->v);
		if (!from_incident && *incident)
			app_push_view(app, view_incident_new(app, incident, exercise, jtext(answer, "id")));
	}
	/* The switch holds it: whether it has reached anybody is another thing, and an intake goes to nobody. */
	if (logged)
		app_note(app, false, _("logged (NOT reported): %s%s%s"), what, *open ? _("; still open: ") : "", open);
	else
		app_note(app, false, _("stored, to be delivered: %s %s%s%s%s"), label, what,
		    app_link_note(app, report && *app_hello(app, "parent"), link, sizeof(link)), *open ? _("; still open: ") : "", open);
}

/* The intake stands and its report was refused: the form has done its part, the incident's own F6 writes the report. */
static void
half_sent(struct app *app, json_t *context, const struct fault *f)
{
	const struct field *field = field_by_name(f->field);
	json_t *answer = json_pack("{s:O, s:O, s:O}", "number", json_object_get(context, "number"), "incident",
	    json_object_get(context, "incident"), "id", json_object_get(context, "incident"));

	(void)json_object_del(context, "reported");
	sent(app, context, answer);
	app_note(app, true, _("%s is logged, its first report was REFUSED: %s: %s"), jtext(answer, "number"),
	    field ? field_label(field) : f->field, f->text);
	json_decref(answer);
}

static void
on_sent(struct app *app, json_t *context, const json_t *answer, const struct fault *f)
{
	json_t *then = json_object_get(context, "then");
	json_t *body, *next;
	const char *incident;

	if (!answer && jflag(context, "reported")) {
		half_sent(app, context, f);
		return;
	}
	if (!answer) {
		refused(app, context, f);
		return;
	}
	if (!then) {
		sent(app, context, answer);
		return;
	}
	incident = *jtext(answer, "incident") ? jtext(answer, "incident") : jtext(answer, "id");
	body = json_object_get(then, "body");
	(void)json_object_set_new(body, field_by_key(F_INCIDENT)->name, json_string(incident));
	(void)json_object_set_new(body, field_by_key(F_PARENTS)->name, json_pack("[s]", jtext(answer, "id")));
	next = json_copy(context);
	(void)json_object_del(next, "then");
	(void)json_object_set_new(next, "reported", json_true());
	(void)json_object_set_new(next, "incident", json_string(incident));
	(void)json_object_set_new(next, "number", json_string(jtext(answer, "number")));
	(void)json_object_set_new(next, "label", json_string(enum_label("stage", STAGE_FIRST)));
	app_submit(app, json_incref(then), on_sent, next);
}

static bool
time_ahead(struct compose *c, const struct body *b, char *text, size_t size)
{
	struct check_remark r;

	for (size_t i = 0; check_remark(b, app_now(c->v.app), i, &r); i++)
		if (r.kind == CHECK_AHEAD) {
			(void)snprintf(text, size, "%s: %s", field_label(r.field), r.text);
			return true;
		}
	return false;
}

static void
ahead_confirmed(struct view *owner, void *arg, const char *const *value)
{
	struct compose *c = (struct compose *)owner;

	(void)arg;
	(void)value;
	c->confirmed = true;
	compose_send(c, c->report_too);
}

/* The words "1" or a neighbour's name among the addressees become its code. */
static void
resolve_to(struct compose *c)
{
	struct cell *to = form_cell(&c->form, F_TO);
	const json_t *links = jarray(app_feed(c->v.app, FEED_STATUS), "links"), *l;
	struct buf out = { 0 };
	const char *p;
	size_t i, n;

	if (!to)
		return;
	for (p = to->text.s; *p; p += n) {
		const char *code = NULL;
		char *word;

		p += strspn(p, " ,;\n");
		n = strcspn(p, " ,;\n");
		if (n == 0)
			break;
		word = xstrndup(p, n);
		json_array_foreach (links, i, l) {
			char index[24];

			(void)snprintf(index, sizeof(index), "%zu", i + 1);
			if (strcmp(index, word) == 0 || strcmp(jtext(l, "name"), word) == 0)
				code = jtext(l, "station");
		}
		buf_printf(&out, "%s%s", out.n ? " " : "", code ? code : word);
		free(word);
	}
	if (strcmp(buf_cstr(&out), to->text.s) != 0)
		edit_set(&to->text, buf_cstr(&out));
	buf_free(&out);
}

/* A refused enumeration lists what it takes in the desk's language; everything else says itself. */
static void
note_cell_fault(struct compose *c, const struct cell *cell, const struct fault *f)
{
	const struct enum_name *e;
	struct buf list = { 0 };

	if (cell->field->type != FT_ENUM) {
		app_note_fault(c->v.app, f);
		return;
	}
	for (size_t i = 0; (e = enum_at(cell->field->arg, i)) != NULL; i++)
		buf_printf(&list, "%s%s", i ? " " : "", i18n_zh() ? e->zh : e->label);
	app_note(c->v.app, true, _("%s: \"%.40s\" is none of: %s"), field_label(cell->field), cell->text.s, buf_cstr(&list));
	buf_free(&list);
}

void
compose_send(struct compose *c, bool report_too)
{
	struct app *app = c->v.app;
	struct body *b = body_new();
	struct fault f = { 0 };
	char text[400];
	json_t *context;

	c->report_too = report_too;
	resolve_to(c);
	if (form_body(&c->form, b, app_now(app), &f) != 0) {
		note_cell_fault(c, &c->form.cell[c->form.focus], &f);
		goto out;
	}
	body_set_num(b, F_KIND, c->kind == COMPOSE_INTAKE ? KIND_INTAKE : c->kind == COMPOSE_REPORT ? KIND_REPORT :
	    c->kind == COMPOSE_DIRECTIVE ? KIND_DIRECTIVE : KIND_FEEDBACK);
	if (!c->confirmed && time_ahead(c, b, text, sizeof(text))) {
		struct prompt *p = prompt_new(app, &c->v, _("a time ahead of this station's clock"), ahead_confirmed, NULL);

		prompt_info(p, text);
		prompt_confirm(p, _("is it meant so? 1 = yes "));
		app_prompt(app, p);
		goto out;
	}
	/* What a first report must have is asked for before the intake is stored: no half of the two without the other. */
	if (c->kind == COMPOSE_INTAKE && report_too) {
		struct body *first = body_copy(b);
		int ok;

		body_set_num(first, F_KIND, KIND_REPORT);
		body_set_num(first, F_STAGE, STAGE_FIRST);
		ok = check_body(first, app_codebook(app), &f);
		body_free(first);
		if (ok != 0) {
			focus_on(c, f.field);
			app_note_fault(app, &f);
			goto out;
		}
	}
	c->sending = true;
	draft_save(c);
	context = json_pack("{s:s, s:s, s:b, s:o, s:s, s:s}", "rid", c->rid, "form", c->ops->name, "exercise", c->v.exercise ? 1 : 0,
	    "draft", draft_json(c), "number", c->number, "label",
	    c->kind == COMPOSE_REPORT ? form_get(&c->form, F_STAGE) : enum_label("kind", (int)body_enum(b, F_KIND)));
	open_points(b, app_now(app), text, sizeof(text));
	(void)json_object_set_new(context, "open", json_string(text));
	if (c->kind == COMPOSE_INTAKE && report_too)
		(void)json_object_set_new(context, "then", request_of(c, b, true));
	app_submit(app, request_of(c, b, false), on_sent, context);
out:
	body_free(b);
	app_dirty(app);
}

void
compose_resume(struct app *app, const char *rid, const json_t *draft)
{
	struct compose *c;

	if (compose_find(app, rid) != NULL || (c = compose_restore(app, rid, draft)) == NULL)
		return;
	c->confirmed = true;	/* it was sent before: whatever was asked has been answered */
	compose_send(c, c->report_too);
	compose_free(&c->v);
}

/* The view. */

static void
compose_title(struct view *v, char *buf, size_t size)
{
	const struct compose *c = (const struct compose *)v;
	char clock[24];
	size_t n;

	c->ops->title(c, buf, size);
	n = strlen(buf);
	if (c->sending)
		(void)snprintf(buf + n, size - n, "  %s", app_connected(v->app) ? _("sending...") : _("will be sent when the switch is back"));
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

static void
compose_paint(struct view *v)
{
	struct compose *c = (struct compose *)v;
	int top = app_top_row(v->app), bottom = app_bottom_row(v->app), cols = term_cols();

	form_layout(&c->form, cols, bottom - top - 1);
	form_paint(&c->form, top, &v->cursor_row, &v->cursor_col);
	term_rule(bottom - 1, '-');
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
		resolve_to(c);
	} else if (cell_value(cell, b, c->form.cb, app_now(c->v.app), &f) != 0) {
		note_cell_fault(c, cell, &f);
	} else if (cell->field->type == FT_ENUM && body_first(b, cell->field->key)) {
		value_format(&name, body_first(b, cell->field->key), c->form.cb, i18n_zh());
		edit_set(&cell->text, buf_cstr(&name));
		buf_free(&name);
	}
	body_free(b);
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
	}
	c->changed_at = app_now(v->app);
	return true;
}

static bool
compose_command(struct view *v, enum command_id id)
{
	struct compose *c = (struct compose *)v;

	switch (id) {
	case CMD_SAVE:
		if (!c->sending)
			draft_save(c);
		return true;
	case CMD_SUBMIT:
		if (!c->sending)
			compose_send(c, false);
		return true;
	case CMD_REPORT:
	case CMD_FOLLOWUP:
		if (!c->sending)
			compose_send(c, c->kind == COMPOSE_INTAKE);
		return true;
	case CMD_BACK:
	case CMD_OVERVIEW:
		if (c->dirty)
			draft_save(c);
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

	if (c->dirty && !c->sending && now - c->changed_at >= AUTOSAVE_MS) {
		draft_save(c);
		app_dirty(v->app);
	}
}

static void
compose_leave(struct view *v)
{
	struct compose *c = (struct compose *)v;

	if (c->dirty && !c->sending)
		draft_save(c);
}

static bool
compose_hint(struct view *v, char *buf, size_t size)
{
	const struct compose *c = (const struct compose *)v;

	return c->ops->hint(c, buf, size);
}

static const struct view_ops compose_view_ops = {
	.feeds = FEED_BIT(FEED_STATUS),
	.editing = true,
	.free = compose_free,
	.title = compose_title,
	.paint = compose_paint,
	.key = compose_key,
	.command = compose_command,
	.tick = compose_tick,
	.hint = compose_hint,
	.leave = compose_leave,
};
