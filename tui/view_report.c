/*
 * Reports on an incident, and the directive and feedback that go with it.  A report is prefilled with what the switch would
 * fill in if it were sent empty (op prefill), and cites the newest report received: what goes up is what the form shows.
 * A follow-up repeats neither course nor measures.  What was typed always wins.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "../formats/buf.h"
#include "../formats/i18n.h"
#include "../formats/json.h"
#include "../formats/value.h"
#include "compose.h"
#include "util.h"

/* Reports. */

static void
report_fields(struct compose *c)
{
	form_add(&c->form, F_STAGE);
	form_add_table(&c->form);
	form_add(&c->form, F_GRADE);	/* goes up with the report */
}

static void
report_title(const struct compose *c, char *buf, size_t size)
{
	const char *parent = app_hello(c->v.app, "parent_name");

	(void)snprintf(buf, size, _("%s %s to %s"), *form_get(&c->form, F_STAGE) ? form_get(&c->form, F_STAGE) : _("Report"),
	    c->number, *parent ? parent : _("the station above"));
}

static bool
send_hint(const struct compose *c, char *buf, size_t size)
{
	(void)c;
	hint_text(buf, size, _("Tab next"));
	hint_add(buf, size, CMD_SAVE, _(" save"));
	hint_add(buf, size, CMD_SUBMIT, _(" send"));
	hint_add(buf, size, CMD_BACK, _(" back (draft kept)"));
	hint_add(buf, size, CMD_HELP, _(" help"));
	return true;
}

static void
report_fill(const struct compose *c, json_t *body, bool report)
{
	(void)c;
	(void)report;
	compose_set_enum(body, F_KIND, "kind", KIND_REPORT);
}

/* Screen 04: F6 hands it on, F10 sends it at once, signed or not. */
static bool
report_hint(const struct compose *c, char *buf, size_t size)
{
	(void)c;
	hint_text(buf, size, _("Tab next"));
	hint_add(buf, size, CMD_SAVE, _(" save"));
	hint_add(buf, size, CMD_REPORT, _(" review"));
	hint_add(buf, size, CMD_SUBMIT, _(" sign+send"));
	hint_key(buf, size, _("F8 phone"));
	hint_key(buf, size, _("F9 text"));
	hint_add(buf, size, CMD_BACK, _(" back"));
	hint_add(buf, size, CMD_HELP, _(" help"));
	return true;
}

const struct compose_ops compose_report_ops = {
	.name = "report",
	.fields = report_fields,
	.title = report_title,
	.hint = report_hint,
	.fill = report_fill,
};

static int
stage_named(const char *name)
{
	const struct enum_name *e = enum_by_name("stage", name);

	return e ? e->value : 0;
}

static void
place_focus(struct compose *c, bool follow_up)
{
	c->form.focus = follow_up ? (size_t)(form_cell(&c->form, F_BRIEF) - c->form.cell) : 1;
}

static void
prefilled(struct view *owner, void *arg, const json_t *answer, const struct fault *fault)
{
	struct compose *c = (struct compose *)owner;
	struct app *app = owner->app;
	struct cell *stage = form_cell(&c->form, F_STAGE);
	struct body *b;
	struct fault f = { 0 };
	int st;

	(void)arg;
	c->prefill_asked = false;
	if (!answer && fault->code == EX_TEMPFAIL)	/* the switch has gone: again when it is back */
		return;
	c->prefill = false;
	if (!answer) {
		app_note_fault(app, fault);	/* the form is there all the same: reporting is never held up */
		return;
	}
	if (c->sending)
		return;
	b = body_new();
	if (json_to_body(json_object_get(answer, "body"), b, app_codebook(app), app_now(app), true, &f) != 0) {
		app_note_fault(app, &f);
		body_free(b);
		return;
	}
	st = stage_named(jtext(answer, "stage"));
	if (st != 0 && !form_changed(stage)) {
		form_set(&c->form, F_STAGE, enum_label("stage", st));
		c->follows = st != STAGE_FIRST;
		if (c->changed_at == 0)
			place_focus(c, c->follows);
	}
	for (size_t i = 0; i < c->form.n; i++)
		if (c->form.cell[i].field->key != F_STAGE && c->form.cell[i].field->key != F_SIGNER)
			form_offer(&c->form, c->form.cell[i].field->key, b);
	body_free(b);
	review_touch(&c->review, 0);
	app_dirty(app);
}

void
report_prefill(struct compose *c)
{
	if (!c->prefill || c->prefill_asked || !app_connected(c->v.app))
		return;
	c->prefill_asked = true;
	app_ask(c->v.app, &c->v, json_pack("{s:s, s:s, s:s}", "op", "prefill", "incident", c->incident, "realm",
	    c->v.exercise ? "exercise" : "live"), prefilled, NULL);
}

/* shown: the answer of op show.  The form stands at once; what is known comes with the switch's answer. */
void
report_open(struct app *app, struct view *owner, const json_t *shown)
{
	const json_t *incident = json_object_get(shown, "incident"), *line, *h;
	struct compose *c = compose_new(app, COMPOSE_REPORT, jexercise(incident));
	const char *cite = "";
	size_t i;

	(void)owner;
	(void)snprintf(c->incident, sizeof(c->incident), "%s", jtext(incident, "id"));
	(void)snprintf(c->number, sizeof(c->number), "%s", jtext(incident, "number"));
	json_array_foreach (jarray(shown, "lines"), i, line) {
		if (strcmp(jtext(line, "kind"), "report") != 0)
			continue;
		if (!jflag(line, "mine"))	/* cite the newest report received */
			cite = jtext(line, "id");
		else if (!jflag(line, "withdrawn"))
			c->follows = true;
	}
	form_set(&c->form, F_STAGE, enum_label("stage", c->follows ? STAGE_FOLLOWUP : STAGE_FIRST));
	place_focus(c, c->follows);
	if (*cite)
		(void)json_array_append_new(c->refs, json_string(cite));
	json_array_foreach (jarray(incident, "heads"), i, h)
		if (i < FIELD_REPEAT_MAX && json_is_string(h))
			(void)json_array_append_new(c->parents, json_string(json_string_value(h)));
	c->prefill = true;
	c->opened_at = app_now(app);
	app_push_view(app, compose_view(c));	/* loading it asks */
}

/* Directives. */

static void
directive_fields(struct compose *c)
{
	form_add(&c->form, F_TO);
	form_add(&c->form, F_TITLE);
	form_add(&c->form, F_TEXT);
	form_add(&c->form, F_DUE);
	form_add(&c->form, F_PRECEDENCE);
	form_add(&c->form, F_SIGNER);
	form_add(&c->form, F_ORDER_TYPE);
	form_add(&c->form, F_PERSON);	/* of an instruction: the leader's */
	form_add(&c->form, F_ASKS);
	form_add(&c->form, F_EVERY);
}

static void
directive_title(const struct compose *c, char *buf, size_t size)
{
	(void)snprintf(buf, size, "%s %s", _("Directive"), c->number);
}

static void
directive_fill(const struct compose *c, json_t *body, bool report)
{
	(void)c;
	(void)report;
	compose_set_enum(body, F_KIND, "kind", KIND_DIRECTIVE);
}

const struct compose_ops compose_directive_ops = {
	.name = "directive",
	.fields = directive_fields,
	.title = directive_title,
	.hint = send_hint,
	.fill = directive_fill,
};

void
directive_open(struct app *app, const json_t *shown)
{
	const json_t *incident = json_object_get(shown, "incident"), *h;
	struct compose *c = compose_new(app, COMPOSE_DIRECTIVE, incident && jexercise(incident));
	struct msgid id;
	size_t i;

	if (incident) {
		(void)snprintf(c->incident, sizeof(c->incident), "%s", jtext(incident, "id"));
		(void)snprintf(c->number, sizeof(c->number), "%s", jtext(incident, "number"));
		json_array_foreach (jarray(incident, "heads"), i, h)
			(void)json_array_append_new(c->parents, json_string(json_string_value(h)));
		/* Most often it goes to whom the matter came from. */
		if (msgid_parse(c->incident, &id) && strcmp(id.origin, app_station(app)) != 0)
			form_set(&c->form, F_TO, id.origin);
	}
	app_push_view(app, compose_view(c));
}

/* Feedback. */

static void
feedback_fields(struct compose *c)
{
	form_add(&c->form, F_PROGRESS);
	form_add(&c->form, F_TEXT);
	form_add(&c->form, F_PERSON);
	form_add(&c->form, F_DEAD);
	form_add(&c->form, F_MISSING);
	form_add(&c->form, F_TRAPPED);
	form_add(&c->form, F_SERIOUS);
	form_add(&c->form, F_LIGHT);
	form_add(&c->form, F_EVACUATED);
	form_set(&c->form, F_PERSON, app_person(c->v.app));
}

static void
feedback_title(const struct compose *c, char *buf, size_t size)
{
	(void)snprintf(buf, size, "%s %s", _("Feedback"), c->number);
}

static void
feedback_fill(const struct compose *c, json_t *body, bool report)
{
	(void)c;
	(void)report;
	compose_set_enum(body, F_KIND, "kind", KIND_FEEDBACK);
}

const struct compose_ops compose_feedback_ops = {
	.name = "feedback",
	.fields = feedback_fields,
	.title = feedback_title,
	.hint = send_hint,
	.fill = feedback_fill,
};

/* The figures the directive asks for are cells of their own. */
static void
feedback_asked(struct view *v, void *arg, const json_t *answer, const struct fault *f)
{
	struct compose *c = (struct compose *)v;
	const json_t *name;
	size_t i;

	(void)arg;
	(void)f;	/* without them the form is still there, and the rest can be said in words */
	json_array_foreach (jarray(json_object_get(answer, "body"), field_by_key(F_ASKS)->name), i, name) {
		const struct field *fd = field_by_name(json_string_value(name) ? json_string_value(name) : "");

		if (fd && field_decimals(fd) >= 0 && !form_cell(&c->form, fd->key))
			form_add(&c->form, fd->key);
	}
	app_dirty(v->app);
}

void
feedback_open(struct app *app, const json_t *message, const char *id)
{
	struct compose *c = compose_new(app, COMPOSE_FEEDBACK, jexercise(message));

	(void)json_array_append_new(c->refs, json_string(id));
	(void)snprintf(c->incident, sizeof(c->incident), "%s", jtext(message, "incident"));
	(void)snprintf(c->number, sizeof(c->number), "%s",
	    *jtext(message, "number") ? jtext(message, "number") : jtext(message, "title"));
	app_push_view(app, compose_view(c));
	app_ask(app, compose_view(c), json_pack("{s:s, s:s}", "op", "message", "id", id), feedback_asked, NULL);
}
