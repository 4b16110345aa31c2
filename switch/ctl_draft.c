/*
 * dutyctl draft: a message on its way to the signature, step by step (草稿 → 待核 → 待签 → 已发).
 *
 * The request id names the draft.  What a draft of ours holds is the very request that will be sent: {"title", "request":
 * {realm, confirmed, body{}}}; a draft typed at a desk holds the desk's form and is sent from there, or with its fields
 * given again.  Which step is open is the switch's to say.
 */
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "../formats/buf.h"
#include "../formats/i18n.h"
#include "../formats/json.h"
#include "../formats/text.h"
#include "../formats/value.h"
#include "ctl_submit.h"
#include "../formats/life.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

struct draft_verb {
	const char *name;
	int event;		/* 0: none */
	bool fields;		/* takes the message's fields */
	bool person, reason;	/* needs them */
	bool sends;
	int (*run)(struct ctl *, const struct draft_verb *, struct ctl_args *, struct body *);
};

static int draft_list(struct ctl *, const struct draft_verb *, struct ctl_args *, struct body *);
static int draft_new(struct ctl *, const struct draft_verb *, struct ctl_args *, struct body *);
static int draft_show(struct ctl *, const struct draft_verb *, struct ctl_args *, struct body *);
static int draft_delete(struct ctl *, const struct draft_verb *, struct ctl_args *, struct body *);
static int draft_move(struct ctl *, const struct draft_verb *, struct ctl_args *, struct body *);

static const struct draft_verb verbs[] = {
    {"list", 0, false, false, false, false, draft_list},
    {"new", 0, true, false, false, false, draft_new},
    {"show", 0, false, false, false, false, draft_show},
    {"edit", 0, true, false, false, false, draft_new},
    {"submit", DRAFT_SUBMIT, true, false, false, false, draft_move},
    {"pass", DRAFT_PASS, false, true, false, false, draft_move},
    {"return", DRAFT_RETURN, false, true, true, false, draft_move},
    {"take-back", DRAFT_TAKE_BACK, false, false, false, false, draft_move},
    {"try", DRAFT_TRY, false, true, false, false, draft_move},
    {"sign", DRAFT_APPROVE, false, true, false, true, draft_move},
    {"unsigned", DRAFT_UNSIGNED, true, true, false, true, draft_move},
    {"send", DRAFT_SEND, true, false, false, true, draft_move},
    {"delete", 0, false, false, false, false, draft_delete},
};

static const struct ctl_option options[] = {SUBMIT_OPTIONS, {"incident", true, false}, {"kind", true, false},
    {"by", true, false}, {"number", true, false}, {NULL, false, false}};

/* ---- what a draft holds ---- */

/* The draft of a request id out of the list; new reference, NULL + fault. */
static json_t *
find(struct ctl *ctl, const char *rid, struct fault *f)
{
	json_t *answer = ctl_ask(ctl, json_pack("{s:s}", "op", "drafts"), 0, f), *e, *found = NULL;
	size_t i;

	json_array_foreach(json_object_get(answer, "drafts"), i, e)
	{
		const char *s = json_string_value(json_object_get(e, "rid"));

		if (s != NULL && strcmp(s, rid) == 0)
			found = json_incref(e);
	}
	if (answer != NULL && found == NULL)
		(void)fault_set(f, EX_NOINPUT, "rid", _("no draft %.80s here"), rid);
	json_decref(answer);
	return found;
}

/* The request that will be sent, from the options; NULL + fault. */
static json_t *
request_of(struct ctl *ctl, const struct ctl_args *a, struct body *b, struct fault *f)
{
	const char *kind = ctl_arg(a, "kind"), *ref = ctl_arg(a, "incident");
	struct ctl_pipe *pipe;
	struct msgid incident;
	int k = KIND_REPORT, realm = -1, rc = 0;
	json_t *o;

	if ((kind != NULL && submit_kind_parse(kind, &k, f) != 0) || ctl_arg_realm(a, &realm, f) != 0 ||
	    submit_addressees(ctl, a, b, f) != 0 || submit_ahead(b, ctl_flag(a, "confirm"), f) != 0)
		return NULL;
	submit_kind(b, k);
	if (ref != NULL) {
		pipe = ctl_pipe_new(ctl, 0, NULL, NULL);
		if ((rc = submit_incident(pipe, ref, &realm, &incident, f)) == 0)
			body_set_id(b, F_INCIDENT, &incident);
		ctl_pipe_free(pipe);
	}
	if (rc != 0)
		return NULL;
	o = json_pack("{s:s, s:b, s:o}", "realm", realm == REALM_EXERCISE ? "exercise" : "live", "confirmed",
	    (int)ctl_flag(a, "confirm"), "body", json_from_body(b));
	if (o == NULL)
		abort();	/* the body is text that was checked */
	return o;
}

/* The same from the draft kept; NULL + fault. */
static json_t *
request_kept(struct ctl *ctl, const char *rid, struct fault *f)
{
	json_t *draft = find(ctl, rid, f);
	json_t *r = json_object_get(json_object_get(draft, "json"), "request");

	if (draft != NULL && !json_is_object(r))
		(void)fault_set(f, EX_DATAERR, "rid",
		    _("was typed at a desk: go on there, or give its fields again"));
	json_incref(r);
	json_decref(draft);
	return json_is_object(r) ? r : NULL;
}

/* ---- the verbs ---- */

static int
draft_list(struct ctl *ctl, const struct draft_verb *v, struct ctl_args *a, struct body *b)
{
	(void)v;
	(void)b;
	if (a->nword > 1)
		return ctl_usage("draft", a->word[1], _("one word too many"));
	return ctl_drafts(ctl, 0, NULL);
}

static int
draft_new(struct ctl *ctl, const struct draft_verb *v, struct ctl_args *a, struct body *b)
{
	bool edits = strcmp(v->name, "edit") == 0;
	struct fault f = { 0 };
	const char *rid = edits ? a->word[1] : ctl_arg(a, "rid"), *title;
	char fresh[33];
	json_t *request, *answer;

	if (!edits && a->nword > 1)
		return ctl_usage("draft", a->word[1], _("one word too many"));
	if (b->n == 0)
		return ctl_usage("draft", "", _("which fields? --title, --place, ..."));
	if (rid == NULL) {
		client_rid(fresh);
		rid = fresh;
	}
	if ((request = request_of(ctl, a, b, &f)) == NULL)
		return ctl_fail(&f);
	title = body_text(b, F_TITLE) != NULL ? body_text(b, F_TITLE) : body_text(b, F_TEXT);
	answer = ctl_ask(ctl, json_pack("{s:s, s:s, s:{s:s, s:o}}", "op", "draft_put", "rid", rid, "json", "title",
	    title != NULL ? title : "", "request", request), 0, &f);
	if (answer == NULL)
		return ctl_fail(&f);
	json_decref(answer);
	if (ctl->json) {
		answer = json_pack("{s:s}", "rid", rid);
		ctl_json(stdout, answer);
		json_decref(answer);
	} else
		(void)printf("%s\n", rid);
	return EX_OK;
}

static void
print_trail(const json_t *draft)
{
	char buf[512], at[32], text[1024];
	json_t *e;
	size_t i;

	json_array_foreach(json_object_get(draft, "trail"), i, e)
	{
		static const char *const parts[] = { "person", "number", "outcome_name", "reason" };
		size_t n;

		(void)snprintf(text, sizeof text, "%s %s", ctl_time(e, "at", at, sizeof at),
		    ctl_text(e, "event_name", buf, sizeof buf));
		for (size_t k = 0; k < COUNT(parts); k++)
			if (json_string_length(json_object_get(e, parts[k])) > 0 && (n = strlen(text)) < sizeof text - 2)
				(void)snprintf(
				    text + n, sizeof text - n, " %s", ctl_text(e, parts[k], buf, sizeof buf));
		ctl_line(stdout, i == 0 ? _("steps") : "", text);
	}
}

static int
draft_show(struct ctl *ctl, const struct draft_verb *v, struct ctl_args *a, struct body *b)
{
	struct fault f = { 0 };
	json_t *draft = find(ctl, a->word[1], &f), *request, *from;
	struct buf text = { 0 };
	char buf[256];

	(void)v;
	if (draft == NULL)
		return ctl_fail(&f);
	if (ctl->json) {
		ctl_json(stdout, draft);
		json_decref(draft);
		return EX_OK;
	}
	ctl_line(stdout, _("rid"), ctl_text(draft, "rid", buf, sizeof buf));
	ctl_line(stdout, _("state"), ctl_text(draft, "state_name", buf, sizeof buf));
	ctl_line(stdout, _("seat"), ctl_text(draft, "seat", buf, sizeof buf));
	ctl_line(stdout, _("begun"), ctl_time(draft, "begun", buf, sizeof buf));
	print_trail(draft);
	from = json_object_get(draft, "unsigned_from");
	if (json_is_integer(from))
		ctl_line(stdout, _("unsigned from"), ctl_time(draft, "unsigned_from", buf, sizeof buf));
	request = json_object_get(json_object_get(draft, "json"), "request");
	if (json_to_body(json_object_get(request, "body"), b, NULL, 0, true, &f) == 0)
		for (size_t i = 0; i < b->n; i++) {
			if (b->v[i].field == NULL)
				continue;
			buf_clear(&text);
			value_format(&text, &b->v[i], ctl_codebook(ctl, &f), i18n_zh());
			ctl_line(stdout, i18n_zh() ? b->v[i].field->zh : _(b->v[i].field->label), buf_cstr(&text));
		}
	else
		ctl_json(stdout, json_object_get(draft, "json"));
	buf_free(&text);
	json_decref(draft);
	return EX_OK;
}

static int
draft_delete(struct ctl *ctl, const struct draft_verb *v, struct ctl_args *a, struct body *b)
{
	struct fault f = { 0 };
	json_t *draft = find(ctl, a->word[1], &f), *answer;

	(void)v;
	(void)b;
	if (draft == NULL)
		return ctl_fail(&f);
	json_decref(draft);
	if ((answer = ctl_ask(ctl, json_pack("{s:s, s:s}", "op", "draft_del", "rid", a->word[1]), 0, &f)) == NULL)
		return ctl_fail(&f);
	if (ctl->json)
		ctl_json_answer(stdout, answer);
	json_decref(answer);
	return EX_OK;
}

/* Does the switch still need to be told what is to be sent?  It keeps what is being checked or signed. */
static bool
needs_request(struct ctl *ctl, const char *rid, bool *there)
{
	struct fault ignored = { 0 };
	json_t *draft = find(ctl, rid, &ignored);
	const char *state = json_string_value(json_object_get(draft, "state"));
	bool needs = state != NULL && strcmp(state, life_draft_state(DRAFT_WRITING)->name) == 0;

	*there = draft != NULL;
	json_decref(draft);
	return needs;
}

static int
draft_move(struct ctl *ctl, const struct draft_verb *v, struct ctl_args *a, struct body *b)
{
	const struct life_name *event = life_draft_event(v->event);
	const char *rid = a->word[1], *number = ctl_arg(a, "number"), *who = body_text(b, F_PERSON);
	const char *reason = body_text(b, F_REASON);
	int outcome = body_enum(b, F_OUTCOME);
	struct fault f = { 0 };
	json_t *r, *inner = NULL;
	bool there = true;

	if (v->event == DRAFT_TRY && (number == NULL || outcome == 0))
		return ctl_usage("draft", number == NULL ? "number" : "outcome",
		    number == NULL ? _("which number was called?") : _("what came of it: reached, no-answer, busy, ...?"));
	if (v->event != DRAFT_TRY && number != NULL)
		return ctl_usage("draft", "number", _("belongs to draft try"));
	r = json_pack("{s:s, s:s, s:s}", "op", "draft_move", "rid", rid, "event", event->name);
	if (r == NULL) {
		(void)fault_set(&f, EX_DATAERR, "rid", _("is no UTF-8 text"));
		return ctl_fail(&f);
	}
	if (who != NULL)
		(void)json_object_set_new(r, "person", json_string(who));
	if (reason != NULL && v->reason)
		(void)json_object_set_new(r, "reason", json_string(reason));
	if (number != NULL)
		(void)json_object_set_new(r, "number", json_string(number));
	if (outcome != 0 && v->event == DRAFT_TRY)
		(void)json_object_set_new(r, "outcome", json_integer(outcome));
	if (v->fields) {
		/* who does the step is not what the message says */
		body_unset(b, F_PERSON);
		if (b->n > 0)
			inner = request_of(ctl, a, b, &f);
		else if (v->event == DRAFT_SUBMIT || needs_request(ctl, rid, &there))
			inner = request_kept(ctl, rid, &f);
		if (inner == NULL && f.code != 0) {
			json_decref(r);
			return ctl_fail(&f);
		}
		if (inner != NULL)
			(void)json_object_set_new(r, "request", inner);
	}
	/* A try is one each time it is told; all else is answered as before when it is asked for again. */
	return submit_post(ctl, a, r, v->event != DRAFT_TRY);
}

/* ---- dutyctl draft ---- */

static int
unknown(const char *word)
{
	struct buf text = { 0 };
	int rc;

	buf_printf(&text, _("no step %.40s; there are:"), word);
	for (size_t i = 0; i < COUNT(verbs); i++)
		buf_printf(&text, "%s %s", i > 0 ? "," : "", verbs[i].name);
	rc = ctl_usage("draft", "", buf_cstr(&text));
	buf_free(&text);
	return rc;
}

int
ctl_draft(struct ctl *ctl, int argc, char **argv)
{
	const struct draft_verb *v = NULL;
	struct ctl_args a;
	struct body *b;
	struct fault f = { 0 };
	const char *name, *by;
	int rc = submit_begin(ctl, "draft", options, 0, 2, argc, argv, &a, &b);

	if (rc != 0)
		return submit_end(&a, b, rc);
	name = a.nword > 0 ? a.word[0] : "list";
	for (size_t i = 0; i < COUNT(verbs); i++)
		if (strcmp(verbs[i].name, name) == 0)
			v = &verbs[i];
	if (v == NULL)
		return submit_end(&a, b, unknown(name));
	if (v->run != draft_list && strcmp(v->name, "new") != 0 && a.nword < 2)
		return submit_end(&a, b, ctl_usage("draft", "rid", _("a word is missing: which one?")));
	if (a.nword == 2 && !submit_rid_valid(a.word[1])) {
		(void)fault_set(&f, EX_DATAERR, "rid", _("must be 1 to 191 bytes of plain text"));
		return submit_end(&a, b, ctl_fail(&f));
	}
	if (a.nword == 2 && ctl_arg(&a, "rid") != NULL)
		return submit_end(&a, b, ctl_usage("draft", "rid", _("given twice")));
	if ((by = ctl_arg(&a, "by")) != NULL) {
		if (body_text(b, F_PERSON) != NULL)
			return submit_end(&a, b, ctl_usage("draft", "by", _("given twice")));
		if (value_parse(b, field_by_key(F_PERSON), by, NULL, ctl_now(), &f) != 0)
			return submit_end(&a, b, ctl_fail(&f));
	}
	if (v->person && body_text(b, F_PERSON) == NULL)
		return submit_end(&a, b,
		    ctl_usage("draft", "by",
			v->event == DRAFT_TRY ? _("names the leader who was called") : _("names the person who does it")));
	if (v->reason && body_text(b, F_REASON) == NULL)
		return submit_end(&a, b, ctl_usage("draft", "reason", _("is missing")));
	if (!v->fields)
		for (size_t i = 0; i < b->n; i++)
			if (b->v[i].key != F_PERSON && !(v->reason && b->v[i].key == F_REASON) &&
			    !(v->event == DRAFT_TRY && b->v[i].key == F_OUTCOME))
				return submit_end(
				    &a, b, ctl_usage("draft", b->v[i].field->name, _("is not taken by this step")));
	return submit_end(&a, b, v->run(ctl, v, &a, b));
}
