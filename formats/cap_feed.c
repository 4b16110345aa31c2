/*
 * Containers of CAP alerts: Atom and RSS feeds, lists, envelopes; any XML that holds <alert> elements of a CAP
 * namespace.
 *
 * Nothing of the container is interpreted but where the alerts are.  It passes the same door as a document (cap_scan.c:
 * size, depth, attributes, no DOCTYPE) before libxml2 builds a tree of it; each alert is then written out as a document
 * of its own, with the namespaces it used, and read like any other.  One that is refused says why and the others go on:
 * a feed must not lose its warnings to one bad entry.
 *
 * What an alert was before it was put into the container is not known any more, so its bytes here are what is kept as
 * the original.  A document that is an alert itself is handed on byte for byte.
 */
#include <string.h>
#include <sysexits.h>
#include <libxml/parser.h>
#include <libxml/tree.h>
#include "cap_part.h"
#include "i18n.h"

static bool
is_alert(xmlNodePtr n)
{
	return n->type == XML_ELEMENT_NODE && n->ns != NULL && n->ns->href != NULL &&
	       strcmp((const char *)n->name, cap_root.name) == 0 && cap_version((const char *)n->ns->href) != 0;
}

/* The next alert in document order behind n within the whole; not inside of another. */
static xmlNodePtr
next_alert(xmlNodePtr n, bool inside)
{
	while (n != NULL) {
		if (inside && n->type == XML_ELEMENT_NODE && n->children != NULL) {
			n = n->children;
		} else {
			while (n != NULL && n->next == NULL)
				n = n->parent == NULL || n->parent->type != XML_ELEMENT_NODE ? NULL : n->parent;
			if (n == NULL)
				return NULL;
			n = n->next;
		}
		if (is_alert(n))
			return n;
		inside = true;
	}
	return NULL;
}

static void
each_alert(xmlNodePtr n, const struct codebook *cb, int64_t now, cap_each_fn *each, void *ctx)
{
	xmlDocPtr doc = xmlNewDoc((const xmlChar *)"1.0");
	xmlNodePtr copy = doc == NULL ? NULL : xmlDocCopyNode(n, doc, 1);
	struct cap_alert a = {0};
	struct fault f = {0};
	xmlChar *bytes = NULL;
	int len = 0;

	if (copy != NULL) {
		(void)xmlDocSetRootElement(doc, copy);
		xmlDocDumpMemoryEnc(doc, &bytes, &len, "UTF-8");
	}
	if (bytes == NULL)
		(void)fault_set(&f, EX_TEMPFAIL, "", _("no memory left to read the document"));
	else
		(void)cap_read(bytes, (size_t)len, cb, now, &a, &f);
	/* the line of the container is what a person can find */
	f.line = f.code != 0 ? (size_t)(xmlGetLineNo(n) > 0 ? xmlGetLineNo(n) : 0) : 0;
	each(ctx, bytes, bytes == NULL ? 0 : (size_t)len, f.code == 0 ? &a : NULL, &f);
	cap_alert_free(&a);
	xmlFree(bytes);
	xmlFreeDoc(doc);
}

int
cap_read_all(const void *p, size_t n, const struct codebook *cb, int64_t now, cap_each_fn *each, void *ctx,
    struct fault *f)
{
	struct buf text = {0};
	struct cap_alert a = {0};
	struct fault one = {0};
	xmlDocPtr doc = NULL;
	xmlNodePtr root, at;
	int found = 0, rc = -1;

	if (n == 0 || n > CAP_MAX) {
		(void)fault_set(
		    f, EX_DATAERR, "", _("the document has %zu bytes, at most %zu are allowed"), n, CAP_MAX);
		goto out;
	}
	if (cap_scan(p, n, &text, f) == -1)
		goto out;
	/* in UTF-8 now, whatever the declaration says */
	doc = xmlReadMemory((const char *)text.p, (int)text.n, NULL, "UTF-8",
	    XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_IGNORE_ENC | XML_PARSE_BIG_LINES);
	root = doc == NULL ? NULL : xmlDocGetRootElement(doc);
	if (root == NULL || is_alert(root)) {
		/* no container: the reader knows best what it is, and what is wrong with it */
		if (cap_read(p, n, cb, now, &a, &one) == -1) {
			if (root == NULL) {
				if (f != NULL)
					*f = one;
				goto out;
			}
			each(ctx, p, n, NULL, &one);
		} else {
			each(ctx, p, n, &a, &one);
			cap_alert_free(&a);
		}
		rc = 1;
		goto out;
	}
	for (at = next_alert(root, true); at != NULL; at = next_alert(at, false)) {
		each_alert(at, cb, now, each, ctx);
		found++;
	}
	rc = found > 0 ? found
		       : fault_set(f, EX_DATAERR, (const char *)root->name, _("holds no alert of CAP 1.0, 1.1 or 1.2"));
out:
	xmlFreeDoc(doc);
	buf_free(&text);
	return rc;
}
