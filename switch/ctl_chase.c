/*
 * A person's 催办, and the alarm outlets.
 *
 *     chase ID [--to A,B] --by NAME [--text T]       those who have not signed for this message of ours
 *     chase STATION[,STATION] --by NAME --text T     a station that owes something
 *     outlet [list] | outlet test [NAME] --by NAME
 *     outlet mute --until TIME --reason TEXT --by NAME | outlet unmute --by NAME
 *
 * A test is begun by the switch and ends when the outlet's command does: the verb waits for that, and its status says whether it rang.
 */
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "../formats/i18n.h"
#include "../formats/value.h"
#include "ctl_submit.h"

#define TEST_LOOKS 3200		/* 200 ms each: the longest timeout of an outlet, and a little */

static const struct ctl_option chase_options[] = {SUBMIT_OPTIONS, {"by", true, false}, {NULL, false, false}};
static const struct ctl_option outlet_options[] = {{"by", true, false}, {NULL, false, false}};

/* ---- chase ---- */

static bool
signed_for(const json_t *delivery)
{
	const char *state = json_string_value(json_object_get(delivery, "state"));

	return state != NULL && (strcmp(state, "signed") == 0 || strcmp(state, "taken") == 0);
}

/* Those of its addressees who have not signed for it, into F_TO. */
static int
laggards(struct ctl *ctl, const struct msgid *id, struct body *b, struct fault *f)
{
	char text[MSGID_TEXT_MAX];
	json_t *answer, *d;
	size_t i, n = 0;

	(void)msgid_format(id, text, sizeof text);
	if ((answer = ctl_ask(ctl, json_pack("{s:s, s:s}", "op", "message", "id", text), 0, f)) == NULL)
		return -1;
	json_array_foreach(json_object_get(answer, "deliveries"), i, d)
	{
		const char *to = json_string_value(json_object_get(d, "to"));

		if (to == NULL || signed_for(d))
			continue;
		body_add_text(b, F_TO, to, strlen(to));
		n++;
	}
	json_decref(answer);
	return n > 0 ? 0 : fault_set(f, EX_NOINPUT, "id", _("nobody is left to be chased: all have signed for it, or it is not this station's"));
}

int
ctl_chase(struct ctl *ctl, int argc, char **argv)
{
	struct ctl_args a;
	struct body *b;
	struct fault f = { 0 };
	struct msgid id;
	const char *by;
	int rc = submit_begin(ctl, "chase", chase_options, 1, 1, argc, argv, &a, &b), realm = -1;

	if (rc != 0)
		return submit_end(&a, b, rc);
	if ((by = ctl_arg(&a, "by")) != NULL && value_parse(b, field_by_key(F_PERSON), by, NULL, ctl_now(), &f) != 0)
		return submit_end(&a, b, ctl_fail(&f));
	if (body_text(b, F_PERSON) == NULL)
		return submit_end(&a, b, ctl_usage("chase", "by", _("names the person who does it")));
	if (msgid_parse(a.word[0], &id)) {
		if (submit_refer(b, a.word[0], &realm, &f) != 0 || (ctl_arg(&a, "to") == NULL && laggards(ctl, &id, b, &f) != 0))
			return submit_end(&a, b, ctl_fail(&f));
		if (body_text(b, F_TEXT) == NULL)
			body_set_text(b, F_TEXT, _("Please sign for this and say how it stands."));
	} else {
		if (ctl_arg(&a, "to") != NULL)
			return submit_end(&a, b, ctl_usage("chase", "to", _("is said by the word")));
		if (body_text(b, F_TEXT) == NULL)
			return submit_end(&a, b, ctl_usage("chase", "text", _("what it owes is not said")));
		if (ctl_addressees(ctl, b, F_TO, a.word[0], &f) != 0)
			return submit_end(&a, b, ctl_fail(&f));
		if (body_text(b, F_TOPIC) == NULL)
			body_set_text(b, F_TOPIC, _("chased by a person"));
	}
	submit_kind(b, KIND_CHASE);
	return submit_end(&a, b, submit_send(ctl, &a, b, NULL, realm));
}

/* ---- outlet ---- */

static const char *
state_of(const json_t *o)
{
	const json_t *ok = json_object_get(o, "ok");

	return json_is_true(ok) ? _("works") : json_is_false(ok) ? _("fails") : _("not used yet");
}

static void
print_outlets(const json_t *answer)
{
	static const struct ctl_column columns[] = {{N_("outlet"), "name", 0, false}, {N_("kind"), "kind", 0, false},
	    {N_("state"), "ok", 0, false}, {N_("rang last"), "last_ok", 0, false}, {N_("tested"), "tested", 0, false},
	    {N_("waiting"), "waiting", 0, true}, {N_("given up"), "failed", 0, true}, {N_("it says"), "detail", 60, false}};
	struct ctl_table *t = ctl_table_new(columns, sizeof columns / sizeof columns[0]);
	const json_t *list = json_object_get(answer, "outlets"), *o;
	char buf[512];
	size_t i;

	json_array_foreach(list, i, o)
	{
		ctl_table_set(t, 0, ctl_text(o, "name", buf, sizeof buf));
		ctl_table_set(t, 1, ctl_text(o, "kind", buf, sizeof buf));
		ctl_table_set(t, 2, state_of(o));
		ctl_table_set(t, 3, json_integer_value(json_object_get(o, "last_ok")) > 0 ? ctl_time(o, "last_ok", buf, sizeof buf) : "-");
		ctl_table_set(t, 4, json_integer_value(json_object_get(o, "tested")) > 0 ? ctl_time(o, "tested", buf, sizeof buf) : "-");
		ctl_table_set(t, 5, ctl_text(o, "waiting", buf, sizeof buf));
		ctl_table_set(t, 6, ctl_text(o, "failed", buf, sizeof buf));
		ctl_table_set(t, 7, ctl_text(o, "detail", buf, sizeof buf));
		ctl_table_row(t);
	}
	ctl_table_print(t, json_array_size(list) > 0 ? stdout : NULL);
	if (json_array_size(list) == 0)
		ctl_note(_("this station has no alarm outlet (outlets.tsv)"));
	if (json_integer_value(json_object_get(answer, "mute_until")) > 0)
		ctl_line(stdout, _("bells silent"), ctl_time(answer, "mute_until", buf, sizeof buf));
}

static json_t *
ask_outlets(struct ctl *ctl, struct fault *f)
{
	return ctl_ask(ctl, json_pack("{s:s}", "op", "outlets"), 0, f);
}

/* The row of an outlet; NULL: there is none. */
static const json_t *
row_of(const json_t *answer, const char *name)
{
	const json_t *o;
	size_t i;

	json_array_foreach(json_object_get(answer, "outlets"), i, o)
		if (strcmp(json_string_value(json_object_get(o, "name")), name) == 0)
			return o;
	return NULL;
}

/* Of the outlets tested, have all ended since?  bad: one of them has failed. */
static bool
all_ended(const json_t *before, const json_t *after, const char *name, bool *bad)
{
	const json_t *o;
	size_t i;

	*bad = false;
	json_array_foreach(json_object_get(before, "outlets"), i, o)
	{
		const char *which = json_string_value(json_object_get(o, "name"));
		const json_t *now = row_of(after, which);

		if ((name != NULL && strcmp(which, name) != 0) || now == NULL)
			continue;
		if (json_integer_value(json_object_get(now, "tested")) == json_integer_value(json_object_get(o, "tested")))
			return false;
		*bad |= !json_is_true(json_object_get(now, "tested_ok"));
	}
	return true;
}

static int
run_test(struct ctl *ctl, const char *name, const char *by)
{
	struct fault f = { 0 };
	json_t *before, *after = NULL, *answer, *request;
	bool bad = false, ended = false;

	if ((before = ask_outlets(ctl, &f)) == NULL)
		return ctl_fail(&f);
	request = json_pack("{s:s, s:s, s:s*}", "op", "outlet_test", "person", by, "name", name);
	answer = request != NULL ? ctl_ask(ctl, request, 0, &f) : NULL;
	if (request == NULL)
		(void)fault_set(&f, EX_DATAERR, "by", _("is no UTF-8 text"));
	for (int i = 0; answer != NULL && i < TEST_LOOKS && !ended; i++) {
		(void)poll(NULL, 0, i == 0 ? 50 : 200);
		json_decref(after);
		if ((after = ask_outlets(ctl, &f)) == NULL)
			break;
		ended = all_ended(before, after, name, &bad);
	}
	if (after != NULL && ended) {
		if (ctl->json)
			ctl_json_answer(stdout, after);
		else
			print_outlets(after);
		if (bad)
			(void)fault_set(&f, EX_UNAVAILABLE, "outlet", _("an alarm outlet did not work"));
	} else if (f.code == 0)
		(void)fault_set(&f, EX_TEMPFAIL, "outlet", _("the test has not ended yet"));
	json_decref(before);
	json_decref(after);
	json_decref(answer);
	return f.code != 0 ? ctl_fail(&f) : EX_OK;
}

/* 静音 and its end are entries of the duty log; the switch holds them to numbers.tsv mute_hours, and never silences flash or I and II. */
static int
run_mute(struct ctl *ctl, bool off, int argc, char **argv)
{
	static const struct ctl_option options[] = {SUBMIT_OPTIONS, {"by", true, false}, {"until", true, false}, {NULL, false, false}};
	struct ctl_args a;
	struct body *b;
	struct fault f = { 0 };
	const char *by, *until;
	int rc = submit_begin(ctl, "outlet", options, 1, 1, argc, argv, &a, &b);

	if (rc != 0)
		return submit_end(&a, b, rc);
	by = ctl_arg(&a, "by");
	until = ctl_arg(&a, "until");
	if (by == NULL || (off && (until == NULL || body_said(b, F_REASON) == NULL)))
		return submit_end(&a, b, ctl_usage("outlet", by == NULL ? "by" : until == NULL ? "until" : "reason",
		    by == NULL ? _("names the person who does it") : _("a mute says until when and why")));
	if (value_parse(b, field_by_key(F_PERSON), by, NULL, ctl_now(), &f) != 0 ||
	    (off && value_parse(b, field_by_key(F_DUE), until, NULL, ctl_now(), &f) != 0))
		return submit_end(&a, b, ctl_fail(&f));
	if (!off) {
		body_set_time(b, F_DUE, ctl_now());
		if (body_said(b, F_REASON) == NULL)
			body_set_text(b, F_REASON, _("bells on again"));
	}
	if (body_said(b, F_TEXT) == NULL)
		body_set_text(b, F_TEXT, off ? _("bells off") : _("bells on again"));
	body_set_num(b, F_DUTY_STEP, DUTY_LOG_MUTE);
	submit_kind(b, KIND_LOG);
	return submit_end(&a, b, submit_send(ctl, &a, b, NULL, -1));
}

int
ctl_outlet(struct ctl *ctl, int argc, char **argv)
{
	struct ctl_args a;
	struct fault f = { 0 };
	const char *by;
	json_t *answer;
	int rc = EX_OK;

	for (int i = 0; i < argc; i++)
		if (strcmp(argv[i], "mute") == 0 || strcmp(argv[i], "unmute") == 0)
			return run_mute(ctl, argv[i][0] == 'm', argc, argv);
	if (ctl_args_parse(&a, outlet_options, false, argc, argv, &f) != 0) {
		ctl_args_free(&a);
		return ctl_fail(&f);
	}
	ctl->json |= a.json;
	by = ctl_arg(&a, "by");
	if (a.nword > 0 && strcmp(a.word[0], "test") == 0 && a.nword <= 2)
		rc = by == NULL ? ctl_usage("outlet", "by", _("names the person who does it"))
				: run_test(ctl, a.nword == 2 ? a.word[1] : NULL, by);
	else if (a.nword > 1 || (a.nword == 1 && strcmp(a.word[0], "list") != 0))
		rc = ctl_usage("outlet", a.word[a.nword - 1], _("list, or test [NAME] --by PERSON"));
	else if ((answer = ask_outlets(ctl, &f)) == NULL)
		rc = ctl_fail(&f);
	else {
		if (ctl->json)
			ctl_json_answer(stdout, answer);
		else
			print_outlets(answer);
		json_decref(answer);
	}
	ctl_args_free(&a);
	return rc;
}
