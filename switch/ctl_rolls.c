/*
 * Roll calls and zero reports from the command line.
 *
 *     rollcall [--to A,B | --silent | --draw N]
 *     rollcall log --station S --number N --outcome reached --rings 2 --answered-by NAME
 *     rollcall answer ID --person NAME
 *     rollcall list
 *     zero [--day D] --person NAME [--on-behalf S]
 *     zero list [--day D]
 *
 * Whom a draw meets the switch says, so that it is the same for everybody who looks.  A station without a terminal is no addressee of a call over
 * the switch: it is named, so that somebody rings it.
 */
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "../formats/buf.h"
#include "../formats/i18n.h"
#include "../formats/value.h"
#include "ctl_submit.h"
#include "duty_zero.h"

#define DAY_MS INT64_C(86400000)
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct ctl_option roll_options[] = {SUBMIT_OPTIONS, {"silent", false, false}, {"draw", true, false},
    {"station", true, false}, {"number", true, false}, {"forwarded", false, false}, {NULL, false, false}};
static const struct ctl_option zero_options[] = {SUBMIT_OPTIONS, {"day", true, false}, {NULL, false, false}};

/* ---- roll calls ---- */

static const char *
member(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s != NULL ? s : "";
}

static const json_t *
station_of(const json_t *answer, const char *code)
{
	const json_t *list = json_object_get(answer, "stations");

	for (size_t i = 0; i < json_array_size(list); i++)
		if (strcmp(member(json_array_get(list, i), "station"), code) == 0)
			return json_array_get(list, i);
	return NULL;
}

/* Adds one that is to be called; one with a telephone only is named instead. */
static void
call_add(struct body *b, const json_t *s, struct buf *phones)
{
	const char *code = member(s, "station");

	if (strcmp(member(s, "role"), "phone") == 0)
		buf_printf(phones, "%s%s(%s)", phones->n > 0 ? " " : "", member(s, "name"), code);
	else
		body_add_text(b, F_TO, code, strlen(code));
}

static int
choose(struct ctl *ctl, const struct ctl_args *a, struct body *b, struct fault *f)
{
	json_t *answer = ctl_ask(ctl, json_pack("{s:s, s:i}", "op", "rolls", "limit", 1), 0, f);
	const json_t *list;
	struct buf phones = {0};
	char line[600];
	long draw = 0;
	int rc = -1;

	if (answer == NULL || ctl_arg_num(a, "draw", 1, 1000, &draw, f) != 0)
		goto out;
	list = json_object_get(answer, draw > 0 ? "draw" : "stations");
	for (size_t i = 0; i < json_array_size(list) && (draw == 0 || i < (size_t)draw); i++) {
		const json_t *s = json_array_get(list, i);

		if (draw > 0)
			s = station_of(answer, json_string_value(s));
		if (s != NULL && (draw > 0 || json_is_true(json_object_get(s, "silent"))))
			call_add(b, s, &phones);
	}
	if (phones.n > 0) {
		(void)snprintf(line, sizeof line, _("to be called by telephone: %s"), buf_cstr(&phones));
		ctl_note(line);
	}
	if (body_first(b, F_TO) == NULL)
		(void)fault_set(f, EX_NOINPUT, "to", phones.n > 0 ? _("nobody of these has a terminal") :
		    _("no station is silent; --draw calls by lot"));
	else
		rc = 0;
out:
	buf_free(&phones);
	json_decref(answer);
	return rc;
}

static int
roll_call(struct ctl *ctl, const struct ctl_args *a, struct body *b)
{
	struct fault f = {0};
	int ways = (ctl_arg(a, "to") != NULL) + ctl_flag(a, "silent") + (ctl_arg(a, "draw") != NULL);

	if (ways > 1)
		return ctl_usage("rollcall", "to", _("--to, --silent and --draw exclude each other"));
	if (ctl_arg(a, "to") == NULL && ways == 1 && choose(ctl, a, b, &f) != 0)
		return ctl_fail(&f);
	submit_kind(b, KIND_ROLLCALL);
	return submit_send(ctl, a, b, NULL, -1);
}

static int
roll_log(struct ctl *ctl, const struct ctl_args *a, struct body *b)
{
	const char *station = ctl_arg(a, "station"), *number = ctl_arg(a, "number");
	const struct codebook *cb;
	struct fault f = {0};

	if (station == NULL)
		return ctl_usage("rollcall", "station", _("which station was called?"));
	if (body_enum(b, F_OUTCOME) == 0)
		return ctl_usage("rollcall", "outcome", _("what came of the call?"));
	if ((cb = ctl_codebook(ctl, &f)) == NULL || ctl_station_known(station, cb, "station", &f) != 0 ||
	    (number != NULL && value_parse(b, field_by_key(F_PHONE), number, NULL, ctl_now(), &f) != 0))
		return ctl_fail(&f);
	body_add_text(b, F_REGARDING, station, strlen(station));
	if (ctl_flag(a, "forwarded"))
		body_set_num(b, F_FORWARDED, 1);
	submit_kind(b, KIND_ROLLCALL);
	return submit_send(ctl, a, b, NULL, -1);
}

static int
roll_answer(struct ctl *ctl, const struct ctl_args *a, struct body *b)
{
	struct fault f = {0};
	int realm = -1;

	if (a->nword < 2)
		return ctl_usage("rollcall", "refs", _("a word is missing: which one?"));
	if (body_said(b, F_PERSON) == NULL)
		return ctl_usage("rollcall", "person", _("names the person who does it"));
	if (submit_refer(b, a->word[1], &realm, &f) != 0)
		return ctl_fail(&f);
	submit_kind(b, KIND_ROLLANSWER);
	return submit_send(ctl, a, b, NULL, realm);
}

static void
print_rolls(const json_t *answer)
{
	static const struct ctl_column columns[] = {{N_("station"), "station_name", 24, false}, {N_("called"), "at", 0, false},
	    {N_("answered"), "answered", 0, false}, {N_("times it rang"), "rings", 0, true}, {N_("outcome"), "outcome_name", 12, false},
	    {N_("person"), "person", 16, false}, {N_("remark"), "note", 40, false}};
	const json_t *list = json_object_get(answer, "rolls"), *t = json_object_get(answer, "totals");
	struct ctl_table *table = ctl_table_new(columns, COUNT(columns));
	char text[512];

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *r = json_array_get(list, i);

		for (size_t k = 0; k < COUNT(columns); k++)
			ctl_table_set(table, k, k == 1 || k == 2 ? ctl_time(r, columns[k].key, text, sizeof text) :
			    ctl_text(r, columns[k].key, text, sizeof text));
		ctl_table_row(table);
	}
	ctl_table_print(table, stdout);
	(void)printf(_("a week: called %lld, reached %lld, in time %lld, not on the register %lld, dead numbers %lld\n"),
	    (long long)json_integer_value(json_object_get(t, "called")), (long long)json_integer_value(json_object_get(t, "reached")),
	    (long long)json_integer_value(json_object_get(t, "in_time")),
	    (long long)json_integer_value(json_object_get(t, "not_on_roster")),
	    (long long)json_integer_value(json_object_get(t, "empty")));
	list = json_object_get(answer, "owed");
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *c = json_array_get(list, i);
		char due[32];

		(void)printf(_("to be answered: %s, called by %s, until %s\n"), member(c, "id"), member(c, "from_name"),
		    ctl_time(c, "due", due, sizeof due));
	}
}

static int
roll_list(struct ctl *ctl, const struct ctl_args *a, struct body *b)
{
	struct fault f = {0};
	json_t *answer;

	(void)a;
	(void)b;
	if ((answer = ctl_ask(ctl, json_pack("{s:s}", "op", "rolls"), 0, &f)) == NULL)
		return ctl_fail(&f);
	if (ctl->json)
		ctl_json_answer(stdout, answer);
	else
		print_rolls(answer);
	json_decref(answer);
	return EX_OK;
}

int
ctl_rollcall(struct ctl *ctl, int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(struct ctl *, const struct ctl_args *, struct body *);
		size_t words;
	} verbs[] = {{"log", roll_log, 1}, {"answer", roll_answer, 2}, {"list", roll_list, 1}};
	struct ctl_args a;
	struct body *b;
	int rc = submit_begin(ctl, "rollcall", roll_options, 0, 2, argc, argv, &a, &b);

	if (rc != 0)
		return submit_end(&a, b, rc);
	if (a.nword == 0)
		return submit_end(&a, b, roll_call(ctl, &a, b));
	for (size_t i = 0; i < COUNT(verbs); i++)
		if (strcmp(verbs[i].name, a.word[0]) == 0)
			return submit_end(&a, b, a.nword > verbs[i].words ?
			    ctl_usage("rollcall", a.word[verbs[i].words], _("one word too many")) : verbs[i].run(ctl, &a, b));
	return submit_end(&a, b, ctl_usage("rollcall", a.word[0], _("is none of log, answer, list")));
}

/* ---- zero reports ---- */

/* --day, "2026-08-12" or "08-12", as an instant of it; false + fault. */
static bool
day_of(const struct ctl_args *a, int64_t *day, struct fault *f)
{
	const char *text = ctl_arg(a, "day");
	char whole[64];
	struct body *b;
	bool ok;

	if (text == NULL)
		return true;
	b = body_new();
	(void)snprintf(whole, sizeof whole, strlen(text) == 10 ? "%.40sT00:00:00+08:00" : "%.40s 00:00", text);
	ok = value_parse(b, field_by_key(F_PERIOD_FROM), whole, NULL, ctl_now(), f) == 0 && body_time(b, F_PERIOD_FROM, day);
	body_free(b);
	if (!ok)
		(void)fault_set(f, EX_USAGE, "day", _("must be a day, like 2026-08-12"));
	return ok;
}

static void
print_zero_rows(struct ctl_table *table, const json_t *z, const struct ctl_column *columns, size_t n)
{
	char text[512];

	for (size_t k = 0; k < n; k++)
		ctl_table_set(table, k, k == 1 || k == 3 ? ctl_time(z, columns[k].key, text, sizeof text) :
		    ctl_text(z, columns[k].key, text, sizeof text));
	ctl_table_row(table);
}

static int
zero_list(struct ctl *ctl, const struct ctl_args *a)
{
	static const struct ctl_column columns[] = {{N_("station"), "name", 24, false}, {N_("due"), "due", 0, false},
	    {N_("how it stands"), "state_name", 14, false}, {N_("reported"), "at", 0, false}, {N_("person"), "person", 16, false},
	    {N_("events"), "events", 40, false}};
	json_t *request = json_pack("{s:s}", "op", "zeros"), *answer;
	struct ctl_table *table;
	struct fault f = {0};
	int64_t day = 0;
	char text[64];

	if (!day_of(a, &day, &f)) {
		json_decref(request);
		return ctl_usage("zero", f.field, f.text);
	}
	if (day != 0)
		(void)json_object_set_new(request, "day", json_integer(day));
	if ((answer = ctl_ask(ctl, request, 0, &f)) == NULL)
		return ctl_fail(&f);
	if (ctl->json) {
		ctl_json_answer(stdout, answer);
	} else {
		const json_t *list = json_object_get(answer, "stations"), *missing = json_object_get(answer, "missing");

		(void)printf(_("zero reports of %.10s\n"),
		    time_format(json_integer_value(json_object_get(answer, "day")), TIME_FULL, text, sizeof text));
		table = ctl_table_new(columns, COUNT(columns));
		print_zero_rows(table, json_object_get(answer, "own"), columns, COUNT(columns));
		for (size_t i = 0; i < json_array_size(list); i++)
			print_zero_rows(table, json_array_get(list, i), columns, COUNT(columns));
		ctl_table_print(table, stdout);
		for (size_t i = 0; i < json_array_size(missing); i++)
			(void)printf(i == 0 ? _("MISSING, which is not zero: %s") : " %s", member(json_array_get(missing, i), "name"));
		if (json_array_size(missing) > 0)
			(void)printf("\n");
	}
	json_decref(answer);
	return EX_OK;
}

int
ctl_zero(struct ctl *ctl, int argc, char **argv)
{
	struct ctl_args a;
	struct body *b;
	struct fault f = {0};
	int64_t day = 0;
	int rc = submit_begin(ctl, "zero", zero_options, 0, 1, argc, argv, &a, &b);

	if (rc != 0)
		return submit_end(&a, b, rc);
	if (a.nword == 1)
		return submit_end(&a, b, strcmp(a.word[0], "list") == 0 ? zero_list(ctl, &a) :
		    ctl_usage("zero", a.word[0], _("one word too many")));
	if (!day_of(&a, &day, &f))
		return submit_end(&a, b, ctl_usage("zero", f.field, f.text));
	if (body_said(b, F_PERSON) == NULL)
		return submit_end(&a, b, ctl_usage("zero", "person", _("names the person who does it")));
	/* Said here: repeated after midnight it is still the same day's. */
	if (day == 0 && body_first(b, F_PERIOD_TO) == NULL && body_first(b, F_PERIOD_FROM) == NULL)
		day = zero_day(ctl_now()) - DAY_MS;
	if (day != 0) {
		body_set_time(b, F_PERIOD_FROM, day);
		body_set_time(b, F_PERIOD_TO, day + DAY_MS);
	}
	submit_kind(b, KIND_ZERO);
	return submit_end(&a, b, submit_send(ctl, &a, b, NULL, -1));
}
