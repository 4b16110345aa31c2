/*
 * One record as text to be pasted into a form.
 *
 * What a form takes, in which order and how long, is a table; this file fills it.  A value that is too long is cut
 * where a line could be broken, so never within a number, says that it was cut, and is told to the caller: a person
 * must see it before the form is sent.
 */
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "conf.h"
#include "i18n.h"
#include "linebreak.h"
#include "paste.h"
#include "phone.h"
#include "text.h"

#define PARTS_MAX 8 /* fields of one line */
#define MAX_CHARACTERS 100000

enum { FILES = 2 }; /* shipped and local */
enum special { PART_FIELD, PART_UNIT, PART_STAGE, PART_MARK, PART_FIGURES, PART_CODE };

struct part {
	enum special special;
	const struct field *field;
};

struct row {
	const char *profile, *label; /* of the table */
	long order;
	size_t max; /* characters, 0: no bound */
	struct part part[PARTS_MAX];
	size_t parts;
	int file;
};

struct paste {
	struct tsv *table[FILES];
	struct row *row; /* by file (local first), profile as it comes, order */
	size_t n;
};

static const struct {
	const char *name;
	enum special special;
} specials[] = {{"@unit", PART_UNIT}, {"@stage", PART_STAGE}, {"@mark", PART_MARK}, {"@figures", PART_FIGURES},
    {"@code", PART_CODE}};

static int
read_part(const char *name, struct part *p, struct fault *f)
{
	for (size_t i = 0; i < sizeof specials / sizeof specials[0]; i++)
		if (strcmp(specials[i].name, name) == 0) {
			*p = (struct part){.special = specials[i].special};
			return 0;
		}
	*p = (struct part){.special = PART_FIELD, .field = field_by_name(name)};
	return p->field != NULL ? 0 : fault_set(f, EX_CONFIG, "fields", _("\"%s\" is not known here"), name);
}

static int
read_number(const struct tsv *t, size_t i, const char *column, long max, long *out, struct fault *f)
{
	const char *s = tsv_get(t, i, column);
	size_t digits = strspn(s, "0123456789");

	*out = digits > 0 && digits <= 6 && s[digits] == '\0' ? strtol(s, NULL, 10) : -1;
	if (*out < 0 || *out > max)
		return fault_set(
		    f, EX_CONFIG, column, _("must be a whole number from %ld to %ld, not \"%s\""), 0L, max, s);
	return 0;
}

static int
read_row(const struct paste *p, const struct tsv *t, size_t i, int file, struct row *r, struct fault *f)
{
	const char *fields = tsv_get(t, i, "fields");
	char name[64];
	long max;

	*r = (struct row){.profile = tsv_get(t, i, "profile"), .label = tsv_get(t, i, "label"), .file = file};
	if (r->profile[0] == '\0' || r->label[0] == '\0')
		return fault_set(f, EX_CONFIG, r->profile[0] == '\0' ? "profile" : "label", _("must not be empty"));
	if (tsv_get(t, i, "basis")[0] == '\0')
		return fault_set(f, EX_CONFIG, "basis", _("must not be empty"));
	if (read_number(t, i, "order", 999999, &r->order, f) != 0 ||
	    read_number(t, i, "max", MAX_CHARACTERS, &max, f) != 0)
		return -1;
	r->max = (size_t)max;
	for (const char *s = fields;; s++) {
		size_t len = strcspn(s, "+");

		if (len >= sizeof name || r->parts == PARTS_MAX)
			return fault_set(f, EX_CONFIG, "fields", _("at most %d names, joined by +"), PARTS_MAX);
		(void)snprintf(name, sizeof name, "%.*s", (int)len, s);
		if (read_part(name, &r->part[r->parts], f) != 0)
			return -1;
		r->parts++;
		s += len;
		if (*s == '\0')
			break;
	}
	for (size_t k = 0; k < p->n; k++)
		if (p->row[k].file == file && p->row[k].order == r->order && strcmp(p->row[k].profile, r->profile) == 0)
			return fault_set(f, EX_CONFIG, "order", _("the profile has this number twice"));
	return 0;
}

struct paste *
paste_load(const char *confdir, struct fault *f)
{
	struct paste *p = xcalloc(1, sizeof *p);
	struct fault unread = {0};
	char path[PATH_MAX];

	if (f == NULL)
		f = &unread;
	for (int file = FILES - 1; file >= 0; file--) {
		struct tsv *t;
		struct row r;

		if (tsv_open(confdir, "rules/paste", file == 1, true, path, sizeof path, &p->table[file], f) == -1)
			goto fail;
		t = p->table[file];
		for (size_t i = 0; t != NULL && i < tsv_rows(t); i++) {
			size_t at;
			bool replaced = false;

			if (read_row(p, t, i, file, &r, f) != 0) {
				fault_at(f, path, tsv_line(t, i));
				goto fail;
			}
			for (size_t k = 0; k < p->n && !replaced; k++)
				replaced = p->row[k].file > file && strcmp(p->row[k].profile, r.profile) == 0;
			if (replaced)
				continue;
			p->row = xreallocarray(p->row, p->n + 1, sizeof *p->row);
			for (at = p->n++;
			     at > 0 && p->row[at - 1].file == file && strcmp(p->row[at - 1].profile, r.profile) == 0 &&
			     p->row[at - 1].order > r.order;
			     at--)
				p->row[at] = p->row[at - 1];
			p->row[at] = r;
		}
	}
	if (p->n == 0) {
		(void)fault_set(f, EX_CONFIG, "profile", _("the table holds no form"));
		fault_at(f, path, 0);
		goto fail;
	}
	return p;
fail:
	paste_free(p);
	return NULL;
}

void
paste_free(struct paste *p)
{
	if (p == NULL)
		return;
	for (int i = 0; i < FILES; i++)
		tsv_free(p->table[i]);
	free(p->row);
	free(p);
}

const char *
paste_profile_at(const struct paste *p, size_t i)
{
	size_t seen = 0;

	for (size_t k = 0; k < p->n; k++) {
		bool first = true;

		for (size_t j = 0; j < k && first; j++)
			first = strcmp(p->row[j].profile, p->row[k].profile) != 0;
		if (first && seen++ == i)
			return p->row[k].profile;
	}
	return NULL;
}

/* ---- one line ---- */

static void
put_marks(struct buf *out, const struct body *b, const struct text_env *e)
{
	int stage = body_enum(b, F_STAGE);

	if (text_exercise(b, e))
		buf_puts(out, text_say(e, "【演练】", "[EXERCISE]"));
	if (stage == STAGE_CORRECTION)
		buf_puts(out, text_say(e, "【更正】", "[CORRECTION]"));
	if (stage == STAGE_WITHDRAWAL)
		buf_puts(out, text_say(e, "【撤回】", "[WITHDRAWN]"));
	if (body_flag(b, F_UNSIGNED))
		buf_puts(out, text_say(e, "【先报后签】", "[SENT BEFORE SIGNATURE]"));
	else if (text_unsigned(b))
		buf_puts(out, text_say(e, "【未签发】", "[NOT SIGNED]"));
}

static void
put_stage(struct buf *out, const struct body *b, const struct text_env *e)
{
	char stage[64];
	int64_t n;

	buf_puts(out, text_enum(b, F_STAGE, e, stage, sizeof stage));
	if (body_num(b, F_VERSION, &n))
		buf_printf(out, text_say(e, "(第%" PRId64 "报)", " (no. %" PRId64 ")"), n);
}

static void
put_field(struct buf *out, const struct body *b, const struct field *f, bool label, const struct text_env *e)
{
	const struct value *v = body_first(b, f->key);

	if (v == NULL)
		return;
	if (out->n > 0)
		buf_puts(out, text_say(e, "，", ", "));
	if (field_decimals(f) >= 0) {
		(void)figuretext(out, b, f->key, label, FIGURES_FULL, e);
		return;
	}
	for (bool first = true; v != NULL; v = body_next(b, v), first = false) {
		buf_puts(out, first ? "" : text_say(e, "、", ", "));
		text_value(out, v, e);
	}
}

static void
put_part(struct buf *out, const struct body *b, const struct row *r, const struct part *p, const struct text_env *e)
{
	char text[256];

	switch (p->special) {
	case PART_UNIT:
		buf_puts(out, text_unit(b, e, text, sizeof text));
		break;
	case PART_STAGE:
		put_stage(out, b, e);
		break;
	case PART_MARK:
		put_marks(out, b, e);
		break;
	case PART_FIGURES:
		(void)figuretext_all(out, b, FIGURES_FULL, e);
		break;
	case PART_CODE:
		phone_code(b, text);
		buf_puts(out, text);
		break;
	case PART_FIELD:
		/* of several figures on one line each says which it is */
		put_field(out, b, p->field, r->parts > 1, e);
		break;
	}
}

static size_t
characters(const char *s, size_t len)
{
	size_t count = 0, n;
	uint32_t cp;

	for (size_t i = 0; i < len; i += n, count++)
		n = text_decode(s + i, len - i, &cp);
	return count;
}

/* Bytes of the longest beginning of at most `max` characters that ends where a line could. */
static size_t
fitting(const char *s, size_t len, size_t max)
{
	size_t at = 0, n, used = 0, size;

	while (at < len) {
		n = linebreak_next(s + at, len - at);
		size = characters(s + at, n);
		if (used + size > max)
			break;
		at += n;
		used += size;
	}
	return at;
}

static void
put_bounded(struct buf *out, const struct row *r, struct buf *value, const struct text_env *e, struct buf *cut)
{
	const char *mark = text_say(e, "[略]", "[cut]"), *s = buf_cstr(value);
	size_t all = characters(s, value->n), room = characters(mark, strlen(mark)), n;

	if (r->max == 0 || all <= r->max) {
		buf_put(out, value->p, value->n);
		return;
	}
	n = fitting(s, value->n, r->max > room ? r->max - room : r->max);
	buf_put(out, s, n);
	buf_puts(out, r->max > room ? mark : "");
	if (cut != NULL) {
		buf_printf(cut, text_say(e, "%s:%zu字只放下%zu字", "%s: of %zu characters %zu fit"), r->label, all,
		    characters(s, n));
		buf_puts(cut, "\n");
	}
}

int
paste_write(const struct paste *p, const char *profile, const struct body *b, const struct text_env *e, struct buf *out,
    struct buf *cut, struct fault *f)
{
	struct buf value = {0};
	bool found = false;

	if (profile == NULL)
		profile = paste_profile_at(p, 0);
	for (size_t i = 0; i < p->n; i++) {
		const struct row *r = &p->row[i];

		if (strcmp(r->profile, profile) != 0)
			continue;
		found = true;
		buf_clear(&value);
		for (size_t k = 0; k < r->parts; k++)
			put_part(&value, b, r, &r->part[k], e);
		buf_printf(out, "%s:", r->label);
		put_bounded(out, r, &value, e, cut);
		buf_puts(out, "\n");
	}
	buf_free(&value);
	return found ? 0 : fault_set(f, EX_USAGE, "profile", _("paste.tsv has no form \"%s\""), profile);
}
