/*
 * What a CAP alert says in other languages, and what it says that no field is for: both ways.
 *
 * In a body these are lines of text (fields.def): "LANGUAGE|FIELD|TEXT" and "NAME=VALUE", doubles and order kept;
 * "eventCode:" before a name says that it was one.  They stand beside F_CAP_TREE, which is the whole truth and what a
 * message taken in goes out by; so nothing of a document is lost when there is no room for them here, and nothing of it
 * comes out twice.  A message of ours goes out with its translations as further <info> and its extensions as
 * parameters, for those who do not read the parameters of ours that bring the very body back.
 */
#include <stdlib.h>
#include <string.h>
#include "cap_part.h"
#include "text.h"

#define CODE "eventCode:"
#define LANGUAGES_MAX 16 /* further <info> a message of ours goes out with */
#define LANGUAGE_LEN 64
#define OVERHEAD 16 /* bytes a value may take on the wire beside its text */

static const struct {
	uint32_t key;
	enum cap_el el;
	const char *element;
} said[] = {
    {F_TITLE, CAP_EL_HEADLINE, "headline"},
    {F_EVENT_NAME, CAP_EL_EVENT, "event"},
    {F_TEXT, CAP_EL_DESCRIPTION, "description"},
    {F_MEASURES, CAP_EL_INSTRUCTION, "instruction"},
};

/* ---- in ---- */

struct taking {
	struct cap_doc *doc;
	struct body *b;
	size_t room;
};

/* The value with its lead, cleaned and cut to its field's bound, if it still fits. */
static void
add(struct taking *t, uint32_t key, const char *lead, const char *text, size_t line)
{
	const struct field *fd = field_by_key(key);
	struct xml_note *r = t->doc->notes.r;
	struct buf clean = {0};
	char *out;
	size_t len;

	buf_puts(&clean, lead);
	xml_tidy(text, true, &clean);
	out = xml_bound(fd, &clean, &len, &r[CAP_R_CONTROL], &r[CAP_R_CUT], line);
	if (len + OVERHEAD > t->room || body_count(t->b, key) >= FIELD_REPEAT_MAX) {
		cap_note(&t->doc->notes, CAP_R_CUT, line, fd->name);
	} else {
		body_add_text(t->b, key, out, len);
		t->room -= len + OVERHEAD;
	}
	free(out);
	buf_free(&clean);
}

static void
add_translation(struct taking *t, const char *language, uint32_t key, const struct cap_node *up, enum cap_el el)
{
	const struct cap_node *n = cap_child(up, el);
	struct buf lead = {0};

	if (n == NULL || cap_text(up, el)[strspn(cap_text(up, el), " \t\r\n")] == '\0')
		return;
	buf_printf(&lead, "%s|%s|", language, field_by_key(key)->name);
	add(t, F_TRANSLATION, buf_cstr(&lead), cap_text(up, el), n->line);
	buf_free(&lead);
}

static void
take_language(struct taking *t, const struct cap_node *info)
{
	char language[LANGUAGE_LEN];

	cap_language(info, language, sizeof(language));
	if (!text_clean(language, strlen(language), false, NULL) || strchr(language, '|') != NULL)
		return;
	for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++)
		add_translation(t, language, said[i].key, info, said[i].el);
	for (const struct cap_node *a = cap_child(info, CAP_EL_AREA); a != NULL; a = cap_next(a))
		add_translation(t, language, F_AREA, a, CAP_EL_AREADESC);
}

static void
take_pair(struct taking *t, const struct cap_node *n, const char *before)
{
	struct buf lead = {0}, pair = {0};
	const char *name, *value;
	char *eq;

	if (t->doc->version != CAP_V10) {
		name = cap_text(n, CAP_EL_VALUENAME);
		value = cap_text(n, CAP_EL_VALUE);
	} else {
		buf_put(&pair, n->text.p, n->text.n);
		name = buf_cstr(&pair);
		eq = strchr((char *)pair.p, '=');
		value = eq == NULL ? "" : eq + 1;
		if (eq != NULL)
			*eq = '\0';
	}
	buf_puts(&lead, before);
	xml_tidy(name, false, &lead);
	/* a name that could not be told from its value stands in the tree */
	if (strncmp(name, CAP_OWN, strlen(CAP_OWN)) != 0 && lead.n > strlen(before) &&
	    strchr(buf_cstr(&lead), '=') == NULL) {
		buf_put_u8(&lead, '=');
		add(t, F_EXTENSION, buf_cstr(&lead), value, n->line);
	}
	buf_free(&lead);
	buf_free(&pair);
}

void
cap_more_take(struct cap_doc *d, const struct cap_node *chosen, struct body *b, size_t room)
{
	struct taking t = {.doc = d, .b = b, .room = room};
	char mine[LANGUAGE_LEN], other[LANGUAGE_LEN];

	if (chosen == NULL)
		return;
	for (const struct cap_node *n = cap_child(chosen, CAP_EL_EVENTCODE); n != NULL; n = cap_next(n))
		take_pair(&t, n, CODE);
	for (const struct cap_node *n = cap_child(chosen, CAP_EL_PARAMETER); n != NULL; n = cap_next(n))
		take_pair(&t, n, "");
	cap_language(chosen, mine, sizeof(mine));
	for (const struct cap_node *n = cap_child(d->alert, CAP_EL_INFO); n != NULL; n = cap_next(n)) {
		cap_language(n, other, sizeof(other));
		if (strcmp(mine, other) != 0)
			take_language(&t, n);
	}
}

/* ---- out ---- */

static void
emit_extensions(const struct body *b, bool codes, struct buf *out)
{
	for (const struct value *v = body_first(b, F_EXTENSION); v != NULL; v = body_next(b, v)) {
		const char *s = v->u.text.s, *eq = strchr(s, '=');
		bool code = strncmp(s, CODE, strlen(CODE)) == 0;
		char *name;

		s += code ? strlen(CODE) : 0;
		/* nobody's text becomes a parameter of ours */
		if (eq == NULL || eq <= s || code != codes || strncmp(s, CAP_OWN, strlen(CAP_OWN)) == 0)
			continue;
		name = xstrndup(s, (size_t)(eq - s));
		cap_emit_pair(out, codes ? "eventCode" : "parameter", name, eq + 1);
		free(name);
	}
}

void
cap_more_codes(const struct body *b, struct buf *out)
{
	emit_extensions(b, true, out);
}

void
cap_more_parameters(const struct body *b, struct buf *out)
{
	emit_extensions(b, false, out);
}

/* The text of a translation that is of this language and field; NULL. */
static const char *
translated(const struct value *v, const char *language, const char *field)
{
	size_t llen = strlen(language), flen = strlen(field);
	const char *s = v->u.text.s;

	if (strncmp(s, language, llen) != 0 || s[llen] != '|' || strncmp(s + llen + 1, field, flen) != 0 ||
	    s[llen + 1 + flen] != '|')
		return NULL;
	return s + llen + flen + 2;
}

/* The first translation of the field; false when there is none. */
static bool
emit_translation(const struct body *b, const char *language, const char *field, const char *element, struct buf *out)
{
	for (const struct value *v = body_first(b, F_TRANSLATION); v != NULL; v = body_next(b, v)) {
		const char *text = translated(v, language, field);

		if (text == NULL || *text == '\0')
			continue;
		cap_emit(out, element, text, strlen(text));
		return true;
	}
	return false;
}

static void
emit_info(const struct body *b, const char *language, const char *category, const char *event, const struct buf *words,
    struct buf *out)
{
	const char *area;

	cap_emit_begin(out, "info");
	cap_emit(out, "language", language, strlen(language));
	cap_emit(out, "category", category, strlen(category));
	if (!emit_translation(b, language, field_by_key(F_EVENT_NAME)->name, "event", out))
		cap_emit(out, "event", event, strlen(event));
	buf_put(out, words->p, words->n);
	for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++)
		if (said[i].key != F_EVENT_NAME)
			(void)emit_translation(b, language, field_by_key(said[i].key)->name, said[i].element, out);
	for (const struct value *v = body_first(b, F_TRANSLATION); v != NULL; v = body_next(b, v))
		if ((area = translated(v, language, field_by_key(F_AREA)->name)) != NULL && *area != '\0') {
			cap_emit_begin(out, "area");
			cap_emit(out, "areaDesc", area, strlen(area));
			cap_emit_end(out, "area");
		}
	cap_emit_end(out, "info");
}

void
cap_more_infos(const struct body *b, const char *category, const char *event, const struct buf *words, struct buf *out)
{
	char done[LANGUAGES_MAX][LANGUAGE_LEN];
	size_t n = 0, len, i;

	for (const struct value *v = body_first(b, F_TRANSLATION); v != NULL && n < LANGUAGES_MAX;
	     v = body_next(b, v)) {
		len = strcspn(v->u.text.s, "|");
		if (v->u.text.s[len] != '|' || len >= LANGUAGE_LEN || !cap_language_strict(v->u.text.s, len))
			continue;
		memcpy(done[n], v->u.text.s, len);
		done[n][len] = '\0';
		for (i = 0; strcmp(done[i], done[n]) != 0;)
			i++;
		if (i < n || strcmp(done[n], "zh-CN") == 0)
			continue;
		emit_info(b, done[n++], category, event, words, out);
	}
}
