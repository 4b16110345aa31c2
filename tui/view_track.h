#ifndef TUI_VIEW_TRACK_H
#define TUI_VIEW_TRACK_H
/*
 * Private to view_track.c, view_orders.c and act_order.c: what is done from the screen that follows a directive.  track: an answer of op
 * track; row: one of its rows; each is a question with one confirmation that defaults to cancel, and whether it may be done is the switch's to say.
 */
#include <jansson.h>
#include "act.h"

void act_order_chase(struct app *, struct view *owner, const json_t *track, const json_t *row);
void act_order_phone(struct app *, struct view *owner, const json_t *track, const json_t *row);	/* a call is written down */
void act_order_proxy(struct app *, struct view *owner, const json_t *track, const json_t *row);	/* 电话代签 */
void act_order_append(struct app *, struct view *owner, const json_t *track);
void act_order_revoke(struct app *, struct view *owner, const json_t *track);
void act_order_claim(struct app *, struct view *owner, const json_t *item);	/* item of op claims */

#endif
