#ifndef TUI_VIEW_OVERVIEW_H
#define TUI_VIEW_OVERVIEW_H
/* Between view_overview.c and view_overview_duty.c: what the duty clockwork adds to the overview. */
#include <stdbool.h>
#include <stddef.h>
#include <jansson.h>
#include "app.h"

size_t overview_zeros(const struct app *);			/* zero reports of stations below that are past their hour */
size_t overview_orders(const struct app *);			/* directives of ours that wait for feedback */
bool overview_open_duty(struct app *, const json_t *row);	/* opens the view that row belongs to; false: it has none of its own */

#endif
