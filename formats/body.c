/*
 * A message body in memory.
 *
 * Values lie in one array sorted by key, repeats in the order they came, so that encoding is one walk and reading
 * a field a binary search.  Bodies are small (tens of values), and mostly built in ascending order, where
 * inserting is appending.
 *
 * What it promises: whatever the writers accepted, wire_encode() can write and wire_decode() will take back, save
 * for the length of texts and the number of repeats, which check_body() measures with a message a person can act
 * on.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sodium.h>
#include "body.h"
#include "buf.h"

static const struct field *field_of(uint32_t key);
static bool is_text(enum field_type);
static size_t lower_bound(const struct body *, uint32_t key);
static void value_drop(struct value *);
static void value_copy(struct value *, const struct value *);
static char *text_copy(const char *, size_t);
static void insert(struct body *, const struct value *);
static int hex_digit(char);

static const struct field *
field_of(uint32_t key)
{
	const struct field *f = field_by_key(key);

	assert(f != NULL);
	return f;
}

static bool
is_text(enum field_type t)
{
	return t == FT_TEXT || t == FT_CODE || t == FT_STATION;
}

struct body *
body_new(void)
{
	return xcalloc(1, sizeof(struct body));
}

static void
value_drop(struct value *v)
{
	if (v->field == NULL) {
		free(v->u.raw.p);
		return;
	}
	switch (v->field->type) {
	case FT_TEXT:
	case FT_CODE:
	case FT_STATION:
		free(v->u.text.s);
		break;
	case FT_TIME:
		free((void *)(uintptr_t)v->u.when.text);
		break;
	case FT_FIGURE:
	case FT_FIGURE2:
	case FT_FIGURE4:
		free((void *)(uintptr_t)v->u.fig.source);
		break;
	case FT_ENUM:
	case FT_MSGID:
	case FT_UINT:
	case FT_BOOL:
	case FT_GEO:
	case FT_DIGEST:
		break;
	}
}

void
body_free(struct body *b)
{
	size_t i;

	if (b == NULL)
		return;
	for (i = 0; i < b->n; i++)
		value_drop(&b->v[i]);
	free(b->v);
	free(b);
}

/* With its NUL; the text itself may hold one when it came over the wire. */
static char *
text_copy(const char *s, size_t len)
{
	char *p = xmalloc(len + 1);

	if (len > 0)
		memcpy(p, s, len);
	p[len] = '\0';
	return p;
}

static void
value_copy(struct value *to, const struct value *from)
{
	*to = *from;
	if (from->field == NULL) {
		to->u.raw.p = xmalloc(from->u.raw.len);
		memcpy(to->u.raw.p, from->u.raw.p, from->u.raw.len);
	} else if (is_text(from->field->type)) {
		to->u.text.s = text_copy(from->u.text.s, from->u.text.len);
	} else if (from->field->type == FT_TIME) {
		if (from->u.when.text != NULL)
			to->u.when.text = xstrdup(from->u.when.text);
	} else if (field_decimals(from->field) >= 0) {
		if (from->u.fig.source != NULL)
			to->u.fig.source = xstrdup(from->u.fig.source);
	}
}

struct body *
body_copy(const struct body *from)
{
	struct body *b = body_new();
	size_t i;

	b->v = xreallocarray(NULL, from->n, sizeof(*b->v));
	b->n = b->cap = from->n;
	b->not_understood = from->not_understood;
	for (i = 0; i < from->n; i++)
		value_copy(&b->v[i], &from->v[i]);
	return b;
}

/* Index of the first value whose key is not below. */
static size_t
lower_bound(const struct body *b, uint32_t key)
{
	size_t lo = 0, hi = b->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (b->v[mid].key < key)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

const struct value *
body_first(const struct body *b, uint32_t key)
{
	size_t i = lower_bound(b, key);

	return i < b->n && b->v[i].key == key ? &b->v[i] : NULL;
}

const struct value *
body_next(const struct body *b, const struct value *v)
{
	assert(v >= b->v && v < b->v + b->n);
	return v + 1 < b->v + b->n && v[1].key == v->key ? v + 1 : NULL;
}

size_t
body_count(const struct body *b, uint32_t key)
{
	size_t i = lower_bound(b, key), n = 0;

	while (i + n < b->n && b->v[i + n].key == key)
		n++;
	return n;
}

const char *
body_text(const struct body *b, uint32_t key)
{
	const struct value *v = body_first(b, key);

	return v != NULL && v->field != NULL && is_text(v->field->type) ? v->u.text.s : NULL;
}

const char *
body_said(const struct body *b, uint32_t key)
{
	const char *s = body_text(b, key), *p = s;

	while (p != NULL && *p != '\0' && (strchr(" \t\n", *p) != NULL || strncmp(p, "\xe3\x80\x80", 3) == 0))
		p += (unsigned char)*p == 0xe3 ? 3 : 1;
	return p != NULL && *p != '\0' ? s : NULL;
}

bool
body_num(const struct body *b, uint32_t key, int64_t *out)
{
	const struct value *v = body_first(b, key);

	if (v == NULL || v->field == NULL)
		return false;
	if (v->field->type != FT_ENUM && v->field->type != FT_UINT && v->field->type != FT_BOOL)
		return false;
	*out = v->u.num;
	return true;
}

int
body_enum(const struct body *b, uint32_t key)
{
	int64_t n;

	return body_num(b, key, &n) && n >= 0 && n <= ENUM_VALUE_MAX ? (int)n : 0;
}

bool
body_flag(const struct body *b, uint32_t key)
{
	int64_t n;

	return body_num(b, key, &n) && n != 0;
}

bool
body_time(const struct body *b, uint32_t key, int64_t *ms)
{
	const struct value *v = body_first(b, key);

	if (v == NULL || v->field == NULL || v->field->type != FT_TIME)
		return false;
	*ms = v->u.when.ms;
	return true;
}

bool
body_id(const struct body *b, uint32_t key, struct msgid *id)
{
	const struct value *v = body_first(b, key);

	if (v == NULL || v->field == NULL || v->field->type != FT_MSGID)
		return false;
	*id = v->u.id;
	return true;
}

void
body_unset(struct body *b, uint32_t key)
{
	size_t at = lower_bound(b, key), n = body_count(b, key), i;

	if (n == 0)
		return;
	for (i = at; i < at + n; i++)
		value_drop(&b->v[i]);
	memmove(&b->v[at], &b->v[at + n], (b->n - at - n) * sizeof(*b->v));
	b->n -= n;
	b->not_understood = false;
	for (i = 0; i < b->n; i++)
		if (b->v[i].field == NULL && (b->v[i].key & 1) != 0)
			b->not_understood = true;
}

/* Takes over what the value owns. */
static void
insert(struct body *b, const struct value *v)
{
	size_t at;

	assert(v->key != F_NONE);
	if (v->field == NULL || (v->field->flags & FF_REPEAT) == 0)
		body_unset(b, v->key);
	if (b->n == b->cap) {
		size_t cap = b->cap > 0 ? b->cap * 2 : 16;

		b->v = xreallocarray(b->v, cap, sizeof(*b->v));
		b->cap = cap;
	}
	/* Behind its equals, so that repeats keep their order. */
	at = b->n > 0 && b->v[b->n - 1].key <= v->key ? b->n : lower_bound(b, v->key) + body_count(b, v->key);
	if (at < b->n)
		memmove(&b->v[at + 1], &b->v[at], (b->n - at) * sizeof(*b->v));
	b->v[at] = *v;
	b->n++;
	if (v->field == NULL && (v->key & 1) != 0)
		b->not_understood = true;
	assert(at == 0 || b->v[at - 1].key <= v->key);
	assert(at + 1 == b->n || b->v[at + 1].key > v->key);
}

void
body_set_text(struct body *b, uint32_t key, const char *s)
{
	struct value v = { .key = key, .field = field_of(key) };

	assert(is_text(v.field->type));
	if (s == NULL) {
		body_unset(b, key);
		return;
	}
	/* Copied before anything is freed: s may be this very value. */
	v.u.text.len = strlen(s);
	v.u.text.s = text_copy(s, v.u.text.len);
	body_unset(b, key);
	insert(b, &v);
}

void
body_add_text(struct body *b, uint32_t key, const char *s, size_t len)
{
	struct value v = { .key = key, .field = field_of(key) };

	assert(is_text(v.field->type));
	v.u.text.len = len;
	v.u.text.s = text_copy(s, len);
	insert(b, &v);
}

void
body_set_num(struct body *b, uint32_t key, int64_t n)
{
	struct value v = { .key = key, .field = field_of(key) };

	assert(v.field->type == FT_ENUM || v.field->type == FT_UINT || v.field->type == FT_BOOL);
	assert(n >= 0);
	assert(v.field->type != FT_ENUM || (n >= 1 && n <= ENUM_VALUE_MAX));
	assert(v.field->type != FT_BOOL || n <= 1);
	v.u.num = n;
	body_unset(b, key);
	insert(b, &v);
}

void
body_set_time(struct body *b, uint32_t key, int64_t ms)
{
	struct when w = { .ms = ms, .offset = 480, .text = NULL };

	body_unset(b, key);
	body_add_when(b, key, &w);
}

void
body_add_when(struct body *b, uint32_t key, const struct when *w)
{
	struct value v = { .key = key, .field = field_of(key) };

	assert(v.field->type == FT_TIME);
	assert(w->ms >= WHEN_MS_MIN && w->ms <= WHEN_MS_MAX);
	assert(w->offset >= -WHEN_OFFSET_MAX && w->offset <= WHEN_OFFSET_MAX);
	v.u.when = *w;
	v.u.when.text = w->text != NULL ? xstrdup(w->text) : NULL;
	insert(b, &v);
}

void
body_add_figure(struct body *b, uint32_t key, const struct figure *g)
{
	struct value v = { .key = key, .field = field_of(key) };

	assert(field_decimals(v.field) >= 0);
	assert((unsigned)g->q <= FIG_ATMOST);
	assert(g->q == FIG_UNKNOWN || g->n >= 0);
	assert(g->asof >= WHEN_MS_MIN && g->asof <= WHEN_MS_MAX);
	v.u.fig = *g;
	if (g->q == FIG_UNKNOWN)
		v.u.fig.n = 0;
	v.u.fig.source = g->source != NULL ? xstrdup(g->source) : NULL;
	insert(b, &v);
}

void
body_set_id(struct body *b, uint32_t key, const struct msgid *id)
{
	struct msgid copy = *id;

	body_unset(b, key);
	body_add_id(b, key, &copy);
}

void
body_add_id(struct body *b, uint32_t key, const struct msgid *id)
{
	struct value v = { .key = key, .field = field_of(key) };

	assert(v.field->type == FT_MSGID);
	assert(msgid_valid(id));
	/* Field by field: what lies behind the origin's NUL is nobody's business. */
	memset(&v.u.id, 0, sizeof(v.u.id));
	v.u.id.realm = id->realm;
	memcpy(v.u.id.origin, id->origin, strnlen(id->origin, STATION_MAX - 1));
	v.u.id.epoch = id->epoch;
	v.u.id.serial = id->serial;
	insert(b, &v);
}

void
body_set_geo(struct body *b, uint32_t key, int32_t lat, int32_t lon)
{
	struct value v = { .key = key, .field = field_of(key) };

	assert(v.field->type == FT_GEO);
	assert(lat >= -90000000 && lat <= 90000000);
	assert(lon >= -180000000 && lon <= 180000000);
	v.u.geo.lat = lat;
	v.u.geo.lon = lon;
	body_unset(b, key);
	insert(b, &v);
}

void
body_set_digest(struct body *b, uint32_t key, const uint8_t digest[DIGEST_LEN])
{
	struct value v = { .key = key, .field = field_of(key) };

	assert(v.field->type == FT_DIGEST);
	memcpy(v.u.digest, digest, DIGEST_LEN);
	body_unset(b, key);
	insert(b, &v);
}

void
body_add_raw(struct body *b, uint32_t key, const uint8_t *p, size_t len)
{
	struct value v = { .key = key, .field = NULL };

	assert(field_by_key(key) == NULL);
	assert(len > 0);
	v.u.raw.p = xmalloc(len);
	memcpy(v.u.raw.p, p, len);
	v.u.raw.len = len;
	insert(b, &v);
}

void
body_add_value(struct body *b, const struct value *from)
{
	struct value v;

	value_copy(&v, from);
	insert(b, &v);
}

void
digest_of(const void *p, size_t len, uint8_t out[DIGEST_LEN])
{
	int rc = crypto_generichash(out, DIGEST_LEN, p, len, NULL, 0);

	/* Fails on lengths only, and ours is one it knows. */
	assert(rc == 0);
	(void)rc;
}

void
digest_hex(const uint8_t digest[DIGEST_LEN], char out[2 * DIGEST_LEN + 1])
{
	(void)sodium_bin2hex(out, 2 * DIGEST_LEN + 1, digest, DIGEST_LEN);
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool
digest_parse(const char *hex, uint8_t out[DIGEST_LEN])
{
	uint8_t d[DIGEST_LEN];
	size_t i;

	for (i = 0; i < DIGEST_LEN; i++) {
		int hi = hex_digit(hex[2 * i]), lo = hi < 0 ? -1 : hex_digit(hex[2 * i + 1]);

		if (lo < 0)
			return false;
		d[i] = (uint8_t)(hi << 4 | lo);
	}
	if (hex[2 * DIGEST_LEN] != '\0')
		return false;
	memcpy(out, d, DIGEST_LEN);
	return true;
}
