/*
 * What may be written of the watch, judged before it is stored: the fold passes over what does not count, and whoever typed it must be told
 * so at once.  Nothing here holds up a report, a receipt or a call; it guards the handover itself, which is where responsibility must not slip.
 */
#include <stdlib.h>
#include <sysexits.h>
#include "../formats/i18n.h"
#include "duty_staff.h"
#include "duty_watch_int.h"

/* Somebody who may order it: named, not one of those it is about, and where the register knows him, a leader. */
static int
check_leader(const struct duty *d, const struct body *b, const char *about, struct fault *f)
{
	const char *leader = body_said(b, F_SIGNER) != NULL ? body_said(b, F_SIGNER) : body_said(b, F_DUTY_LEADER);
	const struct staff_person *p;

	if (leader == NULL)
		return fault_set(f, EX_DATAERR, "signer", _("which leader has ordered it is not said"));
	if (about != NULL && strcmp(leader, about) == 0)
		return fault_set(f, EX_DATAERR, "signer", _("nobody orders this for himself: another leader is to be named"));
	p = d->staff != NULL ? staff_find(d->staff, leader) : NULL;
	if (p != NULL && (p->roles & 1u << ROLE_DUTY_LEADER) == 0)
		return fault_set(f, EX_DATAERR, "signer", _("%s is on the register, and is no duty leader there"), leader);
	return 0;
}

static bool
names_hold(const struct body *b, uint32_t key, const char *name)
{
	for (const struct value *v = body_first(b, key); v != NULL; v = body_next(b, v))
		if (strcmp(v->u.text.s, name) == 0)
			return true;
	return false;
}

static bool
stayed(const struct watch *w, const char *name)
{
	for (size_t i = 0; i < w->nstay; i++)
		if (w->stay[i].nin > 0 && has((const char (*)[NAME_MAX_])w->stay[i].in, w->stay[i].nin, name))
			return true;
	return false;
}

/* Does a leader's order in force let the relief begin without this one? */
static bool
let_off(const struct watch *w, const char *name)
{
	return w->nstay > 0 && !stayed(w, name);
}

/* The relief is whom the roster says.  Without one of them only by a leader's word, or when he is known not to come. */
static int
check_begun(const struct duty *d, int64_t now, const struct body *b, struct fault *f)
{
	int64_t due;
	const struct roster_shift *sh = d->roster != NULL ? watch_relief(d->watch, d->roster, now, &due) : NULL;

	if (body_first(b, F_INCOMING) == NULL)
		return fault_set(f, EX_DATAERR, "incoming", _("who takes over is not said, and the roster names nobody"));
	if (body_count(b, F_INCOMING) > WATCH_PEOPLE)
		return fault_set(f, EX_DATAERR, "incoming", _("at most %d persons take over"), WATCH_PEOPLE);
	for (size_t i = 0; sh != NULL && i < sh->nofficer; i++) {
		const char *name = sh->officer[i];

		if (names_hold(b, F_INCOMING, name) || has(sh->unable, sh->nunable, name) || let_off(d->watch, name))
			continue;
		if (body_said(b, F_SIGNER) != NULL && body_said(b, F_REASON) != NULL)
			return check_leader(d, b, NULL, f);
		return fault_set(f, EX_DATAERR, "incoming",
		    _("by the roster %s takes over, too; without him only by a duty leader's order (his name and a reason)"), name);
	}
	return 0;
}

static const struct watch_handover *
under_way(const struct duty *d, const struct body *b, struct fault *f)
{
	const struct watch_handover *h = watch_handover(d->watch);
	struct msgid ref;

	if (h == NULL)
		(void)fault_set(f, EX_DATAERR, "duty_step", _("no handover is under way: begin one first"));
	else if (body_id(b, F_REFS, &ref) && msgid_cmp(&ref, &h->id) != 0) {
		(void)fault_set(f, EX_DATAERR, "refs", _("that handover is over; another one is under way"));
		h = NULL;
	}
	return h;
}

static int
check_item(const struct duty *d, const struct body *b, struct fault *f)
{
	const struct watch_handover *h = under_way(d, b, f);
	const char *owner = body_said(b, F_PERSON);

	if (h == NULL)
		return -1;
	if (body_text(b, F_QUESTION) != NULL)
		return body_said(b, F_ANSWER) != NULL ? 0 : fault_set(f, EX_DATAERR, "answer", _("the answer is not said"));
	if (body_said(b, F_TOPIC) == NULL)
		return fault_set(f, EX_DATAERR, "topic", _("which item is gone through is not said"));
	if (owner != NULL && !has(h->incoming, h->nin, owner))
		return fault_set(f, EX_DATAERR, "person", _("%s does not take over in this handover"), owner);
	return 0;
}

static int
check_sign(const struct duty *d, const struct body *b, struct fault *f)
{
	const struct watch_handover *h = under_way(d, b, f);
	const char *who = body_said(b, F_PERSON);
	int side = body_enum(b, F_SIDE);
	bool out, in;

	if (h == NULL)
		return -1;
	if (who == NULL)
		return fault_set(f, EX_DATAERR, "person", _("who signs is not said"));
	if (side == SIDE_LEADER)
		return 0;
	out = has(h->outgoing, h->nout, who);
	in = has(h->incoming, h->nin, who);
	if (side == 0)
		side = in && !out ? SIDE_IN : out && !in ? SIDE_OUT : SIDE_IN;
	if ((side == SIDE_OUT && !out) || (side == SIDE_IN && !in) || (side != SIDE_OUT && side != SIDE_IN))
		return fault_set(f, EX_DATAERR, "person",
		    side == SIDE_OUT ? _("%s does not hand over in this handover") : _("%s does not take over in this handover"), who);
	if (watch_signed(h, who, side))
		return fault_set(f, EX_DATAERR, "person", _("%s has signed already"), who);
	for (size_t i = 0; side == SIDE_IN && i < h->nask; i++)
		if (!watch_answered(h, h->ask[i]))
			return fault_set(f, EX_DATAERR, "question",
			    _("the read-back questions come before the signature of who takes over: '%s' is not answered rightly yet"), h->ask[i]);
	return 0;
}

static int
check_stay(const struct duty *d, const struct body *b, struct fault *f)
{
	const char *who = body_said(b, F_PERSON);

	if (who == NULL)
		return fault_set(f, EX_DATAERR, "person", _("who stays is not said"));
	if (!watch_on_duty(d->watch, who))
		return fault_set(f, EX_DATAERR, "person", _("%s is not on duty now"), who);
	return check_leader(d, b, who, f);
}

static int
check_abandoned(const struct duty *d, const struct body *b, struct fault *f)
{
	if (under_way(d, b, f) == NULL)
		return -1;
	if (body_said(b, F_PERSON) == NULL)
		return fault_set(f, EX_DATAERR, "person", _("who gives the handover up is not said"));
	if (body_said(b, F_REASON) == NULL)
		return fault_set(f, EX_DATAERR, "reason", _("why the handover is given up is not said"));
	return 0;
}

int
watch_check(const struct duty *d, int64_t now, const struct body *b, struct fault *f)
{
	int kind = body_enum(b, F_KIND), step = body_enum(b, F_DUTY_STEP);

	if (kind == KIND_ROSTER && step == DUTY_STAY)
		return check_stay(d, b, f);
	if (kind == KIND_ROSTER && step == DUTY_SIGN_ON)
		return body_said(b, F_PERSON) != NULL ? 0 : fault_set(f, EX_DATAERR, "person", _("who has come is not said"));
	if (kind != KIND_HANDOVER || step == 0)
		return 0;
	switch (step) {
	case DUTY_HANDOVER_BEGUN:
		return check_begun(d, now, b, f);
	case DUTY_HANDOVER_ITEM:
		return check_item(d, b, f);
	case DUTY_HANDOVER_SIGNED:
		return check_sign(d, b, f);
	case DUTY_HANDOVER_ABANDONED:
		return check_abandoned(d, b, f);
	default:
		return fault_set(f, EX_DATAERR, "duty_step", _("no such step of a handover"));
	}
}
