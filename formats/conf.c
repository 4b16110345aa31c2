/*
 * Readers of tables and settings.
 *
 * Both kinds of file decide what a station does with a report, so nothing in them is skipped over: a row with a cell
 * too many, a key written twice or a byte that is no UTF-8 is refused with its line, instead of being read as something
 * else.  A file is read whole, cut in place, and the pieces live as long as the table.  Line ends may be LF or CRLF and
 * a byte order mark is passed over, because such files are edited on whatever machine the duty room has.
 */
#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <sys/stat.h>
#include <unistd.h>
#include "buf.h"
#include "conf.h"
#include "i18n.h"
#include "text.h"

#define FILE_MAX ((size_t)64 << 20) /* bytes of one file */
#define ROWS_MAX 1000000
#define COLUMNS_MAX 64
#define SETTINGS_FILE_MAX ((size_t)1 << 20)
#define NUM_TEXT_MAX 24

struct tsv {
	char *text;	   /* the file, cut into cells */
	const char **head; /* columns */
	size_t columns;
	const char **cell; /* rows * columns */
	size_t *line;
	size_t rows, cap;
};

struct setting {
	const char *key, *value;
	size_t line;
};

struct settings {
	char *text;
	char *path;
	struct setting *s;
	size_t n;
};

static int refuse(struct fault *, const char *path, size_t line, const char *field, const char *reason);
static char *slurp(const char *path, size_t max, size_t *len, struct fault *);
static char *next_line(char **cursor, char *end, size_t *len);
static size_t cut(char *line, const char **cell, size_t max);
static int tsv_head(struct tsv *, const char *path, char *line, size_t no, struct fault *);
static int tsv_row(struct tsv *, const char *path, char *line, size_t no, struct fault *);
static char *trim(char *);
static bool key_valid(const char *);
static const struct setting *setting_of(const struct settings *, const char *key);
static bool has_tables(const char *dir);

static int
refuse(struct fault *f, const char *path, size_t line, const char *field, const char *reason)
{
	(void)fault_set(f, EX_CONFIG, field, "%s", reason);
	fault_at(f, path, line);
	return -1;
}

/* The whole file with a NUL behind it; the caller frees.  Control characters are left to the caller. */
static char *
slurp(const char *path, size_t max, size_t *len, struct fault *f)
{
	FILE *fp = fopen(path, "rbe");
	char *text = NULL;
	size_t n = 0, got, bad;
	struct stat st;

	if (fp == NULL || fstat(fileno(fp), &st) == -1) {
		(void)fault_set(
		    f, errno == EACCES ? EX_NOPERM : EX_NOINPUT, "", _("cannot be read: %s"), strerror(errno));
		goto fail;
	}
	if (!S_ISREG(st.st_mode)) {
		(void)fault_set(f, EX_NOINPUT, "", _("is not a file"));
		goto fail;
	}
	if (st.st_size < 0 || (uintmax_t)st.st_size > max) {
		(void)fault_set(f, EX_CONFIG, "", _("is larger than %zu bytes"), max);
		goto fail;
	}
	text = xmalloc((size_t)st.st_size + 1);
	while (n < (size_t)st.st_size && (got = fread(text + n, 1, (size_t)st.st_size - n, fp)) > 0)
		n += got;
	if (ferror(fp)) {
		(void)fault_set(f, EX_IOERR, "", _("cannot be read: %s"), strerror(errno));
		goto fail;
	}
	text[n] = '\0';
	if (!text_utf8_valid(text, n, &bad)) {
		size_t line = 1;

		for (size_t i = 0; i < bad; i++)
			line += text[i] == '\n';
		(void)fault_set(f, EX_CONFIG, "", _("is not UTF-8"));
		fault_at(f, path, line);
		goto fail;
	}
	(void)fclose(fp);
	*len = n;
	return text;
fail:
	fault_at(f, path, 0);
	free(text);
	if (fp != NULL)
		(void)fclose(fp);
	return NULL;
}

/* The next line, NUL-terminated in place and without its line end; NULL at the end. */
static char *
next_line(char **cursor, char *end, size_t *len)
{
	char *p = *cursor, *nl;

	if (p >= end)
		return NULL;
	nl = memchr(p, '\n', (size_t)(end - p));
	*cursor = nl == NULL ? end : nl + 1;
	if (nl == NULL)
		nl = end;
	if (nl > p && nl[-1] == '\r')
		nl--;
	*nl = '\0';
	*len = (size_t)(nl - p);
	return p;
}

static const char *
skip_mark(const char *p, size_t len)
{
	return len >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0 ? p + 3 : p;
}

/* Cuts at tabs; returns the number of cells, of which at most max are stored. */
static size_t
cut(char *line, const char **cell, size_t max)
{
	size_t n = 0;
	char *tab;

	for (;;) {
		tab = strchr(line, '\t');
		if (n < max)
			cell[n] = line;
		n++;
		if (tab == NULL)
			return n;
		*tab = '\0';
		line = tab + 1;
	}
}

static int
tsv_head(struct tsv *t, const char *path, char *line, size_t no, struct fault *f)
{
	const char *cell[COLUMNS_MAX];
	size_t n = cut(line, cell, COLUMNS_MAX);

	if (n > COLUMNS_MAX)
		return refuse(f, path, no, "", _("too many columns"));
	for (size_t i = 0; i < n; i++) {
		if (cell[i][0] == '\0')
			return refuse(f, path, no, "", _("a column has no heading"));
		if (!text_clean(cell[i], strlen(cell[i]), false, NULL))
			return refuse(f, path, no, cell[i], _("holds a control character"));
		for (size_t k = 0; k < i; k++)
			if (strcmp(cell[k], cell[i]) == 0)
				return refuse(f, path, no, cell[i], _("the column stands here twice"));
	}
	t->head = xcalloc(n, sizeof(*t->head));
	memcpy(t->head, cell, n * sizeof(*cell));
	t->columns = n;
	return 0;
}

static int
tsv_row(struct tsv *t, const char *path, char *line, size_t no, struct fault *f)
{
	const char **cell;
	size_t n;

	if (t->rows == ROWS_MAX)
		return refuse(f, path, no, "", _("too many rows"));
	if (t->rows == t->cap) {
		t->cap = t->cap == 0 ? 64 : 2 * t->cap;
		t->cell = xreallocarray(t->cell, t->cap, t->columns * sizeof(*t->cell));
		t->line = xreallocarray(t->line, t->cap, sizeof(*t->line));
	}
	cell = t->cell + t->rows * t->columns;
	n = cut(line, cell, t->columns);
	if (n != t->columns) {
		(void)fault_set(f, EX_CONFIG, "", _("has %zu cells where the heading has %zu"), n, t->columns);
		fault_at(f, path, no);
		return -1;
	}
	for (size_t i = 0; i < n; i++)
		if (!text_clean(cell[i], strlen(cell[i]), false, NULL))
			return refuse(f, path, no, t->head[i], _("holds a control character"));
	t->line[t->rows++] = no;
	return 0;
}

struct tsv *
tsv_load(const char *path, struct fault *f)
{
	struct tsv *t = xcalloc(1, sizeof(*t));
	size_t len = 0, n, no = 0;
	char *cursor, *end, *line;

	t->text = slurp(path, FILE_MAX, &len, f);
	if (t->text == NULL)
		goto fail;
	cursor = t->text + (skip_mark(t->text, len) - t->text);
	end = t->text + len;
	while ((line = next_line(&cursor, end, &n)) != NULL) {
		no++;
		if (memchr(line, '\0', n) != NULL) {
			(void)refuse(f, path, no, "", _("holds a control character"));
			goto fail;
		}
		if (n == 0 || line[0] == '#')
			continue;
		if ((t->head == NULL ? tsv_head : tsv_row)(t, path, line, no, f) == -1)
			goto fail;
	}
	if (t->head == NULL) {
		(void)refuse(f, path, 0, "", _("has no heading line"));
		goto fail;
	}
	return t;
fail:
	tsv_free(t);
	return NULL;
}

int
tsv_open(const char *dir, const char *name, bool local, bool must, char *path, size_t size, struct tsv **out,
    struct fault *f)
{
	int n = snprintf(path, size, "%s/%s%s.tsv", dir, name, local ? ".local" : "");

	*out = NULL;
	if (n < 0 || (size_t)n >= size)
		return fault_set(f, EX_CONFIG, "", _("the path of the configuration is too long"));
	if ((local || !must) && access(path, F_OK) == -1)
		return 0;
	*out = tsv_load(path, f);
	return *out == NULL ? -1 : 0;
}

void
tsv_free(struct tsv *t)
{
	if (t == NULL)
		return;
	free(t->head);
	free(t->cell);
	free(t->line);
	free(t->text);
	free(t);
}

size_t
tsv_rows(const struct tsv *t)
{
	return t->rows;
}

const char *
tsv_get(const struct tsv *t, size_t row, const char *column)
{
	assert(row < t->rows);
	for (size_t i = 0; i < t->columns; i++)
		if (strcmp(t->head[i], column) == 0)
			return t->cell[row * t->columns + i];
	return "";
}

size_t
tsv_line(const struct tsv *t, size_t row)
{
	assert(row < t->rows);
	return t->line[row];
}

bool
tsv_date(const char *s)
{
	static const char form[] = "0000-00-00";
	static const int days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	size_t n = strlen(s);
	int year, month, day;

	if (n == 0)
		return true;
	if (n != 4 && n != 10)
		return false;
	for (size_t i = 0; i < n; i++)
		if (form[i] == '0' ? s[i] < '0' || s[i] > '9' : s[i] != form[i])
			return false;
	if (n == 4)
		return true;
	year = (s[0] - '0') * 1000 + (s[1] - '0') * 100 + (s[2] - '0') * 10 + (s[3] - '0');
	month = (s[5] - '0') * 10 + (s[6] - '0');
	day = (s[8] - '0') * 10 + (s[9] - '0');
	if (month < 1 || month > 12 || day < 1 || day > days[month - 1])
		return false;
	return month != 2 || day != 29 || (year % 4 == 0 && (year % 100 != 0 || year % 400 == 0));
}

bool
tsv_has(const struct tsv *t, const char *column)
{
	for (size_t i = 0; i < t->columns; i++)
		if (strcmp(t->head[i], column) == 0)
			return true;
	return false;
}

static char *
trim(char *s)
{
	char *e;

	while (*s == ' ' || *s == '\t')
		s++;
	e = s + strlen(s);
	while (e > s && (e[-1] == ' ' || e[-1] == '\t'))
		e--;
	*e = '\0';
	return s;
}

static bool
key_valid(const char *k)
{
	return *k != '\0' && k[strspn(k, "abcdefghijklmnopqrstuvwxyz0123456789_.-")] == '\0';
}

static const struct setting *
setting_of(const struct settings *s, const char *key)
{
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->s[i].key, key) == 0)
			return &s->s[i];
	return NULL;
}

struct settings *
settings_load(const char *path, const char *const *allowed, struct fault *f)
{
	struct settings *s = xcalloc(1, sizeof(*s));
	size_t len = 0, n, no = 0, k;
	char *cursor, *end, *line, *eq, *key, *value;
	const char *why;

	s->path = xstrdup(path);
	s->text = slurp(path, SETTINGS_FILE_MAX, &len, f);
	if (s->text == NULL)
		goto fail;
	cursor = s->text + (skip_mark(s->text, len) - s->text);
	end = s->text + len;
	while ((line = next_line(&cursor, end, &n)) != NULL) {
		no++;
		key = "";
		if (memchr(line, '\0', n) != NULL) {
			why = _("holds a control character");
			goto refused;
		}
		line = trim(line);
		if (*line == '\0' || *line == '#')
			continue;
		eq = strchr(line, '=');
		if (eq == NULL) {
			why = _("is not of the form key = value");
			goto refused;
		}
		*eq = '\0';
		key = trim(line);
		value = trim(eq + 1);
		why = NULL;
		if (!key_valid(key))
			why = _("is not a key");
		else if (!text_clean(value, strlen(value), false, NULL))
			why = _("holds a control character");
		else if (setting_of(s, key) != NULL)
			why = _("the key stands here twice");
		for (k = 0; why == NULL && (allowed[k] == NULL || strcmp(allowed[k], key) != 0); k++)
			if (allowed[k] == NULL)
				why = _("unknown key");
		if (why != NULL)
			goto refused;
		s->s = xreallocarray(s->s, s->n + 1, sizeof(*s->s));
		s->s[s->n++] = (struct setting){.key = key, .value = value, .line = no};
	}
	return s;
refused:
	(void)refuse(f, path, no, key, why);
fail:
	settings_free(s);
	return NULL;
}

void
settings_free(struct settings *s)
{
	if (s == NULL)
		return;
	free(s->s);
	free(s->text);
	free(s->path);
	free(s);
}

const char *
settings_get(const struct settings *s, const char *key, const char *dflt)
{
	const struct setting *v = setting_of(s, key);

	return v == NULL ? dflt : v->value;
}

int
settings_num(const struct settings *s, const char *key, long dflt, long min, long max, long *out, struct fault *f)
{
	const struct setting *v = setting_of(s, key);
	char *end;
	long n;

	if (v == NULL) {
		*out = dflt;
		return 0;
	}
	errno = 0;
	n = strtol(v->value, &end, 10);
	/* strtol takes blanks and a plus sign; a setting does not */
	if (errno != 0 || end == v->value || *end != '\0' || strlen(v->value) > NUM_TEXT_MAX ||
	    strspn(v->value, "-0123456789") != strlen(v->value) || n < min || n > max) {
		(void)fault_set(
		    f, EX_CONFIG, key, _("must be a whole number from %ld to %ld, not \"%s\""), min, max, v->value);
		fault_at(f, s->path, v->line);
		return -1;
	}
	*out = n;
	return 0;
}

/* A folder called conf is ours when the codebooks are in it: beside an installed program lies somebody else's. */
static bool
has_tables(const char *dir)
{
	char path[PATH_MAX];
	int n = snprintf(path, sizeof(path), "%s/codebooks/events.tsv", dir);

	return n > 0 && (size_t)n < sizeof(path) && access(path, F_OK) == 0;
}

const char *
conf_dir(char *buf, size_t size, struct fault *f)
{
	/* of build/NAME, of build/tests/NAME, of PREFIX/bin/NAME wherever PREFIX was put */
	static const char *const beside[] = {"/../conf", "/../../conf", "/../share/dutydesk"};
	const char *env = getenv("DUTYDESK_CONF");
	char exe[PATH_MAX] = "";
	ssize_t n;
	char *slash;
	int k;

	if (env != NULL && *env != '\0') {
		k = snprintf(buf, size, "%s", env);
		if (k > 0 && (size_t)k < size && has_tables(buf))
			return buf;
		/* named outright: falling back to another folder would hide the mistake */
		(void)fault_set(f, EX_CONFIG, "DUTYDESK_CONF", _("no codebooks/events.tsv in \"%s\""), env);
		return NULL;
	}
	n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	exe[n < 0 ? 0 : n] = '\0';
	slash = strrchr(exe, '/');
	if (slash != NULL)
		*slash = '\0';
	for (size_t i = 0; slash != NULL && i < sizeof(beside) / sizeof(beside[0]); i++) {
		k = snprintf(buf, size, "%s%s", exe, beside[i]);
		if (k > 0 && (size_t)k < size && has_tables(buf))
			return buf;
	}
	k = snprintf(buf, size, "%s", DUTYDESK_DATADIR);
	if (k > 0 && (size_t)k < size && has_tables(buf))
		return buf;
	(void)fault_set(f, EX_CONFIG, "",
	    _("no configuration: neither $DUTYDESK_CONF, nor \"%s/../conf\" or \"../share/dutydesk\", nor \"%s\" holds "
	      "codebooks/events.tsv"),
	    exe, DUTYDESK_DATADIR);
	return NULL;
}
