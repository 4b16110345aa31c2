/*
 * Directives and what becomes of them: direct, feedback, track, orders, proxy (a signature by telephone), claim (what others entered in this
 * station's name).
 *
 * A total that is passed on says what it lacks: with stations missing it is "at least", with none known it is unknown, and the words name
 * those that are missing.
 */
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "../formats/csv.h"
#include "../formats/i18n.h"
#include "../formats/value.h"
#include "ctl_submit.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static const struct ctl_option send_options[] = { SUBMIT_OPTIONS, { NULL, false, false } };
static const struct ctl_option feedback_options[] = { SUBMIT_OPTIONS, { "totals-of", true, false }, { NULL, false, false } };
static const struct ctl_option proxy_options[] = { SUBMIT_OPTIONS, { "station", true, false }, { "code", true, false }, { "recording", true, false },
	{ NULL, false, false } };

/* ---- sending ---- */

int
ctl_direct(struct ctl *ctl, int argc, char **argv)
{
	struct ctl_args a;
	struct body *b;
	struct fault f = { 0 };
	int rc = submit_begin(ctl, "direct", send_options, 1, 1, argc, argv, &a, &b), type, realm = -1;
	struct msgid id;

	if (rc != 0)
		return submit_end(&a, b, rc);
	type = body_enum(b, F_ORDER_TYPE);
	/* What is added or taken back goes where the directive went. */
	if (ctl_arg(&a, "to") == NULL && type != ORDER_APPEND && type != ORDER_REVOKED)
		return submit_end(&a, b, ctl_usage("direct", "to", _("a directive names whom it is for")));
	if (submit_due_ahead(b, &f) != 0)
		return submit_end(&a, b, ctl_fail(&f));
	submit_kind(b, KIND_DIRECTIVE);
	if ((type == ORDER_APPEND || type == ORDER_REVOKED) && body_count(b, F_REFS) == 0 && msgid_parse(a.word[0], &id)) {
		body_add_id(b, F_REFS, &id);
		realm = id.realm;
		return submit_end(&a, b, submit_send(ctl, &a, b, NULL, realm));
	}
	return submit_end(&a, b, submit_send(ctl, &a, b, strcmp(a.word[0], "-") == 0 ? NULL : a.word[0], -1));
}

static json_t *
ask_track(struct ctl *ctl, const char *what, const char *realm, struct fault *f)
{
	json_t *r = json_pack("{s:s, s:s}", "op", "track", "id", what);

	if (r == NULL) {
		(void)fault_set(f, EX_DATAERR, "id", _("is no UTF-8 text"));
		return NULL;
	}
	if (realm != NULL)
		(void)json_object_set_new(r, "realm", json_string(realm));
	return ctl_ask(ctl, r, 0, f);
}

/* One total as a figure that says what it lacks. */
static int
total_figure(struct body *b, const json_t *t, const struct codebook *cb, struct fault *f)
{
	const struct field *fd = field_by_name(json_string_value(json_object_get(t, "field")) != NULL ?
	    json_string_value(json_object_get(t, "field")) : "");
	const char *value = json_string_value(json_object_get(t, "value"));
	bool short_ = json_array_size(json_object_get(t, "missing")) > 0;
	struct body *one;
	struct figure fig;
	int rc;

	if (fd == NULL || value == NULL || field_decimals(fd) < 0)
		return fault_set(f, EX_PROTOCOL, "totals-of", _("the switch's totals cannot be read"));
	if (body_first(b, fd->key) != NULL)
		return 0; /* said by hand */
	one = body_new();
	if ((rc = value_parse(one, fd, value, cb, ctl_now(), f)) == 0) {
		fig = body_first(one, fd->key)->u.fig;
		if (short_ && fig.q == FIG_EXACT)
			fig.q = FIG_ATLEAST;
		else if (short_ && fig.q == FIG_ATMOST) { /* with what is missing it is nothing at all */
			fig.q = FIG_UNKNOWN;
			fig.n = 0;
		}
		fig.source = NULL;
		fig.asof = json_integer_value(json_object_get(t, "asof"));
		body_add_figure(b, fd->key, &fig);
	}
	body_free(one);
	return rc;
}

static int
add_totals(struct ctl *ctl, const char *of, struct body *b, struct fault *f)
{
	json_t *answer = ask_track(ctl, of, NULL, f);
	const json_t *t;
	struct buf text = { 0 };
	size_t i;
	int rc = answer != NULL ? 0 : -1;

	json_array_foreach(json_object_get(answer, "totals"), i, t) {
		const char *s = json_string_value(json_object_get(t, "text")), *c = json_string_value(json_object_get(t, "coverage"));

		if (rc == 0)
			rc = total_figure(b, t, ctl_codebook(ctl, f), f);
		buf_printf(&text, "%s%s (%s)", i > 0 ? "; " : "", s != NULL ? s : "", c != NULL ? c : "");
	}
	if (rc == 0 && i == 0)
		rc = fault_set(f, EX_NOINPUT, "totals-of", _("nothing has been counted on that directive yet"));
	if (rc == 0 && body_text(b, F_TEXT) == NULL)
		body_set_text(b, F_TEXT, buf_cstr(&text));
	buf_free(&text);
	json_decref(answer);
	return rc;
}

int
ctl_feedback(struct ctl *ctl, int argc, char **argv)
{
	struct ctl_args a;
	struct body *b;
	struct fault f = { 0 };
	int rc = submit_begin(ctl, "feedback", feedback_options, 1, 1, argc, argv, &a, &b), realm = -1;

	if (rc != 0)
		return submit_end(&a, b, rc);
	if (submit_refer(b, a.word[0], &realm, &f) != 0 || submit_due_ahead(b, &f) != 0 ||
	    (ctl_arg(&a, "totals-of") != NULL && add_totals(ctl, ctl_arg(&a, "totals-of"), b, &f) != 0))
		return submit_end(&a, b, ctl_fail(&f));
	submit_kind(b, KIND_FEEDBACK);
	return submit_end(&a, b, submit_send(ctl, &a, b, NULL, realm));
}

int
ctl_proxy(struct ctl *ctl, int argc, char **argv)
{
	static const struct { const char *option; uint32_t key; const char *reason; } needed[] = {
		{ "station", F_ON_BEHALF, N_("which addressee is it for?") },
		{ "code", F_READBACK, N_("the code he read back is missing") },
		{ "recording", F_RECEIPT_NO, N_("the number of the recording is missing") },
	};
	struct ctl_args a;
	struct body *b;
	struct fault f = { 0 };
	int rc = submit_begin(ctl, "proxy", proxy_options, 1, 1, argc, argv, &a, &b), realm = -1;

	if (rc != 0)
		return submit_end(&a, b, rc);
	for (size_t i = 0; i < COUNT(needed); i++) {
		const char *value = ctl_arg(&a, needed[i].option);

		if (value == NULL && body_first(b, needed[i].key) == NULL)
			return submit_end(&a, b, ctl_usage("proxy", needed[i].option, _(needed[i].reason)));
		if (value != NULL && value_parse(b, field_by_key(needed[i].key), value, ctl_codebook(ctl, &f), ctl_now(), &f) != 0)
			return submit_end(&a, b, ctl_fail(&f));
	}
	if (body_enum(b, F_ACT) == 0)
		body_set_num(b, F_ACT, body_first(b, F_DUE) != NULL ? ACT_TAKEN : ACT_SIGNED);
	if (submit_refer(b, a.word[0], &realm, &f) != 0 || submit_due_ahead(b, &f) != 0)
		return submit_end(&a, b, ctl_fail(&f));
	submit_kind(b, KIND_RECEIPT);
	return submit_end(&a, b, submit_send(ctl, &a, b, NULL, realm));
}

/* ---- following ---- */

static void
cell(struct buf *out, const char *text, bool first)
{
	struct csv_notes notes = { 0 };

	if (!first)
		buf_puts(out, ",");
	csv_cell(text, strlen(text), out, &notes);
}

static void
cell_time(struct buf *out, const json_t *o, const char *key)
{
	char buf[48];
	json_int_t ms = json_integer_value(json_object_get(o, key));

	cell(out, ms > 0 ? time_format(ms, TIME_FULL, buf, sizeof buf) : "", false);
}

static const char *
text_of(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s != NULL ? s : "";
}

/* What was said of a figure, and when; "?" before it where that does not hold any more. */
static void
cell_figure(struct buf *out, const json_t *row, const char *field)
{
	const json_t *f = json_object_get(json_object_get(row, "figures"), field);
	char text[96];

	(void)snprintf(text, sizeof text, "%s%s", json_is_true(json_object_get(f, "old")) ? "? " : "", text_of(f, "value"));
	cell(out, f != NULL ? text : "", false);
	cell_time(out, f, "asof");
}

static void
track_csv(const json_t *answer)
{
	static const char *const heads[] = { N_("station"), N_("name"), N_("terminal"), N_("delivered"), N_("read"), N_("signed for"), N_("signed for by"),
		N_("by telephone"), N_("taken on"), N_("progress"), N_("next at"), N_("state") };
	const json_t *row, *ask, *t;
	struct buf out = { 0 };
	size_t i, k;

	for (i = 0; i < COUNT(heads); i++)
		cell(&out, _(heads[i]), i == 0);
	json_array_foreach(json_object_get(answer, "asks"), k, ask) {
		cell(&out, json_string_value(ask), false);
		cell(&out, _("as of"), false);
	}
	buf_puts(&out, "\r\n");
	json_array_foreach(json_object_get(answer, "rows"), i, row) {
		const json_t *p = json_object_get(row, "proxy");
		char proxy[256];

		cell(&out, text_of(row, "to"), true);
		cell(&out, text_of(row, "to_name"), false);
		cell(&out, text_of(row, "presence_name"), false);
		cell_time(&out, row, "delivered");
		cell_time(&out, row, "read");
		cell_time(&out, row, "signed");
		cell(&out, text_of(row, "signer"), false);
		(void)snprintf(proxy, sizeof proxy, "%s %s %s", text_of(p, "act_name"), text_of(p, "person"), text_of(p, "recording"));
		cell(&out, p != NULL ? proxy : "", false);
		cell_time(&out, row, "taken");
		cell(&out, text_of(row, "progress_text"), false);
		cell_time(&out, row, "next");
		cell(&out, text_of(row, "state_name"), false);
		json_array_foreach(json_object_get(answer, "asks"), k, ask)
			cell_figure(&out, row, json_string_value(ask));
		buf_puts(&out, "\r\n");
	}
	json_array_foreach(json_object_get(answer, "totals"), i, t) {
		cell(&out, text_of(t, "field"), true);
		cell(&out, text_of(t, "value"), false);
		cell(&out, text_of(t, "coverage"), false);
		cell(&out, text_of(t, "text"), false);
		buf_puts(&out, "\r\n");
	}
	(void)fwrite(out.p, 1, out.n, ctl_bytes());
	buf_free(&out);
}

static void
print_ways(const json_t *row)
{
	char line[512], name[160], of[64], phone[64], at[32];
	const json_t *w;
	size_t i;

	json_array_foreach(json_object_get(row, "ways"), i, w) {
		(void)snprintf(line, sizeof line, "%s %s %s  %s", ctl_text(w, "name", name, sizeof name), text_of(w, "of_name"),
		    ctl_text(w, "phone", phone, sizeof phone), text_of(w, "post"));
		if (json_integer_value(json_object_get(w, "verified")) > 0)
			(void)snprintf(line, sizeof line, _("%s %s %s, last reached %s%s"), name, text_of(w, "of_name"), phone,
			    ctl_time(w, "verified", at, sizeof at), json_is_true(json_object_get(w, "stale")) ? _(", stale") : "");
		else if (strcmp(text_of(w, "kind"), "neighbour") == 0)
			(void)snprintf(line, sizeof line, _("neighbour %s (%s) %s"), name, text_of(w, "presence"), ctl_text(w, "phone", of, sizeof of));
		ctl_line(stdout, i == 0 ? _("ways") : "", line);
	}
	if (i == 0 && (json_is_true(json_object_get(row, "late")) || strcmp(text_of(row, "state"), "phone") == 0))
		ctl_line(stdout, _("ways"), _("none is known: the register has no number of this station"));
}

static void
print_rows(const json_t *answer)
{
	static const struct ctl_column columns[] = { { N_("station"), "to_name", 20, false }, { N_("terminal"), "presence_name", 0, false },
		{ N_("delivered"), "delivered", 0, false }, { N_("read"), "read", 0, false }, { N_("signed for"), "signed", 0, false },
		{ N_("taken on"), "taken", 0, false }, { N_("progress"), "progress_text", 24, false }, { N_("next at"), "next", 0, false },
		{ N_("state"), "state_name", 0, false } };
	static const char *const instants[] = { NULL, NULL, "delivered", "read", NULL, "taken", NULL, "next", NULL };
	struct ctl_table *t = ctl_table_new(columns, COUNT(columns));
	const json_t *row;
	char buf[256], at[32];
	size_t i;

	json_array_foreach(json_object_get(answer, "rows"), i, row) {
		const json_t *p = json_object_get(row, "proxy");

		for (size_t k = 0; k < COUNT(columns); k++)
			if (instants[k] != NULL)
				ctl_table_set(t, k, json_integer_value(json_object_get(row, instants[k])) > 0 ?
				    ctl_time(row, instants[k], buf, sizeof buf) : "-");
			else if (k != 4)
				ctl_table_set(t, k, text_of(row, columns[k].key)[0] != '\0' ? text_of(row, columns[k].key) : "-");
		if (json_integer_value(json_object_get(row, "signed")) > 0)
			(void)snprintf(buf, sizeof buf, "%s %s", ctl_time(row, "signed", at, sizeof at), text_of(row, "signer"));
		else if (p != NULL)
			(void)snprintf(buf, sizeof buf, "%s %s %s %s", ctl_time(p, "at", at, sizeof at), text_of(p, "word"), text_of(p, "person"),
			    text_of(p, "recording"));
		else
			(void)snprintf(buf, sizeof buf, "-");
		ctl_table_set(t, 4, buf);
		if (json_integer_value(json_object_get(row, "taken")) == 0 && strcmp(text_of(p, "act"), "taken") == 0)
			ctl_table_set(t, 5, ctl_time(p, "at", at, sizeof at));
		ctl_table_row(t);
	}
	ctl_table_print(t, stdout);
}

static void
print_track(const json_t *answer)
{
	const json_t *o;
	char line[1024], buf[256], name[192], at[32], until[32];
	size_t i;

	(void)snprintf(line, sizeof line, "%s %s  %s", ctl_text(answer, "type_name", buf, sizeof buf), text_of(answer, "number"),
	    ctl_text(answer, "title", name, sizeof name));
	ctl_line(stdout, _("directive"), line);
	(void)snprintf(line, sizeof line, "%s %s  %s %s", ctl_text(answer, "from_name", buf, sizeof buf), ctl_time(answer, "sent", at, sizeof at),
	    _("due"), json_integer_value(json_object_get(answer, "due")) > 0 ? ctl_time(answer, "due", until, sizeof until) : "-");
	ctl_line(stdout, _("from"), line);
	if (text_of(answer, "leader")[0] != '\0')
		ctl_line(stdout, _("instructed by"), text_of(answer, "leader"));
	if (json_is_true(json_object_get(answer, "revoked"))) {
		(void)snprintf(line, sizeof line, "%s %s: %s", ctl_time(answer, "revoked_at", at, sizeof at), text_of(answer, "revoked_by"),
		    text_of(answer, "revoked_why"));
		ctl_line(stdout, _("taken back"), line);
	}
	ctl_line(stdout, _("read-back"), text_of(answer, "readback"));
	json_array_foreach(json_object_get(answer, "appended"), i, o) {
		(void)snprintf(line, sizeof line, _("%s %s  (read %lld/%lld, signed for %lld)"), ctl_time(o, "at", at, sizeof at), text_of(o, "text"),
		    (long long)json_integer_value(json_object_get(o, "read")), (long long)json_integer_value(json_object_get(o, "total")),
		    (long long)json_integer_value(json_object_get(o, "signed")));
		ctl_line(stdout, _("added"), line);
	}
	(void)printf("\n");
	print_rows(answer);
	json_array_foreach(json_object_get(answer, "totals"), i, o) {
		(void)snprintf(line, sizeof line, "%s  (%s)", text_of(o, "text"), text_of(o, "coverage"));
		ctl_line(stdout, i == 0 ? _("in all") : "", line);
	}
	json_array_foreach(json_object_get(answer, "rows"), i, o) {
		const json_t *s;
		size_t k;

		if (json_array_size(json_object_get(o, "ways")) == 0 && json_array_size(json_object_get(o, "steps")) == 0 &&
		    !json_is_true(json_object_get(o, "late")))
			continue;
		(void)printf("\n");
		(void)snprintf(line, sizeof line, "%s %s", ctl_text(o, "to_name", name, sizeof name), text_of(o, "state_name"));
		ctl_line(stdout, _("addressee"), line);
		json_array_foreach(json_object_get(o, "steps"), k, s) {
			(void)snprintf(line, sizeof line, "%s %s", ctl_time(s, "at", at, sizeof at), text_of(s, "text"));
			ctl_line(stdout, k == 0 ? _("tried") : "", line);
		}
		print_ways(o);
	}
}

int
ctl_track(struct ctl *ctl, int argc, char **argv)
{
	static const struct ctl_option known[] = { { "csv", false, false }, { "realm", true, false }, { NULL, false, false } };
	struct ctl_args a;
	struct fault f = { 0 };
	json_t *answer;
	int rc = EX_OK;

	if (ctl_args_parse(&a, known, false, argc, argv, &f) != 0)
		rc = ctl_usage("track", f.field, f.text);
	else if (a.nword != 1)
		rc = ctl_usage("track", "ID", a.nword == 0 ? _("is needed") : _("one word too many"));
	else if ((answer = ask_track(ctl, a.word[0], ctl_arg(&a, "realm"), &f)) == NULL)
		rc = ctl_fail(&f);
	else {
		if (ctl_flag(&a, "csv"))
			track_csv(answer);
		else if (ctl->json || a.json)
			ctl_json_answer(stdout, answer);
		else
			print_track(answer);
		json_decref(answer);
	}
	ctl_args_free(&a);
	return rc;
}

/* ---- lists ---- */

static void
print_orders(const json_t *answer)
{
	static const struct ctl_column columns[] = { { N_("message"), "id", 0, false }, { N_("type"), "type_name", 0, false },
		{ N_("from"), "from_name", 20, false }, { N_("to"), "to_names", 30, false }, { N_("due"), "due", 0, false },
		{ N_("signed for"), "signed", 0, false }, { N_("open"), "open", 0, true }, { N_("late"), "late", 0, true },
		{ N_("state"), "state_name", 0, false }, { N_("title"), "title", 40, false } };
	struct ctl_table *t = ctl_table_new(columns, COUNT(columns));
	const json_t *o;
	char buf[256];
	size_t i;

	json_array_foreach(json_object_get(answer, "orders"), i, o) {
		for (size_t k = 0; k < COUNT(columns); k++)
			ctl_table_set(t, k, ctl_text(o, columns[k].key, buf, sizeof buf));
		ctl_table_set(t, 4, json_integer_value(json_object_get(o, "due")) > 0 ? ctl_time(o, "due", buf, sizeof buf) : "-");
		(void)snprintf(buf, sizeof buf, "%lld/%lld", (long long)json_integer_value(json_object_get(o, "signed")),
		    (long long)json_integer_value(json_object_get(o, "total")));
		ctl_table_set(t, 5, buf);
		ctl_table_row(t);
	}
	ctl_table_print(t, stdout);
}

static int
list(struct ctl *ctl, const char *verb, json_t *request, const struct ctl_args *a, void (*print)(const json_t *))
{
	struct fault f = { 0 };
	json_t *answer;

	(void)json_object_set_new(request, "op", json_string(verb));
	if ((answer = ctl_ask(ctl, request, 0, &f)) == NULL)
		return ctl_fail(&f);
	if (ctl->json || a->json)
		ctl_json_answer(stdout, answer);
	else
		print(answer);
	json_decref(answer);
	return EX_OK;
}

int
ctl_orders(struct ctl *ctl, int argc, char **argv)
{
	static const struct ctl_option known[] = { { "type", true, false }, { "all", false, false }, { NULL, false, false } };
	struct ctl_args a;
	struct fault f = { 0 };
	json_t *r;
	int rc;

	if (ctl_args_parse(&a, known, false, argc, argv, &f) != 0)
		rc = ctl_usage("orders", f.field, f.text);
	else if (a.nword != 0)
		rc = ctl_usage("orders", a.word[0], _("one word too many"));
	else {
		r = json_pack("{s:b}", "all", ctl_flag(&a, "all"));
		if (ctl_arg(&a, "type") != NULL)
			(void)json_object_set_new(r, "type", json_string(ctl_arg(&a, "type")));
		rc = list(ctl, "orders", r, &a, print_orders);
	}
	ctl_args_free(&a);
	return rc;
}

static void
print_claims(const json_t *answer)
{
	static const struct ctl_column columns[] = { { N_("message"), "id", 0, false }, { N_("kind"), "kind_name", 0, false },
		{ N_("written by"), "from_name", 20, false }, { N_("entered by"), "author", 16, false }, { N_("slip"), "slip", 0, false },
		{ N_("at"), "at", 0, false }, { N_("title"), "title", 40, false } };
	struct ctl_table *t = ctl_table_new(columns, COUNT(columns));
	const json_t *o;
	char buf[512];
	size_t i;

	if (text_of(answer, "text")[0] != '\0')
		(void)printf("%s\n", ctl_text(answer, "text", buf, sizeof buf));
	json_array_foreach(json_object_get(answer, "items"), i, o) {
		for (size_t k = 0; k < COUNT(columns); k++)
			ctl_table_set(t, k, text_of(o, columns[k].key)[0] != '\0' ? text_of(o, columns[k].key) : "-");
		ctl_table_set(t, 5, ctl_time(o, "at", buf, sizeof buf));
		ctl_table_row(t);
	}
	ctl_table_print(t, stdout);
	json_array_foreach(json_object_get(answer, "same"), i, o)
		(void)printf("%s\n", ctl_text(o, "text", buf, sizeof buf));
}

int
ctl_claim(struct ctl *ctl, int argc, char **argv)
{
	struct ctl_args a;
	struct body *b;
	struct fault f = { 0 };
	int rc = submit_begin(ctl, "claim", send_options, 0, 1, argc, argv, &a, &b), realm = -1;

	if (rc != 0)
		return submit_end(&a, b, rc);
	if (a.nword == 0)
		return submit_end(&a, b, list(ctl, "claims", json_object(), &a, print_claims));
	if (body_said(b, F_PERSON) == NULL)
		return submit_end(&a, b, ctl_usage("claim", "person", _("who claims it?")));
	if (submit_refer(b, a.word[0], &realm, &f) != 0)
		return submit_end(&a, b, ctl_fail(&f));
	body_set_num(b, F_ACT, ACT_SIGNED);
	submit_kind(b, KIND_RECEIPT);
	return submit_end(&a, b, submit_send(ctl, &a, b, NULL, realm));
}
