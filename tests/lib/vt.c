/*
 * See vt.h.  The width table is its own on purpose: an emulator that asked the program's table could not find its errors.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "vt.h"

enum { GROUND, ESC, CSI, OSC, OSC_ESC, CHARSET0, CHARSET1, SKIP1 };

struct vt *
vt_new(int rows, int cols)
{
	struct vt *v = calloc(1, sizeof(*v));

	if (!v)
		abort();
	v->autowrap = v->cursor_shown = true;
	v->charset[0] = v->charset[1] = 'B';
	vt_resize(v, rows, cols);
	return v;
}

void
vt_free(struct vt *v)
{
	if (v)
		free(v->cell);
	free(v);
}

static struct vt_cell *
at(struct vt *v, int row, int col)
{
	return &v->cell[(size_t)row * (size_t)v->cols + (size_t)col];
}

static void
blank(struct vt_cell *c)
{
	memset(c, 0, sizeof(*c));
	c->s[0] = ' ';
	c->width = 1;
}

/* Clears columns from..to of a row; halves of wide characters at the edges go too, as on a real terminal. */
static void
clear(struct vt *v, int row, int from, int to)
{
	if (from > 0 && at(v, row, from)->width == 0)
		blank(at(v, row, from - 1));
	if (to + 1 < v->cols && at(v, row, to + 1)->width == 0)
		blank(at(v, row, to + 1));
	for (int c = from; c <= to; c++)
		blank(at(v, row, c));
}

void
vt_resize(struct vt *v, int rows, int cols)
{
	free(v->cell);
	v->cell = calloc((size_t)rows * (size_t)cols, sizeof(*v->cell));
	if (!v->cell)
		abort();
	v->rows = rows;
	v->cols = cols;
	v->top = 0;
	v->bottom = rows - 1;
	v->row = v->col = 0;
	v->wrap = false;
	for (int r = 0; r < rows; r++)
		for (int c = 0; c < cols; c++)
			blank(at(v, r, c));
}

int
vt_width(unsigned cp)
{
	static const struct {
		unsigned from, to;
		int width;
	} table[] = {
		{ 0x300, 0x36f, 0 }, { 0x1100, 0x115f, 2 }, { 0x200b, 0x200f, 0 }, { 0x2e80, 0x303e, 2 }, { 0x3041, 0x33ff, 2 },
		{ 0x3400, 0x4dbf, 2 }, { 0x4e00, 0x9fff, 2 }, { 0xa000, 0xa4cf, 2 }, { 0xac00, 0xd7a3, 2 }, { 0xf900, 0xfaff, 2 },
		{ 0xfe00, 0xfe0f, 0 }, { 0xfe30, 0xfe6f, 2 }, { 0xff01, 0xff60, 2 }, { 0xffe0, 0xffe6, 2 }, { 0x1f300, 0x1f64f, 2 },
		{ 0x1f900, 0x1f9ff, 2 }, { 0x20000, 0x3fffd, 2 },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (cp >= table[i].from && cp <= table[i].to)
			return table[i].width;
	return 1;
}

static void
scroll(struct vt *v, int top, int bottom, int n)
{
	size_t row = (size_t)v->cols * sizeof(*v->cell);
	int rows = bottom - top + 1;

	if (n == 0 || rows <= 0)
		return;
	if (n > rows)
		n = rows;
	if (n < -rows)
		n = -rows;
	if (n > 0)
		memmove(at(v, top, 0), at(v, top + n < v->rows ? top + n : top, 0), (size_t)(rows - n) * row);
	else
		memmove(at(v, top - n, 0), at(v, top, 0), (size_t)(rows + n) * row);
	for (int r = n > 0 ? bottom - n + 1 : top; r <= (n > 0 ? bottom : top - n - 1); r++)
		clear(v, r, 0, v->cols - 1);
}

static void
line_feed(struct vt *v)
{
	v->wrap = false;
	if (v->row == v->bottom)
		scroll(v, v->top, v->bottom, 1);
	else if (v->row < v->rows - 1)
		v->row++;
}

static void
put(struct vt *v, const char *s, int width)
{
	struct vt_cell *c;

	if (width == 0) {
		int col = v->wrap ? v->col : v->col - 1;

		if (col > 0 && at(v, v->row, col)->width == 0)
			col--;
		if (col >= 0 && strlen(at(v, v->row, col)->s) + strlen(s) < sizeof(c->s))
			memcpy(at(v, v->row, col)->s + strlen(at(v, v->row, col)->s), s, strlen(s) + 1);
		return;
	}
	if (v->wrap || (width == 2 && v->col == v->cols - 1)) {
		if (v->autowrap) {
			v->col = 0;
			line_feed(v);
		}
		v->wrap = false;
	}
	if (v->insert) {
		for (int i = v->cols - 1; i >= v->col + width; i--)
			*at(v, v->row, i) = *at(v, v->row, i - width);
	}
	clear(v, v->row, v->col, v->col + width - 1 < v->cols ? v->col + width - 1 : v->cols - 1);
	c = at(v, v->row, v->col);
	(void)snprintf(c->s, sizeof(c->s), "%s", s);
	c->width = width;
	c->bold = v->bold;
	if (width == 2 && v->col + 1 < v->cols) {
		c = at(v, v->row, v->col + 1);
		c->s[0] = '\0';
		c->width = 0;
	}
	memmove(v->last, s, strlen(s) + 1);	/* REP hands us v->last itself */
	v->last_width = width;
	v->col += width;
	if (v->col >= v->cols) {
		v->col = v->cols - 1;
		v->wrap = true;
	}
}

static void
unknown(struct vt *v, char final)
{
	v->unknown++;
	(void)snprintf(v->unknown_text, sizeof(v->unknown_text), "%.*s%c", (int)(v->seqn < 50 ? v->seqn : 50), v->seq, final);
}

static int
clamp(int n, int min, int max)
{
	return n < min ? min : n > max ? max : n;
}

static void
mode(struct vt *v, int n, bool private, bool on)
{
	if (!private) {
		if (n == 4)
			v->insert = on;
		else if (n != 20)
			v->unknown++;
		return;
	}
	switch (n) {
	case 1:
		v->app_keys = on;
		break;
	case 7:
		v->autowrap = on;
		break;
	case 25:
		v->cursor_shown = on;
		break;
	case 1049:
		v->alt = on;
		for (int r = 0; r < v->rows; r++)
			clear(v, r, 0, v->cols - 1);
		v->row = v->col = 0;
		break;
	case 2004:
		v->paste = on;
		break;
	case 3:
	case 4:
	case 5:
	case 6:
	case 8:
	case 12:
	case 1034:
		break;
	default:
		v->unknown++;
	}
}

static void
erase_screen(struct vt *v, int what)
{
	if (what == 0) {
		clear(v, v->row, v->col, v->cols - 1);
		for (int r = v->row + 1; r < v->rows; r++)
			clear(v, r, 0, v->cols - 1);
	} else if (what == 1) {
		for (int r = 0; r < v->row; r++)
			clear(v, r, 0, v->cols - 1);
		clear(v, v->row, 0, v->col);
	} else {
		for (int r = 0; r < v->rows; r++)
			clear(v, r, 0, v->cols - 1);
	}
}

static void
shift_row(struct vt *v, int n)
{
	if (n > 0) {	/* insert */
		n = clamp(n, 1, v->cols - v->col);
		for (int i = v->cols - 1; i >= v->col + n; i--)
			*at(v, v->row, i) = *at(v, v->row, i - n);
		clear(v, v->row, v->col, v->col + n - 1);
	} else {
		n = clamp(-n, 1, v->cols - v->col);
		for (int i = v->col; i + n < v->cols; i++)
			*at(v, v->row, i) = *at(v, v->row, i + n);
		clear(v, v->row, v->cols - n, v->cols - 1);
	}
}

static void
sgr(struct vt *v, const int *p, int n)
{
	for (int i = 0; i < n; i++) {
		if (p[i] == 0 || p[i] == 22)
			v->bold = false;
		else if (p[i] == 1)
			v->bold = true;
	}
}

static void
csi(struct vt *v, char final)
{
	int p[16] = { 0 }, n = 0, one;
	bool private = v->seqn > 0 && (v->seq[0] == '?' || v->seq[0] == '>' || v->seq[0] == '!');

	for (size_t i = private ? 1 : 0; i < v->seqn; i++) {
		if (v->seq[i] >= '0' && v->seq[i] <= '9' && n < 16 && p[n] < 10000)
			p[n] = p[n] * 10 + (v->seq[i] - '0');
		else if (v->seq[i] == ';' && n < 15)
			n++;
	}
	n++;
	one = p[0] > 0 ? p[0] : 1;
	if (final != 'm' && final != 'h' && final != 'l' && final != 'b')
		v->wrap = false;
	switch (final) {
	case 'n':
		if (private || p[0] != 5)
			unknown(v, final);
		else
			v->asked++;
		break;
	case 'A':
		v->row = clamp(v->row - one, 0, v->rows - 1);
		break;
	case 'B':
		v->row = clamp(v->row + one, 0, v->rows - 1);
		break;
	case 'C':
		v->col = clamp(v->col + one, 0, v->cols - 1);
		break;
	case 'D':
		v->col = clamp(v->col - one, 0, v->cols - 1);
		break;
	case 'G':
		v->col = clamp(one - 1, 0, v->cols - 1);
		break;
	case 'd':
		v->row = clamp(one - 1, 0, v->rows - 1);
		break;
	case 'H':
	case 'f':
		v->row = clamp(one - 1, 0, v->rows - 1);
		v->col = clamp((p[1] > 0 ? p[1] : 1) - 1, 0, v->cols - 1);
		break;
	case 'J':
		erase_screen(v, p[0]);
		break;
	case 'K':
		clear(v, v->row, p[0] == 0 ? v->col : 0, p[0] == 1 ? v->col : v->cols - 1);
		break;
	case 'X':
		clear(v, v->row, v->col, clamp(v->col + one - 1, v->col, v->cols - 1));
		break;
	case '@':
		shift_row(v, one);
		break;
	case 'P':
		shift_row(v, -one);
		break;
	case 'L':
		scroll(v, v->row, v->bottom, -one);
		v->col = 0;
		break;
	case 'M':
		scroll(v, v->row, v->bottom, one);
		v->col = 0;
		break;
	case 'S':
		scroll(v, v->top, v->bottom, one);
		break;
	case 'T':
		scroll(v, v->top, v->bottom, -one);
		break;
	case 'b':
		for (int i = 0; i < one; i++)
			put(v, v->last, v->last_width);
		break;
	case 'I':
		for (int i = 0; i < one; i++)
			v->col = clamp((v->col / 8 + 1) * 8, 0, v->cols - 1);
		break;
	case 'Z':
		for (int i = 0; i < one && v->col > 0; i++)
			v->col = (v->col - 1) / 8 * 8;
		break;
	case 'r':
		v->top = clamp(one - 1, 0, v->rows - 1);
		v->bottom = p[1] > 0 ? clamp(p[1] - 1, v->top, v->rows - 1) : v->rows - 1;
		v->row = v->col = 0;
		break;
	case 'h':
	case 'l':
		for (int i = 0; i < n; i++)
			mode(v, p[i], private, final == 'h');
		break;
	case 'm':
		sgr(v, p, n);
		break;
	case 't':
	case 'p':
	case 'c':
	case 'g':
		break;
	default:
		unknown(v, final);
	}
}

static void
escape(struct vt *v, char c)
{
	v->state = GROUND;
	switch (c) {
	case '[':
		v->state = CSI;
		v->seqn = 0;
		break;
	case ']':
	case 'P':
	case '_':
		v->state = OSC;
		break;
	case '(':
		v->state = CHARSET0;
		break;
	case ')':
		v->state = CHARSET1;
		break;
	case '#':
	case '*':
	case '+':
		v->state = SKIP1;
		break;
	case '7':
		v->saved_row = v->row;
		v->saved_col = v->col;
		break;
	case '8':
		v->row = v->saved_row;
		v->col = v->saved_col;
		v->wrap = false;
		break;
	case 'D':
		line_feed(v);
		break;
	case 'E':
		v->col = 0;
		line_feed(v);
		break;
	case 'M':
		v->wrap = false;
		if (v->row == v->top)
			scroll(v, v->top, v->bottom, -1);
		else if (v->row > 0)
			v->row--;
		break;
	case 'c':
		vt_resize(v, v->rows, v->cols);
		break;
	case '=':
	case '>':
	case 'H':
	case '\\':
		break;
	default:
		v->seqn = 0;
		unknown(v, c);
	}
}

static void
control(struct vt *v, unsigned char c)
{
	switch (c) {
	case 7:
		v->bells++;
		break;
	case 8:
		v->col -= v->col > 0;
		v->wrap = false;
		break;
	case 9:
		v->col = clamp((v->col / 8 + 1) * 8, 0, v->cols - 1);
		break;
	case 10:
	case 11:
	case 12:
		line_feed(v);
		break;
	case 13:
		v->col = 0;
		v->wrap = false;
		break;
	case 14:
		v->shift = 1;
		break;
	case 15:
		v->shift = 0;
		break;
	case 27:
		v->state = ESC;
		break;
	case 0:
		break;
	default:
		v->seqn = 0;
		unknown(v, '^');
	}
}

static void
character(struct vt *v, const char *s, unsigned cp)
{
	char line[2] = { 0 };

	if (v->charset[v->shift] == '0' && cp >= 0x5f && cp < 0x7f) {
		line[0] = cp == 'q' ? '-' : cp == 'x' ? '|' : '+';
		put(v, line, 1);
		return;
	}
	put(v, s, vt_width(cp));
}

static void
text(struct vt *v, unsigned char c)
{
	char s[5] = { 0 };
	unsigned cp;

	if (v->utf8n == 0) {
		if (c < 0x80) {
			s[0] = (char)c;
			character(v, s, c);
			return;
		}
		v->utf8need = c > 0xf4 ? 0 : c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc0 ? 2 : 0;
		if (v->utf8need == 0) {
			v->unknown++;
			return;
		}
	} else if ((c & 0xc0) != 0x80) {
		v->unknown++;
		v->utf8n = 0;
		text(v, c);
		return;
	}
	v->utf8[v->utf8n++] = c;
	if (v->utf8n < v->utf8need)
		return;
	cp = v->utf8[0] & (v->utf8need == 2 ? 0x1fu : v->utf8need == 3 ? 0x0fu : 0x07u);
	for (size_t i = 1; i < v->utf8n; i++)
		cp = cp << 6 | (v->utf8[i] & 0x3fu);
	memcpy(s, v->utf8, v->utf8n);
	v->utf8n = 0;
	if (cp >= 0x80 && cp < 0xa0)
		v->unknown++;	/* C1: nothing may send it */
	else
		character(v, s, cp);
}

void
vt_feed(struct vt *v, const void *bytes, size_t n)
{
	const unsigned char *p = bytes;

	v->bytes += n;
	for (size_t i = 0; i < n; i++) {
		unsigned char c = p[i];

		switch (v->state) {
		case GROUND:
			if (c < 0x20)
				control(v, c);
			else if (c != 0x7f)
				text(v, c);
			break;
		case ESC:
			escape(v, (char)c);
			break;
		case CSI:
			if (c >= 0x40 && c <= 0x7e) {
				v->state = GROUND;
				csi(v, (char)c);
			} else if (c < 0x20) {
				control(v, c);
			} else if (v->seqn < sizeof(v->seq)) {
				v->seq[v->seqn++] = (char)c;
			}
			break;
		case OSC:
			if (c == 7)
				v->state = GROUND;
			else if (c == 27)
				v->state = OSC_ESC;
			break;
		case OSC_ESC:
		case SKIP1:
			v->state = GROUND;
			break;
		case CHARSET0:
		case CHARSET1:
			v->charset[v->state == CHARSET1] = (char)c;
			v->state = GROUND;
			break;
		default:
			v->state = GROUND;
		}
	}
}

char *
vt_row(const struct vt *v, int row, char *out, size_t size)
{
	size_t n = 0;

	out[0] = '\0';
	for (int c = 0; c < v->cols; c++) {
		const struct vt_cell *cell = &v->cell[(size_t)row * (size_t)v->cols + (size_t)c];
		size_t len = strlen(cell->s);

		if (n + len + 1 > size)
			break;
		memcpy(out + n, cell->s, len + 1);
		n += len;
	}
	while (n > 0 && out[n - 1] == ' ')
		out[--n] = '\0';
	return out;
}

char *
vt_screen(const struct vt *v)
{
	size_t size = (size_t)v->rows * ((size_t)v->cols * sizeof(v->cell->s) + 2) + 1, n = 0;
	char *out = malloc(size);

	if (!out)
		abort();
	out[0] = '\0';
	for (int r = 0; r < v->rows; r++) {
		(void)vt_row(v, r, out + n, size - n - 2);
		n += strlen(out + n);
		out[n++] = '\n';
		out[n] = '\0';
	}
	return out;
}

int
vt_find(const struct vt *v, const char *want, int *col)
{
	size_t size = (size_t)v->cols * sizeof(v->cell->s) + 1;
	char *row = malloc(size);
	int found = -1;

	if (!row)
		abort();
	for (int r = 0; r < v->rows && found < 0; r++) {
		const char *hit = strstr(vt_row(v, r, row, size), want);

		if (!hit)
			continue;
		found = r;
		if (col) {
			size_t before = 0;

			for (*col = 0; *col < v->cols; (*col)++) {
				const char *s = v->cell[(size_t)r * (size_t)v->cols + (size_t)*col].s;

				if (before >= (size_t)(hit - row))
					break;
				before += strlen(s);
			}
		}
	}
	free(row);
	return found;
}
