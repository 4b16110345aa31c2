/*
 * dutyctl stats: timeliness of a month, for people as tables and bars, for spreadsheets as CSV; dutyctl explain: why something was late, and
 * what the superior says to it.
 *
 *     stats [--month YYYY-MM] [--station CODE] [--origin learned|occurred] [--late] [--grid] [--csv]
 *     explain ID --person NAME --text TEXT [--cause link|no-answer|leader|power|facts|other]
 *     explain ID --person NAME --accept|--decline [--text TEXT]
 */
#include <inttypes.h>
#include <string.h>
#include <sysexits.h>
#include "../formats/csv.h"
#include "../formats/i18n.h"
#include "ctl_submit.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
#define BAR 20	/* cells of the longest bar */

/* ---- spans ---- */

/* "8m", "1h05m", "45s"; "-" when nothing was measured. */
static const char *
span_text(const json_t *o, const char *key, char *buf, size_t size)
{
	const json_t *v = json_object_get(o, key);
	int64_t s = json_integer_value(v) / 1000;

	if (!json_is_integer(v))
		(void)snprintf(buf, size, "-");
	else if (s < 60)
		(void)snprintf(buf, size, _("%llds"), (long long)s);
	else if (s < 3600)
		(void)snprintf(buf, size, _("%lldm%02llds"), (long long)(s / 60), (long long)(s % 60));
	else
		(void)snprintf(buf, size, _("%lldh%02lldm"), (long long)(s / 3600), (long long)(s / 60 % 60));
	return buf;
}

static const char *
share_text(const json_t *o, const char *part, const char *whole, char *buf, size_t size)
{
	json_int_t n = json_integer_value(json_object_get(o, part)), all = json_integer_value(json_object_get(o, whole));

	if (all <= 0)
		(void)snprintf(buf, size, "-");
	else
		(void)snprintf(buf, size, "%" JSON_INTEGER_FORMAT "/%" JSON_INTEGER_FORMAT, n, all);
	return buf;
}

/* ---- tables ---- */

static const struct ctl_column station_columns[] = {{N_("station"), "", 20, false}, {N_("learned of"), "", 0, true},
    {N_("median to the first word"), "", 0, true}, {"", "", BAR, false}, {N_("late"), "", 0, true}, {N_("of which leader"), "", 0, true},
    {N_("of which line"), "", 0, true}, {N_("not told"), "", 0, true}, {N_("when asked"), "", 0, true}, {N_("excused"), "", 0, true},
    {N_("follow-ups"), "", 0, true}, {N_("final reports"), "", 0, true}, {N_("signs within"), "", 0, true}, {N_("roll calls"), "", 0, true},
    {N_("zero reports"), "", 0, true}, {N_("corrections"), "", 0, true}};
static const struct ctl_column stage_columns[] = {{N_("station"), "", 20, false}, {N_("learned to drafted"), "", 0, true},
    {N_("drafted to approved"), "", 0, true}, {N_("sent to delivered"), "", 0, true}, {N_("delivered to signed for"), "", 0, true}};
static const struct ctl_column late_columns[] = {{N_("station"), "", 20, false}, {N_("number"), "", 14, false}, {N_("what"), "", 10, false},
    {N_("was due"), "", 0, false}, {N_("state"), "", 8, false}, {N_("late by"), "", 0, true}, {N_("made late by"), "", 14, false},
    {N_("approval took"), "", 0, true}, {N_("explanation"), "", 40, false}, {N_("id"), "", 0, false}};

static const char *
name_of(const json_t *o, char *buf, size_t size)
{
	return ctl_text(o, json_string_length(json_object_get(o, "station_name")) > 0 ? "station_name" : "station", buf, size);
}

static void
bar(const json_t *o, const char *key, int64_t most, char out[BAR + 1])
{
	int64_t v = json_integer_value(json_object_get(o, key));
	int n = most > 0 && v > 0 ? (int)(v * BAR / most) : 0;

	n = v > 0 && n == 0 ? 1 : n;
	memset(out, '#', (size_t)n);
	out[n] = '\0';
}

static void
stations_print(const json_t *answer, const char *median)
{
	struct ctl_table *t = ctl_table_new(station_columns, COUNT(station_columns)), *stages = ctl_table_new(stage_columns, COUNT(stage_columns));
	static const char *const numbers[] = {"late", "by_leader", "by_line", "omitted", "asked", "excused"};
	static const char *const spans[] = {"draft", "approve", "carry", "sign"};
	int64_t most = 0;
	const json_t *o;
	char buf[256], bars[BAR + 1];
	size_t i;

	json_array_foreach(json_object_get(answer, "stations"), i, o)
		if (json_integer_value(json_object_get(o, median)) > most)
			most = json_integer_value(json_object_get(o, median));
	json_array_foreach(json_object_get(answer, "stations"), i, o) {
		ctl_table_set(t, 0, name_of(o, buf, sizeof buf));
		ctl_table_set(t, 1, ctl_text(o, "intakes", buf, sizeof buf));
		ctl_table_set(t, 2, span_text(o, median, buf, sizeof buf));
		bar(o, median, most, bars);
		ctl_table_set(t, 3, bars);
		for (size_t k = 0; k < COUNT(numbers); k++)
			ctl_table_set(t, 4 + k, ctl_text(o, numbers[k], buf, sizeof buf));
		ctl_table_set(t, 10, share_text(o, "followups_met", "followups", buf, sizeof buf));
		ctl_table_set(t, 11, share_text(o, "finals_met", "finals", buf, sizeof buf));
		ctl_table_set(t, 12, span_text(o, "signing", buf, sizeof buf));
		ctl_table_set(t, 13, share_text(o, "roll_reached", "roll_called", buf, sizeof buf));
		ctl_table_set(t, 14, share_text(o, "zero_in", "zero_due", buf, sizeof buf));
		ctl_table_set(t, 15, ctl_text(o, "corrected", buf, sizeof buf));
		ctl_table_row(t);
		ctl_table_set(stages, 0, name_of(o, buf, sizeof buf));
		for (size_t k = 0; k < COUNT(spans); k++)
			ctl_table_set(stages, 1 + k, span_text(o, spans[k], buf, sizeof buf));
		ctl_table_row(stages);
	}
	ctl_table_print(t, stdout);
	(void)fputc('\n', stdout);
	ctl_table_print(stages, stdout);
	o = json_object_get(answer, "rings");
	(void)printf(_("\nrings: %s in all, median %s a shift, at most %s; muted %s times.  A correction never counts against its sender.\n"),
	    ctl_text(o, "total", buf, 64), ctl_text(o, "median", buf + 64, 64), ctl_text(o, "most", buf + 128, 64),
	    ctl_text(o, "mutes", buf + 192, 64));
}

static void
late_print(const json_t *answer)
{
	struct ctl_table *t = ctl_table_new(late_columns, COUNT(late_columns));
	const json_t *o;
	char buf[1024], at[64];
	size_t i;

	json_array_foreach(json_object_get(answer, "late"), i, o) {
		char why[600], cause[96];

		ctl_table_set(t, 0, name_of(o, buf, sizeof buf));
		ctl_table_set(t, 1, ctl_text(o, "number", buf, sizeof buf));
		ctl_table_set(t, 2, ctl_text(o, "what_name", buf, sizeof buf));
		ctl_table_set(t, 3, ctl_time(o, "due", at, sizeof at));
		ctl_table_set(t, 4, ctl_text(o, "state_name", buf, sizeof buf));
		ctl_table_set(t, 5, span_text(o, "late", buf, sizeof buf));
		ctl_table_set(t, 6, ctl_text(o, "charge_name", buf, sizeof buf));
		ctl_table_set(t, 7, span_text(o, "approve", buf, sizeof buf));
		(void)snprintf(why, sizeof why, "%s %s %s", ctl_text(o, "explained_name", buf, 96), json_object_get(o, "cause_name") != NULL ?
		    ctl_text(o, "cause_name", cause, sizeof cause) : "", json_object_get(o, "text") != NULL ?
		    ctl_text(o, "text", buf + 128, 400) : "");
		ctl_table_set(t, 8, why);
		ctl_table_set(t, 9, ctl_text(o, json_string_length(json_object_get(o, "report")) > 0 ? "report" : "about", buf, sizeof buf));
		ctl_table_row(t);
	}
	ctl_table_print(t, stdout);
}

/* A row a day, a column an hour: '.' nothing, a digit how many, '+' more than nine. */
static void
grid_print(const json_t *answer)
{
	const json_t *o, *row, *cell;
	char buf[256];
	size_t i, day, hour;

	json_array_foreach(json_object_get(answer, "stations"), i, o) {
		(void)printf("%s%s\n    0     6     12    18\n", i > 0 ? "\n" : "", name_of(o, buf, sizeof buf));
		json_array_foreach(json_object_get(o, "grid"), day, row) {
			(void)printf("%2zu  ", day + 1);
			json_array_foreach(row, hour, cell) {
				json_int_t n = json_integer_value(cell);

				(void)fputc(n <= 0 ? '.' : n > 9 ? '+' : (int)('0' + n), stdout);
			}
			(void)fputc('\n', stdout);
		}
	}
}

/* ---- CSV ---- */

static const char *const csv_columns[] = {"station", "station_name", "intakes", "firsts", "first_learned", "first_occurred", "late",
    "by_leader", "by_line", "omitted", "asked", "excused", "corrected", "followups", "followups_met", "finals", "finals_met", "draft", "approve", "carry", "sign",
    "signing", "roll_called", "roll_reached", "zero_due", "zero_in", "score"};
static const char *const csv_late_columns[] = {"station", "station_name", "incident", "number", "title", "what", "origin", "due", "met",
    "late", "state", "charge", "draft", "approve", "carry", "rule", "clause", "explained", "cause", "text", "person", "report", "about"};

static void
csv_print(const json_t *list, const char *month, const char *const *column, size_t n)
{
	struct csv_notes notes = {0};
	struct buf b = {0};
	const json_t *o;
	size_t i;

	buf_puts(&b, "month");
	for (size_t k = 0; k < n; k++)
		buf_printf(&b, ",%s", column[k]);
	buf_puts(&b, "\r\n");
	json_array_foreach(list, i, o) {
		csv_cell(month, strlen(month), &b, &notes);
		for (size_t k = 0; k < n; k++) {
			const json_t *v = json_object_get(o, column[k]);

			buf_puts(&b, ",");
			if (json_is_integer(v))
				buf_printf(&b, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
			else if (json_is_string(v))
				csv_cell(json_string_value(v), json_string_length(v), &b, &notes);
		}
		buf_puts(&b, "\r\n");
	}
	(void)fwrite(b.p, 1, b.n, stdout);
	buf_free(&b);
}

/* ---- verbs ---- */

int
ctl_stats(struct ctl *ctl, int argc, char **argv)
{
	static const struct ctl_option known[] = {{"month", true, false}, {"station", true, false}, {"origin", true, false},
	    {"late", false, false}, {"grid", false, false}, {"csv", false, false}, {NULL, false, false}};
	const char *month, *station, *origin, *median = "first_learned";
	json_t *request, *answer;
	struct ctl_args a;
	struct fault f = {0};
	int rc = EX_OK;

	if (ctl_args_parse(&a, known, false, argc, argv, &f) != 0) {
		rc = ctl_usage("stats", f.field, f.text);
		goto out;
	}
	if (a.nword > 0) {
		rc = ctl_usage("stats", a.word[0], _("one word too many"));
		goto out;
	}
	month = ctl_arg(&a, "month");
	station = ctl_arg(&a, "station");
	if ((origin = ctl_arg(&a, "origin")) != NULL && strcmp(origin, "occurred") == 0)
		median = "first_occurred";
	else if (origin != NULL && strcmp(origin, "learned") != 0) {
		rc = ctl_usage("stats", "origin", _("learned or occurred"));
		goto out;
	}
	request = json_pack("{s:s}", "op", "stats");
	if (month != NULL)
		(void)json_object_set_new(request, "month", json_string(month));
	if (station != NULL)
		(void)json_object_set_new(request, "station", json_string(station));
	if ((answer = ctl_ask(ctl, request, 0, &f)) == NULL) {
		rc = ctl_fail(&f);
		goto out;
	}
	month = json_string_value(json_object_get(answer, "month"));
	if (ctl->json || a.json)
		ctl_json_answer(stdout, answer);
	else if (ctl_flag(&a, "csv") && ctl_flag(&a, "late"))
		csv_print(json_object_get(answer, "late"), month, csv_late_columns, COUNT(csv_late_columns));
	else if (ctl_flag(&a, "csv"))
		csv_print(json_object_get(answer, "stations"), month, csv_columns, COUNT(csv_columns));
	else if (ctl_flag(&a, "grid"))
		grid_print(answer);
	else if (ctl_flag(&a, "late"))
		late_print(answer);
	else
		stations_print(answer, median);
	if (json_is_true(json_object_get(answer, "more")))
		ctl_note(_("there are more incidents in that month than are looked at"));
	json_decref(answer);
out:
	ctl_args_free(&a);
	return rc;
}

static const struct ctl_option explain_options[] = {SUBMIT_OPTIONS, {"cause", true, false}, {"accept", false, false},
    {"decline", false, false}, {NULL, false, false}};

int
ctl_explain(struct ctl *ctl, int argc, char **argv)
{
	const struct enum_name *cause;
	struct ctl_args a;
	struct fault f = {0};
	struct body *b;
	bool accept, decline;
	int realm, rc = submit_begin(ctl, "explain", explain_options, 1, 1, argc, argv, &a, &b);

	if (rc != 0)
		return submit_end(&a, b, rc);
	accept = ctl_flag(&a, "accept");
	decline = ctl_flag(&a, "decline");
	if (accept && decline)
		return submit_end(&a, b, ctl_usage("explain", "decline", _("accepted or declined, not both")));
	if (body_text(b, F_PERSON) == NULL)
		return submit_end(&a, b, ctl_usage("explain", "person", _("names the person who does it")));
	if (!accept && !decline && body_text(b, F_TEXT) == NULL)
		return submit_end(&a, b, ctl_usage("explain", "text", _("says why")));
	if (ctl_arg(&a, "cause") != NULL) {
		if ((cause = enum_by_name("charge", ctl_arg(&a, "cause"))) == NULL)
			return submit_end(&a, b, ctl_usage("explain", "cause", _("link, no-answer, leader, power, facts or other")));
		body_set_num(b, F_CHARGE, cause->value);
	}
	if (accept || decline)
		body_set_num(b, F_CONFIRMED, accept);
	if (submit_refer(b, a.word[0], &realm, &f) != 0)
		return submit_end(&a, b, ctl_fail(&f));
	submit_kind(b, KIND_EXPLAIN);
	return submit_end(&a, b, submit_send(ctl, &a, b, NULL, realm));
}
