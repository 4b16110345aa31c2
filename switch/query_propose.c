/*
 * What the grading tables make of an incident, or of figures typed in: a proposal with its clause and figure, how much
 * more makes the next grade, what is not known, the second verdict of risk, and the sensitive marks.
 *
 * Nothing here states a grade: a person does, and until then the question comes back (query_ask_again()).
 */
#include <string.h>
#include <sysexits.h>
#include "../formats/grade.h"
#include "../formats/i18n.h"
#include "../formats/life.h"
#include "query_int.h"

#define PROPOSE_WORDS 65536	/* bytes of the timeline's words the marks are looked for in */
#define PROPOSE_MARKS 64
#define PROPOSE_STEPS 8		/* thresholds of one criterion: a table has four grades */
#define MINUTE_MS 60000

/* ---- when it is asked again ---- */

bool
query_ask_again(const struct incident *inc, const struct rules *rules, struct ask_again *out)
{
	int64_t span;

	memset(out, 0, sizeof *out);
	if (inc->history || inc->nall == 0 || inc->final_reported || inc->closed ||
	    (inc->grade != 0 && inc->grade != GRADE_UNDETERMINED) ||
	    (inc->opener_kind != KIND_INTAKE && inc->opener_kind != KIND_REPORT && inc->opener_kind != KIND_GRADE) ||
	    inc->state == EVENT_FINAL || inc->state == EVENT_ARCHIVED || inc->state == EVENT_MERGED)
		return false;
	/* By this station's clock: others' may be wrong. */
	for (size_t i = 0; i < inc->nlines; i++) {
		const struct incident_line *l = &inc->lines[i];

		if (l->kind == KIND_CHASE || (msgid_is_set(&out->about) && (l->grade == 0 || l->withdrawn)))
			continue;
		if (!msgid_is_set(&out->about) || l->stored > out->origin) {
			out->origin = l->stored;
			out->about = l->id;
		}
	}
	if (!msgid_is_set(&out->about) ||
	    __builtin_mul_overflow(rules_number(rules, NUMBER_ASK_AGAIN_MINUTES), (int64_t)MINUTE_MS, &span) ||
	    __builtin_add_overflow(out->origin, span, &out->due))
		return false;
	out->clause = rules_number_clause(rules, NUMBER_ASK_AGAIN_MINUTES);
	return true;
}

/* ---- parts of the answer ---- */

/* As figures stand elsewhere: decimal text without a unit; null where there is none. */
static void
put_number(const struct query *q, json_t *o, const char *member, const struct field *fd, int64_t n)
{
	struct figure fig = { .q = FIG_EXACT, .n = n };

	if (n < 0 || n == INT64_MAX)
		query_put(o, member, json_null());
	else
		query_put_figure(q, o, member, fd->key, &fig);
}

/* All thresholds of one criterion, mildest first: the tables are asked with that figure alone, from zero upward, each
 * time with the number they name as the next one.  Zero may prove a grade by itself ("from 0"). */
static json_t *
steps_json(const struct query *q, const struct grade_rules *rules, const struct body *judged, const struct field *fd)
{
	struct body *b = body_new();
	json_t *list = json_array();
	int64_t from = 0;
	int grade = 0;
	const char *clause = "";

	for (const struct value *t = body_first(judged, F_TYPE); t != NULL; t = body_next(judged, t))
		body_add_value(b, t);
	for (int i = 0; i < PROPOSE_STEPS && from >= 0; i++) {
		struct figure fig = { .q = FIG_EXACT, .n = from };
		struct grade_verdict v;

		body_unset(b, fd->key);
		body_add_figure(b, fd->key, &fig);
		grade_judge(rules, b, &v);
		for (size_t k = 0; k < v.npoints; k++) {
			const struct grade_point *p = &v.points[k];

			if (p->field != fd)
				continue;
			if (i == 0 && p->grade != 0) {
				grade = p->grade;
				clause = p->clause;
			}
			if (grade != 0) {
				json_t *o = json_object();

				query_put_enum(q, o, "grade", "grade", grade);
				put_number(q, o, "from", fd, from);
				query_put_text(o, "clause", clause);
				(void)json_array_append_new(list, o);
			}
			grade = p->next;
			clause = p->next_clause;
			from = grade != 0 ? p->next_from : -1;
			break;
		}
		grade_verdict_free(&v);
	}
	body_free(b);
	return list;
}

static json_t *
points_json(const struct query *q, const struct grade_rules *rules, const struct body *judged, const struct grade_verdict *v)
{
	json_t *list = json_array();
	char station[160];

	for (size_t i = 0; i < v->npoints; i++) {
		const struct grade_point *p = &v->points[i];
		const char *source = p->fig != NULL ? p->fig->source : NULL;
		json_t *o = json_object();

		query_put_text(o, "field", p->field->name);
		query_put_text(o, "name", query_field_name(q, p->field));
		query_put_text(o, "unit", p->field->arg);
		put_number(q, o, "number", p->field, p->lo);
		put_number(q, o, "about", p->field, p->about);
		query_put_text(o, "source", source);
		query_put_text(o, "source_name", source != NULL && station_code_valid(source) ?
		    query_station(q, source, station, sizeof station) : source);
		query_put(o, "at_least", json_boolean(p->fig != NULL && p->fig->q != FIG_EXACT));
		query_put_enum(q, o, "grade", "grade", p->grade);
		query_put_text(o, "clause", p->clause);
		query_put(o, "decides", json_boolean(p->decides));
		query_put(o, "differ", json_boolean(p->differ));
		query_put_enum(q, o, "next", "grade", p->next);
		put_number(q, o, "next_from", p->field, p->next != 0 ? p->next_from : -1);
		put_number(q, o, "more", p->field, p->next != 0 ? p->more : -1);
		query_put_text(o, "next_clause", p->next != 0 ? p->next_clause : "");
		query_put(o, "steps", steps_json(q, rules, judged, p->field));
		(void)json_array_append_new(list, o);
	}
	return list;
}

static json_t *
open_json(const struct query *q, const struct grade_verdict *v)
{
	static const struct {
		const char *name, *en, *zh;
	} whys[] = {
		[GRADE_WHY_ABSENT] = { "absent", "not stated", "未报" },
		[GRADE_WHY_UNKNOWN] = { "unknown", "unknown", "不明" },
		[GRADE_WHY_ABOUT] = { "about", "only about, which proves nothing", "仅为约数,不作依据" },
		[GRADE_WHY_RANGE] = { "range", "only a bound, and the rest could make a graver grade", "仅有上下限,可能更重" },
		[GRADE_WHY_UNSORTED] = { "unsorted", "the degree is not said: some may be severe", "未分轻重,可能有重伤" },
	};
	json_t *list = json_array();

	for (size_t i = 0; i < v->nopen; i++) {
		const struct grade_open *p = &v->open[i];
		json_t *o = json_object();

		query_put_text(o, "field", p->field->name);
		query_put_text(o, "name", query_field_name(q, p->field));
		query_put_text(o, "why", whys[p->why].name);
		query_put_text(o, "why_name", query_say(q, whys[p->why].en, whys[p->why].zh));
		query_put(o, "holds", json_boolean(p->holds));
		(void)json_array_append_new(list, o);
	}
	return list;
}

static json_t *
risk_json(const struct query *q, const struct grade_risk *r, const struct incident *inc)
{
	json_t *o = json_object(), *list = json_array(), *said = json_array();

	query_put_text(o, "name", r->name);
	query_put(o, "covered", json_boolean(r->covered));
	query_put(o, "met", json_boolean(r->met));
	query_put(o, "proposed", json_boolean(r->met || r->likely));
	for (size_t i = 0; i < r->npoints; i++) {
		const struct grade_risk_point *p = &r->points[i];
		json_t *e = json_object(), *fields = json_array();

		for (size_t k = 0; k < p->nfield; k++)
			(void)json_array_append_new(fields, json_string(p->field[k]->name));
		query_put_text(e, "text", p->text);
		query_put_text(e, "clause", p->clause);
		query_put(e, "fields", fields);
		query_put(e, "limit", p->number < 0 ? json_null() : json_integer(p->number));
		query_put(e, "number", p->lo < 0 ? json_null() : json_integer(p->lo));
		query_put(e, "about", p->likely ? json_integer(p->about) : json_null());
		query_put_text(e, "answer", p->nfield == 0 ? "ask" : p->met ? "yes" : p->likely ? "about" : p->open ? "unknown" : "no");
		(void)json_array_append_new(list, e);
	}
	query_put(o, "points", list);
	/* What persons have said of it so far, station by station. */
	for (size_t i = 0; inc != NULL && i < inc->nverdicts; i++) {
		const struct incident_verdict *d = &inc->verdicts[i];
		json_t *e = json_object();

		query_put_station(q, e, "station", d->station);
		query_put_text(e, "name", d->name);
		query_put_text(e, "person", d->person);
		query_put(e, "confirmed", json_boolean(d->confirmed));
		(void)json_array_append_new(said, e);
	}
	query_put(o, "verdicts", said);
	return o;
}

static json_t *
marks_json(const struct query *q, const struct grade_rules *rules, const struct body *b)
{
	json_t *list = json_array();
	struct grade_mark m;

	for (size_t i = 0; i < PROPOSE_MARKS && grade_mark(rules, b, q->now, i, &m); i++) {
		json_t *o = json_object();

		query_put_text(o, "mark", m.mark);
		query_put_text(o, "name", m.name);
		query_put_text(o, "why", m.why);
		query_put_text(o, "clause", m.clause);
		query_put(o, "clock", json_boolean(m.clock));
		query_put(o, "addressees", json_boolean(m.addressees));
		(void)json_array_append_new(list, o);
	}
	return list;
}

/* ---- what is judged ---- */

/* The incident's figures, and for the marks its words and its day. */
static struct body *
body_of(const struct incident *inc)
{
	static const uint32_t texts[] = { F_TITLE, F_BRIEF, F_TEXT, F_SCOPE, F_CASUALTIES_TEXT };
	struct body *b = body_new();
	struct buf words = { 0 };

	clock_figures(inc, b);
	if (inc->title[0] != '\0')
		body_set_text(b, F_TITLE, inc->title);
	if (inc->place[0] != '\0')
		body_set_text(b, F_PLACE, inc->place);
	if (inc->occurred != 0)
		body_set_time(b, F_OCCURRED, inc->occurred);
	if (inc->learned != 0)
		body_set_time(b, F_LEARNED, inc->learned);
	for (size_t i = 0; i < inc->nlines; i++) {
		const struct incident_line *l = &inc->lines[i];

		if (l->withdrawn || (l->kind != KIND_INTAKE && l->kind != KIND_REPORT))
			continue;
		for (size_t k = 0; k < sizeof texts / sizeof texts[0]; k++) {
			const char *s = body_text(l->body, texts[k]);

			if (s == NULL || words.n + strlen(s) >= PROPOSE_WORDS)
				continue;
			buf_puts(&words, s);
			buf_puts(&words, "\n");
		}
	}
	if (words.n > 0)
		body_set_text(b, F_BRIEF, buf_cstr(&words));
	buf_free(&words);
	return b;
}

static void
put_verdict(const struct query *q, json_t *o, const struct grade_rules *rules, const struct body *judged,
    const struct grade_verdict *v)
{
	static const char *const scopes[] = {
		[GRADE_NO_TYPE] = "no-type",
		[GRADE_NO_TABLE] = "no-table",
		[GRADE_EXCEPTED] = "excepted",
		[GRADE_COVERED] = "covered",
	};
	json_t *notes = json_array();

	query_put_text(o, "scope", scopes[v->scope]);
	query_put_text(o, "table", v->table);
	query_put_text(o, "clause", v->clause);
	query_put_enum(q, o, "grade", "grade", v->grade);
	query_put_enum(q, o, "proposal", "grade", v->proposal);
	query_put_enum(q, o, "possible", "grade", v->possible);
	query_put_enum(q, o, "about", "grade", v->about);
	query_put_enum(q, o, "worst", "grade", v->worst);
	query_put(o, "undetermined", json_boolean(v->grade == GRADE_UNDETERMINED));
	query_put(o, "points", points_json(q, rules, judged, v));
	query_put(o, "open", open_json(q, v));
	for (size_t i = 0; i < v->nnotes; i++)
		(void)json_array_append_new(notes, json_string(v->notes[i]));
	query_put(o, "notes", notes);
}

/* The figures source by source with the time each holds for: what a person adopts from. */
static json_t *
sources_json(const struct query *q, const struct incident *inc)
{
	json_t *list = json_array();

	for (size_t i = 0; i < inc->nfigures; i++) {
		const struct incident_figure *p = &inc->figures[i];
		int64_t at = p->fig.asof;

		for (size_t k = 0; at == 0 && k < inc->nall; k++)
			if (msgid_cmp(&inc->all[k].id, &p->by) == 0)
				at = inc->all[k].at;
		query_put_source(q, list, p, p->source, at);
	}
	return list;
}

/* ---- what was merged in ---- */

struct merging {
	const struct query *q;
	json_t *list;
	struct body *b;
};

static void
merged_source(void *ctx, const struct incident *of, const struct incident_figure *g, const char *source, int64_t at)
{
	struct merging *w = ctx;
	struct figure fig = g->fig;
	char number[320];
	json_t *o = query_put_source(w->q, w->list, g, source, at);

	fig.source = source;
	body_add_figure(w->b, g->key, &fig);
	if (o != NULL)
		query_put_text(o, "merged", query_number(w->q, of->opener, of->number, number, sizeof number));
}

/* Judged as one event, as further sources: side by side, never added up.  0, -1: the journal cannot be read. */
static int
take_merged(const struct query *q, const struct incident *inc, json_t *list, struct body *b)
{
	struct merging w = { .q = q, .list = list, .b = b };
	struct merged m;
	int rc = station_merged(q->s, inc, &m);

	merged_figures(&m, inc, merged_source, &w);
	merged_free(&m);
	return rc;
}

/* The graver of what its clocks run by and what all its figures make of it together. */
static int
clock_of(const struct incident *inc, const struct rules *rules, const struct grade_verdict *v)
{
	int clock = clock_grade(inc, rules), all = grade_for_clock(v);
	bool stated = inc->grade >= GRADE_I && inc->grade <= GRADE_IV;

	if (stated)
		all = v->proposal;
	return all >= GRADE_I && all <= GRADE_IV && (clock < GRADE_I || clock > GRADE_IV || all < clock) ? all : clock;
}

/* Casualties that changed after the final report: what is to be done, or that the time for it is over. */
static void
put_supplement(const struct query *q, json_t *o, const struct incident *inc)
{
	json_t *s = query_supplement(q, inc);

	if (s == NULL)
		return;
	(void)json_array_append(json_object_get(o, "notes"), json_object_get(s, "text"));
	query_put(o, "supplement", s);
}

json_t *
query_propose(struct query *q)
{
	const struct grade_rules *rules = rules_grading(q->conf->rules);
	struct grade_verdict v;
	struct ask_again ask;
	struct folded fd;
	struct body *b = NULL;
	struct msgid id;
	const char *ref;
	int realm, clock, stated;
	json_t *o = NULL, *sources = NULL;

	memset(&fd, 0, sizeof fd);
	memset(&ask, 0, sizeof ask);
	if (!query_get_body(q, "body", &b) || !query_get_text(q, "ref", false, &ref) ||
	    !query_get_realm(q, REALM_LIVE, &realm))
		goto out;
	if ((b == NULL) == (ref == NULL)) {
		(void)fault_set(q->f, EX_DATAERR, b == NULL ? "ref" : "body", "%s",
		    b == NULL ? _("needs an incident, or a body with type and figures") :
				_("the figures are the incident's: leave it out to try others"));
		goto out;
	}
	if (rules == NULL) {
		(void)fault_set(q->f, EX_CONFIG, "", _("no grading tables are loaded"));
		goto out;
	}
	if (ref != NULL) {
		if (station_resolve(q->s, realm, ref, &id, q->f) != 0)
			goto out;
		if (station_fold(q->s, &id, &fd) == -1) {
			(void)query_unreadable(q);
			goto out;
		}
		if (fd.n == 0) {
			(void)fault_set(q->f, EX_NOINPUT, "ref", _("no incident %s here"), ref);
			goto out;
		}
		b = body_of(fd.incident);
		sources = sources_json(q, fd.incident);
		if (take_merged(q, fd.incident, sources, b) == -1) {
			(void)query_unreadable(q);
			goto out;
		}
		(void)query_ask_again(fd.incident, q->conf->rules, &ask);
	}
	grade_judge(rules, b, &v);
	o = json_object();
	if (fd.incident != NULL) {
		query_put_id(o, "incident", &id);
		query_put(o, "sources", json_incref(sources));
	}
	put_verdict(q, o, rules, b, &v);
	if (fd.incident != NULL)
		put_supplement(q, o, fd.incident);
	query_put(o, "risk", risk_json(q, &v.risk, fd.incident));
	query_put(o, "marks", marks_json(q, rules, b));
	stated = fd.incident != NULL ? fd.incident->grade : body_enum(b, F_GRADE);
	query_put_enum(q, o, "stated", "grade", stated);
	clock = fd.incident != NULL ? clock_of(fd.incident, q->conf->rules, &v) :
	    stated >= GRADE_I && stated <= GRADE_IV ? stated : grade_for_clock(&v);
	query_put_enum(q, o, "clock_grade", "grade", clock != 0 ? clock : GRADE_UNDETERMINED);
	query_put(o, "ask_again", ask.due != 0 ? json_integer(ask.due) : json_null());
	query_put_text(o, "ask_again_clause", ask.due != 0 ? ask.clause : "");
	grade_verdict_free(&v);
out:
	json_decref(sources);
	folded_free(&fd);
	body_free(b);
	return o;
}
