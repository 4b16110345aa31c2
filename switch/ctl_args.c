/*
 * dutyctl's options.  An option is --name VALUE or --name=VALUE; a value may begin with anything ("-3" is for the
 * field's parser to refuse, with the field's name).  The rows of the field table are options by their JSON names.
 * An option that is not known, lacks its value or stands twice is EX_USAGE and named; nothing is guessed.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "../formats/buf.h"
#include "../formats/conf.h"
#include "../formats/i18n.h"
#include "../formats/value.h"
#include "ctl.h"
#include "station.h"

/* --caller-phone is --caller_phone: options are typed with hyphens, JSON names are not. */
static const struct field *
field_find(const char *name)
{
	char copy[64];
	size_t i;

	for (i = 0; name[i] != '\0' && i < sizeof copy - 1; i++)
		copy[i] = name[i] == '-' ? '_' : name[i];
	copy[i] = '\0';
	return field_by_name(copy);
}

static const struct ctl_option *
option_find(const struct ctl_option *known, const char *name)
{
	for (; known != NULL && known->name != NULL; known++)
		if (strcmp(known->name, name) == 0)
			return known;
	return NULL;
}

static bool
given_before(const struct ctl_args *a, const char *name)
{
	for (size_t i = 0; i < a->ngiven; i++)
		if (strcmp(a->given[i].name, name) == 0)
			return true;
	return false;
}

/* One option; *used is how many words it took. */
static int
parse_option(struct ctl_args *a, const struct ctl_option *known, bool fields, int left, char *const *argv, int *used,
    struct fault *f)
{
	char name[64];
	const char *word = argv[0] + 2, *eq = strchr(word, '='), *value = NULL;
	size_t len = eq != NULL ? (size_t)(eq - word) : strlen(word);
	const struct ctl_option *o;
	const struct field *field = NULL;
	bool wants, repeats;

	*used = 1;
	if (len == 0 || len >= sizeof name)
		return fault_set(f, EX_USAGE, "", _("unknown option %.40s"), argv[0]);
	memcpy(name, word, len);
	name[len] = '\0';
	if (eq == NULL && (strcmp(name, "json") == 0 || strcmp(name, "help") == 0)) {
		if (name[0] == 'j')
			a->json = true;
		else
			a->help = true;
		return 0;
	}
	if ((o = option_find(known, name)) != NULL) {
		wants = o->value;
		repeats = o->repeats;
		a->given[a->ngiven].name = o->name;
	} else if (fields && (field = field_find(name)) != NULL) {
		if ((field->flags & FF_HEADER) != 0)
			return fault_set(f, EX_USAGE, field->name, _("is filled in by the switch"));
		wants = true;
		repeats = (field->flags & FF_REPEAT) != 0;
		a->given[a->ngiven].name = field->name;
	} else
		return fault_set(f, EX_USAGE, "", _("unknown option --%s"), name);
	if (!repeats && given_before(a, a->given[a->ngiven].name))
		return fault_set(f, EX_USAGE, name, _("given twice"));
	if (wants && eq != NULL)
		value = eq + 1;
	else if (wants) {
		if (left < 2)
			return fault_set(f, EX_USAGE, name, _("needs a value"));
		value = argv[1];
		*used = 2;
	} else if (eq != NULL)
		return fault_set(f, EX_USAGE, name, _("takes no value"));
	a->given[a->ngiven].value = value;
	a->given[a->ngiven].field = field;
	a->ngiven++;
	return 0;
}

int
ctl_args_parse(
    struct ctl_args *a, const struct ctl_option *known, bool fields, int argc, char *const *argv, struct fault *f)
{
	bool words_only = false;
	int used;

	memset(a, 0, sizeof *a);
	a->given = xcalloc((size_t)argc + 1, sizeof *a->given);
	a->word = xcalloc((size_t)argc + 1, sizeof *a->word);
	for (int i = 0; i < argc; i += used) {
		used = 1;
		if (words_only || argv[i][0] != '-' || argv[i][1] == '\0')
			a->word[a->nword++] = argv[i];
		else if (strcmp(argv[i], "--") == 0)
			words_only = true;
		else if (strcmp(argv[i], "-h") == 0)
			a->help = true;
		else if (argv[i][1] != '-')
			return fault_set(f, EX_USAGE, "", _("unknown option %.40s"), argv[i]);
		else if (parse_option(a, known, fields, argc - i, argv + i, &used, f) != 0)
			return -1;
	}
	return 0;
}

void
ctl_args_free(struct ctl_args *a)
{
	free(a->given);
	free(a->word);
	memset(a, 0, sizeof *a);
}

const char *
ctl_arg(const struct ctl_args *a, const char *name)
{
	for (size_t i = 0; i < a->ngiven; i++)
		if (a->given[i].field == NULL && a->given[i].value != NULL && strcmp(a->given[i].name, name) == 0)
			return a->given[i].value;
	return NULL;
}

bool
ctl_flag(const struct ctl_args *a, const char *name)
{
	for (size_t i = 0; i < a->ngiven; i++)
		if (a->given[i].field == NULL && a->given[i].value == NULL && strcmp(a->given[i].name, name) == 0)
			return true;
	return false;
}

int
ctl_arg_num(const struct ctl_args *a, const char *name, long min, long max, long *out, struct fault *f)
{
	const char *s = ctl_arg(a, name);
	char *end;
	long n;

	if (s == NULL)
		return 0;
	errno = 0;
	n = strtol(s, &end, 10);
	if (errno != 0 || end == s || *end != '\0' || s[0] < '0' || s[0] > '9' || n < min || n > max)
		return fault_set(f, EX_USAGE, name, _("must be a number from %ld to %ld"), min, max);
	*out = n;
	return 0;
}

int
ctl_arg_realm(const struct ctl_args *a, int *out, struct fault *f)
{
	const char *s = ctl_arg(a, "realm");

	if (s == NULL)
		return 0;
	if (strcmp(s, "live") == 0)
		*out = REALM_LIVE;
	else if (strcmp(s, "exercise") == 0)
		*out = REALM_EXERCISE;
	else
		return fault_set(f, EX_DATAERR, "realm", _("must be live or exercise"));
	return 0;
}

int
ctl_args_body(const struct ctl_args *a, struct body *b, const struct codebook *cb, int64_t now, struct fault *f)
{
	for (size_t i = 0; i < a->ngiven; i++)
		if (a->given[i].field != NULL && value_parse(b, a->given[i].field, a->given[i].value, cb, now, f) != 0)
			return -1;
	return 0;
}

int
ctl_stations(struct body *b, uint32_t key, const char *list, struct fault *f)
{
	const char *field = field_by_key(key)->name;

	for (;;) {
		size_t len = strcspn(list, ",");
		char code[STATION_MAX];

		if (len == 0 || len >= sizeof code)
			return fault_set(f, EX_DATAERR, field,
			    len == 0 ? _("empty station code") : _("no station code: %.60s"), list);
		memcpy(code, list, len);
		code[len] = '\0';
		if (!station_code_valid(code))
			return fault_set(f, EX_DATAERR, field, strncmp(code, "ext:", 4) == 0 ?
			    _("%.60s is no station but a system outside: name it by --system of dutyctl outside") : _("no station code: %.60s"), code);
		for (const struct value *v = body_first(b, key); v != NULL; v = body_next(b, v))
			if (strcmp(v->u.text.s, code) == 0)
				return fault_set(f, EX_DATAERR, field, _("named twice: %s"), code);
		body_add_text(b, key, code, len);
		if (list[len] == '\0')
			return 0;
		list += len + 1;
	}
}

int
ctl_station_known(const char *code, const struct codebook *cb, const char *field, struct fault *f)
{
	struct fault ignored = { 0 };
	char place[STATION_MAX], dir[512];
	size_t len;

	if (!station_code_valid(code))
		return fault_set(f, EX_DATAERR, field,
		    _("no station code: %.60s (6, 9 or 12 digits, with -organ for an organ, or a private code: a "
		      "letter, then a-z 0-9 -)"),
		    code);
	if (code[0] < '0' || code[0] > '9')
		return 0;
	len = strcspn(code, "-");
	memcpy(place, code, len);
	place[len] = '\0';
	if (codebook_division(cb, place) == NULL)
		/* the folder in use: installed it is another than in the source tree */
		return fault_set(f, EX_NOHOST, field, _("unknown division %s; add it to %s/codebooks/divisions.local.tsv"),
		    place, conf_dir(dir, sizeof dir, &ignored) != NULL ? dir : "conf");
	return 0;
}
