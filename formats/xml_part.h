#ifndef FORMATS_XML_PART_H
#define FORMATS_XML_PART_H
/*
 * What the readers of XML (cap_*.c, warn12379_*.c, ebd.c) share and nobody else needs, but for the parser (xml_feed.h).
 *
 *   xml_text.c  texts as a body takes them; things worth telling of a document
 *   xml_area.c  polygons and circles
 */
#include <stdbool.h>
#include <stddef.h>
#include "buf.h"
#include "field.h"

#define XML_BLANKS " \t\r\n"

/* The next word between the separators, *p moved behind it; NULL at the end. */
const char *xml_word(const char **p, const char *separators, size_t *len);

/* A kind of thing kept that is worth telling: told once, with the first place and the number of places. */
struct xml_note {
	size_t n, line;
	char detail[96];
};
/* line 0: of no one place.  detail: what it is about, from outside or not; NULL for none. */
void xml_note(struct xml_note *, size_t line, const char *detail);
void xml_note_word(struct xml_note *, size_t line, const char *word, size_t len); /* cut to what a remark takes */
/* The text, which is one of ours, with what it is about, one line; false when there is none of that kind. */
bool xml_note_text(const struct xml_note *, const char *text, struct buf *out);

/* Added without blanks at its ends; with line feeds only, or in one line with single blanks. */
void xml_tidy(const char *, bool lines, struct buf *);
/* A tidy text within its field's bounds, cut between characters, and without what no screen may get; both leave a
 * note.  The caller's to free, *len bytes, not terminated. */
char *xml_bound(const struct field *, const struct buf *tidy, size_t *len, struct xml_note *control,
    struct xml_note *cut, size_t line);
/* The length without the blanks at the end. */
size_t xml_trimmed(const char *, size_t len);

/* How a format writes positions, and what of them is told. */
struct xml_area {
	bool exponent;			      /* numbers may have one */
	bool (*on_earth)(double a, double b); /* the two numbers of a position, as they are written */
	double radius_max;		      /* in the format's unit; 0: none */
	struct xml_note *syntax, *few, *unclosed, *circle, *range;
};
/* The text is NUL-terminated. */
void xml_check_polygon(const char *, size_t line, const struct xml_area *);
void xml_check_circle(const char *, size_t line, const struct xml_area *);

#endif
