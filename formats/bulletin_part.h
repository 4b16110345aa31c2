#ifndef FORMATS_BULLETIN_PART_H
#define FORMATS_BULLETIN_PART_H
/* Private to the bulletin: lines first (bulletin.c says which), pages after (bulletin_page.c). */
#include "bulletin.h"

struct page_line {
	char *text;		/* owned, without the line feed */
	bool keep;		/* not the last one on a page: what follows belongs to it */
};

struct page_lines {
	struct page_line *of;
	size_t n, cap;
	int cells;		/* of a line */
};

void page_lines_free(struct page_lines *);
/* Adds text broken into lines: the first behind `first` cells of indentation, the others behind `rest`. */
void page_text(struct page_lines *, const char *text, int first, int rest, bool keep);
void page_centred(struct page_lines *, const char *text);	/* broken if it must be */
void page_sides(struct page_lines *, const char *left, const char *right);	/* on one line if they fit */
void page_rule(struct page_lines *, char);
/*
 * Puts the lines on pages: `top` on the first, `head` on every other, then the body, `foot` together at the end of the
 * last page, the page's number at the bottom of each.  Returns how many pages.
 */
size_t page_emit(const struct page_lines *top, const struct page_lines *head, const struct page_lines *body,
    const struct page_lines *foot, int lines, bool zh, struct buf *out);

#endif
