/*
 * convert and check: files of messages, without a station.
 *
 * convert writes what it takes on standard output and says on standard error what it refuses or what a person should
 * look at; a message is written whole or not at all.  check writes one line a file and nothing else.  Both read with
 * ctl_records.c, so that what check accepts is what convert takes.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "../formats/buf.h"
#include "../formats/cap.h"
#include "../formats/cap_write.h"
#include "../formats/csv.h"
#include "../formats/i18n.h"
#include "../formats/json.h"
#include "../formats/text.h"
#include "../formats/value.h"
#include "../formats/wire.h"
#include "ctl_records.h"
#include "ctl_submit.h"

#define STATUS_WARNED 1	/* taken, and warned of something */

enum output { OUTPUT_NONE, OUTPUT_WIRE, OUTPUT_JSON, OUTPUT_CSV, OUTPUT_TEXT, OUTPUT_CAP };

static const struct {
	enum output format;
	const char *name;
} outputs[] = {{OUTPUT_WIRE, "wire"}, {OUTPUT_JSON, "json"}, {OUTPUT_CSV, "csv"}, {OUTPUT_TEXT, "text"}, {OUTPUT_CAP, "cap"}};
#define OUTPUTS (sizeof outputs / sizeof outputs[0])

static const struct ctl_option convert_options[] = {{"from", true, false}, {"to", true, false},
    {"charset", true, false}, {"output-charset", true, false}, {"bom", false, false}, {"lossy", false, false},
    {NULL, false, false}};
static const struct ctl_option check_options[] = {
    {"format", true, false}, {"charset", true, false}, {"lossy", false, false}, {NULL, false, false}};

struct convert {
	struct ctl *ctl;
	const struct codebook *cb;
	enum output to;
	enum charset set;		/* of the output */
	bool bom;
	struct buf out;
	struct csv_notes notes;
	size_t taken, warned, refused;
	int unread;			/* sysexits code of a file that could not be read, 0 */
};

/* ---- writing ---- */

/* The text of one message or heading, in the output's character set. */
static void
put_text(struct convert *c, const char *file, size_t line)
{
	struct charset_loss loss;
	struct buf coded = { 0 };
	struct fault f = { 0 };

	if (c->set == CHARSET_UTF8) {
		(void)fwrite(c->out.p, 1, c->out.n, ctl_bytes());
		return;
	}
	charset_encode(c->set, buf_cstr(&c->out), c->out.n, &coded, &loss);
	(void)fwrite(coded.p, 1, coded.n, ctl_bytes());
	buf_free(&coded);
	if (loss.count == 0)
		return;
	c->warned++;
	(void)fault_set(&f, EX_DATAERR, "", _("%zu characters are not in %s and stand there as [U+...]"), loss.count,
	    charset_name(c->set));
	fault_at(&f, file, line);
	(void)ctl_fail(&f);
}

/* Text of several lines keeps them, behind its label; control characters never. */
static void
put_lines(struct buf *out, const struct value *v)
{
	const char *s = v->u.text.s;
	uint32_t cp;
	size_t n;

	for (size_t i = 0; i < v->u.text.len; i += n) {
		n = text_decode(s + i, v->u.text.len - i, &cp);
		if (cp == '\n')
			buf_puts(out, "\n    ");
		else if (text_clean(s + i, n, true, NULL))
			buf_put(out, s + i, n);
		else
			buf_puts(out, "\xef\xbf\xbd");
	}
}

static void
put_people(struct convert *c, const struct body *b)
{
	bool zh = i18n_zh();

	for (size_t i = 0; i < b->n; i++) {
		const struct value *v = &b->v[i];

		if (v->field == NULL) {
			buf_printf(&c->out, _("unknown field %u"), (unsigned)v->key);
			buf_puts(&c->out, ": ");
			for (size_t k = 0; k < v->u.raw.len; k++)
				buf_printf(&c->out, "%02x", v->u.raw.p[k]);
		} else {
			buf_puts(&c->out, zh ? v->field->zh : v->field->label);
			buf_puts(&c->out, ": ");
			if (v->field->type == FT_TEXT)
				put_lines(&c->out, v);
			else
				value_format(&c->out, v, c->cb, zh);
		}
		buf_put_u8(&c->out, '\n');
	}
	buf_put_u8(&c->out, '\n');
}

/* Before the first message, and not when there is none. */
static void
put_heading(struct convert *c)
{
	buf_clear(&c->out);
	if (c->bom && c->to != OUTPUT_JSON)
		buf_puts(&c->out, "\xef\xbb\xbf");
	if (c->to == OUTPUT_CSV)
		csv_heading(&c->out);
	if (c->out.n > 0)
		put_text(c, "", 0);
}

static void
told(void *ctx, const struct fault *f)
{
	struct convert *c = ctx;

	c->warned++;
	(void)ctl_fail(f);
}

/* Told, and no reason for another exit status: nothing is wrong with what was read. */
static void
noted(void *ctx, const struct fault *f)
{
	(void)ctx;
	(void)ctl_fail(f);
}

static void
refused(void *ctx, const struct fault *f)
{
	struct convert *c = ctx;

	c->refused++;
	(void)ctl_fail(f);
}

static bool
begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

/* A document as it stands is written again from its own elements; any other message is made into one. */
static int
put_cap(struct convert *c, const struct record *r, struct fault *f)
{
	struct buf odd = { 0 };
	size_t len;
	int rc;

	if (c->taken > 0)
		return fault_set(f, EX_DATAERR, "", _("one CAP document holds one alert, and one is written already"));
	if (r->document == NULL)
		return cap_write(r->body, c->cb, &c->out, f);
	rc = cap_rewrite(r->document, r->size, &c->out, &odd, f);
	/* what is wrong with the document has been told on reading; here, what the new one lacks or says otherwise */
	for (const char *p = odd.n > 0 ? buf_cstr(&odd) : ""; rc == 0 && *p != '\0'; p += len + (p[len] == '\n')) {
		struct fault w = { 0 };

		len = strcspn(p, "\n");
		if (begins(p, _("the signature is not verified")))
			(void)fault_set(&w, EX_DATAERR, "", _("the signature is not carried over"));
		else if (begins(p, _("what CAP 1.2 does not have, or wants besides, was changed to its form")))
			(void)fault_set(&w, EX_DATAERR, "", "%.*s", (int)len, p);
		else
			continue;
		fault_at(&w, r->file, 0);
		noted(c, &w);
	}
	buf_free(&odd);
	return rc;
}

static void
taken(void *ctx, const struct record *r)
{
	struct convert *c = ctx;
	const struct body *b = r->body;
	struct fault f = { 0 };
	json_t *j;

	if (c->taken == 0)
		put_heading(c);
	buf_clear(&c->out);
	switch (c->to) {
	case OUTPUT_WIRE:
		wire_encode(b, &c->out);
		if (c->out.n > BODY_MAX)
			(void)fault_set(&f, EX_DATAERR, "", _("takes %zu bytes on the wire, at most %zu are allowed"),
			    c->out.n, (size_t)BODY_MAX);
		else
			(void)fwrite(c->out.p, 1, c->out.n, ctl_bytes());
		break;
	case OUTPUT_JSON:
		j = json_from_body(b);
		ctl_json(stdout, j);
		json_decref(j);
		break;
	case OUTPUT_CSV:
		csv_body(b, &c->out, &c->notes);
		put_text(c, r->file, r->line);
		break;
	case OUTPUT_TEXT:
		put_people(c, b);
		put_text(c, r->file, r->line);
		break;
	case OUTPUT_CAP:
		if (put_cap(c, r, &f) == 0)
			(void)fwrite(c->out.p, 1, c->out.n, ctl_bytes());
		else if (f.code == 0)
			f.code = EX_DATAERR;
		break;
	case OUTPUT_NONE:
		abort();
	}
	if (f.code != 0) {
		fault_at(&f, r->file, r->line);
		refused(c, &f);
	} else
		c->taken++;
}

/* ---- the verbs ---- */

static int
charset_option(const struct ctl_args *a, const char *name, enum charset *out, struct fault *f)
{
	const char *s = ctl_arg(a, name);

	if (s == NULL)
		return 0;
	if ((*out = charset_by_name(s)) == CHARSET_NONE)
		return fault_set(f, EX_USAGE, name,
		    _("must be utf-8, gb18030, gbk, gb2312, big5, utf-16le or utf-16be"));
	return 0;
}

static int
format_option(const struct ctl_args *a, const char *name, enum record_format *out, struct fault *f)
{
	const char *s = ctl_arg(a, name);

	if (s == NULL)
		return 0;
	if ((*out = records_format_by_name(s)) == RECORD_NONE)
		return fault_set(f, EX_USAGE, name, _("must be wire, json, report-jsonl or cap"));
	return 0;
}

/* Reads and hands over one file; -1 + fault when it cannot be read. */
static int
one_file(const struct records *r, enum record_format format, const char *path, struct fault *f)
{
	const char *where = strcmp(path, "-") == 0 ? "stdin" : path;
	uint8_t *bytes = NULL;
	size_t n = 0;

	if (ctl_file_read(path, format == RECORD_CAP ? CAP_MAX : RECORDS_FILE_MAX, &bytes, &n, f) != 0)
		return -1;
	if (format == RECORD_NONE)
		format = records_format_of(bytes, n);
	records_read(r, format, where, bytes, n);
	free(bytes);
	return 0;
}

static int
output_option(const struct ctl_args *a, struct convert *c, struct fault *f)
{
	const char *to = ctl_arg(a, "to");

	if (to == NULL)
		return fault_set(f, EX_USAGE, "to", _("which format?"));
	for (size_t i = 0; i < OUTPUTS; i++)
		if (strcmp(outputs[i].name, to) == 0)
			c->to = outputs[i].format;
	if (strcmp(to, "report-jsonl") == 0)
		return fault_set(f, EX_USAGE, "to", _("report-jsonl is read only: it cannot say what is unknown"));
	if (c->to == OUTPUT_NONE)
		return fault_set(f, EX_USAGE, "to", _("must be json, wire, cap, csv or text"));
	c->set = CHARSET_UTF8;
	if (charset_option(a, "output-charset", &c->set, f) != 0)
		return -1;
	c->bom = ctl_flag(a, "bom");
	if ((c->set != CHARSET_UTF8 || c->bom) && c->to != OUTPUT_CSV && c->to != OUTPUT_TEXT)
		return fault_set(f, EX_USAGE, c->bom ? "bom" : "output-charset", _("is for csv and text"));
	if (c->bom && c->set != CHARSET_UTF8 && c->set != CHARSET_GB18030 && c->set != CHARSET_UTF16LE &&
	    c->set != CHARSET_UTF16BE)
		return fault_set(f, EX_USAGE, "bom", _("%s has no byte order mark"), charset_name(c->set));
	return 0;
}

int
ctl_convert(struct ctl *ctl, int argc, char **argv)
{
	struct convert c = { .ctl = ctl };
	struct records r = { .ctx = &c, .taken = taken, .warned = told, .noted = noted, .refused = refused };
	enum record_format from = RECORD_NONE;
	struct fault f = { 0 };
	struct ctl_args a;
	char text[200];
	int rc;

	if (ctl_args_parse(&a, convert_options, false, argc, argv, &f) != 0 || output_option(&a, &c, &f) != 0 ||
	    format_option(&a, "from", &from, &f) != 0 || charset_option(&a, "charset", &r.told, &f) != 0) {
		rc = ctl_usage("convert", f.field, f.text);
		goto out;
	}
	if ((c.cb = ctl_codebook(ctl, &f)) == NULL) {
		rc = ctl_fail(&f);
		goto out;
	}
	r.cb = c.cb;
	r.now = ctl_now();
	r.lossy = ctl_flag(&a, "lossy");
	if (c.to == OUTPUT_CAP)
		r.noted = NULL;	/* documents are written again from their own elements */
	for (size_t i = 0; i < a.nword || (i == 0 && a.nword == 0); i++) {
		f = (struct fault){ 0 };
		if (one_file(&r, from, a.nword == 0 ? "-" : a.word[i], &f) != 0)
			c.unread = ctl_fail(&f);
	}
	if (c.notes.guarded > 0) {
		(void)snprintf(text, sizeof text, _("cells that looked like formulas and begin with ' now: %zu"),
		    c.notes.guarded);
		ctl_note(text);
	}
	if (c.notes.replaced > 0) {
		(void)snprintf(text, sizeof text, _("control characters that became U+FFFD: %zu"), c.notes.replaced);
		ctl_note(text);
		c.warned++;
	}
	if (c.refused > 0 && c.taken + c.refused > 1) {
		(void)snprintf(text, sizeof text, _("taken %zu, refused %zu"), c.taken, c.refused);
		ctl_note(text);
	}
	rc = c.refused > 0 ? EX_DATAERR : c.unread != 0 ? c.unread : c.warned > 0 ? STATUS_WARNED : EX_OK;
out:
	buf_free(&c.out);
	ctl_args_free(&a);
	return rc;
}

/* What became of one file. */
struct verdict {
	size_t taken, warned, refused;
	struct fault first;	/* the first refusal, else the first warning */
};

static void
check_taken(void *ctx, const struct record *r)
{
	(void)r;
	((struct verdict *)ctx)->taken++;
}

static void
check_warned(void *ctx, const struct fault *f)
{
	struct verdict *v = ctx;

	if (v->warned++ == 0 && v->refused == 0)
		v->first = *f;
}

static void
check_refused(void *ctx, const struct fault *f)
{
	struct verdict *v = ctx;

	if (v->refused++ == 0)
		v->first = *f;
}

static void
print_verdict(const struct ctl *ctl, const char *path, const struct verdict *v)
{
	const char *word = v->refused > 0 ? "reject" : v->warned > 0 ? "warn" : "accept";
	char file[4096], reason[1024], line[1100];
	struct fault f = v->first;
	json_t *j;

	f.file[0] = '\0';	/* it stands in its own column */
	reason[0] = '\0';
	if (v->refused + v->warned > 0)
		(void)fault_format(&f, reason, sizeof reason);
	if (v->refused > 0 && v->taken + v->refused > 1)
		(void)snprintf(line, sizeof line, _("%.900s (%zu of %zu messages refused)"), reason, v->refused,
		    v->taken + v->refused);
	else if (v->refused + v->warned > 0)
		(void)snprintf(line, sizeof line, "%s", reason);
	else
		(void)snprintf(line, sizeof line, _("messages: %zu"), v->taken);
	(void)text_sanitise(path, strlen(path), file, sizeof file, false);
	(void)text_sanitise(line, strlen(line), reason, sizeof reason, false);
	if (ctl->json) {
		j = json_pack("{s:s, s:s, s:s, s:I, s:I, s:I}", "verdict", word, "file", file, "reason", reason, "taken",
		    (json_int_t)v->taken, "warnings", (json_int_t)v->warned, "refused", (json_int_t)v->refused);
		if (j == NULL)
			abort();	/* memory: every string in it is clean UTF-8 */
		ctl_json(stdout, j);
		json_decref(j);
		return;
	}
	(void)printf("%s\t%s\t%s\n", word, file, reason);
}

int
ctl_check(struct ctl *ctl, int argc, char **argv)
{
	struct records r = { .taken = check_taken, .warned = check_warned, .refused = check_refused };
	enum record_format format = RECORD_NONE;
	int rejected = 0, warned = 0, unread = 0, rc;
	struct fault f = { 0 };
	struct ctl_args a;

	if (ctl_args_parse(&a, check_options, false, argc, argv, &f) != 0 ||
	    format_option(&a, "format", &format, &f) != 0 || charset_option(&a, "charset", &r.told, &f) != 0) {
		rc = ctl_usage("check", f.field, f.text);
		goto out;
	}
	ctl->json = ctl->json || a.json;
	if (a.nword == 0) {
		rc = ctl_usage("check", "", _("which file? (- is standard input)"));
		goto out;
	}
	if ((r.cb = ctl_codebook(ctl, &f)) == NULL) {
		rc = ctl_fail(&f);
		goto out;
	}
	r.now = ctl_now();
	r.lossy = ctl_flag(&a, "lossy");
	for (size_t i = 0; i < a.nword; i++) {
		struct verdict v = { 0 };

		r.ctx = &v;
		if (one_file(&r, format, a.word[i], &v.first) != 0) {
			v.refused = 1;
			if (v.first.code != EX_DATAERR)
				unread = v.first.code;
		}
		rejected += v.refused > 0;
		warned += v.warned > 0;
		print_verdict(ctl, a.word[i], &v);
	}
	rc = unread != 0 ? unread : rejected > 0 ? EX_DATAERR : warned > 0 ? STATUS_WARNED : EX_OK;
out:
	ctl_args_free(&a);
	return rc;
}
