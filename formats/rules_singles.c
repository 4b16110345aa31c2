/*
 * Rules that are one number each, and the marks of secrecy that nothing sent from here may bear.
 *
 * Both are small tables read at the start.  A number without its row is refused there, not at the moment it is needed.
 * A mark of secrecy is looked for in every text of a message with blanks and full-width forms taken away: people who
 * write one by habit put blanks in, and one that slips through is on every machine the message passes.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "buf.h"
#include "i18n.h"
#include "rules_part.h"
#include "text.h"

#define NUMBER_MAX 1000000

static const struct {
	enum rule_number which;
	const char *name, *unit;
} numbers[] = {
    {NUMBER_UNSIGNED_NUMBERS, "unsigned_numbers", "number"},
    {NUMBER_UNSIGNED_MINUTES, "unsigned_minutes", "min"},
    {NUMBER_RECALL_SECONDS, "recall_seconds", "s"},
    {NUMBER_ASK_AGAIN_MINUTES, "ask_again_minutes", "min"},
    {NUMBER_SIGNATURE_MINUTES, "signature_minutes", "min"},
    {NUMBER_PIN_TRIES, "pin_tries", "number"},
    {NUMBER_PIN_LOCK_MINUTES, "pin_lock_minutes", "min"},
    {NUMBER_PIN_DIGITS, "pin_digits", "number"},
    {NUMBER_GAP_HOURS, "gap_hours", "h"},
    {NUMBER_RELIEF_MINUTES, "relief_minutes", "min"},
    {NUMBER_HANDOVER_PARENT_MINUTES, "handover_parent_minutes", "min"},
    {NUMBER_STALE_DAYS, "stale_days", "d"},
    {NUMBER_ROLL_RINGS, "roll_rings", "number"},
    {NUMBER_ROLL_MINUTES, "roll_minutes", "min"},
    {NUMBER_ROLL_SHIFT, "roll_shift", "number"},
    {NUMBER_SILENT_MINUTES, "silent_minutes", "min"},
    {NUMBER_SEAT_SECONDS, "seat_seconds", "s"},
    {NUMBER_CHASE_DAYS, "chase_days", "d"},
    {NUMBER_AHEAD_MINUTES, "ahead_minutes", "min"},
    {NUMBER_CLOCK_MINUTES, "clock_minutes", "min"},
    {NUMBER_MUTE_HOURS, "mute_hours", "h"},
    {NUMBER_SWAP_HOURS, "swap_hours", "h"},
};
#define NUMBERS (sizeof(numbers) / sizeof(numbers[0]))

static const char *const number_columns[] = {"name", "number", "unit", "clause", "in_force_since", NULL};
static const char *const mark_columns[] = {"mark", "basis", NULL};

struct rules_singles {
	int64_t number[NUMBERS];
	const char *clause[NUMBERS]; /* NULL: no row yet */
	const char **mark;
	char **squeezed;	/* the marks as they are looked for; "" is none */
	size_t nmark;
};

static void squeeze(const char *text, size_t len, struct buf *out);

static int
number_row(struct rules_singles *s, const struct tsv *t, size_t row, bool seen[NUMBERS], struct fault *f)
{
	const char *name = tsv_get(t, row, "name"), *number = tsv_get(t, row, "number");
	size_t i;

	for (i = 0; i < NUMBERS && strcmp(numbers[i].name, name) != 0; i++)
		;
	if (i == NUMBERS)
		return fault_set(f, EX_CONFIG, "name", _("\"%s\" is not known here"), name);
	if (seen[i])
		return fault_set(f, EX_CONFIG, "name", _("the same rule stands here twice"));
	seen[i] = true;
	if (strcmp(tsv_get(t, row, "unit"), numbers[i].unit) != 0)
		return fault_set(f, EX_CONFIG, "unit", _("the unit of %s is %s"), name, numbers[i].unit);
	if (number[0] == '\0' || strlen(number) > 7 || number[strspn(number, "0123456789")] != '\0' ||
	    (s->number[i] = strtol(number, NULL, 10)) < 1 || s->number[i] > NUMBER_MAX)
		return fault_set(f, EX_CONFIG, "number", _("must be a whole number from %d to %d, not \"%s\""), 1,
		    NUMBER_MAX, number);
	s->clause[i] = tsv_get(t, row, "clause");
	if (!rules_says(s->clause[i]))
		return fault_set(f, EX_CONFIG, "clause", _("a limit must cite its clause"));
	if (!tsv_date(tsv_get(t, row, "in_force_since")))
		return fault_set(f, EX_CONFIG, "in_force_since", _("\"%s\" is no date"), tsv_get(t, row, "in_force_since"));
	return 0;
}

static int
mark_row(struct rules_singles *s, const struct tsv *t, size_t row, struct fault *f)
{
	const char *mark = tsv_get(t, row, "mark");
	struct buf text = {0};

	if (!rules_says(mark))	/* of blanks: it would be found in nothing */
		return fault_set(f, EX_CONFIG, "mark", _("is missing"));
	if (!rules_says(tsv_get(t, row, "basis")))
		return fault_set(f, EX_CONFIG, "basis", _("a mark of secrecy must cite what it rests on"));
	s->mark = xreallocarray(s->mark, s->nmark + 1, sizeof(*s->mark));
	s->squeezed = xreallocarray(s->squeezed, s->nmark + 1, sizeof(*s->squeezed));
	squeeze(mark, strlen(mark), &text);
	s->mark[s->nmark] = mark;
	s->squeezed[s->nmark++] = xstrdup(buf_cstr(&text));
	buf_free(&text);
	return 0;
}

struct rules_singles *
rules_singles_load(struct rules_files *rf, struct fault *f)
{
	const struct rules_source *src[RULES_LAYERS_MAX];
	struct rules_singles *s = xcalloc(1, sizeof(*s));
	size_t n, i = 0, row = 0;

	if (rules_files_table(rf, "numbers", number_columns, src, &n, f) == -1)
		goto fail;
	for (i = 0; i < n; i++) { /* a nearer table's number takes the place of the others */
		bool seen[NUMBERS] = {false};

		for (row = 0; row < tsv_rows(src[i]->t); row++)
			if (number_row(s, src[i]->t, row, seen, f) == -1)
				goto refused;
		for (size_t k = 0; i == 0 && k < NUMBERS; k++)
			if (s->clause[k] == NULL) {
				(void)fault_set(f, EX_CONFIG, "name", _("the row %s is missing"), numbers[k].name);
				fault_at(f, src[0]->path, 0);
				goto fail;
			}
	}
	if (rules_files_table(rf, "classified", mark_columns, src, &n, f) == -1)
		goto fail;
	for (i = 0; i < n; i++)
		for (row = 0; row < tsv_rows(src[i]->t); row++)
			if (mark_row(s, src[i]->t, row, f) == -1)
				goto refused;
	return s;
refused:
	fault_at(f, src[i]->path, tsv_line(src[i]->t, row));
fail:
	rules_singles_free(s);
	return NULL;
}

void
rules_singles_free(struct rules_singles *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < s->nmark; i++)
		free(s->squeezed[i]);
	free(s->squeezed);
	free(s->mark);
	free(s);
}

int64_t
rules_singles_number(const struct rules_singles *s, enum rule_number which, const char **clause)
{
	for (size_t i = 0; i < NUMBERS; i++)
		if (numbers[i].which == which) {
			if (clause != NULL)
				*clause = s->clause[i];
			return s->number[i];
		}
	abort(); /* every name of the enumeration has its line above */
}

const char *
rules_number_name(enum rule_number which)
{
	for (size_t i = 0; i < NUMBERS; i++)
		if (numbers[i].which == which)
			return numbers[i].name;
	return NULL;
}

/* Folded, without blanks of any width: " 机 密 ★" and "机密★" are the same. */
static void
squeeze(const char *text, size_t len, struct buf *out)
{
	char *folded = xmalloc(3 * len + 1), *copy = xstrndup(text, len);
	size_t n = text_fold(copy, folded, 3 * len + 1), k;
	uint32_t cp;

	for (size_t i = 0; i < n; i += k) {
		k = text_decode(folded + i, n - i, &cp);
		if (cp > 0x20 && cp != 0xa0 && cp != 0x3000 && cp != 0xfeff && (cp < 0x2000 || cp > 0x200f))
			buf_put(out, folded + i, k);
	}
	free(folded);
	free(copy);
}

/* Could the text hold the mark?  Its last character stands there as it is, unless that has other forms (an ASCII one);
 * of the marks in use it is the star, which hardly any text has. */
static bool
may_bear(const struct value *v, const char *mark)
{
	size_t n = strlen(mark), at = n;

	while (at > 0 && ((unsigned char)mark[--at] & 0xc0) == 0x80)
		;
	return n > 0 && (n - at == 1 || memmem(v->u.text.s, v->u.text.len, mark + at, n - at) != NULL);
}

const struct field *
rules_singles_mark(const struct rules_singles *s, const struct body *b, const char **mark)
{
	const struct field *found = NULL;

	for (size_t i = 0; found == NULL && i < b->n; i++) {
		const struct value *v = &b->v[i];
		struct buf text = {0};

		if (v->field == NULL || v->field->type != FT_TEXT)
			continue;
		for (size_t k = 0; found == NULL && k < s->nmark; k++) {
			if (!may_bear(v, s->squeezed[k]))
				continue;
			if (text.n == 0)
				squeeze(v->u.text.s, v->u.text.len, &text);
			if (strstr(buf_cstr(&text), s->squeezed[k]) != NULL) {
				found = v->field;
				if (mark != NULL)
					*mark = s->mark[k];
			}
		}
		buf_free(&text);
	}
	return found;
}
