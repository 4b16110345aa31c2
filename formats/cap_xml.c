/*
 * libxml2's events into a tree of the elements CAP knows.
 *
 * Nothing is built that the tables do not name: the first element that is unknown, misplaced or of a wrong value ends
 * the reading.  What lies inside a signature is well-formed XML and otherwise none of our business.
 *
 * xml_feed.c drives the parser.
 */
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "cap_part.h"
#include "i18n.h"
#include "xml_feed.h"

#define XSI "http://www.w3.org/2001/XMLSchema-instance"
#define DSIG "http://www.w3.org/2000/09/xmldsig#"

struct reading {
	struct xml_feed feed;
	struct cap_doc *doc;
	struct cap_node *node; /* open element, NULL outside of the root */
	size_t skipped;	       /* open elements of a signature */
};

static void on_start(
    void *, const xmlChar *, const xmlChar *, const xmlChar *, int, const xmlChar **, int, int, const xmlChar **);
static void on_end(void *, const xmlChar *, const xmlChar *, const xmlChar *);
static void on_text(void *, const xmlChar *, int);
static void node_free(struct cap_node *);

static struct cap_node *
node_new(struct reading *r, const struct cap_rule *rule)
{
	struct cap_node *n = xcalloc(1, sizeof(*n)), *up = r->node;

	n->rule = rule;
	n->line = xml_line(&r->feed);
	n->parent = up;
	n->place.first = n->place.row = rule->inside;
	r->feed.open = rule->name;
	r->feed.rooted = true;
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
		(void)fault_set(r->feed.fault, EX_DATAERR, name,
		    _("the root is {%.200s}%.80s, not an alert of CAP 1.0, 1.1 or 1.2"), uri, name);
		xml_fail(&r->feed, xml_line(&r->feed));
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
		(void)fault_set(r->feed.fault, EX_DATAERR, name, _("has an attribute \"%.80s\" CAP does not know"),
		    (const char *)attrs[5 * i]);
		xml_fail(&r->feed, xml_line(&r->feed));
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
	if (r->feed.failed)
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
		if (cap_rule_end(&r->node->place, r->doc->version, r->feed.fault) == -1) {
			xml_fail(&r->feed, xml_line(&r->feed));
			return;
		}
		while (r->node->place.row->name != NULL)
			r->node->place.row++;
		/* the schema takes others of that namespace as well */
		if (strcmp(name, "Signature") == 0 && r->doc->signatures++ == 0)
			r->doc->signature_line = xml_line(&r->feed);
		r->skipped = 1;
		return;
	}
	if (cap_version(uri) != r->doc->version) {
		(void)fault_set(r->feed.fault, EX_DATAERR, name, _("is of the foreign namespace \"%.200s\""), uri);
		xml_fail(&r->feed, xml_line(&r->feed));
		return;
	}
	if (!holds_elements(r->node, r->doc->version)) {
		(void)fault_set(
		    r->feed.fault, EX_DATAERR, name, _("stands in %s, which holds text only"), r->node->rule->name);
		xml_fail(&r->feed, xml_line(&r->feed));
		return;
	}
	rule = cap_rule_next(&r->node->place, name, r->doc->version, r->feed.fault);
	if (rule == NULL) {
		xml_fail(&r->feed, xml_line(&r->feed));
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
	if (r->feed.failed)
		return;
	if (r->skipped > 0) {
		r->skipped--;
		return;
	}
	(void)buf_cstr(&n->text);
	if ((holds_elements(n, r->doc->version) && cap_rule_end(&n->place, r->doc->version, r->feed.fault) == -1) ||
	    cap_check_value(n, r->doc->version, &r->doc->notes, r->feed.fault) == -1) {
		xml_fail(&r->feed, n->line);
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
	r->feed.open = r->node == NULL ? NULL : r->node->rule->name;
	if (n == r->doc->alert && cap_check_alert(r->doc, r->feed.fault) == -1)
		xml_fail(&r->feed, n->line);
}

static void
on_text(void *arg, const xmlChar *p, int len)
{
	struct reading *r = arg;

	if (r->feed.failed || r->skipped > 0 || r->node == NULL || len <= 0)
		return;
	if (!holds_elements(r->node, r->doc->version)) {
		buf_put(&r->node->text, p, (size_t)len);
		return;
	}
	for (int i = 0; i < len; i++)
		if (strchr(" \t\r\n", p[i]) == NULL) {
			(void)fault_set(r->feed.fault, EX_DATAERR, r->node->rule->name,
			    _("holds text where only elements may stand"));
			xml_fail(&r->feed, xml_line(&r->feed));
			return;
		}
}

int
cap_parse(const struct buf *text, struct cap_doc *doc, struct fault *f)
{
	struct reading r = {.doc = doc};

	return xml_feed(&r.feed, text, on_start, on_end, on_text, f);
}
