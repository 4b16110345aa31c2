/*
 * Making a station's directory: whole or not at all.
 *
 * Everything is built in a folder beside the place (same file system), synced and renamed there: rename() onto a folder
 * that holds anything fails, so an existing station is never touched, whatever races.  The folder itself may be entered
 * by everyone (the desk's group has to reach run/), keys/ and journal/ by the owner alone.
 *
 * A folder that is there already and empty is filled where it stands, under a lock: it may have been made by root for an
 * account that cannot write beside it (/var/lib/duty), and its owner, group and mode are its maker's.  The pieces are
 * built in a folder inside it and renamed up, the settings last: without those it is no station (stationdir.c).
 */
#include "stationdir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>
#include "../formats/buf.h"
#include "../formats/i18n.h"
#include "../formats/text.h"
#include "route.h"
#include "stationdir_int.h"

static int
file_write(const char *dir, const char *name, mode_t mode, const void *data, size_t len, struct fault *f)
{
	const char *p = data;
	char path[512];
	int fd = -1, rc = -1;

	if (stationdir_join(path, sizeof(path), dir, name, f) != 0)
		return -1;
	if ((fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode)) < 0)
		goto out;
	while (len > 0) {
		ssize_t w = write(fd, p, len);
		if (w < 0 && errno == EINTR)
			continue;
		if (w <= 0)
			goto out;
		p += w;
		len -= (size_t)w;
	}
	/* fchmod: the umask must neither widen nor narrow what the layout promises */
	if (fchmod(fd, mode) != 0 || fsync(fd) != 0)
		goto out;
	rc = 0;
out:
	if (rc != 0) {
		fault_set(f, EX_CANTCREAT, "", _("cannot be written: %s"), strerror(errno));
		fault_at(f, path, 0);
	}
	if (fd >= 0)
		close(fd);
	return rc;
}

static int
folder_make(const char *dir, const char *name, mode_t mode, struct fault *f)
{
	char path[512];

	if (stationdir_join(path, sizeof(path), dir, name, f) != 0)
		return -1;
	if (mkdir(path, mode) != 0 || chmod(path, mode) != 0) {
		fault_set(f, EX_CANTCREAT, "", _("cannot be created: %s"), strerror(errno));
		fault_at(f, path, 0);
		return -1;
	}
	return 0;
}

/* Everything stationdir_create() may have put into a folder; what is not there is not missed. */
static void
pieces_remove(const char *tmp)
{
	static const char *const names[] = {STATIONDIR_CONF, "topology.tsv", "keys/secret.key", "keys/public.key",
	    "journal/new", "keys", "journal", "run"};
	char path[512];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (snprintf(path, sizeof(path), "%s/%s", tmp, names[i]) < (int)sizeof(path))
			(void)remove(path);
}

static int
new_check(const struct stationdir_new *n, struct fault *f)
{
	size_t bad;

	if (n->station == NULL || !station_code_valid(n->station))
		return fault_set(
		    f, EX_DATAERR, "station", _("not a station code: %s"), n->station == NULL ? "" : n->station);
	if (n->name == NULL || n->name[0] == '\0')
		return fault_set(f, EX_DATAERR, "name", _("a station needs a name"));
	if (strlen(n->name) >= sizeof(((struct stationdir *)0)->name))
		return fault_set(
		    f, EX_DATAERR, "name", _("longer than %zu bytes"), sizeof(((struct stationdir *)0)->name) - 1);
	if (!text_clean(n->name, strlen(n->name), false, &bad) || strchr(n->name, '#') != NULL ||
	    strchr(n->name, '\t') != NULL || n->name[0] == ' ' || n->name[strlen(n->name) - 1] == ' ')
		return fault_set(f, EX_DATAERR, "name", _("holds characters that a name cannot have"));
	if (n->listen != NULL && n->listen[0] != '\0' && !endpoint_listen_valid(n->listen))
		return fault_set(f, EX_DATAERR, "listen", _("not an address like tcp://HOST:PORT: %s"), n->listen);
	if (n->parent_endpoint == NULL || n->parent_endpoint[0] == '\0')
		return 0;
	if (!endpoint_valid(n->parent_endpoint))
		return fault_set(
		    f, EX_DATAERR, "parent", _("not an address like tcp://HOST:PORT: %s"), n->parent_endpoint);
	if (n->parent_station == NULL || !station_code_valid(n->parent_station))
		return fault_set(f, EX_DATAERR, "parent-station", _("not a station code: %s"),
		    n->parent_station == NULL ? "" : n->parent_station);
	if (strcmp(n->parent_station, n->station) == 0)
		return fault_set(f, EX_DATAERR, "parent-station", _("a station cannot be its own parent"));
	if (n->parent_key == NULL)
		return fault_set(f, EX_DATAERR, "parent-key",
		    _("the parent's public key is needed: it is how the parent is recognised"));
	return 0;
}

static int
topology_write(const char *tmp, const struct stationdir_new *n, struct fault *f)
{
	struct topology t;
	struct neighbour parent;
	char path[512];

	memset(&t, 0, sizeof(t));
	memset(&parent, 0, sizeof(parent));
	snprintf(t.self, sizeof(t.self), "%s", n->station);
	if (n->parent_endpoint != NULL && n->parent_endpoint[0] != '\0') {
		snprintf(parent.station, sizeof(parent.station), "%s", n->parent_station);
		text_sanitise(n->parent_name != NULL ? n->parent_name : n->parent_station,
		    strlen(n->parent_name != NULL ? n->parent_name : n->parent_station), parent.name,
		    sizeof(parent.name), false);
		snprintf(parent.endpoint, sizeof(parent.endpoint), "%s", n->parent_endpoint);
		memcpy(parent.key, n->parent_key, sizeof(parent.key));
		parent.role = ROLE_PARENT;
		parent.rate_bps = n->parent_rate;
		t.n = &parent;
		t.count = 1;
	}
	if (stationdir_join(path, sizeof(path), tmp, "topology.tsv", f) != 0)
		return -1;
	return topology_save(path, &t, f);
}

static int
keys_write(const char *tmp, struct fault *f)
{
	uint8_t pk[crypto_box_PUBLICKEYBYTES], sk[crypto_box_SECRETKEYBYTES];
	char hex[STATIONDIR_KEY_HEX + 2];
	int rc = -1;

	_Static_assert(
	    crypto_box_PUBLICKEYBYTES == 32 && crypto_box_SECRETKEYBYTES == 32, "CURVE keys are X25519 keys");
	crypto_box_keypair(pk, sk);
	key_format(sk, hex);
	hex[STATIONDIR_KEY_HEX] = '\n';
	if (file_write(tmp, "keys/secret.key", 0600, hex, STATIONDIR_KEY_HEX + 1, f) != 0)
		goto out;
	key_format(pk, hex);
	hex[STATIONDIR_KEY_HEX] = '\n';
	rc = file_write(tmp, "keys/public.key", 0644, hex, STATIONDIR_KEY_HEX + 1, f);
out:
	sodium_memzero(sk, sizeof(sk));
	sodium_memzero(hex, sizeof(hex));
	return rc;
}

static int
settings_write(const char *tmp, const struct stationdir_new *n, struct fault *f)
{
	struct buf b = {0};
	int rc;

	buf_puts(&b, "# One station of the duty switch; see dutyswitch(8).\n");
	buf_printf(&b, "station = %s\nname = %s\n", n->station, n->name);
	if (n->listen != NULL && n->listen[0] != '\0')
		buf_printf(&b, "listen = %s\n", n->listen);
	else
		buf_puts(&b, "# listen = tcp://*:7330\n");
	buf_puts(&b, "language = zh\n# group = dutyroom\nlog_level = info\n");
	rc = file_write(tmp, STATIONDIR_CONF, 0644, b.p, b.n, f);
	buf_free(&b);
	return rc;
}

/* The last component's folder, for syncing the rename. */
static void
parent_of(const char *path, char *out, size_t size)
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL)
		snprintf(out, size, ".");
	else if (slash == path)
		snprintf(out, size, "/");
	else
		snprintf(out, size, "%.*s", (int)(slash - path), path);
}

static int
build(const char *tmp, const struct stationdir_new *n, struct fault *f)
{
	if (folder_make(tmp, "keys", 0700, f) != 0 || folder_make(tmp, "journal", 0700, f) != 0 ||
	    folder_make(tmp, "run", 0750, f) != 0 || keys_write(tmp, f) != 0 || topology_write(tmp, n, f) != 0 ||
	    file_write(tmp, "journal/new", 0600, "", 0, f) != 0 || settings_write(tmp, n, f) != 0)
		return -1;
	if (chmod(tmp, 0755) != 0 || stationdir_sync(tmp) != 0)
		return fault_set(f, EX_CANTCREAT, "-D", _("cannot be written: %s"), strerror(errno));
	return 0;
}

/* Takes the folder for us alone, and looks that nothing is in it.  The descriptor, which holds the lock, or -1. */
static int
empty_take(const char *path, struct fault *f)
{
	struct dirent *e;
	DIR *d = NULL;
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), copy;

	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) != 0) {
		if (fd >= 0 && errno == EWOULDBLOCK)
			fault_set(f, EX_TEMPFAIL, "-D", _("another process is making a station here"));
		else
			fault_set(f, EX_NOPERM, "-D", _("cannot be read: %s"), strerror(errno));
		goto bad;
	}
	if ((copy = dup(fd)) < 0 || (d = fdopendir(copy)) == NULL) {
		fault_set(f, EX_CANTCREAT, "-D", _("cannot be read: %s"), strerror(errno));
		if (copy >= 0)
			close(copy);
		goto bad;
	}
	while ((e = readdir(d)) != NULL)
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0) {
			char name[128];

			(void)text_sanitise(e->d_name, strlen(e->d_name), name, sizeof(name), false);
			fault_set(f, EX_CANTCREAT, "-D",
			    _("exists and is not empty (it holds %s); nothing was changed"), name);
			goto bad;
		}
	(void)closedir(d);
	return fd;
bad:
	fault_at(f, path, 0);
	if (d != NULL)
		(void)closedir(d);
	if (fd >= 0)
		close(fd);
	return -1;
}

/* Into a folder that is there. */
static int
fill(const char *path, const struct stationdir_new *n, struct fault *f)
{
	/* the settings last: they are what makes it a station */
	static const char *const pieces[] = {"keys", "journal", "run", "topology.tsv", STATIONDIR_CONF};
	char tmp[288] = "", from[512], to[512];
	int fd = empty_take(path, f), rc = -1;
	bool moving = false;

	if (fd < 0)
		return -1;
	if (snprintf(tmp, sizeof(tmp), "%s/.new.XXXXXX", path) >= (int)sizeof(tmp) || mkdtemp(tmp) == NULL) {
		fault_set(f, errno == EACCES || errno == EPERM || errno == EROFS ? EX_NOPERM : EX_CANTCREAT, "-D",
		    _("cannot be written by this account: %s"), strerror(errno));
		fault_at(f, path, 0);
		tmp[0] = '\0';
		goto out;
	}
	if (build(tmp, n, f) != 0)
		goto out;
	moving = true;
	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		if (stationdir_join(from, sizeof(from), tmp, pieces[i], f) != 0 ||
		    stationdir_join(to, sizeof(to), path, pieces[i], f) != 0)
			goto out;
		/* all that went before is on disk before the settings say so */
		if ((strcmp(pieces[i], STATIONDIR_CONF) == 0 && fsync(fd) != 0) || rename(from, to) != 0) {
			fault_set(f, EX_CANTCREAT, "", _("cannot be created: %s"), strerror(errno));
			fault_at(f, to, 0);
			goto out;
		}
	}
	if (fsync(fd) != 0) {
		fault_set(f, EX_IOERR, "-D", _("cannot be synced: %s"), strerror(errno));
		fault_at(f, path, 0);
		goto out;
	}
	rc = 0;
out:
	if (tmp[0] != '\0') {
		pieces_remove(tmp);
		(void)rmdir(tmp);
	}
	if (rc != 0 && moving)
		pieces_remove(path);	/* it was empty when we took it */
	close(fd);
	return rc;
}

int
stationdir_create(const char *where, const struct stationdir_new *n, struct fault *f)
{
	char path[256], tmp[288] = "", up[256], *resolved = NULL;
	struct stat st;
	size_t len = strlen(where);
	int rc = -1;

	if (sodium_init() < 0)
		return fault_set(f, EX_SOFTWARE, "", _("libsodium cannot be started"));
	if (new_check(n, f) != 0)
		return -1;
	while (len > 1 && where[len - 1] == '/')
		len--;
	if (len == 0 || len >= sizeof(path))
		return fault_set(f, EX_USAGE, "-D", _("the path is empty or too long"));
	memcpy(path, where, len);
	path[len] = '\0';
	parent_of(path, up, sizeof(up));
	/* Measured as it will be when loaded: absolute. */
	if ((resolved = realpath(up, NULL)) == NULL) {
		fault_set(f, EX_CANTCREAT, "-D", _("the folder it shall lie in cannot be entered: %s"),
		    strerror(errno));
		fault_at(f, up, 0);
		return -1;
	}
	if (strlen(resolved) + 1 + strlen(path) -
		(strrchr(path, '/') != NULL ? (size_t)(strrchr(path, '/') + 1 - path) : 0) >
	    STATIONDIR_PATH_ROOM) {
		free(resolved);
		return fault_set(f, EX_CONFIG, "-D", _("the path is too long for a local socket: %s"), path);
	}
	free(resolved);
	if (snprintf(tmp, sizeof(tmp), "%s/" STATIONDIR_CONF, path) < (int)sizeof(tmp) && lstat(tmp, &st) == 0) {
		fault_set(
		    f, EX_CANTCREAT, "-D", _("this directory already holds a station; nothing was changed"));
		fault_at(f, path, 0);
		return -1;
	}
	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return fill(path, n, f);
	if (snprintf(tmp, sizeof(tmp), "%s.new.XXXXXX", path) >= (int)sizeof(tmp) || mkdtemp(tmp) == NULL) {
		fault_set(f, EX_CANTCREAT, "-D", _("cannot be created: %s"), strerror(errno));
		fault_at(f, path, 0);
		return -1;
	}
	if (build(tmp, n, f) != 0)
		goto out;
	if (rename(tmp, path) != 0) {
		if (errno == ENOTEMPTY || errno == EEXIST)
			fault_set(f, EX_CANTCREAT, "-D", _("exists and is not empty; nothing was changed"));
		else
			fault_set(f, EX_CANTCREAT, "-D", _("cannot be created: %s"), strerror(errno));
		fault_at(f, path, 0);
		goto out;
	}
	tmp[0] = '\0';
	if (stationdir_sync(up) != 0) {
		fault_set(f, EX_IOERR, "-D", _("cannot be synced: %s"), strerror(errno));
		fault_at(f, up, 0);
		goto out;
	}
	rc = 0;
out:
	if (tmp[0] != '\0') {
		pieces_remove(tmp);
		(void)rmdir(tmp);
	}
	return rc;
}
