/*
 * Lines of a night into words: quotes, JSON in braces, $VARIABLES and @times.
 *
 * In a JSON object a @time becomes milliseconds, as the desk protocol has them; a word that is a @time becomes the text
 * people type.  Whatever else begins with @ (a group of addressees) stays what it is.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "night.h"

#define DAY INT64_C(86400000)
#define EAST INT64_C(28800000) /* UTC+08:00 */

/* ---- times ---- */

bool
span_read(const char *text, int64_t *ms)
{
	static const struct { char letter; int64_t ms; } units[] = {{'d', DAY}, {'h', 3600000}, {'m', 60000}, {'s', 1000}, {0, 1000}};
	char *rest;
	long v = strtol(text, &rest, 10);

	if (rest == text || v < -100000 || v > 100000 || (*rest != '\0' && rest[1] != '\0'))
		return false;
	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
		if (*rest == units[i].letter) {
			*ms = v * units[i].ms;
			return true;
		}
	return false;
}

static int64_t
utc_of(int y, int mo, int d)
{
	struct tm tm = {.tm_year = y - 1900, .tm_mon = mo - 1, .tm_mday = d};

	return (int64_t)timegm(&tm) * 1000 - EAST;
}

bool
time_read(const struct night *n, const char *text, bool near, int64_t *ms)
{
	int y, mo, d, h, m, s = 0, used = 0;
	int64_t now = n->w.page != NULL ? clock_wall(&n->w) : 0, at;

	if ((text[0] == '+' || text[0] == '-') && span_read(text, &at)) {
		*ms = now + at;
		return true;
	}
	if (sscanf(text, "%4d-%2d-%2d%*1[T ]%2d:%2d%n", &y, &mo, &d, &h, &m, &used) == 5 && used > 0) {
		if (text[used] == ':' && sscanf(text + used, ":%2d%n", &s, &y) != 1)
			return false;
		(void)sscanf(text, "%4d", &y);
		*ms = utc_of(y, mo, d) + ((int64_t)h * 3600 + m * 60 + s) * 1000;
		return true;
	}
	used = 0;
	if (sscanf(text, "%2d:%2d%n", &h, &m, &used) != 2 || used == 0 || h > 24 || m > 59)
		return false;
	if (text[used] == ':') {
		if (sscanf(text + used, ":%2d", &s) != 1)
			return false;
	} else if (text[used] != '\0')
		return false;
	at = (now + EAST) / DAY * DAY - EAST + ((int64_t)h * 3600 + m * 60 + s) * 1000;
	if (near && at > now + DAY / 2)
		at -= DAY;
	if (at < now - (near ? DAY / 2 : 3600000))
		at += DAY;
	*ms = at;
	return true;
}

char *
time_text(int64_t ms, char out[40])
{
	time_t t = (time_t)((ms + EAST) / 1000);
	struct tm tm;

	(void)gmtime_r(&t, &tm);
	(void)strftime(out, 40, "%Y-%m-%dT%H:%M:%S+08:00", &tm);
	return out;
}

/* ---- variables ---- */

const char *
var_get(const struct night *n, const char *name)
{
	for (size_t i = 0; i < n->nvars; i++)
		if (strcmp(n->var[i].name, name) == 0)
			return n->var[i].text;
	return NULL;
}

void
var_set(struct night *n, const char *name, const char *text)
{
	size_t i = 0;

	while (i < n->nvars && strcmp(n->var[i].name, name) != 0)
		i++;
	ST_CHECK(i < VARS, "too many variables");
	if (i == n->nvars) {
		n->nvars++;
		(void)snprintf(n->var[i].name, sizeof n->var[i].name, "%s", name);
	} else
		free(n->var[i].text);
	n->var[i].text = xstrdup(text);
}

/* A $NAME at *at: its text goes to the buffer. */
static bool
expand(struct night *n, const char **at, struct buf *out)
{
	char name[64];
	size_t k = 0;
	const char *p = *at + 1, *text;

	while ((isalnum((unsigned char)*p) || *p == '_') && k + 1 < sizeof name)
		name[k++] = *p++;
	name[k] = '\0';
	if (k == 0) {
		buf_put(out, "$", 1);
		*at += 1;
		return true;
	}
	if ((text = var_get(n, name)) == NULL)
		return fail(n, "$%s was never set", name);
	buf_puts(out, text);
	*at = p;
	return true;
}

/* In JSON: @time as milliseconds. */
static bool
expand_time(struct night *n, const char **at, struct buf *out)
{
	char text[40], number[24];
	size_t k = 0;
	const char *p = *at + 1;
	int64_t ms;

	while (*p != '\0' && strchr("0123456789:+-Tdhms", *p) != NULL && k + 1 < sizeof text)
		text[k++] = *p++;
	text[k] = '\0';
	if (!time_read(n, text, true, &ms)) {
		buf_put(out, "@", 1);
		*at += 1;
		return true;
	}
	(void)snprintf(number, sizeof number, "%lld", (long long)ms);
	buf_puts(out, number);
	*at = p;
	return true;
}

/* ---- words ---- */

static bool
word_read(struct night *n, const char **at, struct word *w)
{
	struct buf b = {0};
	const char *p = *at;
	int depth = 0;
	bool in = false, ok = true;
	int64_t ms;

	memset(w, 0, sizeof *w);
	w->json = *p == '{';
	while (ok && *p != '\0' && (in || depth > 0 || !isspace((unsigned char)*p))) {
		if (*p == '"' && !w->json) {
			in = !in;
			w->quoted = true;
			p++;
		} else if (*p == '\\' && p[1] == '"') {
			buf_put(&b, w->json ? p : p + 1, w->json ? 2 : 1);
			p += 2;
		} else if (*p == '$')
			ok = expand(n, &p, &b);
		else if (w->json && *p == '@' && !in)
			ok = expand_time(n, &p, &b);
		else {
			if (w->json && *p == '"')
				in = !in;
			depth += w->json && !in ? (*p == '{') - (*p == '}') : 0;
			buf_put(&b, p++, 1);
			if (w->json && depth == 0)
				break;
		}
	}
	if (ok && (in || depth > 0))
		ok = fail(n, "a quote or a brace without its end");
	w->text = xstrdup(b.n > 0 ? buf_cstr(&b) : "");
	buf_free(&b);
	*at = p;
	if (ok && !w->json && w->text[0] == '@' && time_read(n, w->text + 1, true, &ms)) {
		char text[40];

		free(w->text);
		w->text = xstrdup(time_text(ms, text));
	}
	return ok;
}

bool
words_split(struct night *n, const char *line, struct word v[WORDS], size_t *count)
{
	const char *p = line;
	bool ok = true;

	*count = 0;
	for (;;) {
		while (isspace((unsigned char)*p))
			p++;
		if (*p == '\0' || *p == '#' || !ok)
			return ok;
		if (*count == WORDS)
			return fail(n, "more than %d words", WORDS);
		ok = word_read(n, &p, &v[(*count)++]);
	}
}

void
words_free(struct word v[WORDS], size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(v[i].text);
}

/* ---- keys ---- */

size_t
keys_read(const char *text, char *out, size_t size)
{
	static const struct { const char *name, *keys; } names[] = {{"F1", "\033OP"}, {"F2", "\033OQ"}, {"F3", "\033OR"}, {"F4", "\033OS"},
	    {"F5", "\033[15~"}, {"F6", "\033[17~"}, {"F7", "\033[18~"}, {"F8", "\033[19~"}, {"F9", "\033[20~"}, {"F10", "\033[21~"},
	    {"F11", "\033[23~"}, {"F12", "\033[24~"}, {"Enter", "\r"}, {"Esc", "\033"}, {"Tab", "\t"}, {"BTab", "\033[Z"}, {"Bs", "\177"},
	    {"Up", "\033OA"}, {"Down", "\033OB"}, {"Right", "\033OC"}, {"Left", "\033OD"}, {"Home", "\033OH"}, {"End", "\033OF"},
	    {"PgUp", "\033[5~"}, {"PgDn", "\033[6~"}, {"Del", "\033[3~"}, {"Lt", "<"}};
	size_t k = 0;

	while (*text != '\0' && k + 8 < size) {
		const char *end = *text == '<' ? strchr(text, '>') : NULL;
		size_t len = end != NULL ? (size_t)(end - text) - 1 : 0, i = 0;

		if (end != NULL && len == 3 && text[1] == 'C' && text[2] == '-') {
			out[k++] = (char)(toupper((unsigned char)text[3]) & 0x1f);
			text = end + 1;
			continue;
		}
		while (end != NULL && i < sizeof names / sizeof names[0] &&
		       (strlen(names[i].name) != len || strncmp(names[i].name, text + 1, len) != 0))
			i++;
		if (end == NULL || i == sizeof names / sizeof names[0]) {
			out[k++] = *text++;
			continue;
		}
		for (const char *c = names[i].keys; *c != '\0'; c++)
			out[k++] = *c;
		text = end + 1;
	}
	out[k] = '\0';
	return k;
}
