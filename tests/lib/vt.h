#ifndef TESTS_LIB_VT_H
#define TESTS_LIB_VT_H
/*
 * A small terminal: turns the bytes a program writes into a grid of cells, so that screens are compared as text.
 * Enough of vt100 and xterm for what ncurses sends; what it does not know is counted, and tests demand zero.
 */
#include <stdbool.h>
#include <stddef.h>

struct vt_cell {
	char s[24];	/* UTF-8 with combining marks; "" right half of a wide character */
	int width;	/* 1, 2, or 0 for the right half */
	bool bold;
};

struct vt {
	int rows, cols;
	struct vt_cell *cell;
	int row, col;
	bool wrap;		/* the next character begins a new row */
	int top, bottom;	/* scroll region, inclusive */
	int saved_row, saved_col;
	bool insert, autowrap, cursor_shown, alt, bold, acs, paste, app_keys;
	char charset[2];	/* G0, G1: 'B' or '0' */
	int shift;
	unsigned bells, unknown;
	unsigned asked;		/* questions for a status report not answered yet */
	char unknown_text[64];	/* the last sequence not known */
	size_t bytes;
	/* parser */
	int state;
	char seq[256];
	size_t seqn;
	unsigned char utf8[4];
	size_t utf8n, utf8need;
	char last[24];		/* for REP */
	int last_width;
};

struct vt *vt_new(int rows, int cols);
void vt_free(struct vt *);
void vt_resize(struct vt *, int rows, int cols);	/* clears */
void vt_feed(struct vt *, const void *, size_t);
/* Row as text, trailing blanks removed; returns out. */
char *vt_row(const struct vt *, int row, char *out, size_t size);
/* All rows, each ended by \n, trailing blanks removed; malloc'd. */
char *vt_screen(const struct vt *);
/* First row that holds the text; -1 when none.  *col may be NULL (cells). */
int vt_find(const struct vt *, const char *text, int *col);
int vt_width(unsigned cp);

#endif
