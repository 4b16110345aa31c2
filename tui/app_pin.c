/*
 * A submit that was refused for want of a PIN, or for a wrong one: asked for above the hint, and sent again under its request id.  So every view that
 * signs, takes on, approves or hands over has its PIN without asking beforehand, and where nobody has one nobody is asked.
 *
 * Given up, or closed by another question, it ends as the refusal it was.  A person locked out is not asked again.
 */
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "../formats/buf.h"
#include "../formats/i18n.h"
#include "app_int.h"
#include "util.h"

struct pin_wait {
	struct prompt *prompt;	/* app.c's; only compared */
	json_t *request, *context;
	submit_fn fn;
	struct fault f;
	char person[128];
};

/* Whose it is: of those the request names, who stands in the refusal. */
static const char *
whose(const json_t *request, const struct fault *f)
{
	static const char *const members[] = { "signer", "person", "author" };
	const json_t *body = json_object_get(request, "body");
	const char *name = jtext(request, "person");

	if (*name && strstr(f->text, name))
		return name;
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		name = jtext(body, members[i]);
		if (*name && strstr(f->text, name))
			return name;
	}
	return "";
}

static struct pin_wait *
let_go(struct app *app)
{
	struct pin_wait *w = app->pin_wait;

	app->pin_wait = NULL;
	return w;
}

static void
wait_free(struct pin_wait *w)
{
	json_decref(w->request);
	json_decref(w->context);
	free(w);
}

static void
given_up(struct app *app)
{
	struct pin_wait *w = let_go(app);

	if (!w)
		return;
	if (w->fn)
		w->fn(app, w->context, NULL, &w->f);
	else
		app_note_fault(app, &w->f);
	wait_free(w);
}

static void
cancelled(struct view *v)
{
	given_up(v->app);
}

static void
given(struct view *v, void *arg, const char *const *value)
{
	struct pin_wait *w = let_go(v->app);
	const json_t *had;
	json_t *pins;
	size_t i;

	(void)arg;
	if (!w)
		return;
	pins = json_array();
	json_array_foreach (jarray(w->request, "pins"), i, had)
		if (strcmp(jtext(had, "person"), w->person) != 0)
			(void)json_array_append(pins, (json_t *)had);
	(void)json_array_append_new(pins, json_pack("{s:s, s:s}", "person", w->person, "pin", value[0]));
	(void)json_object_set_new(w->request, "pins", pins);
	app_submit(v->app, json_incref(w->request), w->fn, json_incref(w->context));
	wait_free(w);
}

bool
app_pin_wanted(struct app *app, json_t *request, submit_fn fn, json_t *context, const struct fault *f)
{
	const char *person = whose(request, f);
	struct pin_wait *w;
	char label[160];

	/* somebody is answering another question: it is not taken out of his hands */
	if (strcmp(f->field, "pin") != 0 || f->code != EX_NOPERM || !*person || app->prompt || app->pin_wait || !app->top)
		return false;
	w = xcalloc(1, sizeof(*w));
	w->request = json_incref(request);
	w->context = json_incref(context);
	w->fn = fn;
	w->f = *f;
	(void)snprintf(w->person, sizeof(w->person), "%s", person);
	w->prompt = prompt_new(app, app->top, f->text, given, NULL);
	(void)snprintf(label, sizeof(label), _("PIN of %s"), person);
	prompt_field(w->prompt, label, "", PROMPT_REQUIRED | PROMPT_SECRET);
	prompt_cancelled(w->prompt, cancelled);
	app->pin_wait = w;
	app_prompt(app, w->prompt);
	return true;
}

void
app_pin_check(struct app *app)
{
	if (app->pin_wait && app->prompt != app->pin_wait->prompt)
		given_up(app);
}

void
app_pin_free(struct app *app)
{
	struct pin_wait *w = let_go(app);

	if (w)
		wait_free(w);
}
