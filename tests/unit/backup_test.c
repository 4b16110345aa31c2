/*
 * Copies of the journal: whole while it is written to, refused when damaged, and the housekeeping that orders and clears them.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <sysexits.h>
#include "../../formats/i18n.h"
#include "../../switch/journal_sqlite_backup.h"
#include "../../switch/keep.h"
#include "../../switch/log.h"
#include "../../switch/loop.h"
#include "journal_make.h"

#define DAY ((int64_t)24 * 3600 * 1000)

struct fx {
	char root[64], journal[96], backup[96], copy[128];
	struct journal *j;
	uint64_t serial;
};

static int
setup(void **state)
{
	struct fx *x = xcalloc(1, sizeof(*x));
	struct fault f = {0};

	make_dir(x->root, sizeof(x->root));
	snprintf(x->journal, sizeof(x->journal), "%s/journal", x->root);
	snprintf(x->backup, sizeof(x->backup), "%s/backup", x->root);
	snprintf(x->copy, sizeof(x->copy), "%s/copy.db", x->root);
	if ((x->j = journal_sqlite_open(x->journal, true, &f)) == NULL)
		fail_msg("%s", f.text);
	x->j->ops->meta_set(x->j, "station", OWN);
	assert_int_equal(x->j->ops->commit(x->j), 0);
	*state = x;
	return 0;
}

static int
teardown(void **state)
{
	struct fx *x = *state;

	if (x->j != NULL)
		x->j->ops->close(x->j);
	remove_dir(x->journal);
	remove_dir(x->backup);
	remove_dir(x->root);
	free(x);
	return 0;
}

static void
put(struct fx *x, size_t n)
{
	struct journal_msg m;

	while (n-- > 0) {
		make_msg(&m, OWN, ++x->serial, KIND_LOG, NULL, NULL, 0);
		assert_int_equal(x->j->ops->put_message(x->j, &m), 0);
		buf_free(&m.body);
	}
}

static void
commit(struct fx *x)
{
	assert_int_equal(x->j->ops->commit(x->j), 0);
}

static void
copy_now(struct fx *x, const char *path, struct journal_backup_info *info)
{
	struct fault f = {0};
	struct journal_backup *b = journal_backup_begin(x->j, path, &f);
	int rc;

	if (b == NULL)
		fail_msg("%s", f.text);
	while ((rc = journal_backup_step(b, 5, &f)) == 1)
		;
	if (rc != 0 || journal_backup_finish(b, info, &f) != 0)
		fail_msg("%s", f.text);
	journal_backup_free(b);
}

static bool
there(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

/* ---- copies ---- */

/* Written to between, and in the middle of, the slices: what is in the journal at the end is in the copy, and the copy is a journal. */
static void
while_writing(void **state)
{
	struct fx *x = *state;
	struct journal_backup_info info;
	struct journal_verify v;
	struct journal_backup *b;
	struct journal *copy;
	struct fault f = {0};
	struct stat st;
	char dir[96], db[128];
	int rc, turns = 0;

	put(x, 400);
	commit(x);
	assert_non_null(b = journal_backup_begin(x->j, x->copy, &f));
	for (;;) {
		assert_false(there(x->copy)); /* not before it is whole */
		if ((rc = journal_backup_step(b, 3, &f)) != 1)
			break;
		put(x, 2);
		/* a transaction is open: it waits */
		assert_int_equal(journal_backup_step(b, 3, &f), 1);
		commit(x);
		if (++turns > 5000)
			fail_msg("the copy never ends");
	}
	assert_int_equal(rc, 0);
	assert_true(turns > 10);
	if (journal_backup_finish(b, &info, &f) != 0)
		fail_msg("%s", f.text);
	journal_backup_free(b);
	/* what comes after is not in it */
	put(x, 5);
	commit(x);
	assert_int_equal(info.messages, x->serial - 5);
	assert_int_equal(info.chain, x->serial - 5);
	assert_string_equal(info.station, OWN);
	assert_int_equal(lstat(x->copy, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal((uint64_t)st.st_size, info.bytes);
	assert_int_equal(journal_backup_check(x->copy, OWN, &info, &f), 0);
	/* the journal is not disturbed */
	assert_int_equal(x->j->ops->verify(x->j, OWN, &v), 0);
	assert_string_equal(v.bad, "");
	/* the copy opens as a journal */
	snprintf(dir, sizeof(dir), "%s/restored", x->root);
	snprintf(db, sizeof(db), "%s/journal.db", dir);
	assert_int_equal(mkdir(dir, 0700), 0);
	assert_int_equal(rename(x->copy, db), 0);
	if ((copy = journal_sqlite_open(dir, false, &f)) == NULL)
		fail_msg("%s", f.text);
	assert_int_equal(copy->ops->verify(copy, OWN, &v), 0);
	assert_string_equal(v.bad, "");
	assert_int_equal(v.messages, x->serial - 5);
	copy->ops->close(copy);
	remove_dir(dir);
}

static void
nothing_in_the_way(void **state)
{
	struct fx *x = *state;
	struct journal_backup *b;
	struct fault f = {0};
	char part[160];
	int fd;

	put(x, 50);
	commit(x);
	assert_true((fd = open(x->copy, O_WRONLY | O_CREAT | O_EXCL, 0600)) >= 0);
	assert_int_equal(write(fd, "mine", 4), 4);
	close(fd);
	assert_null(journal_backup_begin(x->j, x->copy, &f));
	assert_int_equal(f.code, EX_CANTCREAT);
	assert_true(there(x->copy));
	/* it comes while the copy is made */
	assert_int_equal(unlink(x->copy), 0);
	assert_non_null(b = journal_backup_begin(x->j, x->copy, &f));
	while (journal_backup_step(b, 100, &f) == 1)
		;
	assert_true((fd = open(x->copy, O_WRONLY | O_CREAT | O_EXCL, 0600)) >= 0);
	assert_int_equal(write(fd, "mine", 4), 4);
	close(fd);
	assert_int_equal(journal_backup_finish(b, NULL, &f), -1);
	assert_int_equal(f.code, EX_CANTCREAT);
	journal_backup_free(b);
	snprintf(part, sizeof(part), "%s.part", x->copy);
	assert_false(there(part));
	assert_int_equal(unlink(x->copy), 0);
	/* broken off */
	assert_non_null(b = journal_backup_begin(x->j, x->copy, &f));
	assert_int_equal(journal_backup_step(b, 1, &f), 1);
	assert_true(there(part));
	journal_backup_free(b);
	assert_false(there(part));
	/* broken off while it is looked at: no copy, no rest */
	assert_non_null(b = journal_backup_begin(x->j, x->copy, &f));
	while (journal_backup_step(b, 100, &f) == 1)
		;
	put(x, 1);
	commit(x);
	journal_backup_free(b);
	assert_false(there(x->copy) || there(part));
	/* no folder */
	assert_null(journal_backup_begin(x->j, "/nowhere/at/all.db", &f));
	assert_int_equal(f.code, EX_CANTCREAT);
}

static void
poke(const char *path, off_t at, const void *p, size_t n)
{
	int fd = open(path, O_WRONLY);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, p, n, at), (ssize_t)n);
	close(fd);
}

static void
refused(const char *path, const char *station, int code)
{
	struct fault f = {0};

	assert_int_equal(journal_backup_check(path, station, NULL, &f), -1);
	if (f.code != code)
		fail_msg("%d, wanted %d: %s", f.code, code, f.text);
	assert_true(f.text[0] != '\0');
}

static void
damaged_copies(void **state)
{
	struct fx *x = *state;
	struct journal_backup_info info;
	struct fault f = {0};
	uint8_t page[4096];
	struct stat st;
	char odd[128];
	int fd;

	put(x, 200);
	commit(x);
	copy_now(x, x->copy, &info);
	assert_int_equal(stat(x->copy, &st), 0);
	refused(x->copy, "330200", EX_CONFIG);
	refused(x->root, OWN, EX_DATAERR);
	refused("/nowhere/at/all.db", OWN, EX_NOINPUT);
	/* every page in turn is zeros, or as it was a page before: named, or at least never a crash; the first always */
	for (off_t at = 0; at < st.st_size; at += (off_t)sizeof(page)) {
		uint8_t zeros[sizeof(page)] = {0};

		assert_true((fd = open(x->copy, O_RDONLY)) >= 0);
		assert_int_equal(pread(fd, page, sizeof(page), at), (ssize_t)sizeof(page));
		close(fd);
		poke(x->copy, at, zeros, sizeof(zeros));
		if (journal_backup_check(x->copy, OWN, NULL, &f) == 0 && at == 0)
			fail_msg("a copy without its first page is taken");
		poke(x->copy, at, page, sizeof(page));
	}
	assert_int_equal(journal_backup_check(x->copy, OWN, NULL, &f), 0);
	/* cut off */
	assert_int_equal(truncate(x->copy, st.st_size - 4096), 0);
	refused(x->copy, OWN, EX_DATAERR);
	assert_int_equal(truncate(x->copy, 50), 0);
	refused(x->copy, OWN, EX_DATAERR);
	assert_int_equal(truncate(x->copy, 0), 0);
	refused(x->copy, OWN, EX_DATAERR);
	assert_int_equal(unlink(x->copy), 0);
	/* a name that is an address's syntax */
	snprintf(odd, sizeof(odd), "%s/a b?mode=rwc&x#%%41é.db", x->root);
	copy_now(x, odd, &info);
	assert_int_equal(journal_backup_check(odd, OWN, &info, &f), 0);
	assert_int_equal(info.messages, 200);
	assert_int_equal(unlink(odd), 0);
}

static size_t
count(const char *folder, const char *start)
{
	struct dirent *e;
	size_t n = 0;
	DIR *d = opendir(folder);

	while (d != NULL && (e = readdir(d)) != NULL)
		n += strncmp(e->d_name, start, strlen(start)) == 0;
	if (d != NULL)
		(void)closedir(d);
	return n;
}

/* The journal's own handle is private: a copy plays the older journal. */
struct handle { struct journal base; struct sqlite3 *db; };

static void
before_migration(void **state)
{
	struct fx *x = *state;
	struct sqlite3 *db = ((struct handle *)x->j)->db;
	struct fault f = {0};
	int fd;

	put(x, 30);
	commit(x);
	if (journal_backup_before_migration(db, x->journal, 2, &f) != 0)
		fail_msg("%s", f.text);
	assert_int_equal(count(x->backup, "before-v2-"), 1);
	/* again without a change (its version is not 2: another copy), then with one */
	remove_dir(x->backup);
	assert_true((fd = open(x->backup, O_WRONLY | O_CREAT | O_EXCL, 0600)) >= 0); /* a file where the folder should be */
	close(fd);
	assert_int_equal(journal_backup_before_migration(db, x->journal, 2, &f), -1);
	assert_int_equal(f.code, EX_CANTCREAT);
	assert_int_equal(unlink(x->backup), 0);
	/* inside a transaction: never */
	put(x, 1);
	assert_int_equal(journal_backup_before_migration(db, x->journal, 2, &f), -1);
	commit(x);
	assert_int_equal(count(x->backup, "before-"), 0);
}

/* A migration that fails again and again must not fill the disk with copies of the same. */
static void
before_migration_once(void **state)
{
	struct fx *x = *state;
	struct sqlite3 *db = ((struct handle *)x->j)->db;
	struct journal_backup_info info;
	struct fault f = {0};
	char start[32];

	put(x, 3);
	commit(x);
	copy_now(x, x->copy, &info);
	snprintf(start, sizeof(start), "before-v%d-", info.version);
	for (int i = 0; i < 3; i++)
		assert_int_equal(journal_backup_before_migration(db, x->journal, info.version, &f), 0);
	assert_int_equal(count(x->backup, start), 1);
	put(x, 1);
	commit(x);
	assert_int_equal(journal_backup_before_migration(db, x->journal, info.version, &f), 0);
	assert_int_equal(count(x->backup, start), 2);
}

/* ---- housekeeping ---- */

static void
days(void **state)
{
	static const int64_t begins = (int64_t)16 * 3600 * 1000;
	char stamp[JOURNAL_BACKUP_STAMP];

	(void)state;
	/* 2026-11-22T15:59:59.999Z and a millisecond later: midnight in China */
	assert_int_equal(keep_day_of(1795363199999, begins), 1795363200000 - DAY);
	assert_int_equal(keep_day_of(1795363200000, begins), 1795363200000);
	assert_int_equal(keep_day_of(1795363200000 + DAY - 1, begins), 1795363200000);
	assert_int_equal(keep_day_of(0, begins), begins - DAY);
	journal_backup_stamp(1795363199000, stamp);
	assert_string_equal(stamp, "20261122-235959");
	journal_backup_stamp(1795363200000, stamp);
	assert_string_equal(stamp, "20261123-000000");
}

static void
pruned(void **state)
{
	static const char *const names[] = {"20261120-000001-day.db", "20261118-000001-day.db", "20261121-000001-day.db",
	    "20261119-000001-day.db", "20260101-000001.db", "before-v2-20260101-000001.db", "20261122-000001-day.db.part",
	    "2026112x-000001-day.db", "notes-day.db", "99999999-999999-day.dbx"};
	struct fx *x = *state;
	char path[256], newest[16];

	keep_newest(x->backup, newest);
	assert_string_equal(newest, "");
	assert_int_equal(keep_prune(x->backup, 3), 0);
	assert_int_equal(mkdir(x->backup, 0700), 0);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		int fd;

		snprintf(path, sizeof(path), "%s/%s", x->backup, names[i]);
		assert_true((fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600)) >= 0);
		close(fd);
	}
	keep_newest(x->backup, newest);
	assert_string_equal(newest, "20261121-000001");
	assert_int_equal(keep_prune(x->backup, 7), 0);
	assert_int_equal(keep_prune(x->backup, 3), 1);
	snprintf(path, sizeof(path), "%s/20261118-000001-day.db", x->backup);
	assert_false(there(path));
	assert_int_equal(keep_prune(x->backup, 1), 2);
	snprintf(path, sizeof(path), "%s/20261121-000001-day.db", x->backup);
	assert_true(there(path));
	/* what people have ordered stays */
	assert_int_equal(count(x->backup, "2026") + count(x->backup, "before-"), 5);
}

struct shell {
	struct fx *x;
	struct event_base *base;
	struct keep *keep;
	int64_t now;
	bool busy, wrote, done;
	int code, alarms, asked;
	uint64_t ticket;
	char path[256];
	size_t left;		/* messages retention will let go */
};

static struct shell *fake;	/* the journal's retire() knows no context */

static int64_t
sh_now(void *ctx)
{
	return ((struct shell *)ctx)->now;
}

static bool
sh_busy(void *ctx)
{
	return ((struct shell *)ctx)->busy;
}

static void
sh_wrote(void *ctx)
{
	((struct shell *)ctx)->wrote = true;
}

static void
sh_alarm(void *ctx, const char *what, const char *detail)
{
	assert_string_equal(what, "backup");
	assert_true(detail[0] != '\0');
	((struct shell *)ctx)->alarms++;
}

static void
sh_done(void *ctx, uint64_t ticket, json_t *answer, const struct fault *f)
{
	struct shell *s = ctx;

	s->done = true;
	s->ticket = ticket;
	s->code = f != NULL ? f->code : 0;
	snprintf(s->path, sizeof(s->path), "%s", answer != NULL ? json_string_value(json_object_get(answer, "path")) : "");
	assert_true((answer == NULL) == (f != NULL));
	json_decref(answer);
}

static const struct keep_ops shell_ops = {sh_now, sh_busy, sh_wrote, sh_alarm, sh_done, NULL};

static int
fake_retire(struct journal *j, int64_t ms, int64_t before, size_t max, size_t *n)
{
	(void)j;
	assert_int_equal(ms, fake->now);
	assert_int_equal(before, fake->now - 30 * DAY);
	assert_int_equal(max, 200);
	*n = fake->left < max ? fake->left : max;
	fake->left -= *n;
	fake->asked++;
	return 0;
}

static void
on_demand(void **state)
{
	struct fx *x = *state;
	struct stationdir dir;
	struct journal_ops ops = *x->j->ops;
	const struct journal_ops *real = x->j->ops;
	struct shell s = {.x = x, .now = 1795363200000};
	struct keep_conf conf = {.dir = &dir, .journal = x->j, .day_begins = 16 * 3600 * 1000};
	struct fault f = {0};
	char want[256];

	memset(&dir, 0, sizeof(dir));
	snprintf(dir.path, sizeof(dir.path), "%s", x->root);
	snprintf(dir.journal, sizeof(dir.journal), "%s", x->journal);
	dir.keep_days = 30;
	ops.retire = fake_retire;
	x->j->ops = &ops;
	fake = &s;
	put(x, 500);
	commit(x);
	assert_int_equal(mkdir(x->backup, 0700), 0);
	snprintf(want, sizeof(want), "%s/20200101-000000.db.part", x->backup);
	close(open(want, O_WRONLY | O_CREAT, 0600));
	assert_non_null(conf.base = s.base = event_base_new());
	s.keep = keep_new(&conf, &shell_ops, &s);
	assert_false(there(want)); /* half of one, of a switch that died */
	s.busy = true;
	assert_int_equal(keep_backup(s.keep, 7, NULL, &f), 0);
	assert_int_equal(keep_backup(s.keep, 8, NULL, &f), -1);
	assert_int_equal(f.code, EX_TEMPFAIL);
	/* While something is uncommitted it waits for the commit, and then goes on. */
	put(x, 1);
	for (int i = 0; i < 5; i++)
		event_base_loop(s.base, EVLOOP_NONBLOCK);
	assert_false(s.done);
	commit(x);
	s.busy = false;
	keep_committed(s.keep);
	while (!s.done)
		event_base_loop(s.base, EVLOOP_ONCE);
	assert_int_equal(s.code, 0);
	assert_int_equal(s.ticket, 7);
	snprintf(want, sizeof(want), "%s/20261123-000000.db", x->backup);
	assert_string_equal(s.path, want);
	assert_int_equal(journal_backup_check(want, OWN, NULL, &f), 0);
	/* The same second again is refused, not overwritten. */
	assert_int_equal(keep_backup(s.keep, 9, NULL, &f), -1);
	assert_int_equal(f.code, EX_CANTCREAT);
	assert_int_equal(keep_backup(s.keep, 9, "relative.db", &f), -1);
	/* No room: said with numbers, before anything is written. */
	keep_free(s.keep);
	conf.reserve = UINT64_MAX / 2;
	s.keep = keep_new(&conf, &shell_ops, &s);
	assert_int_equal(keep_backup(s.keep, 10, x->copy, &f), -1);
	assert_int_equal(f.code, EX_CANTCREAT);
	assert_non_null(strstr(f.text, "MB"));
	assert_int_equal(count(x->root, "copy"), 0);
	keep_free(s.keep);
	/* Freed in the middle of one: nothing is left. */
	conf.reserve = 0;
	s.keep = keep_new(&conf, &shell_ops, &s);
	assert_int_equal(keep_backup(s.keep, 11, x->copy, &f), 0);
	event_base_loop(s.base, EVLOOP_ONCE);
	keep_free(s.keep);
	assert_true(count(x->root, "copy.db.part") == 0);
	/* Retention: 450 go in three turns, each of which wants a commit, and then it is through for the day. */
	s.left = 450;
	s.keep = keep_new(&conf, &shell_ops, &s);
	while (s.asked < 4) {
		s.wrote = false;
		event_base_loop(s.base, EVLOOP_ONCE);
		assert_true(s.wrote == (s.asked < 4));
	}
	assert_int_equal(s.left, 0);
	event_base_loop(s.base, EVLOOP_NONBLOCK);
	assert_int_equal(s.asked, 4);
	keep_free(s.keep);
	event_base_free(s.base);
	x->j->ops = real;
	assert_int_equal(s.alarms, 0);
}

/* ---- opening a failed journal again ---- */

static void
reopening(void **state)
{
	struct loop_reopens r = {.n = 0};
	int64_t wait, before = 0;

	(void)state;
	for (int i = 0; i < LOOP_REOPENS; i++) {
		wait = loop_reopen(&r, 1000 + i);
		assert_true(wait > before && wait <= 5000);
		before = wait;
	}
	assert_int_equal(loop_reopen(&r, 1010), -1);
	assert_int_equal(loop_reopen(&r, 1000 + LOOP_REOPEN_SPAN - 1), -1);
	/* the first is long ago */
	assert_true(loop_reopen(&r, 1000 + LOOP_REOPEN_SPAN) >= 0);
	assert_int_equal(loop_reopen(&r, 1000 + LOOP_REOPEN_SPAN), -1);
	/* once an hour, for ever: not a disk that keeps failing */
	for (int64_t t = 10000000; t < 10000000 + 20 * 3600000; t += 3600000)
		assert_int_equal(loop_reopen(&r, t), 200);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {T(while_writing), T(nothing_in_the_way), T(damaged_copies), T(before_migration),
	    T(before_migration_once), cmocka_unit_test(days), T(pruned), T(on_demand), cmocka_unit_test(reopening)};

	i18n_init("en");
	log_init(LOG_LV_ERROR, STDERR_FILENO);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
