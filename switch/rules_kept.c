/*
 * A copy of the rules in force.
 *
 * A table that is spoilt while the switch runs is refused, and the old rules stay in force; after the next power cut there would be no old rules
 * any more, and a room that receives reports would stay dark because of one cell.  So what was taken is kept.  The copy is written beside and
 * renamed, and only when it loads and says what is in force: a copy is never half, and never of a table somebody was just saving.
 *
 * What a copy may hold is bounded; it is no backup of the configuration.
 */
#include "rules_kept.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>
#include "../formats/i18n.h"

#define MADE "rules.new"	/* being written */
#define BEFORE "rules.was"	/* the copy before, while the two change places */
#define FILES_MAX 200
#define FILE_BYTES_MAX ((off_t)8 << 20)
#define NAMES_MAX 1024
#define DEPTH_MAX 4

struct copying {
	size_t files;
	struct fault *f;
};

static int
failed(struct fault *f, const char *path)
{
	int e = errno;

	(void)fault_set(f, EX_CANTCREAT, "rules", _("the copy of the rules cannot be written: %s"), strerror(e));
	fault_at(f, path, 0);
	return -1;
}

static int
join(char out[PATH_MAX], const char *a, const char *b, struct fault *f)
{
	int n = snprintf(out, PATH_MAX, "%s/%s", a, b);

	return n > 0 && n < PATH_MAX ? 0 : fault_set(f, EX_CONFIG, "rules", _("the path of the configuration is too long"));
}

/* ---- away with an old one ---- */

static void
clear(int at, const char *name, int depth)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct dirent *e;
	DIR *d;

	if (fd < 0 || depth > DEPTH_MAX || (d = fdopendir(fd)) == NULL) {
		if (fd >= 0)
			close(fd);
		return;
	}
	while ((e = readdir(d)) != NULL) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		if (unlinkat(dirfd(d), e->d_name, 0) != 0)
			clear(dirfd(d), e->d_name, depth + 1);
	}
	(void)closedir(d);
	(void)unlinkat(at, name, AT_REMOVEDIR);
}

static void
clear_path(const char *path)
{
	clear(AT_FDCWD, path, 0);
}

/* ---- copying ---- */

static int
sync_folder(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc, e;

	if (fd < 0)
		return -1;
	rc = fsync(fd);
	e = errno;
	close(fd);
	errno = e;
	return rc;
}

static int
write_all(int fd, const char *p, size_t n)
{
	while (n > 0) {
		ssize_t k = write(fd, p, n);

		if (k < 0 && errno == EINTR)
			continue;
		if (k <= 0)
			return -1;
		p += k;
		n -= (size_t)k;
	}
	return 0;
}

static int
copy_file(struct copying *c, const char *from, const char *to)
{
	char buf[16384];
	struct stat st;
	int in = open(from, O_RDONLY | O_CLOEXEC | O_NONBLOCK), out = -1, rc = -1;
	off_t had = 0;
	ssize_t n;

	if (in < 0 || fstat(in, &st) != 0) {
		(void)failed(c->f, from);
		goto out;
	}
	if (!S_ISREG(st.st_mode) || st.st_size > FILE_BYTES_MAX || ++c->files > FILES_MAX) {
		(void)fault_set(c->f, EX_CONFIG, "rules", _("too much, or no plain file: no copy of the rules is kept"));
		fault_at(c->f, from, 0);
		goto out;
	}
	if ((out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600)) < 0) {
		(void)failed(c->f, to);
		goto out;
	}
	while ((n = read(in, buf, sizeof buf)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n > 0 && (had += n) > FILE_BYTES_MAX)
			errno = EFBIG;
		if (n < 0 || had > FILE_BYTES_MAX || write_all(out, buf, (size_t)n) != 0) {
			(void)failed(c->f, n < 0 ? from : to);
			goto out;
		}
	}
	if (fsync(out) != 0) {
		(void)failed(c->f, to);
		goto out;
	}
	rc = 0;
out:
	if (in >= 0)
		close(in);
	if (out >= 0)
		close(out);
	return rc;
}

/* The tables of one folder. */
static int
copy_tables(struct copying *c, const char *from, const char *to)
{
	char a[PATH_MAX], b[PATH_MAX];
	struct dirent *e;
	DIR *d;
	int rc = 0;

	if (mkdir(to, 0700) != 0)
		return failed(c->f, to);
	if ((d = opendir(from)) == NULL)
		return failed(c->f, from);
	while (rc == 0 && (e = readdir(d)) != NULL) {
		size_t len = strlen(e->d_name);

		if (len < 5 || e->d_name[0] == '.' || strcmp(e->d_name + len - 4, ".tsv") != 0)
			continue;
		if (join(a, from, e->d_name, c->f) != 0 || join(b, to, e->d_name, c->f) != 0 || copy_file(c, a, b) != 0)
			rc = -1;
	}
	(void)closedir(d);
	return rc == 0 && sync_folder(to) != 0 ? failed(c->f, to) : rc;
}

static int
copy_profiles(struct copying *c, const char *from, const char *to, const char *names)
{
	char a[PATH_MAX], b[PATH_MAX], name[128];

	if (*names != '\0' && mkdir(to, 0700) != 0)
		return failed(c->f, to);
	while (*names != '\0') {
		size_t n = strcspn(names, ",");

		/* They have been loaded: letters, figures, - and _. */
		if (snprintf(name, sizeof name, "%.*s", (int)n, names) >= (int)sizeof name)
			return fault_set(c->f, EX_CONFIG, "profile", _("the path of the configuration is too long"));
		if (join(a, from, name, c->f) != 0 || join(b, to, name, c->f) != 0 || copy_tables(c, a, b) != 0)
			return -1;
		names += n + (names[n] == ',');
	}
	return 0;
}

static int
write_names(struct copying *c, const char *path, const char *names)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600), rc;

	if (fd < 0)
		return failed(c->f, path);
	rc = write_all(fd, names, strlen(names)) != 0 || fsync(fd) != 0 ? failed(c->f, path) : 0;
	close(fd);
	return rc;
}

static int
copy_all(struct copying *c, const char *made, const char *confdir, const char *profiles)
{
	char a[PATH_MAX], b[PATH_MAX];

	if (mkdir(made, 0700) != 0)
		return failed(c->f, made);
	if (join(a, confdir, "rules", c->f) != 0 || join(b, made, "rules", c->f) != 0 || copy_tables(c, a, b) != 0 ||
	    join(a, confdir, "rules/profiles", c->f) != 0 || join(b, made, "rules/profiles", c->f) != 0 ||
	    copy_profiles(c, a, b, profiles) != 0 || join(b, made, "profiles", c->f) != 0 || write_names(c, b, profiles) != 0)
		return -1;
	return sync_folder(made) != 0 ? failed(c->f, made) : 0;
}

/* ---- loading ---- */

static struct rules *
load_from(const char *path, struct fault *f)
{
	char name[PATH_MAX], names[NAMES_MAX];
	ssize_t n;
	int fd;

	if (join(name, path, "profiles", f) != 0)
		return NULL;
	if ((fd = open(name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)) < 0 || (n = read(fd, names, sizeof names - 1)) < 0) {
		(void)fault_set(f, EX_NOINPUT, "rules", _("no copy of earlier rules: %s"), strerror(errno));
		fault_at(f, name, 0);
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	close(fd);
	names[n] = '\0';
	return rules_load_profiles(path, names, f);
}

static bool
says(const char *path, const struct rules *r)
{
	uint8_t a[32], b[32];
	struct fault f = {0};
	struct rules *had = load_from(path, &f);
	bool same = false;

	if (had != NULL) {
		rules_digest(had, a);
		rules_digest(r, b);
		same = memcmp(a, b, sizeof a) == 0;
	}
	rules_free(had);
	return same;
}

struct rules *
rules_kept_load(const char *dir, struct fault *f)
{
	char path[PATH_MAX];
	struct rules *r;

	if (join(path, dir, RULES_KEPT, f) != 0)
		return NULL;
	if ((r = load_from(path, f)) != NULL)
		return r;
	/* The power went while the two changed places. */
	return join(path, dir, BEFORE, f) == 0 ? load_from(path, f) : NULL;
}

int
rules_kept_save(const char *dir, const char *confdir, const struct rules *r, struct fault *f)
{
	char good[PATH_MAX], made[PATH_MAX], before[PATH_MAX];
	struct copying c = {.f = f};

	if (join(good, dir, RULES_KEPT, f) != 0 || join(made, dir, MADE, f) != 0 || join(before, dir, BEFORE, f) != 0)
		return -1;
	clear_path(made);
	if (says(good, r))
		return 0;
	if (copy_all(&c, made, confdir, rules_profiles(r)) != 0)
		goto fail;
	if (!says(made, r)) {
		(void)fault_set(f, EX_TEMPFAIL, "rules", _("the tables have changed since they were read: no copy of them is kept"));
		fault_at(f, confdir, 0);
		goto fail;
	}
	if (access(good, F_OK) == 0) {
		clear_path(before);
		if (rename(good, before) != 0) {
			(void)failed(f, good);
			goto fail;
		}
	}
	if (rename(made, good) != 0 || sync_folder(dir) != 0) {
		(void)failed(f, good);
		goto fail;
	}
	clear_path(before);
	return 0;
fail:
	clear_path(made);
	return -1;
}
