/*
 * What the duty book allows to be written (draft_duty()): the register, the roster and its swaps here, the watch, roll calls and zero reports by their own
 * modules' rules.
 *
 * The folds pass over what does not count, so whoever typed it must be told at once, and with the name it collides with.  Nothing here
 * judges a report, an intake or a receipt: a register that is wrong or empty never holds one up.
 */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include "../formats/i18n.h"
#include "../formats/value.h"
#include "duty_roster.h"
#include "duty_staff.h"
#include "duty_watch.h"
#include "station_draft.h"

#define DAY_MS INT64_C(86400000)	/* a longer shift is asked about: there are shifts of 24 hours, and slips of the finger */

/* ---- helpers ---- */

static const char *
step_name(int step)
{
	const struct enum_name *e = enum_by_value("duty_step", step);

	return e == NULL ? "?" : i18n_zh() ? e->zh : _(e->label);
}

static int
missing(struct fault *f, const char *field)
{
	return fault_set(f, EX_DATAERR, field, _("is missing"));
}

static bool
anybody(const struct staff *s)
{
	for (size_t i = 0; i < staff_count(s); i++)
		if (!staff_at(s, i)->left && *staff_at(s, i)->unit == '\0')
			return true;
	return false;
}

/* Who does it is named, and on the register where there is one: a second person nobody knows is none. */
static int
check_author(const struct duty *d, const struct body *b, struct fault *f)
{
	const char *who = body_said(b, F_AUTHOR);

	if (who == NULL)
		return fault_set(f, EX_DATAERR, "author", _("who does it is not said"));
	if (anybody(d->staff) && staff_find(d->staff, who) == NULL)
		return fault_set(f, EX_DATAERR, "author", _("%s is not on the register of this station"), who);
	return 0;
}

static bool
leads(const struct duty *d, const char *name)
{
	const struct staff_person *p = staff_find(d->staff, name);

	return p != NULL && (p->roles & 1u << ROLE_DUTY_LEADER) != 0;
}

/* ---- the register ---- */

struct whose {
	const char *unit, *name;
	const struct staff_person *p;	/* NULL: not on the register */
};

static void
whose(const struct duty *d, const struct body *b, struct whose *w)
{
	const struct value *r = body_first(b, F_REGARDING);

	w->name = body_said(b, F_PERSON) != NULL ? body_said(b, F_PERSON) : "";
	w->unit = r != NULL ? r->u.text.s : "";
	w->p = *w->name != '\0' ? staff_find_at(d->staff, w->unit, w->name) : staff_station(d->staff, w->unit);
}

static int
sort_of(const struct body *b, const struct whose *w)
{
	int of = body_enum(b, F_NUMBER_OF);

	return of != 0 ? of : *w->name != '\0' ? NUMBER_A : NUMBER_DUTY;
}

/* Something one can dial: three digits at least, and what stands between digits. */
static int
check_phone(const struct body *b, struct fault *f)
{
	const char *s = body_said(b, F_PHONE);
	size_t digits = 0;

	if (s == NULL)
		return missing(f, "phone");
	for (const char *p = s; *p != '\0'; p++) {
		if (*p >= '0' && *p <= '9')
			digits++;
		else if (strchr(" -+()#*,.", *p) == NULL && strncmp(p, "转", strlen("转")) != 0 && ((unsigned char)*p & 0xc0) != 0x80)
			return fault_set(f, EX_DATAERR, "phone", _("'%.60s' is no telephone number"), s);
	}
	return digits >= 3 ? 0 : fault_set(f, EX_DATAERR, "phone", _("'%.60s' is no telephone number"), s);
}

static int
check_person(const struct duty *d, const struct body *b, struct fault *f)
{
	const struct staff_number *n;
	struct whose w;

	whose(d, b, &w);
	if (*w.name == '\0' && *w.unit == '\0')
		return missing(f, "person");
	for (const struct value *v = body_first(b, F_BACKUP); v != NULL; v = body_next(b, v))
		if (*w.name != '\0' && strcmp(v->u.text.s, w.name) == 0)
			return fault_set(f, EX_DATAERR, "backup", _("nobody is his own backup"));
	if (body_text(b, F_PHONE) == NULL)
		return 0;
	if (check_phone(b, f) == -1)
		return -1;
	n = staff_number(w.p, sort_of(b, &w));
	if (n != NULL && strcmp(n->phone, body_said(b, F_PHONE)) == 0)
		return 0;
	if (staff_had(d->staff, w.unit, w.name, sort_of(b, &w)))
		return fault_set(f, EX_NOPERM, "phone",
		    _("%s has such a number already: one person proposes another, a second one confirms it"), *w.name != '\0' ? w.name : w.unit);
	return 0;
}

static int
check_left(const struct duty *d, const struct body *b, struct fault *f)
{
	struct whose w;

	whose(d, b, &w);
	if (*w.name == '\0')
		return missing(f, "person");
	if (w.p == NULL)
		return fault_set(f, EX_NOINPUT, "person", _("%s is not on the register of this station"), w.name);
	return check_author(d, b, f);
}

static int
check_number(const struct duty *d, const struct body *b, struct fault *f)
{
	const struct staff_number *n;
	struct whose w;

	whose(d, b, &w);
	if (*w.name == '\0' && *w.unit == '\0')
		return missing(f, "person");
	if (*w.name != '\0' && w.p == NULL)
		return fault_set(f, EX_NOINPUT, "person", _("%s is not on the register of this station"), w.name);
	if (check_phone(b, f) == -1 || check_author(d, b, f) == -1)
		return -1;
	n = staff_number(w.p, sort_of(b, &w));
	if (n != NULL && strcmp(n->phone, body_said(b, F_PHONE)) == 0)
		return fault_set(f, EX_DATAERR, "phone", _("that is the number in force"));
	return 0;
}

static int
check_decision(const struct duty *d, const struct body *b, bool confirmed, struct fault *f)
{
	const struct staff_change *c;
	struct msgid id;

	if (body_count(b, F_REFS) != 1 || !body_id(b, F_REFS, &id))
		return fault_set(f, EX_DATAERR, "refs", _("which change is meant is not said"));
	if ((c = staff_change(d->staff, &id)) == NULL)
		return fault_set(f, EX_NOINPUT, "refs", _("no such change of a number waits"));
	if (check_author(d, b, f) == -1)
		return -1;
	if (confirmed && strcmp(c->by, body_said(b, F_AUTHOR)) == 0)
		return fault_set(f, EX_NOPERM, "author", _("%s has proposed it: another person confirms it"), c->by);
	return 0;
}

static int
check_tried(const struct duty *d, const struct body *b, struct fault *f)
{
	struct whose w;

	whose(d, b, &w);
	if (body_enum(b, F_OUTCOME) == 0)
		return fault_set(f, EX_DATAERR, "outcome", _("what came of it is not said"));
	if (w.p == NULL || w.p->nnumber == 0)
		return fault_set(f, EX_NOINPUT, "person", _("no number of %s is on the register"), *w.name != '\0' ? w.name : w.unit);
	if (body_said(b, F_PHONE) != NULL) {
		for (size_t i = 0; i < w.p->nnumber; i++)
			if (strcmp(w.p->number[i].phone, body_said(b, F_PHONE)) == 0)
				return 0;
		return fault_set(f, EX_NOINPUT, "phone", _("%.48s is no number of %s here"), body_said(b, F_PHONE), *w.name != '\0' ? w.name : w.unit);
	}
	if (body_enum(b, F_NUMBER_OF) != 0 && staff_number(w.p, body_enum(b, F_NUMBER_OF)) == NULL)
		return fault_set(f, EX_NOINPUT, "number_of", _("%s has no number of that sort"), *w.name != '\0' ? w.name : w.unit);
	return 0;
}

static int
staff_check(const struct duty *d, int64_t now, const struct body *b, struct fault *f)
{
	(void)now;
	switch (body_enum(b, F_DUTY_STEP)) {
	case DUTY_PERSON:
		return check_person(d, b, f);
	case DUTY_LEFT:
		return check_left(d, b, f);
	case DUTY_NUMBER:
		return check_number(d, b, f);
	case DUTY_NUMBER_CONFIRMED:
		return check_decision(d, b, true, f);
	case DUTY_NUMBER_DECLINED:
		return check_decision(d, b, false, f);
	default:
		return check_tried(d, b, f);
	}
}

/* ---- the roster ---- */

static const char *
shift_text(const struct roster_shift *s, char *buf, size_t size)
{
	char from[48], to[48];

	(void)snprintf(buf, size, "%s%s%s - %s%s%s", s->name, *s->name != '\0' ? " " : "", time_format(s->from, TIME_DAY, from, sizeof from),
	    time_format(s->to, TIME_DAY, to, sizeof to), s->nofficer > 0 ? " " : "", s->nofficer > 0 ? s->officer[0] : "");
	return buf;
}

/* The shift F_REFS names first (or the other one). */
static const struct roster_shift *
shift_of(const struct duty *d, const struct body *b, size_t which, struct fault *f)
{
	const struct value *v = body_first(b, F_REFS);
	const struct roster_shift *s;

	while (v != NULL && which-- > 0)
		v = body_next(b, v);
	if (v == NULL) {
		(void)fault_set(f, EX_DATAERR, "refs", _("which shift is meant is not said"));
		return NULL;
	}
	if ((s = roster_find(d->roster, &v->u.id)) == NULL)
		(void)fault_set(f, EX_NOINPUT, "refs", _("no such shift is planned"));
	return s;
}

static int
check_shift(const struct duty *d, const struct body *b, struct fault *f)
{
	const struct roster_shift *other;
	const struct value *ref = body_first(b, F_REFS);
	int64_t from, to;
	char text[256];

	if (!body_time(b, F_PERIOD_FROM, &from))
		return missing(f, "period_from");
	if (!body_time(b, F_PERIOD_TO, &to))
		return missing(f, "period_to");
	if (from >= to)
		return fault_set(f, EX_DATAERR, "period_to", _("the shift ends before it begins"));
	if (body_count(b, F_DUTY_LEADER) > 2)
		return fault_set(f, EX_DATAERR, "duty_leader", _("at most %d persons"), 2);
	if (body_count(b, F_DUTY_OFFICER) + body_count(b, F_DUTY_SENIOR) > ROSTER_PEOPLE)
		return fault_set(f, EX_DATAERR, "duty_officer", _("at most %d persons"), ROSTER_PEOPLE);
	if (body_count(b, F_DUTY_OFFICER) + body_count(b, F_DUTY_SENIOR) + body_count(b, F_DUTY_LEADER) == 0)
		return fault_set(f, EX_DATAERR, "duty_officer", _("who is on duty is not said"));
	if (ref != NULL && shift_of(d, b, 0, f) == NULL)
		return -1;
	if ((other = roster_overlap(d->roster, from, to, ref != NULL ? &ref->u.id : NULL)) != NULL)
		return fault_set(f, EX_DATAERR, "period_from", _("overlaps the shift %s"), shift_text(other, text, sizeof text));
	return 0;
}

static int
check_cancelled(const struct duty *d, const struct body *b, struct fault *f)
{
	if (shift_of(d, b, 0, f) == NULL)
		return -1;
	return body_said(b, F_REASON) != NULL ? 0 : missing(f, "reason");
}

static int
check_unable(const struct duty *d, int64_t now, const struct body *b, struct fault *f)
{
	const char *who = body_said(b, F_PERSON);
	const struct roster_shift *s;
	char text[256];

	if (who == NULL)
		return missing(f, "person");
	if (body_first(b, F_REFS) != NULL) {
		if ((s = shift_of(d, b, 0, f)) == NULL)
			return -1;
		return roster_on(s, who) ? 0 : fault_set(f, EX_DATAERR, "person", _("%s is not on the shift %s"), who, shift_text(s, text, sizeof text));
	}
	for (size_t i = 0; (s = roster_at(d->roster, i)) != NULL; i++)
		if (s->to > now && roster_on(s, who))
			return 0;
	return fault_set(f, EX_DATAERR, "person", _("%s is on no shift to come"), who);
}

static int
check_swap(const struct duty *d, int64_t now, const struct body *b, struct fault *f)
{
	const char *from = body_said(b, F_OUTGOING), *to = body_said(b, F_INCOMING), *by = body_said(b, F_AUTHOR);
	const struct roster_shift *s = shift_of(d, b, 0, f), *other;
	char text[256];

	if (s == NULL)
		return -1;
	if (from == NULL || body_count(b, F_OUTGOING) != 1)
		return fault_set(f, EX_DATAERR, "outgoing", _("one person leaves the shift"));
	if (to == NULL || body_count(b, F_INCOMING) != 1)
		return fault_set(f, EX_DATAERR, "incoming", _("one person takes the shift"));
	if (by == NULL)
		return fault_set(f, EX_DATAERR, "author", _("who asks for it is not said"));
	if (strcmp(from, to) == 0)
		return fault_set(f, EX_DATAERR, "incoming", _("nobody swaps with himself"));
	if (s->to <= now)
		return fault_set(f, EX_DATAERR, "refs", _("the shift %s is over"), shift_text(s, text, sizeof text));
	if (!roster_on(s, from))
		return fault_set(f, EX_DATAERR, "outgoing", _("%s is not on the shift %s"), from, shift_text(s, text, sizeof text));
	if (roster_on(s, to))
		return fault_set(f, EX_DATAERR, "incoming", _("%s is on the shift %s already"), to, shift_text(s, text, sizeof text));
	if (body_count(b, F_REFS) > 2)
		return fault_set(f, EX_DATAERR, "refs", _("one shift, and at most one in return"));
	if (body_count(b, F_REFS) == 2) {
		if ((other = shift_of(d, b, 1, f)) == NULL)
			return -1;
		if (!roster_on(other, to))
			return fault_set(f, EX_DATAERR, "incoming", _("%s is not on the shift %s"), to, shift_text(other, text, sizeof text));
		if (roster_on(other, from))
			return fault_set(f, EX_DATAERR, "outgoing", _("%s is on the shift %s already"), from, shift_text(other, text, sizeof text));
	}
	return 0;
}

static const struct roster_swap *
open_swap(const struct duty *d, const struct body *b, struct fault *f)
{
	const struct roster_swap *w = NULL;
	struct msgid id;

	if (body_count(b, F_REFS) != 1 || !body_id(b, F_REFS, &id) || (w = roster_swap(d->roster, &id)) == NULL)
		(void)fault_set(f, EX_NOINPUT, "refs", _("no such swap was asked for"));
	else if (w->declined)
		(void)fault_set(f, EX_DATAERR, "refs", _("%s has declined that swap"), w->declined_by);
	else if (w->in_force)
		(void)fault_set(f, EX_DATAERR, "refs", _("that swap is in force: ask for another one"));
	else
		return w;
	return NULL;
}

static int
check_said(const struct duty *d, const struct body *b, int step, struct fault *f)
{
	const struct roster_swap *w = open_swap(d, b, f);
	const char *who = body_said(b, F_PERSON);
	bool one, two;

	if (w == NULL)
		return -1;
	if (who == NULL)
		return missing(f, "person");
	one = strcmp(who, w->from) == 0;
	two = strcmp(who, w->to) == 0;
	if (step == DUTY_SWAP_CONSENT) {
		if (!one && !two)
			return fault_set(f, EX_NOPERM, "person", _("the swap is between %s and %s"), w->from, w->to);
		if ((one && w->consented[0]) || (two && w->consented[1]))
			return fault_set(f, EX_DATAERR, "person", _("%s has consented already"), who);
		return 0;
	}
	if (step == DUTY_SWAP_DECLINED && (one || two))
		return 0;
	if (one || two)
		return fault_set(f, EX_NOPERM, "person", _("nobody approves a swap of his own"));
	if (!leads(d, who))
		return fault_set(f, EX_NOPERM, "person", _("%s is no duty leader on the register of this station"), who);
	if (step == DUTY_SWAP_APPROVED && (!w->consented[0] || !w->consented[1]))
		return fault_set(f, EX_DATAERR, "refs", _("%s has not consented yet"), !w->consented[0] ? w->from : w->to);
	return 0;
}

static int
roster_check(const struct duty *d, int64_t now, const struct body *b, struct fault *f)
{
	int step = body_enum(b, F_DUTY_STEP);

	switch (step) {
	case DUTY_SHIFT:
		return check_shift(d, b, f);
	case DUTY_SHIFT_CANCELLED:
		return check_cancelled(d, b, f);
	case DUTY_SWAP:
		return check_swap(d, now, b, f);
	case DUTY_SWAP_CONSENT:
	case DUTY_SWAP_APPROVED:
	case DUTY_SWAP_DECLINED:
		return check_said(d, b, step, f);
	case DUTY_UNABLE:
		return check_unable(d, now, b, f);
	default: /* sign-on and stay are the watch's */
		return 0;
	}
}

/* ---- the log, explanations ---- */

static int
log_check(const struct duty *d, int64_t now, const struct body *b, struct fault *f)
{
	(void)d;
	(void)now;
	switch (body_enum(b, F_DUTY_STEP)) {
	case DUTY_LOG_EQUIPMENT:
		if (body_said(b, F_EQUIPMENT) == NULL)
			return missing(f, "equipment");
		return body_enum(b, F_OUTCOME) != 0 ? 0 : fault_set(f, EX_DATAERR, "outcome", _("what came of it is not said"));
	case DUTY_LOG_OPINION:
		return body_said(b, F_PERSON) != NULL ? 0 : fault_set(f, EX_DATAERR, "person", _("whose opinion it is is not said"));
	case DUTY_LOG_MUTE:
		if (body_first(b, F_DUE) == NULL)
			return fault_set(f, EX_DATAERR, "due", _("until when the sound is off is not said"));
		return body_said(b, F_REASON) != NULL ? 0 : missing(f, "reason");
	case DUTY_LOG_CORRECTED:
		return body_first(b, F_REFS) != NULL ? 0 : fault_set(f, EX_DATAERR, "refs", _("which entry is added to is not said"));
	case DUTY_LOG_RULES:
	case DUTY_LOG_OUTLET:
		return fault_set(f, EX_DATAERR, "duty_step", _("%s is said by the switch itself"), step_name(body_enum(b, F_DUTY_STEP)));
	default:
		return 0;
	}
}

/* Bells are never off for longer than the place allows at a time: who wants more comes back, and says why again. */
static int
check_mute(struct draft *d)
{
	int64_t until, hours = rules_number(d->s->conf.rules, NUMBER_MUTE_HOURS);

	if (body_flag(d->b, F_HISTORY) || !body_time(d->b, F_DUE, &until) || until - d->now <= hours * 3600000)
		return 0;
	return fault_set(&d->f, EX_DATAERR, "due", _("the bells may be off for at most %lld h at a time (numbers.tsv mute_hours)"), (long long)hours);
}

/* Whether an explanation is accepted is said of an explanation, by another station than the one that gave it. */
static int
explain_check(struct draft *d)
{
	bool judged = body_first(d->b, F_CONFIRMED) != NULL;

	if (!judged)
		return body_said(d->b, F_TEXT) != NULL ? 0 : missing(&d->f, "text");
	for (const struct value *v = body_first(d->b, F_REFS); v != NULL; v = body_next(d->b, v)) {
		struct journal_msg m;

		if (draft_find(d, &v->u.id, "refs", &m) == -1)
			return -1;
		buf_free(&m.body);
		if (m.kind != KIND_EXPLAIN)
			return draft_refuse(d, EX_DATAERR, "refs", _("that is no explanation"));
		if (strcmp(m.id.origin, d->s->conf.self) == 0)
			return draft_refuse(d, EX_NOPERM, "refs", _("a station does not accept its own explanation"));
	}
	return 0;
}

/* ---- the whole ---- */

/* The rules of each kind, asked of the book: one line a rule.  first, last: the duty steps of the kind, 0: it has none. */
static const struct {
	int kind, first, last;
	int (*check)(const struct duty *, int64_t now, const struct body *, struct fault *);
} rules[] = {
    {KIND_STAFF, DUTY_PERSON, DUTY_NUMBER_TRIED, staff_check},
    {KIND_ROSTER, DUTY_SHIFT, DUTY_UNABLE, roster_check},
    {KIND_ROSTER, DUTY_SHIFT, DUTY_UNABLE, watch_check},
    {KIND_HANDOVER, DUTY_HANDOVER_BEGUN, DUTY_HANDOVER_ABANDONED, watch_check},
    {KIND_LOG, DUTY_LOG_EQUIPMENT, DUTY_LOG_OUTLET, log_check},
};

bool
duty_regards(int kind)
{
	return kind == KIND_STAFF || kind == KIND_ROLLCALL;
}

/* What only the switch says of a chase; a person of this station is not somebody of a unit. */
static void
tidy(struct draft *d)
{
	static const uint32_t ours[] = {F_CHASED, F_RUNG, F_RUNG_TO, F_LATE_BY};
	const struct value *unit = body_first(d->b, F_REGARDING);

	for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++)
		body_unset(d->b, ours[i]);
	if (d->kind == KIND_STAFF && unit != NULL && body_said(d->b, F_PERSON) != NULL && strcmp(unit->u.text.s, d->s->conf.self) == 0)
		body_unset(d->b, F_REGARDING);
}

static int
check_long(struct draft *d)
{
	int64_t from, to;

	if (d->req->confirmed || d->kind != KIND_ROSTER || body_enum(d->b, F_DUTY_STEP) != DUTY_SHIFT ||
	    !body_time(d->b, F_PERIOD_FROM, &from) || !body_time(d->b, F_PERIOD_TO, &to) || to - from <= DAY_MS)
		return 0;
	return draft_refuse(d, EX_DATAERR, "period_to", _("a shift of more than 24 hours: confirm it if it is meant"));
}

int
draft_duty(struct draft *d)
{
	int step = body_enum(d->b, F_DUTY_STEP);
	const struct duty *book = NULL;

	if (d->machine || d->history || d->foreign)
		return 0;
	tidy(d);
	if (handover_complete(d->s, d->now, d->req->realm, d->b, &d->f) == -1) /* what the switch knows of it is not typed */
		return -1;
	if (d->kind == KIND_EXPLAIN)
		return explain_check(d);
	if (d->kind == KIND_ZERO)
		return draft_zero(d);
	if (d->kind == KIND_ROLLCALL || d->kind == KIND_ROLLANSWER)
		return draft_roll(d);
	if ((d->kind == KIND_STAFF || d->kind == KIND_ROSTER) && d->req->realm != REALM_LIVE)
		return draft_refuse(d, EX_DATAERR, "realm", _("register and roster have no exercise"));
	for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
		if (rules[i].kind != d->kind || (step == 0 && d->kind != KIND_STAFF && d->kind != KIND_ROSTER))
			continue;
		if (rules[i].first != 0 && (step < rules[i].first || step > rules[i].last))
			return fault_set(&d->f, EX_DATAERR, "duty_step", _("%s does not belong to this kind of message"), step_name(step));
		if (d->req->realm != REALM_LIVE)
			continue;
		if (book == NULL && (book = station_duty(d->s)) == NULL)
			return draft_refuse(d, EX_IOERR, "", _("the journal cannot be read"));
		if (rules[i].check(book, d->now, d->b, &d->f) == -1)
			return -1;
	}
	if (d->kind == KIND_LOG && step == DUTY_LOG_MUTE && check_mute(d) == -1)
		return -1;
	return check_long(d);
}
