/*
 * What the duty clockwork adds to the overview: its counters, and the views its rows open.
 */
#include <string.h>
#include "util.h"
#include "view_overview.h"

static bool
owes(const json_t *r, const char *what)
{
	return strcmp(jtext(r, "what"), what) == 0;
}

/* Zero reports that ought to be here: before its hour none is missing. */
size_t
overview_zeros(const struct app *app)
{
	const json_t *o;
	size_t i, n = 0;

	json_array_foreach (app_feed(app, FEED_OWED), i, o)
		n += strcmp(jtext(o, "what"), "await-zero") == 0 && !jexercise(o) && jnum(o, "due") <= app_now(app);
	return n;
}

/* Directives of ours that somebody has still to answer: several rows are one order. */
size_t
overview_orders(const struct app *app)
{
	const json_t *o, *p;
	size_t i, k, n = 0;

	json_array_foreach (app_feed(app, FEED_OWED), i, o) {
		if (!owes(o, "await-feedback") || jexercise(o))
			continue;
		for (k = 0; k < i; k++) {
			p = json_array_get(app_feed(app, FEED_OWED), k);
			if (owes(p, "await-feedback") && strcmp(jtext(p, "about"), jtext(o, "about")) == 0)
				break;
		}
		n += k == i;
	}
	return n;
}

/* What the duty book owes, and what is awaited of others: each has a view of its own. */
bool
overview_open_duty(struct app *app, const json_t *r)
{
	struct view *v = NULL;

	if (owes(r, "await-sign") || owes(r, "await-feedback"))
		v = view_track_new(app, jtext(r, "about"));
	else if (owes(r, "zero") || owes(r, "await-zero"))
		v = view_zeros_new(app);
	else if (owes(r, "roll") || owes(r, "await-roll"))
		v = view_rolls_new(app);
	else if (owes(r, "handover") || owes(r, "relief") || owes(r, "equipment"))
		v = view_handover_new(app);
	else if (owes(r, "gap"))
		v = view_roster_new(app);
	if (v != NULL)
		app_push_view(app, v);
	return v != NULL;
}
