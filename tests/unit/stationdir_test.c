/*
 * A station's directory: made whole or not at all, never over another; loaded only when everything about it is right.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "../../formats/i18n.h"
#include "../../switch/route.h"
#include "../../switch/stationdir.h"

struct fx {
	char tmp[64], dir[96];
};

static int
setup(void **state)
{
	struct fx *x = calloc(1, sizeof(*x));

	assert_non_null(x);
	snprintf(x->tmp, sizeof(x->tmp), "/tmp/stationdir_test.XXXXXX");
	assert_non_null(mkdtemp(x->tmp));
	snprintf(x->dir, sizeof(x->dir), "%s/town", x->tmp);
	*state = x;
	return 0;
}

static int
remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

static int
teardown(void **state)
{
	struct fx *x = *state;

	assert_int_equal(nftw(x->tmp, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
	free(x);
	return 0;
}

static size_t
entries(const char *path)
{
	DIR *d = opendir(path);
	size_t n = 0;

	assert_non_null(d);
	for (struct dirent *e; (e = readdir(d)) != NULL;)
		n += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
	closedir(d);
	return n;
}

static const struct stationdir_new town = {.station = "330225102", .name = "西周镇", .listen = "tcp://127.0.0.1:*"};

static void
make(const struct fx *x)
{
	struct fault f = {0};

	if (stationdir_create(x->dir, &town, &f) != 0)
		fail_msg("%s: %s", f.file, f.text);
}

static void
place(const struct fx *x, const char *name, const char *text, mode_t mode)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", x->dir, name);
	(void)unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static mode_t
mode_of(const struct fx *x, const char *name)
{
	char path[256];
	struct stat st;

	snprintf(path, sizeof(path), "%s/%s", x->dir, name);
	assert_int_equal(stat(path, &st), 0);
	return st.st_mode & 07777;
}

static void
create_and_load(void **state)
{
	struct fx *x = *state;
	struct stationdir d;
	struct fault f = {0};
	struct topology t;
	uint8_t pk[32];
	char hex[65];
	mode_t mask = umask(077); /* may not narrow the promised modes */

	make(x);
	umask(mask);
	assert_int_equal(mode_of(x, ""), 0755);
	assert_int_equal(mode_of(x, "keys"), 0700);
	assert_int_equal(mode_of(x, "keys/secret.key"), 0600);
	assert_int_equal(mode_of(x, "journal"), 0700);
	assert_int_equal(mode_of(x, "run"), 0750);
	assert_int_equal(entries(x->tmp), 1); /* the building site is gone */
	assert_int_equal(stationdir_load(x->dir, &d, &f), 0);
	assert_string_equal(d.station, "330225102");
	assert_string_equal(d.name, "西周镇");
	assert_string_equal(d.listen, "tcp://127.0.0.1:*");
	assert_string_equal(d.language, "zh");
	assert_int_equal(d.reoffer_minutes, 10);
	assert_non_null(strstr(d.socket, "/town/run/desk.sock"));
	assert_int_equal(crypto_scalarmult_base(pk, d.secret_key), 0);
	assert_memory_equal(pk, d.public_key, 32);
	key_format(d.public_key, hex);
	assert_int_equal(strlen(hex), 64);
	assert_int_equal(topology_load(d.topology, d.station, &t, &f), 0);
	assert_int_equal(t.count, 0);
	topology_free(&t);
}

static void
with_parent(void **state)
{
	struct fx *x = *state;
	uint8_t key[32];
	struct stationdir_new n = {.station = "330225102",
	    .name = "西周镇",
	    .parent_endpoint = "tcp://10.1.2.3:7801",
	    .parent_station = "330225",
	    .parent_name = "象山县",
	    .parent_key = key,
	    .parent_rate = 9600};
	struct stationdir d;
	struct fault f = {0};
	struct topology t;

	memset(key, 7, sizeof(key));
	assert_int_equal(stationdir_create(x->dir, &n, &f), 0);
	assert_int_equal(stationdir_load(x->dir, &d, &f), 0);
	assert_string_equal(d.listen, "");
	assert_int_equal(topology_load(d.topology, d.station, &t, &f), 0);
	assert_int_equal(t.count, 1);
	assert_string_equal(t.n[0].station, "330225");
	assert_string_equal(t.n[0].name, "象山县");
	assert_string_equal(t.n[0].endpoint, "tcp://10.1.2.3:7801");
	assert_int_equal(t.n[0].role, ROLE_PARENT);
	assert_int_equal(t.n[0].rate_bps, 9600);
	assert_memory_equal(t.n[0].key, key, 32);
	topology_free(&t);
}

static void
never_over_another(void **state)
{
	struct fx *x = *state;
	struct stationdir a, b;
	struct fault f = {0};
	char path[200];

	make(x);
	assert_int_equal(stationdir_load(x->dir, &a, &f), 0);
	assert_int_equal(stationdir_create(x->dir, &town, &f), -1);
	assert_int_equal(f.code, EX_CANTCREAT);
	assert_int_equal(stationdir_load(x->dir, &b, &f), 0);
	assert_memory_equal(a.secret_key, b.secret_key, 32);
	/* a folder with anything in it, a file, a folder that is not there */
	snprintf(path, sizeof(path), "%s/full", x->tmp);
	assert_int_equal(mkdir(path, 0755), 0);
	snprintf(path, sizeof(path), "%s/full/letter", x->tmp);
	assert_int_equal(close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0644)), 0);
	snprintf(path, sizeof(path), "%s/full", x->tmp);
	assert_int_equal(stationdir_create(path, &town, &f), -1);
	assert_int_equal(entries(path), 1);
	snprintf(path, sizeof(path), "%s/full/letter", x->tmp);
	assert_int_equal(stationdir_create(path, &town, &f), -1);
	snprintf(path, sizeof(path), "%s/nowhere/town", x->tmp);
	assert_int_equal(stationdir_create(path, &town, &f), -1);
	assert_int_equal(f.code, EX_CANTCREAT);
	assert_int_equal(entries(x->tmp), 2);
	/* an empty folder is fine, also written with a slash */
	snprintf(path, sizeof(path), "%s/empty", x->tmp);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(path, sizeof(path), "%s/empty/", x->tmp);
	assert_int_equal(stationdir_create(path, &town, &f), 0);
}

/* As an account that may not write beside the folder; the child's exit status. */
static int
create_as_other(const char *path, struct fault *f)
{
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (child == 0) {
		memset(f, 0, sizeof(*f));
		if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
			_exit(99);
		_exit(stationdir_create(path, &town, f) == 0 ? 0 : f->code);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* /var/lib/duty: made by root for the account, which owns it and nothing above it. */
static void
in_place(void **state)
{
	struct fx *x = *state;
	struct stationdir d;
	struct fault f = {0};
	char up[160], path[200], key[240];
	struct stat st;

	snprintf(up, sizeof(up), "%s/lib", x->tmp);
	snprintf(path, sizeof(path), "%s/lib/duty", x->tmp);
	snprintf(key, sizeof(key), "%s/lib/duty/keys/secret.key", x->tmp);
	assert_int_equal(chmod(x->tmp, 0755), 0);
	assert_int_equal(mkdir(up, 0755), 0);
	assert_int_equal(mkdir(path, 0555), 0);
	assert_int_equal(chmod(up, 0555), 0);
	/* not its own: nothing is made, and it is told */
	assert_int_equal(create_as_other(path, &f), EX_NOPERM);
	assert_int_equal(entries(path), 0);
	assert_int_equal(chmod(path, 0750), 0);
	if (geteuid() == 0)
		assert_int_equal(chown(path, 65534, 0), 0);
	assert_int_equal(create_as_other(path, &f), 0);
	/* owner, group and mode are its maker's; nothing of the building is left */
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0750);
	if (geteuid() == 0)
		assert_true(st.st_uid == 65534 && st.st_gid == 0);
	assert_int_equal(entries(path), 5);
	assert_int_equal(entries(up), 1);
	assert_int_equal(stat(key, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(stationdir_load(path, &d, &f), 0);
	assert_true(stationdir_fresh(&d));
	/* a second one changes nothing */
	assert_int_equal(create_as_other(path, &f), EX_CANTCREAT);
	assert_int_equal(entries(path), 5);
	assert_int_equal(chmod(up, 0755), 0);
}

static void
new_refused(void **state)
{
	static const uint8_t key[32] = {1};
	static const char long_name[] =
	    "a station whose name is longer than a hundred and twenty-seven bytes, which is more than any "
	    "name on any seal of any office in the whole country";
	static const struct {
		struct stationdir_new n;
		const char *field;
	} cases[] = {
	    {{.station = NULL, .name = "x"}, "station"},
	    {{.station = "", .name = "x"}, "station"},
	    {{.station = "33022", .name = "x"}, "station"},
	    {{.station = "../etc", .name = "x"}, "station"},
	    {{.station = "330225", .name = NULL}, "name"},
	    {{.station = "330225", .name = ""}, "name"},
	    {{.station = "330225", .name = long_name}, "name"},
	    {{.station = "330225", .name = "a\nstation = 330200"}, "name"},
	    {{.station = "330225", .name = "a # b"}, "name"},
	    {{.station = "330225", .name = " a"}, "name"},
	    {{.station = "330225", .name = "\xff"}, "name"},
	    {{.station = "330225", .name = "x", .listen = "7801"}, "listen"},
	    {{.station = "330225",
		 .name = "x",
		 .parent_endpoint = "tcp://*:1",
		 .parent_station = "330200",
		 .parent_key = key},
		"parent"},
	    {{.station = "330225",
		 .name = "x",
		 .parent_endpoint = "tcp://h:1",
		 .parent_station = "33",
		 .parent_key = key},
		"parent-station"},
	    {{.station = "330225", .name = "x", .parent_endpoint = "tcp://h:1", .parent_key = key}, "parent-station"},
	    {{.station = "330225",
		 .name = "x",
		 .parent_endpoint = "tcp://h:1",
		 .parent_station = "330225",
		 .parent_key = key},
		"parent-station"},
	    {{.station = "330225", .name = "x", .parent_endpoint = "tcp://h:1", .parent_station = "330200"},
		"parent-key"},
	};
	struct fx *x = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fault f = {0};

		if (stationdir_create(x->dir, &cases[i].n, &f) != -1 || strcmp(f.field, cases[i].field) != 0)
			fail_msg("case %zu: %s %s", i, f.field, f.text);
		assert_int_equal(entries(x->tmp), 0);
	}
}

static void
path_too_long(void **state)
{
	struct fx *x = *state;
	struct fault f = {0};
	struct stationdir d;
	char path[512];

	snprintf(path, sizeof(path), "%s/%0100d", x->tmp, 1);
	assert_int_equal(stationdir_create(path, &town, &f), -1);
	assert_int_equal(f.code, EX_CONFIG);
	assert_int_equal(entries(x->tmp), 0);
	/* moved to such a place later */
	make(x);
	assert_int_equal(rename(x->dir, path), 0);
	f = (struct fault){0};
	assert_int_equal(stationdir_load(path, &d, &f), -1);
	assert_int_equal(f.code, EX_CONFIG);
}

/* Absent, and given. */
static void
settings_room(void **state)
{
	struct fx *x = *state;
	struct stationdir d;
	struct fault f = {0};

	make(x);
	assert_int_equal(stationdir_load(x->dir, &d, &f), 0);
	assert_int_equal(d.settle_days, 3);
	assert_int_equal(d.keep_days, 0);
	assert_int_equal(d.ballast_mb, 64);
	assert_int_equal(d.room_mb, 256);
	assert_int_equal(d.backup_keep, 7);
	assert_int_equal(d.resend_days, 30);
	assert_int_equal(d.return_hours, 72);
	assert_false(d.hosted);
	place(x, "dutyswitch.conf",
	    "station = 330225\nkeep_days = 400\nsettle_days = 0\nballast_mb = 8\nroom_mb = 32\nbackup_keep = 0\nhosted = yes\n", 0644);
	assert_int_equal(stationdir_load(x->dir, &d, &f), 0);
	assert_int_equal(d.keep_days, 400);
	assert_int_equal(d.settle_days, 0);
	assert_int_equal(d.ballast_mb, 8);
	assert_int_equal(d.room_mb, 32);
	assert_int_equal(d.backup_keep, 0);
	assert_true(d.hosted);
}

static void
settings_refused(void **state)
{
	static const struct {
		const char *text, *field;
	} cases[] = {
	    {"name = x\n", "station"},
	    {"station = 33\nname = x\n", "station"},
	    {"station = 330225\nlisten = 127.0.0.1:5\n", "listen"},
	    {"station = 330225\nlisten = tcp://127.0.0.1:70000\n", "listen"},
	    {"station = 330225\nlanguage = fr\n", "language"},
	    {"station = 330225\nlog_level = loud\n", "log_level"},
	    {"station = 330225\nreoffer_minutes = 0\n", "reoffer_minutes"},
	    {"station = 330225\nreoffer_minutes = ten\n", "reoffer_minutes"},
	    {"station = 330225\nreoffer_minutes = 99999999999999999999\n", "reoffer_minutes"},
	    {"station = 330225\nballast_mb = 0\n", "ballast_mb"},
	    {"station = 330225\nroom_mb = -1\n", "room_mb"},
	    {"station = 330225\nkeep_days = 36501\n", "keep_days"},
	    {"station = 330225\nsettle_days = -1\n", "settle_days"},
	    {"station = 330225\nresend_days = 0\n", "resend_days"},
	    {"station = 330225\nbackup_keep = many\n", "backup_keep"},
	    {"station = 330225\nattended_minutes = 0\n", "attended_minutes"},
	    {"station = 330225\nhosted = maybe\n", "hosted"},
	    {"station = 330225\nparent = 330200\n", ""},
	    {"station = 330225\nstation = 330200\n", ""},
	    {"station 330225\n", ""},
	    {"station = 330225\nname = \xff\n", ""},
	    {"station = 3302250000000000000000000000000000000000000000\n", "station"},
	};
	struct fx *x = *state;
	struct stationdir d;

	make(x);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fault f = {0};

		place(x, "dutyswitch.conf", cases[i].text, 0644);
		if (stationdir_load(x->dir, &d, &f) != -1 || f.code == 0 || f.text[0] == '\0' ||
		    (cases[i].field[0] != '\0' && strcmp(f.field, cases[i].field) != 0))
			fail_msg("case %zu: %d %s %s", i, f.code, f.field, f.text);
		assert_non_null(strstr(f.file, "dutyswitch.conf"));
	}
}

static void
not_there(void **state)
{
	struct fx *x = *state;
	struct fault f = {0};
	struct stationdir d;

	assert_int_equal(stationdir_load(x->dir, &d, &f), -1);
	assert_int_equal(f.code, EX_NOINPUT);
	f = (struct fault){0};
	assert_int_equal(stationdir_load(x->tmp, &d, &f), -1);
	assert_int_equal(f.code, EX_NOINPUT);
}

static void
keys_refused(void **state)
{
	struct fx *x = *state;
	struct stationdir d, other;
	struct fault f = {0};
	char path[256], hex[65];
	static const char *const texts[] = {"", "abc", "zz",
	    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde",
	    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0",
	    "0123456789abcdef0123456789abcdef 123456789abcdef0123456789abcdef"};
	static const mode_t modes[] = {0640, 0604, 0644, 0660, 0666};

	make(x);
	assert_int_equal(stationdir_load(x->dir, &d, &f), 0);
	key_format(d.secret_key, hex);
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		f = (struct fault){0};
		place(x, "keys/secret.key", hex, modes[i]);
		assert_int_equal(stationdir_load(x->dir, &other, &f), -1);
		assert_int_equal(f.code, EX_NOPERM);
		assert_non_null(strstr(f.file, "secret.key"));
		assert_null(strstr(f.text, hex));
	}
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		f = (struct fault){0};
		place(x, "keys/secret.key", texts[i], 0600);
		assert_int_equal(stationdir_load(x->dir, &other, &f), -1);
		assert_int_equal(f.code, EX_CONFIG);
	}
	/* with and without a line feed, in capitals: the same key */
	place(x, "keys/secret.key", hex, 0600);
	f = (struct fault){0};
	assert_int_equal(stationdir_load(x->dir, &other, &f), 0);
	assert_memory_equal(d.secret_key, other.secret_key, 32);
	/* somebody else's secret */
	hex[0] = hex[0] == '0' ? '1' : '0';
	hex[20] = hex[20] == '0' ? '1' : '0';
	place(x, "keys/secret.key", hex, 0600);
	assert_int_equal(stationdir_load(x->dir, &other, &f), -1);
	assert_int_equal(f.code, EX_CONFIG);
	/* a link, a pipe, nothing */
	snprintf(path, sizeof(path), "%s/keys/secret.key", x->dir);
	assert_int_equal(unlink(path), 0);
	f = (struct fault){0};
	assert_int_equal(stationdir_load(x->dir, &other, &f), -1);
	assert_int_equal(f.code, EX_NOINPUT);
	assert_int_equal(symlink("public.key", path), 0);
	assert_int_equal(stationdir_load(x->dir, &other, &f), -1);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(stationdir_load(x->dir, &other, &f), -1);
}

static void
one_holder(void **state)
{
	struct fx *x = *state;
	struct stationdir d;
	struct fault f = {0};
	int fd, pipefd[2], status;
	char pid[32], c;
	pid_t child;

	make(x);
	assert_int_equal(stationdir_load(x->dir, &d, &f), 0);
	assert_int_equal(pipe(pipefd), 0);
	if ((child = fork()) == 0) {
		fd = stationdir_lock(&d, &f);
		if (write(pipefd[1], fd >= 0 ? "y" : "n", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	assert_int_equal(read(pipefd[0], &c, 1), 1);
	assert_int_equal(c, 'y');
	assert_int_equal(stationdir_lock(&d, &f), -1);
	assert_int_equal(f.code, EX_TEMPFAIL);
	snprintf(pid, sizeof(pid), "%ld", (long)child);
	assert_non_null(strstr(f.text, pid));
	/* killed, not tidied up: the lock is free */
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	fd = stationdir_lock(&d, &f);
	assert_true(fd >= 0);
	f = (struct fault){0};
	assert_int_equal(stationdir_lock(&d, &f), -1);
	snprintf(pid, sizeof(pid), "%ld", (long)getpid());
	assert_non_null(strstr(f.text, pid));
	close(fd);
	fd = stationdir_lock(&d, &f);
	assert_true(fd >= 0);
	close(fd);
	close(pipefd[0]);
	close(pipefd[1]);
}

static void
fresh_once(void **state)
{
	struct fx *x = *state;
	struct stationdir d;
	struct fault f = {0};

	make(x);
	assert_int_equal(stationdir_load(x->dir, &d, &f), 0);
	assert_true(stationdir_fresh(&d));
	assert_int_equal(stationdir_used(&d, &f), 0);
	assert_false(stationdir_fresh(&d));
	assert_int_equal(stationdir_used(&d, &f), 0);
}

static void
endpoints(void **state)
{
	static const struct {
		const char *s;
		bool to, at;
	} cases[] = {
	    {"tcp://127.0.0.1:7801", true, true},
	    {"tcp://county.example.cn:1", true, true},
	    {"tcp://[fe80::1%eth0]:7801", true, true},
	    {"tcp://[::1]:65535", true, true},
	    {"tcp://*:7801", false, true},
	    {"tcp://127.0.0.1:*", false, true},
	    {"tcp://*:*", false, true},
	    {"", false, false},
	    {"tcp://", false, false},
	    {"tcp://:7801", false, false},
	    {"tcp://host", false, false},
	    {"tcp://host:", false, false},
	    {"tcp://host:0", false, false},
	    {"tcp://host:65536", false, false},
	    {"tcp://host:99999999999999999999", false, false},
	    {"tcp://host:-1", false, false},
	    {"tcp://host:80x", false, false},
	    {"tcp://host:+80", false, false},
	    {"tcp://ho st:80", false, false},
	    {"tcp://host/x:80", false, false},
	    {"tcp://a:b:80", false, false},
	    {"tcp://[::1:80", false, false},
	    {"tcp://[]:80", false, false},
	    {"tcp://[::1%]:80", false, false},
	    {"tcp://[::1%a b]:80", false, false},
	    {"tcp://[::1]x]:80", false, false},
	    {"tcp://[abc]:80", false, false},
	    {"tcp://-host:80", false, false},
	    {"tcp://**:80", false, false},
	    {"ipc:///tmp/x", false, false},
	    {"inproc://zeromq.zap.01", false, false},
	    {"tcp://1.2.3.4:80;5.6.7.8:90", false, false},
	};
	char fat[600];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (endpoint_valid(cases[i].s) != cases[i].to || endpoint_listen_valid(cases[i].s) != cases[i].at)
			fail_msg("%s", cases[i].s);
	snprintf(fat, sizeof(fat), "tcp://%0500d:80", 1);
	assert_false(endpoint_valid(fat));
}

static void
key_text(void **state)
{
	uint8_t key[32], back[32];
	char hex[65];

	(void)state;
	for (int i = 0; i < 32; i++)
		key[i] = (uint8_t)(i * 9);
	key_format(key, hex);
	assert_true(key_parse(hex, back));
	assert_memory_equal(key, back, 32);
	assert_true(key_parse("0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef", back));
	assert_int_equal(back[7], 0xef);
	assert_false(key_parse("", back));
	hex[63] = '\0';
	assert_false(key_parse(hex, back));
	assert_false(key_parse("0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdeg", back));
	assert_false(key_parse("0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef0", back));
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {T(create_and_load), T(with_parent), T(never_over_another), T(in_place), T(new_refused),
	    T(path_too_long), T(settings_room), T(settings_refused), T(not_there), T(keys_refused), T(one_holder), T(fresh_once),
	    T(endpoints), T(key_text)};

	i18n_init("en");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
