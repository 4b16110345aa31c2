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
#include "../formats/conf.h"
#include "../formats/csv.h"
#include "../formats/i18n.h"
#include "../formats/json.h"
#include "../formats/limits.h"
#include "../formats/text.h"
#include "../formats/value.h"
#include "../formats/wire.h"
#include "ctl_document.h"
#include "ctl_records.h"
#include "ctl_submit.h"
#include "ctl_texts.h"

#define STATUS_WARNED 1	/* taken, and warned of something */

enum output { OUTPUT_NONE, OUTPUT_WIRE, OUTPUT_JSON, OUTPUT_CSV, OUTPUT_TEXT, OUTPUT_DOCUMENT, OUTPUT_MADE };

static const struct {
	enum output format;
	const char *name;
} outputs[] = {{OUTPUT_WIRE, "wire"}, {OUTPUT_JSON, "json"}, {OUTPUT_CSV, "csv"}, {OUTPUT_TEXT, "text"},
    {OUTPUT_DOCUMENT, "cap"}, {OUTPUT_DOCUMENT, "12379"}, {OUTPUT_DOCUMENT, "ebd"}};
#define OUTPUTS (sizeof outputs / sizeof outputs[0])

static const struct ctl_option convert_options[] = {{"from", true, false}, {"to", true, false},
    {"charset", true, false}, {"output-charset", true, false}, {"bom", false, false}, {"lossy", false, false},
    {"self", true, false}, {"exercise", false, false}, {"kind", true, false}, {"parts", false, false},
    {"profile", true, false}, {"src", true, false}, {"dest", true, false}, {NULL, false, false}};
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
	struct document document;	/* OUTPUT_DOCUMENT */
	struct texts texts;		/* OUTPUT_MADE: bulletin, SMS, telephone script, paste */
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

/* What a text had no room for: whoever sends it should know, though a short message says itself that there is more. */
static void
put_lost(struct convert *c, const struct record *r, struct buf *lost)
{
	size_t len;

	for (const char *p = lost->n > 0 ? buf_cstr(lost) : ""; *p != '\0'; p += len + (p[len] == '\n')) {
		struct fault w = { 0 };

		len = strcspn(p, "\n");
		(void)fault_set(&w, EX_DATAERR, "",
		    c->texts.format == TEXTS_PASTE ? _("cut, the form takes no more: %.*s") : _("no room for: %.*s"),
		    (int)len, p);
		fault_at(&w, r->file, r->line);
		told(c, &w);
	}
}

static void
taken(void *ctx, const struct record *r)
{
	struct convert *c = ctx;
	const struct body *b = r->body;
	struct buf lost = { 0 };
	struct fault f = { 0 };
	json_t *j;

	if (c->taken == 0)
		put_heading(c);
	buf_clear(&c->out);
	switch (c->to) {
	case OUTPUT_WIRE:
		wire_encode(b, &c->out);
		if (c->out.n > limits_get()->body_bytes)
			(void)fault_set(&f, EX_DATAERR, "", _("takes %zu bytes on the wire, at most %zu are allowed"),
			    c->out.n, limits_get()->body_bytes);
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
	case OUTPUT_DOCUMENT:
		if (c->taken > 0)
			(void)fault_set(&f, EX_DATAERR, "",
			    _("one %s document holds one message, and one is written already"),
			    records_format_name(c->document.format));
		else if (document_write(&c->document, r, &c->out, &f) == 0)
			(void)fwrite(c->out.p, 1, c->out.n, ctl_bytes());
		break;
	case OUTPUT_MADE:
		if (texts_write(&c->texts, b, c->taken, &c->out, &lost, &f) == 0) {
			put_text(c, r->file, r->line);
			put_lost(c, r, &lost);
		}
		buf_free(&lost);
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
		return fault_set(f, EX_USAGE, name, _("must be wire, json, report-jsonl, cap, 12379 or ebd"));
	return 0;
}

/* The codebook, and the bounds of what is read. */
static const struct codebook *
ready(struct ctl *ctl, char *confdir, size_t size, struct fault *f)
{
	if (conf_dir(confdir, size, f) == NULL || limits_load(confdir, f) != 0)
		return NULL;
	return ctl_codebook(ctl, f);
}

/* Reads and hands over one file; -1 + fault when it cannot be read. */
static int
one_file(const struct records *r, enum record_format format, const char *path, struct fault *f)
{
	const char *where = strcmp(path, "-") == 0 ? "stdin" : path;
	uint8_t *bytes = NULL;
	size_t n = 0;

	bool xml = format == RECORD_CAP || format == RECORD_12379 || format == RECORD_EBD;

	if (ctl_file_read(path, xml ? limits_get()->cap_bytes : limits_get()->file_bytes, &bytes, &n, f) != 0)
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
	if (c->to == OUTPUT_DOCUMENT)
		c->document.format = records_format_by_name(to);
	c->document.ends = (struct ebd_ends){ .src = ctl_arg(a, "src"), .dest = ctl_arg(a, "dest") };
	if (c->document.format != RECORD_EBD && (c->document.ends.src != NULL || c->document.ends.dest != NULL))
		return fault_set(f, EX_USAGE, c->document.ends.src != NULL ? "src" : "dest", _("is for %s"), "ebd");
	if (c->to == OUTPUT_NONE && (c->texts.format = texts_by_name(to)) != TEXTS_NONE)
		c->to = OUTPUT_MADE;
	if (strcmp(to, "report-jsonl") == 0)
		return fault_set(f, EX_USAGE, "to", _("report-jsonl is read only: it cannot say what is unknown"));
	if (c->to == OUTPUT_NONE)
		return fault_set(f, EX_USAGE, "to",
		    _("must be json, wire, cap, 12379, ebd, csv, text, bulletin, sms, phone or paste"));
	c->set = CHARSET_UTF8;
	if (charset_option(a, "output-charset", &c->set, f) != 0)
		return -1;
	c->bom = ctl_flag(a, "bom");
	if ((c->set != CHARSET_UTF8 || c->bom) && c->to != OUTPUT_CSV && c->to != OUTPUT_TEXT &&
	    c->to != OUTPUT_MADE)
		return fault_set(f, EX_USAGE, c->bom ? "bom" : "output-charset", _("is for csv and texts"));
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
	char text[200], confdir[512];
	int rc;

	if (ctl_args_parse(&a, convert_options, false, argc, argv, &f) != 0 || output_option(&a, &c, &f) != 0 ||
	    format_option(&a, "from", &from, &f) != 0 || charset_option(&a, "charset", &r.told, &f) != 0) {
		rc = ctl_usage("convert", f.field, f.text);
		goto out;
	}
	if ((c.cb = ready(ctl, confdir, sizeof confdir, &f)) == NULL) {
		rc = ctl_fail(&f);
		goto out;
	}
	if (texts_open(&c.texts, &a, confdir, c.cb, &f) != 0) {
		rc = f.code == EX_USAGE ? ctl_usage("convert", f.field, f.text) : ctl_fail(&f);
		goto out;
	}
	r.cb = c.cb;
	r.now = ctl_now();
	r.lossy = ctl_flag(&a, "lossy");
	c.document.cb = c.cb;
	c.document.ctx = &c;
	c.document.noted = c.document.format == RECORD_CAP ? noted : told;
	if (c.document.format == RECORD_CAP)
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
	texts_close(&c.texts);
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
	char confdir[512];

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
	if ((r.cb = ready(ctl, confdir, sizeof confdir, &f)) == NULL) {
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
