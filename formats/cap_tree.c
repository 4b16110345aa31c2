/*
 * A CAP document's elements as one text in the body (F_CAP_TREE, cap_part.h), and that text as a document again.
 *
 * The body's own fields hold what a duty officer reads.  Geometry, parameters, codes, resources and the other languages
 * have no field of their own and need none; but a message that was taken in must be able to go out again with all of
 * it.  So the whole is kept in order, and long texts that a field holds already are named instead of repeated.
 *
 * The text has the form of CAP 1.2 whatever the original was, so that a difference is told once, when the message comes
 * in and a person looks at it, and writing has nothing to decide.  It comes over the wire, too, and is then anybody's:
 * writing takes element names from the tables only.
 */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <libxml/uri.h>
#include "cap_part.h"
#include "i18n.h"
#include "text.h"

#define BLANKS " \t\r\n"
#define LEVELS 8	  /* of the tables, with room */
#define NAMED_MIN 24	  /* bytes from which a text is named instead of repeated */
#define LONG 1024	  /* bytes from which a text is left out when there is no room for all */
#define OFFSET_SCHEMA 840 /* minutes: the schema's times have no larger offset */

struct tree {
	struct cap_doc *doc;
	const struct body *b;
	struct buf *out;
	size_t max;
	bool brief; /* long texts are left out */
	bool full;  /* did not fit */
};

static void put_group(struct tree *, const struct cap_node *, size_t depth);

/* ---- values as CAP 1.2 wants them ---- */

bool
cap_time_text(const struct when *w, char out[CAP_TIME_TEXT_MAX])
{
	int offset = w->offset < -OFFSET_SCHEMA || w->offset > OFFSET_SCHEMA ? 0 : w->offset, east;
	int64_t s = w->ms / 1000 - (w->ms % 1000 < 0 ? 1 : 0);
	time_t t = (time_t)(s + 60 * offset);
	struct tm tm;

	if (gmtime_r(&t, &tm) == NULL || tm.tm_year + 1900 < 1 || tm.tm_year + 1900 > 9999)
		return false;
	east = offset < 0 ? -offset : offset;
	/* UTC is -00:00 in CAP */
	(void)snprintf(out, CAP_TIME_TEXT_MAX, "%04d-%02d-%02dT%02d:%02d:%02d%c%02d:%02d", tm.tm_year + 1900,
	    tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, offset > 0 ? '+' : '-', east / 60, east % 60);
	return true;
}

/* The text without blanks at its ends. */
static const char *
trimmed(const struct cap_node *n, size_t *len)
{
	const char *s = n->text.n == 0 ? "" : (const char *)n->text.p;

	s += strspn(s, BLANKS);
	*len = strlen(s);
	while (*len > 0 && strchr(BLANKS, s[*len - 1]) != NULL)
		--*len;
	return s;
}

/* xs:language */
bool
cap_language_strict(const char *s, size_t len)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
	size_t part = 0, parts = 0;

	for (size_t i = 0; i < len; i++) {
		if (s[i] == '-') {
			if (part == 0)
				return false;
			part = 0;
			parts++;
			continue;
		}
		if (strchr(letters, s[i]) == NULL && (parts == 0 || s[i] < '0' || s[i] > '9'))
			return false;
		if (++part > 8)
			return false;
	}
	return part > 0;
}

/* xs:integer or xs:decimal */
static bool
number_strict(const char *s, size_t len, bool whole)
{
	size_t digits = 0, points = 0;

	for (size_t i = 0; i < len; i++) {
		if (s[i] >= '0' && s[i] <= '9')
			digits++;
		else if (s[i] == '.' && !whole)
			points++;
		else if (i > 0 || (s[i] != '-' && s[i] != '+'))
			return false;
	}
	return digits > 0 && points <= 1;
}

/* xs:anyURI as libxml2's validator has it, which most who check CAP use: what a URI may not hold may be escaped, but
 * what is there must parse. */
static bool
uri_strict(const char *s, size_t len)
{
	struct buf text = {0};
	xmlURIPtr uri = NULL;

	for (size_t i = 0; i < len; i++)
		buf_put_u8(&text, s[i] <= ' ' || s[i] > '~' || strchr("<>\"{}|\\^`", s[i]) != NULL ? '_' : (uint8_t)s[i]);
	if (len > 0)
		uri = xmlParseURI(buf_cstr(&text));
	buf_free(&text);
	xmlFreeURI(uri);
	return len == 0 || uri != NULL;
}

bool
cap_rule_word(const struct cap_rule *rule, const char *s, size_t len, unsigned version)
{
	for (const struct cap_word *w = rule->words; w->word != NULL; w++)
		if ((w->in & version) != 0 && strlen(w->word) == len && memcmp(w->word, s, len) == 0)
			return true;
	return false;
}

const struct cap_rule *
cap_rule_named(const struct cap_rule *row, const char *name, size_t len)
{
	for (; row->name != NULL; row++)
		if ((row->in & CAP_V12) != 0 && strlen(row->name) == len && memcmp(row->name, name, len) == 0)
			return row;
	return NULL;
}

bool
cap_strict(const struct cap_node *n)
{
	char norm[CAP_TIME_TEXT_MAX], text[CAP_TIME_TEXT_MAX];
	struct when w;
	size_t len;
	const char *s = trimmed(n, &len);

	switch (n->rule->type) {
	case CAP_T_TIME:
		return cap_time(s, CAP_V12, &w, norm) && cap_time_text(&w, text) && strcmp(norm, text) == 0;
	case CAP_T_LANGUAGE:
		return cap_language_strict(s, len);
	case CAP_T_NUMBER:
	case CAP_T_HEIGHT:
		return number_strict(s, len, strcmp(n->rule->name, "size") == 0);
	case CAP_T_URI:
		return uri_strict(s, len);
	case CAP_T_GROUP:
	case CAP_T_PAIR:
	case CAP_T_TEXT:
	case CAP_T_ID:
	case CAP_T_WORD:
	case CAP_T_POLYGON:
	case CAP_T_CIRCLE:
		break;
	}
	return true;
}

/* ---- the tree as text ---- */

static void
put_name(struct tree *t, size_t depth, const char *name)
{
	for (size_t i = 0; i < depth; i++)
		buf_put_u8(t->out, '.');
	buf_puts(t->out, name);
}

static void
put_escaped(struct tree *t, const char *s, size_t len)
{
	while (len > 0 && !t->full) {
		size_t plain = 0, n;
		uint32_t cp;

		while (plain < len && (unsigned char)s[plain] >= 0x20 && (unsigned char)s[plain] < 0x7f &&
		       s[plain] != '\\')
			plain++;
		buf_put(t->out, s, plain);
		s += plain;
		len -= plain;
		t->full = t->full || t->out->n > t->max;
		if (len == 0)
			break;
		n = text_decode(s, len, &cp);
		if (cp == '\\' || cp == '\n' || cp == '\r')
			buf_puts(t->out, cp == '\\' ? "\\\\" : cp == '\n' ? "\\n" : "\\r");
		else if (text_clean(s, n, true, NULL))
			buf_put(t->out, s, n);
		else
			buf_printf(t->out, "\\u{%x}", (unsigned)cp);
		s += n;
		len -= n;
	}
}

static void
put_line(struct tree *t, size_t depth, const char *name, const char *s, size_t len)
{
	put_name(t, depth, name);
	if (t->brief && len > LONG) {
		buf_puts(t->out, "!\n");
		return;
	}
	buf_put_u8(t->out, '=');
	put_escaped(t, s, len);
	buf_put_u8(t->out, '\n');
}

static bool
put_named(struct tree *t, size_t depth, const struct cap_node *n, const char *s, size_t len)
{
	static const uint32_t keys[] = {F_TITLE, F_TEXT, F_MEASURES, F_CAP_REFERENCES, F_ISSUER, F_EVENT_NAME};

	for (size_t i = 0; len >= NAMED_MIN && i < sizeof(keys) / sizeof(keys[0]); i++) {
		const struct value *v = body_first(t->b, keys[i]);

		if (v == NULL || v->u.text.len != len || memcmp(v->u.text.s, s, len) != 0)
			continue;
		put_name(t, depth, n->rule->name);
		buf_printf(t->out, "@%s\n", v->field->name);
		return true;
	}
	return false;
}

static void
put_pair(struct tree *t, const struct cap_node *n, size_t depth)
{
	const char *s, *eq;
	size_t len;

	if (t->doc->version != CAP_V10) {
		put_group(t, n, depth);
		return;
	}
	s = trimmed(n, &len);
	eq = memchr(s, '=', len);
	put_name(t, depth, n->rule->name);
	buf_put_u8(t->out, '\n');
	put_line(t, depth + 1, "valueName", s, eq == NULL ? len : (size_t)(eq - s));
	put_line(t, depth + 1, "value", eq == NULL ? "" : eq + 1, eq == NULL ? 0 : len - (size_t)(eq + 1 - s));
}

static void
put_node(struct tree *t, const struct cap_node *n, size_t depth)
{
	char norm[CAP_TIME_TEXT_MAX], text[CAP_TIME_TEXT_MAX];
	const struct cap_rule *rule = n->rule;
	struct when w;
	const char *s;
	size_t len;

	if ((rule->in & CAP_V12) == 0) {
		cap_note(&t->doc->notes, CAP_R_OLD, n->line, rule->name);
		return;
	}
	if (n->dropped) {
		put_name(t, depth, rule->name);
		buf_puts(t->out, "!\n");
		return;
	}
	s = trimmed(n, &len);
	switch (rule->type) {
	case CAP_T_GROUP:
		put_group(t, n, depth);
		return;
	case CAP_T_PAIR:
		put_pair(t, n, depth);
		return;
	case CAP_T_TIME:
		if (cap_time(s, t->doc->version, &w, norm) && cap_time_text(&w, text)) {
			if (w.ms % 1000 != 0)
				cap_note(&t->doc->notes, CAP_R_OLD, n->line, rule->name);
			s = text;
			len = strlen(text);
		}
		break;
	case CAP_T_WORD:
		if (!cap_rule_word(rule, s, len, CAP_V12)) { /* the one there is: Very Likely */
			cap_note(&t->doc->notes, CAP_R_OLD, n->line, rule->name);
			s = "Likely";
			len = strlen(s);
		}
		break;
	case CAP_T_LANGUAGE:
		/* an empty one says nothing, and the schema has no place for it */
		if (!cap_strict(n))
			return;
		break;
	case CAP_T_HEIGHT:
		if (!cap_strict(n)) { /* a text of earlier versions, and no number to write */
			cap_note(&t->doc->notes, CAP_R_OLD, n->line, rule->name);
			return;
		}
		break;
	case CAP_T_NUMBER:
	case CAP_T_URI:
	case CAP_T_TEXT:
	case CAP_T_ID:
	case CAP_T_POLYGON:
	case CAP_T_CIRCLE:
		break;
	}
	if (!put_named(t, depth, n, s, len))
		put_line(t, depth, rule->name, s, len);
}

/* What 1.2 wants and the document, of an earlier version, does not have. */
static void
put_wanted(struct tree *t, const struct cap_node *up, const struct cap_rule *row, size_t depth)
{
	const char *s = "";

	if (row->el == CAP_EL_SCOPE)
		s = cap_text(up, CAP_EL_ADDRESSES)[0] != '\0'	  ? "Private"
		    : cap_text(up, CAP_EL_RESTRICTION)[0] != '\0' ? "Restricted"
								  : "Public";
	else if (row->type == CAP_T_WORD)
		s = cap_rule_word(row, "Other", 5, CAP_V12) ? "Other" : "Unknown";
	else if (strcmp(row->name, "mimeType") == 0)
		s = "application/octet-stream";
	cap_note(&t->doc->notes, CAP_R_OLD, up->line, row->name);
	put_line(t, depth, row->name, s, strlen(s));
}

/* The document keeps to the tables' order, so one walk goes along both. */
static void
put_group(struct tree *t, const struct cap_node *n, size_t depth)
{
	const struct cap_node *c = n->child;
	size_t inner = n->parent == NULL ? 0 : depth + 1;

	if (n->parent != NULL) {
		put_name(t, depth, n->rule->name);
		buf_put_u8(t->out, '\n');
	}
	for (const struct cap_rule *row = n->rule->inside; row->name != NULL; row++) {
		if (c == NULL || c->rule != row) {
			if ((row->need & CAP_V12) != 0)
				put_wanted(t, n, row, inner);
			continue;
		}
		for (; c != NULL && c->rule == row && !t->full; c = c->next)
			put_node(t, c, inner);
		t->full = t->full || t->out->n > t->max;
	}
}

void
cap_tree_text(struct cap_doc *d, const struct body *b, size_t max, struct buf *out)
{
	const char *version = d->version == CAP_V10 ? "1.0" : d->version == CAP_V11 ? "1.1" : "1.2";
	const struct cap_notes before = d->notes;
	struct tree t = {.doc = d, .b = b, .out = out, .max = max, .brief = false, .full = false};

	for (int pass = 0; pass < 2; pass++) {
		d->notes = before;
		buf_clear(out);
		buf_printf(out, "alert %s\n", version);
		t.full = false;
		put_group(&t, d->alert, 0);
		if (!t.full && !t.brief && (d->whole || d->kept <= CAP_KEEP_MAX))
			return;
		if (!t.full && t.brief)
			break;
		t.brief = true;
	}
	if (t.full) {
		d->notes = before;
		buf_clear(out);
		buf_printf(out, "alert %s!\n", version);
	}
	cap_note(&d->notes, CAP_R_WHOLE, 0, NULL);
}

/* ---- the text as XML ---- */

static int
broken(size_t line, struct fault *f)
{
	(void)fault_set(f, EX_DATAERR, "cap_tree", _("holds what is no list of CAP elements"));
	fault_at(f, NULL, line);
	return -1;
}

static int
wants_original(struct fault *f)
{
	return fault_set(f, EX_UNAVAILABLE, "cap_tree",
	    _("the message holds its CAP document in part only: the original bytes are needed"));
}

static size_t
put_utf8(char *p, uint32_t cp)
{
	if (cp < 0x80) {
		p[0] = (char)cp;
		return 1;
	}
	if (cp < 0x800) {
		p[0] = (char)(0xc0 | cp >> 6);
		p[1] = (char)(0x80 | (cp & 0x3f));
		return 2;
	}
	if (cp < 0x10000) {
		p[0] = (char)(0xe0 | cp >> 12);
		p[1] = (char)(0x80 | (cp >> 6 & 0x3f));
		p[2] = (char)(0x80 | (cp & 0x3f));
		return 3;
	}
	p[0] = (char)(0xf0 | cp >> 18);
	p[1] = (char)(0x80 | (cp >> 12 & 0x3f));
	p[2] = (char)(0x80 | (cp >> 6 & 0x3f));
	p[3] = (char)(0x80 | (cp & 0x3f));
	return 4;
}

/* The character behind "\u{"; NULL when there is none. */
static const char *
hex_char(const char *s, const char *end, uint32_t *cp)
{
	size_t digits = 0;

	*cp = 0;
	for (; s < end && *s != '}' && digits < 7; s++, digits++) {
		if (*s >= '0' && *s <= '9')
			*cp = *cp * 16 + (uint32_t)(*s - '0');
		else if (*s >= 'a' && *s <= 'f')
			*cp = *cp * 16 + (uint32_t)(*s - 'a' + 10);
		else
			return NULL;
	}
	if (s == end || *s != '}' || digits == 0 || *cp > 0x10ffff || (*cp >= 0xd800 && *cp <= 0xdfff))
		return NULL;
	return s + 1;
}

static bool
emit_escaped(struct buf *out, const char *s, const char *end)
{
	while (s < end) {
		const char *back = memchr(s, '\\', (size_t)(end - s));
		char one[4];
		uint32_t cp;

		cap_emit_text(out, s, (size_t)((back == NULL ? end : back) - s));
		if (back == NULL)
			return true;
		if (end - back < 2)
			return false;
		s = back + 2;
		switch (back[1]) {
		case '\\':
			cp = '\\';
			break;
		case 'n':
			cp = '\n';
			break;
		case 'r':
			cp = '\r';
			break;
		case 'u':
			if (end - s < 1 || *s != '{' || (s = hex_char(s + 1, end, &cp)) == NULL)
				return false;
			break;
		default:
			return false;
		}
		cap_emit_text(out, one, put_utf8(one, cp));
	}
	return true;
}

/* What stands behind the element's name. */
static int
emit_value(struct buf *out, const struct cap_rule *row, const char *s, const char *end, const struct body *b,
    size_t line, struct fault *f)
{
	char name[64];
	const char *text;
	const struct field *fd;

	buf_printf(out, "<%s>", row->name);
	if (*s == '@') {
		(void)snprintf(name, sizeof(name), "%.*s", (int)(end - s < 64 ? end - s - 1 : 63), s + 1);
		fd = field_by_name(name);
		text = fd == NULL || fd->type != FT_TEXT || fd->key == F_CAP_TREE ? NULL : body_text(b, fd->key);
		if (text == NULL)
			return broken(line, f);
		cap_emit_text(out, text, strlen(text));
	} else if (*s != '=' || !emit_escaped(out, s + 1, end)) {
		return broken(line, f);
	}
	cap_emit_end(out, row->name);
	return 0;
}

int
cap_tree_write(const char *text, const struct body *b, struct buf *out, struct fault *f)
{
	const struct cap_rule *open[LEVELS] = {&cap_root}, *row;
	size_t depth = 0, line = 1, dots, len; /* open[depth] is the innermost element begun */
	const char *end = strchr(text, '\n'), *s;

	if (end == NULL || strncmp(text, "alert 1.", 8) != 0)
		return broken(line, f);
	if (end[-1] == '!')
		return wants_original(f);
	buf_puts(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<alert xmlns=\"" CAP_NS12 "\">\n");
	for (s = end + 1; *s != '\0'; s = end + 1) {
		line++;
		end = strchr(s, '\n');
		if (end == NULL)
			return broken(line, f);
		dots = strspn(s, ".");
		if (dots > depth)
			return broken(line, f);
		for (; depth > dots; depth--)
			cap_emit_end(out, open[depth]->name);
		s += dots;
		len = strcspn(s, "=@!\n");
		row = cap_rule_named(open[depth]->inside, s, len);
		if (row == NULL)
			return broken(line, f);
		if (s[len] == '!')
			return wants_original(f);
		if (row->inside == NULL) {
			if (emit_value(out, row, s + len, end, b, line, f) == -1)
				return -1;
			/* a long field can be named very often */
			if (out->n > CAP_MAX)
				return fault_set(f, EX_DATAERR, "",
				    _("the document has %zu bytes, at most %zu are allowed"), out->n, CAP_MAX);
			continue;
		}
		if (s[len] != '\n' || depth + 1 == LEVELS)
			return broken(line, f);
		cap_emit_begin(out, row->name);
		open[++depth] = row;
	}
	for (; depth > 0; depth--)
		cap_emit_end(out, open[depth]->name);
	buf_puts(out, "</alert>\n");
	return 0;
}
