/*
 * The summary of a fold as JSON: what lists of incidents are made of, kept in the journal beside the messages.
 *
 * It depends on the messages alone: no station's name, no language, no clock, so that `verify` can compare a kept
 * summary with a fresh fold.  It is written once a changed incident and turn, which is why it is written as text at once and
 * not by way of a tree; who wants the tree reads the text.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "../formats/buf.h"
#include "../formats/jsontext.h"
#include "../formats/life.h"
#include "incident_int.h"
#include "log.h"

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

/* ---- ids and names ---- */

static void
put_id(struct buf *b, const char *name, const struct msgid *id)
{
	char text[MSGID_TEXT_MAX] = "";

	if (msgid_is_set(id))
		(void)msgid_format(id, text, sizeof text);
	jsontext_text(b, name, text);
}

static void
put_ids(struct buf *b, const char *name, const struct msgid *id, size_t n)
{
	char text[MSGID_TEXT_MAX];

	jsontext_name(b, name);
	buf_put_u8(b, '[');
	for (size_t i = 0; i < n; i++) {
		text[0] = '\0';
		if (msgid_is_set(&id[i]))
			(void)msgid_format(&id[i], text, sizeof text);
		jsontext_element(b, text);
	}
	buf_put_u8(b, ']');
}

/* A name from a body, cut to what a field of names holds. */
static void
put_clean(struct buf *b, const char *name, const char *s)
{
	char text[256];

	incident_text(text, sizeof text, s != NULL ? s : "");
	jsontext_text(b, name, text);
}

/* ---- its parts, by name ---- */

static const char *
ascii_name(const char *set, int value)
{
	const struct enum_name *e = value != 0 ? enum_by_value(set, value) : NULL;

	return e != NULL ? e->name : "";
}

static void
put_adopted(const struct incident *inc, struct buf *b)
{
	jsontext_name(b, "adopted");
	buf_put_u8(b, '[');
	for (size_t i = 0; i < inc->nadopted; i++) {
		const struct incident_adopted *a = &inc->adopted[i];
		const struct field *field = field_by_key(a->key);
		struct buf text = { 0 };

		if (field == NULL)
			continue;
		figure_format(&text, field, &a->fig);
		jsontext_begin(b, '{');
		jsontext_number(b, "at", a->at);
		jsontext_text(b, "name", field->name);
		put_clean(b, "person", a->person);
		put_clean(b, "source", a->fig.source);
		jsontext_text(b, "station", a->station);
		jsontext_text(b, "text", buf_cstr(&text));
		buf_put_u8(b, '}');
		buf_free(&text);
	}
	buf_put_u8(b, ']');
}

static void
put_sources(const struct incident *inc, struct buf *b)
{
	struct buf one = { 0 };

	jsontext_name(b, "figure_sources");
	buf_put_u8(b, '[');
	for (size_t i = 0; i < inc->nfigures; i++) {
		const struct field *field = field_by_key(inc->figures[i].key);

		if (field == NULL)
			continue;
		buf_clear(&one);
		figure_format(&one, field, &inc->figures[i].fig);
		jsontext_begin(b, '{');
		jsontext_text(b, "name", field->name);
		jsontext_text(b, "source", inc->figures[i].source);
		jsontext_text(b, "station", inc->figures[i].station);
		jsontext_text(b, "text", buf_cstr(&one));
		buf_put_u8(b, '}');
	}
	buf_put_u8(b, ']');
	buf_free(&one);
}

struct named {
	const struct field *field;
	size_t from, to;	/* of inc->figures */
};

static int
cmp_named(const void *a, const void *b)
{
	return strcmp(((const struct named *)a)->field->name, ((const struct named *)b)->field->name);
}

/* One text a field: the number alone where all sources agree, else every source beside its own: "3(119)/1(120)". */
static void
put_figures(const struct incident *inc, struct buf *b)
{
	struct named *list = xcalloc(inc->nfigures + 1, sizeof *list);
	struct buf all = { 0 };
	size_t n = 0, j;

	for (size_t i = 0; i < inc->nfigures; i = j) {
		for (j = i; j < inc->nfigures && inc->figures[j].key == inc->figures[i].key; j++)
			;
		if ((list[n].field = field_by_key(inc->figures[i].key)) == NULL)
			continue;
		list[n].from = i;
		list[n++].to = j;
	}
	if (n > 1)
		qsort(list, n, sizeof *list, cmp_named);
	jsontext_name(b, "figures");
	buf_put_u8(b, '{');
	for (size_t i = 0; i < n; i++) {
		const struct incident_figure *first = &inc->figures[list[i].from], *end = &inc->figures[list[i].to];
		bool agree = true;

		for (const struct incident_figure *f = first; f < end; f++)
			agree = agree && f->fig.q == first->fig.q && f->fig.n == first->fig.n;
		buf_clear(&all);
		for (const struct incident_figure *f = first; f < end; f++) {
			if (agree && f > first)
				break;
			if (f > first)
				buf_puts(&all, "/");
			figure_format(&all, list[i].field, &f->fig);
			if (!agree)
				buf_printf(&all, "(%s)", f->source);
		}
		jsontext_text(b, list[i].field->name, buf_cstr(&all));
	}
	buf_put_u8(b, '}');
	buf_free(&all);
	free(list);
}

static void
put_gaps(const struct incident *inc, struct buf *b)
{
	jsontext_name(b, "gaps");
	buf_put_u8(b, '[');
	for (size_t i = 0; i < inc->ngaps; i++) {
		jsontext_begin(b, '{');
		jsontext_number(b, "have", inc->gaps[i].have);
		jsontext_text(b, "station", inc->gaps[i].station);
		jsontext_text(b, "without", inc->gaps[i].without);
		buf_put_u8(b, '}');
	}
	buf_put_u8(b, ']');
}

static void
put_states(const struct incident *inc, struct buf *b)
{
	jsontext_name(b, "states");
	buf_put_u8(b, '[');
	for (size_t i = 0; i < inc->nstates; i++) {
		const struct life_name *state = life_event_state(inc->states[i].state);

		jsontext_begin(b, '{');
		jsontext_text(b, "state", state != NULL ? state->name : "");
		jsontext_text(b, "station", inc->states[i].station);
		buf_put_u8(b, '}');
	}
	buf_put_u8(b, ']');
}

static int
cmp_station(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Stations that have written something, by code. */
static void
put_stations(const struct incident *inc, struct buf *b)
{
	const char **s = xcalloc(inc->nall + 1, sizeof *s);
	size_t n = 0;

	for (size_t i = 0; i < inc->nall; i++)
		if (inc->all[i].kind != KIND_RECEIPT)
			s[n++] = inc->all[i].id.origin;
	if (n > 1)
		qsort(s, n, sizeof *s, cmp_station);
	jsontext_name(b, "stations");
	buf_put_u8(b, '[');
	for (size_t i = 0; i < n; i++)
		if (i == 0 || strcmp(s[i - 1], s[i]) != 0)
			jsontext_element(b, s[i]);
	buf_put_u8(b, ']');
	free(s);
}

static void
put_verdicts(const struct incident *inc, struct buf *b)
{
	jsontext_name(b, "verdicts");
	buf_put_u8(b, '[');
	for (size_t i = 0; i < inc->nverdicts; i++) {
		jsontext_begin(b, '{');
		jsontext_bool(b, "confirmed", inc->verdicts[i].confirmed);
		put_clean(b, "name", inc->verdicts[i].name);
		put_clean(b, "person", inc->verdicts[i].person);
		jsontext_text(b, "station", inc->verdicts[i].station);
		buf_put_u8(b, '}');
	}
	buf_put_u8(b, ']');
}

void
incident_summary_text(const struct incident *inc, struct buf *b)
{
	const struct life_name *state = life_event_state(inc->state);

	buf_put_u8(b, '{');
	put_ids(b, "absorbed", inc->absorbed, inc->nabsorbed);
	put_adopted(inc, b);
	jsontext_bool(b, "conflict", inc->grade_conflict);
	put_sources(inc, b);
	put_figures(inc, b);
	jsontext_bool(b, "final", inc->final_reported);
	put_gaps(inc, b);
	jsontext_text(b, "grade", ascii_name("grade", inc->grade));
	jsontext_bool(b, "history", inc->history);
	put_id(b, "id", &inc->id);
	jsontext_number(b, "learned", inc->learned);
	put_id(b, "merged_into", &inc->merged_into);
	jsontext_text(b, "missing", inc->missing_text);
	jsontext_bool(b, "not_understood", inc->not_understood);
	jsontext_text(b, "number", inc->number);
	jsontext_number(b, "occurred", inc->occurred);
	jsontext_text(b, "opener", inc->opener);
	jsontext_text(b, "opener_kind", ascii_name("kind", inc->opener_kind));
	jsontext_text(b, "place", inc->place);
	jsontext_number(b, "signatures_owed", (int64_t)inc->signatures_owed);
	put_id(b, "split_from", &inc->split_from);
	put_ids(b, "split_to", inc->split_to, inc->nsplit);
	jsontext_text(b, "state", state != NULL ? state->name : "");
	put_states(inc, b);
	put_stations(inc, b);
	jsontext_text(b, "title", inc->title);
	jsontext_text(b, "type", inc->type);
	put_verdicts(inc, b);
	jsontext_number(b, "version", inc->version);
	buf_put_u8(b, '}');
}

json_t *
incident_summary(const struct incident *inc)
{
	struct buf text = { 0 };
	json_error_t err;
	json_t *out;

	incident_summary_text(inc, &text);
	if ((out = json_loadb((const char *)text.p, text.n, 0, &err)) == NULL)
		log_fatal(EX_SOFTWARE, "summary", "why=%s at=%d", log_quote(err.text), err.position);
	buf_free(&text);
	return out;
}
