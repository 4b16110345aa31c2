/*
 * libxml2's events into a tree of the elements CAP knows.
 *
 * Nothing is built that the tables do not name: the first element that is unknown, misplaced or of a wrong value ends
 * the reading.  What lies inside a signature is well-formed XML and otherwise none of our business.
 *
 * The parser is fed in small pieces and left alone after the first error, its own or ours.  (Stopping it from inside
 * one of its own error calls is what its interface offers, and not what its insides expect.)  It loads nothing, knows
 * no entity but the five, and never prints.
 */
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <libxml/parser.h>
#include <libxml/xmlerror.h>
#include "cap_part.h"
#include "i18n.h"

#define PIECE 4096
#define XSI "http://www.w3.org/2001/XMLSchema-instance"
#define DSIG "http://www.w3.org/2000/09/xmldsig#"

struct reading {
	xmlParserCtxtPtr ctxt;
	struct cap_doc *doc;
	struct fault *fault;
	struct cap_node *node; /* open element, NULL outside of the root */
	size_t skipped;	       /* open elements of a signature */
	bool failed;
};

#if LIBXML_VERSION >= 21200
typedef const xmlError *error_ptr;
#else
typedef xmlErrorPtr error_ptr;
#endif

static void on_start(
    void *, const xmlChar *, const xmlChar *, const xmlChar *, int, const xmlChar **, int, int, const xmlChar **);
static void on_end(void *, const xmlChar *, const xmlChar *, const xmlChar *);
static void on_text(void *, const xmlChar *, int);
static void on_subset(void *, const xmlChar *, const xmlChar *, const xmlChar *);
static void on_reference(void *, const xmlChar *);
static void on_error(void *, error_ptr);
static int feed(struct reading *, const char *, size_t);
static void node_free(struct cap_node *);

static size_t
line_of(const struct reading *r)
{
	return r->ctxt->input == NULL || r->ctxt->input->line < 1 ? 0 : (size_t)r->ctxt->input->line;
}

static void
fail(struct reading *r, size_t line)
{
	r->failed = true;
	fault_at(r->fault, NULL, line);
}

static struct cap_node *
node_new(struct reading *r, const struct cap_rule *rule)
{
	struct cap_node *n = xcalloc(1, sizeof(*n)), *up = r->node;

	n->rule = rule;
	n->line = line_of(r);
	n->parent = up;
	n->place.first = n->place.row = rule->inside;
	if (up == NULL)
		r->doc->alert = n;
	else if (up->last == NULL)
		up->child = up->last = n;
	else
		up->last = up->last->next = n;
	return n;
}

static void
node_free(struct cap_node *n)
{
	while (n != NULL) {
		struct cap_node *next = n->next;

		node_free(n->child); /* no deeper than the tables are */
		buf_free(&n->text);
		free(n);
		n = next;
	}
}

void
cap_doc_free(struct cap_doc *d)
{
	node_free(d->alert);
	memset(d, 0, sizeof(*d));
}

/* Whether the element takes others; CAP 1.0 wrote its pairs as text. */
static bool
holds_elements(const struct cap_node *n, unsigned version)
{
	return n->rule->type == CAP_T_GROUP || (n->rule->type == CAP_T_PAIR && version != CAP_V10);
}

static void
start_root(struct reading *r, const char *name, const char *uri)
{
	if (strcmp(name, cap_root.name) != 0 || (r->doc->version = cap_version(uri)) == 0) {
		(void)fault_set(r->fault, EX_DATAERR, name,
		    _("the root is {%.200s}%.80s, not an alert of CAP 1.0, 1.1 or 1.2"), uri, name);
		fail(r, line_of(r));
		return;
	}
	r->node = node_new(r, &cap_root);
}

/* CAP's elements have no attributes; those that say where the schema is, and the type, may stand anywhere (nil may not:
 * no element of CAP takes it).  attrs: five pointers each. */
static bool
plain(struct reading *r, const char *name, int nattrs, const xmlChar **attrs)
{
	static const char *const known[] = {"schemaLocation", "noNamespaceSchemaLocation", "type"};

	for (int i = 0; i < nattrs; i++) {
		const char *ns = (const char *)attrs[5 * i + 2];
		size_t k = 0;

		while (k < sizeof(known) / sizeof(known[0]) && strcmp(known[k], (const char *)attrs[5 * i]) != 0)
			k++;
		if (ns != NULL && strcmp(ns, XSI) == 0 && k < sizeof(known) / sizeof(known[0]))
			continue;
		(void)fault_set(r->fault, EX_DATAERR, name, _("has an attribute \"%.80s\" CAP does not know"),
		    (const char *)attrs[5 * i]);
		fail(r, line_of(r));
		return false;
	}
	return true;
}

static void
on_start(void *arg, const xmlChar *local, const xmlChar *prefix, const xmlChar *ns, int nns, const xmlChar **nss,
    int nattrs, int ndefaulted, const xmlChar **attrs)
{
	struct reading *r = arg;
	const char *name = (const char *)local, *uri = ns == NULL ? "" : (const char *)ns;
	const struct cap_rule *rule;

	(void)prefix, (void)nns, (void)nss, (void)ndefaulted;
	if (r->failed)
		return;
	if (r->skipped > 0) {
		r->skipped++;
		return;
	}
	if (cap_version(uri) != 0 && !plain(r, name, nattrs, attrs))
		return;
	if (r->node == NULL) {
		start_root(r, name, uri);
		return;
	}
	if (r->node == r->doc->alert && strcmp(uri, DSIG) == 0) {
		/* the last of the sequence: after it only its like may come */
		if (cap_rule_end(&r->node->place, r->doc->version, r->fault) == -1) {
			fail(r, line_of(r));
			return;
		}
		while (r->node->place.row->name != NULL)
			r->node->place.row++;
		/* the schema takes others of that namespace as well */
		if (strcmp(name, "Signature") == 0 && r->doc->signatures++ == 0)
			r->doc->signature_line = line_of(r);
		r->skipped = 1;
		return;
	}
	if (cap_version(uri) != r->doc->version) {
		(void)fault_set(r->fault, EX_DATAERR, name, _("is of the foreign namespace \"%.200s\""), uri);
		fail(r, line_of(r));
		return;
	}
	if (!holds_elements(r->node, r->doc->version)) {
		(void)fault_set(
		    r->fault, EX_DATAERR, name, _("stands in %s, which holds text only"), r->node->rule->name);
		fail(r, line_of(r));
		return;
	}
	rule = cap_rule_next(&r->node->place, name, r->doc->version, r->fault);
	if (rule == NULL) {
		fail(r, line_of(r));
		return;
	}
	r->node = node_new(r, rule);
}

static void
on_end(void *arg, const xmlChar *local, const xmlChar *prefix, const xmlChar *ns)
{
	struct reading *r = arg;
	struct cap_node *n = r->node;

	(void)local, (void)prefix, (void)ns;
	if (r->failed)
		return;
	if (r->skipped > 0) {
		r->skipped--;
		return;
	}
	(void)buf_cstr(&n->text);
	if ((holds_elements(n, r->doc->version) && cap_rule_end(&n->place, r->doc->version, r->fault) == -1) ||
	    cap_check_value(n, r->doc->version, &r->doc->notes, r->fault) == -1) {
		fail(r, n->line);
		return;
	}
	if (n->rule->el == CAP_EL_OTHER && n->rule->inside == NULL) {
		r->doc->kept += n->text.n;
		if (r->doc->kept > CAP_KEEP_MAX && !r->doc->whole) {
			n->dropped = true;
			buf_free(&n->text);
		}
	}
	r->node = n->parent;
	if (n == r->doc->alert && cap_check_alert(r->doc, r->fault) == -1)
		fail(r, n->line);
}

static void
on_text(void *arg, const xmlChar *p, int len)
{
	struct reading *r = arg;

	if (r->failed || r->skipped > 0 || r->node == NULL || len <= 0)
		return;
	if (!holds_elements(r->node, r->doc->version)) {
		buf_put(&r->node->text, p, (size_t)len);
		return;
	}
	for (int i = 0; i < len; i++)
		if (strchr(" \t\r\n", p[i]) == NULL) {
			(void)fault_set(
			    r->fault, EX_DATAERR, r->node->rule->name, _("holds text where only elements may stand"));
			fail(r, line_of(r));
			return;
		}
}

static void
on_subset(void *arg, const xmlChar *name, const xmlChar *external, const xmlChar *system)
{
	struct reading *r = arg;

	(void)name, (void)external, (void)system;
	if (r->failed)
		return;
	(void)fault_set(r->fault, EX_DATAERR, "", _("document type declarations are refused"));
	fail(r, line_of(r));
}

static void
on_reference(void *arg, const xmlChar *name)
{
	struct reading *r = arg;

	if (r->failed)
		return;
	(void)fault_set(r->fault, EX_DATAERR, "", _("the entity &%.80s; is refused"), (const char *)name);
	fail(r, line_of(r));
}

static void
on_error(void *arg, error_ptr e)
{
	struct reading *r = arg;
	char why[256];
	size_t n;

	if (r->failed || e == NULL || e->level < XML_ERR_ERROR)
		return;
	n = e->message == NULL ? 0 : strcspn(e->message, "\n");
	n = n < sizeof(why) ? n : sizeof(why) - 1;
	if (n > 0)
		memcpy(why, e->message, n);
	why[n] = '\0';
	if (e->code == XML_ERR_NO_MEMORY)
		(void)fault_set(r->fault, EX_TEMPFAIL, "", _("no memory left to read the document"));
	else
		(void)fault_set(
		    r->fault, EX_DATAERR, r->node == NULL ? "" : r->node->rule->name, _("not well-formed: %s"), why);
	fail(r, e->line > 0 ? (size_t)e->line : line_of(r));
}

static int
feed(struct reading *r, const char *p, size_t n)
{
	while (n > 0 && !r->failed) {
		size_t piece = n < PIECE ? n : PIECE;

		/* whole characters, and line ends together */
		while (piece < n && (((unsigned char)p[piece] & 0xc0) == 0x80 || p[piece - 1] == '\r'))
			piece++;
		if (xmlParseChunk(r->ctxt, p, (int)piece, 0) != 0 || !r->ctxt->wellFormed)
			break;
		p += piece;
		n -= piece;
	}
	if (!r->failed && n == 0)
		(void)xmlParseChunk(r->ctxt, NULL, 0, 1);
	if (!r->failed && (n > 0 || !r->ctxt->wellFormed || !r->ctxt->nsWellFormed || r->doc->alert == NULL)) {
		(void)fault_set(r->fault, EX_DATAERR, "", _("not well-formed: %s"), "?");
		fail(r, line_of(r));
	}
	return r->failed ? -1 : 0;
}

int
cap_parse(const struct buf *text, struct cap_doc *doc, struct fault *f)
{
	struct reading r = {.doc = doc, .fault = f};
	struct fault unheard;
	xmlSAXHandler sax;
	int rc;

	if (f == NULL)
		r.fault = &unheard;
	memset(r.fault, 0, sizeof(*r.fault));
	memset(&sax, 0, sizeof(sax));
	sax.initialized = XML_SAX2_MAGIC;
	sax.startElementNs = on_start;
	sax.endElementNs = on_end;
	sax.characters = sax.cdataBlock = sax.ignorableWhitespace = on_text;
	sax.internalSubset = sax.externalSubset = on_subset;
	sax.reference = on_reference;
	sax.serror = on_error;
	r.ctxt = xmlCreatePushParserCtxt(&sax, &r, NULL, 0, NULL);
	if (r.ctxt == NULL)
		return fault_set(f, EX_TEMPFAIL, "", _("no memory left to read the document"));
	(void)xmlCtxtUseOptions(r.ctxt, XML_PARSE_NONET | XML_PARSE_NOCDATA | XML_PARSE_IGNORE_ENC);
	rc = feed(&r, text->n == 0 ? "" : (const char *)text->p, text->n);
	xmlFreeParserCtxt(r.ctxt);
	return rc;
}
