/*
 * The words of answers: names of stations, kinds and grades, titles of messages that have none, incidents as lists show
 * them.  The language is the asking desk's, not the process's, so the few words made here stand in both.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../formats/text.h"
#include "../formats/value.h"
#include "../formats/wire.h"
#include "../formats/life.h"
#include "query_int.h"

static void put_chars(struct buf *, const char *, int chars);
static void receipt_title(struct query *, const struct body *, struct buf *);
static void figures(const struct query *, json_t *out, const json_t *sources);
static void life_words(const struct query *, json_t *);

const char *
query_say(const struct query *q, const char *en, const char *zh)
{
	return q->zh ? zh : en;
}

void
query_put(json_t *o, const char *member, json_t *v)
{
	(void)json_object_set_new(o, member, v);
}

static json_t *
clean(const char *s, size_t len, bool lines)
{
	char *tmp;
	size_t size;
	json_t *out;

	/* The replacement character may take three bytes for one. */
	if (__builtin_mul_overflow(len, (size_t)3, &size))
		return json_string("");
	tmp = xmalloc(size + 1);
	(void)text_sanitise(s, len, tmp, size + 1, lines);
	out = json_string(tmp);
	free(tmp);
	return out != NULL ? out : json_string("");
}

void
query_put_text(json_t *o, const char *member, const char *s)
{
	query_put(o, member, clean(s != NULL ? s : "", s != NULL ? strlen(s) : 0, false));
}

void
query_put_lines(json_t *o, const char *member, const char *s, size_t max)
{
	size_t len = s != NULL ? strlen(s) : 0;

	if (len > max)
		for (len = max; len > 0 && ((unsigned char)s[len] & 0xC0) == 0x80;)
			len--;
	query_put(o, member, clean(s != NULL ? s : "", len, true));
}

void
query_put_id(json_t *o, const char *member, const struct msgid *id)
{
	char text[MSGID_TEXT_MAX] = "";

	if (msgid_is_set(id))
		(void)msgid_format(id, text, sizeof text);
	query_put_text(o, member, text);
}

const char *
query_ascii(const char *set, int value, char *buf, size_t size)
{
	const struct enum_name *e = value != 0 ? enum_by_value(set, value) : NULL;

	if (e != NULL)
		(void)snprintf(buf, size, "%s", e->name);
	else if (value != 0)
		(void)snprintf(buf, size, "%d", value);
	else
		buf[0] = '\0';
	return buf;
}

const char *
query_word(const struct query *q, const char *set, int value, char *buf, size_t size)
{
	const struct enum_name *e = value != 0 ? enum_by_value(set, value) : NULL;

	if (e == NULL)
		return query_ascii(set, value, buf, size);
	if (q->zh && strcmp(set, "grade") == 0 && value != GRADE_UNDETERMINED)
		(void)snprintf(buf, size, "%s级 %s", e->name, e->zh);
	else
		(void)snprintf(buf, size, "%s", q->zh ? e->zh : e->label);
	return buf;
}

void
query_put_enum(const struct query *q, json_t *o, const char *member, const char *set, int value)
{
	char name[64], text[96];

	query_put_text(o, member, query_ascii(set, value, text, sizeof text));
	(void)snprintf(name, sizeof name, "%s_name", member);
	query_put_text(o, name, query_word(q, set, value, text, sizeof text));
}

const char *
query_station(const struct query *q, const char *station, char *buf, size_t size)
{
	const struct neighbour *n;

	if (station[0] == '\0') {
		buf[0] = '\0';
		return buf;
	}
	(void)codebook_station(q->conf->codebook, station, buf, size);
	if (strcmp(buf, station) != 0)
		return buf;
	/* A code the divisions do not know: what the topology, or the station's own settings, call it. */
	n = q->conf->topology != NULL ? topology_find(q->conf->topology, station) : NULL;
	if (n != NULL && n->name[0] != '\0')
		(void)text_sanitise(n->name, strlen(n->name), buf, size, false);
	else if (q->env->dir != NULL && strcmp(station, q->self) == 0 && q->env->dir->name[0] != '\0')
		(void)text_sanitise(q->env->dir->name, strlen(q->env->dir->name), buf, size, false);
	return buf;
}

void
query_put_station(const struct query *q, json_t *o, const char *member, const char *station)
{
	char name[64], text[160];

	query_put_text(o, member, station);
	(void)snprintf(name, sizeof name, "%s_name", member);
	query_put_text(o, name, query_station(q, station, text, sizeof text));
}

const char *
query_number(const struct query *q, const char *opener, const char *number, char *buf, size_t size)
{
	static const char *const suffix[] = { "街道", "镇", "乡", "区", "县", "市", "省" };
	char name[160] = "";
	size_t len, cut;

	if (number[0] != '\0' && strcmp(opener, q->self) != 0) {
		(void)query_station(q, opener, name, sizeof name);
		len = strlen(name);
		for (size_t i = 0; i < sizeof suffix / sizeof suffix[0]; i++) {
			cut = strlen(suffix[i]);
			/* Two characters must be left to be a name. */
			if (len >= cut + 6 && strcmp(name + len - cut, suffix[i]) == 0) {
				name[len - cut] = '\0';
				break;
			}
		}
	}
	(void)snprintf(buf, size, "%s%s", name, number);
	return buf;
}

const char *
query_realm_name(int realm)
{
	return realm == REALM_EXERCISE ? "exercise" : "live";
}

/* At most so many characters, line feeds as spaces, leading blanks dropped. */
static void
put_chars(struct buf *out, const char *s, int chars)
{
	size_t len, at = 0, n;
	uint32_t cp;

	while (*s == ' ' || *s == '\n' || *s == '\t')
		s++;
	len = strlen(s);
	for (int i = 0; i < chars && at < len; i++, at += n) {
		n = text_decode(s + at, len - at, &cp);
		if (cp == '\n' || cp == '\t')
			buf_puts(out, " ");
		else
			buf_put(out, s + at, n);
	}
	if (at < len)
		buf_puts(out, "…");
}

static void
receipt_title(struct query *q, const struct body *b, struct buf *out)
{
	const struct value *ref = body_first(b, F_REFS);
	struct journal_msg m;
	struct body *of = NULL;
	char word[96], id[MSGID_TEXT_MAX];
	size_t n = body_count(b, F_REFS);

	buf_puts(out, query_word(q, "act", body_enum(b, F_ACT), word, sizeof word));
	if (ref == NULL)
		return;
	buf_puts(out, " ");
	memset(&m, 0, sizeof m);
	if (query_message(q, &ref->u.id, &m, &of) == 0 && m.kind != KIND_RECEIPT) {
		query_title(q, of, QUERY_TITLE, out);
	} else {
		(void)msgid_format(&ref->u.id, id, sizeof id);
		buf_puts(out, id);
	}
	if (n > 1)
		buf_printf(out, q->zh ? " 等%zu件" : " and %zu more", q->zh ? n : n - 1);
	body_free(of);
	buf_free(&m.body);
}

/* What was done, by whom, and why: "归档 王建国：已移交". */
static void
step_title(struct query *q, const struct body *b, int chars, struct buf *out)
{
	const char *person = body_text(b, F_PERSON), *why = body_text(b, F_REASON), *verdict = body_text(b, F_VERDICT);
	char word[96];

	buf_puts(out, query_word(q, "step", body_enum(b, F_STEP), word, sizeof word));
	if (verdict != NULL && verdict[0] != '\0')
		buf_printf(out, " %s %s", verdict, body_flag(b, F_CONFIRMED) ? query_say(q, "confirmed", "确认") :
									  query_say(q, "denied", "否定"));
	for (size_t i = 0; i < b->n; i++) {
		const struct value *v = &b->v[i];

		if (v->field == NULL || field_decimals(v->field) < 0)
			continue;
		buf_printf(out, " %s", q->zh ? v->field->zh : v->field->label);
		value_format(out, v, q->conf->codebook, q->zh);
	}
	if (person != NULL && person[0] != '\0') {
		buf_puts(out, " ");
		put_chars(out, person, chars);
	}
	if (chars > QUERY_TITLE && why != NULL && why[0] != '\0') {
		buf_puts(out, query_say(q, ": ", "："));
		put_chars(out, why, chars);
	}
}

/* By what way, under which number: "外部系统 省值班系统 2026-118". */
static void
outside_title(struct query *q, const struct body *b, int chars, struct buf *out)
{
	static const uint32_t parts[] = { F_SYSTEM, F_ROUTE, F_RECEIPT_NO, F_ANSWERED_BY, F_TITLE, F_TEXT };
	char word[96];
	const char *s;

	buf_puts(out, query_word(q, "channel", body_enum(b, F_CHANNEL), word, sizeof word));
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
		if ((s = body_text(b, parts[i])) != NULL && s[0] != '\0') {
			buf_puts(out, " ");
			put_chars(out, s, chars);
		}
}

void
query_title(struct query *q, const struct body *b, int chars, struct buf *out)
{
	static const uint32_t running[] = { F_TITLE, F_BRIEF, F_TEXT, F_EVENT_NAME };
	int kind = body_enum(b, F_KIND), stage = body_enum(b, F_STAGE), progress;
	char word[96];
	const char *s;

	if (kind == KIND_RECEIPT) {
		receipt_title(q, b, out);
		return;
	}
	if (kind == KIND_GRADE) {
		buf_printf(out, "%s %s", query_word(q, "kind", kind, word, sizeof word), "");
		buf_puts(out, query_word(q, "grade", body_enum(b, F_GRADE), word, sizeof word));
		if (chars > QUERY_TITLE && (s = body_text(b, F_REASON)) != NULL && s[0] != '\0') {
			buf_puts(out, query_say(q, ": ", "："));
			put_chars(out, s, chars);
		}
		return;
	}
	if (kind == KIND_STEP) {
		step_title(q, b, chars, out);
		return;
	}
	if (kind == KIND_OUTSIDE) {
		outside_title(q, b, chars, out);
		return;
	}
	if (kind == KIND_FEEDBACK && (progress = body_enum(b, F_PROGRESS)) != 0)
		buf_printf(out, "%s ", query_word(q, "progress", progress, word, sizeof word));
	if (kind == KIND_REPORT && (stage == STAGE_CORRECTION || stage == STAGE_WITHDRAWAL))
		buf_printf(out, "%s ", query_word(q, "stage", stage, word, sizeof word));
	for (size_t i = 0; i < sizeof running / sizeof running[0]; i++)
		if ((s = body_text(b, running[i])) != NULL && s[0] != '\0') {
			put_chars(out, s, running[i] == F_TITLE ? QUERY_LINE : chars);
			return;
		}
	if (kind == KIND_REPORT && stage != 0)
		buf_puts(out, query_word(q, "stage", stage, word, sizeof word));
	else
		buf_puts(out, query_word(q, "kind", kind, word, sizeof word));
}

struct body *
query_decode(const struct journal_msg *m)
{
	struct fault f;

	return m->body.n > 0 ? wire_decode(m->body.p, m->body.n, &f) : NULL;
}

int
query_message(struct query *q, const struct msgid *id, struct journal_msg *m, struct body **b)
{
	int rc;

	*b = NULL;
	memset(m, 0, sizeof *m);
	if ((rc = q->j->ops->get_message(q->j, id, m)) != 0)
		return rc;
	return (*b = query_decode(m)) != NULL ? 0 : 1;
}

json_t *
query_summary(struct query *q, const struct msgid *id, const struct buf *cached)
{
	json_error_t err;
	json_t *o = cached->n > 0 ? json_loadb((const char *)cached->p, cached->n, 0, &err) : NULL;
	struct folded fd;

	if (json_is_object(o))
		return o;
	json_decref(o);
	o = NULL;
	memset(&fd, 0, sizeof fd);
	if (station_fold(q->s, id, &fd) == 0)
		o = incident_summary(fd.incident);
	folded_free(&fd);
	return o;
}

bool
query_is_event(const json_t *summary)
{
	static const int opening[] = { KIND_INTAKE, KIND_REPORT, KIND_GRADE, KIND_DIRECTIVE };
	const char *kind = json_string_value(json_object_get(summary, "opener_kind"));
	char name[32];

	for (size_t i = 0; kind != NULL && i < sizeof opening / sizeof opening[0]; i++)
		if (strcmp(kind, query_ascii("kind", opening[i], name, sizeof name)) == 0)
			return true;
	return false;
}

/* The figures with their marks and sources in the reader's language. */
static void
figures(const struct query *q, json_t *out, const json_t *sources)
{
	static const struct { const char *mark, *zh; } marks[] = { { "~", "约" }, { ">=", "至少" }, { "<=", "至多" } };
	size_t n = json_array_size(sources), i, j, k;

	for (i = 0; i < n; i = j) {
		const char *name = json_string_value(json_object_get(json_array_get(sources, i), "name"));
		const char *first = json_string_value(json_object_get(json_array_get(sources, i), "text"));
		struct buf b = { 0 };
		bool agree = true;

		for (j = i; j < n; j++) {
			const char *other = json_string_value(json_object_get(json_array_get(sources, j), "name"));
			const char *text = json_string_value(json_object_get(json_array_get(sources, j), "text"));

			if (name == NULL || other == NULL || strcmp(name, other) != 0)
				break;
			agree = agree && text != NULL && first != NULL && strcmp(text, first) == 0;
		}
		if (j == i) {
			j++;
			continue;
		}
		for (k = i; k < j && (k == i || !agree); k++) {
			const char *text = json_string_value(json_object_get(json_array_get(sources, k), "text"));
			const char *source = json_string_value(json_object_get(json_array_get(sources, k), "source"));
			char station[160];

			if (text == NULL)
				continue;
			if (k > i)
				buf_puts(&b, "/");
			for (size_t m = 0; q->zh && m < sizeof marks / sizeof marks[0]; m++) {
				size_t len = strlen(marks[m].mark);

				if (strncmp(text, marks[m].mark, len) == 0) {
					buf_puts(&b, marks[m].zh);
					text += len;
					break;
				}
			}
			buf_puts(&b, text);
			if (!agree && source != NULL)
				buf_printf(&b, "(%s)", station_code_valid(source) ?
				    query_station(q, source, station, sizeof station) : source);
		}
		query_put_text(out, name, buf_cstr(&b));
		buf_free(&b);
	}
}

/* Report numbers that are not here, in words. */
static void
missing(const struct query *q, json_t *o)
{
	const json_t *gaps = json_object_get(o, "gaps");
	struct buf b = { 0 };

	for (size_t i = 0; i < json_array_size(gaps); i++) {
		const json_t *g = json_array_get(gaps, i);
		const char *station = json_string_value(json_object_get(g, "station"));
		const char *without = json_string_value(json_object_get(g, "without"));
		int have = (int)json_integer_value(json_object_get(g, "have"));
		char name[160];

		if (station == NULL || without == NULL)
			continue;
		if (b.n > 0)
			buf_puts(&b, query_say(q, "; ", "；"));
		(void)query_station(q, station, name, sizeof name);
		if (q->zh)
			buf_printf(&b, "%s第%d报已到，缺第%s报", name, have, without);
		else
			buf_printf(&b, "%s report %d without %s", name, have, without);
	}
	query_put_text(o, "missing", buf_cstr(&b));
	buf_free(&b);
}

static void
put_event_state(const struct query *q, json_t *o, const char *member)
{
	const char *name = json_string_value(json_object_get(o, "state"));
	const struct life_name *n = NULL;

	for (int i = EVENT_REPORTED; name != NULL && i <= EVENT_MERGED; i++)
		if ((n = life_event_state(i)) != NULL && strcmp(n->name, name) == 0)
			break;
		else
			n = NULL;
	query_put_text(o, member, n != NULL ? query_say(q, n->label, n->zh) : name);
}

/* Words beside what the summary says of the incident's life: states, stations, the names of figures. */
static void
life_words(const struct query *q, json_t *o)
{
	static const char *const lists[] = { "states", "adopted", "verdicts" };
	char text[320];
	json_t *e;
	size_t i;

	put_event_state(q, o, "state_name");
	for (size_t k = 0; k < sizeof lists / sizeof lists[0]; k++)
		json_array_foreach(json_object_get(o, lists[k]), i, e)
		{
			const char *station = json_string_value(json_object_get(e, "station"));
			const char *name = json_string_value(json_object_get(e, "name"));
			const struct field *fd = k == 1 && name != NULL ? field_by_name(name) : NULL;

			query_put_text(e, "station_name", station != NULL ? query_station(q, station, text, sizeof text) : "");
			if (k == 0)
				put_event_state(q, e, "state_name");
			if (fd != NULL)
				query_put_text(e, "field_name", q->zh ? fd->zh : fd->label);
		}
}

json_t *
query_incident(struct query *q, json_t *o, int64_t changed)
{
	const char *type = json_string_value(json_object_get(o, "type"));
	const char *opener = json_string_value(json_object_get(o, "opener"));
	const char *number = json_string_value(json_object_get(o, "number"));
	const char *grade = json_string_value(json_object_get(o, "grade"));
	const struct code_entry *event =
	    type != NULL && type[0] != '\0' ? codebook_event(q->conf->codebook, type) : NULL;
	const struct enum_name *e = grade != NULL ? enum_by_name("grade", grade) : NULL;
	const json_t *stations = json_object_get(o, "stations");
	json_t *names = json_array(), *figs = json_object();
	char text[320];
	struct msgid id;

	query_put_text(o, "type_name", event != NULL ? event->name : type);
	query_put_text(o, "grade_name", query_word(q, "grade", e != NULL ? e->value : 0, text, sizeof text));
	query_put_text(o, "opener_name", opener != NULL ? query_station(q, opener, text, sizeof text) : "");
	/* Last of all that reads them: number and opener are replaced in the object. */
	(void)query_number(q, opener != NULL ? opener : "", number != NULL ? number : "", text, sizeof text);
	query_put_text(o, "number", text);
	for (size_t i = 0; i < json_array_size(stations); i++) {
		const char *s = json_string_value(json_array_get(stations, i));

		if (s != NULL)
			(void)json_array_append_new(names, json_string(query_station(q, s, text, sizeof text)));
	}
	query_put(o, "station_names", names);
	figures(q, figs, json_object_get(o, "figure_sources"));
	query_put(o, "figures", figs);
	missing(q, o);
	life_words(q, o);
	query_put(o, "changed", json_integer(changed));
	if (json_string_value(json_object_get(o, "id")) != NULL &&
	    msgid_parse(json_string_value(json_object_get(o, "id")), &id))
		query_put_text(o, "realm", query_realm_name(id.realm));
	return o;
}

/* Grade and number of an incident by its cache; asked once a request. */
size_t
query_incident_of(struct query *q, struct grade_cache *c, const struct msgid *id)
{
	struct journal_incident row;
	const struct enum_name *e;
	const char *grade;
	json_t *o;
	size_t i;

	for (i = 0; i < c->n; i++)
		if (msgid_cmp(&c->id[i], id) == 0)
			return i;
	c->id = xreallocarray(c->id, c->n + 1, sizeof *c->id);
	c->grade = xreallocarray(c->grade, c->n + 1, sizeof *c->grade);
	c->number = xreallocarray(c->number, c->n + 1, sizeof *c->number);
	c->n++;
	c->id[i] = *id;
	c->grade[i] = 0;
	c->number[i][0] = '\0';
	memset(&row, 0, sizeof row);
	if (msgid_is_set(id) && q->j->ops->incident_get(q->j, id, &row) == 0 &&
	    (o = query_summary(q, id, &row.summary)) != NULL) {
		grade = json_string_value(json_object_get(o, "grade"));
		if (grade != NULL && (e = enum_by_name("grade", grade)) != NULL)
			c->grade[i] = e->value;
		(void)snprintf(c->number[i], sizeof c->number[i], "%s", row.number);
		json_decref(o);
	}
	buf_free(&row.summary);
	return i;
}

void
grade_cache_free(struct grade_cache *c)
{
	free(c->id);
	free(c->grade);
	free(c->number);
}
