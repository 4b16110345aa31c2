#ifndef FORMATS_XML_FEED_H
#define FORMATS_XML_FEED_H
/*
 * libxml2's events for the readers of XML (cap_xml.c, warn12379_xml.c), which build trees of their own of them.
 *
 * The parser is fed in small pieces and left alone after the first error, its own or the reader's.  (Stopping it from
 * inside one of its own error calls is what its interface offers, and not what its insides expect.)  It loads nothing,
 * knows no entity but the five, and never prints.
 */
#include <stdbool.h>
#include <stddef.h>
#include <libxml/parser.h>
#include "buf.h"
#include "fault.h"

/* The first member of a reader's state: that state is the first argument of the reader's events. */
struct xml_feed {
	xmlParserCtxtPtr ctxt;
	struct fault *fault; /* never NULL while events come */
	const char *open;    /* name of the open element, kept up by the reader; NULL outside of the root */
	bool rooted;	     /* set by the reader once it has taken a root */
	bool failed;	     /* nothing more is looked at */
};

size_t xml_line(const struct xml_feed *);
/* Ends the reading: the fault is set already and gets this line. */
void xml_fail(struct xml_feed *, size_t line);

/* The whole text through the reader's events (text, CDATA and blanks all go to `characters`), which return at once when
 * failed is set.  Document types and entities are refused here.  0, or -1 + fault (may be NULL) with element and line.
 */
int xml_feed(struct xml_feed *, const struct buf *text, startElementNsSAX2Func, endElementNsSAX2Func,
    charactersSAXFunc characters, struct fault *);

#endif
