/*
 * A station's directory, read with suspicion; stationdir_create.c makes one.
 *
 * Loading refuses a secret key that others can read, that is not a plain file of ours, or that does not belong to the
 * public key beside it: a station under a wrong key is a stranger to its neighbours, and nobody would see why.
 */
#include "stationdir.h"

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
#include "../formats/conf.h"
#include "../formats/i18n.h"
#include "../formats/text.h"
#include "stationdir_int.h"

static const char *const allowed[] = {
    "station", "name", "listen", "language", "group", "log_level", "reoffer_minutes", "return_hours", "hosted",
    "attended_minutes", "divert_seconds", "settle_days", "keep_days", "resend_days", "ballast_mb", "room_mb", "backup_keep",
    "profile", "pins", NULL};

bool
key_parse(const char *s, uint8_t key[32])
{
	size_t len;

	if (strlen(s) != STATIONDIR_KEY_HEX)
		return false;
	/* All zero is nobody's key: a link of it could never come up. */
	return sodium_hex2bin(key, 32, s, STATIONDIR_KEY_HEX, NULL, &len, NULL) == 0 && len == 32 && !sodium_is_zero(key, 32);
}

void
key_format(const uint8_t key[32], char out[65])
{
	sodium_bin2hex(out, STATIONDIR_KEY_HEX + 1, key, 32);
}

static bool
plain(const char *h, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!((h[i] >= '0' && h[i] <= '9') || (h[i] >= 'a' && h[i] <= 'z') || (h[i] >= 'A' && h[i] <= 'Z') ||
			h[i] == '.' || h[i] == '-' || h[i] == '_'))
			return false;
	return true;
}

static bool
host_valid(const char *h, size_t len)
{
	if (len == 0 || len > 200)
		return false;
	if (h[0] == '[') {
		static const char hex[] = "0123456789abcdefABCDEF:.";
		size_t n = strspn(h + 1, hex);

		if (h[len - 1] != ']' || n < 2 || n > len - 2 || memchr(h, ':', n + 1) == NULL)
			return false;
		/* the zone of a link-local address: an interface */
		return h[n + 1] == ']' ? n + 2 == len : h[n + 1] == '%' && len - n > 3 && plain(h + n + 2, len - n - 3);
	}
	if (h[0] == '-' || h[0] == '.')
		return false;
	return plain(h, len);
}

static bool
endpoint_check(const char *s, bool listening)
{
	const char *host, *colon;
	unsigned long port = 0;

	if (strncmp(s, "tcp://", 6) != 0 || strlen(s) >= sizeof(((struct stationdir *)0)->listen))
		return false;
	host = s + 6;
	if ((colon = strrchr(host, ':')) == NULL)
		return false;
	if (!(listening && colon == host + 1 && host[0] == '*') && !host_valid(host, (size_t)(colon - host)))
		return false;
	if (listening && strcmp(colon + 1, "*") == 0)
		return true;
	if (colon[1] == '\0' || strlen(colon + 1) > 5)
		return false;
	for (const char *p = colon + 1; *p != '\0'; p++) {
		if (*p < '0' || *p > '9')
			return false;
		port = port * 10 + (unsigned long)(*p - '0');
	}
	return port >= 1 && port <= 65535;
}

bool
endpoint_valid(const char *s)
{
	return endpoint_check(s, false);
}

bool
endpoint_listen_valid(const char *s)
{
	return endpoint_check(s, true);
}

/* Joins into a buffer that is known to be large enough for every path we accept; a longer one is a fault. */
int
stationdir_join(char *out, size_t size, const char *dir, const char *name, struct fault *f)
{
	int n = snprintf(out, size, "%s/%s", dir, name);

	if (n < 0 || (size_t)n >= size)
		return fault_set(f, EX_CONFIG, "-D", _("the path is too long: %s"), dir);
	return 0;
}

int
stationdir_sync(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc;

	if (fd < 0)
		return -1;
	rc = fsync(fd);
	close(fd);
	return rc;
}

/* The desk's socket has to fit into a sockaddr_un. */
static int
path_check(const char *path, struct fault *f)
{
	size_t room = STATIONDIR_PATH_ROOM;

	if (strlen(path) > room)
		return fault_set(f, EX_CONFIG, "-D",
		    _("the path of the station's directory is longer than %zu bytes, which a local socket cannot hold: "
		      "%s"),
		    room, path);
	return 0;
}

static int
key_load(const char *dir, const char *name, bool secret, uint8_t key[32], struct fault *f)
{
	char path[512], text[STATIONDIR_KEY_HEX + 3];
	struct stat st;
	ssize_t n;
	int fd, rc = -1;

	if (stationdir_join(path, sizeof(path), dir, name, f) != 0)
		return -1;
	/* O_NONBLOCK: a named pipe laid here must not hang the start */
	if ((fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)) < 0 || fstat(fd, &st) != 0) {
		fault_set(f, errno == EACCES ? EX_NOPERM : EX_NOINPUT, "", _("cannot be read: %s"), strerror(errno));
		goto out;
	}
	if (!S_ISREG(st.st_mode)) {
		fault_set(f, EX_CONFIG, "", _("is not a plain file"));
		goto out;
	}
	if (secret && (st.st_mode & 077) != 0) {
		fault_set(f, EX_NOPERM, "",
		    _("the secret key can be read by others (mode %04o, wanted 0600): take it away from them, "
		      "and think about a new one"),
		    (unsigned)(st.st_mode & 07777));
		goto out;
	}
	if (secret && st.st_uid != geteuid() && geteuid() != 0) {
		fault_set(f, EX_NOPERM, "", _("the secret key belongs to another account"));
		goto out;
	}
	n = read(fd, text, sizeof(text) - 1);
	if (n < 0) {
		fault_set(f, EX_IOERR, "", _("cannot be read: %s"), strerror(errno));
		goto out;
	}
	while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == '\r' || text[n - 1] == ' '))
		n--;
	text[n] = '\0';
	if (strlen(text) != (size_t)n || !key_parse(text, key)) {
		fault_set(f, EX_CONFIG, "", _("is not a key: 64 hexadecimal digits are wanted"));
		goto out;
	}
	rc = 0;
out:
	if (rc != 0)
		fault_at(f, path, 0);
	if (fd >= 0)
		close(fd);
	sodium_memzero(text, sizeof(text));
	return rc;
}

static int
keys_load(struct stationdir *d, struct fault *f)
{
	uint8_t derived[32];

	if (key_load(d->path, "keys/secret.key", true, d->secret_key, f) != 0 ||
	    key_load(d->path, "keys/public.key", false, d->public_key, f) != 0)
		return -1;
	if (crypto_scalarmult_base(derived, d->secret_key) != 0 || memcmp(derived, d->public_key, 32) != 0) {
		fault_set(f, EX_CONFIG, "", _("the public key does not belong to the secret key beside it"));
		fault_at(f, d->path, 0);
		return -1;
	}
	return 0;
}

/* One text setting into its place; too long is a fault, as is anything unclean. */
static int
text_setting(const struct settings *s, const char *key, const char *dflt, char *out, size_t size, struct fault *f)
{
	const char *v = settings_get(s, key, dflt);
	size_t bad;

	if (v == NULL)
		v = "";
	if (strlen(v) >= size)
		return fault_set(f, EX_CONFIG, key, _("longer than %zu bytes"), size - 1);
	if (!text_clean(v, strlen(v), false, &bad))
		return fault_set(f, EX_CONFIG, key, _("holds characters that a setting cannot have"));
	memcpy(out, v, strlen(v) + 1);
	return 0;
}

static int
yes_no(const struct settings *s, const char *key, const char *dflt, bool *out, struct fault *f)
{
	char v[8];

	if (text_setting(s, key, dflt, v, sizeof(v), f) != 0)
		return -1;
	*out = strcmp(v, "yes") == 0;
	if (!*out && strcmp(v, "no") != 0)
		return fault_set(f, EX_CONFIG, key, _("yes or no is wanted, not %s"), v);
	return 0;
}

static int
settings_read(struct stationdir *d, struct fault *f)
{
	struct settings *s;
	char path[512];
	int rc = -1;

	if (stationdir_join(path, sizeof(path), d->path, STATIONDIR_CONF, f) != 0)
		return -1;
	if (access(path, F_OK) != 0) {
		fault_set(f, EX_NOINPUT, "-D", _("holds no station (no %s)"), STATIONDIR_CONF);
		fault_at(f, d->path, 0);
		return -1;
	}
	if ((s = settings_load(path, allowed, f)) == NULL)
		return -1;
	if (text_setting(s, "station", "", d->station, sizeof(d->station), f) != 0 ||
	    text_setting(s, "name", "", d->name, sizeof(d->name), f) != 0 ||
	    text_setting(s, "listen", "", d->listen, sizeof(d->listen), f) != 0 ||
	    text_setting(s, "language", "zh", d->language, sizeof(d->language), f) != 0 ||
	    text_setting(s, "group", "", d->group, sizeof(d->group), f) != 0 ||
	    text_setting(s, "log_level", "info", d->log_level, sizeof(d->log_level), f) != 0 ||
	    settings_num(s, "reoffer_minutes", 10, 1, 1440, &d->reoffer_minutes, f) != 0 ||
	    settings_num(s, "return_hours", 72, 1, 8760, &d->return_hours, f) != 0 ||
	    settings_num(s, "attended_minutes", 15, 1, 1440, &d->attended_minutes, f) != 0 ||
	    settings_num(s, "divert_seconds", 60, 1, 86400, &d->divert_seconds, f) != 0 ||
	    settings_num(s, "settle_days", 3, 0, 3650, &d->settle_days, f) != 0 ||
	    settings_num(s, "keep_days", 0, 0, 36500, &d->keep_days, f) != 0 ||
	    settings_num(s, "resend_days", 30, 1, 3650, &d->resend_days, f) != 0 ||
	    settings_num(s, "ballast_mb", 64, 1, 65536, &d->ballast_mb, f) != 0 ||
	    settings_num(s, "room_mb", 256, 1, 1048576, &d->room_mb, f) != 0 ||
	    settings_num(s, "backup_keep", 7, 0, 365, &d->backup_keep, f) != 0 ||
	    text_setting(s, "profile", "", d->profile, sizeof(d->profile), f) != 0 ||
	    yes_no(s, "pins", "yes", &d->pins, f) != 0 || yes_no(s, "hosted", "no", &d->hosted, f) != 0)
		goto out;
	if (!station_code_valid(d->station))
		rc = fault_set(f, EX_CONFIG, "station", _("not a station code: %s"), d->station);
	else if (d->listen[0] != '\0' && !endpoint_listen_valid(d->listen))
		rc = fault_set(f, EX_CONFIG, "listen", _("not an address like tcp://HOST:PORT: %s"), d->listen);
	else if (strcmp(d->language, "zh") != 0 && strcmp(d->language, "en") != 0)
		rc = fault_set(f, EX_CONFIG, "language", _("zh or en is wanted, not %s"), d->language);
	else if (strcmp(d->log_level, "debug") != 0 && strcmp(d->log_level, "info") != 0 &&
		 strcmp(d->log_level, "warn") != 0 && strcmp(d->log_level, "error") != 0)
		rc = fault_set(
		    f, EX_CONFIG, "log_level", _("debug, info, warn or error is wanted, not %s"), d->log_level);
	else
		rc = 0;
	if (rc == 0 && d->name[0] == '\0')
		memcpy(d->name, d->station, sizeof(d->station));
out:
	if (rc != 0 && f->file[0] == '\0')
		fault_at(f, path, 0);
	settings_free(s);
	return rc;
}

int
stationdir_load(const char *where, struct stationdir *d, struct fault *f)
{
	char *resolved;
	int rc;

	memset(d, 0, sizeof(*d));
	if (sodium_init() < 0)
		return fault_set(f, EX_SOFTWARE, "", _("libsodium cannot be started"));
	if ((resolved = realpath(where, NULL)) == NULL) {
		fault_set(f, EX_NOINPUT, "-D", _("cannot be opened: %s"), strerror(errno));
		fault_at(f, where, 0);
		return -1;
	}
	rc = path_check(resolved, f);
	if (rc == 0 && strlen(resolved) >= sizeof(d->path))
		rc = fault_set(f, EX_CONFIG, "-D", _("the path is too long: %s"), resolved);
	if (rc == 0)
		memcpy(d->path, resolved, strlen(resolved) + 1);
	free(resolved);
	if (rc != 0 || stationdir_join(d->socket, sizeof(d->socket), d->path, STATIONDIR_SOCKET, f) != 0 ||
	    stationdir_join(d->topology, sizeof(d->topology), d->path, "topology.tsv", f) != 0 ||
	    stationdir_join(d->journal, sizeof(d->journal), d->path, "journal", f) != 0)
		return -1;
	if (settings_read(d, f) != 0)
		return -1;
	return keys_load(d, f);
}

/* Who holds it: the pid the holder wrote, for people to read. */
static int
lock_busy(int fd, const char *path, struct fault *f)
{
	char text[32];
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);
	long pid = 0;

	for (ssize_t i = 0; i < n && text[i] >= '0' && text[i] <= '9' && pid < 100000000; i++)
		pid = pid * 10 + (text[i] - '0');
	if (pid > 0)
		fault_set(f, EX_TEMPFAIL, "-D", _("another process (pid %ld) has this station open"), pid);
	else
		fault_set(f, EX_TEMPFAIL, "-D", _("another process has this station open"));
	fault_at(f, path, 0);
	return -1;
}

int
stationdir_lock(const struct stationdir *d, struct fault *f)
{
	char path[512], text[32];
	int fd, n;

	if (stationdir_join(path, sizeof(path), d->journal, "lock", f) != 0)
		return -1;
	if ((fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600)) < 0) {
		fault_set(f, errno == EACCES ? EX_NOPERM : EX_CANTCREAT, "-D", _("cannot be locked: %s"),
		    strerror(errno));
		fault_at(f, path, 0);
		return -1;
	}
	while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		int e = errno;
		if (e == EINTR)
			continue;
		if (e == EWOULDBLOCK)
			lock_busy(fd, path, f);
		else {
			fault_set(f, EX_OSERR, "-D", _("cannot be locked: %s"), strerror(e));
			fault_at(f, path, 0);
		}
		close(fd);
		return -1;
	}
	/* The pid is for people only; the lock itself is the kernel's.  A full disk must not keep the switch from
	 * running. */
	n = snprintf(text, sizeof(text), "%ld\n", (long)getpid());
	if (ftruncate(fd, 0) != 0 || pwrite(fd, text, (size_t)n, 0) != n)
		errno = 0;
	return fd;
}

static int
mark_path(const struct stationdir *d, char *out, size_t size)
{
	return snprintf(out, size, "%s/new", d->journal) < (int)size ? 0 : -1;
}

bool
stationdir_fresh(const struct stationdir *d)
{
	char path[512];

	return mark_path(d, path, sizeof(path)) == 0 && access(path, F_OK) == 0;
}

int
stationdir_used(const struct stationdir *d, struct fault *f)
{
	char path[512];

	if (mark_path(d, path, sizeof(path)) != 0 || (unlink(path) != 0 && errno != ENOENT) ||
	    stationdir_sync(d->journal) != 0) {
		fault_set(f, EX_IOERR, "", _("cannot be removed: %s"), strerror(errno));
		fault_at(f, path, 0);
		return -1;
	}
	return 0;
}
