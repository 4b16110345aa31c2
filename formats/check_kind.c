/*
 * What each kind of message must hold before it is sent: the rows below, and a function where a row cannot say it.
 *
 * Few things are wanted of each: what makes it useless or misleading when it is not there, and a named person wherever
 * somebody takes or gives up a responsibility.
 */
#include <sysexits.h>
#include "check_part.h"
#include "i18n.h"

static bool says_something(const struct body *);
static int check_report(const struct body *, struct fault *);
static int check_receipt(const struct body *, struct fault *);
static int check_step(const struct body *, struct fault *);
static int check_outside(const struct body *, struct fault *);

/* Kinds a row can say it for: all of `all`, and one of `any` (the first is named when there is none). */
static const struct need {
	int kind;
	uint32_t all[4];
	uint32_t any[4];
} needs[] = {
    {KIND_CALLOUT, {F_OUTCOME}, {F_PERSON, F_PHONE, F_POINT}},
    {KIND_ROLLCALL, {0}, {F_DUE, F_REGARDING}},
    {KIND_ROLLANSWER, {F_REFS, F_PERSON}, {0}},
    {KIND_ZERO, {F_PERIOD_TO, F_PERSON}, {0}},
    {KIND_LOG, {F_TEXT}, {0}},
    {KIND_RESOURCE, {F_RESOURCE_STEP, F_RESOURCE}, {0}},
    {KIND_HAZARD, {F_HAZARD_STEP}, {F_POINT, F_PLACE, F_TITLE}},
    {KIND_NOTE, {0}, {F_TEXT, F_CONCLUSION}},
    {KIND_SERVICE, {F_TOPIC}, {0}},
    {KIND_FEEDBACK, {F_TEXT, F_REFS}, {0}},
    {KIND_CHASE, {F_TEXT}, {F_REFS, F_TOPIC}},
    {KIND_STAFF, {F_DUTY_STEP}, {F_PERSON, F_REGARDING, F_REFS}},
    {KIND_ROSTER, {F_DUTY_STEP}, {F_PERIOD_FROM, F_PERSON, F_REFS}},
    {KIND_EXPLAIN, {F_REFS, F_PERSON}, {F_TEXT, F_CONFIRMED}},
};

static int
check_need(const struct need *n, const struct body *b, struct fault *f)
{
	bool found = n->any[0] == 0;

	for (size_t i = 0; i < 4 && n->all[i] != 0; i++)
		if (check_missing(b, n->all[i], f) == -1)
			return -1;
	for (size_t i = 0; i < 4 && n->any[i] != 0; i++)
		found = found || check_present(b, n->any[i]);
	return found ? 0 : check_missing(b, n->any[0], f);
}

/* Does it say anything besides what every message has? */
static bool
says_something(const struct body *b)
{
	static const uint32_t form[] = {F_STAGE, F_REFS, F_REASON, F_AUTHOR, F_SIGNER, F_CHECKER, F_PRECEDENCE, F_VERSION,
	    F_LEARNED, F_SIGNED_AT, F_TELEPHONED, F_ON_BEHALF, F_SLIP, F_ISSUE_NO};

	for (size_t i = 0; i < b->n; i++) {
		const struct value *v = &b->v[i];
		bool formal = v->field != NULL && (v->field->flags & FF_HEADER) != 0;

		for (size_t k = 0; !formal && k < sizeof(form) / sizeof(form[0]); k++)
			formal = v->key == form[k];
		if (!formal && (v->field == NULL || check_present(b, v->key)))
			return true;
	}
	return false;
}

static int
check_report(const struct body *b, struct fault *f)
{
	int stage = body_enum(b, F_STAGE);

	if (check_missing(b, F_STAGE, f) == -1)
		return -1;
	switch (stage) {
	case STAGE_FIRST:
		if (check_missing(b, F_PLACE, f) == -1 || check_missing(b, F_LEARNED, f) == -1 || check_missing(b, F_TYPE, f) == -1)
			return -1;
		if (!check_present(b, F_TITLE) && !check_present(b, F_BRIEF))
			return fault_set(f, EX_DATAERR, "brief", _("one sentence is needed: title or brief"));
		return 0;
	case STAGE_CORRECTION:
	case STAGE_WITHDRAWAL:
		/* both act on an earlier message; a withdrawal says why */
		if (check_missing(b, F_REFS, f) == -1)
			return -1;
		if (stage == STAGE_WITHDRAWAL)
			return check_missing(b, F_REASON, f);
		if (says_something(b))
			return 0;
		break;
	default:
		break;
	}
	if (!check_present(b, F_BRIEF) && !check_present(b, F_TEXT) && !check_any_figure(b))
		return fault_set(f, EX_DATAERR, "brief", _("nothing new is said: brief, text or a figure is needed"));
	return 0;
}

static int
check_receipt(const struct body *b, struct fault *f)
{
	int act = body_enum(b, F_ACT);

	if (check_missing(b, F_ACT, f) == -1 || check_missing(b, F_REFS, f) == -1)
		return -1;
	if ((act == ACT_SIGNED || act == ACT_TAKEN) && check_missing(b, F_PERSON, f) == -1)
		return -1;
	if (act == ACT_TAKEN && check_missing(b, F_DUE, f) == -1)
		return -1;
	return act == ACT_RETURNED ? check_missing(b, F_REASON, f) : 0;
}

/* A step is a named person's; what takes something back, or away from others' eyes, says why. */
static int
check_step(const struct body *b, struct fault *f)
{
	int step = body_enum(b, F_STEP);

	if (check_missing(b, F_STEP, f) == -1 || check_missing(b, F_PERSON, f) == -1)
		return -1;
	switch (step) {
	case STEP_REOPENED:
		return check_missing(b, F_REASON, f);
	case STEP_MERGED:
	case STEP_ABSORBED:
	case STEP_SPLIT:
		return check_missing(b, F_OTHER, f) == -1 ? -1 : check_missing(b, F_REASON, f);
	case STEP_ADOPTED:
		if (!check_any_figure(b))
			return fault_set(f, EX_DATAERR, "dead", _("which figures are adopted is not said"));
		return 0;
	case STEP_COUNTERSIGNED:
	case STEP_CLOSED:
		return check_missing(b, F_REFS, f);
	case STEP_DESTROYED:
		return check_missing(b, F_REFS, f) == -1 ? -1 : check_missing(b, F_REASON, f);
	case STEP_VERDICT:
		return check_missing(b, F_VERDICT, f) == -1 ? -1 : check_missing(b, F_CONFIRMED, f);
	default:
		return 0;
	}
}

/*
 * What was done over another channel, and what proves it.  A 涉密存根 (channel classified) stands for what must not go
 * through here: when, by what way, under which number, by whom, and nothing else.
 */
static int
check_outside(const struct body *b, struct fault *f)
{
	static const uint32_t stub[] = {F_KIND, F_CHANNEL, F_DONE_AT, F_ROUTE, F_RECEIPT_NO, F_PERSON};
	int channel = body_enum(b, F_CHANNEL), outcome = body_enum(b, F_OUTCOME);

	if (check_missing(b, F_CHANNEL, f) == -1 || check_missing(b, F_DONE_AT, f) == -1 ||
	    check_missing(b, F_PERSON, f) == -1)
		return -1;
	if (channel == CHANNEL_CLASSIFIED) {
		if (check_missing(b, F_ROUTE, f) == -1 || check_missing(b, F_RECEIPT_NO, f) == -1)
			return -1;
		for (size_t i = 0; i < b->n; i++) {
			const struct value *v = &b->v[i];
			bool fine = v->field != NULL && ((v->field->flags & FF_HEADER) != 0 || v->key == F_REFS ||
						    v->key == F_PRECEDENCE || v->key == F_AUTHOR);

			for (size_t k = 0; k < sizeof(stub) / sizeof(stub[0]); k++)
				fine = fine || v->key == stub[k];
			if (!fine)
				return fault_set(f, EX_DATAERR, v->field == NULL ? "" : v->field->name,
				    _("a stub holds time, route, number and handler, and nothing of the contents"));
		}
		return 0;
	}
	if (channel == CHANNEL_SYSTEM && check_missing(b, F_SYSTEM, f) == -1)
		return -1;
	/* a telephone is proven by who answered, the others by a number; a try that reached nobody proves nothing (clock_told.c) */
	if (outcome != 0 && outcome != OUTCOME_REACHED)
		return 0;
	if ((channel == CHANNEL_PHONE || channel == CHANNEL_RADIO) && !check_present(b, F_ANSWERED_BY))
		return check_missing(b, F_ANSWERED_BY, f);
	if ((channel == CHANNEL_SYSTEM || channel == CHANNEL_FAX) && !check_present(b, F_RECEIPT_NO))
		return check_missing(b, F_RECEIPT_NO, f);
	return 0;
}

int
check_kind(const struct body *b, struct fault *f)
{
	int kind = body_enum(b, F_KIND);

	for (size_t i = 0; i < sizeof(needs) / sizeof(needs[0]); i++)
		if (needs[i].kind == kind)
			return check_need(&needs[i], b, f);
	switch (kind) {
	case 0:
		return check_missing(b, F_KIND, f);
	case KIND_REPORT:
		return check_report(b, f);
	case KIND_GRADE:
		/* a grade is a person's */
		if (check_missing(b, F_GRADE, f) == -1)
			return -1;
		if (!check_present(b, F_AUTHOR) && !check_present(b, F_SIGNER) && !check_present(b, F_PERSON))
			return fault_set(f, EX_DATAERR, "signer", _("a grade needs a person: signer or author"));
		return 0;
	case KIND_RECEIPT:
		return check_receipt(b, f);
	case KIND_DIRECTIVE:
		if (!check_present(b, F_TEXT) && !check_present(b, F_TITLE))
			return fault_set(f, EX_DATAERR, "text", _("is missing"));
		return 0;
	case KIND_WARNING:
		if (!check_present(b, F_TITLE) && !check_present(b, F_EVENT_NAME))
			return fault_set(f, EX_DATAERR, "title", _("is missing"));
		return 0;
	case KIND_INTAKE:
		/* taking a call down is never held up: any one word of what and where will do */
		if (!check_present(b, F_TITLE) && !check_present(b, F_BRIEF) && !check_present(b, F_PLACE) && !check_present(b, F_TEXT) &&
		    !check_present(b, F_TYPE))
			return fault_set(
			    f, EX_DATAERR, "brief", _("nothing is written down yet: title, place, type or brief"));
		return 0;
	case KIND_STEP:
		return check_step(b, f);
	case KIND_OUTSIDE:
		return check_outside(b, f);
	case KIND_HANDOVER:
		/* a step of one (enum duty_step), or the record of the whole */
		if (check_present(b, F_DUTY_STEP))
			return 0;
		return check_missing(b, F_OUTGOING, f) == -1 ? -1 : check_missing(b, F_INCOMING, f);
	default:
		return fault_set(f, EX_UNAVAILABLE, "kind", _("the kind %d is not known here"), kind);
	}
}
