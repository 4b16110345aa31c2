/*
 * What the journal remembers, skips and puts off for speed: bodies and decoded bodies at hand, rows taken rather than read and
 * deleted, a log that is brought home at rest.  None of it may be seen in what is read.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <sys/stat.h>
#include "journal_cases.h"

/* A body handed over decoded leaves the same rows as one that is not. */
static void
decoded(struct ctx *c)
{
	struct msgid about = put_new(c, OWN, 1, KIND_REPORT, NULL, NULL);
	struct seen s = { .n = 0 };
	struct journal_msg m, got;
	struct fault fault = { 0 };
	struct body *b;
	int with;

	for (with = 0; with < 2; with++) {
		make_msg(&m, "330225", (uint64_t)(2 + with), KIND_RECEIPT, NULL, &about, 1);
		b = wire_decode(m.body.p, m.body.n, &fault);
		assert_non_null(b);
		m.decoded = with ? b : NULL;
		put(c, &m);
		body_free(b);
		buf_free(&m.body);
		assert_int_equal(OP(c, get_message, &m.id, &got), 0);
		assert_true(got.quiet);
		assert_null(got.decoded);
		buf_free(&got.body);
	}
	assert_int_equal(OP(c, each_referring, &about, see_msg, &s), 0);
	assert_int_equal(s.n, 2);
	buf_free(&s.text);
	commit(c);
	assert_clean(c);
}

static void
assert_body(struct ctx *c, const struct msgid *id, const struct buf *want)
{
	struct journal_msg m;

	assert_int_equal(OP(c, get_message, id, &m), 0);
	assert_int_equal(m.body.n, want->n);
	assert_memory_equal(m.body.p, want->p, want->n);
	buf_free(&m.body);
}

/* More bodies than are remembered, one longer than may be; before and behind the COMMIT, and of another life. */
static void
bodies(struct ctx *c)
{
	struct journal_msg m[300];
	size_t i;
	int life;

	for (i = 0; i < COUNT(m); i++) {
		make_msg(&m[i], OWN, i + 1, KIND_REPORT, NULL, NULL, 0);
		if (i == 299) {
			struct body *b = body_new();
			char *text = xmalloc(9001);

			memset(text, 'x', 9000);
			text[9000] = '\0';
			body_set_num(b, F_KIND, KIND_REPORT);
			body_set_id(b, F_ID, &m[i].id);
			body_set_text(b, F_BRIEF, text);
			buf_clear(&m[i].body);
			wire_encode(b, &m[i].body);
			digest_of(m[i].body.p, m[i].body.n, m[i].digest);
			body_free(b);
			free(text);
		}
		put(c, &m[i]);
		if (i % 100 == 50)
			commit(c);
		assert_body(c, &m[i / 2].id, &m[i / 2].body);
	}
	commit(c);
	for (life = 0; life < 2; life++) {
		for (i = 0; i < COUNT(m); i++)
			assert_body(c, &m[i].id, &m[i].body);
		ctx_crash(c);
	}
	/* Destroyed is destroyed, though it was remembered. */
	(void)put_new(c, OWN, 301, KIND_REPORT, NULL, NULL);
	assert_int_equal(OP(c, destroy, 5, &(struct msgid) { .origin = OWN, .epoch = EPOCH, .serial = 301 }, "甲", "乙", "误入"), 0);
	{
		struct msgid id = make_id(OWN, 301);
		struct journal_msg got;

		assert_int_equal(OP(c, get_message, &id, &got), 0);
		assert_true(got.destroyed);
		assert_int_equal(got.body.n, 0);
		buf_free(&got.body);
	}
	commit(c);
	for (i = 0; i < COUNT(m); i++) {
		assert_body(c, &m[i].id, &m[i].body);
		buf_free(&m[i].body);
	}
	assert_clean(c);
}

/* What stands in memory does not hide from verify() what a disk has done. */
static void
damage(struct ctx *c)
{
	struct msgid id = put_new(c, OWN, 1, KIND_REPORT, NULL, NULL);
	struct journal_verify v;
	struct journal_msg m;

	commit(c);
	ctx_damage(c, &id);
	assert_int_equal(OP(c, get_message, &id, &m), 0);
	assert_true(m.damaged);
	buf_free(&m.body);
	assert_int_equal(OP(c, verify, OWN, &v), 0);
	assert_true(v.bad[0] != '\0');
}

static void
taken(struct ctx *c)
{
	struct msgid a = put_new(c, OWN, 1, KIND_REPORT, NULL, NULL), b;
	struct journal_outbox o, got;
	uint64_t row;

	assert_int_equal(OP(c, outbox_has, &a, "330200"), 1);
	make_outbox(&o, &a, "330225", "330200");
	o.stream = 7;
	o.serial = 9;
	assert_int_equal(OP(c, outbox_add, &o), 0);
	row = o.row;
	assert_int_equal(OP(c, outbox_has, &a, "330200"), 0);
	assert_int_equal(OP(c, outbox_has, &a, "330201"), 1);
	b = put_new(c, OWN, 2, KIND_REPORT, NULL, NULL);
	assert_int_equal(OP(c, outbox_has, &b, "330200"), 1);
	assert_int_equal(OP(c, outbox_has, &a, "330200"), 0);
	commit(c);
	assert_int_equal(OP(c, outbox_take, row, &got), 0);
	assert_true(got.row == row && got.stream == 7 && got.serial == 9 && got.body_len == 0);
	assert_string_equal(got.link, "330225");
	assert_int_equal(msgid_cmp(&got.id, &a), 0);
	assert_int_equal(got.envelope.n, o.envelope.n);
	assert_memory_equal(got.envelope.p, o.envelope.p, o.envelope.n);
	buf_free(&got.envelope);
	assert_int_equal(OP(c, outbox_take, row, &got), 1);
	assert_int_equal(OP(c, outbox_has, &a, "330200"), 1);
	ctx_crash(c);
	assert_int_equal(OP(c, outbox_has, &a, "330200"), 0);
	assert_int_equal(OP(c, outbox_take, row, &got), 0);
	buf_free(&got.envelope);
	commit(c);
	ctx_crash(c);
	assert_int_equal(OP(c, outbox_take, row, &got), 1);
	buf_free(&o.envelope);
	assert_clean(c);
}

static int
see_serial(void *ctx, const struct journal_msg *m)
{
	buf_printf(&((struct seen *)ctx)->text, "%" PRIu64 " ", m->id.serial);
	return 0;
}

/* Reports are not in the index over kinds. */
static void
kinds(struct ctx *c)
{
	static const struct { int kind; const char *up, *down; } want[] = {
		{ KIND_REPORT, "1 4 6 ", "6 4 1 " }, { KIND_RECEIPT, "2 5 ", "5 2 " }, { KIND_LOG, "3 ", "3 " }, { KIND_ZERO, "", "" },
	};
	static const int put_as[] = { KIND_REPORT, KIND_RECEIPT, KIND_LOG, KIND_REPORT, KIND_RECEIPT, KIND_REPORT };
	struct seen s = { .n = 0 };
	size_t i;

	for (i = 0; i < COUNT(put_as); i++)
		(void)put_new(c, OWN, i + 1, put_as[i], NULL, NULL);
	for (i = 0; i < COUNT(want); i++) {
		assert_int_equal(OP(c, each_after, 0, want[i].kind, false, see_serial, &s), 0);
		assert_seen(s, want[i].up);
		assert_int_equal(OP(c, each_before, UINT64_MAX, want[i].kind, false, see_serial, &s), 0);
		assert_seen(s, want[i].down);
	}
}

static off_t
size_of(const struct ctx *c, const char *name)
{
	char path[128];
	struct stat st;

	snprintf(path, sizeof(path), "%s/%s", c->dir, name);
	return stat(path, &st) == 0 ? st.st_size : -1;
}

static uint64_t
write_much(struct ctx *c, uint64_t from, int n)
{
	for (; n > 0; n--, from++) {
		(void)put_new(c, OWN, from, KIND_REPORT, NULL, NULL);
		commit(c);
	}
	return from;
}

/* No COMMIT brings the log home before it is very long; rest does, and then the log's file is written over. */
static void
rests(void **state)
{
	off_t file, log;
	struct ctx c;
	uint64_t next;

	(void)state;
	ctx_open(&c, false);
	file = size_of(&c, "journal.db");
	next = write_much(&c, 1, 400);
	log = size_of(&c, "journal.db-wal");
	assert_true(log > 1000 * 4096);
	assert_int_equal(size_of(&c, "journal.db"), file);
	(void)put_new(&c, OWN, next++, KIND_REPORT, NULL, NULL);
	c.j->ops->idle(c.j, 1000);	/* in a transaction: not now */
	assert_int_equal(size_of(&c, "journal.db"), file);
	commit(&c);
	c.j->ops->idle(c.j, 1000);
	assert_true(size_of(&c, "journal.db") > file);
	file = size_of(&c, "journal.db");
	log = size_of(&c, "journal.db-wal");
	next = write_much(&c, next, 100);
	assert_int_equal(size_of(&c, "journal.db-wal"), log);
	/* Little waits longer, not for ever. */
	c.j->ops->idle(c.j, 2000);
	assert_int_equal(size_of(&c, "journal.db"), file);
	c.j->ops->idle(c.j, 100000);
	assert_true(size_of(&c, "journal.db") > file);
	next = write_much(&c, next, 10);
	ctx_crash(&c);
	assert_int_equal(OP(&c, get_message, &(struct msgid) { .origin = OWN, .epoch = EPOCH, .serial = next - 1 }, NULL), 0);
	assert_clean(&c);
	ctx_close(&c);
}

static const struct journal_case cases[] = {
	{ "decoded", decoded }, { "bodies", bodies }, { "damage", damage }, { "taken", taken }, { "kinds", kinds },
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
		cmocka_unit_test(in_ram), cmocka_unit_test(in_sqlite), cmocka_unit_test(rests),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
