/*
 * libxml2's events, the same for every reader of XML (xml_feed.h): what is refused of any document, and what the
 * parser's own errors become.
 */
#include <string.h>
#include <sysexits.h>
#include <libxml/xmlerror.h>
#include "i18n.h"
#include "xml_feed.h"

#define PIECE 4096

#if LIBXML_VERSION >= 21200
typedef const xmlError *error_ptr;
#else
typedef xmlErrorPtr error_ptr;
#endif

static void on_subset(void *, const xmlChar *, const xmlChar *, const xmlChar *);
static void on_reference(void *, const xmlChar *);
static void on_error(void *, error_ptr);
static int feed(struct xml_feed *, const char *, size_t);

size_t
xml_line(const struct xml_feed *x)
{
	return x->ctxt->input == NULL || x->ctxt->input->line < 1 ? 0 : (size_t)x->ctxt->input->line;
}

void
xml_fail(struct xml_feed *x, size_t line)
{
	x->failed = true;
	fault_at(x->fault, NULL, line);
}

static void
on_subset(void *arg, const xmlChar *name, const xmlChar *external, const xmlChar *system)
{
	struct xml_feed *x = arg;

	(void)name, (void)external, (void)system;
	if (x->failed)
		return;
	(void)fault_set(x->fault, EX_DATAERR, "", _("document type declarations are refused"));
	xml_fail(x, xml_line(x));
}

static void
on_reference(void *arg, const xmlChar *name)
{
	struct xml_feed *x = arg;

	if (x->failed)
		return;
	(void)fault_set(x->fault, EX_DATAERR, "", _("the entity &%.80s; is refused"), (const char *)name);
	xml_fail(x, xml_line(x));
}

static void
on_error(void *arg, error_ptr e)
{
	struct xml_feed *x = arg;
	char why[256];
	size_t n;

	if (x->failed || e == NULL || e->level < XML_ERR_ERROR)
		return;
	n = e->message == NULL ? 0 : strcspn(e->message, "\n");
	n = n < sizeof(why) ? n : sizeof(why) - 1;
	if (n > 0)
		memcpy(why, e->message, n);
	why[n] = '\0';
	if (e->code == XML_ERR_NO_MEMORY)
		(void)fault_set(x->fault, EX_TEMPFAIL, "", _("no memory left to read the document"));
	else
		(void)fault_set(
		    x->fault, EX_DATAERR, x->open == NULL ? "" : x->open, _("not well-formed: %s"), why);
	xml_fail(x, e->line > 0 ? (size_t)e->line : xml_line(x));
}

static int
feed(struct xml_feed *x, const char *p, size_t n)
{
	while (n > 0 && !x->failed) {
		size_t piece = n < PIECE ? n : PIECE;

		/* whole characters, and line ends together */
		while (piece < n && (((unsigned char)p[piece] & 0xc0) == 0x80 || p[piece - 1] == '\r'))
			piece++;
		if (xmlParseChunk(x->ctxt, p, (int)piece, 0) != 0 || !x->ctxt->wellFormed)
			break;
		p += piece;
		n -= piece;
	}
	if (!x->failed && n == 0)
		(void)xmlParseChunk(x->ctxt, NULL, 0, 1);
	if (!x->failed && (n > 0 || !x->ctxt->wellFormed || !x->ctxt->nsWellFormed || !x->rooted)) {
		(void)fault_set(x->fault, EX_DATAERR, "", _("not well-formed: %s"), "?");
		xml_fail(x, xml_line(x));
	}
	return x->failed ? -1 : 0;
}

int
xml_feed(struct xml_feed *x, const struct buf *text, startElementNsSAX2Func start, endElementNsSAX2Func end,
    charactersSAXFunc characters, struct fault *f)
{
	struct fault unheard;
	xmlSAXHandler sax;
	int rc;

	x->fault = f == NULL ? &unheard : f;
	memset(x->fault, 0, sizeof(*x->fault));
	memset(&sax, 0, sizeof(sax));
	sax.initialized = XML_SAX2_MAGIC;
	sax.startElementNs = start;
	sax.endElementNs = end;
	sax.characters = sax.cdataBlock = sax.ignorableWhitespace = characters;
	sax.internalSubset = sax.externalSubset = on_subset;
	sax.reference = on_reference;
	sax.serror = on_error;
	x->ctxt = xmlCreatePushParserCtxt(&sax, x, NULL, 0, NULL);
	if (x->ctxt == NULL)
		return fault_set(f, EX_TEMPFAIL, "", _("no memory left to read the document"));
	(void)xmlCtxtUseOptions(x->ctxt, XML_PARSE_NONET | XML_PARSE_NOCDATA | XML_PARSE_IGNORE_ENC);
	rc = feed(x, text->n == 0 ? "" : (const char *)text->p, text->n);
	xmlFreeParserCtxt(x->ctxt);
	return rc;
}
