/*
 * PINs in requests: member pins[{person, pin}] of submit and draft_move, and op pin_set.
 *
 * They are looked at before the station sees the request, which learns the names of those who have proven themselves and nothing more.  What was
 * typed is wiped out of the request whatever comes of it, so that nothing behind can log or store it.  A wrong PIN is answered after its count is on
 * disk: no crash gives a try back.
 */
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include "../formats/i18n.h"
#include "../formats/text.h"
#include "../formats/value.h"
#include "desk_int.h"
#include "duty_pin.h"
#include "duty_staff.h"

static void
wipe(json_t *v)
{
	/* jansson hands out const; the bytes are this value's own */
	union {
		const char *c;
		char *p;
	} s = {.c = json_string_value(v)};

	if (s.c != NULL)
		sodium_memzero(s.p, json_string_length(v));
}

void
desk_pins_wipe(const json_t *request)
{
	static const char *const members[] = {"pin", "old", "by_pin"};
	json_t *pins = json_object_get(request, "pins"), *e;
	size_t i;

	json_array_foreach(pins, i, e)
		wipe(json_object_get(e, "pin"));
	if (json_is_array(pins))
		(void)json_array_clear(pins);
	wipe(json_is_string(pins) ? pins : NULL);
	for (i = 0; i < sizeof members / sizeof members[0]; i++)
		wipe(json_object_get(request, members[i]));
}

/* A clean text of one line; NULL + fault. */
static const char *
clean(const json_t *o, const char *member, const char *field, size_t max, struct fault *f)
{
	const json_t *v = json_object_get(o, member);
	size_t len = json_string_length(v), bad;

	if (!json_is_string(v) || len == 0)
		(void)fault_set(f, EX_DATAERR, field, v == NULL || (json_is_string(v) && len == 0) ? _("is missing") : _("must be a text"));
	else if (len > max)
		(void)fault_set(f, EX_DATAERR, field, _("larger than %zu bytes"), max);
	else if (strlen(json_string_value(v)) != len || !text_clean(json_string_value(v), len, false, &bad))
		(void)fault_set(f, EX_DATAERR, field, _("holds control characters"));
	else
		return json_string_value(v);
	return NULL;
}

/* Words are the same for whoever it is and whatever was typed. */
static int
refuse(enum pin_state st, const char *field, const char *person, int64_t left, int64_t until, struct fault *f)
{
	char when[48];

	switch (st) {
	case PIN_WRONG:
		return fault_set(f, EX_NOPERM, field, _("wrong PIN for %s; %d tries left"), person, (int)left);
	case PIN_LOCKED:
		return fault_set(f, EX_TEMPFAIL, field, _("%s is locked out until %s"), person, time_format(until, TIME_CLOCK, when, sizeof when));
	case PIN_FAILED:
		return fault_set(f, EX_IOERR, field, _("the journal cannot be read"));
	default:
		return 0;
	}
}

static int
check_one(struct desk_conn *c, const json_t *e, struct desk_pins *p, bool *later, struct fault *f)
{
	const char *person = clean(e, "person", "pins", sizeof p->name[0] - 1, f), *pin;
	int64_t left, until;
	enum pin_state st;

	if (person == NULL || (pin = clean(e, "pin", "pin", PIN_MAX, f)) == NULL)
		return -1;
	for (size_t i = 0; i < p->n; i++)
		if (strcmp(p->name[i], person) == 0)
			return fault_set(f, EX_DATAERR, "pins", _("%s is named twice"), person);
	st = station_pin_check(c->desk->station, desk_now(c->desk), person, pin, &left, &until);
	*later = st != PIN_RIGHT && st != PIN_NONE;
	if (st == PIN_RIGHT) {
		(void)snprintf(p->name[p->n], sizeof p->name[0], "%s", person);
		p->proven[p->n] = p->name[p->n];
		p->n++;
	}
	return refuse(st, "pin", person, left, until, f);
}

int
desk_pins_check(struct desk_conn *c, const json_t *request, struct desk_pins *p, bool *later, struct fault *f)
{
	const json_t *pins = json_object_get(request, "pins"), *e;
	size_t i;
	int rc = 0;

	p->n = 0;
	*later = false;
	station_pins(c->desk->station, c->desk->dir->pins);
	if (pins == NULL || json_is_null(pins))
		return 0;
	if (!json_is_array(pins))
		rc = fault_set(f, EX_DATAERR, "pins", _("must be a list of persons with their PINs"));
	else if (json_array_size(pins) > DESK_PINS_MAX)
		rc = fault_set(f, EX_DATAERR, "pins", _("at most %d persons"), DESK_PINS_MAX);
	for (i = 0; rc == 0 && i < json_array_size(pins); i++) {
		e = json_array_get(pins, i);
		rc = json_is_object(e) ? check_one(c, e, p, later, f) :
		    fault_set(f, EX_DATAERR, "pins", _("must be a list of persons with their PINs"));
	}
	desk_pins_wipe(request);
	if (rc != 0)
		p->n = 0;
	return rc;
}

/* ---- pin_set ---- */

/* Somebody of the register who may stand for him, and gives his own PIN.  *later: the refusal waits for the commit. */
static int
check_leader(struct desk_conn *c, const char *person, const char *by, const json_t *request, bool *later, struct fault *f)
{
	struct station *s = c->desk->station;
	const char *pin = clean(request, "by_pin", "by_pin", PIN_MAX, f);
	int64_t left, until;
	enum pin_state st;

	if (pin == NULL)
		return -1;
	if (strcmp(by, person) == 0)
		return fault_set(f, EX_NOPERM, "by", _("must be another person than the first"));
	if (!station_pin_voucher(s, person, by))
		return pin_has(station_journal(s), person) ?
		    fault_set(f, EX_NOPERM, "by", _("%s is no duty leader on the register of this station"), by) :
		    fault_set(f, EX_NOPERM, "by", _("%s is neither duty leader nor senior officer on the register of this station"), by);
	st = station_pin_check(s, desk_now(c->desk), by, pin, &left, &until);
	if (st == PIN_RIGHT)
		return 0;
	if (st == PIN_NONE)
		return fault_set(f, EX_NOPERM, "by_pin", _("%s has no PIN: nobody is proven by it"), by);
	*later = true;
	return refuse(st, "by_pin", by, left, until, f);
}

json_t *
desk_op_pin_set(struct desk_conn *c, json_int_t n, const json_t *request, struct fault *f)
{
	struct desk *d = c->desk;
	const char *person = clean(request, "person", "person", 96, f), *pin, *old = "", *by = "";
	bool later = false;
	int rc = -1;

	if (person == NULL || (pin = clean(request, "pin", "pin", PIN_MAX, f)) == NULL ||
	    (json_object_get(request, "old") != NULL && (old = clean(request, "old", "old", PIN_MAX, f)) == NULL) ||
	    (json_object_get(request, "by") != NULL && (by = clean(request, "by", "by", 96, f)) == NULL))
		goto out;
	station_pins(d->station, d->dir->pins);
	if (*by != '\0' && check_leader(c, person, by, request, &later, f) == -1)
		goto out;
	/* from here on a refusal may have counted a try */
	later = true;
	rc = station_pin_set(d->station, desk_now(d), c->seat, person, old, pin, by, f);
out:
	desk_pins_wipe(request);
	if (rc == 0)
		desk_ack_later(d, desk_ticket_new(d, c, n));
	else if (later) {
		station_pin_refuse(d->station, desk_ticket_new(d, c, n), f);
		*f = (struct fault){0};
	}
	return NULL;
}
