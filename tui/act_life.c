/*
 * Acts in the life of reports and events: 撤回 补签 办结, the steps of an event with 并案 and 拆分, 误入清除.
 *
 * The menu of steps is the table of formats/life.h for this station's own view; the switch refuses what does not follow and
 * says what is open.  A merge shows both incidents by number and title before it is confirmed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../formats/buf.h"
#include "../formats/conf.h"
#include "../formats/i18n.h"
#include "../formats/rules.h"
#include "../formats/life.h"
#include "act.h"
#include "compose.h"
#include "prompt.h"
#include "util.h"

#define EVENT_CHOICES 9		/* digits */
#define DESTROY_ZH "清除"	/* typed in full; the other where no input method is at hand */
#define DESTROY_EN "DESTROY"

static bool
line_is(const json_t *line, int kind)
{
	return strcmp(jtext(line, "kind"), enum_by_value("kind", kind)->name) == 0;
}

static json_t *
step_body(int step, const char *person, const char *reason)
{
	json_t *body = json_object();

	compose_set_enum(body, F_KIND, "kind", KIND_STEP);
	compose_set_enum(body, F_STEP, "step", step);
	deed_text(body, F_PERSON, person);
	deed_text(body, F_REASON, reason);
	return body;
}

static void
set_refs(json_t *body, const char *id)
{
	(void)json_object_set_new(body, field_by_key(F_REFS)->name, json_pack("[s]", id));
}

static void
set_line(struct deed *a, const json_t *line)
{
	(void)snprintf(a->id, sizeof(a->id), "%s", jtext(line, "id"));
	(void)one_line(jtext(line, "text"), a->title, sizeof(a->title));
}

/* Recall. */

static void
recall_confirmed(struct view *owner, void *arg, const char *const *value)
{
	const struct deed *a = arg;
	json_t *body = json_object();
	char what[320];

	(void)owner;
	compose_set_enum(body, F_KIND, "kind", a->kind);
	compose_set_enum(body, F_STAGE, "stage", STAGE_WITHDRAWAL);
	set_refs(body, a->id);
	deed_text(body, F_REASON, value[0]);
	(void)snprintf(what, sizeof(what), "%s %s", enum_label("stage", STAGE_WITHDRAWAL), a->title);
	deed_submit(a, body, what);
}

/* The rules' number, read when it is asked for: it may be changed while the desk runs.  -1: the rules cannot be read. */
static int64_t
recall_seconds(void)
{
	struct fault f = { 0 };
	struct rules *rules;
	char dir[512];
	int64_t n = -1;

	if (!conf_dir(dir, sizeof(dir), &f) || !(rules = rules_load(dir, &f)))
		return -1;
	n = rules_number(rules, NUMBER_RECALL_SECONDS);
	rules_free(rules);
	return n;
}

static void
recall_info(const json_t *line, int64_t now, char *buf, size_t size)
{
	int64_t limit = recall_seconds(), gone = (now - jnum(line, "stored")) / 1000;
	long long read = (long long)jnum(json_object_get(line, "receipts"), "read");

	if (read > 0)
		(void)snprintf(buf, size, _("%lld have read it: it can no longer be recalled; C corrects it"), read);
	else if (limit < 0)
		(void)snprintf(buf, size, _("sent %lld s ago; only within seconds and while unread"), (long long)gone);
	else if (gone > limit)
		(void)snprintf(buf, size, _("sent %lld s ago, over the %lld s: the way is a correction (C)"), (long long)gone, (long long)limit);
	else
		(void)snprintf(buf, size, _("%lld s left of %lld; only while unread. The text stays to be read as recalled"),
		    (long long)(limit - gone), (long long)limit);
}

void
act_recall(struct app *app, struct view *owner, const json_t *incident, const json_t *line)
{
	struct deed *a;
	struct prompt *p;
	char text[400];
	const struct enum_name *kind = enum_by_name("kind", jtext(line, "kind"));

	if (!kind || !jflag(line, "mine") || (kind->value != KIND_REPORT && kind->value != KIND_DIRECTIVE && kind->value != KIND_WARNING)) {
		app_note(app, true, _("choose a report or directive of this station"));
		return;
	}
	if (jflag(line, "withdrawn")) {
		app_note(app, true, _("it was recalled already"));
		return;
	}
	a = deed_incident(app, incident);
	set_line(a, line);
	a->kind = kind->value;
	(void)snprintf(text, sizeof(text), _("recall: %s"), a->title);
	p = prompt_new(app, owner, text, recall_confirmed, a);
	recall_info(line, app_now(app), text, sizeof(text));
	prompt_info(p, text);
	prompt_field(p, _("reason"), "", PROMPT_REQUIRED);
	prompt_confirm(p, _("recall it? 1 = yes "));
	app_prompt(app, p);
}

/* Steps. */

static void
step_confirmed(struct view *owner, void *arg, const char *const *value)
{
	const struct deed *a = arg;
	json_t *body = step_body(a->step, value[0], value[1]);
	char what[160];

	(void)owner;
	if (a->step == STEP_MERGED)
		deed_text(body, F_OTHER, a->other);
	if (a->step == STEP_SPLIT || a->step == STEP_CLOSED || a->step == STEP_COUNTERSIGNED)
		set_refs(body, a->id);
	if (a->step == STEP_SPLIT)
		deed_text(body, F_TITLE, value[2]);
	if (a->step != STEP_COUNTERSIGNED)	/* the leader is not the person at this desk */
		app_set_person(a->app, value[0]);
	(void)snprintf(what, sizeof(what), "%s %s", enum_label("step", a->step), value[0]);
	deed_submit(a, body, what);
}

void
act_countersign(struct app *app, struct view *owner, const json_t *incident, const json_t *lines, const json_t *line)
{
	const json_t *l, *found = line && jflag(line, "signature_owed") && jflag(line, "mine") ? line : NULL;
	struct deed *a;
	struct prompt *p;
	char text[400];
	size_t i;

	json_array_foreach (lines, i, l)
		if (!found && jflag(l, "signature_owed") && jflag(l, "mine"))
			found = l;
	if (!found) {
		app_note(app, true, _("no signature is owed on this incident"));
		return;
	}
	a = deed_incident(app, incident);
	set_line(a, found);
	a->step = STEP_COUNTERSIGNED;
	(void)snprintf(text, sizeof(text), _("signature afterwards for: %s %s"), jtext(found, "stage_name"), a->title);
	p = prompt_new(app, owner, text, step_confirmed, a);
	(void)snprintf(text, sizeof(text), _("it went before its signature; owed by %s"),
	    *jtext(found, "owed_by") ? jtext(found, "owed_by") : "-");
	prompt_info(p, text);
	prompt_field(p, _("signed by (leader)"), jtext(found, "owed_by"), PROMPT_REQUIRED);
	prompt_confirm(p, _("signed afterwards? 1 = yes "));
	app_prompt(app, p);
}

static void
step_ask(const struct deed *from, struct view *owner)
{
	struct deed *a = deed_copy(from);
	bool line = a->step == STEP_SPLIT || a->step == STEP_CLOSED;
	struct prompt *p;
	char text[400];

	(void)snprintf(text, sizeof(text), "%s  %s %s", enum_label("step", a->step), a->number, a->title);
	p = prompt_new(a->app, owner, text, step_confirmed, a);
	if (a->step == STEP_SPLIT)
		prompt_info(p, _("the line chosen leaves this incident and opens one of its own"));
	else if (a->step == STEP_ARCHIVED)
		prompt_info(p, _("it leaves the list of what is being handled; a in the list still shows it"));
	prompt_field(p, line ? _("done by") : _("person deciding"), app_person(a->app), PROMPT_REQUIRED);
	prompt_field(p, _("reason"), "", a->step == STEP_REOPENED || a->step == STEP_SPLIT ? PROMPT_REQUIRED : 0);
	if (a->step == STEP_SPLIT)
		prompt_field(p, _("title of the new one"), "", 0);
	prompt_confirm(p, _("record this step? 1 = yes "));
	app_prompt(a->app, p);
}

static void
merge_shown(struct view *owner, void *arg, const json_t *answer, const struct fault *f)
{
	const struct deed *from = arg;
	const json_t *o = json_object_get(answer, "incident");
	struct deed *a;
	struct prompt *p;
	char text[400], title[256];

	if (!answer) {
		app_note_fault(owner->app, f);
		return;
	}
	if (strcmp(jtext(o, "id"), from->incident) == 0) {
		app_note(owner->app, true, _("that is this very incident"));
		return;
	}
	if (app_top_view(owner->app) != owner)
		return;		/* gone on to other things */
	a = deed_copy(from);
	(void)snprintf(a->other, sizeof(a->other), "%s", jtext(o, "id"));
	(void)snprintf(text, sizeof(text), _("merge away  %s %s"), a->number, a->title);
	p = prompt_new(a->app, owner, text, step_confirmed, a);
	(void)snprintf(text, sizeof(text), _("into        %s %s  %s"), jtext(o, "number"), one_line(jtext(o, "title"), title, sizeof(title)),
	    jtext(o, "state_name"));
	prompt_info(p, text);
	prompt_field(p, _("person deciding"), app_person(a->app), PROMPT_REQUIRED);
	prompt_field(p, _("reason"), "", PROMPT_REQUIRED);
	prompt_confirm(p, _("merge the upper one into the lower one? 1 = yes "));
	app_prompt(a->app, p);
}

static void
merge_named(struct view *owner, void *arg, const char *const *value)
{
	const struct deed *a = arg;

	app_ask(a->app, owner, json_pack("{s:s, s:s, s:s}", "op", "show", "ref", value[0], "realm", a->exercise ? "exercise" : "live"),
	    merge_shown, deed_copy(a));
}

static void
merge_ask(const struct deed *from, struct view *owner)
{
	struct deed *a = deed_copy(from);
	struct prompt *p;
	char text[400];

	(void)snprintf(text, sizeof(text), _("merge %s %s into which incident?"), a->number, a->title);
	p = prompt_new(a->app, owner, text, merge_named, a);
	prompt_info(p, _("both are shown before anything is done"));
	prompt_field(p, _("number of the other"), "", PROMPT_REQUIRED);
	app_prompt(a->app, p);
}

struct event_menu {
	struct deed d;		/* of the incident */
	char line[MSGID_TEXT_MAX], text[256];
	int step[EVENT_CHOICES];
	int n;
};

static void
event_chosen(struct view *owner, void *arg, const char *const *value)
{
	const struct event_menu *m = arg;
	int i = *value[PROMPT_FIELDS - 1] - '1';
	struct deed a = m->d;

	if (i < 0 || i >= m->n)
		return;
	a.step = m->step[i];
	if (a.step == STEP_SPLIT || a.step == STEP_CLOSED) {
		(void)snprintf(a.id, sizeof(a.id), "%s", m->line);
		(void)snprintf(a.title, sizeof(a.title), "%s", m->text);
	}
	if (a.step == STEP_MERGED)
		merge_ask(&a, owner);
	else
		step_ask(&a, owner);
}

static int
state_value(const char *name)
{
	const struct life_name *n;

	for (int i = EVENT_REPORTED; i <= EVENT_MERGED; i++)
		if ((n = life_event_state(i)) != NULL && strcmp(n->name, name) == 0)
			return i;
	return 0;
}

static void
menu_add(struct event_menu *m, int step)
{
	for (int i = 0; i < m->n; i++)
		if (m->step[i] == step)
			return;
	if (m->n < EVENT_CHOICES)
		m->step[m->n++] = step;
}

/* What is open from here: this station's own view, and a reopening wherever somebody's view allows it. */
static int
menu_fill(struct event_menu *m, const json_t *incident, const json_t *line)
{
	int own = EVENT_REPORTED, step;
	bool reopen = false;
	const json_t *s;
	size_t i;

	json_array_foreach (jarray(incident, "states"), i, s) {
		int state = state_value(jtext(s, "state"));

		if (strcmp(jtext(s, "station"), app_station(m->d.app)) == 0 && state != 0)
			own = state;
		reopen |= life_event_next(state, STEP_REOPENED) != 0;
	}
	for (i = 0; (step = life_event_step(own, i)) != 0; i++)
		menu_add(m, step);
	if (reopen)
		menu_add(m, STEP_REOPENED);
	if (line && strcmp(jtext(line, "id"), m->d.incident) != 0 && !line_is(line, KIND_RECEIPT) && !line_is(line, KIND_STEP)) {
		(void)snprintf(m->line, sizeof(m->line), "%s", jtext(line, "id"));
		(void)one_line(jtext(line, "text"), m->text, sizeof(m->text));
		menu_add(m, STEP_SPLIT);
		if (jflag(line, "mine") && line_is(line, KIND_REPORT) && !jflag(line, "withdrawn") &&
		    strcmp(jtext(line, "state"), life_report_state(REPORT_CLOSED)->name) != 0)
			menu_add(m, STEP_CLOSED);
	}
	return own;
}

void
act_event(struct app *app, struct view *owner, const json_t *incident, const json_t *line)
{
	struct event_menu *m = xcalloc(1, sizeof(*m));
	struct deed *a = deed_incident(app, incident);
	const struct life_name *own;
	struct prompt *p;
	char text[400], choices[400] = "";

	m->d = *a;
	free(a);
	own = life_event_state(menu_fill(m, incident, line));
	if (m->n == 0) {
		free(m);
		app_note(app, true, _("no step leads on from here"));
		return;
	}
	for (int i = 0; i < m->n; i++) {
		size_t n = strlen(choices);

		(void)snprintf(choices + n, sizeof(choices) - n, "%s%d %s", i > 0 ? "  " : "", i + 1, enum_label("step", m->step[i]));
	}
	(void)snprintf(text, sizeof(text), _("step in %s: this station's view is %s"), m->d.number,
	    !own ? "?" : i18n_zh() ? own->zh : _(own->label));
	p = prompt_new(app, owner, text, event_chosen, m);
	if (*m->line) {
		(void)snprintf(text, sizeof(text), _("the line chosen: %s"), m->text);
		prompt_info(p, text);
	}
	{
		size_t n = strlen(choices);

		(void)snprintf(choices + n, sizeof(choices) - n, " ");
	}
	prompt_choice(p, choices, m->n);
	app_prompt(app, p);
}

/* Destroying what must not be here. */

static void
destroyed(struct app *app, json_t *context, const json_t *answer, const struct fault *f)
{
	if (!answer)
		app_note_fault(app, f);
	else
		app_note(app, false, _("destroyed by %s and %s; the record stands"), jtext(context, "first"), jtext(context, "second"));
}

static void
destroy_confirmed(struct view *owner, void *arg, const char *const *value)
{
	const struct deed *a = arg;
	char rid[33];

	(void)owner;
	if (strcmp(value[3], DESTROY_ZH) != 0 && strcmp(value[3], DESTROY_EN) != 0) {
		app_note(a->app, true, _("the word was not typed: nothing was changed"));
		return;
	}
	client_rid(rid);
	app_submit(a->app, json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "op", "destroy", "rid", rid, "id", a->id, "first", value[0],
	    "second", value[1], "reason", value[2]), destroyed, json_pack("{s:s, s:s}", "first", value[0], "second", value[1]));
}

void
act_destroy(struct app *app, struct view *owner, const json_t *message)
{
	struct deed *a;
	struct prompt *p;
	char text[400], title[256];

	if (jflag(message, "destroyed")) {
		app_note(app, true, _("it is destroyed already"));
		return;
	}
	a = deed_new(app, message);
	(void)snprintf(text, sizeof(text), _("DESTROY what must not be here: %s"), one_line(jtext(message, "title"), title, sizeof(title)));
	p = prompt_new(app, owner, text, destroy_confirmed, a);
	prompt_info(p, _("its words go for good, here; who else has it is told its id alone"));
	prompt_field(p, _("first person"), "", PROMPT_REQUIRED);
	prompt_field(p, _("second person"), "", PROMPT_REQUIRED);
	prompt_field(p, _("reason"), "", PROMPT_REQUIRED);
	(void)snprintf(text, sizeof(text), _("type %s or %s"), DESTROY_ZH, DESTROY_EN);
	prompt_field(p, text, "", PROMPT_REQUIRED);
	prompt_confirm(p, _("destroy it for good? 1 = yes "));
	app_prompt(app, p);
}
