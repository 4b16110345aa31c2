/*
 * Op orders: directives, instructions and supervised matters that wait, ours and those given to us.  Op claims: what others have written
 * down in this station's name while it could not, until it signs for it; and matters entered twice that look like one.
 *
 * What belongs to a directive (added, taken back) stands with it, not by itself.  Nothing is merged by the switch: it proposes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "../formats/i18n.h"
#include "../formats/text.h"
#include "query_track.h"
#include "station_order.h"

#define ORDERS_LOOKED 400	/* directives looked at, the newest */
#define ORDERS_SHOWN 200
#define CLAIMS_SHOWN 200
#define SAME_LOOKED 120		/* open incidents compared */
#define SAME_SHOWN 20
#define STATION_NAME 160

struct ids {
	struct msgid *v;
	size_t n;
};

static int
id_row(void *ctx, const struct journal_msg *m)
{
	struct ids *l = ctx;

	if (m->destroyed || m->retired)
		return 0;
	l->v = xreallocarray(l->v, l->n + 1, sizeof *l->v);
	l->v[l->n++] = m->id;
	return l->n >= ORDERS_LOOKED;
}

/* ---- a directive given to us ---- */

struct received {
	const char *self;
	int done, progress;
	bool answered, revoked;
	struct msgid of;
};

static int
received_row(void *ctx, const struct journal_msg *m)
{
	struct received *r = ctx;
	bool own = strcmp(m->id.origin, r->self) == 0;
	struct body *b;

	if ((m->kind != KIND_RECEIPT && m->kind != KIND_FEEDBACK && m->kind != KIND_DIRECTIVE) || (b = query_decode(m)) == NULL)
		return 0;
	if (m->kind == KIND_DIRECTIVE)
		r->revoked |= strcmp(m->id.origin, r->of.origin) == 0 && order_type(b) == ORDER_REVOKED;
	else if (own && body_first(b, F_ON_BEHALF) == NULL && m->kind == KIND_RECEIPT)
		r->done = body_enum(b, F_ACT) > r->done ? body_enum(b, F_ACT) : r->done;
	else if (own && body_first(b, F_ON_BEHALF) == NULL) {
		r->answered = true;
		if (body_enum(b, F_PROGRESS) != 0)
			r->progress = body_enum(b, F_PROGRESS);
	}
	body_free(b);
	return 0;
}

static void
put_names(struct query *q, json_t *o, const struct body *b)
{
	json_t *to = json_array();
	struct buf names = { 0 };
	size_t n = 0;
	char name[STATION_NAME];

	for (const struct value *v = body_first(b, F_TO); v != NULL; v = body_next(b, v), n++) {
		(void)json_array_append_new(to, json_string(v->u.text.s));
		if (n < 3)
			buf_printf(&names, "%s%s", n > 0 ? query_say(q, ", ", "、") : "", query_station(q, v->u.text.s, name, sizeof name));
	}
	if (n > 3)
		buf_printf(&names, query_say(q, " and others, %zu in all", "等%zu站"), n);
	query_put(o, "to", to);
	query_put_text(o, "to_names", buf_cstr(&names));
	buf_free(&names);
}

static json_t *
order_head(struct query *q, const struct journal_msg *m, const struct body *b)
{
	json_t *o = json_object();
	struct buf title = { 0 };
	struct journal_incident inc;
	char number[320] = "";
	int64_t due = 0;

	memset(&inc, 0, sizeof inc);
	query_title(q, b, QUERY_TITLE, &title);
	query_put_id(o, "id", &m->id);
	query_put_enum(q, o, "type", "order_type", order_type(b));
	query_put_text(o, "title", buf_cstr(&title));
	query_put_id(o, "incident", &m->incident);
	if (msgid_is_set(&m->incident) && q->j->ops->incident_get(q->j, &m->incident, &inc) == 0)
		(void)query_number(q, m->incident.origin, inc.number, number, sizeof number);
	buf_free(&inc.summary);
	buf_free(&title);
	query_put_text(o, "number", number);
	query_put_text(o, "realm", query_realm_name(m->id.realm));
	query_put_station(q, o, "from", m->id.origin);
	query_put(o, "mine", json_boolean(strcmp(m->id.origin, q->self) == 0));
	query_put(o, "at", json_integer(m->stored));
	(void)body_time(b, F_DUE, &due);
	query_put(o, "due", json_integer(due));
	query_put_text(o, "leader", order_type(b) == ORDER_INSTRUCTION ? body_text(b, F_PERSON) : "");
	put_names(q, o, b);
	return o;
}

/* Of ours; NULL: the journal has failed. */
static json_t *
order_own(struct query *q, const struct journal_msg *m, const struct body *b, bool *waits)
{
	struct track t;
	json_t *o = NULL;
	json_int_t open = 0, late = 0, signed_ = 0, done = 0;

	if (track_load(q, &m->id, &t) == 0) {
		o = order_head(q, m, b);
		for (size_t i = 0; i < t.nrow; i++) {
			const struct track_row *r = &t.row[i];

			open += track_open(&t, r);
			late += track_late(r) && track_open(&t, r);
			signed_ += r->delivery.signed_ != 0 || r->delivery.taken != 0 || r->proxy.act >= ACT_SIGNED;
			done += r->finished;
		}
		if (t.due != 0)
			query_put(o, "due", json_integer(t.due));
		query_put(o, "open", json_integer(open));
		query_put(o, "late", json_integer(late));
		query_put(o, "signed", json_integer(signed_));
		query_put(o, "done", json_integer(done));
		query_put(o, "total", json_integer((json_int_t)t.nrow));
		query_put(o, "revoked", json_boolean(t.revoked));
		query_put(o, "appended", json_integer((json_int_t)t.nappend));
		query_put_text(o, "state", t.revoked ? "revoked" : late > 0 ? "late" : open == 0 ? "done" : "normal");
		*waits = open > 0;
	}
	track_free(&t);
	return o;
}

static json_t *
order_received(struct query *q, const struct journal_msg *m, const struct body *b, bool *waits)
{
	struct received r = { .self = q->self, .of = m->id };
	bool answers = incident_addressed(b, q->self, false), finished;
	int64_t due = 0;
	const char *state;
	json_t *o;

	if (q->j->ops->each_referring(q->j, &m->id, received_row, &r) == -1)
		return NULL;
	finished = r.progress == PROGRESS_DONE || r.progress == PROGRESS_CANNOT || r.done == ACT_RETURNED;
	*waits = !r.revoked && (r.done < ACT_SIGNED || (answers && !finished));
	state = r.revoked ? "revoked" : !*waits ? "done" :
	    body_time(b, F_DUE, &due) && due < q->now && !r.answered ? "late" : r.done < ACT_SIGNED ? "unsigned" : "normal";
	o = order_head(q, m, b);
	query_put_enum(q, o, "act", "act", r.done);
	query_put_enum(q, o, "progress", "progress", r.progress);
	query_put(o, "open", json_integer(*waits));
	query_put(o, "late", json_integer(strcmp(state, "late") == 0));
	query_put(o, "signed", json_integer(r.done >= ACT_SIGNED && r.done != ACT_RETURNED));
	query_put(o, "done", json_integer(finished));
	query_put(o, "total", json_integer(1));
	query_put(o, "revoked", json_boolean(r.revoked));
	query_put(o, "appended", json_integer(0));
	query_put_text(o, "state", state);
	return o;
}

static const char *
state_word(const struct query *q, const char *state, bool mine)
{
	if (strcmp(state, "unsigned") == 0 && !mine)
		return query_say(q, "to be signed for", "待签收");
	if (strcmp(state, "late") == 0)
		return query_say(q, "overdue", "超时");
	return track_state_name(q, state);
}

json_t *
query_orders(struct query *q)
{
	struct ids ids = { 0 };
	const char *type;
	const struct enum_name *e;
	json_t *o = NULL, *list;
	bool all, more = false;
	json_int_t late = 0;

	if (!query_get_text(q, "type", false, &type) || !query_get_bool(q, "all", &all))
		return NULL;
	e = type != NULL ? enum_by_name("order_type", type) : NULL;
	if (type != NULL && *type != '\0' && e == NULL) {
		(void)fault_set(q->f, EX_DATAERR, "type", _("unknown type of directive '%.40s'"), type);
		return NULL;
	}
	if (q->j->ops->each_before(q->j, UINT64_MAX, KIND_DIRECTIVE, true, id_row, &ids) == -1) {
		free(ids.v);
		return query_unreadable(q);
	}
	list = json_array();
	for (size_t i = 0; i < ids.n && !more; i++) {
		struct journal_msg m;
		struct body *b = NULL;
		json_t *row = NULL;
		bool waits = false, wanted;

		if (query_message(q, &ids.v[i], &m, &b) == 0) {
			int t = order_type(b);

			wanted = t != ORDER_APPEND && t != ORDER_REVOKED && !body_flag(b, F_HISTORY) && (e == NULL || e->value == t);
			if (wanted)
				row = strcmp(m.id.origin, q->self) == 0 ? order_own(q, &m, b, &waits) : order_received(q, &m, b, &waits);
		}
		if (row != NULL && (waits || all)) {
			late += json_integer_value(json_object_get(row, "late")) > 0;
			query_put_text(row, "state_name", state_word(q, json_string_value(json_object_get(row, "state")),
			    json_is_true(json_object_get(row, "mine"))));
			more = json_array_size(list) >= ORDERS_SHOWN;
			if (!more)
				(void)json_array_append_new(list, json_incref(row));
		}
		json_decref(row);
		body_free(b);
		buf_free(&m.body);
	}
	if (q->j->failed) {
		json_decref(list);
		(void)query_unreadable(q);
	} else {
		o = json_object();
		query_put(o, "orders", list);
		query_put(o, "late", json_integer(late));
		query_put(o, "more", json_boolean(more || ids.n >= ORDERS_LOOKED));
	}
	free(ids.v);
	return o;
}

/* ---- to be claimed ---- */

struct by {			/* who wrote how many down */
	char station[STATION_MAX];
	size_t entered;
};

struct claims {
	struct by *v;
	size_t n;
	struct msgid *proxied;	/* messages signed for by telephone: each is one matter, signed and taken on */
	size_t proxies;
	json_t *items;
};

static void
claim_add(struct query *q, struct claims *c, const struct journal_msg *m, const struct body *b)
{
	json_t *o = json_object();
	struct buf title = { 0 };
	struct journal_incident inc;
	char number[320] = "";
	bool proxy = m->kind == KIND_RECEIPT;
	size_t i;

	memset(&inc, 0, sizeof inc);
	if (proxy) {
		const struct value *v = body_first(b, F_REFS);

		for (i = 0; i < c->proxies && v != NULL && msgid_cmp(&c->proxied[i], &v->u.id) != 0; i++)
			;
		if (v != NULL && i == c->proxies) {
			c->proxied = xreallocarray(c->proxied, c->proxies + 1, sizeof *c->proxied);
			c->proxied[c->proxies++] = v->u.id;
		}
	} else {
		for (i = 0; i < c->n && strcmp(c->v[i].station, m->id.origin) != 0; i++)
			;
		if (i == c->n) {
			c->v = xreallocarray(c->v, c->n + 1, sizeof *c->v);
			memset(&c->v[c->n], 0, sizeof *c->v);
			(void)snprintf(c->v[c->n++].station, STATION_MAX, "%s", m->id.origin);
		}
		c->v[i].entered++;
	}
	query_title(q, b, QUERY_TITLE, &title);
	query_put_id(o, "id", &m->id);
	query_put_enum(q, o, "kind", "kind", m->kind);
	query_put(o, "proxy", json_boolean(proxy));
	query_put_station(q, o, "from", m->id.origin);
	query_put_text(o, "title", buf_cstr(&title));
	query_put_text(o, "slip", body_text(b, F_SLIP));
	query_put_text(o, "author", body_text(b, proxy ? F_SEAT : F_AUTHOR));
	query_put_text(o, "person", body_text(b, F_PERSON));
	query_put(o, "at", json_integer(m->stored));
	query_put_id(o, "incident", &m->incident);
	if (msgid_is_set(&m->incident) && q->j->ops->incident_get(q->j, &m->incident, &inc) == 0)
		(void)query_number(q, m->incident.origin, inc.number, number, sizeof number);
	query_put_text(o, "number", number);
	query_put_text(o, "realm", query_realm_name(m->id.realm));
	(void)json_array_append_new(c->items, o);
	buf_free(&inc.summary);
	buf_free(&title);
}

/* "县", "墙头": as people call them. */
static const char *
call(const struct query *q, const char *station, char name[STATION_NAME])
{
	static const char *const ends[] = { "镇", "乡" };
	size_t n;

	if (q->zh && strcmp(station, q->parent) == 0 && strchr(station, '-') == NULL)
		return strlen(station) > 6 || strcmp(q->level, "township") == 0 ? "县" : strcmp(q->level, "county") == 0 ? "市" :
		    query_station(q, station, name, STATION_NAME);
	(void)codebook_station(q->conf->codebook, station, name, STATION_NAME);
	n = strlen(name);
	for (size_t i = 0; q->zh && i < sizeof ends / sizeof ends[0]; i++)
		if (n >= 9 && strcmp(name + n - 3, ends[i]) == 0)
			name[n - 3] = '\0';
	return name;
}

static void
put_sentence(struct query *q, json_t *o, const struct claims *c)
{
	struct buf text = { 0 };
	char name[STATION_NAME];

	/* The station above first, then the others as they came. */
	for (int pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < c->n; i++)
			if ((strcmp(c->v[i].station, q->parent) == 0) == (pass == 0))
				buf_printf(&text, query_say(q, "%s%s entered %zu", "%s%s代录%zu件"), text.n > 0 ? query_say(q, ", ", "、") : "",
				    call(q, c->v[i].station, name), c->v[i].entered);
	if (c->proxies > 0)
		buf_printf(&text, query_say(q, "%ssigned by telephone %zu", "%s电话代签%zu件"), text.n > 0 ? query_say(q, ", ", "、") : "", c->proxies);
	if (text.n > 0) {
		struct buf whole = { 0 };

		buf_printf(&whole, query_say(q, "While the line was down: %s; please claim them", "断线期间%s,请认领"), buf_cstr(&text));
		query_put_text(o, "text", buf_cstr(&whole));
		buf_free(&whole);
	} else {
		query_put_text(o, "text", "");
	}
	buf_free(&text);
}

/* ---- one matter entered twice ---- */

struct said {			/* a count of casualties as one source gave it */
	size_t incident;
	uint32_t key;
	int64_t n;
	char source[STATION_NAME];
	bool behalf;		/* somebody wrote it down for the source */
};

struct same {
	struct query *q;
	struct { struct msgid id; char number[96], opener[STATION_MAX], title[256]; } *inc;
	size_t ninc;
	struct said *v;
	size_t n;
};

static int
same_incident(void *ctx, const struct journal_incident *inc)
{
	struct ids *l = ctx;

	if (inc->closed)
		return 0;
	l->v = xreallocarray(l->v, l->n + 1, sizeof *l->v);
	l->v[l->n++] = inc->id;
	return l->n >= SAME_LOOKED;
}

/* "330225102", "西周镇", "西周镇(卫星电话,代录)": one source. */
static void
source_name(const struct query *q, const char *source, char out[STATION_NAME])
{
	static const char *const ends[] = { "(", "\xef\xbc\x88" /* ( of full width */ };

	if (station_code_valid(source))
		(void)codebook_station(q->conf->codebook, source, out, STATION_NAME);
	else
		(void)text_sanitise(source, strlen(source), out, STATION_NAME, false);
	for (size_t i = 0; i < 2; i++)
		if (strstr(out, ends[i]) != NULL && strstr(out, ends[i]) != out)
			*strstr(out, ends[i]) = '\0';
}

static void
same_take(struct same *s, const struct incident *inc)
{
	s->inc = xreallocarray(s->inc, s->ninc + 1, sizeof *s->inc);
	s->inc[s->ninc].id = inc->id;
	(void)snprintf(s->inc[s->ninc].number, sizeof s->inc[0].number, "%s", inc->number);
	(void)snprintf(s->inc[s->ninc].opener, sizeof s->inc[0].opener, "%s", inc->opener);
	(void)text_sanitise(inc->title, strlen(inc->title), s->inc[s->ninc].title, sizeof s->inc[0].title, false);
	for (size_t i = 0; i < inc->nfigures; i++) {
		const struct incident_figure *f = &inc->figures[i];
		const struct field *fd = field_by_key(f->key);
		struct said *v;

		if (fd == NULL || (fd->flags & FF_CASUALTY) == 0 || f->fig.q == FIG_UNKNOWN || f->fig.n == 0)
			continue;
		s->v = xreallocarray(s->v, s->n + 1, sizeof *s->v);
		v = &s->v[s->n++];
		memset(v, 0, sizeof *v);
		v->incident = s->ninc;
		v->key = f->key;
		v->n = f->fig.n;
		v->behalf = f->fig.source != NULL && strcmp(f->fig.source, f->by.origin) != 0;
		source_name(s->q, f->fig.source != NULL ? f->fig.source : f->station, v->source);
	}
	s->ninc++;
}

static json_t *
same_say(struct same *s, const struct said *a, const struct said *b)
{
	struct query *q = s->q;
	json_t *o = json_object();
	const struct field *f = field_by_key(a->key);
	struct figure fig = { .q = FIG_EXACT, .n = a->n };
	struct buf text = { 0 };
	char one[320], two[320];

	query_put_id(o, "incident", &s->inc[a->incident].id);
	query_put_text(o, "number", query_number(q, s->inc[a->incident].opener, s->inc[a->incident].number, one, sizeof one));
	query_put_text(o, "title", s->inc[a->incident].title);
	query_put_id(o, "other", &s->inc[b->incident].id);
	query_put_text(o, "other_number", query_number(q, s->inc[b->incident].opener, s->inc[b->incident].number, two, sizeof two));
	query_put_text(o, "other_title", s->inc[b->incident].title);
	query_put_text(o, "source_name", a->source);
	query_put_text(o, "field", f->name);
	query_put_figure(q, o, "value", a->key, &fig);
	buf_printf(&text, query_say(q, "%s and %s: both %s %s, said by %s. One matter? Merge them; nothing is added up",
	    "%s 与 %s 均为%s%s(%s),是否同一事?请并案,数字不相加"), one, two, query_field_name(q, f),
	    json_string_value(json_object_get(o, "value")), a->source);
	query_put_text(o, "text", buf_cstr(&text));
	buf_free(&text);
	return o;
}

static json_t *
same_matters(struct query *q)
{
	struct same s = { .q = q };
	struct ids ids = { 0 };
	json_t *list = json_array();

	if (q->j->ops->incident_each(q->j, REALM_LIVE, false, same_incident, &ids) == -1)
		goto out;
	for (size_t i = 0; i < ids.n; i++) {
		struct folded fd;

		if (station_fold(q->s, &ids.v[i], &fd) != 0)
			break;
		if (!msgid_is_set(&fd.incident->merged_into))
			same_take(&s, fd.incident);
		folded_free(&fd);
	}
	for (size_t i = 0; i < s.n; i++)
		for (size_t k = i + 1; k < s.n && json_array_size(list) < SAME_SHOWN; k++)
			if (s.v[i].incident != s.v[k].incident && s.v[i].key == s.v[k].key && s.v[i].n == s.v[k].n &&
			    (s.v[i].behalf || s.v[k].behalf) && strcmp(s.v[i].source, s.v[k].source) == 0)
				(void)json_array_append_new(list, same_say(&s, &s.v[i], &s.v[k]));
out:
	free(ids.v);
	free(s.inc);
	free(s.v);
	return list;
}

json_t *
query_claims(struct query *q)
{
	struct claims c = { .items = json_array() };
	uint64_t at = order_claims_begin(q->j);
	json_t *o = json_object();
	struct msgid id;

	while (json_array_size(c.items) < CLAIMS_SHOWN && order_claim_next(q->j, &at, &id)) {
		struct journal_msg m;
		struct body *b = NULL;

		if (order_claimed(q->j, q->self, &id))
			continue;
		if (query_message(q, &id, &m, &b) == 0)
			claim_add(q, &c, &m, b);
		body_free(b);
		buf_free(&m.body);
	}
	put_sentence(q, o, &c);
	query_put(o, "items", c.items);
	query_put(o, "same", same_matters(q));
	free(c.v);
	free(c.proxied);
	if (q->j->failed) {
		json_decref(o);
		return query_unreadable(q);
	}
	return o;
}
