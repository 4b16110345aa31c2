/*
 * See chain.h.  Every step is asked about once; sending never waits for a step that nobody can do now: what is not yet in
 * order for 先报后签 can be sent as it is from the same question.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../formats/buf.h"
#include "../formats/i18n.h"
#include "../formats/json.h"
#include "chain.h"
#include "compose.h"
#include "prompt.h"
#include "util.h"

static const struct {
	enum chain_step step;
	int f;			/* function key */
	char letter;
} keys[] = {
	{ CHAIN_PASS, 6, 'K' }, { CHAIN_RETURN, 7, 'B' }, { CHAIN_TRY, 8, 'T' }, { CHAIN_UNSIGNED, 9, 'U' },
	{ CHAIN_APPROVE, 10, 'Q' }, { CHAIN_TAKE_BACK, 11, 'W' },
};

enum chain_step
chain_key(const struct key *k)
{
	uint32_t c = k->cp >= 'a' && k->cp <= 'z' ? k->cp - 'a' + 'A' : k->cp;

	if (k->pasted)
		return CHAIN_NONE;
	if (c >= 0xff21 && c <= 0xff3a)	/* full-width letters */
		c = c - 0xff21 + 'A';
	else if (c >= 0xff41 && c <= 0xff5a)
		c = c - 0xff41 + 'A';
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (k->code == TK_F0 + keys[i].f || (k->code == TK_CHAR && c == (uint32_t)keys[i].letter))
			return keys[i].step;
	return CHAIN_NONE;
}

/* What a draft is. */

const json_t *
chain_draft(const struct app *app, const char *rid)
{
	const json_t *d;
	size_t i;

	json_array_foreach (app_feed(app, FEED_DRAFTS), i, d)
		if (strcmp(jtext(d, "rid"), rid) == 0)
			return d;
	return NULL;
}

bool
chain_under_review(const json_t *draft)
{
	const char *s = jtext(draft, "state");

	return strcmp(s, "checking") == 0 || strcmp(s, "signing") == 0;
}

const json_t *
chain_last(const json_t *draft)
{
	const json_t *trail = jarray(draft, "trail");

	for (size_t i = jcount(trail); i > 0; i--)
		if (strcmp(jtext(json_array_get(trail, i - 1), "event"), "try") != 0)
			return json_array_get(trail, i - 1);
	return NULL;
}

const char *
chain_state(const json_t *draft, int64_t now, char *buf, size_t size)
{
	const json_t *last = chain_last(draft);
	char line[200];

	buf[0] = '\0';
	if (chain_under_review(draft))
		(void)snprintf(buf, size, "%s %s", jtext(draft, "state_name"),
		    last ? chain_trail_line(last, now, line, sizeof(line)) : "");
	return buf;
}

const char *
chain_trail_line(const json_t *step, int64_t now, char *buf, size_t size)
{
	const char *who = *jtext(step, "person") ? jtext(step, "person") : jtext(step, "seat");
	char text[320], at[24];

	(void)snprintf(text, sizeof(text), "%s %s%s%s%s%s %s%s%s", jtext(step, "event_name"), who,
	    *jtext(step, "number") ? " " : "", jtext(step, "number"), *jtext(step, "outcome") ? " " : "",
	    jtext(step, "outcome_name"), short_time(jnum(step, "at"), now, at), *jtext(step, "reason") ? " " : "", jtext(step, "reason"));
	return one_line(text, buf, size);
}

/* A draft of dutyctl holds the request itself, one of the desk its form. */
static const json_t *
kept_request(const json_t *draft)
{
	return json_object_get(json_object_get(draft, "json"), "request");
}

bool
chain_exercise(const json_t *draft)
{
	const json_t *j = json_object_get(draft, "json");

	return jflag(j, "exercise") || jexercise(kept_request(draft));
}

struct body *
chain_body(struct app *app, const json_t *draft)
{
	const json_t *body = json_object_get(kept_request(draft), "body");
	struct fault f = { 0 };
	struct compose *c;
	struct body *b;

	if (json_is_object(body)) {
		b = body_new();
		if (json_to_body(body, b, app_codebook(app), app_now(app), true, &f) == 0)
			return b;
		body_free(b);
	} else if ((c = compose_restore(app, jtext(draft, "rid"), json_object_get(draft, "json"))) != NULL) {
		b = compose_body(c);
		compose_view(c)->ops->free(compose_view(c));
		return b;
	}
	return body_new();
}

const char *
chain_name(const json_t *draft, char *buf, size_t size)
{
	const json_t *j = json_object_get(draft, "json"), *fields = json_object_get(j, "fields");
	const char *stage = jtext(fields, field_by_key(F_STAGE)->name);
	char text[512];

	(void)snprintf(text, sizeof(text), "%.60s%s%.90s%s%.300s", stage, *stage ? " " : "", jtext(j, "number"),
	    *jtext(j, "number") ? " " : "", jtext(j, "title"));
	return one_line(text, buf, size);
}

/* Steps. */

struct deed {
	struct app *app;
	char rid[192];
	char name[320];
	enum chain_step step;
};

static const char *
event_of(enum chain_step s)
{
	switch (s) {
	case CHAIN_PASS:
		return "pass";
	case CHAIN_RETURN:
		return "return";
	case CHAIN_TRY:
		return "try";
	case CHAIN_APPROVE:
		return "approve";
	case CHAIN_UNSIGNED:
		return "unsigned";
	case CHAIN_TAKE_BACK:
		return "take-back";
	case CHAIN_NONE:
		break;
	}
	return "send";
}

static void
moved(struct app *app, json_t *context, const json_t *answer, const struct fault *f)
{
	const char *rid = jtext(context, "rid"), *name = jtext(context, "name");
	struct view *top = app_top_view(app);
	char link[96];

	app_want(app, FEED_DRAFTS);
	if (!answer) {
		app_note_fault(app, f);
		return;
	}
	if (!*jtext(answer, "id")) {
		app_note(app, false, "%s: %s", jtext(context, "what"), jtext(answer, "state_name"));
		return;
	}
	app_draft_ended(app, rid);
	if (view_review_shows(top, rid))
		app_pop_view(app, top);
	(void)app_link_note(app, *app_hello(app, "parent") != '\0', link, sizeof(link));
	app_note(app, false, _("stored, to be delivered: %s %s%s%s%s"), name, "", link, "", "");
	if (!jflag(context, "signed"))
		compose_signature(app, answer, name, "", link);
}

/* What is written and was never submitted goes with the step; what is under review the switch holds already. */
static bool
add_request(struct app *app, const json_t *draft, json_t *r)
{
	struct fault f = { 0 };
	struct compose *c;
	json_t *request;

	if (chain_under_review(draft))
		return true;
	if (json_is_object(kept_request(draft))) {
		(void)json_object_set_new(r, "request", json_deep_copy(kept_request(draft)));
		return true;
	}
	if (!(c = compose_restore(app, jtext(draft, "rid"), json_object_get(draft, "json")))) {
		app_note(app, true, _("this draft belongs to another version of the desk"));
		return false;
	}
	if ((request = compose_request(c, &f)) != NULL)
		(void)json_object_set_new(r, "request", request);
	else
		app_note_fault(app, &f);
	compose_view(c)->ops->free(compose_view(c));
	return request != NULL;
}

/* The switch is not there: the steps wait in their order, and that is said with all of them. */
static void
say_queued(struct app *app, enum chain_step step)
{
	static char queued[160];
	static const struct {
		enum chain_step step;
		const char *name;
	} names[] = {
		{ CHAIN_PASS, N_("checked") }, { CHAIN_RETURN, N_("returned") }, { CHAIN_TRY, N_("try noted") },
		{ CHAIN_APPROVE, N_("signed") }, { CHAIN_UNSIGNED, N_("sent before signature") },
		{ CHAIN_TAKE_BACK, N_("taken back") }, { CHAIN_NONE, N_("sent as it is") },
	};
	size_t len;

	if (app_connected(app) || app_unanswered(app) <= 1)
		queued[0] = '\0';
	if (app_connected(app))
		return;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].step == step) {
			len = strlen(queued);
			/* more than is shown is queued all the same */
			if (len + strlen(_(names[i].name)) + 8 < sizeof(queued))
				(void)snprintf(queued + len, sizeof(queued) - len, "%s%s", len > 0 ? _(", ") : "", _(names[i].name));
		}
	app_note(app, false, _("queued: %s; done when the switch is back"), queued);
}

/* person, reason, number, outcome: "" = not said. */
static void
move(const struct deed *d, enum chain_step step, const char *person, const char *reason, const char *number,
    const char *outcome, const char *what)
{
	const json_t *draft = chain_draft(d->app, d->rid);
	const struct { const char *name, *value; } word[] = {
		{ "person", person }, { "reason", reason }, { "number", number }, { "outcome", outcome },
	};
	json_t *r;

	if (!draft || app_draft_has_ended(d->app, d->rid)) {
		app_note(d->app, true, _("that draft is no longer there"));
		return;
	}
	r = json_pack("{s:s, s:s, s:s}", "op", "draft_move", "rid", d->rid, "event", event_of(step));
	for (size_t i = 0; i < sizeof(word) / sizeof(word[0]); i++)
		if (*word[i].value)
			(void)json_object_set_new(r, word[i].name, json_string(word[i].value));
	if ((step == CHAIN_UNSIGNED || step == CHAIN_NONE) && !add_request(d->app, draft, r)) {
		json_decref(r);
		return;
	}
	app_submit(d->app, r, moved, json_pack("{s:s, s:s, s:s, s:b}", "rid", d->rid, "name", d->name, "what", what, "signed",
	    step == CHAIN_APPROVE ? 1 : 0));
	say_queued(d->app, step);
}

static void
step_done(struct view *owner, void *arg, const char *const *value)
{
	static const char *const outcomes[] = { "no-answer", "busy", "off", "reached" };
	const struct deed *d = arg;
	const char *digit = value[PROMPT_FIELDS - 1];
	char what[320];

	(void)owner;
	switch (d->step) {
	case CHAIN_PASS:
		app_set_person(d->app, value[0]);
		(void)snprintf(what, sizeof(what), _("checked by %s"), value[0]);
		move(d, CHAIN_PASS, value[0], "", "", "", what);
		return;
	case CHAIN_RETURN:
		app_set_person(d->app, value[0]);
		(void)snprintf(what, sizeof(what), _("returned by %s"), value[0]);
		move(d, CHAIN_RETURN, value[0], value[1], "", "", what);
		return;
	case CHAIN_TRY:
		(void)snprintf(what, sizeof(what), _("try to reach %s noted"), value[0]);
		move(d, CHAIN_TRY, value[0], "", value[1], outcomes[*digit >= '1' && *digit <= '4' ? *digit - '1' : 0], what);
		return;
	case CHAIN_APPROVE:
		move(d, CHAIN_APPROVE, value[0], "", "", "", "");
		return;
	case CHAIN_UNSIGNED:
		app_set_person(d->app, value[0]);
		move(d, CHAIN_UNSIGNED, value[0], "", "", "", "");
		return;
	case CHAIN_TAKE_BACK:
		move(d, CHAIN_TAKE_BACK, "", "", "", "", _("taken back"));
		return;
	case CHAIN_NONE:
		move(d, CHAIN_NONE, "", "", "", "", "");
		return;
	}
}

/* Not in order yet: 1 sends it as it is, at once. */
static void
early_done(struct view *owner, void *arg, const char *const *value)
{
	struct deed d = *(const struct deed *)arg;

	if (*value[PROMPT_FIELDS - 1] == '2') {
		chain_step(d.app, owner, chain_draft(d.app, d.rid), CHAIN_TRY);
		return;
	}
	move(&d, CHAIN_NONE, "", "", "", "", "");
}

bool
chain_unsigned_ok(const json_t *draft, int64_t now)
{
	return jflag(draft, "unsigned_ok") || (jnum(draft, "unsigned_from") > 0 && jnum(draft, "unsigned_from") <= now);
}

static void
ask_unsigned(struct app *app, struct view *owner, const json_t *draft, struct deed *d)
{
	char title[400], info[200], at[24];
	struct prompt *p;

	(void)snprintf(title, sizeof(title), _("send before signature: %s"), d->name);
	if (chain_unsigned_ok(draft, app_now(app))) {
		p = prompt_new(app, owner, title, step_done, d);
		prompt_info(p, _("it goes at once and is on time; every reader sees that the signature is owed"));
		prompt_field(p, _("sent by"), app_person(app), PROMPT_REQUIRED);
		prompt_confirm(p, _("send it now? 1 = yes "));
	} else {
		p = prompt_new(app, owner, title, early_done, d);
		if (jnum(draft, "unsigned_from") > 0)
			(void)snprintf(info, sizeof(info), _("in order from %s, or when another number was tried"),
			    short_time(jnum(draft, "unsigned_from"), app_now(app), at));
		else
			(void)snprintf(info, sizeof(info), "%s", _("not in order yet: no leader was tried"));
		prompt_info(p, info);
		prompt_choice(p, _("1 = send it as it is, now  2 = note whom you tried "), 2);
	}
	app_prompt(app, p);
}

void
chain_step(struct app *app, struct view *owner, const json_t *draft, enum chain_step step)
{
	struct deed *d;
	struct prompt *p;
	char title[400];

	if (!draft)
		return;
	if (!chain_under_review(draft) && step != CHAIN_TRY && step != CHAIN_UNSIGNED) {
		app_note(app, true, _("not submitted for checking yet: Enter opens it, F6 submits it, F10 sends it"));
		return;
	}
	d = xcalloc(1, sizeof(*d));
	d->app = app;
	d->step = step;
	(void)snprintf(d->rid, sizeof(d->rid), "%s", jtext(draft, "rid"));
	(void)chain_name(draft, d->name, sizeof(d->name));
	switch (step) {
	case CHAIN_PASS:
		(void)snprintf(title, sizeof(title), _("checked: %s"), d->name);
		p = prompt_new(app, owner, title, step_done, d);
		prompt_field(p, _("who checked it"), app_person(app), PROMPT_REQUIRED);
		prompt_confirm(p, _("pass it on to be signed? 1 = yes "));
		break;
	case CHAIN_RETURN:
		(void)snprintf(title, sizeof(title), _("return: %s"), d->name);
		p = prompt_new(app, owner, title, step_done, d);
		prompt_field(p, _("who returns it"), app_person(app), PROMPT_REQUIRED);
		prompt_field(p, _("reason"), "", PROMPT_REQUIRED);
		prompt_confirm(p, _("return it to who wrote it? 1 = yes "));
		break;
	case CHAIN_TRY:
		(void)snprintf(title, sizeof(title), _("note a try to reach the leader: %s"), d->name);
		p = prompt_new(app, owner, title, step_done, d);
		prompt_field(p, _("leader"), "", PROMPT_REQUIRED);
		prompt_field(p, _("number called"), "", PROMPT_REQUIRED);
		prompt_choice(p, _("1 no answer  2 busy  3 switched off  4 reached "), 4);
		break;
	case CHAIN_APPROVE:
		(void)snprintf(title, sizeof(title), _("sign and send: %s"), d->name);
		p = prompt_new(app, owner, title, step_done, d);
		if (strcmp(jtext(draft, "state"), "checking") == 0)
			prompt_info(p, _("nobody has checked it yet"));
		prompt_field(p, _("signing leader"), "", PROMPT_REQUIRED);
		prompt_confirm(p, _("signed, send it now? 1 = yes "));
		break;
	case CHAIN_UNSIGNED:
		ask_unsigned(app, owner, draft, d);
		return;
	case CHAIN_TAKE_BACK:
		(void)snprintf(title, sizeof(title), _("take back: %s"), d->name);
		p = prompt_new(app, owner, title, step_done, d);
		prompt_confirm(p, _("back to a draft? 1 = yes "));
		break;
	default:
		free(d);
		return;
	}
	app_prompt(app, p);
}
