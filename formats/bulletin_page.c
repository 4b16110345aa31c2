/*
 * Lines onto pages.
 *
 * Pages are counted by the same walk that writes them, once without a buffer, so that 共 y 页 is never wrong.  Every
 * page has the same number of lines: printers that count lines instead of form feeds stay in step.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "bulletin_part.h"
#include "linebreak.h"
#include "text.h"

#define FOOT_LINES 2 /* an empty line and the page's number */

void
page_lines_free(struct page_lines *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->of[i].text);
	free(l->of);
	*l = (struct page_lines){.cells = l->cells};
}

/* A line of `indent` blanks and the text; the text is clean already. */
static void
add(struct page_lines *l, int indent, const char *s, size_t len, bool keep)
{
	struct buf line = {0};

	assert(indent >= 0);
	for (int i = 0; i < indent && len > 0; i++)
		buf_put_u8(&line, ' ');
	buf_put(&line, s, len);
	if (l->n == l->cap) {
		l->cap = l->cap == 0 ? 64 : l->cap * 2;
		l->of = xreallocarray(l->of, l->cap, sizeof *l->of);
	}
	l->of[l->n++] = (struct page_line){.text = xstrdup(buf_cstr(&line)), .keep = keep};
	buf_free(&line);
}

void
page_text(struct page_lines *l, const char *text, int first, int rest, bool keep)
{
	size_t len = strlen(text), n, shown;
	int indent = first;

	assert(first < l->cells && rest < l->cells);
	if (len == 0)
		add(l, 0, "", 0, keep);
	for (size_t at = 0; at < len; at += n) {
		n = linebreak_line(text + at, len - at, l->cells - indent, text_cells_cp, &shown);
		add(l, indent, text + at, shown, keep);
		indent = text[at + n - 1] == '\n' ? first : rest;
	}
}

void
page_centred(struct page_lines *l, const char *text)
{
	size_t len = strlen(text), n, shown;
	int used;

	for (size_t at = 0; at < len; at += n) {
		n = linebreak_line(text + at, len - at, l->cells, text_cells_cp, &shown);
		used = 0;
		for (size_t i = 0, m; i < shown; i += m) {
			uint32_t cp;

			m = text_decode(text + at + i, shown - i, &cp);
			used += text_cells_cp(cp);
		}
		add(l, used < l->cells ? (l->cells - used) / 2 : 0, text + at, shown, true);
	}
}

void
page_sides(struct page_lines *l, const char *left, const char *right)
{
	int gap = l->cells - text_cells(left) - text_cells(right);
	struct buf line = {0};

	if (gap < 1) {
		page_text(l, left, 0, 0, true);
		if (*right != '\0')
			page_text(l, right, 0, 0, true);
		return;
	}
	buf_puts(&line, left);
	for (int i = 0; i < gap && *right != '\0'; i++)
		buf_put_u8(&line, ' ');
	buf_puts(&line, right);
	add(l, 0, buf_cstr(&line), line.n, true);
	buf_free(&line);
}

void
page_rule(struct page_lines *l, char c)
{
	char line[BULLETIN_CELLS_MAX];

	assert(l->cells > 0 && (size_t)l->cells <= sizeof line);
	memset(line, c, (size_t)l->cells);
	add(l, 0, line, (size_t)l->cells, true);
}

struct pages {
	struct buf *out; /* NULL: only counted */
	const struct page_lines *head;
	int lines, used, cells;
	size_t page, pages; /* pages: of all; means nothing while they are counted */
	bool zh;
};

static void
put_line(struct pages *p, const char *text)
{
	p->used++;
	if (p->out == NULL)
		return;
	buf_puts(p->out, text);
	buf_put_u8(p->out, '\n');
}

static void
end_page(struct pages *p)
{
	char number[80];
	int pad;

	(void)snprintf(number, sizeof number, p->zh ? "第 %zu 页 共 %zu 页" : "page %zu of %zu", p->page, p->pages);
	while (p->used < p->lines - 1)
		put_line(p, "");
	pad = (p->cells - text_cells(number)) / 2;
	if (p->out != NULL)
		for (int i = 0; i < pad; i++)
			buf_put_u8(p->out, ' ');
	put_line(p, number);
}

static void
next_page(struct pages *p)
{
	end_page(p);
	if (p->out != NULL)
		buf_put_u8(p->out, '\f');
	p->page++;
	p->used = 0;
	for (size_t i = 0; i < p->head->n; i++)
		put_line(p, p->head->of[i].text);
}

static int
room(const struct pages *p)
{
	return p->lines - FOOT_LINES - p->used;
}

/* How many lines, from i on, must stand together. */
static size_t
together(const struct page_lines *l, size_t i)
{
	size_t n = 1;

	while (i + n < l->n && l->of[i + n - 1].keep)
		n++;
	return n;
}

static void
put_lines(struct pages *p, const struct page_lines *l)
{
	int most = p->lines - FOOT_LINES - (int)p->head->n;

	for (size_t i = 0; i < l->n; i++) {
		size_t n = together(l, i);

		if (room(p) < 1 || (n <= (size_t)most && (size_t)room(p) < n))
			next_page(p);
		put_line(p, l->of[i].text);
	}
}

static size_t
walk(struct pages *p, const struct page_lines *top, const struct page_lines *body, const struct page_lines *foot)
{
	put_lines(p, top);
	put_lines(p, body);
	if (foot->n <= (size_t)(p->lines - FOOT_LINES - (int)p->head->n)) {
		if ((size_t)room(p) < foot->n)
			next_page(p);
		while ((size_t)room(p) > foot->n) /* it stands at the foot of the paper */
			put_line(p, "");
	}
	put_lines(p, foot);
	end_page(p);
	return p->page;
}

size_t
page_emit(const struct page_lines *top, const struct page_lines *head, const struct page_lines *body,
    const struct page_lines *foot, int lines, bool zh, struct buf *out)
{
	struct pages count = {.head = head, .lines = lines, .cells = body->cells, .page = 1, .zh = zh};
	struct pages p = count;

	assert(lines > (int)head->n + FOOT_LINES);
	p.pages = walk(&count, top, body, foot);
	p.out = out;
	return walk(&p, top, body, foot);
}
