/*
 * The list of what each shift tests.  A small table, read when a handover is collected: a changed file counts at once.
 */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include "../formats/conf.h"
#include "../formats/i18n.h"
#include "equipment.h"

static int
take(const struct tsv *t, size_t row, const char *path, struct equipment *v, size_t *n, struct fault *f)
{
	const char *name = tsv_get(t, row, "name"), *en = tsv_get(t, row, "en"), *zh = tsv_get(t, row, "zh"), *why = NULL;
	size_t at = 0;

	while (at < *n && strcmp(v[at].name, name) != 0)
		at++;
	if (strcmp(tsv_get(t, row, "basis"), "-") == 0) {
		if (at < *n) {
			memmove(&v[at], &v[at + 1], (*n - at - 1) * sizeof *v);
			--*n;
		}
		return 0;
	}
	if (*name == '\0' || strlen(name) >= sizeof v->name || strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_") != strlen(name))
		why = _("a name has 1 to 48 of a-z, 0-9, - and _");
	else if (*en == '\0' || strlen(en) >= sizeof v->en || *zh == '\0' || strlen(zh) >= sizeof v->zh)
		why = _("the columns en and zh have 1 to 96 bytes");
	else if (*tsv_get(t, row, "basis") == '\0')
		why = _("a row names its basis");
	else if (at == EQUIPMENT_MAX)
		why = _("too many rows");
	if (why != NULL) {
		(void)fault_set(f, EX_CONFIG, "equipment", "%s", why);
		fault_at(f, path, tsv_line(t, row));
		return -1;
	}
	(void)snprintf(v[at].name, sizeof v[at].name, "%s", name);
	(void)snprintf(v[at].en, sizeof v[at].en, "%s", en);
	(void)snprintf(v[at].zh, sizeof v[at].zh, "%s", zh);
	if (at == *n)
		++*n;
	return 0;
}

int
equipment_load(const char *confdir, struct equipment *v, size_t *n, struct fault *f)
{
	char path[1024];
	int rc = 0;

	*n = 0;
	for (int local = 0; local < 2 && rc == 0; local++) {
		struct tsv *t = NULL;

		if (tsv_open(confdir, "rules/equipment", local == 1, false, path, sizeof path, &t, f) == -1)
			return -1;
		for (size_t i = 0; t != NULL && rc == 0 && i < tsv_rows(t); i++)
			rc = take(t, i, path, v, n, f);
		tsv_free(t);
	}
	return rc;
}
