#ifndef TUI_EDIT_H
#define TUI_EDIT_H
/*
 * A text being typed: UTF-8, a cursor between characters, an upper bound in bytes.  Only clean text gets in (formats/text.h).
 */
#include <stdbool.h>
#include <stddef.h>
#include "term.h"

struct edit {
	char *s;	/* owned, NUL-terminated */
	size_t len, cap;
	size_t cur;	/* byte offset, at a character boundary */
	size_t max;	/* bytes */
	bool lines;	/* line feeds may stand in it */
	bool refused;	/* the last key's character found no room */
	char *cleared;	/* what Ctrl-U took away: Ctrl-U in the empty field brings it back */
};

void edit_init(struct edit *, size_t max, bool lines);
void edit_free(struct edit *);
void edit_set(struct edit *, const char *text);		/* cursor to the end; control characters replaced, cut to max */
/* Editing keys and characters.  True when the key was used; *changed when the text is another. */
bool edit_key(struct edit *, const struct key *, bool *changed);
bool edit_insert(struct edit *, const char *text, size_t len);	/* false: not clean or no room, nothing inserted */
/* Why the last character was refused, with the field's bound; returns buf. */
const char *edit_refusal(const struct edit *, char *buf, size_t size);
/* Draws into width x rows at row/col with the cursor's part in sight; gives the cursor's place on the screen when
 * focused (else the beginning is shown).  The one row of a text that just fits has its cursor in the cell after it; one that
 * does not fit has '<' or '>' where it is cut.  Returns how many rows of text do not show. */
int edit_paint(const struct edit *, int row, int col, int width, int rows, bool focused, int *crow, int *ccol);

#endif
