/*
 * dutyctl trace and ledger: where a message is, and what became of every addressee.
 */
#include <string.h>
#include <sysexits.h>
#include "../formats/i18n.h"
#include "ctl.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

/* A member's name in the reader's language beside its code. */
static void
set_station(struct ctl_table *t, size_t column, const json_t *o, const char *key, const char *name_key)
{
	char code[64], name[192], both[288];

	(void)ctl_text(o, key, code, sizeof code);
	(void)ctl_text(o, name_key, name, sizeof name);
	(void)snprintf(both, sizeof both, "%s %s", code, strcmp(code, name) == 0 ? "" : name);
	ctl_table_set(t, column, both);
}

static void
set_instant(struct ctl_table *t, size_t column, const json_t *o, const char *key)
{
	char buf[64];

	ctl_table_set(t, column, json_integer_value(json_object_get(o, key)) > 0 ? ctl_time(o, key, buf, sizeof buf) : "-");
}

static void
set_member(struct ctl_table *t, size_t column, const json_t *o, const char *key)
{
	char buf[512];

	ctl_table_set(t, column, ctl_text(o, key, buf, sizeof buf));
}

static void
print_hops(const json_t *to)
{
	static const struct ctl_column columns[] = {{N_("station"), "station", 40, false}, {N_("at"), "at", 0, false},
	    {N_("what"), "how_name", 0, false}};
	struct ctl_table *t = ctl_table_new(columns, COUNT(columns));
	const json_t *h;
	size_t i;

	json_array_foreach(json_object_get(to, "hops"), i, h) {
		set_station(t, 0, h, "station", "station_name");
		set_instant(t, 1, h, "at");
		set_member(t, 2, h, "how_name");
		ctl_table_row(t);
	}
	ctl_table_print(t, stdout);
}

static void
print_lines(const json_t *rows, const char *title, bool out)
{
	static const struct ctl_column columns[] = {{N_("line"), "link", 40, false}, {N_("serial"), "serial", 0, true},
	    {N_("given"), "at", 0, false}, {N_("custody passed"), "passed", 0, false}};
	struct ctl_table *t;
	const json_t *r;
	size_t i;

	if (json_array_size(rows) == 0)
		return;
	(void)printf("\n%s\n", title);
	t = ctl_table_new(columns, out ? COUNT(columns) : COUNT(columns) - 1);
	json_array_foreach(rows, i, r) {
		set_station(t, 0, r, "link", "link_name");
		set_member(t, 1, r, "serial");
		set_instant(t, 2, r, "at");
		if (out && json_is_true(json_object_get(r, "waiting")))
			ctl_table_set(t, 3, _("waiting"));
		else if (out)
			set_instant(t, 3, r, "passed");
		ctl_table_row(t);
	}
	ctl_table_print(t, stdout);
}

static void
print_trace(const json_t *answer)
{
	char buf[256], name[192], line[640], at[64];
	const json_t *d;
	size_t i;

	ctl_line(stdout, _("message"), ctl_text(answer, "id", buf, sizeof buf));
	(void)snprintf(line, sizeof line, "%s  %s", ctl_text(answer, "kind_name", buf, sizeof buf),
	    ctl_text(answer, "precedence_name", name, sizeof name));
	ctl_line(stdout, _("kind"), line);
	(void)snprintf(line, sizeof line, "%s %s", ctl_text(answer, "origin", buf, sizeof buf),
	    ctl_text(answer, "origin_name", name, sizeof name));
	ctl_line(stdout, _("written by"), line);
	(void)snprintf(line, sizeof line, "%s  %s %s", ctl_time(answer, "stored", at, sizeof at), _("from"),
	    ctl_text(answer, "from_name", name, sizeof name));
	ctl_line(stdout, _("stored here"), line);
	json_array_foreach(json_object_get(answer, "to"), i, d) {
		(void)printf("\n");
		(void)snprintf(line, sizeof line, "%s %s  %s  %s  %s", ctl_text(d, "to", buf, sizeof buf),
		    ctl_text(d, "to_name", name, sizeof name), json_string_value(json_object_get(d, "state_name")),
		    ctl_time(d, "since", at, sizeof at),
		    json_object_get(d, "reason") != NULL ? json_string_value(json_object_get(d, "reason")) : "");
		ctl_line(stdout, _("addressee"), line);
		print_hops(d);
	}
	print_lines(json_object_get(answer, "came"), _("came over"), false);
	print_lines(json_object_get(answer, "offers"), _("went over"), true);
}

int
ctl_trace(struct ctl *ctl, int argc, char **argv)
{
	static const struct ctl_option none[] = { { NULL, false, false } };
	struct ctl_args a;
	struct fault f = { 0 };
	json_t *answer;
	int rc = EX_OK;

	if (ctl_args_parse(&a, none, false, argc, argv, &f) != 0)
		rc = ctl_usage("trace", f.field, f.text);
	else if (a.nword != 1)
		rc = ctl_usage("trace", "ID", a.nword == 0 ? _("is needed") : _("one word too many"));
	else if ((answer = ctl_ask(ctl, json_pack("{s:s, s:s}", "op", "trace", "id", a.word[0]), 0, &f)) == NULL)
		rc = ctl_fail(&f);
	else {
		if (ctl->json || a.json)
			ctl_json_answer(stdout, answer);
		else
			print_trace(answer);
		json_decref(answer);
	}
	ctl_args_free(&a);
	return rc;
}

/* ---- ledger ---- */

static const struct ctl_column ledger_columns[] = {{N_("message"), "id", 0, false}, {N_("addressee"), "to", 40, false},
    {N_("state"), "state_name", 0, false}, {N_("since"), "since", 0, false}, {N_("reason"), "reason", 60, false}};

static void
ledger_row(struct ctl_table *t, const json_t *e)
{
	set_member(t, 0, e, "id");
	set_station(t, 1, e, "to", "to_name");
	set_member(t, 2, e, "state_name");
	set_instant(t, 3, e, "since");
	if (json_object_get(e, "reason") != NULL)
		set_member(t, 4, e, "reason");
	ctl_table_row(t);
}

/* Asks page by page until `limit` messages (0: all) are told of. */
static int
ledger_run(struct ctl *ctl, const char *id, bool open, long limit)
{
	struct ctl_table *t = ctl->json ? NULL : ctl_table_new(ledger_columns, COUNT(ledger_columns));
	struct fault f = { 0 };
	json_int_t before = INT64_MAX;
	bool more = true;
	int rc = EX_OK;

	while (more && rc == EX_OK) {
		json_t *request = json_pack("{s:s, s:b, s:I, s:I}", "op", "ledger", "open", open, "limit",
		    (json_int_t)(limit > 0 && limit < 1000 ? limit : 1000), "before", before), *answer;
		const json_t *e;
		size_t i;

		if (id != NULL)
			(void)json_object_set_new(request, "id", json_string(id));
		if ((answer = ctl_ask(ctl, request, 0, &f)) == NULL) {
			rc = ctl_fail(&f);
			break;
		}
		json_array_foreach(json_object_get(answer, "entries"), i, e)
			if (t == NULL)
				ctl_json(stdout, e);
			else
				ledger_row(t, e);
		more = json_is_true(json_object_get(answer, "more")) && !open && id == NULL && limit == 0;
		if (json_is_true(json_object_get(answer, "more")) && open)
			ctl_note(_("there is more than is listed here"));
		before = json_integer_value(json_object_get(answer, "before"));
		json_decref(answer);
	}
	if (t != NULL)
		ctl_table_print(t, rc == EX_OK ? stdout : NULL);
	return rc;
}

int
ctl_ledger(struct ctl *ctl, int argc, char **argv)
{
	static const struct ctl_option known[] = { { "open", false, false }, { "limit", true, false }, { NULL, false, false } };
	struct ctl_args a;
	struct fault f = { 0 };
	long limit = 0;
	int rc;

	if (ctl_args_parse(&a, known, false, argc, argv, &f) != 0 || ctl_arg_num(&a, "limit", 1, 1000, &limit, &f) != 0)
		rc = ctl_usage("ledger", f.field, f.text);
	else if (a.nword > 1)
		rc = ctl_usage("ledger", a.word[1], _("one word too many"));
	else {
		ctl->json = ctl->json || a.json;
		rc = ledger_run(ctl, a.nword > 0 ? a.word[0] : NULL, ctl_flag(&a, "open"), limit);
	}
	ctl_args_free(&a);
	return rc;
}
