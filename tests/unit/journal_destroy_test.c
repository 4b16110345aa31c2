/*
 * What two persons destroy, and what a disk does to bytes: one table of cases run against both journals.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <sqlite3.h>
#include "journal_cases.h"
#include "journal_destroy.h"

/* ---- cases ---- */

static void
tombstone(struct ctx *c)
{
	struct msgid a = put_new(c, OWN, 1, KIND_REPORT, NULL, NULL), b = put_new(c, OWN, 2, KIND_REPORT, NULL, &a), none = a;
	struct journal_delivery d;
	struct journal_counts n;
	struct journal_msg m;
	struct seen s = { 0 };
	struct buf bytes;

	none.serial = 9;
	put_delivery(c, &a, "330225", DLV_OPEN, 1);
	put_delivery(c, &a, "330200", DLV_CUSTODY, 2);
	put_delivery(c, &a, "330226", DLV_SIGNED, 3);
	put_delivery(c, &b, "330225", DLV_OPEN, 4);
	(void)put_outbox(c, &a, "330225", "330225");
	(void)put_outbox(c, &a, "", "330200");
	(void)put_outbox(c, &b, "330225", "330225");
	assert_int_equal(OP(c, set_local, &a), 0);
	commit(c);
	assert_int_equal(OP(c, get_message, &a, &m), 0);
	assert_false(m.destroyed || m.damaged);
	bytes = m.body;

	assert_int_equal(destroy(c, &none), 1);
	assert_int_equal(c->j->ops->chain_seq(c->j), 2);
	for (int pass = 0; pass < 2; pass++) {
		assert_int_equal(destroy(c, &a), 0);
		assert_destroyed(c, &a, m.digest);
		assert_int_equal(destroy(c, &a), 1);
		assert_int_equal(c->j->ops->chain_seq(c->j), 3);
		assert_int_equal(OP(c, each_after, 0, 0, false, see_msg, &s), 0);
		assert_seen(s, "1:330225102.1LX 2:330225102.2 ");
		assert_int_equal(OP(c, each_before, UINT64_MAX, KIND_REPORT, true, see_msg, &s), 0);
		assert_seen(s, "1:330225102.1LX ");
		assert_int_equal(OP(c, each_loud, 0, see_msg, &s), 0);
		assert_seen(s, "1:330225102.1LX ");
		assert_int_equal(OP(c, each_referring, &a, see_msg, &s), 0);
		assert_seen(s, "2:330225102.2 ");
		assert_int_equal(OP(c, delivery_each, &a, see_delivery, &s), 0);
		assert_seen(s, "330225=7@1 330200=7@2 330226=5@3 ");
		assert_int_equal(OP(c, delivery_get, &a, "330200", &d), 0);
		assert_string_equal(d.person, "误入清除");
		assert_int_equal(d.since, 77);
		assert_int_equal(OP(c, delivery_get, &a, "330226", &d), 0);
		assert_string_equal(d.person, "");
		assert_int_equal(OP(c, delivery_open, 100, see_delivery, &s), 0);
		assert_seen(s, "330225=1@4 ");
		assert_int_equal(OP(c, outbox_each, see_outbox, &s), 0);
		assert_seen(s, "3:330225:2 ");
		assert_int_equal(OP(c, counts, &n), 0);
		assert_true(n.messages == 2 && n.outbox == 1 && n.returned == 2 && n.open == 1);
		assert_destroyed_count(c, 1);
		if (pass == 0) {	/* not committed: as if it had not been */
			ctx_crash(c);
			assert_int_equal(OP(c, each_after, 0, 0, false, see_msg, &s), 0);
			assert_seen(s, "1:330225102.1L 2:330225102.2 ");
			assert_int_equal(OP(c, outbox_each, see_outbox, &s), 0);
			assert_seen(s, "1:330225:1 2::1 3:330225:2 ");
			assert_destroyed_count(c, 0);
		}
	}
	commit(c);
	ctx_crash(c);
	assert_destroyed(c, &a, m.digest);
	/* It comes back from a neighbour, or from an import: it is known, and stays destroyed. */
	m.body = bytes;
	assert_int_equal(OP(c, put_message, &m), 1);
	assert_destroyed(c, &a, m.digest);
	assert_int_equal(OP(c, set_local, &a), 0);
	commit(c);
	ctx_crash(c);
	assert_destroyed(c, &a, m.digest);
	assert_destroyed_count(c, 1);
	buf_free(&bytes);
}

static void
originals(struct ctx *c)
{
	static const char bytes[] = "<alert>the imported original</alert>";
	uint8_t digest[DIGEST_LEN], none[DIGEST_LEN];
	struct buf got = { 0 }, longer = { 0 };
	struct journal_verify v;
	struct msgid a, b, other;

	digest_of(bytes, sizeof(bytes), digest);
	digest_of("x", 1, none);
	a = put_text(c, 1, "甲", digest);
	while (longer.n < 5000)		/* more than the decoder takes in this field: it names its original all the same */
		buf_puts(&longer, "乙");
	b = put_text(c, 2, buf_cstr(&longer), digest);
	buf_free(&longer);
	other = put_text(c, 3, "丙", none);	/* its original was never here */
	assert_int_equal(OP(c, blob_put, digest, bytes, sizeof(bytes)), 0);
	commit(c);
	assert_int_equal(destroy(c, &a), 0);
	assert_int_equal(OP(c, blob_get, digest, &got), 0);	/* the second still names it */
	assert_int_equal(got.n, sizeof(bytes));
	assert_int_equal(destroy(c, &other), 0);
	assert_int_equal(c->j->ops->chain_seq(c->j), 5);
	commit(c);
	assert_int_equal(destroy(c, &b), 0);
	assert_int_equal(c->j->ops->chain_seq(c->j), 7);	/* one for the message, one for the original */
	assert_int_equal(OP(c, blob_get, digest, &got), 1);
	assert_int_equal(got.n, 0);
	ctx_crash(c);
	assert_int_equal(OP(c, blob_get, digest, &got), 0);
	assert_int_equal(destroy(c, &b), 0);
	commit(c);
	ctx_crash(c);
	assert_int_equal(OP(c, blob_get, digest, &got), 1);
	assert_int_equal(OP(c, blob_put, digest, bytes, sizeof(bytes)), 1);
	assert_int_equal(OP(c, blob_get, digest, &got), 1);
	assert_int_equal(OP(c, blob_put, none, "x", 1), 0);	/* was never destroyed */
	assert_int_equal(OP(c, verify, OWN, &v), 0);
	assert_string_equal(v.bad, "");
	assert_true(v.destroyed == 3 && v.blobs == 1 && v.messages == 3);
	buf_free(&got);
}

static void
damage(struct ctx *c)
{
	struct msgid inc = put_new(c, OWN, 1, KIND_INTAKE, NULL, NULL), a = put_new(c, OWN, 2, KIND_REPORT, &inc, &inc);
	struct msgid b = put_new(c, OWN, 3, KIND_REPORT, &inc, &inc);
	struct journal_msg m;
	struct seen s = { 0 };

	commit(c);
	ctx_damage(c, &a);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(OP(c, get_message, &a, &m), 0);
		assert_true(m.damaged && !m.destroyed && m.body.n == 0 && m.kind == KIND_REPORT);
		buf_free(&m.body);
	}
	assert_int_equal(OP(c, get_message, &b, &m), 0);
	assert_true(!m.damaged && !m.destroyed && m.body.n > 0);
	buf_free(&m.body);
	assert_int_equal(OP(c, each_of_incident, &inc, see_msg, &s), 0);
	assert_seen(s, "2:330225102.2! 3:330225102.3 ");
	assert_int_equal(OP(c, each_referring, &inc, see_msg, &s), 0);
	assert_seen(s, "2:330225102.2! 3:330225102.3 ");
	assert_int_equal(OP(c, each_after, 0, 0, false, see_msg, &s), 0);
	assert_seen(s, "1:330225102.1 2:330225102.2! 3:330225102.3 ");
	assert_int_equal(OP(c, set_local, &a), 0);
	assert_int_equal(OP(c, each_loud, 0, see_msg, &s), 0);
	assert_seen(s, "2:330225102.2L! ");
	assert_int_equal(c->j->ndamaged, 1);		/* one line an id */
	assert_int_equal(msgid_cmp(&c->j->damaged[0], &a), 0);
	assert_false(c->j->failed);
	assert_bad(c, "message 330225102.1000.2: its bytes are not those the chain holds");
	/* What is damaged can be destroyed like anything else. */
	assert_int_equal(destroy(c, &a), 0);
	assert_destroyed(c, &a, NULL);
	commit(c);
	assert_destroyed_count(c, 1);
}

/* Bodies that are empty, zero, or no body at all to the decoder. */
static void
odd(struct ctx *c)
{
	static const struct { const char *p; size_t n; } rows[] = { { "", 0 }, { "\0\0\0", 3 }, { "\xff\0\xff", 3 }, { "\0", 1 } };
	struct journal_msg m;
	size_t i;

	make_msg(&m, OWN, 1, KIND_LOG, NULL, NULL, 0);
	for (i = 0; i < COUNT(rows); i++) {
		m.id.serial = i + 1;
		buf_clear(&m.body);
		buf_put(&m.body, rows[i].p, rows[i].n);
		digest_of(m.body.p, m.body.n, m.digest);
		put(c, &m);
	}
	assert_destroyed_count(c, 0);
	for (i = 0; i < COUNT(rows); i++) {
		m.id.serial = i + 1;
		assert_int_equal(destroy(c, &m.id), 0);
		assert_int_equal(destroy(c, &m.id), 1);
		assert_destroyed(c, &m.id, NULL);
		assert_destroyed_count(c, i + 1);
	}
	commit(c);
	ctx_crash(c);
	assert_destroyed_count(c, COUNT(rows));
	buf_free(&m.body);
}

static void
told_not_done(struct ctx *c)
{
	(void)put_new(c, OWN, 1, KIND_REPORT, NULL, NULL);
	assert_int_equal(OP(c, chain_add, 5, CHAIN_DESTROYED, "330225102.1000.1", "甲 + 乙", NULL), 0);
	assert_bad(c, "message 330225102.1000.1: the chain says it was destroyed, and its bytes are here");
}

static void
told_not_done_blob(struct ctx *c)
{
	uint8_t digest[DIGEST_LEN];
	char ref[5 + 2 * DIGEST_LEN + 1] = "blob ";

	digest_of("x", 1, digest);
	digest_hex(digest, ref + 5);
	assert_int_equal(OP(c, blob_put, digest, "x", 1), 0);
	assert_int_equal(OP(c, chain_add, 5, CHAIN_DESTROYED, ref, "甲 + 乙", digest), 0);
	assert_bad(c, "the chain says it was destroyed, and its bytes are here");
}

/* Destroys the one after the next, and one already shown. */
static int
destroy_ahead(void *ctx, const struct journal_msg *m)
{
	struct seen *s = ctx;
	struct msgid ahead = m->id, behind = m->id;

	(void)see_msg(ctx, m);
	ahead.serial += 2;
	behind.serial -= 1;
	if (m->id.serial % 10 == 5) {
		assert_int_equal(destroy(s->c, &ahead), 0);
		assert_int_equal(destroy(s->c, &behind), 0);
		if (m->id.serial == 25)
			commit(s->c);
	}
	return 0;
}

static void
walked(struct ctx *c)
{
	struct seen s = { .c = c };
	struct buf expected = { 0 };
	uint64_t i;

	for (i = 1; i <= 70; i++)
		(void)put_new(c, OWN, i, KIND_REPORT, NULL, NULL);
	commit(c);
	assert_int_equal(OP(c, each_after, 0, 0, false, destroy_ahead, &s), 0);
	for (i = 1; i <= 70; i++)
		buf_printf(&expected, "%" PRIu64 ":330225102.%" PRIu64 "%s ", i, i, i % 10 == 7 ? "X" : "");
	assert_seen(s, buf_cstr(&expected));
	buf_clear(&expected);
	assert_int_equal(OP(c, each_before, 71, 0, false, see_msg, &s), 0);
	for (i = 70; i >= 1; i--)
		buf_printf(&expected, "%" PRIu64 ":330225102.%" PRIu64 "%s ", i, i, i % 10 == 7 || i % 10 == 4 ? "X" : "");
	assert_seen(s, buf_cstr(&expected));
	buf_free(&expected);
	assert_destroyed_count(c, 14);
}

static const struct journal_case cases[] = {
	{ "tombstone", tombstone }, { "originals", originals }, { "damage", damage }, { "odd", odd },
	{ "told, not done", told_not_done }, { "told, not done: blob", told_not_done_blob }, { "walked", walked },
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
