/*
 * What a body must hold before this station sends it.
 *
 * Two readers: the desk, which shows the first refusal beside the field, and the switch, which lets nothing past that
 * did not go through here.  Bodies from the wire are not judged by it: a relay refuses nothing for its contents.
 *
 * Refused is only what would make the message useless or misleading.  Everything else is a remark, because a first
 * report that waits for a number nobody knows yet is worse than one that says it does not know (DOMAIN 1 and 5).
 */
#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include "check_part.h"
#include "i18n.h"
#include "text.h"
#include "value_part.h"

#define HELD_KEYS (sizeof(((struct check_walk *)0)->held) * 8)
#define WALK_WORDS (sizeof(((struct check_walk *)0)->rows) / 8)

static int check_value(const struct value *, const struct codebook *, struct fault *);

bool
check_present(const struct body *b, uint32_t key)
{
	/* a text of blanks says nothing */
	return body_first(b, key) != NULL && (body_text(b, key) == NULL || body_said(b, key) != NULL);
}

int
check_missing(const struct body *b, uint32_t key, struct fault *f)
{
	if (check_present(b, key))
		return 0;
	return fault_set(f, EX_DATAERR, field_by_key(key)->name, _("is missing"));
}

static int
check_figure(const struct value *v, struct fault *f)
{
	const struct figure *g = &v->u.fig;

	if ((int)g->q < FIG_UNKNOWN || (int)g->q > FIG_ATMOST)
		return fault_set(
		    f, EX_DATAERR, v->field->name, _("the kind of figure %d is not known here"), (int)g->q);
	if (g->n < 0)
		return fault_set(f, EX_DATAERR, v->field->name, _("a count cannot be negative"));
	if (g->source != NULL && (g->source[0] == '\0' || strlen(g->source) > SOURCE_MAX ||
				     !text_clean(g->source, strlen(g->source), false, NULL)))
		return fault_set(f, EX_DATAERR, v->field->name,
		    _("the figure's source is empty, too long or holds a control character"));
	return 0;
}

static int
check_value(const struct value *v, const struct codebook *cb, struct fault *f)
{
	const struct field *fd = v->field;
	size_t len;

	if (fd == NULL)
		return 0;
	switch (fd->type) {
	case FT_TEXT:
		if (v->u.text.len == 0)
			return fault_set(f, EX_DATAERR, fd->name, _("is empty"));
		return value_text_ok(fd, v->u.text.s, v->u.text.len, f);
	case FT_CODE:
		if (strlen(v->u.text.s) != v->u.text.len)
			return fault_set(f, EX_DATAERR, fd->name, _("holds a control character"));
		return value_code_ok(fd, v->u.text.s, cb, f);
	case FT_STATION:
		if (strlen(v->u.text.s) != v->u.text.len || !station_code_valid(v->u.text.s))
			return fault_set(f, EX_DATAERR, fd->name, _("\"%.80s\" is no station code"), v->u.text.s);
		return 0;
	case FT_ENUM:
		if (v->u.num < 1 || v->u.num > ENUM_VALUE_MAX || enum_by_value(fd->arg, (int)v->u.num) == NULL)
			return fault_set(
			    f, EX_DATAERR, fd->name, _("the value %lld is not known here"), (long long)v->u.num);
		return 0;
	case FT_TIME:
		len = v->u.when.text == NULL ? 0 : strlen(v->u.when.text);
		if (len > SOURCE_MAX || (len > 0 && !text_clean(v->u.when.text, len, false, NULL)))
			return fault_set(f, EX_DATAERR, fd->name,
			    _("the original text of the time is too long or holds a control character"));
		return 0;
	case FT_FIGURE:
	case FT_FIGURE2:
	case FT_FIGURE4:
		return check_figure(v, f);
	case FT_MSGID:
		if (!msgid_valid(&v->u.id))
			return fault_set(f, EX_DATAERR, fd->name, _("is no message id"));
		return 0;
	case FT_UINT:
	case FT_BOOL:
		if (v->u.num < 0)
			return fault_set(f, EX_DATAERR, fd->name, _("a count cannot be negative"));
		return 0;
	case FT_GEO:
	case FT_DIGEST:
		return 0;
	}
	return 0;
}

bool
check_any_figure(const struct body *b)
{
	for (size_t i = 0; i < b->n; i++)
		if (b->v[i].field != NULL && field_decimals(b->v[i].field) >= 0)
			return true;
	return false;
}

int
check_body(const struct body *b, const struct codebook *cb, struct fault *f)
{
	size_t run = 0;

	for (size_t i = 0; i < b->n; i++) {
		const struct value *v = &b->v[i];

		if (check_value(v, cb, f) == -1)
			return -1;
		run = i > 0 && v[-1].key == v->key ? run + 1 : 1;
		if (v->field == NULL)
			continue;
		if (run > FIELD_REPEAT_MAX)
			return fault_set(
			    f, EX_DATAERR, v->field->name, _("at most %d values are allowed"), FIELD_REPEAT_MAX);
		if (run > 1 && (v->field->flags & FF_REPEAT) == 0)
			return fault_set(f, EX_DATAERR, v->field->name, _("is given more than once"));
	}
	return check_kind(b, f);
}

/* What a report or an intake should say and may not yet. */
static const uint32_t wanted[] = {F_TYPE, F_PLACE, F_OCCURRED, F_LEARNED, F_GRADE, F_SIGNER};

/* Rows of the table whose absence may be remarked on; of the others something is said only when the body has them. */
static const uint64_t *
missed(void)
{
	static _Thread_local uint64_t rows[WALK_WORDS];
	static _Thread_local bool made;
	const struct field *fd;

	for (size_t i = 0; !made && (fd = field_at(i)) != NULL; i++) {
		bool asked = (fd->flags & FF_CASUALTY) != 0;

		assert(i < WALK_WORDS * 64);
		for (size_t k = 0; k < sizeof(wanted) / sizeof(wanted[0]); k++)
			asked = asked || wanted[k] == fd->key;
		if (asked)
			rows[i / 64] |= UINT64_C(1) << i % 64;
	}
	made = true;
	return rows;
}

void
check_walk_begin(struct check_walk *w, const struct body *b, int64_t now, unsigned kinds)
{
	int kind = body_enum(b, F_KIND);

	*w = (struct check_walk){.b = b,
	    .now = now,
	    .kinds = kinds,
	    .kind = kind,
	    .form = (kind == KIND_REPORT && body_enum(b, F_STAGE) == STAGE_FIRST) || kind == KIND_INTAKE,
	    .injured = body_first(b, F_INJURED) != NULL};
	memcpy(w->rows, missed(), sizeof(w->rows));
	for (size_t i = 0; i < b->n; i++) {
		const struct value *v = &b->v[i];

		if (v->key < HELD_KEYS)
			w->held[v->key / 64] |= UINT64_C(1) << v->key % 64;
		if (v->field != NULL) {
			size_t row = (size_t)(v->field - field_at(0));

			w->rows[row / 64] |= UINT64_C(1) << row % 64;
		}
	}
}

/* The next row of which something may be said; NULL: there is none. */
static const struct field *
walk_row(struct check_walk *w)
{
	for (size_t i = 0; i < WALK_WORDS; i++)
		if (w->rows[i] != 0) {
			size_t bit = (size_t)__builtin_ctzll(w->rows[i]);

			w->rows[i] &= w->rows[i] - 1;
			return field_at(i * 64 + bit);
		}
	return NULL;
}

/* Most fields of the table are in no body: that is seen without looking for them. */
static const struct value *
held(const struct check_walk *w, uint32_t key)
{
	if (key < HELD_KEYS && (w->held[key / 64] >> key % 64 & 1) == 0)
		return NULL;
	return body_first(w->b, key);
}

/* A warning, a roster, a handover and the time somebody is expected at speak of what is to come: that is no slip of the hand. */
static bool
planned(int kind, uint32_t key)
{
	return kind == KIND_WARNING || kind == KIND_ROSTER || kind == KIND_HANDOVER || key == F_ETA;
}

/* The kind of remark the field calls for, in its place of the walk; -1: none.  said: a casualty, not a text, is lacking. */
static int
remark_kind(const struct check_walk *w, const struct field *fd, bool *said)
{
	const struct value *first = held(w, fd->key), *v;

	*said = false;
	if (first != NULL && fd->type == FT_TIME && (fd->flags & FF_DECLARED) != 0 && !planned(w->kind, fd->key))
		for (v = first; v != NULL; v = body_next(w->b, v))
			if (v->u.when.ms > w->now)
				return CHECK_AHEAD;
	if (first != NULL && field_decimals(fd) >= 0)
		for (v = first; v != NULL; v = body_next(w->b, v))
			if (v->u.fig.q == FIG_UNKNOWN)
				return CHECK_UNKNOWN;
	if (w->kind == KIND_REPORT && fd->key == F_SIGNER && !check_present(w->b, F_SIGNER))
		return CHECK_MISSING;
	if (!w->form || first != NULL)
		return -1;
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		if (wanted[i] == fd->key && !(w->kind == KIND_INTAKE && (fd->key == F_SIGNER || fd->key == F_GRADE)))
			return CHECK_MISSING;
	/* "injured, degree not said" answers for both degrees */
	if ((fd->flags & FF_CASUALTY) == 0 || fd->key == F_INJURED ||
	    ((fd->key == F_SERIOUS || fd->key == F_LIGHT) && w->injured))
		return -1;
	*said = true;
	return CHECK_MISSING;
}

bool
check_walk_next(struct check_walk *w, struct check_remark *r)
{
	const struct field *fd;
	const char *label;
	bool said;
	int kind;

	do {
		if ((fd = walk_row(w)) == NULL)
			return false;
	} while ((kind = remark_kind(w, fd, &said)) == -1 || (w->kinds & 1u << kind) == 0);
	if (r == NULL)
		return true;
	/* the Chinese label stands in the table; as a msgid the English one would be ambiguous ("missing": lost, or lacking) */
	label = i18n_zh() ? fd->zh : fd->label;
	r->kind = (enum check_remark_kind)kind;
	r->field = fd;
	if (kind == CHECK_AHEAD)
		(void)snprintf(r->text, sizeof(r->text), i18n_text(N_("%s lies ahead of this station's clock")), label);
	else if (kind == CHECK_UNKNOWN)
		(void)snprintf(r->text, sizeof(r->text), i18n_text(N_("%s is unknown")), label);
	else
		(void)snprintf(
		    r->text, sizeof(r->text), i18n_text(said ? N_("%s is not said (\"?\" when unknown)") : N_("%s is missing")), label);
	return true;
}

bool
check_remark(const struct body *b, int64_t now, size_t i, struct check_remark *r)
{
	struct check_walk w;

	check_walk_begin(&w, b, now, CHECK_ALL_KINDS);
	while (i > 0 && check_walk_next(&w, NULL))
		i--;
	return i == 0 && check_walk_next(&w, r);
}
