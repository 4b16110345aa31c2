/*
 * The summary of a fold as JSON: what lists of incidents are made of, kept in the journal beside the messages.
 *
 * It depends on the messages alone: no station's name, no language, no clock, so that `verify` can compare a kept
 * summary with a fresh fold.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "../formats/buf.h"
#include "incident_int.h"
#include "../formats/life.h"

static void figure_format(struct buf *, const struct field *, const struct figure *);
static json_t *figure_texts(const struct incident *, json_t *sources);
static json_t *stations(const struct incident *);
static const char *ascii_name(const char *set, int value);
static json_t *id_text(const struct msgid *);
static json_t *id_texts(const struct msgid *, size_t);
static json_t *clean(const char *);
static void summary_life(const struct incident *, json_t *out);

/* "3", "0.5", "?", "~20", ">=3", "<=5"; trailing zeros of the fraction are dropped. */
static void
figure_format(struct buf *out, const struct field *field, const struct figure *f)
{
	static const char *const mark[] = {
	    [FIG_EXACT] = "", [FIG_ABOUT] = "~", [FIG_ATLEAST] = ">=", [FIG_ATMOST] = "<="};
	int dec = field_decimals(field);
	int64_t unit = 1, rest;

	if ((int)f->q < FIG_EXACT || (int)f->q > FIG_ATMOST) {
		buf_puts(out, "?");
		return;
	}
	for (int i = 0; i < dec; i++)
		unit *= 10;
	buf_printf(out, "%s%" PRId64, mark[f->q], f->n / unit);
	if ((rest = f->n % unit) <= 0)
		return;
	buf_puts(out, ".");
	while (rest > 0) {
		unit /= 10;
		buf_printf(out, "%d", (int)(rest / unit));
		rest %= unit;
	}
}

/* One text a field: the number alone where all sources agree, else every source beside its own: "3(119)/1(120)". */
static json_t *
figure_texts(const struct incident *inc, json_t *sources)
{
	json_t *out = json_object();
	size_t i, j, k;

	for (i = 0; i < inc->nfigures; i = j) {
		const struct field *field = field_by_key(inc->figures[i].key);
		struct buf all = { 0 };
		bool agree = true;

		for (j = i; j < inc->nfigures && inc->figures[j].key == inc->figures[i].key; j++)
			agree = agree && inc->figures[j].fig.q == inc->figures[i].fig.q &&
			    inc->figures[j].fig.n == inc->figures[i].fig.n;
		if (field == NULL)
			continue;
		for (k = i; k < j; k++) {
			struct buf one = { 0 };

			figure_format(&one, field, &inc->figures[k].fig);
			(void)json_array_append_new(sources,
			    json_pack("{s:s, s:s, s:s, s:s}", "name", field->name, "text", buf_cstr(&one), "source",
				inc->figures[k].source, "station", inc->figures[k].station));
			if (!agree)
				buf_printf(&all, "%s%s(%s)", k == i ? "" : "/", buf_cstr(&one), inc->figures[k].source);
			else if (k == i)
				buf_puts(&all, buf_cstr(&one));
			buf_free(&one);
		}
		(void)json_object_set_new(out, field->name, json_string(buf_cstr(&all)));
		buf_free(&all);
	}
	return out;
}

static int
cmp_station(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Stations that have written something, by code. */
static json_t *
stations(const struct incident *inc)
{
	const char **s = xcalloc(inc->nall + 1, sizeof *s);
	json_t *out = json_array();
	size_t n = 0;

	for (size_t i = 0; i < inc->nall; i++)
		if (inc->all[i].kind != KIND_RECEIPT)
			s[n++] = inc->all[i].id.origin;
	if (n > 1)
		qsort(s, n, sizeof *s, cmp_station);
	for (size_t i = 0; i < n; i++)
		if (i == 0 || strcmp(s[i - 1], s[i]) != 0)
			(void)json_array_append_new(out, json_string(s[i]));
	free(s);
	return out;
}

static const char *
ascii_name(const char *set, int value)
{
	const struct enum_name *e = value != 0 ? enum_by_value(set, value) : NULL;

	return e != NULL ? e->name : "";
}

static json_t *
id_text(const struct msgid *id)
{
	char text[MSGID_TEXT_MAX] = "";

	if (msgid_is_set(id))
		(void)msgid_format(id, text, sizeof text);
	return json_string(text);
}

static json_t *
id_texts(const struct msgid *id, size_t n)
{
	json_t *out = json_array();

	for (size_t i = 0; i < n; i++)
		(void)json_array_append_new(out, id_text(&id[i]));
	return out;
}

/* A name from a body, cut to what a field of names holds. */
static json_t *
clean(const char *s)
{
	char text[256];

	incident_text(text, sizeof text, s != NULL ? s : "");
	return json_string(text);
}

static void
summary_life(const struct incident *inc, json_t *out)
{
	const struct life_name *state = life_event_state(inc->state);
	json_t *states = json_array(), *adopted = json_array(), *verdicts = json_array();

	for (size_t i = 0; i < inc->nstates; i++) {
		const struct life_name *s = life_event_state(inc->states[i].state);

		(void)json_array_append_new(states, json_pack("{s:s, s:s}", "station", inc->states[i].station, "state",
							s != NULL ? s->name : ""));
	}
	for (size_t i = 0; i < inc->nadopted; i++) {
		const struct incident_adopted *a = &inc->adopted[i];
		const struct field *field = field_by_key(a->key);
		struct buf text = { 0 };

		if (field == NULL)
			continue;
		figure_format(&text, field, &a->fig);
		(void)json_array_append_new(adopted,
		    json_pack("{s:s, s:s, s:o, s:s, s:o, s:I}", "name", field->name, "text", buf_cstr(&text), "source",
			clean(a->fig.source), "station", a->station, "person", clean(a->person), "at",
			(json_int_t)a->at));
		buf_free(&text);
	}
	for (size_t i = 0; i < inc->nverdicts; i++)
		(void)json_array_append_new(verdicts,
		    json_pack("{s:s, s:o, s:b, s:o}", "station", inc->verdicts[i].station, "name",
			clean(inc->verdicts[i].name), "confirmed", inc->verdicts[i].confirmed, "person",
			clean(inc->verdicts[i].person)));
	(void)json_object_set_new(out, "state", json_string(state != NULL ? state->name : ""));
	(void)json_object_set_new(out, "states", states);
	(void)json_object_set_new(out, "merged_into", id_text(&inc->merged_into));
	(void)json_object_set_new(out, "absorbed", id_texts(inc->absorbed, inc->nabsorbed));
	(void)json_object_set_new(out, "split_from", id_text(&inc->split_from));
	(void)json_object_set_new(out, "split_to", id_texts(inc->split_to, inc->nsplit));
	(void)json_object_set_new(out, "adopted", adopted);
	(void)json_object_set_new(out, "verdicts", verdicts);
	(void)json_object_set_new(out, "signatures_owed", json_integer((json_int_t)inc->signatures_owed));
}

json_t *
incident_summary(const struct incident *inc)
{
	char id[MSGID_TEXT_MAX];
	json_t *sources = json_array(), *gaps = json_array(), *figures = figure_texts(inc, sources),
	       *out = json_object();

	(void)msgid_format(&inc->id, id, sizeof id);
	for (size_t i = 0; i < inc->ngaps; i++)
		(void)json_array_append_new(gaps, json_pack("{s:s, s:i, s:s}", "station", inc->gaps[i].station, "have",
						      inc->gaps[i].have, "without", inc->gaps[i].without));
	(void)json_object_set_new(out, "id", json_string(id));
	(void)json_object_set_new(out, "number", json_string(inc->number));
	(void)json_object_set_new(out, "title", json_string(inc->title));
	(void)json_object_set_new(out, "place", json_string(inc->place));
	(void)json_object_set_new(out, "type", json_string(inc->type));
	(void)json_object_set_new(out, "grade", json_string(ascii_name("grade", inc->grade)));
	(void)json_object_set_new(out, "conflict", json_boolean(inc->grade_conflict));
	(void)json_object_set_new(out, "version", json_integer(inc->version));
	(void)json_object_set_new(out, "occurred", json_integer(inc->occurred));
	(void)json_object_set_new(out, "learned", json_integer(inc->learned));
	(void)json_object_set_new(out, "figures", figures);
	(void)json_object_set_new(out, "figure_sources", sources);
	(void)json_object_set_new(out, "stations", stations(inc));
	(void)json_object_set_new(out, "final", json_boolean(inc->final_reported));
	(void)json_object_set_new(out, "history", json_boolean(inc->history));
	(void)json_object_set_new(out, "missing", json_string(inc->missing_text));
	(void)json_object_set_new(out, "gaps", gaps);
	(void)json_object_set_new(out, "opener", json_string(inc->opener));
	(void)json_object_set_new(out, "opener_kind", json_string(ascii_name("kind", inc->opener_kind)));
	(void)json_object_set_new(out, "not_understood", json_boolean(inc->not_understood));
	summary_life(inc, out);
	return out;
}
