/*
 * Codes in a CAP alert that mean something here: a warning colour, a Chinese division.
 *
 * Both are taken only where the document says so outright.  CAP's severity is not a colour (DOMAIN 2), a number on some
 * country's scale is none either, and six digits may be anybody's.
 *
 * A body has one division and an alert many: what holds them all stands for them, since too wide a warning is looked at
 * and passed over, and one that rings nowhere is not.
 */
#include <stdio.h>
#include <string.h>
#include "cap_part.h"
#include "text.h"

#define CLIMB_MAX 8 /* levels of divisions */
#define BLANKS " \t\r\n"

struct pair {
	const char *name;
	const char *value;
	struct buf mem;
};

static void pair_of(const struct cap_doc *, const struct cap_node *, struct pair *);
static void name_key(const char *, char *out, size_t size);
static bool names_colour(const char *);
static int colour_in(const char *, bool alone);
static void division_of(const struct codebook *, const struct pair *, char out[STATION_MAX]);
static bool lies_in(const struct codebook *, const char *code, const char *top);
static bool widen(const struct codebook *, char top[STATION_MAX], const char *code);

/* valueName and value, in CAP 1.0 name=value. */
static void
pair_of(const struct cap_doc *d, const struct cap_node *n, struct pair *p)
{
	char *eq;

	memset(p, 0, sizeof(*p));
	if (d->version != CAP_V10) {
		p->name = cap_text(n, CAP_EL_VALUENAME);
		p->value = cap_text(n, CAP_EL_VALUE);
		return;
	}
	buf_put(&p->mem, n->text.p, n->text.n);
	p->name = buf_cstr(&p->mem);
	eq = strchr((char *)p->mem.p, '=');
	p->value = eq == NULL ? "" : eq + 1;
	if (eq != NULL)
		*eq = '\0';
}

/* Letters and digits of a name after its last colon, in lower case: "layer:X:Alert_Level" is "alertlevel". */
static void
name_key(const char *name, char *out, size_t size)
{
	const char *colon = strrchr(name, ':');
	size_t n = 0;

	(void)text_fold(colon == NULL ? name : colon + 1, out, size);
	for (size_t i = 0; out[i] != '\0'; i++)
		if (strchr(" \t\r\n_-.", out[i]) == NULL)
			out[n++] = out[i];
	out[n] = '\0';
}

static bool
names_colour(const char *name)
{
	static const char *const names[] = {"awarenesslevel", "colour", "color", "colourcode", "colorcode",
	    "alertcolour", "alertcolor", "warningcolour", "warningcolor", "alertlevel", "warninglevel", "hsas", "颜色",
	    "预警颜色", "预警级别", "预警等级"};
	char key[64];

	name_key(name, key, sizeof(key));
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i], key) == 0)
			return true;
	return false;
}

/* The colour a value names by a word of its own; 0: none, -1: several.  alone: only when it says nothing else.
 * Numbers say nothing: 2 is yellow in Europe and orange here. */
static int
colour_in(const char *value, bool alone)
{
	static const struct {
		const char *word;
		int colour;
	} words[] = {{"red", COLOUR_RED}, {"红", COLOUR_RED}, {"红色", COLOUR_RED}, {"红色预警", COLOUR_RED},
	    {"orange", COLOUR_ORANGE}, {"橙", COLOUR_ORANGE}, {"橙色", COLOUR_ORANGE}, {"橙色预警", COLOUR_ORANGE},
	    {"yellow", COLOUR_YELLOW}, {"黄", COLOUR_YELLOW}, {"黄色", COLOUR_YELLOW}, {"黄色预警", COLOUR_YELLOW},
	    {"blue", COLOUR_BLUE}, {"蓝", COLOUR_BLUE}, {"蓝色", COLOUR_BLUE}, {"蓝色预警", COLOUR_BLUE}};
	char text[128];
	int found = 0;

	if (strlen(value) >= sizeof(text))
		return 0;
	(void)text_fold(value, text, sizeof(text));
	for (size_t i = 0; text[i] != '\0';) {
		size_t n = 0;
		int colour = 0;

		while ((text[i + n] >= 'a' && text[i + n] <= 'z') || (unsigned char)text[i + n] >= 0x80)
			n++;
		for (size_t k = 0; n > 0 && k < sizeof(words) / sizeof(words[0]); k++)
			if (strlen(words[k].word) == n && memcmp(words[k].word, text + i, n) == 0)
				colour = words[k].colour;
		if (alone && ((n > 0 && colour == 0) || (text[i] >= '0' && text[i] <= '9')))
			return 0;
		if (colour != 0 && found != 0 && found != colour)
			return -1;
		found = colour != 0 ? colour : found;
		i += n > 0 ? n : 1;
	}
	return found;
}

/* Chinese issuers name the colour in the headline: 暴雨红色预警信号.  0: none, -1: several. */
static int
colour_of_words(const char *text)
{
	static const struct {
		const char *words;
		int colour;
	} said[] = {{"红色预警", COLOUR_RED}, {"橙色预警", COLOUR_ORANGE}, {"黄色预警", COLOUR_YELLOW},
	    {"蓝色预警", COLOUR_BLUE}};
	int found = 0;

	for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++)
		if (strstr(text, said[i].words) != NULL)
			found = found == 0 ? said[i].colour : -1;
	return found;
}

int
cap_colour(struct cap_doc *d, const struct cap_node *info)
{
	static const enum cap_el where[] = {CAP_EL_EVENTCODE, CAP_EL_PARAMETER};
	int found = 0;

	for (size_t i = 0; info != NULL && i < sizeof(where) / sizeof(where[0]); i++)
		for (const struct cap_node *n = cap_child(info, where[i]); n != NULL; n = cap_next(n)) {
			struct pair p;
			bool named;
			int c;

			pair_of(d, n, &p);
			named = names_colour(p.name);
			c = named || where[i] == CAP_EL_EVENTCODE ? colour_in(p.value, !named) : 0;
			if (c != 0)
				found = found == 0 || found == c ? c : -1;
			buf_free(&p.mem);
		}
	if (found == 0 && info != NULL)
		found = colour_of_words(cap_text(info, CAP_EL_HEADLINE));
	if (found == -1)
		cap_note(&d->notes, CAP_R_COLOURS, 0, NULL);
	return found > 0 ? found : COLOUR_UNKNOWN;
}

/* The station code of a Chinese division the codebook knows, "" for anything else.  Other countries' schemes have six
 * digits too, so those that say whose they are do not count. */
static void
division_of(const struct codebook *cb, const struct pair *p, char out[STATION_MAX])
{
	static const char *const foreign[] = {
	    "same", "fips", "ugc", "cap-cp", "clc", "emma", "nuts", "wmo", "amoc", "zip"};
	const char *s = p->value + strspn(p->value, BLANKS);
	size_t n = strspn(s, "0123456789");
	const struct code_entry *e;
	char code[16], name[64];

	out[0] = '\0';
	if ((n != 6 && n != 9 && n != 12) || s[n + strspn(s + n, BLANKS)] != '\0')
		return;
	(void)text_fold(p->name, name, sizeof(name));
	for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++)
		if (strstr(name, foreign[i]) != NULL)
			return;
	(void)snprintf(code, sizeof(code), "%.*s", (int)n, s);
	e = codebook_division(cb, code);
	if (e == NULL)
		return;
	n = strlen(e->code);
	/* provinces and cities have six digits too, as their stations do */
	(void)snprintf(out, STATION_MAX, "%s%.*s", e->code, n < 6 ? 6 - (int)n : 0, "000000");
}

static bool
lies_in(const struct codebook *cb, const char *code, const char *top)
{
	char at[STATION_MAX], up[STATION_MAX];

	(void)snprintf(at, sizeof(at), "%s", code);
	for (int i = 0; i < CLIMB_MAX && at[0] != '\0'; i++) {
		if (strcmp(at, top) == 0)
			return true;
		(void)codebook_parent_station(cb, at, up, sizeof(up));
		memcpy(at, up, sizeof(at));
	}
	return false;
}

/* Widens top until it holds code as well; false when nothing does. */
static bool
widen(const struct codebook *cb, char top[STATION_MAX], const char *code)
{
	char up[STATION_MAX];

	while (top[0] != '\0' && !lies_in(cb, code, top)) {
		(void)codebook_parent_station(cb, top, up, sizeof(up));
		memcpy(top, up, STATION_MAX);
	}
	return top[0] != '\0';
}

bool
cap_division(struct cap_doc *d, const struct codebook *cb, char out[STATION_MAX])
{
	char first[STATION_MAX] = "", code[STATION_MAX];
	const struct cap_node *info, *a, *g;

	out[0] = '\0';
	if (cb == NULL)
		return false;
	for (info = cap_child(d->alert, CAP_EL_INFO); info != NULL; info = cap_next(info))
		for (a = cap_child(info, CAP_EL_AREA); a != NULL; a = cap_next(a))
			for (g = cap_child(a, CAP_EL_GEOCODE); g != NULL; g = cap_next(g)) {
				struct pair p;

				pair_of(d, g, &p);
				division_of(cb, &p, code);
				buf_free(&p.mem);
				if (code[0] == '\0')
					continue;
				if (first[0] == '\0') {
					memcpy(first, code, sizeof(first));
					memcpy(out, code, STATION_MAX);
				} else if (!widen(cb, out, code)) {
					cap_note(&d->notes, CAP_R_DIVISIONS, g->line, code);
					memcpy(out, first, STATION_MAX);
					return true;
				}
			}
	return first[0] != '\0';
}
