/*
 * One incident with its timeline, and one message with all that became of it.
 */
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "../formats/i18n.h"
#include "../formats/json.h"
#include "../formats/phone.h"
#include "../formats/life.h"
#include "query_int.h"

#define SHOW_LINES 2000		/* of a timeline, the last ones */
#define SHOW_RECEIPTS 2000	/* of one message */

struct tally {
	int64_t delivered, read, signed_, taken, returned, total;
};

struct deliveries {
	struct journal_delivery *v;
	size_t n, cap;
};

static int
delivery_row(void *ctx, const struct journal_delivery *d)
{
	struct deliveries *ds = ctx;

	if (ds->n == ds->cap) {
		ds->cap = ds->cap == 0 ? 8 : ds->cap * 2;
		ds->v = xreallocarray(ds->v, ds->cap, sizeof *ds->v);
	}
	ds->v[ds->n++] = *d;
	return 0;
}

/* The acts climb: who has signed has read, who has read has it. */
static void
tally_delivery(struct tally *t, const struct journal_delivery *d)
{
	bool taken = d->taken != 0 || d->state == DLV_TAKEN,
	     signed_ = taken || d->signed_ != 0 || d->state == DLV_SIGNED;
	bool read = signed_ || d->read != 0 || d->state == DLV_READ;

	t->total++;
	t->taken += taken;
	t->signed_ += signed_;
	t->read += read;
	t->delivered += read || d->delivered != 0 || d->state == DLV_DELIVERED;
	t->returned += d->state == DLV_RETURNED;
}

/* Of a message of others: what this station itself has made of it. */
static void
tally_own(const struct query *q, const struct incident *inc, const struct incident_line *l, struct tally *t)
{
	int done = 0;

	if (l->kind == KIND_RECEIPT || !incident_addressed(l->body, q->self, true))
		return;
	for (size_t i = 0; i < inc->nall; i++) {
		const struct incident_line *r = &inc->all[i];

		if (r->kind == KIND_RECEIPT && strcmp(r->id.origin, q->self) == 0 && r->act > done &&
		    incident_refers(r->body, &l->id))
			done = r->act;
	}
	t->total = t->delivered = 1;
	t->returned = done == ACT_RETURNED;
	t->taken = done == ACT_TAKEN;
	t->signed_ = done == ACT_SIGNED || t->taken;
	t->read = done >= ACT_READ;
}

static const char *
first_text(const struct body *b, const uint32_t *keys, size_t n)
{
	const char *s;

	for (size_t i = 0; i < n; i++)
		if ((s = body_text(b, keys[i])) != NULL && s[0] != '\0')
			return s;
	return "";
}

/* Who stands for it: the signer of a decision, the person of a receipt, else who wrote it. */
static const char *
author(const struct body *b)
{
	static const uint32_t keys[] = { F_PERSON, F_SIGNER, F_AUTHOR, F_SEAT };

	return first_text(b, keys, sizeof keys / sizeof keys[0]);
}

/* Where a report stands, and whose signature it has or lacks. */
static void
put_life(const struct query *q, json_t *o, const struct incident_line *l)
{
	const struct life_name *state = l->state != 0 ? life_report_state(l->state) : NULL;

	query_put_text(o, "state", state != NULL ? state->name : "");
	query_put_text(o, "state_name", state != NULL ? query_say(q, state->label, state->zh) : "");
	query_put(o, "signature_owed", json_boolean(l->signature_owed));
	query_put_text(o, "owed_by", l->owed_by);
	query_put_text(o, "signer", l->signer);
}

static int
line_json(struct query *q, const struct incident *inc, const struct incident_line *l, json_t **out)
{
	struct tally t = { 0 };
	struct deliveries ds = { 0 };
	struct buf text = { 0 };
	bool mine = strcmp(l->id.origin, q->self) == 0;
	char word[96];
	json_t *o;

	if (mine && l->kind != KIND_RECEIPT) {
		if (q->j->ops->delivery_each(q->j, &l->id, delivery_row, &ds) == -1) {
			free(ds.v);
			return -1;
		}
		for (size_t i = 0; i < ds.n; i++)
			tally_delivery(&t, &ds.v[i]);
		free(ds.v);
	} else if (!mine) {
		tally_own(q, inc, l, &t);
	}
	o = json_object();
	if (l->destroyed)
		buf_puts(&text, query_say(q, "contents destroyed by two persons", "内容已由两人销毁(误入清除)"));
	else
		query_title(q, l->body, QUERY_LINE, &text);
	query_put_id(o, "id", &l->id);
	query_put(o, "at", json_integer(l->at));
	query_put(o, "stored", json_integer(l->stored));
	query_put_station(q, o, "from", l->id.origin);
	query_put_enum(q, o, "kind", "kind", l->kind);
	query_put_enum(q, o, "stage", "stage", l->stage);
	query_put_enum(q, o, "act", "act", l->act);
	query_put_enum(q, o, "grade", "grade", l->grade);
	if (l->split_off) {	/* it stays readable here, and speaks for the incident it went into */
		struct buf marked = { 0 };

		buf_printf(&marked, "%s%s", query_say(q, "[split off] ", "[拆出] "), buf_cstr(&text));
		query_put_text(o, "text", buf_cstr(&marked));
		buf_free(&marked);
	} else
		query_put_text(o, "text", buf_cstr(&text));
	query_put_text(o, "author", author(l->body));
	query_put_text(o, "precedence_name",
	    query_word(q, "precedence", rules_precedence(q->conf->rules, l->body), word, sizeof word));
	query_put(o, "receipts",
	    json_pack("{s:I, s:I, s:I, s:I, s:I, s:I}", "delivered", (json_int_t)t.delivered, "read",
		(json_int_t)t.read, "signed", (json_int_t)t.signed_, "taken", (json_int_t)t.taken, "returned",
		(json_int_t)t.returned, "total", (json_int_t)t.total));
	query_put(o, "mine", json_boolean(mine));
	query_put(o, "missing_understanding", json_boolean(l->body->not_understood));
	query_put(o, "destroyed", json_boolean(l->destroyed));
	query_put(o, "withdrawn", json_boolean(l->withdrawn));
	query_put(o, "superseded", json_boolean(l->superseded));
	query_put(o, "split_off", json_boolean(l->split_off));
	put_life(q, o, l);
	buf_free(&text);
	*out = o;
	return 0;
}

/* The message that says so stands in the timeline with what it asks for. */
static void
mark_change(json_t *lines, const json_t *change)
{
	const char *about = json_string_value(json_object_get(change, "about"));
	json_t *l;
	size_t i;

	json_array_foreach(lines, i, l)
		if (strcmp(json_string_value(json_object_get(l, "id")), about) == 0) {
			struct buf marked = { 0 };

			buf_printf(&marked, "%s%s", json_string_value(json_object_get(change, "mark")), json_string_value(json_object_get(l, "text")));
			query_put_text(l, "text", buf_cstr(&marked));
			buf_free(&marked);
		}
}

json_t *
query_put_source(const struct query *q, json_t *list, const struct incident_figure *g, const char *source, int64_t at)
{
	const struct field *fd = field_by_key(g->key);
	char station[160];
	json_t *o;

	if (fd == NULL)
		return NULL;
	o = json_object();
	query_put_text(o, "name", fd->name);
	query_put_text(o, "field_name", query_field_name(q, fd));
	query_put_figure(q, o, "text", g->key, &g->fig);
	query_put_text(o, "source", source);
	query_put_text(o, "source_name", station_code_valid(source) ? query_station(q, source, station, sizeof station) : source);
	query_put_text(o, "station", g->station);
	query_put(o, "asof", json_integer(at));
	(void)json_array_append_new(list, o);
	return o;
}

struct merging {
	const struct query *q;
	const struct incident *of;
	json_t *list;
};

static void
merged_figure(void *ctx, const struct incident *of, const struct incident_figure *g, const char *source, int64_t at)
{
	struct merging *w = ctx;

	if (of == w->of)
		(void)query_put_source(w->q, w->list, g, source, at);
}

/* What was merged into it, by its number, with the figures that stand there: they are this event's as well.  NULL: the journal cannot be read. */
static json_t *
merged_json(const struct query *q, const struct incident *inc)
{
	json_t *list = json_array();
	struct merged m;

	if (station_merged(q->s, inc, &m) == -1) {
		json_decref(list);
		list = NULL;
	}
	for (size_t i = 0; list != NULL && i < m.n; i++) {
		struct merging w = { .q = q, .of = m.fd[i].incident, .list = json_array() };
		json_t *o = json_object();
		char number[320];

		merged_figures(&m, inc, merged_figure, &w);
		query_put_id(o, "id", &w.of->id);
		query_put_text(o, "number", query_number(q, w.of->opener, w.of->number, number, sizeof number));
		query_put_text(o, "title", w.of->title);
		query_put(o, "figures", w.list);
		(void)json_array_append_new(list, o);
	}
	merged_free(&m);
	return list;
}

json_t *
query_show(struct query *q)
{
	struct folded fd;
	struct msgid id;
	const char *ref;
	int realm, rc;
	int64_t changed = 0;
	size_t start;
	json_t *o = NULL, *inc, *lines, *grades, *heads, *line, *change, *merged;

	memset(&fd, 0, sizeof fd);
	if (!query_get_text(q, "ref", true, &ref) || !query_get_realm(q, REALM_LIVE, &realm) ||
	    station_resolve(q->s, realm, ref, &id, q->f) != 0)
		return NULL;
	if ((rc = station_fold(q->s, &id, &fd)) == -1)
		return query_unreadable(q);
	if (rc != 0 || fd.n == 0) {
		(void)fault_set(q->f, EX_NOINPUT, "ref", _("no incident %s here"), ref);
		goto out;
	}
	for (size_t i = 0; i < fd.n; i++)
		if (fd.rows[i].stored > changed)
			changed = fd.rows[i].stored;
	if ((merged = merged_json(q, fd.incident)) == NULL) {
		(void)query_unreadable(q);
		goto out;
	}
	start = fd.incident->nlines > SHOW_LINES ? fd.incident->nlines - SHOW_LINES : 0;
	lines = json_array();
	for (size_t i = start; i < fd.incident->nlines; i++) {
		if (line_json(q, fd.incident, &fd.incident->lines[i], &line) == -1) {
			json_decref(lines);
			json_decref(merged);
			(void)query_unreadable(q);
			goto out;
		}
		(void)json_array_append_new(lines, line);
	}
	inc = query_incident(q, incident_summary(fd.incident), changed);
	if ((change = query_supplement(q, fd.incident)) != NULL)
		mark_change(lines, change);
	grades = json_array();
	for (size_t i = 0; i < fd.incident->ngrades; i++) {
		json_t *g = json_object();

		query_put_station(q, g, "station", fd.incident->grades[i].station);
		query_put_enum(q, g, "grade", "grade", fd.incident->grades[i].grade);
		query_put_id(g, "by", &fd.incident->grades[i].by);
		(void)json_array_append_new(grades, g);
	}
	heads = json_array();
	for (size_t i = 0; i < fd.incident->nheads && i < FIELD_REPEAT_MAX; i++) {
		char text[MSGID_TEXT_MAX];

		(void)msgid_format(&fd.incident->heads[i], text, sizeof text);
		(void)json_array_append_new(heads, json_string(text));
	}
	query_put(inc, "closed", json_boolean(fd.incident->closed));
	query_put(inc, "supplement", change != NULL ? change : json_null());
	query_put(inc, "grades", grades);
	query_put(inc, "heads", heads);
	query_put(inc, "merged", merged);
	o = json_object();
	query_put(o, "incident", inc);
	query_put(o, "lines", lines);
	query_put(o, "more", json_boolean(start > 0));
out:
	folded_free(&fd);
	return o;
}

/* ---- one message ---- */

struct referring {
	const char *self;
	json_t *list;
	const struct query *q;
};

static int
receipt_row(void *ctx, const struct journal_msg *m)
{
	struct referring *r = ctx;
	struct body *b = m->kind == KIND_RECEIPT ? query_decode(m) : NULL;
	int64_t at = m->stored;
	json_t *o;

	/* Receipts that only pass through are between others. */
	if (b != NULL && (strcmp(m->id.origin, r->self) == 0 || incident_addressed(b, r->self, true))) {
		o = json_object();
		(void)body_time(b, F_WRITTEN, &at);
		query_put_station(r->q, o, "from", m->id.origin);
		query_put_enum(r->q, o, "act", "act", body_enum(b, F_ACT));
		query_put(o, "at", json_integer(at));
		query_put_text(o, "person", author(b));
		query_put_text(o, "person_mark", body_first(b, F_ON_ROSTER) != NULL && !body_flag(b, F_ON_ROSTER) ?
		    query_say(r->q, "not on the register", "不在册") : "");
		query_put_lines(o, "reason", body_text(b, F_REASON), 4096);
		(void)json_array_append_new(r->list, o);
	}
	body_free(b);
	return json_array_size(r->list) >= SHOW_RECEIPTS;
}

json_t *
query_delivery(const struct query *q, const struct journal_delivery *d)
{
	static const struct { const char *name, *en, *zh; } states[] = {
		[DLV_OPEN] = { "open", "waiting to be sent", "待发" },
		[DLV_CUSTODY] = { "custody", "on its way", "途中" },
		[DLV_DELIVERED] = { "delivered", "delivered", "送达" },
		[DLV_READ] = { "read", "read", "已阅" },
		[DLV_SIGNED] = { "signed", "signed for", "签收" },
		[DLV_TAKEN] = { "taken", "taken on", "接办" },
		[DLV_RETURNED] = { "returned", "returned", "退回" },
	};
	size_t s = d->state >= DLV_OPEN && d->state <= DLV_RETURNED ? (size_t)d->state : DLV_OPEN;
	json_t *o = json_object();

	query_put_station(q, o, "to", d->to);
	if (s == DLV_OPEN && topology_phone(q->conf->topology, d->to)) {
		query_put_text(o, "state", "phone");
		query_put_text(o, "state_name", query_say(q, "by telephone", "电话通知"));
	} else {
		query_put_text(o, "state", states[s].name);
		query_put_text(o, "state_name", query_say(q, states[s].en, states[s].zh));
	}
	query_put(o, "since", json_integer(d->since));
	query_put(o, "delivered", json_integer(d->delivered));
	query_put(o, "read", json_integer(d->read));
	query_put(o, "signed", json_integer(d->signed_));
	query_put(o, "taken", json_integer(d->taken));
	query_put_text(o, "person", d->person);
	return o;
}

/* What its incident makes of it: state and signature.  0 or -1. */
static int
put_standing(struct query *q, json_t *o, const struct msgid *incident, const struct msgid *id)
{
	static const struct incident_line none;
	const struct incident_line *l = &none;
	struct folded fd;

	memset(&fd, 0, sizeof fd);
	if (msgid_is_set(incident) && station_fold(q->s, incident, &fd) == -1)
		return -1;
	for (size_t i = 0; fd.incident != NULL && i < fd.incident->nall; i++)
		if (msgid_cmp(&fd.incident->all[i].id, id) == 0)
			l = &fd.incident->all[i];
	put_life(q, o, l);
	query_put(o, "withdrawn", json_boolean(l->withdrawn));
	query_put(o, "superseded", json_boolean(l->superseded));
	query_put(o, "split_off", json_boolean(l->split_off));
	folded_free(&fd);
	return 0;
}

int
query_wanted(struct query *q, struct msgid *id, struct journal_msg *m, struct body **b)
{
	char text[MSGID_TEXT_MAX];
	int rc;

	if (!query_get_id(q, "id", id))
		return -1;
	if ((rc = query_message(q, id, m, b)) == -1)
		(void)query_unreadable(q);
	else if (rc != 0 && !msgid_is_set(&m->id)) {
		(void)msgid_format(id, text, sizeof text);
		rc = fault_set(q->f, EX_NOINPUT, "id", _("no message %s here"), text);
	}
	return rc == -1 ? -1 : 0;
}

json_t *
query_message_answer(struct query *q)
{
	struct journal_msg m;
	struct deliveries ds = { 0 };
	struct buf title = { 0 };
	struct body *b = NULL;
	struct msgid id;
	char text[MSGID_TEXT_MAX], digest[2 * DIGEST_LEN + 1];
	json_t *o = NULL, *deliveries;
	struct referring r = { .self = q->self, .q = q };

	memset(&m, 0, sizeof m);
	if (query_wanted(q, &id, &m, &b) == -1)
		goto out;
	(void)msgid_format(&id, text, sizeof text);
	if (!m.local && (b == NULL || (strcmp(m.id.origin, q->self) != 0 && !incident_addressed(b, q->self, true)))) {
		(void)fault_set(q->f, EX_NOPERM, "id", _("message %s only passes through this station"), text);
		goto out;
	}
	r.list = json_array();
	deliveries = json_array();
	if (q->j->ops->delivery_each(q->j, &id, delivery_row, &ds) == -1 ||
	    q->j->ops->each_referring(q->j, &id, receipt_row, &r) == -1) {
		json_decref(r.list);
		json_decref(deliveries);
		(void)query_unreadable(q);
		goto out;
	}
	for (size_t i = 0; i < ds.n; i++)
		(void)json_array_append_new(deliveries, query_delivery(q, &ds.v[i]));
	if (b != NULL)
		query_title(q, b, QUERY_TITLE, &title);
	digest_hex(m.digest, digest);
	o = json_object();
	query_put_id(o, "id", &m.id);
	query_put_id(o, "incident", &m.incident);
	query_put_enum(q, o, "kind", "kind", m.kind);
	query_put_enum(q, o, "precedence", "precedence", m.precedence);
	query_put_text(o, "title", buf_cstr(&title));
	query_put(o, "body", b != NULL ? json_from_body(b) : json_object());
	query_put(o, "destroyed", json_boolean(m.destroyed));
	query_put(o, "damaged", json_boolean(m.damaged));
	query_put(o, "not_understood", json_boolean(b != NULL && b->not_understood));
	query_put(o, "understood", json_boolean(b != NULL && !b->not_understood));
	if (put_standing(q, o, &m.incident, &id) == -1) {
		json_decref(o);
		json_decref(deliveries);
		json_decref(r.list);
		o = NULL;
		(void)query_unreadable(q);
		goto out;
	}
	if (b != NULL && (m.kind == KIND_REPORT || m.kind == KIND_DIRECTIVE)) {
		char code[5];

		phone_code(b, code);
		query_put_text(o, "readback", code);
	}
	query_put_text(o, "digest", digest);
	query_put(o, "stored", json_integer(m.stored));
	query_put_station(q, o, "from", m.id.origin);
	query_put_text(o, "via", m.from);
	query_put(o, "mine", json_boolean(strcmp(m.id.origin, q->self) == 0));
	query_put(o, "deliveries", deliveries);
	query_put(o, "receipts", r.list);
out:
	free(ds.v);
	buf_free(&title);
	buf_free(&m.body);
	body_free(b);
	return o;
}
