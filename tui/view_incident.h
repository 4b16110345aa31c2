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
	bool sending;		/* a form was opened from here: its message will be marked when it stands in the timeline */
	json_t *linked;		/* numbers of incidents merged and split, by id; "" = asked for */
	char why[256];		/* it could not be shown */
};

static inline const json_t *
incident(const struct incident_view *w)
{
	return json_object_get(w->shown, "incident");
}

/* Asks for the numbers of those that no list holds any more: what was merged or archived. */
void incident_links_ask(struct incident_view *);
int incident_head_rows(const struct incident_view *);
int incident_head_paint(const struct incident_view *, int row, int cols);	/* the row after it */

#endif
