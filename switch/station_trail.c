/*
 * What a station keeps of a draft: the form's content, the request that is being reviewed, and the trail of its steps
 * (station_review.c does them).
 *
 * Promises: a change of the text takes check and signature away, whoever made it; what was checked counts only for the
 * very content that was; what is under review is changed only by who has seen that it is; of two desks that hold the
 * same draft neither loses its text in silence; nothing that bears a mark of secrecy is kept, not even for a moment.
 *
 * Kept in journal_draft.life: {"request": {"realm": 0|1, "confirmed": bool, "body": {}}, "trail": [{"event": NAME, "at":
 * ms, "seat", "person", "reason", "number", "outcome": NAME}]}; "request" only while it is being reviewed.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "../formats/i18n.h"
#include "../formats/json.h"
#include "../formats/text.h"
#include "log.h"
#include "station_draft.h"

#define THROWN_MAX 64

/* ---- what is kept ---- */

json_t *
trail_read(const struct buf *b)
{
	json_t *o = b->n > 0 ? json_loadb((const char *)b->p, b->n, 0, NULL) : NULL;

	if (!json_is_object(o)) {
		json_decref(o);
		o = json_object();
	}
	return o;
}

void
trail_write(struct journal_draft *jd, const json_t *life)
{
	char *text = json_dumps(life, JSON_COMPACT);

	if (text == NULL)
		log_fatal(EX_SOFTWARE, "draft", "rid=%s", log_quote(jd->rid));
	buf_clear(&jd->life);
	buf_puts(&jd->life, text);
	free(text);
}

static void
put_text(json_t *o, const char *key, const char *text)
{
	if (text != NULL && *text != '\0')
		json_object_set_new(o, key, json_string(text));
}

void
trail_add(json_t *life, int event, int64_t at, const char *seat, const struct station_review *r)
{
	json_t *trail = json_object_get(life, "trail"), *o = json_object();
	const struct enum_name *outcome;

	if (!json_is_array(trail)) {
		json_object_set_new(life, "trail", json_array());
		trail = json_object_get(life, "trail");
	}
	put_text(o, "event", life_draft_event(event)->name);
	json_object_set_new(o, "at", json_integer(at));
	put_text(o, "seat", seat);
	if (r != NULL) {
		put_text(o, "person", r->person);
		put_text(o, "reason", r->reason);
		put_text(o, "number", r->number);
		if (event == DRAFT_TRY && (outcome = enum_by_value("outcome", r->outcome)) != NULL)
			put_text(o, "outcome", outcome->name);
	}
	json_array_append_new(trail, o);
	/* A request once changed, sent back or taken back must not be what is approved later. */
	if (event == DRAFT_EDIT || event == DRAFT_RETURN || event == DRAFT_TAKE_BACK)
		json_object_del(life, "request");
}

/* ---- the trail that goes along ---- */

static void
copy_text(char *out, size_t size, const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	text_sanitise(s != NULL ? s : "", s != NULL ? strlen(s) : 0, out, size, false);
}

/* From here on it waits for another: what the leader's approval took must not hold the writing, nor the checking. */
static void
left_desk(struct trail *t, const json_t *o)
{
	int64_t at = json_integer_value(json_object_get(o, "at"));

	if (at > 0)
		t->begun = at;
}

static void
trail_step(struct trail *t, const json_t *o)
{
	const char *name = json_string_value(json_object_get(o, "event"));
	const struct enum_name *outcome;
	struct life_try *y;

	switch (life_draft_event_by_name(name)) {
	case DRAFT_SUBMIT:
		left_desk(t, o);
		*t->checker = *t->signer = '\0';
		break;
	case DRAFT_EDIT:
	case DRAFT_RETURN:
	case DRAFT_TAKE_BACK:
		*t->checker = *t->signer = '\0';
		break;
	case DRAFT_PASS:
		left_desk(t, o);
		copy_text(t->checker, sizeof t->checker, o, "person");
		break;
	case DRAFT_APPROVE:
		copy_text(t->signer, sizeof t->signer, o, "person");
		t->signed_at = json_integer_value(json_object_get(o, "at"));
		break;
	case DRAFT_UNSIGNED:
		copy_text(t->sender, sizeof t->sender, o, "person");
		break;
	case DRAFT_TRY:
		if (t->ntries == 0 && *t->checker == '\0')
			left_desk(t, o);
		t->tries = xreallocarray(t->tries, t->ntries + 1, sizeof *t->tries);
		y = &t->tries[t->ntries++];
		memset(y, 0, sizeof *y);
		y->at = json_integer_value(json_object_get(o, "at"));
		copy_text(y->number, sizeof y->number, o, "number");
		copy_text(y->person, sizeof y->person, o, "person");
		name = json_string_value(json_object_get(o, "outcome"));
		outcome = name != NULL ? enum_by_name("outcome", name) : NULL;
		y->outcome = outcome != NULL ? outcome->value : OUTCOME_NO_ANSWER;
		break;
	default:
		break;
	}
}

void
trail_of(const struct journal_draft *jd, const json_t *life, struct trail *t)
{
	const json_t *trail = json_object_get(life, "trail");

	memset(t, 0, sizeof *t);
	t->begun = jd->begun;
	text_sanitise(jd->seat, strlen(jd->seat), t->author, sizeof t->author, false);
	for (size_t i = 0; i < json_array_size(trail); i++)
		trail_step(t, json_array_get(trail, i));
}

void
trail_free(struct trail *t)
{
	free(t->tries);
	memset(t, 0, sizeof *t);
}

bool
station_draft_unsigned(struct station *s, const struct journal_draft *jd, int64_t now, int64_t *from)
{
	json_t *life = trail_read(&jd->life);
	struct trail t;
	bool ok;

	trail_of(jd, life, &t);
	ok = life_unsigned_ok(t.tries, t.ntries, now, s->conf.rules, from);
	trail_free(&t);
	json_decref(life);
	return ok;
}

/* ---- the request that is reviewed ---- */

/* {realm, confirmed, body{}} into a submit; *made, its body, is the caller's to free.  -1 + fault. */
int
trail_request_read(const struct station *s, int64_t now, const json_t *o, struct station_submit *out, struct body **made,
    struct fault *f)
{
	static const uint32_t ours[] = {F_ID, F_WRITTEN, F_SEAT, F_SEAL, F_NUMBER, F_RING};
	const json_t *realm = json_object_get(o, "realm"), *body = json_object_get(o, "body");
	const char *name = json_string_value(realm);
	struct body *b;

	out->realm = REALM_LIVE;
	if ((name != NULL && strcmp(name, "exercise") == 0) ||
	    (json_is_integer(realm) && json_integer_value(realm) == REALM_EXERCISE))
		out->realm = REALM_EXERCISE;
	else if (realm != NULL && !json_is_null(realm) && !(name != NULL && strcmp(name, "live") == 0) &&
	    !(json_is_integer(realm) && json_integer_value(realm) == REALM_LIVE))
		return fault_set(f, EX_DATAERR, "realm", _("must be live or exercise"));
	if (!json_is_object(body))
		return fault_set(f, EX_DATAERR, "body", _("must be an object of fields"));
	out->confirmed = json_is_true(json_object_get(o, "confirmed"));
	b = body_new();
	if (json_to_body(body, b, s->conf.codebook, now, true, f) != 0) {
		body_free(b);
		return -1;
	}
	for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++)
		body_unset(b, ours[i]);
	out->body = *made = b;
	return 0;
}

/* Times said without a date mean the day they were typed on: kept as instants. */
json_t *
trail_request_json(const struct station_submit *r)
{
	return json_pack("{s:i, s:b, s:o}", "realm", r->realm, "confirmed", (int)r->confirmed, "body",
	    json_from_body(r->body));
}

bool
trail_same(const struct station *s, int64_t now, const json_t *request, const struct station_submit *r)
{
	struct station_submit kept = {0};
	struct body *b;
	struct buf x = {0}, y = {0};
	struct fault f;
	bool same;

	if (request == NULL || trail_request_read(s, now, request, &kept, &b, &f) == -1)
		return false;
	wire_encode(b, &x);
	body_free(b);
	wire_encode(r->body, &y);
	same = kept.realm == r->realm && x.n == y.n && memcmp(x.p, y.p, x.n) == 0;
	buf_free(&x);
	buf_free(&y);
	return same;
}

bool
trail_load(struct station *s, const char *rid, const struct station_submit *r, struct trail *t)
{
	struct journal_draft jd;
	json_t *life;
	bool same;

	memset(&jd, 0, sizeof jd);
	if (s->j->ops->draft_get(s->j, rid, &jd) != 0)
		return false;
	life = trail_read(&jd.life);
	trail_of(&jd, life, t);
	same = trail_same(s, s->last_now, json_object_get(life, "request"), r);
	t->review = same && (jd.state == DRAFT_CHECKING || jd.state == DRAFT_SIGNING);
	if (!same) /* another text than the one that was checked */
		*t->checker = *t->signer = '\0';
	t->reviewed = json_array_size(json_object_get(life, "trail")) > 0;
	json_decref(life);
	buf_free(&jd.json);
	buf_free(&jd.life);
	return true;
}

/* ---- keeping and dropping ---- */

/* Every string of the form, whatever its shape is. */
static int
scan(const struct station *s, const json_t *v, const char *key, struct fault *f)
{
	const char *name;
	json_t *item;
	size_t i;
	int rc = 0;

	if (json_is_string(v)) {
		struct body *b = body_new();

		body_add_text(b, F_TEXT, json_string_value(v), json_string_length(v));
		if ((rc = secrecy_check(s, b, f)) == -1)
			snprintf(f->field, sizeof f->field, "%s", key);
		body_free(b);
		return rc;
	}
	json_array_foreach (v, i, item)
		if (rc == 0)
			rc = scan(s, item, key, f);
	if (json_is_object(v)) {
		union {
			const json_t *c;
			json_t *v;
		} o = {.c = v};

		json_object_foreach (o.v, name, item)
			if (rc == 0)
				rc = scan(s, item, name, f);
	}
	return rc;
}

/* ---- one draft on two desks ---- */

/*
 * Who keeps a form says what it was made of: "writer", a name of the desk's own for this opening of the form, "rev", counted
 * up with every text that is kept, and "on", the writer:rev it was opened from.  A text of another writer is taken only
 * by who has read it.  Forms without these (dutyctl) are as they were.
 */
static void
tag_of(const json_t *form, char *out, size_t size)
{
	const char *writer = json_string_value(json_object_get(form, "writer"));

	out[0] = '\0';
	if (writer != NULL && *writer != '\0')
		snprintf(out, size, "%.150s:%lld", writer, (long long)json_integer_value(json_object_get(form, "rev")));
}

static bool
edits_newest(const struct journal_draft *stored, const json_t *form)
{
	json_t *old = stored->json.n > 0 ? json_loadb((const char *)stored->json.p, stored->json.n, 0, NULL) : NULL;
	const char *was = json_string_value(json_object_get(old, "writer")),
		   *is = json_string_value(json_object_get(form, "writer")),
		   *on = json_string_value(json_object_get(form, "on"));
	char tag[192];
	bool yes;

	tag_of(old, tag, sizeof tag);
	if (is == NULL || *tag == '\0')
		yes = true;
	else if (strcmp(was, is) == 0) /* a late one of its own must not bring an older text back */
		yes = json_integer_value(json_object_get(form, "rev")) >= json_integer_value(json_object_get(old, "rev"));
	else
		yes = on != NULL && strcmp(on, tag) == 0;
	json_decref(old);
	return yes;
}

/* A draft that is being checked or signed is taken back by who has seen how far it has come: "trail", the steps it had. */
static bool
seen_trail(const struct journal_draft *stored, const json_t *form)
{
	const json_t *said = json_object_get(form, "trail");
	json_t *life = trail_read(&stored->life);
	bool yes = json_is_integer(said) &&
		   json_integer_value(said) == (json_int_t)json_array_size(json_object_get(life, "trail"));

	json_decref(life);
	return yes;
}

static int
check_stale(const struct journal_draft *stored, const json_t *form, struct fault *f)
{
	/* "request": what dutyctl keeps, one command of a person each; a desk saves its form by itself. */
	bool reviewed = stored->state != 0 && stored->state != DRAFT_WRITING,
	     command = json_is_object(json_object_get(form, "request"));

	if (reviewed && !command && !seen_trail(stored, form))
		return fault_set(f, EX_DATAERR, "rid",
		    _("it is being checked or signed meanwhile: take it back first (take-back), then change it"));
	if (!edits_newest(stored, form))
		return fault_set(f, EX_DATAERR, "rid", _("changed at another desk meanwhile, by %s"), stored->seat);
	return 0;
}

int
station_draft_keep(struct station *s, int64_t now, const char *rid, const char *seat, const char *json, size_t len,
    struct fault *f)
{
	struct journal_draft d;
	struct journal_request had;
	json_t *form, *life;
	bool changed;
	int rc;

	if (!rid_valid(rid))
		return fault_set(f, EX_DATAERR, "rid", _("a request id has 1 to 191 printable characters"));
	if (s->room == 0)
		return fault_set(f, EX_TEMPFAIL, "", _("the disk is full: nothing is taken any more"));
	if (s->j->ops->request_get(s->j, rid, &had) == 0)
		return 0; /* sent meanwhile: an autosave that comes late must not bring the draft back */
	if ((form = json_loadb(json, len, JSON_DECODE_ANY, NULL)) != NULL) {
		rc = scan(s, form, "json", f);
		if (rc == -1) {
			json_decref(form);
			return -1;
		}
	}
	memset(&d, 0, sizeof d);
	if ((rc = s->j->ops->draft_get(s->j, rid, &d)) == -1) {
		json_decref(form);
		return fault_set(f, EX_IOERR, "rid", _("the journal cannot be read"));
	}
	if (rc != 0) {
		memset(&d, 0, sizeof d);
		snprintf(d.rid, sizeof d.rid, "%s", rid);
		d.state = DRAFT_WRITING;
		d.begun = now;
	}
	changed = d.json.n != len || memcmp(d.json.p, json, len) != 0;
	rc = rc == 0 && changed ? check_stale(&d, form, f) : 0;
	json_decref(form);
	if (rc == -1) {
		buf_free(&d.json);
		buf_free(&d.life);
		return -1;
	}
	if (d.state != 0 && d.state != DRAFT_WRITING && changed) {
		int next = life_draft_next(d.state, DRAFT_EDIT);

		assert(next != 0); /* a text may always be changed */
		life = trail_read(&d.life);
		trail_add(life, DRAFT_EDIT, now, seat, NULL);
		trail_write(&d, life);
		json_decref(life);
		d.state = next;
		station_audit(s, now, CHAIN_ADMIN, NULL, "draft edit", seat, NULL);
		s->push = true;
	}
	if (changed) /* who reads it over has not written it */
		snprintf(d.seat, sizeof d.seat, "%s", seat);
	d.ms = now;
	buf_clear(&d.json);
	buf_put(&d.json, json, len);
	rc = s->j->ops->draft_put(s->j, &d);
	s->wrote = true;
	buf_free(&d.json);
	buf_free(&d.life);
	return rc == -1 ? fault_set(f, EX_IOERR, "rid", _("the draft could not be kept")) : 0;
}

int
station_draft_put(struct station *s, int64_t now, const char *rid, const char *seat, const char *json, size_t len)
{
	struct fault f = {0};

	return station_draft_keep(s, now, rid, seat, json, len, &f);
}

/* The last drafts thrown away are remembered, a bounded number of them: another desk may have one open. */
static void
thrown_key(const char *rid, char *key, size_t size)
{
	unsigned slot = 0;

	for (const char *p = rid; *p != '\0'; p++)
		slot = slot * 31 + (unsigned char)*p;
	snprintf(key, size, "draft.thrown.%u", slot % THROWN_MAX);
}

bool
draft_thrown_by(struct station *s, const char *rid, char *who, size_t size)
{
	char key[48], val[400];
	size_t len = strlen(rid);

	thrown_key(rid, key, sizeof key);
	if (s->j->ops->meta_get(s->j, key, val, sizeof val) != 0 || strncmp(val, rid, len) != 0 || val[len] != ' ')
		return false;
	text_sanitise(val + len + 1, strlen(val + len + 1), who, size, false);
	return true;
}

int
station_draft_throw(struct station *s, int64_t now, const char *rid, const char *seat)
{
	struct journal_draft d;
	char key[48], val[400];
	int rc;

	memset(&d, 0, sizeof d);
	if (s->j->ops->draft_get(s->j, rid, &d) == 0) {
		const char *who = seat != NULL && *seat != '\0' ? seat : d.seat;

		if (d.life.n > 0)
			station_audit(s, now, CHAIN_ADMIN, NULL, "draft delete", who, NULL);
		thrown_key(rid, key, sizeof key);
		snprintf(val, sizeof val, "%.191s %.150s", rid, who);
		s->j->ops->meta_set(s->j, key, val);
		s->push = true;
	}
	buf_free(&d.json);
	buf_free(&d.life);
	rc = s->j->ops->draft_del(s->j, rid);
	s->wrote = true;
	return rc == -1 ? -1 : 0;
}

int
station_draft_del(struct station *s, const char *rid)
{
	return station_draft_throw(s, s->last_now, rid, NULL);
}
