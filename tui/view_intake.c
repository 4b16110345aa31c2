/*
 * Screen 02: what was learned is taken down.  F10 logs it here (it opens an incident); F6 logs it and sends the first
 * report to the station above in one go.  Nothing has to be known: a first report is never blocked by unknown fields.
 */
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "../formats/buf.h"
#include "../formats/i18n.h"
#include "../formats/text.h"
#include "../formats/value.h"
#include "compose.h"
#include "prompt.h"
#include "util.h"

static void
intake_fields(struct compose *c)
{
	char now[24];

	form_add_table(&c->form);
	form_set(&c->form, F_LEARNED, time_format(app_now(c->v.app), TIME_FULL, now, sizeof(now)));
}

static void
intake_title(const struct compose *c, char *buf, size_t size)
{
	(void)c;
	(void)snprintf(buf, size, "%s", _("Intake"));
}

static bool
intake_hint(const struct compose *c, char *buf, size_t size)
{
	(void)c;
	hint_text(buf, size, _("Tab next"));
	hint_add(buf, size, CMD_SAVE, _(" save"));
	hint_add(buf, size, CMD_SUBMIT, _(" log it"));
	hint_add(buf, size, CMD_REPORT, _(" log and first report"));
	hint_add(buf, size, CMD_BACK, _(" back (draft kept)"));
	return true;
}

static void
intake_fill(const struct compose *c, json_t *body, bool report)
{
	(void)c;
	compose_set_enum(body, F_KIND, "kind", report ? KIND_REPORT : KIND_INTAKE);
	if (report)
		compose_set_enum(body, F_STAGE, "stage", STAGE_FIRST);
}

const struct compose_ops compose_intake_ops = {
	.name = "intake",
	.fields = intake_fields,
	.title = intake_title,
	.hint = intake_hint,
	.fill = intake_fill,
};

/* The account at this desk as the switch names it; "" when the system does not know it. */
static void
own_seat(char *seat, size_t size)
{
	char buf[4096];
	struct passwd pw, *found = NULL;

	seat[0] = '\0';
	if (getpwuid_r(getuid(), &pw, buf, sizeof(buf), &found) == 0 && found)
		(void)text_sanitise(found->pw_name, strlen(found->pw_name), seat, size, false);
	else
		(void)snprintf(seat, size, "uid:%lu", (unsigned long)getuid());
}

/* The newest intake begun at this seat, neither sent nor on the stack of views. */
static const json_t *
begun(struct app *app, size_t *n)
{
	const json_t *d, *best = NULL;
	char seat[96];
	size_t i;

	*n = 0;
	own_seat(seat, sizeof(seat));
	json_array_foreach (app_feed(app, FEED_DRAFTS), i, d) {
		const json_t *j = json_object_get(d, "json");
		const char *rid = jtext(d, "rid");

		if (strcmp(jtext(j, "form"), compose_intake_ops.name) != 0 || jflag(j, "sending") || strcmp(jtext(d, "seat"), seat) != 0 ||
		    app_draft_has_ended(app, rid) || compose_is_open(app, rid))
			continue;
		++*n;
		if (!best || jnum(d, "ms") > jnum(best, "ms"))
			best = d;
	}
	return best;
}

static void
new_intake(struct app *app)
{
	app_push_view(app, compose_view(compose_new(app, COMPOSE_INTAKE, false)));
}

static void
offer_answered(struct view *owner, void *arg, const char *const *value)
{
	struct app *app = owner->app;
	const json_t *draft = NULL, *d;
	struct compose *c;
	size_t i;

	json_array_foreach (app_feed(app, FEED_DRAFTS), i, d)
		if (strcmp(jtext(d, "rid"), arg) == 0)
			draft = json_object_get(d, "json");
	if (*value[PROMPT_FIELDS - 1] == '2') {
		new_intake(app);
		return;
	}
	/* It may have been sent or thrown away at another desk while the question stood. */
	c = draft && !app_draft_has_ended(app, arg) ? compose_restore(app, arg, draft) : NULL;
	if (c)
		app_push_view(app, compose_view(c));
	else
		app_note(app, true, _("that draft is no longer there"));
}

void
intake_open(struct app *app)
{
	size_t n;
	const json_t *d = begun(app, &n);
	struct prompt *p;
	char text[320], title[160], at[24];

	if (!d) {
		new_intake(app);
		return;
	}
	(void)one_line(jtext(json_object_get(d, "json"), "title"), title, sizeof(title));
	(void)snprintf(text, sizeof(text), _("an intake was begun and not sent: %s %s"), short_time(jnum(d, "ms"), app_now(app), at),
	    *title ? title : _("(no title)"));
	p = prompt_new(app, app_top_view(app), text, offer_answered, xstrdup(jtext(d, "rid")));
	if (n > 1) {
		(void)snprintf(text, sizeof(text), _("%zu more under [5] drafts"), n - 1);
		prompt_info(p, text);
	}
	prompt_choice(p, _("1 = go on with it  2 = a new one "), 2);
	app_prompt(app, p);
}
