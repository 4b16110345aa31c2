/*
 * One child of the alarm outlet: no shell, its own process group, the job file as standard input, nothing else of ours open, and a time after
 * which it and all it has begun is killed.  What it says on standard error is kept as far as it is short, and read away as far as it is not, so that
 * no child can wait for us.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "../formats/buf.h"
#include "../formats/i18n.h"
#include "../formats/text.h"
#include "log.h"
#include "outlet_int.h"

#define ENV_MOST 16
#define ENV_TEXT 1024

/* ---- its environment ---- */

struct env { char *v[ENV_MOST + 1]; size_t n; };

static void
env_put(struct env *e, const char *name, const char *value)
{
	struct buf b = {0};
	char clean[ENV_TEXT];

	if (value == NULL || e->n == ENV_MOST)
		return;
	(void)text_sanitise(value, strlen(value), clean, sizeof clean, false);
	buf_puts(&b, name);
	buf_puts(&b, "=");
	buf_puts(&b, clean);
	e->v[e->n] = xmalloc(b.n + 1);
	memcpy(e->v[e->n], buf_cstr(&b), b.n + 1);
	e->v[++e->n] = NULL;
	buf_free(&b);
}

static void
env_numbers(struct env *e, const json_t *job)
{
	struct buf b = {0};
	const json_t *v;
	size_t i;

	json_array_foreach(json_object_get(job, "numbers"), i, v)
	{
		const char *s = json_string_value(v);

		/* Words between blanks: a number is digits, and at most a plus in front. */
		if (s == NULL || *s == '\0' || (s[0] == '+' ? s + 1 : s)[strspn(s[0] == '+' ? s + 1 : s, "0123456789-")] != '\0')
			continue;
		buf_puts(&b, b.n > 0 ? " " : "");
		buf_puts(&b, s);
	}
	env_put(e, "DUTYDESK_NUMBERS", buf_cstr(&b));
	buf_free(&b);
}

static void
env_make(struct env *e, const struct outlet_def *d, const struct outlet_job *j, const char *path, const json_t *job)
{
	/* What a sound server, a modem's program or a script needs to be found. */
	static const char *const kept[] = {"PATH", "HOME", "LANG", "LC_ALL", "XDG_RUNTIME_DIR", "PULSE_SERVER", "TZ"};
	const struct enum_name *tier = enum_by_value("precedence", j->tier);

	memset(e, 0, sizeof *e);
	for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++)
		env_put(e, kept[i], getenv(kept[i]));
	if (getenv("PATH") == NULL)
		env_put(e, "PATH", "/usr/local/bin:/usr/bin:/bin");
	env_put(e, "DUTYDESK_JOB", path);
	env_put(e, "DUTYDESK_ID", j->id);
	env_put(e, "DUTYDESK_KIND", j->test ? "test" : outlet_kind_name(d->kind));
	env_put(e, "DUTYDESK_TIER", tier != NULL ? tier->name : "");
	env_put(e, "DUTYDESK_TEXT", json_string_value(json_object_get(job, "text")));
	env_numbers(e, job);
}

static void
env_free(struct env *e)
{
	for (size_t i = 0; i < e->n; i++)
		free(e->v[i]);
}

/* ---- its life ---- */

static void
late_cb(evutil_socket_t fd, short what, void *arg)
{
	struct outlet_run *r = arg;

	(void)fd;
	(void)what;
	if (r->pid == 0)
		return;
	r->late = true;
	(void)kill(-r->pid, SIGKILL);
	(void)kill(r->pid, SIGKILL);
}

static void
hear(struct outlet_run *r)
{
	char buf[512];
	ssize_t n;

	while (r->fd >= 0 && (n = read(r->fd, buf, sizeof buf)) > 0)
		for (ssize_t i = 0; i < n && r->nsaid + 1 < sizeof r->said; i++)
			r->said[r->nsaid++] = buf[i] == '\n' ? ' ' : buf[i];
	r->said[r->nsaid] = '\0';
}

static void
say_cb(evutil_socket_t fd, short what, void *arg)
{
	struct outlet_run *r = arg;
	size_t had = r->nsaid;
	char probe;

	(void)fd;
	(void)what;
	hear(r);
	/* At its end the descriptor stays readable: it must not spin. */
	if (had == r->nsaid && read(r->fd, &probe, 1) == 0)
		(void)event_del(r->say);
}

static int
actions(posix_spawn_file_actions_t *a, int in, int err)
{
	if (posix_spawn_file_actions_adddup2(a, in, 0) != 0 ||
	    posix_spawn_file_actions_addopen(a, 1, "/dev/null", O_WRONLY, 0) != 0 ||
	    posix_spawn_file_actions_adddup2(a, err, 2) != 0)
		return -1;
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 34)
	if (posix_spawn_file_actions_addclosefrom_np(a, 3) != 0)
		return -1;
#endif
	return 0;
}

static int
spawn(struct outlet_run *r, const struct outlet_def *d, struct env *e, int in, int err)
{
	posix_spawn_file_actions_t a;
	posix_spawnattr_t attr;
	sigset_t none, all;
	union { char *const *const_argv; char **argv; } args;
	char *argv[OUTLET_ARGS + 1];
	int rc;

	args.argv = argv;
	memcpy(argv, d->argv, sizeof argv);
	(void)sigemptyset(&none);
	(void)sigfillset(&all);
	if (posix_spawn_file_actions_init(&a) != 0)
		return ENOMEM;
	if (posix_spawnattr_init(&attr) != 0) {
		(void)posix_spawn_file_actions_destroy(&a);
		return ENOMEM;
	}
	if (actions(&a, in, err) != 0 ||
	    posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF) != 0 ||
	    posix_spawnattr_setpgroup(&attr, 0) != 0 || posix_spawnattr_setsigmask(&attr, &none) != 0 ||
	    posix_spawnattr_setsigdefault(&attr, &all) != 0)
		rc = ENOMEM;
	else if (d->program[0] != '\0')
		rc = posix_spawn(&r->pid, d->program, &a, &attr, args.const_argv, e->v);
	else
		rc = posix_spawnp(&r->pid, argv[0], &a, &attr, args.const_argv, e->v);
	(void)posix_spawnattr_destroy(&attr);
	(void)posix_spawn_file_actions_destroy(&a);
	return rc;
}

static json_t *
job_read(int fd)
{
	json_t *job = json_loadfd(fd, JSON_DISABLE_EOF_CHECK, NULL);

	if (lseek(fd, 0, SEEK_SET) != 0) {
		json_decref(job);
		return NULL;
	}
	return job;
}

int
outlet_run_begin(struct outlet *o, struct outlet_run *r, struct outlet_job *j, const struct outlet_def *d, char said[OUTLET_SAID])
{
	struct timeval tv = {.tv_sec = (time_t)(d->timeout / 1000), .tv_usec = (suseconds_t)(d->timeout % 1000 * 1000)};
	int in, err[2] = {-1, -1}, rc;
	char path[512];
	struct env e;
	json_t *job;

	memset(r, 0, sizeof *r);
	r->o = o;
	r->fd = -1;
	if ((in = spool_fd(o->dir, j->id, j->name, path)) < 0 || (job = job_read(in)) == NULL) {
		(void)snprintf(said, OUTLET_SAID, "%.160s: %s", path, in < 0 ? strerror(errno) : "not a job");
		if (in >= 0)
			(void)close(in);
		return -1;
	}
	if (pipe2(err, O_CLOEXEC) != 0 || fcntl(err[0], F_SETFL, O_NONBLOCK) != 0) {
		rc = errno;
		goto out;
	}
	env_make(&e, d, j, path, job);
	rc = spawn(r, d, &e, in, err[1]);
	env_free(&e);
out:
	json_decref(job);
	(void)close(in);
	if (err[1] >= 0)
		(void)close(err[1]);
	if (rc != 0) {
		if (err[0] >= 0)
			(void)close(err[0]);
		r->pid = 0;
		(void)snprintf(said, OUTLET_SAID, "%.120s: %s", d->program[0] != '\0' ? d->program : d->argv[0], strerror(rc));
		return -1;
	}
	r->fd = err[0];
	r->job = j;
	j->running = true;
	r->end = evtimer_new(o->base, late_cb, r);
	r->say = event_new(o->base, r->fd, EV_READ | EV_PERSIST, say_cb, r);
	if (r->end == NULL || r->say == NULL || event_add(r->end, &tv) != 0 || event_add(r->say, NULL) != 0)
		log_fatal(71, "fatal", "what=\"a timer cannot be set\"");
	return 0;
}

static void
release(struct outlet_run *r)
{
	if (r->end != NULL)
		event_free(r->end);
	if (r->say != NULL)
		event_free(r->say);
	if (r->fd >= 0)
		(void)close(r->fd);
	if (r->job != NULL)
		r->job->running = false;
	r->pid = 0;
	r->end = r->say = NULL;
	r->fd = -1;
	r->job = NULL;
}

bool
outlet_run_ended(struct outlet_run *r, bool *ok, char said[OUTLET_SAID])
{
	char clean[OUTLET_SAID];
	siginfo_t info = {0};
	int status = 0;
	pid_t got;

	if (waitid(P_PID, (id_t)r->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == 0)
		return false;
	hear(r);
	(void)kill(-r->pid, SIGKILL); /* what it has left behind, while its number is still its own */
	while ((got = waitpid(r->pid, &status, 0)) < 0 && errno == EINTR)
		;
	*ok = got == r->pid && WIFEXITED(status) && WEXITSTATUS(status) == 0 && !r->late;
	while (r->nsaid > 0 && r->said[r->nsaid - 1] == ' ')
		r->said[--r->nsaid] = '\0';
	(void)text_sanitise(r->said, strlen(r->said), clean, sizeof clean, false);
	if (got < 0)
		(void)snprintf(said, OUTLET_SAID, "%s", strerror(errno));
	else if (r->late)
		(void)snprintf(said, OUTLET_SAID, "%s", _("did not end in time and was killed"));
	else if (WIFSIGNALED(status))
		(void)snprintf(said, OUTLET_SAID, _("ended by signal %d"), WTERMSIG(status));
	else if (clean[0] != '\0')
		(void)snprintf(said, OUTLET_SAID, "%s", clean);
	else if (WEXITSTATUS(status) != 0)
		(void)snprintf(said, OUTLET_SAID, _("ended with status %d"), WEXITSTATUS(status));
	else
		said[0] = '\0';
	release(r);
	return true;
}

void
outlet_run_stop(struct outlet_run *r)
{
	int status;

	if (r->pid == 0)
		return;
	(void)kill(-r->pid, SIGKILL);
	(void)kill(r->pid, SIGKILL);
	while (waitpid(r->pid, &status, 0) < 0 && errno == EINTR)
		;
	release(r);
}
