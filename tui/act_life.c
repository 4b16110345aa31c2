/*
 * Acts in the life of reports and events: 撤回 补签 办结, the steps of an event with 并案 and 拆分, 误入清除.
 *
 * The menu of steps is the table of formats/life.h for this station's own view; the switch refuses what does not follow and
 * says what is open.  A merge shows both incidents by number and title before it is confirmed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <pwd.h>
#include <unistd.h>
#include "../formats/buf.h"
#include "../formats/conf.h"
#include "../formats/i18n.h"
#include "../formats/rules.h"
#include "../formats/life.h"
#include "../formats/text.h"
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

/* Blanks and width apart, one name is one person: as the switch compares them. */
static bool
same_person(const char *a, const char *b)
{
	const char *in[] = { a, b };
	char out[2][384];

	for (size_t i = 0; i < 2; i++) {
		char folded[384];
		size_t n = 0, len;

		text_fold(in[i], folded, sizeof(folded));
		for (const char *s = folded; *s; s += len) {
			uint32_t cp;

			len = text_decode(s, strlen(s), &cp);
			if (cp == ' ' || cp == '\t' || cp == 0x3000 || cp == 0xb7)
				continue;
			memcpy(out[i] + n, s, len);
			n += len;
		}
		out[i][n] = '\0';
	}
	return strcmp(out[0], out[1]) == 0;
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
	if (a->step == STEP_SPLIT || a->step == STEP_CLOSED)
		set_refs(body, a->id);
	if (a->step == STEP_SPLIT)
		deed_text(body, F_TITLE, value[2]);
	app_set_person(a->app, value[0]);
	(void)snprintf(what, sizeof(what), "%s %s", enum_label("step", a->step), value[0]);
	deed_submit(a, body, what);
}

/* Signing afterwards. */

static void countersign_ask(struct deed *, struct view *);

/* The account this desk runs under: many sit at it, so it is nobody's name. */
static bool
is_account(const char *name)
{
	char buf[4096];
	struct passwd pw, *found = NULL;

	return getpwuid_r(getuid(), &pw, buf, sizeof(buf), &found) == 0 && found && same_person(name, found->pw_name);
}

static void
countersign_confirmed(struct view *owner, void *arg, const char *const *value)
{
	const struct deed *a = arg;
	json_t *body;
	char what[160];

	if (is_account(value[0])) {
		struct deed *again = deed_copy(a);

		(void)snprintf(again->leader, sizeof(again->leader), "%s", value[0]);
		countersign_ask(again, owner);
		app_note(a->app, true, _("%s is this seat's account, not the leader's name: nothing was signed"), value[0]);
		return;
	}
	body = step_body(STEP_COUNTERSIGNED, value[0], "");
	set_refs(body, a->id);
	(void)snprintf(what, sizeof(what), "%s %s", enum_label("step", STEP_COUNTERSIGNED), value[0]);
	deed_submit(a, body, what);	/* the leader is not the person at this desk: not remembered */
}

static void
countersign_ask(struct deed *a, struct view *owner)
{
	struct prompt *p;
	char text[400];

	(void)snprintf(text, sizeof(text), _("signature afterwards for: %s %s"), a->name, a->title);
	p = prompt_new(a->app, owner, text, countersign_confirmed, a);
	prompt_info(p, a->info);
	prompt_field(p, _("signed by (leader)"), a->leader, PROMPT_REQUIRED);	/* empty: who signs is typed, not taken over */
	prompt_confirm(p, _("signed afterwards? 1 = yes "));
	app_prompt(a->app, p);
}

void
act_countersign(struct app *app, struct view *owner, const json_t *incident, const json_t *lines, const json_t *line)
{
	const json_t *l, *found = line && jflag(line, "signature_owed") && jflag(line, "mine") ? line : NULL;
	struct deed *a;
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
	(void)snprintf(a->name, sizeof(a->name), "%s", jtext(found, "stage_name"));
	(void)snprintf(a->info, sizeof(a->info), _("it went before its signature; owed by %s"),
	    *jtext(found, "owed_by") ? jtext(found, "owed_by") : "-");
	countersign_ask(a, owner);
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

static void merge_ask(const struct deed *, struct view *);

static void
merge_shown(struct view *owner, void *arg, const json_t *answer, const struct fault *f)
{
	const struct deed *from = arg;
	const json_t *o = json_object_get(answer, "incident");
	struct deed *a;
	struct prompt *p;
	char text[400], title[256];

	if (app_top_view(owner->app) != owner)
		return;		/* gone on to other things */
	if (!answer || strcmp(jtext(o, "id"), from->incident) == 0) {
		merge_ask(from, owner);		/* with the number as typed */
		if (!answer)
			app_note(owner->app, true, "%s: %s", _("number of the other"), f->text);
		else
			app_note(owner->app, true, _("that is this very incident"));
		return;
	}
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
	struct deed *a = deed_copy(arg);

	(void)snprintf(a->name, sizeof(a->name), "%s", value[0]);
	app_ask(a->app, owner, json_pack("{s:s, s:s, s:s}", "op", "show", "ref", value[0], "realm", a->exercise ? "exercise" : "live"),
	    merge_shown, a);
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
	prompt_field(p, _("number of the other"), a->name, PROMPT_REQUIRED);
	app_prompt(a->app, p);
}

/* A digit means one step, whatever else may be done: fingers remember it. */
static const struct { int digit, step; } event_digits[] = {
	{ 1, STEP_VERIFIED }, { 2, STEP_HANDLING }, { 3, STEP_RESOLVED }, { 5, STEP_ARCHIVED }, { 6, STEP_REOPENED }, { 7, STEP_MERGED },
	{ 8, STEP_SPLIT }, { 9, STEP_CLOSED },
};

struct event_menu {
	struct deed d;		/* of the incident */
	char line[MSGID_TEXT_MAX], text[256], state[64];
	int step[EVENT_CHOICES + 1];	/* by digit; 0: not from here */
	int n;
};

static void event_ask(const struct event_menu *, struct view *);

static void
event_chosen(struct view *owner, void *arg, const char *const *value)
{
	const struct event_menu *m = arg;
	int digit = *value[PROMPT_FIELDS - 1] - '0';
	struct deed a = m->d;

	if (digit < 1 || digit > EVENT_CHOICES || m->step[digit] == 0) {
		event_ask(m, owner);
		app_note(m->d.app, true, _("%d: that step does not follow from here"), digit);
		return;
	}
	a.step = m->step[digit];
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
	for (size_t i = 0; i < sizeof(event_digits) / sizeof(event_digits[0]); i++)
		if (event_digits[i].step == step && m->step[event_digits[i].digit] == 0) {
			m->step[event_digits[i].digit] = step;
			m->n++;
		}
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

static void
event_ask(const struct event_menu *from, struct view *owner)
{
	struct event_menu *m = xmalloc(sizeof(*m));
	struct prompt *p;
	char text[400];
	struct buf choices = { 0 };

	*m = *from;
	for (int i = 1; i <= EVENT_CHOICES; i++)
		if (m->step[i] != 0)
			buf_printf(&choices, "%d %s  ", i, enum_label("step", m->step[i]));
	(void)snprintf(text, sizeof(text), _("step in %s: this station's view is %s"), m->d.number, m->state);
	p = prompt_new(m->d.app, owner, text, event_chosen, m);
	if (*m->line) {
		(void)snprintf(text, sizeof(text), _("the line chosen: %s"), m->text);
		prompt_info(p, text);
	}
	prompt_choice(p, buf_cstr(&choices), EVENT_CHOICES);
	buf_free(&choices);
	app_prompt(m->d.app, p);
}

void
act_event(struct app *app, struct view *owner, const json_t *incident, const json_t *line)
{
	struct event_menu m = { 0 };
	struct deed *a = deed_incident(app, incident);
	const struct life_name *own;

	m.d = *a;
	free(a);
	own = life_event_state(menu_fill(&m, incident, line));
	(void)snprintf(m.state, sizeof(m.state), "%s", !own ? "?" : i18n_zh() ? own->zh : _(own->label));
	if (m.n == 0)
		app_note(app, true, _("no step leads on from here"));
	else
		event_ask(&m, owner);
}

/* Destroying what must not be here. */

static void destroy_ask(const struct deed *, struct view *, size_t at);

static void
destroyed(struct app *app, json_t *context, const json_t *answer, const struct fault *f)
{
	if (answer)
		app_note(app, false, _("destroyed by %s and %s; the record stands"), jtext(context, "first"), jtext(context, "second"));
	else if (strcmp(f->field, "first") == 0)	/* members of the request, not fields of a message */
		app_note(app, true, "%s: %s", _("first person"), f->text);
	else if (strcmp(f->field, "second") == 0)
		app_note(app, true, "%s: %s", _("second person"), f->text);
	else
		app_note_fault(app, f);
}

static void
destroy_confirmed(struct view *owner, void *arg, const char *const *value)
{
	struct deed *a = arg;
	char rid[33];

	(void)snprintf(a->first, sizeof(a->first), "%s", value[0]);
	(void)snprintf(a->second, sizeof(a->second), "%s", value[1]);
	(void)snprintf(a->reason, sizeof(a->reason), "%s", value[2]);
	(void)snprintf(a->typed, sizeof(a->typed), "%s", value[3]);
	if (same_person(a->first, a->second)) {
		destroy_ask(a, owner, 1);
		app_note(a->app, true, "%s: %s", _("second person"), _("must be another person than the first"));
		return;
	}
	if (strcmp(value[3], DESTROY_ZH) != 0 && strcmp(value[3], DESTROY_EN) != 0) {
		destroy_ask(a, owner, 3);
		app_note(a->app, true, _("the word was not typed: nothing was changed"));
		return;
	}
	client_rid(rid);
	app_submit(a->app, json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "op", "destroy", "rid", rid, "id", a->id, "first", value[0],
	    "second", value[1], "reason", value[2]), destroyed, json_pack("{s:s, s:s}", "first", value[0], "second", value[1]));
}

/* With what was typed before, the marker on the field `at`. */
static void
destroy_ask(const struct deed *from, struct view *owner, size_t at)
{
	struct deed *a = deed_copy(from);
	struct prompt *p;
	char text[400];

	(void)snprintf(text, sizeof(text), _("DESTROY what must not be here: %s"), a->title);
	p = prompt_new(a->app, owner, text, destroy_confirmed, a);
	prompt_info(p, _("its words go for good, here; who else has it is told its id alone"));
	prompt_field(p, _("first person"), a->first, PROMPT_REQUIRED);
	prompt_field(p, _("second person"), a->second, PROMPT_REQUIRED);
	prompt_field(p, _("reason"), a->reason, PROMPT_REQUIRED);
	(void)snprintf(text, sizeof(text), _("type %s or %s"), DESTROY_ZH, DESTROY_EN);
	prompt_field(p, text, a->typed, PROMPT_REQUIRED);
	prompt_confirm(p, _("destroy it for good? 1 = yes "));
	deed_ask_again(a, p, at);
}

void
act_destroy(struct app *app, struct view *owner, const json_t *message)
{
	struct deed *a;

	if (jflag(message, "destroyed")) {
		app_note(app, true, _("it is destroyed already"));
		return;
	}
	a = deed_new(app, message);
	(void)one_line(jtext(message, "title"), a->title, sizeof(a->title));
	destroy_ask(a, owner, 0);
	free(a);
}
