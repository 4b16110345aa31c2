/*
 * libxml2's events into a tree of a 12379 document (or another of its kind: ebd.c).
 *
 * The standard's text is not at hand, so the tables below say what is known: which elements mean something here, and
 * which of them can be meant only once.  What they do not name is kept as it stands, in any place and sequence.
 *
 * xml_feed.c drives the parser; the text is what cap_scan() has passed.
 */
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "cap_part.h"
#include "i18n.h"
#include "text.h"
#include "warn12379_part.h"
#include "xml_feed.h"

#define CAP_NS_BEGIN "urn:oasis:names:tc:emergency:cap:"
#define CAP10_NS_BEGIN "http://www.incident.com/cap/"

static const struct w_rule area_rules[] = {
    {"areaDesc", W_AREA_DESC, W_TEXT, false, false, NULL},
    {"polygon", W_POLYGON, W_TEXT, true, false, NULL},
    {"circle", W_CIRCLE, W_TEXT, true, false, NULL},
    {"geocode", W_GEOCODE, W_TEXT, true, false, NULL},
    {NULL, W_OTHER, W_ANY, false, false, NULL},
};

static const struct w_rule info_rules[] = {
    {"language", W_LANGUAGE, W_TEXT, false, false, NULL},
    {"eventType", W_EVENT_TYPE, W_TEXT, false, false, NULL},
    {"urgency", W_URGENCY, W_TEXT, false, false, NULL},
    {"severity", W_SEVERITY, W_TEXT, false, false, NULL},
    {"certainty", W_CERTAINTY, W_TEXT, false, false, NULL},
    {"effective", W_EFFECTIVE, W_TEXT, false, false, NULL},
    {"onset", W_ONSET, W_TEXT, false, false, NULL},
    {"expires", W_EXPIRES, W_TEXT, false, false, NULL},
    {"senderName", W_SENDER_NAME, W_TEXT, false, false, NULL},
    {"headline", W_HEADLINE, W_TEXT, false, false, NULL},
    {"description", W_DESCRIPTION, W_TEXT, false, false, NULL},
    {"instruction", W_INSTRUCTION, W_TEXT, false, false, NULL},
    {"web", W_OTHER, W_ANY, true, false, NULL},
    {"contact", W_OTHER, W_ANY, true, false, NULL},
    {"resource", W_OTHER, W_ANY, true, false, NULL},
    {"area", W_AREA, W_GROUP, true, false, area_rules},
    {NULL, W_OTHER, W_ANY, false, false, NULL},
};

static const struct w_rule alert_rules[] = {
    {"identifier", W_IDENTIFIER, W_TEXT, false, true, NULL},
    {"sender", W_SENDER, W_TEXT, false, false, NULL},
    {"senderCode", W_SENDER_CODE, W_TEXT, false, false, NULL},
    {"sendTime", W_SEND_TIME, W_TEXT, false, true, NULL},
    {"status", W_STATUS, W_TEXT, false, true, NULL},
    {"msgType", W_MSG_TYPE, W_TEXT, false, true, NULL},
    {"scope", W_OTHER, W_TEXT, false, false, NULL},
    {"code", W_OTHER, W_ANY, true, false, NULL},
    {"secClassification", W_OTHER, W_ANY, true, false, NULL},
    {"note", W_NOTE, W_TEXT, false, false, NULL},
    {"references", W_REFERENCES, W_TEXT, false, false, NULL},
    {"info", W_INFO, W_GROUP, true, false, info_rules},
    {NULL, W_OTHER, W_ANY, false, false, NULL},
};

static const struct w_rule root = {"alert", W_ALERT, W_GROUP, false, true, alert_rules};
const struct w_format w_format = {&root, "12379:", "12379", "12379", w_check};
static const struct w_rule other = {NULL, W_OTHER, W_ANY, true, false, NULL};

struct reading {
	struct xml_feed feed;
	struct w_doc *doc;
	struct w_node *node; /* open element, NULL outside of the root */
};

static void node_free(struct w_node *);

static void
node_free(struct w_node *n)
{
	while (n != NULL) {
		struct w_node *next = n->next;

		node_free(n->child); /* no deeper than cap_scan() lets through */
		buf_free(&n->text);
		free(n->name);
		free(n);
		n = next;
	}
}

void
w_doc_free(struct w_doc *d)
{
	node_free(d->alert);
	memset(d, 0, sizeof(*d));
}

struct w_node *
w_child(const struct w_node *n, enum w_el el)
{
	struct w_node *c = n->child;

	while (c != NULL && c->rule->el != el)
		c = c->next;
	return c;
}

struct w_node *
w_next(const struct w_node *n)
{
	struct w_node *c = n->next;

	while (c != NULL && c->rule->el != n->rule->el)
		c = c->next;
	return c;
}

const char *
w_text(const struct w_node *n, enum w_el el)
{
	const struct w_node *c = w_child(n, el);

	return c == NULL ? "" : (const char *)c->text.p;
}

static struct w_node *
node_new(struct reading *r, const struct w_rule *rule, const char *name)
{
	struct w_node *n = xcalloc(1, sizeof(*n)), *up = r->node;

	n->rule = rule;
	n->name = xstrdup(name);
	n->line = xml_line(&r->feed);
	n->parent = up;
	r->feed.open = n->name;
	r->feed.rooted = true;
	if (up == NULL)
		r->doc->alert = n;
	else if (up->last == NULL)
		up->child = up->last = n;
	else
		up->last = up->last->next = n;
	return n;
}

static bool
blank(const struct buf *text)
{
	for (size_t i = 0; i < text->n; i++)
		if (strchr(W_BLANKS, text->p[i]) == NULL)
			return false;
	return true;
}

/* The row for an element in its parent; NULL + fault when it may not stand there. */
static const struct w_rule *
rule_for(struct reading *r, const char *name)
{
	const struct w_rule *up = r->node->rule, *row = up->inside;

	if (up->holds == W_TEXT) {
		(void)fault_set(
		    r->feed.fault, EX_DATAERR, name, _("stands in %s, which holds text only"), r->node->name);
		return NULL;
	}
	if (!blank(&r->node->text)) {
		(void)fault_set(
		    r->feed.fault, EX_DATAERR, r->node->name, _("holds text where only elements may stand"));
		return NULL;
	}
	buf_free(&r->node->text);
	while (row != NULL && row->name != NULL && strcmp(row->name, name) != 0)
		row++;
	if (row == NULL)
		return &other; /* within what is not known */
	if (row->name == NULL) {
		w_note(&r->doc->notes, W_R_UNKNOWN, xml_line(&r->feed), name);
		return &other;
	}
	for (const struct w_node *c = r->node->child; !row->many && c != NULL; c = c->next)
		if (c->rule == row) {
			(void)fault_set(r->feed.fault, EX_DATAERR, name, _("stands there twice"));
			return NULL;
		}
	return row;
}

static int
check_name(struct reading *r, const char *name, const char *uri)
{
	if (strncmp(uri, CAP_NS_BEGIN, strlen(CAP_NS_BEGIN)) == 0 ||
	    strncmp(uri, CAP10_NS_BEGIN, strlen(CAP10_NS_BEGIN)) == 0)
		return fault_set(
		    r->feed.fault, EX_DATAERR, name, _("this is a CAP document, not one of %s"), r->doc->format->name);
	if (*uri != '\0')
		return fault_set(r->feed.fault, EX_DATAERR, name, _("is of the foreign namespace \"%.200s\""), uri);
	if (strlen(name) > W_NAME_MAX || strchr(name, ':') != NULL || !text_clean(name, strlen(name), false, NULL))
		return fault_set(r->feed.fault, EX_DATAERR, "", _("an element has a name that cannot be kept"));
	if (r->node == NULL && strcmp(name, r->doc->format->root->name) != 0)
		return fault_set(r->feed.fault, EX_DATAERR, name, _("the root is not %s of %s"),
		    r->doc->format->root->name, r->doc->format->name);
	return 0;
}

static void
on_start(void *arg, const xmlChar *local, const xmlChar *prefix, const xmlChar *ns, int nns, const xmlChar **nss,
    int nattrs, int ndefaulted, const xmlChar **attrs)
{
	struct reading *r = arg;
	const char *name = (const char *)local;
	const struct w_rule *rule = r->doc->format->root;

	(void)prefix, (void)nns, (void)nss, (void)ndefaulted, (void)attrs;
	if (r->feed.failed)
		return;
	if (check_name(r, name, ns == NULL ? "" : (const char *)ns) == -1 ||
	    (r->node != NULL && (rule = rule_for(r, name)) == NULL)) {
		xml_fail(&r->feed, xml_line(&r->feed));
		return;
	}
	if (nattrs > 0)
		w_note(&r->doc->notes, W_R_ATTRIBUTE, xml_line(&r->feed), name);
	r->node = node_new(r, rule, name);
}

static void
trim(struct buf *b)
{
	size_t skip = 0;

	while (b->n > 0 && strchr(W_BLANKS, b->p[b->n - 1]) != NULL)
		b->n--;
	while (skip < b->n && strchr(W_BLANKS, b->p[skip]) != NULL)
		skip++;
	if (skip > 0)
		memmove(b->p, b->p + skip, b->n -= skip);
	(void)buf_cstr(b);
}

static void
on_end(void *arg, const xmlChar *local, const xmlChar *prefix, const xmlChar *ns)
{
	struct reading *r = arg;
	struct w_node *n = r->node;

	(void)local, (void)prefix, (void)ns;
	if (r->feed.failed)
		return;
	if ((n->child != NULL || n->rule->holds == W_GROUP) && !blank(&n->text)) {
		(void)fault_set(r->feed.fault, EX_DATAERR, n->name, _("holds text where only elements may stand"));
		xml_fail(&r->feed, n->line);
		return;
	}
	trim(&n->text);
	for (const struct w_rule *row = n->rule->inside; row != NULL && row->name != NULL; row++)
		if (row->need && w_child(n, row->el) == NULL) {
			(void)fault_set(r->feed.fault, EX_DATAERR, row->name, _("is missing"));
			xml_fail(&r->feed, n->line);
			return;
		}
	r->node = n->parent;
	r->feed.open = r->node == NULL ? NULL : r->node->name;
}

static void
on_text(void *arg, const xmlChar *p, int len)
{
	struct reading *r = arg;

	if (!r->feed.failed && r->node != NULL && len > 0)
		buf_put(&r->node->text, p, (size_t)len);
}

int
w_parse(const struct buf *text, struct w_doc *doc, struct fault *f)
{
	struct reading r = {.doc = doc};

	return xml_feed(&r.feed, text, on_start, on_end, on_text, f);
}
