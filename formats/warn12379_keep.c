/*
 * A 12379 document's elements as values of F_EXTENSION (the form is in warn12379.h), and those as a document again.
 *
 * What the body's own fields hold is named there and not said twice, so that the two cannot differ.  The values may
 * have come over the wire and are then anybody's: names are checked before they are written, fields that may be named
 * are the few the reader fills, and whoever calls reads the result again.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "cap_part.h"
#include "i18n.h"
#include "limits.h"
#include "text.h"
#include "warn12379_part.h"

#define LONG 1024  /* bytes from which a text is left out when there is no room for all */
#define OVERHEAD 8 /* bytes a value takes on the wire besides its text, at most */
#define PIECE_MAX                                                                                                      \
	12288 /* bytes of a value's text before it goes on in the next; path and all below the field's bound */
#define PATH_MAX_KEPT 3072
#define LEVELS 256 /* of elements; limits.h has fewer */

static_assert(PIECE_MAX + PATH_MAX_KEPT + 64 <= 16384, "a piece must fit into F_EXTENSION");

/* The fields a text may be in. */
static const uint32_t named[] = {F_FOREIGN_ID, F_CAP_STATUS, F_CAP_MSGTYPE, F_CAP_REFERENCES, F_SENT, F_LANGUAGE,
    F_ISSUER, F_EXPIRES, F_TITLE, F_TYPE, F_TEXT, F_MEASURES, F_EFFECTIVE, F_ONSET, F_SEVERITY, F_URGENCY, F_CERTAINTY,
    F_AREA};
#define NAMED (sizeof(named) / sizeof(named[0]))

struct keeping {
	const char *prefix;
	const struct body *b; /* with the fields */
	struct body *to;      /* gets the values */
	struct buf path;      /* of the open group, with a '/' behind each name */
	size_t room, used, count;
	bool brief; /* long texts are left out */
	bool left;  /* one was */
	bool full;  /* did not fit */
};

static void keep_node(struct keeping *, const struct w_node *);

/* ---- fields that hold a text ---- */

static const struct value *
nth_value(const struct body *b, uint32_t key, size_t nth)
{
	const struct value *v = body_first(b, key);

	while (v != NULL && nth-- > 0)
		v = body_next(b, v);
	return v;
}

/* The text as the element had it: a code without its scheme, a time as it was written. */
static const char *
value_text(const struct value *v)
{
	const char *s;

	switch (v->field->type) {
	case FT_TEXT:
		return v->u.text.s;
	case FT_CODE:
		s = strchr(v->u.text.s, ':');
		return s == NULL ? v->u.text.s : s + 1;
	case FT_TIME:
		return v->u.when.text;
	default:
		return NULL;
	}
}

static const struct value *
holder(const struct keeping *k, const struct w_node *n)
{
	const struct value *v = n->key == 0 ? NULL : nth_value(k->b, n->key, n->nth);
	const char *s = v == NULL ? NULL : value_text(v);

	return s != NULL && strcmp(s, (const char *)n->text.p) == 0 ? v : NULL;
}

/* ---- keeping ---- */

static void
keep_value(struct keeping *k, const char *s, size_t len)
{
	k->used += len + OVERHEAD;
	k->full = k->full || k->used > k->room || ++k->count > limits_get()->repeats;
	if (!k->full)
		body_add_text(k->to, F_EXTENSION, s, len);
}

static void
escape(const struct w_node *n, struct buf *out)
{
	const char *s = (const char *)n->text.p;
	size_t len = n->text.n;

	while (len > 0) {
		uint32_t cp;
		size_t c = text_decode(s, len, &cp);

		if (cp == '\\')
			buf_puts(out, "\\\\");
		else if (!text_clean(s, c, true, NULL))
			buf_printf(out, "\\u{%X}", (unsigned)cp);
		else
			buf_put(out, s, c);
		s += c;
		len -= c;
	}
}

/* The text, in as many values as it takes; each is cut at a character. */
static void
keep_text(struct keeping *k, const struct w_node *n)
{
	struct buf text = {0}, value = {0};
	size_t at = 0, len;

	escape(n, &text);
	do {
		buf_clear(&value);
		if (at == 0)
			buf_printf(&value, "%s%s%s=", k->prefix, buf_cstr(&k->path), n->name);
		else
			buf_printf(&value, "%s+=", k->prefix);
		len = text.n - at > PIECE_MAX ? PIECE_MAX : text.n - at;
		while (at + len < text.n && (text.p[at + len] & 0xc0) == 0x80)
			len--;
		if (len > 0)
			buf_put(&value, text.p + at, len);
		keep_value(k, (const char *)value.p, value.n);
		at += len;
	} while (at < text.n && !k->full);
	buf_free(&value);
	buf_free(&text);
}

static void
keep_node(struct keeping *k, const struct w_node *n)
{
	size_t path = k->path.n;
	struct buf value = {0};
	const struct value *v;

	if (k->full)
		return;
	buf_puts(&value, k->prefix);
	buf_puts(&value, buf_cstr(&k->path));
	buf_puts(&value, n->name);
	if (value.n > PATH_MAX_KEPT) {
		k->full = true;
	} else if (n->child != NULL || n->rule->holds == W_GROUP) {
		buf_puts(&value, "/=");
		keep_value(k, (const char *)value.p, value.n);
		buf_printf(&k->path, "%s/", n->name);
		for (const struct w_node *c = n->child; c != NULL; c = c->next)
			keep_node(k, c);
		k->path.n = path;
	} else if ((v = holder(k, n)) != NULL) {
		buf_printf(&value, "@%s=", v->field->name);
		keep_value(k, (const char *)value.p, value.n);
	} else if (k->brief && n->text.n > LONG) {
		k->left = true;
		buf_puts(&value, "!=");
		keep_value(k, (const char *)value.p, value.n);
	} else {
		keep_text(k, n);
	}
	buf_free(&value);
}

void
w_keep(struct w_doc *doc, struct body *b, size_t room)
{
	struct buf none = {0};
	struct keeping k = {.b = b};

	for (int brief = 0; brief < 2; brief++) {
		body_free(k.to);
		k = (struct keeping){.prefix = doc->format->prefix,
		    .b = b,
		    .to = body_new(),
		    .path = k.path,
		    .room = room,
		    .brief = brief == 1};
		buf_clear(&k.path);
		for (const struct w_node *c = doc->alert->child; c != NULL && !k.full; c = c->next)
			keep_node(&k, c);
		if (!k.full)
			break;
	}
	if (k.full) {
		body_free(k.to);
		k.to = body_new();
		buf_printf(&none, "%s!=", k.prefix);
		body_add_text(k.to, F_EXTENSION, (const char *)none.p, none.n);
	}
	if (k.full || k.left)
		w_note(&doc->notes, W_R_WHOLE, 0, NULL);
	for (const struct value *v = body_first(k.to, F_EXTENSION); v != NULL; v = body_next(k.to, v))
		body_add_value(b, v);
	body_free(k.to);
	buf_free(&none);
	buf_free(&k.path);
}

/* ---- writing ---- */

struct writing {
	const struct w_format *format;
	const struct body *b;
	struct buf *out;
	char *open[LEVELS]; /* names of the open groups */
	size_t depth;
	size_t seen[NAMED]; /* values of each field already written */
};

static bool
ours(const struct w_format *format, const struct value *v)
{
	return strncmp(v->u.text.s, format->prefix, strlen(format->prefix)) == 0;
}

bool
w_kept(const struct w_format *format, const struct body *b)
{
	for (const struct value *v = body_first(b, F_EXTENSION); v != NULL; v = body_next(b, v))
		if (ours(format, v))
			return true;
	return false;
}

static int
bad_value(const struct writing *w, const char *s, struct fault *f)
{
	return fault_set(
	    f, EX_DATAERR, "extension", _("\"%.80s\" is no element of a document of %s"), s, w->format->name);
}

/* What may be written between < and >; that it is a name XML takes is found when the document is read again. */
static bool
name_ok(const char *s, size_t len)
{
	if (len == 0 || len > W_NAME_MAX || strchr("0123456789-.", *s) != NULL || !text_clean(s, len, false, NULL))
		return false;
	for (size_t i = 0; i < len; i++)
		if (strchr(" \t\r\n<>&\"'/=@!?#;:\\+", s[i]) != NULL)
			return false;
	return true;
}

static void
close_to(struct writing *w, size_t depth)
{
	while (w->depth > depth) {
		cap_emit_end(w->out, w->open[--w->depth]);
		free(w->open[w->depth]);
	}
}

/* Goes into the group the path names, which must be open, and gives the last name of the path (NULL: bad). */
static char *
enter(struct writing *w, const char *path, size_t len)
{
	size_t level = 0;

	for (;;) {
		const char *slash = memchr(path, '/', len);
		size_t n = slash == NULL ? len : (size_t)(slash - path);

		if (!name_ok(path, n))
			return NULL;
		if (slash == NULL) {
			close_to(w, level);
			return xstrndup(path, n);
		}
		if (level >= w->depth || strlen(w->open[level]) != n || memcmp(w->open[level], path, n) != 0)
			return NULL;
		level++;
		path += n + 1;
		len -= n + 1;
	}
}

static int
hex_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static void
put_utf8(struct buf *out, uint32_t cp)
{
	if (cp < 0x80) {
		buf_put_u8(out, (uint8_t)cp);
		return;
	}
	if (cp >= 0x10000) {
		buf_put_u8(out, (uint8_t)(0xf0 | cp >> 18));
		buf_put_u8(out, (uint8_t)(0x80 | (cp >> 12 & 0x3f)));
	} else if (cp >= 0x800) {
		buf_put_u8(out, (uint8_t)(0xe0 | cp >> 12));
	}
	buf_put_u8(out, (uint8_t)(cp >= 0x800 ? 0x80 | (cp >> 6 & 0x3f) : 0xc0 | cp >> 6));
	buf_put_u8(out, (uint8_t)(0x80 | (cp & 0x3f)));
}

static bool
unescape(const char *s, size_t len, struct buf *out)
{
	const char *end = s + len;

	while (s < end) {
		uint32_t cp = 0;
		int digits = 0;

		if (*s != '\\') {
			buf_put_u8(out, (uint8_t)*s++);
			continue;
		}
		if (end - s >= 2 && s[1] == '\\') {
			buf_put_u8(out, '\\');
			s += 2;
			continue;
		}
		if (end - s < 5 || s[1] != 'u' || s[2] != '{')
			return false;
		for (s += 3; s < end && hex_of(*s) >= 0 && digits < 6; s++, digits++)
			cp = cp * 16 + (uint32_t)hex_of(*s);
		if (digits == 0 || s == end || *s++ != '}' || cp == 0 || cp > 0x10ffff || (cp >= 0xd800 && cp < 0xe000))
			return false;
		put_utf8(out, cp);
	}
	return true;
}

/* The text of the field the value names, its next value. */
static const char *
named_text(struct writing *w, const char *name, size_t len)
{
	for (size_t i = 0; i < NAMED; i++) {
		const struct field *fd = field_by_key(named[i]);
		const struct value *v;

		if (strlen(fd->name) != len || memcmp(fd->name, name, len) != 0)
			continue;
		v = nth_value(w->b, named[i], (fd->flags & FF_REPEAT) != 0 ? w->seen[i]++ : 0);
		return v == NULL ? NULL : value_text(v);
	}
	return NULL;
}

/* One element, or the begin of one; *v moves over the values that go on with its text. */
static int
write_value(struct writing *w, const struct value **v, struct fault *f)
{
	const size_t prefix = strlen(w->format->prefix);
	const char *s = (*v)->u.text.s + prefix, *eq = strchr(s, '='), *at, *text;
	size_t len = eq == NULL ? 0 : (size_t)(eq - s);
	struct buf raw = {0}, plain = {0};
	char *name = NULL;
	int rc = -1;

	if (eq == NULL)
		return bad_value(w, s, f);
	if (len > 0 && eq[-1] == '!')
		return fault_set(f, EX_UNAVAILABLE, "extension",
		    _("the message holds its document in part only: the original bytes are needed"));
	at = memchr(s, '@', len);
	if (len > 0 && eq[-1] == '/') {
		name = w->depth < LEVELS ? enter(w, s, len - 1) : NULL;
		if (name == NULL)
			return bad_value(w, s, f);
		cap_emit_begin(w->out, name);
		w->open[w->depth++] = name;
		return 0;
	}
	name = enter(w, s, at == NULL ? len : (size_t)(at - s));
	if (name == NULL)
		return bad_value(w, s, f);
	if (at != NULL) {
		text = named_text(w, at + 1, (size_t)(eq - at - 1));
		if (text == NULL) {
			(void)bad_value(w, s, f);
			goto out;
		}
		cap_emit(w->out, name, text, strlen(text));
	} else {
		const struct value *next;

		buf_puts(&raw, eq + 1);
		while ((next = body_next(w->b, *v)) != NULL && ours(w->format, next) &&
		       strncmp(next->u.text.s + prefix, "+=", 2) == 0) {
			buf_puts(&raw, next->u.text.s + prefix + 2);
			*v = next;
		}
		(void)buf_cstr(&raw);
		if (!unescape((const char *)raw.p, raw.n, &plain)) {
			(void)bad_value(w, s, f);
			goto out;
		}
		cap_emit(w->out, name, buf_cstr(&plain), plain.n);
	}
	rc = 0;
out:
	buf_free(&raw);
	buf_free(&plain);
	free(name);
	return rc;
}

int
w_keep_write(const struct w_format *format, const struct body *b, struct buf *out, struct fault *f)
{
	struct writing w = {.format = format, .b = b, .out = out};
	int rc = 0;

	buf_puts(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
	cap_emit_begin(out, format->root->name);
	for (const struct value *v = body_first(b, F_EXTENSION); v != NULL && rc == 0; v = body_next(b, v))
		if (ours(format, v))
			rc = write_value(&w, &v, f);
	close_to(&w, 0);
	cap_emit_end(out, format->root->name);
	return rc;
}
