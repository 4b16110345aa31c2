/*
 * The spool folder DIR/alarm/: new, done, failed, exercise, tmp.  A job is written in tmp, synced, and renamed to where it belongs, so that what lies
 * there is whole; its name is what makes the same ring once.  What is done or given up is kept, the newest of it: for who asks in the morning
 * whether the bell rang.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>
#include "../formats/buf.h"
#include "../formats/i18n.h"
#include "log.h"
#include "outlet_int.h"

#define KEPT 200		/* files kept in done, failed, exercise */
#define JOBS_MOST 4096		/* looked at in a folder */
#define JOB_BYTES (64u << 10)

static const char *const places[PLACES] = {"new", "done", "failed", "exercise"};

bool
spool_id_valid(const char *id)
{
	size_t n = strlen(id);

	return n > 0 && n < OUTLET_ID - 1 && id[0] != '.' &&
	    strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_") == n;
}

static void
job_path(const struct stationdir *dir, const char *place, const char *id, const char *name, char path[512])
{
	(void)snprintf(path, 512, "%s/alarm/%s/%s%s%s.json", dir->path, place, id, name[0] != '\0' ? "@" : "", name);
}

int
spool_open(const struct stationdir *dir, struct fault *f)
{
	char path[512];
	struct dirent *e;
	DIR *d;

	for (int i = -2; i < PLACES; i++) {
		(void)snprintf(path, sizeof path, "%s/alarm%s%s", dir->path, i == -2 ? "" : "/", i == -2 ? "" : i == -1 ? "tmp" : places[i]);
		if (mkdir(path, 0700) != 0 && errno != EEXIST) {
			(void)fault_set(f, EX_CANTCREAT, "", "%s", strerror(errno));
			fault_at(f, path, 0);
			return -1;
		}
	}
	(void)snprintf(path, sizeof path, "%s/alarm/tmp", dir->path);
	if ((d = opendir(path)) == NULL)
		return 0;
	while ((e = readdir(d)) != NULL)
		if (e->d_name[0] != '.')
			(void)unlinkat(dirfd(d), e->d_name, 0);
	(void)closedir(d);
	return 0;
}

static int
sync_folder(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc;

	if (fd < 0)
		return -1;
	rc = fsync(fd);
	(void)close(fd);
	return rc;
}

static int
write_all(int fd, const char *p, size_t n)
{
	while (n > 0) {
		ssize_t w = write(fd, p, n);

		if (w < 0 && errno == EINTR)
			continue;
		if (w <= 0)
			return -1;
		p += w;
		n -= (size_t)w;
	}
	return fsync(fd);
}

/* ---- bounded folders ---- */

struct file { char name[256]; int64_t at; };

static int
cmp_age(const void *a, const void *b)
{
	const struct file *x = a, *y = b;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	return strcmp(x->name, y->name);
}

/* Names of jobs, the oldest first; owned by the caller. */
static size_t
listing(const struct stationdir *dir, enum outlet_place place, struct file **out)
{
	char path[512];
	struct dirent *e;
	struct stat st;
	size_t n = 0;
	DIR *d;

	*out = NULL;
	(void)snprintf(path, sizeof path, "%s/alarm/%s", dir->path, places[place]);
	if ((d = opendir(path)) == NULL)
		return 0;
	while (n < JOBS_MOST && (e = readdir(d)) != NULL) {
		size_t len = strlen(e->d_name);

		if (e->d_name[0] == '.' || len < 6 || strcmp(e->d_name + len - 5, ".json") != 0 ||
		    fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(st.st_mode))
			continue;
		*out = xreallocarray(*out, n + 1, sizeof **out);
		(void)snprintf((*out)[n].name, sizeof (*out)[n].name, "%s", e->d_name);
		(*out)[n++].at = (int64_t)st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1000000;
	}
	(void)closedir(d);
	if (n > 1)
		qsort(*out, n, sizeof **out, cmp_age);
	return n;
}

static void
bound(const struct stationdir *dir, enum outlet_place place)
{
	struct file *v;
	char path[800];
	size_t n = listing(dir, place, &v);

	for (size_t i = 0; n > KEPT && i < n - KEPT; i++) {
		(void)snprintf(path, sizeof path, "%s/alarm/%s/%s", dir->path, places[place], v[i].name);
		(void)unlink(path);
	}
	free(v);
}

/* ---- one job ---- */

static bool
is_there(const struct stationdir *dir, const char *id, const char *name)
{
	static const enum outlet_place known[] = {PLACE_NEW, PLACE_DONE, PLACE_FAILED};
	char path[512];

	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
		job_path(dir, places[known[i]], id, name, path);
		if (access(path, F_OK) == 0)
			return true;
	}
	return false;
}

int
spool_put(const struct stationdir *dir, enum outlet_place place, const char *id, const char *name, const json_t *job)
{
	char path[512], tmp[512], folder[512];
	char *text;
	int fd, rc = -1;

	job_path(dir, places[place], id, name, path);
	if (place == PLACE_EXERCISE ? access(path, F_OK) == 0 : is_there(dir, id, name))
		return 1;
	if ((text = json_dumps(job, JSON_INDENT(1) | JSON_PRESERVE_ORDER)) == NULL)
		return -1;
	job_path(dir, "tmp", id, name, tmp);
	(void)snprintf(folder, sizeof folder, "%s/alarm/%s", dir->path, places[place]);
	if ((fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600)) >= 0) {
		rc = write_all(fd, text, strlen(text));
		if (close(fd) != 0)
			rc = -1;
		if (rc == 0 && (rename(tmp, path) != 0 || sync_folder(folder) != 0))
			rc = -1;
		if (rc != 0)
			(void)unlink(tmp);
	}
	if (rc != 0)
		log_event(LOG_LV_ERROR, "outlet", "job=%s why=%s", log_quote(path), log_quote(strerror(errno)));
	else if (place != PLACE_NEW)
		bound(dir, place);
	free(text);
	return rc;
}

int
spool_move(const struct stationdir *dir, const char *id, const char *name, enum outlet_place to)
{
	char from[512], path[512];
	int rc;

	job_path(dir, places[PLACE_NEW], id, name, from);
	job_path(dir, places[to], id, name, path);
	if ((rc = rename(from, path)) != 0 && errno != ENOENT)
		log_event(LOG_LV_ERROR, "outlet", "job=%s why=%s", log_quote(from), log_quote(strerror(errno)));
	bound(dir, to);
	return rc;
}

void
spool_remove(const struct stationdir *dir, const char *id, const char *name)
{
	char path[512];

	job_path(dir, places[PLACE_NEW], id, name, path);
	(void)unlink(path);
}

int
spool_fd(const struct stationdir *dir, const char *id, const char *name, char path[512])
{
	job_path(dir, places[PLACE_NEW], id, name, path);
	return open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
}

/* ---- what lies there ---- */

/* "ID@NAME.json" apart; false: no job of an outlet. */
static bool
split_name(const char *file, char id[OUTLET_ID], char name[OUTLET_NAME])
{
	const char *at = strrchr(file, '@');
	size_t n;

	if (at == NULL || (size_t)(at - file) >= OUTLET_ID)
		return false;
	memcpy(id, file, (size_t)(at - file));
	id[at - file] = '\0';
	n = strlen(at + 1) - 5; /* listing() has seen the ending */
	if (n == 0 || n >= OUTLET_NAME)
		return false;
	memcpy(name, at + 1, n);
	name[n] = '\0';
	return spool_id_valid(id);
}

void
spool_each(const struct stationdir *dir, spool_fn fn, void *ctx)
{
	char path[800], id[OUTLET_ID], name[OUTLET_NAME];
	struct file *v;
	struct stat st;
	size_t n = listing(dir, PLACE_NEW, &v);

	for (size_t i = 0; i < n; i++) {
		json_t *job = NULL;

		(void)snprintf(path, sizeof path, "%s/alarm/new/%s", dir->path, v[i].name);
		if (!split_name(v[i].name, id, name))
			continue;
		if (stat(path, &st) == 0 && st.st_size <= (off_t)JOB_BYTES)
			job = json_load_file(path, 0, NULL);
		fn(ctx, id, name, job);
		json_decref(job);
	}
	free(v);
}

size_t
spool_count(const struct stationdir *dir, enum outlet_place place, const char *name)
{
	char id[OUTLET_ID], whose[OUTLET_NAME];
	struct file *v;
	size_t n = listing(dir, place, &v), count = 0;

	for (size_t i = 0; i < n; i++)
		count += split_name(v[i].name, id, whose) && strcmp(whose, name) == 0;
	free(v);
	return count;
}
