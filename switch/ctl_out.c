/*
 * What dutyctl prints: JSON lines for programs, tables for people.  Tables are measured in terminal cells, never in
 * bytes; nothing from outside reaches the terminal raw, in JSON neither (it is escaped there, so that nothing is lost).
 */
#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "../formats/buf.h"
#include "../formats/i18n.h"
#include "../formats/text.h"
#include "../formats/value.h"
#include "ctl.h"

#define CELL_TEXT 4096	/* bytes of one cell of a table */

void
ctl_json(FILE *out, const json_t *j)
{
	char *text = json_dumps(j, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
	const char *p = text, *end;
	uint32_t cp;
	size_t n;

	if (out == stdout)
		out = ctl_bytes();	/* UTF-8 whatever the locale */
	if (text == NULL)
		abort();	/* what was parsed or built by us always prints, but for memory */
	/* jansson escapes C0 alone: C1, DEL, bidi controls and the like go as \u escapes too */
	for (end = text + strlen(text); p < end; p += n) {
		n = text_decode(p, (size_t)(end - p), &cp);
		if (text_clean(p, n, false, NULL))
			(void)fwrite(p, 1, n, out);
		else
			(void)fprintf(out, "\\u%04" PRIx32, cp);	/* all of them lie in the first plane */
	}
	(void)fputc('\n', out);
	free(text);
}

/* In the reader's language: jansson's own words are English, and speak of its flags. */
const char *
ctl_json_why(const json_error_t *e, char *buf, size_t size)
{
	const char *why;

	switch (json_error_code(e)) {
	case json_error_premature_end_of_input:
		why = _("it ends too early");
		break;
	case json_error_end_of_input_expected:
		why = _("something follows behind its end");
		break;
	case json_error_null_character:
	case json_error_null_byte_in_key:
		why = _("a NUL character is not allowed");
		break;
	case json_error_duplicate_key:
		why = _("a member stands there twice");
		break;
	case json_error_invalid_utf8:
		why = _("it is not UTF-8");
		break;
	case json_error_numeric_overflow:
		why = _("a number is too large");
		break;
	case json_error_stack_overflow:
		why = _("it is nested too deep");
		break;
	default:
		why = _("syntax error");
		break;
	}
	(void)snprintf(buf, size, "%s", why);
	return buf;
}

void
ctl_json_answer(FILE *out, const json_t *answer)
{
	json_t *copy = json_copy((json_t *)answer);

	(void)json_object_del(copy, "re");
	(void)json_object_del(copy, "ok");
	ctl_json(out, copy);
	json_decref(copy);
}

/* ---- tables ---- */

struct ctl_table {
	const struct ctl_column *column;
	size_t ncolumns;
	char **cell;		/* rows * ncolumns, owned */
	size_t nrows, cap;
};

struct ctl_table *
ctl_table_new(const struct ctl_column *column, size_t n)
{
	struct ctl_table *t = xcalloc(1, sizeof *t);

	t->column = column;
	t->ncolumns = n;
	t->cap = 32;
	t->cell = xcalloc(t->cap * n, sizeof *t->cell);
	return t;
}

void
ctl_table_set(struct ctl_table *t, size_t column, const char *text)
{
	char clean[CELL_TEXT];
	char **at = &t->cell[t->nrows * t->ncolumns + column];

	assert(column < t->ncolumns);
	(void)text_sanitise(text, strlen(text), clean, sizeof clean, false);
	free(*at);
	*at = xstrdup(clean);
}

void
ctl_table_row(struct ctl_table *t)
{
	if (++t->nrows == t->cap) {
		t->cell = xreallocarray(t->cell, t->cap * 2 * t->ncolumns, sizeof *t->cell);
		memset(t->cell + t->cap * t->ncolumns, 0, t->cap * t->ncolumns * sizeof *t->cell);
		t->cap *= 2;
	}
}

static void
pad(FILE *out, int cells)
{
	for (; cells > 0; cells--)
		(void)fputc(' ', out);
}

static void
print_cell(FILE *out, const char *text, const struct ctl_column *c, int width, bool last)
{
	int used;
	size_t n = text_clip(text, width, &used);

	if (c->right)
		pad(out, width - used);
	(void)fwrite(text, 1, n, out);
	if (!last)
		pad(out, (c->right ? 0 : width - used) + 2);
}

/* An empty msgid is the catalogue's own heading. */
static const char *
title_of(const struct ctl_column *c)
{
	return *c->title != '\0' ? _(c->title) : "";
}

static void
print_row(const struct ctl_table *t, FILE *out, char *const *cell, const int *width)
{
	for (size_t k = 0; k < t->ncolumns; k++) {
		const char *text = cell != NULL ? cell[k] : title_of(&t->column[k]);

		print_cell(out, text == NULL ? "" : text, &t->column[k], width[k], k + 1 == t->ncolumns);
	}
	(void)fputc('\n', out);
}

void
ctl_table_print(struct ctl_table *t, FILE *out)
{
	int *width = xcalloc(t->ncolumns, sizeof *width);

	if (out == NULL)
		goto done;
	for (size_t k = 0; k < t->ncolumns; k++) {
		int title = text_cells(title_of(&t->column[k]));

		width[k] = title;
		for (size_t r = 0; r < t->nrows; r++) {
			const char *text = t->cell[r * t->ncolumns + k];
			int w = text == NULL ? 0 : text_cells(text);

			if (w > width[k])
				width[k] = w;
		}
		if (t->column[k].max > 0 && width[k] > t->column[k].max)
			width[k] = t->column[k].max > title ? t->column[k].max : title;
	}
	print_row(t, out, NULL, width);
	for (size_t r = 0; r < t->nrows; r++)
		print_row(t, out, t->cell + r * t->ncolumns, width);
done:
	for (size_t i = 0; i < t->cap * t->ncolumns; i++)
		free(t->cell[i]);
	free(t->cell);
	free(width);
	free(t);
}

/* ---- members ---- */

const char *
ctl_text(const json_t *object, const char *key, char *buf, size_t size)
{
	const json_t *v = json_object_get(object, key);
	size_t at = 0, i;
	const json_t *e;

	assert(size > 0);
	buf[0] = '\0';
	if (json_is_string(v))
		(void)text_sanitise(json_string_value(v), json_string_length(v), buf, size, false);
	else if (json_is_integer(v))
		(void)snprintf(buf, size, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
	else if (json_is_real(v))
		(void)snprintf(buf, size, "%.6g", json_real_value(v));
	else if (json_is_boolean(v))
		(void)snprintf(buf, size, "%s", json_is_true(v) ? _("yes") : _("no"));
	else if (json_is_array(v))
		json_array_foreach((json_t *)v, i, e) {
			const char *s = json_string_value(e);

			if (s == NULL || at + 1 >= size)
				continue;
			if (at > 0)
				buf[at++] = ',';
			at += text_sanitise(s, strlen(s), buf + at, size - at, false);
		}
	if (buf[0] == '\0' && size > 1)
		(void)snprintf(buf, size, "-");
	return buf;
}

const char *
ctl_time(const json_t *object, const char *key, char *buf, size_t size)
{
	json_int_t ms = json_integer_value(json_object_get(object, key));

	if (ms == 0) {
		(void)snprintf(buf, size, "-");
		return buf;
	}
	return time_format(ms, TIME_DAY, buf, size);
}

const char *
ctl_enum(const json_t *object, const char *key, const char *set, char *buf, size_t size)
{
	const json_t *v = json_object_get(object, key);
	const struct enum_name *e = NULL;

	if (json_is_integer(v) && json_integer_value(v) > 0 && json_integer_value(v) < 1000)
		e = enum_by_value(set, (int)json_integer_value(v));
	else if (json_is_string(v))
		e = enum_by_name(set, json_string_value(v));
	if (e != NULL) {
		(void)snprintf(buf, size, "%s", i18n_zh() ? e->zh : e->label);
		return buf;
	}
	if (json_is_integer(v) && json_integer_value(v) == 0) {
		(void)snprintf(buf, size, "-");
		return buf;
	}
	return ctl_text(object, key, buf, size);
}

void
ctl_line(FILE *out, const char *label, const char *text)
{
	char clean[CELL_TEXT];
	const char *p, *nl;
	int w = text_cells(label);

	(void)fputs(label, out);
	pad(out, w < 12 ? 12 - w : 0);
	/* a text of several lines keeps them, indented */
	for (p = text;; p = nl + 1) {
		size_t n, left, cut;

		nl = strchr(p, '\n');
		left = nl == NULL ? strlen(p) : (size_t)(nl - p);
		(void)fputc(' ', out);
		for (; left > 0; left -= cut, p += cut) {
			/* pieces at character boundaries: long texts are printed whole */
			for (cut = 0; cut < left && cut < sizeof clean / 4;) {
				uint32_t cp;

				n = text_decode(p + cut, left - cut, &cp);
				cut += n;
			}
			(void)text_sanitise(p, cut, clean, sizeof clean, false);
			(void)fputs(clean, out);
		}
		(void)fputc('\n', out);
		if (nl == NULL)
			break;
		pad(out, 12);
	}
}
