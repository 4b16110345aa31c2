/*
 * 误入清除: two persons destroy this station's copy of what must not be here.
 *
 * Promises: the bytes go (journal.h), the tombstone, the chain and both names stay; its author and all it was addressed
 * to are told by id alone, so that each can do the same with its own copy.  The step that tells them holds no text: not
 * the reason either, which stands in this station's journal.  All of it is one transaction.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "../formats/i18n.h"
#include "../formats/text.h"
#include "../formats/wire.h"
#include "log.h"
#include "station_draft.h"

/* Blanks and width apart, one name is one person. */
static bool
same_person(const char *a, const char *b)
{
	char x[3 * PERSON_MAX], y[3 * PERSON_MAX];
	const char *in[] = {a, b};
	char *out[] = {x, y};

	for (size_t i = 0; i < 2; i++) {
		char folded[3 * PERSON_MAX];
		size_t n = 0, len;

		text_fold(in[i], folded, sizeof folded);
		for (const char *p = folded; *p != '\0'; p += len) {
			uint32_t cp;

			len = text_decode(p, strlen(p), &cp);
			if (cp == ' ' || cp == '\t' || cp == 0x3000 || cp == 0xB7)
				continue;
			memcpy(out[i] + n, p, len);
			n += len;
		}
		out[i][n] = '\0';
	}
	return strcmp(x, y) == 0;
}

/* What tells the others: author and addressees of the message, as far as its bytes still say. */
static struct body *
notice(const struct station *s, const struct journal_msg *m, const char *first, const char *second)
{
	static const uint32_t keys[] = {F_TO, F_CC};
	struct body *b = body_new(), *was;
	struct fault f;

	body_set_num(b, F_KIND, KIND_STEP);
	body_set_num(b, F_STEP, STEP_DESTROYED);
	body_set_id(b, F_REFS, &m->id);
	if (msgid_is_set(&m->incident))
		body_set_id(b, F_INCIDENT, &m->incident);
	body_set_text(b, F_PERSON, first);
	body_set_text(b, F_CHECKER, second);
	body_set_text(b, F_REASON, "误入清除");
	if (strcmp(m->id.origin, s->conf.self) != 0)
		body_add_text(b, F_TO, m->id.origin, strlen(m->id.origin));
	if ((was = wire_decode(m->body.p, m->body.n, &f)) == NULL)
		return b;
	for (size_t k = 0; k < 2; k++)
		for (const struct value *v = body_first(was, keys[k]); v != NULL; v = body_next(was, v))
			if (strcmp(v->u.text.s, s->conf.self) != 0 && !incident_addressed(b, v->u.text.s, false))
				body_add_text(b, F_TO, v->u.text.s, strlen(v->u.text.s));
	body_free(was);
	return b;
}

static void
request_digest(const struct msgid *id, const char *first, const char *second, uint8_t out[DIGEST_LEN])
{
	char text[MSGID_TEXT_MAX];
	struct buf b = {0};

	msgid_format(id, text, sizeof text);
	buf_printf(&b, "destroy\n%s\n%s\n%s", text, first, second);
	digest_of(b.p, b.n, out);
	buf_free(&b);
}

static int
check(const struct station *s, const char *rid, const char *first, const char *second, const char *reason,
    struct fault *f)
{
	if (!rid_valid(rid))
		return fault_set(f, EX_DATAERR, "rid", _("a request id has 1 to 191 printable characters"));
	if (name_check(s, "first", first, PERSON_MAX - 1, f) == -1 ||
	    name_check(s, "second", second, PERSON_MAX - 1, f) == -1 || name_check(s, "reason", reason, 96, f) == -1)
		return -1;
	if (same_person(first, second))
		return fault_set(f, EX_DATAERR, "second", _("destroying takes two different persons"));
	return 0;
}

void
station_destroy(struct station *s, int64_t now, uint64_t ticket, const struct msgid *id, const char *rid,
    const char *seat, const char *first, const char *second, const char *reason)
{
	struct draft d = {.s = s, .now = now, .machine = true};
	struct journal_request had;
	struct journal_msg m;
	struct msgid told;
	uint8_t digest[DIGEST_LEN];
	char text[MSGID_TEXT_MAX];
	int rc;

	s->last_now = now;
	memset(&m, 0, sizeof m);
	if (check(s, rid, first, second, reason, &d.f) == -1)
		goto refused;
	request_digest(id, first, second, digest);
	if ((rc = s->j->ops->request_get(s->j, rid, &had)) == -1) {
		draft_refuse(&d, EX_IOERR, "rid", _("the journal cannot be read"));
		goto refused;
	}
	if (rc == 0 && memcmp(had.digest, digest, DIGEST_LEN) == 0) {
		draft_answer(s, ticket, &had.id, true, NULL);
		goto out;
	}
	if (rc == 0) {
		draft_refuse(&d, EX_DATAERR, "rid", _("this request id was used for another content"));
		goto refused;
	}
	msgid_format(id, text, sizeof text);
	if ((rc = s->j->ops->get_message(s->j, id, &m)) != 0) {
		if (rc == -1)
			draft_refuse(&d, EX_IOERR, "id", _("the journal cannot be read"));
		else
			fault_set(&d.f, EX_NOINPUT, "id", _("no message %s here"), text);
		goto refused;
	}
	if (m.body.n == 0) {
		fault_set(&d.f, EX_DATAERR, "id", _("%s is destroyed already"), text);
		goto refused;
	}
	d.own = (struct station_submit){.rid = rid, .seat = seat, .realm = id->realm, .confirmed = true};
	d.own.body = notice(s, &m, first, second);
	d.req = &d.own;
	if (draft_complete(&d) == -1)
		goto refused;

	/* From here on it is done. */
	if (s->j->ops->destroy(s->j, now, id, first, second, reason) != 0 ||
	    original_destroy(s, now, id, first, second, reason) == -1) {
		draft_refuse(&d, EX_IOERR, "id", _("the message could not be destroyed"));
		goto refused;
	}
	s->wrote = true;
	station_changed(s, &m.incident);
	if (station_issue(s, now, id->realm, d.b, seat, false, &told, &d.f) == -1)
		goto refused;
	request_remember(s, now, rid, digest, &told);
	station_audit(s, now, CHAIN_ADMIN, id, "destroy", seat != NULL ? seat : "", NULL);
	log_event(LOG_LV_WARN, "destroyed", "station=%s id=%s seat=%s", s->conf.self, text, log_quote(seat));
	draft_answer(s, ticket, &told, false, NULL);
	goto out;
refused:
	draft_answer(s, ticket, NULL, false, &d.f);
out:
	buf_free(&m.body);
	draft_free(&d);
}
