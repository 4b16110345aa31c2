/*
 * Acts in the life of reports and events: 更正 撤回, the steps of an event, 并案 拆分, 采用 补签 研判, 误入清除.
 *
 * Each is one message (KIND_STEP, or a report with its stage) that names the person who does it; whether it may be done
 * is the switch's to say, which knows where the event stands.  What a word can mean is settled here and told back.
 */
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "../formats/buf.h"
#include "../formats/i18n.h"
#include "../formats/value.h"
#include "ctl_submit.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static const struct ctl_option by_options[] = {SUBMIT_OPTIONS, {"by", true, false}, {NULL, false, false}};
static const struct ctl_option split_options[] = {
    SUBMIT_OPTIONS, {"by", true, false}, {"into", true, false}, {NULL, false, false}};
static const struct ctl_option verdict_options[] = {{"to", true, false}, {"cc", true, false}, {"realm", true, false},
    {"rid", true, false}, {"retry", true, false}, {"by", true, false}, {"confirm", false, false}, {"deny", false, false},
    {NULL, false, false}};
static const struct ctl_option destroy_options[] = {{"first", true, false}, {"second", true, false},
    {"rid", true, false}, {"retry", true, false}, {NULL, false, false}};

/* ---- what a word means ---- */

/* Who does it: --by, or --person.  EX_OK or the exit status after having said why. */
static int
person(const struct ctl_args *a, const char *verb, struct body *b)
{
	const char *by = ctl_arg(a, "by");
	struct fault f = { 0 };

	if (by != NULL && body_text(b, F_PERSON) != NULL)
		return ctl_usage(verb, "by", _("given twice"));
	if (by != NULL && value_parse(b, field_by_key(F_PERSON), by, NULL, ctl_now(), &f) != 0)
		return ctl_fail(&f);
	return body_text(b, F_PERSON) != NULL ? EX_OK : ctl_usage(verb, "by", _("names the person who does it"));
}

static json_t *
ask_message(struct ctl *ctl, const struct msgid *id, struct fault *f)
{
	char text[MSGID_TEXT_MAX];

	(void)msgid_format(id, text, sizeof text);
	return ctl_ask(ctl, json_pack("{s:s, s:s}", "op", "message", "id", text), 0, f);
}

static json_t *
ask_show(struct ctl *ctl, const char *ref, int realm, struct fault *f)
{
	struct msgid id;
	json_t *request;

	if (realm < 0)
		realm = msgid_parse(ref, &id) ? id.realm : REALM_LIVE;
	request = json_pack(
	    "{s:s, s:s, s:s}", "op", "show", "ref", ref, "realm", realm == REALM_EXERCISE ? "exercise" : "live");
	if (request == NULL) {
		(void)fault_set(f, EX_DATAERR, "ref", _("is no UTF-8 text"));
		return NULL;
	}
	return ctl_ask(ctl, request, 0, f);
}

static bool
amendable(int kind)
{
	return kind == KIND_REPORT || kind == KIND_DIRECTIVE || kind == KIND_WARNING || kind == KIND_FEEDBACK;
}

static int
kind_of(const json_t *o)
{
	const char *s = json_string_value(json_object_get(o, "kind"));
	const struct enum_name *e = s != NULL ? enum_by_name("kind", s) : NULL;

	return e != NULL ? e->value : 0;
}

/* The last report of this station in the incident that still says something. */
static int
last_report(struct ctl *ctl, const char *ref, int realm, struct msgid *id, struct fault *f)
{
	json_t *answer = ask_show(ctl, ref, realm, f), *e;
	const char *text = NULL, *stage;
	size_t i;
	int rc = 0;

	if (answer == NULL)
		return -1;
	json_array_foreach(json_object_get(answer, "lines"), i, e)
	{
		stage = json_string_value(json_object_get(e, "stage"));
		if (json_is_true(json_object_get(e, "mine")) && kind_of(e) == KIND_REPORT &&
		    !json_is_true(json_object_get(e, "withdrawn")) && !json_is_true(json_object_get(e, "superseded")) &&
		    (stage == NULL || strcmp(stage, enum_by_value("stage", STAGE_WITHDRAWAL)->name) != 0))
			text = json_string_value(json_object_get(e, "id"));
	}
	if (text == NULL || !msgid_parse(text, id))
		rc = fault_set(f, EX_NOINPUT, "ref", _("this station has no report in %.60s that could be corrected"), ref);
	json_decref(answer);
	return rc;
}

/* The message a word means: its id, or an incident, of which the last report of our own is meant. */
static int
amended(struct ctl *ctl, const char *word, int realm, struct msgid *id, int *kind, struct fault *f)
{
	const char *incident;
	struct msgid opened;
	json_t *answer;
	bool opener;

	*kind = KIND_REPORT;
	if (!msgid_parse(word, id))
		return last_report(ctl, word, realm, id, f);
	if (realm >= 0 && realm != id->realm)
		return fault_set(f, EX_DATAERR, "realm", _("the message belongs to the other realm"));
	if ((answer = ask_message(ctl, id, f)) == NULL)
		return -1;
	*kind = kind_of(answer);
	incident = json_string_value(json_object_get(answer, "incident"));
	opener = *kind == KIND_INTAKE || (incident != NULL && msgid_parse(incident, &opened) && msgid_cmp(&opened, id) == 0);
	json_decref(answer);
	if (amendable(*kind))
		return 0;
	/* the id of an incident is that of the intake that opened it; of any other message nothing else is meant */
	if (!opener)
		return fault_set(f, EX_DATAERR, "ref", _("%.60s is a message of a kind that is neither corrected nor recalled"), word);
	*kind = KIND_REPORT;
	return last_report(ctl, word, realm, id, f);
}

/* ---- correcting and recalling ---- */

static int
amend(struct ctl *ctl, const char *verb, int stage, int argc, char **argv)
{
	struct ctl_args a;
	struct body *b;
	struct fault f = { 0 };
	struct msgid id;
	int kind, realm = -1, rc = submit_begin(ctl, verb, by_options, 1, 1, argc, argv, &a, &b);

	if (rc != 0)
		return submit_end(&a, b, rc);
	if (body_enum(b, F_STAGE) != 0 || body_count(b, F_REFS) > 0)
		return submit_end(&a, b,
		    ctl_usage(verb, body_enum(b, F_STAGE) != 0 ? "stage" : "refs",
			_("is said by the verb and its word")));
	if (ctl_arg(&a, "by") != NULL && (rc = person(&a, verb, b)) != 0)
		return submit_end(&a, b, rc);
	if (stage == STAGE_WITHDRAWAL && body_text(b, F_REASON) == NULL) {
		(void)fault_set(&f, EX_DATAERR, "reason", _("is missing"));
		return submit_end(&a, b, ctl_fail(&f));
	}
	if (ctl_arg_realm(&a, &realm, &f) != 0 || amended(ctl, a.word[0], realm, &id, &kind, &f) != 0)
		return submit_end(&a, b, ctl_fail(&f));
	body_set_num(b, F_STAGE, stage);
	body_add_id(b, F_REFS, &id);
	submit_kind(b, kind);
	return submit_end(&a, b, submit_send(ctl, &a, b, NULL, id.realm));
}

int
ctl_correct(struct ctl *ctl, int argc, char **argv)
{
	return amend(ctl, "correct", STAGE_CORRECTION, argc, argv);
}

int
ctl_recall(struct ctl *ctl, int argc, char **argv)
{
	return amend(ctl, "recall", STAGE_WITHDRAWAL, argc, argv);
}

/* ---- steps ---- */

/* The steps a person names by word; the others have verbs of their own. */
static const int worded[] = {STEP_VERIFIED, STEP_HANDLING, STEP_RESOLVED, STEP_ARCHIVED, STEP_REOPENED, STEP_CLOSED};

static int
step_by_word(const char *word)
{
	const struct enum_name *e = enum_by_name("step", word);

	for (size_t i = 0; e != NULL && i < COUNT(worded); i++)
		if (worded[i] == e->value)
			return e->value;
	return 0;
}

static int
unknown_step(const char *word)
{
	struct buf text = { 0 };
	int rc;

	buf_printf(&text, _("no step %.40s; there are:"), word);
	for (size_t i = 0; i < COUNT(worded); i++)
		buf_printf(&text, "%s %s", i > 0 ? "," : "", enum_by_value("step", worded[i])->name);
	rc = ctl_usage("step", "step", buf_cstr(&text));
	buf_free(&text);
	return rc;
}

/* Sends a step; word: the incident, or NULL when the references say it. */
static int
send_step(struct ctl *ctl, const struct ctl_args *a, struct body *b, int step, const char *word, int realm)
{
	body_set_num(b, F_STEP, step);
	submit_kind(b, KIND_STEP);
	return submit_send(ctl, a, b, word, realm);
}

int
ctl_step(struct ctl *ctl, int argc, char **argv)
{
	struct ctl_args a;
	struct body *b;
	struct fault f = { 0 };
	int step, realm = -1, rc = submit_begin(ctl, "step", by_options, 2, 2, argc, argv, &a, &b);

	if (rc != 0)
		return submit_end(&a, b, rc);
	if ((step = step_by_word(a.word[1])) == 0)
		return submit_end(&a, b, unknown_step(a.word[1]));
	if ((rc = person(&a, "step", b)) != 0)
		return submit_end(&a, b, rc);
	if (step != STEP_CLOSED)
		return submit_end(&a, b, send_step(ctl, &a, b, step, a.word[0], -1));
	/* 办结 is a report's, not the event's */
	if (submit_refer(b, a.word[0], &realm, &f) != 0)
		return submit_end(&a, b, ctl_fail(&f));
	return submit_end(&a, b, send_step(ctl, &a, b, step, NULL, realm));
}

/* The id of an incident named by number or id. */
static int
other(struct ctl *ctl, const char *ref, int realm, struct body *b, struct fault *f)
{
	json_t *answer = ask_show(ctl, ref, realm, f);
	const char *text = json_string_value(json_object_get(json_object_get(answer, "incident"), "id"));
	struct msgid id;
	int rc = -1;

	if (answer == NULL)
		return -1;
	if (text == NULL || !msgid_parse(text, &id))
		(void)fault_set(f, EX_PROTOCOL, "incident", _("the switch named no incident"));
	else {
		body_set_id(b, F_OTHER, &id);
		rc = 0;
	}
	json_decref(answer);
	return rc;
}

static int
reason_needed(const struct body *b)
{
	struct fault f = { 0 };

	if (body_text(b, F_REASON) != NULL)
		return EX_OK;
	(void)fault_set(&f, EX_DATAERR, "reason", _("is missing"));
	return ctl_fail(&f);
}

int
ctl_merge(struct ctl *ctl, int argc, char **argv)
{
	struct ctl_args a;
	struct body *b;
	struct fault f = { 0 };
	int realm = -1, rc = submit_begin(ctl, "merge", by_options, 2, 2, argc, argv, &a, &b);

	if (rc == 0)
		rc = person(&a, "merge", b);
	if (rc == 0)
		rc = reason_needed(b);
	if (rc != 0)
		return submit_end(&a, b, rc);
	if (ctl_arg_realm(&a, &realm, &f) != 0 || other(ctl, a.word[1], realm, b, &f) != 0)
		return submit_end(&a, b, ctl_fail(&f));
	return submit_end(&a, b, send_step(ctl, &a, b, STEP_MERGED, a.word[0], -1));
}

int
ctl_split(struct ctl *ctl, int argc, char **argv)
{
	struct ctl_args a;
	struct body *b;
	struct fault f = { 0 };
	struct msgid id;
	const char *into;
	int realm = -1, rc = submit_begin(ctl, "split", split_options, 2, FIELD_REPEAT_MAX, argc, argv, &a, &b);

	if (rc == 0)
		rc = person(&a, "split", b);
	if (rc == 0)
		rc = reason_needed(b);
	if (rc != 0)
		return submit_end(&a, b, rc);
	for (size_t i = 1; i < a.nword; i++) {
		if (!msgid_parse(a.word[i], &id)) {
			(void)fault_set(&f, EX_DATAERR, "id", _("no message id: %.80s"), a.word[i]);
			return submit_end(&a, b, ctl_fail(&f));
		}
		body_add_id(b, F_REFS, &id);
		realm = id.realm;
	}
	if ((into = ctl_arg(&a, "into")) != NULL && other(ctl, into, realm, b, &f) != 0)
		return submit_end(&a, b, ctl_fail(&f));
	return submit_end(&a, b, send_step(ctl, &a, b, STEP_SPLIT, a.word[0], realm));
}

static bool
has_figure(const struct body *b)
{
	for (size_t i = 0; i < b->n; i++)
		if (b->v[i].field != NULL && field_decimals(b->v[i].field) >= 0)
			return true;
	return false;
}

int
ctl_adopt(struct ctl *ctl, int argc, char **argv)
{
	struct ctl_args a;
	struct body *b;
	int rc = submit_begin(ctl, "adopt", by_options, 1, 1, argc, argv, &a, &b);

	if (rc == 0)
		rc = person(&a, "adopt", b);
	if (rc == 0 && !has_figure(b))
		rc = ctl_usage("adopt", "", _("which figures? --dead 3@119 --missing 0 ..."));
	if (rc != 0)
		return submit_end(&a, b, rc);
	return submit_end(&a, b, send_step(ctl, &a, b, STEP_ADOPTED, a.word[0], -1));
}

int
ctl_countersign(struct ctl *ctl, int argc, char **argv)
{
	struct ctl_args a;
	struct body *b;
	struct fault f = { 0 };
	int realm = -1, rc = submit_begin(ctl, "countersign", by_options, 1, 1, argc, argv, &a, &b);

	if (rc == 0)
		rc = person(&a, "countersign", b);
	if (rc != 0)
		return submit_end(&a, b, rc);
	if (submit_refer(b, a.word[0], &realm, &f) != 0)
		return submit_end(&a, b, ctl_fail(&f));
	return submit_end(&a, b, send_step(ctl, &a, b, STEP_COUNTERSIGNED, NULL, realm));
}

int
ctl_verdict(struct ctl *ctl, int argc, char **argv)
{
	struct ctl_args a;
	struct body *b;
	struct fault f = { 0 };
	int rc = submit_begin(ctl, "verdict", verdict_options, 2, 2, argc, argv, &a, &b);
	bool yes, no;

	if (rc == 0)
		rc = person(&a, "verdict", b);
	if (rc != 0)
		return submit_end(&a, b, rc);
	yes = ctl_flag(&a, "confirm");
	no = ctl_flag(&a, "deny");
	if (yes == no)
		return submit_end(&a, b, ctl_usage("verdict", "confirm", _("say one of --confirm and --deny")));
	if (body_text(b, F_VERDICT) != NULL || body_first(b, F_CONFIRMED) != NULL)
		return submit_end(&a, b, ctl_usage("verdict", "verdict", _("given twice")));
	if (value_parse(b, field_by_key(F_VERDICT), a.word[1], NULL, ctl_now(), &f) != 0)
		return submit_end(&a, b, ctl_fail(&f));
	body_set_num(b, F_CONFIRMED, yes);
	return submit_end(&a, b, send_step(ctl, &a, b, STEP_VERDICT, a.word[0], -1));
}

/* ---- destroying what must not be here ---- */

int
ctl_destroy(struct ctl *ctl, int argc, char **argv)
{
	struct ctl_args a;
	struct body *b = NULL;
	struct fault f = { 0 };
	struct msgid id;
	json_t *request;
	const char *first, *second;
	int rc = submit_begin(ctl, "destroy", destroy_options, 1, 1, argc, argv, &a, &b);

	if (rc != 0)
		return submit_end(&a, b, rc);
	first = ctl_arg(&a, "first");
	second = ctl_arg(&a, "second");
	if (first == NULL || second == NULL)
		return submit_end(&a, b,
		    ctl_usage("destroy", first == NULL ? "first" : "second",
			_("two named persons destroy a message together")));
	if (b->n != body_count(b, F_REASON))
		return submit_end(&a, b, ctl_usage("destroy", "", _("of the fields it takes --reason alone")));
	rc = reason_needed(b);
	if (rc != 0)
		return submit_end(&a, b, rc);
	if (!msgid_parse(a.word[0], &id)) {
		(void)fault_set(&f, EX_DATAERR, "id", _("no message id: %.80s"), a.word[0]);
		return submit_end(&a, b, ctl_fail(&f));
	}
	request = json_pack("{s:s, s:s, s:s, s:s, s:s}", "op", "destroy", "id", a.word[0], "first", first, "second", second,
	    "reason", body_text(b, F_REASON));
	if (request == NULL) {
		(void)fault_set(&f, EX_DATAERR, "first", _("is no UTF-8 text"));
		return submit_end(&a, b, ctl_fail(&f));
	}
	return submit_end(&a, b, submit_post(ctl, &a, request, true));
}
