/*
 * See world.h.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <pwd.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "world.h"

extern jmp_buf test_failed;
pid_t town, county;
static struct pty *desks[8];

void
fail(struct pty *p, const char *file, int line, const char *fmt, ...)
{
	va_list ap;

	printf("%s:%d: ", file, line);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	if (p) {
		char *screen = vt_screen(p->vt);

		printf("%s[cursor %d,%d bells %u unknown %u %s]\n", screen, p->vt->row, p->vt->col, p->vt->bells, p->vt->unknown,
		    p->vt->unknown_text);
		free(screen);
	}
	(void)fflush(stdout);
	longjmp(test_failed, 1);
}

static int
free_port(void)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	socklen_t len = sizeof(sin);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), port = 0;

	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd >= 0 && bind(fd, (struct sockaddr *)&sin, sizeof(sin)) == 0 && getsockname(fd, (struct sockaddr *)&sin, &len) == 0)
		port = ntohs(sin.sin_port);
	if (fd >= 0)
		(void)close(fd);
	return port;
}

static void
path_of(const char *name, char *buf, size_t size)
{
	(void)snprintf(buf, size, "%s/%s", world.dir, name);
}

int
ctl(const char *station, char **out, const char *const *args)
{
	char program[512], dir[128], buf[4096];
	const char *argv[40] = { program, "-D", dir };
	size_t n = 3, len = 0, cap = 0;
	char *text = NULL;
	int fd[2], status = -1;
	pid_t pid;
	ssize_t got;

	(void)snprintf(program, sizeof(program), "%s/dutyctl", world.build);
	path_of(station, dir, sizeof(dir));
	while (*args && n + 1 < sizeof(argv) / sizeof(argv[0]))
		argv[n++] = *args++;
	argv[n] = NULL;
	if (pipe2(fd, O_CLOEXEC) != 0)
		return -1;
	pid = fork();
	if (pid == 0) {
		int null = open("/dev/null", O_WRONLY);

		(void)dup2(fd[1], 1);
		if (null >= 0 && !getenv("TTY_TEST_VERBOSE"))
			(void)dup2(null, 2);
		(void)execv(program, (char *const *)argv);
		_exit(127);
	}
	(void)close(fd[1]);
	while ((got = read(fd[0], buf, sizeof(buf))) > 0) {
		if (len + (size_t)got + 1 > cap) {
			cap = 2 * (len + (size_t)got + 1);
			text = realloc(text, cap);
			if (!text)
				abort();
		}
		memcpy(text + len, buf, (size_t)got);
		len += (size_t)got;
		text[len] = '\0';
	}
	(void)close(fd[0]);
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		status = -1;
	if (out)
		*out = text ? text : strdup("");
	else
		free(text);
	return status != -1 && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static char *
key_of(const char *station)
{
	char path[160], *key = calloc(1, 80);
	FILE *f;

	if (!key)
		abort();
	(void)snprintf(path, sizeof(path), "%s/%s/keys/public.key", world.dir, station);
	f = fopen(path, "re");
	if (!f || !fgets(key, 80, f)) {
		fprintf(stderr, "tty: no key in %s\n", path);
		exit(70);
	}
	(void)fclose(f);
	key[strcspn(key, "\n")] = '\0';
	return key;
}

void
world_open(void)
{
	char listen[64], *county_key, *town_key;

	(void)snprintf(world.dir, sizeof(world.dir), "/tmp/dutydesk-tty-XXXXXX");
	if (!mkdtemp(world.dir)) {
		perror("mkdtemp");
		exit(71);
	}
	world.port = free_port();
	(void)snprintf(listen, sizeof(listen), "tcp://127.0.0.1:%d", world.port);
	if (CTL("county", NULL, "init", "--station", "330225", "--name", "象山县总值班室", "--listen", listen) != 0)
		fail(NULL, __FILE__, __LINE__, "init county");
	county_key = key_of("county");
	if (CTL("town", NULL, "init", "--station", "330225102", "--name", "西周镇总值班室", "--parent", listen, "--parent-key", county_key) != 0)
		fail(NULL, __FILE__, __LINE__, "init town");
	town_key = key_of("town");
	if (CTL("county", NULL, "enrol", "--station", "330225102", "--key", town_key) != 0)
		fail(NULL, __FILE__, __LINE__, "enrol");
	free(county_key);
	free(town_key);
}

static int
unlink_entry(const char *path, const struct stat *st, int flag, struct FTW *w)
{
	(void)st;
	(void)flag;
	(void)w;
	(void)remove(path);
	return 0;
}

void
world_close(void)
{
	if (world.dir[0] && !getenv("TTY_TEST_KEEP"))
		(void)nftw(world.dir, unlink_entry, 16, FTW_DEPTH | FTW_PHYS);
	world.dir[0] = '\0';
}

pid_t
switch_spawn(const char *station)
{
	char program[512], dir[128], log[160];
	pid_t pid;

	(void)snprintf(program, sizeof(program), "%s/dutyswitch", world.build);
	path_of(station, dir, sizeof(dir));
	(void)snprintf(log, sizeof(log), "%s/%s.log", world.dir, station);
	pid = fork();
	if (pid == 0) {
		int fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600), null = open("/dev/null", O_RDONLY);

		(void)dup2(null, 0);
		(void)dup2(fd, 1);
		(void)dup2(fd, 2);
		(void)execl(program, program, "-D", dir, (char *)NULL);
		_exit(127);
	}
	return pid;
}

pid_t
switch_start(const char *station)
{
	pid_t pid = switch_spawn(station);
	long long until = pty_clock() + WAIT;
	int status;

	while (CTL(station, NULL, "status") != 0) {
		if (waitpid(pid, &status, WNOHANG) == pid || pty_clock() > until)
			fail(NULL, __FILE__, __LINE__, "the switch of %s does not come up", station);
		(void)poll(NULL, 0, 20);
	}
	return pid;
}

void
switch_stop(pid_t *pid, int sig)
{
	int status;

	if (*pid <= 0)
		return;
	(void)kill(*pid, SIGCONT);
	(void)kill(*pid, sig);
	(void)waitpid(*pid, &status, 0);
	*pid = 0;
}

struct pty *
desk(const char *station, const char *term, int rows, int cols)
{
	char program[512], dir[128], type[64];
	char *argv[] = { program, "-D", dir, NULL };
	const char *env[] = { type, "DUTYDESK_LANG=zh", NULL };

	(void)snprintf(program, sizeof(program), "%s/dutydesk", world.build);
	path_of(station, dir, sizeof(dir));
	(void)snprintf(type, sizeof(type), "TERM=%s", term);
	for (size_t i = 0; i < sizeof(desks) / sizeof(desks[0]); i++)
		if (!desks[i])
			return desks[i] = pty_spawn(argv, env, rows, cols);
	fail(NULL, __FILE__, __LINE__, "too many desks");
}

struct pty *
desk_up(const char *station)
{
	struct pty *p;

	if (town <= 0)
		town = switch_start("town");
	p = desk(station, "xterm-256color", 24, 80);
	SEE(p, "链路通");
	return p;
}

void
desk_end(struct pty *p)
{
	for (size_t i = 0; i < sizeof(desks) / sizeof(desks[0]); i++)
		if (desks[i] == p)
			desks[i] = NULL;
	pty_free(p);
}

void
desks_end(bool check)
{
	for (size_t i = 0; i < sizeof(desks) / sizeof(desks[0]); i++) {
		struct pty *p = desks[i];

		if (!p)
			continue;
		/* The line goes: the desk saves and leaves in order. */
		if (check && !p->ended) {
			(void)kill(p->pid, SIGHUP);
			CHECK(p, pty_wait_exit(p, WAIT));
			CHECK(p, WIFEXITED(p->status) && WEXITSTATUS(p->status) == 0);
		}
		desk_end(p);
	}
}

/* Screens. */

static bool
digits(const char *p, const char *pattern)
{
	for (; *pattern; p++, pattern++)
		if (*pattern == '9' ? !isdigit((unsigned char)*p) : *p != *pattern)
			return false;
	return !isdigit((unsigned char)*p);
}

static void
mask(char *s)
{
	static const struct {
		const char *pattern, *text;
	} masks[] = {
		{ "9999-99-99", "YYYY-MM-DD" }, { "9999-999", "MMDD-nnn" }, { "99-99", "MM-DD" }, { "99:99", "hh:mm" },
	};

	for (char *p = s; (p = strstr(p, world.dir)) != NULL;)	/* names of one length, so that the row stays as wide */
		memcpy(p + strlen(world.dir) - 6, "XXXXXX", 6);
	for (char *p = s; *p; p++) {
		if (p > s && isdigit((unsigned char)p[-1]))
			continue;
		for (size_t i = 0; i < sizeof(masks) / sizeof(masks[0]); i++)
			if (digits(p, masks[i].pattern)) {
				memcpy(p, masks[i].text, strlen(masks[i].text));
				break;
			}
	}
}

/* Who runs the tests is "root" in the screens: the seat is the account.  What the row loses or gains by it is made up
 * for at the next gap, so that columns stay where they are.  Takes the text, returns another. */
static char *
mask_account(char *s)
{
	static const char word[] = "root";
	const struct passwd *pw = getpwuid(getuid());
	const char *name = pw ? pw->pw_name : "", *p = s;
	size_t len = strlen(name), count = 1, n = 0;
	long lost = 0;
	char *out;

	if (len == 0 || strcmp(name, word) == 0)
		return s;
	for (const char *q = s; (q = strstr(q, name)) != NULL; q += len)
		count++;
	out = malloc(strlen(s) + count * (sizeof(word) + len));
	if (!out)
		abort();
	while (*p) {
		if (strncmp(p, name, len) == 0) {
			memcpy(out + n, word, sizeof(word) - 1);
			n += sizeof(word) - 1;
			p += len;
			lost += (long)len - (long)sizeof(word) + 1;
			continue;
		}
		if (*p == '\n')
			lost = 0;
		for (; lost > 0 && strncmp(p, "  ", 2) == 0; lost--)
			out[n++] = ' ';
		for (; lost < 0 && strncmp(p, "  ", 2) == 0; lost++)
			p++;
		out[n++] = *p++;
	}
	out[n] = '\0';
	free(s);
	return out;
}

void
compare(struct pty *p, const char *name, const char *file, int line)
{
	char path[512], want[16384] = "";
	char *have;
	size_t n;
	FILE *f;

	pty_settle(p, 150, 2000);
	have = mask_account(vt_screen(p->vt));
	mask(have);
	(void)snprintf(path, sizeof(path), "%s/%s.screen", world.screens, name);
	if (world.update) {
		f = fopen(path, "we");
		if (!f || fputs(have, f) < 0 || fclose(f) != 0)
			fail(NULL, file, line, "cannot write %s", path);
		free(have);
		return;
	}
	f = fopen(path, "re");
	if (f) {
		n = fread(want, 1, sizeof(want) - 1, f);
		want[n] = '\0';
		(void)fclose(f);
	}
	if (strcmp(want, have) != 0) {
		printf("expected (%s):\n%s", path, want);
		free(have);
		fail(p, file, line, "the screen differs from %s", name);
	}
	free(have);
	if (p->vt->unknown != 0)
		fail(p, file, line, "sequences the terminal does not know");
}
