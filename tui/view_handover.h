#ifndef TUI_VIEW_HANDOVER_H
#define TUI_VIEW_HANDOVER_H
/* Private to view_handover*.c: the screen, and what is done from it. */
#include "prompt.h"
#include "util.h"

struct handover_view {
	struct view v;
	struct list list;	/* the items */
	json_t *answer;		/* of op handover; NULL: not yet */
	int64_t minute;		/* ms UTC / 60000 it was last asked for */
};

/* view_handover_act.c; item: a row of the answer, NULL: none is selected. */
void handover_begin(struct handover_view *);
void handover_pass(struct handover_view *, const json_t *item);		/* or takes it back */
void handover_word(struct handover_view *, const json_t *item);
void handover_owner(struct handover_view *, const json_t *item);
void handover_readback(struct handover_view *);
void handover_sign(struct handover_view *);
void handover_stay(struct handover_view *);
void handover_menu(struct handover_view *);	/* the same by digits: an input method swallows letters */
const json_t *handover_selected(const struct handover_view *);	/* view_handover.c */

#endif
