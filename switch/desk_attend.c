/*
 * Is somebody at the desk?  A key pressed there says so (attend, at most once a minute), and so does every act of a person, at a desk
 * or by dutyctl.  A station that another's machine hosts then tells the senders that their messages have arrived (station_room.c).
 */
#include <string.h>
#include "desk_int.h"

json_t *
op_attend(struct desk_conn *c, json_int_t n, const json_t *request, struct fault *f)
{
	struct desk *d = c->desk;

	(void)request;
	(void)f;
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
