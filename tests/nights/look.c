/*
 * Paths into a JSON answer:  rows[to=330225102].presence_name   owed.items[*].due   rows#   [0].id
 *
 * [N] an element, [KEY=TEXT] and [KEY~TEXT] those whose member is or holds the text, several in a row: all of that; [*] all; #
 * behind an array is its length.
 * A test holds when it does for any value the path leads to; != and !~ when no value is or holds it.  Numbers compare as
 * numbers, instants (a value typed as a time) to the minute with = and !=.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "night.h"

#define VALUES 4096

static json_t *values[VALUES], *next[VALUES];
static size_t nvalues;

static void
text_of(const json_t *v, struct buf *out)
{
	char number[40];

	if (json_is_string(v))
		buf_puts(out, json_string_value(v));
	else if (json_is_integer(v)) {
		(void)snprintf(number, sizeof number, "%lld", (long long)json_integer_value(v));
		buf_puts(out, number);
	} else {
		char *s = json_dumps(v, JSON_ENCODE_ANY | JSON_COMPACT);

		buf_puts(out, s != NULL ? s : "");
		free(s);
	}
}

static bool
matches(const json_t *v, const char *text, bool part)
{
	struct buf b = {0};
	bool yes;

	if (v == NULL)
		return false;
	text_of(v, &b);
	yes = part ? strstr(b.n > 0 ? buf_cstr(&b) : "", text) != NULL : strcmp(b.n > 0 ? buf_cstr(&b) : "", text) == 0;
	buf_free(&b);
	return yes;
}

static void
keep(size_t *n, json_t *v)
{
	if (v != NULL && !json_is_null(v) && *n < VALUES)
		next[(*n)++] = v;
}

/* One step of the path on all values. */
static bool
step(const char **at)
{
	char text[200], *sep;
	size_t k = 0, n = 0, i;
	bool index = **at == '[';
	json_t *v;

	if (index) {
		const char *end = strchr(*at, ']');

		if (end == NULL || (size_t)(end - *at) > sizeof text)
			return false;
		k = (size_t)(end - *at) - 1;
		memcpy(text, *at + 1, k);
		*at = end + 1;
	} else
		while (**at != '\0' && **at != '.' && **at != '[' && **at != '#' && k + 1 < sizeof text)
			text[k++] = *(*at)++;
	text[k] = '\0';
	if (k == 0)
		return false;
	for (size_t j = 0; j < nvalues; j++) {
		if (!index) {
			keep(&n, json_object_get(values[j], text));
			continue;
		}
		if (isdigit((unsigned char)text[0]) && strchr(text, '=') == NULL && strchr(text, '~') == NULL) {
			keep(&n, json_array_get(values[j], (size_t)strtoul(text, NULL, 10)));
			continue;
		}
		sep = strpbrk(text, "=~");
		if (json_is_object(values[j]) && sep != NULL) {	/* a second condition */
			char key[100];

			(void)snprintf(key, sizeof key, "%.*s", (int)(sep - text), text);
			if (matches(json_object_get(values[j], key), sep + 1, *sep == '~'))
				keep(&n, values[j]);
			continue;
		}
		json_array_foreach(values[j], i, v) {
			char key[100];

			if (sep == NULL) {
				keep(&n, v);
				continue;
			}
			(void)snprintf(key, sizeof key, "%.*s", (int)(sep - text), text);
			if (matches(json_object_get(v, key), sep + 1, *sep == '~'))
				keep(&n, v);
		}
	}
	memcpy(values, next, n * sizeof values[0]);
	nvalues = n;
	return true;
}

/* values[] becomes what the path leads to; counted: the sum of lengths was asked for. */
static bool
walk(const json_t *answer, const char *path, bool *counted)
{
	const char *at = path;

	values[0] = (json_t *)(uintptr_t)answer;
	nvalues = 1;
	*counted = false;
	while (*at != '\0') {
		if (strcmp(at, "#") == 0) {
			*counted = true;
			return true;
		}
		if (*at == '.')
			at++;
		if (*at != '\0' && !step(&at))
			return false;
	}
	return true;
}

static long long
count(void)
{
	long long n = 0;

	for (size_t i = 0; i < nvalues; i++)
		n += json_is_array(values[i]) ? (long long)json_array_size(values[i]) : 1;
	return n;
}

static int
compare(long long a, const char *op, long long b)
{
	if (strcmp(op, "=") == 0)
		return a == b;
	if (strcmp(op, "!=") == 0)
		return a != b;
	if (strcmp(op, "<") == 0)
		return a < b;
	if (strcmp(op, ">") == 0)
		return a > b;
	if (strcmp(op, "<=") == 0)
		return a <= b;
	return strcmp(op, ">=") == 0 ? a >= b : -1;
}

static int
one(const json_t *v, const char *op, const char *value)
{
	char *rest;
	long long b = strtoll(value, &rest, 10);
	struct night none = {0};
	int64_t at;

	if (strcmp(op, "~") == 0 || strcmp(op, "!~") == 0)
		return matches(v, value, true) == (op[0] == '~');
	if (json_is_integer(v) && strlen(value) >= 16 && time_read(&none, value, false, &at)) {
		bool same = op[0] == '=' || op[0] == '!';

		return compare((long long)json_integer_value(v) / (same ? 60000 : 1), op, (long long)at / (same ? 60000 : 1));
	}
	if (json_is_number(v) && *value != '\0' && *rest == '\0')
		return compare((long long)json_number_value(v), op, b);
	if (strcmp(op, "=") == 0 || strcmp(op, "!=") == 0)
		return matches(v, value, false) == (op[0] == '=');
	return strchr("<>", op[0]) != NULL ? 0 : -1;
}

int
look_test(const json_t *answer, const char *path, const char *op, const char *value, struct buf *saw)
{
	bool counted, all = op[0] == '!';
	int yes = all, rc;

	if (!walk(answer, path, &counted))
		return -1;
	if (counted) {
		char number[32];

		(void)snprintf(number, sizeof number, "%lld", count());
		buf_puts(saw, number);
		return compare(count(), op, strtoll(value, NULL, 10));
	}
	if (strcmp(op, "exists") == 0 || strcmp(op, "absent") == 0)
		yes = (nvalues > 0) == (op[0] == 'e');
	for (size_t i = 0; i < nvalues; i++) {
		if (saw->n < 3000) {
			buf_puts(saw, i > 0 ? " | " : "");
			text_of(values[i], saw);
		}
		if (op[0] == 'e' || op[0] == 'a')
			continue;
		if ((rc = one(values[i], op, value)) < 0)
			return -1;
		yes = all ? (yes && rc) : (yes || rc);
	}
	return yes;
}

char *
look_first(const json_t *answer, const char *path)
{
	struct buf b = {0};
	bool counted;
	char *text;

	if (!walk(answer, path, &counted) || nvalues == 0)
		return NULL;
	text_of(values[0], &b);
	text = xstrdup(b.n > 0 ? buf_cstr(&b) : "");
	buf_free(&b);
	return text;
}
