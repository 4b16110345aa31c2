/*
 * JSON requests to jansson's trees.
 *
 * jansson's reader takes every byte through several calls, which was a ninth of what a submit costs.  Nearly every
 * request is plain: objects and arrays of no great depth, strings without odd escapes, whole numbers.  Those are
 * read here in one go.  Whatever is anything else, be it allowed or wrong, is left to json_loadb() from the first
 * byte, so that there is one judge of what is JSON and one wording of what is not.
 */
#include <stdbool.h>
#include <string.h>
#include "buf.h"
#include "jsonread.h"
#include "text.h"

#define DEPTH_MAX 16
#define DIGITS_MAX 18	/* every number of as many fits */
#define KEY_MAX 64

struct in {
	const char *p, *end;
	struct buf text;	/* a string with escapes, put together */
};

static json_t *read_value(struct in *, int depth);

static void
skip_space(struct in *in)
{
	while (in->p < in->end && (*in->p == ' ' || *in->p == '\t' || *in->p == '\n' || *in->p == '\r'))
		in->p++;
}

/* True: it is there, and taken; before it may be space. */
static bool
take(struct in *in, char c)
{
	skip_space(in);
	if (in->p == in->end || *in->p != c)
		return false;
	in->p++;
	return true;
}

/* Of a backslash and what follows; 0: one that is left to jansson. */
static char
escape_of(char c)
{
	switch (c) {
	case '"':
	case '\\':
	case '/':
		return c;
	case 'n':
		return '\n';
	case 't':
		return '\t';
	case 'r':
		return '\r';
	case 'b':
		return '\b';
	case 'f':
		return '\f';
	default:
		return '\0';
	}
}

/* Behind the opening quote.  *s is good until the next string. */
static bool
read_string(struct in *in, const char **s, size_t *len)
{
	const char *from = in->p;
	char c;

	buf_clear(&in->text);
	for (; in->p < in->end && *in->p != '"'; in->p++) {
		if ((unsigned char)*in->p < ' ')
			return false;
		if (*in->p != '\\')
			continue;
		if (in->end - in->p < 2 || (c = escape_of(in->p[1])) == '\0')
			return false;
		buf_put(&in->text, from, (size_t)(in->p - from));
		buf_put_u8(&in->text, (uint8_t)c);
		in->p++;
		from = in->p + 1;
	}
	if (in->p == in->end)
		return false;
	*s = from;
	*len = (size_t)(in->p - from);
	in->p++;
	if (in->text.n > 0) {
		buf_put(&in->text, from, *len);
		*s = (const char *)in->text.p;
		*len = in->text.n;
	}
	return text_utf8_valid(*s, *len, NULL);
}

static json_t *
read_number(struct in *in)
{
	json_int_t n = 0;
	int digits = 0;

	for (; in->p < in->end && *in->p >= '0' && *in->p <= '9'; in->p++) {
		if (++digits > DIGITS_MAX || (digits > 1 && n == 0))
			return NULL;
		n = n * 10 + (*in->p - '0');
	}
	if (in->p < in->end && (*in->p == '.' || *in->p == 'e' || *in->p == 'E'))
		return NULL;
	return json_integer(n);
}

static json_t *
read_object(struct in *in, int depth)
{
	json_t *o = json_object(), *v;
	char key[KEY_MAX];
	const char *s;
	size_t len;

	if (take(in, '}'))
		return o;
	do {
		if (!take(in, '"') || !read_string(in, &s, &len) || len >= sizeof(key))
			goto bad;
		memcpy(key, s, len);
		key[len] = '\0';
		if (!take(in, ':') || json_object_get(o, key) != NULL || (v = read_value(in, depth)) == NULL)
			goto bad;
		if (json_object_set_new_nocheck(o, key, v) != 0)
			goto bad;
	} while (take(in, ','));
	if (take(in, '}'))
		return o;
bad:
	json_decref(o);
	return NULL;
}

static json_t *
read_array(struct in *in, int depth)
{
	json_t *a = json_array(), *v;

	if (take(in, ']'))
		return a;
	do {
		if ((v = read_value(in, depth)) == NULL || json_array_append_new(a, v) != 0)
			goto bad;
	} while (take(in, ','));
	if (take(in, ']'))
		return a;
bad:
	json_decref(a);
	return NULL;
}

static bool
word(struct in *in, const char *w)
{
	size_t n = strlen(w);

	if ((size_t)(in->end - in->p) < n || memcmp(in->p, w, n) != 0)
		return false;
	in->p += n;
	return true;
}

/* NULL: left to jansson. */
static json_t *
read_value(struct in *in, int depth)
{
	const char *s;
	size_t len;

	skip_space(in);
	if (in->p == in->end || depth == DEPTH_MAX)
		return NULL;
	switch (*in->p) {
	case '"':
		in->p++;
		return read_string(in, &s, &len) ? json_stringn_nocheck(s, len) : NULL;
	case '{':
		in->p++;
		return read_object(in, depth + 1);
	case '[':
		in->p++;
		return read_array(in, depth + 1);
	case 't':
		return word(in, "true") ? json_true() : NULL;
	case 'f':
		return word(in, "false") ? json_false() : NULL;
	case 'n':
		return word(in, "null") ? json_null() : NULL;
	default:
		return *in->p >= '0' && *in->p <= '9' ? read_number(in) : NULL;
	}
}

json_t *
jsonread(const char *s, size_t n, json_error_t *e)
{
	struct in in = { .p = s, .end = s + n };
	json_t *v = NULL;

	skip_space(&in);
	if (in.p < in.end && (*in.p == '{' || *in.p == '['))
		v = read_value(&in, 0);
	skip_space(&in);
	buf_free(&in.text);
	if (v != NULL && in.p == in.end)
		return v;
	json_decref(v);
	return json_loadb(s, n, JSON_REJECT_DUPLICATES, e);
}
