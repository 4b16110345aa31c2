/*
 * Bodies as JSON and back.
 *
 * Written for scripts and for the desk protocol, so each value has one plain form where that loses nothing, and an
 * object where it would.  Numbers are integers wherever the value is one: a double holds no 64-bit count and turns 0.1
 * into something else, so reals are read only for positions and for figures with decimals, and a figure too long for
 * one is written as a string.
 *
 * Reading works on a copy: a refused object leaves the body as it was.  Values that only a wire can have brought
 * (unknown keys, codes of no codebook, control characters in texts) are taken back where the caller vouches for the
 * source (headers).
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "buf.h"
#include "i18n.h"
#include "json.h"
#include "text.h"
#include "value.h"
#include "value_part.h"
#include "wire.h"

#define REAL_MAX (INT64_C(1) << 46) /* fixed-point values below it survive the way through a double and back */
#define MICRO 1e6
#define TIME_TEXT_MAX 48

struct in {
	struct body *body;
	const struct codebook *cb;
	int64_t now;
	bool headers;
	struct fault *fault;
};

static const char *const q_names[] = {"unknown", "exact", "about", "atleast", "atmost"};

static json_t *from_value(const struct value *);
static json_t *from_time(int64_t ms, int offset);
static json_t *from_fixed(int64_t n, int decimals);
static json_t *from_figure(const struct value *);
static json_t *from_unknown(const struct body *);
static int to_field(const struct in *, const struct field *, const json_t *);
static int to_value(const struct in *, const struct field *, const json_t *);

/* jansson gives NULL only when memory is out, or for text that is no UTF-8, which a body cannot hold. */
static json_t *
sure(json_t *j)
{
	if (j == NULL)
		abort();
	return j;
}

static json_t *
from_text(const char *s, size_t len)
{
	return sure(json_stringn(s, len));
}

static void
set(json_t *object, const char *name, json_t *value)
{
	if (json_object_set_new(object, name, sure(value)) == -1)
		abort();
}

static json_t *
from_time(int64_t ms, int offset)
{
	char text[TIME_TEXT_MAX];
	json_t *j;

	if (value_time_rfc3339(ms, offset, text, sizeof(text)))
		return from_text(text, strlen(text));
	/* a year RFC 3339 cannot write */
	j = sure(json_object());
	set(j, "ms", json_integer(ms));
	set(j, "offset", json_integer(offset));
	return j;
}

static json_t *
from_when(const struct when *w)
{
	json_t *t = from_time(w->ms, w->offset), *j;

	if (w->text == NULL)
		return t;
	if (json_is_object(t)) {
		set(t, "text", from_text(w->text, strlen(w->text)));
		return t;
	}
	j = sure(json_object());
	set(j, "t", t);
	set(j, "text", from_text(w->text, strlen(w->text)));
	return j;
}

static json_t *
from_fixed(int64_t n, int decimals)
{
	int64_t scale = 1;
	char text[64], *point;

	for (int i = 0; i < decimals; i++)
		scale *= 10;
	if (n % scale == 0)
		return sure(json_integer(n / scale));
	if (n < REAL_MAX)
		return sure(json_real((double)n / (double)scale));
	/* the fraction's leading zeros come from a 1 put before them, which the point then covers */
	(void)snprintf(text, sizeof(text), "%" PRId64 " %" PRId64, n / scale, scale + n % scale);
	point = strchr(text, ' ');
	point[0] = '.';
	memmove(point + 1, point + 2, strlen(point + 2) + 1);
	return from_text(text, strlen(text));
}

static json_t *
from_figure(const struct value *v)
{
	const struct figure *g = &v->u.fig;
	int decimals = field_decimals(v->field);
	json_t *j;

	if (g->source == NULL && g->asof == 0 && g->q == FIG_EXACT)
		return from_fixed(g->n, decimals);
	if (g->source == NULL && g->asof == 0 && g->q == FIG_UNKNOWN)
		return from_text("?", 1);
	j = sure(json_object());
	set(j, "q", from_text(q_names[g->q], strlen(q_names[g->q])));
	if (g->q != FIG_UNKNOWN)
		set(j, "n", from_fixed(g->n, decimals));
	if (g->source != NULL)
		set(j, "source", from_text(g->source, strlen(g->source)));
	if (g->asof != 0)
		set(j, "asof", from_time(g->asof, 480));
	return j;
}

static json_t *
from_value(const struct value *v)
{
	char id[MSGID_TEXT_MAX], hex[2 * DIGEST_LEN + 1];
	const struct enum_name *e;
	json_t *j;

	switch (v->field->type) {
	case FT_TEXT:
	case FT_CODE:
	case FT_STATION:
		return from_text(v->u.text.s, v->u.text.len);
	case FT_ENUM:
		e = v->u.num > 0 && v->u.num <= ENUM_VALUE_MAX ? enum_by_value(v->field->arg, (int)v->u.num) : NULL;
		return e == NULL ? sure(json_integer(v->u.num)) : from_text(e->name, strlen(e->name));
	case FT_TIME:
		return from_when(&v->u.when);
	case FT_FIGURE:
	case FT_FIGURE2:
	case FT_FIGURE4:
		return from_figure(v);
	case FT_MSGID:
		return from_text(id, msgid_format(&v->u.id, id, sizeof(id)));
	case FT_UINT:
		return sure(json_integer(v->u.num));
	case FT_BOOL:
		return sure(json_boolean(v->u.num != 0));
	case FT_GEO:
		j = sure(json_array());
		if (json_array_append_new(j, sure(json_real(v->u.geo.lat / MICRO))) == -1 ||
		    json_array_append_new(j, sure(json_real(v->u.geo.lon / MICRO))) == -1)
			abort();
		return j;
	case FT_DIGEST:
		digest_hex(v->u.digest, hex);
		return from_text(hex, 2 * DIGEST_LEN);
	}
	abort();
}

static json_t *
from_unknown(const struct body *b)
{
	static const char digits[] = "0123456789abcdef";
	json_t *j = sure(json_object());

	for (size_t i = 0; i < b->n; i++) {
		const struct value *v = &b->v[i];
		struct buf hex = {0};
		char key[16];

		if (v->field != NULL)
			continue;
		for (size_t k = 0; k < v->u.raw.len; k++) {
			buf_put_u8(&hex, (uint8_t)digits[v->u.raw.p[k] >> 4]);
			buf_put_u8(&hex, (uint8_t)digits[v->u.raw.p[k] & 15]);
		}
		(void)snprintf(key, sizeof(key), "%" PRIu32, v->key);
		set(j, key, from_text(buf_cstr(&hex), hex.n));
		buf_free(&hex);
	}
	return j;
}

json_t *
json_from_body(const struct body *b)
{
	json_t *object = sure(json_object()), *list, *unknown;

	for (size_t i = 0; i < b->n; i++) {
		const struct value *v = &b->v[i];

		if (v->field == NULL || (i > 0 && v[-1].key == v->key))
			continue;
		if (i + 1 == b->n || v[1].key != v->key) {
			set(object, v->field->name, from_value(v));
			continue;
		}
		list = sure(json_array());
		for (const struct value *w = v; w != NULL; w = body_next(b, w))
			if (json_array_append_new(list, from_value(w)) == -1)
				abort();
		set(object, v->field->name, list);
	}
	unknown = from_unknown(b);
	if (json_object_size(unknown) > 0)
		set(object, "unknown", unknown);
	else
		json_decref(unknown);
	return object;
}

static int
wrong(const struct in *in, const struct field *f, const char *expected)
{
	return fault_set(in->fault, EX_DATAERR, f->name, _("is of the wrong type: %s is expected"), expected);
}

static bool
only(const json_t *object, const char *const *names, size_t n, const char **odd)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)object, key, value)
	{
		size_t i = 0;

		while (i < n && strcmp(names[i], key) != 0)
			i++;
		if (i == n) {
			*odd = key;
			return false;
		}
	}
	return true;
}

static int
to_text(const struct in *in, const struct field *f, const json_t *j)
{
	const char *s = json_string_value(j);
	size_t len = json_string_length(j), bad;

	if (!in->headers) {
		if (value_text_ok(f, s, len, in->fault) == -1)
			return -1;
	} else if (len > BODY_MAX || !text_utf8_valid(s, len, &bad))
		return fault_set(in->fault, EX_DATAERR, f->name, _("is %zu bytes long, at most %zu are allowed"), len,
		    (size_t)BODY_MAX);
	body_add_text(in->body, f->key, s, len);
	return 0;
}

static int
to_string(const struct in *in, const struct field *f, const json_t *j)
{
	const char *s = json_string_value(j);

	if (strlen(s) != json_string_length(j))
		return fault_set(in->fault, EX_DATAERR, f->name, _("holds a NUL"));
	if (f->type == FT_TEXT)
		return to_text(in, f, j);
	if (f->type == FT_CODE && in->headers && value_code_ok(f, s, NULL, NULL) == 0) {
		body_add_text(in->body, f->key, s, strlen(s));
		return 0;
	}
	return value_parse(in->body, f, s, in->cb, in->now, in->fault);
}

/* An instant: RFC 3339 or what people type, or {"ms", "offset"}. */
static bool
to_instant(const struct in *in, const json_t *j, struct when *w)
{
	const json_t *ms = json_object_get(j, "ms"), *offset = json_object_get(j, "offset");
	json_int_t n, east;

	if (json_is_string(j))
		return strlen(json_string_value(j)) == json_string_length(j) &&
		       value_time_typed(json_string_value(j), in->now, false, w);
	if (!json_is_integer(ms) || !json_is_integer(offset))
		return false;
	n = json_integer_value(ms);
	east = json_integer_value(offset);
	if (n < WHEN_MS_MIN || n > WHEN_MS_MAX || east < -WHEN_OFFSET_MAX || east > WHEN_OFFSET_MAX)
		return false;
	*w = (struct when){.ms = n, .offset = (int16_t)east, .text = NULL};
	return true;
}

static int
to_time(const struct in *in, const struct field *f, const json_t *j)
{
	static const char *const names[] = {"t", "ms", "offset", "text"};
	const json_t *t = json_object_get(j, "t"), *text = json_object_get(j, "text");
	const char *odd;
	struct when w;

	if (!only(j, names, 4, &odd))
		return fault_set(in->fault, EX_DATAERR, f->name, _("unknown member \"%.60s\""), odd);
	if (!to_instant(in, t != NULL ? t : j, &w))
		return fault_set(in->fault, EX_DATAERR, f->name, _("is no time (RFC 3339)"));
	if (text != NULL) {
		if (!json_is_string(text) || strlen(json_string_value(text)) != json_string_length(text) ||
		    json_string_length(text) > SOURCE_MAX)
			return fault_set(in->fault, EX_DATAERR, f->name,
			    _("the original text of the time is too long or holds a control character"));
		w.text = json_string_value(text);
	}
	body_add_when(in->body, f->key, &w);
	return 0;
}

/* A count or amount: integer, decimal where the field has decimals, or a string of digits. */
static int
to_fixed(const struct in *in, const struct field *f, const json_t *j, int64_t *out)
{
	int decimals = field_decimals(f);
	int64_t scale = 1, n;
	double x;

	for (int i = 0; i < decimals; i++)
		scale *= 10;
	if (json_is_integer(j)) {
		n = json_integer_value(j);
		if (n < 0)
			return fault_set(in->fault, EX_DATAERR, f->name, _("a count cannot be negative"));
		if (n > INT64_MAX / scale)
			return fault_set(in->fault, EX_DATAERR, f->name, _("is too large"));
		*out = n * scale;
		return 0;
	}
	if (json_is_real(j) && decimals > 0) {
		x = json_real_value(j) * (double)scale;
		if (x < 0)
			return fault_set(in->fault, EX_DATAERR, f->name, _("a count cannot be negative"));
		if (!(x < (double)REAL_MAX))
			return fault_set(in->fault, EX_DATAERR, f->name, _("is too large"));
		/* what the decimal lost on its way into a double is far below a unit; more decimals than the field has
		 * are not */
		n = (int64_t)(x + 0.5);
		x -= (double)n;
		if (x > 0.01 || x < -0.01)
			return fault_set(in->fault, EX_DATAERR, f->name, _("has too many decimals"));
		*out = n;
		return 0;
	}
	return wrong(in, f, decimals > 0 ? _("a number") : _("a whole number"));
}

static int
to_figure(const struct in *in, const struct field *f, const json_t *j)
{
	static const char *const names[] = {"q", "n", "source", "asof"};
	const json_t *q = json_object_get(j, "q"), *n = json_object_get(j, "n");
	const json_t *source = json_object_get(j, "source"), *asof = json_object_get(j, "asof");
	struct figure g = {.q = FIG_EXACT};
	const char *odd, *s;
	struct body *one;
	struct when w;
	int rc;

	if (!json_is_object(j)) {
		if (to_fixed(in, f, j, &g.n) == -1)
			return -1;
		goto add;
	}
	if (!only(j, names, 4, &odd))
		return fault_set(in->fault, EX_DATAERR, f->name, _("unknown member \"%.60s\""), odd);
	if (q != NULL) {
		size_t i = 0;

		while (i < 5 && (!json_is_string(q) || strcmp(q_names[i], json_string_value(q)) != 0))
			i++;
		if (i == 5)
			return fault_set(
			    in->fault, EX_DATAERR, f->name, _("q is none of unknown, exact, about, atleast, atmost"));
		g.q = (enum figure_q)i;
	}
	if ((g.q == FIG_UNKNOWN) != (n == NULL))
		return fault_set(in->fault, EX_DATAERR, f->name,
		    g.q == FIG_UNKNOWN ? _("an unknown figure has no number") : _("n is missing"));
	if (json_is_string(n) && strlen(json_string_value(n)) == json_string_length(n)) {
		/* digits too many for a double */
		one = body_new();
		rc = value_parse(one, f, json_string_value(n), in->cb, in->now, in->fault);
		if (rc == 0 && body_first(one, f->key)->u.fig.q != FIG_EXACT)
			rc = wrong(in, f, _("a number"));
		if (rc == 0)
			g.n = body_first(one, f->key)->u.fig.n;
		body_free(one);
		if (rc == -1)
			return -1;
	} else if (n != NULL && to_fixed(in, f, n, &g.n) == -1)
		return -1;
	if (source != NULL) {
		s = json_string_value(source);
		if (s == NULL || strlen(s) != json_string_length(source) || *s == '\0' || strlen(s) > SOURCE_MAX ||
		    (!in->headers && !text_clean(s, strlen(s), false, NULL)))
			return fault_set(in->fault, EX_DATAERR, f->name,
			    _("the figure's source is empty, too long or holds a control character"));
		g.source = s;
	}
	if (asof != NULL) {
		if (!to_instant(in, asof, &w))
			return fault_set(in->fault, EX_DATAERR, f->name, _("asof is no time (RFC 3339)"));
		g.asof = w.ms;
	}
add:
	body_add_figure(in->body, f->key, &g);
	return 0;
}

static int
to_geo(const struct in *in, const struct field *f, const json_t *j)
{
	const json_t *lat = json_array_get(j, 0), *lon = json_array_get(j, 1);
	double y, x;

	if (json_array_size(j) != 2 || !json_is_number(lat) || !json_is_number(lon))
		return wrong(in, f, _("[latitude, longitude]"));
	y = json_number_value(lat);
	x = json_number_value(lon);
	if (!(y >= -90 && y <= 90 && x >= -180 && x <= 180))
		return fault_set(in->fault, EX_DATAERR, f->name, _("lies outside of 90 and 180 degrees"));
	body_set_geo(in->body, f->key, value_microdegrees(y), value_microdegrees(x));
	return 0;
}

static int
to_number(const struct in *in, const struct field *f, const json_t *j)
{
	json_int_t n;

	if (!json_is_integer(j))
		return wrong(in, f, f->type == FT_ENUM ? _("a name") : _("a whole number"));
	n = json_integer_value(j);
	if (n < 0)
		return fault_set(in->fault, EX_DATAERR, f->name, _("a count cannot be negative"));
	if (f->type == FT_ENUM && (n < 1 || n > ENUM_VALUE_MAX))
		return fault_set(in->fault, EX_DATAERR, f->name, _("is out of range"));
	body_set_num(in->body, f->key, n);
	return 0;
}

static int
to_value(const struct in *in, const struct field *f, const json_t *j)
{
	if (json_is_string(j))
		return to_string(in, f, j);
	switch (f->type) {
	case FT_TIME:
		return json_is_object(j) ? to_time(in, f, j) : wrong(in, f, _("a time (RFC 3339)"));
	case FT_FIGURE:
	case FT_FIGURE2:
	case FT_FIGURE4:
		return to_figure(in, f, j);
	case FT_ENUM:
	case FT_UINT:
		return to_number(in, f, j);
	case FT_BOOL:
		if (!json_is_boolean(j))
			return wrong(in, f, _("true or false"));
		body_set_num(in->body, f->key, json_is_true(j));
		return 0;
	case FT_GEO:
		return to_geo(in, f, j);
	case FT_TEXT:
	case FT_CODE:
	case FT_STATION:
	case FT_MSGID:
	case FT_DIGEST:
		break;
	}
	return wrong(in, f, _("a string"));
}

static bool
absent(const json_t *j)
{
	return json_is_null(j) || (json_is_string(j) && json_string_length(j) == 0);
}

static int
to_field(const struct in *in, const struct field *f, const json_t *j)
{
	size_t n = json_array_size(j);

	if (!json_is_array(j) || f->type == FT_GEO)
		return absent(j) ? 0 : to_value(in, f, j);
	if ((f->flags & FF_REPEAT) == 0)
		return fault_set(in->fault, EX_DATAERR, f->name, _("takes one value, not a list"));
	if (n > FIELD_REPEAT_MAX || body_count(in->body, f->key) + n > FIELD_REPEAT_MAX)
		return fault_set(in->fault, EX_DATAERR, f->name, _("at most %d values are allowed"), FIELD_REPEAT_MAX);
	for (size_t i = 0; i < n; i++)
		if (to_value(in, f, json_array_get(j, i)) == -1)
			return -1;
	return 0;
}

static int
nibble(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : -1;
}

/* {"172": "<hex of one CBOR item>"} */
static int
to_unknown(const struct in *in, const json_t *j)
{
	const char *key, *hex;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)j, key, value)
	{
		struct buf raw = {0};
		uint64_t k = 0;
		size_t i;
		bool good;

		for (i = 0; key[i] >= '0' && key[i] <= '9' && k <= UINT32_MAX; i++)
			k = 10 * k + (uint64_t)(key[i] - '0');
		hex = json_string_value(value);
		good = i > 0 && key[i] == '\0' && key[0] != '0' && k <= UINT32_MAX &&
		       field_by_key((uint32_t)k) == NULL && hex != NULL && json_string_length(value) <= 2 * BODY_MAX &&
		       json_string_length(value) % 2 == 0;
		for (i = 0; good && i < json_string_length(value); i += 2) {
			good = nibble(hex[i]) >= 0 && nibble(hex[i + 1]) >= 0;
			if (good)
				buf_put_u8(&raw, (uint8_t)(nibble(hex[i]) << 4 | nibble(hex[i + 1])));
		}
		good = good && raw.n > 0 && wire_value_valid(raw.p, raw.n);
		if (good)
			body_add_raw(in->body, (uint32_t)k, raw.p, raw.n);
		buf_free(&raw);
		if (!good)
			return fault_set(in->fault, EX_DATAERR, "unknown",
			    _("\"%.20s\": is no unknown key with the hex digits of its value"), key);
	}
	return 0;
}

int
json_to_body(
    const json_t *object, struct body *b, const struct codebook *cb, int64_t now, bool headers, struct fault *fault)
{
	struct in in = {.body = NULL, .cb = cb, .now = now, .headers = headers, .fault = fault};
	struct body swap;
	const char *name;
	json_t *value;
	int rc = 0;

	if (!json_is_object(object))
		return fault_set(fault, EX_DATAERR, "", _("is no JSON object"));
	in.body = body_copy(b);
	json_object_foreach((json_t *)(uintptr_t)object, name, value)
	{
		const struct field *f;

		if (name[0] == '_')
			continue;
		f = field_by_name(name);
		if (f == NULL && headers && strcmp(name, "unknown") == 0 && json_is_object(value))
			rc = to_unknown(&in, value);
		else if (f == NULL)
			rc = fault_set(fault, EX_DATAERR, name, _("unknown field"));
		else if ((f->flags & FF_HEADER) != 0 && !headers)
			rc = fault_set(fault, EX_NOPERM, name, _("is filled in by the switch"));
		else
			rc = to_field(&in, f, value);
		if (rc == -1)
			break;
	}
	if (rc == 0) {
		swap = *b;
		*b = *in.body;
		*in.body = swap;
	}
	body_free(in.body);
	return rc;
}
