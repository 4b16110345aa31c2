/*
 * Reports on an incident, and the directive and feedback that go with it.  A first report is prefilled with what this
 * station knows: its own intake, or the report received, which it then cites.  A follow-up repeats neither course nor
 * measures: title, place and type stand, the figures are prefilled with the last ones, the rest is empty.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

#define FIGURES_MAX 48

struct prepare {	/* a report form waiting for the message it is prefilled from */
	struct app *app;
	bool follow_up;
	bool exercise;
	char incident[MSGID_TEXT_MAX];
	char number[96];
	char cite[MSGID_TEXT_MAX];
	char parents[8][MSGID_TEXT_MAX];
	size_t nparents;
	struct { uint32_t key; char text[48]; } figure[FIGURES_MAX];	/* this station's own, as it said them last */
	size_t nfigures;
};

/* What this station has said last, be it in feedback: a follow-up begins there and not at its last report, or a number
 * that nobody touched would seem to fall. */
static void
own_figures(struct prepare *p, const json_t *incident)
{
	const json_t *e;
	size_t i;

	json_array_foreach (jarray(incident, "figure_sources"), i, e) {
		const struct field *field = field_by_name(jtext(e, "name"));
		const char *text = jtext(e, "text");

		if (!field || field_decimals(field) < 0 || strcmp(jtext(e, "source"), app_station(p->app)) != 0 || !*text ||
		    strlen(text) >= sizeof(p->figure[0].text) || p->nfigures == FIGURES_MAX)
			continue;
		p->figure[p->nfigures].key = field->key;
		(void)snprintf(p->figure[p->nfigures++].text, sizeof(p->figure[0].text), "%s", text);
	}
}

static void
prefill_own(struct compose *c, const struct prepare *p)
{
	for (size_t i = 0; i < p->nfigures; i++) {
		const char *now = form_get(&c->form, p->figure[i].key);

		/* A cell with other sources in it stands as it was reported. */
		if (!strchr(now, '@') && !strchr(now, ' '))
			form_set(&c->form, p->figure[i].key, p->figure[i].text);
	}
}

static void
prefill(struct compose *c, const struct body *b, bool follow_up)
{
	const struct field *f;

	for (size_t i = 0; (f = field_at(i)) != NULL; i++) {
		bool stands = f->key == F_TYPE || f->key == F_TITLE || f->key == F_PLACE || f->key == F_OCCURRED || f->key == F_LEARNED ||
		    field_decimals(f) >= 0;

		if ((f->flags & FF_FORM) && f->key != F_SIGNER && (!follow_up || stands))
			form_prefill(&c->form, f->key, b);
	}
}

static void
report_ready(struct view *owner, void *arg, const json_t *answer, const struct fault *fault)
{
	struct prepare *p = arg;
	struct compose *c;
	struct body *b = body_new();
	struct fault f = { 0 };

	(void)owner;
	if (!answer)
		app_note_fault(p->app, fault);	/* the form opens all the same: reporting is never held up */
	c = compose_new(p->app, COMPOSE_REPORT, p->exercise);
	(void)snprintf(c->incident, sizeof(c->incident), "%s", p->incident);
	(void)snprintf(c->number, sizeof(c->number), "%s", p->number);
	if (answer && json_to_body(json_object_get(answer, "body"), b, app_codebook(p->app), app_now(p->app), true, &f) == 0)
		prefill(c, b, p->follow_up);
	if (p->follow_up)
		prefill_own(c, p);
	if (answer && !jflag(answer, "mine")) {
		char at[24];

		/* One's own clock runs from what came in here, not from when another station learned of it. */
		form_set(&c->form, F_LEARNED, time_format(jnum(answer, "stored"), TIME_FULL, at, sizeof(at)));
	}
	form_set(&c->form, F_STAGE, enum_label("stage", p->follow_up ? STAGE_FOLLOWUP : STAGE_FIRST));
	c->follows = p->follow_up;
	c->form.focus = p->follow_up ? (size_t)(form_cell(&c->form, F_BRIEF) - c->form.cell) : 1;
	if (*p->cite)
		(void)json_array_append_new(c->refs, json_string(p->cite));
	for (size_t i = 0; i < p->nparents; i++)
		(void)json_array_append_new(c->parents, json_string(p->parents[i]));
	body_free(b);
	app_push_view(p->app, compose_view(c));
}

/* shown: the answer of op show. */
void
report_open(struct app *app, struct view *owner, const json_t *shown)
{
	const json_t *incident = json_object_get(shown, "incident"), *line, *h;
	struct prepare *p = xcalloc(1, sizeof(*p));
	char source[MSGID_TEXT_MAX] = "", own[MSGID_TEXT_MAX] = "";
	size_t i;

	p->app = app;
	p->exercise = jexercise(incident);
	(void)snprintf(p->incident, sizeof(p->incident), "%s", jtext(incident, "id"));
	(void)snprintf(p->number, sizeof(p->number), "%s", jtext(incident, "number"));
	json_array_foreach (jarray(shown, "lines"), i, line) {
		bool report = strcmp(jtext(line, "kind"), "report") == 0, mine = jflag(line, "mine");

		if (report && mine) {
			p->follow_up = true;
			(void)snprintf(own, sizeof(own), "%s", jtext(line, "id"));
		}
		if (report && !mine)	/* cite the newest report received */
			(void)snprintf(p->cite, sizeof(p->cite), "%s", jtext(line, "id"));
		if (report || strcmp(jtext(line, "kind"), "intake") == 0)
			(void)snprintf(source, sizeof(source), "%s", jtext(line, "id"));
	}
	own_figures(p, incident);
	if (*own)
		(void)snprintf(source, sizeof(source), "%s", own);
	json_array_foreach (jarray(incident, "heads"), i, h)
		if (p->nparents < sizeof(p->parents) / sizeof(p->parents[0]) && json_is_string(h))
			(void)snprintf(p->parents[p->nparents++], MSGID_TEXT_MAX, "%s", json_string_value(h));
	app_ask(app, owner, json_pack("{s:s, s:s}", "op", "message", "id", *source ? source : p->incident), report_ready, p);
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

void
feedback_open(struct app *app, const json_t *message, const char *id)
{
	struct compose *c = compose_new(app, COMPOSE_FEEDBACK, jexercise(message));

	(void)json_array_append_new(c->refs, json_string(id));
	(void)snprintf(c->incident, sizeof(c->incident), "%s", jtext(message, "incident"));
	(void)snprintf(c->number, sizeof(c->number), "%s",
	    *jtext(message, "number") ? jtext(message, "number") : jtext(message, "title"));
	app_push_view(app, compose_view(c));
}
