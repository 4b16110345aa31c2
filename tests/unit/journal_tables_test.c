/*
 * The journal's tables beside the chain, one table of cases run against both implementations: deliveries, outbox,
 * requests, drafts, incidents, foreign ids, blobs, quarantine.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "journal_cases.h"

/* Re-offers what it is shown, and settles one whose turn has not come: that one is not shown any more. */
static int
reoffer(void *ctx, const struct journal_delivery *row)
{
	struct seen *s = ctx;
	struct journal_delivery d = *row;

	buf_printf(&s->text, "%s ", d.to);
	d.offered += 100;
	assert_int_equal(OP(s->c, delivery_put, &d), 0);
	if (s->n++ == 0)
		put_delivery(s->c, &d.id, "d", DLV_DELIVERED, d.offered);
	return 0;
}

static void
deliveries(struct ctx *c)
{
	struct msgid a = put_new(c, OWN, 1, KIND_REPORT, NULL, NULL), b = put_new(c, OWN, 2, KIND_REPORT, NULL, NULL);
	struct journal_delivery d, got;
	struct seen s = { .c = c };

	assert_int_equal(OP(c, delivery_get, &a, "x", &got), 1);
	memset(&d, 0, sizeof(d));
	d.id = a;
	snprintf(d.to, sizeof(d.to), "x");
	snprintf(d.person, sizeof(d.person), "王芳");
	d.state = DLV_SIGNED;
	d.since = 1;
	d.offered = 2;
	d.delivered = 3;
	d.read = 4;
	d.signed_ = 5;
	d.taken = 6;
	assert_int_equal(OP(c, delivery_put, &d), 0);
	assert_int_equal(OP(c, delivery_get, &a, "x", &got), 0);
	assert_true(msgid_cmp(&got.id, &a) == 0 && strcmp(got.to, "x") == 0 && strcmp(got.person, d.person) == 0);
	assert_true(got.state == DLV_SIGNED && got.since == 1 && got.offered == 2 && got.delivered == 3 &&
	    got.read == 4 && got.signed_ == 5 && got.taken == 6);
	assert_int_equal(OP(c, delivery_get, &b, "x", &got), 1);
	d.state = DLV_TAKEN;
	assert_int_equal(OP(c, delivery_put, &d), 0);

	put_delivery(c, &a, "b", DLV_OPEN, 30);
	put_delivery(c, &a, "a", DLV_CUSTODY, 20);
	put_delivery(c, &b, "c", DLV_OPEN, 20);
	put_delivery(c, &a, "d", DLV_OPEN, 40);
	put_delivery(c, &b, "e", DLV_RETURNED, 1);
	put_delivery(c, &b, "f", DLV_DELIVERED, 1);
	assert_int_equal(OP(c, delivery_each, &a, see_delivery, &s), 0);
	assert_seen(s, "x=6@2 b=1@30 a=2@20 d=1@40 ");
	assert_int_equal(OP(c, delivery_open, 40, see_delivery, &s), 0);
	assert_seen(s, "a=2@20 c=1@20 b=1@30 ");
	s.stop_after = 1;
	assert_int_equal(OP(c, delivery_open, 41, see_delivery, &s), 0);
	assert_seen(s, "a=2@20 ");
	commit(c);

	s.c = c;
	assert_int_equal(OP(c, delivery_open, 1000, reoffer, &s), 0);
	assert_seen(s, "a c b ");
	assert_int_equal(OP(c, delivery_open, 1000, see_delivery, &s), 0);
	assert_seen(s, "a=2@120 c=1@120 b=1@130 ");
	ctx_crash(c);
	assert_int_equal(OP(c, delivery_open, 1000, see_delivery, &s), 0);
	assert_seen(s, "a=2@20 c=1@20 b=1@30 d=1@40 ");
	/* Closed and opened again: it is on the list once. */
	put_delivery(c, &a, "a", DLV_DELIVERED, 20);
	assert_int_equal(OP(c, delivery_open, 25, see_delivery, &s), 0);
	assert_seen(s, "c=1@20 ");
	put_delivery(c, &a, "a", DLV_OPEN, 20);
	put_delivery(c, &a, "a", DLV_OPEN, 21);
	assert_int_equal(OP(c, delivery_open, 25, see_delivery, &s), 0);
	assert_seen(s, "c=1@20 a=1@21 ");
	assert_clean(c);
}

/* Custody of this one and the next passed: the next is not shown. */
static int
drop_two(void *ctx, const struct journal_outbox *o)
{
	struct seen *s = ctx;

	buf_printf(&s->text, "%" PRIu64 " ", o->row);
	assert_int_equal(OP(s->c, outbox_del, o->row), 0);
	(void)OP(s->c, outbox_del, o->row + 1);
	(void)put_outbox(s->c, &o->id, "new", "z");
	return 0;
}

static void
outbox(struct ctx *c)
{
	struct msgid a = put_new(c, OWN, 1, KIND_REPORT, NULL, NULL), b = put_new(c, OWN, 2, KIND_REPORT, NULL, NULL);
	struct journal_outbox got;
	struct journal_msg m;
	struct seen s = { 0 };

	assert_int_equal(put_outbox(c, &a, "330225", "330225"), 1);
	assert_int_equal(put_outbox(c, &a, "330225", "330200"), 2);
	assert_int_equal(put_outbox(c, &b, "", "330200"), 3);
	assert_int_equal(OP(c, outbox_get, 4, &got), 1);
	assert_int_equal(OP(c, outbox_get, 0, &got), 1);
	assert_int_equal(OP(c, outbox_get, UINT64_MAX, &got), 1);
	assert_int_equal(OP(c, outbox_get, 2, &got), 0);
	assert_int_equal(OP(c, get_message, &a, &m), 0);
	assert_true(got.row == 2 && strcmp(got.link, "330225") == 0 && msgid_cmp(&got.id, &a) == 0 &&
	    got.precedence == PREC_ROUTINE && got.body_len == m.body.n);
	buf_free(&m.body);
	buf_free(&got.envelope);

	assert_int_equal(OP(c, outbox_has, &a, "330225"), 0);
	assert_int_equal(OP(c, outbox_has, &a, "330200"), 0);
	assert_int_equal(OP(c, outbox_has, &a, "3302"), 1);
	assert_int_equal(OP(c, outbox_has, &b, "330225"), 1);

	assert_int_equal(OP(c, outbox_each, see_outbox, &s), 0);
	assert_seen(s, "1:330225:1 2:330225:1 3::2 ");
	commit(c);
	assert_int_equal(OP(c, outbox_move, 3, "330225"), 0);
	assert_int_equal(OP(c, outbox_move, 9, "330225"), 1);
	assert_int_equal(OP(c, outbox_del, 2), 0);
	assert_int_equal(OP(c, outbox_del, 2), 1);
	assert_int_equal(OP(c, outbox_move, 2, "330225"), 1);
	assert_int_equal(OP(c, outbox_has, &a, "330200"), 1);
	assert_int_equal(OP(c, outbox_each, see_outbox, &s), 0);
	assert_seen(s, "1:330225:1 3:330225:2 ");
	ctx_crash(c);
	assert_int_equal(OP(c, outbox_each, see_outbox, &s), 0);
	assert_seen(s, "1:330225:1 2:330225:1 3::2 ");

	s.c = c;
	assert_int_equal(OP(c, outbox_each, drop_two, &s), 0);
	assert_seen(s, "1 3 ");
	assert_int_equal(OP(c, outbox_each, see_outbox, &s), 0);
	assert_seen(s, "5:new:2 ");		/* 4 was made by the first, and dropped by the second */
	assert_int_equal(OP(c, outbox_del, 5), 0);
	commit(c);
	ctx_crash(c);
	/* A row number is never given out twice: a late acknowledgement must not drop another's parcel. */
	assert_int_equal(put_outbox(c, &a, "330225", "330225"), 6);
	assert_clean(c);
}

static void
requests(struct ctx *c)
{
	struct journal_request r, got;

	memset(&r, 0, sizeof(r));
	snprintf(r.rid, sizeof(r.rid), "desk-7f");
	r.id = put_new(c, OWN, 1, KIND_REPORT, NULL, NULL);
	r.ms = 99;
	memset(r.digest, 7, DIGEST_LEN);
	assert_int_equal(OP(c, request_get, r.rid, &got), 1);
	assert_int_equal(OP(c, request_put, &r), 0);
	r.ms = 100;
	assert_int_equal(OP(c, request_put, &r), 1);	/* what became of it stands */
	assert_int_equal(OP(c, request_get, r.rid, &got), 0);
	assert_true(got.ms == 99 && msgid_cmp(&got.id, &r.id) == 0 && strcmp(got.rid, "desk-7f") == 0);
	assert_memory_equal(got.digest, r.digest, DIGEST_LEN);
	ctx_crash(c);
	assert_int_equal(OP(c, request_get, r.rid, &got), 1);
}

static int
see_draft(void *ctx, const struct journal_draft *d)
{
	struct seen *s = ctx;

	assert_string_equal(d->seat, "1号席");
	buf_printf(&s->text, "%s@%" PRId64 "=%.*s ", d->rid, d->ms, (int)d->json.n, (const char *)d->json.p);
	if (s->c != NULL)
		assert_int_equal(OP(s->c, draft_del, d->rid), 0);
	return ++s->n == s->stop_after;
}

static void
drafts(struct ctx *c)
{
	struct journal_draft got;
	struct seen s = { 0 };

	assert_int_equal(OP(c, draft_get, "a", &got), 1);
	put_draft(c, "a", 1, "{}");
	put_draft(c, "b", 2, "{\"title\":\"滑坡\"}");
	put_draft(c, "c", 2, "");
	assert_int_equal(OP(c, draft_get, "b", &got), 0);
	assert_string_equal(buf_cstr(&got.json), "{\"title\":\"滑坡\"}");
	buf_free(&got.json);
	assert_int_equal(OP(c, draft_each, see_draft, &s), 0);
	assert_seen(s, "b@2={\"title\":\"滑坡\"} c@2= a@1={} ");
	put_draft(c, "a", 3, "{1}");
	assert_int_equal(OP(c, draft_del, "b"), 0);
	assert_int_equal(OP(c, draft_del, "b"), 1);
	assert_int_equal(OP(c, draft_get, "b", &got), 1);
	commit(c);
	put_draft(c, "b", 9, "again");
	s.c = c;
	assert_int_equal(OP(c, draft_each, see_draft, &s), 0);
	assert_seen(s, "b@9=again a@3={1} c@2= ");
	assert_int_equal(OP(c, draft_each, see_draft, &s), 0);
	assert_seen(s, "");
	ctx_crash(c);
	assert_int_equal(OP(c, draft_each, see_draft, &s), 0);
	assert_seen(s, "a@3={1} c@2= ");
}

static void
put_review(struct ctx *c, const char *rid, int64_t ms, int64_t begun, int state, const char *life)
{
	struct journal_draft d;

	memset(&d, 0, sizeof(d));
	snprintf(d.rid, sizeof(d.rid), "%s", rid);
	snprintf(d.seat, sizeof(d.seat), "1号席");
	d.ms = ms;
	d.begun = begun;
	d.state = state;
	buf_puts(&d.json, "{}");
	buf_puts(&d.life, life);
	assert_int_equal(OP(c, draft_put, &d), 0);
	buf_free(&d.json);
	buf_free(&d.life);
}

static void
assert_review(struct ctx *c, const char *rid, int64_t ms, int64_t begun, int state, const char *life)
{
	struct journal_draft d;

	assert_int_equal(OP(c, draft_get, rid, &d), 0);
	assert_true(d.ms == ms);
	assert_true(d.begun == begun);
	assert_int_equal(d.state, state);
	assert_string_equal(buf_cstr(&d.life), life);
	assert_string_equal(buf_cstr(&d.json), "{}");
	buf_free(&d.json);
	buf_free(&d.life);
}

static int
see_review(void *ctx, const struct journal_draft *d)
{
	struct seen *s = ctx;

	buf_printf(&s->text, "%s:%d@%" PRId64 "=%.*s ", d->rid, d->state, d->begun, (int)d->life.n,
	    d->life.n > 0 ? (const char *)d->life.p : "");
	return 0;
}

/* What the station keeps of a draft's review; the first save dates it for good. */
static void
reviews(struct ctx *c)
{
	struct seen s = { 0 };

	put_review(c, "a", 5, 0, 0, "");
	assert_review(c, "a", 5, 5, 0, "");
	put_review(c, "a", 9, 0, 2, "{\"trail\":[\"送核\"]}");
	assert_review(c, "a", 9, 5, 2, "{\"trail\":[\"送核\"]}");
	put_review(c, "b", 7, 3, 1, "");
	put_review(c, "b", 8, 6, 3, "{}");
	assert_review(c, "b", 8, 3, 3, "{}");
	commit(c);
	put_review(c, "a", 20, 20, 1, "");
	assert_review(c, "a", 20, 5, 1, "");
	assert_int_equal(OP(c, draft_del, "b"), 0);
	ctx_crash(c);
	assert_review(c, "a", 9, 5, 2, "{\"trail\":[\"送核\"]}");
	assert_int_equal(OP(c, draft_each, see_review, &s), 0);
	assert_seen(s, "a:2@5={\"trail\":[\"送核\"]} b:3@3={} ");
	/* Gone for good: the next of that name begins anew. */
	assert_int_equal(OP(c, draft_del, "a"), 0);
	assert_int_equal(OP(c, draft_del, "a"), 1);
	commit(c);
	put_review(c, "a", 30, 0, 0, "");
	commit(c);
	ctx_crash(c);
	assert_review(c, "a", 30, 30, 0, "");
	assert_review(c, "b", 8, 3, 3, "{}");
	assert_clean(c);
}

static int
see_incident(void *ctx, const struct journal_incident *i)
{
	struct seen *s = ctx;

	buf_printf(&s->text, "%" PRIu64 ":%s%s ", i->id.serial, i->number, i->history ? "H" : "");
	if (s->c != NULL)	/* the fold's cache is rewritten while it is read */
		put_incident(s->c, i->id.serial, i->id.realm, i->number, i->changed + 1000, i->history);
	return ++s->n == s->stop_after;
}

static void
incidents(struct ctx *c)
{
	struct journal_incident got;
	struct seen s = { 0 };
	struct msgid id = make_id("330225", 1);

	assert_int_equal(OP(c, incident_get, &id, &got), 1);
	put_incident(c, 1, REALM_LIVE, "1122-001", 10, false);
	put_incident(c, 2, REALM_LIVE, "1122-002", 30, false);
	put_incident(c, 3, REALM_LIVE, "1122-001", 20, true);
	put_incident(c, 4, REALM_EXERCISE, "1122-001", 99, false);
	assert_int_equal(OP(c, incident_get, &id, &got), 0);
	assert_true(got.closed && !got.history && got.seq == 1 && got.changed == 10);
	assert_string_equal(buf_cstr(&got.summary), "{}");
	buf_free(&got.summary);
	assert_int_equal(OP(c, incident_each, REALM_LIVE, false, see_incident, &s), 0);
	assert_seen(s, "2:1122-002 1:1122-001 ");
	assert_int_equal(OP(c, incident_each, REALM_LIVE, true, see_incident, &s), 0);
	assert_seen(s, "2:1122-002 3:1122-001H 1:1122-001 ");
	assert_int_equal(OP(c, incident_by_number, REALM_LIVE, "1122-001", see_incident, &s), 0);
	assert_seen(s, "3:1122-001H 1:1122-001 ");
	assert_int_equal(OP(c, incident_by_number, REALM_LIVE, "1122", see_incident, &s), 0);
	assert_seen(s, "");
	s.c = c;
	assert_int_equal(OP(c, incident_each, REALM_LIVE, true, see_incident, &s), 0);
	assert_seen(s, "2:1122-002 3:1122-001H 1:1122-001 ");
	/* A number that changes, and changes back. */
	put_incident(c, 1, REALM_LIVE, "1122-009", 10, false);
	assert_int_equal(OP(c, incident_by_number, REALM_LIVE, "1122-001", see_incident, &s), 0);
	assert_seen(s, "3:1122-001H ");
	put_incident(c, 1, REALM_LIVE, "1122-001", 9999, false);
	assert_int_equal(OP(c, incident_by_number, REALM_LIVE, "1122-001", see_incident, &s), 0);
	assert_seen(s, "1:1122-001 3:1122-001H ");
	commit(c);
	ctx_crash(c);
	assert_int_equal(OP(c, incident_by_number, REALM_EXERCISE, "1122-001", see_incident, &s), 0);
	assert_seen(s, "4:1122-001 ");
}

static void
foreign(struct ctx *c)
{
	struct msgid a = make_id(OWN, 1), b = make_id(OWN, 2), got;
	char longkey[2000];

	memset(longkey, 'k', sizeof(longkey) - 1);
	longkey[sizeof(longkey) - 1] = '\0';
	assert_int_equal(OP(c, foreign_get, "incident", "X", &got), 1);
	assert_int_equal(OP(c, foreign_put, "incident", "X", &a), 0);
	assert_int_equal(OP(c, foreign_put, "message", "X", &b), 0);
	assert_int_equal(OP(c, foreign_put, "message", longkey, &a), 0);
	longkey[1998] = 'l';
	assert_int_equal(OP(c, foreign_get, "message", longkey, &got), 1);
	longkey[1998] = 'k';
	assert_int_equal(OP(c, foreign_get, "message", longkey, &got), 0);
	assert_int_equal(OP(c, foreign_get, "incident", "X", &got), 0);
	assert_int_equal(msgid_cmp(&got, &a), 0);
	assert_int_equal(OP(c, foreign_get, "message", "X", &got), 0);
	assert_int_equal(msgid_cmp(&got, &b), 0);
	/* Space and key do not run together. */
	assert_int_equal(OP(c, foreign_get, "messag", "eX", &got), 1);
	assert_int_equal(OP(c, foreign_put, "message", "X", &a), 0);
	assert_int_equal(OP(c, foreign_get, "message", "X", &got), 0);
	assert_int_equal(msgid_cmp(&got, &a), 0);
}

static void
blobs(struct ctx *c)
{
	uint8_t digest[DIGEST_LEN], none[DIGEST_LEN] = { 0 };
	size_t n = 1500000, i;
	uint8_t *big = xmalloc(n);
	struct buf got = { 0 };

	for (i = 0; i < n; i++)
		big[i] = (uint8_t)(i * 7 + i / 251);
	digest_of(big, n, digest);
	assert_int_equal(OP(c, blob_get, digest, &got), 1);
	assert_int_equal(OP(c, blob_put, digest, big, n), 0);
	assert_int_equal(OP(c, blob_put, digest, big, n), 1);
	commit(c);
	ctx_crash(c);
	assert_int_equal(OP(c, blob_get, none, &got), 1);
	assert_int_equal(OP(c, blob_get, digest, &got), 0);
	assert_int_equal(got.n, n);
	assert_memory_equal(got.p, big, n);
	buf_free(&got);
	free(big);
	assert_clean(c);
}

static void
quarantine(struct ctx *c)
{
	char why[400];
	size_t i;

	/* A reason longer than the chain keeps is cut between characters; the chain must still verify. */
	for (i = 0; i + 3 < sizeof(why); i += 3)
		memcpy(why + i, "坏", 3);
	why[i] = '\0';
	assert_int_equal(c->j->ops->quarantine_count(c->j), 0);
	assert_int_equal(OP(c, quarantine, 5, "330225", why, "\0\x01rubbish", 9), 0);
	assert_int_equal(OP(c, quarantine, 6, "330225", "empty", "", 0), 0);
	assert_int_equal(OP(c, quarantine, 6, "", "", NULL, 0), 0);
	assert_int_equal(c->j->ops->quarantine_count(c->j), 3);
	assert_int_equal(c->j->ops->chain_seq(c->j), 3);
	assert_clean(c);
	ctx_crash(c);
	assert_int_equal(c->j->ops->quarantine_count(c->j), 0);
}

static void
figures(struct ctx *c)
{
	struct msgid a = put_new(c, OWN, 1, KIND_REPORT, NULL, NULL), r = put_new(c, OWN, 2, KIND_RECEIPT, NULL, &a);
	struct journal_counts n;
	uint64_t row;

	put_delivery(c, &a, "330225", DLV_OPEN, 5);
	put_delivery(c, &a, "330200", DLV_CUSTODY, 5);
	put_delivery(c, &a, "330226", DLV_RETURNED, 5);
	put_delivery(c, &a, "330227", DLV_SIGNED, 5);
	put_delivery(c, &r, "330225", DLV_RETURNED, 5);		/* a receipt that comes back is no loss */
	row = put_outbox(c, &a, "330225", "330225");
	(void)put_outbox(c, &a, "", "330200");
	put_draft(c, "r1", 1, "{}");
	commit(c);
	for (int pass = 0; pass < 2; pass++) {
		assert_int_equal(OP(c, counts, &n), 0);
		assert_int_equal(n.messages, 2);
		assert_int_equal(n.outbox, 2);
		assert_int_equal(n.no_path, 1);
		assert_int_equal(n.open, 2);
		assert_int_equal(n.returned, 1);
		assert_int_equal(n.drafts, 1);
		/* Seen at once, and gone with a crash. */
		(void)put_new(c, OWN, 3, KIND_REPORT, NULL, NULL);
		put_delivery(c, &a, "330226", DLV_READ, 5);
		put_delivery(c, &a, "330225", DLV_DELIVERED, 5);
		assert_int_equal(OP(c, outbox_move, row, ""), 0);
		assert_int_equal(OP(c, draft_del, "r1"), 0);
		assert_int_equal(OP(c, counts, &n), 0);
		assert_int_equal(n.messages, 3);
		assert_int_equal(n.no_path, 2);
		assert_int_equal(n.open, 1);
		assert_int_equal(n.returned, 0);
		assert_int_equal(n.drafts, 0);
		assert_int_equal(OP(c, outbox_del, row), 0);
		assert_int_equal(OP(c, counts, &n), 0);
		assert_int_equal(n.outbox, 1);
		ctx_crash(c);
	}
	assert_clean(c);
}

static const struct journal_case cases[] = {
	{ "deliveries", deliveries }, { "outbox", outbox }, { "requests", requests }, { "drafts", drafts },
	{ "reviews", reviews },
	{ "incidents", incidents }, { "foreign", foreign }, { "blobs", blobs }, { "quarantine", quarantine },
	{ "figures", figures },
};

static void
all_cases_sqlite(void **state)
{
	(void)state;
	run_cases(cases, COUNT(cases), false);
}

static void
all_cases_ram(void **state)
{
	(void)state;
	run_cases(cases, COUNT(cases), true);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_cases_ram),
		cmocka_unit_test(all_cases_sqlite),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
