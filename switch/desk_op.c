/*
 * The requests of deskproto.h: one table row each.  What only reads is answered by query.c; what writes goes to the
 * station. Every request is answered, once; what is wrong with it is named by its member.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "../formats/i18n.h"
#include "../formats/json.h"
#include "../formats/text.h"
#include "desk_int.h"
#include "duty_pin.h"
#include "../formats/life.h"
#include "log.h"
#include "query.h"

#define RID_MAX 191
#define DRAFT_MAX (256u << 10)
#define DRAFT_REQUEST_MAX (512u << 10)	/* a body as JSON: about twice its bytes on the wire */

/* Returns the answer, or NULL: + fault when refused, without when it will be answered later. */
typedef json_t *(*op_fn)(struct desk_conn *, json_int_t n, const json_t *request, struct fault *);

static json_t *op_submit(struct desk_conn *, json_int_t, const json_t *, struct fault *);
static json_t *op_draft_put(struct desk_conn *, json_int_t, const json_t *, struct fault *);
static json_t *op_draft_del(struct desk_conn *, json_int_t, const json_t *, struct fault *);
static json_t *op_draft_move(struct desk_conn *, json_int_t, const json_t *, struct fault *);
static json_t *op_destroy(struct desk_conn *, json_int_t, const json_t *, struct fault *);
static json_t *op_reload(struct desk_conn *, json_int_t, const json_t *, struct fault *);
static json_t *op_hello(struct desk_conn *, json_int_t, const json_t *, struct fault *);
static json_t *op_watch(struct desk_conn *, json_int_t, const json_t *, struct fault *);
static json_t *op_blob(struct desk_conn *, json_int_t, const json_t *, struct fault *);
static json_t *op_prefill(struct desk_conn *, json_int_t, const json_t *, struct fault *);
static json_t *op_query(struct desk_conn *, json_int_t, const json_t *, struct fault *);

/* Any other name is a question for query.c, which knows its own. */
static const struct {
	const char *name;
	bool writes;
	op_fn fn;
} ops[] = {
    {"submit", true, op_submit},
    {"draft_put", true, op_draft_put},
    {"draft_del", true, op_draft_del},
    {"draft_move", true, op_draft_move},
    {"destroy", true, op_destroy},
    {"reload", true, op_reload},
    {"attend", true, op_attend},
    {"backup", true, desk_op_backup},
    {"pin_set", true, desk_op_pin_set},
    {"outlet_test", true, desk_op_outlet_test},
    {"hello", false, op_hello},
    {"watch", false, op_watch},
    {"prefill", false, op_prefill},
    {"blob", true, op_blob}, /* may ask another station */
};

static json_int_t
number_of(const json_t *request)
{
	return json_integer_value(json_object_get(request, "n"));
}

static void
run(struct desk_conn *c, const json_t *request, op_fn fn)
{
	json_int_t n = number_of(request);
	struct fault f = {0};
	json_t *answer = fn(c, n, request, &f);

	if (answer != NULL)
		desk_conn_answer(c, n, answer);
	else if (f.code != 0)
		desk_conn_refuse(c, n, &f);
}

static op_fn
find(const char *name, bool *writes)
{
	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++)
		if (strcmp(ops[i].name, name) == 0) {
			*writes = ops[i].writes;
			return ops[i].fn;
		}
	*writes = false;
	return op_query;
}

void
desk_op_read(struct desk_conn *c, json_t *request)
{
	bool writes;

	run(c, request, find(json_string_value(json_object_get(request, "op")), &writes));
	json_decref(request);
}

void
desk_op(struct desk_conn *c, json_t *request)
{
	const json_t *n = json_object_get(request, "n");
	const char *op = json_string_value(json_object_get(request, "op"));
	struct fault f = {0};
	bool writes;
	op_fn fn;

	if (n != NULL && !json_is_integer(n)) {
		fault_set(&f, EX_DATAERR, "n", _("must be an integer"));
		desk_conn_refuse(c, 0, &f);
	} else if (op == NULL) {
		fault_set(&f, EX_USAGE, "op", _("a request names its operation"));
		desk_conn_refuse(c, number_of(request), &f);
	} else {
		fn = find(op, &writes);
		if (!writes && station_dirty(c->desk->station)) {
			c->request = request;
			return;
		}
		desk_attended_by(c, op);
		station_actor(c->desk->station, c->seat, c->terminal);
		run(c, request, fn);
	}
	desk_pins_wipe(request);	/* what was refused before anybody looked at them */
	json_decref(request);
}

/* The client's request id: it outlives the connection, so it has to be there and printable. */
static const char *
rid_of(const json_t *request, struct fault *f)
{
	const json_t *rid = json_object_get(request, "rid");
	size_t len = json_string_length(rid), bad;

	if (!json_is_string(rid))
		fault_set(f, EX_DATAERR, "rid", _("a request id is needed"));
	else if (len < 1 || len > RID_MAX)
		fault_set(f, EX_DATAERR, "rid", _("must have 1 to %d bytes"), RID_MAX);
	else if (!text_clean(json_string_value(rid), len, false, &bad))
		fault_set(f, EX_DATAERR, "rid", _("holds control characters"));
	else
		return json_string_value(rid);
	return NULL;
}

static int
realm_of(const json_t *request, int *realm, struct fault *f)
{
	const json_t *v = json_object_get(request, "realm");
	const char *s = json_string_value(v);

	*realm = REALM_LIVE;
	if (v == NULL || json_is_null(v))
		return 0;
	if ((s != NULL && strcmp(s, "live") == 0) || (json_is_integer(v) && json_integer_value(v) == REALM_LIVE))
		return 0;
	if ((s != NULL && strcmp(s, "exercise") == 0) ||
	    (json_is_integer(v) && json_integer_value(v) == REALM_EXERCISE)) {
		*realm = REALM_EXERCISE;
		return 0;
	}
	return fault_set(f, EX_DATAERR, "realm", _("must be live or exercise"));
}

/* False: refused, and said, or to be said after the commit. */
static bool
pins_fine(struct desk_conn *c, json_int_t n, const json_t *request, struct desk_pins *pins, struct fault *f)
{
	bool later;

	if (desk_pins_check(c, request, pins, &later, f) == 0)
		return true;
	if (later) {
		station_pin_refuse(c->desk->station, desk_ticket_new(c->desk, c, n), f);
		*f = (struct fault){0};
	}
	return false;
}

static json_t *
op_submit(struct desk_conn *c, json_int_t n, const json_t *request, struct fault *f)
{
	/* The switch's own to fill in; what a client copied from elsewhere is not believed. */
	static const uint32_t own[] = {F_ID, F_WRITTEN, F_SEAT, F_SEAL, F_NUMBER, F_RING, F_UNSIGNED, F_SIGNATURE_OWED,
	    F_TRIES, F_DRAFTED, F_PROVEN, F_CHASED, F_RUNG, F_RUNG_TO, F_LATE_BY};
	struct desk *d = c->desk;
	int64_t now = desk_now(d);
	const json_t *object = json_object_get(request, "body"), *confirmed = json_object_get(request, "confirmed");
	struct station_submit s;
	struct desk_pins pins;
	struct body *b = NULL;

	memset(&s, 0, sizeof(s));
	if ((s.rid = rid_of(request, f)) == NULL || realm_of(request, &s.realm, f) != 0)
		return NULL;
	if (!json_is_object(object)) {
		fault_set(f, EX_DATAERR, "body", _("must be an object of fields"));
		return NULL;
	}
	if (confirmed != NULL && !json_is_boolean(confirmed)) {
		fault_set(f, EX_DATAERR, "confirmed", _("must be true or false"));
		return NULL;
	}
	b = body_new();
	if (json_to_body(object, b, station_conf(d->station)->codebook, now, true, f) != 0) {
		if (f->code == 0)
			fault_set(f, EX_DATAERR, "body", _("cannot be read"));
		body_free(b);
		return NULL;
	}
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		body_unset(b, own[i]);
	if (!pins_fine(c, n, request, &pins, f)) {
		body_free(b);
		return NULL;
	}
	s.proven = pins.proven;
	s.nproven = pins.n;
	s.seat = c->seat;
	s.body = b;
	s.confirmed = json_is_true(confirmed);
	if (c->has_blob) {
		s.blob = c->blob.p != NULL ? (const void *)c->blob.p : "";
		s.blob_len = c->blob.n;
	}
	/* The ticket first: a refusal may be answered before this returns. */
	station_submit(d->station, now, desk_ticket_new(d, c, n), &s);
	body_free(b);
	return NULL;
}

static json_t *
op_draft_put(struct desk_conn *c, json_int_t n, const json_t *request, struct fault *f)
{
	const json_t *object = json_object_get(request, "json");
	const char *rid = rid_of(request, f);
	struct desk *d = c->desk;
	char *text;

	if (rid == NULL)
		return NULL;
	if (!json_is_object(object)) {
		fault_set(f, EX_DATAERR, "json", _("must be an object"));
		return NULL;
	}
	if ((text = json_dumps(object, JSON_COMPACT)) == NULL || strlen(text) > DRAFT_MAX)
		fault_set(f, EX_DATAERR, "json", _("larger than %u bytes"), DRAFT_MAX);
	else if (station_draft_keep(d->station, desk_now(d), rid, c->seat, text, strlen(text), f) != 0) {
		if (f->code == 0)
			fault_set(f, EX_IOERR, "rid", _("the draft could not be kept"));
	}
	else
		desk_ack_later(d, desk_ticket_new(d, c, n));
	free(text);
	return NULL;
}

static json_t *
op_draft_del(struct desk_conn *c, json_int_t n, const json_t *request, struct fault *f)
{
	const char *rid = rid_of(request, f);
	struct desk *d = c->desk;

	if (rid == NULL)
		return NULL;
	if (station_draft_throw(d->station, desk_now(d), rid, c->seat) < 0)
		fault_set(f, EX_IOERR, "rid", _("the draft could not be removed"));
	else
		desk_ack_later(d, desk_ticket_new(d, c, n));
	return NULL;
}

/* A member that is a clean text of one line (lines: of several); absent: "", or refused when needed.  NULL + fault. */
static const char *
text_of(const json_t *request, const char *member, bool needed, size_t max, bool lines, struct fault *f)
{
	const json_t *v = json_object_get(request, member);
	size_t len = json_string_length(v), bad;

	if (v == NULL || json_is_null(v)) {
		if (!needed)
			return "";
		fault_set(f, EX_DATAERR, member, _("is missing"));
	} else if (!json_is_string(v))
		fault_set(f, EX_DATAERR, member, _("must be a text"));
	else if (needed && strspn(json_string_value(v), " \t\n") == len)
		fault_set(f, EX_DATAERR, member, _("is missing"));
	else if (len > max)
		fault_set(f, EX_DATAERR, member, _("larger than %zu bytes"), max);
	else if (strlen(json_string_value(v)) != len || !text_clean(json_string_value(v), len, lines, &bad))
		fault_set(f, EX_DATAERR, member, _("holds control characters"));
	else
		return json_string_value(v);
	return NULL;
}

static int
outcome_of(const json_t *request, int *outcome, struct fault *f)
{
	const json_t *v = json_object_get(request, "outcome");
	const char *s = json_string_value(v);
	const struct enum_name *e = NULL;

	*outcome = 0;
	if (v == NULL || json_is_null(v))
		return 0;
	if (s != NULL)
		e = enum_by_name("outcome", s);
	else if (json_is_integer(v) && json_integer_value(v) >= 1 && json_integer_value(v) <= ENUM_VALUE_MAX)
		e = enum_by_value("outcome", (int)json_integer_value(v));
	if (e == NULL)
		return fault_set(f, EX_DATAERR, "outcome", _("must be the name of an outcome: reached, no-answer, ..."));
	*outcome = e->value;
	return 0;
}

static json_t *
op_draft_move(struct desk_conn *c, json_int_t n, const json_t *request, struct fault *f)
{
	const json_t *inner = json_object_get(request, "request");
	struct desk *d = c->desk;
	struct station_review r;
	struct desk_pins pins;
	const char *event;
	char *text = NULL;

	memset(&r, 0, sizeof(r));
	if ((r.rid = rid_of(request, f)) == NULL || (event = text_of(request, "event", true, 64, false, f)) == NULL ||
	    (r.person = text_of(request, "person", false, 96, false, f)) == NULL ||
	    (r.reason = text_of(request, "reason", false, 4096, true, f)) == NULL ||
	    (r.number = text_of(request, "number", false, 48, false, f)) == NULL || outcome_of(request, &r.outcome, f) != 0)
		return NULL;
	if ((r.event = life_draft_event_by_name(event)) == 0) {
		fault_set(f, EX_DATAERR, "event", _("no such step of a draft: %.60s"), event);
		return NULL;
	}
	if (inner != NULL && !json_is_null(inner)) {
		if (!json_is_object(inner)) {
			fault_set(f, EX_DATAERR, "request", _("must be an object"));
			return NULL;
		}
		if ((text = json_dumps(inner, JSON_COMPACT)) == NULL || strlen(text) > DRAFT_REQUEST_MAX) {
			fault_set(f, EX_DATAERR, "request", _("larger than %u bytes"), DRAFT_REQUEST_MAX);
			free(text);
			return NULL;
		}
		r.request = text;
		r.len = strlen(text);
	}
	r.seat = c->seat;
	if (!pins_fine(c, n, request, &pins, f)) {
		free(text);
		return NULL;
	}
	r.proven = pins.proven;
	r.nproven = pins.n;
	station_review(d->station, desk_now(d), desk_ticket_draft(d, c, n, r.rid), &r);
	free(text);
	return NULL;
}

static json_t *
op_destroy(struct desk_conn *c, json_int_t n, const json_t *request, struct fault *f)
{
	const char *rid = rid_of(request, f), *id, *first, *second, *reason;
	struct desk *d = c->desk;
	struct msgid msg;

	if (rid == NULL || (id = text_of(request, "id", true, MSGID_TEXT_MAX, false, f)) == NULL ||
	    (first = text_of(request, "first", true, 96, false, f)) == NULL ||
	    (second = text_of(request, "second", true, 96, false, f)) == NULL ||
	    (reason = text_of(request, "reason", true, 4096, true, f)) == NULL)
		return NULL;
	if (!msgid_parse(id, &msg)) {
		fault_set(f, EX_DATAERR, "id", _("'%s' is no message id"), id);
		return NULL;
	}
	/* The station looks at it too; here it is sure before anything is destroyed. */
	if (strcmp(first, second) == 0) {
		fault_set(f, EX_DATAERR, "second", _("must be another person than the first"));
		return NULL;
	}
	station_destroy(d->station, desk_now(d), desk_ticket_new(d, c, n), &msg, rid, c->seat, first, second, reason);
	return NULL;
}

static json_t *
op_reload(struct desk_conn *c, json_int_t n, const json_t *request, struct fault *f)
{
	struct desk *d = c->desk;

	(void)n;
	(void)request;
	log_event(LOG_LV_INFO, "reload", "seat=%s", log_quote(c->seat));
	if (d->ops->reload(d->ctx, f) != 0) {
		if (f->code == 0)
			fault_set(f, EX_CONFIG, "", _("the topology could not be read"));
		return NULL;
	}
	return json_pack("{s:I}", "neighbours", (json_int_t)station_conf(d->station)->topology->count);
}

static json_t *
op_hello(struct desk_conn *c, json_int_t n, const json_t *request, struct fault *f)
{
	const json_t *proto = json_object_get(request, "proto"), *lang = json_object_get(request, "lang");
	const char *l = json_string_value(lang);

	if (proto != NULL && (!json_is_integer(proto) || json_integer_value(proto) != DESK_PROTO)) {
		fault_set(f, EX_PROTOCOL, "proto", _("this switch speaks version %d of the desk protocol"), DESK_PROTO);
		return NULL;
	}
	if (lang != NULL && (l == NULL || (strcmp(l, "zh") != 0 && strcmp(l, "en") != 0))) {
		fault_set(f, EX_DATAERR, "lang", _("must be zh or en"));
		return NULL;
	}
	c->zh = l == NULL || strcmp(l, "zh") == 0;
	desk_seat_opens(c, request);
	return op_query(c, n, request, f);
}

static json_t *
op_watch(struct desk_conn *c, json_int_t n, const json_t *request, struct fault *f)
{
	(void)n;
	(void)request;
	(void)f;
	c->watch = true;
	return json_pack("{s:I}", "rev", (json_int_t)station_revision(c->desk->station));
}

static json_t *
op_blob(struct desk_conn *c, json_int_t n, const json_t *request, struct fault *f)
{
	struct journal *j = station_journal(c->desk->station);
	const char *hex = json_string_value(json_object_get(request, "digest"));
	const json_t *of = json_object_get(request, "id");
	struct msgid id;
	uint8_t digest[DIGEST_LEN];
	struct buf bytes = {0};
	json_t *answer = NULL;
	int rc;

	if (hex == NULL || !digest_parse(hex, digest))
		fault_set(f, EX_DATAERR, "digest", _("must be %d hexadecimal digits"), 2 * DIGEST_LEN);
	else if (of != NULL && (!json_is_string(of) || !msgid_parse(json_string_value(of), &id)))
		fault_set(f, EX_DATAERR, "id", _("no message id: %.80s"), json_is_string(of) ? json_string_value(of) : "");
	else if ((rc = j->ops->blob_get(j, digest, &bytes)) == 1 && of != NULL)
		station_original_want(c->desk->station, desk_now(c->desk), desk_ticket_new(c->desk, c, n), &id);
	else if (rc != 0)
		fault_set(f, EX_NOINPUT, "digest", _("no such bytes here"));
	else if (bytes.n >= DESK_FRAME_MAX)
		fault_set(f, EX_DATAERR, "digest", _("too large for the desk"));
	else {
		desk_conn_bytes(c, bytes.p, bytes.n);
		answer = json_pack("{s:I}", "size", (json_int_t)bytes.n);
	}
	buf_free(&bytes);
	return answer;
}

static int
stage_of(const json_t *request, int *stage, struct fault *f)
{
	const json_t *v = json_object_get(request, "stage");
	const char *s = json_string_value(v);
	const struct enum_name *e = s != NULL ? enum_by_name("stage", s) : NULL;

	*stage = 0;
	if (v == NULL || json_is_null(v))
		return 0;
	if (e == NULL)
		return fault_set(f, EX_DATAERR, "stage", _("must be the name of a stage: first, followup, ..."));
	*stage = e->value;
	return 0;
}

static json_t *
op_prefill(struct desk_conn *c, json_int_t n, const json_t *request, struct fault *f)
{
	const char *ref = text_of(request, "incident", true, 256, false, f);
	struct desk *d = c->desk;
	struct msgid incident;
	struct body *b;
	json_t *answer;
	int realm, stage;

	(void)n;
	if (ref == NULL || realm_of(request, &realm, f) != 0 || stage_of(request, &stage, f) != 0 ||
	    station_resolve(d->station, realm, ref, &incident, f) != 0 ||
	    station_preview(d->station, desk_now(d), realm, &incident, stage, &b, f) != 0)
		return NULL;
	answer = json_pack("{s:s, s:o}", "stage", enum_by_value("stage", body_enum(b, F_STAGE))->name, "body", json_from_body(b));
	body_free(b);
	return answer;
}

static json_t *
op_query(struct desk_conn *c, json_int_t n, const json_t *request, struct fault *f)
{
	struct desk *d = c->desk;
	struct query_env env = {.station = d->station, .dir = d->dir, .zh = c->zh, .alarms = d->alarms, .outlet = d->outlet};
	json_t *answer = query_answer(&env, desk_now(d), json_string_value(json_object_get(request, "op")), request, f);

	(void)n;
	if (answer == NULL && f->code == 0)
		fault_set(f, EX_SOFTWARE, "op", _("no answer"));
	return answer;
}
