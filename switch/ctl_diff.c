/*
 * Two versions of a report side by side, and one record in the forms it leaves the station in.
 */
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "../formats/buf.h"
#include "../formats/conf.h"
#include "../formats/i18n.h"
#include "../formats/json.h"
#include "ctl_submit.h"
#include "ctl_texts.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

/* ---- diff ---- */

static const struct ctl_column diff_columns[] = {{N_("field"), "name", 24, false}, {N_("source"), "source_name", 16, false},
    {N_("before"), "old", 60, false}, {N_("after"), "new", 60, false}, {N_("remark"), "falls", 0, false}};

static int
version_arg(const struct ctl_args *a, size_t i, json_t *request, const char *member, struct fault *f)
{
	char *end;
	long n;

	if (a->nword <= i)
		return 0;
	n = strtol(a->word[i], &end, 10);
	if (*end != '\0' || a->word[i][0] < '0' || a->word[i][0] > '9' || n < 1 || n > 1000000)
		return fault_set(f, EX_USAGE, member, _("must be a report's number: %.40s"), a->word[i]);
	(void)json_object_set_new(request, member, json_integer(n));
	return 0;
}

static void
version_line(const json_t *o, const char *label)
{
	char id[MSGID_TEXT_MAX], stage[96], at[32], text[512];

	(void)snprintf(text, sizeof text, _("report %lld, %s, %s, %s%s"),
	    (long long)json_integer_value(json_object_get(o, "version")), ctl_text(o, "stage_name", stage, sizeof stage),
	    ctl_time(o, "at", at, sizeof at), ctl_text(o, "id", id, sizeof id),
	    json_is_true(json_object_get(o, "withdrawn")) ? _(" [withdrawn]") : "");
	ctl_line(stdout, label, text);
}

static void
print_diff(const json_t *answer)
{
	struct ctl_table *t = ctl_table_new(diff_columns, COUNT(diff_columns));
	char buf[2048];
	json_t *e;
	size_t i;

	ctl_line(stdout, _("station"), ctl_text(answer, "station_name", buf, sizeof buf));
	version_line(json_object_get(answer, "a"), _("before"));
	version_line(json_object_get(answer, "b"), _("after"));
	if (json_string_length(json_object_get(json_object_get(answer, "b"), "reason")) > 0)
		ctl_line(stdout, _("reason"), ctl_text(json_object_get(answer, "b"), "reason", buf, sizeof buf));
	json_array_foreach(json_object_get(answer, "rows"), i, e)
	{
		for (size_t k = 0; k < 4; k++)
			ctl_table_set(t, k, json_string_length(json_object_get(e, diff_columns[k].key)) > 0 ?
			    ctl_text(e, diff_columns[k].key, buf, sizeof buf) : "-");
		ctl_table_set(t, 4, json_is_true(json_object_get(e, "falls")) ? _("falls") : "");
		ctl_table_row(t);
	}
	(void)putchar('\n');
	ctl_table_print(t, stdout);
	if (json_array_size(json_object_get(answer, "rows")) == 0)
		(void)printf("%s\n", _("no difference"));
}

int
ctl_diff(struct ctl *ctl, int argc, char **argv)
{
	static const struct ctl_option known[] = {{"station", true, false}, {"realm", true, false}, {NULL, false, false}};
	struct ctl_args a;
	struct fault f = { 0 };
	struct msgid id;
	json_t *request = NULL, *answer = NULL;
	int realm = -1, rc = EX_OK;

	if (ctl_args_parse(&a, known, false, argc, argv, &f) != 0) {
		rc = ctl_usage("diff", f.field, f.text);
		goto out;
	}
	if (a.nword < 1 || a.nword > 3) {
		rc = ctl_usage("diff", a.nword > 3 ? a.word[3] : "",
		    a.nword > 3 ? _("one word too many") : _("a word is missing: which one?"));
		goto out;
	}
	ctl->json = ctl->json || a.json;
	if (ctl_arg_realm(&a, &realm, &f) != 0)
		goto failed;
	if (realm < 0)
		realm = msgid_parse(a.word[0], &id) ? id.realm : REALM_LIVE;
	request = json_pack("{s:s, s:s, s:s}", "op", "diff", "ref", a.word[0], "realm",
	    realm == REALM_EXERCISE ? "exercise" : "live");
	if (request == NULL) {
		(void)fault_set(&f, EX_DATAERR, "ref", _("is no UTF-8 text"));
		goto failed;
	}
	/* one number alone: what that report changed */
	if (version_arg(&a, 1, request, a.nword == 2 ? "to" : "from", &f) != 0 ||
	    version_arg(&a, 2, request, "to", &f) != 0) {
		rc = ctl_usage("diff", f.field, f.text);
		json_decref(request);
		goto out;
	}
	if (ctl_arg(&a, "station") != NULL)
		(void)json_object_set_new(request, "station", json_string(ctl_arg(&a, "station")));
	if ((answer = ctl_ask(ctl, request, 0, &f)) == NULL)
		goto failed;
	if (ctl->json)
		ctl_json_answer(stdout, answer);
	else
		print_diff(answer);
	goto out;
failed:
	rc = ctl_fail(&f);
out:
	json_decref(answer);
	ctl_args_free(&a);
	return rc;
}

/* ---- render ---- */

static const char *const forms[] = {"bulletin", "sms", "phone", "paste"};

static int
unknown_form(const char *name)
{
	struct buf text = { 0 };
	int rc;

	if (name == NULL)
		buf_puts(&text, _("in which form?"));
	else
		buf_printf(&text, _("no form %.40s; there are:"), name);
	for (size_t i = 0; i < COUNT(forms); i++)
		buf_printf(&text, "%s %s", i > 0 ? "," : "", forms[i]);
	rc = ctl_usage("render", "to", buf_cstr(&text));
	buf_free(&text);
	return rc;
}

/* What did not fit is told line by line. */
static void
tell_left(const struct buf *left)
{
	const char *s = left->n > 0 ? (const char *)left->p : "";
	size_t at = 0, n;
	char line[512], text[600];

	while (at < left->n) {
		for (n = 0; at + n < left->n && s[at + n] != '\n'; n++)
			;
		(void)snprintf(line, sizeof line, "%.*s", (int)(n < 500 ? n : 500), s + at);
		(void)snprintf(text, sizeof text, _("left out: %s"), line);
		ctl_note(text);
		at += n + 1;
	}
}

/* A report as it is stored; its text may be destroyed. */
static int
read_message(struct ctl *ctl, const char *word, struct body *b, struct fault *f)
{
	struct msgid id;
	json_t *answer;
	const char *signer;
	int rc = -1;

	if (!msgid_parse(word, &id))
		return fault_set(f, EX_DATAERR, "id", _("no message id: %.80s"), word);
	if ((answer = ctl_ask(ctl, json_pack("{s:s, s:s}", "op", "message", "id", word), 0, f)) == NULL)
		return -1;
	if (json_is_true(json_object_get(answer, "destroyed")))
		(void)fault_set(f, EX_NOINPUT, "id", _("its text was destroyed"));
	else
		rc = json_to_body(json_object_get(answer, "body"), b, NULL, 0, true, f);
	signer = json_string_value(json_object_get(answer, "signer"));
	if (rc == 0 && text_unsigned(b) && json_is_false(json_object_get(answer, "signature_owed")) && signer != NULL &&
	    *signer != '\0')
		text_signed(b, signer);
	json_decref(answer);
	return rc;
}

int
ctl_render(struct ctl *ctl, int argc, char **argv)
{
	static const struct ctl_option known[] = {{"to", true, false}, {"self", true, false}, {"exercise", false, false},
	    {"kind", true, false}, {"parts", false, false}, {"profile", true, false}, {NULL, false, false}};
	struct texts t = { 0 };
	struct ctl_args a;
	struct body *b = body_new();
	struct buf out = { 0 }, lost = { 0 };
	struct fault f = { 0 };
	const struct codebook *cb;
	json_t *o;
	const char *to, *conf;
	char path[512];
	int rc = EX_OK;

	if (ctl_args_parse(&a, known, false, argc, argv, &f) != 0) {
		rc = ctl_usage("render", f.field, f.text);
		goto out;
	}
	if (a.nword != 1) {
		rc = ctl_usage("render", a.nword > 1 ? a.word[1] : "",
		    a.nword > 1 ? _("one word too many") : _("a word is missing: which one?"));
		goto out;
	}
	to = ctl_arg(&a, "to");
	if (to == NULL || (t.format = texts_by_name(to)) == TEXTS_NONE) {
		rc = unknown_form(to);
		goto out;
	}
	ctl->json = ctl->json || a.json;
	if ((conf = conf_dir(path, sizeof path, &f)) == NULL || (cb = ctl_codebook(ctl, &f)) == NULL)
		goto failed;
	if (texts_open(&t, &a, conf, cb, &f) != 0) {
		rc = f.code == EX_USAGE ? ctl_usage("render", f.field, f.text) : ctl_fail(&f);
		goto out;
	}
	if (read_message(ctl, a.word[0], b, &f) != 0 || texts_write(&t, b, 0, &out, &lost, &f) != 0)
		goto failed;
	if (ctl->json) {
		o = json_pack("{s:s, s:s, s:s, s:s}", "id", a.word[0], "form", to, "text", buf_cstr(&out), "left_out",
		    buf_cstr(&lost));
		if (o == NULL) {
			(void)fault_set(&f, EX_SOFTWARE, "text", _("is no UTF-8 text"));
			goto failed;
		}
		ctl_json(stdout, o);
		json_decref(o);
	} else {
		(void)fputs(buf_cstr(&out), stdout);
		tell_left(&lost);
	}
	goto out;
failed:
	rc = ctl_fail(&f);
out:
	texts_close(&t);
	buf_free(&out);
	buf_free(&lost);
	body_free(b);
	ctl_args_free(&a);
	return rc;
}
