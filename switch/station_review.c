/*
 * A draft's life before it is sent: 草稿 → 待核 → 待签 → 已发, by the table of life.h.
 *
 * Promises: what is submitted for checking is judged as a submit would be, and what is approved is that and nothing
 * else; any later change of the text takes check and signature away.  Every step is in the trail, which goes along with
 * the message, and in the chain, with person and seat.  Sending is never made to wait: without a leader it goes unsigned
 * (先报后签 when the rules allow it, else as it is), and a repeated approval gets the first answer again.
 * What is kept of all this is station_trail.c's.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "../formats/i18n.h"
#include <jansson.h>
#include "../formats/text.h"
#include "../formats/value.h"
#include "../formats/wire.h"
#include "log.h"
#include "station_draft.h"

#define TRAIL_MAX FIELD_REPEAT_MAX /* steps of one draft */

struct review {
	struct station *s;
	int64_t now;
	const struct station_review *r;
	struct journal_draft jd; /* bufs owned */
	bool have;		 /* there was a draft */
	int state, next;
	json_t *life; /* owned */
	struct fault f;
};

/* ---- the steps ---- */

static int
refuse_move(struct review *v)
{
	const struct life_name *st = life_draft_state(v->state), *ev = life_draft_event(v->r->event);
	struct buf open = {0};
	int rc;

	for (int e = DRAFT_EDIT; e <= DRAFT_SEND; e++) {
		const struct life_name *n = life_draft_event(e);

		if (life_draft_next(v->state, e) != 0 && n != NULL)
			buf_printf(&open, "%s%s(%s)", open.n > 0 ? ", " : "", i18n_zh() ? n->zh : _(n->label), n->name);
	}
	rc = fault_set(&v->f, EX_DATAERR, "event", _("%s is not open to a draft that is %s; open are: %s"),
	    ev == NULL ? "?" : i18n_zh() ? ev->zh : _(ev->label), st == NULL ? "?" : i18n_zh() ? st->zh : _(st->label),
	    open.n > 0 ? buf_cstr(&open) : "-");
	buf_free(&open);
	return rc;
}

/* What each step must say besides. */
static int
check_words(struct review *v)
{
	const struct station_review *r = v->r;
	bool person = r->event == DRAFT_PASS || r->event == DRAFT_RETURN || r->event == DRAFT_APPROVE ||
	    r->event == DRAFT_UNSIGNED || r->event == DRAFT_TRY;

	if (person && name_check(v->s, "person", r->person, PERSON_MAX - 1, &v->f) == -1)
		return -1;
	if (review_proven(v->s, r, &v->f) == -1)
		return -1;
	if (r->event == DRAFT_RETURN && name_check(v->s, "reason", r->reason, 4096, &v->f) == -1)
		return -1;
	if (r->event != DRAFT_TRY)
		return 0;
	if (name_check(v->s, "number", r->number, 48, &v->f) == -1)
		return -1;
	if (enum_by_value("outcome", r->outcome) == NULL)
		return fault_set(&v->f, EX_DATAERR, "outcome", _("what came of it is not said"));
	return 0;
}

static void
audit(struct review *v)
{
	char detail[192], both[160], who[128];
	const char *person = v->r->person != NULL ? v->r->person : "", *seat = v->r->seat != NULL ? v->r->seat : "";

	snprintf(detail, sizeof detail, "draft %s %.160s", life_draft_event(v->r->event)->name, v->r->rid);
	snprintf(both, sizeof both, "%.96s%s%.60s", person, *person != '\0' ? "/" : "", seat);
	text_sanitise(both, strlen(both), who, sizeof who, false);
	station_audit(v->s, v->now, CHAIN_ADMIN, NULL, detail, who, NULL);
	log_event(LOG_LV_INFO, "draft", "station=%s event=%s seat=%s", v->s->conf.self,
	    life_draft_event(v->r->event)->name, log_quote(seat));
}

/* The content a step brings along (送核; or sending what was never submitted), judged, and kept as instants. */
static int
take_request(struct review *v, bool judge)
{
	struct station_submit r = {.rid = v->r->rid, .seat = v->r->seat};
	struct draft d;
	struct body *b = NULL;
	json_t *o;
	uint8_t blob[DIGEST_LEN];
	int rc = 0;

	if (v->r->request == NULL || v->r->len == 0)
		return fault_set(&v->f, EX_DATAERR, "request", _("what is to be sent is not there"));
	if ((o = json_loadb(v->r->request, v->r->len, JSON_REJECT_DUPLICATES, NULL)) == NULL || !json_is_object(o)) {
		json_decref(o);
		return fault_set(&v->f, EX_DATAERR, "request", _("must be an object"));
	}
	rc = trail_request_read(v->s, v->now, o, &r, &b, &v->f);
	json_decref(o);
	if (rc == -1)
		return -1;
	if (judge) {
		memset(&d, 0, sizeof d);
		d.s = v->s;
		d.now = v->now;
		d.req = &r;
		d.submitted = true;
		if ((rc = draft_judge(&d, blob)) == -1)
			v->f = d.f;
		draft_free(&d);
	}
	if (rc == 0)
		json_object_set_new(v->life, "request", trail_request_json(&r));
	body_free(b);
	return rc;
}

static int
check_unsigned(struct review *v)
{
	struct trail t;
	int64_t from;
	char when[48];
	bool ok;

	trail_of(&v->jd, v->life, &t);
	ok = life_unsigned_ok(t.tries, t.ntries, v->now, v->s->conf.rules, &from);
	trail_free(&t);
	if (ok)
		return 0;
	if (from == INT64_MAX)
		return fault_set(&v->f, EX_UNAVAILABLE, "event",
		    _("no leader was tried yet: note whom you tried to reach (try), or send it as it is at once (send)"));
	return fault_set(&v->f, EX_UNAVAILABLE, "event",
	    _("sending before signature is in order from %s, or when another number was tried; it can be sent as it is at "
	      "once (send)"),
	    time_format(from, TIME_FULL, when, sizeof when));
}

/* 签发, 先报后签, 直发: the draft becomes the message.  Answers itself. */
static int
send_it(struct review *v, uint64_t ticket)
{
	struct station_submit r = {.rid = v->r->rid, .seat = v->r->seat, .proven = v->r->proven, .nproven = v->r->nproven};
	bool reviewed = json_object_get(v->life, "request") != NULL, brought = v->r->request != NULL && v->r->len > 0;
	struct body *b = NULL;
	struct trail t;
	int rc;

	if ((!reviewed || (brought && v->r->event == DRAFT_SEND)) && take_request(v, false) == -1)
		return -1;
	if (trail_request_read(v->s, v->now, json_object_get(v->life, "request"), &r, &b, &v->f) == -1)
		return -1;
	trail_add(v->life, v->r->event, v->now, v->r->seat, v->r);
	trail_of(&v->jd, v->life, &t);
	t.review = v->r->event != DRAFT_SEND || (reviewed && !brought);
	if (!reviewed || (brought && v->r->event == DRAFT_SEND))
		*t.checker = '\0';
	rc = submit_with(v->s, v->now, ticket, &r, &t);
	trail_free(&t);
	body_free(b);
	if (rc == 0)
		audit(v);
	return 0; /* answered either way */
}

/* Does the step bring the very content that is being reviewed already? */
static bool
same_request(const struct review *v)
{
	struct station_submit r = {0};
	struct body *b = NULL;
	struct fault f;
	json_t *o = v->r->request != NULL ? json_loadb(v->r->request, v->r->len, 0, NULL) : NULL;
	bool same = false;

	if (o != NULL && trail_request_read(v->s, v->now, o, &r, &b, &f) == 0)
		same = trail_same(v->s, v->now, json_object_get(v->life, "request"), &r);
	body_free(b);
	json_decref(o);
	return same;
}

/* Another desk was quicker: what has become of the draft, and by whom. */
static int
refuse_sent(struct review *v, const struct msgid *id)
{
	const struct enum_name *e = NULL;
	char text[MSGID_TEXT_MAX], unit[160] = "";
	const char *number, *who;
	struct journal_msg m;
	struct body *b = NULL;
	struct msgid incident;
	struct fault f;
	const char *how;
	int rc;

	msgid_format(id, text, sizeof text);
	memset(&m, 0, sizeof m);
	if (v->s->j->ops->get_message(v->s->j, id, &m) == 0 && m.body.n > 0)
		b = wire_decode(m.body.p, m.body.n, &f);
	buf_free(&m.body);
	if (b == NULL)
		return fault_set(&v->f, EX_DATAERR, "event", _("it was sent already, as %s"), text);
	if ((e = enum_by_value("stage", body_enum(b, F_STAGE))) == NULL)
		e = enum_by_value("kind", body_enum(b, F_KIND));
	number = body_text(b, F_NUMBER);
	if (number != NULL && body_id(b, F_INCIDENT, &incident) && strcmp(incident.origin, v->s->conf.self) != 0)
		(void)codebook_station(v->s->conf.codebook, incident.origin, unit, sizeof unit);
	if ((who = body_said(b, F_SIGNER)) != NULL)
		how = _("signed by %s and sent (%s %s%s)");
	else {
		if ((who = body_said(b, F_PERSON)) == NULL && (who = body_said(b, F_SEAT)) == NULL)
			who = "?";
		how = body_flag(b, F_UNSIGNED) ? _("sent before signature by %s (%s %s%s)") : _("sent as it is by %s (%s %s%s)");
	}
	rc = fault_set(&v->f, EX_DATAERR, "event", how, who, e == NULL ? "" : i18n_zh() ? e->zh : e->label, unit,
	    number != NULL ? number : text);
	body_free(b);
	return rc;
}

/* The very step that was done last, asked for again: its answer was lost. */
static bool
again(const struct review *v)
{
	const json_t *trail = json_object_get(v->life, "trail"), *last;
	const char *name, *person;

	if (v->r->event == DRAFT_TRY || json_array_size(trail) == 0)
		return false;
	if (v->r->event == DRAFT_SUBMIT && !same_request(v))
		return false;
	last = json_array_get(trail, json_array_size(trail) - 1);
	name = json_string_value(json_object_get(last, "event"));
	person = json_string_value(json_object_get(last, "person"));
	return life_draft_event_by_name(name) == v->r->event &&
	       strcmp(person != NULL ? person : "", v->r->person != NULL ? v->r->person : "") == 0;
}

static int
keep(struct review *v)
{
	v->jd.state = v->next;
	v->jd.ms = v->now;
	trail_add(v->life, v->r->event, v->now, v->r->seat, v->r);
	trail_write(&v->jd, v->life);
	v->s->wrote = true;
	v->s->push = true;
	if (v->s->j->ops->draft_put(v->s->j, &v->jd) == -1)
		return fault_set(&v->f, EX_IOERR, "rid", _("the draft could not be kept"));
	audit(v);
	return 0;
}

static int
open_draft(struct review *v)
{
	int rc = v->s->j->ops->draft_get(v->s->j, v->r->rid, &v->jd);

	if (rc == -1)
		return fault_set(&v->f, EX_IOERR, "rid", _("the journal cannot be read"));
	v->have = rc == 0;
	if (!v->have) {
		bool brings = v->r->request != NULL && v->r->len > 0;

		if (!brings) {
			char who[128];

			if (draft_thrown_by(v->s, v->r->rid, who, sizeof who))
				return fault_set(&v->f, EX_NOINPUT, "rid", _("thrown away by %s"), who);
			return fault_set(&v->f, EX_NOINPUT, "rid", _("no draft of this request id is here"));
		}
		memset(&v->jd, 0, sizeof v->jd);
		snprintf(v->jd.rid, sizeof v->jd.rid, "%s", v->r->rid);
		snprintf(v->jd.seat, sizeof v->jd.seat, "%s", v->r->seat != NULL ? v->r->seat : "");
		v->jd.begun = v->now;
		buf_put(&v->jd.json, v->r->request, v->r->len);
	}
	v->state = v->jd.state != 0 ? v->jd.state : DRAFT_WRITING;
	v->life = trail_read(&v->jd.life);
	return 0;
}

/* 0: done or answered (then *answered); -1: refused. */
static int
step(struct review *v, uint64_t ticket, bool *answered)
{
	struct journal_request had;
	int rc;

	if (!rid_valid(v->r->rid))
		return fault_set(&v->f, EX_DATAERR, "rid", _("a request id has 1 to 191 printable characters"));
	if (life_draft_event(v->r->event) == NULL)
		return fault_set(&v->f, EX_DATAERR, "event", _("which step it is is not said"));
	if ((rc = v->s->j->ops->request_get(v->s->j, v->r->rid, &had)) == -1)
		return fault_set(&v->f, EX_IOERR, "rid", _("the journal cannot be read"));
	if (rc == 0) {
		if (v->r->event == DRAFT_APPROVE || v->r->event == DRAFT_UNSIGNED || v->r->event == DRAFT_SEND) {
			draft_answer(v->s, ticket, &had.id, true, NULL);
			*answered = true;
			return 0;
		}
		return refuse_sent(v, &had.id);
	}
	if (open_draft(v) == -1)
		return -1;
	if ((v->next = life_draft_next(v->state, v->r->event)) == 0)
		return again(v) ? 0 : refuse_move(v);
	if (check_words(v) == -1 || (v->r->event == DRAFT_UNSIGNED && check_unsigned(v) == -1) ||
	    (v->r->event == DRAFT_SUBMIT && take_request(v, true) == -1))
		return -1;
	if (v->next == DRAFT_SENT) {
		*answered = true;
		if (send_it(v, ticket) == 0)
			return 0;
		*answered = false;
		return -1;
	}
	if (json_array_size(json_object_get(v->life, "trail")) >= TRAIL_MAX)
		return fault_set(&v->f, EX_DATAERR, "event", _("at most %d steps of one draft are kept"), TRAIL_MAX);
	return keep(v);
}

void
station_review(struct station *s, int64_t now, uint64_t ticket, const struct station_review *r)
{
	struct review v = {.s = s, .now = now, .r = r};
	bool answered = false;
	int rc;

	s->last_now = now;
	rc = step(&v, ticket, &answered);
	if (!answered)
		draft_answer(s, ticket, NULL, false, rc == -1 ? &v.f : NULL);
	json_decref(v.life);
	buf_free(&v.jd.json);
	buf_free(&v.jd.life);
}
