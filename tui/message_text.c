/*
 * See message_text.h.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../formats/body.h"
#include "../formats/buf.h"
#include "../formats/i18n.h"
#include "../formats/json.h"
#include "../formats/text.h"
#include "../formats/value.h"
#include "message_text.h"
#include "term.h"
#include "util.h"

bool
message_corrects(const json_t *row)
{
	const char *word = enum_label("stage", STAGE_CORRECTION);
	size_t n = strlen(word);

	return strcmp(jtext(row, "kind"), "report") == 0 && strncmp(jtext(row, "title"), word, n) == 0;
}

void
lines_clear(struct lines *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->line[i]);
	free(l->line);
	*l = (struct lines){ .rows = l->rows };
}

static void
put(struct lines *l, const char *label, int indent, const char *s, size_t len)
{
	struct buf b = { 0 };
	int pad = indent;

	if (*label) {
		buf_puts(&b, label);
		pad = indent - text_cells(label);
	}
	while (pad-- > 0)
		buf_puts(&b, " ");
	buf_put(&b, s, len);
	l->line = xreallocarray(l->line, l->n + 1, sizeof(*l->line));
	l->line[l->n++] = xstrdup(buf_cstr(&b));
	buf_free(&b);
}

void
lines_add(struct lines *l, const char *label, const char *text, int width)
{
	size_t size = 3 * strlen(text) + 1, n;
	char *clean = xmalloc(size), *p = clean;
	int indent = *label ? text_cells(label) + 1 : 0, used;
	bool first = true;

	if (*label && indent < 10)
		indent = 10;
	(void)text_sanitise(text, strlen(text), clean, size, true);
	while (first || *p) {
		size_t row = strcspn(p, "\n");

		n = text_clip(p, width - indent, &used);
		if (n > row)
			n = row;
		if (n == 0 && row > 0)
			n = 1;
		put(l, first ? label : "", indent, p, n);
		first = false;
		p += n;
		if (*p == '\n')
			p++;
	}
	free(clean);
}

static bool
plain_field(const struct field *f)
{
	switch (f->key) {
	case F_KIND:
	case F_PARENTS:
	case F_ID:
	case F_INCIDENT:
	case F_WRITTEN:
	case F_SEAT:
	case F_SEAL:
	case F_RING:
	case F_HISTORY:
	case F_SOURCE_FORMAT:
	case F_ORIGINAL:
	case F_ORIGINAL_SIZE:
	case F_CAP_TREE:
	case F_ORDER:
	case F_LANGUAGE:
		return false;
	default:
		return true;
	}
}

/* CAP's words of judgement, the standard's own beside ours; NULL: another text. */
static const char *
cap_word(const struct field *f, const char *s)
{
	static const struct { uint32_t key; const char *word, *name; } words[] = {
		{ F_SEVERITY, "Extreme", N_("extreme severity") }, { F_SEVERITY, "Severe", N_("severe") },
		{ F_SEVERITY, "Moderate", N_("moderate") }, { F_SEVERITY, "Minor", N_("minor") },
		{ F_URGENCY, "Immediate", N_("immediate") }, { F_URGENCY, "Expected", N_("expected") },
		{ F_URGENCY, "Future", N_("future") }, { F_URGENCY, "Past", N_("past") },
		{ F_CERTAINTY, "Observed", N_("observed") }, { F_CERTAINTY, "Likely", N_("likely") },
		{ F_CERTAINTY, "Possible", N_("possible") }, { F_CERTAINTY, "Unlikely", N_("unlikely") },
	};

	if (f->key != F_SEVERITY && f->key != F_URGENCY && f->key != F_CERTAINTY)
		return NULL;
	if (strcmp(s, "Unknown") == 0)
		return _("degree not known");
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (words[i].key == f->key && strcmp(words[i].word, s) == 0)
			return _(words[i].name);
	return NULL;
}

static void
add_fields(struct lines *l, const struct body *b, const struct codebook *cb, int width)
{
	const struct field *f;

	for (size_t i = 0; (f = field_at(i)) != NULL; i++) {
		const struct value *v = body_first(b, f->key);
		struct buf text = { 0 };
		const char *word;
		char label[96];

		if (!v || !plain_field(f))
			continue;
		for (; v; v = body_next(b, v)) {
			if (text.n > 0)
				buf_puts(&text, f->flags & FF_LINES ? "\n" : "  ");
			if (i18n_zh() && f->type == FT_TEXT && (word = cap_word(f, v->u.text.s)) != NULL)
				buf_printf(&text, "%s (%s)", word, v->u.text.s);
			else
				value_format(&text, v, cb, i18n_zh());
		}
		if (*f->arg && field_decimals(f) >= 0)
			buf_printf(&text, " %s", f->arg);
		(void)snprintf(label, sizeof(label), "%s", field_label(f));
		lines_add(l, label, buf_cstr(&text), width);
		buf_free(&text);
	}
}

void
lines_message(struct lines *l, const json_t *answer, const struct codebook *cb, int64_t now, int width)
{
	struct body *b = body_new();
	struct fault f = { 0 };
	const json_t *d;
	char text[512], at[24], title[256];
	size_t i, top = l->top;
	int64_t written = 0;

	lines_clear(l);
	if (jflag(answer, "destroyed"))
		lines_add(l, "", _("the contents were destroyed by two persons; the record stands"), width);
	else if (json_to_body(json_object_get(answer, "body"), b, cb, now, true, &f) != 0)
		lines_add(l, "", f.text, width);
	if (!body_time(b, F_WRITTEN, &written))
		written = jnum(answer, "stored");
	(void)snprintf(text, sizeof(text), "%s  %s  %s  %s", jtext(answer, "from_name"), jtext(answer, "kind_name"),
	    jtext(answer, "precedence_name"), time_format(written, TIME_FULL, at, sizeof(at)));
	lines_add(l, "", text, width);
	if (jflag(answer, "withdrawn"))
		lines_add(l, "", _("RECALLED by its sender: it says nothing any more"), width);
	else if (jflag(answer, "superseded"))
		lines_add(l, "", _("CORRECTED since: a later message stands in its place"), width);
	else if (strcmp(jtext(answer, "state"), "returned") == 0 || strcmp(jtext(answer, "state"), "closed") == 0)
		lines_add(l, "", jtext(answer, "state_name"), width);
	if (jflag(answer, "signature_owed")) {
		(void)snprintf(text, sizeof(text), _("sent before its signature, owed by %s"), *jtext(answer, "owed_by") ? jtext(answer, "owed_by") : "-");
		lines_add(l, "", text, width);
	}
	if (b->not_understood || jflag(answer, "not_understood"))
		lines_add(l, "", _("NOT FULLY UNDERSTOOD by this version: telephone the sender"), width);
	if (!body_first(b, F_TITLE))
		lines_add(l, "", one_line(jtext(answer, "title"), title, sizeof(title)), width);
	add_fields(l, b, cb, width);
	json_array_foreach (jarray(answer, "deliveries"), i, d) {
		(void)snprintf(text, sizeof(text), "%s  %s  %s  %s", jtext(d, "to_name"), jtext(d, "state_name"),
		    short_time(jnum(d, "since"), now, at), jtext(d, "person"));
		lines_add(l, i == 0 ? _("addressees") : "", text, width);
	}
	json_array_foreach (jarray(answer, "receipts"), i, d) {
		(void)snprintf(text, sizeof(text), "%s  %s  %s  %s %s%s%s", jtext(d, "from_name"), jtext(d, "act_name"),
		    short_time(jnum(d, "at"), now, at), jtext(d, "person"), jtext(d, "person_mark"), *jtext(d, "person_mark") ? " " : "", one_line(jtext(d, "reason"), title, sizeof(title)));
		lines_add(l, i == 0 ? _("receipts") : "", text, width);
	}
	lines_add(l, _("id"), jtext(answer, "id"), width);
	if (jflag(answer, "destroyed"))	/* what is left of it */
		lines_add(l, _("digest"), jtext(answer, "digest"), width);
	body_free(b);
	l->top = top < l->n ? top : 0;
}

void
lines_paint(struct lines *l, int row, int rows)
{
	l->rows = rows;
	if (l->top + (size_t)(rows > 0 ? rows : 1) > l->n)
		l->top = l->n > (size_t)rows ? l->n - (size_t)rows : 0;
	for (int i = 0; i < rows && l->top + (size_t)i < l->n; i++)
		(void)term_put(row + i, 1, term_cols() - 2, TERM_PLAIN, l->line[l->top + (size_t)i]);
	if (l->top + (size_t)rows < l->n && rows > 0)
		(void)term_put(row + rows - 1, term_cols() - 1, 1, TERM_PLAIN, "+");
}

bool
lines_command(struct lines *l, enum command_id id)
{
	size_t page = l->rows > 1 ? (size_t)l->rows - 1 : 1, was = l->top;

	switch (id) {
	case CMD_UP:
		l->top -= l->top > 0;
		return true;
	case CMD_DOWN:
		l->top += l->top + (size_t)l->rows < l->n;
		return true;
	case CMD_PAGE_UP:
		l->top -= l->top < page ? l->top : page;
		return l->top != was;
	case CMD_PAGE_DOWN:
		if (l->top + (size_t)l->rows < l->n)
			l->top += page;
		return l->top != was;
	default:
		return false;
	}
}

bool
lines_turn(struct lines *l, enum command_id id)
{
	if (id != CMD_UP && id != CMD_DOWN && id != CMD_PAGE_UP && id != CMD_PAGE_DOWN)
		return false;
	(void)lines_command(l, id);
	return true;
}

bool
lines_find(struct lines *l, const char *text)
{
	for (size_t i = 1; i <= l->n; i++)
		if (text_has(l->line[(l->top + i) % l->n], text)) {
			l->top = (l->top + i) % l->n;
			return true;
		}
	return false;
}
