#ifndef TUI_FORM_H
#define TUI_FORM_H
/*
 * A form: cells of the field table, laid out by type, each a text in the notation of formats/value.h.  What a cell holds is
 * parsed when it is left and when the form is sent; a refusal names the field and the cursor goes there.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <jansson.h>
#include "../formats/body.h"
#include "../formats/codebook.h"
#include "../formats/fault.h"
#include "edit.h"

struct cell {
	const struct field *field;
	struct edit text;
	char *initial;		/* what it was prefilled with; "" */
	const struct body *given;	/* the form's */
	int row, col, width, rows, label;	/* layout: of the text itself; label: cells of the label */
};

struct form {
	struct cell *cell;
	size_t n, focus;
	size_t candidate;	/* selected event type */
	int cols, height;	/* layout was made for */
	int top;		/* first row shown when the screen is too small */
	int total;		/* rows of all cells */
	const struct codebook *cb;
	/* The values cells were prefilled with.  A figure or a time that stands as it was prefilled is this value: the time
	 * a figure was true at, and its source's code, are kept though the cell does not show them. */
	struct body *given;
};

void form_init(struct form *, const struct codebook *);
void form_free(struct form *);
void form_add(struct form *, uint32_t key);
void form_add_table(struct form *);			/* every FF_FORM row, in table order */
struct cell *form_cell(const struct form *, uint32_t key);	/* NULL: not in the form */
void form_set(struct form *, uint32_t key, const char *text);	/* also as what it was prefilled with */
const char *form_get(const struct form *, uint32_t key);	/* "" when not in the form */

/* Rows the form needs at `cols`; long texts get what is left of `height`. */
void form_layout(struct form *, int cols, int height);
void form_paint(struct form *, int row, int *crow, int *ccol);
/* The line under the form: candidates of a type, choices of an enumeration, notation of a figure. */
void form_help(const struct form *, int row, int cols);
/* True when the key was used; *changed when a text is another; *left is the cell just left (or NULL). */
bool form_key(struct form *, const struct key *, bool *changed, struct cell **left);

/* The i-th event type that fits the text of the focused cell, an exact name first; NULL past the end. */
const struct code_entry *form_candidate(const struct form *, size_t i);

/* Puts one cell into the body.  Empty: nothing.  -1 + fault with field. */
int cell_value(const struct cell *, struct body *, const struct codebook *, int64_t now, struct fault *);
/* All cells; at a refusal the focus moves to the field. */
int form_body(struct form *, struct body *, int64_t now, struct fault *);
bool form_changed(const struct cell *);

/* {"fields": {name: text}, "initial": {figure: as prefilled}, "given": body{}, "focus": name, "cursor": n} */
json_t *form_save(const struct form *);
void form_restore(struct form *, const json_t *);
/* A body's value in the notation that cell_value() reads; figures with their sources by name (1@西周镇), several separated by blanks. */
void form_prefill(struct form *, uint32_t key, const struct body *);
/* The same, unless somebody has typed into the cell. */
void form_offer(struct form *, uint32_t key, const struct body *);

#endif
