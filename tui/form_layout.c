/*
 * Where a form's cells stand.  Short cells share a row in table order, texts take whole rows, and the course gets the
 * rows that are left.  The same form fits 80x24 and uses what a larger terminal has.
 */
#include <stdio.h>
#include <string.h>
#include "../formats/i18n.h"
#include "../formats/text.h"
#include "form.h"
#include "util.h"

#define LABEL_CELLS (i18n_zh() ? 12 : 22)	/* column of the first text of a row */

/* Cells of the text; 0: the whole row. */
static int
width_of(const struct field *f)
{
	if (f->flags & FF_LINES)
		return 0;
	switch (f->type) {
	case FT_TIME:
		return 16;
	case FT_ENUM:
		return 8;
	case FT_FIGURE:
	case FT_FIGURE2:
	case FT_FIGURE4:
		return 8;
	case FT_CODE:
		return 14;
	case FT_TEXT:
		return f->max <= 48 ? 16 : f->max <= 96 ? 12 : f->max <= 192 ? 20 : 0;
	default:
		return 0;
	}
}

static bool
alone(const struct field *f)
{
	return width_of(f) == 0 || f->type == FT_CODE;
}

void
form_layout(struct form *f, int cols, int height)
{
	int row = 0, col = 0, spare, n = 0;
	struct cell *grow = NULL;

	if (f->cols == cols && f->height == height)
		return;
	f->cols = cols;
	f->height = height;
	for (size_t i = 0; i < f->n; i++) {
		struct cell *c = &f->cell[i];
		int label = term_cells(field_label(c->field)), width = width_of(c->field), need;
		bool whole = alone(c->field);

		need = (col == 0 ? LABEL_CELLS : label + 1) + width + 4;
		if (col > 0 && (whole || col + need - 2 > cols || alone(f->cell[i - 1].field))) {
			row++;
			col = 0;
		}
		c->row = row;
		c->rows = 1;
		c->label = col == 0 ? LABEL_CELLS - 2 : label;
		c->col = col == 0 ? LABEL_CELLS : col + label + 1;
		c->width = width > 0 ? width : cols - c->col - 2;
		col = c->col + c->width + 2;
		n = row + 1;
	}
	/* Rows left go to the long texts, the first of them (the course) most. */
	spare = height - n;
	for (size_t i = 0; i < f->n && spare > 0; i++)
		if (f->cell[i].field->flags & FF_LINES) {
			struct cell *c = &f->cell[i];
			int more = !grow ? (spare + 1) / 2 : spare < 1 ? spare : 1;

			if (!grow)
				grow = c;
			if (more > spare)
				more = spare;
			c->rows += more;
			spare -= more;
			for (size_t j = 0; j < f->n; j++)
				if (f->cell[j].row > c->row)
					f->cell[j].row += more;
		}
	f->total = 0;
	for (size_t i = 0; i < f->n; i++)
		if (f->cell[i].row + f->cell[i].rows > f->total)
			f->total = f->cell[i].row + f->cell[i].rows;
	/* What has room again comes back: no row is left empty below while one is hidden above. */
	if (f->top > f->total - f->height)
		f->top = f->total > f->height ? f->total - f->height : 0;
}

static void
paint_cell(struct form *f, size_t i, int row, int *crow, int *ccol)
{
	struct cell *c = &f->cell[i];
	const struct code_entry *e;
	bool focused = i == f->focus;
	int hidden, at = row + c->row - f->top;

	(void)term_put(at, c->col - c->label - 1, c->label, TERM_PLAIN, field_label(c->field));
	(void)term_put(at, c->col - c->label - 2, 1, TERM_PLAIN, focused ? ">" : " ");
	(void)term_put(at, c->col - 1, 1, TERM_PLAIN, "[");
	hidden = edit_paint(&c->text, at, c->col, c->width, c->rows, focused, crow, ccol);
	(void)term_put(at + c->rows - 1, c->col + c->width, 1, TERM_PLAIN, hidden > 0 ? "+" : "]");
	if (c->field->type == FT_CODE && *c->text.s && (e = codebook_event(f->cb, c->text.s)) != NULL)
		(void)term_putf(at, c->col + c->width + 2, f->cols - c->col - c->width - 3, TERM_PLAIN, "%s %s", e->code, e->name);
}

void
form_paint(struct form *f, int row, int *crow, int *ccol)
{
	struct cell *focus = &f->cell[f->focus];

	if (focus->row - f->top >= f->height)
		f->top = focus->row - f->height + 1;
	if (focus->row < f->top)
		f->top = focus->row;
	for (size_t i = 0; i < f->n; i++) {
		int at = f->cell[i].row - f->top;

		if (at >= 0 && at < f->height)
			paint_cell(f, i, row, crow, ccol);
	}
	if (f->top > 0)
		(void)term_put(row, f->cols - 1, 1, TERM_STRONG, "^");
	if (f->total - f->top > f->height && f->height > 0)
		(void)term_put(row + f->height - 1, f->cols - 1, 1, TERM_STRONG, "v");
}

static void
help_candidates(const struct form *f, const struct cell *c, int row, int cols)
{
	const struct code_entry *e;
	size_t first = f->candidate > 2 ? f->candidate - 2 : 0;
	int col = 1;

	if (!*c->text.s) {
		(void)term_put(row, 1, cols - 2, TERM_PLAIN, _("code, name, part of a name or initials"));
		return;
	}
	if ((e = codebook_event(f->cb, c->text.s)) != NULL)
		return;
	if (!form_candidate(f, 0)) {
		(void)term_put(row, 1, cols - 2, TERM_ALERT, _("no such event type"));
		return;
	}
	for (size_t i = first; (e = form_candidate(f, i)) != NULL && col < cols - 12; i++)
		col += 2 + term_putf(row, col, cols - col - 1, TERM_PLAIN, "%s%s %s", i == f->candidate ? ">" : " ", e->code, e->name);
}

void
form_help(const struct form *f, int row, int cols)
{
	const struct cell *c = &f->cell[f->focus];
	const struct enum_name *e;
	int col = 1;

	switch (c->field->type) {
	case FT_CODE:
		if (strcmp(c->field->arg, "event") == 0)
			help_candidates(f, c, row, cols);
		return;
	case FT_ENUM:
		for (size_t i = 0; (e = enum_at(c->field->arg, i)) != NULL; i++)
			col += 1 + term_putf(row, col, cols - col - 1, TERM_PLAIN, "%d%s", e->value, i18n_zh() ? e->zh : e->label);
		return;
	case FT_FIGURE:
	case FT_FIGURE2:
	case FT_FIGURE4:
		(void)term_putf(row, 1, cols - 2, TERM_PLAIN, _("%s: 3  0  ? unknown  ~20 about  >=3 at least  3@119 source"),
		    field_label(c->field));
		return;
	case FT_TIME:
		(void)term_put(row, 1, cols - 2, TERM_PLAIN, _("14:10 or 11-22 14:10; Ctrl-T: now"));
		return;
	case FT_STATION:
		(void)term_put(row, 1, cols - 2, TERM_PLAIN, _("station codes, separated by blanks"));
		return;
	default:
		if (c->field->flags & FF_LINES)
			(void)term_put(row, 1, cols - 2, TERM_PLAIN, _("Ctrl-N new line  Ctrl-T time"));
		return;
	}
}
