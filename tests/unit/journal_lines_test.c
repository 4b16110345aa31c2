/*
 * What both journals promise of lines, what went under their numbers, holds, settling and retention.
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

static void
put_line(struct ctx *c, const char *peer, bool out, uint64_t stream, uint64_t last)
{
	struct journal_line l = { .out = out, .stream = stream, .last = last };

	snprintf(l.peer, sizeof(l.peer), "%s", peer);
	assert_int_equal(OP(c, line_put, &l), 0);
}

static void
put_passage(struct ctx *c, const char *peer, bool out, uint64_t stream, uint64_t serial, const struct msgid *id)
{
	struct journal_passage p = { .serial = serial, .at = 7 };

	if (id != NULL)
		p.id = *id;
	assert_int_equal(OP(c, passage_put, peer, out, stream, &p), 0);
}

static int
see_line(void *ctx, const struct journal_line *l)
{
	struct seen *s = ctx;

	buf_printf(&s->text, "%s%s%" PRIu64 ":%" PRIu64 " ", l->peer, l->out ? ">" : "<", l->stream, l->last);
	return ++s->n == s->stop_after;
}

static int
see_passage(void *ctx, const struct journal_line *l, const struct journal_passage *p)
{
	struct seen *s = ctx;

	buf_printf(&s->text, "%s%s%" PRIu64 ".%" PRIu64 "=%" PRIu64 " ", l->peer, l->out ? ">" : "<", l->stream, p->serial, p->id.serial);
	return ++s->n == s->stop_after;
}

#define assert_passages(c, peer, out, stream, first, last, expected) do { \
	struct seen s_ = { .n = 0 }; \
	assert_int_equal(OP(c, passage_each, peer, out, stream, first, last, see_passage, &s_), 0); \
	assert_seen(s_, expected); \
} while (0)

static void
lines(struct ctx *c)
{
	struct seen s = { .n = 0 };
	struct journal_line l;

	assert_int_equal(OP(c, line_get, "b", true, 0, &l), 1);
	put_line(c, "b", true, 900, 0);
	put_line(c, "a", true, 5, 3);
	put_line(c, "b", true, 100, 9);		/* begun last, whatever its number */
	put_line(c, "b", false, 4, 1);
	commit(c);
	put_line(c, "b", true, 900, 12);	/* its place stays */
	put_line(c, "a", false, INT64_MAX, 0);
	assert_int_equal(OP(c, line_each, see_line, &s), 0);
	assert_seen(s, "b>900:12 a>5:3 b>100:9 b<4:1 a<9223372036854775807:0 ");
	assert_int_equal(OP(c, line_get, "b", true, 0, &l), 0);
	assert_int_equal(l.stream, 100);
	assert_int_equal(OP(c, line_get, "b", true, 900, &l), 0);
	assert_int_equal(l.last, 12);
	assert_int_equal(OP(c, line_get, "b", false, 900, &l), 1);
	ctx_crash(c);
	s.stop_after = 3;
	assert_int_equal(OP(c, line_each, see_line, &s), 0);
	assert_seen(s, "b>900:0 a>5:3 b>100:9 ");
	assert_int_equal(OP(c, line_get, "a", false, 0, &l), 1);
	assert_bad(c, "passage a out 5 1: missing");	/* numbers given, and nothing under them */
}

static void
passages(struct ctx *c)
{
	struct msgid x = put_new(c, OWN, 1, KIND_NOTE, NULL, NULL), y = put_new(c, OWN, 2, KIND_NOTE, NULL, NULL);
	struct journal_passage p;
	struct seen s = { .n = 0 };
	uint64_t i;

	put_line(c, "a", false, 5, 300);
	put_line(c, "b", true, 6, 3);
	put_passage(c, "b", true, 6, 1, &y);
	for (i = 200; i > 0; i--)		/* they may come in any order */
		if (i != 100)
			put_passage(c, "a", false, 5, i, i % 2 ? &x : NULL);
	commit(c);
	assert_passages(c, "a", false, 5, 98, 102, "a<5.98=0 a<5.99=1 a<5.101=1 a<5.102=0 ");
	assert_passages(c, "a", false, 5, 199, 1000, "a<5.199=1 a<5.200=0 ");
	assert_passages(c, "a", false, 5, 199, UINT64_MAX, "a<5.199=1 a<5.200=0 ");
	assert_passages(c, "a", false, 5, 102, 98, "");
	assert_passages(c, "a", true, 5, 0, UINT64_MAX, "");
	assert_passages(c, "a", false, 6, 0, UINT64_MAX, "");
	assert_passages(c, "b", true, 6, 0, UINT64_MAX, "b>6.1=2 ");
	assert_int_equal(OP(c, passage_get, "a", false, 5, 100, &p), 1);
	assert_int_equal(OP(c, passage_get, "a", false, 99, 1, &p), 1);
	assert_int_equal(OP(c, passage_get, "b", true, 6, 1, &p), 0);
	assert_int_equal(p.id.serial, 2);
	put_passage(c, "a", false, 5, 100, &y);
	assert_int_equal(OP(c, passage_of, &y, see_passage, &s), 0);
	assert_seen(s, "a<5.100=2 b>6.1=2 ");
	put_passage(c, "a", false, 5, 100, NULL);	/* nothing stands under it */
	put_passage(c, "a", false, 5, 100, &x);
	put_passage(c, "a", false, 5, 100, &y);
	s.stop_after = 1;
	assert_int_equal(OP(c, passage_of, &y, see_passage, &s), 0);
	assert_seen(s, "a<5.100=2 ");
	assert_int_equal(OP(c, passage_trim, "a", false, 5, 198), 0);
	assert_passages(c, "a", false, 5, 0, UINT64_MAX, "a<5.199=1 a<5.200=0 ");
	assert_int_equal(OP(c, passage_of, &y, see_passage, &s), 0);
	assert_seen(s, "b>6.1=2 ");
	ctx_crash(c);
	assert_passages(c, "a", false, 5, 1, 3, "a<5.1=1 a<5.2=0 a<5.3=1 ");
	assert_int_equal(OP(c, passage_get, "a", false, 5, 100, &p), 1);
}

static int
see_id(void *ctx, const struct msgid *id)
{
	struct seen *s = ctx;

	buf_printf(&s->text, "%" PRIu64 " ", id->serial);
	return ++s->n == s->stop_after;
}

static void
holds(struct ctx *c)
{
	struct msgid id[3];
	struct seen s = { .n = 0 };
	uint64_t i;

	for (i = 0; i < 3; i++)
		id[i] = put_new(c, "330225", i + 1, KIND_NOTE, NULL, NULL);
	assert_int_equal(OP(c, hold_put, &id[2]), 0);
	assert_int_equal(OP(c, hold_put, &id[0]), 0);
	assert_int_equal(OP(c, hold_put, &id[1]), 0);
	assert_int_equal(OP(c, hold_put, &id[2]), 1);
	commit(c);
	assert_int_equal(OP(c, hold_del, &id[2]), 0);
	assert_int_equal(OP(c, hold_del, &id[2]), 1);
	assert_int_equal(OP(c, hold_put, &id[2]), 0);
	assert_int_equal(OP(c, hold_each, see_id, &s), 0);
	assert_seen(s, "1 2 3 ");	/* the one that came again is the youngest */
	ctx_crash(c);
	s.stop_after = 2;
	assert_int_equal(OP(c, hold_each, see_id, &s), 0);
	assert_seen(s, "3 1 ");
	assert_clean(c);
}

static void
settles(struct ctx *c)
{
	struct msgid id[3], none = make_id("330225", 99);
	struct journal_msg m;
	struct seen s = { .n = 0 };
	uint64_t i;

	for (i = 0; i < 3; i++) {
		make_msg(&m, "330225", i + 1, KIND_NOTE, NULL, NULL, 0);
		m.local = true;
		put(c, &m);
		id[i] = m.id;
		buf_free(&m.body);
	}
	assert_int_equal(OP(c, settle, &none, true), 1);
	assert_int_equal(OP(c, settle, &id[1], true), 0);
	assert_int_equal(OP(c, each_loud, 0, see_msg, &s), 0);
	assert_seen(s, "1:330225.1L 3:330225.3L ");
	assert_int_equal(OP(c, get_message, &id[1], &m), 0);
	assert_true(m.settled && m.body.n > 0);
	buf_free(&m.body);
	commit(c);
	assert_int_equal(OP(c, settle, &id[1], false), 0);
	assert_int_equal(OP(c, settle, &id[0], true), 0);
	assert_int_equal(OP(c, each_loud, 0, see_msg, &s), 0);
	assert_seen(s, "2:330225.2L 3:330225.3L ");
	ctx_crash(c);
	assert_int_equal(OP(c, each_loud, 0, see_msg, &s), 0);
	assert_seen(s, "1:330225.1L 3:330225.3L ");
	assert_clean(c);
}

static struct msgid
put_naming(struct ctx *c, uint64_t serial, const uint8_t digest[DIGEST_LEN])
{
	struct body *b = body_new();
	struct journal_msg m;

	make_msg(&m, "330225", serial, KIND_OUTSIDE, NULL, NULL, 0);
	body_set_num(b, F_KIND, KIND_OUTSIDE);
	body_set_id(b, F_ID, &m.id);
	body_set_digest(b, F_ORIGINAL, digest);
	buf_clear(&m.body);
	wire_encode(b, &m.body);
	digest_of(m.body.p, m.body.n, m.digest);
	m.local = true;
	body_free(b);
	put(c, &m);
	buf_free(&m.body);
	assert_int_equal(OP(c, settle, &m.id, true), 0);
	return m.id;
}

static size_t
retire(struct ctx *c, int64_t before, size_t max)
{
	size_t n = 99;

	assert_int_equal(OP(c, retire, 77, before, max, &n), 0);
	return n;
}

/* What may go goes, oldest first; what is owed stays. */
static void
retires(struct ctx *c)
{
	struct journal_msg m, *rows;
	struct msgid id[9];
	struct seen s = { .n = 0 };
	uint64_t i, chain;

	for (i = 0; i < 9; i++) {
		make_msg(&m, OWN, i + 1, i == 6 ? KIND_RECEIPT : KIND_NOTE, NULL, NULL, 0);
		m.local = i != 5;
		/* What only passes through stays longer: its origin may still offer it. */
		m.stored = i == 8 ? 2000 : i == 5 ? 1000 - JOURNAL_PASSING_KEPT : 1000;
		put(c, &m);
		id[i] = m.id;
		buf_free(&m.body);
		if (i != 0 && i != 5 && i != 6)
			assert_int_equal(OP(c, settle, &id[i], true), 0);
	}
	/* 1 is loud; 2 waits in the outbox; 3 is open; 4, 5 settled; 6 only passed through; 7 is quiet; 8 settled; 9 young */
	(void)put_outbox(c, &id[1], "a", "a");
	put_delivery(c, &id[2], "a", DLV_CUSTODY, 1);
	put_delivery(c, &id[3], "a", DLV_READ, 1);
	put_line(c, "a", true, 5, 1);
	put_passage(c, "a", true, 5, 1, &id[3]);
	commit(c);
	chain = c->j->ops->chain_seq(c->j);
	assert_int_equal(retire(c, 1000, 100), 0);
	assert_int_equal(c->j->ops->chain_seq(c->j), chain);
	assert_int_equal(retire(c, 2000, 2), 2);
	assert_int_equal(c->j->ops->chain_seq(c->j), chain + 1);
	assert_int_equal(OP(c, passage_of, &id[3], see_passage, &s), 0);
	assert_seen(s, "");
	assert_int_equal(retire(c, 2000, 100), 3);
	assert_int_equal(retire(c, 2000, 100), 0);
	ctx_crash(c);
	assert_int_equal(OP(c, passage_of, &id[3], see_passage, &s), 0);
	assert_seen(s, "a>5.1=4 ");
	assert_int_equal(retire(c, 2000, 100), 5);
	commit(c);
	rows = xcalloc(9, sizeof(*rows));
	for (i = 0; i < 9; i++) {
		assert_int_equal(OP(c, get_message, &id[i], &rows[i]), 0);
		assert_int_equal(rows[i].retired, i >= 3 && i <= 7);
		assert_int_equal(rows[i].body.n == 0, rows[i].retired);
		assert_false(rows[i].damaged || rows[i].destroyed);
		buf_free(&rows[i].body);
	}
	free(rows);
	make_msg(&m, OWN, 4, KIND_NOTE, NULL, NULL, 0);	/* it is known when it comes again */
	assert_int_equal(OP(c, put_message, &m), 1);
	buf_free(&m.body);
	assert_clean(c);
	ctx_crash(c);
	assert_clean(c);
}

/* An original goes with the last message that names it. */
static void
retires_originals(struct ctx *c)
{
	static const char bytes[] = "<alert>", other[] = "<other>";
	uint8_t digest[DIGEST_LEN], stays[DIGEST_LEN];
	struct buf out = { 0 };
	struct msgid id;

	digest_of(bytes, sizeof(bytes), digest);
	digest_of(other, sizeof(other), stays);
	assert_int_equal(OP(c, blob_put, digest, bytes, sizeof(bytes)), 0);
	assert_int_equal(OP(c, blob_put, stays, other, sizeof(other)), 0);
	(void)put_naming(c, 1, digest);
	(void)put_naming(c, 2, digest);
	id = put_naming(c, 3, stays);
	(void)put_naming(c, 4, stays);
	assert_int_equal(OP(c, settle, &id, false), 0);
	commit(c);
	assert_int_equal(retire(c, INT64_MAX, 1), 1);
	assert_int_equal(OP(c, blob_get, digest, &out), 0);
	assert_int_equal(retire(c, INT64_MAX, 9), 2);
	assert_int_equal(OP(c, blob_get, digest, &out), 1);
	assert_int_equal(OP(c, blob_get, stays, &out), 0);
	commit(c);
	ctx_crash(c);
	assert_clean(c);
	assert_int_equal(OP(c, blob_get, digest, &out), 1);
	assert_int_equal(OP(c, blob_get, stays, &out), 0);
	buf_free(&out);
}

/* What leads to a message that is not here is found. */
static void
leads_nowhere(void **state)
{
	struct msgid none = make_id("330225", 99);
	struct ctx c;

	(void)state;
	ctx_open(&c, true);
	put_line(&c, "a", false, 5, 1);
	put_passage(&c, "a", false, 5, 1, NULL);
	assert_clean(&c);
	put_passage(&c, "a", false, 5, 1, &none);
	assert_bad(&c, "passage 1");
	journal_ram_crash(c.j);
	assert_int_equal(OP(&c, hold_put, &none), 0);
	assert_bad(&c, "hold 1");
	ctx_close(&c);
}

static const struct journal_case cases[] = {
	{ "lines", lines },
	{ "passages", passages },
	{ "holds", holds },
	{ "settles", settles },
	{ "retires", retires },
	{ "retires originals", retires_originals },
};

static void
in_ram(void **state)
{
	(void)state;
	run_cases(cases, COUNT(cases), true);
}

static void
in_sqlite(void **state)
{
	(void)state;
	run_cases(cases, COUNT(cases), false);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_ram), cmocka_unit_test(in_sqlite), cmocka_unit_test(leads_nowhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
