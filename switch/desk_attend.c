/*
 * Is somebody at the desk?  A key pressed there says so (attend, at most once a minute), and so does every act of a person, at a desk
 * or by dutyctl.  A station that another's machine hosts then tells the senders that their messages have arrived (station_room.c).
 *
 * Seats: each dutydesk that is connected and whose terminal answers.  A desk behind a line that died without saying so notices it itself
 * (tui/term_probe.c) and tells here; a program that only watches is no seat.  station_presence.c makes of it what neighbours are told.
 */
#include <string.h>
#include <sysexits.h>
#include "../formats/i18n.h"
#include "desk_int.h"
#include "log.h"
#include "presence.h"

/* True when there are more or fewer than the station was told. */
static bool
seats_count(struct desk *d)
{
	unsigned n = 0;

	for (const struct desk_conn *c = d->conns; c != NULL; c = c->next)
		n += c->seat_open && !c->seat_dead;
	if (n == d->seats)
		return false;
	d->seats = n;
	station_seats(d->station, desk_now(d), n);
	return true;
}

void
desk_seat_opens(struct desk_conn *c, const json_t *hello)
{
	const char *program = json_string_value(json_object_get(hello, "program"));

	c->seat_open = program != NULL && strcmp(program, "dutydesk") == 0;
	c->seat_dead = false;
	(void)seats_count(c->desk);
}

void
desk_seats_left(struct desk *d)
{
	if (seats_count(d))
		d->ops->turn_end(d->ctx);
}

json_t *
op_attend(struct desk_conn *c, json_int_t n, const json_t *request, struct fault *f)
{
	const json_t *line = json_object_get(request, "seat");
	const char *word = json_string_value(line);
	struct desk *d = c->desk;
	bool dead = word != NULL && strcmp(word, "dead") == 0;

	if (line != NULL && !dead && (word == NULL || strcmp(word, "alive") != 0)) {
		fault_set(f, EX_DATAERR, "seat", _("must be dead or alive"));
		return NULL;
	}
	if (c->seat_open && dead != c->seat_dead) {
		log_event(LOG_LV_INFO, "seat", "seat=%s terminal=%s line=%s", log_quote(c->seat), log_quote(c->terminal),
		    dead ? "dead" : "alive");
		c->seat_dead = dead;
		(void)seats_count(d);
	}
	if (line == NULL) /* with it, the line is spoken of, not a person */
		station_attended(d->station, desk_now(d));
	desk_ack_later(d, desk_ticket_new(d, c, n));
	return NULL;
}

void
desk_attended_by(struct desk_conn *c, const char *op)
{
	static const char *const acts[] = {"submit", "draft_put", "draft_del", "draft_move", "destroy"};

	for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++)
		if (strcmp(acts[i], op) == 0) {
			station_attended(c->desk->station, desk_now(c->desk));
			return;
		}
}
