/*
 * XML as this program writes it: one element a line, no attributes, no indentation.
 *
 * Only five things can go wrong in text between tags: the three characters that are markup, the carriage return (which
 * a parser turns into a line feed), and what XML has no place for.  The rest goes out as it is, except for what could
 * turn a screen around: that goes as a reference, which any parser reads back as the same character.
 */
#include <string.h>
#include "cap_part.h"
#include "text.h"

static bool
xml_has(uint32_t cp)
{
	return cp == '\t' || cp == '\n' || cp == '\r' || (cp >= 0x20 && cp != 0xfffe && cp != 0xffff);
}

void
cap_emit_text(struct buf *out, const char *s, size_t len)
{
	while (len > 0) {
		size_t plain = 0, n;
		uint32_t cp;

		while (plain < len && (unsigned char)s[plain] >= 0x20 && (unsigned char)s[plain] < 0x7f &&
		       s[plain] != '<' && s[plain] != '>' && s[plain] != '&')
			plain++;
		buf_put(out, s, plain);
		s += plain;
		len -= plain;
		if (len == 0)
			break;
		n = text_decode(s, len, &cp);
		if (!xml_has(cp))
			buf_puts(out, "\xef\xbf\xbd");
		else if (cp == '<' || cp == '>' || cp == '&')
			buf_puts(out, cp == '<' ? "&lt;" : cp == '>' ? "&gt;" : "&amp;");
		else if (!text_clean(s, n, true, NULL))
			buf_printf(out, "&#x%X;", (unsigned)cp);
		else
			buf_put(out, s, n);
		s += n;
		len -= n;
	}
}

void
cap_emit_begin(struct buf *out, const char *name)
{
	buf_printf(out, "<%s>\n", name);
}

void
cap_emit_end(struct buf *out, const char *name)
{
	buf_printf(out, "</%s>\n", name);
}

void
cap_emit(struct buf *out, const char *name, const char *text, size_t len)
{
	buf_printf(out, "<%s>", name);
	cap_emit_text(out, text, len);
	buf_printf(out, "</%s>\n", name);
}

void
cap_emit_pair(struct buf *out, const char *element, const char *name, const char *value)
{
	cap_emit_begin(out, element);
	cap_emit(out, "valueName", name, strlen(name));
	cap_emit(out, "value", value, strlen(value));
	cap_emit_end(out, element);
}
