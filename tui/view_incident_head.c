/*
 * What is known of an incident, above its timeline: place and times, grades station by station, figures source by source,
 * the adopted ones, where the event stands and what it was merged with, what is missing.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../formats/buf.h"
#include "../formats/codebook.h"
#include "../formats/i18n.h"
#include "../formats/text.h"
#include "../formats/value.h"
#include "util.h"
#include "view_incident.h"

#define LINKS_ASKED 8	/* of one kind: more than a row shows */

static void
figures_text(const json_t *figures, char *buf, size_t size)
{
	const struct field *f;
	size_t n = 0;

	buf[0] = '\0';
	for (size_t i = 0; (f = field_at(i)) != NULL; i++)
		if (*jtext(figures, f->name) && n < size)
			n += (size_t)snprintf(buf + n, size - n, "%s%s%s", n ? "  " : "", field_label(f), jtext(figures, f->name));
}

/* Figures of several sources side by side may need a second row. */
static bool
two_rows(const struct incident_view *w, char *text, size_t size, size_t *first)
{
	int room = term_cols() - 2, used;

	figures_text(json_object_get(incident(w), "figures"), text, size);
	used = term_cells(_("people")) + 2;
	*first = text_clip(text, room - used, &used);
	if (text[*first] == '\0')
		return false;
	while (*first > 1 && !(text[*first - 1] == ' ' && text[*first - 2] == ' '))	/* never inside a figure */
		(*first)--;
	return true;
}

/* An incident by its number; NULL: no list here knows it. */
static const char *
listed_number(const struct incident_view *w, const char *id)
{
	const json_t *r;
	size_t i;

	for (int f = FEED_INCIDENTS; f <= FEED_EXERCISE; f++)
		json_array_foreach (app_feed(w->v.app, (enum feed)f), i, r)
			if (strcmp(jtext(r, "id"), id) == 0 && *jtext(r, "number"))
				return jtext(r, "number");
	return *jtext(w->linked, id) ? jtext(w->linked, id) : NULL;
}

/* Never the id itself: nobody can say or read it over the telephone. */
static const char *
number_of(const struct incident_view *w, const char *id, char *buf, size_t size)
{
	const char *number = listed_number(w, id);
	struct msgid m;
	char station[160];

	if (number)
		(void)snprintf(buf, size, "%s", number);
	else if (msgid_parse(id, &m))
		(void)snprintf(buf, size, _("one of %s"), codebook_station(app_codebook(w->v.app), m.origin, station, sizeof(station)));
	else
		(void)snprintf(buf, size, "?");
	return buf;
}

struct link_asked {
	char id[MSGID_TEXT_MAX];
};

static void
link_answer(struct view *v, void *arg, const json_t *answer, const struct fault *f)
{
	struct incident_view *w = (struct incident_view *)v;
	const struct link_asked *l = arg;

	(void)f;	/* not here: its station's name stands for it */
	if (*jtext(json_object_get(answer, "incident"), "number"))
		(void)json_object_set_new(w->linked, l->id, json_string(jtext(json_object_get(answer, "incident"), "number")));
	app_dirty(v->app);
}

static void
link_ask(struct incident_view *w, const char *id)
{
	struct link_asked *l;
	struct msgid m;

	if (!msgid_parse(id, &m) || listed_number(w, id) || json_object_get(w->linked, id))
		return;
	(void)json_object_set_new(w->linked, id, json_string(""));
	l = xcalloc(1, sizeof(*l));
	(void)snprintf(l->id, sizeof(l->id), "%s", id);
	app_ask(w->v.app, &w->v, json_pack("{s:s, s:s, s:s}", "op", "show", "ref", id, "realm", w->v.exercise ? "exercise" : "live"),
	    link_answer, l);
}

void
incident_links_ask(struct incident_view *w)
{
	static const char *const members[] = { "merged_into", "absorbed", "split_from", "split_to" };
	const json_t *o, *e;
	size_t i;

	if (!w->linked)
		w->linked = json_object();
	for (size_t k = 0; k < sizeof(members) / sizeof(members[0]); k++) {
		o = json_object_get(incident(w), members[k]);
		if (json_is_string(o))
			link_ask(w, json_string_value(o));
		json_array_foreach (o, i, e)
			if (json_is_string(e) && i < LINKS_ASKED)
				link_ask(w, json_string_value(e));
	}
}

static void
links_text(const struct incident_view *w, const char *member, const char *label, struct buf *b)
{
	const json_t *o = json_object_get(incident(w), member), *e;
	size_t i;
	char number[256];

	if (json_is_string(o) && *json_string_value(o))
		buf_printf(b, "   %s %s", label, number_of(w, json_string_value(o), number, sizeof(number)));
	json_array_foreach (o, i, e)
		if (json_is_string(e))
			buf_printf(b, "%s%s", i == 0 ? "   " : " ", i == 0 ? label : "");
	json_array_foreach (o, i, e)
		if (json_is_string(e))
			buf_printf(b, " %s", number_of(w, json_string_value(e), number, sizeof(number)));
}

/* Where the event stands, what it came from and went into, whose signature is owed. */
static void
life_text(const struct incident_view *w, struct buf *b)
{
	const json_t *o = incident(w), *s;
	const json_t *l;
	long long owed = (long long)jnum(o, "signatures_owed"), own = 0;
	size_t i;

	json_array_foreach (jarray(w->shown, "lines"), i, l)
		own += jflag(l, "signature_owed") && jflag(l, "mine");

	buf_printf(b, _("state %s"), jtext(o, "state_name"));
	json_array_foreach (jarray(o, "states"), i, s)
		if (jcount(jarray(o, "states")) > 1 || strcmp(jtext(s, "state"), jtext(o, "state")) != 0)
			buf_printf(b, "%s%s %s", i > 0 ? ", " : "   ", jtext(s, "station_name"), jtext(s, "state_name"));
	if (owed > 0)
		buf_printf(b, _("   signatures owed %lld%s"), owed, own > 0 ? " (K)" : "");
	links_text(w, "merged_into", _("merged into"), b);
	links_text(w, "absorbed", _("absorbed"), b);
	links_text(w, "split_from", _("split from"), b);
	links_text(w, "split_to", _("split off"), b);
}

static void
adopted_text(const struct incident_view *w, struct buf *b)
{
	const json_t *a;
	char at[24], station[160];
	size_t i;

	json_array_foreach (jarray(incident(w), "adopted"), i, a) {
		const char *source = jtext(a, "source");

		if (station_code_valid(source))
			source = codebook_station(app_codebook(w->v.app), source, station, sizeof(station));
		buf_printf(b, "%s%s%s(%s%s%s %s)", i > 0 ? "  " : "", jtext(a, "field_name"), jtext(a, "text"), source, *source ? " " : "",
		    jtext(a, "person"), short_time(jnum(a, "at"), app_now(w->v.app), at));
	}
}

int
incident_head_rows(const struct incident_view *w)
{
	const json_t *o = incident(w);
	char text[1024];
	size_t first;

	return 3 + (two_rows(w, text, sizeof(text), &first) ? 1 : 0) + (*jtext(o, "missing") ? 1 : 0) + (*jtext(o, "state_name") ? 1 : 0) +
	    (jcount(jarray(o, "adopted")) > 0 ? 1 : 0);
}

int
incident_head_paint(const struct incident_view *w, int row, int cols)
{
	const json_t *o = incident(w), *g;
	char text[1024], at[24], learned[24];
	int64_t now = app_now(w->v.app);
	struct buf b = { 0 };
	size_t i, n = 0;
	bool more;

	(void)snprintf(text, sizeof(text), _("place %s   type %s   occurred %s   learned %s"), *jtext(o, "place") ? jtext(o, "place") : "-",
	    *jtext(o, "type_name") ? jtext(o, "type_name") : "-", jnum(o, "occurred") ? short_time(jnum(o, "occurred"), now, at) : "?",
	    jnum(o, "learned") ? short_time(jnum(o, "learned"), now, learned) : "?");
	(void)term_put(row++, 1, cols - 2, TERM_PLAIN, text);
	n = (size_t)snprintf(text, sizeof(text), _("grade %s"), *jtext(o, "grade") ? jtext(o, "grade_name") : _("not graded"));
	json_array_foreach (jarray(o, "grades"), i, g)
		if (n < sizeof(text))
			n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s %s", i ? ", " : "   ", jtext(g, "station_name"),
			    jtext(g, "grade_name"));
	if (jflag(o, "conflict") && n < sizeof(text))
		(void)snprintf(text + n, sizeof(text) - n, "   %s", _("opinions differ, the graver stands"));
	(void)term_put(row++, 1, cols - 2, jflag(o, "conflict") ? TERM_STRONG : TERM_PLAIN, text);
	more = two_rows(w, text, sizeof(text), &n);
	(void)term_putf(row++, 1, cols - 2, TERM_PLAIN, "%s  %.*s", _("people"), *text ? (int)n : 1, *text ? text : "-");
	if (more)
		(void)term_putf(row++, 3 + term_cells(_("people")), cols - 4 - term_cells(_("people")), TERM_PLAIN, "%s", text + n);
	if (jcount(jarray(o, "adopted")) > 0) {
		adopted_text(w, &b);
		(void)term_putf(row++, 1, cols - 2, TERM_PLAIN, _("adopted  %s"), buf_cstr(&b));
		buf_clear(&b);
	}
	if (*jtext(o, "state_name")) {
		life_text(w, &b);
		(void)term_put(row++, 1, cols - 2, jnum(o, "signatures_owed") > 0 || *jtext(o, "merged_into") ? TERM_STRONG : TERM_PLAIN, buf_cstr(&b));
	}
	if (*jtext(o, "missing"))
		(void)term_putf(row++, 1, cols - 2, TERM_STRONG, _("not all is here: %s"), jtext(o, "missing"));
	buf_free(&b);
	return row;
}
