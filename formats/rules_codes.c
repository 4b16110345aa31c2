/*
 * Places and event codes of the rules that the codebooks do not know: a row for one of them can never count, and looks as if it did.
 *
 * A codebook may hold some provinces only.  Of places in a province it does not hold nothing is known, as long as there is such a province.
 */
#include <stdio.h>
#include <string.h>
#include "codebook.h"
#include "i18n.h"
#include "rules_part.h"

/* GB/T 2260, the first two digits. */
static const char provinces[] = "11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65 71 81 82";

static bool
no_division(const struct codebook *cb, const char *place)
{
	char province[8];

	if (strcmp(place, "*") == 0 || codebook_division(cb, place) != NULL)
		return false;
	if (place[0] < '0' || place[0] > '9')
		return true;	/* private codes stand in divisions.local.tsv */
	(void)snprintf(province, sizeof(province), "%.2s0000", place);
	if (codebook_division(cb, province) != NULL)
		return true;
	province[2] = '\0';
	return strstr(provinces, province) == NULL;
}

/* Rows name the beginning of a code. */
static bool
no_event(const struct codebook *cb, const char *code)
{
	const struct code_entry *e;
	const char *colon = strchr(code, ':');
	size_t scheme = colon != NULL ? (size_t)(colon - code) : 0;

	if (strcmp(code, "*") == 0 || colon == NULL)
		return false;
	for (size_t i = 0; (e = codebook_event_at(cb, i)) != NULL; i++)
		if (strlen(e->scheme) == scheme && strncmp(e->scheme, code, scheme) == 0 && strncmp(e->code, colon + 1, strlen(colon + 1)) == 0)
			return false;
	return true;
}

void
rules_remarks_codes(const struct rules *r, const struct codebook *cb, rules_remark_fn fn, void *ctx)
{
	struct rules_telling t = {.fn = fn, .ctx = ctx};
	struct deadline d;
	struct zero_hour z;

	for (size_t i = 0; rules_deadline_at(r, i, &d); i++) {
		if (no_division(cb, d.place))
			rules_say(&t, d.file, d.line, _("%s: the codebook knows no division %s"), d.id, d.place);
		if (no_event(cb, d.code))
			rules_say(&t, d.file, d.line, _("%s: no event of the codebook begins with %s, the rule can never count"), d.id, d.code);
	}
	for (size_t i = 0; rules_zero_at(r, i, &z); i++)
		if (no_division(cb, z.place))
			rules_say(&t, z.file, z.line, _("%s: the codebook knows no division %s"), _("zero report"), z.place);
}
