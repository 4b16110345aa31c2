/*
 * What two persons destroy, and what a disk does to bytes: one table of cases run against both journals, then what only a file
 * can show: that no byte of it is left in any of the journal's files.
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

/* A message of ours with a text of its own, and perhaps an original. */
static struct msgid
put_text(struct ctx *c, uint64_t serial, const char *text, const uint8_t *original)
{
	struct body *b = body_new();
	struct journal_msg m;

	make_msg(&m, OWN, serial, KIND_REPORT, NULL, NULL, 0);
	body_set_num(b, F_KIND, KIND_REPORT);
	body_set_id(b, F_ID, &m.id);
	body_set_text(b, F_TITLE, text);
	if (original != NULL)
		body_set_digest(b, F_ORIGINAL, original);
	buf_clear(&m.body);
	wire_encode(b, &m.body);
	digest_of(m.body.p, m.body.n, m.digest);
	put(c, &m);
	body_free(b);
	buf_free(&m.body);
	return m.id;
}

static int
destroy(struct ctx *c, const struct msgid *id)
{
	return OP(c, destroy, 77, id, "王芳", "李强", "误入清除");
}

static void
assert_destroyed(struct ctx *c, const struct msgid *id, const uint8_t *digest)
{
	struct journal_msg m;

	assert_int_equal(OP(c, get_message, id, &m), 0);
	assert_true(m.destroyed);
	assert_false(m.damaged);
	assert_int_equal(m.body.n, 0);
	if (digest != NULL)
		assert_memory_equal(m.digest, digest, DIGEST_LEN);
	buf_free(&m.body);
}

static void
assert_destroyed_count(struct ctx *c, uint64_t n)
{
	struct journal_verify v;

	assert_int_equal(OP(c, verify, OWN, &v), 0);
	assert_string_equal(v.bad, "");
	assert_int_equal(v.destroyed, n);
}

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

/* ---- files ---- */

/* Is the text in any file of the folder? */
static bool
on_disk(const struct ctx *c, const char *text)
{
	char path[PATH_MAX];
	bool found = false;
	uint8_t *p;
	struct stat st;
	struct dirent *e;
	DIR *d = opendir(c->dir);
	int fd;

	assert_non_null(d);
	while ((e = readdir(d)) != NULL) {
		snprintf(path, sizeof(path), "%s/%s", c->dir, e->d_name);
		if (stat(path, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size == 0)
			continue;
		assert_true((fd = open(path, O_RDONLY)) >= 0);
		p = xmalloc((size_t)st.st_size);
		assert_true(read(fd, p, (size_t)st.st_size) == st.st_size);
		found = found || memmem(p, (size_t)st.st_size, text, strlen(text)) != NULL;
		free(p);
		close(fd);
	}
	closedir(d);
	return found;
}

/* In another process: closing the file in this one would drop the journal's locks on it. */
static bool
on_disk_now(const struct ctx *c, const char *text)
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(on_disk(c, text) ? 1 : 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) <= 1);
	return WEXITSTATUS(status) == 1;
}

/* A text that is this one's from its first byte to its last, so that a piece of it is found. */
static const char *
mark(const char *what, unsigned i)
{
	static char text[64];

	snprintf(text, sizeof(text), "%s-%05u-", what, i);
	return text;
}

static void
fill_text(struct buf *b, const char *what, unsigned i, size_t n)
{
	buf_clear(b);
	while (b->n < n)
		buf_puts(b, mark(what, i));
}

static void
put_secret_draft(struct ctx *c, unsigned i, size_t n)
{
	struct journal_draft d;

	memset(&d, 0, sizeof(d));
	snprintf(d.rid, sizeof(d.rid), "d%u", i);
	snprintf(d.seat, sizeof(d.seat), "1");
	d.ms = i;
	d.state = 2;
	fill_text(&d.json, "DRAFT", i, n);
	fill_text(&d.life, "LIFE", i, n / 3);
	assert_int_equal(OP(c, draft_put, &d), 0);
	buf_free(&d.json);
	buf_free(&d.life);
}

static void
put_secret_incident(struct ctx *c, unsigned i, const char *what, size_t n)
{
	struct journal_incident inc;

	memset(&inc, 0, sizeof(inc));
	inc.id = make_id(OWN, i);
	snprintf(inc.number, sizeof(inc.number), "n%u", i);
	fill_text(&inc.summary, what, i, n);
	assert_int_equal(OP(c, incident_put, &inc), 0);
	buf_free(&inc.summary);
}

/*
 * Rows of every length beside each other, rewritten so that pages split and merge; then, one after another and in no order,
 * what belongs to one message goes.  Nothing of it is in any file after the commit; everything of the others is.
 */
static void
no_byte_left(unsigned blob, unsigned body, unsigned draft, unsigned summary)
{
	enum { N = 60 };
	struct msgid ids[N];
	uint8_t digest[DIGEST_LEN];
	struct buf text = { 0 };
	struct ctx c;
	struct stat st;
	char path[128];
	unsigned i, k, round;

	ctx_open(&c, false);
	snprintf(path, sizeof(path), "%s/journal.db-wal", c.dir);
	for (i = 0; i < N; i++) {
		fill_text(&text, "BLOB", i, i * 331 % blob + 20);
		digest_of(text.p, text.n, digest);
		assert_int_equal(OP(&c, blob_put, digest, text.p, text.n), 0);
		fill_text(&text, "BODY", i, i * 577 % body + 20);
		ids[i] = put_text(&c, i + 1, buf_cstr(&text), digest);
		if (i % 7 == 0)
			commit(&c);
	}
	for (round = 0; round < 6; round++)
		for (k = 0; k < N; k++) {
			i = (k * 37 + round * 11) % N;
			put_secret_draft(&c, i, (i * 613 + round * 1777) % draft + 20);
			put_secret_incident(&c, i + 1, "SUMMARY", (i * 419 + round * 1301) % summary + 20);
			if (k % 5 == 0)
				commit(&c);
		}
	commit(&c);
	assert_true(on_disk_now(&c, mark("BODY", 3)));
	for (k = 0; k < N; k++) {
		i = (k * 23 + 5) % N;
		assert_int_equal(destroy(&c, &ids[i]), 0);
		snprintf(path, sizeof(path), "d%u", i);
		assert_int_equal(OP(&c, draft_del, path), 0);
		put_secret_incident(&c, i + 1, "EMPTIED", 20);
		commit(&c);
		snprintf(path, sizeof(path), "%s/journal.db-wal", c.dir);
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_size, 0);
		assert_false(on_disk_now(&c, mark("BODY", i)));
		assert_false(on_disk_now(&c, mark("BLOB", i)));
		assert_false(on_disk_now(&c, mark("DRAFT", i)));
		assert_false(on_disk_now(&c, mark("LIFE", i)));
		assert_false(on_disk_now(&c, mark("SUMMARY", i + 1)));
		if (k + 1 < N) {
			i = ((k + 1) * 23 + 5) % N;
			assert_true(on_disk_now(&c, mark("BODY", i)) && on_disk_now(&c, mark("BLOB", i)) &&
			    on_disk_now(&c, mark("DRAFT", i)) && on_disk_now(&c, mark("SUMMARY", i + 1)));
		}
		if (k % 10 == 9) {
			ctx_crash(&c);
			assert_destroyed_count(&c, k + 1);
		}
	}
	buf_free(&text);
	ctx_close(&c);
}

static void
no_byte_left_of_long_rows(void **state)
{
	(void)state;
	no_byte_left(9000, 12000, 5000, 6000);
}

/* Many in a page: where a page is laid out anew, pieces of rows that were there stay between the others. */
static void
no_byte_left_of_short_rows(void **state)
{
	(void)state;
	no_byte_left(600, 700, 900, 800);
}

/* A draft in review goes from the file by itself too; one that was not goes as before. */
static void
drafts_go(void **state)
{
	enum { N = 40 };
	struct ctx c;
	unsigned i, k, round;
	char rid[16];

	(void)state;
	ctx_open(&c, false);
	for (round = 0; round < 5; round++)
		for (i = 0; i < N; i++) {
			put_secret_draft(&c, i, (i * 613 + round * 1777) % 5000 + 20);
			if (i % 5 == 0)
				commit(&c);
		}
	commit(&c);
	for (k = 0; k < N; k++) {
		i = (k * 13 + 3) % N;
		snprintf(rid, sizeof(rid), "d%u", i);
		assert_int_equal(OP(&c, draft_del, rid), 0);
		commit(&c);
		assert_false(on_disk_now(&c, mark("DRAFT", i)));
		assert_false(on_disk_now(&c, mark("LIFE", i)));
	}
	assert_clean(&c);
	ctx_close(&c);
}

/* Killed after the commit and before the log was emptied: the next open does it. */
static void
log_emptied_at_open(void **state)
{
	struct stat st;
	struct ctx c;
	char path[128];
	int status;
	pid_t pid;

	(void)state;
	ctx_open(&c, false);
	c.j->ops->close(c.j);
	snprintf(path, sizeof(path), "%s/journal.db-wal", c.dir);
	if ((pid = fork()) == 0) {
		struct fault fault = { 0 };

		if ((c.j = journal_sqlite_open(c.dir, false, &fault)) == NULL)
			_exit(1);
		(void)put_text(&c, 1, "LOGGED", NULL);
		commit(&c);
		raise(SIGKILL);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(stat(path, &st), 0);
	assert_true(st.st_size > 0);
	c.j = journal_ram_open();	/* for ctx_crash() to close */
	ctx_crash(&c);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 0);
	assert_int_equal(c.j->ops->chain_seq(c.j), 1);
	ctx_close(&c);
}

static void
assert_who(struct ctx *c, const char *expected)
{
	sqlite3_stmt *s;
	sqlite3 *db;
	char path[128];

	c->j->ops->close(c->j);
	snprintf(path, sizeof(path), "%s/journal.db", c->dir);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, "SELECT who,ref FROM chain ORDER BY seq DESC", -1, &s, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(s), SQLITE_ROW);
	assert_string_equal((const char *)sqlite3_column_text(s, 0), expected);
	assert_true(strncmp((const char *)sqlite3_column_text(s, 1), "330225102.1000.", 15) == 0);
	sqlite3_finalize(s);
	sqlite3_close(db);
	c->j = journal_ram_open();	/* for ctx_crash() to close */
	ctx_crash(c);
}

/* The chain names both, whatever the names are. */
static void
names(void **state)
{
#define X60 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define Y60 "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy"
#define Z20 "王王王王王王王王王王王王王王王王王王王王"	/* 60 bytes */
	static const struct { const char *first, *second, *who; } rows[] = {
		{ "王芳", "李强", "王芳 + 李强" },
		{ X60 X60 X60, "李强", X60 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx + 李强" },
		{ "李强", Y60 Y60 Y60, "李强 + " Y60 "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy" },
		{ X60 X60 X60, Y60 Y60 Y60, X60 "xx + " Y60 "yy" },
		{ Z20 Z20, Z20 Z20, Z20 " + " Z20 },
		{ "a\nb\x1b[31m", "c\xff", "a\xef\xbf\xbd" "b\xef\xbf\xbd[31m + c\xef\xbf\xbd" },
		{ "", "", " + " },
	};
	struct msgid id;
	struct ctx c;
	size_t i;

	(void)state;
	ctx_open(&c, false);
	for (i = 0; i < COUNT(rows); i++) {
		id = put_new(&c, OWN, i + 1, KIND_REPORT, NULL, NULL);
		assert_int_equal(OP(&c, destroy, 1, &id, rows[i].first, rows[i].second, "line\nfeed"), 0);
		commit(&c);
		assert_who(&c, rows[i].who);
	}
	assert_destroyed_count(&c, COUNT(rows));
	ctx_close(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_cases_ram),
		cmocka_unit_test(all_cases_sqlite),
		cmocka_unit_test(no_byte_left_of_long_rows),
		cmocka_unit_test(no_byte_left_of_short_rows),
		cmocka_unit_test(drafts_go),
		cmocka_unit_test(log_emptied_at_open),
		cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
