/*
 * The journal: one table of cases run against both implementations: messages, the chain, crashes, verification.  The
 * tables beside them are in journal_tables_test.c; the two are held against each other in journal_twin_test.c; what
 * only a file can suffer is in journal_file_test.c.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "journal_cases.h"

/* ---- cases ---- */

static void
meta(struct ctx *c)
{
	char val[16];

	assert_int_equal(OP(c, meta_get, "epoch", val, sizeof(val)), 1);
	assert_int_equal(OP(c, meta_set, "epoch", "17"), 0);
	assert_int_equal(OP(c, meta_get, "epoch", val, sizeof(val)), 0);
	assert_string_equal(val, "17");
	assert_int_equal(OP(c, meta_set, "epoch", "18"), 0);
	assert_int_equal(OP(c, meta_set, "", "empty key"), 0);
	commit(c);
	assert_int_equal(OP(c, meta_set, "epoch", "19"), 0);
	ctx_crash(c);
	assert_int_equal(OP(c, meta_get, "epoch", val, sizeof(val)), 0);
	assert_string_equal(val, "18");
	assert_int_equal(OP(c, meta_get, "", val, 10), 0);
	assert_string_equal(val, "empty key");
	/* A value that does not fit is not cut in silence. */
	assert_int_equal(OP(c, meta_get, "", val, 9), -1);
	assert_true(c->j->failed);
}

static void
message(struct ctx *c)
{
	struct journal_msg m, got;
	struct msgid other;
	struct buf first;

	assert_int_equal(c->j->ops->chain_seq(c->j), 0);
	make_msg(&m, OWN, 1, KIND_REPORT, NULL, NULL, 0);
	m.precedence = PREC_URGENT;
	m.stored = -5;
	m.local = true;
	assert_int_equal(OP(c, get_message, &m.id, &got), 1);
	assert_int_equal(OP(c, get_message, &m.id, NULL), 1);
	put(c, &m);
	assert_int_equal(m.seq, 1);
	assert_int_equal(c->j->ops->chain_seq(c->j), 1);
	assert_int_equal(OP(c, get_message, &m.id, NULL), 0);
	assert_int_equal(OP(c, get_message, &m.id, &got), 0);
	assert_int_equal(msgid_cmp(&got.id, &m.id), 0);
	assert_int_equal(msgid_cmp(&got.incident, &m.incident), 0);
	assert_int_equal(got.kind, m.kind);
	assert_int_equal(got.precedence, PREC_URGENT);
	assert_true(got.stored == -5);
	assert_string_equal(got.from, m.from);
	assert_true(got.local);
	assert_int_equal(got.seq, 1);
	assert_memory_equal(got.digest, m.digest, DIGEST_LEN);
	assert_int_equal(got.body.n, m.body.n);
	assert_memory_equal(got.body.p, m.body.p, m.body.n);
	buf_free(&got.body);

	/* The same id again, with other bytes: nothing is written, the first stands. */
	first = m.body;
	memset(&m.body, 0, sizeof(m.body));
	buf_puts(&m.body, "other");
	digest_of(m.body.p, m.body.n, m.digest);
	assert_int_equal(OP(c, put_message, &m), 1);
	assert_int_equal(c->j->ops->chain_seq(c->j), 1);
	assert_int_equal(OP(c, get_message, &m.id, &got), 0);
	assert_int_equal(got.body.n, first.n);
	buf_free(&got.body);

	/* Every column of the id counts; all 64 bits of it. */
	other = m.id;
	other.realm = REALM_EXERCISE;
	assert_int_equal(OP(c, get_message, &other, NULL), 1);
	m.id.epoch = UINT64_MAX;
	m.id.serial = UINT64_MAX - 1;
	snprintf(m.id.origin, sizeof(m.id.origin), "330200");
	put(c, &m);
	assert_int_equal(OP(c, get_message, &m.id, &got), 0);
	assert_int_equal(msgid_cmp(&got.id, &m.id), 0);
	buf_free(&got.body);
	commit(c);
	assert_clean(c);
	buf_free(&m.body);
	buf_free(&first);
}

/* Bodies that are empty, or no body at all to the decoder, are kept as they are. */
static void
odd_bodies(struct ctx *c)
{
	struct journal_msg m, got;

	make_msg(&m, OWN, 1, KIND_LOG, NULL, NULL, 0);
	buf_clear(&m.body);
	digest_of(m.body.p, m.body.n, m.digest);
	put(c, &m);
	m.id.serial = 2;
	buf_put(&m.body, "\0\xff\0", 3);
	digest_of(m.body.p, m.body.n, m.digest);
	put(c, &m);
	assert_int_equal(OP(c, get_message, &m.id, &got), 0);
	assert_int_equal(got.body.n, 3);
	assert_memory_equal(got.body.p, "\0\xff\0", 3);
	buf_free(&got.body);
	m.id.serial = 1;
	assert_int_equal(OP(c, get_message, &m.id, &got), 0);
	assert_int_equal(got.body.n, 0);
	buf_free(&got.body);
	assert_clean(c);
	buf_free(&m.body);
}

static void
local_flag(struct ctx *c)
{
	struct msgid a = put_new(c, "330200", 1, KIND_WARNING, NULL, NULL), none = a;
	struct journal_msg got;

	none.serial = 2;
	assert_int_equal(OP(c, set_local, &none), 1);
	commit(c);
	assert_int_equal(OP(c, set_local, &a), 0);
	assert_int_equal(OP(c, get_message, &a, &got), 0);
	assert_true(got.local);
	buf_free(&got.body);
	ctx_crash(c);
	assert_int_equal(OP(c, get_message, &a, &got), 0);
	assert_false(got.local);
	buf_free(&got.body);
	assert_int_equal(OP(c, set_local, &a), 0);
	assert_int_equal(OP(c, set_local, &a), 0);
	commit(c);
	ctx_crash(c);
	assert_int_equal(OP(c, get_message, &a, &got), 0);
	assert_true(got.local);
	buf_free(&got.body);
	assert_clean(c);
}

static void
put_quiet(struct ctx *c, uint64_t serial, int kind, int act, bool history)
{
	struct body *b = body_new();
	struct journal_msg m;

	make_msg(&m, "330225", serial, kind, NULL, NULL, 0);
	body_set_num(b, F_KIND, kind);
	body_set_id(b, F_ID, &m.id);
	if (act != 0)
		body_set_num(b, F_ACT, act);
	if (history)
		body_set_num(b, F_HISTORY, 1);
	buf_clear(&m.body);
	wire_encode(b, &m.body);
	digest_of(m.body.p, m.body.n, m.digest);
	m.local = true;
	put(c, &m);
	body_free(b);
	buf_free(&m.body);
}

/* History and receipts ask for nothing, but for what is sent back; bytes nobody can read are for the reader to judge. */
static void
loud(struct ctx *c)
{
	struct seen s = { 0 };
	struct journal_counts n;
	struct journal_msg m;
	struct msgid a;

	put_quiet(c, 1, KIND_REPORT, 0, true);			/* 1 */
	put_quiet(c, 2, KIND_REPORT, 0, false);			/* 2 */
	put_quiet(c, 3, KIND_RECEIPT, ACT_SIGNED, false);	/* 3 */
	put_quiet(c, 4, KIND_RECEIPT, ACT_RETURNED, false);	/* 4 */
	put_quiet(c, 5, KIND_RECEIPT, ACT_RETURNED, true);	/* 5 */
	put_quiet(c, 6, KIND_LOG, 0, false);			/* 6 */
	a = put_new(c, "330225", 7, KIND_REPORT, NULL, NULL);	/* 7: passes through */
	make_msg(&m, "330225", 8, KIND_REPORT, NULL, NULL, 0);	/* 8 */
	buf_clear(&m.body);
	buf_puts(&m.body, "\xff");
	digest_of(m.body.p, m.body.n, m.digest);
	m.local = true;
	put(c, &m);
	buf_free(&m.body);
	assert_int_equal(OP(c, each_loud, 0, see_msg, &s), 0);
	assert_seen(s, "2:330225.2L 4:330225.4L 6:330225.6L 8:330225.8L ");
	commit(c);
	assert_int_equal(OP(c, set_local, &a), 0);
	assert_int_equal(c->j->nlocalised, 1);
	assert_int_equal(msgid_cmp(&c->j->localised[0], &a), 0);
	assert_int_equal(OP(c, each_loud, 4, see_msg, &s), 0);
	assert_seen(s, "6:330225.6L 7:330225.7L 8:330225.8L ");
	ctx_crash(c);
	assert_int_equal(c->j->nlocalised, 0);
	s.stop_after = 2;
	assert_int_equal(OP(c, each_loud, 2, see_msg, &s), 0);
	assert_seen(s, "4:330225.4L 6:330225.6L ");
	assert_int_equal(OP(c, get_message, &a, &m), 0);
	assert_false(m.quiet);
	buf_free(&m.body);
	assert_int_equal(OP(c, counts, &n), 0);
	assert_int_equal(n.messages, 8);
	assert_clean(c);
}

static void
walks(struct ctx *c)
{
	struct msgid inc, a, b;
	struct seen s = { 0 };

	inc = put_new(c, OWN, 1, KIND_INTAKE, NULL, NULL);			/* 1 */
	a = put_new(c, OWN, 2, KIND_REPORT, &inc, NULL);			/* 2 */
	assert_int_equal(OP(c, chain_add, 5, CHAIN_ADMIN, "note", "seat", NULL), 0);	/* 3 */
	b = put_new(c, "330225", 1, KIND_GRADE, &inc, &a);			/* 4 */
	(void)put_new(c, "330225", 2, KIND_REPORT, NULL, &a);			/* 5 */
	(void)put_new(c, "330200", 1, KIND_REPORT, &inc, &b);			/* 6 */
	assert_int_equal(OP(c, set_local, &b), 0);

	assert_int_equal(OP(c, each_after, 0, 0, false, see_msg, &s), 0);
	assert_seen(s, "1:330225102.1 2:330225102.2 4:330225.1L 5:330225.2 6:330200.1 ");
	assert_int_equal(OP(c, each_after, 2, 0, false, see_msg, &s), 0);
	assert_seen(s, "4:330225.1L 5:330225.2 6:330200.1 ");
	assert_int_equal(OP(c, each_after, 6, 0, false, see_msg, &s), 0);
	assert_seen(s, "");
	assert_int_equal(OP(c, each_after, UINT64_MAX, 0, false, see_msg, &s), 0);
	assert_seen(s, "");
	assert_int_equal(OP(c, each_after, 0, KIND_REPORT, false, see_msg, &s), 0);
	assert_seen(s, "2:330225102.2 5:330225.2 6:330200.1 ");
	assert_int_equal(OP(c, each_after, 0, 0, true, see_msg, &s), 0);
	assert_seen(s, "4:330225.1L ");
	assert_int_equal(OP(c, each_after, 0, KIND_REPORT, true, see_msg, &s), 0);
	assert_seen(s, "");
	s.stop_after = 2;
	assert_int_equal(OP(c, each_after, 0, 0, false, see_msg, &s), 0);
	assert_seen(s, "1:330225102.1 2:330225102.2 ");

	assert_int_equal(OP(c, each_before, UINT64_MAX, 0, false, see_msg, &s), 0);
	assert_seen(s, "6:330200.1 5:330225.2 4:330225.1L 2:330225102.2 1:330225102.1 ");
	assert_int_equal(OP(c, each_before, 5, 0, false, see_msg, &s), 0);
	assert_seen(s, "4:330225.1L 2:330225102.2 1:330225102.1 ");
	assert_int_equal(OP(c, each_before, 6, KIND_REPORT, false, see_msg, &s), 0);
	assert_seen(s, "5:330225.2 2:330225102.2 ");
	assert_int_equal(OP(c, each_before, 1, 0, false, see_msg, &s), 0);
	assert_seen(s, "");
	assert_int_equal(OP(c, each_before, 0, 0, false, see_msg, &s), 0);
	assert_seen(s, "");

	assert_int_equal(OP(c, each_of_incident, &inc, see_msg, &s), 0);
	assert_seen(s, "2:330225102.2 4:330225.1L 6:330200.1 ");
	assert_int_equal(OP(c, each_of_incident, &a, see_msg, &s), 0);
	assert_seen(s, "");
	assert_int_equal(OP(c, each_referring, &a, see_msg, &s), 0);
	assert_seen(s, "4:330225.1L 5:330225.2 ");
	assert_int_equal(OP(c, each_referring, &inc, see_msg, &s), 0);
	assert_seen(s, "");
	ctx_crash(c);
	assert_int_equal(OP(c, each_after, 0, 0, false, see_msg, &s), 0);
	assert_seen(s, "");
	assert_int_equal(OP(c, each_referring, &a, see_msg, &s), 0);
	assert_seen(s, "");
	assert_clean(c);
}

/* A message may refer to the same one twice, and to one that is not here. */
static void
double_refs(struct ctx *c)
{
	struct msgid ref[3];
	struct journal_msg m;
	struct seen s = { 0 };

	ref[0] = put_new(c, OWN, 1, KIND_REPORT, NULL, NULL);
	ref[1] = ref[0];
	ref[2] = ref[0];
	ref[2].serial = 999;
	make_msg(&m, OWN, 2, KIND_NOTE, NULL, ref, 3);
	put(c, &m);
	buf_free(&m.body);
	assert_int_equal(OP(c, each_referring, &ref[0], see_msg, &s), 0);
	assert_seen(s, "2:330225102.2 ");
	assert_int_equal(OP(c, each_referring, &ref[2], see_msg, &s), 0);
	assert_seen(s, "2:330225102.2 ");
	assert_clean(c);
}

/* Reads and writes inside a walk, over more rows than are fetched at a time. */
static int
walk_and_write(void *ctx, const struct journal_msg *m)
{
	struct seen *s = ctx, inner = { 0 };
	struct journal_msg got;

	assert_int_equal(m->id.serial, s->n + 1);
	(void)put_new(s->c, "330225", ++s->serial, KIND_NOTE, &m->id, &m->id);
	assert_int_equal(OP(s->c, get_message, &m->id, &got), 0);
	assert_int_equal(got.body.n, m->body.n);
	buf_free(&got.body);
	inner.stop_after = 3;
	assert_int_equal(OP(s->c, each_after, 0, 0, false, see_msg, &inner), 0);
	assert_seen(inner, "1:330225102.1 2:330225102.2 3:330225102.3 ");
	assert_int_equal(OP(s->c, each_of_incident, &m->id, see_msg, &inner), 0);
	assert_int_equal(inner.n, 1);
	buf_free(&inner.text);
	if (s->n % 10 == 0)
		commit(s->c);
	s->n++;
	return 0;
}

static void
nested(struct ctx *c)
{
	struct seen s = { .c = c };
	uint64_t i;

	for (i = 1; i <= 100; i++)
		(void)put_new(c, OWN, i, KIND_REPORT, NULL, NULL);
	assert_int_equal(OP(c, each_after, 0, 0, false, walk_and_write, &s), 0);
	assert_int_equal(s.n, 100);
	assert_int_equal(s.serial, 100);
	assert_int_equal(c->j->ops->chain_seq(c->j), 200);
	memset(&s, 0, sizeof(s));
	assert_int_equal(OP(c, each_before, UINT64_MAX, KIND_REPORT, false, see_msg, &s), 0);
	assert_int_equal(s.n, 100);
	buf_free(&s.text);
	assert_clean(c);
}

static void
crash(struct ctx *c)
{
	struct journal_verify v;
	struct msgid a, b;
	struct seen s = { 0 };

	assert_int_equal(c->j->ops->commit(c->j), 0);	/* nothing written */
	a = put_new(c, OWN, 1, KIND_REPORT, NULL, NULL);
	put_delivery(c, &a, "330225", DLV_OPEN, 1);
	(void)put_outbox(c, &a, "330225", "330225");
	commit(c);
	b = put_new(c, OWN, 2, KIND_REPORT, NULL, &a);
	put_delivery(c, &b, "330225", DLV_OPEN, 1);
	put_delivery(c, &a, "330225", DLV_CUSTODY, 1);
	assert_int_equal(OP(c, outbox_del, 1), 0);
	ctx_crash(c);
	assert_int_equal(OP(c, get_message, &b, NULL), 1);
	assert_int_equal(OP(c, get_message, &a, NULL), 0);
	assert_int_equal(c->j->ops->chain_seq(c->j), 1);
	assert_int_equal(OP(c, outbox_each, see_outbox, &s), 0);
	assert_seen(s, "1:330225:1 ");
	assert_int_equal(OP(c, delivery_each, &a, see_delivery, &s), 0);
	assert_seen(s, "330225=1@1 ");
	assert_int_equal(OP(c, each_referring, &a, see_msg, &s), 0);
	assert_seen(s, "");
	/* The serial that was lost is used again, the chain goes on from what was kept. */
	b = put_new(c, OWN, 2, KIND_FEEDBACK, NULL, &a);
	commit(c);
	ctx_crash(c);
	assert_int_equal(OP(c, verify, OWN, &v), 0);
	assert_string_equal(v.bad, "");
	assert_true(v.messages == 2 && v.chain == 2 && v.deliveries == 1 && v.outbox == 1);
	assert_true(v.blobs == 0 && v.destroyed == 0);
}

static void
serials(struct ctx *c)
{
	struct journal_msg m;

	(void)put_new(c, OWN, 1, KIND_REPORT, NULL, NULL);
	(void)put_new(c, OWN, 2, KIND_REPORT, NULL, NULL);
	(void)put_new(c, "330225", 9, KIND_REPORT, NULL, NULL);	/* others' series is theirs */
	make_msg(&m, OWN, 1, KIND_REPORT, NULL, NULL, 0);
	m.id.epoch++;
	remake_body(&m);
	put(c, &m);
	m.id.epoch++;
	m.id.realm = REALM_EXERCISE;
	remake_body(&m);
	put(c, &m);
	assert_clean(c);
	m.id.serial = 3;
	remake_body(&m);
	put(c, &m);
	buf_free(&m.body);
	assert_bad(c, "message X.330225102.1002.2: missing from our own series");
}

static void
late_first(struct ctx *c)
{
	(void)put_new(c, OWN, 2, KIND_REPORT, NULL, NULL);
	assert_bad(c, "message 330225102.1000.1: missing from our own series");
}

static void
dangling(struct ctx *c)
{
	struct msgid a = make_id(OWN, 5);

	put_delivery(c, &a, "x", DLV_OPEN, 1);
	assert_bad(c, "delivery 1: its message is missing");
}

/* A row that says something else than its body is found. */
static void
other_column(struct ctx *c)
{
	struct journal_msg m;

	make_msg(&m, OWN, 1, KIND_REPORT, NULL, NULL, 0);
	m.kind = KIND_NOTE;
	put(c, &m);
	buf_free(&m.body);
	assert_bad(c, "message 330225102.1000.1: its row and its body differ in kind");
}

static int
count_nothing(void *ctx, const struct journal_msg *m)
{
	(void)ctx;
	(void)m;
	fail_msg("a failed journal showed a row");
	return 0;
}

/* After a failure no call does anything. */
static void
failed(struct ctx *c)
{
	struct msgid a = put_new(c, OWN, 1, KIND_REPORT, NULL, NULL);
	struct journal_delivery d = { .id = a };
	struct journal_outbox o;
	struct journal_verify v;
	struct journal_request r = { .rid = "r" };
	struct journal_draft draft = { .rid = "r" };
	struct journal_incident i = { .id = a };
	uint8_t digest[DIGEST_LEN];
	struct journal_msg m;
	struct buf b = { 0 };
	struct msgid id;
	char val[8];

	commit(c);
	make_msg(&m, OWN, 2, KIND_REPORT, NULL, NULL, 0);
	make_outbox(&o, &a, "x", "x");
	digest_of("x", 1, digest);
	c->j->failed = true;
	assert_int_equal(c->j->ops->commit(c->j), -1);
	assert_int_equal(OP(c, meta_get, "k", val, sizeof(val)), -1);
	assert_int_equal(OP(c, meta_set, "k", "v"), -1);
	assert_int_equal(OP(c, put_message, &m), -1);
	buf_free(&m.body);
	assert_int_equal(OP(c, get_message, &a, &m), -1);
	assert_int_equal(OP(c, set_local, &a), -1);
	assert_int_equal(OP(c, each_of_incident, &a, count_nothing, NULL), -1);
	assert_int_equal(OP(c, each_after, 0, 0, false, count_nothing, NULL), -1);
	assert_int_equal(OP(c, each_before, UINT64_MAX, 0, false, count_nothing, NULL), -1);
	assert_int_equal(OP(c, each_referring, &a, count_nothing, NULL), -1);
	assert_int_equal(OP(c, chain_add, 1, CHAIN_ADMIN, "", "", NULL), -1);
	assert_int_equal(OP(c, delivery_put, &d), -1);
	assert_int_equal(OP(c, delivery_get, &a, "x", &d), -1);
	assert_int_equal(OP(c, delivery_each, &a, NULL, NULL), -1);
	assert_int_equal(OP(c, delivery_open, 1, NULL, NULL), -1);
	assert_int_equal(OP(c, outbox_add, &o), -1);
	assert_int_equal(OP(c, outbox_del, 1), -1);
	assert_int_equal(OP(c, outbox_each, NULL, NULL), -1);
	assert_int_equal(OP(c, outbox_move, 1, "x"), -1);
	assert_int_equal(OP(c, outbox_has, &a, "x"), -1);
	buf_free(&o.envelope);
	assert_int_equal(OP(c, outbox_get, 1, &o), -1);
	assert_int_equal(OP(c, request_get, "r", &r), -1);
	assert_int_equal(OP(c, request_put, &r), -1);
	assert_int_equal(OP(c, draft_put, &draft), -1);
	assert_int_equal(OP(c, draft_get, "r", &draft), -1);
	assert_int_equal(OP(c, draft_del, "r"), -1);
	assert_int_equal(OP(c, draft_each, NULL, NULL), -1);
	assert_int_equal(OP(c, destroy, 1, &a, "甲", "乙", "why"), -1);
	assert_int_equal(OP(c, incident_put, &i), -1);
	assert_int_equal(OP(c, incident_get, &a, &i), -1);
	assert_int_equal(OP(c, incident_each, 0, true, NULL, NULL), -1);
	assert_int_equal(OP(c, incident_by_number, 0, "1", NULL, NULL), -1);
	assert_int_equal(OP(c, foreign_get, "s", "k", &id), -1);
	assert_int_equal(OP(c, foreign_put, "s", "k", &a), -1);
	assert_int_equal(OP(c, blob_put, digest, "x", 1), -1);
	assert_int_equal(OP(c, blob_get, digest, &b), -1);
	assert_int_equal(OP(c, quarantine, 1, "", "", "", 0), -1);
	assert_int_equal(c->j->ops->quarantine_count(c->j), 0);
	assert_int_equal(OP(c, verify, OWN, &v), -1);
	ctx_crash(c);
	assert_false(c->j->failed);
	assert_int_equal(c->j->ops->chain_seq(c->j), 1);
	assert_clean(c);
}

static const struct journal_case cases[] = {
	{ "meta", meta }, { "message", message }, { "odd bodies", odd_bodies }, { "local flag", local_flag },
	{ "loud", loud }, { "walks", walks }, { "double refs", double_refs }, { "nested", nested }, { "crash", crash },
	{ "serials", serials }, { "late first", late_first }, { "dangling", dangling },
	{ "other column", other_column }, { "failed", failed },
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

/* ---- the RAM twin's own ---- */

static void
unknown_commits(void **state)
{
	int applied;

	(void)state;
	for (applied = 0; applied < 2; applied++) {
		struct ctx c;
		struct msgid a, b;

		ctx_open(&c, true);
		a = put_new(&c, OWN, 1, KIND_REPORT, NULL, NULL);
		commit(&c);
		journal_ram_fail_commits(c.j, 2, applied);
		commit(&c);		/* nothing written: nothing to fail */
		b = put_new(&c, OWN, 2, KIND_REPORT, NULL, NULL);
		assert_int_equal(c.j->ops->commit(c.j), -1);
		assert_true(c.j->failed);
		assert_int_equal(c.j->ops->commit(c.j), -1);
		assert_int_equal(OP(&c, get_message, &a, NULL), -1);
		ctx_crash(&c);
		assert_int_equal(OP(&c, get_message, &a, NULL), 0);
		assert_int_equal(OP(&c, get_message, &b, NULL), applied ? 0 : 1);
		(void)put_new(&c, OWN, applied ? 3 : 2, KIND_NOTE, NULL, NULL);
		assert_int_equal(c.j->ops->commit(c.j), -1);	/* the second of two */
		ctx_crash(&c);
		(void)put_new(&c, OWN, applied ? 4 : 2, KIND_NOTE, NULL, NULL);
		commit(&c);
		assert_clean(&c);
		ctx_close(&c);
	}
}

/* The chain's hash is what journal.h says it is: fields in order, big-endian, texts with their NUL. */
static void
chain_hash(void **state)
{
	struct journal_chain c = { .seq = 0x0102030405060708, .ms = -2, .what = CHAIN_ADMIN, .ref = "ref",
		.who = "谁" };
	uint8_t prev[DIGEST_LEN], expected[DIGEST_LEN];
	struct buf b = { 0 };

	(void)state;
	memset(prev, 0xab, sizeof(prev));
	memset(c.digest, 0xcd, sizeof(c.digest));
	buf_put(&b, prev, DIGEST_LEN);
	buf_put_be64(&b, c.seq);
	buf_put_be64(&b, (uint64_t)c.ms);
	buf_put_be64(&b, (uint64_t)c.what);
	buf_put(&b, "ref", 4);
	buf_put(&b, "谁", 4);
	buf_put(&b, c.digest, DIGEST_LEN);
	digest_of(b.p, b.n, expected);
	journal_chain_hash(prev, &c);
	assert_memory_equal(c.hash, expected, DIGEST_LEN);
	c.ref[3] = 'x';		/* a text running into the next is another entry */
	journal_chain_hash(prev, &c);
	assert_memory_not_equal(c.hash, expected, DIGEST_LEN);
	buf_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_cases_ram),
		cmocka_unit_test(all_cases_sqlite),
		cmocka_unit_test(unknown_commits),
		cmocka_unit_test(chain_hash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
