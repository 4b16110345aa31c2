/*
 * Row 1: what nobody in the room may overlook, whatever view is open.  Only what needs a person's hand stands there; the gravest first, as many as
 * fit.  Nothing here: the row is a rule.
 */
#include <stdio.h>
#include <string.h>
#include "../formats/i18n.h"
#include "../formats/text.h"
#include "app_int.h"
#include "util.h"

static void
put(char *buf, size_t size, const char *text)
{
	size_t n = strlen(buf);

	if (n + strlen(text) + 3 < size)
		(void)snprintf(buf + n, size - n, "%s%s", n > 0 ? "  " : "", text);
}

static void
names(const json_t *list, char *buf, size_t size)
{
	const json_t *p;
	size_t i, n = 0;

	buf[0] = '\0';
	json_array_foreach (list, i, p) {
		const char *name = json_is_string(p) ? json_string_value(p) : jtext(p, "name");

		if (n + strlen(name) + 2 >= size)
			break;
		n += (size_t)snprintf(buf + n, size - n, "%s%s", i > 0 ? " " : "", name);
	}
}

/* The shift is past its end and nobody has signed: who is responsible still. */
static void
handover(const struct app *app, const json_t *status, char *buf, size_t size)
{
	const json_t *on = json_object_get(status, "on_duty");
	int64_t now = app_now(app), due = jnum(on, "due");
	char at[24], who[200], text[400];

	if (!jflag(on, "overdue"))
		return;
	names(jarray(on, "persons"), who, sizeof(who));
	(void)snprintf(text, sizeof(text), _("handover due %s, not signed; responsible %s"), short_time(due, now, at), who);
	put(buf, size, text);
}

/* What the level above waits for, and what is overdue upwards: the soonest of each. */
static void
owed(const struct app *app, char *buf, size_t size)
{
	static const char *const loud[] = {"verify", "relief"};
	const json_t *o;
	int64_t now = app_now(app);
	char at[24], text[160];
	size_t i;

	for (size_t k = 0; k < sizeof(loud) / sizeof(loud[0]); k++)
		json_array_foreach (app_feed(app, FEED_OWED), i, o)
			if (strcmp(jtext(o, "what"), loud[k]) == 0 && !jexercise(o)) {
				(void)snprintf(text, sizeof(text), "%s %s", owed_label(o), short_time(jnum(o, "due"), now, at));
				put(buf, size, text);
				break;
			}
	/* A station below that nobody has taken over: its name, and whose it still is. */
	json_array_foreach (app_feed(app, FEED_OWED), i, o)
		if (strcmp(jtext(o, "what"), "await-handover") == 0 && !jexercise(o) && jnum(o, "due") <= now)
			put(buf, size, jtext(o, "title"));
}

static void
clocks(const json_t *status, char *buf, size_t size)
{
	const json_t *c;
	char text[200];
	size_t i;

	json_array_foreach (jarray(status, "clock_warn"), i, c) {
		long long min = (long long)(jnum(c, "diff") / 60000);

		(void)snprintf(text, sizeof(text), min > 0 ? _("clock of %s ahead by %lld min") : _("clock of %s behind by %lld min"),
		    *jtext(c, "name") ? jtext(c, "name") : jtext(c, "station"), min < 0 ? -min : min);
		put(buf, size, text);
	}
}

static void
outlets(const json_t *status, char *buf, size_t size)
{
	const json_t *o;
	char text[200];
	size_t i;

	if (jflag(status, "no_outlet"))
		put(buf, size, _("no alarm outlet"));
	json_array_foreach (jarray(status, "outlets"), i, o)
		if (json_is_false(json_object_get(o, "ok"))) {
			(void)snprintf(text, sizeof(text), _("alarm outlet %s FAILS"), jtext(o, "name"));
			put(buf, size, text);
		}
}

/* The bell is off, and whoever sits down here has to know: until when, why, by whom. */
static void
mute(const struct app *app, const json_t *status, char *buf, size_t size)
{
	int64_t until = jnum(status, "mute_until");
	char at[24], text[300];

	if (until <= app_now(app))
		return;
	(void)snprintf(text, sizeof(text), _("bells off until %s: %s %s"), short_time(until, app_now(app), at), jtext(status, "mute_reason"),
	    jtext(status, "mute_by"));
	put(buf, size, text);
}

void
app_alert(const struct app *app, char *buf, size_t size)
{
	const json_t *status = app_feed(app, FEED_STATUS);
	char whole[600] = "";

	handover(app, status, whole, sizeof(whole));
	outlets(status, whole, sizeof(whole));
	mute(app, status, whole, sizeof(whole));
	if (jflag(status, "rules_old"))
		put(whole, sizeof(whole), _("rules on the disk refused, old ones in force"));
	owed(app, whole, sizeof(whole));
	clocks(status, whole, sizeof(whole));
	(void)one_line(whole, buf, size);
}
