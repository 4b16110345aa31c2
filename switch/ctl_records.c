/*
 * Messages out of files.
 *
 * A message that is taken is taken as it is written: headers and keys nobody here knows included, since whoever
 * converts vouches for the file and nothing enters a station by it.  Damaged text (half a character, lone surrogates,
 * overlong forms) refuses the message, naming line and member, until the operator says that he wants it all the same:
 * a report whose figures went through a broken conversion is no report.
 *
 * Warnings are for what a person should look at: what a station would not send like that, what is not understood, what
 * was guessed, and what the importer found wrong with a document.  What it only read otherwise than it stands there is a
 * note: nothing is wrong with the document, but a copy in another format lacks it.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "../formats/buf.h"
#include "../formats/cap.h"
#include "../formats/check.h"
#include "../formats/ebd.h"
#include "../formats/i18n.h"
#include "../formats/json.h"
#include "../formats/limits.h"
#include "../formats/reportjsonl.h"
#include "../formats/text.h"
#include "../formats/warn12379.h"
#include "../formats/wire.h"
#include "../formats/wire_seq.h"
#include "ctl_records.h"
#include "ctl_submit.h"

static const struct {
	enum record_format format;
	const char *name;
} names[] = {{RECORD_WIRE, "wire"}, {RECORD_JSON, "json"}, {RECORD_REPORTS, "report-jsonl"}, {RECORD_CAP, "cap"},
    {RECORD_12379, "12379"}, {RECORD_EBD, "ebd"}};
#define NAMES (sizeof names / sizeof names[0])

struct source {
	const struct records *r;
	const char *file;
	enum record_format format;
	enum charset set;
};

enum record_format
records_format_by_name(const char *name)
{
	for (size_t i = 0; i < NAMES; i++)
		if (strcmp(names[i].name, name) == 0)
			return names[i].format;
	return RECORD_NONE;
}

const char *
records_format_name(enum record_format format)
{
	for (size_t i = 0; i < NAMES; i++)
		if (names[i].format == format)
			return names[i].name;
	return "";
}

enum record_format
records_format_of(const void *bytes, size_t n)
{
	const uint8_t *p = bytes;
	size_t skip, end;

	if (n == 0)
		return RECORD_NONE;
	if (p[0] >= 0xa0 && p[0] <= 0xbf && charset_bom(p, n, &skip) == CHARSET_NONE)
		return RECORD_WIRE;	/* a CBOR map; no text in the sets that are read begins with these and a key */
	(void)charset_bom(p, n, &skip);
	/* in UTF-16 every other byte is NUL */
	while (skip < n && (p[skip] == '\0' || strchr(" \t\r\n", p[skip]) != NULL))
		skip++;
	if (skip == n)
		return RECORD_NONE;
	if (p[skip] == '<')
		return warn12379_looks(p, n) ? RECORD_12379 : ebd_looks(p, n) ? RECORD_EBD : RECORD_CAP;
	if (p[skip] != '{')
		return RECORD_NONE;
	for (end = skip; end < n && p[end] != '\n'; end++)
		;
	return memmem(p + skip, end - skip, "\"dtg\"", 5) != NULL && memmem(p + skip, end - skip, "\"event\"", 7) != NULL
		   ? RECORD_REPORTS
		   : RECORD_JSON;
}

/* ---- telling ---- */

static void
refuse(const struct source *s, size_t line, struct fault *f)
{
	if (f->code == 0)
		f->code = EX_DATAERR;
	fault_at(f, s->file, line);
	s->r->refused(s->r->ctx, f);
}

static void __attribute__((format(printf, 4, 5)))
warn(const struct source *s, size_t line, const char *field, const char *fmt, ...)
{
	struct fault f = { 0 };
	char text[sizeof f.text];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	(void)fault_set(&f, EX_DATAERR, field, "%s", text);
	fault_at(&f, s->file, line);
	s->r->warned(s->r->ctx, &f);
}

static void
take(const struct source *s, size_t line, const struct body *b, const void *document, size_t size)
{
	const struct record record = {
		.file = s->file, .line = line, .body = b, .format = s->format, .document = document, .size = size };
	struct fault f = { 0 };

	if (b->not_understood)
		warn(s, line, "", _("holds what must be understood and is not known here"));
	if ((s->format == RECORD_JSON || s->format == RECORD_WIRE) && check_body(b, s->r->cb, &f) != 0)
		warn(s, line, f.field, _("a station would not send this: %s"), f.text);
	s->r->taken(s->r->ctx, &record);
}

/* ---- the formats ---- */

static void
read_wire(const struct source *s, const uint8_t *p, size_t n)
{
	for (size_t at = 0, message = 1, len; at < n; at += len, message++) {
		struct fault f = { 0 };
		struct body *b;

		if ((len = wire_seq_next(p + at, n - at, &f)) == 0) {
			refuse(s, message, &f);
			return;	/* where the next one would begin, nobody can say */
		}
		if ((b = wire_decode(p + at, len, &f)) == NULL) {
			refuse(s, message, &f);
			continue;
		}
		take(s, message, b, NULL, 0);
		body_free(b);
	}
}

/* What the importer says of a document: what is wrong with it, or only what a copy in another format lacks. */
static void
remarks(const struct source *s, const struct cap_alert *alert)
{
	for (const struct value *v = body_first(alert->body, F_REMARKS); v != NULL; v = body_next(alert->body, v)) {
		struct fault f = { 0 };

		if (alert->odd) {
			warn(s, 0, "", "%s", v->u.text.s);
		} else if (alert->lossy && s->r->noted != NULL) {
			(void)fault_set(&f, EX_DATAERR, "", "%s", v->u.text.s);
			fault_at(&f, s->file, 0);
			s->r->noted(s->r->ctx, &f);
		}
	}
}

/* One alert of a document or of a feed; the line is that of the container. */
static void
each_alert(void *ctx, const void *bytes, size_t n, struct cap_alert *alert, const struct fault *why)
{
	const struct source *s = ctx;

	if (alert == NULL) {
		struct fault f = *why;

		refuse(s, 0, &f);
		return;
	}
	remarks(s, alert);
	/* a message of ours that went out as CAP comes back as what it was */
	take(s, 0, alert->own != NULL ? alert->own : alert->body, bytes, n);
}

static void
read_cap(const struct source *s, const uint8_t *p, size_t n)
{
	struct fault f = { 0 };
	void *ctx = (void *)(uintptr_t)s;

	if (cap_read_all(p, n, s->r->cb, s->r->now, each_alert, ctx, &f) < 0)
		refuse(s, 0, &f);
}

static void
read_ebd(const struct source *s, const uint8_t *p, size_t n)
{
	struct ebd_message message = { 0 };
	struct fault f = { 0 };

	if (ebd_read(p, n, s->r->cb, s->r->now, &message, &f) != 0) {
		refuse(s, 0, &f);
		return;
	}
	for (const struct value *v = body_first(message.body, F_REMARKS); v != NULL; v = body_next(message.body, v))
		warn(s, 0, "", "%s", v->u.text.s);
	take(s, 0, message.body, p, n);
	ebd_free(&message);
}

static void
read_12379(const struct source *s, const uint8_t *p, size_t n)
{
	struct warn12379 warning = { 0 };
	struct fault f = { 0 };

	if (warn12379_read(p, n, s->r->cb, s->r->now, &warning, &f) != 0) {
		refuse(s, 0, &f);
		return;
	}
	for (const struct value *v = body_first(warning.body, F_REMARKS); v != NULL; v = body_next(warning.body, v))
		warn(s, 0, "", "%s", v->u.text.s);
	take(s, 0, warning.body, p, n);
	warn12379_free(&warning);
}

/* A line of `dutyctl export` carries the body inside, and the digest of its bytes. */
static void
compare_digest(const struct source *s, size_t line, const json_t *object, const struct body *b)
{
	const char *said = json_string_value(json_object_get(object, "digest"));
	uint8_t digest[DIGEST_LEN], want[DIGEST_LEN];
	struct buf bytes = { 0 };

	if (said == NULL)
		return;
	wire_encode(b, &bytes);
	digest_of(bytes.p, bytes.n, digest);
	buf_free(&bytes);
	if (!digest_parse(said, want) || memcmp(digest, want, DIGEST_LEN) != 0)
		warn(s, line, "digest", _("is not that of the message: it was changed, or written by another version"));
}

/* Nesting of a line's objects and arrays, before a parser goes down into them. */
static bool
too_deep(const char *p, size_t n)
{
	size_t depth = 0;
	bool string = false;

	for (size_t i = 0; i < n; i++) {
		if (p[i] == '"')
			string = !string;
		else if (string && p[i] == '\\')
			i++;
		else if (!string && (p[i] == '{' || p[i] == '[') && ++depth > limits_get()->json_depth)
			return true;
		else if (!string && (p[i] == '}' || p[i] == ']') && depth > 0)
			depth--;
	}
	return false;
}

static struct body *
json_line(const struct source *s, size_t line, const char *p, size_t n, struct fault *f)
{
	json_error_t err;
	json_t *o = json_loadb(p, n, JSON_REJECT_DUPLICATES, &err), *inner;
	struct body *b = NULL;
	char member[64], why[160];

	if (o == NULL) {
		jsonl_member_at(p, n, err.position > 0 ? (size_t)err.position : n, member, sizeof member);
		(void)fault_set(f, EX_DATAERR, member, _("no JSON at column %d: %s"), err.column,
		    ctl_json_why(&err, why, sizeof why));
		return NULL;
	}
	inner = json_object_get(o, "body");
	b = body_new();
	if (json_to_body(json_is_object(inner) ? inner : o, b, s->r->cb, s->r->now, true, f) != 0) {
		body_free(b);
		b = NULL;
	} else if (b->n == 0) {
		(void)fault_set(f, EX_DATAERR, "", _("holds no field"));
		body_free(b);
		b = NULL;
	} else if (json_is_object(inner))
		compare_digest(s, line, o, b);
	json_decref(o);
	return b;
}

/* One line, in UTF-8 or not. */
static void
read_line(const struct source *s, size_t line, const uint8_t *p, size_t n)
{
	struct buf text = { 0 }, before = { 0 };
	struct charset_loss loss = { 0 }, ignored;
	struct fault f = { 0 };
	struct body *b = NULL;
	char member[64];

	if (s->set != CHARSET_UTF8 || !text_utf8_valid((const char *)p, n, NULL)) {
		charset_decode(s->set, p, n, &text, &loss);
		if (loss.count > 0) {
			charset_decode(s->set, p, loss.offset, &before, &ignored);
			jsonl_member_at(buf_cstr(&text), text.n, before.n, member, sizeof member);
			buf_free(&before);
		}
		if (loss.count > 0 && !s->r->lossy) {
			(void)fault_set(&f, EX_DATAERR, member,
			    _("%s at byte %zu of the line, read as %s; %zu in all; with --lossy U+FFFD stands in its "
			      "place"),
			    charset_why_text(loss.why), loss.offset + 1, charset_name(s->set), loss.count);
			refuse(s, line, &f);
			goto out;
		}
		if (loss.count > 0)
			warn(s, line, member, _("%s at byte %zu of the line; %zu in all became U+FFFD"),
			    charset_why_text(loss.why), loss.offset + 1, loss.count);
		p = (const uint8_t *)buf_cstr(&text);
		n = text.n;
	}
	if (too_deep((const char *)p, n)) {
		(void)fault_set(&f, EX_DATAERR, "", _("nested deeper than %zu levels"), limits_get()->json_depth);
		refuse(s, line, &f);
		goto out;
	}
	b = s->format == RECORD_REPORTS ? reportjsonl_read((const char *)p, n, s->r->cb, s->r->now, &f)
					: json_line(s, line, (const char *)p, n, &f);
	if (b == NULL)
		refuse(s, line, &f);
	else
		take(s, line, b, NULL, 0);
	body_free(b);
out:
	buf_free(&text);
}

static bool
blank(const uint8_t *p, size_t n)
{
	while (n > 0 && (*p == ' ' || *p == '\t' || *p == '\r')) {
		p++;
		n--;
	}
	return n == 0;
}

static void
read_lines(struct source *s, const uint8_t *p, size_t n)
{
	struct fault f = { 0 };
	struct charset_loss loss;
	struct buf text = { 0 };
	size_t skip, line = 0, messages = 0;
	const uint8_t *end, *nl;
	enum charset bom = charset_bom(p, n, &skip);

	s->set = charset_choose(p, n, s->r->told, &skip);
	if (bom == CHARSET_NONE && s->r->told == CHARSET_NONE && s->set != CHARSET_UTF8)
		warn(s, 0, "", _("read as %s by its looks; --charset says for sure"), charset_name(s->set));
	p += skip;
	n -= skip;
	if (s->set == CHARSET_UTF16LE || s->set == CHARSET_UTF16BE) {
		/* lines can only be told apart when it has been read */
		charset_decode(s->set, p, n, &text, &loss);
		if (loss.count > 0) {
			(void)fault_set(&f, EX_DATAERR, "", _("%s at byte %zu, read as %s; %zu in all"),
			    charset_why_text(loss.why), loss.offset + skip + 1, charset_name(s->set), loss.count);
			if (!s->r->lossy) {
				refuse(s, 0, &f);
				goto out;
			}
			fault_at(&f, s->file, 0);
			s->r->warned(s->r->ctx, &f);
		}
		s->set = CHARSET_UTF8;
		p = (const uint8_t *)buf_cstr(&text);
		n = text.n;
	}
	for (end = p + n; p < end; p = nl < end ? nl + 1 : end) {
		nl = memchr(p, '\n', (size_t)(end - p));
		if (nl == NULL)
			nl = end;
		line++;
		if (blank(p, (size_t)(nl - p)))
			continue;	/* an empty line is no report */
		messages++;
		if ((size_t)(nl - p) > limits_get()->line_bytes) {
			f = (struct fault){ 0 };
			(void)fault_set(&f, EX_DATAERR, "", _("line longer than %zu bytes"), limits_get()->line_bytes);
			refuse(s, line, &f);
		} else
			read_line(s, line, p, (size_t)(nl - p));
	}
	if (messages == 0) {
		f = (struct fault){ 0 };
		(void)fault_set(&f, EX_DATAERR, "", _("holds no message"));
		refuse(s, 0, &f);
	}
out:
	buf_free(&text);
}

void
records_read(const struct records *r, enum record_format format, const char *file, const void *p, size_t n)
{
	struct source s = { .r = r, .file = file, .format = format, .set = CHARSET_UTF8 };
	struct fault f = { 0 };

	if (n == 0 || format == RECORD_NONE) {
		(void)fault_set(&f, EX_DATAERR, "",
		    n == 0 ? _("the file is empty") : _("looks like none of wire, json, report-jsonl, cap, 12379 and ebd"));
		refuse(&s, 0, &f);
		return;
	}
	switch (format) {
	case RECORD_WIRE:
		read_wire(&s, p, n);
		break;
	case RECORD_CAP:
		read_cap(&s, p, n);
		break;
	case RECORD_12379:
		read_12379(&s, p, n);
		break;
	case RECORD_EBD:
		read_ebd(&s, p, n);
		break;
	case RECORD_JSON:
	case RECORD_REPORTS:
	case RECORD_NONE:
		read_lines(&s, p, n);
		break;
	}
}
