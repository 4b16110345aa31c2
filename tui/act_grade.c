/*
 * Stating a grade, and the second verdict.  Raising asks for one confirmation, its reason may follow later; lowering needs
 * the leader, the reason and the grade's word typed (the word or the Roman number: a vt100 has no input method).  The
 * proposal of the tables (view_grade.c) is never taken over by itself.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../formats/buf.h"
#include "../formats/codebook.h"
#include "../formats/i18n.h"
#include "act.h"
#include "compose.h"
#include "prompt.h"
#include "util.h"

static void lower_ask(struct deed *, struct view *);

const char *
deed_grade(const struct app *app, int grade)
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

static const char *
grade_words(const struct deed *a, int grade, char *buf, size_t size)
{
	(void)snprintf(buf, size, "%s%s%s", roman(grade), *roman(grade) ? " " : "", deed_grade(a->app, grade));
	return buf;
}

static void
grade_send(const struct deed *a, const char *person, const char *reason)
{
	json_t *body = json_object();
	char what[128];

	compose_set_enum(body, F_KIND, "kind", KIND_GRADE);
	compose_set_enum(body, F_GRADE, "grade", a->wanted);
	deed_text(body, F_SIGNER, person);
	deed_text(body, F_REASON, reason);
	deed_submit(a, body, grade_words(a, a->wanted, what, sizeof(what)));
}

static void
raise_confirmed(struct view *owner, void *arg, const char *const *value)
{
	const struct deed *a = arg;

	grade_send(a, value[0], value[1]);
	app_set_person(a->app, value[0]);
	app_pop_view(a->app, owner);	/* back to the timeline, where it shows */
}

static void
lower_confirmed(struct view *owner, void *arg, const char *const *value)
{
	const struct deed *from = arg;
	struct deed *a;
	const struct enum_name *e = enum_by_name("grade", value[2]);
	int typed = e ? e->value : codebook_enum(app_codebook(from->app), "grade", value[2]);

	if (typed == from->wanted) {
		grade_send(from, value[0], value[1]);
		app_pop_view(from->app, owner);
		return;
	}
	a = deed_copy(from);
	(void)snprintf(a->leader, sizeof(a->leader), "%s", value[0]);
	(void)snprintf(a->reason, sizeof(a->reason), "%s", value[1]);
	lower_ask(a, owner);
	app_note(a->app, true, _("typed %s, which is not %s: nothing was changed"), *value[2] ? value[2] : "-",
	    deed_grade(a->app, a->wanted));
}

static void
lower_ask(struct deed *a, struct view *owner)
{
	char text[256], to[128], label[96];
	struct prompt *p;

	(void)snprintf(text, sizeof(text), _("%s: from %s to %s"), a->number, deed_grade(a->app, a->grade),
	    grade_words(a, a->wanted, to, sizeof(to)));
	p = prompt_new(a->app, owner, text, lower_confirmed, a);
	prompt_info(p, _("LOWERING a grade: the leader and the reason are needed"));
	prompt_field(p, _("leader"), a->leader, PROMPT_REQUIRED);
	prompt_field(p, _("reason"), a->reason, PROMPT_REQUIRED);
	if (*roman(a->wanted))
		(void)snprintf(label, sizeof(label), _("type %s or %s"), deed_grade(a->app, a->wanted), roman(a->wanted));
	else
		(void)snprintf(label, sizeof(label), _("type %s"), deed_grade(a->app, a->wanted));
	prompt_field(p, label, "", PROMPT_REQUIRED);
	prompt_confirm(p, _("state this grade? 1 = yes "));
	app_prompt(a->app, p);
}

void
act_grade_state(struct app *app, struct view *owner, const json_t *incident, int wanted)
{
	const struct enum_name *e = enum_by_name("grade", jtext(incident, "grade"));
	struct deed *a = deed_incident(app, incident);
	struct prompt *p;
	char text[256], to[128];

	a->grade = e ? e->value : 0;
	a->wanted = wanted;
	if (a->grade >= GRADE_I && a->grade <= GRADE_IV && wanted > a->grade) {
		lower_ask(a, owner);
		return;
	}
	(void)snprintf(text, sizeof(text), _("%s: from %s to %s"), a->number, deed_grade(app, a->grade), grade_words(a, wanted, to, sizeof(to)));
	p = prompt_new(app, owner, text, raise_confirmed, a);
	prompt_field(p, _("decided by"), app_person(app), PROMPT_REQUIRED);
	prompt_field(p, _("reason (may follow)"), "", 0);
	prompt_confirm(p, _("state this grade? 1 = yes "));
	app_prompt(app, p);
}

void
act_grade(struct app *app, struct view *owner, const json_t *incident)
{
	(void)owner;
	app_push_view(app, view_grade_new(app, incident));
}

/* The second verdict: 较大涉险 and the like. */

static void
verdict_named(struct view *owner, void *arg, const char *const *value)
{
	const struct deed *a = arg;
	json_t *body = json_object();
	char what[256];

	(void)owner;
	compose_set_enum(body, F_KIND, "kind", KIND_STEP);
	compose_set_enum(body, F_STEP, "step", STEP_VERDICT);
	deed_text(body, F_VERDICT, a->name);
	(void)json_object_set_new(body, field_by_key(F_CONFIRMED)->name, json_boolean(a->yes));
	deed_text(body, F_PERSON, value[0]);
	deed_text(body, F_REASON, value[1]);
	app_set_person(a->app, value[0]);
	(void)snprintf(what, sizeof(what), "%s %s %s", a->name, a->yes ? _("confirmed") : _("denied"), value[0]);
	deed_submit(a, body, what);
}

static void
verdict_chosen(struct view *owner, void *arg, const char *const *value)
{
	struct deed *a = deed_copy(arg);
	struct prompt *p;
	char text[256];

	a->yes = *value[PROMPT_FIELDS - 1] == '1';
	(void)snprintf(text, sizeof(text), _("%s: %s is %s"), a->number, a->name, a->yes ? _("confirmed") : _("denied"));
	p = prompt_new(a->app, owner, text, verdict_named, a);
	prompt_field(p, _("decided by"), app_person(a->app), PROMPT_REQUIRED);
	prompt_field(p, _("reason"), "", a->yes ? 0 : PROMPT_REQUIRED);
	prompt_confirm(p, _("state it? 1 = yes "));
	app_prompt(a->app, p);
}

void
act_verdict(struct app *app, struct view *owner, const json_t *incident, const char *name)
{
	struct deed *a = deed_incident(app, incident);
	struct prompt *p;
	char text[256];

	(void)snprintf(a->name, sizeof(a->name), "%s", name);
	(void)snprintf(text, sizeof(text), _("%s: is it %s?"), a->number, a->name);
	p = prompt_new(app, owner, text, verdict_chosen, a);
	prompt_choice(p, _("1 = confirm  2 = deny "), 2);
	app_prompt(app, p);
}
