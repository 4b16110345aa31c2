/*
 * `dutyctl grade --explain`: the proposal of the grading tables with its reasons, for an incident of the running switch
 * or for figures given as options.  It shows; a person states the grade.
 *
 * Nothing is decided here.  What is read from the switch are the figures that stand, each with its source; from the
 * options the same, so that a rehearsal at a desk and the real thing are explained by one and the same code.
 */
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "../formats/buf.h"
#include "../formats/conf.h"
#include "../formats/grade.h"
#include "../formats/i18n.h"
#include "../formats/value.h"
#include "../formats/msgid.h"
#include "ctl_grade.h"

#define TEXT_MAX_READ 65536 /* of the timeline's words, for the sensitive marks */

struct explain {
	const struct codebook *cb;
	const struct grade_rules *rules;
	struct body *body;
	json_t *incident; /* NULL offline; borrowed from the answer */
	struct grade_verdict v;
};

static const struct ctl_option known[] = {{"explain", false, false}, {"realm", true, false}, {NULL, false, false}};

static int read_incident(struct explain *, const json_t *answer, struct fault *);
static void print_text(const struct explain *);
static json_t *print_json(const struct explain *);

bool
ctl_grade_explains(int argc, char **argv)
{
	for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], "--explain") == 0)
			return true;
	return false;
}

/* ---- what is known ---- */

/* The figures that stand, their titles and words, as one body. */
static int
read_incident(struct explain *x, const json_t *answer, struct fault *f)
{
	static const struct {
		const char *member;
		uint32_t key;
	} texts[] = {{"type", F_TYPE}, {"title", F_TITLE}, {"place", F_PLACE}};
	static const struct {
		const char *member;
		uint32_t key;
	} times[] = {{"occurred", F_OCCURRED}, {"learned", F_LEARNED}};
	struct buf words = {0};
	json_t *e;
	size_t i;

	for (i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		const char *s = json_string_value(json_object_get(x->incident, texts[i].member));

		if (s != NULL && s[0] != '\0')
			body_set_text(x->body, texts[i].key, s);
	}
	for (i = 0; i < sizeof times / sizeof times[0]; i++) {
		json_int_t ms = json_integer_value(json_object_get(x->incident, times[i].member));

		if (ms > 0 && ms <= WHEN_MS_MAX)
			body_set_time(x->body, times[i].key, ms);
	}
	json_array_foreach(json_object_get(x->incident, "figure_sources"), i, e)
	{
		const char *name = json_string_value(json_object_get(e, "name"));
		const char *text = json_string_value(json_object_get(e, "text"));
		const char *source = json_string_value(json_object_get(e, "source"));
		const struct field *fd = name != NULL ? field_by_name(name) : NULL;
		struct body *one;
		struct figure fig;

		/* a figure of a later version's field proves nothing by the tables of this one */
		if (fd == NULL || field_decimals(fd) < 0 || text == NULL)
			continue;
		one = body_new();
		if (value_parse(one, fd, text, NULL, ctl_now(), f) != 0) {
			body_free(one);
			buf_free(&words);
			return -1;
		}
		fig = body_first(one, fd->key)->u.fig;
		fig.source = source != NULL && source[0] != '\0' ? source : NULL;
		body_add_figure(x->body, fd->key, &fig);
		body_free(one);
	}
	json_array_foreach(json_object_get(answer, "lines"), i, e)
	{
		const char *s = json_string_value(json_object_get(e, "text"));

		if (s == NULL || json_is_true(json_object_get(e, "withdrawn")) || words.n + strlen(s) > TEXT_MAX_READ)
			continue;
		buf_puts(&words, s);
		buf_puts(&words, "\n");
	}
	if (words.n > 0)
		body_set_text(x->body, F_BRIEF, buf_cstr(&words));
	buf_free(&words);
	return 0;
}

/* ---- words ---- */

/* A number with its unit; *out is cleared first. */
static const char *
number(const struct field *fd, int64_t n, struct buf *out)
{
	struct body *b = body_new();
	struct figure fig = {.q = FIG_EXACT, .n = n};

	buf_clear(out);
	body_add_figure(b, fd->key, &fig);
	value_format(out, body_first(b, fd->key), NULL, i18n_zh());
	body_free(b);
	if (*value_unit(fd, true) == '\0') /* persons; what has a unit word says it already */
		buf_printf(out, "%s%s", i18n_zh() ? "" : " ", i18n_zh() ? fd->arg : _("persons"));
	return buf_cstr(out);
}

static const char *
label(const struct field *fd)
{
	return i18n_zh() ? fd->zh : _(fd->label);
}

/* "III 较大", "II (serious)", "-" */
static const char *
grade_word(int grade, char *buf, size_t size)
{
	const struct enum_name *e = enum_by_value("grade", grade);

	if (e == NULL)
		(void)snprintf(buf, size, "-");
	else if (i18n_zh() && grade != GRADE_UNDETERMINED)
		(void)snprintf(buf, size, "%s %s", e->name, e->zh);
	else
		(void)snprintf(buf, size, "%s", i18n_zh() ? e->zh : e->label);
	return buf;
}

static const char *
why_word(enum grade_why why)
{
	switch (why) {
	case GRADE_WHY_ABSENT:
		return _("not stated");
	case GRADE_WHY_UNKNOWN:
		return _("unknown");
	case GRADE_WHY_ABOUT:
		return _("only about, which proves nothing");
	case GRADE_WHY_RANGE:
		return _("only a bound, and the rest could make a graver grade");
	case GRADE_WHY_UNSORTED:
		return _("the degree is not said: some may be severe");
	}
	return "?";
}

/* ---- for people ---- */

static void
print_points(const struct explain *x)
{
	struct buf n = {0}, line = {0};
	char word[128], source[160];

	for (size_t i = 0; i < x->v.npoints; i++) {
		const struct grade_point *p = &x->v.points[i];

		if (!p->decides)
			continue;
		buf_clear(&line);
		buf_printf(&line, "%s %s%s", label(p->field),
		    p->fig != NULL && p->fig->q == FIG_ATLEAST	? _("at least ")
		    : p->fig != NULL && p->fig->q == FIG_ATMOST ? _("at most, so no more than a bound: from ")
								: "",
		    number(p->field, p->lo, &n));
		if (p->fig != NULL && p->fig->source != NULL)
			buf_printf(&line, " (%s)",
			    station_code_valid(p->fig->source)
				? codebook_station(x->cb, p->fig->source, source, sizeof source)
				: p->fig->source);
		buf_printf(&line, " → %s  [%s]", grade_word(p->grade, word, sizeof word), p->clause);
		if (p->differ)
			buf_printf(&line, "  %s", _("(the sources differ: the gravest counts, none are added)"));
		ctl_line(stdout, _("proven by"), buf_cstr(&line));
	}
	for (size_t i = 0; i < x->v.npoints; i++) {
		const struct grade_point *p = &x->v.points[i];

		if (p->next == 0)
			continue;
		buf_clear(&line);
		buf_printf(&line, _("%s: %s more make "), label(p->field), number(p->field, p->more, &n));
		buf_printf(&line, "%s", grade_word(p->next, word, sizeof word));
		buf_printf(&line, _(" (from %s)"), number(p->field, p->next_from, &n));
		buf_printf(&line, "  [%s]", p->next_clause);
		ctl_line(stdout, _("next"), buf_cstr(&line));
	}
	buf_free(&n);
	buf_free(&line);
}

static void
print_unknown(const struct explain *x)
{
	const struct grade_verdict *v = &x->v;
	struct buf n = {0}, line = {0};
	char word[128];

	for (size_t i = 0; i < v->nopen; i++) {
		buf_clear(&line);
		buf_printf(&line, "%s: %s%s", label(v->open[i].field), why_word(v->open[i].why),
		    v->open[i].holds ? "" : _("; the grade does not wait for it"));
		ctl_line(stdout, _("not known"), buf_cstr(&line));
	}
	if (v->grade == GRADE_UNDETERMINED)
		ctl_line(stdout, _("possible"), grade_word(v->possible, word, sizeof word));
	if (v->about != 0) {
		buf_clear(&line);
		buf_printf(&line, _("%s if the \"about\" figures are right"), grade_word(v->about, word, sizeof word));
		ctl_line(stdout, _("possible"), buf_cstr(&line));
	}
	if (v->worst != 0) {
		buf_clear(&line);
		buf_printf(&line, _("%s if all missing and trapped are lost"), grade_word(v->worst, word, sizeof word));
		buf_printf(&line, " (%s %s)", label(v->worst_field), number(v->worst_field, v->worst_n, &n));
		ctl_line(stdout, _("at worst"), buf_cstr(&line));
	}
	buf_free(&n);
	buf_free(&line);
}

static void
print_risk(const struct grade_risk *r)
{
	struct buf line = {0};
	bool open = false;

	if (!r->covered)
		return;
	for (size_t i = 0; i < r->npoints; i++)
		open = open || r->points[i].open;
	buf_printf(&line, "%s: %s", r->name,
	    r->met ? _("the figures show it; a person confirms")
	    : r->likely ? _("about as much as makes it; a person confirms")
	    : open ? _("not known: not all figures it needs are")
		   : _("not shown by the figures"));
	ctl_line(stdout, _("risk"), buf_cstr(&line));
	for (size_t i = 0; i < r->npoints; i++) {
		const struct grade_risk_point *p = &r->points[i];

		buf_clear(&line);
		buf_printf(&line, "%s", p->text);
		if (p->number >= 0)
			buf_printf(&line, " ≥ %lld", (long long)p->number);
		buf_puts(&line, ": ");
		if (p->nfield == 0)
			buf_puts(&line, _("no figure shows it: a person says"));
		else if (p->met)
			buf_printf(&line, _("yes, %lld"), (long long)p->lo);
		else if (p->likely)
			buf_printf(&line, _("about %lld: please confirm"), (long long)p->about);
		else if (p->open)
			buf_printf(&line, _("not known, %lld proven"), (long long)(p->lo < 0 ? 0 : p->lo));
		else
			buf_printf(&line, _("no, %lld"), (long long)p->lo);
		buf_printf(&line, "  [%s]", p->clause);
		ctl_line(stdout, "", buf_cstr(&line));
	}
	buf_free(&line);
}

static void
print_text(const struct explain *x)
{
	const struct grade_verdict *v = &x->v;
	const struct value *type = body_first(x->body, F_TYPE);
	struct grade_mark m;
	struct buf line = {0};
	char word[512];

	if (x->incident != NULL) {
		ctl_line(stdout, _("incident"), ctl_text(x->incident, "number", word, sizeof word));
		ctl_line(stdout, _("stated"),
		    json_string_length(json_object_get(x->incident, "grade")) > 0
			? ctl_enum(x->incident, "grade", "grade", word, sizeof word)
			: _("no grade yet"));
	}
	if (type != NULL) {
		value_format(&line, type, x->cb, i18n_zh());
		ctl_line(stdout, _("type"), buf_cstr(&line));
		buf_clear(&line);
	}
	switch (v->scope) {
	case GRADE_NO_TYPE:
		ctl_line(stdout, _("proposal"), _("none: the event type is not stated, so no table can be chosen"));
		break;
	case GRADE_NO_TABLE:
		ctl_line(stdout, _("proposal"), _("none: no table covers this event type; a person grades it"));
		break;
	case GRADE_EXCEPTED:
		buf_printf(&line, _("none: table %s is not for this event type"), v->table);
		buf_printf(&line, "  [%s]", v->clause);
		ctl_line(stdout, _("proposal"), buf_cstr(&line));
		break;
	case GRADE_COVERED:
		buf_printf(&line, "%s  [%s]", v->table, v->clause);
		ctl_line(stdout, _("table"), buf_cstr(&line));
		buf_clear(&line);
		if (v->proposal == 0 && v->grade == 0)
			buf_puts(&line, _("none: below every row of the table"));
		else if (v->proposal == 0)
			buf_puts(&line, _("undetermined: no figure proves any grade"));
		else if (v->grade == GRADE_UNDETERMINED)
			buf_printf(
			    &line, _("undetermined; proven so far: %s"), grade_word(v->proposal, word, sizeof word));
		else
			buf_puts(&line, grade_word(v->grade, word, sizeof word));
		ctl_line(stdout, _("proposal"), buf_cstr(&line));
		print_points(x);
		print_unknown(x);
		if (v->grade == GRADE_UNDETERMINED)
			ctl_line(stdout, _("clock runs by"), grade_word(grade_for_clock(v), word, sizeof word));
		break;
	}
	print_risk(&v->risk);
	for (size_t i = 0; grade_mark(x->rules, x->body, ctl_now(), i, &m); i++) {
		buf_clear(&line);
		buf_printf(&line, "%s (%s): %s  [%s]", m.name, m.why,
		    m.clock && m.addressees ? _("clock and addressees, not the grade")
		    : m.clock		    ? _("clock, not the grade")
					    : _("addressees, not the grade"),
		    m.clause);
		ctl_line(stdout, _("mark"), buf_cstr(&line));
	}
	for (size_t i = 0; i < v->nnotes; i++)
		ctl_line(stdout, _("note"), v->notes[i]);
	ctl_line(stdout, "", _("A proposal is no grade: a person states it."));
	buf_free(&line);
}

/* ---- for programs ---- */

static void
put(json_t *o, const char *key, json_t *v)
{
	if (v == NULL || json_object_set_new(o, key, v) != 0)
		abort(); /* all texts come from tables and values that were checked */
}

static json_t *
grade_json(int grade)
{
	const struct enum_name *e = enum_by_value("grade", grade);

	return json_string(e != NULL ? e->name : "");
}

/* As figures stand in JSON elsewhere: decimal text without a unit; null for none. */
static json_t *
number_json(const struct field *fd, int64_t n)
{
	struct body *b = body_new();
	struct figure fig = {.q = FIG_EXACT, .n = n < 0 ? 0 : n};
	struct buf text = {0};
	json_t *out;

	body_add_figure(b, fd->key, &fig);
	value_format(&text, body_first(b, fd->key), NULL, false);
	out = n < 0 ? json_null() : json_string(buf_cstr(&text));
	buf_free(&text);
	body_free(b);
	return out;
}

static json_t *
points_json(const struct grade_verdict *v)
{
	json_t *list = json_array();

	for (size_t i = 0; i < v->npoints; i++) {
		const struct grade_point *p = &v->points[i];
		json_t *o = json_object();

		put(o, "field", json_string(p->field->name));
		put(o, "unit", json_string(p->field->arg));
		put(o, "proven", number_json(p->field, p->lo));
		put(o, "about", number_json(p->field, p->about));
		put(o, "source", p->fig != NULL && p->fig->source != NULL ? json_string(p->fig->source) : json_null());
		put(o, "grade", grade_json(p->grade));
		put(o, "clause", json_string(p->clause != NULL ? p->clause : ""));
		put(o, "decides", json_boolean(p->decides));
		put(o, "sources_differ", json_boolean(p->differ));
		put(o, "next", grade_json(p->next));
		if (p->next != 0) {
			put(o, "next_from", number_json(p->field, p->next_from));
			put(o, "more", number_json(p->field, p->more));
			put(o, "next_clause", json_string(p->next_clause));
		}
		(void)json_array_append_new(list, o);
	}
	return list;
}

static json_t *
risk_json(const struct grade_risk *r)
{
	json_t *o = json_object(), *list = json_array();

	put(o, "covered", json_boolean(r->covered));
	put(o, "met", json_boolean(r->met));
	put(o, "proposed", json_boolean(r->met || r->likely));
	put(o, "name", json_string(r->name != NULL ? r->name : ""));
	for (size_t i = 0; i < r->npoints; i++) {
		const struct grade_risk_point *p = &r->points[i];
		json_t *e = json_object(), *fields = json_array();

		for (size_t k = 0; k < p->nfield; k++)
			(void)json_array_append_new(fields, json_string(p->field[k]->name));
		put(e, "text", json_string(p->text));
		put(e, "fields", fields);
		put(e, "limit", p->number < 0 ? json_null() : json_integer(p->number));
		put(e, "proven", p->lo < 0 ? json_null() : json_integer(p->lo));
		put(e, "about", p->likely ? json_integer(p->about) : json_null());
		put(e, "answer", json_string(p->nfield == 0 ? "ask" : p->met ? "yes" : p->likely ? "about" : p->open ? "unknown" : "no"));
		put(e, "clause", json_string(p->clause));
		(void)json_array_append_new(list, e);
	}
	put(o, "points", list);
	return o;
}

static json_t *
print_json(const struct explain *x)
{
	static const char *const scopes[] = {[GRADE_NO_TYPE] = "no-type",
	    [GRADE_NO_TABLE] = "no-table",
	    [GRADE_EXCEPTED] = "excepted",
	    [GRADE_COVERED] = "covered"};
	static const char *const whys[] = {[GRADE_WHY_ABSENT] = "absent",
	    [GRADE_WHY_UNKNOWN] = "unknown",
	    [GRADE_WHY_ABOUT] = "about",
	    [GRADE_WHY_RANGE] = "range",
	    [GRADE_WHY_UNSORTED] = "unsorted"};
	const struct grade_verdict *v = &x->v;
	const char *type = body_text(x->body, F_TYPE);
	json_t *o = json_object(), *open = json_array(), *marks = json_array(), *notes = json_array(), *e;
	struct grade_mark m;

	if (x->incident != NULL) {
		put(o, "incident", json_incref(json_object_get(x->incident, "id")));
		put(o, "number", json_incref(json_object_get(x->incident, "number")));
		put(o, "stated", json_incref(json_object_get(x->incident, "grade")));
	}
	put(o, "type", json_string(type != NULL ? type : ""));
	put(o, "scope", json_string(scopes[v->scope]));
	put(o, "table", json_string(v->table != NULL ? v->table : ""));
	put(o, "clause", json_string(v->clause != NULL ? v->clause : ""));
	put(o, "grade", grade_json(v->grade));
	put(o, "proposal", grade_json(v->proposal));
	put(o, "possible", grade_json(v->possible));
	put(o, "clock", grade_json(grade_for_clock(v)));
	put(o, "about", grade_json(v->about));
	put(o, "worst", grade_json(v->worst));
	put(o, "criteria", points_json(v));
	for (size_t i = 0; i < v->nopen; i++) {
		e = json_object();
		put(e, "field", json_string(v->open[i].field->name));
		put(e, "why", json_string(whys[v->open[i].why]));
		put(e, "holds", json_boolean(v->open[i].holds));
		(void)json_array_append_new(open, e);
	}
	put(o, "unknown", open);
	put(o, "risk", risk_json(&v->risk));
	for (size_t i = 0; grade_mark(x->rules, x->body, ctl_now(), i, &m); i++) {
		e = json_object();
		put(e, "mark", json_string(m.mark));
		put(e, "name", json_string(m.name));
		put(e, "why", json_string(m.why));
		put(e, "acts", json_string(m.acts));
		put(e, "clause", json_string(m.clause));
		(void)json_array_append_new(marks, e);
	}
	put(o, "marks", marks);
	for (size_t i = 0; i < v->nnotes; i++)
		(void)json_array_append_new(notes, json_string(v->notes[i]));
	put(o, "notes", notes);
	return o;
}

/* ---- the verb ---- */

static json_t *
ask(struct ctl *ctl, const char *ref, int realm, struct fault *f)
{
	struct msgid id;
	json_t *request;

	if (realm < 0)
		realm = msgid_parse(ref, &id) ? id.realm : REALM_LIVE;
	request = json_pack(
	    "{s:s, s:s, s:s}", "op", "show", "ref", ref, "realm", realm == REALM_EXERCISE ? "exercise" : "live");
	if (request == NULL) {
		(void)fault_set(f, EX_DATAERR, "ref", _("is no UTF-8 text"));
		return NULL;
	}
	return ctl_ask(ctl, request, 0, f);
}

int
ctl_grade_explain(struct ctl *ctl, int argc, char **argv)
{
	struct explain x = {.body = body_new()};
	struct grade_rules *rules = NULL;
	struct ctl_args a;
	struct fault f = {0};
	json_t *answer = NULL, *o;
	char path[512];
	int realm = -1, rc = EX_OK;

	if (ctl_args_parse(&a, known, true, argc, argv, &f) != 0) {
		rc = ctl_usage("grade", f.field, f.text);
		goto out;
	}
	if (a.nword > 1) {
		rc = ctl_usage("grade", a.word[1], _("one word too many: --explain states no grade"));
		goto out;
	}
	ctl->json = ctl->json || a.json;
	if (ctl_arg_realm(&a, &realm, &f) != 0 || (x.cb = ctl_codebook(ctl, &f)) == NULL ||
	    ctl_args_body(&a, x.body, x.cb, ctl_now(), &f) != 0)
		goto failed;
	if (a.nword == 1 && x.body->n > 0) {
		rc = ctl_usage("grade", "explain", _("the figures are the incident's: leave it out to try others"));
		goto out;
	}
	if (a.nword == 0 && x.body->n == 0) {
		rc = ctl_usage("grade", "explain", _("needs an incident, or --type and figures"));
		goto out;
	}
	if (conf_dir(path, sizeof path, &f) == NULL || (rules = grade_rules_load(path, &f)) == NULL)
		goto failed;
	x.rules = rules;
	if (a.nword == 1) {
		if ((answer = ask(ctl, a.word[0], realm, &f)) == NULL)
			goto failed;
		x.incident = json_object_get(answer, "incident");
		if (!json_is_object(x.incident)) {
			(void)fault_set(&f, EX_PROTOCOL, "incident", _("the switch named no incident"));
			goto failed;
		}
		if (read_incident(&x, answer, &f) != 0)
			goto failed;
	}
	grade_judge(rules, x.body, &x.v);
	if (ctl->json) {
		o = print_json(&x);
		ctl_json(stdout, o);
		json_decref(o);
	} else
		print_text(&x);
	goto out;
failed:
	rc = ctl_fail(&f);
out:
	grade_verdict_free(&x.v);
	grade_rules_free(rules);
	json_decref(answer);
	ctl_args_free(&a);
	body_free(x.body);
	return rc;
}
