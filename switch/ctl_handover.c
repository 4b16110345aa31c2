/*
 * The watch from the command line: handing over, playing a shift again, and the duty log's own entries.
 *
 *     handover                      what is handed over, and how far it is
 *     handover begin [--in A,B] [--by LEADER --reason TEXT]
 *     handover item KEY|N [--to NAME] [--note TEXT] [--undo]
 *     handover answer KEY VALUE
 *     handover sign --person NAME [--side out|in|leader] [--pin | --pin-fd N]
 *     handover stay --person NAME --by LEADER [--in A,B] [--until TIME] [--reason TEXT]
 *     handover abandon --by NAME --reason TEXT
 *     replay [--from T] [--to T] [--shift now|last]
 *     note TEXT ... | --phone ... | --correct ID TEXT | --opinion --person NAME TEXT | --equipment NAME --outcome NAME
 *
 * The switch fills in what it knows, and judges; nothing is decided here.
 */
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "../formats/buf.h"
#include "../formats/i18n.h"
#include "../formats/text.h"
#include "../formats/value.h"
#include "ctl_submit.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct ctl_option handover_options[] = {{"rid", true, false}, {"retry", true, false}, {"pin", false, false}, {"pin-fd", true, false},
    {"in", true, false}, {"to", true, false}, {"note", true, false}, {"by", true, false}, {"reason", true, false}, {"person", true, false},
    {"side", true, false}, {"until", true, false}, {"undo", false, false}, {NULL, false, false}};
static const struct ctl_option replay_options[] = {{"from", true, false}, {"to", true, false}, {"shift", true, false},
    {NULL, false, false}};
static const struct ctl_option note_options[] = {SUBMIT_OPTIONS, {"phone", false, false}, {"number", true, false}, {"correct", true, false},
    {"opinion", false, false}, {NULL, false, false}};

static const char *
member(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s != NULL ? s : "";
}

/* ---- handover: shown ---- */

static void
names_line(const char *label, const json_t *list)
{
	struct buf text = {0};
	size_t i;
	json_t *o;

	json_array_foreach(list, i, o)
		buf_printf(&text, "%s%s", i > 0 ? " " : "", json_string_value(o) != NULL ? json_string_value(o) : "");
	ctl_line(stdout, label, text.n > 0 ? buf_cstr(&text) : "-");
	buf_free(&text);
}

static void
show_people(const json_t *o)
{
	struct buf text = {0};
	char when[32];
	json_int_t over = json_integer_value(json_object_get(o, "overdue"));

	names_line(_("responsible"), json_object_get(o, "responsible"));
	names_line(_("hands over"), json_object_get(o, "outgoing"));
	names_line(_("takes over"), json_object_get(o, "incoming"));
	if (json_array_size(json_object_get(o, "stays")) > 0)
		names_line(_("ordered to stay"), json_object_get(o, "stays"));
	buf_printf(&text, "%s %s", member(o, "next_shift"), ctl_time(o, "due", when, sizeof when));
	if (over >= 0)
		buf_printf(&text, _(", past it by %lld minutes: not handed over"), (long long)(over / 60000));
	ctl_line(stdout, _("due at"), buf_cstr(&text));
	if (*member(o, "leader") != '\0')
		ctl_line(stdout, _("duty leader"), member(o, "leader"));
	buf_free(&text);
}

static void
show_items(const json_t *o)
{
	const json_t *list = json_object_get(o, "items");
	size_t i;
	json_t *it;

	json_array_foreach(list, i, it) {
		struct buf text = {0};
		char label[40];

		(void)snprintf(label, sizeof label, "%2zu %s", i + 1, json_is_true(json_object_get(it, "passed")) ? "[v]" : "[ ]");
		buf_puts(&text, member(it, "text"));
		if (*member(it, "owner") != '\0')
			buf_printf(&text, "  %s", member(it, "owner"));
		if (*member(it, "new_owner") != '\0')
			buf_printf(&text, " -> %s", member(it, "new_owner"));
		if (*member(it, "note") != '\0' && strcmp(member(it, "kind"), "spoken") != 0)
			buf_printf(&text, " (%s)", member(it, "note"));
		ctl_line(stdout, label, buf_cstr(&text));
		ctl_line(stdout, "", member(it, "key"));
		buf_free(&text);
	}
	if (json_is_true(json_object_get(o, "more")))
		ctl_line(stdout, "", _("there is more than one answer holds"));
}

static void
show_signs(const json_t *o)
{
	size_t i;
	json_t *e;
	char when[32];

	json_array_foreach(json_object_get(o, "questions"), i, e) {
		struct buf text = {0};

		buf_printf(&text, "%s (%s): %s", member(e, "text"), member(e, "key"), *member(e, "value") != '\0' ? member(e, "value") : "-");
		if (*member(e, "value") != '\0')
			buf_puts(&text, json_is_true(json_object_get(e, "right")) ? _(" right") : _(" wrong, to be answered again"));
		ctl_line(stdout, _("read back"), buf_cstr(&text));
		buf_free(&text);
	}
	json_array_foreach(json_object_get(o, "signs"), i, e) {
		struct buf text = {0};
		bool given = json_integer_value(json_object_get(e, "at")) != 0;

		buf_printf(&text, "%s %s %s", member(e, "person"), member(e, "side_name"), given ? ctl_time(e, "at", when, sizeof when) :
		    json_is_true(json_object_get(e, "needed")) ? _("not signed yet") : _("stays on: signs nothing"));
		if (given && !json_is_true(json_object_get(e, "proven")))
			buf_printf(&text, " %s", _("(no PIN)"));
		ctl_line(stdout, _("signature"), buf_cstr(&text));
		buf_free(&text);
	}
}

static void
show_counts(const json_t *counts)
{
	static const struct { const char *key, *label; } rows[] = {{"calls", N_("logged")}, {"reports", N_("reports sent")},
	    {"orders", N_("directives sent")}, {"rings", N_("rings")}, {"mutes", N_("muted")}, {"late", N_("late ones")}};
	struct buf text = {0};

	for (size_t i = 0; i < COUNT(rows); i++)
		buf_printf(&text, "%s%s %lld", i > 0 ? "  " : "", _(rows[i].label), (long long)json_integer_value(json_object_get(counts, rows[i].key)));
	ctl_line(stdout, _("this shift"), buf_cstr(&text));
	buf_free(&text);
}

static json_t *
ask_handover(struct ctl *ctl, struct fault *f)
{
	return ctl_ask(ctl, json_pack("{s:s}", "op", "handover"), 0, f);
}

static int
show_handover(struct ctl *ctl)
{
	struct fault f = {0};
	json_t *o = ask_handover(ctl, &f);

	if (o == NULL)
		return ctl_fail(&f);
	if (ctl->json)
		ctl_json_answer(stdout, o);
	else {
		show_people(o);
		show_items(o);
		show_signs(o);
		show_counts(json_object_get(o, "counts"));
		if (!json_is_true(json_object_get(o, "under_way")))
			ctl_line(stdout, "", _("no handover is under way: `dutyctl handover begin'"));
	}
	json_decref(o);
	return EX_OK;
}

/* ---- handover: its steps ---- */

static struct body *
step_body(int kind, int step)
{
	struct body *b = body_new();

	body_set_num(b, F_KIND, kind);
	body_set_num(b, F_DUTY_STEP, step);
	return b;
}

static int
send(struct ctl *ctl, const struct ctl_args *a, struct body *b)
{
	json_t *request = json_pack("{s:s, s:o}", "op", "submit", "body", json_null()), *made = submit_request("-", REALM_LIVE, b, true);

	/* without a rid: submit_post() gives it --rid or a fresh one */
	(void)json_object_update(request, made);
	(void)json_object_del(request, "rid");
	json_decref(made);
	body_free(b);
	return submit_post(ctl, a, request, true);
}

/* An option into a field; false + said. */
static bool
put(const struct ctl_args *a, const char *option, struct body *b, uint32_t key)
{
	const char *v = ctl_arg(a, option);
	struct fault f = {0};

	if (v == NULL || value_parse(b, field_by_key(key), v, NULL, ctl_now(), &f) == 0)
		return true;
	(void)ctl_fail(&f);
	return false;
}

/* Names apart by commas of either kind. */
static bool
put_names(const struct ctl_args *a, struct body *b)
{
	static const char *const marks[] = {",", ";", " ", "、", "，", "；"};
	const char *s = ctl_arg(a, "in");
	struct fault f = {0};

	while (s != NULL && *s != '\0') {
		size_t n = 0, skip = 0;

		while (s[n] != '\0' && skip == 0) {
			for (size_t i = 0; i < COUNT(marks) && skip == 0; i++)
				if (strncmp(s + n, marks[i], strlen(marks[i])) == 0)
					skip = strlen(marks[i]);
			n += skip == 0;
		}
		if (n > 96) {
			(void)fault_set(&f, EX_DATAERR, "in", _("a name has at most 96 bytes"));
			(void)ctl_fail(&f);
			return false;
		}
		if (n > 0)
			body_add_text(b, F_INCOMING, s, n);
		s += n + skip;
	}
	return true;
}

static int
step_begin(struct ctl *ctl, const struct ctl_args *a)
{
	struct body *b = step_body(KIND_HANDOVER, DUTY_HANDOVER_BEGUN);

	if (put_names(a, b) && put(a, "by", b, F_SIGNER) && put(a, "reason", b, F_REASON))
		return send(ctl, a, b);
	body_free(b);
	return EX_DATAERR;
}

/* KEY, or the number it has in the list. */
static int
item_key(struct ctl *ctl, const char *word, struct body *b)
{
	size_t n = strlen(word);
	struct fault f = {0};
	json_t *o;
	const json_t *it;

	if (n > 3 || strspn(word, "0123456789") != n) {
		body_set_text(b, F_TOPIC, word);
		return 0;
	}
	if ((o = ask_handover(ctl, &f)) == NULL)
		return ctl_fail(&f);
	it = json_array_get(json_object_get(o, "items"), strtoul(word, NULL, 10) - 1);
	if (it == NULL)
		(void)fault_set(&f, EX_NOINPUT, "topic", _("the list has no item %s"), word);
	else
		body_set_text(b, F_TOPIC, member(it, "key"));
	json_decref(o);
	return f.code != 0 ? ctl_fail(&f) : 0;
}

static int
step_item(struct ctl *ctl, const struct ctl_args *a)
{
	struct body *b = step_body(KIND_HANDOVER, DUTY_HANDOVER_ITEM);
	int rc;

	if (a->nword != 2) {
		body_free(b);
		return ctl_usage("handover", "item", _("which item: its key, or its number in the list"));
	}
	if ((rc = item_key(ctl, a->word[1], b)) == 0 && put(a, "to", b, F_PERSON) && put(a, "note", b, F_TEXT)) {
		if (ctl_flag(a, "undo"))
			body_set_num(b, F_CONFIRMED, 0);
		return send(ctl, a, b);
	}
	body_free(b);
	return rc != 0 ? rc : EX_DATAERR;
}

/* Whether it was right, the switch has said with the question. */
static int
said_right(struct ctl *ctl, const char *ask)
{
	struct fault f = {0};
	json_t *o = ask_handover(ctl, &f), *e;
	bool right = false;
	size_t i;

	if (o == NULL)
		return ctl_fail(&f);
	json_array_foreach(json_object_get(o, "questions"), i, e)
		right |= strcmp(member(e, "key"), ask) == 0 && json_is_true(json_object_get(e, "right"));
	json_decref(o);
	if (right)
		return EX_OK;
	(void)fault_set(&f, EX_DATAERR, "answer", _("is wrong: it stands in the record, and is asked again"));
	return ctl_fail(&f);
}

static int
step_answer(struct ctl *ctl, const struct ctl_args *a)
{
	struct body *b = step_body(KIND_HANDOVER, DUTY_HANDOVER_ITEM);
	struct fault f = {0};

	if (a->nword != 3) {
		body_free(b);
		return ctl_usage("handover", "answer", _("open or limit, and the answer"));
	}
	if (value_parse(b, field_by_key(F_QUESTION), a->word[1], NULL, ctl_now(), &f) == 0 &&
	    value_parse(b, field_by_key(F_ANSWER), a->word[2], NULL, ctl_now(), &f) == 0) {
		int rc = send(ctl, a, b);

		return rc == 0 ? said_right(ctl, a->word[1]) : rc;
	}
	body_free(b);
	return ctl_fail(&f);
}

static int
step_named(struct ctl *ctl, const struct ctl_args *a, int kind, int step)
{
	struct body *b = step_body(kind, step);

	if (put(a, step == DUTY_HANDOVER_ABANDONED ? "by" : "person", b, F_PERSON) && put(a, "side", b, F_SIDE) && put(a, "reason", b, F_REASON) &&
	    put(a, "until", b, F_PERIOD_TO) && put_names(a, b) && (step != DUTY_STAY || put(a, "by", b, F_SIGNER)))
		return send(ctl, a, b);
	body_free(b);
	return EX_DATAERR;
}

static int
step_sign(struct ctl *ctl, const struct ctl_args *a)
{
	return step_named(ctl, a, KIND_HANDOVER, DUTY_HANDOVER_SIGNED);
}

static int
step_stay(struct ctl *ctl, const struct ctl_args *a)
{
	return step_named(ctl, a, KIND_ROSTER, DUTY_STAY);
}

static int
step_abandon(struct ctl *ctl, const struct ctl_args *a)
{
	return step_named(ctl, a, KIND_HANDOVER, DUTY_HANDOVER_ABANDONED);
}

int
ctl_handover(struct ctl *ctl, int argc, char **argv)
{
	static const struct {
		const char *name;
		size_t words;
		int (*run)(struct ctl *, const struct ctl_args *);
	} steps[] = {{"begin", 1, step_begin}, {"item", 2, step_item}, {"answer", 3, step_answer}, {"sign", 1, step_sign}, {"stay", 1, step_stay},
	    {"abandon", 1, step_abandon}};
	struct ctl_args a;
	struct fault f = {0};
	int rc = -1;

	if (ctl_args_parse(&a, handover_options, false, argc, argv, &f) != 0)
		rc = ctl_usage("handover", f.field, f.text);
	else {
		ctl->json = ctl->json || a.json;
		if (ctl_dir(ctl, &f) != 0)
			rc = ctl_fail(&f);
	}
	if (rc == -1 && (a.nword == 0 || strcmp(a.word[0], "show") == 0))
		rc = show_handover(ctl);
	for (size_t i = 0; rc == -1 && i < COUNT(steps); i++)
		if (strcmp(a.word[0], steps[i].name) == 0)
			rc = a.nword > steps[i].words ? ctl_usage("handover", a.word[steps[i].words], _("one word too many")) : steps[i].run(ctl, &a);
	if (rc == -1)
		rc = ctl_usage("handover", a.word[0], _("begin, item, answer, sign, stay or abandon"));
	ctl_args_free(&a);
	return rc;
}

/* ---- replay ---- */

static int
arg_time(const struct ctl_args *a, const char *option, json_t *request, const char *as)
{
	const char *text = ctl_arg(a, option);
	struct body *b;
	struct fault f = {0};
	int64_t ms;

	if (text == NULL)
		return 0;
	b = body_new();
	if (value_parse(b, field_by_key(F_DONE_AT), text, NULL, ctl_now(), &f) == 0 && body_time(b, F_DONE_AT, &ms))
		(void)json_object_set_new(request, as, json_integer(ms));
	body_free(b);
	if (f.code != 0)
		(void)snprintf(f.field, sizeof f.field, "%s", option);
	return f.code != 0 ? ctl_fail(&f) : 0;
}

static void
print_rows(const json_t *o)
{
	size_t i;
	json_t *e;
	char when[32];

	json_array_foreach(json_object_get(o, "rows"), i, e)
		ctl_line(stdout, ctl_time(e, "at", when, sizeof when), member(e, "text"));
	if (json_is_true(json_object_get(o, "more")))
		ctl_line(stdout, "", _("there is more than one answer holds"));
}

int
ctl_replay(struct ctl *ctl, int argc, char **argv)
{
	struct ctl_args a;
	struct fault f = {0};
	json_t *request = json_pack("{s:s}", "op", "replay"), *o = NULL;
	int rc = 0;

	if (ctl_args_parse(&a, replay_options, false, argc, argv, &f) != 0)
		rc = ctl_usage("replay", f.field, f.text);
	else if (a.nword > 0)
		rc = ctl_usage("replay", a.word[0], _("one word too many"));
	else if ((rc = arg_time(&a, "from", request, "from")) == 0)
		rc = arg_time(&a, "to", request, "to");
	if (rc == 0 && ctl_arg(&a, "shift") != NULL)
		(void)json_object_set_new(request, "shift", json_string(ctl_arg(&a, "shift")));
	ctl->json = ctl->json || a.json;
	if (rc == 0 && (o = ctl_ask(ctl, json_incref(request), 0, &f)) == NULL)
		rc = ctl_fail(&f);
	if (o != NULL) {
		if (ctl->json)
			ctl_json_answer(stdout, o);
		else
			print_rows(o);
	}
	json_decref(o);
	json_decref(request);
	ctl_args_free(&a);
	return rc;
}

/* ---- note: entries of the duty log ---- */

static void
words_text(const struct ctl_args *a, struct body *b)
{
	struct buf text = {0};

	for (size_t i = 0; i < a->nword; i++)
		buf_printf(&text, "%s%s", i > 0 ? " " : "", a->word[i]);
	if (text.n > 0)
		body_set_text(b, F_TEXT, buf_cstr(&text));
	buf_free(&text);
}

int
ctl_entry(struct ctl *ctl, int argc, char **argv)
{
	struct ctl_args a;
	struct body *b;
	struct fault f = {0};
	int realm = -1, rc = submit_begin(ctl, "note", note_options, 0, 256, argc, argv, &a, &b);

	if (rc != 0)
		return submit_end(&a, b, rc);
	body_set_num(b, F_KIND, KIND_LOG);
	words_text(&a, b);
	submit_seat(b, F_AUTHOR);
	if (ctl_flag(&a, "opinion"))
		body_set_num(b, F_DUTY_STEP, DUTY_LOG_OPINION);
	else if (ctl_arg(&a, "correct") != NULL) {
		body_set_num(b, F_DUTY_STEP, DUTY_LOG_CORRECTED);
		if (submit_refer(b, ctl_arg(&a, "correct"), &realm, &f) != 0)
			return submit_end(&a, b, ctl_fail(&f));
	} else if (body_text(b, F_EQUIPMENT) != NULL) {
		body_set_num(b, F_DUTY_STEP, DUTY_LOG_EQUIPMENT);
		if (body_said(b, F_TEXT) == NULL)
			body_set_text(b, F_TEXT, body_text(b, F_EQUIPMENT));
	} else if (ctl_flag(&a, "phone")) {
		body_set_num(b, F_CHANNEL, CHANNEL_PHONE);
		if (body_first(b, F_LEARNED) == NULL && body_first(b, F_DONE_AT) == NULL)
			body_set_time(b, F_DONE_AT, ctl_now());
		if (ctl_arg(&a, "number") != NULL &&
		    value_parse(b, field_by_key(F_CALLER_PHONE), ctl_arg(&a, "number"), NULL, ctl_now(), &f) != 0)
			return submit_end(&a, b, ctl_fail(&f));
	}
	if (body_said(b, F_TEXT) == NULL)
		return submit_end(&a, b, ctl_usage("note", "text", _("what is to be noted")));
	return submit_end(&a, b, submit_send(ctl, &a, b, NULL, realm));
}
