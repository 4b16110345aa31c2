/*
 * What is done about a directive that has gone out: urging, calls, a signature taken over the telephone, adding to it, taking it back; and
 * claiming what others wrote in this station's name.  Taking back has its friction: a reason, and cancel is what Enter does.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../formats/buf.h"
#include "../formats/i18n.h"
#include "../formats/json.h"
#include "../formats/text.h"
#include "../formats/value.h"
#include "compose.h"
#include "prompt.h"
#include "util.h"
#include "view_track.h"

static struct deed *
deed_of(struct app *app, const json_t *track, const json_t *row)
{
	struct deed *a = deed_new(app, track);

	(void)snprintf(a->name, sizeof(a->name), "%s", jtext(row, "to"));
	(void)one_line(jtext(row, "to_name"), a->towards, sizeof(a->towards));
	(void)one_line(jtext(track, "title"), a->title, sizeof(a->title));
	return a;
}

static json_t *
about(const struct deed *a, int kind)
{
	json_t *body = json_object();

	compose_set_enum(body, F_KIND, "kind", kind);
	(void)json_object_set_new(body, field_by_key(F_REFS)->name, json_pack("[s]", a->id));
	return body;
}

/* Parsed here as it was checked there: "14:40" means the same time whoever reads it later. */
static void
set_time(const struct deed *a, json_t *body, uint32_t key, const char *text)
{
	struct body *b = body_new();
	struct fault f = { 0 };
	char when[48];
	int64_t ms;

	if (*text && value_parse(b, field_by_key(key), text, app_codebook(a->app), app_now(a->app), &f) == 0 && body_time(b, key, &ms))
		deed_text(body, key, time_format(ms, TIME_RFC3339, when, sizeof(when)));
	body_free(b);
}

/* Urging. */

static void
chased(struct view *owner, void *arg, const char *const *value)
{
	const struct deed *a = arg;
	json_t *body = about(a, KIND_CHASE);
	char what[256];

	(void)owner;
	deed_text(body, F_TEXT, value[0]);
	deed_text(body, F_PERSON, value[1]);
	app_set_person(a->app, value[1]);
	(void)json_object_set_new(body, field_by_key(F_TO)->name, json_pack("[s]", a->name));
	(void)snprintf(what, sizeof(what), _("urged: %s"), a->towards);
	deed_submit(a, body, what);
}

void
act_order_chase(struct app *app, struct view *owner, const json_t *track, const json_t *row)
{
	struct deed *a = deed_of(app, track, row);
	struct prompt *p;
	char text[512];

	(void)snprintf(text, sizeof(text), _("urge %s: %s"), a->towards, a->title);
	p = prompt_new(app, owner, text, chased, a);
	(void)snprintf(text, sizeof(text), _("please answer the directive: %s"), a->title);
	prompt_field(p, _("text"), text, PROMPT_REQUIRED | PROMPT_LINES);
	prompt_field(p, _("urged by"), app_person(app), 0);
	prompt_confirm(p, _("send it? 1 = yes "));
	app_prompt(app, p);
}

/* A call. */

static const int outcomes[] = { OUTCOME_REACHED, OUTCOME_NO_ANSWER, OUTCOME_BUSY, OUTCOME_OFF, OUTCOME_WRONG, OUTCOME_BY_OTHER };
#define NOUTCOMES (sizeof(outcomes) / sizeof(outcomes[0]))

static void
called(struct view *owner, void *arg, const char *const *value)
{
	const struct deed *a = arg;
	json_t *body = about(a, KIND_CALLOUT);
	long n = strtol(value[PROMPT_FIELDS - 1], NULL, 10);
	char what[256];

	(void)owner;
	if (n < 1 || n > (long)NOUTCOMES)
		return;
	compose_set_enum(body, F_OUTCOME, "outcome", outcomes[n - 1]);
	compose_set_enum(body, F_CHANNEL, "channel", CHANNEL_PHONE);
	deed_text(body, F_ON_BEHALF, a->name);
	deed_text(body, F_PHONE, value[0]);
	deed_text(body, F_PERSON, value[1]);
	deed_text(body, F_TEXT, value[2]);
	(void)snprintf(what, sizeof(what), "%s %s", a->towards, enum_label("outcome", outcomes[n - 1]));
	deed_submit(a, body, what);
}

void
act_order_phone(struct app *app, struct view *owner, const json_t *track, const json_t *row)
{
	struct deed *a = deed_of(app, track, row);
	const json_t *way = json_array_get(jarray(row, "ways"), 0);
	struct prompt *p;
	char text[512];
	size_t n;

	(void)snprintf(text, sizeof(text), _("a call to %s: write it down"), a->towards);
	p = prompt_new(app, owner, text, called, a);
	prompt_field(p, _("number called"), strcmp(jtext(way, "kind"), "neighbour") == 0 ? "" : jtext(way, "phone"), PROMPT_REQUIRED);
	prompt_field(p, _("whom"), strcmp(jtext(way, "kind"), "person") == 0 ? jtext(way, "name") : "", 0);
	prompt_field(p, _("remark"), "", 0);
	text[0] = '\0';
	n = 0;
	for (size_t i = 0; i < NOUTCOMES && n < sizeof(text); i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%zu=%s ", i + 1, enum_label("outcome", outcomes[i]));
	prompt_choice(p, text, (int)NOUTCOMES);
	app_prompt(app, p);
}

/* 电话代签. */

static const struct field *
figure_word(const char *word, size_t *len)
{
	static const struct { const char *word; uint32_t key; } said_words[] = {
		{ "应转", F_TO_MOVE }, { "已转", F_MOVED }, { "拒转", F_REFUSED }, { "返流", F_WENT_BACK },
	};
	const struct field *f, *best = NULL;

	*len = 0;
	for (size_t i = 0; (f = field_at(i)) != NULL; i++) {
		const char *names[] = { f->name, f->zh };

		for (size_t k = 0; k < 2 && field_decimals(f) >= 0; k++) {
			size_t n = strlen(names[k]);

			if (n > *len && strncmp(word, names[k], n) == 0) {
				best = f;
				*len = n;
			}
		}
	}
	for (size_t i = 0; !best && i < sizeof(said_words) / sizeof(said_words[0]); i++)
		if (strncmp(word, said_words[i].word, strlen(said_words[i].word)) == 0) {
			best = field_by_key(said_words[i].key);
			*len = strlen(said_words[i].word);
		}
	return best;
}

/* "应转412 已转331": into the body; false + fault on what is no figure. */
static bool
figures_into(const struct deed *a, json_t *body, const char *text, struct fault *f)
{
	char folded[512], word[128];
	const char *s = folded;
	struct body *b = body_new();
	json_t *made;
	const char *key;
	json_t *v;
	bool ok = true;

	(void)text_fold(text, folded, sizeof(folded));
	while (ok && *(s += strspn(s, " ,;\t")) != '\0') {
		size_t n = strcspn(s, " ,;\t"), len;
		const struct field *fd;

		(void)snprintf(word, sizeof(word), "%.*s", (int)n, s);
		s += n;
		fd = figure_word(word, &len);
		if (!fd)
			ok = fault_set(f, 0, "", _("'%s' is no figure: name and number, as in to_move=412"), word) == 0;
		else
			ok = value_parse(b, fd, word + len + (word[len] == '='), app_codebook(a->app), app_now(a->app), f) == 0;
	}
	made = json_from_body(b);
	json_object_foreach (made, key, v)
		(void)json_object_set(body, key, v);
	json_decref(made);
	body_free(b);
	return ok;
}

static void proxy_prompt(const struct deed *, struct view *, const char *const *value);

static void
proxied(struct view *owner, void *arg, const char *const *value)
{
	const struct deed *a = arg;
	json_t *body = about(a, KIND_RECEIPT);
	struct fault f = { 0 };
	char what[256];

	if (!figures_into(a, body, value[3], &f)) {
		proxy_prompt(a, owner, value);
		app_note_fault(a->app, &f);
		json_decref(body);
		return;
	}
	compose_set_enum(body, F_ACT, "act", *value[4] ? ACT_TAKEN : ACT_SIGNED);
	compose_set_enum(body, F_CHANNEL, "channel", CHANNEL_PHONE);
	deed_text(body, F_ON_BEHALF, a->name);
	deed_text(body, F_PERSON, value[0]);
	deed_text(body, F_ANSWERED_BY, value[0]);
	deed_text(body, F_RECEIPT_NO, value[1]);
	deed_text(body, F_READBACK, value[2]);
	set_time(a, body, F_DUE, value[4]);
	(void)snprintf(what, sizeof(what), _("signed by telephone: %s %s"), a->towards, value[0]);
	deed_submit(a, body, what);
}

static void
proxy_prompt(const struct deed *from, struct view *owner, const char *const *value)
{
	struct deed *a = deed_copy(from);
	struct prompt *p;
	char text[512];

	(void)snprintf(text, sizeof(text), _("%s signs over the telephone: %s"), a->towards, a->title);
	p = prompt_new(a->app, owner, text, proxied, a);
	prompt_field(p, _("who answered there"), value[0], PROMPT_REQUIRED);
	prompt_field(p, _("number of the recording"), value[1], PROMPT_REQUIRED);
	prompt_field(p, _("code as read back"), value[2], PROMPT_REQUIRED);
	prompt_field(p, _("figures as read back"), value[3], 0);
	prompt_field(p, _("taken on: next feedback at"), value[4], PROMPT_TIME | PROMPT_FUTURE);
	prompt_confirm(p, _("register it? A wrong code is refused. 1 = yes "));
	app_prompt(a->app, p);
}

void
act_order_proxy(struct app *app, struct view *owner, const json_t *track, const json_t *row)
{
	static const char *const empty[PROMPT_FIELDS] = { "", "", "", "", "" };
	struct deed *a = deed_of(app, track, row);

	proxy_prompt(a, owner, empty);
	free(a);
}

/* 追加, 收回. */

static void
followed(const struct deed *a, int type, const char *text, const char *reason)
{
	json_t *body = about(a, KIND_DIRECTIVE);
	char what[320];

	compose_set_enum(body, F_ORDER_TYPE, "order_type", type);
	deed_text(body, F_TEXT, text);
	deed_text(body, F_REASON, reason);
	(void)snprintf(what, sizeof(what), "%s %s", enum_label("order_type", type), a->title);
	deed_submit(a, body, what);
}

static void
appended(struct view *owner, void *arg, const char *const *value)
{
	(void)owner;
	followed(arg, ORDER_APPEND, value[0], "");
}

void
act_order_append(struct app *app, struct view *owner, const json_t *track)
{
	struct deed *a = deed_of(app, track, NULL);
	struct prompt *p;
	char text[512];

	(void)snprintf(text, sizeof(text), _("add to the directive: %s"), a->title);
	p = prompt_new(app, owner, text, appended, a);
	prompt_field(p, _("text"), "", PROMPT_REQUIRED | PROMPT_LINES);
	prompt_confirm(p, _("it goes to all addressees: send? 1 = yes "));
	app_prompt(app, p);
}

static void
revoked(struct view *owner, void *arg, const char *const *value)
{
	(void)owner;
	followed(arg, ORDER_REVOKED, "", value[0]);
}

void
act_order_revoke(struct app *app, struct view *owner, const json_t *track)
{
	struct deed *a = deed_of(app, track, NULL);
	struct prompt *p;
	char text[512];

	(void)snprintf(text, sizeof(text), _("TAKE BACK the directive: %s"), a->title);
	p = prompt_new(app, owner, text, revoked, a);
	prompt_info(p, _("its words stay to be read; nothing is awaited of anybody any more"));
	prompt_field(p, _("reason"), "", PROMPT_REQUIRED | PROMPT_LINES);
	prompt_confirm(p, _("take it back from all addressees? 1 = yes "));
	app_prompt(app, p);
}

/* 认领. */

static void
claimed(struct view *owner, void *arg, const char *const *value)
{
	const struct deed *a = arg;
	json_t *body = about(a, KIND_RECEIPT);
	char what[320];

	(void)owner;
	compose_set_enum(body, F_ACT, "act", ACT_SIGNED);
	deed_text(body, F_PERSON, value[0]);
	app_set_person(a->app, value[0]);
	(void)snprintf(what, sizeof(what), _("claimed: %s"), a->title);
	deed_submit(a, body, what);
}

void
act_order_claim(struct app *app, struct view *owner, const json_t *item)
{
	struct deed *a = deed_of(app, item, NULL);
	struct prompt *p;
	char text[512];

	(void)snprintf(text, sizeof(text), _("claim what %s entered: %s"), jtext(item, "from_name"), a->title);
	p = prompt_new(app, owner, text, claimed, a);
	prompt_field(p, _("claimed by"), app_person(app), PROMPT_REQUIRED);
	prompt_confirm(p, _("is it right? What is wrong is corrected by a report of your own. 1 = yes "));
	app_prompt(app, p);
}
