/*
 * Entries of the duty log: one line at once (`:note TEXT'), a telephone call, a leader's opinion in his own words, an equipment test, and what
 * is added to an earlier entry.  Nothing is written over, and no entry moves a clock.
 */
#include <stdlib.h>
#include <string.h>
#include "../formats/buf.h"
#include "../formats/i18n.h"
#include "../formats/json.h"
#include "act.h"
#include "act_log.h"
#include "compose.h"
#include "prompt.h"
#include "util.h"

static void
submit(struct app *app, json_t *body)
{
	struct deed *a = deed_new(app, NULL);

	compose_set_enum(body, F_KIND, "kind", KIND_LOG);
	deed_submit(a, body, _("log entry"));
	free(a);
}

bool
act_note(struct app *app, const char *text)
{
	json_t *body;

	while (*text == ' ' || strncmp(text, "　", strlen("　")) == 0)
		text += *text == ' ' ? 1 : strlen("　");
	if (*text == '\0')
		return false;
	body = json_object();
	deed_text(body, F_TEXT, text);
	submit(app, body);
	return true;
}

const char *
act_note_words(const char *typed)
{
	size_t n = strcspn(typed, " ");
	const char *wide = strstr(typed, "　");
	const struct command *c;
	char verb[32];

	if (wide != NULL && (size_t)(wide - typed) < n)
		n = (size_t)(wide - typed);
	if (typed[n] == '\0' || n == 0 || n >= sizeof(verb))
		return NULL;
	(void)snprintf(verb, sizeof(verb), "%.*s", (int)n, typed);
	c = command_by_verb(verb);
	return c != NULL && c->id == CMD_NOTE ? typed + n : NULL;
}

/* ---- the kinds of entries that have parts ---- */

static void
plain_written(struct view *owner, void *arg, const char *const *value)
{
	(void)arg;
	(void)act_note(owner->app, value[0]);
}

static void
phone_written(struct view *owner, void *arg, const char *const *value)
{
	json_t *body = json_object();
	struct body *b = body_new();
	json_t *when;

	(void)arg;
	compose_set_enum(body, F_CHANNEL, "channel", CHANNEL_PHONE);
	deed_text(body, F_CALLER, value[0]);
	deed_text(body, F_CALLER_UNIT, value[1]);
	deed_text(body, F_CALLER_PHONE, value[2]);
	deed_text(body, F_TEXT, value[3]);
	deed_text(body, F_TOLD, value[4]);
	body_set_time(b, F_DONE_AT, app_now(owner->app));
	when = json_from_body(b);
	(void)json_object_update(body, when);
	json_decref(when);
	body_free(b);
	submit(owner->app, body);
}

static void
opinion_written(struct view *owner, void *arg, const char *const *value)
{
	json_t *body = json_object();

	(void)arg;
	compose_set_enum(body, F_DUTY_STEP, "duty_step", DUTY_LOG_OPINION);
	deed_text(body, F_PERSON, value[0]);
	deed_text(body, F_TEXT, value[1]);
	submit(owner->app, body);
}

static void
tested(struct view *owner, void *arg, const char *const *value)
{
	json_t *body = json_object();
	int outcome = strcmp(value[PROMPT_FIELDS - 1], "1") == 0 ? OUTCOME_REACHED : strcmp(value[PROMPT_FIELDS - 1], "2") == 0 ? OUTCOME_NO_ANSWER :
	    OUTCOME_OFF;

	(void)arg;
	compose_set_enum(body, F_DUTY_STEP, "duty_step", DUTY_LOG_EQUIPMENT);
	compose_set_enum(body, F_OUTCOME, "outcome", outcome);
	deed_text(body, F_EQUIPMENT, value[0]);
	deed_text(body, F_PERSON, value[1]);
	deed_text(body, F_TEXT, *value[2] != '\0' ? value[2] : value[0]);
	app_set_person(owner->app, value[1]);
	submit(owner->app, body);
}

static void
kind_chosen(struct view *owner, void *arg, const char *const *value)
{
	struct app *app = owner->app;
	struct prompt *p;

	(void)arg;
	switch (*value[PROMPT_FIELDS - 1]) {
	case '1':
		p = prompt_new(app, owner, _("duty log entry"), plain_written, NULL);
		prompt_field(p, _("text"), "", PROMPT_REQUIRED);
		break;
	case '2':
		p = prompt_new(app, owner, _("telephone log"), phone_written, NULL);
		prompt_field(p, _("caller"), "", PROMPT_REQUIRED);
		prompt_field(p, _("caller's unit and post"), "", 0);
		prompt_field(p, _("number"), "", 0);
		prompt_field(p, _("what was said"), "", PROMPT_REQUIRED);
		prompt_field(p, _("who was told when, and handling"), "", 0);
		break;
	case '3':
		p = prompt_new(app, owner, _("a leader's opinion, in his own words"), opinion_written, NULL);
		prompt_field(p, _("leader"), "", PROMPT_REQUIRED);
		prompt_field(p, _("his words"), "", PROMPT_REQUIRED);
		prompt_info(p, _("it is kept; no clock stops and nothing is hidden by it"));
		break;
	default:
		act_test(app, owner, "");
		return;
	}
	app_prompt(app, p);
}

void
act_test(struct app *app, struct view *owner, const char *what)
{
	struct prompt *p = prompt_new(app, owner, _("equipment tested in this shift"), tested, NULL);

	prompt_field(p, _("equipment"), what, PROMPT_REQUIRED);
	prompt_field(p, _("tested by"), app_person(app), PROMPT_REQUIRED);
	prompt_field(p, _("remark"), "", 0);
	prompt_choice(p, _("1 works  2 no answer  3 does not work"), 3);
	app_prompt(app, p);
}

void
act_entry(struct app *app, struct view *owner)
{
	struct prompt *p = prompt_new(app, owner, _("what is to be entered in the duty log"), kind_chosen, NULL);

	prompt_choice(p, _("1 one line  2 telephone call  3 leader's opinion  4 equipment test"), 4);
	app_prompt(app, p);
}

/* ---- additions ---- */

static void
added(struct view *owner, void *arg, const char *const *value)
{
	json_t *body = json_object();

	compose_set_enum(body, F_DUTY_STEP, "duty_step", DUTY_LOG_CORRECTED);
	deed_text(body, F_TEXT, value[0]);
	(void)json_object_set_new(body, field_by_key(F_REFS)->name, json_pack("[s]", (const char *)arg));
	submit(owner->app, body);
}

void
act_addition(struct app *app, struct view *owner, const char *id)
{
	struct prompt *p = prompt_new(app, owner, _("add to this entry; what stands there stays"), added, xstrdup(id));

	prompt_field(p, _("text"), "", PROMPT_REQUIRED);
	app_prompt(app, p);
}
