/*
 * What a body must hold before this station sends it.
 *
 * Two readers: the desk, which shows the first refusal beside the field, and the switch, which lets nothing past that
 * did not go through here.  Bodies from the wire are not judged by it: a relay refuses nothing for its contents.
 *
 * Refused is only what would make the message useless or misleading.  Everything else is a remark, because a first
 * report that waits for a number nobody knows yet is worse than one that says it does not know (DOMAIN 1 and 5).
 */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include "check_part.h"
#include "i18n.h"
#include "text.h"
#include "value_part.h"

static int check_value(const struct value *, const struct codebook *, struct fault *);

int
check_missing(const struct body *b, uint32_t key, struct fault *f)
{
	/* a text of blanks says nothing */
	if (body_first(b, key) != NULL && (body_text(b, key) == NULL || body_said(b, key) != NULL))
		return 0;
	return fault_set(f, EX_DATAERR, field_by_key(key)->name, _("is missing"));
}

bool
check_present(const struct body *b, uint32_t key)
{
	return check_missing(b, key, NULL) == 0;
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

/* Fills r when the field, in its place of the walk, calls for a remark. */
static bool
remark_on(const struct body *b, const struct field *fd, int64_t now, struct check_remark *r)
{
	int kind = body_enum(b, F_KIND), stage = body_enum(b, F_STAGE);
	bool form = (kind == KIND_REPORT && stage == STAGE_FIRST) || kind == KIND_INTAKE;
	/* the Chinese label stands in the table; as a msgid the English one would be ambiguous ("missing": lost, or lacking) */
	const char *label = i18n_zh() ? fd->zh : fd->label;
	const struct value *v;

	r->field = fd;
	if (fd->type == FT_TIME && (fd->flags & FF_DECLARED) != 0 && kind != KIND_WARNING)
		for (v = body_first(b, fd->key); v != NULL; v = body_next(b, v))
			if (v->u.when.ms > now) {
				r->kind = CHECK_AHEAD;
				(void)snprintf(
				    r->text, sizeof(r->text), _("%s lies ahead of this station's clock"), label);
				return true;
			}
	if (field_decimals(fd) >= 0)
		for (v = body_first(b, fd->key); v != NULL; v = body_next(b, v))
			if (v->u.fig.q == FIG_UNKNOWN) {
				r->kind = CHECK_UNKNOWN;
				(void)snprintf(r->text, sizeof(r->text), _("%s is unknown"), label);
				return true;
			}
	if (kind == KIND_REPORT && fd->key == F_SIGNER && !check_present(b, F_SIGNER)) {
		r->kind = CHECK_MISSING;
		(void)snprintf(r->text, sizeof(r->text), _("%s is missing"), label);
		return true;
	}
	if (!form || body_first(b, fd->key) != NULL)
		return false;
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		if (wanted[i] == fd->key && !(kind == KIND_INTAKE && (fd->key == F_SIGNER || fd->key == F_GRADE))) {
			r->kind = CHECK_MISSING;
			(void)snprintf(r->text, sizeof(r->text), _("%s is missing"), label);
			return true;
		}
	/* "injured, degree not said" answers for both degrees */
	if ((fd->flags & FF_CASUALTY) == 0 || fd->key == F_INJURED ||
	    ((fd->key == F_SERIOUS || fd->key == F_LIGHT) && body_first(b, F_INJURED) != NULL))
		return false;
	r->kind = CHECK_MISSING;
	(void)snprintf(r->text, sizeof(r->text), _("%s is not said (\"?\" when unknown)"), label);
	return true;
}

bool
check_remark(const struct body *b, int64_t now, size_t i, struct check_remark *r)
{
	const struct field *fd;

	for (size_t k = 0; (fd = field_at(k)) != NULL; k++)
		if (remark_on(b, fd, now, r) && i-- == 0)
			return true;
	return false;
}
