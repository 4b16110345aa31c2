/*
 * 采用数: the figures of an incident source by source, and the act of adopting one.  Nothing is added up and nothing is
 * chosen beforehand: a named person says which source counts, or types the figure found out.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../formats/buf.h"
#include "../formats/i18n.h"
#include "../formats/json.h"
#include "../formats/msgid.h"
#include "../formats/value.h"
#include "act.h"
#include "compose.h"
#include "prompt.h"
#include "util.h"

struct adopt_view {
	struct view v;
	json_t *incident;
	json_t *sources;	/* of an answer of op propose: the same figures in words, with the times they hold for */
	struct list list;
};

static const json_t *
figures(const struct adopt_view *w)
{
	return jarray(w->incident, "figure_sources");
}

static const char *
source_name(const struct app *app, const char *source, char *buf, size_t size)
{
	if (*source == '\0')
		(void)snprintf(buf, size, "-");
	else if (station_code_valid(source))
		(void)codebook_station(app_codebook(app), source, buf, size);
	else
		(void)snprintf(buf, size, "%s", source);
	return buf;
}

/* This station's adopted figure of the field; NULL: none. */
static const json_t *
adopted(const struct adopt_view *w, const char *field)
{
	const json_t *a, *other = NULL;
	size_t i;

	json_array_foreach (jarray(w->incident, "adopted"), i, a)
		if (strcmp(jtext(a, "name"), field) == 0) {
			if (strcmp(jtext(a, "station"), app_station(w->v.app)) == 0)
				return a;
			other = a;
		}
	return other;
}

/* The row of `sources` that says this figure; NULL: not answered yet. */
static const json_t *
source_of(const struct adopt_view *w, const json_t *f)
{
	const json_t *s;
	size_t i;

	json_array_foreach (w->sources, i, s)
		if (strcmp(jtext(s, "name"), jtext(f, "name")) == 0 && strcmp(jtext(s, "source"), jtext(f, "source")) == 0 &&
		    strcmp(jtext(s, "station"), jtext(f, "station")) == 0)
			return s;
	return NULL;
}

/* "~20" is notation to type in; to be read it is "about 20". */
static const char *
figure_words(const char *text, char *buf, size_t size)
{
	static const struct { const char *mark, *word; } marks[] = {
		{ "~", N_("about %s") }, { ">=", N_("at least %s") }, { "<=", N_("at most %s") },
	};

	if (strcmp(text, "?") == 0) {
		(void)snprintf(buf, size, "%s", _("not known"));
		return buf;
	}
	(void)snprintf(buf, size, "%s", text);
	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		if (strncmp(text, marks[i].mark, strlen(marks[i].mark)) == 0) {
			(void)snprintf(buf, size, _(marks[i].word), text + strlen(marks[i].mark));
			break;
		}
	return buf;
}

static void
adopt_answer(struct view *v, void *arg, const json_t *answer, const struct fault *f)
{
	struct adopt_view *w = (struct adopt_view *)v;

	(void)arg;
	(void)f;	/* without the times the figures can be adopted all the same */
	json_decref(w->sources);
	w->sources = answer ? json_deep_copy(jarray(answer, "sources")) : NULL;
	app_dirty(v->app);
}

static void
adopt_load(struct view *v)
{
	const struct adopt_view *w = (const struct adopt_view *)v;

	app_ask(v->app, v, json_pack("{s:s, s:s, s:s}", "op", "propose", "ref", jtext(w->incident, "id"), "realm",
	    v->exercise ? "exercise" : "live"), adopt_answer, NULL);
}

static void
adopt_title(struct view *v, char *buf, size_t size)
{
	const struct adopt_view *w = (const struct adopt_view *)v;

	(void)snprintf(buf, size, _("Figures to adopt  %s"), jtext(w->incident, "number"));
}

static int
adopt_rows(const struct adopt_view *w)
{
	return app_bottom_row(w->v.app) - app_top_row(w->v.app) - 1;
}

static void
adopt_paint(struct view *v)
{
	struct adopt_view *w = (struct adopt_view *)v;
	int row = app_top_row(v->app), cols = term_cols(), rows = adopt_rows(w);
	char source[160], station[160], text[400], said_text[96], at[24];

	(void)term_put(row, 1, 14, TERM_PLAIN, _("figure"));
	(void)term_put(row, 16, 10, TERM_PLAIN, _("says"));
	(void)term_put(row, 27, 9, TERM_PLAIN, _("source"));
	(void)term_put(row, 37, 11, TERM_PLAIN, _("as of"));
	(void)term_put(row, 49, 9, TERM_PLAIN, _("reported by"));
	(void)term_put(row, 59, cols - 59, TERM_PLAIN, _("adopted"));
	row++;
	list_fit(&w->list, rows);
	if (w->list.n == 0)
		(void)term_put(row, 1, cols - 2, TERM_PLAIN, _("no figures yet"));
	for (int i = 0; i < rows && w->list.top + (size_t)i < w->list.n; i++) {
		const json_t *f = json_array_get(figures(w), w->list.top + (size_t)i), *a = adopted(w, jtext(f, "name"));
		const struct field *fd = field_by_name(jtext(f, "name"));

		if (w->list.top + (size_t)i == w->list.sel) {
			(void)term_put(row + i, 0, 1, TERM_PLAIN, ">");
			v->cursor_row = row + i;
			v->cursor_col = 1;
		}
		(void)term_put(row + i, 1, 14, TERM_PLAIN, fd ? field_label(fd) : jtext(f, "name"));
		(void)term_put(row + i, 16, 10, TERM_PLAIN, figure_words(jtext(f, "text"), text, sizeof(text)));
		(void)term_put(row + i, 27, 9, TERM_PLAIN, source_name(v->app, jtext(f, "source"), source, sizeof(source)));
		(void)term_put(row + i, 37, 11, TERM_PLAIN, short_time(jnum(source_of(w, f), "asof"), app_now(v->app), at));
		(void)term_put(row + i, 49, 9, TERM_PLAIN, source_name(v->app, jtext(f, "station"), station, sizeof(station)));
		if (a && strcmp(jtext(a, "source"), jtext(f, "source")) == 0) {
			(void)snprintf(text, sizeof(text), "%s %s %s", figure_words(jtext(a, "text"), said_text, sizeof(said_text)), jtext(a, "person"),
			    short_time(jnum(a, "at"), app_now(v->app), at));
			(void)term_put(row + i, 59, cols - 59, TERM_STRONG, text);
		}
	}
}

static void adopt_prompt(const struct deed *, struct view *, const char *const *value);

static void
adopt_confirmed(struct view *owner, void *arg, const char *const *value)
{
	const struct deed *a = arg;
	const struct field *fd = field_by_name(a->name);
	struct body *b = body_new();
	struct fault f = { 0 };
	json_t *body;
	char text[400], what[400];

	(void)snprintf(text, sizeof(text), *a->other ? "%s@%s" : "%s", value[0], a->other);
	if (!fd || value_parse(b, fd, text, app_codebook(a->app), app_now(a->app), &f) != 0) {
		adopt_prompt(a, owner, value);
		app_note_fault(a->app, &f);
		body_free(b);
		return;
	}
	body = json_from_body(b);
	body_free(b);
	compose_set_enum(body, F_KIND, "kind", KIND_STEP);
	compose_set_enum(body, F_STEP, "step", STEP_ADOPTED);
	deed_text(body, F_PERSON, value[1]);
	deed_text(body, F_REASON, value[2]);
	(void)snprintf(what, sizeof(what), "%s %s%s %s", enum_label("step", STEP_ADOPTED), field_label(fd), value[0], value[1]);
	deed_submit(a, body, what);
	app_pop_view(a->app, owner);
}

/* value: what was typed before and refused, the figure first. */
static void
adopt_prompt(const struct deed *from, struct view *owner, const char *const *value)
{
	struct deed *a = deed_copy(from);
	const struct field *fd = field_by_name(a->name);
	struct prompt *p;
	char text[400], source[160];

	(void)snprintf(text, sizeof(text), _("adopt %s of %s for %s"), fd ? field_label(fd) : a->name,
	    source_name(a->app, a->other, source, sizeof(source)), a->number);
	p = prompt_new(a->app, owner, text, adopt_confirmed, a);
	prompt_field(p, fd ? field_label(fd) : a->name, value[0], PROMPT_REQUIRED);
	prompt_field(p, _("adopted by"), value[1], PROMPT_REQUIRED);	/* a decision: nobody remembered from another task */
	prompt_field(p, _("reason"), value[2], 0);
	prompt_confirm(p, _("adopt this figure? 1 = yes "));
	app_prompt(a->app, p);
}

static void
adopt_ask(struct adopt_view *w)
{
	const json_t *f = json_array_get(figures(w), w->list.sel);
	const struct field *fd = field_by_name(jtext(f, "name"));
	const char *value[] = { jtext(f, "text"), "", "" };
	struct deed *a;

	if (!fd) {	/* of a later version: shown, not ours to state */
		app_note(w->v.app, true, _("that does not apply here"));
		return;
	}
	a = deed_incident(w->v.app, w->incident);
	(void)snprintf(a->name, sizeof(a->name), "%s", fd->name);
	(void)snprintf(a->other, sizeof(a->other), "%s", jtext(f, "source"));
	adopt_prompt(a, &w->v, value);
	free(a);
}

static bool
adopt_command(struct view *v, enum command_id id)
{
	struct adopt_view *w = (struct adopt_view *)v;

	if (list_command(&w->list, id, adopt_rows(w)))
		return true;
	if (id != CMD_OPEN)
		return false;
	if (w->list.n > 0)
		adopt_ask(w);
	return true;
}

static bool
adopt_hint(struct view *v, char *buf, size_t size)
{
	(void)v;
	hint_add(buf, size, CMD_OPEN, _(" adopt"));
	hint_add(buf, size, CMD_BACK, _(" back"));
	hint_add(buf, size, CMD_HELP, _(" help"));
	return true;
}

static void
adopt_free(struct view *v)
{
	json_decref(((struct adopt_view *)v)->incident);
	json_decref(((struct adopt_view *)v)->sources);
	free(v);
}

static const struct view_ops adopt_ops = {
	.feeds = FEED_BIT(FEED_STATUS),
	.free = adopt_free,
	.title = adopt_title,
	.paint = adopt_paint,
	.command = adopt_command,
	.load = adopt_load,
	.hint = adopt_hint,
};

void
act_adopt(struct app *app, struct view *owner, const json_t *incident)
{
	struct adopt_view *w = xcalloc(1, sizeof(*w));

	(void)owner;
	w->v.ops = &adopt_ops;
	w->v.app = app;
	w->v.exercise = jexercise(incident);
	w->incident = json_deep_copy(incident);
	w->list.n = jcount(figures(w));
	app_push_view(app, &w->v);
}
