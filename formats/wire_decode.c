/*
 * Deterministic CBOR to bodies, from bytes nobody vouches for.
 *
 * What it promises: a body that is accepted encodes to the very bytes it came from; every known field has its
 * type, its bounds and at most FIELD_REPEAT_MAX values; nothing is set aside for what has only been announced; a
 * refusal names the field.  What it leaves to others: whether the body makes sense (check_body), and control
 * characters in texts, which display replaces: a stray one must not keep a report from being delivered.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "i18n.h"
#include "wire.h"
#include "wire_token.h"

static bool refuse(struct tokens *, const char *why);
static char *owned_text(struct tokens *, const struct token *);
static bool get_time(struct tokens *, struct when *);
static bool get_figure(struct tokens *, struct figure *);
static bool get_msgid(struct tokens *, struct msgid *);
static bool get_value(struct tokens *, struct body *, const struct field *);
static bool get_field(struct tokens *, struct body *, const struct field *);
static bool get_unknown(struct tokens *, struct body *, uint32_t key);

static bool
refuse(struct tokens *in, const char *why)
{
	(void)fault_set(in->fault, EX_DATAERR, in->field, "%s", why);
	return false;
}

/* A source or a time's original text; NULL + fault when it holds a NUL, which the string could not give back. */
static char *
owned_text(struct tokens *in, const struct token *t)
{
	if (t->type != TOKEN_TEXT) {
		(void)tokens_wrong(in, _("a text"));
		return NULL;
	}
	if (memchr(t->p, '\0', t->len) != NULL) {
		(void)refuse(in, _("text holds a NUL"));
		return NULL;
	}
	return xstrndup((const char *)t->p, t->len);
}

/* On success w->text, if any, is the caller's to free. */
static bool
get_time(struct tokens *in, struct when *w)
{
	struct token t;
	uint64_t items;
	int64_t offset;

	w->text = NULL;
	if (!tokens_array(in, 2, 3, &items) || !tokens_int(in, WHEN_MS_MIN, WHEN_MS_MAX, &w->ms) ||
	    !tokens_int(in, -WHEN_OFFSET_MAX, WHEN_OFFSET_MAX, &offset))
		return false;
	w->offset = (int16_t)offset;
	if (items == 3) {
		if (!tokens_next(in, &t))
			return false;
		w->text = owned_text(in, &t);
		return w->text != NULL;
	}
	return true;
}

/* On success g->source, if any, is the caller's to free. */
static bool
get_figure(struct tokens *in, struct figure *g)
{
	struct token t;
	uint64_t items, q, n;
	char *source = NULL;

	memset(g, 0, sizeof(*g));
	if (!tokens_array(in, 2, 4, &items) || !tokens_uint(in, FIG_UNKNOWN, FIG_ATMOST, &q) ||
	    !tokens_uint(in, 0, INT64_MAX, &n))
		return false;
	if (q == FIG_UNKNOWN && n != 0)
		return refuse(in, _("an unknown figure with a number"));
	g->q = (enum figure_q)q;
	g->n = (int64_t)n;
	if (items == 2)
		return true;
	if (!tokens_next(in, &t))
		return false;
	if (t.type != TOKEN_NULL) {
		source = owned_text(in, &t);
		if (source == NULL)
			return false;
	} else if (items == 3) {
		return refuse(in, _("an empty source must be left out"));
	}
	if (items == 4) {
		if (!tokens_int(in, WHEN_MS_MIN, WHEN_MS_MAX, &g->asof))
			goto bad;
		if (g->asof == 0) {
			(void)refuse(in, _("an empty time must be left out"));
			goto bad;
		}
	}
	g->source = source;
	return true;
bad:
	free(source);
	return false;
}

static bool
get_msgid(struct tokens *in, struct msgid *id)
{
	uint64_t items, realm;

	memset(id, 0, sizeof(*id));
	if (!tokens_array(in, 4, 4, &items) || !tokens_uint(in, REALM_LIVE, REALM_EXERCISE, &realm) ||
	    !tokens_station(in, id->origin) || !tokens_uint(in, 0, INT64_MAX, &id->epoch) ||
	    !tokens_uint(in, 1, INT64_MAX, &id->serial))
		return false;
	id->realm = (uint8_t)realm;
	return true;
}

/* b NULL, here and below: it is only looked at. */
static bool
get_value(struct tokens *in, struct body *b, const struct field *f)
{
	struct token t;
	struct when when;
	struct figure fig;
	struct msgid id;
	char station[STATION_MAX];
	const uint8_t *bytes;
	const char *s;
	size_t len;
	uint64_t n;
	int64_t lat, lon;

	switch (f->type) {
	case FT_TEXT:
	case FT_CODE:
		if (!tokens_text(in, f->max, &s, &len))
			return false;
		if (f->type == FT_CODE && memchr(s, '\0', len) != NULL)
			return refuse(in, _("text holds a NUL"));
		if (b != NULL)
			body_add_text(b, f->key, s, len);
		return true;
	case FT_STATION:
		if (!tokens_station(in, station))
			return false;
		if (b != NULL)
			body_add_text(b, f->key, station, strlen(station));
		return true;
	case FT_ENUM:
		if (!tokens_uint(in, 1, ENUM_VALUE_MAX, &n))
			return false;
		if (b != NULL)
			body_set_num(b, f->key, (int64_t)n);
		return true;
	case FT_UINT:
		if (!tokens_uint(in, 0, INT64_MAX, &n))
			return false;
		if (b != NULL)
			body_set_num(b, f->key, (int64_t)n);
		return true;
	case FT_BOOL:
		if (!tokens_next(in, &t))
			return false;
		if (t.type != TOKEN_BOOL)
			return tokens_wrong(in, _("true or false"));
		if (b != NULL)
			body_set_num(b, f->key, (int64_t)t.n);
		return true;
	case FT_TIME:
		if (!get_time(in, &when))
			return false;
		if (b != NULL)
			body_add_when(b, f->key, &when);
		free((void *)(uintptr_t)when.text);
		return true;
	case FT_FIGURE:
	case FT_FIGURE2:
	case FT_FIGURE4:
		if (!get_figure(in, &fig))
			return false;
		if (b != NULL)
			body_add_figure(b, f->key, &fig);
		free((void *)(uintptr_t)fig.source);
		return true;
	case FT_MSGID:
		if (!get_msgid(in, &id))
			return false;
		if (b != NULL)
			body_add_id(b, f->key, &id);
		return true;
	case FT_GEO:
		if (!tokens_array(in, 2, 2, &n) || !tokens_int(in, -90000000, 90000000, &lat) ||
		    !tokens_int(in, -180000000, 180000000, &lon))
			return false;
		if (b != NULL)
			body_set_geo(b, f->key, (int32_t)lat, (int32_t)lon);
		return true;
	case FT_DIGEST:
		if (!tokens_bytes(in, DIGEST_LEN, DIGEST_LEN, &bytes, &len))
			return false;
		if (b != NULL)
			body_set_digest(b, f->key, bytes);
		return true;
	}
	return tokens_wrong(in, f->name);
}

static bool
get_field(struct tokens *in, struct body *b, const struct field *f)
{
	uint64_t n = 1;

	if ((f->flags & FF_REPEAT) != 0 && !tokens_array(in, 1, FIELD_REPEAT_MAX, &n))
		return false;
	for (; n > 0; n--)
		if (!get_value(in, b, f))
			return false;
	return true;
}

static bool
get_unknown(struct tokens *in, struct body *b, uint32_t key)
{
	const uint8_t *from = in->p;

	if (!tokens_skip(in))
		return false;
	if (b != NULL)
		body_add_raw(b, key, from, (size_t)(in->p - from));
	return true;
}

static bool
get_body(const void *bytes, size_t len, struct body *b, struct fault *fault)
{
	struct tokens in = { .p = bytes, .n = len, .field = "body", .fault = fault };
	struct token map;
	uint64_t key, last = 0, left;
	char number[24];

	if (len > BODY_MAX) {
		(void)fault_set(fault, EX_DATAERR, "body", _("%zu bytes, at most %d are allowed"), len, BODY_MAX);
		return false;
	}
	if (!tokens_next(&in, &map))
		return false;
	if (map.type != TOKEN_MAP)
		return tokens_wrong(&in, _("a map"));
	for (left = map.n; left > 0; left--) {
		const struct field *f;

		in.field = "body";
		if (!tokens_uint(&in, 1, UINT32_MAX, &key))
			return false;
		f = field_by_key((uint32_t)key);
		in.field = number;
		if (f != NULL)
			in.field = f->name;
		else
			(void)snprintf(number, sizeof(number), "%llu", (unsigned long long)key);
		if (key <= last)
			return refuse(&in, key == last ? _("duplicate key") : _("keys not in ascending order"));
		last = key;
		if (f != NULL ? !get_field(&in, b, f) : !get_unknown(&in, b, (uint32_t)key))
			return false;
	}
	in.field = "body";
	if (in.n > 0) {
		(void)fault_set(fault, EX_DATAERR, "body", _("%zu trailing bytes"), in.n);
		return false;
	}
	return true;
}

struct body *
wire_decode(const void *bytes, size_t len, struct fault *fault)
{
	struct body *b = body_new();

	if (get_body(bytes, len, b, fault))
		return b;
	body_free(b);
	return NULL;
}

bool
wire_check(const void *bytes, size_t len, struct fault *fault)
{
	return get_body(bytes, len, NULL, fault);
}

bool
wire_value_valid(const void *bytes, size_t len)
{
	struct tokens in = { .p = bytes, .n = len, .field = "", .fault = NULL };

	return tokens_skip(&in) && in.n == 0;
}
