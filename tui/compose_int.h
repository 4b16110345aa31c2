#ifndef TUI_COMPOSE_INT_H
#define TUI_COMPOSE_INT_H
/*
 * Private to compose*.c; with what app_paint.c tells them of the frame.
 */
#include "compose.h"

struct compose *compose_find(struct app *, const char *rid);	/* on the stack of views; NULL */
json_t *compose_draft_json(const struct compose *);
/* Keeps the draft.  leaving: nobody will be here to hear of a refusal; it is repeated until it was answered. */
void compose_draft_save(struct compose *, bool leaving);
void compose_focus_on(struct compose *, const char *field);	/* by its name; adds the reason's cell when it is needed */
void compose_resolve_to(struct compose *);	/* "1" or a neighbour's name among the addressees becomes its code */
void compose_note_fault(struct compose *, const struct cell *, const struct fault *);

/* Rows a question takes above the note, 0 when none is up (app_paint.c). */
int app_question_rows(const struct app *);
/* Connected, and what was asked for a while ago has not been answered: a switch that is stopped (app_link.c). */
bool app_waiting(const struct app *);

#endif
