#ifndef TUI_VIEW_INCIDENT_H
#define TUI_VIEW_INCIDENT_H
/*
 * Private to view_incident.c (timeline and keys) and view_incident_head.c (the facts above it).
 */
#include <stdbool.h>
#include <jansson.h>
#include "app.h"

struct incident_view {
	struct view v;
	char ref[MSGID_TEXT_MAX + 32];
	json_t *shown;		/* answer of op show */
	struct list list;
	char at[MSGID_TEXT_MAX];
	bool asked;		/* an answer is on its way */
	bool again;
	bool placed;		/* the marker has been put on the newest line */
	char why[256];		/* it could not be shown */
};

static inline const json_t *
incident(const struct incident_view *w)
{
	return json_object_get(w->shown, "incident");
}

int incident_head_rows(const struct incident_view *);
int incident_head_paint(const struct incident_view *, int row, int cols);	/* the row after it */

#endif
