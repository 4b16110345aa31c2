/*
 * A message of ours inside a CAP document: parameters "dutydesk:NAME", each one field in the JSON form of json.h, and
 * texts that a CAP element holds already.
 *
 * JSON is taken because its codec loses nothing and is tested for that; a figure that is unknown is "?" there, and one
 * with a source says so.  What even JSON does not bring back (a NUL in a text that came over the wire) goes as the
 * encoded body in digits.  Reading believes nothing: what is not wholly right is no message of ours, and says so.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cap_part.h"
#include "json.h"
#include "text.h"
#include "wire.h"

#define ELEMENTS CAP_OWN "#elements" /* no field's name has a # */
#define WHOLE CAP_OWN "#body"
/* Bounds on a stranger's JSON, whose every item costs many times its bytes, or a search: */
#define JSON_MAX (6u * BODY_MAX) /* bytes of all values; each of a body's may have become \u0000 */
#define SAID_MAX 16		 /* texts that stand in elements */
#define UNKNOWN_MAX 256		 /* unknown keys; a body with more goes as digits */
#define DEPTH_MAX 8 /* of the elements' own values: figures and lists have 2, unknown keys are hex */

static void put_json(const char *name, const json_t *, struct buf *out);
static bool take_elements(const struct cap_doc *, const json_t *, json_t *object);

/* Characters no screen may get stand in strings only, and there JSON has a way to spell them. */
static void
put_json(const char *name, const json_t *j, struct buf *out)
{
	char *s = json_dumps(j, JSON_COMPACT | JSON_ENCODE_ANY | JSON_SORT_KEYS);
	struct buf text = {0};
	size_t n;

	if (s == NULL)
		abort();
	for (const char *p = s; *p != '\0'; p += n) {
		uint32_t cp;

		n = text_decode(p, strlen(p) < 4 ? strlen(p) : 4, &cp);
		if (cp <= 0xffff && (cp == 0xfffe || cp == 0xffff || !text_clean(p, n, false, NULL)))
			buf_printf(&text, "\\u%04x", (unsigned)cp);
		else
			buf_put(&text, p, n);
	}
	cap_emit_pair(out, "parameter", name, buf_cstr(&text));
	buf_free(&text);
	free(s);
}

static void
put_whole(const struct body *b, struct buf *out)
{
	static const char digits[] = "0123456789abcdef";
	struct buf wire = {0}, hex = {0};

	wire_encode(b, &wire);
	for (size_t i = 0; i < wire.n; i++) {
		buf_put_u8(&hex, (uint8_t)digits[wire.p[i] >> 4]);
		buf_put_u8(&hex, (uint8_t)digits[wire.p[i] & 15]);
	}
	cap_emit_pair(out, "parameter", WHOLE, buf_cstr(&hex));
	buf_free(&hex);
	buf_free(&wire);
}

void
cap_own_write(const struct body *b, const json_t *said, bool whole, struct buf *out)
{
	const struct field *f;
	json_t *object, *value;

	if (whole) {
		put_whole(b, out);
		return;
	}
	object = json_from_body(b);
	put_json(ELEMENTS, said, out);
	for (size_t i = 0; (f = field_at(i)) != NULL; i++) {
		char name[sizeof(CAP_OWN) + 64];

		value = json_object_get(object, f->name);
		if (value == NULL || json_object_get(said, f->name) != NULL)
			continue;
		(void)snprintf(name, sizeof(name), CAP_OWN "%s", f->name);
		put_json(name, value, out);
	}
	value = json_object_get(object, "unknown");
	if (value != NULL)
		put_json(CAP_OWN "unknown", value, out);
	json_decref(object);
}

/* ---- reading ---- */

static int
nibble(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static struct body *
take_whole(const char *hex)
{
	size_t n = strlen(hex);
	struct buf wire = {0};
	struct body *b = NULL;
	struct fault f;
	bool good = n % 2 == 0 && n <= 2 * BODY_MAX;

	for (size_t i = 0; good && i < n; i += 2) {
		good = nibble(hex[i]) >= 0 && nibble(hex[i + 1]) >= 0;
		if (good)
			buf_put_u8(&wire, (uint8_t)(nibble(hex[i]) << 4 | nibble(hex[i + 1])));
	}
	if (good)
		b = wire_decode(wire.n == 0 ? (const uint8_t *)"" : wire.p, wire.n, &f);
	buf_free(&wire);
	return b;
}

/* Texts that stand in elements, added to the object under their fields' names. */
static bool
take_elements(const struct cap_doc *d, const json_t *said, json_t *object)
{
	const struct cap_node *info = cap_child(d->alert, CAP_EL_INFO), *n;
	const char *name;
	json_t *element, *text;

	json_object_foreach((json_t *)(uintptr_t)said, name, element)
	{
		const char *el = json_string_value(element);
		const struct cap_node *up = el != NULL && strcmp(el, "note") == 0 ? d->alert : info;

		if (el == NULL || json_object_get(object, name) != NULL)
			return false;
		for (n = up->child; n != NULL && strcmp(n->rule->name, el) != 0;)
			n = n->next;
		if (n == NULL || n->rule->inside != NULL || n->dropped)
			return false;
		text = json_stringn(n->text.n == 0 ? "" : (const char *)n->text.p, n->text.n);
		if (json_object_set_new(object, name, text) == -1)
			return false;
	}
	return true;
}

/* No value of ours is nested deeper; what is would cost a recursion a level. */
static bool
shallow(const char *s)
{
	size_t depth = 0;
	bool in = false;

	for (; *s != '\0'; s++) {
		if (in) {
			if (*s == '\\' && s[1] != '\0')
				s++;
			else if (*s == '"')
				in = false;
		} else if (*s == '"') {
			in = true;
		} else if (*s == '[' || *s == '{') {
			if (++depth > DEPTH_MAX)
				return false;
		} else if ((*s == ']' || *s == '}') && depth > 0) {
			depth--;
		}
	}
	return true;
}

static struct body *
body_of(const json_t *object, const struct codebook *cb, int64_t now)
{
	struct body *b = body_new(), *again = NULL;
	struct buf wire = {0};
	struct fault f;

	if (json_to_body(object, b, cb, now, true, &f) == 0) {
		wire_encode(b, &wire);
		if (wire.n <= BODY_MAX)
			again = wire_decode(wire.p, wire.n, &f);
	}
	buf_free(&wire);
	body_free(b);
	return again;
}

struct body *
cap_own(struct cap_doc *d, const struct codebook *cb, int64_t now)
{
	const struct cap_node *info = cap_child(d->alert, CAP_EL_INFO), *p;
	const size_t lead = strlen(CAP_OWN);
	json_t *object, *said = NULL, *value;
	struct body *b = NULL;
	size_t line = 0, bytes = 0;
	bool good = true;

	if (info == NULL || d->version != CAP_V12)
		return NULL;
	object = json_object();
	for (p = cap_child(info, CAP_EL_PARAMETER); object != NULL && good && p != NULL; p = cap_next(p)) {
		const char *name = cap_text(p, CAP_EL_VALUENAME), *text = cap_text(p, CAP_EL_VALUE);

		if (strncmp(name, CAP_OWN, lead) != 0)
			continue;
		line = p->line;
		if (strcmp(name, WHOLE) == 0) {
			b = take_whole(text);
			break;
		}
		value = NULL;
		bytes += strlen(text);
		if (bytes <= JSON_MAX && shallow(text))
			value =
			    json_loads(text, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
		if (value == NULL) {
			good = false;
		} else if (strcmp(name, ELEMENTS) == 0) {
			good = said == NULL && json_is_object(value);
			json_decref(said);
			said = value;
		} else {
			good = name[lead] != '_' && json_object_get(object, name + lead) == NULL &&
			       json_object_set(object, name + lead, value) == 0;
			json_decref(value);
		}
	}
	if (b == NULL && good && said != NULL && json_object_size(said) <= SAID_MAX &&
	    json_object_size(json_object_get(object, "unknown")) <= UNKNOWN_MAX && take_elements(d, said, object))
		b = body_of(object, cb, now);
	if (b == NULL && line > 0)
		cap_note(&d->notes, CAP_R_OWN, line, NULL);
	json_decref(said);
	json_decref(object);
	return b;
}
