/*
 * What is done from the handover screen: each a message that the switch judges.  A PIN is typed by the person it belongs to, goes with the one
 * request that wants it, and stays nowhere.
 */
#include <stdlib.h>
#include <string.h>
#include "../formats/buf.h"
#include "../formats/i18n.h"
#include "act_log.h"
#include "compose.h"
#include "view_handover.h"

static void
set(json_t *body, uint32_t key, const char *text)
{
	if (*text)
		(void)json_object_set_new(body, field_by_key(key)->name, json_string(text));
}

static json_t *
step(int kind, int duty_step)
{
	json_t *body = json_object();

	compose_set_enum(body, F_KIND, "kind", kind);
	compose_set_enum(body, F_DUTY_STEP, "duty_step", duty_step);
	return body;
}

/* Names apart by blanks or commas. */
static void
set_names(json_t *body, uint32_t key, const char *text)
{
	static const char *const marks[] = { " ", ",", "、", "，", ";", "　" };
	json_t *list = json_array();

	while (*text) {
		size_t n = 0, skip = 0;

		while (text[n] && !skip) {
			for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]) && !skip; i++)
				if (strncmp(text + n, marks[i], strlen(marks[i])) == 0)
					skip = strlen(marks[i]);
			n += !skip;
		}
		if (n > 0)
			(void)json_array_append_new(list, json_stringn(text, n));
		text += n + skip;
	}
	if (json_array_size(list) > 0)
		(void)json_object_set(body, field_by_key(key)->name, list);
	json_decref(list);
}

static void
done(struct app *app, json_t *context, const json_t *answer, const struct fault *f)
{
	if (!answer)
		app_note_fault(app, f);
	else if (*jtext(context, "what"))
		app_note(app, false, _("done: %s"), jtext(context, "what"));
	app_want(app, FEED_DRAFTS);
	app_want(app, FEED_OWED);
}

/* body taken over; person "": no PIN. */
static void
submit(struct handover_view *w, json_t *body, const char *person, const char *pin, const char *what)
{
	char rid[33];
	json_t *request;

	client_rid(rid);
	request = json_pack("{s:s, s:s, s:s, s:b, s:o}", "op", "submit", "rid", rid, "realm", "live", "confirmed", 1, "body", body);
	if (*person)
		prompt_pins_put(request, &person, &pin, 1);
	app_submit(w->v.app, request, done, json_pack("{s:s}", "what", what));
}

static bool
begun(struct handover_view *w)
{
	if (jflag(w->answer, "under_way"))
		return true;
	app_note(w->v.app, true, _("the handover is not begun yet: F10 begins it"));
	return false;
}

static void
joined(const json_t *list, char *buf, size_t size)
{
	const json_t *s;
	size_t i, n = 0;

	buf[0] = '\0';
	json_array_foreach (list, i, s)
		if (n < size)
			n += (size_t)snprintf(buf + n, size - n, "%s%s", i > 0 ? " " : "", json_string_value(s) ? json_string_value(s) : "");
}

/* ---- begin, stay ---- */

static void
begin_done(struct view *v, void *arg, const char *const *value)
{
	json_t *body = step(KIND_HANDOVER, DUTY_HANDOVER_BEGUN);

	(void)arg;
	set_names(body, F_INCOMING, value[0]);
	set(body, F_SIGNER, value[1]);
	set(body, F_REASON, value[2]);
	submit((struct handover_view *)v, body, "", "", _("handover begun"));
}

void
handover_begin(struct handover_view *w)
{
	struct prompt *p = prompt_new(w->v.app, &w->v, _("begin the handover"), begin_done, NULL);
	char in[400];

	joined(jarray(w->answer, "incoming"), in, sizeof(in));
	prompt_field(p, _("who takes over"), in, PROMPT_REQUIRED);
	prompt_field(p, _("not as rostered: ordered by (leader)"), "", 0);
	prompt_field(p, _("not as rostered: why"), "", 0);
	app_prompt(w->v.app, p);
}

static void
stay_done(struct view *v, void *arg, const char *const *value)
{
	json_t *body = step(KIND_ROSTER, DUTY_STAY);

	(void)arg;
	set(body, F_PERSON, value[0]);
	set(body, F_SIGNER, value[1]);
	set_names(body, F_INCOMING, value[2]);
	set(body, F_REASON, value[3]);
	submit((struct handover_view *)v, body, "", "", _("ordered to stay"));
}

void
handover_stay(struct handover_view *w)
{
	struct prompt *p = prompt_new(w->v.app, &w->v, _("a leader orders somebody to stay"), stay_done, NULL);

	prompt_field(p, _("who stays"), "", PROMPT_REQUIRED);
	prompt_field(p, _("ordered by (leader)"), jtext(w->answer, "leader"), PROMPT_REQUIRED);
	prompt_field(p, _("who may begin without the others (empty: who has come)"), "", 0);
	prompt_field(p, _("remark"), "", 0);
	prompt_confirm(p, _("he goes on being responsible; 1 = yes "));
	app_prompt(w->v.app, p);
}

/* ---- items ---- */

static void
item_submit(struct handover_view *w, const char *key, const char *owner, const char *word, bool undo)
{
	json_t *body = step(KIND_HANDOVER, DUTY_HANDOVER_ITEM);

	set(body, F_TOPIC, key);
	set(body, F_PERSON, owner);
	set(body, F_TEXT, word);
	if (undo)
		(void)json_object_set_new(body, field_by_key(F_CONFIRMED)->name, json_false());
	submit(w, body, "", "", "");
}

void
handover_pass(struct handover_view *w, const json_t *item)
{
	if (!item || !begun(w))
		return;
	item_submit(w, jtext(item, "key"), jtext(item, "new_owner"), "", jflag(item, "passed"));
	if (w->list.sel + 1 < w->list.n && !jflag(item, "passed"))
		w->list.sel++;
}

static void
word_done(struct view *v, void *arg, const char *const *value)
{
	item_submit((struct handover_view *)v, arg, "", value[0], false);
}

void
handover_word(struct handover_view *w, const json_t *item)
{
	struct prompt *p;

	if (!item || !begun(w))
		return;
	p = prompt_new(w->v.app, &w->v, _("a word on this item"), word_done, xstrdup(jtext(item, "key")));
	prompt_field(p, _("text"), jtext(item, "note"), PROMPT_REQUIRED);
	app_prompt(w->v.app, p);
}

static void
owner_done(struct view *v, void *arg, const char *const *value)
{
	item_submit((struct handover_view *)v, arg, value[0], "", false);
}

void
handover_owner(struct handover_view *w, const json_t *item)
{
	struct prompt *p;

	if (!item || !begun(w))
		return;
	p = prompt_new(w->v.app, &w->v, _("who takes this item on"), owner_done, xstrdup(jtext(item, "key")));
	prompt_field(p, _("new owner"), jtext(item, "new_owner"), PROMPT_REQUIRED);
	app_prompt(w->v.app, p);
}

/* ---- read-back ---- */

static void
readback_done(struct view *v, void *arg, const char *const *value)
{
	struct handover_view *w = (struct handover_view *)v;
	const json_t *list = jarray(w->answer, "questions"), *o;
	size_t i;

	(void)arg;
	json_array_foreach (list, i, o) {
		json_t *body;

		if (i >= PROMPT_FIELDS || !*value[i] || jflag(o, "right"))
			continue;
		body = step(KIND_HANDOVER, DUTY_HANDOVER_ITEM);
		set(body, F_QUESTION, jtext(o, "key"));
		set(body, F_ANSWER, value[i]);
		submit(w, body, "", "", "");
	}
}

void
handover_readback(struct handover_view *w)
{
	const json_t *list = jarray(w->answer, "questions"), *o;
	struct prompt *p;
	size_t i;

	if (!begun(w))
		return;
	p = prompt_new(w->v.app, &w->v, _("who takes over reads back"), readback_done, NULL);
	json_array_foreach (list, i, o)
		if (i < PROMPT_FIELDS)
			prompt_field(p, jtext(o, "text"), jflag(o, "right") ? jtext(o, "value") : "", 0);
	prompt_info(p, _("a wrong answer is kept, and asked again; nothing due: -"));
	app_prompt(w->v.app, p);
}

/* ---- giving it up, the menu ---- */

static void
abandon_done(struct view *v, void *arg, const char *const *value)
{
	json_t *body = step(KIND_HANDOVER, DUTY_HANDOVER_ABANDONED);

	(void)arg;
	set(body, F_PERSON, value[0]);
	set(body, F_REASON, value[1]);
	submit((struct handover_view *)v, body, "", "", _("handover given up"));
}

static void
handover_abandon(struct handover_view *w)
{
	struct prompt *p;

	if (!begun(w))
		return;
	p = prompt_new(w->v.app, &w->v, _("give this handover up: who is responsible stays so"), abandon_done, NULL);
	prompt_field(p, _("given up by"), "", PROMPT_REQUIRED);
	prompt_field(p, _("why"), "", PROMPT_REQUIRED);
	prompt_confirm(p, _("give it up? 1 = yes "));
	app_prompt(w->v.app, p);
}

static void
menu_chosen(struct view *v, void *arg, const char *const *value)
{
	struct handover_view *w = (struct handover_view *)v;

	(void)arg;
	switch (*value[PROMPT_FIELDS - 1]) {
	case '1':
		handover_readback(w);
		break;
	case '2':
		handover_word(w, handover_selected(w));
		break;
	case '3':
		handover_owner(w, handover_selected(w));
		break;
	case '4':
		handover_stay(w);
		break;
	case '5':
		act_test(v->app, v, "");
		break;
	case '6':
		app_push_view(v->app, view_replay_new(v->app));
		break;
	default:
		handover_abandon(w);
	}
}

void
handover_menu(struct handover_view *w)
{
	struct prompt *p = prompt_new(w->v.app, &w->v, _("handover: what else"), menu_chosen, NULL);

	prompt_choice(p, _("1 read back  2 word  3 owner  4 stays  5 test  6 replay  7 give it up"), 7);
	app_prompt(w->v.app, p);
}

/* ---- signatures ---- */

static void
sign_done(struct view *v, void *arg, const char *const *value)
{
	static const int sides[] = { 0, 0, SIDE_LEADER };
	json_t *body = step(KIND_HANDOVER, DUTY_HANDOVER_SIGNED);
	size_t choice = *value[PROMPT_FIELDS - 1] == '2' ? 2 : 1;

	(void)arg;
	set(body, F_PERSON, value[0]);
	if (sides[choice])
		compose_set_enum(body, F_SIDE, "side", sides[choice]);
	submit((struct handover_view *)v, body, value[0], value[1], _("handover signed"));
}

/* Who is still wanted, the first of them. */
static const char *
wanted(const struct handover_view *w)
{
	const json_t *o;
	size_t i;

	json_array_foreach (jarray(w->answer, "signs"), i, o)
		if (jflag(o, "needed") && jnum(o, "at") == 0)
			return jtext(o, "person");
	return "";
}

void
handover_sign(struct handover_view *w)
{
	struct prompt *p = prompt_new(w->v.app, &w->v, _("sign the handover: each for himself"), sign_done, NULL);
	const json_t *o;
	size_t i, open = 0;
	char text[160];

	json_array_foreach (jarray(w->answer, "items"), i, o)
		open += !jflag(o, "passed");
	prompt_field(p, _("signed by"), wanted(w), PROMPT_REQUIRED);
	prompt_field(p, _("PIN"), "", PROMPT_SECRET);
	if (open > 0) {
		(void)snprintf(text, sizeof(text), _("%zu items are not gone through: they go along as open, and the record says so"), open);
		prompt_info(p, text);
	}
	prompt_choice(p, _("1 sign  2 as duty leader, who knows of it"), 2);
	app_prompt(w->v.app, p);
}
