/*
 * Stating a grade, and the second verdict.  Raising asks for one confirmation, its reason may follow later; lowering needs
 * the leader, the reason and the grade's word typed (the word or the Roman number: a vt100 has no input method).  A first
 * grade below what the figures prove is a lowering too.  The proposal of the tables (view_grade.c) is never taken over by
 * itself, and no name is filled in beforehand: who answered the telephone does not decide a grade.
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
	(void)snprintf(a->typed, sizeof(a->typed), "%s", value[2]);
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
	prompt_info(p, a->info);
	prompt_field(p, _("leader"), a->leader, PROMPT_REQUIRED);
	prompt_field(p, _("reason"), a->reason, PROMPT_REQUIRED);
	if (*roman(a->wanted))
		(void)snprintf(label, sizeof(label), _("type %s or %s"), deed_grade(a->app, a->wanted), roman(a->wanted));
	else
		(void)snprintf(label, sizeof(label), _("type %s"), deed_grade(a->app, a->wanted));
	prompt_field(p, label, a->typed, PROMPT_REQUIRED);
	prompt_confirm(p, _("state this grade? 1 = yes "));
	deed_ask_again(a, p, *a->typed ? 2 : 0);
}

static bool
is_grade(int grade)
{
	return grade >= GRADE_I && grade <= GRADE_IV;
}

static int
member_grade(const json_t *o, const char *member)
{
	const struct enum_name *e = enum_by_name("grade", jtext(o, member));

	return e ? e->value : 0;
}

/* The graver of the incident's grade and this station's own word, which counts also where a station above has settled it. */
static int
stands(const struct deed *a, const json_t *incident)
{
	const json_t *g;
	int grade = is_grade(a->grade) ? a->grade : 0;
	size_t i;

	json_array_foreach (jarray(incident, "grades"), i, g) {
		int own = strcmp(jtext(g, "station"), app_station(a->app)) == 0 ? member_grade(g, "grade") : 0;

		if (is_grade(own) && (grade == 0 || own < grade))
			grade = own;
	}
	return grade;
}

/* Whether it is laxer than what stands, what is proven, or what the clock runs by while that is open; says so in a->info. */
static bool
lowers(struct deed *a, int stated, const json_t *p)
{
	int proven = member_grade(p, "proposal"), clock = member_grade(p, "clock_grade"), wanted = a->wanted;
	bool open = jflag(p, "undetermined");
	size_t n;

	/* "Undetermined" takes nothing back from figures that leave it undetermined themselves. */
	bool below = is_grade(proven) && wanted > proven && !(open && wanted == GRADE_UNDETERMINED);
	bool late = open && stated == 0 && is_grade(clock) && wanted > clock && wanted != GRADE_UNDETERMINED;

	if (!below && !late && !(stated != 0 && wanted > stated))
		return false;
	n = (size_t)snprintf(a->info, sizeof(a->info), "%s", _("LOWERING a grade: the leader and the reason are needed"));
	if (below && n < sizeof(a->info))
		n += (size_t)snprintf(a->info + n, sizeof(a->info) - n, _("; the figures prove %s"),
		    *jtext(p, "proposal_name") ? jtext(p, "proposal_name") : jtext(p, "proposal"));
	if (late && n < sizeof(a->info))
		(void)snprintf(a->info + n, sizeof(a->info) - n, _("; open, the clock runs by %s"),
		    *jtext(p, "clock_grade_name") ? jtext(p, "clock_grade_name") : jtext(p, "clock_grade"));
	return true;
}

void
act_grade_state(struct app *app, struct view *owner, const json_t *incident, const json_t *proposal, int wanted)
{
	struct deed *a = deed_incident(app, incident);
	struct prompt *p;
	char text[256], to[128];

	a->grade = member_grade(incident, "grade");
	a->wanted = wanted;
	if (lowers(a, stands(a, incident), proposal)) {
		lower_ask(a, owner);
		return;
	}
	(void)snprintf(text, sizeof(text), _("%s: from %s to %s"), a->number, deed_grade(app, a->grade), grade_words(a, wanted, to, sizeof(to)));
	p = prompt_new(app, owner, text, raise_confirmed, a);
	prompt_field(p, _("decided by"), "", PROMPT_REQUIRED);
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
	prompt_field(p, _("decided by"), "", PROMPT_REQUIRED);
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
