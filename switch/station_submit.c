/*
 * What people enter: storing a message of our own, once.
 *
 * A submit is judged wholly before the first write (station_complete.c), so a refusal leaves nothing behind, and a
 * request id is answered once: a retry with the same content gets the first answer again, with other content it is
 * refused.
 */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include "../formats/i18n.h"
#include "../formats/text.h"
#include "log.h"
#include "seal.h"
#include "station_order.h"

#define VALUE_MOST 128	/* bytes of a value on the wire besides its text: key, type, ids, numbers */
#define CN_OFFSET ((int64_t)8 * 3600 * 1000) /* UTC+08:00: the day an incident's number is of */

/* ---- storing what is complete ---- */

static size_t
addressees(const struct station *s, const struct body *b, char (**out)[STATION_MAX])
{
	static const uint32_t keys[] = {F_TO, F_CC};
	size_t n = 0;

	*out = xcalloc(body_count(b, F_TO) + body_count(b, F_CC) + 1, STATION_MAX);
	for (size_t k = 0; k < 2; k++)
		for (const struct value *v = body_first(b, keys[k]); v != NULL; v = body_next(b, v)) {
			bool seen = strcmp(v->u.text.s, s->conf.self) == 0;

			for (size_t i = 0; i < n && !seen; i++)
				seen = strcmp((*out)[i], v->u.text.s) == 0;
			if (!seen)
				snprintf((*out)[n++], STATION_MAX, "%s", v->u.text.s);
		}
	return n;
}

int
station_issue(struct station *s, int64_t now, int realm, struct body *b, const char *seat, bool machine,
    struct msgid *id, struct fault *f)
{
	struct journal_msg m;
	char(*to)[STATION_MAX], who[128];
	size_t n;
	int rc = -1;

	memset(&m, 0, sizeof m);
	memset(id, 0, sizeof *id);
	id->realm = (uint8_t)realm;
	snprintf(id->origin, sizeof id->origin, "%s", s->conf.self);
	id->epoch = s->epoch;
	id->serial = s->serial[realm] + 1;
	body_set_id(b, F_ID, id);
	body_set_time(b, F_WRITTEN, now);
	if (seat != NULL && *seat != '\0')
		body_set_text(b, F_SEAT, seat);
	m.id = *id;
	if (!body_id(b, F_INCIDENT, &m.incident))
		memset(&m.incident, 0, sizeof m.incident);
	m.kind = body_enum(b, F_KIND);
	m.precedence = original_speaks(b) ? PREC_ROUTINE : rules_precedence(s->conf.rules, b);
	m.stored = now;
	m.local = !machine;
	snprintf(m.from, sizeof m.from, "%s", s->conf.self);
	if (!machine)
		seal_put(s->conf.seal, b);
	wire_encode(b, &m.body);
	if (m.body.n > BODY_MAX) {
		fault_set(
		    f, EX_DATAERR, "", _("the message has %zu bytes, at most %d can be carried"), m.body.n, BODY_MAX);
		goto out;
	}
	/* What nobody could read must not be sent: we are the first to try. */
	if (!wire_check(m.body.p, m.body.n, f))
		goto out;
	digest_of(m.body.p, m.body.n, m.digest);
	s->serial[realm]++;
	s->wrote = true;
	m.decoded = b;
	if (!machine && *s->terminal != '\0' && seat != NULL && strcmp(seat, s->actor) == 0)
		m.who = station_who(s, seat, who, sizeof who);
	s->j->ops->put_message(s->j, &m);
	m.who = NULL;
	m.decoded = NULL;	/* the caller's */
	n = addressees(s, b, &to);
	for (size_t i = 0; !machine && i < n; i++) {
		struct journal_delivery dl = {.id = *id, .state = DLV_OPEN, .since = now, .offered = now};

		snprintf(dl.to, sizeof dl.to, "%s", to[i]);
		s->j->ops->delivery_put(s->j, &dl);
	}
	station_forward(s, &m, to, n, NULL, NULL);
	free(to);
	if (!machine) {
		order_stored(s, id, b);
		station_stored(s, &m, NULL);
	}
	rc = 0;
out:
	buf_free(&m.body);
	return rc;
}

/* ---- numbers ---- */

static void
next_number(struct draft *d, char *out, size_t size)
{
	char key[48], val[24], day[16];
	time_t t = (time_t)((d->now + CN_OFFSET) / 1000);
	struct tm tm;
	unsigned long n = 0;

	gmtime_r(&t, &tm);
	strftime(day, sizeof day, "%Y%m%d", &tm);
	snprintf(key, sizeof key, "number.%d.%s", d->req->realm, day);
	if (!turn_number(d->s, key, &n) && d->s->j->ops->meta_get(d->s->j, key, val, sizeof val) == 0)
		n = strtoul(val, NULL, 10);
	turn_number_set(d->s, key, n + 1);
	snprintf(out, size, "%s%s-%03lu", d->req->realm == REALM_EXERCISE ? "X" : "", day + 4, n + 1);
}

static void
give_number(struct draft *d)
{
	char number[96];
	const char *foreign = body_text(d->b, F_FOREIGN_INCIDENT);

	if (d->history && foreign != NULL)
		text_sanitise(foreign, strlen(foreign), number, 64, false); /* imports keep the number they had */
	else
		next_number(d, number, sizeof number);
	body_set_text(d->b, F_NUMBER, number);
}

/* ---- the request ---- */

bool
rid_valid(const char *rid)
{
	size_t n = strlen(rid);

	if (n == 0 || n > 191)
		return false;
	for (size_t i = 0; i < n; i++)
		if (rid[i] <= ' ' || rid[i] > '~')
			return false;
	return true;
}

static void
request_digest(const struct station_submit *r, uint8_t out[DIGEST_LEN])
{
	struct buf b = {0};
	uint8_t blob[DIGEST_LEN];

	buf_put_u8(&b, (uint8_t)r->realm);
	wire_encode(r->body, &b);
	if (r->blob != NULL) {
		digest_of(r->blob, r->blob_len, blob);
		buf_put(&b, blob, sizeof blob);
	}
	digest_of(b.p, b.n, out);
	buf_free(&b);
}

static int
attach(struct draft *d, uint8_t digest[DIGEST_LEN])
{
	const struct value *v = body_first(d->b, F_ORIGINAL);

	if (d->req->blob == NULL) {
		if (v == NULL)
			return 0;
		return draft_refuse(d, EX_DATAERR, "original", _("the original bytes were not handed over"));
	}
	digest_of(d->req->blob, d->req->blob_len, digest);
	if (v != NULL && memcmp(v->u.digest, digest, DIGEST_LEN) != 0)
		return draft_refuse(d, EX_DATAERR, "original", _("the digest is not that of the bytes handed over"));
	body_set_digest(d->b, F_ORIGINAL, digest);
	body_set_num(d->b, F_ORIGINAL_SIZE, (int64_t)d->req->blob_len);
	return 0;
}

struct said {
	const char *self, *behalf;
	int act;
	struct msgid id;
};

static int
said_before(void *ctx, const struct journal_msg *m)
{
	struct said *w = ctx;
	struct body *b;
	struct fault f;

	if (m->kind == KIND_RECEIPT && strcmp(m->id.origin, w->self) == 0 &&
	    (b = wire_decode(m->body.p, m->body.n, &f)) != NULL) {
		const char *behalf = body_text(b, F_ON_BEHALF);

		if (body_enum(b, F_ACT) == w->act && strcmp(behalf != NULL ? behalf : "", w->behalf) == 0)
			w->id = m->id;
		body_free(b);
	}
	return msgid_is_set(&w->id);
}

/* 已阅 and 签收 of one message are given once; again means the first. */
static bool
receipt_stands(struct draft *d, struct msgid *id)
{
	const char *behalf = body_text(d->b, F_ON_BEHALF);
	struct said w = {.self = d->s->conf.self, .behalf = behalf != NULL ? behalf : "", .act = body_enum(d->b, F_ACT)};
	const struct value *v = body_first(d->b, F_REFS);

	if (d->kind != KIND_RECEIPT || (w.act != ACT_READ && w.act != ACT_SIGNED) || body_count(d->b, F_REFS) != 1)
		return false;
	d->s->j->ops->each_referring(d->s->j, &v->u.id, said_before, &w);
	*id = w.id;
	return msgid_is_set(&w.id);
}

static void
remember_foreign(struct draft *d, const struct msgid *id)
{
	const char *finc = body_text(d->b, F_FOREIGN_INCIDENT);
	char key[1400];
	struct msgid incident;

	if (foreign_key(d->b, key, sizeof key))
		d->s->j->ops->foreign_put(d->s->j, "message", key, id);
	if (finc != NULL && d->opens && body_id(d->b, F_INCIDENT, &incident))
		d->s->j->ops->foreign_put(d->s->j, "incident", finc, &incident);
}

void
draft_answer(struct station *s, uint64_t ticket, const struct msgid *id, bool duplicate, const struct fault *f)
{
	struct gate g = {.kind = GATE_REPLY, .handle = ticket, .duplicate = duplicate};

	if (id != NULL)
		g.id = *id;
	if (f != NULL) {
		g.fault = xcalloc(1, sizeof *g.fault);
		*g.fault = *f;
	}
	station_gate(s, &g);
}

void
request_remember(struct station *s, int64_t now, const char *rid, const uint8_t digest[DIGEST_LEN],
    const struct msgid *id)
{
	struct journal_request rq;

	memset(&rq, 0, sizeof rq);
	snprintf(rq.rid, sizeof rq.rid, "%s", rid);
	memcpy(rq.digest, digest, DIGEST_LEN);
	rq.id = *id;
	rq.ms = now;
	s->j->ops->request_put(s->j, &rq);
	s->wrote = true;
}

/* Of what has no bound of its own. */
static size_t
value_bytes(const struct value *v)
{
	if (v->field == NULL)
		return v->u.raw.len;
	switch (v->field->type) {
	case FT_TEXT:
	case FT_CODE:
	case FT_STATION:
		return v->u.text.len;
	case FT_TIME:
		return v->u.when.text != NULL ? strlen(v->u.when.text) : 0;
	case FT_FIGURE:
	case FT_FIGURE2:
	case FT_FIGURE4:
		return v->u.fig.source != NULL ? strlen(v->u.fig.source) : 0;
	default:
		return 0;
	}
}

static int
check_size(const struct body *b, struct fault *f)
{
	struct buf size = {0};
	size_t n = 0;

	/* Texts make a message long; every value costs less than what is added here for it. */
	for (size_t i = 0; i < b->n && n <= BODY_MAX / 2; i++)
		n += VALUE_MOST + value_bytes(&b->v[i]);
	if (n <= BODY_MAX / 2)
		return 0;
	wire_encode(b, &size);
	n = size.n;
	buf_free(&size);
	if (n <= BODY_MAX - 512)
		return 0;
	return fault_set(f, EX_DATAERR, "", _("the message has %zu bytes, at most %d can be carried"), n, BODY_MAX - 512);
}

/* The bytes an import brings along are kept as well: they bear no mark either. */
static int
check_blob(struct draft *d)
{
	struct body *b;
	size_t bad;
	int rc;

	if (d->req->blob == NULL || !text_utf8_valid(d->req->blob, d->req->blob_len, &bad))
		return 0;
	b = body_new();
	body_add_text(b, F_TEXT, d->req->blob, d->req->blob_len);
	rc = secrecy_check(d->s, b, &d->f);
	if (rc == -1)
		snprintf(d->f.field, sizeof d->f.field, "%s", field_by_key(F_ORIGINAL)->name);
	body_free(b);
	return rc;
}

int
draft_judge(struct draft *d, uint8_t digest[DIGEST_LEN])
{
	if (check_blob(d) == -1 || draft_complete(d) == -1 || attach(d, digest) == -1 || check_size(d->b, &d->f) == -1)
		return -1;
	return d->twin != NULL ? check_size(d->twin->b, &d->f) : 0;
}

/* Stores what was judged; its twin first, which it may name. */
static int
store(struct draft *d, struct msgid *id)
{
	struct station *s = d->s;
	struct msgid own = {.realm = (uint8_t)d->req->realm, .epoch = s->epoch}, other;

	if (d->twin != NULL) {
		struct msgid twin;

		if (store(d->twin, &twin) == -1) {
			d->f = d->twin->f;
			return -1;
		}
		if (body_id(d->twin->b, F_INCIDENT, &other))
			body_set_id(d->b, F_OTHER, &other);
	}
	if (d->opens && (d->kind == KIND_INTAKE || d->kind == KIND_REPORT))
		give_number(d);
	if (d->opens) { /* the incident's id is its opener's own */
		own.serial = s->serial[d->req->realm] + 1;
		snprintf(own.origin, sizeof own.origin, "%s", s->conf.self);
		body_set_id(d->b, F_INCIDENT, &own);
	}
	return station_issue(s, d->now, d->req->realm, d->b, d->req->seat, false, id, &d->f);
}

int
submit_with(struct station *s, int64_t now, uint64_t ticket, const struct station_submit *r, const struct trail *trail)
{
	struct draft d = {.s = s, .now = now, .req = r, .trail = trail};
	struct journal_request had;
	uint8_t digest[DIGEST_LEN], blob[DIGEST_LEN];
	struct msgid id;
	int rc, past = 0;

	if (!rid_valid(r->rid)) {
		draft_refuse(&d, EX_DATAERR, "rid", _("a request id has 1 to 191 printable characters"));
		goto refused;
	}
	request_digest(r, digest);
	rc = s->j->ops->request_get(s->j, r->rid, &had);
	if (rc != -1)
		past = draft_imported(&d, rc == 0 && memcmp(had.digest, digest, DIGEST_LEN) == 0, &id);
	if (past == -1)
		goto refused;
	if (past == 1) {
		draft_answer(s, ticket, &id, true, NULL);
		goto taken;
	}
	if (rc == 0 && memcmp(had.digest, digest, DIGEST_LEN) == 0) {
		draft_answer(s, ticket, &had.id, true, NULL);
		goto taken;
	}
	if (rc == 0) {
		draft_refuse(&d, EX_DATAERR, "rid", _("this request id was used for another content"));
		goto refused;
	}
	if (rc == -1) {
		draft_refuse(&d, EX_IOERR, "", _("the journal cannot be read"));
		goto refused;
	}
	if (draft_judge(&d, blob) == -1)
		goto refused;
	if (receipt_stands(&d, &id)) {
		draft_answer(s, ticket, &id, true, NULL);
		goto taken;
	}

	if (station_refused_for_room(s, d.b, &d.f))
		goto refused;
	/* From here on it is taken. */
	if (store(&d, &id) == -1)
		goto refused;
	if (r->blob != NULL && s->j->ops->blob_put(s->j, blob, r->blob, r->blob_len) == -1)
		goto taken;
	request_remember(s, now, r->rid, digest, &id);
	if (trail != NULL)
		s->j->ops->draft_del(s->j, r->rid);
	remember_foreign(&d, &id);
	draft_import_remember(&d, &id);
	if (!d.history)
		log_event(LOG_LV_DEBUG, "submit", "station=%s serial=%" PRIu64 " kind=%d seat=%s", s->conf.self,
		    id.serial, d.kind, log_quote(r->seat));
	draft_answer(s, ticket, &id, false, NULL);
	station_stored_body(s, &id, &d.b);
taken:
	draft_free(&d);
	return 0;
refused:
	order_misread(&d);
	draft_answer(s, ticket, NULL, false, &d.f);
	draft_free(&d);
	return -1;
}

void
station_submit(struct station *s, int64_t now, uint64_t ticket, const struct station_submit *r)
{
	struct trail trail;
	bool drafted;

	s->last_now = now;
	memset(&trail, 0, sizeof trail);
	drafted = rid_valid(r->rid) && trail_load(s, r->rid, r, &trail);
	if (submit_with(s, now, ticket, r, drafted ? &trail : NULL) == 0 && trail.reviewed)
		station_audit(s, now, CHAIN_ADMIN, NULL, "draft send", r->seat != NULL ? r->seat : "", NULL);
	trail_free(&trail);
}

/* ---- what must not be kept here ---- */

int
secrecy_check(const struct station *s, const struct body *b, struct fault *f)
{
	const char *mark = NULL;
	const struct field *fd = rules_classified(s->conf.rules, b, &mark);

	if (fd == NULL)
		return 0;
	return fault_set(f, EX_DATAERR, fd->name,
	    _("bears the mark of secrecy %s: nothing classified goes through here.  Nothing of it was kept.  Send it by the "
	      "classified channel and enter that (kind outside, channel classified: time, route, number, handler)"),
	    mark != NULL ? mark : "");
}

int
name_check(const struct station *s, const char *field, const char *text, size_t max, struct fault *f)
{
	size_t len = text != NULL ? strlen(text) : 0, bad, n = 0;
	struct body *b;
	int rc;

	while (n < len && (strchr(" \t", text[n]) != NULL || strncmp(text + n, "\xe3\x80\x80", 3) == 0))
		n += text[n] == '\xe3' ? 3 : 1;
	if (n == len)
		return fault_set(f, EX_DATAERR, field, _("is missing"));
	if (len > max)
		return fault_set(f, EX_DATAERR, field, _("at most %zu bytes"), max);
	if (!text_utf8_valid(text, len, &bad) || !text_clean(text, len, false, &bad))
		return fault_set(f, EX_DATAERR, field, _("holds control characters"));
	b = body_new();
	body_set_text(b, F_REASON, text);
	if ((rc = secrecy_check(s, b, f)) == -1)
		snprintf(f->field, sizeof f->field, "%s", field);
	body_free(b);
	return rc;
}
