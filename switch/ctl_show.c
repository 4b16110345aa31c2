/*
 * One incident, one message, and their export.
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

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static const char *
realm_text(int realm)
{
	return realm == REALM_EXERCISE ? "exercise" : "live";
}

/* The answer to show; realm -1: the id's, else live. */
static json_t *
ask_incident(struct ctl *ctl, const char *ref, int realm, struct fault *f)
{
	struct msgid id;
	json_t *request;

	if (realm < 0)
		realm = msgid_parse(ref, &id) ? id.realm : REALM_LIVE;
	request = json_pack("{s:s, s:s, s:s}", "op", "show", "ref", ref, "realm", realm_text(realm));
	if (request == NULL) {
		(void)fault_set(f, EX_DATAERR, "ref", _("is no UTF-8 text"));
		return NULL;
	}
	return ctl_ask(ctl, request, 0, f);
}

/* One word and options.  EX_OK or the exit status after having said why. */
static int
options(struct ctl *ctl, const char *verb, const struct ctl_option *known, int argc, char **argv, struct ctl_args *a,
    int *realm)
{
	struct fault f = { 0 };

	if (ctl_args_parse(a, known, false, argc, argv, &f) != 0)
		return ctl_usage(verb, f.field, f.text);
	if (a->nword != 1)
		return ctl_usage(verb, a->nword > 1 ? a->word[1] : "",
		    a->nword > 1 ? _("one word too many") : _("a word is missing: which one?"));
	ctl->json = ctl->json || a->json;
	*realm = -1;
	if (ctl_arg_realm(a, realm, &f) != 0)
		return ctl_fail(&f);
	return EX_OK;
}

/* ---- show ---- */

/* The name of a member for people where the switch gave one. */
static const char *
named_text(const json_t *o, const char *key, char *buf, size_t size)
{
	char name[64];

	(void)snprintf(name, sizeof name, "%s_name", key);
	return ctl_text(o, json_string_length(json_object_get(o, name)) > 0 ? name : key, buf, size);
}

static const char *
grade_text(const json_t *o, char *buf, size_t size)
{
	return json_string_length(json_object_get(o, "grade_name")) > 0 ? ctl_text(o, "grade_name", buf, size) :
	    ctl_enum(o, "grade", "grade", buf, size);
}

static const struct ctl_column line_columns[] = {
	{ N_("at"), "at", 0, false }, { N_("from"), "from_name", 16, false }, { N_("kind"), "kind_name", 16, false },
	{ N_("course"), "text", 60, false }, { N_("dlv"), "delivered", 0, true }, { N_("rd"), "read", 0, true },
	{ N_("sgn"), "signed", 0, true }, { N_("tkn"), "taken", 0, true }, { N_("id"), "id", 0, false }
};

/* n of total; "-" where nothing is awaited. */
static const char *
receipt(const json_t *receipts, const char *key, char *buf, size_t size)
{
	const json_t *v = json_object_get(receipts, key);
	json_int_t total = json_integer_value(json_object_get(receipts, "total"));

	if (json_is_integer(v) && total > 0)
		(void)snprintf(
		    buf, size, "%" JSON_INTEGER_FORMAT "/%" JSON_INTEGER_FORMAT, json_integer_value(v), total);
	else
		(void)snprintf(buf, size, "-");
	return buf;
}

static void
line_row(struct ctl_table *t, const json_t *o)
{
	static const char *const acts[] = { "delivered", "read", "signed", "taken" };
	static const struct {
		const char *key, *label;
	} marks[] = {{"withdrawn", N_("withdrawn")}, {"superseded", N_("superseded")},
	    {"signature_owed", N_("signature owed")}, {"missing_understanding", N_("not fully understood")}};
	const char *state = json_string_value(json_object_get(o, "state"));
	const json_t *receipts = json_object_get(o, "receipts");
	char buf[2048], kind[128], sub[128];

	ctl_table_set(t, 0, ctl_time(o, "at", buf, sizeof buf));
	ctl_table_set(t, 1, named_text(o, "from", buf, sizeof buf));
	(void)named_text(o, "kind", kind, sizeof kind);
	sub[0] = '\0';
	if (json_string_length(json_object_get(o, "stage_name")) > 0)
		(void)ctl_text(o, "stage_name", sub, sizeof sub);
	(void)snprintf(buf, sizeof buf, "%s%s%s", kind, sub[0] != '\0' ? " " : "", sub);
	ctl_table_set(t, 2, buf);
	(void)ctl_text(o, "text", buf, sizeof buf);
	for (size_t i = 0; i < COUNT(marks); i++)
		if (json_is_true(json_object_get(o, marks[i].key))) {
			size_t n = strlen(buf);

			(void)snprintf(buf + n, sizeof buf - n, " [%s]", _(marks[i].label));
		}
	/* what the marks above have not said already */
	if (state != NULL && (strcmp(state, "returned") == 0 || strcmp(state, "closed") == 0)) {
		size_t n = strlen(buf);

		(void)snprintf(buf + n, sizeof buf - n, " [%s]", ctl_text(o, "state_name", sub, sizeof sub));
	}
	ctl_table_set(t, 3, buf);
	for (size_t i = 0; i < COUNT(acts); i++)
		ctl_table_set(t, 4 + i, receipt(receipts, acts[i], buf, sizeof buf));
	ctl_table_set(t, 8, ctl_text(o, "id", buf, sizeof buf));
}

/* What was merged into it, with the figures that stand there; what is not held here by its id alone. */
static void
show_merged(const json_t *in)
{
	json_t *e, *m, *g;
	size_t i, k, n;
	char buf[1024], a[256], b[256], c[256];
	bool first = true;

	json_array_foreach(json_object_get(in, "merged"), k, m) {
		(void)snprintf(buf, sizeof buf, "%s", ctl_text(m, "number", a, sizeof a));
		json_array_foreach(json_object_get(m, "figures"), i, g) {
			n = strlen(buf);
			(void)snprintf(buf + n, sizeof buf - n, "%s%s %s@%s", i == 0 ? ": " : ", ", ctl_text(g, "field_name", a, sizeof a),
			    ctl_text(g, "text", b, sizeof b), ctl_text(g, "source", c, sizeof c));
		}
		ctl_line(stdout, first ? _("took in") : "", buf);
		first = false;
	}
	json_array_foreach(json_object_get(in, "absorbed"), i, e) {
		bool shown = !json_is_string(e);

		json_array_foreach(json_object_get(in, "merged"), k, m)
			shown |= json_is_string(e) && strcmp(json_string_value(e), ctl_text(m, "id", a, sizeof a)) == 0;
		if (!shown)
			ctl_line(stdout, first ? _("took in") : "", json_string_value(e));
		first &= shown;
	}
}

/* Where the event stands, what was merged, adopted and decided, and by whom. */
static void
show_life(const json_t *in)
{
	char buf[1024], a[256], b[256], c[256];
	json_t *e;
	size_t i;

	if (json_string_length(json_object_get(in, "state")) > 0)
		ctl_line(stdout, _("state"), named_text(in, "state", buf, sizeof buf));
	json_array_foreach(json_object_get(in, "states"), i, e) {
		(void)snprintf(buf, sizeof buf, "%s %s", named_text(e, "station", a, sizeof a), named_text(e, "state", b, sizeof b));
		if (json_array_size(json_object_get(in, "states")) > 1)
			ctl_line(stdout, "", buf);
	}
	if (json_string_length(json_object_get(in, "merged_into")) > 0)
		ctl_line(stdout, _("merged into"), ctl_text(in, "merged_into", buf, sizeof buf));
	show_merged(in);
	if (json_string_length(json_object_get(in, "split_from")) > 0)
		ctl_line(stdout, _("split off from"), ctl_text(in, "split_from", buf, sizeof buf));
	json_array_foreach(json_object_get(in, "split_to"), i, e)
		if (json_is_string(e))
			ctl_line(stdout, i == 0 ? _("split off") : "", json_string_value(e));
	json_array_foreach(json_object_get(in, "adopted"), i, e) {
		bool source = json_string_length(json_object_get(e, "source")) > 0;

		(void)snprintf(buf, sizeof buf, "%s %s%s%s %s", ctl_text(e, "field_name", a, sizeof a),
		    ctl_text(e, "text", b, sizeof b), source ? "@" : "", source ? ctl_text(e, "source", c, sizeof c) : "",
		    json_string_length(json_object_get(e, "person")) > 0 ? json_string_value(json_object_get(e, "person")) : "");
		ctl_line(stdout, i == 0 ? _("adopted") : "", buf);
	}
	json_array_foreach(json_object_get(in, "verdicts"), i, e) {
		(void)snprintf(buf, sizeof buf, "%s %s, %s %s", ctl_text(e, "name", a, sizeof a),
		    json_is_true(json_object_get(e, "confirmed")) ? _("confirmed") : _("denied"),
		    named_text(e, "station", b, sizeof b), ctl_text(e, "person", c, sizeof c));
		ctl_line(stdout, i == 0 ? _("verdict") : "", buf);
	}
	if (json_integer_value(json_object_get(in, "signatures_owed")) > 0)
		ctl_line(stdout, _("signatures owed"), ctl_text(in, "signatures_owed", buf, sizeof buf));
}

/* With what it is counted in: a loss typed in yuan would be ten thousand times too large. */
static const char *
figure_text(const json_t *figures, const char *key, const struct field *field, char *buf, size_t size)
{
	const char *unit = field != NULL ? value_unit(field, i18n_zh()) : "", *text = ctl_text(figures, key, buf, size);
	size_t n = strlen(text);

	if (*unit == '\0' || text != buf || n >= size)
		return text;
	(void)snprintf(buf + n, size - n, " (%s)", *unit == ' ' ? unit + 1 : unit);
	return buf;
}

static void
show_head(const json_t *in)
{
	char buf[4096], text[512], name[160];
	json_t *e, *figures = json_object_get(in, "figures");
	const char *key;
	size_t i;

	ctl_line(stdout, _("incident"), ctl_text(in, "number", buf, sizeof buf));
	ctl_line(stdout, _("id"), ctl_text(in, "id", buf, sizeof buf));
	ctl_line(stdout, _("title"), ctl_text(in, "title", buf, sizeof buf));
	ctl_line(stdout, _("place"), ctl_text(in, "place", buf, sizeof buf));
	ctl_line(stdout, _("type"), named_text(in, "type", buf, sizeof buf));
	ctl_line(stdout, _("learned"), ctl_time(in, "learned", buf, sizeof buf));
	(void)snprintf(buf, sizeof buf, "%s%s%s", grade_text(in, name, sizeof name),
	    json_is_true(json_object_get(in, "conflict")) ? " " : "",
	    json_is_true(json_object_get(in, "conflict")) ? _("(opinions differ)") : "");
	ctl_line(stdout, _("grade"), buf);
	json_array_foreach(json_object_get(in, "grades"), i, e) {
		(void)snprintf(buf, sizeof buf, "%s %s", named_text(e, "station", text, sizeof text),
		    grade_text(e, name, sizeof name));
		ctl_line(stdout, "", buf);
	}
	json_object_foreach(figures, key, e) {
		const struct field *field = field_by_name(key);

		ctl_line(stdout,
		    field == NULL ? key
		    : i18n_zh()	  ? field->zh
				  : _(field->label),
		    figure_text(figures, key, field, buf, sizeof buf));
	}
	show_life(in);
	if (json_string_length(json_object_get(in, "missing")) > 0)
		ctl_line(stdout, _("not held here"), ctl_text(in, "missing", buf, sizeof buf));
	if (json_is_true(json_object_get(in, "final")))
		ctl_line(stdout, _("stage"), _("final report made"));
	if (json_is_true(json_object_get(in, "history")))
		ctl_line(stdout, _("history"), _("entered later: starts no clocks"));
}

int
ctl_show(struct ctl *ctl, int argc, char **argv)
{
	static const struct ctl_option known[] = { { "realm", true, false }, { NULL, false, false } };
	struct ctl_args a;
	struct fault f = { 0 };
	struct ctl_table *t;
	json_t *answer = NULL, *e;
	size_t i;
	int realm, rc = options(ctl, "show", known, argc, argv, &a, &realm);

	if (rc != 0)
		goto out;
	if ((answer = ask_incident(ctl, a.word[0], realm, &f)) == NULL) {
		rc = ctl_fail(&f);
		goto out;
	}
	if (ctl->json) {
		ctl_json_answer(stdout, answer);
		goto out;
	}
	show_head(json_object_get(answer, "incident"));
	t = ctl_table_new(line_columns, COUNT(line_columns));
	json_array_foreach(json_object_get(answer, "lines"), i, e) {
		line_row(t, e);
		ctl_table_row(t);
	}
	(void)putchar('\n');
	ctl_table_print(t, stdout);
out:
	json_decref(answer);
	ctl_args_free(&a);
	return rc;
}

/* ---- message ---- */

static const struct ctl_column delivery_columns[] = {{N_("addressee"), "to", 24, false},
    {N_("state"), "state", 16, false}, {N_("since"), "since", 0, false}, {N_("person"), "person", 48, false}};
static const struct ctl_column receipt_columns[] = {{N_("from"), "from", 24, false}, {N_("receipt"), "act", 16, false},
    {N_("at"), "at", 0, false}, {N_("person"), "person", 48, false}};

static void
print_rows(const json_t *array, const struct ctl_column *c, size_t n)
{
	struct ctl_table *t;
	char buf[256];
	size_t i;
	json_t *e;

	if (json_array_size(array) == 0)
		return;
	t = ctl_table_new(c, n);
	json_array_foreach((json_t *)array, i, e) {
		ctl_table_set(t, 0, named_text(e, c[0].key, buf, sizeof buf));
		ctl_table_set(t, 1, named_text(e, c[1].key, buf, sizeof buf));
		ctl_table_set(t, 2, ctl_time(e, c[2].key, buf, sizeof buf));
		ctl_table_set(t, 3, ctl_text(e, "person", buf, sizeof buf));
		ctl_table_row(t);
	}
	(void)putchar('\n');
	ctl_table_print(t, stdout);
}

static void
print_body(const json_t *json, const struct codebook *cb)
{
	struct body *b = body_new();
	struct fault f = { 0 };
	struct buf text = { 0 };

	/* What this version cannot read is printed as it came, never left out. */
	if (json_to_body(json, b, NULL, 0, true, &f) != 0) {
		ctl_json(stdout, json);
		goto out;
	}
	for (size_t i = 0; i < b->n; i++) {
		const struct value *v = &b->v[i];

		if (v->key == F_SEAL)
			continue;	/* says nothing to people */
		buf_clear(&text);
		if (v->field == NULL) {
			buf_printf(&text, _("field %u, not known here"), v->key);
			ctl_line(stdout, "?", buf_cstr(&text));
			continue;
		}
		value_format(&text, v, cb, i18n_zh());
		ctl_line(stdout, i18n_zh() ? v->field->zh : _(v->field->label), buf_cstr(&text));
	}
	if (b->not_understood)
		ctl_line(stdout, "!", _("not fully understood"));
out:
	buf_free(&text);
	body_free(b);
}

static json_t *
ask_message(struct ctl *ctl, const char *id, struct fault *f)
{
	struct msgid parsed;

	if (!msgid_parse(id, &parsed)) {
		(void)fault_set(f, EX_DATAERR, "id", _("no message id: %.80s"), id);
		return NULL;
	}
	return ctl_ask(ctl, json_pack("{s:s, s:s}", "op", "message", "id", id), 0, f);
}

int
ctl_message(struct ctl *ctl, int argc, char **argv)
{
	static const struct ctl_option known[] = { { NULL, false, false } };
	struct ctl_args a;
	struct fault f = { 0 };
	json_t *answer = NULL;
	char buf[160];
	int realm, rc = options(ctl, "message", known, argc, argv, &a, &realm);

	if (rc != 0)
		goto out;
	if ((answer = ask_message(ctl, a.word[0], &f)) == NULL) {
		rc = ctl_fail(&f);
		goto out;
	}
	if (ctl->json) {
		ctl_json_answer(stdout, answer);
		goto out;
	}
	print_body(json_object_get(answer, "body"), ctl_codebook(ctl, &f));
	if (json_is_true(json_object_get(answer, "destroyed")))
		ctl_line(stdout, "!", _("two persons destroyed its text: what is left is the tombstone"));
	if (json_is_true(json_object_get(answer, "damaged")))
		ctl_line(stdout, "!", _("its bytes are damaged and are not shown"));
	if (json_string_length(json_object_get(answer, "state")) > 0)
		ctl_line(stdout, _("state"), named_text(answer, "state", buf, sizeof buf));
	if (json_is_true(json_object_get(answer, "signature_owed")))
		ctl_line(stdout, _("signature owed"), ctl_text(answer, "owed_by", buf, sizeof buf));
	if (json_string_length(json_object_get(answer, "readback")) > 0)
		ctl_line(stdout, _("read-back"), ctl_text(answer, "readback", buf, sizeof buf));
	ctl_line(stdout, _("digest"), ctl_text(answer, "digest", buf, sizeof buf));
	ctl_line(stdout, _("stored"), ctl_time(answer, "stored", buf, sizeof buf));
	ctl_line(stdout, _("came from"), ctl_text(answer, "from", buf, sizeof buf));
	print_rows(json_object_get(answer, "deliveries"), delivery_columns, COUNT(delivery_columns));
	print_rows(json_object_get(answer, "receipts"), receipt_columns, COUNT(receipt_columns));
out:
	json_decref(answer);
	ctl_args_free(&a);
	return rc;
}

/* ---- export ---- */

static int
export_message(struct ctl *ctl, const char *id, struct fault *f)
{
	json_t *answer = ask_message(ctl, id, f), *o;

	if (answer == NULL)
		return -1;
	o = json_pack("{s:s, s:O?, s:O?, s:O?, s:O?}", "id", id, "digest", json_object_get(answer, "digest"), "stored",
	    json_object_get(answer, "stored"), "from", json_object_get(answer, "from"), "body",
	    json_object_get(answer, "body"));
	if (o == NULL || !json_is_object(json_object_get(o, "body"))) {
		json_decref(o);
		json_decref(answer);
		return fault_set(f, EX_PROTOCOL, "body", _("the switch sent no body"));
	}
	ctl_json(stdout, o);
	json_decref(o);
	json_decref(answer);
	return 0;
}

/* The document an imported message came as, byte for byte: whoever passes it on keeps its signature whole. */
static int
export_original(struct ctl *ctl, const char *id, struct fault *f)
{
	json_t *answer = ctl_ask(ctl, json_pack("{s:s, s:s}", "op", "message", "id", id), 0, f), *blob = NULL;
	const char *digest = json_string_value(json_object_get(json_object_get(answer, "body"), "original"));
	const struct buf *bytes;
	int rc = -1;

	if (answer == NULL)
		goto out;
	if (digest == NULL && json_is_true(json_object_get(answer, "destroyed"))) {
		(void)fault_set(f, EX_NOINPUT, "id", _("%s was destroyed here by two persons: its bytes are gone"), id);
		goto out;
	}
	if (digest == NULL) {
		(void)fault_set(f, EX_NOINPUT, "id", _("%s was not imported: there are no original bytes"), id);
		goto out;
	}
	if ((blob = ctl_ask(ctl, json_pack("{s:s, s:s, s:s}", "op", "blob", "digest", digest, "id", id), 0, f)) == NULL)
		goto out;
	bytes = client_bytes(ctl->client);
	if (bytes->n > 0 && fwrite(bytes->p, 1, bytes->n, ctl_bytes()) != bytes->n)
		(void)fault_set(f, EX_IOERR, "", _("standard output cannot be written"));
	else
		rc = 0;
out:
	json_decref(blob);
	json_decref(answer);
	return rc;
}

int
ctl_export(struct ctl *ctl, int argc, char **argv)
{
	static const struct ctl_option known[] = {
	    {"format", true, false}, {"incident", false, false}, {"realm", true, false}, {NULL, false, false}};
	struct ctl_args a;
	struct fault f = { 0 };
	struct msgid id;
	json_t *answer = NULL, *e;
	const char *text, *format;
	size_t i;
	int realm, rc = options(ctl, "export", known, argc, argv, &a, &realm);

	if (rc != 0)
		goto out;
	format = ctl_arg(&a, "format");
	if (format != NULL && strcmp(format, "original") == 0) {
		if (!msgid_parse(a.word[0], &id) || ctl_flag(&a, "incident"))
			rc = ctl_usage("export", "format", _("original is of one message: give its id"));
		else if (export_original(ctl, a.word[0], &f) != 0)
			rc = ctl_fail(&f);
		goto out;
	}
	if (format != NULL && strcmp(format, "json") != 0) {
		rc = ctl_usage("export", "format", _("must be json or original"));
		goto out;
	}
	if (msgid_parse(a.word[0], &id) && !ctl_flag(&a, "incident")) {
		if (export_message(ctl, a.word[0], &f) != 0)
			rc = ctl_fail(&f);
		goto out;
	}
	if ((answer = ask_incident(ctl, a.word[0], realm, &f)) == NULL) {
		rc = ctl_fail(&f);
		goto out;
	}
	json_array_foreach(json_object_get(answer, "lines"), i, e) {
		text = json_string_value(json_object_get(e, "id"));
		if (text == NULL || export_message(ctl, text, &f) != 0) {
			rc = text == NULL ? EX_PROTOCOL : ctl_fail(&f);
			break;
		}
	}
out:
	json_decref(answer);
	ctl_args_free(&a);
	return rc;
}
