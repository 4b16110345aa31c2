/*
 * What only a file can show of a destruction: that no byte of it, as it was kept, is left in any of the journal's files; and what the chain
 * says of it.
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
#include "../../switch/journal_sqlite.h"
#include "journal_cases.h"
#include "journal_destroy.h"

/* ---- files ---- */

/* Pieces of bytes as they are kept: from the first to the last, as a page that was laid out anew may have any of them. */
enum { PIECES = 8, PIECE = 14 };

/* The digest of the original stands in the body, and stays in the tables. */
static uint8_t named[DIGEST_LEN];

static bool
holds(const uint8_t *file, size_t n, const struct buf *b)
{
	/* What all begin with is nobody's. */
	size_t from = b->n > 2 * PIECE ? (b->n - PIECE) / 4 : 0, step = (b->n - PIECE - from) / (PIECES - 1), k;

	assert_true(b->n >= PIECE);
	for (k = 0; k < PIECES; k++)
		if (memmem(named, sizeof(named), b->p + from + k * step, PIECE) == NULL && memmem(file, n, b->p + from + k * step, PIECE) != NULL)
			return true;
	return false;
}

/* Is a piece of one of them in any file of the folder? */
static bool
on_disk(const struct ctx *c, const struct buf *v, size_t nv)
{
	char path[PATH_MAX];
	bool found = false;
	uint8_t *p;
	struct stat st;
	struct dirent *e;
	DIR *d = opendir(c->dir);
	size_t i;
	int fd;

	assert_non_null(d);
	while ((e = readdir(d)) != NULL) {
		snprintf(path, sizeof(path), "%s/%s", c->dir, e->d_name);
		if (stat(path, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size == 0)
			continue;
		assert_true((fd = open(path, O_RDONLY)) >= 0);
		p = xmalloc((size_t)st.st_size);
		assert_true(read(fd, p, (size_t)st.st_size) == st.st_size);
		for (i = 0; i < nv && !found; i++)
			found = holds(p, (size_t)st.st_size, &v[i]);
		free(p);
		close(fd);
	}
	closedir(d);
	return found;
}

/* In another process: closing the file in this one would drop the journal's locks on it. */
static bool
on_disk_now(const struct ctx *c, const struct buf *v, size_t nv)
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(on_disk(c, v, nv) ? 1 : 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) <= 1);
	return WEXITSTATUS(status) == 1;
}

/* A text of which every piece is this one's, and which hardly shrinks. */
static void
fill_text(struct buf *b, const char *what, unsigned i, size_t n)
{
	uint64_t x = i * 0x9e3779b97f4a7c15u + 1;

	for (; *what != '\0'; what++)
		x = (x ^ (unsigned char)*what) * 0x100000001b3u;
	buf_clear(b);
	while (b->n < n) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		buf_put_u8(b, (uint8_t)('0' + x % 75));
	}
}

/* As it is kept. */
static void
keep_packed(const struct ctx *c, const struct buf *plain, struct buf *out)
{
	sq_pack((struct sq *)c->j, plain->p, plain->n, out);
}

static void
keep_plain(const struct buf *plain, struct buf *out)
{
	buf_clear(out);
	buf_put(out, plain->p, plain->n);
}

enum { N = 60, ROUNDS = 6 };
struct kept {			/* what was ever kept of one, to be found nowhere */
	struct buf body, blob, draft[ROUNDS], life[ROUNDS], summary[ROUNDS];
};

static void
put_secret_draft(struct ctx *c, unsigned i, size_t n, unsigned round, struct kept *k)
{
	struct journal_draft d;

	memset(&d, 0, sizeof(d));
	snprintf(d.rid, sizeof(d.rid), "d%u", i);
	snprintf(d.seat, sizeof(d.seat), "1");
	d.ms = i;
	d.state = 2;
	fill_text(&d.json, "DRAFT", i * 10 + round, n);
	fill_text(&d.life, "LIFE", i * 10 + round, n / 3 + PIECE);
	keep_plain(&d.json, &k->draft[round]);
	keep_plain(&d.life, &k->life[round]);
	assert_int_equal(OP(c, draft_put, &d), 0);
	buf_free(&d.json);
	buf_free(&d.life);
}

static void
put_secret_incident(struct ctx *c, unsigned i, const char *what, size_t n, struct buf *kept)
{
	struct journal_incident inc;

	memset(&inc, 0, sizeof(inc));
	inc.id = make_id(OWN, i);
	snprintf(inc.number, sizeof(inc.number), "n%u", i);
	fill_text(&inc.summary, what, i, n);
	if (kept != NULL)
		keep_packed(c, &inc.summary, kept);
	assert_int_equal(OP(c, incident_put, &inc), 0);
	buf_free(&inc.summary);
}

static void
free_kept(struct kept *k)
{
	unsigned r;

	buf_free(&k->body);
	buf_free(&k->blob);
	for (r = 0; r < ROUNDS; r++) {
		buf_free(&k->draft[r]);
		buf_free(&k->life[r]);
		buf_free(&k->summary[r]);
	}
}

/*
 * Rows of every length beside each other, rewritten so that pages split and merge; then, one after another and in no order,
 * what belongs to one message goes.  Nothing of it is in any file after the commit; everything of the others is.
 */
static void
no_byte_left(unsigned blob, unsigned body, unsigned draft, unsigned summary)
{
	struct kept *kept = xcalloc(N, sizeof(*kept));
	struct msgid ids[N];
	uint8_t digest[DIGEST_LEN];
	struct buf text = { 0 };
	struct journal_msg m;
	struct ctx c;
	struct stat st;
	char path[128], what[16];
	unsigned i, k, round;

	ctx_open(&c, false);
	for (i = 0; i < N; i++) {
		fill_text(&text, "BLOB", i, i * 331 % blob + 20);
		keep_plain(&text, &kept[i].blob);
		digest_of(text.p, text.n, digest);
		assert_int_equal(OP(&c, blob_put, digest, text.p, text.n), 0);
		fill_text(&text, "BODY", i, i * 577 % body + 20);
		ids[i] = put_text(&c, i + 1, buf_cstr(&text), digest);
		assert_int_equal(OP(&c, get_message, &ids[i], &m), 0);
		keep_packed(&c, &m.body, &kept[i].body);
		buf_free(&m.body);
		if (i % 7 == 0)
			commit(&c);
	}
	for (round = 0; round < ROUNDS; round++)
		for (k = 0; k < N; k++) {
			i = (k * 37 + round * 11) % N;
			put_secret_draft(&c, i, (i * 613 + round * 1777) % draft + 20, round, &kept[i]);
			snprintf(what, sizeof(what), "SUMMARY%u", round);
			put_secret_incident(&c, i + 1, what, (i * 419 + round * 1301) % summary + 20, &kept[i].summary[round]);
			if (k % 5 == 0)
				commit(&c);
		}
	commit(&c);
	assert_true(on_disk_now(&c, &kept[3].body, 1));
	for (k = 0; k < N; k++) {
		i = (k * 23 + 5) % N;
		digest_of(kept[i].blob.p, kept[i].blob.n, named);
		assert_int_equal(destroy(&c, &ids[i]), 0);
		snprintf(path, sizeof(path), "d%u", i);
		assert_int_equal(OP(&c, draft_del, path), 0);
		put_secret_incident(&c, i + 1, "EMPTIED", 20, NULL);
		commit(&c);
		snprintf(path, sizeof(path), "%s/journal.db-wal", c.dir);
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_size, 0);
		assert_false(on_disk_now(&c, &kept[i].body, 1));
		assert_false(on_disk_now(&c, &kept[i].blob, 1));
		assert_false(on_disk_now(&c, kept[i].draft, ROUNDS));
		assert_false(on_disk_now(&c, kept[i].life, ROUNDS));
		assert_false(on_disk_now(&c, kept[i].summary, ROUNDS));
		if (k + 1 < N) {
			i = ((k + 1) * 23 + 5) % N;
			assert_true(on_disk_now(&c, &kept[i].body, 1) && on_disk_now(&c, &kept[i].blob, 1) &&
			    on_disk_now(&c, &kept[i].draft[ROUNDS - 1], 1) && on_disk_now(&c, &kept[i].summary[ROUNDS - 1], 1));
		}
		if (k % 10 == 9) {
			ctx_crash(&c);
			assert_destroyed_count(&c, k + 1);
		}
	}
	for (i = 0; i < N; i++)
		free_kept(&kept[i]);
	free(kept);
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
	struct kept *kept = xcalloc(N, sizeof(*kept));
	struct ctx c;
	unsigned i, k, round;
	char rid[16];

	(void)state;
	ctx_open(&c, false);
	for (round = 0; round < ROUNDS; round++)
		for (i = 0; i < N; i++) {
			put_secret_draft(&c, i, (i * 613 + round * 1777) % 5000 + 20, round, &kept[i]);
			if (i % 5 == 0)
				commit(&c);
		}
	commit(&c);
	for (k = 0; k < N; k++) {
		i = (k * 13 + 3) % N;
		snprintf(rid, sizeof(rid), "d%u", i);
		assert_int_equal(OP(&c, draft_del, rid), 0);
		commit(&c);
		assert_false(on_disk_now(&c, kept[i].draft, ROUNDS));
		assert_false(on_disk_now(&c, kept[i].life, ROUNDS));
	}
	assert_clean(&c);
	for (i = 0; i < N; i++)
		free_kept(&kept[i]);
	free(kept);
	ctx_close(&c);
}

/* Retention moves rows between pages, and pieces may stay there; a destruction afterwards leaves none all the same. */
static void
no_byte_left_after_retention(void **state)
{
	struct buf *kept = xcalloc(N, sizeof(*kept)), text = { 0 };
	struct msgid ids[N];
	struct journal_msg m;
	struct ctx c;
	unsigned i, k;
	size_t n;

	(void)state;
	ctx_open(&c, false);
	for (i = 0; i < N; i++) {
		fill_text(&text, "BODY", i, i * 577 % 900 + 20);
		ids[i] = put_text(&c, i + 1, buf_cstr(&text), NULL);
		assert_int_equal(OP(&c, get_message, &ids[i], &m), 0);
		keep_packed(&c, &m.body, &kept[i]);
		buf_free(&m.body);
		if (i % 3 != 0)		/* every third stays */
			assert_int_equal(OP(&c, set_local, &ids[i]), 0);
		if (i % 3 == 1)
			assert_int_equal(OP(&c, settle, &ids[i], true), 0);
	}
	commit(&c);
	assert_int_equal(OP(&c, retire, 5, INT64_MAX, N, &n), 0);
	assert_int_equal(n, N / 3 * 2);
	commit(&c);
	for (i = 0; i < N; i++)
		if (i % 3 == 2)
			assert_true(on_disk_now(&c, &kept[i], 1));
	for (k = 0; k < 6; k++) {
		i = k * 9 + 2;
		assert_int_equal(destroy(&c, &ids[i]), 0);
		commit(&c);
		assert_false(on_disk_now(&c, &kept[i], 1));
		/* What retention let go is nowhere either, once the file was laid out anew. */
		assert_false(on_disk_now(&c, &kept[i - 1], 1));
	}
	assert_destroyed_count(&c, 6);
	ctx_crash(&c);
	assert_destroyed_count(&c, 6);
	for (i = 0; i < N; i++)
		buf_free(&kept[i]);
	free(kept);
	buf_free(&text);
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
	assert_int_equal(sqlite3_prepare_v2(db, "SELECT n.text,c.ref FROM chain c JOIN name n ON n.n=c.who ORDER BY seq DESC", -1, &s, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(s), SQLITE_ROW);
	assert_string_equal((const char *)sqlite3_column_text(s, 0), expected);
	assert_int_equal(sqlite3_column_type(s, 1), SQLITE_BLOB);	/* the id, by its numbers */
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
		cmocka_unit_test(no_byte_left_of_long_rows),
		cmocka_unit_test(no_byte_left_of_short_rows),
		cmocka_unit_test(drafts_go),
		cmocka_unit_test(no_byte_left_after_retention),
		cmocka_unit_test(log_emptied_at_open),
		cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
