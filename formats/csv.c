/*
 * Bodies as CSV.
 *
 * What opens such a file is a spreadsheet on somebody's office machine, and what stands in the cells was partly typed by
 * strangers: a cell that begins like a formula would be run.  So every cell passes one door (csv_cell), which makes it
 * inert in a way that can be undone, and quotes it.  Nothing of a body is left out: what does not fit a cell's plain form
 * is written in a longer one, keys nobody knows as their bytes.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "csv.h"
#include "text.h"
#include "value.h"
#include "value_part.h"

#define TIME_MAX 48
#define MICRO 1000000

static const char *const marks[] = {"?", "", "~", ">=", "<="};

static void
put_hex(const uint8_t *p, size_t n, struct buf *out)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < n; i++) {
		buf_put_u8(out, (uint8_t)digits[p[i] >> 4]);
		buf_put_u8(out, (uint8_t)digits[p[i] & 15]);
	}
}

/* Whether a spreadsheet might take what follows for a formula, or our own mark would be mistaken. */
static bool
dangerous(const char *s, size_t n)
{
	static const char *const wide[] = {"＝", "＋", "－", "＠"};

	if (n == 0)
		return false;
	if (strchr("=+-@'\t\r", s[0]) != NULL && s[0] != '\0')
		return true;
	for (size_t i = 0; i < sizeof(wide) / sizeof(wide[0]); i++)
		if (n >= 3 && memcmp(s, wide[i], 3) == 0)
			return true;
	return false;
}

void
csv_cell(const char *s, size_t n, struct buf *out, struct csv_notes *notes)
{
	bool guard, quote = false;
	struct buf text = {0};
	uint32_t cp;
	size_t len, lead = 0;

	for (size_t i = 0; i < n; i += len) {
		len = text_decode(s + i, n - i, &cp);
		if (text_clean(s + i, len, true, NULL)) {
			buf_put(&text, s + i, len);
			continue;
		}
		buf_puts(&text, "\xef\xbf\xbd");
		notes->replaced++;
	}
	/* some programs trim a cell before they look whether it is a formula */
	while (lead < text.n && (text.p[lead] == ' ' || text.p[lead] == '\n'))
		lead++;
	guard = text.n > 0 && (dangerous((const char *)text.p + lead, text.n - lead) ||
				  dangerous((const char *)text.p, text.n));
	/* ; and tab too: in some places they are the separator, and quotes keep the cell in one piece there */
	for (size_t i = 0; i < text.n && !quote; i++)
		quote = strchr(",\";\t\n", text.p[i]) != NULL && text.p[i] != '\0';
	quote = quote || (text.n > 0 && (text.p[0] == ' ' || text.p[text.n - 1] == ' '));
	if (quote)
		buf_put_u8(out, '"');
	if (guard) {
		buf_put_u8(out, '\'');
		notes->guarded++;
	}
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '"')
			buf_put_u8(out, '"');
		buf_put_u8(out, text.p[i]);
	}
	if (quote)
		buf_put_u8(out, '"');
	buf_free(&text);
}

static void
put_instant(int64_t ms, int offset, struct buf *out)
{
	char text[TIME_MAX];

	if (value_time_rfc3339(ms, offset, text, sizeof(text)))
		buf_puts(out, text);
	else
		buf_printf(out, "%" PRId64 " ms", ms); /* a year RFC 3339 cannot write */
}

static void
put_when(const struct when *w, struct buf *out)
{
	struct when said;

	put_instant(w->ms, w->offset, out);
	if (w->text != NULL &&
	    (!time_parse_rfc3339(w->text, &said) || said.ms != w->ms || said.offset != w->offset))
		buf_printf(out, " (%s)", w->text);
}

static void
put_figure(const struct value *v, struct buf *out)
{
	const struct figure *g = &v->u.fig;

	buf_puts(out, marks[g->q]);
	if (g->q != FIG_UNKNOWN)
		value_fixed(out, g->n, field_decimals(v->field));
	if (g->source != NULL)
		buf_printf(out, "@%s", g->source);
	if (g->asof != 0) {
		buf_puts(out, g->source != NULL ? "/" : "@/");
		put_instant(g->asof, 480, out);
	}
}

static void
put_degrees(int32_t micro, struct buf *out)
{
	int64_t n = micro;

	if (n < 0)
		buf_put_u8(out, '-');
	value_fixed(out, n < 0 ? -n : n, 6);
}

static void
put_value(const struct value *v, struct buf *out)
{
	const struct enum_name *e;
	char text[MSGID_TEXT_MAX];

	switch (v->field->type) {
	case FT_TEXT:
	case FT_CODE:
	case FT_STATION:
		buf_put(out, v->u.text.s, v->u.text.len);
		break;
	case FT_ENUM:
		e = v->u.num > 0 && v->u.num <= ENUM_VALUE_MAX ? enum_by_value(v->field->arg, (int)v->u.num) : NULL;
		if (e != NULL)
			buf_puts(out, e->name);
		else
			buf_printf(out, "%" PRId64, v->u.num);
		break;
	case FT_UINT:
		buf_printf(out, "%" PRId64, v->u.num);
		break;
	case FT_BOOL:
		buf_puts(out, v->u.num != 0 ? "true" : "false");
		break;
	case FT_TIME:
		put_when(&v->u.when, out);
		break;
	case FT_FIGURE:
	case FT_FIGURE2:
	case FT_FIGURE4:
		put_figure(v, out);
		break;
	case FT_MSGID:
		buf_put(out, text, msgid_format(&v->u.id, text, sizeof(text)));
		break;
	case FT_GEO:
		put_degrees(v->u.geo.lat, out);
		buf_put_u8(out, ' ');
		put_degrees(v->u.geo.lon, out);
		break;
	case FT_DIGEST:
		put_hex(v->u.digest, DIGEST_LEN, out);
		break;
	}
}

void
csv_heading(struct buf *out)
{
	const struct field *f;

	for (size_t i = 0; (f = field_at(i)) != NULL; i++)
		if (*value_unit(f, true) != '\0') /* the same in every language: files are put together */
			buf_printf(out, "%s(%s),", f->name, value_unit(f, true));
		else
			buf_printf(out, "%s,", f->name);
	buf_puts(out, "unknown\r\n");
}

void
csv_body(const struct body *b, struct buf *out, struct csv_notes *notes)
{
	const struct field *f;
	struct buf cell = {0};

	for (size_t i = 0; (f = field_at(i)) != NULL; i++) {
		buf_clear(&cell);
		for (const struct value *v = body_first(b, f->key); v != NULL; v = body_next(b, v)) {
			if (cell.n > 0)
				buf_puts(&cell, " | ");
			put_value(v, &cell);
		}
		csv_cell(buf_cstr(&cell), cell.n, out, notes);
		buf_put_u8(out, ',');
	}
	buf_clear(&cell);
	for (size_t i = 0; i < b->n; i++) {
		if (b->v[i].field != NULL)
			continue;
		buf_printf(&cell, "%s%" PRIu32 "=", cell.n > 0 ? " | " : "", b->v[i].key);
		put_hex(b->v[i].u.raw.p, b->v[i].u.raw.len, &cell);
	}
	csv_cell(buf_cstr(&cell), cell.n, out, notes);
	buf_puts(out, "\r\n");
	buf_free(&cell);
}
