/*
 * Texts of XML documents as a message body takes them, and remarks on the documents (xml_part.h).
 */
#include <string.h>
#include "i18n.h"
#include "text.h"
#include "xml_part.h"

const char *
xml_word(const char **p, const char *separators, size_t *len)
{
	const char *word = *p + strspn(*p, separators);

	*len = strcspn(word, separators);
	*p = word + *len;
	return *len == 0 ? NULL : word;
}

void
xml_note(struct xml_note *note, size_t line, const char *detail)
{
	if (note->n++ > 0)
		return;
	note->line = line;
	if (detail != NULL)
		(void)text_sanitise(detail, strlen(detail), note->detail, sizeof(note->detail), false);
}

void
xml_note_word(struct xml_note *note, size_t line, const char *word, size_t len)
{
	char detail[64];

	(void)text_sanitise(word, len, detail, sizeof(detail), false);
	xml_note(note, line, detail);
}

bool
xml_note_text(const struct xml_note *note, const char *text, struct buf *out)
{
	if (note->n == 0)
		return false;
	buf_puts(out, _(text));
	if (note->detail[0] != '\0')
		buf_printf(out, ": %s", note->detail);
	if (note->line > 0)
		buf_printf(out, _(" (line %zu)"), note->line);
	if (note->n > 1)
		buf_printf(out, _(", %zu in all"), note->n);
	return true;
}

size_t
xml_trimmed(const char *s, size_t len)
{
	while (len > 0 && strchr(XML_BLANKS, s[len - 1]) != NULL)
		len--;
	return len;
}

void
xml_tidy(const char *s, bool lines, struct buf *out)
{
	size_t len;

	s += strspn(s, XML_BLANKS);
	len = xml_trimmed(s, strlen(s));
	for (size_t i = 0; i < len; i++) {
		if (strchr(XML_BLANKS, s[i]) == NULL || (lines && s[i] != '\r'))
			buf_put_u8(out, (uint8_t)s[i]);
		else if (lines && s[i + 1] != '\n')
			buf_put_u8(out, '\n');
		else if (!lines && strchr(XML_BLANKS, s[i + 1]) == NULL)
			buf_put_u8(out, ' ');
	}
}

/* The largest length not above max that ends between characters of valid UTF-8. */
static size_t
cut_at(const char *s, size_t len, size_t max)
{
	if (len <= max)
		return len;
	while (max > 0 && ((unsigned char)s[max] & 0xc0) == 0x80)
		max--;
	return max;
}

char *
xml_bound(const struct field *fd, const struct buf *tidy, size_t *len, struct xml_note *control, struct xml_note *cut,
    size_t line)
{
	const char *s = tidy->n == 0 ? "" : (const char *)tidy->p;
	bool lines = (fd->flags & FF_LINES) != 0;
	/* Replacing never makes a text shorter, so what lies behind the bound needs no look. */
	size_t n = cut_at(s, tidy->n, fd->max), size = 3 * n + 1;
	char *out = xmalloc(size);

	if (!text_clean(s, n, lines, NULL))
		xml_note(control, line, fd->name);
	n = text_sanitise(s, n, out, size, lines);
	*len = cut_at(out, n, fd->max);
	if (*len < n || tidy->n > fd->max)
		xml_note(cut, line, fd->name);
	return out;
}
