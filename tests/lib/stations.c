/*
 * The processes: making stations with dutyctl, starting and ending switches, running commands.  Questions to a running
 * switch are in stations_ask.c, failing, time and chance in stations_base.c.
 *
 * A child gets PR_SET_PDEATHSIG, so that a test that dies leaves no daemon behind, and only the descriptors it is meant to have.
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "stations.h"

#define READY_MS 60000		/* a sanitized switch on a busy machine */
#define COMMAND_MS 120000

static char conf_path[512];

static void
tree_remove(const char *path)
{
	struct dirent *e;
	struct stat st;
	char below[1024];
	DIR *d;

	if (lstat(path, &st) != 0)
		return;
	if (!S_ISDIR(st.st_mode)) {
		(void)unlink(path);
		return;
	}
	if ((d = opendir(path)) != NULL) {
		while ((e = readdir(d)) != NULL) {
			if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
				continue;
			if (snprintf(below, sizeof below, "%s/%s", path, e->d_name) < (int)sizeof below)
				tree_remove(below);
		}
		(void)closedir(d);
	}
	(void)rmdir(path);
}

/* ---- processes ---- */

pid_t
spawn(const char *const argv[], int in, int out, int err, int keep)
{
	pid_t parent = getpid(), pid;

	(void)fflush(NULL);
	if ((pid = fork()) < 0)
		stations_fail("fork: %s", strerror(errno));
	if (pid > 0)
		return pid;
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(127);
	(void)signal(SIGPIPE, SIG_DFL);
	if (dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0)
		_exit(127);
	if (keep >= 0)
		(void)fcntl(keep, F_SETFD, 0);
	(void)execv(argv[0], (char *const *)(uintptr_t)argv);
	_exit(127);
}

static int
status_of(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

bool
wait_poll(pid_t pid, int *status)
{
	int st;
	pid_t got;

	do
		got = waitpid(pid, &st, WNOHANG);
	while (got < 0 && errno == EINTR);
	if (got == 0)
		return false;
	ST_CHECK(got == pid, "waitpid: %s", strerror(errno));
	*status = status_of(st);
	return true;
}

/* A pidfd becomes readable at the end: no polling by the clock. */
int
wait_pid(pid_t pid, int ms)
{
	struct pollfd p = { .fd = (int)syscall(SYS_pidfd_open, pid, 0), .events = POLLIN };
	int64_t deadline = mono_ms() + ms;
	int status = 0;

	while (!wait_poll(pid, &status)) {
		int64_t left = deadline - mono_ms();

		if (left <= 0) {
			(void)kill(pid, SIGKILL);
			(void)waitpid(pid, NULL, 0);
			if (p.fd >= 0)
				close(p.fd);
			stations_fail("process %ld did not end within %d ms", (long)pid, ms);
		}
		/* without pidfds (old kernels): look again every 10 ms */
		(void)poll(&p, p.fd >= 0 ? 1 : 0, p.fd >= 0 ? (int)left : 10);
	}
	if (p.fd >= 0)
		close(p.fd);
	return status;
}

void
output_free(struct output *o)
{
	buf_free(&o->out);
	buf_free(&o->err);
}

const char *
output_text(struct output *o)
{
	static char text[1500];

	(void)snprintf(text, sizeof text, "status %d, out: %.600s err: %.800s", o->status, buf_cstr(&o->out), buf_cstr(&o->err));
	return text;
}

/* One turn of the three pipes; false when both outputs have ended. */
static bool
pump(int fd[3], const char **input, size_t *len, struct output *o, int ms)
{
	struct buf *to[3] = { NULL, &o->out, &o->err };
	struct pollfd p[3] = { { .fd = fd[0], .events = POLLOUT }, { .fd = fd[1], .events = POLLIN }, { .fd = fd[2], .events = POLLIN } };
	char block[16384];
	ssize_t n;

	if (fd[0] >= 0 && *len == 0) {
		close(fd[0]);
		p[0].fd = fd[0] = -1;
	}
	if (poll(p, 3, ms) <= 0)
		return true;
	if (p[0].fd >= 0 && p[0].revents != 0) {
		if ((n = write(fd[0], *input, *len)) > 0) {
			*input += n;
			*len -= (size_t)n;
		} else if (n < 0 && errno != EAGAIN && errno != EINTR)
			*len = 0;	/* it does not want more: not our failure */
	}
	for (int i = 1; i < 3; i++)
		if (p[i].fd >= 0 && p[i].revents != 0) {
			if ((n = read(fd[i], block, sizeof block)) > 0)
				buf_put(to[i], block, (size_t)n);
			else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
				close(fd[i]);
				fd[i] = -1;
			}
		}
	return fd[1] >= 0 || fd[2] >= 0;
}

void
run_command(const char *const argv[], const void *input, size_t len, int ms, struct output *o)
{
	int in[2], out[2], err[2], fd[3];
	const char *at = input;
	int64_t deadline = mono_ms() + ms;
	pid_t pid;

	memset(o, 0, sizeof *o);
	if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0 || pipe2(err, O_CLOEXEC) != 0)
		stations_fail("pipe: %s", strerror(errno));
	pid = spawn(argv, in[0], out[1], err[1], -1);
	close(in[0]);
	close(out[1]);
	close(err[1]);
	fd[0] = in[1];
	fd[1] = out[0];
	fd[2] = err[0];
	(void)fcntl(fd[0], F_SETFL, O_NONBLOCK);
	while (pump(fd, &at, &len, o, 1000) && mono_ms() < deadline)
		;
	for (int i = 0; i < 3; i++)
		if (fd[i] >= 0)
			close(fd[i]);
	deadline -= mono_ms();
	o->status = wait_pid(pid, deadline > 0 ? (int)deadline : 0);
}

static void
ctl_argv(const struct station_proc *s, const char *argv[128], const char *const args[])
{
	size_t n = 0;

	argv[n++] = s->ctl;
	argv[n++] = "-D";
	argv[n++] = s->dir;
	for (size_t i = 0; args[i] != NULL; i++) {
		ST_CHECK(n < 127, "too many arguments");
		argv[n++] = args[i];
	}
	argv[n] = NULL;
}

void
st_ctl(const struct station_proc *s, const void *input, size_t len, struct output *o, ...)
{
	const char *args[64], *argv[128];
	size_t n = 0;
	va_list ap;

	va_start(ap, o);
	while (n < 63 && (args[n] = va_arg(ap, const char *)) != NULL)
		n++;
	va_end(ap);
	args[n] = NULL;
	ctl_argv(s, argv, args);
	run_command(argv, input, len, COMMAND_MS, o);
}

pid_t
st_ctl_spawn(const struct station_proc *s, const char *file, const char *const args[])
{
	const char *argv[128];
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC), out = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	pid_t pid;

	ST_CHECK(null >= 0 && out >= 0, "%s: %s", file, strerror(errno));
	ctl_argv(s, argv, args);
	pid = spawn(argv, null, out, out, -1);
	close(null);
	close(out);
	return pid;
}

/* ---- switches ---- */

void
st_launch(struct station_proc *s)
{
	char number[16];
	const char *argv[] = { s->program, "-D", s->dir, "--ready-fd", number, NULL };
	int fd[2], null, log;

	ST_CHECK(s->pid == 0, "the switch of %s runs already", s->code);
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	log = open(s->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (null < 0 || log < 0 || pipe2(fd, O_CLOEXEC) != 0)
		stations_fail("%s: %s", s->log, strerror(errno));
	(void)snprintf(number, sizeof number, "%d", fd[1]);
	s->pid = spawn(argv, null, null, log, fd[1]);
	s->ready_fd = fd[0];
	close(fd[1]);
	close(null);
	close(log);
}

void
st_ready(struct station_proc *s, int ms)
{
	struct pollfd p = { .fd = s->ready_fd, .events = POLLIN };
	char text[300] = "";
	ssize_t n = -1;

	if (s->ready_fd < 0)
		return;
	if (poll(&p, 1, ms) > 0)
		n = read(s->ready_fd, text, sizeof text - 1);
	close(s->ready_fd);
	s->ready_fd = -1;
	ST_CHECK(n > 0 && strncmp(text, "ready", 5) == 0, "the switch of %s did not become ready; its log: %s", s->code, s->log);
}

void
st_start(struct station_proc *s)
{
	st_launch(s);
	st_ready(s, READY_MS);
}

static void
ended(struct station_proc *s)
{
	s->pid = 0;
	if (s->ready_fd >= 0)
		close(s->ready_fd);
	s->ready_fd = -1;
	client_close(s->client);
	s->client = NULL;
}

/* It must have run until now: a switch that ended by itself is a failure whoever notices it. */
void
st_kill(struct station_proc *s)
{
	int status;

	ST_CHECK(s->pid > 0, "the switch of %s does not run", s->code);
	if (wait_poll(s->pid, &status)) {
		ended(s);
		stations_fail("the switch of %s ended by itself with status %d; its log: %s", s->code, status, s->log);
	}
	(void)kill(s->pid, SIGKILL);
	status = wait_pid(s->pid, 20000);
	ended(s);
	ST_CHECK(status == 128 + SIGKILL, "the switch of %s ended with status %d; its log: %s", s->code, status, s->log);
}

int
st_wait(struct station_proc *s, int ms)
{
	int status;

	ST_CHECK(s->pid > 0, "the switch of %s does not run", s->code);
	status = wait_pid(s->pid, ms);
	ended(s);
	return status;
}

int
st_stop(struct station_proc *s, int ms)
{
	ST_CHECK(s->pid > 0, "the switch of %s does not run", s->code);
	(void)kill(s->pid, SIGTERM);
	return st_wait(s, ms);
}

/* ---- three of them ---- */

const char *
stations_conf(void)
{
	return conf_path;
}

void
stations_setup(const char *build)
{
	char path[512], *real;

	(void)signal(SIGPIPE, SIG_IGN);
	(void)setenv("DUTYDESK_LANG", "en", 1);
	(void)unsetenv("DUTYDESK_DIR");
	if (getenv("DUTYDESK_CONF") != NULL)
		(void)snprintf(path, sizeof path, "%s", getenv("DUTYDESK_CONF"));
	else
		(void)snprintf(path, sizeof path, "%s/../conf", build);
	real = realpath(path, NULL);
	ST_CHECK(real != NULL && strlen(real) < sizeof conf_path, "no conf folder at %s: set DUTYDESK_CONF", path);
	(void)snprintf(conf_path, sizeof conf_path, "%s", real);
	free(real);
	(void)setenv("DUTYDESK_CONF", conf_path, 1);
}

/* An address nobody else uses: one of the 16 million of 127/8 where the system has them. */
static void
endpoint_choose(char *out, size_t size)
{
	static uint64_t n;
	struct sockaddr_in sa;
	char host[32];

	n += (uint64_t)getpid() * 1000003u + (uint64_t)mono_ms();
	for (int i = 0; i < 200; i++) {
		uint64_t z = n++ * UINT64_C(0x9e3779b97f4a7c15);
		unsigned port = 10000u + (unsigned)((z >> 16) % 20000u);	/* below the range of outgoing connections */
		int fd, one = 1, rc;

		if (i < 100)
			(void)snprintf(host, sizeof host, "127.%u.%u.%u", (unsigned)((z >> 40) % 250 + 1),
			    (unsigned)((z >> 48) % 250 + 1), (unsigned)((z >> 56) % 250 + 1));
		else
			(void)snprintf(host, sizeof host, "127.0.0.1");
		memset(&sa, 0, sizeof sa);
		sa.sin_family = AF_INET;
		sa.sin_port = htons((uint16_t)port);
		if (inet_pton(AF_INET, host, &sa.sin_addr) != 1 || (fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) < 0)
			continue;
		(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
		rc = bind(fd, (const struct sockaddr *)&sa, sizeof sa);
		close(fd);
		if (rc == 0) {
			(void)snprintf(out, size, "tcp://%s:%u", host, port);
			return;
		}
	}
	stations_fail("no free address on this machine");
}

static void
program_path(const char *build, const char *name, char *out, size_t size)
{
	char path[512], *real;

	(void)snprintf(path, sizeof path, "%s/%s", build, name);
	real = realpath(path, NULL);
	ST_CHECK(real != NULL && strlen(real) < size, "no %s in %s", name, build);
	(void)snprintf(out, size, "%s", real);
	free(real);
}

static void
station_init(struct station_proc *s, const struct station_proc *parent)
{
	struct output o;
	const char *args[16] = { "init", "--station", s->code, "--name", s->name }, *argv[128];
	size_t n = 5;

	if (s->endpoint[0] != '\0') {
		args[n++] = "--listen";
		args[n++] = s->endpoint;
	}
	if (parent != NULL) {
		args[n++] = "--parent";
		args[n++] = parent->endpoint;
		args[n++] = "--parent-key";
		args[n++] = parent->key;
	}
	args[n] = NULL;
	ctl_argv(s, argv, args);
	run_command(argv, NULL, 0, COMMAND_MS, &o);
	ST_CHECK(o.status == 0 && o.out.n >= 64, "dutyctl init of %s: %s", s->code, output_text(&o));
	(void)snprintf(s->key, sizeof s->key, "%.64s", buf_cstr(&o.out));
	output_free(&o);
	if (parent == NULL)
		return;
	st_ctl(parent, NULL, 0, &o, "enrol", "--station", s->code, "--key", s->key, NULL);
	ST_CHECK(o.status == 0, "dutyctl enrol of %s: %s", s->code, output_text(&o));
	output_free(&o);
}

void
stations_make(struct stations *all, const char *build)
{
	static const struct { const char *code, *name; } who[STATIONS] = { [TOWN] = { "330225102", "西周镇值班室" },
		[COUNTY] = { "330225", "象山县总值班室" }, [CITY] = { "330200", "宁波市总值班室" } };
	const char *tmp = getenv("TMPDIR");

	memset(all, 0, sizeof *all);
	(void)snprintf(all->root, sizeof all->root, "%.200s/dutydesk-e2e.XXXXXX", tmp != NULL ? tmp : "/tmp");
	ST_CHECK(mkdtemp(all->root) != NULL, "%s: %s", all->root, strerror(errno));
	for (size_t i = 0; i < STATIONS; i++) {
		struct station_proc *s = &all->s[i];

		s->code = who[i].code;
		s->name = who[i].name;
		s->ready_fd = -1;
		(void)snprintf(s->dir, sizeof s->dir, "%.220s/%s", all->root, s->code);
		(void)snprintf(s->log, sizeof s->log, "%s.log", s->dir);
		program_path(build, "dutyswitch", s->program, sizeof s->program);
		program_path(build, "dutyctl", s->ctl, sizeof s->ctl);
		if (i != TOWN)
			endpoint_choose(s->endpoint, sizeof s->endpoint);
	}
	for (size_t i = STATIONS; i-- > 0;)
		station_init(&all->s[i], i + 1 < STATIONS ? &all->s[i + 1] : NULL);
}

void
stations_start(struct stations *all)
{
	for (size_t i = STATIONS; i-- > 0;)
		st_launch(&all->s[i]);
	for (size_t i = STATIONS; i-- > 0;)
		st_ready(&all->s[i], READY_MS);
}

void
stations_free(struct stations *all, bool keep)
{
	for (size_t i = 0; i < STATIONS; i++) {
		struct station_proc *s = &all->s[i];

		if (s->pid > 0) {
			(void)kill(s->pid, SIGKILL);
			(void)waitpid(s->pid, NULL, 0);
		}
		ended(s);
	}
	if (!keep && all->root[0] != '\0')
		tree_remove(all->root);
	all->root[0] = '\0';
}

const char *
stations_trace(const struct stations *all)
{
	static const char *const marks[] = { "Sanitizer", "runtime error:", "Assertion", "*** " };
	static char found[400];
	struct buf log = { 0 };
	const char *at = NULL;

	for (size_t i = 0; i < STATIONS && at == NULL; i++) {
		struct stat st;

		if (all->root[0] == '\0' || stat(all->s[i].log, &st) != 0)
			continue;
		buf_clear(&log);
		file_read(all->s[i].log, &log);
		for (size_t k = 0; k < sizeof marks / sizeof marks[0] && at == NULL; k++)
			at = strstr(buf_cstr(&log), marks[k]);
		if (at != NULL)
			(void)snprintf(found, sizeof found, "%s: %.200s", all->s[i].log, at);
	}
	buf_free(&log);
	return at != NULL ? found : NULL;
}
