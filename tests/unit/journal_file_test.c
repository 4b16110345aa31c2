/*
 * The journal's file: what is refused, and that what is refused is left as it is; what verification finds in a file
 * that was tampered with; what a kill and a full disk leave.  The tampering is done with SQLite itself, behind the
 * journal's back.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>
#include <sqlite3.h>
#include "journal_make.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct place {
	char dir[64], db[128], wal[128];
};

static void
place_new(struct place *p)
{
	make_dir(p->dir, sizeof(p->dir));
	snprintf(p->db, sizeof(p->db), "%s/journal.db", p->dir);
	snprintf(p->wal, sizeof(p->wal), "%s/journal.db-wal", p->dir);
}

static struct journal *
must_open(const struct place *p, bool create)
{
	struct fault fault = { 0 };
	struct journal *j = journal_sqlite_open(p->dir, create, &fault);

	if (j == NULL)
		fail_msg("%d %s: %s", fault.code, fault.file, fault.text);
	return j;
}

static void
must_refuse(const struct place *p, bool create, int code, const char *why)
{
	struct fault fault = { 0 };
	struct journal *j = journal_sqlite_open(p->dir, create, &fault);

	if (j != NULL)
		fail_msg("opened; expected \"%s\"", why);
	if (fault.code != code || strstr(fault.text, why) == NULL)
		fail_msg("refused with %d \"%s\"; expected %d \"%s\"", fault.code, fault.text, code, why);
	assert_true(strncmp(fault.file, p->dir, strlen(p->dir)) == 0);
}

static void
put_own(struct journal *j, uint64_t serial)
{
	struct msgid ref = make_id(OWN, 1), inc = make_id("330225", 1);
	struct journal_delivery d = { .state = DLV_OPEN };
	struct journal_outbox o;
	struct journal_msg m;
	struct fault f = { 0 };
	struct body *b;

	make_msg(&m, OWN, serial, KIND_REPORT, &inc, &ref, 1);
	m.local = true;
	assert_non_null(b = wire_decode(m.body.p, m.body.n, &f));
	body_set_text(b, F_TO, "330225");
	buf_clear(&m.body);
	wire_encode(b, &m.body);
	digest_of(m.body.p, m.body.n, m.digest);
	body_free(b);
	assert_int_equal(j->ops->put_message(j, &m), 0);
	d.id = m.id;
	snprintf(d.to, sizeof(d.to), "330225");
	assert_int_equal(j->ops->delivery_put(j, &d), 0);
	make_outbox(&o, &m.id, "330225", "330225");
	assert_int_equal(j->ops->outbox_add(j, &o), 0);
	buf_free(&o.envelope);
	buf_free(&m.body);
}

/* A journal with `n` messages, a quarantined input, a blob and an administrator's entry. */
static void
fill(const struct place *p, uint64_t n)
{
	struct journal *j = must_open(p, true);
	struct journal_request r = { .rid = "rid" };
	struct journal_line l = { .peer = "330225", .out = true, .stream = 9 };
	struct journal_passage p9 = { .at = 5 };
	uint8_t digest[DIGEST_LEN];
	uint64_t i;

	for (i = 1; i <= n; i++)
		put_own(j, i);
	assert_int_equal(j->ops->quarantine(j, 1, "330225", "bad", "rubbish", 7), 0);
	digest_of("original", 8, digest);
	assert_int_equal(j->ops->blob_put(j, digest, "original", 8), 0);
	assert_int_equal(j->ops->chain_add(j, 1, CHAIN_ADMIN, "enrol", "root", NULL), 0);
	r.id = make_id(OWN, 1);
	assert_int_equal(j->ops->request_put(j, &r), 0);
	l.last = n;
	assert_int_equal(j->ops->line_put(j, &l), 0);
	for (i = 1; i <= n; i++) {
		p9.serial = i;
		p9.id = make_id(OWN, i);
		assert_int_equal(j->ops->passage_put(j, "330225", true, 9, &p9), 0);
	}
	assert_int_equal(j->ops->commit(j), 0);
	j->ops->close(j);
}

static struct buf
slurp(const char *path)
{
	struct buf b = { 0 };
	uint8_t part[65536];
	ssize_t n;
	int fd = open(path, O_RDONLY);

	assert_true(fd >= 0);
	while ((n = read(fd, part, sizeof(part))) > 0)
		buf_put(&b, part, (size_t)n);
	close(fd);
	return b;
}

static void
spit(const char *path, const void *p, size_t n)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, p, n), n);
	close(fd);
}

static void
overwrite(const char *path, off_t at, uint8_t byte, size_t n)
{
	uint8_t *junk = xmalloc(n);
	int fd = open(path, O_RDWR);

	memset(junk, byte, n);
	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, junk, n, at), n);
	close(fd);
	free(junk);
}

static void
assert_same(const char *path, const struct buf *before)
{
	struct buf now = slurp(path);

	assert_int_equal(now.n, before->n);
	assert_memory_equal(now.p, before->p, now.n);
	buf_free(&now);
}

static void
sql(const struct place *p, const char *text)
{
	sqlite3 *db;
	char *why = NULL;

	assert_int_equal(sqlite3_open(p->db, &db), SQLITE_OK);
	if (sqlite3_exec(db, text, NULL, NULL, &why) != SQLITE_OK)
		fail_msg("%s: %s", text, why);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void
creating(void **state)
{
	struct place p;
	struct stat st;
	struct journal *j;
	mode_t mask;

	(void)state;
	place_new(&p);
	must_refuse(&p, false, EX_NOINPUT, "there is no journal here");
	assert_int_equal(access(p.db, F_OK), -1);
	/* What an interrupted creation left does not matter. */
	snprintf(p.wal, sizeof(p.wal), "%s/journal.db.new", p.dir);
	spit(p.wal, "half", 4);
	snprintf(p.wal, sizeof(p.wal), "%s/journal.db.new-journal", p.dir);
	spit(p.wal, "half", 4);
	mask = umask(0);
	j = must_open(&p, true);
	assert_int_equal(stat(p.db, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(access(p.wal, F_OK), -1);
	snprintf(p.wal, sizeof(p.wal), "%s/journal.db.new-wal", p.dir);
	assert_int_equal(access(p.wal, F_OK), -1);
	put_own(j, 1);
	assert_int_equal(j->ops->commit(j), 0);
	snprintf(p.wal, sizeof(p.wal), "%s/journal.db-wal", p.dir);
	assert_int_equal(stat(p.wal, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	snprintf(p.wal, sizeof(p.wal), "%s/journal.db-shm", p.dir);
	assert_int_equal(access(p.wal, F_OK), -1);
	j->ops->close(j);
	/* Asked to create where there is one: opened, not replaced. */
	j = must_open(&p, true);
	assert_int_equal(j->ops->chain_seq(j), 1);
	j->ops->close(j);
	remove_dir(p.dir);
	/* The folder is made, closed to others. */
	j = must_open(&p, true);
	assert_int_equal(stat(p.dir, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	j->ops->close(j);
	remove_dir(p.dir);
	must_refuse(&p, false, EX_NOINPUT, "No such file");
	(void)umask(mask);
}

static void
missing_with_traces(void **state)
{
	static const char *const left[] = { "journal.db-wal", "journal.db-journal", "journal.db.bak" };
	struct place p;
	char path[128];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(left); i++) {
		place_new(&p);
		snprintf(path, sizeof(path), "%s/%s", p.dir, left[i]);
		spit(path, "x", 1);
		must_refuse(&p, true, EX_DATAERR, left[i]);
		must_refuse(&p, false, EX_DATAERR, left[i]);
		assert_int_equal(access(p.db, F_OK), -1);
		remove_dir(p.dir);
	}
}

/* Damage, and that it stays as it is: after the refusal the file holds the same bytes, and undoing the damage gives the
 * journal back. */
static void
damaged(void **state)
{
	static const struct {
		off_t at;		/* negative: from the end */
		size_t n;
		const char *why;
	} rows[] = {
		{ 0, 1, "first bytes" }, { 15, 1, "first bytes" }, { 68, 4, "not one of Dutydesk's" },
		{ 18, 2, "not one of" }, { 60, 1, "newer Dutydesk" }, { 0, 4096, "first bytes" }, { 16, 1, "" },
		{ 100, 8, "" }, { 4096, 4096, "" },
		{ 3 * 4096, 64, "" }, { 9 * 4096, 4096, "" }, { 20 * 4096 + 2, 6, "" }, { -4096, 4096, "" },
	};
	struct buf good, before;
	struct journal *j;
	struct place p;
	size_t i;

	(void)state;
	place_new(&p);
	fill(&p, 200);
	good = slurp(p.db);
	assert_true(good.n > 30 * 4096);
	for (i = 0; i < COUNT(rows); i++) {
		overwrite(p.db, rows[i].at < 0 ? (off_t)good.n + rows[i].at : rows[i].at, 0x6b, rows[i].n);
		before = slurp(p.db);
		print_message("           %zu bytes at %lld\n", rows[i].n, (long long)rows[i].at);
		must_refuse(&p, true, EX_DATAERR, rows[i].why);
		must_refuse(&p, false, EX_DATAERR, rows[i].why);
		assert_same(p.db, &before);
		buf_free(&before);
		spit(p.db, good.p, good.n);
	}
	j = must_open(&p, false);
	j->ops->close(j);

	/* Cut off, emptied, foreign. */
	assert_int_equal(truncate(p.db, (off_t)good.n - 4096), 0);
	must_refuse(&p, true, EX_DATAERR, "");
	assert_int_equal(truncate(p.db, 50), 0);
	must_refuse(&p, true, EX_DATAERR, "too short");
	assert_int_equal(truncate(p.db, 0), 0);
	must_refuse(&p, true, EX_DATAERR, "too short");
	assert_int_equal(unlink(p.db), 0);
	sql(&p, "PRAGMA journal_mode=WAL; CREATE TABLE t(x);");
	must_refuse(&p, true, EX_DATAERR, "not one of Dutydesk's");
	sql(&p, "PRAGMA application_id=1148548217; PRAGMA user_version=3;");	/* says it is ours, and is not */
	must_refuse(&p, true, EX_DATAERR, "");
	assert_int_equal(unlink(p.db), 0);
	assert_int_equal(mkdir(p.db, 0700), 0);
	must_refuse(&p, true, EX_DATAERR, "not a regular file");
	assert_int_equal(rmdir(p.db), 0);
	assert_int_equal(symlink("/etc/passwd", p.db), 0);
	must_refuse(&p, true, EX_DATAERR, "not a regular file");
	buf_free(&good);
	remove_dir(p.dir);
}

/* With a log beside it (the switch was killed), a refusal touches neither. */
static void
damaged_with_wal(void **state)
{
	struct place p;
	struct buf db, wal;
	pid_t pid;
	int status;

	(void)state;
	place_new(&p);
	fill(&p, 200);
	if ((pid = fork()) == 0) {
		struct fault fault = { 0 };
		struct journal *j = journal_sqlite_open(p.dir, false, &fault);

		if (j == NULL || j->ops->meta_set(j, "k", "v") != 0 || j->ops->commit(j) != 0)
			_exit(1);
		raise(SIGKILL);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	overwrite(p.db, 20 * 4096, 0x6b, 4096);
	db = slurp(p.db);
	wal = slurp(p.wal);
	assert_true(wal.n > 0);
	must_refuse(&p, true, EX_DATAERR, "");
	assert_same(p.db, &db);
	assert_same(p.wal, &wal);
	buf_free(&db);
	buf_free(&wal);
	remove_dir(p.dir);
}

static void
locked_out(void **state)
{
	struct journal *j;
	struct place p;
	sqlite3 *db;
	pid_t pid;
	int status, round;

	(void)state;
	place_new(&p);
	j = must_open(&p, true);
	for (round = 0; round < 2; round++) {
		must_refuse(&p, false, EX_TEMPFAIL, "in use");
		/* Another process: and the refusal above has not cost this one its lock. */
		if ((pid = fork()) == 0) {
			struct fault fault = { 0 };

			_exit(journal_sqlite_open(p.dir, false, &fault) == NULL && fault.code == EX_TEMPFAIL ? 0 : 1);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	}
	assert_int_equal(sqlite3_open(p.db, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "SELECT * FROM meta", NULL, NULL, NULL) & 0xff, SQLITE_BUSY);
	sqlite3_close(db);
	put_own(j, 1);
	assert_int_equal(j->ops->commit(j), 0);
	j->ops->close(j);
	j = must_open(&p, false);
	j->ops->close(j);
	remove_dir(p.dir);
}

static void
tampered(void **state)
{
	static const struct {
		const char *sql, *bad;
	} rows[] = {
		{ "UPDATE payload SET body=x'a0' WHERE seq=2", "message 330225102.1000.2: its bytes are not those" },
		{ "UPDATE payload SET body=body||x'00' WHERE seq=2",
		    "message 330225102.1000.2: its bytes are not those" },
		{ "UPDATE payload SET body=zeroblob(length(body)) WHERE seq=2",
		    "message 330225102.1000.2: its bytes are gone" },
		{ "DELETE FROM payload WHERE seq=2", "message 330225102.1000.2: its bytes are missing" },
		{ "DELETE FROM chain WHERE seq=3", "chain 3: missing (the next entry is 4)" },
		{ "DELETE FROM chain WHERE seq=1", "chain 1: missing (the next entry is 2)" },
		{ "UPDATE chain SET who=99 WHERE seq=7", "chain 7: holds a value of the wrong kind" },
		{ "UPDATE chain SET who=1 WHERE seq=7", "chain 7: its hash" },
		{ "UPDATE message SET sender=2 WHERE seq=2", "chain 2: its hash" },
		{ "UPDATE chain SET ms=ms+1 WHERE seq=7", "chain 7: its hash" },
		{ "UPDATE message SET stored=stored+1 WHERE seq=2", "chain 2: its hash" },
		{ "UPDATE chain SET hash=(SELECT hash FROM chain WHERE seq=4) WHERE seq=3", "chain 3: its hash" },
		{ "UPDATE chain SET ref='retire' WHERE seq=7", "chain 7: its hash" },
		{ "UPDATE chain SET what=5 WHERE seq=7", "chain 7: its hash" },
		{ "UPDATE chain SET hash=zeroblob(8) WHERE seq=2", "chain 2: its hash" },
		{ "UPDATE chain SET hash=x'00' WHERE seq=2", "chain 2: holds a value of the wrong kind" },
		{ "DELETE FROM message WHERE seq=2", "chain 2: its message is missing" },
		{ "UPDATE message SET serial=9 WHERE seq=2",
		    "chain 2: its hash" },
		{ "UPDATE message SET digest=zeroblob(32) WHERE seq=2", "chain 2: its hash" },
		{ "UPDATE message SET kind=5 WHERE seq=2", "message 330225102.1000.2: its row and its body differ in kind" },
		{ "UPDATE message SET iserial=9 WHERE seq=2",
		    "message 330225102.1000.2: its row and its body differ in incident" },
		{ "UPDATE message SET quiet=1 WHERE seq=2", "message 330225102.1000.2: its row and its body differ in quiet" },
		{ "UPDATE message SET stored='yesterday' WHERE seq=2", "chain 2: holds a value of the wrong kind" },
		{ "INSERT INTO source VALUES(9,0,'330200',1); INSERT INTO message SELECT 99,9,1,0,0,1,4,1,1,0,digest,0,0,0 FROM message"
		    " WHERE seq=2", "message 330200.1.1: the chain does not know it" },
		{ "DELETE FROM ref WHERE seq=2", "message 330225102.1000.2: what it refers to" },
		{ "UPDATE original SET bytes=x'00'", "its bytes do not have this digest" },
		{ "UPDATE original SET bytes=zeroblob(length(bytes))", "its bytes do not have this digest" },
		{ "UPDATE quarantine SET bytes=x'00'", "quarantine 6: its bytes are not those" },
		{ "DELETE FROM quarantine", "chain 6: the quarantined input is missing" },
		{ "INSERT INTO outbox SELECT 99,0,source,77,4,0,0,x'' FROM message WHERE seq=1",
		    "outbox 99: its message is missing" },
		{ "UPDATE delivery SET serial=77 WHERE n=2", "message 330225102.1000.2: its delivery to 330225 is missing" },
		{ "INSERT INTO delivery SELECT 99,source,77,station,state,since,offered,delivered,read,signed,taken,person FROM delivery"
		    " WHERE n=2", "delivery 99: its message is missing" },
		{ "INSERT INTO payload VALUES(7,x'00')", "payload 7: its message is missing" },
		{ "UPDATE payload SET body=(SELECT body FROM payload WHERE seq=3) WHERE seq=2",
		    "message 330225102.1000.2: its bytes are not those" },
		{ "DELETE FROM delivery WHERE n=2", "message 330225102.1000.2: its delivery to 330225 is missing" },
		{ "UPDATE delivery SET station=1 WHERE n=2", "message 330225102.1000.2: its delivery to 330225 is missing" },
		{ "DELETE FROM passage WHERE number=2", "passage 330225 out 9 2: missing" },
		{ "DELETE FROM passage WHERE number=5", "passage 330225 out 9 5: missing" },
		{ "UPDATE passage SET serial=77 WHERE number=2", "passage 2: its message is missing" },
		{ "UPDATE passage SET line=7 WHERE number=2", "passage 330225 out 9 2: missing" },
		{ "UPDATE line SET last=4", "line 330225 out 9: ends at 4, and number 5 is here" },
		{ "UPDATE line SET last=6", "passage 330225 out 9 6: missing" },
		{ "UPDATE line SET closed=6", "line 330225 out 9: ends at 5, and is closed up to 6" },
		{ "UPDATE request SET serial=77", "request rid: its message is missing" },
		{ "UPDATE head SET messages=4", "head: says 4 messages, there are 5" },
		{ "UPDATE head SET quarantined=2", "head: says 2 quarantined, there are 1" },
		{ "UPDATE message SET retired=1 WHERE seq=2", "message 330225102.1000.2: retention let its bytes go, and they are here" },
		{ "UPDATE message SET retired=1 WHERE seq=2; DELETE FROM payload WHERE seq=2",
		    "message 2: its bytes are gone, and the chain knows of no retention" },
		{ "UPDATE chain SET ms=1 WHERE seq=2", "chain 2: " },
		{ "UPDATE source SET epoch=epoch+1", "chain 1: its hash" },
		{ "DELETE FROM source", "chain 1: holds a value of the wrong kind" },
		{ "UPDATE name SET text='330200' WHERE n=1", "chain 1: its hash" },
	};
	struct journal_verify v;
	struct journal *j;
	struct buf good;
	struct place p;
	size_t i;

	(void)state;
	place_new(&p);
	fill(&p, 5);
	good = slurp(p.db);
	for (i = 0; i < COUNT(rows); i++) {
		sql(&p, rows[i].sql);
		j = must_open(&p, false);
		assert_int_equal(j->ops->verify(j, OWN, &v), 0);
		if (strstr(v.bad, rows[i].bad) == NULL)
			fail_msg("%s: verify says \"%s\", expected \"%s\"", rows[i].sql, v.bad, rows[i].bad);
		j->ops->close(j);
		spit(p.db, good.p, good.n);
	}
	j = must_open(&p, false);
	assert_int_equal(j->ops->verify(j, OWN, &v), 0);
	assert_string_equal(v.bad, "");
	assert_true(v.messages == 5 && v.chain == 7 && v.deliveries == 5 && v.outbox == 5 && v.blobs == 1);
	/* A destruction the chain knows of is counted, and clean. */
	assert_int_equal(j->ops->chain_add(j, 9, CHAIN_DESTROYED, "330225102.1000.2", "two persons", NULL), 0);
	assert_int_equal(j->ops->commit(j), 0);
	j->ops->close(j);
	sql(&p, "UPDATE payload SET body=NULL WHERE seq=2");
	j = must_open(&p, false);
	assert_int_equal(j->ops->verify(j, OWN, &v), 0);
	assert_string_equal(v.bad, "");
	assert_int_equal(v.destroyed, 1);
	j->ops->close(j);
	buf_free(&good);
	remove_dir(p.dir);
}

/* Readers are not handed what is not the message's, whatever the table holds in its place; it can still be destroyed. */
static void
not_handed_out(void **state)
{
	static const char *const rows[] = { "DELETE FROM payload WHERE seq=2", "UPDATE payload SET body=7 WHERE seq=2",
		"UPDATE payload SET body='text' WHERE seq=2", "UPDATE payload SET body=x'' WHERE seq=2",
		"UPDATE payload SET body=body||x'00' WHERE seq=2" };
	struct msgid id = make_id(OWN, 2);
	struct journal_verify v;
	uint8_t digest[DIGEST_LEN];
	struct journal_msg m;
	struct buf b = { 0 };
	struct journal *j;
	struct place p;
	size_t i;

	(void)state;
	digest_of("original", 8, digest);
	for (i = 0; i < COUNT(rows); i++) {
		place_new(&p);
		fill(&p, 3);
		sql(&p, rows[i]);
		sql(&p, "UPDATE original SET bytes=x'6f'");
		j = must_open(&p, false);
		assert_int_equal(j->ops->get_message(j, &id, &m), 0);
		assert_true(m.damaged && !m.destroyed && m.body.n == 0);
		buf_free(&m.body);
		assert_int_equal(j->ops->blob_get(j, digest, &b), 1);
		assert_int_equal(b.n, 0);
		assert_int_equal(j->ops->destroy(j, 1, &id, "a", "b", "c"), 0);
		assert_int_equal(j->ops->destroy(j, 1, &id, "a", "b", "c"), 1);
		assert_int_equal(j->ops->commit(j), 0);
		j->ops->close(j);
		sql(&p, "UPDATE original SET bytes=CAST('original' AS BLOB)");
		j = must_open(&p, false);
		assert_int_equal(j->ops->verify(j, OWN, &v), 0);
		assert_string_equal(v.bad, "");
		assert_int_equal(v.destroyed, 1);
		j->ops->close(j);
		buf_free(&b);
		remove_dir(p.dir);
	}
}

/* The chain's end cannot be cut off or replaced: the journal does not even open. */
static void
cut_tail(void **state)
{
	static const char *const cuts[] = { "DELETE FROM chain WHERE seq=7",
		"UPDATE chain SET hash=zeroblob(8) WHERE seq=7",
		"INSERT INTO chain SELECT 8,ms,what,ref,who,digest,hash FROM chain WHERE seq=7", "DELETE FROM chain",
		"DELETE FROM head" };
	struct place p;
	struct buf good;
	size_t i;

	(void)state;
	place_new(&p);
	fill(&p, 5);
	good = slurp(p.db);
	for (i = 0; i < COUNT(cuts); i++) {
		sql(&p, cuts[i]);
		must_refuse(&p, false, EX_DATAERR, "chain");
		spit(p.db, good.p, good.n);
	}
	buf_free(&good);
	remove_dir(p.dir);
}

/* A switch killed between commits keeps every commit and nothing else. */
static void
killed(void **state)
{
	struct journal_verify v;
	struct journal *j;
	struct place p;
	uint64_t next = 1;
	int round, status, i;
	pid_t pid;

	(void)state;
	place_new(&p);
	j = must_open(&p, true);
	j->ops->close(j);
	for (round = 0; round < 6; round++) {
		if ((pid = fork()) == 0) {
			struct fault fault = { 0 };
			uint64_t serial = next;

			if ((j = journal_sqlite_open(p.dir, false, &fault)) == NULL)
				_exit(1);
			for (i = 0; i < 3; i++) {
				put_own(j, serial++);
				if (j->ops->commit(j) != 0)
					_exit(1);
			}
			/* Enough for pages to spill into the log before any commit. */
			for (i = 0; i < (round % 2 == 0 ? 1 : 300); i++)
				put_own(j, serial++);
			raise(SIGKILL);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status));
		next += 3;
		j = must_open(&p, false);
		assert_int_equal(j->ops->chain_seq(j), next - 1);
		assert_int_equal(j->ops->verify(j, OWN, &v), 0);
		assert_string_equal(v.bad, "");
		assert_int_equal(v.messages, next - 1);
		assert_int_equal(v.outbox, next - 1);
		j->ops->close(j);
	}
	remove_dir(p.dir);
}

/* The disk takes no more: the write or the commit fails, the journal is unusable, what was committed stands. */
static void
disk_full(void **state)
{
	struct journal_verify v;
	struct journal *j;
	struct place p;
	pid_t pid;
	int status;

	(void)state;
	place_new(&p);
	fill(&p, 5);
	if ((pid = fork()) == 0) {
		struct rlimit limit = { 256 * 1024, 256 * 1024 };
		struct fault fault = { 0 };
		uint8_t *big = xcalloc(1, 100000), digest[DIGEST_LEN];
		int rc = 0, i;

		(void)signal(SIGXFSZ, SIG_IGN);
		if ((j = journal_sqlite_open(p.dir, false, &fault)) == NULL || setrlimit(RLIMIT_FSIZE, &limit) != 0)
			_exit(1);
		for (i = 0; rc == 0 && i < 5; i++) {
			big[0] = (uint8_t)i;
			digest_of(big, 100000, digest);
			rc = j->ops->blob_put(j, digest, big, 100000);
		}
		if (rc == 0)
			rc = j->ops->commit(j);
		if (rc != -1 || !j->failed || j->ops->commit(j) != -1 || j->ops->meta_set(j, "k", "v") != -1)
			_exit(2);
		j->ops->close(j);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	j = must_open(&p, false);
	assert_int_equal(j->ops->verify(j, OWN, &v), 0);
	assert_string_equal(v.bad, "");
	assert_true(v.messages == 5 && v.blobs == 1);
	put_own(j, 6);
	assert_int_equal(j->ops->commit(j), 0);
	j->ops->close(j);
	remove_dir(p.dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(creating),
		cmocka_unit_test(missing_with_traces),
		cmocka_unit_test(damaged),
		cmocka_unit_test(damaged_with_wal),
		cmocka_unit_test(locked_out),
		cmocka_unit_test(tampered),
		cmocka_unit_test(not_handed_out),
		cmocka_unit_test(cut_tail),
		cmocka_unit_test(killed),
		cmocka_unit_test(disk_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
