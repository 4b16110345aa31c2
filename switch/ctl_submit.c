/*
 * What dutyctl says in the station's name: intake, reports, receipts, grades (directives and feedback: ctl_direct.c).
 *
 * Values are parsed on this side, once: a clock time like 14:10 is then the same instant in every repetition under one
 * request id, and what can be refused is refused before the switch is troubled.  The switch checks it all again: it
 * fills in id, parents, default addressees and precedence and has the last word.
 */
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>
#include "../formats/buf.h"
#include "../formats/check.h"
#include "../formats/i18n.h"
#include "../formats/json.h"
#include "../formats/text.h"
#include "../formats/value.h"
#include "ctl_grade.h"
#include "ctl_pin.h"
#include "ctl_submit.h"

static const struct ctl_option submit_options[] = { SUBMIT_OPTIONS, { "incident", true, false }, { "kind", true, false },
	{ "jsonl", true, false }, { NULL, false, false } };
static const struct ctl_option intake_options[] = { SUBMIT_OPTIONS, { "incident", true, false }, { NULL, false, false } };
static const struct ctl_option ref_options[] = { SUBMIT_OPTIONS, { NULL, false, false } };
static const struct ctl_option grade_options[] = { SUBMIT_OPTIONS, { "reason-later", false, false }, { NULL, false, false } };
static const struct ctl_option ack_options[] = { SUBMIT_OPTIONS, { "as", true, false }, { NULL, false, false } };

json_t *
submit_request(const char *rid, int realm, const struct body *body, bool confirmed)
{
	json_t *r = json_pack("{s:s, s:s, s:s, s:o}", "op", "submit", "rid", rid, "realm",
	    realm == REALM_EXERCISE ? "exercise" : "live", "body", json_from_body(body));

	if (r == NULL)
		abort();	/* rid was checked, the body is text that was checked */
	if (confirmed)
		(void)json_object_set_new(r, "confirmed", json_true());
	return r;
}

bool
submit_rid_valid(const char *rid)
{
	size_t n = strlen(rid);

	return n >= 1 && n <= 191 && text_utf8_valid(rid, n, NULL) && text_clean(rid, n, false, NULL);
}

void
submit_kind(struct body *b, int kind)
{
	body_set_num(b, F_KIND, kind);
	if (kind == KIND_REPORT && body_enum(b, F_STAGE) == 0)
		body_set_num(b, F_STAGE, STAGE_FIRST);
}

/* The switch refuses it too; here the answer is how to say that it is meant. */
int
submit_ahead(const struct body *b, bool confirmed, struct fault *f)
{
	struct check_remark r;

	for (size_t i = 0; !confirmed && check_remark(b, ctl_now(), i, &r); i++)
		if (r.kind == CHECK_AHEAD)
			return fault_set(f, EX_DATAERR, r.field->name,
			    _("lies ahead of the clock; if it is meant, confirm it (--confirm)"));
	return 0;
}

int
submit_kind_parse(const char *name, int *kind, struct fault *f)
{
	const struct enum_name *e = enum_by_name("kind", name);

	if (e == NULL)
		return fault_set(f, EX_DATAERR, "kind", _("unknown kind: %.60s"), name);
	*kind = e->value;
	return 0;
}

int
submit_incident(struct ctl_pipe *pipe, const char *ref, int *realm, struct msgid *id, struct fault *f)
{
	json_t *answer, *request;
	const char *text;
	int rc = -1;

	if (msgid_parse(ref, id)) {
		if (*realm >= 0 && *realm != id->realm)
			return fault_set(f, EX_DATAERR, "realm", _("the incident belongs to the other realm"));
		*realm = id->realm;
		return 0;
	}
	if (*realm < 0)
		*realm = REALM_LIVE;
	request = json_pack(
	    "{s:s, s:s, s:s}", "op", "show", "ref", ref, "realm", *realm == REALM_EXERCISE ? "exercise" : "live");
	if (request == NULL)
		return fault_set(f, EX_DATAERR, "incident", _("is no UTF-8 text"));
	if ((answer = ctl_pipe_ask(pipe, request, f)) == NULL) {
		if (f->field[0] == '\0')
			(void)snprintf(f->field, sizeof f->field, "incident");
		return -1;
	}
	text = json_string_value(json_object_get(json_object_get(answer, "incident"), "id"));
	if (text == NULL || !msgid_parse(text, id))
		(void)fault_set(f, EX_PROTOCOL, "incident", _("the switch named no incident"));
	else
		rc = 0;
	json_decref(answer);
	return rc;
}

/* ---- one message ---- */

struct one {
	struct ctl *ctl;
	int rc;
};

static void
print_state(const json_t *answer)
{
	const json_t *from = json_object_get(answer, "unsigned_from");
	char text[128], at[32];

	if (json_string_length(json_object_get(answer, "state")) == 0)
		return;
	(void)printf("%s\n", ctl_text(answer, "state_name", text, sizeof text));
	if (json_is_true(json_object_get(answer, "unsigned_ok")))
		ctl_note(_("it may go before its signature now"));
	else if (json_is_integer(from)) {
		char line[256];

		(void)snprintf(line, sizeof line, _("it may go before its signature from %s on"),
		    time_format(json_integer_value(from), TIME_DAY, at, sizeof at));
		ctl_note(line);
	}
}

static void
one_done(void *ctx, const struct ctl_done *d)
{
	struct one *o = ctx;
	char id[MSGID_TEXT_MAX], number[128], text[512];
	json_t *remarks;
	size_t i;

	if (d->fault != NULL) {
		o->rc = ctl_fail(d->fault);
		/* a field is named by the switch itself: that was an answer */
		if (d->fault->code == EX_TEMPFAIL && d->fault->field[0] == '\0' && d->rid[0] != '\0') {
			(void)snprintf(text, sizeof text,
			    _("it may have been taken or not: repeat it with --rid %s, nothing is made twice"), d->rid);
			ctl_note(text);
		}
		return;
	}
	if (o->ctl->json) {
		ctl_json_answer(stdout, d->answer);
		return;
	}
	/* a step in a draft's life that sent nothing has no id, but a state */
	if (json_string_length(json_object_get(d->answer, "id")) == 0)
		print_state(d->answer);
	else
		(void)printf("%s %s\n", ctl_text(d->answer, "id", id, sizeof id),
		    ctl_text(d->answer, "number", number, sizeof number));
	if (json_is_true(json_object_get(d->answer, "duplicate")))
		ctl_note(_("already there: nothing was made twice"));
	remarks = json_object_get(d->answer, "remarks");
	for (i = 0; i < json_array_size(remarks); i++) {
		json_t *r = json_array_get(remarks, i);
		const char *s =
		    json_is_object(r) ? json_string_value(json_object_get(r, "text")) : json_string_value(r);

		(void)snprintf(text, sizeof text, _("remark: %s"), s == NULL ? "-" : s);
		ctl_note(text);
	}
}

int
submit_addressees(struct ctl *ctl, const struct ctl_args *a, struct body *b, struct fault *f)
{
	static const struct {
		const char *name;
		uint32_t key;
	} lists[] = {{"to", F_TO}, {"cc", F_CC}};
	const char *list;

	for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
		if ((list = ctl_arg(a, lists[i].name)) != NULL && ctl_addressees(ctl, b, lists[i].key, list, f) != 0)
			return -1;
	return 0;
}

/* --rid, or a fresh one into the buffer; NULL + fault. */
static const char *
request_id(const struct ctl_args *a, char fresh[33], struct fault *f)
{
	const char *rid = ctl_arg(a, "rid");

	if (rid == NULL) {
		client_rid(fresh);
		return fresh;
	}
	if (submit_rid_valid(rid))
		return rid;
	(void)fault_set(f, EX_DATAERR, "rid", _("must be 1 to 191 bytes of plain text"));
	return NULL;
}

int
submit_send(struct ctl *ctl, const struct ctl_args *a, struct body *b, const char *ref, int realm)
{
	struct one one = { .ctl = ctl };
	struct fault f = { 0 };
	const char *rid;
	struct ctl_pipe *pipe = NULL;
	struct msgid incident;
	json_t *request;
	char fresh[33];
	long retry = 10;
	int asked = realm;

	if (ctl_arg_realm(a, &asked, &f) != 0 || ctl_arg_num(a, "retry", 0, 86400, &retry, &f) != 0)
		goto failed;
	if (realm >= 0 && asked != realm) {
		(void)fault_set(&f, EX_DATAERR, "realm", _("the message answered belongs to the other realm"));
		goto failed;
	}
	if (submit_addressees(ctl, a, b, &f) != 0 || (rid = request_id(a, fresh, &f)) == NULL ||
	    submit_ahead(b, ctl_flag(a, "confirm"), &f) != 0)
		goto failed;
	pipe = ctl_pipe_new(ctl, retry, one_done, &one);
	if (ref != NULL) {
		if (submit_incident(pipe, ref, &asked, &incident, &f) != 0)
			goto failed;
		body_set_id(b, F_INCIDENT, &incident);
	}
	request = submit_request(rid, asked < 0 ? REALM_LIVE : asked, b, ctl_flag(a, "confirm"));
	if (ctl_pins_attach(a, request, &f) != 0) {
		json_decref(request);
		goto failed;
	}
	/* what goes wrong from here on one_done has told */
	if (ctl_pipe_put(pipe, "", 0, request, NULL, 0, &f) == 0)
		(void)ctl_pipe_drain(pipe, &f);
	ctl_pipe_free(pipe);
	return one.rc;
failed:
	ctl_pipe_free(pipe);
	return ctl_fail(&f);
}

int
submit_post(struct ctl *ctl, const struct ctl_args *a, json_t *request, bool again)
{
	struct one one = { .ctl = ctl };
	struct fault f = { 0 };
	struct ctl_pipe *pipe;
	const char *rid;
	char fresh[33];
	long retry = 10;

	if (json_object_get(request, "rid") == NULL) {
		if ((rid = request_id(a, fresh, &f)) == NULL) {
			json_decref(request);
			return ctl_fail(&f);
		}
		(void)json_object_set_new(request, "rid", json_string(rid));
	}
	if (ctl_arg_num(a, "retry", 0, 86400, &retry, &f) != 0 || ctl_pins_attach(a, request, &f) != 0) {
		json_decref(request);
		return ctl_fail(&f);
	}
	pipe = ctl_pipe_new(ctl, again ? retry : 0, one_done, &one);
	if (ctl_pipe_put(pipe, "", 0, request, NULL, 0, &f) == 0)
		(void)ctl_pipe_drain(pipe, &f);
	ctl_pipe_free(pipe);
	return one.rc;
}

int
submit_begin(struct ctl *ctl, const char *verb, const struct ctl_option *known, size_t least, size_t most, int argc,
    char **argv, struct ctl_args *a, struct body **b)
{
	struct fault f = { 0 };
	const struct codebook *cb;

	*b = NULL;
	if (ctl_args_parse(a, known, true, argc, argv, &f) != 0)
		return ctl_usage(verb, f.field, f.text);
	if (a->nword < least || a->nword > most)
		return ctl_usage(verb, a->nword > most ? a->word[most] : "",
		    a->nword > most ? _("one word too many") : _("a word is missing: what is it about?"));
	ctl->json = ctl->json || a->json;
	if (ctl_dir(ctl, &f) != 0)
		return ctl_fail(&f);
	*b = body_new();
	if ((cb = ctl_codebook(ctl, &f)) == NULL || ctl_args_body(a, *b, cb, ctl_now(), &f) != 0)
		return ctl_fail(&f);
	return 0;
}

int
submit_end(struct ctl_args *a, struct body *b, int rc)
{
	ctl_args_free(a);
	body_free(b);
	return rc;
}

int
ctl_submit(struct ctl *ctl, int argc, char **argv)
{
	struct ctl_args a;
	struct body *b;
	struct fault f = { 0 };
	const char *jsonl, *name;
	int rc = submit_begin(ctl, "submit", submit_options, 0, 0, argc, argv, &a, &b), kind = 0, realm = -1;
	long retry = 10;

	if (rc != 0)
		return submit_end(&a, b, rc);
	if ((name = ctl_arg(&a, "kind")) != NULL && submit_kind_parse(name, &kind, &f) != 0)
		return submit_end(&a, b, ctl_fail(&f));
	if ((jsonl = ctl_arg(&a, "jsonl")) == NULL) {
		submit_kind(b, kind == 0 ? KIND_REPORT : kind);
		return submit_end(&a, b, submit_send(ctl, &a, b, ctl_arg(&a, "incident"), -1));
	}
	if (b->n > 0)
		return submit_end(&a, b, ctl_usage("submit", "jsonl", _("fields come from the lines, not from options")));
	if (ctl_arg(&a, "rid") != NULL)
		return submit_end(&a, b, ctl_usage("submit", "rid", _("many lines cannot share one: give it as a member")));
	if (ctl_arg_realm(&a, &realm, &f) != 0 || ctl_arg_num(&a, "retry", 0, 86400, &retry, &f) != 0)
		return submit_end(&a, b, ctl_fail(&f));
	return submit_end(&a, b, submit_jsonl(ctl, &a, jsonl, retry, kind == 0 ? KIND_REPORT : kind, realm));
}

int
ctl_intake(struct ctl *ctl, int argc, char **argv)
{
	struct ctl_args a;
	struct body *b;
	int rc = submit_begin(ctl, "intake", intake_options, 0, 0, argc, argv, &a, &b);

	if (rc != 0)
		return submit_end(&a, b, rc);
	submit_kind(b, KIND_INTAKE);
	return submit_end(&a, b, submit_send(ctl, &a, b, ctl_arg(&a, "incident"), -1));
}

static int
report(struct ctl *ctl, const char *verb, int stage, int argc, char **argv)
{
	struct ctl_args a;
	struct body *b;
	int rc = submit_begin(ctl, verb, ref_options, 1, 1, argc, argv, &a, &b);

	if (rc != 0)
		return submit_end(&a, b, rc);
	if (body_enum(b, F_STAGE) == 0)
		body_set_num(b, F_STAGE, stage);
	submit_kind(b, KIND_REPORT);
	return submit_end(&a, b, submit_send(ctl, &a, b, a.word[0], -1));
}

int
ctl_report(struct ctl *ctl, int argc, char **argv)
{
	return report(ctl, "report", STAGE_FIRST, argc, argv);
}

int
ctl_followup(struct ctl *ctl, int argc, char **argv)
{
	return report(ctl, "followup", STAGE_FOLLOWUP, argc, argv);
}

void
submit_seat(struct body *b, uint32_t key)
{
	const struct passwd *pw = getpwuid(geteuid());
	char name[96];

	if (pw == NULL || pw->pw_name[0] == '\0')
		return;
	(void)text_sanitise(pw->pw_name, strlen(pw->pw_name), name, sizeof name, false);
	body_set_text(b, key, name);
}

/* A time by which something is to be done lies ahead, or it is a slip of the hand. */
int
submit_due_ahead(const struct body *b, struct fault *f)
{
	const struct value *due = body_first(b, F_DUE);

	if (due != NULL && due->u.when.ms <= ctl_now())
		return fault_set(f, EX_DATAERR, "due", _("is past already"));
	return 0;
}

int
submit_refer(struct body *b, const char *word, int *realm, struct fault *f)
{
	struct msgid id;

	if (!msgid_parse(word, &id))
		return fault_set(f, EX_DATAERR, "id", _("no message id: %.80s"), word);
	if (body_count(b, F_REFS) == 0)
		body_add_id(b, F_REFS, &id);
	*realm = id.realm;
	return 0;
}

int
ctl_ack(struct ctl *ctl, int argc, char **argv)
{
	struct ctl_args a;
	struct body *b;
	struct fault f = { 0 };
	const struct enum_name *e;
	const char *as;
	int rc = submit_begin(ctl, "ack", ack_options, 1, 1, argc, argv, &a, &b), realm = -1;

	if (rc != 0)
		return submit_end(&a, b, rc);
	if ((as = ctl_arg(&a, "as")) == NULL)
		return submit_end(&a, b, ctl_usage("ack", "as", _("which receipt: read, signed, taken or returned?")));
	e = enum_by_name("act", as);
	if (e == NULL || e->value == ACT_DELIVERED) {
		(void)fault_set(&f, EX_DATAERR, "as", _("must be read, signed, taken or returned, not %.40s"), as);
		return submit_end(&a, b, ctl_fail(&f));
	}
	if (body_count(b, F_REFS) > 0 || body_enum(b, F_ACT) != 0)
		return submit_end(
		    &a, b, ctl_usage("ack", body_enum(b, F_ACT) != 0 ? "act" : "refs", _("is said by ID and --as")));
	if (submit_refer(b, a.word[0], &realm, &f) != 0)
		return submit_end(&a, b, ctl_fail(&f));
	/* Opening a message is the seat's act; signing for it is a named person's, and accounts are shared. */
	if (body_text(b, F_PERSON) == NULL && e->value == ACT_READ)
		submit_seat(b, F_PERSON);
	if (submit_due_ahead(b, &f) != 0)
		return submit_end(&a, b, ctl_fail(&f));
	body_set_num(b, F_ACT, e->value);
	submit_kind(b, KIND_RECEIPT);
	return submit_end(&a, b, submit_send(ctl, &a, b, NULL, realm));
}

int
ctl_grade(struct ctl *ctl, int argc, char **argv)
{
	struct ctl_args a;
	struct body *b;
	struct fault f = { 0 };
	int rc;

	if (ctl_grade_explains(argc, argv))
		return ctl_grade_explain(ctl, argc, argv);
	rc = submit_begin(ctl, "grade", grade_options, 2, 2, argc, argv, &a, &b);
	if (rc != 0)
		return submit_end(&a, b, rc);
	if (body_enum(b, F_GRADE) != 0)
		return submit_end(&a, b, ctl_usage("grade", "grade", _("given twice")));
	if (value_parse(b, field_by_key(F_GRADE), a.word[1], ctl_codebook(ctl, &f), ctl_now(), &f) != 0)
		return submit_end(&a, b, ctl_fail(&f));
	if (body_text(b, F_REASON) == NULL && !ctl_flag(&a, "reason-later")) {
		(void)fault_set(&f, EX_DATAERR, "reason",
		    _("is needed; when raising it may follow (--reason-later)"));
		return submit_end(&a, b, ctl_fail(&f));
	}
	/* The seat may raise a grade, nobody waits for a name; lowering needs a leader's, which the switch sees to. */
	if (body_text(b, F_AUTHOR) == NULL && body_text(b, F_SIGNER) == NULL && body_text(b, F_PERSON) == NULL)
		submit_seat(b, F_AUTHOR);
	submit_kind(b, KIND_GRADE);
	return submit_end(&a, b, submit_send(ctl, &a, b, a.word[0], -1));
}
