/*
 * What a CAP value must look like, and what an alert as a whole must say.
 *
 * Two measures.  Refused is what makes a message unusable or impossible to identify: words out of the vocabulary, bad
 * times, an identifier that cannot be cited, an update of nothing.  Told in a remark is what real issuers get wrong and
 * a duty officer can still act on: geometry above all, which nobody here computes with.
 */
#include <string.h>
#include <sysexits.h>
#include "cap_part.h"
#include "i18n.h"
#include "text.h"
#include "value.h"

#define OFFSET_MAX 840 /* minutes */

static int check_id(const struct cap_node *, struct fault *);
static int check_word(const struct cap_node *, unsigned version, struct fault *);
static void check_references(const struct cap_doc *, struct cap_notes *);

/* One row a remark; a place and what it is about are added where known. */
static const char *const remark_texts[CAP_R_COUNT] = {
    [CAP_R_POLYGON_SYNTAX] = N_("a polygon holds what is no position"),
    [CAP_R_POLYGON_SHORT] = N_("a polygon has fewer than four points"),
    [CAP_R_POLYGON_OPEN] = N_("a polygon is not closed"),
    [CAP_R_RANGE] = N_("a position lies outside of the earth's degrees"),
    [CAP_R_CIRCLE] = N_("a circle is none of the form lat,lon radius"),
    [CAP_R_REF_TRIPLE] = N_("a reference is none of the form sender,identifier,sent"),
    [CAP_R_REF_SELF] = N_("the message refers to itself"),
    [CAP_R_RESTRICTION] = N_("the scope is Restricted, and no restriction is given"),
    [CAP_R_ADDRESSES] = N_("the scope is Private, and no addresses are given"),
    [CAP_R_SIGNATURE] = N_("the signature is not verified"),
    [CAP_R_SIGNED] = N_("the signature is not verified as to who made it; the content is what was signed"),
    [CAP_R_SIGNED_LAID] =
	N_("the signature is not verified as to who made it; the content is what was signed, its layout is not"),
    [CAP_R_EVENT] = N_("neither headline nor event is given"),
    [CAP_R_ID_LONG] = N_("the original id is too long and ends in a digest here"),
    [CAP_R_ENDS] =
	N_("the parts of this message end at different times; the latest end is shown, or none if one part has none"),
    [CAP_R_COLOURS] = N_("several colours are named; none is taken"),
    [CAP_R_DIVISIONS] = N_("divisions without a common superior are named; the first is taken"),
    [CAP_R_AREAS] = N_("not all areas are shown; the others stand in the original"),
    [CAP_R_PARTS] = N_("this message has further parts; they stand in the original"),
    [CAP_R_CUT] = N_("a text is too long and was cut; the whole stands in the original"),
    [CAP_R_CONTROL] = N_("characters that cannot be shown were replaced"),
    [CAP_R_OLD] = N_("what CAP 1.2 does not have, or wants besides, was changed to its form"),
    [CAP_R_WHOLE] = N_("this message is too long to be carried whole; the rest stands in the original"),
    [CAP_R_ZULU] = N_("a time is written with Z, where CAP 1.2 wants a numeric offset"),
    [CAP_R_OWN] = N_("the fields a message of this program should hold cannot be read"),
};

void
cap_note(struct cap_notes *notes, enum cap_remark k, size_t line, const char *detail)
{
	xml_note(&notes->r[k], line, detail);
}

static bool
any_of(const struct cap_notes *notes, const enum cap_remark *kinds, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (notes->r[kinds[i]].n > 0)
			return true;
	return false;
}

bool
cap_notes_odd(const struct cap_notes *notes)
{
	static const enum cap_remark wrong[] = {CAP_R_POLYGON_SYNTAX, CAP_R_POLYGON_SHORT, CAP_R_POLYGON_OPEN,
	    CAP_R_RANGE, CAP_R_CIRCLE, CAP_R_REF_TRIPLE, CAP_R_REF_SELF, CAP_R_RESTRICTION, CAP_R_ADDRESSES, CAP_R_ZULU, CAP_R_OWN};

	return any_of(notes, wrong, sizeof(wrong) / sizeof(wrong[0]));
}

bool
cap_notes_lossy(const struct cap_notes *notes)
{
	static const enum cap_remark lost[] = {CAP_R_ID_LONG, CAP_R_ENDS, CAP_R_COLOURS, CAP_R_DIVISIONS, CAP_R_AREAS,
	    CAP_R_CUT, CAP_R_CONTROL, CAP_R_OLD, CAP_R_WHOLE};

	return any_of(notes, lost, sizeof(lost) / sizeof(lost[0]));
}

bool
cap_note_text(const struct cap_notes *notes, enum cap_remark k, struct buf *out)
{
	return xml_note_text(&notes->r[k], remark_texts[k], out);
}

static const char *
text_of(const struct cap_node *n)
{
	return n->text.n == 0 ? "" : (const char *)n->text.p;
}

const struct cap_node *
cap_child(const struct cap_node *n, enum cap_el el)
{
	const struct cap_node *c = n->child;

	while (c != NULL && c->rule->el != el)
		c = c->next;
	return c;
}

const struct cap_node *
cap_next(const struct cap_node *n)
{
	const struct cap_node *c = n->next;

	while (c != NULL && c->rule->el != n->rule->el)
		c = c->next;
	return c;
}

const char *
cap_text(const struct cap_node *n, enum cap_el el)
{
	const struct cap_node *c = cap_child(n, el);

	return c == NULL ? "" : text_of(c);
}

/* dddd-dd-ddTdd:dd:dd, before 1.2 with a fraction if need be, and an offset or Z: 1.2 knows numeric offsets only, and
 * half the world writes Z. */
bool
cap_time(const char *s, unsigned version, struct when *w, char norm[CAP_TIME_TEXT_MAX])
{
	static const char form[] = "0000-00-00T00:00:00";
	size_t len, i;

	s += strspn(s, XML_BLANKS);
	len = xml_trimmed(s, strlen(s));
	if (len < sizeof(form) || len >= CAP_TIME_TEXT_MAX)
		return false;
	memcpy(norm, s, len);
	norm[len] = '\0';
	for (i = 0; form[i] != '\0'; i++)
		if (form[i] == '0' ? norm[i] < '0' || norm[i] > '9' : norm[i] != form[i])
			return false;
	if (norm[i] == '.' && version == CAP_V12)
		return false;
	/* the schema's times: no leap second, no year 0, offsets of at most 14 hours */
	return strchr(norm, 'z') == NULL && strncmp(norm + 17, "60", 2) != 0 && strncmp(norm, "0000", 4) != 0 &&
	       time_parse_rfc3339(norm, w) && w->offset >= -OFFSET_MAX && w->offset <= OFFSET_MAX;
}

/* Blanks beyond ASCII: the ideographic one, and what else looks like one. */
static bool
wide_blank(const char *s)
{
	static const char *const blanks[] = {"\xc2\x85", "\xc2\xa0", "\xe1\x9a\x80", "\xe2\x80\xa8", "\xe2\x80\xa9",
	    "\xe2\x80\xaf", "\xe2\x81\x9f", "\xe3\x80\x80"};

	for (size_t i = 0; i < sizeof(blanks) / sizeof(blanks[0]); i++)
		if (strstr(s, blanks[i]) != NULL)
			return true;
	for (; (s = strstr(s, "\xe2\x80")) != NULL; s += 2) /* those between an en quad and a hair space */
		if ((unsigned char)s[2] >= 0x80 && (unsigned char)s[2] <= 0x8a)
			return true;
	return false;
}

static int
check_id(const struct cap_node *n, struct fault *f)
{
	const char *s = text_of(n);

	if (*s == '\0')
		return fault_set(f, EX_DATAERR, n->rule->name, _("is empty"));
	if (s[strcspn(s, XML_BLANKS ",<&")] != '\0' || wide_blank(s))
		return fault_set(f, EX_DATAERR, n->rule->name, _("\"%.80s\" holds a blank or one of , < &"), s);
	return 0;
}

static int
check_word(const struct cap_node *n, unsigned version, struct fault *f)
{
	for (const struct cap_word *w = n->rule->words; w->word != NULL; w++)
		if ((w->in & version) != 0 && strcmp(w->word, text_of(n)) == 0)
			return 0;
	return fault_set(f, EX_DATAERR, n->rule->name, _("\"%.80s\" is no word of CAP's vocabulary here"), text_of(n));
}

static bool
on_earth(double lat, double lon)
{
	return lat >= -90 && lat <= 90 && lon >= -180 && lon <= 180;
}

static void
check_area(const struct cap_node *n, struct cap_notes *notes)
{
	const struct xml_area as = {.exponent = true,
	    .on_earth = on_earth,
	    .syntax = &notes->r[CAP_R_POLYGON_SYNTAX],
	    .few = &notes->r[CAP_R_POLYGON_SHORT],
	    .unclosed = &notes->r[CAP_R_POLYGON_OPEN],
	    .circle = &notes->r[CAP_R_CIRCLE],
	    .range = &notes->r[CAP_R_RANGE]};

	(n->rule->type == CAP_T_POLYGON ? xml_check_polygon : xml_check_circle)(text_of(n), n->line, &as);
}

/* None at all means the default; blanks are no language. */
static int
check_language(const struct cap_node *n, struct fault *f)
{
	if (text_of(n)[0] == '\0' || cap_strict(n))
		return 0;
	return fault_set(f, EX_DATAERR, n->rule->name, _("\"%.80s\" is no language tag"), text_of(n));
}

int
cap_check_value(const struct cap_node *n, unsigned version, struct cap_notes *notes, struct fault *f)
{
	char norm[CAP_TIME_TEXT_MAX];
	struct when w;

	switch (n->rule->type) {
	case CAP_T_GROUP:
	case CAP_T_PAIR:
	case CAP_T_TEXT:
		return 0;
	case CAP_T_ID:
		return check_id(n, f);
	case CAP_T_WORD:
		return check_word(n, version, f);
	case CAP_T_TIME:
		if (!cap_time(text_of(n), version, &w, norm))
			return fault_set(f, EX_DATAERR, n->rule->name,
			    _("\"%.80s\" is no time of the form 2026-11-22T14:10:00+08:00"), text_of(n));
		if (version == CAP_V12 && strchr(text_of(n), 'Z') != NULL)
			cap_note(notes, CAP_R_ZULU, n->line, n->rule->name);
		return 0;
	case CAP_T_LANGUAGE:
		return check_language(n, f);
	case CAP_T_URI:
		return cap_strict(n)
			   ? 0
			   : fault_set(f, EX_DATAERR, n->rule->name, _("\"%.80s\" is no URI"), text_of(n));
	case CAP_T_HEIGHT:
	case CAP_T_NUMBER:
		return (n->rule->type == CAP_T_HEIGHT && version != CAP_V12) || cap_strict(n)
			   ? 0
			   : fault_set(f, EX_DATAERR, n->rule->name, _("\"%.80s\" is no number here"), text_of(n));
	case CAP_T_POLYGON:
	case CAP_T_CIRCLE:
		check_area(n, notes);
		return 0;
	}
	return 0;
}

/* Each must be sender,identifier,sent, and none this message. */
static void
check_references(const struct cap_doc *d, struct cap_notes *notes)
{
	const struct cap_node *n = cap_child(d->alert, CAP_EL_REFERENCES);
	const char *sender = cap_text(d->alert, CAP_EL_SENDER), *id = cap_text(d->alert, CAP_EL_IDENTIFIER), *p, *word;
	char norm[CAP_TIME_TEXT_MAX], sent[CAP_TIME_TEXT_MAX];
	struct when w;
	size_t len;

	if (n == NULL)
		return;
	p = text_of(n);
	while ((word = xml_word(&p, XML_BLANKS, &len)) != NULL) {
		const char *a = memchr(word, ',', len), *b, *end = word + len;

		b = a == NULL ? NULL : memchr(a + 1, ',', (size_t)(end - a - 1));
		if (b == NULL || a == word || b == a + 1 || (size_t)(end - b) > sizeof(sent)) {
			xml_note_word(&notes->r[CAP_R_REF_TRIPLE], n->line, word, len);
			continue;
		}
		memcpy(sent, b + 1, (size_t)(end - b - 1));
		sent[end - b - 1] = '\0';
		if (!cap_time(sent, d->version, &w, norm))
			xml_note_word(&notes->r[CAP_R_REF_TRIPLE], n->line, word, len);
		if (strlen(sender) == (size_t)(a - word) && memcmp(word, sender, strlen(sender)) == 0 &&
		    strlen(id) == (size_t)(b - a - 1) && memcmp(a + 1, id, strlen(id)) == 0)
			xml_note_word(&notes->r[CAP_R_REF_SELF], n->line, word, len);
	}
}

static bool
blank(const char *s)
{
	return s[strspn(s, XML_BLANKS)] == '\0';
}

int
cap_check_alert(struct cap_doc *d, struct fault *f)
{
	const struct cap_node *a = d->alert;
	const char *type = cap_text(a, CAP_EL_MSGTYPE), *scope = cap_text(a, CAP_EL_SCOPE);

	if (strcmp(type, "Alert") != 0 && blank(cap_text(a, CAP_EL_REFERENCES)))
		return fault_set(f, EX_DATAERR, "references", _("is missing: %s must say to what"), type);
	if (strcmp(scope, "Restricted") == 0 && blank(cap_text(a, CAP_EL_RESTRICTION)))
		cap_note(&d->notes, CAP_R_RESTRICTION, 0, NULL);
	if (strcmp(scope, "Private") == 0 && blank(cap_text(a, CAP_EL_ADDRESSES)))
		cap_note(&d->notes, CAP_R_ADDRESSES, 0, NULL);
	check_references(d, &d->notes);
	return 0;
}
