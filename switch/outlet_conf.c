/*
 * outlets.tsv: name, kind, command, timeout (seconds).  A command is words between blanks; there is no shell, so nothing in them means anything
 * but itself.  A first word without a slash is one of the ready outlets (conf/outlets) where there is one of that name, else it is looked for in PATH.
 */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>
#include "../formats/buf.h"
#include "../formats/conf.h"
#include "../formats/i18n.h"
#include "outlet_int.h"

#define TIMEOUT_DEFAULT 30
#define TIMEOUT_MOST 600

static const struct { const char *name; enum outlet_kind kind; } kinds[] = {
    {"bell", OUTLET_BELL}, {"phone", OUTLET_PHONE}, {"sms", OUTLET_SMS}, {"spool", OUTLET_SPOOL}};

const char *
outlet_kind_name(enum outlet_kind kind)
{
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (kinds[i].kind == kind)
			return kinds[i].name;
	return "";
}

static bool
name_valid(const char *s)
{
	size_t n = strlen(s);

	return n > 0 && n < OUTLET_NAME && strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-_") == n;
}

static int
split(struct outlet_def *d, const char *command, struct fault *f)
{
	size_t n = 0, len = strlen(command);
	char *p;

	d->words = xmalloc(len + 1);
	memcpy(d->words, command, len + 1);
	for (p = d->words; *p != '\0';) {
		while (*p == ' ')
			*p++ = '\0';
		if (*p == '\0')
			break;
		if (n == OUTLET_ARGS)
			return fault_set(f, EX_CONFIG, "command", _("has more than %d words"), OUTLET_ARGS);
		d->argv[n++] = p;
		p += strcspn(p, " ");
	}
	d->argv[n] = NULL;
	return n > 0 ? 0 : fault_set(f, EX_CONFIG, "command", _("is missing"));
}

static int
read_row(struct outlet_defs *o, const struct tsv *t, size_t row, const char *ready, struct fault *f)
{
	const char *name = tsv_get(t, row, "name"), *kind = tsv_get(t, row, "kind"), *timeout = tsv_get(t, row, "timeout");
	struct outlet_def *d;
	long s = TIMEOUT_DEFAULT;
	char *end;

	if (o->n == OUTLETS_MAX)
		return fault_set(f, EX_CONFIG, "name", _("more than %d outlets"), OUTLETS_MAX);
	d = &o->v[o->n];
	memset(d, 0, sizeof *d);
	if (!name_valid(name))
		return fault_set(f, EX_CONFIG, "name", _("must be 1 to %d of a-z, 0-9, - and _"), OUTLET_NAME - 1);
	for (size_t i = 0; i < o->n; i++)
		if (strcmp(o->v[i].name, name) == 0)
			return fault_set(f, EX_CONFIG, "name", _("stands here twice: %s"), name);
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (strcmp(kinds[i].name, kind) == 0)
			d->kind = kinds[i].kind;
	if (d->kind == 0)
		return fault_set(f, EX_CONFIG, "kind", _("must be bell, phone, sms or spool"));
	errno = 0;
	if (timeout[0] != '\0') {
		s = strtol(timeout, &end, 10);
		if (errno != 0 || *end != '\0' || !isdigit((unsigned char)timeout[0]) || s < 1 || s > TIMEOUT_MOST)
			return fault_set(f, EX_CONFIG, "timeout", _("must be 1 to %d seconds"), TIMEOUT_MOST);
	}
	(void)snprintf(d->name, sizeof d->name, "%s", name);
	d->timeout = (int64_t)s * 1000;
	d->ok = -1;
	o->n++; /* from here on its words are freed with the others */
	if (split(d, tsv_get(t, row, "command"), f) != 0)
		return -1;
	if (strchr(d->argv[0], '/') == NULL && ready[0] != '\0' &&
	    ((size_t)snprintf(d->program, sizeof d->program, "%s/%s", ready, d->argv[0]) >= sizeof d->program ||
		access(d->program, X_OK) != 0))
		d->program[0] = '\0';
	return 0;
}

void
outlet_defs_free(struct outlet_defs *o)
{
	for (size_t i = 0; i < o->n; i++)
		free(o->v[i].words);
	memset(o, 0, sizeof *o);
}

int
outlet_defs_load(struct outlet_defs *o, const struct stationdir *dir, struct fault *f)
{
	char path[PATH_MAX], conf[PATH_MAX], ready[PATH_MAX + 16] = "";
	struct fault none = {0};
	struct tsv *t;
	int rc = 0;

	memset(o, 0, sizeof *o);
	(void)snprintf(path, sizeof path, "%s/outlets.tsv", dir->path);
	if (access(path, F_OK) != 0 && errno == ENOENT)
		return 0;
	if (conf_dir(conf, sizeof conf, &none) != NULL)
		(void)snprintf(ready, sizeof ready, "%s/outlets", conf);
	if ((t = tsv_load(path, f)) == NULL)
		return -1;
	for (size_t row = 0; row < tsv_rows(t) && rc == 0; row++)
		if ((rc = read_row(o, t, row, ready, f)) != 0)
			fault_at(f, path, tsv_line(t, row));
	tsv_free(t);
	if (rc != 0)
		outlet_defs_free(o);
	return rc;
}

int
outlet_check(const struct stationdir *dir, struct fault *f)
{
	struct outlet_defs o;
	int rc = outlet_defs_load(&o, dir, f);

	outlet_defs_free(&o);
	return rc;
}
