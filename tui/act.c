/*
 * Decisions about an incident or a message that fit into a few lines: grade, log entry, signing for, taking on.  Each is
 * a question with one confirmation that defaults to cancel; raising a grade asks for nothing but the digit, lowering one
 * asks for the reason and the leader.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../formats/buf.h"
#include "../formats/codebook.h"
#include "../formats/i18n.h"
#include "../formats/value.h"
#include "compose.h"
#include "prompt.h"
#include "util.h"

struct deed {	/* what the answer is about, kept while the question stands */
	struct app *app;
	char incident[MSGID_TEXT_MAX];
	char id[MSGID_TEXT_MAX];
	char number[96];
	char towards[96];	/* station telephoned */
	int grade;		/* now, 0 = none */
	int wanted;
	bool exercise;
	bool fill_back;
	int act;
};

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

static void
submit(const struct deed *a, json_t *body, const char *what)
{
	/* A log entry stays at this station. */
	bool goes = strcmp(jtext(body, field_by_key(F_KIND)->name), enum_by_value("kind", KIND_LOG)->name) != 0;

	app_submit(a->app, request(a, body), done, json_pack("{s:s, s:b}", "what", what, "goes", goes ? 1 : 0));
}

static void
set_text(json_t *body, uint32_t key, const char *text)
{
	if (*text)
		(void)json_object_set_new(body, field_by_key(key)->name, json_string(text));
}

static struct deed *
act_new(struct app *app, const json_t *about)
{
	struct deed *a = xcalloc(1, sizeof(*a));

	a->app = app;
	(void)snprintf(a->id, sizeof(a->id), "%s", jtext(about, "id"));
	(void)snprintf(a->incident, sizeof(a->incident), "%s", jtext(about, "incident"));
	(void)snprintf(a->number, sizeof(a->number), "%s", jtext(about, "number"));
	a->exercise = jexercise(about);
	return a;
}

/* Grade. */

static const char *
grade_text(const struct app *app, int grade)
{
	const char *s = grade ? codebook_enum_name(app_codebook(app), "grade", grade, i18n_zh()) : NULL;

	return s ? s : grade ? enum_label("grade", grade) : _("not graded");
}

static const char *
roman(int grade)
{
	const struct enum_name *e = grade >= GRADE_I && grade <= GRADE_IV ? enum_by_value("grade", grade) : NULL;

	return e ? e->name : "";
}

static void
grade_confirmed(struct view *owner, void *arg, const char *const *value)
{
	const struct deed *a = arg;
	json_t *body = json_object();
	char what[128];

	(void)owner;
	compose_set_enum(body, F_KIND, "kind", KIND_GRADE);
	compose_set_enum(body, F_GRADE, "grade", a->wanted);
	set_text(body, F_SIGNER, value[0]);
	set_text(body, F_REASON, value[1]);
	app_set_person(a->app, value[0]);
	(void)snprintf(what, sizeof(what), "%s %s", roman(a->wanted), grade_text(a->app, a->wanted));
	submit(a, body, what);
}

static void
grade_chosen(struct view *owner, void *arg, const char *const *value)
{
	const struct deed *from = arg;
	struct deed *a;
	struct prompt *p;
	char text[256];
	int wanted = *value[0] >= '1' && *value[0] <= '4' && value[0][1] == '\0' ? *value[0] - '0' :
	    codebook_enum(app_codebook(from->app), "grade", value[0]);
	bool lower;

	if (wanted == 0) {
		app_note(from->app, true, _("no such grade: %s"), value[0]);
		return;
	}
	a = xmalloc(sizeof(*a));
	*a = *from;
	a->wanted = wanted;
	lower = a->grade >= GRADE_I && a->grade <= GRADE_IV && wanted > a->grade;
	(void)snprintf(text, sizeof(text), _("%s: from %s to %s %s"), a->number, grade_text(a->app, a->grade), roman(wanted),
	    grade_text(a->app, wanted));
	p = prompt_new(a->app, owner, text, grade_confirmed, a);
	if (lower)
		prompt_info(p, _("LOWERING a grade: the leader and the reason are needed"));
	prompt_field(p, lower ? _("leader") : _("decided by"), lower ? "" : app_person(a->app), PROMPT_REQUIRED);
	prompt_field(p, _("reason"), "", lower ? PROMPT_REQUIRED : 0);
	prompt_confirm(p, _("state this grade? 1 = yes "));
	app_prompt(a->app, p);
}

void
act_grade(struct app *app, struct view *owner, const json_t *incident)
{
	struct deed *a = act_new(app, incident);
	const struct enum_name *e = enum_by_name("grade", jtext(incident, "grade"));
	struct prompt *p;
	char text[256];

	(void)snprintf(a->incident, sizeof(a->incident), "%s", a->id);
	a->grade = e ? e->value : 0;
	(void)snprintf(text, sizeof(text), _("grade of %s, now %s"), a->number, grade_text(app, a->grade));
	p = prompt_new(app, owner, text, grade_chosen, a);
	(void)snprintf(text, sizeof(text), "1 I %s  2 II %s  3 III %s  4 IV %s", grade_text(app, GRADE_I), grade_text(app, GRADE_II),
	    grade_text(app, GRADE_III), grade_text(app, GRADE_IV));
	prompt_info(p, text);
	prompt_field(p, _("grade"), "", PROMPT_REQUIRED);
	app_prompt(app, p);
}

/* Log. */

static void
log_written(struct view *owner, void *arg, const char *const *value)
{
	const struct deed *a = arg;
	json_t *body = json_object();

	(void)owner;
	compose_set_enum(body, F_KIND, "kind", KIND_LOG);
	set_text(body, F_TEXT, value[0]);
	submit(a, body, _("log entry"));
}

void
act_log(struct app *app, struct view *owner, const json_t *incident)
{
	struct deed *a = act_new(app, incident);
	struct prompt *p;

	(void)snprintf(a->incident, sizeof(a->incident), "%s", a->id);
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
		set_text(body, F_TELEPHONED, time_format(ms, TIME_RFC3339, when, sizeof(when)));
	body_free(b);
	set_text(body, F_PERSON, value[1]);
	(void)snprintf(text, sizeof(text), _("telephone report to %s, answered by %s"), a->towards, value[1]);
	if (*value[2]) {
		size_t n = strlen(text);

		(void)snprintf(text + n, sizeof(text) - n, " %s", value[2]);
	}
	set_text(body, F_TEXT, text);
	submit(a, body, text);
}

void
act_phone(struct app *app, struct view *owner, const json_t *about)
{
	struct deed *a = act_new(app, about);
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
	set_text(body, F_PERSON, value[0]);
	app_set_person(a->app, value[0]);
	if (a->act == ACT_TAKEN) {
		struct body *b = body_new();
		struct fault f = { 0 };
		int64_t ms;

		/* Parsed here as it was checked there: "14:40" means the same time whoever reads it later. */
		if (value_parse(b, field_by_key(F_DUE), value[1], app_codebook(a->app), app_now(a->app), &f) == 0 &&
		    body_time(b, F_DUE, &ms))
			set_text(body, F_DUE, time_format(ms, TIME_RFC3339, due, sizeof(due)));
		body_free(b);
	} else if (a->fill_back && *value[1]) {
		(void)snprintf(text, sizeof(text), _("fill-back: due %s"), value[1]);
		set_text(body, F_TEXT, text);
	}
	(void)snprintf(what, sizeof(what), "%s %s", enum_label("act", a->act), value[0]);
	submit(a, body, what);
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
	struct deed *a = act_new(app, message);
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
	struct deed *a = act_new(app, message);
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
	struct deed *a = act_new(app, message);
	char rid[MSGID_TEXT_MAX + 8];
	json_t *r = request(a, receipt(a, ACT_READ));

	/* One read receipt a message, however often it is opened and by how many seats. */
	(void)snprintf(rid, sizeof(rid), "read-%s", a->id);
	(void)json_object_set_new(r, "rid", json_string(rid));
	app_post(app, r);
	free(a);
}
