/*
 * 更正: the form of a report, filled with what the report to be corrected says, under the stage 更正.  It takes the other's
 * place: everything in it is sent again, so that a reader needs one message and not two.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../formats/buf.h"
#include "../formats/i18n.h"
#include "../formats/json.h"
#include "act.h"
#include "compose.h"
#include "util.h"

#define PARENTS 8

struct correction {	/* a form waiting for the report it is filled from */
	struct app *app;
	bool exercise;
	char incident[MSGID_TEXT_MAX], number[96], id[MSGID_TEXT_MAX];
	char parents[PARENTS][MSGID_TEXT_MAX];
	size_t nparents;
};

static void
correction_ready(struct view *owner, void *arg, const json_t *answer, const struct fault *fault)
{
	const struct correction *q = arg;
	const struct field *f;
	struct compose *c;
	struct body *b;
	struct fault bad = { 0 };

	if (!answer) {
		app_note_fault(q->app, fault);
		return;
	}
	if (app_top_view(q->app) != owner)
		return;		/* gone on to other things */
	b = body_new();
	if (jflag(answer, "destroyed") ||
	    json_to_body(json_object_get(answer, "body"), b, app_codebook(q->app), app_now(q->app), true, &bad) != 0) {
		app_note(q->app, true, "%s", *bad.text ? bad.text : _("its words are not here any more"));
		body_free(b);
		return;
	}
	c = compose_new(q->app, COMPOSE_REPORT, q->exercise);
	(void)snprintf(c->incident, sizeof(c->incident), "%s", q->incident);
	(void)snprintf(c->number, sizeof(c->number), "%s", q->number);
	for (size_t i = 0; (f = field_at(i)) != NULL; i++)
		if ((f->flags & FF_FORM) && f->key != F_SIGNER)	/* signed anew, or owed anew */
			form_prefill(&c->form, f->key, b);
	form_set(&c->form, F_STAGE, enum_label("stage", STAGE_CORRECTION));
	if (!form_cell(&c->form, F_REASON))
		form_add(&c->form, F_REASON);
	c->form.focus = (size_t)(form_cell(&c->form, F_REASON) - c->form.cell);
	c->follows = true;
	(void)json_array_append_new(c->refs, json_string(q->id));
	for (size_t i = 0; i < q->nparents; i++)
		(void)json_array_append_new(c->parents, json_string(q->parents[i]));
	body_free(b);
	app_push_view(q->app, compose_view(c));
	app_note(q->app, false, "%s", _("change what was wrong; the whole of it is sent again and takes the other's place"));
}

void
act_correct(struct app *app, struct view *owner, const json_t *shown, const json_t *line)
{
	const json_t *incident = json_object_get(shown, "incident"), *h;
	struct correction *q = xcalloc(1, sizeof(*q));
	size_t i;

	q->app = app;
	q->exercise = jexercise(incident);
	(void)snprintf(q->incident, sizeof(q->incident), "%s", jtext(incident, "id"));
	(void)snprintf(q->number, sizeof(q->number), "%s", jtext(incident, "number"));
	(void)snprintf(q->id, sizeof(q->id), "%s", jtext(line, "id"));
	json_array_foreach (jarray(incident, "heads"), i, h)
		if (q->nparents < PARENTS && json_is_string(h))
			(void)snprintf(q->parents[q->nparents++], MSGID_TEXT_MAX, "%s", json_string_value(h));
	app_ask(app, owner, json_pack("{s:s, s:s}", "op", "message", "id", q->id), correction_ready, q);
}
