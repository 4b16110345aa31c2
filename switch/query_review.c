/*
 * A look at a report before it goes, or at one that went: which elements it has, which numbers in its words are not those
 * of its figures, what is missing or odd, and which figures are less than this station has said before.
 *
 * It points out and refuses nothing.  The body asked about may be half written: it needs neither kind nor stage.
 */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include "../formats/check.h"
#include "../formats/diff.h"
#include "../formats/element.h"
#include "../formats/i18n.h"
#include "../formats/json.h"
#include "../formats/value.h"
#include "query_int.h"

#define REVIEW_CONFLICTS 64

const char *
query_field_name(const struct query *q, const struct field *fd)
{
	return q->zh ? fd->zh : fd->label;
}

bool
query_get_body(struct query *q, const char *member, struct body **out)
{
	const json_t *o = json_object_get(q->req, member);

	*out = NULL;
	if (o == NULL || json_is_null(o))
		return true;
	if (!json_is_object(o))
		return fault_set(q->f, EX_DATAERR, member, _("must be an object of fields")) == 0;
	*out = body_new();
	if (json_to_body(o, *out, q->conf->codebook, q->now, true, q->f) == 0)
		return true;
	if (q->f->code == 0)
		(void)fault_set(q->f, EX_DATAERR, member, _("cannot be read"));
	body_free(*out);
	*out = NULL;
	return false;
}

void
query_put_figure(const struct query *q, json_t *o, const char *member, uint32_t key, const struct figure *fig)
{
	struct body *b = body_new();
	struct figure bare = *fig;
	struct buf text = { 0 };

	bare.source = NULL;
	bare.asof = 0;
	body_add_figure(b, key, &bare);
	value_format(&text, body_first(b, key), q->conf->codebook, q->zh);
	query_put_text(o, member, buf_cstr(&text));
	buf_free(&text);
	body_free(b);
}

/* ---- the elements ---- */

static const char *
state_ascii(enum element_state s)
{
	switch (s) {
	case ELEMENT_PRESENT:
		return "present";
	case ELEMENT_MISSING:
		return "missing";
	case ELEMENT_UNKNOWN:
		return "unknown";
	case ELEMENT_NA:
		return "na";
	}
	return "";
}

static const char *
state_word(const struct query *q, enum element_state s)
{
	switch (s) {
	case ELEMENT_PRESENT:
		return query_say(q, "present", "有");
	case ELEMENT_MISSING:
		return query_say(q, "missing", "缺");
	case ELEMENT_UNKNOWN:
		return query_say(q, "unknown", "不明");
	case ELEMENT_NA:
		return query_say(q, "not applicable", "不适用");
	}
	return "";
}

static json_t *
elements(const struct query *q, const struct body *b)
{
	const struct element_rules *rules = rules_elements(q->conf->rules);
	json_t *list = json_array();
	struct element e;

	for (size_t i = 0; rules != NULL && element_at(rules, b, i, &e); i++) {
		json_t *o = json_object();

		query_put_text(o, "id", e.id);
		query_put_text(o, "name", q->zh ? e.name : e.label);
		query_put_text(o, "state", state_ascii(e.state));
		query_put_text(o, "state_name", state_word(q, e.state));
		query_put_text(o, "field", e.field != NULL ? e.field->name : "");
		query_put(o, "must", json_boolean(e.must));
		query_put_text(o, "basis", e.basis);
		(void)json_array_append_new(list, o);
	}
	return list;
}

static json_t *
conflicts(const struct query *q, const struct body *b)
{
	static const char *const kinds[] = {
		[ELEMENT_DIFFERS] = "differs", [ELEMENT_LEDGER_UNKNOWN] = "unknown", [ELEMENT_LEDGER_ABSENT] = "absent" };
	struct element_conflict c[REVIEW_CONFLICTS];
	size_t n = element_conflicts(b, c, REVIEW_CONFLICTS);
	json_t *list = json_array();

	for (size_t i = 0; i < n && i < REVIEW_CONFLICTS; i++) {
		struct figure fig = { .q = c[i].q, .n = c[i].n };
		json_t *o = json_object();

		query_put_text(o, "field", c[i].field->name);
		query_put_text(o, "name", query_field_name(q, c[i].field));
		query_put_text(o, "where", c[i].where->name);
		query_put_text(o, "said", c[i].said);
		query_put_figure(q, o, "number", c[i].field->key, &fig);
		query_put_text(o, "text", c[i].text);
		query_put_text(o, "kind", kinds[c[i].kind]);
		(void)json_array_append_new(list, o);
	}
	return list;
}

static json_t *
remarks(const struct query *q, const struct body *b)
{
	json_t *list = json_array();
	struct check_remark r;
	struct check_walk w;

	check_walk_begin(&w, b, q->now, CHECK_ALL_KINDS);
	while (check_walk_next(&w, &r)) {
		json_t *o = json_object();

		query_put_text(o, "field", r.field->name);
		query_put_text(o, "text", r.text);
		(void)json_array_append_new(list, o);
	}
	return list;
}

/* ---- figures that fall ---- */

static const struct incident_figure *
said_before(const struct query *q, const struct incident *inc, uint32_t key, const char *source)
{
	if (source == NULL || source[0] == '\0')
		source = q->self;
	for (size_t i = 0; i < inc->nfigures; i++)
		if (inc->figures[i].key == key && strcmp(inc->figures[i].source, source) == 0)
			return &inc->figures[i];
	return NULL;
}

static json_t *
falls(struct query *q, const struct body *b, const struct incident *inc)
{
	json_t *list = json_array();

	for (size_t i = 0; inc != NULL && i < b->n; i++) {
		const struct value *v = &b->v[i];
		const struct incident_figure *had;
		char text[160];
		json_t *o;

		if (v->field == NULL || field_decimals(v->field) < 0 ||
		    (had = said_before(q, inc, v->key, v->u.fig.source)) == NULL ||
		    !figure_falls(&had->fig, &v->u.fig))
			continue;
		o = json_object();
		query_put_text(o, "field", v->field->name);
		query_put_text(o, "name", query_field_name(q, v->field));
		query_put_figure(q, o, "old", v->key, &had->fig);
		query_put_figure(q, o, "new", v->key, &v->u.fig);
		query_put_text(o, "source", station_code_valid(had->source) ?
		    query_station(q, had->source, text, sizeof text) : had->source);
		query_put_id(o, "by", &had->by);
		(void)json_array_append_new(list, o);
	}
	return list;
}

/* ---- the answer ---- */

static struct body *
stored(struct query *q, struct msgid *incident)
{
	struct journal_msg m;
	struct body *b = NULL;
	struct msgid id;
	char text[MSGID_TEXT_MAX];
	int rc;

	if (!query_get_id(q, "id", &id))
		return NULL;
	if ((rc = query_message(q, &id, &m, &b)) == -1)
		(void)query_unreadable(q);
	else if (rc != 0 || (!m.local && strcmp(m.id.origin, q->self) != 0 && !incident_addressed(b, q->self, true))) {
		(void)msgid_format(&id, text, sizeof text);
		(void)fault_set(q->f, EX_NOINPUT, "id", _("no message %s here"), text);
		body_free(b);
		b = NULL;
	} else {
		*incident = m.incident;
	}
	buf_free(&m.body);
	return b;
}

json_t *
query_review(struct query *q)
{
	struct body *b = NULL;
	struct folded fd;
	struct msgid incident;
	const char *ref;
	int realm;
	bool typed;
	json_t *o = NULL;

	memset(&fd, 0, sizeof fd);
	memset(&incident, 0, sizeof incident);
	if (!query_get_body(q, "body", &b) || !query_get_text(q, "ref", false, &ref) ||
	    !query_get_realm(q, REALM_LIVE, &realm))
		goto out;
	typed = b != NULL;
	if (!typed && (b = stored(q, &incident)) == NULL)
		goto out;
	if (body_enum(b, F_KIND) == 0)
		body_set_num(b, F_KIND, KIND_REPORT);
	if (body_enum(b, F_KIND) == KIND_REPORT && body_enum(b, F_STAGE) == 0)
		body_set_num(b, F_STAGE, STAGE_FIRST);
	if (ref != NULL && station_resolve(q->s, realm, ref, &incident, q->f) != 0)
		goto out;
	if (!msgid_is_set(&incident) && !body_id(b, F_INCIDENT, &incident))
		memset(&incident, 0, sizeof incident);
	/* A message that is stored already is among what was said: it cannot fall behind itself. */
	if (typed && msgid_is_set(&incident) && station_fold(q->s, &incident, &fd) == -1) {
		(void)query_unreadable(q);
		goto out;
	}
	o = json_object();
	query_put(o, "elements", elements(q, b));
	query_put(o, "conflicts", conflicts(q, b));
	query_put(o, "remarks", remarks(q, b));
	query_put(o, "falls", falls(q, b, fd.incident));
out:
	folded_free(&fd);
	body_free(b);
	return o;
}

/* ---- what a submit's answer points out ---- */

void
query_remarks(const struct rules *rules, const struct body *b, int64_t now, query_remark_fn tell, void *ctx)
{
	const struct element_rules *er = rules_elements(rules);
	struct element_conflict c[REVIEW_CONFLICTS];
	const struct field *remarked[FIELD_REPEAT_MAX];
	struct check_remark r;
	struct check_walk w;
	struct element_walk ew;
	struct element e;
	struct buf line = { 0 };
	int stage = body_enum(b, F_STAGE);
	size_t n, nremarked = 0;

	check_walk_begin(&w, b, now, CHECK_ALL_KINDS);
	while (nremarked < FIELD_REPEAT_MAX && check_walk_next(&w, &r)) {
		tell(ctx, r.text);
		remarked[nremarked++] = r.field;
	}
	n = element_conflicts(b, c, REVIEW_CONFLICTS);
	for (size_t i = 0; i < n && i < REVIEW_CONFLICTS; i++)
		tell(ctx, c[i].text);
	if (body_enum(b, F_KIND) != KIND_REPORT || (stage != STAGE_FIRST && stage != STAGE_FINAL) || er == NULL)
		return;
	/* One line for all of them: a first report in a hurry has many. */
	element_walk_begin(&ew, er, b);
	while (element_walk_next(&ew, &e)) {
		bool told = false;

		for (size_t k = 0; e.field != NULL && !told && k < nremarked; k++)
			told = remarked[k] == e.field;
		if (told)
			continue;
		buf_puts(&line, line.n > 0 ? (i18n_zh() ? "、" : ", ") : "");
		buf_puts(&line, i18n_zh() ? e.name : e.label);
	}
	if (line.n > 0) {
		struct buf text = { 0 };

		buf_printf(&text, i18n_text(N_("nothing is said of: %s")), buf_cstr(&line));
		tell(ctx, buf_cstr(&text));
		buf_free(&text);
	}
	buf_free(&line);
}

/* ---- feedback on a directive that does not stand any more ---- */

struct after {
	const struct msgid *of;
	int64_t revoked, corrected;	/* ms UTC, 0 not */
	struct msgid by;
};

static int
after_row(void *ctx, const struct journal_msg *m)
{
	struct after *a = ctx;
	struct body *b;

	if (m->kind != KIND_DIRECTIVE || strcmp(m->id.origin, a->of->origin) != 0 || (b = query_decode(m)) == NULL)
		return 0;
	if (body_enum(b, F_ORDER_TYPE) == ORDER_REVOKED) {
		if (a->revoked == 0)
			a->revoked = m->stored;
	} else if (body_enum(b, F_STAGE) == STAGE_CORRECTION) {
		a->corrected = m->stored;
		a->by = m->id;
	}
	body_free(b);
	return 0;
}

void
query_stale_remark(const struct query_env *env, const struct body *b, int64_t now, query_remark_fn tell, void *ctx)
{
	struct query q;
	char at[24], line[320], id[MSGID_TEXT_MAX];
	const int64_t day = INT64_C(86400000), east = INT64_C(28800000);

	if (b == NULL || body_enum(b, F_KIND) != KIND_FEEDBACK)
		return;
	query_begin(env, now, &q);
	for (const struct value *v = body_first(b, F_REFS); v != NULL; v = body_next(b, v)) {
		struct after a = { .of = &v->u.id };
		int64_t when;

		if (q.j->ops->each_referring(q.j, a.of, after_row, &a) == -1 || (a.revoked == 0 && (a.corrected == 0 || incident_refers(b, &a.by))))
			continue;
		when = a.revoked != 0 ? a.revoked : a.corrected;
		(void)time_format(when, (when + east) / day == (now + east) / day ? TIME_CLOCK : TIME_DAY, at, sizeof at);
		(void)msgid_format(&a.by, id, sizeof id);
		if (a.revoked != 0)
			(void)snprintf(line, sizeof line, i18n_text(N_("that directive was taken back at %s")), at);
		else
			(void)snprintf(line, sizeof line, i18n_text(N_("that directive was corrected at %s: this counts as an answer to the old version, the new one is %s")), at, id);
		tell(ctx, line);
	}
}
