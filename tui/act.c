/*
 * Log entry, telephone report, signing for, taking on: questions with one confirmation that defaults to cancel.  What is
 * common to all deeds (act.h) is here too.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../formats/buf.h"
#include "../formats/codebook.h"
#include "../formats/i18n.h"
#include "../formats/value.h"
#include "act.h"
#include "compose.h"
#include "prompt.h"
#include "util.h"

static json_t *
request(const struct deed *a, json_t *body)
{
	char rid[33];

	client_rid(rid);
	if (*a->incident)
		(void)json_object_set_new(body, field_by_key(F_INCIDENT)->name, json_string(a->incident));
	return json_pack("{s:s, s:s, s:s, s:o}", "op", "submit", "rid", rid, "realm", a->exercise ? "exercise" : "live", "body", body);
}

static void
done(struct app *app, json_t *context, const json_t *answer, const struct fault *f)
{
	char link[96];

	if (!answer) {
		app_note_fault(app, f);
		return;
	}
	if (jflag(context, "goes"))
		app_note(app, false, _("stored, to be delivered: %s%s"), jtext(context, "what"), app_link_note(app, false, link, sizeof(link)));
	else
		app_note(app, false, _("done: %s"), jtext(context, "what"));
	app_want(app, FEED_OWED);
	app_want(app, FEED_INBOX);
}

void
deed_submit(const struct deed *a, json_t *body, const char *what)
{
	const char *kind = jtext(body, field_by_key(F_KIND)->name);
	/* A log entry stays at this station; a step goes where the event is known, if anywhere. */
	bool goes = strcmp(kind, enum_by_value("kind", KIND_LOG)->name) != 0 && strcmp(kind, enum_by_value("kind", KIND_STEP)->name) != 0;

	app_submit(a->app, request(a, body), done, json_pack("{s:s, s:b}", "what", what, "goes", goes ? 1 : 0));
}

void
deed_text(json_t *body, uint32_t key, const char *text)
{
	if (*text)
		(void)json_object_set_new(body, field_by_key(key)->name, json_string(text));
}

struct deed *
deed_new(struct app *app, const json_t *about)
{
	struct deed *a = xcalloc(1, sizeof(*a));

	a->app = app;
	(void)snprintf(a->id, sizeof(a->id), "%s", jtext(about, "id"));
	(void)snprintf(a->incident, sizeof(a->incident), "%s", jtext(about, "incident"));
	(void)snprintf(a->number, sizeof(a->number), "%s", jtext(about, "number"));
	a->exercise = jexercise(about);
	return a;
}

struct deed *
deed_incident(struct app *app, const json_t *incident)
{
	struct deed *a = deed_new(app, incident);

	(void)snprintf(a->incident, sizeof(a->incident), "%s", a->id);
	(void)one_line(jtext(incident, "title"), a->title, sizeof(a->title));
	return a;
}

struct deed *
deed_copy(const struct deed *from)
{
	struct deed *a = xmalloc(sizeof(*a));

	*a = *from;
	return a;
}

void
deed_ask_again(const struct deed *a, struct prompt *p, size_t at)
{
	const struct key enter = { .code = TK_ENTER };

	app_prompt(a->app, p);
	while (at-- > 0)
		prompt_key(p, &enter);
}

/* Log. */

static void
log_written(struct view *owner, void *arg, const char *const *value)
{
	const struct deed *a = arg;
	json_t *body = json_object();

	(void)owner;
	compose_set_enum(body, F_KIND, "kind", KIND_LOG);
	deed_text(body, F_TEXT, value[0]);
	deed_submit(a, body, _("log entry"));
}

void
act_log(struct app *app, struct view *owner, const json_t *incident)
{
	struct deed *a = deed_incident(app, incident);
	struct prompt *p;

	p = prompt_new(app, owner, *a->incident ? _("log entry on this incident") : _("duty log entry"), log_written, a);
	prompt_field(p, _("text"), "", PROMPT_REQUIRED | PROMPT_LINES);
	app_prompt(app, p);
}

/* Telephone report. */

bool
phone_key(const struct key *k)
{
	return !k->pasted && (k->code == TK_F0 + 8 || (k->code == TK_CHAR && (k->cp == 't' || k->cp == 'T')));
}

static void
phone_recorded(struct view *owner, void *arg, const char *const *value)
{
	const struct deed *a = arg;
	json_t *body = json_object();
	struct body *b = body_new();
	struct fault f = { 0 };
	char text[1400], when[48];
	int64_t ms;

	(void)owner;
	compose_set_enum(body, F_KIND, "kind", KIND_LOG);
	/* Parsed here as it was checked there: "14:40" means the same time whoever reads it later. */
	if (value_parse(b, field_by_key(F_TELEPHONED), value[0], app_codebook(a->app), app_now(a->app), &f) == 0 &&
	    body_time(b, F_TELEPHONED, &ms))
		deed_text(body, F_TELEPHONED, time_format(ms, TIME_RFC3339, when, sizeof(when)));
	body_free(b);
	deed_text(body, F_PERSON, value[1]);
	(void)snprintf(text, sizeof(text), _("telephone report to %s, answered by %s"), a->towards, value[1]);
	if (*value[2]) {
		size_t n = strlen(text);

		(void)snprintf(text + n, sizeof(text) - n, " %s", value[2]);
	}
	deed_text(body, F_TEXT, text);
	deed_submit(a, body, text);
}

void
act_phone(struct app *app, struct view *owner, const json_t *about)
{
	struct deed *a = deed_new(app, about);
	struct prompt *p;
	char text[320], now[24];

	if (*a->incident == '\0') {
		free(a);
		app_note(app, true, _("that does not apply here"));
		return;
	}
	(void)snprintf(a->towards, sizeof(a->towards), "%s", *jtext(about, "towards_name") ? jtext(about, "towards_name") :
	    app_hello(app, "parent_name"));
	(void)snprintf(text, sizeof(text), _("telephone report on %s to %s: record that it was made"), a->number, a->towards);
	p = prompt_new(app, owner, text, phone_recorded, a);
	prompt_field(p, _("telephoned at"), time_format(app_now(app), TIME_FULL, now, sizeof(now)),
	    PROMPT_REQUIRED | PROMPT_TIME | PROMPT_PAST);
	prompt_field(p, _("answered by"), "", PROMPT_REQUIRED);
	prompt_field(p, _("remark"), "", 0);
	prompt_confirm(p, _("record it? 1 = yes "));
	app_prompt(app, p);
}

/* Receipts. */

static json_t *
receipt(const struct deed *a, int what)
{
	json_t *body = json_object();

	compose_set_enum(body, F_KIND, "kind", KIND_RECEIPT);
	compose_set_enum(body, F_ACT, "act", what);
	(void)json_object_set_new(body, field_by_key(F_REFS)->name, json_pack("[s]", a->id));
	return body;
}

static void
receipt_given(struct view *owner, void *arg, const char *const *value)
{
	const struct deed *a = arg;
	json_t *body = receipt(a, a->act);
	char text[1100], what[128], due[48];

	(void)owner;
	deed_text(body, F_PERSON, value[0]);
	app_set_person(a->app, value[0]);
	if (a->act == ACT_TAKEN) {
		struct body *b = body_new();
		struct fault f = { 0 };
		int64_t ms;

		/* Parsed here as it was checked there: "14:40" means the same time whoever reads it later. */
		if (value_parse(b, field_by_key(F_DUE), value[1], app_codebook(a->app), app_now(a->app), &f) == 0 &&
		    body_time(b, F_DUE, &ms))
			deed_text(body, F_DUE, time_format(ms, TIME_RFC3339, due, sizeof(due)));
		body_free(b);
	} else if (a->fill_back && *value[1]) {
		(void)snprintf(text, sizeof(text), _("fill-back: due %s"), value[1]);
		deed_text(body, F_TEXT, text);
	}
	(void)snprintf(what, sizeof(what), "%s %s", enum_label("act", a->act), value[0]);
	deed_submit(a, body, what);
}

/* A row of the inbox names its precedence in ASCII. */
static bool
urgent(const json_t *message)
{
	const char *p = jtext(message, "precedence");

	return strcmp(p, "flash") == 0 || strcmp(p, "urgent") == 0;
}

void
act_sign(struct app *app, struct view *owner, const json_t *message)
{
	struct deed *a = deed_new(app, message);
	struct prompt *p;
	char title[160], text[256];

	a->act = ACT_SIGNED;
	a->fill_back = urgent(message) && jnum(message, "due") != 0;
	(void)snprintf(text, sizeof(text), _("sign for: %s"), one_line(jtext(message, "title"), title, sizeof(title)));
	p = prompt_new(app, owner, text, receipt_given, a);
	prompt_field(p, _("signed for by"), app_person(app), PROMPT_REQUIRED);
	if (a->fill_back)	/* against reflex: recorded, never refused */
		prompt_field(p, _("due at what time"), "", 0);
	prompt_confirm(p, _("sign for it? 1 = yes "));
	app_prompt(app, p);
}

void
act_take(struct app *app, struct view *owner, const json_t *message)
{
	struct deed *a = deed_new(app, message);
	struct prompt *p;
	char title[160], text[256];

	a->act = ACT_TAKEN;
	(void)snprintf(text, sizeof(text), _("take on: %s"), one_line(jtext(message, "title"), title, sizeof(title)));
	p = prompt_new(app, owner, text, receipt_given, a);
	prompt_field(p, _("taken on by"), app_person(app), PROMPT_REQUIRED);
	prompt_field(p, _("next feedback at"), "", PROMPT_REQUIRED | PROMPT_TIME | PROMPT_FUTURE);
	prompt_confirm(p, _("take it on? 1 = yes "));
	app_prompt(app, p);
}

void
act_read(struct app *app, const json_t *message)
{
	struct deed *a = deed_new(app, message);
	char rid[MSGID_TEXT_MAX + 8];
	json_t *r = request(a, receipt(a, ACT_READ));

	/* One read receipt a message, however often it is opened and by how many seats. */
	(void)snprintf(rid, sizeof(rid), "read-%s", a->id);
	(void)json_object_set_new(r, "rid", json_string(rid));
	app_post(app, r);
	free(a);
}
