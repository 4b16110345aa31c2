/*
 * The telephone script of a record, and the record of the call: when, who answered, the code he said back, whether it is
 * ours.  A code that is not ours is asked for again or recorded as it was said; it is never a reason not to record the
 * call.  Stored as an outside channel entry (KIND_OUTSIDE), which satisfies the telephone clock.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../formats/body.h"
#include "../formats/buf.h"
#include "../formats/i18n.h"
#include "../formats/figuretext.h"
#include "../formats/json.h"
#include "../formats/phone.h"
#include "../formats/value.h"
#include "compose.h"
#include "message_text.h"
#include "prompt.h"
#include "util.h"

struct call {	/* what was typed so far */
	char at[32], who[400], code[16], person[400];
};

struct script {
	struct view v;
	struct body *body;
	char incident[MSGID_TEXT_MAX], id[MSGID_TEXT_MAX];
	char number[96];
	char code[5];
	bool mine;		/* the script speaks for this station */
	struct call call;
	struct lines lines;
	int width;
};

static void ask_call(struct script *);

static void
make(struct script *s)
{
	const struct text_env env = { .cb = app_codebook(s->v.app), .self_name = s->mine ? app_hello(s->v.app, "name") : NULL,
		.now = app_now(s->v.app), .zh = i18n_zh(), .exercise = s->v.exercise };
	struct buf out = { 0 };
	size_t top = s->lines.top;

	s->width = term_cols() - 2;
	lines_clear(&s->lines);
	phone_write(s->body, &env, &out);
	lines_add(&s->lines, "", buf_cstr(&out), s->width);
	s->lines.top = top;
	buf_free(&out);
}

/* The digits of what was said, full-width too; blanks between them go. */
static void
digits_of(const char *text, char *out, size_t size)
{
	size_t n = 0;

	for (const char *p = text; *p && n + 1 < size; p++) {
		if (*p >= '0' && *p <= '9') {
			out[n++] = *p;
		} else if (strncmp(p, "\xef\xbc", 2) == 0 && (unsigned char)p[2] >= 0x90 && (unsigned char)p[2] <= 0x99) {
			out[n++] = (char)('0' + ((unsigned char)p[2] - 0x90));
			p += 2;
		}
	}
	out[n] = '\0';
}

/* The record. */

static void
recorded(struct app *app, json_t *context, const json_t *answer, const struct fault *f)
{
	if (!answer)
		app_note_fault(app, f);
	else
		app_note(app, false, "%s", jtext(context, "what"));
}

static void
put_text(struct body *b, uint32_t key, const char *text)
{
	if (*text)
		body_set_text(b, key, text);
}

static void
record(struct script *s)
{
	struct app *app = s->v.app;
	struct body *b = body_new(), *when = body_new();
	const char *parent = app_hello(app, "parent");
	bool right = strcmp(s->call.code, s->code) == 0;
	struct fault f = { 0 };
	struct msgid id;
	char rid[33], what[600];
	int64_t ms;

	body_set_num(b, F_KIND, KIND_OUTSIDE);
	body_set_num(b, F_CHANNEL, CHANNEL_PHONE);
	/* Parsed here as it was checked there: "14:40" means the same time whoever reads it later. */
	if (value_parse(when, field_by_key(F_DUE), s->call.at, app_codebook(app), app_now(app), &f) == 0 &&
	    body_time(when, F_DUE, &ms))
		body_set_time(b, F_DONE_AT, ms);
	put_text(b, F_ANSWERED_BY, s->call.who);
	put_text(b, F_PERSON, s->call.person);
	if (*s->call.code) {
		put_text(b, F_READBACK, s->call.code);
		body_set_num(b, F_READBACK_OK, right ? 1 : 0);
	}
	if (msgid_parse(s->incident, &id))
		body_set_id(b, F_INCIDENT, &id);
	if (msgid_parse(s->id, &id))
		body_add_id(b, F_REFS, &id);
	/* Who was told by it: that is what the clock asks. */
	if (*parent && s->mine)
		body_add_text(b, F_TO, parent, strlen(parent));
	(void)snprintf(what, sizeof(what), _("telephone report %s recorded: %s, %s"), s->number, s->call.who,
	    !*s->call.code ? _("not read back") : right ? _("read-back code right") : _("READ-BACK CODE WRONG"));
	client_rid(rid);
	app_submit(app, json_pack("{s:s, s:s, s:s, s:o}", "op", "submit", "rid", rid, "realm",
	    s->v.exercise ? "exercise" : "live", "body", json_from_body(b)), recorded, json_pack("{s:s}", "what", what));
	body_free(when);
	body_free(b);
	app_pop_view(app, &s->v);
}

static void
confirmed(struct view *v, void *arg, const char *const *value)
{
	struct script *s = (struct script *)v;

	(void)arg;
	if (strcmp(value[PROMPT_FIELDS - 1], "2") == 0) {	/* asked once more */
		s->call.code[0] = '\0';
		ask_call(s);
		return;
	}
	record(s);
}

static void
typed(struct view *v, void *arg, const char *const *value)
{
	struct script *s = (struct script *)v;
	struct prompt *p;
	char text[200];

	(void)arg;
	(void)snprintf(s->call.at, sizeof(s->call.at), "%s", value[0]);
	(void)snprintf(s->call.who, sizeof(s->call.who), "%s", value[1]);
	digits_of(value[2], s->call.code, sizeof(s->call.code));
	(void)snprintf(s->call.person, sizeof(s->call.person), "%s", value[3]);
	app_set_person(v->app, value[3]);
	p = prompt_new(v->app, v, _("record the call"), confirmed, NULL);
	if (!*s->call.code) {
		prompt_info(p, _("not read back: no code was said"));
		prompt_choice(p, _("1 = record it so  2 = ask for the code "), 2);
	} else if (strcmp(s->call.code, s->code) == 0) {
		(void)snprintf(text, sizeof(text), _("code %s: right"), s->code);
		prompt_info(p, text);
		prompt_confirm(p, _("record it? 1 = yes "));
	} else {
		(void)snprintf(text, sizeof(text), _("said %s, the code is %s: WRONG, read the figures again"), s->call.code, s->code);
		prompt_info(p, text);
		prompt_choice(p, _("1 = record it as wrong  2 = ask for the code again "), 2);
	}
	app_prompt(v->app, p);
}

static void
ask_call(struct script *s)
{
	struct app *app = s->v.app;
	struct prompt *p;
	char title[320], now[24];

	(void)snprintf(title, sizeof(title), _("telephone report %s: the call"), s->number);
	p = prompt_new(app, &s->v, title, typed, NULL);
	prompt_field(p, _("telephoned at"), *s->call.at ? s->call.at : time_format(app_now(app), TIME_FULL, now, sizeof(now)),
	    PROMPT_REQUIRED | PROMPT_TIME | PROMPT_PAST);
	prompt_field(p, _("answered by"), s->call.who, PROMPT_REQUIRED);
	prompt_field(p, _("code said back"), s->call.code, 0);
	prompt_field(p, _("called by"), *s->call.person ? s->call.person : app_person(app), PROMPT_REQUIRED);
	app_prompt(app, p);
}

/* The view. */

static void
script_title(struct view *v, char *buf, size_t size)
{
	const struct script *s = (const struct script *)v;
	const char *parent = app_hello(v->app, "parent_name");

	(void)snprintf(buf, size, _("Telephone script %s to %s"), s->number, *parent ? parent : _("the station above"));
}

static void
script_paint(struct view *v)
{
	struct script *s = (struct script *)v;

	if (s->width != term_cols() - 2)
		make(s);
	lines_paint(&s->lines, app_top_row(v->app), app_bottom_row(v->app) - app_top_row(v->app) + 1);
	v->cursor_row = app_top_row(v->app);
}

static bool
script_key(struct view *v, const struct key *k)
{
	struct script *s = (struct script *)v;

	if (!phone_key(k) && !(k->code == TK_CHAR && !k->pasted && (k->cp == 'p' || k->cp == 'P')))
		return false;
	ask_call(s);
	return true;
}

static bool
script_command(struct view *v, enum command_id id)
{
	if (id == CMD_OPEN) {
		ask_call((struct script *)v);
		return true;
	}
	return lines_turn(&((struct script *)v)->lines, id);
}

static bool
script_hint(struct view *v, char *buf, size_t size)
{
	(void)v;
	hint_add(buf, size, CMD_OPEN, _(" record the call"));
	hint_add(buf, size, CMD_PAGE_DOWN, _(" more"));
	hint_add(buf, size, CMD_BACK, _(" back"));
	hint_add(buf, size, CMD_HELP, _(" help"));
	return true;
}

static void
script_free(struct view *v)
{
	struct script *s = (struct script *)v;

	lines_clear(&s->lines);
	body_free(s->body);
	free(s);
}

static const struct view_ops script_ops = {
	.feeds = FEED_BIT(FEED_STATUS),
	.free = script_free,
	.title = script_title,
	.paint = script_paint,
	.key = script_key,
	.command = script_command,
	.hint = script_hint,
};

static void
open_with(struct app *app, struct body *b, const char *incident, const char *id, const char *number, bool mine,
    bool exercise)
{
	struct script *s = xcalloc(1, sizeof(*s));

	s->v.ops = &script_ops;
	s->v.app = app;
	s->v.exercise = exercise;
	s->body = b;
	s->mine = mine;
	(void)snprintf(s->incident, sizeof(s->incident), "%s", incident);
	(void)snprintf(s->id, sizeof(s->id), "%s", id);
	(void)snprintf(s->number, sizeof(s->number), "%s", number);
	phone_code(b, s->code);
	make(s);
	app_push_view(app, &s->v);
}

void
phone_open_body(struct app *app, const struct body *b, const char *incident, const char *id, const char *number,
    bool exercise)
{
	open_with(app, body_copy(b), incident, id, number, true, exercise);
}

void
phone_open(struct app *app, const json_t *message)
{
	struct body *b = body_new();
	struct fault f = { 0 };
	bool mine = jflag(message, "mine");

	if (json_to_body(json_object_get(message, "body"), b, app_codebook(app), app_now(app), true, &f) != 0) {
		app_note_fault(app, &f);
		body_free(b);
		return;
	}
	if (text_unsigned(b) && !jflag(message, "signature_owed") && *jtext(message, "signer"))
		text_signed(b, jtext(message, "signer"));
	open_with(app, b, jtext(message, "incident"), jtext(message, "id"), jtext(message, "number"), mine, jexercise(message));
}
