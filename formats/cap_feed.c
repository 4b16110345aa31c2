/*
 * Containers of CAP alerts: Atom and RSS feeds, lists, envelopes; any XML that holds <alert> elements of a CAP
 * namespace.
 *
 * Nothing of the container is interpreted but where the alerts are.  It passes the same door as a document (cap_scan.c:
 * size, depth, attributes, no DOCTYPE) before libxml2 builds a tree of it; each alert is then read like any other
 * document.  One that is refused says why and the others go on: a feed must not lose its warnings to one bad entry.
 *
 * What is kept as the original are the bytes the alert has in the container, from its first < to its last >, when they
 * stand on their own: it leans on no namespace declared around it, and the container is UTF-8.  Else it is written out
 * anew, with the declarations it needs.  A document that is an alert itself is handed on byte for byte.
 */
#include <stdint.h>
#include <stdlib.h>
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

/* Where an element stands in the text: [begin, end). */
struct span {
	size_t begin, end;
	size_t outer;	/* index of the one around it; SIZE_MAX: none */
};

struct spans {
	struct span *v;	/* in the order of their start tags */
	size_t n, cap;
};

static bool
named_alert(const char *name, size_t len)
{
	const char *colon = memchr(name, ':', len);
	size_t skip = colon == NULL ? 0 : (size_t)(colon - name) + 1;

	return len - skip == strlen(cap_root.name) && memcmp(name + skip, cap_root.name, len - skip) == 0;
}

/* Behind the '>' of the tag whose name ends at p. */
static const char *
behind_tag(const char *p, const char *end)
{
	while (p < end && *p != '>') {
		const char *q = *p == '"' || *p == '\'' ? memchr(p + 1, *p, (size_t)(end - p - 1)) : p;

		p = q == NULL ? end : q + 1;
	}
	return p < end ? p + 1 : end;
}

/* What a comment, CDATA section or processing instruction at p ends behind; NULL: it is none. */
static const char *
behind_other(const char *p, const char *end)
{
	static const char *const marks[][2] = {{"<!--", "-->"}, {"<![CDATA[", "]]>"}, {"<?", "?>"}};

	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		size_t open = strlen(marks[i][0]), close = strlen(marks[i][1]);
		const char *q;

		if ((size_t)(end - p) < open || memcmp(p, marks[i][0], open) != 0)
			continue;
		q = memmem(p + open, (size_t)(end - p) - open, marks[i][1], close);
		return q == NULL ? end : q + close;
	}
	return NULL;
}

/* Every element of that name, whatever its namespace.  The text is well-formed, so that tags nest. */
static void
find_spans(const char *s, size_t n, struct spans *out)
{
	const char *p = s, *end = s + n, *name, *q;
	size_t open = SIZE_MAX, len;

	while ((p = memchr(p, '<', (size_t)(end - p))) != NULL) {
		bool closes;

		if ((q = behind_other(p, end)) != NULL) {
			p = q;
			continue;
		}
		closes = end - p > 1 && p[1] == '/';
		name = p + 1 + closes;
		for (len = 0; name + len < end && strchr(" \t\r\n/>", name[len]) == NULL; len++)
			;
		q = behind_tag(name + len, end);
		if (!named_alert(name, len)) {
			p = q;
			continue;
		}
		if (closes) {
			if (open == SIZE_MAX)
				return; /* not well-formed: no span after all */
			out->v[open].end = (size_t)(q - s);
			open = out->v[open].outer;
		} else {
			if (out->n == out->cap) {
				out->cap = out->cap == 0 ? 64 : 2 * out->cap;
				out->v = xreallocarray(out->v, out->cap, sizeof *out->v);
			}
			out->v[out->n] = (struct span){(size_t)(p - s), 0, open};
			if (q[-2] == '/')
				out->v[out->n].end = (size_t)(q - s);
			else
				open = out->n;
			out->n++;
		}
		p = q;
	}
}

/* Gives each element of that name its span, by their order; not all of them in both: none. */
static void
assign_spans(xmlNodePtr root, struct spans *spans)
{
	size_t i = 0;

	for (int pass = 0; pass < 2; pass++) {
		xmlNodePtr n = root;

		i = 0;
		while (n != NULL) {
			if (n->type == XML_ELEMENT_NODE && strcmp((const char *)n->name, cap_root.name) == 0) {
				if (pass == 1)
					n->_private = &spans->v[i];
				i++;
			}
			if (n->type == XML_ELEMENT_NODE && n->children != NULL) {
				n = n->children;
				continue;
			}
			while (n != NULL && n->next == NULL)
				n = n->parent == NULL || n->parent->type != XML_ELEMENT_NODE ? NULL : n->parent;
			n = n == NULL ? NULL : n->next;
		}
		if (i != spans->n)
			return;
	}
}

static size_t
declarations(xmlNodePtr n)
{
	size_t count = 0;

	for (xmlNsPtr ns = n->nsDef; ns != NULL; ns = ns->next)
		count++;
	return count;
}

/* text: the container's, when its bytes are the source's; else NULL. */
static void
each_alert(xmlNodePtr n, const struct buf *text, const struct codebook *cb, int64_t now, cap_each_fn *each, void *ctx)
{
	xmlDocPtr doc = xmlNewDoc((const xmlChar *)"1.0");
	xmlNodePtr copy = doc == NULL ? NULL : xmlDocCopyNode(n, doc, 1);
	struct cap_alert a = {0};
	struct fault f = {0};
	const struct span *span = n->_private;
	const uint8_t *bytes = NULL;
	xmlChar *made = NULL;
	size_t len = 0;
	int n_made = 0;

	if (copy != NULL)
		(void)xmlDocSetRootElement(doc, copy);
	if (copy != NULL && text != NULL && span != NULL && span->end > span->begin &&
	    declarations(copy) == declarations(n)) {
		bytes = text->p + span->begin;
		len = span->end - span->begin;
	} else if (copy != NULL) {
		xmlDocDumpMemoryEnc(doc, &made, &n_made, "UTF-8");
		bytes = made;
		len = made == NULL ? 0 : (size_t)n_made;
	}
	if (bytes == NULL)
		(void)fault_set(&f, EX_TEMPFAIL, "", _("no memory left to read the document"));
	else
		(void)cap_read(bytes, len, cb, now, &a, &f);
	/* the line of the container is what a person can find */
	f.line = f.code != 0 ? (size_t)(xmlGetLineNo(n) > 0 ? xmlGetLineNo(n) : 0) : 0;
	each(ctx, bytes, len, f.code == 0 ? &a : NULL, &f);
	cap_alert_free(&a);
	xmlFree(made);
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
	struct spans spans = {0};
	xmlNodePtr root, at;
	bool source;
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
	source = n >= text.n && memcmp((const uint8_t *)p + (n - text.n), text.p, text.n) == 0;
	if (source) {
		find_spans((const char *)text.p, text.n, &spans);
		assign_spans(root, &spans);
	}
	for (at = next_alert(root, true); at != NULL; at = next_alert(at, false)) {
		each_alert(at, source ? &text : NULL, cb, now, each, ctx);
		found++;
	}
	rc = found > 0 ? found
		       : fault_set(f, EX_DATAERR, (const char *)root->name, _("holds no alert of CAP 1.0, 1.1 or 1.2"));
out:
	xmlFreeDoc(doc);
	free(spans.v);
	buf_free(&text);
	return rc;
}
