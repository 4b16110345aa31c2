/*
 * What the values of a 12379 document must look like, and what the document as a whole must say.
 *
 * Refused is what makes a message impossible to cite, to place in time, or to decide upon: identifier, times, status,
 * msgType.  All else is told in a remark and kept: of a standard one has not read one cannot say that a value is wrong,
 * and a warning that was thrown away over a colour's spelling warns nobody.
 */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include "cap_part.h"
#include "i18n.h"
#include "limits.h"
#include "text.h"
#include "value.h"
#include "warn12379_part.h"

#define DIGITS "0123456789"
#define ALNUM DIGITS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define SENDER_CODE_LEN 14
#define STAMP_LEN 14
#define HALF_EARTH_M 20037509.0 /* no circle on the earth has a larger radius, metres */
#define WORDS(list, s) word_in(list, sizeof(list) / sizeof((list)[0]), s)

/* One row a remark; a place and what it is about are added where known. */
static const char *const remark_texts[W_R_COUNT] = {
    [W_R_UNKNOWN] = N_("an element is not known here and is kept as it is"),
    [W_R_ATTRIBUTE] = N_("attributes of elements stand in the original only"),
    [W_R_ID_FORM] = N_("the identifier is none of the form unit_time or unit_time_number"),
    [W_R_SENDER_CODE] = N_("the sender's code is none of 14 digits"),
    [W_R_SENDER_NONE] = N_("the sender's code is missing"),
    [W_R_SENDER_OTHER] = N_("the identifier begins with another unit than the sender's code"),
    [W_R_REFERENCE] = N_("the reference is no identifier alone"),
    [W_R_REF_SELF] = N_("the message refers to itself"),
    [W_R_EVENT_FORM] = N_("the event type is no code"),
    [W_R_EVENT_UNKNOWN] = N_("the event type is in no codebook here"),
    [W_R_SEVERITY] = N_("the severity is none of Red, Orange, Yellow, Blue, Unknown"),
    [W_R_LEVEL] = N_("the severity is none of 0 to 4"),
    [W_R_POLYGON] = N_("a polygon holds what is no position"),
    [W_R_POLYGON_SHORT] = N_("a polygon has fewer than four points"),
    [W_R_POLYGON_OPEN] = N_("a polygon is not closed"),
    [W_R_RANGE] = N_("a position lies outside of the earth's degrees"),
    [W_R_CIRCLE] = N_("a circle is none of a position and a radius in metres"),
    [W_R_GEOCODE] = N_("a geocode is none of 12 digits"),
    [W_R_DIVISION] = N_("a division is in no codebook here"),
    [W_R_DIVISIONS] = N_("several divisions are named; the first is shown as the message's"),
    [W_R_HEADLINE] = N_("no headline is given"),
    [W_R_ENDS] =
	N_("the parts of this message end at different times; the latest end is shown, or none if one part has none"),
    [W_R_PARTS] = N_("this message has further parts; they stand in the original"),
    [W_R_AREAS] = N_("not all areas are shown; the others stand in the original"),
    [W_R_CUT] = N_("a text is too long and was cut; the whole stands in the original"),
    [W_R_CONTROL] = N_("characters that cannot be shown were replaced"),
    [W_R_WHOLE] = N_("this message is too long to be carried whole; the rest stands in the original"),
};

void
w_note(struct w_notes *notes, enum w_remark k, size_t line, const char *detail)
{
	xml_note(&notes->r[k], line, detail);
}

bool
w_note_text(const struct w_notes *notes, enum w_remark k, struct buf *out)
{
	return xml_note_text(&notes->r[k], remark_texts[k], out);
}

/* ---- words and codes ---- */

static bool
word_in(const char *const *words, size_t n, const char *s)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(words[i], s) == 0)
			return true;
	return false;
}

bool
w_is_status(const char *s)
{
	static const char *const words[] = {"Actual", "Exercise", "System", "Test", "Draft"};

	return WORDS(words, s);
}

bool
w_is_msg_type(const char *s)
{
	static const char *const words[] = {"Alert", "Update", "Cancel", "Ack", "Error"};

	return WORDS(words, s);
}

/* In any case and in Chinese, too: a person sees the same.  A number is nobody's colour for certain. */
int
w_colour(const char *s)
{
	static const struct {
		const char *word;
		int colour;
	} rows[] = {{"red", COLOUR_RED}, {"红色", COLOUR_RED}, {"红", COLOUR_RED}, {"orange", COLOUR_ORANGE},
	    {"橙色", COLOUR_ORANGE}, {"橙", COLOUR_ORANGE}, {"yellow", COLOUR_YELLOW}, {"黄色", COLOUR_YELLOW},
	    {"黄", COLOUR_YELLOW}, {"blue", COLOUR_BLUE}, {"蓝色", COLOUR_BLUE}, {"蓝", COLOUR_BLUE}};
	char word[32];

	if (strlen(s) >= sizeof(word))
		return COLOUR_UNKNOWN;
	(void)text_fold(s, word, sizeof(word));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strcmp(rows[i].word, word) == 0)
			return rows[i].colour;
	return COLOUR_UNKNOWN;
}

bool
w_time(const char *s, struct when *w)
{
	static const char form[] = "0000-00-00 00:00:00";
	char text[W_TIME_MAX];
	size_t len = strlen(s), n = sizeof(form) - 1;

	if (len < n || len + sizeof("+08:00") > sizeof(text))
		return false;
	for (size_t i = 0; i < n; i++)
		if (form[i] == '0'   ? s[i] < '0' || s[i] > '9'
		    : form[i] == ' ' ? s[i] != ' ' && s[i] != 'T'
				     : s[i] != form[i])
			return false;
	memcpy(text, s, len + 1);
	/* a fraction may follow; without an offset it is Beijing time */
	if (text[n] == '.')
		n += 1 + strspn(text + n + 1, DIGITS);
	if (text[n] == '\0')
		memcpy(text + n, "+08:00", sizeof("+08:00"));
	return strchr(text, 'z') == NULL && time_parse_rfc3339(text, w);
}

/* The digits of YYYYMMDDhhmmss are an instant there is. */
static bool
stamp_ok(const char *s)
{
	char text[W_TIME_MAX];
	struct when w;

	if (strspn(s, DIGITS) < STAMP_LEN)
		return false;
	(void)snprintf(text, sizeof(text), "%.4s-%.2s-%.2s %.2s:%.2s:%.2s", s, s + 4, s + 6, s + 8, s + 10, s + 12);
	return w_time(text, &w);
}

static bool
sender_code_form(const char *s)
{
	return strspn(s, DIGITS) >= 6 && strspn(s, ALNUM) == SENDER_CODE_LEN;
}

bool
w_id_form(const char *s)
{
	if (!sender_code_form(s) || s[SENDER_CODE_LEN] != '_')
		return false;
	s += SENDER_CODE_LEN + 1;
	if (!stamp_ok(s))
		return false;
	s += STAMP_LEN;
	if (*s == '\0')
		return true;
	return *s == '_' && s[1] != '\0' && s[1 + strspn(s + 1, DIGITS)] == '\0';
}

bool
w_division(const struct codebook *cb, const char *s, size_t len, char out[STATION_MAX])
{
	const struct code_entry *e;
	char code[16];
	size_t n;

	if ((len != 6 && len != 9 && len != 12) || strspn(s, DIGITS) < len)
		return false;
	(void)snprintf(code, sizeof(code), "%.*s", (int)len, s);
	if (cb != NULL) {
		e = codebook_division(cb, code);
		if (e == NULL)
			return false;
		n = strlen(e->code);
		/* provinces and cities have six digits too, as their stations do */
		(void)snprintf(out, STATION_MAX, "%s%.*s", e->code, n < 6 ? 6 - (int)n : 0, "000000");
		return true;
	}
	for (n = len; n > 6 && strcmp(code + n - 3, "000") == 0; n -= 3)
		code[n - 3] = '\0';
	(void)snprintf(out, STATION_MAX, "%s", code);
	return strcmp(out, "000000") != 0;
}

/* ---- geometry ---- */

/* Which of the two is the latitude is not known to us, so either may be. */
static bool
on_earth(double a, double b)
{
	bool a90 = a >= -90 && a <= 90, b90 = b >= -90 && b <= 90;

	return (a90 || b90) && a >= -180 && a <= 180 && b >= -180 && b <= 180;
}

/* An empty element says nothing. */
static void
check_area(const struct w_node *n, struct w_notes *notes)
{
	const struct xml_area as = {.on_earth = on_earth,
	    .radius_max = HALF_EARTH_M,
	    .syntax = &notes->r[W_R_POLYGON],
	    .few = &notes->r[W_R_POLYGON_SHORT],
	    .unclosed = &notes->r[W_R_POLYGON_OPEN],
	    .circle = &notes->r[W_R_CIRCLE],
	    .range = &notes->r[W_R_RANGE]};

	if (n->text.n > 0)
		(n->rule->el == W_POLYGON ? xml_check_polygon : xml_check_circle)(
		    (const char *)n->text.p, n->line, &as);
}

void
w_check_divisions(const struct w_node *n, struct w_notes *notes)
{
	const char *p = (const char *)n->text.p, *word;
	size_t len;

	while ((word = xml_word(&p, "," W_BLANKS, &len)) != NULL)
		if (len != 12 || strspn(word, DIGITS) < len)
			xml_note_word(&notes->r[W_R_GEOCODE], n->line, word, len);
}

/* ---- elements ---- */

int
w_check_cited(const struct w_node *n, struct fault *f)
{
	const char *s = (const char *)n->text.p;

	if (*s == '\0')
		return fault_set(f, EX_DATAERR, n->name, _("is empty"));
	if (n->text.n > W_ID_MAX)
		return fault_set(f, EX_DATAERR, n->name, _("is longer than %d bytes"), W_ID_MAX);
	if (s[strcspn(s, W_BLANKS)] != '\0' || strstr(s, "\xe3\x80\x80") != NULL ||
	    !text_clean(s, n->text.n, false, NULL))
		return fault_set(f, EX_DATAERR, n->name, _("holds a blank or a control character"));
	return 0;
}

static int
check_node(const struct w_node *n, struct w_notes *notes, struct fault *f)
{
	const char *s = (const char *)n->text.p;
	struct when w;

	switch (n->rule->el) {
	case W_IDENTIFIER:
		if (w_check_cited(n, f) == -1)
			return -1;
		if (!w_id_form(s))
			w_note(notes, W_R_ID_FORM, n->line, s);
		return 0;
	case W_STATUS:
	case W_MSG_TYPE:
		if (n->rule->el == W_STATUS ? !w_is_status(s) : !w_is_msg_type(s))
			return fault_set(f, EX_DATAERR, n->name, _("\"%.80s\" is no word known here"), s);
		return 0;
	case W_SEND_TIME:
	case W_EFFECTIVE:
	case W_ONSET:
	case W_EXPIRES:
		if (*s == '\0' && n->rule->el != W_SEND_TIME)
			return 0;
		if (!w_time(s, &w))
			return fault_set(
			    f, EX_DATAERR, n->name, _("\"%.80s\" is no time of the form 2026-11-22 14:10:00+08:00"), s);
		return 0;
	case W_SENDER_CODE:
		if (!sender_code_form(s))
			w_note(notes, W_R_SENDER_CODE, n->line, s);
		return 0;
	case W_SEVERITY:
		if (w_colour(s) == COLOUR_UNKNOWN && strcmp(s, "Unknown") != 0)
			w_note(notes, W_R_SEVERITY, n->line, s);
		return 0;
	case W_POLYGON:
	case W_CIRCLE:
		check_area(n, notes);
		return 0;
	case W_GEOCODE:
		w_check_divisions(n, notes);
		return 0;
	default:
		return 0;
	}
}

static int
check_tree(const struct w_node *n, struct w_notes *notes, struct fault *f)
{
	for (; n != NULL; n = n->next) {
		if (check_node(n, notes, f) == -1) {
			fault_at(f, NULL, n->line);
			return -1;
		}
		if (check_tree(n->child, notes, f) == -1)
			return -1;
	}
	return 0;
}

int
w_check(struct w_doc *d, struct fault *f)
{
	const struct w_node *a = d->alert, *refs, *code = w_child(a, W_SENDER_CODE);
	const char *type, *id, *ref;

	if (check_tree(a, &d->notes, f) == -1)
		return -1;
	type = w_text(a, W_MSG_TYPE);
	id = w_text(a, W_IDENTIFIER);
	refs = w_child(a, W_REFERENCES);
	ref = w_text(a, W_REFERENCES);
	if (strcmp(type, "Alert") != 0 && *ref == '\0') {
		(void)fault_set(f, EX_DATAERR, "references", _("is missing: %s must say to what"), type);
		goto bad;
	}
	if ((strcmp(type, "Alert") == 0 || strcmp(type, "Update") == 0) && w_child(a, W_INFO) == NULL) {
		(void)fault_set(f, EX_DATAERR, "info", _("is missing: %s must say what"), type);
		goto bad;
	}
	if (*ref != '\0' && ref[strcspn(ref, "," W_BLANKS)] != '\0')
		w_note(&d->notes, W_R_REFERENCE, refs->line, ref);
	else if (*ref != '\0' && strcmp(ref, id) == 0)
		w_note(&d->notes, W_R_REF_SELF, refs->line, NULL);
	if (code == NULL)
		w_note(&d->notes, W_R_SENDER_NONE, 0, NULL);
	else if (w_id_form(id) && sender_code_form(w_text(a, W_SENDER_CODE)) &&
		 strncmp(id, w_text(a, W_SENDER_CODE), SENDER_CODE_LEN) != 0)
		w_note(&d->notes, W_R_SENDER_OTHER, code->line, w_text(a, W_SENDER_CODE));
	return 0;
bad:
	fault_at(f, NULL, a->line);
	return -1;
}

int
w_document(const void *p, size_t n, struct w_doc *doc, struct fault *f)
{
	const size_t max = limits_get()->cap_bytes;
	struct buf text = {0};
	int rc = -1;

	if (n == 0)
		return fault_set(f, EX_DATAERR, "", _("the document is empty"));
	if (n > max)
		return fault_set(f, EX_DATAERR, "", _("the document has %zu bytes, at most %zu are allowed"), n, max);
	if (cap_scan(p, n, &text, f) == 0 && w_parse(&text, doc, f) == 0)
		rc = doc->format->check(doc, f);
	buf_free(&text);
	return rc;
}
