/*
 * What this station takes at the moment, and whom it answers for: room on the disk by precedence, a neighbour's share of what cannot
 * be read, and whether anybody sits at the desk.
 *
 * A refusal is always explicit and for now: people are told to try again, a neighbour keeps its parcel and offers it again.  What
 * frees space, and what only tells of arrival, is taken longest.  A station that another's machine hosts has received something
 * when somebody is there to see it: until then the 送达 of what arrives waits, in the journal, so that a restart forgets none.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "../formats/i18n.h"
#include "log.h"
#include "station_int.h"

#define ATTENDED_DEFAULT 900000
#define DAY ((int64_t)24 * 3600 * 1000)
#define BAD_INPUTS 10000		/* a day and neighbour */
#define BAD_BYTES (64u << 20)

/* ---- room ---- */

void
station_room(struct station *s, int64_t now, int lowest)
{
	char text[160];
	const struct enum_name *e = enum_by_value("precedence", lowest);

	s->last_now = now;
	if (lowest == s->room)
		return;
	log_event(lowest < s->room ? LOG_LV_ERROR : LOG_LV_INFO, "room", "station=%s was=%d lowest=%d", s->conf.self, s->room,
	    lowest);
	if (lowest < s->room) {
		if (e != NULL)
			snprintf(text, sizeof text, _("the disk fills: nothing less urgent than %s is taken any more"), _(e->label));
		else
			snprintf(text, sizeof text, "%s", _("the disk is full: nothing is taken any more"));
		s->ops->alarm(s->ctx, "disk", text);
	}
	s->room = lowest;
	s->push = true;
}

int
station_room_lowest(const struct station *s)
{
	return s->room;
}

/* Receipts go as long as anything does: they are small, they spare repetitions, and without them what is most urgent would show as not
 * arrived.  What the switches tell each other goes one step further. */
bool
room_takes(const struct station *s, int kind, int precedence)
{
	if (kind == KIND_RECEIPT)
		precedence = PREC_FLASH;
	else if (kind == KIND_SERVICE && precedence > PREC_FLASH)
		precedence--;
	return s->room >= precedence;
}

bool
station_refused_for_room(const struct station *s, const struct body *b, struct fault *f)
{
	if (room_takes(s, body_enum(b, F_KIND), original_speaks(b) ? PREC_ROUTINE : rules_precedence(s->conf.rules, b)))
		return false;
	fault_set(f, EX_TEMPFAIL, "", _("the disk has no room for this now; nothing was kept of it: send it again later, the same "
		"request is taken once (and tell the administrator)"));
	return true;
}

/* ---- what cannot be read ---- */

bool
room_quarantine(struct station *s, int64_t now, struct slink *l, size_t len)
{
	int64_t day = now / DAY;
	char text[STATION_MAX + 96];

	if (l->bad_day != day) {
		if (l->bad_n > BAD_INPUTS || l->bad_bytes > BAD_BYTES)
			log_event(LOG_LV_WARN, "quarantine", "peer=%s inputs=%" PRIu64 " bytes=%" PRIu64 " why=\"that day's\"",
			    l->n.station, l->bad_n, l->bad_bytes);
		l->bad_day = day;
		l->bad_n = l->bad_bytes = 0;
		l->bad_told = false;
	}
	l->bad_n++;
	l->bad_bytes += len;
	if (l->bad_n <= BAD_INPUTS && l->bad_bytes <= BAD_BYTES)
		return true;
	if (!l->bad_told) {
		snprintf(text, sizeof text, _("%s sends too much that cannot be taken: refused until tomorrow"), l->n.station);
		log_event(LOG_LV_ERROR, "quarantine", "peer=%s why=\"its share of the day is used up\"", l->n.station);
		s->ops->alarm(s->ctx, "quarantine", text);
		l->bad_told = true;
	}
	return false;
}

/* ---- the seat ---- */

bool
station_is_attended(const struct station *s, int64_t now)
{
	int64_t span = s->conf.attended > 0 ? s->conf.attended : ATTENDED_DEFAULT, past = now - s->attended_at;

	return s->attended_at != 0 && past < span && past > -span;
}

bool
room_holds(struct station *s, int64_t now, const struct msgid *id)
{
	if (!s->conf.hosted || station_is_attended(s, now))
		return false;
	s->j->ops->hold_put(s->j, id);
	s->wrote = true;
	return true;
}

static int
held_row(void *ctx, const struct msgid *id)
{
	struct idlist *l = ctx;

	if (l->n == l->cap) {
		l->cap = l->cap == 0 ? 16 : l->cap * 2;
		l->v = xreallocarray(l->v, l->cap, sizeof *l->v);
	}
	l->v[l->n++] = *id;
	return 0;
}

void
room_release(struct station *s, int64_t now)
{
	struct idlist held = {0};

	(void)now;
	if (s->room == 0)
		return;
	s->j->ops->hold_each(s->j, held_row, &held);
	for (size_t i = 0; i < held.n; i++) {
		s->j->ops->hold_del(s->j, &held.v[i]);
		deliver_owe(s, &held.v[i]);
		s->wrote = s->push = true;
	}
	free(held.v);
}

void
station_attended(struct station *s, int64_t now)
{
	bool was = station_is_attended(s, now);

	s->last_now = now;
	s->attended_at = now;
	if (!was)
		s->push = true;
	if (s->conf.hosted)
		room_release(s, now);
}
