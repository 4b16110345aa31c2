/*
 * Bounds on what comes from outside.
 *
 * One table says for each limit where it is kept, in what it is counted, and between which numbers a file may move it.
 * The numbers here are about this program's memory, not about any law; an operator who reads larger feeds, or who runs
 * on a very small machine, moves them in conf/limits.local.tsv.  A row that cannot be meant (unknown name, other unit,
 * no number, beyond the ceiling) refuses the whole load: a limit somebody thinks is set and is not would be found out
 * on the wrong night.
 */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sysexits.h>
#include <limits.h>
#include "conf.h"
#include "field.h"
#include "i18n.h"
#include "limits.h"

#define MIB ((size_t)1 << 20)
#define KIB ((size_t)1 << 10)

enum { FILES = 2 }; /* shipped and local */

static const struct row {
	const char *name;
	size_t at; /* of the member in struct limits */
	const char *unit;
	size_t floor, ceiling;
} rows[] = {
    {"cap_bytes", offsetof(struct limits, cap_bytes), "bytes", 64 * KIB, 64 * MIB},
    {"cap_depth", offsetof(struct limits, cap_depth), "levels", 8, 200},
    {"cap_attrs", offsetof(struct limits, cap_attrs), "count", 8, 256},
    {"cap_tag_bytes", offsetof(struct limits, cap_tag_bytes), "bytes", KIB, MIB},
    {"xml_nodes", offsetof(struct limits, xml_nodes), "count", 1024, 4194304},
    {"file_bytes", offsetof(struct limits, file_bytes), "bytes", MIB, 1024 * MIB},
    {"line_bytes", offsetof(struct limits, line_bytes), "bytes", 64 * KIB, 64 * MIB},
    {"body_bytes", offsetof(struct limits, body_bytes), "bytes", 16 * KIB, BODY_MAX},
    {"repeats", offsetof(struct limits, repeats), "count", 16, FIELD_REPEAT_MAX},
    {"json_depth", offsetof(struct limits, json_depth), "levels", 4, 512},
};
#define ROWS (sizeof rows / sizeof rows[0])

#define DEFAULTS                                                                                                       \
	{                                                                                                              \
		.cap_bytes = 8 * MIB, .cap_depth = 32, .cap_attrs = 32, .cap_tag_bytes = 64 * KIB,                     \
		.xml_nodes = 262144, .file_bytes = 64 * MIB, .line_bytes = 4 * MIB, .body_bytes = BODY_MAX,            \
		.repeats = FIELD_REPEAT_MAX, .json_depth = 16                                                          \
	}

static struct limits current = DEFAULTS;

static size_t *
member(struct limits *l, const struct row *r)
{
	return (size_t *)(void *)((char *)l + r->at);
}

static const struct row *
row_named(const char *name)
{
	for (size_t i = 0; i < ROWS; i++)
		if (strcmp(rows[i].name, name) == 0)
			return &rows[i];
	return NULL;
}

static bool
number(const char *s, size_t *out)
{
	size_t n = 0;

	if (*s == '\0')
		return false;
	for (; *s != '\0'; s++) {
		if (*s < '0' || *s > '9' || n > (SIZE_MAX - 9) / 10)
			return false;
		n = n * 10 + (size_t)(*s - '0');
	}
	*out = n;
	return true;
}

static int
take_row(const struct tsv *t, size_t i, struct limits *l, bool seen[ROWS], struct fault *f)
{
	const char *name = tsv_get(t, i, "limit"), *unit = tsv_get(t, i, "unit"), *s = tsv_get(t, i, "number");
	const struct row *r = row_named(name);
	size_t n;

	if (r == NULL)
		return fault_set(f, EX_CONFIG, "limit", _("\"%s\" is not known here"), name);
	if (seen[r - rows])
		return fault_set(f, EX_CONFIG, "limit", _("\"%s\" stands here twice"), name);
	seen[r - rows] = true;
	if (strcmp(unit, r->unit) != 0)
		return fault_set(f, EX_CONFIG, "unit", _("%s is counted in %s, not in \"%s\""), name, r->unit, unit);
	if (!number(s, &n) || n < r->floor || n > r->ceiling)
		return fault_set(f, EX_CONFIG, "number", _("%s must be a whole number from %zu to %zu, not \"%s\""),
		    name, r->floor, r->ceiling, s);
	if (tsv_get(t, i, "why")[0] == '\0')
		return fault_set(f, EX_CONFIG, "why", _("a limit must say what it is for"));
	*member(l, r) = n;
	return 0;
}

int
limits_load(const char *confdir, struct fault *f)
{
	struct limits l = DEFAULTS;
	struct fault unread = {0};

	if (f == NULL)
		f = &unread;
	for (int file = 0; file < FILES; file++) {
		bool seen[ROWS] = {false};
		char path[PATH_MAX];
		struct tsv *t;
		int rc = 0;

		if (tsv_open(confdir, "limits", file == 1, false, path, sizeof path, &t, f) == -1)
			return -1;
		for (size_t i = 0; rc == 0 && t != NULL && i < tsv_rows(t); i++)
			if ((rc = take_row(t, i, &l, seen, f)) != 0)
				fault_at(f, path, tsv_line(t, i));
		tsv_free(t);
		if (rc != 0)
			return -1;
	}
	current = l;
	return 0;
}

const struct limits *
limits_get(void)
{
	return &current;
}

void
limits_reset(void)
{
	current = (struct limits)DEFAULTS;
}
