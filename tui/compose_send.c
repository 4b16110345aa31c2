/*
 * Sending what was written, or handing it on to be checked and signed.  Sending does not belong to the view: it goes on when
 * the form is left, and the outcome is noted on whatever screen is up.  Order of an intake that is reported at once:
 * intake, its answer (the incident), first report.
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
#include "compose_int.h"
#include "prompt.h"
#include "util.h"

void
compose_set_enum(json_t *body, uint32_t key, const char *set, int value)
{
	const struct enum_name *e = enum_by_value(set, value);

	assert(e);
	(void)json_object_set_new(body, field_by_key(key)->name, json_string(e->name));
}

static int
kind_of(const struct compose *c)
{
	switch (c->kind) {
	case COMPOSE_INTAKE:
		return KIND_INTAKE;
	case COMPOSE_REPORT:
		return KIND_REPORT;
	case COMPOSE_DIRECTIVE:
		return KIND_DIRECTIVE;
	case COMPOSE_FEEDBACK:
		return KIND_FEEDBACK;
	}
	return 0;
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

/* What is still unknown or missing, by the fields' names: pointed out after sending, never before it.  A report's missing
 * signature is said by whose it is. */
static void
open_points(const struct body *b, int64_t now, char *buf, size_t size)
{
	struct check_remark r;
	size_t n = 0;

	buf[0] = '\0';
	for (size_t i = 0; check_remark(b, now, i, &r) && n < size; i++)
		if (r.kind != CHECK_AHEAD && r.field && (r.field->key != F_SIGNER || body_enum(b, F_KIND) != KIND_REPORT) &&
		    !strstr(buf, field_label(r.field)))
			n += (size_t)snprintf(buf + n, size - n, "%s%s", n ? " " : "", field_label(r.field));
}

/* Every cell that can be read: what the strip, the script and the texts are made of while it is being written. */
struct body *
compose_body(const struct compose *c)
{
	struct body *b = body_new();
	struct fault f = { 0 };
	struct msgid id;

	for (size_t i = 0; i < c->form.n; i++)
		(void)cell_value(&c->form.cell[i], b, c->form.cb, app_now(c->v.app), &f);
	body_set_num(b, F_KIND, kind_of(c));
	if (msgid_parse(c->incident, &id))
		body_set_id(b, F_INCIDENT, &id);
	return b;
}

/* The request a draft will be sent with; NULL + fault naming the field. */
json_t *
compose_request(struct compose *c, struct fault *f)
{
	struct body *b = body_new();
	json_t *r = NULL;

	compose_resolve_to(c);
	if (form_body(&c->form, b, app_now(c->v.app), f) == 0) {
		body_set_num(b, F_KIND, kind_of(c));
		r = request_of(c, b, false);
		(void)json_object_del(r, "op");
		(void)json_object_del(r, "rid");
	}
	body_free(b);
	return r;
}

static void on_sent(struct app *, json_t *context, const json_t *answer, const struct fault *);
static void go(struct compose *);

void
compose_focus_on(struct compose *c, const char *name)
{
	const struct field *field = field_by_name(name);

	/* A count that falls needs a reason, and the form had no place for one so far. */
	if (field && field->key == F_REASON && !form_cell(&c->form, F_REASON) && c->kind == COMPOSE_REPORT)
		form_add(&c->form, F_REASON);
	for (size_t i = 0; field && i < c->form.n; i++)
		if (c->form.cell[i].field == field)
			c->form.focus = i;
}

/* A refusal names a figure that falls and, in its words, the field of the reason: that is what is to be filled in. */
static void
focus_on_fault(struct compose *c, const struct fault *f)
{
	const struct field *field = field_by_name(f->field);
	const char *reason = field_by_key(F_REASON)->name;
	bool falls = c->kind == COMPOSE_REPORT && field && field_decimals(field) >= 0 && strstr(f->text, reason) != NULL;

	compose_focus_on(c, falls ? reason : f->field);
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
	focus_on_fault(c, f);
}

/* Whose signature a report owes that went without one: the message as the switch stored it says so. */

struct owing {
	struct app *app;
	char label[48], what[96], link[96], open[400];
};

static void
signature_known(struct view *owner, void *arg, const json_t *answer, const struct fault *f)
{
	const struct owing *o = arg;
	const char *who = jtext(json_object_get(answer, "body"), field_by_key(F_SIGNATURE_OWED)->name);

	(void)owner;
	(void)f;
	if (*who)
		app_note(o->app, false, _("stored, to be delivered: %s %s%s; sent before signature, owed by %s%s%s"), o->label, o->what,
		    o->link, who, *o->open ? _("; still open: ") : "", o->open);
}

static void
signature(struct app *app, const json_t *answer, const char *label, const char *what, const char *link, const char *open)
{
	struct owing *o = xcalloc(1, sizeof(*o));

	o->app = app;
	(void)snprintf(o->label, sizeof(o->label), "%s", label);
	(void)snprintf(o->what, sizeof(o->what), "%s", what);
	(void)snprintf(o->link, sizeof(o->link), "%s", link);
	(void)snprintf(o->open, sizeof(o->open), "%s", open);
	app_ask(app, NULL, json_pack("{s:s, s:s}", "op", "message", "id", jtext(answer, "id")), signature_known, o);
}

void
compose_signature(struct app *app, const json_t *answer, const char *label, const char *what, const char *link)
{
	signature(app, answer, label, what, link, "");
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
	else {
		(void)app_link_note(app, report && *app_hello(app, "parent"), link, sizeof(link));
		app_note(app, false, _("stored, to be delivered: %s %s%s%s%s"), label, what, link,
		    *open ? _("; still open: ") : "", open);
		if (report && !jflag(context, "signed"))
			signature(app, answer, label, what, link, open);
	}
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
	go(c);
}

/* The words "1" or a neighbour's name among the addressees become its code. */
void
compose_resolve_to(struct compose *c)
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
void
compose_note_fault(struct compose *c, const struct cell *cell, const struct fault *f)
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

static void
send_it(struct compose *c, const struct body *b)
{
	struct app *app = c->v.app;
	char text[400];
	json_t *context;

	compose_draft_save(c, true);
	context = json_pack("{s:s, s:s, s:b, s:o, s:s, s:s, s:b}", "rid", c->rid, "form", c->ops->name,
	    "exercise", c->v.exercise ? 1 : 0, "draft", compose_draft_json(c), "number", c->number, "label",
	    c->kind == COMPOSE_REPORT ? form_get(&c->form, F_STAGE) : enum_label("kind", (int)body_enum(b, F_KIND)), "signed",
	    body_first(b, F_SIGNER) ? 1 : 0);
	open_points(b, app_now(app), text, sizeof(text));
	(void)json_object_set_new(context, "open", json_string(text));
	if (c->kind == COMPOSE_INTAKE && c->report_too)
		(void)json_object_set_new(context, "then", request_of(c, b, true));
	app_submit(app, request_of(c, b, false), on_sent, context);
}

/* Handed on: the draft stands at the switch as it is, and the next step is somebody else's. */
static void
handed_on(struct app *app, json_t *context, const json_t *answer, const struct fault *f)
{
	struct compose *c = compose_find(app, jtext(context, "rid"));

	if (!answer) {
		app_note_fault(app, f);
		if (c) {
			c->sending = c->confirmed = false;
			focus_on_fault(c, f);
		}
		return;
	}
	app_want(app, FEED_DRAFTS);
	if (c) {
		c->sending = c->dirty = false;
		if (app_top_view(app) == &c->v)
			app_pop_view(app, &c->v);
	}
	app_note(app, false, _("%s %s: %s, under [5] drafts; NOT SENT yet"), jtext(context, "label"), jtext(context, "number"),
	    jtext(answer, "state_name"));
}

static void
hand_on(struct compose *c, const struct body *b)
{
	struct app *app = c->v.app;
	json_t *request = request_of(c, b, false);

	/* Saved as a draft that nobody is sending: whoever opens it finds it as it is. */
	c->sending = false;
	compose_draft_save(c, true);
	c->sending = true;
	(void)json_object_del(request, "op");
	(void)json_object_del(request, "rid");
	app_submit(app, json_pack("{s:s, s:s, s:s, s:o}", "op", "draft_move", "rid", c->rid, "event", "submit",
	    "request", request), handed_on, json_pack("{s:s, s:s, s:s}", "rid", c->rid, "number", c->number, "label", form_get(&c->form, F_STAGE)));
}

static void
go(struct compose *c)
{
	bool report_too = c->report_too;
	struct app *app = c->v.app;
	struct body *b = body_new();
	struct fault f = { 0 };
	char text[400];

	compose_resolve_to(c);
	if (form_body(&c->form, b, app_now(app), &f) != 0) {
		compose_note_fault(c, &c->form.cell[c->form.focus], &f);
		goto out;
	}
	body_set_num(b, F_KIND, kind_of(c));
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
			compose_focus_on(c, f.field);
			app_note_fault(app, &f);
			goto out;
		}
	}
	c->sending = true;
	if (c->for_review)
		hand_on(c, b);
	else
		send_it(c, b);
out:
	body_free(b);
	app_dirty(app);
}

void
compose_send(struct compose *c, bool report_too)
{
	c->report_too = report_too;
	c->for_review = false;
	go(c);
}

void
compose_submit(struct compose *c)
{
	c->report_too = false;
	c->for_review = true;
	go(c);
}

void
compose_resume(struct app *app, const char *rid, const json_t *draft)
{
	struct compose *c;

	if (compose_find(app, rid) != NULL || (c = compose_restore(app, rid, draft)) == NULL)
		return;
	c->confirmed = true;	/* it was sent before: whatever was asked has been answered */
	compose_send(c, c->report_too);
	c->v.ops->free(&c->v);
}
