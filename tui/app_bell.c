/*
 * The bell and the note of an arrival.  The switch says what asks for attention and what rings; the desk says every
 * arrival in its note row, and repeats the bell for a flash message until it is signed for (deskline_step()).
 */
#include <stdio.h>
#include <string.h>
#include "../formats/i18n.h"
#include "app_int.h"
#include "util.h"

/* Words of one arrival; more: how many came with it. */
static void
arrival_note(struct app *app, const json_t *m, size_t more)
{
	bool flash = jflag(m, "attention") && strcmp(jtext(m, "precedence"), "flash") == 0;
	char title[256], clock[24], others[64] = "";

	if (more > 0)
		(void)snprintf(others, sizeof(others), _(" (and %zu more)"), more);
	app_note(app, flash, _("%sarrived: %s %s %s %s%s"), jexercise(m) ? _("[EXERCISE] ") : "", jtext(m, "precedence_name"),
	    short_time(jnum(m, "at"), app_now(app), clock), jtext(m, "from_name"),
	    subject(jtext(m, "kind_name"), jtext(m, "title"), title, sizeof(title)), others);
}

/*
 * What has arrived since the last look is noted, whatever it asks for; it rings once where the message or what is owed
 * for it says so.  What asks for nothing counts as an arrival only when it is new by its time too: a row that moves up
 * into the answer's limit is none.
 */
void
inbox_bell(struct app *app)
{
	const json_t *m, *best = NULL;
	json_t *seen = app->seen ? app->seen : json_object();
	bool first = app->seen == NULL, ring = false, best_asks = false;
	int64_t newest = app->newest_at;
	size_t i, n = 0;

	app->flash_unsigned = false;
	json_array_foreach (app->feed[FEED_INBOX].data, i, m) {
		const char *id = jtext(m, "id");
		bool asks = jflag(m, "attention"), flash = asks && strcmp(jtext(m, "precedence"), "flash") == 0;

		app->flash_unsigned |= flash;
		if (jnum(m, "at") > app->newest_at)
			app->newest_at = jnum(m, "at");
		if (json_object_get(seen, id) != NULL || *id == '\0')
			continue;
		(void)json_object_set_new(seen, id, json_true());
		ring |= first && flash;
		if (first || jflag(m, "history") || (!asks && jnum(m, "at") < newest))
			continue;
		asks |= jflag(m, "ring");
		ring |= asks;
		n++;
		if (!best || (asks && !best_asks)) {
			best = m;
			best_asks = asks;
		}
	}
	app->seen = seen;
	if (best)
		arrival_note(app, best, n - 1);
	if (ring) {
		term_bell();
		app->bell_at = term_clock() + BELL_MS;
	} else if (app->flash_unsigned && app->bell_at == 0) {
		app->bell_at = term_clock() + BELL_MS;
	}
	if (!app->flash_unsigned)
		app->bell_at = 0;
}
