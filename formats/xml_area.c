/*
 * Polygons and circles as XML documents write them (xml_part.h).  Nobody here computes with them, so what is wrong with
 * one is told and not refused.
 */
#include <string.h>
#include "xml_part.h"

/* A plain decimal number, or one with an exponent as some programs print small ones.  Not strtod(): its point is the
 * locale's, and it reads nan and inf. */
static bool
decimal(const char **p, bool exponent, double *out)
{
	const char *s = *p;
	double v = 0, scale = 1;
	bool minus = *s == '-', below;
	int digits = 0, e = 0;

	s += *s == '-' || *s == '+';
	for (; *s >= '0' && *s <= '9'; s++, digits++)
		v = v * 10 + (*s - '0');
	if (*s == '.')
		for (s++; *s >= '0' && *s <= '9'; s++, digits++)
			v += (*s - '0') * (scale /= 10);
	if (digits == 0)
		return false;
	if (exponent && (*s == 'e' || *s == 'E')) {
		s++;
		below = *s == '-';
		s += *s == '-' || *s == '+';
		if (*s < '0' || *s > '9')
			return false;
		for (; *s >= '0' && *s <= '9'; s++)
			e = e < 400 ? e * 10 + (*s - '0') : e;
		for (; e > 0 && v > 0 && v < 1e300; e--)
			v = below ? v / 10 : v * 10;
	}
	*out = minus ? -v : v;
	*p = s;
	return true;
}

static bool
position(const char *s, size_t len, bool exponent, double *a, double *b)
{
	const char *p = s;

	return decimal(&p, exponent, a) && *p++ == ',' && decimal(&p, exponent, b) && p == s + len;
}

void
xml_check_polygon(const char *p, size_t line, const struct xml_area *as)
{
	const char *word;
	double a, b, a0 = 0, b0 = 0, a1 = 0, b1 = 0;
	size_t len, points = 0;

	while ((word = xml_word(&p, XML_BLANKS, &len)) != NULL) {
		if (!position(word, len, as->exponent, &a, &b)) {
			xml_note_word(as->syntax, line, word, len);
			return;
		}
		if (!as->on_earth(a, b))
			xml_note_word(as->range, line, word, len);
		if (points++ == 0) {
			a0 = a;
			b0 = b;
		}
		a1 = a;
		b1 = b;
	}
	if (points < 4)
		xml_note(as->few, line, NULL);
	else if (a0 < a1 || a0 > a1 || b0 < b1 || b0 > b1)
		xml_note(as->unclosed, line, NULL);
}

void
xml_check_circle(const char *text, size_t line, const struct xml_area *as)
{
	const char *p = text, *centre, *radius, *end;
	size_t len = 0, rlen = 0, more;
	double a, b, r = 0;

	centre = xml_word(&p, XML_BLANKS, &len);
	radius = centre == NULL ? NULL : xml_word(&p, XML_BLANKS, &rlen);
	end = radius;
	if (radius == NULL || xml_word(&p, XML_BLANKS, &more) != NULL || !position(centre, len, as->exponent, &a, &b) ||
	    !decimal(&end, as->exponent, &r) || end != radius + rlen || r < 0 ||
	    (as->radius_max > 0 && r > as->radius_max))
		xml_note_word(as->circle, line, text, strlen(text));
	else if (!as->on_earth(a, b))
		xml_note_word(as->range, line, centre, len);
}
