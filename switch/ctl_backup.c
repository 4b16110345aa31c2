/*
 * backup and restore: a copy of the journal while the switch runs, and putting one back while it does not.
 *
 * Restoring never deletes.  The copy is brought into DIR/restore.tmp, opened there as the journal it shall become (so that
 * one of an older Dutydesk is brought forward), verified from end to end, marked, and only then the present journal is moved
 * aside and the new one takes its name.  Between those two steps a crash leaves no journal.db, but what was moved aside: the
 * switch refuses to start over that, and the same command again completes it.
 *
 * A log (-wal) belongs to its database by name alone; a log left beside another database would be played into it.  So the
 * log is linked to its new name first, and nothing is installed while one lies in the place.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>
#include "journal_guard.h"
#include "../formats/i18n.h"
#include "../formats/text.h"
#include "ctl.h"
#include "journal.h"
#include "journal_sqlite_backup.h"
#include "stationdir.h"

#define CN_OFFSET ((int64_t)8 * 3600 * 1000)	/* UTC+08:00: the day an incident's number is of */
#define PATH_LEN 600
#define BACKUP_TIMEOUT (2 * 60 * 60 * 1000) /* ms */
#define DB "journal.db"
#define STAGE "restore.tmp"

/* ---- backup ---- */

/* The switch has another working folder than the person: a whole path, whose folder is there. */
static int
whole_path(const char *word, char *out, size_t size, struct fault *f)
{
	char folder[PATH_LEN], *real;
	const char *slash = strrchr(word, '/'), *name = slash != NULL ? slash + 1 : word;
	int n;

	if (*name == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return fault_set(f, EX_USAGE, "path", _("a file's name is needed: %s"), word);
	n = snprintf(folder, sizeof folder, "%.*s", slash == NULL ? 1 : slash == word ? 1 : (int)(slash - word),
	    slash == NULL ? "." : word);
	if (n < 0 || (size_t)n >= sizeof folder)
		return fault_set(f, EX_USAGE, "path", _("the path is too long"));
	if ((real = realpath(folder, NULL)) == NULL) {
		(void)fault_set(f, EX_CANTCREAT, "path", "%s", strerror(errno));
		fault_at(f, folder, 0);
		return -1;
	}
	n = snprintf(out, size, "%s/%s", strcmp(real, "/") == 0 ? "" : real, name);
	free(real);
	if (n < 0 || (size_t)n >= size)
		return fault_set(f, EX_USAGE, "path", _("the path is too long"));
	return 0;
}

int
ctl_backup(struct ctl *ctl, int argc, char **argv)
{
	static const struct ctl_option none[] = {{NULL, false, false}};
	struct ctl_args a;
	struct fault f = {0};
	char path[PATH_LEN] = "", shown[PATH_LEN];
	json_t *request, *answer = NULL;
	int rc = EX_OK;

	if (ctl_args_parse(&a, none, false, argc, argv, &f) != 0)
		rc = ctl_usage("backup", f.field, f.text);
	else if (a.nword > 1)
		rc = ctl_usage("backup", a.word[1], _("one word too many"));
	if (rc != EX_OK)
		goto out;
	ctl->json = ctl->json || a.json;
	request = json_pack("{s:s}", "op", "backup");
	if (a.nword == 1) {
		char *native = ctl_edge_native(a.word[0]);
		int bad = whole_path(native, path, sizeof path, &f);

		free(native);
		if (bad != 0) {
			json_decref(request);
			rc = ctl_fail(&f);
			goto out;
		}
		(void)json_object_set_new(request, "path", json_string(path));
	}
	if ((answer = ctl_ask(ctl, request, BACKUP_TIMEOUT, &f)) == NULL) {
		rc = ctl_fail(&f);
		goto out;
	}
	if (ctl->json)
		ctl_json_answer(stdout, answer);
	else
		(void)printf(_("%s: %lld bytes, %lld messages, verified\n"), ctl_text(answer, "path", shown, sizeof shown),
		    (long long)json_integer_value(json_object_get(answer, "bytes")),
		    (long long)json_integer_value(json_object_get(answer, "messages")));
out:
	json_decref(answer);
	ctl_args_free(&a);
	return rc;
}

/* ---- restore: files ---- */

static int
file_fault(struct fault *f, int code, const char *path)
{
	(void)fault_set(f, code, "", "%s", strerror(errno));
	fault_at(f, path, 0);
	return -1;
}

static int
join(char out[PATH_LEN], const char *dir, const char *name, struct fault *f)
{
	int n = snprintf(out, PATH_LEN, "%s/%s", dir, name);

	return n >= 0 && n < PATH_LEN ? 0 : fault_set(f, EX_USAGE, "-D", _("the path is too long"));
}

static int
folder_sync(const char *dir, struct fault *f)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc;

	rc = fd < 0 ? -1 : fsync(fd);
	if (rc != 0)
		(void)file_fault(f, EX_IOERR, dir);
	if (fd >= 0)
		close(fd);
	return rc;
}

/* A plain file's bytes to a file that is not there yet, synced. */
static int
copy_file(const char *from, const char *to, struct fault *f)
{
	int in = open(from, O_RDONLY | O_CLOEXEC | O_NONBLOCK), out = -1, rc = -1;
	struct statvfs fs;
	struct stat st;
	char *block = NULL;
	ssize_t n = 0;

	if (in < 0 || fstat(in, &st) != 0)
		return file_fault(f, errno == EACCES ? EX_NOPERM : EX_NOINPUT, from);
	if (!S_ISREG(st.st_mode)) {
		(void)fault_set(f, EX_DATAERR, "", _("is not a plain file"));
		fault_at(f, from, 0);
		goto out;
	}
	if ((out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600)) < 0) {
		(void)file_fault(f, EX_CANTCREAT, to);
		goto out;
	}
	if (fstatvfs(out, &fs) == 0 && (uint64_t)fs.f_bavail * (uint64_t)fs.f_frsize < (uint64_t)st.st_size + (1 << 20)) {
		(void)fault_set(f, EX_CANTCREAT, "", _("no room for a copy: %llu MB are needed, %llu MB are free"),
		    ((unsigned long long)st.st_size >> 20) + 2,
		    (unsigned long long)((uint64_t)fs.f_bavail * (uint64_t)fs.f_frsize >> 20));
		fault_at(f, to, 0);
		goto out;
	}
	block = malloc(1 << 20);
	if (block == NULL) {
		(void)file_fault(f, EX_OSERR, to);
		goto out;
	}
	while ((n = read(in, block, 1 << 20)) > 0)
		for (ssize_t at = 0, w; at < n; at += w)
			if ((w = write(out, block + at, (size_t)(n - at))) <= 0) {
				(void)file_fault(f, EX_CANTCREAT, to);
				goto out;
			}
	if (n < 0)
		(void)file_fault(f, EX_IOERR, from);
	else if (fsync(out) != 0)
		(void)file_fault(f, EX_IOERR, to);
	else
		rc = 0;
out:
	free(block);
	if (out >= 0)
		close(out);
	close(in);
	return rc;
}

/* What an earlier try has left in DIR/restore.tmp, and the folder itself. */
static void
stage_remove(const char *stage)
{
	char path[PATH_LEN];
	struct dirent *e;
	DIR *d = opendir(stage);

	if (d == NULL)
		return;
	while ((e = readdir(d)) != NULL)
		if ((strncmp(e->d_name, DB, sizeof DB - 1) == 0 || strcmp(e->d_name, "anchor") == 0) && snprintf(path, sizeof path, "%s/%s", stage, e->d_name) < PATH_LEN)
			(void)unlink(path);
	(void)closedir(d);
	(void)rmdir(stage);
}

/* The copy, with the log that may lie beside it: then it is a journal that was moved aside. */
static int
stage_fill(const char *stage, const char *from, const char *station, struct fault *f)
{
	char to[PATH_LEN], log[PATH_LEN], to_log[PATH_LEN];

	if (join(to, stage, DB, f) != 0 || join(to_log, stage, DB "-wal", f) != 0)
		return -1;
	if (snprintf(log, sizeof log, "%s-wal", from) >= PATH_LEN)
		return fault_set(f, EX_USAGE, "from", _("the path is too long"));
	if (access(log, F_OK) == 0)
		return copy_file(from, to, f) != 0 ? -1 : copy_file(log, to_log, f);
	/* A backup: looked at before anything is copied, so that the fault names it. */
	return journal_backup_check(from, station, NULL, f) != 0 ? -1 : copy_file(from, to, f);
}

/* ---- restore: the journal ---- */

struct restored {
	const char *from;		/* NULL: empty */
	const char *name;		/* for people */
	char aside[PATH_LEN];		/* where the present journal went, "" = there was none */
	struct journal_verify v;
	uint64_t epoch;			/* highest known to have been opened */
	unsigned long numbers[2];	/* today's last spoken numbers in the present journal, by realm */
	bool numbers_known;		/* it could be read */
	size_t again;			/* messages two persons had destroyed that are back */
	char first_again[MSGID_TEXT_MAX];
};

static unsigned long
number_today(struct journal *j, int realm, int64_t now, char key[48])
{
	char val[24], day[16];
	time_t t = (time_t)((now + CN_OFFSET) / 1000);
	struct tm tm;

	gmtime_r(&t, &tm);
	(void)strftime(day, sizeof day, "%Y%m%d", &tm);
	(void)snprintf(key, 48, "number.%d.%s", realm, day);
	return j->ops->meta_get(j, key, val, sizeof val) == 0 ? strtoul(val, NULL, 10) : 0;
}

/*
 * Spoken numbers given since the copy was made are not in it, and the neighbours' word comes after the first intake.  Today's go on at the
 * next hundred after the present journal's, so that no two incidents are called by one number; where that journal cannot be read, at
 * a thousand and the minute of the day, which no earlier restore of the day has reached.
 */
static int
skip_numbers(struct journal *j, const struct restored *r, int64_t now)
{
	int64_t minute = (now + CN_OFFSET) / 60000 % 1440;
	char key[48], val[24];

	for (int realm = REALM_LIVE; realm <= REALM_EXERCISE; realm++) {
		unsigned long n = number_today(j, realm, now, key), had = r->numbers[realm];

		n = ((n > had ? n : had) / 100 + 1) * 100;
		if (!r->numbers_known && n < 1000 + (unsigned long)minute)
			n = 1000 + (unsigned long)minute;
		(void)snprintf(val, sizeof val, "%lu", n);
		if (j->ops->meta_set(j, key, val) != 0)
			return -1;
	}
	return 0;
}

/* Checked from end to end, and marked: by whom, when and from what. */
static int
prepare(const struct stationdir *d, const char *stage, struct restored *r, struct fault *f)
{
	static const uint8_t none[DIGEST_LEN];
	char owner[STATION_MAX] = "", ref[160], who[128], val[32] = "", base[96];
	const struct passwd *pw = getpwuid(getuid());
	const char *slash;
	struct journal *j;
	int64_t now = ctl_now();
	int rc = -1;

	if ((j = journal_sqlite_open(stage, r->from == NULL, f)) == NULL)
		return -1;
	if (j->ops->meta_get(j, "station", owner, sizeof owner) == 0 && strcmp(owner, d->station) != 0) {
		(void)fault_set(f, EX_CONFIG, "from", _("this is the journal of station %s, not of %s"), owner, d->station);
		goto out;
	}
	if (r->from != NULL && (j->ops->verify(j, d->station, &r->v) != 0 || r->v.bad[0] != '\0')) {
		(void)fault_set(f, EX_DATAERR, "from", _("it does not verify, nothing was changed: %s"),
		    r->v.bad[0] != '\0' ? r->v.bad : _("the journal cannot be read"));
		goto out;
	}
	slash = r->name != NULL ? strrchr(r->name, '/') : NULL;
	if (r->name != NULL)
		(void)text_sanitise(slash != NULL ? slash + 1 : r->name, strlen(slash != NULL ? slash + 1 : r->name), base, sizeof base,
		    false);
	(void)snprintf(ref, sizeof ref, r->from != NULL ? "restored %s" : "restored empty%s", r->from != NULL ? base : "");
	(void)snprintf(who, sizeof who, "%.100s", pw != NULL ? pw->pw_name : "");
	if (who[0] == '\0')
		(void)snprintf(who, sizeof who, "uid:%lu", (unsigned long)getuid());
	/* Up to this epoch numbers may have been used that are not here: the next start opens a higher one, even within this second. */
	if (j->ops->meta_get(j, "epoch", val, sizeof val) == 0 && strtoull(val, NULL, 10) > r->epoch)
		r->epoch = strtoull(val, NULL, 10);
	if (now / 1000 > 0 && (uint64_t)(now / 1000) > r->epoch)
		r->epoch = (uint64_t)(now / 1000);
	(void)snprintf(val, sizeof val, "%llu", (unsigned long long)r->epoch);
	if (j->ops->meta_set(j, "station", d->station) != 0 || j->ops->meta_set(j, "restored", val) != 0 ||
	    j->ops->meta_set(j, "epoch", val) != 0 || skip_numbers(j, r, now) != 0 ||
	    j->ops->chain_add(j, now, CHAIN_ADMIN, ref, who, none) != 0 || j->ops->commit(j) != 0) {
		(void)fault_set(f, EX_IOERR, "", _("the journal cannot be written in %s"), stage);
		goto out;
	}
	rc = 0;
out:
	if (rc != 0 && r->from != NULL && f->file[0] == '\0')
		fault_at(f, r->from, 0);
	j->ops->close(j);
	return rc;
}

struct destroyed { struct journal *restored; struct restored *r; };

static int
was_destroyed(void *ctx, const struct journal_msg *m)
{
	struct destroyed *d = ctx;
	struct journal_msg back;

	memset(&back, 0, sizeof back);
	if (m->destroyed && d->restored->ops->get_message(d->restored, &m->id, &back) == 0 && !back.destroyed) {
		if (d->r->again++ == 0)
			msgid_format(&m->id, d->r->first_again, sizeof d->r->first_again);
	}
	buf_free(&back.body);
	return 0;
}

/* What two persons destroyed after the backup was made stands in it.  Known only while the present journal can be read; it is not
 * opened when it is damaged. */
static void
look_for_destroyed(const struct stationdir *d, const char *stage, struct restored *r)
{
	struct destroyed ctx = {.r = r};
	struct fault ignored = {0};
	struct journal *now;
	char path[PATH_LEN];

	if (r->from == NULL || join(path, d->journal, DB, &ignored) != 0 || access(path, F_OK) != 0 ||
	    journal_backup_check(path, d->station, NULL, &ignored) != 0 ||
	    (now = journal_sqlite_open(d->journal, false, &ignored)) == NULL)
		return;
	if ((ctx.restored = journal_sqlite_open(stage, false, &ignored)) != NULL) {
		(void)now->ops->each_after(now, 0, 0, false, was_destroyed, &ctx);
		ctx.restored->ops->close(ctx.restored);
	}
	now->ops->close(now);
}

/* The clock may have stood ahead in the journal that goes; and the day's numbers it has given are not given again. */
static void
look_at_present(const struct stationdir *d, struct restored *r)
{
	struct journal_backup_info now;
	struct fault ignored = {0};
	struct journal *j;
	char path[PATH_LEN], key[48];

	if (join(path, d->journal, DB, &ignored) != 0 || access(path, F_OK) != 0 ||
	    journal_backup_check(path, d->station, &now, &ignored) != 0)
		return;
	r->epoch = now.epoch;
	if ((j = journal_sqlite_open(d->journal, false, &ignored)) == NULL)
		return;
	for (int realm = REALM_LIVE; realm <= REALM_EXERCISE; realm++)
		r->numbers[realm] = number_today(j, realm, ctl_now(), key);
	r->numbers_known = true;
	j->ops->close(j);
}

/* ---- restore: the exchange ---- */

static int
move_aside(const struct stationdir *d, const char *stamp, struct restored *r, struct fault *f)
{
	char db[PATH_LEN], log[PATH_LEN], to[PATH_LEN], to_log[PATH_LEN], name[96];

	if (join(db, d->journal, DB, f) != 0 || join(log, d->journal, DB "-wal", f) != 0)
		return -1;
	/* a name that nothing has */
	for (unsigned i = 1;; i++) {
		if (i == 1)
			(void)snprintf(name, sizeof name, DB ".before-%s", stamp);
		else
			(void)snprintf(name, sizeof name, DB ".before-%s-%u", stamp, i);
		if (join(to, d->journal, name, f) != 0)
			return -1;
		if (snprintf(to_log, sizeof to_log, "%s-wal", to) >= PATH_LEN)
			return fault_set(f, EX_USAGE, "-D", _("the path is too long"));
		if (access(to, F_OK) != 0 && access(to_log, F_OK) != 0)
			break;
	}
	if (access(log, F_OK) == 0 && link(log, to_log) != 0 && errno != EPERM && errno != EOPNOTSUPP && errno != ENOTSUP)
		return file_fault(f, EX_CANTCREAT, to_log);
	if (rename(db, to) == 0)
		(void)snprintf(r->aside, sizeof r->aside, "%s", to);
	else if (errno != ENOENT)
		return file_fault(f, EX_CANTCREAT, to);
	/* onto the second name of itself rename() would do nothing */
	if (access(to_log, F_OK) == 0 ? unlink(log) != 0 : rename(log, to_log) != 0 && errno != ENOENT)
		return file_fault(f, EX_CANTCREAT, to_log);
	if (join(log, d->journal, DB "-shm", f) == 0)
		(void)unlink(log);	/* of no use to anybody without its database */
	if (journal_anchor_drop(d->journal) != 0)
		return file_fault(f, EX_CANTCREAT, d->journal);
	return folder_sync(d->journal, f);
}

static int
install(const struct stationdir *d, const char *stage, struct fault *f)
{
	char from[PATH_LEN], to[PATH_LEN], made[PATH_LEN];
	struct stat st;

	if (join(from, stage, DB, f) != 0 || join(to, d->journal, DB, f) != 0 || join(made, d->journal, DB ".new", f) != 0)
		return -1;
	if (rename(from, to) != 0) {
		/* journal/ is another file system */
		if (errno != EXDEV)
			return file_fault(f, EX_CANTCREAT, to);
		(void)unlink(made);
		if (copy_file(from, made, f) != 0)
			return -1;
		if (stat(from, &st) != 0 || (geteuid() == 0 && chown(made, st.st_uid, st.st_gid) != 0))
			return file_fault(f, EX_NOPERM, made);
		if (rename(made, to) != 0)
			return file_fault(f, EX_CANTCREAT, to);
	}
	return folder_sync(d->journal, f);
}

/* Root may put a journal back, but it has to be the switch's own, which is the account the secret key belongs to. */
static int
give(const struct stationdir *d, const char *const paths[], size_t n, int lock, struct fault *f)
{
	char key[PATH_LEN];
	struct stat st;

	if (geteuid() != 0)
		return 0;
	if (join(key, d->path, "keys/secret.key", f) != 0)
		return -1;
	if (stat(key, &st) != 0 || fchown(lock, st.st_uid, st.st_gid) != 0)
		return file_fault(f, EX_NOPERM, key);
	for (size_t i = 0; i < n; i++)
		if (chown(paths[i], st.st_uid, st.st_gid) != 0)
			return file_fault(f, EX_NOPERM, paths[i]);
	return 0;
}

static int
restore(const struct stationdir *d, struct restored *r, struct fault *f)
{
	char stage[PATH_LEN], path[PATH_LEN], made[PATH_LEN], stamp[JOURNAL_BACKUP_STAMP];
	const char *const ours[] = {d->journal, made};
	struct stat st;
	int lock, rc = -1;

	/* A burnt disk: the folder may be gone. */
	if (mkdir(d->journal, 0700) != 0 && errno != EEXIST)
		return file_fault(f, EX_CANTCREAT, d->journal);
	if ((lock = stationdir_lock(d, f)) < 0)
		return -1;
	if (join(stage, d->path, STAGE, f) != 0)
		goto out;
	stage_remove(stage);
	look_at_present(d, r);
	if (mkdir(stage, 0700) != 0) {
		(void)file_fault(f, EX_CANTCREAT, stage);
		goto out;
	}
	if ((r->from != NULL && stage_fill(stage, r->from, d->station, f) != 0) || prepare(d, stage, r, f) != 0)
		goto out;
	if (join(path, stage, DB "-wal", f) != 0)
		goto out;
	if (lstat(path, &st) == 0 && st.st_size > 0) {
		(void)fault_set(f, EX_IOERR, "", _("the journal cannot be written in %s"), stage);
		goto out;
	}
	if (join(made, stage, DB, f) != 0 || give(d, ours, 2, lock, f) != 0)
		goto out;
	look_for_destroyed(d, stage, r);
	journal_backup_stamp(ctl_now(), stamp);
	if (move_aside(d, stamp, r, f) != 0 || install(d, stage, f) != 0 || stationdir_used(d, f) != 0)
		goto out;
	rc = 0;
out:
	stage_remove(stage);
	close(lock);
	return rc;
}

static void
tell(const struct ctl *ctl, const struct stationdir *d, const struct restored *r)
{
	char text[900];

	if (ctl->json) {
		json_t *o = json_pack("{s:s, s:s, s:s, s:I, s:I, s:I}", "station", d->station, "from", r->from != NULL ? r->from : "",
		    "aside", r->aside, "messages", (json_int_t)r->v.messages, "chain", (json_int_t)r->v.chain, "destroyed_again",
		    (json_int_t)r->again);

		ctl_json(stdout, o);
		json_decref(o);
	} else if (r->from != NULL)
		(void)printf(_("station %s: journal restored, verified: %llu messages, chain %llu\n"), d->station,
		    (unsigned long long)r->v.messages, (unsigned long long)r->v.chain);
	else
		(void)printf(_("station %s: an empty journal was made; keys and settings are as they were\n"), d->station);
	if (r->aside[0] != '\0') {
		(void)snprintf(text, sizeof text, _("the journal that was there is kept as %s"), r->aside);
		ctl_note(text);
	}
	if (r->again > 0) {
		(void)snprintf(text, sizeof text,
		    _("%zu messages destroyed since this backup was made stand in the journal again (the first: %s): destroy them again"),
		    r->again, r->first_again);
		ctl_note(text);
	}
	ctl_note(_("now start the switch: what the neighbours hold comes back by itself"));
}

int
ctl_restore(struct ctl *ctl, int argc, char **argv)
{
	static const struct ctl_option known[] = {{"from", true, false}, {"empty", false, false}, {NULL, false, false}};
	struct ctl_args a;
	struct restored r;
	struct stationdir d;
	struct fault f = {0};
	char *native = NULL;
	int rc = EX_OK;

	memset(&r, 0, sizeof r);
	if (ctl_args_parse(&a, known, false, argc, argv, &f) != 0)
		rc = ctl_usage("restore", f.field, f.text);
	else if (a.nword > 0)
		rc = ctl_usage("restore", a.word[0], _("one word too many"));
	else if ((ctl_arg(&a, "from") != NULL) == ctl_flag(&a, "empty"))
		rc = ctl_usage("restore", "from", _("either --from FILE or --empty"));
	if (rc != EX_OK)
		goto out;
	ctl->json = ctl->json || a.json;
	if ((r.name = ctl_arg(&a, "from")) != NULL)
		r.from = native = ctl_edge_native(r.name);
	if (ctl_dir(ctl, &f) != 0 || stationdir_load(ctl->dir, &d, &f) != 0 || restore(&d, &r, &f) != 0)
		rc = ctl_fail(&f);
	else
		tell(ctl, &d, &r);
	explicit_bzero(&d.secret_key, sizeof d.secret_key);
out:
	free(native);
	ctl_args_free(&a);
	return rc;
}
