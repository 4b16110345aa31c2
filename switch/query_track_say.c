/*
 * Op track: a directive in words and numbers.
 *
 * A total is the sum of what is known, and the names of those of whom it is not known with what they said last and when: a station that is
 * missing is never counted as 0, and an old number is never counted as if it were new.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "../formats/i18n.h"
#include "../formats/phone.h"
#include "../formats/value.h"
#include "presence.h"
#include "query_track.h"
#include "station_order.h"

#define VERSIONS_MAX 64	/* of one directive */
#define NAMED_MAX 6	/* stations named in a sentence; the list has them all */

/* ---- totals ---- */

struct total {
	const struct field *f;
	struct figure sum;
	bool about, least, most;
	size_t known, all;
	int64_t asof;		/* of the oldest one counted, 0 none */
	json_t *missing;
	struct buf names;
	size_t nnames;
};

static const char *
clock_text(const struct query *q, int64_t at, char buf[24])
{
	const int64_t day = INT64_C(86400000), east = INT64_C(28800000);

	return time_format(at, (at + east) / day == (q->now + east) / day ? TIME_CLOCK : TIME_DAY, buf, 24);
}

static void
total_misses(struct query *q, struct total *t, const struct track_row *r, const struct track_figure *f)
{
	json_t *o = json_object();
	char name[160], at[24];

	query_put_station(q, o, "to", r->to);
	query_put_text(o, "why", f == NULL ? "none" : f->old ? "old" : "unknown");
	(void)query_station(q, r->to, name, sizeof name);
	if (t->nnames < NAMED_MAX)
		buf_printf(&t->names, "%s%s%s", t->nnames > 0 ? query_say(q, ", ", "、") : "", name, query_say(q, " not known", "不明"));
	t->nnames++;
	if (f != NULL) {
		query_put(o, "asof", json_integer(f->asof));
		query_put_figure(q, o, "last", f->key, &f->fig);
		if (f->fig.q != FIG_UNKNOWN && t->nnames <= NAMED_MAX)
			buf_printf(&t->names, query_say(q, " (%s: %s)", "(%s 为%s)"), clock_text(q, f->asof, at),
			    json_string_value(json_object_get(o, "last")));
	}
	(void)json_array_append_new(t->missing, o);
}

static void
total_add(struct total *t, const struct track_figure *f)
{
	t->known++;
	t->about |= f->fig.q == FIG_ABOUT;
	t->least |= f->fig.q == FIG_ATLEAST;
	t->most |= f->fig.q == FIG_ATMOST;
	if (t->asof == 0 || f->asof < t->asof)
		t->asof = f->asof;
	if (__builtin_add_overflow(t->sum.n, f->fig.n, &t->sum.n)) {
		t->sum.n = INT64_MAX;
		t->least = true;
	}
}

static const char *
q_word(enum figure_q q)
{
	static const char *const words[] = { [FIG_UNKNOWN] = "unknown", [FIG_EXACT] = "exact", [FIG_ABOUT] = "about", [FIG_ATLEAST] = "at_least",
		[FIG_ATMOST] = "at_most" };

	return (size_t)q < sizeof words / sizeof words[0] ? words[q] : "";
}

/* "331", "?", "~20", ">=3": as it is typed and as JSON carries it. */
static void
put_plain(json_t *o, const char *member, const struct figure *f, int decimals)
{
	static const char *const marks[] = { [FIG_UNKNOWN] = "", [FIG_EXACT] = "", [FIG_ABOUT] = "~", [FIG_ATLEAST] = ">=", [FIG_ATMOST] = "<=" };
	char text[64];
	int64_t unit = 1;

	for (int i = 0; i < decimals; i++)
		unit *= 10;
	if (f->q == FIG_UNKNOWN)
		(void)snprintf(text, sizeof text, "?");
	else if (decimals == 0)
		(void)snprintf(text, sizeof text, "%s%lld", marks[f->q], (long long)f->n);
	else
		(void)snprintf(text, sizeof text, "%s%lld.%0*lld", marks[f->q], (long long)(f->n / unit), decimals, (long long)(f->n % unit));
	query_put_text(o, member, text);
}

static json_t *
total_say(struct query *q, struct total *t)
{
	json_t *o = json_object();
	struct buf text = { 0 };
	char at[24], sum[96];

	t->sum.q = t->known == 0 ? FIG_UNKNOWN : t->about || (t->least && t->most) ? FIG_ABOUT : t->least ? FIG_ATLEAST :
	    t->most ? FIG_ATMOST : FIG_EXACT;
	if (t->known == 0)
		t->sum.n = 0;
	query_put_text(o, "field", t->f->name);
	query_put_text(o, "name", query_field_name(q, t->f));
	query_put_figure(q, o, "sum", t->f->key, &t->sum);
	put_plain(o, "value", &t->sum, field_decimals(t->f));
	/* What some have not said is missing from it: no program may take it for the whole. */
	query_put_text(o, "q", q_word(t->nnames > 0 && t->sum.q == FIG_EXACT ? FIG_ATLEAST : t->nnames > 0 && t->sum.q == FIG_ATMOST ? FIG_ABOUT : t->sum.q));
	query_put(o, "known", json_integer((json_int_t)t->known));
	query_put(o, "all", json_integer((json_int_t)t->all));
	query_put(o, "asof", json_integer(t->asof));
	(void)snprintf(sum, sizeof sum, "%s", json_string_value(json_object_get(o, "sum")));
	buf_printf(&text, "%s %s", query_field_name(q, t->f), t->known == 0 ? query_say(q, "not known", "不明") : sum);
	if (t->nnames > 0)
		buf_printf(&text, " + %s", buf_cstr(&t->names));
	if (t->nnames > NAMED_MAX)
		buf_printf(&text, query_say(q, " and others, %zu in all", "等%zu站"), t->nnames);
	query_put_text(o, "text", buf_cstr(&text));
	buf_free(&text);
	if (t->asof != 0)
		buf_printf(&text, query_say(q, "%zu/%zu as of %s", "%zu/%zu 口径 %s"), t->known, t->all, clock_text(q, t->asof, at));
	else
		buf_printf(&text, "%zu/%zu", t->known, t->all);
	query_put_text(o, "coverage", buf_cstr(&text));
	buf_free(&text);
	query_put(o, "missing", t->missing);
	buf_free(&t->names);
	return o;
}

static json_t *
total_of(struct query *q, const struct track *t, const struct field *f)
{
	struct total s = { .f = f, .missing = json_array() };

	for (size_t i = 0; i < t->nrow; i++) {
		const struct track_row *r = &t->row[i];
		const struct track_figure *g = track_figure(r, f->key);

		if (t->b != NULL && !incident_addressed(t->b, r->to, false) && g == NULL)
			continue;	/* a copy for information */
		s.all++;
		if (g == NULL || g->old || g->fig.q == FIG_UNKNOWN)
			total_misses(q, &s, r, g);
		else
			total_add(&s, g);
	}
	return total_say(q, &s);
}

/* ---- one addressee ---- */

static json_t *
figure_say(struct query *q, const struct track_figure *f)
{
	json_t *o = json_object();
	const struct field *fd = field_by_key(f->key);

	query_put_figure(q, o, "text", f->key, &f->fig);
	put_plain(o, "value", &f->fig, field_decimals(fd));
	query_put_text(o, "name", query_field_name(q, fd));
	query_put(o, "asof", json_integer(f->asof));
	query_put(o, "old", json_boolean(f->old));
	if (f->by[0] != '\0')
		query_put_station(q, o, "by", f->by);
	return o;
}

/* "31/40户", "331/412", else the word. */
static void
put_progress(struct query *q, json_t *o, const struct track_row *r)
{
	static const struct { uint32_t all, part; } pairs[] = { { F_TO_MOVE_HH, F_MOVED_HH }, { F_TO_MOVE, F_MOVED } };
	char word[96], text[160] = "";

	query_put_enum(q, o, "progress", "progress", r->progress);
	for (size_t i = 0; i < 2 && text[0] == '\0'; i++) {
		const struct track_figure *all = track_figure(r, pairs[i].all), *part = track_figure(r, pairs[i].part);
		json_t *t;

		if (all == NULL || part == NULL)
			continue;
		t = json_object();
		put_plain(t, "part", &part->fig, 0);
		put_plain(t, "all", &all->fig, 0);
		(void)snprintf(text, sizeof text, "%s/%s%s%s", json_string_value(json_object_get(t, "part")),
		    json_string_value(json_object_get(t, "all")), value_unit(field_by_key(pairs[i].part), q->zh), part->old ? "?" : "");
		json_decref(t);
	}
	if (text[0] == '\0')
		(void)snprintf(text, sizeof text, "%s", r->progress != 0 ? query_word(q, "progress", r->progress, word, sizeof word) : "");
	query_put_text(o, "progress_text", text);
}

static int64_t
next_of(const struct track *t, const struct track_row *r)
{
	int64_t from = r->said > t->sent ? r->said : t->sent;

	if (r->finished || t->revoked)
		return 0;
	if (r->promised != 0 && r->promised > r->said)
		return r->promised;
	return t->every != 0 ? from + t->every : r->answered ? 0 : t->due;
}

static bool
wants_ways(const struct track_row *r, int presence)
{
	return presence == PRESENCE_DOWN || presence == PRESENCE_NO_SEAT || presence == PRESENCE_PHONE || track_late(r) || strcmp(r->state, "phone") == 0;
}

/* The word of the state; beside it that what it says was said of a version that no longer stands. */
static void
put_state(struct query *q, json_t *o, const struct track_row *r)
{
	const char *old = r->old ? query_say(q, "answers old version", "答旧版") :
	    r->old_signed != 0 && r->delivery.signed_ == 0 ? query_say(q, "signed old version", "签旧版") : "";
	char text[160];

	(void)snprintf(text, sizeof text, "%s%s%s", track_state_name(q, r->state), *old != '\0' ? " " : "", old);
	query_put_text(o, "state_name", text);
	query_put(o, "old", json_boolean(r->old));
	query_put_text(o, "old_name", old);
	query_put(o, "old_signed", json_integer(r->old_signed));
}

static json_t *
row_say(struct query *q, const struct track *t, const struct track_row *r)
{
	json_t *o = json_object(), *figures = json_object(), *steps = json_array();
	struct presence p = { 0 };
	bool missing = false;

	station_presence(q->s, q->now, r->to, &p);
	query_put_station(q, o, "to", r->to);
	query_put(o, "copy", json_boolean(t->b != NULL && !incident_addressed(t->b, r->to, false)));
	query_put(o, "presence", json_integer(p.state));
	query_put_text(o, "presence_name", presence_name(p.state, q->zh));
	query_put(o, "presence_since", json_integer(p.since));
	query_put(o, "last_key", json_integer(p.last_key));
	query_put(o, "hosted", json_boolean(p.hosted));
	query_put_text(o, "on_duty", p.on_duty);
	query_put(o, "delivered", json_integer(r->delivery.delivered));
	query_put(o, "read", json_integer(r->delivery.read));
	query_put(o, "signed", json_integer(r->delivery.signed_));
	query_put_text(o, "signer", r->signer);
	query_put(o, "taken", json_integer(r->delivery.taken));
	query_put_text(o, "taker", r->taker);
	if (r->proxy.act != 0) {
		json_t *x = json_object();

		query_put_enum(q, x, "act", "act", r->proxy.act);
		query_put(x, "at", json_integer(r->proxy.at));
		query_put_text(x, "person", r->proxy.person);
		query_put_text(x, "recording", r->proxy.recording);
		query_put_text(x, "word", query_say(q, "by telephone", "电话代"));
		query_put_id(x, "id", &r->proxy.id);
		query_put(o, "proxy", x);
	}
	query_put(o, "misread", json_integer((json_int_t)r->misread));
	put_progress(q, o, r);
	query_put(o, "next", json_integer(next_of(t, r)));
	query_put_text(o, "state", r->state);
	put_state(q, o, r);
	query_put(o, "open", json_boolean(track_open(t, r)));
	query_put(o, "late", json_boolean(track_late(r)));
	query_put(o, "sign_due", json_integer(r->sign_due));
	query_put(o, "feedback_due", json_integer(r->feedback_due));
	query_put(o, "lapsed", json_boolean(r->lapsed));
	for (size_t i = 0; i < r->nfig; i++)
		query_put(figures, field_by_key(r->fig[i].key)->name, figure_say(q, &r->fig[i]));
	for (size_t i = 0; i < t->nasks; i++) {
		const struct track_figure *f = track_figure(r, field_by_name(t->asks[i])->key);

		missing |= f == NULL || f->old || f->fig.q == FIG_UNKNOWN;
	}
	query_put(o, "figures", figures);
	query_put(o, "missing", json_boolean(missing));
	query_put(o, "as_of", json_integer(r->said));
	query_put_text(o, "text", r->text);
	query_put_text(o, "person", r->person);
	query_put_id(o, "feedback", &r->feedback);
	query_put_text(o, "returned", r->returned);
	for (size_t i = 0; i < r->nstep; i++) {
		json_t *s = json_object();

		query_put(s, "at", json_integer(r->step[i].at));
		query_put_text(s, "text", r->step[i].text);
		(void)json_array_append_new(steps, s);
	}
	query_put(o, "steps", steps);
	query_put(o, "ways", wants_ways(r, p.state) ? track_ways(q, r->to) : json_array());
	return o;
}

/* ---- the whole ---- */

struct append_counts { json_int_t all, read, signed_; };

static int
append_row(void *ctx, const struct journal_delivery *d)
{
	struct append_counts *c = ctx;

	c->all++;
	c->read += d->read != 0;
	c->signed_ += d->signed_ != 0;
	return 0;
}

static json_t *
appended(struct query *q, const struct track *t)
{
	json_t *list = json_array();

	for (size_t i = 0; i < t->nappend; i++) {
		struct append_counts c = { 0 };
		struct buf title = { 0 };
		json_t *o = json_object();

		(void)q->j->ops->delivery_each(q->j, &t->append[i].id, append_row, &c);
		query_title(q, t->append[i].b, QUERY_LINE, &title);
		query_put_id(o, "id", &t->append[i].id);
		query_put(o, "at", json_integer(t->append[i].at));
		query_put_text(o, "text", buf_cstr(&title));
		query_put(o, "total", json_integer(c.all));
		query_put(o, "read", json_integer(c.read));
		query_put(o, "signed", json_integer(c.signed_));
		(void)json_array_append_new(list, o);
		buf_free(&title);
	}
	return list;
}

static void
put_head(struct query *q, json_t *o, const struct track *t)
{
	struct buf title = { 0 };
	struct journal_incident inc;
	char number[320] = "", code[5];
	json_t *asks = json_array();

	memset(&inc, 0, sizeof inc);
	query_put_id(o, "id", &t->id);
	query_put_id(o, "asked_for", &t->asked_for);
	query_put_id(o, "incident", &t->m.incident);
	if (msgid_is_set(&t->m.incident) && q->j->ops->incident_get(q->j, &t->m.incident, &inc) == 0)
		(void)query_number(q, t->m.incident.origin, inc.number, number, sizeof number);
	buf_free(&inc.summary);
	query_put_text(o, "number", number);
	query_put_text(o, "realm", query_realm_name(t->id.realm));
	query_put_station(q, o, "from", t->id.origin);
	query_put(o, "sent", json_integer(t->sent));
	query_put(o, "due", json_integer(t->due));
	query_put(o, "every", json_integer(t->every / 60000));
	query_put(o, "now", json_integer(q->now));
	if (t->b != NULL) {
		query_title(q, t->b, QUERY_TITLE, &title);
		query_put_lines(o, "text", body_text(t->b, F_TEXT) != NULL ? body_text(t->b, F_TEXT) : body_text(t->b, F_TITLE), 16384);
		query_put_enum(q, o, "type", "order_type", order_type(t->b));
		query_put_enum(q, o, "precedence", "precedence", t->m.precedence);
		query_put_text(o, "leader", order_type(t->b) == ORDER_INSTRUCTION ? body_text(t->b, F_PERSON) : "");
		phone_code(t->b, code);
		query_put_text(o, "readback", code);
	}
	query_put_text(o, "title", buf_cstr(&title));
	buf_free(&title);
	for (size_t i = 0; i < t->nasks; i++)
		(void)json_array_append_new(asks, json_string(t->asks[i]));
	query_put(o, "asks", asks);
	query_put(o, "revoked", json_boolean(t->revoked));
	if (t->revoked) {
		query_put(o, "revoked_at", json_integer(t->revoked_at));
		query_put_text(o, "revoked_by", t->revoked_by);
		query_put_text(o, "revoked_why", t->revoked_why);
	}
}

static json_t *
track_say(struct query *q, const struct track *t)
{
	json_t *o = json_object(), *rows = json_array(), *totals = json_array();
	json_int_t open = 0, late = 0, signed_ = 0, done = 0;

	put_head(q, o, t);
	for (size_t i = 0; i < t->nrow; i++) {
		const struct track_row *r = &t->row[i];

		(void)json_array_append_new(rows, row_say(q, t, r));
		open += track_open(t, r);
		late += track_late(r);
		signed_ += r->delivery.signed_ != 0 || r->delivery.taken != 0 || r->proxy.act >= ACT_SIGNED;
		done += r->finished;
	}
	for (size_t i = 0; i < t->nasks; i++)
		(void)json_array_append_new(totals, total_of(q, t, field_by_name(t->asks[i])));
	query_put(o, "rows", rows);
	query_put(o, "totals", totals);
	query_put(o, "appended", appended(q, t));
	query_put(o, "open", json_integer(open));
	query_put(o, "late", json_integer(late));
	query_put(o, "signed", json_integer(signed_));
	query_put(o, "done", json_integer(done));
	query_put(o, "total", json_integer((json_int_t)t->nrow));
	return o;
}

/* ---- which one is meant ---- */

struct passed {
	const char *self;
	struct msgid id;
};

static int
passed_row(void *ctx, const struct journal_msg *m)
{
	struct passed *p = ctx;
	struct body *b;

	if (m->kind != KIND_DIRECTIVE || strcmp(m->id.origin, p->self) != 0 || (b = query_decode(m)) == NULL)
		return 0;
	if (order_type(b) != ORDER_APPEND && order_type(b) != ORDER_REVOKED)
		p->id = m->id;
	body_free(b);
	return 0;
}

/* The correction of it. */
static int
corrected_row(void *ctx, const struct journal_msg *m)
{
	struct passed *p = ctx;
	struct body *b;

	if (m->kind != KIND_DIRECTIVE || strcmp(m->id.origin, p->self) != 0 || (b = query_decode(m)) == NULL)
		return 0;
	if (body_enum(b, F_STAGE) == STAGE_CORRECTION)
		p->id = m->id;
	body_free(b);
	return 0;
}

static int
recalled_row(void *ctx, const struct journal_msg *m)
{
	struct passed *p = ctx;
	struct body *b;

	if (m->kind != KIND_DIRECTIVE || strcmp(m->id.origin, p->self) != 0 || (b = query_decode(m)) == NULL)
		return 0;
	if (body_enum(b, F_STAGE) == STAGE_WITHDRAWAL)
		p->id = m->id;
	body_free(b);
	return 0;
}

/* The version that stands: a correction that was itself recalled is none.  0 or -1. */
static int
newest(struct query *q, struct msgid *id)
{
	for (int i = 0; i < VERSIONS_MAX; i++) {
		struct passed p = { .self = q->self }, gone = p;

		if (q->j->ops->each_referring(q->j, id, corrected_row, &p) == -1)
			return -1;
		if (!msgid_is_set(&p.id) || msgid_cmp(&p.id, id) == 0)
			break;
		if (q->j->ops->each_referring(q->j, &p.id, recalled_row, &gone) == -1)
			return -1;
		if (msgid_is_set(&gone.id))
			break;
		*id = p.id;
	}
	return 0;
}

/* What was added or taken back leads to the directive itself; one received to our own that passes it on.  0 or -1. */
static int
follow(struct query *q, struct msgid *id)
{
	struct passed p = { .self = q->self };
	struct journal_msg m;
	struct body *b = NULL;
	const struct value *v;
	int rc = query_message(q, id, &m, &b);

	if (rc == 0 && m.kind == KIND_DIRECTIVE && (order_type(b) == ORDER_APPEND || order_type(b) == ORDER_REVOKED) &&
	    (v = body_first(b, F_REFS)) != NULL)
		*id = v->u.id;
	body_free(b);
	buf_free(&m.body);
	if (rc == -1)
		return -1;
	if (strcmp(id->origin, q->self) == 0)
		return newest(q, id);
	if (q->j->ops->each_referring(q->j, id, passed_row, &p) == -1)
		return -1;
	if (!msgid_is_set(&p.id))
		return 0;
	*id = p.id;
	return newest(q, id);
}

/* The last directive of an incident: ours, where there is one. */
static int
of_incident(struct query *q, const char *ref, struct msgid *id)
{
	struct msgid incident;
	struct folded fd;
	int realm;

	if (!query_get_realm(q, REALM_LIVE, &realm) || station_resolve(q->s, realm, ref, &incident, q->f) == -1)
		return -1;
	if (station_fold(q->s, &incident, &fd) != 0) {
		(void)query_unreadable(q);
		return -1;
	}
	memset(id, 0, sizeof *id);
	for (size_t i = 0; i < fd.incident->nall; i++) {
		const struct incident_line *l = &fd.incident->all[i];
		int type = l->kind == KIND_DIRECTIVE ? order_type(l->body) : 0;

		if (type == 0 || type == ORDER_APPEND || type == ORDER_REVOKED ||
		    (msgid_is_set(id) && strcmp(id->origin, q->self) == 0 && strcmp(l->id.origin, q->self) != 0))
			continue;
		*id = l->id;
	}
	folded_free(&fd);
	if (msgid_is_set(id))
		return 0;
	return fault_set(q->f, EX_NOINPUT, "ref", _("there is no directive on %s here"), ref);
}

/* The member "id" or "ref": a message's id, else an incident. */
static int
wanted(struct query *q, struct msgid *id)
{
	const char *text, *ref;
	struct msgid at;
	int rc;

	if (!query_get_text(q, "id", false, &text) || !query_get_text(q, "ref", false, &ref))
		return -1;
	if (text == NULL && ref == NULL)
		return fault_set(q->f, EX_DATAERR, "id", _("is missing"));
	if (text == NULL)
		text = ref;
	if (!msgid_parse(text, id))
		return of_incident(q, text, id);
	at = *id;
	/* An incident's id is that of its opening message: where that is no directive the incident is meant. */
	if (q->j->ops->get_message(q->j, &at, NULL) == 0) {
		struct journal_msg m;
		struct body *b = NULL;

		rc = query_message(q, &at, &m, &b);
		body_free(b);
		buf_free(&m.body);
		if (rc == -1)
			return -1;
		if (m.kind == KIND_DIRECTIVE)
			return 0;
	}
	return of_incident(q, text, id);
}

json_t *
query_track(struct query *q)
{
	struct msgid id, given;
	struct track t;
	json_t *o = NULL;
	char text[MSGID_TEXT_MAX];
	int rc;

	if (wanted(q, &id) == -1)
		return q->f->code != 0 ? NULL : query_unreadable(q);
	given = id;
	if (follow(q, &id) == -1)
		return query_unreadable(q);
	rc = track_load(q, &id, &t);
	t.asked_for = given;
	if (rc == -1)
		(void)query_unreadable(q);
	else if (rc == 1 || !t.m.local) {
		(void)msgid_format(&id, text, sizeof text);
		(void)fault_set(q->f, EX_NOINPUT, "id", _("no directive %s here"), text);
	} else
		o = track_say(q, &t);
	track_free(&t);
	return o;
}
