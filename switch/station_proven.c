/*
 * Who must have proven himself by PIN for what a message says (draft_proven()), and what the station does with PINs.
 *
 * The seat is an account many share; the person is a PIN.  Asked of whoever is on this station's register and has one, for what would be another's word
 * otherwise: signing, signing for, taking on, adopting, countersigning, handing over, numbers, swaps, lowering a grade.  Never asked: taking
 * a call down, reporting by telephone, receiving, and anything of somebody who is not on the register or has no PIN: that is taken, and shown as unproven
 * to its readers (no F_PROVEN).  A wrong or missing PIN of a named registered person is the one thing that is refused.
 */
#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include "../formats/i18n.h"
#include "duty_pin.h"
#include "duty_staff.h"
#include "station_order.h"

#define ANY_STEP 0
#define NAMED 3		/* of those who may vouch, in a refusal */

/* What of a message is somebody's own word.  value: of `which` (act, step, duty step), ANY_STEP: all of the kind. */
static const struct word {
	int kind;
	uint32_t which;
	int value;
	uint32_t person;
} words[] = {
    {KIND_REPORT, F_NONE, ANY_STEP, F_SIGNER},
    {KIND_DIRECTIVE, F_NONE, ANY_STEP, F_SIGNER},
    {KIND_WARNING, F_NONE, ANY_STEP, F_SIGNER},
    {KIND_RECEIPT, F_ACT, ACT_SIGNED, F_PERSON},
    {KIND_RECEIPT, F_ACT, ACT_TAKEN, F_PERSON},
    {KIND_STEP, F_STEP, STEP_ADOPTED, F_PERSON},
    {KIND_STEP, F_STEP, STEP_COUNTERSIGNED, F_PERSON},
    {KIND_STEP, F_STEP, STEP_COUNTERSIGNED, F_SIGNER},
    {KIND_HANDOVER, F_DUTY_STEP, DUTY_HANDOVER_SIGNED, F_PERSON},
    {KIND_STAFF, F_DUTY_STEP, DUTY_PERSON, F_AUTHOR},
    {KIND_STAFF, F_DUTY_STEP, DUTY_LEFT, F_AUTHOR},
    {KIND_STAFF, F_DUTY_STEP, DUTY_NUMBER, F_AUTHOR},
    {KIND_STAFF, F_DUTY_STEP, DUTY_NUMBER_CONFIRMED, F_AUTHOR},
    {KIND_STAFF, F_DUTY_STEP, DUTY_NUMBER_DECLINED, F_AUTHOR},
    {KIND_ROSTER, F_DUTY_STEP, DUTY_SWAP, F_AUTHOR},
    {KIND_ROSTER, F_DUTY_STEP, DUTY_SWAP_CONSENT, F_PERSON},
    {KIND_ROSTER, F_DUTY_STEP, DUTY_SWAP_APPROVED, F_PERSON},
    {KIND_ROSTER, F_DUTY_STEP, DUTY_SWAP_DECLINED, F_PERSON},
};

static bool
proven(const char *const *names, size_t n, const char *person)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(names[i], person) == 0)
			return true;
	return false;
}

/* 0: taken; -1: he is on the register, has a PIN, and has not given it. */
static int
ask(struct station *s, const char *const *names, size_t n, const char *person, struct fault *f)
{
	const struct duty *d;

	if (person == NULL || *person == '\0' || s->pins_off || proven(names, n, person) || !pin_has(s->j, person))
		return 0;
	d = station_duty(s);
	if (d == NULL)
		return fault_set(f, EX_IOERR, "pin", _("the journal cannot be read"));
	if (staff_find(d->staff, person) == NULL)
		return 0;
	return fault_set(f, EX_NOPERM, "pin", _("%s has a PIN: it is wanted for this"), person);
}

/* A leader's name beside a grade counts where it is lowered; raising one never waits for anybody. */
static bool
lowers(const struct draft *d)
{
	const struct incident *inc = d->fd.n > 0 ? d->fd.incident : NULL;
	int wanted = body_enum(d->b, F_GRADE), held = inc != NULL ? inc->grade : 0;

	if (body_said(d->b, F_SIGNER) == NULL || body_said(d->b, F_REASON) == NULL)
		return false;
	for (size_t i = 0; inc != NULL && i < inc->ngrades; i++)
		if (strcmp(inc->grades[i].station, d->s->conf.self) == 0 && inc->grades[i].grade != 0 && (held == 0 || inc->grades[i].grade < held))
			held = inc->grades[i].grade;
	return held == 0 || wanted >= held;
}

static int
asked_of(struct draft *d, uint32_t key)
{
	const struct station_submit *r = d->req;
	const char *name = body_said(d->b, key);

	/* Somebody else's signature stands in a report of ours only where it is given here. */
	return ask(d->s, r->proven, r->nproven, name, &d->f);
}

/* Who signs for it, and is on no register of this station: taken, and marked for whoever reads the receipt.  One that names nobody knows nothing. */
static void
mark_unregistered(struct draft *d)
{
	const char *name = body_said(d->b, F_PERSON);
	const struct duty *duty;
	int act = body_enum(d->b, F_ACT);

	if (d->kind != KIND_RECEIPT)
		return;
	body_unset(d->b, F_ON_ROSTER);
	if (name == NULL || d->machine || (act != ACT_SIGNED && act != ACT_TAKEN) || order_proxied(d->b) || (duty = station_duty(d->s)) == NULL)
		return;
	for (size_t i = 0; i < staff_count(duty->staff); i++) {
		const struct staff_person *p = staff_at(duty->staff, i);

		if (p->left || *p->unit != '\0' || *p->name == '\0')
			continue;
		body_set_num(d->b, F_ON_ROSTER, staff_find(duty->staff, name) != NULL);
		return;
	}
}

int
draft_proven(struct draft *d)
{
	const struct station_submit *r = d->req;

	mark_unregistered(d);
	body_unset(d->b, F_PROVEN);
	if (d->machine)
		return 0;
	for (size_t i = 0; i < r->nproven && i < FIELD_REPEAT_MAX; i++)
		body_add_text(d->b, F_PROVEN, r->proven[i], strlen(r->proven[i]));
	if (d->history || d->foreign || d->submitted || body_enum(d->b, F_STAGE) == STAGE_WITHDRAWAL ||
	    (d->kind == KIND_RECEIPT && order_proxied(d->b)))
		return 0;
	if (d->kind == KIND_GRADE)
		return lowers(d) ? asked_of(d, F_SIGNER) : 0;
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (words[i].kind == d->kind && (words[i].value == ANY_STEP || body_enum(d->b, words[i].which) == words[i].value) &&
		    asked_of(d, words[i].person) == -1)
			return -1;
	return 0;
}

int
review_proven(struct station *s, const struct station_review *r, struct fault *f)
{
	if (r->event != DRAFT_PASS && r->event != DRAFT_APPROVE)
		return 0;
	return ask(s, r->proven, r->nproven, r->person, f);
}

/* ---- PINs at a station ---- */

void
station_pins(struct station *s, bool asked)
{
	s->pins_off = !asked;
}

enum pin_state
station_pin_check(struct station *s, int64_t now, const char *person, const char *pin, int64_t *left, int64_t *until)
{
	const struct duty *d;
	enum pin_state st;
	int64_t was_left, was;
	char detail[160];

	*left = *until = 0;
	if (s->pins_off)
		return PIN_NONE;
	if ((d = station_duty(s)) == NULL)
		return PIN_FAILED;
	if (staff_find(d->staff, person) == NULL)
		return PIN_NONE;
	pin_look(s->j, s->conf.rules, now, person, &was_left, &was);
	st = pin_check(s->j, s->conf.rules, now, person, pin, left, until);
	s->wrote = true;
	if (st == PIN_LOCKED && was == 0) {
		(void)snprintf(detail, sizeof detail, "pin locked %.96s", person);
		station_audit(s, now, CHAIN_ADMIN, NULL, detail, s->actor, NULL);
		s->push = true;
	}
	return st;
}

/* roles: 1u << enum duty_role, 0 any. */
static bool
vouches(struct station *s, const struct staff_person *p, const char *person, unsigned roles)
{
	return p != NULL && !p->left && *p->unit == '\0' && *p->name != '\0' && strcmp(p->name, person) != 0 &&
	    (roles == 0 || (p->roles & roles) != 0) && pin_has(s->j, p->name);
}

static size_t
vouchers(struct station *s, const struct staff *st, const char *person, unsigned roles, char *names, size_t size)
{
	size_t n = 0, len = 0;

	for (size_t i = 0; i < staff_count(st); i++) {
		const struct staff_person *p = staff_at(st, i);

		if (!vouches(s, p, person, roles))
			continue;
		if (n++ < NAMED && len + strlen(p->name) + 2 < size)
			len += (size_t)snprintf(names + len, size - len, "%s%s", len > 0 ? " " : "", p->name);
	}
	return n;
}

/* A first one is vouched for by whoever leads the watch; a lost one, which lifts a lock as well, by a leader. */
static unsigned
voucher_roles(struct station *s, const struct staff *st, const char *person)
{
	unsigned roles = 1u << ROLE_DUTY_LEADER;
	char names[1];

	if (pin_has(s->j, person))
		return roles;
	roles |= 1u << ROLE_DUTY_SENIOR;
	return vouchers(s, st, person, roles, names, 0) > 0 ? roles : 0;
}

bool
station_pin_voucher(struct station *s, const char *person, const char *by)
{
	const struct duty *d = station_duty(s);
	const struct staff_person *p = d != NULL ? staff_find(d->staff, by) : NULL;
	unsigned roles = d != NULL ? voucher_roles(s, d->staff, person) : 0;

	return p != NULL && strcmp(by, person) != 0 && (roles == 0 || (p->roles & roles) != 0);
}

bool
station_pin_guarded(struct station *s, const char *person, char *names, size_t size)
{
	const struct duty *d = station_duty(s);

	assert(size > 0);
	names[0] = '\0';
	if (s->pins_off || d == NULL || pin_has(s->j, person))
		return false;
	return vouchers(s, d->staff, person, voucher_roles(s, d->staff, person), names, size) > 0;
}

int
station_pin_set(struct station *s, int64_t now, const char *seat, const char *person, const char *old, const char *pin, const char *by,
    struct fault *f)
{
	const struct duty *d = station_duty(s);
	char detail[256], names[NAMED * 100];

	if (d == NULL)
		return fault_set(f, EX_IOERR, "pin", _("the journal cannot be read"));
	if (staff_find(d->staff, person) == NULL)
		return fault_set(f, EX_NOINPUT, "person", _("%s is not on the register of this station"), person);
	if (*by == '\0' && station_pin_guarded(s, person, names, sizeof names))
		return fault_set(f, EX_NOPERM, "by", _("the first PIN of %s needs the proof of another person who has one (--by): %s"), person, names);
	s->wrote = true;
	if (pin_set(s->j, s->conf.rules, now, person, old, pin, by, f) == -1)
		return -1;
	(void)snprintf(detail, sizeof detail, "pin set %.96s%s%.96s", person, *by != '\0' ? " by " : "", by);
	station_audit(s, now, CHAIN_ADMIN, NULL, detail, seat, NULL);
	s->push = true;
	return 0;
}

void
station_pin_refuse(struct station *s, uint64_t ticket, const struct fault *f)
{
	draft_answer(s, ticket, NULL, false, f);
}
