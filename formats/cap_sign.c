/*
 * Whether a signed CAP document is still what was signed.
 *
 * The key comes with the document and nobody here knows whose it is, so a signature that fits proves no origin; one
 * that does not fit proves that the document, or the signature, was changed after it was made.  Only that is refused: a
 * broken seal on a warning is worse than none.  What cannot be judged (an algorithm that is not in the tables, no key,
 * a reference to something else) is taken like an unsigned document and told.
 *
 * Alerts are signed by one program, laid out anew by the next, and put into feeds by a third.  The value over the
 * SignedInfo shows what was done to a document: when it fits only without the blanks between the elements, then those
 * blanks came later.  So a digest is tried as the document stands and then without what carries no content: processing
 * instructions around the alert, blanks between elements, signatures beside this one, namespaces nobody uses, prefixes.
 * Where the lines within texts were broken anew as well, nobody can say what the text was, and nothing is proved either
 * way.
 *
 * Nothing is loaded and nothing outside of the document is looked at; transforms that compute (XPath, XSLT) are not
 * done. What one document can cost is bounded by the number of signatures, of references and of bytes that are hashed.
 */
#include <string.h>
#include <sysexits.h>
#include <libxml/c14n.h>
#include <libxml/parser.h>
#include "cap_part.h"
#include "cap_sign.h"
#include "i18n.h"

#define SIGNATURES_MAX 4 /* judged; further ones are not */
#define REFERENCES_MAX 8 /* of one signature */
#define TRANSFORMS_MAX 8 /* of one reference */
#define PREFIXES_MAX 32
#define NAMESPACE_MAX 512 /* bytes of a namespace's name: exclusive forms repeat it at every element */
#define C14N "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
#define C14N11 "http://www.w3.org/2006/12/xml-c14n11"
#define EXC_C14N "http://www.w3.org/2001/10/xml-exc-c14n#"
#define ENVELOPED CAP_DSIG "enveloped-signature"
#define BLANKS " \t\r\n"

enum verdict { INTACT, LAID_OUT, UNJUDGED, BROKEN };

struct form {
	xmlC14NMode mode;
	bool comments;
	xmlChar *list; /* owned; prefixes point into it */
	xmlChar *prefix[PREFIXES_MAX + 1];
};

/* What of the document is looked at. */
struct view {
	xmlNodePtr only;    /* this and what is in it; NULL: the whole */
	xmlNodePtr without; /* this signature is not there */
	xmlNodePtr alert;
	bool alone; /* nor any other signature of the alert */
	bool bare;  /* nor processing instructions around the alert */
	bool tight; /* nor blanks between elements */
};

struct sink {
	EVP_MD_CTX *md; /* or */
	struct buf *bytes;
	size_t n, max;
};

struct judging {
	xmlDocPtr xml;
	xmlNodePtr alert, signature;
	size_t max;	 /* bytes any form may have */
	bool laid;	 /* its layout was changed after signing */
	const char *why; /* unjudged or broken: msgid */
	char detail[96];
};

static enum verdict judge(struct judging *);
static enum verdict judge_reference(struct judging *, xmlNodePtr);
static bool canonical(const struct judging *, const struct view *, struct form *, xmlC14NMode, struct sink *);

/* ---- canonical forms ---- */

static bool
blank(const xmlChar *s)
{
	return s == NULL || s[strspn((const char *)s, BLANKS)] == '\0';
}

static bool
is_signature(xmlNodePtr n)
{
	return n->type == XML_ELEMENT_NODE && n->ns != NULL && n->ns->href != NULL &&
	       strcmp((const char *)n->name, "Signature") == 0 && strcmp((const char *)n->ns->href, CAP_DSIG) == 0;
}

static int
visible(void *arg, xmlNodePtr node, xmlNodePtr parent)
{
	const struct view *v = arg;
	xmlNodePtr n = node->type == XML_NAMESPACE_DECL ? parent : node;
	bool inside = v->only == NULL;

	if (v->tight && n->type == XML_TEXT_NODE && blank(n->content) &&
	    ((n->prev != NULL && n->prev->type != XML_CDATA_SECTION_NODE) ||
		(n->next != NULL && n->next->type != XML_CDATA_SECTION_NODE)))
		return 0;
	if (v->bare && n->type == XML_PI_NODE && n->parent == (xmlNodePtr)n->doc)
		return 0;
	for (; n != NULL; n = n->parent) {
		if (n == v->without || (v->alone && n->parent == v->alert && is_signature(n)))
			return 0;
		inside = inside || n == v->only;
	}
	return inside;
}

static int
swallow(void *arg, const char *p, int len)
{
	struct sink *s = arg;

	if (len < 0 || (size_t)len > s->max - s->n)
		return -1;
	s->n += (size_t)len;
	if (s->md != NULL)
		return EVP_DigestUpdate(s->md, p, (size_t)len) == 1 ? len : -1;
	buf_put(s->bytes, p, (size_t)len);
	return len;
}

static bool
canonical(const struct judging *j, const struct view *v, struct form *f, xmlC14NMode mode, struct sink *s)
{
	xmlOutputBufferPtr out = xmlOutputBufferCreateIO(swallow, NULL, s, NULL);
	int rc;

	if (out == NULL)
		return false;
	s->n = 0;
	s->max = j->max;
	rc = xmlC14NExecute(j->xml, visible, (void *)(uintptr_t)v, (int)mode,
	    mode == XML_C14N_EXCLUSIVE_1_0 && f->prefix[0] != NULL ? f->prefix : NULL, f->comments, out);
	return xmlOutputBufferClose(out) >= 0 && rc >= 0;
}

/* The prefixes that go by the inclusive rules all the same. */
static void
take_prefixes(xmlNodePtr n, struct form *f)
{
	size_t count = 0;

	for (n = n->children; n != NULL; n = n->next)
		if (n->type == XML_ELEMENT_NODE && strcmp((const char *)n->name, "InclusiveNamespaces") == 0)
			break;
	if (n == NULL || (f->list = xmlGetNoNsProp(n, (const xmlChar *)"PrefixList")) == NULL)
		return;
	for (char *s = (char *)f->list; count < PREFIXES_MAX; count++) {
		s += strspn(s, BLANKS);
		if (*s == '\0')
			break;
		f->prefix[count] = (xmlChar *)s;
		s += strcspn(s, BLANKS);
		if (*s != '\0')
			*s++ = '\0';
	}
	f->prefix[count] = NULL;
}

/* The form a CanonicalizationMethod or Transform asks for; false when it is none. */
static bool
form_of(xmlNodePtr n, const char *uri, struct form *f)
{
	static const struct {
		const char *uri;
		xmlC14NMode mode;
		bool comments;
	} forms[] = {
	    {C14N, XML_C14N_1_0, false},
	    {C14N "#WithComments", XML_C14N_1_0, true},
	    {C14N11, XML_C14N_1_1, false},
	    {C14N11 "#WithComments", XML_C14N_1_1, true},
	    {EXC_C14N, XML_C14N_EXCLUSIVE_1_0, false},
	    {EXC_C14N "WithComments", XML_C14N_EXCLUSIVE_1_0, true},
	};

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		if (strcmp(forms[i].uri, uri) == 0) {
			f->mode = forms[i].mode;
			f->comments = forms[i].comments;
			if (f->mode == XML_C14N_EXCLUSIVE_1_0 && f->list == NULL)
				take_prefixes(n, f);
			return true;
		}
	return false;
}

/* ---- one signature ---- */

static enum verdict
unjudged(struct judging *j, const char *why, const xmlChar *detail)
{
	j->why = why;
	(void)snprintf(j->detail, sizeof(j->detail), "%s", detail == NULL ? "" : (const char *)detail);
	return UNJUDGED;
}

static enum verdict
broken(struct judging *j, const char *why)
{
	j->why = why;
	j->detail[0] = '\0';
	return BROKEN;
}

static xmlChar *
attribute(xmlNodePtr n, const char *name)
{
	xmlChar *s = n == NULL ? NULL : xmlGetNoNsProp(n, (const xmlChar *)name);

	return s != NULL ? s : xmlStrdup((const xmlChar *)"");
}

/* A text whose lines were broken and indented after the fact: what it was before cannot be known. */
static bool
rewrapped(const struct judging *j)
{
	xmlNodePtr n = j->alert->children;

	while (n != NULL) {
		const char *s = n->type == XML_TEXT_NODE ? (const char *)n->content : NULL;

		if (s != NULL && !(blank(n->content) && (n->prev != NULL || n->next != NULL)))
			for (; (s = strchr(s, '\n')) != NULL; s++)
				if (s[1] == '\t' || (s[1] == ' ' && s[2] == ' '))
					return true;
		if (n->type == XML_ELEMENT_NODE && !is_signature(n) && n->children != NULL) {
			n = n->children;
			continue;
		}
		while (n->next == NULL && n->parent != j->alert)
			n = n->parent;
		n = n->next;
	}
	return false;
}

static bool
digest_fits(const struct judging *j, const struct view *v, struct form *f, xmlC14NMode mode, const EVP_MD *md,
    const struct buf *want)
{
	unsigned char got[EVP_MAX_MD_SIZE];
	unsigned len = 0;
	struct sink s = {.md = EVP_MD_CTX_new()};
	bool fits = s.md != NULL && EVP_DigestInit_ex(s.md, md, NULL) == 1 && canonical(j, v, f, mode, &s) &&
		    EVP_DigestFinal_ex(s.md, got, &len) == 1 && len == want->n && memcmp(got, want->p, len) == 0;

	EVP_MD_CTX_free(s.md);
	return fits;
}

/* The digest as it stands, and then without what says nothing. */
static enum verdict
compare(const struct judging *j, struct form *f, const EVP_MD *md, const struct buf *want)
{
	for (int tight = 0; tight <= 1; tight++)
		for (int bare = tight; bare <= 1; bare++)
			for (int alone = 0; alone <= 1; alone++)
				for (int narrow = 0; narrow <= 1; narrow++) {
					struct view v = {.without = j->signature,
					    .alert = j->alert,
					    .alone = alone != 0,
					    .bare = bare != 0,
					    .tight = tight != 0};

					if ((narrow != 0 && f->mode == XML_C14N_EXCLUSIVE_1_0) ||
					    !digest_fits(
						j, &v, f, narrow != 0 ? XML_C14N_EXCLUSIVE_1_0 : f->mode, md, want))
						continue;
					return tight + bare + alone + narrow == 0 ? INTACT : LAID_OUT;
				}
	return BROKEN;
}

static enum verdict
judge_reference(struct judging *j, xmlNodePtr ref)
{
	xmlChar *uri = attribute(ref, "URI"), *method = attribute(cap_dsig_child(ref, "DigestMethod"), "Algorithm");
	xmlChar *value = cap_dsig_text(cap_dsig_child(ref, "DigestValue"));
	const EVP_MD *md = cap_digest_method((const char *)method);
	struct form f = {.mode = XML_C14N_1_0};
	struct buf want = {0};
	enum verdict rc;
	bool enveloped = false;
	size_t n = 0;

	if (uri[0] != '\0') { /* CAP's elements have no ids */
		rc = unjudged(j, N_("it refers to something else"), uri);
		goto out;
	}
	if (md == NULL) {
		rc = unjudged(j, N_("it uses what is not known here"), method);
		goto out;
	}
	for (xmlNodePtr t = cap_dsig_child(cap_dsig_child(ref, "Transforms"), "Transform"); t != NULL;
	     t = cap_dsig_next(t)) {
		xmlChar *name = attribute(t, "Algorithm");
		bool known = true;

		if (strcmp((const char *)name, ENVELOPED) == 0)
			enveloped = true;
		else
			known = form_of(t, (const char *)name, &f);
		if (!known || ++n > TRANSFORMS_MAX) {
			rc = unjudged(j, N_("it uses what is not known here"), name);
			xmlFree(name);
			goto out;
		}
		xmlFree(name);
	}
	if (!enveloped) {
		rc = unjudged(j, N_("it covers itself"), NULL);
		goto out;
	}
	f.comments = false; /* a reference to the document leaves comments out */
	if (!cap_base64((const char *)value, &want)) {
		rc = broken(j, N_("its digest is no base64"));
		goto out;
	}
	rc = compare(j, &f, md, &want);
	if (rc == BROKEN)
		rc = j->laid && rewrapped(j) ? unjudged(j, N_("lines were broken anew after it was made"), NULL)
					     : broken(j, N_("the content is not what was signed"));
out:
	xmlFree(f.list);
	xmlFree(uri);
	xmlFree(method);
	xmlFree(value);
	buf_free(&want);
	return rc;
}

/* All elements of XML Signature in the subtree go by the namespace as declared here. */
static void
rename_all(xmlNodePtr top, xmlNsPtr ns)
{
	xmlNodePtr n = top;

	while (n != NULL) {
		if (n->type == XML_ELEMENT_NODE && n->ns != NULL && strcmp((const char *)n->ns->href, CAP_DSIG) == 0)
			xmlSetNs(n, ns);
		if (n->type == XML_ELEMENT_NODE && n->children != NULL) {
			n = n->children;
			continue;
		}
		while (n != top && n->next == NULL)
			n = n->parent;
		n = n == top ? NULL : n->next;
	}
}

/* Programs that take a feed apart give the namespaces prefixes of their own.  The SignedInfo by the two names signers
 * use, by itself: what it was when it was signed, if only the prefix is another. */
static enum cap_fit
renamed_fits(const struct judging *j, xmlNodePtr info, const struct cap_sign_method *m, const struct cap_keys *keys,
    const struct buf *value)
{
	static const char *const prefixes[] = {NULL, "ds"};
	enum cap_fit fit = CAP_FITS_NOT;

	for (int i = 0; i < 4 && fit == CAP_FITS_NOT; i++) {
		struct judging other = {.xml = xmlNewDoc((const xmlChar *)"1.0"), .max = j->max};
		struct form f = {.mode = XML_C14N_EXCLUSIVE_1_0};
		struct view v = {.tight = i >= 2};
		struct buf bytes = {0};
		struct sink s = {.bytes = &bytes};
		xmlNodePtr copy = other.xml == NULL ? NULL : xmlDocCopyNode(info, other.xml, 1);

		if (copy != NULL) {
			xmlNsPtr ns;

			(void)xmlDocSetRootElement(other.xml, copy);
			/* the copy brought the declaration it needs along: the other one beside it */
			ns = xmlNewNs(copy, (const xmlChar *)CAP_DSIG, (const xmlChar *)prefixes[i % 2]);
			if (ns != NULL) {
				rename_all(copy, ns);
				if (canonical(&other, &v, &f, f.mode, &s))
					fit = cap_keys_verify(keys, m, value, &bytes);
			}
		}
		buf_free(&bytes);
		xmlFreeDoc(other.xml);
	}
	return fit;
}

/* The value over the SignedInfo. */
static enum verdict
judge_value(struct judging *j, xmlNodePtr info, const struct cap_sign_method *m, struct form *f,
    const struct cap_keys *keys, const struct buf *value)
{
	enum cap_fit fit = CAP_FIT_UNKNOWN;

	for (int tight = 0; tight <= 1; tight++)
		for (int narrow = 0; narrow <= 1; narrow++) {
			struct view v = {.only = info, .alert = j->alert, .tight = tight != 0};
			struct buf bytes = {0};
			struct sink s = {.bytes = &bytes};

			if (narrow != 0 && f->mode == XML_C14N_EXCLUSIVE_1_0)
				continue;
			if (canonical(j, &v, f, narrow != 0 ? XML_C14N_EXCLUSIVE_1_0 : f->mode, &s))
				fit = cap_keys_verify(keys, m, value, &bytes);
			buf_free(&bytes);
			if (fit == CAP_FITS) {
				j->laid = tight != 0;
				return tight + narrow == 0 ? INTACT : LAID_OUT;
			}
			if (fit == CAP_FIT_UNKNOWN)
				return unjudged(j, N_("it holds no key for it"), NULL);
		}
	if (renamed_fits(j, info, m, keys, value) == CAP_FITS)
		return LAID_OUT;
	return broken(j, N_("its value does not fit what it is of"));
}

static enum verdict
judge(struct judging *j)
{
	xmlNodePtr info = cap_dsig_child(j->signature, "SignedInfo");
	xmlNodePtr cm = cap_dsig_child(info, "CanonicalizationMethod"), sm = cap_dsig_child(info, "SignatureMethod");
	xmlNodePtr sv = cap_dsig_child(j->signature, "SignatureValue");
	xmlChar *form = attribute(cm, "Algorithm"), *method = attribute(sm, "Algorithm"), *text = cap_dsig_text(sv);
	const struct cap_sign_method *m = cap_sign_method((const char *)method);
	struct form f = {.mode = XML_C14N_1_0};
	struct cap_keys keys = {.n = 0};
	struct buf value = {0};
	enum verdict rc, one;
	const char *wrong;
	bool covered = false;
	size_t n = 0;

	j->laid = false;
	if (info == NULL || cm == NULL || sm == NULL || sv == NULL) {
		rc = unjudged(j, N_("it is not complete"), NULL);
		goto out;
	}
	if (!form_of(cm, (const char *)form, &f)) {
		rc = unjudged(j, N_("it uses what is not known here"), form);
		goto out;
	}
	if (m == NULL) {
		rc = unjudged(j, N_("it uses what is not known here"), method);
		goto out;
	}
	if (!cap_base64((const char *)text, &value)) {
		rc = broken(j, N_("its value is no base64"));
		goto out;
	}
	wrong = cap_keys_of(cap_dsig_child(j->signature, "KeyInfo"), &keys);
	if (wrong != NULL) {
		rc = broken(j, wrong);
		goto out;
	}
	rc = judge_value(j, info, m, &f, &keys, &value);
	for (xmlNodePtr ref = cap_dsig_child(info, "Reference"); ref != NULL && (rc == INTACT || rc == LAID_OUT);
	     ref = cap_dsig_next(ref)) {
		one = ++n > REFERENCES_MAX ? UNJUDGED : judge_reference(j, ref);
		covered = covered || one == INTACT || one == LAID_OUT;
		/* what else it covers may stay unjudged */
		if (one == BROKEN || one == LAID_OUT)
			rc = one;
	}
	if (rc != BROKEN && rc != UNJUDGED && !covered)
		rc = n == 0 ? unjudged(j, N_("it is not complete"), NULL) : UNJUDGED;
out:
	cap_keys_free(&keys);
	xmlFree(f.list);
	xmlFree(form);
	xmlFree(method);
	xmlFree(text);
	buf_free(&value);
	return rc;
}

/* ---- the document ---- */

/* Forms in which every element says its namespace must not grow without bounds. */
static bool
short_namespaces(xmlNodePtr root)
{
	xmlNodePtr n = root;

	while (n != NULL) {
		for (xmlNsPtr ns = n->type == XML_ELEMENT_NODE ? n->nsDef : NULL; ns != NULL; ns = ns->next)
			if (ns->href != NULL && strlen((const char *)ns->href) > NAMESPACE_MAX)
				return false;
		if (n->type == XML_ELEMENT_NODE && n->children != NULL) {
			n = n->children;
			continue;
		}
		while (n != root && n->next == NULL)
			n = n->parent;
		n = n == root ? NULL : n->next;
	}
	return true;
}

int
cap_signature(const struct buf *text, struct cap_doc *d, struct fault *f)
{
	struct judging j = {.max = 2 * text->n + 65536};
	enum verdict worst = INTACT;
	char why[256];
	size_t n = 0;

	if (d->signatures == 0)
		return 0;
	/* in UTF-8 whatever the declaration says; no DOCTYPE got here, so there are no entities to load */
	j.xml = xmlReadMemory((const char *)text->p, (int)text->n, NULL, "UTF-8",
	    XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_IGNORE_ENC | XML_PARSE_BIG_LINES);
	j.alert = j.xml == NULL ? NULL : xmlDocGetRootElement(j.xml);
	if (j.alert == NULL) {
		xmlFreeDoc(j.xml);
		return fault_set(f, EX_TEMPFAIL, "", _("no memory left to read the document"));
	}
	if (!short_namespaces(j.alert))
		worst = unjudged(&j, N_("a namespace has too long a name"), NULL);
	for (j.signature = j.alert->children; j.signature != NULL && worst != BROKEN; j.signature = j.signature->next) {
		const char *before = j.why;
		enum verdict one;

		if (!is_signature(j.signature) || (worst == UNJUDGED && n == 0))
			continue;
		one = ++n > SIGNATURES_MAX ? unjudged(&j, N_("there are too many"), NULL) : judge(&j);
		if (one > worst)
			worst = one;
		else
			j.why = before;
	}
	xmlFreeDoc(j.xml);
	if (worst == BROKEN) {
		(void)fault_set(f, EX_DATAERR, "Signature", _("does not hold: %s"), _(j.why));
		fault_at(f, NULL, d->signature_line);
		return -1;
	}
	if (worst == UNJUDGED) {
		(void)snprintf(why, sizeof(why), "%s%s%s", j.why == NULL ? "?" : _(j.why),
		    j.detail[0] != '\0' ? " " : "", j.detail);
		cap_note(&d->notes, CAP_R_SIGNATURE, d->signature_line, why);
	} else {
		cap_note(&d->notes, worst == INTACT ? CAP_R_SIGNED : CAP_R_SIGNED_LAID, d->signature_line, NULL);
	}
	return 0;
}
