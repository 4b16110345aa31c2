/*
 * See edit.h.  Rows are broken by cells, at characters: Chinese has no blanks to break at.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../formats/buf.h"
#include "../formats/i18n.h"
#include "../formats/text.h"
#include "edit.h"

void
edit_init(struct edit *e, size_t max, bool lines)
{
	*e = (struct edit){ .max = max, .lines = lines };
	e->cap = 32;
	e->s = xcalloc(1, e->cap);
}

void
edit_free(struct edit *e)
{
	free(e->s);
	free(e->cleared);
	e->s = e->cleared = NULL;
}

static void
reserve(struct edit *e, size_t len)
{
	if (len + 1 <= e->cap)
		return;
	while (e->cap < len + 1)
		e->cap *= 2;
	e->s = xreallocarray(e->s, e->cap, 1);
}

void
edit_set(struct edit *e, const char *text)
{
	size_t len = strlen(text), size = 3 * len + 1;	/* a replaced byte becomes at most three */
	char *clean = xmalloc(size), *q;
	size_t n;

	n = text_sanitise(text, len, clean, size, e->lines);
	if (n > e->max) {	/* cut at a character */
		n = e->max;
		while (n > 0 && ((unsigned char)clean[n] & 0xc0) == 0x80)
			n--;
		clean[n] = '\0';
	}
	for (q = clean; (q = strchr(q, '\t')) != NULL;)
		*q = ' ';
	reserve(e, n);
	memcpy(e->s, clean, n + 1);
	e->len = e->cur = n;
	free(clean);
}

bool
edit_insert(struct edit *e, const char *text, size_t len)
{
	if (!text_clean(text, len, e->lines, NULL) || len > e->max - e->len)
		return false;
	assert(e->cur <= e->len && e->len <= e->max);
	reserve(e, e->len + len);
	memmove(e->s + e->cur + len, e->s + e->cur, e->len - e->cur + 1);
	memcpy(e->s + e->cur, text, len);
	e->len += len;
	e->cur += len;
	return true;
}

static size_t
before(const struct edit *e, size_t at)
{
	if (at == 0)
		return 0;
	do
		at--;
	while (at > 0 && ((unsigned char)e->s[at] & 0xc0) == 0x80);
	return at;
}

static size_t
after(const struct edit *e, size_t at)
{
	uint32_t cp;

	return at < e->len ? at + text_decode(e->s + at, e->len - at, &cp) : at;
}

static void
cut(struct edit *e, size_t from, size_t to)
{
	memmove(e->s + from, e->s + to, e->len - to + 1);
	e->len -= to - from;
	e->cur = from;
}

static size_t
utf8_put(uint32_t cp, char out[4])
{
	if (cp < 0x80) {
		out[0] = (char)cp;
		return 1;
	}
	if (cp < 0x800) {
		out[0] = (char)(0xc0 | (cp >> 6));
		out[1] = (char)(0x80 | (cp & 0x3f));
		return 2;
	}
	if (cp < 0x10000) {
		out[0] = (char)(0xe0 | (cp >> 12));
		out[1] = (char)(0x80 | ((cp >> 6) & 0x3f));
		out[2] = (char)(0x80 | (cp & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | (cp >> 18));
	out[1] = (char)(0x80 | ((cp >> 12) & 0x3f));
	out[2] = (char)(0x80 | ((cp >> 6) & 0x3f));
	out[3] = (char)(0x80 | (cp & 0x3f));
	return 4;
}

/* What was typed must not vanish in silence: whoever owns the text says so (`refused`). */
static void
full(struct edit *e, bool refused)
{
	e->refused = refused;
	if (refused)
		term_bell();
}

static bool
clear(struct edit *e)
{
	if (e->len > 0) {
		free(e->cleared);
		e->cleared = xstrdup(e->s);
		cut(e, 0, e->len);
		return true;
	}
	if (!e->cleared)
		return false;
	edit_set(e, e->cleared);
	return true;
}

bool
edit_key(struct edit *e, const struct key *k, bool *changed)
{
	char ch[4];

	*changed = false;
	e->refused = false;
	switch (k->code) {
	case TK_CHAR:
		*changed = edit_insert(e, ch, utf8_put(k->cp, ch));
		full(e, !*changed);
		return true;
	case TK_ENTER:
	case TK_TAB:
		if (!k->pasted)
			return false;
		*changed = edit_insert(e, k->code == TK_ENTER && e->lines ? "\n" : " ", 1);
		full(e, !*changed);
		return true;
	case TK_BACKSPACE:
		if (e->cur > 0) {
			cut(e, before(e, e->cur), e->cur);
			*changed = true;
		}
		return true;
	case TK_DELETE:
		if (e->cur < e->len) {
			cut(e, e->cur, after(e, e->cur));
			*changed = true;
		}
		return true;
	case TK_LEFT:
		e->cur = before(e, e->cur);
		return true;
	case TK_RIGHT:
		e->cur = after(e, e->cur);
		return true;
	case TK_HOME:
		e->cur = 0;
		return true;
	case TK_END:
		e->cur = e->len;
		return true;
	case TK_CTRL:
		if (k->cp == 'A')
			e->cur = 0;
		else if (k->cp == 'E')
			e->cur = e->len;
		else if (k->cp == 'U')
			*changed = clear(e);
		else if (k->cp == 'N' && e->lines)
			full(e, !(*changed = edit_insert(e, "\n", 1)));
		else
			return false;
		return true;
	default:
		return false;
	}
}

const char *
edit_refusal(const struct edit *e, char *buf, size_t size)
{
	if (e->max - e->len >= 8)	/* room enough for anything one key inserts */
		(void)snprintf(buf, size, "%s", _("that character cannot be taken"));
	else
		(void)snprintf(buf, size, _("the field is full, %zu bytes"), e->max);
	return buf;
}

/* End of the row that begins at `from`; *next is where the following row begins. */
static size_t
row_end(const struct edit *e, size_t from, int width, size_t *next)
{
	size_t at = from;
	int cells = 0;

	while (at < e->len && e->s[at] != '\n') {
		uint32_t cp;
		size_t n = text_decode(e->s + at, e->len - at, &cp);
		int w = text_cells_cp(cp);

		if (cells + w > width)
			break;
		cells += w;
		at += n;
	}
	*next = at < e->len && e->s[at] == '\n' ? at + 1 : at;
	return at;
}

static void
put_slice(int row, int col, int width, const char *s, size_t len)
{
	char *copy = xstrndup(s, len);

	(void)term_put(row, col, width, TERM_PLAIN, copy);
	free(copy);
}

static int
cells_of(const struct edit *e, size_t from, size_t to)
{
	char *part = xstrndup(e->s + from, to - from);
	int n = text_cells(part);

	free(part);
	return n;
}

/* One row: scrolled so that the cursor and the character it stands on are in sight. */
static int
paint_row(const struct edit *e, int row, int col, int width, bool focused, int *crow, int *ccol)
{
	size_t from = 0, end, next;
	int left = 0;

	if (cells_of(e, 0, e->len) <= width) {
		put_slice(row, col, width, e->s, e->len);
		if (focused) {
			*crow = row;
			*ccol = col + cells_of(e, 0, e->cur);
		}
		return 0;
	}
	if (focused) {
		size_t past = after(e, e->cur);
		int room = e->cur < e->len ? cells_of(e, e->cur, past) + (past < e->len ? 1 : 0) : 1;

		while (from < e->cur && left + cells_of(e, from, e->cur) + room > width) {
			from = after(e, from);
			left = 1;
		}
		*crow = row;
		*ccol = col + left + cells_of(e, from, e->cur);
	}
	end = row_end(e, from, width - left, &next);
	if (end < e->len) {
		end = row_end(e, from, width - left - 1, &next);
		(void)term_put(row, col + width - 1, 1, TERM_PLAIN, ">");
	}
	if (left)
		(void)term_put(row, col, 1, TERM_PLAIN, "<");
	put_slice(row, col + left, width - left, e->s + from, end - from);
	return 0;
}

int
edit_paint(const struct edit *e, int row, int col, int width, int rows, bool focused, int *crow, int *ccol)
{
	size_t at = 0, next, end;
	int n = 0, first = 0, cursor = 0;

	if (width < 2)
		return 0;
	if (rows <= 1 && !e->lines)
		return paint_row(e, row, col, width, focused, crow, ccol);
	/* First pass: which row holds the cursor, and how many there are. */
	for (;;) {
		end = row_end(e, at, width, &next);
		if (e->cur >= at && (e->cur < next || (e->cur == end && (end == e->len || e->s[end] == '\n'))))
			cursor = n;
		n++;
		if (next >= e->len && !(next > at && next == e->len && e->len > 0 && e->s[next - 1] == '\n' && next != end))
			break;
		if (next == at)
			break;
		at = next;
	}
	if (focused && cursor >= rows)
		first = cursor - rows + 1;
	at = 0;
	for (int i = 0; i < n && i < first + rows; i++) {
		end = row_end(e, at, width, &next);
		if (i >= first) {
			put_slice(row + i - first, col, width, e->s + at, end - at);
			if (focused && i == cursor) {
				size_t upto = e->cur > end ? end : e->cur;
				char *head = xstrndup(e->s + at, upto - at);

				*crow = row + i - first;
				*ccol = col + text_cells(head);
				free(head);
			}
		}
		at = next;
	}
	return n > rows ? n - rows : 0;
}
